//! The end of an input that was cut off, by what stands there.
//!
//! A missing line end alone says nothing: many tools write none. Nor does an empty or a
//! short value. What no tool writes is half a group of base64 digits, unless it leaves
//! padding out, half a character, half an attribute description, and, behind entries with
//! attributes, one of which only the DN is there.

use memchr::{memchr, memrchr};

use crate::ldif::{Observations, WarningKind};

/// Why an input is not there to its end, as far as its last line tells.
pub fn cut_off(input: &[u8], seen: &Observations) -> Option<String> {
    if input.last().is_none_or(|&byte| byte == b'\n') {
        return None;
    }
    let start = last_logical_line(input);
    let line = input.get(start..).unwrap_or_default();
    let what = match memchr(b':', line) {
        _ if is_part_of_a_character(line, seen) => "within a character".to_owned(),
        _ if line.starts_with(b"#") || [&b""[..], b"-"].contains(&line.trim_ascii()) => {
            return None;
        }
        None => "within an attribute description".to_owned(),
        Some(colon) => {
            let (name, value) = line.split_at(colon);
            match value.strip_prefix(b"::") {
                Some(digits) if is_cut(digits) && !leaves_padding_out(seen) => {
                    "within a base64 value".to_owned()
                }
                None if is_alone(name, input.get(..start).unwrap_or_default()) => {
                    "behind the DN of an entry".to_owned()
                }
                _ => return None,
            }
        }
    };
    Some(format!("it ends {what}: it was cut off"))
}

/// Whether the last character is not all there, which the reader of UTF-16 replaces. Where
/// other values are not UTF-8 either, this one need not be.
fn is_part_of_a_character(line: &[u8], seen: &Observations) -> bool {
    let tail = line.utf8_chunks().last().map(|chunk| chunk.invalid()).unwrap_or_default();
    // The first byte of a sequence says how long it is.
    let is_begun = matches!(tail, [0xC2..=0xF4, ..]);
    (is_begun && count_of(seen, WarningKind::NotUtf8) < 2)
        || line.ends_with(char::REPLACEMENT_CHARACTER.to_string().as_bytes())
}

fn count_of(seen: &Observations, kind: WarningKind) -> u64 {
    seen.warnings().iter().find(|own| own.kind == kind).map_or(0, |own| own.count)
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

/// Whether a writer left the padding of other values out as well.
fn leaves_padding_out(seen: &Observations) -> bool {
    count_of(seen, WarningKind::UnpaddedBase64) > 1
}

/// Whether this is the first line of a record, and the record before it has more.
fn is_alone(name: &[u8], before: &[u8]) -> bool {
    let before = before.strip_suffix(b"\n").unwrap_or_default();
    let is_first = |text: &[u8]| text.ends_with(b"\n") || text.ends_with(b"\n\r");
    if !name.eq_ignore_ascii_case(b"dn") || !is_first(before) {
        return false;
    }
    let record = before.trim_ascii_end();
    let last = record.get(last_logical_line(record)..).unwrap_or_default();
    !last.is_empty() && !last.starts_with(b"#") && !is_head(last)
}

fn is_head(line: &[u8]) -> bool {
    let name = memchr(b':', line).and_then(|colon| line.get(..colon)).unwrap_or_default();
    name.eq_ignore_ascii_case(b"dn") || name.eq_ignore_ascii_case(b"version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::{InputReport, ReadOptions, read_chunk};

    fn ends(text: &str) -> Option<String> {
        let mut report = InputReport::default();
        report.add(read_chunk(text.as_bytes(), ReadOptions::default(), |_| {}));
        let why = cut_off(text.as_bytes(), &report.observations)?;
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
    fn a_part_of_a_character_was_cut_off() {
        let within = |text: &[u8]| {
            let mut report = InputReport::default();
            report.add(read_chunk(text, ReadOptions::default(), |_| {}));
            cut_off(text, &report.observations).is_some()
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
}
