//! The quick look at a DN: nearly all that an export holds need nothing but small letters
//! to be their own keys, many bytes at a time.

use wide::{CmpEq, CmpLt, i8x16};

use super::parse::MOST_RDNS;
use crate::directory::lower::{LANE, padded};

/// Whether a DN is one of common names, organizational units and domain components, in
/// ASCII, with nothing escaped or quoted and no idle space, and not too long.
///
/// Two such DNs are the same exactly where they are without regard to case.
#[inline]
pub(crate) fn is_everyday_dn(dn: &[u8]) -> bool {
    // The shortest RDN, `CN=` and a comma, has four bytes.
    if dn.len() >= 4 * MOST_RDNS {
        return false;
    }
    let mut look = Look { dn, rdns: 0, equals: 0, before: 1, is_odd: false };
    look.begin_rdn(0);
    let (lanes, tail) = dn.as_chunks::<LANE>();
    for (lane, at) in lanes.iter().zip((0..).step_by(LANE)) {
        look.take(lane, at, u32::MAX);
    }
    if !tail.is_empty() {
        look.take(&padded(tail), dn.len() - tail.len(), (1 << tail.len()) - 1);
    }
    // The last byte ends a value.
    !look.is_odd && look.before == 0 && look.equals == look.rdns
}

/// What was seen so far.
struct Look<'d> {
    dn: &'d [u8],
    rdns: u32,
    equals: u32,
    /// 1 where the byte before is a space or separates something.
    before: u32,
    is_odd: bool,
}

impl Look<'_> {
    #[inline(always)]
    fn take(&mut self, lane: &[u8; LANE], at: usize, counts: u32) {
        let bytes = i8x16::new(lane.map(u8::cast_signed));
        let is = |byte: u8| bytes.cmp_eq(i8x16::splat(byte.cast_signed()));
        // Bytes that are not ASCII are below as well.
        let control = bytes.cmp_lt(i8x16::splat(0x20));
        let quoting = is(b'"') | is(b'\\') | is(b'#') | is(b'+');
        let special = control | quoting | is(b';') | is(b'<') | is(b'>');
        let (comma, equals) = (is(b','), is(b'='));
        let mask = |found: i8x16| found.move_mask().cast_unsigned() & counts;
        let between = mask(comma | equals | is(b' '));
        let before = between << 1 | self.before;
        self.is_odd |= mask(special) != 0 || before & between != 0;
        self.before = match counts {
            u32::MAX => between >> (LANE - 1),
            _ => between >> (counts.count_ones() - 1),
        } & 1;
        self.equals += mask(equals).count_ones();
        let mut commas = mask(comma);
        while commas != 0 {
            self.begin_rdn(at + commas.trailing_zeros() as usize + 1);
            commas &= commas - 1;
        }
    }

    /// Looks at the attribute type of an RDN.
    #[inline(always)]
    fn begin_rdn(&mut self, at: usize) {
        self.rdns += 1;
        let is_usual = match self.dn.get(at..at + 3) {
            Some(&[first, second, b'=']) => {
                matches!([first | 0x20, second | 0x20], [b'c', b'n'] | [b'o', b'u'] | [b'd', b'c'])
            }
            _ => false,
        };
        self.is_odd |= !is_usual;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::directory::dn::normalize_into;

    #[test]
    fn the_usual_dn_is_everyday_and_what_must_be_looked_at_twice_is_not() {
        for dn in [
            "CN=Ann",
            "cn=Ann Archer,OU=Sales & Co (Berlin)/North,DC=contoso,DC=com",
            "CN={6AC1786C-016F-11D2-945F-00C04fB984F9},CN=Policies,CN=System,DC=contoso,DC=com",
        ] {
            assert!(is_everyday_dn(dn.as_bytes()), "{dn}");
        }
        for dn in [
            "",
            "CN",
            "CN=",
            "Ann",
            "CN=Ann,",
            "CN=Ann,DC",
            "CN=Ann,DC=",
            "CN=,DC=com",
            "CN=Ann, DC=com",
            "CN=Ann ,DC=com",
            "CN= Ann,DC=com",
            "CN=Ann ",
            "CN=Ann  Archer",
            "CN=a=b",
            "CN=Ann\\, Archer",
            "CN=\"Ann\"",
            "CN=Ann+SN=Archer",
            "CN=#04",
            "CN=Ann;DC=com",
            "CN=Jürgen",
            "CN=Ann\n Archer",
            "commonName=Ann",
            "GN=Ann",
            "<SID=S-1>;CN=Ann",
        ] {
            assert!(!is_everyday_dn(dn.as_bytes()), "{dn}");
        }
    }

    proptest! {
        #[test]
        fn the_key_of_an_everyday_dn_is_the_dn_in_small_letters(
            dn in prop_oneof![
                "((CN|ou|DC|uid|GN)=[a-cA-C .=,\\\\#+\"-]{0,9},){0,4}(DC|dc)=[a-z ]{0,20}",
                "(CN|OU|DC)=[A-Za-z]{1,12}( [A-Za-z]{1,9})?(,(CN|OU|DC)=[A-Za-z]{1,12}){0,4}",
            ]
        ) {
            if is_everyday_dn(dn.as_bytes()) {
                let mut key = Vec::new();
                prop_assert!(normalize_into(dn.as_bytes(), &mut key).is_ok());
                prop_assert_eq!(key, dn.to_ascii_lowercase().into_bytes());
            }
        }

        #[test]
        fn a_usual_dn_of_any_length_is_everyday(
            dn in "(CN|OU|DC)=[A-Za-z]{1,12}( [A-Za-z]{1,9})?(,(CN|OU|DC)=[A-Za-z]{1,12}){0,4}",
        ) {
            prop_assert!(is_everyday_dn(dn.as_bytes()));
        }
    }
}
