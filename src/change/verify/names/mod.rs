//! The names of which the records speak: which of the adds, deletes and renames
//! were made, and where each entry is now.
//!
//! The records are followed as if all were made. That gives, for each entry, the
//! names it has one after the other. A name is a place: an entry above, and an
//! RDN below it. What is above may have been renamed or not, so places are looked
//! up only when the names above them are known.

mod above;
mod bearers;
mod entangled;
mod followed;
mod traces;

use std::ops::ControlFlow::{Break, Continue};

use rustc_hash::FxHashMap;

use crate::change::identity;
use crate::change::verify::chains::Chains;
use crate::change::verify::explain::{Act, Deed, FactId, Facts, Patience, Verdict, explain};
use crate::change::verify::found::Found;
use crate::change::verify::values::{Likeness, Taken, equal};
use crate::directory::Entry;
use crate::ldif::{Attribute, Change, ChangeRecord};

use above::{Circle, Ways};
pub(super) use bearers::{Absent, Named};
use bearers::{Bearers, Standing};

pub(super) type NodeId = usize;
type PlaceId = usize;

const ROOT: NodeId = 0;

/// An entry, whatever its name.
#[derive(Debug, Default)]
struct Node<'a> {
    children: FxHashMap<Box<[u8]>, NodeId>,
    /// Where it is if all records so far were made.
    at: Option<PlaceId>,
    /// Where it was before the first record; none for one that a record adds.
    began: Option<PlaceId>,
    /// The key of its DN before the first record.
    origin: Option<Box<[u8]>>,
    /// What an add gives it.
    added: Option<&'a [Attribute<'a>]>,
    events: Vec<(usize, Event)>,
    /// The values that renames take with its old names.
    taken: Taken,
    /// Whether a record modifies it.
    modified: bool,
    /// The key of its DN in the export, once that is known; none where it does
    /// not exist there.
    located: Option<Option<Box<[u8]>>>,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Created(PlaceId),
    Moved(PlaceId),
    Deleted,
}

#[derive(Debug)]
struct Place {
    parent: NodeId,
    rdn: Box<[u8]>,
    /// The key of the DN when a record first spoke of it.
    key: Box<[u8]>,
    fact: FactId,
    /// Whether an entry was there or came there.
    used: bool,
    /// How the RDN is spelled, where a rename changes only that.
    spelling: Option<FactId>,
}

/// A fact about how an RDN is spelled.
#[derive(Debug)]
struct Spelling {
    fact: FactId,
    place: PlaceId,
    rdn: Vec<u8>,
}

/// The names of all records.
#[derive(Debug)]
pub(super) struct Names<'a> {
    nodes: Vec<Node<'a>>,
    places: Vec<Place>,
    place_ids: FxHashMap<(NodeId, Box<[u8]>), PlaceId>,
    spellings: Vec<Spelling>,
    facts: Facts,
    /// Per record: the entry that it is about; `None` where its DN is none.
    targets: Vec<Option<NodeId>>,
    /// The records that give or take names, and what they do.
    structural: Vec<(usize, Act)>,
    chains: Chains,
    /// Per record; `None` where it is not known yet, or gives and takes no name.
    verdicts: Vec<Option<Verdict>>,
    /// Per record: whether something else than names had to decide.
    guessed: Vec<bool>,
    /// The records.
    records: &'a [ChangeRecord<'a>],
    /// Which entries bear which names, where some are renamed or deleted.
    bearers: Bearers,
    /// What became of entries and of those above them.
    standing: Ways<Standing>,
    /// Whether entries are nowhere because they, or others above them, were deleted.
    lost: Ways<bool>,
    /// Whether nobody can tell which entries are above others.
    below_unclear: Ways<bool>,
}

/// Keys under which entries are to be looked for.
pub(super) struct Asked<'k> {
    pub(super) export: &'k mut dyn FnMut(&[u8]),
    pub(super) base: &'k mut dyn FnMut(&[u8]),
}

impl<'a> Names<'a> {
    /// Follows the records as if all were made.
    pub(super) fn of(records: &'a [ChangeRecord<'a>], asked: &mut Asked<'_>) -> Self {
        let mut facts = Facts::default();
        facts.group();
        let mut names = Self {
            nodes: vec![Node { origin: Some(Box::default()), ..Node::default() }],
            places: Vec::new(),
            place_ids: FxHashMap::default(),
            spellings: Vec::new(),
            facts,
            targets: Vec::with_capacity(records.len()),
            structural: Vec::new(),
            chains: Chains::default(),
            verdicts: vec![None; records.len()],
            guessed: vec![false; records.len()],
            records,
            bearers: Bearers::default(),
            standing: Ways::default(),
            lost: Ways::default(),
            below_unclear: Ways::default(),
        };
        for (number, record) in records.iter().enumerate() {
            let target = identity::dn_key(&record.dn).and_then(|key| {
                (asked.export)(&key);
                names.follow(number, record, &key, asked)
            });
            names.targets.push(target);
        }
        for node in &names.nodes {
            if let Some(origin) = node.origin.as_deref().filter(|key| !key.is_empty()) {
                (asked.export)(origin);
                (asked.base)(origin);
            }
        }
        names.link();
        let vacates =
            |change: &Change<'_>| matches!(change, Change::ModRdn { .. } | Change::Delete);
        if records.iter().any(|record| vacates(&record.change)) {
            names.bearers = Bearers::of(&names.nodes);
        }
        names
    }

    /// Decides which of the records that give and take names were made.
    pub(super) fn resolve(
        &mut self,
        export: &mut Found<'a>,
        base: Option<&Found<'a>>,
        patience: &Patience,
    ) {
        self.verdicts.fill(None);
        self.guessed.fill(false);
        self.nodes.iter_mut().for_each(|node| node.located = None);
        self.standing = Ways::default();
        self.lost = Ways::default();
        self.below_unclear = Ways::default();
        let of_record: FxHashMap<usize, usize> = (0..self.structural.len())
            .map(|at| (self.structural[at].0, self.chains.of(at)))
            .collect();
        let mut begun = vec![false; self.chains.len()];
        let mut decided = vec![false; self.chains.len()];
        for first in 0..self.chains.len() {
            let mut stack = vec![first];
            while let Some(&chain) = stack.last() {
                if decided[chain] {
                    stack.pop();
                    continue;
                }
                begun[chain] = true;
                match self.missing(chain, &of_record, &begun) {
                    Some(other) => stack.push(other),
                    None => {
                        self.decide(chain, export, base, patience);
                        decided[chain] = true;
                        stack.pop();
                    }
                }
            }
        }
    }

    /// A chain that must be decided before this one: names above its places
    /// depend on it. Of a circle, the names if all records were made count.
    fn missing(
        &mut self,
        chain: usize,
        of_record: &FxHashMap<usize, usize>,
        begun: &[bool],
    ) -> Option<usize> {
        for place in self.places_of(chain) {
            let mut node = self.places[place].parent;
            let mut circle = Circle::new();
            while node != ROOT && self.nodes[node].located.is_none() && !circle.is_closed_at(node) {
                let undecided = self.nodes[node].events.iter().find(|(number, _)| {
                    self.verdicts[*number].is_none()
                        && of_record.get(number).is_some_and(|&chain| !begun[chain])
                });
                if let Some((number, _)) = undecided {
                    return of_record.get(number).copied();
                }
                let Some(place) = self.place_now(node, None) else { break };
                node = self.places[place].parent;
            }
        }
        None
    }

    fn places_of(&self, chain: usize) -> Vec<PlaceId> {
        let mut places: Vec<PlaceId> = Vec::new();
        for &at in self.chains.members(chain) {
            let (number, _) = self.structural[at];
            let Some(node) = self.targets[number] else { continue };
            let node = &self.nodes[node];
            places.extend(node.began);
            // Each event is looked at with its own record.
            let event = node.events.binary_search_by_key(&number, |(number, _)| *number);
            if let Ok(at) = event
                && let (_, Event::Created(place) | Event::Moved(place)) = node.events[at]
            {
                places.push(place);
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Where an entry is, as far as its records are decided; the others count as
    /// made.
    fn place_now(&self, node: NodeId, export: Option<&Found<'a>>) -> Option<PlaceId> {
        let node = &self.nodes[node];
        let mut place = node.began;
        for (number, event) in &node.events {
            let verdict = self.verdicts[*number].unwrap_or(Verdict::Applied);
            match (event, verdict) {
                (Event::Created(to) | Event::Moved(to), Verdict::Applied) => place = Some(*to),
                (Event::Deleted, Verdict::Applied) => place = None,
                (Event::Moved(to) | Event::Created(to), Verdict::Contradicted) => {
                    let taken = |place: PlaceId| self.facts.observed(self.places[place].fact);
                    let stays = place.is_some_and(taken);
                    if export.is_none() || (!stays && taken(*to)) {
                        place = Some(*to);
                    }
                }
                _ => {}
            }
        }
        place
    }

    /// The key of an entry's DN in the export; `None` where it does not exist.
    pub(super) fn locate(&mut self, node: NodeId, export: &Found<'a>) -> Option<Box<[u8]>> {
        let mut path = Vec::new();
        let mut at = node;
        let mut circle = Circle::new();
        let mut above = loop {
            if at == ROOT {
                break Some(Box::default());
            }
            if let Some(located) = &self.nodes[at].located {
                break located.clone();
            }
            // A circle of names that contradict each other is nowhere.
            if circle.is_closed_at(at) {
                break None;
            }
            let place = self.place_now(at, Some(export));
            path.push((at, place));
            match place {
                Some(place) => at = self.places[place].parent,
                None => break None,
            }
        };
        for (node, place) in path.into_iter().rev() {
            let key = above.as_deref().zip(place);
            let key: Option<Box<[u8]>> =
                key.map(|(above, place)| joined(&self.places[place].rdn, above).into());
            self.nodes[node].located = Some(key.clone());
            above = key;
        }
        above
    }

    fn decide(
        &mut self,
        chain: usize,
        export: &mut Found<'a>,
        base: Option<&Found<'a>>,
        patience: &Patience,
    ) {
        let mut keys: FxHashMap<PlaceId, Box<[u8]>> = FxHashMap::default();
        let places = self.places_of(chain);
        if self.chains.members(chain).len() <= entangled::MOST
            && places.iter().any(|&place| !self.is_decided(self.places[place].parent))
        {
            self.decide_entangled(chain, &places, export, base);
            return;
        }
        for place in places {
            let parent = self.places[place].parent;
            let fact = self.places[place].fact;
            if !self.is_decided(parent) {
                let key = self.places[place].key.clone();
                self.facts.observe(fact, export.is_there(&key));
                keys.insert(place, key);
                continue;
            }
            let Some(above) = self.locate(parent, export) else {
                match self.is_lost(parent, export) {
                    true => self.facts.hide(fact),
                    false => self.facts.observe(fact, false),
                }
                continue;
            };
            let key: Box<[u8]> = joined(&self.places[place].rdn, &above).into();
            let taken = export.is_there(&key);
            self.facts.observe(fact, taken);
            keys.insert(place, key);
        }
        self.observe_spellings(chain, &keys, export);
        let members: Vec<usize> = self.chains.members(chain).to_vec();
        let numbers: Vec<usize> = members.iter().map(|&at| self.structural[at].0).collect();
        let acts: Vec<&Act> = members.iter().map(|&at| &self.structural[at].1).collect();
        let explained = explain(&self.facts, &acts, &|choices| choices.to_vec(), patience);
        let mut verdicts = explained.verdicts;
        if !explained.choices.is_empty() {
            let left = self.who_is_who(&numbers, &explained.choices, &keys, export, base);
            let (low, high) = (left.first().copied(), left.last().copied());
            let (low, high) = (low.unwrap_or_default(), high.unwrap_or_default());
            for (at, verdict) in verdicts.iter_mut().enumerate() {
                *verdict = match at {
                    at if at < low => Verdict::Applied,
                    at if at >= high => Verdict::Pending,
                    _ => Verdict::Unclear,
                };
                self.guessed[numbers[at]] = left.len() > 1;
            }
        }
        for (number, verdict) in numbers.iter().zip(verdicts) {
            self.verdicts[*number] = Some(verdict);
        }
    }

    /// Whether an entry is nowhere because it, or one above it, was deleted. All
    /// records that name it or one above it must be decided.
    pub(super) fn is_lost(&mut self, node: NodeId, export: &Found<'a>) -> bool {
        let mut ways = std::mem::take(&mut self.lost);
        let found = ways.from(node, false, |at| match self.place_now(at, Some(export)) {
            Some(place) => Continue(self.places[place].parent),
            None => Break(self.is_deleted(at)),
        });
        self.lost = ways;
        found
    }

    /// Whether nobody can tell which entry is above the one that a record is about:
    /// what was below the one may have gone with it. All records must be decided.
    pub(super) fn is_below_unclear(&mut self, number: usize) -> bool {
        let Some(node) = self.targets[number] else { return false };
        let mut ways = std::mem::take(&mut self.below_unclear);
        let found = ways.from(node, false, |at| match self.place_now(at, None) {
            Some(place) if self.is_unclear(self.places[place].parent) => Break(true),
            Some(place) => Continue(self.places[place].parent),
            None => Break(false),
        });
        self.below_unclear = ways;
        found
    }

    /// Whether nobody can tell which entry this is now.
    pub(super) fn is_unclear(&self, node: NodeId) -> bool {
        let mut events = self.nodes[node].events.iter();
        events.any(|(number, _)| self.verdicts[*number] == Some(Verdict::Unclear))
    }

    /// Whether it is known where an entry is. In a circle of names it is not: then
    /// a name stands for what it was when a record spoke of it.
    fn is_decided(&self, node: NodeId) -> bool {
        let mut at = node;
        let mut circle = Circle::new();
        loop {
            let own = &self.nodes[at];
            if at == ROOT || own.located.is_some() {
                return true;
            }
            if circle.is_closed_at(at) {
                return false;
            }
            if own.events.iter().any(|(number, _)| self.verdicts[*number].is_none()) {
                return false;
            }
            match self.place_now(at, None) {
                Some(place) => at = self.places[place].parent,
                None => return true,
            }
        }
    }

    fn observe_spellings(
        &mut self,
        chain: usize,
        keys: &FxHashMap<PlaceId, Box<[u8]>>,
        export: &Found<'a>,
    ) {
        if self.spellings.is_empty() {
            return;
        }
        let mut touched: Vec<FactId> = Vec::new();
        for &at in self.chains.members(chain) {
            touched.extend(self.structural[at].1.iter().filter_map(|deed| match deed {
                Deed::Set { fact, .. } => Some(*fact),
                _ => None,
            }));
        }
        for fact in touched {
            let known = self.spellings.binary_search_by_key(&fact, |spelling| spelling.fact);
            let Ok(known) = known else { continue };
            let Spelling { place, rdn, .. } = &self.spellings[known];
            let entry = keys.get(place).and_then(|key| export.known(key));
            let spelled = entry.is_some_and(|entry| identity::is_spelled(&entry.dn, rdn));
            self.facts.observe(fact, spelled);
        }
    }

    /// Of several prefixes that all give the names that are there, those that put
    /// the right entries there. One where nothing tells them apart and no entry is
    /// elsewhere.
    fn who_is_who(
        &self,
        numbers: &[usize],
        choices: &[usize],
        keys: &FxHashMap<PlaceId, Box<[u8]>>,
        export: &Found<'a>,
        base: Option<&Found<'a>>,
    ) -> Vec<usize> {
        let likeness = |node: NodeId, place: Option<PlaceId>| {
            let entry = place.and_then(|place| keys.get(&place)).and_then(|key| export.known(key));
            entry.map_or(0, |entry| self.likeness(node, &entry, base))
        };
        let mark = |node: NodeId, place: Option<PlaceId>| {
            // What is below a deleted entry is gone.
            let place = place.filter(|place| keys.contains_key(place));
            let place = place.map_or(u64::MAX, |place| place as u64);
            // Mixed well: what entries exchange must not cancel out.
            let mixed = (node as u64 ^ place.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
        };
        let mut at: FxHashMap<NodeId, Option<PlaceId>> = FxHashMap::default();
        for node in numbers.iter().filter_map(|&number| self.targets[number]) {
            at.entry(node).or_insert(self.nodes[node].began);
        }
        let mut score: i64 = at.iter().map(|(&node, &place)| likeness(node, place)).sum();
        let mut signature = 0_u64;
        let mut states = vec![(score, signature)];
        for &number in numbers {
            if let Some(node) = self.targets[number] {
                let events = &self.nodes[node].events;
                let event = events.binary_search_by_key(&number, |(number, _)| *number);
                let to = match event.map(|at| events[at].1) {
                    Ok(Event::Created(to) | Event::Moved(to)) => Some(to),
                    _ => None,
                };
                let from = at.insert(node, to).flatten();
                score += likeness(node, to) - likeness(node, from);
                signature = signature.wrapping_add(mark(node, to)).wrapping_sub(mark(node, from));
            }
            states.push((score, signature));
        }
        let best = choices.iter().map(|&k| states[k].0).max().unwrap_or_default();
        let mut left: Vec<usize> =
            choices.iter().copied().filter(|&k| states[k].0 == best).collect();
        if left.len() > 1 {
            left = self.without_lost_traces(left, numbers, keys, export, base);
        }
        if left.windows(2).all(|pair| states[pair[0]].1 == states[pair[1]].1) {
            left.drain(..left.len().saturating_sub(1));
        }
        left
    }

    /// Whether an entry of the export is this one: above 0 yes, below no, 0 unknown.
    fn likeness(&self, node: NodeId, entry: &Entry<'_>, base: Option<&Found<'a>>) -> i64 {
        let node = &self.nodes[node];
        if let Some(added) = node.added {
            let lines = added.iter().map(|line| (&*line.name, &line.value));
            return match Likeness::of(entry, lines, &node.taken) {
                Likeness::Same => 2,
                Likeness::Other if !node.modified => -2,
                _ => 0,
            };
        }
        let Some(before) = node.origin.as_deref().and_then(|key| base?.known(key)) else {
            return 0;
        };
        let lines = before.attributes().iter();
        let lines = lines.flat_map(|own| own.values.iter().map(|value| (&*own.name, value)));
        let alike = Likeness::of(entry, lines, &node.taken);
        for name in [&b"objectGUID"[..], b"entryUUID", b"nsUniqueId"] {
            if let ([before], [now]) = (before.values(name), entry.values(name)) {
                return match (equal(name, before, now), alike) {
                    (true, _) => 4,
                    // Made again, as by an inverse.
                    (false, Likeness::Same) => 2,
                    (false, _) => -4,
                };
            }
        }
        match alike {
            Likeness::Same => 2,
            Likeness::More if !node.modified => -1,
            Likeness::Other if !node.modified => -2,
            _ => 0,
        }
    }

    pub(super) fn target(&self, number: usize) -> Option<NodeId> {
        self.targets[number]
    }

    pub(super) fn verdict(&self, number: usize) -> Option<Verdict> {
        self.verdicts[number]
    }

    pub(super) fn is_guessed(&self, number: usize) -> bool {
        self.guessed[number]
    }

    /// The key of an entry's DN before the first record.
    pub(super) fn origin(&self, node: NodeId) -> Option<&[u8]> {
        self.nodes[node].origin.as_deref()
    }

    /// What an add gave the entry, where one did.
    pub(super) fn added(&self, node: NodeId) -> Option<&'a [Attribute<'a>]> {
        self.nodes[node].added
    }

    /// Whether a delete of the entry was made.
    fn is_deleted(&self, node: NodeId) -> bool {
        let deleted = |(number, event): &(usize, Event)| {
            matches!(event, Event::Deleted) && self.verdicts[*number] == Some(Verdict::Applied)
        };
        self.nodes[node].events.last().is_some_and(deleted)
    }

    /// Whether an add of the entry is still to be made.
    pub(super) fn is_to_come(&self, node: NodeId) -> bool {
        let pending = |(number, event): &(usize, Event)| {
            matches!(event, Event::Created(_)) && self.verdicts[*number] != Some(Verdict::Applied)
        };
        self.nodes[node].events.first().is_some_and(pending)
    }

    /// The places that a rename takes from and gives to: whether they are taken.
    pub(super) fn seen(&self, number: usize) -> Vec<bool> {
        let act = self.structural.binary_search_by_key(&number, |(number, _)| *number);
        let deeds = act.map(|at| self.structural[at].1.as_slice()).unwrap_or_default();
        let facts = deeds.iter().filter_map(|deed| match deed {
            Deed::Set { fact, .. } => Some(self.facts.observed(*fact)),
            _ => None,
        });
        facts.collect()
    }
}

fn first_rdn(key: &[u8]) -> &[u8] {
    &key[..memchr::memchr(b',', key).unwrap_or(key.len())]
}

fn joined(rdn: &[u8], above: &[u8]) -> Vec<u8> {
    if above.is_empty() { rdn.to_vec() } else { [rdn, b",", above].concat() }
}
