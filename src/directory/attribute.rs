//! Attribute descriptions (RFC 4512 section 2.5): a type and options.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// Long names and OIDs of the usual attribute types (RFC 2307, RFC 2798, RFC 4519,
/// RFC 4524, MS-ADA) with the name that stands for them. `streetAddress` is missing on purpose:
/// it is an alias of `street` in RFC 4519 and a type of its own in AD.
const ALIASES: &[(&str, &str)] = &[
    ("commonName", "cn"),
    ("2.5.4.3", "cn"),
    ("organizationalUnitName", "ou"),
    ("2.5.4.11", "ou"),
    ("domainComponent", "dc"),
    ("0.9.2342.19200300.100.1.25", "dc"),
    ("organizationName", "o"),
    ("2.5.4.10", "o"),
    ("countryName", "c"),
    ("2.5.4.6", "c"),
    ("localityName", "l"),
    ("2.5.4.7", "l"),
    ("stateOrProvinceName", "st"),
    ("2.5.4.8", "st"),
    ("2.5.4.9", "street"),
    ("userid", "uid"),
    ("0.9.2342.19200300.100.1.1", "uid"),
    ("surname", "sn"),
    ("2.5.4.4", "sn"),
    ("gn", "givenname"),
    ("2.5.4.42", "givenname"),
    ("rfc822Mailbox", "mail"),
    ("0.9.2342.19200300.100.1.3", "mail"),
    ("emailAddress", "email"),
    ("1.2.840.113549.1.9.1", "email"),
    ("2.5.4.0", "objectclass"),
    ("2.5.4.5", "serialnumber"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.17", "postalcode"),
    ("2.5.4.20", "telephonenumber"),
    ("2.5.4.31", "member"),
    ("2.5.4.32", "owner"),
    ("2.5.4.34", "seealso"),
    ("2.5.4.41", "name"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationqualifier"),
    ("2.5.4.46", "dnqualifier"),
    ("2.5.4.49", "distinguishedname"),
    ("fax", "facsimiletelephonenumber"),
    ("2.5.4.23", "facsimiletelephonenumber"),
    ("homeTelephoneNumber", "homephone"),
    ("mobileTelephoneNumber", "mobile"),
    ("pagerTelephoneNumber", "pager"),
    ("aliasedEntryName", "aliasedobjectname"),
    ("2.5.4.1", "aliasedobjectname"),
    ("2.5.4.14", "searchguide"),
    ("2.5.4.15", "businesscategory"),
    ("2.5.4.16", "postaladdress"),
    ("2.5.4.18", "postofficebox"),
    ("2.5.4.19", "physicaldeliveryofficename"),
    ("2.5.4.21", "telexnumber"),
    ("2.5.4.22", "teletexterminalidentifier"),
    ("2.5.4.24", "x121address"),
    ("2.5.4.25", "internationalisdnnumber"),
    ("2.5.4.26", "registeredaddress"),
    ("2.5.4.27", "destinationindicator"),
    ("2.5.4.28", "preferreddeliverymethod"),
    ("2.5.4.33", "roleoccupant"),
    ("2.5.4.35", "userpassword"),
    ("2.5.4.36", "usercertificate"),
    ("2.5.4.45", "x500uniqueidentifier"),
    ("2.5.4.47", "enhancedsearchguide"),
    ("2.5.4.50", "uniquemember"),
    ("2.5.4.51", "houseidentifier"),
    ("pkcs9email", "email"),
    ("friendlyCountryName", "co"),
    ("favouriteDrink", "drink"),
    ("0.9.2342.19200300.100.1.4", "info"),
    ("0.9.2342.19200300.100.1.5", "drink"),
    ("0.9.2342.19200300.100.1.6", "roomnumber"),
    ("0.9.2342.19200300.100.1.7", "photo"),
    ("0.9.2342.19200300.100.1.8", "userclass"),
    ("0.9.2342.19200300.100.1.9", "host"),
    ("0.9.2342.19200300.100.1.10", "manager"),
    ("0.9.2342.19200300.100.1.14", "documentauthor"),
    ("0.9.2342.19200300.100.1.20", "homephone"),
    ("0.9.2342.19200300.100.1.21", "secretary"),
    ("0.9.2342.19200300.100.1.37", "associateddomain"),
    ("0.9.2342.19200300.100.1.38", "associatedname"),
    ("0.9.2342.19200300.100.1.39", "homepostaladdress"),
    ("0.9.2342.19200300.100.1.40", "personaltitle"),
    ("0.9.2342.19200300.100.1.41", "mobile"),
    ("0.9.2342.19200300.100.1.42", "pager"),
    ("0.9.2342.19200300.100.1.43", "co"),
    ("0.9.2342.19200300.100.1.44", "uniqueidentifier"),
    ("0.9.2342.19200300.100.1.45", "organizationalstatus"),
    ("0.9.2342.19200300.100.1.47", "mailpreferenceoption"),
    ("0.9.2342.19200300.100.1.48", "buildingname"),
    ("0.9.2342.19200300.100.1.54", "ditredirect"),
    ("0.9.2342.19200300.100.1.55", "audio"),
    ("0.9.2342.19200300.100.1.60", "jpegphoto"),
    ("1.3.6.1.4.1.250.1.57", "labeleduri"),
    ("2.16.840.1.113730.3.1.1", "carlicense"),
    ("2.16.840.1.113730.3.1.2", "departmentnumber"),
    ("2.16.840.1.113730.3.1.3", "employeenumber"),
    ("2.16.840.1.113730.3.1.4", "employeetype"),
    ("2.16.840.1.113730.3.1.39", "preferredlanguage"),
    ("2.16.840.1.113730.3.1.40", "usersmimecertificate"),
    ("2.16.840.1.113730.3.1.216", "userpkcs12"),
    ("2.16.840.1.113730.3.1.241", "displayname"),
    ("1.3.6.1.1.1.1.0", "uidnumber"),
    ("1.3.6.1.1.1.1.1", "gidnumber"),
    ("1.3.6.1.1.1.1.2", "gecos"),
    ("1.3.6.1.1.1.1.4", "loginshell"),
    ("1.3.6.1.1.1.1.5", "shadowlastchange"),
    ("1.3.6.1.1.1.1.6", "shadowmin"),
    ("1.3.6.1.1.1.1.7", "shadowmax"),
    ("1.3.6.1.1.1.1.8", "shadowwarning"),
    ("1.3.6.1.1.1.1.9", "shadowinactive"),
    ("1.3.6.1.1.1.1.10", "shadowexpire"),
    ("1.3.6.1.1.1.1.11", "shadowflag"),
    ("1.3.6.1.1.1.1.12", "memberuid"),
    ("1.2.840.113556.1.2.2", "instancetype"),
    ("1.2.840.113556.1.2.13", "displayname"),
    ("1.2.840.113556.1.2.102", "memberof"),
    ("1.2.840.113556.1.2.210", "proxyaddresses"),
    ("1.2.840.113556.1.4.221", "samaccountname"),
    ("1.2.840.113556.1.4.656", "userprincipalname"),
];

/// The lengths of the aliases that begin with a byte, as bits.
const ALIASES_BY_FIRST: [u64; 256] = lengths_by_first(false);

/// The same of the aliases and of the names for which they stand.
const SEVERAL_BY_FIRST: [u64; 256] = lengths_by_first(true);

const fn lengths_by_first(and_names: bool) -> [u64; 256] {
    let mut lengths = [0; 256];
    let mut at = 0;
    while at < ALIASES.len() {
        let (alias, name) = (ALIASES[at].0.as_bytes(), ALIASES[at].1.as_bytes());
        lengths[alias[0].to_ascii_lowercase() as usize] |= 1 << alias.len();
        if and_names {
            lengths[name[0].to_ascii_lowercase() as usize] |= 1 << name.len();
        }
        at += 1;
    }
    lengths
}

/// The lower-case name for which a long name or an OID stands; `None` where the
/// type goes by its own name.
#[must_use]
pub fn alias_of(attribute_type: &[u8]) -> Option<&'static str> {
    // Nearly all types stop here.
    let first = ALIASES_BY_FIRST[attribute_type.first()?.to_ascii_lowercase() as usize];
    if attribute_type.len() >= 64 || first & (1 << attribute_type.len()) == 0 {
        return None;
    }
    let found = ALIASES.iter().find(|(alias, _)| {
        alias.len() == attribute_type.len() && alias.as_bytes().eq_ignore_ascii_case(attribute_type)
    });
    found.map(|&(_, name)| name)
}

/// Whether a type may go by several names; most types are told not to by their first
/// byte and their length.
pub(crate) fn may_have_aliases(attribute_type: &[u8]) -> bool {
    attribute_type.first().is_some_and(|first| {
        let lengths = SEVERAL_BY_FIRST[first.to_ascii_lowercase() as usize];
        attribute_type.len() < 64 && lengths & (1 << attribute_type.len()) != 0
    })
}

/// The other names of an attribute type: mostly none.
pub(crate) fn spellings(attribute_type: &[u8]) -> Vec<&'static str> {
    let names = ALIASES.iter().flat_map(|&(alias, name)| [alias, name]);
    let mut others: Vec<&str> = names
        .filter(|name| {
            !name.as_bytes().eq_ignore_ascii_case(attribute_type)
                && same_type(name.as_bytes(), attribute_type)
        })
        .collect();
    others.sort_unstable();
    others.dedup();
    others
}

/// Whether two descriptions are the same but for the case of their letters. Nearly all
/// exports spell them as the schema does: that takes one comparison.
#[inline]
#[must_use]
pub fn same_spelling(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && (a == b || a.eq_ignore_ascii_case(b))
}

/// The form of an attribute description in which equal ones have the same bytes:
/// aliases, case and the order of options do not matter.
pub(crate) fn canonical(name: &[u8]) -> Cow<'_, [u8]> {
    let description = AttributeDescription::split(name);
    let base = alias_of(description.base());
    if base.is_none() && !description.has_options() {
        return match name.iter().any(u8::is_ascii_uppercase) {
            true => Cow::Owned(name.to_ascii_lowercase()),
            false => Cow::Borrowed(name),
        };
    }
    let mut out = match base {
        Some(base) => base.as_bytes().to_vec(),
        None => description.base().to_ascii_lowercase(),
    };
    let mut options: Vec<Vec<u8>> = description.options().map(<[u8]>::to_ascii_lowercase).collect();
    options.sort_unstable();
    for option in options {
        out.push(b';');
        out.extend_from_slice(&option);
    }
    Cow::Owned(out)
}

/// Whether two attribute types are the same: by name without regard to ASCII
/// case, or by a known alias.
#[must_use]
pub fn same_type(a: &[u8], b: &[u8]) -> bool {
    if same_spelling(a, b) {
        return true;
    }
    match (alias_of(a), alias_of(b)) {
        (None, None) => false,
        (Some(a), None) => a.as_bytes().eq_ignore_ascii_case(b),
        (None, Some(b)) => b.as_bytes().eq_ignore_ascii_case(a),
        (Some(a), Some(b)) => a == b,
    }
}

/// Whether the bytes can be an attribute type: a name or a numeric OID. Names
/// with underscores and dots are taken, since exports hold them.
pub(crate) fn is_attribute_type(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphanumeric) && text.iter().all(|&b| is_type_byte(b))
}

pub(crate) fn is_type_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// What is wrong with an attribute description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributeError {
    /// Nothing before the first `;`.
    #[error("an attribute description without a type")]
    NoType,
    /// A byte that no name, OID or option may hold.
    #[error("a character that cannot stand in an attribute description, at byte {offset}")]
    BadByte {
        /// Bytes before it.
        offset: usize,
    },
    /// Nothing between two `;`, or behind the last.
    #[error("an empty option in an attribute description, at byte {offset}")]
    EmptyOption {
        /// Bytes before it.
        offset: usize,
    },
}

/// A part of an attribute's values (`;range=0-1499`, MS-ADTS 3.1.1.3.1.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueRange {
    /// Number of the first value, from 0.
    pub first: u64,
    /// Number of the last value; `None` for `*`, the end.
    pub last: Option<u64>,
}

/// An attribute description, borrowed: a type, and options in any order.
///
/// Two descriptions are equal where type and options are, without regard to
/// ASCII case and to the order of the options. Aliases are told apart here: see
/// [`same_type`].
#[derive(Debug, Clone, Copy)]
pub struct AttributeDescription<'a> {
    base: &'a [u8],
    options: &'a [u8],
}

impl<'a> AttributeDescription<'a> {
    /// Reads a description.
    ///
    /// # Errors
    /// Where the type is missing, an option is empty, or a byte may not stand
    /// in either.
    pub fn parse(text: &'a [u8]) -> Result<Self, AttributeError> {
        let description = Self::split(text);
        if description.base.is_empty() {
            return Err(AttributeError::NoType);
        }
        if !description.base.first().is_some_and(u8::is_ascii_alphanumeric) {
            return Err(AttributeError::BadByte { offset: 0 });
        }
        if let Some(offset) = description.base.iter().position(|&byte| !is_type_byte(byte)) {
            return Err(AttributeError::BadByte { offset });
        }
        let mut offset = description.base.len();
        while offset < text.len() {
            offset += 1;
            let rest = text.get(offset..).unwrap_or_default();
            let len = memchr::memchr(b';', rest).unwrap_or(rest.len());
            if len == 0 {
                return Err(AttributeError::EmptyOption { offset });
            }
            let option = rest.get(..len).unwrap_or_default();
            if let Some(at) = option.iter().position(|&byte| !is_option_byte(byte)) {
                return Err(AttributeError::BadByte { offset: offset + at });
            }
            offset += len;
        }
        Ok(description)
    }

    /// Separates the options without looking at the bytes: for lines whose
    /// syntax has been checked.
    #[must_use]
    pub fn split(text: &'a [u8]) -> Self {
        match memchr::memchr(b';', text) {
            Some(at) => Self {
                base: text.get(..at).unwrap_or_default(),
                options: text.get(at + 1..).unwrap_or_default(),
            },
            None => Self { base: text, options: b"" },
        }
    }

    /// The attribute type: a name or an OID, as written.
    #[must_use]
    pub fn base(&self) -> &'a [u8] {
        self.base
    }

    /// The options, as written and in their order.
    pub fn options(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.options.split(|&byte| byte == b';').filter(|option| !option.is_empty())
    }

    /// Whether there is an option.
    #[must_use]
    pub fn has_options(&self) -> bool {
        !self.options.is_empty()
    }

    /// Whether there is this option.
    #[must_use]
    pub fn has_option(&self, option: &[u8]) -> bool {
        self.options().any(|own| own.eq_ignore_ascii_case(option))
    }

    /// The range of values, where the description names one that can be read.
    #[must_use]
    pub fn range(&self) -> Option<ValueRange> {
        self.options().filter_map(range_bounds).find_map(|bounds| {
            let bounds = std::str::from_utf8(bounds).ok()?;
            let (first, last) = bounds.split_once('-')?;
            let last = if last == "*" { None } else { Some(last.parse().ok()?) };
            Some(ValueRange { first: first.parse().ok()?, last })
        })
    }

    /// Whether the description stands for a range of the values. That holds for
    /// `;range=0-*` too: it does name all values, but not the attribute.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.has_options() && self.options().any(|option| range_bounds(option).is_some())
    }

    /// Whether another description stands for the same values: one of the same type, by
    /// any of its names, with the same options.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        same_type(self.base, other.base) && self.has_same_options(other)
    }

    fn has_same_options(&self, other: &Self) -> bool {
        self.options.eq_ignore_ascii_case(other.options)
            || (self.options().all(|option| other.has_option(option))
                && other.options().all(|option| self.has_option(option)))
    }

    /// Whether this description, in a filter, speaks of values that are stored
    /// under another: the same type, and all options of this one among the
    /// other's (RFC 4512 section 2.5.2.1). So `cn` covers `cn;lang-de`.
    #[must_use]
    pub fn covers(&self, stored: &[u8]) -> bool {
        let stored = AttributeDescription::split(stored);
        same_type(self.base, stored.base) && self.options().all(|option| stored.has_option(option))
    }
}

fn is_option_byte(byte: u8) -> bool {
    is_type_byte(byte) || matches!(byte, b'=' | b'*')
}

fn range_bounds(option: &[u8]) -> Option<&[u8]> {
    let (word, bounds) = option.split_at_checked(b"range=".len())?;
    word.eq_ignore_ascii_case(b"range=").then_some(bounds)
}

impl PartialEq for AttributeDescription<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.base.eq_ignore_ascii_case(other.base) && self.has_same_options(other)
    }
}

impl Eq for AttributeDescription<'_> {}

impl Hash for AttributeDescription<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Options count as a set, so they stay out of the hash: hardly any two
        // attributes of an entry differ in them alone.
        for byte in self.base {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xFF);
    }
}

impl std::fmt::Display for AttributeDescription<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.base))?;
        if self.has_options() {
            write!(f, ";{}", String::from_utf8_lossy(self.options))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn description(text: &str) -> AttributeDescription<'_> {
        AttributeDescription::split(text.as_bytes())
    }

    #[test]
    fn case_and_the_order_of_options_do_not_tell_descriptions_apart() {
        assert_eq!(description("CN;Lang-DE;x-a"), description("cn;x-A;lang-de"));
        assert_ne!(description("cn;lang-de"), description("cn"));
        assert_ne!(description("cn;lang-de"), description("cn;lang-de;x-a"));
        assert_ne!(description("cn"), description("cnx"));
    }

    #[test]
    fn a_range_marks_a_part_of_the_values() {
        let part = description("member;Range=1500-2999");
        assert_eq!(part.range(), Some(ValueRange { first: 1500, last: Some(2999) }));
        assert!(part.is_partial());
        assert_eq!(
            description("member;range=0-*").range(),
            Some(ValueRange { first: 0, last: None })
        );
        assert!(description("member;binary;range=0-*").is_partial());
        assert!(!description("member;binary").is_partial());
        assert!(description("member;range=x").is_partial());
        assert_eq!(description("member;range=x").range(), None);
    }

    #[test]
    fn what_exports_hold_is_accepted_and_the_rest_has_a_place() {
        for good in ["vucsn-1;vucsn-5f", "a_b", "1.2.3;binary", "member;range=0-*", "cn;lang-de"] {
            assert!(AttributeDescription::parse(good.as_bytes()).is_ok(), "{good}");
        }
        let error = |text: &'static str| AttributeDescription::parse(text.as_bytes()).err();
        assert_eq!(error(""), Some(AttributeError::NoType));
        assert_eq!(error(";binary"), Some(AttributeError::NoType));
        assert_eq!(error("c n"), Some(AttributeError::BadByte { offset: 1 }));
        assert_eq!(error("-cn"), Some(AttributeError::BadByte { offset: 0 }));
        assert_eq!(error("cn;"), Some(AttributeError::EmptyOption { offset: 3 }));
        assert_eq!(error("cn;a;;b"), Some(AttributeError::EmptyOption { offset: 5 }));
        assert_eq!(error("cn;a b"), Some(AttributeError::BadByte { offset: 4 }));
    }

    #[test]
    fn a_type_covers_its_options_and_its_aliases() {
        assert!(description("cn").covers(b"CN;lang-de"));
        assert!(description("commonName").covers(b"cn"));
        assert!(description("cn").covers(b"2.5.4.3"));
        assert!(description("2.5.4.3").covers(b"commonname"));
        assert!(!description("cn;lang-de").covers(b"cn"));
        assert!(!description("street").covers(b"streetAddress"));
        assert!(description("GN").covers(b"givenName"));
    }

    #[test]
    fn aliases_lead_to_names_that_are_no_aliases() {
        for (alias, name) in ALIASES {
            assert_eq!(alias_of(name.as_bytes()), None, "{alias}");
            assert_eq!(*name, name.to_ascii_lowercase());
            assert_eq!(alias_of(alias.to_ascii_uppercase().as_bytes()), Some(*name));
            assert!(may_have_aliases(alias.as_bytes()) && may_have_aliases(name.as_bytes()));
        }
    }

    #[test]
    fn what_is_looked_for_in_every_entry_is_known_to_have_one_name() {
        for name in ["objectGUID", "entryUUID", "entryCSN", "sAMAccountName2"] {
            assert!(!may_have_aliases(name.as_bytes()), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let description = AttributeDescription::split(&text);
            let _ = (AttributeDescription::parse(&text), description.range());
            prop_assert_eq!(description, AttributeDescription::split(&text));
            prop_assert!(description.covers(&text));
        }
    }
}
