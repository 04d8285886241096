//! Files that were tampered with, which the proof must refuse.

use super::*;
use crate::change::diff::{Compared, Kinds, Scope, paired};
use crate::ldif::{ReadOptions, WriteOptions};

const ROOT: &str = "dn: dc=x\ndc: x\n\ndn: ou=a,dc=x\nou: a\n\n";

fn entry(name: &str, identity: &str, number: u32, more: &str) -> String {
    format!(
        "dn: cn={name},ou=a,dc=x\ncn: {name}\n{identity}: 00000000-0000-0000-0000-{number:012}\n\
         {more}\n"
    )
}

/// One entry changes, one goes, one comes, and there is a fourth; with `moves` that one
/// gets another name, by which the first one names it, and an entry that does not
/// change besides.
fn exports(identity: &str, moves: bool) -> [String; 2] {
    let name = if moves { "dd" } else { "d" };
    let one = |number, name, more: &str| entry(name, identity, number, more);
    let old = [
        one(1, "a", "sn: s\ntitle: t\ntitle: u\nmanager: cn=d,ou=a,dc=x\n"),
        one(2, "b", "sn: gone\n"),
        one(4, "d", "sn: stays\n"),
        one(5, "e", "manager: cn=d,ou=a,dc=x\ndescription: one\n"),
    ];
    let manager = format!("manager: cn={name},ou=a,dc=x\n");
    let new = [
        one(1, "a", &format!("sn: S\ntitle: u\ntitle: v\n{manager}")),
        one(3, "c", &format!("sn: come\n{manager}")),
        one(4, name, "sn: stays\n"),
        one(5, "e", &format!("{manager}description: two\n")),
    ];
    [old, new].map(|entries| format!("{ROOT}{}", entries.concat()))
}

/// Whether the proof takes the files that `tamper` makes of those that were drafted.
fn is_proved(exports: &[String; 2], tamper: impl Fn(String, String) -> (String, String)) -> bool {
    let [old, new] = exports;
    let index = |text| EntryIndex::read(text, ReadOptions::default(), &|_| {}).unwrap();
    let (old, new) = (index(old.as_bytes()), index(new.as_bytes()));
    let options = DiffOptions {
        compared: Compared::default(),
        scope: Scope::default(),
        kinds: Kinds::default(),
        write: WriteOptions::content_file(),
    };
    let compared = &options.compared;
    let pairing = paired(&old, &new, compared).unwrap();
    let mut drafting = Drafting::new(&old, &new, &options, pairing);
    let entities = drafting.entities().unwrap();
    let server = drafting.server(&entities);
    let sources = Sources { entities: &entities, old: &old, new: &new, compared, server };
    let draft = drafting.draft(&sources).unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (change, undo) = tamper(text(&draft.change), text(&draft.undo));
    let records = change.lines().filter(|line| line.starts_with("dn:")).count();
    let files = proof::Files { change: change.as_bytes(), undo: undo.as_bytes(), records };
    let found = differences(&entities, &old, &new, compared, server);
    let operations = Operations::of(&sources, found, &FxHashSet::default());
    proof::prove(&sources, &operations, &FxHashSet::default(), files).is_ok()
}

/// The text without its record number `at`; `None` behind the last one.
fn without_record(text: &str, at: usize) -> Option<String> {
    let mut records: Vec<&str> = text.split_inclusive("\n\n").collect();
    (at < records.len()).then(|| records.remove(at))?;
    Some(records.concat())
}

/// The text with the value of line number `at` altered; `None` behind the last line.
fn with_another_value(text: &str, at: usize) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.get_mut(at)?.push('z');
    Some(lines.join("\n") + "\n\n")
}

#[test]
fn a_file_that_lacks_a_record_or_has_another_value_is_refused() {
    for (identity, moves) in
        [("objectGUID", false), ("objectGUID", true), ("entryUUID", false), ("entryUUID", true)]
    {
        let exports = exports(identity, moves);
        assert!(is_proved(&exports, |change, undo| (change, undo)));
        for tamper in [without_record, with_another_value] {
            for at in 0..40 {
                for (is_undo, name) in [(false, "change"), (true, "undo")] {
                    let refused = !is_proved(&exports, |change, undo| {
                        let own = if is_undo { &undo } else { &change };
                        match tamper(own, at) {
                            Some(other) if is_undo => (change, other),
                            Some(other) => (other, undo),
                            None => (String::new(), undo),
                        }
                    });
                    assert!(refused, "{identity} {moves}: {name}, at {at}");
                }
            }
        }
    }
}

#[test]
fn a_record_about_an_entry_that_does_not_change_is_refused() {
    let modify =
        |kind, value| format!("dn: ou=a,dc=x\nchangetype: modify\n{kind}: st\nst: {value}\n-\n\n");
    let new = "dn: cn=z,ou=a,dc=x\nchangetype: add\ncn: z\n\n";
    let gone = "dn: cn=z,ou=a,dc=x\nchangetype: delete\n\n";
    let there_and_back = [
        (modify("add", "x"), String::new()),
        (modify("add", "x"), modify("delete", "x")),
        (String::new(), modify("add", "x")),
        (new.to_owned(), String::new()),
        (new.to_owned(), gone.to_owned()),
        (String::new(), new.to_owned()),
    ];
    for moves in [false, true] {
        let exports = exports("objectGUID", moves);
        for (there, back) in &there_and_back {
            let is_proved = is_proved(&exports, |change, undo| (change + there, undo + back));
            assert!(!is_proved, "{moves} {there} {back}");
        }
    }
}

#[test]
fn a_file_in_which_an_entry_comes_before_the_one_above_it_or_goes_after_it_is_refused() {
    let of = |name: &str| {
        let (kind, value) = name.split(',').next().and_then(|rdn| rdn.split_once('=')).unwrap();
        format!("dn: {name},dc=x\n{kind}: {value}\n\n")
    };
    let root = "dn: dc=x\ndc: x\n\n".to_owned() + &of("ou=stays");
    let old = ["ou=goes", "cn=a,ou=goes", "cn=b,ou=stays"].map(of).concat();
    let new = ["ou=comes", "cn=c,ou=comes", "cn=d,ou=stays"].map(of).concat();
    let exports = [root.clone() + &old, root + &new];
    assert!(is_proved(&exports, |change, undo| (change, undo)));
    for (is_undo, name) in [(false, "change"), (true, "undo")] {
        for at in 0..5 {
            let related = std::cell::Cell::new(false);
            let is_proved = is_proved(&exports, |change, undo| {
                let own = if is_undo { &undo } else { &change };
                let mut records: Vec<&str> = own.split_inclusive("\n\n").collect();
                assert_eq!(records.len(), 6, "{own}");
                records.swap(at, at + 1);
                let both = [records[at], records[at + 1]];
                related.set(["ou=goes", "ou=comes"].iter().any(|name| {
                    both.iter().all(|record| record.lines().next().unwrap().contains(name))
                }));
                let swapped = records.concat();
                if is_undo { (change, swapped) } else { (swapped, undo) }
            });
            assert_eq!(is_proved, !related.get(), "{name}, at {at}");
        }
    }
}
