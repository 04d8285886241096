//! `ldifix verify`: what of a change file was applied.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::ValueEnum;

use crate::change::{
    EntryText, Image, Judgement, Obstacle, OnRefusal, Outcome, State, Undo, Uninvertible,
    Verification, VerifyRun, undo_without_base,
};
use crate::input::Source;
use crate::ldif::{ChangeRecord, ReadOptions, WriteOptions, Writer};
use crate::output::{AtomicFile, commit_all};
use crate::report::{
    Summary, Verified, VerifiedCsv, VerifiedJson, VerifiedTable, VerifiedWriter, Width, counted,
    grouped, visible,
};

use super::apart::require_apart;
use super::changes::{Step, refusal};
use super::console::Console;
use super::entries::{ReadThrough, read_through};
use super::invert::{Named, invert, left_out, words};
use super::options::{ForceArgs, LdifArgs};
use super::settled::settle_all;
use super::{Exit, changes, entries, inputs, summary};

/// Tell which records of a change file were applied
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The change LDIF, or the rejects of `ldapmodify -S`; `-` is stdin
    #[arg(value_name = "CHANGE")]
    change: PathBuf,

    /// Fresh exports, all domains that the change speaks of; `-` is stdin
    #[arg(required = true, value_name = "EXPORT")]
    exports: Vec<PathBuf>,

    /// An export from before the change, which tells what records do not say; may be repeated
    #[arg(long, value_name = "EXPORT")]
    base: Vec<PathBuf>,

    /// How the records are listed; the table leaves out those that are as expected
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    format: Format,

    /// Write what is still to be applied to FILE
    #[arg(long, value_name = "FILE")]
    pending: Option<PathBuf>,

    /// Write what takes back what was applied to FILE
    #[arg(long, value_name = "FILE")]
    applied_undo: Option<PathBuf>,

    /// Leave out of these files what cannot be told or applied; take incomplete exports
    #[arg(long)]
    partial: bool,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    ldif: LdifArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

/// Verifies the change file; its files appear together or not at all.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let written = [args.pending.as_ref(), args.applied_undo.as_ref(), args.ldif.stats()];
    require_apart([&args.change].into_iter().chain(&args.exports).chain(&args.base), written)?;
    let outputs = args.outputs()?;
    let paths: Vec<PathBuf> =
        [&args.change].into_iter().chain(&args.exports).chain(&args.base).cloned().collect();
    let sources = inputs::open(&paths)?;
    let Some((change, others)) = sources.split_first() else { bail!("a change file is needed") };
    let (exports, bases) = others.split_at(args.exports.len());
    let (exports, bases): (Vec<&Source>, Vec<&Source>) =
        (exports.iter().collect(), bases.iter().collect());
    let read = args.ldif.read.options();

    let mut aside = Summary::new();
    let with_comments = ReadOptions { comments: true, ..read };
    let Some(steps) = changes::read(change, with_comments, console, &mut aside) else {
        console.note("nothing was verified: the change file cannot be read as a whole");
        return Ok(Exit::Failure);
    };
    let tally = changes::tally(steps.iter().map(|step| &step.record));
    let reasons: Vec<Option<String>> = steps.iter().map(reason_of).collect();
    let (lines, records) = changes::change_records(steps, change.name())?;
    changes::note_unknown_controls(change.name(), &lines, &records, console);

    let mut totals = Summary::new();
    let mut verification = Verification::new(&records);
    if bases.is_empty() {
        verification = verification.without_base();
    }
    let judged = judge(&mut verification, &exports, &bases, read, console, &mut totals)?;
    if totals.failures_total > 0 && read.strict {
        bail!("a record cannot be read, and --strict was given: nothing was verified");
    }
    let named = Named { file: change.name(), lines: &lines, records: &records };
    list(args.format, &named, &judged.judgements, &reasons, console)?;
    let put = Put { args, named: &named, exports: &exports, bases: &bases, read, console };
    let written =
        put.all(outputs, &mut verification, &judged, !totals.incomplete_because.is_empty())?;

    report(change.name(), &tally, &judged.judgements, console);
    summary::finish_quietly(&totals, args.ldif.stats(), console)?;
    let all_applied = judged.judgements.iter().all(|judgement| judgement.state == State::Applied);
    Ok(match all_applied {
        _ if !totals.is_whole() || !written => Exit::Failure,
        true => Exit::Clean,
        false => Exit::Findings,
    })
}

/// The reason with which a server refused a record, as `ldapmodify -S` writes it:
/// `# Error: No such attribute (16), additional info: …`.
fn reason_of(step: &Step<'_>) -> Option<String> {
    let reason = step.comments.iter().find_map(|comment| {
        let text = comment.trim().strip_prefix('#').unwrap_or(comment.trim());
        text.trim_start().strip_prefix("Error: ")
    })?;
    let has_code = reason.split_once('(').is_some_and(|(_, code)| {
        code.split_once(')').is_some_and(|(code, _)| code.parse::<i32>().is_ok())
    });
    has_code.then(|| reason.trim_end().to_owned())
}

struct Outputs {
    pending: Option<AtomicFile>,
    undo: Option<AtomicFile>,
}

impl Args {
    fn outputs(&self) -> anyhow::Result<Outputs> {
        let files = [&self.pending, &self.applied_undo];
        if files.into_iter().flatten().any(|path| path.as_os_str() == "-") {
            bail!("stdout has the list of the records: name a file");
        }
        let overwrite = self.force.overwrite();
        let create = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| AtomicFile::create(path, overwrite)).transpose()
        };
        Ok(Outputs { pending: create(&self.pending)?, undo: create(&self.applied_undo)? })
    }
}

/// What became of the records.
struct Judged {
    judgements: Vec<Judgement>,
    /// Entries of which the records speak and that are misread, since records that
    /// go on with them do not apply.
    misread: u64,
}

/// Reads the exports as often as the verification needs.
fn judge<'a>(
    verification: &mut Verification<'a>,
    exports: &[&'a Source],
    bases: &[&'a Source],
    read: ReadOptions,
    console: &Console,
    totals: &mut Summary,
) -> anyhow::Result<Judged> {
    for source in exports.iter().chain(bases) {
        inputs::report_notes(source.name(), source.notes(), console, totals);
    }
    loop {
        let mut all_through = Vec::new();
        for export in exports {
            let (found, through) = look_up(export, read, &|dn| verification.wants(dn));
            found.into_iter().for_each(|entry| verification.load_text(entry));
            all_through.push((export.name(), through));
        }
        for base in bases {
            let (found, through) = look_up(base, read, &|dn| verification.wants_of_base(dn));
            found.into_iter().for_each(|entry| verification.load_base_text(entry));
            all_through.push((base.name(), through));
        }
        let VerifyRun::Done(judgements) = verification.run() else { continue };
        let mut misread = 0;
        for (name, through) in &all_through {
            inputs::report_reading(name, &through.report, console, totals);
            through.strays.require_export(name)?;
            through.strays.report(name, console);
            misread += through.misread;
        }
        if verification.duplicates() > 0 {
            let doubles = counted(verification.duplicates(), "entry", "entries");
            console.note(&format!("{doubles} with a DN that an earlier one has; the first counts"));
        }
        return Ok(Judged { judgements, misread });
    }
}

/// The entries of an export of which the records speak, and what reading it gave.
fn look_up<'a>(
    export: &'a Source,
    read: ReadOptions,
    wants: &(dyn Fn(&[u8]) -> bool + Sync),
) -> (Vec<EntryText<'a>>, ReadThrough) {
    let mut all = Vec::new();
    let through = read_through(
        export.bytes(),
        read,
        |chunk| {
            let (mut found, mut places) = (Vec::new(), Vec::new());
            let scanned = entries::scan(chunk, read, |named| {
                if wants(&named.dn) {
                    places.push(named.place());
                    found.extend(named.text(read));
                }
            });
            (scanned, places, found)
        },
        |_, _, found: Vec<EntryText<'a>>| all.extend(found),
    );
    (all, through)
}

/// Lists the records on stdout.
fn list(
    format: Format,
    named: &Named<'_>,
    judgements: &[Judgement],
    reasons: &[Option<String>],
    console: &Console,
) -> io::Result<()> {
    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut writer: Box<dyn VerifiedWriter + '_> = match format {
        Format::Table => {
            Box::new(VerifiedTable::new(out, Width::of_stdout(), console.stdout_colour()))
        }
        Format::Csv => Box::new(VerifiedCsv::new(out)?),
        Format::Json => Box::new(VerifiedJson::new(out)),
    };
    for (number, (judgement, reason)) in judgements.iter().zip(reasons).enumerate() {
        let Some(record) = named.records.get(number) else { continue };
        writer.write(&Verified {
            number: number as u64 + 1,
            line: named.lines.get(number).copied().unwrap_or_default(),
            record,
            judgement,
            server: reason.as_deref(),
        })?;
    }
    writer.finish()
}

fn report(name: &str, tally: &str, judgements: &[Judgement], console: &Console) {
    let mut text = format!("{name}: {tally};");
    let mut first = true;
    for state in State::ALL {
        let count = judgements.iter().filter(|judgement| judgement.state == state).count() as u64;
        if count > 0 {
            text.push_str(if first { " " } else { ", " });
            text.push_str(&format!("{} {}", grouped(count), state.name()));
            first = false;
        }
    }
    console.note(text.trim_end_matches(';'));
}

/// Writes the files that are asked for.
struct Put<'p, 'a> {
    args: &'p Args,
    named: &'p Named<'p>,
    exports: &'p [&'a Source],
    bases: &'p [&'a Source],
    read: ReadOptions,
    console: &'p Console,
}

impl<'a> Put<'_, 'a> {
    /// False where one of them cannot be written as a whole, or an export `is_lacking`.
    fn all(
        &self,
        outputs: Outputs,
        verification: &mut Verification<'_>,
        Judged { judgements, misread }: &Judged,
        is_lacking: bool,
    ) -> anyhow::Result<bool> {
        let mut written = Vec::new();
        let wanted = usize::from(outputs.undo.is_some()) + usize::from(outputs.pending.is_some());
        if *misread > 0 {
            let entries = counted(*misread, "entry", "entries");
            let without = if wanted > 0 { "; nothing was written" } else { "" };
            self.console.note(&format!(
                "{entries} that the change speaks of cannot be read as a whole{without}"
            ));
            return Ok(wanted == 0);
        }
        if is_lacking && wanted > 0 && !self.args.partial {
            self.console.note(
                "nothing was written: what an export lacks would be taken for gone; export it \
                 whole, or see --partial",
            );
            return Ok(false);
        }
        if let Some(file) = outputs.undo {
            written.extend(self.undo(file, judgements)?);
        }
        if let Some(file) = outputs.pending {
            written.extend(self.pending(file, verification, judgements)?);
        }
        if written.len() < wanted {
            self.console.note("nothing was written; --partial leaves these records out");
            return Ok(false);
        }
        let (files, notes): (Vec<_>, Vec<_>) = written.into_iter().unzip();
        commit_all(files)?;
        notes.iter().flatten().for_each(|note| self.console.note(note));
        Ok(true)
    }

    fn pending(
        &self,
        file: AtomicFile,
        verification: &mut Verification<'_>,
        judgements: &[Judgement],
    ) -> anyhow::Result<Option<(AtomicFile, Vec<String>)>> {
        let (numbers, records): (Vec<usize>, Vec<ChangeRecord<'_>>) =
            verification.remaining(judgements).into_iter().unzip();
        let mut open: Vec<(usize, String)> = judgements
            .iter()
            .enumerate()
            .filter(|(_, judgement)| judgement.state == State::Unclear)
            .map(|(number, _)| (number, "it cannot be told whether it was applied".to_owned()))
            .collect();
        let outcomes = self.tried(Image::new(&records, OnRefusal::GoOn));
        let mut kept = Vec::with_capacity(records.len());
        for ((number, record), outcome) in numbers.iter().zip(&records).zip(&outcomes) {
            match outcome {
                Outcome::Refused(why) => {
                    open.push((*number, format!("it would not apply now: {}", refusal(why))));
                }
                _ => kept.push(record),
            }
        }
        open.sort_by_key(|(number, _)| *number);
        self.named.list(&open, "cannot be finished", self.console);
        if !open.is_empty() && !self.args.partial {
            return Ok(None);
        }
        let conflicts =
            judgements.iter().filter(|judgement| judgement.state == State::Conflict).count();
        let path = self.args.pending.as_deref().unwrap_or(Path::new(""));
        let left = match conflicts as u64 {
            0 => String::new(),
            count => format!("; {} in conflict left out", counted(count, "record", "records")),
        };
        let note = format!(
            "{} still to be applied in {}{left}",
            counted(kept.len() as u64, "record", "records"),
            visible(path.as_os_str().as_encoded_bytes()),
        );
        let head = ("Not all that is still to be done is here. Missing:", open.as_slice());
        Ok(Some((self.write(file, head, kept.into_iter())?, vec![note])))
    }

    fn undo(
        &self,
        file: AtomicFile,
        judgements: &[Judgement],
    ) -> anyhow::Result<Option<(AtomicFile, Vec<String>)>> {
        let mut undo = match self.bases {
            [] => undo_without_base(self.named.records, judgements),
            _ => self.undo_with_base(judgements)?,
        };
        let unclear = judgements
            .iter()
            .enumerate()
            .filter(|(_, judgement)| judgement.state == State::Unclear)
            .map(|(number, _)| Uninvertible { number, why: Obstacle::NotTold });
        undo.obstacles.extend(unclear);
        let outcomes = self.tried(Image::there_and_back(&[], &undo, OnRefusal::GoOn));
        undo.drop_dependents(0, &outcomes);
        let open: Vec<(usize, String)> =
            undo.obstacles.iter().map(|obstacle| (obstacle.number, words(&obstacle.why))).collect();
        self.named.list(&open, "cannot be undone", self.console);
        if !open.is_empty() && !self.args.partial {
            return Ok(None);
        }
        let path = self.args.applied_undo.as_deref().unwrap_or(Path::new(""));
        let mut notes = vec![format!(
            "{} in {}, to take back what was applied",
            counted(undo.records.len() as u64, "record", "records"),
            visible(path.as_os_str().as_encoded_bytes()),
        )];
        notes.extend(left_out(&undo));
        let partly =
            judgements.iter().filter(|judgement| judgement.state == State::Partly).count() as u64;
        if partly > 0 {
            notes.push(format!(
                "{} partly applied, by somebody else, left as they are",
                counted(partly, "record", "records")
            ));
        }
        let head = ("This inverse is not complete. It does not take back:", open.as_slice());
        Ok(Some((self.write(file, head, undo.change_records())?, notes)))
    }

    fn undo_with_base(&self, judgements: &[Judgement]) -> anyhow::Result<Undo> {
        let applied = self.named.records.iter().zip(judgements).enumerate();
        let applied = applied.filter(|(_, (_, judgement))| judgement.state == State::Applied);
        let (numbers, records): (Vec<usize>, Vec<ChangeRecord<'_>>) =
            applied.map(|(number, (record, _))| (number, record.clone())).unzip();
        let mut aside = Summary::new();
        let console = self.console.having_told();
        let mut undo = invert(&records, self.bases, self.read, &console, &mut aside)?;
        let number = |at: usize| numbers.get(at).copied().unwrap_or_default();
        undo.records.iter_mut().for_each(|record| record.of = number(record.of));
        undo.obstacles.iter_mut().for_each(|obstacle| obstacle.number = number(obstacle.number));
        Ok(undo)
    }

    /// What would become of an image's records on the fresh exports.
    fn tried<'i>(&self, mut image: Image<'i>) -> Vec<Outcome>
    where
        'a: 'i,
    {
        if image.is_without_records() {
            return Vec::new();
        }
        settle_all(&mut image, self.exports, self.read, None).1
    }

    fn write<'r, 'x: 'r>(
        &self,
        mut file: AtomicFile,
        (head, open): (&str, &[(usize, String)]),
        records: impl Iterator<Item = &'r ChangeRecord<'x>>,
    ) -> anyhow::Result<AtomicFile> {
        let options: WriteOptions = self.args.ldif.write.options();
        let mut writer = Writer::new(&mut file, options);
        writer.version_line()?;
        self.named.comment(head, open, &mut writer)?;
        for record in records {
            writer.change(record)?;
        }
        writer.finish()?.flush()?;
        Ok(file)
    }
}
