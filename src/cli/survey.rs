//! The survey that `check` and `fix` begin with.

use crate::change::refuse_misfits;
use crate::input::Source;
use crate::report::Summary;
use crate::rules::{CheckOptions, Export, Survey};

use super::console::Console;
use super::entries::{Strays, change_file};
use super::inputs;
use super::options::ScopeArgs;
use super::summary::add_survey;

/// Surveys all inputs and says what was odd about them.
///
/// # Errors
/// Where an input is a change file, or no entry is at or below the base.
pub fn run<'a>(
    sources: &'a [Source],
    options: &'a CheckOptions,
    scope: &ScopeArgs,
    console: &Console,
    totals: &mut Summary,
) -> anyhow::Result<Survey<'a>> {
    for source in sources {
        inputs::report_notes(source.name(), source.notes(), console, totals);
    }
    let exports: Vec<Export<'a>> = sources
        .iter()
        .map(|source| Export { name: source.name(), bytes: source.bytes() })
        .collect();
    let bytes = exports.iter().map(|export| export.bytes.len() as u64).sum();
    let progress = console.progress(Some(bytes));
    let survey = Survey::run_as_exported(&exports, options, &|bytes| progress.add(bytes));
    progress.finish();
    for surveyed in survey.exports() {
        let Export { name, bytes } = surveyed.export;
        let mut report = surveyed.report.clone();
        refuse_misfits(bytes, &surveyed.continued, options.read, &mut report);
        inputs::report_reading(name, &report, console, totals);
        let changes = report.observations.change_records;
        if changes > 0 && changes == report.read_records() && report.failed_blocks == 0 {
            return Err(change_file(name, changes));
        }
        // That there are any is known; which ones, only in the rare case that there are.
        if changes > 0 && survey.skipped.contains_key("change-record") && !console.is_quiet() {
            Strays::of(bytes, options.read).report(name, console);
        }
    }
    add_survey(totals, &survey);
    let inputs: Vec<&[u8]> = sources.iter().map(Source::bytes).collect();
    let outside = |reason| survey.out_of_scope.get(reason).copied().unwrap_or_default();
    let all = survey.in_scope + survey.out_of_scope.values().sum::<u64>();
    if all > 0 && all == outside("outside-base") {
        scope.require_base(&inputs, options.read)?;
    }
    if all > 0 && scope.excludes() && outside("excluded") == 0 {
        console.note("--exclude: no entry is at or below what it names; check its spelling");
    }
    if totals.record_starts == 0 && totals.failures_total == 0 {
        totals.incomplete(
            "no entry is in it; check that the export, or what is before the pipe, succeeded",
        );
    } else if survey.lacks_classes() {
        totals.incomplete(
            "no entry has objectClass, so users, groups and contacts cannot be told, and no rule \
             looked at any: export objectClass too",
        );
    }
    Ok(survey)
}
