//! A message about a place in an input:
//!
//! ```text
//! corp.ldif:12:1: a line without a colon
//!     telephoneNumber 4711
//!     ^~~~~~~~~~~~~~~~~~~~
//!     hint: an attribute and its value are separated by ": "
//! ```

use std::fmt;
use std::io::{self, Write};
use std::ops::Range;

use anstyle::Style;

use super::shorten::{self, Piece, shorten, width, wrap_words};
use super::terminal::{Colour, Ink, Width, style};
use super::visible::{cells_around, cells_of_visible, harmless};
use crate::ldif::Position;

/// How much a message weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something could not be used. It needs no word: the message says it.
    Error,
    /// Something was read, but not as it was likely meant.
    Warning,
    /// Something worth knowing.
    Note,
}

/// A message and its place.
#[derive(Clone, Copy)]
pub struct Problem<'a> {
    /// How much it weighs.
    pub severity: Severity,
    /// The name of the input.
    pub file: &'a str,
    /// The place; `None` where it is about the whole input.
    pub position: Option<Position>,
    /// What is wrong, without a full stop.
    pub message: &'a dyn fmt::Display,
    /// The offending text; empty where there is nothing to show.
    pub text: &'a [u8],
    /// How many bytes of the text stand before what is wrong. The caret stands
    /// there, and what follows is underlined.
    pub offset: usize,
    /// What to do about it.
    pub hint: Option<&'a str>,
}

const INDENT: usize = 4;

/// Columns below which words do not stand beside their label.
const LEAST: usize = 10;

impl Problem<'_> {
    /// Writes the message: `file:line:column: message`, and below it the text
    /// with a caret and the hint, where there are any.
    ///
    /// The first line is never cut, since other programs read it; the others
    /// keep to `width`.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn write(&self, out: &mut impl Write, width: Width, colour: Colour) -> io::Result<()> {
        let mut ink = Ink::new(colour);
        ink.foreign(style::HEADING, self.file.as_bytes());
        if let Some(position) = self.position {
            ink.text(style::HEADING, &format!(":{position}"));
        }
        ink.text(style::HEADING, ": ");
        match self.severity {
            Severity::Error => {}
            Severity::Warning => ink.text(style::MILD, "warning: "),
            Severity::Note => ink.text(style::QUIET, "note: "),
        }
        let grave = if self.severity == Severity::Error { style::GRAVE } else { style::PLAIN };
        // It names entries, which are visible already.
        ink.text(grave, &harmless(&self.message.to_string().replace('\n', "␊")));
        ink.end_line();
        if !self.text.is_empty() {
            self.write_text(&mut ink, width);
        }
        if let Some(hint) = self.hint {
            let label = ("hint: ", style::HEADING);
            write_wrapped(&mut ink, INDENT, label, (hint, style::PLAIN), width);
        }
        ink.flush(out)
    }

    fn write_text(&self, ink: &mut Ink, terminal: Width) {
        let cells = cells_around(self.text, self.offset);
        let start = cells.partition_point(|cell| cell.at + cell.source.len() <= self.offset);
        let columns = terminal.columns() - INDENT;
        let mut marks = String::new();
        ink.move_to(INDENT);
        let focus: Range<usize> = start..cells.len();
        for piece in shorten(&cells, columns, Some(start..(start + 1).min(cells.len()))) {
            let (first, taken, wide) = match piece {
                Piece::Ellipsis => {
                    ink.text(style::QUIET, "…");
                    marks.push(if marks.contains('^') { '~' } else { ' ' });
                    continue;
                }
                Piece::Cells(taken, first) => (first, taken, width(taken)),
            };
            let before = taken.len().min(focus.start.saturating_sub(first));
            let blank = width(&taken[..before]);
            marks.extend(std::iter::repeat_n(' ', blank));
            for at in blank..wide {
                let caret = at == blank && !marks.contains('^');
                marks.push(if caret { '^' } else { '~' });
            }
            taken.iter().for_each(|cell| ink.cell(style::PLAIN, cell));
        }
        ink.end_line();
        ink.move_to(INDENT);
        ink.text(style::GRAVE, if marks.contains('^') { marks.trim_end() } else { "^" });
        ink.end_line();
    }
}

/// Words, of which parts are visible already, in lines that keep to the width: under each
/// other behind a label that begins at `indent`, or below one that leaves no room.
pub(super) fn write_wrapped(
    ink: &mut Ink,
    indent: usize,
    (label, label_style): (&str, Style),
    (words, words_style): (&str, Style),
    width: Width,
) {
    let words = harmless(words.trim()).replace('\n', "␊");
    let cells = cells_of_visible(&words);
    let mut start = indent + shorten::width(&cells_of_visible(label));
    ink.move_to(indent);
    if start + LEAST <= width.columns() {
        ink.text(label_style, label);
    } else {
        ink.text(label_style, label.trim_end());
        ink.end_line();
        ink.move_to(indent);
        start = indent;
    }
    for (at, line) in wrap_words(&cells, width.columns() - start).into_iter().enumerate() {
        if at > 0 {
            ink.end_line();
            ink.move_to(start);
        }
        cells[line].iter().for_each(|cell| ink.cell(words_style, cell));
    }
    ink.end_line();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::super::visible::is_deceptive;
    use super::*;

    const PLACE: Position = Position { offset: 0, line: 12, column: 5 };

    fn problem<'a>(text: &'a [u8], hint: Option<&'a str>) -> Problem<'a> {
        Problem {
            severity: Severity::Error,
            file: "corp.ldif",
            position: Some(PLACE),
            message: &"a line without a colon",
            text,
            offset: 0,
            hint,
        }
    }

    fn written(problem: &Problem<'_>, columns: usize) -> String {
        let mut out = Vec::new();
        problem.write(&mut out, Width::of(columns), Colour::Never).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_place_comes_first_then_the_text_and_what_to_do() {
        let hint = "an attribute and its value are separated by a colon and a blank";
        assert_eq!(
            written(&problem(b"telephoneNumber 4711", Some(hint)), 40),
            concat!(
                "corp.ldif:12:5: a line without a colon\n",
                "    telephoneNumber 4711\n",
                "    ^~~~~~~~~~~~~~~~~~~~\n",
                "    hint: an attribute and its value are\n",
                "          separated by a colon and a\n",
                "          blank\n",
            )
        );
    }

    #[test]
    fn the_caret_stands_under_what_is_wrong() {
        let text = "mail: änna\u{200b}@example.com".as_bytes();
        assert_eq!(
            written(&Problem { offset: 11, ..problem(text, None) }, 80),
            concat!(
                "corp.ldif:12:5: a line without a colon\n",
                "    mail: änna\\u{200b}@example.com\n",
                "              ^~~~~~~~~~~~~~~~~~~~\n",
            )
        );
    }

    #[test]
    fn a_warning_says_so_and_a_whole_input_has_no_place() {
        let problem = Problem {
            severity: Severity::Warning,
            position: None,
            message: &"line ends of both kinds",
            ..problem(b"", None)
        };
        assert_eq!(written(&problem, 80), "corp.ldif: warning: line ends of both kinds\n");
    }

    fn wrapped(label: &str, words: &str, columns: usize) -> String {
        let (mut ink, mut out) = (Ink::new(Colour::Never), Vec::new());
        let (label, words) = ((label, style::QUIET), (words, style::PLAIN));
        write_wrapped(&mut ink, 4, label, words, Width::of(columns));
        ink.flush(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn words_stand_below_a_label_that_leaves_no_room_for_them() {
        let long = format!("{}: ", "n".repeat(40));
        assert_eq!(
            wrapped(&long, "found none", 30),
            format!("    {}\n    found none\n", long.trim())
        );
        assert_eq!(wrapped("why: ", "it is long gone", 20), "    why: it is long\n         gone\n");
        assert_eq!(wrapped("whether: ", "it is gone", 20), "    whether:\n    it is gone\n");
    }

    #[test]
    fn words_that_are_visible_already_are_not_explained_once_more() {
        assert_eq!(wrapped("! ", "CN=a\\u{200b}␛", 40), "    ! CN=a\\u{200b}␛\n");
        assert_eq!(wrapped("! ", "a\u{200b}\tb\nc", 40), "    ! a\\u{200b}␉b␊c\n");
    }

    #[test]
    fn an_offset_behind_the_text_still_has_a_caret() {
        let text = written(&Problem { offset: 99, ..problem(b"cn: x", None) }, 80);
        assert!(text.ends_with("    cn: x\n    ^\n"), "{text}");
    }

    proptest! {
        #[test]
        fn text_keeps_to_the_width_and_acts_upon_nothing(
            text: Vec<u8>,
            offset in 0_usize..80,
            columns in 20_usize..90,
            message: String,
        ) {
            let problem = Problem { offset, message: &message, ..problem(&text, None) };
            let written = written(&problem, columns);
            for line in written.lines().skip(1) {
                prop_assert!(line.width() <= columns, "{line}");
            }
            prop_assert!(written.chars().all(|c| c == '\n' || !is_deceptive(c)));
        }
    }
}
