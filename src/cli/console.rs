//! What goes to the terminal beside a command's output: colour, width, messages.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use crate::report::{Colour, Problem, Progress, Width, harmless};

/// The heading of options that all commands take.
pub const GENERAL: &str = "General";

/// Options about the terminal.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = GENERAL)]
pub struct ConsoleArgs {
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    color: When,

    /// Write no notes, summary or progress to stderr, only errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

/// stderr and stdout as people see them.
#[derive(Debug)]
pub struct Console {
    quiet: bool,
    /// What inputs are like was said already.
    told: bool,
    stdout: Colour,
    stderr: Colour,
}

impl Console {
    /// A console before the options about it are known.
    pub fn plain() -> Self {
        Self { quiet: false, told: false, stdout: Colour::Never, stderr: Colour::Never }
    }

    pub fn new(args: &ConsoleArgs) -> Self {
        let colour = |terminal: bool| match args.color {
            When::Always => Colour::Always,
            When::Never => Colour::Never,
            When::Auto if terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) => {
                Colour::Always
            }
            When::Auto => Colour::Never,
        };
        Self {
            quiet: args.quiet,
            told: false,
            stdout: colour(io::stdout().is_terminal()),
            stderr: colour(io::stderr().is_terminal()),
        }
    }

    /// The same console for reading inputs once more: what they are like is not said again.
    pub fn having_told(&self) -> Self {
        Self { told: true, ..*self }
    }

    /// Whether notes and the summary are wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The colour of what goes to stdout.
    pub fn stdout_colour(&self) -> Colour {
        self.stdout
    }

    /// The colour of what goes to stderr.
    pub fn stderr_colour(&self) -> Colour {
        self.stderr
    }

    /// A bar for work on so many bytes.
    pub fn progress(&self, total: Option<u64>) -> Progress {
        if self.quiet { Progress::none() } else { Progress::on_stderr(total) }
    }

    /// A message about a place in an input.
    pub fn problem(&self, problem: &Problem<'_>) {
        if !self.told {
            // A closed stderr is no reason to stop.
            let _ = problem.write(&mut io::stderr().lock(), Width::of_stderr(), self.stderr);
        }
    }

    /// A note for people.
    pub fn note(&self, text: &str) {
        if !self.quiet && !self.told {
            let _ = writeln!(io::stderr().lock(), "ldifix: {}", harmless(text));
        }
    }

    /// An error that ends the command, or makes its answer a partial one.
    pub fn error(&self, error: &anyhow::Error) {
        let mut stderr = io::stderr().lock();
        let mut text = error.to_string();
        for cause in error.chain().skip(1) {
            let cause = cause.to_string();
            // Many causes repeat what the context already says.
            if !text.contains(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
        }
        let _ = writeln!(stderr, "ldifix: {}", harmless(&text));
    }
}
