//! Small letters for ASCII, many bytes at a time.

use super::shape::padded;

/// Bytes that are looked at together.
pub(in crate::rules) const LANE: usize = 16;

/// Writes a value, with small letters for the capital ones of ASCII, to the front of
/// `room`; whether all of it is ASCII. The room has as many bytes as the value, and no
/// fewer than [`LANE`]: what stands behind the value there may be written over.
#[inline]
pub(in crate::rules) fn lower_into(value: &[u8], room: &mut [u8]) -> bool {
    let mut joined = 0;
    match value.last_chunk::<LANE>() {
        Some(last) => {
            let room = &mut room[..value.len()];
            for (to, from) in room.as_chunks_mut().0.iter_mut().zip(value.as_chunks().0) {
                *to = lower(from);
                joined |= u128::from_le_bytes(*from);
            }
            // These bytes come a second time where the length is no multiple.
            joined |= u128::from_le_bytes(*last);
            if let Some(to) = room.last_chunk_mut() {
                *to = lower(last);
            }
        }
        None => {
            let value = padded(value);
            joined = u128::from_le_bytes(value);
            if let Some(to) = room.first_chunk_mut() {
                *to = lower(&value);
            }
        }
    }
    const HIGH: u128 = u128::from_le_bytes([0x80; LANE]);
    joined & HIGH == 0
}

#[inline(always)]
fn lower(bytes: &[u8; LANE]) -> [u8; LANE] {
    bytes.map(|byte| byte | u8::from(byte.is_ascii_uppercase()) << 5)
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
