//! What is wrong with the lines that a quick look stopped.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::directory::matching::{guid_from_text, is_sid, is_valid, sid_from_text};
use crate::directory::{AttributeDescription, Facts, Syntax, ValueRange};
use crate::ldif::Form;
use crate::rules::catalogue::verdict::Verdicts;
use crate::rules::catalogue::{Object, text};
use crate::rules::{Applicability, Attr, Suggestion, Suspect};

use super::screen::{Screen, Test};
use super::{dn, is_of_active_directory, rules};

pub(super) fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    dn::check(object, verdicts);
    let suspects = object.subject.suspects();
    if suspects.is_empty() {
        return;
    }
    check_parts(suspects, verdicts);
    if !is_of_active_directory(object) {
        return;
    }
    let mut repeated = "";
    for (number, suspect) in suspects.iter().enumerate() {
        if suspect.line.has_options() || suspect.line.form() == Form::Url {
            continue;
        }
        let screen = Screen::of(verdicts.profile(), suspect.facts.name.as_bytes());
        let mut verdict = verdicts.on_suspect(number);
        if screen.is_single() && suspect.line.is_repeated() && repeated != suspect.facts.name {
            repeated = suspect.facts.name;
            verdict.breaks(&rules::SINGLE, &|| "this is one value more".to_owned());
        }
        let value = suspect.line.bytes();
        match judge(screen.test(), suspect.facts, &value) {
            None => {}
            Some(Broken::Range(detail)) => verdict.breaks(&rules::RANGE, &|| detail.clone()),
            Some(Broken::Syntax(detail)) => verdict.breaks(&rules::SYNTAX, &|| detail.clone()),
        }
        verdict.suggest(|| truth(suspect, &value));
    }
}

/// In which way a value breaks the schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Range(String),
    Syntax(String),
}

/// In which way a value is not what it must be.
pub(super) fn judge(test: Test, facts: &Facts, value: &[u8]) -> Option<Broken> {
    let syntax = |detail: &str| Some(Broken::Syntax(detail.to_owned()));
    match test {
        Test::Nothing => None,
        Test::Text { least, most } => {
            let length = text::utf16_len(&text::of(Cow::Borrowed(value)));
            out_of_range(length, (least, most), "characters")
        }
        Test::Octets { least, most } => out_of_range(value.len(), (least, most), "bytes"),
        Test::Ascii { .. } if !value.is_ascii() => syntax("it takes ASCII characters only"),
        Test::Numeric { .. } if !value.iter().all(|it| it.is_ascii_digit() || *it == b' ') => {
            syntax("it takes digits and spaces only")
        }
        Test::Ascii { least, most } | Test::Numeric { least, most } => {
            out_of_range(value.len(), (least, most), "characters")
        }
        Test::Boolean if matches!(value, b"TRUE" | b"FALSE") => None,
        Test::Boolean => syntax("it takes TRUE or FALSE"),
        // Some tools write the sign bit as the highest of 32 bits.
        Test::Integer => {
            judge_integer(facts, value, i64::from(i32::MIN)..=i64::from(u32::MAX), "32")
        }
        Test::LargeInteger => judge_integer(facts, value, i64::MIN..=i64::MAX, "64"),
        Test::Time if is_valid(Syntax::GeneralizedTime, value) || is_utc_time(value) => None,
        Test::Time => syntax("it takes a time as 20261231235959.0Z"),
        Test::Dn if is_valid(Syntax::DistinguishedName, value) && !value.is_empty() => None,
        Test::DnWithBinary if is_valid(Syntax::DnWithBinary, value) => None,
        Test::Dn | Test::DnWithBinary => syntax("it takes a DN, and this is none"),
        Test::Guid if value.len() == 16 || is_guid_text(value) => None,
        Test::Guid => {
            Some(Broken::Syntax(format!("it takes the 16 bytes of a GUID, not {}", value.len())))
        }
        Test::Sid if is_sid(value) || sid_from_text(value).is_some() => None,
        Test::Sid => syntax("it takes a SID, and this is none"),
    }
}

fn out_of_range(length: usize, (least, most): (u32, u32), unit: &str) -> Option<Broken> {
    let is = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
    let limit = match length {
        _ if length < is(least) => format!("{least} at least"),
        _ if length > is(most) => format!("{most} at most"),
        _ => return None,
    };
    Some(Broken::Range(format!("it has {length} {unit}, {limit}")))
}

fn judge_integer(
    facts: &Facts,
    value: &[u8],
    width: std::ops::RangeInclusive<i64>,
    bits: &str,
) -> Option<Broken> {
    let number = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse::<i64>().ok());
    let Some(number) = number.filter(|number| width.contains(number)) else {
        return Some(Broken::Syntax(format!("it takes a whole number of {bits} bits")));
    };
    let is_below = facts.bounds.lower.is_some_and(|lower| number < i64::from(lower));
    let is_above = facts.bounds.upper.is_some_and(|upper| number > i64::from(upper));
    (is_below || is_above).then(|| {
        let bound = |bound: Option<u32>| bound.map_or_else(String::new, |bound| bound.to_string());
        let (lower, upper) = (bound(facts.bounds.lower), bound(facts.bounds.upper));
        Broken::Range(format!("it takes numbers from {lower} to {upper}"))
    })
}

/// The older form of a time, with a year of two digits.
fn is_utc_time(value: &[u8]) -> bool {
    value.len() == 13
        && value.ends_with(b"Z")
        && is_valid(Syntax::GeneralizedTime, &[b"20", value].concat())
}

/// Whether a value is a GUID as text: with hyphens and perhaps braces, or as 32 digits
/// alone.
fn is_guid_text(value: &[u8]) -> bool {
    guid_from_text(value).is_some() || value.len() == 32 && value.iter().all(u8::is_ascii_hexdigit)
}

/// A truth value as Active Directory writes it, where one is meant.
fn truth(suspect: &Suspect<'_>, value: &[u8]) -> Option<(Suggestion, Applicability)> {
    // Only these are known to those who write changes.
    Attr::of(suspect.facts.name.as_bytes())?;
    let meant = |word: &str| value.trim_ascii().eq_ignore_ascii_case(word.as_bytes());
    let word = ["TRUE", "FALSE"].into_iter().find(|word| meant(word))?;
    let is_wanted = suspect.facts.syntax == Syntax::Boolean && !suspect.line.is_repeated();
    is_wanted.then(|| (Suggestion::Replace(word.to_owned()), Applicability::Unsafe))
}

/// Tells of attributes that the export holds a part of.
fn check_parts(suspects: &[Suspect<'_>], verdicts: &mut Verdicts) {
    let mut attributes: BTreeMap<Vec<u8>, (usize, Vec<Option<ValueRange>>)> = BTreeMap::new();
    for (number, suspect) in suspects.iter().enumerate() {
        if suspect.line.has_options() {
            let name = suspect.line.name();
            let description = AttributeDescription::split(&name);
            let base = description.base().to_ascii_lowercase();
            let (_, parts) = attributes.entry(base).or_insert((number, Vec::new()));
            parts.push(description.range());
        }
    }
    for (number, parts) in attributes.into_values() {
        let Some(suspect) = suspects.get(number).filter(|_| !are_all(parts)) else { continue };
        let detail = || format!("the export has {}", String::from_utf8_lossy(&suspect.line.name()));
        match suspect.facts.name {
            "" => verdicts.on_dn().breaks(&rules::INCOMPLETE, &detail),
            _ => verdicts.on_part(number).breaks(&rules::INCOMPLETE, &detail),
        }
    }
}

/// Whether parts of an attribute's values are all of them.
fn are_all(parts: Vec<Option<ValueRange>>) -> bool {
    let Some(mut parts) = parts.into_iter().collect::<Option<Vec<_>>>() else { return false };
    parts.sort_by_key(|part| part.first);
    let mut next = Some(0);
    for part in parts {
        match next {
            Some(at) if part.first <= at => {
                next = part.last.and_then(|last| last.checked_add(1)).map(|it| it.max(at));
            }
            _ => return next.is_none(),
        }
    }
    next.is_none()
}
