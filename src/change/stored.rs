//! An entry as a server holds it while changes are applied to it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::apply::borrowed;
use super::identity;
use crate::directory::{AttributePlaces, Entry, EntryAttribute, Syntax};
use crate::ldif::Value;

/// Attributes above this many values are searched by hash; below it looking at
/// all of them is faster.
const SCANNED: usize = 16;

/// An entry whose values keep their places: what is removed leaves a gap, what
/// is added goes last, and both can be taken back.
#[derive(Debug, Clone)]
pub(super) struct StoredEntry<'a> {
    pub(super) dn: Cow<'a, [u8]>,
    attributes: Vec<StoredAttribute<'a>>,
    /// Where there are too many attributes to look through.
    places: Option<Box<AttributePlaces>>,
    /// The attributes of which the entry holds only a part (`;range=`), by the canonical
    /// form of their type, once that was asked.
    parts: Option<FxHashMap<Vec<u8>, Vec<usize>>>,
    active_directory: bool,
}

/// One attribute of a stored entry.
#[derive(Debug, Clone)]
pub(super) struct StoredAttribute<'a> {
    name: Cow<'a, [u8]>,
    /// Looked up when a value is first looked for: most attributes stay as they
    /// are.
    rule: Option<Syntax>,
    /// By place; `None` where a value was removed.
    values: Vec<Option<Value<'a>>>,
    /// All places before this one are gaps.
    first: usize,
    live: usize,
    index: Option<Box<Index>>,
    /// Whether Active Directory's schema holds, and the entry did not break it.
    may_be_single: bool,
}

/// The places of the live values, by hash of their bytes and of their keys.
#[derive(Debug, Clone, Default)]
struct Index {
    exact: FxHashMap<u64, Places>,
    matching: FxHashMap<u64, Places>,
}

#[derive(Debug, Clone)]
enum Places {
    One(usize),
    Many(BTreeSet<usize>),
}

/// Attributes that Active Directory puts on every object and nobody else uses.
const ACTIVE_DIRECTORY: [&[u8]; 6] = [
    b"objectCategory",
    b"objectGUID",
    b"instanceType",
    b"sAMAccountName",
    b"uSNChanged",
    b"userAccountControl",
];

/// Whether only objects of Active Directory have the attribute.
pub(super) fn marks_active_directory(name: &[u8]) -> bool {
    ACTIVE_DIRECTORY.iter().any(|mark| mark.eq_ignore_ascii_case(name))
}

/// Whether an attribute tells of which server an entry is, and so how changes of it are
/// taken.
pub(super) fn tells_the_server(name: &[u8]) -> bool {
    let others: [&[u8]; 2] = [b"entryCSN", b"entryUUID"];
    marks_active_directory(name) || others.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Whether the entry came from Active Directory, so that its schema holds. In
/// other directories `mail`, `cn` and the like take several values.
pub(super) fn is_active_directory(attributes: &[EntryAttribute<'_>]) -> bool {
    attributes.iter().any(|attribute| marks_active_directory(&attribute.name))
}

/// Whether the entry is known to be OpenLDAP's, which alone keeps an `entryCSN`.
pub(super) fn is_openldap(entry: &Entry<'_>) -> bool {
    !entry.values(b"entryCSN").is_empty()
}

impl<'a> From<Entry<'a>> for StoredEntry<'a> {
    fn from(entry: Entry<'a>) -> Self {
        let active_directory = is_active_directory(entry.attributes());
        let (dn, attributes) = entry.into_parts();
        let attributes = attributes.into_iter();
        let held = attributes
            .map(|EntryAttribute { name, values }| (name, values.into_iter().map(Some).collect()));
        Self::of(dn, held, active_directory)
    }
}

impl<'a> StoredEntry<'a> {
    /// The same of an entry that outlives it.
    pub(super) fn borrowed(entry: &'a Entry<'_>) -> Self {
        let attributes = entry.attributes().iter();
        let held = attributes.map(|EntryAttribute { name, values }| {
            (Cow::Borrowed(&**name), values.iter().map(|value| Some(borrowed(value))).collect())
        });
        Self::of(Cow::Borrowed(&entry.dn), held, is_active_directory(entry.attributes()))
    }

    fn of(
        dn: Cow<'a, [u8]>,
        attributes: impl ExactSizeIterator<Item = (Cow<'a, [u8]>, Vec<Option<Value<'a>>>)>,
        active_directory: bool,
    ) -> Self {
        let room = Vec::with_capacity(attributes.len());
        let mut stored = Self { dn, attributes: room, places: None, parts: None, active_directory };
        for (name, values) in attributes {
            let mut slot = StoredAttribute::new(name, active_directory);
            slot.live = values.len();
            slot.may_be_single &= slot.live <= 1;
            slot.values = values;
            stored.push_slot(slot);
        }
        stored
    }

    /// Whether Active Directory's schema holds.
    pub(super) fn is_active_directory(&self) -> bool {
        self.active_directory
    }

    /// Whether the entry is known to be OpenLDAP's, as [`is_openldap`] tells.
    pub(super) fn is_openldap(&self) -> bool {
        self.values(b"entryCSN").next().is_some()
    }

    /// The entry, gaps closed, attributes without values left out.
    pub(super) fn into_entry(self) -> Entry<'a> {
        let attributes = self
            .attributes
            .into_iter()
            .filter(|attribute| attribute.live > 0)
            .map(|attribute| EntryAttribute {
                name: attribute.name,
                values: attribute.values.into_iter().flatten().collect(),
            })
            .collect();
        Entry::with_attributes(self.dn, attributes)
    }

    /// The same, while more changes may come.
    pub(super) fn to_entry(&self, dn: Cow<'a, [u8]>) -> Entry<'a> {
        let live = self.attributes.iter().filter(|attribute| attribute.live > 0);
        let attributes = live.map(|attribute| EntryAttribute {
            name: attribute.name.clone(),
            values: attribute.values().cloned().collect(),
        });
        Entry::with_attributes(dn, attributes.collect())
    }

    /// The number of an attribute, where the entry has or had it: of the one that is
    /// spelled so, or else of one that is the same to a server.
    pub(super) fn slot(&self, name: &[u8]) -> Option<usize> {
        let attributes = || self.attributes.iter();
        let spelled = match &self.places {
            Some(places) => places.spelled(name),
            None => attributes().position(|own| own.name.eq_ignore_ascii_case(name)),
        };
        if spelled.is_some() || !identity::may_be_spelled_otherwise(name) {
            return spelled;
        }
        match &self.places {
            Some(places) => places.under_any_name(name),
            None => attributes().position(|own| identity::same_description(&own.name, name)),
        }
    }

    /// The same, with a guess where it is.
    pub(super) fn slot_near(&self, guess: usize, name: &[u8]) -> Option<usize> {
        match self.attributes.get(guess) {
            Some(attribute) if *attribute.name == *name => Some(guess),
            _ => self.slot(name),
        }
    }

    /// The number of an attribute, which is made where the entry lacks it.
    pub(super) fn slot_or_new(&mut self, name: &[u8]) -> usize {
        self.slot(name).unwrap_or_else(|| {
            let slot = StoredAttribute::new(Cow::Owned(name.to_vec()), self.active_directory);
            self.push_slot(slot)
        })
    }

    fn push_slot(&mut self, slot: StoredAttribute<'a>) -> usize {
        let at = self.attributes.len();
        if let Some(parts) = &mut self.parts {
            note_part(parts, &slot, at);
        }
        if let Some(places) = &mut self.places {
            places.add(&slot.name, at);
        }
        self.attributes.push(slot);
        if self.places.is_none() {
            self.places = AttributePlaces::of(self.attributes.iter().map(|own| &*own.name));
        }
        at
    }

    /// The first attribute that holds only a part (`;range=`) of the values of one of
    /// these, by any name of its type.
    pub(super) fn part_of_any<'n>(
        &mut self,
        names: impl Iterator<Item = &'n [u8]>,
    ) -> Option<&[u8]> {
        let attributes = &self.attributes;
        let parts = self.parts.get_or_insert_with(|| {
            let mut parts = FxHashMap::default();
            attributes.iter().enumerate().for_each(|(at, own)| note_part(&mut parts, own, at));
            parts
        });
        if parts.is_empty() {
            return None;
        }
        for name in names {
            let found = parts.get(&*identity::canonical_type(name)).into_iter().flatten();
            let mut held = found.filter_map(|&at| attributes.get(at)).filter(|own| own.live > 0);
            if let Some(part) = held.next() {
                return Some(&part.name);
            }
        }
        None
    }

    /// The attributes that have a value, with their numbers.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (usize, &StoredAttribute<'a>)> {
        self.attributes.iter().enumerate().filter(|(_, attribute)| attribute.live > 0)
    }

    pub(super) fn attribute(&self, slot: usize) -> &StoredAttribute<'a> {
        &self.attributes[slot]
    }

    pub(super) fn attribute_mut(&mut self, slot: usize) -> &mut StoredAttribute<'a> {
        &mut self.attributes[slot]
    }

    /// The live values of an attribute description.
    pub(super) fn values(&self, name: &[u8]) -> impl Iterator<Item = &Value<'a>> {
        self.slot(name).into_iter().flat_map(|slot| self.attributes[slot].values())
    }
}

impl<'a> StoredAttribute<'a> {
    fn new(name: Cow<'a, [u8]>, active_directory: bool) -> Self {
        Self {
            name,
            rule: None,
            values: Vec::new(),
            first: 0,
            live: 0,
            index: None,
            may_be_single: active_directory,
        }
    }

    fn rule(&mut self) -> Syntax {
        *self.rule.get_or_insert_with(|| identity::rule_of(&self.name))
    }

    /// The attribute description as first written.
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    /// The number of values.
    pub(super) fn len(&self) -> usize {
        self.live
    }

    /// Whether the schema allows one value only.
    pub(super) fn is_single_valued(&self) -> bool {
        self.may_be_single && identity::single_valued(&self.name)
    }

    /// The values, in order.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value<'a>> {
        self.values.iter().skip(self.first).flatten()
    }

    /// The places of the values whose bytes are those of `value`; where there is
    /// none, the place of the first one that is equal under the matching rule,
    /// which is the one that a server takes.
    pub(super) fn places_of(&mut self, value: &Value<'_>) -> Vec<usize> {
        let exact = self.exact_places(value);
        if exact.is_empty() { self.first_equal(value).into_iter().collect() } else { exact }
    }

    fn exact_places(&mut self, value: &Value<'_>) -> Vec<usize> {
        let is_exact = |stored: &Option<Value<'_>>| stored.as_ref().is_some_and(|s| s == value);
        self.ensure_index();
        match &self.index {
            None => places_where(&self.values, is_exact),
            Some(index) => index
                .exact
                .get(&hash_of(value))
                .map_or(Vec::new(), |places| places.filter(|at| is_exact(&self.values[at]))),
        }
    }

    /// The place of the first value that is equal under the matching rule.
    fn first_equal(&mut self, value: &Value<'_>) -> Option<usize> {
        let rule = self.rule();
        let key = key_of(rule, value);
        let is_equal = |place: &usize| self.at(*place).is_some_and(|v| key_of(rule, v) == key);
        match &self.index {
            None => (0..self.values.len()).find(is_equal),
            Some(index) => match index.matching.get(&hash_of(&key))? {
                Places::One(place) => Some(*place).filter(is_equal),
                Places::Many(places) => places.iter().copied().find(is_equal),
            },
        }
    }

    /// The values that are equal to one of these under the matching rule.
    pub(super) fn equal_to<'v>(
        &mut self,
        values: impl Iterator<Item = &'v Value<'a>>,
    ) -> Vec<Value<'a>>
    where
        'a: 'v,
    {
        self.ensure_index();
        let rule = self.rule();
        let keys: FxHashSet<Value<'_>> = values.map(|value| key_of(rule, value)).collect();
        let is_equal =
            |place: &usize| self.at(*place).is_some_and(|v| keys.contains(&key_of(rule, v)));
        let mut places: Vec<usize> = match &self.index {
            None => (0..self.values.len()).filter(is_equal).collect(),
            Some(index) => keys
                .iter()
                .filter_map(|key| index.matching.get(&hash_of(key)))
                .flat_map(|places| places.filter(|at| is_equal(&at)))
                .collect(),
        };
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.at(place).cloned()).collect()
    }

    /// Whether a value is there that is equal under the matching rule.
    pub(super) fn holds(&mut self, value: &Value<'_>) -> bool {
        self.ensure_index();
        self.first_equal(value).is_some()
    }

    /// Whether two values are equal under the matching rule.
    pub(super) fn equal(&mut self, a: &Value<'_>, b: &Value<'_>) -> bool {
        let rule = self.rule();
        a == b || key_of(rule, a) == key_of(rule, b)
    }

    /// The value at a place.
    pub(super) fn at(&self, place: usize) -> Option<&Value<'a>> {
        self.values.get(place).and_then(Option::as_ref)
    }

    /// The places of all values, in order.
    pub(super) fn places(&self) -> Vec<usize> {
        (self.first..self.values.len()).filter(|&place| self.at(place).is_some()).collect()
    }

    /// Takes away the value at a place.
    pub(super) fn remove(&mut self, place: usize) -> Option<Value<'a>> {
        let value = self.values.get_mut(place)?.take()?;
        self.live -= 1;
        // Replaced over and over, an attribute is mostly gaps.
        while self.values.get(self.first).is_some_and(Option::is_none) {
            self.first += 1;
        }
        let rule = self.rule();
        if let Some(index) = &mut self.index {
            forget(&mut index.exact, hash_of(&value), place);
            forget(&mut index.matching, hash_of(&key_of(rule, &value)), place);
        }
        Some(value)
    }

    /// Puts back what [`Self::remove`] took away.
    pub(super) fn restore(&mut self, place: usize, value: Value<'a>) {
        let rule = self.rule();
        if let Some(index) = &mut self.index {
            index.note(rule, &value, place);
        }
        if let Some(gap) = self.values.get_mut(place) {
            self.first = self.first.min(place);
            *gap = Some(value);
            self.live += 1;
        }
    }

    /// Adds a value at the end and returns its place.
    pub(super) fn push(&mut self, value: Value<'a>) -> usize {
        let place = self.values.len();
        self.values.push(None);
        self.restore(place, value);
        place
    }

    fn ensure_index(&mut self) {
        if self.index.is_some() || self.values.len() <= SCANNED {
            return;
        }
        let rule = self.rule();
        let mut index = Index::default();
        for (place, value) in self.values.iter().enumerate() {
            if let Some(value) = value {
                index.note(rule, value, place);
            }
        }
        self.index = Some(Box::new(index));
    }
}

impl Index {
    fn note(&mut self, rule: Syntax, value: &Value<'_>, place: usize) {
        note(&mut self.exact, hash_of(value), place);
        note(&mut self.matching, hash_of(&key_of(rule, value)), place);
    }
}

impl Places {
    fn filter(&self, keep: impl Fn(usize) -> bool) -> Vec<usize> {
        match self {
            Self::One(place) => Some(*place).filter(|&at| keep(at)).into_iter().collect(),
            Self::Many(places) => places.iter().copied().filter(|&at| keep(at)).collect(),
        }
    }
}

/// Takes note of an attribute that holds only a part of its values.
fn note_part(
    parts: &mut FxHashMap<Vec<u8>, Vec<usize>>,
    attribute: &StoredAttribute<'_>,
    at: usize,
) {
    if identity::is_partial(&attribute.name) {
        let of = identity::canonical_type(&attribute.name).into_owned();
        parts.entry(of).or_default().push(at);
    }
}

fn note(map: &mut FxHashMap<u64, Places>, hash: u64, place: usize) {
    map.entry(hash)
        .and_modify(|places| match places {
            Places::One(first) => *places = Places::Many(BTreeSet::from([*first, place])),
            Places::Many(all) => {
                all.insert(place);
            }
        })
        .or_insert(Places::One(place));
}

fn forget(map: &mut FxHashMap<u64, Places>, hash: u64, place: usize) {
    match map.get_mut(&hash) {
        Some(Places::Many(all)) if all.len() > 1 => {
            all.remove(&place);
        }
        _ => {
            map.remove(&hash);
        }
    }
}

fn places_where<T>(values: &[T], is: impl Fn(&T) -> bool) -> Vec<usize> {
    values.iter().enumerate().filter(|(_, value)| is(value)).map(|(at, _)| at).collect()
}

pub(super) fn hash_of(what: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The key of a value; of a reference, whose bytes are elsewhere, its text.
fn key_of<'v>(rule: Syntax, value: &'v Value<'_>) -> Value<'v> {
    match value {
        Value::Bytes(bytes) => Value::Bytes(identity::value_key(rule, bytes)),
        Value::Url(url) => Value::Url(Cow::Borrowed(url)),
    }
}
