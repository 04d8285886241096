//! Reading records, one after the other, from a chunk.

use memchr::{memchr, memchr_iter, memrchr};

use super::grammar::{self, Fault, Folded};
use super::line::Form;
use super::line_ends::{LineEnds, Texture};
use super::names::{Names, Pick, Seen};
use super::observation::Observations;
use super::raw::RawRecord;
use super::{LdifError, LdifErrorKind, Line, Position, Wanted, WarningKind};

mod expected;
mod lines;
mod torn;

/// Sizes above which a line or record is refused, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest logical line, folds included.
    pub line: u64,
    /// The largest record; never above 4 GiB.
    pub record: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 256 << 20, record: 2 << 30 }
    }
}

/// What stands next in a chunk.
#[derive(Debug)]
pub enum Block<'r, 'a> {
    /// A record whose syntax is right.
    Record(RawRecord<'r, 'a>),
    /// A block that cannot be read.
    Failed(FailedBlock<'a>),
}

/// A block that cannot be read: all up to the next blank line, or the version lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedBlock<'a> {
    /// What is wrong; its position counts from the start of the chunk.
    pub error: LdifError,
    /// `dn:` lines in the block: the records that are lost with it.
    pub record_starts: u64,
    /// The block as it stands in the input.
    pub text: &'a [u8],
}

/// Reads the records of a chunk, reusing one buffer of lines.
#[derive(Debug)]
pub struct RecordReader<'a> {
    chunk: &'a [u8],
    rest: &'a [u8],
    line: u32,
    ends: LineEnds,
    names: Names<'a>,
    /// Attributes that the record has so far.
    seen: Seen,
    limits: Limits,
    lines: Vec<Line<'a>>,
    /// Whether a `-` line is among them.
    dashes: bool,
    comments: Vec<&'a [u8]>,
    keep_comments: bool,
    /// Whether lines may be left out that are not wanted.
    leaves_out: bool,
    observations: Observations,
}

impl<'a> RecordReader<'a> {
    /// A reader of a chunk's records.
    #[must_use]
    pub fn new(chunk: &'a [u8], limits: Limits) -> Self {
        Self {
            chunk,
            rest: chunk,
            line: 0,
            ends: LineEnds::of(chunk),
            names: Names::for_chunk(chunk.len()),
            seen: Seen::default(),
            limits: Limits { record: limits.record.min(u64::from(u32::MAX)), ..limits },
            lines: Vec::new(),
            dashes: false,
            comments: Vec::new(),
            keep_comments: false,
            leaves_out: false,
            observations: Observations::default(),
        }
    }

    /// Goes on with another text: the memory is used again, and the descriptions that
    /// were seen stay known under their numbers.
    pub fn restart(&mut self, chunk: &'a [u8]) {
        self.chunk = chunk;
        self.rest = chunk;
        self.line = 0;
        self.ends.again(chunk);
        self.names.expect_more();
        self.observations = Observations::default();
    }

    /// Whether the comments before and within each record are kept.
    pub fn keep_comments(&mut self, keeps: bool) {
        self.keep_comments = keeps;
    }

    /// The text that is read.
    #[must_use]
    pub fn chunk(&self) -> &'a [u8] {
        self.chunk
    }

    /// Leaves lines of content records out whose description, which has no options,
    /// the caller does not want. They are checked like all others. Not every such
    /// line is left out.
    #[must_use]
    pub fn with_wanted(mut self, wanted: fn(&[u8]) -> bool) -> Self {
        self.leaves_out = true;
        self.names.want(Pick::ByName(wanted));
        self
    }

    /// The same, where the caller wants some lines only of a description.
    #[must_use]
    pub fn with_picked(mut self, pick: fn(&[u8]) -> Wanted) -> Self {
        self.leaves_out = true;
        self.names.want(Pick::ByLine(pick));
        self
    }

    /// What was seen beside the records; complete once the chunk is read.
    pub fn take_observations(&mut self) -> Observations {
        let (lf, crlf) = self.ends.count(self.chunk);
        self.observations.lf_lines = length64(lf);
        self.observations.crlf_lines = length64(crlf);
        std::mem::take(&mut self.observations)
    }

    /// The next record or failed block; `None` at the end of the chunk.
    pub fn next_block(&mut self) -> Option<Block<'_, 'a>> {
        loop {
            self.skip_blank_lines();
            if self.rest.is_empty() {
                return None;
            }
            self.lines.clear();
            self.dashes = false;
            self.seen = Seen::default();
            self.comments.clear();
            let start = Mark { rest: self.rest, line: self.line };
            match self.read_block().and_then(|()| self.close_block(start)) {
                Ok(Closed::Nothing) => {}
                Ok(Closed::Record) => {
                    self.observations.record_starts += 1;
                    let end = self.chunk.len() - self.rest.len();
                    match RawRecord::new(&self.lines, &self.comments, self.dashes) {
                        Ok(record) => {
                            let record = record.ending_at(end);
                            record.observe(&mut self.observations, |line| {
                                start.position(self.chunk, line)
                            });
                            return Some(Block::Record(record));
                        }
                        Err((line, kind)) => {
                            let at = &self.chunk[index(line.offset)..];
                            let error = start.error(self.chunk, at, kind);
                            let length = start.rest.len() - self.rest.len();
                            let text = &start.rest[..length];
                            return Some(Block::Failed(FailedBlock {
                                error,
                                record_starts: 1,
                                text,
                            }));
                        }
                    }
                }
                Err(_) if self.skip_torn_comment(start) => {}
                Err(Fault { at, kind }) => return Some(Block::Failed(self.fail(start, at, kind))),
            }
        }
    }

    fn skip_blank_lines(&mut self) {
        loop {
            if let Some(rest) = grammar::blank(self.rest) {
                self.rest = rest;
            } else if let Some(rest) = grammar::line_of_spaces(self.rest) {
                let position = Mark { rest: self.rest, line: self.line }.here(self.chunk);
                self.observations.warn(WarningKind::SpacesAsSeparator, position);
                self.rest = rest;
            } else {
                return;
            }
            self.line += 1;
        }
    }

    /// Reads lines up to the blank line (or the end) that closes the block.
    fn read_block(&mut self) -> Result<(), Fault<'a>> {
        let start = Mark { rest: self.rest, line: self.line };
        let from = self.rest.len();
        while let Some(&first) = self.rest.first() {
            match first {
                b'\n' | b'\r' if grammar::blank(self.rest).is_some() => return Ok(()),
                b' ' if grammar::line_of_spaces(self.rest).is_some() => return Ok(()),
                b'#' => self.read_comment(from)?,
                b'-' => self.read_dash(from)?,
                0xEF if self.lines.is_empty() && self.rest.starts_with(grammar::BOM) => {
                    self.warn(WarningKind::MidFileBom, self.rest, self.rest);
                    self.rest = grammar::behind_marks(self.rest);
                }
                _ => {
                    self.read_line(from)?;
                    self.read_expected_lines(from);
                }
            }
        }
        if self.chunk.last() != Some(&b'\n') {
            let position = start.position_of(self.chunk, self.rest);
            self.observations.warn(WarningKind::NoFinalLineEnd, position);
        }
        Ok(())
    }

    /// Only `version:` may stand before the DN in its block.
    fn leave_version(&mut self, dn: &'a [u8]) -> Result<(), Fault<'a>> {
        let Some((last, before)) = self.lines.split_last() else { return Ok(()) };
        for line in before {
            if !line.is(b"version") {
                return Err(Fault { at: dn, kind: LdifErrorKind::MissingBlankLine });
            }
            self.check_version(line)?;
        }
        let last = *last;
        self.lines.clear();
        self.lines.push(last);
        Ok(())
    }

    fn check_version(&self, line: &Line<'a>) -> Result<(), Fault<'a>> {
        if line.bytes().trim_ascii() == b"1" {
            return Ok(());
        }
        Err(Fault {
            at: &self.chunk[index(line.offset)..],
            kind: LdifErrorKind::UnsupportedVersion,
        })
    }

    fn read_comment(&mut self, block: usize) -> Result<(), Fault<'a>> {
        let start = self.rest;
        let (rest, Folded { raw, physical }) = grammar::comment(start).map_err(into_fault)?;
        if physical > 1 && !self.lines.is_empty() {
            self.warn(WarningKind::FoldedComment, start, start);
        }
        if self.ends.texture() == Texture::Mixed {
            // Line ends of old Macs: all lines look like a part of the comment.
            let hidden = |at: &usize| grammar::starts_record(&raw[at + 1..]);
            if let Some(at) = memchr_iter(b'\r', raw).find(hidden) {
                return Err(Fault { at: &start[at..], kind: LdifErrorKind::BareCr });
            }
        }
        let text = raw.get(1..).unwrap_or_default();
        if self.observations.export.comment(text) {
            self.observations.referrals += 1;
        }
        if self.keep_comments {
            self.comments.push(text);
        }
        self.rest = rest;
        self.line += physical;
        self.check_record(block, start)
    }

    fn read_dash(&mut self, block: usize) -> Result<(), Fault<'a>> {
        let start = self.rest;
        let (rest, dash) = grammar::dash(start).map_err(into_fault)?;
        if dash.spaces {
            self.warn(WarningKind::DashWithSpaces, start, start);
        }
        let offset = offset32(self.chunk.len() - start.len());
        self.lines.push(Line { offset, line: self.line, ..Line::of(b"-", b"") });
        self.dashes = true;
        self.rest = rest;
        self.line += dash.physical;
        self.check_record(block, start)
    }

    /// Notes a warning at `at`, a place in the line that starts at `start` and
    /// has not been counted yet.
    fn warn(&mut self, kind: WarningKind, start: &'a [u8], at: &'a [u8]) {
        let mark = Mark { rest: start, line: self.line };
        let position = mark.position_of(self.chunk, at);
        self.observations.warn(kind, position);
    }

    /// What the lines of a whole block are.
    fn close_block(&mut self, start: Mark<'a>) -> Result<Closed, Fault<'a>> {
        let Some(first) = self.lines.first() else { return Ok(Closed::Nothing) };
        let at = &self.chunk[index(first.offset)..];
        if first.is(b"dn") {
            return match first.form {
                Form::Url => Err(Fault { at, kind: LdifErrorKind::DnByUrl }),
                _ => Ok(Closed::Record),
            };
        }
        let versions = self.lines.iter().take_while(|line| line.is(b"version")).count();
        let (versions, lines) = self.lines.split_at(versions);
        for line in versions {
            self.check_version(line)?;
        }
        let Some(first) = lines.first() else { return Ok(Closed::Nothing) };
        let at = &self.chunk[index(first.offset)..];
        if lines.iter().all(|line| line.is(b"include")) {
            self.observations.includes += 1;
            self.observations.warn(WarningKind::Include, start.position_of(self.chunk, at));
            return Ok(Closed::Nothing);
        }
        if lines.iter().all(|line| line.is(b"ref")) {
            self.observations.referrals += 1;
            return Ok(Closed::Nothing);
        }
        if is_search_result(lines) {
            for line in lines {
                if line.is(b"result") {
                    self.observations.export.result(&line.bytes());
                } else if line.is(b"pagedresults") {
                    self.observations.export.paged_results(&line.bytes());
                }
            }
            return Ok(Closed::Nothing);
        }
        Err(Fault { at, kind: LdifErrorKind::MissingDn })
    }

    /// The first line that is no version line, and the text before it.
    fn behind_versions(&self, start: Mark<'a>) -> (&'a [u8], &'a [u8]) {
        let other = self.lines.iter().find(|line| !line.is(b"version"));
        let rest = other.map_or(self.rest, |line| &self.chunk[index(line.offset)..]);
        (rest, &start.rest[..start.rest.len() - rest.len()])
    }

    /// Goes on at the DN where a comment before it takes more lines than it marks.
    #[cold]
    fn skip_torn_comment(&mut self, start: Mark<'a>) -> bool {
        let Some(rest) = torn::behind_torn_comment(start.rest) else { return false };
        self.rest = rest;
        self.line = start.line + count32(start.rest, rest);
        true
    }

    /// Skips the rest of a block that cannot be read.
    #[cold]
    fn fail(&mut self, start: Mark<'a>, at: &'a [u8], kind: LdifErrorKind) -> FailedBlock<'a> {
        let error = start.error(self.chunk, at, kind);
        let (rest, text) = match kind {
            // What stands behind the version is read all the same.
            LdifErrorKind::UnsupportedVersion => self.behind_versions(start),
            _ => grammar::up_to_blank(start.rest),
        };
        let record_starts = length64(grammar::count_record_starts(text));
        self.observations.record_starts += record_starts;
        self.rest = rest;
        self.line = start.line + count32(start.rest, rest);
        FailedBlock { error, record_starts, text }
    }
}

enum Closed {
    /// Nothing that is a record.
    Nothing,
    /// The lines of a record.
    Record,
}

/// A place in a chunk whose line number is known.
#[derive(Debug, Clone, Copy)]
struct Mark<'a> {
    rest: &'a [u8],
    line: u32,
}

impl<'a> Mark<'a> {
    /// The position of a place at or behind the mark.
    fn position_of(self, chunk: &[u8], at: &[u8]) -> Position {
        let between = self.rest.len().saturating_sub(at.len());
        let passed = self.rest.get(..between).unwrap_or_default();
        let newlines = memchr_iter(b'\n', passed).count();
        let offset = chunk.len() - at.len();
        Position {
            offset: length64(offset),
            line: u64::from(self.line) + length64(newlines) + 1,
            column: u32::try_from(offset - line_start(chunk, offset) + 1).unwrap_or(u32::MAX),
        }
    }

    fn here(self, chunk: &[u8]) -> Position {
        self.position_of(chunk, self.rest)
    }

    fn position(self, chunk: &'a [u8], line: &Line<'a>) -> Position {
        self.position_of(chunk, &chunk[index(line.offset)..])
    }

    fn error(self, chunk: &'a [u8], at: &'a [u8], kind: LdifErrorKind) -> LdifError {
        let position = self.position_of(chunk, at);
        let offset = chunk.len() - at.len();
        let line = &chunk[line_start(chunk, offset)..];
        let end = memchr(b'\n', line).unwrap_or(line.len()).min(LdifError::TEXT_LIMIT);
        let text = line[..end].strip_suffix(b"\r").unwrap_or(&line[..end]).to_vec();
        LdifError { kind, position, text }
    }
}

/// The lines with which ldapsearch reports the end of a search.
fn is_search_result(lines: &[Line<'_>]) -> bool {
    const LINES: [&[u8]; 7] =
        [b"search", b"result", b"matcheddn", b"text", b"ref", b"control", b"pagedresults"];
    lines.iter().any(|line| line.is(b"result"))
        && lines.iter().all(|line| LINES.iter().any(|name| line.is(name)))
}

/// Where the physical line begins that holds the byte at `offset`.
fn line_start(chunk: &[u8], offset: usize) -> usize {
    memrchr(b'\n', &chunk[..offset]).map_or(0, |newline| newline + 1)
}

fn into_fault(error: nom::Err<Fault<'_>>) -> Fault<'_> {
    match error {
        nom::Err::Error(fault) | nom::Err::Failure(fault) => fault,
        // The parsers are `complete` ones; they never ask for more.
        nom::Err::Incomplete(_) => Fault { at: &[], kind: LdifErrorKind::NoColon },
    }
}

fn count32(from: &[u8], to: &[u8]) -> u32 {
    let passed = from.get(..from.len() - to.len()).unwrap_or_default();
    u32::try_from(memchr_iter(b'\n', passed).count()).unwrap_or(u32::MAX)
}

fn length64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Offsets within a chunk fit 32 bits: a larger record is above its limit.
fn offset32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
