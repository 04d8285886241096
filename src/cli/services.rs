//! How the tools of other services are set up, on the command line.

use clap::ValueEnum;

use crate::rules::Attr;
use crate::rules::catalogue::{ExclusionRule, ObjectKind, Services};

use super::blame::refuse;
use super::tenant::attribute;

/// Options about the tools of other services.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Google and Schemus")]
pub struct ServiceArgs {
    /// The attribute by which Google's Directory Sync knows a user (unique identifier
    /// attribute), such as objectGUID
    #[arg(long, value_name = "ATTRIBUTE")]
    google_unique_id: Option<String>,

    /// An exclusion rule of Google's Directory Sync: exact:ADDRESS, substring:TEXT or
    /// regex:EXPRESSION; may be repeated
    #[arg(long, value_name = "RULE")]
    google_exclude: Vec<ExclusionRule>,

    /// A kind of object that Schemus synchronises, where that is not all of them; may be
    /// repeated
    #[arg(long, value_enum, value_name = "KIND")]
    schemus_sync: Vec<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Users,
    Groups,
    Contacts,
}

impl ServiceArgs {
    /// The options with whether they were given.
    pub fn given(&self) -> [(&'static str, bool); 3] {
        [
            ("--google-unique-id", self.google_unique_id.is_some()),
            ("--google-exclude", !self.google_exclude.is_empty()),
            ("--schemus-sync", !self.schemus_sync.is_empty()),
        ]
    }

    /// The settings.
    ///
    /// # Errors
    /// Where an attribute is not read, or is an address.
    pub fn services(&self) -> anyhow::Result<Services> {
        let kind = |kind: &Kind| match kind {
            Kind::Users => ObjectKind::User,
            Kind::Groups => ObjectKind::Group,
            Kind::Contacts => ObjectKind::Contact,
        };
        Ok(Services {
            google_unique_id: self.google_unique_id.as_deref().map(unique_id).transpose()?,
            google_exclusions: self.google_exclude.clone(),
            schemus_kinds: self.schemus_sync.iter().map(kind).collect(),
        })
    }
}

/// An attribute that stays when the address changes.
fn unique_id(name: &str) -> anyhow::Result<Attr> {
    const ADDRESSES: [Attr; 5] = [
        Attr::Mail,
        Attr::MailNickname,
        Attr::ProxyAddresses,
        Attr::TargetAddress,
        Attr::UserPrincipalName,
    ];
    let attr = attribute("--google-unique-id", name)?;
    if ADDRESSES.contains(&attr) {
        let text = format!(
            "--google-unique-id {name}: it changes with the address, and a changed one is another \
             user to Directory Sync; choose one that stays, such as objectGUID"
        );
        refuse("--google-unique-id", text)?;
    }
    Ok(attr)
}
