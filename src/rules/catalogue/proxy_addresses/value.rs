//! One value of proxyAddresses: what it is, what is wrong with it, and what it
//! would be without that.

use crate::rules::catalogue::address::{self, DomainFault, split};
use crate::rules::catalogue::text::{self, is_invisible, shown};
use crate::rules::catalogue::verdict::Breaks;
use crate::rules::catalogue::{ObjectKind, Settings};
use crate::rules::rule::{Rule, Severity};

use super::rules::{
    CHARACTER, COLON, DOMAIN, HASH, IDN, LEGACY, LENGTH, LOCAL_PART, NON_ASCII, NOT_ROUTABLE,
    REPLACED, RESERVED, ROUTING, SPACE, TYPE_MISSING, UNVERIFIED,
};

/// UTF-16 units of the longest value.
pub(in crate::rules::catalogue) const MAX_VALUE: usize = 256;
/// Bytes of the longest type that is one: Exchange has up to 9, and IdFix knows
/// `X.400`.
const MAX_TYPE: usize = 16;
/// Characters that no SMTP address holds, beside white space and letters outside
/// ASCII.
const DENIED: &str = "<>();,[]\"";
/// Characters before the @ that the cloud replaces, beside those that are denied.
const BECOME_UNDERSCORES: &str = "`|=?/%";

/// The type of an address, as far as rules depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules::catalogue) enum AddressType {
    /// None: nothing that could be a type stands before a colon.
    None,
    /// A mail address.
    Smtp,
    /// An address for calls.
    Sip,
    /// A DN of Exchange.
    X500,
    /// An extension of unified messaging.
    Eum,
    /// X400 or MSMAIL, which the cloud discards.
    Legacy,
    /// Any other.
    Other,
}

impl AddressType {
    pub(super) fn of(name: &[u8]) -> Self {
        let is = |of: &str| name.eq_ignore_ascii_case(of.as_bytes());
        let may_be = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
        if is("smtp") {
            Self::Smtp
        } else if is("x500") || is("x.500") {
            Self::X500
        } else if is("sip") {
            Self::Sip
        } else if is("eum") {
            Self::Eum
        } else if is("x400") || is("x.400") || is("msmail") {
            Self::Legacy
        } else if is("mailto") || !(1..=MAX_TYPE).contains(&name.len()) || !name.iter().all(may_be)
        {
            Self::None
        } else {
            Self::Other
        }
    }
}

/// Whether an address is the one of its type that others see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules::catalogue) enum Role {
    /// Its type stands in capitals.
    Primary,
    /// It does not.
    Secondary,
}

/// A value, taken apart.
#[derive(Debug, Clone, Copy)]
pub(in crate::rules::catalogue) struct Proxy<'v> {
    /// The value.
    pub raw: &'v str,
    /// The type.
    pub of: AddressType,
    /// The type as it is spelled; empty where there is none.
    pub type_name: &'v str,
    /// Whether the type stands in capitals.
    pub role: Role,
    /// What is behind the type, with the white space around it.
    pub address: &'v str,
}

impl<'v> Proxy<'v> {
    pub(in crate::rules::catalogue) fn read(raw: &'v str) -> Self {
        let (type_name, address) = raw.split_once(':').unwrap_or(("", raw));
        let type_name = type_name.trim_matches(is_invisible);
        match AddressType::of(type_name.as_bytes()) {
            AddressType::None => Self {
                raw,
                of: AddressType::None,
                type_name: "",
                role: Role::Secondary,
                address: raw,
            },
            of => {
                let is_primary = !type_name.bytes().any(|byte| byte.is_ascii_lowercase());
                let role = if is_primary { Role::Primary } else { Role::Secondary };
                Self { raw, of, type_name, role, address }
            }
        }
    }

    /// The address without what nobody sees at its ends.
    pub(in crate::rules::catalogue) fn trimmed(&self) -> &'v str {
        self.address.trim_matches(is_invisible)
    }

    /// What is the same in two values of the same address.
    pub(super) fn key(&self) -> String {
        let address = self.trimmed();
        let mut key = String::with_capacity(self.type_name.len() + 1 + address.len());
        key.push_str(self.type_name);
        key.make_ascii_lowercase();
        key.push(':');
        match address.is_ascii() {
            true => {
                key.push_str(address);
                key.make_ascii_lowercase();
            }
            false => key.push_str(&address.to_lowercase()),
        }
        key
    }
}

/// What the rules about one value must know of its object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder<'s> {
    pub kind: ObjectKind,
    /// Whether several people read the mail: a group or a shared mailbox.
    pub is_shared: bool,
    pub settings: &'s Settings,
}

/// Says which rules a value breaks by itself, and in which way.
pub(super) fn judge(proxy: &Proxy<'_>, holder: Holder<'_>, breaks: &mut Breaks<'_>) {
    let length = text::utf16_len(proxy.raw);
    if length > MAX_VALUE {
        breaks(&LENGTH, &|| format!("it has {length} characters, {MAX_VALUE} at most"));
    }
    match proxy.of {
        AddressType::None => breaks(&TYPE_MISSING, &|| "no type stands before it".to_owned()),
        AddressType::Legacy => {
            breaks(&LEGACY, &|| format!("its type is {}", proxy.type_name));
        }
        AddressType::Sip => judge_unseen(proxy.raw, breaks),
        AddressType::Smtp => {
            judge_unseen(proxy.raw, breaks);
            judge_smtp(proxy.address, holder, breaks);
        }
        AddressType::X500 | AddressType::Eum | AddressType::Other => {}
    }
}

fn judge_unseen(raw: &str, breaks: &mut Breaks<'_>) {
    if let Some(c) = raw.chars().find(|c| is_invisible(*c)) {
        breaks(&SPACE, &|| format!("it holds {}", shown(c)));
    }
}

fn judge_smtp(address: &str, holder: Holder<'_>, breaks: &mut Breaks<'_>) {
    let holds = |rule: &'static Rule, c: Option<char>, breaks: &mut Breaks<'_>| {
        if let Some(c) = c {
            breaks(rule, &|| format!("it holds {}", shown(c)));
        }
    };
    holds(&CHARACTER, address.chars().find(|c| DENIED.contains(*c)), breaks);
    if address.contains(':') {
        breaks(&COLON, &|| "there is a second colon".to_owned());
    }
    let (local, domain) = match split(address) {
        Some((local, domain)) => {
            (local.trim_matches(is_invisible), domain.trim_matches(is_invisible))
        }
        None => (address, ""),
    };
    let foreign = |part: &str| part.chars().find(|c| !c.is_ascii() && !is_invisible(*c));
    holds(&NON_ASCII, foreign(local), breaks);
    holds(&IDN, foreign(domain), breaks);
    holds(&REPLACED, local.chars().find(|c| BECOME_UNDERSCORES.contains(*c)), breaks);
    if holder.is_shared && local.contains('#') {
        breaks(&HASH, &|| "it holds #".to_owned());
    }
    judge_local(local, breaks);
    let length = address.trim_matches(is_invisible).len();
    if local.len() > address::MAX_LOCAL {
        let limit = address::MAX_LOCAL;
        let detail = || format!("the part before the @ has {} bytes, {limit} at most", local.len());
        breaks(&LENGTH, &detail);
    } else if length > address::MAX_ADDRESS {
        let limit = address::MAX_ADDRESS;
        breaks(&LENGTH, &|| format!("the address has {length} bytes, {limit} at most"));
    }
    judge_domain(domain, holder, breaks);
}

fn judge_local(local: &str, breaks: &mut Breaks<'_>) {
    // What has a rule of its own is not told twice.
    let strange = |c: &char| {
        let is_told = !c.is_ascii() || is_invisible(*c) || *c == ':' || DENIED.contains(*c);
        !is_told && !address::is_atext_or_dot(*c)
    };
    if local.is_empty() {
        breaks(&LOCAL_PART, &|| "nothing stands before the @".to_owned());
    } else if let Some(c) = local.chars().find(strange) {
        breaks(&LOCAL_PART, &|| format!("before the @ it holds {}", shown(c)));
    } else if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        breaks(&LOCAL_PART, &|| "a dot stands beside nothing".to_owned());
    }
}

fn judge_domain(domain: &str, holder: Holder<'_>, breaks: &mut Breaks<'_>) {
    if domain.is_empty() {
        return breaks(&DOMAIN, &|| "there is no domain".to_owned());
    }
    match address::check_domain(domain, holder.settings) {
        Err(fault @ DomainFault::TooLong) => breaks(&LENGTH, &|| fault.to_string()),
        Err(fault @ (DomainFault::NotRoutable | DomainFault::OneLabel)) => {
            breaks(&NOT_ROUTABLE, &|| fault.to_string());
        }
        Err(DomainFault::Character('[')) => {
            breaks(&DOMAIN, &|| "an address in brackets is no domain".to_owned());
        }
        // What has a rule of its own is not told twice.
        Err(DomainFault::Character(c))
            if is_invisible(c) || !c.is_ascii() || c == ':' || DENIED.contains(c) => {}
        Err(fault) => breaks(&DOMAIN, &|| fault.to_string()),
        Ok(()) if is_routing(domain, holder.settings) => {
            breaks(&ROUTING, &|| format!("{domain} is the cloud's for hybrid mail"));
        }
        Ok(()) if address::is_reserved(domain) => {
            breaks(&RESERVED, &|| format!("{domain} is Microsoft's"));
        }
        Ok(()) if holder.kind == ObjectKind::User && !holder.settings.is_verified(domain) => {
            breaks(&UNVERIFIED, &|| format!("{domain} is none of the verified domains"));
        }
        Ok(()) => {}
    }
}

/// Whether a domain is the tenant's for mail between Exchange and the cloud.
pub(in crate::rules::catalogue) fn is_routing(
    domain: impl AsRef<[u8]>,
    settings: &Settings,
) -> bool {
    const SUFFIX: &[u8] = b".mail.onmicrosoft.com";
    let Some((tenant, suffix)) = domain.as_ref().split_last_chunk::<{ SUFFIX.len() }>() else {
        return false;
    };
    if tenant.is_empty() || tenant.contains(&b'.') || !suffix.eq_ignore_ascii_case(SUFFIX) {
        return false;
    }
    settings.initial_domain.as_deref().is_none_or(|initial| {
        let own = initial.split('.').next().unwrap_or_default();
        own.as_bytes().eq_ignore_ascii_case(tenant)
    })
}

/// An SMTP address without what was wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Correction {
    pub address: String,
    /// Whether it is the same address still: ends trimmed, stray dots gone, the
    /// domain in its ASCII form.
    pub is_same: bool,
}

/// The SMTP address as it would hold; `None` where no such address can be told.
pub(super) fn corrected(address: &str, holder: Holder<'_>) -> Option<Correction> {
    let trimmed = address.trim_matches(is_invisible);
    let seen = bare(trimmed);
    let (local, domain) = split(&seen)?;
    let lone = local.trim_end_matches('@');
    if lone.contains('@') {
        return None;
    }
    let mut local = text::transliterated(lone, holder.settings.transliteration)?;
    if holder.is_shared {
        local.retain(|c| c != '#');
    }
    let plain = local.replace(|c| BECOME_UNDERSCORES.contains(c), "_");
    let mut is_same = seen == trimmed && plain == split(&seen)?.0;
    let domain = without_stray_dots(domain);
    let domain = match holder.settings.mapped(&domain) {
        Some(mapped) => {
            is_same = false;
            mapped.to_owned()
        }
        None if domain.is_ascii() => domain,
        None => idna::domain_to_ascii(&domain).ok()?,
    };
    let corrected = format!("{}@{domain}", without_stray_dots(&plain));
    holds(&corrected, holder).then_some(Correction { address: corrected, is_same })
}

/// Whether an SMTP address breaks no rule that says more than that somebody should
/// know.
pub(super) fn holds(address: &str, holder: Holder<'_>) -> bool {
    let value = format!("smtp:{address}");
    let mut holds = true;
    judge(&Proxy::read(&value), holder, &mut |rule, _| holds &= rule.severity == Severity::Info);
    holds
}

/// The address without a name before it, types that stand twice, characters that
/// are denied and those that nobody sees.
pub(in crate::rules::catalogue) fn bare(address: &str) -> String {
    let bare = without_type(within_brackets(address.trim_matches(is_invisible)));
    bare.chars().filter(|c| is_wanted(*c)).collect()
}

/// Whether a character of an address stays in it.
fn is_wanted(c: char) -> bool {
    !is_invisible(c) && c != ':' && !DENIED.contains(c)
}

fn without_stray_dots(text: &str) -> String {
    let atoms: Vec<&str> = text.split('.').filter(|atom| !atom.is_empty()).collect();
    atoms.join(".")
}

/// The address where a name stands before it: `Ann <ann@contoso.com>`.
fn within_brackets(address: &str) -> &str {
    let inner = address.strip_suffix('>').and_then(|rest| rest.rsplit_once('<'));
    inner.map_or(address, |(_, inner)| inner)
}

/// The address without types that stand once more before it.
fn without_type(mut address: &str) -> &str {
    const TYPES: [&str; 2] = ["smtp:", "mailto:"];
    loop {
        let rest = TYPES.iter().find_map(|of| {
            let (start, rest) = address.split_at_checked(of.len())?;
            start.eq_ignore_ascii_case(of).then(|| rest.trim_start_matches(is_invisible))
        });
        match rest {
            Some(rest) => address = rest,
            None => return address,
        }
    }
}
