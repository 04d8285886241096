//! Reading of distinguished names: RFC 4514, with what RFC 2253 and Samba add.

use super::{Ava, ExtendedComponent, Rdn};
use crate::directory::attribute::{is_attribute_type, is_type_byte};
use crate::directory::matching::hex_digit;

/// An error in a DN, with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, at byte {offset} of the DN")]
pub struct DnError {
    /// What is wrong.
    pub kind: DnErrorKind,
    /// Bytes of the DN before the place.
    pub offset: usize,
}

/// What can be wrong with a DN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DnErrorKind {
    /// A separator with nothing behind or before it.
    #[error("an empty RDN (a comma too many?)")]
    EmptyRdn,
    /// No attribute type before the equals sign, or one that cannot be.
    #[error("no attribute type where one must stand")]
    BadType,
    /// No equals sign behind the attribute type.
    #[error("an RDN without an equals sign (is a comma of a value not escaped?)")]
    NoEquals,
    /// A backslash before something that cannot be escaped, or at the end.
    #[error("a backslash that escapes nothing")]
    BadEscape,
    /// `#` with an odd number of digits, none, or other characters.
    #[error("a value that starts with # but is not hexadecimal (write \\#)")]
    BadHex,
    /// A quoted value without its second quotation mark.
    #[error("a quotation mark that is not closed")]
    OpenQuote,
    /// Something between the second quotation mark and the separator.
    #[error("text behind a quoted value")]
    TextBehindQuote,
    /// `<GUID=…` without `>`, or without `;` behind it.
    #[error("an extended component that is not closed")]
    OpenComponent,
    /// More than [`MOST_RDNS`].
    #[error("more than {MOST_RDNS} RDNs, deeper than any directory")]
    TooDeep,
    /// More than [`LONGEST_DN`].
    #[error("more than {LONGEST_DN} bytes, longer than any server takes")]
    TooLong,
}

/// The most RDNs that a DN has. Where names are held as a tree, what one costs grows with
/// its length times its depth, and no input may take all time or memory.
pub const MOST_RDNS: usize = 256;

/// The most bytes that a DN has. OpenLDAP takes 8,192 (`SLAP_LDAPDN_MAXLEN`).
pub const LONGEST_DN: usize = 64 << 10;

/// A place in a DN that is being read.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'i> {
    input: &'i [u8],
    at: usize,
}

impl<'i> Cursor<'i> {
    pub(super) fn new(input: &'i [u8]) -> Self {
        Self { input, at: 0 }
    }

    pub(super) fn require_length(&self) -> Result<(), DnError> {
        match self.input.len() > LONGEST_DN {
            true => Err(DnError { kind: DnErrorKind::TooLong, offset: LONGEST_DN }),
            false => Ok(()),
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn set(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn rest(&self) -> &'i [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    pub(super) fn error(&self, kind: DnErrorKind) -> DnError {
        DnError { kind, offset: self.at }
    }

    pub(super) fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'i [u8] {
        let rest = self.rest();
        let len = rest.iter().position(|&byte| !accept(byte)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// Samba's and AD's leading `<GUID=…>;<SID=…>;`, mostly absent.
    pub(super) fn extended(&mut self) -> Result<Vec<ExtendedComponent>, DnError> {
        let mut components = Vec::new();
        self.skip_spaces();
        while self.peek() == Some(b'<') {
            let rest = self.rest();
            let end =
                memchr::memchr(b'>', rest).ok_or_else(|| self.error(DnErrorKind::OpenComponent))?;
            let inner = rest.get(1..end).unwrap_or_default();
            let equals = memchr::memchr(b'=', inner)
                .filter(|&at| is_attribute_type(inner.get(..at).unwrap_or_default()))
                .ok_or_else(|| self.error(DnErrorKind::OpenComponent))?;
            let (name, value) = inner.split_at(equals);
            components.push(ExtendedComponent {
                name: String::from_utf8_lossy(name).into_owned(),
                value: String::from_utf8_lossy(value.get(1..).unwrap_or_default()).into_owned(),
            });
            self.at += end + 1;
            self.skip_spaces();
            match self.peek() {
                None => break,
                Some(b';') => self.at += 1,
                Some(_) => return Err(self.error(DnErrorKind::OpenComponent)),
            }
            self.skip_spaces();
        }
        Ok(components)
    }

    /// Steps over the separator before the next RDN; `false` at the end.
    pub(super) fn separator(&mut self) -> Result<bool, DnError> {
        self.skip_spaces();
        match self.peek() {
            None => return Ok(false),
            Some(b',' | b';') => self.at += 1,
            // RDNs end at a separator or at the end, so nothing else comes here.
            Some(_) => return Err(self.error(DnErrorKind::TextBehindQuote)),
        }
        self.skip_spaces();
        if matches!(self.peek(), None | Some(b',' | b';')) {
            return Err(self.error(DnErrorKind::EmptyRdn));
        }
        Ok(true)
    }

    /// One RDN; the cursor ends at the separator or at the end.
    pub(super) fn rdn(&mut self) -> Result<Rdn, DnError> {
        let mut avas = vec![self.ava()?];
        while self.peek() == Some(b'+') {
            self.at += 1;
            avas.push(self.ava()?);
        }
        Ok(Rdn { avas })
    }

    fn ava(&mut self) -> Result<Ava, DnError> {
        self.skip_spaces();
        if matches!(self.peek(), None | Some(b',' | b';' | b'+')) {
            return Err(self.error(DnErrorKind::EmptyRdn));
        }
        let start = self.at;
        let attribute = without_oid_prefix(self.take_while(is_type_byte));
        if !is_attribute_type(attribute) {
            return Err(DnError { kind: DnErrorKind::BadType, offset: start });
        }
        self.skip_spaces();
        if self.peek() != Some(b'=') {
            return Err(self.error(DnErrorKind::NoEquals));
        }
        self.at += 1;
        self.skip_spaces();
        let attribute = String::from_utf8_lossy(attribute).into_owned();
        let (value, ber) = match self.peek() {
            Some(b'#') => (self.hex_value()?, true),
            Some(b'"') => (self.quoted_value()?, false),
            _ => (self.plain_value()?, false),
        };
        Ok(Ava { attribute, value, ber })
    }

    fn plain_value(&mut self) -> Result<Vec<u8>, DnError> {
        let mut value = Vec::new();
        // Trailing spaces are the separator's, unless they are escaped.
        let mut keep = 0;
        loop {
            let run = self.take_while(|byte| !matches!(byte, b',' | b';' | b'+' | b'\\'));
            value.extend_from_slice(run);
            keep = keep.max(value.len() - trailing_spaces(run));
            if self.peek() != Some(b'\\') {
                break;
            }
            value.push(self.escape()?);
            keep = value.len();
        }
        value.truncate(keep);
        Ok(value)
    }

    fn quoted_value(&mut self) -> Result<Vec<u8>, DnError> {
        let open = self.error(DnErrorKind::OpenQuote);
        self.at += 1;
        let mut value = Vec::new();
        loop {
            value.extend_from_slice(self.take_while(|byte| !matches!(byte, b'"' | b'\\')));
            match self.peek() {
                Some(b'\\') => value.push(self.escape()?),
                Some(_) => break,
                None => return Err(open),
            }
        }
        self.at += 1;
        self.skip_spaces();
        match self.peek() {
            None | Some(b',' | b';' | b'+') => Ok(value),
            Some(_) => Err(self.error(DnErrorKind::TextBehindQuote)),
        }
    }

    fn hex_value(&mut self) -> Result<Vec<u8>, DnError> {
        let error = self.error(DnErrorKind::BadHex);
        self.at += 1;
        let digits = self.take_while(|byte| byte.is_ascii_hexdigit());
        self.skip_spaces();
        if digits.is_empty()
            || !digits.len().is_multiple_of(2)
            || !matches!(self.peek(), None | Some(b',' | b';' | b'+'))
        {
            return Err(error);
        }
        Ok(digits.chunks_exact(2).filter_map(hex_pair).collect())
    }

    fn escape(&mut self) -> Result<u8, DnError> {
        let (byte, len) =
            unescape(self.rest()).ok_or_else(|| self.error(DnErrorKind::BadEscape))?;
        self.at += len;
        Ok(byte)
    }
}

/// RFC 1779 wrote `OID.2.5.4.3` where RFC 4514 writes `2.5.4.3`.
fn without_oid_prefix(attribute: &[u8]) -> &[u8] {
    match attribute.split_at_checked(4) {
        Some((prefix, oid)) if prefix.eq_ignore_ascii_case(b"OID.") => oid,
        _ => attribute,
    }
}

fn trailing_spaces(run: &[u8]) -> usize {
    run.iter().rev().take_while(|&&byte| byte == b' ').count()
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    Some(hex_digit(*high)? << 4 | hex_digit(*low)?)
}

/// The byte that an escape at the start of the text stands for, and the length
/// of the escape. Any punctuation may be escaped, which is more than RFC 4514
/// says and what older writers do.
pub(super) fn unescape(text: &[u8]) -> Option<(u8, usize)> {
    let next = *text.get(1)?;
    if let Some(byte) = text.get(1..3).and_then(hex_pair) {
        return Some((byte, 3));
    }
    (next == b' ' || next.is_ascii_punctuation()).then_some((next, 2))
}
