//! From the pairs of two exports to both files, proved.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::compared::{Server, holds_dns};
use super::content::{Delta, LeftOut, Removal, Way};
use super::entity::{Difference, Entities, Entity, Side, differences};
use super::index::{EntryIndex, Place, Slot, key_of};
use super::moves::named_dn;
use super::operation::{Act, Operations, Sources, is_written, unique_change, written};
use super::options::{DiffOptions, Omission};
use super::pairing::{Pair, Pairing};
use super::proof::{self, DiffFlaw, Refuted};
use super::render::{Records, Renderer, steps};
use super::schedule::{Schedule, Scheduler, spread_omissions};
use super::tally::Tally;
use super::unlike::EntryReader;
use super::{DiffDraft, DiffError};
use crate::change::{Reason, identity};
use crate::directory::dn::{key_ancestors, key_parent};
use crate::ldif::{WriteError, Writer};

/// The way from pairs to a draft.
pub(super) struct Drafting<'d, 'a> {
    old: &'d EntryIndex<'a>,
    new: &'d EntryIndex<'a>,
    options: &'d DiffOptions,
    pairing: Pairing,
    /// Entries whose move is left out, because it needs what is left out.
    stays: FxHashSet<Place>,
    /// Entries whose changes are left out, because no order of them was found, by their
    /// places in both exports.
    unordered: FxHashSet<[Option<Place>; 2]>,
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

impl<'d, 'a> Drafting<'d, 'a> {
    pub(super) fn new(
        old: &'d EntryIndex<'a>,
        new: &'d EntryIndex<'a>,
        options: &'d DiffOptions,
        pairing: Pairing,
    ) -> Self {
        let (stays, unordered) = (FxHashSet::default(), FxHashSet::default());
        Self { old, new, options, pairing, stays, unordered, reused_are_known: false }
    }

    /// Entries at most whose changes are left out because they cannot be put in order.
    const UNORDERED: usize = 16;

    pub(super) fn run(mut self) -> Result<DiffDraft, DiffError> {
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
            if let Some(draft) = self.draft(&sources)? {
                return Ok(draft);
            }
        }
    }

    /// The draft; `None` where a move turned out to need what is left out, or where no
    /// order was found, so that all is to be looked at anew without it.
    fn draft(&mut self, sources: &Sources<'_, 'a>) -> Result<Option<DiffDraft>, DiffError> {
        let Sources { entities, server, .. } = *sources;
        let mut draft = DiffDraft::empty();
        let implied = entities.implied.iter();
        draft.implied = implied.map(|(by, side)| (*by, side.dn.clone())).collect();
        let mut found = differences(entities, self.old, self.new, &self.options.compared, server);
        draft.note_left_out(&found);
        let Unmodified { entities: mut omitted, keep } = self.omit_modifies(entities, &mut found);
        let mut operations = Operations::of(sources, found, &keep);
        self.omit(entities, &mut operations);
        let movers: Vec<Place> = omitted_movers(entities, &operations);
        if !movers.is_empty() {
            self.stays.extend(movers);
            return Ok(None);
        }
        let list = operations.list.iter();
        omitted.extend(list.filter_map(|one| Some((one.entity, one.omitted?))));
        let stays =
            |entity: &Entity| entity.before().is_some_and(|old| self.stays.contains(&old.place));
        let stay = entities.list.iter().enumerate().filter(|(_, entity)| stays(entity));
        omitted.extend(stay.map(|(number, entity)| {
            let is_unordered = self.unordered.contains(&entity.places());
            let why = if is_unordered { Omission::NoOrder } else { Omission::NeedsAnother };
            (number, why)
        }));
        draft.note_omitted(entities, &omitted);
        let mut partly: FxHashSet<usize> = omitted.iter().map(|(entity, _)| *entity).collect();
        let mut apart = Schedule::default();
        let unlinked = self.drop_links(sources, &mut operations, &mut apart);
        draft.unlinked = unlinked.iter().map(|entity| u64::from(!partly.contains(entity))).sum();
        partly.extend(unlinked);
        let schedule = match Scheduler::new(sources, &mut operations, apart).run() {
            Ok(schedule) => schedule,
            Err(at) => {
                self.leave_out_of_order(&entities.list[operations.list[at].entity])?;
                return Ok(None);
            }
        };
        let planned = Planned { operations, schedule, partly };
        draft.write(sources, &planned, self.options)?;
        draft.prove(sources, &planned).map_err(|error| self.explained(entities, error))?;
        Ok(Some(draft))
    }

    /// Takes note of an entry whose change cannot be put in an order.
    ///
    /// # Errors
    /// Where there are many: all is worked out anew for each one.
    fn leave_out_of_order(&mut self, entity: &Entity) -> Result<(), DiffError> {
        match self.unordered.len() < Self::UNORDERED && self.unordered.insert(entity.places()) {
            true => Ok(()),
            false => Err(DiffError::NoOrder { dn: entity.dn().to_vec() }),
        }
    }

    /// What the exports lack, where that is why the proof failed: the entry above one
    /// that comes stands in neither, though the old one has entries above that.
    fn explained(&self, entities: &Entities, error: DiffError) -> DiffError {
        let DiffError::Refuted(Refuted { dn, undo: false, flaw }) = &error else { return error };
        let lacks_parent = matches!(flaw, DiffFlaw::NotApplicable { refusal, .. } if refusal.reason == Reason::NoParent);
        let comes = entities.list.iter().find_map(|entity| match entity {
            Entity::Come(new) if new.dn == *dn => Some(new),
            _ => None,
        });
        let Some(new) = comes.filter(|_| lacks_parent) else { return error };
        match key_parent(&new.key).is_some_and(|above| self.new.find(above).is_some()) {
            true => error,
            false => DiffError::ParentLacking { dn: dn.clone(), line: self.new.line(new.place) },
        }
    }

    fn entities(&self) -> Result<Entities, DiffError> {
        let may_move = |old: &Side, new: &Side| {
            self.options.kinds.modify
                && self.compares_names(new)
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

    /// Whether the name of an entry is among what is compared.
    fn compares_names(&self, side: &Side) -> bool {
        let types = identity::rdn_values(&side.dn).unwrap_or_default();
        self.options.compared.only.is_empty()
            || types.iter().any(|(name, _)| self.options.compared.takes(name))
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
            let old = entity.before().and_then(|old| Server::of_entry(&self.old.entry(old.place)));
            old.or_else(|| Server::of_entry(&self.new.entry(entity.after()?.place)))
        });
        let told: Vec<Server> = told.collect();
        match told.contains(&Server::Plain) {
            true => Server::Plain,
            false => told.first().copied().unwrap_or_default(),
        }
    }

    /// Empties the differences that the options leave out.
    fn omit_modifies(&self, entities: &Entities, found: &mut [Difference<'_>]) -> Unmodified {
        let mut unmodified = Unmodified::default();
        let omitted = &mut unmodified.entities;
        for (number, (entity, difference)) in entities.list.iter().zip(found).enumerate() {
            let Entity::Kept { old, new } = entity else { continue };
            let stays = entities.stays.contains(&number);
            if !stays
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
                if stays && !self.compares_names(new) {
                    omitted.push((number, Omission::Rename));
                }
                continue;
            };
            let deltas = std::mem::take(difference).deltas;
            unmodified.keep.extend(unique_change(&deltas, Way::Back, entity));
            omitted.push((number, why));
        }
        unmodified
    }

    /// Whether an entry holds anything that is compared.
    fn shows(&self, index: &EntryIndex<'_>, side: &Side) -> bool {
        let compared = &self.options.compared;
        (compared.only.is_empty() && compared.ignored.is_empty())
            || written(&index.entry(side.place), compared).next().is_some()
    }

    /// Marks the operations that are left out, and those that need them.
    fn omit(&self, entities: &Entities, operations: &mut Operations<'_>) {
        let staying = entities.stays.iter().filter_map(|&number| entities.list[number].before());
        let taken: FxHashSet<Cow<'_, [u8]>> =
            staying.clone().map(|side| entities.moves.key_after(&side.key)).collect();
        let above: FxHashSet<&[u8]> = staying.filter_map(|side| key_parent(&side.key)).collect();
        for operation in &mut operations.list {
            let entity = &entities.list[operation.entity];
            let new_place = match (&operation.act, entity) {
                (Act::Add, Entity::Come(new)) => Some(new),
                (Act::Rename(_), Entity::Kept { new, .. }) => Some(new),
                _ => None,
            };
            let cannot_be = |side: &Side| {
                taken.contains(&*side.key)
                    || key_parent(&side.key).is_some_and(|above| entities.unmoved.renames(above))
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
                Entity::Come(new) if !self.shows(self.new, new) => Some(Omission::NothingCompared),
                Entity::Gone(old) if !self.shows(self.old, old) => Some(Omission::NothingCompared),
                _ if self.unordered.contains(&entity.places()) => Some(Omission::NoOrder),
                Entity::Gone(old) if above.contains(&*old.key) => Some(Omission::NeedsAnother),
                _ if new_place.is_some_and(cannot_be) => Some(Omission::NeedsAnother),
                _ => operation.omitted,
            };
        }
        spread_omissions(operations);
    }

    /// Leaves out values that name entries which do not come to be; of which entities.
    fn drop_links(
        &self,
        sources: &Sources<'_, 'a>,
        operations: &mut Operations<'a>,
        schedule: &mut Schedule,
    ) -> FxHashSet<usize> {
        let mut unlinked = FxHashSet::default();
        let entities = sources.entities;
        let mut missing: FxHashSet<Cow<'_, [u8]>> = FxHashSet::default();
        for operation in operations.list.iter().filter(|operation| operation.omitted.is_some()) {
            if let (Act::Add, Some(new)) = (&operation.act, entities.list[operation.entity].after())
            {
                missing.insert(entities.unmoved.key_after(&new.key));
            }
        }
        if missing.is_empty() {
            return unlinked;
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
                    let entry = entities.with_names_of_the_end(self.new.entry(new.place));
                    schedule.set_apart(at, &entry, sources.compared, &is_missing)
                }
                _ => false,
            };
            unlinked.extend(dropped.then_some(operation.entity));
        }
        unlinked
    }
}

/// What is not modified, though it differs.
#[derive(Default)]
struct Unmodified {
    /// The entries, by their numbers, and why.
    entities: Vec<(usize, Omission)>,
    /// The fingerprints of unique values that they would have given up.
    keep: FxHashSet<u64>,
}

/// Entries that are asked what server they come from.
const SAMPLE: usize = 256;

fn omitted_movers(entities: &Entities, operations: &Operations<'_>) -> Vec<Place> {
    let omitted = operations.list.iter().filter(|operation| {
        operation.omitted.is_some()
            && matches!(operation.act, Act::Rename(_))
            && entities.movers.contains(&operation.entity)
    });
    let old = omitted.filter_map(|operation| entities.list[operation.entity].before());
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
    fn empty() -> Self {
        Self {
            change: Vec::new(),
            undo: Vec::new(),
            tally: Tally::default(),
            omitted: BTreeMap::new(),
            listed: Vec::new(),
            implied: Vec::new(),
            partial: 0,
            references: 0,
            unlinked: 0,
            whole: Vec::new(),
            bases: Vec::new(),
        }
    }

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
                Omission::Add
                    | Omission::Delete
                    | Omission::Modify
                    | Omission::Rename
                    | Omission::OutOfScope
                    | Omission::NothingCompared
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
        let comes = |name: &[u8]| is_written(name, sources.compared);
        let comes_back = |name: &[u8]| is_written(name, &renderer.everything);
        let steps = steps(sources, operations, schedule);
        let mut written: Vec<Written> = steps
            .par_chunks(BATCH)
            .map(|batch| {
                let mut olds = EntryReader::new(sources.old, &comes_back);
                let mut news = EntryReader::new(sources.new, &comes);
                let records = batch.iter().map(|step| renderer.records(step, &mut olds, &mut news));
                let all: Vec<Records<'_>> = records.collect();
                let mut change = Writer::new(Vec::new(), options.write);
                let mut undo = Writer::new(Vec::new(), options.write);
                let (mut tally, mut bases) = (Tally::default(), Vec::new());
                for (step, records) in batch.iter().zip(&all) {
                    let entity = operations.list[step.operation].entity;
                    for record in &records.change {
                        change.change(record)?;
                        tally.count(record);
                        bases.push(sources.entities.list[entity].before().map(|old| old.place));
                    }
                }
                for records in all.iter().rev() {
                    records.undo.iter().try_for_each(|record| undo.change(record))?;
                }
                Ok(Written { change: change.finish()?, undo: undo.finish()?, tally, bases })
            })
            .collect::<Result<_, WriteError>>()?;
        let mut head = Writer::new(Vec::new(), options.write);
        head.version_line()?;
        self.change = head.finish()?;
        self.undo = self.change.clone();
        self.change.reserve_exact(written.iter().map(|written| written.change.len()).sum());
        self.undo.reserve_exact(written.iter().map(|written| written.undo.len()).sum());
        for written in &mut written {
            // Not all is to be held twice.
            self.change.extend_from_slice(&std::mem::take(&mut written.change));
            self.tally.add(&written.tally);
            self.bases.extend_from_slice(&std::mem::take(&mut written.bases));
        }
        while let Some(written) = written.pop() {
            self.undo.extend_from_slice(&written.undo);
        }
        Ok(())
    }

    /// Reads both files back and proves them.
    fn prove(&self, sources: &Sources<'_, '_>, planned: &Planned<'_>) -> Result<(), DiffError> {
        let Self { change, undo, bases, .. } = self;
        let files = proof::Files { change, undo, records: bases.len() };
        proof::prove(sources, &planned.operations, &planned.partly, files)
    }
}

/// The records of some steps.
struct Written {
    change: Vec<u8>,
    /// From the last step to the first.
    undo: Vec<u8>,
    tally: Tally,
    bases: Vec<Option<Place>>,
}

/// Steps that one task writes.
const BATCH: usize = 256;

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
