//! A finding: what a rule has to say about one value of one entry.

use std::borrow::Cow;

use super::rule::{RuleName, Severity};

/// How far a suggestion may be taken without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// Written by `fix` without further ado.
    Safe,
    /// Written by `fix --unsafe` only.
    Unsafe,
    /// A person must decide: there is no value to write.
    Manual,
}

/// What the finding proposes to do (IdFix's words).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Replace the value by the update, or add the update where it is absent.
    Edit,
    /// Remove the value.
    Remove,
    /// Leave the value as it is: this holder keeps it.
    Complete,
}

impl Action {
    /// The word that IdFix shows, in capitals.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Edit => "EDIT",
            Self::Remove => "REMOVE",
            Self::Complete => "COMPLETE",
        }
    }
}

/// What `fix` may write for a finding. The row itself shows IdFix's own words: its
/// update and action may say something else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Suggestion {
    /// Replace the value by this one.
    Replace(String),
    /// Add this value; the attribute is absent.
    Add(String),
    /// Remove the value.
    Remove,
    /// Remove this copy of a value that stands in the same attribute before, byte
    /// for byte; the other one stays.
    RemoveCopy,
    /// There is nothing to write.
    None,
}

/// What several objects hold together and only one may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// What is the same: the name or address as it is compared, behind `alias:` and
    /// the like where it is no address. Findings of one collision share it.
    pub group: String,
    /// The object itself and others that hold it, as far as they are named.
    pub holders: Vec<CollisionHolder>,
    /// How many hold it besides these.
    pub more: usize,
    /// The place of the object that keeps it, where another one does.
    pub kept_at: Option<u64>,
}

/// One of the objects of a collision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollisionHolder {
    /// Its DN as it was written.
    pub dn: Vec<u8>,
    /// The attribute that holds the value, or that it is made of.
    pub attribute: &'static str,
    /// Whether the account is enabled; `None` where it is no account, or the export
    /// does not say.
    pub is_enabled: Option<bool>,
    /// Whether the cloud lets it have the value; `None` where that cannot be told.
    pub keeps: Option<bool>,
}

/// One finding, ready to be shown or turned into an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<'a> {
    /// The entry's DN as it was written.
    pub dn: Cow<'a, [u8]>,
    /// The entry's cn; its RDN value where it has no cn.
    pub common_name: Cow<'a, [u8]>,
    /// The last objectClass value.
    pub object_class: Cow<'a, [u8]>,
    /// The attribute, spelled as the profile shows it.
    pub attribute: &'static str,
    /// The rules that fired, in the order in which they fired.
    pub rules: Vec<RuleName>,
    /// The gravest severity of these rules.
    pub severity: Severity,
    /// The labels of the report's ERROR column, joined by `, `.
    pub error: String,
    /// In which way the rules are broken, where there is more to say than their
    /// labels do.
    pub message: Option<String>,
    /// The value; `None` where the attribute is absent.
    pub value: Option<Cow<'a, [u8]>>,
    /// The proposed value.
    pub update: Option<String>,
    /// The proposed action.
    pub action: Action,
    /// What may be written.
    pub suggestion: Suggestion,
    /// How far the suggestion may be taken without a person.
    pub applicability: Applicability,
    /// What others hold too, where that is what the finding is about.
    pub collision: Option<Box<Collision>>,
    /// Whether this is the row that IdFix adds for the first holder of a
    /// duplicate; it carries no suggestion of its own.
    pub extra: bool,
    /// The name of the input that holds the entry.
    pub file: &'a str,
    /// Physical line of the value (of the `dn:` line where the attribute is
    /// absent), counted from 1.
    pub line: u64,
}
