//! A whole directory under changes, without holding it: only the entries that
//! the changes touch are kept.
//!
//! The export is read twice: once to gather what the changes need to know, once
//! to write the result.
//!
//! ```no_run
//! # use ldifix::change::{Fate, Image, Interest, OnRefusal, Run};
//! # fn go<'a>(export: &'a [ldifix::directory::Entry<'a>], changes: &'a [ldifix::ldif::ChangeRecord<'a>]) {
//! let mut image = Image::new(changes, OnRefusal::Stop);
//! let outcomes = loop {
//!     for (ordinal, entry) in (0..).zip(export) {
//!         match image.interest(&entry.dn) {
//!             Interest::None => {}
//!             Interest::Place => image.mark(ordinal, &entry.dn),
//!             Interest::Content => image.load(ordinal, entry.clone()),
//!         }
//!     }
//!     if let Run::Done(outcomes) = image.run() {
//!         break outcomes;
//!     }
//! };
//! for (ordinal, entry) in (0..).zip(export) {
//!     match image.fate(ordinal, &entry.dn) {
//!         Fate::Unchanged => { /* copy it */ }
//!         Fate::Renamed(dn) => { /* copy it under this DN */ }
//!         Fate::Replaced(entry) => { /* write this one */ }
//!         Fate::Deleted => {}
//!     }
//! }
//! for entry in image.added() { /* write it */ }
//! # }
//! ```

mod facts;
mod links;
mod steps;
mod tree;

use std::borrow::Cow;

use self::tree::{NodeId, Tree};
pub(super) use links::{comes_with_identity, is_identity};

use super::entry_text::{EntryText, HeldEntry};
use super::identity;
use super::inverse::{Undo, UndoRecord};
use super::not_applicable::NotApplicable;
use super::preview::Preview;
use super::proof::{Flaw, difference};
use crate::directory::Entry;
use crate::directory::dn::normalize_into;
use crate::ldif::{Change, ChangeRecord};

/// An export with a sequence of changes applied to it.
///
/// A parent that is missing stands in the way of an add or a move (32) only
/// where the export covers the place: an entry above it is in the export.
/// Otherwise it lies above or beside the export's own roots, and nothing is
/// known of it. A name that the export lacks and that has entries right below
/// it, as in an export of users only, counts as existing.
#[derive(Debug)]
pub struct Image<'a> {
    changes: Sequence<'a>,
    on_refusal: OnRefusal,
    inverses: bool,
    previews: Previews,
    tree: Tree<'a>,
    created: Vec<NodeId>,
    duplicates: u64,
    /// The number of the change record that is tried.
    at: usize,
    partial: Vec<(usize, Vec<u8>)>,
    /// Whether any record deletes an entry.
    deletes: bool,
    /// Links that records gave, where inverses are wanted and entries are deleted.
    links: Vec<links::Given>,
}

/// Change records and behind them those of an inverse, numbered on.
#[derive(Debug, Clone, Copy, Default)]
struct Sequence<'a> {
    changes: &'a [ChangeRecord<'a>],
    undo: &'a [UndoRecord],
}

impl<'a> Sequence<'a> {
    fn len(self) -> usize {
        self.changes.len() + self.undo.len()
    }

    fn iter(self) -> impl Iterator<Item = &'a ChangeRecord<'a>> {
        let undo = self.undo.iter().map(|undo| -> &'a ChangeRecord<'a> { &undo.record });
        self.changes.iter().chain(undo)
    }

    fn get(self, number: usize) -> Option<&'a ChangeRecord<'a>> {
        match number.checked_sub(self.changes.len()) {
            None => self.changes.get(number),
            Some(number) => {
                self.undo.get(number).map(|undo| -> &'a ChangeRecord<'a> { &undo.record })
            }
        }
    }
}

/// What happens behind a record that does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRefusal {
    /// The rest is not tried, as with `ldapmodify`.
    Stop,
    /// The rest is tried, as with `ldapmodify -c`.
    GoOn,
}

/// Whether it is told value by value what records do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Previews {
    Unwanted,
    /// Later: what that takes is to be read.
    Wanted,
    /// Now: that of the record that is tried.
    Told(Preview),
}

/// What became of a change record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It applied. The records that undo it, in order, where
    /// [`Image::with_inverses`] asked for them.
    Applied(Vec<ChangeRecord<'static>>),
    /// It did not apply, and changed nothing.
    Refused(NotApplicable),
    /// An earlier one did not apply, and this one was not tried.
    NotTried,
}

/// What the image must know of an entry of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Nothing.
    None,
    /// That it is there: [`Image::mark`].
    Place,
    /// All of it: [`Image::load`].
    Content,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// One outcome per change record, in order.
    Done(Vec<Outcome>),
    /// A rename did not apply, so that later records speak of other entries than
    /// was assumed. The export must be read once more, from its start.
    ReadAgain,
}

/// What became of an entry of the export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate<'a> {
    /// It is as it was, but for values that [follow](Image::links_follow).
    Unchanged,
    /// It bears another DN and is otherwise as it was, but for the same.
    Renamed(Vec<u8>),
    /// It was changed, perhaps also renamed.
    Replaced(Entry<'a>),
    /// It is gone.
    Deleted,
}

/// Whether an entry came back.
pub(super) enum Return {
    Same,
    /// In this way.
    Differs(Flaw),
    /// It bears another name.
    Elsewhere,
    /// It was deleted; perhaps another one was created in its place.
    Gone,
}

impl<'a> Image<'a> {
    /// An image that will apply these changes, in order.
    #[must_use]
    pub fn new(changes: &'a [ChangeRecord<'a>], on_refusal: OnRefusal) -> Self {
        Self::of(Sequence { changes, undo: &[] }, on_refusal)
    }

    /// An image that will apply these changes and then their inverse: it shows whether
    /// the inverse applies and leads back.
    #[must_use]
    pub fn there_and_back(
        changes: &'a [ChangeRecord<'a>],
        undo: &'a Undo,
        on_refusal: OnRefusal,
    ) -> Self {
        Self::of(Sequence { changes, undo: &undo.records }, on_refusal)
    }

    fn of(changes: Sequence<'a>, on_refusal: OnRefusal) -> Self {
        let deletes = changes.iter().any(|record| matches!(record.change, Change::Delete));
        let mut image = Self {
            changes,
            deletes,
            on_refusal,
            inverses: false,
            previews: Previews::Unwanted,
            tree: Tree::default(),
            created: Vec::new(),
            duplicates: 0,
            at: 0,
            partial: Vec::new(),
            links: Vec::new(),
        };
        image.begin();
        image
    }

    /// Whether there is nothing to apply.
    #[must_use]
    pub fn is_without_records(&self) -> bool {
        self.changes.len() == 0
    }

    /// Nothing is known yet, so this run only finds out what is needed.
    fn begin(&mut self) {
        self.tree.changes = self.changes;
        self.try_all();
        self.tree.facts.begin_reading();
    }

    /// The same image, whose outcomes hold the inverse of each record.
    #[must_use]
    pub fn with_inverses(mut self) -> Self {
        self.inverses = true;
        // An inverse needs to know more.
        self.tree = Tree::default();
        self.begin();
        self
    }

    /// The same image, which is to tell what its records do: [`Image::previews`].
    #[must_use]
    pub fn with_previews(mut self) -> Self {
        self.previews = Previews::Wanted;
        // What goes is to be known.
        self.tree = Tree::default();
        self.begin();
        self
    }

    /// Tells of each record, in order, what it does to what the records before it left,
    /// once [`Image::run`] is done.
    pub fn previews(&mut self, mut each: impl FnMut(usize, Preview)) {
        self.previews = Previews::Told(Preview::default());
        self.try_each(|image, at, outcome| {
            let told = std::mem::replace(&mut image.previews, Previews::Told(Preview::default()));
            let Previews::Told(mut preview) = told else { return };
            if let Outcome::Refused(why) = outcome
                && preview.refusals().next().is_none()
            {
                preview.refusal = Some(why);
            }
            each(at, preview);
        });
        self.previews = Previews::Wanted;
    }

    /// Whether the content of an entry that goes must be known.
    fn keeps_what_goes(&self) -> bool {
        self.inverses || self.previews != Previews::Unwanted
    }

    /// Whether the entries of interest to `other` are all that is needed here:
    /// the export need not be read for this image.
    #[must_use]
    pub fn asks_no_more_than(&self, other: &Self) -> bool {
        self.tree.facts.ask_no_more_than(&other.tree.facts)
    }

    /// The records, by number, whose inverse cannot be exact, since the export
    /// holds only a part of an attribute that they take away.
    pub fn partial(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.partial.iter().map(|(number, attribute)| (*number, attribute.as_slice()))
    }

    /// What must be known of the entry with this DN. Entries of interest are to
    /// be handed over in the order of the export; the others are not.
    #[must_use]
    pub fn interest(&self, dn: &[u8]) -> Interest {
        self.interest_in(dn, &mut Vec::new())
    }

    /// The same, with a buffer that is used again.
    #[must_use]
    pub fn interest_in(&self, dn: &[u8], key: &mut Vec<u8>) -> Interest {
        if normalize_into(dn, key).is_err() {
            return Interest::None;
        }
        let needs = self.tree.facts.find(key).map(|fact| fact.needs()).unwrap_or_default();
        let counted = || {
            let parent = identity::parent_key(key)?;
            self.tree.facts.find(parent).map(|fact| fact.needs().children)
        };
        match (needs.content, needs.place) {
            (true, _) => Interest::Content,
            _ if self.tree.facts.covers(key) => Interest::Content,
            (false, true) => Interest::Place,
            _ if counted() == Some(true) => Interest::Place,
            _ => Interest::None,
        }
    }

    /// The key of the name above, where the entry with this key matters for nothing but
    /// that it stands below it: one such entry tells as much as all of them.
    #[must_use]
    pub fn counted_below<'k>(&self, key: &'k [u8]) -> Option<&'k [u8]> {
        let facts = &self.tree.facts;
        let is_sought = facts.find(key).is_some_and(|fact| fact.needs() != facts::Needs::default());
        let parent = identity::parent_key(key).filter(|_| !is_sought && !facts.covers(key))?;
        let counts = facts.find(parent).is_some_and(|fact| fact.needs().children);
        counts.then_some(parent)
    }

    /// The keys of the names that [`Image::interest`] asks about, each with whether
    /// the entries right below it count too: for a caller that can look entries up
    /// and need not go through all of them.
    pub fn names(&self) -> impl Iterator<Item = (&[u8], bool)> {
        self.tree.facts.sought().map(|fact| (fact.key_bytes(), fact.needs().children))
    }

    /// Notes that the export's entry number `ordinal` has this DN.
    pub fn mark(&mut self, ordinal: u64, dn: &[u8]) {
        self.note(ordinal, dn, None, false);
    }

    /// Takes over the export's entry number `ordinal`.
    pub fn load(&mut self, ordinal: u64, entry: Entry<'a>) {
        let dn = entry.dn.clone();
        let has_identity = links::comes_with_identity(&entry);
        self.note(ordinal, &dn, Some(HeldEntry::Whole(entry)), has_identity);
    }

    /// The same, which reads the entry whenever it is looked at: many entries take
    /// less memory so.
    pub fn load_text(&mut self, ordinal: u64, entry: EntryText<'a>) {
        let (dn, has_identity) = (entry.dn.clone(), entry.has_identity());
        self.note(ordinal, &dn, Some(entry.into()), has_identity);
    }

    fn note(&mut self, ordinal: u64, dn: &[u8], entry: Option<HeldEntry<'a>>, has_identity: bool) {
        let Some(key) = identity::dn_key(dn) else { return };
        let facts = &mut self.tree.facts;
        facts.has_identities |= has_identity;
        if facts.covers(&key) {
            facts.cover(&key);
            if let Some(parent) = identity::parent_key(&key).filter(|above| facts.covers(above)) {
                facts.cover(parent);
            }
        }
        if facts.find_mut(&key).is_some_and(|fact| !fact.found(ordinal, dn, entry)) {
            self.duplicates += 1;
            return;
        }
        if let Some(above) = identity::parent_key(&key).and_then(|parent| facts.find_mut(parent)) {
            above.children += 1;
        }
    }

    /// Notes that the export has entries beside those of interest that are known by
    /// something else than their names.
    pub(super) fn note_identity(&mut self) {
        self.tree.facts.has_identities = true;
    }

    /// How many entries of interest bear a DN that an earlier entry bore. The
    /// first one is the one that changes.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Applies the changes to what was read.
    pub fn run(&mut self) -> Run {
        let outcomes = self.try_all();
        if self.tree.facts.is_wanting() {
            // Of which names later records speak is found whether what is still unknown is
            // there or not: else each reading might uncover one more.
            self.tree.doubts = true;
            self.try_all();
            self.tree.doubts = false;
            self.tree.facts.begin_reading();
            self.duplicates = 0;
            return Run::ReadAgain;
        }
        Run::Done(outcomes)
    }

    fn try_all(&mut self) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(self.changes.len());
        self.try_each(|_, _, outcome| outcomes.push(outcome));
        self.tree.ask_for_spelling();
        outcomes
    }

    fn try_each(&mut self, mut each: impl FnMut(&mut Self, usize, Outcome)) {
        self.tree.begin_run();
        self.created.clear();
        self.partial.clear();
        self.links.clear();
        let mut stopped = false;
        let changes = self.changes;
        for (at, record) in changes.iter().enumerate() {
            self.at = at;
            if stopped {
                each(self, at, Outcome::NotTried);
                continue;
            }
            let outcome = match self.step(record) {
                Ok(inverse) => Outcome::Applied(inverse),
                Err(refusal) => {
                    stopped = self.on_refusal == OnRefusal::Stop;
                    Outcome::Refused(refusal)
                }
            };
            each(self, at, outcome);
        }
    }

    /// The entries of the export that records altered, renamed or deleted, each with its
    /// number and its DN; not those that merely stand below one of them.
    pub(super) fn touched(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.tree.touched()
    }

    /// Whether a rename may have changed entries that were of no interest. Where
    /// not, those are [`Fate::Unchanged`].
    #[must_use]
    pub fn renames(&self) -> bool {
        self.tree.has_moves()
    }

    /// What became of the export's entry number `ordinal`, whose DN this is.
    #[must_use]
    pub fn fate(&self, ordinal: u64, dn: &[u8]) -> Fate<'a> {
        let Some(key) = identity::dn_key(dn) else { return Fate::Unchanged };
        let own = self.tree.facts.find(&key).and_then(|fact| Some((fact, fact.node?)));
        let Some((fact, id)) = own else { return self.fate_below(&key, dn) };
        let node = self.tree.node(id);
        if node.was_removed() {
            return Fate::Deleted;
        }
        let displaced = self.tree.is_displaced(id);
        let is_changed = node.altered && fact.is_entry(ordinal);
        match is_changed.then(|| self.tree.entry(id)).flatten() {
            Some(entry) => {
                let dn = if displaced { Cow::Owned(self.tree.dn(id)) } else { entry.dn.clone() };
                let mut entry = entry.to_entry(dn);
                self.follow(&mut entry);
                Fate::Replaced(entry)
            }
            _ if displaced => Fate::Renamed(self.tree.dn(id)),
            _ => Fate::Unchanged,
        }
    }

    /// Whether the export's entry number `ordinal` is as it was; the attribute that
    /// differs, where one does.
    pub(super) fn return_of(&self, ordinal: u64, entry: &Entry<'_>) -> Return {
        let key = identity::dn_key(&entry.dn);
        let own = key.as_ref().and_then(|key| self.tree.facts.find(key));
        let Some((fact, id)) = own.and_then(|fact| Some((fact, fact.node?))) else {
            return match self.fate(ordinal, &entry.dn) {
                Fate::Unchanged => Return::Same,
                Fate::Renamed(dn) if identity::dn_key(&dn) == key => Return::Same,
                _ => Return::Elsewhere,
            };
        };
        let node = self.tree.node(id);
        if node.was_removed() {
            return Return::Gone;
        }
        if self.tree.is_displaced(id) {
            let dn = self.tree.dn(id);
            if identity::dn_key(&dn) != key || !identity::is_spelled(&dn, &entry.dn) {
                return Return::Elsewhere;
            }
        }
        let is_changed = node.altered && fact.is_entry(ordinal);
        match is_changed.then(|| self.tree.entry(id)).flatten() {
            Some(now) => {
                let told = self.in_terms_of_export(&now, entry);
                difference(told.as_ref().unwrap_or(&now), entry)
                    .map_or(Return::Same, Return::Differs)
            }
            None => Return::Same,
        }
    }

    /// The fate of an entry of which no change speaks: that of the nearest one
    /// above it.
    fn fate_below(&self, key: &[u8], dn: &[u8]) -> Fate<'a> {
        if !self.tree.has_moves() {
            return Fate::Unchanged;
        }
        let mut above = key;
        let mut depth = 0;
        while let Some(parent) = identity::parent_key(above) {
            above = parent;
            depth += 1;
            let node = self.tree.facts.find(above).and_then(|fact| fact.node);
            let Some(id) = node else { continue };
            if !self.tree.is_displaced(id) {
                break;
            }
            let Some(&start) = identity::rdn_starts(dn).get(depth) else { break };
            return Fate::Renamed([&dn[..start], &self.tree.plain_dn(id)].concat());
        }
        Fate::Unchanged
    }

    /// The entries that the changes created and that still exist, in the order
    /// of their creation.
    pub fn added(&self) -> impl Iterator<Item = Entry<'a>> {
        self.created.iter().filter_map(|&id| {
            let node = self.tree.node(id);
            let entry = if node.was_created() { self.tree.entry(id)? } else { return None };
            let mut entry = entry.to_entry(Cow::Owned(self.tree.dn(id)));
            self.follow(&mut entry);
            Some(entry)
        })
    }
}
