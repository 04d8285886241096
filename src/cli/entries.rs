//! The entries of an export, each with the modify records that go on with it, as
//! ldifde writes groups of more than 1,500 members.

use std::borrow::Cow;

use crate::change::entry_of;
use crate::directory::Entry;
use crate::ldif::{ChunkReport, RawRecord, ReadOptions, entry_text, read_wanted};

/// What a scan of one chunk gave beside what `each` took.
#[derive(Debug, Default)]
pub struct ScannedChunk {
    /// Failures and observations.
    pub report: ChunkReport,
    /// Entries.
    pub entries: u64,
    /// Those of them, by their number in the chunk, with which later records go on.
    pub continued: Vec<u64>,
    /// Change records that go on with no entry: they say nothing about one.
    pub stray: u64,
    /// Whether entries are written as adds.
    pub adds: bool,
}

/// An entry of a chunk of which only the name was read.
#[derive(Debug)]
pub struct NamedEntry<'a> {
    chunk: &'a [u8],
    at: usize,
    /// Its number in the chunk.
    pub number: u64,
    /// Its DN.
    pub dn: Cow<'a, [u8]>,
}

impl<'a> NamedEntry<'a> {
    /// Its text, with that of the records that go on with it.
    pub fn text(&self) -> &'a [u8] {
        entry_text(self.chunk, self.at)
    }

    /// Reads the whole entry.
    pub fn entry(&self, read: ReadOptions) -> Option<Entry<'a>> {
        entry_of(self.text(), read)
    }
}

/// Hands each entry of a chunk to `each`, by name.
pub fn scan<'a>(
    chunk: &'a [u8],
    read: ReadOptions,
    mut each: impl FnMut(NamedEntry<'a>),
) -> ScannedChunk {
    let mut scanned = ScannedChunk::default();
    let mut last = None;
    scanned.report = read_wanted(
        chunk,
        read,
        |_| false,
        |record| {
            let at = place(&record);
            if !record.is_entry() {
                match last {
                    Some(entry) if goes_on(chunk, entry, at) => {
                        let number = scanned.entries - 1;
                        if scanned.continued.last() != Some(&number) {
                            scanned.continued.push(number);
                        }
                    }
                    _ => scanned.stray += 1,
                }
                return;
            }
            scanned.adds |= record.change().is_some();
            last = Some(at);
            each(NamedEntry { chunk, at, number: scanned.entries, dn: record.dn() });
            scanned.entries += 1;
        },
    );
    scanned
}

/// Where a record's first line begins in its chunk.
pub fn place(record: &RawRecord<'_, '_>) -> usize {
    record.first_line().map_or(0, |line| usize::try_from(line.offset()).unwrap_or(usize::MAX))
}

fn goes_on(chunk: &[u8], entry: usize, record: usize) -> bool {
    record - entry < entry_text(chunk, entry).len()
}
