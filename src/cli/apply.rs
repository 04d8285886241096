//! `ldifix apply`: an export as it will look after a change file.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::bail;

use crate::change::{Image, OnRefusal, Outcome};
use crate::ldif::{ChangeRecord, Position};
use crate::output::AtomicFile;
use crate::report::{Problem, Severity, Summary, visible};

use super::apart::require_apart;
use super::console::Console;
use super::options::{ForceArgs, LdifArgs};
use super::settled::{report_duplicates, settle};
use super::{Exit, changes, inputs, rewritten, summary};

/// Write an export as it will look after a change file
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The LDIF export; `-` is stdin
    #[arg(value_name = "EXPORT")]
    export: PathBuf,

    /// The change LDIF; `-` is stdin
    #[arg(value_name = "CHANGE")]
    change: PathBuf,

    /// Write to FILE instead of stdout
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    #[command(flatten)]
    force: ForceArgs,

    /// Leave out records that do not apply, as `ldapmodify -c` does, and exit with 1
    #[arg(long)]
    go_on: bool,

    #[command(flatten)]
    ldif: LdifArgs,
}

/// Applies the change file; nothing is written where a record does not apply.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let started = Instant::now();
    // The export itself may be replaced by what becomes of it, with --force.
    let (output, stats) = (Some(&args.output), args.ldif.stats());
    require_apart([&args.change], [output, stats])?;
    require_apart([&args.export], [stats])?;
    let sources = inputs::open(&[args.export.clone(), args.change.clone()])?;
    let [export, change] = sources.as_slice() else { bail!("two inputs are needed") };
    let (read, write) = args.ldif.options();
    let overwrite = args.force.overwrite();
    let mut out = AtomicFile::create(&args.output, overwrite)?;

    let mut aside = Summary::new();
    let Some(steps) = changes::read(change, read, console, &mut aside) else {
        console.note("nothing was written: the change file cannot be read as a whole");
        return Ok(Exit::Failure);
    };
    let tally = changes::tally(steps.iter().map(|step| &step.record));
    let (lines, records) = changes::change_records(steps, change.name())?;
    changes::note_unknown_controls(change.name(), &lines, &records, console);

    let mut totals = Summary::new();
    inputs::report_notes(export.name(), export.notes(), console, &mut totals);
    let mut image = Image::new(&records, OnRefusal::GoOn);
    let (scan, outcomes) = settle(&mut image, export, (read, write));
    scan.strays.require_export(export.name())?;
    let refused = report_refusals(change.name(), &lines, &records, &outcomes, console);
    let stopped = read.strict && scan.report.failed_blocks > 0;
    if stopped || scan.misread > 0 || (refused > 0 && !args.go_on) {
        inputs::report_reading(export.name(), &scan.report, console, &mut totals);
        scan.report_misread(export.name(), console);
        summary::finish(&totals, args.ldif.stats(), started, console)?;
        console.note("nothing was written");
        return Ok(Exit::Failure);
    }

    let strays = scan.strays;
    let (stray, report) = rewritten::write(&image, export, scan, (read, write), &mut out)?;
    out.commit()?;
    inputs::report_reading(export.name(), &report, console, &mut totals);
    if stray > 0 {
        totals.skip("change record", stray);
        totals.read = totals.read.saturating_sub(stray);
        strays.report(export.name(), console);
    }
    report_duplicates(&image, export.name(), "changed", console);
    let left_out = if refused > 0 { format!("; {refused} left out") } else { String::new() };
    console.note(&format!("{}: {tally}{left_out}", change.name()));
    summary::finish(&totals, args.ldif.stats(), started, console)?;
    Ok(match refused {
        _ if stray > 0 || !totals.is_whole() => Exit::Failure,
        1.. => Exit::Findings,
        0 => Exit::Clean,
    })
}

/// Says which records do not apply, and why; gives their number.
fn report_refusals(
    name: &str,
    lines: &[u64],
    records: &[ChangeRecord<'_>],
    outcomes: &[Outcome],
    console: &Console,
) -> u64 {
    let mut refused = 0;
    for (number, ((&line, record), outcome)) in
        (1_u64..).zip(lines.iter().zip(records).zip(outcomes))
    {
        let Outcome::Refused(why) = outcome else { continue };
        refused += 1;
        let message =
            format!("record {number}, {}: {}", visible(&record.dn), changes::refusal(why));
        console.problem(&Problem {
            severity: Severity::Error,
            file: name,
            position: Some(Position { offset: 0, line, column: 1 }),
            message: &message,
            text: b"",
            offset: 0,
            hint: None,
        });
    }
    refused
}
