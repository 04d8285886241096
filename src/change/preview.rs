//! What a change record does to an entry, value by value, for people: told by the
//! very code that applies it.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::apply::{self, Effect, Guards, Twins};
use super::continued::owned;
use super::not_applicable::{NotApplicable, Reason};
use super::stored::{StoredAttribute, StoredEntry};
use crate::directory::Entry;
use crate::ldif::{Change, ChangeRecord, ModOp, Modification, Value};

/// What a change record does, and why it does not apply, where it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Why the record does not apply, unless an attribute says so.
    pub refusal: Option<NotApplicable>,
    /// The attributes that a modify speaks of, in the order of their first mention. Of
    /// one that does not apply this is what would be done without what is in the way.
    pub attributes: Vec<TouchedAttribute>,
    /// The entry that a delete takes away, where it is known.
    pub gone: Option<Entry<'static>>,
    /// How many entries below it go too.
    pub gone_below: u64,
}

/// One attribute and what becomes of its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TouchedAttribute {
    /// The attribute description as the record first spells it.
    pub name: Vec<u8>,
    /// What is in the way.
    pub refusals: Vec<NotApplicable>,
    /// What cannot be said value by value, since the entry is not known.
    pub unknown: Vec<Unknown>,
    /// The values that go and, up to [`Self::SIBLINGS`] of them, those that stay, in
    /// their order.
    pub before: Vec<Before>,
    /// How many values stay.
    pub kept: usize,
    /// The values that come.
    pub added: Vec<Value<'static>>,
}

/// A value that the entry has before the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// It stays.
    Kept(Value<'static>),
    /// It goes.
    Removed(Value<'static>),
}

/// What a record does to values that only the entry tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// All values go.
    AllRemoved,
    /// What comes replaces all values.
    AllReplaced,
    /// A number grows by this.
    Incremented(Value<'static>),
}

impl TouchedAttribute {
    /// Up to so many values that stay are listed.
    pub const SIBLINGS: usize = 4;
}

impl Preview {
    /// What the record says by itself, without the entry that it is for.
    #[must_use]
    pub fn alone(record: &ChangeRecord<'_>) -> Self {
        let Change::Modify(mods) = &record.change else { return Self::default() };
        Self { attributes: assumed(mods), ..Self::default() }
    }

    /// What the record does to this entry. What is above, below and beside the entry is
    /// not looked at: see [`Image::previews`](super::Image::previews).
    #[must_use]
    pub fn on(entry: &Entry<'_>, record: &ChangeRecord<'_>) -> Self {
        let mut stored = StoredEntry::from(owned(entry.clone()));
        if stored.is_openldap()
            && let Err(why) = apply::taken_by_openldap(record)
        {
            return Self::refused(why);
        }
        match &record.change {
            Change::Modify(mods) => {
                let how = (Guards::of(record), Twins::Ignored);
                match apply::modify_keeping(&mut stored, mods, how, kept) {
                    Ok(effects) => Self::of_effects(&mut stored, mods, &effects),
                    Err(why) => Self::of_refused(&mut stored, mods, how.0, why),
                }
            }
            Change::Add(_) => Self::refused(NotApplicable::of_dn(Reason::EntryExists, &record.dn)),
            Change::Delete => Self { gone: Some(stored.into_entry()), ..Self::default() },
            Change::ModRdn { .. } => {
                let mut entry = stored.into_entry();
                let refusal = apply::apply_record_to_entry(&mut entry, record).err();
                Self { refusal, ..Self::default() }
            }
        }
    }

    /// A record of which there is no more to say than why it does not apply.
    pub(super) fn refused(why: NotApplicable) -> Self {
        Self { refusal: Some(why), ..Self::default() }
    }

    /// What was done to an entry that is now as the effects left it.
    pub(super) fn of_effects(
        entry: &mut StoredEntry<'_>,
        mods: &[Modification<'_>],
        effects: &[Effect<'_>],
    ) -> Self {
        Self { attributes: touched(entry, mods, effects), ..Self::default() }
    }

    /// What is in the way of modifications that do not apply to the entry, which stays
    /// as it is, and what the rest of them would do.
    pub(super) fn of_refused(
        entry: &mut StoredEntry<'_>,
        mods: &[Modification<'_>],
        guards: Guards,
        why: NotApplicable,
    ) -> Self {
        let mut trial = Trial { effects: Vec::new(), refusals: Vec::new(), guards };
        mods.iter().for_each(|modification| trial.go_through(entry, modification));
        let Trial { effects, mut refusals, .. } = trial;
        if !refusals.contains(&why) {
            refusals.push(why);
        }
        let mut attributes = touched(entry, mods, &effects);
        apply::take_back(entry, effects);
        let mut refusal = None;
        let numbered = attributes.iter().enumerate();
        let places: FxHashMap<Vec<u8>, usize> =
            numbered.map(|(place, own)| (own.name.to_ascii_lowercase(), place)).collect();
        for why in refusals {
            let of = why.attribute.as_deref().unwrap_or_default().to_ascii_lowercase();
            match places.get(&of).and_then(|&place| attributes.get_mut(place)) {
                Some(attribute) => attribute.refusals.push(why),
                None => refusal = Some(why),
            }
        }
        Self { refusal, attributes, ..Self::default() }
    }

    /// All values that are shown, with the attribute descriptions.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = (&[u8], &mut Value<'static>)> {
        self.attributes.iter_mut().flat_map(|attribute| {
            let before = attribute.before.iter_mut().map(|before| match before {
                Before::Kept(value) | Before::Removed(value) => value,
            });
            let name = attribute.name.as_slice();
            before.chain(&mut attribute.added).map(move |value| (name, value))
        })
    }

    /// All that is in the way.
    pub fn refusals(&self) -> impl Iterator<Item = &NotApplicable> {
        self.refusal.iter().chain(self.attributes.iter().flat_map(|own| &own.refusals))
    }

    pub(super) fn refusals_mut(&mut self) -> impl Iterator<Item = &mut NotApplicable> {
        let of_attributes = self.attributes.iter_mut().flat_map(|own| &mut own.refusals);
        self.refusal.iter_mut().chain(of_attributes)
    }
}

/// Modifications that are gone through to the end, whatever is in the way of some.
struct Trial<'a> {
    effects: Vec<Effect<'a>>,
    refusals: Vec<NotApplicable>,
    guards: Guards,
}

impl<'a> Trial<'a> {
    fn go_through(&mut self, entry: &mut StoredEntry<'a>, modification: &Modification<'_>) {
        let Err(why) = self.make(entry, modification) else { return };
        match modification.op {
            // One that goes changes what the next one finds.
            ModOp::Delete if !modification.values.is_empty() => {
                for value in &modification.values {
                    let refusal = self.make(entry, &only(modification, vec![value])).err();
                    self.refusals.extend(refusal);
                }
            }
            // Those of one add are not looked for among each other.
            ModOp::Add if !modification.values.is_empty() => {
                let mut free = Vec::new();
                for value in &modification.values {
                    let behind = self.effects.len();
                    match self.make(entry, &only(modification, vec![value])) {
                        Ok(()) => free.push(value),
                        Err(why) => self.refusals.push(why),
                    }
                    apply::take_back(entry, self.effects.split_off(behind));
                }
                if !free.is_empty() {
                    let refusal = self.make(entry, &only(modification, free)).err();
                    self.refusals.extend(refusal);
                }
            }
            _ => self.refusals.push(why),
        }
    }

    /// Makes one modification, or none of it.
    fn make(
        &mut self,
        entry: &mut StoredEntry<'a>,
        modification: &Modification<'_>,
    ) -> Result<(), NotApplicable> {
        let behind = self.effects.len();
        let how = (self.guards, Twins::Ignored);
        let done = apply::modify_once(entry, modification, how, kept, &mut self.effects);
        if done.is_err() {
            apply::take_back(entry, self.effects.split_off(behind));
        }
        done
    }
}

fn only<'m>(modification: &'m Modification<'_>, values: Vec<&'m Value<'_>>) -> Modification<'m> {
    Modification {
        op: modification.op,
        attribute: Cow::Borrowed(&modification.attribute),
        values: values.into_iter().map(apply::borrowed).collect(),
    }
}

fn kept<'a>(value: &Value<'_>) -> Value<'a> {
    value.clone().into_owned()
}

/// What the modifications do to an entry of which nothing is known but what they say:
/// what they delete is there.
fn assumed(mods: &[Modification<'_>]) -> Vec<TouchedAttribute> {
    let mut entry = StoredEntry::from(Entry::new(Vec::new()));
    let mut trial = Trial { effects: Vec::new(), refusals: Vec::new(), guards: Guards::Off };
    let mut unknown = Vec::new();
    for modification in mods {
        let slot = entry.slot_or_new(&modification.attribute);
        let attribute = entry.attribute_mut(slot);
        match modification.op {
            ModOp::Delete if modification.values.is_empty() => {
                unknown.push((slot, Unknown::AllRemoved));
            }
            ModOp::Delete => {
                for value in &modification.values {
                    if !attribute.holds(value) {
                        attribute.push(kept(value));
                    }
                }
            }
            ModOp::Replace => unknown.push((slot, Unknown::AllReplaced)),
            ModOp::Increment => {
                let by = modification.values.iter();
                unknown.extend(by.map(|by| (slot, Unknown::Incremented(kept(by)))));
                continue;
            }
            ModOp::Add => {}
        }
        trial.go_through(&mut entry, modification);
    }
    let mut attributes = touched(&mut entry, mods, &trial.effects);
    let mut by_slot: FxHashMap<usize, Vec<Unknown>> = FxHashMap::default();
    for (slot, what) in unknown {
        by_slot.entry(slot).or_default().push(what);
    }
    for attribute in &mut attributes {
        let own = entry.slot(&attribute.name).and_then(|slot| by_slot.get(&slot));
        attribute.unknown = own.cloned().unwrap_or_default();
    }
    attributes
}

/// The attributes of which the modifications speak; the entry is as the effects left
/// it.
fn touched(
    entry: &mut StoredEntry<'_>,
    mods: &[Modification<'_>],
    effects: &[Effect<'_>],
) -> Vec<TouchedAttribute> {
    let mut by_slot: FxHashMap<usize, Vec<&Effect<'_>>> = FxHashMap::default();
    for effect in effects {
        by_slot.entry(effect.slot).or_default().push(effect);
    }
    let mut attributes = Vec::new();
    let mut seen = FxHashSet::default();
    for modification in mods {
        let name = modification.attribute.to_vec();
        if seen.insert(name.to_ascii_lowercase()) {
            attributes.push(match entry.slot(&name) {
                Some(slot) => {
                    let own = by_slot.get(&slot).map(Vec::as_slice).unwrap_or_default();
                    one_touched(entry.attribute(slot), name, own)
                }
                None => TouchedAttribute { name, ..TouchedAttribute::default() },
            });
        }
    }
    attributes
}

fn one_touched(
    attribute: &StoredAttribute<'_>,
    name: Vec<u8>,
    effects: &[&Effect<'_>],
) -> TouchedAttribute {
    let own = || effects.iter().copied();
    // A value that came and went again was never there for anybody.
    let came: FxHashSet<usize> = own().flat_map(|effect| &effect.added).copied().collect();
    let went = own().flat_map(|effect| &effect.removed).filter(|(place, _)| !came.contains(place));
    let mut before: Vec<(usize, Before)> =
        went.map(|(place, value)| (*place, Before::Removed(kept(value)))).collect();
    let mut added: Vec<usize> =
        came.iter().copied().filter(|&place| attribute.at(place).is_some()).collect();
    added.sort_unstable();
    let stays = attribute.len() - added.len();
    if (1..=TouchedAttribute::SIBLINGS).contains(&stays) {
        let places = attribute.places().into_iter().filter(|place| !came.contains(place));
        let values = places.filter_map(|place| Some((place, attribute.at(place)?)));
        before.extend(values.map(|(place, value)| (place, Before::Kept(kept(value)))));
    }
    before.sort_unstable_by_key(|(place, _)| *place);
    TouchedAttribute {
        name,
        before: before.into_iter().map(|(_, value)| value).collect(),
        kept: stays,
        added: added.iter().filter_map(|&place| attribute.at(place)).map(kept).collect(),
        ..TouchedAttribute::default()
    }
}
