//! `ldifix explain`: one rule in full.

use std::io::{self, BufWriter, Write};

use crate::report::{Width, catalogue};
use crate::rules::Rule;

use super::Exit;
use super::console::Console;

/// Explain a rule: why it is there, its limit, its source, an example
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The name of the rule, as `check --format json` and `rules` show it
    #[arg(required = true, value_name = "RULE")]
    rules: Vec<String>,
}

/// Writes what is known of each rule to stdout.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let rules = args.rules.iter().map(|name| Rule::by_name(name)).collect::<Result<Vec<_>, _>>()?;
    let mut out = BufWriter::new(io::stdout().lock());
    for (number, rule) in rules.into_iter().enumerate() {
        if number > 0 {
            out.write_all(b"\n")?;
        }
        catalogue::explain(&mut out, rule, Width::of_stdout(), console.stdout_colour())?;
    }
    out.flush()?;
    Ok(Exit::Clean)
}
