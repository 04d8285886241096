//! Addresses of the form `local@domain`, as mail (RFC 5321, RFC 5322) and domain
//! names (RFC 1035) have them.

use super::{Settings, text};

/// Bytes of the longest address that mail can carry (RFC 5321 section 4.5.3.1.3,
/// without the angle brackets).
pub(super) const MAX_ADDRESS: usize = 254;
/// Bytes of the longest local part (RFC 5321 section 4.5.3.1.1).
pub(super) const MAX_LOCAL: usize = 64;
/// Bytes of the longest domain (RFC 1035 section 2.3.4).
pub(super) const MAX_DOMAIN: usize = 255;
/// Bytes of the longest label (RFC 1035 section 2.3.4).
pub(super) const MAX_LABEL: usize = 63;

/// Names that only a site itself knows, as the last label or the whole domain.
const SITE_LABELS: [&str; 11] = [
    "local",
    "internal",
    "intranet",
    "lan",
    "corp",
    "home",
    "private",
    "test",
    "invalid",
    "example",
    "localhost",
];

/// What is wrong with a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DomainFault {
    /// It is empty, or a label is.
    EmptyLabel,
    /// A label is longer than 63 bytes, or the whole longer than 255.
    TooLong,
    /// A label begins or ends with a hyphen.
    OuterHyphen,
    /// It holds another character than letters, digits, hyphens and dots.
    Character(char),
    /// It has one label only.
    OneLabel,
    /// Its last label is no top-level domain.
    NotRoutable,
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressFault {
    /// It holds white space or what nobody sees.
    Invisible(char),
    /// It holds a letter outside ASCII.
    NonAscii(char),
    /// It has no @, more than one, or nothing on a side of it.
    At,
    /// The part before the @ holds a character that no address holds unquoted.
    Character(char),
    /// The part before the @ begins or ends with a dot, or has two side by side.
    Dots,
    /// The part before the @ is longer than 64 bytes, or the whole than 254.
    TooLong(usize),
    /// The part behind the @ is no domain.
    Domain(DomainFault),
}

impl std::fmt::Display for AddressFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invisible(c) | Self::NonAscii(c) | Self::Character(c) => {
                write!(f, "it holds {}", text::shown(*c))
            }
            Self::At => f.write_str("it is not two parts with one @ between them"),
            Self::Dots => f.write_str("a dot stands beside nothing"),
            Self::TooLong(length) => write!(f, "it has {length} bytes"),
            Self::Domain(fault) => fault.fmt(f),
        }
    }
}

/// Whether mail can be sent to an address (RFC 5321 with the unquoted local part of
/// RFC 5322, in ASCII).
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn check(address: &str, settings: &Settings) -> Result<(), AddressFault> {
    if let Some(c) = address.chars().find(|c| text::is_invisible(*c)) {
        return Err(AddressFault::Invisible(c));
    }
    if let Some(c) = address.chars().find(|c| !c.is_ascii()) {
        return Err(AddressFault::NonAscii(c));
    }
    let (local, domain) = split(address)
        .filter(|(local, domain)| !local.is_empty() && !local.contains('@') && !domain.is_empty())
        .ok_or(AddressFault::At)?;
    if let Some(c) = local.chars().find(|c| !is_atext_or_dot(*c)) {
        return Err(AddressFault::Character(c));
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(AddressFault::Dots);
    }
    if local.len() > MAX_LOCAL || address.len() > MAX_ADDRESS {
        return Err(AddressFault::TooLong(address.len()));
    }
    check_domain(domain, settings).map_err(AddressFault::Domain)
}

/// The address as it would hold: nothing that is not seen, no `mailto:`, letters of
/// ASCII, single dots, an internationalised domain as its A-label (RFC 5890);
/// `None` where no such address can be told.
pub(super) fn corrected(address: &str, settings: &Settings) -> Option<String> {
    let seen: String = address.chars().filter(|c| !text::is_invisible(*c)).collect();
    let bare = match seen.get(..MAILTO.len()) {
        Some(start) if start.eq_ignore_ascii_case(MAILTO) => &seen[MAILTO.len()..],
        _ => &seen,
    };
    let (local, domain) = split(bare)?;
    let local = text::transliterated(local.trim_end_matches('@'), settings.transliteration)?;
    let domain = idna::domain_to_ascii(domain).ok()?;
    let atoms: Vec<&str> = local.split('.').filter(|atom| !atom.is_empty()).collect();
    let corrected = format!("{}@{domain}", atoms.join("."));
    check(&corrected, settings).is_ok().then_some(corrected)
}

const MAILTO: &str = "mailto:";

/// The parts before and behind the last `@`.
pub(super) fn split(address: &str) -> Option<(&str, &str)> {
    address.rsplit_once('@')
}

/// Whether a character can stand before the @ (RFC 5322 `atext`, and the dot).
pub(super) fn is_atext_or_dot(c: char) -> bool {
    c == '.' || u8::try_from(c).is_ok_and(is_atext)
}

/// RFC 5322 `atext`.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// Whether a domain can be sent to from anywhere.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_domain(domain: &str, settings: &Settings) -> Result<(), DomainFault> {
    if domain.len() > MAX_DOMAIN {
        return Err(DomainFault::TooLong);
    }
    let mut labels = 0;
    for label in domain.split('.') {
        labels += 1;
        let strange = |c: &char| !c.is_ascii_alphanumeric() && *c != '-';
        if let Some(c) = label.chars().find(strange) {
            return Err(DomainFault::Character(c));
        }
        match label.len() {
            0 => return Err(DomainFault::EmptyLabel),
            1..=MAX_LABEL => {}
            _ => return Err(DomainFault::TooLong),
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(DomainFault::OuterHyphen);
        }
    }
    if labels == 1 {
        return Err(DomainFault::OneLabel);
    }
    if is_routable(domain, settings) { Ok(()) } else { Err(DomainFault::NotRoutable) }
}

/// Whether the last label is a top-level domain that the root servers know, or one
/// of the list that the administrator has given.
fn is_routable(domain: &str, settings: &Settings) -> bool {
    let last = domain.rsplit('.').next().unwrap_or_default();
    if let Some(list) = &settings.top_level_domains {
        return list.contains(last);
    }
    let is_last = |label: &&str| label.eq_ignore_ascii_case(last);
    !SITE_LABELS.iter().any(is_last) && tld::exist_case_insensitive(last)
}

/// Whether a domain belongs to Microsoft's cloud.
pub(super) fn is_reserved(domain: &str) -> bool {
    ["onmicrosoft.com", "microsoftonline.com"].iter().any(|of| {
        let at = domain.len().saturating_sub(of.len());
        domain.split_at_checked(at).is_some_and(|(rest, end)| {
            end.eq_ignore_ascii_case(of) && (rest.is_empty() || rest.ends_with('.'))
        })
    })
}

impl std::fmt::Display for DomainFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EmptyLabel => f.write_str("the domain has an empty label"),
            Self::TooLong => f.write_str("the domain, or a label of it, is too long"),
            Self::OuterHyphen => f.write_str("a label of the domain begins or ends with a hyphen"),
            Self::Character(c) => write!(f, "the domain holds {}", super::text::shown(*c)),
            Self::OneLabel => f.write_str("the domain has one label only"),
            Self::NotRoutable => f.write_str("the domain ends in no public top-level domain"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str) -> Result<(), AddressFault> {
        super::check(address, &Settings::default())
    }

    fn check_domain(domain: &str) -> Result<(), DomainFault> {
        super::check_domain(domain, &Settings::default())
    }

    #[test]
    fn a_list_that_is_given_stands_for_the_one_that_is_built_in() {
        let list = super::super::TopLevelDomains::parse(b"local\n").unwrap();
        let settings = Settings { top_level_domains: Some(list.into()), ..Settings::default() };
        assert_eq!(super::check_domain("contoso.Local", &settings), Ok(()));
        let refused = Err(DomainFault::NotRoutable);
        assert_eq!(super::check_domain("contoso.com", &settings), refused);
    }

    #[test]
    fn a_domain_is_judged_by_its_labels_and_its_last_one_by_the_root() {
        assert_eq!(check_domain("contoso.com"), Ok(()));
        assert_eq!(check_domain("CONTOSO.GMBH"), Ok(()));
        assert_eq!(check_domain("a.xn--vermgensberatung-pwb"), Ok(()));
        assert_eq!(check_domain("contoso.local"), Err(DomainFault::NotRoutable));
        assert_eq!(check_domain("contoso.c0m"), Err(DomainFault::NotRoutable));
        assert_eq!(check_domain("contoso"), Err(DomainFault::OneLabel));
        assert_eq!(check_domain("contoso..com"), Err(DomainFault::EmptyLabel));
        assert_eq!(check_domain("contoso.com."), Err(DomainFault::EmptyLabel));
        assert_eq!(check_domain("-a.com"), Err(DomainFault::OuterHyphen));
        assert_eq!(check_domain("a_b.com"), Err(DomainFault::Character('_')));
        assert_eq!(check_domain(&format!("{}.com", "a".repeat(64))), Err(DomainFault::TooLong));
        assert_eq!(check_domain(&"a.".repeat(200)), Err(DomainFault::TooLong));
    }

    #[test]
    fn no_top_level_domain_of_the_root_is_a_false_alarm() {
        for label in
            ["app", "cloud", "africa", "swiss", "gmbh", "si", "au", "museum", "photography"]
        {
            assert_eq!(check_domain(&format!("contoso.{label}")), Ok(()), "{label}");
        }
    }

    #[test]
    fn an_address_is_two_parts_of_ascii_with_single_dots() {
        assert_eq!(check("ann.o'neil+x@contoso.com"), Ok(()));
        assert_eq!(check("ann b@contoso.com"), Err(AddressFault::Invisible(' ')));
        assert_eq!(check("ann\u{ad}@contoso.com"), Err(AddressFault::Invisible('\u{ad}')));
        assert_eq!(check("änn@contoso.com"), Err(AddressFault::NonAscii('ä')));
        for address in ["ann", "ann@", "@contoso.com", "a@b@contoso.com", ""] {
            assert_eq!(check(address), Err(AddressFault::At), "{address}");
        }
        assert_eq!(check("a(b)@contoso.com"), Err(AddressFault::Character('(')));
        assert_eq!(check("\"a\"@contoso.com"), Err(AddressFault::Character('"')));
        for local in [".ann", "ann.", "a..b"] {
            assert_eq!(check(&format!("{local}@contoso.com")), Err(AddressFault::Dots), "{local}");
        }
        let long = |length: usize| format!("{}@contoso.com", "a".repeat(length));
        assert_eq!(check(&long(64)), Ok(()));
        assert_eq!(check(&long(65)), Err(AddressFault::TooLong(77)));
        let domain = Err(AddressFault::Domain(DomainFault::NotRoutable));
        assert_eq!(check("ann@contoso.local"), domain);
        assert_eq!(check("ann@[10.0.0.1]"), Err(AddressFault::Domain(DomainFault::Character('['))));
    }

    #[test]
    fn a_corrected_address_can_be_sent_to_or_there_is_none() {
        let corrected = |address| corrected(address, &Settings::default());
        for (address, better) in [
            (" ann@contoso.com\u{200b}", Some("ann@contoso.com")),
            ("mailto:Ann@contoso.com", Some("Ann@contoso.com")),
            ("jürgen@müller.de", Some("jurgen@xn--mller-kva.de")),
            (".a..b.@contoso.com", Some("a.b@contoso.com")),
            ("ann@@contoso.com", Some("ann@contoso.com")),
            ("ann", None),
            ("a@b@contoso.com", None),
            ("ann@contoso.local", None),
            ("ann(x)@contoso.com", None),
        ] {
            assert_eq!(corrected(address).as_deref(), better, "{address}");
        }
    }
}
