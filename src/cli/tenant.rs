//! What the administrator says about the tenant on the command line.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::directory::{Facts, Syntax};
use crate::input::Source;
use crate::rules::catalogue::{Keep, Moment, Settings, TopLevelDomains, Transliteration};
use crate::rules::tenant::TenantExport;
use crate::rules::{Attr, nearest};

use super::blame::{About, named, refuse};
use super::options::whole_number;
use super::services::ServiceArgs;

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

    /// A verified domain whose users sign in at a server of your own; may be repeated
    #[arg(long, value_name = "DOMAIN")]
    federated_domain: Vec<String>,

    /// The top-level domains that there are, as IANA's tlds-alpha-by-domain.txt; a list
    /// is built in
    #[arg(long, value_name = "FILE")]
    tld_list: Option<PathBuf>,

    /// The attribute that users sign in with in place of userPrincipalName
    #[arg(long, value_name = "ATTRIBUTE")]
    upn_attribute: Option<String>,

    /// What the cloud holds already, as CSV: userPrincipalName, mail, proxyAddresses or
    /// EmailAddresses, onPremisesImmutableId, isAdmin or roles
    #[arg(long, value_name = "CSV")]
    tenant_export: Option<PathBuf>,

    /// The domain of the cloud that stands for one of the forest; may be repeated
    #[arg(long, value_name = "FROM=TO")]
    map_domain: Vec<String>,

    /// Which holder of a duplicate keeps it; fix --unsafe removes the other ones'
    /// addresses then [default: none]
    #[arg(long, value_enum, value_name = "WHO")]
    keep: Option<Keeps>,

    /// How letters outside ASCII are written in suggestions [default: plain]
    #[arg(long, value_enum, value_name = "HOW")]
    transliterate: Option<Letters>,

    /// The attribute of users that is the source anchor
    #[arg(long, value_name = "ATTRIBUTE")]
    source_anchor: Option<String>,

    /// An attribute that is synchronised as a directory extension; may be repeated
    #[arg(long, value_name = "ATTRIBUTE")]
    extension_attribute: Vec<String>,

    /// The day that counts as today for the rules of --profile hygiene; that of the
    /// newest change in the exports
    #[arg(long, value_name = "YYYY-MM-DD", help_heading = "Rules")]
    as_of: Option<Moment>,

    /// With --profile hygiene: days without a sign-in after which an account is unused
    /// [default: 180]
    #[arg(
        long,
        value_name = "DAYS",
        help_heading = "Rules",
        value_parser = whole_number::<u32>,
        allow_negative_numbers = true
    )]
    stale_days: Option<u32>,

    #[command(flatten)]
    services: ServiceArgs,

    /// The exports hold all attributes: what no entry has is missing, not left out
    #[arg(long, help_heading = "Rules")]
    all_attributes: bool,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Keeps {
    /// The one that has a mailbox
    Mailbox,
    /// The one that is enabled
    Enabled,
    /// The one that was created first
    Oldest,
    /// The one that was created last
    Newest,
    /// A person must say
    None,
}

impl TenantArgs {
    /// The options that were given, as the command line spells them.
    pub fn given(&self) -> Vec<&'static str> {
        let given = [
            ("--verified-domain", !self.verified_domain.is_empty()),
            ("--initial-domain", self.initial_domain.is_some()),
            ("--federated-domain", !self.federated_domain.is_empty()),
            ("--tld-list", self.tld_list.is_some()),
            ("--upn-attribute", self.upn_attribute.is_some()),
            ("--tenant-export", self.tenant_export.is_some()),
            ("--keep", self.keep.is_some()),
            ("--map-domain", !self.map_domain.is_empty()),
            ("--transliterate", self.transliterate.is_some()),
            ("--source-anchor", self.source_anchor.is_some()),
            ("--extension-attribute", !self.extension_attribute.is_empty()),
            ("--all-attributes", self.all_attributes),
            ("--as-of", self.as_of.is_some()),
            ("--stale-days", self.stale_days.is_some()),
        ];
        let given = given.into_iter().chain(self.services.given());
        given.filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }

    /// The pairs of `--map-domain`, each to a domain of the tenant.
    fn mapped_domains(
        &self,
        verified: &[String],
        federated: &[String],
    ) -> anyhow::Result<Vec<(String, String)>> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in &self.map_domain {
            let Some((from, to)) = pair.split_once('=') else {
                bail!("{}: write it as corp.local=contoso.com", named("--map-domain", pair));
            };
            let (from, to) = (domain("--map-domain", from)?, cloud_domain("--map-domain", to)?);
            if from == to {
                bail!("--map-domain {pair}: a domain cannot stand for itself");
            }
            match pairs.iter().find(|(other, _)| *other == from) {
                Some((_, other)) if *other != to => bail!(
                    "--map-domain {from}={other} and --map-domain {from}={to} contradict each \
                     other: leave one of them out"
                ),
                Some(_) => {}
                None => pairs.push((from, to)),
            }
        }
        for (from, to) in &pairs {
            let is_initial =
                self.initial_domain.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(to));
            let is_known = verified.contains(to) || federated.contains(to);
            if !verified.is_empty() && !is_known && !is_initial {
                bail!("--map-domain {from}={to}: {to} is none of the domains of --verified-domain");
            }
        }
        Ok(pairs)
    }

    /// The settings.
    ///
    /// # Errors
    /// Where a domain is none, an attribute is not read, or options contradict each
    /// other.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        let verified =
            self.verified_domain.iter().map(|name| cloud_domain("--verified-domain", name));
        let initial = self.initial_domain.iter().map(|name| initial_domain(name));
        let verified_domains = verified.collect::<anyhow::Result<Vec<_>>>()?;
        let federated =
            self.federated_domain.iter().map(|name| cloud_domain("--federated-domain", name));
        let federated_domains = federated.collect::<anyhow::Result<Vec<_>>>()?;
        let mapped_domains =
            self.mapped_domains(&verified_domains, &federated_domains).about("--map-domain")?;
        Ok(Settings {
            all_attributes: self.all_attributes,
            as_of: self.as_of,
            stale_days: self.stale_days,
            ahead: OnceLock::new(),
            forest: OnceLock::new(),
            earlier_change: None,
            services: self.services.services()?,
            further: Default::default(),
            left_out: Arc::default(),
            verified_domains,
            initial_domain: initial.collect::<anyhow::Result<Vec<_>>>()?.pop(),
            mapped_domains,
            federated_domains,
            top_level_domains: self
                .tld_list
                .as_deref()
                .map(top_level_domains)
                .transpose()
                .about("--tld-list")?,
            tenant: self
                .tenant_export
                .as_deref()
                .map(tenant)
                .transpose()
                .about("--tenant-export")?,
            keep: match self.keep {
                Some(Keeps::Mailbox) => Keep::Mailbox,
                Some(Keeps::Enabled) => Keep::Enabled,
                Some(Keeps::Oldest) => Keep::Oldest,
                Some(Keeps::Newest) => Keep::Newest,
                Some(Keeps::None) | None => Keep::None,
            },
            upn_attribute: self.upn_attribute.as_deref().map(principal_name).transpose()?,
            transliteration: match self.transliterate {
                Some(Letters::Plain) | None => Transliteration::Plain,
                Some(Letters::De) => Transliteration::German,
                Some(Letters::None) => Transliteration::None,
            },
            source_anchor: (self.source_anchor.as_deref())
                .map(|name| attribute("--source-anchor", name))
                .transpose()?,
            extension_attributes: self.extension_attributes()?,
        })
    }

    /// The attributes of `--extension-attribute`, each once: their values are counted.
    fn extension_attributes(&self) -> anyhow::Result<Vec<Attr>> {
        let mut attributes = Vec::new();
        for name in &self.extension_attribute {
            let attr = attribute("--extension-attribute", name)?;
            if !attributes.contains(&attr) {
                attributes.push(attr);
            }
        }
        Ok(attributes)
    }
}

/// The list of top-level domains in a file.
fn top_level_domains(path: &Path) -> anyhow::Result<Arc<TopLevelDomains>> {
    let source = Source::open(path)
        .context("--tld-list takes a text file, such as IANA's tlds-alpha-by-domain.txt")?;
    let list = TopLevelDomains::parse(source.bytes())
        .with_context(|| format!("--tld-list {}", path.display()))?;
    Ok(Arc::new(list))
}

/// What the cloud holds, from a file.
fn tenant(path: &Path) -> anyhow::Result<Arc<TenantExport>> {
    let source = Source::open(path).context("--tenant-export takes a CSV file")?;
    let export = TenantExport::parse(source.bytes())
        .with_context(|| format!("--tenant-export {}", path.display()))?;
    if !export.knows_origins() {
        bail!(
            "--tenant-export {}: no column says which objects come from this directory; add \
             onPremisesImmutableId, or directorySynced",
            path.display()
        );
    }
    Ok(Arc::new(export))
}

/// An attribute that users can sign in with.
fn principal_name(name: &str) -> anyhow::Result<Attr> {
    let attr = attribute("--upn-attribute", name)?;
    let facts = Facts::of(attr.name().as_bytes());
    let is_text = matches!(facts.syntax, Syntax::CaseIgnoreString | Syntax::CaseExactString);
    if !facts.single_valued || !is_text {
        let text = format!(
            "--upn-attribute {name}: users sign in with an attribute of one value of text, as mail \
             or employeeID"
        );
        refuse("--upn-attribute", text)?;
    }
    Ok(attr)
}

/// An attribute that is read.
pub(super) fn attribute(option: &'static str, name: &str) -> anyhow::Result<Attr> {
    let Some(attr) = Attr::of(name.as_bytes()) else {
        let near = nearest(name, Attr::ALL.iter().map(|attr| attr.name()));
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        return refuse(
            option,
            format!("{}: no attribute that the rules read{near}", named(option, name)),
        );
    };
    Ok(attr)
}

/// The initial domain of a tenant, in any of Microsoft's clouds.
fn initial_domain(name: &str) -> anyhow::Result<String> {
    let domain = cloud_domain("--initial-domain", name)?;
    if !domain.contains(".onmicrosoft.") && !domain.ends_with(".onmschina.cn") {
        let text = format!(
            "--initial-domain {domain}: no initial domain, which is one as contoso.onmicrosoft.com; \
             name a domain of your own with --verified-domain"
        );
        refuse("--initial-domain", text)?;
    }
    Ok(domain)
}

/// A domain of the cloud, which has a name of the Internet.
fn cloud_domain(option: &'static str, name: &str) -> anyhow::Result<String> {
    let domain = domain(option, name)?;
    if !domain.contains('.') {
        let text =
            format!("{option} {domain}: no domain of the Internet; write it as in contoso.com");
        refuse(option, text)?;
    }
    Ok(domain)
}

/// A domain name as it is compared.
fn domain(option: &'static str, name: &str) -> anyhow::Result<String> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !name.split('.').all(is_label) {
        let named = named(option, name);
        let text = format!("{named}: no domain name; write it as in contoso.com");
        refuse(option, text)?;
    }
    Ok(name.to_ascii_lowercase())
}
