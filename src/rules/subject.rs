//! An entry as the rules see it: only the attributes that some rule reads, raw,
//! in slots that are reused from entry to entry.
//!
//! Of attributes of which an entry can have hundreds of thousands of values, and of
//! which only the number matters, only the number is kept.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::directory::Facts;
use crate::directory::attribute::same_spelling;
use crate::ldif::Line;

use super::catalogue::schema::Screen;

macro_rules! attributes {
    ($($variant:ident = $name:literal,)*) => {
        /// An attribute that some rule reads.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the name says it")]
        pub enum Attr {
            $($variant,)*
        }

        impl Attr {
            /// All attributes that some rule reads, in order of their number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as the schema spells it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

attributes! {
    AccountExpires = "accountExpires",
    AdminCount = "adminCount",
    AdminDescription = "adminDescription",
    C = "c",
    Cn = "cn",
    Co = "co",
    Company = "company",
    CountryCode = "countryCode",
    Department = "department",
    Description = "description",
    DisplayName = "displayName",
    DnsRoot = "dnsRoot",
    DsHeuristics = "dSHeuristics",
    EmployeeId = "employeeID",
    EmployeeNumber = "employeeNumber",
    EmployeeType = "employeeType",
    EntryUuid = "entryUUID",
    ExtensionAttribute1 = "extensionAttribute1",
    ExtensionAttribute2 = "extensionAttribute2",
    ExtensionAttribute3 = "extensionAttribute3",
    ExtensionAttribute4 = "extensionAttribute4",
    ExtensionAttribute5 = "extensionAttribute5",
    ExtensionAttribute6 = "extensionAttribute6",
    ExtensionAttribute7 = "extensionAttribute7",
    ExtensionAttribute8 = "extensionAttribute8",
    ExtensionAttribute9 = "extensionAttribute9",
    ExtensionAttribute10 = "extensionAttribute10",
    ExtensionAttribute11 = "extensionAttribute11",
    ExtensionAttribute12 = "extensionAttribute12",
    ExtensionAttribute13 = "extensionAttribute13",
    ExtensionAttribute14 = "extensionAttribute14",
    ExtensionAttribute15 = "extensionAttribute15",
    FacsimileTelephoneNumber = "facsimileTelephoneNumber",
    GivenName = "givenName",
    GroupType = "groupType",
    HomeMdb = "homeMDB",
    HomePhone = "homePhone",
    Info = "info",
    Initials = "initials",
    IpPhone = "ipPhone",
    IsCriticalSystemObject = "isCriticalSystemObject",
    L = "l",
    LastLogonTimestamp = "lastLogonTimestamp",
    LegacyExchangeDn = "legacyExchangeDN",
    Mail = "mail",
    MailNickname = "mailNickname",
    Manager = "manager",
    Member = "member",
    MemberOf = "memberOf",
    Mobile = "mobile",
    MsDsConsistencyGuid = "mS-DS-ConsistencyGuid",
    MsDsPreferredDataLocation = "msDS-preferredDataLocation",
    MsDsSupportedEncryptionTypes = "msDS-SupportedEncryptionTypes",
    MsExchArchiveGuid = "msExchArchiveGUID",
    MsExchHideFromAddressLists = "msExchHideFromAddressLists",
    MsExchMailboxGuid = "msExchMailboxGuid",
    MsExchMasterAccountSid = "msExchMasterAccountSid",
    MsExchRecipientDisplayType = "msExchRecipientDisplayType",
    MsExchRecipientTypeDetails = "msExchRecipientTypeDetails",
    MsExchRemoteRecipientType = "msExchRemoteRecipientType",
    MsExchUsageLocation = "msExchUsageLocation",
    ObjectCategory = "objectCategory",
    ObjectClass = "objectClass",
    ObjectGuid = "objectGUID",
    ObjectSid = "objectSid",
    Ou = "ou",
    Pager = "pager",
    PhysicalDeliveryOfficeName = "physicalDeliveryOfficeName",
    PostalCode = "postalCode",
    PreferredLanguage = "preferredLanguage",
    PrimaryGroupId = "primaryGroupID",
    ProxyAddresses = "proxyAddresses",
    SamAccountName = "sAMAccountName",
    ServicePrincipalName = "servicePrincipalName",
    SidHistory = "sIDHistory",
    Sn = "sn",
    SpnMappings = "sPNMappings",
    St = "st",
    StreetAddress = "streetAddress",
    TargetAddress = "targetAddress",
    TelephoneNumber = "telephoneNumber",
    ThumbnailPhoto = "thumbnailPhoto",
    Title = "title",
    Uid = "uid",
    UidNumber = "uidNumber",
    UnixUserPassword = "unixUserPassword",
    UpnSuffixes = "uPNSuffixes",
    UserAccountControl = "userAccountControl",
    UserCertificate = "userCertificate",
    UserPassword = "userPassword",
    UserPrincipalName = "userPrincipalName",
    UserSmimeCertificate = "userSMIMECertificate",
    WhenCreated = "whenCreated",
}

impl Attr {
    /// The place of the attribute among [`COUNTED`].
    fn counter(self) -> Option<usize> {
        COUNTED.iter().position(|counted| *counted == self)
    }

    /// The same as [`Attr::of`], for one whose number in the table of attributes is
    /// known: all attributes that a rule reads have one.
    #[must_use]
    pub fn numbered(number: u16, name: &[u8]) -> Option<Self> {
        let attr = BY_NUMBER.get(usize::from(number)).copied().flatten()?;
        same_spelling(attr.name().as_bytes(), name).then_some(attr)
    }

    /// The attribute of a description without options; `None` where no rule
    /// reads it.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        // Most names are those of no attribute here, and most of these are told by
        // their length.
        let same_length = BY_LENGTH.get(name.len())?;
        same_length
            .iter()
            .map_while(|attr| *attr)
            .find(|attr| same_spelling(attr.name().as_bytes(), name))
    }
}

/// The attribute that is the known one of this number in the table of attributes.
static BY_NUMBER: LazyLock<Vec<Option<Attr>>> = LazyLock::new(|| {
    let known = Facts::all().map(|facts| Attr::of(facts.name.as_bytes()));
    std::iter::once(None).chain(known).collect()
});

/// The attributes whose names have so many bytes.
static BY_LENGTH: [[Option<Attr>; 12]; 32] = {
    let mut table = [[None; 12]; 32];
    let mut at = 0;
    while at < Attr::ALL.len() {
        let same_length = &mut table[Attr::ALL[at].name().len()];
        let mut free = 0;
        while same_length[free].is_some() {
            free += 1;
        }
        same_length[free] = Some(Attr::ALL[at]);
        at += 1;
    }
    table
};

/// Attributes of which only the number of values is kept.
const COUNTED: [Attr; 1] = [Attr::MemberOf];

/// One entry's lines, sorted into slots.
#[derive(Debug, Default)]
pub struct Subject<'a> {
    /// The DN where it stands in the input as it is.
    dn: Option<&'a [u8]>,
    /// The DN where it does not.
    dn_buffer: Vec<u8>,
    slots: Slots<'a>,
    /// Values of the attributes that are only counted.
    counts: [usize; COUNTED.len()],
    /// The attributes that have lines.
    filled: AttrSet,
    partial: AttrSet,
    suspects: Vec<Suspect<'a>>,
}

/// A line that the schema may not allow, told by a quick look.
#[derive(Debug, Clone, Copy)]
pub struct Suspect<'a> {
    /// The facts about the attribute; [`Facts::UNKNOWN`] where the table does not
    /// hold it.
    pub facts: &'static Facts,
    /// The line.
    pub line: Line<'a>,
}

impl<'a> Suspect<'a> {
    /// A line that a screen has stopped.
    #[must_use]
    pub fn of(screen: Screen, line: &Line<'a>) -> Self {
        Self { facts: screen.facts().unwrap_or(&Facts::UNKNOWN), line: *line }
    }
}

/// The lines of each attribute.
#[derive(Debug)]
struct Slots<'a>([Vec<Line<'a>>; Attr::ALL.len()]);

impl Default for Slots<'_> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Vec::new()))
    }
}

/// A set of attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AttrSet(u128);

/// A set has a bit for each attribute.
const _: () = assert!(Attr::ALL.len() <= 128);

impl AttrSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// The set with an attribute more.
    #[must_use]
    pub const fn with(self, attr: Attr) -> Self {
        Self(self.0 | 1 << (attr as u8))
    }

    /// Whether an attribute is in the set.
    #[must_use]
    pub const fn contains(self, attr: Attr) -> bool {
        self.0 & 1 << (attr as u8) != 0
    }

    /// The attributes of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Calls for the number of each attribute in the set.
    fn each(self, mut call: impl FnMut(usize)) {
        // A word at a time: what it takes to go on is one operation then.
        for (from, mut left) in [(0, self.0 as u64), (64, (self.0 >> 64) as u64)] {
            while left != 0 {
                call(from + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }

    /// Whether an attribute is in both sets.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl<'a> Subject<'a> {
    /// Empties the slots, keeps their memory, and takes the DN of the next entry.
    pub fn reset(&mut self, dn: &Line<'a>) {
        self.filled.each(|attr| self.slots.0[attr].clear());
        self.counts = Default::default();
        (self.filled, self.partial) = Default::default();
        self.suspects.clear();
        self.dn = dn.borrowed();
        if self.dn.is_none() {
            dn.bytes_in(&mut self.dn_buffer);
        }
    }

    /// An empty subject that has the memory of this one.
    #[must_use]
    pub fn recycled(self) -> Subject<'static> {
        Subject {
            dn: None,
            dn_buffer: self.dn_buffer,
            slots: Slots(self.slots.0.map(emptied)),
            counts: Default::default(),
            filled: AttrSet::EMPTY,
            partial: AttrSet::EMPTY,
            suspects: emptied(self.suspects),
        }
    }

    /// Puts a line into the slot of its attribute.
    pub fn push(&mut self, attr: Attr, line: Line<'a>) {
        match attr.counter() {
            Some(at) => self.counts[at] += 1,
            None => {
                self.filled = self.filled.with(attr);
                // To push it would copy the line twice.
                self.slots.0[attr as usize].extend_from_slice(std::slice::from_ref(&line));
            }
        }
    }

    /// Puts a line among those that the schema may not allow.
    pub fn suspect(&mut self, suspect: Suspect<'a>) {
        self.suspects.push(suspect);
    }

    /// The lines that the schema may not allow, in the order of the export.
    #[must_use]
    pub fn suspects(&self) -> &[Suspect<'a>] {
        &self.suspects
    }

    /// Keeps the suspects that a test lets through.
    pub fn retain_suspects(&mut self, stays: impl FnMut(&Suspect<'a>) -> bool) {
        self.suspects.retain(stays);
    }

    /// Marks an attribute of which the export holds only a part (`;range=`).
    pub fn mark_partial(&mut self, attr: Attr) {
        self.partial = self.partial.with(attr);
    }

    /// Whether the export holds only a part of the attribute's values.
    #[must_use]
    pub fn is_partial(&self, attr: Attr) -> bool {
        self.partial.contains(attr)
    }

    /// The entry's DN as it was written.
    #[must_use]
    pub fn dn(&self) -> &[u8] {
        self.dn.unwrap_or(&self.dn_buffer)
    }

    /// The entry's DN as it was written, for as long as the input lives.
    #[must_use]
    pub fn dn_value(&self) -> Cow<'a, [u8]> {
        self.dn.map_or_else(|| Cow::Owned(self.dn_buffer.clone()), Cow::Borrowed)
    }

    /// The first cn; where the entry has none, the value of its RDN.
    #[must_use]
    pub fn common_name(&self) -> Cow<'a, [u8]> {
        self.first(Attr::Cn).unwrap_or_else(|| match self.dn {
            Some(dn) => rdn_value(dn),
            None => Cow::Owned(rdn_value(&self.dn_buffer).into_owned()),
        })
    }

    /// The value of the DN's first RDN, unescaped.
    #[must_use]
    pub fn rdn_value(&self) -> Cow<'_, [u8]> {
        rdn_value(self.dn())
    }

    /// Keeps the lines of an attribute that a test lets through.
    pub fn retain(&mut self, attr: Attr, stays: impl FnMut(&Line<'a>) -> bool) {
        self.slots.0[attr as usize].retain(stays);
    }

    /// Takes so many values off an attribute that is only counted.
    pub fn uncount(&mut self, attr: Attr, values: usize) {
        if let Some(at) = attr.counter() {
            self.counts[at] = self.counts[at].saturating_sub(values);
        }
    }

    /// The number of an attribute's values, of one that is only counted too.
    #[must_use]
    pub fn count(&self, attr: Attr) -> usize {
        attr.counter().map_or_else(|| self.lines(attr).len(), |at| self.counts[at])
    }

    /// The attributes that have lines, those that are only counted aside.
    #[must_use]
    pub fn filled(&self) -> AttrSet {
        self.filled
    }

    /// Whether one of these attributes may have lines.
    #[must_use]
    pub fn may_have_any(&self, attrs: AttrSet) -> bool {
        self.filled.meets(attrs)
    }

    /// The lines of an attribute, in the order of the export; none of one that is
    /// only counted.
    #[must_use]
    pub fn lines(&self, attr: Attr) -> &[Line<'a>] {
        &self.slots.0[attr as usize]
    }

    /// Whether the attribute has a value, an empty one included.
    #[must_use]
    pub fn has(&self, attr: Attr) -> bool {
        !self.lines(attr).is_empty()
    }

    /// The bytes of the attribute's first value.
    #[must_use]
    pub fn first(&self, attr: Attr) -> Option<Cow<'a, [u8]>> {
        self.lines(attr).first().map(Line::bytes)
    }

    /// The bytes of the attribute's last value.
    #[must_use]
    pub fn last(&self, attr: Attr) -> Option<Cow<'a, [u8]>> {
        self.lines(attr).last().map(Line::bytes)
    }
}

/// A list of nothing in the memory of one of something: where items of both have the same
/// layout, to collect takes no memory of its own.
fn emptied<T, U>(mut items: Vec<T>) -> Vec<U> {
    items.clear();
    items.into_iter().filter_map(|_| None).collect()
}

/// The value of a DN's first RDN, unescaped.
fn rdn_value(dn: &[u8]) -> Cow<'_, [u8]> {
    let start = memchr::memchr(b'=', dn).map_or(0, |equals| equals + 1);
    let value = dn[start..].trim_ascii_start();
    let plain = memchr::memchr3(b'\\', b',', b'+', value).unwrap_or(value.len());
    if value.get(plain) != Some(&b'\\') {
        return Cow::Borrowed(value[..plain].trim_ascii_end());
    }
    let mut text = value[..plain].to_vec();
    let mut rest = &value[plain..];
    let mut escaped_end = 0;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b',' | b'+', _) => break,
            (b'\\', [high, low, after @ ..]) if let Some(byte) = hex_pair(*high, *low) => {
                text.push(byte);
                escaped_end = text.len();
                rest = after;
            }
            (b'\\', [escaped, after @ ..]) => {
                text.push(*escaped);
                escaped_end = text.len();
                rest = after;
            }
            _ => text.push(byte),
        }
    }
    // White space at the end is no part of the value unless it was escaped.
    text.truncate(text.trim_ascii_end().len().max(escaped_end));
    Cow::Owned(text)
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_without_cn_is_called_by_the_value_of_its_rdn() {
        for (dn, name) in [
            ("uid=jdoe,ou=x", "jdoe"),
            ("CN=Doe\\, Jane,OU=x", "Doe, Jane"),
            ("CN=x\\0ACNF:1,OU=x", "x\nCNF:1"),
            ("cn=a+uid=b,ou=x", "a"),
            ("cn = a b , ou=x", "a b"),
            ("cn=a\\ ,ou=x", "a "),
            ("cn=a\\2b b ,ou=x", "a+ b"),
            ("cn=a\\", "a\\"),
            ("cn=", ""),
            ("", ""),
        ] {
            let mut subject = Subject::default();
            subject.reset(&Line::of(b"dn", dn.as_bytes()));
            assert_eq!(String::from_utf8_lossy(&subject.common_name()), name, "{dn}");
        }
    }

    #[test]
    fn an_attribute_is_known_by_its_name_in_any_case_and_by_no_other() {
        for attr in Attr::ALL {
            assert_eq!(Attr::of(attr.name().as_bytes()), Some(*attr));
            assert_eq!(Attr::of(attr.name().to_uppercase().as_bytes()), Some(*attr));
            assert_eq!(Attr::of(&attr.name().as_bytes()[1..]), None);
            let number = Facts::numbered(attr.name().as_bytes()).map_or(0, |found| found.0);
            assert_eq!(Attr::numbered(number, attr.name().as_bytes()), Some(*attr));
        }
        assert_eq!(Attr::of(b""), None);
        assert_eq!(Attr::of(&[b'a'; 1000]), None);
    }

    #[test]
    fn a_recycled_subject_is_empty_and_keeps_its_memory() {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"uid=jdoe,ou=x"));
        subject.push(Attr::Mail, Line::of(b"mail", b"a"));
        subject.push(Attr::MemberOf, Line::of(b"memberOf", b"b"));
        subject.mark_partial(Attr::Cn);
        subject.suspect(Suspect { facts: &Facts::UNKNOWN, line: Line::of(b"x", b"") });
        // Nothing promises that to collect in place stays: should it not, it is only slower.
        let memory = subject.slots.0[Attr::Mail as usize].as_ptr().addr();
        let recycled = subject.recycled();
        assert_eq!(recycled.dn(), b"");
        assert!(!recycled.has(Attr::Mail) && !recycled.is_partial(Attr::Cn));
        assert_eq!((recycled.count(Attr::MemberOf), recycled.suspects().len()), (0, 0));
        assert_eq!(recycled.filled(), AttrSet::EMPTY);
        assert_eq!(recycled.slots.0[Attr::Mail as usize].as_ptr().addr(), memory);
    }

    #[test]
    fn the_first_cn_goes_before_the_rdn() {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"uid=jdoe,ou=x"));
        subject.push(Attr::Cn, Line::of(b"cn", b"Jane"));
        subject.push(Attr::Cn, Line::of(b"cn", b"J."));
        assert_eq!(&*subject.common_name(), b"Jane");
    }
}
