//! Folding of strings: compatibility composition, case, spaces.
//!
//! The manner is RFC 4518's, as servers practise it: NFKC, case folding, and
//! U+0020 dropped at both ends and brought to one inside. Control characters
//! and other white space are kept, since neither OpenLDAP nor Samba lets them
//! go. Bytes that are not UTF-8 stand for themselves.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Whether upper and lower case are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// `caseIgnoreMatch`
    Ignore,
    /// `caseExactMatch`
    Exact,
}

/// Which ends of a text are ends of the value, so that spaces there mean
/// nothing. Inside a substring filter they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    /// The text starts the value.
    pub start: bool,
    /// The text ends the value.
    pub end: bool,
}

impl Ends {
    /// A whole value.
    pub(crate) const BOTH: Self = Self { start: true, end: true };
}

/// The folded text; borrowed where it is folded already.
pub(crate) fn fold(text: &[u8], case: Case) -> Cow<'_, [u8]> {
    if is_folded_ascii(text, case) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    fold_onto(text, case, Ends::BOTH, &mut out);
    Cow::Owned(out)
}

/// Appends the folded text.
pub(crate) fn fold_onto(text: &[u8], case: Case, ends: Ends, out: &mut Vec<u8>) {
    out.reserve(text.len());
    let mut words = Words::new(out, ends);
    if text.is_ascii() {
        words.push_ascii(text, case);
    } else {
        for chunk in text.utf8_chunks() {
            push_chunk(chunk.valid(), case, &mut words);
            words.push_bytes(chunk.invalid());
        }
    }
    words.finish();
}

/// Whether a value equals, without regard to case, a text that is folded
/// already. Decides nearly always without folding the value.
pub(crate) fn equals_folded(value: &[u8], folded: &[u8]) -> bool {
    if value.eq_ignore_ascii_case(folded) {
        return true;
    }
    if value.is_ascii() {
        // Folding ASCII changes case and drops spaces, so only a longer value
        // with spaces to drop can still be equal.
        if value.len() <= folded.len() || !has_idle_space(value) {
            return false;
        }
    }
    fold(value, Case::Ignore).as_ref() == folded
}

fn has_idle_space(text: &[u8]) -> bool {
    text.first() == Some(&b' ')
        || text.last() == Some(&b' ')
        || text.windows(2).any(|pair| pair == b"  ")
}

fn is_folded_ascii(text: &[u8], case: Case) -> bool {
    // One pass without branches first: it is what nearly every value takes.
    let plain = match case {
        Case::Ignore => text.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()),
        Case::Exact => text.is_ascii(),
    };
    plain && !has_idle_space(text)
}

/// Takes a text word by word and puts one space between words.
struct Words<'o> {
    out: &'o mut Vec<u8>,
    /// Whether a space stands between what was taken and what comes.
    space: bool,
    /// Whether spaces at this point count; they do not where a value starts.
    inside: bool,
    ends: Ends,
}

impl<'o> Words<'o> {
    fn new(out: &'o mut Vec<u8>, ends: Ends) -> Self {
        Self { out, space: false, inside: !ends.start, ends }
    }

    fn before_word(&mut self) {
        if self.space && self.inside {
            self.out.push(b' ');
        }
        self.space = false;
        self.inside = true;
    }

    fn push_ascii(&mut self, text: &[u8], case: Case) {
        let mut rest = text;
        while let Some(&first) = rest.first() {
            if first == b' ' {
                self.space = true;
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let (word, after) = rest.split_at(memchr::memchr(b' ', rest).unwrap_or(rest.len()));
            self.push_bytes(word);
            if case == Case::Ignore {
                let start = self.out.len().saturating_sub(word.len());
                self.out.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
            }
            rest = after;
        }
    }

    fn push_char(&mut self, char: char) {
        if char == ' ' {
            self.space = true;
        } else {
            self.push_bytes(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    /// Takes bytes among which there is no space.
    fn push_bytes(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.before_word();
            self.out.extend_from_slice(bytes);
        }
    }

    fn finish(self) {
        if self.space && self.inside && !self.ends.end {
            self.out.push(b' ');
        }
    }
}

fn push_chunk(text: &str, case: Case, words: &mut Words<'_>) {
    if text.chars().all(|char| simple(char).is_some()) {
        for char in text.chars() {
            words.push_char(match case {
                Case::Ignore => simple(char).unwrap_or(char),
                Case::Exact => char,
            });
        }
        return;
    }
    match case {
        Case::Exact => text.nfkc().for_each(|char| words.push_char(char)),
        Case::Ignore => {
            // Folding may undo the normal form and the normal form may bring
            // back capitals, so both run twice (Unicode, definition D146).
            let once: String = text.nfd().flat_map(lower).nfkc().collect();
            once.chars().flat_map(lower).nfkc().for_each(|char| words.push_char(char));
        }
    }
}

/// The folded character where neither normal forms nor neighbours have a say
/// in it: most letters of European and East Asian names. `None` elsewhere.
fn simple(char: char) -> Option<char> {
    match char {
        '\0'..='\x7F' => Some(char.to_ascii_lowercase()),
        // ß, the ligatures, the dotted and dotless i, ŀ and ŉ fold to
        // something else than one lower-case letter.
        '\u{DF}' | '\u{130}'..='\u{133}' | '\u{13F}' | '\u{140}' | '\u{149}' => None,
        'À'..='ž' | 'Ѐ'..='џ' => char.to_lowercase().next(),
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | '\u{4E00}'..='\u{9FFF}' | '가'..='힣' => Some(char),
        _ => None,
    }
}

/// Full case folding by way of the capital: `ß` and `ẞ` become `ss`, `ς`
/// becomes `σ`.
fn lower(char: char) -> impl Iterator<Item = char> {
    // Its capital is I, but it is no i (Unicode CaseFolding.txt keeps it).
    let dotless = (char == 'ı').then_some(char);
    let folded = char
        .to_lowercase()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .filter(move |_| dotless.is_none());
    dotless.into_iter().chain(folded)
}

/// A looser text for `~=`: folded, without marks, spaces, hyphens and dots.
pub(crate) fn approximate(text: &[u8]) -> Vec<u8> {
    let folded = fold(text, Case::Ignore);
    let mut out = Vec::with_capacity(folded.len());
    for chunk in folded.utf8_chunks() {
        for char in chunk.valid().nfd() {
            let mark = unicode_normalization::char::is_combining_mark(char);
            if !mark && !matches!(char, ' ' | '-' | '.' | '\'') {
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        out.extend_from_slice(chunk.invalid());
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ignore(text: &str) -> String {
        String::from_utf8_lossy(&fold(text.as_bytes(), Case::Ignore)).into_owned()
    }

    /// The definition, without the short cuts.
    fn by_definition(text: &str) -> Vec<u8> {
        let once: String = text.nfd().flat_map(lower).nfkc().collect();
        let twice: String = once.chars().flat_map(lower).nfkc().collect();
        let words: Vec<&str> = twice.split(' ').filter(|word| !word.is_empty()).collect();
        words.join(" ").into_bytes()
    }

    #[test]
    fn case_width_composition_and_spaces_do_not_tell_strings_apart() {
        assert_eq!(ignore("  Maria   GARCÍA "), "maria garcía");
        assert_eq!(ignore("Garci\u{301}a"), "garcía");
        assert_eq!(ignore("Straße"), ignore("STRASSE"));
        assert_eq!(ignore("STRAẞE"), ignore("strasse"));
        assert_eq!(ignore("ΣΊΣΥΦΟΣ"), ignore("σίσυφος"));
        assert_eq!(ignore("ＡＢＣ\u{A0}1"), "abc 1");
        assert_eq!(ignore("Жук"), "жук");
    }

    #[test]
    fn what_servers_tell_apart_stays_apart() {
        assert_ne!(ignore("jose"), ignore("josé"));
        assert_ne!(ignore("a\tb"), ignore("a b"));
        assert_ne!(ignore("a\u{200B}b"), ignore("ab"));
        assert_ne!(ignore("ılhan"), ignore("ilhan"));
    }

    #[test]
    fn a_folded_ascii_value_is_borrowed() {
        assert!(matches!(fold(b"jdoe @ example", Case::Ignore), Cow::Borrowed(_)));
        assert!(matches!(fold(b"JDoe", Case::Exact), Cow::Borrowed(_)));
        assert!(matches!(fold(b"JDoe", Case::Ignore), Cow::Owned(_)));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_kept() {
        assert_eq!(fold(b" M\xFCLLER \xE4", Case::Ignore).as_ref(), b"m\xFCller \xE4");
    }

    #[test]
    fn inner_ends_of_a_substring_keep_one_space() {
        let mut out = Vec::new();
        fold_onto(b"  a  ", Case::Ignore, Ends { start: true, end: false }, &mut out);
        assert_eq!(out, b"a ");
        out.clear();
        fold_onto(b"  a  ", Case::Ignore, Ends { start: false, end: true }, &mut out);
        assert_eq!(out, b" a");
        out.clear();
        fold_onto(b"  ", Case::Ignore, Ends { start: false, end: false }, &mut out);
        assert_eq!(out, b" ");
    }

    #[test]
    fn every_character_folds_as_defined_and_only_once() {
        // Planes 0 and 1 and the compatibility ideographs: all that ever folds.
        for char in ('\0'..='\u{1FFFF}').chain('\u{2F800}'..='\u{2FA1F}') {
            let text = char.to_string();
            let folded = fold(text.as_bytes(), Case::Ignore).into_owned();
            assert_eq!(folded, by_definition(&text), "U+{:04X}", u32::from(char));
            assert_eq!(fold(&folded, Case::Ignore), folded, "U+{:04X}", u32::from(char));
        }
    }

    #[test]
    fn approximately_equal_names_agree() {
        assert_eq!(approximate("José  Pérez-Ríos".as_bytes()), approximate(b"jose perez rios"));
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in prop_oneof![
            any::<String>().prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..24),
            "[ a-dA-DäÄßéÉ\u{300}-\u{310}\u{345}\u{3B1}-\u{3C9}\u{1100}-\u{11C2}가각]{0,12}"
                .prop_map(String::into_bytes),
        ]) {
            for case in [Case::Ignore, Case::Exact] {
                let once = fold(&text, case).into_owned();
                prop_assert_eq!(fold(&once, case).into_owned(), once);
            }
        }

        #[test]
        fn the_short_cuts_agree_with_the_definition(text in "[ -~À-žЀ-џ가-각]{0,12}") {
            prop_assert_eq!(fold(text.as_bytes(), Case::Ignore).into_owned(), by_definition(&text));
        }

        #[test]
        fn comparing_with_a_folded_text_agrees_with_folding(
            a in "[ aAbBäÄ\u{301}]{0,6}", b in "[ aAbBäÄ\u{301}]{0,6}",
        ) {
            let folded = fold(b.as_bytes(), Case::Ignore);
            prop_assert_eq!(
                equals_folded(a.as_bytes(), &folded),
                fold(a.as_bytes(), Case::Ignore) == folded
            );
        }
    }
}
