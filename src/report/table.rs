//! Findings for people: an entry's DN as a heading, its findings below.
//!
//! ```text
//! CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example
//!   displayName        Blank             → Zoë Perez 27
//!   proxyAddresses     DomainPart,         smtp:ZOË.PEREZ27@-BAD.COM
//!                      LocalPart        ?→ smtp:ZO.PEREZ27@BAD.COM
//! ```
//!
//! The suggestion stands under the value, so that the eye finds the difference.
//! `→` is taken by `fix`, `?→` by `fix --unsafe` only, and what stands in
//! parentheses needs a person. The layout follows from the width of the terminal
//! alone: rows are written as they come, and millions of them cost no memory.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use anstyle::Style;

use super::draw::draw;
use super::rdn::rdn_len;
use super::shorten::wrap_words;
use super::terminal::{Colour, Ink, Width, style};
use super::visible::{Glyph, as_plain, cells};
use crate::rules::{Action, Applicability, Finding, Severity};

/// Findings as rows of a table.
pub struct TableRows {
    ink: Ink,
    layout: Layout,
    /// The DN under whose heading rows stand.
    heading: Option<Vec<u8>>,
    /// The first row, whose heading is left to those who know what stands above it; of
    /// the whole table none.
    first: Option<Row>,
    is_whole: bool,
    /// First holders of duplicates, which stand above the second holder's row.
    first_holders: Vec<Row>,
    /// Which marks the legend has to explain.
    unsafe_seen: bool,
    manual_seen: bool,
}

/// What a row is about: that of the first holder of a duplicate, until the next row tells
/// under which heading it belongs, or that next one.
struct Row {
    dn: Vec<u8>,
    attribute: &'static str,
    value: Option<Vec<u8>>,
}

impl Row {
    fn of(finding: &Finding<'_>) -> Self {
        Self {
            dn: finding.dn.to_vec(),
            attribute: finding.attribute,
            value: finding.value.as_deref().map(<[u8]>::to_vec),
        }
    }
}

/// Where the columns begin. All in columns from the left, counted from 0.
#[derive(Debug, Clone, Copy)]
struct Layout {
    width: usize,
    error: usize,
    error_width: usize,
    value: usize,
    /// Whether values have lines of their own, below attribute and error.
    stacked: bool,
}

const INDENT: usize = 2;
/// As wide as `userPrincipalName`, the longest that is often reported.
const ATTRIBUTE_WIDTH: usize = 17;
/// A blank, up to three columns of an arrow, a blank.
const GUTTER: usize = 5;
/// Lines that a message has at most.
const MESSAGE_LINES: usize = 12;
/// Below this width, values beside the errors would have fewer than 32 columns.
const BESIDE_FROM: usize = 72;

impl Layout {
    fn of(width: Width) -> Self {
        let width = width.columns();
        let error = INDENT + ATTRIBUTE_WIDTH + 2;
        if width < BESIDE_FROM {
            // Attribute and error share a line where it can hold both.
            let error = error.min(width / 2);
            return Self { width, error, error_width: width - error, value: GUTTER, stacked: true };
        }
        // `TopLevelDomain,` must fit.
        let error_width = ((width - 5) / 5).clamp(15, 34);
        Self { width, error, error_width, value: error + error_width + GUTTER, stacked: false }
    }

    fn value_width(self) -> usize {
        self.width - self.value
    }
}

impl TableRows {
    /// A part of a table of at most `width` columns.
    pub(super) fn part(width: Width, colour: Colour) -> Self {
        Self { is_whole: false, ..Self::whole(width, colour) }
    }

    /// The table to which parts are appended.
    pub(super) fn whole(width: Width, colour: Colour) -> Self {
        Self {
            ink: Ink::new(colour),
            layout: Layout::of(width),
            heading: None,
            first: None,
            is_whole: true,
            first_holders: Vec::new(),
            unsafe_seen: false,
            manual_seen: false,
        }
    }

    fn heading(&mut self, dn: &[u8]) {
        if self.heading.as_deref() == Some(dn) {
            return;
        }
        // That of the first row is drawn by those who know what stands above it.
        if self.heading.is_some() || self.is_whole {
            if self.heading.is_some() {
                self.ink.end_line();
            }
            let shown: &[u8] = if dn.is_empty() { b"(root DSE)" } else { dn };
            let styles = (style::HEADING, style::HEADING);
            let line = ValueLine { styles, ..ValueLine::dn(shown) };
            draw(&mut self.ink, shown, self.layout.width, line.focus, line.styles);
            self.ink.end_line();
        }
        let last = self.heading.get_or_insert_default();
        last.clear();
        last.extend_from_slice(dn);
    }

    /// Attribute and error words, and beside or below them the two lines.
    fn row<'x>(
        &mut self,
        attribute: &str,
        error: (Style, &str),
        lines: impl IntoIterator<Item = Option<ValueLine<'x>>>,
    ) {
        let layout = self.layout;
        // Words of our own, in ASCII.
        let (style, labels) = error;
        let mut words = wrap_words(labels.as_bytes(), layout.error_width).into_iter();
        let mut lines = lines.into_iter().flatten();
        let mut first = true;
        loop {
            let word = words.next();
            // Values that stand below wait until all words are out.
            let line = if layout.stacked && word.is_some() { None } else { lines.next() };
            if word.is_none() && line.is_none() {
                return;
            }
            if first {
                self.ink.move_to(INDENT);
                let columns = layout.error - INDENT - 1;
                draw(
                    &mut self.ink,
                    attribute.as_bytes(),
                    columns,
                    None,
                    (style::PLAIN, style::PLAIN),
                );
            }
            if let Some(word) = word.and_then(|word| labels.get(word)).filter(|it| !it.is_empty()) {
                self.ink.move_to(layout.error);
                self.ink.plain(style, word);
            }
            if let Some(line) = line {
                self.value_line(&line);
            }
            self.ink.end_line();
            first = false;
        }
    }

    fn value_line(&mut self, line: &ValueLine<'_>) {
        let Layout { value: column, .. } = self.layout;
        if !line.arrow.is_empty() {
            self.ink.move_to(column - 1 - line.arrow.chars().count());
            self.ink.text(style::PLAIN, line.arrow);
        }
        self.ink.move_to(column);
        let columns = self.layout.value_width();
        match &line.content {
            Content::Value(value) => {
                draw(&mut self.ink, value, columns, line.focus.clone(), line.styles);
            }
            // Words of our own are short, but so may be the terminal.
            Content::Words(words) => {
                let quiet = (style::QUIET, style::QUIET);
                draw(&mut self.ink, words.as_bytes(), columns, None, quiet);
            }
        }
    }

    fn flush_first_holders(&mut self, next: Option<(&str, Option<&[u8]>)>) {
        for holder in std::mem::take(&mut self.first_holders) {
            if next.is_none() {
                self.heading(&holder.dn);
            }
            // The value is worth a line where the next row does not show it.
            let shown_below = next == Some((holder.attribute, holder.value.as_deref()));
            let dn = next.is_some().then(|| ValueLine::dn(&holder.dn));
            let value = holder.value.as_deref().filter(|_| !shown_below);
            let value = value.map(|value| ValueLine::of(value, ""));
            self.row(holder.attribute, (style::QUIET, "first holder"), [dn, value]);
        }
    }

    /// Says what the marks mean, once, at the end.
    fn legend(&mut self) {
        let marks = [
            (self.unsafe_seen, "?→  only fix --unsafe takes these"),
            (self.manual_seen, "(→) fix takes none of these"),
        ];
        if self.unsafe_seen || self.manual_seen {
            self.ink.end_line();
        }
        for (_, words) in marks.into_iter().filter(|(seen, _)| *seen) {
            let styles = (style::QUIET, style::QUIET);
            draw(&mut self.ink, words.as_bytes(), self.layout.width, None, styles);
            self.ink.end_line();
        }
    }
}

impl TableRows {
    pub(super) fn add(&mut self, finding: &Finding<'_>) {
        if finding.extra {
            self.first_holders.push(Row::of(finding));
            return;
        }
        if self.heading.is_none() && !self.is_whole {
            self.first = Some(Row::of(finding));
        }
        self.heading(&finding.dn);
        self.flush_first_holders(Some((finding.attribute, finding.value.as_deref())));
        let error = match (finding.severity, finding.applicability) {
            (Severity::Error, Applicability::Unsafe | Applicability::Manual) => style::GRAVE,
            _ => style::MILD,
        };
        let lines = value_lines(finding);
        let arrow = lines[1].as_ref().map_or("", |line| line.arrow);
        self.unsafe_seen |= arrow == UNSAFE;
        self.manual_seen |= arrow == MANUAL;
        let message = finding.message.as_deref().unwrap_or_default();
        let message = message_lines(message, self.layout.value_width());
        let lines = lines.into_iter().chain(message.into_iter().map(Some));
        self.row(finding.attribute, (error, &finding.error), lines);
    }

    pub(super) fn bytes(&self) -> usize {
        self.ink.bytes()
    }

    /// Writes rows behind those that were written.
    pub(super) fn append(&mut self, mut rows: Self, out: &mut impl Write) -> io::Result<()> {
        if let Some(first) = rows.first.take() {
            self.heading(&first.dn);
            self.flush_first_holders(Some((first.attribute, first.value.as_deref())));
        }
        self.ink.flush(out)?;
        rows.ink.flush(out)?;
        self.heading = rows.heading.or(self.heading.take());
        self.first_holders.append(&mut rows.first_holders);
        self.unsafe_seen |= rows.unsafe_seen;
        self.manual_seen |= rows.manual_seen;
        Ok(())
    }

    /// Writes what has to come last.
    pub(super) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.flush_first_holders(None);
        self.legend();
        self.ink.flush(out)
    }
}

/// One line of the value column.
struct ValueLine<'a> {
    arrow: &'static str,
    content: Content<'a>,
    /// The bytes that matter.
    focus: Option<Range<usize>>,
    /// Of all, and of the bytes that matter.
    styles: (Style, Style),
}

enum Content<'a> {
    Value(Cow<'a, [u8]>),
    Words(&'a str),
}

const SAFE: &str = "→";
const UNSAFE: &str = "?→";
const MANUAL: &str = "(→)";

impl<'a> ValueLine<'a> {
    fn of(value: &'a [u8], arrow: &'static str) -> Self {
        let content = if value.is_empty() {
            Content::Words("(empty)")
        } else {
            Content::Value(Cow::Borrowed(value))
        };
        Self { arrow, content, focus: None, styles: (style::PLAIN, style::PLAIN) }
    }

    /// A DN, of which the first part tells most.
    fn dn(dn: &'a [u8]) -> Self {
        Self { focus: Some(0..rdn_len(dn)), ..Self::of(dn, "") }
    }

    fn words(words: &'a str, arrow: &'static str) -> Self {
        Self { content: Content::Words(words), ..Self::of(b"", arrow) }
    }
}

/// The value, and what is proposed for it.
fn value_lines<'a>(finding: &'a Finding<'_>) -> [Option<ValueLine<'a>>; 2] {
    let arrow = match finding.applicability {
        Applicability::Safe => SAFE,
        Applicability::Unsafe => UNSAFE,
        Applicability::Manual => MANUAL,
    };
    let value = finding.value.as_deref();
    let mut old = value.map(|value| ValueLine::of(value, ""));
    let update = finding.update.as_deref().map(str::as_bytes);
    let new = match (finding.action, update) {
        (Action::Complete, _) => ValueLine::words("(keep: this holder has the first right)", ""),
        (Action::Remove, _) => ValueLine::words("(remove)", arrow),
        // IdFix proposes the value itself where it knows no better one.
        (Action::Edit, Some(update)) if value != Some(update) => {
            let mut new = ValueLine::of(update, arrow);
            new.styles = (style::NEW, style::NEW_CHANGED);
            if let (Some(value), Some(old)) = (value, &mut old) {
                let (gone, come) = difference(value, update);
                old.focus = Some(gone);
                old.styles.1 = style::OLD_CHANGED;
                new.focus = Some(come);
            }
            new
        }
        (Action::Edit, _) => ValueLine::words("(no suggestion)", ""),
    };
    if let (Some(value), Some(old)) = (value, &mut old) {
        old.focus = old.focus.take().or_else(|| first_escape(value));
    }
    [old, Some(new)]
}

/// What there is to say about the value, in as many lines as it takes.
fn message_lines(message: &str, columns: usize) -> Vec<ValueLine<'_>> {
    let plain = as_plain(message.as_bytes());
    if !message.is_empty() && message.len() <= columns && plain.is_some() {
        return vec![ValueLine::words(message, "")];
    }
    let ranges = match plain.filter(|message| message.is_ascii()) {
        Some(message) => wrap_words(message.as_bytes(), columns),
        None => {
            let glyphs = cells(message.as_bytes());
            let bytes = |range: Range<usize>| {
                let (first, last) = glyphs.get(range.clone())?.first().zip(glyphs[range].last())?;
                Some(first.at..last.at + last.source.len())
            };
            wrap_words(&glyphs, columns).into_iter().filter_map(bytes).collect()
        }
    };
    let words = |range: Range<usize>| message.get(range).filter(|words| !words.is_empty());
    let mut lines: Vec<ValueLine<'_>> =
        ranges.into_iter().filter_map(words).map(|words| ValueLine::words(words, "")).collect();
    // A value within it may be longer than any screen.
    if lines.len() > MESSAGE_LINES {
        let end = lines.len() - MESSAGE_LINES / 4;
        lines.splice(MESSAGE_LINES - MESSAGE_LINES / 4 - 1..end, [ValueLine::words("…", "")]);
    }
    lines
}

/// The bytes of both values between what they share at the start and the end.
fn difference(old: &[u8], new: &[u8]) -> (Range<usize>, Range<usize>) {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let ends = old[start..].iter().rev().zip(new[start..].iter().rev());
    let shared = ends.take_while(|(a, b)| a == b).count();
    (start..old.len() - shared, start..new.len() - shared)
}

/// Where the value has something that cannot be seen, it is likely what is wrong.
fn first_escape(value: &[u8]) -> Option<Range<usize>> {
    if value.iter().all(|byte| matches!(byte, b'!'..=b'~')) {
        return None;
    }
    let odd = cells(value).into_iter().find(|cell| !matches!(cell.glyph, Glyph::Plain(_)))?;
    Some(odd.at..odd.at + odd.source.len())
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
