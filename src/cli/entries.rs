//! The entries of an export, each with the modify records that go on with it, as
//! ldifde writes groups of more than 1,500 members.

use std::borrow::Cow;

use crate::change::EntryText;
use crate::ldif::{
    ChunkReport, Position, RawRecord, ReadOptions, entry_text, read_chunk, read_wanted,
};

/// What a scan of one chunk gave beside what `each` took.
#[derive(Debug, Default)]
pub struct ScannedChunk {
    /// Failures and observations.
    pub report: ChunkReport,
    /// Entries.
    pub entries: u64,
    /// Those of them, by their number in the chunk, with which later records go on.
    pub continued: Vec<u64>,
    /// Where these begin in the chunk.
    pub continued_at: Vec<usize>,
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
    /// Where its first line begins in the chunk.
    pub fn place(&self) -> usize {
        self.at
    }

    /// The entry, to be read when it is looked at.
    pub fn text(&self, read: ReadOptions) -> Option<EntryText<'a>> {
        EntryText::of(entry_text(self.chunk, self.at), read)
    }
}

/// Hands each entry of a chunk to `each`, by name.
pub fn scan<'a>(
    chunk: &'a [u8],
    read: ReadOptions,
    mut each: impl FnMut(NamedEntry<'a>),
) -> ScannedChunk {
    let mut scan = Scan::of(chunk);
    let report = read_wanted(chunk, read, |_| false, |record| scan.record(&record, &mut each));
    ScannedChunk { report, ..scan.scanned }
}

/// The same, and hands all lines of each entry to `look`.
pub fn scan_whole<'a>(
    chunk: &'a [u8],
    read: ReadOptions,
    mut look: impl FnMut(&RawRecord<'_, 'a>),
    mut each: impl FnMut(NamedEntry<'a>),
) -> ScannedChunk {
    let mut scan = Scan::of(chunk);
    let report = read_chunk(chunk, read, |record| {
        if record.is_entry() {
            look(&record);
        }
        scan.record(&record, &mut each);
    });
    ScannedChunk { report, ..scan.scanned }
}

struct Scan<'a> {
    chunk: &'a [u8],
    scanned: ScannedChunk,
    /// Where the last entry begins.
    last: Option<usize>,
    /// Where it ends, where that was looked for: once, since an entry may go on in
    /// thousands of records.
    end: Option<usize>,
}

impl<'a> Scan<'a> {
    fn of(chunk: &'a [u8]) -> Self {
        Self { chunk, scanned: ScannedChunk::default(), last: None, end: None }
    }

    fn record(&mut self, record: &RawRecord<'_, 'a>, each: &mut impl FnMut(NamedEntry<'a>)) {
        let (at, scanned) = (place(record), &mut self.scanned);
        if record.is_entry() {
            scanned.adds |= record.change().is_some();
            (self.last, self.end) = (Some(at), None);
            let number = scanned.entries;
            scanned.entries += 1;
            return each(NamedEntry { chunk: self.chunk, at, number, dn: record.dn() });
        }
        let last = || self.last.map_or(0, |entry| end_of(self.chunk, entry));
        if at >= *self.end.get_or_insert_with(last) {
            scanned.stray += 1;
            return;
        }
        let number = scanned.entries - 1;
        if scanned.continued.last() != Some(&number) {
            scanned.continued.push(number);
            scanned.continued_at.extend(self.last);
        }
    }
}

impl ScannedChunk {
    /// Where the entries begin in the input with which later records go on, if the
    /// chunk begins at `base`.
    pub fn continued_from(&self, base: Position) -> impl Iterator<Item = u64> {
        self.continued_at.iter().map(move |&at| base.offset + at as u64)
    }
}

/// Where a record's first line begins in its chunk.
pub fn place(record: &RawRecord<'_, '_>) -> usize {
    record.first_line().map_or(0, |line| usize::try_from(line.offset()).unwrap_or(usize::MAX))
}

/// Where the text of the entry ends that begins at `entry`, records that go on
/// with it included.
pub fn end_of(chunk: &[u8], entry: usize) -> usize {
    entry + entry_text(chunk, entry).len()
}
