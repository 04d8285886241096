//! Values that name entries, where a directory has them follow a rename and go with
//! a deletion: what became of the records that speak of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::same_cases;
use super::verifying::states;
use crate::change::State::{Applied, Conflict, Partly, Pending, Unclear};

fn person(cn: &str, guid: u8) -> String {
    format!("dn: cn={cn},dc=t\nobjectClass: user\nobjectGUID: {guid}\ncn: {cn}\n\n")
}

fn group(members: &[&str]) -> String {
    let mut group = String::from("dn: cn=g,dc=t\nobjectClass: group\nobjectGUID: 9\ncn: g\n");
    members.iter().for_each(|cn| writeln!(group, "member: cn={cn},dc=t").unwrap());
    group + "\n"
}

fn rename(from: &str, to: &str) -> String {
    format!("dn: cn={from},dc=t\nchangetype: modrdn\nnewrdn: cn={to}\ndeleteoldrdn: 1\n\n")
}

fn delete(cn: &str) -> String {
    format!("dn: cn={cn},dc=t\nchangetype: delete\n\n")
}

fn members(op: &str, members: &[&str]) -> String {
    let mut record = format!("dn: cn=g,dc=t\nchangetype: modify\n{op}: member\n");
    members.iter().for_each(|cn| writeln!(record, "member: cn={cn},dc=t").unwrap());
    record + "-\n\n"
}

#[test]
fn a_value_goes_with_the_entry_that_it_names_and_not_with_who_takes_its_name() {
    let change = [members("replace", &["x", "y"]), delete("y"), rename("x", "y")].concat();
    let now = person("y", 1) + &group(&["y"]);
    assert_eq!(states(&now, &change, None), [Applied; 3]);
    let base = [person("x", 1), person("y", 2), group(&[])].concat();
    assert_eq!(states(&now, &change, Some(&base)), [Applied; 3]);
    let left_out = person("y", 1) + &group(&[]);
    assert_eq!(states(&left_out, &change, Some(&base)), [Pending, Applied, Applied]);
}

#[test]
fn values_from_before_are_counted_once_where_one_took_the_name_of_another() {
    let change = [delete("y"), rename("x", "y"), members("replace", &["z"])].concat();
    let base = [person("x", 1), person("y", 2), person("z", 3), group(&["x", "y"])].concat();
    let now = |member| [person("y", 1), person("z", 3), group(&[member])].concat();
    assert_eq!(states(&now("y"), &change, Some(&base)), [Applied, Applied, Pending]);
    assert_eq!(states(&now("z"), &change, Some(&base)), [Applied; 3]);
}

#[test]
fn one_value_is_not_taken_for_the_two_that_a_record_gives() {
    let change = rename("x", "y") + &members("replace", &["x", "y"]);
    let now = person("y", 1) + &group(&["y"]);
    assert_eq!(states(&now, &change, None), [Applied, Pending]);
}

#[test]
fn a_name_that_is_free_names_nobody() {
    let change = rename("x", "y")
        + "dn: cn=u,dc=t\nchangetype: modify\nadd: manager\nmanager: cn=y,dc=t\n-\n\
           delete: manager\nmanager: cn=x,dc=t\n-\n\n";
    let user = "dn: cn=u,dc=t\nobjectClass: user\nobjectGUID: 2\ncn: u\nmanager: cn=y,dc=t\n\n";
    assert_eq!(states(&(person("y", 1) + user), &change, None), [Applied; 2]);
}

#[test]
fn however_a_value_is_spelled_it_names_one_entry() {
    let change = "dn: cn=g,dc=t\nchangetype: modify\ndelete: member\n-\n\
                  replace: member\nmember: CN=A,dc=t\n-\n\n"
        .to_owned()
        + &rename("a", "b");
    let base = person("a", 1) + &group(&["a"]);
    let now = person("b", 1) + &group(&["b"]);
    assert_eq!(states(&now, &change, Some(&base)), [Applied; 2]);
    let back = rename("a", "b") + &members("replace", &["b"]);
    let base = [person("a", 1), person("z", 2), group(&["a", "z"])].concat();
    let now = [person("b", 1), person("z", 2), group(&["b", "z"])].concat();
    assert_eq!(states(&now, &back, Some(&base)), [Applied, Pending]);
}

#[test]
fn a_value_given_under_the_old_name_and_taken_under_the_new_one_is_one() {
    let change = [members("add", &["x"]), rename("x", "y"), members("delete", &["y"])].concat();
    let at = |cn: &str, there: &[&str]| {
        let base = person("x", 1) + &group(&[]);
        states(&(person(cn, 1) + &group(there)), &change, Some(&base))
    };
    assert_eq!(at("y", &[]), [Applied; 3]);
    assert_eq!(at("y", &["y"]), [Applied, Applied, Pending]);
    assert_eq!(at("x", &["x"]), [Applied, Pending, Pending]);
}

#[test]
fn names_that_the_export_does_not_show_are_looked_up_as_they_are_written() {
    let change = rename("x", "y") + &members("add", &["y"]);
    assert_eq!(states(&group(&["y"]), &change, None), [Conflict, Applied]);
    assert_eq!(states(&group(&["x"]), &change, None), [Conflict, Pending]);
}

#[test]
fn what_an_add_gave_follows_a_rename_and_goes_with_a_deletion() {
    let add = "dn: cn=g,dc=t\nchangetype: add\nobjectClass: group\nmember: cn=x,dc=t\n\
               member: cn=y,dc=t\n\n";
    let base = person("x", 1) + &person("y", 2);
    let change = [add, &delete("y"), &rename("x", "z")].concat();
    let now = |member| person("z", 1) + &group(&[member]);
    assert_eq!(states(&now("z"), &change, Some(&base)), [Applied; 3]);
    assert_eq!(states(&now("z"), &change, None), [Applied; 3]);
    assert_eq!(states(&now("other"), &change, None), [Conflict, Applied, Applied]);
    let before_the_rest = [base, group(&["x", "y"])].concat();
    assert_eq!(states(&before_the_rest, &change, None), [Applied, Pending, Pending]);
}

/// What a record does, by the numbers of entries.
#[derive(Debug, Clone)]
enum Op {
    Rename(usize, usize),
    Delete(usize),
    Give(usize),
    Take(usize),
    Replace(Vec<usize>),
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A directory of a few entries and a group, which has links follow.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Linked {
    names: [Option<usize>; 4],
    members: BTreeSet<usize>,
}

impl Linked {
    fn name(&self, entry: usize) -> Option<&'static str> {
        self.names[entry].map(|name| NAMES[name])
    }

    fn takes(&self, op: &Op) -> bool {
        let is_there = |entry: usize| self.names[entry].is_some();
        match op {
            Op::Rename(entry, to) => is_there(*entry) && !self.names.contains(&Some(*to)),
            Op::Delete(entry) => is_there(*entry),
            Op::Give(entry) => is_there(*entry) && !self.members.contains(entry),
            Op::Take(entry) => self.members.contains(entry),
            Op::Replace(entries) => entries.iter().all(|entry| is_there(*entry)),
        }
    }

    fn make(&mut self, op: &Op) {
        match op {
            Op::Rename(entry, to) => self.names[*entry] = Some(*to),
            Op::Delete(entry) => {
                self.names[*entry] = None;
                self.members.remove(entry);
            }
            Op::Give(entry) => drop(self.members.insert(*entry)),
            Op::Take(entry) => drop(self.members.remove(entry)),
            Op::Replace(entries) => self.members = entries.iter().copied().collect(),
        }
    }

    fn record(&self, op: &Op) -> String {
        let name = |entry: &usize| self.name(*entry).unwrap();
        match op {
            Op::Rename(entry, to) => rename(name(entry), NAMES[*to]),
            Op::Delete(entry) => delete(name(entry)),
            Op::Give(entry) => members("add", &[name(entry)]),
            Op::Take(entry) => members("delete", &[name(entry)]),
            Op::Replace(entries) => {
                members("replace", &entries.iter().map(name).collect::<Vec<_>>())
            }
        }
    }

    fn export(&self) -> String {
        let there = (0..4_u8).filter_map(|entry| Some(person(self.name(entry.into())?, entry)));
        let members: Vec<&str> =
            self.members.iter().filter_map(|&entry| self.name(entry)).collect();
        there.chain([group(&members)]).collect()
    }
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0..4_usize, 0..5_usize).prop_map(|(entry, to)| Op::Rename(entry, to)),
        1 => (0..4_usize).prop_map(Op::Delete),
        2 => (0..4_usize).prop_map(Op::Give),
        2 => (0..4_usize).prop_map(Op::Take),
        2 => proptest::sample::subsequence(vec![0, 1, 2, 3], 0..=3).prop_map(Op::Replace),
    ]
}

proptest! {
    #![proptest_config(same_cases(3000))]

    #[test]
    fn the_records_told_as_made_lead_to_the_links_that_are_there(
        before in proptest::sample::subsequence(vec![0, 1, 2, 3], 0..=4), ops in vec(op(), 1..9),
        stop in 0..9_usize, with_base in any::<bool>(),
    ) {
        let start = Linked {
            names: [Some(0), Some(1), Some(2), None],
            members: before.into_iter().filter(|entry| *entry < 3).collect(),
        };
        let (mut linked, mut now, mut made, mut change) =
            (start.clone(), start.clone(), Vec::new(), String::new());
        for op in ops {
            if linked.takes(&op) {
                change += &linked.record(&op);
                linked.make(&op);
                made.push(op);
                if made.len() <= stop {
                    now = linked.clone();
                }
            }
        }
        let base = start.export();
        let states = states(&now.export(), &change, with_base.then_some(&base));
        let shown = || format!("{change}now\n{}{states:?}", now.export());
        if states.contains(&Unclear) {
            return Ok(());
        }
        prop_assert!(!states.iter().any(|s| matches!(s, Conflict | Partly)), "{}", shown());
        let mut told = start;
        for (op, _) in made.iter().zip(&states).filter(|(_, state)| **state == Applied) {
            told.make(op);
        }
        if with_base {
            prop_assert_eq!(&told, &now, "{}", shown());
        }
    }
}
