//! The two passes of a check: the first surveys every entry of every input, the
//! second works out the findings of the entries that have any.
//!
//! Between them stand the uniqueness index and a list of marks: 8 bytes for each
//! entry that has, or may have, a finding.

mod chunk;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::ldif::{CHUNK_SIZE, InputReport, Position, ReadOptions, map_chunks, map_in_order};

use super::catalogue::Keeper;
use super::catalogue::references::{key_into, key_of_rdn};
use super::duplicates::EntryDuplicates;
use super::gather::{EntryReader, Gathered, Skipped, read_entries};
use super::held::StoredValue;
use super::idfix::Location;
use super::{AttrSet, Finding, Fingerprint, Index, IndexBuilder, Profile, Selection, Slot};
pub(super) use chunk::LACKS_CERTIFICATE;
use chunk::{ChunkSurvey, Indexing, Landmark};

/// An export: a name for messages, and its decoded bytes.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// The name of the input.
    pub name: &'a str,
    /// The decoded bytes.
    pub bytes: &'a [u8],
}

/// What is checked, and how.
#[derive(Debug)]
pub struct CheckOptions {
    /// The rules and the entries that they apply to.
    pub profile: Profile,
    /// The part of the directory that is looked at.
    pub selection: Selection,
    /// How records are read.
    pub read: ReadOptions,
    /// Whether the values of all entries are kept, in scope or not: a fix must
    /// not take one of them.
    pub keep_held: bool,
}

impl CheckOptions {
    /// Whether the rules look at an entry.
    ///
    /// # Errors
    /// The stable name of the reason why not.
    pub fn verdict(&self, entry: &Gathered<'_>) -> Result<(), &'static str> {
        self.selection.verdict(entry)?;
        self.profile.scope(&entry.subject)
    }
}

/// What the first pass gathers from all chunks.
#[derive(Default)]
struct Gathering {
    /// Those that nobody adds to at the moment, one for each thread at most: to bring
    /// the values of all threads together while they come would cost one of them more
    /// than a tenth of its time.
    indexing: Mutex<Vec<Indexing>>,
    links: Vec<Slot>,
}

/// What the first pass found out.
#[derive(Debug)]
pub struct Survey<'a> {
    pub(super) options: &'a CheckOptions,
    pub(super) exports: Vec<SurveyedExport<'a>>,
    pub(super) index: Index,
    /// Who keeps a value that several objects hold, as far as that was asked.
    pub(super) keepers: Mutex<FxHashMap<Fingerprint, Keeper>>,
    /// Readers of single entries that nobody uses at the moment.
    readers: Mutex<Vec<EntryReader<'a, 'a>>>,
    /// The values of all entries as they stand to which the index does not lead,
    /// where the options keep them.
    held: Index,
    /// The first RDNs of all entries, where the options keep what is held.
    names: Index,
    /// The keys of the DNs that stand twice, by first RDN, as far as that was asked.
    twice: Mutex<FxHashMap<Fingerprint, Arc<[Vec<u8>]>>>,
    /// Entries that are out of scope, by DN, where it matters who refers to them.
    pub(super) absent: Index,
    /// Entries to be worked out, as bytes over all inputs, ascending.
    marks: Vec<u64>,
    /// The attributes that an entry has, in scope or not.
    pub(super) seen: AttrSet,
    /// Entries that the rules apply to.
    pub in_scope: u64,
    /// Entries that they do not apply to, by reason.
    pub out_of_scope: BTreeMap<&'static str, u64>,
    /// Records that are no entries, by reason.
    pub skipped: Skipped,
}

/// One export and what reading it gave.
#[derive(Debug)]
pub struct SurveyedExport<'a> {
    /// The export.
    pub export: Export<'a>,
    /// What was seen in it beside its entries.
    pub report: InputReport,
    /// Where the entries begin, in bytes, with which modify records go on.
    pub continued: Vec<u64>,
    /// Bytes of the exports before it.
    start: u64,
    /// Its chunks, in order.
    chunks: Vec<SurveyedChunk>,
}

/// A chunk of an export, as the second pass wants it.
#[derive(Debug)]
struct SurveyedChunk {
    base: Position,
    landmarks: Vec<Landmark>,
}

/// The findings of one entry.
#[derive(Debug)]
pub struct EntryFindings<'a> {
    /// The entry's text, with the modify records that go on with it.
    pub text: &'a [u8],
    /// Bytes over all inputs to the entry.
    pub offset: u64,
    /// The findings, in the profile's order; never empty.
    pub findings: Vec<Finding<'a>>,
}

/// Reading stopped at the first error, as `--strict` asks.
#[derive(Debug)]
pub struct Stopped;

impl<'a> Survey<'a> {
    /// Surveys all exports; `advance` is told of the bytes read.
    ///
    /// Where the options ask for strict reading and a record cannot be read, the
    /// survey ends there: [`InputReport::failures`] of the last export says why. The
    /// indexes may then hold values of entries behind it, which threads had begun with.
    pub fn run(
        exports: &[Export<'a>],
        options: &'a CheckOptions,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Self {
        let mut survey = Self {
            options,
            exports: Vec::new(),
            index: IndexBuilder::default().build(),
            keepers: Mutex::default(),
            readers: Mutex::default(),
            held: IndexBuilder::default().build(),
            names: IndexBuilder::default().build(),
            twice: Mutex::default(),
            absent: IndexBuilder::default().build(),
            marks: Vec::new(),
            seen: AttrSet::EMPTY,
            in_scope: 0,
            out_of_scope: BTreeMap::new(),
            skipped: Skipped::new(),
        };
        let mut gathering = Gathering::default();
        let mut start = 0;
        for &export in exports {
            let surveyed = SurveyedExport {
                export,
                report: InputReport::default(),
                continued: Vec::new(),
                start,
                chunks: Vec::new(),
            };
            survey.exports.push(surveyed);
            let ended = survey.read_export(export, start, &mut gathering, advance);
            start += length64(export.bytes.len());
            if ended.is_err() {
                break;
            }
        }
        let Gathering { indexing, links } = gathering;
        let mut indexing = indexing.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut build = |builder: fn(&mut Indexing) -> &mut IndexBuilder| {
            let builders = indexing.iter_mut().map(|own| std::mem::take(builder(own)));
            IndexBuilder::build_together(builders)
        };
        survey.index = build(|own| &mut own.index);
        survey.held = build(|own| &mut own.held);
        survey.names = build(|own| &mut own.names);
        survey.absent = build(|own| &mut own.absent);
        survey.mark_referring(&links);
        survey.mark_duplicates();
        survey
    }

    fn read_export(
        &mut self,
        export: Export<'a>,
        start: u64,
        gathering: &mut Gathering,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Result<(), Stopped> {
        let options = self.options;
        let Gathering { indexing, links } = gathering;
        let shared: &Mutex<_> = indexing;
        let indexing = || shared.lock().unwrap_or_else(PoisonError::into_inner);
        indexing().iter_mut().for_each(|own| own.has_room = false);
        map_chunks(
            export.bytes,
            |chunk| {
                let spare = indexing().pop();
                let mut own = spare.unwrap_or_default();
                let before = (!own.has_room).then(|| own.lengths());
                let surveyed = ChunkSurvey::of(chunk, start, options, &mut own);
                if let Some(before) = before {
                    // The first chunk tells about all of them. Each thread gets its share, or
                    // somewhat more; to run out of room would take twice as much.
                    let chunks = export.bytes.len() / CHUNK_SIZE;
                    let share = chunks.div_ceil(rayon::current_num_threads());
                    own.expect(before, share + share / 2);
                }
                indexing().push(own);
                surveyed
            },
            |chunk| {
                let Some(surveyed) = self.exports.last_mut() else { return Ok(()) };
                let base = surveyed.report.add(chunk.report);
                surveyed.continued.extend(chunk.continued);
                surveyed.chunks.push(SurveyedChunk { base, landmarks: chunk.landmarks });
                self.seen = self.seen.union(chunk.seen);
                self.in_scope += chunk.in_scope;
                merge(&mut self.out_of_scope, chunk.out_of_scope);
                merge(&mut self.skipped, chunk.skipped);
                links.extend(chunk.links);
                self.marks.extend(chunk.marks);
                advance(length64(CHUNK_SIZE));
                let stop = options.read.strict && surveyed.report.failed_blocks > 0;
                if stop { Err(Stopped) } else { Ok(()) }
            },
        )
    }

    /// Marks the entries that refer to one that is out of scope.
    fn mark_referring(&mut self, links: &[Slot]) {
        use rayon::prelude::*;
        let is_absent = |slot: &&Slot| !self.absent.holders(slot.fingerprint).is_empty();
        let referring: Vec<u64> =
            links.par_iter().filter(is_absent).map(|slot| slot.place.offset()).collect();
        self.marks.extend(referring);
    }

    /// Marks the entries that hold a value which an earlier one holds.
    fn mark_duplicates(&mut self) {
        use rayon::prelude::*;
        let skipped = usize::from(!self.options.profile.names_all_holders());
        let later: Vec<u64> = self
            .index
            .shared()
            .flat_map_iter(|holders| holders.iter().skip(skipped).map(|slot| slot.place.offset()))
            .collect();
        self.marks.extend(later);
        self.marks.par_sort_unstable();
        self.marks.dedup();
    }

    /// The exports that were read, in order; all of them unless reading stopped.
    #[must_use]
    pub fn exports(&self) -> &[SurveyedExport<'a>] {
        &self.exports
    }

    /// Works out the findings; `take` gets those of one entry at a time, in the
    /// order of the inputs.
    ///
    /// # Errors
    /// The first error that `take` returns.
    pub fn findings<E>(
        &self,
        mut take: impl FnMut(EntryFindings<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.map_findings(|entries| entries, |entries| entries.into_iter().try_for_each(&mut take))
    }

    /// Works out the findings, some entries at a time: `work` gets them on many threads,
    /// and `take` gets what it makes of them, in the order of the inputs. What is freed
    /// where it was made is freed without waiting for others.
    ///
    /// # Errors
    /// The first error that `take` returns.
    pub fn map_findings<T: Send, E>(
        &self,
        work: impl Fn(Vec<EntryFindings<'a>>) -> T + Sync,
        take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        map_in_order(
            self.batches(),
            |pieces| {
                let mut duplicates = EntryDuplicates::new(self);
                let found = pieces.iter().flat_map(|piece| self.work_out(piece, &mut duplicates));
                work(found.collect())
            },
            take,
        )
    }

    /// Pieces together that are worth waking a thread for.
    fn batches(&self) -> impl Iterator<Item = Vec<Piece<'_>>> {
        const ENTRIES: usize = 64;
        let mut pieces = self.pieces();
        std::iter::from_fn(move || {
            let (mut batch, mut entries) = (Vec::new(), 0);
            while entries < ENTRIES
                && let Some(piece) = pieces.next()
            {
                entries += piece.marks.len();
                batch.push(piece);
            }
            (!batch.is_empty()).then_some(batch)
        })
    }

    /// The marks, cut where the chunks of the first pass were cut.
    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut marks = self.marks.as_slice();
        let chunks = self.exports.iter().enumerate().flat_map(|(number, export)| {
            export.chunks.iter().enumerate().map(move |(at, chunk)| {
                let end = export
                    .chunks
                    .get(at + 1)
                    .map_or(length64(export.export.bytes.len()), |next| next.base.offset);
                (number, chunk, export.start + end)
            })
        });
        chunks.filter_map(move |(export, chunk, end)| {
            let (here, behind) = marks.split_at(marks.partition_point(|&mark| mark < end));
            marks = behind;
            (!here.is_empty()).then_some(Piece { export, chunk, marks: here })
        })
    }

    fn work_out(
        &self,
        piece: &Piece<'_>,
        duplicates: &mut EntryDuplicates<'_, 'a>,
    ) -> Vec<EntryFindings<'a>> {
        let Some(surveyed) = self.exports.get(piece.export) else { return Vec::new() };
        let mut found = Vec::with_capacity(piece.marks.len());
        self.with_reader(|reader| {
            for &offset in piece.marks {
                let local = offset - surveyed.start;
                let first_line = piece.chunk.line_at(local, surveyed.export.bytes);
                let text = surveyed.text_at(local);
                reader.read(text, &mut Skipped::new(), |entry| {
                    duplicates.load(entry, offset);
                    let file = surveyed.export.name;
                    let location = Location { file, first_line, dn_line: entry.line };
                    let profile = &self.options.profile;
                    let findings = profile.findings(&entry.subject, &*duplicates, location);
                    if !findings.is_empty() {
                        found.push(EntryFindings { text, offset, findings });
                    }
                });
            }
        });
        found
    }

    /// The entries in scope that hold a key by the profile's rules.
    #[must_use]
    pub fn holders_by_rule(&self, key: Fingerprint) -> &[Slot] {
        self.index.holders(key)
    }

    /// All entries that hold a value as a server compares it, by their place, where
    /// the options keep them.
    #[must_use]
    pub fn holders_as_stored(&self, value: &StoredValue) -> Vec<u64> {
        let offset = |slot: &Slot| slot.place.offset();
        let mut holders: Vec<u64> = self.held.holders(value.key()).iter().map(offset).collect();
        if let Some(key) = self.options.profile.key_of(value) {
            let of_key = self.index.holders(key).iter().map(offset);
            holders.extend(of_key.filter(|&offset| {
                let mut is_held = false;
                let text = self.entry_text(offset);
                self.read_one(text, |entry| is_held = value.is_held_by(&entry.subject));
                is_held
            }));
        }
        holders.sort_unstable();
        holders.dedup();
        holders
    }

    /// Whether another entry of the exports has the name too, where the options keep
    /// names: what is said of the entry may be out of date then.
    #[must_use]
    pub fn stands_twice(&self, dn: &[u8]) -> bool {
        let mut key = Vec::new();
        let rdn = key_of_rdn(dn, &mut key);
        if !self.names.is_shared(rdn) {
            return false;
        }
        let twice = || self.twice.lock().unwrap_or_else(PoisonError::into_inner);
        let known = twice().get(&rdn).map(Arc::clone);
        // There may be as many as entries: they are read once.
        let known = known.unwrap_or_else(|| {
            let found: Arc<[Vec<u8>]> = self.standing_twice(rdn).into();
            twice().insert(rdn, Arc::clone(&found));
            found
        });
        key_into(dn, &mut key);
        known.binary_search(&key).is_ok()
    }

    /// The keys of the DNs with a first RDN that stand twice, ascending.
    fn standing_twice(&self, rdn: Fingerprint) -> Vec<Vec<u8>> {
        let holders = self.names.holders(rdn).iter();
        let keys = holders.map(|slot| {
            let mut key = Vec::new();
            key_into(&self.dn_at(slot.place.offset()), &mut key);
            key
        });
        let mut keys: Vec<Vec<u8>> = keys.collect();
        keys.sort_unstable();
        let runs = keys.chunk_by_mut(|one, other| one == other).filter(|run| run.len() > 1);
        runs.filter_map(|run| run.first_mut().map(std::mem::take)).collect()
    }

    /// The DN of the entry at an offset over all inputs, and the reason why it is
    /// out of scope, where it is.
    pub(super) fn scope_at(&self, offset: u64) -> Option<(Vec<u8>, &'static str)> {
        let CheckOptions { profile, selection, read, .. } = self.options;
        let text = self.entry_text(offset);
        let keep_lines = selection.needs_lines();
        let mut found = None;
        read_entries(text, profile, *read, keep_lines, &mut Skipped::new(), |entry| {
            let verdict = self.options.verdict(entry);
            found = verdict.err().map(|reason| (entry.subject.dn().to_vec(), reason));
        });
        found
    }

    /// The DN of the entry at an offset over all inputs.
    #[must_use]
    pub fn dn_at(&self, offset: u64) -> Vec<u8> {
        let mut dn = Vec::new();
        self.read_one(self.entry_text(offset), |entry| dn = entry.subject.dn().to_vec());
        dn
    }

    /// Reads the entry of a text.
    pub(super) fn read_one(&self, text: &'a [u8], each: impl FnMut(&Gathered<'a>)) {
        self.with_reader(|reader| reader.read(text, &mut Skipped::new(), each));
    }

    /// Lends a reader of single entries.
    fn with_reader<T>(&self, work: impl FnOnce(&mut EntryReader<'a, 'a>) -> T) -> T {
        let readers = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let spare = readers().pop();
        let CheckOptions { profile, read, .. } = self.options;
        let mut reader = spare.unwrap_or_else(|| EntryReader::new(profile, *read, false));
        let done = work(&mut reader);
        readers().push(reader);
        done
    }

    /// The text of the entry at an offset over all inputs.
    pub(super) fn entry_text(&self, offset: u64) -> &'a [u8] {
        let behind = self.exports.partition_point(|export| export.start <= offset);
        match behind.checked_sub(1).and_then(|at| self.exports.get(at)) {
            Some(export) => export.text_at(offset - export.start),
            None => &[],
        }
    }
}

impl<'a> SurveyedExport<'a> {
    /// The line at which the chunk begins that begins at an offset of the export.
    pub(super) fn first_line(&self, offset: u64) -> u64 {
        let behind = self.chunks.partition_point(|chunk| chunk.base.offset <= offset);
        let chunk = behind.checked_sub(1).and_then(|at| self.chunks.get(at));
        chunk.map_or(1, |chunk| chunk.base.line)
    }

    fn text_at(&self, offset: u64) -> &'a [u8] {
        crate::ldif::entry_text(self.export.bytes, index(offset))
    }
}

impl SurveyedChunk {
    /// The number of the physical line that begins at an offset of the export.
    fn line_at(&self, offset: u64, export: &[u8]) -> u64 {
        let is_before =
            |landmark: &Landmark| self.base.offset + u64::from(landmark.offset) <= offset;
        let before = self.landmarks.partition_point(is_before).checked_sub(1);
        let (from, line) = match before.and_then(|at| self.landmarks.get(at)) {
            Some(&Landmark { offset, line }) => (u64::from(offset), u64::from(line)),
            None => (0, 0),
        };
        self.base.line + line + newlines(export, self.base.offset + from, offset)
    }
}

struct Piece<'s> {
    export: usize,
    chunk: &'s SurveyedChunk,
    marks: &'s [u64],
}

fn merge(into: &mut BTreeMap<&'static str, u64>, from: BTreeMap<&'static str, u64>) {
    for (reason, count) in from {
        *into.entry(reason).or_default() += count;
    }
}

fn newlines(bytes: &[u8], from: u64, to: u64) -> u64 {
    let passed = bytes.get(index(from)..index(to)).unwrap_or_default();
    length64(memchr::memchr_iter(b'\n', passed).count())
}

fn length64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
