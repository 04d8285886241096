//! Records that stand in an input exactly as a writer would write them, so that
//! they can be copied.

use memchr::{memchr_iter, memmem};

use super::base64::is_needed_by;
use super::line::{Form, Line};
use super::raw::RawRecord;
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
    columns: usize,
    line_end: &'static [u8],
    /// Whether no byte but a line end calls for base64.
    printable: bool,
    number: u32,
    found: Vec<Stretch>,
}

impl<'c> Stretches<'c> {
    /// The stretches of this chunk, for a writer with these options.
    #[must_use]
    pub fn new(chunk: &'c [u8], options: WriteOptions) -> Self {
        Self {
            chunk,
            columns: options.columns(),
            line_end: options.line_end.bytes(),
            printable: is_text(chunk),
            number: 0,
            found: Vec::new(),
        }
    }

    /// The next entry of the chunk.
    pub fn push(&mut self, record: &RawRecord<'_, '_>) {
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
    fn end_as_written(&self, record: &RawRecord<'_, '_>) -> Option<u32> {
        let dn = record.first_line()?;
        if record.change().is_some() || dn.name != b"dn" {
            return None;
        }
        let mut at = index(dn.offset);
        let lines = [dn].into_iter().chain(record.attribute_lines());
        for line in lines {
            // What stands between two lines is a comment.
            if index(line.offset) != at {
                return None;
            }
            at = self.end_of_line(line)?;
        }
        let blank = self.chunk.get(at..)?.starts_with(self.line_end);
        blank.then(|| u32::try_from(at + self.line_end.len()).ok())?
    }

    /// Where a line ends that a writer would write as it stands.
    fn end_of_line(&self, line: &Line<'_>) -> Option<usize> {
        let start = index(line.offset);
        let text = self.chunk.get(start..)?;
        let value = line.value;
        let separator: &[u8] = match line.form {
            Form::Plain if value.is_empty() => b":",
            Form::Plain => b": ",
            Form::Base64 => b":: ",
            Form::Url => return None,
        };
        let behind = line.name.len() + separator.len();
        if line.name_folded || text.get(line.name.len()..behind)? != separator {
            return None;
        }
        let end = behind + value.len();
        let stands = match (line.form, value) {
            (Form::Base64, _) => is_needed_by(value),
            (_, [b' ' | b':' | b'<' | b'\n' | b'\r', ..] | [.., b' ']) => false,
            _ => self.printable || is_text(value),
        };
        if !stands || !self.is_folded_well(text.get(..end)?, line.value_folded) {
            return None;
        }
        text.get(end..)?.starts_with(self.line_end).then(|| start + end + self.line_end.len())
    }

    /// Whether a logical line, which need not be folded at all, has its folds
    /// where a writer puts them.
    fn is_folded_well(&self, text: &[u8], folded: bool) -> bool {
        if !folded {
            return text.len() <= self.columns;
        }
        let mut at = self.columns;
        let mut folds = 0;
        while at < text.len() {
            let rest = text.get(at..).unwrap_or_default();
            match rest.strip_prefix(self.line_end) {
                Some([b' ', _, ..]) => {}
                _ => return false,
            }
            at += self.line_end.len() + self.columns;
            folds += 1;
        }
        memchr_iter(b'\n', text).count() == folds
    }
}

/// The text of a record that stands as it would be written and begins at `at`,
/// its blank line included.
#[must_use]
pub fn standing_text(chunk: &[u8], at: usize, options: WriteOptions) -> &[u8] {
    let text = chunk.get(at..).unwrap_or_default();
    let blank: &[u8] = match options.line_end {
        LineEnd::Lf => b"\n\n",
        LineEnd::CrLf => b"\n\r\n",
    };
    let end = memmem::find(text, blank).map_or(text.len(), |at| at + blank.len());
    text.get(..end).unwrap_or_default()
}

/// Whether bytes are printable ASCII and line ends.
fn is_text(bytes: &[u8]) -> bool {
    let is = |block: &[u8]| {
        block
            .iter()
            .fold(true, |all, &b| all & (matches!(b, b' '..=b'~') | (b == b'\n') | (b == b'\r')))
    };
    let mut blocks = bytes.chunks_exact(64);
    blocks.all(is) && is(blocks.remainder())
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
