//! What follows a rename where what refers to an entry keeps the entry and not
//! its name. Each test also leads back by the inverse, where all records apply.

use super::directory::applied;
use crate::change::Reason;

const EXPORT: &str = "\
dn: DC=x
dc: x
objectGUID: 0

dn: OU=A,DC=x
ou: A
name: A
objectGUID: 1
distinguishedName: OU=A,DC=x

dn: CN=Joe,OU=A,DC=x
cn: Joe
name: Joe
objectGUID: 2
distinguishedName: CN=Joe,OU=A,DC=x
description: CN=Joe,OU=A,DC=x

dn: CN=G,DC=x
cn: G
objectGUID: 3
member: CN=Joe,OU=A,DC=x
member: CN=Else,DC=x
authOrig: B:4:00AF:CN=Joe,OU=A,DC=x
";

const RENAME_A: &str = "dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: ou=B\ndeleteoldrdn: 1\n\n";
const RENAME_JOE: &str =
    "dn: CN=Joe,OU=A,DC=x\nchangetype: modrdn\nnewrdn: cn=Jim\ndeleteoldrdn: 1\n\n";

fn after(text: &str) -> String {
    let applied = applied(EXPORT, text);
    assert!(applied.reasons().iter().all(Option::is_none), "{:?}", applied.reasons());
    applied.text()
}

#[test]
fn a_subtree_takes_its_names_and_what_refers_to_it_along() {
    let expected = EXPORT
        .replace("OU=A", "OU=B")
        .replace("ou: A", "ou: B")
        .replace("name: A", "name: B")
        // Text that looks like a DN is text.
        .replace("description: CN=Joe,OU=B", "description: CN=Joe,OU=A");
    assert_eq!(sorted(&after(RENAME_A)), sorted(&expected));
}

#[test]
fn an_entry_of_its_own_takes_its_name_along() {
    let expected = EXPORT
        .replace("CN=Joe", "CN=Jim")
        .replace(": Joe", ": Jim")
        .replace("description: CN=Jim", "description: CN=Joe");
    assert_eq!(sorted(&after(RENAME_JOE)), sorted(&expected));
}

#[test]
fn a_later_record_calls_the_entry_by_its_new_name() {
    let delete = "dn: CN=G,DC=x\nchangetype: modify\ndelete: member\n\
                  member: CN=Jim,OU=B,DC=x\n-\nadd: member\nmember: CN=Jim,OU=B,DC=x\n-\n\n";
    let text = [RENAME_JOE, RENAME_A, delete].concat();
    assert!(after(&text).contains("member: CN=Else,DC=x\nmember: CN=Jim,OU=B,DC=x\n"));
}

#[test]
fn a_record_between_two_renames_is_followed_by_the_second() {
    let add =
        "dn: OU=A,DC=x\nchangetype: modify\nadd: managedBy\nmanagedBy: CN=Jim,OU=A,DC=x\n-\n\n";
    let back = "dn: OU=B,DC=x\nchangetype: modrdn\nnewrdn: OU=C\ndeleteoldrdn: 1\n\n";
    let text = [RENAME_JOE, add, RENAME_A, back].concat();
    assert!(after(&text).contains("managedBy: CN=Jim,OU=C,DC=x\n"), "{}", after(&text));
}

#[test]
fn a_newcomer_in_the_place_of_another_is_not_taken_for_it() {
    let text = "dn: CN=Joe,OU=A,DC=x\nchangetype: add\ncn: Joe\n\n\
                dn: CN=G,DC=x\nchangetype: modify\nadd: member\nmember: CN=Joe,OU=A,DC=x\n-\n\n";
    let after = after(&[RENAME_JOE, text].concat());
    let members: Vec<_> = after.lines().filter(|line| line.starts_with("member")).collect();
    assert_eq!(
        members,
        ["member: CN=Jim,OU=A,DC=x", "member: CN=Else,DC=x", "member: CN=Joe,OU=A,DC=x"]
    );
}

#[test]
fn a_newcomer_is_followed_too() {
    let text = "dn: CN=Joe,OU=A,DC=x\nchangetype: add\ncn: Joe\nmanager: CN=Jim,OU=A,DC=x\n\n\
                dn: CN=G,DC=x\nchangetype: modify\nadd: member\nmember: CN=Joe,OU=A,DC=x\n-\n\n";
    let after = after(&[RENAME_JOE, text, RENAME_A].concat());
    assert!(after.contains("member: CN=Joe,OU=B,DC=x\n"), "{after}");
    assert!(
        after.contains("dn: CN=Joe,OU=B,DC=x\ncn: Joe\nmanager: CN=Jim,OU=B,DC=x\n"),
        "{after}"
    );
}

#[test]
fn renamed_there_and_back_all_is_as_it_was() {
    let back = "dn: OU=B,DC=x\nchangetype: modrdn\nnewrdn: OU=A\ndeleteoldrdn: 1\n\n";
    assert_eq!(sorted(&after(&[RENAME_A, back].concat())), sorted(EXPORT));
}

#[test]
fn a_refusal_calls_the_value_as_the_record_does() {
    let text =
        "dn: CN=G,DC=x\nchangetype: modify\ndelete: managedBy\nmanagedBy: CN=Jim,OU=A,DC=x\n-\n\n";
    let applied = applied(EXPORT, &[RENAME_JOE, text].concat());
    assert_eq!(applied.refused(1), ("CN=Jim,OU=A,DC=x".to_owned(), Reason::NoSuchValue));
}

#[test]
fn active_directory_keeps_no_second_name() {
    let text = "dn: OU=A,DC=x\nchangetype: modrdn\nnewrdn: OU=B\ndeleteoldrdn: 0\n";
    let refused = applied(EXPORT, text);
    assert_eq!(refused.reasons(), [Some(Reason::KeepsOldName)]);
    assert_eq!(Reason::KeepsOldName.result_code(), 53);
}

#[test]
fn without_an_identity_only_names_change() {
    let plain: Vec<&str> = EXPORT.lines().filter(|line| !line.starts_with("objectGUID")).collect();
    for mark in ["", "\nobjectGUID: 1\nentryUUID: 2"] {
        let plain = plain.join("\n").replace("\nou: A", &format!("\nou: A{mark}"));
        let applied = applied(&plain, RENAME_A);
        let expected = plain.replace("dn: OU=A", "dn: ou=B");
        let expected =
            expected.replace("dn: CN=Joe,OU=A", "dn: CN=Joe,ou=B").replace("ou: A", "ou: B");
        assert_eq!(sorted(&applied.text()), sorted(&expected));
    }
}

#[test]
fn no_value_of_an_export_is_taken_for_a_mark_of_ours() {
    let marks: String = ["x-ldifix-newcomer=1", "x-ldifix-newcomer=2", "CN=q,x-ldifix-newcomer=3"]
        .map(|value| format!("member: {value}\n"))
        .concat();
    let export = EXPORT.replace("member: CN=Else,DC=x\n", &marks);
    let newcomer = "dn: CN=Joe,OU=A,DC=x\nchangetype: add\ncn: Joe\n\n";
    for change in [RENAME_JOE.to_owned(), [RENAME_JOE, newcomer].concat()] {
        let after = applied(&export, &change).text();
        assert!(after.contains(&marks), "{after}");
    }
}

/// Values move to the end when they change.
fn sorted(text: &str) -> Vec<Vec<&str>> {
    let entries = text.trim_end().split("\n\n").map(|entry| {
        let mut lines: Vec<_> = entry.lines().collect();
        lines[1..].sort_unstable();
        lines
    });
    entries.collect()
}

#[test]
fn what_stands_in_brackets_before_a_dn_stays_with_its_value() {
    let bracketed = |export: &str| {
        let joe = "CN=Joe,OU=A,DC=x";
        export
            .replace(&format!("dn: {joe}"), &format!("dn: <GUID=2>;{joe}"))
            .replace(&format!("member: {joe}"), &format!("member: <GUID=2>;{joe}"))
            .replace(&format!("00AF:{joe}"), "00AF: <GUID=2> ;CN=Joe,OU=A,DC=x")
            .replace("dn: OU=A", "dn: <GUID=1>;OU=A")
    };
    for rename in [RENAME_A, RENAME_JOE] {
        let applied = applied(&bracketed(EXPORT), rename);
        assert!(applied.reasons().iter().all(Option::is_none), "{:?}", applied.reasons());
        let text = applied.text();
        let joe = if rename == RENAME_A { "CN=Joe,OU=B,DC=x" } else { "CN=Jim,OU=A,DC=x" };
        for line in ["dn: <GUID=2>;", "member: <GUID=2>;", "B:4:00AF: <GUID=2> ;"] {
            assert!(text.contains(&format!("{line}{joe}\n")), "{line} in {text}");
        }
    }
}
