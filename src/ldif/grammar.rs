//! The grammar of physical and logical lines, as nom parsers over bytes.
//!
//! Every parser takes the rest of the chunk and gives the rest behind it, so a
//! place is always `chunk.len() - rest.len()`.

use memchr::memchr;
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while};
use nom::combinator::value;
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Parser};

use super::line::{Form, unfold};
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
/// the underscore of several servers, and `=`, `*` of Active Directory's
/// `;range=0-*`.
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        if c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b'=' | b'*') {
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

/// `:`, `::` or `:<`.
fn separator(input: &[u8]) -> Parsed<'_, Form> {
    alt((value(Form::Base64, tag("::")), value(Form::Url, tag(":<")), value(Form::Plain, tag(":"))))
        .parse(input)
}

/// The spaces between the separator and the value (`FILL`).
fn fill(input: &[u8]) -> Parsed<'_, &[u8]> {
    take_while(|byte| byte == b' ').parse(input)
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
            Some(b' ') if !is_separator_of_spaces(&input[end..]) => physical += 1,
            Some(b'\t') => return fault(&input[end..], LdifErrorKind::TabFold),
            _ => {
                let raw = without_cr(&input[..end - 1]);
                return Ok((&input[end..], Folded { raw, physical }));
            }
        }
    }
}

pub(super) fn without_cr(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// Whether a line of spaces stands here and a record begins behind it: to the
/// RFC it is a fold of nothing, to the one who wrote it a blank line.
fn is_separator_of_spaces(input: &[u8]) -> bool {
    let mut rest = input;
    while let Some(behind) = line_of_spaces(rest) {
        rest = behind;
    }
    rest.len() < input.len() && starts_record(rest)
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

/// Whether the line begins a record: `dn:` in any case.
pub(super) fn starts_record(input: &[u8]) -> bool {
    let dn: Parsed<'_, &[u8]> = tag_no_case("dn:").parse(input);
    dn.is_ok()
}

/// What stands behind the description of an attribute line or keyword line:
/// separator, fill, value. `colon` is the place of the colon, `ends` are the line
/// ends from there on.
///
/// Its parts come as scalars, inlined into the reader: a structure that is put
/// together here and copied there costs a third of the time of reading.
#[inline(always)]
pub(super) fn plain_value(chunk: &[u8], colon: usize, ends: &[u32]) -> Option<PlainValue> {
    // Nothing up to the space begins a value without surprises.
    let (form, from) = match chunk.get(colon + 1..)? {
        [b' ', b'!'..=u8::MAX, ..] => (Form::Plain, colon + 2),
        [b':', b' ', b'!'..=u8::MAX, ..] => (Form::Base64, colon + 3),
        [b':' | b'<', ..] => return None,
        [b'!'..=u8::MAX, ..] => (Form::Plain, colon + 1),
        _ => return None,
    };
    for (physical, &end) in (1..).zip(ends) {
        match chunk.get(end as usize + 1) {
            Some(b' ') if !is_separator_of_spaces(&chunk[end as usize + 1..]) => {}
            Some(b'\t') => return None,
            _ => return Some(PlainValue { form, from, end, physical }),
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

/// Any logical line, folded wherever a fold may stand.
#[cold]
pub(super) fn logical_line(input: &[u8]) -> Parsed<'_, Lexed<'_>> {
    let (rest, name, options) = attribute_description(input);
    if name.is_empty() || rest.first() != Some(&b':') {
        return folded_name(input);
    }
    let (rest, form) = separator(rest)?;
    let (rest, _) = fill(rest)?;
    if matches!(rest.first(), Some(b'\n' | b'\r')) && begins_with_fold(rest) {
        return folded_separator(input, name, form, rest, options);
    }
    let (rest, text) = folded_text(rest)?;
    Ok((rest, lexed(name, form, text, options)))
}

fn lexed<'a>(name: &'a [u8], form: Form, text: Folded<'a>, options: bool) -> Lexed<'a> {
    let line = Line {
        name,
        value: text.raw,
        form,
        name_folded: false,
        value_folded: text.physical > 1,
        options,
        offset: 0,
        line: 0,
        number: None,
    };
    Lexed { line, physical: text.physical }
}

/// A line end and one space, where the fold is not a disguised separator.
fn begins_with_fold(input: &[u8]) -> bool {
    let behind = match input {
        [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => rest,
        _ => return false,
    };
    behind.first() == Some(&b' ') && !is_separator_of_spaces(behind)
}

/// A line whose first fold stands where fill and value meet: the spaces behind
/// the fold still belong to the fill, and `:` or `<` to the separator.
fn folded_separator<'a>(
    input: &'a [u8],
    name: &'a [u8],
    form: Form,
    from: &'a [u8],
    options: bool,
) -> Parsed<'a, Lexed<'a>> {
    let (mut rest, mut form, mut folds) = (from, form, 0);
    let mut fill_seen = input.len() - from.len() > name.len() + 2;
    while begins_with_fold(rest) {
        let line_end = if rest.first() == Some(&b'\r') { 2 } else { 1 };
        rest = &rest[line_end + 1..];
        folds += 1;
        if form == Form::Plain && !fill_seen {
            match rest.first() {
                Some(b':') => (form, rest) = (Form::Base64, &rest[1..]),
                Some(b'<') => (form, rest) = (Form::Url, &rest[1..]),
                _ => {}
            }
        }
        let (behind, spaces) = fill(rest)?;
        fill_seen |= !spaces.is_empty();
        rest = behind;
    }
    let (rest, text) = folded_text(rest)?;
    let mut lexed = lexed(name, form, text, options);
    lexed.physical += folds;
    Ok((rest, lexed))
}

/// A line whose attribute description is not followed by a colon: either a fold
/// stands within the description, or it is an error.
#[cold]
fn folded_name(input: &[u8]) -> Parsed<'_, Lexed<'_>> {
    let (rest, text) = folded_text(input)?;
    let whole = unfold(text.raw);
    let (behind, name, options) = attribute_description(&whole);
    if name.is_empty() || behind.first() != Some(&b':') || text.physical == 1 {
        return fault(input, diagnose(input, &whole));
    }
    // The raw name ends where as many description bytes have gone by as the
    // unfolded name has; folds in between do not count.
    let mut left = name.len();
    let mut end = 0;
    while left > 0 {
        match &text.raw[end..] {
            [b'\n', ..] => end += 2,
            [b'\r', ..] => end += 3,
            _ => {
                end += 1;
                left -= 1;
            }
        }
    }
    while matches!(text.raw.get(end), Some(b'\n' | b'\r')) {
        end += if text.raw[end] == b'\r' { 3 } else { 2 };
    }
    let (raw_name, after) = text.raw.split_at(end);
    let (after, form) = separator(after)?;
    let (mut after, _) = fill(after)?;
    while begins_with_fold(after) {
        let line_end = if after.first() == Some(&b'\r') { 2 } else { 1 };
        (after, _) = fill(&after[line_end + 1..])?;
    }
    let line = Line {
        name: raw_name,
        value: after,
        form,
        name_folded: true,
        value_folded: true,
        options,
        offset: 0,
        line: 0,
        number: None,
    };
    Ok((rest, Lexed { line, physical: text.physical }))
}

/// What is most likely wrong with a line that is no attribute line.
fn diagnose(input: &[u8], whole: &[u8]) -> LdifErrorKind {
    match input.first() {
        Some(b' ') => LdifErrorKind::OrphanContinuation,
        Some(b'\t') => LdifErrorKind::TabFold,
        _ if memchr(b'\r', without_cr(whole)).is_some() => LdifErrorKind::BareCr,
        _ if memchr(b':', whole).is_some() => LdifErrorKind::BadAttributeDescription,
        _ => LdifErrorKind::NoColon,
    }
}

/// A comment with its folds.
pub(super) fn comment(input: &[u8]) -> Parsed<'_, Folded<'_>> {
    let (_, _) = tag("#").parse(input)?;
    folded_text(input)
}

/// A `-` line; the flag tells whether spaces follow the dash.
pub(super) fn dash(input: &[u8]) -> Parsed<'_, bool> {
    let (rest, _) = tag("-").parse(input)?;
    let (rest, spaces) = take_while(|byte| byte == b' ').parse(rest)?;
    let spaced = !spaces.is_empty();
    match rest {
        [] | [b'\r'] => Ok((&[], spaced)),
        [b'\n', behind @ ..] | [b'\r', b'\n', behind @ ..] => Ok((behind, spaced)),
        _ => fault(input, LdifErrorKind::NoColon),
    }
}

/// A blank line.
pub(super) fn blank(input: &[u8]) -> Option<&[u8]> {
    match input {
        [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// The rest behind the next blank line, and the text before it.
pub(super) fn up_to_blank(input: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = input;
    while let Some(at) = memchr(b'\n', rest) {
        rest = &rest[at + 1..];
        if let Some(behind) = blank(rest) {
            return (behind, &input[..input.len() - rest.len()]);
        }
    }
    (&[], input)
}
