//! Base64 as LDIF uses it (RFC 4648 section 4).

use std::io;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use wide::{CmpEq, CmpGt, CmpLt, i8x16};

/// Missing padding is read (with a warning); stray trailing bits are dropped,
/// as every other reader of LDIF does.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes text that [`check`] found good when its line was read; anything else
/// gives no bytes.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    ENGINE.decode(text).unwrap_or_default()
}

/// Bytes are encoded in pieces of this size, a multiple of three.
const PIECE: usize = 12 * 1024;

/// Encodes bytes piece by piece into a buffer that is used again, and hands each
/// piece of text on.
pub(crate) fn encode(
    bytes: &[u8],
    buffer: &mut Vec<u8>,
    mut hand_on: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    for piece in bytes.chunks(PIECE) {
        let len = piece.len().div_ceil(3) * 4;
        if buffer.len() < len {
            buffer.resize(len, 0);
        }
        let len = ENGINE.encode_slice(piece, buffer).map_err(io::Error::other)?;
        hand_on(&buffer[..len])?;
    }
    Ok(())
}

/// Decodes whole quanta, or the end of a text, into a buffer that is as long.
pub(super) fn decode_piece<'b>(text: &[u8], buffer: &'b mut [u8]) -> &'b [u8] {
    let len = ENGINE.decode_slice(text, buffer).unwrap_or_default();
    buffer.get(..len).unwrap_or_default()
}

/// Whether raw text that [`check`] found good is what encoding gives: padded, and
/// without stray bits in its last digit.
pub(super) fn is_exact(raw: &[u8]) -> bool {
    let mut back = raw.iter().rev().filter(|&&byte| byte != b'\n' && byte != b' ');
    let (mut last, mut bits) = (back.next(), 0x00);
    for more in [0x03, 0x0F] {
        if last == Some(&b'=') {
            (last, bits) = (back.next(), more);
        }
    }
    let Some(&last) = last else { return false };
    let value = match last {
        b'A'..=b'Z' => last - b'A',
        b'a'..=b'z' => last - b'a' + 26,
        b'0'..=b'9' => last - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    value & bits == 0 && check(raw) == Base64::Padded
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base64 {
    /// Whole quanta.
    Padded,
    /// The padding at the end is missing.
    Unpadded,
    /// The byte at this index of the raw text is out of place.
    Bad(usize),
}

/// Checks raw text, folds included, without decoding it.
pub(super) fn check(raw: &[u8]) -> Base64 {
    if is_line_of_quanta(raw) { Base64::Padded } else { check_bytewise(raw) }
}

/// Whether the text is one line of whole quanta, as the text of most values is.
fn is_line_of_quanta(raw: &[u8]) -> bool {
    let digits = raw.strip_suffix(b"=").unwrap_or(raw);
    let digits = digits.strip_suffix(b"=").unwrap_or(digits);
    raw.len().is_multiple_of(4) && are_digits(digits)
}

/// Whether all bytes are digits, decided without a branch for each.
fn are_digits(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<16>() else {
        return text.iter().all(|&byte| DIGIT[usize::from(byte)]);
    };
    // The last bytes are looked at twice where the text is no multiple of sixteen.
    let lanes = text.as_chunks::<16>().0.iter().chain([last]);
    lanes.fold(i8x16::splat(-1), |good, lane| good & digits(lane)).all()
}

/// Ones in the lanes that hold a digit.
#[inline(always)]
fn digits(lane: &[u8; 16]) -> i8x16 {
    // What is not ASCII is below all of these as a signed number.
    let byte = i8x16::new(lane.map(u8::cast_signed));
    let between = |byte: i8x16, first: u8, last: u8| {
        byte.cmp_gt(i8x16::splat(first.cast_signed() - 1))
            & byte.cmp_lt(i8x16::splat(last.cast_signed() + 1))
    };
    // The slash stands before the figures.
    between(byte | i8x16::splat(0x20), b'a', b'z')
        | between(byte, b'/', b'9')
        | byte.cmp_eq(i8x16::splat(b'+'.cast_signed()))
}

fn check_bytewise(raw: &[u8]) -> Base64 {
    let mut digits = 0usize;
    let mut padding = 0usize;
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        if DIGIT[usize::from(byte)] && padding == 0 {
            digits += 1;
        } else if byte == b'=' && (digits + padding) % 4 >= 2 {
            padding += 1;
        } else if byte == b'\r' || byte == b'\n' {
            // Only a fold puts a line end here; one space follows it.
            at += usize::from(byte == b'\r') + 1;
        } else {
            return Base64::Bad(at);
        }
        at += 1;
    }
    match (digits % 4, padding) {
        (0, 0) => Base64::Padded,
        (1, _) => Base64::Bad(raw.len()),
        (_, 0) => Base64::Unpadded,
        _ if (digits + padding).is_multiple_of(4) => Base64::Padded,
        _ => Base64::Unpadded,
    }
}

const DIGIT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        table[byte] = c.is_ascii_alphanumeric() || c == b'+' || c == b'/';
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_missing_padding_is_forgiven() {
        assert_eq!(check(b""), Base64::Padded);
        assert_eq!(check(b"YWJj"), Base64::Padded);
        assert_eq!(check(b"YQ=="), Base64::Padded);
        assert_eq!(check(b"YQ="), Base64::Unpadded);
        assert_eq!(check(b"YQ"), Base64::Unpadded);
        assert_eq!(check(b"YW*="), Base64::Bad(2));
        assert_eq!(check(b"YWJj ZGVm"), Base64::Bad(4));
        assert_eq!(check(b"YQ==YQ=="), Base64::Bad(4));
        assert_eq!(check(b"Y==="), Base64::Bad(1));
        assert_eq!(check(b"YWJjZ"), Base64::Bad(5));
        assert_eq!(check(b"YQ==="), Base64::Bad(4));
    }

    #[test]
    fn folds_are_stepped_over() {
        assert_eq!(check(b"YW\n Jj"), Base64::Padded);
        assert_eq!(check(b"YW\r\n Jj"), Base64::Padded);
        assert_eq!(check(b"YW\n  Jj"), Base64::Bad(4));
    }

    #[test]
    fn what_the_check_accepts_decodes() {
        for text in [&b"YWJj"[..], b"YQ==", b"YQ=", b"YQ", b"YR", b"YR=="] {
            assert!(!decode(text).is_empty(), "{text:?}");
        }
    }
}
