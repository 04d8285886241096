//! Records that stand in an input exactly as a writer would write them, so that
//! they can be copied.

use memchr::memmem;

use super::raw::RawRecord;
use super::verbatim::Verbatim;
use super::writer::{LineEnd, WriteOptions};

/// Entries of a chunk that stand one behind the other and either all can be
/// copied or all must be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    from: u32,
    to: u32,
    first: u32,
    /// Whether the entries stand as they would be written, perhaps with comments
    /// between them.
    pub as_written: bool,
    /// Whether there are comments between them.
    pub comments: bool,
}

impl Stretch {
    /// Where its first entry begins in the chunk, and where its last one ends.
    #[must_use]
    pub fn range(&self) -> std::ops::Range<usize> {
        index(self.from)..index(self.to)
    }

    /// The number of its first entry in the chunk.
    #[must_use]
    pub fn first(&self) -> u64 {
        u64::from(self.first)
    }
}

/// Gathers the stretches of a chunk, whose entries are read with all their lines.
#[derive(Debug)]
pub struct Stretches<'c> {
    chunk: &'c [u8],
    /// Nothing stands in an input as a writer of CRLF would write it.
    verbatim: Option<Verbatim<'c>>,
    number: u32,
    found: Vec<Stretch>,
}

impl<'c> Stretches<'c> {
    /// The stretches of this chunk, for a writer with these options.
    #[must_use]
    pub fn new(chunk: &'c [u8], options: WriteOptions) -> Self {
        Self {
            chunk,
            verbatim: (options.line_end == LineEnd::Lf)
                .then(|| Verbatim::new(chunk, options.columns())),
            number: 0,
            found: Vec::new(),
        }
    }

    /// The next entry of the chunk.
    pub fn push(&mut self, record: &RawRecord<'_, 'c>) {
        let number = self.number;
        self.number += 1;
        let from = record.first_line().map_or(0, |line| line.offset);
        let end = self.end_as_written(record);
        let as_written = end.is_some();
        let to = end.unwrap_or(from);
        if let Some(last) = self.found.last_mut().filter(|last| last.as_written == as_written) {
            let between = self.chunk.get(index(last.to)..index(from)).unwrap_or_default();
            let comments = are_comments(between);
            if !as_written || between.is_empty() || comments {
                last.to = to;
                last.comments |= comments;
                return;
            }
        }
        self.found.push(Stretch { from, to, first: number, as_written, comments: false });
    }

    /// All stretches, in order.
    #[must_use]
    pub fn finish(mut self) -> Vec<Stretch> {
        let mut next = u32::try_from(self.chunk.len()).unwrap_or(u32::MAX);
        for stretch in self.found.iter_mut().rev() {
            if !stretch.as_written {
                stretch.to = next;
            }
            next = stretch.from;
        }
        self.found
    }

    /// Where a content record ends, its blank line included, that a writer would
    /// write as it stands.
    fn end_as_written(&self, record: &RawRecord<'_, 'c>) -> Option<u32> {
        let (dn, verbatim) = (record.first_line()?, self.verbatim?);
        if record.change().is_some() || dn.name != b"dn" {
            return None;
        }
        let mut at = index(dn.offset);
        for line in record.lines() {
            // What stands between two lines is a comment.
            at = verbatim.place(line).filter(|place| place.start == at)?.end;
        }
        let blank = self.chunk.get(at) == Some(&b'\n');
        blank.then(|| u32::try_from(at + 1).ok())?
    }
}

/// The text of a record that stands as it would be written and begins at `at`,
/// its blank line included.
#[must_use]
pub fn standing_text(chunk: &[u8], at: usize) -> &[u8] {
    let text = chunk.get(at..).unwrap_or_default();
    let end = memmem::find(text, b"\n\n").map_or(text.len(), |at| at + 2);
    text.get(..end).unwrap_or_default()
}

/// Whether all lines are comments, none of them folded.
fn are_comments(text: &[u8]) -> bool {
    let mut rest = text;
    while let [b'#', ..] = rest {
        match memchr::memchr(b'\n', rest) {
            Some(end) => rest = &rest[end + 1..],
            None => return false,
        }
    }
    rest.is_empty() && !text.is_empty()
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
