//! How the tools of other services are set up, as far as that decides what they take.

use std::str::FromStr;

use regex::{Regex, RegexBuilder};

use crate::rules::Attr;

use super::ObjectKind;

/// How the tools of other services are set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// The attribute by which Google's Directory Sync knows a user; `None` where it knows
    /// users by their address.
    pub google_unique_id: Option<Attr>,
    /// Which addresses Google's Directory Sync passes over.
    pub google_exclusions: Vec<ExclusionRule>,
    /// The kinds of objects that Schemus synchronises; none where nothing was said, and
    /// then all of them.
    pub schemus_kinds: Vec<ObjectKind>,
}

impl Services {
    /// Whether Schemus synchronises a kind of object.
    #[must_use]
    pub fn schemus_takes(&self, kind: ObjectKind) -> bool {
        self.schemus_kinds.is_empty() || self.schemus_kinds.contains(&kind)
    }

    /// Whether Google's Directory Sync passes over an address.
    #[must_use]
    pub fn google_excludes(&self, address: &[u8]) -> bool {
        if self.google_exclusions.is_empty() {
            return false;
        }
        let address = String::from_utf8_lossy(address).trim().to_lowercase();
        self.google_exclusions.iter().any(|rule| rule.matches(&address))
    }
}

/// A rule by which Google's Directory Sync passes over an address.
///
/// Source: Google, Omit data with exclusion rules & queries
/// (support.google.com/a/answer/6138405).
#[derive(Debug, Clone)]
pub enum ExclusionRule {
    /// The address is the text, in lower case.
    Exact(String),
    /// The address holds the text, in lower case.
    Substring(String),
    /// The whole address matches the expression.
    Expression(Regex),
}

/// A text is no such rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoExclusionRule {
    /// It does not say how it is compared.
    #[error("write it as exact:ann@contoso.com, substring:service- or regex:test[0-9]+@.*")]
    Form,
    /// There is no text to compare with.
    #[error("there is nothing behind the colon")]
    Empty,
    /// The expression cannot be read.
    #[error("no regular expression: {0}")]
    Expression(String),
}

impl ExclusionRule {
    /// Whether the rule passes over an address in lower case.
    fn matches(&self, address: &str) -> bool {
        match self {
            Self::Exact(text) => address == text,
            Self::Substring(text) => address.contains(text.as_str()),
            Self::Expression(expression) => expression.is_match(address),
        }
    }

    fn text(&self) -> (u8, &str) {
        match self {
            Self::Exact(text) => (0, text),
            Self::Substring(text) => (1, text),
            Self::Expression(expression) => (2, expression.as_str()),
        }
    }
}

impl PartialEq for ExclusionRule {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for ExclusionRule {}

impl FromStr for ExclusionRule {
    type Err = NoExclusionRule;

    fn from_str(text: &str) -> Result<Self, NoExclusionRule> {
        let (kind, text) = text.split_once(':').ok_or(NoExclusionRule::Form)?;
        if text.is_empty() {
            return Err(NoExclusionRule::Empty);
        }
        match kind {
            "exact" => Ok(Self::Exact(text.to_lowercase())),
            "substring" => Ok(Self::Substring(text.to_lowercase())),
            "regex" => {
                // What is wrong is said of the expression alone.
                let wrong = |error: regex::Error| {
                    let said = error.to_string();
                    let last = said.lines().last().unwrap_or_default();
                    NoExclusionRule::Expression(last.trim_start_matches("error: ").to_owned())
                };
                Regex::new(text).map_err(wrong)?;
                let whole = format!("^(?:{text})$");
                let expression = RegexBuilder::new(&whole).case_insensitive(true).build();
                Ok(Self::Expression(expression.map_err(wrong)?))
            }
            _ => Err(NoExclusionRule::Form),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(rule: &str, address: &str) -> bool {
        let google_exclusions = vec![rule.parse().unwrap()];
        Services { google_exclusions, ..Services::default() }.google_excludes(address.as_bytes())
    }

    #[test]
    fn rules_compare_as_googles_own_examples_do() {
        assert!(excludes("exact:User1@example.com", "user1@Example.com"));
        assert!(!excludes("exact:user1@example.com", "user11@example.com"));
        assert!(excludes("substring:sales", "amanda@SALES.example.com"));
        assert!(excludes("regex:team[3-9]@example.com", "Team4@example.com"));
        assert!(!excludes("regex:team[3-9]@example.com", "the.team4@example.com"));
        assert!(excludes("regex:internal.*@example.com", "internalhelpdesk@example.com"));
        assert!(!excludes("regex:a|b", "ab"), "the whole address");
        assert!(!Services::default().google_excludes(b"ann@example.com"));
    }

    #[test]
    fn what_is_no_rule_is_refused_with_what_is_wrong() {
        let wrong = |text: &str| text.parse::<ExclusionRule>().unwrap_err();
        assert_eq!(wrong("ann@contoso.com"), NoExclusionRule::Form);
        assert_eq!(wrong("Exact:ann"), NoExclusionRule::Form);
        assert_eq!(wrong("exact:"), NoExclusionRule::Empty);
        assert_eq!(wrong("regex:(a").to_string(), "no regular expression: unclosed group");
        assert_eq!(wrong("regex:a)|(b"), wrong("regex:a)|(b"));
    }
}
