//! A short value of everyday characters as bits: one for each byte, in one word for
//! each kind of character. Most values are such ones, and what the rules ask of
//! them is then a matter of a few operations on words.

use crate::directory::lower::padded;
use wide::{CmpEq, CmpGt, CmpLt, i8x16};

/// Where a value has which characters, the first byte in the lowest bit. It has no
/// other characters than these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) struct Shape {
    pub(in crate::rules) letters: u64,
    pub(in crate::rules) digits: u64,
    pub(in crate::rules) periods: u64,
    pub(in crate::rules) hyphens: u64,
    pub(in crate::rules) underscores: u64,
    pub(in crate::rules) ats: u64,
    pub(in crate::rules) colons: u64,
    /// Bytes of the value, 1 to 64.
    pub(in crate::rules) length: u32,
}

impl Shape {
    /// The shape of a value; `None` where it is longer than a word has bits or has
    /// other characters.
    #[inline(always)]
    pub(in crate::rules) fn of(value: &[u8]) -> Option<Self> {
        let length = u32::try_from(value.len()).ok().filter(|length| (1..=64).contains(length))?;
        let mut shape = Self {
            letters: 0,
            digits: 0,
            periods: 0,
            hyphens: 0,
            underscores: 0,
            ats: 0,
            colons: 0,
            length,
        };
        match value.last_chunk::<16>() {
            Some(last) => {
                let mut place = 0;
                for lane in value.as_chunks::<16>().0 {
                    shape.add(lane, place);
                    place += 16;
                }
                // These bytes come a second time where the length is no multiple.
                if place < length {
                    shape.add(last, length - 16);
                }
            }
            None => shape.add(&padded(value), 0),
        }
        let known = shape.letters
            | shape.digits
            | shape.periods
            | shape.hyphens
            | shape.underscores
            | shape.ats
            | shape.colons;
        (known == u64::MAX >> (64 - length)).then_some(shape)
    }

    #[inline(always)]
    fn add(&mut self, lane: &[u8; 16], place: u32) {
        let bytes = i8x16::new(lane.map(u8::cast_signed));
        let all = |byte: u8| i8x16::splat(byte.cast_signed());
        let put = |bits: &mut u64, found: i8x16| {
            *bits |= u64::from(found.move_mask() as u16) << place;
        };
        let between = |bytes: i8x16, first: u8, last: u8| {
            bytes.cmp_gt(all(first - 1)) & bytes.cmp_lt(all(last + 1))
        };
        // What is not ASCII is below all of these as a signed number.
        put(&mut self.letters, between(bytes | all(0x20), b'a', b'z'));
        put(&mut self.digits, between(bytes, b'0', b'9'));
        put(&mut self.periods, bytes.cmp_eq(all(b'.')));
        put(&mut self.hyphens, bytes.cmp_eq(all(b'-')));
        put(&mut self.underscores, bytes.cmp_eq(all(b'_')));
        put(&mut self.ats, bytes.cmp_eq(all(b'@')));
        put(&mut self.colons, bytes.cmp_eq(all(b':')));
    }

    /// Whether there is a colon.
    #[inline]
    pub(in crate::rules) fn has_colons(&self) -> bool {
        self.colons != 0
    }

    /// The place of the @ of `dot-atom@…` behind the first `from` bytes.
    #[inline]
    pub(in crate::rules) fn behind_local_part(&self, from: u32) -> Option<u32> {
        let here = u64::MAX.checked_shl(from)?;
        let at = (self.ats & here).trailing_zeros();
        let at_bit = 1_u64.checked_shl(at)?;
        let local = here & (at_bit - 1);
        // A period stands between other characters.
        let periods = self.periods & local;
        let outer = 1 << from | at_bit >> 1;
        let is_sound =
            local != 0 && (self.colons & local) | (periods & (periods << 1 | outer)) == 0;
        is_sound.then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_shape_says_where_each_character_stands(value in "[a-cX-Z0-9.@:_-]{1,70}") {
            let shape = Shape::of(value.as_bytes());
            prop_assert_eq!(shape.is_some(), value.len() <= 64);
            if let Some(shape) = shape {
                let places = |is: fn(char) -> bool| {
                    (0..).zip(value.chars()).fold(0, |bits, (at, c)| bits | u64::from(is(c)) << at)
                };
                prop_assert_eq!(shape.letters, places(|c| c.is_ascii_alphabetic()));
                prop_assert_eq!(shape.digits, places(|c| c.is_ascii_digit()));
                prop_assert_eq!(shape.periods, places(|c| c == '.'));
                prop_assert_eq!(shape.hyphens, places(|c| c == '-'));
                prop_assert_eq!(shape.underscores, places(|c| c == '_'));
                prop_assert_eq!(shape.ats, places(|c| c == '@'));
                prop_assert_eq!(shape.colons, places(|c| c == ':'));
            }
        }

        #[test]
        fn a_value_with_another_character_has_no_shape(
            before in "[a-z.]{0,40}", other in "[^a-zA-Z0-9.@:_-]", behind in "[a-z@]{0,20}",
        ) {
            prop_assert_eq!(Shape::of([before, other, behind].concat().as_bytes()), None);
        }
    }
}
