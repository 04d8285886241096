//! The grammar of physical and logical lines, as nom parsers over bytes.
//!
//! Every parser takes the rest of the chunk and gives the rest behind it, so a
//! place is always `chunk.len() - rest.len()`.

use memchr::{memchr, memchr_iter};
use nom::bytes::complete::{tag, tag_no_case};
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Parser};

use super::line::Form;
use super::names::NumberOrNone;
use super::{LdifErrorKind, Line};

pub(super) type Parsed<'a, T> = IResult<&'a [u8], T, Fault<'a>>;

/// An error and the rest of the chunk from the place where it stands.
#[derive(Debug)]
pub(super) struct Fault<'a> {
    pub at: &'a [u8],
    pub kind: LdifErrorKind,
}

impl<'a> ParseError<&'a [u8]> for Fault<'a> {
    fn from_error_kind(at: &'a [u8], _: ErrorKind) -> Self {
        Self { at, kind: LdifErrorKind::NoColon }
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

pub(super) fn fault<T>(at: &[u8], kind: LdifErrorKind) -> Parsed<'_, T> {
    Err(nom::Err::Error(Fault { at, kind }))
}

/// A logical line and how many physical lines it takes.
#[derive(Debug)]
pub(super) struct Lexed<'a> {
    /// The line; its offset and number are the reader's to fill in.
    pub line: Line<'a>,
    pub physical: u32,
}

/// Raw text up to a line end that no fold follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folded<'a> {
    pub raw: &'a [u8],
    pub physical: u32,
}

const NAME: u8 = 1;
const OPTION: u8 = 2;

/// What may stand in an attribute description: RFC 4512 names, OIDs and options,
/// the underscore of several servers, `=`, `*` of Active Directory's
/// `;range=0-*`, and `@` of Samba's `@IDXATTR`.
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        if c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b'=' | b'*' | b'@') {
            table[byte] = NAME;
        }
        byte += 1;
    }
    table[b';' as usize] = NAME | OPTION;
    table
};

/// The characters of an attribute description (or keyword) and whether it has
/// options.
#[inline(always)]
pub(super) fn attribute_description(input: &[u8]) -> (&[u8], &[u8], bool) {
    let mut seen = 0;
    let end = input
        .iter()
        .position(|&byte| {
            let class = CLASS[usize::from(byte)];
            seen |= class;
            class == 0
        })
        .unwrap_or(input.len());
    let (name, rest) = input.split_at(end);
    (rest, name, seen & OPTION != 0)
}

/// Whether the name would be read back as an attribute description.
pub(super) fn is_attribute_description(name: &[u8]) -> bool {
    // A line that begins with `-` ends a modification.
    !matches!(name, [] | [b'-', ..])
        && name.iter().fold(true, |all, &byte| all & (CLASS[usize::from(byte)] != 0))
}

/// Text with its folds, up to the line end or the end of the input.
#[inline(always)]
pub(super) fn folded_text(input: &[u8]) -> Parsed<'_, Folded<'_>> {
    let mut end = 0;
    let mut physical = 1;
    loop {
        let Some(at) = memchr(b'\n', &input[end..]) else {
            return Ok((&[], Folded { raw: without_cr(input), physical }));
        };
        end += at + 1;
        match input.get(end) {
            Some(b' ') => match spaces(&input[end..]) {
                None => physical += 1,
                Some(Spaces::Folds { length, lines }) => {
                    end += length;
                    physical += lines;
                }
                Some(Spaces::Separator) => break,
            },
            Some(b'\t') => return fault(&input[end..], LdifErrorKind::TabFold),
            _ => break,
        }
    }
    Ok((&input[end..], Folded { raw: without_cr(&input[..end - 1]), physical }))
}

pub(super) fn without_cr(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// What one or several lines of spaces are: to the RFC folds of nothing, to the
/// one who wrote them often a blank line.
enum Spaces {
    /// A record begins behind them.
    Separator,
    /// Folds, in so many lines; the last one's line end is at `length`, or the
    /// input ends there.
    Folds { length: usize, lines: u32 },
}

/// All lines of spaces that stand here.
fn spaces(input: &[u8]) -> Option<Spaces> {
    let mut rest = line_of_spaces(input)?;
    let mut lines = 1;
    while let Some(behind) = line_of_spaces(rest) {
        rest = behind;
        lines += 1;
    }
    if starts_record(rest) {
        return Some(Spaces::Separator);
    }
    let passed = &input[..input.len() - rest.len()];
    let length = passed.strip_suffix(b"\n").unwrap_or(passed).len();
    Some(Spaces::Folds { length, lines })
}

/// The rest behind a physical line that holds spaces only.
pub(super) fn line_of_spaces(input: &[u8]) -> Option<&[u8]> {
    if !matches!(input, [b' ', b' ' | b'\n' | b'\r', ..] | [b' ']) {
        return None;
    }
    let spaces = input.iter().take_while(|&&byte| byte == b' ').count();
    match &input[spaces..] {
        [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => Some(rest),
        [] => Some(&[]),
        _ => None,
    }
}

/// The byte order mark of UTF-8, which stands within files that were put together
/// from several.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// The rest behind byte order marks, of which several editors may have left one.
pub(super) fn behind_marks(input: &[u8]) -> &[u8] {
    let mut rest = input;
    while let Some(behind) = rest.strip_prefix(BOM) {
        rest = behind;
    }
    rest
}

/// Whether the line begins a record: `dn:` in any case.
pub(super) fn starts_record(input: &[u8]) -> bool {
    let dn: Parsed<'_, &[u8]> = tag_no_case("dn:").parse(behind_marks(input));
    dn.is_ok()
}

/// Logical lines that begin a record, folded as they may be.
pub(super) fn count_record_starts(text: &[u8]) -> usize {
    let starts = memchr_iter(b'\n', text).map(|at| at + 1);
    let starts = std::iter::once(0).chain(starts);
    starts.filter(|&at| starts_folded_record(&text[at..])).count()
}

fn starts_folded_record(line: &[u8]) -> bool {
    let line = behind_marks(line);
    let mut dn = Unfolding { raw: line, at: 0 };
    !matches!(line.first(), Some(b'\n' | b'\r'))
        && b"dn:".iter().all(|&byte| dn.take_if(|c| c.eq_ignore_ascii_case(&byte)))
}

/// What stands behind the description of an attribute line or keyword line:
/// separator, fill, value. `colon` is the place of the colon, `ends` are the line
/// ends from there on.
pub(super) fn plain_value(chunk: &[u8], colon: usize, ends: &[u32]) -> Option<PlainValue> {
    let (form, lead) = separator(chunk.get(colon + 1..)?)?;
    let (end, physical) = value_end(chunk, ends)?;
    Some(PlainValue { form, from: colon + lead, end, physical })
}

/// The form of a line without surprises, by what stands behind its first colon,
/// and how far behind that colon the value begins.
#[inline(always)]
pub(super) fn separator(behind_colon: &[u8]) -> Option<(Form, usize)> {
    // Nothing up to the space begins a value without surprises.
    match behind_colon {
        [b' ', b'!'..=u8::MAX, ..] => Some((Form::Plain, 2)),
        [b':', b' ', b'!'..=u8::MAX, ..] => Some((Form::Base64, 3)),
        [b':' | b'<', ..] => None,
        [b'!'..=u8::MAX, ..] => Some((Form::Plain, 1)),
        _ => None,
    }
}

/// Where the LF of a logical line without surprises stands, and how many physical
/// lines it has; `ends` are the line ends from its start on.
#[inline(always)]
pub(super) fn value_end(chunk: &[u8], ends: &[u32]) -> Option<(u32, u32)> {
    let &end = ends.first()?;
    match chunk.get(end as usize + 1) {
        Some(b'!'..=u8::MAX) => Some((end, 1)),
        _ => folded_value_end(chunk, ends),
    }
}

/// The same where a fold may follow.
#[inline(never)]
fn folded_value_end(chunk: &[u8], ends: &[u32]) -> Option<(u32, u32)> {
    let mut physical = 0;
    for &end in ends {
        physical += 1;
        match chunk.get(end as usize + 1..) {
            Some([b' ', b'!'..=u8::MAX, ..]) => {}
            Some(fold @ [b' ', ..]) => match spaces(fold) {
                None => {}
                Some(Spaces::Separator) => return Some((end, physical)),
                // Rare, and not to be looked through once for each of the lines.
                Some(Spaces::Folds { .. }) => return None,
            },
            Some([b'\t', ..]) => return None,
            _ => return Some((end, physical)),
        }
    }
    None
}

/// The parts of a line without surprises.
pub(super) struct PlainValue {
    pub form: Form,
    /// Where the value begins in the chunk.
    pub from: usize,
    /// Where the line's LF stands.
    pub end: u32,
    pub physical: u32,
}

/// Steps over the bytes of a logical line as if it were not folded.
struct Unfolding<'a> {
    raw: &'a [u8],
    at: usize,
}

impl Unfolding<'_> {
    /// The next byte; behind it the place is that byte's, not the fold's.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.raw.get(self.at..)? {
                [b'\n', b' ', ..] => self.at += 2,
                [b'\r', b'\n', b' ', ..] => self.at += 3,
                rest => return rest.first().copied(),
            }
        }
    }

    fn take_if(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let taken = self.peek().is_some_and(wanted);
        self.at += usize::from(taken);
        taken
    }
}

/// Where the byte stands in raw text that is at `place` once the text is unfolded.
pub(super) fn folded_place(raw: &[u8], place: usize) -> usize {
    let mut text = Unfolding { raw, at: 0 };
    for _ in 0..place {
        text.take_if(|_| true);
    }
    text.peek();
    text.at
}

/// Any logical line, folded wherever a fold may stand: in the description, in
/// the separator (`:`, `::` or `:<`), in the spaces behind it (`FILL`).
#[cold]
pub(super) fn logical_line(input: &[u8]) -> Parsed<'_, Lexed<'_>> {
    let (rest, Folded { raw, physical }) = folded_text(input)?;
    let mut head = Unfolding { raw, at: 0 };
    while head.take_if(|byte| CLASS[usize::from(byte)] != 0) {}
    let (name, _) = raw.split_at(head.at);
    if name.is_empty() || !head.take_if(|byte| byte == b':') {
        return Err(nom::Err::Error(diagnose(input, raw, head.at)));
    }
    let form = if head.take_if(|byte| byte == b':') {
        Form::Base64
    } else if head.take_if(|byte| byte == b'<') {
        Form::Url
    } else {
        Form::Plain
    };
    while head.take_if(|byte| byte == b' ') {}
    let value = &raw[head.at..];
    let line = Line {
        name,
        value,
        form,
        name_folded: memchr(b'\n', name).is_some(),
        value_folded: memchr(b'\n', value).is_some(),
        options: memchr(b';', name).is_some(),
        offset: 0,
        line: 0,
        repeated: false,
        number: NumberOrNone::NONE,
    };
    Ok((rest, Lexed { line, physical }))
}

/// What is most likely wrong with a line that is no attribute line, and where;
/// no description goes beyond `end` of its raw text.
fn diagnose<'a>(input: &'a [u8], raw: &[u8], end: usize) -> Fault<'a> {
    let (kind, at) = match input.first() {
        Some(b' ') => (LdifErrorKind::OrphanContinuation, 0),
        Some(b'\t') => (LdifErrorKind::TabFold, 0),
        _ => match (stray_cr(raw), memchr(b':', raw)) {
            (Some(at), _) => (LdifErrorKind::BareCr, at),
            (None, Some(_)) => (LdifErrorKind::BadAttributeDescription, end),
            (None, None) => (LdifErrorKind::NoColon, 0),
        },
    };
    Fault { at: &input[at..], kind }
}

/// The first CR in raw text that belongs to no line end.
pub(super) fn stray_cr(raw: &[u8]) -> Option<usize> {
    memchr_iter(b'\r', raw).find(|&at| raw.get(at + 1) != Some(&b'\n'))
}

/// A comment with its folds.
pub(super) fn comment(input: &[u8]) -> Parsed<'_, Folded<'_>> {
    let (_, _) = tag("#").parse(input)?;
    folded_text(input)
}

/// A `-` line.
#[derive(Debug)]
pub(super) struct Dash {
    /// Whether spaces follow the dash.
    pub spaces: bool,
    pub physical: u32,
}

/// A `-` line, with folds of nothing.
pub(super) fn dash(input: &[u8]) -> Parsed<'_, Dash> {
    let (rest, Folded { raw, physical }) = folded_text(input)?;
    let mut line = Unfolding { raw, at: 0 };
    line.take_if(|byte| byte == b'-');
    let mut spaces = false;
    while line.take_if(|byte| byte == b' ') {
        spaces = true;
    }
    match line.peek() {
        None => Ok((rest, Dash { spaces, physical })),
        Some(_) => Err(nom::Err::Error(diagnose(input, raw, 0))),
    }
}

/// A blank line.
pub(super) fn blank(input: &[u8]) -> Option<&[u8]> {
    match input {
        [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => Some(rest),
        // The input was cut within its last line end.
        [b'\r'] => Some(&[]),
        _ => None,
    }
}

/// The rest behind the next blank line (or from the lines of spaces that stand
/// for one), and the text before it.
pub(super) fn up_to_blank(input: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = input;
    while let Some(at) = memchr(b'\n', rest) {
        rest = &rest[at + 1..];
        let passed = &input[..input.len() - rest.len()];
        if let Some(behind) = blank(rest) {
            return (behind, passed);
        }
        match spaces(rest) {
            Some(Spaces::Separator) => return (rest, passed),
            Some(Spaces::Folds { length, .. }) => rest = &rest[length..],
            None => {}
        }
    }
    (&[], input)
}

#[cfg(test)]
#[path = "grammar_tests.rs"]
mod tests;
