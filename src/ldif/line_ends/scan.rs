//! One pass over the bytes of a chunk, 64 at a time.
//!
//! Beside the map of a file this is the one place with `unsafe` code. On a 1.1 GB
//! export a pass that waits for each load takes 0.19 s on one core, and 0.10 s where
//! memory is asked for ahead, which is what reading the bytes alone takes; nothing
//! safe does that.
#![allow(unsafe_code)]

use wide::u8x16;

/// Bytes that are looked at together: their line ends are the bits of a word.
pub(super) const BLOCK: usize = 64;

/// Bytes between what is looked at and what memory is asked for: some hundred
/// nanoseconds' worth, and still in the first-level cache when it is due.
const AHEAD: usize = 4 << 10;

/// What bytes a text has beside line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub has_return: bool,
    pub has_nul_or_is_not_ascii: bool,
}

/// The places of all LF of a text, which is shorter than 4 GiB, and what other
/// bytes it has. `room` is memory that is used again.
pub(super) fn scan(text: &[u8], room: Vec<u32>) -> (Vec<u32>, Seen) {
    #[cfg(target_arch = "x86_64")]
    if x86::is_supported() {
        // SAFETY: the processor has the instructions.
        return unsafe { x86::scan(text, room) };
    }
    scan_anywhere(text, room)
}

/// Gathers the places of the bits that a look at each block gives.
#[inline(always)]
fn gather(
    text: &[u8],
    mut ends: Vec<u32>,
    mut line_ends: impl FnMut(&[u8; BLOCK]) -> u64,
) -> Vec<u32> {
    // What stands there from before is written over, or cut off.
    let expected = text.len() / 32 + 2 * BLOCK;
    if ends.len() < expected {
        ends.resize(expected, 0);
    }
    let mut length = 0;
    let (blocks, tail) = text.as_chunks::<BLOCK>();
    let mut at = 0;
    for block in blocks {
        ask_for(block);
        put_bits(&mut ends, &mut length, at, line_ends(block));
        at += BLOCK as u32;
    }
    // A byte that is no line end and tells nothing about the text.
    let mut last = [b' '; BLOCK];
    last[..tail.len()].copy_from_slice(tail);
    put_bits(&mut ends, &mut length, at, line_ends(&last));
    ends.truncate(length);
    ends
}

/// Puts the places of the bits that are set behind the first `length` ones.
#[inline(always)]
fn put_bits(ends: &mut Vec<u32>, length: &mut usize, at: u32, mut bits: u64) {
    if ends.len() < *length + BLOCK {
        ends.resize(2 * (*length + BLOCK), 0);
    }
    // A block has four line ends at most, nearly always. Four places are written
    // whatever it has, since a loop would guess their number wrong at each block.
    let mut free = &mut ends[*length..];
    *length += bits.count_ones() as usize;
    while let Some((four, behind)) = free.split_first_chunk_mut::<4>() {
        for place in four {
            *place = at.wrapping_add(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            break;
        }
        free = behind;
    }
}

/// Asks memory for what comes [`AHEAD`] of a block.
#[inline(always)]
fn ask_for(block: &[u8; BLOCK]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 processor has the instruction, and it takes any
        // address, one that is not mapped included.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(block.as_ptr().wrapping_add(AHEAD).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (block, AHEAD);
}

fn scan_anywhere(text: &[u8], room: Vec<u32>) -> (Vec<u32>, Seen) {
    // All bytes joined by OR: the high bit is set where one is not ASCII.
    let mut joined = u8x16::splat(0);
    let mut least = u8x16::splat(u8::MAX);
    let mut returns = u8x16::splat(0);
    let ends = gather(text, room, |block| {
        let mut bits = 0;
        for (at, lane) in block.as_chunks::<16>().0.iter().enumerate() {
            let lane = u8x16::new(*lane);
            joined |= lane;
            least = least.min(lane);
            returns |= lane.cmp_eq(u8x16::splat(b'\r'));
            let line_ends = lane.cmp_eq(u8x16::splat(b'\n')).move_mask();
            bits |= u64::from(line_ends as u16) << (at * 16);
        }
        bits
    });
    let has_nul = least.cmp_eq(u8x16::splat(0)).any();
    let has_nul_or_is_not_ascii = has_nul || joined.any();
    let seen = Seen { has_return: returns.any(), has_nul_or_is_not_ascii };
    (ends, seen)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_min_epi8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8, _mm256_setzero_si256,
    };

    use super::{BLOCK, Seen, gather};

    pub(super) fn is_supported() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("popcnt")
    }

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    pub(super) fn scan(text: &[u8], room: Vec<u32>) -> (Vec<u32>, Seen) {
        let line_end = _mm256_set1_epi8(b'\n'.cast_signed());
        let cr = _mm256_set1_epi8(b'\r'.cast_signed());
        // As signed numbers, NUL and what is not ASCII are the ones below 1.
        let mut least = line_end;
        let mut returns = _mm256_setzero_si256();
        let ends = gather(text, room, |block| {
            let [low, high] = load(block);
            least = _mm256_min_epi8(least, _mm256_min_epi8(low, high));
            let are_returns = |lane| _mm256_cmpeq_epi8(lane, cr);
            returns =
                _mm256_or_si256(returns, _mm256_or_si256(are_returns(low), are_returns(high)));
            let line_ends = |lane| {
                let found = _mm256_movemask_epi8(_mm256_cmpeq_epi8(lane, line_end));
                u64::from(found.cast_unsigned())
            };
            line_ends(low) | line_ends(high) << 32
        });
        let below_1 = _mm256_cmpgt_epi8(_mm256_set1_epi8(1), least);
        let seen = Seen {
            has_return: _mm256_movemask_epi8(returns) != 0,
            has_nul_or_is_not_ascii: _mm256_movemask_epi8(below_1) != 0,
        };
        (ends, seen)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(block: &[u8; BLOCK]) -> [__m256i; 2] {
        let words = block.as_chunks().0;
        // The compiler makes one load of four.
        let lane = |from: usize| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|at| i64::from_le_bytes(words[from + at]));
            _mm256_set_epi64x(d, c, b, a)
        };
        [lane(0), lane(4)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_processor_sees_the_same(
            text in prop::collection::vec(prop_oneof![
                20 => b'a'..=b'z', 5 => Just(b'\n'), 1 => Just(b'\r'), 1 => any::<u8>(),
            ], 0..600)
        ) {
            let here = scan(&text, vec![7; 5]);
            prop_assert_eq!(&here, &scan_anywhere(&text, vec![9; 5000]));
            let places: Vec<u32> =
                (0..).zip(&text).filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
            prop_assert_eq!(here.0, places);
            prop_assert_eq!(here.1.has_return, text.contains(&b'\r'));
            let has_nul_or_is_not_ascii = text.iter().any(|&byte| byte == 0 || byte >= 0x80);
            prop_assert_eq!(here.1.has_nul_or_is_not_ascii, has_nul_or_is_not_ascii);
        }
    }
}
