//! The LDIF format (RFC 2849, RFC 4525): reading, positions, errors, writing.
//!
//! Knows nothing of directories, rules or files: it works on byte slices.

mod base64;
mod error;
mod json;
mod line;
mod position;
mod record;
mod writer;

pub use error::{LdifError, LdifErrorKind, LdifWarning, WarningKind};
pub use json::JsonWriter;
pub use line::{Form, Line};
pub use position::Position;
pub use record::{
    Attribute, Change, ChangeRecord, ChangeType, ContentRecord, Control, ModOp, Modification,
    Record, Value,
};
pub use writer::{Columns, LineEnd, Wrap, WrapError, WriteError, WriteOptions, Writer};
