//! The survey that `check` and `fix` begin with.

use crate::change::refuse_misfits;
use crate::input::Source;
use crate::report::Summary;
use crate::rules::{CheckOptions, Export, Survey};

use super::console::Console;
use super::inputs;
use super::summary::add_survey;

/// Surveys all inputs and says what was odd about them.
pub fn run<'a>(
    sources: &'a [Source],
    options: &'a CheckOptions,
    console: &Console,
    totals: &mut Summary,
) -> Survey<'a> {
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
    }
    add_survey(totals, &survey);
    if survey.lacks_classes() {
        totals.incomplete(
            "no entry has objectClass, so users, groups and contacts cannot be told, and no rule \
             looked at any: export objectClass too",
        );
    }
    survey
}
