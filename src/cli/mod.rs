//! The command line: one file per command, each with its arguments and its run.

mod apart;
mod apply;
mod base;
mod baseline;
mod blame;
mod canonical;
mod changes;
mod check;
mod compare;
mod config;
mod console;
mod diff;
mod entries;
mod explain;
mod fix;
mod flow;
mod fmt;
mod inputs;
mod invert;
mod listing;
mod options;
mod predict;
mod previous;
mod rewritten;
mod rules;
mod search;
mod second_cycle;
mod selection;
mod services;
mod settled;
mod show;
mod sort;
mod split;
mod summary;
mod survey;
mod tenant;
mod verify;

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::output::OutputError;

use console::{Console, ConsoleArgs, GENERAL};

/// Finds what breaks directory synchronisation in an LDIF export, and writes the
/// change LDIF and its inverse.
#[derive(Debug, Parser)]
#[command(name = "ldifix", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    console: ConsoleArgs,

    /// Threads to work with [default: one for each core]
    #[arg(
        long,
        global = true,
        value_name = "N",
        value_parser = thread_count,
        allow_negative_numbers = true,
        help_heading = GENERAL
    )]
    threads: Option<NonZeroUsize>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Fix(fix::Args),
    Apply(apply::Args),
    Invert(invert::Args),
    Verify(verify::Args),
    Show(show::Args),
    Diff(diff::Args),
    Fmt(fmt::Args),
    Rules(rules::Args),
    Explain(explain::Args),
    Search(search::Args),
    Split(split::Args),
    Sort(sort::Args),
}

/// More threads than any machine has processors; a number that is mistyped would keep the
/// system busy with making them.
const MOST_THREADS: usize = 1024;

fn thread_count(text: &str) -> anyhow::Result<NonZeroUsize> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| count.get() <= MOST_THREADS);
    count.with_context(|| format!("write a whole number from 1 to {MOST_THREADS}, as in 8"))
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Nothing to report.
    Clean,
    /// Findings, or differences.
    Findings,
    /// Something could not be done or read.
    Failure,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failure => 2,
        })
    }
}

/// Runs the command line and gives the exit code: 0 clean, 1 findings, 2 failure.
#[must_use]
pub fn main() -> ExitCode {
    let (cli, from_file) = match config::parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(error) => {
            Console::plain().error(&error);
            return Exit::Failure.into();
        }
    };
    crate::output::remove_unfinished_on_signals();
    let console = Console::new(&cli.console);
    match run(cli, &console) {
        Ok(exit) => exit.into(),
        // Whoever reads our output has seen enough: no word about it.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            console.error(&from_file.explain(of_stdout(error)));
            Exit::Failure.into()
        }
    }
}

/// Files and inputs say themselves which they are. What comes as it was from the system
/// comes from writing to stdout.
fn of_stdout(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<io::Error>() {
        Ok(error) => OutputError::from_io(error, Path::new("(stdout)")).into(),
        Err(error) => error,
    }
}

fn run(cli: Cli, console: &Console) -> anyhow::Result<Exit> {
    if let Some(threads) = cli.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
    }
    match cli.command {
        Command::Check(args) => check::run(&args, console),
        Command::Fix(args) => fix::run(&args, console),
        Command::Apply(args) => apply::run(&args, console),
        Command::Invert(args) => invert::run(&args, console),
        Command::Verify(args) => verify::run(&args, console),
        Command::Show(args) => show::run(&args, console),
        Command::Diff(args) => diff::run(&args, console),
        Command::Fmt(args) => fmt::run(&args, console),
        Command::Rules(args) => rules::run(&args, console),
        Command::Explain(args) => explain::run(&args, console),
        Command::Search(args) => search::run(&args, console),
        Command::Split(args) => split::run(&args, console),
        Command::Sort(args) => sort::run(&args, console),
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}
