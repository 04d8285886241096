//! Operations as records, each with what undoes it, under the names that entries
//! bear by then.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::compared::{Compared, Server, holds_dns};
use super::content::{Delta, Way, distinct, modifications, naming_part, naming_types, renamed};
use super::entity::{Entity, Rename, Side, parent_dn};
use super::index::key_of;
use super::moves::rebased;
use super::operation::{Act, Operation, Operations, Sources, is_written};
use super::schedule::{Aside, Schedule};
use super::unlike::EntryReader;
use crate::change::identity::{self, canonical};
use crate::change::{apply_to_entry, invert};
use crate::directory::dn::{join, key_ancestors, key_parent};
use crate::directory::{Entry, EntryAttribute};
use crate::ldif::{Attribute, Change, ChangeRecord, Modification, Value};

/// An operation with the names that it needs.
#[derive(Debug)]
pub(super) struct Step {
    /// The operation's number.
    pub(super) operation: usize,
    /// The entry's DN by then.
    dn: Vec<u8>,
    /// The new parent, where a rename gives it one.
    new_superior: Option<Vec<u8>>,
    /// The temporary RDN that the entry bears by then.
    stepped: Option<Vec<u8>>,
}

/// The records of a step and those that undo it, each in order.
#[derive(Debug, Default)]
pub(super) struct Records<'r> {
    pub(super) change: Vec<ChangeRecord<'r>>,
    pub(super) undo: Vec<ChangeRecord<'r>>,
}

/// Where entries are that have another name by now, by their old keys.
#[derive(Default)]
struct Places {
    displaced: FxHashMap<Vec<u8>, Displaced>,
    stepped: FxHashMap<usize, Vec<u8>>,
}

enum Displaced {
    /// At this DN, to stay.
    For(Vec<u8>),
    /// Under this RDN, below the same entry as ever.
    Aside(Vec<u8>),
}

/// The steps of a schedule.
pub(super) fn steps(
    sources: &Sources<'_, '_>,
    operations: &Operations<'_>,
    schedule: &Schedule,
) -> Vec<Step> {
    let mut places = Places::default();
    let mut steps = Vec::with_capacity(schedule.order.len());
    for &at in &schedule.order {
        let operation = &operations.list[at];
        steps.push(places.step(at, operation, &sources.entities.list[operation.entity]));
    }
    steps
}

impl Places {
    fn step(&mut self, at: usize, operation: &Operation<'_>, entity: &Entity) -> Step {
        let dn = match entity {
            Entity::Come(new) => new.dn.clone(),
            Entity::Gone(old) | Entity::Kept { old, .. } => self.now(old),
        };
        let stepped = self.stepped.get(&operation.entity).cloned();
        let mut step = Step { operation: at, dn, new_superior: None, stepped };
        match (&operation.act, entity) {
            (Act::Rename(rename), Entity::Kept { old, new }) => {
                let above = key_of(parent_dn(&step.dn));
                if *above != *key_parent(&new.key).unwrap_or_default() {
                    step.new_superior = Some(parent_dn(&new.dn).to_vec());
                }
                let parent = step.new_superior.as_deref().unwrap_or(parent_dn(&step.dn));
                let now = join(&rename.new_rdn, Some(parent));
                self.displaced.insert(old.key.clone(), Displaced::For(now));
                self.stepped.remove(&operation.entity);
            }
            (Act::StepAside(rdn), _) => {
                if let Some(old) = entity.before() {
                    self.displaced.insert(old.key.clone(), Displaced::Aside(rdn.clone()));
                }
                self.stepped.insert(operation.entity, rdn.clone());
            }
            _ => {}
        }
        step
    }

    /// The DN that an entry bears by now.
    fn now(&self, side: &Side) -> Vec<u8> {
        self.now_of(&side.dn, &side.key)
    }

    fn now_of(&self, dn: &[u8], key: &[u8]) -> Vec<u8> {
        if self.displaced.is_empty() {
            return dn.to_vec();
        }
        let mut names = std::iter::once(key).chain(key_ancestors(key));
        let found = names.find_map(|name| Some((name, self.displaced.get(name)?)));
        let Some((name, displaced)) = found else { return dn.to_vec() };
        let new = match displaced {
            Displaced::For(new) => new.clone(),
            Displaced::Aside(rdn) => {
                let depth = memchr::memchr_iter(b',', &key[..key.len() - name.len()]).count();
                let start = identity::rdn_starts(dn).get(depth).copied().unwrap_or(0);
                let above = parent_dn(&dn[start..]);
                join(rdn, Some(&self.now_of(above, key_parent(name).unwrap_or_default())))
            }
        };
        rebased(dn, key, name, &new).unwrap_or_else(|| dn.to_vec())
    }
}

/// Makes the records of steps.
pub(super) struct Renderer<'r, 'a> {
    sources: &'r Sources<'r, 'a>,
    operations: &'r Operations<'a>,
    schedule: &'r Schedule,
    /// Entities that keep a value of the name which they lose.
    keepers: FxHashSet<usize>,
    /// What comes back of an entry: all that can be written, whatever is compared.
    pub(super) everything: Compared,
}

impl<'r, 'a> Renderer<'r, 'a> {
    pub(super) fn new(
        sources: &'r Sources<'r, 'a>,
        operations: &'r Operations<'a>,
        schedule: &'r Schedule,
    ) -> Self {
        let keepers = operations.list.iter().filter_map(|operation| match &operation.act {
            Act::Rename(rename) if !rename.delete_old_rdn => Some(operation.entity),
            _ => None,
        });
        let operational = sources.compared.operational;
        let everything = Compared { operational, ..Compared::default() };
        Self { sources, operations, schedule, keepers: keepers.collect(), everything }
    }

    /// The records of a step; none where there is nothing left to do.
    pub(super) fn records<'s>(
        &self,
        step: &'s Step,
        olds: &mut EntryReader<'_, 'a>,
        news: &mut EntryReader<'_, 'a>,
    ) -> Records<'s>
    where
        'r: 's,
        'a: 's,
    {
        let operation = &self.operations.list[step.operation];
        let entity = &self.sources.entities.list[operation.entity];
        let mut records = Records::default();
        match (&operation.act, entity) {
            (Act::Add, Entity::Come(new)) => {
                let entry = self.sources.entities.with_names_of_the_end(news.entry(new.place));
                let lines = self.lines(step, entry, self.sources.compared, false);
                records.change.push(record(&step.dn, Change::Add(lines)));
                records.undo.push(record(&step.dn, Change::Delete));
            }
            (Act::Delete, Entity::Gone(old)) => {
                records.change.push(record(&step.dn, Change::Delete));
                let entry = match &step.stepped {
                    None => olds.entry(old.place),
                    Some(rdn) => self.restored(operation.entity, rdn, old),
                };
                let lines = self.lines(step, entry, &self.everything, true);
                records.undo.push(record(&step.dn, Change::Add(lines)));
            }
            (Act::Modify(deltas), _) => {
                records.change.extend(self.modify(step, deltas, Way::There));
                records.undo.extend(self.modify(step, deltas, Way::Back));
            }
            (Act::Rename(rename), Entity::Kept { old, new }) => {
                let naming = naming_types(&old.dn, &new.dn);
                let change = rename.change(step.new_superior.clone());
                self.renames(step, old, &naming, change, &mut records);
            }
            (Act::StepAside(rdn), _) => {
                if let Some(old) = entity.before() {
                    let naming = naming_types(&old.dn, &old.dn);
                    let change = self.aside(operation.entity, rdn).change(None);
                    self.renames(step, old, &naming, change, &mut records);
                }
            }
            _ => {}
        }
        records
    }

    /// A rename to a temporary name. What the entry is to keep it keeps.
    fn aside(&self, entity: usize, rdn: &[u8]) -> Rename {
        Rename { new_rdn: rdn.to_vec(), delete_old_rdn: !self.keepers.contains(&entity) }
    }

    /// The record that makes the differences of an entry, or takes them back; `None` where
    /// nothing is left of them.
    fn modify<'s>(
        &self,
        step: &'s Step,
        deltas: &'s [Delta<'a>],
        way: Way,
    ) -> Option<ChangeRecord<'s>>
    where
        'r: 's,
    {
        let mods = match self.schedule.asides.get(&step.operation) {
            None => modifications(deltas, way),
            Some(asides) => {
                let deltas = with_asides(deltas, asides);
                modifications(&deltas, way).into_iter().map(Modification::into_owned).collect()
            }
        };
        (!mods.is_empty()).then(|| record(&step.dn, Change::Modify(mods)))
    }

    fn renames<'s>(
        &self,
        step: &'s Step,
        old: &Side,
        naming: &[Vec<u8>],
        change: Change<'static>,
        records: &mut Records<'s>,
    ) {
        let entity = self.operations.list[step.operation].entity;
        let mut before = naming_part(&self.sources.old.entry(old.place), &old.dn, naming);
        if let Some(rdn) = &step.stepped {
            before = renamed(before, &self.aside(entity, rdn).change(None));
        }
        before.dn = Cow::Owned(step.dn.clone());
        // Behind a temporary name nothing of it may stay.
        let change = match (&step.stepped, change) {
            (Some(_), Change::ModRdn { new_rdn, new_superior, .. }) => {
                Change::ModRdn { new_rdn, new_superior, delete_old_rdn: true }
            }
            (_, change) => change,
        };
        let rename = record(&step.dn, change);
        // A rename that does not apply is refuted when all is proved.
        let mut undo = invert(Some(&before), &rename).unwrap_or_default();
        // AD takes nothing else, even where the RDN stays as it is.
        for record in undo.iter_mut().filter(|_| self.sources.server == Server::ActiveDirectory) {
            if let Change::ModRdn { delete_old_rdn, .. } = &mut record.change {
                *delete_old_rdn = true;
            }
        }
        records.undo.extend(undo);
        records.change.push(rename);
    }

    /// An entry that bears a temporary name, as it is right before it is deleted.
    fn restored(&self, entity: usize, rdn: &[u8], old: &Side) -> Entry<'a> {
        let mut whole = self.sources.old.entry(old.place);
        whole.dn = Cow::Owned(old.dn.clone());
        let change = self.aside(entity, rdn).change(None);
        let mut named = whole.clone();
        match apply_to_entry(&mut named, &change) {
            Ok(()) => Entry::from(named.into_record().into_owned()),
            Err(_) => whole,
        }
    }

    /// The attribute lines of an entry that is added, or comes back.
    fn lines(
        &self,
        step: &Step,
        entry: Entry<'a>,
        compared: &Compared,
        comes_back: bool,
    ) -> Vec<Attribute<'a>> {
        let apart = self.schedule.apart.get(&step.operation);
        let asides = self.schedule.asides.get(&step.operation);
        let follows = comes_back && self.sources.server.follows_names();
        let mut lines = Vec::with_capacity(entry.attributes().len());
        for EntryAttribute { name, values } in entry.into_parts().1 {
            if !is_written(&name, compared) || !self.sources.server.takes_in_add(&name) {
                continue;
            }
            let done = (apart.is_some() || asides.is_some()).then(|| canonical(&name).into_owned());
            let is_done = |attribute: &[u8]| done.as_deref() == Some(attribute);
            let is_apart = |value: &[u8]| {
                let key = || done.clone().map(|done| (done, value.to_vec()));
                apart.is_some_and(|apart| key().is_some_and(|key| apart.contains(&key)))
            };
            let follows = follows && holds_dns(&name);
            let bytes = values.into_iter().filter_map(|value| match value {
                Value::Bytes(bytes) => Some(bytes),
                Value::Url(_) => None,
            });
            for value in distinct(bytes).into_iter().filter(|value| !is_apart(value)) {
                let aside = asides.into_iter().flatten().find(|aside| {
                    is_done(&aside.attribute) && aside.old.iter().any(|old| **old == *value)
                });
                let value = match aside {
                    Some(Aside { temporary: Some(temporary), .. }) => Cow::Owned(temporary.clone()),
                    Some(Aside { temporary: None, .. }) => continue,
                    None if follows => self.sources.entities.moves.value_after(value),
                    None => value,
                };
                lines.push(Attribute { name: name.clone(), value: Value::Bytes(value) });
            }
        }
        lines
    }
}

/// The differences once some unique values have been given up.
fn with_asides<'a>(deltas: &[Delta<'a>], asides: &[Aside]) -> Vec<Delta<'a>> {
    let mut deltas = deltas.to_vec();
    for aside in asides {
        for delta in deltas.iter_mut().filter(|d| *canonical(&d.name) == *aside.attribute) {
            let before = delta.remove.len();
            delta.remove.retain(|value| !aside.old.iter().any(|old| **old == **value));
            if delta.remove.len() < before {
                delta.remove.extend(aside.temporary.clone().map(Cow::Owned));
            }
        }
    }
    deltas
}

fn record<'r>(dn: &'r [u8], change: Change<'r>) -> ChangeRecord<'r> {
    ChangeRecord { dn: Cow::Borrowed(dn), controls: Vec::new(), spelling: None, change }
}
