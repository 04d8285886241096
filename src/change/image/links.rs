//! Values that name entries, where the directory keeps the entry and not its
//! name: in Active Directory they follow a rename.
//!
//! While changes are applied, such values stand as they would in the export: an
//! entry is called there by the name that it had when the export was taken. So a
//! rename costs nothing, however many values name the entry, and a value that a
//! later record writes under the new name is still the same one.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::tree::{NodeId, ROOT, Tree};
use super::{Image, Previews};
use crate::change::identity;
use crate::change::inverse::GoneLink;
use crate::change::not_applicable::NotApplicable;
use crate::change::stored::StoredEntry;
use crate::directory::dn::key_parent;
use crate::directory::{Entry, Facts, Link};
use crate::ldif::{Change, ChangeRecord, ModOp, Modification, Value};

/// Stands for the parent of what is named below an entry that came in the place
/// of one that went: the export has no name for it. No file can hold what is made up
/// anew in each run.
static NEWCOMER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let number = RandomState::new().build_hasher().finish();
    format!("x-ldifix-newcomer-{number:016x}=").into_bytes()
});

/// Whether references to the entry hold whatever it is called: Active Directory's
/// objects have an `objectGUID`. OpenLDAP's entries have an `entryUUID`, but what
/// refers to them does so by name.
pub(super) fn has_identity(entry: &StoredEntry<'_>) -> bool {
    let has = |name: &[u8]| entry.values(name).next().is_some();
    has(b"objectGUID") && !has(b"entryUUID")
}

/// The same for an entry as it was read.
pub(in crate::change) fn comes_with_identity(entry: &Entry<'_>) -> bool {
    is_identity(|name| {
        let mut names = entry.attributes().iter().map(|attribute| &*attribute.name);
        names.any(|other| other.eq_ignore_ascii_case(name))
    })
}

/// The same, told by which attributes there are.
pub(in crate::change) fn is_identity(has: impl Fn(&[u8]) -> bool) -> bool {
    has(b"objectGUID") && !has(b"entryUUID")
}

/// A link that a record gave: as its inverse takes it back, and the key of the entry that it
/// names, as in the export.
#[derive(Debug)]
pub(super) struct Given {
    link: GoneLink,
    names: Vec<u8>,
}

impl Image<'_> {
    /// Whether the directory is one that keeps entries and not their names.
    pub(in crate::change) fn has_identities(&self) -> bool {
        self.tree.facts.has_identities
    }

    /// Notes the links that the inverse of the record which is tried takes back: the entry
    /// that one names may be deleted later. Entries are called as in the export.
    pub(super) fn note_links(&mut self, undo: &ChangeRecord<'_>) {
        let Change::Modify(mods) = &undo.change else { return };
        if !self.has_identities() || !self.deletes {
            return;
        }
        for own in mods.iter().filter(|own| own.op == ModOp::Delete && is_link(&own.attribute)) {
            for bytes in own.values.iter().filter_map(Value::bytes) {
                let Some(names) = key_within(&own.attribute, bytes) else { continue };
                let now = self.followed(&own.attribute, bytes);
                let value = now.unwrap_or_else(|| bytes.to_vec());
                let link = GoneLink { of: self.at, attribute: own.attribute.to_vec(), value };
                self.links.push(Given { link, names });
            }
        }
    }

    /// The links that records gave and that went with the entries that they name.
    pub(in crate::change) fn gone_links(&self) -> impl Iterator<Item = GoneLink> {
        let gone = self.links.iter().filter(|given| self.is_removed(&given.names));
        gone.map(|given| given.link.clone())
    }

    /// Whether the entry with this key, as in the export, was deleted.
    fn is_removed(&self, key: &[u8]) -> bool {
        node_of(&self.tree, key).is_some_and(|node| self.tree.node(node).was_removed())
    }

    /// An entry with the values that name entries spelled as the export's entry spells them,
    /// where that has them: the server spells them all alike. What names an entry that was
    /// deleted and came back names that of the export again, and a link to what was deleted
    /// went with it. `None` where values do not follow entries.
    pub(super) fn in_terms_of_export(
        &self,
        now: &StoredEntry<'_>,
        export: &Entry<'_>,
    ) -> Option<StoredEntry<'static>> {
        if !self.tree.has_two_names() || !has_identity(now) {
            return None;
        }
        let mut told = Entry::new(now.dn.to_vec());
        for (_, attribute) in now.attributes() {
            let name = attribute.name();
            let mut own: Option<FxHashMap<Vec<u8>, &[u8]>> = None;
            for value in attribute.values() {
                let mut value = Cow::Borrowed(value);
                if let Some((key, is_new)) =
                    value.bytes().and_then(|bytes| self.named_in_export(name, bytes))
                {
                    let own = own.get_or_insert_with(|| {
                        let values = identity::values_of(export, name).iter();
                        let values = values.filter_map(Value::bytes);
                        values.filter_map(|own| Some((key_within(name, own)?, own))).collect()
                    });
                    match own.get(&key) {
                        Some(own) => value = Cow::Owned(Value::Bytes(Cow::Owned(own.to_vec()))),
                        None if !is_new && is_link(name) && self.is_removed(&key) => continue,
                        None => {}
                    }
                }
                told.push(Cow::Owned(name.to_vec()), value.into_owned().into_owned());
            }
        }
        Some(told.into())
    }

    /// The key of the entry of the export that a value names, and whether it names the one
    /// that came back in place of that; `None` where it names another newcomer, or none.
    fn named_in_export(&self, attribute: &[u8], value: &[u8]) -> Option<(Vec<u8>, bool)> {
        let dn = value.get(identity::dn_within(attribute, value)?..)?;
        let key = identity::dn_key(dn)?;
        if memchr::memmem::find(&key, &NEWCOMER).is_none() {
            return Some((key, false));
        }
        let key = identity::dn_key(&followed(&self.tree, dn)?)?;
        self.is_removed(&key).then_some((key, true))
    }

    /// Whether values that name entries followed a rename, also in entries that
    /// are otherwise [`Fate::Unchanged`](super::Fate::Unchanged) or
    /// [`Fate::Renamed`](super::Fate::Renamed): [`Image::followed`] tells which.
    #[must_use]
    pub fn links_follow(&self) -> bool {
        self.tree.has_followed()
    }

    /// What became of a value of the export: `None` where it stays as it is.
    #[must_use]
    pub fn followed(&self, attribute: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let start = identity::dn_within(attribute, value)?;
        let (head, dn) = value.split_at(start);
        let dn = followed(&self.tree, dn)?;
        Some([head, &dn].concat())
    }

    /// The same for all values of an entry.
    pub fn follow(&self, entry: &mut Entry<'_>) {
        if !self.tree.has_two_names() {
            return;
        }
        let old = std::mem::replace(entry, Entry::new(Vec::new()));
        let (dn, mut attributes) = old.into_parts();
        for attribute in &mut attributes {
            for value in attribute.values.iter_mut() {
                let Value::Bytes(bytes) = value else { continue };
                if let Some(followed) = self.followed(&attribute.name, bytes) {
                    *bytes = Cow::Owned(followed);
                }
            }
        }
        *entry = Entry::with_attributes(dn, attributes);
    }

    /// Modifications with the entries that their values name called as in the
    /// export; `None` where they are called so already.
    pub(super) fn as_in_export(
        &self,
        mods: &[Modification<'_>],
    ) -> Option<Vec<Modification<'static>>> {
        // Where nothing follows, the text is all there is to a value.
        if !self.tree.has_two_names() {
            return None;
        }
        let mut called = false;
        let mods = mods.iter().map(|modification| {
            let values = modification.values.iter().map(|value| {
                let there = self.value_as_in_export(&modification.attribute, value);
                called |= there.is_some();
                there.unwrap_or_else(|| value.clone().into_owned())
            });
            let values = values.collect();
            let attribute = Cow::Owned(modification.attribute.to_vec());
            Modification { op: modification.op, attribute, values }
        });
        let mods: Vec<_> = mods.collect();
        called.then_some(mods)
    }

    /// The same for a value; `None` where it names no entry that has another name
    /// in the export.
    pub(super) fn value_as_in_export(
        &self,
        attribute: &[u8],
        value: &Value<'_>,
    ) -> Option<Value<'static>> {
        // Where nothing follows, the text is all there is to a value.
        let bytes = value.bytes().filter(|_| self.tree.has_two_names())?;
        let (head, dn) = bytes.split_at(identity::dn_within(attribute, bytes)?);
        let key = identity::dn_key(dn)?;
        let (node, below) = self.tree.nearest(&key);
        let name = match self.tree.origin(node) {
            Some(_) if !self.tree.is_followed(node) => return None,
            Some(origin) => origin.to_vec(),
            None => [NEWCOMER.as_slice(), node.to_string().as_bytes()].concat(),
        };
        let start = *identity::rdn_starts(dn).get(below).unwrap_or(&dn.len());
        let rest = dn.get(..start).unwrap_or_default();
        Some(Value::Bytes(Cow::Owned([head, rest, &name].concat())))
    }

    /// The record of an inverse, with entries called as they are now.
    pub(super) fn as_now(&self, mut record: ChangeRecord<'static>) -> ChangeRecord<'static> {
        if let Change::Modify(mods) = &mut record.change {
            for modification in mods {
                for value in &mut modification.values {
                    let now = value.bytes().and_then(|v| self.followed(&modification.attribute, v));
                    if let Some(now) = now {
                        *value = Value::Bytes(Cow::Owned(now));
                    }
                }
            }
        }
        record
    }

    /// The same for what is told of the record that is tried.
    pub(super) fn preview_as_now(&mut self) {
        if !self.tree.has_two_names() {
            return;
        }
        let told = std::mem::replace(&mut self.previews, Previews::Wanted);
        let Previews::Told(mut preview) = told else { return };
        for (name, value) in preview.values_mut() {
            if let Some(now) = value.bytes().and_then(|bytes| self.followed(name, bytes)) {
                *value = Value::Bytes(Cow::Owned(now));
            }
        }
        for refusal in preview.refusals_mut() {
            *refusal = self.said_now(refusal.clone());
        }
        self.previews = Previews::Told(preview);
    }

    /// The refusal, with the entry called as the change record calls it.
    pub(super) fn said_now(&self, mut refusal: NotApplicable) -> NotApplicable {
        if let (Some(attribute), Some(value)) = (&refusal.attribute, &refusal.value)
            && let Some(now) = self.followed(attribute, value)
        {
            refusal.value = Some(now);
        }
        refusal
    }
}

/// Whether values of the attribute go with the entries that they name.
fn is_link(attribute: &[u8]) -> bool {
    Facts::of(attribute).link == Some(Link::Forward)
}

/// The key of the DN in a value.
fn key_within(attribute: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    identity::dn_key(value.get(identity::dn_within(attribute, value)?..)?)
}

/// The DN of the entry that had this one in the export.
fn followed(tree: &Tree<'_>, dn: &[u8]) -> Option<Vec<u8>> {
    let key = identity::dn_key(dn)?;
    let mut name = key.as_slice();
    let mut depth = 0;
    let node = loop {
        if let Some(id) = node_of(tree, name) {
            break id;
        }
        name = key_parent(name)?;
        depth += 1;
    };
    let newcomer = tree.origin(node).is_none();
    if !newcomer && (!tree.is_followed(node) || tree.node(node).was_removed()) {
        return None;
    }
    let start = *identity::rdn_starts(dn).get(depth)?;
    Some([dn.get(..start)?, &tree.plain_dn(node)].concat())
}

fn node_of(tree: &Tree<'_>, name: &[u8]) -> Option<NodeId> {
    match name.strip_prefix(NEWCOMER.as_slice()) {
        Some(number) => tree.node_by_number(number),
        None => tree.facts.find(name)?.node.filter(|&id| id != ROOT),
    }
}
