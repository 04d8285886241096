//! `ldifix fmt`: canonical LDIF, or JSON, from any dialect; a pipeline filter.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;

use crate::input;
use crate::ldif::{
    ChunkReport, InputReport, JsonWriter, LdifErrorKind, ReadOptions, WriteOptions, Writer,
    map_stream, read_chunk,
};
use crate::output::{AtomicFile, Overwrite};
use crate::report::Summary;

use super::canonical::write_record;
use super::console::Console;
use super::options::{ReadArgs, StatsArgs, WriteArgs};
use super::{Exit, inputs, summary};

/// Write LDIF of any dialect as canonical LDIF, or as JSON
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The LDIF; `-` is stdin
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,

    /// What is written
    #[arg(long, value_enum, default_value_t = Format::Ldif)]
    to: Format,

    /// Write to FILE instead of stdout
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    /// Replace the output where it exists
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    write: WriteArgs,

    #[command(flatten)]
    read: ReadArgs,

    #[command(flatten)]
    stats: StatsArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// LDIF: ASCII, folded, base64 where it is needed
    Ldif,
    /// One record a line
    Json,
}

/// Why the stream ends early.
#[derive(Debug)]
enum Halt {
    /// The first error under `--strict`.
    Strict,
    /// Input or output failed.
    Io(io::Error),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Streams the records through; memory does not depend on the input's size.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let mut stream = input::stream(&args.file)?;
    let overwrite = if args.force { Overwrite::Yes } else { Overwrite::No };
    let mut out = AtomicFile::create(&args.output, overwrite)?;
    let (read, write) = (args.read.options(), args.write.options());
    if args.to == Format::Ldif {
        let mut writer = Writer::new(&mut out, write);
        writer.version_line()?;
        writer.finish()?;
    }

    let mut report = InputReport::default();
    let progress = console.progress(None);
    let ended = map_stream(
        &mut stream,
        |bytes| args.to.convert(bytes, read, write),
        |(chunk, text): (ChunkReport, Vec<u8>)| {
            let stop = read.strict && chunk.has_failures();
            report.add(chunk);
            progress.add(text.len() as u64);
            out.write_all(&text)?;
            if stop { Err(Halt::Strict) } else { Ok(()) }
        },
    );
    progress.finish();
    if let Err(Halt::Io(error)) = ended {
        return Err(explained(error, stream.name()));
    }
    out.commit()?;

    let mut totals = Summary::new();
    inputs::report_notes(stream.name(), &stream.notes(), console, &mut totals);
    inputs::report_reading(stream.name(), &report, console, &mut totals);
    summary::finish(&totals, args.stats.stats.as_deref(), started, console)?;
    Ok(if report.failed_blocks > 0 { Exit::Failure } else { Exit::Clean })
}

/// The error of an input or output, with what its own room says about it.
fn explained(error: io::Error, name: &str) -> anyhow::Error {
    match error.get_ref() {
        Some(inner) if inner.is::<crate::output::OutputError>() => error.into(),
        _ if error.kind() == io::ErrorKind::BrokenPipe => error.into(),
        _ => input::InputError::from_io(error, name).into(),
    }
}

impl Format {
    fn convert(
        self,
        bytes: &[u8],
        read: ReadOptions,
        write: WriteOptions,
    ) -> (ChunkReport, Vec<u8>) {
        match self {
            Self::Ldif => to_ldif(bytes, read, write),
            Self::Json => to_json(bytes, read),
        }
    }
}

fn to_ldif(bytes: &[u8], read: ReadOptions, write: WriteOptions) -> (ChunkReport, Vec<u8>) {
    let mut writer = Writer::new(Vec::with_capacity(bytes.len() + bytes.len() / 8), write);
    let mut refused = Vec::new();
    let mut report = read_chunk(bytes, read, |record| {
        if let Some(line) = write_record(&mut writer, record) {
            refused.push(line);
        }
    });
    for line in refused {
        report.refuse(LdifErrorKind::UnwritableUrl, &line);
    }
    (report, writer.finish().unwrap_or_default())
}

fn to_json(bytes: &[u8], read: ReadOptions) -> (ChunkReport, Vec<u8>) {
    let mut writer = JsonWriter::new(Vec::with_capacity(bytes.len() * 2));
    let report = read_chunk(bytes, read, |record| {
        // A vector takes every byte.
        let _ = writer.record(&record.into_record());
    });
    (report, writer.finish().unwrap_or_default())
}
