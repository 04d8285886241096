//! What changes make of an export: the export is read for what they touch, as
//! often as that needs.

use std::borrow::Cow;
use std::convert::Infallible;

use crate::change::{Image, Interest, Outcome, Run};
use crate::directory::Entry;
use crate::input::Source;
use crate::ldif::{InputReport, ReadOptions, map_chunks};

use super::entries::{self, ScannedChunk};

/// What reading the export for the image gave.
#[derive(Debug, Default)]
pub struct Scan {
    /// Failures and observations.
    pub report: InputReport,
    /// One per chunk.
    pub chunks: Vec<Numbering>,
    /// Change records that go on with no entry.
    pub stray: u64,
    /// Whether entries are written as adds.
    pub adds: bool,
}

/// The entries of one chunk.
#[derive(Debug)]
pub struct Numbering {
    /// The number of the first one in the export.
    pub first: u64,
    /// Those, by their number in the chunk, with which modify records go on.
    pub continued: Vec<u64>,
}

/// An entry that the image wants to know.
enum Wanted<'a> {
    Place(Cow<'a, [u8]>),
    Content(Entry<'a>),
}

/// Applies the changes, reading the export as often as that needs.
pub fn settle<'a>(
    image: &mut Image<'a>,
    export: &'a Source,
    read: ReadOptions,
) -> (Scan, Vec<Outcome>) {
    let (mut scans, outcomes) = settle_all(image, &[export], read);
    (scans.pop().unwrap_or_default(), outcomes)
}

/// The same for several exports that count as one: all domains of a forest.
pub fn settle_all<'a>(
    image: &mut Image<'a>,
    exports: &[&'a Source],
    read: ReadOptions,
) -> (Vec<Scan>, Vec<Outcome>) {
    loop {
        let mut scans = Vec::with_capacity(exports.len());
        let mut all = Vec::new();
        let mut first = 0;
        for export in exports {
            let scan = scan_for(image, export, &mut first, read, &mut all);
            scans.push(scan);
        }
        for (ordinal, entry) in all {
            match entry {
                Wanted::Place(dn) => image.mark(ordinal, &dn),
                Wanted::Content(entry) => image.load(ordinal, entry),
            }
        }
        if let Run::Done(outcomes) = image.run() {
            return (scans, outcomes);
        }
    }
}

/// Gathers what the image wants of one export, whose first entry has the number
/// `first`; that becomes the number of the next export's first entry.
fn scan_for<'a>(
    image: &Image<'a>,
    export: &'a Source,
    first: &mut u64,
    read: ReadOptions,
    all: &mut Vec<(u64, Wanted<'a>)>,
) -> Scan {
    let mut scan = Scan::default();
    let Ok(()) = map_chunks(
        export.bytes(),
        |chunk| {
            let mut wanted = Vec::new();
            let scanned = entries::scan(chunk.bytes, read, |named| {
                let entry = match image.interest(&named.dn) {
                    Interest::None => return,
                    Interest::Place => Wanted::Place(named.dn),
                    Interest::Content => match named.entry(read) {
                        Some(entry) => Wanted::Content(entry),
                        None => return,
                    },
                };
                wanted.push((named.number, entry));
            });
            (scanned, wanted)
        },
        |(chunk, wanted): (ScannedChunk, Vec<(u64, Wanted<'a>)>)| {
            scan.report.add(chunk.report);
            scan.stray += chunk.stray;
            scan.adds |= chunk.adds;
            scan.chunks.push(Numbering { first: *first, continued: chunk.continued });
            all.extend(wanted.into_iter().map(|(number, entry)| (*first + number, entry)));
            *first += chunk.entries;
            Ok::<(), Infallible>(())
        },
    );
    scan
}
