//! What the administrator says about the tenant and the forest.

use std::sync::Arc;

use crate::rules::Attr;
use crate::rules::tenant::TenantExport;

use super::{Keep, TopLevelDomains};

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
    /// Whether the export leaves sAMAccountName out: no entry has one, so that its
    /// absence says nothing. Active Directory gives every user and group one.
    pub leaves_out_account_names: bool,
    /// How letters outside ASCII are written in addresses.
    pub transliteration: Transliteration,
    /// The attribute of users that is the source anchor; `None` where it is the one
    /// that Entra Connect chooses itself, and then no anchor counts as missing.
    pub source_anchor: Option<Attr>,
    /// Attributes that are synchronised as directory extensions.
    pub extension_attributes: Vec<Attr>,
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
