//! mailNickname: the alias, from which the cloud makes addresses.

use std::borrow::Cow;

use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Applicability, Attr, Suggestion};

use super::address::{self, is_atext_or_dot};
use super::cloud_object::predicted_without;
use super::text::{self, is_invisible, shown};
use super::verdict::{Breaks, Verdicts};
use super::{Family, Object, ObjectKind, Settings};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "mail-nickname",
    rules: &[
        &DOTS,
        &CHARACTER,
        &AMPERSAND,
        &AT,
        &SPACE,
        &NON_ASCII,
        &LENGTH,
        &GROUP,
        &MISSING_WITH_MAILBOX,
        &MISSING,
    ],
    check,
};

const ENTRA: &[&str] = &["entra", "entra-cloud-sync", "exchange-online"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "contact"];
const ALIAS: &[&str] = &["mailNickname"];
const PREPARE: &str = "Microsoft: Prepare for directory synchronization to Microsoft 365";
const SET_MAILBOX: &str = "Microsoft: Set-Mailbox, Alias";
const DEFAULTS: &str = "Microsoft: Entra Connect: understanding the default configuration";

/// UTF-16 units of the longest alias.
const MAX_LENGTH: usize = 64;
/// Characters that no alias of a group of Microsoft 365 holds.
const DENIED_TO_GROUPS: &str = "@()\\[]\";:<>,";

/// Dots beside nothing.
pub(super) static DOTS: Rule = Rule {
    name: RuleName("alias-dots"),
    label: "Format",
    severity: Severity::Error,
    summary: "A mailNickname begins or ends with a dot, or has two side by side.",
    reason: "The object is not synchronised, or the addresses that are made of the alias are none.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: ALIAS,
    limit: "single dots between other characters",
    fix: "the alias without these dots; unsafe",
    sources: &[PREPARE, SET_MAILBOX],
    example: Example { wrong: &["mailNickname: .ann"], right: &["mailNickname: ann.archer"] },
};

/// A character that becomes an underscore.
pub(super) static CHARACTER: Rule = Rule {
    name: RuleName("alias-character"),
    label: "Character",
    severity: Severity::Warning,
    summary: "A mailNickname holds a character that the cloud replaces by an underscore.",
    reason: "The alias in the cloud, and the addresses made of it, are others than those here.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: ALIAS,
    limit: "A-Z a-z 0-9 ! # $ % & ' * + - / = ? ^ _ ` { | } ~ and dots; @, & and white space have \
            rules of their own",
    fix: "the alias with underscores, as the cloud has it; unsafe",
    sources: &[PREPARE, SET_MAILBOX, "github.com/MicrosoftDocs/OfficeDocs-Enterprise issue 593"],
    example: Example {
        wrong: &["mailNickname: ann(sales)"],
        right: &["mailNickname: ann.o'neil_sales"],
    },
};

/// An ampersand.
pub(super) static AMPERSAND: Rule = Rule {
    name: RuleName("alias-ampersand"),
    label: "Character",
    severity: Severity::Warning,
    summary: "A mailNickname holds &.",
    reason: "Exchange Online takes it; synchronisation with Entra Connect does not support it.",
    // Only Entra Connect is said not to take it.
    profiles: &["entra"],
    classes: CLASSES,
    attributes: ALIAS,
    limit: "no &",
    fix: "the alias without it; unsafe",
    sources: &[SET_MAILBOX],
    example: Example { wrong: &["mailNickname: r&d"], right: &["mailNickname: rd"] },
};

/// An address instead of an alias.
pub(super) static AT: Rule = Rule {
    name: RuleName("alias-at"),
    label: "Character",
    severity: Severity::Warning,
    summary: "A mailNickname holds @.",
    reason: "An alias is no address: the cloud replaces the @ by an underscore.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: ALIAS,
    limit: "no @",
    fix: "what is before the @; unsafe",
    sources: &[SET_MAILBOX],
    example: Example { wrong: &["mailNickname: ann@contoso.com"], right: &["mailNickname: ann"] },
};

/// White space and what nobody sees.
pub(super) static SPACE: Rule = Rule {
    name: RuleName("alias-space"),
    label: "Invisible",
    severity: Severity::Error,
    summary: "A mailNickname holds white space or a character that nobody sees.",
    reason: "The alias is refused, or another one is made of it.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: ALIAS,
    limit: "no white space, controls, zero-width or bidirectional marks, no soft hyphen",
    fix: "the alias without them; unsafe",
    sources: &[SET_MAILBOX],
    example: Example { wrong: &["mailNickname: ann archer"], right: &["mailNickname: ann.archer"] },
};

/// Letters outside ASCII.
pub(super) static NON_ASCII: Rule = Rule {
    name: RuleName("alias-non-ascii"),
    label: "Character",
    severity: Severity::Warning,
    summary: "A mailNickname holds letters with diacritics or of another script.",
    reason: "The cloud makes others of them: the alias there is another one than here.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: ALIAS,
    limit: "ASCII",
    fix: "the letters of ASCII that stand for them (--transliterate); unsafe",
    sources: &[SET_MAILBOX, "granikos.eu: characters in aliases"],
    example: Example { wrong: &["mailNickname:: asO8cmdlbg=="], right: &["mailNickname: jurgen"] },
};

/// An alias that is too long.
pub(super) static LENGTH: Rule = Rule {
    name: RuleName("alias-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "A mailNickname is too long.",
    reason: "The object is not synchronised (ExceededAllowedLength).",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: ALIAS,
    limit: "64 UTF-16 units",
    fix: "none: which alias it should be, a person must decide",
    sources: &[SET_MAILBOX, "Active Directory schema: mailNickname, rangeUpper 64"],
    example: Example {
        wrong: &[
            "mailNickname: annabelle-victoria-archer-smythe-of-the-contoso-sales-dept-in-london",
        ],
        right: &["mailNickname: annabelle.archer"],
    },
};

/// A character that groups must not have.
pub(super) static GROUP: Rule = Rule {
    name: RuleName("alias-group"),
    label: "Character",
    severity: Severity::Warning,
    summary: "The mailNickname of a group holds a character that groups of Microsoft 365 refuse.",
    reason: "The group cannot become one of Microsoft 365.",
    profiles: ENTRA,
    classes: &["group"],
    attributes: ALIAS,
    limit: "none of @ ( ) \\ [ ] \" ; : < > , and no space",
    fix: "the alias with underscores; unsafe",
    sources: &["Microsoft Graph: group resource type, mailNickname"],
    example: Example {
        wrong: &["objectClass: group\nmailNickname: sales,oslo"],
        right: &["objectClass: group\nmailNickname: sales-oslo"],
    },
};

/// No alias beside a mailbox.
pub(super) static MISSING_WITH_MAILBOX: Rule = Rule {
    name: RuleName("alias-missing-with-mailbox"),
    label: "Dropped",
    severity: Severity::Warning,
    summary: "A recipient of Exchange has no mailNickname.",
    reason: "Without it, none of the attributes of Exchange is synchronised.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: &["mailNickname", "homeMDB", "msExchRecipientTypeDetails"],
    limit: "an alias where homeMDB or msExchRecipientTypeDetails is there",
    fix: "what is before the @ of the primary address, of mail or of userPrincipalName; unsafe",
    sources: &[DEFAULTS],
    example: Example {
        wrong: &["mail: ann@contoso.com\nmsExchRecipientTypeDetails: 1"],
        right: &["mail: ann@contoso.com\nmsExchRecipientTypeDetails: 1\nmailNickname: ann"],
    },
};

/// No alias beside addresses.
pub(super) static MISSING: Rule = Rule {
    name: RuleName("alias-missing"),
    label: "Dropped",
    severity: Severity::Warning,
    summary: "An entry has proxyAddresses and no mailNickname.",
    reason: "The attributes of Exchange are synchronised only where there is an alias; the cloud \
             makes one that may not be the one you want.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: &["mailNickname", "proxyAddresses"],
    limit: "an alias where proxyAddresses is there",
    fix: "what is before the @ of the primary address, of mail or of userPrincipalName; unsafe",
    sources: &[DEFAULTS],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann@contoso.com"],
        right: &["proxyAddresses: SMTP:ann@contoso.com\nmailNickname: ann"],
    },
};

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let lines = object.subject.lines(Attr::MailNickname);
    if lines.is_empty() {
        return check_absent(object, verdicts);
    }
    let mut buffer = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let value = line.bytes_in(&mut buffer);
        if is_plain(value) {
            continue;
        }
        let alias = String::from_utf8_lossy(value);
        let mut verdict = verdicts.on(Attr::MailNickname, at);
        judge(&alias, object.kind, &mut |rule, detail| verdict.breaks(rule, detail));
        verdict.suggest(|| {
            let better = corrected(&alias, object.kind, object.settings)?;
            Some((Suggestion::Replace(better), Applicability::Unsafe))
        });
    }
}

fn check_absent(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let has = |attr| object.subject.has(attr);
    let is_recipient =
        matches!(object.kind, ObjectKind::User | ObjectKind::Group | ObjectKind::Contact);
    if !is_recipient || object.subject.is_partial(Attr::MailNickname) {
        return;
    }
    let signs = [Attr::HomeMdb, Attr::MsExchRecipientTypeDetails];
    let sign = signs.into_iter().find(|sign| has(*sign));
    if sign.is_none() && !has(Attr::ProxyAddresses) {
        return;
    }
    let mut verdict = verdicts.on_absent(Attr::MailNickname);
    let rule = if sign.is_some() { &MISSING_WITH_MAILBOX } else { &MISSING };
    let sign = sign.unwrap_or(Attr::ProxyAddresses);
    let detail = || format!("{} is there", sign.name());
    verdict.breaks_without(Attr::MailNickname, rule, &detail);
    verdict.suggest(|| Some((Suggestion::Add(from_addresses(object)?), Applicability::Unsafe)));
}

/// The alias that the cloud would make, as it holds; nothing where the exports leave out
/// what it would rather be made of.
fn from_addresses(object: &Object<'_, '_>) -> Option<String> {
    if predicted_without(object).is_some() {
        return None;
    }
    let primary = object.primary_smtp().map(Cow::Owned);
    let others = [Attr::Mail, object.settings.principal_name()].map(|attr| object.text(attr));
    std::iter::once(primary).chain(others).flatten().find_map(|address| {
        let (local, _) = address::split(&address)?;
        let alias = local.trim_matches(is_invisible);
        match holds(alias, object.kind) {
            true => Some(alias.to_owned()),
            false => corrected(alias, object.kind, object.settings),
        }
    })
}

/// Whether there is certainly nothing to say about an alias.
fn is_plain(alias: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    alias.len() <= MAX_LENGTH
        && alias.iter().all(is_plain)
        && alias.first() != Some(&b'.')
        && alias.last().is_some_and(|last| *last != b'.')
        && !alias.windows(2).any(|pair| pair == b"..")
}

/// Says which rules an alias breaks, and in which way.
fn judge(alias: &str, kind: ObjectKind, breaks: &mut Breaks<'_>) {
    let mut holds = |rule: &'static Rule, c: Option<char>| {
        if let Some(c) = c {
            breaks(rule, &|| format!("it holds {}", shown(c)));
        }
    };
    let of_group = |c: &char| *c == ' ' || DENIED_TO_GROUPS.contains(*c);
    // What has a rule of its own is not told twice.
    let strange = |c: &char| {
        let is_told = !c.is_ascii() || is_invisible(*c) || *c == '@';
        !is_told && !is_atext_or_dot(*c)
    };
    let foreign = |c: &char| !c.is_ascii() && !is_invisible(*c);
    holds(&CHARACTER, alias.chars().find(strange));
    holds(&AMPERSAND, alias.chars().find(|c| *c == '&'));
    holds(&AT, alias.chars().find(|c| *c == '@'));
    holds(&SPACE, alias.chars().find(|c| is_invisible(*c)));
    holds(&NON_ASCII, alias.chars().find(foreign));
    if kind == ObjectKind::Group {
        holds(&GROUP, alias.chars().find(of_group));
    }
    if alias.is_empty() {
        breaks(&SPACE, &|| "it is empty".to_owned());
    }
    if alias.starts_with('.') || alias.ends_with('.') || alias.contains("..") {
        breaks(&DOTS, &|| "a dot stands beside nothing".to_owned());
    }
    let length = text::utf16_len(alias);
    if length > MAX_LENGTH {
        breaks(&LENGTH, &|| format!("it has {length} characters, {MAX_LENGTH} at most"));
    }
}

/// The alias as it would hold; `None` where no such alias can be told.
fn corrected(alias: &str, kind: ObjectKind, settings: &Settings) -> Option<String> {
    let before_at = alias.split('@').find(|part| !part.trim_matches(is_invisible).is_empty())?;
    let seen: String = before_at.chars().filter(|c| !is_invisible(*c) && *c != '&').collect();
    let plain = text::transliterated(&seen, settings.transliteration)?;
    let atoms: Vec<&str> = plain.split('.').filter(|atom| !atom.is_empty()).collect();
    let corrected = atoms.join(".").replace(|c| !is_atext_or_dot(c), "_");
    (corrected != alias && holds(&corrected, kind)).then_some(corrected)
}

/// Whether an alias breaks no rule.
fn holds(alias: &str, kind: ObjectKind) -> bool {
    let mut holds = true;
    judge(alias, kind, &mut |_, _| holds = false);
    holds
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ldif::Line;
    use crate::rules::Subject;
    use crate::rules::catalogue::{Catalogue, Transliteration};
    use crate::rules::idfix::Alone;
    use crate::rules::idfix::Location;

    fn broken(alias: &str, kind: ObjectKind) -> Vec<&'static str> {
        let mut broken = Vec::new();
        judge(alias, kind, &mut |rule, _| broken.push(rule.name.0));
        if is_plain(alias.as_bytes()) {
            assert_eq!(broken, Vec::<&str>::new(), "{alias} is not plain");
        }
        broken
    }

    #[test]
    fn an_alias_that_exchange_takes_is_no_finding() {
        for alias in ["ann", "Ann.O'Neil-Smith_1", "!#$%*+-/=?^_`{|}~", &"a".repeat(64)] {
            for kind in [ObjectKind::User, ObjectKind::Group, ObjectKind::Contact] {
                assert_eq!(broken(alias, kind), Vec::<&str>::new(), "{alias}");
            }
        }
    }

    #[test]
    fn each_fault_of_an_alias_is_found_and_no_other() {
        for (alias, rules) in [
            (".ann", &["alias-dots"][..]),
            ("ann.", &["alias-dots"]),
            ("a..b", &["alias-dots"]),
            ("ann(x)", &["alias-character"]),
            ("a\\b", &["alias-character"]),
            ("r&d", &["alias-ampersand"]),
            ("ann@contoso.com", &["alias-at"]),
            ("ann archer", &["alias-space"]),
            ("ann\u{200b}", &["alias-space"]),
            ("", &["alias-space"]),
            ("jürgen", &["alias-non-ascii"]),
            (&"a".repeat(65), &["alias-length"]),
        ] {
            assert_eq!(broken(alias, ObjectKind::User), rules, "{alias}");
        }
        let group = |alias| broken(alias, ObjectKind::Group);
        assert_eq!(group("a,b"), ["alias-character", "alias-group"]);
        assert_eq!(group("a b"), ["alias-space", "alias-group"]);
        assert_eq!(group("r&d"), ["alias-ampersand"]);
    }

    #[test]
    fn the_length_counts_utf16_units() {
        let lengths = |alias: &str| {
            broken(alias, ObjectKind::User).iter().filter(|it| **it == "alias-length").count()
        };
        assert_eq!(lengths(&"😀".repeat(32)), 0);
        assert_eq!(lengths(&"😀".repeat(33)), 1);
    }

    #[test]
    fn a_suggestion_holds_or_is_none() {
        let settings = Settings { transliteration: Transliteration::German, ..Settings::default() };
        for (alias, better) in [
            (".a..b.", Some("a.b")),
            ("ann(x)", Some("ann_x_")),
            ("r&d", Some("rd")),
            ("ann@contoso.com", Some("ann")),
            ("@ann", Some("ann")),
            (" ann archer ", Some("annarcher")),
            ("jürgen", Some("juergen")),
            ("юлия", None),
            ("&", None),
            ("@", None),
            (" ", None),
        ] {
            let corrected = corrected(alias, ObjectKind::User, &settings);
            assert_eq!(corrected.as_deref(), better, "{alias}");
        }
    }

    fn missing(lines: &[(Attr, &str)]) -> Option<(&'static str, Suggestion)> {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        for (attr, value) in [(Attr::ObjectClass, "user")].iter().chain(lines) {
            subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        let catalogue = Catalogue { profile: "entra", settings: Arc::default(), timings: None };
        let place = Location { file: "", first_line: 1, dn_line: 0 };
        let findings = catalogue.findings(&subject, &Alone, place);
        let mut of_alias = findings.into_iter().filter(|it| it.attribute == "mailNickname");
        of_alias.next().map(|it| (it.rules[0].0, it.suggestion))
    }

    #[test]
    fn a_recipient_without_alias_gets_the_one_of_its_first_address_that_has_one() {
        let add = |alias: &str| Suggestion::Add(alias.to_owned());
        let mailbox = (Attr::HomeMdb, "CN=DB1");
        let address = (Attr::ProxyAddresses, "SMTP:ann.archer@contoso.com");
        let mail = (Attr::Mail, "jürgen@contoso.com");
        let name = (Attr::UserPrincipalName, "aa@contoso.com");
        assert_eq!(missing(&[address, mail]), Some(("alias-missing", add("ann.archer"))));
        assert_eq!(
            missing(&[mailbox, mail, name]),
            Some(("alias-missing-with-mailbox", add("jurgen")))
        );
        assert_eq!(missing(&[mailbox, name]), Some(("alias-missing-with-mailbox", add("aa"))));
        let nothing = Some(("alias-missing-with-mailbox", Suggestion::None));
        assert_eq!(missing(&[mailbox]), nothing);
        assert_eq!(missing(&[mail, name]), None);
        assert_eq!(missing(&[address, (Attr::MailNickname, "ann")]), None);
    }
}
