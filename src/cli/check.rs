//! `ldifix check`: finds what breaks directory synchronisation.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;

use crate::report::{Csv, FindingWriter, Json, ListFormat, Summary, Table, Width};

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

    #[command(flatten)]
    scope: ScopeArgs,

    #[command(flatten)]
    read: ReadArgs,

    #[command(flatten)]
    stats: StatsArgs,
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

/// Checks the exports and writes the findings to stdout.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let options = args.rules.check_options(&args.scope, &args.read)?;
    let wanted = args.rules.wanted()?;
    args.previous.require_counterparts(args.exports.len(), &options.profile)?;
    let sources = inputs::open(&args.previous.with(&args.exports))?;
    let (sources, previous) = sources.split_at(args.exports.len());
    let mut totals = Summary::new();
    let survey = survey::run(sources, &options, console, &mut totals);

    let stopped = options.read.strict && totals.failures_total > 0;
    if let Some(list) = args.list.wanted() {
        if !stopped {
            list.write(&survey, &options.profile, args.format.of_lists(console), console)?;
        }
        summary::finish_quietly(&totals, args.stats.stats.as_deref(), console)?;
        return Ok(if totals.failures_total > 0 { Exit::Failure } else { Exit::Clean });
    }
    if !stopped {
        let transition = args.previous.transition(sources, previous, &options, console)?;
        let mut writer = args.format.writer(console)?;
        survey.findings(|entry| {
            entry.findings.iter().filter(|finding| wanted.admits_any(&finding.rules)).try_for_each(
                |finding| {
                    totals.find(finding);
                    writer.write(finding)
                },
            )
        })?;
        let transition = transition.as_ref();
        args.previous.findings(transition, &options, &mut totals, |totals, finding| {
            if wanted.admits_any(&finding.rules) {
                totals.find_in_transition(finding);
                writer.write(finding)?;
            }
            Ok(())
        })?;
        writer.finish()?;
    }
    summary::finish(&totals, args.stats.stats.as_deref(), started, console)?;
    Ok(match totals {
        Summary { failures_total: 1.., .. } => Exit::Failure,
        Summary { finding_rows: 1.., .. } => Exit::Findings,
        _ => Exit::Clean,
    })
}

impl Format {
    fn of_lists(self, console: &Console) -> ListFormat {
        match self {
            Self::Table => ListFormat::Table(console.stdout_colour()),
            Self::Csv => ListFormat::Csv,
            Self::Json => ListFormat::Json,
        }
    }

    fn writer(self, console: &Console) -> io::Result<Box<dyn FindingWriter>> {
        let out: BufWriter<Box<dyn Write>> =
            BufWriter::with_capacity(1 << 16, Box::new(io::stdout().lock()));
        Ok(match self {
            Self::Table => Box::new(Table::new(out, Width::of_stdout(), console.stdout_colour())),
            Self::Csv => Box::new(Csv::new(out)?),
            Self::Json => Box::new(Json::new(out)),
        })
    }
}
