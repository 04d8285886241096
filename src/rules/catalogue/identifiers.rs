//! What an object is known by in the cloud: every name and address that only one
//! object may have.

mod by_value;
mod further;
mod names;

pub(in crate::rules) use by_value::{LedTo, key_of};
pub use further::Further;
use names::Names;

use rustc_hash::FxHashMap;

use crate::directory::lower::{Characters, LANE, lower_into};
use crate::rules::held::is_folded_by_case;
use crate::rules::{Attr, Fingerprint, Key};

use super::sign_in_name::is_kept;
use super::{Object, ObjectKind, Settings, text};

/// In which way an object holds an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// userPrincipalName.
    PrincipalName,
    /// The primary address of a type in proxyAddresses.
    Primary,
    /// Another address in proxyAddresses.
    Secondary,
    /// mail that the cloud takes for an address: there is no SMTP address in
    /// proxyAddresses.
    EffectiveMail,
    /// mail.
    Mail,
    /// targetAddress.
    Target,
    /// mailNickname.
    Alias,
    /// The alias that the cloud makes for an object without mailNickname.
    PredictedAlias,
    /// The name to sign in with that the cloud makes where it does not take
    /// userPrincipalName, or where there is none.
    PredictedName,
    /// sAMAccountName.
    Account,
    /// The source anchor.
    Anchor,
    /// objectSid.
    Sid,
    /// msExchMasterAccountSid: whose mailbox it is.
    MasterSid,
    /// servicePrincipalName.
    ServiceName,
    /// What servicePrincipalName stands for too, as its class is one of those of a host.
    ServiceAlias,
    /// The GUID of a mailbox or of an archive.
    Mailbox,
    /// targetAddress among the addresses: where mail goes.
    Route,
}

impl Role {
    /// Whether the value itself is the identifier, and not what the cloud makes of it.
    #[must_use]
    pub fn is_held(self) -> bool {
        matches!(
            self,
            Self::PrincipalName
                | Self::Primary
                | Self::Secondary
                | Self::Mail
                | Self::Target
                | Self::Route
                | Self::Alias
                | Self::Account
                | Self::Anchor
        )
    }
}

/// One identifier of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identifier {
    /// In which way it is held.
    pub role: Role,
    /// The attribute that holds it, or that it is made of.
    pub attr: Attr,
    /// The number of the value.
    pub value: usize,
}

/// Where the keys of all identifiers stand in the index: they carry their own kind
/// in front.
pub const SPACE: Attr = Attr::ProxyAddresses;

/// Room for what is worked out of one value, reused from value to value.
#[derive(Debug, Default)]
pub struct IdentifierBuffers {
    spare: Vec<u8>,
    /// The keys of the object so far, one behind the other, and room behind them.
    text: Vec<u8>,
    keys: Vec<Known>,
    /// Their numbers by fingerprint, once they are too many to look through.
    numbers: FxHashMap<Fingerprint, Vec<usize>>,
    /// A value that does not stand in the export as it is.
    value: Vec<u8>,
    /// Whether what was folded last is folded by case alone.
    is_plain: bool,
    /// Whether it was of characters of ASCII that can be seen.
    is_visible: bool,
    /// The number of the first address whose characters can all be seen.
    first_address: Option<usize>,
    /// Whether it matters of every value whether it is plain: also of one with spaces.
    pub(in crate::rules) looks_closely: bool,
    led_to: LedTo,
}

/// A key of the object.
#[derive(Debug, Clone, Copy)]
struct Known {
    fingerprint: Fingerprint,
    /// Where it begins and ends in the text of all keys.
    start: usize,
    end: usize,
}

/// Keys of an object that are looked through one by one.
const FEW: usize = 32;

impl IdentifierBuffers {
    fn reset(&mut self) {
        self.keys.clear();
        self.numbers.clear();
        self.first_address = None;
        self.led_to = LedTo::default();
    }

    /// The values of the object to which its keys lead.
    pub(in crate::rules) fn led_to(&self) -> LedTo {
        self.led_to
    }

    /// Room for a value and for its key, which nobody else uses at the moment.
    pub(super) fn spare(&mut self) -> (&mut Vec<u8>, &mut Vec<u8>) {
        (&mut self.value, &mut self.spare)
    }

    /// Where the text of the next key begins.
    fn start(&self) -> usize {
        self.keys.last().map_or(0, |last| last.end)
    }

    /// Puts text in the room at a place; gives the place behind it.
    fn put(&mut self, at: usize, text: &[u8]) -> usize {
        let end = at + text.len();
        self.make_room(end);
        self.text[at..end].copy_from_slice(text);
        end
    }

    /// Puts what stands in front of a key there.
    #[inline(always)]
    fn put_kind(&mut self, at: usize, Kind { bytes, length }: Kind) -> usize {
        self.make_room(at + bytes.len());
        // To copy a number of bytes that is not known is a call.
        if let Some(room) = self.text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *room = bytes;
        }
        at + length
    }

    /// Puts a text there as directories compare it: without regard to case, accents,
    /// width, and to what nobody sees at its ends.
    ///
    /// Source: Microsoft Support 938447 and 415097 (`ü` equals `u`, `ß` equals `ss`).
    fn put_folded(&mut self, at: usize, value: &[u8]) -> usize {
        let value = value.trim_ascii();
        self.make_room(at + value.len());
        let Characters { are_ascii, are_visible } = lower_into(value, &mut self.text[at..]);
        self.is_visible = are_ascii && are_visible;
        self.is_plain = are_visible || self.looks_closely && is_folded_by_case(value);
        if are_ascii {
            return at + value.len();
        }
        let shown = String::from_utf8_lossy(value);
        let shown = shown.trim_matches(text::is_invisible);
        self.put(at, text::folded(shown).as_bytes())
    }

    /// The number of the first address, where a text is just that.
    #[inline(always)]
    fn first_address(&self, text: &[u8]) -> Option<usize> {
        self.first_address.filter(|&number| self.bytes(self.keys[number]) == text)
    }

    /// Puts a key of characters of ASCII that can be seen there once more.
    fn put_again(&mut self, at: usize, number: usize) -> usize {
        let Known { start, end, .. } = self.keys[number];
        self.make_room(at + end - start);
        self.text.copy_within(start..end, at);
        (self.is_plain, self.is_visible) = (true, true);
        at + end - start
    }

    /// Makes an address in the initial domain of what ends at a place.
    fn put_initial(&mut self, at: usize, initial: &str) -> usize {
        let domain = self.put(at, b"@");
        self.put(domain, initial.as_bytes())
    }

    /// The fingerprint of the key that ends at a place.
    #[inline(always)]
    fn fingerprint(&self, end: usize) -> Fingerprint {
        Fingerprint::of(SPACE, &self.text[self.start()..end])
    }

    fn make_room(&mut self, end: usize) {
        if self.text.len() < end + LANE {
            self.text.resize(2 * (end + LANE), 0);
        }
    }

    fn bytes(&self, known: Known) -> &[u8] {
        &self.text[known.start..known.end]
    }

    /// The number of the key that ends there among those of the object; whether it is
    /// new.
    fn number(&mut self, end: usize) -> (usize, bool) {
        let start = self.start();
        let fingerprint = self.fingerprint(end);
        let own = Known { fingerprint, start, end };
        let is_same = |known: &Known| {
            known.fingerprint == fingerprint && self.bytes(*known) == self.bytes(own)
        };
        let known = match self.keys.len() {
            ..FEW => self.keys.iter().position(is_same),
            _ => self
                .numbers
                .get(&fingerprint)
                .and_then(|numbers| numbers.iter().copied().find(|&it| is_same(&self.keys[it]))),
        };
        match known {
            Some(number) => (number, false),
            None => (self.add(own), true),
        }
    }

    /// Takes a key in that the object does not have yet; gives its number.
    #[inline(always)]
    fn add(&mut self, own: Known) -> usize {
        let number = self.keys.len();
        self.keys.push(own);
        if self.keys.len() == FEW {
            for (number, known) in self.keys.iter().enumerate() {
                self.numbers.entry(known.fingerprint).or_default().push(number);
            }
        } else if number >= FEW {
            self.numbers.entry(own.fingerprint).or_default().push(number);
        }
        number
    }
}

/// Hands the key of each identifier of an object over, each key once.
pub(super) fn for_each_key(
    object: &Object<'_, '_>,
    buffers: &mut IdentifierBuffers,
    mut sink: impl FnMut(Key<'_>),
) {
    for_each(object, buffers, |_, key, is_new| {
        if is_new {
            sink(key);
        }
    });
}

/// Hands over each identifier of an object with its key, whose value is its number
/// among those of the object, and whether it is the first one with this key.
pub(super) fn for_each(
    object: &Object<'_, '_>,
    buffers: &mut IdentifierBuffers,
    mut take: impl FnMut(Identifier, Key<'_>, bool),
) {
    buffers.reset();
    let initial = object.settings.initial_domain.as_deref();
    // What the cloud makes stands in the initial domain: among the addresses, where
    // that is known.
    let made = if initial.is_some() { Kind::ADDRESS } else { MADE };
    let mut names = Names { object, initial, made, buffers, take: &mut take };
    names.principal_names();
    let has_smtp = names.proxy_addresses();
    names.mails(has_smtp);
    let has_odd_type = names.targets();
    names.aliases();
    names.accounts();
    names.anchor();
    if object.settings.principal_name() != Attr::UserPrincipalName {
        // Another attribute has the names to sign in with.
        buffers.led_to.forget(Role::PrincipalName);
    }
    if has_odd_type {
        // Directories take other characters for a colon, too.
        buffers.led_to.forget(Role::Target);
    }
    further::for_each(object, buffers, take);
}

/// What stands in front of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    bytes: [u8; 8],
    length: usize,
}

impl Kind {
    /// Nothing: in front of addresses.
    const ADDRESS: Self = Self::of(b"");

    const fn of(text: &[u8]) -> Self {
        let mut bytes = [0; 8];
        bytes.split_at_mut(text.len()).0.copy_from_slice(text);
        Self { bytes, length: text.len() }
    }
}

/// In front of what the cloud makes, where the initial domain is not known.
const MADE: Kind = Kind::of(b"alias:");
/// In front of mail.
const MAIL: Kind = Kind::of(b"mail:");
/// In front of targetAddress.
const TARGET: Kind = Kind::of(b"target:");
/// In front of sAMAccountName.
const ACCOUNT: Kind = Kind::of(b"account:");
/// In front of the source anchor.
const ANCHOR: Kind = Kind::of(b"anchor:");

/// How an address of a type is held.
fn role_of(kind: Option<&[u8]>) -> Role {
    match kind.is_some_and(|kind| !kind.iter().any(u8::is_ascii_lowercase)) {
        true => Role::Primary,
        false => Role::Secondary,
    }
}

/// What stands in front of the key of an address in proxyAddresses; `None` where no
/// rule wants it to be unique.
#[inline(always)]
fn address_kind(kind: Option<&[u8]>, address: &[u8]) -> Option<Kind> {
    let is = |name: &[u8]| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(name));
    if (kind.is_none() || is(b"smtp")) && is_address(address) {
        Some(Kind::ADDRESS)
    } else if is(b"sip") {
        Some(const { Kind::of(b"sip:") })
    } else {
        is(b"x500").then_some(const { Kind::of(b"x500:") })
    }
}

#[inline(always)]
fn is_address(text: &[u8]) -> bool {
    memchr::memchr(b'@', text).is_some()
}

/// Whether the cloud makes another name to sign in with in place of a user's.
fn name_is_replaced(object: &Object<'_, '_>) -> bool {
    let name = object.subject.first(object.settings.principal_name());
    let name = name.filter(|name| object.kind == ObjectKind::User && !name.trim_ascii().is_empty());
    name.is_some_and(|name| !is_kept(&name, object.settings))
}

/// The alias that the cloud makes where there is no mailNickname: the local part of
/// the primary address, of mail, of userPrincipalName, or of another address.
///
/// Only what has an address gets one. Source: Microsoft, How the proxyAddresses
/// attribute is populated in Entra ID (KB3190357).
pub(super) fn predicted_alias(object: &Object<'_, '_>) -> Option<(Attr, usize, Vec<u8>)> {
    let smtp = |primary: bool| {
        object.values(Attr::ProxyAddresses).find_map(|(at, value)| {
            let (kind, address) = typed(&value);
            let kind = kind?;
            let is_wanted = kind.eq_ignore_ascii_case(b"smtp") && (kind == b"SMTP") == primary;
            is_wanted.then(|| Some((Attr::ProxyAddresses, at, local(address)?)))?
        })
    };
    let first =
        |attr: Attr| object.values(attr).find_map(|(at, value)| Some((attr, at, local(&value)?)));
    smtp(true)
        .or_else(|| first(Attr::Mail))
        .or_else(|| {
            first(object.settings.principal_name()).filter(|_| object.kind == ObjectKind::User)
        })
        .or_else(|| smtp(false))
}

fn local(address: &[u8]) -> Option<Vec<u8>> {
    let at = memchr::memrchr(b'@', address)?;
    address.get(..at).filter(|local| !local.is_empty()).map(<[u8]>::to_vec)
}

/// The type of an address, where it has one, and the rest.
pub(super) fn typed(value: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let value = value.trim_ascii();
    match memchr::memchr(b':', value) {
        Some(colon) if colon > 0 => (Some(&value[..colon]), &value[colon + 1..]),
        _ => (None, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::Line;
    use crate::rules::Subject;
    use crate::rules::catalogue::Settings;

    fn keys(class: &str, lines: &[(Attr, &str)]) -> Vec<(Role, String)> {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        subject.push(Attr::ObjectClass, Line::of(b"objectClass", class.as_bytes()));
        for (attr, value) in lines {
            subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        let mut keys = Vec::new();
        let settings = Settings::default();
        let object = Object::of(&subject, &settings);
        for_each(&object, &mut IdentifierBuffers::default(), |identifier, key, _| {
            keys.push((identifier.role, String::from_utf8_lossy(key.bytes).into_owned()));
        });
        keys
    }

    #[test]
    fn an_object_is_known_by_every_name_and_address() {
        let found = keys(
            "user",
            &[
                (Attr::UserPrincipalName, "Ann@contoso.com"),
                (Attr::ProxyAddresses, "SMTP:ann@contoso.com"),
                (Attr::ProxyAddresses, "smtp:a.archer@contoso.com "),
                (Attr::ProxyAddresses, "X500:/o=Contoso/cn=ann"),
                (Attr::ProxyAddresses, "X400:c=us;s=ann"),
                (Attr::Mail, "ann@contoso.com"),
                (Attr::TargetAddress, "SMTP:ann@fabrikam.com"),
                (Attr::MailNickname, "Ann"),
                (Attr::SamAccountName, "AArcher"),
            ],
        );
        let expected = [
            (Role::PrincipalName, "ann@contoso.com"),
            (Role::Primary, "ann@contoso.com"),
            (Role::Secondary, "a.archer@contoso.com"),
            (Role::Primary, "x500:/o=contoso/cn=ann"),
            (Role::Mail, "mail:ann@contoso.com"),
            (Role::Target, "target:ann@fabrikam.com"),
            (Role::Alias, "alias:ann"),
            (Role::Account, "account:aarcher"),
        ];
        assert_eq!(found, expected.map(|(role, key)| (role, key.to_owned())));
    }

    #[test]
    fn mail_counts_as_an_address_where_there_is_no_other_and_makes_the_alias() {
        let found = keys("contact", &[(Attr::Mail, "Jürgen@contoso.com")]);
        let expected = [
            (Role::EffectiveMail, "jurgen@contoso.com"),
            (Role::Mail, "mail:jurgen@contoso.com"),
            (Role::PredictedAlias, "alias:jurgen"),
        ];
        assert_eq!(found, expected.map(|(role, key)| (role, key.to_owned())));
    }

    #[test]
    fn a_name_that_the_cloud_does_not_take_makes_one_of_the_alias_or_the_account() {
        let names = |lines: &[(Attr, &str)]| -> Vec<String> {
            let found = keys("user", lines).into_iter();
            found.filter(|it| it.0 == Role::PredictedName).map(|it| it.1).collect()
        };
        let (name, alias) = (Attr::UserPrincipalName, Attr::MailNickname);
        let account = (Attr::SamAccountName, "AArcher");
        assert_eq!(names(&[(name, "ann@contoso.local"), account]), ["alias:ann"]);
        assert_eq!(names(&[(name, "ann@contoso.local"), (alias, "Nick")]), ["alias:nick"]);
        assert_eq!(names(&[account]), ["alias:aarcher"]);
        assert_eq!(names(&[(name, "ann@contoso.com"), account]), Vec::<String>::new());
    }

    #[test]
    fn a_key_that_two_attributes_hold_is_handed_over_once() {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        subject.push(Attr::ObjectClass, Line::of(b"objectClass", b"user"));
        for attr in [Attr::UserPrincipalName, Attr::ProxyAddresses, Attr::Mail] {
            subject.push(attr, Line::of(attr.name().as_bytes(), b"ann@contoso.com"));
        }
        let settings = Settings::default();
        let mut keys = Vec::new();
        let object = Object::of(&subject, &settings);
        for_each_key(&object, &mut IdentifierBuffers::default(), |key| {
            keys.push((key.value, String::from_utf8_lossy(key.bytes).into_owned()));
        });
        let expected = [(0, "ann@contoso.com"), (1, "mail:ann@contoso.com"), (2, "alias:ann")];
        assert_eq!(keys, expected.map(|(number, key)| (number, key.to_owned())));
    }
}
