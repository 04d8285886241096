//! Values made visible: every byte of a value has a look of its own, and none
//! of them does anything to the terminal.
//!
//! | what | looks like |
//! |---|---|
//! | a blank at either end | `␠` |
//! | a C0 control, DEL | its control picture: `␀`, `␉`, `␊`, `␡` |
//! | another control, a bidi control, a zero-width or filler character, a blank other than U+0020, a combining mark without a base, a private or non-character | `\u{200b}` |
//! | a byte that is not UTF-8 | `\xfc` |
//! | a value that is mostly such bytes | `hex:` and two digits a byte |
//!
//! No two texts look the same: a control picture in the value, and a backslash
//! that could be taken for the start of an escape, are escaped themselves.
//! Other backslashes stand as they are, since DNs and paths are full of them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use unicode_normalization::char::is_combining_mark;
use unicode_width::UnicodeWidthChar;

/// A value longer than this is shown by its start, its end and the part that
/// matters, [`EXCERPT`] bytes of each. Far above what any terminal holds.
const LIMIT: usize = 16 * 1024;
const EXCERPT: usize = 4 * 1024;

/// How many combining marks one character may carry. Stream-safe text
/// (UAX #15) allows 30; more than 8 only deface the lines around.
const MARKS: u8 = 8;

/// One column or few: the unit in which values are cut, wrapped and compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    /// The bytes of the value that this cell stands for.
    pub source: &'a [u8],
    /// Where they begin in the value.
    pub at: usize,
    pub glyph: Glyph<'a>,
    /// Columns.
    pub width: usize,
}

/// How a cell looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glyph<'a> {
    /// As it is, with its combining marks.
    Plain(&'a str),
    /// One character in place of another.
    Picture(char),
    /// `\u{…}`
    Scalar(char),
    /// `\x..`
    Byte(u8),
    /// Two digits of a value that is shown in hexadecimal.
    Hex(u8),
    /// The mark before those, which stands for no byte.
    HexMark,
    /// Bytes that are left out of a very long value.
    Gap,
}

impl fmt::Display for Glyph<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Plain(text) => f.write_str(text),
            Self::Picture(c) => fmt::Write::write_char(f, c),
            Self::Scalar(c) => write!(f, "\\u{{{:x}}}", u32::from(c)),
            Self::Byte(byte) => write!(f, "\\x{byte:02x}"),
            Self::Hex(byte) => write!(f, "{byte:02x}"),
            Self::HexMark => f.write_str("hex:"),
            Self::Gap => f.write_str("…"),
        }
    }
}

impl Glyph<'_> {
    fn width(&self) -> usize {
        match *self {
            Self::Plain(text) => {
                text.chars().next().and_then(UnicodeWidthChar::width).unwrap_or_default()
            }
            Self::Picture(_) | Self::Gap => 1,
            // `\u{` and `}` around the digits, of which there is at least one.
            Self::Scalar(c) => 4 + (u32::from(c).max(1).ilog2() / 4 + 1) as usize,
            Self::Byte(_) | Self::HexMark => 4,
            Self::Hex(_) => 2,
        }
    }
}

/// The cells of a value.
pub(super) fn cells(value: &[u8]) -> Vec<Cell<'_>> {
    cells_around(value, 0)
}

/// The cells of a value, of which the place `focus` (a byte offset) matters if
/// the value is too long to be shown whole.
pub(super) fn cells_around(value: &[u8], focus: usize) -> Vec<Cell<'_>> {
    if let Some(cells) = plain_cells(value) {
        return cells;
    }
    let hex = is_binary(value);
    let mut cells = Vec::with_capacity(value.len().min(LIMIT));
    if hex {
        cells.push(Cell { source: &[], at: 0, glyph: Glyph::HexMark, width: 4 });
    }
    let blanks = Blanks::of(value);
    let mut done = 0;
    for part in excerpts(value, focus) {
        if part.start > done {
            let source = &value[done..part.start];
            cells.push(Cell { source, at: done, glyph: Glyph::Gap, width: 1 });
        }
        done = part.end;
        if hex {
            let bytes = value[part.clone()].iter().zip(part);
            cells.extend(bytes.map(|(&byte, at)| cell(value, at, 1, Glyph::Hex(byte))));
        } else {
            push_text(&mut cells, value, part, &blanks);
        }
    }
    cells
}

/// The cells of a value of everyday characters, which most are: each a byte, a cell and
/// a column.
fn plain_cells(value: &[u8]) -> Option<Vec<Cell<'_>>> {
    let is_plain = value.len() <= LIMIT
        && value.iter().all(|byte| matches!(byte, b' '..=b'[' | b']'..=b'~'))
        && value.first() != Some(&b' ')
        && value.last() != Some(&b' ');
    let mut rest = std::str::from_utf8(value).ok().filter(|_| is_plain)?;
    let mut cells = Vec::with_capacity(value.len());
    while let Some((one, behind)) = rest.split_at_checked(1) {
        let at = value.len() - rest.len();
        cells.push(Cell { source: one.as_bytes(), at, glyph: Glyph::Plain(one), width: 1 });
        rest = behind;
    }
    Some(cells)
}

/// The value as it is, if every character of it is one plain column and a common
/// one in the west: ASCII and the Latin letters up to U+017F.
pub(super) fn as_plain(value: &[u8]) -> Option<&str> {
    if value.first() == Some(&b' ') || value.last() == Some(&b' ') {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    let plain = |c: char| match c {
        ' '..='[' | ']'..='~' => true,
        // Behind the no-break space and but for the soft hyphen.
        _ => ('\u{a1}'..='\u{17f}').contains(&c) && c != '\u{ad}',
    };
    text.chars().all(plain).then_some(text)
}

/// The value in one string.
#[must_use]
pub fn visible(value: &[u8]) -> String {
    cells(value).iter().map(|cell| cell.glyph.to_string()).collect()
}

/// A message, parts of which are visible already, so that it does nothing to a terminal
/// whatever the other parts are. Line ends stay.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    let acts = |c: char| is_deceptive(c) && c != '\n';
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0'..='\x1f' if acts(c) => seen.extend(char::from_u32(0x2400 + u32::from(c))),
            '\x7f' => seen.push('␡'),
            _ if acts(c) => seen.extend(c.escape_unicode()),
            _ => seen.push(c),
        }
    }
    Cow::Owned(seen)
}

/// The cells of a text that is visible already: its signs are not explained once more.
pub(super) fn cells_of_visible(text: &str) -> Vec<Cell<'_>> {
    let cell = |(at, c): (usize, char)| {
        let source = &text[at..at + c.len_utf8()];
        let width = c.width().unwrap_or(0);
        Cell { source: source.as_bytes(), at, glyph: Glyph::Plain(source), width }
    };
    text.char_indices().map(cell).collect()
}

/// The value in quotes, for messages, in at most `columns` columns and the two
/// of the quotes.
#[must_use]
pub fn quoted(value: &[u8], columns: usize) -> String {
    let cells = cells(value);
    let mut text = String::from("\"");
    for piece in super::shorten::shorten(&cells, columns, None) {
        text.push_str(&piece.to_string());
    }
    text.push('"');
    text
}

/// Whether the character shows nothing of its own, changes the look of others,
/// or is taken for a plain blank.
pub(super) fn is_deceptive(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    match c {
        // Blanks that are not U+0020, line and paragraph separators.
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' => true,
        '\u{202f}' | '\u{205f}' | '\u{3000}' => true,
        // Soft hyphen, grapheme joiner, Arabic letter mark, fillers, Mongolian
        // selectors and separator, zero-width and bidi controls, word joiner and
        // the invisible operators.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => {
            true
        }
        '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' => true,
        // Variation selectors, byte order mark, annotation marks, tags.
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e0fff}' => true,
        // Private use has no agreed look.
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => true,
        '\u{fdd0}'..='\u{fdef}' => true,
        _ => {
            // U+FFFE, U+FFFF and their like in every plane are no characters.
            (u32::from(c) & 0xfffe) == 0xfffe
                || match c.width() {
                    None => true,
                    Some(0) => !joins_the_one_before(c),
                    Some(_) => false,
                }
        }
    }
}

/// Accents, vowel signs, and the vowels and finals of decomposed Korean.
fn joins_the_one_before(c: char) -> bool {
    is_combining_mark(c) || ('\u{1161}'..='\u{11ff}').contains(&c)
}

/// Whether hexadecimal says more than text with escapes does.
fn is_binary(value: &[u8]) -> bool {
    let sample = value.get(..EXCERPT).unwrap_or(value);
    let mut odd = 0;
    let mut certain = false;
    for chunk in sample.utf8_chunks() {
        let controls = chunk.valid().bytes().filter(|byte| byte.is_ascii_control());
        for control in controls {
            odd += 1;
            certain |= !matches!(control, b'\t' | b'\n' | b'\r');
        }
        odd += chunk.invalid().len();
        certain |= !chunk.invalid().is_empty();
    }
    certain && odd * 4 > sample.len()
}

/// The blanks at either end, which stand alone.
struct Blanks {
    leading: usize,
    trailing_from: usize,
}

impl Blanks {
    fn of(value: &[u8]) -> Self {
        let leading = value.iter().take_while(|&&byte| byte == b' ').count();
        let trailing = value.iter().rev().take_while(|&&byte| byte == b' ').count();
        Self { leading, trailing_from: value.len() - trailing }
    }

    fn has(&self, at: usize) -> bool {
        at < self.leading || at >= self.trailing_from
    }
}

fn cell<'a>(value: &'a [u8], at: usize, len: usize, glyph: Glyph<'a>) -> Cell<'a> {
    Cell { source: &value[at..at + len], at, glyph, width: glyph.width() }
}

fn push_text<'a>(cells: &mut Vec<Cell<'a>>, value: &'a [u8], part: Range<usize>, blanks: &Blanks) {
    let mut at = part.start;
    for chunk in value[part].utf8_chunks() {
        push_valid(cells, value, at, chunk.valid(), blanks);
        at += chunk.valid().len();
        for &byte in chunk.invalid() {
            cells.push(cell(value, at, 1, Glyph::Byte(byte)));
            at += 1;
        }
    }
}

fn push_valid<'a>(
    cells: &mut Vec<Cell<'a>>,
    value: &'a [u8],
    start: usize,
    text: &'a str,
    blanks: &Blanks,
) {
    // Where the last cell began if a mark may still join it, and how many have.
    let mut base: Option<(usize, u8)> = None;
    for (offset, c) in text.char_indices() {
        let len = c.len_utf8();
        let at = start + offset;
        if matches!(c, '!'..='[' | ']'..='~') {
            let glyph = Glyph::Plain(&text[offset..=offset]);
            cells.push(Cell { source: &value[at..=at], at, glyph, width: 1 });
            base = Some((offset, 0));
            continue;
        }
        let deceptive = is_deceptive(c);
        if !deceptive && c.width() == Some(0) {
            match (base, cells.last_mut()) {
                (Some((first, marks)), Some(last)) if marks < MARKS => {
                    last.glyph = Glyph::Plain(&text[first..offset + len]);
                    last.source = &value[last.at..at + len];
                    base = Some((first, marks + 1));
                }
                _ => cells.push(cell(value, at, len, Glyph::Scalar(c))),
            }
            continue;
        }
        let glyph = match c {
            ' ' if blanks.has(at) => Glyph::Picture('␠'),
            '\u{7f}' => Glyph::Picture('␡'),
            '\0'..='\x1f' => {
                Glyph::Picture(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'))
            }
            '\u{2400}'..='\u{2421}' => Glyph::Scalar(c),
            '\\' if starts_an_escape(&text[offset + 1..]) => Glyph::Scalar(c),
            _ if deceptive => Glyph::Scalar(c),
            _ => Glyph::Plain(&text[offset..offset + len]),
        };
        base = matches!(glyph, Glyph::Plain(_)).then_some((offset, 0));
        cells.push(cell(value, at, len, glyph));
    }
}

/// Whether a backslash before this text would be read as one of ours.
fn starts_an_escape(rest: &str) -> bool {
    let hex = |at: usize| rest.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    rest.starts_with("u{") || (rest.starts_with('x') && hex(1) && hex(2))
}

/// The parts of a value that are looked at, in order and not touching.
fn excerpts(value: &[u8], focus: usize) -> impl Iterator<Item = Range<usize>> {
    let len = value.len();
    let mut parts = [0..len, len..len, len..len];
    if len > LIMIT {
        let around = focus.saturating_sub(EXCERPT / 2);
        parts = [0..EXCERPT, around..(around + EXCERPT).min(len), len - EXCERPT..len];
        // A cut in the middle of a character would make bytes of it.
        for part in &mut parts {
            part.start = boundary(value, part.start);
            part.end = boundary(value, part.end);
        }
        parts[1].start = parts[1].start.clamp(parts[0].end, len);
        parts[2].start = parts[2].start.max(parts[1].end.max(parts[0].end));
        if parts[1].start >= parts[1].end {
            parts[1] = parts[0].end..parts[0].end;
        }
    }
    parts.into_iter().filter(|part| part.start < part.end)
}

fn boundary(value: &[u8], mut at: usize) -> usize {
    // A character has at most three bytes behind its first.
    for _ in 0..3 {
        if value.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
            at += 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn blanks_at_the_ends_are_marked_and_those_between_are_not() {
        assert_eq!(visible(b"  a b "), "␠␠a b␠");
        assert_eq!(visible(b"   "), "␠␠␠");
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(
            visible("a\u{200b}b\u{a0}c\u{202e}d".as_bytes()),
            "a\\u{200b}b\\u{a0}c\\u{202e}d"
        );
        assert_eq!(visible("soft\u{ad}hyphen\u{feff}".as_bytes()), "soft\\u{ad}hyphen\\u{feff}");
    }

    #[test]
    fn controls_become_pictures_and_c1_controls_escapes() {
        assert_eq!(visible(b"line one\r\nline\ttwo\x1b[31m"), "line one␍␊line␉two␛[31m");
        assert_eq!(visible("red\u{9b}31m\u{7f}".as_bytes()), "red\\u{9b}31m␡");
    }

    #[test]
    fn letters_of_all_scripts_stand_as_they_are() {
        for text in ["Ägidius", "Zoë", "山田太郎", "नमस्ते", "Ελένη", "שלום", "Zoe\u{308}", "한글"]
        {
            assert_eq!(visible(text.as_bytes()), text);
        }
    }

    #[test]
    fn a_mark_without_a_base_is_escaped() {
        assert_eq!(visible("\u{308}a".as_bytes()), "\\u{308}a");
    }

    #[test]
    fn a_stack_of_marks_is_not_let_through() {
        let text = format!("a{}", "\u{301}".repeat(10));
        assert_eq!(
            visible(text.as_bytes()),
            format!("a{}\\u{{301}}\\u{{301}}", "\u{301}".repeat(8))
        );
    }

    #[test]
    fn single_foreign_bytes_stay_in_their_text_and_binary_becomes_hex() {
        assert_eq!(visible(b"M\xfcller"), "M\\xfcller");
        assert_eq!(visible(&[1, 5, 0, 0, 0, 0, 0, 5, 21]), "hex:010500000000000515");
    }

    #[test]
    fn a_value_that_spells_an_escape_is_not_taken_for_one() {
        assert_eq!(visible(b"\\u{200b}"), "\\u{5c}u{200b}");
        assert_eq!(visible(b"\\xfc"), "\\u{5c}xfc");
        assert_eq!(visible(b"CN=Doe\\, John"), "CN=Doe\\, John");
        assert_eq!(visible(b"\\\\srv\\users"), "\\\\srv\\users");
        assert_eq!(visible("␠".as_bytes()), "\\u{2420}");
    }

    #[test]
    fn a_message_does_nothing_to_a_terminal_and_is_not_made_visible_twice() {
        assert_eq!(harmless("no rule 'a\u{1b}[31m\u{9b}'\n  ^"), "no rule 'a␛[31m\\u{9b}'\n  ^");
        assert!(matches!(harmless("--base: no DN ␠é␛"), Cow::Borrowed(_)));
        let seen: String =
            cells_of_visible("a␠é日").iter().map(|cell| cell.glyph.to_string()).collect();
        assert_eq!(seen, "a␠é日");
        assert_eq!(cells_of_visible("é日").iter().map(|cell| cell.width).sum::<usize>(), 3);
    }

    #[test]
    fn a_quoted_value_keeps_to_its_columns() {
        assert_eq!(quoted(b"short ", 20), "\"short␠\"");
        assert_eq!(quoted(b"a value of many words", 11), "\"a val…words\"");
    }

    #[test]
    fn a_huge_value_costs_a_few_cells_and_stands_for_all_its_bytes() {
        let value = vec![b'x'; 10 << 20];
        for focus in [0, 5, 5 << 20, (10 << 20) - 1, 10 << 20] {
            let cells = cells_around(&value, focus);
            assert!(cells.len() <= 3 * EXCERPT + 2);
            assert_eq!(cells.iter().map(|cell| cell.source.len()).sum::<usize>(), value.len());
        }
    }

    proptest! {
        #[test]
        fn nothing_that_controls_a_terminal_is_let_through(value: Vec<u8>, text in "\\PC*|.*") {
            for value in [value.as_slice(), text.as_bytes()] {
                prop_assert!(visible(value).chars().all(|c| !is_deceptive(c)));
            }
        }

        #[test]
        fn cells_cover_the_value_and_their_widths_suffice(text in any::<String>()) {
            let cells = cells(text.as_bytes());
            let sources: Vec<u8> = cells.iter().flat_map(|cell| cell.source).copied().collect();
            prop_assert_eq!(&sources, text.as_bytes());
            let sum: usize = cells.iter().map(|cell| cell.width).sum();
            prop_assert!(visible(text.as_bytes()).width() <= sum);
        }

        #[test]
        fn what_passes_as_plain_is_shown_as_it_is(text in "[ -~é\u{a0}-\u{180}]{0,9}") {
            if let Some(plain) = as_plain(text.as_bytes()) {
                prop_assert_eq!(plain, visible(text.as_bytes()));
                prop_assert_eq!(plain.width(), plain.chars().count());
            }
        }

        #[test]
        fn different_values_look_different(a in "[ \\\\ux{}20bf\u{200b}␠\t]{0,8}", b in "[ \\\\ux{}20bf\u{200b}␠\t]{0,8}") {
            prop_assert_eq!(a == b, visible(a.as_bytes()) == visible(b.as_bytes()));
        }
    }
}
