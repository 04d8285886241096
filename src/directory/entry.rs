//! An entry: a DN and attributes, each with a set of values.

use std::borrow::Cow;

use super::attribute::{AttributeDescription, same_spelling};
use super::{AttributePlaces, Values};
use crate::ldif::{Attribute, ContentRecord, Value};

/// An entry whose attribute lines are grouped by attribute description.
///
/// Attributes stand in the order of their first line, values in the order of
/// theirs. Descriptions compare without regard to ASCII case.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The DN as it was written.
    pub dn: Cow<'a, [u8]>,
    attributes: Vec<EntryAttribute<'a>>,
    /// Where there are too many attributes to look through.
    places: Option<Box<AttributePlaces>>,
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        (&self.dn, &self.attributes) == (&other.dn, &other.attributes)
    }
}

impl Eq for Entry<'_> {}

/// One attribute of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryAttribute<'a> {
    /// The attribute description as first written, options included.
    pub name: Cow<'a, [u8]>,
    /// The values, in order.
    pub values: Values<'a>,
}

impl<'a> Entry<'a> {
    /// An entry without attributes.
    #[must_use]
    pub fn new(dn: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::with_attributes(dn, Vec::new())
    }

    /// An entry of these attributes, whose descriptions are distinct.
    #[must_use]
    pub fn with_attributes(
        dn: impl Into<Cow<'a, [u8]>>,
        attributes: Vec<EntryAttribute<'a>>,
    ) -> Self {
        let mut entry = Self { dn: dn.into(), attributes, places: None };
        entry.find_places();
        entry
    }

    /// An entry of values with their descriptions, in order.
    #[must_use]
    pub fn of_values(
        dn: impl Into<Cow<'a, [u8]>>,
        values: impl ExactSizeIterator<Item = (Cow<'a, [u8]>, Value<'a>)>,
    ) -> Self {
        // Most attributes have one value, and to grow step by step is to copy; but the
        // members of a group are of one attribute.
        let room = values.len().min(64);
        let mut entry = Self::with_attributes(dn, Vec::with_capacity(room));
        values.for_each(|(name, value)| entry.push(name, value));
        entry
    }

    /// The DN and all attributes, in order.
    #[must_use]
    pub fn into_parts(self) -> (Cow<'a, [u8]>, Vec<EntryAttribute<'a>>) {
        (self.dn, self.attributes)
    }

    /// All attributes, in order.
    #[must_use]
    pub fn attributes(&self) -> &[EntryAttribute<'a>] {
        &self.attributes
    }

    /// The values of one attribute description; empty where it is absent.
    #[must_use]
    pub fn values(&self, name: &[u8]) -> &[Value<'a>] {
        let attribute = self.place(name).and_then(|place| self.attributes.get(place));
        attribute.map_or(&[], |attribute| &attribute.values)
    }

    fn place(&self, name: &[u8]) -> Option<usize> {
        match &self.places {
            None => self.attributes.iter().position(|own| same_spelling(&own.name, name)),
            Some(places) => places.spelled(name),
        }
    }

    /// The values of the first attribute whose description stands for the same as this
    /// one, by another name of its type or with its options in another order.
    #[must_use]
    pub fn values_under_any_name(&self, name: &[u8]) -> &[Value<'a>] {
        let place = match &self.places {
            None => {
                let description = AttributeDescription::split(name);
                let is_same = |own: &EntryAttribute<'_>| {
                    AttributeDescription::split(&own.name).is_same(&description)
                };
                self.attributes.iter().position(is_same)
            }
            Some(places) => places.under_any_name(name),
        };
        let attribute = place.and_then(|place| self.attributes.get(place));
        attribute.map_or(&[], |attribute| &attribute.values)
    }

    fn find_places(&mut self) {
        self.places = AttributePlaces::of(self.attributes.iter().map(|own| &*own.name));
    }

    /// Adds one value at the end of an attribute.
    pub fn push(&mut self, name: Cow<'a, [u8]>, value: Value<'a>) {
        // The values of an attribute nearly always stand together.
        let last = self.attributes.last().filter(|last| same_spelling(&last.name, &name));
        let place = last.map(|_| self.attributes.len() - 1).or_else(|| self.place(&name));
        if let Some(own) = place.and_then(|place| self.attributes.get_mut(place)) {
            return own.values.push(value);
        }
        if let Some(places) = &mut self.places {
            places.add(&name, self.attributes.len());
        }
        self.attributes.push(EntryAttribute { name, values: value.into() });
        if self.places.is_none() {
            self.find_places();
        }
    }

    /// Keeps the attributes whose description a test lets through.
    pub fn retain(&mut self, mut stays: impl FnMut(&[u8]) -> bool) {
        self.attributes.retain(|attribute| stays(&attribute.name));
        self.find_places();
    }

    /// The entry as a content record, attributes grouped.
    #[must_use]
    pub fn into_record(self) -> ContentRecord<'a> {
        let mut lines = Vec::new();
        for attribute in self.attributes {
            let name = attribute.name;
            lines.extend(
                attribute.values.into_iter().map(|value| Attribute { name: name.clone(), value }),
            );
        }
        ContentRecord { dn: self.dn, attributes: lines }
    }
}

impl<'a> From<ContentRecord<'a>> for Entry<'a> {
    fn from(record: ContentRecord<'a>) -> Self {
        let values = record.attributes.into_iter();
        Self::of_values(record.dn, values.map(|Attribute { name, value }| (name, value)))
    }
}
