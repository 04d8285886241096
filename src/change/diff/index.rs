//! An export as fingerprints of names and places of entries: 24 bytes an entry,
//! whatever its size.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::Hasher;

use rayon::prelude::*;
use rustc_hash::FxHasher;

use crate::change::{identity, refuse_misfits};
use crate::directory::Entry;
use crate::directory::dn::{key_parent, normalize_into};
use crate::ldif::{
    Chunk, ChunkReport, InputReport, RawRecord, ReadOptions, entry_text, map_chunks, read_chunk,
    read_wanted,
};

/// Where an entry stands in its export: the offset of its `dn:` line (40 bits) and
/// the length of its text (24 bits; 0 where it is longer, or goes on in modify
/// records).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place(u64);

const LENGTH_BITS: u32 = 24;

impl Place {
    /// Bytes that an export can have: the offset has 40 bits.
    const LIMIT: u64 = 1 << (64 - LENGTH_BITS);

    fn new(offset: u64, length: usize) -> Self {
        let length = u64::try_from(length).ok().filter(|length| *length < 1 << LENGTH_BITS);
        Self(offset << LENGTH_BITS | length.unwrap_or(0))
    }

    fn of_any_length(self) -> Self {
        Self(self.0 >> LENGTH_BITS << LENGTH_BITS)
    }

    pub(super) fn offset(self) -> u64 {
        self.0 >> LENGTH_BITS
    }

    fn length(self) -> usize {
        usize::try_from(self.0 & ((1 << LENGTH_BITS) - 1)).unwrap_or(0)
    }
}

/// An entry of an index. Equal names have equal fingerprints; whoever acts on equal
/// fingerprints compares the names themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    /// The fingerprint of the name.
    pub(super) key: u64,
    /// That of the name above.
    pub(super) parent: u64,
    pub(super) place: Place,
}

/// The fingerprint of a DN's key.
pub(super) fn fingerprint(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

/// The key of a DN; of text that is no DN, the text behind a byte that no key has,
/// without commas: it has no names above it.
pub(super) fn key_into(dn: &[u8], key: &mut Vec<u8>) {
    if normalize_into(dn, key).is_err() {
        key.clear();
        key.push(NO_DN);
        for &byte in dn {
            match byte {
                b',' => key.extend([NO_DN, 1]),
                NO_DN => key.extend([NO_DN, 2]),
                _ => key.push(byte),
            }
        }
    }
}

/// What a name begins with that is no DN.
pub(super) const NO_DN: u8 = 0xFF;

pub(super) fn key_of(dn: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(dn.len());
    key_into(dn, &mut key);
    key
}

/// The entries of one export, found by name.
#[derive(Debug)]
pub struct EntryIndex<'a> {
    bytes: &'a [u8],
    read: ReadOptions,
    slots: Vec<Slot>,
    /// What was seen beside the entries.
    pub report: InputReport,
    /// Records that are no entries of a directory, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Change records that go on with no entry: where the first one stands.
    pub stray: Option<u64>,
}

/// Why an export cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// More bytes than an offset of the index can count.
    #[error("an export of more than 1 TiB cannot be compared")]
    TooLarge,
}

/// Two entries of one export that bear the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twice {
    /// The line of the first one.
    pub first: u64,
    /// The line of the second one.
    pub again: u64,
}

#[derive(Default)]
struct ScannedChunk {
    report: ChunkReport,
    slots: Vec<Slot>,
    skipped: BTreeMap<&'static str, u64>,
    stray: Option<u64>,
    /// Offsets of the entries with which modify records go on.
    continued: Vec<u64>,
}

impl<'a> EntryIndex<'a> {
    /// Reads the names of all entries; `advance` is told of the bytes read.
    ///
    /// With strict reading it ends at the first record that cannot be read: see
    /// `report`.
    ///
    /// # Errors
    /// Where the export is too large.
    pub fn read(
        bytes: &'a [u8],
        read: ReadOptions,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Result<Self, IndexError> {
        if u64::try_from(bytes.len()).is_ok_and(|length| length >= Place::LIMIT) {
            return Err(IndexError::TooLarge);
        }
        let mut index = Self {
            bytes,
            read,
            slots: Vec::new(),
            report: InputReport::default(),
            skipped: BTreeMap::new(),
            stray: None,
        };
        let mut continued = Vec::new();
        let _: Result<(), Stopped> = map_chunks(
            bytes,
            |chunk| {
                let scanned = ScannedChunk::of(chunk, read);
                advance(u64::try_from(chunk.bytes.len()).unwrap_or(0));
                scanned
            },
            |chunk| {
                let stop = read.strict && chunk.report.has_failures();
                index.report.add(chunk.report);
                index.slots.extend(chunk.slots);
                continued.extend(chunk.continued);
                for (reason, count) in chunk.skipped {
                    *index.skipped.entry(reason).or_default() += count;
                }
                index.stray = index.stray.or(chunk.stray);
                if stop { Err(Stopped) } else { Ok(()) }
            },
        );
        refuse_misfits(bytes, &continued, read, &mut index.report);
        index.slots.shrink_to_fit();
        index.slots.par_sort_unstable();
        Ok(index)
    }

    /// The entries, ordered by fingerprint.
    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The entries whose name has this fingerprint.
    pub(super) fn with_fingerprint(&self, key: u64) -> &[Slot] {
        let from = self.slots.partition_point(|slot| slot.key < key);
        let length = self.slots[from..].iter().take_while(|slot| slot.key == key).count();
        &self.slots[from..from + length]
    }

    /// The entry of this name.
    pub(super) fn find(&self, key: &[u8]) -> Option<Place> {
        let slots = self.with_fingerprint(fingerprint(key));
        slots.iter().map(|slot| slot.place).find(|&place| key_of(&self.dn(place)) == key)
    }

    /// The text of an entry, with the modify records that go on with it.
    pub(super) fn text(&self, place: Place) -> &'a [u8] {
        let at = usize::try_from(place.offset()).unwrap_or(usize::MAX);
        match place.length() {
            0 => entry_text(self.bytes, at),
            length => self.bytes.get(at..at + length).unwrap_or_default(),
        }
    }

    /// The entry itself.
    pub(super) fn entry(&self, place: Place) -> Entry<'a> {
        let entry = super::super::entry_of(self.text(place), self.read);
        entry.unwrap_or_else(|| Entry::new(Vec::new()))
    }

    /// Whether a value of an entry is one of those.
    pub(super) fn any_value(&self, place: Place, is: &dyn Fn(&[u8], &[u8]) -> bool) -> bool {
        let mut found = false;
        read_chunk(self.text(place), self.read, |record| {
            let lines = record.attribute_lines().iter().chain(record.modification_lines());
            found |= lines.into_iter().any(|line| is(&line.name(), &line.bytes()));
        });
        found
    }

    /// The name of an entry as it is written, `<GUID=…>` in front of it left out.
    pub(super) fn dn(&self, place: Place) -> Cow<'a, [u8]> {
        let text = self.text(place);
        let mut end = 0;
        while let Some(at) = memchr::memchr(b'\n', &text[end..]) {
            end += at + 1;
            if text.get(end) != Some(&b' ') {
                break;
            }
        }
        let line = if end == 0 { text } else { &text[..end] };
        let mut dn = Cow::Borrowed(&[][..]);
        read_chunk(line, self.read, |record| dn = record.dn());
        plain_dn(dn)
    }

    /// The physical line on which an entry begins, from 1.
    pub(super) fn line(&self, place: Place) -> u64 {
        self.line_at(place.offset())
    }

    /// The physical line at an offset, from 1.
    #[must_use]
    pub fn line_at(&self, offset: u64) -> u64 {
        let at = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let before = memchr::memchr_iter(b'\n', &self.bytes[..at]).count();
        u64::try_from(before).unwrap_or(u64::MAX) + 1
    }

    /// The names that two or more entries bear: the places of two of each, in the
    /// order of the export.
    pub(super) fn duplicates(&self) -> Vec<(Place, Place)> {
        let mut found = Vec::new();
        for run in self.slots.chunk_by(|a, b| a.key == b.key).filter(|run| run.len() > 1) {
            let mut named: Vec<(Vec<u8>, Place)> =
                run.iter().map(|slot| (key_of(&self.dn(slot.place)), slot.place)).collect();
            named.sort_unstable();
            let same = named.chunk_by(|a, b| a.0 == b.0);
            found.extend(same.filter(|same| same.len() > 1).map(|same| (same[0].1, same[1].1)));
        }
        found.sort_unstable();
        found
    }

    /// The highest number that a test gives for the key of a name or for a value, 0 if
    /// none: as they read, since a line can be folded or in base64.
    pub(super) fn highest(&self, number: &(dyn Fn(&[u8]) -> usize + Sync)) -> usize {
        let mut highest = 0;
        let _: Result<(), Stopped> = map_chunks(
            self.bytes,
            |chunk| {
                let (mut found, mut key) = (0, Vec::new());
                read_chunk(chunk.bytes, self.read, |record| {
                    key_into(&record.dn(), &mut key);
                    found = found.max(number(&key));
                    for line in record.attribute_lines().iter().chain(record.modification_lines()) {
                        found = found.max(number(&line.bytes()));
                    }
                });
                found
            },
            |found| {
                highest = highest.max(found);
                Ok(())
            },
        );
        highest
    }

    pub(super) fn read_options(&self) -> ReadOptions {
        self.read
    }
}

/// A DN without the `<GUID=…>;<SID=…>;` that Samba writes in front of it.
pub(super) fn plain_dn(dn: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if !matches!(dn.first(), Some(b'<' | b' ')) {
        return dn;
    }
    Cow::Owned(identity::without_brackets(&dn).to_vec())
}

/// Reading stopped at the first error, as strict reading asks.
struct Stopped;

impl ScannedChunk {
    fn of(chunk: Chunk<'_>, read: ReadOptions) -> Self {
        let mut scanned = Self::default();
        let mut key = Vec::new();
        let mut last: Option<LastEntry> = None;
        let report = read_wanted(
            chunk.bytes,
            read,
            |_| false,
            |record| {
                let at = start_of(&record);
                if record.is_entry() {
                    let taken = scanned.entry(chunk.offset, at, &record, &mut key);
                    last = Some(LastEntry { at, taken, end: None });
                    return;
                }
                // Looked for once: an entry may go on in thousands of records.
                let end = |last: &mut LastEntry| {
                    let text = || entry_text(chunk.bytes, last.at);
                    *last.end.get_or_insert_with(|| last.at + text().len())
                };
                match last.as_mut().map(|last| (end(last), last.taken)) {
                    Some((end, taken)) if at < end => {
                        if let (true, Some(slot)) = (taken, scanned.slots.last_mut()) {
                            slot.place = slot.place.of_any_length();
                            let offset = slot.place.offset();
                            if scanned.continued.last() != Some(&offset) {
                                scanned.continued.push(offset);
                            }
                        }
                    }
                    _ => {
                        let offset = u64::try_from(at).unwrap_or(0);
                        scanned.stray.get_or_insert(chunk.offset + offset);
                    }
                }
            },
        );
        scanned.report = report;
        scanned
    }

    /// Takes an entry up; `false` for one that is none of the directory's own.
    fn entry(
        &mut self,
        base: u64,
        at: usize,
        record: &RawRecord<'_, '_>,
        key: &mut Vec<u8>,
    ) -> bool {
        let dn = record.dn();
        let reason = match dn.first() {
            None => Some("root-dse"),
            Some(b'@') => Some("ldb-special"),
            Some(_) => None,
        };
        if let Some(reason) = reason {
            *self.skipped.entry(reason).or_default() += 1;
            return false;
        }
        key_into(&dn, key);
        let offset = base + u64::try_from(at).unwrap_or(0);
        self.slots.push(Slot {
            key: fingerprint(key),
            parent: fingerprint(key_parent(key).unwrap_or_default()),
            place: Place::new(offset, record.end().saturating_sub(at)),
        });
        true
    }
}

/// The entry that was read last.
struct LastEntry {
    at: usize,
    /// Whether the index has it.
    taken: bool,
    /// Where the records end that go on with it.
    end: Option<usize>,
}

fn start_of(record: &RawRecord<'_, '_>) -> usize {
    record.first_line().map_or(0, |line| usize::try_from(line.offset()).unwrap_or(usize::MAX))
}
