//! The findings that were accepted: reading their file and writing it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::baseline::{Baseline, BaselineWriter};
use crate::directory::dn::normalize_into;
use crate::input::Source;
use crate::ldif::{CHUNK_SIZE, Chunks, ReadOptions};
use crate::output::{AtomicFile, Overwrite};
use crate::report::{Summary, counted, visible};
use crate::rules::{Finding, Profile, Rule};

use super::blame::{About, refuse};
use super::console::Console;
use super::entries;

/// Findings that were accepted.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub struct BaselineArgs {
    /// Leave out the findings that FILE accepts
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
}

/// Findings to be accepted.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub struct WriteBaselineArgs {
    #[command(flatten)]
    read: BaselineArgs,

    /// Write the findings to FILE, for --baseline, with those that it accepts already
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,

    /// List the lines of the baseline for which there is no finding any more
    #[arg(long, requires = "baseline")]
    show_stale: bool,

    /// Replace the file of --write-baseline where it exists
    #[arg(long, requires = "write_baseline")]
    force: bool,
}

impl WriteBaselineArgs {
    /// The file that is to be written.
    pub fn path(&self) -> Option<&PathBuf> {
        self.write_baseline.as_ref()
    }
}

/// Lines without a finding that are shown, at most.
const SHOWN: usize = 1000;

impl BaselineArgs {
    /// The findings that were accepted, none where no file is named.
    ///
    /// # Errors
    /// Where the file is none, and where it is about another export.
    pub fn load(&self, exports: &[Source], read: ReadOptions) -> anyhow::Result<Baseline> {
        let Some(path) = &self.baseline else { return Ok(Baseline::default()) };
        let source = Source::open(path)?;
        let baseline = Baseline::parse(source.bytes())
            .with_context(|| format!("--baseline {}", path.display()))?;
        let mut contexts = baseline.contexts().take(3).collect::<Vec<_>>();
        if contexts.is_empty() || exports.iter().any(|export| shares(&baseline, export, read)) {
            return Ok(baseline);
        }
        if baseline.contexts().nth(3).is_some() {
            contexts.push("…");
        }
        bail!(
            "--baseline {}: it is of another export: nothing here is below {}; leave it out, or \
             name the baseline of this export",
            path.display(),
            visible(contexts.join(" or ").as_bytes()),
        );
    }
}

/// Whether an entry of the export is in a naming context of the baseline.
fn shares(baseline: &Baseline, export: &Source, read: ReadOptions) -> bool {
    let (mut shares, mut key) = (false, Vec::new());
    for chunk in Chunks::new(export.bytes(), CHUNK_SIZE) {
        entries::scan(chunk.bytes, read, |entry| {
            shares = shares
                || normalize_into(&entry.dn, &mut key).is_ok() && baseline.has_context_of(&key);
        });
        if shares {
            break;
        }
    }
    shares
}

/// What becomes of the findings of a check.
pub struct Acceptance {
    pub accepted: Accepted,
    output: Option<AtomicFile>,
}

/// The findings that are accepted, and whether a new baseline is written.
pub struct Accepted {
    baseline: Baseline,
    is_written_anew: bool,
}

impl WriteBaselineArgs {
    /// Reads the one file and begins the other.
    ///
    /// # Errors
    /// As [`BaselineArgs::load`]; where both are the same file; where one cannot be
    /// written.
    pub fn begin(&self, exports: &[Source], read: ReadOptions) -> anyhow::Result<Acceptance> {
        if let (Some(old), Some(new)) = (&self.read.baseline, &self.write_baseline)
            && is_same(old, new)
        {
            let text = format!(
                "--baseline and --write-baseline name the same file, {}: write to another one, and \
                 replace the old one when you have compared them",
                new.display()
            );
            refuse("--baseline", text)?;
        }
        let baseline = self.read.load(exports, read).about("--baseline")?;
        let overwrite = if self.force { Overwrite::Yes } else { Overwrite::No };
        let output = match &self.write_baseline {
            Some(path) => Some(AtomicFile::create(path, overwrite)?),
            None => None,
        };
        let accepted = Accepted { baseline, is_written_anew: output.is_some() };
        Ok(Acceptance { accepted, output })
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

impl Accepted {
    /// Whether a finding was accepted. It is written again, with its reason.
    pub fn accepts(&self, finding: &Finding<'_>, lines: &mut BaselineWriter) -> bool {
        let accepts = self.baseline.accepts(finding);
        if accepts && self.is_written_anew {
            lines.add(finding, self.baseline.reason(finding));
        }
        accepts
    }

    /// Takes a finding that is shown.
    pub fn show(&self, finding: &Finding<'_>, lines: &mut BaselineWriter) {
        if !finding.extra && self.is_written_anew {
            lines.add(finding, None);
        }
    }
}

impl Acceptance {
    /// Lets the new file with its lines appear, and says what of the old one is out of date, where
    /// the whole export was looked at.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(
        self,
        new: BaselineWriter,
        args: &WriteBaselineArgs,
        profile: &Profile,
        whole: bool,
        totals: &mut Summary,
        console: &Console,
    ) -> anyhow::Result<()> {
        if let (true, Some(path)) = (whole, &args.read.baseline) {
            let of_profile = |name: crate::rules::RuleName| {
                Rule::by_name(name.0).is_ok_and(|rule| rule.profiles.contains(&profile.name))
            };
            for (at, (number, line)) in self.accepted.baseline.stale(of_profile).enumerate() {
                totals.stale_baseline_lines += 1;
                if args.show_stale && at < SHOWN {
                    console.note(&format!("{}:{number}: no such finding: {line}", path.display()));
                }
            }
        }
        if let Some(mut file) = self.output {
            let lines = new.len() as u64;
            let path = visible(file.path().as_os_str().as_encoded_bytes());
            file.write_all(&new.finish()).context("the baseline cannot be written")?;
            file.commit()?;
            console.note(&format!(
                "{} in {path}; put a reason behind the # of each",
                counted(lines, "finding", "findings")
            ));
        }
        Ok(())
    }
}
