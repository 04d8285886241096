//! Which rules are asked for on the command line.

use clap::ValueEnum;

use crate::rules::{NamedRules, Profile, Severity, WantedError, WantedRules};

use super::blame::About;

/// Options that choose rules.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub struct SelectionArgs {
    /// Only this rule, this family, or, as in `proxy-*`, the rules whose names begin
    /// so; may be repeated
    #[arg(long, value_name = "RULES")]
    select: Vec<String>,

    /// All rules but this one, this family or these; may be repeated
    #[arg(long, value_name = "RULES")]
    ignore: Vec<String>,

    /// Only rules of this severity and above
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = Least::Info)]
    severity: Least,
}

/// The least severity that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Least {
    /// What is not synchronised
    Error,
    /// And what is synchronised with another value
    Warning,
    /// Everything
    Info,
}

impl SelectionArgs {
    /// The rules that are asked for.
    ///
    /// # Errors
    /// Where a name is no rule's, and where the options contradict each other.
    pub fn wanted(&self, profile: &Profile) -> anyhow::Result<WantedRules> {
        let sets = |option, names: &[String]| -> anyhow::Result<Vec<NamedRules>> {
            names.iter().map(|name| NamedRules::named(name).about(option)).collect()
        };
        let severity = match self.severity {
            Least::Error => Severity::Error,
            Least::Warning => Severity::Warning,
            Least::Info => Severity::Info,
        };
        let (selected, ignored) =
            (sets("--select", &self.select)?, sets("--ignore", &self.ignore)?);
        let wanted = WantedRules::new(&selected, &ignored, severity, profile.name);
        let option = match wanted {
            Err(WantedError::Nothing | WantedError::AllIgnored) => "--ignore",
            Err(WantedError::TooLight(_)) => "--severity",
            _ => "--select",
        };
        wanted.about(option)
    }
}
