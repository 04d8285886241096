//! userPrincipalName: the name that a person signs in with.

use std::borrow::Cow;

use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Applicability, Attr, Suggestion};

use super::address::{self, DomainFault};
use super::everyday::Everyday;
use super::text::{self, is_invisible, shown};
use super::verdict::{Breaks, OnValue, Verdicts};
use super::{Family, Object, ObjectKind, Settings, principal_name_use};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "user-principal-name",
    rules: &[
        &BLANK,
        &AT,
        &SPACE,
        &NON_ASCII,
        &CHARACTER,
        &DOTS,
        &LENGTH,
        &DOMAIN,
        &NUMERIC_DOMAIN,
        &NOT_ROUTABLE,
        &UNVERIFIED,
        &RESERVED,
        &SHORT,
        &NOT_MAIL,
        &principal_name_use::NOT_OF_FOREST,
        &principal_name_use::NOT_ADDRESS,
        &principal_name_use::GUEST,
    ],
    check,
};

const ENTRA: &[&str] = &["entra", "entra-cloud-sync"];
const CLASSES: &[&str] = &["user", "inetOrgPerson"];
const UPN: &[&str] = &["userPrincipalName"];
const PREPARE: &str = "Microsoft: Prepare for directory synchronization to Microsoft 365";
const POLICIES: &str = "Microsoft: Password policies and account restrictions in Entra ID, \
                        userPrincipalName policies";
const POPULATION: &str = "Microsoft: Entra UserPrincipalName population";

/// UTF-16 units of the longest name, and of its two parts.
const MAX_LENGTH: usize = 113;
pub(super) const MAX_LOCAL: usize = 64;
pub(super) const MAX_DOMAIN: usize = 48;

/// No name to sign in with.
pub(super) static BLANK: Rule = Rule {
    name: RuleName("upn-blank"),
    label: "Blank",
    severity: Severity::Warning,
    summary: "A user has no userPrincipalName, or one of white space only.",
    reason: "Entra ID makes a name of sAMAccountName and the initial domain: the user signs in \
             with a name that nobody has told them.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: &["userPrincipalName", "mail", "sAMAccountName"],
    limit: "one value with more than white space",
    fix: "the mail address, where it can be a name; unsafe",
    sources: &[PREPARE],
    example: Example {
        wrong: &["sAMAccountName: ann\nmail: ann@contoso.com"],
        right: &["sAMAccountName: ann\nuserPrincipalName: ann@contoso.com"],
    },
};

/// Not one @.
pub(super) static AT: Rule = Rule {
    name: RuleName("upn-at"),
    label: "Format",
    severity: Severity::Error,
    summary: "A userPrincipalName does not consist of two parts with one @ between them.",
    reason: "The object is not synchronised (IdentityDataValidationFailed).",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "one @, neither first nor last",
    fix: "one @ where several stand side by side; unsafe",
    sources: &[PREPARE, POLICIES],
    example: Example {
        wrong: &["userPrincipalName: ann@@contoso.com"],
        right: &["userPrincipalName: ann@contoso.com"],
    },
};

/// White space and what nobody sees.
pub(super) static SPACE: Rule = Rule {
    name: RuleName("upn-space"),
    label: "Invisible",
    severity: Severity::Error,
    summary: "A userPrincipalName holds white space or a character that nobody sees.",
    reason: "Entra ID replaces the name by one in the initial domain: the user cannot sign in \
             with the name that they know.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "no white space, controls, zero-width or bidirectional marks, no soft hyphen",
    fix: "the name without them; unsafe",
    sources: &[PREPARE, POPULATION],
    example: Example {
        wrong: &["userPrincipalName: ann archer@contoso.com"],
        right: &["userPrincipalName: ann.archer@contoso.com"],
    },
};

/// Letters outside ASCII.
pub(super) static NON_ASCII: Rule = Rule {
    name: RuleName("upn-non-ascii"),
    label: "Character",
    severity: Severity::Error,
    summary: "A userPrincipalName holds letters with diacritics or of another script.",
    reason: "The object is not synchronised, or the letters become underscores.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "ASCII",
    fix: "the letters of ASCII that stand for them (--transliterate); unsafe",
    sources: &[PREPARE],
    example: Example {
        wrong: &["userPrincipalName:: asO8cmdlbkBjb250b3NvLmNvbQ=="],
        right: &["userPrincipalName: jurgen@contoso.com"],
    },
};

/// A character that is not allowed.
pub(super) static CHARACTER: Rule = Rule {
    name: RuleName("upn-character"),
    label: "Character",
    severity: Severity::Error,
    summary: "The part of a userPrincipalName before the @ holds a character that is not allowed.",
    reason: "The object is not synchronised (IdentityDataValidationFailed).",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "A-Z a-z 0-9 ' . - _ ! # ^ ~; the apostrophe is allowed",
    fix: "the name without the character; unsafe",
    sources: &[PREPARE, POLICIES],
    example: Example {
        wrong: &["userPrincipalName: ann&bob@contoso.com"],
        right: &["userPrincipalName: ann.o'neil@contoso.com"],
    },
};

/// Dots where a mail address has none.
pub(super) static DOTS: Rule = Rule {
    name: RuleName("upn-dots"),
    label: "LocalPart",
    severity: Severity::Error,
    summary: "The part of a userPrincipalName before the @ begins or ends with a dot, or has two \
              side by side.",
    reason: "A dot before the @ is refused; the others make a name that is no mail address.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "single dots between other characters (RFC 5322 dot-atom)",
    fix: "the name without these dots; unsafe",
    sources: &[PREPARE, POLICIES, "RFC 5322 section 3.2.3"],
    example: Example {
        wrong: &["userPrincipalName: ann.@contoso.com"],
        right: &["userPrincipalName: ann.b@contoso.com"],
    },
};

/// A name that is too long.
pub(super) static LENGTH: Rule = Rule {
    name: RuleName("upn-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "A userPrincipalName, or one of its parts, is longer than Entra ID takes.",
    reason: "The object is not synchronised (ExceededAllowedLength).",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "UTF-16 units: 113 in all, 64 before the @, 48 behind it",
    fix: "none: which name it should be, a person must decide",
    sources: &[PREPARE, POLICIES],
    example: Example {
        wrong: &["userPrincipalName: annabelle-victoria-archer-smythe-of-the-contoso-sales-dept-\
                  in-london@contoso.com"],
        right: &["userPrincipalName: annabelle.archer@contoso.com"],
    },
};

/// A suffix that is no domain name.
pub(super) static DOMAIN: Rule = Rule {
    name: RuleName("upn-domain"),
    label: "DomainPart",
    severity: Severity::Error,
    summary: "The suffix of a userPrincipalName is no domain name.",
    reason: "No such domain can be verified, and sign-in through a federation fails.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "labels of letters, digits and inner hyphens, up to 63 characters each, with single \
            dots between them",
    fix: "none: which domain it should be, a person must decide",
    sources: &[PREPARE, "RFC 1035 section 2.3.1"],
    example: Example {
        wrong: &["userPrincipalName: ann@con_toso.com"],
        right: &["userPrincipalName: ann@con-toso.com"],
    },
};

/// A suffix of digits.
pub(super) static NUMERIC_DOMAIN: Rule = Rule {
    name: RuleName("upn-numeric-domain"),
    label: "DomainPart",
    severity: Severity::Warning,
    summary: "The suffix of a userPrincipalName consists of digits only.",
    reason: "Windows does not log on names with such a suffix.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "a character other than digits and dots",
    fix: "none: which domain it should be, a person must decide",
    sources: &["Microsoft Support 887710"],
    example: Example {
        wrong: &["userPrincipalName: ann@123"],
        right: &["userPrincipalName: ann@123.com"],
    },
};

/// A suffix that nobody can verify.
pub(super) static NOT_ROUTABLE: Rule = Rule {
    name: RuleName("upn-not-routable"),
    label: "TopLevelDomain",
    severity: Severity::Warning,
    summary: "The suffix of a userPrincipalName is no domain of the Internet.",
    reason: "It cannot be verified: the user signs in with a name in the initial domain.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "two labels or more, the last one a top-level domain of IANA's list",
    fix: "the domain that --map-domain names for it; unsafe",
    sources: &[PREPARE, "IANA: root zone database"],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.local"],
        right: &["userPrincipalName: ann@contoso.cloud"],
    },
};

/// A suffix that the tenant does not have.
pub(super) static UNVERIFIED: Rule = Rule {
    name: RuleName("upn-unverified"),
    label: "Unverified",
    severity: Severity::Warning,
    summary: "The suffix of a userPrincipalName is not verified in the tenant.",
    reason: "The user signs in with a name in the initial domain.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "one of --verified-domain; nothing is found where none is named",
    fix: "the domain that --map-domain names for it; unsafe",
    sources: &[POPULATION],
    example: Example {
        wrong: &["userPrincipalName: ann@fabrikam.com"],
        right: &["userPrincipalName: ann@contoso.com"],
    },
};

/// A suffix that belongs to the cloud.
pub(super) static RESERVED: Rule = Rule {
    name: RuleName("upn-reserved"),
    label: "Reserved",
    severity: Severity::Warning,
    summary: "The suffix of a userPrincipalName belongs to Microsoft's cloud.",
    reason: "Names in these domains are made by the cloud, and can be taken there already.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "not at or below onmicrosoft.com or microsoftonline.com",
    fix: "none: which domain it should be, a person must decide",
    sources: &["Microsoft: How the proxyAddresses attribute is populated in Entra ID (KB3190357)"],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.onmicrosoft.com"],
        right: &["userPrincipalName: ann@contoso.com"],
    },
};

/// One character before the @.
pub(super) static SHORT: Rule = Rule {
    name: RuleName("upn-short"),
    label: "Length",
    severity: Severity::Info,
    summary: "The part of a userPrincipalName before the @ has one character.",
    reason: "A temporary password that the cloud makes can contain the name, and is refused then.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: UPN,
    limit: "two characters or more are recommended",
    fix: "none: which name it should be, a person must decide",
    sources: &["Microsoft: Entra Connect design concepts"],
    example: Example {
        wrong: &["userPrincipalName: a@contoso.com"],
        right: &["userPrincipalName: ann@contoso.com"],
    },
};

/// Another name than the mail address.
pub(super) static NOT_MAIL: Rule = Rule {
    name: RuleName("upn-not-mail"),
    label: "MailMatch",
    severity: Severity::Info,
    summary: "A userPrincipalName is not the user's mail address.",
    reason: "The user signs in with one name and receives mail by another, which few keep apart.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: &["userPrincipalName", "mail"],
    limit: "the same without regard to case",
    fix: "none: a name to sign in with is never changed for this",
    sources: &[PREPARE],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.com\nmail: ann.archer@contoso.com"],
        right: &["userPrincipalName: ann@contoso.com\nmail: Ann@contoso.com"],
    },
};

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.kind != ObjectKind::User {
        return;
    }
    let attr = object.settings.principal_name();
    if !object.has(attr) {
        let mut verdict = match object.values(attr).next() {
            Some((at, _)) => verdicts.on(attr, at),
            None => verdicts.on_absent(attr),
        };
        let is_absent = !object.subject.has(attr);
        verdict.breaks_without(attr, &BLANK, &String::new);
        verdict.suggest(|| {
            let mail = object.text(Attr::Mail).filter(|mail| holds(mail, object.settings))?;
            let mail = mail.into_owned();
            let name = if is_absent { Suggestion::Add(mail) } else { Suggestion::Replace(mail) };
            Some((name, Applicability::Unsafe))
        });
        return;
    }
    for (at, value) in object.values(attr) {
        let is_mail = || object.subject.first(Attr::Mail).is_none_or(|mail| mail == value);
        let is_alone = !principal_name_use::concerns(object);
        if !(is_alone && is_everyday(&value, object.settings) && is_mail()) {
            let name = text::of(Cow::Borrowed(&value));
            let mut verdict = verdicts.on(attr, at);
            judge(&name, object.settings, &mut |rule, detail| verdict.breaks(rule, detail));
            compare_with_mail(&name, object, &mut verdict);
            principal_name_use::judge(&name, object, &mut verdict);
            verdict.suggest(|| {
                let corrected = corrected(&name, object.settings)?;
                Some((Suggestion::Replace(corrected), Applicability::Unsafe))
            });
        }
        principal_name_use::judge_address(&value, object, verdicts);
    }
}

/// Whether a name certainly breaks no rule by itself.
pub(super) fn is_everyday(name: &[u8], settings: &Settings) -> bool {
    let Some(parts) = Everyday::of(name, settings) else { return false };
    let is_numeric = || parts.domain.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    parts.names_accounts
        && parts.local.len() > 1
        && parts.domain.len() <= MAX_DOMAIN
        && !parts.is_reserved
        && !is_numeric()
        && settings.is_verified(parts.domain)
}

fn compare_with_mail(name: &str, object: &Object<'_, '_>, verdict: &mut OnValue<'_>) {
    if let Some(mail) = object.text(Attr::Mail)
        && !mail.trim().is_empty()
        && !mail.trim().eq_ignore_ascii_case(name)
    {
        verdict.breaks(&NOT_MAIL, &|| format!("the mail address is {}", mail.trim()));
    }
}

/// Says which rules a name breaks, and in which way.
pub(super) fn judge(name: &str, settings: &Settings, breaks: &mut Breaks<'_>) {
    if let Some(c) = name.chars().find(|c| is_invisible(*c)) {
        breaks(&SPACE, &move || format!("it holds {}", shown(c)));
    }
    if let Some(c) = name.chars().find(|c| !c.is_ascii() && !is_invisible(*c)) {
        breaks(&NON_ASCII, &move || format!("it holds {}", shown(c)));
    }
    let ats = name.bytes().filter(|byte| *byte == b'@').count();
    let Some((local, domain)) =
        address::split(name).filter(|(local, domain)| !local.is_empty() && !domain.is_empty())
    else {
        let detail = if ats == 0 { "there is no @" } else { "a part is missing" };
        return breaks(&AT, &|| detail.to_owned());
    };
    if ats > 1 {
        breaks(&AT, &move || format!("there are {ats} @"));
    }
    judge_local(local, breaks);
    let (length, local_length, domain_length) =
        (text::utf16_len(name), text::utf16_len(local), text::utf16_len(domain));
    for (part, length, limit) in [
        ("it", length, MAX_LENGTH),
        ("the part before the @", local_length, MAX_LOCAL),
        ("the part behind the @", domain_length, MAX_DOMAIN),
    ] {
        if length > limit {
            let detail = move || format!("{part} has {length} characters, {limit} at most");
            breaks(&LENGTH, &detail);
        }
    }
    judge_domain(domain, settings, breaks);
}

fn judge_local(local: &str, breaks: &mut Breaks<'_>) {
    let strange = |c: &char| c.is_ascii() && *c != '@' && !is_invisible(*c) && !is_allowed(*c);
    if let Some(c) = local.chars().find(strange) {
        breaks(&CHARACTER, &move || format!("it holds {}", shown(c)));
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        breaks(&DOTS, &|| "a dot stands beside nothing".to_owned());
    }
    if local.len() == 1 {
        breaks(&SHORT, &String::new);
    }
}

fn judge_domain(domain: &str, settings: &Settings, breaks: &mut Breaks<'_>) {
    if domain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return breaks(&NUMERIC_DOMAIN, &|| "it is of digits".to_owned());
    }
    match address::check_domain(domain, settings) {
        Err(fault @ (DomainFault::NotRoutable | DomainFault::OneLabel)) => {
            return breaks(&NOT_ROUTABLE, &move || fault.to_string());
        }
        // What nobody sees, and letters outside ASCII, have rules of their own.
        Err(DomainFault::Character(c)) if is_invisible(c) || !c.is_ascii() => return,
        Err(fault) => return breaks(&DOMAIN, &move || fault.to_string()),
        Ok(()) => {}
    }
    if address::is_reserved(domain) {
        breaks(&RESERVED, &|| format!("{domain} is Microsoft's"));
    } else if !settings.is_verified(domain) {
        breaks(&UNVERIFIED, &|| format!("{domain} is none of the verified domains"));
    }
}

/// The characters that may stand before the @.
fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c)
}

/// The name as it would hold; `None` where no such name can be told.
fn corrected(name: &str, settings: &Settings) -> Option<String> {
    let seen: String = name.chars().filter(|c| !is_invisible(*c)).collect();
    let plain = text::transliterated(&seen, settings.transliteration)?;
    let (local, domain) = address::split(&plain)?;
    let mut kept = String::with_capacity(plain.len());
    for c in local.trim_end_matches('@').chars().filter(|c| is_allowed(*c)) {
        if c != '.' || !(kept.is_empty() || kept.ends_with('.')) {
            kept.push(c);
        }
    }
    // An @ within the local part is no part of the name: what it means, a person
    // must say.
    if local.trim_end_matches('@').contains('@') {
        return None;
    }
    let domain = settings.mapped(domain).map_or(Cow::Borrowed(domain), Cow::Borrowed);
    let corrected = format!("{}@{domain}", kept.trim_end_matches('.'));
    (corrected != name && holds(&corrected, settings)).then_some(corrected)
}

/// Whether a name breaks no rule that says more than that somebody should know.
fn holds(name: &str, settings: &Settings) -> bool {
    let mut holds = true;
    judge(name, settings, &mut |rule, _| holds &= rule.severity == Severity::Info);
    holds
}

/// Whether a name is refused, so that the cloud needs another one.
pub(super) fn is_refused(name: &str, settings: &Settings) -> bool {
    let mut refused = false;
    judge(name, settings, &mut |rule, _| refused |= rule.severity == Severity::Error);
    refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::catalogue::Transliteration;

    fn settings() -> Settings {
        Settings {
            verified_domains: vec!["contoso.com".to_owned(), "contoso.cloud".to_owned()],
            ..Settings::default()
        }
    }

    fn broken(name: &str) -> Vec<&'static str> {
        let mut broken = Vec::new();
        judge(name, &settings(), &mut |rule, _| broken.push(rule.name.0));
        broken
    }

    proptest::proptest! {
        #[test]
        fn the_quick_look_passes_no_name_that_breaks_a_rule(
            local in "[ab.'!_#^~$&+ä -]{0,5}|a{60,70}",
            domain in "contoso\\.(com|cloud|org|local)|1\\.2|[a_]{1,3}|x{40,50}\\.com|a\\.onmicrosoft\\.com",
            verified in proptest::prelude::any::<bool>(),
        ) {
            let name = format!("{local}@{domain}");
            let settings = if verified { settings() } else { Settings::default() };
            let is_quick = is_everyday(name.as_bytes(), &settings);
            let mut found = Vec::new();
            judge(&name, &settings, &mut |rule, _| found.push(rule.name.0));
            proptest::prop_assert!(!is_quick || found.is_empty(), "{name}: {found:?}");
        }
    }

    #[test]
    fn a_name_that_entra_takes_is_no_finding() {
        for name in [
            "ann@contoso.com",
            "Ann.O'Neil-Smith_1!#^~@contoso.com",
            "ann@contoso.cloud",
            &format!("{}@contoso.com", "a".repeat(64)),
        ] {
            assert_eq!(broken(name), Vec::<&str>::new(), "{name}");
        }
    }

    #[test]
    fn each_fault_of_a_name_is_found_and_no_other() {
        for (name, rules) in [
            ("ann", &["upn-at"][..]),
            ("@contoso.com", &["upn-at"]),
            ("ann@", &["upn-at"]),
            ("ann@x@contoso.com", &["upn-at"]),
            ("ann @contoso.com", &["upn-space"]),
            ("ann\u{200b}@contoso.com", &["upn-space"]),
            ("jürgen@contoso.com", &["upn-non-ascii"]),
            ("ann@contosö.com", &["upn-non-ascii"]),
            ("a$b@contoso.com", &["upn-character"]),
            ("a`b@contoso.com", &["upn-character"]),
            (".ann@contoso.com", &["upn-dots"]),
            ("a..b@contoso.com", &["upn-dots"]),
            ("a@contoso.com", &["upn-short"]),
            ("ann@contoso.local", &["upn-not-routable"]),
            ("ann@contoso", &["upn-not-routable"]),
            ("ann@con_toso.com", &["upn-domain"]),
            ("ann@12.34", &["upn-numeric-domain"]),
            ("ann@fabrikam.com", &["upn-unverified"]),
            ("ann@x.mail.onmicrosoft.com", &["upn-reserved"]),
        ] {
            assert_eq!(broken(name), rules, "{name}");
        }
    }

    #[test]
    fn the_length_counts_utf16_units_of_the_whole_and_of_the_parts() {
        let name = |local: usize, domain: usize| {
            format!("{}@{}.com", "a".repeat(local), "b".repeat(domain - 4))
        };
        let lengths = |name: &str| broken(name).iter().filter(|it| **it == "upn-length").count();
        assert_eq!(lengths(&name(64, 48)), 0);
        assert_eq!(lengths(&name(65, 47)), 1);
        assert_eq!(lengths(&name(64, 49)), 2);
        assert_eq!(lengths(&format!("{}@contoso.com", "😀".repeat(32))), 0);
        assert_eq!(lengths(&format!("{}@contoso.com", "😀".repeat(33))), 1);
    }

    #[test]
    fn a_suggestion_holds_or_is_none() {
        let settings = Settings {
            mapped_domains: vec![("contoso.local".to_owned(), "contoso.com".to_owned())],
            transliteration: Transliteration::German,
            ..Settings::default()
        };
        for (name, better) in [
            (" ann archer@contoso.com ", Some("annarcher@contoso.com")),
            ("jürgen@contoso.com", Some("juergen@contoso.com")),
            ("ann@@contoso.com", Some("ann@contoso.com")),
            (".a..b.@contoso.com", Some("a.b@contoso.com")),
            ("ann&@contoso.local", Some("ann@contoso.com")),
            ("ann@fabrikam.local", None),
            ("ann@x@contoso.com", None),
            ("юлия@contoso.com", None),
            ("@contoso.com", None),
            ("ann", None),
        ] {
            assert_eq!(corrected(name, &settings).as_deref(), better, "{name}");
        }
    }
}
