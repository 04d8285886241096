//! Following the records as if all were made: which entry each is about, and which
//! names it gives and takes.

use rustc_hash::FxHashMap;

use super::{Asked, Event, Names, Node, NodeId, Place, PlaceId, ROOT, Spelling, first_rdn, joined};
use crate::change::identity;
use crate::change::verify::chains::Joined;
use crate::change::verify::explain::{Act, Deed, FactId};
use crate::ldif::{Change, ChangeRecord};

impl<'a> Names<'a> {
    pub(super) fn follow(
        &mut self,
        number: usize,
        record: &'a ChangeRecord<'a>,
        key: &[u8],
        asked: &mut Asked<'_>,
    ) -> Option<NodeId> {
        match &record.change {
            Change::Modify(_) => {
                let node = self.walk(key);
                self.nodes[node].modified = true;
                Some(node)
            }
            Change::Add(attributes) => {
                let parent = self.walk(identity::parent_key(key)?);
                let place = self.place(parent, first_rdn(key), || key.into());
                let node = self.nodes.len();
                self.nodes.push(Node {
                    at: Some(place),
                    added: Some(attributes),
                    ..Node::default()
                });
                self.occupy(place, node);
                let act = vec![self.becomes(place, true)];
                Some(self.happens(number, node, Event::Created(place), act))
            }
            Change::Delete => {
                let node = self.walk(key);
                let place = self.nodes[node].at?;
                let mut act = vec![self.becomes(place, false)];
                act.extend(self.vacate(place));
                self.nodes[node].at = None;
                Some(self.happens(number, node, Event::Deleted, act))
            }
            Change::ModRdn { new_rdn, new_superior, .. } => {
                self.follow_rename(number, key, new_rdn, new_superior.as_deref(), asked)
            }
        }
    }

    fn follow_rename(
        &mut self,
        number: usize,
        key: &[u8],
        new_rdn: &[u8],
        new_superior: Option<&[u8]>,
        asked: &mut Asked<'_>,
    ) -> Option<NodeId> {
        let node = self.walk(key);
        let from = self.nodes[node].at?;
        let rdn = identity::rdn_key(new_rdn)?;
        let parent = match new_superior {
            Some(dn) => self.walk(&identity::dn_key(dn)?),
            None => self.places[from].parent,
        };
        let above = match new_superior {
            Some(dn) => identity::dn_key(dn)?,
            None => identity::parent_key(key)?.to_vec(),
        };
        let new = joined(&rdn, &above);
        let to = self.place(parent, &rdn, || new.as_slice().into());
        let act = if to == from {
            self.respell(to, new_rdn)
        } else {
            (asked.export)(&new);
            let mut act = vec![self.becomes(from, false), self.becomes(to, true)];
            act.extend(self.vacate(from));
            self.occupy(to, node);
            self.nodes[node].at = Some(to);
            act
        };
        if let ChangeRecord { dn, change: Change::ModRdn { delete_old_rdn: true, .. }, .. } =
            &self.records[number]
        {
            self.nodes[node].taken.with(identity::rdn_text(dn));
        }
        Some(self.happens(number, node, Event::Moved(to), act))
    }

    /// A record gives or takes the name of an entry: that happens to the entry, and
    /// the record is one of those that are decided by names.
    fn happens(&mut self, number: usize, node: NodeId, event: Event, act: Act) -> NodeId {
        self.nodes[node].events.push((number, event));
        self.structural.push((number, act));
        node
    }

    fn becomes(&self, place: PlaceId, to: bool) -> Deed {
        Deed::Set { fact: self.places[place].fact, to, guarded: true }
    }

    fn respell(&mut self, place: PlaceId, rdn: &[u8]) -> Act {
        let known = self.spellings.iter().rev().take(8);
        let known = known
            .filter(|s| s.place == place && identity::is_spelled(&s.rdn, rdn))
            .map(|s| s.fact)
            .next();
        let fact = known.unwrap_or_else(|| {
            // All spellings of a place are one group: who leaves takes them along.
            let before = self.places[place].spelling;
            let group = before.map(|fact| self.facts.group_of(fact));
            let group = group.unwrap_or_else(|| self.facts.group());
            let fact = self.facts.fact(group);
            self.spellings.push(Spelling { fact, place, rdn: rdn.to_vec() });
            fact
        });
        let before = self.places[place].spelling.replace(fact);
        // How it was spelled is not known: the DN of the record need not say so.
        let mut act = Act::new();
        if let Some(before) = before.filter(|before| *before != fact) {
            act.push(Deed::Set { fact: before, to: false, guarded: false });
        }
        act.push(Deed::Set { fact, to: true, guarded: false });
        act
    }

    /// The node of a key, with those above it.
    fn walk(&mut self, key: &[u8]) -> NodeId {
        let mut node = ROOT;
        let mut end = key.len();
        while end > 0 {
            let from = memchr::memrchr(b',', &key[..end]).map_or(0, |at| at + 1);
            node = self.child(node, &key[from..end], &key[from..]);
            end = from.saturating_sub(1);
        }
        node
    }

    fn child(&mut self, parent: NodeId, rdn: &[u8], key: &[u8]) -> NodeId {
        if let Some(&node) = self.nodes[parent].children.get(rdn) {
            return node;
        }
        let place = self.place(parent, rdn, || key.into());
        let began = !self.places[place].used;
        let above = self.nodes[parent].origin.as_deref().filter(|_| began);
        let origin = above.map(|above| joined(rdn, above).into());
        let node = self.nodes.len();
        let began = began.then_some(place);
        self.nodes.push(Node { at: Some(place), began, origin, ..Node::default() });
        self.occupy(place, node);
        node
    }

    fn place(&mut self, parent: NodeId, rdn: &[u8], key: impl FnOnce() -> Box<[u8]>) -> PlaceId {
        *self.place_ids.entry((parent, rdn.into())).or_insert_with(|| {
            let fact = self.facts.fact(0);
            let (rdn, key) = (rdn.into(), key());
            self.places.push(Place { parent, rdn, key, fact, used: false, spelling: None });
            self.places.len() - 1
        })
    }

    fn occupy(&mut self, place: PlaceId, node: NodeId) {
        let Place { parent, rdn, used, .. } = &mut self.places[place];
        *used = true;
        self.nodes[*parent].children.insert(rdn.clone(), node);
    }

    /// Whoever comes there next may be spelled in any way.
    fn vacate(&mut self, place: PlaceId) -> Option<Deed> {
        let Place { parent, rdn, spelling, .. } = &mut self.places[place];
        self.nodes[*parent].children.remove(rdn);
        spelling.take().map(|fact| Deed::Blur { group: self.facts.group_of(fact) })
    }

    /// Records that speak of the same name or entry belong together.
    pub(super) fn link(&mut self) {
        let mut joined = Joined::new(self.structural.len());
        let mut first: FxHashMap<FactId, usize> = FxHashMap::default();
        let mut last_of: FxHashMap<NodeId, usize> = FxHashMap::default();
        for (at, (number, act)) in self.structural.iter().enumerate() {
            if let Some(before) = self.targets[*number].and_then(|node| last_of.insert(node, at)) {
                joined.join(before, at);
            }
            for deed in act {
                if let Deed::Set { fact, .. } = deed {
                    joined.join(*first.entry(*fact).or_insert(at), at);
                }
            }
        }
        self.chains = joined.chains();
    }
}
