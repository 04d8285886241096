//! An export as it is after changes: what stands as it is to be written is copied.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::change::{Fate, Image, entry_of};
use crate::input::Source;
use crate::ldif::{
    CHUNK_SIZE, Change, ChangeRecord, Chunks, Form, InputReport, LdifErrorKind, Line, RawRecord,
    ReadOptions, Record, Stretch, Value, WriteOptions, Writer, entry_text, map_in_order,
    read_chunk, standing_text,
};
use crate::output::AtomicFile;

use super::canonical::{in_its_form, write_renamed};
use super::entries;
use super::settled::{Numbering, Scan};

/// Writes the export as the image has it. Gives how many change records go on with
/// no entry, and what reading and writing the export gave.
pub fn write(
    image: &Image<'_>,
    export: &Source,
    scan: Scan,
    (read, write): (ReadOptions, WriteOptions),
    out: &mut AtomicFile,
) -> anyhow::Result<(u64, InputReport)> {
    let mut head = Writer::new(&mut *out, write);
    head.version_line()?;
    head.finish()?;
    let mut report = scan.report;
    map_in_order(
        Chunks::new(export.bytes(), CHUNK_SIZE).zip(&scan.chunks),
        |(chunk, numbering)| {
            let chunk = Chunk { image, text: chunk.bytes, numbering, read, write };
            (numbering, chunk.pieces())
        },
        |(numbering, pieces): (&Numbering, Pieces<'_>)| -> io::Result<()> {
            for line in &pieces.refused {
                report.refuse(LdifErrorKind::UnwritableUrl, line, numbering.base);
            }
            pieces.all.iter().try_for_each(|piece| out.write_all(piece))
        },
    )?;
    let mut tail = Writer::new(&mut *out, write);
    for entry in image.added() {
        let record = entry.into_record();
        if scan.adds {
            tail.change(&ChangeRecord {
                dn: record.dn,
                controls: Vec::new(),
                spelling: None,
                change: Change::Add(record.attributes),
            })?;
        } else {
            tail.content(&record)?;
        }
    }
    tail.finish()?;
    Ok((scan.strays.count, report))
}

/// What a chunk becomes.
struct Pieces<'c> {
    /// Its text, piece by piece: borrowed where it is copied.
    all: Vec<Cow<'c, [u8]>>,
    /// Lines for whose sake a record cannot be written.
    refused: Vec<Line<'c>>,
    writer: Writer<Vec<u8>>,
}

/// Below this many bytes a copy costs less than a piece of its own.
const SMALL: usize = 16 << 10;

impl<'c> Pieces<'c> {
    fn copy(&mut self, text: &'c [u8], write: WriteOptions) {
        if text.len() < SMALL {
            // A vector takes everything.
            let _ = self.writer.standing(text);
            return;
        }
        self.close(write);
        self.all.push(Cow::Borrowed(text));
    }

    /// Makes a piece of what was written.
    fn close(&mut self, write: WriteOptions) {
        let writer = std::mem::replace(&mut self.writer, Writer::new(Vec::new(), write));
        let text = writer.finish().unwrap_or_default();
        if !text.is_empty() {
            self.all.push(Cow::Owned(text));
        }
    }
}

struct Chunk<'i, 'a, 'c> {
    image: &'i Image<'a>,
    text: &'c [u8],
    numbering: &'i Numbering,
    read: ReadOptions,
    write: WriteOptions,
}

impl<'c> Chunk<'_, '_, 'c> {
    fn pieces(&self) -> Pieces<'c> {
        let writer = Writer::new(Vec::new(), self.write);
        let mut pieces = Pieces { all: Vec::new(), refused: Vec::new(), writer };
        for (at, stretch) in self.numbering.stretches.iter().enumerate() {
            let next = self.numbering.stretches.get(at + 1).map_or(u64::MAX, Stretch::first);
            let can_copy = stretch.as_written
                && !stretch.comments
                && self.numbering.continued.is_empty()
                && !self.image.renames();
            if can_copy {
                self.copy(stretch, next, &mut pieces);
            } else {
                self.rewrite(stretch.range(), stretch.first(), stretch.as_written, &mut pieces);
            }
        }
        pieces.close(self.write);
        pieces
    }

    /// Copies a stretch, but for the entries that changes may touch.
    fn copy(&self, stretch: &Stretch, next: u64, pieces: &mut Pieces<'c>) {
        let range = stretch.range();
        let touched = &self.numbering.touched;
        let from = touched.partition_point(|touched| touched.number < stretch.first());
        let here = touched.iter().skip(from).take_while(|touched| touched.number < next);
        let mut at = range.start;
        for touched in here {
            pieces.copy(self.text.get(at..touched.at).unwrap_or_default(), self.write);
            at = touched.at + standing_text(self.text, touched.at).len();
            self.rewrite(touched.at..at, touched.number, true, pieces);
        }
        pieces.copy(self.text.get(at..range.end).unwrap_or_default(), self.write);
    }

    /// Writes the entries of a part of the chunk, the first of which has this
    /// number in it.
    fn rewrite(
        &self,
        range: std::ops::Range<usize>,
        first: u64,
        as_written: bool,
        pieces: &mut Pieces<'c>,
    ) {
        let part = self.text.get(range.clone()).unwrap_or_default();
        let before = self.text.get(..range.start).unwrap_or_default();
        let continued = &self.numbering.continued;
        let mut number = first;
        read_chunk(part, self.read, |record| {
            // What goes on with an entry is written with it.
            if !record.is_entry() {
                return;
            }
            let at = range.start + entries::place(&record);
            let entry =
                Place { number, at, as_written, goes_on: continued.binary_search(&number).is_ok() };
            let refused = self.entry(entry, record, pieces);
            pieces.refused.extend(refused.map(|line| line.behind(before)));
            number += 1;
        });
    }

    fn entry(
        &self,
        place: Place,
        record: RawRecord<'_, 'c>,
        pieces: &mut Pieces<'c>,
    ) -> Option<Line<'c>> {
        let ordinal = self.numbering.first + place.number;
        let touched = &self.numbering.touched;
        let is_touched = || touched.binary_search_by_key(&place.number, |t| t.number).is_ok();
        let fate = match self.image.renames() || is_touched() {
            true => self.image.fate(ordinal, &record.dn()),
            false => Fate::Unchanged,
        };
        let whole = |dn: Option<Vec<u8>>| {
            let mut entry = entry_of(entry_text(self.text, place.at), self.read)?;
            entry.dn = dn.map_or(entry.dn, Cow::Owned);
            self.image.follow(&mut entry);
            Some(entry)
        };
        let entry = match (fate, place.goes_on) {
            (Fate::Deleted, _) => return None,
            (Fate::Unchanged, false) => return self.same(place, record, None, pieces),
            (Fate::Renamed(dn), false) => return self.same(place, record, Some(dn), pieces),
            (Fate::Replaced(entry), _) => Some(entry),
            (Fate::Unchanged, true) => whole(None),
            (Fate::Renamed(dn), true) => whole(Some(dn)),
        };
        let first = record.first_line().copied();
        let written = match entry {
            Some(entry) => pieces.writer.record(&in_its_form(entry, record.into_record())),
            None => return first,
        };
        written.err().and(first)
    }

    /// Writes an entry that is as it was, but for its DN, where one is given, and
    /// values that follow the DNs of others.
    fn same(
        &self,
        place: Place,
        record: RawRecord<'_, 'c>,
        dn: Option<Vec<u8>>,
        pieces: &mut Pieces<'c>,
    ) -> Option<Line<'c>> {
        let followed = self.followed(&record);
        if !followed.is_empty() {
            let first = record.first_line().copied();
            let record = with_values(record.into_record(), dn, followed);
            return pieces.writer.record(&record).err().and(first);
        }
        if dn.is_none() && place.as_written {
            pieces.copy(standing_text(self.text, place.at), self.write);
            return None;
        }
        write_renamed(&mut pieces.writer, record, dn)
    }

    /// The values that follow a rename, by the number of their line.
    fn followed(&self, record: &RawRecord<'_, '_>) -> Vec<(usize, Vec<u8>)> {
        if !self.image.links_follow() {
            return Vec::new();
        }
        let (mut followed, mut buffer) = (Vec::new(), Vec::new());
        for (number, line) in record.attribute_lines().iter().enumerate() {
            if line.form() != Form::Url {
                let value = line.bytes_in(&mut buffer);
                let value = self.image.followed(&line.name(), value);
                followed.extend(value.map(|value| (number, value)));
            }
        }
        followed
    }
}

fn with_values<'e>(
    mut record: Record<'e>,
    dn: Option<Vec<u8>>,
    values: Vec<(usize, Vec<u8>)>,
) -> Record<'e> {
    let (old_dn, attributes) = match &mut record {
        Record::Content(content) => (&mut content.dn, &mut content.attributes),
        Record::Change(change) => match &mut change.change {
            Change::Add(attributes) => (&mut change.dn, attributes),
            _ => return record,
        },
    };
    if let Some(dn) = dn {
        *old_dn = Cow::Owned(dn);
    }
    for (number, value) in values {
        if let Some(attribute) = attributes.get_mut(number) {
            attribute.value = Value::Bytes(Cow::Owned(value));
        }
    }
    record
}

/// Where an entry stands in its chunk.
#[derive(Clone, Copy)]
struct Place {
    number: u64,
    at: usize,
    /// Whether it stands as it would be written.
    as_written: bool,
    /// Whether modify records go on with it.
    goes_on: bool,
}
