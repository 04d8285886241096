//! mail: the address that people see.

use std::borrow::Cow;

use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Applicability, Attr, Suggestion};

use super::address::{self, AddressFault};
use super::everyday::Everyday;
use super::verdict::{OnValue, Verdicts};
use super::{Family, Object, ObjectKind, text};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "mail",
    rules: &[
        &BLANK,
        &FORMAT,
        &NON_ASCII,
        &LENGTH,
        &SEVERAL,
        &NOT_PRIMARY,
        &UNVERIFIED,
        &WITHOUT_PROXY,
    ],
    check,
};

const ENTRA: &[&str] = &["entra", "entra-cloud-sync", "exchange-online"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "contact"];
const MAIL: &[&str] = &["mail"];
const PREPARE: &str = "Microsoft: Prepare for directory synchronization to Microsoft 365";
const POPULATION: &str =
    "Microsoft: How the proxyAddresses attribute is populated in Entra ID (KB3190357)";

/// White space only.
pub(super) static BLANK: Rule = Rule {
    name: RuleName("mail-blank"),
    label: "Blank",
    severity: Severity::Warning,
    summary: "A mail attribute has a value of white space only.",
    reason: "It is synchronised as an address that is none.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: MAIL,
    limit: "no value, or one with more than white space",
    fix: "the value is removed; safe",
    sources: &["github.com/MicrosoftLearning/MS-100T00 issue 21"],
    example: Example { wrong: &["mail:: IA=="], right: &["mail: ann@contoso.com"] },
};

/// No address.
pub(super) static FORMAT: Rule = Rule {
    name: RuleName("mail-format"),
    label: "Format",
    severity: Severity::Error,
    summary: "A mail attribute holds no address that mail can be sent to.",
    reason: "A contact is not synchronised with it, a user gets another address, and mail to it is \
             not delivered.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: MAIL,
    limit: "local-part@domain: atoms with single dots between them, one @, a domain of two labels \
            or more that ends in a public top-level domain; the apostrophe is allowed",
    fix: "the address without white space, invisible characters, mailto: and stray dots; safe \
          where only white space at the ends goes, unsafe otherwise",
    sources: &[PREPARE, "RFC 5321 section 4.1.2", "RFC 5322 section 3.4.1"],
    example: Example {
        wrong: &["mail: ann archer@contoso.com"],
        right: &["mail: ann.o'neil@contoso.com"],
    },
};

/// Letters outside ASCII.
pub(super) static NON_ASCII: Rule = Rule {
    name: RuleName("mail-non-ascii"),
    label: "Character",
    severity: Severity::Error,
    summary: "A mail attribute holds letters with diacritics or of another script.",
    reason: "Entra ID takes no such letters in an address.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: MAIL,
    limit: "ASCII; an internationalised domain as xn-- labels",
    fix: "the letters of ASCII that stand for them (--transliterate); unsafe",
    sources: &["Microsoft Graph: user resource type, mail", "RFC 5890"],
    example: Example {
        wrong: &["mail:: asO8cmdlbkBjb250b3NvLmNvbQ=="],
        right: &["mail: jurgen@contoso.com"],
    },
};

/// Too long.
pub(super) static LENGTH: Rule = Rule {
    name: RuleName("mail-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "A mail attribute holds an address that is longer than mail can carry.",
    reason: "No server accepts mail to it.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: MAIL,
    limit: "bytes: 254 in all, 64 before the @, 255 behind it, 63 a label",
    fix: "none: which address it should be, a person must decide",
    sources: &["RFC 5321 section 4.5.3.1", "RFC 1035 section 2.3.4"],
    example: Example {
        wrong: &[
            "mail: annabelle-victoria-archer-smythe-of-the-contoso-sales-department-in-london\
                  @contoso.com",
        ],
        right: &["mail: annabelle.archer@contoso.com"],
    },
};

/// More than one value.
pub(super) static SEVERAL: Rule = Rule {
    name: RuleName("mail-several"),
    label: "Schema",
    severity: Severity::Error,
    summary: "An entry has more than one mail value.",
    reason: "The attribute has one value in Active Directory: an import is refused, and a \
             synchronisation takes any of them.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: MAIL,
    limit: "one value",
    fix: "none: which one stays, a person must decide",
    sources: &["Active Directory schema: mail, isSingleValued TRUE"],
    example: Example {
        wrong: &["mail: ann@contoso.com\nmail: ann.archer@contoso.com"],
        right: &["mail: ann@contoso.com"],
    },
};

/// Another address than the primary one.
pub(super) static NOT_PRIMARY: Rule = Rule {
    name: RuleName("mail-not-primary"),
    label: "MailMatch",
    severity: Severity::Warning,
    summary: "The mail attribute is not the primary address of proxyAddresses.",
    reason: "The cloud takes the primary address and drops mail: people see another address than \
             before.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: &["mail", "proxyAddresses"],
    limit: "the same without regard to case",
    fix: "the primary address; unsafe",
    sources: &["Microsoft Support 2643629"],
    example: Example {
        wrong: &["mail: ann@contoso.com\nproxyAddresses: SMTP:ann.archer@contoso.com"],
        right: &["mail: ann@contoso.com\nproxyAddresses: SMTP:Ann@contoso.com"],
    },
};

/// A domain that the tenant does not have.
pub(super) static UNVERIFIED: Rule = Rule {
    name: RuleName("mail-unverified"),
    label: "Unverified",
    severity: Severity::Warning,
    summary: "The domain of a mail attribute is not verified in the tenant.",
    reason: "The cloud drops the address of a user with a mailbox.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "group"],
    attributes: MAIL,
    limit: "one of --verified-domain; nothing is found where none is named",
    fix: "none: which domain it should be, a person must decide",
    sources: &[POPULATION],
    example: Example { wrong: &["mail: ann@fabrikam.com"], right: &["mail: ann@contoso.com"] },
};

/// No proxyAddresses beside it.
pub(super) static WITHOUT_PROXY: Rule = Rule {
    name: RuleName("mail-without-proxy"),
    label: "Primary",
    severity: Severity::Info,
    summary: "An entry has mail and no proxyAddresses.",
    reason: "The cloud makes the mail address the primary one.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "contact"],
    attributes: &["mail", "proxyAddresses"],
    limit: "proxyAddresses that name the address as SMTP:",
    fix: "none: the cloud does it",
    sources: &[POPULATION, "Microsoft Support 2643629"],
    example: Example {
        wrong: &["mail: ann@contoso.com"],
        right: &["mail: ann@contoso.com\nproxyAddresses: SMTP:ann@contoso.com"],
    },
};

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let several = object.subject.lines(Attr::Mail).len() > 1;
    for (at, value) in object.values(Attr::Mail) {
        if !several && is_everyday(&value, object) {
            continue;
        }
        let mail = text::of(value);
        let mut verdict = verdicts.on(Attr::Mail, at);
        if several {
            verdict.breaks(&SEVERAL, &String::new);
        }
        if mail.chars().all(text::is_invisible) {
            verdict.breaks(&BLANK, &String::new);
            verdict.suggest(|| (!several).then_some((Suggestion::Remove, Applicability::Safe)));
            continue;
        }
        let sound = address::check(&mail, object.settings);
        if let Err(fault) = sound {
            verdict.breaks(rule_of(fault), &|| fault.to_string());
        }
        // Of several primary addresses, mail says which one is meant.
        let is_primary = object.is_primary_smtp(mail.trim());
        let primary = if is_primary { None } else { object.primary_smtp() };
        if sound.is_ok() {
            judge_in_context(&mail, primary.as_deref(), object, &mut verdict);
        }
        verdict.suggest(|| {
            let better = match (sound, several) {
                (_, true) => None,
                (Ok(()), false) => primary
                    .filter(|primary| address::check(primary, object.settings).is_ok())?
                    .into(),
                (Err(_), false) => address::corrected(&mail, object.settings),
            }?;
            let trims = better == mail.trim();
            let how = if trims { Applicability::Safe } else { Applicability::Unsafe };
            Some((Suggestion::Replace(better), how))
        });
    }
}

/// Whether there is certainly nothing to say about the only value.
fn is_everyday(mail: &[u8], object: &Object<'_, '_>) -> bool {
    let Some(Everyday { domain, .. }) = Everyday::of(mail, object.settings) else { return false };
    let is_primary = |value: Cow<'_, [u8]>| value.strip_prefix(b"SMTP:") == Some(mail);
    object.values(Attr::ProxyAddresses).any(|(_, value)| is_primary(value))
        && (object.kind == ObjectKind::Contact || object.settings.is_verified(domain))
}

fn rule_of(fault: AddressFault) -> &'static Rule {
    match fault {
        AddressFault::NonAscii(_) => &NON_ASCII,
        AddressFault::TooLong(_) => &LENGTH,
        _ => &FORMAT,
    }
}

fn judge_in_context(
    mail: &str,
    primary: Option<&str>,
    object: &Object<'_, '_>,
    verdict: &mut OnValue<'_>,
) {
    if let Some(primary) = primary {
        verdict.breaks(&NOT_PRIMARY, &|| format!("the primary address is {primary}"));
    }
    let domain = address::split(mail).map_or("", |(_, domain)| domain);
    if object.kind != ObjectKind::Contact && !object.settings.is_verified(domain) {
        verdict.breaks(&UNVERIFIED, &|| format!("{domain} is none of the verified domains"));
    }
    if object.kind != ObjectKind::Group && !object.subject.has(Attr::ProxyAddresses) {
        verdict.breaks_without(Attr::ProxyAddresses, &WITHOUT_PROXY, &String::new);
    }
}
