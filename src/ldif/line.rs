//! A logical line: an attribute description, a separator and a value, possibly
//! folded over several physical lines.

use std::borrow::Cow;

use super::names::NumberOrNone;
use super::{NameNumber, Value};

/// How the value stands behind the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// `attr: value`
    Plain,
    /// `attr:: base64`
    Base64,
    /// `attr:< URL`
    Url,
}

/// One logical line whose syntax has been checked. It borrows from the input,
/// folds included, and decodes only when asked.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) form: Form,
    pub(super) name_folded: bool,
    pub(super) value_folded: bool,
    pub(super) options: bool,
    pub(super) repeated: bool,
    /// Bytes from the start of the chunk to the start of the line.
    pub(super) offset: u32,
    /// Physical lines before this one in the chunk.
    pub(super) line: u32,
    pub(super) number: NumberOrNone,
}

impl<'a> Line<'a> {
    /// A line that was not read but made from a description and a value.
    #[must_use]
    pub fn of(name: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            name,
            value,
            form: Form::Plain,
            name_folded: false,
            value_folded: false,
            options: name.contains(&b';'),
            offset: 0,
            line: 0,
            repeated: false,
            number: NumberOrNone::NONE,
        }
    }

    /// The attribute description (or keyword) before the colon.
    #[must_use]
    pub fn name(&self) -> Cow<'a, [u8]> {
        if self.name_folded { Cow::Owned(unfold(self.name)) } else { Cow::Borrowed(self.name) }
    }

    /// The description's number within its reader; lines with the same number
    /// have the same description. Not every line has one.
    #[must_use]
    pub fn name_number(&self) -> Option<NameNumber> {
        self.number.get()
    }

    /// Whether the description, in any case, is this one without options.
    #[must_use]
    #[inline]
    pub fn is(&self, name: &[u8]) -> bool {
        if self.name_folded {
            return self.name().eq_ignore_ascii_case(name);
        }
        // Lengths differ nearly always, and the comparison is a call.
        self.name.len() == name.len() && self.name.eq_ignore_ascii_case(name)
    }

    /// Whether the description has options.
    #[must_use]
    pub fn has_options(&self) -> bool {
        self.options
    }

    /// Whether a line before it in its record is of the same attribute; told of
    /// attributes only for which the reader was asked to
    /// ([`Wanted::with_repeated`](super::Wanted::with_repeated)).
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        self.repeated
    }

    /// The same line as the only one of its attribute.
    #[must_use]
    pub fn unrepeated(self) -> Self {
        Self { repeated: false, ..self }
    }

    /// The same line as one that a line of the same attribute stands before.
    #[must_use]
    pub fn repeated(self) -> Self {
        Self { repeated: true, ..self }
    }

    /// Bytes from the start of the chunk to the start of the line.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// Physical lines before this one in the chunk.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The same line, where `before` stands before the text that it was read from.
    #[must_use]
    pub fn behind(self, before: &[u8]) -> Self {
        let lines = memchr::memchr_iter(b'\n', before).count();
        let more =
            |number: u32, by: usize| number.saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
        Self { offset: more(self.offset, before.len()), line: more(self.line, lines), ..self }
    }

    /// A separator and a value, as they stand behind a control's criticality.
    pub(super) fn parse_value(text: &[u8]) -> Option<Value<'_>> {
        let trimmed = |text: &'_ [u8]| text.iter().take_while(|&&byte| byte == b' ').count();
        match text {
            [b':', b':', rest @ ..] => {
                let digits = &rest[trimmed(rest)..];
                match super::base64::check(digits) {
                    super::base64::Base64::Bad(_) => None,
                    _ => Some(Value::Bytes(Cow::Owned(super::base64::decode(digits)))),
                }
            }
            [b':', b'<', rest @ ..] => Some(Value::Url(Cow::Borrowed(&rest[trimmed(rest)..]))),
            [b':', rest @ ..] => Some(Value::Bytes(Cow::Borrowed(&rest[trimmed(rest)..]))),
            _ => None,
        }
    }

    /// How the value is written.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The value, unfolded and decoded; borrowed where it stands as it is.
    #[must_use]
    pub fn value(&self) -> Value<'a> {
        match self.form {
            Form::Plain | Form::Base64 => Value::Bytes(self.bytes()),
            Form::Url => Value::Url(self.text()),
        }
    }

    /// The bytes behind the separator as they stand in the input, folds included.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.value
    }

    /// The value's bytes where they stand in the input as they are.
    #[must_use]
    #[inline]
    pub fn borrowed(&self) -> Option<&'a [u8]> {
        (self.form != Form::Base64 && !self.value_folded).then_some(self.value)
    }

    /// The bytes behind the separator, unfolded, not decoded from base64.
    #[must_use]
    pub fn text(&self) -> Cow<'a, [u8]> {
        if self.value_folded { Cow::Owned(unfold(self.value)) } else { Cow::Borrowed(self.value) }
    }

    /// The value's bytes: unfolded, decoded from base64. For a URL its text.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        match self.borrowed() {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(self.bytes_made()),
        }
    }

    /// The value's bytes where they do not stand in the input as they are.
    #[inline(never)]
    fn bytes_made(&self) -> Vec<u8> {
        match self.form {
            Form::Plain | Form::Url => unfold(self.value),
            Form::Base64 => super::base64::decode(&self.text()),
        }
    }

    /// The same; where the bytes do not stand as they are, `buffer` takes them, so
    /// that nothing is allocated for each value.
    #[inline]
    pub fn bytes_in<'b>(&self, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        if let Some(bytes) = self.borrowed() {
            return bytes;
        }
        match self.form {
            Form::Base64 => *buffer = super::base64::decode(&self.text()),
            Form::Plain | Form::Url => {
                buffer.clear();
                buffer.reserve(self.value.len());
                unfold_into(self.value, buffer);
            }
        }
        buffer
    }
}

/// Removes the folds (line end, one space) from a raw slice.
pub(super) fn unfold(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    unfold_into(raw, &mut out);
    out
}

fn unfold_into(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        let end = if at > 0 && rest[at - 1] == b'\r' { at - 1 } else { at };
        out.extend_from_slice(&rest[..end]);
        // The byte behind a fold's line end is its one space.
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
