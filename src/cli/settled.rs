//! What changes make of an export: the export is read for what they touch, as
//! often as that needs.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::change::{EntryText, Image, Interest, Outcome, Run};
use crate::input::Source;
use crate::ldif::{
    InputReport, Position, ReadOptions, Stretch, Stretches, WriteOptions, entry_text,
};
use crate::report::{Summary, counted};

use super::console::Console;
use super::entries::{self, NamedEntry, ReadThrough, ScannedChunk, Strays, read_through};
use super::inputs;

/// What reading the export for the image gave.
#[derive(Debug, Default)]
pub struct Scan {
    /// Failures and observations.
    pub report: InputReport,
    /// One per chunk.
    pub chunks: Vec<Numbering>,
    /// Change records that go on with no entry.
    pub strays: Strays,
    /// Whether entries are written as adds.
    pub adds: bool,
    /// Entries whose attributes the image wants to know and that are misread, since
    /// records that go on with them do not apply; the report has these.
    pub misread: u64,
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
    Content(EntryText<'a>),
}

impl Scan {
    /// Says what was odd about an export that is read and not written again.
    ///
    /// # Errors
    /// Where it is a change file.
    pub fn report(
        &self,
        name: &str,
        console: &Console,
        totals: &mut Summary,
    ) -> anyhow::Result<()> {
        inputs::report_reading(name, &self.report, console, totals);
        self.strays.require_export(name)?;
        self.strays.report(name, console);
        Ok(())
    }

    /// Says so where an entry that changes speak of is misread; whether one is.
    pub fn report_misread(&self, name: &str, console: &Console) -> bool {
        if self.misread > 0 {
            let entries = counted(self.misread, "entry", "entries");
            console.note(&format!(
                "{name}: {entries} that the change speaks of cannot be read as a whole: what it \
                 does to them cannot be told"
            ));
        }
        self.misread > 0
    }
}

/// Applies the changes, reading the export as often as that needs. The scan says
/// what of the export can be copied when it is written in this way.
pub fn settle<'a>(
    image: &mut Image<'a>,
    export: &'a Source,
    (read, write): (ReadOptions, WriteOptions),
) -> (Scan, Vec<Outcome>) {
    let (mut scans, outcomes) = settle_all(image, &[export], read, Some(write));
    (scans.pop().unwrap_or_default(), outcomes)
}

/// The same for several exports that count as one: all domains of a forest. What
/// can be copied is found only where they are to be written.
pub fn settle_all<'a>(
    image: &mut Image<'a>,
    exports: &[&'a Source],
    read: ReadOptions,
    write: Option<WriteOptions>,
) -> (Vec<Scan>, Vec<Outcome>) {
    loop {
        let mut scans = Vec::with_capacity(exports.len());
        let mut all = Vec::new();
        let mut first = 0;
        for export in exports {
            let scan = scan_for(image, export, &mut first, (read, write), &mut all);
            scans.push(scan);
        }
        for (ordinal, entry) in all {
            match entry {
                Wanted::Place(dn) => image.mark(ordinal, &dn),
                Wanted::Content(entry) => image.load_text(ordinal, entry),
            }
        }
        if let Run::Done(outcomes) = image.run() {
            return (scans, outcomes);
        }
    }
}

/// Says so where entries have the DN of an earlier one, which alone is changed or shown.
pub fn report_duplicates(image: &Image<'_>, name: &str, done: &str, console: &Console) {
    if image.duplicates() > 0 {
        let entries = counted(image.duplicates(), "entry", "entries");
        console.note(&format!(
            "{name}: {entries} with a DN that an earlier entry has; the first one is {done}"
        ));
    }
}

/// The text of each entry, by number over all exports, that a scan found to be of
/// interest.
pub fn touched<'a>(exports: &[&'a Source], scans: &[Scan]) -> Vec<(u64, &'a [u8])> {
    let mut all = Vec::new();
    for (export, scan) in exports.iter().zip(scans) {
        for chunk in &scan.chunks {
            let base = usize::try_from(chunk.base.offset).unwrap_or(usize::MAX);
            let texts = chunk.touched.iter().map(|touched| {
                let at = base.saturating_add(touched.at);
                (chunk.first + touched.number, entry_text(export.bytes(), at))
            });
            all.extend(texts);
        }
    }
    all
}

/// Applies the changes to entries that another image wanted to know, too, where
/// [`Image::asks_no_more_than`] says that these are enough.
pub fn settle_again<'a>(
    image: &mut Image<'a>,
    touched: &[(u64, &'a [u8])],
    read: ReadOptions,
) -> Option<Vec<Outcome>> {
    for (ordinal, text) in touched {
        let entry = EntryText::of(text, read)?;
        match image.interest(&entry.dn) {
            Interest::None => {}
            Interest::Place => image.mark(*ordinal, &entry.dn),
            Interest::Content => image.load_text(*ordinal, entry),
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
    let (mut chunks, mut adds) = (Vec::new(), false);
    let ReadThrough { report, strays, misread } = read_through(
        export.bytes(),
        read,
        |chunk| scan_chunk(image, chunk, read, write),
        |base, chunk, ScannedPart { wanted, touched, stretches }: ScannedPart<'a>| {
            adds |= chunk.adds;
            let continued = chunk.continued;
            chunks.push(Numbering { first: *first, continued, base, touched, stretches });
            all.extend(wanted.into_iter().map(|(number, entry)| (*first + number, entry)));
            *first += chunk.entries;
        },
    );
    Scan { report, chunks, strays, adds, misread }
}

struct ScannedPart<'a> {
    wanted: Vec<(u64, Wanted<'a>)>,
    touched: Vec<Touched>,
    stretches: Vec<Stretch>,
}

fn scan_chunk<'a>(
    image: &Image<'a>,
    chunk: &'a [u8],
    read: ReadOptions,
    write: Option<WriteOptions>,
) -> (ScannedChunk, Vec<usize>, ScannedPart<'a>) {
    let (mut wanted, mut touched, mut key) = (Vec::new(), Vec::new(), Vec::new());
    let (mut contents, mut counted) = (Vec::new(), FxHashSet::default());
    let each = |named: NamedEntry<'a>| {
        let interest = image.interest_in(&named.dn, &mut key);
        if interest == Interest::None {
            return;
        }
        if let (Interest::Place, Some(above)) = (interest, image.counted_below(&key)) {
            if counted.contains(above) {
                return;
            }
            counted.insert(above.to_vec());
        }
        touched.push(Touched { number: named.number, at: named.place() });
        let entry = match interest {
            Interest::Content => {
                contents.push(named.place());
                named.text(read).map(Wanted::Content)
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
    (scanned, contents, ScannedPart { wanted, touched, stretches })
}
