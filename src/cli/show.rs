//! `ldifix show`: what a change file does, for people.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::change::{Image, OnRefusal, Preview};
use crate::input::Source;
use crate::ldif::{ChangeRecord, ReadOptions, Record};
use crate::report::{DiffWriter, Summary, Width, counted};

use super::changes::Step;
use super::console::Console;
use super::options::ReadArgs;
use super::settled::{report_duplicates, settle_all};
use super::{Exit, changes, inputs, summary};

/// Show what a change file does
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The change LDIF; `-` is stdin
    #[arg(value_name = "CHANGE")]
    change: PathBuf,

    /// The export that the change file is for, to show what stands there before
    #[arg(long, value_name = "EXPORT")]
    base: Option<PathBuf>,

    #[command(flatten)]
    read: ReadArgs,
}

/// Shows the change file on stdout.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let paths: Vec<PathBuf> =
        [Some(&args.change), args.base.as_ref()].into_iter().flatten().cloned().collect();
    let sources = inputs::open(&paths)?;
    let Some((change, bases)) = sources.split_first() else { return Ok(Exit::Failure) };
    let read = args.read.options();
    let mut aside = Summary::new();
    let with_comments = ReadOptions { comments: true, ..read };
    let Some(steps) = changes::read(change, with_comments, console, &mut aside) else {
        console.note("nothing is shown: the change file cannot be read as a whole");
        return Ok(Exit::Failure);
    };

    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut diff = DiffWriter::new(out, Width::of_stdout(), console.stdout_colour());
    let exit = match bases.first() {
        None => alone(&steps, &mut diff)?,
        Some(base) => on(base, &steps, read, &mut diff, console)?,
    };
    diff.finish()?;
    console.note(&changes::tally(steps.iter().map(|step| &step.record)));
    Ok(exit)
}

/// Shows what the records say by themselves.
fn alone<W: Write>(steps: &[Step<'_>], diff: &mut DiffWriter<W>) -> io::Result<Exit> {
    for Step { record, comments, .. } in steps {
        let preview = match record {
            Record::Change(change) => Preview::alone(change),
            Record::Content(_) => Preview::default(),
        };
        diff.write(record, &preview, comments)?;
    }
    Ok(Exit::Clean)
}

/// Shows what the records do to the export, each to what those before it left: as
/// `apply --go-on` applies them.
fn on<W: Write>(
    base: &Source,
    steps: &[Step<'_>],
    read: ReadOptions,
    diff: &mut DiffWriter<W>,
    console: &Console,
) -> anyhow::Result<Exit> {
    let records: Vec<ChangeRecord<'_>> = steps
        .iter()
        .filter_map(|step| match &step.record {
            Record::Change(change) => Some(change.clone()),
            Record::Content(_) => None,
        })
        .collect();
    let mut image = Image::new(&records, OnRefusal::GoOn).with_previews();
    let (scans, _) = settle_all(&mut image, &[base], read, None);
    let mut totals = Summary::new();
    let mut is_misread = false;
    inputs::report_notes(base.name(), base.notes(), console, &mut totals);
    for scan in &scans {
        scan.report(base.name(), console, &mut totals)?;
        is_misread |= scan.report_misread(base.name(), console);
    }
    summary::finish_quietly(&totals, None, console)?;
    report_duplicates(&image, base.name(), "shown", console);
    let mut written = Ok(());
    let mut steps = steps.iter();
    let mut refused = 0;
    image.previews(|_, preview| {
        refused += u64::from(preview.refusals().next().is_some());
        // Entries between the changes have nothing to do with the export.
        for Step { record, comments, .. } in steps.by_ref() {
            let is_change = matches!(record, Record::Change(_));
            let preview = if is_change { &preview } else { &Preview::default() };
            if written.is_ok() {
                written = diff.write(record, preview, comments);
            }
            if is_change {
                break;
            }
        }
    });
    written?;
    for Step { record, comments, .. } in steps {
        diff.write(record, &Preview::default(), comments)?;
    }
    if refused > 0 {
        let do_not = if refused == 1 { "does not apply" } else { "do not apply" };
        let records = counted(refused, "record", "records");
        console.note(&format!("{records} {do_not} to {}; `!` says why", base.name()));
    }
    Ok(match refused {
        _ if is_misread || !totals.is_whole() => Exit::Failure,
        0 => Exit::Clean,
        _ => Exit::Findings,
    })
}
