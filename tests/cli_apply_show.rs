//! `apply` and `show` as they are run.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

mod room;

use room::{Room, err, out};

const EXPORT: &str = "\
dn: ou=A,dc=x
ou: A

dn: cn=Ann,ou=A,dc=x
cn: Ann
mail: ann@old.example

dn: cn=Bob,ou=A,dc=x
cn: Bob
mail: bob@old.example
";

const CHANGE: &str = "\
version: 1

# the domain is gone
dn: CN=Ann, OU=A, DC=x
changetype: modify
replace: mail
mail: ann@new.example
-

dn: ou=A,dc=x
changetype: modrdn
newrdn: ou=B
deleteoldrdn: 1

dn: cn=Ann,ou=B,dc=x
changetype: modify
delete: mail
mail: ann@new.example
-

dn: cn=Cid,ou=B,dc=x
changetype: add
cn: Cid
";

const REFUSED: &str = "
dn: cn=Bob,ou=B,dc=x
changetype: modify
delete: mail
mail: nobody@x
-
";

const AFTER: &str = "\
dn: ou=B,dc=x
ou: B

dn: cn=Ann,ou=B,dc=x
cn: Ann

dn: cn=Bob,ou=B,dc=x
cn: Bob
mail: bob@old.example

dn: cn=Cid,ou=B,dc=x
cn: Cid

";

#[test]
fn a_rename_moves_what_is_below_and_later_records_find_it() {
    let room = Room::new(&[("e", EXPORT), ("c", CHANGE)]);
    let done = room.run(&["-q", "apply", "e", "c", "--no-version"]);
    assert_eq!((out(&done), err(&done), done.status.code()), (AFTER, "", Some(0)));
}

#[test]
fn one_record_that_does_not_apply_leaves_no_output() {
    let change = format!("{CHANGE}{REFUSED}");
    let room = Room::new(&[("e", EXPORT), ("c", &change)]);
    let done = room.run(&["-q", "apply", "e", "c", "-o", "out"]);
    let said = "c:25:1: record 5, cn=Bob,ou=B,dc=x: the value is not there: \
                mail: nobody@x (LDAP result 16)\n";
    assert_eq!((out(&done), err(&done), done.status.code()), ("", said, Some(2)));
    assert!(!room.path("out").exists());
    assert_eq!(out(&room.run(&["apply", "e", "c"])), "");
}

#[test]
fn go_on_writes_the_rest_and_says_so_in_the_exit_code() {
    let change = format!("{CHANGE}{REFUSED}");
    let room = Room::new(&[("e", EXPORT), ("c", &change)]);
    let done = room.run(&["-q", "apply", "--go-on", "e", "c", "-o", "out"]);
    assert_eq!(done.status.code(), Some(1));
    let written = std::fs::read_to_string(room.path("out")).unwrap();
    assert_eq!(written, format!("version: 1\n\n{AFTER}"));
}

#[test]
fn a_change_file_that_cannot_be_read_changes_nothing() {
    for change in ["dn: cn=Ann,ou=A,dc=x\nchangetype: nonsense\n", "dn: cn=E,dc=x\ncn: E\n"] {
        let room = Room::new(&[("e", EXPORT), ("c", change)]);
        let done = room.run(&["-q", "apply", "e", "c"]);
        assert_eq!((out(&done), done.status.code()), ("", Some(2)));
        assert!(err(&done).contains("c:"), "{}", err(&done));
    }
}

#[test]
fn an_add_and_the_modifies_behind_it_become_one_entry() {
    let export = "dn: cn=G,dc=x\nchangetype: add\ncn: G\nmember: cn=1\n\n\
                  dn: cn=G,dc=x\nchangetype: modify\nadd: member\nmember: cn=2\n-\n\n\
                  dn: cn=H,dc=x\nchangetype: add\ncn: H\n\n";
    let change = "dn: cn=H,dc=x\nchangetype: modify\nadd: member\nmember: cn=3\n-\n\n";
    let grown = "dn: cn=G,dc=x\nchangetype: modify\ndelete: member\nmember: cn=2\n-\n\n";
    let room = Room::new(&[("e", export), ("c", change), ("g", grown)]);
    let done = room.run(&["-q", "apply", "e", "c", "--no-version"]);
    let one = "dn: cn=G,dc=x\nchangetype: add\ncn: G\nmember: cn=1\nmember: cn=2\n\n\
               dn: cn=H,dc=x\nchangetype: add\ncn: H\nmember: cn=3\n\n";
    assert_eq!((out(&done), done.status.code()), (one, Some(0)));
    let done = room.run(&["-q", "apply", "e", "g", "--no-version"]);
    let less = "dn: cn=G,dc=x\nchangetype: add\ncn: G\nmember: cn=1\n\n\
                dn: cn=H,dc=x\nchangetype: add\ncn: H\n\n";
    assert_eq!((out(&done), done.status.code()), (less, Some(0)));
}

#[test]
fn show_without_a_base_shows_what_the_file_says() {
    let room = Room::new(&[("c", CHANGE)]);
    let done = room.run(&["show", "c"]);
    assert!(out(&done).starts_with(
        "modify CN=Ann, OU=A, DC=x\n  # the domain is gone\n  \
         mail               - (all values, whatever they are)\n                     \
         + ann@new.example\n\nrename ou=A,dc=x\n"
    ));
    assert_eq!(err(&done), "ldifix: 4 records: 2 modify, 1 add, 1 modrdn\n");
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn show_with_a_base_shows_later_records_on_what_earlier_ones_left() {
    let change = format!("{CHANGE}\ndn: cn=Ann,ou=A,dc=x\nchangetype: delete\n");
    let room = Room::new(&[("e", EXPORT), ("c", &change)]);
    let done = room.run(&["-q", "show", "c", "--base", "e"]);
    let shown: Vec<&str> = out(&done).split("\n\n").collect();
    assert!(shown[0].contains("- ann@old.example"), "{}", shown[0]);
    assert!(shown[2].contains("- ann@new.example"), "{}", shown[2]);
    // Its old name is no one's once the entry above it is renamed.
    assert!(shown[4].contains("! there is no such entry"), "{}", shown[4]);
    assert_eq!((err(&done), done.status.code()), ("", Some(1)));
}
