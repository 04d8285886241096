//! What the cloud will show of an object once it is synchronised.
//!
//! The sources contradict each other in places, and the tenant decides in others. What
//! is taken for granted:
//!
//! - Users have a licence for Exchange Online. Without one the cloud adds neither the
//!   name to sign in with nor the address in the initial domain.
//! - The address in the initial domain begins with mailNickname. One article also says
//!   that it begins as userPrincipalName does; its examples do not.
//! - Where an address is taken already, the cloud puts four digits into it at random.
//!   They are not predicted.
//! - The object is new. The cloud keeps the mailNickname and the address in the initial
//!   domain that it once made.
//!
//! Sources: Microsoft, How the proxyAddresses attribute is populated in Microsoft Entra
//! ID (KB3190357); Microsoft Entra UserPrincipalName population.

#[cfg(test)]
mod tests;

use crate::rules::Attr;

use super::address::{self, AddressFault, DomainFault};
use super::identifiers::predicted_alias;
use super::proxy_addresses::{AddressType, Proxy, Role, is_routing};
use super::sign_in_name::{Fate, fate};
use super::{Object, ObjectKind, Settings, text};

/// What stands for the initial domain where it is not known.
pub const INITIAL_DOMAIN: &str = "<initial domain>";

/// What the cloud will show of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloudObject {
    /// The alias.
    pub mail_nickname: Option<Alias>,
    /// The name to sign in with; users have one.
    pub principal_name: Option<PrincipalName>,
    /// The address in the initial domain (MOERA, Microsoft Online Email Routing
    /// Address).
    pub moera: Option<String>,
    /// The primary address.
    pub mail: Option<String>,
    /// The addresses with their types, the primary one first.
    pub proxy_addresses: Vec<String>,
    /// The values of proxyAddresses and mail that do not come to the cloud.
    pub dropped: Vec<Dropped>,
    /// An attribute that the exports leave out, and of which the alias, and all that is
    /// made of it, would rather be made.
    pub left_out: Option<Attr>,
}

/// An alias, and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The alias.
    pub text: String,
    /// The attribute that gives it, or whose address does.
    pub from: Attr,
}

/// A name to sign in with, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalName {
    /// The name.
    pub text: String,
    /// How it came about.
    pub origin: NameOrigin,
}

/// How a name to sign in with came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOrigin {
    /// It is the userPrincipalName.
    Kept,
    /// It is made of the alias: the userPrincipalName holds what no name may hold.
    Refused,
    /// It is made of the alias: the suffix is no domain of the Internet.
    NotRoutable,
    /// It is made of the alias: the suffix is not verified in the tenant.
    Unverified,
    /// It is made of sAMAccountName: there is no userPrincipalName.
    Missing,
}

impl NameOrigin {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Refused => "refused",
            Self::NotRoutable => "not-routable",
            Self::Unverified => "unverified",
            Self::Missing => "missing",
        }
    }
}

/// A value that does not come to the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The value.
    pub value: String,
    /// Why it does not.
    pub reason: DropReason,
}

/// Why a value does not come to the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// Its domain is Microsoft's own.
    Reserved,
    /// Its type is out of use: X400, MSMAIL.
    Legacy,
    /// It has no type, or is no address.
    Malformed,
    /// Its domain is not verified in the tenant, and its holder has a mailbox there.
    Unverified,
}

impl DropReason {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Legacy => "legacy",
            Self::Malformed => "malformed",
            Self::Unverified => "unverified",
        }
    }
}

impl CloudObject {
    /// What the cloud will show of an object that is synchronised. Of a computer it
    /// shows nothing of all this.
    #[must_use]
    pub fn of(object: &Object<'_, '_>) -> Self {
        if !matches!(object.kind, ObjectKind::User | ObjectKind::Group | ObjectKind::Contact) {
            return Self::default();
        }
        let mail_nickname = alias(object);
        let principal_name = (object.kind == ObjectKind::User)
            .then(|| principal_name(object, mail_nickname.as_ref()))
            .flatten();
        let Addresses { mut smtp, others, dropped } = Addresses::of(object);
        let has_mail = object.kind == ObjectKind::User || !smtp.is_empty();
        let moera = mail_nickname
            .as_ref()
            .filter(|_| has_mail)
            .map(|alias| in_initial_domain(&alias.text, object.settings));
        if let Some(PrincipalName { text, origin: NameOrigin::Kept }) = &principal_name {
            // It becomes the primary address where there is no other at all.
            let is_primary = smtp.is_empty();
            add(&mut smtp, text, is_primary);
        }
        if let Some(moera) = &moera {
            let is_primary = !smtp.iter().any(|address| address.is_primary);
            add(&mut smtp, moera, is_primary);
        }
        smtp.sort_by_key(|address| !address.is_primary);
        let mail = smtp.first().filter(|first| first.is_primary).map(|first| first.text.clone());
        let proxy_addresses = smtp.iter().map(SmtpAddress::typed).chain(others).collect();
        let left_out = predicted_without(object);
        Self { mail_nickname, principal_name, moera, mail, proxy_addresses, dropped, left_out }
    }
}

/// The alias: mailNickname, or what the cloud makes in its place.
fn alias(object: &Object<'_, '_>) -> Option<Alias> {
    let held = object.text(Attr::MailNickname).map(|alias| alias.trim().to_owned());
    if let Some(text) = held.filter(|alias| !alias.is_empty()) {
        return Some(Alias { text, from: Attr::MailNickname });
    }
    let (from, _, local) = predicted_alias(object)?;
    Some(Alias { text: String::from_utf8_lossy(&local).trim().to_owned(), from })
}

/// The attribute that the exports leave out, where the cloud would rather have made the
/// alias of it than of what there is.
pub(super) fn predicted_without(object: &Object<'_, '_>) -> Option<Attr> {
    let left_out = &object.settings.left_out;
    if object.has(Attr::MailNickname) {
        return None;
    }
    let name = object.settings.principal_name();
    let (from, value, _) = predicted_alias(object)?;
    let ahead: &[Attr] = match from {
        Attr::ProxyAddresses if is_primary(object, value) => &[],
        Attr::ProxyAddresses => &[Attr::Mail, name],
        Attr::Mail => &[Attr::ProxyAddresses],
        _ => &[Attr::ProxyAddresses, Attr::Mail],
    };
    let sources = std::iter::once(Attr::MailNickname).chain(ahead.iter().copied());
    sources.into_iter().find(|attr| left_out.contains(*attr))
}

/// Whether a value of proxyAddresses is a primary address.
fn is_primary(object: &Object<'_, '_>, value: usize) -> bool {
    let line = object.subject.lines(Attr::ProxyAddresses).get(value);
    line.is_some_and(|line| line.bytes().trim_ascii().starts_with(b"SMTP:"))
}

/// The name that a user signs in with.
fn principal_name(object: &Object<'_, '_>, alias: Option<&Alias>) -> Option<PrincipalName> {
    let held = object.text(object.settings.principal_name()).filter(|name| !name.trim().is_empty());
    let Some(name) = held else {
        let account = object.text(Attr::SamAccountName)?;
        let text = in_initial_domain(account.trim(), object.settings);
        return Some(PrincipalName { text, origin: NameOrigin::Missing });
    };
    let origin = match fate(&name, object.settings) {
        Fate::Kept => {
            return Some(PrincipalName { text: name.into_owned(), origin: NameOrigin::Kept });
        }
        Fate::Refused => NameOrigin::Refused,
        Fate::NotRoutable => NameOrigin::NotRoutable,
        Fate::Unverified => NameOrigin::Unverified,
    };
    let text = in_initial_domain(&alias?.text, object.settings);
    Some(PrincipalName { text, origin })
}

/// A name in the initial domain.
fn in_initial_domain(local: &str, settings: &Settings) -> String {
    format!("{local}@{}", settings.initial_domain.as_deref().unwrap_or(INITIAL_DOMAIN))
}

/// An SMTP address as the cloud holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SmtpAddress {
    text: String,
    is_primary: bool,
}

impl SmtpAddress {
    fn typed(&self) -> String {
        let kind = if self.is_primary { "SMTP" } else { "smtp" };
        format!("{kind}:{}", self.text)
    }
}

/// Adds an address that the cloud makes, where it is not there.
fn add(addresses: &mut Vec<SmtpAddress>, text: &str, is_primary: bool) {
    match addresses.iter_mut().find(|address| address.text.eq_ignore_ascii_case(text)) {
        Some(known) => known.is_primary |= is_primary,
        None => addresses.push(SmtpAddress { text: text.to_owned(), is_primary }),
    }
}

/// What becomes of the addresses that an object has.
#[derive(Default)]
struct Addresses {
    smtp: Vec<SmtpAddress>,
    /// Those of other types, as they are.
    others: Vec<String>,
    dropped: Vec<Dropped>,
}

impl Addresses {
    fn of(object: &Object<'_, '_>) -> Self {
        let mut addresses = Self::default();
        // Mail goes elsewhere for those with a targetAddress.
        let has_mailbox = object.kind == ObjectKind::User && !object.has(Attr::TargetAddress);
        let mut is_any_smtp = false;
        for (_, value) in object.values(Attr::ProxyAddresses) {
            let value = text::of(value);
            let proxy = Proxy::read(&value);
            is_any_smtp |= proxy.of == AddressType::Smtp;
            let drop_reason = match proxy.of {
                AddressType::None => Some(DropReason::Malformed),
                AddressType::Legacy => Some(DropReason::Legacy),
                AddressType::Smtp => drop_reason(proxy.trimmed(), has_mailbox, object.settings),
                _ => None,
            };
            match (drop_reason, proxy.of) {
                (Some(reason), _) => addresses.drop(&value, reason),
                (None, AddressType::Smtp) => {
                    let is_first = !addresses.smtp.iter().any(|other| other.is_primary);
                    let is_primary = proxy.role == Role::Primary && is_first;
                    add(&mut addresses.smtp, proxy.trimmed(), is_primary);
                }
                _ => addresses.others.push(value.trim().to_owned()),
            }
        }
        let mail = object.text(Attr::Mail).filter(|mail| !mail.trim().is_empty());
        if let Some(mail) = mail.filter(|_| !is_any_smtp) {
            match drop_reason(mail.trim(), has_mailbox, object.settings) {
                Some(reason) => addresses.drop(&mail, reason),
                None => add(&mut addresses.smtp, mail.trim(), true),
            }
        }
        addresses
    }

    fn drop(&mut self, value: &str, reason: DropReason) {
        self.dropped.push(Dropped { value: value.to_owned(), reason });
    }
}

/// Why an address does not come to the cloud, where it does not.
fn drop_reason(text: &str, has_mailbox: bool, settings: &Settings) -> Option<DropReason> {
    let is_routable = match address::check(text, settings) {
        Ok(()) => true,
        Err(AddressFault::Domain(DomainFault::NotRoutable | DomainFault::OneLabel)) => false,
        Err(_) => return Some(DropReason::Malformed),
    };
    let (_, domain) = address::split(text)?;
    if address::is_reserved(domain) {
        return (!is_routing(domain, settings)).then_some(DropReason::Reserved);
    }
    let is_verified = is_routable && settings.is_verified(domain);
    (has_mailbox && !is_verified).then_some(DropReason::Unverified)
}
