//! The rules by name: what `--select`, `--ignore` and `explain` know.

use super::rule::Rule;
use super::{catalogue, idfix};

/// There is no rule of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no rule '{name}'{} `ldifix rules` lists them",
    did_you_mean(.nearest)
)]
pub struct UnknownRule {
    /// The name that was asked for.
    pub name: String,
    /// The name that comes nearest, where one is near.
    pub nearest: Option<&'static str>,
}

/// The families with their rules, in the order of the catalogue.
pub fn families() -> impl Iterator<Item = (&'static str, &'static [&'static Rule])> + Clone {
    let by_object = catalogue::FAMILIES.iter().map(|family| (family.name, family.rules));
    by_object.chain([
        ("uniqueness", catalogue::uniqueness::RULES),
        ("transition", catalogue::transition::RULES),
        ("idfix", idfix::RULES),
    ])
}

impl Rule {
    /// All rules, in the order of the catalogue.
    pub fn all() -> impl Iterator<Item = &'static Self> + Clone {
        families().flat_map(|(_, rules)| rules).copied()
    }

    /// The name of the family that the rule belongs to.
    #[must_use]
    pub fn family(&self) -> &'static str {
        let of_rule = |(_, rules): &(_, &[&Self])| rules.iter().any(|rule| rule.name == self.name);
        families().find(of_rule).map_or("", |(family, _)| family)
    }

    /// The rule of a name, without regard to ASCII case.
    ///
    /// # Errors
    /// [`UnknownRule`] where there is none.
    pub fn by_name(name: &str) -> Result<&'static Self, UnknownRule> {
        Self::all().find(|rule| rule.name.0.eq_ignore_ascii_case(name)).ok_or_else(|| UnknownRule {
            name: name.to_owned(),
            nearest: nearest(name, Self::all().map(|rule| rule.name.0)),
        })
    }
}

/// What stands between a message about an unknown name and how to list those that there are.
pub(super) fn did_you_mean(nearest: &Option<impl std::fmt::Display>) -> String {
    nearest.as_ref().map_or_else(|| ";".to_owned(), |name| format!("; did you mean '{name}'?"))
}

/// The candidate that comes nearest to a mistyped name, where one is near.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    // Names are short; what is longer is no mistyped name.
    let name = name.get(..name.len().min(64))?.to_ascii_lowercase();
    candidates
        .map(|candidate| (distance(&name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len() / 2)
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_its_name_and_names_are_unique() {
        for rule in Rule::all() {
            assert_eq!(Rule::by_name(rule.name.0), Ok(rule));
        }
    }

    #[test]
    fn labels_are_of_ascii_as_tables_expect() {
        assert!(Rule::all().all(|rule| rule.label.is_ascii() && !rule.label.is_empty()));
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_nearest() {
        let Err(error) = Rule::by_name("idfix-lenght") else { unreachable!() };
        assert_eq!(error.nearest, Some("idfix-length"));
        let text = error.to_string();
        assert!(text.contains("did you mean 'idfix-length'?"), "{text}");
    }

    #[test]
    fn a_name_that_is_near_to_none_gets_no_advice() {
        let Err(error) = Rule::by_name("zzz") else { unreachable!() };
        assert_eq!(error.nearest, None);
        let text = error.to_string();
        assert!(text.starts_with("there is no rule 'zzz'; `ldifix rules`"), "{text}");
    }

    #[test]
    fn a_name_of_any_length_and_script_is_refused_without_a_panic() {
        assert!(Rule::by_name(&"ü".repeat(10_000)).is_err());
        assert!(Rule::by_name("").is_err());
    }
}
