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
mod entity;
mod index;
mod moves;
mod operation;
mod options;
mod pairing;
mod proof;
mod render;
mod schedule;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use self::compared::holds_dns;
pub use compared::{Compared, Server};
pub use index::{EntryIndex, IndexError, Twice};
pub use options::{DiffOptions, Kinds, Omission, Scope};
pub use proof::{DiffFlaw, Refuted};
pub use tally::{AttributeTally, Tally};

use self::content::{Delta, LeftOut, Removal};
use self::entity::{Difference, Entities, Entity, Side, differences};
use self::index::{Place, Slot, key_of};
use self::moves::named_dn;
use self::operation::{Act, Operations, Sources, written};
use self::pairing::{Pair, Pairing};
use self::render::{Records, Renderer, steps};
use self::schedule::{Schedule, Scheduler, spread_omissions};
use crate::directory::Entry;
use crate::directory::dn::{key_ancestors, key_parent};
use crate::ldif::{ChangeRecord, ReadOptions, Record, WriteError, Writer, read_chunk};

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
    /// Entries that are not deleted because the new export has entries below them:
    /// their DNs.
    pub implied: Vec<Vec<u8>>,
    /// Entries with an attribute of which an export holds a part.
    pub partial: u64,
    /// Entries with a value that is given by reference.
    pub references: u64,
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
    /// No order of the records was found that a server takes.
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
        self.tally.records() > 0 || !self.listed.is_empty() || !self.implied.is_empty()
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
    for (index, in_old) in [(old, true), (new, false)] {
        refuse_duplicates(index, in_old)?;
    }
    let mut pairing = Pairing::of(old, new, &options.compared).map_err(|twice| {
        let index = if twice.in_old { old } else { new };
        let name = |place: Place| (index.dn(place).into_owned(), index.line(place));
        let names = [name(twice.first), name(twice.again)];
        DiffError::TwiceByIdentity { in_old: twice.in_old, names }
    })?;
    let shows = |index: &EntryIndex<'_>, place: &Place| {
        (options.compared.only.is_empty() && options.compared.ignored.is_empty())
            || written(&index.entry(*place), &options.compared).next().is_some()
    };
    pairing.gone.retain(|place| shows(old, place));
    pairing.come.retain(|place| shows(new, place));
    Drafting { old, new, options, pairing, stays: FxHashSet::default(), reused_are_known: false }
        .run()
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

/// The way from pairs to a draft.
struct Drafting<'d, 'a> {
    old: &'d EntryIndex<'a>,
    new: &'d EntryIndex<'a>,
    options: &'d DiffOptions,
    pairing: Pairing,
    /// Entries whose move is left out, because it needs what is left out.
    stays: FxHashSet<Place>,
    /// Whether entries that name a name which changed hands were looked for.
    reused_are_known: bool,
}

/// All that is to be done, in order.
struct Planned<'a> {
    operations: Operations<'a>,
    schedule: Schedule,
    /// Entities of which something is left out.
    partly: FxHashSet<usize>,
}

impl<'a> Drafting<'_, 'a> {
    fn run(mut self) -> Result<DiffDraft, DiffError> {
        loop {
            let entities = self.entities()?;
            let server = self.server(&entities);
            if server == Server::ActiveDirectory && self.look_for_reused_names(&entities) {
                continue;
            }
            let sources = Sources {
                entities: &entities,
                old: self.old,
                new: self.new,
                compared: &self.options.compared,
                server,
            };
            let mut draft = DiffDraft {
                change: Vec::new(),
                undo: Vec::new(),
                tally: Tally::default(),
                omitted: BTreeMap::new(),
                listed: Vec::new(),
                implied: entities.implied.iter().map(|side| side.dn.clone()).collect(),
                partial: 0,
                references: 0,
                whole: Vec::new(),
                bases: Vec::new(),
            };
            let mut found =
                differences(&entities, self.old, self.new, &self.options.compared, server);
            draft.note_left_out(&found);
            let mut omitted = self.omit_modifies(&entities, &mut found);
            let mut operations = Operations::of(&sources, found);
            self.omit(&entities, &mut operations);
            let movers: Vec<Place> = omitted_movers(&entities, &operations);
            if !movers.is_empty() {
                self.stays.extend(movers);
                continue;
            }
            omitted.extend(
                operations
                    .list
                    .iter()
                    .filter_map(|operation| Some((operation.entity, operation.omitted?))),
            );
            omitted.extend(self.stays.iter().filter_map(|place| {
                let is_it = |entity: &Entity| entity.old().is_some_and(|old| old.place == *place);
                Some((entities.list.iter().position(is_it)?, Omission::NeedsAnother))
            }));
            draft.note_omitted(&entities, &omitted);
            let mut partly: FxHashSet<usize> = omitted.iter().map(|(entity, _)| *entity).collect();
            let mut apart = Schedule::default();
            self.drop_links(&sources, &mut operations, &mut partly, &mut apart);
            let scheduler = Scheduler::new(&sources, &mut operations, apart);
            let schedule = scheduler.run();
            let schedule = schedule.map_err(|at| {
                let entity = operations.list[at].entity;
                DiffError::NoOrder { dn: entities.list[entity].dn().to_vec() }
            })?;
            let planned = Planned { operations, schedule, partly };
            draft.write(&sources, &planned, self.options)?;
            draft.prove(&sources, &planned)?;
            return Ok(draft);
        }
    }

    fn entities(&self) -> Result<Entities, DiffError> {
        let may_move = |old: &Side, new: &Side| {
            self.options.kinds.modify
                && old.has_dn()
                && new.has_dn()
                && !self.stays.contains(&old.place)
                && self.options.scope.takes(Some((self.old, old)), Some((self.new, new)))
        };
        Entities::of(&self.pairing, self.old, self.new, &may_move).map_err(|no_parent| {
            let (dn, line) = (self.new.dn(no_parent.place), self.new.line(no_parent.place));
            DiffError::NoParent { dn: dn.into_owned(), line }
        })
    }

    /// Takes up entries that have not changed, but name another entry than before,
    /// because a name has changed hands: where values follow the entries, they must
    /// be written. `true` where there are such.
    fn look_for_reused_names(&mut self, entities: &Entities) -> bool {
        let reused = entities.reused();
        if reused.is_empty() || std::mem::replace(&mut self.reused_are_known, true) {
            return false;
        }
        let pairing = &self.pairing;
        let pairs = pairing.changed.iter().chain(&pairing.moved).map(|pair| pair.old);
        let known: FxHashSet<Place> = pairs.chain(pairing.gone.iter().copied()).collect();
        let names_one = |slot: &&Slot| {
            !known.contains(&slot.place)
                && self.old.any_value(slot.place, &|name, value| {
                    holds_dns(name)
                        && self.options.compared.takes(name)
                        && reused.contains(&*key_of(named_dn(value)))
                })
        };
        let found = self.old.slots().par_iter().filter(names_one).filter_map(|slot| {
            let new = self.new.find(&key_of(&self.old.dn(slot.place)))?;
            Some(Pair { new, old: slot.place })
        });
        let found: Vec<Pair> = found.collect();
        let any = !found.is_empty();
        self.pairing.changed.extend(found);
        self.pairing.changed.sort_unstable();
        any
    }

    /// What kind of server the exports come from, by the first entries that tell.
    fn server(&self, entities: &Entities) -> Server {
        let told = entities.list.iter().take(SAMPLE).filter_map(|entity| {
            let old = entity.old().and_then(|old| Server::of_entry(&self.old.entry(old.place)));
            old.or_else(|| Server::of_entry(&self.new.entry(entity.new()?.place)))
        });
        let told: Vec<Server> = told.collect();
        match told.contains(&Server::Plain) {
            true => Server::Plain,
            false => told.first().copied().unwrap_or_default(),
        }
    }

    /// Empties the differences that the options leave out; says of which entities.
    fn omit_modifies(
        &self,
        entities: &Entities,
        found: &mut [Difference<'_>],
    ) -> Vec<(usize, Omission)> {
        let mut omitted = Vec::new();
        for (number, (entity, difference)) in entities.list.iter().zip(found).enumerate() {
            let Entity::Kept { old, new } = entity else { continue };
            let moves = entities.vacant.contains(&new.key);
            if !moves
                && difference.rename.is_none()
                && difference.deltas.is_empty()
                && difference.naming.is_empty()
            {
                continue;
            }
            let why = if !self.options.scope.takes(Some((self.old, old)), Some((self.new, new))) {
                Omission::OutOfScope
            } else if !self.options.kinds.modify {
                Omission::Modify
            } else if !old.has_dn() || !new.has_dn() {
                Omission::NoDn
            } else {
                continue;
            };
            *difference = Difference::default();
            omitted.push((number, why));
        }
        omitted
    }

    /// Marks the operations that are left out, and those that need them.
    fn omit(&self, entities: &Entities, operations: &mut Operations<'_>) {
        for operation in &mut operations.list {
            let entity = &entities.list[operation.entity];
            let new_place = match (&operation.act, entity) {
                (Act::Add, Entity::Come(new)) => Some(new),
                (Act::Rename(_), Entity::Kept { new, .. }) => Some(new),
                _ => None,
            };
            let is_vacant = |side: &Side| {
                key_parent(&side.key).is_some_and(|above| entities.vacant.contains(above))
            };
            operation.omitted = match entity {
                Entity::Come(side) | Entity::Gone(side) if !side.has_dn() => Some(Omission::NoDn),
                Entity::Come(new) if !self.options.scope.takes(None, Some((self.new, new))) => {
                    Some(Omission::OutOfScope)
                }
                Entity::Gone(old) if !self.options.scope.takes(Some((self.old, old)), None) => {
                    Some(Omission::OutOfScope)
                }
                Entity::Come(_) if !self.options.kinds.add => Some(Omission::Add),
                Entity::Gone(_) if !self.options.kinds.delete => Some(Omission::Delete),
                _ if new_place.is_some_and(is_vacant) => Some(Omission::NeedsAnother),
                _ => None,
            };
        }
        spread_omissions(operations);
    }

    /// Leaves out values that name entries which do not come to be.
    fn drop_links(
        &self,
        sources: &Sources<'_, 'a>,
        operations: &mut Operations<'a>,
        partly: &mut FxHashSet<usize>,
        schedule: &mut Schedule,
    ) {
        let entities = sources.entities;
        let mut missing: FxHashSet<&[u8]> = entities.vacant.iter().map(Vec::as_slice).collect();
        for operation in operations.list.iter().filter(|operation| operation.omitted.is_some()) {
            if let (Act::Add, Some(new)) = (&operation.act, entities.list[operation.entity].new()) {
                missing.insert(&new.key);
            }
        }
        if missing.is_empty() {
            return;
        }
        let is_missing = |value: &[u8]| {
            let key = key_of(named_dn(value));
            let mut names = std::iter::once(&*key).chain(key_ancestors(&key));
            names.any(|name| missing.contains(name))
        };
        for (at, operation) in operations.list.iter_mut().enumerate() {
            let dropped = match (&mut operation.act, &entities.list[operation.entity]) {
                (Act::Modify(deltas), _) => drop_values(deltas, &is_missing),
                (Act::Add, Entity::Come(new)) => {
                    let entry = self.new.entry(new.place);
                    schedule.set_apart(at, &entry, sources.compared, &is_missing)
                }
                _ => false,
            };
            partly.extend(dropped.then_some(operation.entity));
        }
    }
}

/// Entries that are asked what server they come from.
const SAMPLE: usize = 256;

fn omitted_movers(entities: &Entities, operations: &Operations<'_>) -> Vec<Place> {
    let omitted = operations.list.iter().filter(|operation| {
        operation.omitted.is_some()
            && matches!(operation.act, Act::Rename(_))
            && entities.movers.contains(&operation.entity)
    });
    let old = omitted.filter_map(|operation| entities.list[operation.entity].old());
    old.map(|side| side.place).collect()
}

fn drop_values(deltas: &mut Vec<Delta<'_>>, is_missing: &dyn Fn(&[u8]) -> bool) -> bool {
    let mut dropped = false;
    for delta in deltas.iter_mut().filter(|delta| holds_dns(&delta.name)) {
        let before = delta.add.len();
        delta.add.retain(|value| !is_missing(value));
        dropped |= delta.add.len() < before;
    }
    deltas.retain(|delta| !delta.remove.is_empty() || !delta.add.is_empty());
    dropped
}

impl DiffDraft {
    fn note_left_out(&mut self, found: &[Difference<'_>]) {
        for difference in found {
            let LeftOut { partial, reference } = difference.left_out;
            self.partial += u64::from(partial);
            self.references += u64::from(reference);
            for delta in difference.deltas.iter().filter(|d| d.removal == Removal::Whole) {
                if !self.whole.iter().any(|name| **name == *delta.name) {
                    self.whole.push(delta.name.to_vec());
                }
            }
        }
    }

    fn note_omitted(&mut self, entities: &Entities, omitted: &[(usize, Omission)]) {
        let mut seen = FxHashSet::default();
        for &(entity, why) in omitted.iter().filter(|(entity, _)| seen.insert(*entity)) {
            *self.omitted.entry(why).or_default() += 1;
            let asked_for = matches!(
                why,
                Omission::Add | Omission::Delete | Omission::Modify | Omission::OutOfScope
            );
            if !asked_for && self.listed.len() < Self::LISTED {
                self.listed.push((entities.list[entity].dn().to_vec(), why));
            }
        }
    }

    /// Writes both files, the undo from its end.
    fn write(
        &mut self,
        sources: &Sources<'_, '_>,
        planned: &Planned<'_>,
        options: &DiffOptions,
    ) -> Result<(), DiffError> {
        let Planned { operations, schedule, .. } = planned;
        let renderer = Renderer::new(sources, operations, schedule);
        let steps = steps(sources, operations, schedule);
        let written: Vec<(Vec<u8>, Vec<u8>, Tally, Vec<Option<Place>>)> = steps
            .par_chunks(BATCH)
            .map(|batch| {
                let all: Vec<Records> = batch.iter().map(|step| renderer.records(step)).collect();
                let mut change = Writer::new(Vec::new(), options.write);
                let mut undo = Writer::new(Vec::new(), options.write);
                let (mut tally, mut bases) = (Tally::default(), Vec::new());
                for (step, records) in batch.iter().zip(&all) {
                    let entity = operations.list[step.operation].entity;
                    for record in &records.change {
                        change.change(record)?;
                        tally.count(record);
                        bases.push(sources.entities.list[entity].old().map(|old| old.place));
                    }
                }
                for records in all.iter().rev() {
                    records.undo.iter().try_for_each(|record| undo.change(record))?;
                }
                Ok((change.finish()?, undo.finish()?, tally, bases))
            })
            .collect::<Result<_, WriteError>>()?;
        let mut head = Writer::new(Vec::new(), options.write);
        head.version_line()?;
        self.change = head.finish()?;
        self.undo = self.change.clone();
        for (change, _, tally, bases) in &written {
            self.change.extend_from_slice(change);
            self.tally.add(tally);
            self.bases.extend_from_slice(bases);
        }
        for (_, undo, _, _) in written.iter().rev() {
            self.undo.extend_from_slice(undo);
        }
        Ok(())
    }

    /// Reads both files back and proves them.
    fn prove(&self, sources: &Sources<'_, '_>, planned: &Planned<'_>) -> Result<(), DiffError> {
        let (change, undo) = (read_back(&self.change)?, read_back(&self.undo)?);
        if change.len() != self.bases.len() {
            return Err(DiffError::Unreadable);
        }
        Ok(proof::prove(sources, &planned.partly, &change, &undo)?)
    }
}

/// Steps that one task writes.
const BATCH: usize = 256;

fn read_back(bytes: &[u8]) -> Result<Vec<ChangeRecord<'_>>, DiffError> {
    let mut records = Vec::new();
    let report = read_chunk(bytes, ReadOptions::default(), |record| {
        if let Record::Change(change) = record.into_record() {
            records.push(change);
        }
    });
    if report.has_failures() { Err(DiffError::Unreadable) } else { Ok(records) }
}
