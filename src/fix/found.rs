//! What is found in an entry by itself, and whether that is new.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::rules::{Finding, Profile, Rule, Severity, Subject, idfix};

/// A finding, by what tells it from others of the same entry.
pub(super) type Found = (&'static str, Option<Vec<u8>>, String);

/// What is wrong with each value of an attribute.
#[derive(Debug, Default)]
pub(super) struct Known(FxHashMap<(&'static str, Option<Vec<u8>>), FxHashSet<String>>);

impl Known {
    pub(super) fn of(found: impl Iterator<Item = Found>) -> Self {
        let mut known = Self::default();
        for (attribute, value, errors) in found {
            let own = known.0.entry((attribute, value)).or_default();
            own.extend(errors.split(BETWEEN_ERRORS).map(str::to_owned));
        }
        known
    }

    /// Whether nothing else is wrong with the value: fewer errors are no new finding.
    pub(super) fn covers(&self, (attribute, value, errors): &Found) -> bool {
        let own = self.0.get(&(*attribute, value.clone()));
        own.is_some_and(|own| errors.split(BETWEEN_ERRORS).all(|error| own.contains(error)))
    }
}

/// What stands between the errors of one value.
const BETWEEN_ERRORS: &str = ", ";

/// The findings of an entry by itself.
pub(super) fn local_findings<'s>(
    profile: &Profile,
    subject: &Subject<'s>,
) -> impl Iterator<Item = (Found, &'static str)> {
    let findings = match profile.scope(subject) {
        Ok(()) => profile.findings_in_brief(subject, NOWHERE),
        Err(_) => Vec::new(),
    };
    // What somebody should only know stands in nobody's way.
    let counts = |finding: &Finding<'_>| finding.severity != Severity::Info;
    findings.into_iter().filter(counts).map(|finding| {
        let errors = errors_of(&finding);
        let value = finding.value.map(Cow::into_owned);
        ((finding.attribute, value, errors), finding.attribute)
    })
}

/// What is wrong with a value, without what is only to be known.
fn errors_of(finding: &Finding<'_>) -> String {
    let is_error = |rule: &&Rule| rule.severity != Severity::Info;
    let rules = finding.rules.iter().filter_map(|rule| Rule::by_name(rule.0).ok());
    let labels: Vec<&str> = rules.filter(is_error).map(|rule| rule.label).collect();
    match labels.is_empty() {
        true => finding.error.clone(),
        false => labels.join(BETWEEN_ERRORS),
    }
}

/// Where findings stand that nobody is shown.
pub(super) const NOWHERE: idfix::Location<'static> =
    idfix::Location { file: "", first_line: 1, dn_line: 0 };
