//! Filling the summary of a command and putting it where it is wanted.

use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use anyhow::Context;

use crate::input::InputNote;
use crate::ldif::InputReport;
use crate::output::{AtomicFile, Overwrite};
use crate::report::{Failure, InputSummary, Summary, Width, grouped};
use crate::rules::catalogue::{Moment, Reason, Timings};
use crate::rules::{Need, Profile, RuleName, Survey, WantedRules};

use super::console::Console;
use super::inputs::AboutEntry;

/// Writes the summary to stderr, and as JSON where `--stats` asks for it.
///
/// # Errors
/// Where the file cannot be written.
pub fn finish(
    summary: &Summary,
    stats: Option<&PathBuf>,
    started: Instant,
    console: &Console,
) -> anyhow::Result<()> {
    if !console.is_quiet() {
        let mut stderr = std::io::stderr().lock();
        let (width, colour) = (Width::of_stderr(), console.stderr_colour());
        // A closed stderr is no reason to fail.
        let _ = summary.write_text(&mut stderr, Some(started.elapsed()), width, colour);
    } else {
        tell_what_is_incomplete(summary, console);
    }
    write_stats(summary, stats)
}

/// Writes the summary as JSON where `--stats` asks for it, and to stderr only
/// what went wrong: the command has said the rest in its own words.
///
/// # Errors
/// Where the file cannot be written.
pub fn finish_quietly(
    summary: &Summary,
    stats: Option<&PathBuf>,
    console: &Console,
) -> anyhow::Result<()> {
    summary.notes.iter().for_each(|note| console.note(note));
    if let Some(words) = summary.not_exported_in_words() {
        console.note(&words);
    }
    tell_what_is_incomplete(summary, console);
    write_stats(summary, stats)
}

/// Says it where nothing else is said as well: whoever hears nothing takes the export
/// for whole.
fn tell_what_is_incomplete(summary: &Summary, console: &Console) {
    for reason in &summary.incomplete_because {
        console.error(&anyhow::anyhow!("the export is incomplete: {reason}"));
    }
}

/// Says what each family of rules cost, the dearest first, to stderr.
pub fn timings(timings: &Timings, console: &Console) {
    let mut families: Vec<_> = timings.families().collect();
    families.sort_by_key(|(_, spent)| std::cmp::Reverse(*spent));
    let all: f64 = families.iter().map(|(_, spent)| spent.as_secs_f64()).sum();
    console.note("time spent on each family of rules, over all threads:");
    for (family, spent) in families {
        let spent = spent.as_secs_f64();
        let share = if all > 0.0 { 100.0 * spent / all } else { 0.0 };
        console.note(&format!("  {family:<20} {share:5.1} %  {spent:8.3} s"));
    }
}

/// Writes the summary as JSON where `--stats` asks for it, when all else was said.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_stats(summary: &Summary, stats: Option<&PathBuf>) -> anyhow::Result<()> {
    if let Some(path) = stats {
        let mut file = AtomicFile::create(path, Overwrite::Yes)?;
        summary
            .write_json(&mut file)
            .with_context(|| format!("cannot write the summary to {}", path.display()))?;
        file.commit()?;
    }
    Ok(())
}

/// Adds an input by name, with what was done to read it.
pub fn add_input(summary: &mut Summary, name: &str, notes: &[InputNote]) {
    let notes = notes.iter().map(ToString::to_string).collect();
    summary.inputs.push(InputSummary { name: name.to_owned(), notes });
}

/// Adds what reading an input gave beside its records.
pub fn add_reading(summary: &mut Summary, name: &str, report: &InputReport) {
    let seen = &report.observations;
    summary.record_starts += seen.record_starts;
    summary.read += report.read_records();
    let listed = u64::try_from(report.failures.len()).unwrap_or(u64::MAX);
    for failure in &report.failures {
        let position = failure.error.position;
        let listed = Failure {
            file: name.to_owned(),
            line: position.line,
            column: position.column,
            message: AboutEntry { message: failure.error.kind, dn: failure.dn.as_deref() }
                .to_string(),
        };
        summary.fail(listed, failure.record_starts);
    }
    // Failures beyond those that are kept were counted, and count here.
    let kept: u64 = report.failures.iter().map(|failure| failure.record_starts).sum();
    summary.failures_total += report.failed_blocks - listed;
    summary.failed += report.failed_records - kept;
    for (reason, count) in [("referral", seen.referrals), ("include", seen.includes)] {
        if count > 0 {
            summary.other(reason, count);
        }
    }
    if seen.export.results > 0 {
        summary.other("search-result", seen.export.results);
    }
    for warning in seen.warnings() {
        summary.warn(warning.kind.name(), warning.count, name, warning.first);
    }
    if let Some(reason) = report.incomplete() {
        summary.incomplete(format!("{name}: {reason}"));
    }
}

/// Adds what was not said, as the exports leave attributes out: once the findings are
/// worked out.
pub fn add_not_exported(summary: &mut Summary, profile: &Profile, wanted: &WantedRules) {
    let is_reason = |name| Reason::ALL.iter().any(|reason| reason.name() == name);
    summary.not_exported = profile.settings().left_out.silent();
    summary.not_exported.retain(|_, rules| {
        rules.retain(|rule| is_reason(*rule) || wanted.admits_any(&[RuleName(rule)]));
        !rules.is_empty()
    });
}

/// Objects that a tenant takes before a domain is verified in it, and behind that
/// (Microsoft: Entra service limits and restrictions).
const OBJECTS: [u64; 2] = [50_000, 300_000];
/// Objects of one domain that Cloud Sync takes (Microsoft: Choose between Entra Connect
/// Sync and Cloud Sync).
const CLOUD_SYNC_OBJECTS: u64 = 150_000;
/// Days after which an export is old.
const OLD_DAYS: i64 = 30;

/// Adds what is to be said of the exports as a whole: how many objects they hold, and how
/// old they are. No entry is to blame for it, so it is no finding.
pub fn add_notes(summary: &mut Summary, survey: &Survey<'_>, profile: &Profile) {
    let (settings, objects) = (profile.settings(), survey.in_scope);
    if objects == 0 && !survey.out_of_scope.is_empty() {
        summary.notes.push("no entry is in scope: nothing was looked at".to_owned());
    }
    let shown = grouped(objects);
    let [unverified, verified] = OBJECTS;
    match profile.name {
        "entra-cloud-sync" if objects > CLOUD_SYNC_OBJECTS => summary.notes.push(format!(
            "{shown} objects are to be synchronised: Cloud Sync takes {} of one domain",
            grouped(CLOUD_SYNC_OBJECTS)
        )),
        "entra" | "entra-cloud-sync" if objects > verified => summary.notes.push(format!(
            "{shown} objects are to be synchronised: a tenant takes {} with a verified domain, and \
             more once Microsoft has raised its quota",
            grouped(verified)
        )),
        "entra" | "entra-cloud-sync"
            if objects > unverified && settings.verified_domains.is_empty() =>
        {
            summary.notes.push(format!(
                "{shown} objects are to be synchronised: a tenant takes {} until a domain is \
                 verified in it; name it with --verified-domain",
                grouped(unverified)
            ));
        }
        _ => {}
    }
    let now = || settings.as_of.unwrap_or_else(|| Moment::of(SystemTime::now()));
    if let Some(newest) = settings.ahead.get().and_then(|ahead| ahead.newest)
        && now().days_since(newest) > OLD_DAYS
    {
        // The summary of one input is the same on every day, so there is no age in it.
        summary.notes.push(format!(
            "the newest change in the exports is of {newest}: export again before anything is \
             written to the directory"
        ));
    }
}

/// Says which of the rules that were selected by name find nothing, and why.
pub fn note_unable(
    survey: &Survey<'_>,
    wanted: &WantedRules,
    has_previous: bool,
    console: &Console,
) {
    let unable = survey.unable(wanted, has_previous);
    let said = unable.iter().map(|(select, need)| match need {
        Need::Option(option) => format!("--select {select} finds nothing: it needs {option}"),
        Need::Attribute(attr) => {
            format!("--select {select} finds nothing: no entry has {}", attr.name())
        }
    });
    let said: Vec<String> = said.collect();
    if !said.is_empty() {
        console.note(&said.join("; "));
    }
}

/// Adds what a survey counted.
pub fn add_survey(summary: &mut Summary, survey: &Survey<'_>) {
    for (&reason, &count) in &survey.skipped {
        summary.skip(reason, count);
        // They were read, and are no entries.
        summary.read -= count;
    }
    *summary.in_scope.get_or_insert(0) += survey.in_scope;
    for (&reason, &count) in &survey.out_of_scope {
        *summary.out_of_scope.entry(reason.into()).or_default() += count;
    }
}
