//! What the administrator says about the tenant on the command line.

use anyhow::bail;
use clap::ValueEnum;

use crate::rules::Attr;
use crate::rules::catalogue::{Settings, Transliteration};

/// Options about the tenant.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Tenant")]
pub struct TenantArgs {
    /// A domain that is verified in the tenant; may be repeated
    #[arg(long, value_name = "DOMAIN")]
    verified_domain: Vec<String>,

    /// The tenant's initial domain
    #[arg(long, value_name = "NAME.onmicrosoft.com")]
    initial_domain: Option<String>,

    /// The domain of the cloud that stands for one of the forest; may be repeated
    #[arg(long, value_name = "FROM=TO")]
    map_domain: Vec<String>,

    /// How letters outside ASCII are written in suggestions
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Letters::Plain)]
    transliterate: Letters,

    /// The attribute of users that is the source anchor
    #[arg(long, value_name = "ATTRIBUTE")]
    source_anchor: Option<String>,

    /// An attribute that is synchronised as a directory extension; may be repeated
    #[arg(long, value_name = "ATTRIBUTE")]
    extension_attribute: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Letters {
    /// ä becomes a
    Plain,
    /// ä becomes ae
    De,
    /// Nothing is suggested
    None,
}

impl TenantArgs {
    /// The settings.
    ///
    /// # Errors
    /// Where a domain is none, or an attribute is not read.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        let verified = self.verified_domain.iter().map(|name| domain("--verified-domain", name));
        let initial = self.initial_domain.iter().map(|name| domain("--initial-domain", name));
        let mapped = self.map_domain.iter().map(|pair| match pair.split_once('=') {
            Some((from, to)) => Ok((domain("--map-domain", from)?, domain("--map-domain", to)?)),
            None => bail!("--map-domain {pair}: write it as corp.local=contoso.com"),
        });
        Ok(Settings {
            verified_domains: verified.collect::<anyhow::Result<_>>()?,
            initial_domain: initial.collect::<anyhow::Result<Vec<_>>>()?.pop(),
            federated_domains: Vec::new(),
            mapped_domains: mapped.collect::<anyhow::Result<_>>()?,
            transliteration: match self.transliterate {
                Letters::Plain => Transliteration::Plain,
                Letters::De => Transliteration::German,
                Letters::None => Transliteration::None,
            },
            source_anchor: (self.source_anchor.as_deref())
                .map(|name| attribute("--source-anchor", name))
                .transpose()?,
            extension_attributes: (self.extension_attribute.iter())
                .map(|name| attribute("--extension-attribute", name))
                .collect::<anyhow::Result<_>>()?,
        })
    }
}

/// An attribute that is read.
fn attribute(option: &str, name: &str) -> anyhow::Result<Attr> {
    let Some(attr) = Attr::of(name.as_bytes()) else {
        let known: Vec<&str> = Attr::ALL.iter().map(|attr| attr.name()).collect();
        bail!("{option} {name}: no attribute that is read; these are {}", known.join(", "));
    };
    Ok(attr)
}

/// A domain name as it is compared.
fn domain(option: &str, name: &str) -> anyhow::Result<String> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !name.split('.').all(is_label) {
        bail!("{option} {name}: no domain name; write it as in contoso.com");
    }
    Ok(name.to_ascii_lowercase())
}
