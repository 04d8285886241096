//! `ldifix check --compare`: what the chosen profile finds and IdFix does not, and
//! the reverse.

use std::io::{self, BufWriter, Write};

use anyhow::bail;

use crate::input::Source;
use crate::report::{ComparisonTable, Summary, Tally, Width, counted, difference_json};
use crate::rules::{CheckOptions, Export, Profile, ProfileOptions, Survey, WantedRules, compare};

use super::Exit;
use super::console::Console;

/// How the differences are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Table,
    Json,
}

/// The other side: the same entries under a profile of IdFix.
///
/// # Errors
/// Where the profile is none of IdFix's, or is the one that is chosen.
pub fn other(
    name: &str,
    options: &CheckOptions,
    scope: CheckOptions,
) -> anyhow::Result<CheckOptions> {
    let profile = Profile::by_name(name, ProfileOptions::default())?;
    if !profile.is_idfix() || options.profile.is_idfix() {
        bail!("--compare sets a profile like entra against idfix-multitenant or idfix-dedicated");
    }
    Ok(CheckOptions { profile, ..scope })
}

/// Writes the differences to stdout.
pub fn run<'a>(
    sources: &'a [Source],
    survey: &Survey<'a>,
    (options, other): (&CheckOptions, &'a CheckOptions),
    wanted: &WantedRules,
    form: Form,
    console: &Console,
    totals: &mut Summary,
) -> anyhow::Result<Exit> {
    let exports: Vec<Export<'_>> = sources
        .iter()
        .map(|source| Export { name: source.name(), bytes: source.bytes() })
        .collect();
    let idfix = Survey::run(&exports, other, &|_| {});
    let settings = options.profile.settings();
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut table, mut differences) = (ComparisonTable::default(), 0_u64);
    let mut tally = Tally::default();
    let agreement = compare(survey, &idfix, &settings, |difference| {
        let is_idfix = difference.side == crate::rules::Side::FalseAlarm;
        if !is_idfix && !wanted.admits_any(&difference.finding.rules) {
            tally.hide(difference.finding);
            return Ok(());
        }
        differences += 1;
        if !is_idfix {
            tally.find(difference.finding);
        }
        match form {
            Form::Table => {
                table.add(difference);
                Ok(())
            }
            Form::Json => difference_json(&mut out, difference),
        }
    })?;
    totals.add(tally);
    if form == Form::Table {
        table.write(&mut out, Width::of_stdout(), console.stdout_colour())?;
    }
    out.flush()?;
    console.note(&format!(
        "{} by both",
        counted(agreement.both, "value is reported", "values are reported")
    ));
    Ok(if differences > 0 { Exit::Findings } else { Exit::Clean })
}
