//! What IdFix asks of the shape of a value.

use crate::rules::shape::Shape;

use super::characters::Bytes;

impl Shape {
    /// The classes that its bytes belong to.
    #[inline]
    pub(super) fn bytes(&self) -> Bytes {
        [
            (self.letters, b'a'),
            (self.digits, b'0'),
            (self.periods, b'.'),
            (self.hyphens, b'-'),
            (self.underscores, b'_'),
            (self.ats, b'@'),
            (self.colons, b':'),
        ]
        .into_iter()
        .filter(|(places, _)| *places != 0)
        .fold(Bytes::default(), |bytes, (_, byte)| bytes.and(byte))
    }

    /// Whether a colon stands behind one that is not the first byte.
    #[inline]
    pub(super) fn has_second_colon(&self) -> bool {
        self.colons & 1 == 0 && self.colons & self.colons.wrapping_sub(1) != 0
    }

    /// Where the label of the top-level domain begins, its leading period included,
    /// if the text behind the first `from` bytes is `dot-atom@domain`; that label is
    /// then the only thing left to look up.
    pub(super) fn last_label(&self, from: u32) -> Option<usize> {
        let at_bit = 1_u64.checked_shl(self.behind_local_part(from)?)?;
        let domain = !(at_bit - 1) & !at_bit & (u64::MAX >> (64 - self.length));
        // In the domain, a period stands behind a letter or digit, and a hyphen
        // behind anything that begins a label.
        let periods = self.periods & domain;
        let label_ends = (self.letters | self.digits) & domain;
        let domain_is_sound = domain & (self.ats | self.colons | self.underscores) == 0
            && periods & !(label_ends << 1) == 0
            && self.hyphens & domain & (at_bit << 1 | periods << 1) == 0;
        let last = periods.checked_ilog2()?;
        let label = domain & (u64::MAX << last) & !(1 << last);
        let is_label = (2..=17).contains(&label.count_ones()) && label & !self.letters == 0;
        (domain_is_sound && is_label).then(|| usize::try_from(last).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_shape_says_which_classes_its_bytes_belong_to(value in "[a-cX-Z0-9.@:_-]{1,64}") {
            let shape = Shape::of(value.as_bytes());
            prop_assert_eq!(shape.map(|shape| shape.bytes()), Some(Bytes::of(value.as_bytes())));
        }
    }
}
