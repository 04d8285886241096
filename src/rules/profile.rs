//! A profile is data: which entries count, and per attribute an ordered chain
//! of steps, each of which looks at the value as the former step rewrote it.

use super::idfix::{self, Alone, Buffers, Class, Duplicates, Key, Location, SkipReason};
use super::registry::{did_you_mean, nearest};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalogue::identifiers::{Further, Identifier, LedTo};
use super::catalogue::schema::Screen;
use super::catalogue::uniqueness::Party;
use super::catalogue::{Ahead, Catalogue, EarlierChange, Keep, Reason, Settings, Timings};
use super::{Attr, AttrSet, Finding, Fingerprint, StoredValue, Subject};
use crate::directory::Facts;
use crate::ldif::Wanted;

/// A set of rules with the entries that they apply to.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name, as `--profile` takes it.
    pub name: &'static str,
    /// What the profile is for, in one line.
    pub doc: &'static str,
    /// What it looks for.
    pub rules: RuleSet,
}

/// The two kinds of rules.
#[derive(Debug, Clone)]
pub enum RuleSet {
    /// Those of IdFix: chains of steps.
    IdFix(IdFix),
    /// Those of the catalogue.
    Catalogue(Catalogue),
}

/// A rule set of IdFix.
#[derive(Debug, Clone, Copy)]
pub struct IdFix {
    /// Which entries count.
    pub population: Population,
    /// The chains, in the order of the report.
    pub chains: &'static [Chain],
}

/// What a profile reads of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Nothing: its lines are in no [`Subject`].
    Nothing,
    /// The values that have more than so many bytes as they stand in the export:
    /// the others cannot be too long, and nothing else is asked about them.
    LongerThan(usize),
    /// All values.
    Values,
}

/// What can be chosen about a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileOptions {
    /// Users log in by another attribute: userPrincipalName is not checked.
    pub alternate_login_id: bool,
    /// What the administrator says about the tenant.
    pub settings: Settings,
}

/// All lines, those told that stand behind another of their attribute.
pub(super) fn every_line(name: &[u8]) -> Wanted {
    match Facts::numbered(name) {
        Some((number, facts)) if facts.single_valued => Wanted::ALL.with_repeated(number),
        _ => Wanted::ALL,
    }
}

/// There is no profile of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no profile '{name}'{} {} profiles are {}",
    did_you_mean(.nearest),
    if .nearest.is_some() { "The" } else { "the" },
    Profile::NAMES.join(", ")
)]
pub struct UnknownProfile {
    /// The name that was asked for.
    pub name: String,
    /// The name that comes nearest, where one is near.
    pub nearest: Option<&'static str>,
}

impl Profile {
    /// The names of all profiles.
    pub const NAMES: &'static [&'static str] = &[
        "entra",
        "entra-cloud-sync",
        "ad-schema",
        "exchange-online",
        "google",
        "schemus",
        "hygiene",
        "idfix-multitenant",
        "idfix-dedicated",
    ];

    /// What the profile reads of an attribute.
    #[must_use]
    pub fn reads(&self, attr: Attr) -> Reads {
        match &self.rules {
            RuleSet::IdFix(_) if idfix::READ.contains(&attr) => Reads::Values,
            RuleSet::IdFix(_) => Reads::Nothing,
            RuleSet::Catalogue(catalogue) => catalogue.reads(attr),
        }
    }

    /// Which lines of an attribute, by its name, the profile reads.
    pub(super) fn picked(&self) -> fn(&[u8]) -> Wanted {
        match &self.rules {
            RuleSet::IdFix(_) => |name| match Attr::of(name) {
                Some(attr) if idfix::READ.contains(&attr) => Wanted::ALL,
                _ => Wanted::NONE,
            },
            RuleSet::Catalogue(catalogue) => catalogue.picked(),
        }
    }

    /// What the profile asks of an attribute, by its number in the table of attributes
    /// ([`Facts::numbered`]), according to the schema.
    #[must_use]
    pub fn screen(&self, number: u16) -> Screen {
        match &self.rules {
            RuleSet::IdFix(_) => Screen::OPEN,
            RuleSet::Catalogue(catalogue) => Screen::numbered(catalogue.profile, number),
        }
    }

    /// Whether the profile looks at an entry.
    ///
    /// # Errors
    /// The stable name of the reason why not.
    pub fn scope(&self, subject: &Subject<'_>) -> Result<(), &'static str> {
        match &self.rules {
            RuleSet::IdFix(idfix) => idfix.scope(subject).map_err(SkipReason::name),
            RuleSet::Catalogue(catalogue) => catalogue.scope(subject).map_err(Reason::name),
        }
    }

    /// Why an entry in scope is not synchronised all the same, by its stable name: a
    /// rule finds the reason.
    #[must_use]
    pub fn prevented(&self, subject: &Subject<'_>) -> Option<&'static str> {
        match &self.rules {
            RuleSet::IdFix(_) => None,
            RuleSet::Catalogue(catalogue) => catalogue.prevented(subject).map(Reason::name),
        }
    }

    /// Whether it matters that an address moves from one object to another in one
    /// synchronisation.
    #[must_use]
    pub fn knows_moves(&self) -> bool {
        matches!(&self.rules, RuleSet::Catalogue(catalogue) if catalogue.knows_moves())
    }

    /// Whether it matters to which entries an entry refers.
    #[must_use]
    pub fn follows_links(&self) -> bool {
        matches!(&self.rules, RuleSet::Catalogue(catalogue) if catalogue.follows_links())
    }

    /// Hands over the keys of the entries to which an entry refers, where that
    /// matters.
    pub fn for_each_link(
        &self,
        subject: &Subject<'_>,
        buffers: &mut Buffers,
        sink: impl FnMut(Fingerprint),
    ) {
        if let RuleSet::Catalogue(catalogue) = &self.rules {
            catalogue.for_each_link(subject, &mut buffers.identifiers, sink);
        }
    }

    /// Whether the entry may have findings, duplicates aside; every key that it
    /// holds goes to the sink.
    ///
    /// The entry must be in scope ([`Profile::scope`]). Where this is false and none
    /// of the keys is a later holder's, [`Profile::findings`] has nothing to say.
    pub fn inspect(
        &self,
        subject: &Subject<'_>,
        buffers: &mut Buffers,
        sink: impl FnMut(Key<'_>),
    ) -> bool {
        match &self.rules {
            RuleSet::IdFix(idfix) => idfix.inspect(subject, buffers, sink),
            RuleSet::Catalogue(catalogue) => {
                catalogue.inspect(subject, &mut buffers.identifiers, sink)
            }
        }
    }

    /// Whether the profile is one of IdFix's, which know nothing of the tenant.
    #[must_use]
    pub fn is_idfix(&self) -> bool {
        matches!(self.rules, RuleSet::IdFix(_))
    }

    /// Hands over the keys of an entry that is in scope, and no more.
    pub fn keys(&self, subject: &Subject<'_>, buffers: &mut Buffers, sink: impl FnMut(Key<'_>)) {
        match &self.rules {
            RuleSet::IdFix(idfix) => {
                idfix.inspect(subject, buffers, sink);
            }
            RuleSet::Catalogue(catalogue) => {
                catalogue.keys(subject, &mut buffers.identifiers, sink);
            }
        }
    }

    /// Hands over what only one object may have, with its key, where the profile tells
    /// of all objects that share it.
    pub fn identifiers(
        &self,
        subject: &Subject<'_>,
        buffers: &mut Buffers,
        take: impl FnMut(Identifier, Fingerprint),
    ) {
        if let RuleSet::Catalogue(catalogue) = &self.rules
            && self.scope(subject).is_ok()
        {
            catalogue.identifiers(subject, &mut buffers.identifiers, take);
        }
    }

    /// The values that [`Profile::key_of`] leads to, of the entry that was inspected
    /// last with these buffers.
    pub(super) fn led_to(&self, buffers: &Buffers) -> LedTo {
        match &self.rules {
            RuleSet::IdFix(_) => LedTo::default(),
            RuleSet::Catalogue(_) => buffers.identifiers.led_to(),
        }
    }

    /// The key under which the index holds a value, where it
    /// [leads](Profile::led_to) to it at all.
    pub(super) fn key_of(&self, value: &StoredValue) -> Option<Fingerprint> {
        match &self.rules {
            RuleSet::IdFix(_) => None,
            RuleSet::Catalogue(catalogue) => catalogue.key_of(value),
        }
    }

    /// Whether the first holder of a value has a finding too, not only the later
    /// ones.
    #[must_use]
    pub fn names_all_holders(&self) -> bool {
        matches!(self.rules, RuleSet::Catalogue(_))
    }

    /// Has the time counted that each family takes; `None` where the profile has no
    /// families.
    pub fn count_time(&mut self) -> Option<Arc<Timings>> {
        match &mut self.rules {
            RuleSet::IdFix(_) => None,
            RuleSet::Catalogue(catalogue) => {
                Some(Arc::clone(catalogue.timings.get_or_insert_default()))
            }
        }
    }

    /// Takes note of what must be known of all exports before the first entry is looked
    /// at, where the rules ask for it.
    pub(super) fn look_ahead(&self, look: impl FnOnce() -> Ahead) {
        if let RuleSet::Catalogue(catalogue) = &self.rules
            && catalogue.looks_ahead()
        {
            catalogue.settings.ahead.get_or_init(look);
        }
    }

    /// Decides which attributes the exports leave out, once all entries were seen;
    /// `true` where entries are out of scope for lack of one. IdFix knows nothing of it.
    pub(super) fn leave_out(
        &self,
        seen: AttrSet,
        in_scope: u64,
        out_of_scope: &BTreeMap<&'static str, u64>,
    ) -> bool {
        match &self.rules {
            RuleSet::IdFix(_) => false,
            RuleSet::Catalogue(catalogue) => catalogue.leave_out(seen, in_scope, out_of_scope),
        }
    }

    /// Has the rules look for the effect of an earlier change; `false` where the profile
    /// has no rule for it.
    pub fn remember(&mut self, change: EarlierChange) -> bool {
        match &mut self.rules {
            RuleSet::Catalogue(catalogue) if catalogue.knows_earlier_changes() => {
                Arc::make_mut(&mut catalogue.settings).earlier_change = Some(Arc::new(change));
                true
            }
            _ => false,
        }
    }

    /// What was said about the tenant.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        match &self.rules {
            RuleSet::IdFix(_) => Arc::default(),
            RuleSet::Catalogue(catalogue) => Arc::clone(&catalogue.settings),
        }
    }

    /// Which holder of a duplicate keeps it.
    #[must_use]
    pub fn keep(&self) -> Keep {
        match &self.rules {
            RuleSet::IdFix(_) => Keep::None,
            RuleSet::Catalogue(catalogue) => catalogue.settings.keep,
        }
    }

    /// The entry as the findings of others name it.
    #[must_use]
    pub fn party(&self, subject: &Subject<'_>) -> Option<Party> {
        match &self.rules {
            RuleSet::IdFix(_) => None,
            RuleSet::Catalogue(catalogue) => Some(catalogue.party(subject)),
        }
    }

    /// The findings of an entry that is in scope and alone in the world, in the
    /// profile's order: which rules are broken, and not always what is suggested.
    #[must_use]
    pub fn findings_in_brief<'a>(
        &self,
        subject: &Subject<'a>,
        place: Location<'a>,
    ) -> Vec<Finding<'a>> {
        match &self.rules {
            RuleSet::IdFix(idfix) => idfix.findings(subject, &Alone, place),
            RuleSet::Catalogue(catalogue) => catalogue.findings_in_brief(subject, place),
        }
    }

    /// The findings of an entry that is in scope, in the profile's order.
    #[must_use]
    pub fn findings<'a>(
        &self,
        subject: &Subject<'a>,
        duplicates: &dyn Duplicates,
        place: Location<'a>,
    ) -> Vec<Finding<'a>> {
        match &self.rules {
            RuleSet::IdFix(idfix) => idfix.findings(subject, duplicates, place),
            RuleSet::Catalogue(catalogue) => catalogue.findings(subject, duplicates, place),
        }
    }

    fn of_catalogue(name: &'static str, doc: &'static str, settings: Settings) -> Self {
        let settings = Settings { further: Further::of(name), ..settings };
        let catalogue = Catalogue { profile: name, settings: Arc::new(settings), timings: None };
        Self { name, doc, rules: RuleSet::Catalogue(catalogue) }
    }

    /// The profile of a name, without regard to ASCII case.
    ///
    /// # Errors
    /// [`UnknownProfile`] where there is none.
    pub fn by_name(name: &str, options: ProfileOptions) -> Result<Self, UnknownProfile> {
        match name.to_ascii_lowercase().as_str() {
            "entra" => {
                let doc = "What Entra Connect, Exchange Online and Active Directory refuse";
                Ok(Self::of_catalogue("entra", doc, options.settings))
            }
            "entra-cloud-sync" => {
                let doc = "What Entra Cloud Sync and Active Directory refuse";
                Ok(Self::of_catalogue("entra-cloud-sync", doc, options.settings))
            }
            "ad-schema" => {
                let doc = "What the schema of Active Directory does not allow, in any object";
                Ok(Self::of_catalogue("ad-schema", doc, options.settings))
            }
            "exchange-online" => {
                let doc = "What Exchange Online refuses or rewrites";
                Ok(Self::of_catalogue("exchange-online", doc, options.settings))
            }
            "google" => {
                let doc = "What Google Workspace and its Directory Sync refuse or skip";
                Ok(Self::of_catalogue("google", doc, options.settings))
            }
            "schemus" => {
                let doc = "What Schemus and Email Security.cloud reject";
                Ok(Self::of_catalogue("schemus", doc, options.settings))
            }
            "hygiene" => {
                let doc = "What is untidy in any object, synchronised or not";
                Ok(Self::of_catalogue("hygiene", doc, options.settings))
            }
            "idfix-multitenant" => Ok(idfix::multitenant(options)),
            "idfix-dedicated" => Ok(idfix::DEDICATED),
            _ => Err(UnknownProfile {
                name: name.to_owned(),
                nearest: nearest(name, Self::NAMES.iter().copied()),
            }),
        }
    }
}

/// Which persons and groups count, besides the lists that both IdFix rule sets
/// skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// All but system accounts, security groups without mail, and other groups
    /// without proxyAddresses.
    Synchronised,
    /// Those that have mail.
    WithMail,
}

/// The steps for one attribute.
#[derive(Debug)]
pub struct Chain {
    /// The attribute.
    pub attr: Attr,
    /// The attribute's name as the report spells it.
    pub shown: &'static str,
    /// Which of the attribute's values are looked at.
    pub values: Values,
    /// The steps, in order.
    pub steps: &'static [Step],
    /// Steps behind these that depend on the type of an address.
    pub tail: Tail,
}

impl Chain {
    /// Whether a step looks at more of a value than its length.
    ///
    /// No text has more UTF-16 units than bytes, so that whether these steps pass is
    /// nearly always known from the number of bytes.
    #[must_use]
    pub fn looks_at_characters(&self) -> bool {
        let is_about_length = |step: &Step| {
            matches!(step, Step::MaxLength(_) | Step::MaxLengthByClass { .. } | Step::Blank { .. })
        };
        !matches!(self.tail, Tail::None) || !self.steps.iter().all(is_about_length)
    }
}

/// Which of an attribute's values a chain looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// The first one, and whether there is one at all.
    First,
    /// Each of them.
    Each,
}

/// Steps that depend on the type of an address, decided on the value as it
/// stands in the export.
#[derive(Debug)]
pub enum Tail {
    /// There are none.
    None,
    /// By the type of the address.
    ByAddressType {
        /// For a value that contains `smtp:` anywhere.
        smtp: &'static [Step],
        /// For a value that begins with X400, X.400, X500 or X.500.
        x400: &'static [Step],
        /// For every other value.
        other: &'static [Step],
    },
}

impl Tail {
    /// The steps for a value.
    #[must_use]
    pub fn steps(&self, value: &[u8]) -> &'static [Step] {
        match self {
            Self::None => &[],
            Self::ByAddressType { smtp, x400, other } => {
                if idfix::is_smtp(value) {
                    smtp
                } else if idfix::is_x400(value) {
                    x400
                } else {
                    other
                }
            }
        }
    }
}

/// One step of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// At most so many UTF-16 units; the update is the beginning.
    MaxLength(usize),
    /// The same, with a limit for users and one for all others.
    MaxLengthByClass {
        /// The limit for an entry whose last objectClass is user.
        user: usize,
        /// The limit for every other entry.
        other: usize,
    },
    /// None of the characters of a class; the update has none of them.
    Forbidden(Class),
    /// No periods at the start; the update has none there.
    LeadingPeriods,
    /// No white space at either end; the update has none there.
    OuterWhiteSpace,
    /// No colon behind the one that ends the address type.
    SecondColon,
    /// A mail address (RFC 2822 `addr-spec` as IdFix reads it), behind the type.
    MailAddress,
    /// No earlier value of the attribute is the same.
    Unique {
        /// The step is left out where the entry has this attribute.
        unless: Option<Attr>,
    },
    /// A value must be there.
    Blank {
        /// In which entries.
        of: Holders,
        /// What is suggested.
        fill: Fill,
    },
}

/// The entries in which a value must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    /// All.
    All,
    /// Groups.
    Groups,
    /// Contacts.
    Contacts,
    /// Contacts and users without homeMDB.
    WithoutMailbox,
}

/// What is suggested where a value is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// The cn, cut after so many UTF-16 units.
    CommonName(usize),
    /// givenName.sn, or what there is of them, or sAMAccountName, or cn.
    PersonName,
    /// For a contact its mail behind `SMTP:`, cut after so many UTF-16 units; for
    /// others the value as it is.
    External(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_found_by_its_name() {
        for name in Profile::NAMES {
            let found = Profile::by_name(name, ProfileOptions::default());
            assert_eq!(found.map(|profile| profile.name), Ok(*name));
        }
    }

    #[test]
    fn an_unknown_profile_is_answered_with_the_nearest_and_the_list() {
        let Err(error) = Profile::by_name("idfix-multitenat", ProfileOptions::default()) else {
            unreachable!()
        };
        assert_eq!(error.nearest, Some("idfix-multitenant"));
        assert!(error.to_string().ends_with(
            "The profiles are entra, entra-cloud-sync, ad-schema, exchange-online, google, schemus, \
                     hygiene, idfix-multitenant, idfix-dedicated"
        ));
    }

    #[test]
    fn an_alternate_login_id_drops_the_user_principal_name_and_nothing_else() {
        let attrs = |alternate_login_id| -> Vec<Attr> {
            Profile::by_name(
                "idfix-multitenant",
                ProfileOptions { alternate_login_id, ..ProfileOptions::default() },
            )
            .map_or_else(
                |_| Vec::new(),
                |profile| {
                    let RuleSet::IdFix(idfix) = profile.rules else { unreachable!() };
                    idfix.chains.iter().map(|chain| chain.attr).collect()
                },
            )
        };
        let mut all = attrs(false);
        assert_eq!(all.pop(), Some(Attr::UserPrincipalName));
        assert_eq!(all, attrs(true));
    }
}
