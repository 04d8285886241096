//! Where something stands in an input.

/// A place in one decoded input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Bytes from the start of the decoded input.
    pub offset: u64,
    /// Physical line, counted from 1.
    pub line: u64,
    /// Byte column within the physical line, counted from 1.
    pub column: u32,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
