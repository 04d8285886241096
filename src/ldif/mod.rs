//! The LDIF format (RFC 2849, RFC 4525): reading, positions, errors, writing.
//!
//! Knows nothing of directories, rules or files: it works on byte slices.

mod base64;
mod chunk;
mod ending;
mod error;
#[cfg(test)]
mod expected_lines_tests;
mod grammar;
mod in_order;
mod json;
mod line;
mod line_ends;
mod names;
mod observation;
mod parallel;
mod position;
mod raw;
mod reader;
mod record;
mod standing;
mod verbatim;
mod writer;

pub use chunk::{Chunk, Chunks, entry_text};
pub use error::{LdifError, LdifErrorKind, LdifWarning, WarningKind};
pub use json::JsonWriter;
pub use line::{Form, Line};
pub use names::{NameNumber, Usual, Wanted};
pub use observation::{ExportClaims, Observations};
pub use parallel::{
    CHUNK_SIZE, ChunkReport, Failure, InputReport, ReadOptions, map_chunks, map_in_order,
    map_stream, read_all, read_chunk, read_wanted,
};
pub use position::Position;
pub use raw::RawRecord;
pub use reader::{Block, FailedBlock, Limits, RecordReader};
pub use record::{
    Attribute, Change, ChangeRecord, ChangeType, ContentRecord, Control, ModOp, Modification,
    Record, Value,
};
pub use standing::{Stretch, Stretches, standing_text};
pub use writer::{Columns, LineEnd, Wrap, WrapError, WriteError, WriteOptions, Writer};
