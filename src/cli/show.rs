//! `ldifix show`: what a change file does, for people.

use std::convert::Infallible;
use std::io::{self, BufWriter};
use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::change::{apply_record_to_entry, refuse_misfits};
use crate::directory::dn::{join, key_ancestors, split_rdn};
use crate::directory::{Entry, NormalizedDn};
use crate::input::Source;
use crate::ldif::{Change, ChangeRecord, InputReport, ReadOptions, Record, map_chunks};
use crate::report::{Base, DiffWriter, Summary, Width};

use super::changes::Step;
use super::console::Console;
use super::entries;
use super::options::ReadArgs;
use super::{Exit, changes, inputs};

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
        return Ok(Exit::Failure);
    };
    let mut exit = Exit::Clean;
    let mut state = None;
    if let Some(base) = bases.first() {
        let origins = Origins::of(&steps);
        let (entries, report) = look_up(base, &origins, read);
        inputs::report_notes(base.name(), base.notes(), console, &mut aside);
        inputs::report_reading(base.name(), &report, console, &mut aside);
        if report.failed_blocks > 0 {
            exit = Exit::Failure;
        }
        state = Some(State { entries, origins });
    }

    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut diff = DiffWriter::new(out, Width::of_stdout(), console.stdout_colour());
    for (number, step) in steps.iter().enumerate() {
        let base = state.as_ref().map_or(Base::NotGiven, |state| state.base(number));
        diff.write(&step.record, base, &step.comments)?;
        if let Some(state) = &mut state {
            state.advance(number, &step.record);
        }
    }
    diff.finish()?;
    console.note(&changes::tally(steps.iter().map(|step| &step.record)));
    Ok(exit)
}

/// Which entry each record speaks of.
#[derive(Debug, Default)]
struct Origins {
    /// One per record; `None` where its DN is none.
    of_record: Vec<Option<Vec<u8>>>,
    /// For names that renames and adds gave or took, the entry behind them.
    now: FxHashMap<NormalizedDn, Vec<u8>>,
}

impl Origins {
    /// Entries go by the key of their DN in the export. Those that are not in it
    /// go by a key that no DN has.
    fn of(steps: &[Step<'_>]) -> Self {
        let mut origins = Self::default();
        for (number, step) in steps.iter().enumerate() {
            let fresh = |word: &str| format!("\0{word}{number}").into_bytes();
            let key = NormalizedDn::of(step.record.dn()).ok();
            let mut origin = key.as_ref().map(|key| origins.resolve(key));
            if let (Some(key), Some(found), Record::Change(change)) = (key, &origin, &step.record) {
                match &change.change {
                    Change::ModRdn { .. } => {
                        let found = found.clone();
                        if let Some(new) = renamed(change) {
                            origins.now.insert(key, fresh("gone"));
                            origins.now.insert(new, found);
                        }
                    }
                    Change::Add(_) if origins.is_vacated(found) => {
                        let added = fresh("add");
                        origins.now.insert(key, added.clone());
                        origin = Some(added);
                    }
                    _ => {}
                }
            }
            origins.of_record.push(origin);
        }
        origins
    }

    /// Whether a rename took the entry away that had this name.
    fn is_vacated(&self, origin: &[u8]) -> bool {
        origin.starts_with(b"\0gone")
    }

    /// The entry that a name stands for now: its own, or one below an entry that
    /// was renamed.
    fn resolve(&self, key: &NormalizedDn) -> Vec<u8> {
        let bytes = key.as_bytes();
        for name in std::iter::once(bytes).chain(key_ancestors(bytes)) {
            if let Some(origin) = self.now.get(name) {
                return [&bytes[..bytes.len() - name.len()], origin].concat();
            }
        }
        bytes.to_vec()
    }
}

fn renamed(record: &ChangeRecord<'_>) -> Option<NormalizedDn> {
    let Change::ModRdn { new_rdn, new_superior, .. } = &record.change else { return None };
    let parent = match new_superior {
        Some(parent) => Some(parent.as_ref()),
        None => split_rdn(&record.dn).ok()?.1,
    };
    NormalizedDn::of(&join(new_rdn, parent)).ok()
}

/// The entries that records speak of, as the records so far leave them.
struct State<'a> {
    entries: FxHashMap<Vec<u8>, Entry<'a>>,
    origins: Origins,
}

impl<'a> State<'a> {
    fn base(&self, number: usize) -> Base<'_> {
        let origin = self.origins.of_record.get(number).and_then(Option::as_ref);
        origin.and_then(|origin| self.entries.get(origin)).map_or(Base::Missing, Base::Entry)
    }

    fn advance(&mut self, number: usize, record: &'a Record<'a>) {
        let origin = self.origins.of_record.get(number).cloned().flatten();
        let (Some(origin), Record::Change(change)) = (origin, record) else { return };
        match &change.change {
            Change::Delete => {
                self.entries.remove(&origin);
            }
            Change::Add(_) => {
                let added = || crate::change::into_entry(record.clone());
                self.entries.entry(origin).or_insert_with(added);
            }
            Change::Modify(_) | Change::ModRdn { .. } => {
                if let Some(entry) = self.entries.get_mut(&origin) {
                    // What does not apply is marked in the diff and changes nothing.
                    let _ = apply_record_to_entry(entry, change);
                }
            }
        }
    }
}

/// The entries of an export that records speak of.
fn look_up<'a>(
    export: &'a Source,
    origins: &Origins,
    read: ReadOptions,
) -> (FxHashMap<Vec<u8>, Entry<'a>>, InputReport) {
    let wanted: FxHashSet<&[u8]> = origins.of_record.iter().flatten().map(Vec::as_slice).collect();
    let mut report = InputReport::default();
    let (mut all, mut continued) = (FxHashMap::default(), Vec::new());
    let Ok(()) = map_chunks(
        export.bytes(),
        |chunk| {
            let mut found = Vec::new();
            let scanned = entries::scan(chunk.bytes, read, |named| {
                let key = NormalizedDn::of(&named.dn).ok();
                let Some(key) = key.filter(|key| wanted.contains(key.as_bytes())) else { return };
                if let Some(entry) = named.entry(read) {
                    found.push((key.as_bytes().to_vec(), entry));
                }
            });
            (scanned, found)
        },
        |(mut chunk, found): (entries::ScannedChunk, Vec<(Vec<u8>, Entry<'a>)>)| {
            let base = report.add(std::mem::take(&mut chunk.report));
            continued.extend(chunk.continued_from(base));
            for (key, entry) in found {
                all.entry(key).or_insert(entry);
            }
            Ok::<(), Infallible>(())
        },
    );
    refuse_misfits(export.bytes(), &continued, read, &mut report);
    (all, report)
}
