//! Values that are wider than their place: cut in the middle, or wrapped.

use std::fmt;
use std::ops::Range;

use super::visible::{Cell, Glyph};

/// A part of a shortened value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'c, 'a> {
    /// Cells, and the number of the first.
    Cells(&'c [Cell<'a>], usize),
    /// What was left out: `…`, one column.
    Ellipsis,
}

impl fmt::Display for Piece<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cells(cells, _) => cells.iter().try_for_each(|cell| cell.glyph.fmt(f)),
            Self::Ellipsis => f.write_str("…"),
        }
    }
}

/// What a text is laid out in: its cells, or its bytes where it is plain and of ASCII.
pub(super) trait Unit {
    /// Columns.
    fn width(&self) -> usize;
    /// Whether words end here.
    fn is_blank(&self) -> bool;
}

impl Unit for Cell<'_> {
    fn width(&self) -> usize {
        self.width
    }

    fn is_blank(&self) -> bool {
        matches!(self.glyph, Glyph::Plain(" ") | Glyph::Picture('␠'))
    }
}

impl Unit for u8 {
    fn width(&self) -> usize {
        1
    }

    fn is_blank(&self) -> bool {
        *self == b' '
    }
}

/// The columns that cells take.
pub(super) fn width(cells: &[Cell<'_>]) -> usize {
    cells.iter().map(|cell| cell.width).sum()
}

/// Cuts cells to at most `columns`, keeping both ends, and keeping the cells of
/// `focus` in sight as far as there is room.
pub(super) fn shorten<'c, 'a>(
    cells: &'c [Cell<'a>],
    columns: usize,
    focus: Option<Range<usize>>,
) -> Vec<Piece<'c, 'a>> {
    if width(cells) <= columns {
        return vec![Piece::Cells(cells, 0)];
    }
    let room = columns.saturating_sub(1);
    let tail = from_back(cells, cells.len(), room / 2);
    let head = from_front(cells, 0, room - width(&cells[tail..]));
    let hidden = head..tail;
    match focus {
        Some(focus) if focus.end > hidden.start && focus.start < hidden.end => {
            pieces(cells, around(cells, columns, focus))
        }
        _ => pieces(cells, [0..head, tail..cells.len(), 0..0]),
    }
}

/// A little of both ends, and the focus with what room is left.
fn around(cells: &[Cell<'_>], columns: usize, focus: Range<usize>) -> [Range<usize>; 3] {
    // Two ellipses, and an end is a quarter of the room where the focus needs it.
    let room = columns.saturating_sub(2);
    let head = from_front(cells, 0, room / 4).min(focus.start);
    let tail = from_back(cells, cells.len(), room / 4).max(focus.end);
    let middle = room - width(&cells[..head]) - width(&cells[tail..]);
    let wanted = width(&cells[focus.clone()]);
    if wanted > middle {
        return [0..head, focus.start..from_front(cells, focus.start, middle), tail..cells.len()];
    }
    let start = from_back(cells, focus.start, (middle - wanted) / 2);
    let end = from_front(cells, start, middle);
    [0..head, start..end, tail..cells.len()]
}

/// The ranges as pieces, with an ellipsis wherever something is left out.
fn pieces<'c, 'a>(cells: &'c [Cell<'a>], ranges: [Range<usize>; 3]) -> Vec<Piece<'c, 'a>> {
    // An excerpt's own gap beside an ellipsis would read as two.
    let is_gap = |at: usize| cells.get(at).is_some_and(|cell| cell.glyph == Glyph::Gap);
    let mut pieces = Vec::with_capacity(7);
    let mut done = 0;
    for mut range in ranges {
        range.start = range.start.max(done);
        if range.start > done && is_gap(range.start) {
            range.start += 1;
        }
        if range.end < cells.len() && range.start < range.end && is_gap(range.end - 1) {
            range.end -= 1;
        }
        if range.start >= range.end {
            continue;
        }
        if range.start > done {
            pieces.push(Piece::Ellipsis);
        }
        pieces.push(Piece::Cells(&cells[range.clone()], range.start));
        done = range.end;
    }
    if done < cells.len() {
        pieces.push(Piece::Ellipsis);
    }
    pieces
}

/// Cuts cells into lines of at most `columns`; at least one line, which is
/// empty where there are no cells.
pub(super) fn wrap(cells: &[Cell<'_>], columns: usize) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    loop {
        // A cell wider than the line still has to go somewhere.
        let end = from_front(cells, start, columns).max(start + 1).min(cells.len());
        lines.push(start..end);
        start = end;
        if start == cells.len() {
            return lines;
        }
    }
}

/// Cuts cells into lines of at most `columns`, between words where a line has
/// any; the blanks around words are left out. At least one line.
pub(super) fn wrap_words(cells: &[impl Unit], columns: usize) -> Vec<Range<usize>> {
    let is_blank = |at: &usize| cells[*at].is_blank();
    let mut lines = Vec::new();
    let mut rest = 0;
    loop {
        let start = (rest..cells.len()).find(|at| !is_blank(at)).unwrap_or(cells.len());
        let fitting = from_front(cells, start, columns).max(start + 1).min(cells.len());
        let blank = (start..=fitting).rev().find(|at| *at == cells.len() || is_blank(at));
        rest = blank.unwrap_or(fitting);
        let end = (start..rest).rev().find(|at| !is_blank(at)).map_or(start, |last| last + 1);
        if start < end || lines.is_empty() {
            lines.push(start..end);
        }
        if rest >= cells.len() {
            return lines;
        }
    }
}

/// The end of the longest run from `start` that fits.
fn from_front<U: Unit>(cells: &[U], start: usize, columns: usize) -> usize {
    let mut left = columns;
    let fits = |cell: &&U| left.checked_sub(cell.width()).inspect(|&rest| left = rest).is_some();
    start + cells[start..].iter().take_while(fits).count()
}

/// The start of the longest run up to `end` that fits.
fn from_back(cells: &[Cell<'_>], end: usize, columns: usize) -> usize {
    let mut left = columns;
    let fits =
        |cell: &&Cell<'_>| left.checked_sub(cell.width).inspect(|&rest| left = rest).is_some();
    end - cells[..end].iter().rev().take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::visible::{cells, cells_around};
    use super::*;

    fn shortened(value: &str, columns: usize, focus: Option<Range<usize>>) -> String {
        let cells = cells(value.as_bytes());
        shorten(&cells, columns, focus).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(shortened("anna@example.com", 16, None), "anna@example.com");
        assert_eq!(shortened("", 16, None), "");
    }

    #[test]
    fn the_middle_gives_way() {
        assert_eq!(shortened("anna.adler.71@example.com", 16, None), "anna.adl…ple.com");
    }

    #[test]
    fn the_offending_part_stays_in_sight() {
        let value = "smtp:anna.maria.von.adler-hohen%stein@mail.corp.example.com";
        assert_eq!(shortened(value, 24, Some(31..32)), "smtp:…hohen%stein@…e.com");
        assert_eq!(shortened(value, 24, Some(2..3)), "smtp:anna.ma…example.com");
    }

    #[test]
    fn an_offending_part_wider_than_the_place_shows_its_start() {
        let value = format!("{}{}", "a".repeat(60), "b".repeat(60));
        assert_eq!(shortened(&value, 20, Some(60..120)), "aaaa…bbbbbbbbbbbbbb…");
    }

    #[test]
    fn a_wide_character_is_never_cut_in_half() {
        assert_eq!(shortened("山田太郎山田太郎", 8, None), "山田…郎");
    }

    #[test]
    fn lines_hold_all_cells() {
        let cells = cells("山田太郎ab".as_bytes());
        assert_eq!(wrap(&cells, 5), [0..2, 2..5, 5..6]);
        assert_eq!(wrap(&[], 5), vec![0..0]);
    }

    fn words(text: &str, columns: usize) -> Vec<&str> {
        let cells = cells(text.as_bytes());
        let byte = |at: usize| cells.get(at).map_or(text.len(), |cell| cell.at);
        let lines = wrap_words(&cells, columns).into_iter();
        lines.map(|line| &text[byte(line.start)..byte(line.end)]).collect()
    }

    #[test]
    fn words_stay_whole_where_a_line_holds_them() {
        assert_eq!(words("one two three", 7), ["one two", "three"]);
        assert_eq!(words("one two three", 8), ["one two", "three"]);
        assert_eq!(words(" unbreakable x ", 5), ["unbre", "akabl", "e x"]);
        assert_eq!(words("", 5), [""]);
        assert_eq!(words("   ", 5), [""]);
    }

    #[test]
    fn a_gap_and_an_ellipsis_do_not_stand_side_by_side() {
        let value = vec![b'x'; 100_000];
        for focus in [0, 20_000, 50_000, 99_999] {
            let cells = cells_around(&value, focus);
            let at = cells.iter().position(|cell| cell.at >= focus).unwrap();
            let text: String =
                shorten(&cells, 60, Some(at..at + 1)).iter().map(ToString::to_string).collect();
            assert!(text.contains('…') && !text.contains("……"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn wrapped_words_are_all_there(text in "[ab ]{0,30}", columns in 1_usize..12) {
            let lines = words(&text, columns);
            prop_assert!(lines.iter().all(|line| line.len() <= columns));
            prop_assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }

        #[test]
        fn no_more_columns_than_allowed_and_the_focus_in_sight(
            value in "[a-c\u{200b}ä山 ]{0,60}",
            columns in 12_usize..50,
            start in 0_usize..60,
            len in 1_usize..3,
        ) {
            let cells = cells(value.as_bytes());
            let focus = start.min(cells.len())..(start + len).min(cells.len());
            let pieces = shorten(&cells, columns, Some(focus.clone()));
            let taken: usize = pieces.iter().map(|piece| match piece {
                Piece::Cells(cells, _) => width(cells),
                Piece::Ellipsis => 1,
            }).sum();
            prop_assert!(taken <= columns);
            let in_sight = |at: usize| pieces.iter().any(|piece| match piece {
                Piece::Cells(cells, first) => (*first..first + cells.len()).contains(&at),
                Piece::Ellipsis => false,
            });
            if width(&cells[focus.clone()]) < columns / 2 {
                prop_assert!(focus.clone().all(in_sight));
            }
        }
    }
}
