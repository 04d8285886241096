//! An entry as an export holds it: one record, or an add and the modify records
//! that go on with it, as ldifde writes groups of more than 1,500 members.

use std::borrow::Cow;

use rayon::prelude::*;

use super::apply::{Guards, Twins, modify_keeping};
use super::not_applicable::{NotApplicable, Reason};
use super::proof::Essential;
use super::stored::StoredEntry;
use crate::directory::{Entry, EntryAttribute};
use crate::ldif::{
    Change, ChunkReport, InputReport, LdifErrorKind, Line, NameNumber, Position, RawRecord,
    ReadOptions, Record, RecordReader, entry_text, read_all,
};

/// An entry with the modify records that go on with it.
#[derive(Debug)]
pub struct Continued<'a> {
    /// The entry, all those records applied that apply.
    pub entry: Entry<'a>,
    /// Those that do not: what they say of the entry is not known.
    pub misfits: Vec<Misfit>,
}

/// A modify record that goes on with an entry and does not apply to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Its number among the records that go on with the entry, from 0.
    pub number: usize,
    /// What is in the way.
    pub why: NotApplicable,
}

/// The entry of a text, with the modify records that go on with it. One that does
/// not apply says nothing about the entry: [`refuse_misfits`] tells of it.
#[must_use]
pub fn entry_of(text: &[u8], read: ReadOptions) -> Option<Entry<'_>> {
    continued_of(text, read).map(|continued| continued.entry)
}

/// The same, with the records that do not apply.
#[must_use]
pub fn continued_of(text: &[u8], read: ReadOptions) -> Option<Continued<'_>> {
    let mut entry: Option<Entry<'_>> = None;
    let mut later = Vec::new();
    for_each_record(text, read, |part, record| match part {
        Part::Entry => {
            let lines = record.attribute_lines().iter();
            let values = lines.map(|line| (line.name(), line.value()));
            entry = Some(Entry::of_values(record.dn(), values));
        }
        Part::Later => {
            if let Record::Change(change) = record.into_record() {
                later.push(change);
            }
        }
    });
    let entry = entry?;
    if later.is_empty() {
        return Some(Continued { entry, misfits: Vec::new() });
    }
    let mut stored = StoredEntry::from(entry);
    let mut misfits = Vec::new();
    for (number, record) in later.iter().enumerate() {
        let applied = match &record.change {
            Change::Modify(mods) => {
                modify_keeping(&mut stored, mods, (Guards::On, Twins::Ignored), |value| {
                    value.clone().into_owned()
                })
                .map(drop)
            }
            // Only modify records go on with an entry.
            _ => Ok(()),
        };
        misfits.extend(applied.err().map(|why| Misfit { number, why }));
    }
    Some(Continued { entry: owned(stored.into_entry()), misfits })
}

/// Reads the entries of texts of one entry each, as far as a caller wants them: what the
/// attribute descriptions are is not found out for each of them anew.
#[derive(Debug)]
pub struct EntryTexts<'a> {
    read: ReadOptions,
    reader: Option<RecordReader<'a>>,
    wants: fn(&[u8]) -> bool,
    /// Whether the descriptions that have a number are wanted, as far as that was asked.
    wanted: Vec<Option<bool>>,
}

impl<'a> EntryTexts<'a> {
    /// No text yet. Of the entries there are the attributes whose description passes a
    /// test, and those on which a proof can turn.
    #[must_use]
    pub fn new(read: ReadOptions, wants: fn(&[u8]) -> bool) -> Self {
        Self { read, reader: None, wants, wanted: Vec::new() }
    }

    /// The entry of the next text.
    pub fn read(&mut self, text: &'a [u8]) -> Option<Continued<'a>> {
        if let Some(entry) = self.read_alone(text) {
            return Some(Continued { entry, misfits: Vec::new() });
        }
        // Whether a record applies that goes on with it, all attributes tell.
        let mut continued = continued_of(text, self.read)?;
        let essential = Essential::of(&continued.entry.dn);
        continued.entry.retain(|name| (self.wants)(name) || essential.includes(name));
        Some(continued)
    }

    /// The entry, where nothing goes on with it.
    fn read_alone(&mut self, text: &'a [u8]) -> Option<Entry<'a>> {
        let Self { read, reader, wants, wanted } = self;
        let reader = match reader {
            Some(reader) => {
                reader.restart(text);
                reader
            }
            None => reader.insert(RecordReader::new(text, read.limits)),
        };
        let (mut entry, mut goes_on) = (None, false);
        for_each_record_of(reader, *read, |part, record| match part {
            Part::Entry => {
                let dn = record.dn();
                let essential = Essential::of(&dn);
                let mut is_wanted = |line: &&Line<'_>| {
                    is_wanted(line, *wants, wanted) || essential.names_entry(&line.name())
                };
                let lines: Vec<_> =
                    record.attribute_lines().iter().filter(&mut is_wanted).collect();
                let values = lines.into_iter().map(|line| (line.name(), line.value()));
                entry = Some(Entry::of_values(dn, values));
            }
            Part::Later => goes_on = true,
        });
        entry.filter(|_| !goes_on)
    }
}

/// Whether a line is of an attribute that is wanted in any entry.
fn is_wanted(line: &Line<'_>, wants: fn(&[u8]) -> bool, known: &mut Vec<Option<bool>>) -> bool {
    let number = line.name_number().map(NameNumber::index);
    if let Some(is_wanted) = number.and_then(|number| known.get(number).copied().flatten()) {
        return is_wanted;
    }
    let name = line.name();
    let is_wanted = wants(&name) || Essential::is_everywhere(&name);
    if let Some(number) = number {
        if known.len() <= number {
            known.resize(number + 1, None);
        }
        if let Some(own) = known.get_mut(number) {
            *own = Some(is_wanted);
        }
    }
    is_wanted
}

enum Part {
    Entry,
    Later,
}

/// Hands over the entry of a text and the records that go on with it. Behind a
/// separator of spaces another entry may stand in the text: there it ends.
fn for_each_record<'a>(
    text: &'a [u8],
    read: ReadOptions,
    each: impl FnMut(Part, RawRecord<'_, 'a>),
) {
    for_each_record_of(&mut RecordReader::new(text, read.limits), read, each);
}

fn for_each_record_of<'a>(
    reader: &mut RecordReader<'a>,
    read: ReadOptions,
    mut each: impl FnMut(Part, RawRecord<'_, 'a>),
) {
    let (mut entries, mut dn) = (0, Cow::Borrowed(&b""[..]));
    read_all(reader, read, |record| {
        entries += u32::from(record.is_entry());
        match (record.is_entry(), entries) {
            (true, 1) => {
                dn = record.dn();
                each(Part::Entry, record);
            }
            (false, 1) if record.goes_on_with(&dn) => each(Part::Later, record),
            _ => {}
        }
    });
}

/// Reports the records that go on with the entries at these offsets of an input,
/// in ascending order, and do not apply: each counts as failed. Gives the offsets
/// of the entries that are misread so.
pub fn refuse_misfits(
    input: &[u8],
    entries: &[u64],
    read: ReadOptions,
    report: &mut InputReport,
) -> Vec<u64> {
    let misread: Vec<(u64, Vec<Misfit>)> = entries
        .par_iter()
        .filter_map(|&offset| {
            let misfits = continued_of(entry_text(input, to_index(offset)), read)?.misfits;
            (!misfits.is_empty()).then_some((offset, misfits))
        })
        .collect();
    for_each_line_to_blame(input, &misread, read, |dn, kind, line, base| {
        report.refuse_of(dn, kind, line, base);
    });
    misread.into_iter().map(|(offset, _)| offset).collect()
}

/// The same for entries of a chunk of which it is known what does not apply.
pub fn refuse_misfits_in(
    chunk: &[u8],
    misread: &[(u64, Vec<Misfit>)],
    read: ReadOptions,
    report: &mut ChunkReport,
) {
    for_each_line_to_blame(chunk, misread, read, |dn, kind, line, base| {
        report.refuse_of(dn, kind, line, base);
    });
}

fn for_each_line_to_blame(
    input: &[u8],
    misread: &[(u64, Vec<Misfit>)],
    read: ReadOptions,
    mut each: impl FnMut(Vec<u8>, LdifErrorKind, &Line<'_>, Position),
) {
    // Lines are counted from entry to entry, not from the start for each.
    let (mut at, mut number) = (0, 1);
    for (offset, misfits) in misread {
        let to = to_index(*offset);
        let between = input.get(at..to).unwrap_or_default();
        number += u64::try_from(memchr::memchr_iter(b'\n', between).count()).unwrap_or(0);
        at = to;
        let base = Position { offset: *offset, line: number, column: 1 };
        let text = entry_text(input, to);
        for_each_misfit(text, misfits, read, |dn, kind, line| each(dn, kind, line, base));
    }
}

fn to_index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn for_each_misfit(
    text: &[u8],
    misfits: &[Misfit],
    read: ReadOptions,
    mut each: impl FnMut(Vec<u8>, LdifErrorKind, &Line<'_>),
) {
    let (mut misfits, mut number) = (misfits.iter().peekable(), 0);
    for_each_record(text, read, |part, record| {
        if matches!(part, Part::Entry) {
            return;
        }
        if let Some(Misfit { why, .. }) = misfits.next_if(|misfit| misfit.number == number)
            && let Some(line) = line_to_blame(&record, why)
        {
            each(record.dn().into_owned(), kind_of(why), &line);
        }
        number += 1;
    });
}

/// The last line of the value that is in the way, or else that of the attribute,
/// or else the DN's.
fn line_to_blame<'a>(record: &RawRecord<'_, 'a>, why: &NotApplicable) -> Option<Line<'a>> {
    let lines = record.modification_lines();
    let value = lines.iter().rev().find(|line| {
        why.attribute.as_ref().is_some_and(|name| line.is(name))
            && why.value.as_ref().is_some_and(|value| *value == *line.bytes())
    });
    let head = || lines.iter().find(|line| why.attribute.as_deref() == Some(&*line.bytes()));
    value.or_else(head).or(record.first_line()).copied()
}

fn kind_of(why: &NotApplicable) -> LdifErrorKind {
    match why.reason {
        Reason::ValueExists => LdifErrorKind::ContinuedValueExists,
        Reason::NoSuchValue | Reason::NoSuchAttribute => LdifErrorKind::ContinuedNoSuchValue,
        _ => LdifErrorKind::ContinuedAmiss,
    }
}

/// The same entry, owning its bytes.
pub(super) fn owned(entry: Entry<'_>) -> Entry<'static> {
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
