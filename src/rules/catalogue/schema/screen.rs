//! A quick look at a line: whether the schema may not allow it.

use std::sync::LazyLock;

use crate::directory::dn::is_everyday_dn;
use crate::directory::{Facts, Syntax, Writability};
use crate::ldif::{Form, Line, Usual, Wanted};
use crate::rules::catalogue::{AD_SCHEMA, CLOUD_SYNC, ENTRA, text_length};
use crate::rules::{Attr, Reads};

/// What the schema says about the values of an attribute, as far as a profile asks.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    facts: Option<&'static Facts>,
    /// The number of an attribute that has one value at most; 0 for all others.
    single: u16,
    test: Test,
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    /// Anything.
    Nothing,
    /// Text of so many UTF-16 units.
    Text { least: u32, most: u32 },
    /// So many bytes.
    Octets { least: u32, most: u32 },
    /// Text in ASCII, of so many characters.
    Ascii { least: u32, most: u32 },
    /// Digits and spaces, so many.
    Numeric { least: u32, most: u32 },
    /// `TRUE` or `FALSE`.
    Boolean,
    /// A number of 32 bits, between the bounds of the attribute.
    Integer,
    /// A number of 64 bits.
    LargeInteger,
    /// A point in time.
    Time,
    /// A DN.
    Dn,
    /// A DN with something in front.
    DnWithBinary,
    /// A GUID, in binary or as text.
    Guid,
    /// A SID, in binary or as text.
    Sid,
}

/// Attributes whose numbers have 32 bits, signed; all others have 64.
///
/// Source: the Active Directory schema, oMSyntax 2 and 10.
const NARROW: &[&str] = &[
    "adminCount",
    "badPwdCount",
    "codePage",
    "countryCode",
    "garbageCollPeriod",
    "gidNumber",
    "groupType",
    "instanceType",
    "logonCount",
    "mS-DS-ConsistencyChildCount",
    "msDS-HABSeniorityIndex",
    "msDS-SupportedEncryptionTypes",
    "msDS-User-Account-Control-Computed",
    "msExchRecipientDisplayType",
    "msExchUserAccountControl",
    "objectVersion",
    "preferredDeliveryMethod",
    "primaryGroupID",
    "sAMAccountType",
    "systemFlags",
    "uidNumber",
    "userAccountControl",
];

/// Attributes whose text is ASCII (oMSyntax 19 and 22).
const ASCII: &[&str] =
    &["destinationIndicator", "displayNamePrintable", "gecos", "loginShell", "unixHomeDirectory"];

/// Attributes whose values another family of the `entra` profiles judges in full, so
/// that nothing is said twice.
const JUDGED_ELSEWHERE: &[Attr] = &[
    Attr::C,
    Attr::Mail,
    Attr::MailNickname,
    Attr::MsDsPreferredDataLocation,
    Attr::MsExchUsageLocation,
    Attr::ProxyAddresses,
    Attr::SamAccountName,
    Attr::TargetAddress,
    Attr::ThumbnailPhoto,
    Attr::UserPrincipalName,
];

/// The screens of the profiles `entra` and `ad-schema`, by the number of the
/// attribute.
static SCREENS: LazyLock<(Vec<Screen>, Vec<Screen>)> = LazyLock::new(|| {
    let mut screens = (vec![Screen::OPEN], vec![Screen::OPEN]);
    for (number, facts) in (1..).zip(Facts::all()) {
        let screen = Screen::for_all(number, facts);
        screens.0.push(screen.leave_to_others(facts));
        screens.1.push(screen);
    }
    screens
});

impl Screen {
    /// All lines pass.
    pub const OPEN: Self = Self { facts: None, single: 0, test: Test::Nothing };

    /// What a profile asks of an attribute, by its name. Attributes with options are
    /// not looked at.
    #[must_use]
    pub fn of(profile: &str, name: &[u8]) -> Self {
        match Facts::numbered(name) {
            Some((number, _)) if !name.contains(&b';') => Self::numbered(profile, number),
            _ => Self::OPEN,
        }
    }

    /// The same, by the number of the attribute in the table; 0 is none.
    #[must_use]
    pub fn numbered(profile: &str, number: u16) -> Self {
        let screens = match profile {
            ENTRA | CLOUD_SYNC => &SCREENS.0,
            AD_SCHEMA => &SCREENS.1,
            _ => return Self::OPEN,
        };
        screens.get(usize::from(number)).copied().unwrap_or(Self::OPEN)
    }

    fn for_all(number: u16, facts: &'static Facts) -> Self {
        let single = if facts.single_valued { number } else { 0 };
        Self { facts: Some(facts), single, test: Test::of(facts) }
    }

    /// Opens the screen for what other families of the profile judge, and for what
    /// nobody but the server writes.
    fn leave_to_others(mut self, facts: &Facts) -> Self {
        let attr = Attr::of(facts.name.as_bytes());
        // The server fills objectCategory in itself.
        let is_elsewhere = |attr| attr == Attr::ObjectCategory || JUDGED_ELSEWHERE.contains(&attr);
        if attr.is_some_and(is_elsewhere) {
            self.test = Test::Nothing;
        }
        if attr == Some(Attr::Mail) {
            self.single = 0;
        }
        if let Test::Text { least, most } = &mut self.test {
            // An empty value is not there for synchronisation.
            *least = 0;
            if attr.is_some_and(text_length::is_limited) {
                *most = u32::MAX;
            }
        }
        let is_written =
            matches!(facts.writability, Writability::Renames) || facts.writability.by_modify();
        // What identifies an object is looked at all the same: an export that was
        // converted can have lost bytes of it.
        if !is_written && !matches!(self.test, Test::Guid | Test::Sid) {
            self.test = Test::Nothing;
        }
        self
    }

    /// The facts about the attribute, where anything is asked.
    #[must_use]
    pub fn facts(&self) -> Option<&'static Facts> {
        self.facts
    }

    pub(super) fn test(&self) -> Test {
        self.test
    }

    pub(super) fn is_single(&self) -> bool {
        self.single != 0
    }

    /// Which lines of the attribute are wanted, by what the rules read of it
    /// otherwise.
    #[must_use]
    pub fn picked(&self, reads: Reads) -> Wanted {
        let (least, most) = match self.test {
            Test::Nothing => (0, u32::MAX),
            Test::Text { least, most } | Test::Octets { least, most } => (least, most),
            test => {
                let usual = match reads {
                    Reads::Nothing => test.usual(),
                    _ => Usual::Nothing,
                };
                return Wanted::unless(usual).with_repeated(self.single);
            }
        };
        let wanted = match reads {
            Reads::Values => Wanted::ALL,
            Reads::Nothing => Wanted::outside(least, most),
            Reads::LongerThan(length) => Wanted::outside(
                least,
                u32::try_from(length).map_or(most, |length| length.min(most)),
            ),
        };
        wanted.with_repeated(self.single)
    }

    /// Whether the schema may not allow a line: where it does not stop it, it does.
    #[must_use]
    #[inline(always)]
    pub fn stops(&self, line: &Line<'_>) -> bool {
        match self.test {
            Test::Nothing => self.is_single() && line.is_repeated(),
            test => (self.is_single() && line.is_repeated()) || !test.clears(line),
        }
    }
}

impl Test {
    /// What the table says about the values of an attribute.
    fn of(facts: &Facts) -> Self {
        let least = facts.bounds.lower.unwrap_or(0);
        let most = facts.bounds.upper.unwrap_or(u32::MAX);
        let is_among = |names: &[&str]| names.contains(&facts.name);
        match facts.syntax {
            Syntax::CaseExactString if is_among(ASCII) => Self::Ascii { least, most },
            Syntax::CaseIgnoreString | Syntax::CaseExactString | Syntax::TelephoneNumber
                if least > 0 || most < u32::MAX =>
            {
                Self::Text { least, most }
            }
            Syntax::OctetString if least > 0 || most < u32::MAX => Self::Octets { least, most },
            Syntax::NumericString => Self::Numeric { least, most },
            Syntax::Integer if is_among(NARROW) => Self::Integer,
            Syntax::Integer => Self::LargeInteger,
            Syntax::Boolean => Self::Boolean,
            Syntax::GeneralizedTime => Self::Time,
            Syntax::DistinguishedName => Self::Dn,
            Syntax::DnWithBinary => Self::DnWithBinary,
            // Active Directory takes any bytes for mS-DS-ConsistencyGuid.
            Syntax::Guid if facts.bounds.upper == Some(16) => Self::Guid,
            Syntax::Sid => Self::Sid,
            Syntax::Guid
            | Syntax::CaseIgnoreString
            | Syntax::CaseExactString
            | Syntax::TelephoneNumber
            | Syntax::OctetString
            | Syntax::ObjectIdentifier => Self::Nothing,
        }
    }

    /// The values that surely pass and that readers can tell from others.
    fn usual(self) -> Usual {
        match self {
            Self::Integer => Usual::UpTo(BELOW_ALL_BOUNDS),
            Self::LargeInteger => Usual::UpTo(LARGEST),
            Self::Guid => Usual::Octets(16),
            _ => Usual::Nothing,
        }
    }

    /// Whether a value surely passes, told by how it stands in the export.
    #[inline]
    fn clears(self, line: &Line<'_>) -> bool {
        let raw = line.raw();
        let is_plain = line.form() == Form::Plain;
        match self {
            Self::Nothing => true,
            // No text has more UTF-16 units than bytes, nor more bytes than as it
            // stands; and what stands there at all is not empty.
            Self::Text { least, most } | Self::Octets { least, most } => {
                least <= 1 && raw.len() >= to_usize(least) && raw.len() <= to_usize(most)
            }
            Self::Ascii { least, most } => {
                is_plain
                    && least <= 1
                    && (to_usize(least)..=to_usize(most)).contains(&raw.len())
                    && raw.is_ascii()
            }
            Self::Numeric { .. } | Self::DnWithBinary => false,
            Self::Boolean => is_plain && matches!(raw, b"TRUE" | b"FALSE"),
            Self::Integer | Self::LargeInteger | Self::Guid => self.usual().has(line.form(), raw),
            Self::Time => {
                is_plain
                    && raw.split_at_checked(14).is_some_and(|(digits, rest)| {
                        rest == b".0Z" && are_digits(digits) && is_plain_date(digits)
                    })
            }
            Self::Dn => is_plain && is_plain_dn(raw),
            // S-1-5-21-a-b-c-d, 28 bytes.
            Self::Sid => {
                line.form() == Form::Base64
                    && raw.len() == 40
                    && raw.starts_with(b"AQUAAAAAAAUVAAAA")
                    && raw.ends_with(b"==")
            }
        }
    }
}

fn to_usize(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn are_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// A number of 32 bits that no attribute's bounds leave out: 65,535 is the lowest of them.
const BELOW_ALL_BOUNDS: &[u8] = b"9999";

/// The largest number of 64 bits.
const LARGEST: &[u8] = b"9223372036854775807";

/// Whether digits are a date that every month has, and a time.
fn is_plain_date(digits: &[u8]) -> bool {
    let &[_, _, _, _, m1, m2, d1, d2, h1, h2, n1, _, s1, _] = digits else { return false };
    let two = |tens: u8, ones: u8| (tens - b'0') * 10 + (ones - b'0');
    (1..=12).contains(&two(m1, m2))
        && (1..=28).contains(&two(d1, d2))
        && two(h1, h2) < 24
        && n1 < b'6'
        && s1 < b'6'
}

/// Whether a value, folds included, is a DN without anything to look at twice.
fn is_plain_dn(raw: &[u8]) -> bool {
    if is_everyday_dn(raw) {
        return true;
    }
    let (mut in_type, mut length) = (true, 0_usize);
    let mut bytes = raw.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => length += 1,
            b'=' if in_type && length > 0 => (in_type, length) = (false, 0),
            b',' if !in_type && length > 0 => (in_type, length) = (true, 0),
            b'-' | b'.' if length > 0 => length += 1,
            // A fold: the line end and one space.
            b'\r' => {}
            b'\n' => {
                bytes.next();
            }
            b'=' | b',' | b'\\' | b'"' | b'+' | b';' | b'<' | b'>' | b'#' | 0 => return false,
            _ if in_type => return false,
            _ => length += 1,
        }
    }
    !in_type && length > 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::check::judge;
    use super::*;

    #[test]
    fn a_length_that_another_family_judges_is_not_judged_twice() {
        let most = |profile, name: &str| match Screen::of(profile, name.as_bytes()).test {
            Test::Text { most, .. } => Some(most),
            _ => None,
        };
        assert_eq!(most(AD_SCHEMA, "displayName"), Some(256));
        assert_eq!(most(ENTRA, "displayName"), Some(u32::MAX));
        assert_eq!(most(ENTRA, "middleName"), Some(64));
        for attr in JUDGED_ELSEWHERE {
            assert_eq!(Screen::of(ENTRA, attr.name().as_bytes()).test, Test::Nothing);
        }
        assert!(!Screen::of(ENTRA, b"mail").is_single());
        assert!(Screen::of(AD_SCHEMA, b"mail").is_single());
        assert!(Screen::of("exchange-online", b"title").facts.is_none());
        assert!(Screen::of(ENTRA, b"title;lang-de").facts.is_none());
    }

    #[test]
    fn the_names_of_the_lists_are_those_of_the_table() {
        for name in NARROW.iter().chain(ASCII) {
            assert_eq!(Facts::of(name.as_bytes()).name, *name);
        }
        assert!(Facts::all().count() < Wanted::NUMBERS);
        for (number, facts) in (1..).zip(Facts::all()) {
            assert_eq!(Facts::numbered(facts.name.as_bytes()), Some((number, facts)));
        }
    }

    #[test]
    fn what_servers_write_is_cleared_without_a_closer_look() {
        let clears = |name: &str, value: &str| {
            let screen = Screen::of(AD_SCHEMA, name.as_bytes());
            screen.test != Test::Nothing
                && !screen.stops(&Line::of(name.as_bytes(), value.as_bytes()))
        };
        for (name, value) in [
            ("accountExpires", "9223372036854775807"),
            ("whenChanged", "20261122162944.0Z"),
            ("msExchHideFromAddressLists", "TRUE"),
            ("manager", "CN=Ann Archer,OU=Staff,DC=contoso,DC=com"),
            ("countryCode", "276"),
        ] {
            assert!(clears(name, value), "{name}: {value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_cleared_is_right(
            value in prop_oneof![
                "-?[0-9]{1,21}", "[0-9]{14}\\.0Z", "(TRUE|FALSE|true|X)",
                "((CN|ou|2\\.5|-a|DC)[= ]{1,2}[a-z=, \\\\#+é]{0,6},?){1,4}", "[a-é]{0,70}",
            ],
            name in prop::sample::select(vec![
                "accountExpires", "countryCode", "adminCount", "whenCreated", "autoReply",
                "manager", "middleName", "gecos", "x121Address", "logonHours", "objectSid",
            ]),
        ) {
            let screen = Screen::of(AD_SCHEMA, name.as_bytes());
            let line = Line::of(name.as_bytes(), value.as_bytes());
            if !screen.stops(&line)
                && let Some(facts) = screen.facts()
            {
                prop_assert!(judge(screen.test, facts, value.as_bytes()).is_none());
            }
        }
    }
}
