//! The first pass over one chunk: which entries are in scope, the values that must be
//! unique, and the entries that fail by themselves.

use std::collections::BTreeMap;

use crate::ldif::{Chunk, ChunkReport};

use super::CheckOptions;
use crate::rules::catalogue::Reason;
use crate::rules::catalogue::identifiers::LedTo;
use crate::rules::catalogue::references::{key_of, key_of_rdn};
use crate::rules::gather::{Gathered, Skipped, read_entries};
use crate::rules::held::{HeldBuffers, add_held};
use crate::rules::idfix::Buffers;
use crate::rules::{AttrSet, IndexBuilder, Place, Profile, Slot, Subject};

/// Stands for the number of a value where an entry is out of scope as a computer without
/// a certificate.
pub(in crate::rules) const LACKS_CERTIFICATE: usize = 1;

/// A place in a chunk whose line is known, so that the second pass does not count
/// the lines of the whole export again to number those of a few entries.
#[derive(Debug, Clone, Copy)]
pub struct Landmark {
    /// Bytes from the start of the chunk.
    pub offset: u32,
    /// Physical lines from there.
    pub line: u32,
}

/// Landmarks are so many bytes apart, or one entry where that is larger.
const LANDMARKS: u32 = 8 << 10;

/// What the first pass finds in one chunk.
#[derive(Default)]
pub struct ChunkSurvey {
    pub report: ChunkReport,
    pub skipped: Skipped,
    pub seen: AttrSet,
    pub in_scope: u64,
    pub out_of_scope: BTreeMap<&'static str, u64>,
    pub links: Vec<Slot>,
    pub marks: Vec<u64>,
    pub landmarks: Vec<Landmark>,
    pub continued: Vec<u64>,
}

/// Indexes in the making: one thread at a time adds what it finds.
#[derive(Default)]
pub struct Indexing {
    pub index: IndexBuilder,
    pub held: IndexBuilder,
    pub names: IndexBuilder,
    pub absent: IndexBuilder,
    /// Whether there is room for what the export is expected to hold.
    pub has_room: bool,
}

impl Indexing {
    /// Makes room for so many chunks like the one that was surveyed behind `before`.
    pub fn expect(&mut self, before: [usize; 3], chunks: usize) {
        let builders = [&mut self.index, &mut self.held, &mut self.names];
        for (builder, before) in builders.into_iter().zip(before) {
            builder.expect((builder.values() - before).saturating_mul(chunks));
        }
        self.has_room = true;
    }

    /// How many values there are so far.
    pub fn lengths(&self) -> [usize; 3] {
        [&self.index, &self.held, &self.names].map(IndexBuilder::values)
    }
}

/// The pass, with what it needs from entry to entry.
struct Pass<'o> {
    options: &'o CheckOptions,
    indexing: &'o mut Indexing,
    follows_links: bool,
    next_landmark: u32,
    buffers: Buffers,
    held_buffers: HeldBuffers,
    name: Vec<u8>,
    found: ChunkSurvey,
}

impl ChunkSurvey {
    /// Surveys a chunk of an export that begins at `start`, in bytes over all inputs.
    pub fn of(
        chunk: Chunk<'_>,
        start: u64,
        options: &CheckOptions,
        indexing: &mut Indexing,
    ) -> Self {
        let mut buffers = Buffers::default();
        buffers.identifiers.looks_closely = options.keep_held;
        let mut pass = Pass {
            options,
            indexing,
            follows_links: options.profile.follows_links(),
            next_landmark: LANDMARKS,
            buffers,
            held_buffers: HeldBuffers::default(),
            name: Vec::new(),
            found: Self::default(),
        };
        let keep_lines = options.selection.needs_lines();
        let (profile, read) = (&options.profile, options.read);
        let mut skipped = Skipped::new();
        let report = read_entries(chunk.bytes, profile, read, keep_lines, &mut skipped, |entry| {
            let local = chunk.offset + u64::from(entry.offset);
            pass.found.seen = pass.found.seen.union(entry.subject.filled());
            if entry.goes_on {
                pass.found.continued.push(local);
            }
            match options.verdict(entry) {
                Ok(()) => pass.take_in(entry, start + local),
                Err(reason) => pass.leave_out(entry, start + local, reason),
            }
        });
        Self { report, skipped, ..pass.found }
    }
}

impl Pass<'_> {
    fn take_in(&mut self, entry: &Gathered<'_>, offset: u64) {
        let Self { options: CheckOptions { profile, .. }, buffers, found, indexing, .. } = self;
        if self.follows_links
            && let Some(place) = Place::new(offset, 0)
        {
            let push = |fingerprint| found.links.push(Slot { fingerprint, place });
            profile.for_each_link(&entry.subject, buffers, push);
        }
        found.in_scope += 1;
        if entry.offset >= self.next_landmark {
            found.landmarks.push(Landmark { offset: entry.offset, line: entry.line });
            self.next_landmark = entry.offset.saturating_add(LANDMARKS);
        }
        let fails = inspect(profile, &entry.subject, buffers, offset, &mut indexing.index);
        let led_to = profile.led_to(buffers);
        if fails {
            found.marks.push(offset);
        }
        self.hold(entry, offset, led_to);
    }

    fn leave_out(&mut self, entry: &Gathered<'_>, offset: u64, reason: &'static str) {
        let Self { options: CheckOptions { profile, .. }, buffers, found, indexing, .. } = self;
        if reason == Reason::PublicFolder.name() {
            inspect(profile, &entry.subject, buffers, offset, &mut indexing.index);
        }
        *found.out_of_scope.entry(reason).or_default() += 1;
        let lacks = reason == Reason::ComputerWithoutCertificate.name();
        let number = if lacks { LACKS_CERTIFICATE } else { 0 };
        if self.follows_links
            && let Some(place) = Place::new(offset, number)
        {
            let fingerprint = key_of(entry.subject.dn(), &mut self.name);
            indexing.absent.push(Slot { fingerprint, place });
        }
        self.hold(entry, offset, LedTo::default());
    }

    /// Keeps name and values of an entry, in scope or not, where the options ask for it.
    fn hold(&mut self, entry: &Gathered<'_>, offset: u64, led_to: LedTo) {
        if self.options.keep_held {
            let fingerprint = key_of_rdn(entry.subject.dn(), &mut self.name);
            let named = Place::new(offset, 0).map(|place| Slot { fingerprint, place });
            self.indexing.names.extend(named);
            let held = &mut self.indexing.held;
            add_held(&entry.subject, offset, &mut self.held_buffers, held, led_to);
        }
    }
}

/// Runs the profile's quick look over an entry and gathers its keys.
fn inspect(
    profile: &Profile,
    subject: &Subject<'_>,
    buffers: &mut Buffers,
    offset: u64,
    index: &mut IndexBuilder,
) -> bool {
    profile.inspect(subject, buffers, |key| {
        if let Some(place) = Place::new(offset, key.value) {
            index.push(Slot { fingerprint: key.fingerprint, place });
        }
    })
}
