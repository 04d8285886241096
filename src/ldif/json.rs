//! Records as JSON, one a line.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::{self, BufWriter, Write};

use super::base64;
use super::{Attribute, Change, ChangeRecord, ContentRecord, Control, Modification, Record, Value};

/// Text is gathered up to this size.
const BUFFER: usize = 64 * 1024;

/// Up to so many attributes are searched one by one; beyond, in a table.
const FEW: usize = 64;

/// Writes each record as a JSON object on a line of its own.
///
/// ```text
/// {"dn":"cn=x","attributes":[["cn",["x"]],["jpegPhoto",[{"b64":"/9g="}]]]}
/// {"dn":"cn=x","changetype":"modify","mods":[["add","mail",["x@example.org"]]]}
/// ```
///
/// Lines of the same attribute description, compared without regard to ASCII
/// case, are one attribute at the place of the first. Bytes that are not UTF-8
/// become `{"b64":…}`, a URL `{"url":…}`. The output is buffered:
/// [`JsonWriter::finish`] says whether all of it arrived.
pub struct JsonWriter<W: Write> {
    out: BufWriter<W>,
    encoded: Vec<u8>,
    groups: Groups,
}

impl<W: Write> JsonWriter<W> {
    /// A writer that has written nothing yet.
    pub fn new(out: W) -> Self {
        Self {
            out: BufWriter::with_capacity(BUFFER, out),
            encoded: Vec::new(),
            groups: Groups::default(),
        }
    }

    /// One record of either kind.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn record(&mut self, record: &Record<'_>) -> io::Result<()> {
        match record {
            Record::Content(content) => self.content(content),
            Record::Change(change) => self.change(change),
        }
    }

    /// An entry.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn content(&mut self, record: &ContentRecord<'_>) -> io::Result<()> {
        self.raw(b"{\"dn\":")?;
        self.bytes(&record.dn)?;
        self.attributes(&record.attributes)?;
        self.raw(b"}\n")
    }

    /// A change record.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn change(&mut self, record: &ChangeRecord<'_>) -> io::Result<()> {
        self.raw(b"{\"dn\":")?;
        self.bytes(&record.dn)?;
        if !record.controls.is_empty() {
            self.raw(b",\"controls\":")?;
            self.list(&record.controls, Self::control)?;
        }
        match &record.change {
            Change::Add(attributes) => {
                self.raw(b",\"changetype\":\"add\"")?;
                self.attributes(attributes)?;
            }
            Change::Delete => self.raw(b",\"changetype\":\"delete\"")?,
            Change::Modify(modifications) => {
                self.raw(b",\"changetype\":\"modify\",\"mods\":")?;
                self.list(modifications, Self::modification)?;
            }
            Change::ModRdn { new_rdn, delete_old_rdn, new_superior } => {
                self.raw(b",\"changetype\":\"modrdn\",\"newrdn\":")?;
                self.bytes(new_rdn)?;
                self.raw(b",\"deleteoldrdn\":")?;
                self.raw(if *delete_old_rdn { b"true" } else { b"false" })?;
                if let Some(superior) = new_superior {
                    self.raw(b",\"newsuperior\":")?;
                    self.bytes(superior)?;
                }
            }
        }
        self.raw(b"}\n")
    }

    /// Hands on what is buffered, in the middle of a pipeline.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// What the output has taken so far; call [`JsonWriter::flush`] before.
    pub fn get_mut(&mut self) -> &mut W {
        self.out.get_mut()
    }

    /// Hands on what is buffered and gives the output back.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn finish(self) -> io::Result<W> {
        self.out.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn attributes(&mut self, attributes: &[Attribute<'_>]) -> io::Result<()> {
        self.raw(b",\"attributes\":[")?;
        let mut groups = std::mem::take(&mut self.groups);
        groups.sort(attributes);
        for (at, lines) in groups.iter().enumerate() {
            let members = lines.iter().filter_map(|&line| attributes.get(line));
            let mut begun = false;
            for attribute in members {
                if begun {
                    self.raw(b",")?;
                } else {
                    begun = true;
                    self.raw(if at == 0 { b"[" } else { b",[" })?;
                    self.bytes(&attribute.name)?;
                    self.raw(b",[")?;
                }
                self.value(&attribute.value)?;
            }
            self.raw(b"]]")?;
        }
        self.groups = groups;
        self.raw(b"]")
    }

    fn modification(&mut self, modification: &Modification<'_>) -> io::Result<()> {
        self.raw(b"[\"")?;
        self.raw(modification.op.keyword().as_bytes())?;
        self.raw(b"\",")?;
        self.bytes(&modification.attribute)?;
        self.raw(b",")?;
        self.list(&modification.values, Self::value)?;
        self.raw(b"]")
    }

    fn control(&mut self, control: &Control<'_>) -> io::Result<()> {
        self.raw(b"{\"oid\":")?;
        self.bytes(&control.oid)?;
        // RFC 2849: a control that does not say so is not critical.
        let critical = control.criticality.unwrap_or(false);
        self.raw(if critical { b",\"critical\":true" } else { b",\"critical\":false" })?;
        if let Some(value) = &control.value {
            self.raw(b",\"value\":")?;
            self.value(value)?;
        }
        self.raw(b"}")
    }

    fn list<T>(
        &mut self,
        items: &[T],
        mut write: impl FnMut(&mut Self, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        self.raw(b"[")?;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.raw(b",")?;
            }
            write(self, item)?;
        }
        self.raw(b"]")
    }

    fn value(&mut self, value: &Value<'_>) -> io::Result<()> {
        match value {
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::Url(url) => {
                self.raw(b"{\"url\":")?;
                self.bytes(url)?;
                self.raw(b"}")
            }
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if is_plain(bytes) {
            self.raw(b"\"")?;
            self.raw(bytes)?;
            return self.raw(b"\"");
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Ok(serde_json::to_writer(&mut self.out, text)?);
        }
        self.raw(b"{\"b64\":\"")?;
        let out = &mut self.out;
        base64::encode(bytes, &mut self.encoded, |text| out.write_all(text))?;
        self.raw(b"\"}")
    }

    fn raw(&mut self, text: &[u8]) -> io::Result<()> {
        self.out.write_all(text)
    }
}

impl<W: Write> fmt::Debug for JsonWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonWriter").finish_non_exhaustive()
    }
}

/// Whether the bytes are a JSON string as they are.
fn is_plain(bytes: &[u8]) -> bool {
    // Without an exit from within a block, the compiler compares many at once.
    let plain = |block: &[u8]| {
        block.iter().fold(true, |all, &byte| {
            all & matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
        })
    };
    let mut blocks = bytes.chunks_exact(32);
    blocks.all(plain) && plain(blocks.remainder())
}

/// Attribute lines sorted by attribute description, in the order of the first
/// line of each; the lists are used again for the next record.
#[derive(Debug, Default)]
struct Groups {
    /// Per group, its first line.
    first: Vec<usize>,
    /// Per line, its group.
    group: Vec<usize>,
    /// Per group, the end of its lines in `lines`.
    ends: Vec<usize>,
    /// The lines, group by group.
    lines: Vec<usize>,
}

impl Groups {
    fn sort(&mut self, attributes: &[Attribute<'_>]) {
        self.assign(attributes);
        // A counting sort: each end begins as the start of its group and moves on
        // with every line that is put there.
        self.ends.clear();
        self.ends.resize(self.first.len(), 0);
        for &group in &self.group {
            self.ends[group] += 1;
        }
        let mut start = 0;
        for end in &mut self.ends {
            let count = std::mem::replace(end, start);
            start += count;
        }
        self.lines.clear();
        self.lines.resize(attributes.len(), 0);
        for (line, &group) in self.group.iter().enumerate() {
            self.lines[self.ends[group]] = line;
            self.ends[group] += 1;
        }
    }

    fn assign<'a>(&mut self, attributes: &'a [Attribute<'_>]) {
        self.first.clear();
        self.group.clear();
        let mut table: HashMap<Folded<'a>, usize> = HashMap::new();
        let mut last = 0;
        for (line, attribute) in attributes.iter().enumerate() {
            let name = &attribute.name;
            // Lengths differ nearly always, and the comparison is a call.
            let is = |first: &usize| {
                let own = &attributes[*first].name;
                own.len() == name.len() && own.eq_ignore_ascii_case(name)
            };
            if !self.first.get(last).is_some_and(is) {
                let found = if table.is_empty() {
                    self.first.iter().position(is)
                } else {
                    table.get(&Folded(name)).copied()
                };
                last = found.unwrap_or_else(|| {
                    self.first.push(line);
                    self.first.len() - 1
                });
                if table.is_empty() && self.first.len() > FEW {
                    let names = self.first.iter().map(|&first| Folded(&attributes[first].name));
                    table = names.zip(0..).collect();
                } else if found.is_none() && !table.is_empty() {
                    table.insert(Folded(name), last);
                }
            }
            self.group.push(last);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &[usize]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).filter_map(|(&start, &end)| self.lines.get(start..end))
    }
}

/// An attribute description compared without regard to ASCII case.
struct Folded<'a>(&'a [u8]);

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Folded<'_> {}

impl Hash for Folded<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let folded: Cow<'_, [u8]> = if self.0.iter().any(u8::is_ascii_uppercase) {
            Cow::Owned(self.0.to_ascii_lowercase())
        } else {
            Cow::Borrowed(self.0)
        };
        folded.hash(state);
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
