//! An entry: a DN and attributes, each with a set of values.

use std::borrow::Cow;

use super::Values;
use super::attribute::same_spelling;
use crate::ldif::{Attribute, ContentRecord, Value};

/// An entry whose attribute lines are grouped by attribute description.
///
/// Attributes stand in the order of their first line, values in the order of
/// theirs. Descriptions compare without regard to ASCII case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The DN as it was written.
    pub dn: Cow<'a, [u8]>,
    attributes: Vec<EntryAttribute<'a>>,
}

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
        Self { dn: dn.into(), attributes: Vec::new() }
    }

    /// An entry of these attributes, whose descriptions are distinct.
    #[must_use]
    pub fn with_attributes(
        dn: impl Into<Cow<'a, [u8]>>,
        attributes: Vec<EntryAttribute<'a>>,
    ) -> Self {
        Self { dn: dn.into(), attributes }
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
        let mut entry = Self { dn: dn.into(), attributes: Vec::with_capacity(room) };
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
        self.attributes
            .iter()
            .find(|attribute| same_spelling(&attribute.name, name))
            .map_or(&[], |attribute| &attribute.values)
    }

    /// Adds one value at the end of an attribute.
    pub fn push(&mut self, name: Cow<'a, [u8]>, value: Value<'a>) {
        // The values of an attribute nearly always stand together.
        match self.attributes.iter_mut().rev().find(|a| same_spelling(&a.name, &name)) {
            Some(attribute) => attribute.values.push(value),
            None => self.attributes.push(EntryAttribute { name, values: value.into() }),
        }
    }

    /// Keeps the attributes whose description a test lets through.
    pub fn retain(&mut self, mut stays: impl FnMut(&[u8]) -> bool) {
        self.attributes.retain(|attribute| stays(&attribute.name));
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
