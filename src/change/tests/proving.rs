use super::{changes, entries};
use crate::change::{Case, Edit, prove};

/// Proves, with entries before and after as LDIF, and the mods of single records.
fn verdict(before: &str, after: &str, change: &str, undo: &str) -> String {
    let cases: Vec<Case<'_>> = entries(before)
        .into_iter()
        .zip(entries(after))
        .map(|(before, after)| Case { before, after })
        .collect();
    let (change, undo) = (changes(change), changes(undo));
    match prove(&cases, &change, &undo) {
        Ok(()) => "proved".to_owned(),
        Err(counterexample) => counterexample.to_string(),
    }
}

const A: &str = "dn: cn=a\nmail: A@x\n";
const B: &str = "dn: cn=a\nmail: b@x\n";
const FORTH: &str =
    "dn: cn=a\nchangetype: modify\ndelete: mail\nmail: A@x\n-\nadd: mail\nmail: b@x\n-\n";
const BACK: &str =
    "dn: cn=a\nchangetype: modify\ndelete: mail\nmail: b@x\n-\nadd: mail\nmail: A@x\n-\n";

#[test]
fn a_change_and_its_undo_are_proved() {
    assert_eq!(verdict(A, B, FORTH, BACK), "proved");
    assert_eq!(verdict(A, A, "", ""), "proved");
}

#[test]
fn each_flaw_is_found_and_named() {
    let modify = |mods: &str| format!("dn: cn=a\nchangetype: modify\n{mods}");
    let cases = [
        (
            verdict(A, B, FORTH, &BACK.replace("A@x", "a@x")),
            "the undo as a whole (cn=a): the result lacks a value: mail: A@x",
        ),
        (
            verdict(A, B, &FORTH.replace("b@x", "c@x"), BACK),
            "the change as a whole (cn=a): the result lacks a value: mail: b@x",
        ),
        (
            verdict(A, A, &modify("add: info\ninfo: 1\n-\n"), ""),
            "the change as a whole (cn=a): the result has a value too many: info: 1",
        ),
        (
            verdict(A, B, &FORTH.replace("A@x", "gone"), BACK),
            "record 1 of the change (cn=a): it does not apply: the value is not there: mail: gone",
        ),
        (
            verdict(A, B, &modify("replace: mail\nmail: b@x\n-\n"), BACK),
            "record 1 of the change (cn=a): it does not name the values that it expects",
        ),
        (
            verdict(A, A, &modify("delete: mail\n-\n"), BACK),
            "record 1 of the change (cn=a): it does not name the values that it expects",
        ),
        (
            verdict(A, A, "dn: cn=z\nchangetype: modify\nadd: a\na: 1\n-\n", ""),
            "record 1 of the change (cn=z): it changes an entry that was not to be changed",
        ),
    ];
    for (got, expected) in cases {
        assert_eq!(got, expected);
    }
}

#[test]
fn a_unique_value_that_is_still_held_refutes_the_order() {
    let entry = |dn: &str, upn: &str| format!("dn: cn={dn}\nuserPrincipalName: {upn}\n\n");
    let record = |dn: &str, old: &str, new: &str| {
        format!(
            "dn: cn={dn}\nchangetype: modify\ndelete: userPrincipalName\nuserPrincipalName: {old}\n-\n\
             add: userPrincipalName\nuserPrincipalName: {new}\n-\n\n"
        )
    };
    let before = [entry("1", "a"), entry("2", "b")].concat();
    let after = [entry("1", "B"), entry("2", "c")].concat();
    let (first, second) = (record("1", "a", "B"), record("2", "b", "c"));
    let (undo_first, undo_second) = (record("1", "B", "a"), record("2", "c", "b"));
    assert_eq!(
        verdict(
            &before,
            &after,
            &[&*second, &*first].concat(),
            &[&*undo_first, &*undo_second].concat()
        ),
        "proved"
    );
    assert_eq!(
        verdict(
            &before,
            &after,
            &[&*first, &*second].concat(),
            &[&*undo_second, &*undo_first].concat()
        ),
        "record 1 of the change (cn=1): it takes a value that another entry has at that time: \
         userprincipalname: b"
    );
    assert_eq!(
        verdict(
            &before,
            &after,
            &[&*second, &*first].concat(),
            &[&*undo_second, &*undo_first].concat()
        ),
        "record 1 of the undo (cn=2): it takes a value that another entry has at that time: \
         userprincipalname: b"
    );
}

#[test]
fn a_value_of_an_entry_that_does_not_change_is_not_free() {
    let before = "dn: cn=1\nuserPrincipalName: a\n\ndn: cn=2\nuserPrincipalName: b\n";
    let after = "dn: cn=1\nuserPrincipalName: B\n\ndn: cn=2\nuserPrincipalName: b\n";
    let mods = |old: &str, new: &str| {
        format!(
            "dn: cn=1\nchangetype: modify\ndelete: userPrincipalName\nuserPrincipalName: {old}\n-\n\
             add: userPrincipalName\nuserPrincipalName: {new}\n-\n"
        )
    };
    assert_eq!(
        verdict(before, after, &mods("a", "B"), &mods("B", "a")),
        "record 1 of the change (cn=1): it takes a value that another entry has at that time: \
         userprincipalname: b"
    );
}

#[test]
fn two_cases_of_one_name_are_one_entry() {
    let twice = |mail: &str| format!("dn: cn=a\nmail: {mail}\n\ndn: CN=A\nmail: {mail}\n");
    assert_eq!(
        verdict(&twice("A@x"), &twice("b@x"), FORTH, BACK),
        "the change as a whole (CN=A): the result lacks a value: mail: b@x"
    );
}

#[test]
fn the_first_record_of_the_file_that_fails_is_told() {
    let entries = "dn: cn=1\ninfo: a\n\ndn: cn=2\ninfo: b\n\ndn: cn=3\ninfo: c\n";
    let record = |dn: u8, gone: &str| {
        format!("dn: cn={dn}\nchangetype: modify\ndelete: info\ninfo: {gone}\n-\n\n")
    };
    let change = [record(3, "c"), record(2, "x"), record(1, "y"), record(3, "c")].concat();
    assert_eq!(
        verdict(entries, entries, &change, ""),
        "record 2 of the change (cn=2): it does not apply: the value is not there: info: x"
    );
}

#[test]
fn values_that_were_shared_at_first_may_be_shared_again() {
    let before = "dn: cn=1\nuserPrincipalName: a\n\ndn: cn=2\nuserPrincipalName: a\n";
    let after = "dn: cn=1\nuserPrincipalName: b\n\ndn: cn=2\nuserPrincipalName: a\n";
    let mods = |old: &str, new: &str| {
        format!(
            "dn: cn=1\nchangetype: modify\ndelete: userPrincipalName\nuserPrincipalName: {old}\n-\n\
             add: userPrincipalName\nuserPrincipalName: {new}\n-\n"
        )
    };
    assert_eq!(verdict(before, after, &mods("a", "b"), &mods("b", "a")), "proved");
}

#[test]
fn a_case_keeps_what_the_proof_can_turn_on() {
    let entry = super::entry(
        "dn: uid=a,dc=x\nuid: a\nmail: A@x\ninfo: 1\nobjectCategory: c\nuserPrincipalName: u\n",
    );
    let edit = Edit {
        attribute: b"MAIL"[..].into(),
        remove: vec![b"A@x"[..].into()],
        add: vec![b"b@x"[..].into()],
        comments: Vec::new(),
    };
    let case = Case::of(&entry, &[edit]);
    let kept = "dn: uid=a,dc=x\nuid: a\nmail: A@x\nobjectCategory: c\nuserPrincipalName: u\n";
    assert_eq!(super::text_of(&case.before), kept);
    assert_eq!(super::text_of(&case.after), kept.replace("A@x", "b@x"));
    let beyond = FORTH.replace("cn=a", "uid=a,dc=x") + "delete: info\ninfo: 1\n-\n";
    assert!(prove(&[case], &changes(&beyond), &[]).is_err());
}
