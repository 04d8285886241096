//! Integers of any length, in their canonical decimal form.

use std::borrow::Cow;
use std::cmp::Ordering;

/// The canonical form: no spaces around, no leading zeros, no `-0`. `None`
/// where the value is no integer.
pub(crate) fn canonical(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let trimmed = value.trim_ascii();
    let (negative, digits) = match trimmed {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    let significant = digits.get(zeros..).unwrap_or_default();
    if significant.is_empty() {
        return Some(Cow::Borrowed(b"0"));
    }
    if !negative {
        return Some(Cow::Borrowed(significant));
    }
    if zeros == 0 {
        return Some(Cow::Borrowed(trimmed));
    }
    Some(Cow::Owned([b"-", significant].concat()))
}

/// The order of two canonical integers.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let by_magnitude = |a: &[u8], b: &[u8]| a.len().cmp(&b.len()).then_with(|| a.cmp(b));
    match (a, b) {
        ([b'-', a @ ..], [b'-', b @ ..]) => by_magnitude(b, a),
        ([b'-', ..], _) => Ordering::Less,
        (_, [b'-', ..]) => Ordering::Greater,
        _ => by_magnitude(a, b),
    }
}

/// The 64 bits of an integer, as AD's bit rules see them: negative numbers in
/// two's complement, so that a 32-bit `groupType` keeps its highest bit.
pub(crate) fn bits(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?.trim();
    text.parse::<i64>().map(i64::cast_unsigned).or_else(|_| text.parse::<u64>()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_number_agree() {
        for (value, expected) in [
            ("007", Some("7")),
            (" 7 ", Some("7")),
            ("-0", Some("0")),
            ("-012", Some("-12")),
            ("000", Some("0")),
            ("", None),
            ("-", None),
            ("1 2", None),
            ("0x10", None),
        ] {
            let canonical = canonical(value.as_bytes());
            assert_eq!(canonical.as_deref(), expected.map(str::as_bytes), "{value:?}");
        }
    }

    #[test]
    fn the_highest_bit_of_a_group_type_is_seen() {
        let group_type = bits(b"-2147483646").unwrap_or_default();
        assert_eq!(group_type & 2_147_483_648, 2_147_483_648);
        assert_eq!(bits(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(bits(b"x"), None);
    }

    proptest! {
        #[test]
        fn order_is_the_order_of_the_numbers(a in any::<i128>(), b in any::<i128>()) {
            prop_assert_eq!(compare(a.to_string().as_bytes(), b.to_string().as_bytes()), a.cmp(&b));
        }
    }
}
