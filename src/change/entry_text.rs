//! Entries that are held as the text of the export, and read when they are looked
//! at: read, an entry takes several times its text.

use std::borrow::Cow;

use super::continued::entry_of;
use super::image::is_identity;
use crate::directory::Entry;
use crate::ldif::{ReadOptions, read_chunk};

/// Where an entry stands in an export, with the records that go on with it, and
/// what must be known of it at once.
#[derive(Debug, Clone)]
pub struct EntryText<'a> {
    text: &'a [u8],
    read: ReadOptions,
    /// The DN as written.
    pub dn: Cow<'a, [u8]>,
    has_identity: bool,
}

impl<'a> EntryText<'a> {
    /// The entry of a text; `None` where there is none.
    #[must_use]
    pub fn of(text: &'a [u8], read: ReadOptions) -> Option<Self> {
        let mut found = None;
        read_chunk(text, read, |record| {
            if found.is_some() || !record.is_entry() {
                return;
            }
            let has = |name: &[u8]| record.attribute_lines().iter().any(|line| line.is(name));
            let has_identity = is_identity(has);
            found = Some(Self { text, read, dn: record.dn(), has_identity });
        });
        found
    }

    /// Whether what refers to the entry knows it by something else than its name.
    pub(super) fn has_identity(&self) -> bool {
        self.has_identity
    }
}

/// An entry of an export.
#[derive(Debug)]
pub(super) enum HeldEntry<'a> {
    Whole(Entry<'a>),
    Text(&'a [u8], ReadOptions),
}

impl<'a> From<EntryText<'a>> for HeldEntry<'a> {
    fn from(entry: EntryText<'a>) -> Self {
        Self::Text(entry.text, entry.read)
    }
}

impl<'a> HeldEntry<'a> {
    pub(super) fn entry(&self) -> Option<Cow<'_, Entry<'a>>> {
        match self {
            Self::Whole(entry) => Some(Cow::Borrowed(entry)),
            Self::Text(text, read) => entry_of(text, *read).map(Cow::Owned),
        }
    }

    /// The entry with those of its attributes that pass a test, where that saves reading
    /// the others: not where records go on with it, which speak of all.
    pub(super) fn part(&self, wants: impl Fn(&[u8]) -> bool) -> Option<Entry<'a>> {
        let Self::Text(text, read) = self else { return None };
        let (mut part, mut records) = (None, 0);
        read_chunk(text, *read, |record| {
            records += 1;
            if records == 1 && record.is_entry() {
                let lines = record.attribute_lines().iter().filter(|line| wants(&line.name()));
                let lines: Vec<_> = lines.collect();
                let values = lines.into_iter().map(|line| (line.name(), line.value()));
                part = Some(Entry::of_values(record.dn(), values));
            }
        });
        part.filter(|_| records == 1)
    }
}
