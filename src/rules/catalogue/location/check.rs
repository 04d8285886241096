//! What is wrong with the place where a person is.

use crate::rules::catalogue::country::{Country, is_code};
use crate::rules::catalogue::text;
use crate::rules::catalogue::verdict::Verdicts;
use crate::rules::catalogue::{Object, ObjectKind};
use crate::rules::rule::Rule;
use crate::rules::{Applicability, Attr, Suggestion};

use super::rules;

/// Digits of a telephone number with its country (ITU-T E.164); shorter ones are
/// those of a house.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

pub(super) fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.kind == ObjectKind::Computer {
        return;
    }
    for (at, value) in object.values(Attr::MsDsPreferredDataLocation) {
        if value.len() != 3 || !value.iter().all(u8::is_ascii_alphabetic) {
            let mut verdict = verdicts.on(Attr::MsDsPreferredDataLocation, at);
            verdict.breaks(&rules::DATA_LOCATION, &String::new);
        }
    }
    if object.kind == ObjectKind::User {
        for (attr, rule) in
            [(Attr::C, &rules::COUNTRY), (Attr::MsExchUsageLocation, &rules::USAGE_LOCATION)]
        {
            check_country(object, attr, rule, verdicts);
        }
        if verdicts.looks_for(&rules::CONTRADICTION) {
            check_for_hygiene(object, verdicts);
        }
    }
}

fn check_country(
    object: &Object<'_, '_>,
    attr: Attr,
    rule: &'static Rule,
    verdicts: &mut Verdicts,
) {
    for (at, value) in object.values(attr) {
        if is_code(&value) {
            continue;
        }
        let mut verdict = verdicts.on(attr, at);
        verdict.breaks(rule, &String::new);
        verdict.suggest(|| {
            let c = || object.text(Attr::C).and_then(|c| Country::meant_by(&c));
            let country = Country::meant_by(&text::of(value)).or_else(c)?;
            Some((Suggestion::Replace(country.alpha2.to_owned()), Applicability::Unsafe))
        });
    }
}

fn check_for_hygiene(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let country = object.text(Attr::C).and_then(|c| Country::by_code(&c));
    let number = country.and_then(Country::number);
    if let (Some(number), [_]) = (number, object.subject.lines(Attr::CountryCode))
        && let Some(code) = object.text(Attr::CountryCode)
        && let Ok(code) = code.trim().parse::<u16>()
        && code != 0
        && code != number
    {
        let mut verdict = verdicts.on(Attr::CountryCode, 0);
        verdict.breaks(&rules::CONTRADICTION, &|| format!("the number of c is {number}"));
        verdict.suggest(|| Some((Suggestion::Replace(number.to_string()), Applicability::Unsafe)));
    }
    for attr in [Attr::TelephoneNumber, Attr::Mobile] {
        for (at, value) in object.values(attr) {
            if !is_telephone(&text::of(value)) {
                verdicts.on(attr, at).breaks(&rules::TELEPHONE, &String::new);
            }
        }
    }
    for (at, value) in object.values(Attr::PreferredLanguage) {
        let tag = text::of(value);
        if is_language(&tag) {
            continue;
        }
        let mut verdict = verdicts.on(Attr::PreferredLanguage, at);
        verdict.breaks(&rules::LANGUAGE, &String::new);
        verdict.suggest(|| {
            let better = tag.trim().replace('_', "-");
            let holds = is_language(&better);
            holds.then_some((Suggestion::Replace(better), Applicability::Unsafe))
        });
    }
}

/// Whether a number can be called from anywhere.
fn is_telephone(number: &str) -> bool {
    let Some(number) = number.trim().strip_prefix('+') else { return false };
    let (number, extension) = match number.find(['x', 'X', 'e', 'E', ';', '#']) {
        Some(at) => number.split_at(at),
        None => (number, ""),
    };
    let is_between = |c: char| c.is_whitespace() || "-./()".contains(c);
    let extension = extension.trim_start_matches(|c: char| !c.is_ascii_digit());
    number.chars().all(|c| c.is_ascii_digit() || is_between(c))
        && DIGITS.contains(&number.bytes().filter(u8::is_ascii_digit).count())
        && extension.chars().all(|c| c.is_ascii_digit() || is_between(c))
}

/// Whether a tag has the form of a language's (BCP 47), on the whole.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    matches!(language.len(), 2 | 3)
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_can_be_called_from_anywhere_is_no_finding() {
        for number in [
            "+1 425 555 7096",
            "+44 (0)20 7946-0018",
            "+49.89/123456",
            "+1 4255557096x1234",
            "+1 425 555 7096 ext. 12",
            "+1 425 555 7096 ;ext=12",
            " +4989123456 ",
        ] {
            assert!(is_telephone(number), "{number}");
        }
        for number in [
            "",
            "+",
            "4711",
            "020 7946 0018",
            "+49 12",
            "+1 425 555 CALL",
            "+123\u{e4}",
            "+1234567890123456",
        ] {
            assert!(!is_telephone(number), "{number}");
        }
    }

    #[test]
    fn a_language_is_told_by_the_form_of_its_tag() {
        for tag in ["en", "en-US", "zh-Hans-CN", "sr-Latn", "de-1996", "haw"] {
            assert!(is_language(tag), "{tag}");
        }
        for tag in ["", "e", "en_US", "English", "en-", "en-US;q=0.8", "d\u{e9}"] {
            assert!(!is_language(tag), "{tag}");
        }
    }
}
