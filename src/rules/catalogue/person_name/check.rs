//! What is wrong with a name.

use std::borrow::Cow;

use wide::{CmpEq, CmpLt, i8x16};

use crate::directory::lower::{LANE, padded};
use crate::rules::catalogue::text::{self, is_invisible, shown};
use crate::rules::catalogue::text_length::{self, MAX_DISPLAY_NAME, MAX_PERSON_NAME};
use crate::rules::catalogue::verdict::{OnValue, Verdicts};
use crate::rules::catalogue::{Object, ObjectKind};
use crate::rules::{Applicability, Attr, Suggestion};

use super::rules;

/// Attributes beside displayName in which a name is told from what nobody sees.
const TEXTS: [Attr; 15] = [
    Attr::DisplayName,
    Attr::GivenName,
    Attr::Sn,
    Attr::Title,
    Attr::Department,
    Attr::Company,
    Attr::PhysicalDeliveryOfficeName,
    Attr::L,
    Attr::St,
    Attr::Co,
    Attr::PostalCode,
    Attr::StreetAddress,
    Attr::TelephoneNumber,
    Attr::Mobile,
    Attr::EmployeeId,
];

/// Attributes of which people type the values.
const ADDRESSES: [Attr; 4] =
    [Attr::UserPrincipalName, Attr::Mail, Attr::MailNickname, Attr::ProxyAddresses];

pub(super) fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.kind == ObjectKind::Computer {
        return;
    }
    if verdicts.looks_for(&rules::INVISIBLE) {
        check_for_hygiene(object, verdicts);
        return;
    }
    check_display_name(object, verdicts);
    for attr in [Attr::GivenName, Attr::Sn] {
        for (at, value) in object.values(attr) {
            if is_plain(&value) && value.len() <= MAX_PERSON_NAME {
                continue;
            }
            let mut verdict = verdicts.on(attr, at);
            judge_characters(&value, &mut verdict);
            text_length::judge_name(&value, MAX_PERSON_NAME, &mut verdict);
        }
    }
}

fn check_display_name(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if matches!(object.kind, ObjectKind::Group | ObjectKind::Contact)
        && !object.subject.has(Attr::DisplayName)
        && !object.subject.is_partial(Attr::DisplayName)
    {
        let mut verdict = verdicts.on_absent(Attr::DisplayName);
        verdict.breaks_without(Attr::DisplayName, &rules::MISSING, &String::new);
        verdict.suggest(|| {
            let name = text::of(object.subject.common_name());
            holds(&name).then(|| (Suggestion::Add(name.into_owned()), Applicability::Unsafe))
        });
    }
    for (at, value) in object.values(Attr::DisplayName) {
        if is_plain(&value) && value.len() <= MAX_DISPLAY_NAME {
            continue;
        }
        let name = text::of(Cow::Borrowed(&*value));
        let mut verdict = verdicts.on(Attr::DisplayName, at);
        let trimmed = name.trim_matches(is_blank);
        if trimmed.is_empty() {
            verdict.breaks(&rules::BLANK, &String::new);
            verdict.suggest(|| {
                Some((Suggestion::Replace(person_name(object)?), Applicability::Unsafe))
            });
            continue;
        }
        if trimmed.len() < name.len() {
            let outer = name.chars().find(|c| is_blank(*c)).unwrap_or(' ');
            verdict.breaks(&rules::OUTER_SPACE, &|| format!("there is {}", shown(outer)));
        }
        judge_characters(&value, &mut verdict);
        text_length::judge_name(&value, MAX_DISPLAY_NAME, &mut verdict);
        verdict.suggest(|| {
            let better = || (Suggestion::Replace(trimmed.to_owned()), Applicability::Safe);
            (trimmed.len() < name.len() && holds(trimmed)).then(better)
        });
    }
}

/// Whether a name is of letters and digits of ASCII with single characters between
/// them that every name may have.
fn is_plain(name: &[u8]) -> bool {
    let is_inner = |end: Option<&u8>| end.is_some_and(|byte| *byte != b' ');
    is_inner(name.first())
        && is_inner(name.last())
        && match name.last_chunk() {
            // The last bytes come a second time where the length is no multiple.
            Some(last) => {
                let strange =
                    name.as_chunks().0.iter().fold(strange(last), |all, lane| all | strange(lane));
                !strange.any()
            }
            None => strange(&padded(name)).move_mask() & !(!0 << name.len()) == 0,
        }
}

/// The bytes that are none of the characters that every name may have within it.
fn strange(lane: &[u8; LANE]) -> i8x16 {
    let bytes = i8x16::new(lane.map(u8::cast_signed));
    let all = |byte: u8| i8x16::splat(byte.cast_signed());
    let is = |byte| bytes.cmp_eq(all(byte));
    // What is not ASCII is below all of these as a signed number.
    bytes.cmp_lt(all(b' ')) | is(0x7F) | is(b'?') | is(b'@') | is(b'\\') | is(b'+')
}

fn judge_characters(name: &[u8], verdict: &mut OnValue<'_>) {
    if let Some(byte) = name.iter().find(|byte| b"?@\\+".contains(byte)) {
        verdict.breaks(&rules::CHARACTER, &|| format!("it holds {}", shown(char::from(*byte))));
    }
}

/// White space and what is none but looks like nothing. Bidirectional marks at the
/// ends of a name have a meaning.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Whether a name breaks no rule of the family that says more than that somebody
/// should know.
fn holds(name: &str) -> bool {
    !name.is_empty()
        && name.trim_matches(is_blank).len() == name.len()
        && text::utf16_len(name) <= MAX_DISPLAY_NAME
}

/// The name that is made of both of a person's names, or the cn where one is missing.
fn person_name(object: &Object<'_, '_>) -> Option<String> {
    let parts = [Attr::GivenName, Attr::Sn].map(|attr| object.text(attr).unwrap_or_default());
    let names = parts.iter().map(|part| part.trim_matches(is_blank));
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let name = match names[..] {
        [given, family] => format!("{given} {family}"),
        _ => text::of(object.subject.common_name()).into_owned(),
    };
    holds(&name).then_some(name)
}

fn check_for_hygiene(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    for attr in TEXTS {
        for (at, value) in object.values(attr) {
            let may_break = attr == Attr::StreetAddress;
            let Some(strange) = unexpected(&value, may_break) else { continue };
            let mut verdict = verdicts.on(attr, at);
            verdict.breaks(&rules::INVISIBLE, &|| format!("it holds {}", shown(strange)));
            verdict.suggest(|| {
                let better = seen(&text::of(value), may_break);
                let better = better.trim().to_owned();
                (!better.is_empty()).then_some((Suggestion::Replace(better), Applicability::Unsafe))
            });
        }
    }
    for attr in ADDRESSES {
        for (at, value) in object.values(attr) {
            if value.is_ascii() {
                continue;
            }
            let address = text::of(value);
            let mut words = address.split(|c: char| !c.is_alphanumeric());
            if let Some(word) = words.find(|word| is_mixed(word)) {
                let mut verdict = verdicts.on(attr, at);
                verdict.breaks(&rules::MIXED_SCRIPT, &|| format!("in the word {word}"));
            }
        }
    }
}

/// The first character of a text that nobody sees and nobody expects.
fn unexpected(value: &[u8], may_break: bool) -> Option<char> {
    if value.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let text = text::of(Cow::Borrowed(value));
    let places = places(&text);
    places.filter(|place| !place.is_expected(may_break)).map(|place| place.c).next()
}

/// The text with a space for each space that is none, and without what nobody sees.
fn seen(text: &str, may_break: bool) -> String {
    let mut seen = String::with_capacity(text.len());
    for place in places(text) {
        if place.is_expected(may_break) {
            seen.push(place.c);
        } else if place.c.is_whitespace() {
            seen.push(' ');
        }
    }
    seen
}

/// A character with those around it.
struct Place {
    before: Option<char>,
    c: char,
    behind: Option<char>,
}

fn places(text: &str) -> impl Iterator<Item = Place> {
    let before = std::iter::once(None).chain(text.chars().map(Some));
    let behind = text.chars().skip(1).map(Some).chain([None]);
    text.chars().zip(before).zip(behind).map(|((c, before), behind)| Place { before, c, behind })
}

impl Place {
    fn is_expected(&self, may_break: bool) -> bool {
        let is_letter = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_invisible(c));
        match self.c {
            ' ' => true,
            '\r' | '\n' => may_break,
            // Persian and the scripts of India write words with them, and pictures of
            // people are joined with one.
            '\u{200c}' | '\u{200d}' => is_letter(self.before) && is_letter(self.behind),
            c => !is_invisible(c),
        }
    }
}

/// Whether a word has Latin letters beside Cyrillic or Greek ones.
fn is_mixed(word: &str) -> bool {
    let is_latin = |c: char| c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}');
    let is_look_alike = |c: char| matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}');
    word.chars().any(is_latin) && word.chars().any(is_look_alike)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_name_is_that_of_the_entry_where_one_of_two_names_is_missing() {
        let settings = crate::rules::catalogue::Settings::default();
        for (lines, name) in [
            (&[(Attr::GivenName, "Ann"), (Attr::Sn, "Archer")][..], "Ann Archer"),
            (&[(Attr::Sn, "Archer")], "Ann"),
            (&[(Attr::GivenName, " "), (Attr::Sn, "Archer")], "Ann"),
            (&[], "Ann"),
        ] {
            let subject = crate::rules::catalogue::user(lines);
            assert_eq!(person_name(&Object::of(&subject, &settings)).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_plain_name_needs_no_closer_look() {
        for name in ["Ann", "O'Neil, Ann (Sales) & Co.", "1", "a b"] {
            assert!(is_plain(name.as_bytes()), "{name}");
            assert_eq!(name.trim_matches(is_blank), name);
        }
        for name in ["", " ", " a", "a ", "a@b", "a+b", "a\\b", "a?", "a\tb", "ä", "\u{7f}"] {
            assert!(!is_plain(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn only_what_nobody_sees_is_cut_from_the_ends() {
        for (name, trimmed) in [
            ("\u{a0}Ann\u{200b}\r\n", "Ann"),
            ("\u{feff}Jürgen Groß\u{ad}", "Jürgen Groß"),
            ("דוד\u{200f}", "דוד\u{200f}"),
            ("\u{3000}山田", "山田"),
            ("😀", "😀"),
            ("\u{200b} \u{a0}", ""),
        ] {
            assert_eq!(name.trim_matches(is_blank), trimmed, "{name:?}");
        }
    }

    #[test]
    fn what_nobody_sees_goes_from_a_text_and_what_a_script_needs_stays() {
        for (text, may_break, better) in [
            ("Sales\u{a0}EU", false, Some("Sales EU")),
            ("a\u{200b}b\u{202e}c\u{ad}", false, Some("abc")),
            ("a\tb", false, Some("a b")),
            ("a\r\nb", false, Some("a  b")),
            ("Main St 1\r\nLondon", true, None),
            ("می\u{200c}خواهم", false, None),
            ("क्\u{200d}ष", false, None),
            ("👩\u{200d}🚒", false, None),
            ("a\u{200d}b", false, Some("ab")),
            ("ä é 漢", false, None),
            ("", false, None),
        ] {
            let found = unexpected(text.as_bytes(), may_break).map(|_| seen(text, may_break));
            assert_eq!(found.as_deref(), better, "{text:?}");
        }
    }

    #[test]
    fn letters_that_look_alike_are_found_within_one_word_only() {
        assert!(is_mixed("\u{430}nn"), "Cyrillic a");
        assert!(is_mixed("alph\u{3b1}"));
        assert!(!is_mixed("анна"));
        assert!(!is_mixed("ann2"));
        assert!(!is_mixed("山田ann"));
        let address = "анна.ann@contoso.com";
        assert!(!address.split(|c: char| !c.is_alphanumeric()).any(is_mixed));
    }
}
