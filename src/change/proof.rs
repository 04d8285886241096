//! The proof that stands before anything is written: the change leads from the
//! entries as they are to the entries as intended, and the undo leads back.

use std::fmt;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::apply::{self, Guards, Twins};
use super::edit::{Edit, intended};
use super::identity;
use super::not_applicable::NotApplicable;
use super::plan::UniqueValue;
use super::stored::{StoredEntry, marks_active_directory};
use crate::directory::{Entry, Uniqueness};
use crate::ldif::{Change, ChangeRecord, ModOp, Value};

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
        let edited: FxHashSet<Vec<u8>> =
            edits.iter().map(|edit| edit.attribute.to_ascii_lowercase()).collect();
        let mut lower = Vec::new();
        let mut matters = |name: &[u8]| {
            lower.clear();
            lower.extend(name.iter().map(u8::to_ascii_lowercase));
            edited.contains(lower.as_slice()) || always.includes(name)
        };
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

/// Proves that `change` leads from each entry before to the entry after, and
/// that `undo` leads back: as value sets, byte for byte within a value, with
/// every record applying as a server applies it. Both are to be the records as
/// read back from the bytes that are about to be written.
///
/// # Errors
///
/// The first counterexample.
pub fn prove<'a>(
    cases: &'a [Case<'a>],
    change: &'a [ChangeRecord<'a>],
    undo: &'a [ChangeRecord<'a>],
) -> Result<(), Counterexample> {
    let mut directory = Directory::new(cases);
    directory.apply(File::Change, change)?;
    directory.compare(File::Change, cases, |case| &case.after)?;
    directory.apply(File::Undo, undo)?;
    directory.compare(File::Undo, cases, |case| &case.before)?;
    // To free so many small pieces takes as long as to compare them.
    directory.entries.into_par_iter().for_each(drop);
    Ok(())
}

/// The entries of the cases.
struct Directory<'a> {
    entries: Vec<StoredEntry<'a>>,
    by_key: FxHashMap<Vec<u8>, usize>,
    /// How many of the entries have a unique value, now and at first.
    holders: FxHashMap<UniqueValue, Holders>,
}

#[derive(Default)]
struct Holders {
    now: usize,
    at_first: usize,
}

impl<'a> Directory<'a> {
    fn new(cases: &'a [Case<'a>]) -> Self {
        let mut by_key = FxHashMap::default();
        let mut holders: FxHashMap<UniqueValue, Holders> = FxHashMap::default();
        let stored = cases.par_iter().map(|case| {
            let key = key_of(&case.before.dn);
            let entry = StoredEntry::from(case.before.clone());
            let names = case.before.attributes().iter().map(|attribute| &*attribute.name);
            let unique = unique_values(&entry, names);
            (key, entry, unique)
        });
        let stored: Vec<_> = stored.collect();
        let mut entries = Vec::with_capacity(cases.len());
        for (number, (key, entry, unique)) in stored.into_iter().enumerate() {
            by_key.entry(key).or_insert(number);
            for value in unique {
                let holders = holders.entry(value).or_default();
                holders.now += 1;
                holders.at_first += 1;
            }
            entries.push(entry);
        }
        Self { entries, by_key, holders }
    }

    /// Applies the records, those of one entry in their order. Who holds a unique value
    /// at a time is told by the order of all.
    fn apply(&mut self, file: File, records: &'a [ChangeRecord<'a>]) -> Result<(), Counterexample> {
        let by_key = &self.by_key;
        let numbers: Vec<Option<usize>> =
            records.par_iter().map(|record| by_key.get(&key_of(&record.dn)).copied()).collect();
        let mut of_entries: Vec<Vec<usize>> = vec![Vec::new(); self.entries.len()];
        for (at, number) in numbers.into_iter().enumerate() {
            if let Some(own) = number.and_then(|number| of_entries.get_mut(number)) {
                own.push(at);
            }
        }
        let entries = self.entries.par_iter_mut().zip(of_entries);
        let exchanges: Vec<_> = entries
            .flat_map_iter(|(entry, own)| {
                let records = own.into_iter().filter_map(|at| Some((at, records.get(at)?)));
                records.map(|(at, record)| (at, exchange(entry, record)))
            })
            .collect();
        let mut in_order: Vec<_> = records.iter().map(|_| Err(Flaw::UnknownEntry)).collect();
        for (at, exchange) in exchanges {
            if let Some(place) = in_order.get_mut(at) {
                *place = exchange;
            }
        }
        for (at, (record, exchange)) in records.iter().zip(in_order).enumerate() {
            exchange.and_then(|exchange| self.hand_over(file, exchange)).map_err(|flaw| {
                Counterexample { file, dn: record.dn.to_vec(), record: Some(at + 1), flaw }
            })?;
        }
        Ok(())
    }

    /// Takes note of who holds the unique values now.
    fn hand_over(&mut self, file: File, exchange: Exchange) -> Result<(), Flaw> {
        for value in exchange.freed {
            if let Some(holders) = self.holders.get_mut(&value) {
                holders.now -= 1;
            }
        }
        for value in exchange.taken {
            let holders = self.holders.entry(value.clone()).or_default();
            // A value that several entries had at first goes back to all of them.
            let shared = file == File::Undo && holders.at_first > 1;
            if holders.now > 0 && !shared {
                let UniqueValue { attribute, key } = value;
                return Err(Flaw::Taken { attribute, key });
            }
            holders.now += 1;
        }
        Ok(())
    }

    fn compare<'e>(
        &self,
        file: File,
        cases: &'e [Case<'a>],
        expected: impl Fn(&'e Case<'a>) -> &'e Entry<'a> + Sync,
    ) -> Result<(), Counterexample> {
        let differing = self.entries.par_iter().zip(cases).find_map_first(|(got, case)| {
            difference(got, expected(case)).map(|flaw| (got.dn.to_vec(), flaw))
        });
        match differing {
            Some((dn, flaw)) => Err(Counterexample { file, dn, record: None, flaw }),
            None => Ok(()),
        }
    }
}

fn key_of(dn: &[u8]) -> Vec<u8> {
    identity::dn_key(dn).unwrap_or_else(|| dn.to_vec())
}

/// The unique values that a record frees and takes.
struct Exchange {
    freed: Vec<UniqueValue>,
    taken: Vec<UniqueValue>,
}

/// Applies a record to its entry.
fn exchange<'a>(
    entry: &mut StoredEntry<'a>,
    record: &'a ChangeRecord<'a>,
) -> Result<Exchange, Flaw> {
    let Change::Modify(mods) = &record.change else { return Err(Flaw::Unguarded) };
    let is_guarded = mods.iter().all(|modification| {
        matches!(modification.op, ModOp::Add | ModOp::Delete) && !modification.values.is_empty()
    });
    if mods.is_empty() || !is_guarded {
        return Err(Flaw::Unguarded);
    }
    let names = || mods.iter().map(|modification| &*modification.attribute);
    let before = unique_values(entry, names());
    apply::modify(entry, mods, Guards::On, Twins::Ignored).map_err(Flaw::NotApplicable)?;
    let after = unique_values(entry, names());
    Ok(Exchange {
        freed: before.difference(&after).cloned().collect(),
        taken: after.difference(&before).cloned().collect(),
    })
}

/// The unique values that an entry has in some of its attributes.
fn unique_values<'n>(
    entry: &StoredEntry<'_>,
    names: impl Iterator<Item = &'n [u8]>,
) -> FxHashSet<UniqueValue> {
    let mut values = FxHashSet::default();
    for name in names.filter(|name| identity::uniqueness(name) != Uniqueness::None) {
        let bytes = entry.values(name).filter_map(Value::bytes);
        values.extend(bytes.map(|bytes| UniqueValue::new(name, bytes, &entry.dn)));
    }
    values
}

/// The first value in which two entries differ as sets.
pub(super) fn difference(got: &StoredEntry<'_>, expected: &Entry<'_>) -> Option<Flaw> {
    let text = |value: &Value<'_>| match value {
        Value::Bytes(bytes) | Value::Url(bytes) => bytes.to_vec(),
    };
    let mut slots = FxHashSet::default();
    for (at, attribute) in expected.attributes().iter().enumerate() {
        let name = || attribute.name.to_vec();
        let Some(slot) = got.slot_near(at, &attribute.name) else {
            match attribute.values.first().map(text) {
                Some(value) => return Some(Flaw::Lacks { attribute: name(), value }),
                None => continue,
            }
        };
        slots.insert(slot);
        let stored = got.attribute(slot);
        if stored.values().eq(&attribute.values) {
            continue;
        }
        let have: FxHashSet<&Value<'_>> = stored.values().collect();
        let want: FxHashSet<&Value<'_>> = attribute.values.iter().collect();
        if let Some(value) = attribute.values.iter().find(|value| !have.contains(value)) {
            return Some(Flaw::Lacks { attribute: name(), value: text(value) });
        }
        if let Some(value) = stored.values().find(|value| !want.contains(value)) {
            return Some(Flaw::Extra { attribute: name(), value: text(value) });
        }
    }
    let extra = got.attributes().find(|(slot, _)| !slots.contains(slot));
    let (_, extra) = extra?;
    let value = extra.values().next().map(text)?;
    Some(Flaw::Extra { attribute: extra.name().to_vec(), value })
}
