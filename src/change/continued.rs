//! An entry as an export holds it: one record, or an add and the modify records
//! that go on with it, as ldifde writes groups of more than 1,500 members.

use std::borrow::Cow;

use super::apply_to_entry;
use crate::directory::{Entry, EntryAttribute};
use crate::ldif::{Change, Modification, ReadOptions, Record, read_chunk};

/// The entry of a text, with the modify records that go on with it. One that does
/// not apply says nothing about the entry.
#[must_use]
pub fn entry_of(text: &[u8], read: ReadOptions) -> Option<Entry<'_>> {
    let mut entry: Option<Entry<'_>> = None;
    let mut later = Vec::new();
    read_chunk(text, read, |record| match (record.is_entry(), record.into_record()) {
        (true, found) if entry.is_none() => entry = Some(into_entry(found)),
        (false, Record::Change(change)) => later.push(change.change),
        _ => {}
    });
    if later.is_empty() { entry } else { entry.map(|entry| folded(entry, later)) }
}

fn folded(entry: Entry<'_>, later: Vec<Change<'_>>) -> Entry<'static> {
    let all: Vec<Modification<'_>> =
        later.iter().filter_map(modifications).flatten().cloned().collect();
    // One step for all of them: a step costs as much as the entry is large.
    let all = Change::Modify(all);
    let mut whole = entry;
    if apply_to_entry(&mut whole, &all).is_err() {
        for change in &later {
            let _ = apply_to_entry(&mut whole, change);
        }
    }
    owned(whole)
}

fn modifications<'c, 'a>(change: &'c Change<'a>) -> Option<&'c [Modification<'a>]> {
    match change {
        Change::Modify(modifications) => Some(modifications),
        _ => None,
    }
}

fn owned(entry: Entry<'_>) -> Entry<'static> {
    let (dn, attributes) = entry.into_parts();
    let attributes = attributes.into_iter().map(|attribute| EntryAttribute {
        name: Cow::Owned(attribute.name.into_owned()),
        values: attribute.values.into_iter().map(|value| value.into_owned()).collect(),
    });
    Entry::with_attributes(dn.into_owned(), attributes.collect())
}

/// A content record or an add as an entry.
#[must_use]
pub fn into_entry(record: Record<'_>) -> Entry<'_> {
    match record {
        Record::Content(content) => Entry::from(content),
        Record::Change(change) => {
            let mut entry = Entry::new(change.dn);
            if let Change::Add(attributes) = change.change {
                attributes.into_iter().for_each(|line| entry.push(line.name, line.value));
            }
            entry
        }
    }
}
