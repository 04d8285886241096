//! `invert` and `verify` as they are run.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use std::path::PathBuf;
use std::process::{Command, Output};

const BASE: &str = "\
dn: ou=A,dc=x
ou: A

dn: cn=Ann,ou=A,dc=x
cn: Ann
mail: Ann@old.example
objectGUID:: AAAAAAAAAAAAAAAAAAAAAA==
whenCreated: 20200101000000.0Z

dn: cn=Bob,ou=A,dc=x
cn: Bob
mail: bob@old.example
n: 7

dn: cn=Sub,cn=Bob,ou=A,dc=x
cn: Sub
";

const CHANGE: &str = "\
version: 1

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
changetype: delete

dn: cn=Cid,ou=B,dc=x
changetype: add
cn: Cid

dn: cn=Bob,ou=B,dc=x
changetype: modify
increment: n
n: 2
-

dn: cn=Bob,ou=B,dc=x
control: 1.2.840.113556.1.4.805 true
changetype: delete
";

const UNDO: &str = "\
version: 1

dn: cn=Bob,ou=B,dc=x
changetype: add
cn: Bob
mail: bob@old.example
n: 9

dn: cn=Sub,cn=Bob,ou=B,dc=x
changetype: add
cn: Sub

dn: cn=Bob,ou=B,dc=x
changetype: modify
delete: n
n: 9
-
add: n
n: 7
-

dn: cn=Cid,ou=B,dc=x
changetype: delete

dn: cn=Ann,ou=B,dc=x
changetype: add
cn: Ann
mail: ann@new.example

dn: ou=B,dc=x
changetype: modrdn
newrdn: ou=A
deleteoldrdn: 1

dn: CN=Ann, OU=A, DC=x
changetype: modify
delete: mail
mail: ann@new.example
-
add: mail
mail: Ann@old.example
-

";

struct Room(tempfile::TempDir);

impl Room {
    fn new(files: &[(&str, &str)]) -> Self {
        let room = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(room.path().join(name), text).unwrap();
        }
        Self(room)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ldifix"))
            .args(args)
            .current_dir(self.0.path())
            .env_remove("COLUMNS")
            .output()
            .unwrap()
    }
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn a_change_of_all_kinds_is_inverted_in_reverse_order() {
    let room = Room::new(&[("e", BASE), ("c", CHANGE)]);
    let done = room.run(&["invert", "c", "--base", "e"]);
    let said = "\
ldifix: 1 entry is added again without what only the server writes: objectGUID, whenCreated
ldifix: to the server these are new entries: memberships, permissions and passwords of the old ones do not come back
ldifix: c: 6 records: 2 modify, 1 add, 2 delete, 1 modrdn; 7 records in the inverse
";
    assert_eq!((out(&done), err(&done), done.status.code()), (UNDO, said, Some(0)));
}

#[test]
fn the_base_may_be_several_exports_and_the_inverse_a_file() {
    let (first, second) = BASE.split_at(BASE.find("dn: cn=Bob").unwrap());
    let room = Room::new(&[("e1", first), ("e2", second), ("c", CHANGE)]);
    let done = room.run(&["-q", "invert", "c", "--base", "e1", "e2", "-o", "undo"]);
    assert_eq!((out(&done), err(&done), done.status.code()), ("", "", Some(0)));
    assert_eq!(room.text("undo"), UNDO);
    let again = room.run(&["-q", "invert", "c", "--base", "e1", "e2", "-o", "undo"]);
    assert_eq!(again.status.code(), Some(2));
    let done = room.run(&["-q", "invert", "c", "--base", "e1", "e2", "-o", "undo", "--force"]);
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn a_rename_in_active_directory_leads_back_whatever_the_case_of_its_type() {
    let base = "dn: cn=Ann,dc=x\ncn: Ann\nobjectGUID: 0123456789abcdef\n";
    let change = "dn: cn=Ann,dc=x\nchangetype: modrdn\nnewrdn: cn=ANN\ndeleteoldrdn: 1\n\n\
                  dn: cn=ANN,dc=x\nchangetype: modify\nadd: sn\nsn: A\n-\n";
    let room = Room::new(&[("e", base), ("c", change)]);
    let done = room.run(&["-q", "invert", "c", "--base", "e", "--no-version"]);
    assert_eq!((err(&done), done.status.code()), ("", Some(0)));
    let back = "changetype: modrdn\nnewrdn: cn=Ann\ndeleteoldrdn: 1\n\n";
    assert!(out(&done).ends_with(back), "{}", out(&done));
}

/// Entries of Active Directory: a unit, a person, and a group with these members.
fn linked(members: &[&str], person: &str) -> String {
    let mut text = format!(
        "dn: OU=R,DC=x\nou: R\nobjectGUID: 0123456789abcde0\n\n\
         dn: CN=p,OU=R,DC=x\ncn: p\nobjectGUID: 0123456789abcde1\n{person}\n\
         dn: CN=g,OU=R,DC=x\ncn: g\nobjectGUID: 0123456789abcde2\n"
    );
    members.iter().for_each(|rdn| text += &format!("member: {rdn},DC=x\n"));
    text
}

fn inverse_of(base: &str, change: &str) -> String {
    let room = Room::new(&[("e", base), ("c", change)]);
    let done = room.run(&["-q", "invert", "c", "--base", "e", "--no-version"]);
    assert_eq!((err(&done), done.status.code()), ("", Some(0)), "{change}");
    out(&done).to_owned()
}

const DELETE_PERSON: &str = "dn: CN=p,OU=R,DC=x\nchangetype: delete\n\n";
const ADD_PERSON: &str = "dn: CN=p,OU=R,DC=x\nchangetype: add\ncn: p\n\n";

fn member(op: &str) -> String {
    format!("dn: CN=g,OU=R,DC=x\nchangetype: modify\n{op}: member\nmember: CN=p,OU=R,DC=x\n-\n\n")
}

#[test]
fn who_is_deleted_behind_the_membership_comes_back_before_it() {
    let base = linked(&["CN=p,OU=R", "OU=R"], "");
    let change = member("delete") + DELETE_PERSON;
    assert_eq!(inverse_of(&base, &change), ADD_PERSON.to_owned() + &member("add"));
    // The membership of others does not stand in the way, whatever the group is called then.
    let rename = "dn: CN=g,OU=R,DC=x\nchangetype: modrdn\nnewrdn: CN=h\ndeleteoldrdn: 1\n\n";
    let back = rename.replace("CN=g", "CN=_").replace("CN=h", "CN=g").replace("CN=_", "CN=h");
    let undo = back + ADD_PERSON + &member("add");
    assert_eq!(inverse_of(&base, &(change + rename)), undo);
}

#[test]
fn a_membership_comes_back_however_the_change_spells_names() {
    let base = linked(&["CN=p,OU=R", "OU=R"], "");
    let rename = "dn: CN=p,OU=R,DC=x\nchangetype: modrdn\nnewrdn: CN=q\ndeleteoldrdn: 1\n\n";
    let back = rename.replace("CN=p", "CN=_").replace("CN=q", "CN=p").replace("CN=_", "CN=q");
    let undo = inverse_of(&base, &(member("delete") + rename));
    assert_eq!(undo, back.clone() + &member("add"));
    let taken = member("delete").replace("CN=p", "cn=Q");
    assert_eq!(inverse_of(&base, &(rename.to_owned() + &taken)).matches("add: member").count(), 1);
}

#[test]
fn a_link_that_went_with_the_entry_that_it_names_is_not_deleted() {
    let base = linked(&["OU=R"], "");
    assert_eq!(inverse_of(&base, &(member("add") + DELETE_PERSON)), ADD_PERSON);
    // Unless the inverse gives it once more.
    let change = member("add") + &member("delete") + DELETE_PERSON;
    let undo = ADD_PERSON.to_owned() + &member("add") + &member("delete");
    assert_eq!(inverse_of(&base, &change), undo);
    // Or the group comes back with it.
    let delete_group = "dn: CN=g,OU=R,DC=x\nchangetype: delete\n\n";
    let change = member("add") + delete_group + DELETE_PERSON;
    let undo = inverse_of(&base, &change);
    assert!(undo.ends_with(&member("delete")), "{undo}");
    // Where names are all there is, the value stays, and goes again.
    let plain = base.replace("objectGUID", "entryUUID");
    let undo = ADD_PERSON.to_owned() + &member("delete");
    assert_eq!(inverse_of(&plain, &(member("add") + DELETE_PERSON)), undo);
}

#[test]
fn what_names_an_entry_that_is_not_back_yet_comes_behind_it() {
    let base = linked(&["CN=p,OU=R", "CN=g,OU=R"], "manager: CN=g,OU=R,DC=x\n");
    let tree = "dn: OU=R,DC=x\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n\n";
    let undo = "\
dn: OU=R,DC=x\nchangetype: add\nou: R\n\n\
dn: CN=p,OU=R,DC=x\nchangetype: add\ncn: p\n\n\
dn: CN=g,OU=R,DC=x\nchangetype: add\ncn: g\nmember: CN=p,OU=R,DC=x\n\n\
dn: CN=p,OU=R,DC=x\nchangetype: modify\nadd: manager\nmanager: CN=g,OU=R,DC=x\n-\n\n\
dn: CN=g,OU=R,DC=x\nchangetype: modify\nadd: member\nmember: CN=g,OU=R,DC=x\n-\n\n";
    assert_eq!(inverse_of(&base, tree), undo);
    // The entry has another name by the time.
    let change = "dn: CN=g,OU=R,DC=x\nchangetype: delete\n\n\
                  dn: CN=p,OU=R,DC=x\nchangetype: modrdn\nnewrdn: CN=q\ndeleteoldrdn: 1\n\n\
                  dn: CN=q,OU=R,DC=x\nchangetype: delete\n\n";
    let base = linked(&[], "manager: CN=g,OU=R,DC=x\n");
    let undo = inverse_of(&base, change);
    let manager =
        "dn: CN=p,OU=R,DC=x\nchangetype: modify\nadd: manager\nmanager: CN=g,OU=R,DC=x\n-\n\n";
    assert!(undo.ends_with(manager), "{undo}");
}

#[test]
fn what_is_left_to_do_names_entries_as_they_are_called_by_now() {
    let base = linked(&["OU=R"], "");
    let rename = "dn: CN=p,OU=R,DC=x\nchangetype: modrdn\nnewrdn: CN=q\ndeleteoldrdn: 1\n\n";
    let pending = |base: &str, now: &str, op: &str| {
        let change = member(op) + rename;
        let room = Room::new(&[("c", &change), ("e", base), ("now", now)]);
        let done = room.run(&["-q", "verify", "c", "now", "--base", "e", "--pending", "rest"]);
        assert_eq!((err(&done), done.status.code()), ("", Some(1)));
        room.text("rest")
    };
    let now = base.replace("CN=p", "CN=q").replace("cn: p", "cn: q");
    let expected = "version: 1\n\n".to_owned() + &member("add").replace("CN=p", "CN=q");
    assert_eq!(pending(&base, &now, "add"), expected);
    let base = linked(&["CN=p,OU=R"], "");
    let now = base.replace("CN=p", "CN=q").replace("cn: p", "cn: q");
    let expected = "version: 1\n\n".to_owned() + &member("delete").replace("CN=p", "CN=q");
    assert_eq!(pending(&base, &now, "delete"), expected);
    // Names are names elsewhere.
    let plain = base.replace("objectGUID", "entryUUID");
    let now = plain.replace("dn: CN=p", "dn: CN=q").replace("cn: p", "cn: q");
    assert_eq!(pending(&plain, &now, "delete"), "version: 1\n\n".to_owned() + &member("delete"));
}

const STUBBORN: &str = "\
dn: cn=Cid,ou=A,dc=x
changetype: add
cn: Cid

dn: cn=Cid,ou=A,dc=x
control: 1.2.3 true
changetype: modrdn
newrdn: cn=Dan
deleteoldrdn: 1

dn: cn=Bob,ou=A,dc=x
changetype: modify
replace: member
member: cn=z
-

dn: cn=Bob,ou=A,dc=x
changetype: modify
delete: mail
mail: nobody@x
-

dn: cn=Eve,dc=y
changetype: modify
add: sn
sn: Eve
-

dn: cn=Ann,ou=A,dc=x
changetype: modify
add: photo
photo:< file:///tmp/photo
-

dn: cn=Ann,ou=A,dc=x
changetype: modify
add: sn
sn: Archer
-
";

#[test]
fn what_cannot_be_inverted_is_said_and_nothing_is_written() {
    let base = BASE.replace("n: 7", "member;range=0-1: cn=a");
    let room = Room::new(&[("e", &base), ("c", STUBBORN)]);
    let done = room.run(&["invert", "c", "--base", "e", "-o", "undo"]);
    let said = "\
c:32:1: warning: a value given by URL; it is kept as a reference and never opened
e:13:1: warning: an attribute with `;range=`: the export holds only a part of its values
c:5:1: record 2, cn=Cid,ou=A,dc=x: cannot be inverted: what the control 1.2.3 makes of it is not known
c:11:1: record 3, cn=Bob,ou=A,dc=x: cannot be inverted: the base holds only a part of the attribute: member;range=0-1
c:17:1: record 4, cn=Bob,ou=A,dc=x: cannot be inverted: it does not apply to the base: the value is not there: mail: nobody@x (LDAP result 16)
c:23:1: record 5, cn=Eve,dc=y: cannot be inverted: it does not apply to the base: there is no such entry: cn=Eve,dc=y (LDAP result 32)
c:29:1: record 6, cn=Ann,ou=A,dc=x: cannot be inverted: a value of photo is given by URL, which is not opened
ldifix: nothing was written; --partial writes the inverse of the others
";
    assert_eq!((out(&done), err(&done), done.status.code()), ("", said, Some(2)));
    assert!(!room.path("undo").exists());
}

#[test]
fn partial_writes_the_rest_and_lists_what_is_missing() {
    let base = BASE.replace("n: 7", "member;range=0-1: cn=a");
    let room = Room::new(&[("e", &base), ("c", STUBBORN)]);
    let done = room.run(&["-q", "invert", "c", "--base", "e", "--partial"]);
    let undo = "\
version: 1

# This inverse is not complete. It does not take back:
#   record 1, cn=Cid,ou=A,dc=x (line 1): it needs the inverse of another
# record: there is no such entry: cn=Cid,ou=A,dc=x (LDAP result 32)
#   record 2, cn=Cid,ou=A,dc=x (line 5): what the control 1.2.3 makes of it
# is not known
#   record 3, cn=Bob,ou=A,dc=x (line 11): the base holds only a part of the
# attribute: member;range=0-1
#   record 4, cn=Bob,ou=A,dc=x (line 17): it does not apply to the base: the
# value is not there: mail: nobody@x (LDAP result 16)
#   record 5, cn=Eve,dc=y (line 23): it does not apply to the base: there is
# no such entry: cn=Eve,dc=y (LDAP result 32)
#   record 6, cn=Ann,ou=A,dc=x (line 29): a value of photo is given by URL,
# which is not opened

dn: cn=Ann,ou=A,dc=x
changetype: modify
delete: sn
sn: Archer
-

";
    assert_eq!((out(&done), done.status.code()), (undo, Some(1)));
    assert!(err(&done).contains("record 1, cn=Cid,ou=A,dc=x: cannot be inverted: it needs"));
}

#[test]
fn a_change_file_that_cannot_be_read_is_not_inverted() {
    for change in ["dn: cn=Ann,ou=A,dc=x\nchangetype: nonsense\n", "dn: cn=E,dc=x\ncn: E\n"] {
        let room = Room::new(&[("e", BASE), ("c", change)]);
        for args in [&["-q", "invert", "c", "--base", "e"][..], &["-q", "verify", "c", "e"]] {
            let done = room.run(args);
            assert_eq!((out(&done), done.status.code()), ("", Some(2)));
            assert!(err(&done).contains("c:"), "{}", err(&done));
        }
    }
}

/// Six records; a run stopped behind the third.
const RUN: &str = "\
version: 1

dn: CN=Ann, OU=A, DC=x
changetype: modify
delete: mail
mail: Ann@old.example
-
add: mail
mail: ann@new.example
-

dn: ou=A,dc=x
changetype: modrdn
newrdn: ou=B
deleteoldrdn: 1

dn: cn=Cid,ou=B,dc=x
changetype: add
cn: Cid

# Error: No such attribute (16), additional info: modify/delete: mail: no such value
dn: cn=Bob,ou=B,dc=x
changetype: modify
delete: mail
mail: bob@stale.example
-
add: mail
mail: bob@new.example
-

dn: cn=Ann,ou=B,dc=x
changetype: modify
add: sn
sn: Archer
-

dn: cn=Sub,cn=Bob,ou=B,dc=x
changetype: delete
";

/// The directory behind the third record of [`RUN`].
const HALF: &str = "\
dn: ou=B,dc=x
ou: B

dn: cn=Ann,ou=B,dc=x
cn: Ann
mail: ann@new.example

dn: cn=Cid,ou=B,dc=x
cn: Cid

dn: cn=Bob,ou=B,dc=x
cn: Bob
mail: bob@other.example

dn: cn=Sub,cn=Bob,ou=B,dc=x
cn: Sub
";

#[test]
fn a_stopped_run_is_told_apart_finished_and_rolled_back() {
    let room = Room::new(&[("e", HALF), ("c", RUN)]);
    let done = room.run(&["verify", "c", "e", "--pending", "rest", "--applied-undo", "undo"]);
    let table = "\
conflict  modify cn=Bob,ou=B,dc=x (record 4, line 22)
          mail: found \"bob@other.example\"
          server: No such attribute (16), additional info: modify/delete: mail:
                  no such value
";
    let said = "\
ldifix: 3 records in undo, to take back what was applied
ldifix: 2 records still to be applied in rest; 1 record in conflict left out
ldifix: c: 6 records: 3 modify, 1 add, 1 delete, 1 modrdn; 3 applied, 2 pending, 1 conflict
";
    assert_eq!((out(&done), err(&done), done.status.code()), (table, said, Some(1)));
    let rest = "\
version: 1

dn: cn=Ann,ou=B,dc=x
changetype: modify
add: sn
sn: Archer
-

dn: cn=Sub,cn=Bob,ou=B,dc=x
changetype: delete

";
    assert_eq!(room.text("rest"), rest);
    let undo = "\
version: 1

dn: cn=Cid,ou=B,dc=x
changetype: delete

dn: ou=B,dc=x
changetype: modrdn
newrdn: ou=A
deleteoldrdn: 1

dn: CN=Ann, OU=A, DC=x
changetype: modify
delete: mail
mail: ann@new.example
-
add: mail
mail: Ann@old.example
-

";
    assert_eq!(room.text("undo"), undo);
}

#[test]
fn all_applied_is_clean_and_nothing_applied_is_not() {
    let change = RUN.split("# Error").next().unwrap();
    let room = Room::new(&[("e", HALF), ("c", change), ("b", BASE)]);
    let done = room.run(&["verify", "c", "e"]);
    let said = "ldifix: c: 3 records: 1 modify, 1 add, 1 modrdn; 3 applied\n";
    assert_eq!((out(&done), err(&done), done.status.code()), ("", said, Some(0)));
    let done = room.run(&["verify", "c", "b"]);
    let said = "ldifix: c: 3 records: 1 modify, 1 add, 1 modrdn; 3 pending\n";
    assert_eq!((out(&done), err(&done), done.status.code()), ("", said, Some(1)));
}

#[test]
fn programs_get_every_record() {
    let room = Room::new(&[("e", HALF), ("c", RUN)]);
    let csv = "\
RECORD,LINE,DISTINGUISHEDNAME,CHANGETYPE,STATE,ATTRIBUTE,FOUND,WHY,SERVER
1,3,\"CN=Ann, OU=A, DC=x\",modify,applied,,,,
2,12,\"ou=A,dc=x\",modrdn,applied,,,,
3,17,\"cn=Cid,ou=B,dc=x\",add,applied,,,,
4,22,\"cn=Bob,ou=B,dc=x\",modify,conflict,mail,bob@other.example,\
the attribute has other values than before and after this record,\
\"No such attribute (16), additional info: modify/delete: mail: no such value\"
5,31,\"cn=Ann,ou=B,dc=x\",modify,pending,,,,
6,37,\"cn=Sub,cn=Bob,ou=B,dc=x\",delete,pending,,,,
";
    let done = room.run(&["-q", "verify", "c", "e", "--format", "csv"]);
    assert_eq!((out(&done), err(&done), done.status.code()), (csv, "", Some(1)));
    let done = room.run(&["-q", "verify", "c", "e", "--format", "json"]);
    let lines: Vec<serde_json::Value> =
        out(&done).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(
        lines[3],
        serde_json::json!({
            "record": 4, "line": 22, "dn": "cn=Bob,ou=B,dc=x", "changetype": "modify",
            "state": "conflict",
            "found": [{"attribute": "mail", "values": ["bob@other.example"], "count": 1}],
            "why": "the attribute has other values than before and after this record",
            "server": "No such attribute (16), additional info: modify/delete: mail: \
                       no such value",
        })
    );
    assert_eq!(lines[4]["state"], "pending");
}

/// Records of which an export alone does not tell enough.
const BLIND: &str = "\
dn: cn=Bob,ou=A,dc=x
changetype: modify
increment: n
n: 2
-

dn: cn=Ann,ou=A,dc=x
changetype: modify
delete: mail
-
add: sn
sn: Archer
-

dn: cn=Sub,cn=Bob,ou=A,dc=x
changetype: delete

dn: cn=Nobody,ou=A,dc=x
changetype: modify
add: sn
sn: x
-

dn: cn=Ann,ou=A,dc=x
changetype: modrdn
newrdn: cn=Bob
deleteoldrdn: 1
";

#[test]
fn what_the_records_do_not_say_an_older_export_tells() {
    let after = BASE
        .replace("n: 7", "n: 9")
        .replace("mail: Ann@old.example\n", "sn: Archer\n")
        .replace("\ndn: cn=Sub,cn=Bob,ou=A,dc=x\ncn: Sub\n", "");
    let room = Room::new(&[("e", &after), ("c", BLIND), ("b", BASE)]);
    let done = room.run(&["verify", "c", "e", "--applied-undo", "undo", "--pending", "rest"]);
    let table = "\
unclear   modify cn=Bob,ou=A,dc=x (record 1, line 1)
          the record does not say what was there before: an older export would
          tell
conflict  modify cn=Nobody,ou=A,dc=x (record 4, line 18)
          there is no such entry
conflict  modrdn cn=Ann,ou=A,dc=x (record 5, line 24)
          there are entries of both the old and the new name
";
    let said = "\
c:1:1: record 1, cn=Bob,ou=A,dc=x: cannot be undone: it cannot be told whether it was applied
c:7:1: record 2, cn=Ann,ou=A,dc=x: cannot be undone: the record does not name the values of mail that it takes away: an export from before the change would have them
c:15:1: record 3, cn=Sub,cn=Bob,ou=A,dc=x: cannot be undone: the entry is gone: an export from before the change would have it
c:1:1: record 1, cn=Bob,ou=A,dc=x: cannot be finished: it cannot be told whether it was applied
ldifix: nothing was written; --partial leaves these records out
ldifix: c: 5 records: 3 modify, 1 delete, 1 modrdn; 2 applied, 2 conflict, 1 unclear
";
    assert_eq!((out(&done), err(&done), done.status.code()), (table, said, Some(2)));
    assert!(!room.path("undo").exists() && !room.path("rest").exists());

    let done = room.run(&["-q", "verify", "c", "e", "--base", "b", "--applied-undo", "undo"]);
    assert_eq!((err(&done), done.status.code()), ("", Some(1)));
    assert!(!out(&done).contains("unclear"), "{}", out(&done));
    let undo = "\
version: 1

dn: cn=Sub,cn=Bob,ou=A,dc=x
changetype: add
cn: Sub

dn: cn=Ann,ou=A,dc=x
changetype: modify
delete: sn
sn: Archer
-
add: mail
mail: Ann@old.example
-

dn: cn=Bob,ou=A,dc=x
changetype: modify
delete: n
n: 9
-
add: n
n: 7
-

";
    assert_eq!(room.text("undo"), undo);
    let done = room.run(&["-q", "verify", "c", "e", "--partial", "--applied-undo", "part"]);
    assert_eq!(done.status.code(), Some(1));
    let part = room.text("part");
    assert!(part.starts_with("version: 1\n\n# This inverse is not complete."), "{part}");
}

#[test]
fn of_a_record_that_is_partly_there_the_rest_is_pending() {
    let change = "dn: cn=Ann,ou=A,dc=x\nchangetype: modify\nadd: url\nurl: a\nurl: b\n-\n\
                  delete: mail\nmail: Ann@old.example\n-\n";
    let now = BASE.replace("cn: Ann\n", "cn: Ann\nurl: b\n");
    let room = Room::new(&[("e", &now), ("c", change)]);
    let done = room.run(&["verify", "c", "e", "--pending", "rest", "--applied-undo", "undo"]);
    let table = "\
partly    modify cn=Ann,ou=A,dc=x (record 1, line 1)
          somebody did some of it
";
    let said = "\
ldifix: no records in undo, to take back what was applied
ldifix: 1 record partly applied, by somebody else, left as they are
ldifix: 1 record still to be applied in rest
ldifix: c: 1 record: 1 modify; 1 partly
";
    assert_eq!((out(&done), err(&done), done.status.code()), (table, said, Some(1)));
    let rest = "version: 1\n\ndn: cn=Ann,ou=A,dc=x\nchangetype: modify\nadd: url\nurl: a\n-\n\
                delete: mail\nmail: Ann@old.example\n-\n\n";
    assert_eq!(room.text("rest"), rest);
}

#[test]
fn twins_are_not_taken_for_each_other() {
    // The one that the record deletes is gone; its twin is left.
    let change = "dn: cn=Ann,ou=A,dc=x\nchangetype: modify\ndelete: proxyAddresses\n\
                  proxyAddresses: smtp:ann@x\n-\n";
    let both = "proxyAddresses: SMTP:ann@x\nproxyAddresses: smtp:ann@x\n";
    let left = "proxyAddresses: SMTP:ann@x\n";
    let with = |lines: &str| BASE.replace("cn: Ann\n", &format!("cn: Ann\n{lines}"));
    let room = Room::new(&[("b", &with(both)), ("e", &with(left)), ("c", change)]);
    let done = room.run(&["-q", "verify", "c", "e"]);
    let table = "\
unclear   modify cn=Ann,ou=A,dc=x (record 1, line 1)
          proxyAddresses: found \"SMTP:ann@x\"
          an equal value of another spelling is there: an older export would
          tell whether it is this one
";
    assert_eq!((out(&done), done.status.code()), (table, Some(1)));
    assert_eq!(room.run(&["-q", "verify", "c", "e", "--base", "b"]).status.code(), Some(0));
    assert_eq!(room.run(&["-q", "verify", "c", "b"]).status.code(), Some(1));
}

#[test]
fn files_are_not_replaced_and_stdout_has_the_list() {
    let room = Room::new(&[("e", BASE), ("c", RUN), ("rest", "old")]);
    let done = room.run(&["verify", "c", "e", "--pending", "rest"]);
    assert_eq!((out(&done), done.status.code()), ("", Some(2)));
    assert_eq!(room.text("rest"), "old");
    let done = room.run(&["verify", "c", "e", "--pending", "-"]);
    let said = "ldifix: stdout has the list of the records: name a file\n";
    assert_eq!((err(&done), done.status.code()), (said, Some(2)));
}
