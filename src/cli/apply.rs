//! `ldifix apply`: an export as it will look after a change file.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::bail;

use crate::change::{Fate, Image, OnRefusal, Outcome};
use crate::directory::Entry;
use crate::input::Source;
use crate::ldif::{
    Attribute, CHUNK_SIZE, Change, ChangeRecord, ChunkReport, Chunks, InputReport, LdifErrorKind,
    Line, Position, RawRecord, ReadOptions, Record, WriteOptions, Writer, entry_text, map_in_order,
    read_chunk,
};
use crate::output::{AtomicFile, Overwrite};
use crate::report::{Problem, Severity, Summary, counted, visible};

use super::canonical::{write_record, write_renamed};
use super::console::Console;
use super::entries;
use super::options::{ReadArgs, StatsArgs, WriteArgs};
use super::settled::{Numbering, Scan, settle};
use super::{Exit, changes, inputs, summary};

/// Write an export as it will look after a change file
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The LDIF export; `-` is stdin
    #[arg(value_name = "EXPORT")]
    export: PathBuf,

    /// The change LDIF; `-` is stdin
    #[arg(value_name = "CHANGE")]
    change: PathBuf,

    /// Write to FILE instead of stdout
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// Replace the output where it exists
    #[arg(long)]
    force: bool,

    /// Leave out records that do not apply, as `ldapmodify -c` does, and exit with 1
    #[arg(long)]
    go_on: bool,

    #[command(flatten)]
    write: WriteArgs,

    #[command(flatten)]
    read: ReadArgs,

    #[command(flatten)]
    stats: StatsArgs,
}

/// Applies the change file; nothing is written where a record does not apply.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let sources = inputs::open(&[args.export.clone(), args.change.clone()])?;
    let [export, change] = sources.as_slice() else { bail!("two inputs are needed") };
    let (read, write) = (args.read.options(), args.write.options());
    let overwrite = if args.force { Overwrite::Yes } else { Overwrite::No };
    let mut out = AtomicFile::create(&args.output, overwrite)?;

    let mut aside = Summary::new();
    let Some(steps) = changes::read(change, read, console, &mut aside) else {
        console.note("nothing was written: the change file cannot be read as a whole");
        return Ok(Exit::Failure);
    };
    let tally = changes::tally(steps.iter().map(|step| &step.record));
    let (lines, records) = changes::change_records(steps, change.name())?;

    let mut totals = Summary::new();
    inputs::report_notes(export.name(), export.notes(), console, &mut totals);
    let mut image = Image::new(&records, OnRefusal::GoOn);
    let (scan, outcomes) = settle(&mut image, export, read);
    let refused = report_refusals(change.name(), &lines, &records, &outcomes, console);
    let stopped = read.strict && scan.report.failed_blocks > 0;
    if stopped || (refused > 0 && !args.go_on) {
        inputs::report_reading(export.name(), &scan.report, console, &mut totals);
        summary::finish(&totals, args.stats.stats.as_deref(), started, console)?;
        console.note("nothing was written");
        return Ok(Exit::Failure);
    }

    let (stray, report) = write_all(&image, export, scan, (read, write), &mut out)?;
    out.commit()?;
    inputs::report_reading(export.name(), &report, console, &mut totals);
    if stray > 0 {
        totals.skip("change record", stray);
        totals.read = totals.read.saturating_sub(stray);
        console.note(&format!(
            "{}: left out {} that are no entries",
            export.name(),
            counted(stray, "change record", "change records")
        ));
    }
    if image.duplicates() > 0 {
        let doubles = counted(image.duplicates(), "entry", "entries");
        console.note(&format!(
            "{}: {doubles} with a DN that an earlier entry has; the first one is changed",
            export.name()
        ));
    }
    let left_out = if refused > 0 { format!("; {refused} left out") } else { String::new() };
    console.note(&format!("{}: {tally}{left_out}", change.name()));
    summary::finish(&totals, args.stats.stats.as_deref(), started, console)?;
    Ok(match (report.failed_blocks + stray, refused) {
        (1.., _) => Exit::Failure,
        (0, 1..) => Exit::Findings,
        (0, 0) => Exit::Clean,
    })
}

/// Says which records do not apply, and why; gives their number.
fn report_refusals(
    name: &str,
    lines: &[u64],
    records: &[ChangeRecord<'_>],
    outcomes: &[Outcome],
    console: &Console,
) -> u64 {
    let mut refused = 0;
    for (number, ((&line, record), outcome)) in
        (1_u64..).zip(lines.iter().zip(records).zip(outcomes))
    {
        let Outcome::Refused(why) = outcome else { continue };
        refused += 1;
        let message =
            format!("record {number}, {}: {}", visible(&record.dn), changes::refusal(why));
        console.problem(&Problem {
            severity: Severity::Error,
            file: name,
            position: Some(Position { offset: 0, line, column: 1 }),
            message: &message,
            text: b"",
            offset: 0,
            hint: None,
        });
    }
    refused
}

/// Writes the export as the image has it.
fn write_all(
    image: &Image<'_>,
    export: &Source,
    scan: Scan,
    (read, write): (ReadOptions, WriteOptions),
    out: &mut AtomicFile,
) -> anyhow::Result<(u64, InputReport)> {
    let mut head = Writer::new(&mut *out, write);
    head.version_line()?;
    head.finish()?;
    let mut report = InputReport::default();
    map_in_order(
        Chunks::new(export.bytes(), CHUNK_SIZE).zip(scan.chunks),
        |(chunk, numbering)| ChunkWriter { image, chunk: chunk.bytes, read }.run(&numbering, write),
        |(chunk, text): (ChunkReport, Vec<u8>)| -> io::Result<()> {
            report.add(chunk);
            out.write_all(&text)
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
    Ok((scan.stray, report))
}

struct ChunkWriter<'i, 'a, 'c> {
    image: &'i Image<'a>,
    chunk: &'c [u8],
    read: ReadOptions,
}

impl<'c> ChunkWriter<'_, '_, 'c> {
    fn run(&self, numbering: &Numbering, write: WriteOptions) -> (ChunkReport, Vec<u8>) {
        let size = self.chunk.len() + self.chunk.len() / 8;
        let mut writer = Writer::new(Vec::with_capacity(size), write);
        let mut refused = Vec::new();
        let mut number = 0;
        let mut continued = numbering.continued.iter().peekable();
        let mut report = read_chunk(self.chunk, self.read, |record| {
            // What goes on with an entry is written with it.
            if !record.is_entry() {
                return;
            }
            let goes_on = continued.next_if_eq(&&number).is_some();
            let line = self.entry(&mut writer, numbering.first + number, record, goes_on);
            refused.extend(line);
            number += 1;
        });
        for line in refused {
            report.refuse(LdifErrorKind::UnwritableUrl, &line);
        }
        (report, writer.finish().unwrap_or_default())
    }

    fn entry(
        &self,
        writer: &mut Writer<Vec<u8>>,
        ordinal: u64,
        record: RawRecord<'_, 'c>,
        goes_on: bool,
    ) -> Option<Line<'c>> {
        let whole =
            || crate::change::entry_of(entry_text(self.chunk, entries::place(&record)), self.read);
        let entry = match (self.image.fate(ordinal, &record.dn()), goes_on) {
            (Fate::Deleted, _) => return None,
            (Fate::Unchanged, false) => return write_record(writer, record),
            (Fate::Renamed(dn), false) => return write_renamed(writer, record, Some(dn)),
            (Fate::Replaced(entry), _) => Some(entry),
            (Fate::Unchanged, true) => whole(),
            (Fate::Renamed(dn), true) => whole().map(|mut entry| {
                entry.dn = Cow::Owned(dn);
                entry
            }),
        };
        let first = record.first_line().copied();
        let written = match entry {
            Some(entry) => writer.record(&in_its_form(entry, record.into_record())),
            None => return first,
        };
        written.err().and(first)
    }
}

/// An entry as content or as an add, as it stood in the export.
fn in_its_form<'e>(entry: Entry<'e>, stood: Record<'e>) -> Record<'e> {
    let content = entry.into_record();
    match stood {
        Record::Content(_) => Record::Content(content),
        Record::Change(change) => {
            let attributes: Vec<Attribute<'e>> = content.attributes;
            Record::Change(ChangeRecord {
                dn: content.dn,
                change: Change::Add(attributes),
                ..change
            })
        }
    }
}
