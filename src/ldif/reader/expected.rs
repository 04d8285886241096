//! The quick way through lines that are as expected.

use super::super::base64::{self, Base64};
use super::super::line::Form;
use super::super::line_ends::{self, Texture};
use super::super::names::{Expectation, Expected, HEAD, Seen};
use super::super::{Line, grammar};
use super::{index, offset32};

/// The bytes that are looked at where a line begins: a description, its colon and
/// what may stand between that and the value.
const WINDOW: usize = HEAD + 4;

/// Lines of a chunk, from one on.
pub(super) struct Walk<'w, 'a> {
    pub chunk: &'a [u8],
    pub texture: Texture,
    /// The ends of the lines.
    pub ends: &'w [u32],
    /// A line that ends here or behind is not read.
    pub limit: u32,
    /// Whether lines are kept that are not wanted.
    pub keeps_all: bool,
    /// Where the next line begins.
    pub start: usize,
    /// Physical lines before it in the chunk.
    pub line: u32,
    pub expectation: Expectation<'w>,
    pub seen: &'w mut Seen,
}

impl<'w, 'a> Walk<'w, 'a> {
    /// Adds lines as long as they have an expected description and no surprises.
    pub(super) fn read(&mut self, lines: &mut Vec<Line<'a>>) {
        // The line behind the DN stays: it tells what the record is.
        let mut keeps_next = self.keeps_all || lines.len() < 2;
        let has_plain_bytes = self.texture == Texture::Plain;
        loop {
            let name = match has_plain_bytes && keeps_next == self.keeps_all {
                true if self.keeps_all => self.read_plain::<true>(lines),
                true => self.read_plain::<false>(lines),
                false => {
                    self.window().and_then(|window| self.expectation.next(window.first_chunk()?))
                }
            };
            let Some(name) = name else { return };
            if self.add(name, keeps_next, lines).is_none() {
                return;
            }
            keeps_next = self.keeps_all;
        }
    }

    /// Reads lines of plain bytes with a plain value; gives the description of the first
    /// other line, where it is expected.
    ///
    /// This runs over most lines of the input, and has nearly all that it needs in
    /// registers as long as it stays by itself.
    #[inline(never)]
    fn read_plain<const KEEPS_ALL: bool>(
        &mut self,
        lines: &mut Vec<Line<'a>>,
    ) -> Option<&'w Expected> {
        let text = &self.chunk[..self.chunk.len().min(index(self.limit))];
        let (mut start, mut ends) = (offset32(self.start), self.ends);
        let (mut expectation, seen) = (self.expectation, &mut *self.seen);
        // To count lines on the way would take a register.
        let (line, all) = (self.line, self.ends.len());
        let name = 'lines: loop {
            let window = text.get(index(start)..).and_then(<[u8]>::first_chunk::<WINDOW>);
            let Some(window) = window else { break None };
            let Some(name) = window.first_chunk().and_then(|head| expectation.next(head)) else {
                break None;
            };
            let behind = &window[name.length() + 1..];
            if behind[0] != b' ' || behind[1] <= b' ' {
                break Some(name);
            }
            let Some((&first, mut rest)) = ends.split_first() else { break Some(name) };
            let mut end = first;
            loop {
                match text.get(index(end) + 1) {
                    Some(b'!'..=u8::MAX | b'\n') => break,
                    Some(b' ') if text.get(index(end) + 2).is_some_and(|&byte| byte > b' ') => {}
                    _ => break 'lines Some(name),
                }
                let Some((&next, behind)) = rest.split_first() else { break 'lines Some(name) };
                (end, rest) = (next, behind);
            }
            let from = start + name.lead();
            let Some(value) = text.get(index(from)..index(end)) else { break Some(name) };
            let wanted = &name.wanted;
            let repeated = seen.again(wanted);
            if (wanted.takes_length(end.wrapping_sub(from)) | repeated | KEEPS_ALL)
                && (repeated | KEEPS_ALL || !wanted.leaves_out(Form::Plain, value))
            {
                lines.push(Line {
                    name: &window[..name.length()],
                    value,
                    form: Form::Plain,
                    name_folded: false,
                    value_folded: end > first,
                    options: false,
                    repeated,
                    offset: start,
                    line: line + offset32(all - ends.len()),
                    number: name.number.into(),
                });
            }
            start = end + 1;
            ends = rest;
        };
        self.start = index(start);
        self.line = line + offset32(all - ends.len());
        (self.ends, self.expectation) = (ends, expectation);
        name
    }

    fn window(&self) -> Option<&'a [u8; WINDOW]> {
        self.chunk.get(self.start..)?.first_chunk()
    }

    /// Reads a line whose description is known, and adds it where it is wanted or
    /// to be kept.
    fn add(&mut self, name: &Expected, keeps: bool, lines: &mut Vec<Line<'a>>) -> Option<()> {
        let (form, lead) = grammar::separator(&self.window()?[name.length() + 1..])?;
        let (end, physical) = grammar::value_end(self.chunk, self.ends)?;
        if end >= self.limit {
            return None;
        }
        let colon = self.start + name.length();
        let mut value = &self.chunk[colon + lead..index(end)];
        if self.texture != Texture::Plain {
            value = grammar::without_cr(value);
        }
        if self.texture == Texture::Mixed && !line_ends::is_plain(value)
            || form != Form::Plain && base64::check(value) != Base64::Padded
        {
            return None;
        }
        let repeated = self.seen.again(&name.wanted);
        if keeps || repeated || name.wanted.takes(form, value) {
            lines.push(Line {
                name: &self.chunk[self.start..colon],
                value,
                form,
                name_folded: false,
                value_folded: physical > 1,
                options: false,
                repeated,
                offset: offset32(self.start),
                line: self.line,
                number: name.number.into(),
            });
        }
        self.line += physical;
        self.ends = &self.ends[index(physical)..];
        self.start = index(end) + 1;
        Some(())
    }
}
