//! The change that leads from one export to another, and back.
//!
//! ```text
//! bytes ─ EntryIndex ─▶ Pairing ─▶ Entities ─▶ Operations ─▶ Schedule ─▶ steps ─▶ records ─▶ proof
//! ```
//!
//! Of each entry an index keeps a fingerprint of the name and the place. Entries of
//! one name are compared where they stand; only those that differ are read.

mod compared;
mod content;
mod draft;
mod entity;
mod index;
mod moves;
mod operation;
mod options;
mod pairing;
mod pairs;
mod proof;
mod render;
mod schedule;
mod tally;
#[cfg(test)]
mod tests;
mod unlike;

use std::collections::BTreeMap;

pub use compared::{Compared, Server};
pub use entity::Lacking;
pub use index::{EntryIndex, IndexError, Twice};
pub use options::{DiffOptions, Kinds, Omission, Scope};
pub use pairs::{Differing, Standing, differing};
pub use proof::{DiffFlaw, Refuted};
pub use tally::{AttributeTally, Tally};

use self::draft::Drafting;
use self::index::Place;
use self::pairing::Pairing;
use crate::directory::Entry;
use crate::ldif::WriteError;

/// A change and its undo, proved, and what they leave out.
#[derive(Debug)]
pub struct DiffDraft {
    /// The change file.
    pub change: Vec<u8>,
    /// Its inverse.
    pub undo: Vec<u8>,
    /// What the change does, in numbers.
    pub tally: Tally,
    /// Entries of which something is left out, by reason.
    pub omitted: BTreeMap<Omission, u64>,
    /// The first of them that the options did not ask to leave out.
    pub listed: Vec<(Vec<u8>, Omission)>,
    /// Entries that one export lacks though it has entries below them: they are
    /// taken to be there. Their DNs.
    pub implied: Vec<(Lacking, Vec<u8>)>,
    /// Entries with an attribute of which an export holds a part.
    pub partial: u64,
    /// Entries with a value that is given by reference.
    pub references: u64,
    /// Entries that do not get a value, since what it names is left out.
    pub unlinked: u64,
    /// Attributes whose values are deleted all at once, since no rule finds one.
    pub whole: Vec<Vec<u8>>,
    /// The entry of the old export that each record is about.
    bases: Vec<Option<Place>>,
}

/// Why there is no draft.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// A name stands twice in an export.
    #[error("the export holds an entry twice")]
    Twice {
        /// Whether in the old export.
        in_old: bool,
        /// The first such names, at most [`DiffError::LISTED`]: DN and lines.
        first: Vec<(Vec<u8>, Twice)>,
        /// How many names there are.
        count: usize,
    },
    /// An entry stands twice in an export, under two names.
    #[error("the export holds two entries with one objectGUID or entryUUID")]
    TwiceByIdentity {
        /// Whether in the old export.
        in_old: bool,
        /// Both DNs and their lines.
        names: [(Vec<u8>, u64); 2],
    },
    /// The new export has an entry below a name that another one has left.
    #[error("the new export lacks the entry above {}", .dn.escape_ascii())]
    NoParent {
        /// The DN of the entry.
        dn: Vec<u8>,
        /// Its line in the new export.
        line: u64,
    },
    /// An entry comes below one that neither export has, though they hold what is above.
    #[error("neither export has the entry above {}", .dn.escape_ascii())]
    ParentLacking {
        /// The DN of the entry that comes.
        dn: Vec<u8>,
        /// Its line in the new export.
        line: u64,
    },
    /// No order of the records was found that a server takes, for more entries than are
    /// left out because of that.
    #[error("the changes of {} and others cannot be put in an order that a server takes", .dn.escape_ascii())]
    NoOrder {
        /// The DN of one of the entries.
        dn: Vec<u8>,
    },
    /// A record cannot be written as LDIF.
    #[error("a record cannot be written as LDIF")]
    Write(#[from] WriteError),
    /// What was drafted does not do what it should. A defect of this program, or
    /// an export that no server can hold.
    #[error("the proof failed, so nothing is written: {0}")]
    Refuted(#[from] Refuted),
    /// The written file does not read back as what was written.
    #[error("the proof failed, so nothing is written: the drafted file does not read back")]
    Unreadable,
}

impl DiffError {
    /// Names that are listed; the others are counted.
    pub const LISTED: usize = 20;
}

impl DiffDraft {
    /// Entries that are listed with what they lack.
    pub const LISTED: usize = 20;

    /// Whether the exports differ in what the options cover.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.tally.records() > 0 || !self.listed.is_empty()
    }

    /// The entry of the old export that a record of the change is about, by the
    /// record's number from 0.
    #[must_use]
    pub fn base<'a>(&self, record: usize, old: &EntryIndex<'a>) -> Option<Entry<'a>> {
        self.bases.get(record).copied().flatten().map(|place| old.entry(place))
    }
}

/// Drafts the change that leads from the old export to the new one, and its inverse,
/// and proves both.
///
/// # Errors
/// Where an export holds an entry twice, and where the proof fails: nothing may be
/// written then.
pub fn diff(
    old: &EntryIndex<'_>,
    new: &EntryIndex<'_>,
    options: &DiffOptions,
) -> Result<DiffDraft, DiffError> {
    let pairing = paired(old, new, &options.compared)?;
    Drafting::new(old, new, options, pairing).run()
}

/// The entries that differ, where each stands once in its export.
fn paired(
    old: &EntryIndex<'_>,
    new: &EntryIndex<'_>,
    compared: &Compared,
) -> Result<Pairing, DiffError> {
    for (index, in_old) in [(old, true), (new, false)] {
        refuse_duplicates(index, in_old)?;
    }
    Pairing::of(old, new, compared).map_err(|twice| {
        let index = if twice.in_old { old } else { new };
        let name = |place: Place| (index.dn(place).into_owned(), index.line(place));
        let names = [name(twice.first), name(twice.again)];
        DiffError::TwiceByIdentity { in_old: twice.in_old, names }
    })
}

fn refuse_duplicates(index: &EntryIndex<'_>, in_old: bool) -> Result<(), DiffError> {
    let duplicates = index.duplicates();
    if duplicates.is_empty() {
        return Ok(());
    }
    let first = duplicates.iter().take(DiffError::LISTED).map(|&(first, again)| {
        let twice = Twice { first: index.line(first), again: index.line(again) };
        (index.dn(first).into_owned(), twice)
    });
    Err(DiffError::Twice { in_old, first: first.collect(), count: duplicates.len() })
}
