//! What can be wrong with LDIF, and what is worth a word.

use super::Position;

/// An error in one record. The record is not usable; the next one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdifError {
    /// What is wrong.
    pub kind: LdifErrorKind,
    /// Where.
    pub position: Position,
    /// The offending text, at most 60 bytes of it.
    pub text: Vec<u8>,
}

/// The kinds of error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LdifErrorKind {
    /// A line without a colon.
    #[error("a line without a colon")]
    NoColon,
}

/// Something unusual that is read all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdifWarning {
    /// What is unusual.
    pub kind: WarningKind,
    /// Where it was first seen.
    pub position: Position,
}

/// The kinds of warning and note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WarningKind {
    /// Line ends of both kinds.
    MixedLineEnds,
}
