//! What became of the records of a change file, as a table for people, CSV or
//! JSON lines.
//!
//! The table lists what a person must look at: records that are neither applied
//! nor pending, and pending ones that a server refused. The others list all.

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use super::json::Visible;
use super::problem::write_wrapped;
use super::terminal::{Colour, Ink, Width, style};
use super::visible::{quoted, visible};
use crate::change::{Contradiction, FoundValues, Judgement, State};
use crate::ldif::{Change, ChangeRecord, Value};

/// One record of a change file and what became of it.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'v> {
    /// Its number in the file, from 1.
    pub number: u64,
    /// The line of its DN, from 1.
    pub line: u64,
    /// The record.
    pub record: &'v ChangeRecord<'v>,
    /// What became of it.
    pub judgement: &'v Judgement,
    /// Why a server refused it, where the file says so.
    pub server: Option<&'v str>,
}

/// A format of verified records. They are written as they come.
pub trait VerifiedWriter {
    /// Writes one record.
    ///
    /// # Errors
    /// Where the output cannot be written.
    fn write(&mut self, verified: &Verified<'_>) -> io::Result<()>;

    /// Writes what has to come last, and flushes.
    ///
    /// # Errors
    /// As for [`VerifiedWriter::write`].
    fn finish(&mut self) -> io::Result<()>;
}

impl Verified<'_> {
    fn kind(&self) -> &'static str {
        match self.record.change {
            Change::Add(_) => "add",
            Change::Delete => "delete",
            Change::Modify(_) => "modify",
            Change::ModRdn { .. } => "modrdn",
        }
    }

    fn found(&self) -> impl Iterator<Item = &FoundValues> {
        self.judgement.contradictions.iter().filter_map(|contradiction| match contradiction {
            Contradiction::Values(found) | Contradiction::Spelling(found) => Some(found),
            _ => None,
        })
    }

    /// Why it is neither applied nor pending, where that takes words.
    fn why(&self) -> Option<String> {
        let first = self.judgement.contradictions.first();
        first.map(ToString::to_string).or_else(|| {
            (self.judgement.state == State::Partly).then(|| "somebody did some of it".to_owned())
        })
    }
}

/// Writes verified records for people.
pub struct VerifiedTable<W: Write> {
    out: W,
    ink: Ink,
    width: Width,
}

/// Where the record stands behind its state.
const RECORD: usize = 10;

impl<W: Write> VerifiedTable<W> {
    /// A table of at most `width` columns, but for DNs, which are never cut.
    pub fn new(out: W, width: Width, colour: Colour) -> Self {
        Self { out, ink: Ink::new(colour), width }
    }
}

impl<W: Write> VerifiedWriter for VerifiedTable<W> {
    fn write(&mut self, verified: &Verified<'_>) -> io::Result<()> {
        let state = verified.judgement.state;
        let colour = match state {
            State::Applied => return Ok(()),
            State::Pending if verified.server.is_none() => return Ok(()),
            State::Pending => style::PLAIN,
            State::Partly | State::Unclear => style::MILD,
            State::Conflict => style::GRAVE,
        };
        self.ink.text(colour, state.name());
        self.ink.move_to(RECORD);
        self.ink.text(style::PLAIN, verified.kind());
        self.ink.text(style::PLAIN, " ");
        self.ink.foreign(style::HEADING, &verified.record.dn);
        let place = format!(" (record {}, line {})", verified.number, verified.line);
        self.ink.text(style::QUIET, &place);
        self.ink.end_line();
        let columns = self.width.columns().saturating_sub(RECORD + 8);
        for found in verified.found() {
            let name = visible(&found.attribute);
            self.detail(&format!("{name}: "), &shown(found, columns.saturating_sub(name.len())));
        }
        let values_say_it =
            matches!(verified.judgement.contradictions.first(), Some(Contradiction::Values(_)));
        if let Some(why) = verified.why().filter(|_| !values_say_it) {
            self.detail("", &why);
        }
        if let Some(server) = verified.server {
            self.detail("server: ", server);
        }
        self.ink.flush(&mut self.out)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> VerifiedTable<W> {
    fn detail(&mut self, label: &str, words: &str) {
        let (label, words) = ((label, style::QUIET), (words, style::PLAIN));
        write_wrapped(&mut self.ink, RECORD, label, words, self.width);
    }
}

/// The values that were found, for people.
fn shown(found: &FoundValues, columns: usize) -> String {
    if found.count == 0 {
        return "found none".to_owned();
    }
    let values: Vec<String> =
        found.values.iter().map(|value| quoted(text(value), columns.max(20))).collect();
    let more = found.count - found.values.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("found {}{more}", values.join(", "))
}

fn text<'v>(value: &'v Value<'_>) -> &'v [u8] {
    match value {
        Value::Bytes(bytes) | Value::Url(bytes) => bytes,
    }
}

/// Writes verified records as CSV, one row each: RFC 4180 quoting, UTF-8, lines
/// that end in LF.
pub struct VerifiedCsv<W: Write> {
    writer: csv::Writer<W>,
}

const HEADER: [&str; 9] = [
    "RECORD",
    "LINE",
    "DISTINGUISHEDNAME",
    "CHANGETYPE",
    "STATE",
    "ATTRIBUTE",
    "FOUND",
    "WHY",
    "SERVER",
];

impl<W: Write> VerifiedCsv<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn new(out: W) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(HEADER)?;
        Ok(Self { writer })
    }
}

impl<W: Write> VerifiedWriter for VerifiedCsv<W> {
    fn write(&mut self, verified: &Verified<'_>) -> io::Result<()> {
        let found = verified.found().next();
        let attribute = found.map(|found| String::from_utf8_lossy(&found.attribute));
        let value = found.and_then(|found| found.values.first());
        let value = value.map(|value| String::from_utf8_lossy(text(value)));
        self.writer.write_record([
            verified.number.to_string().as_str(),
            verified.line.to_string().as_str(),
            &String::from_utf8_lossy(&verified.record.dn),
            verified.kind(),
            verified.judgement.state.name(),
            attribute.as_deref().unwrap_or_default(),
            value.as_deref().unwrap_or_default(),
            verified.why().as_deref().unwrap_or_default(),
            verified.server.unwrap_or_default(),
        ])?;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Writes verified records as JSON, one object a line.
pub struct VerifiedJson<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> VerifiedJson<W> {
    /// Writes to `out`, a line at a time: give it a buffer.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
    }
}

#[derive(Serialize)]
struct Row<'v> {
    record: u64,
    line: u64,
    dn: Text<'v>,
    changetype: &'static str,
    state: &'static str,
    found: Vec<Found<'v>>,
    why: Option<String>,
    server: Option<&'v str>,
}

#[derive(Serialize)]
struct Found<'v> {
    attribute: Cow<'v, str>,
    values: Vec<Text<'v>>,
    count: usize,
}

/// Text, or `{"b64": …}` where it is not UTF-8.
struct Text<'v>(&'v [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Bytes {
            b64: String,
        }
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => Bytes { b64: STANDARD.encode(self.0) }.serialize(serializer),
        }
    }
}

impl<W: Write> VerifiedWriter for VerifiedJson<W> {
    fn write(&mut self, verified: &Verified<'_>) -> io::Result<()> {
        let found = verified.found().map(|found| Found {
            attribute: String::from_utf8_lossy(&found.attribute),
            values: found.values.iter().map(|value| Text(text(value))).collect(),
            count: found.count,
        });
        let row = Row {
            record: verified.number,
            line: verified.line,
            dn: Text(&verified.record.dn),
            changetype: verified.kind(),
            state: verified.judgement.state.name(),
            found: found.collect(),
            why: verified.why(),
            server: verified.server,
        };
        self.line.clear();
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.line, Visible);
        row.serialize(&mut serializer)?;
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
