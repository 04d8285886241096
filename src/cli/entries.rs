//! The entries of an export, each with the modify records that go on with it, as
//! ldifde writes groups of more than 1,500 members.

use std::borrow::Cow;
use std::convert::Infallible;

use crate::change::{EntryText, refuse_misfits};
use crate::ldif::{
    ChunkReport, InputReport, Line, Position, RawRecord, ReadOptions, entry_text, map_chunks,
    read_chunk, read_wanted,
};
use crate::report::counted;

use super::console::Console;

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
    /// The first of them.
    pub first_stray: Option<Stray>,
    /// Whether entries are written as adds.
    pub adds: bool,
}

/// A change record that goes on with no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stray {
    /// The line on which it begins, less those before the chunk.
    line: u32,
    /// Whether that is for its controls: it stands behind an entry of its name.
    has_controls: bool,
}

/// The change records of an export that go on with no entry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Strays {
    /// How many there are.
    pub count: u64,
    /// The line of the first one, and whether it stands apart for its controls.
    first: Option<(u64, bool)>,
    /// Entries of the same export.
    entries: u64,
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
    /// Its name.
    dn: Cow<'a, [u8]>,
}

impl<'a> Scan<'a> {
    fn of(chunk: &'a [u8]) -> Self {
        let dn = Cow::Borrowed(&[][..]);
        Self { chunk, scanned: ScannedChunk::default(), last: None, end: None, dn }
    }

    fn record(&mut self, record: &RawRecord<'_, 'a>, each: &mut impl FnMut(NamedEntry<'a>)) {
        let (at, scanned) = (place(record), &mut self.scanned);
        if record.is_entry() {
            scanned.adds |= record.change().is_some();
            (self.last, self.end) = (Some(at), None);
            let number = scanned.entries;
            scanned.entries += 1;
            self.dn = record.dn();
            return each(NamedEntry { chunk: self.chunk, at, number, dn: self.dn.clone() });
        }
        let last = || self.last.map_or(0, |entry| end_of(self.chunk, entry));
        if at >= *self.end.get_or_insert_with(last) {
            scanned.stray += 1;
            scanned.first_stray.get_or_insert_with(|| Stray {
                line: record.first_line().map_or(0, Line::line),
                has_controls: self.last.is_some()
                    && record.change().is_some_and(|change| !change.controls.is_empty())
                    && self.dn.eq_ignore_ascii_case(&record.dn()),
            });
            return;
        }
        let number = scanned.entries - 1;
        if scanned.continued.last() != Some(&number) {
            scanned.continued.push(number);
            scanned.continued_at.extend(self.last);
        }
    }
}

impl Strays {
    /// Those of an export, which is read for them.
    pub fn of(export: &[u8], read: ReadOptions) -> Self {
        let mut report = InputReport::default();
        let mut strays = Self::default();
        let Ok(()) = map_chunks(
            export,
            |chunk| scan(chunk.bytes, read, |_| {}),
            |mut chunk: ScannedChunk| {
                let base = report.add(std::mem::take(&mut chunk.report));
                strays.add(&chunk, base);
                Ok::<(), Infallible>(())
            },
        );
        strays
    }

    fn add(&mut self, chunk: &ScannedChunk, base: Position) {
        let place = |stray: Stray| (base.line + u64::from(stray.line), stray.has_controls);
        self.first = self.first.or(chunk.first_stray.map(place));
        self.count += chunk.stray;
        self.entries += chunk.entries;
    }

    /// Refuses what has changes and no entry.
    ///
    /// # Errors
    /// Says what it is and which command is for it.
    pub fn require_export(&self, name: &str) -> anyhow::Result<()> {
        if self.count > 0 && self.entries == 0 {
            return Err(change_file(name, self.count));
        }
        Ok(())
    }

    /// Says so where there are any, and what that means.
    pub fn report(&self, name: &str, console: &Console) {
        let Some((line, has_controls)) = self.first else { return };
        let records = counted(self.count, "change record", "change records");
        let first = match (self.count, has_controls) {
            (1, false) => "it goes on with no entry".to_owned(),
            (1, true) => {
                "it has controls, so it does not go on with the entry before it".to_owned()
            }
            (_, false) => "they go on with no entry".to_owned(),
            (_, true) => format!(
                "that in line {line} has controls, so it does not go on with the entry before it"
            ),
        };
        let hint = match !has_controls && self.count > self.entries {
            true => format!(" (is it a change file? `ldifix show {name}` shows what it does)"),
            false => String::new(),
        };
        console.note(&format!("{name}:{line}: {records} of the export left out: {first}{hint}"));
    }
}

/// The error where a change file is given for an export.
pub fn change_file(name: &str, records: u64) -> anyhow::Error {
    let records = counted(records, "change record", "change records");
    anyhow::anyhow!(
        "{name} holds {records} and no entry: it is a change file, and an export is asked for; \
         `ldifix show {name}` shows what it does, `ldifix apply EXPORT {name}` what it leads to"
    )
}

/// What reading an export for some of its entries gave.
#[derive(Debug, Default)]
pub struct ReadThrough {
    /// Failures and observations.
    pub report: InputReport,
    /// Change records that go on with no entry.
    pub strays: Strays,
    /// Of the entries that are wanted as a whole, those that are misread, since records
    /// that go on with them do not apply; the report has these.
    pub misread: u64,
}

/// Reads an export: `scan` gets each chunk and gives, beside what it likes, where those
/// entries begin in it that are wanted as a whole; `take` gets the same in order.
pub fn read_through<'a, T: Send>(
    export: &'a [u8],
    read: ReadOptions,
    scan: impl Fn(&'a [u8]) -> (ScannedChunk, Vec<usize>, T) + Sync,
    mut take: impl FnMut(Position, ScannedChunk, T),
) -> ReadThrough {
    let mut through = ReadThrough::default();
    let (mut continued, mut wanted) = (Vec::new(), Vec::new());
    let Ok(()) = map_chunks(
        export,
        |chunk| scan(chunk.bytes),
        |(mut chunk, places, found): (ScannedChunk, Vec<usize>, T)| {
            let base = through.report.add(std::mem::take(&mut chunk.report));
            continued.extend(chunk.continued_from(base));
            wanted.extend(places.into_iter().map(|at| base.offset + at as u64));
            through.strays.add(&chunk, base);
            take(base, chunk, found);
            Ok::<(), Infallible>(())
        },
    );
    let misread = refuse_misfits(export, &continued, read, &mut through.report);
    let is_wanted = |offset: &&u64| wanted.binary_search(offset).is_ok();
    through.misread = misread.iter().filter(is_wanted).count() as u64;
    through
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
