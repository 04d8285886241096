//! One value, or an old and a new one, behind their signs.

use anstyle::Style;

use super::inline::Marks;
use super::touched::raw;
use crate::ldif::Value;
use crate::report::shorten::{Piece, shorten, width, wrap, wrap_words};
use crate::report::terminal::{Colour, Ink, grouped, style};
use crate::report::visible::{Cell, Glyph, cells_around};

/// A value of more lines than this loses parts that do not change, and one of
/// still more than twice as many its middle.
const LINES: usize = 4;

/// What is said of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Removed,
    Added,
    Kept,
    Conflict,
}

impl Sign {
    fn mark(self) -> &'static str {
        match self {
            Self::Removed => "- ",
            Self::Added => "+ ",
            Self::Kept => "  ",
            Self::Conflict => "! ",
        }
    }

    /// The styles of a value, and of what changes in it.
    fn styles(self) -> (Style, Style) {
        match self {
            Self::Removed => (style::OLD, style::OLD_CHANGED),
            Self::Added => (style::NEW, style::NEW_CHANGED),
            Self::Kept => (style::QUIET, style::QUIET),
            Self::Conflict => (style::GRAVE, style::GRAVE),
        }
    }
}

/// Where signs stand; values stand two columns further.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Counted from 0.
    pub column: usize,
    /// Of the terminal.
    pub columns: usize,
}

impl Place {
    /// One value, whole.
    pub fn value(self, ink: &mut Ink, sign: Sign, value: &Value<'_>) {
        self.labelled(ink, sign, "", value);
    }

    /// One value behind a few words.
    pub fn labelled(self, ink: &mut Ink, sign: Sign, label: &str, value: &Value<'_>) {
        let bytes = raw(value);
        let mut shown = own_words(label);
        shown.extend(own_words(reference(value)));
        shown.extend(cells_around(bytes, 0));
        if bytes.is_empty() {
            shown.extend(own_words("(empty)"));
        }
        let marks = vec![false; shown.len()];
        self.lines(ink, sign, &shown, &marks, bytes.len());
    }

    /// A few words instead of a value.
    pub fn words(self, ink: &mut Ink, sign: Sign, words: &str) {
        let cells = own_words(words);
        let style = sign.styles().0;
        let mut mark = sign.mark();
        for line in wrap_words(&cells, self.room()) {
            ink.move_to(self.column);
            ink.text(style, mark);
            ink.move_to(self.column + 2);
            cells[line].iter().for_each(|cell| ink.cell(style, cell));
            ink.end_line();
            mark = "";
        }
    }

    /// An old and a new value, with what differs marked.
    pub fn pair(self, ink: &mut Ink, old: &Value<'_>, new: &Value<'_>) {
        let same_kind = matches!(old, Value::Url(_)) == matches!(new, Value::Url(_));
        let (old_bytes, new_bytes) = (raw(old), raw(new));
        if !same_kind || old_bytes.is_empty() || new_bytes.is_empty() {
            self.value(ink, Sign::Removed, old);
            self.value(ink, Sign::Added, new);
            return;
        }
        let focus = old_bytes.iter().zip(new_bytes).take_while(|(a, b)| a == b).count();
        let mut old_cells = own_words(reference(old));
        old_cells.extend(cells_around(old_bytes, focus));
        let mut new_cells = own_words(reference(new));
        new_cells.extend(cells_around(new_bytes, focus));
        let marks = Marks::between(&old_cells, &new_cells);
        self.lines(ink, Sign::Removed, &old_cells, &marks.old, old_bytes.len());
        self.lines(ink, Sign::Added, &new_cells, &marks.new, new_bytes.len());
    }

    fn room(self) -> usize {
        self.columns - self.column - 2
    }

    /// Cells in as many lines as they need, carets below them.
    fn lines(self, ink: &mut Ink, sign: Sign, cells: &[Cell<'_>], marks: &[bool], size: usize) {
        let room = self.room();
        let (cells, marks, cut) = cut(cells, marks, room);
        let (plain, changed) = sign.styles();
        // Where all is new, carets under all of it say nothing.
        let all = marks.iter().all(|&marked| marked);
        let carets = ink.colour() == Colour::Never && !all;
        let mut mark = sign.mark();
        for line in wrap(&cells, room) {
            ink.move_to(self.column);
            ink.text(plain, mark.trim_end());
            ink.move_to(self.column + 2);
            for at in line.clone() {
                let style = if marks[at] && !all { changed } else { plain };
                let at_edge = at == line.start || at + 1 == line.end;
                match cells[at].glyph {
                    // A blank where a line breaks could not be seen.
                    Glyph::Plain(" ") if at_edge && !cells[at].source.is_empty() => {
                        ink.cell(style, &Cell { glyph: Glyph::Picture('␠'), ..cells[at] });
                    }
                    Glyph::Plain(" ") if at + 1 == line.end => {}
                    _ => ink.cell(style, &cells[at]),
                }
            }
            ink.end_line();
            if carets && marks[line.clone()].contains(&true) {
                self.carets(ink, &cells[line.clone()], &marks[line]);
            }
            mark = "";
        }
        if cut {
            ink.move_to(self.column + 2);
            let size = grouped(u64::try_from(size).unwrap_or(u64::MAX));
            let words = format!("({size} bytes in all)");
            let words = own_words(&words);
            words.iter().take(room).for_each(|cell| ink.cell(style::QUIET, cell));
            ink.end_line();
        }
    }

    fn carets(self, ink: &mut Ink, cells: &[Cell<'_>], marks: &[bool]) {
        let mut column = self.column + 2;
        for (cell, marked) in cells.iter().zip(marks) {
            if *marked {
                ink.move_to(column);
                ink.text(style::PLAIN, &"^".repeat(cell.width));
            }
            column += cell.width;
        }
        ink.end_line();
    }
}

/// What stands before a reference, so that it is not taken for a value.
fn reference(value: &Value<'_>) -> &'static str {
    match value {
        Value::Bytes(_) => "",
        Value::Url(_) => "(reference) ",
    }
}

/// Words of the program's own as cells that stand for no byte.
fn own_words(words: &str) -> Vec<Cell<'_>> {
    let cell = |(at, c): (usize, char)| Cell {
        source: &[],
        at: 0,
        glyph: Glyph::Plain(&words[at..at + c.len_utf8()]),
        width: 1,
    };
    words.char_indices().map(cell).collect()
}

/// Cells and marks, and whether any are missing.
type Cut<'a> = (Vec<Cell<'a>>, Vec<bool>, bool);

/// Leaves out what does not change, then the middle, until the lines are few.
fn cut<'a>(cells: &[Cell<'a>], marks: &[bool], room: usize) -> Cut<'a> {
    let gap = Cell { source: &[], at: 0, glyph: Glyph::Gap, width: 1 };
    let excerpt = cells.iter().any(|cell| cell.glyph == Glyph::Gap);
    if width(cells) <= room * LINES {
        return (cells.to_vec(), marks.to_vec(), excerpt);
    }
    let mut kept = (Vec::new(), Vec::new());
    let near = near_marks(marks, room / 3);
    for (at, cell) in cells.iter().enumerate() {
        if near[at] {
            kept.0.push(*cell);
            kept.1.push(marks[at]);
        } else if kept.0.last().is_none_or(|last: &Cell<'_>| last.glyph != Glyph::Gap) {
            kept.0.push(gap);
            kept.1.push(false);
        }
    }
    let (cells, marks) =
        if marks.contains(&true) { kept } else { (cells.to_vec(), marks.to_vec()) };
    let lines = if marks.contains(&true) { 2 * LINES } else { LINES };
    let mut cut = (Vec::new(), Vec::new(), true);
    for piece in shorten(&cells, room * lines, None) {
        match piece {
            Piece::Ellipsis => {
                cut.0.push(gap);
                cut.1.push(false);
            }
            Piece::Cells(part, first) => {
                cut.0.extend_from_slice(part);
                cut.1.extend_from_slice(&marks[first..first + part.len()]);
            }
        }
    }
    cut
}

/// Which cells stand at most `distance` from a marked one, or from an end.
fn near_marks(marks: &[bool], distance: usize) -> Vec<bool> {
    let mut near = vec![false; marks.len()];
    let mut since = 0;
    for at in 0..marks.len() {
        since = if marks[at] { 0 } else { since + 1 };
        near[at] |= since <= distance;
    }
    since = 0;
    for at in (0..marks.len()).rev() {
        since = if marks[at] { 0 } else { since + 1 };
        near[at] |= since <= distance;
    }
    near
}
