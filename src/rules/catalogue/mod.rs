//! The rules for what Entra ID, Exchange Online and Active Directory refuse today:
//! one file per family, each with its rules, their documentation and their check.
//!
//! A family looks at one [`Object`] at a time and gives its [`Verdicts`]. It runs
//! twice: over every object, where it only counts whether anything is wrong, and
//! again over those where something is, for the findings. So a check must be cheap
//! where nothing is wrong, and may take its time where something is.

mod address;
mod mail;
mod mail_nickname;
mod object;
mod proxy_addresses;
mod scope;
mod settings;
mod target_address;
mod text;
mod user_principal_name;
mod verdict;

pub use object::{Object, ObjectKind};
pub use scope::Reason;
pub use settings::{Settings, Transliteration};
pub use verdict::Verdicts;

use std::sync::Arc;

use super::idfix::Place;
use super::rule::Rule;
use super::{Finding, Subject};

/// Rules that look at the same values.
pub struct Family {
    /// The rules, in the order of the catalogue.
    pub rules: &'static [&'static Rule],
    /// Looks at an object and gives a verdict on each value that breaks a rule.
    check: fn(&Object<'_, '_>, &mut Verdicts),
}

/// All families, in the order of the catalogue.
pub static FAMILIES: &[Family] = &[
    user_principal_name::FAMILY,
    mail::FAMILY,
    proxy_addresses::FAMILY,
    mail_nickname::FAMILY,
    target_address::FAMILY,
];

/// A rule set of the catalogue.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The profile whose rules are looked at.
    pub profile: &'static str,
    /// What the administrator has said about the tenant.
    pub settings: Arc<Settings>,
}

impl Catalogue {
    /// Whether the object is one that is synchronised.
    ///
    /// # Errors
    /// Why it is not.
    pub fn scope(&self, subject: &Subject<'_>) -> Result<(), Reason> {
        scope::judge(&Object::of(subject, &self.settings))
    }

    /// Whether the object breaks a rule.
    #[must_use]
    pub fn inspect(&self, subject: &Subject<'_>) -> bool {
        let object = Object::of(subject, &self.settings);
        let mut verdicts = Verdicts::whether_any(self.profile);
        FAMILIES.iter().any(|family| {
            (family.check)(&object, &mut verdicts);
            verdicts.any()
        })
    }

    /// The findings of an object, in the order of the catalogue.
    #[must_use]
    pub fn findings<'a>(&self, subject: &Subject<'a>, place: Place<'a>) -> Vec<Finding<'a>> {
        let object = Object::of(subject, &self.settings);
        let mut verdicts = Verdicts::in_full(self.profile);
        for family in FAMILIES {
            (family.check)(&object, &mut verdicts);
        }
        verdicts.into_findings(&object, place)
    }
}
