//! The proof that stands before anything is written: the change, read back, leads
//! from the old export to the new one, and the undo back.
//!
//! Only the entries that records speak of are looked at, and what stands right below
//! an entry that goes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::compared::{canonical, holds_dns};
use super::content::naming_types;
use super::entity::{Entity, Side};
use super::index::{Place, Slot, fingerprint, key_of, plain_dn};
use super::operation::{Act, Operations, Sources};
use crate::change::stored::marks_active_directory;
use crate::change::{Fate, Image, Interest, NotApplicable, OnRefusal, Outcome, Run, identity};
use crate::directory::{Entry, EntryAttribute};
use crate::ldif::{ChangeRecord, Value};

/// What refutes a change or its undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuted {
    /// The name of the record's or the entry's DN.
    pub dn: Vec<u8>,
    /// Whether the undo fails, and not the change.
    pub undo: bool,
    /// What is wrong.
    pub flaw: DiffFlaw,
}

/// What is wrong with a record or with the result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiffFlaw {
    /// A record does not apply.
    #[error("record {number} does not apply: {refusal}")]
    NotApplicable {
        /// Its number, from 1.
        number: usize,
        /// Why not.
        refusal: NotApplicable,
    },
    /// The entry is not there, or not under its name.
    #[error("the entry is not where it should be")]
    Misplaced,
    /// The entry has other values than it should.
    #[error("the values of {} are not those that they should be", .attribute.escape_ascii())]
    Values {
        /// The attribute.
        attribute: Vec<u8>,
    },
}

impl fmt::Display for Refuted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = if self.undo { "the undo" } else { "the change" };
        write!(f, "{file} ({}): {}", self.dn.escape_ascii(), self.flaw)
    }
}

impl std::error::Error for Refuted {}

/// Attributes, in canonical form, and values.
type Values = BTreeSet<(Vec<u8>, Vec<u8>)>;

/// Proves a change and its undo, both as they were read back.
///
/// `partly` holds the entries of which something is left out on purpose.
///
/// # Errors
/// The first counterexample.
pub(super) fn prove(
    sources: &Sources<'_, '_>,
    operations: &Operations<'_>,
    partly: &FxHashSet<usize>,
    change: &[ChangeRecord<'_>],
    undo: &[ChangeRecord<'_>],
) -> Result<(), Refuted> {
    let proof = Proof { sources, partly, touched: touched(sources, operations) };
    let mut there = Image::new(change, OnRefusal::Stop);
    proof.run(&mut there, change, false, |image| proof.feed_old(image))?;
    proof.check_there(&there)?;
    let mut back = Image::new(undo, OnRefusal::Stop);
    proof.run(&mut back, undo, true, |image| proof.feed_new(image, &there))?;
    proof.check_back(&there, &back)
}

struct Proof<'p, 'a> {
    sources: &'p Sources<'p, 'a>,
    partly: &'p FxHashSet<usize>,
    /// The attributes that the records of an entry may touch.
    touched: FxHashMap<Place, Vec<Vec<u8>>>,
}

/// The attributes that operations touch, and those that name the entries.
fn touched(
    sources: &Sources<'_, '_>,
    operations: &Operations<'_>,
) -> FxHashMap<Place, Vec<Vec<u8>>> {
    let mut touched: FxHashMap<Place, Vec<Vec<u8>>> = FxHashMap::default();
    for entity in &sources.entities.list {
        if let Some(old) = entity.before() {
            let new = entity.after().unwrap_or(old);
            touched.entry(old.place).or_insert_with(|| naming_types(&old.dn, &new.dn));
        }
    }
    for operation in &operations.list {
        let old = sources.entities.list[operation.entity].before();
        if let (Act::Modify(deltas), Some(old)) = (&operation.act, old) {
            let names = deltas.iter().map(|delta| delta.name.to_vec());
            touched.entry(old.place).or_default().extend(names);
        }
    }
    touched
}

impl<'a> Proof<'_, 'a> {
    fn run<'i>(
        &self,
        image: &mut Image<'i>,
        records: &[ChangeRecord<'_>],
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
                let flaw = DiffFlaw::NotApplicable { number: at + 1, refusal };
                return Err(Refuted { dn, undo, flaw });
            }
        }
        Ok(())
    }

    /// The places of the old export that an image may ask about.
    fn places(&self, image: &Image<'_>) -> Vec<Place> {
        let old = self.sources.old;
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

    fn feed_old<'i>(&self, image: &mut Image<'i>)
    where
        'a: 'i,
    {
        let places = self.places(image);
        let looked = places.into_par_iter().map(|place| {
            let dn = self.sources.old.dn(place);
            let interest = image.interest(&dn);
            let entry = (interest == Interest::Content).then(|| self.in_part(place));
            (place, dn, interest, entry)
        });
        let looked: Vec<_> = looked.collect();
        for (place, dn, interest, entry) in looked {
            match (interest, entry) {
                (Interest::None, _) => {}
                (_, Some(entry)) => image.load(place.offset(), entry),
                (_, None) => image.mark(place.offset(), &dn),
            }
        }
    }

    /// What the changes left, for the undo.
    fn feed_new<'i>(&self, image: &mut Image<'i>, there: &Image<'_>) {
        let old = self.sources.old;
        // Below what moved, entries are found under other names than the index has.
        let places = match self.sources.entities.moves.is_empty() {
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
        let last = old.slots().iter().map(|slot| slot.place.offset()).max().unwrap_or(0);
        for (number, entry) in (last + 1..).zip(there.added()) {
            match image.interest(&entry.dn) {
                Interest::None => {}
                Interest::Place => image.mark(number, &entry.dn),
                Interest::Content => image.load(number, owned(entry)),
            }
        }
    }

    /// An entry of the old export.
    fn old(&self, place: Place) -> Entry<'a> {
        let (dn, attributes) = self.sources.old.entry(place).into_parts();
        Entry::with_attributes(plain_dn(dn), attributes)
    }

    /// Of that entry what its records may touch: all that an image needs. A record
    /// that touches anything else is refuted all the same: what it deletes is not
    /// there, and what it adds is too much.
    fn in_part(&self, place: Place) -> Entry<'a> {
        let entry = self.old(place);
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
        let whole = followed(there, self.old(place));
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
        let entities = self.sources.entities.list.par_iter().enumerate();
        let failed =
            entities.map(|(number, entity)| check(number, entity)).find_first(Result::is_err);
        failed.unwrap_or(Ok(()))
    }

    fn check_there(&self, there: &Image<'_>) -> Result<(), Refuted> {
        let added = by_key(there);
        self.check_all(|number, entity| {
            if self.partly.contains(&number) {
                return Ok(());
            }
            let refuted = |flaw| Refuted { dn: entity.dn().to_vec(), undo: false, flaw };
            let misplaced = || refuted(DiffFlaw::Misplaced);
            match entity {
                Entity::Come(new) => {
                    let got = added.get(&new.key).ok_or_else(misplaced)?;
                    let want = self.sources.new.entry(new.place);
                    self.compare(got, &want, (&new.dn, &new.dn), true).map_err(refuted)
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
                    let want = self.sources.new.entry(new.place);
                    self.compare(&got, &want, (&old.dn, &new.dn), false).map_err(refuted)
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

    fn check_back(&self, there: &Image<'_>, back: &Image<'_>) -> Result<(), Refuted> {
        let added = by_key(back);
        self.check_all(|number, entity| {
            let refuted = |flaw| Refuted { dn: entity.dn().to_vec(), undo: true, flaw };
            let misplaced = || refuted(DiffFlaw::Misplaced);
            let Some(old) = entity.before() else { return Ok(()) };
            if matches!(entity, Entity::Gone(_)) && !self.partly.contains(&number) {
                let got = added.get(&old.key).ok_or_else(misplaced)?;
                let want = self.old(old.place);
                return self.compare(got, &want, (&old.dn, &old.dn), true).map_err(refuted);
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
            self.compare(&got, &want, (&old.dn, &old.dn), false).map_err(refuted)
        })
    }

    /// Compares two entries as sets of values, in the attributes that are compared.
    fn compare(
        &self,
        got: &Entry<'_>,
        want: &Entry<'_>,
        (old_dn, new_dn): (&[u8], &[u8]),
        added: bool,
    ) -> Result<(), DiffFlaw> {
        let (some_got, some_want) = (unlike(got, want), unlike(want, got));
        let naming = naming_types(old_dn, new_dn);
        let partial: Vec<&[u8]> = some_got
            .iter()
            .chain(&some_want)
            .filter(|a| {
                identity::is_partial(&a.name) || a.values.iter().any(|v| v.bytes().is_none())
            })
            .map(|a| &*a.name)
            .collect();
        let has = |entry: &Entry<'_>, name: &[u8]| {
            entry.attributes().iter().any(|a| identity::same_attribute(&a.name, name))
        };
        // What names an entry may be missing in an export, and AD's `name` follows.
        let counts = |name: &[u8]| {
            self.sources.compared.takes(name)
                && !partial.iter().any(|of| identity::same_attribute(of, name))
                && !self.sources.server.names_by_itself(name, &[])
                && (!added || self.sources.server.takes_in_add(name))
                && (!naming.iter().any(|of| identity::same_attribute(of, name))
                    || (has(got, name) && has(want, name)))
        };
        let values = |entry: &Entry<'_>, some: &[&EntryAttribute<'_>]| -> Values {
            let named = identity::rdn_values(&entry.dn).unwrap_or_default();
            let named = named.into_iter().filter(|(name, _)| counts(name));
            let named = named.filter(|(name, value)| !holds_equal(entry, name, value));
            let named = named.map(|(name, value)| (canonical(&name).into_owned(), value));
            let counted = some.iter().filter(|a| counts(&a.name));
            counted
                .flat_map(|attribute| {
                    let name = canonical(&attribute.name).into_owned();
                    let rule = identity::rule_of(&name);
                    let follows =
                        holds_dns(&name) && self.sources.server.follows_links(&attribute.name);
                    let bytes = attribute.values.iter().filter_map(Value::bytes);
                    bytes.map(move |value| {
                        let value = match follows {
                            true => identity::value_key(rule, value).into_owned(),
                            false => value.to_vec(),
                        };
                        (name.clone(), value)
                    })
                })
                .chain(named)
                .collect()
        };
        let (got, want) = (values(got, &some_got), values(want, &some_want));
        match got.symmetric_difference(&want).next() {
            None => Ok(()),
            Some((attribute, _)) => Err(DiffFlaw::Values { attribute: attribute.clone() }),
        }
    }
}

/// The attributes of an entry that another one does not have just so.
fn unlike<'e, 'a>(entry: &'e Entry<'a>, other: &Entry<'_>) -> Vec<&'e EntryAttribute<'a>> {
    let others: FxHashMap<&[u8], &EntryAttribute<'_>> =
        other.attributes().iter().map(|attribute| (&*attribute.name, attribute)).collect();
    let is_like = |attribute: &&EntryAttribute<'_>| {
        others.get(&*attribute.name).is_some_and(|other| other.values == attribute.values)
    };
    entry.attributes().iter().filter(|attribute| !is_like(attribute)).collect()
}

/// Whether an entry has a value that is equal under the matching rule.
fn holds_equal(entry: &Entry<'_>, name: &[u8], value: &[u8]) -> bool {
    let rule = identity::rule_of(name);
    let key = identity::value_key(rule, value);
    let same = entry.attributes().iter().filter(|a| identity::same_attribute(&a.name, name));
    let mut bytes = same.flat_map(|a| &a.values).filter_map(Value::bytes);
    bytes.any(|bytes| identity::value_key(rule, bytes) == key)
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
