//! The survey that `check` and `fix` begin with.

use crate::change::refuse_misfits;
use crate::input::Source;
use crate::report::Summary;
use crate::rules::{CheckOptions, Export, Profile, Survey};

use super::console::Console;
use super::inputs;
use super::summary::add_survey;

/// Says so where the inputs hold no account names at all: whoever exports a few
/// attributes is not to hear that nobody is synchronised.
pub fn look_for_account_names(profile: &mut Profile, sources: &[Source], console: &Console) {
    let has_names = sources.iter().any(|source| holds_account_name(source.bytes()));
    if !has_names && profile.leave_out_account_names() {
        console.note("no entry has a sAMAccountName, so nothing is said about its absence");
    }
}

/// Whether a line of an export begins with sAMAccountName, in any case.
fn holds_account_name(export: &[u8]) -> bool {
    const NAME: &[u8] = b"\nsamaccountname:";
    // Nearly always as the schema spells it, and soon.
    if memchr::memmem::find(export, b"\nsAMAccountName:").is_some() {
        return true;
    }
    memchr::memchr_iter(b'\n', export).any(|at| {
        export.get(at..at + NAME.len()).is_some_and(|line| line.eq_ignore_ascii_case(NAME))
    })
}

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
    let survey = Survey::run(&exports, options, &|bytes| progress.add(bytes));
    progress.finish();
    for surveyed in survey.exports() {
        let Export { name, bytes } = surveyed.export;
        let mut report = surveyed.report.clone();
        refuse_misfits(bytes, &surveyed.continued, options.read, &mut report);
        inputs::report_reading(name, &report, console, totals);
    }
    add_survey(totals, &survey);
    survey
}
