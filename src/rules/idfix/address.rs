//! Mail addresses as IdFix reads them: the address type before the first colon,
//! the check that it calls RFC 2822, and the list of top-level domains.

use std::sync::LazyLock;

use memchr::{memchr, memchr_iter};
use rustc_hash::FxHashSet;

use crate::rules::Rule;

use super::rules::{DOMAIN_PART, FORMAT, LOCAL_PART, TOP_LEVEL_DOMAIN};

use crate::rules::shape::Shape;

/// The top-level domains that IdFix 2.6.0.3 ships, with their leading dot.
static TOP_LEVEL_DOMAINS: LazyLock<FxHashSet<&'static [u8]>> =
    LazyLock::new(|| include_str!("tlds.txt").lines().map(str::trim).map(str::as_bytes).collect());

/// Those of them that [`short_label`] makes numbers of: one is looked up for nearly
/// every address, and a number is compared faster than a text.
static SHORT_TOP_LEVEL_DOMAINS: LazyLock<FxHashSet<u64>> =
    LazyLock::new(|| TOP_LEVEL_DOMAINS.iter().filter_map(|label| short_label(label)).collect());

/// Whether a value counts as an SMTP address: it holds `smtp:` anywhere.
pub(crate) fn is_smtp(value: &[u8]) -> bool {
    behind_smtp(value).is_some()
        || memchr_iter(b':', value).any(|colon| {
            value[..colon]
                .last_chunk::<4>()
                .is_some_and(|before| before.eq_ignore_ascii_case(b"smtp"))
        })
}

/// What stands behind `smtp:` where the value begins with it.
fn behind_smtp(value: &[u8]) -> Option<&[u8]> {
    let (kind, rest) = value.split_first_chunk::<5>()?;
    kind.eq_ignore_ascii_case(b"smtp:").then_some(rest)
}

/// Whether a value counts as an X400 or X500 address.
pub(crate) fn is_x400(value: &[u8]) -> bool {
    let Some((b'x' | b'X', rest)) = value.split_first() else { return false };
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    rest.starts_with(b"400") || rest.starts_with(b"500")
}

/// Whether a value of plain ASCII passes [`fault`], decided without allocation.
pub(super) fn is_sound(value: &[u8], shape: Option<&Shape>) -> bool {
    match (shape, value) {
        (Some(shape), [_, _, _, _, b':', ..]) if behind_smtp(value).is_some() => {
            is_sound_shape(value, shape, 5)
        }
        (Some(shape), _) if !shape.has_colons() => is_sound_shape(value, shape, 0),
        _ => is_sound_text(value),
    }
}

/// The same for what stands behind the address type.
fn is_sound_shape(value: &[u8], shape: &Shape, from: u32) -> bool {
    shape.last_label(from).is_some_and(|label| is_top_level_domain(&value[label..]))
}

fn is_sound_text(value: &[u8]) -> bool {
    let address = behind_smtp(value).unwrap_or_else(|| match memchr(b':', value) {
        Some(colon) if is_smtp(value) => &value[colon + 1..],
        _ => value,
    });
    let (local, rest) = address.split_at(dot_atom_length(address));
    let Some((b'@', domain)) = rest.split_first() else { return false };
    // A domain with a second @ is none, and a line end at its end makes its last
    // label unknown, so that these need no word of their own.
    !local.is_empty()
        && last_label(domain).is_some_and(|start| is_top_level_domain(&domain[start - 1..]))
}

/// What is wrong with a mail address.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The rules that it breaks, in the order of IdFix's labels.
    pub(super) rules: Vec<&'static Rule>,
    /// The value with what can be removed removed.
    pub(super) update: String,
}

/// Checks a value, which may begin with an address type, and corrects it step by
/// step: the local part is looked at with the domain already corrected, and the
/// whole with both.
pub(super) fn fault(value: &str) -> Option<Fault> {
    let (prefix, rest) = match value.find(':') {
        Some(colon) if is_smtp(value.as_bytes()) => value.split_at(colon + 1),
        _ => ("", value),
    };
    let mut address = rest.to_owned();
    let unknown = rest.rfind('.').is_some_and(|dot| {
        let label = lower_invariant(&rest[dot..]);
        label.len() > 1 && !is_top_level_domain(label.as_bytes())
    });

    let bad_domain = !address.rfind('@').is_some_and(|at| ends_as_domain(&address[at + 1..]));
    if bad_domain && let Some(at) = address.rfind('@') {
        let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let domain: String = address[at + 1..].chars().filter(kept).collect();
        address.truncate(at + 1);
        address.push_str(&domain);
    }

    let bad_local = !begins_as_dot_atom(&address) || address.matches('@').count() > 1;
    if bad_local && let Some(at) = address.rfind('@') {
        let kept = |c: &char| is_atext(*c) || *c == '.';
        let local: String = address[..at].chars().filter(kept).collect();
        address = (local + &address[at..]).replace(".@", "@");
    }

    let sound = begins_as_dot_atom(&address)
        && address.find('@').is_some_and(|at| ends_as_domain(&address[at + 1..]));
    let rules: Vec<_> = [
        (!sound, &FORMAT),
        (unknown, &TOP_LEVEL_DOMAIN),
        (bad_domain, &DOMAIN_PART),
        (bad_local, &LOCAL_PART),
    ]
    .into_iter()
    .filter_map(|(broken, rule)| broken.then_some(rule))
    .collect();
    (!rules.is_empty()).then(|| Fault { rules, update: format!("{}{address}", prefix.trim()) })
}

/// Whether the text before the first @ is a dot-atom.
fn begins_as_dot_atom(address: &str) -> bool {
    address.find('@').is_some_and(|at| is_dot_atom(&address.as_bytes()[..at]))
}

/// Whether a text is a domain; one line end behind it is overlooked, as `$` of a
/// .NET expression does.
fn ends_as_domain(text: &str) -> bool {
    is_domain(text.strip_suffix('\n').unwrap_or(text).as_bytes())
}

/// Whether the character is RFC 2822 `atext`.
fn is_atext(c: char) -> bool {
    u8::try_from(c).is_ok_and(|byte| ATEXT[usize::from(byte)])
}

static ALPHANUMERIC: [bool; 256] = alphanumeric();

const fn alphanumeric() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    table
}

static ATEXT: [bool; 256] = atext();

const fn atext() -> [bool; 256] {
    let mut table = alphanumeric();
    let others = b"!#$%&'*+/=?^_`{|}~-";
    let mut i = 0;
    while i < others.len() {
        table[others[i] as usize] = true;
        i += 1;
    }
    table
}

/// RFC 2822 `dot-atom-text`.
fn is_dot_atom(text: &[u8]) -> bool {
    !text.is_empty() && dot_atom_length(text) == text.len()
}

/// How many bytes of `dot-atom-text` a text begins with; 0 where those that could
/// be in it are none.
fn dot_atom_length(text: &[u8]) -> usize {
    // A period before the first character, behind a period, or at the end is one
    // that ends no atom.
    let mut in_atom = false;
    for (at, &byte) in text.iter().enumerate() {
        if ATEXT[usize::from(byte)] {
            in_atom = true;
        } else if byte == b'.' && in_atom {
            in_atom = false;
        } else {
            return if in_atom { at } else { 0 };
        }
    }
    if in_atom { text.len() } else { 0 }
}

/// One label or more, each followed by a period, and 2 to 17 letters.
fn is_domain(text: &[u8]) -> bool {
    last_label(text).is_some()
}

/// Where the last label of a domain begins; never at 0.
fn last_label(text: &[u8]) -> Option<usize> {
    let mut start = 0;
    let mut before_is_alphanumeric = false;
    for (at, &byte) in text.iter().enumerate() {
        if ALPHANUMERIC[usize::from(byte)] {
            before_is_alphanumeric = true;
            continue;
        }
        match byte {
            b'-' if at > start => {}
            b'.' if before_is_alphanumeric => start = at + 1,
            _ => return None,
        }
        before_is_alphanumeric = false;
    }
    let last = &text[start..];
    (start > 0 && (2..=17).contains(&last.len()) && last.iter().all(u8::is_ascii_alphabetic))
        .then_some(start)
}

/// Whether a label with its leading dot is in the list, without regard to ASCII
/// case.
fn is_top_level_domain(label: &[u8]) -> bool {
    match short_label(label) {
        Some(word) => SHORT_TOP_LEVEL_DOMAINS.contains(&word),
        None => TOP_LEVEL_DOMAINS.contains(&*label.to_ascii_lowercase()),
    }
}

/// A label of at most seven bytes, its leading dot aside, in lower case, as a
/// number.
fn short_label(label: &[u8]) -> Option<u64> {
    let (_dot, letters) = label.split_first()?;
    let append = |word: u64, byte: &u8| word << 8 | u64::from(byte.to_ascii_lowercase());
    // The 1 in front tells labels apart that begin with a NUL.
    (letters.len() < size_of::<u64>()).then(|| letters.iter().fold(1, append))
}

/// Lower case, character for character; what has no lower case of one character
/// outside ASCII stays.
fn lower_invariant(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) if c.is_ascii() || !one.is_ascii() => one,
                _ => c,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(value: &str) -> Option<(String, String)> {
        fault(value).map(|fault| {
            let labels: Vec<_> = fault.rules.iter().map(|rule| rule.label).collect();
            (labels.join(", "), fault.update)
        })
    }

    fn broken(labels: &str, update: &str) -> Option<(String, String)> {
        Some((labels.to_owned(), update.to_owned()))
    }

    #[test]
    fn sound_addresses_pass() {
        for value in [
            "a@b.com",
            "smtp:a@b.com",
            "SMTP:o'neil+x@a-b.c.co.uk",
            "A@B.COM",
            "a@xn--80ak6aa92e.com",
        ] {
            assert_eq!(check(value), None, "{value}");
        }
    }

    #[test]
    fn the_domain_is_corrected_before_the_local_part_and_both_before_the_format() {
        assert_eq!(
            check("u@@l###.local"),
            broken("TopLevelDomain, DomainPart, LocalPart", "u@l.local")
        );
        assert_eq!(check("ä@münchen.de"), broken("Format, DomainPart, LocalPart", "@mnchen.de"));
        assert_eq!(check(".a@b.com"), broken("Format, LocalPart", ".a@b.com"));
        assert_eq!(check("a.@b.com"), broken("LocalPart", "a@b.com"));
        assert_eq!(check("a..@b.com"), broken("Format, LocalPart", "a.@b.com"));
    }

    #[test]
    fn an_address_without_an_at_is_left_as_it_is() {
        assert_eq!(check("ab.com"), broken("Format, DomainPart, LocalPart", "ab.com"));
        assert_eq!(check(""), broken("Format, DomainPart, LocalPart", ""));
    }

    #[test]
    fn a_dot_at_the_end_is_no_unknown_top_level_domain() {
        assert_eq!(check("a@b."), broken("Format, DomainPart", "a@b."));
    }

    #[test]
    fn a_line_end_behind_the_domain_is_overlooked_by_the_format_only() {
        assert_eq!(check("a@b.com\n"), broken("TopLevelDomain", "a@b.com\n"));
        assert_eq!(check("a@b.com\n\n"), broken("TopLevelDomain, DomainPart", "a@b.com"));
    }

    #[test]
    fn the_address_type_may_stand_behind_other_text_and_is_trimmed() {
        assert_eq!(check(" smtp:a@b.local"), broken("TopLevelDomain", "smtp:a@b.local"));
        assert_eq!(check("x:smtp:a@b.com"), broken("LocalPart", "x:smtpa@b.com"));
    }

    #[test]
    fn a_top_level_domain_beyond_ascii_is_known_but_no_domain() {
        assert_eq!(check("a@b.한국"), broken("Format, DomainPart", "a@b."));
        assert_eq!(check("a@b.\u{212A}om"), broken("TopLevelDomain, DomainPart", "a@b.om"));
    }

    #[test]
    fn every_line_of_the_list_is_a_label_that_can_be_looked_up() {
        assert!(TOP_LEVEL_DOMAINS.len() > 900);
        for label in TOP_LEVEL_DOMAINS.iter() {
            assert!(label.starts_with(b".") && is_top_level_domain(label), "{label:?}");
        }
    }

    #[test]
    fn the_last_label_has_2_to_17_letters() {
        assert!(is_domain(b"a.ab") && !is_domain(b"a.a"));
        assert!(is_domain(b"a.abcdefghijklmnopq") && !is_domain(b"a.abcdefghijklmnopqr"));
        assert!(!is_domain(b"a.c0m") && !is_domain(b"com") && !is_domain(b".com"));
        assert!(!is_domain(b"-a.com") && !is_domain(b"a-.com") && is_domain(b"a--b.com"));
    }

    #[test]
    fn the_type_of_an_address_is_found_without_regard_to_case() {
        assert!(is_smtp(b"SmTp:x") && is_smtp(b"foo smtp:") && is_smtp(b"a:b:smtp:c"));
        assert!(!is_smtp(b"smtp") && !is_smtp(b"sip:x") && !is_smtp(b"mtp:") && !is_smtp(b""));
        assert!(is_x400(b"X400:") && is_x400(b"x.500:") && is_x400(b"x4000"));
        assert!(!is_x400(b" x400:") && !is_x400(b"x..400") && !is_x400(b"") && !is_x400(b"x"));
    }

    proptest! {
        #[test]
        fn the_quick_check_says_what_the_exact_one_says(
            value in "(smtp:|SMTP:| smtp:|x:|:)?[aZ0.@_ \n-]{0,5}@?[aZ0.@_ \n-]{0,5}(\\.com|\\.LOCAL|\\.de|\n|\\.)?",
        ) {
            let is_sound = is_sound(value.as_bytes(), Shape::of(value.as_bytes()).as_ref());
            prop_assert_eq!(is_sound, fault(&value).is_none());
            prop_assert_eq!(is_sound_text(value.as_bytes()), is_sound);
        }

        #[test]
        fn a_correction_keeps_only_characters_of_the_value(value in "\\PC{0,12}@?\\PC{0,12}") {
            if let Some(fault) = fault(&value) {
                prop_assert!(fault.update.chars().all(|c| value.contains(c)));
                prop_assert!(!fault.rules.is_empty());
            }
        }
    }
}
