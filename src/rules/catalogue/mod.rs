//! The rules for what Entra ID, Exchange Online and Active Directory refuse today:
//! one file per family, each with its rules, their documentation and their check.
//!
//! A family looks at one [`Object`] at a time and gives its [`Verdicts`]. It runs
//! twice: over every object, where it only counts whether anything is wrong, and
//! again over those where something is, for the findings. So a check must be cheap
//! where nothing is wrong, and may take its time where something is.

mod address;
mod country;
mod everyday;
pub mod identifiers;
mod keep;
mod location;
mod mail;
mod mail_nickname;
mod object;
mod person_name;
mod proxy_addresses;
mod sam_account_name;
mod scope;
mod settings;
mod size;
mod source_anchor;
mod target_address;
mod tenant;
mod text;
mod text_length;
mod timings;
mod top_level_domains;
pub mod uniqueness;
mod user_principal_name;
mod verdict;

pub(in crate::rules) use keep::Choice;
pub use keep::{Keep, Keeper};
pub use object::{Object, ObjectKind};
pub use scope::Reason;
pub use settings::{Settings, Transliteration};
pub use timings::Timings;
pub use top_level_domains::{TopLevelDomains, TopLevelDomainsError};
pub use verdict::Verdicts;

use std::sync::Arc;

use super::idfix::{Duplicates, Location};
use super::rule::Rule;
use super::{Attr, Finding, Key, Reads, Subject};
use identifiers::IdentifierBuffers;
use uniqueness::Party;

/// Rules that look at the same values.
pub struct Family {
    /// The name, as `--select` takes it.
    pub name: &'static str,
    /// The rules, in the order of the catalogue.
    pub rules: &'static [&'static Rule],
    /// Looks at an object and gives a verdict on each value that breaks a rule.
    check: fn(&Object<'_, '_>, &mut Verdicts),
}

/// All families, in the order of the catalogue.
pub static FAMILIES: &[Family] = &[
    user_principal_name::FAMILY,
    sam_account_name::FAMILY,
    mail::FAMILY,
    proxy_addresses::FAMILY,
    mail_nickname::FAMILY,
    target_address::FAMILY,
    text_length::FAMILY,
    person_name::FAMILY,
    location::FAMILY,
    source_anchor::FAMILY,
    size::FAMILY,
    tenant::FAMILY,
];

/// The profile of the rules that hold for all objects, synchronised or not.
const HYGIENE: &str = "hygiene";

/// A rule set of the catalogue.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The profile whose rules are looked at.
    pub profile: &'static str,
    /// What the administrator has said about the tenant.
    pub settings: Arc<Settings>,
    /// What each family costs, where that is asked for.
    pub timings: Option<Arc<Timings>>,
}

impl Catalogue {
    /// What the profile reads of an attribute.
    #[must_use]
    pub fn reads(&self, attr: Attr) -> Reads {
        let Settings { source_anchor, upn_attribute, keep, .. } = *self.settings;
        if attr == Attr::WhenCreated {
            return if keep.is_by_age() { Reads::Values } else { Reads::Nothing };
        }
        if self.profile == HYGIENE || [source_anchor, upn_attribute].contains(&Some(attr)) {
            return Reads::Values;
        }
        if matches!(attr, Attr::MemberOf | Attr::CountryCode | Attr::PreferredLanguage) {
            return Reads::Nothing;
        }
        text_length::limit_alone(attr, &self.settings).map_or(Reads::Values, Reads::LongerThan)
    }

    /// Whether an attribute, by its name, is one that the profile may read.
    pub(super) fn wanted(&self) -> fn(&[u8]) -> bool {
        match self.profile {
            HYGIENE => |name| Attr::of(name).is_some(),
            // Half of the lines of an export can be memberOf.
            _ if self.settings.keep.is_by_age() => {
                |name| Attr::of(name).is_some_and(|attr| attr != Attr::MemberOf)
            }
            _ => |name| {
                let is_read = |attr| !matches!(attr, Attr::MemberOf | Attr::WhenCreated);
                Attr::of(name).is_some_and(is_read)
            },
        }
    }

    /// Whether the object is one that is synchronised; the hygiene of a directory
    /// is a matter of all objects.
    ///
    /// # Errors
    /// Why it is not.
    pub fn scope(&self, subject: &Subject<'_>) -> Result<(), Reason> {
        let object = Object::of(subject, &self.settings);
        match (self.profile, object.kind) {
            (HYGIENE, ObjectKind::Other) => Err(Reason::OtherClass),
            (HYGIENE, _) => Ok(()),
            _ => scope::judge(&object),
        }
    }

    /// Whether the object breaks a rule by itself; the keys of its identifiers go to
    /// the sink.
    pub fn inspect(
        &self,
        subject: &Subject<'_>,
        buffers: &mut IdentifierBuffers,
        sink: impl FnMut(Key<'_>),
    ) -> bool {
        let object = Object::of(subject, &self.settings);
        if let Some(timings) = &self.timings {
            return self.inspect_timed(&object, timings, buffers, sink);
        }
        identifiers::for_each_key(&object, buffers, sink);
        let mut verdicts = Verdicts::whether_any(self.profile);
        FAMILIES.iter().any(|family| {
            (family.check)(&object, &mut verdicts);
            verdicts.any()
        })
    }

    fn inspect_timed(
        &self,
        object: &Object<'_, '_>,
        timings: &Timings,
        buffers: &mut IdentifierBuffers,
        sink: impl FnMut(Key<'_>),
    ) -> bool {
        timings.count(Timings::IDENTIFIERS, || identifiers::for_each_key(object, buffers, sink));
        let mut verdicts = Verdicts::whether_any(self.profile);
        FAMILIES.iter().enumerate().any(|(number, family)| {
            timings.count(number, || (family.check)(object, &mut verdicts));
            verdicts.any()
        })
    }

    /// Hands over the keys of the object's identifiers.
    pub fn keys(
        &self,
        subject: &Subject<'_>,
        buffers: &mut IdentifierBuffers,
        sink: impl FnMut(Key<'_>),
    ) {
        identifiers::for_each_key(&Object::of(subject, &self.settings), buffers, sink);
    }

    /// The object as the findings of others name it.
    #[must_use]
    pub fn party(&self, subject: &Subject<'_>) -> Party {
        Party::of(&Object::of(subject, &self.settings))
    }

    /// The findings of an object, in the order of the catalogue.
    #[must_use]
    pub fn findings<'a>(
        &self,
        subject: &Subject<'a>,
        duplicates: &dyn Duplicates,
        place: Location<'a>,
    ) -> Vec<Finding<'a>> {
        let object = Object::of(subject, &self.settings);
        let mut verdicts = Verdicts::in_full(self.profile);
        let others_of = |number| duplicates.others(number);
        match &self.timings {
            None => {
                FAMILIES.iter().for_each(|family| (family.check)(&object, &mut verdicts));
                uniqueness::judge(&object, &others_of, &mut verdicts);
            }
            Some(timings) => {
                for (number, family) in FAMILIES.iter().enumerate() {
                    timings.count(number, || (family.check)(&object, &mut verdicts));
                }
                let judge = || uniqueness::judge(&object, &others_of, &mut verdicts);
                timings.count(Timings::IDENTIFIERS, judge);
            }
        }
        verdicts.into_findings(&object, place)
    }
}

/// An object that is alone in the world.
#[cfg(test)]
struct Alone;

#[cfg(test)]
impl Duplicates for Alone {
    fn is_later_holder(&self, _: Attr, _: usize) -> bool {
        false
    }

    fn first_holder(&self, _: Attr, _: &[u8]) -> Option<super::Holder<'_>> {
        None
    }
}
