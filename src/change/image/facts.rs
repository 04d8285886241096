//! What is known of the export: only of the names that changes speak of.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::change::entry_text::HeldEntry;
use crate::directory::dn::key_ancestors;

/// What must be known of a name of the export, or is known of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Whether there is an entry of that name.
    pub(super) place: bool,
    /// Its attributes.
    pub(super) content: bool,
    /// How many entries are right below it.
    pub(super) children: bool,
    /// The attributes of every entry below it, too.
    pub(super) subtree: bool,
}

impl Needs {
    const NOTHING: Self = Self { place: false, content: false, children: false, subtree: false };
    pub(super) const PLACE: Self = Self { place: true, ..Self::NOTHING };
    pub(super) const CONTENT: Self = Self { content: true, ..Self::PLACE };
    pub(super) const CHILDREN: Self = Self { children: true, ..Self::PLACE };
    pub(super) const SUBTREE: Self =
        Self { content: true, children: true, subtree: true, ..Self::PLACE };

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            place: self.place || other.place,
            content: self.content || other.content,
            children: self.children || other.children,
            subtree: self.subtree || other.subtree,
        }
    }

    /// What of it there is to know of a name that the export lacks.
    fn of_missing(self) -> Self {
        Self { content: false, subtree: false, ..self }
    }

    fn include(self, other: Self) -> bool {
        self.and(other) == self
    }
}

/// The number of a name of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FactId(usize);

/// What the export says of one name.
#[derive(Debug)]
pub(super) struct Fact<'a> {
    key: Arc<[u8]>,
    wanted: Needs,
    known: Needs,
    /// The entry's number in the export and its DN as written there.
    found: Option<(u64, Vec<u8>)>,
    pub(super) entry: Option<HeldEntry<'a>>,
    pub(super) children: i64,
    /// The node that began at this name.
    pub(super) node: Option<super::tree::NodeId>,
}

/// All names of the export that matter.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    by_key: FxHashMap<Arc<[u8]>, FactId>,
    facts: Vec<Fact<'a>>,
    wanting: bool,
    /// Whether all below some name is read.
    has_subtrees: bool,
    /// Whether an entry was read that what refers to it knows by something else than
    /// its name.
    pub(super) has_identities: bool,
}

impl<'a> Facts<'a> {
    /// The number of a name, which is made where it is new.
    pub(super) fn id(&mut self, key: &[u8]) -> FactId {
        if let Some(&id) = self.by_key.get(key) {
            return id;
        }
        let id = FactId(self.facts.len());
        let key: Arc<[u8]> = key.into();
        self.by_key.insert(Arc::clone(&key), id);
        self.facts.push(Fact {
            key,
            wanted: Needs::default(),
            known: Needs::default(),
            found: None,
            entry: None,
            children: 0,
            node: None,
        });
        id
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<&Fact<'a>> {
        self.by_key.get(key).map(|&id| self.get(id))
    }

    pub(super) fn find_mut(&mut self, key: &[u8]) -> Option<&mut Fact<'a>> {
        let id = *self.by_key.get(key)?;
        Some(self.get_mut(id))
    }

    pub(super) fn get(&self, id: FactId) -> &Fact<'a> {
        &self.facts[id.0]
    }

    pub(super) fn get_mut(&mut self, id: FactId) -> &mut Fact<'a> {
        &mut self.facts[id.0]
    }

    /// Whether the needs are known; they will be, from the next reading on.
    pub(super) fn require(&mut self, id: FactId, needs: Needs) -> bool {
        let fact = &mut self.facts[id.0];
        // What the export lacks has nothing that could be read.
        let is_missing = fact.known.place && fact.found.is_none();
        let needs = if is_missing { needs.of_missing() } else { needs };
        fact.wanted = fact.wanted.and(needs);
        let known = fact.known.include(needs);
        self.wanting |= !known;
        known
    }

    /// The names of which something is looked for in the export.
    pub(super) fn sought(&self) -> impl Iterator<Item = &Fact<'a>> {
        self.facts.iter().filter(|fact| fact.known != Needs::default())
    }

    /// Whether something was required that is not known.
    pub(super) fn is_wanting(&self) -> bool {
        self.wanting
    }

    /// Whether all that is looked for here is looked for there, too.
    pub(super) fn ask_no_more_than(&self, other: &Self) -> bool {
        self.facts.iter().all(|fact| {
            let theirs = other.find(&fact.key).map(|fact| fact.known).unwrap_or_default();
            theirs.include(fact.known) || (other.covers(&fact.key) && !fact.known.subtree)
        })
    }

    /// Whether an entry that bears the name is read because all below another
    /// name is.
    pub(super) fn covers(&self, key: &[u8]) -> bool {
        let is_read = |above: &[u8]| self.find(above).is_some_and(|fact| fact.known.subtree);
        self.has_subtrees && key_ancestors(key).any(is_read)
    }

    /// The fact of a name below one whose subtree is read.
    pub(super) fn cover(&mut self, key: &[u8]) {
        let id = self.id(key);
        let fact = self.get_mut(id);
        fact.known = fact.known.and(Needs::SUBTREE);
    }

    /// The names below those whose subtree is read, and their DNs.
    pub(super) fn covered(&self) -> Vec<(Arc<[u8]>, Vec<u8>)> {
        if !self.has_subtrees {
            return Vec::new();
        }
        let found = self.facts.iter().filter(|fact| fact.known.subtree);
        found.filter_map(|fact| Some((fact.key(), fact.dn()?.to_vec()))).collect()
    }

    /// Forgets what was read: the export will be read again.
    pub(super) fn begin_reading(&mut self) {
        self.wanting = false;
        self.has_identities = false;
        self.has_subtrees = self.facts.iter().any(|fact| fact.wanted.subtree);
        for fact in &mut self.facts {
            fact.known = fact.wanted;
            fact.found = None;
            fact.entry = None;
            fact.children = 0;
        }
    }

    /// Forgets which nodes began where.
    pub(super) fn begin_run(&mut self) {
        for fact in &mut self.facts {
            fact.node = None;
        }
    }
}

impl<'a> Fact<'a> {
    pub(super) fn key(&self) -> Arc<[u8]> {
        Arc::clone(&self.key)
    }

    pub(super) fn key_bytes(&self) -> &[u8] {
        &self.key
    }

    /// What is looked for in the export.
    pub(super) fn needs(&self) -> Needs {
        self.known
    }

    pub(super) fn is_found(&self) -> bool {
        self.found.is_some()
    }

    /// The DN as the export writes it.
    pub(super) fn dn(&self) -> Option<&[u8]> {
        self.entry_found().map(|(_, dn)| dn)
    }

    /// The entry's number in the export and its DN as written there.
    pub(super) fn entry_found(&self) -> Option<(u64, &[u8])> {
        self.found.as_ref().map(|(ordinal, dn)| (*ordinal, dn.as_slice()))
    }

    /// Whether this is the entry of that number in the export.
    pub(super) fn is_entry(&self, ordinal: u64) -> bool {
        self.found.as_ref().is_some_and(|(found, _)| *found == ordinal)
    }

    /// Notes the entry of this name; a second one of the same name is `false`.
    pub(super) fn found(&mut self, ordinal: u64, dn: &[u8], entry: Option<HeldEntry<'a>>) -> bool {
        if self.found.is_some() {
            return false;
        }
        self.found = Some((ordinal, dn.to_vec()));
        self.entry = entry.filter(|_| self.known.content);
        true
    }
}
