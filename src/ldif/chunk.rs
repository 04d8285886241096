//! Cutting an input into chunks of whole records.

use memchr::{memchr, memrchr};

use super::grammar::{blank, starts_record};

/// A run of whole records. Offsets within it fit 32 bits unless a single record
/// is larger, which its own limit forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Bytes from the start of the decoded input.
    pub offset: u64,
    /// The records.
    pub bytes: &'a [u8],
}

/// Cuts an input at blank lines, about every `size` bytes.
///
/// A modify record that goes on with the entry before it (as `ldifde` writes
/// groups of more than 1,500 members) stays in the same chunk as that entry. One
/// with controls does not go on with an entry: only a server knows what they make
/// of it, so it is a change.
#[derive(Debug)]
pub struct Chunks<'a> {
    input: &'a [u8],
    at: usize,
    size: usize,
}

impl<'a> Chunks<'a> {
    /// Chunks of about `size` bytes.
    #[must_use]
    pub fn new(input: &'a [u8], size: usize) -> Self {
        Self { input, at: 0, size: size.max(1) }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let rest = self.input.get(self.at..).filter(|rest| !rest.is_empty())?;
        let mut end = self.size;
        loop {
            end = match next_boundary(rest, end) {
                Some(at) if continues_entry(rest, at) => at,
                Some(at) => break self.take(at),
                None => break self.take(rest.len()),
            };
        }
    }
}

impl<'a> Chunks<'a> {
    fn take(&mut self, length: usize) -> Option<Chunk<'a>> {
        let chunk = Chunk {
            offset: u64::try_from(self.at).unwrap_or(u64::MAX),
            bytes: self.input.get(self.at..self.at + length)?,
        };
        self.at += length;
        Some(chunk)
    }
}

/// The place behind the first blank line that begins at `from` or later.
fn next_boundary(input: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr(b'\n', input.get(at..)?)? + 1;
        if let Some(rest) = blank(&input[at..]) {
            return Some(input.len() - rest.len());
        }
    }
}

/// The text of the entry whose `dn:` line begins at `at`: its record and the
/// modify records that go on with it.
#[must_use]
pub fn entry_text(input: &[u8], at: usize) -> &[u8] {
    let text = input.get(at..).unwrap_or_default();
    let mut end = 0;
    loop {
        end = match next_boundary(text, end) {
            Some(boundary) if continues_entry(text, boundary) => boundary,
            Some(boundary) => return &text[..boundary],
            None => return text,
        };
    }
}

/// The place behind the last blank line of a buffer whose end may lie within a
/// record.
fn last_boundary(buffer: &[u8]) -> Option<usize> {
    let mut end = buffer.len();
    loop {
        let at = memrchr(b'\n', &buffer[..end])?;
        let before = buffer[..at].strip_suffix(b"\r").unwrap_or(&buffer[..at]);
        if before.last() == Some(&b'\n') {
            return Some(at + 1);
        }
        end = at;
    }
}

/// Where a buffer is cut whose end may lie within a record: at the last blank
/// line behind which a whole record shows that no entry goes on there.
pub(super) fn settled_boundary(buffer: &[u8]) -> Option<usize> {
    let whole = &buffer[..last_boundary(buffer)?];
    let mut end = whole.len();
    loop {
        let text = whole[..end].trim_ascii_end();
        if text.is_empty() {
            return Some(end);
        }
        end = last_boundary(text)?;
        if continues(whole, end) == Some(false) {
            return Some(end);
        }
    }
}

/// Whether the record at `at` modifies the entry that the record before it
/// holds.
fn continues_entry(input: &[u8], at: usize) -> bool {
    continues(input, at) == Some(true)
}

/// The same for whole records with more to come; `None` where no line has come
/// that tells.
fn continues(input: &[u8], at: usize) -> Option<bool> {
    let next = match dn_line(&input[at..]) {
        Found::Dn(next) => next,
        Found::Nothing => return None,
        Found::Other => return Some(false),
    };
    let next_dn = &input[at + next.start..][..next.length];
    let behind = input[at + next.start + next.length..].trim_ascii_start();
    let modifies = behind.split_at_checked(b"changetype:".len()).is_some_and(|(word, rest)| {
        let kind = rest.trim_ascii_start().get(..b"modify".len());
        word.eq_ignore_ascii_case(b"changetype:")
            && kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"modify"))
    });
    if !modifies {
        return Some(false);
    }
    let previous_dn = previous_dn(input, at).unwrap_or_default();
    Some(previous_dn.trim_ascii_end().eq_ignore_ascii_case(next_dn.trim_ascii_end()))
}

/// The `dn:` line of the last record before `at`, behind which only comments
/// stand.
fn previous_dn(input: &[u8], at: usize) -> Option<&[u8]> {
    let mut end = at;
    while end > 0 && at - end < LOOKAHEAD {
        let start = last_boundary(input[..end].trim_ascii_end()).unwrap_or(0);
        match dn_line(&input[start..end]) {
            Found::Dn(dn) => return input.get(start + dn.start..start + dn.start + dn.length),
            Found::Nothing => end = start,
            Found::Other => return None,
        }
    }
    None
}

/// What the first line is that is neither blank nor a comment.
enum Found {
    /// A `dn:` line, with its folds.
    Dn(DnLine),
    /// Another line, or none within [`LOOKAHEAD`].
    Other,
    /// None up to the end.
    Nothing,
}

struct DnLine {
    start: usize,
    length: usize,
}

/// Bytes of blank lines, comments and the DN that are looked at between an entry
/// and the modify record that may go on with it. Without a bound, a file of
/// comments would be looked through once for each chunk.
const LOOKAHEAD: usize = 8 << 10;

fn dn_line(input: &[u8]) -> Found {
    let end = if input.len() > LOOKAHEAD { Found::Other } else { Found::Nothing };
    let input = &input[..input.len().min(LOOKAHEAD)];
    let mut at = 0;
    loop {
        let rest = &input[at..];
        if starts_record(rest) {
            let mut length = 0;
            loop {
                match memchr(b'\n', &rest[length..]) {
                    Some(newline) => length += newline + 1,
                    None => return Found::Other,
                }
                if rest.get(length) != Some(&b' ') {
                    return Found::Dn(DnLine { start: at, length });
                }
            }
        }
        match (rest.first(), memchr(b'\n', rest)) {
            (Some(b'#' | b'\n' | b'\r' | b' '), Some(newline)) => at += newline + 1,
            (None | Some(b'#' | b'\n' | b'\r' | b' '), _) => return end,
            (Some(_), _) => return Found::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(input: &str, size: usize) -> Vec<&str> {
        Chunks::new(input.as_bytes(), size)
            .map(|chunk| std::str::from_utf8(chunk.bytes).unwrap_or("?"))
            .collect()
    }

    #[test]
    fn chunks_end_behind_blank_lines_and_join_to_the_input() {
        let input = "dn: a\nx: 1\n\ndn: b\r\nx: 2\r\n\r\n\ndn: c\n";
        assert_eq!(cut(input, 1), ["dn: a\nx: 1\n\n", "dn: b\r\nx: 2\r\n\r\n", "\ndn: c\n"]);
        assert_eq!(cut(input, 1000), [input]);
        for size in 1..40 {
            assert_eq!(cut(input, size).concat(), input);
        }
    }

    #[test]
    fn a_modify_stays_with_the_entry_it_goes_on_with() {
        let input = "dn: cn=a\nchangetype: add\ncn: a\n\n# more\nDN: CN=A\nchangetype: modify\nadd: m\nm: 1\n-\n\ndn: cn=b\nchangetype: modify\n\n";
        let chunks = cut(input, 1);
        assert_eq!(chunks.len(), 2, "{chunks:?}");
        assert!(
            chunks.concat() == input && chunks.last().is_some_and(|c| c.starts_with("dn: cn=b"))
        );
    }

    #[test]
    fn a_modify_with_controls_is_a_change_and_goes_on_with_nothing() {
        let entry = "dn: cn=a\nchangetype: add\ncn: a\n\n";
        let more = "dn: cn=a\ncontrol: 1.2\nchangetype: modify\nadd: m\nm: 1\n-\n\n";
        assert_eq!(cut(&[entry, more].concat(), 1), [entry, more]);
        assert_eq!(entry_text([entry, more].concat().as_bytes(), 0), entry.as_bytes());
    }

    #[test]
    fn an_entry_that_may_go_on_is_not_settled() {
        let entry = "dn: cn=a\ncn: a\n\n";
        let more = "dn: CN=a\nchangetype: modify\nadd: m\nm: 1\n-\n\n";
        let settled = |text: &str| settled_boundary(text.as_bytes());
        assert_eq!(settled(entry), None);
        assert_eq!(settled(&[entry, "dn: cn=a\nchangety"].concat()), None);
        assert_eq!(settled(&[entry, more, "dn"].concat()), None);
        assert_eq!(settled(&[entry, "# more\n\n"].concat()), None);
        assert_eq!(settled(&[entry, "# more\n\n", more].concat()), None);
        assert_eq!(settled(&[entry, "dn: cn=b\n\n"].concat()), Some(entry.len()));
        assert_eq!(settled(&[entry, "nonsense\n\n"].concat()), Some(entry.len()));
        assert_eq!(settled("\n\n\n"), Some(3));
        let comments = "# comment\n".repeat(LOOKAHEAD);
        assert_eq!(settled(&[entry, &comments, "\n"].concat()), Some(entry.len()));
    }

    #[test]
    fn the_text_of_an_entry_is_its_record_and_what_goes_on_with_it() {
        let entry = "dn: cn=a\ncn: a\n\n";
        let more = "# 2\ndn: cn=A\nchangetype: modify\nadd: m\nm: 1\n-\n\n";
        let text = [entry, more, more, "dn: cn=b\n"].concat();
        let found = entry_text(text.as_bytes(), 0);
        assert_eq!(found, [entry, more, more].concat().as_bytes());
        assert_eq!(entry_text(text.as_bytes(), text.len() - 9), b"dn: cn=b\n");
        assert_eq!(entry_text(text.as_bytes(), text.len() + 1), b"");
    }

    #[test]
    fn the_last_boundary_of_a_buffer_is_behind_its_last_blank_line() {
        assert_eq!(last_boundary(b"dn: a\n\ndn: b\n"), Some(7));
        assert_eq!(last_boundary(b"dn: a\r\n\r\ndn: b"), Some(9));
        assert_eq!(last_boundary(b"dn: a\nb: c\n"), None);
        assert_eq!(last_boundary(b""), None);
    }
}
