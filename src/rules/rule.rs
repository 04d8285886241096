//! What a rule is: its name, and all that is said about it in one place.

use serde::Serialize;

/// The stable name of a rule, as `--select` and the reports spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct RuleName(pub &'static str);

/// What becomes of a value that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The object or the attribute is not synchronised.
    Error,
    /// It is synchronised with another value, or without one.
    Warning,
    /// It is synchronised, and somebody should know.
    Info,
}

impl Severity {
    /// The stable word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// One rule with its documentation, from which `rules`, `explain` and the table in
/// the README are printed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The stable name.
    pub name: RuleName,
    /// The label of the report's ERROR column.
    pub label: &'static str,
    /// What becomes of a value that breaks it.
    pub severity: Severity,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Why that matters.
    pub reason: &'static str,
    /// The object classes that it looks at.
    pub classes: &'static [&'static str],
    /// The attributes that it reads.
    pub attributes: &'static [&'static str],
    /// The limit, exactly.
    pub limit: &'static str,
    /// What is suggested, and how far it may be taken.
    pub fix: &'static str,
    /// Where the limit is written down.
    pub sources: &'static [&'static str],
    /// An example of each kind, for people and for the tests.
    pub example: Example,
}

/// An entry that breaks a rule and one that does not.
///
/// Both are LDIF: the lines of an entry behind its `dn:` line. Several entries are
/// several elements.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The rule finds something here.
    pub wrong: &'static [&'static str],
    /// It finds nothing here.
    pub right: &'static [&'static str],
}
