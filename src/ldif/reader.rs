//! Reading records, one after the other, from a chunk.

use memchr::{memchr, memchr_iter, memrchr};

use super::base64::{self, Base64};
use super::grammar::{self, Fault, Folded, Lexed};
use super::line::Form;
use super::line_ends::{self, LineEnds, Texture};
use super::names::Names;
use super::observation::Observations;
use super::raw::RawRecord;
use super::{LdifError, LdifErrorKind, Line, Position, WarningKind};

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
            limits: Limits { record: limits.record.min(u64::from(u32::MAX)), ..limits },
            lines: Vec::new(),
            dashes: false,
            comments: Vec::new(),
            keep_comments: false,
            leaves_out: false,
            observations: Observations::default(),
        }
    }

    /// Keeps the comments before and within each record.
    #[must_use]
    pub fn with_comments(mut self) -> Self {
        self.keep_comments = true;
        self
    }

    /// Leaves lines of content records out whose description, which has no options,
    /// the caller does not want. They are checked like all others. Not every such
    /// line is left out.
    #[must_use]
    pub fn with_wanted(mut self, wanted: fn(&[u8]) -> bool) -> Self {
        self.leaves_out = true;
        self.names.want(wanted);
        self
    }

    /// What was seen beside the records; complete once the chunk is read.
    #[must_use]
    pub fn into_observations(mut self) -> Observations {
        let (lf, crlf) = self.ends.count(self.chunk);
        self.observations.lf_lines = length64(lf);
        self.observations.crlf_lines = length64(crlf);
        self.observations
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

    /// Reads lines as long as they have an expected description and no surprises,
    /// which is what nearly all lines of an export have; any other line is left
    /// to [`Self::read_line`].
    fn read_expected_lines(&mut self, block: usize) {
        let chunk = self.chunk;
        let has_returns = self.ends.texture() != Texture::Plain;
        let is_mixed = self.ends.texture() == Texture::Mixed;
        let Ok(mut start) = u32::try_from(chunk.len() - self.rest.len()) else { return };
        let limit = length64(chunk.len() - block) + self.limits.line.min(self.limits.record);
        let mut line = self.line;
        let mut ends = self.ends.behind(line);
        let mut expectation = self.names.expect();
        let leaves_out = self.leaves_out && self.is_content();
        while let Some(name) = expectation.next(&chunk[index(start)..])
            && let colon = index(start) + name.length
            && let Some(read) = grammar::plain_value(chunk, colon, ends)
        {
            let value = &chunk[read.from..index(read.end)];
            let value = if has_returns { grammar::without_cr(value) } else { value };
            let is_plain = !is_mixed || line_ends::is_plain(value);
            let is_good = read.form == Form::Plain || base64::check(value) == Base64::Padded;
            if !is_plain || !is_good || u64::from(read.end) >= limit {
                break;
            }
            // The line behind the DN stays: it tells what the record is.
            if name.wanted || !leaves_out || self.lines.len() < 2 {
                self.lines.push(Line {
                    name: &chunk[index(start)..colon],
                    value,
                    form: read.form,
                    name_folded: false,
                    value_folded: read.physical > 1,
                    options: false,
                    offset: start,
                    line,
                    number: Some(name.number),
                });
            }
            line += read.physical;
            ends = &ends[index(read.physical)..];
            start = read.end + 1;
        }
        let last = expectation.last;
        self.names.resume(last);
        self.line = line;
        self.rest = &chunk[index(start)..];
    }

    /// Whether the lines read so far, or the next one, tell that the record is an
    /// entry's content.
    fn is_content(&self) -> bool {
        const CHANGES: [&[u8]; 2] = [b"control", b"changetype"];
        match self.lines.as_slice() {
            [dn] if dn.is(b"dn") => CHANGES.iter().all(|word| {
                !self.rest.get(..word.len()).is_some_and(|next| next.eq_ignore_ascii_case(word))
            }),
            [dn, second, ..] if dn.is(b"dn") => CHANGES.iter().all(|word| !second.is(word)),
            _ => false,
        }
    }

    fn read_line(&mut self, block: usize) -> Result<(), Fault<'a>> {
        let start = self.rest;
        let lexed = match self.plain_line(start) {
            Some((rest, lexed)) => {
                self.rest = rest;
                lexed
            }
            None => {
                let (rest, lexed) = grammar::logical_line(start)
                    .map_err(|error| self.explain(into_fault(error), start))?;
                self.rest = rest;
                lexed
            }
        };
        let Lexed { line: Line { form, options, .. }, physical } = lexed;
        let offset = offset32(self.chunk.len() - start.len());
        self.lines.push(Line { offset, line: self.line, ..lexed.line });
        if length64(start.len() - self.rest.len()) > self.limits.line {
            return Err(Fault { at: start, kind: LdifErrorKind::LineTooLong });
        }
        self.check_record(block, start)?;
        if form != Form::Plain || options || self.ends.texture() == Texture::Mixed {
            self.look_closer(start)?;
        }
        self.line += physical;
        match self.lines.as_slice() {
            [_, .., last] if last.is(b"dn") => self.leave_version(start),
            _ => Ok(()),
        }
    }

    fn plain_line(&mut self, start: &'a [u8]) -> Option<(&'a [u8], Lexed<'a>)> {
        let (_, name, options) = grammar::attribute_description(start);
        let colon = self.chunk.len() - start.len() + name.len();
        if name.is_empty() || self.chunk.get(colon) != Some(&b':') {
            return None;
        }
        let read = grammar::plain_value(self.chunk, colon, self.ends.behind(self.line))?;
        let end = index(read.end);
        let line = Line {
            form: read.form,
            value_folded: read.physical > 1,
            options,
            number: self.names.number(name, options),
            ..Line::of(name, grammar::without_cr(&self.chunk[read.from..end]))
        };
        Some((&self.chunk[end + 1..], Lexed { line, physical: read.physical }))
    }

    /// Whether the record that begins at `block` is still within its limit.
    #[inline]
    fn check_record(&self, block: usize, start: &'a [u8]) -> Result<(), Fault<'a>> {
        if length64(block - self.rest.len()) > self.limits.record {
            return Err(Fault { at: start, kind: LdifErrorKind::RecordTooLong });
        }
        Ok(())
    }

    /// What a line that cannot be read has to do with the line before it.
    #[cold]
    fn explain(&self, fault: Fault<'a>, start: &'a [u8]) -> Fault<'a> {
        let Some(last) = self.lines.last() else { return fault };
        let no_line =
            matches!(fault.kind, LdifErrorKind::NoColon | LdifErrorKind::BadAttributeDescription);
        match fault.kind {
            _ if no_line && grammar::starts_record(start) => {
                Fault { at: start, kind: LdifErrorKind::MissingBlankLine }
            }
            // The attribute line right before, and not one before a comment.
            _ if no_line && is_without_value(last) && last.line + 1 == self.line => {
                Fault { at: start, kind: LdifErrorKind::ValueOnNextLine }
            }
            _ => fault,
        }
    }

    /// Checks of the last line that most lines do not call for.
    fn look_closer(&mut self, start: &'a [u8]) -> Result<(), Fault<'a>> {
        let Some(&line) = self.lines.last() else { return Ok(()) };
        if line.form != Form::Plain {
            self.check_form(&line, start)?;
        }
        if self.ends.texture() == Texture::Mixed {
            self.check_bytes(&line, start)?;
        }
        if is_partial(&line) {
            self.warn(WarningKind::PartialAttribute, start, start);
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

    fn check_form(&mut self, line: &Line<'a>, start: &'a [u8]) -> Result<(), Fault<'a>> {
        if line.form == Form::Url {
            self.warn(WarningKind::UrlReference, start, start);
            return Ok(());
        }
        match base64::check(line.value) {
            Base64::Padded => Ok(()),
            Base64::Unpadded => {
                self.warn(WarningKind::UnpaddedBase64, start, start);
                Ok(())
            }
            Base64::Bad(at) => {
                let behind = self.behind(line.value, at, start);
                Err(Fault { at: behind, kind: LdifErrorKind::BadBase64 })
            }
        }
    }

    /// The rest of the chunk from byte `at` of a raw value.
    fn behind(&self, value: &'a [u8], at: usize, start: &'a [u8]) -> &'a [u8] {
        // The value is a part of the line that starts at `start`.
        let lead = value.as_ptr().addr().saturating_sub(start.as_ptr().addr());
        start.get(lead + at..).unwrap_or(start)
    }

    #[cold]
    fn check_bytes(&mut self, line: &Line<'a>, start: &'a [u8]) -> Result<(), Fault<'a>> {
        if let Some(at) = grammar::stray_cr(line.value) {
            return Err(Fault {
                at: self.behind(line.value, at, start),
                kind: LdifErrorKind::BareCr,
            });
        }
        if let Some(at) = memchr(0, line.value) {
            self.warn(WarningKind::Nul, start, self.behind(line.value, at, start));
        }
        if line.form == Form::Plain && !line.value.is_ascii() {
            let text = line.text();
            if let Err(error) = std::str::from_utf8(&text) {
                let at = grammar::folded_place(line.value, error.valid_up_to());
                self.warn(WarningKind::NotUtf8, start, self.behind(line.value, at, start));
            }
        }
        Ok(())
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

fn is_without_value(line: &Line<'_>) -> bool {
    line.value.is_empty() && !line.is(b"-")
}

fn is_partial(line: &Line<'_>) -> bool {
    line.name()
        .split(|&byte| byte == b';')
        .skip(1)
        .any(|option| option.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"range=")))
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
