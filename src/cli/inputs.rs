//! Opening inputs, and saying what was odd about them.

use std::path::PathBuf;

use anyhow::bail;

use crate::input::{Flow, InputNote, Source};
use crate::ldif::{Failure, InputReport};
use crate::report::{Problem, Severity, Summary, visible};

use super::console::Console;
use super::summary::{add_input, add_reading};

/// Problems of one input that are shown; the summary counts the others.
const SHOWN: usize = 20;

/// Opens all inputs.
///
/// # Errors
/// Where one cannot be opened, or two are stdin.
pub fn open(paths: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    require_one_stdin(paths)?;
    paths.iter().map(|path| Ok(Source::open(path)?)).collect()
}

/// Opens all inputs to be read once.
///
/// # Errors
/// As [`open`].
pub fn flows(paths: &[PathBuf]) -> anyhow::Result<Vec<Flow>> {
    require_one_stdin(paths)?;
    paths.iter().map(|path| Ok(Flow::open(path)?)).collect()
}

fn require_one_stdin(paths: &[PathBuf]) -> anyhow::Result<()> {
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        bail!("stdin (`-`) is named twice; it can be read once only");
    }
    Ok(())
}

/// Says what was odd about an input and puts it into the summary.
pub fn report_notes(name: &str, notes: &[InputNote], console: &Console, summary: &mut Summary) {
    for note in notes {
        let severity = if note.is_warning() { Severity::Warning } else { Severity::Note };
        if note.is_warning() || !console.is_quiet() {
            console.problem(&Problem {
                severity,
                file: name,
                position: None,
                message: note,
                text: b"",
                offset: 0,
                hint: None,
            });
        }
    }
    add_input(summary, name, notes);
}

/// Shows what reading an input gave beside its records, and puts it into the
/// summary.
pub fn report_reading(name: &str, report: &InputReport, console: &Console, summary: &mut Summary) {
    for failure in report.failures.iter().take(SHOWN) {
        show_failure(name, failure, console);
    }
    if report.failed_blocks > SHOWN as u64 {
        let more = report.failed_blocks - SHOWN as u64;
        console.note(&format!("{name}: {more} more records like these; --stats lists them"));
    }
    if !console.is_quiet() {
        for warning in report.observations.warnings() {
            console.problem(&Problem {
                severity: Severity::Warning,
                file: name,
                position: Some(warning.first),
                message: &Counted { message: warning.kind, count: warning.count },
                text: b"",
                offset: 0,
                hint: None,
            });
        }
    }
    add_reading(summary, name, report);
}

fn show_failure(name: &str, failure: &Failure, console: &Console) {
    let error = &failure.error;
    console.problem(&Problem {
        severity: Severity::Error,
        file: name,
        position: Some(error.position),
        message: &AboutEntry { message: error.kind, dn: failure.dn.as_deref() },
        text: &error.text,
        offset: usize::try_from(error.position.column.saturating_sub(1)).unwrap_or(0),
        hint: error.kind.hint(),
    });
}

/// A message and the entry that it is about.
pub(super) struct AboutEntry<'d, T> {
    pub message: T,
    /// The DN of the entry, where the message is about one.
    pub dn: Option<&'d [u8]>,
}

impl<T: std::fmt::Display> std::fmt::Display for AboutEntry<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.dn {
            Some(dn) => write!(f, "{}: {}", visible(dn), self.message),
            None => write!(f, "{}", self.message),
        }
    }
}

/// A message and how often it would have to be repeated.
struct Counted<T> {
    message: T,
    count: u64,
}

impl<T: std::fmt::Display> std::fmt::Display for Counted<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)?;
        match self.count {
            0 | 1 => Ok(()),
            count => write!(f, " ({} times; this is the first)", crate::report::grouped(count)),
        }
    }
}
