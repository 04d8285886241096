//! The end of an input that was cut off, by what stands there.
//!
//! A missing line end alone says nothing: many tools write none. Nor does an empty or a
//! short value. What no tool writes is half a group of base64 digits, unless it leaves
//! padding out, half a character, half an attribute description, and, behind entries with
//! attributes, one of which only the DN is there.

use memchr::{memchr, memrchr};

use super::{Observations, WarningKind};

/// What the end of an input looks like, taken up chunk by chunk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ending {
    character: Option<HalfCharacter>,
    line: Option<HalfLine>,
    /// Whether the last line is one of a record, and not its first; `None` where there is
    /// none that is not blank.
    in_record: Option<bool>,
}

/// How the last character is not all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HalfCharacter {
    /// Only its first bytes are there. Where other values are not UTF-8 either, these
    /// need not be a part of one.
    Begun,
    /// The reader of UTF-16 replaced it.
    Replaced,
}

/// What the last line lacks besides its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HalfLine {
    Description,
    /// Digits of a group of four, or the padding that writers may leave out.
    Base64,
    /// The attributes behind a DN, if the record before has any.
    Attributes {
        /// Whether it has; `None` where it stands in another chunk.
        behind_others: Option<bool>,
    },
}

impl Ending {
    /// The end of a chunk.
    pub(super) fn of(chunk: &[u8]) -> Self {
        let Some(&last) = chunk.last() else { return Self::default() };
        let in_record = ends_behind_attributes(chunk);
        if last == b'\n' {
            return Self { in_record, ..Self::default() };
        }
        let start = last_logical_line(chunk);
        let (before, line) = chunk.split_at_checked(start).unwrap_or_default();
        Self { character: half_character(line), line: half_line(line, before), in_record }
    }

    /// Takes in the end of the next chunk, if that holds anything.
    pub(super) fn go_on(&mut self, next: Self) {
        let line = match next.line {
            Some(HalfLine::Attributes { behind_others: None }) => {
                let behind_others = Some(self.in_record.unwrap_or_default());
                Some(HalfLine::Attributes { behind_others })
            }
            line => line,
        };
        *self = Self { line, in_record: next.in_record.or(self.in_record), ..next };
    }

    /// Why the input is not there to its end, as far as its last line tells.
    pub(super) fn cut_off(&self, seen: &Observations) -> Option<String> {
        let count_of = |kind| seen.count_of(kind);
        let what = match (self.character, self.line) {
            (Some(HalfCharacter::Replaced), _) => "within a character",
            (Some(HalfCharacter::Begun), _) if count_of(WarningKind::NotUtf8) < 2 => {
                "within a character"
            }
            (_, Some(HalfLine::Description)) => "within an attribute description",
            // A writer that leaves padding out does so throughout.
            (_, Some(HalfLine::Base64)) if count_of(WarningKind::UnpaddedBase64) < 2 => {
                "within a base64 value"
            }
            (_, Some(HalfLine::Attributes { behind_others: Some(true) })) => {
                "behind the DN of an entry"
            }
            _ => return None,
        };
        Some(format!("it ends {what}: it was cut off"))
    }
}

fn half_character(line: &[u8]) -> Option<HalfCharacter> {
    let tail = line.utf8_chunks().last().map(|chunk| chunk.invalid()).unwrap_or_default();
    // The first byte of a sequence says how long it is.
    if matches!(tail, [0xC2..=0xF4, ..]) {
        return Some(HalfCharacter::Begun);
    }
    let is_replaced = line.ends_with(char::REPLACEMENT_CHARACTER.to_string().as_bytes());
    is_replaced.then_some(HalfCharacter::Replaced)
}

fn half_line(line: &[u8], before: &[u8]) -> Option<HalfLine> {
    if line.starts_with(b"#") || [&b""[..], b"-"].contains(&line.trim_ascii()) {
        return None;
    }
    let Some(colon) = memchr(b':', line) else { return Some(HalfLine::Description) };
    let (name, value) = line.split_at_checked(colon)?;
    match value.strip_prefix(b"::") {
        Some(digits) => is_cut(digits).then_some(HalfLine::Base64),
        None if name.eq_ignore_ascii_case(b"dn") && begins_record(before) => {
            Some(HalfLine::Attributes { behind_others: ends_behind_attributes(before) })
        }
        None => None,
    }
}

/// Where the last line begins, with those that it goes on in.
fn last_logical_line(input: &[u8]) -> usize {
    let mut end = input.len();
    loop {
        let start = memrchr(b'\n', input.get(..end).unwrap_or_default()).map_or(0, |at| at + 1);
        if start == 0 || input.get(start) != Some(&b' ') {
            return start;
        }
        end = start - 1;
    }
}

/// Whether base64 ends within a group of four digits.
fn is_cut(digits: &[u8]) -> bool {
    digits.iter().filter(|byte| !b" \r\n".contains(byte)).count() % 4 != 0
}

/// Whether a line behind this text is the first one of a record.
fn begins_record(text: &[u8]) -> bool {
    let Some(text) = text.strip_suffix(b"\n") else { return text.is_empty() };
    let line = text.strip_suffix(b"\r").unwrap_or(text);
    line.is_empty() || line.ends_with(b"\n")
}

/// Whether the text ends with a record that has more lines than its first; `None` where it
/// is blank.
fn ends_behind_attributes(text: &[u8]) -> Option<bool> {
    let text = text.trim_ascii_end();
    let last = text.get(last_logical_line(text)..).filter(|last| !last.is_empty())?;
    Some(!last.starts_with(b"#") && !is_head(last))
}

fn is_head(line: &[u8]) -> bool {
    let name = memchr(b':', line).and_then(|colon| line.get(..colon)).unwrap_or_default();
    name.eq_ignore_ascii_case(b"dn") || name.eq_ignore_ascii_case(b"version")
}

#[cfg(test)]
mod tests {
    use crate::ldif::{InputReport, ReadOptions, read_chunk};

    fn ends(text: &str) -> Option<String> {
        let mut report = InputReport::default();
        report.add(read_chunk(text.as_bytes(), ReadOptions::default(), |_| {}));
        let why = report.cut_off()?;
        let (what, _) = why.strip_prefix("it ends ").unwrap().split_once(": ").unwrap();
        Some(what.to_owned())
    }

    const ENTRY: &str = "dn: cn=a,dc=x\ncn: a\n\n";

    #[test]
    fn a_last_line_without_its_end_is_no_sign_by_itself() {
        for whole in [
            "",
            "dn: cn=a,dc=x",
            "dn: cn=a,dc=x\ncn: a",
            "dn: cn=a,dc=x\ncn:",
            "dn: cn=a,dc=x\ncn::",
            "dn: cn=a,dc=x\ncn:: YQ==",
            "dn: cn=a,dc=x\ncn:: Y\n Q==",
            "dn: cn=a,dc=x\ncn:: YQ==\r",
            "dn: cn=a,dc=x\nurl:< file:///x",
            "dn: cn=a,dc=x\ncn: a\n\n# numEntries: 1",
            "dn: cn=a,dc=x\nchangetype: modify\nadd: cn\ncn: b\n-",
            "dn: cn=a,dc=x\ncn: a\n\n  ",
        ] {
            assert_eq!(ends(whole), None, "{whole:?}");
        }
    }

    #[test]
    fn base64_without_its_padding_is_whole_where_that_is_the_writers_way() {
        assert_eq!(ends("dn:: Y249YSxkYz14Cg\ncn:: YQ"), None);
    }

    #[test]
    fn half_a_group_of_base64_digits_was_cut_off() {
        for cut in ["YWFhY", "YQ=", "YQ", "YWFh\n YWI"] {
            let text = format!("dn: cn=a,dc=x\ncn:: {cut}");
            assert_eq!(ends(&text).as_deref(), Some("within a base64 value"), "{text:?}");
            assert_eq!(ends(&format!("{text}\n")), None);
        }
    }

    #[test]
    fn a_chunk_that_begins_with_a_blank_line_ends_as_it_would_behind_the_others() {
        for blank in ["", "\n", "\r\n", "\n\r\n"] {
            let mut report = InputReport::default();
            for chunk in [ENTRY, &format!("{blank}dn: cn=b,dc=x")] {
                report.add(read_chunk(chunk.as_bytes(), ReadOptions::default(), |_| {}));
            }
            assert!(report.cut_off().is_some(), "{blank:?}");
        }
    }

    #[test]
    fn a_part_of_a_character_was_cut_off() {
        let within = |text: &[u8]| {
            let mut report = InputReport::default();
            report.add(read_chunk(text, ReadOptions::default(), |_| {}));
            report.cut_off().is_some()
        };
        assert!(within("dn: cn=a,dc=x\ncn: Zo\u{fffd}".as_bytes()));
        assert!(within(b"dn: cn=a,dc=x\ncn: Zo\xc3"));
        assert!(within(b"dn: cn=a,dc=x\ncn: \xf0\x9f\x98"));
        assert!(!within("dn: cn=a,dc=x\ncn: Zo\u{eb}".as_bytes()));
        // Another encoding, such as Latin-1, throughout.
        assert!(!within(b"dn: cn=a,dc=x\ncn: Zo\xeb\ngivenName: Zo\xeb"));
    }

    #[test]
    fn half_an_attribute_description_was_cut_off() {
        assert_eq!(ends(&format!("{ENTRY}d")).as_deref(), Some("within an attribute description"));
        let text = "dn: cn=a,dc=x\ncn: a\nsAMAcc";
        assert_eq!(ends(text).as_deref(), Some("within an attribute description"));
    }

    #[test]
    fn a_dn_alone_behind_an_entry_with_attributes_was_cut_off() {
        let text = format!("{ENTRY}dn: cn=b,d");
        assert_eq!(ends(&text).as_deref(), Some("behind the DN of an entry"));
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(ends(&crlf).as_deref(), Some("behind the DN of an entry"));
        let folded = format!("{ENTRY}dn: cn=b\n ,d");
        assert_eq!(ends(&folded).as_deref(), Some("behind the DN of an entry"));
        assert_eq!(ends("version: 1\n\ndn: cn=a,dc=x\n\ndn: cn=b,dc=x"), None);
    }

    #[test]
    fn wherever_an_input_is_divided_its_end_is_the_same() {
        let text = "version: 1\n\ndn: cn=a,dc=x\ncn: a\n\n\n\n\n# b\ndn: cn=b,dc=x\nsn:: YWI=\n b\n\n\n\n\
            dn: cn=c,dc=x\n\ndn: cn=d,\n dc=x\ncn: Zo\u{eb}\n\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            is_the_same_wherever_it_is_divided(text.as_bytes());
        }
    }

    fn is_the_same_wherever_it_is_divided(text: &[u8]) {
        for end in 0..text.len() {
            let cut = &text[..end];
            let of = |chunks: &[&[u8]]| {
                let mut report = InputReport::default();
                for chunk in chunks {
                    report.add(read_chunk(chunk, ReadOptions::default(), |_| {}));
                }
                report.cut_off()
            };
            let whole = of(&[cut]);
            let is_blank = |line: &[u8]| line.ends_with(b"\n\n") || line.ends_with(b"\n\r\n");
            for at in (0..=end).filter(|&at| at == end || is_blank(&cut[..at])) {
                let (one, other) = cut.split_at(at);
                assert_eq!(of(&[one, other]), whole, "{:?}", String::from_utf8_lossy(cut));
            }
        }
    }
}
