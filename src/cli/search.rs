//! `ldifix search`: the entries that match a filter; a pipeline filter.

mod chunk;
mod links;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::directory::{AttributeList, Filter, Scope, SearchBase};
use crate::input::Flow;
use crate::ldif::{InputReport, ReadOptions, WriteOptions, Writer};
use crate::output::AtomicFile;
use crate::report::{Columns, Summary, counted, grouped, visible};

use super::apart::require_apart;
use super::console::Console;
use super::flow::{self, Halt, Spare};
use super::options::{ForceArgs, LdifArgs, dn, matcher};
use super::{Exit, inputs, summary};
pub use chunk::Query;
use chunk::{Found, Tally};

/// Write the entries that match a filter
#[derive(Debug, clap::Args)]
pub struct Args {
    /// LDIF exports; `-` is stdin
    #[arg(value_name = "EXPORT", default_value = "-")]
    exports: Vec<PathBuf>,

    /// Only entries that match an LDAP filter (RFC 4515)
    #[arg(long, value_name = "LDAPFILTER")]
    filter: Option<String>,

    /// Only entries at or below DN
    #[arg(long, short, value_name = "DN")]
    base: Option<String>,

    /// How far below the base to look
    #[arg(long, short, value_enum, requires = "base", default_value_t = Depth::Sub)]
    scope: Depth,

    /// Only these attributes: names, `*` (user), `+` (operational), `1.1` (none)
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    attrs: Option<Vec<String>>,

    /// Not these attributes
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    exclude_attrs: Option<Vec<String>>,

    /// Write only how many entries match
    #[arg(long, conflicts_with_all = ["to", "separator"])]
    count: bool,

    /// What is written
    #[arg(long, value_enum, default_value_t = Format::Ldif)]
    to: Format,

    /// What stands between the values of an attribute in a CSV field [default: |]
    #[arg(long, value_name = "TEXT")]
    separator: Option<String>,

    /// Write to FILE instead of stdout
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    ldif: LdifArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Depth {
    /// The base alone
    Base,
    /// The children of the base
    One,
    /// The base and all below it
    Sub,
    /// All below the base
    Children,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// LDIF: ASCII, folded, base64 where it is needed
    Ldif,
    /// One entry a line
    Json,
    /// A row for each entry, a column for each attribute of --attrs
    Csv,
}

impl From<Depth> for Scope {
    fn from(depth: Depth) -> Self {
        match depth {
            Depth::Base => Self::Base,
            Depth::One => Self::One,
            Depth::Sub => Self::Subtree,
            Depth::Children => Self::Children,
        }
    }
}

/// What is written of the entries that match.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Nothing but their number.
    Count,
    /// LDIF.
    Ldif(WriteOptions),
    /// JSON lines.
    Json,
    /// CSV with these columns.
    Csv(Columns),
}

/// Writes the entries that match to stdout.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let query = args.query()?;
    let shape = args.shape()?;
    require_apart(&args.exports, [Some(&args.output), args.ldif.stats()])?;
    args.require_files()?;
    let inputs = inputs::flows(&args.exports)?;
    let overwrite = args.force.overwrite();
    let out = AtomicFile::create(&args.output, overwrite)?;
    write_found(inputs, query, &shape, (out, args.ldif.stats()), console)
}

/// Writes what a query finds in inputs, and says how much it was.
///
/// # Errors
/// Where input or output fails.
pub fn write_found(
    inputs: Vec<Flow>,
    mut query: Query,
    shape: &Shape,
    (mut out, stats): (AtomicFile, Option<&PathBuf>),
    console: &Console,
) -> anyhow::Result<Exit> {
    let mut totals = Summary::new();
    let mut tally = Tally::default();
    let mut inputs = links::follow(inputs, &mut query, console)?;
    out.write_all(&shape.head())?;
    let spare = Spare::default();
    let progress = console.progress(None);
    for input in &mut inputs {
        let mut report = InputReport::default();
        let ended = flow::pass(
            input,
            |bytes| chunk::search(bytes, &query, shape, spare.take()),
            |found: Found| {
                let stop = query.read.strict && found.report.has_failures();
                report.add(found.report);
                tally.add(&found.tally);
                progress.add(found.bytes);
                out.write_all(&found.text)?;
                spare.put(found.text);
                if stop { Err(Halt::Strict) } else { Ok(()) }
            },
        );
        let went_on = flow::explained(ended, input.name())?;
        inputs::report_notes(input.name(), &input.notes(), console, &mut totals);
        inputs::report_reading(input.name(), &report, console, &mut totals);
        if !went_on {
            break;
        }
    }
    progress.finish();
    if matches!(shape, Shape::Count) {
        out.write_all(format!("{}\n", tally.matched).as_bytes())?;
    }
    out.commit()?;
    say(&tally, &query, console);
    tally.settle(&mut totals);
    summary::finish_quietly(&totals, stats, console)?;
    let elsewhere = tally.outside - tally.out_of_reach;
    if tally.entries > 0 && elsewhere == tally.entries {
        bail!("--base: no entry of the input is at or below it; check its spelling");
    }
    Ok(if totals.is_whole() { Exit::Clean } else { Exit::Failure })
}

fn say(tally: &Tally, query: &Query, console: &Console) {
    let all = counted(tally.entries, "entry", "entries");
    console.note(&match (tally.entries, tally.matched) {
        (entries, matched) if entries == 0 || (query.takes_all() && entries == matched) => all,
        (_, 0) => format!("none of {all} matches"),
        (_, 1) => format!("1 of {all} matches"),
        (_, matched) => format!("{} of {all} match", grouped(matched)),
    });
    if tally.invalid > 0 {
        let invalid = counted(tally.invalid, "entry", "entries");
        console
            .note(&format!("{invalid} left out: DNs that cannot be understood lie in no --base"));
    }
    if query.has_chains() && tally.undecided > 0 {
        let undecided = counted(tally.undecided, "entry", "entries");
        console.note(&format!(
            "{undecided} could not be decided: links lead to entries that the input lacks"
        ));
    }
    if tally.stray > 0 {
        let stray = counted(tally.stray, "change record", "change records");
        console.note(&format!("{stray} left out: changes are no entries"));
    }
    if tally.unclear > 0 {
        let unclear = counted(tally.unclear, "value holds", "values hold");
        console.note(&format!("{unclear} the separator; choose another one with --separator"));
    }
}

impl Shape {
    /// What stands before the first entry.
    fn head(&self) -> Vec<u8> {
        match self {
            Self::Count | Self::Json => Vec::new(),
            Self::Csv(columns) => columns.header(),
            Self::Ldif(options) => {
                let mut writer = Writer::new(Vec::new(), *options);
                // A vector takes every byte.
                let _ = writer.version_line();
                writer.finish().unwrap_or_default()
            }
        }
    }

    /// CSV with a column for each name.
    ///
    /// # Errors
    /// Where there is no name, or one is none.
    pub fn csv(names: Option<&[String]>, separator: Option<&str>) -> anyhow::Result<Self> {
        let Some(names) = names else {
            bail!("--to csv needs the columns: name them with --attrs, as in --attrs cn,mail");
        };
        if let Some(name) = names.iter().find(|name| ["*", "+", "1.1"].contains(&name.as_str())) {
            bail!("--attrs {name} with --to csv: the columns have to be named one by one");
        }
        let columns = Columns::new(names, separator.unwrap_or("|"));
        Ok(Self::Csv(columns.with_context(|| attrs("--attrs", names))?))
    }
}

/// Why a separator is refused.
pub const SEPARATOR_ALONE: &str = "--separator goes with --to csv: other forms have none";

fn attrs(option: &str, names: &[String]) -> String {
    format!("{option} {}", names.join(","))
}

impl Args {
    /// Refuses a filter where a file is expected, as ldapsearch takes it.
    fn require_files(&self) -> anyhow::Result<()> {
        for path in &self.exports {
            let text = path.to_string_lossy();
            if text.contains('=') && Filter::parse(text.as_bytes()).is_ok() && !path.exists() {
                bail!(
                    "{}: no such file; a filter is named with --filter",
                    visible(text.as_bytes())
                );
            }
        }
        Ok(())
    }

    fn query(&self) -> anyhow::Result<Query> {
        let list = |option: &str, names: &Option<Vec<String>>| {
            let Some(names) = names else { return Ok(None) };
            let list = AttributeList::of(names.iter().map(String::as_str));
            list.map(Some).with_context(|| attrs(option, names))
        };
        let base = self.base.as_ref().map(|text| dn("--base", text)).transpose()?;
        Ok(Query {
            base: base.map(|base| SearchBase::new(base, self.scope.into())),
            matcher: self.filter.as_deref().map(matcher).transpose()?,
            list: list("--attrs", &self.attrs)?,
            without: list("--exclude-attrs", &self.exclude_attrs)?,
            links: None,
            read: self.ldif.read.options(),
        })
    }

    fn shape(&self) -> anyhow::Result<Shape> {
        if self.separator.is_some() && self.to != Format::Csv {
            bail!(SEPARATOR_ALONE);
        }
        Ok(match self.to {
            _ if self.count => Shape::Count,
            Format::Ldif => Shape::Ldif(self.ldif.write.options()),
            Format::Json => Shape::Json,
            Format::Csv => Shape::csv(self.attrs.as_deref(), self.separator.as_deref())?,
        })
    }
}

impl Query {
    /// Whether all entries are found.
    fn takes_all(&self) -> bool {
        self.base.is_none() && self.matcher.is_none()
    }

    /// All entries, with the named attributes.
    ///
    /// # Errors
    /// Where a name names no attribute.
    pub fn all(names: &[String], read: ReadOptions) -> anyhow::Result<Self> {
        let list = AttributeList::of(names.iter().map(String::as_str))
            .with_context(|| attrs("--attrs", names))?;
        Ok(Self { base: None, matcher: None, list: Some(list), without: None, links: None, read })
    }
}
