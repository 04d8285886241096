//! What people and programs see: findings as a table, CSV or JSON, changes as a
//! diff, the summary, messages with a place, progress.
//!
//! Knows findings, records and entries; not how findings arise.
//!
//! A format of findings is a [`FindingWriter`]: [`Table`], [`Csv`] or [`Json`].
//! Text for people keeps to a [`Width`] and takes a [`Colour`]; values in it are
//! made [`visible()`], whatever bytes they hold.

pub mod catalogue;
mod comparison;
mod csv;
mod diff;
mod draw;
mod entry_csv;
mod json;
mod list;
mod problem;
mod progress;
mod rdn;
#[cfg(test)]
mod samples;
mod shorten;
mod summary;
mod table;
mod terminal;
mod verified;
mod visible;

pub use self::csv::Csv;
pub use comparison::{ComparisonTable, difference_json};
pub use diff::DiffWriter;
pub use entry_csv::{Columns, EntryRows};
pub use json::{Json, json_text};
pub use list::{List, ListCell, ListColumn, ListFormat};
pub use problem::{Problem, Severity};
pub use progress::Progress;
pub use summary::{
    Failure, InputSummary, LISTED_FAILURES, Place, SincePrevious, Summary, WarningSummary, Word,
};
pub use table::Table;
pub use terminal::{Colour, Width, counted, grouped};
pub use verified::{Verified, VerifiedCsv, VerifiedJson, VerifiedTable, VerifiedWriter};
pub use visible::{harmless, quoted, visible};

use crate::rules::Finding;

/// A format of findings. Findings are written as they come; none is kept.
pub trait FindingWriter {
    /// Writes one finding.
    ///
    /// # Errors
    /// Where the output cannot be written; a closed pipe is
    /// [`std::io::ErrorKind::BrokenPipe`].
    fn write(&mut self, finding: &Finding<'_>) -> std::io::Result<()>;

    /// Writes what has to come last, and flushes. Nothing is written after it.
    ///
    /// # Errors
    /// As for [`FindingWriter::write`].
    fn finish(&mut self) -> std::io::Result<()>;
}
