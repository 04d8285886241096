//! Change records for people: what stands before and after, with the changed
//! characters marked.
//!
//! ```text
//! modify CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example
//!   # LocalPart: no mail server takes these characters
//!   proxyAddresses     - smtp:ZOË.PEREZ27@-BAD.COM
//!                               ^         ^
//!                      + smtp:ZO.PEREZ27@BAD.COM
//! ```
//!
//! Carets stand under what changed; with colour the characters themselves stand
//! out, in reverse. `!` marks what does not fit the export.

mod inline;
mod pairing;
mod touched;
mod value;

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::Style;

use self::touched::{Fate, Note, touched};
use self::value::{Place, Sign};
use super::problem::write_wrapped;
use super::rdn::rdn_len;
use super::shorten::wrap;
use super::terminal::{Colour, Ink, Width, grouped, style};
use super::visible::{cells, visible};
use crate::directory::Entry;
use crate::ldif::{Attribute, Change, ChangeRecord, Control, Record, Value};

/// What is known of the entry before the change.
#[derive(Debug, Clone, Copy)]
pub enum Base<'a> {
    /// There is no export to look into.
    NotGiven,
    /// The export has no such entry.
    Missing,
    /// The entry as the export has it.
    Entry(&'a Entry<'a>),
}

impl<'a> Base<'a> {
    fn entry(self) -> Option<&'a Entry<'a>> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::NotGiven | Self::Missing => None,
        }
    }
}

/// Up to so many unchanged values of a touched attribute are shown.
const SIBLINGS: usize = 4;

const INDENT: usize = 2;
/// As wide as `userPrincipalName`.
const ATTRIBUTE_WIDTH: usize = 17;
/// Below this width, values stand below the names of their attributes.
const BESIDE_FROM: usize = 64;

/// Writes change records as a diff.
pub struct DiffWriter<W: Write> {
    out: W,
    ink: Ink,
    width: Width,
    /// Where signs stand.
    place: Place,
    first: bool,
}

impl<W: Write> DiffWriter<W> {
    /// A diff of at most `width` columns.
    pub fn new(out: W, width: Width, colour: Colour) -> Self {
        let columns = width.columns();
        let column = if columns < BESIDE_FROM { INDENT + 2 } else { INDENT + ATTRIBUTE_WIDTH + 2 };
        let place = Place { column, columns };
        Self { out, ink: Ink::new(colour), width, place, first: true }
    }

    /// Writes one record. `comments` are those that stand above it in its file,
    /// with or without their `#`. A content record is shown as an addition.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn write(
        &mut self,
        record: &Record<'_>,
        base: Base<'_>,
        comments: &[String],
    ) -> io::Result<()> {
        if !std::mem::take(&mut self.first) {
            self.ink.end_line();
        }
        match record {
            Record::Content(content) => {
                self.heading("entry ", &content.dn, style::NEW);
                self.comments(comments);
                self.attributes(&content.attributes, Sign::Added);
            }
            Record::Change(change) => self.change(change, base, comments),
        }
        self.ink.flush(&mut self.out)
    }

    /// Flushes the output.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn change(&mut self, record: &ChangeRecord<'_>, base: Base<'_>, comments: &[String]) {
        let (word, colour) = match record.change {
            Change::Add(_) => ("add   ", style::NEW),
            Change::Delete => ("delete", style::OLD),
            Change::Modify(_) => ("modify", style::MILD),
            Change::ModRdn { .. } => ("rename", style::MILD),
        };
        self.heading(word, &record.dn, colour);
        self.comments(comments);
        if let Some(spelling) = &record.spelling {
            self.remark(&format!("changetype: {}", visible(spelling)));
        }
        record.controls.iter().for_each(|control| self.control(control));
        match (&record.change, base) {
            (Change::Add(_), Base::Entry(_)) => self.conflict("the export has this entry already"),
            (Change::Add(_), _) | (_, Base::NotGiven | Base::Entry(_)) => {}
            (_, Base::Missing) => self.conflict("the export has no such entry"),
        }
        match &record.change {
            Change::Add(attributes) => self.attributes(attributes, Sign::Added),
            Change::Delete => self.deleted(base),
            Change::Modify(mods) => {
                for attribute in touched(mods, base.entry()) {
                    self.touched(&attribute);
                }
            }
            Change::ModRdn { new_rdn, delete_old_rdn, new_superior } => {
                self.renamed(&record.dn, new_rdn, *delete_old_rdn, new_superior.as_deref());
            }
        }
    }

    /// The word, and the whole DN: it is what a reviewer has to see.
    fn heading(&mut self, word: &str, dn: &[u8], colour: Style) {
        self.ink.text(colour, word);
        let start = self.ink.column() + 1;
        let shown: &[u8] = if dn.is_empty() { b"(root DSE)" } else { dn };
        let cells = cells(shown);
        for line in wrap(&cells, self.width.columns() - start) {
            if self.ink.column() > start {
                self.ink.end_line();
            }
            self.ink.move_to(start);
            cells[line].iter().for_each(|cell| self.ink.cell(style::HEADING, cell));
        }
        self.ink.end_line();
    }

    fn comments(&mut self, comments: &[String]) {
        for comment in comments {
            let words = comment.strip_prefix('#').unwrap_or(comment).trim();
            if !words.is_empty() {
                let label = ("# ", style::QUIET);
                write_wrapped(&mut self.ink, INDENT, label, (words, style::QUIET), self.width);
            }
        }
    }

    /// Something that does not fit the export.
    fn conflict(&mut self, words: &str) {
        let label = ("! ", style::GRAVE);
        write_wrapped(&mut self.ink, INDENT, label, (words, style::GRAVE), self.width);
    }

    fn remark(&mut self, words: &str) {
        let label = ("", style::QUIET);
        write_wrapped(&mut self.ink, INDENT, label, (words, style::QUIET), self.width);
    }

    fn control(&mut self, control: &Control<'_>) {
        let critical = match control.criticality {
            Some(true) => " (critical)",
            Some(false) | None => "",
        };
        self.remark(&format!("control {}{critical}", visible(&control.oid)));
    }

    /// Attribute lines, all with the same sign.
    fn attributes(&mut self, attributes: &[Attribute<'_>], sign: Sign) {
        let mut last: &[u8] = b"";
        for Attribute { name, value } in attributes {
            if !name.eq_ignore_ascii_case(last) {
                self.name(name);
            }
            last = name;
            self.place.value(&mut self.ink, sign, value);
        }
    }

    fn deleted(&mut self, base: Base<'_>) {
        for attribute in base.entry().map_or(&[][..], Entry::attributes) {
            self.name(&attribute.name);
            for value in &attribute.values {
                self.place.value(&mut self.ink, Sign::Removed, value);
            }
        }
    }

    /// The name of an attribute. Its first value stands beside it where there
    /// is room, else below.
    fn name(&mut self, name: &[u8]) {
        let cells = cells(name);
        let mut lines = wrap(&cells, self.width.columns() - INDENT).into_iter().peekable();
        while let Some(line) = lines.next() {
            self.ink.move_to(INDENT);
            cells[line].iter().for_each(|cell| self.ink.cell(style::PLAIN, cell));
            if lines.peek().is_some() || self.ink.column() + 2 > self.place.column {
                self.ink.end_line();
            }
        }
    }

    fn touched(&mut self, touched: &touched::Touched<'_>) {
        self.name(touched.attribute);
        touched.notes.iter().for_each(|note| self.note(note));
        let kept = touched.values.iter().filter(|fate| matches!(fate, Fate::Kept(_))).count();
        for fate in &touched.values {
            match fate {
                Fate::Kept(_) if kept > SIBLINGS => {}
                Fate::Kept(value) => self.place.value(&mut self.ink, Sign::Kept, value),
                Fate::Removed(value) => self.place.value(&mut self.ink, Sign::Removed, value),
                Fate::Added(value) => self.place.value(&mut self.ink, Sign::Added, value),
                Fate::Changed(old, new) => self.place.pair(&mut self.ink, old, new),
            }
        }
        if kept > SIBLINGS {
            let count = grouped(u64::try_from(kept).unwrap_or(u64::MAX));
            self.place.words(&mut self.ink, Sign::Kept, &format!("({count} values stay)"));
        }
        if touched.notes.is_empty() && touched.values.is_empty() {
            self.place.words(&mut self.ink, Sign::Kept, "(nothing changes)");
        }
    }

    fn note(&mut self, note: &Note<'_>) {
        let place = self.place;
        let ink = &mut self.ink;
        match note {
            Note::AllRemoved => place.words(ink, Sign::Removed, "(all values)"),
            Note::AllReplaced => place.words(ink, Sign::Removed, "(all values, whatever they are)"),
            Note::Incremented(by) => place.labelled(ink, Sign::Added, "(increment by) ", by),
            Note::NotThere(value) => {
                place.labelled(ink, Sign::Conflict, "not in the export: ", value);
            }
            Note::NothingThere => place.words(ink, Sign::Conflict, "not in the export"),
            Note::ThereAlready(value) => {
                place.labelled(ink, Sign::Conflict, "in the export already: ", value);
            }
        }
    }

    fn renamed(&mut self, dn: &[u8], new_rdn: &[u8], delete_old: bool, superior: Option<&[u8]>) {
        let old_rdn = &dn[..rdn_len(dn)];
        let mut new = new_rdn.to_vec();
        match superior {
            Some(superior) => {
                new.extend_from_slice(if superior.is_empty() { b"" } else { b"," });
                new.extend_from_slice(superior);
            }
            None => new.extend_from_slice(&dn[old_rdn.len()..]),
        }
        let place = Place { column: INDENT, ..self.place };
        let bytes = |bytes| Value::Bytes(Cow::Borrowed(bytes));
        place.pair(&mut self.ink, &bytes(dn), &bytes(&new));
        let fate = if delete_old { "is removed from" } else { "stays a value of" };
        self.remark(&format!("({} {fate} the entry)", visible(old_rdn)));
    }
}

#[cfg(test)]
mod tests;
