//! The rules for what Entra ID, Exchange Online and Active Directory refuse today:
//! one file per family, each with its rules, their documentation and their check.
//!
//! A family looks at one [`Object`] at a time and gives its [`Verdicts`]. It runs
//! twice: over every object, where it only counts whether anything is wrong, and
//! again over those where something is, for the findings. So a check must be cheap
//! where nothing is wrong, and may take its time where something is.

mod account_hygiene;
mod account_use;
mod address;
pub mod cloud_object;
mod cloud_sync;
mod country;
mod earlier_change;
mod everyday;
mod exchange;
mod google;
mod host_services;
pub mod identifiers;
mod keep;
mod left_out;
mod location;
mod mail;
mod mail_nickname;
mod moment;
mod object;
mod person_name;
mod principal_name_use;
mod proxy_addresses;
pub(super) mod references;
mod sam_account_name;
pub mod schema;
mod schemus;
mod scope;
mod services;
mod settings;
mod sid;
mod sign_in_name;
mod size;
mod source_anchor;
mod target_address;
mod tenant;
mod text;
mod text_length;
mod timings;
mod top_level_domains;
pub mod transition;
pub mod uniqueness;
mod user_principal_name;
mod verdict;
mod well_known_name;

pub use account_use::{Ahead, Protected, STALE_DAYS};
pub use earlier_change::EarlierChange;
pub use host_services::HostServices;
pub(in crate::rules) use keep::Choice;
pub use keep::{Keep, Keeper};
pub use left_out::LeftOut;
pub use moment::{Moment, NoDate};
pub use object::{Object, ObjectKind};
pub use principal_name_use::Forest;
pub use scope::Reason;
pub use services::{ExclusionRule, NoExclusionRule, Services};
pub use settings::{Settings, Transliteration};
pub use timings::Timings;
pub use top_level_domains::{TopLevelDomains, TopLevelDomainsError};
pub use verdict::Verdicts;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::idfix::{Duplicates, Location};
use super::rule::Rule;
use super::{Attr, AttrSet, Finding, Fingerprint, Key, Reads, StoredValue, Subject};
use crate::directory::Facts;
use crate::ldif::Wanted;
use identifiers::{Identifier, IdentifierBuffers};
use schema::Screen;
use scope::Engine;
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
    references::FAMILY,
    well_known_name::FAMILY,
    schema::FAMILY,
    exchange::FAMILY,
    cloud_sync::FAMILY,
    google::FAMILY,
    schemus::FAMILY,
    account_hygiene::FAMILY,
    tenant::FAMILY,
    earlier_change::FAMILY,
];

/// The profile of the rules that hold for all objects, synchronised or not.
const HYGIENE: &str = "hygiene";
/// The profile of the rules of Active Directory's schema alone.
const AD_SCHEMA: &str = "ad-schema";
/// The profile of Google Workspace.
const GOOGLE: &str = "google";
/// The profile of Schemus.
const SCHEMUS: &str = "schemus";
const ENTRA: &str = "entra";
const CLOUD_SYNC: &str = "entra-cloud-sync";

/// Attributes that are read for no profile of synchronisation.
const OF_HYGIENE: [Attr; 14] = [
    Attr::AccountExpires,
    Attr::CountryCode,
    Attr::LastLogonTimestamp,
    Attr::MemberOf,
    Attr::MsExchArchiveGuid,
    Attr::MsExchMailboxGuid,
    Attr::MsDsSupportedEncryptionTypes,
    Attr::PreferredLanguage,
    Attr::PrimaryGroupId,
    Attr::ServicePrincipalName,
    Attr::SidHistory,
    Attr::SpnMappings,
    Attr::UnixUserPassword,
    Attr::UserPassword,
];

/// Attributes that are read where an option names them, and only there.
const OF_OPTIONS: [Attr; 3] = [Attr::EntryUuid, Attr::Uid, Attr::UidNumber];

/// Which lines of an attribute a profile reads under the usual settings.
type Picks = Vec<Wanted>;

static PICKS: LazyLock<[Picks; 3]> = LazyLock::new(|| [ENTRA, AD_SCHEMA, HYGIENE].map(picks));

/// Those of all attributes, by their number in the table.
fn picks(profile: &'static str) -> Picks {
    let catalogue = Catalogue { profile, settings: Arc::default(), timings: None };
    let picked = |facts: &Facts| {
        let name = facts.name.as_bytes();
        let reads = Attr::of(name).map_or(Reads::Nothing, |attr| catalogue.reads(attr));
        Screen::of(profile, name).picked(reads)
    };
    std::iter::once(Wanted::NONE).chain(Facts::all().map(picked)).collect()
}

fn picked(profile: usize, name: &[u8]) -> Wanted {
    let number = Facts::numbered(name).map_or(0, |(number, _)| usize::from(number));
    PICKS.get(profile).and_then(|picks| picks.get(number)).copied().unwrap_or(Wanted::NONE)
}

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
    /// Whether a rule looks for the effect of an earlier change.
    pub(super) fn knows_earlier_changes(&self) -> bool {
        earlier_change::NOT_KEPT.profiles.contains(&self.profile)
    }

    /// Whether something must be known of all exports before the first entry is looked at.
    pub(super) fn looks_ahead(&self) -> bool {
        self.profile == HYGIENE
    }

    /// Takes note of the suffixes of the forest, where a rule asks for them; `true` where
    /// they are known.
    pub(super) fn learn_forest(&self, look: impl FnOnce() -> Forest) -> bool {
        principal_name_use::NOT_OF_FOREST.profiles.contains(&self.profile) && {
            let forest = look();
            forest.is_told() && self.settings.forest.set(forest).is_ok()
        }
    }

    /// Decides which attributes the exports leave out, of those that no entry has;
    /// `true` where entries are out of scope for lack of one.
    pub(super) fn leave_out(
        &self,
        seen: AttrSet,
        in_scope: u64,
        out_of_scope: &BTreeMap<&'static str, u64>,
    ) -> bool {
        if self.settings.all_attributes {
            return false;
        }
        let outside = |reason: &Reason| out_of_scope.get(reason.name()).copied().unwrap_or(0);
        let lacking = || Reason::ALL.iter().filter(|it| !it.lacks().is_empty() && outside(it) > 0);
        let entries = lacking().fold(in_scope, |sum, reason| sum.saturating_add(outside(reason)));
        let left_out = left_out::left_out(seen, entries);
        self.settings.left_out.decide(left_out);
        let mut matters = false;
        for reason in lacking() {
            for attr in reason.lacks().iter().filter(|attr| left_out.contains(**attr)) {
                self.settings.left_out.silence(*attr, reason.name());
                // Of other services' objects nothing is looked at but addresses.
                matters |= *reason != Reason::NoAddress;
            }
        }
        matters
    }

    /// What the profile reads of an attribute.
    #[must_use]
    pub fn reads(&self, attr: Attr) -> Reads {
        let Settings { source_anchor, upn_attribute, keep, .. } = *self.settings;
        let unique_id = self.settings.services.google_unique_id;
        let is_extension = self.settings.extension_attributes.contains(&attr);
        if is_extension || [source_anchor, upn_attribute, unique_id].contains(&Some(attr)) {
            return Reads::Values;
        }
        if OF_OPTIONS.contains(&attr) {
            return Reads::Nothing;
        }
        if attr == Attr::WhenCreated {
            return if keep.is_by_age() { Reads::Values } else { Reads::Nothing };
        }
        if matches!(self.profile, HYGIENE | AD_SCHEMA) {
            return Reads::Values;
        }
        if OF_HYGIENE.contains(&attr) {
            return Reads::Nothing;
        }
        text_length::limit_alone(attr, &self.settings).map_or(Reads::Values, Reads::LongerThan)
    }

    /// Which lines of an attribute, by its name, the profile may read.
    pub(super) fn picked(&self) -> fn(&[u8]) -> Wanted {
        let settings = &self.settings;
        let is_usual = settings.source_anchor.is_none()
            && settings.upn_attribute.is_none()
            && settings.extension_attributes.is_empty()
            && !settings.keep.is_by_age();
        match self.profile {
            ENTRA | CLOUD_SYNC if is_usual => |name| picked(0, name),
            ENTRA | CLOUD_SYNC => |name| picked(0, name).or_all(Attr::of(name).is_some()),
            AD_SCHEMA => |name| picked(1, name),
            HYGIENE => |name| picked(2, name),
            _ if settings.services.google_unique_id.is_some()
                || !settings.extension_attributes.is_empty() =>
            {
                |name| Wanted::NONE.or_all(Attr::of(name).is_some())
            }
            // Half of the lines of an export can be memberOf.
            _ => |name| match Attr::of(name) {
                Some(attr) if !OF_HYGIENE.contains(&attr) && !OF_OPTIONS.contains(&attr) => {
                    Wanted::ALL
                }
                _ => Wanted::NONE,
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
            (AD_SCHEMA, _) if schema::is_of_active_directory(&object) => Ok(()),
            (AD_SCHEMA, _) => Err(Reason::OtherSchema),
            (GOOGLE, _) => scope::judge_for_google(&object),
            (SCHEMUS, _) => scope::judge_for_schemus(&object),
            (HYGIENE, ObjectKind::Other) if !subject.has(Attr::DsHeuristics) => {
                Err(Reason::OtherClass)
            }
            (HYGIENE, _) => Ok(()),
            _ => scope::judge(&object, self.engine()),
        }
    }

    /// Why an object that the rules look at is not synchronised all the same: one of
    /// them finds the reason.
    #[must_use]
    pub fn prevented(&self, subject: &Subject<'_>) -> Option<Reason> {
        scope::prevented(&Object::of(subject, &self.settings), self.engine())
    }

    fn engine(&self) -> Engine {
        match self.profile {
            CLOUD_SYNC => Engine::CloudSync,
            _ => Engine::Connect,
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

    /// Whether it matters to which entries an object refers.
    #[must_use]
    pub fn follows_links(&self) -> bool {
        references::MEMBER.profiles.contains(&self.profile)
    }

    /// Hands over the keys of the entries to which an object refers.
    pub fn for_each_link(
        &self,
        subject: &Subject<'_>,
        buffers: &mut IdentifierBuffers,
        mut sink: impl FnMut(Fingerprint),
    ) {
        if !subject.may_have_any(references::LINKS) {
            return;
        }
        let object = Object::of(subject, &self.settings);
        let (value, key) = buffers.spare();
        references::for_each(&object, |line| sink(references::key_of(line.bytes_in(value), key)));
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

    /// The key under which objects are known by a value, where it is plain.
    pub(super) fn key_of(&self, value: &StoredValue) -> Option<Fingerprint> {
        identifiers::key_of(value, &self.settings)
    }

    /// Hands over each identifier with its key.
    pub fn identifiers(
        &self,
        subject: &Subject<'_>,
        buffers: &mut IdentifierBuffers,
        mut take: impl FnMut(Identifier, Fingerprint),
    ) {
        let object = Object::of(subject, &self.settings);
        identifiers::for_each(&object, buffers, |identifier, key, _| {
            take(identifier, key.fingerprint);
        });
    }

    /// What kind of object an entry is.
    #[must_use]
    pub fn kind_of(&self, subject: &Subject<'_>) -> ObjectKind {
        Object::of(subject, &self.settings).kind
    }

    /// The object as the findings of others name it.
    #[must_use]
    pub fn party(&self, subject: &Subject<'_>) -> Party {
        Party::of(&Object::of(subject, &self.settings))
    }

    /// The findings of an object by itself, as far as to say which rules are broken.
    #[must_use]
    pub fn findings_in_brief<'a>(
        &self,
        subject: &Subject<'a>,
        place: Location<'a>,
    ) -> Vec<Finding<'a>> {
        let object = Object::of(subject, &self.settings);
        let mut verdicts = Verdicts::in_brief(self.profile, &self.settings.left_out);
        FAMILIES.iter().for_each(|family| (family.check)(&object, &mut verdicts));
        verdicts.into_findings(&object, place)
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
        if object.kind == ObjectKind::Other && !matches!(self.profile, HYGIENE | AD_SCHEMA) {
            // Its addresses count, and that is told where others have them.
            return Vec::new();
        }
        let mut verdicts = Verdicts::in_full(self.profile, &self.settings.left_out);
        let others_of = |number| duplicates.others(number);
        match &self.timings {
            None => {
                FAMILIES.iter().for_each(|family| (family.check)(&object, &mut verdicts));
                if duplicates.shares_any() {
                    uniqueness::judge(&object, &others_of, &mut verdicts);
                }
            }
            Some(timings) => {
                for (number, family) in FAMILIES.iter().enumerate() {
                    timings.count(number, || (family.check)(&object, &mut verdicts));
                }
                let judge = || uniqueness::judge(&object, &others_of, &mut verdicts);
                timings.count(Timings::IDENTIFIERS, judge);
            }
        }
        if self.follows_links() {
            references::judge(&object, duplicates, &mut verdicts);
        }
        verdicts.into_findings(&object, place)
    }
}

/// A user with these values.
#[cfg(test)]
fn user<'a>(lines: &[(Attr, &'a str)]) -> Subject<'a> {
    use crate::ldif::Line;
    let mut subject = Subject::default();
    subject.reset(&Line::of(b"dn", b"CN=Ann,DC=com"));
    subject.push(Attr::ObjectClass, Line::of(b"objectClass", b"user"));
    for (attr, value) in lines {
        subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
    }
    subject
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_that_an_option_names_is_read_whatever_the_profile_reads() {
        for attr in [Attr::PrimaryGroupId, Attr::WhenCreated, Attr::EntryUuid, Attr::Pager] {
            let mut unique_id = Settings::default();
            unique_id.services.google_unique_id = Some(attr);
            let extension = Settings { extension_attributes: vec![attr], ..Settings::default() };
            let anchor = Settings { source_anchor: Some(attr), ..Settings::default() };
            for (profile, settings) in [
                (GOOGLE, unique_id),
                (GOOGLE, extension.clone()),
                (ENTRA, extension),
                (ENTRA, anchor),
            ] {
                let settings = Arc::new(settings);
                let catalogue = Catalogue { profile, settings, timings: None };
                assert_eq!(catalogue.reads(attr), Reads::Values, "{profile} {attr:?}");
                let picked = (catalogue.picked())(attr.name().as_bytes());
                assert_eq!(picked, picked.or_all(true), "{profile} {attr:?}");
            }
        }
    }
}
