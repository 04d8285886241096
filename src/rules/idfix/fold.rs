//! The key under which values of a unique attribute are the same.

use unicode_normalization::UnicodeNormalization;

use crate::directory::lower::{LANE, lower_into};

/// The key of a value, written into `buffer`: values with the same key are
/// duplicates.
///
/// Stands for .NET's culture-invariant comparison that ignores case: composed and
/// decomposed letters are the same, a ligature is the same as its letters (ß and
/// ss too), and a NUL has no weight. Invalid UTF-8 counts as U+FFFD.
pub fn fold_key<'b>(value: &[u8], buffer: &'b mut Vec<u8>) -> &'b [u8] {
    if value.is_ascii() && memchr::memchr(0, value).is_none() {
        fold_plain(value, buffer)
    } else {
        fold_text(&String::from_utf8_lossy(value), buffer)
    }
}

/// The key of a value of ASCII other than NUL.
pub(in crate::rules) fn fold_plain<'b>(value: &[u8], buffer: &'b mut Vec<u8>) -> &'b [u8] {
    // What stands in the buffer is written over, so that it only ever grows.
    let room = value.len().max(LANE);
    if buffer.len() < room {
        buffer.resize(2 * room, 0);
    }
    lower_into(value, buffer);
    &buffer[..value.len()]
}

/// The key of any text.
pub(super) fn fold_text<'b>(value: &str, buffer: &'b mut Vec<u8>) -> &'b [u8] {
    buffer.clear();
    for c in value.nfd().flat_map(char::to_lowercase).filter(|&c| c != '\0') {
        match expansion(c) {
            Some(letters) => buffer.extend_from_slice(letters.as_bytes()),
            None => buffer.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    buffer
}

/// The letters that a lower-case ligature or digraph is the same as.
fn expansion(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ĳ' => "ij",
        'ſ' => "s",
        'ǆ' => "dz\u{30C}",
        'ǳ' => "dz",
        'ǉ' => "lj",
        'ǌ' => "nj",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' | 'ﬆ' => "st",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        fold_key(a.as_bytes(), &mut Vec::new()) == fold_key(b.as_bytes(), &mut Vec::new())
    }

    #[test]
    fn values_that_differ_in_case_form_or_ligatures_are_the_same() {
        for (a, b) in [
            ("SMTP:A@B.C", "smtp:a@b.c"),
            ("ZOË.GÜNTHER", "zoë.günther"),
            ("Ÿ", "ÿ"),
            ("straße", "STRASSE"),
            ("é", "e\u{301}"),
            ("É", "e\u{301}"),
            ("Æsop", "aesop"),
            ("ﬁn", "FIN"),
            ("ǅ", "dž"),
            ("a\0b", "ab"),
            ("\u{212B}", "å"),
        ] {
            assert!(same(a, b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn values_that_dotnet_tells_apart_stay_apart() {
        for (a, b) in [
            ("a\u{200B}b", "ab"),
            ("a\tb", "ab"),
            ("\u{A0}", " "),
            ("é", "e"),
            ("co-op", "coop"),
            ("o'b", "ob"),
            ("Ａ", "a"),
            ("²", "2"),
            ("ı", "i"),
            ("İ", "i"),
            ("σ", "ς"),
            ("a_b", "a-b"),
        ] {
            assert!(!same(a, b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_buffer_is_reused_and_holds_one_key_at_a_time() {
        let mut buffer = Vec::new();
        assert_eq!(
            fold_key("LONGER VALUE é".as_bytes(), &mut buffer),
            "longer value e\u{301}".as_bytes()
        );
        assert_eq!(fold_key(b"Short", &mut buffer), b"short");
    }
}
