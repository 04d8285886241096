//! Small letters for ASCII, many bytes at a time.

use wide::{CmpGt, CmpLt, i8x16};

/// Bytes that are looked at together.
pub(crate) const LANE: usize = 16;

/// What characters a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Characters {
    /// It has none but those of ASCII.
    pub(crate) are_ascii: bool,
    /// It has none but those of ASCII that can be seen.
    pub(crate) are_visible: bool,
}

/// Writes a value, with small letters for the capital ones of ASCII, to the front of
/// `room`. The room has as many bytes as the value, and no
/// fewer than [`LANE`]: what stands behind the value there may be written over.
#[inline]
pub(crate) fn lower_into(value: &[u8], room: &mut [u8]) -> Characters {
    match value.last_chunk::<LANE>() {
        Some(last) => {
            let room = &mut room[..value.len()];
            let (mut joined, mut invisible) = (i8x16::splat(0), i8x16::splat(0));
            let mut look = |bytes| {
                joined |= bytes;
                invisible |= is_invisible(bytes);
            };
            for (to, from) in room.as_chunks_mut().0.iter_mut().zip(value.as_chunks().0) {
                look(lower(from, to));
            }
            // These bytes come a second time where the length is no multiple.
            if let Some(to) = room.last_chunk_mut() {
                look(lower(last, to));
            }
            Characters {
                // The high bit of a byte that is not ASCII.
                are_ascii: joined.move_mask() == 0,
                are_visible: invisible.move_mask() == 0,
            }
        }
        None => {
            let room = room.first_chunk_mut();
            let bytes = room.map_or(i8x16::splat(0), |to| lower(&padded(value), to));
            Characters {
                are_ascii: bytes.move_mask() == 0,
                are_visible: is_invisible(bytes).move_mask() & !(!0 << value.len()) == 0,
            }
        }
    }
}

/// Which bytes are no characters of ASCII that can be seen; DEL, which nobody takes for
/// anything else, is not among them.
#[inline(always)]
fn is_invisible(bytes: i8x16) -> i8x16 {
    // What is not ASCII is below it, as a signed number.
    bytes.cmp_lt(i8x16::splat(b'!'.cast_signed()))
}

/// Puts small letters in place; gives the bytes as they are.
#[inline(always)]
fn lower(from: &[u8; LANE], to: &mut [u8; LANE]) -> i8x16 {
    let all = |byte: u8| i8x16::splat(byte.cast_signed());
    let bytes = i8x16::new(from.map(u8::cast_signed));
    let capitals = bytes.cmp_gt(all(b'A' - 1)) & bytes.cmp_lt(all(b'Z' + 1));
    *to = (bytes | capitals & all(0x20)).to_array().map(i8::cast_unsigned);
    bytes
}

/// The bytes of a value of fewer than sixteen, with NUL behind them.
#[inline(always)]
pub(crate) fn padded(value: &[u8]) -> [u8; 16] {
    let length = value.len();
    // Two words that overlap: to copy a number of bytes that is not known is a call.
    let word = match (value.first_chunk::<8>(), value.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
            u128::from(first) | u128::from(last) << (8 * (length - 8))
        }
        _ => match (value.first_chunk::<4>(), value.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
                u128::from(first) | u128::from(last) << (8 * (length - 4))
            }
            _ => value.iter().rev().fold(0, |word, &byte| word << 8 | u128::from(byte)),
        },
    };
    word.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn letters_become_small_and_all_else_stays(
            value in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..70),
                prop::collection::vec(0_u8..0x80, 0..70),
                prop::collection::vec(0x20_u8..0x80, 0..20),
                prop::collection::vec(0x21_u8..0x80, 0..70),
            ]
        ) {
            let mut room = vec![b'#'; value.len().max(LANE) + 1];
            let characters = lower_into(&value, &mut room);
            prop_assert_eq!(&room[..value.len()], value.to_ascii_lowercase());
            prop_assert_eq!(room.last(), Some(&b'#'));
            let are_visible = value.iter().all(|byte| (b'!'..=0x7F).contains(byte));
            prop_assert_eq!(characters, Characters { are_ascii: value.is_ascii(), are_visible });
        }

        #[test]
        fn padding_keeps_the_bytes(value in prop::collection::vec(any::<u8>(), 0..16)) {
            let mut expected = [0; 16];
            expected[..value.len()].copy_from_slice(&value);
            prop_assert_eq!(padded(&value), expected);
        }
    }
}
