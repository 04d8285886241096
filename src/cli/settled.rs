//! What changes make of an export: the export is read for what they touch, as
//! often as that needs.

use std::borrow::Cow;
use std::convert::Infallible;

use crate::change::{Image, Interest, Outcome, Run, entry_of};
use crate::directory::Entry;
use crate::input::Source;
use crate::ldif::{
    InputReport, Position, ReadOptions, Stretch, Stretches, WriteOptions, map_chunks,
};

use super::entries::{self, NamedEntry, ScannedChunk};

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
    /// Where the chunk begins.
    pub base: Position,
    /// Those that the changes may touch, in order.
    pub touched: Vec<Touched>,
    /// What can be copied and what must be written, where that was asked for.
    pub stretches: Vec<Stretch>,
}

/// An entry that changes may touch.
#[derive(Debug, Clone, Copy)]
pub struct Touched {
    /// Its number in the chunk.
    pub number: u64,
    /// Where it begins in the chunk.
    pub at: usize,
}

/// An entry that the image wants to know.
enum Wanted<'a> {
    Place(Cow<'a, [u8]>),
    Content(Entry<'a>, &'a [u8]),
}

/// What an image wanted to know of an entry.
#[derive(Debug)]
pub enum Known<'a> {
    /// That it is there: its DN.
    Place(Cow<'a, [u8]>),
    /// All of it: its text.
    Text(&'a [u8]),
}

/// What reading exports for an image gave.
#[derive(Debug)]
pub struct Settled<'a> {
    /// One per export.
    pub scans: Vec<Scan>,
    /// One per change record.
    pub outcomes: Vec<Outcome>,
    /// The entries, by number over all exports, that the image wanted to know.
    pub known: Vec<(u64, Known<'a>)>,
}

/// Applies the changes, reading the export as often as that needs. The scan says
/// what of the export can be copied when it is written in this way.
pub fn settle<'a>(
    image: &mut Image<'a>,
    export: &'a Source,
    (read, write): (ReadOptions, WriteOptions),
) -> (Scan, Vec<Outcome>) {
    let mut settled = settle_all(image, &[export], read, Some(write));
    (settled.scans.pop().unwrap_or_default(), settled.outcomes)
}

/// The same for several exports that count as one: all domains of a forest. What
/// can be copied is found only where they are to be written.
pub fn settle_all<'a>(
    image: &mut Image<'a>,
    exports: &[&'a Source],
    read: ReadOptions,
    write: Option<WriteOptions>,
) -> Settled<'a> {
    loop {
        let mut scans = Vec::with_capacity(exports.len());
        let mut all = Vec::new();
        let mut first = 0;
        for export in exports {
            let scan = scan_for(image, export, &mut first, (read, write), &mut all);
            scans.push(scan);
        }
        let mut known = Vec::with_capacity(all.len());
        for (ordinal, entry) in all {
            let entry = match entry {
                Wanted::Place(dn) => {
                    image.mark(ordinal, &dn);
                    Known::Place(dn)
                }
                Wanted::Content(entry, text) => {
                    image.load(ordinal, entry);
                    Known::Text(text)
                }
            };
            known.push((ordinal, entry));
        }
        if let Run::Done(outcomes) = image.run() {
            return Settled { scans, outcomes, known };
        }
    }
}

/// Applies the changes to entries that another image wanted to know, too, where
/// [`Image::asks_no_more_than`] says that these are enough.
pub fn settle_again<'a>(
    image: &mut Image<'a>,
    known: &[(u64, Known<'a>)],
    read: ReadOptions,
) -> Option<Vec<Outcome>> {
    for (ordinal, entry) in known {
        let entry = match entry {
            Known::Place(dn) => {
                image.mark(*ordinal, dn);
                continue;
            }
            Known::Text(text) => entry_of(text, read)?,
        };
        match image.interest(&entry.dn) {
            Interest::None => {}
            Interest::Place => image.mark(*ordinal, &entry.dn),
            Interest::Content => image.load(*ordinal, entry),
        }
    }
    match image.run() {
        Run::Done(outcomes) => Some(outcomes),
        Run::ReadAgain => None,
    }
}

/// Gathers what the image wants of one export, whose first entry has the number
/// `first`; that becomes the number of the next export's first entry.
fn scan_for<'a>(
    image: &Image<'a>,
    export: &'a Source,
    first: &mut u64,
    (read, write): (ReadOptions, Option<WriteOptions>),
    all: &mut Vec<(u64, Wanted<'a>)>,
) -> Scan {
    let mut scan = Scan::default();
    let Ok(()) = map_chunks(
        export.bytes(),
        |chunk| scan_chunk(image, chunk.bytes, read, write),
        |ScannedPart { chunk, wanted, touched, stretches }: ScannedPart<'a>| {
            let base = scan.report.add(chunk.report);
            scan.stray += chunk.stray;
            scan.adds |= chunk.adds;
            let continued = chunk.continued;
            scan.chunks.push(Numbering { first: *first, continued, base, touched, stretches });
            all.extend(wanted.into_iter().map(|(number, entry)| (*first + number, entry)));
            *first += chunk.entries;
            Ok::<(), Infallible>(())
        },
    );
    scan
}

struct ScannedPart<'a> {
    chunk: ScannedChunk,
    wanted: Vec<(u64, Wanted<'a>)>,
    touched: Vec<Touched>,
    stretches: Vec<Stretch>,
}

fn scan_chunk<'a>(
    image: &Image<'a>,
    chunk: &'a [u8],
    read: ReadOptions,
    write: Option<WriteOptions>,
) -> ScannedPart<'a> {
    let (mut wanted, mut touched, mut key) = (Vec::new(), Vec::new(), Vec::new());
    let each = |named: NamedEntry<'a>| {
        let interest = image.interest_in(&named.dn, &mut key);
        if interest == Interest::None {
            return;
        }
        touched.push(Touched { number: named.number, at: named.place() });
        let entry = match interest {
            Interest::Content => {
                let text = named.text();
                entry_of(text, read).map(|entry| Wanted::Content(entry, text))
            }
            _ => Some(Wanted::Place(named.dn)),
        };
        wanted.extend(entry.map(|entry| (named.number, entry)));
    };
    let mut stretches = write.map(|write| Stretches::new(chunk, write));
    let scanned = match &mut stretches {
        Some(stretches) => entries::scan_whole(chunk, read, |record| stretches.push(record), each),
        None => entries::scan(chunk, read, each),
    };
    let stretches = stretches.map(Stretches::finish).unwrap_or_default();
    ScannedPart { chunk: scanned, wanted, touched, stretches }
}
