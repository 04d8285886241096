//! The entities whose records bear on nothing else: each is proved by itself, so that
//! all are proved at once and none is held.
//!
//! An entity stands alone where no name at or above its own is left or taken but by
//! itself, and its records name no such entry. Then nothing that other records do is
//! seen by them, nor the other way round.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::super::DiffError;
use super::super::compared::holds_dns;
use super::super::content::naming_types;
use super::super::entity::{Entities, Entity, Side};
use super::super::index::{EntryIndex, fingerprint, plain_dn};
use super::super::operation::Sources;
use super::super::unlike::{EntryReader, PairReader, Types};
use super::read_back::{Names, ReadBack, is_near, names_one_near};
use super::{DiffFlaw, Proof, Refuted};
use crate::change::apply_record_to_entry;
use crate::change::image::{Image, comes_with_identity};
use crate::change::stored::marks_active_directory;
use crate::directory::dn::{key_ancestors, key_parent};
use crate::directory::{Entry, EntryAttribute};
use crate::ldif::{Change, ChangeRecord, ChangeType};

/// The entities that bear one name all the while.
pub(super) fn names(entities: &Entities) -> Names<'_> {
    let mut names = Names::default();
    for (number, entity) in (0_u32..).zip(&entities.list) {
        let key = match entity {
            Entity::Kept { old, new } if old.key == new.key => &old.key,
            Entity::Come(side) | Entity::Gone(side) => &side.key,
            Entity::Kept { .. } => continue,
        };
        names.insert(key, number);
    }
    names
}

/// Which of the entities stand alone.
///
/// # Errors
/// Where a record does not read.
pub(super) fn alone(
    entities: &Entities,
    change: &ReadBack<'_>,
    undo: &ReadBack<'_>,
) -> Result<Vec<bool>, DiffError> {
    let restless: FxHashSet<u64> = change.restless().union(undo.restless()).copied().collect();
    let list = entities.list.par_iter().enumerate();
    list.map(|(number, entity)| {
        let files = [change, undo];
        let [there, back] = files.map(|file| file.about(number));
        let is = |file: &ReadBack<'_>, at: &[u32], kind| {
            at.len() == 1 && at.iter().all(|&at| file.kind(at as usize) == kind)
        };
        let fits = match entity {
            Entity::Kept { old, new } => {
                let modify = |file: &ReadBack<'_>, at: &[u32]| {
                    at.iter().all(|&at| file.kind(at as usize) == ChangeType::Modify)
                };
                old.key == new.key && modify(change, there) && modify(undo, back)
            }
            Entity::Come(_) => {
                is(change, there, ChangeType::Add) && is(undo, back, ChangeType::Delete)
            }
            Entity::Gone(_) => {
                is(change, there, ChangeType::Delete) && is(undo, back, ChangeType::Add)
            }
        };
        if !fits || restless.is_empty() {
            return Ok(fits);
        }
        let key = entity.before().or(entity.after()).map(|side| &*side.key).unwrap_or_default();
        if is_near(key, &restless) {
            return Ok(false);
        }
        for (file, numbers) in files.iter().zip([there, back]) {
            for &number in numbers {
                if names_one_near(&file.record(number as usize)?, &restless) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    })
    .collect()
}

/// Which of the entities that stand alone come or go below an entry that stays, and have
/// nothing below them: no image is needed to see that they can.
pub(super) fn leaves(sources: &Sources<'_, '_>, alone: &[bool]) -> Vec<bool> {
    let entities = &sources.entities.list;
    let key_of = |number: usize| match &entities[number] {
        Entity::Come(side) | Entity::Gone(side) if alone[number] => Some(&*side.key),
        _ => None,
    };
    let numbers = 0..entities.len();
    let prints: FxHashSet<u64> =
        numbers.clone().into_par_iter().filter_map(key_of).map(fingerprint).collect();
    let above = |index: &EntryIndex<'_>| -> FxHashSet<u64> {
        let parents = index.slots().par_iter().map(|slot| slot.parent);
        parents.filter(|parent| prints.contains(parent)).collect()
    };
    let above = [above(sources.old), above(sources.new)];
    let is_leaf = |number: usize| {
        let Some(key) = key_of(number) else { return false };
        let is_free = match &entities[number] {
            Entity::Come(_) => sources.old.find(key).is_none(),
            _ => sources.new.find(key).is_none(),
        };
        let held = |name| [sources.old, sources.new].map(|index| index.find(name).is_some());
        // Where an export has nothing of what is above, that is there all the same.
        let stays = |parent| match held(parent) {
            [false, false] => key_ancestors(parent).all(|name| held(name) == [false, false]),
            both => both == [true, true],
        };
        let print = fingerprint(key);
        is_free
            && key_parent(key).is_some_and(stays)
            && above.iter().all(|above| !above.contains(&print))
    };
    numbers.into_par_iter().map(is_leaf).collect()
}

/// The records of a file that an image is to make: those of entities that do not stand
/// alone. An entry that does comes and goes without its attributes, for the sake of
/// the entries above and below it, unless it is a leaf.
pub(super) struct Entangled<'f> {
    pub(super) records: Vec<ChangeRecord<'f>>,
    /// Their numbers in the file.
    pub(super) numbers: Vec<usize>,
}

impl<'f> Entangled<'f> {
    pub(super) fn of(
        file: &ReadBack<'f>,
        alone: &[bool],
        leaves: &[bool],
    ) -> Result<Self, DiffError> {
        let stands_alone = |at: usize| file.entity(at).is_some_and(|entity| alone[entity]);
        let is_leaf = |at: usize| file.entity(at).is_some_and(|entity| leaves[entity]);
        let is_wanted = |at: &usize| {
            !is_leaf(*at) && (!stands_alone(*at) || file.kind(*at) != ChangeType::Modify)
        };
        let numbers: Vec<usize> = (0..file.len()).into_par_iter().filter(is_wanted).collect();
        let read = |&at: &usize| {
            let mut record = file.record(at)?;
            if let (true, Change::Add(lines)) = (stands_alone(at), &mut record.change) {
                *lines = Vec::new();
            }
            Ok(record)
        };
        let records = numbers.par_iter().map(read).collect::<Result<_, DiffError>>()?;
        Ok(Self { records, numbers })
    }
}

/// Readers of the exports.
pub(super) struct Readers<'t, 'a> {
    /// Of what is looked at of an entry that is in both.
    pub(super) pairs: PairReader<'t, 'a>,
    /// Of what is compared.
    pub(super) olds: EntryReader<'t, 'a>,
    pub(super) news: EntryReader<'t, 'a>,
}

/// Both files and what their images came to.
pub(super) struct BothWays<'i, 'f> {
    pub(super) change: &'i ReadBack<'f>,
    pub(super) undo: &'i ReadBack<'f>,
    pub(super) there: &'i Image<'i>,
    pub(super) back: &'i Image<'i>,
}

impl<'a> Proof<'_, 'a> {
    /// Whether what refers to an entry that stands alone and is modified knows it by
    /// something else than its name.
    ///
    /// # Errors
    /// Where a record does not read.
    pub(super) fn any_identity(
        &self,
        alone: &[bool],
        [change, undo]: [&ReadBack<'_>; 2],
    ) -> Result<bool, DiffError> {
        let list = self.sources.entities.list.par_iter().enumerate();
        let told = list.filter(|(number, _)| alone[*number]).filter_map(|(number, entity)| {
            let Entity::Kept { old, new } = entity else { return None };
            if change.about(number).is_empty() {
                return None;
            }
            let has_one = || -> Result<bool, DiffError> {
                let (changes, undos) = (records(change, number)?, records(undo, number)?);
                let test = |name: &[u8]| self.is_in_part(name);
                let mut reader = PairReader::new(self.sources.old, self.sources.new, &test);
                let records = changes.iter().chain(&undos);
                let parts = self.parted(&mut reader, (old, new), records);
                Ok(comes_with_identity(&parts.before))
            };
            has_one().map_or_else(|error| Some(Err(error)), |has| has.then_some(Ok(true)))
        });
        told.find_any(|_| true).unwrap_or(Ok(false))
    }

    /// Whether an attribute is looked at though records do not touch it: it tells the
    /// server, or its values may have followed other entries.
    pub(super) fn is_in_part(&self, name: &[u8]) -> bool {
        marks_active_directory(name)
            || (self.is_restless && holds_dns(name) && self.sources.compared.takes(name))
    }

    /// Proves an entity that stands alone, there and back.
    pub(super) fn check_alone(
        &self,
        readers: &mut Readers<'_, 'a>,
        number: usize,
        entity: &Entity,
        ways: &BothWays<'_, '_>,
    ) -> Result<(), DiffError> {
        let is_partly = self.partly.contains(&number);
        match entity {
            // That they come and go is seen by the images, or they are leaves.
            Entity::Come(_) | Entity::Gone(_) if is_partly => Ok(()),
            Entity::Come(new) => {
                let want =
                    self.sources.entities.with_names_of_the_end(readers.news.entry(new.place));
                self.check_added(ways.change, number, new, &want, false)
            }
            Entity::Gone(old) => {
                let mut want = readers.olds.entry(old.place);
                want.dn = plain_dn(want.dn);
                self.check_added(ways.undo, number, old, &want, true)
            }
            Entity::Kept { old, new } => {
                self.check_kept(&mut readers.pairs, number, (old, new), ways, is_partly)
            }
        }
    }

    fn check_added(
        &self,
        file: &ReadBack<'_>,
        number: usize,
        side: &Side,
        want: &Entry<'_>,
        undo: bool,
    ) -> Result<(), DiffError> {
        let refuted = |flaw| Refuted { dn: side.dn.clone(), undo, flaw };
        for &at in file.about(number) {
            let record = file.record(at as usize)?;
            let Change::Add(lines) = record.change else { continue };
            let mut got = Entry::new(record.dn);
            lines.into_iter().for_each(|line| got.push(line.name, line.value));
            self.compare(&got, want, &side.dn, true).map_err(refuted)?;
        }
        Ok(())
    }

    fn check_kept(
        &self,
        reader: &mut PairReader<'_, 'a>,
        number: usize,
        (old, new): (&Side, &Side),
        ways: &BothWays<'_, '_>,
        is_partly: bool,
    ) -> Result<(), DiffError> {
        let changes = records(ways.change, number)?;
        let undos = records(ways.undo, number)?;
        let parts = self.parted(reader, (old, new), changes.iter().chain(&undos));
        let Parts { before, mut rest, want } = parts;
        let refuted = |flaw, undo| Refuted { dn: old.dn.clone(), undo, flaw };
        let mut now = before.clone();
        apply_all(&mut now, &changes).map_err(|flaw| refuted(flaw, false))?;
        ways.there.follow(&mut now);
        if !is_partly {
            ways.there.follow(&mut rest);
            let attributes = now.attributes().iter().chain(rest.attributes()).cloned();
            let got = Entry::with_attributes(now.dn.clone(), attributes.collect());
            let compared = self.compare(&got, &want, &new.dn, false);
            compared.map_err(|flaw| refuted(flaw, false))?;
        }
        apply_all(&mut now, &undos).map_err(|flaw| refuted(flaw, true))?;
        ways.back.follow(&mut now);
        let compared = self.compare(&now, &before, &old.dn, false);
        Ok(compared.map_err(|flaw| refuted(flaw, true))?)
    }

    /// An entry of both exports, without attributes that are the same in both, unless
    /// records touch them or values of theirs may have followed other entries.
    fn parted<'r>(
        &self,
        reader: &mut PairReader<'_, 'a>,
        (old, new): (&Side, &Side),
        records: impl Iterator<Item = &'r Numbered<'r>>,
    ) -> Parts<'a> {
        let naming = naming_types(&old.dn, &new.dn);
        let mut touched = Types::of(naming.iter().map(Vec::as_slice));
        for Numbered { record, .. } in records {
            if let Change::Modify(mods) = &record.change {
                mods.iter().for_each(|own| touched.push(Cow::Borrowed(&own.attribute)));
            }
        }
        let is_touched = |name: &[u8]| touched.has(name) || marks_active_directory(name);
        let compared = self.sources.compared;
        let unlike = reader.unlike((old.place, new.place), compared, Some(&touched));
        let (dn, attributes) = unlike.old.into_parts();
        let dn = plain_dn(dn);
        let is_part = |attribute: &EntryAttribute<'_>| is_touched(&attribute.name);
        let (part, rest) = attributes.into_iter().partition(is_part);
        Parts {
            before: Entry::with_attributes(dn.clone(), part),
            rest: Entry::with_attributes(dn, rest),
            want: self.sources.entities.with_names_of_the_end(unlike.new),
        }
    }
}

/// An entry before and after, as far as its records have to do with it.
struct Parts<'a> {
    /// What records touch of the old one, and what tells the server.
    before: Entry<'a>,
    /// The rest of it.
    rest: Entry<'a>,
    /// The new one.
    want: Entry<'a>,
}

/// The records about an entity, in order.
fn records<'f>(file: &ReadBack<'f>, entity: usize) -> Result<Vec<Numbered<'f>>, DiffError> {
    let about = file.about(entity).iter().map(|&at| at as usize);
    about.map(|number| Ok(Numbered { number, record: file.record(number)? })).collect()
}

/// A record and its number in the file.
struct Numbered<'f> {
    number: usize,
    record: ChangeRecord<'f>,
}

fn apply_all<'r>(entry: &mut Entry<'r>, records: &'r [Numbered<'r>]) -> Result<(), DiffFlaw> {
    for Numbered { number, record } in records {
        apply_record_to_entry(entry, record)
            .map_err(|refusal| DiffFlaw::NotApplicable { number: number + 1, refusal })?;
    }
    Ok(())
}
