//! The proof that stands before anything is written: the change leads from the
//! entries as they are to the entries as intended, and the undo leads back.

mod course;
mod holders;

use std::fmt;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::edit::{Edit, intended};
use super::identity;
use super::not_applicable::NotApplicable;
use super::stored::marks_active_directory;
use crate::directory::{Entry, Uniqueness};
use crate::ldif::ChangeRecord;

pub(super) use course::difference;
use course::{Course, Leg};
use holders::Holders;

/// An entry before and after. Entries that the change must not touch may be
/// among the cases, the same before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case<'a> {
    /// The entry of the export.
    pub before: Entry<'a>,
    /// The entry as [`intended`](super::intended).
    pub after: Entry<'a>,
}

impl<'a> Case<'a> {
    /// The case of an entry and the edits that its record makes.
    ///
    /// It keeps of the entry only what the proof can turn on: the edited
    /// attributes, those that name the entry, the unique ones and the marks of
    /// Active Directory. A record that touches any other is refuted all the same:
    /// what it deletes is not there, and what it adds is too much.
    #[must_use]
    pub fn of(entry: &Entry<'a>, edits: &[Edit<'_>]) -> Self {
        let always = Essential::of(&entry.dn);
        // Many edits are of one attribute.
        let mut edited: Vec<&[u8]> = edits.iter().map(|edit| &*edit.attribute).collect();
        edited.dedup();
        let is_edited = |name: &[u8]| edited.iter().any(|edited| edited.eq_ignore_ascii_case(name));
        let matters = |name: &[u8]| is_edited(name) || always.includes(name);
        let attributes = entry.attributes().iter().filter(|attribute| matters(&attribute.name));
        let before = Entry::with_attributes(entry.dn.clone(), attributes.cloned().collect());
        let after = intended(&before, edits);
        Self { before, after }
    }
}

/// The attributes of an entry on which a proof can turn whatever is edited: those that
/// name it, those that must be unique, and the marks of Active Directory.
#[derive(Debug)]
pub struct Essential {
    naming: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Essential {
    /// Those of an entry.
    #[must_use]
    pub fn of(dn: &[u8]) -> Self {
        Self { naming: identity::rdn_values(dn).unwrap_or_default() }
    }

    /// Whether an attribute is one of them.
    #[must_use]
    pub fn includes(&self, name: &[u8]) -> bool {
        self.names_entry(name) || Self::is_everywhere(name)
    }

    /// Whether an attribute names the entry.
    #[must_use]
    pub fn names_entry(&self, name: &[u8]) -> bool {
        self.naming.iter().any(|(naming, _)| naming.eq_ignore_ascii_case(name))
    }

    /// Whether an attribute is one of them in any entry.
    #[must_use]
    pub fn is_everywhere(name: &[u8]) -> bool {
        identity::uniqueness(name) != Uniqueness::None || marks_active_directory(name)
    }
}

/// What refutes a change file and its undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterexample {
    /// The file that fails.
    pub file: File,
    /// The DN of the record or entry.
    pub dn: Vec<u8>,
    /// The number of the record in its file, from 1; `None` where the sum of the
    /// records is wrong.
    pub record: Option<usize>,
    /// What is wrong.
    pub flaw: Flaw,
}

/// One of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// The change.
    Change,
    /// Its inverse.
    Undo,
}

/// What is wrong with a record or its result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The record changes an entry that no one asked to change.
    #[error("it changes an entry that was not to be changed")]
    UnknownEntry,
    /// The record is not a modify, is empty, or does not name what it deletes.
    #[error("it does not name the values that it expects")]
    Unguarded,
    /// The record does not apply.
    #[error("it does not apply: {0}")]
    NotApplicable(NotApplicable),
    /// The record takes a unique value that another entry still has.
    #[error("it takes a value that another entry has at that time: {}: {}",
        .attribute.escape_ascii(), .key.escape_ascii())]
    Taken {
        /// The attribute.
        attribute: Vec<u8>,
        /// The value, folded.
        key: Vec<u8>,
    },
    /// The result lacks a value.
    #[error("the result lacks a value: {}: {}", .attribute.escape_ascii(), .value.escape_ascii())]
    Lacks {
        /// The attribute.
        attribute: Vec<u8>,
        /// The value.
        value: Vec<u8>,
    },
    /// The result has a value too many.
    #[error("the result has a value too many: {}: {}",
        .attribute.escape_ascii(), .value.escape_ascii())]
    Extra {
        /// The attribute.
        attribute: Vec<u8>,
        /// The value.
        value: Vec<u8>,
    },
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = match self.file {
            File::Change => "the change",
            File::Undo => "the undo",
        };
        match self.record {
            Some(number) => write!(f, "record {number} of {file}")?,
            None => write!(f, "{file} as a whole")?,
        }
        write!(f, " ({}): {}", self.dn.escape_ascii(), self.flaw)
    }
}

impl std::error::Error for Counterexample {}

/// What is to become of an entry.
pub trait Intention: Sync {
    /// The DN of the entry.
    fn dn(&self) -> &[u8];

    /// The entry before and after. It is asked for when it is needed and let go again,
    /// since there may be as many as entries.
    fn case(&self) -> Case<'_>;
}

impl Intention for Case<'_> {
    fn dn(&self) -> &[u8] {
        &self.before.dn
    }

    fn case(&self) -> Case<'_> {
        self.clone()
    }
}

/// Proves that `change` leads from each entry before to the entry after, and
/// that `undo` leads back: as value sets, byte for byte within a value, with
/// every record applying as a server applies it. Both are to be the records as
/// read back from the bytes that are about to be written.
///
/// # Errors
///
/// The first counterexample.
pub fn prove<T: Intention>(
    intentions: &[T],
    change: &[ChangeRecord<'_>],
    undo: &[ChangeRecord<'_>],
) -> Result<(), Counterexample> {
    let keys: Vec<Vec<u8>> = intentions.par_iter().map(|it| key_of(it.dn())).collect();
    let mut by_key: FxHashMap<&[u8], usize> = FxHashMap::default();
    for (number, key) in keys.iter().enumerate() {
        by_key.entry(key).or_insert(number);
    }
    let [forth, back] = [change, undo].map(|records| Assigned::of(records, &by_key));
    let numbered = intentions.par_iter().enumerate();
    let courses = numbered.map(|(number, intention)| {
        Course::of(&intention.case(), forth.to(number, change), back.to(number, undo))
    });
    let mut courses: Vec<Course> = courses.collect();
    let mut holders = Holders::at_first(intentions, &courses);
    let files = [(File::Change, change), (File::Undo, undo)];
    files.into_iter().try_for_each(|(file, records)| {
        let legs = courses.iter_mut().map(|course| match file {
            File::Change => std::mem::take(&mut course.forth),
            File::Undo => std::mem::take(&mut course.back),
        });
        judge(file, records, legs, intentions, &mut holders)
    })
}

/// Whether one file does what it should, given what it does to each of the entries.
fn judge<T: Intention>(
    file: File,
    records: &[ChangeRecord<'_>],
    legs: impl Iterator<Item = Leg>,
    intentions: &[T],
    holders: &mut Holders,
) -> Result<(), Counterexample> {
    let mut exchanges: Vec<_> = records.iter().map(|_| Err(Flaw::UnknownEntry)).collect();
    let mut flaws = Vec::with_capacity(intentions.len());
    for Leg { exchanges: own, flaw } in legs {
        flaws.push(flaw);
        for (at, exchange) in own {
            if let Some(place) = exchanges.get_mut(at) {
                *place = exchange;
            }
        }
    }
    let refuted = |dn: &[u8], record, flaw| Counterexample { file, dn: dn.to_vec(), record, flaw };
    for (at, (record, exchange)) in records.iter().zip(exchanges).enumerate() {
        let done = exchange.and_then(|exchange| holders.hand_over(file, exchange));
        done.map_err(|flaw| refuted(&record.dn, Some(at + 1), flaw))?;
    }
    let flawed = intentions.iter().zip(flaws).find_map(|(it, flaw)| Some((it, flaw?)));
    flawed.map_or(Ok(()), |(intention, flaw)| Err(refuted(intention.dn(), None, flaw)))
}

fn key_of(dn: &[u8]) -> Vec<u8> {
    identity::dn_key(dn).unwrap_or_else(|| dn.to_vec())
}

/// The numbers of the records of each entry, behind the number of the entry; ascending.
struct Assigned(Vec<(usize, usize)>);

impl Assigned {
    fn of(records: &[ChangeRecord<'_>], by_key: &FxHashMap<&[u8], usize>) -> Self {
        let numbered = records.par_iter().enumerate();
        let assigned =
            numbered.filter_map(|(at, record)| Some((*by_key.get(&*key_of(&record.dn))?, at)));
        let mut assigned: Vec<_> = assigned.collect();
        assigned.par_sort_unstable();
        Self(assigned)
    }

    /// The records of an entry with their numbers, in their order.
    fn to<'r>(
        &self,
        entry: usize,
        records: &'r [ChangeRecord<'r>],
    ) -> impl Iterator<Item = (usize, &'r ChangeRecord<'r>)> {
        let from = self.0.partition_point(|(other, _)| *other < entry);
        let own = self.0.iter().skip(from).take_while(move |(other, _)| *other == entry);
        own.filter_map(|&(_, at)| Some((at, records.get(at)?)))
    }
}
