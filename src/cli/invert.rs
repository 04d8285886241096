//! `ldifix invert`: what takes a change file back.

use std::path::PathBuf;

use crate::change::{
    Image, NotApplicable, Obstacle, OnRefusal, Outcome, Undo, Uninvertible, entry_of,
    prove_restored,
};
use crate::input::Source;
use crate::ldif::{ChangeRecord, Position, ReadOptions, WriteError, Writer};
use crate::output::AtomicFile;
use crate::report::{Problem, Severity, Summary, counted, visible};

use anyhow::bail;

use super::apart::require_apart;
use super::changes::refusal;
use super::console::Console;
use super::options::{ForceArgs, LdifArgs};
use super::settled::{settle_again, settle_all, touched};
use super::{Exit, changes, inputs, summary};

/// Write the inverse of a change file
#[derive(Debug, clap::Args)]
#[command(override_usage = "ldifix invert [OPTIONS] <CHANGE> --base <EXPORT>...")]
pub struct Args {
    /// The change LDIF, whoever wrote it; `-` is stdin
    #[arg(value_name = "CHANGE")]
    change: PathBuf,

    /// The exports that the change is for, from before it; `-` is stdin
    #[arg(long, required = true, num_args = 1.., value_name = "EXPORT")]
    base: Vec<PathBuf>,

    /// Write to UNDO instead of stdout
    #[arg(long, short, value_name = "UNDO", default_value = "-")]
    output: PathBuf,

    /// Leave out what cannot be inverted, and exit with 1; take an incomplete base
    #[arg(long)]
    partial: bool,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    ldif: LdifArgs,
}

/// Records that are listed one by one.
const SHOWN: usize = 100;

/// Inverts the change file; nothing is written where a record cannot be inverted.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let paths: Vec<PathBuf> = [&args.change].into_iter().chain(&args.base).cloned().collect();
    require_apart(&paths, [Some(&args.output), args.ldif.stats()])?;
    let sources = inputs::open(&paths)?;
    let Some((change, bases)) = sources.split_first() else { bail!("a change file is needed") };
    let read = args.ldif.read.options();
    let overwrite = args.force.overwrite();
    let out = AtomicFile::create(&args.output, overwrite)?;

    let mut aside = Summary::new();
    let Some(steps) = changes::read(change, read, console, &mut aside) else {
        console.note("nothing was written: the change file cannot be read as a whole");
        return Ok(Exit::Failure);
    };
    let tally = changes::tally(steps.iter().map(|step| &step.record));
    let (lines, records) = changes::change_records(steps, change.name())?;

    let mut totals = Summary::new();
    for base in bases {
        inputs::report_notes(base.name(), base.notes(), console, &mut totals);
    }
    let bases: Vec<&Source> = bases.iter().collect();
    let undo = invert(&records, &bases, read, console, &mut totals)?;
    let named = Named { file: change.name(), lines: &lines, records: &records };
    // What only depends on another is no reason of its own.
    let listed: Vec<(usize, String)> = undo
        .obstacles
        .iter()
        .filter(|obstacle| args.partial || !matches!(obstacle.why, Obstacle::Dependent(_)))
        .map(|Uninvertible { number, why }| (*number, words(why)))
        .collect();
    named.list(&listed, "cannot be inverted", console);
    summary::finish_quietly(&totals, args.ldif.stats(), console)?;
    if let Some(why) = args.refusal(&undo, &totals) {
        console.note(why);
        return Ok(Exit::Failure);
    }
    args.put(out, &undo, &named, &listed)?;
    left_out(&undo).iter().for_each(|note| console.note(note));
    let missing = undo.obstacles.len() as u64;
    let without = match missing {
        0 => String::new(),
        _ => format!("; {} not inverted", counted(missing, "record", "records")),
    };
    console.note(&format!(
        "{}: {tally}; {} in the inverse{without}",
        change.name(),
        counted(undo.records.len() as u64, "record", "records"),
    ));
    Ok(match missing {
        _ if !totals.is_whole() => Exit::Failure,
        0 => Exit::Clean,
        _ => Exit::Findings,
    })
}

impl Args {
    /// Why nothing is written, where that is so.
    fn refusal(&self, undo: &Undo, bases: &Summary) -> Option<&'static str> {
        if self.ldif.read.options().strict && bases.failures_total > 0 {
            return Some("nothing was written");
        }
        if self.partial {
            return None;
        }
        if !undo.obstacles.is_empty() {
            return Some("nothing was written; --partial writes the inverse of the others");
        }
        (!bases.incomplete_because.is_empty()).then_some(
            "nothing was written: the inverse would not bring back what the base lacks; export it \
             whole, or see --partial",
        )
    }

    fn put(
        &self,
        mut out: AtomicFile,
        undo: &Undo,
        named: &Named<'_>,
        listed: &[(usize, String)],
    ) -> anyhow::Result<()> {
        let mut writer = Writer::new(&mut out, self.ldif.write.options());
        writer.version_line()?;
        let head = "This inverse is not complete. It does not take back:";
        named.comment(head, listed, &mut writer)?;
        for record in undo.change_records() {
            writer.change(record)?;
        }
        writer.finish()?;
        out.commit()?;
        Ok(())
    }
}

/// The inverse of records that apply to the bases, proved to lead back. What was odd about
/// these goes into `totals`.
///
/// # Errors
/// Where the inverse does not lead back.
pub fn invert(
    records: &[ChangeRecord<'_>],
    bases: &[&Source],
    read: ReadOptions,
    console: &Console,
    totals: &mut Summary,
) -> anyhow::Result<Undo> {
    let mut image = Image::new(records, OnRefusal::GoOn).with_inverses();
    let (scans, outcomes) = settle_all(&mut image, bases, read, None);
    let mut misread = false;
    for (base, scan) in bases.iter().zip(&scans) {
        scan.report(base.name(), console, totals)?;
        misread |= scan.report_misread(base.name(), console);
    }
    if misread {
        bail!("nothing was written: no inverse is known of what cannot be read");
    }
    if image.duplicates() > 0 {
        let doubles = counted(image.duplicates(), "entry", "entries");
        console.note(&format!(
            "{doubles} of the base with a DN that an earlier entry has; the first one counts"
        ));
    }
    let mut undo = Undo::of(&image, records, outcomes);
    let whole = undo.obstacles.is_empty();

    let mut back = Image::there_and_back(records, &undo, OnRefusal::GoOn);
    let enough = back.asks_no_more_than(&image);
    drop(image);
    let places = touched(bases, &scans);
    let again = if enough { settle_again(&mut back, &places, read) } else { None };
    let outcomes = again.unwrap_or_else(|| settle_all(&mut back, bases, read, None).1);
    let refused = outcomes.iter().skip(records.len()).find_map(|outcome| match outcome {
        Outcome::Refused(why) => Some(why.clone()),
        _ => None,
    });
    if let (true, Some(why)) = (whole, refused) {
        bail!("the inverse would not apply ({}); nothing was written", refusal(&why));
    }
    if whole && let Err(lost) = prove_restored(&back, &places, |text| entry_of(text, read)) {
        bail!("the inverse does not lead back to the base ({lost}); nothing was written");
    }
    drop(back);
    undo.drop_dependents(records.len(), &outcomes);
    Ok(undo)
}

/// The records of a change file, to be named in messages.
pub struct Named<'n> {
    /// The name of the change file.
    pub file: &'n str,
    /// The lines on which the records begin.
    pub lines: &'n [u64],
    /// The records.
    pub records: &'n [ChangeRecord<'n>],
}

impl Named<'_> {
    fn record(&self, number: usize) -> (u64, String) {
        let line = self.lines.get(number).copied().unwrap_or_default();
        let dn = self.records.get(number).map(|record| visible(&record.dn));
        (line, format!("record {}, {}", number + 1, dn.unwrap_or_default()))
    }

    /// Says of records, by number, what cannot be done, and why.
    pub fn list(&self, reasons: &[(usize, String)], cannot: &str, console: &Console) {
        for (number, why) in reasons.iter().take(SHOWN) {
            let (line, record) = self.record(*number);
            console.problem(&Problem {
                severity: Severity::Error,
                file: self.file,
                position: Some(Position { offset: 0, line, column: 1 }),
                message: &format!("{record}: {cannot}: {why}"),
                text: b"",
                offset: 0,
                hint: None,
            });
        }
        if reasons.len() > SHOWN {
            let more = (reasons.len() - SHOWN) as u64;
            console.note(&format!(
                "{} more {cannot}; --partial lists all of them in its output",
                counted(more, "record", "records")
            ));
        }
    }

    /// Writes the same as a comment.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn comment<W: std::io::Write>(
        &self,
        head: &str,
        reasons: &[(usize, String)],
        writer: &mut Writer<W>,
    ) -> Result<(), WriteError> {
        if reasons.is_empty() {
            return Ok(());
        }
        writer.comment(head)?;
        for (number, why) in reasons {
            let (line, record) = self.record(*number);
            writer.comment(&format!("  {record} (line {line}): {why}"))?;
        }
        writer.blank()
    }
}

/// Why a record cannot be inverted.
pub fn words(obstacle: &Obstacle) -> String {
    let of = |text: &str, why: &NotApplicable| format!("{text}: {}", refusal(why));
    match obstacle {
        Obstacle::NotApplicable(why) => of("it does not apply to the base", why),
        Obstacle::Dependent(why) => of("it needs the inverse of another record", why),
        other => other.to_string(),
    }
}

/// What of deleted entries does not come back, for people.
pub fn left_out(undo: &Undo) -> Vec<String> {
    let Some(entries) = undo.left_out.values().max() else { return Vec::new() };
    let names: Vec<&str> = undo.left_out.keys().map(String::as_str).collect();
    let mut notes = vec![format!(
        "{} added again without what only the server writes: {}",
        counted(*entries, "entry is", "entries are"),
        names.join(", "),
    )];
    let has = |name: &str| names.iter().any(|own| own.eq_ignore_ascii_case(name));
    if has("objectSid") || has("objectGUID") || has("memberOf") {
        notes.push(
            "to the server these are new entries: memberships, permissions and passwords of the \
             old ones do not come back"
                .to_owned(),
        );
    }
    notes
}
