//! A logical line: an attribute description, a separator and a value, possibly
//! folded over several physical lines.

use std::borrow::Cow;

use super::Value;

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
    /// Bytes from the start of the chunk to the start of the line.
    pub(super) offset: u32,
    /// Physical lines before this one in the chunk.
    pub(super) line: u32,
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
            offset: 0,
            line: 0,
        }
    }

    /// The attribute description (or keyword) before the colon.
    #[must_use]
    pub fn name(&self) -> Cow<'a, [u8]> {
        if self.name_folded { Cow::Owned(unfold(self.name)) } else { Cow::Borrowed(self.name) }
    }

    /// Physical lines of the chunk before this one.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
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

    /// The bytes behind the separator, unfolded, not decoded from base64.
    #[must_use]
    pub fn text(&self) -> Cow<'a, [u8]> {
        if self.value_folded { Cow::Owned(unfold(self.value)) } else { Cow::Borrowed(self.value) }
    }

    /// The value's bytes: unfolded, decoded from base64. For a URL its text.
    #[must_use]
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        let text = self.text();
        match self.form {
            Form::Plain | Form::Url => text,
            Form::Base64 => Cow::Owned(super::base64::decode(&text)),
        }
    }
}

/// Removes the folds (line end, one space) from a raw slice.
pub(super) fn unfold(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        let end = if at > 0 && rest[at - 1] == b'\r' { at - 1 } else { at };
        out.extend_from_slice(&rest[..end]);
        // The byte behind a fold's line end is its one space.
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}
