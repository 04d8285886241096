//! Options that several commands share.

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::change::diff::Scope;
use crate::directory::{Filter, FilterErrorKind, Matcher, NormalizedDn};
use crate::ldif::{Limits, LineEnd, ReadOptions, Wrap, WriteOptions};
use crate::output::Overwrite;
use crate::report::{Colour, Problem, Severity, Width};
use crate::rules::{CheckOptions, Profile, ProfileOptions, Rule, Selection, WantedRules};

use super::base;
use super::blame::{About, refuse};
use super::selection::SelectionArgs;
use super::tenant::TenantArgs;

/// How LDIF is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadArgs {
    /// Stop at the first record that cannot be read, instead of skipping it
    #[arg(long)]
    strict: bool,

    /// The longest line that is read, in bytes, or with K, M or G
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = size,
        allow_negative_numbers = true,
        default_value = "256M"
    )]
    max_line: u64,

    /// The largest record that is read, at most 4G
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = record_size,
        allow_negative_numbers = true,
        default_value = "2G"
    )]
    max_record: u64,
}

impl ReadArgs {
    /// The reader's options.
    pub fn options(&self) -> ReadOptions {
        let limits = Limits { line: self.max_line, record: self.max_record };
        ReadOptions { limits, strict: self.strict, comments: false }
    }
}

/// A number above 0, for options; says which numbers are good.
///
/// # Errors
/// Where the text is none.
pub fn above_zero<N: std::str::FromStr>(text: &str) -> anyhow::Result<N> {
    text.parse().ok().context("write a whole number above 0, as in 8")
}

/// A whole number, for options; says which numbers are good.
///
/// # Errors
/// Where the text is none.
pub fn whole_number<N: std::str::FromStr>(text: &str) -> anyhow::Result<N> {
    text.parse().ok().context("write a whole number, 0 or above, as in 180")
}

fn size(text: &str) -> anyhow::Result<u64> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let number: u64 = digits.parse().context(
        "a size is a whole number of bytes, or one with K, M or G behind it, as in 512K, 64M or 2G",
    )?;
    match number.checked_mul(unit) {
        Some(0) | None => bail!("a size is above 0 and below 16 exabytes"),
        Some(size) => Ok(size),
    }
}

/// What the help says of the largest record: offsets within it fit 32 bits.
const LARGEST_RECORD: u64 = 4 << 30;

fn record_size(text: &str) -> anyhow::Result<u64> {
    let size = size(text)?;
    if size > LARGEST_RECORD {
        bail!("a record has at most 4G");
    }
    Ok(size)
}

/// How LDIF is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Writing")]
pub struct WriteArgs {
    /// Fold lines at N octets, or not at all with `no`
    #[arg(long, value_name = "N|no", allow_negative_numbers = true, default_value = "76")]
    wrap: Wrap,

    /// End lines with CRLF, as Windows tools do
    #[arg(long)]
    crlf: bool,

    /// Leave out the `version: 1` line, which Samba's ldbmodify refuses
    #[arg(long)]
    no_version: bool,
}

impl WriteArgs {
    /// The writer's options.
    pub fn options(&self) -> WriteOptions {
        WriteOptions {
            wrap: self.wrap,
            line_end: if self.crlf { LineEnd::CrLf } else { LineEnd::Lf },
            version: !self.no_version,
        }
    }
}

/// Where the numbers of a run go.
#[derive(Debug, clap::Args)]
pub struct StatsArgs {
    /// Write the summary as JSON to FILE (`-` for stdout)
    #[arg(long, value_name = "FILE", help_heading = None)]
    pub stats: Option<PathBuf>,
}

/// How LDIF is read and written, and where the numbers of the run go.
#[derive(Debug, clap::Args)]
pub struct LdifArgs {
    #[command(flatten)]
    pub write: WriteArgs,

    #[command(flatten)]
    pub read: ReadArgs,

    #[command(flatten)]
    stats: StatsArgs,
}

impl LdifArgs {
    /// The options of the reader and of the writer.
    pub fn options(&self) -> (ReadOptions, WriteOptions) {
        (self.read.options(), self.write.options())
    }

    /// The file of the numbers, where one is asked for.
    pub fn stats(&self) -> Option<&PathBuf> {
        self.stats.stats.as_ref()
    }
}

/// Whether files that are there are replaced.
#[derive(Debug, clap::Args)]
pub struct ForceArgs {
    /// Replace outputs that exist
    #[arg(long)]
    force: bool,
}

impl ForceArgs {
    /// What becomes of a file that is there.
    pub fn overwrite(&self) -> Overwrite {
        if self.force { Overwrite::Yes } else { Overwrite::No }
    }
}

/// Which rules are checked.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub struct RuleArgs {
    /// The set of rules and of the entries that they apply to
    #[arg(long, value_name = "NAME", default_value = "entra")]
    profile: String,

    /// With idfix-multitenant: users log in by another attribute, so leave userPrincipalName out
    #[arg(long)]
    alternate_login_id: bool,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    tenant: TenantArgs,
}

/// Options that mean nothing to profiles without a certain rule.
const OF_ONE_RULE: [(&str, &str); 6] = [
    ("--tenant-export", "tenant-address-taken"),
    ("--as-of", "account-expired"),
    ("--stale-days", "account-stale"),
    ("--google-unique-id", "google-unique-id-missing"),
    ("--google-exclude", "google-unique-id-missing"),
    ("--schemus-sync", "schemus-groups-alone"),
];

impl RuleArgs {
    /// The options of a check.
    ///
    /// # Errors
    /// Where a profile, DN or filter is none.
    pub fn check_options(
        &self,
        scope: &ScopeArgs,
        read: &ReadArgs,
    ) -> anyhow::Result<CheckOptions> {
        let options = ProfileOptions {
            alternate_login_id: self.alternate_login_id,
            settings: self.tenant.settings()?,
        };
        let profile = Profile::by_name(&self.profile, options).about("--profile")?;
        if self.alternate_login_id && profile.name != "idfix-multitenant" {
            let text = "--alternate-login-id goes with --profile idfix-multitenant only; otherwise \
                        say --upn-attribute mail, or what users log in by";
            refuse("--alternate-login-id", text.to_owned())?;
        }
        if let (Some(&option), true) = (self.tenant.given().first(), profile.is_idfix()) {
            let text = format!(
                "{option} means nothing to the profile {}: IdFix knows nothing of it; leave it out, or \
                 choose another --profile",
                profile.name
            );
            refuse(option, text)?;
        }
        for (option, rule) in OF_ONE_RULE {
            let is_read = Rule::by_name(rule)?.profiles.contains(&profile.name);
            if self.tenant.given().contains(&option) && !is_read {
                let text =
                    format!("{option} means nothing to the profile {}; leave it out", profile.name);
                refuse(option, text)?;
            }
        }
        let selection = scope.selection()?;
        Ok(CheckOptions { profile, selection, read: read.options(), keep_held: false })
    }

    /// The rules that are asked for.
    ///
    /// # Errors
    /// Where a name is no rule's, and where the options contradict each other.
    pub fn wanted(&self, profile: &Profile) -> anyhow::Result<WantedRules> {
        self.selection.wanted(profile)
    }
}

/// Which part of the directory is looked at.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Scope")]
pub struct ScopeArgs {
    /// Only entries at or below DN
    #[arg(long, short, value_name = "DN")]
    base: Option<String>,

    /// No entries at or below DN; may be repeated
    #[arg(long, value_name = "DN")]
    exclude: Vec<String>,

    /// Only entries that match an LDAP filter
    #[arg(long, value_name = "LDAPFILTER")]
    filter: Option<String>,
}

impl ScopeArgs {
    /// Whether a part of the directory is left out.
    pub fn is_restricted(&self) -> bool {
        self.base.is_some() || !self.exclude.is_empty() || self.filter.is_some()
    }

    /// Whether entries are left out by DN.
    pub fn excludes(&self) -> bool {
        !self.exclude.is_empty()
    }

    /// Refuses a base at or below which no entry of these exports is.
    ///
    /// # Errors
    /// Names the nearest name above it, and one that is spelled alike.
    pub fn require_base(&self, exports: &[&[u8]], read: ReadOptions) -> anyhow::Result<()> {
        match &self.base {
            Some(text) => base::require(text, &dn("--base", text)?, exports, read).about("--base"),
            None => Ok(()),
        }
    }

    fn selection(&self) -> anyhow::Result<Selection> {
        let Scope { base, excluded, filter } = self.diff_scope()?;
        Ok(Selection::new(base, excluded, filter))
    }

    /// The part of the directory that is compared.
    ///
    /// # Errors
    /// Where a DN or filter is none.
    pub fn diff_scope(&self) -> anyhow::Result<Scope> {
        Ok(Scope {
            base: self.base.as_ref().map(|text| part("--base", text)).transpose()?,
            excluded: self
                .exclude
                .iter()
                .map(|text| part("--exclude", text))
                .collect::<anyhow::Result<_>>()?,
            filter: self.filter.as_deref().map(matcher).transpose()?,
        })
    }
}

/// The part of a directory that an option names. That everything is at or below the empty
/// DN is not what an unset variable of a script means.
fn part(option: &'static str, text: &str) -> anyhow::Result<NormalizedDn> {
    if text.trim().is_empty() {
        let text = format!(
            "{option} '': an empty DN, which stands for all entries; name one, or leave it out"
        );
        refuse(option, text)?;
    }
    dn(option, text)
}

/// The DN that an option names.
///
/// # Errors
/// With the place, where the text is none.
pub fn dn(option: &'static str, text: &str) -> anyhow::Result<NormalizedDn> {
    let dn = NormalizedDn::of(text.as_bytes()).map_err(|error| {
        misspelt(option, text, &format!("no DN: {}", error.kind), error.offset, None)
    });
    dn.about(option)
}

/// The filter of `--filter`, ready to be matched.
///
/// # Errors
/// With the place, where the text is none; where a matching rule is not known.
pub fn matcher(text: &str) -> anyhow::Result<Matcher> {
    let filter = Filter::parse(text.as_bytes()).map_err(|error| {
        let offset = match error.kind {
            FilterErrorKind::NotClosed { opened } => opened,
            _ => error.offset,
        };
        misspelt("--filter", text, &error.kind, offset, Some(error.hint()))
    });
    let filter = filter.about("--filter")?;
    if let Some(rule) = filter.unknown_rules().first() {
        let text = format!("--filter {text}: the matching rule {rule} is not known here");
        refuse("--filter", text)?;
    }
    Ok(filter.matcher())
}

/// An error in the text of an option, with a caret under its place.
fn misspelt(
    option: &str,
    text: &str,
    message: &dyn std::fmt::Display,
    offset: usize,
    hint: Option<&str>,
) -> anyhow::Error {
    let mut out = Vec::new();
    let problem = Problem {
        severity: Severity::Error,
        file: option,
        position: None,
        message,
        text: text.as_bytes(),
        // What is missing at the end is shown at the last character.
        offset: offset.min(text.len().saturating_sub(1)),
        hint,
    };
    // A vector takes every byte.
    let _ = problem.write(&mut out, Width::of_stderr(), Colour::Never);
    anyhow::anyhow!("{}", String::from_utf8_lossy(&out).trim_end())
}
