//! `ldifix fmt`: canonical LDIF, JSON or CSV, from any dialect; a pipeline filter.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::bail;
use clap::ValueEnum;

use crate::input::Flow;
use crate::ldif::{
    ChunkReport, InputReport, JsonWriter, LdifErrorKind, ReadOptions, WriteOptions, Writer,
    read_chunk,
};
use crate::output::AtomicFile;
use crate::report::Summary;

use super::apart::require_apart;
use super::canonical::copy_record;
use super::console::Console;
use super::flow::{self, Halt, Spare};
use super::options::{ForceArgs, LdifArgs};
use super::{Exit, inputs, search, summary};

/// Write LDIF of any dialect as canonical LDIF, as JSON or as CSV
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The LDIF; `-` is stdin
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,

    /// What is written
    #[arg(long, value_enum, default_value_t = Format::Ldif)]
    to: Format,

    /// The columns of --to csv
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    attrs: Option<Vec<String>>,

    /// What stands between the values of an attribute in a CSV field [default: |]
    #[arg(long, value_name = "TEXT")]
    separator: Option<String>,

    /// Write to FILE instead of stdout
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    ldif: LdifArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// LDIF: ASCII, folded, base64 where it is needed
    Ldif,
    /// One record a line
    Json,
    /// A row for each entry, a column for each attribute of --attrs
    Csv,
}

/// Streams the records through; memory does not depend on the input's size.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    require_apart([&args.file], [Some(&args.output), args.ldif.stats()])?;
    if args.to == Format::Csv {
        return table(args, console);
    }
    if args.attrs.is_some() {
        bail!("--attrs names the columns of --to csv; ldifix search writes chosen attributes");
    }
    if args.separator.is_some() {
        bail!(search::SEPARATOR_ALONE);
    }
    let started = Instant::now();
    let mut input = Flow::open(&args.file)?;
    let overwrite = args.force.overwrite();
    let mut out = AtomicFile::create(&args.output, overwrite)?;
    let (read, write) = args.ldif.options();
    if args.to == Format::Ldif {
        let mut writer = Writer::new(&mut out, write);
        writer.version_line()?;
        writer.finish()?;
    }

    let mut report = InputReport::default();
    let spare = Spare::default();
    let progress = console.progress(None);
    let ended = flow::pass(
        &mut input,
        |bytes| args.to.convert(bytes, spare.take(), (read, write)),
        |(chunk, text): (ChunkReport, Vec<u8>)| {
            let stop = read.strict && chunk.has_failures();
            report.add(chunk);
            progress.add(text.len() as u64);
            out.write_all(&text)?;
            spare.put(text);
            if stop { Err(Halt::Strict) } else { Ok(()) }
        },
    );
    progress.finish();
    flow::explained(ended, input.name())?;
    out.commit()?;

    let mut totals = Summary::new();
    inputs::report_notes(input.name(), &input.notes(), console, &mut totals);
    inputs::report_reading(input.name(), &report, console, &mut totals);
    summary::finish(&totals, args.ldif.stats(), started, console)?;
    Ok(if totals.is_whole() { Exit::Clean } else { Exit::Failure })
}

/// The entries as a table: a search that finds all of them.
fn table(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let names = args.attrs.as_deref().unwrap_or_default();
    let query = search::Query::all(names, args.ldif.read.options())?;
    let shape = search::Shape::csv(args.attrs.as_deref(), args.separator.as_deref())?;
    let input = Flow::open(&args.file)?;
    let overwrite = args.force.overwrite();
    let out = AtomicFile::create(&args.output, overwrite)?;
    search::write_found(vec![input], query, &shape, (out, args.ldif.stats()), console)
}

impl Format {
    fn convert(
        self,
        bytes: &[u8],
        out: Vec<u8>,
        (read, write): (ReadOptions, WriteOptions),
    ) -> (ChunkReport, Vec<u8>) {
        match self {
            Self::Ldif => to_ldif(bytes, Writer::new(out, write), read),
            // A table is written by `table`.
            Self::Json | Self::Csv => to_json(bytes, JsonWriter::new(out), read),
        }
    }
}

fn to_ldif(bytes: &[u8], mut writer: Writer<Vec<u8>>, read: ReadOptions) -> (ChunkReport, Vec<u8>) {
    let mut refused = Vec::new();
    let mut report = read_chunk(bytes, read, |record| {
        if let Some(line) = copy_record(&mut writer, bytes, record) {
            refused.push(line);
        }
    });
    for line in refused {
        report.refuse(LdifErrorKind::UnwritableUrl, &line);
    }
    (report, writer.finish().unwrap_or_default())
}

fn to_json(
    bytes: &[u8],
    mut writer: JsonWriter<Vec<u8>>,
    read: ReadOptions,
) -> (ChunkReport, Vec<u8>) {
    let report = read_chunk(bytes, read, |record| {
        // A vector takes every byte.
        let _ = writer.record(&record.into_record());
    });
    (report, writer.finish().unwrap_or_default())
}
