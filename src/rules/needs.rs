//! What a rule needs before it can find anything: an option, or an attribute that an
//! entry of the exports has.

use super::catalogue::{Settings, transition};
use super::profile::{Profile, Reads};
use super::rule::Rule;
use super::wanted::WantedRules;
use super::{Attr, Survey};

/// Why what was selected finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// This option was not given.
    Option(&'static str),
    /// No entry has this attribute.
    Attribute(Attr),
}

/// Rules that need several attributes at once, each of them; of others' attributes one is
/// enough.
const EACH: [(&str, &[Attr]); 12] = [
    ("account-admin-no-longer", &[Attr::AdminCount, Attr::Member]),
    ("account-admin-with-mail", &[Attr::AdminCount, Attr::Mail]),
    ("account-expired", &[Attr::AccountExpires, Attr::UserAccountControl]),
    ("account-stale", &[Attr::LastLogonTimestamp, Attr::UserAccountControl]),
    ("anchor-not-object-guid", &[Attr::MsDsConsistencyGuid, Attr::ObjectGuid]),
    ("country-contradiction", &[Attr::CountryCode, Attr::C]),
    (
        "exchange-display-type",
        &[Attr::MsExchRecipientDisplayType, Attr::MsExchRecipientTypeDetails],
    ),
    ("mail-not-primary", &[Attr::ProxyAddresses, Attr::Mail]),
    ("target-with-mailbox", &[Attr::TargetAddress, Attr::HomeMdb]),
    ("upn-not-address", &[Attr::UserPrincipalName, Attr::ProxyAddresses]),
    ("upn-not-mail", &[Attr::UserPrincipalName, Attr::Mail]),
    ("upn-suffix-of-forest", &[Attr::UserPrincipalName, Attr::UpnSuffixes, Attr::DnsRoot]),
];

/// The attributes that a rule needs each of.
#[must_use]
pub fn needed_attributes(rule: &Rule) -> &'static [Attr] {
    EACH.iter().find(|(name, _)| *name == rule.name.0).map_or(&[], |(_, attrs)| attrs)
}

/// The option that a rule needs and does not have.
fn option(rule: &Rule, settings: &Settings, has_previous: bool) -> Option<&'static str> {
    let services = &settings.services;
    let (option, is_given) = match rule.name.0 {
        "upn-unverified" | "mail-unverified" | "proxy-unverified" | "google-domain"
        | "schemus-domain" => ("--verified-domain", !settings.verified_domains.is_empty()),
        "anchor-length" | "anchor-character" | "anchor-missing" => {
            ("--source-anchor", settings.source_anchor.is_some())
        }
        "text-directory-extension" | "directory-extension-count" | "google-custom-field" => {
            ("--extension-attribute", !settings.extension_attributes.is_empty())
        }
        "tenant-address-taken" | "tenant-soft-match" | "tenant-admin-match" => {
            ("--tenant-export", settings.tenant.is_some())
        }
        "earlier-change-not-kept" => ("--earlier-change", settings.earlier_change.is_some()),
        "google-unique-id-missing" => ("--google-unique-id", services.google_unique_id.is_some()),
        "schemus-groups-alone" => ("--schemus-sync", !services.schemus_kinds.is_empty()),
        _ if transition::RULES.iter().any(|other| other.name == rule.name) => {
            ("--previous", has_previous)
        }
        _ => return None,
    };
    (!is_given).then_some(option)
}

impl Survey<'_> {
    /// What was selected by name and finds nothing, with the reason; `has_previous` where
    /// the exports are compared with those before them.
    #[must_use]
    pub fn unable<'w>(&self, wanted: &'w WantedRules, has_previous: bool) -> Vec<(&'w str, Need)> {
        let (profile, settings) = (&self.options.profile, self.options.profile.settings());
        if profile.is_idfix() {
            return Vec::new();
        }
        let noted = settings.left_out.silent();
        let lacking = |rule: &Rule| {
            // A summary that names the rule says the same.
            if noted.values().flatten().any(|name| *name == rule.name.0) {
                return None;
            }
            option(rule, &settings, has_previous)
                .map(Need::Option)
                .or_else(|| Some(Need::Attribute(self.absent_attribute(rule, profile)?)))
        };
        let selections = wanted.selections().iter().filter_map(|set| {
            let rules = set.rules().iter().filter(|rule| rule.profiles.contains(&profile.name));
            let needs: Option<Vec<Need>> = rules.map(|rule| lacking(rule)).collect();
            Some((set.text.as_str(), *needs?.first()?))
        });
        selections.collect()
    }

    /// An attribute that a rule needs and no entry has.
    fn absent_attribute(&self, rule: &Rule, profile: &Profile) -> Option<Attr> {
        let is_absent = |attr: &&Attr| !self.seen.contains(**attr);
        if let Some(attr) = needed_attributes(rule).iter().find(is_absent) {
            return Some(*attr);
        }
        let attrs = rule.attributes.iter().map(|name| Attr::of(name.as_bytes()));
        let attrs: Vec<Attr> = attrs.collect::<Option<_>>()?;
        // Of what is only counted, or read where it is long, nothing tells that it is there.
        let is_told =
            |attr: &Attr| *attr != Attr::MemberOf && profile.reads(*attr) == Reads::Values;
        (attrs.iter().all(|attr| is_told(attr) && is_absent(&attr)))
            .then(|| attrs.first().copied())
            .flatten()
    }
}
