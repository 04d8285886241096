//! The names that changes speak of, as a tree: a rename moves one node, however
//! many entries are below it.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Sequence;
use super::facts::{FactId, Facts, Needs};
use crate::change::apply::{self, Guards, Twins};
use crate::change::entry_text::HeldEntry;
use crate::change::identity;
use crate::change::stored::{StoredEntry, tells_the_server};
use crate::directory::Entry;
use crate::directory::dn::key_depth;
use crate::ldif::{Attribute, Change, ChangeRecord, Modification};

/// The number of a node.
pub(super) type NodeId = usize;

/// The node of the empty DN.
pub(super) const ROOT: NodeId = 0;

/// A name, and the entry that bears it now, if any.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    pub(super) parent: NodeId,
    rdn_key: Box<[u8]>,
    /// The RDN's text, where the node moved.
    rdn: Vec<u8>,
    /// The DN as a change record first wrote it.
    dn: Vec<u8>,
    /// The name of the export at which this node began. A name that became free
    /// because its entry went has a node without one.
    origin: Option<FactId>,
    children: FxHashMap<Box<[u8]>, NodeId>,
    /// Entries right below that came, less those that went.
    balance: i64,
    /// Whether the node stands elsewhere than where it began.
    moved: bool,
    /// Whether what refers to the entry knows it by something else than its name.
    has_identity: bool,
    /// Whether the entry exists; `None` while it is what the export says.
    exists: Option<bool>,
    /// The entry as it is now, unless it is put aside.
    pub(super) entry: Option<Box<StoredEntry<'a>>>,
    /// The number of the record that created the entry, where it was put aside since.
    added: Option<usize>,
    /// The numbers of the modify records that lead from the export's entry, or from the
    /// one that was created, to the one that was put aside.
    made: Vec<usize>,
    /// How often the entry was read.
    read: usize,
    /// Whether the entry cannot be put aside: more than modify records would have to
    /// be made again.
    is_kept: bool,
    /// Whether a change altered the attributes.
    pub(super) altered: bool,
}

/// An entry that a record creates.
pub(super) enum Created<'a> {
    /// As the record with this number says: it is read there when it is looked at.
    Record(usize),
    /// With values that call other entries as the export does.
    Entry(StoredEntry<'a>),
}

/// The entry that an add creates.
pub(super) fn added<'a>(dn: &'a [u8], attributes: &'a [Attribute<'a>]) -> StoredEntry<'a> {
    let values = attributes.iter();
    let values = values.map(|own| (Cow::Borrowed(&*own.name), apply::borrowed(&own.value)));
    let mut entry = StoredEntry::from(Entry::of_values(dn, values));
    apply::complete_name(&mut entry);
    entry
}

/// Whether a modify record gives the same when it is made once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Possible,
    Never,
}

/// An entry is read so often at most, and then kept. A change and its inverse look
/// twice at most entries; one that all records modify must not be read for each.
const READ: usize = 4;

/// Modifications of one record for which a part of an entry is read; where there are
/// more, all of it is.
const FEW: usize = 16;

/// The tree, and what is known of the export.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    pub(super) facts: Facts<'a>,
    pub(super) changes: Sequence<'a>,
    moves: usize,
    /// Those of them that values which name the entry follow.
    followed: usize,
    /// Whether a name that had become free was spoken of again.
    has_newcomers: bool,
    /// Whether names of which the export must still be asked are taken for missing.
    pub(super) doubts: bool,
}

impl<'a> Tree<'a> {
    /// Back to the export as it was read.
    pub(super) fn begin_run(&mut self) {
        self.facts.begin_run();
        let origin = self.facts.id(b"");
        self.facts.get_mut(origin).node = Some(ROOT);
        self.nodes = vec![Node { origin: Some(origin), ..Node::default() }];
        self.moves = 0;
        self.followed = 0;
        self.has_newcomers = false;
        for (key, dn) in self.facts.covered() {
            self.walk(&key, &dn);
        }
    }

    pub(super) fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node<'a> {
        &mut self.nodes[id]
    }

    /// Whether any name of the export changed.
    pub(super) fn has_moves(&self) -> bool {
        self.moves > 0
    }

    /// Whether values that name entries follow any of these changes.
    pub(super) fn has_followed(&self) -> bool {
        self.followed > 0
    }

    /// Whether a value that names an entry may call it otherwise than the export does,
    /// now or once all is done.
    pub(super) fn has_two_names(&self) -> bool {
        self.has_followed() || (self.has_newcomers && self.facts.has_identities)
    }

    /// The entry that bears the name, or the one above it that is nearest, of those
    /// of which changes spoke, and how many RDNs of the name are below that one.
    pub(super) fn nearest(&self, key: &[u8]) -> (NodeId, usize) {
        let mut node = ROOT;
        let mut below = key_depth(key);
        for rdn in key.rsplit(|&byte| byte == b',').take(below) {
            match self.nodes[node].children.get(rdn) {
                Some(&child) => node = child,
                None => break,
            }
            below -= 1;
        }
        (node, below)
    }

    /// The entries of the export that changes altered, renamed or deleted, each with its
    /// number and its DN as written there; those below one that got another name have no
    /// other one of their own.
    pub(super) fn touched(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let is_touched = |node: &&Node<'_>| node.altered || node.moved || node.was_removed();
        let touched = self.nodes.iter().filter(is_touched);
        touched.filter_map(|node| self.facts.get(node.origin?).entry_found())
    }

    /// The name of the export at which the node began.
    pub(super) fn origin(&self, id: NodeId) -> Option<Arc<[u8]>> {
        Some(self.facts.get(self.nodes[id].origin?).key())
    }

    /// The number of a node whose entry came in the place of another.
    pub(super) fn node_by_number(&self, number: &[u8]) -> Option<NodeId> {
        let id = std::str::from_utf8(number).ok()?.parse().ok()?;
        self.nodes.get(id).map(|_| id)
    }

    /// The node of a DN, which is made where no change spoke of it before.
    pub(super) fn walk(&mut self, key: &[u8], dn: &[u8]) -> NodeId {
        let starts = identity::rdn_starts(dn);
        let mut node = ROOT;
        let mut end = key.len();
        for &start in starts.iter().rev().filter(|_| !key.is_empty()) {
            let from = memchr::memrchr(b',', &key[..end]).map_or(0, |at| at + 1);
            node = self.child(node, &key[from..end], &dn[start..]);
            end = from.saturating_sub(1);
        }
        node
    }

    /// The node of a name below a node; `dn` is its DN as text.
    pub(super) fn child(&mut self, parent: NodeId, rdn_key: &[u8], dn: &[u8]) -> NodeId {
        if let Some(&node) = self.nodes[parent].children.get(rdn_key) {
            return node;
        }
        let id = self.nodes.len();
        let origin = self.nodes[parent].origin.map(|above| {
            let above = self.facts.get(above).key();
            if above.is_empty() {
                self.facts.id(rdn_key)
            } else {
                self.facts.id(&[rdn_key, &above].join(&b','))
            }
        });
        let origin = origin.filter(|&origin| {
            let fact = self.facts.get_mut(origin);
            let first = fact.node.is_none();
            fact.node.get_or_insert(id);
            first
        });
        self.has_newcomers |= origin.is_none();
        self.nodes.push(Node {
            parent,
            rdn_key: rdn_key.into(),
            dn: dn.to_vec(),
            origin,
            ..Node::default()
        });
        self.nodes[parent].children.insert(rdn_key.into(), id);
        id
    }

    /// Whether an entry bears the name; `None` where the export must be asked.
    pub(super) fn exists(&mut self, id: NodeId, needs: Needs) -> Option<bool> {
        let node = &self.nodes[id];
        match node.origin {
            None => Some(node.exists.unwrap_or(false)),
            Some(origin) => {
                let known = self.facts.require(origin, needs);
                let is_found = || known && self.facts.get(origin).is_found();
                (known || self.doubts).then(|| node.exists.unwrap_or_else(is_found))
            }
        }
    }

    /// How many entries are right below; those of the export count where it was
    /// asked.
    pub(super) fn children(&self, id: NodeId) -> i64 {
        let node = &self.nodes[id];
        node.balance + node.origin.map_or(0, |origin| self.facts.get(origin).children)
    }

    /// What a delete of a whole subtree deletes, parents first; what of it is in
    /// the export must be known then. Names that the export lacks are left out.
    pub(super) fn subtree(&mut self, top: NodeId) -> Vec<NodeId> {
        let mut all = vec![top];
        let mut next = 0;
        while let Some(&id) = all.get(next) {
            next += 1;
            let node = &self.nodes[id];
            if let Some(origin) = node.origin
                && !self.facts.covers(&self.facts.get(origin).key())
            {
                self.facts.require(origin, Needs::SUBTREE);
            }
            let mut below: Vec<NodeId> = self.nodes[id].children.values().copied().collect();
            below.sort_unstable();
            all.extend(below);
        }
        let facts = &self.facts;
        all.retain(|&id| {
            let node = &self.nodes[id];
            let found = || node.origin.is_some_and(|origin| facts.get(origin).is_found());
            node.exists.unwrap_or_else(found)
        });
        all
    }

    /// The entry, taken over from the export when first touched.
    pub(super) fn entry_mut(&mut self, id: NodeId) -> Option<&mut StoredEntry<'a>> {
        if self.nodes[id].entry.is_none() {
            self.nodes[id].entry = self.again(id).map(Box::new);
            self.nodes[id].read += 1;
        }
        self.nodes[id].entry.as_deref_mut()
    }

    /// The entry as far as modifications tell or change anything of it, where it is only
    /// read for them: what is made of it then is noted by [`Tree::note_made`].
    pub(super) fn part(
        &mut self,
        id: NodeId,
        mods: &[Modification<'_>],
    ) -> Option<StoredEntry<'a>> {
        let node = &self.nodes[id];
        let is_read = node.entry.is_some() || node.is_kept || node.moved || node.read >= READ;
        if is_read || node.exists.is_some() || mods.len() > FEW {
            return None;
        }
        let held = self.facts.get(node.origin?).entry.as_ref()?;
        let made: Vec<(&ChangeRecord<'a>, &[Modification<'a>])> = self.made(node).collect();
        let own = mods.iter().map(|own| &*own.attribute);
        let before = made.iter().flat_map(|(_, mods)| mods.iter()).map(|own| &*own.attribute);
        let touched: Vec<&[u8]> = own.chain(before).take(2 * FEW).collect();
        if touched.len() == 2 * FEW {
            return None;
        }
        let is_same = |name: &[u8]| {
            identity::may_be_spelled_otherwise(name)
                && touched.iter().any(|own| identity::same_description(own, name))
        };
        let part = held.part(|name| {
            touched.iter().any(|own| own.eq_ignore_ascii_case(name))
                || is_same(name)
                || identity::is_partial(name)
                || tells_the_server(name)
        });
        let mut part = StoredEntry::from(part?);
        for (record, mods) in made {
            // What applied once applies again.
            let _ = apply::modify(&mut part, mods, Guards::of(record), Twins::Ignored);
        }
        self.nodes[id].read += 1;
        Some(part)
    }

    /// Notes that a record was made of a part of an entry.
    pub(super) fn note_made(&mut self, id: NodeId, record: usize) {
        self.nodes[id].made.push(record);
    }

    /// The modify records that were made of an entry that was put aside.
    fn made<'t>(
        &self,
        node: &'t Node<'a>,
    ) -> impl Iterator<Item = (&'a ChangeRecord<'a>, &'a [Modification<'a>])> + use<'t, 'a> {
        let changes = self.changes;
        let records = node.made.iter().filter_map(move |&number| changes.get(number));
        records.filter_map(|record| match &record.change {
            Change::Modify(mods) => Some((record, mods.as_slice())),
            _ => None,
        })
    }

    /// The entry as it is now.
    pub(super) fn entry(&self, id: NodeId) -> Option<Cow<'_, StoredEntry<'a>>> {
        match &self.nodes[id].entry {
            Some(entry) => Some(Cow::Borrowed(&**entry)),
            None => self.again(id).map(Cow::Owned),
        }
    }

    /// The export's entry, or the one that a record created, with the records made
    /// again that were made of it.
    fn again(&self, id: NodeId) -> Option<StoredEntry<'a>> {
        let node = &self.nodes[id];
        let changes = self.changes;
        let mut entry = match node.added {
            Some(number) => {
                let record = changes.get(number)?;
                let Change::Add(attributes) = &record.change else { return None };
                added(&record.dn, attributes)
            }
            None if node.exists.is_some() => return None,
            None => {
                let held = self.facts.get(node.origin?).entry.as_ref()?;
                StoredEntry::from(held.entry()?.into_owned())
            }
        };
        for (record, mods) in self.made(node) {
            // What applied once applies again.
            let _ = apply::modify(&mut entry, mods, Guards::of(record), Twins::Ignored);
        }
        Some(entry)
    }

    /// Puts an entry aside that was modified by record number `made`, if any: it is
    /// read and modified again when it is next looked at. Held as they are, entries
    /// take several times what they take in the export.
    pub(super) fn put_aside(&mut self, id: NodeId, made: Option<usize>, again: Again) {
        let node = &mut self.nodes[id];
        let held = node.origin.and_then(|origin| self.facts.get(origin).entry.as_ref());
        let is_held = match node.exists {
            Some(_) => node.added.is_some(),
            None => matches!(held, Some(HeldEntry::Text(..))),
        };
        node.is_kept |= again == Again::Never || node.moved || node.read >= READ || !is_held;
        if !node.is_kept {
            node.made.extend(made);
            node.entry = None;
        }
    }

    /// An entry comes into being.
    pub(super) fn create(&mut self, id: NodeId, dn: &[u8], entry: Option<Created<'a>>) {
        let node = &mut self.nodes[id];
        node.exists = Some(true);
        node.dn = dn.to_vec();
        match entry {
            Some(Created::Entry(entry)) => node.entry = Some(Box::new(entry)),
            Some(Created::Record(number)) => node.added = Some(number),
            None => {}
        }
        let parent = node.parent;
        self.nodes[parent].balance += 1;
    }

    /// An entry goes; its name is free.
    pub(super) fn remove(&mut self, id: NodeId) {
        let node = &mut self.nodes[id];
        node.exists = Some(false);
        (node.entry, node.added) = (None, None);
        let (parent, key) = (node.parent, std::mem::take(&mut node.rdn_key));
        self.nodes[parent].children.remove(&key);
        self.nodes[parent].balance -= 1;
    }

    /// An entry, with all that is below it, gets another name.
    pub(super) fn rename(
        &mut self,
        id: NodeId,
        parent: NodeId,
        (rdn_key, rdn): (&[u8], &[u8]),
        has_identity: bool,
    ) {
        self.followed += usize::from(has_identity);
        let node = &mut self.nodes[id];
        node.has_identity |= has_identity;
        let before = std::mem::replace(&mut node.parent, parent);
        let key = std::mem::replace(&mut node.rdn_key, rdn_key.into());
        node.rdn = rdn.to_vec();
        node.moved = true;
        self.nodes[before].children.remove(&key);
        self.nodes[before].balance -= 1;
        self.nodes[parent].children.insert(rdn_key.into(), id);
        self.nodes[parent].balance += 1;
        self.moves += 1;
    }

    /// Whether `id` is `above` or below it.
    pub(super) fn is_within(&self, id: NodeId, above: NodeId) -> bool {
        let mut at = id;
        while at != above && at != ROOT {
            at = self.nodes[at].parent;
        }
        at == above
    }

    /// Whether the DN differs from that of the export.
    pub(super) fn is_displaced(&self, id: NodeId) -> bool {
        let mut at = id;
        while at != ROOT {
            if self.nodes[at].moved {
                return true;
            }
            at = self.nodes[at].parent;
        }
        false
    }

    /// Whether the DN differs from that of the export, and what refers to the entry
    /// follows.
    pub(super) fn is_followed(&self, id: NodeId) -> bool {
        let mut at = id;
        let mut followed = false;
        while at != ROOT {
            let node = &self.nodes[at];
            if node.moved && !node.has_identity {
                return false;
            }
            followed |= node.moved;
            at = node.parent;
        }
        followed
    }

    /// The DN as it is now, spelled as the export spells it where it can be.
    pub(super) fn dn(&self, id: NodeId) -> Vec<u8> {
        let written = self.written(id);
        match self.is_displaced(id) {
            true => [identity::brackets(written), &self.plain_dn(id)].concat(),
            false => written.to_vec(),
        }
    }

    fn written(&self, id: NodeId) -> &[u8] {
        let node = &self.nodes[id];
        let written = node.origin.and_then(|origin| self.facts.get(origin).dn());
        written.unwrap_or(&node.dn)
    }

    /// The same without a `<GUID=…>` in front of it, which has no place in the middle of
    /// the DNs below nor in a record that brings the entry back.
    pub(super) fn plain_dn(&self, id: NodeId) -> Vec<u8> {
        let mut dn = Vec::new();
        let mut at = id;
        while at != ROOT {
            let (node, written) = (&self.nodes[at], self.written(at));
            if !dn.is_empty() {
                dn.push(b',');
            }
            if !self.is_displaced(at) {
                dn.extend_from_slice(identity::without_brackets(written));
                break;
            }
            dn.extend_from_slice(if node.moved { &node.rdn } else { identity::rdn_text(written) });
            at = node.parent;
        }
        dn
    }

    /// Asks how the export spells the names of which records speak only in the DN of
    /// what is below, where they are part of a name that changed.
    pub(super) fn ask_for_spelling(&mut self) {
        if !self.has_moves() {
            return;
        }
        for id in 0..self.nodes.len() {
            let node = &self.nodes[id];
            if let Some(origin) = node.origin.filter(|_| !node.moved && node.exists.is_none())
                && self.is_displaced(id)
            {
                self.facts.require(origin, Needs::PLACE);
            }
        }
    }

    /// Spells the name of an entry that is in no export as its child does.
    pub(super) fn spell(&mut self, id: NodeId, dn: &[u8]) {
        if id != ROOT && self.nodes[id].exists.is_none() {
            self.nodes[id].dn = dn.to_vec();
        }
    }
}

impl Node<'_> {
    /// Whether an entry that the export does not hold bears the name.
    pub(super) fn was_created(&self) -> bool {
        self.exists == Some(true)
    }

    /// Whether the entry was deleted.
    pub(super) fn was_removed(&self) -> bool {
        self.exists == Some(false)
    }
}
