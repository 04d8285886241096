use std::collections::BTreeSet;

use super::{changes, entries, held, text_of};
use crate::change::{Fate, Image, Interest, OnRefusal, Outcome, Reason, Run, identity};
use crate::directory::Entry;
use crate::ldif::ChangeRecord;

const EXPORT: &str = "\
dn: DC=x
dc: x

dn: OU=A,DC=x
ou: A

dn: CN=Joe,OU=A,DC=x
cn: Joe
mail: joe@x

dn: CN=Sub,CN=Joe,OU=A,DC=x
cn: Sub

dn: OU=B,DC=x
ou: B
";

pub(super) struct Applied {
    pub(super) outcomes: Vec<Outcome>,
    readings: usize,
    pub(super) result: Vec<Entry<'static>>,
}

impl Applied {
    pub(super) fn text(&self) -> String {
        self.result.iter().map(text_of).collect::<Vec<_>>().join("\n")
    }

    fn dns(&self) -> Vec<String> {
        self.result.iter().map(|entry| entry.dn.escape_ascii().to_string()).collect()
    }

    /// What a record that was refused says of it.
    pub(super) fn refused(&self, number: usize) -> (String, Reason) {
        match &self.outcomes[number] {
            Outcome::Refused(why) => {
                let value = why.value.as_deref().unwrap_or_default();
                (value.escape_ascii().to_string(), why.reason)
            }
            outcome => panic!("{outcome:?}"),
        }
    }

    pub(super) fn reasons(&self) -> Vec<Option<Reason>> {
        let reason = |outcome: &Outcome| match outcome {
            Outcome::Refused(refusal) => Some(refusal.reason),
            Outcome::Applied(_) | Outcome::NotTried => None,
        };
        self.outcomes.iter().map(reason).collect()
    }
}

pub(super) fn run(
    export: &[Entry<'static>],
    changes: &[ChangeRecord<'static>],
    policy: OnRefusal,
) -> Applied {
    let mut image = Image::new(changes, policy).with_inverses();
    let mut readings = 0;
    let outcomes = loop {
        readings += 1;
        for (ordinal, entry) in (0..).zip(export) {
            match image.interest(&entry.dn) {
                Interest::None => {}
                Interest::Place => image.mark(ordinal, &entry.dn),
                // Both ways lead to the same.
                Interest::Content => match held(entry).filter(|_| ordinal % 2 == 0) {
                    Some(text) => image.load_text(ordinal, text),
                    None => image.load(ordinal, entry.clone()),
                },
            }
        }
        if let Run::Done(outcomes) = image.run() {
            break outcomes;
        }
    };
    assert_eq!(outcomes_of_few(export, changes, policy), outcomes);
    let mut result = Vec::new();
    for (ordinal, entry) in (0..).zip(export) {
        match image.fate(ordinal, &entry.dn) {
            Fate::Unchanged => {
                let mut entry = entry.clone();
                image.follow(&mut entry);
                result.push(entry);
            }
            Fate::Renamed(dn) => {
                let mut entry = entry.clone();
                entry.dn = dn.into();
                image.follow(&mut entry);
                result.push(entry);
            }
            Fate::Replaced(entry) => result.push(owned(entry)),
            Fate::Deleted => {}
        }
    }
    result.extend(image.added().map(owned));
    Applied { outcomes, readings, result }
}

/// The outcomes where the image is told of one entry only of those that merely stand
/// below the same one: there is no other difference.
fn outcomes_of_few(
    export: &[Entry<'static>],
    changes: &[ChangeRecord<'static>],
    policy: OnRefusal,
) -> Vec<Outcome> {
    let mut image = Image::new(changes, policy).with_inverses();
    loop {
        let mut counted = BTreeSet::new();
        for (ordinal, entry) in (0..).zip(export) {
            let key = identity::dn_key(&entry.dn).unwrap_or_default();
            match image.interest(&entry.dn) {
                Interest::None => {}
                Interest::Place => match image.counted_below(&key) {
                    Some(above) if !counted.insert(above.to_vec()) => {}
                    _ => image.mark(ordinal, &entry.dn),
                },
                Interest::Content => image.load(ordinal, entry.clone()),
            }
        }
        if let Run::Done(outcomes) = image.run() {
            return outcomes;
        }
    }
}

fn owned(entry: Entry<'_>) -> Entry<'static> {
    Entry::from(entry.into_record().into_owned())
}

/// Applies changes; where all apply, their inverses must lead back.
pub(super) fn applied(export: &str, text: &str) -> Applied {
    let export = entries(export);
    let records = changes(text);
    let applied = run(&export, &records, OnRefusal::GoOn);
    if applied.reasons().iter().all(Option::is_none) {
        let undo: Vec<_> = applied
            .outcomes
            .iter()
            .rev()
            .flat_map(|outcome| match outcome {
                Outcome::Applied(inverse) => inverse.clone(),
                _ => Vec::new(),
            })
            .collect();
        let back = run(&applied.result, &undo, OnRefusal::Stop);
        assert_eq!(back.reasons(), vec![None; undo.len()], "{undo:#?}");
        assert_eq!(sets(&back.result), sets(&export), "{undo:#?}");
    }
    applied
}

pub(super) fn sets(entries: &[Entry<'_>]) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            let mut lines: Vec<String> = text_of(entry).lines().map(str::to_owned).collect();
            lines[1..].sort();
            lines
        })
        .collect();
    all.sort();
    all
}

#[test]
fn each_kind_of_record_does_its_work() {
    let applied = applied(
        EXPORT,
        "dn: cn=joe,ou=a,dc=x\nchangetype: modify\nreplace: mail\nmail: j@x\n-\n\n\
         dn: cn=new,ou=b,dc=x\nchangetype: add\ncn: new\n\n\
         dn: cn=sub,cn=joe,ou=a,dc=x\nchangetype: delete\n\n\
         dn: cn=joe,ou=a,dc=x\nchangetype: modrdn\nnewrdn: cn=Jim\ndeleteoldrdn: 1\n\
         newsuperior: ou=b,dc=x\n\n",
    );
    assert_eq!(
        applied.text(),
        "dn: DC=x\ndc: x\n\ndn: OU=A,DC=x\nou: A\n\ndn: cn=Jim,OU=B,DC=x\nmail: j@x\ncn: Jim\n\
         \ndn: OU=B,DC=x\nou: B\n\ndn: cn=new,ou=b,dc=x\ncn: new\n"
            .replace("mail: j@x\ncn: Jim", "cn: Jim\nmail: j@x")
    );
    assert_eq!(applied.readings, 1);
}

#[test]
fn an_add_may_leave_it_to_the_server_what_names_the_entry() {
    let add = |lines: &str| format!("dn: cn=J\\2c D+uid=j,ou=b,dc=x\nchangetype: add\n{lines}\n");
    let added = |lines: &str| applied(EXPORT, &add(lines)).text();
    assert!(added("sn: D\n").ends_with("\nsn: D\ncn: J, D\nuid: j\n"), "{}", added("sn: D\n"));
    assert!(added("userid: J\ncn: K\n").ends_with("\nuserid: J\ncn: K\ncn: J, D\n"));
    let text = applied(EXPORT, &add("cn: J, D\nuid: j\n")).text();
    assert!(text.ends_with("\ncn: J, D\nuid: j\n"), "{text}");
    // A record that leans on it, and one that may not take it away.
    let modify = "dn: uid=j+cn=J\\, D,ou=b,dc=x\nchangetype: modify\n";
    let taken = format!("{}{modify}add: cn\ncn: j, d\n-\n", add("sn: D\n"));
    assert_eq!(applied(EXPORT, &taken).reasons(), [None, Some(Reason::ValueExists)]);
}

#[test]
fn what_is_below_a_renamed_entry_follows_and_bears_the_new_name() {
    let applied = applied(
        EXPORT,
        "dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: ou=C\ndeleteoldrdn: 1\n\n\
         dn: ou=c,dc=x\nchangetype: modrdn\nnewrdn: ou=D\ndeleteoldrdn: 1\nnewsuperior: ou=b,dc=x\n\n\
         dn: ou=b,dc=x\nchangetype: modrdn\nnewrdn: ou=E\ndeleteoldrdn: 1\n\n\
         dn: cn=joe,ou=d,ou=e,dc=x\nchangetype: modify\nadd: sn\nsn: Doe\n-\n\n\
         dn: ou=a,dc=x\nchangetype: add\nou: a\n\n\
         dn: cn=sub,cn=joe,ou=d,ou=e,dc=x\nchangetype: modrdn\nnewrdn: cn=Sub\ndeleteoldrdn: 1\n\
         newsuperior: ou=a,dc=x\n",
    );
    assert_eq!(applied.reasons(), [None; 6]);
    assert_eq!(
        applied.dns(),
        [
            "DC=x",
            "ou=D,ou=E,DC=x",
            "CN=Joe,ou=D,ou=E,DC=x",
            "cn=Sub,ou=a,dc=x",
            "ou=E,DC=x",
            "ou=a,dc=x"
        ]
    );
    assert!(applied.text().contains("cn: Joe\nmail: joe@x\nsn: Doe\n"));
    assert_eq!(applied.readings, 1);
}

#[test]
fn two_entries_exchange_their_names_by_a_third() {
    let rename = |from: &str, to: &str| {
        format!("dn: ou={from},dc=x\nchangetype: modrdn\nnewrdn: ou={to}\ndeleteoldrdn: 1\n\n")
    };
    let text = [rename("A", "tmp"), rename("B", "A"), rename("tmp", "B")].concat();
    let applied = applied(EXPORT, &text);
    assert_eq!(
        applied.dns(),
        ["DC=x", "ou=B,DC=x", "CN=Joe,ou=B,DC=x", "CN=Sub,CN=Joe,ou=B,DC=x", "ou=A,DC=x"]
    );
}

#[test]
fn what_a_server_refuses_is_refused() {
    let cases = [
        ("dn: cn=no,dc=x\nchangetype: delete\n", Reason::NoSuchEntry),
        ("dn: cn=no,dc=x\nchangetype: modify\nadd: a\na: 1\n-\n", Reason::NoSuchEntry),
        (
            "dn: cn=no,dc=x\nchangetype: modrdn\nnewrdn: cn=a\ndeleteoldrdn: 0\n",
            Reason::NoSuchEntry,
        ),
        ("dn: ou=a,dc=x\nchangetype: add\nou: a\n", Reason::EntryExists),
        ("dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: ou=b\ndeleteoldrdn: 0\n", Reason::EntryExists),
        ("dn: ou=a,dc=x\nchangetype: delete\n", Reason::NotLeaf),
        ("dn: cn=a,ou=no,dc=x\nchangetype: add\ncn: a\n", Reason::NoParent),
        (
            "dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: ou=a\ndeleteoldrdn: 0\nnewsuperior: ou=no,dc=x\n",
            Reason::NoParent,
        ),
        (
            "dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: ou=a\ndeleteoldrdn: 0\n\
             newsuperior: cn=joe,ou=a,dc=x\n",
            Reason::CannotMove,
        ),
        ("dn: no dn\nchangetype: delete\n", Reason::InvalidDn),
        ("dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: a,b\ndeleteoldrdn: 0\n", Reason::InvalidDn),
    ];
    for (text, reason) in cases {
        let applied = applied(EXPORT, text);
        assert_eq!(applied.reasons(), [Some(reason)], "{text}");
        assert_eq!(sets(&applied.result), sets(&entries(EXPORT)), "{text}");
    }
}

#[test]
fn an_entry_can_go_when_all_below_it_went_or_moved() {
    let applied = applied(
        EXPORT,
        "dn: cn=sub,cn=joe,ou=a,dc=x\nchangetype: delete\n\n\
         dn: cn=joe,ou=a,dc=x\nchangetype: modrdn\nnewrdn: cn=Joe\ndeleteoldrdn: 0\n\
         newsuperior: dc=x\n\n\
         dn: ou=a,dc=x\nchangetype: delete\n\n\
         dn: ou=a,dc=x\nchangetype: add\nou: new\n\n",
    );
    assert_eq!(applied.dns(), ["DC=x", "cn=Joe,DC=x", "OU=B,DC=x", "ou=a,dc=x"]);
}

#[test]
fn an_entry_that_came_can_be_changed_renamed_and_go() {
    let applied = applied(
        EXPORT,
        "dn: cn=n,dc=x\nchangetype: add\ncn: n\n\n\
         dn: cn=n,dc=x\nchangetype: modify\nadd: sn\nsn: 1\n-\n\n\
         dn: cn=n,dc=x\nchangetype: modrdn\nnewrdn: cn=m\ndeleteoldrdn: 1\n\n\
         dn: cn=o,dc=x\nchangetype: add\ncn: o\n\n\
         dn: cn=o,dc=x\nchangetype: delete\n\n",
    );
    assert_eq!(
        applied.result[5..].iter().map(text_of).collect::<String>(),
        "dn: cn=m,DC=x\ncn: m\nsn: 1\n"
    );
}

#[test]
fn a_parent_outside_the_export_does_not_stand_in_the_way() {
    let users = "dn: cn=Joe,ou=a,dc=x\ncn: Joe\n";
    let added = |dn: &str| applied(users, &format!("dn: {dn}\nchangetype: add\ncn: b\n")).reasons();
    assert_eq!(added("cn=b,ou=a,dc=x"), [None], "an entry beside it is in the export");
    assert_eq!(added("cn=b,ou=other,dc=y"), [None], "nothing above it is in the export");
    assert_eq!(added("cn=b,ou=gone,cn=joe,ou=a,dc=x"), [Some(Reason::NoParent)]);
}

#[test]
fn behind_a_refused_rename_the_export_is_read_again() {
    // Record 2 speaks of the entry that stands there, since record 1 fails.
    let export = format!("{EXPORT}\ndn: CN=Joe,OU=B,DC=x\ncn: Joe\n");
    let text = "dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: ou=b\ndeleteoldrdn: 1\n\n\
                dn: cn=joe,ou=b,dc=x\nchangetype: modify\nadd: sn\nsn: b\n-\n\n";
    let applied = applied(&export, text);
    assert_eq!(applied.reasons(), [Some(Reason::EntryExists), None]);
    assert_eq!(applied.readings, 2);
    assert_eq!(text_of(&applied.result[5]), "dn: CN=Joe,OU=B,DC=x\ncn: Joe\nsn: b\n");
    let stopped = run(&entries(&export), &changes(text), OnRefusal::Stop);
    assert_eq!(stopped.outcomes[1], Outcome::NotTried);
    assert_eq!(sets(&stopped.result), sets(&entries(&export)));
}

#[test]
fn of_two_entries_of_one_name_the_first_changes_and_both_are_kept() {
    let export = "dn: cn=a\nx: 1\n\ndn: CN=A\nx: 2\n";
    let export = entries(export);
    let text = "dn: cn=a\nchangetype: modify\nreplace: x\nx: 3\n-\n";
    let applied = run(&export, &changes(text), OnRefusal::Stop);
    assert_eq!(applied.text(), "dn: cn=a\nx: 3\n\ndn: CN=A\nx: 2\n");
}

#[test]
fn a_change_of_spelling_is_a_rename() {
    let text = "dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: ou=a\ndeleteoldrdn: 1\n";
    let applied = applied(EXPORT, text);
    assert_eq!(applied.dns()[1..3], ["ou=a,DC=x", "CN=Joe,ou=a,DC=x"]);
    assert!(applied.text().contains("ou: a\n"));
}

#[test]
fn the_root_is_changed_and_neither_moved_nor_deleted() {
    let export = "dn:\nsupportedControl: 1\n\ndn: dc=x\ndc: x\n";
    let modify = "dn:\nchangetype: modify\nadd: supportedControl\nsupportedControl: 2\n-\n";
    assert!(
        applied(export, modify)
            .text()
            .starts_with("dn: \nsupportedControl: 1\nsupportedControl: 2\n")
    );
    for text in
        ["dn:\nchangetype: delete\n", "dn:\nchangetype: modrdn\nnewrdn: cn=a\ndeleteoldrdn: 0\n"]
    {
        assert_eq!(applied(export, text).reasons(), [Some(Reason::CannotMove)]);
    }
}

#[test]
fn a_rename_exchanges_the_value_whatever_the_name_of_its_attribute() {
    let export = |dn: &str, mark: &str| {
        format!("dn: dc=x\ndc: x\n{mark}: 0\n\ndn: {dn},dc=x\ncn: c\n{mark}: 1\n")
    };
    let rename = |from: &str, to: &str, delete: u8| {
        format!("dn: {from},dc=x\nchangetype: modrdn\nnewrdn: {to}\ndeleteoldrdn: {delete}\n")
    };
    let values = |applied: &Applied| text_of(&applied.result[1]).replace("dn: ", "");
    for mark in ["objectGUID", "entryUUID"] {
        for to in ["commonName=b", "2.5.4.3=b", "oid.2.5.4.3=b"] {
            let applied = applied(&export("CN=c", mark), &rename("cn=c", to, 1));
            assert_eq!(applied.reasons(), [None], "{mark}, {to}");
            assert!(values(&applied).ends_with(&format!("cn: b\n{mark}: 1\n")), "{mark}, {to}");
        }
        for from in ["commonName=c", "2.5.4.3=c"] {
            let (export, change) = (export(from, mark), rename(from, "cn=b", 1));
            let applied = run(&entries(&export), &changes(&change), OnRefusal::Stop);
            assert_eq!(applied.reasons(), [None], "{mark}, {from}");
            assert!(values(&applied).ends_with(&format!("cn: b\n{mark}: 1\n")), "{mark}, {from}");
        }
    }
    // Active Directory spells types as its schema does.
    let applied = applied(&export("CN=c", "objectGUID"), &rename("cn=c", "2.5.4.3=b", 1));
    assert_eq!(applied.dns()[1], "CN=b,dc=x");
}

#[test]
fn an_old_name_that_stays_is_taken_back_whatever_the_name_of_its_attribute() {
    let export = "dn: dc=x\ndc: x\n\ndn: cn=c,dc=x\ncn: c\ncn: d\nsn: b\n";
    for (to, delete) in [("commonName=b", 0), ("commonName=d", 0), ("commonName=d+sn=b", 1)] {
        let change =
            format!("dn: cn=c,dc=x\nchangetype: modrdn\nnewrdn: {to}\ndeleteoldrdn: {delete}\n");
        // The inverse leads back.
        assert_eq!(applied(export, &change).reasons(), [None], "{to}");
    }
}

const EXTENDED: &str = "\
dn: <GUID=a0>;dc=x
dc: x

dn: <GUID=a1>;<SID=s1>;ou=y,dc=x
ou: y

dn: <GUID=a2>;cn=k,ou=y,dc=x
cn: k
";

#[test]
fn what_stands_in_brackets_before_a_dn_stays_with_its_entry() {
    let rename = |dn: &str, rdn: &str, more: &str| {
        let change =
            format!("dn: {dn}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\n{more}");
        // The inverse leads back.
        let applied = applied(EXTENDED, &change);
        assert_eq!(applied.reasons(), [None], "{change}");
        applied.dns().split_off(1)
    };
    let kept = "<GUID=a1>;<SID=s1>;ou=y,dc=x";
    assert_eq!(rename("cn=k,ou=y,dc=x", "cn=m", ""), [kept, "<GUID=a2>;cn=m,ou=y,dc=x"]);
    for above in ["dc=x", "<GUID=a0>;dc=x"] {
        let moved = rename("cn=k,ou=y,dc=x", "cn=m", &format!("newsuperior: {above}\n"));
        assert_eq!(moved, [kept, "<GUID=a2>;cn=m,dc=x"]);
    }
    assert_eq!(
        rename("<GUID=a1>;ou=y,dc=x", "ou=z", ""),
        ["<GUID=a1>;<SID=s1>;ou=z,dc=x", "<GUID=a2>;cn=k,ou=z,dc=x"]
    );
}

#[test]
fn an_entry_comes_back_under_its_dn_alone() {
    let delete = "dn: cn=k,ou=y,dc=x\nchangetype: delete\n";
    let applied = run(&entries(EXTENDED), &changes(delete), OnRefusal::Stop);
    let [Outcome::Applied(inverse)] = &applied.outcomes[..] else { panic!("refused") };
    assert_eq!(inverse[0].dn.escape_ascii().to_string(), "cn=k,ou=y,dc=x");
}
