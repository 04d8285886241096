//! GUIDs and SIDs, which exports hold in binary or in text.

use std::fmt::Write;

/// The 16 bytes of a GUID in text form, in the order in which AD stores them:
/// the first three groups are little-endian. Braces are allowed.
#[must_use]
pub fn guid_from_text(text: &[u8]) -> Option<[u8; 16]> {
    let text = match text {
        [b'{', inner @ .., b'}'] => inner,
        _ => text,
    };
    let mut digits = [0_u8; 32];
    let mut count = 0;
    for (at, &byte) in text.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        *digits.get_mut(count)? = hex_digit(byte)?;
        count += 1;
    }
    if count != digits.len() {
        return None;
    }
    let mut guid = [0_u8; 16];
    for (byte, pair) in guid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |sum, digit| sum << 4 | digit);
    }
    guid[0..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    Some(guid)
}

/// A GUID's text form, lower case; `None` where it is not 16 bytes.
#[must_use]
pub fn guid_to_text(bytes: &[u8]) -> Option<String> {
    let mut guid: [u8; 16] = bytes.try_into().ok()?;
    guid[0..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    let mut text = String::with_capacity(36);
    for (at, byte) in guid.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

/// The bytes of a SID in text form (`S-1-5-21-…`, MS-DTYP 2.4.2).
#[must_use]
pub fn sid_from_text(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut parts = text.split('-');
    if !parts.next()?.eq_ignore_ascii_case("s") || parts.next()? != "1" {
        return None;
    }
    let authority: u64 = number(parts.next()?)?;
    if authority >> 48 != 0 {
        return None;
    }
    let mut sid = vec![1, 0];
    sid.extend_from_slice(&authority.to_be_bytes()[2..]);
    let mut count = 0_u8;
    for part in parts {
        let part = u32::try_from(number(part)?).ok()?;
        sid.extend_from_slice(&part.to_le_bytes());
        count = count.checked_add(1)?;
    }
    *sid.get_mut(1)? = count;
    (count <= 15).then_some(sid)
}

/// A SID's text form; `None` where the bytes are no SID.
#[must_use]
pub fn sid_to_text(bytes: &[u8]) -> Option<String> {
    let (authority, parts) = sid_parts(bytes)?;
    let authority = authority.iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
    let mut text = format!("S-1-{authority}");
    for part in parts.chunks_exact(4) {
        let part = part.iter().rev().fold(0_u32, |sum, &byte| sum << 8 | u32::from(byte));
        let _ = write!(text, "-{part}");
    }
    Some(text)
}

/// Whether bytes are a SID.
#[must_use]
pub fn is_sid(bytes: &[u8]) -> bool {
    sid_parts(bytes).is_some()
}

/// The authority of a SID, and the four bytes each of the parts behind it.
fn sid_parts(bytes: &[u8]) -> Option<(&[u8; 6], &[u8])> {
    let (&[1, count], rest) = bytes.split_first_chunk()? else { return None };
    let (authority, parts) = rest.split_first_chunk::<6>()?;
    (parts.len() == usize::from(count) * 4).then_some((authority, parts))
}

fn number(text: &str) -> Option<u64> {
    // `parse` alone would take a plus sign.
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// The value of a hexadecimal digit.
pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_guid_reads_as_the_server_stores_it() {
        let bytes = [
            0x48, 0xb4, 0x5e, 0x89, 0x7e, 0x2e, 0x1b, 0x44, 0x9a, 0x01, 0x02, 0x03, 0x04, 0x05,
            0x06, 0x07,
        ];
        let text = b"895eb448-2e7e-441b-9a01-020304050607";
        assert_eq!(guid_from_text(text), Some(bytes));
        assert_eq!(guid_from_text(b"{895EB448-2E7E-441B-9A01-020304050607}"), Some(bytes));
        assert_eq!(guid_to_text(&bytes).as_deref().map(str::as_bytes), Some(text.as_slice()));
        assert_eq!(guid_from_text(b"895eb448-2e7e-441b-9a01-02030405060"), None);
        assert_eq!(guid_from_text(b"895eb448-2e7e-441b-9a01-0203040506070"), None);
        assert_eq!(guid_from_text(b"895eb44802e7e-441b-9a01-020304050607"), None);
        assert_eq!(guid_from_text(b""), None);
    }

    #[test]
    fn a_sid_reads_as_the_server_stores_it() {
        let bytes = b"\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0";
        assert_eq!(sid_from_text(b"S-1-5-32-544").as_deref(), Some(bytes.as_slice()));
        assert_eq!(sid_to_text(bytes).as_deref(), Some("S-1-5-32-544"));
        for bad in ["S-1", "S-2-5-1", "S-1-5-4294967296", "S-1-5-+1", "x", "S-1-5-", "S-1--5"] {
            assert_eq!(sid_from_text(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn identifiers_survive_the_way_through_text(
            guid in any::<[u8; 16]>(),
            parts in proptest::collection::vec(any::<u32>(), 0..=15),
        ) {
            let text = guid_to_text(&guid).unwrap_or_default();
            prop_assert_eq!(guid_from_text(text.as_bytes()), Some(guid));

            let mut sid = vec![1, u8::try_from(parts.len()).unwrap_or_default(), 0, 0, 0, 0, 0, 5];
            parts.iter().for_each(|part| sid.extend_from_slice(&part.to_le_bytes()));
            let text = sid_to_text(&sid).unwrap_or_default();
            prop_assert_eq!(sid_from_text(text.as_bytes()), Some(sid));
        }

        #[test]
        fn no_bytes_make_them_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (guid_from_text(&bytes), guid_to_text(&bytes));
            let _ = (sid_from_text(&bytes), sid_to_text(&bytes));
        }
    }
}
