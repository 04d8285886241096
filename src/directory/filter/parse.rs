//! Reading of filters, with nom.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, multispace0};
use nom::combinator::{map, success};
use nom::error::{ErrorKind, ParseError};
use nom::multi::many0;
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::{Filter, FilterAttribute, MatchingRule};
use crate::directory::attribute::is_type_byte;
use crate::directory::matching::hex_digit;

/// How deep filters may nest. People write five levels and programs twenty; the
/// limit keeps a hostile filter from exhausting the stack.
pub const MAX_DEPTH: usize = 100;

/// An error in a filter, with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, at byte {offset} of the filter")]
pub struct FilterError {
    /// What is wrong.
    pub kind: FilterErrorKind,
    /// Bytes of the filter before the place.
    pub offset: usize,
}

impl FilterError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.kind {
            FilterErrorKind::Empty => "write a filter such as (objectClass=*)",
            FilterErrorKind::NotClosed { .. } => {
                "add the missing ) or write \\28 for a ( in a value"
            }
            FilterErrorKind::ExpectedFilter => {
                "each part of &, | and ! stands in its own parentheses: (&(a=1)(!(b=2)))"
            }
            FilterErrorKind::TrailingText => {
                "remove a ) that is too many, or join several filters: (&(a=1)(b=2))"
            }
            FilterErrorKind::NotOne => "negate several parts by (!(|(a=1)(b=2)))",
            FilterErrorKind::BadAttribute => "write an attribute name or OID before the operator",
            FilterErrorKind::NoOperator => "use =, >=, <=, ~= or := between attribute and value",
            FilterErrorKind::OpenInValue => {
                "write \\28 for a ( in a value, or close the part before it with )"
            }
            FilterErrorKind::BadEscape => {
                "write \\5c for a backslash; \\ comes before two hexadecimal digits"
            }
            FilterErrorKind::NoRule => "write (attr:=value) or (:rule:=value)",
            FilterErrorKind::TooDeep => "simplify the filter",
        }
    }
}

/// What can be wrong with a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterErrorKind {
    /// Nothing but blanks.
    #[error("an empty filter")]
    Empty,
    /// A parenthesis that is not closed.
    #[error("the parenthesis opened at byte {opened} is not closed")]
    NotClosed {
        /// Bytes before the opening parenthesis.
        opened: usize,
    },
    /// No `(` where a filter must begin.
    #[error("no opening parenthesis where a filter must begin")]
    ExpectedFilter,
    /// Something behind the end.
    #[error("text behind the end of the filter")]
    TrailingText,
    /// `!` with more than one filter.
    #[error("a ! before more than one filter")]
    NotOne,
    /// No attribute description, or one that cannot be.
    #[error("no attribute where one must stand")]
    BadAttribute,
    /// No operator behind the attribute.
    #[error("an attribute without an operator")]
    NoOperator,
    /// `(` in a value.
    #[error("an opening parenthesis within a value")]
    OpenInValue,
    /// A backslash that escapes nothing.
    #[error("a backslash that escapes nothing")]
    BadEscape,
    /// An extensible match with neither attribute nor rule.
    #[error("an extensible match with neither attribute nor matching rule")]
    NoRule,
    /// Deeper than [`MAX_DEPTH`].
    #[error("filters nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// Reads a whole filter.
pub(super) fn parse(text: &[u8]) -> Result<Filter, FilterError> {
    let trimmed = text.trim_ascii();
    let result = match trimmed.first() {
        None => return Err(FilterError { kind: FilterErrorKind::Empty, offset: 0 }),
        Some(b'(') => filter(trimmed, 0),
        Some(_) => body(trimmed, 0),
    };
    let fault = match result.map(|(rest, filter)| (rest.trim_ascii_start(), filter)) {
        Ok(([], filter)) => return Ok(filter),
        Ok((rest, _)) => Fault { rest, cause: Cause::Known(FilterErrorKind::TrailingText) },
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => fault,
        // Complete parsers never ask for more.
        Err(nom::Err::Incomplete(_)) => {
            Fault { rest: b"", cause: Cause::Known(FilterErrorKind::Empty) }
        }
    };
    let indent = text.len() - text.trim_ascii_start().len();
    let place = |rest: &[u8]| indent + trimmed.len().saturating_sub(rest.len());
    let kind = match fault.cause {
        Cause::Known(kind) => kind,
        Cause::NotClosed { from } => FilterErrorKind::NotClosed { opened: place(from) },
        Cause::Expected => FilterErrorKind::ExpectedFilter,
    };
    Err(FilterError { kind, offset: place(fault.rest) })
}

type Parsed<'i, T> = IResult<&'i [u8], T, Fault<'i>>;

/// An error in the making: the place is what had not been read yet.
#[derive(Debug)]
struct Fault<'i> {
    rest: &'i [u8],
    cause: Cause<'i>,
}

#[derive(Debug)]
enum Cause<'i> {
    Known(FilterErrorKind),
    NotClosed {
        from: &'i [u8],
    },
    /// A combinator did not find its character: a filter's parenthesis, since
    /// all others are optional.
    Expected,
}

impl<'i> ParseError<&'i [u8]> for Fault<'i> {
    fn from_error_kind(rest: &'i [u8], _: ErrorKind) -> Self {
        Self { rest, cause: Cause::Expected }
    }

    fn append(_: &'i [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

fn fail<T>(rest: &[u8], kind: FilterErrorKind) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Fault { rest, cause: Cause::Known(kind) }))
}

/// A filter in parentheses. A recoverable error only where there is no `(`.
fn filter(input: &[u8], depth: usize) -> Parsed<'_, Filter> {
    let (inner, _) = char('(').parse(input)?;
    if depth >= MAX_DEPTH {
        return fail(input, FilterErrorKind::TooDeep);
    }
    let (rest, _) = multispace0(inner)?;
    let (rest, filter) = body(rest, depth)?;
    match preceded(multispace0, char::<_, Fault<'_>>(')')).parse(rest) {
        Ok((rest, _)) => Ok((rest, filter)),
        Err(_) if matches!(filter, Filter::Not(_)) && rest.trim_ascii_start().starts_with(b"(") => {
            fail(rest, FilterErrorKind::NotOne)
        }
        Err(_) => Err(nom::Err::Failure(Fault { rest, cause: Cause::NotClosed { from: input } })),
    }
}

/// What stands between the parentheses.
fn body(input: &[u8], depth: usize) -> Parsed<'_, Filter> {
    match input.split_first() {
        Some((b'&', rest)) => map(|input| list(input, depth), Filter::And).parse(rest),
        Some((b'|', rest)) => map(|input| list(input, depth), Filter::Or).parse(rest),
        Some((b'!', rest)) => {
            let inner = preceded(multispace0, |input| filter(input, depth + 1));
            map(inner, |inner| Filter::Not(Box::new(inner))).parse(rest)
        }
        _ => item(input),
    }
}

fn list(input: &[u8], depth: usize) -> Parsed<'_, Vec<Filter>> {
    let (rest, parts) =
        many0(preceded(multispace0, |input| filter(input, depth + 1))).parse(input)?;
    // `(&a=1)`: neither a filter nor the end of the list.
    match rest.trim_ascii_start() {
        [] | [b')', ..] => Ok((rest, parts)),
        rest => fail(rest, FilterErrorKind::ExpectedFilter),
    }
}

#[derive(Clone, Copy)]
enum Operator {
    Equal,
    GreaterOrEqual,
    LessOrEqual,
    Approximate,
}

fn item(input: &[u8]) -> Parsed<'_, Filter> {
    let (rest, text) = take_while(|byte| is_type_byte(byte) || byte == b';').parse(input)?;
    let attribute = match text {
        [] => None,
        text => match FilterAttribute::new(&String::from_utf8_lossy(text)) {
            Ok(attribute) => Some(attribute),
            Err(_) => return fail(input, FilterErrorKind::BadAttribute),
        },
    };
    let (rest, _) = multispace0(rest)?;
    if rest.first() == Some(&b':') {
        return extensible(rest, attribute);
    }
    let Some(attribute) = attribute else { return fail(input, FilterErrorKind::BadAttribute) };
    let operator: Parsed<'_, Operator> = alt((
        map(tag("="), |_| Operator::Equal),
        map(tag(">="), |_| Operator::GreaterOrEqual),
        map(tag("<="), |_| Operator::LessOrEqual),
        map(tag("~="), |_| Operator::Approximate),
    ))
    .parse(rest);
    let Ok((rest, operator)) = operator else { return fail(rest, FilterErrorKind::NoOperator) };
    let (rest, pieces) = value(rest)?;
    let filter = match operator {
        Operator::Equal => equality(attribute, pieces),
        Operator::GreaterOrEqual => Filter::GreaterOrEqual(attribute, whole(pieces)),
        Operator::LessOrEqual => Filter::LessOrEqual(attribute, whole(pieces)),
        Operator::Approximate => Filter::Approximate(attribute, whole(pieces)),
    };
    Ok((rest, filter))
}

/// `:dn:rule:=value`, the attribute having been read.
fn extensible(input: &[u8], attribute: Option<FilterAttribute>) -> Parsed<'_, Filter> {
    let mut word = preceded(char::<_, Fault<'_>>(':'), take_while1(is_type_byte));
    let mut dn = false;
    let mut rule = None;
    let mut rest = input;
    while let Ok((after, text)) = word.parse(rest) {
        match (dn, &rule) {
            (false, None) if text.eq_ignore_ascii_case(b"dn") => dn = true,
            (_, None) => rule = Some(MatchingRule::of(&String::from_utf8_lossy(text))),
            _ => return fail(rest, FilterErrorKind::NoOperator),
        }
        rest = after;
    }
    let (rest, _) = match tag::<_, _, Fault<'_>>(":=").parse(rest) {
        Ok(found) => found,
        Err(_) => return fail(rest, FilterErrorKind::NoOperator),
    };
    if attribute.is_none() && rule.is_none() {
        return fail(input, FilterErrorKind::NoRule);
    }
    let (rest, pieces) = value(rest)?;
    Ok((rest, Filter::Extensible { attribute, dn, rule, value: whole(pieces) }))
}

/// A value up to the closing parenthesis or the end, unescaped, cut at its
/// asterisks: one piece more than there are.
fn value(input: &[u8]) -> Parsed<'_, Vec<Vec<u8>>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let mut rest = input;
    loop {
        let mut plain = take_while(|byte| !matches!(byte, b'(' | b')' | b'*' | b'\\'));
        let (after, run) = plain.parse(rest)?;
        piece.extend_from_slice(run);
        match after.split_first() {
            Some((b'*', after)) => {
                pieces.push(std::mem::take(&mut piece));
                rest = after;
            }
            Some((b'\\', escaped)) => match unescape(escaped) {
                Some((byte, after)) => {
                    piece.push(byte);
                    rest = after;
                }
                None => return fail(after, FilterErrorKind::BadEscape),
            },
            Some((b'(', _)) => return fail(after, FilterErrorKind::OpenInValue),
            _ => {
                pieces.push(piece);
                return success(pieces).parse(after);
            }
        }
    }
}

/// The byte behind a backslash, and the rest: two hex digits, or what LDAPv2
/// (RFC 1960) escaped by itself.
fn unescape(escaped: &[u8]) -> Option<(u8, &[u8])> {
    match escaped {
        [high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            Some((hex_digit(*high)? << 4 | hex_digit(*low)?, rest))
        }
        [byte @ (b'(' | b')' | b'*' | b'\\'), rest @ ..] => Some((*byte, rest)),
        _ => None,
    }
}

/// Only `=` gives asterisks a meaning.
fn whole(pieces: Vec<Vec<u8>>) -> Vec<u8> {
    pieces.join(b"*".as_slice())
}

fn equality(attribute: FilterAttribute, mut pieces: Vec<Vec<u8>>) -> Filter {
    let last = pieces.pop().unwrap_or_default();
    if pieces.is_empty() {
        return Filter::Equal(attribute, last);
    }
    let initial = Some(pieces.remove(0)).filter(|piece| !piece.is_empty());
    let middle: Vec<Vec<u8>> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
    let last = Some(last).filter(|piece| !piece.is_empty());
    if initial.is_none() && middle.is_empty() && last.is_none() {
        return Filter::Present(attribute);
    }
    Filter::Substring { attribute, initial, middle, last }
}
