//! Values of an inverse that name entries which the change deletes, in Active Directory.
//!
//! A link goes with the entry that it names: what gave it is not taken back, since the server
//! would find nothing to delete. And no value may name an entry that is not back yet: it comes
//! in a record of its own, behind the one that brings that entry back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{UndoRecord, record_of};
use crate::change::identity::{self, canonical};
use crate::directory::dn::{join, key_ancestors, rebase};
use crate::ldif::{Attribute, Change, ChangeRecord, ModOp, Modification, Value};

/// A value that a change record gave and that went with the entry that it names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::change) struct GoneLink {
    /// The number of the change record.
    pub(in crate::change) of: usize,
    /// The attribute, as the inverse calls it.
    pub(in crate::change) attribute: Vec<u8>,
    /// The value, as the inverse has it.
    pub(in crate::change) value: Vec<u8>,
}

/// The records with each value where a server takes it.
pub(super) fn settled(records: Vec<UndoRecord>, gone: &FxHashSet<GoneLink>) -> Vec<UndoRecord> {
    without_gone(with_late_values(records), gone)
}

/// A value of an entry, by name, attribute and what the value names.
type Held = (Vec<u8>, Vec<u8>, Vec<u8>);

/// Drops the deletion of what went with the entry that it names, unless a record of the inverse
/// gave it again.
fn without_gone(mut records: Vec<UndoRecord>, gone: &FxHashSet<GoneLink>) -> Vec<UndoRecord> {
    if gone.is_empty() {
        return records;
    }
    let mut given: FxHashSet<Held> = FxHashSet::default();
    for UndoRecord { of, record } in &mut records {
        let dn = identity::dn_key(&record.dn).unwrap_or_default();
        let held = |attribute: &[u8], value: &Value<'_>| -> Option<Held> {
            let named = named_by(attribute, value)?;
            Some((dn.clone(), canonical(attribute).into_owned(), named))
        };
        if let Change::Add(lines) = &record.change {
            given.extend(lines.iter().filter_map(|line| held(&line.name, &line.value)));
        }
        let Change::Modify(mods) = &mut record.change else { continue };
        mods.retain_mut(|Modification { op, attribute, values }| {
            match op {
                ModOp::Add => {
                    given.extend(values.iter().filter_map(|value| held(attribute, value)));
                }
                ModOp::Delete if !values.is_empty() => {
                    values.retain(|value| {
                        let is_gone = value.bytes().is_some_and(|bytes| {
                            let (attribute, value) = (attribute.to_vec(), bytes.to_vec());
                            gone.contains(&GoneLink { of: *of, attribute, value })
                        });
                        !is_gone || held(attribute, value).is_some_and(|held| given.remove(&held))
                    });
                    return !values.is_empty();
                }
                _ => {}
            }
            true
        });
    }
    records.retain(|undo| !matches!(&undo.record.change, Change::Modify(mods) if mods.is_empty()));
    records
}

/// The key of the DN of the entry that a value names.
fn named_by(attribute: &[u8], value: &Value<'_>) -> Option<Vec<u8>> {
    let bytes = value.bytes()?;
    let start = identity::dn_within(attribute, bytes)?;
    identity::dn_key(bytes.get(start..)?)
}

/// Moves values that name an entry which a later record adds to behind that one.
fn with_late_values(mut records: Vec<UndoRecord>) -> Vec<UndoRecord> {
    let names = NamesInTime::of(&records);
    if names.comes.is_empty() {
        return records;
    }
    let mut late: BTreeMap<usize, Vec<UndoRecord>> = BTreeMap::new();
    for (at, undo) in records.iter_mut().enumerate() {
        for (comes, attribute, value) in names.taken_early(at, &mut undo.record) {
            let Some(dn) = names.name_after(at, comes, &undo.record.dn) else { continue };
            let place = late.entry(comes).or_default();
            let same = place.last_mut().filter(|last| last.of == undo.of && last.record.dn == dn);
            let mods = match same.map(|last| &mut last.record.change) {
                Some(Change::Modify(mods)) => mods,
                _ => {
                    let record = record_of(&dn, Change::Modify(Vec::new()));
                    place.push(UndoRecord { of: undo.of, record });
                    match place.last_mut().map(|last| &mut last.record.change) {
                        Some(Change::Modify(mods)) => mods,
                        _ => continue,
                    }
                }
            };
            match mods.last_mut().filter(|last| last.attribute == attribute) {
                Some(last) => last.values.push(value),
                None => {
                    mods.push(Modification { op: ModOp::Add, attribute, values: vec![value] });
                }
            }
        }
    }
    if late.is_empty() {
        return records;
    }
    let mut settled = Vec::with_capacity(records.len() + late.len());
    for (at, undo) in records.into_iter().enumerate() {
        if !matches!(&undo.record.change, Change::Modify(mods) if mods.is_empty()) {
            settled.push(undo);
        }
        settled.extend(late.remove(&at).unwrap_or_default());
    }
    settled
}

/// At which records of an inverse names come and go. Names are known by their keys.
struct NamesInTime {
    /// Where an entry with this name is added, in order.
    comes: FxHashMap<Vec<u8>, Vec<usize>>,
    /// Where the entry with this name is deleted or gets another one, in order.
    goes: FxHashMap<Vec<u8>, Vec<Going>>,
}

/// A delete or a rename.
struct Going {
    /// The number of the record.
    at: usize,
    /// The DN that the entry has by then.
    old: Vec<u8>,
    /// The DN that a rename gives it.
    new: Option<Vec<u8>>,
}

impl NamesInTime {
    fn of(records: &[UndoRecord]) -> Self {
        let mut names = Self { comes: FxHashMap::default(), goes: FxHashMap::default() };
        for (at, UndoRecord { record, .. }) in records.iter().enumerate() {
            let Some(key) = identity::dn_key(&record.dn) else { continue };
            let new = match &record.change {
                Change::Modify(_) => continue,
                Change::Add(_) => {
                    names.comes.entry(key).or_default().push(at);
                    continue;
                }
                Change::Delete => None,
                Change::ModRdn { new_rdn, new_superior, .. } => {
                    let parent = identity::parent_text(&record.dn);
                    Some(join(new_rdn, Some(new_superior.as_deref().unwrap_or(parent))))
                }
            };
            let going = Going { at, old: record.dn.to_vec(), new };
            names.goes.entry(key).or_default().push(going);
        }
        names
    }

    /// The record, from number `at` on, that adds the entry with this key, which nobody
    /// bears until then.
    fn comes_from(&self, at: usize, key: &[u8]) -> Option<usize> {
        let comes = self.comes.get(key)?;
        let comes = *comes.get(comes.partition_point(|&comes| comes < at))?;
        let goes = self.first_going(key, at);
        goes.is_none_or(|going| going.at > comes).then_some(comes)
    }

    /// Takes from what record number `at` gives the values that name an entry which comes
    /// later, each with the number of the record that brings it.
    fn taken_early(
        &self,
        at: usize,
        record: &mut ChangeRecord<'static>,
    ) -> Vec<(usize, Cow<'static, [u8]>, Value<'static>)> {
        let mut early = Vec::new();
        let comes =
            |attribute: &[u8], value: &Value<'_>| self.comes_from(at, &named_by(attribute, value)?);
        match &mut record.change {
            Change::Add(lines) => lines.retain_mut(|Attribute { name, value }| {
                let Some(comes) = comes(name, value) else { return true };
                early.push((comes, name.clone(), value.clone()));
                false
            }),
            Change::Modify(mods) => {
                for own in mods.iter_mut().filter(|own| own.op == ModOp::Add) {
                    let Modification { attribute, values, .. } = own;
                    values.retain(|value| {
                        let Some(comes) = comes(attribute, value) else { return true };
                        early.push((comes, attribute.clone(), value.clone()));
                        false
                    });
                }
                mods.retain(|own| own.op != ModOp::Add || !own.values.is_empty());
            }
            Change::Delete | Change::ModRdn { .. } => {}
        }
        early
    }

    /// The first record, from number `at` on, that takes the name from its entry.
    fn first_going(&self, key: &[u8], at: usize) -> Option<&Going> {
        let goes = self.goes.get(key)?;
        goes.get(goes.partition_point(|going| going.at < at))
    }

    /// The name, behind record number `to`, of an entry that bore this one behind number
    /// `from`; `None` where it is gone by then.
    fn name_after(&self, from: usize, to: usize, dn: &[u8]) -> Option<Vec<u8>> {
        let mut name = dn.to_vec();
        let mut from = from + 1;
        loop {
            let key = identity::dn_key(&name)?;
            let goings = iter::once(&*key).chain(key_ancestors(&key));
            let goings = goings.filter_map(|key| self.first_going(key, from));
            let Some(going) = goings.min_by_key(|going| going.at).filter(|going| going.at <= to)
            else {
                return Some(name);
            };
            name = rebase(&name, &going.old, going.new.as_deref()?).ok().flatten()?;
            from = going.at + 1;
        }
    }
}
