//! The entities whose records bear on each other, proved by images of the directory.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::content::naming_types;
use super::super::entity::{Entity, Side};
use super::super::index::{Place, Slot, fingerprint, key_of};
use super::super::operation::{Act, Operations};
use super::alone::Entangled;
use super::{DiffFlaw, Proof, Refuted};
use crate::change::stored::marks_active_directory;
use crate::change::{Fate, Image, Interest, Outcome, Run, identity};
use crate::directory::Entry;

/// The proof of what does not stand alone.
pub(super) struct Whole<'w, 'p, 'a> {
    proof: &'w Proof<'p, 'a>,
    /// Which entities stand alone.
    alone: &'w [bool],
    /// The attributes that the records of an entry may touch.
    touched: FxHashMap<Place, Vec<Vec<u8>>>,
    /// Whether an entry that stands alone and is modified is known by something else
    /// than its name.
    has_identities: bool,
}

/// The attributes that operations touch, and those that name the entries.
fn touched(
    entities: &[Entity],
    operations: &Operations<'_>,
    alone: &[bool],
) -> FxHashMap<Place, Vec<Vec<u8>>> {
    let mut touched: FxHashMap<Place, Vec<Vec<u8>>> = FxHashMap::default();
    for (entity, _) in entities.iter().zip(alone).filter(|(_, alone)| !**alone) {
        if let Some(old) = entity.before() {
            let new = entity.after().unwrap_or(old);
            touched.entry(old.place).or_insert_with(|| naming_types(&old.dn, &new.dn));
        }
    }
    for operation in operations.list.iter().filter(|operation| !alone[operation.entity]) {
        let old = entities[operation.entity].before();
        if let (Act::Modify(deltas), Some(old)) = (&operation.act, old) {
            let names = deltas.iter().map(|delta| delta.name.to_vec());
            touched.entry(old.place).or_default().extend(names);
        }
    }
    touched
}

impl<'w, 'p, 'a> Whole<'w, 'p, 'a> {
    pub(super) fn new(
        proof: &'w Proof<'p, 'a>,
        operations: &Operations<'_>,
        alone: &'w [bool],
        has_identities: bool,
    ) -> Self {
        let touched = touched(&proof.sources.entities.list, operations, alone);
        Self { proof, alone, touched, has_identities }
    }

    /// Makes the records of an image.
    ///
    /// # Errors
    /// Where one does not apply.
    pub(super) fn run<'i>(
        &self,
        image: &mut Image<'i>,
        Entangled { records, numbers }: &Entangled<'_>,
        undo: bool,
        feed: impl Fn(&mut Image<'i>),
    ) -> Result<(), Refuted> {
        let outcomes = loop {
            feed(image);
            if let Run::Done(outcomes) = image.run() {
                break outcomes;
            }
        };
        for (at, outcome) in outcomes.into_iter().enumerate() {
            if let Outcome::Refused(refusal) = outcome {
                let dn = records.get(at).map(|record| record.dn.to_vec()).unwrap_or_default();
                let number = numbers.get(at).copied().unwrap_or(at) + 1;
                let flaw = DiffFlaw::NotApplicable { number, refusal };
                return Err(Refuted { dn, undo, flaw });
            }
        }
        Ok(())
    }

    /// The places of the old export that an image may ask about.
    fn places(&self, image: &Image<'_>) -> Vec<Place> {
        let old = self.proof.sources.old;
        let (mut names, mut parents) = (FxHashSet::default(), FxHashSet::default());
        for (key, children) in image.names() {
            let print = fingerprint(key);
            names.insert(print);
            if children {
                parents.insert(print);
            }
        }
        let slots = old.slots().par_iter();
        let asked =
            slots.filter(|slot| names.contains(&slot.key) || parents.contains(&slot.parent));
        let mut asked: Vec<Slot> = asked.copied().collect();
        asked.par_sort_unstable_by_key(|slot| slot.place);
        // Of a name that is no entry itself it only counts whether something is
        // below: one entry that no record speaks of tells as much as all of them.
        let mut enough: FxHashMap<u64, bool> = FxHashMap::default();
        asked.retain(|slot| {
            let is_missing = |print: u64| old.with_fingerprint(print).is_empty();
            names.contains(&slot.key)
                || match enough.get(&slot.parent) {
                    Some(enough) => !*enough,
                    None => {
                        enough.insert(slot.parent, is_missing(slot.parent));
                        true
                    }
                }
        });
        asked.into_iter().map(|slot| slot.place).collect()
    }

    pub(super) fn feed_old<'i>(&self, image: &mut Image<'i>)
    where
        'a: 'i,
    {
        let places = self.places(image);
        let looked = places.into_par_iter().map(|place| {
            let dn = self.proof.sources.old.dn(place);
            let interest = image.interest(&dn);
            let entry = (interest == Interest::Content).then(|| self.in_part(place));
            (place, dn, interest, entry)
        });
        let looked: Vec<_> = looked.collect();
        if self.has_identities {
            image.note_identity();
        }
        for (place, dn, interest, entry) in looked {
            match (interest, entry) {
                (Interest::None, _) => {}
                (_, Some(entry)) => image.load(place.offset(), entry),
                (_, None) => image.mark(place.offset(), &dn),
            }
        }
    }

    /// What the changes left, for the undo.
    pub(super) fn feed_new<'i>(&self, image: &mut Image<'i>, there: &Image<'_>) {
        let old = self.proof.sources.old;
        // Below what moved, entries are found under other names than the index has.
        let places = match self.proof.sources.entities.moves.is_empty() {
            true => self.places(image),
            false => {
                let mut all: Vec<Place> = old.slots().iter().map(|slot| slot.place).collect();
                all.par_sort_unstable();
                all
            }
        };
        let looked: Vec<(Place, Cow<'_, [u8]>, Fate<'_>)> = places
            .into_par_iter()
            .filter_map(|place| {
                let dn = old.dn(place);
                let fate = there.fate(place.offset(), &dn);
                let now: &[u8] = match &fate {
                    Fate::Deleted => return None,
                    Fate::Unchanged => &dn,
                    Fate::Renamed(now) => now,
                    Fate::Replaced(entry) => &entry.dn,
                };
                let now = Cow::Owned(now.to_vec());
                (image.interest(&now) != Interest::None).then_some((place, now, fate))
            })
            .collect();
        if self.has_identities {
            image.note_identity();
        }
        for (place, dn, fate) in looked {
            match (image.interest(&dn), fate) {
                (Interest::None, _) | (_, Fate::Deleted) => {}
                (Interest::Place, _) => image.mark(place.offset(), &dn),
                (Interest::Content, Fate::Replaced(entry)) => {
                    image.load(place.offset(), owned(entry));
                }
                (Interest::Content, _) => {
                    let mut entry = owned(self.in_part(place));
                    entry.dn = Cow::Owned(dn.into_owned());
                    image.load(place.offset(), followed(there, entry));
                }
            }
        }
        for (number, entry) in self.numbered(there) {
            match image.interest(&entry.dn) {
                Interest::None => {}
                Interest::Place => image.mark(number, &entry.dn),
                Interest::Content => image.load(number, owned(entry)),
            }
        }
    }

    /// The entries that the change created, numbered behind those of the old export.
    fn numbered<'t>(&self, there: &'t Image<'_>) -> impl Iterator<Item = (u64, Entry<'t>)> {
        (self.last() + 1..).zip(there.added())
    }

    /// The number of the last entry of the old export.
    fn last(&self) -> u64 {
        let slots = self.proof.sources.old.slots().iter();
        slots.map(|slot| slot.place.offset()).max().unwrap_or(0)
    }

    /// Of that entry what its records may touch: all that an image needs. A record
    /// that touches anything else is refuted all the same: what it deletes is not
    /// there, and what it adds is too much.
    fn in_part(&self, place: Place) -> Entry<'a> {
        let entry = self.proof.old(place);
        let Some(touched) = self.touched.get(&place) else { return entry };
        let (dn, mut attributes) = entry.into_parts();
        attributes.retain(|attribute| {
            touched.iter().any(|name| identity::same_attribute(name, &attribute.name))
                || marks_active_directory(&attribute.name)
        });
        Entry::with_attributes(dn, attributes)
    }

    /// An entry with what its records do not touch, as the old export has it.
    fn completed(&self, part: Entry<'a>, place: Place, there: &Image<'_>) -> Entry<'a> {
        let Some(touched) = self.touched.get(&place) else { return part };
        let (dn, mut attributes) = part.into_parts();
        let whole = followed(there, self.proof.old(place));
        let rest = whole.into_parts().1.into_iter().filter(|attribute| {
            !touched.iter().any(|name| identity::same_attribute(name, &attribute.name))
                && !marks_active_directory(&attribute.name)
        });
        attributes.extend(rest);
        Entry::with_attributes(dn, attributes)
    }

    /// Checks each entity that nothing is left out of; the first that fails counts.
    fn check_all(
        &self,
        check: impl Fn(usize, &Entity) -> Result<(), Refuted> + Sync,
    ) -> Result<(), Refuted> {
        let entities = self.proof.sources.entities.list.par_iter().enumerate();
        let entities = entities.filter(|(number, _)| !self.alone[*number]);
        let failed =
            entities.map(|(number, entity)| check(number, entity)).find_first(Result::is_err);
        failed.unwrap_or(Ok(()))
    }

    /// Refutes records about entries of the old export that are not to change, and about
    /// such as are in neither.
    fn check_others(
        &self,
        image: &Image<'_>,
        added: &FxHashMap<Vec<u8>, Entry<'_>>,
        undo: bool,
    ) -> Result<(), Refuted> {
        let entities = &self.proof.sources.entities.list;
        let refuted = |dn: &[u8]| Err(Refuted { dn: dn.to_vec(), undo, flaw: DiffFlaw::Foreign });
        let own: FxHashSet<u64> =
            entities.iter().filter_map(|entity| Some(entity.before()?.place.offset())).collect();
        // Behind the last one are those that the change created, and they were looked at then.
        let last = self.last();
        if let Some((_, dn)) =
            image.touched().find(|(number, _)| *number <= last && !own.contains(number))
        {
            return refuted(dn);
        }
        let to_come = entities.iter().filter_map(|entity| match (entity, undo) {
            (Entity::Come(side), false) | (Entity::Gone(side), true) => Some(&*side.key),
            _ => None,
        });
        let to_come: FxHashSet<&[u8]> = to_come.collect();
        match added.iter().find(|(key, _)| !to_come.contains(&***key)) {
            Some((_, entry)) => refuted(&entry.dn),
            None => Ok(()),
        }
    }

    pub(super) fn check_there(&self, there: &Image<'_>) -> Result<(), Refuted> {
        let added = by_key(there);
        self.check_others(there, &added, false)?;
        self.check_all(|number, entity| {
            if self.proof.partly.contains(&number) {
                return Ok(());
            }
            let refuted = |flaw| Refuted { dn: entity.dn().to_vec(), undo: false, flaw };
            let misplaced = || refuted(DiffFlaw::Misplaced);
            match entity {
                Entity::Come(new) => {
                    let got = added.get(&new.key).ok_or_else(misplaced)?;
                    let want = self.proof.wanted(new.place);
                    self.proof.compare(got, &want, &new.dn, true).map_err(refuted)
                }
                Entity::Gone(old) => match there.fate(old.place.offset(), &old.dn) {
                    Fate::Deleted => Ok(()),
                    _ => Err(misplaced()),
                },
                Entity::Kept { old, new } => {
                    let got = self.result(there, old).ok_or_else(misplaced)?;
                    if key_of(&got.dn) != new.key {
                        return Err(misplaced());
                    }
                    let got = self.completed(got, old.place, there);
                    let want = self.proof.wanted(new.place);
                    self.proof.compare(&got, &want, &new.dn, false).map_err(refuted)
                }
            }
        })
    }

    /// What an entry of the old export has become, in part.
    fn result(&self, there: &Image<'_>, old: &Side) -> Option<Entry<'a>> {
        let unchanged = |dn: Vec<u8>| {
            let mut entry = self.in_part(old.place);
            entry.dn = Cow::Owned(dn);
            followed(there, entry)
        };
        match there.fate(old.place.offset(), &old.dn) {
            Fate::Deleted => None,
            Fate::Unchanged => Some(unchanged(old.dn.clone())),
            Fate::Renamed(dn) => Some(unchanged(dn)),
            Fate::Replaced(entry) => Some(owned(entry)),
        }
    }

    pub(super) fn check_back(&self, there: &Image<'_>, back: &Image<'_>) -> Result<(), Refuted> {
        let stays = |(number, entry): &(u64, Entry<'_>)| {
            !matches!(back.fate(*number, &entry.dn), Fate::Deleted)
        };
        if let Some((_, entry)) = self.numbered(there).find(stays) {
            let dn = entry.dn.into_owned();
            return Err(Refuted { dn, undo: true, flaw: DiffFlaw::Misplaced });
        }
        let added = by_key(back);
        self.check_others(back, &added, true)?;
        self.check_all(|number, entity| {
            let refuted = |flaw| Refuted { dn: entity.dn().to_vec(), undo: true, flaw };
            let misplaced = || refuted(DiffFlaw::Misplaced);
            let Some(old) = entity.before() else { return Ok(()) };
            if matches!(entity, Entity::Gone(_)) && !self.proof.partly.contains(&number) {
                let got = added.get(&old.key).ok_or_else(misplaced)?;
                let want = self.proof.old(old.place);
                return self.proof.compare(got, &want, &old.dn, true).map_err(refuted);
            }
            let now = self.result(there, old).ok_or_else(misplaced)?;
            let got = match back.fate(old.place.offset(), &now.dn) {
                Fate::Deleted => return Err(misplaced()),
                Fate::Unchanged => followed(back, now),
                Fate::Renamed(dn) => followed(back, Entry::with_attributes(dn, now.into_parts().1)),
                Fate::Replaced(entry) => owned(entry),
            };
            if key_of(&got.dn) != old.key {
                return Err(misplaced());
            }
            let want = self.in_part(old.place);
            self.proof.compare(&got, &want, &old.dn, false).map_err(refuted)
        })
    }
}

fn owned(entry: Entry<'_>) -> Entry<'static> {
    Entry::from(entry.into_record().into_owned())
}

/// An entry that no record speaks of, with the entries that its values name called
/// as they are once all is done.
fn followed<'a>(image: &Image<'_>, mut entry: Entry<'a>) -> Entry<'a> {
    image.follow(&mut entry);
    entry
}

/// The entries that changes created, by the keys of their names.
fn by_key(image: &Image<'_>) -> FxHashMap<Vec<u8>, Entry<'static>> {
    image.added().map(|entry| (key_of(&entry.dn), owned(entry))).collect()
}
