//! The quick look at an address: nearly all hold nothing about which there is
//! anything to say, and one pass over the bytes tells.

use std::cell::{Cell, RefCell};

use super::Settings;
use super::address::{self, MAX_ADDRESS, MAX_LOCAL};
use crate::rules::shape::Shape;

/// What a byte can be in an everyday address.
const fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => LOCAL | DOMAIN | ACCOUNT,
        b'!' | b'\'' | b'^' | b'_' | b'~' => LOCAL | ACCOUNT,
        b'$' | b'&' | b'*' | b'+' | b'{' | b'}' => LOCAL,
        _ => 0,
    }
}

/// It can stand before the @ of any address, and Exchange Online keeps it.
const LOCAL: u8 = 1;
/// It can stand in a label of a domain.
const DOMAIN: u8 = 2;
/// It can stand before the @ of a userPrincipalName.
const ACCOUNT: u8 = 4;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = class(byte);
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

/// An address that breaks no rule about its form, whatever attribute holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Everyday<'v> {
    /// The part before the @: 1 to 64 bytes.
    pub(super) local: &'v [u8],
    /// The part behind the @: a domain that can be sent to.
    pub(super) domain: &'v [u8],
    /// Whether the domain is Microsoft's.
    pub(super) is_reserved: bool,
    /// Whether a userPrincipalName may have such a part before the @.
    pub(super) names_accounts: bool,
}

impl<'v> Everyday<'v> {
    /// The parts of an address; `None` where it must be looked at closely, which
    /// does not say that anything is wrong with it.
    pub(super) fn of(address: &'v [u8], settings: &Settings) -> Option<Self> {
        // What was seen was judged by the list that is built in.
        if settings.top_level_domains.is_some() {
            return Self::look(address, settings);
        }
        if let Some(last) = LAST.with_borrow(|last| last.is(address).then_some(last.parts)) {
            let (local, domain) = (address.get(..last.at)?, address.get(last.at + 1..)?);
            let Parts { is_reserved, names_accounts, .. } = last;
            return Some(Self { local, domain, is_reserved, names_accounts });
        }
        let found = Self::look(address, settings)?;
        let Self { is_reserved, names_accounts, .. } = found;
        let parts = Parts { at: found.local.len(), is_reserved, names_accounts };
        LAST.with_borrow_mut(|last| last.keep(address, parts));
        Some(found)
    }

    fn look(address: &'v [u8], settings: &Settings) -> Option<Self> {
        let (at, names_accounts) = match Shape::of(address) {
            // What has a shape names accounts, and is not too long.
            Some(shape) => (usize::try_from(shape.behind_local_part(0)?).ok()?, true),
            None => Self::local_part(address)?,
        };
        let (local, domain) = (address.get(..at)?, address.get(at + 1..)?);
        let is_reserved = everyday_domain(domain, settings)?;
        Some(Self { local, domain, is_reserved, names_accounts })
    }

    /// How long the part before the @ is, and whether it may name an account.
    fn local_part(address: &[u8]) -> Option<(usize, bool)> {
        let at = memchr::memchr(b'@', address)?;
        if at > MAX_LOCAL || address.len() > MAX_ADDRESS {
            return None;
        }
        let classes = classes_of_atoms(address.get(..at)?);
        (classes & LOCAL != 0).then_some((at, classes & ACCOUNT != 0))
    }
}

/// The classes that all bytes have, where single dots stand between them; none
/// otherwise.
fn classes_of_atoms(part: &[u8]) -> u8 {
    let mut classes = u8::MAX;
    let mut after_dot = true;
    for byte in part {
        let is_dot = *byte == b'.';
        if is_dot && after_dot {
            return 0;
        }
        classes &= if is_dot { u8::MAX } else { CLASSES[usize::from(*byte)] };
        after_dot = is_dot;
    }
    if after_dot { 0 } else { classes }
}

/// A domain as it was seen by this thread.
#[derive(Clone, Copy)]
struct Seen {
    length: u8,
    is_reserved: bool,
    bytes: [u8; Self::LONGEST],
}

impl Seen {
    const LONGEST: usize = 30;
    const NOTHING: Self = Self { length: 0, is_reserved: false, bytes: [0; Self::LONGEST] };

    fn is(&self, domain: &[u8]) -> bool {
        !domain.is_empty() && self.bytes.get(..usize::from(self.length)) == Some(domain)
    }

    fn of(domain: &[u8], is_reserved: bool) -> Option<Self> {
        let length = u8::try_from(domain.len()).ok()?;
        let mut seen = Self { length, is_reserved, ..Self::NOTHING };
        seen.bytes.get_mut(..domain.len())?.copy_from_slice(domain);
        Some(seen)
    }
}

/// The last everyday address that this thread has seen: that of a person stands in
/// three attributes.
struct Last {
    length: usize,
    bytes: [u8; Self::LONGEST],
    parts: Parts,
}

/// What is known of it.
#[derive(Clone, Copy)]
struct Parts {
    /// The place of the @.
    at: usize,
    is_reserved: bool,
    names_accounts: bool,
}

impl Last {
    const LONGEST: usize = 64;
    const NOTHING: Self = Self {
        length: 0,
        bytes: [0; Self::LONGEST],
        parts: Parts { at: 0, is_reserved: false, names_accounts: false },
    };

    fn is(&self, address: &[u8]) -> bool {
        !address.is_empty() && self.bytes.get(..self.length) == Some(address)
    }

    fn keep(&mut self, address: &[u8], parts: Parts) {
        if let Some(bytes) = self.bytes.get_mut(..address.len()) {
            bytes.copy_from_slice(address);
            (self.length, self.parts) = (address.len(), parts);
        }
    }
}

thread_local! {
    static LAST: RefCell<Last> = const { RefCell::new(Last::NOTHING) };
    /// Domains that were everyday ones, each at the place that [`place`] gives it: an
    /// export holds few of them, and holds them often.
    static SEEN: [Cell<Seen>; PLACES] = const { [const { Cell::new(Seen::NOTHING) }; PLACES] };
}

const PLACES: usize = 16;

fn place(domain: &[u8]) -> usize {
    let first = domain.first().copied().unwrap_or_default();
    (domain.len() + usize::from(first)) % PLACES
}

/// Whether a domain that can be sent to is Microsoft's.
fn everyday_domain(domain: &[u8], settings: &Settings) -> Option<bool> {
    let place = place(domain);
    // What was seen was judged by the list that is built in.
    let may_be_seen = settings.top_level_domains.is_none();
    let seen = if may_be_seen { SEEN.with(|seen| seen[place].get()) } else { Seen::NOTHING };
    if seen.is(domain) {
        return Some(seen.is_reserved);
    }
    let text = std::str::from_utf8(domain).ok()?;
    if classes_of_atoms(domain) & DOMAIN == 0 || address::check_domain(text, settings).is_err() {
        return None;
    }
    let is_reserved = address::is_reserved(text);
    if may_be_seen && let Some(own) = Seen::of(domain, is_reserved) {
        SEEN.with(|seen| seen[place].set(own));
    }
    Some(is_reserved)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_everyday_address_has_two_parts_of_which_there_is_nothing_to_say() {
        let of = |address: &'static str| Everyday::of(address.as_bytes(), &Settings::default());
        let ann = of("ann.o'neil@contoso.com");
        let parts = ann.map(|it| (it.local, it.domain, it.names_accounts));
        assert_eq!(parts, Some((&b"ann.o'neil"[..], &b"contoso.com"[..], true)));
        assert_eq!(of("ann+x@contoso.com").map(|it| it.names_accounts), Some(false));
        assert_eq!(of("ann@contoso.com").map(|it| it.is_reserved), Some(false));
        assert_eq!(of("ann@contoso.mail.onmicrosoft.com").map(|it| it.is_reserved), Some(true));
        for address in [
            "",
            "ann",
            "ann@",
            "@contoso.com",
            "a@b@contoso.com",
            "ann @contoso.com",
            "ann.@contoso.com",
            ".ann@contoso.com",
            "a..b@contoso.com",
            "a(b)@contoso.com",
            "änn@contoso.com",
            "ann@contoso..com",
            "ann@contoso.com.",
            "ann@-contoso.com",
            "ann@contoso.local",
            "ann@contoso",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
    }

    #[test]
    fn a_domain_that_was_seen_is_judged_anew_by_another_list() {
        let list = super::super::TopLevelDomains::parse(b"local").unwrap();
        let settings = Settings { top_level_domains: Some(list.into()), ..Settings::default() };
        for _ in 0..2 {
            assert!(Everyday::of(b"a@contoso.com", &Settings::default()).is_some());
            assert!(Everyday::of(b"a@contoso.com", &settings).is_none());
            assert!(Everyday::of(b"a@contoso.local", &settings).is_some());
            assert!(Everyday::of(b"a@contoso.local", &Settings::default()).is_none());
        }
    }

    proptest! {
        #[test]
        fn no_address_is_everyday_that_a_close_look_finds_fault_with(
            local in "[a-zA-Z.!'&_ä -]{0,6}|a{60,70}",
            domain in "[a-c.-]{0,4}(com|local|c0m|onmicrosoft\\.com)?|b{0,40}\\.com",
        ) {
            let text = format!("{local}@{domain}");
            // Twice: the second time the domain may have been remembered.
            for _ in 0..2 {
                if let Some(everyday) = Everyday::of(text.as_bytes(), &Settings::default()) {
                    prop_assert_eq!(address::check(&text, &Settings::default()), Ok(()));
                    prop_assert_eq!(everyday.domain, domain.as_bytes());
                    prop_assert_eq!(everyday.is_reserved, address::is_reserved(&domain));
                }
            }
        }
    }
}
