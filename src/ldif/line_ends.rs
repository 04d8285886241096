//! The line ends of a chunk, found before its lines are read.

use memchr::{memchr_iter, memchr2};

mod scan;

use scan::scan;

/// Bytes in a chunk that call for a look at each line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texture {
    /// ASCII without NUL and CR.
    Plain,
    /// ASCII without NUL, and CR before LF only.
    Crlf,
    /// Anything else.
    Mixed,
}

/// Whether a value has no bytes that call for a closer look.
pub(super) fn is_plain(value: &[u8]) -> bool {
    value.is_ascii() && memchr2(0, b'\r', value).is_none()
}

/// Where the lines of a chunk end.
///
/// Lines have some 36 bytes, so that a call of memchr for each costs more than
/// all of a line's bytes do in one pass of vector code over the whole chunk.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineEnds {
    /// Offsets of the line ends that fit 32 bits, which are those of all records
    /// within their limit.
    ends: Vec<u32>,
    /// How many of these lines end with CRLF.
    crlf: usize,
    texture: Texture,
}

impl LineEnds {
    /// Finds the line ends of a chunk and what bytes it has.
    pub(super) fn of(chunk: &[u8]) -> Self {
        Self::in_room(chunk, Vec::new())
    }

    /// The same, in the memory of those of another chunk.
    pub(super) fn again(&mut self, chunk: &[u8]) {
        *self = Self::in_room(chunk, std::mem::take(&mut self.ends));
    }

    fn in_room(chunk: &[u8], room: Vec<u32>) -> Self {
        let addressed = &chunk[..chunk.len().min(u32::MAX as usize)];
        let (ends, seen) = scan(addressed, room);
        let crlf = match seen.has_return {
            true => ends.iter().filter(|&&end| is_crlf(addressed, end as usize)).count(),
            false => 0,
        };
        let returns_stray = || memchr_iter(b'\r', addressed).count() > crlf;
        let texture = if addressed.len() < chunk.len() || seen.has_nul_or_is_not_ascii {
            Texture::Mixed
        } else if !seen.has_return {
            Texture::Plain
        } else if returns_stray() {
            Texture::Mixed
        } else {
            Texture::Crlf
        };
        Self { ends, crlf, texture }
    }

    pub(super) fn texture(&self) -> Texture {
        self.texture
    }

    /// The ends of the lines behind the first `line` ones.
    #[inline(always)]
    pub(super) fn behind(&self, line: u32) -> &[u32] {
        self.ends.get(line as usize..).unwrap_or_default()
    }

    /// How many lines of the chunk end with LF, and how many with CRLF.
    pub(super) fn count(&self, chunk: &[u8]) -> (usize, usize) {
        let behind = memchr_iter(b'\n', chunk.get(u32::MAX as usize..).unwrap_or_default());
        let (crlf, lf): (Vec<_>, Vec<_>) =
            behind.partition(|end| is_crlf(chunk, u32::MAX as usize + end));
        (self.ends.len() - self.crlf + lf.len(), self.crlf + crlf.len())
    }
}

/// Whether CR stands before the line end at a place.
fn is_crlf(chunk: &[u8], end: usize) -> bool {
    end.checked_sub(1).is_some_and(|before| chunk[before] == b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_line_end_is_found_whatever_stands_around_it(
            text in prop_oneof![
                "[a\n]{0,200}",
                "[a-c]{0,70}\n[a\r\n\0]{0,40}[a-c]{0,90}",
                "([a-z]{0,30}\n){0,20}[é]{0,1}",
                "([a-z]{0,30}\r\n){0,20}[a\r]{0,1}",
            ]
        ) {
            let text = text.as_bytes();
            let found = LineEnds::of(text);
            let mut again = LineEnds::of(b"a\r\nb\0\n");
            again.again(text);
            prop_assert_eq!(&again, &found);
            let expected: Vec<usize> = memchr_iter(b'\n', text).collect();
            let ends: Vec<usize> = found.behind(0).iter().map(|&end| end as usize).collect();
            prop_assert_eq!(&ends, &expected);
            let crlf = text.windows(2).filter(|pair| pair == b"\r\n").count();
            let returns = text.iter().filter(|&&byte| byte == b'\r').count();
            let texture = match text.is_ascii() && !text.contains(&0) {
                true if returns == 0 => Texture::Plain,
                true if returns == crlf => Texture::Crlf,
                _ => Texture::Mixed,
            };
            prop_assert_eq!(found.texture(), texture);
            prop_assert_eq!(found.count(text), (expected.len() - crlf, crlf));
        }
    }
}
