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

impl Position {
    /// The start of an input.
    pub const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// A position that counts from the start of a chunk, as one that counts from
    /// the start of the input; `base` is where the chunk begins.
    #[must_use]
    pub fn behind(self, base: Self) -> Self {
        Self { offset: base.offset + self.offset, line: base.line + self.line - 1, ..self }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
