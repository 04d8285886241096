//! `ldifix check`: finds what breaks directory synchronisation.

use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use clap::ValueEnum;

use crate::baseline::BaselineWriter;
use crate::input::Source;
use crate::report::{FindingFormat, FindingRows, FindingWriter, ListFormat, Summary, Tally, Width};
use crate::rules::catalogue::Timings;
use crate::rules::{CheckOptions, EntryFindings, Finding, Survey, WantedRules};

use super::apart::{require_apart, require_each_once, require_older};
use super::baseline::{Acceptance, Accepted, WriteBaselineArgs};
use super::blame::{About, refuse};
use super::compare::{self, Form};
use super::config::ConfigArgs;
use super::console::Console;
use super::listing::ListArgs;
use super::options::{ReadArgs, RuleArgs, ScopeArgs, StatsArgs};
use super::previous::PreviousArgs;
use super::{Exit, inputs, summary, survey};

/// Find values that break directory synchronisation
#[derive(Debug, clap::Args)]
pub struct Args {
    /// LDIF exports, all domains of a forest together; `-` is stdin
    #[arg(required = true, value_name = "EXPORT")]
    exports: Vec<PathBuf>,

    /// How the findings are written
    #[arg(long, short, value_enum, default_value_t = Format::Table)]
    format: Format,

    #[command(flatten)]
    list: ListArgs,

    #[command(flatten)]
    previous: PreviousArgs,

    #[command(flatten)]
    rules: RuleArgs,

    /// Show what the profile finds and IdFix does not, and the false alarms of IdFix
    #[arg(
        long,
        value_name = "PROFILE",
        conflicts_with_all = ["baseline", "write_baseline", "show_skipped", "predict"],
        help_heading = "Rules"
    )]
    compare: Option<String>,

    /// Say what time each family of rules takes
    #[arg(long, help_heading = None)]
    timings: bool,

    #[command(flatten)]
    baseline: WriteBaselineArgs,

    #[command(flatten)]
    scope: ScopeArgs,

    #[command(flatten)]
    read: ReadArgs,

    #[command(flatten)]
    stats: StatsArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// IdFix's columns
    Csv,
    /// One object a line
    Json,
}

/// Checks the exports and writes the findings to stdout, or what is asked for in their
/// place.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    require_each_once(&args.exports)?;
    require_older(&args.exports, args.previous.exports())?;
    require_apart(&args.exports, [args.baseline.path(), args.stats.stats.as_ref()])?;
    let started = Instant::now();
    let mut options = args.rules.check_options(&args.scope, &args.read)?;
    let timings = args.timings(&mut options)?;
    let other = args.other(&options).about("--compare")?;
    let wanted = args.rules.wanted(&options.profile)?;
    args.previous.require_counterparts(args.exports.len(), &options.profile)?;
    args.previous.remember_earlier_change(&mut options, console)?;
    let sources = inputs::open(&args.previous.with(&args.exports))?;
    let (sources, previous) = sources.split_at(args.exports.len());
    let acceptance = args.baseline.begin(sources, options.read)?;
    let mut totals = Summary::new();
    let survey = survey::run(sources, &options, &args.scope, console, &mut totals)?;
    summary::add_notes(&mut totals, &survey, &options.profile);

    let list = args.list.wanted();
    let checked = Checked { survey: &survey, options: &options, wanted: &wanted, console };
    let exit = match (list, &other) {
        _ if options.read.strict && totals.failures_total > 0 => Exit::Failure,
        (Some(list), _) => {
            list.write(&survey, &options.profile, args.format.of_lists(console), console)?;
            Exit::Clean
        }
        (None, Some(other)) => {
            let form = if args.format == Format::Json { Form::Json } else { Form::Table };
            compare::run(sources, &survey, (&options, other), &wanted, form, console, &mut totals)?
        }
        (None, None) => checked.findings(args, (sources, previous), acceptance, &mut totals)?,
    };
    summary::add_not_exported(&mut totals, &options.profile, &wanted);
    match list {
        Some(_) => summary::finish_quietly(&totals, args.stats.stats.as_ref(), console)?,
        None => summary::finish(&totals, args.stats.stats.as_ref(), started, console)?,
    }
    if let Some(timings) = timings {
        summary::timings(&timings, console);
    }
    Ok(if totals.is_whole() { exit } else { Exit::Failure })
}

/// Exports that were read, and what is asked for.
struct Checked<'c, 's> {
    survey: &'c Survey<'s>,
    options: &'c CheckOptions,
    wanted: &'c WantedRules,
    console: &'c Console,
}

impl Checked<'_, '_> {
    /// Writes the findings: those in the exports, and behind them those about what changes.
    fn findings(
        &self,
        args: &Args,
        (sources, previous): (&[Source], &[Source]),
        acceptance: Acceptance,
        totals: &mut Summary,
    ) -> anyhow::Result<Exit> {
        let Self { survey, options, wanted, console } = self;
        let transition = args.previous.transition(sources, previous, options, console)?;
        let format = args.format.of_findings(console);
        let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        let mut writer = FindingWriter::new(out, format)?;
        let (mut lines, mut tally) = (BaselineWriter::default(), Tally::default());
        let accepted = &acceptance.accepted;
        let drawing = Drawing { format, wanted, accepted };
        survey.map_findings(
            |entries| drawing.part(entries),
            |part| {
                let mut part: Part<'_> = part?;
                loop {
                    totals.add(part.tally);
                    lines.append(part.lines);
                    writer.append(part.rows)?;
                    match part.left {
                        Some(left) => part = drawing.go_on(left)?,
                        None => return io::Result::Ok(()),
                    }
                }
            },
        )?;
        args.previous.findings(transition.as_ref(), options, totals, |finding| {
            let is_accepted = accepted.accepts(finding, &mut lines);
            if is_shown(finding, wanted, is_accepted, &mut tally) {
                tally.find_in_transition(finding);
                accepted.show(finding, &mut lines);
                writer.write(finding)?;
            }
            Ok(())
        })?;
        writer.finish()?;
        totals.add(tally);
        let whole = !args.scope.is_restricted();
        acceptance.finish(lines, &args.baseline, &options.profile, whole, totals, console)?;
        summary::note_unable(survey, wanted, !previous.is_empty(), console);
        Ok(if totals.finding_rows > 0 { Exit::Findings } else { Exit::Clean })
    }
}

/// How findings are drawn, on whatever thread.
#[derive(Clone, Copy)]
struct Drawing<'c> {
    format: FindingFormat,
    wanted: &'c WantedRules,
    accepted: &'c Accepted,
}

/// What is to be told of some findings: drawn, counted, and for a new baseline.
struct Part<'a> {
    rows: FindingRows,
    tally: Tally,
    lines: BaselineWriter,
    left: Option<Left<'a>>,
}

/// Entries of which some findings are not drawn yet.
struct Left<'a> {
    entries: Vec<EntryFindings<'a>>,
    /// The next entry, and its next finding.
    next: (usize, usize),
}

impl Drawing<'_> {
    /// Text above which what is left of a part is drawn once that is written: an entry can
    /// have any number of findings, and each repeats its DN.
    const MOST: usize = 256 << 10;

    /// Draws the findings of entries.
    fn part<'a>(self, entries: Vec<EntryFindings<'a>>) -> io::Result<Part<'a>> {
        self.go_on(Left { entries, next: (0, 0) })
    }

    /// Draws findings that are left.
    fn go_on<'a>(self, mut left: Left<'a>) -> io::Result<Part<'a>> {
        let (rows, lines) = (self.format.rows(), BaselineWriter::default());
        let mut part = Part { rows, tally: Tally::default(), lines, left: None };
        let (first, mut from) = left.next;
        for (number, entry) in left.entries.iter().enumerate().skip(first) {
            for (at, finding) in entry.findings.iter().enumerate().skip(from) {
                if part.rows.bytes() >= Self::MOST {
                    left.next = (number, at);
                    part.left = Some(left);
                    return Ok(part);
                }
                // The row of a first holder goes with the one behind it.
                let behind = entry.findings.get(at + 1).filter(|_| finding.extra);
                let is_accepted = self.accepted.accepts(behind.unwrap_or(finding), &mut part.lines);
                if is_shown(finding, self.wanted, is_accepted, &mut part.tally) {
                    part.tally.find(finding);
                    self.accepted.show(finding, &mut part.lines);
                    part.rows.add(finding)?;
                }
            }
            from = 0;
        }
        Ok(part)
    }
}

/// Whether a finding is shown; what is not is counted.
fn is_shown(
    finding: &Finding<'_>,
    wanted: &WantedRules,
    is_accepted: bool,
    tally: &mut Tally,
) -> bool {
    let is_wanted = wanted.admits_any(&finding.rules);
    if !is_wanted {
        tally.hide(finding);
    } else if is_accepted {
        tally.accept(finding);
    }
    is_wanted && !is_accepted
}

impl Args {
    /// Where the time of each family of rules is counted, if that is asked for.
    fn timings(&self, options: &mut CheckOptions) -> anyhow::Result<Option<Arc<Timings>>> {
        let timings = self.timings.then(|| options.profile.count_time()).flatten();
        if self.timings && timings.is_none() {
            let profile = options.profile.name;
            let text = format!("--timings: the profile {profile} has no families of rules");
            refuse("--timings", text)?;
        }
        Ok(timings)
    }

    /// The other side of a comparison.
    fn other(&self, options: &CheckOptions) -> anyhow::Result<Option<CheckOptions>> {
        let Some(name) = &self.compare else { return Ok(None) };
        if self.format == Format::Csv {
            bail!("--compare writes a table or JSON: choose another --format");
        }
        let scope = self.rules.check_options(&self.scope, &self.read)?;
        Ok(Some(compare::other(name, options, scope)?))
    }
}

impl Format {
    fn of_lists(self, console: &Console) -> ListFormat {
        match self {
            Self::Table => ListFormat::Table(console.stdout_colour()),
            Self::Csv => ListFormat::Csv,
            Self::Json => ListFormat::Json,
        }
    }

    fn of_findings(self, console: &Console) -> FindingFormat {
        match self {
            Self::Table => FindingFormat::Table(Width::of_stdout(), console.stdout_colour()),
            Self::Csv => FindingFormat::Csv,
            Self::Json => FindingFormat::Json,
        }
    }
}
