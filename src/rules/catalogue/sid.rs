//! What a SID tells: objects that came with a domain have small numbers.

use crate::ldif::{Form, Line};

/// The first number of an object that somebody made ([MS-ADTS] 3.1.1.5.2.4).
const FIRST_OF_OTHERS: u32 = 1000;

/// Whether an objectSid is that of an object that came with its domain.
pub(super) fn is_of_domain_itself(line: &Line<'_>) -> bool {
    may_be_small(line) && number(&line.bytes()).is_some_and(|number| number < FIRST_OF_OTHERS)
}

/// A quick look at base64, in which nearly all SIDs stand: whether the number can be below
/// 1,024.
fn may_be_small(line: &Line<'_>) -> bool {
    match (line.form(), line.raw()) {
        (Form::Base64, raw) if raw.len() == 40 => matches!(
            raw.get(33..),
            Some([
                b'A' | b'Q' | b'g' | b'w',
                b'A' | b'E' | b'I' | b'M',
                b'A',
                b'A',
                b'A',
                b'=',
                b'='
            ])
        ),
        _ => true,
    }
}

/// The last number of a domain's SID (the relative identifier), in bytes or, as Samba's
/// tools write it, as text.
fn number(sid: &[u8]) -> Option<u32> {
    if let [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, rest @ ..] = sid {
        return rest.get(12..16)?.try_into().ok().map(u32::from_le_bytes);
    }
    let text = std::str::from_utf8(sid).ok()?.trim();
    let rest = text.strip_prefix("S-1-5-21-")?;
    rest.rsplit('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn sid(number: u32) -> Vec<u8> {
        let mut sid = vec![1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0];
        sid.extend(b"\xe8\x03\x00\x00domain!!");
        sid.extend(number.to_le_bytes());
        sid
    }

    #[test]
    fn the_quick_look_at_base64_misses_no_small_number() {
        for number in (0..3000).chain([65_536, 65_535, 1 << 24, u32::MAX, 500 << 16, 500 << 8]) {
            let text = STANDARD.encode(sid(number));
            let line = format!("objectSid:: {text}\n");
            let (quick, exact) = (is_small(&line), number < FIRST_OF_OTHERS);
            assert_eq!(quick, exact, "{number}");
        }
    }

    fn is_small(line: &str) -> bool {
        let text = format!("dn: CN=A\n{line}\n");
        let mut is_small = false;
        crate::ldif::read_chunk(text.as_bytes(), crate::ldif::ReadOptions::default(), |record| {
            is_small = record.attribute_lines().iter().any(is_of_domain_itself);
        });
        is_small
    }

    #[test]
    fn text_and_bytes_are_read_and_what_is_no_sid_of_a_domain_has_no_number() {
        assert!(is_small("objectSid: S-1-5-21-7-8-9-502\n"));
        for other in ["S-1-5-21-7-8-9-1104", "S-1-5-32-544", "S-1-5-21-", "", "x", "S-1-5-21-x"] {
            assert!(!is_small(&format!("objectSid: {other}\n")), "{other}");
        }
        assert_eq!(number(&sid(500)), Some(500));
        assert_eq!(number(&sid(500)[..27]), None);
    }
}
