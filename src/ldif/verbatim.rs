//! Lines that stand in the input just as the writer would write them, so that
//! they can be copied.

use std::ops::Range;

use memchr::memchr_iter;

use super::base64;
use super::line::{Form, Line};

/// Where lines of a piece of input stand as the writer would write them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verbatim<'a> {
    chunk: &'a [u8],
    columns: usize,
}

impl<'a> Verbatim<'a> {
    /// For lines read from `chunk`, written with LF and folded at so many octets.
    pub(super) fn new(chunk: &'a [u8], columns: usize) -> Self {
        Self { chunk, columns }
    }

    /// The place of a line with its line end; `None` where it would be written in
    /// another way, or where that is too much work to tell.
    #[inline]
    pub(super) fn place(&self, line: &Line<'a>) -> Option<Range<usize>> {
        if line.name_folded {
            return None;
        }
        let separator = match line.form {
            Form::Url => return None,
            _ if line.value.is_empty() => 0,
            Form::Plain => b": ".len(),
            Form::Base64 => b":: ".len(),
        };
        let start = usize::try_from(line.offset).ok()?;
        let from = start + line.name.len() + separator;
        let end = match separator {
            // `attr:`, where the value's place says nothing.
            0 if line.form == Form::Plain => from + 1,
            0 => return None,
            _ => from + line.value.len(),
        };
        // What is read is a slice of the chunk: its place tells whether there is one
        // space behind the colon and no fold.
        let lead = line.value.as_ptr().addr().checked_sub(self.chunk.as_ptr().addr());
        if separator > 0 && lead != Some(from) {
            return None;
        }
        if self.chunk.get(end) != Some(&b'\n') {
            return None;
        }
        let is_folded_well = if line.value_folded {
            self.is_folded_well(start, end)
        } else {
            end - start <= self.columns
        };
        (is_folded_well && is_in_its_form(line)).then_some(start..end + 1)
    }

    /// Whether the line has a fold behind every `columns` octets and nowhere else.
    fn is_folded_well(&self, start: usize, end: usize) -> bool {
        let Some(text) = self.chunk.get(start..end) else { return false };
        let mut due = self.columns;
        for at in memchr_iter(b'\n', text) {
            if at != due || text.get(at + 1) != Some(&b' ') {
                return false;
            }
            due = due.saturating_add(1).saturating_add(self.columns);
        }
        // The last piece begins behind the last fold; its space alone is no piece.
        let last = due.saturating_sub(self.columns);
        text.len() <= due && (last == 0 || text.len() > last + 1)
    }
}

/// Whether the value has to be written in the form that it has.
#[inline]
fn is_in_its_form(line: &Line<'_>) -> bool {
    match line.form {
        Form::Plain => is_safe_as_it_stands(line),
        Form::Base64 => base64::is_exact(line.value) && !is_text(line.value),
        Form::Url => false,
    }
}

#[inline]
fn is_safe_as_it_stands(line: &Line<'_>) -> bool {
    if matches!(line.value, [b' ' | b':' | b'<', ..] | [.., b' ']) {
        return false;
    }
    // A line feed stands in folds only.
    let good = |block: &[u8]| {
        block.iter().fold(true, |all, &byte| all & (matches!(byte, b' '..=b'~') | (byte == b'\n')))
    };
    let mut blocks = line.value.chunks_exact(32);
    blocks.all(good) && good(blocks.remainder())
}

/// Digits that are decoded at a time.
const DIGITS: usize = 64;

/// Whether base64 stands for a value that could be written as it is.
fn is_text(raw: &[u8]) -> bool {
    let mut digits = [0; DIGITS];
    let mut bytes = [0; DIGITS];
    let mut filled = 0;
    let mut is_first = true;
    let mut last = 0;
    let mut rest = raw.iter().copied().filter(|&byte| byte != b'\n' && byte != b' ');
    loop {
        match rest.next() {
            Some(digit) => {
                digits[filled] = digit;
                filled += 1;
                if filled < DIGITS {
                    continue;
                }
            }
            None if filled == 0 => return last != b' ',
            None => {}
        }
        let decoded = base64::decode_piece(&digits[..filled], &mut bytes);
        let begins_badly = is_first && matches!(decoded, [b' ' | b':' | b'<', ..]);
        if begins_badly || !decoded.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return false;
        }
        last = decoded.last().copied().unwrap_or(last);
        is_first = false;
        filled = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{LineEnd, ReadOptions, Wrap, WriteOptions, Writer, read_chunk};

    fn written(input: &[u8], wrap: Wrap, copying: bool) -> Vec<u8> {
        let options = WriteOptions { wrap, line_end: LineEnd::Lf, version: false };
        let mut writer = Writer::new(Vec::new(), options);
        read_chunk(input, ReadOptions::default(), |record| {
            let lines = record.lines();
            if copying {
                writer.lines(input, lines.iter()).unwrap();
            } else {
                for line in lines {
                    writer.attribute(&line.name(), &line.value()).unwrap();
                }
            }
            writer.blank().unwrap();
        });
        writer.finish().unwrap()
    }

    #[track_caller]
    fn agrees(input: &[u8]) {
        for wrap in [Wrap::default(), Wrap::No, "9".parse().unwrap(), "2".parse().unwrap()] {
            let (copied, slow) = (written(input, wrap, true), written(input, wrap, false));
            assert_eq!(copied.escape_ascii().to_string(), slow.escape_ascii().to_string());
        }
    }

    #[test]
    fn lines_of_every_shape_are_copied_only_where_the_writer_agrees() {
        for line in [
            "cn: a",
            "cn:a",
            "cn:  a",
            "cn: a ",
            "cn:",
            "cn: ",
            "cn::",
            "cn:: ",
            "cn:: YQ==",
            "cn:: YSA=",
            "cn:: IGE=",
            "cn:: /w==",
            "cn:: /x==",
            "cn:: /w",
            "cn::/w==",
            "cn: <a",
            "cn: :a",
            "cn: \u{e9}",
            "cn: a\tb",
            "cn: a\n b",
            "cn: abcde\n fghij",
            "cn: abcdefg\n  ",
            "cn: abcde\n f\n g",
            "c\n n: a",
            "cn:\n  a",
            "cn: \n a",
            "CN;x-y: a",
            "cn: a\r",
            "cn: abcde\n # no comment",
            "cn:: /////\n ////w==",
            "cn:: ////\n /w==",
            "cn: a\n# a comment\nsn: b",
            "cn: abcde\n#f\nsn: b",
            "cn: abcde\n ",
        ] {
            agrees(format!("dn: cn=a\n{line}\n").as_bytes());
            agrees(format!("dn: cn=a\n{line}").as_bytes());
            agrees(format!("dn: cn=a\n{line}\nmail: b\n\ndn: cn=b\nsn: c\n").as_bytes());
            agrees(format!("dn: cn=a\r\n{line}\r\nmail: b\r\n").as_bytes());
        }
        agrees("# x\n\ndn: cn=a\ncn: a\n".as_bytes());
        agrees("version: 1\ndn:: Y249YQ==\ncn: a\n".as_bytes());
        let long = "a".repeat(75);
        for length in 60..75 {
            agrees(format!("dn: cn=a\ncn: {}\n", &long[..length]).as_bytes());
            agrees(format!("dn: cn=a\ncn: {}\n {}\n", &long[..length], &long[..9]).as_bytes());
            agrees(format!("dn: cn=a\ncn: {}\n {long}\n b\n", &long[..length]).as_bytes());
        }
    }

    proptest! {
        #[test]
        fn copying_gives_what_writing_gives(
            lines in proptest::collection::vec(
                ("(cn|sn;x|dn2):{1,2} {0,2}", proptest::collection::vec("[a-zA-Z0-9+/ :=\u{e9}]{0,9}", 1..5)),
                1..8,
            ),
        ) {
            let mut text = String::from("dn: cn=a\n");
            for (name, pieces) in &lines {
                text.push_str(name);
                text.push_str(&pieces.join("\n "));
                text.push('\n');
            }
            agrees(text.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_copied_whole(
            values in proptest::collection::vec(
                prop_oneof![
                    "[ -~]{1,200}".prop_map(String::into_bytes),
                    proptest::collection::vec(any::<u8>(), 1..200),
                ],
                1..8,
            ),
        ) {
            let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
            writer.attribute(b"dn", &super::super::Value::Bytes(b"cn=a".into())).unwrap();
            for value in values {
                writer.attribute(b"cn", &super::super::Value::Bytes(value.into())).unwrap();
            }
            let text = writer.finish().unwrap();
            let verbatim = super::Verbatim::new(&text, 76);
            read_chunk(&text, ReadOptions::default(), |record| {
                let mut end = 0;
                for line in record.lines() {
                    let place = verbatim.place(line);
                    assert_eq!(place.as_ref().map(|place| place.start), Some(end));
                    end = place.map_or(0, |place| place.end);
                }
                assert_eq!(end, text.len());
            });
        }
    }
}
