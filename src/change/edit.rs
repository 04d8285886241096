//! What is to be done to an entry, before anyone asks how.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::directory::attribute::same_spelling;
use crate::directory::{Entry, EntryAttribute};
use crate::ldif::Value;

/// One edit of one attribute: values that go and values that come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit<'a> {
    /// The attribute description.
    pub attribute: Cow<'a, [u8]>,
    /// The exact values that go, each once for every copy that goes.
    pub remove: Vec<Cow<'a, [u8]>>,
    /// The values that come. One that is already there, byte for byte, adds
    /// nothing.
    pub add: Vec<Cow<'a, [u8]>>,
    /// Why, for people: lines without the leading `#`.
    pub comments: Vec<String>,
}

/// The edits of one entry, in the order in which they are to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryEdits<'a> {
    /// The entry's DN as the export writes it.
    pub dn: Cow<'a, [u8]>,
    /// The edits.
    pub edits: Vec<Edit<'a>>,
}

impl Edit<'_> {
    /// The same edit, owning its bytes.
    #[must_use]
    pub fn into_owned(self) -> Edit<'static> {
        let own = |values: Vec<Cow<'_, [u8]>>| -> Vec<Cow<'static, [u8]>> {
            values.into_iter().map(|value| Cow::Owned(value.into_owned())).collect()
        };
        Edit {
            attribute: Cow::Owned(self.attribute.into_owned()),
            remove: own(self.remove),
            add: own(self.add),
            comments: self.comments,
        }
    }
}

impl EntryEdits<'_> {
    /// The same edits, owning their bytes.
    #[must_use]
    pub fn into_owned(self) -> EntryEdits<'static> {
        EntryEdits {
            dn: Cow::Owned(self.dn.into_owned()),
            edits: self.edits.into_iter().map(Edit::into_owned).collect(),
        }
    }
}

/// An attribute of an entry as edits intend it; what they do not touch is borrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntendedAttribute<'e, 'a> {
    /// The attribute description.
    pub name: Cow<'a, [u8]>,
    /// The values; never empty.
    pub values: Cow<'e, [Value<'a>]>,
}

/// The entry as the edits intend it: an independent account, by value sets
/// alone, of what the planned records must lead to.
#[must_use]
pub fn intended<'a>(entry: &Entry<'a>, edits: &[Edit<'_>]) -> Entry<'a> {
    let attributes = intended_attributes(entry, edits).into_iter().map(|attribute| {
        EntryAttribute { name: attribute.name, values: attribute.values.into_owned().into() }
    });
    Entry::with_attributes(entry.dn.clone(), attributes.collect())
}

/// The attributes of the entry as the edits intend it.
#[must_use]
pub fn intended_attributes<'e, 'a>(
    entry: &'e Entry<'a>,
    edits: &[Edit<'_>],
) -> Vec<IntendedAttribute<'e, 'a>> {
    let mut open: Vec<&Edit<'_>> = edits.iter().collect();
    let mut attributes = Vec::with_capacity(entry.attributes().len() + edits.len());
    for EntryAttribute { name, values } in entry.attributes() {
        let values = edited(Cow::Borrowed(values), &take_own(&mut open, name));
        attributes.push(IntendedAttribute { name: name.clone(), values });
    }
    while let Some(&Edit { attribute: name, .. }) = open.first() {
        let values = edited(Cow::default(), &take_own(&mut open, name));
        attributes.push(IntendedAttribute { name: Cow::Owned(name.to_vec()), values });
    }
    attributes.retain(|attribute| !attribute.values.is_empty());
    attributes
}

fn take_own<'d, 'v>(edits: &mut Vec<&'d Edit<'v>>, name: &[u8]) -> Vec<&'d Edit<'v>> {
    edits.extract_if(.., |edit| same_spelling(&edit.attribute, name)).collect()
}

fn edited<'e, 'a>(values: Cow<'e, [Value<'a>]>, edits: &[&Edit<'_>]) -> Cow<'e, [Value<'a>]> {
    if edits.is_empty() {
        return values;
    }
    let mut values = values.into_owned();
    let mut copies: FxHashMap<Value<'a>, usize> = FxHashMap::default();
    for value in &values {
        *copies.entry(value.clone()).or_default() += 1;
    }
    for edit in edits {
        for gone in &edit.remove {
            let gone = Value::Bytes(Cow::Owned(gone.to_vec()));
            copies.entry(gone).and_modify(|copies| *copies = copies.saturating_sub(1));
        }
        for new in &edit.add {
            let new = Value::Bytes(Cow::Owned(new.to_vec()));
            if copies.get(&new).is_none_or(|&copies| copies == 0) {
                copies.insert(new.clone(), 1);
                values.push(new);
            }
        }
    }
    // What is left of each value stands where it stood first.
    values.retain(|value| copies.remove(value).is_some_and(|copies| copies > 0));
    Cow::Owned(values)
}
