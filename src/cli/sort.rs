//! `ldifix sort`: entries in the order of the tree, parents first.

use std::convert::Infallible;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use rayon::prelude::*;

use crate::directory::dn::normalize_into;
use crate::input::Source;
use crate::ldif::{
    InputReport, ReadOptions, Writer, entry_text, map_chunks, map_in_order, read_chunk,
};
use crate::output::AtomicFile;
use crate::report::{Summary, counted, visible};

use super::apart::require_apart;
use super::canonical::copy_record;
use super::console::Console;
use super::entries::{self, ScannedChunk};
use super::options::{ForceArgs, ReadArgs, WriteArgs};
use super::{Exit, inputs, summary};

/// Write the entries of exports in the order of the tree, parents first
#[derive(Debug, clap::Args)]
pub struct Args {
    /// LDIF exports; `-` is stdin
    #[arg(value_name = "EXPORT", default_value = "-")]
    exports: Vec<PathBuf>,

    /// Write to FILE instead of stdout
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    write: WriteArgs,

    #[command(flatten)]
    read: ReadArgs,
}

/// Sorts the entries and writes them to stdout.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let (read, write) = (args.read.options(), args.write.options());
    let overwrite = args.force.overwrite();
    require_apart(&args.exports, [Some(&args.output)])?;
    let sources = inputs::open(&args.exports)?;
    let mut out = AtomicFile::create(&args.output, overwrite)?;
    let mut index = Index::default();
    let mut totals = Summary::new();
    for (number, source) in (0..).zip(&sources) {
        inputs::report_notes(source.name(), source.notes(), console, &mut totals);
        let report = index.add(number, source, read)?;
        inputs::report_reading(source.name(), &report, console, &mut totals);
    }
    if read.strict && totals.failures_total > 0 {
        console.note("nothing was written");
        return Ok(Exit::Failure);
    }
    if index.invalid > 0 {
        let invalid = counted(index.invalid, "entry", "entries");
        console.note(&format!("{invalid} put at the end: DNs that cannot be understood"));
    }
    index.sort();
    let mut head = Writer::new(&mut out, write);
    head.version_line()?;
    head.finish()?;
    let mut refused = Vec::new();
    map_in_order(
        index.entries.chunks(PIECE),
        |entries| {
            let mut writer = Writer::new(Vec::new(), write);
            let mut refused: Vec<(u32, Vec<u8>)> = Vec::new();
            for entry in entries {
                let Some(source) = sources.get(to_index(entry.source)) else { continue };
                let text = entry_text(source.bytes(), to_index(entry.at));
                refused.extend(copy_entry(&mut writer, text, read).map(|dn| (entry.source, dn)));
            }
            (writer.finish().unwrap_or_default(), refused)
        },
        |(text, more)| -> io::Result<()> {
            refused.extend(more);
            out.write_all(&text)
        },
    )?;
    out.commit()?;
    for (source, dn) in &refused {
        let name = sources.get(to_index(*source)).map_or("", Source::name);
        console.error(&anyhow::anyhow!(
            "{name}: {}: left out: a URL with characters that no LDIF line can hold; percent-encode it",
            visible(dn)
        ));
    }
    console.note(&counted(index.entries.len() as u64, "entry", "entries"));
    summary::finish_quietly(&totals, None, console)?;
    Ok(if totals.is_whole() && refused.is_empty() { Exit::Clean } else { Exit::Failure })
}

/// Entries that are written at a time.
const PIECE: usize = 512;

fn to_index(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}

/// Writes an entry and what goes on with it; gives its DN where that cannot be.
fn copy_entry(writer: &mut Writer<Vec<u8>>, text: &[u8], read: ReadOptions) -> Option<Vec<u8>> {
    let mut refused = None;
    let mut entries = 0;
    read_chunk(text, read, |record| {
        entries += u32::from(record.is_entry());
        // Behind a separator of spaces, another entry may stand in the text.
        if entries > 1 {
            return;
        }
        let dn = record.dn();
        if copy_record(writer, text, record).is_some() {
            refused = Some(dn.into_owned());
        }
    });
    refused
}

/// The places of all entries, with the keys by which they are sorted.
#[derive(Debug, Default)]
struct Index {
    /// All keys, one behind the other.
    keys: Vec<u8>,
    entries: Vec<Place>,
    /// Entries whose DN cannot be understood.
    invalid: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    key: u64,
    length: u32,
    source: u32,
    at: u64,
}

/// What one chunk gave: keys, and per entry the end of its key and its place.
type Keyed = (ScannedChunk, Vec<u8>, Vec<(usize, u64)>, u64);

impl Index {
    fn add(
        &mut self,
        number: u32,
        source: &Source,
        read: ReadOptions,
    ) -> anyhow::Result<InputReport> {
        let mut report = InputReport::default();
        let mut stray = 0;
        let Ok(()) = map_chunks(
            source.bytes(),
            |chunk| -> Keyed {
                let (mut keys, mut ends, mut invalid) = (Vec::new(), Vec::new(), 0);
                let mut key = Vec::new();
                let scanned = entries::scan(chunk.bytes, read, |named| {
                    let at = chunk.offset + named.place() as u64;
                    match normalize_into(&named.dn, &mut key) {
                        Ok(()) => push_sort_key(&key, &mut keys),
                        Err(_) => {
                            invalid += 1;
                            keys.push(LAST);
                        }
                    }
                    ends.push((keys.len(), at));
                });
                (scanned, keys, ends, invalid)
            },
            |(scanned, keys, ends, invalid)| {
                report.add(scanned.report);
                stray += scanned.stray;
                self.invalid += invalid;
                let base = self.keys.len();
                let mut start = 0;
                for (end, at) in ends {
                    let length = u32::try_from(end - start).unwrap_or(u32::MAX);
                    let key = (base + start) as u64;
                    self.entries.push(Place { key, length, source: number, at });
                    start = end;
                }
                self.keys.extend_from_slice(&keys);
                Ok::<(), Infallible>(())
            },
        );
        if stray > 0 {
            bail!(
                "{}: {}: the order of changes has a meaning, so changes are not sorted",
                source.name(),
                counted(stray, "change record", "change records")
            );
        }
        Ok(report)
    }

    /// Entries of the same DN stay in the order of the input.
    fn sort(&mut self) {
        let keys = &self.keys;
        let key = |place: &Place| {
            let start = to_index(place.key);
            keys.get(start..start + to_index(place.length)).unwrap_or_default()
        };
        self.entries.par_sort_by(|a, b| key(a).cmp(key(b)));
    }
}

/// Before the keys of DNs that cannot be understood; no other key begins with it.
const LAST: u8 = 0xFF;
/// Ends an RDN in a key, so that a subtree stands together.
const END: u8 = 1;

/// The RDNs of a key from the root: a parent's is the begin of its children's.
fn push_sort_key(key: &[u8], out: &mut Vec<u8>) {
    if key.is_empty() {
        return;
    }
    for rdn in key.rsplit(|&byte| byte == b',') {
        out.extend_from_slice(rdn);
        out.push(END);
    }
}
