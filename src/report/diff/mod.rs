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
//! out, in reverse. `!` marks why a record does not apply.

mod inline;
mod pairing;
mod touched;
mod value;

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::Style;

use self::touched::{Fate, fates};
use self::value::{Place, Sign};
use super::problem::write_wrapped;
use super::rdn::rdn_len;
use super::shorten::wrap;
use super::terminal::{Colour, Ink, Width, counted, grouped, style};
use super::visible::{cells, visible};
use crate::change::{NotApplicable, Preview, TouchedAttribute, Unknown};
use crate::directory::Entry;
use crate::ldif::{Attribute, Change, ChangeRecord, Control, Record, Value};

/// Controls that change files have, by the names that their documents give them (MS-ADTS
/// 3.1.1.3.4.1, RFC 4528).
const CONTROLS: [(&[u8], &str); 5] = [
    (b"1.2.840.113556.1.4.1413", "permissive modify"),
    (b"1.2.840.113556.1.4.805", "tree delete"),
    (b"1.2.840.113556.1.4.619", "lazy commit"),
    (b"1.2.840.113556.1.4.417", "show deleted"),
    (b"1.3.6.1.1.12", "assertion"),
];

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

    /// Writes one record, and what it does. `comments` are those that stand above it in
    /// its file, with or without their `#`. A content record is shown as an addition.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn write(
        &mut self,
        record: &Record<'_>,
        preview: &Preview,
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
            Record::Change(change) => self.change(change, preview, comments),
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

    fn change(&mut self, record: &ChangeRecord<'_>, preview: &Preview, comments: &[String]) {
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
        if let Some(why) = &preview.refusal {
            self.refusal(why, &record.dn);
        }
        match &record.change {
            Change::Add(attributes) => self.attributes(attributes, Sign::Added),
            Change::Delete => self.deleted(preview),
            Change::Modify(_) => preview.attributes.iter().for_each(|own| self.touched(own)),
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
            self.ink.line(&cells, line, |_| style::HEADING);
        }
        self.ink.end_line();
    }

    fn comments(&mut self, comments: &[String]) {
        for comment in comments {
            let words = comment.strip_prefix('#').unwrap_or(comment).trim();
            if !words.is_empty() {
                let label = ("# ", style::QUIET);
                let words = visible(words.as_bytes());
                write_wrapped(&mut self.ink, INDENT, label, (&words, style::QUIET), self.width);
            }
        }
    }

    /// Why the record does not apply.
    fn refusal(&mut self, why: &NotApplicable, dn: &[u8]) {
        let mut words = why.reason.to_string();
        // The heading says of which entry.
        let value = why.value.as_ref().filter(|value| *value != dn);
        for text in why.attribute.iter().chain(value) {
            words.push_str(": ");
            words.push_str(&visible(text));
        }
        let label = ("! ", style::GRAVE);
        write_wrapped(&mut self.ink, INDENT, label, (&words, style::GRAVE), self.width);
    }

    fn remark(&mut self, words: &str) {
        let label = ("", style::QUIET);
        write_wrapped(&mut self.ink, INDENT, label, (words, style::QUIET), self.width);
    }

    fn control(&mut self, control: &Control<'_>) {
        let name = CONTROLS.iter().find(|(oid, _)| *oid == &*control.oid).map(|(_, name)| *name);
        let critical = (control.criticality == Some(true)).then_some("critical");
        let words: Vec<&str> = name.into_iter().chain(critical).collect();
        let words =
            if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
        self.remark(&format!("control {}{words}", visible(&control.oid)));
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

    fn deleted(&mut self, preview: &Preview) {
        for attribute in preview.gone.as_ref().map_or(&[][..], Entry::attributes) {
            self.name(&attribute.name);
            for value in &attribute.values {
                self.place.value(&mut self.ink, Sign::Removed, value);
            }
        }
        if preview.gone_below > 0 {
            let entries = counted(preview.gone_below, "entry", "entries");
            self.remark(&format!("({entries} below it deleted too)"));
        }
    }

    /// The name of an attribute. Its first value stands beside it where there
    /// is room, else below.
    fn name(&mut self, name: &[u8]) {
        let cells = cells(name);
        let mut lines = wrap(&cells, self.width.columns() - INDENT).into_iter().peekable();
        while let Some(line) = lines.next() {
            self.ink.move_to(INDENT);
            self.ink.line(&cells, line, |_| style::PLAIN);
            if lines.peek().is_some() || self.ink.column() + 2 > self.place.column {
                self.ink.end_line();
            }
        }
    }

    fn touched(&mut self, touched: &TouchedAttribute) {
        self.name(&touched.name);
        let place = self.place;
        let ink = &mut self.ink;
        for why in &touched.refusals {
            let words = why.reason.to_string();
            match &why.value {
                Some(value) => {
                    let value = Value::Bytes(Cow::Borrowed(value));
                    place.labelled(ink, Sign::Conflict, &format!("{words}: "), &value);
                }
                None => place.words(ink, Sign::Conflict, &words),
            }
        }
        for unknown in &touched.unknown {
            match unknown {
                Unknown::AllRemoved => place.words(ink, Sign::Removed, "(all values)"),
                Unknown::AllReplaced => {
                    place.words(ink, Sign::Removed, "(all values, whatever they are)");
                }
                Unknown::Incremented(by) => {
                    place.labelled(ink, Sign::Added, "(increment by) ", by);
                }
            }
        }
        let fates = fates(touched);
        // Those that go and come again stay as well.
        let listed = fates.iter().filter(|fate| matches!(fate, Fate::Kept(_))).count();
        let unlisted = if touched.kept > TouchedAttribute::SIBLINGS { touched.kept } else { 0 };
        let kept = listed + unlisted;
        for fate in &fates {
            match *fate {
                Fate::Kept(_) if kept > TouchedAttribute::SIBLINGS => {}
                Fate::Kept(value) => place.value(ink, Sign::Kept, value),
                Fate::Removed(value) => place.value(ink, Sign::Removed, value),
                Fate::Added(value) => place.value(ink, Sign::Added, value),
                Fate::Changed(old, new) => place.pair(ink, old, new),
            }
        }
        if kept > TouchedAttribute::SIBLINGS {
            let count = grouped(u64::try_from(kept).unwrap_or(u64::MAX));
            place.words(ink, Sign::Kept, &format!("({count} values stay)"));
        }
        if touched.refusals.is_empty()
            && touched.unknown.is_empty()
            && fates.is_empty()
            && kept == 0
        {
            place.words(ink, Sign::Kept, "(nothing changes)");
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
