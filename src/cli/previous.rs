//! `ldifix check --previous`: what changes since the last export.

use std::io;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::change::diff::EntryIndex;
use crate::input::Source;
use crate::ldif::ReadOptions;
use crate::report::{SincePrevious, Summary, counted};
use crate::rules::catalogue::{Catalogue, EarlierChange};
use crate::rules::profile::RuleSet;
use crate::rules::{CheckOptions, Export, Finding, Profile};
use crate::transition::{DELETE_THRESHOLD, Exports, Transition};

use super::blame::{About, refuse};
use super::console::Console;
use super::diff::{Lack, Side, explained, refusals, report_index};
use super::options::whole_number;
use super::{changes, inputs};

/// What an export is compared with.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Since the last export")]
pub struct PreviousArgs {
    /// Tell what changes since this export; once for each EXPORT, in the same order
    #[arg(long, value_name = "EXPORT", conflicts_with_all = ["show_skipped", "predict"])]
    previous: Vec<PathBuf>,

    /// Tell where the values are again, or still, that this change took away; may be
    /// repeated
    #[arg(long, value_name = "CHANGE")]
    earlier_change: Vec<PathBuf>,

    /// How many objects may leave the scope before synchronisation stops [default: 500];
    /// with --profile schemus: how many users the tool may deactivate at once
    #[arg(long, value_name = "N", value_parser = whole_number::<u64>, allow_negative_numbers = true)]
    delete_threshold: Option<u64>,
}

impl PreviousArgs {
    /// The older exports.
    pub fn exports(&self) -> &[PathBuf] {
        &self.previous
    }

    /// All inputs: the exports, and behind them those before them.
    pub fn with(&self, exports: &[PathBuf]) -> Vec<PathBuf> {
        [exports, &self.previous].concat()
    }

    /// Has the profile look for the effect of earlier changes, in their order.
    ///
    /// # Errors
    /// Where one cannot be read, or is no change; where the profile has no rule for it.
    pub fn remember_earlier_change(
        &self,
        options: &mut CheckOptions,
        console: &Console,
    ) -> anyhow::Result<()> {
        const OPTION: &str = "--earlier-change";
        if let Some(change) = self.earlier_change(options.read, console).about(OPTION)?
            && !options.profile.remember(change)
        {
            let profile = options.profile.name;
            let text = format!("{OPTION} means nothing to the profile {profile}; leave it out");
            refuse(OPTION, text)?;
        }
        Ok(())
    }

    /// `None` where no change is named.
    fn earlier_change(
        &self,
        read: ReadOptions,
        console: &Console,
    ) -> anyhow::Result<Option<EarlierChange>> {
        let mut earlier = EarlierChange::default();
        for source in inputs::open(&self.earlier_change)? {
            // The summary is about the export.
            let steps = changes::read(&source, read, console, &mut Summary::new());
            let Some(steps) = steps else {
                bail!("{}: the earlier change cannot be read as a whole", source.name());
            };
            let (lines, records) = changes::change_records(steps, source.name())?;
            lines.iter().zip(&records).for_each(|(line, record)| earlier.add(*line, record));
        }
        Ok((!self.earlier_change.is_empty()).then_some(earlier))
    }

    /// Refuses what cannot be compared.
    ///
    /// # Errors
    /// Where the profile knows nothing of it, or an export has no counterpart.
    pub fn require_counterparts(&self, exports: usize, profile: &Profile) -> anyhow::Result<()> {
        if self.previous.is_empty() {
            // Either may stand in a configuration file, which clap does not know of.
            if self.delete_threshold.is_some() {
                let text =
                    "--delete-threshold goes with --previous: name the export to compare with";
                refuse("--delete-threshold", text.to_owned())?;
            }
            return Ok(());
        }
        if catalogue(profile).is_none() {
            let text = format!(
                "--previous goes with --profile entra, entra-cloud-sync or schemus; {} knows \
                 nothing of what changes",
                profile.name
            );
            refuse("--previous", text)?;
        }
        if self.previous.len() != exports {
            let text = format!(
                "{} and {}: name with --previous the export from before for each EXPORT, in the \
                 same order",
                counted(exports as u64, "export", "exports"),
                counted(self.previous.len() as u64, "previous one", "previous ones"),
            );
            refuse("--previous", text)?;
        }
        Ok(())
    }

    /// What changes since the previous exports; `None` where none is named.
    ///
    /// # Errors
    /// Where an export cannot be compared.
    pub fn transition<'s>(
        &self,
        new: &'s [Source],
        old: &'s [Source],
        options: &CheckOptions,
        console: &Console,
    ) -> anyhow::Result<Option<Transition<'s>>> {
        let Some(catalogue) = catalogue(&options.profile).filter(|_| !old.is_empty()) else {
            return Ok(None);
        };
        let mut transition = Transition::default();
        for (old, new) in old.iter().zip(new) {
            let progress = console.progress(Some((old.bytes().len() + new.bytes().len()) as u64));
            let index = |source: &'s Source| {
                EntryIndex::read(source.bytes(), options.read, &|bytes| progress.add(bytes))
                    .with_context(|| source.name().to_owned())
            };
            let (before, after) = (index(old)?, index(new)?);
            progress.finish();
            // The summary is about the new export, which was reported on already.
            let lack = |side| Lack { side, is_harmless: false, hint: "" };
            let is_told = report_index(old, &before, lack(Side::Old), console, &mut Summary::new());
            let refusals = refusals(new, &after, lack(Side::New));
            refusals.iter().for_each(|refusal| console.error(&anyhow::anyhow!("{refusal}")));
            if !is_told || !refusals.is_empty() {
                bail!("what changes from {} to {} cannot be told", old.name(), new.name());
            }
            let export = |source: &'s Source| Export { name: source.name(), bytes: source.bytes() };
            let pair = Exports { exports: [export(old), export(new)], indexes: [&before, &after] };
            let names = [old.name(), new.name()];
            let added = transition.add(&pair, options, catalogue);
            added.map_err(|error| explained(error, names))?;
        }
        Ok(Some(transition))
    }

    /// Hands over the findings about what changes, and puts the numbers into the summary.
    ///
    /// # Errors
    /// The first error that `take` returns.
    pub fn findings(
        &self,
        transition: Option<&Transition<'_>>,
        options: &CheckOptions,
        totals: &mut Summary,
        mut take: impl FnMut(&Finding<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let (Some(transition), Some(catalogue)) = (transition, catalogue(&options.profile)) else {
            return Ok(());
        };
        totals.since_previous = Some(SincePrevious {
            enter: transition.enter,
            leave: transition.leave.iter().map(|(&why, &count)| (why.into(), count)).collect(),
            change: transition.change,
        });
        // The tool's limit depends on how it is set up.
        let usual = if catalogue.knows_moves() { DELETE_THRESHOLD } else { u64::MAX };
        let threshold = self.delete_threshold.unwrap_or(usual);
        transition.findings(options, catalogue, threshold, |finding| take(&finding))
    }
}

fn catalogue(profile: &Profile) -> Option<&Catalogue> {
    match &profile.rules {
        RuleSet::Catalogue(catalogue) if catalogue.knows_transitions() => Some(catalogue),
        _ => None,
    }
}
