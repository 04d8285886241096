//! One change record at a time.
//!
//! Where the export has not been asked yet, a record is assumed to apply: what
//! follows then finds the names of which it will speak.

use std::borrow::Cow;

use super::facts::Needs;
use super::links::has_identity;
use super::tree::{Again, Created, NodeId, ROOT};
use super::{Image, Previews};
use crate::change::apply::{self, Effect, Guards, Twins};
use crate::change::identity;
use crate::change::inverse;
use crate::change::not_applicable::{NotApplicable, Reason};
use crate::change::preview::Preview;
use crate::directory::dn::join;
use crate::directory::{Entry, EntryAttribute};
use crate::ldif::{Attribute, Change, ChangeRecord, Modification, Value};

/// The records that undo a step; none where they are not wanted.
type Inverse = Vec<ChangeRecord<'static>>;

impl<'a> Image<'a> {
    pub(super) fn step(&mut self, record: &'a ChangeRecord<'a>) -> Result<Inverse, NotApplicable> {
        let node = self.walk(&record.dn)?;
        self.controls_are_taken(node, record)?;
        match &record.change {
            Change::Modify(mods) => self.modify(node, record, mods),
            Change::Add(attributes) => self.add(node, &record.dn, attributes),
            // OpenLDAP passes over what it does not know and is not critical.
            Change::Delete if deletes_tree(record) && !self.is_openldap(node) => {
                self.delete_tree(node, &record.dn)
            }
            Change::Delete => self.delete(node, &record.dn),
            Change::ModRdn { new_rdn, delete_old_rdn, new_superior } => {
                let parent = match new_superior {
                    Some(dn) => self.walk(dn)?,
                    None => self.tree.node(node).parent,
                };
                let rename = Rename {
                    of: &record.dn,
                    parent,
                    moves: new_superior.as_deref(),
                    rdn: new_rdn,
                    delete_old_rdn: *delete_old_rdn,
                };
                self.rename(node, &rename)
            }
        }
    }

    /// Whether the server, told by the entry or by the one above it, takes the controls.
    fn controls_are_taken(
        &mut self,
        node: NodeId,
        record: &ChangeRecord<'_>,
    ) -> Result<(), NotApplicable> {
        let taken = apply::taken_by_openldap(record);
        if taken.is_ok() {
            return taken;
        }
        let told = match &record.change {
            Change::Add(_) => self.tree.node(node).parent,
            _ => node,
        };
        if self.is_openldap(told) { taken } else { Ok(()) }
    }

    /// Whether the entry, or the one above it where the changes made it, is known to be
    /// OpenLDAP's.
    fn is_openldap(&mut self, node: NodeId) -> bool {
        let mut told = node;
        while told != ROOT && self.tree.node(told).was_created() {
            told = self.tree.node(told).parent;
        }
        if self.tree.exists(told, Needs::CONTENT) != Some(true) {
            return false;
        }
        let is_openldap = self.tree.entry_mut(told).is_some_and(|entry| entry.is_openldap());
        self.tree.put_aside(told, None, Again::Possible);
        is_openldap
    }

    fn walk(&mut self, dn: &[u8]) -> Result<NodeId, NotApplicable> {
        let key =
            identity::dn_key(dn).ok_or_else(|| NotApplicable::of_dn(Reason::InvalidDn, dn))?;
        Ok(self.tree.walk(&key, dn))
    }

    fn modify(
        &mut self,
        node: NodeId,
        record: &ChangeRecord<'_>,
        mods: &'a [Modification<'a>],
    ) -> Result<Inverse, NotApplicable> {
        let (dn, guards) = (&record.dn, Guards::of(record));
        let twins = if self.inverses { Twins::Noted } else { Twins::Ignored };
        match self.tree.exists(node, Needs::CONTENT) {
            None => return Ok(Inverse::new()),
            Some(false) => return Err(NotApplicable::of_dn(Reason::NoSuchEntry, dn)),
            Some(true) => {}
        }
        let called = self.as_in_export(mods);
        let mut part = match (&called, &self.previews) {
            (None, Previews::Unwanted | Previews::Wanted) => self.tree.part(node, mods),
            _ => None,
        };
        let held = part.as_mut().map_or_else(|| self.tree.entry_mut(node), Some);
        let Some(entry) = held else { return Ok(Inverse::new()) };
        let partial = self.inverses.then(|| inverse::partly_known(entry, mods, guards)).flatten();
        self.partial.extend(partial.map(|attribute| (self.at, attribute)));
        let done = match &called {
            None => apply::modify(entry, mods, guards, twins),
            Some(mods) => {
                let keep = |value: &Value<'_>| value.clone().into_owned();
                apply::modify_keeping(entry, mods, (guards, twins), keep)
            }
        };
        let effects = match done {
            Ok(effects) => effects,
            Err(refusal) => {
                let mods = called.as_deref().unwrap_or(mods);
                self.preview_refused(node, mods, guards, &refusal);
                if part.is_none() {
                    self.tree.put_aside(node, None, Again::Possible);
                }
                return Err(self.said_now(refusal));
            }
        };
        if let Previews::Told(preview) = &mut self.previews
            && let Some(entry) = self.tree.entry_mut(node)
        {
            *preview = Preview::of_effects(entry, mods, &effects);
            self.preview_as_now();
        }
        let after = part.as_mut().map_or_else(|| self.tree.entry_mut(node), Some);
        let after = after.filter(|_| self.inverses);
        let undo = after.and_then(|entry| inverse::of_modify(dn, entry, &effects));
        self.tree.node_mut(node).altered |= alters(&effects);
        drop(effects);
        match (part, called) {
            (Some(_), _) => self.tree.note_made(node, self.at),
            (None, None) => self.tree.put_aside(node, Some(self.at), Again::Possible),
            // As the export calls entries now, it will not when the record is made again.
            (None, Some(_)) => self.tree.put_aside(node, Some(self.at), Again::Never),
        }
        if let Some(undo) = &undo {
            self.note_links(undo);
        }
        Ok(undo.map(|undo| self.as_now(undo)).into_iter().collect())
    }

    /// Tells of a modify that does not apply, where that is asked for.
    fn preview_refused(
        &mut self,
        node: NodeId,
        mods: &[Modification<'_>],
        guards: Guards,
        refusal: &NotApplicable,
    ) {
        if let Previews::Told(preview) = &mut self.previews
            && let Some(entry) = self.tree.entry_mut(node)
        {
            *preview = Preview::of_refused(entry, mods, guards, refusal.clone());
            self.preview_as_now();
        }
    }

    fn add(
        &mut self,
        node: NodeId,
        dn: &'a [u8],
        attributes: &'a [Attribute<'a>],
    ) -> Result<Inverse, NotApplicable> {
        let exists = self.tree.exists(node, Needs::PLACE);
        let has_parent = self.can_hold(self.tree.node(node).parent);
        if exists == Some(true) || node == ROOT {
            return Err(NotApplicable::of_dn(Reason::EntryExists, dn));
        }
        if has_parent == Some(false) {
            return Err(NotApplicable::of_dn(Reason::NoParent, identity::parent_text(dn)));
        }
        let known = exists.is_some() && has_parent.is_some();
        let entry = known.then(|| self.created(dn, attributes));
        self.tree.create(node, dn, entry);
        self.created.push(node);
        Ok(self.inverses.then(|| inverse::of_add(dn)).into_iter().collect())
    }

    fn created(&self, dn: &'a [u8], attributes: &'a [Attribute<'a>]) -> Created<'a> {
        let (mut entry, mut called) = (Entry::new(dn), false);
        for attribute in attributes.iter().filter(|_| self.tree.has_two_names()) {
            let there = self.value_as_in_export(&attribute.name, &attribute.value);
            called |= there.is_some();
            let value = there.unwrap_or_else(|| apply::borrowed(&attribute.value));
            entry.push((&*attribute.name).into(), value);
        }
        if !called {
            return Created::Record(self.at);
        }
        let mut entry = entry.into();
        apply::complete_name(&mut entry);
        Created::Entry(entry)
    }

    fn delete(&mut self, node: NodeId, dn: &[u8]) -> Result<Inverse, NotApplicable> {
        let known = if self.keeps_what_goes() { Needs::CONTENT } else { Needs::PLACE };
        let exists = self.tree.exists(node, known.and(Needs::CHILDREN));
        if exists == Some(false) {
            return Err(NotApplicable::of_dn(Reason::NoSuchEntry, dn));
        }
        if node == ROOT {
            return Err(NotApplicable::of_dn(Reason::CannotMove, dn));
        }
        if exists == Some(true) && self.tree.children(node) > 0 {
            return Err(NotApplicable::of_dn(Reason::NotLeaf, dn));
        }
        if self.inverses {
            // What the inverse will need, while the export is still to be read.
            self.can_hold(self.tree.node(node).parent);
        }
        let undo = self.undo_of_delete(node);
        self.preview_of_delete(node, 0);
        self.tree.remove(node);
        Ok(undo.into_iter().collect())
    }

    /// A delete with the tree-delete control.
    fn delete_tree(&mut self, node: NodeId, dn: &[u8]) -> Result<Inverse, NotApplicable> {
        let exists = self.tree.exists(node, Needs::SUBTREE);
        if exists == Some(false) {
            return Err(NotApplicable::of_dn(Reason::NoSuchEntry, dn));
        }
        if node == ROOT {
            return Err(NotApplicable::of_dn(Reason::CannotMove, dn));
        }
        if self.inverses {
            self.can_hold(self.tree.node(node).parent);
        }
        let mut subtree = self.tree.subtree(node);
        if exists.is_none() {
            subtree = vec![node];
        }
        let undo = subtree.iter().filter_map(|&node| self.undo_of_delete(node)).collect();
        self.preview_of_delete(node, subtree.len().saturating_sub(1));
        for &node in subtree.iter().rev() {
            self.tree.remove(node);
        }
        Ok(undo)
    }

    /// What goes, with so many entries below it.
    fn preview_of_delete(&mut self, node: NodeId, below: usize) {
        if !matches!(self.previews, Previews::Told(_)) {
            return;
        }
        let dn = self.tree.dn(node);
        let gone = self.tree.entry_mut(node).map(|entry| {
            let attributes = entry.attributes().map(|(_, attribute)| EntryAttribute {
                name: Cow::Owned(attribute.name().to_vec()),
                values: attribute.values().map(|value| value.clone().into_owned()).collect(),
            });
            Entry::with_attributes(dn, attributes.collect())
        });
        let gone = gone.map(|mut entry| {
            self.follow(&mut entry);
            entry
        });
        let gone_below = u64::try_from(below).unwrap_or(u64::MAX);
        self.previews = Previews::Told(Preview { gone, gone_below, ..Preview::default() });
    }

    fn undo_of_delete(&mut self, node: NodeId) -> Option<ChangeRecord<'static>> {
        if !self.inverses {
            return None;
        }
        let dn = self.tree.plain_dn(node);
        let mut entry = self.tree.entry_mut(node)?.to_entry(dn.into());
        self.follow(&mut entry);
        let names = entry.attributes().iter().map(|attribute| &*attribute.name);
        let partial = names.clone().find(|name| identity::is_partial(name));
        self.partial.extend(partial.map(|name| (self.at, name.to_vec())));
        Some(inverse::of_delete(entry))
    }

    fn rename(&mut self, node: NodeId, new: &Rename<'_>) -> Result<Inverse, NotApplicable> {
        let key = identity::rdn_key(new.rdn)
            .ok_or_else(|| NotApplicable::of_dn(Reason::InvalidDn, new.rdn))?;
        if node == ROOT || self.tree.is_within(new.parent, node) {
            return Err(NotApplicable::of_dn(Reason::CannotMove, new.moves.unwrap_or(new.of)));
        }
        let exists = self.tree.exists(node, Needs::CONTENT);
        let has_parent = match new.moves {
            Some(_) => self.can_hold(new.parent),
            // Only for its spelling: the entry stands below it as it is.
            None => self.tree.exists(new.parent, Needs::PLACE).map(|_| true),
        };
        if exists == Some(true) && new.moves.is_none() {
            self.spell_parent(node, new.parent);
        }
        let new_dn = join(new.rdn, Some(&self.tree.plain_dn(new.parent)));
        let target = self.tree.child(new.parent, &key, &new_dn);
        let taken = target != node && {
            let taken = self.tree.exists(target, Needs::CHILDREN);
            taken == Some(true) || (taken.is_some() && self.tree.children(target) > 0)
        };
        if exists == Some(false) {
            return Err(NotApplicable::of_dn(Reason::NoSuchEntry, new.of));
        }
        if taken {
            return Err(NotApplicable::of_dn(Reason::EntryExists, &new_dn));
        }
        if has_parent == Some(false) {
            let parent = new.moves.unwrap_or_default();
            return Err(NotApplicable::of_dn(Reason::NoParent, parent));
        }
        self.make_rename(node, new, (&key, new_dn), exists.is_some())
    }

    /// Renames an entry under a name that is free; what of it changes is known where the
    /// export was asked.
    fn make_rename(
        &mut self,
        node: NodeId,
        new: &Rename<'_>,
        (key, new_dn): (&[u8], Vec<u8>),
        is_known: bool,
    ) -> Result<Inverse, NotApplicable> {
        let mut undo = Inverse::new();
        let has_identity = self.tree.entry_mut(node).is_some_and(|entry| has_identity(entry));
        if has_identity && !new.delete_old_rdn {
            return Err(NotApplicable::of_dn(Reason::KeepsOldName, new.of));
        }
        let rdn = if has_identity { identity::rdn_in_capitals(new.rdn) } else { new.rdn.to_vec() };
        if is_known && let Some(entry) = self.tree.entry_mut(node) {
            let effects = apply::rename(entry, new_dn, new.delete_old_rdn)?;
            if self.inverses {
                let old_dn = self.tree.plain_dn(node);
                if let Some(entry) = self.tree.entry_mut(node) {
                    undo = inverse::of_rename(&old_dn, entry, &effects, new.moves.is_some());
                }
            }
            self.tree.node_mut(node).altered |= alters(&effects) | has_identity;
            if has_identity && let Some(entry) = self.tree.entry_mut(node) {
                apply::set_name(entry);
            }
        }
        // What came without an identity was given one by the server, where it gives any.
        let is_given = self.tree.node(node).was_created() && self.tree.facts.has_identities;
        self.tree.rename(node, new.parent, (key, &rdn), has_identity || is_given);
        Ok(undo)
    }

    /// An entry whose parent the export does not hold knows how it is spelled.
    fn spell_parent(&mut self, node: NodeId, parent: NodeId) {
        if !self.tree.is_displaced(node)
            && let Some(entry) = self.tree.entry_mut(node)
        {
            let dn = entry.dn.clone();
            self.tree.spell(parent, identity::parent_text(&dn));
        }
    }

    /// Whether an entry may be created below a node; `None` where the export must
    /// be asked.
    fn can_hold(&mut self, parent: NodeId) -> Option<bool> {
        if parent == ROOT {
            return Some(true);
        }
        let mut known = true;
        let mut covered = false;
        match self.tree.exists(parent, Needs::PLACE) {
            Some(true) => return Some(true),
            // What is below counts only where the parent is missing: to ask for it
            // in any case would be to ask for most entries of the export.
            Some(false) => match self.tree.exists(parent, Needs::CHILDREN) {
                None => known = false,
                Some(_) if self.tree.children(parent) > 0 => return Some(true),
                Some(_) => {}
            },
            None => known = false,
        }
        let mut above = self.tree.node(parent).parent;
        while above != ROOT {
            match self.tree.exists(above, Needs::PLACE) {
                Some(exists) => covered |= exists,
                None => known = false,
            }
            above = self.tree.node(above).parent;
        }
        known.then_some(!covered)
    }
}

/// A rename or move, its new parent found.
struct Rename<'r> {
    /// The DN that the record gives.
    of: &'r [u8],
    parent: NodeId,
    /// The new parent's DN, where the record names one.
    moves: Option<&'r [u8]>,
    rdn: &'r [u8],
    delete_old_rdn: bool,
}

fn deletes_tree(record: &ChangeRecord<'_>) -> bool {
    record.controls.iter().any(|control| *control.oid == *apply::TREE_DELETE)
}

fn alters(effects: &[Effect<'_>]) -> bool {
    effects.iter().any(|effect| !effect.added.is_empty() || !effect.removed.is_empty())
}
