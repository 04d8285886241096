//! Values that another entry must not take: what a fix looks out for beyond the
//! rules of the profile.

use rustc_hash::FxHashSet;
use wide::{CmpEq, CmpLt, i8x16};

use crate::directory::Facts;
use crate::directory::matching::fold_into;

use super::idfix::{Buffers, fold_plain};
use super::lower::LANE;
use super::{Attr, Fingerprint, Place, Profile, Slot, Subject};

/// Attributes of which no two entries may hold the same value: those that
/// directories keep unique themselves, and those that mail and synchronisation
/// want unique whatever the profile.
const UNIQUE: [Attr; 6] = [
    Attr::SamAccountName,
    Attr::UserPrincipalName,
    Attr::Mail,
    Attr::MailNickname,
    Attr::ProxyAddresses,
    Attr::TargetAddress,
];

/// The keys that an entry holds.
#[derive(Debug, Clone, Default)]
pub struct HeldKeys {
    /// Those of the profile: the values as its rules rewrite them. They decide
    /// which findings other entries get.
    pub by_rule: FxHashSet<Fingerprint>,
    /// Those of the values as they stand. They decide what a server takes.
    pub as_stored: FxHashSet<Fingerprint>,
}

impl HeldKeys {
    /// The keys of an entry.
    #[must_use]
    pub fn of(profile: &Profile, subject: &Subject<'_>) -> Self {
        let mut keys = Self::default();
        if profile.scope(subject).is_ok() {
            profile.keys(subject, &mut Buffers::default(), |key| {
                keys.by_rule.insert(key.fingerprint);
            });
        }
        for_each_value(subject, &mut HeldBuffers::default(), |key, _| {
            keys.as_stored.insert(key);
        });
        keys
    }

    /// The keys of the profile that more than one value of an entry holds.
    #[must_use]
    pub fn repeated(profile: &Profile, subject: &Subject<'_>) -> FxHashSet<Fingerprint> {
        let mut seen = FxHashSet::default();
        let mut repeated = FxHashSet::default();
        if profile.scope(subject).is_ok() {
            profile.keys(subject, &mut Buffers::default(), |key| {
                if !seen.insert(key.fingerprint) {
                    repeated.insert(key.fingerprint);
                }
            });
        }
        repeated
    }

    /// The keys that are held here and not there.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Self {
        let beyond = |a: &FxHashSet<Fingerprint>, b: &FxHashSet<Fingerprint>| {
            a.difference(b).copied().collect()
        };
        Self {
            by_rule: beyond(&self.by_rule, &other.by_rule),
            as_stored: beyond(&self.as_stored, &other.as_stored),
        }
    }
}

/// Room for what is worked out of one value, reused from value to value.
#[derive(Debug, Default)]
pub(super) struct HeldBuffers {
    value: Vec<u8>,
    key: Vec<u8>,
}

/// Adds the values of an entry as they stand.
pub(super) fn add_held(
    subject: &Subject<'_>,
    offset: u64,
    buffers: &mut HeldBuffers,
    slots: &mut Vec<Slot>,
) {
    for_each_value(subject, buffers, |fingerprint, value| {
        slots.extend(Place::new(offset, value).map(|place| Slot { fingerprint, place }));
    });
}

/// The key of a value as a server compares it: blanks at the ends and runs of
/// blanks do not count.
#[must_use]
pub fn stored_key(attr: Attr, value: &[u8], buffer: &mut Vec<u8>) -> Fingerprint {
    if is_folded_by_case(value) {
        return Fingerprint::of(attr, fold_plain(value, buffer));
    }
    buffer.clear();
    fold_into(Facts::of(attr.name().as_bytes()).syntax, value, buffer);
    Fingerprint::of(attr, buffer)
}

/// Whether a value is ASCII without NUL, with spaces only one at a time and within, so
/// that folding it changes nothing but case.
fn is_folded_by_case(value: &[u8]) -> bool {
    let (mut least, mut after_space) = (i8x16::splat(i8::MAX), 0);
    let mut has_run = false;
    let mut look = |lane: &[u8; LANE]| {
        let lane = i8x16::new(lane.map(u8::cast_signed));
        least = least.min(lane);
        let spaces = u32::from(lane.cmp_eq(i8x16::splat(b' '.cast_signed())).move_mask() as u16);
        has_run |= spaces & (spaces << 1 | after_space) != 0;
        after_space = spaces >> (LANE - 1);
    };
    let (lanes, tail) = value.as_chunks::<LANE>();
    lanes.iter().for_each(&mut look);
    if !tail.is_empty() {
        // A byte that says nothing about the value.
        let mut last = [b'-'; LANE];
        last[..tail.len()].copy_from_slice(tail);
        look(&last);
    }
    let has_nul_or_is_not_ascii = least.cmp_lt(i8x16::splat(1)).any();
    let has_outer = value.first() == Some(&b' ') || value.last() == Some(&b' ');
    !has_run && !has_outer && !has_nul_or_is_not_ascii
}

fn for_each_value(
    subject: &Subject<'_>,
    buffers: &mut HeldBuffers,
    mut each: impl FnMut(Fingerprint, usize),
) {
    for attr in UNIQUE {
        for (number, line) in subject.lines(attr).iter().enumerate() {
            let value = line.bytes_in(&mut buffers.value);
            each(stored_key(attr, value, &mut buffers.key), number);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_that_is_folded_by_case_alone_has_the_key_that_folding_gives(
            value in "[ ]{0,1}[a-cX-Zé\\x00]{1,20}([ ]{1,2}[a-cX-Z:/=\\x01-\\x03]{1,3}){0,3}[ ]{0,1}",
        ) {
            for attr in UNIQUE {
                let mut folded = Vec::new();
                fold_into(Facts::of(attr.name().as_bytes()).syntax, value.as_bytes(), &mut folded);
                let key = stored_key(attr, value.as_bytes(), &mut Vec::new());
                prop_assert_eq!(key, Fingerprint::of(attr, &folded));
            }
        }
    }
}
