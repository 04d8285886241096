//! Edits become one guarded modify record.
//!
//! The record names the exact values that go, so that a server refuses it where
//! the entry has changed since the export. Per attribute it deletes first and
//! adds second, and it never replaces. Values that are equal under the matching
//! rule (twins) go together and the kept ones come back, because a server that
//! is to delete one of them may take the other.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::edit::{Edit, EntryEdits};
use super::identity;
use super::stored::is_active_directory;
use crate::directory::{Entry, Syntax, Uniqueness, Writability};
use crate::ldif::{Change, ChangeRecord, ModOp, Modification, Value};

/// What came of an entry's edits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The record; `None` where no edit is left or none has an effect.
    pub planned: Option<Planned>,
    /// The edits that cannot be made, in order. The others stand.
    pub refused: Vec<RefusedEdit>,
}

/// A modify record, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The record.
    pub record: ChangeRecord<'static>,
    /// The lines that say why, in order, each once.
    pub comments: Vec<String>,
    /// The edits that the record makes.
    pub edits: Vec<Edit<'static>>,
    /// The unique values that become free.
    pub frees: Vec<UniqueValue>,
    /// The unique values that are taken.
    pub takes: Vec<UniqueValue>,
}

/// A value that a server lets one entry have: all spellings of it are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UniqueValue {
    /// The attribute's name in lower case.
    pub attribute: Vec<u8>,
    /// The value in the form in which equal values have the same bytes.
    pub key: Vec<u8>,
}

/// An edit that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct RefusedEdit {
    /// The edit.
    pub edit: Edit<'static>,
    /// Why not.
    pub reason: Refusal,
}

/// Why an edit cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The name of the entry is no DN.
    #[error("the name of the entry is no DN, so no server can look for it")]
    InvalidDn,
    /// The value names the entry.
    #[error("the value names the entry: rename the entry instead (modrdn)")]
    NamesTheEntry,
    /// The attribute names entries of its kind: cn, ou, dc.
    #[error("the attribute names the entry and is changed by a rename (modrdn) only")]
    NamingAttribute,
    /// The server maintains or computes the attribute.
    #[error("the server maintains this attribute and lets nobody write it")]
    SystemAttribute,
    /// The values follow from links of other entries.
    #[error("this attribute follows from the entries that link here: edit those")]
    BackLink,
    /// The value cannot be read back.
    #[error("this attribute cannot be read back, so a change to it could not be undone")]
    WriteOnly,
    /// A change does harm that no inverse mends.
    #[error("a change would cut the entry from its mailbox, its cloud object or its old mail")]
    Keep,
    /// The export holds only a part of the values.
    #[error("the export holds only a part of this attribute's values (;range=)")]
    Partial,
    /// The description has an option that does not name a plain attribute.
    #[error("the attribute description has an option that cannot be written")]
    Option,
    /// One of the attribute's values is a reference, which is never opened.
    #[error("a value of this attribute is a reference (:<), whose bytes are not in the export")]
    Reference,
    /// The value to be removed is not in the entry.
    #[error("the value to be removed is not in the entry")]
    NoSuchValue,
    /// The new value equals one that stays.
    #[error("the entry already has an equal value, which differs only in spelling")]
    WouldMakeTwin,
    /// The edit would leave two values in a single-valued attribute.
    #[error("the attribute takes one value only")]
    SingleValued,
    /// The export has several values in a single-valued attribute.
    #[error(
        "the attribute takes one value only, but the export holds several: no server could take the undo"
    )]
    SeveralOfOne,
    /// The new value is empty.
    #[error("an empty value cannot be written")]
    EmptyValue,
}

/// Plans the record that makes the edits of an entry, given its values.
///
/// Edits are made in order, each on what the earlier ones left. One that cannot
/// be made is left out and reported; the others stand.
#[must_use]
pub fn plan<'e, 'v>(entry: &'e Entry<'_>, edits: &'e EntryEdits<'v>) -> Plan {
    let Some(naming) = identity::rdn_values(&entry.dn) else {
        let refused = edits.edits.iter().map(|edit| RefusedEdit {
            edit: edit.clone().into_owned(),
            reason: Refusal::InvalidDn,
        });
        return Plan { planned: None, refused: refused.collect() };
    };
    let active_directory = is_active_directory(entry.attributes());
    let mut states: Vec<State<'_>> = Vec::new();
    let mut slots: FxHashMap<Vec<u8>, usize> = FxHashMap::default();
    let (mut made, mut comments) = (Vec::new(), Vec::new());
    let mut make = |edit: &'e Edit<'v>| -> Result<(), Refusal> {
        may_write(entry, &edit.attribute)?;
        let slot = *slots.entry(edit.attribute.to_ascii_lowercase()).or_insert_with(|| {
            states.push(State::new(entry, edit, &naming, active_directory));
            states.len() - 1
        });
        states[slot].make(edit)?;
        comments.extend(edit.comments.iter().cloned());
        made.push(edit.clone().into_owned());
        Ok(())
    };
    let mut waiting: Vec<(&'e Edit<'v>, Refusal)> = edits
        .edits
        .iter()
        .filter_map(|edit| make(edit).err().map(|reason| (edit, reason)))
        .collect();
    // The twin that stands in the way of one edit can be what a later one takes
    // away.
    let mut tried = usize::MAX;
    while waiting.len() < tried {
        tried = waiting.len();
        waiting.retain(|(edit, reason)| *reason != Refusal::WouldMakeTwin || make(edit).is_err());
    }
    let refused = waiting
        .into_iter()
        .map(|(edit, reason)| RefusedEdit { edit: edit.clone().into_owned(), reason })
        .collect();
    let mut mods = Vec::new();
    let (mut frees, mut takes) = (Vec::new(), Vec::new());
    for state in &states {
        state.write(&edits.dn, &mut mods, &mut frees, &mut takes);
    }
    let mut seen = FxHashSet::default();
    comments.retain(|line: &String| seen.insert(line.clone()));
    let planned = (!mods.is_empty()).then(|| Planned {
        record: ChangeRecord {
            dn: Cow::Owned(edits.dn.to_vec()),
            controls: Vec::new(),
            spelling: None,
            change: Change::Modify(mods),
        },
        comments,
        edits: made,
        frees,
        takes,
    });
    Plan { planned, refused }
}

fn may_write(entry: &Entry<'_>, attribute: &[u8]) -> Result<(), Refusal> {
    let is_part =
        |name: &[u8]| identity::is_partial(name) && identity::same_attribute(name, attribute);
    if is_part(attribute) || entry.attributes().iter().any(|a| is_part(&a.name)) {
        return Err(Refusal::Partial);
    }
    if !identity::has_plain_options(attribute) {
        return Err(Refusal::Option);
    }
    match identity::writability(attribute) {
        // Which values a restricted attribute takes is for the rule to know.
        Writability::Writable | Writability::Restricted => Ok(()),
        Writability::Renames => Err(Refusal::NamingAttribute),
        Writability::System | Writability::Constructed => Err(Refusal::SystemAttribute),
        Writability::BackLink => Err(Refusal::BackLink),
        Writability::WriteOnly => Err(Refusal::WriteOnly),
        Writability::Keep => Err(Refusal::Keep),
    }
}

/// The values of one attribute while edits are made.
struct State<'e> {
    attribute: &'e [u8],
    rule: Syntax,
    single: bool,
    /// What names the entry, of this attribute.
    naming: Vec<Vec<u8>>,
    has_references: bool,
    /// The values of the entry and behind them the new ones; each stands once.
    values: Vec<Tracked<'e>>,
    by_bytes: FxHashMap<&'e [u8], usize>,
    /// Per key: the values under it that are left.
    left: FxHashMap<Cow<'e, [u8]>, usize>,
    /// All copies that are left.
    total: usize,
}

/// One value: how many copies the entry has of it, and how many are left.
struct Tracked<'e> {
    bytes: &'e [u8],
    before: usize,
    now: usize,
}

impl<'e> State<'e> {
    fn new(
        entry: &'e Entry<'_>,
        edit: &'e Edit<'_>,
        naming: &[(Vec<u8>, Vec<u8>)],
        active_directory: bool,
    ) -> Self {
        let attribute: &[u8] = &edit.attribute;
        let rule = identity::rule_of(attribute);
        let mut state = Self {
            attribute,
            rule,
            single: active_directory && identity::single_valued(attribute),
            naming: naming
                .iter()
                .filter(|(name, _)| identity::same_description(name, attribute))
                .map(|(_, value)| identity::value_key(rule, value).into_owned())
                .collect(),
            has_references: false,
            values: Vec::new(),
            by_bytes: FxHashMap::default(),
            left: FxHashMap::default(),
            total: 0,
        };
        for value in entry.values(attribute) {
            match value.bytes() {
                Some(bytes) => state.add(bytes, 1),
                None => state.has_references = true,
            }
        }
        state
    }

    /// Adds a copy; `before` is 1 for one that the entry has.
    fn add(&mut self, bytes: &'e [u8], before: usize) {
        let at = *self.by_bytes.entry(bytes).or_insert_with(|| {
            self.values.push(Tracked { bytes, before: 0, now: 0 });
            self.values.len() - 1
        });
        let value = &mut self.values[at];
        value.before += before;
        value.now += 1;
        self.total += 1;
        if value.now == 1 {
            *self.left.entry(identity::value_key(self.rule, bytes)).or_default() += 1;
        }
    }

    fn take(&mut self, bytes: &[u8]) -> bool {
        let Some(&at) = self.by_bytes.get(bytes) else { return false };
        let value = &mut self.values[at];
        if value.now == 0 {
            return false;
        }
        value.now -= 1;
        self.total -= 1;
        if value.now == 0
            && let Some(left) = self.left.get_mut(&*identity::value_key(self.rule, bytes))
        {
            *left -= 1;
        }
        true
    }

    /// Makes an edit, or leaves all as it was.
    fn make(&mut self, edit: &'e Edit<'_>) -> Result<(), Refusal> {
        if self.has_references {
            return Err(Refusal::Reference);
        }
        if edit.add.iter().any(|value| value.is_empty()) {
            return Err(Refusal::EmptyValue);
        }
        let names_the_entry = |value: &Cow<'_, [u8]>| {
            self.naming.iter().any(|key| *key == *identity::value_key(self.rule, value))
        };
        if !self.naming.is_empty() && edit.remove.iter().chain(&edit.add).any(names_the_entry) {
            return Err(Refusal::NamesTheEntry);
        }
        let mut taken = Vec::with_capacity(edit.remove.len());
        let mut added = Vec::with_capacity(edit.add.len());
        let done = self.exchange(edit, &mut taken, &mut added);
        if done.is_err() {
            for bytes in added {
                self.take(bytes);
            }
            for bytes in taken {
                self.add(bytes, 0);
            }
        }
        done
    }

    fn exchange(
        &mut self,
        edit: &'e Edit<'_>,
        taken: &mut Vec<&'e [u8]>,
        added: &mut Vec<&'e [u8]>,
    ) -> Result<(), Refusal> {
        let several = self.total > 1;
        for value in &edit.remove {
            if !self.take(value) {
                return Err(Refusal::NoSuchValue);
            }
            taken.push(value);
        }
        for value in &edit.add {
            let at = self.by_bytes.get(&**value);
            if at.is_some_and(|&at| self.values[at].now > 0) {
                continue;
            }
            let key = identity::value_key(self.rule, value);
            if self.left.get(&key).is_some_and(|&left| left > 0) {
                return Err(Refusal::WouldMakeTwin);
            }
            self.add(value, 0);
            added.push(value);
        }
        match (self.single, several) {
            (true, true) => Err(Refusal::SeveralOfOne),
            (true, false) if self.total > 1 => Err(Refusal::SingleValued),
            _ => Ok(()),
        }
    }

    /// Writes the modifications that lead from the values before to those now.
    fn write(
        &self,
        dn: &[u8],
        mods: &mut Vec<Modification<'static>>,
        frees: &mut Vec<UniqueValue>,
        takes: &mut Vec<UniqueValue>,
    ) {
        let key = |value: &Tracked<'e>| identity::value_key(self.rule, value.bytes);
        // Of a group of twins one of which changes, all go and the kept come back.
        let mut groups: FxHashMap<Cow<'_, [u8]>, Group> = FxHashMap::default();
        for value in &self.values {
            let group = groups.entry(key(value)).or_default();
            group.copies += value.before;
            group.changes |= value.before != value.now;
            group.was |= value.before > 0;
            group.is |= value.now > 0;
        }
        let of = |value: &Tracked<'e>| groups.get(&key(value)).copied().unwrap_or_default();
        let all = |value: &Tracked<'e>| of(value).changes && of(value).copies > 1;
        let delete =
            self.values.iter().filter(|v| v.before > 0 && (v.now == 0 || all(v))).map(|v| v.bytes);
        let add =
            self.values.iter().filter(|v| v.now > 0 && (v.before == 0 || all(v))).map(|v| v.bytes);
        push_mod(mods, ModOp::Delete, self.attribute, delete);
        push_mod(mods, ModOp::Add, self.attribute, add);
        if identity::uniqueness(self.attribute) != Uniqueness::None {
            let mut freed: Vec<_> = groups.iter().filter(|(_, g)| g.was && !g.is).collect();
            let mut taken: Vec<_> = groups.iter().filter(|(_, g)| g.is && !g.was).collect();
            freed.sort_unstable_by_key(|(key, _)| *key);
            taken.sort_unstable_by_key(|(key, _)| *key);
            let unique = |key: &[u8]| UniqueValue::of_key(self.attribute, key, dn);
            frees.extend(freed.into_iter().map(|(key, _)| unique(key)));
            takes.extend(taken.into_iter().map(|(key, _)| unique(key)));
        }
    }
}

/// Values that are equal under the matching rule.
#[derive(Clone, Copy, Default)]
struct Group {
    copies: usize,
    changes: bool,
    was: bool,
    is: bool,
}

impl UniqueValue {
    /// The unique value of an entry's attribute.
    ///
    /// A sAMAccountName is unique within its domain, the others within the
    /// forest: the key holds the domain where it matters.
    #[must_use]
    pub fn new(attribute: &[u8], value: &[u8], dn: &[u8]) -> Self {
        Self::of_key(attribute, &identity::value_key(identity::rule_of(attribute), value), dn)
    }

    fn of_key(attribute: &[u8], key: &[u8], dn: &[u8]) -> Self {
        let mut key = key.to_vec();
        if identity::uniqueness(attribute) == Uniqueness::Domain {
            key.push(0);
            key.extend_from_slice(&identity::domain_key(dn));
        }
        Self { attribute: attribute.to_ascii_lowercase(), key }
    }
}

fn push_mod<'v>(
    mods: &mut Vec<Modification<'static>>,
    op: ModOp,
    attribute: &[u8],
    values: impl Iterator<Item = &'v [u8]>,
) {
    let values: Vec<Value<'static>> =
        values.map(|value| Value::Bytes(Cow::Owned(value.to_vec()))).collect();
    if !values.is_empty() {
        mods.push(Modification { op, attribute: Cow::Owned(attribute.to_vec()), values });
    }
}
