//! What people and programs see: findings as a table, CSV or JSON, changes as a
//! diff, the summary, messages with a place, progress.
//!
//! Knows findings, records and entries; not how findings arise.
//!
//! Findings are drawn as [`FindingRows`], and written by a [`FindingWriter`].
//! Text for people keeps to a [`Width`] and takes a [`Colour`]; values in it are
//! made [`visible()`], whatever bytes they hold.

pub mod catalogue;
mod comparison;
mod csv;
mod diff;
mod draw;
mod entry_csv;
mod findings;
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
mod tally;
mod terminal;
mod verified;
mod visible;

pub use comparison::{ComparisonTable, difference_json};
pub use diff::DiffWriter;
pub use entry_csv::{Columns, EntryRows};
pub use findings::{FindingFormat, FindingRows, FindingWriter};
pub use json::json_text;
pub use list::{List, ListCell, ListColumn, ListFormat};
pub use problem::{Problem, Severity};
pub use progress::Progress;
pub use summary::{
    Failure, InputSummary, LISTED_FAILURES, Place, SincePrevious, Summary, WarningSummary, Word,
};
pub use tally::Tally;
pub use terminal::{Colour, Width, counted, grouped};
pub use verified::{Verified, VerifiedCsv, VerifiedJson, VerifiedTable, VerifiedWriter};
pub use visible::{harmless, quoted, visible};
