//! The source anchor: what tells the cloud which object an object is.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::rules::Attr;
use crate::rules::rule::{Example, Rule, RuleName, Severity};

use super::text::{self, shown};
use super::verdict::{Breaks, Verdicts};
use super::{Family, Object, ObjectKind, Settings};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "source-anchor",
    rules: &[&LENGTH, &CHARACTER, &MISSING, &GUID_LENGTH, &MIXED],
    check,
};

const ENTRA: &[&str] = &["entra"];
const USERS: &[&str] = &["user", "inetOrgPerson"];
const CONFIGURED: &[&str] = &["the one that --source-anchor names"];
const DESIGN: &str = "Microsoft: Entra Connect: Design concepts, sourceAnchor";

/// Too long.
pub(super) static LENGTH: Rule = Rule {
    name: RuleName("anchor-length"),
    label: "Anchor",
    severity: Severity::Error,
    summary: "A source anchor is too long.",
    reason: "The user is not synchronised.",
    profiles: ENTRA,
    classes: USERS,
    attributes: CONFIGURED,
    limit: "fewer than 60 characters, each but a-z, A-Z and 0-9 counted as three; only where \
            --source-anchor names an attribute",
    fix: "none: an anchor never changes",
    sources: &[DESIGN],
    example: Example {
        wrong: &["employeeNumber: 4711-0815\n# 60 characters"],
        right: &["employeeNumber: 4711-0815"],
    },
};

/// A character that is not allowed.
pub(super) static CHARACTER: Rule = Rule {
    name: RuleName("anchor-character"),
    label: "Anchor",
    severity: Severity::Error,
    summary: "A source anchor holds a character that is not allowed.",
    reason: "The user is not synchronised. An address can never be an anchor, as it holds an @.",
    profiles: ENTRA,
    classes: USERS,
    attributes: CONFIGURED,
    limit: "none of \\ ! # $ % & * + / = ? ^ ` { } | ~ < > ( ) ' ; : , [ ] \" @ _; only where \
            --source-anchor names an attribute",
    fix: "none: an anchor never changes",
    sources: &[DESIGN, "Microsoft Graph: user resource type, onPremisesImmutableId"],
    example: Example {
        wrong: &["employeeNumber: 4711_0815"],
        right: &["employeeNumber: 4711-0815"],
    },
};

/// No anchor.
pub(super) static MISSING: Rule = Rule {
    name: RuleName("anchor-missing"),
    label: "Anchor",
    severity: Severity::Error,
    summary: "A user has no source anchor.",
    reason: "The user is not synchronised.",
    profiles: ENTRA,
    classes: USERS,
    attributes: CONFIGURED,
    limit: "one value with more than white space; only where --source-anchor names an attribute",
    fix: "none: an anchor is unique and never changes",
    sources: &[DESIGN],
    example: Example { wrong: &["cn: Ann"], right: &["cn: Ann\nemployeeNumber: 4711"] },
};

/// An mS-DS-ConsistencyGuid that is no GUID.
pub(super) static GUID_LENGTH: Rule = Rule {
    name: RuleName("anchor-guid-length"),
    label: "Anchor",
    severity: Severity::Error,
    summary: "An mS-DS-ConsistencyGuid has not 16 bytes.",
    reason: "It is no GUID, although it becomes an anchor as it is: whoever set it meant something \
             else.",
    profiles: &["hygiene"],
    classes: &["user", "inetOrgPerson", "group", "contact"],
    attributes: &["mS-DS-ConsistencyGuid"],
    limit: "16 bytes, or the 36 characters that some tools write for them",
    fix: "none: an anchor never changes",
    sources: &[DESIGN],
    example: Example {
        wrong: &["mS-DS-ConsistencyGuid:: QUJDRA=="],
        right: &["mS-DS-ConsistencyGuid:: LTO98IbRSYUTZehAI1mF+g=="],
    },
};

/// An anchor from elsewhere.
pub(super) static MIXED: Rule = Rule {
    name: RuleName("anchor-not-object-guid"),
    label: "Anchor",
    severity: Severity::Info,
    summary: "An mS-DS-ConsistencyGuid is another value than the objectGUID.",
    reason: "The object was moved from another domain, or the value was set by hand: the cloud \
             takes it for the object that had this value before.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "group", "contact"],
    attributes: &["mS-DS-ConsistencyGuid", "objectGUID"],
    limit: "the same 16 bytes",
    fix: "none: an anchor never changes",
    sources: &[DESIGN],
    example: Example {
        wrong: &["objectGUID:: AAECAwQFBgcICQoLDA0ODw==\n\
                  mS-DS-ConsistencyGuid:: LTO98IbRSYUTZehAI1mF+g=="],
        right: &["objectGUID:: AAECAwQFBgcICQoLDA0ODw==\n\
                  mS-DS-ConsistencyGuid:: AAECAwQFBgcICQoLDA0ODw=="],
    },
};

/// The length that no anchor reaches.
const TOO_LONG: usize = 60;

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.kind == ObjectKind::Computer {
        return;
    }
    let anchor = object.settings.source_anchor;
    if anchor.is_none_or(|attr| attr == Attr::MsDsConsistencyGuid) {
        check_guids(object, verdicts);
    }
    let Some(attr) = anchor.filter(|_| object.kind == ObjectKind::User) else { return };
    if !object.has(attr) {
        let is_given = object.subject.has(attr);
        let mut verdict = if is_given { verdicts.on(attr, 0) } else { verdicts.on_absent(attr) };
        verdict.breaks_without(attr, &MISSING, &String::new);
    } else if !is_binary(attr) {
        for (at, value) in object.values(attr) {
            let anchor = text::of(value);
            let mut verdict = verdicts.on(attr, at);
            judge(&anchor, &mut |rule, detail| verdict.breaks(rule, detail));
        }
    }
}

/// The attribute that is the source anchor: that which Entra Connect chooses where no
/// other is named.
pub(super) fn attribute(settings: &Settings) -> Attr {
    settings.source_anchor.unwrap_or(Attr::MsDsConsistencyGuid)
}

/// An anchor as others are compared with it: no two may differ in case only. What ASCII
/// does not tell apart is written in hexadecimal digits, since nothing else is folded.
pub(super) fn compared<'v>(attr: Attr, value: &'v [u8]) -> Cow<'v, [u8]> {
    match guid(value).filter(|_| is_binary(attr)) {
        Some(guid) => Cow::Owned(digits(&guid)),
        None if is_binary(attr) => Cow::Owned(digits(value)),
        None if value.is_ascii() => Cow::Borrowed(value),
        None => Cow::Owned(digits(String::from_utf8_lossy(value).to_lowercase().as_bytes())),
    }
}

/// The bytes in hexadecimal digits.
fn digits(bytes: &[u8]) -> Vec<u8> {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Whether the cloud writes an anchor of the attribute in base64.
fn is_binary(attr: Attr) -> bool {
    matches!(attr, Attr::ObjectGuid | Attr::MsDsConsistencyGuid)
}

/// Says which rules an anchor breaks, and in which way.
fn judge(anchor: &str, breaks: &mut Breaks<'_>) {
    let weight = |c: char| if c.is_ascii_alphanumeric() { 1 } else { 3 };
    let length: usize = anchor.chars().map(weight).sum();
    if length >= TOO_LONG {
        breaks(&LENGTH, &move || format!("it counts {length} characters, 59 at most"));
    }
    if let Some(c) = anchor.chars().find(|c| "\\!#$%&*+/=?^`{}|~<>()';:,[]\"@_".contains(*c)) {
        breaks(&CHARACTER, &move || format!("it holds {}", shown(c)));
    }
}

fn check_guids(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let subject = object.subject;
    let Some(line) = subject.lines(Attr::MsDsConsistencyGuid).first() else { return };
    let own = subject.lines(Attr::ObjectGuid).first();
    if own.is_some_and(|own| own.form() == line.form() && own.raw() == line.raw())
        && !verdicts.looks_for(&GUID_LENGTH)
    {
        return;
    }
    let value = line.bytes();
    let mut verdict = verdicts.on(Attr::MsDsConsistencyGuid, 0);
    let Some(anchor) = guid(&value) else {
        return verdict.breaks(&GUID_LENGTH, &|| format!("it has {} bytes", value.len()));
    };
    if let Some(own) = own.and_then(|own| guid(&own.bytes()))
        && own != anchor
    {
        verdict.breaks(&MIXED, &|| {
            let (anchor, own) = (STANDARD.encode(anchor), STANDARD.encode(own));
            format!("the immutableId is {anchor}, and {own} by the objectGUID")
        });
    }
}

/// The bytes of a GUID. Samba's tools write objectGUID as text, in which the first
/// three groups stand the other way round.
pub(super) fn guid(value: &[u8]) -> Option<[u8; 16]> {
    if let Ok(bytes) = value.try_into() {
        return Some(bytes);
    }
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() == 36)?;
    let digits = text.replace('-', "");
    let is_guid = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut bytes = u128::from_str_radix(&digits, 16).ok().filter(|_| is_guid)?.to_be_bytes();
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(anchor: &str) -> Vec<&'static str> {
        let mut broken = Vec::new();
        judge(anchor, &mut |rule, _| broken.push(rule.name.0));
        broken
    }

    #[test]
    fn an_anchor_has_fewer_than_sixty_characters_and_strange_ones_count_thrice() {
        assert_eq!(broken(&"a".repeat(59)), Vec::<&str>::new());
        assert_eq!(broken(&"a".repeat(60)), ["anchor-length"]);
        assert_eq!(broken(&"-".repeat(19)), Vec::<&str>::new());
        assert_eq!(broken(&"-".repeat(20)), ["anchor-length"]);
        assert_eq!(broken(&"ä".repeat(20)), ["anchor-length"]);
    }

    #[test]
    fn each_character_that_is_not_allowed_is_found() {
        for c in "\\!#$%&*+/=?^`{}|~<>()';:,[]\"@_".chars() {
            assert_eq!(broken(&format!("a{c}b")), ["anchor-character"], "{c}");
        }
        assert_eq!(broken("4711-08.15 x"), Vec::<&str>::new());
    }

    #[test]
    fn a_guid_is_the_same_in_bytes_and_in_text() {
        let bytes: [u8; 16] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(guid(&bytes), Some(bytes));
        assert_eq!(guid(b"03020100-0504-0706-0809-0a0b0c0d0e0f"), Some(bytes));
        for value in [
            &b""[..],
            b"ABCD",
            b"03020100-0504-0706-0809-0a0b0c0d0e0",
            &[b'-'; 36],
            b"+3020100-0504-0706-0809-0a0b0c0d0e0f",
            &[0xff; 36],
            b"030201000504070608090a0b0c0d0e0f0000",
        ] {
            assert_eq!(guid(value), None, "{value:?}");
        }
    }
}
