//! Which entry a DN named at a time, and what became of that entry: where values
//! that name entries follow them, it tells such values from each other.

use std::ops::ControlFlow::{Break, Continue};

use rustc_hash::FxHashMap;

use super::{Event, Names, Node, NodeId, PlaceId, ROOT};
use crate::change::verify::explain::Verdict;
use crate::change::verify::found::Found;

/// What a DN in a value names.
pub(in crate::change::verify) enum Named {
    /// No entry that these records give another name, as far as it can be told.
    Written,
    /// An entry with another key now.
    Now(Box<[u8]>),
    /// An entry that is not in the export.
    Absent(Absent),
}

/// An entry that is not in the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::change::verify) struct Absent {
    node: NodeId,
    /// Whether it, or one above it, was deleted; otherwise it is still to come.
    pub(in crate::change::verify) deleted: bool,
}

/// What is found at the end of the way up from an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    There,
    Deleted,
    ToCome,
    /// Names contradict each other, or nobody can tell.
    Untold,
}

/// Per name, which entries bear it, each from so many records on.
#[derive(Debug, Default)]
pub(super) struct Bearers(FxHashMap<PlaceId, Vec<(usize, Option<NodeId>)>>);

impl Bearers {
    pub(super) fn of(nodes: &[Node<'_>]) -> Self {
        let mut bearers: FxHashMap<PlaceId, Vec<(usize, Option<NodeId>)>> = FxHashMap::default();
        let mut bears = |place: Option<PlaceId>, from: usize, node: Option<NodeId>| {
            if let Some(place) = place {
                bearers.entry(place).or_default().push((from, node));
            }
        };
        for (id, node) in nodes.iter().enumerate() {
            let mut place = node.began;
            bears(place, 0, Some(id));
            for (number, event) in &node.events {
                bears(place, number + 1, None);
                place = match event {
                    Event::Created(to) | Event::Moved(to) => Some(*to),
                    Event::Deleted => None,
                };
                bears(place, number + 1, Some(id));
            }
        }
        bearers.values_mut().for_each(|all| all.sort_by_key(|(from, _)| *from));
        Self(bearers)
    }

    fn of_place(&self, place: PlaceId, made: usize) -> Option<NodeId> {
        let all = self.0.get(&place)?;
        all[..all.partition_point(|(from, _)| *from <= made)].last()?.1
    }
}

impl<'a> Names<'a> {
    /// Whether records give entries other names.
    pub(in crate::change::verify) fn has_bearers(&self) -> bool {
        !self.bearers.0.is_empty()
    }

    /// What the key of a DN named when the first so many records were made, if all of
    /// them were.
    pub(in crate::change::verify) fn named(
        &mut self,
        key: &[u8],
        made: usize,
        export: &Found<'a>,
    ) -> Named {
        let Some((node, name)) = self.bearer(key, made) else { return Named::Written };
        match self.standing(node, export) {
            Standing::There => {}
            Standing::Untold => return Named::Written,
            Standing::Deleted => return Named::Absent(Absent { node, deleted: true }),
            Standing::ToCome => return Named::Absent(Absent { node, deleted: false }),
        }
        let (below, name) = key.split_at(name);
        match self.locate(node, export) {
            Some(now) if *now != *name => Named::Now([below, &now].concat().into()),
            _ => Named::Written,
        }
    }

    /// The entry that a DN named, or that is above what it named, as far as records
    /// speak of it, and where in the key the name of that begins.
    fn bearer(&self, key: &[u8], made: usize) -> Option<(NodeId, usize)> {
        let (mut node, mut begin) = (ROOT, key.len());
        while begin > 0 {
            let end = if node == ROOT { begin } else { begin - 1 };
            let from = memchr::memrchr(b',', &key[..end]).map_or(0, |at| at + 1);
            let Some(&place) = self.place_ids.get(&(node, key[from..end].into())) else { break };
            (node, begin) = (self.bearers.of_place(place, made)?, from);
        }
        (node != ROOT).then_some((node, begin))
    }

    /// What became of an entry and of those above it, once the records are decided.
    fn standing(&mut self, node: NodeId, export: &Found<'a>) -> Standing {
        let mut ways = std::mem::take(&mut self.standing);
        let found = ways.from(node, Standing::Untold, |at| {
            let is_told = |number: usize| {
                matches!(self.verdicts[number], Some(Verdict::Applied | Verdict::Pending))
            };
            if at == ROOT {
                return Break(Standing::There);
            }
            if !self.nodes[at].events.iter().all(|(number, _)| is_told(*number)) {
                return Break(Standing::Untold);
            }
            match self.place_now(at, Some(export)) {
                Some(place) => Continue(self.places[place].parent),
                None if self.is_deleted(at) => Break(Standing::Deleted),
                None if self.is_to_come(at) => Break(Standing::ToCome),
                None => Break(Standing::Untold),
            }
        });
        self.standing = ways;
        found
    }
}
