//! What depends on several values of an object: which address is the primary one,
//! which stands there twice, how many there are.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::rules::Attr;
use crate::rules::catalogue::{Object, ObjectKind, address};

use super::value::{AddressType, Holder, Proxy, Role, corrected, holds};

/// Values above which the cloud may refuse an object, and certainly does.
pub(super) const MANY_VALUES: usize = 300;
pub(super) const MAX_VALUES: usize = 329;

/// The addresses of an object as a whole.
pub(super) struct Whole<'v> {
    pub holder: Holder<'v>,
    /// The mail address, as it would be once it is corrected.
    pub mail: Option<String>,
    /// Of the values that go, because another one says the same.
    pub repeated: FxHashMap<usize, Repeat>,
    /// The primary SMTP addresses, each once.
    pub primaries: Vec<usize>,
    /// The one of them that is the mail address, where there are several.
    pub kept_primary: Option<usize>,
    /// Values of other types that are primary behind the first one of their type.
    pub further_of_type: FxHashSet<usize>,
    /// What becomes the primary address where there is none.
    pub promotion: Promotion,
    /// The addresses that are there.
    pub keys: FxHashSet<String>,
}

/// How a value says the same as another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Byte for byte as one before it.
    Copy,
    /// In another case, or with another role.
    Variant,
}

/// What becomes the primary address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Promotion {
    /// There is a primary address, or nothing that could become one.
    NotNeeded,
    /// The value of this number does.
    Value(usize),
    /// The mail address does, which is none of the values.
    Mail(String),
    /// A person must say.
    Unknown,
}

fn is_of_the_cloud(address: &str) -> bool {
    address::split(address).is_some_and(|(_, domain)| address::is_reserved(domain))
}

/// The address that mail means, so that a correction of mail changes nothing here.
fn meant(mail: &str, holder: Holder<'_>) -> Option<String> {
    if mail.is_empty() || address::check(mail, holder.settings).is_ok() {
        return (!mail.is_empty()).then(|| mail.to_owned());
    }
    address::corrected(mail, holder.settings).or_else(|| Some(mail.to_owned()))
}

impl<'v> Whole<'v> {
    pub(super) fn of(object: &Object<'v, '_>, proxies: &[Proxy<'_>], holder: Holder<'v>) -> Self {
        let mut whole = Self {
            holder,
            mail: object.text(Attr::Mail).and_then(|mail| meant(mail.trim(), holder)),
            repeated: FxHashMap::default(),
            primaries: Vec::new(),
            kept_primary: None,
            further_of_type: FxHashSet::default(),
            promotion: Promotion::NotNeeded,
            keys: proxies.iter().map(Proxy::key).collect(),
        };
        whole.find_repeated(proxies);
        whole.find_primaries(proxies);
        whole.find_promotion(object, proxies);
        whole
    }

    fn find_repeated(&mut self, proxies: &[Proxy<'_>]) {
        if self.keys.len() == proxies.len() {
            return;
        }
        let mut kept: FxHashMap<String, usize> = FxHashMap::default();
        for (at, proxy) in proxies.iter().enumerate() {
            kept.entry(proxy.key())
                .and_modify(|kept| {
                    // The primary one stays, or else the first.
                    if proxies[*kept].role == Role::Secondary && proxy.role == Role::Primary {
                        *kept = at;
                    }
                })
                .or_insert(at);
        }
        let mut before = FxHashSet::default();
        for (at, proxy) in proxies.iter().enumerate() {
            let is_first = before.insert(proxy.raw);
            if kept.get(&proxy.key()) != Some(&at) {
                self.repeated.insert(at, if is_first { Repeat::Variant } else { Repeat::Copy });
            }
        }
    }

    fn find_primaries(&mut self, proxies: &[Proxy<'_>]) {
        let mut seen: Vec<AddressType> = Vec::new();
        for (at, proxy) in proxies.iter().enumerate() {
            if proxy.role == Role::Secondary || self.repeated.contains_key(&at) {
                continue;
            }
            match proxy.of {
                AddressType::Smtp => self.primaries.push(at),
                AddressType::Sip | AddressType::X500 | AddressType::Eum => {
                    if seen.contains(&proxy.of) {
                        self.further_of_type.insert(at);
                    }
                    seen.push(proxy.of);
                }
                AddressType::None | AddressType::Legacy | AddressType::Other => {}
            }
        }
        if self.primaries.len() > 1 {
            let mut primaries = self.primaries.iter().copied();
            self.kept_primary = primaries.find(|at| self.is_mail(proxies[*at].trimmed()));
        }
    }

    fn find_promotion(&mut self, object: &Object<'_, '_>, proxies: &[Proxy<'_>]) {
        let is_smtp = |proxy: &&Proxy<'_>| proxy.of == AddressType::Smtp;
        let lacks_primary = self.primaries.is_empty() && proxies.iter().any(|it| is_smtp(&it));
        // The primary address may be among the values that are not here.
        if !lacks_primary || object.subject.is_partial(Attr::ProxyAddresses) {
            return;
        }
        let mut places = (0..proxies.len()).filter(|at| {
            let is_untyped = proxies[*at].of == AddressType::None;
            (is_smtp(&&proxies[*at]) || is_untyped) && !self.repeated.contains_key(at)
        });
        let is_mail = |at: &usize| self.is_mail(proxies[*at].trimmed());
        let mut named = places.clone().filter(is_mail);
        self.promotion = if let Some(at) = named.next() {
            Promotion::Value(at)
        } else if let Some(mail) = self.mail.as_deref().filter(|mail| holds(mail, self.holder)) {
            Promotion::Mail(mail.to_owned())
        } else if let (None, Some(at), None) = (&self.mail, places.next(), places.next())
            && corrected(proxies[at].address, self.holder)
                .is_some_and(|it| !is_of_the_cloud(&it.address))
        {
            Promotion::Value(at)
        } else {
            Promotion::Unknown
        };
    }

    /// Whether an address is the one that mail names.
    pub(super) fn is_mail(&self, address: &str) -> bool {
        self.mail.as_deref().is_some_and(|mail| mail.to_lowercase() == address.to_lowercase())
    }

    /// Whether the object must have an SMTP address and has none.
    pub(super) fn lacks_smtp(object: &Object<'_, '_>, proxies: &[Proxy<'_>]) -> bool {
        let could_be_smtp = |proxy: &Proxy<'_>| {
            proxy.of == AddressType::Smtp
                || proxy.of == AddressType::None && proxy.address.contains('@')
        };
        matches!(object.kind, ObjectKind::Group | ObjectKind::Contact)
            && !object.subject.is_partial(Attr::ProxyAddresses)
            && !proxies.iter().any(could_be_smtp)
    }
}
