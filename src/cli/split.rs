//! `ldifix split`: an export in several files, by number of entries or by subtree.

use std::convert::Infallible;
use std::io::Write;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use anyhow::bail;
use rustc_hash::FxHashMap;

use crate::directory::NormalizedDn;
use crate::directory::dn::{key_depth, key_is_within, naming_context, normalize_into};
use crate::input::Source;
use crate::ldif::{
    CHUNK_SIZE, Chunks, InputReport, LdifErrorKind, ReadOptions, WriteOptions, Writer, map_chunks,
    map_in_order, read_chunk,
};
use crate::output::{AtomicFile, commit_all};
use crate::report::{Summary, counted};

use super::apart::require_apart;
use super::base;
use super::canonical::copy_record;
use super::console::Console;
use super::options::{ForceArgs, ReadArgs, WriteArgs, above_zero, dn};
use super::{Exit, entries, inputs, summary};

/// Write an export as several files, by number of entries or by subtree
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("parts").required(true).args(["entries", "subtree"]))]
pub struct Args {
    /// The LDIF export; `-` is stdin
    #[arg(value_name = "EXPORT", default_value = "-")]
    export: PathBuf,

    /// At most N entries in a file
    #[arg(
        long,
        value_name = "N",
        value_parser = above_zero::<NonZeroU64>,
        allow_negative_numbers = true
    )]
    entries: Option<NonZeroU64>,

    /// A file for each child of --base, or for each naming context
    #[arg(long)]
    subtree: bool,

    /// The entry whose children have a file each
    #[arg(long, short, value_name = "DN", requires = "subtree", conflicts_with = "entries")]
    base: Option<String>,

    /// What the names of the files begin with, or a directory
    #[arg(long, short, value_name = "PREFIX|DIR")]
    output: PathBuf,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    write: WriteArgs,

    #[command(flatten)]
    read: ReadArgs,
}

/// Files that are written at a time; systems allow a process 1,024 open ones.
const MOST: usize = 900;

/// Splits the export and lists the files on stdout.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let (read, write) = (args.read.options(), args.write.options());
    let by = match (args.entries, &args.base) {
        (Some(most), _) => By::Entries(most.get()),
        (None, Some(base)) => By::ChildrenOf(dn("--base", base)?),
        (None, None) => By::Context,
    };
    if args.output.as_os_str() == "-" {
        bail!("--output -: several files do not go to stdout; say what their names begin with");
    }
    let source = Source::open(&args.export)?;
    let mut totals = Summary::new();
    inputs::report_notes(source.name(), source.notes(), console, &mut totals);
    let plan = Plan::of(&source, by, read)?;
    if let (By::ChildrenOf(base), [rest]) = (&plan.by, plan.parts.as_slice())
        && rest.name == "rest"
    {
        let text = args.base.as_deref().unwrap_or_default();
        base::require(text, base, &[source.bytes()], read)?;
    }
    if plan.parts.is_empty() {
        bail!("{}: no entries: there is nothing to split", source.name());
    }
    if plan.parts.len() > MOST {
        bail!(
            "{}: this would write more than {MOST} files; take more entries for each, or another \
             base",
            source.name()
        );
    }
    let overwrite = args.force.overwrite();
    let prefix = prefix(&args.output, &args.export);
    let mut files = Vec::new();
    for part in &plan.parts {
        let mut path = prefix.clone();
        path.push(format!("{}.ldif", part.name));
        let path = PathBuf::from(path);
        require_apart([&args.export], [Some(&path)])?;
        let mut file = AtomicFile::create(&path, overwrite)?;
        let mut head = Writer::new(&mut file, write);
        head.version_line()?;
        head.finish()?;
        files.push(file);
    }
    let report = plan.write(&source, (read, write), &mut files)?;
    inputs::report_reading(source.name(), &report, console, &mut totals);
    if read.strict && totals.failures_total > 0 {
        console.note("nothing was written");
        return Ok(Exit::Failure);
    }
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path().to_owned()).collect();
    commit_all(files)?;
    let mut out = std::io::stdout().lock();
    for (path, part) in paths.iter().zip(&plan.parts) {
        writeln!(out, "{}\t{}", path.display(), part.entries)?;
    }
    out.flush()?;
    summary::finish_quietly(&totals, None, console)?;
    Ok(if totals.is_whole() { Exit::Clean } else { Exit::Failure })
}

/// What the names begin with: within a directory, the export's own name.
fn prefix(output: &Path, export: &Path) -> std::ffi::OsString {
    let is_directory = output.is_dir() || output.to_string_lossy().ends_with(['/', '\\']);
    if !is_directory {
        return output.as_os_str().to_owned();
    }
    let stem = export.file_stem().filter(|_| export.as_os_str() != "-");
    let mut name = stem.map_or_else(|| "part".into(), ToOwned::to_owned);
    name.push("-");
    output.join(name).into_os_string()
}

#[derive(Debug)]
enum By {
    Entries(u64),
    ChildrenOf(NormalizedDn),
    Context,
}

/// Which entry goes into which file.
#[derive(Debug)]
struct Plan {
    by: By,
    parts: Vec<Part>,
    /// By key of the subtree, the part.
    subtrees: FxHashMap<Vec<u8>, usize>,
    /// Per chunk, the number of its first entry.
    firsts: Vec<u64>,
}

#[derive(Debug)]
struct Part {
    name: String,
    entries: u64,
}

/// Keys that no subtree has, for the base itself and for what lies elsewhere.
const BASE: &[u8] = b"\0base";
const REST: &[u8] = b"\0rest";

impl By {
    /// The key of the subtree that an entry belongs to.
    fn subtree<'k>(&self, key: Option<&'k [u8]>) -> &'k [u8] {
        let Some(key) = key else { return REST };
        match self {
            Self::Entries(_) => REST,
            Self::ChildrenOf(base) if key == base.as_bytes() => BASE,
            Self::ChildrenOf(base) if key_is_within(key, base.as_bytes()) => {
                let above = key_depth(key) - base.depth() - 1;
                std::iter::successors(Some(key), |key| crate::directory::dn::key_parent(key))
                    .nth(above)
                    .unwrap_or(REST)
            }
            Self::ChildrenOf(_) => REST,
            Self::Context => naming_context(key),
        }
    }
}

impl Plan {
    fn of(source: &Source, by: By, read: ReadOptions) -> anyhow::Result<Self> {
        let mut plan =
            Self { by, parts: Vec::new(), subtrees: FxHashMap::default(), firsts: Vec::new() };
        let (mut entries, mut stray) = (0, 0);
        let mut counts: Vec<(Vec<u8>, u64)> = Vec::new();
        let by = &plan.by;
        let subtrees = &mut plan.subtrees;
        let firsts = &mut plan.firsts;
        let Ok(()) = map_chunks(
            source.bytes(),
            |chunk| {
                let mut found: Vec<(Vec<u8>, u64)> = Vec::new();
                let mut places: FxHashMap<Vec<u8>, usize> = FxHashMap::default();
                let mut key = Vec::new();
                let scanned = entries::scan(chunk.bytes, read, |named| {
                    if matches!(by, By::Entries(_)) {
                        return;
                    }
                    let key = normalize_into(&named.dn, &mut key).is_ok().then_some(&*key);
                    let subtree = by.subtree(key);
                    match places.get(subtree) {
                        Some(&place) => found[place].1 += 1,
                        None => {
                            places.insert(subtree.to_vec(), found.len());
                            found.push((subtree.to_vec(), 1));
                        }
                    }
                });
                (scanned, found)
            },
            |(scanned, found)| {
                firsts.push(entries);
                entries += scanned.entries;
                stray += scanned.stray;
                for (subtree, count) in found {
                    let next = subtrees.len();
                    let part = *subtrees.entry(subtree.clone()).or_insert(next);
                    match counts.get_mut(part) {
                        Some((_, all)) => *all += count,
                        None => counts.push((subtree, count)),
                    }
                }
                Ok::<(), Infallible>(())
            },
        );
        if stray > 0 {
            bail!(
                "{}: {}: the order of changes has a meaning, so changes are not split",
                source.name(),
                counted(stray, "change record", "change records")
            );
        }
        plan.parts = match plan.by {
            By::Entries(most) => by_number(entries, most),
            By::ChildrenOf(_) | By::Context => by_name(&counts),
        };
        Ok(plan)
    }

    fn part(&self, number: u64, key: Option<&[u8]>) -> usize {
        match self.by {
            By::Entries(most) => usize::try_from(number / most).unwrap_or(usize::MAX),
            By::ChildrenOf(_) | By::Context => {
                self.subtrees.get(self.by.subtree(key)).copied().unwrap_or(usize::MAX)
            }
        }
    }

    fn write(
        &self,
        source: &Source,
        (read, write): (ReadOptions, WriteOptions),
        files: &mut [AtomicFile],
    ) -> std::io::Result<InputReport> {
        let mut report = InputReport::default();
        map_in_order(
            Chunks::new(source.bytes(), CHUNK_SIZE).zip(&self.firsts),
            |(chunk, &first)| self.write_chunk(chunk.bytes, first, read, write),
            |(chunk, text, runs)| {
                report.add(chunk);
                let mut start = 0;
                for (part, end) in runs {
                    if let Some(file) = files.get_mut(part) {
                        file.write_all(text.get(start..end).unwrap_or_default())?;
                    }
                    start = end;
                }
                Ok::<(), std::io::Error>(())
            },
        )?;
        Ok(report)
    }

    /// The text of a chunk, and for each run of entries of one part where it ends.
    fn write_chunk(
        &self,
        chunk: &[u8],
        first: u64,
        read: ReadOptions,
        write: WriteOptions,
    ) -> (crate::ldif::ChunkReport, Vec<u8>, Vec<(usize, usize)>) {
        let mut writer = Writer::new(Vec::new(), write);
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let (mut number, mut part) = (first, 0);
        let mut key = Vec::new();
        let mut refused = Vec::new();
        let mut report = read_chunk(chunk, read, |record| {
            if record.is_entry() {
                let key = normalize_into(&record.dn(), &mut key).is_ok().then_some(&*key);
                part = self.part(number, key);
                number += 1;
            }
            refused.extend(copy_record(&mut writer, chunk, record));
            // A vector takes every byte.
            let _ = writer.flush();
            let end = writer.get_mut().len();
            match runs.last_mut() {
                Some(last) if last.0 == part => last.1 = end,
                _ => runs.push((part, end)),
            }
        });
        for line in refused {
            report.refuse(LdifErrorKind::UnwritableUrl, &line);
        }
        (report, writer.finish().unwrap_or_default(), runs)
    }
}

fn by_number(entries: u64, most: u64) -> Vec<Part> {
    let count = entries.div_ceil(most);
    let width = count.to_string().len().max(3);
    let part = |number: u64| Part {
        name: format!("{:0width$}", number + 1),
        entries: most.min(entries - number * most),
    };
    // More than can be written are told by their number alone.
    (0..count.min(MOST as u64 + 1)).map(part).collect()
}

fn by_name(subtrees: &[(Vec<u8>, u64)]) -> Vec<Part> {
    let mut taken: FxHashMap<String, u64> =
        [("base".to_owned(), 1), ("rest".to_owned(), 1)].into_iter().collect();
    let mut own_name = |key: &[u8]| {
        let plain = file_name(key);
        loop {
            let number = taken.entry(plain.clone()).or_default();
            *number += 1;
            let name = if *number == 1 { plain.clone() } else { format!("{plain}-{number}") };
            // `sales-2` may be the name of a subtree of its own.
            if name == plain || taken.insert(name.clone(), 1).is_none() {
                return name;
            }
        }
    };
    // More than can be written are told by their number alone.
    let subtrees = subtrees.iter().take(MOST + 1);
    let named = subtrees.map(|(key, entries)| {
        let name = match key.as_slice() {
            BASE => "base".to_owned(),
            REST => "rest".to_owned(),
            key => own_name(key),
        };
        Part { name, entries: *entries }
    });
    named.collect()
}

/// A name for a file: the values of a context's domain components, or of an RDN.
fn file_name(key: &[u8]) -> String {
    let rdns = key.split(|&byte| byte == b',');
    let count = if key.starts_with(b"dc=") { usize::MAX } else { 1 };
    let values = rdns.take(count).map(|rdn| {
        let value = memchr::memchr(b'=', rdn).and_then(|at| rdn.get(at + 1..)).unwrap_or(rdn);
        let text = String::from_utf8_lossy(value);
        let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        text.chars().map(safe).take(80).collect::<String>()
    });
    let name = values.collect::<Vec<_>>().join(".");
    let name: String = name.trim_matches(['-', '.']).chars().take(80).collect();
    if name.is_empty() { "entries".to_owned() } else { name }
}
