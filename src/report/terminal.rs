//! What every output for people shares: colour, width, and a line that knows
//! how many columns it has used.

use std::fmt::Write as _;
use std::ops::Range;

use anstyle::{AnsiColor, Style};

use super::visible::{Cell, Glyph};

/// Whether styles are written. The caller decides, once for each stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text: a file, a pipe, `NO_COLOR`.
    Never,
    /// ANSI styles.
    Always,
}

/// A number of columns that output may fill, from [`Width::NARROWEST`] to
/// [`Width::WIDEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Width(usize);

impl Width {
    /// What a narrower terminal is taken for: below it an escape such as
    /// `\u{10ffff}` and its indentation no longer fit into one line.
    pub const NARROWEST: usize = 20;

    /// What a terminal can say of itself; who sets `COLUMNS` to more means no end.
    pub const WIDEST: usize = u16::MAX as usize;

    /// What is assumed where there is no terminal to ask.
    pub const USUAL: Self = Self(80);

    /// A width in columns.
    #[must_use]
    pub fn of(columns: usize) -> Self {
        Self(columns.clamp(Self::NARROWEST, Self::WIDEST))
    }

    /// The width of the terminal on stdout; without one that of `COLUMNS`;
    /// without that [`Width::USUAL`].
    #[must_use]
    pub fn of_stdout() -> Self {
        let terminal = terminal_size::terminal_size_of(std::io::stdout());
        Self::of_terminal_or_environment(terminal)
    }

    /// The same of the terminal on stderr.
    #[must_use]
    pub fn of_stderr() -> Self {
        let terminal = terminal_size::terminal_size_of(std::io::stderr());
        Self::of_terminal_or_environment(terminal)
    }

    fn of_terminal_or_environment(
        terminal: Option<(terminal_size::Width, terminal_size::Height)>,
    ) -> Self {
        // A pseudo terminal that nobody has sized says 0.
        let asked = terminal.map(|(width, _)| usize::from(width.0)).filter(|&width| width > 0);
        let named = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|&width| width > 0);
        asked.or_else(named).map_or(Self::USUAL, Self::of)
    }

    /// The number of columns.
    #[must_use]
    pub fn columns(self) -> usize {
        self.0
    }
}

/// A number with thousands separators: `74,310`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `a`, `a or b`, `a, b or c`.
pub fn listed(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [others @ .., one] => format!("{} {last} {one}", others.join(", ")),
    }
}

/// A number and its noun: `1 finding`, `no findings`, `1,234 findings`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", grouped(number)),
    }
}

/// The styles, named by what they say. None says it alone: a sign, a word or a
/// place in the layout says the same.
pub(super) mod style {
    use super::{AnsiColor, Style};

    pub const PLAIN: Style = Style::new();
    pub const HEADING: Style = Style::new().bold();
    pub const QUIET: Style = Style::new().dimmed();
    pub const MILD: Style = AnsiColor::Yellow.on_default();
    pub const GRAVE: Style = AnsiColor::Red.on_default();
    pub const ESCAPE: Style = AnsiColor::Cyan.on_default();
    pub const OLD: Style = AnsiColor::Red.on_default();
    pub const OLD_CHANGED: Style = AnsiColor::Red.on_default().bold().invert();
    pub const NEW: Style = AnsiColor::Green.on_default();
    pub const NEW_CHANGED: Style = AnsiColor::Green.on_default().bold().invert();
}

/// Lines under construction. Text that comes from a file enters as cells, or
/// through [`Ink::foreign`]; text of the program's own as it is.
#[derive(Debug)]
pub(super) struct Ink {
    colour: Colour,
    buffer: String,
    column: usize,
    open: Style,
}

impl Ink {
    pub fn new(colour: Colour) -> Self {
        Self { colour, buffer: String::new(), column: 0, open: style::PLAIN }
    }

    pub fn colour(&self) -> Colour {
        self.colour
    }

    pub fn column(&self) -> usize {
        self.column
    }

    /// Text of the program's own.
    pub fn text(&mut self, style: Style, text: &str) {
        self.switch(style);
        self.buffer.push_str(text);
        self.column += unicode_width::UnicodeWidthStr::width(text);
    }

    /// Text from elsewhere, made visible.
    pub fn foreign(&mut self, style: Style, text: &[u8]) {
        for cell in &super::visible::cells(text) {
            self.cell(style, cell);
        }
    }

    /// One cell of a value. An escape stands out where nothing else does.
    pub fn cell(&mut self, style: Style, cell: &Cell<'_>) {
        if let Glyph::Plain(text) = cell.glyph {
            self.switch(style);
            self.buffer.push_str(text);
        } else {
            self.switch(if style == style::PLAIN { style::ESCAPE } else { style });
            // Writing to a String cannot fail.
            let _ = write!(self.buffer, "{}", cell.glyph);
        }
        self.column += cell.width;
    }

    /// Text of which every character is one plain column.
    pub fn plain(&mut self, style: Style, text: &str) {
        if !text.is_empty() {
            self.switch(style);
            self.buffer.push_str(text);
            self.column += text.chars().count();
        }
    }

    /// One line of wrapped cells, each with the style of its number.
    pub fn line(&mut self, cells: &[Cell<'_>], line: Range<usize>, style: impl Fn(usize) -> Style) {
        for at in line.clone() {
            let at_edge = at == line.start || at + 1 == line.end;
            match cells[at].glyph {
                // A blank where a line breaks could not be seen.
                Glyph::Plain(" ") if at_edge && !cells[at].source.is_empty() => {
                    self.cell(style(at), &Cell { glyph: Glyph::Picture('␠'), ..cells[at] });
                }
                Glyph::Plain(" ") if at + 1 == line.end => {}
                _ => self.cell(style(at), &cells[at]),
            }
        }
    }

    /// Blanks up to a column; at least none.
    pub fn move_to(&mut self, column: usize) {
        self.switch(style::PLAIN);
        if let Some(missing) = column.checked_sub(self.column) {
            self.buffer.extend(std::iter::repeat_n(' ', missing));
            self.column = column;
        }
    }

    pub fn end_line(&mut self) {
        self.switch(style::PLAIN);
        self.buffer.push('\n');
        self.column = 0;
    }

    /// Bytes that were written and not handed over yet.
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Hands over what was written and starts afresh.
    pub fn flush(&mut self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        out.write_all(self.buffer.as_bytes())?;
        self.buffer.clear();
        Ok(())
    }

    /// Styles change only where they differ, so that a long value of one style
    /// costs two escapes and not two for each character.
    fn switch(&mut self, style: Style) {
        if self.colour == Colour::Never || self.open == style {
            return;
        }
        let _ = write!(self.buffer, "{}{}", self.open.render_reset(), style.render());
        self.open = style;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_thousands_separators() {
        let all = [0, 7, 999, 1_000, 74_310, 999_999, 1_234_567].map(grouped);
        assert_eq!(all, ["0", "7", "999", "1,000", "74,310", "999,999", "1,234,567"]);
    }

    #[test]
    fn a_count_of_none_says_no() {
        assert_eq!(counted(0, "finding", "findings"), "no findings");
        assert_eq!(counted(1, "finding", "findings"), "1 finding");
        assert_eq!(counted(1_200, "finding", "findings"), "1,200 findings");
    }

    #[test]
    fn a_width_that_cannot_hold_a_row_is_raised() {
        assert_eq!(Width::of(0).columns(), 20);
        assert_eq!(Width::of(132).columns(), 132);
    }

    #[test]
    fn plain_ink_writes_no_escape_and_coloured_ink_closes_what_it_opens() {
        let written = |colour| {
            let mut ink = Ink::new(colour);
            ink.text(style::HEADING, "a");
            ink.text(style::HEADING, "b");
            ink.end_line();
            let mut out = Vec::new();
            ink.flush(&mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(Colour::Never), "ab\n");
        assert_eq!(written(Colour::Always), "\u{1b}[1mab\u{1b}[0m\n");
    }
}
