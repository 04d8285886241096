//! `ldifix diff`: the change that turns one export into another, and its inverse.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::change::Preview;
use crate::change::diff::{
    Compared, DiffDraft, DiffError, DiffOptions, EntryIndex, Kinds, Lacking, Omission, Tally, diff,
};
use crate::directory::AttributeDescription;
use crate::input::Source;
use crate::ldif::{InputReport, ReadOptions, Record, read_chunk};
use crate::output::{AtomicFile, commit_all};
use crate::report::{DiffWriter, Summary, Width, counted, grouped, visible};

use super::apart::require_apart;
use super::blame::named;
use super::console::Console;
use super::entries::change_file;
use super::options::{ForceArgs, LdifArgs, ScopeArgs};
use super::{Exit, inputs, summary};

/// Write the change LDIF that turns one export into another, and its inverse
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The export to begin with; `-` is stdin
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// The export to arrive at; `-` is stdin
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// Write to CHANGE instead of stdout
    #[arg(long, short, value_name = "CHANGE", default_value = "-")]
    output: PathBuf,

    /// Write the inverse, which takes the change back
    #[arg(long, short, value_name = "UNDO")]
    undo: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    /// What is written
    #[arg(long, short, value_enum, default_value_t = Format::Ldif)]
    format: Format,

    /// Count the differences by kind and by attribute instead
    #[arg(long, conflicts_with = "format")]
    summary: bool,

    #[command(flatten)]
    compared: ComparedArgs,

    #[command(flatten)]
    scope: ScopeArgs,

    #[command(flatten)]
    ldif: LdifArgs,
}

/// What is compared.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Comparing")]
struct ComparedArgs {
    /// Compare what the server maintains too, such as whenChanged
    #[arg(long)]
    include_operational: bool,

    /// Compare only this attribute, and names only where it names entries; may be repeated
    #[arg(long, value_name = "A", value_delimiter = ',')]
    only_attr: Vec<String>,

    /// Compare all attributes but this one; may be repeated
    #[arg(long, value_name = "A", value_delimiter = ',')]
    ignore_attr: Vec<String>,

    /// Leave out entries that only NEW has
    #[arg(long)]
    no_add: bool,

    /// Leave out entries that only OLD has
    #[arg(long)]
    no_delete: bool,

    /// Leave out entries that both have: no modify, no rename, no move
    #[arg(long)]
    no_modify: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Change LDIF, for ldapmodify
    Ldif,
    /// A comparison for people
    Text,
}

/// Drafts the change and its inverse, proves them, and lets them appear together.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let options = args.options()?;
    let read = args.ldif.read.options();
    let stats = args.ldif.stats();
    require_apart([&args.old, &args.new], [Some(&args.output), args.undo.as_ref(), stats])?;
    let outputs = args.outputs()?;
    let sources = inputs::open(&[args.old.clone(), args.new.clone()])?;
    let [old_source, new_source] = sources.as_slice() else { bail!("two inputs are needed") };
    let mut totals = Summary::new();
    let bytes = sources.iter().map(|source| source.bytes().len() as u64).sum();
    let progress = console.progress(Some(bytes));
    let advance = |bytes| progress.add(bytes);
    // One after the other: both would compete for the same threads.
    let old = EntryIndex::read(old_source.bytes(), read, &advance);
    let old = old.with_context(|| old_source.name().to_owned())?;
    let new = EntryIndex::read(new_source.bytes(), read, &advance);
    let new = new.with_context(|| new_source.name().to_owned())?;
    progress.finish();
    let (no_add, no_delete) = (args.compared.no_add, args.compared.no_delete);
    let of_old = Lack { side: Side::Old, is_harmless: no_add, hint: ", or see --no-add" };
    let of_new = Lack { side: Side::New, is_harmless: no_delete, hint: ", or see --no-delete" };
    let usable = [
        report_index(old_source, &old, of_old, console, &mut totals),
        report_index(new_source, &new, of_new, console, &mut totals),
    ];
    if usable.contains(&false) {
        summary::write_stats(&totals, args.ldif.stats())?;
        console.note("nothing was written");
        return Ok(Exit::Failure);
    }
    let names = [old_source.name(), new_source.name()];
    let draft = diff(&old, &new, &options).map_err(|error| explained(error, names))?;
    if !draft.differs() {
        let exports = [old_source.bytes(), new_source.bytes()];
        args.scope.require_base(&exports, read)?;
        args.compared.note_absent(&exports, console);
    }
    args.put(outputs, &draft, &old, console)?;
    report(&draft, args, console);
    summary::finish_quietly(&totals, args.ldif.stats(), console)?;
    Ok(if draft.differs() { Exit::Findings } else { Exit::Clean })
}

impl ComparedArgs {
    /// Refuses options that together leave nothing to compare.
    fn require_something(&self) -> anyhow::Result<()> {
        if self.no_add && self.no_delete && self.no_modify {
            bail!("--no-add, --no-delete and --no-modify leave nothing to compare: leave one out");
        }
        let is_ignored =
            |name: &String| self.ignore_attr.iter().any(|other| other.eq_ignore_ascii_case(name));
        if !self.only_attr.is_empty() && self.only_attr.iter().all(is_ignored) {
            bail!("--only-attr and --ignore-attr name the same attributes: leave one of them out");
        }
        Ok(())
    }

    /// Says so where none of the attributes that alone are compared is in the exports:
    /// a mistyped name makes no difference.
    fn note_absent(&self, exports: &[&[u8]], console: &Console) {
        let names = |line: &[u8], name: &String| {
            line.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()))
                && matches!(line.get(name.len()), Some(b':' | b';'))
        };
        let is_there = |name: &String| {
            let mut lines = exports.iter().flat_map(|export| export.split(|byte| *byte == b'\n'));
            lines.any(|line| names(line, name))
        };
        if !self.only_attr.is_empty() && !self.only_attr.iter().any(is_there) {
            let named = visible(self.only_attr.join(",").as_bytes());
            console.note(&format!("no entry of either has {named}; check its spelling"));
        }
    }
}

/// The attributes that an option names.
fn attributes(option: &str, names: &[String]) -> anyhow::Result<Vec<Vec<u8>>> {
    let attribute = |name: &String| {
        AttributeDescription::parse(name.as_bytes())
            .with_context(|| format!("{} names no attribute", named(option, name)))?;
        Ok(name.clone().into_bytes())
    };
    names.iter().map(attribute).collect()
}

struct Outputs {
    out: AtomicFile,
    undo: Option<AtomicFile>,
}

impl Args {
    fn options(&self) -> anyhow::Result<DiffOptions> {
        let compared = &self.compared;
        let compared_attributes = Compared {
            only: attributes("--only-attr", &compared.only_attr)?,
            ignored: attributes("--ignore-attr", &compared.ignore_attr)?,
            operational: compared.include_operational,
        };
        compared.require_something()?;
        Ok(DiffOptions {
            compared: compared_attributes,
            scope: self.scope.diff_scope()?,
            kinds: Kinds {
                add: !compared.no_add,
                delete: !compared.no_delete,
                modify: !compared.no_modify,
            },
            write: self.ldif.write.options(),
        })
    }

    /// Begins the outputs before the work, so that a name that cannot be written is
    /// known at once.
    fn outputs(&self) -> anyhow::Result<Outputs> {
        if self.undo.as_ref().is_some_and(|undo| undo.as_os_str() == "-") {
            bail!("the inverse must be a file: name one with --undo FILE");
        }
        let overwrite = self.force.overwrite();
        let out = AtomicFile::create(&self.output, overwrite)?;
        let undo =
            self.undo.as_ref().map(|path| AtomicFile::create(path, overwrite)).transpose()?;
        Ok(Outputs { out, undo })
    }

    fn put(
        &self,
        outputs: Outputs,
        draft: &DiffDraft,
        old: &EntryIndex<'_>,
        console: &Console,
    ) -> anyhow::Result<()> {
        let Outputs { mut out, undo } = outputs;
        let mut files = Vec::new();
        // The inverse first: should anything go wrong, there is never a change
        // without it.
        if let Some(mut undo) = undo {
            undo.write_all(&draft.undo).context("the inverse cannot be written")?;
            files.push(undo);
        }
        let to_stdout = self.output.as_os_str() == "-";
        match self.format {
            _ if self.summary => write_summary(&mut out, &draft.tally)?,
            Format::Text => write_text(&mut out, draft, old, console, to_stdout)?,
            // A pipe gets records or nothing; a file is there in any case.
            Format::Ldif if to_stdout && draft.tally.records() == 0 => {}
            Format::Ldif => out.write_all(&draft.change).context("the change cannot be written")?,
        }
        files.push(out);
        commit_all(files)?;
        Ok(())
    }
}

/// One of the two exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

/// What it means that an export lacks entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lack {
    pub side: Side,
    /// Whether the entries that it lacks are not asked for.
    pub is_harmless: bool,
    /// What else could be done about it.
    pub hint: &'static str,
}

impl Lack {
    /// What the entries that it lacks are taken for.
    fn taken_for(self) -> &'static str {
        match self.side {
            Side::Old => "new",
            Side::New => "gone",
        }
    }
}

/// Says what reading an export gave; `false` where it cannot be compared.
pub(super) fn report_index(
    source: &Source,
    index: &EntryIndex<'_>,
    lack: Lack,
    console: &Console,
    totals: &mut Summary,
) -> bool {
    let name = source.name();
    let report: &InputReport = &index.report;
    inputs::report_notes(name, source.notes(), console, totals);
    inputs::report_reading(name, report, console, totals);
    for (&reason, &count) in &index.skipped {
        totals.skip(reason, count);
        totals.read -= count;
    }
    let refusals = refusals(source, index, lack);
    refusals.iter().for_each(|refusal| console.error(&anyhow::anyhow!("{refusal}")));
    refusals.is_empty()
}

/// Why an export cannot be compared.
pub(super) fn refusals(source: &Source, index: &EntryIndex<'_>, lack: Lack) -> Vec<String> {
    let (name, report, taken_for) = (source.name(), &index.report, lack.taken_for());
    let mut refusals = Vec::new();
    if report.failed_blocks > 0 {
        let records = counted(report.failed_blocks, "record", "records");
        refusals.push(format!(
            "{name}: {records} cannot be read: a comparison would take them for {taken_for}"
        ));
    }
    let changes = report.observations.change_records;
    if index.stray.is_some() && changes == report.read_records() {
        refusals.push(change_file(name, changes).to_string());
    } else if let Some(offset) = index.stray {
        let line = index.line_at(offset);
        refusals.push(format!(
            "{name}:{line}: a change record that goes on with no entry: this is no export"
        ));
    }
    // The last entry of what was cut off lacks a part of itself, and is asked for.
    let is_cut_off = report.cut_off().is_some();
    if let Some(why) = report.incomplete()
        && (is_cut_off || !lack.is_harmless)
    {
        let hint = if is_cut_off { "" } else { lack.hint };
        refusals.push(format!(
            "{name}: the export is incomplete ({why}): what it lacks would be taken for \
             {taken_for}; export it whole{hint}",
        ));
    }
    let entries = report.read_records() - index.skipped.values().sum::<u64>();
    if entries == 0 && refusals.is_empty() && lack.side == Side::New && !lack.is_harmless {
        refusals.push(format!(
            "{name}: there is no entry: all would be taken for gone; check that the export succeeded"
        ));
    }
    refusals
}

/// An error with the names of the files.
pub(super) fn explained(error: DiffError, [old, new]: [&str; 2]) -> anyhow::Error {
    let name = |in_old: bool| if in_old { old } else { new };
    match &error {
        DiffError::Twice { in_old, first, count } => {
            let name = name(*in_old);
            let mut text = String::new();
            for (dn, twice) in first {
                text.push_str(&format!(
                    "{name}:{}: {} stands here again (first in line {})\n",
                    twice.again,
                    visible(dn),
                    twice.first,
                ));
            }
            let entries = counted(*count as u64, "entry stands", "entries stand");
            anyhow::anyhow!(
                "{entries} twice in {name}, and it cannot be told which one holds:\n{}",
                text.trim_end()
            )
        }
        DiffError::TwiceByIdentity { in_old, names: [first, again] } => anyhow::anyhow!(
            "{}: {} (line {}) and {} (line {}) are one entry by objectGUID or entryUUID",
            name(*in_old),
            visible(&first.0),
            first.1,
            visible(&again.0),
            again.1,
        ),
        DiffError::NoParent { dn, line } => anyhow::anyhow!(
            "{new}:{line}: the entry above {} has another name now, and the export has none in \
             its place: export it whole",
            visible(dn),
        ),
        DiffError::ParentLacking { dn, line } => anyhow::anyhow!(
            "{new}:{line}: neither export has the entry above {}, so it cannot be told whether it can \
             be added: export the entries above, too",
            visible(dn),
        ),
        _ => error.into(),
    }
}

fn write_summary(out: &mut impl Write, tally: &Tally) -> std::io::Result<()> {
    let kinds = [
        ("add", tally.add),
        ("delete", tally.delete),
        ("modify", tally.modify),
        ("modrdn", tally.modrdn),
    ];
    writeln!(out, "{:<32}{:>10}", "records", grouped(tally.records()))?;
    for (kind, count) in kinds {
        writeln!(out, "  {kind:<30}{:>10}", grouped(count))?;
    }
    if tally.attributes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{:<32}{:>10}{:>10}{:>10}", "modified", "records", "added", "removed")?;
    for attribute in tally.attributes.values() {
        writeln!(
            out,
            "  {:<30}{:>10}{:>10}{:>10}",
            visible(&attribute.name),
            grouped(attribute.records),
            grouped(attribute.added),
            grouped(attribute.removed),
        )?;
    }
    Ok(())
}

/// Shows each record against the old export.
fn write_text(
    out: &mut impl Write,
    draft: &DiffDraft,
    old: &EntryIndex<'_>,
    console: &Console,
    to_stdout: bool,
) -> anyhow::Result<()> {
    let colour = if to_stdout { console.stdout_colour() } else { crate::report::Colour::Never };
    let mut diff = DiffWriter::new(out, Width::of_stdout(), colour);
    let mut written = Ok(());
    let mut number = 0;
    read_chunk(&draft.change, ReadOptions::default(), |record| {
        let base = draft.base(number, old);
        number += 1;
        if written.is_ok() {
            let record = record.into_record();
            let preview = match (&record, &base) {
                (Record::Change(change), Some(entry)) => Preview::on(entry, change),
                (Record::Change(change), None) => Preview::alone(change),
                (Record::Content(_), _) => Preview::default(),
            };
            written = diff.write(&record, &preview, &[]);
        }
    });
    written?;
    diff.finish()?;
    Ok(())
}

/// Says what is in the files and what is not.
fn report(draft: &DiffDraft, args: &Args, console: &Console) {
    let tally = &draft.tally;
    let kinds = [
        (tally.add, "add"),
        (tally.delete, "delete"),
        (tally.modify, "modify"),
        (tally.modrdn, "modrdn"),
    ];
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{} {kind}", grouped(*count)))
        .collect();
    match tally.records() {
        0 if draft.omitted.is_empty() => console.note("no differences"),
        0 => console.note("no differences but those left out"),
        records => console.note(&format!(
            "{}: {}",
            counted(records, "record", "records"),
            kinds.join(", ")
        )),
    }
    if let (Some(undo), true) = (&args.undo, tally.records() > 0) {
        console
            .note(&format!("the inverse is in {}", visible(undo.as_os_str().as_encoded_bytes())));
        if tally.delete > 0 {
            console.note(&format!(
                "the inverse of {} makes new entries: objectGUID or entryUUID, SID, password and \
                 what other entries outside of these exports say of them do not come back",
                counted(tally.delete, "delete", "deletes"),
            ));
        }
    }
    left_out(draft, console);
}

fn left_out(draft: &DiffDraft, console: &Console) {
    for (reason, count) in &draft.omitted {
        let entries = counted(*count, "entry", "entries");
        let words = match reason {
            Omission::Add => "that only NEW has left out (--no-add)",
            Omission::Delete => "that only OLD has left out (--no-delete)",
            Omission::Modify => "that both have left out (--no-modify)",
            Omission::OutOfScope => "outside of the scope left out",
            Omission::Rename => "with another name not renamed (--only-attr)",
            Omission::NothingCompared => "of one export left out: nothing of it is compared",
            Omission::NoDn => "left out: the name is no DN",
            Omission::NeedsAnother => "left out: a change is left out that must come first",
            _ => "left out: no order was found that a server takes",
        };
        console.note(&format!("{entries} {words}"));
    }
    for (dn, reason) in &draft.listed {
        console.note(&format!("  {}: {reason}", visible(dn)));
    }
    for (lacking, dn) in draft.implied.iter().take(DiffDraft::LISTED) {
        console.note(&format!(
            "{} is {}, but has entries below it",
            visible(dn),
            match lacking {
                Lacking::Old => "not added: OLD lacks it",
                Lacking::New => "not deleted: NEW lacks it",
            },
        ));
    }
    if draft.implied.len() > DiffDraft::LISTED {
        let more = draft.implied.len() - DiffDraft::LISTED;
        console.note(&format!("  and {more} more like this"));
    }
    if draft.unlinked > 0 {
        console.note(&format!(
            "{} without a value that names what is left out",
            counted(draft.unlinked, "entry", "entries"),
        ));
    }
    not_compared(draft, console);
}

/// Says of which attributes not every value is compared, or written one by one.
fn not_compared(draft: &DiffDraft, console: &Console) {
    if draft.partial > 0 {
        console.note(&format!(
            "{} with an attribute of which an export holds a part (;range=): it is not compared",
            counted(draft.partial, "entry", "entries"),
        ));
    }
    if draft.references > 0 {
        console.note(&format!(
            "{} with a value given by reference (:<), whose bytes are not in the export: its \
             attribute is not compared",
            counted(draft.references, "entry", "entries"),
        ));
    }
    if !draft.whole.is_empty() {
        let names: Vec<String> = draft.whole.iter().map(|name| visible(name).to_string()).collect();
        console.note(&format!(
            "{}: a server without a matching rule for it cannot delete a single value; the record \
             deletes all values and adds the new ones, and does not see a value that was changed \
             meanwhile",
            names.join(", ")
        ));
    }
}
