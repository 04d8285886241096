//! A value in one line, shortened to its place.

use std::ops::Range;

use anstyle::Style;

use super::shorten::{Piece, shorten};
use super::terminal::Ink;
use super::visible::{Cell, as_plain, cells_around};

/// Draws a value in at most `columns`: the bytes in `focus` in the second style, all others
/// in the first.
pub(super) fn draw(
    ink: &mut Ink,
    value: &[u8],
    columns: usize,
    focus: Option<Range<usize>>,
    styles: (Style, Style),
) {
    let plain = as_plain(value);
    // Most values are this simple, and there may be millions of them.
    let simple = |text: &&str| {
        text.len() <= columns
            && focus.as_ref().is_none_or(|focus| {
                text.is_char_boundary(focus.start) && text.is_char_boundary(focus.end)
            })
    };
    if let Some(text) = plain.filter(simple) {
        let focus = focus.unwrap_or(0..0);
        ink.plain(styles.0, &text[..focus.start]);
        ink.plain(styles.1, &text[focus.clone()]);
        ink.plain(styles.0, &text[focus.end..]);
        return;
    }
    let cells = cells_around(value, focus.as_ref().map_or(0, |focus| focus.start));
    // Where each byte is a cell, those that stand together are one text.
    let plain = plain.filter(|text| text.len() == cells.len());
    let focus = focus.map(|focus| cells_of(&cells, &focus));
    for piece in shorten(&cells, columns, focus.clone()) {
        match piece {
            Piece::Ellipsis => ink.text(styles.0, "…"),
            Piece::Cells(part, first) => {
                let focus = focus.clone().unwrap_or(0..0);
                let inside = |at: usize| at.clamp(first, first + part.len()) - first;
                let (before, rest) = part.split_at(inside(focus.start));
                let (within, behind) = rest.split_at(inside(focus.end) - before.len());
                for (run, style) in [(before, styles.0), (within, styles.1), (behind, styles.0)] {
                    draw_run(ink, run, plain, style);
                }
            }
        }
    }
}

/// Draws cells of one style; those of a plain text at once.
fn draw_run(ink: &mut Ink, cells: &[Cell<'_>], plain: Option<&str>, style: Style) {
    let Some((first, last)) = cells.first().zip(cells.last()) else { return };
    match plain.and_then(|text| text.get(first.at..=last.at)) {
        Some(text) => ink.plain(style, text),
        None => cells.iter().for_each(|cell| ink.cell(style, cell)),
    }
}

/// The cells that show any of these bytes.
fn cells_of(cells: &[Cell<'_>], bytes: &Range<usize>) -> Range<usize> {
    let start = cells.partition_point(|cell| cell.at + cell.source.len() <= bytes.start);
    let end = cells.partition_point(|cell| cell.at < bytes.end);
    start..end.max(start)
}
