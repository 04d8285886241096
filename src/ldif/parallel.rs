//! Reading an input chunk by chunk in parallel, with the results in input order.

use std::cell::RefCell;
use std::io::Read;

use super::chunk::{Chunk, Chunks, settled_boundary};
use super::ending::Ending;
use super::in_order::in_order;
use super::observation::Observations;
use super::raw::RawRecord;
use super::reader::{Block, Limits, RecordReader};
use super::{LdifError, LdifErrorKind, Line, Position};

/// Bytes in a chunk: small enough to stay in a core's second-level cache while
/// it is scanned and read, large enough for the cost of a task not to show.
pub const CHUNK_SIZE: usize = 512 << 10;

/// How records are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Sizes above which a line or record is refused.
    pub limits: Limits,
    /// Whether reading stops at the first error.
    pub strict: bool,
    /// Whether the comments of each record are kept.
    pub comments: bool,
}

/// A block that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong, and where.
    pub error: LdifError,
    /// `dn:` lines that are lost with the block.
    pub record_starts: u64,
    /// The DN of the entry concerned, where the line does not say it.
    pub dn: Option<Vec<u8>>,
}

/// What reading one chunk gave beside its records. Positions count from the
/// start of the chunk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChunkReport {
    observations: Observations,
    /// The first failures, at most [`InputReport::KEPT_FAILURES`].
    failures: Vec<Failure>,
    failed_blocks: u64,
    failed_records: u64,
    bytes: u64,
    ending: Ending,
}

impl ChunkReport {
    /// Counts a record as failed that was read and cannot be used; `line` is the
    /// line to blame.
    pub fn refuse(&mut self, kind: LdifErrorKind, line: &Line<'_>) {
        self.refuse_failure(refusal(kind, line));
    }

    /// The same for a record of the entry with this DN, which the line does not say;
    /// the line is in the text that begins at `base` of the chunk.
    pub fn refuse_of(&mut self, dn: Vec<u8>, kind: LdifErrorKind, line: &Line<'_>, base: Position) {
        let mut failure = Failure { dn: Some(dn), ..refusal(kind, line) };
        failure.error.position = failure.error.position.behind(base);
        self.refuse_failure(failure);
    }

    fn refuse_failure(&mut self, failure: Failure) {
        let at = place_of(&failure, &self.failures);
        self.insert(at, failure);
    }

    fn insert(&mut self, at: usize, failure: Failure) {
        self.failed_blocks += 1;
        self.failed_records += failure.record_starts;
        keep(&mut self.failures, at, failure);
    }

    /// Whether a record of the chunk failed.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.failed_blocks > 0
    }
}

fn refusal(kind: LdifErrorKind, line: &Line<'_>) -> Failure {
    let position =
        Position { offset: u64::from(line.offset()), line: u64::from(line.line()) + 1, column: 1 };
    let mut text = line.name().into_owned();
    text.extend_from_slice(b": ");
    text.extend_from_slice(&line.text());
    text.truncate(LdifError::TEXT_LIMIT);
    Failure { error: LdifError { kind, position, text }, record_starts: 1, dn: None }
}

/// Failures are kept in the order in which the records stand, refused or
/// unreadable.
fn place_of(failure: &Failure, failures: &[Failure]) -> usize {
    failures.partition_point(|other| other.error.position <= failure.error.position)
}

fn keep(failures: &mut Vec<Failure>, at: usize, failure: Failure) {
    if at < InputReport::KEPT_FAILURES {
        failures.insert(at, failure);
        failures.truncate(InputReport::KEPT_FAILURES);
    }
}

/// What reading an input gave beside its records, merged in input order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputReport {
    /// What was seen.
    pub observations: Observations,
    /// The first failures, at most [`InputReport::KEPT_FAILURES`].
    pub failures: Vec<Failure>,
    /// Blocks that could not be read.
    pub failed_blocks: u64,
    /// Records lost with them.
    pub failed_records: u64,
    /// Where the next chunk begins.
    next: Position,
    ending: Ending,
}

impl Default for InputReport {
    fn default() -> Self {
        Self {
            observations: Observations::default(),
            failures: Vec::new(),
            failed_blocks: 0,
            failed_records: 0,
            next: Position::START,
            ending: Ending::default(),
        }
    }
}

impl InputReport {
    /// Failures that are kept to be shown; the others are only counted.
    pub const KEPT_FAILURES: usize = 1000;

    /// Adds the report of the next chunk and gives the place where that chunk
    /// begins.
    pub fn add(&mut self, chunk: ChunkReport) -> Position {
        let base = self.next;
        self.failed_blocks += chunk.failed_blocks;
        self.failed_records += chunk.failed_records;
        let room = Self::KEPT_FAILURES.saturating_sub(self.failures.len());
        self.failures.extend(chunk.failures.into_iter().take(room).map(|failure| {
            let position = failure.error.position.behind(base);
            Failure { error: LdifError { position, ..failure.error }, ..failure }
        }));
        self.observations.merge(&chunk.observations, base);
        if chunk.bytes > 0 {
            self.ending.go_on(chunk.ending);
        }
        self.next = Position {
            offset: base.offset + chunk.bytes,
            line: base.line + chunk.observations.lines(),
            column: 1,
        };
        base
    }

    /// Counts a record as failed that was read and cannot be used; `line` is the
    /// line to blame, in the chunk that begins at `base`.
    pub fn refuse(&mut self, kind: LdifErrorKind, line: &Line<'_>, base: Position) {
        self.refuse_failure(refusal(kind, line), base);
    }

    /// The same for a record of the entry with this DN, which the line does not say.
    pub fn refuse_of(&mut self, dn: Vec<u8>, kind: LdifErrorKind, line: &Line<'_>, base: Position) {
        self.refuse_failure(Failure { dn: Some(dn), ..refusal(kind, line) }, base);
    }

    fn refuse_failure(&mut self, mut failure: Failure, base: Position) {
        failure.error.position = failure.error.position.behind(base);
        self.failed_blocks += 1;
        self.failed_records += failure.record_starts;
        let at = place_of(&failure, &self.failures);
        keep(&mut self.failures, at, failure);
    }

    /// Why the input is not there to its end, as far as its last line tells.
    #[must_use]
    pub fn cut_off(&self) -> Option<String> {
        self.ending.cut_off(&self.observations)
    }

    /// Why an export lacks something, by its own words or its last line.
    #[must_use]
    pub fn incomplete(&self) -> Option<String> {
        let seen = &self.observations;
        let claimed = seen.export.incomplete(seen.content_records + self.failed_records);
        claimed.or_else(|| self.cut_off())
    }

    /// Records that were read.
    #[must_use]
    pub fn read_records(&self) -> u64 {
        self.observations.record_starts - self.failed_records
    }
}

/// Reads the records of one chunk.
pub fn read_chunk<'a>(
    bytes: &'a [u8],
    options: ReadOptions,
    each: impl FnMut(RawRecord<'_, 'a>),
) -> ChunkReport {
    read_all(&mut RecordReader::new(bytes, options.limits), options, each)
}

/// Reads the records of one chunk; of content records only the lines that are
/// wanted need come ([`RecordReader::with_wanted`]).
pub fn read_wanted<'a>(
    bytes: &'a [u8],
    options: ReadOptions,
    wanted: fn(&[u8]) -> bool,
    each: impl FnMut(RawRecord<'_, 'a>),
) -> ChunkReport {
    let mut reader = RecordReader::new(bytes, options.limits).with_wanted(wanted);
    read_all(&mut reader, options, each)
}

/// Reads the records that a reader has before it; with what limits, the reader knows.
pub fn read_all<'a>(
    reader: &mut RecordReader<'a>,
    options: ReadOptions,
    mut each: impl FnMut(RawRecord<'_, 'a>),
) -> ChunkReport {
    reader.keep_comments(options.comments);
    let mut report = ChunkReport::default();
    while let Some(block) = reader.next_block() {
        match block {
            Block::Record(record) => each(record),
            Block::Failed(block) => {
                let failure =
                    Failure { error: block.error, record_starts: block.record_starts, dn: None };
                report.insert(report.failures.len(), failure);
                if options.strict {
                    break;
                }
            }
        }
    }
    report.bytes = u64::try_from(reader.chunk().len()).unwrap_or(u64::MAX);
    report.observations = reader.take_observations();
    report.ending = Ending::of(reader.chunk());
    report
}

/// Pieces under way at a time where a result can be as large as a chunk.
fn window() -> usize {
    rayon::current_num_threads() * 8
}

/// The same where a result is small: threads wait less often for each other.
fn wide_window() -> usize {
    rayon::current_num_threads() * 32
}

/// Maps the chunks of an input in parallel; `take` gets the results in input
/// order while the next chunks are worked on. Results are to be much smaller than
/// chunks: many are held at a time.
///
/// # Errors
/// The first error that `take` returns; no further chunk is then started.
pub fn map_chunks<'a, T: Send, E>(
    input: &'a [u8],
    map: impl Fn(Chunk<'a>) -> T + Sync,
    take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut chunks = Chunks::new(input, CHUNK_SIZE);
    in_order(wide_window(), || Ok(chunks.next()), map, take)
}

/// Maps pieces of work in parallel; `take` gets the results in order while the
/// next pieces are worked on. A bounded number of results is held at a time.
///
/// # Errors
/// The first error that `take` returns; no further piece is then started.
pub fn map_in_order<P: Send, T: Send, E>(
    mut pieces: impl Iterator<Item = P>,
    map: impl Fn(P) -> T + Sync,
    take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    in_order(window(), || Ok(pieces.next()), map, take)
}

/// The same for a stream, in constant memory: whole records are gathered into
/// buffers that are read in parallel.
///
/// # Errors
/// The first error of the stream or of `take`.
pub fn map_stream<T: Send, E: From<std::io::Error>>(
    mut input: impl Read,
    map: impl Fn(&[u8]) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut cutter = Cutter::default();
    let spare = RefCell::new(Vec::new());
    let mut ended = false;
    let next = || {
        if ended {
            return Ok(None);
        }
        let buffer = cutter.next(&mut input, spare.borrow_mut().pop().unwrap_or_default())?;
        ended = buffer.is_none();
        Ok(buffer)
    };
    let read = |buffer: Buffer| (map(buffer.filled()), buffer);
    in_order(window(), next, read, |(result, buffer)| {
        // One that a huge record has grown is not kept.
        if buffer.bytes.len() <= 4 * CHUNK_SIZE {
            spare.borrow_mut().push(buffer);
        }
        take(result)
    })
}

/// Bytes without the end of an entry above which a stream is given up: more than
/// a record of the default limit.
const MAX_PENDING: usize = 3 << 30;

/// A buffer that is used again: fresh memory costs as much as reading into it.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    fn filled(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    /// Makes room behind what is filled.
    fn reserve(&mut self, room: usize) {
        if self.bytes.len() < self.filled + room {
            self.bytes.resize(self.filled + room, 0);
        }
    }
}

/// Cuts a stream into buffers of whole entries.
#[derive(Debug, Default)]
struct Cutter {
    /// The begin of an entry whose end has not come yet.
    carry: Vec<u8>,
}

impl Cutter {
    /// Reads about a chunk's worth of whole entries into a buffer.
    fn next(
        &mut self,
        input: &mut impl Read,
        mut buffer: Buffer,
    ) -> std::io::Result<Option<Buffer>> {
        buffer.filled = 0;
        buffer.reserve(self.carry.len());
        buffer.bytes[..self.carry.len()].copy_from_slice(&self.carry);
        buffer.filled = self.carry.len();
        self.carry.clear();
        loop {
            let wanted = CHUNK_SIZE.max(buffer.filled / 2);
            buffer.reserve(wanted);
            let until = buffer.filled + wanted;
            let mut ended = false;
            while buffer.filled < until && !ended {
                match input.read(&mut buffer.bytes[buffer.filled..until]) {
                    Ok(0) => ended = true,
                    Ok(read) => buffer.filled += read,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            if ended {
                return Ok((buffer.filled > 0).then_some(buffer));
            }
            if let Some(end) = settled_boundary(buffer.filled()) {
                self.carry.extend_from_slice(&buffer.bytes[end..buffer.filled]);
                buffer.filled = end;
                return Ok(Some(buffer));
            }
            if buffer.filled > MAX_PENDING {
                return Err(std::io::Error::new(
                    std::io::ErrorKind::InvalidData,
                    "no entry ends within 3 GiB: this is no LDIF, or a record above the size limit",
                ));
            }
        }
    }
}

#[cfg(test)]
#[path = "parallel_tests.rs"]
mod tests;
