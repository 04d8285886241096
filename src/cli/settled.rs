//! What changes make of an export: the export is read for what they touch, as
//! often as that needs.

use std::borrow::Cow;
use std::convert::Infallible;

use crate::change::{Image, Interest, Outcome, Run, entry_of};
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
    Content(Entry<'a>, &'a [u8]),
}

/// Where an entry stands that an image wanted to know: its DN, or all its text.
#[derive(Debug)]
pub enum Touched<'a> {
    /// Only that it is there mattered.
    Place(Cow<'a, [u8]>),
    /// Its text.
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
    pub touched: Vec<(u64, Touched<'a>)>,
}

/// Applies the changes, reading the export as often as that needs.
pub fn settle<'a>(
    image: &mut Image<'a>,
    export: &'a Source,
    read: ReadOptions,
) -> (Scan, Vec<Outcome>) {
    let mut settled = settle_all(image, &[export], read);
    (settled.scans.pop().unwrap_or_default(), settled.outcomes)
}

/// The same for several exports that count as one: all domains of a forest.
pub fn settle_all<'a>(
    image: &mut Image<'a>,
    exports: &[&'a Source],
    read: ReadOptions,
) -> Settled<'a> {
    loop {
        let mut scans = Vec::with_capacity(exports.len());
        let mut all = Vec::new();
        let mut first = 0;
        for export in exports {
            let scan = scan_for(image, export, &mut first, read, &mut all);
            scans.push(scan);
        }
        let mut touched = Vec::with_capacity(all.len());
        for (ordinal, entry) in all {
            let place = match entry {
                Wanted::Place(dn) => {
                    image.mark(ordinal, &dn);
                    Touched::Place(dn)
                }
                Wanted::Content(entry, text) => {
                    image.load(ordinal, entry);
                    Touched::Text(text)
                }
            };
            touched.push((ordinal, place));
        }
        if let Run::Done(outcomes) = image.run() {
            return Settled { scans, outcomes, touched };
        }
    }
}

/// Applies the changes to entries that another image wanted to know, too, where
/// [`Image::asks_no_more_than`] says that these are enough.
pub fn settle_again<'a>(
    image: &mut Image<'a>,
    touched: &[(u64, Touched<'a>)],
    read: ReadOptions,
) -> Option<Vec<Outcome>> {
    for (ordinal, place) in touched {
        let entry = match place {
            Touched::Place(dn) => {
                image.mark(*ordinal, dn);
                continue;
            }
            Touched::Text(text) => entry_of(text, read)?,
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
                    Interest::Content => {
                        let text = named.text();
                        let Some(entry) = entry_of(text, read) else { return };
                        Wanted::Content(entry, text)
                    }
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
