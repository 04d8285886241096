//! Schemus, the synchronisation tool of Email Security.cloud, and the directory
//! synchronisation clients of Forcepoint and Websense that are built like it.

use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Applicability, Attr, Suggestion};

use super::address::{self, AddressFault, DomainFault, split};
use super::identifiers::typed;
use super::uniqueness::Told;
use super::verdict::{OnValue, Verdicts};
use super::{Family, Object, ObjectKind, SCHEMUS, text};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "schemus",
    rules: &[&ADDRESS, &DOMAIN, &NOT_PRIMARY, &MAIL_USER, &GROUPS_ALONE, &SHARED],
    check,
};

/// How an address that two objects hold is told.
pub(super) const SHARED_ADDRESS: Told = Told { profile: SCHEMUS, rule: &SHARED };

const PROFILES: &[&str] = &["schemus"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "contact"];
const ADDRESSES: &[&str] = &["mail", "proxyAddresses"];
const FORCEPOINT: &str = "Forcepoint: Directory Synchronization Client administrator's guide";
const MAPPING: &str = "Bart Van Der Wee: Schemus and proxyAddresses (2015)";

/// What is no address.
static ADDRESS: Rule = Rule {
    name: RuleName("schemus-address"),
    label: "Format",
    severity: Severity::Error,
    summary: "A mail or an SMTP value of proxyAddresses is no address.",
    reason: "The service rejects the address: mail to it is not delivered.",
    profiles: PROFILES,
    classes: CLASSES,
    attributes: ADDRESSES,
    limit: "local-part@domain in ASCII, atoms with single dots between them, one @; names of hosts \
            that only the site knows are allowed",
    fix: "the same in ASCII and without what nobody sees, where that is an address; unsafe",
    sources: &[FORCEPOINT],
    example: Example {
        wrong: &["mail: ann archer@contoso.com"],
        right: &["mail: ann.archer@contoso.com\nproxyAddresses: X500:/o=Contoso/cn=ann archer"],
    },
};

/// A domain of somebody else.
static DOMAIN: Rule = Rule {
    name: RuleName("schemus-domain"),
    label: "Unverified",
    severity: Severity::Error,
    summary: "The domain of an address is not registered with the service.",
    reason: "The service rejects the address.",
    profiles: PROFILES,
    classes: &["user", "inetOrgPerson", "group"],
    attributes: ADDRESSES,
    limit: "one of --verified-domain; nothing is found where none is named",
    fix: "none: which domain it should be, a person must decide",
    sources: &["McAfee: Directory Synchronization Connector"],
    example: Example { wrong: &["mail: ann@fabrikam.com"], right: &["mail: ann@contoso.com"] },
};

/// Another primary address.
static NOT_PRIMARY: Rule = Rule {
    name: RuleName("schemus-not-primary"),
    label: "MailMatch",
    severity: Severity::Warning,
    summary: "mail is not the primary address in proxyAddresses.",
    reason: "The tool takes mail for the primary address, unless it was told to look at \
             proxyAddresses: the service has another primary address than Exchange.",
    profiles: PROFILES,
    classes: CLASSES,
    attributes: ADDRESSES,
    limit: "mail is the address behind SMTP:, without regard to case",
    fix: "the primary address; unsafe",
    sources: &[MAPPING],
    example: Example {
        wrong: &["mail: ann@contoso.com\nproxyAddresses: SMTP:a.archer@contoso.com"],
        right: &["mail: ann@contoso.com\nproxyAddresses: SMTP:Ann@contoso.com"],
    },
};

/// A user without a mailbox here.
static MAIL_USER: Rule = Rule {
    name: RuleName("schemus-mail-user"),
    label: "Scope",
    severity: Severity::Info,
    summary: "A mail user, whose mailbox is elsewhere, is synchronised too.",
    reason: "The tool's usual search finds mail users: the service counts and protects them.",
    profiles: PROFILES,
    classes: &["user", "inetOrgPerson"],
    attributes: &["msExchRecipientTypeDetails"],
    limit: "another msExchRecipientTypeDetails than 128",
    fix: "none: the filter (!(msExchRecipientTypeDetails=128)) leaves them out",
    sources: &[MAPPING],
    example: Example {
        wrong: &["mail: ann@contoso.com\nmsExchRecipientTypeDetails: 128"],
        right: &["mail: ann@contoso.com\nmsExchRecipientTypeDetails: 1"],
    },
};

/// Groups without users.
static GROUPS_ALONE: Rule = Rule {
    name: RuleName("schemus-groups-alone"),
    label: "Scope",
    severity: Severity::Error,
    summary: "A group is to be synchronised, and users are not.",
    reason: "The service refuses groups whose members it cannot know: it allows no synchronisation \
             of groups without one of users.",
    profiles: PROFILES,
    classes: &["group"],
    attributes: &["objectClass"],
    limit: "users among the kinds of --schemus-sync, where groups are; nothing is found without it",
    fix: "none: synchronise users too, or no groups",
    sources: &[FORCEPOINT],
    example: Example {
        wrong: &["objectClass: group\nmail: staff@contoso.com"],
        right: &["mail: ann@contoso.com"],
    },
};

/// Two objects have the same address.
static SHARED: Rule = Rule {
    name: RuleName("schemus-duplicate-address"),
    label: "Duplicate",
    severity: Severity::Error,
    summary: "Two users, groups or contacts have the same address.",
    reason: "An address is unique in the service: the second object is rejected, or loses it.",
    profiles: PROFILES,
    classes: CLASSES,
    attributes: ADDRESSES,
    limit: "one object over all exports that are checked together, without regard to case",
    fix: "none: which object keeps it, a person must decide",
    sources: &[FORCEPOINT],
    example: Example {
        wrong: &["mail: ann@contoso.com", "objectClass: contact\nmail: Ann@contoso.com"],
        right: &["mail: ann@contoso.com", "objectClass: contact\nmail: bob@contoso.com"],
    },
};

/// The recipient type of mail users.
const MAIL_USER_TYPE: u64 = 128;

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if !verdicts.looks_for(&ADDRESS) {
        return;
    }
    for (at, value) in object.values(Attr::Mail) {
        let mail = text::of(value);
        let mut verdict = verdicts.on(Attr::Mail, at);
        judge(&mail, object, &mut verdict);
        let is_primary = object.is_primary_smtp(mail.trim());
        let primary = if is_primary { None } else { object.primary_smtp() };
        if let Some(primary) = &primary {
            verdict.breaks(&NOT_PRIMARY, &|| format!("the primary address is {primary}"));
        }
        verdict.suggest(|| {
            let better = match primary {
                Some(primary) if address::check(&primary, object.settings).is_ok() => primary,
                _ => address::corrected(&mail, object.settings).filter(|it| *it != mail)?,
            };
            Some((Suggestion::Replace(better), Applicability::Unsafe))
        });
    }
    for (at, value) in object.values(Attr::ProxyAddresses) {
        let (kind, address) = typed(&value);
        if kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"smtp")) {
            let address = String::from_utf8_lossy(address);
            judge(&address, object, &mut verdicts.on(Attr::ProxyAddresses, at));
        }
    }
    if object.kind == ObjectKind::Group && !object.settings.services.schemus_takes(ObjectKind::User)
    {
        let detail = || "--schemus-sync names groups and no users".to_owned();
        verdicts.on_whole(Attr::ObjectClass).breaks(&GROUPS_ALONE, &detail);
    }
    if object.kind == ObjectKind::User && object.recipient_type() == MAIL_USER_TYPE {
        verdicts.on(Attr::MsExchRecipientTypeDetails, 0).breaks(&MAIL_USER, &String::new);
    }
}

fn judge(address: &str, object: &Object<'_, '_>, verdict: &mut OnValue<'_>) {
    match address::check(address, object.settings) {
        Ok(()) | Err(AddressFault::Domain(DomainFault::NotRoutable)) => {}
        Err(fault) => return verdict.breaks(&ADDRESS, &|| fault.to_string()),
    }
    let domain = split(address).map_or("", |(_, domain)| domain);
    if object.kind != ObjectKind::Contact && !object.settings.is_verified(domain) {
        verdict.breaks(&DOMAIN, &|| format!("{domain} is none of the verified domains"));
    }
}
