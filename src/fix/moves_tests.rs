//! Addresses that move from one entry to another.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::Moves;
use super::tests::{Wish, with_moves};
use crate::change::apply_to_entry;
use crate::directory::Entry;
use crate::ldif::{ReadOptions, Record, read_chunk};

/// People with these local parts of mail.
fn people(mail: &[&str]) -> String {
    let person = |(number, mail): (usize, &&str)| {
        format!("dn: CN=P{number},DC=x\nobjectClass: user\ncn: P{number}\nmail: {mail}@x.org\n\n")
    };
    mail.iter().enumerate().map(person).collect()
}

/// The directory as values by DN.
type Directory = BTreeMap<Vec<u8>, Entry<'static>>;

fn records(bytes: &[u8]) -> Vec<Record<'static>> {
    let mut records = Vec::new();
    read_chunk(bytes, ReadOptions::default(), |it| records.push(it.into_record().into_owned()));
    records
}

fn directory(export: &str) -> Directory {
    let entry = |record| match record {
        Record::Content(content) => Entry::from(content),
        Record::Change(_) => unreachable!(),
    };
    let entries = records(export.as_bytes()).into_iter().map(entry);
    entries.map(|entry| (entry.dn.to_vec(), entry)).collect()
}

/// Applies a change file as a server does, and gives the mail of all entries.
fn apply(directory: &mut Directory, change: &[u8]) -> BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> {
    for record in records(change) {
        let Record::Change(change) = record else { unreachable!() };
        // Entries keep what they are given.
        let change = Box::leak(Box::new(change));
        let entry = directory.get_mut(&*change.dn).unwrap();
        apply_to_entry(entry, &change.change).unwrap();
    }
    let mail = |entry: &Entry<'_>| {
        let values = entry.values(b"mail").iter();
        values.filter_map(|value| Some(value.bytes()?.to_vec())).collect()
    };
    directory.iter().map(|(dn, entry)| (dn.clone(), mail(entry))).collect()
}

/// The records of both files, and why wishes are left out.
fn drafted(mail: &[&str], wishes: &[(usize, &str)], moves: Moves) -> (usize, usize, Vec<String>) {
    let olds: Vec<String> = mail.iter().map(|mail| format!("{mail}@x.org")).collect();
    let news: Vec<(usize, String)> =
        wishes.iter().map(|(number, new)| (*number, format!("{new}@x.org"))).collect();
    let wishes: Vec<Wish<'_>> =
        news.iter().map(|(number, new)| (*number, "mail", &*olds[*number], &**new)).collect();
    with_moves(&people(mail), &wishes, moves, |draft| {
        let draft = draft.unwrap();
        let declined = draft.listed.iter().map(|declined| declined.reason.name().to_owned());
        (draft.records, draft.second.map_or(0, |second| second.records), declined.collect())
    })
}

#[test]
fn an_address_that_moves_takes_a_second_cycle_or_is_left_out() {
    let wishes = [(0, "c"), (1, "a")];
    assert_eq!(drafted(&["a", "b"], &wishes, Moves::AtOnce), (2, 0, vec![]));
    assert_eq!(drafted(&["a", "b"], &wishes, Moves::Apart), (1, 1, vec![]));
    let left_out = vec!["needs-second-cycle".to_owned()];
    assert_eq!(drafted(&["a", "b"], &wishes, Moves::LeftOut), (1, 0, left_out));
}

#[test]
fn without_a_move_there_is_no_second_file() {
    let wishes = [(0, "c"), (1, "d")];
    assert_eq!(drafted(&["a", "b"], &wishes, Moves::Apart), (2, 0, vec![]));
    assert_eq!(drafted(&["a", "b"], &wishes, Moves::LeftOut), (2, 0, vec![]));
}

#[test]
fn what_would_take_a_third_cycle_is_left_out() {
    let third = || "needs-third-cycle".to_owned();
    // The last one gives way to the one before, and so on.
    let chain = [(0, "d"), (1, "a"), (2, "b")];
    assert_eq!(drafted(&["a", "b", "c"], &chain, Moves::Apart), (1, 1, vec![third()]));
    let ring = [(0, "b"), (1, "a")];
    assert_eq!(drafted(&["a", "b"], &ring, Moves::Apart).2.len(), 2);
}

proptest! {
    #[test]
    fn both_files_together_do_what_one_would_and_both_inverses_take_it_back(
        wishes in prop::collection::btree_map(0..5_usize, 0..9_usize, 1..5),
    ) {
        const MAIL: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let export = people(&MAIL[..5]);
        let full = MAIL.map(|mail| format!("{mail}@x.org"));
        let wishes: Vec<Wish<'_>> = wishes
            .iter()
            .filter(|(entry, new)| entry != new)
            .map(|(&entry, &new)| (entry, "mail", &*full[entry], &*full[new]))
            .collect();
        let apart = with_moves(&export, &wishes, Moves::Apart, |draft| {
            let draft = draft.unwrap();
            let declined: BTreeSet<Vec<u8>> =
                draft.listed.iter().map(|it| it.finding.dn.to_vec()).collect();
            (draft.change, draft.undo, draft.second, declined)
        });
        let (change, undo, second, declined) = apart;
        // What takes no third cycle comes to the same as at once.
        let number = |wish: &&Wish<'_>| format!("CN=P{},DC=x", wish.0).into_bytes();
        let made: Vec<Wish<'_>> =
            wishes.iter().filter(|wish| !declined.contains(&number(wish))).copied().collect();
        let whole = with_moves(&export, &made, Moves::AtOnce, |draft| draft.unwrap().change);
        let start = apply(&mut directory(&export), b"");
        let mut now = directory(&export);
        let between = apply(&mut now, &change);
        // No entry has an address yet that another had at the start.
        for (dn, mail) in &between {
            prop_assert!(start.iter().all(|(other, had)| other == dn || had.is_disjoint(mail)));
        }
        let second = second.unwrap_or_default();
        let end = apply(&mut now, &second.change);
        prop_assert_eq!(&end, &apply(&mut directory(&export), &whole));
        apply(&mut now, &second.undo);
        prop_assert_eq!(apply(&mut now, &undo), start);
    }
}
