//! Reading the lines of a block: the expected ones, and all others.

use memchr::memchr;

use super::super::base64::{self, Base64};
use super::super::grammar::{self, Fault, Lexed};
use super::super::line::Form;
use super::super::line_ends::Texture;
use super::super::names::NumberOrNone;
use super::super::{LdifErrorKind, Line, WarningKind};
use super::expected::Walk;
use super::{RecordReader, index, into_fault, length64, offset32};

impl<'a> RecordReader<'a> {
    /// Reads lines as long as they have an expected description and no surprises,
    /// which is what nearly all lines of an export have; any other line is left
    /// to [`Self::read_line`].
    pub(super) fn read_expected_lines(&mut self, block: usize) {
        let chunk = self.chunk;
        let limit = length64(chunk.len() - block) + self.limits.line.min(self.limits.record);
        let mut walk = Walk {
            chunk,
            ends: self.ends.behind(self.line),
            texture: self.ends.texture(),
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            keeps_all: !(self.leaves_out && self.is_content()),
            start: chunk.len() - self.rest.len(),
            line: self.line,
            expectation: self.names.expect(),
            seen: &mut self.seen,
        };
        walk.read(&mut self.lines);
        let last = walk.expectation.last();
        self.line = walk.line;
        self.rest = &chunk[walk.start..];
        self.names.resume(last);
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

    pub(super) fn read_line(&mut self, block: usize) -> Result<(), Fault<'a>> {
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
        // That of the DN is of no attribute.
        let repeated = !self.lines.is_empty() && self.seen.again(&self.names.wanted(&lexed.line));
        self.lines.push(Line { offset, line: self.line, repeated, ..lexed.line });
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
            number: self.names.number(name, options).map_or(NumberOrNone::NONE, Into::into),
            ..Line::of(name, grammar::without_cr(&self.chunk[read.from..end]))
        };
        Some((&self.chunk[end + 1..], Lexed { line, physical: read.physical }))
    }

    /// Whether the record that begins at `block` is still within its limit.
    #[inline]
    pub(super) fn check_record(&self, block: usize, start: &'a [u8]) -> Result<(), Fault<'a>> {
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
