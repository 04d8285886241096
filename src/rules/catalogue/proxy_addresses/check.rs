//! Looks at the addresses of an object, and says what they would be without what
//! is wrong with them.

use std::borrow::Cow;

use crate::rules::catalogue::address::{self, DomainFault};
use crate::rules::catalogue::text;
use crate::rules::catalogue::verdict::{OnValue, Verdicts};
use crate::rules::catalogue::{Object, ObjectKind};
use crate::rules::{Applicability, Attr, Suggestion};

use super::plain::is_plain;
use super::rules::{
    LEGACY_DN, MANY, MISSING, PRIMARY_MISSING, REPEATED, SEVERAL_OF_TYPE, SEVERAL_PRIMARIES, SIP,
    SMTP_MISSING, TOO_MANY,
};
use super::value::{AddressType, Holder, Proxy, Role, corrected, holds, judge};
use super::whole::{MANY_VALUES, MAX_VALUES, Promotion, Repeat, Whole};

/// Recipient type of a mailbox that has moved to the cloud.
const REMOTE_MAILBOX: u64 = 0x8000_0000;
/// Recipient types of shared mailboxes: here and in the cloud.
const SHARED_MAILBOXES: u64 = 0x8_0000_0004;

pub(super) fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.subject.lines(Attr::ProxyAddresses).is_empty() {
        return check_absent(object, verdicts);
    }
    let keeps_house = verdicts.looks_for(&SIP);
    if keeps_house || !is_plain(object) {
        look_closely(object, keeps_house, verdicts);
    }
}

/// Gives a verdict on each value and on all of them together.
pub(super) fn look_closely(object: &Object<'_, '_>, keeps_house: bool, verdicts: &mut Verdicts) {
    let values: Vec<Cow<'_, str>> =
        object.values(Attr::ProxyAddresses).map(|(_, value)| text::of(value)).collect();
    let proxies: Vec<Proxy<'_>> = values.iter().map(|value| Proxy::read(value)).collect();
    let whole = Whole::of(object, &proxies, holder(object));
    for (at, proxy) in proxies.iter().enumerate() {
        let mut verdict = verdicts.on(Attr::ProxyAddresses, at);
        judge(proxy, whole.holder, &mut |rule, detail| verdict.breaks(rule, detail));
        judge_among_others(at, proxy, &whole, &mut verdict);
        if keeps_house {
            judge_sip(proxy, object, &mut verdict);
        }
        verdict.suggest(|| suggestion(at, proxy, &whole, object));
    }
    judge_whole(object, &proxies, &whole, verdicts);
    if keeps_house {
        judge_legacy_dn(object, &whole, verdicts);
    }
}

fn holder<'s>(object: &Object<'s, '_>) -> Holder<'s> {
    let is_shared =
        object.kind == ObjectKind::Group || object.recipient_type() & SHARED_MAILBOXES != 0;
    Holder { kind: object.kind, is_shared, settings: object.settings }
}

/// A user with a mailbox or an alias, and no address.
fn check_absent(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let subject = object.subject;
    let has_mail = || object.values(Attr::Mail).any(|(_, mail)| mail.contains(&b'@'));
    let signs = [Attr::MailNickname, Attr::HomeMdb, Attr::MsExchRecipientTypeDetails];
    let Some(sign) = signs.into_iter().find(|sign| subject.has(*sign)) else { return };
    let is_unknown = subject.is_partial(Attr::ProxyAddresses) || subject.is_partial(Attr::Mail);
    if object.kind != ObjectKind::User || is_unknown || has_mail() {
        return;
    }
    let mut verdict = verdicts.on_absent(Attr::ProxyAddresses);
    let detail = || format!("{} is there", sign.name());
    verdict.breaks_without_all(&[Attr::ProxyAddresses, Attr::Mail], &MISSING, &detail);
    verdict.suggest(|| {
        let name = object.text(object.settings.principal_name())?;
        let name = name.trim();
        holds(name, holder(object)).then(|| add(format!("SMTP:{name}")))
    });
}

fn judge_among_others(at: usize, proxy: &Proxy<'_>, whole: &Whole<'_>, verdict: &mut OnValue<'_>) {
    let is_repeated = whole.repeated.contains_key(&at);
    if is_repeated {
        verdict.breaks(&REPEATED, &|| "the entry has the same address once more".to_owned());
    }
    let is_primary = proxy.of == AddressType::Smtp && proxy.role == Role::Primary && !is_repeated;
    if is_primary && whole.primaries.len() > 1 && whole.kept_primary != Some(at) {
        let detail = || match whole.kept_primary {
            Some(_) => "another primary address is the mail address".to_owned(),
            None => format!("there are {} primary addresses", whole.primaries.len()),
        };
        verdict.breaks(&SEVERAL_PRIMARIES, &detail);
    }
    if whole.further_of_type.contains(&at) {
        let detail = || format!("there is another primary {} address", proxy.type_name);
        verdict.breaks(&SEVERAL_OF_TYPE, &detail);
    }
    if whole.promotion == Promotion::Value(at) && proxy.of == AddressType::Smtp {
        verdict.breaks(&PRIMARY_MISSING, &|| match whole.is_mail(proxy.trimmed()) {
            true => "it is the mail address".to_owned(),
            false => "it is the only address".to_owned(),
        });
    }
}

/// What is wrong with the attribute as a whole.
fn judge_whole(
    object: &Object<'_, '_>,
    proxies: &[Proxy<'_>],
    whole: &Whole<'_>,
    verdicts: &mut Verdicts,
) {
    let mut verdict = verdicts.on_absent(Attr::ProxyAddresses);
    let count = proxies.len();
    if count > MAX_VALUES {
        verdict.breaks(&TOO_MANY, &|| format!("there are {count} values"));
    } else if count > MANY_VALUES {
        verdict.breaks(&MANY, &|| format!("there are {count} values"));
    }
    // A value that becomes the primary one tells of it itself, where it has a type.
    let is_told = matches!(whole.promotion, Promotion::Value(at)
        if proxies.get(at).is_some_and(|proxy| proxy.of == AddressType::Smtp));
    if whole.promotion != Promotion::NotNeeded && !is_told {
        verdict.breaks(&PRIMARY_MISSING, &|| match &whole.promotion {
            Promotion::Mail(mail) => format!("the mail address is {mail}"),
            _ => "no address is the mail address".to_owned(),
        });
    }
    let lacks_smtp = Whole::lacks_smtp(object, proxies);
    if lacks_smtp {
        verdict.breaks(&SMTP_MISSING, &|| "there are addresses of other types only".to_owned());
    }
    verdict.suggest(|| match &whole.promotion {
        Promotion::Mail(mail) => Some(add(format!("SMTP:{mail}"))),
        _ if lacks_smtp => {
            let mail = whole.mail.as_deref().filter(|mail| holds(mail, whole.holder))?;
            Some(add(format!("SMTP:{mail}")))
        }
        _ => None,
    });
}

fn add(value: String) -> (Suggestion, Applicability) {
    (Suggestion::Add(value), Applicability::Unsafe)
}

/// What the value would be, or that it goes.
fn suggestion(
    at: usize,
    proxy: &Proxy<'_>,
    whole: &Whole<'_>,
    object: &Object<'_, '_>,
) -> Option<(Suggestion, Applicability)> {
    let if_secondary = match proxy.role {
        Role::Primary => Applicability::Unsafe,
        Role::Secondary => Applicability::Safe,
    };
    match (whole.repeated.get(&at), proxy.of) {
        (Some(Repeat::Copy), _) => return Some((Suggestion::RemoveCopy, if_secondary)),
        (Some(Repeat::Variant), AddressType::X500) => return None,
        (Some(Repeat::Variant), _) => return Some((Suggestion::Remove, if_secondary)),
        (None, _) => {}
    }
    match proxy.of {
        AddressType::None | AddressType::Smtp => suggest_smtp(at, proxy, whole),
        AddressType::Sip | AddressType::Eum => {
            suggest_other(proxy, whole.further_of_type.contains(&at), object)
        }
        // X500 addresses are never touched.
        AddressType::X500 | AddressType::Legacy | AddressType::Other => None,
    }
}

fn suggest_smtp(
    at: usize,
    proxy: &Proxy<'_>,
    whole: &Whole<'_>,
) -> Option<(Suggestion, Applicability)> {
    let is_primary = proxy.of == AddressType::Smtp && proxy.role == Role::Primary;
    if is_primary && whole.primaries.len() > 1 && whole.kept_primary.is_none() {
        // Which of them it should be, a person must decide first.
        return None;
    }
    let is_only = proxy.of == AddressType::None
        && whole.primaries.is_empty()
        && (whole.keys.len() == 1 || whole.is_mail(proxy.trimmed()));
    let role = if whole.promotion == Promotion::Value(at) || is_only {
        Role::Primary
    } else if whole.kept_primary.is_some_and(|kept| kept != at) {
        Role::Secondary
    } else {
        proxy.role
    };
    let stays_secondary = proxy.role == Role::Secondary && role == Role::Secondary;
    let Some(correction) = corrected(proxy.address, whole.holder) else {
        let domain = address::split(proxy.trimmed()).map_or("", |(_, domain)| domain);
        let is_lost = matches!(
            address::check_domain(domain, whole.holder.settings),
            Err(DomainFault::NotRoutable | DomainFault::OneLabel)
        );
        let can_go = is_lost && stays_secondary && whole.primaries.len() == 1;
        return can_go.then_some((Suggestion::Remove, Applicability::Unsafe));
    };
    let name = match role {
        Role::Primary => "SMTP",
        Role::Secondary => "smtp",
    };
    let value = format!("{name}:{}", correction.address);
    let key = Proxy::read(&value).key();
    if key != proxy.key() && whole.keys.contains(&key) {
        // The corrected address is there already.
        return stays_secondary.then_some((Suggestion::Remove, Applicability::Unsafe));
    }
    let how = match correction.is_same && stays_secondary {
        true => Applicability::Safe,
        false => Applicability::Unsafe,
    };
    (value != proxy.raw).then_some((Suggestion::Replace(value), how))
}

fn suggest_other(
    proxy: &Proxy<'_>,
    is_further: bool,
    object: &Object<'_, '_>,
) -> Option<(Suggestion, Applicability)> {
    let name = match is_further {
        true => proxy.type_name.to_ascii_lowercase(),
        false => proxy.type_name.to_owned(),
    };
    let address = proxy.trimmed();
    let seen: Cow<'_, str> = match proxy.of {
        AddressType::Sip => address.chars().filter(|c| !text::is_invisible(*c)).collect(),
        _ => Cow::Borrowed(address),
    };
    let is_trimmed = seen == address && proxy.role == Role::Secondary;
    let value = format!("{name}:{seen}");
    if value != proxy.raw && text::utf16_len(&value) <= super::value::MAX_VALUE {
        let how = if is_trimmed { Applicability::Safe } else { Applicability::Unsafe };
        return Some((Suggestion::Replace(value), how));
    }
    let called = object.text(object.settings.principal_name())?;
    let value = format!("{name}:{}", called.trim());
    let differs = proxy.of == AddressType::Sip && is_other_name(proxy, object);
    (differs && holds(called.trim(), holder(object)))
        .then_some((Suggestion::Replace(value), Applicability::Unsafe))
}

/// Whether a primary SIP address is another than the user's name and mail address.
fn is_other_name(proxy: &Proxy<'_>, object: &Object<'_, '_>) -> bool {
    let is = |name: &str| name.trim().eq_ignore_ascii_case(proxy.trimmed());
    object.kind == ObjectKind::User
        && proxy.of == AddressType::Sip
        && proxy.role == Role::Primary
        && !object.text(object.settings.principal_name()).is_some_and(|name| is(&name))
        && !object.primary_smtp().is_some_and(|address| is(&address))
}

fn judge_sip(proxy: &Proxy<'_>, object: &Object<'_, '_>, verdict: &mut OnValue<'_>) {
    if is_other_name(proxy, object) {
        let attr = object.settings.principal_name();
        match object.text(attr) {
            Some(name) => verdict.breaks(&SIP, &|| format!("the {} is {name}", attr.name())),
            None => verdict.breaks_without(attr, &SIP, &|| format!("there is no {}", attr.name())),
        }
    }
}

fn judge_legacy_dn(object: &Object<'_, '_>, whole: &Whole<'_>, verdicts: &mut Verdicts) {
    if object.recipient_type() & REMOTE_MAILBOX == 0
        || object.subject.is_partial(Attr::ProxyAddresses)
    {
        return;
    }
    let Some(name) = object.text(Attr::LegacyExchangeDn) else { return };
    let value = format!("X500:{}", name.trim());
    if whole.keys.contains(&Proxy::read(&value).key()) {
        return;
    }
    let mut verdict = verdicts.on_absent(Attr::ProxyAddresses);
    verdict.breaks(&LEGACY_DN, &|| format!("{value} is missing"));
    verdict.suggest(|| Some(add(value.clone())));
}
