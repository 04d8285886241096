//! `ldifix rules`: the catalogue of the rules.

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;

use crate::report::{Width, catalogue};
use crate::rules::{Rule, families};

use super::Exit;
use super::console::Console;

/// List the rules
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How the rules are written
    #[arg(long, short, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// One object a line, with all that `explain` shows
    Json,
    /// A table for a document
    Markdown,
}

/// Writes all rules to stdout.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let mut out = BufWriter::new(io::stdout().lock());
    let rules = Rule::all();
    match args.format {
        Format::Table => {
            let families = families();
            catalogue::list(&mut out, families, Width::of_stdout(), console.stdout_colour())?;
        }
        Format::Json => catalogue::json(&mut out, rules)?,
        Format::Markdown => catalogue::markdown(&mut out, rules)?,
    }
    out.flush()?;
    Ok(Exit::Clean)
}
