use super::{changes, entry, text_of, text_of_changes};
use crate::change::{apply_to_entry, invert};
use crate::directory::Entry;
use crate::ldif::{Change, ChangeRecord};

fn inverse(before: &str, record: &str) -> String {
    let records = changes(record);
    let before = (!before.is_empty()).then(|| entry(before));
    let inverse = invert(before.as_ref(), &records[0]).unwrap();
    if let (Some(before), Change::Modify(_) | Change::ModRdn { .. }) = (&before, &records[0].change)
    {
        comes_back(before, &records[0], &inverse);
    }
    text_of_changes(&inverse)
}

fn comes_back(before: &Entry<'_>, record: &ChangeRecord<'_>, inverse: &[ChangeRecord<'_>]) {
    let mut entry = before.clone();
    apply_to_entry(&mut entry, &record.change).unwrap();
    for record in inverse {
        apply_to_entry(&mut entry, &record.change).unwrap();
    }
    assert_eq!(sorted(&entry), sorted(before));
}

fn sorted(entry: &Entry<'_>) -> Vec<String> {
    let mut lines: Vec<String> = text_of(entry).lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn a_guarded_change_is_swapped() {
    let undo = inverse(
        "dn: cn=a\nmail: Old@x\n",
        "dn: cn=a\nchangetype: modify\ndelete: mail\nmail: Old@x\n-\nadd: mail\nmail: new@x\n-\n",
    );
    assert_eq!(
        undo,
        "dn: cn=a\nchangetype: modify\ndelete: mail\nmail: new@x\n-\nadd: mail\nmail: Old@x\n-\n\n"
    );
}

#[test]
fn the_stored_spelling_comes_back_and_not_the_named_one() {
    let undo = inverse(
        "dn: cn=a\nmail: Old@x\n",
        "dn: cn=a\nchangetype: modify\ndelete: mail\nmail: OLD@X\n-\n",
    );
    assert_eq!(undo, "dn: cn=a\nchangetype: modify\nadd: mail\nmail: Old@x\n-\n\n");
}

#[test]
fn a_bare_delete_and_a_replace_come_back_with_their_values() {
    let undo = inverse(
        "dn: cn=a\ninfo: 1\ninfo: 2\nx: p\nx: q\n",
        "dn: cn=a\nchangetype: modify\ndelete: info\n-\nreplace: x\nx: q\nx: r\n-\n",
    );
    assert_eq!(
        undo,
        "dn: cn=a\nchangetype: modify\ndelete: x\nx: r\n-\nadd: x\nx: p\n-\n\
         add: info\ninfo: 1\ninfo: 2\n-\n\n"
    );
}

#[test]
fn an_increment_comes_back_as_values() {
    let undo =
        inverse("dn: cn=a\nn: 007\n", "dn: cn=a\nchangetype: modify\nincrement: n\nn: 3\n-\n");
    assert_eq!(undo, "dn: cn=a\nchangetype: modify\ndelete: n\nn: 10\n-\nadd: n\nn: 007\n-\n\n");
}

#[test]
fn a_deleted_twin_comes_back_together_with_the_other() {
    let undo = inverse(
        "dn: cn=a\np: SMTP:a\np: smtp:a\n",
        "dn: cn=a\nchangetype: modify\ndelete: p\np: smtp:a\n-\n",
    );
    assert_eq!(
        undo,
        "dn: cn=a\nchangetype: modify\ndelete: p\np: SMTP:a\n-\nadd: p\np: smtp:a\np: SMTP:a\n-\n\n"
    );
}

#[test]
fn values_that_come_and_go_within_a_record_leave_a_trace_only_where_they_must() {
    inverse(
        "dn: cn=a\nm: 1\n",
        "dn: cn=a\nchangetype: modify\nadd: m\nm: 2\n-\ndelete: m\nm: 1\n-\nreplace: m\nm: 3\n-\n\
         add: m\nm: 1\n-\n",
    );
}

#[test]
fn what_changes_nothing_has_no_inverse() {
    let record = "dn: cn=a\nchangetype: modify\nreplace: info\n-\n";
    assert_eq!(inverse("dn: cn=a\nx: 1\n", record), "");
}

#[test]
fn add_and_delete_invert_each_other() {
    let joe = "dn: cn=joe,dc=x\ncn: joe\nsn: a\nsn: b\n";
    let add = "dn: cn=joe,dc=x\nchangetype: add\ncn: joe\nsn: a\nsn: b\n\n";
    let delete = "dn: cn=joe,dc=x\nchangetype: delete\n\n";
    assert_eq!(inverse("", add), delete);
    assert_eq!(inverse(joe, delete), add);
}

#[test]
fn a_rename_goes_back() {
    let undo = inverse(
        "dn: cn=Joe,ou=a,dc=x\ncn: Joe\n",
        "dn: cn=joe,ou=a,dc=x\nchangetype: modrdn\nnewrdn: cn=Jim\ndeleteoldrdn: 1\n\
         newsuperior: ou=b,dc=x\n",
    );
    assert_eq!(
        undo,
        "dn: cn=Jim,ou=b,dc=x\nchangetype: modrdn\nnewrdn: cn=Joe\ndeleteoldrdn: 1\n\
         newsuperior: ou=a,dc=x\n\n"
    );
}

#[test]
fn a_rename_to_a_value_that_was_there_keeps_it() {
    let undo = inverse(
        "dn: cn=Joe,dc=x\ncn: Joe\ncn: Jim\n",
        "dn: cn=joe,dc=x\nchangetype: modrdn\nnewrdn: cn=Jim\ndeleteoldrdn: 0\n",
    );
    assert_eq!(undo, "dn: cn=Jim,dc=x\nchangetype: modrdn\nnewrdn: cn=Joe\ndeleteoldrdn: 0\n\n");
}

#[test]
fn what_a_rename_cannot_restore_a_modify_does() {
    // Of the two new values the entry had one.
    let undo = inverse(
        "dn: cn=Joe,dc=x\ncn: Joe\nsn: Doe\n",
        "dn: cn=joe,dc=x\nchangetype: modrdn\nnewrdn: cn=Jim+sn=Doe\ndeleteoldrdn: 0\n",
    );
    assert_eq!(
        undo,
        "dn: cn=Jim+sn=Doe,dc=x\nchangetype: modrdn\nnewrdn: cn=Joe\ndeleteoldrdn: 0\n\n\
         dn: cn=Joe,dc=x\nchangetype: modify\ndelete: cn\ncn: Jim\n-\n\n"
    );
    // The entry spells its name otherwise than its DN.
    inverse(
        "dn: cn=joe,dc=x\ncn: JOE\n",
        "dn: cn=joe,dc=x\nchangetype: modrdn\nnewrdn: cn=Jim\ndeleteoldrdn: 1\n",
    );
}

#[test]
fn a_move_that_keeps_the_name_goes_back_in_a_way_that_active_directory_takes() {
    for spelled in ["CN=u", "cn=u"] {
        let undo = inverse(
            "dn: CN=u,OU=a,DC=x\ncn: u\nobjectGUID: 895eb448-2e7e-441b-9a01-020304050607\n",
            &format!(
                "dn: CN=u,OU=a,DC=x\nchangetype: modrdn\nnewrdn: {spelled}\n\
                 deleteoldrdn: 1\nnewsuperior: OU=b,DC=x\n"
            ),
        );
        assert!(undo.contains("newrdn: CN=u\ndeleteoldrdn: 1\nnewsuperior: OU=a,DC=x\n"), "{undo}");
    }
}
