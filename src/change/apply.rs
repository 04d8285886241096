//! Applying a change record to one entry, exactly as a server does: all of it or
//! nothing.
//!
//! A value is named by its bytes, or else by any spelling that is equal under
//! the attribute's matching rule: servers accept `delete: mail` with the value
//! in another case, and take the first equal value.
//!
//! Values that are equal under the rule and differ in bytes may come in one
//! `add`: only a directory that already held such twins ever needs them back.
//!
//! With the control for permissive modify, what is there already is not added and
//! what is not there is not deleted, and the record applies all the same. OpenLDAP,
//! told by its `entryCSN`, has exceptions.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::identity;
use super::image::is_identity;
use super::not_applicable::{NotApplicable, Reason};
use super::stored::{StoredEntry, is_openldap};
use crate::directory::Entry;
use crate::directory::dn::join;
use crate::ldif::{Change, ChangeRecord, ModOp, Modification, Value};

/// Applies a modify or modrdn to an entry, in place.
///
/// A modrdn changes the entry's DN and the values that name it; where the new
/// name is free and the new parent exists is not looked at.
///
/// # Errors
///
/// Says which attribute and value are in the way, or that an add meets an
/// existing entry. A delete leaves no entry and is refused here: see
/// [`Image`](super::Image). The entry is unchanged then.
pub fn apply_to_entry<'a>(
    entry: &mut Entry<'a>,
    change: &'a Change<'a>,
) -> Result<(), NotApplicable> {
    apply_guarded(entry, change, Guards::On)
}

/// The same for a record, whose controls may say more.
///
/// # Errors
///
/// As [`apply_to_entry`].
pub fn apply_record_to_entry<'a>(
    entry: &mut Entry<'a>,
    record: &'a ChangeRecord<'a>,
) -> Result<(), NotApplicable> {
    if is_openldap(entry) {
        taken_by_openldap(record)?;
    }
    apply_guarded(entry, &record.change, Guards::of(record))
}

fn apply_guarded<'a>(
    entry: &mut Entry<'a>,
    change: &'a Change<'a>,
    guards: Guards,
) -> Result<(), NotApplicable> {
    let whole = std::mem::replace(entry, Entry::new(Vec::new()));
    let mut stored = StoredEntry::from(whole);
    let done = match change {
        Change::Modify(mods) => modify(&mut stored, mods, guards, Twins::Ignored).map(drop),
        Change::ModRdn { new_rdn, delete_old_rdn, new_superior } => {
            let parent =
                new_superior.as_deref().unwrap_or_else(|| identity::parent_text(&stored.dn));
            let new_dn = join(new_rdn, Some(parent));
            rename(&mut stored, new_dn, *delete_old_rdn).map(drop)
        }
        Change::Add(_) => Err(NotApplicable::of_dn(Reason::EntryExists, &stored.dn)),
        Change::Delete => Err(NotApplicable::of_dn(Reason::NoEntryLeft, &stored.dn)),
    };
    *entry = stored.into_entry();
    done
}

/// What one modification did to one attribute.
#[derive(Debug)]
pub(super) struct Effect<'a> {
    /// The attribute's number in the entry.
    pub(super) slot: usize,
    /// The values that went, with their places.
    pub(super) removed: Vec<(usize, Value<'a>)>,
    /// The places of the values that came.
    pub(super) added: Vec<usize>,
    /// The values left behind that are equal to a removed one.
    pub(super) twins: Vec<Value<'a>>,
}

/// Whether effects tell of twins; only an inverse needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twins {
    Ignored,
    Noted,
}

/// Whether a modification that would change nothing is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guards {
    On,
    /// Permissive modify: it is passed over.
    Off,
}

/// MS-ADTS 3.1.1.3.4.1.8, LDAP_SERVER_PERMISSIVE_MODIFY_OID; OpenLDAP knows it, too.
const PERMISSIVE_MODIFY: &[u8] = b"1.2.840.113556.1.4.1413";

/// The OID of the control that deletes a whole subtree.
pub(super) const TREE_DELETE: &[u8] = b"1.2.840.113556.1.4.805";

/// Whether OpenLDAP knows the critical controls of a record of this kind; where not, it
/// looks at nothing else.
pub(super) fn taken_by_openldap(record: &ChangeRecord<'_>) -> Result<(), NotApplicable> {
    let modifies = matches!(record.change, Change::Modify(_));
    let is_refused = |oid: &[u8]| oid == TREE_DELETE || (oid == PERMISSIVE_MODIFY && !modifies);
    match record
        .controls
        .iter()
        .find(|control| control.criticality == Some(true) && is_refused(&control.oid))
    {
        Some(control) => Err(NotApplicable::of_dn(Reason::ControlNotTaken, &control.oid)),
        None => Ok(()),
    }
}

impl Guards {
    pub(super) fn of(record: &ChangeRecord<'_>) -> Self {
        let permissive = record.controls.iter().any(|own| *own.oid == *PERMISSIVE_MODIFY);
        if permissive { Self::Off } else { Self::On }
    }
}

/// Applies modifications in order; on an error the entry is as before.
pub(super) fn modify<'a>(
    entry: &mut StoredEntry<'a>,
    mods: &'a [Modification<'a>],
    guards: Guards,
    twins: Twins,
) -> Result<Vec<Effect<'a>>, NotApplicable> {
    modify_keeping(entry, mods, (guards, twins), borrowed)
}

/// How a value of a modification is kept in the entry.
pub(super) type Keep<'m, 'a> = fn(&'m Value<'m>) -> Value<'a>;

/// The same for modifications that need not outlive the entry.
pub(super) fn modify_keeping<'m, 'a>(
    entry: &mut StoredEntry<'a>,
    mods: &'m [Modification<'m>],
    (guards, twins): (Guards, Twins),
    keep: Keep<'m, 'a>,
) -> Result<Vec<Effect<'a>>, NotApplicable> {
    let mut effects = Vec::with_capacity(mods.len());
    let mut done = leaves_its_name(entry, mods);
    for modification in mods {
        if done.is_err() {
            break;
        }
        done = modify_once(entry, modification, (guards, twins), keep, &mut effects);
    }
    let done = done.and_then(|()| keeps_its_name(entry, &effects));
    if let Err(refusal) = done {
        take_back(entry, effects);
        return Err(refusal);
    }
    Ok(effects)
}

/// Makes one modification. On an error it may be made in part: that is noted among
/// the effects, to be taken back.
pub(super) fn modify_once<'m, 'a>(
    entry: &mut StoredEntry<'a>,
    modification: &'m Modification<'m>,
    (guards, twins): (Guards, Twins),
    keep: Keep<'m, 'a>,
    effects: &mut Vec<Effect<'a>>,
) -> Result<(), NotApplicable> {
    match modification.op {
        ModOp::Add => add(entry, modification, guards, keep, effects),
        ModOp::Delete => delete(entry, modification, (guards, twins), effects),
        ModOp::Replace => replace(entry, modification, keep, effects),
        ModOp::Increment => increment(entry, modification, guards, keep, effects),
    }
}

/// Undoes effects, the last one first.
pub(super) fn take_back<'a>(entry: &mut StoredEntry<'a>, effects: Vec<Effect<'a>>) {
    for effect in effects.into_iter().rev() {
        let attribute = entry.attribute_mut(effect.slot);
        for place in effect.added {
            attribute.remove(place);
        }
        for (place, value) in effect.removed {
            attribute.restore(place, value);
        }
    }
}

/// Notes an effect before it is complete, so that a failure in the middle of it
/// is taken back too.
fn begin<'e, 'a>(effects: &'e mut Vec<Effect<'a>>, slot: usize) -> &'e mut Effect<'a> {
    effects.push(Effect { slot, removed: Vec::new(), added: Vec::new(), twins: Vec::new() });
    let last = effects.len() - 1;
    &mut effects[last]
}

fn add<'m, 'a>(
    entry: &mut StoredEntry<'a>,
    modification: &'m Modification<'m>,
    guards: Guards,
    keep: Keep<'m, 'a>,
    effects: &mut Vec<Effect<'a>>,
) -> Result<(), NotApplicable> {
    let name = &modification.attribute;
    if modification.values.is_empty() {
        return Err(NotApplicable::of_attribute(Reason::NothingToAdd, name));
    }
    let slot = entry.slot_or_new(name);
    if guards == Guards::Off {
        if entry.is_openldap() {
            said_once(name, modification.values.iter())?;
        }
        let attribute = entry.attribute_mut(slot);
        let new = modification.values.iter().filter(|value| !attribute.holds(value));
        let new: Vec<&Value<'_>> = new.collect();
        return append(entry, slot, new.into_iter(), keep, begin(effects, slot));
    }
    let attribute = entry.attribute_mut(slot);
    for value in &modification.values {
        if attribute.holds(value) {
            return Err(NotApplicable::of_value(Reason::ValueExists, name, text_of(value)));
        }
    }
    append(entry, slot, modification.values.iter(), keep, begin(effects, slot))
}

/// Refuses a value that is said twice.
fn said_once<'v>(
    name: &[u8],
    mut values: impl Iterator<Item = &'v Value<'v>>,
) -> Result<(), NotApplicable> {
    let mut seen = FxHashSet::default();
    match values.find(|value| !seen.insert(*value)) {
        Some(again) => Err(NotApplicable::of_value(Reason::ValueExists, name, text_of(again))),
        None => Ok(()),
    }
}

/// Adds values, none of which is there.
fn append<'m, 'a>(
    entry: &mut StoredEntry<'a>,
    slot: usize,
    values: impl ExactSizeIterator<Item = &'m Value<'m>> + DoubleEndedIterator + Clone,
    keep: Keep<'m, 'a>,
    effect: &mut Effect<'a>,
) -> Result<(), NotApplicable> {
    let attribute = entry.attribute_mut(slot);
    if attribute.is_single_valued()
        && attribute.len() + values.len() > 1
        && let Some(value) = values.clone().next_back()
    {
        let name = attribute.name();
        return Err(NotApplicable::of_value(Reason::SingleValued, name, text_of(value)));
    }
    if values.len() > 1 {
        said_once(attribute.name(), values.clone())?;
    }
    effect.added.extend(values.map(|value| attribute.push(keep(value))));
    Ok(())
}

fn delete<'a>(
    entry: &mut StoredEntry<'a>,
    modification: &Modification<'_>,
    (guards, twins): (Guards, Twins),
    effects: &mut Vec<Effect<'a>>,
) -> Result<(), NotApplicable> {
    let name = &modification.attribute;
    let slot = entry.slot(name).filter(|&slot| entry.attribute(slot).len() > 0);
    let Some(slot) = slot else {
        if guards == Guards::Off {
            return Ok(());
        }
        return Err(match modification.values.first() {
            None => NotApplicable::of_attribute(Reason::NoSuchAttribute, name),
            Some(value) => NotApplicable::of_value(Reason::NoSuchValue, name, text_of(value)),
        });
    };
    let effect = begin(effects, slot);
    let looks_at_last = guards == Guards::Off && entry.is_openldap();
    let attribute = entry.attribute_mut(slot);
    let Some(last) = modification.values.last() else {
        remove_all(entry, slot, effect);
        return Ok(());
    };
    // The result of OpenLDAP's `modify_delete_vindex` is that of the last search.
    if looks_at_last && !attribute.holds(last) {
        return Err(NotApplicable::of_value(Reason::NoSuchValue, name, text_of(last)));
    }
    for value in &modification.values {
        let places = attribute.places_of(value);
        if places.is_empty() && guards == Guards::On {
            return Err(NotApplicable::of_value(Reason::NoSuchValue, name, text_of(value)));
        }
        for place in places {
            effect.removed.extend(attribute.remove(place).map(|value| (place, value)));
        }
    }
    if twins == Twins::Noted {
        effect.twins = attribute.equal_to(effect.removed.iter().map(|(_, value)| value));
    }
    Ok(())
}

fn remove_all<'a>(entry: &mut StoredEntry<'a>, slot: usize, effect: &mut Effect<'a>) {
    let attribute = entry.attribute_mut(slot);
    for place in attribute.places() {
        effect.removed.extend(attribute.remove(place).map(|value| (place, value)));
    }
}

fn replace<'m, 'a>(
    entry: &mut StoredEntry<'a>,
    modification: &'m Modification<'m>,
    keep: Keep<'m, 'a>,
    effects: &mut Vec<Effect<'a>>,
) -> Result<(), NotApplicable> {
    let slot = entry.slot_or_new(&modification.attribute);
    let effect = begin(effects, slot);
    remove_all(entry, slot, effect);
    append(entry, slot, modification.values.iter(), keep, effect)
}

fn increment<'m, 'a>(
    entry: &mut StoredEntry<'a>,
    modification: &'m Modification<'m>,
    guards: Guards,
    keep: Keep<'m, 'a>,
    effects: &mut Vec<Effect<'a>>,
) -> Result<(), NotApplicable> {
    let name = &modification.attribute;
    let not_an_integer =
        |value: &Value<'_>| NotApplicable::of_value(Reason::NotAnInteger, name, text_of(value));
    let [step] = modification.values.as_slice() else {
        return Err(NotApplicable::of_attribute(Reason::NotAnInteger, name));
    };
    integer(step).ok_or_else(|| not_an_integer(step))?;
    let slot = entry.slot(name).filter(|&slot| entry.attribute(slot).len() > 0);
    let Some(slot) = slot else {
        if guards == Guards::Off && entry.is_openldap() {
            return replace(entry, modification, keep, effects);
        }
        return Err(NotApplicable::of_attribute(Reason::NoSuchAttribute, name));
    };
    let effect = begin(effects, slot);
    remove_all(entry, slot, effect);
    for (_, old) in &effect.removed {
        let sum = incremented(old, &modification.values).ok_or_else(|| not_an_integer(old))?;
        effect.added.push(entry.attribute_mut(slot).push(sum));
    }
    Ok(())
}

/// A number and what is added to it; `None` where that is no number that fits.
pub(super) fn incremented(value: &Value<'_>, by: &[Value<'_>]) -> Option<Value<'static>> {
    let [step] = by else { return None };
    let sum = integer(value)?.checked_add(integer(step)?)?;
    Some(Value::Bytes(Cow::Owned(sum.to_string().into_bytes())))
}

fn integer(value: &Value<'_>) -> Option<i128> {
    let text = std::str::from_utf8(value.bytes()?).ok()?;
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// Active Directory has the attribute that names an entry changed by a rename only,
/// whatever a modify would do to it.
fn leaves_its_name(
    entry: &StoredEntry<'_>,
    mods: &[Modification<'_>],
) -> Result<(), NotApplicable> {
    if !is_identity(|name| entry.values(name).next().is_some()) {
        return Ok(());
    }
    for (name, value) in identity::rdn_values(&entry.dn).unwrap_or_default() {
        if mods.iter().any(|own| identity::same_description(&own.attribute, &name)) {
            return Err(NotApplicable::of_value(Reason::NamesTheEntry, &name, &value));
        }
    }
    Ok(())
}

/// A modify may not take away what names the entry. An export that lacks the
/// naming attribute is no obstacle.
fn keeps_its_name(
    entry: &mut StoredEntry<'_>,
    effects: &[Effect<'_>],
) -> Result<(), NotApplicable> {
    if effects.iter().all(|effect| effect.removed.is_empty()) {
        return Ok(());
    }
    for (name, value) in identity::rdn_values(&entry.dn).unwrap_or_default() {
        let Some(slot) = entry.slot(&name) else { continue };
        let value = Value::Bytes(Cow::Owned(value));
        let attribute = entry.attribute_mut(slot);
        let was_there = effects.iter().filter(|effect| effect.slot == slot).any(|effect| {
            effect.removed.iter().any(|(_, removed)| attribute.equal(removed, &value))
        });
        if was_there && !attribute.holds(&value) {
            return Err(NotApplicable::of_value(Reason::NamesTheEntry, &name, text_of(&value)));
        }
    }
    Ok(())
}

/// Gives the entry a new DN and adjusts the values that name it: those of the
/// new RDN are added where they are not there, those of the old one go where
/// `delete_old_rdn` says so and the new one does not need them.
pub(super) fn rename<'a>(
    entry: &mut StoredEntry<'a>,
    new_dn: Vec<u8>,
    delete_old_rdn: bool,
) -> Result<Vec<Effect<'a>>, NotApplicable> {
    let invalid = |dn: &[u8]| NotApplicable::of_dn(Reason::InvalidDn, dn);
    let new = identity::rdn_values(&new_dn).ok_or_else(|| invalid(&new_dn))?;
    let old = identity::rdn_values(&entry.dn).ok_or_else(|| invalid(&entry.dn))?;
    let mut effects = Vec::new();
    if delete_old_rdn {
        for (name, value) in &old {
            let in_both = new.iter().any(|(n, v)| n.eq_ignore_ascii_case(name) && v == value);
            let Some(slot) = entry.slot(name) else { continue };
            let value = Value::Bytes(Cow::Borrowed(value));
            let attribute = entry.attribute_mut(slot);
            let mut places = attribute.places_of(&value);
            // Spelled otherwise than in both names, it goes and comes as in the new one.
            places.retain(|&place| !in_both || attribute.at(place) != Some(&value));
            if places.is_empty() {
                continue;
            }
            let effect = begin(&mut effects, slot);
            for place in places {
                effect.removed.extend(attribute.remove(place).map(|value| (place, value)));
            }
        }
    }
    for (name, value) in new {
        let slot = entry.slot_or_new(&name);
        let value = Value::Bytes(Cow::Owned(value));
        let attribute = entry.attribute_mut(slot);
        if attribute.holds(&value) {
            continue;
        }
        if attribute.is_single_valued() && attribute.len() > 0 {
            let refusal = NotApplicable::of_value(Reason::SingleValued, &name, text_of(&value));
            take_back(entry, effects);
            return Err(refusal);
        }
        let place = attribute.push(value);
        begin(&mut effects, slot).added.push(place);
    }
    entry.dn = Cow::Owned(new_dn);
    Ok(effects)
}

/// Adds the values of its name that a new entry lacks: an add may leave them to the
/// server (RFC 4511, section 4.7).
pub(super) fn complete_name(entry: &mut StoredEntry<'_>) {
    for (name, value) in identity::rdn_values(&entry.dn).unwrap_or_default() {
        let slot = entry.slot_or_new(&name);
        let value = Value::Bytes(Cow::Owned(value));
        let attribute = entry.attribute_mut(slot);
        let is_full = attribute.is_single_valued() && attribute.len() > 0;
        if !is_full && !attribute.holds(&value) {
            attribute.push(value);
        }
    }
}

/// Gives `name`, where the entry has it, the value of the RDN, as Active Directory
/// does.
pub(super) fn set_name(entry: &mut StoredEntry<'_>) {
    let named = identity::rdn_values(&entry.dn).unwrap_or_default().into_iter().next();
    let slot = entry.slot(b"name").filter(|&slot| entry.attribute(slot).len() > 0);
    if let (Some((_, value)), Some(slot)) = (named, slot) {
        let attribute = entry.attribute_mut(slot);
        for place in attribute.places() {
            attribute.remove(place);
        }
        attribute.push(Value::Bytes(Cow::Owned(value)));
    }
}

/// The bytes of a value, or the text of a reference: what a message shows.
fn text_of<'v>(value: &'v Value<'_>) -> &'v [u8] {
    match value {
        Value::Bytes(bytes) | Value::Url(bytes) => bytes,
    }
}

/// The value without a copy of its bytes.
pub(super) fn borrowed<'a>(value: &'a Value<'_>) -> Value<'a> {
    match value {
        Value::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
        Value::Url(url) => Value::Url(Cow::Borrowed(url)),
    }
}
