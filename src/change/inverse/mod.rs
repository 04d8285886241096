//! The inverse of a change: what turns the entry afterwards into the entry
//! before, value for value.
//!
//! An inverse is guarded like any change: it names the values that it expects.
//! The inverse of several records is their inverses in reverse order, and of one
//! record's modifications their inverses in reverse order.

mod file;
mod order_of_links;

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::apply::{self, Effect, Guards, Twins};
use super::identity;
use super::not_applicable::{NotApplicable, Reason};
use super::stored::StoredEntry;
use crate::directory::dn::join;
use crate::directory::{Entry, Facts};
use crate::ldif::{Attribute, Change, ChangeRecord, ModOp, Modification, Value};

pub(super) use file::invertible;
pub use file::{
    NotRestored, Obstacle, Undo, UndoRecord, Uninvertible, prove_restored, unknown_control,
};
pub(super) use order_of_links::GoneLink;

/// The records that undo `record`, to be applied in their order, given the entry
/// before it; none where the record changes nothing.
///
/// Most inverses are one record. A modrdn whose new RDN names two values, of
/// which the entry had one already, needs a modify behind the modrdn. Of an
/// add, `before` is `None`. The inverse of a delete adds all that the export
/// holds of the entry, values that only a server can write included.
///
/// # Errors
///
/// The record does not apply to the entry, and the reason.
pub fn invert<'a>(
    before: Option<&'a Entry<'a>>,
    record: &'a ChangeRecord<'a>,
) -> Result<Vec<ChangeRecord<'static>>, NotApplicable> {
    let missing = || NotApplicable::of_dn(Reason::NoSuchEntry, &record.dn);
    match (&record.change, before) {
        (Change::Add(_), Some(_)) => Err(NotApplicable::of_dn(Reason::EntryExists, &record.dn)),
        (Change::Add(_), None) => Ok(vec![of_add(&record.dn)]),
        (Change::Delete, entry) => Ok(vec![of_delete(entry.ok_or_else(missing)?.clone())]),
        (Change::Modify(mods), entry) => {
            let mut stored = StoredEntry::from(entry.ok_or_else(missing)?.clone());
            let effects = apply::modify(&mut stored, mods, Guards::of(record), Twins::Noted)?;
            Ok(of_modify(&record.dn, &stored, &effects).into_iter().collect())
        }
        (Change::ModRdn { new_rdn, delete_old_rdn, new_superior }, entry) => {
            let mut stored = StoredEntry::from(entry.ok_or_else(missing)?.clone());
            let old_dn = stored.dn.clone();
            let parent = new_superior.as_deref().unwrap_or_else(|| identity::parent_text(&old_dn));
            let new_dn = join(new_rdn, Some(parent));
            let effects = apply::rename(&mut stored, new_dn, *delete_old_rdn)?;
            Ok(of_rename(&old_dn, &stored, &effects, new_superior.is_some()))
        }
    }
}

/// The inverse of a modify record that names every value it deletes, as
/// [`plan`](super::plan()) makes them; `None` for any other record.
///
/// It needs no entry: swap per modification, modifications reversed.
#[must_use]
pub fn invert_guarded(record: &ChangeRecord<'_>) -> Option<ChangeRecord<'static>> {
    let Change::Modify(mods) = &record.change else { return None };
    let mut inverse = Vec::with_capacity(mods.len());
    for modification in mods.iter().rev() {
        let op = match modification.op {
            ModOp::Add => ModOp::Delete,
            ModOp::Delete if !modification.values.is_empty() => ModOp::Add,
            _ => return None,
        };
        inverse.push(Modification { op, ..modification.clone().into_owned() });
    }
    Some(record_of(&record.dn, Change::Modify(inverse)))
}

pub(super) fn of_add(dn: &[u8]) -> ChangeRecord<'static> {
    record_of(dn, Change::Delete)
}

pub(super) fn of_delete(entry: Entry<'_>) -> ChangeRecord<'static> {
    let whole = entry.into_record();
    let lines = whole.attributes.into_iter().map(|Attribute { name, value }| Attribute {
        name: lasting(&name),
        value: value.into_owned(),
    });
    record_of(&whole.dn, Change::Add(lines.collect()))
}

/// An attribute description that outlives its entry: one that is spelled as the schema
/// does takes no memory of its own.
fn lasting(name: &[u8]) -> Cow<'static, [u8]> {
    match Facts::lookup(name) {
        Some(facts) if facts.name.as_bytes() == name => Cow::Borrowed(facts.name.as_bytes()),
        _ => Cow::Owned(name.to_vec()),
    }
}

/// An attribute of which the entry holds only a part (`;range=`), where the
/// modifications take away values: all of them, or ones that may be spelled
/// otherwise. Without guards, values that come may be there already.
pub(super) fn partly_known(
    entry: &mut StoredEntry<'_>,
    mods: &[Modification<'_>],
    guards: Guards,
) -> Option<Vec<u8>> {
    let takes =
        |modification: &&Modification<'_>| modification.op != ModOp::Add || guards == Guards::Off;
    let taking = mods.iter().filter(takes).map(|modification| &*modification.attribute);
    entry.part_of_any(taking).map(<[u8]>::to_vec)
}

/// The inverse of effects on an entry, which is given as it is after them.
pub(super) fn of_modify(
    dn: &[u8],
    after: &StoredEntry<'_>,
    effects: &[Effect<'_>],
) -> Option<ChangeRecord<'static>> {
    let mut mods = Vec::new();
    let mut replaced = FxHashSet::default();
    // A value that came in one modification may have gone in a later one.
    let mut gone: FxHashMap<(usize, usize), &Value<'_>> = FxHashMap::default();
    for effect in effects.iter().rev() {
        let attribute = after.attribute(effect.slot);
        if !after.is_active_directory() && identity::lacks_equality(attribute.name()) {
            if !(effect.added.is_empty() && effect.removed.is_empty())
                && replaced.insert(effect.slot)
            {
                if attribute.len() > 0 {
                    mods.push(modification(ModOp::Delete, attribute.name(), Vec::new()));
                }
                let before = values_before(after, attribute.name(), effects);
                push_mod(&mut mods, ModOp::Add, attribute.name(), before);
            }
            continue;
        }
        gone.extend(effect.removed.iter().map(|(place, v)| ((effect.slot, *place), v)));
        let came = effect.added.iter().filter_map(|&place| {
            gone.get(&(effect.slot, place)).copied().or_else(|| attribute.at(place))
        });
        let went = effect.removed.iter().map(|(_, value)| value);
        let mut delete = distinct(came.chain(&effect.twins));
        let mut add = distinct(went.chain(&effect.twins));
        if !effect.added.is_empty() && !effect.removed.is_empty() {
            leave_out_common(attribute.name(), &mut delete, &mut add);
        }
        for (op, values) in [(ModOp::Delete, delete), (ModOp::Add, add)] {
            push_mod(&mut mods, op, attribute.name(), values);
        }
    }
    if mods.is_empty() { None } else { Some(record_of(dn, Change::Modify(mods))) }
}

/// The inverse of a rename, given the entry as it is after it: the rename back,
/// and a modify for what that does not restore.
pub(super) fn of_rename(
    old_dn: &[u8],
    after: &StoredEntry<'_>,
    effects: &[Effect<'_>],
    moved: bool,
) -> Vec<ChangeRecord<'static>> {
    let parent = identity::parent_text(old_dn);
    let naming = |dn| identity::rdn_values(dn).unwrap_or_default();
    let old_names = naming(old_dn);
    let came = effects.iter().map(|effect| effect.added.len()).sum::<usize>();
    let is_old = |(name, value): &(Vec<u8>, Vec<u8>)| {
        old_names.iter().any(|(own, had)| own.eq_ignore_ascii_case(name) && had == value)
    };
    let new = naming(&after.dn).into_iter().filter(|named| !is_old(named)).count();
    // Values that the entry had before must not go with the name, not even for a
    // moment: it may have to have one. Where no name came, none goes, and Active
    // Directory wants to hear that old names go even then.
    let delete_old_rdn = new == 0 || (came > 0 && came == new);
    let back = Change::ModRdn {
        new_rdn: Cow::Owned(identity::rdn_text(old_dn).to_vec()),
        delete_old_rdn,
        new_superior: moved.then(|| Cow::Owned(parent.to_vec())),
    };
    let mut records = vec![record_of(&after.dn, back)];

    let mut names: Vec<Vec<u8>> = Vec::new();
    for (name, _) in naming(&after.dn).iter().chain(&old_names) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.clone());
        }
    }
    let mut restored = Entry::new(after.dn.to_vec());
    for name in &names {
        for value in after.values(name) {
            restored.push(Cow::Borrowed(name), value.clone());
        }
    }
    let mut restored = StoredEntry::from(restored);
    if apply::rename(&mut restored, old_dn.to_vec(), delete_old_rdn).is_err() {
        return records;
    }
    let mut mods = Vec::new();
    for name in &names {
        let wanted = values_before(after, name, effects);
        let got = distinct(restored.values(name));
        let old = old_names.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let (delete, add) = not_restored(name, &wanted, &got, old.map(|(_, value)| &**value));
        push_mod(&mut mods, ModOp::Delete, name, delete);
        push_mod(&mut mods, ModOp::Add, name, add);
    }
    if !mods.is_empty() {
        records.push(record_of(old_dn, Change::Modify(mods)));
    }
    records
}

/// What is still to be deleted and added of an attribute that names the entry, so that it
/// has what is wanted in place of what the rename back gave.
fn not_restored<'v, 'a, 'n>(
    attribute: &[u8],
    wanted: &[&'v Value<'a>],
    got: &[&'v Value<'a>],
    old_names: impl Iterator<Item = &'n [u8]>,
) -> (Vec<&'v Value<'a>>, Vec<&'v Value<'a>>) {
    // What names the entry stays, though the export may lack it: at most it
    // comes back as the entry spelled it.
    let rule = identity::rule_of(attribute);
    let spelled = |named: &&[u8]| {
        let key = identity::value_key(rule, named);
        wanted.iter().any(|v| v.bytes().is_some_and(|v| identity::value_key(rule, v) == key))
    };
    let lacking: Vec<&[u8]> = old_names.filter(|named| !spelled(named)).collect();
    let names = |value: &Value<'_>| value.bytes().is_some_and(|v| lacking.contains(&v));
    let had: FxHashSet<&Value<'_>> = wanted.iter().copied().collect();
    let has: FxHashSet<&Value<'_>> = got.iter().copied().collect();
    let unwanted = |value: &&Value<'_>| !had.contains(value) && !names(value);
    let mut delete: Vec<_> = got.iter().copied().filter(unwanted).collect();
    let mut add: Vec<_> = wanted.iter().copied().filter(|value| !has.contains(value)).collect();
    // A twin in its place goes and comes back with it.
    let key = |value: &Value<'_>| value.bytes().map(|v| identity::value_key(rule, v).into_owned());
    let keys: FxHashSet<_> = add.iter().map(|value| key(value)).collect();
    let twins = got.iter().copied().filter(|v| had.contains(v) && keys.contains(&key(v)));
    let twins: Vec<_> = twins.collect();
    delete.extend(&twins);
    add.extend(twins);
    (delete, add)
}

/// The values of an attribute before the effects of a record.
fn values_before<'v, 'a>(
    after: &'v StoredEntry<'a>,
    name: &[u8],
    effects: &'v [Effect<'a>],
) -> Vec<&'v Value<'a>> {
    let Some(slot) = after.slot(name) else { return Vec::new() };
    let attribute = after.attribute(slot);
    let here = || effects.iter().filter(|effect| effect.slot == slot);
    let came: FxHashSet<usize> = here().flat_map(|effect| effect.added.iter().copied()).collect();
    let kept = attribute
        .places()
        .into_iter()
        .filter(|place| !came.contains(place))
        .filter_map(|place| attribute.at(place));
    let went = here().flat_map(|effect| &effect.removed).filter(|(place, _)| !came.contains(place));
    distinct(kept.chain(went.map(|(_, value)| value)))
}

/// Drops the values that a replace took and put back. Values with a twin stay:
/// a server might take the twin instead.
fn leave_out_common(name: &[u8], delete: &mut Vec<&Value<'_>>, add: &mut Vec<&Value<'_>>) {
    let rule = identity::rule_of(name);
    let key = |value: &Value<'_>| value.bytes().map(|v| identity::value_key(rule, v).into_owned());
    let mut holders: FxHashMap<_, (u32, u32)> = FxHashMap::default();
    for value in delete.iter() {
        holders.entry(key(value)).or_default().0 += 1;
    }
    for value in add.iter() {
        holders.entry(key(value)).or_default().1 += 1;
    }
    let added: FxHashSet<&Value<'_>> = add.iter().copied().collect();
    let common: FxHashSet<&Value<'_>> = delete
        .iter()
        .copied()
        .filter(|value| added.contains(value) && holders.get(&key(value)) == Some(&(1, 1)))
        .collect();
    delete.retain(|value| !common.contains(value));
    add.retain(|value| !common.contains(value));
}

/// Each value once, in order: no server takes the same value twice.
fn distinct<'v, 'a: 'v>(values: impl Iterator<Item = &'v Value<'a>>) -> Vec<&'v Value<'a>> {
    let mut seen = FxHashSet::default();
    values.filter(|value| seen.insert(*value)).collect()
}

fn push_mod(
    mods: &mut Vec<Modification<'static>>,
    op: ModOp,
    attribute: &[u8],
    values: Vec<&Value<'_>>,
) {
    if !values.is_empty() {
        mods.push(modification(op, attribute, values));
    }
}

fn modification(op: ModOp, attribute: &[u8], values: Vec<&Value<'_>>) -> Modification<'static> {
    Modification {
        op,
        attribute: Cow::Owned(attribute.to_vec()),
        values: values.into_iter().map(|value| value.clone().into_owned()).collect(),
    }
}

fn record_of(dn: &[u8], change: Change<'static>) -> ChangeRecord<'static> {
    ChangeRecord { dn: Cow::Owned(dn.to_vec()), controls: Vec::new(), spelling: None, change }
}
