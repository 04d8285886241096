//! targetAddress: the address outside to which mail for a recipient goes.

use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Applicability, Attr, Suggestion};

use super::address::{self, AddressFault, DomainFault};
use super::proxy_addresses::{AddressType, MAX_VALUE, Proxy, bare};
use super::text::{self, is_invisible, shown};
use super::verdict::{Breaks, Verdicts};
use super::{Family, Object, ObjectKind, Settings};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "target-address",
    rules: &[
        &TYPE_MISSING,
        &FORMAT,
        &CHARACTER,
        &LENGTH,
        &WITH_MAILBOX,
        &MISSING_REMOTE,
        &MISSING_CONTACT,
    ],
    check,
};

const ENTRA: &[&str] = &["entra", "entra-cloud-sync", "exchange-online"];
const HYGIENE: &[&str] = &["hygiene"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "contact"];
const TARGET: &[&str] = &["targetAddress"];
const PREPARE: &str = "Microsoft: Prepare for directory synchronization to Microsoft 365";
const ENGINEERING: &str = "experience; no document of a vendor says so";

/// Characters that no SMTP address here holds, beside white space.
const DENIED: &str = "\\<>();,[]\"";
/// Recipient type of a mailbox in the cloud.
const REMOTE_MAILBOX: u64 = 0x8000_0000;

/// No type before the address.
pub(super) static TYPE_MISSING: Rule = Rule {
    name: RuleName("target-type-missing"),
    label: "Prefix",
    severity: Severity::Error,
    summary: "A targetAddress does not begin with the type of the address.",
    reason: "The object is not synchronised, or mail for it goes nowhere.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: TARGET,
    limit: "SMTP: before an address; other types stay as they are",
    fix: "SMTP: before it where it is an address; safe",
    sources: &[PREPARE],
    example: Example {
        wrong: &["targetAddress: ann@fabrikam.com"],
        right: &["targetAddress: SMTP:ann@fabrikam.com"],
    },
};

/// No address.
pub(super) static FORMAT: Rule = Rule {
    name: RuleName("target-format"),
    label: "Format",
    severity: Severity::Error,
    summary: "A targetAddress holds no address that mail can be sent to.",
    reason: "The object is not synchronised, or mail for it goes nowhere.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: TARGET,
    limit: "of SMTP addresses: atoms of RFC 5322 in ASCII with single dots between them, one @, a \
            domain name; it need not be one of the Internet",
    fix: "the address without stray dots, with letters of ASCII; unsafe",
    sources: &[PREPARE, "RFC 5322 section 3.4.1"],
    example: Example {
        wrong: &["targetAddress: SMTP:ann.@fabrikam.com"],
        right: &["targetAddress: SMTP:ann.o'neil@fabrikam.local"],
    },
};

/// A character that is not allowed.
pub(super) static CHARACTER: Rule = Rule {
    name: RuleName("target-character"),
    label: "Character",
    severity: Severity::Error,
    summary: "A targetAddress holds white space or a character that is not allowed.",
    reason: "The object is not synchronised.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: TARGET,
    limit: "none of \\ < > ( ) ; , [ ] \" and no white space in SMTP addresses; X400 and other \
            types keep theirs",
    fix: "the address without it; safe where only the ends are trimmed, unsafe otherwise",
    sources: &[PREPARE],
    example: Example {
        wrong: &["targetAddress: SMTP:ann archer@fabrikam.com"],
        right: &["targetAddress: X400:c=US;a= ;p=Fabrikam;o=Exchange;s=Archer;g=Ann;"],
    },
};

/// Too long.
pub(super) static LENGTH: Rule = Rule {
    name: RuleName("target-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "A targetAddress is too long.",
    reason: "The object is not synchronised (ExceededAllowedLength).",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: TARGET,
    limit: "256 UTF-16 units; of an SMTP address, in bytes: 254, and 64 before the @",
    fix: "none: which address it should be, a person must decide",
    sources: &[PREPARE, "RFC 5321 section 4.5.3.1"],
    example: Example {
        wrong: &[
            "targetAddress: SMTP:annabelle-victoria-archer-smythe-of-the-contoso-sales-dept-in-\
                  london@fabrikam.com",
        ],
        right: &["targetAddress: SMTP:annabelle.archer@fabrikam.com"],
    },
};

/// A mailbox beside it.
pub(super) static WITH_MAILBOX: Rule = Rule {
    name: RuleName("target-with-mailbox"),
    label: "Hygiene",
    severity: Severity::Warning,
    summary: "A user has a mailbox (homeMDB) and a targetAddress.",
    reason: "Mail goes to the other address and not into the mailbox.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson"],
    attributes: &["targetAddress", "homeMDB"],
    limit: "one of the two",
    fix: "none: which one is meant, a person must decide",
    sources: &["github.com/microsoft/idfix issue 39"],
    example: Example {
        wrong: &["homeMDB: CN=DB1,DC=contoso,DC=com\ntargetAddress: SMTP:ann@fabrikam.com"],
        right: &["targetAddress: SMTP:ann@fabrikam.com"],
    },
};

/// A mailbox in the cloud without the address there.
pub(super) static MISSING_REMOTE: Rule = Rule {
    name: RuleName("target-missing-remote"),
    label: "Blank",
    severity: Severity::Warning,
    summary: "A user whose mailbox is in the cloud has no targetAddress.",
    reason: "Exchange here does not know where to send mail for the user.",
    profiles: HYGIENE,
    classes: &["user", "inetOrgPerson"],
    attributes: &["targetAddress", "msExchRecipientTypeDetails", "mailNickname", "proxyAddresses"],
    limit: "an address where msExchRecipientTypeDetails is 2147483648",
    fix: "the alias at TENANT.mail.onmicrosoft.com, where --initial-domain is said; unsafe",
    sources: &[ENGINEERING],
    example: Example {
        wrong: &["msExchRecipientTypeDetails: 2147483648"],
        right: &["msExchRecipientTypeDetails: 2147483648\n\
                  targetAddress: SMTP:ann@contoso.mail.onmicrosoft.com"],
    },
};

/// A contact without the address outside.
pub(super) static MISSING_CONTACT: Rule = Rule {
    name: RuleName("target-missing-contact"),
    label: "Blank",
    severity: Severity::Warning,
    summary: "A contact with a mail address has no targetAddress.",
    reason: "Exchange does not know where to send mail for the contact.",
    profiles: HYGIENE,
    classes: &["contact"],
    attributes: &["targetAddress", "mail"],
    limit: "an address where the contact has mail",
    fix: "SMTP: and the mail address; unsafe",
    sources: &[ENGINEERING],
    example: Example {
        wrong: &["objectClass: contact\nmail: ann@fabrikam.com"],
        right: &[
            "objectClass: contact\nmail: ann@fabrikam.com\ntargetAddress: SMTP:ann@fabrikam.com",
        ],
    },
};

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.subject.lines(Attr::TargetAddress).is_empty() {
        return check_absent(object, verdicts);
    }
    let has_mailbox = object.kind == ObjectKind::User && object.subject.has(Attr::HomeMdb);
    for (at, value) in object.values(Attr::TargetAddress) {
        let value = text::of(value);
        let mut verdict = verdicts.on(Attr::TargetAddress, at);
        judge(&value, object.settings, &mut |rule, detail| verdict.breaks(rule, detail));
        if has_mailbox {
            verdict.breaks(&WITH_MAILBOX, &String::new);
        }
        verdict.suggest(|| {
            let better = corrected(&value, object.settings).filter(|_| !has_mailbox)?;
            Some((Suggestion::Replace(better.value), better.how))
        });
    }
}

fn check_absent(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if !verdicts.looks_for(&MISSING_REMOTE) || object.subject.is_partial(Attr::TargetAddress) {
        return;
    }
    let is_remote = object.recipient_type() == REMOTE_MAILBOX;
    let (rule, address) = match object.kind {
        ObjectKind::User if is_remote => (&MISSING_REMOTE, remote_address(object)),
        ObjectKind::Contact if object.has(Attr::Mail) => {
            (&MISSING_CONTACT, object.text(Attr::Mail).map(|mail| mail.trim().to_owned()))
        }
        _ => return,
    };
    let mut verdict = verdicts.on_absent(Attr::TargetAddress);
    verdict.breaks_without(Attr::TargetAddress, rule, &String::new);
    verdict.suggest(|| {
        let value = format!("SMTP:{}", address?);
        holds(&value, object.settings).then_some((Suggestion::Add(value), Applicability::Unsafe))
    });
}

/// The address of a mailbox in the cloud.
fn remote_address(object: &Object<'_, '_>) -> Option<String> {
    let alias = object.text(Attr::MailNickname)?;
    let tenant = object.settings.initial_domain.as_deref()?.strip_suffix(".onmicrosoft.com")?;
    Some(format!("{}@{tenant}.mail.onmicrosoft.com", alias.trim()))
}

/// Says which rules a value breaks, and in which way.
fn judge(value: &str, settings: &Settings, breaks: &mut Breaks<'_>) {
    let length = text::utf16_len(value);
    if length > MAX_VALUE {
        breaks(&LENGTH, &|| format!("it has {length} characters, {MAX_VALUE} at most"));
    }
    let target = Proxy::read(value);
    match target.of {
        AddressType::None => breaks(&TYPE_MISSING, &|| "no type stands before it".to_owned()),
        AddressType::Smtp => judge_smtp(value, target.address, settings, breaks),
        _ => {}
    }
}

fn judge_smtp(value: &str, address: &str, settings: &Settings, breaks: &mut Breaks<'_>) {
    let is_denied = |c: char| is_invisible(c) || DENIED.contains(c);
    if let Some(c) = value.chars().find(|c| is_denied(*c)) {
        breaks(&CHARACTER, &|| format!("it holds {}", shown(c)));
    }
    match address::check(address.trim_matches(is_invisible), settings) {
        Ok(()) => {}
        // Mail can go to a domain that only this site knows.
        Err(AddressFault::Domain(DomainFault::NotRoutable | DomainFault::OneLabel)) => {}
        // What has a rule of its own is not told twice.
        Err(AddressFault::Invisible(_)) => {}
        Err(AddressFault::Character(c) | AddressFault::Domain(DomainFault::Character(c)))
            if is_denied(c) => {}
        Err(fault @ AddressFault::TooLong(_)) => breaks(&LENGTH, &|| fault.to_string()),
        Err(fault) => breaks(&FORMAT, &|| fault.to_string()),
    }
}

/// A value as it would hold.
struct Better {
    value: String,
    how: Applicability,
}

/// The value as it would hold; `None` where no such value can be told.
fn corrected(value: &str, settings: &Settings) -> Option<Better> {
    let target = Proxy::read(value);
    if !matches!(target.of, AddressType::None | AddressType::Smtp) {
        return None;
    }
    let trimmed = target.trimmed();
    let name = if target.type_name.is_empty() { "SMTP" } else { target.type_name };
    let as_it_is = format!("{name}:{trimmed}");
    if as_it_is != value && trimmed.contains('@') && holds(&as_it_is, settings) {
        return Some(Better { value: as_it_is, how: Applicability::Safe });
    }
    let mut plain = bare(trimmed);
    plain.retain(|c| !DENIED.contains(c));
    let value = format!("{name}:{}", address::corrected(&plain, settings)?);
    holds(&value, settings).then_some(Better { value, how: Applicability::Unsafe })
}

/// Whether a value breaks no rule.
fn holds(value: &str, settings: &Settings) -> bool {
    let mut holds = true;
    judge(value, settings, &mut |_, _| holds = false);
    holds
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ldif::Line;
    use crate::rules::Subject;
    use crate::rules::catalogue::Catalogue;
    use crate::rules::idfix::Alone;
    use crate::rules::idfix::Location;

    fn broken(value: &str) -> Vec<&'static str> {
        let mut broken = Vec::new();
        judge(value, &Settings::default(), &mut |rule, _| broken.push(rule.name.0));
        broken
    }

    #[test]
    fn addresses_that_mail_can_be_sent_to_are_no_finding() {
        for value in [
            "SMTP:ann@fabrikam.com",
            "smtp:ann.o'neil@fabrikam.com",
            "SMTP:ann@contoso.mail.onmicrosoft.com",
            "SMTP:ann@fabrikam.local",
            "SMTP:ann@server",
            "X400:c=US;a= ;p=Fabrikam;o=Exchange (old);s=Archer;g=Ann;",
            "NOTES:Ann Archer/Fabrikam",
        ] {
            assert_eq!(broken(value), Vec::<&str>::new(), "{value}");
        }
    }

    #[test]
    fn each_fault_of_a_target_is_found_and_no_other() {
        for (value, rules) in [
            ("ann@fabrikam.com", &["target-type-missing"][..]),
            ("", &["target-type-missing"]),
            ("SMTP:ann b@fabrikam.com", &["target-character"]),
            (" SMTP:ann@fabrikam.com", &["target-character"]),
            ("SMTP:a\\b@fabrikam.com", &["target-character"]),
            ("SMTP:ann@[10.0.0.1]", &["target-character"]),
            ("SMTP:ann", &["target-format"]),
            ("SMTP:", &["target-format"]),
            ("SMTP:ann.@fabrikam.com", &["target-format"]),
            ("SMTP:a:b@fabrikam.com", &["target-format"]),
            ("SMTP:jürgen@fabrikam.com", &["target-format"]),
            ("SMTP:ann@fabri_kam.com", &["target-format"]),
            (&format!("SMTP:{}@fabrikam.com", "a".repeat(65)), &["target-length"]),
            (&format!("X400:{}", "a".repeat(252)), &["target-length"]),
        ] {
            assert_eq!(broken(value), rules, "{value}");
        }
    }

    #[test]
    fn a_suggestion_holds_or_is_none() {
        use Applicability::{Safe, Unsafe};
        for (value, better) in [
            ("ann@fabrikam.com", Some(("SMTP:ann@fabrikam.com", Safe))),
            (" smtp: ann@fabrikam.local ", Some(("smtp:ann@fabrikam.local", Safe))),
            ("mailto:ann@fabrikam.com", Some(("SMTP:ann@fabrikam.com", Unsafe))),
            ("SMTP:a(n)n b@fabrikam.com", Some(("SMTP:annb@fabrikam.com", Unsafe))),
            ("SMTP:Ann <ann@fabrikam.com>", Some(("SMTP:ann@fabrikam.com", Unsafe))),
            ("SMTP:ann.@fabrikam.com", Some(("SMTP:ann@fabrikam.com", Unsafe))),
            ("SMTP:ann@müller.de", Some(("SMTP:ann@xn--mller-kva.de", Unsafe))),
            ("SMTP:ann", None),
            ("/o=Contoso/cn=ann", None),
        ] {
            let corrected = corrected(value, &Settings::default()).map(|it| (it.value, it.how));
            let corrected = corrected.as_ref().map(|(value, how)| (value.as_str(), *how));
            assert_eq!(corrected, better, "{value}");
        }
    }

    fn found(profile: &'static str, lines: &[(Attr, &str)]) -> Vec<(&'static str, Suggestion)> {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        for (attr, value) in lines {
            subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        let settings = Settings {
            initial_domain: Some("contoso.onmicrosoft.com".to_owned()),
            ..Settings::default()
        };
        let catalogue = Catalogue { profile, settings: Arc::new(settings), timings: None };
        let place = Location { file: "", first_line: 1, dn_line: 0 };
        let findings = catalogue.findings(&subject, &Alone, place);
        let of_target = findings.into_iter().filter(|it| it.attribute == "targetAddress");
        of_target.map(|it| (it.rules[0].0, it.suggestion)).collect()
    }

    #[test]
    fn a_mailbox_beside_a_target_is_for_a_person_to_decide() {
        let user = (Attr::ObjectClass, "user");
        let (mailbox, target) =
            ((Attr::HomeMdb, "CN=DB1"), (Attr::TargetAddress, "SMTP:ann@fabrikam.com"));
        let expected = [("target-with-mailbox", Suggestion::None)];
        assert_eq!(found("entra", &[user, mailbox, target]), expected);
        assert_eq!(found("entra", &[user, target]), []);
        assert_eq!(found("entra", &[user, mailbox]), []);
    }

    #[test]
    fn a_missing_target_is_a_matter_of_hygiene() {
        let add = |value: &str| Suggestion::Add(value.to_owned());
        let remote = [
            (Attr::ObjectClass, "user"),
            (Attr::MsExchRecipientTypeDetails, "2147483648"),
            (Attr::MailNickname, "ann"),
        ];
        let contact = [(Attr::ObjectClass, "contact"), (Attr::Mail, "ann@fabrikam.com")];
        assert_eq!(
            found("hygiene", &remote),
            [("target-missing-remote", add("SMTP:ann@contoso.mail.onmicrosoft.com"))]
        );
        assert_eq!(
            found("hygiene", &contact),
            [("target-missing-contact", add("SMTP:ann@fabrikam.com"))]
        );
        assert_eq!(found("entra", &remote), []);
        assert_eq!(found("entra", &contact), []);
        assert_eq!(found("hygiene", &contact[..1]), []);
    }
}
