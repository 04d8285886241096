//! Findings for people: an entry's DN as a heading, its findings below.
//!
//! ```text
//! CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example
//!   proxyAddresses     Format,         smtp:ZOË.PEREZ27@-BAD.COM
//!                      LocalPart     → smtp:ZO.PEREZ27@BAD.COM
//! ```
//!
//! The suggestion stands under the value, so that the eye finds the difference.
//! `→` is written by `fix`, `?→` by `fix --unsafe` only, and what stands in
//! parentheses needs a person. The layout follows from the width of the terminal
//! alone: rows are written as they come, and millions of them cost no memory.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use anstyle::Style;

use super::FindingWriter;
use super::shorten::{Piece, shorten};
use super::terminal::{Colour, Ink, Width, style};
use super::visible::{Cell, Glyph, cells, cells_around};
use crate::rules::{Action, Applicability, Finding};

/// Writes findings as a table.
pub struct Table<W: Write> {
    out: W,
    ink: Ink,
    layout: Layout,
    /// The DN under whose heading rows stand.
    heading: Option<Vec<u8>>,
    /// First holders of duplicates, which stand above the second holder's row.
    first_holders: Vec<FirstHolder>,
    unsafe_seen: bool,
}

/// The row of the first holder of a duplicate, until the next row tells under
/// which heading it belongs.
struct FirstHolder {
    dn: Vec<u8>,
    attribute: &'static str,
    value: Option<Vec<u8>>,
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
/// Two blanks, `?→`, one blank.
const GUTTER: usize = 5;
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
        let error_width = (width / 5).clamp(15, 34);
        Self { width, error, error_width, value: error + error_width + GUTTER - 1, stacked: false }
    }

    fn value_width(self) -> usize {
        self.width - self.value
    }
}

impl<W: Write> Table<W> {
    /// A table of at most `width` columns.
    pub fn new(out: W, width: Width, colour: Colour) -> Self {
        Self {
            out,
            ink: Ink::new(colour),
            layout: Layout::of(width),
            heading: None,
            first_holders: Vec::new(),
            unsafe_seen: false,
        }
    }

    fn heading(&mut self, dn: &[u8]) {
        if self.heading.as_deref() == Some(dn) {
            return;
        }
        if self.heading.is_some() {
            self.ink.end_line();
        }
        let shown: &[u8] = if dn.is_empty() { b"(root DSE)" } else { dn };
        draw(&mut self.ink, shown, self.layout.width, None, (style::HEADING, style::HEADING));
        self.ink.end_line();
        let last = self.heading.get_or_insert_default();
        last.clear();
        last.extend_from_slice(dn);
    }

    /// Attribute and error words, and beside or below them the two lines.
    fn row(&mut self, attribute: &str, error: (Style, &str), lines: [Option<ValueLine<'_>>; 2]) {
        let layout = self.layout;
        let mut words = wrap_words(error.1, layout.error_width).into_iter();
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
            if let Some(word) = word {
                self.ink.move_to(layout.error);
                draw(&mut self.ink, word.as_bytes(), layout.error_width, None, (error.0, error.0));
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

    fn flush_first_holders(&mut self, next: Option<&Finding<'_>>) {
        for holder in std::mem::take(&mut self.first_holders) {
            if next.is_none() {
                self.heading(&holder.dn);
            }
            // The value is worth a line where the next row does not show it.
            let shown_below = next.is_some_and(|next| {
                next.attribute == holder.attribute
                    && next.value.as_deref() == holder.value.as_deref()
            });
            let dn = next.is_some().then(|| ValueLine::of(&holder.dn, ""));
            let value = holder.value.as_deref().filter(|_| !shown_below);
            let value = value.map(|value| ValueLine::of(value, ""));
            self.row(holder.attribute, (style::QUIET, "first holder"), [dn, value]);
        }
    }

    /// Says what the marks mean, once, at the end.
    fn legend(&mut self) {
        if self.unsafe_seen {
            self.ink.end_line();
            let words = "?→  suggestions that only fix --unsafe takes";
            draw(
                &mut self.ink,
                words.as_bytes(),
                self.layout.width,
                None,
                (style::QUIET, style::QUIET),
            );
            self.ink.end_line();
        }
    }
}

impl<W: Write> FindingWriter for Table<W> {
    fn write(&mut self, finding: &Finding<'_>) -> io::Result<()> {
        if finding.extra {
            self.first_holders.push(FirstHolder {
                dn: finding.dn.to_vec(),
                attribute: finding.attribute,
                value: finding.value.as_deref().map(<[u8]>::to_vec),
            });
            return Ok(());
        }
        self.heading(&finding.dn);
        self.flush_first_holders(Some(finding));
        let error = match finding.applicability {
            Applicability::Safe => style::MILD,
            Applicability::Unsafe | Applicability::Manual => style::GRAVE,
        };
        let lines = value_lines(finding);
        self.unsafe_seen |= lines[1].as_ref().is_some_and(|line| line.arrow == UNSAFE);
        self.row(finding.attribute, (error, &finding.error), lines);
        self.ink.flush(&mut self.out)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.flush_first_holders(None);
        self.legend();
        self.ink.flush(&mut self.out)?;
        self.out.flush()
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
    Words(&'static str),
}

const SAFE: &str = "→";
const UNSAFE: &str = "?→";

impl<'a> ValueLine<'a> {
    fn of(value: &'a [u8], arrow: &'static str) -> Self {
        let content = if value.is_empty() {
            Content::Words("(empty)")
        } else {
            Content::Value(Cow::Borrowed(value))
        };
        Self { arrow, content, focus: None, styles: (style::PLAIN, style::PLAIN) }
    }

    fn words(words: &'static str, arrow: &'static str) -> Self {
        Self { content: Content::Words(words), ..Self::of(b"", arrow) }
    }
}

/// The value, and what is proposed for it.
fn value_lines<'a>(finding: &'a Finding<'_>) -> [Option<ValueLine<'a>>; 2] {
    let arrow = match finding.applicability {
        Applicability::Safe => SAFE,
        Applicability::Unsafe => UNSAFE,
        Applicability::Manual => "",
    };
    let value = finding.value.as_deref();
    let mut old = match value {
        Some(value) => ValueLine::of(value, ""),
        None => ValueLine::words("(no value)", ""),
    };
    let update = finding.update.as_deref().map(str::as_bytes);
    let new = match (finding.action, update) {
        (Action::Complete, _) => ValueLine::words("(keep: this holder has the first right)", ""),
        (Action::Remove, _) => ValueLine::words("(remove)", arrow),
        // IdFix proposes the value itself where it knows no better one.
        (Action::Edit, Some(update)) if value != Some(update) => {
            let mut new = ValueLine::of(update, arrow);
            new.styles = (style::NEW, style::NEW_CHANGED);
            if let Some(value) = value {
                let (gone, come) = difference(value, update);
                old.focus = Some(gone);
                old.styles.1 = style::OLD_CHANGED;
                new.focus = Some(come);
            }
            new
        }
        (Action::Edit, _) => ValueLine::words("(no suggestion)", ""),
    };
    if old.focus.is_none() {
        old.focus = value.and_then(first_escape);
    }
    [Some(old), Some(new)]
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

/// Draws a value in at most `columns`.
fn draw(
    ink: &mut Ink,
    value: &[u8],
    columns: usize,
    focus: Option<Range<usize>>,
    styles: (Style, Style),
) {
    let cells = cells_around(value, focus.as_ref().map_or(0, |focus| focus.start));
    let focus = focus.map(|focus| cells_of(&cells, &focus));
    let in_focus = |at| focus.as_ref().is_some_and(|focus| focus.contains(&at));
    for piece in shorten(&cells, columns, focus.clone()) {
        match piece {
            Piece::Ellipsis => ink.text(styles.0, "…"),
            Piece::Cells(cells, first) => {
                for (at, cell) in cells.iter().enumerate() {
                    ink.cell(if in_focus(first + at) { styles.1 } else { styles.0 }, cell);
                }
            }
        }
    }
}

/// The cells that show any of these bytes.
fn cells_of(cells: &[Cell<'_>], bytes: &Range<usize>) -> Range<usize> {
    let start = cells.partition_point(|cell| cell.at + cell.source.len() <= bytes.start);
    let end = cells.partition_point(|cell| cell.at < bytes.end);
    start..end.max(start)
}

/// Error words in lines of at most `columns`.
fn wrap_words(words: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
