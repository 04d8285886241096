//! What the administrator says about the tenant and the forest.

use std::sync::{Arc, OnceLock};

use crate::rules::Attr;
use crate::rules::tenant::TenantExport;

use super::identifiers::Further;
use super::{
    Ahead, EarlierChange, Forest, HostServices, Keep, LeftOut, Moment, Services, TopLevelDomains,
};

/// What the administrator says about the tenant and the forest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Domains that are verified in the tenant, in lower case; none where nothing
    /// was said, and then no domain counts as unverified.
    pub verified_domains: Vec<String>,
    /// The tenant's initial domain (`contoso.onmicrosoft.com`), in lower case.
    pub initial_domain: Option<String>,
    /// Those of them whose users sign in at a server of the administrator's own, in
    /// lower case; they count as verified.
    pub federated_domains: Vec<String>,
    /// The top-level domains that there are; `None` for those that are built in
    /// (IANA's).
    pub top_level_domains: Option<Arc<TopLevelDomains>>,
    /// The attribute that users sign in with in place of userPrincipalName
    /// (alternate login ID).
    pub upn_attribute: Option<Attr>,
    /// What the cloud holds already; `None` where that was not said.
    pub tenant: Option<Arc<TenantExport>>,
    /// Which holder of a duplicate keeps it.
    pub keep: Keep,
    /// Suffixes of names that cannot be routed, and what stands for them in the
    /// cloud: `corp.local`, `contoso.com`. In lower case.
    pub mapped_domains: Vec<(String, String)>,
    /// Whether the exports hold all attributes of their entries, so that one which no
    /// entry has is missing.
    pub all_attributes: bool,
    /// The attributes that the exports leave out, so that their absence says nothing.
    pub left_out: Arc<LeftOut>,
    /// The day that counts as today; `None` for that of the newest change in the exports.
    pub as_of: Option<Moment>,
    /// Days without a sign-in after which an account counts as unused; `None` for
    /// [`STALE_DAYS`](super::STALE_DAYS).
    pub stale_days: Option<u32>,
    /// What is known of all exports before the first entry is looked at.
    pub ahead: OnceLock<Ahead>,
    /// The suffixes of the forest, where the exports tell of them.
    pub forest: OnceLock<Forest>,
    /// How letters outside ASCII are written in addresses.
    pub transliteration: Transliteration,
    /// The attribute of users that is the source anchor; `None` where it is the one
    /// that Entra Connect chooses itself, and then no anchor counts as missing.
    pub source_anchor: Option<Attr>,
    /// An earlier change whose effect is looked for; `None` where none was named.
    pub earlier_change: Option<Arc<EarlierChange>>,
    /// How the tools of other services are set up.
    pub services: Services,
    /// Attributes that are synchronised as directory extensions.
    pub extension_attributes: Vec<Attr>,
    /// What objects are known by beside names and addresses: the profile decides.
    pub further: Further,
}

impl Settings {
    /// Whether a domain can be used in the tenant, as far as that was said.
    #[must_use]
    pub fn is_verified(&self, domain: impl AsRef<[u8]>) -> bool {
        let domain = domain.as_ref();
        let is_same = |verified: &str| verified.as_bytes().eq_ignore_ascii_case(domain);
        self.verified_domains.is_empty()
            || self.verified_domains.iter().chain(&self.federated_domains).any(|it| is_same(it))
            || self.initial_domain.as_deref().is_some_and(is_same)
    }

    /// The time that counts as now, where that is known: an export has no clock.
    #[must_use]
    pub fn clock(&self) -> Option<Moment> {
        self.as_of.or_else(|| self.ahead.get()?.newest)
    }

    /// Which services the name HOST of a computer stands for.
    pub(super) fn host_services(&self) -> &HostServices {
        match self.ahead.get().map(|ahead| &ahead.host_services) {
            Some(told) if !told.is_empty() => told,
            _ => HostServices::by_default(),
        }
    }

    /// Whether users of a domain sign in at a server of the administrator's own.
    #[must_use]
    pub fn is_federated(&self, domain: &str) -> bool {
        self.federated_domains.iter().any(|it| it.eq_ignore_ascii_case(domain))
    }

    /// The attribute that users sign in with.
    #[must_use]
    pub fn principal_name(&self) -> Attr {
        self.upn_attribute.unwrap_or(Attr::UserPrincipalName)
    }

    /// What stands for a domain in the cloud, where that was said.
    #[must_use]
    pub fn mapped(&self, domain: &str) -> Option<&str> {
        let mut pairs = self.mapped_domains.iter();
        pairs.find(|(from, _)| from.eq_ignore_ascii_case(domain)).map(|(_, to)| to.as_str())
    }
}

/// How letters outside ASCII are written in suggestions for addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transliteration {
    /// `ä` becomes `a`, as Active Directory compares it.
    #[default]
    Plain,
    /// `ä` becomes `ae`, as in German.
    German,
    /// Nothing is suggested.
    None,
}
