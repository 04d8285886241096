//! What becomes of one entry when its records are applied, forth and back.

use rustc_hash::FxHashSet;

use super::{Case, Flaw};
use crate::change::apply::{self, Guards, Twins};
use crate::change::identity;
use crate::change::plan::UniqueValue;
use crate::change::stored::{StoredEntry, hash_of};
use crate::directory::{Entry, Uniqueness};
use crate::ldif::{Change, ChangeRecord, ModOp, Value};

/// An entry's way to what is intended, and back.
pub(super) struct Course {
    /// The hashes of the unique values that it has at first.
    pub held: Vec<u64>,
    pub forth: Leg,
    pub back: Leg,
}

/// One half of a course.
#[derive(Default)]
pub(super) struct Leg {
    /// What each record does, by its number in the file.
    pub exchanges: Vec<(usize, Result<Exchange, Flaw>)>,
    /// What is wrong with the entry at its end.
    pub flaw: Option<Flaw>,
}

/// The unique values that a record frees and takes.
pub(super) struct Exchange {
    pub freed: Vec<UniqueValue>,
    pub taken: Vec<UniqueValue>,
}

impl Course {
    pub(super) fn of<'c>(
        case: &'c Case<'_>,
        forth: impl Iterator<Item = (usize, &'c ChangeRecord<'c>)>,
        back: impl Iterator<Item = (usize, &'c ChangeRecord<'c>)>,
    ) -> Self {
        let mut entry = StoredEntry::borrowed(&case.before);
        let held = unique_values_of(&entry, &case.before).iter().map(hash_of).collect();
        let forth = Leg::of(&mut entry, forth, &case.after);
        let back = Leg::of(&mut entry, back, &case.before);
        Self { held, forth, back }
    }
}

impl Leg {
    fn of<'c>(
        entry: &mut StoredEntry<'c>,
        records: impl Iterator<Item = (usize, &'c ChangeRecord<'c>)>,
        end: &Entry<'_>,
    ) -> Self {
        let exchanges = records.map(|(at, record)| (at, exchange(entry, record))).collect();
        Self { exchanges, flaw: difference(entry, end) }
    }
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

/// The unique values of an entry as it stands.
pub(super) fn unique_values_at_first(before: &Entry<'_>) -> FxHashSet<UniqueValue> {
    unique_values_of(&StoredEntry::borrowed(before), before)
}

fn unique_values_of(stored: &StoredEntry<'_>, entry: &Entry<'_>) -> FxHashSet<UniqueValue> {
    unique_values(stored, entry.attributes().iter().map(|attribute| &*attribute.name))
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
pub(in crate::change) fn difference(got: &StoredEntry<'_>, expected: &Entry<'_>) -> Option<Flaw> {
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
