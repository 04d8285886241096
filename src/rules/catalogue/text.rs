//! Text as directories and the cloud see it: lengths in UTF-16 units, characters
//! that nobody sees, letters outside ASCII.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Transliteration;

/// Bytes as text; what is not UTF-8 counts as U+FFFD.
pub(super) fn of(value: Cow<'_, [u8]>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Cow::Owned(text),
            Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        },
    }
}

/// The length in UTF-16 units, in which Active Directory and Entra count.
pub(super) fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The beginning of a text, of so many UTF-16 units at most.
pub(super) fn utf16_prefix(text: &str, units: usize) -> &str {
    let mut left = units;
    let end = text.char_indices().find(|(_, c)| match left.checked_sub(c.len_utf16()) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// Whether a character is white space or one that nobody sees: controls, soft
/// hyphen, zero-width and bidirectional marks, byte order mark.
#[inline]
pub(super) fn is_invisible(c: char) -> bool {
    if c.is_ascii() { c <= ' ' || c == '\u{7f}' } else { is_invisible_beyond_ascii(c) }
}

fn is_invisible_beyond_ascii(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// A character as people can read it in a message.
pub(super) fn shown(c: char) -> String {
    if c == ' ' {
        "a space".to_owned()
    } else if c == char::REPLACEMENT_CHARACTER {
        "U+FFFD, or bytes that are no UTF-8".to_owned()
    } else if is_invisible(c) {
        format!("U+{:04X}", u32::from(c))
    } else {
        c.to_string()
    }
}

/// The letters of ASCII that stand for a letter; `None` where none do.
fn letters(c: char, how: Transliteration) -> Option<&'static str> {
    let german = how == Transliteration::German;
    Some(match c {
        'ä' if german => "ae",
        'ö' if german => "oe",
        'ü' if german => "ue",
        'Ä' if german => "Ae",
        'Ö' if german => "Oe",
        'Ü' if german => "Ue",
        'ß' => "ss",
        'ẞ' => "SS",
        'ø' => "o",
        'Ø' => "O",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "TH",
        'ı' => "i",
        '\u{2018}' | '\u{2019}' => "'",
        '\u{2010}'..='\u{2015}' => "-",
        _ => return None,
    })
}

/// A text in ASCII letters; `None` where a character has none.
pub(super) fn transliterated(text: &str, how: Transliteration) -> Option<String> {
    if text.is_ascii() {
        return Some(text.to_owned());
    }
    if how == Transliteration::None {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    // Composed first, so that a letter and its combining mark are one character.
    for c in text.nfc() {
        match letters(c, how) {
            _ if c.is_ascii() => plain.push(c),
            Some(letters) => plain.push_str(letters),
            None => {
                for part in std::iter::once(c).nfkd().filter(|part| !is_combining_mark(*part)) {
                    match letters(part, how) {
                        _ if part.is_ascii() => plain.push(part),
                        Some(letters) => plain.push_str(letters),
                        None => return None,
                    }
                }
            }
        }
    }
    Some(plain)
}

/// A text as Active Directory compares it: without regard to case, accents and
/// width.
pub(super) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match letters(c, Transliteration::Plain) {
            Some(letters) => folded.push_str(&letters.to_ascii_lowercase()),
            None => folded.extend(c.to_lowercase()),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_become_ascii_as_the_administrator_wants_them() {
        let plain = |text| transliterated(text, Transliteration::Plain);
        let german = |text| transliterated(text, Transliteration::German);
        assert_eq!(plain("Jürgen Groß").as_deref(), Some("Jurgen Gross"));
        assert_eq!(german("Jürgen Groß").as_deref(), Some("Juergen Gross"));
        assert_eq!(german("Ju\u{308}rgen").as_deref(), Some("Juergen"));
        assert_eq!(plain("Łukasz Ånström").as_deref(), Some("Lukasz Anstrom"));
        assert_eq!(plain("ａｎｎ").as_deref(), Some("ann"), "full width");
        assert_eq!(plain("d\u{2019}arc").as_deref(), Some("d'arc"));
        assert_eq!(plain("Юлия"), None);
        assert_eq!(transliterated("ü", Transliteration::None), None);
        assert_eq!(transliterated("u", Transliteration::None).as_deref(), Some("u"));
    }

    #[test]
    fn a_character_outside_the_basic_plane_counts_twice() {
        assert_eq!(utf16_len("a"), 1);
        assert_eq!(utf16_len("ä"), 1);
        assert_eq!(utf16_len("😀"), 2);
        assert_eq!(utf16_prefix("a😀b", 2), "a");
        assert_eq!(utf16_prefix("a😀b", 3), "a😀");
        assert_eq!(utf16_prefix("a😀b", 9), "a😀b");
    }

    #[test]
    fn what_nobody_sees_is_told_by_its_number() {
        for c in '\0'..='\u{7f}' {
            assert_eq!(is_invisible(c), c.is_whitespace() || c.is_control(), "{c:?}");
        }
        assert!("\u{a0}\u{200b}\u{202e}\u{feff}\t\r\u{0}\u{ad}".chars().all(is_invisible));
        assert!(!"aä'-😀\u{301}".chars().any(is_invisible));
        assert_eq!(shown('\u{200b}'), "U+200B");
        assert_eq!(shown('&'), "&");
    }
}
