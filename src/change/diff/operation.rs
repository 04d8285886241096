//! What is to be done, and what must be done before it.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::compared::{Compared, Server, holds_dns};
use super::content::{Delta, Way};
use super::entity::{Difference, Entities, Entity, Rename, named_by};
use super::index::{EntryIndex, fingerprint, key_of};
use super::moves::named_dn;
use super::options::Omission;
use super::unlike::EntryReader;
use crate::change::identity::{self, canonical};
use crate::change::plan::UniqueValue;
use crate::directory::dn::{key_ancestors, key_parent};
use crate::directory::{Entry, EntryAttribute, Uniqueness};

/// One record to be, perhaps.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    pub(super) entity: usize,
    pub(super) act: Act<'a>,
    pub(super) requires: Vec<Requirement>,
    pub(super) omitted: Option<Omission>,
    /// Operations that take values which name entries away in this one's stead.
    pub(super) parts: Vec<usize>,
    /// Whether it does a part of what another one was to do.
    pub(super) is_part: bool,
}

/// What is done.
#[derive(Debug, Clone)]
pub(super) enum Act<'a> {
    Add,
    Delete,
    Rename(Rename),
    /// The entry gets a temporary name, to make room for another one.
    StepAside(Vec<u8>),
    Modify(Vec<Delta<'a>>),
}

/// An operation that must come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Requirement {
    pub(super) on: usize,
    pub(super) tie: Tie,
}

/// Why one operation must come before another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tie {
    /// It makes or moves the entry above.
    Parent,
    /// It takes away what is below.
    Below,
    /// It gives the entry its name.
    Name,
    /// It moves an entry that a value names which goes: by then it is written so.
    Lose,
    /// It frees the name.
    Place,
    /// It frees a unique value, whose fingerprint this is.
    Unique(u64),
    /// It makes or moves an entry that a new value names.
    Gain,
    /// It takes away a value that names the entry to be deleted, which would go by
    /// itself.
    Drop,
    /// Nothing breaks without it.
    Wish,
}

/// All operations, in the order in which they are done where nothing speaks against
/// it.
#[derive(Debug, Default)]
pub(super) struct Operations<'a> {
    pub(super) list: Vec<Operation<'a>>,
}

/// What operations are made from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'s, 'a> {
    pub(super) entities: &'s Entities,
    pub(super) old: &'s EntryIndex<'a>,
    pub(super) new: &'s EntryIndex<'a>,
    pub(super) compared: &'s Compared,
    pub(super) server: Server,
}

/// Where operations are found.
struct Found<'s> {
    /// Those that make or move an entry, by its new name.
    by_new: FxHashMap<&'s [u8], usize>,
    /// Those that delete, by the old name.
    gone: FxHashMap<&'s [u8], usize>,
    /// Those that move, by the old name.
    movers: FxHashMap<&'s [u8], usize>,
}

impl<'a> Operations<'a> {
    /// The operations that make differences. What takes a unique value that an entry is to
    /// `keep`, by its fingerprint, is left out.
    pub(super) fn of(
        sources: &Sources<'_, 'a>,
        differences: Vec<Difference<'a>>,
        keep: &FxHashSet<u64>,
    ) -> Self {
        let mut operations = Self::default();
        operations.collect(sources, differences);
        let found = Found::of(&operations.list, sources.entities);
        operations.tie_names(sources, &found);
        operations.tie_values(sources, &found, keep);
        for operation in &mut operations.list {
            // What cannot be broken comes first, so that rings show at the others.
            operation.requires.sort_by_key(|requirement| requirement.tie);
            operation.requires.dedup();
        }
        operations
    }

    pub(super) fn push(&mut self, entity: usize, act: Act<'a>) -> usize {
        self.list.push(Operation {
            entity,
            act,
            requires: Vec::new(),
            omitted: None,
            parts: Vec::new(),
            is_part: false,
        });
        self.list.len() - 1
    }

    fn collect(&mut self, sources: &Sources<'_, 'a>, differences: Vec<Difference<'a>>) {
        let entities = sources.entities;
        let mut structure = Vec::new();
        let mut late = Vec::new();
        let mut deletes = Vec::new();
        for (number, difference) in differences.into_iter().enumerate() {
            match &entities.list[number] {
                Entity::Come(new) => structure.push((new.place, number, Act::Add)),
                Entity::Gone(old) => deletes.push((std::cmp::Reverse(old.place), number)),
                Entity::Kept { new, .. } => {
                    let Difference { rename, deltas, naming, .. } = difference;
                    let (early, rest) = split_early(sources, deltas, &naming, rename.is_some());
                    structure.extend(rename.map(|r| (new.place, number, Act::Rename(r))));
                    if !early.is_empty() {
                        self.push(number, Act::Modify(early));
                    }
                    let rest: Vec<Delta<'a>> = rest.into_iter().chain(naming).collect();
                    if !rest.is_empty() {
                        late.push((new.place, number, rest));
                    }
                }
            }
        }
        structure.sort_by_key(|(place, number, _)| (*place, *number));
        late.sort_by_key(|(place, number, _)| (*place, *number));
        deletes.sort_unstable();
        for (_, number, act) in structure {
            self.push(number, act);
        }
        for (_, number, deltas) in late {
            self.push(number, Act::Modify(deltas));
        }
        for (_, number) in deletes {
            self.push(number, Act::Delete);
        }
    }

    /// Ties that follow from names.
    fn tie_names(&mut self, sources: &Sources<'_, 'a>, found: &Found<'_>) {
        let entities = sources.entities;
        let mut ties: Vec<(usize, Requirement)> = Vec::new();
        let mut own_rename: FxHashMap<usize, usize> = FxHashMap::default();
        for (at, operation) in self.list.iter().enumerate() {
            if matches!(operation.act, Act::Rename(_)) {
                own_rename.insert(operation.entity, at);
            }
        }
        for (at, operation) in self.list.iter().enumerate() {
            let entity = &entities.list[operation.entity];
            let need = |on: usize, tie: Tie| (at, Requirement { on, tie });
            match operation.act {
                Act::Add => {}
                Act::Modify(ref deltas) => {
                    let rename = own_rename.get(&operation.entity).copied();
                    let names = |delta: &Delta<'_>| names_it(entity, &delta.name);
                    let rename = rename.filter(|_| deltas.iter().any(names));
                    ties.extend(rename.map(|on| need(on, Tie::Name)));
                    continue;
                }
                Act::Rename(_) | Act::Delete | Act::StepAside(_) => {}
            }
            if let Some(new) = entity.after() {
                let above = key_ancestors(&new.key).find_map(|key| found.by_new.get(key));
                ties.extend(above.map(|&on| need(on, Tie::Parent)));
            }
            // A name that is only spelled otherwise frees nothing.
            if matches!(operation.act, Act::Rename(_))
                && !entities.movers.contains(&operation.entity)
            {
                continue;
            }
            let Some(old) = entity.before() else { continue };
            let parent_gone = key_parent(&old.key).and_then(|parent| found.gone.get(parent));
            if let Some(&parent) = parent_gone {
                ties.push((parent, Requirement { on: at, tie: Tie::Below }));
                continue;
            }
            // The name that becomes free, by what it is called in the end.
            let freed = match key_parent(&old.key) {
                None => old.key.clone(),
                Some(parent) => {
                    let rdn = &old.key[..old.key.len() - parent.len()];
                    [rdn, &entities.moves.key_after(parent)].concat()
                }
            };
            let taker = found.by_new.get(&*freed).copied().filter(|&taker| taker != at);
            ties.extend(taker.map(|taker| (taker, Requirement { on: at, tie: Tie::Place })));
        }
        self.tie(ties);
    }

    /// Ties that follow from values: unique ones, and those that name entries.
    fn tie_values(&mut self, sources: &Sources<'_, 'a>, found: &Found<'_>, keep: &FxHashSet<u64>) {
        let list = &self.list;
        let numbers: Vec<usize> = (0..list.len()).collect();
        let test = |name: &[u8]| {
            (holds_dns(name) || identity::uniqueness(name) != Uniqueness::None)
                && is_written(name, sources.compared)
        };
        let looked: Vec<_> = numbers
            .par_chunks(BATCH)
            .map(|batch| {
                let mut olds = EntryReader::new(sources.old, &test);
                let mut news = EntryReader::new(sources.new, &test);
                let (takes, frees, links) = (Vec::new(), Vec::new(), Vec::new());
                let mut ties = ValueTies { at: 0, list, sources, found, takes, frees, links };
                batch.iter().for_each(|&at| ties.look_at(at, &mut olds, &mut news));
                (ties.takes, ties.frees, ties.links)
            })
            .collect();
        let (mut takes, mut frees) = (Vec::new(), Vec::new());
        for (taken, freed, links) in looked {
            takes.extend(taken);
            frees.extend(freed);
            self.tie(links);
        }
        takes.par_sort_unstable();
        frees.par_sort_unstable();
        let mut rest = frees.as_slice();
        for (value, taker) in takes {
            if keep.contains(&value) {
                self.list[taker].omitted = Some(Omission::NeedsAnother);
            }
            rest = &rest[rest.partition_point(|(other, _)| *other < value)..];
            let freers = rest.iter().take_while(|(other, _)| *other == value);
            // Of very many holders of what is to be unique, some will do.
            for &(_, on) in freers.filter(|(_, on)| *on != taker).take(HOLDERS) {
                self.tie([(taker, Requirement { on, tie: Tie::Unique(value) })]);
            }
        }
    }

    fn tie(&mut self, ties: impl IntoIterator<Item = (usize, Requirement)>) {
        for (at, requirement) in ties {
            if at != requirement.on || matches!(requirement.tie, Tie::Gain | Tie::Drop) {
                self.list[at].requires.push(requirement);
            }
        }
    }
}

/// Whether the entry's old or new name has a value of the attribute.
fn names_it(entity: &Entity, attribute: &[u8]) -> bool {
    let sides = entity.before().into_iter().chain(entity.after());
    let mut names = sides.flat_map(|side| identity::rdn_values(&side.dn).unwrap_or_default());
    names.any(|(name, _)| identity::same_description(&name, attribute))
}

/// Operations that one task looks at.
const BATCH: usize = 512;

/// How many holders of one unique value are waited for.
const HOLDERS: usize = 64;

impl<'s> Found<'s> {
    fn of(list: &[Operation<'_>], entities: &'s Entities) -> Self {
        let mut found = Self {
            by_new: FxHashMap::default(),
            gone: FxHashMap::default(),
            movers: FxHashMap::default(),
        };
        for (at, operation) in list.iter().enumerate() {
            match (&operation.act, &entities.list[operation.entity]) {
                (Act::Add, Entity::Come(new)) => {
                    found.by_new.insert(&new.key, at);
                }
                (Act::Rename(_), Entity::Kept { old, new })
                    if entities.movers.contains(&operation.entity) =>
                {
                    found.by_new.insert(&new.key, at);
                    found.movers.insert(&old.key, at);
                }
                (Act::Delete, Entity::Gone(old)) => {
                    found.gone.insert(&old.key, at);
                }
                _ => {}
            }
        }
        found
    }

    /// What makes or moves the entry of this name, or the nearest one above it.
    fn nearest(&self, key: &[u8]) -> Option<usize> {
        if self.by_new.is_empty() {
            return None;
        }
        std::iter::once(key).chain(key_ancestors(key)).find_map(|key| self.by_new.get(key)).copied()
    }
}

/// The differences that are written before anything moves, and the others.
///
/// On a server that does not keep values in step with the names that they hold,
/// those that change with a name are written first: a server that does rewrite
/// them then finds nothing to do, and one that does not takes them as they come.
fn split_early<'a>(
    sources: &Sources<'_, 'a>,
    deltas: Vec<Delta<'a>>,
    naming: &[Delta<'_>],
    renamed: bool,
) -> (Vec<Delta<'a>>, Vec<Delta<'a>>) {
    let moves = &sources.entities.moves;
    let is_early = |delta: &Delta<'_>| {
        sources.server == Server::Plain
            && holds_dns(&delta.name)
            && delta.remove.iter().any(|value| *moves.value_after(Cow::Borrowed(value)) != **value)
    };
    if moves.is_empty() || !deltas.iter().any(is_early) {
        return (Vec::new(), deltas);
    }
    if !renamed && naming.is_empty() {
        return (deltas, Vec::new());
    }
    deltas.into_iter().partition(is_early)
}

/// What the values of one operation tie it to.
struct ValueTies<'l, 'a> {
    at: usize,
    list: &'l [Operation<'a>],
    sources: &'l Sources<'l, 'a>,
    found: &'l Found<'l>,
    takes: Vec<(u64, usize)>,
    frees: Vec<(u64, usize)>,
    links: Vec<(usize, Requirement)>,
}

impl<'l, 'a> ValueTies<'l, 'a> {
    fn look_at(
        &mut self,
        at: usize,
        olds: &mut EntryReader<'_, 'a>,
        news: &mut EntryReader<'_, 'a>,
    ) {
        self.at = at;
        let Self { list, sources, .. } = *self;
        let operation = &list[at];
        match (&operation.act, &sources.entities.list[operation.entity]) {
            (Act::Add, Entity::Come(new)) => {
                let entry = sources.entities.with_names_of_the_end(news.entry(new.place));
                self.takes.extend(unique_values(&entry, sources, &new.dn).map(|v| (v, at)));
                link_values(&entry, sources).for_each(|dn| self.gains(dn));
            }
            (Act::Delete, Entity::Gone(old)) => {
                let entry = olds.entry(old.place);
                self.frees.extend(unique_values(&entry, sources, &old.dn).map(|v| (v, at)));
                link_values(&entry, sources).for_each(|dn| self.loses(dn));
            }
            (Act::Modify(deltas), entity) => {
                self.takes.extend(unique_change(deltas, Way::There, entity).map(|v| (v, at)));
                self.frees.extend(unique_change(deltas, Way::Back, entity).map(|v| (v, at)));
                self.modifies(deltas);
            }
            _ => {}
        }
    }

    fn modifies(&mut self, deltas: &[Delta<'_>]) {
        named_by(deltas, |delta| &delta.add).for_each(|dn| self.gains(dn));
        named_by(deltas, |delta| delta.old_values()).for_each(|dn| self.loses(dn));
    }

    /// A value comes that names an entry, by its new name.
    fn gains(&mut self, dn: &[u8]) {
        if self.found.by_new.is_empty() {
            return;
        }
        let Some(on) = self.found.nearest(&key_of(dn)) else { return };
        match (self.sources.server, &self.list[on].act) {
            (Server::ActiveDirectory, _) => {
                self.links.push((self.at, Requirement { on, tie: Tie::Gain }));
            }
            (Server::Plain, Act::Add) => {
                self.links.push((self.at, Requirement { on, tie: Tie::Wish }));
            }
            (Server::Plain, _) => {}
        }
    }

    /// A value goes that names an entry, by its old name.
    fn loses(&mut self, dn: &[u8]) {
        if self.found.gone.is_empty() && self.found.movers.is_empty() {
            return;
        }
        let key = key_of(dn);
        let mover = self.sources.entities.moves.mover_of(&key);
        let mover = mover.and_then(|old| self.found.movers.get(old)).copied();
        let gone = self.found.gone.get(&*key).copied();
        let is_other = |on: &usize| self.list[*on].entity != self.list[self.at].entity;
        match self.sources.server {
            // The record says the name that the entry has by then.
            Server::ActiveDirectory => {
                self.links.extend(mover.map(|on| (self.at, Requirement { on, tie: Tie::Lose })));
                self.links.extend(gone.map(|at| (at, Requirement { on: self.at, tie: Tie::Drop })));
            }
            // The record says the old name, and is to come before the move.
            Server::Plain => {
                let wish = Requirement { on: self.at, tie: Tie::Wish };
                self.links.extend(mover.filter(is_other).map(|at| (at, wish)));
                self.links.extend(gone.map(|at| (at, wish)));
            }
        }
    }
}

/// The attributes of an entry that are written as a whole.
pub(super) fn written<'e, 'a>(
    entry: &'e Entry<'a>,
    compared: &'e Compared,
) -> impl Iterator<Item = &'e EntryAttribute<'a>> {
    entry.attributes().iter().filter(|attribute| is_written(&attribute.name, compared))
}

/// Whether values of an attribute are written where an entry is.
pub(super) fn is_written(name: &[u8], compared: &Compared) -> bool {
    compared.takes(name) && !identity::is_partial(name)
}

fn link_values<'e>(
    entry: &'e Entry<'_>,
    sources: &'e Sources<'_, '_>,
) -> impl Iterator<Item = &'e [u8]> {
    let links = written(entry, sources.compared).filter(|attribute| holds_dns(&attribute.name));
    links.flat_map(|attribute| &attribute.values).filter_map(|v| v.bytes()).map(named_dn)
}

/// The fingerprints of an entry's unique values.
fn unique_values<'e>(
    entry: &'e Entry<'_>,
    sources: &'e Sources<'_, '_>,
    dn: &'e [u8],
) -> impl Iterator<Item = u64> + use<'e> {
    let unique = written(entry, sources.compared)
        .filter(|attribute| identity::uniqueness(&attribute.name) != Uniqueness::None);
    unique.flat_map(move |attribute| {
        let bytes = attribute.values.iter().filter_map(|value| value.bytes());
        bytes.map(move |bytes| print_of(&attribute.name, bytes, dn))
    })
}

/// The fingerprints of the unique values that come, or go.
pub(super) fn unique_change<'d>(
    deltas: &'d [Delta<'_>],
    way: Way,
    entity: &'d Entity,
) -> impl Iterator<Item = u64> + use<'d> {
    let unique =
        deltas.iter().filter(|delta| identity::uniqueness(&delta.name) != Uniqueness::None);
    unique.flat_map(move |delta| {
        let print = |value: &Cow<'_, [u8]>| print_of(&delta.name, value, entity.dn());
        let (from, to) = match way {
            Way::There => (&delta.remove, &delta.add),
            Way::Back => (&delta.add, &delta.remove),
        };
        let before: FxHashSet<u64> = from.iter().map(print).collect();
        let after: Vec<u64> = to.iter().map(print).collect();
        after.into_iter().filter(move |value| !before.contains(value))
    })
}

/// The fingerprint of a unique value.
pub(super) fn print_of(attribute: &[u8], value: &[u8], dn: &[u8]) -> u64 {
    let UniqueValue { attribute, key } = UniqueValue::new(&canonical(attribute), value, dn);
    fingerprint(&[&*attribute, b"\0", &key].concat())
}
