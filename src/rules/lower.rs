//! Small letters for ASCII, many bytes at a time.

use wide::{CmpGt, CmpLt, i8x16};

use super::shape::padded;

/// Bytes that are looked at together.
pub(in crate::rules) const LANE: usize = 16;

/// Writes a value, with small letters for the capital ones of ASCII, to the front of
/// `room`; whether all of it is ASCII. The room has as many bytes as the value, and no
/// fewer than [`LANE`]: what stands behind the value there may be written over.
#[inline]
pub(in crate::rules) fn lower_into(value: &[u8], room: &mut [u8]) -> bool {
    let mut joined = i8x16::splat(0);
    match value.last_chunk::<LANE>() {
        Some(last) => {
            let room = &mut room[..value.len()];
            for (to, from) in room.as_chunks_mut().0.iter_mut().zip(value.as_chunks().0) {
                joined |= lower(from, to);
            }
            // These bytes come a second time where the length is no multiple.
            if let Some(to) = room.last_chunk_mut() {
                joined |= lower(last, to);
            }
        }
        None => {
            if let Some(to) = room.first_chunk_mut() {
                joined = lower(&padded(value), to);
            }
        }
    }
    // The high bit of a byte that is not ASCII.
    joined.move_mask() == 0
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
            ]
        ) {
            let mut room = vec![b'#'; value.len().max(LANE) + 1];
            let is_ascii = lower_into(&value, &mut room);
            prop_assert_eq!(&room[..value.len()], value.to_ascii_lowercase());
            prop_assert_eq!(room.last(), Some(&b'#'));
            prop_assert_eq!(is_ascii, value.is_ascii());
        }
    }
}
