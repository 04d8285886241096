//! Records as LDIF that every reader takes: ASCII, folded, and base64 wherever
//! a byte could be misread.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::str::FromStr;

use super::base64;
use super::grammar::is_attribute_description;
use super::line::Line;
use super::verbatim::Verbatim;
use super::{Attribute, Change, ChangeRecord, ContentRecord, Control, Modification, Record, Value};

/// Lines are gathered up to this size.
const BUFFER: usize = 64 * 1024;

/// How LDIF is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Where long lines are folded.
    pub wrap: Wrap,
    /// What ends a line.
    pub line_end: LineEnd,
    /// Whether [`Writer::version_line`] writes a line.
    pub version: bool,
}

impl WriteOptions {
    /// The defaults of a change file: with a version line.
    #[must_use]
    pub fn change_file() -> Self {
        Self { wrap: Wrap::default(), line_end: LineEnd::Lf, version: true }
    }

    /// The defaults of a content file: without a version line.
    #[must_use]
    pub fn content_file() -> Self {
        Self { version: false, ..Self::change_file() }
    }

    /// Octets of a line; `usize::MAX` where lines are not folded.
    pub(super) fn columns(self) -> usize {
        match self.wrap {
            Wrap::Columns(columns) => columns.get(),
            Wrap::No => usize::MAX,
        }
    }
}

/// Where long lines are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrap {
    /// At this many octets, the space that begins a continuation included.
    Columns(Columns),
    /// Never.
    No,
}

impl Default for Wrap {
    /// 76 octets, as RFC 2849's examples and OpenLDAP have it.
    fn default() -> Self {
        Self::Columns(Columns(76))
    }
}

impl FromStr for Wrap {
    type Err = WrapError;

    fn from_str(text: &str) -> Result<Self, WrapError> {
        if text.eq_ignore_ascii_case("no") {
            return Ok(Self::No);
        }
        text.parse().ok().and_then(Columns::new).map(Self::Columns).ok_or(WrapError)
    }
}

/// Text that is no [`Wrap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `no` or a number of columns, at least 2")]
pub struct WrapError;

/// The length of a line in octets, at least 2: a continuation line has a space
/// and one octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns(usize);

impl Columns {
    /// `None` below 2.
    #[must_use]
    pub fn new(octets: usize) -> Option<Self> {
        (octets >= 2).then_some(Self(octets))
    }

    /// The number of octets.
    #[must_use]
    pub fn get(self) -> usize {
        self.0
    }
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineEnd {
    /// A line feed.
    #[default]
    Lf,
    /// Carriage return and line feed, as Windows has it.
    CrLf,
}

impl LineEnd {
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// A record that LDIF cannot express, or an output that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The output failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// An attribute description that would not be read back as one.
    #[error("{} cannot be written as an attribute description", quoted(name))]
    Name {
        /// The description.
        name: Vec<u8>,
    },
    /// A URL that would not be read back as it is.
    #[error(
        "the URL {} of {} cannot be written: it must be printable ASCII; \
         percent-encode the other bytes",
        quoted(url),
        quoted(name)
    )]
    Url {
        /// The attribute description.
        name: Vec<u8>,
        /// The URL.
        url: Vec<u8>,
    },
    /// A control's OID that would not be read back as one.
    #[error("{} cannot be written as the OID of a control", quoted(oid))]
    Oid {
        /// The OID.
        oid: Vec<u8>,
    },
    /// A `changetype` that would not be read back as one.
    #[error("{} cannot be written as a changetype", quoted(word))]
    ChangeType {
        /// The word.
        word: Vec<u8>,
    },
}

fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.get(..60).unwrap_or(bytes).escape_ascii())
}

/// Writes records. Nothing of a record is written where a part of it cannot be.
///
/// The output is buffered: [`Writer::finish`] says whether all of it arrived.
pub struct Writer<W: Write> {
    out: BufWriter<W>,
    /// Octets of a line; `usize::MAX` where lines are not folded.
    columns: usize,
    line_end: &'static [u8],
    version: bool,
    encoded: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// A writer that has written nothing yet.
    pub fn new(out: W, options: WriteOptions) -> Self {
        Self {
            out: BufWriter::with_capacity(BUFFER, out),
            columns: options.columns(),
            line_end: options.line_end.bytes(),
            version: options.version,
            encoded: Vec::new(),
        }
    }

    /// `version: 1` and a blank line, where the options ask for it; it belongs
    /// before all else.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn version_line(&mut self) -> Result<(), WriteError> {
        if self.version {
            self.line(&[b"version: 1"])?;
            self.blank()?;
        }
        Ok(())
    }

    /// A comment, a line for each line of the text, broken between words where
    /// it is too long. What is not printable ASCII is escaped (`\u{e4}`, `\t`).
    ///
    /// # Errors
    /// Where the output fails.
    pub fn comment(&mut self, text: &str) -> Result<(), WriteError> {
        for line in text.split('\n') {
            let line = escaped(line.strip_suffix('\r').unwrap_or(line));
            let mut rest = line.as_bytes();
            loop {
                let (now, later) = split_comment(rest, self.columns);
                if now.is_empty() {
                    self.line(&[b"#"])?;
                } else {
                    self.line(&[b"# ", now])?;
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// One record of either kind and the blank line behind it.
    ///
    /// # Errors
    /// Where the output fails, or the record holds what LDIF cannot express.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), WriteError> {
        match record {
            Record::Content(content) => self.content(content),
            Record::Change(change) => self.change(change),
        }
    }

    /// An entry and the blank line behind it.
    ///
    /// # Errors
    /// Where the output fails, or the record holds what LDIF cannot express.
    pub fn content(&mut self, record: &ContentRecord<'_>) -> Result<(), WriteError> {
        check_content(&record.attributes)?;
        self.bytes(b"dn", &record.dn)?;
        self.attributes(&record.attributes)?;
        self.blank()
    }

    /// A change record and the blank line behind it.
    ///
    /// # Errors
    /// Where the output fails, or the record holds what LDIF cannot express.
    pub fn change(&mut self, record: &ChangeRecord<'_>) -> Result<(), WriteError> {
        check_change(record)?;
        self.bytes(b"dn", &record.dn)?;
        for control in &record.controls {
            self.control(control)?;
        }
        let word = match &record.change {
            Change::Add(_) => "add",
            Change::Delete => "delete",
            Change::Modify(_) => "modify",
            Change::ModRdn { .. } => "modrdn",
        };
        let word = record.spelling.as_deref().unwrap_or(word.as_bytes());
        self.line(&[b"changetype: ", word])?;
        match &record.change {
            Change::Add(attributes) => self.attributes(attributes)?,
            Change::Delete => {}
            Change::Modify(modifications) => {
                for modification in modifications {
                    self.modification(modification)?;
                }
            }
            Change::ModRdn { new_rdn, delete_old_rdn, new_superior } => {
                self.bytes(b"newrdn", new_rdn)?;
                self.line(&[b"deleteoldrdn: ", if *delete_old_rdn { b"1" } else { b"0" }])?;
                if let Some(superior) = new_superior {
                    self.bytes(b"newsuperior", superior)?;
                }
            }
        }
        self.blank()
    }

    /// One line: an attribute description, or a keyword such as `dn`, and its
    /// value.
    ///
    /// # Errors
    /// Where the output fails, or LDIF cannot express the name or the URL.
    pub fn attribute(&mut self, name: &[u8], value: &Value<'_>) -> Result<(), WriteError> {
        check_line(name, value)?;
        self.value(name, value)
    }

    /// Text that stands as this writer would write it ([`Stretches`]).
    ///
    /// # Errors
    /// Where the output fails.
    ///
    /// [`Stretches`]: super::Stretches
    pub fn standing(&mut self, text: &[u8]) -> Result<(), WriteError> {
        Ok(self.out.write_all(text)?)
    }

    /// Lines that were read from `chunk`, one behind the other. Those that stand
    /// there as they are written are copied, many at a time where they adjoin.
    ///
    /// # Errors
    /// As [`Writer::attribute`].
    pub fn lines<'l, 'a: 'l>(
        &mut self,
        chunk: &'a [u8],
        lines: impl Iterator<Item = &'l Line<'a>>,
    ) -> Result<(), WriteError> {
        let can_copy = self.line_end == LineEnd::Lf.bytes();
        let verbatim = Verbatim::new(if can_copy { chunk } else { b"" }, self.columns);
        let mut run = 0..0;
        for line in lines {
            match verbatim.place(line) {
                Some(place) if place.start == run.end => run.end = place.end,
                Some(place) => {
                    self.out.write_all(chunk.get(run).unwrap_or_default())?;
                    run = place;
                }
                None => {
                    self.out.write_all(chunk.get(run).unwrap_or_default())?;
                    run = 0..0;
                    self.attribute(&line.name(), &line.value())?;
                }
            }
        }
        Ok(self.out.write_all(chunk.get(run).unwrap_or_default())?)
    }

    /// What the output has taken so far; call [`Writer::flush`] before.
    pub fn get_mut(&mut self) -> &mut W {
        self.out.get_mut()
    }

    /// The blank line that ends a record.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn blank(&mut self) -> Result<(), WriteError> {
        Ok(self.out.write_all(self.line_end)?)
    }

    /// Hands on what is buffered, in the middle of a pipeline.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.out.flush()?)
    }

    /// Hands on what is buffered and gives the output back.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn finish(self) -> Result<W, WriteError> {
        Ok(self.out.into_inner().map_err(io::IntoInnerError::into_error)?)
    }

    fn attributes(&mut self, attributes: &[Attribute<'_>]) -> Result<(), WriteError> {
        attributes.iter().try_for_each(|attribute| self.value(&attribute.name, &attribute.value))
    }

    fn modification(&mut self, modification: &Modification<'_>) -> Result<(), WriteError> {
        let name = &modification.attribute;
        self.line(&[modification.op.keyword().as_bytes(), b": ", name])?;
        for value in &modification.values {
            self.value(name, value)?;
        }
        self.line(&[b"-"])
    }

    fn control(&mut self, control: &Control<'_>) -> Result<(), WriteError> {
        let mut line = b"control: ".to_vec();
        line.extend_from_slice(&control.oid);
        line.extend_from_slice(match control.criticality {
            None => b"",
            Some(true) => b" true",
            Some(false) => b" false",
        });
        match &control.value {
            None => self.line(&[&line]),
            Some(value) => self.value(&line, value),
        }
    }

    fn value(&mut self, name: &[u8], value: &Value<'_>) -> Result<(), WriteError> {
        match value {
            Value::Bytes(bytes) => self.bytes(name, bytes),
            Value::Url(url) if url.is_empty() => self.line(&[name, b":<"]),
            Value::Url(url) => self.line(&[name, b":< ", url]),
        }
    }

    #[inline]
    fn bytes(&mut self, name: &[u8], value: &[u8]) -> Result<(), WriteError> {
        if value.is_empty() {
            return self.line(&[name, b":"]);
        }
        if is_safe(value) {
            return self.line(&[name, b": ", value]);
        }
        let mut fold = Fold::new(&mut self.out, self.columns, self.line_end);
        fold.put(name)?;
        fold.put(b":: ")?;
        base64::encode(value, &mut self.encoded, |text| fold.put(text))?;
        Ok(fold.end()?)
    }

    #[inline]
    fn line(&mut self, pieces: &[&[u8]]) -> Result<(), WriteError> {
        let len: usize = pieces.iter().map(|piece| piece.len()).sum();
        if len <= self.columns {
            for piece in pieces {
                self.out.write_all(piece)?;
            }
            return self.blank();
        }
        let mut fold = Fold::new(&mut self.out, self.columns, self.line_end);
        for piece in pieces {
            fold.put(piece)?;
        }
        Ok(fold.end()?)
    }
}

impl<W: Write> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// A line that is folded as it is written.
struct Fold<'w, W: Write> {
    out: &'w mut BufWriter<W>,
    columns: usize,
    line_end: &'static [u8],
    room: usize,
}

impl<'w, W: Write> Fold<'w, W> {
    fn new(out: &'w mut BufWriter<W>, columns: usize, line_end: &'static [u8]) -> Self {
        Self { out, columns, line_end, room: columns }
    }

    fn put(&mut self, piece: &[u8]) -> io::Result<()> {
        let mut rest = piece;
        while let Some((now, later)) = rest.split_at_checked(self.room)
            && !later.is_empty()
        {
            self.out.write_all(now)?;
            self.out.write_all(self.line_end)?;
            self.out.write_all(b" ")?;
            self.room = self.columns - 1;
            rest = later;
        }
        self.room -= rest.len();
        self.out.write_all(rest)
    }

    fn end(self) -> io::Result<()> {
        self.out.write_all(self.line_end)
    }
}

/// Whether a value that is not empty can stand behind `: ` as it is.
#[inline]
fn is_safe(value: &[u8]) -> bool {
    !matches!(value, [b' ' | b':' | b'<', ..] | [.., b' ']) && is_printable(value)
}

#[inline]
fn is_printable(bytes: &[u8]) -> bool {
    // Without an exit from within a block, the compiler compares many at once.
    let printable = |block: &[u8]| block.iter().fold(true, |all, b| all & matches!(b, b' '..=b'~'));
    let mut blocks = bytes.chunks_exact(64);
    blocks.all(printable) && printable(blocks.remainder())
}

/// Behind the DN and what looks like controls, `changetype` would make a change
/// record of an entry; elsewhere it is an attribute, as in a change log.
fn check_content(attributes: &[Attribute<'_>]) -> Result<(), WriteError> {
    let is = |attribute: &Attribute<'_>, name: &[u8]| attribute.name.eq_ignore_ascii_case(name);
    let behind = attributes.iter().find(|attribute| !is(attribute, b"control"));
    match behind.filter(|attribute| is(attribute, b"changetype")) {
        Some(attribute) => Err(WriteError::Name { name: attribute.name.to_vec() }),
        None => check_attributes(attributes),
    }
}

fn check_attributes(attributes: &[Attribute<'_>]) -> Result<(), WriteError> {
    attributes.iter().try_for_each(|attribute| {
        check_own(&attribute.name)?;
        check_line(&attribute.name, &attribute.value)
    })
}

fn check_change(record: &ChangeRecord<'_>) -> Result<(), WriteError> {
    if let Some(word) = &record.spelling
        && !is_word(word)
    {
        return Err(WriteError::ChangeType { word: word.to_vec() });
    }
    for control in &record.controls {
        let is_oid = |oid: &[u8]| oid.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
        if control.oid.is_empty() || !is_oid(&control.oid) {
            return Err(WriteError::Oid { oid: control.oid.to_vec() });
        }
        if let Some(value) = &control.value {
            check_line(&control.oid, value)?;
        }
    }
    match &record.change {
        Change::Add(attributes) => check_attributes(attributes),
        Change::Modify(modifications) => modifications.iter().try_for_each(|modification| {
            let name = &modification.attribute;
            check_own(name)?;
            check_name(name)?;
            modification.values.iter().try_for_each(|value| check_url(name, value))
        }),
        Change::Delete | Change::ModRdn { .. } => Ok(()),
    }
}

/// An attribute of a record must not be the word that begins a record.
#[inline]
fn check_own(name: &[u8]) -> Result<(), WriteError> {
    if name.len() == 2 && name.eq_ignore_ascii_case(b"dn") {
        return Err(WriteError::Name { name: name.to_vec() });
    }
    Ok(())
}

#[inline]
fn check_line(name: &[u8], value: &Value<'_>) -> Result<(), WriteError> {
    check_name(name)?;
    check_url(name, value)
}

#[inline]
fn check_name(name: &[u8]) -> Result<(), WriteError> {
    if is_attribute_description(name) {
        return Ok(());
    }
    Err(WriteError::Name { name: name.to_vec() })
}

#[inline]
fn check_url(name: &[u8], value: &Value<'_>) -> Result<(), WriteError> {
    match value {
        Value::Url(url) if url.starts_with(b" ") || !is_printable(url) => {
            Err(WriteError::Url { name: name.to_vec(), url: url.to_vec() })
        }
        _ => Ok(()),
    }
}

/// Printable ASCII without spaces and colons, and not empty.
#[inline]
fn is_word(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.iter().fold(true, |all, b| all & matches!(b, b'!'..=b'9' | b';'..=b'~'))
}

fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            ' '..='~' => out.push(c),
            _ => out.extend(c.escape_default()),
        }
    }
    out
}

/// Splits off what fits into one comment line, at a space where there is one.
fn split_comment(text: &[u8], columns: usize) -> (&[u8], &[u8]) {
    // Too narrow for words: the line is folded like any other.
    const NARROW: usize = 20;
    let room = columns.saturating_sub(2);
    if columns < NARROW || text.len() <= room {
        return (text, b"");
    }
    let (now, later) = text.split_at(room);
    if later.starts_with(b" ") {
        return (now, &later[1..]);
    }
    match memchr::memrchr(b' ', now) {
        Some(at) if at >= room / 2 => (&text[..at], &text[at + 1..]),
        _ => (now, later),
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
