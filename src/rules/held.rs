//! Values that another entry must not take: what a fix looks out for beyond the
//! rules of the profile.

use rustc_hash::{FxBuildHasher, FxHashSet};
use wide::{CmpEq, CmpLt, i8x16};

use crate::directory::Facts;
use crate::directory::lower::LANE;
use crate::directory::matching::fold_into;

use super::catalogue::identifiers::LedTo;
use super::idfix::{Buffers, fold_plain};
use super::{Attr, AttrSet, Fingerprint, IndexBuilder, Place, Profile, Slot, Subject};

/// Attributes of which no two entries may hold the same value: those that
/// directories keep unique themselves, and those that mail and synchronisation
/// want unique whatever the profile.
pub(super) const UNIQUE: [Attr; 6] = [
    Attr::SamAccountName,
    Attr::UserPrincipalName,
    Attr::Mail,
    Attr::MailNickname,
    Attr::ProxyAddresses,
    Attr::TargetAddress,
];

/// A value as a server compares it: without regard to case, to blanks at its ends and
/// to how many there are within.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoredValue {
    /// The attribute.
    pub attr: Attr,
    folded: Box<[u8]>,
}

impl StoredValue {
    /// A value of an attribute.
    #[must_use]
    pub fn of(attr: Attr, value: &[u8]) -> Self {
        Self::folded_in(attr, value, &mut Vec::new())
    }

    fn folded_in(attr: Attr, value: &[u8], buffer: &mut Vec<u8>) -> Self {
        fold(attr, value, buffer);
        Self { attr, folded: buffer.as_slice().into() }
    }

    /// Its fingerprint.
    #[must_use]
    pub fn key(&self) -> Fingerprint {
        Fingerprint::of(self.attr, &self.folded)
    }

    /// The value as it is compared.
    pub(super) fn folded(&self) -> &[u8] {
        &self.folded
    }

    /// Whether an entry holds it.
    pub(super) fn is_held_by(&self, subject: &Subject<'_>) -> bool {
        let (mut value, mut folded) = (Vec::new(), Vec::new());
        subject.lines(self.attr).iter().any(|line| {
            fold(self.attr, line.bytes_in(&mut value), &mut folded);
            *folded == *self.folded
        })
    }
}

/// What an entry holds of that which only one entry may have.
#[derive(Debug, Clone, Default)]
pub struct HeldKeys {
    /// The keys of the profile: the values as its rules rewrite them. They decide
    /// which findings other entries get.
    pub by_rule: FxHashSet<Fingerprint>,
    /// The values of some attributes as they stand. They decide what a server takes.
    pub as_stored: FxHashSet<StoredValue>,
    /// The keys of the profile that more than one value of the entry has.
    pub repeated: FxHashSet<Fingerprint>,
}

impl HeldKeys {
    /// The keys of an entry; of its values as they stand those of these attributes.
    #[must_use]
    pub fn of(
        profile: &Profile,
        subject: &Subject<'_>,
        attrs: AttrSet,
        buffers: &mut Buffers,
    ) -> Self {
        // To grow step by step is to hash again and again.
        const USUAL: usize = 14;
        let unique = || UNIQUE.into_iter().filter(|attr| attrs.contains(*attr));
        let stored = unique().map(|attr| subject.lines(attr).len()).sum();
        let mut keys = Self {
            by_rule: FxHashSet::with_capacity_and_hasher(USUAL, FxBuildHasher),
            as_stored: FxHashSet::with_capacity_and_hasher(stored, FxBuildHasher),
            repeated: FxHashSet::default(),
        };
        if profile.scope(subject).is_ok() {
            profile.keys(subject, buffers, |key| {
                if !keys.by_rule.insert(key.fingerprint) {
                    keys.repeated.insert(key.fingerprint);
                }
            });
        }
        let HeldBuffers { value, folded } = &mut HeldBuffers::default();
        for attr in unique() {
            let lines = subject.lines(attr).iter();
            let stored =
                lines.map(|line| StoredValue::folded_in(attr, line.bytes_in(value), folded));
            keys.as_stored.extend(stored);
        }
        keys
    }

    /// The keys that are held here and not there.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Self {
        Self {
            by_rule: self.by_rule.difference(&other.by_rule).copied().collect(),
            as_stored: self.as_stored.difference(&other.as_stored).cloned().collect(),
            repeated: self.repeated.difference(&other.repeated).copied().collect(),
        }
    }
}

/// Room for what is worked out of one value, reused from value to value.
#[derive(Debug, Default)]
pub(super) struct HeldBuffers {
    value: Vec<u8>,
    folded: Vec<u8>,
}

/// Adds the values of an entry as they stand, but for those to which another index
/// leads.
pub(super) fn add_held(
    subject: &Subject<'_>,
    offset: u64,
    buffers: &mut HeldBuffers,
    index: &mut IndexBuilder,
    led_to: LedTo,
) {
    for attr in UNIQUE {
        for (number, line) in subject.lines(attr).iter().enumerate() {
            if led_to.has(attr, number) {
                continue;
            }
            let value = line.bytes_in(&mut buffers.value);
            fold(attr, value, &mut buffers.folded);
            let fingerprint = Fingerprint::of(attr, &buffers.folded);
            index.extend(Place::new(offset, number).map(|place| Slot { fingerprint, place }));
        }
    }
}

/// Writes a value as a server compares it to a buffer.
fn fold(attr: Attr, value: &[u8], buffer: &mut Vec<u8>) {
    if is_folded_by_case(value) {
        let length = fold_plain(value, buffer).len();
        buffer.truncate(length);
        return;
    }
    buffer.clear();
    fold_into(Facts::of(attr.name().as_bytes()).syntax, value, buffer);
}

/// Whether a value is ASCII without NUL, with spaces only one at a time and within, so
/// that folding it changes nothing but case.
pub(super) fn is_folded_by_case(value: &[u8]) -> bool {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ldif::ReadOptions;
    use crate::rules::{CheckOptions, Export, ProfileOptions, Selection, Survey};

    proptest! {
        #[test]
        fn a_value_that_is_folded_by_case_alone_has_the_key_that_folding_gives(
            value in "[ ]{0,1}[a-cX-Zé\\x00]{1,20}([ ]{1,2}[a-cX-Z:/=\\x01-\\x03]{1,3}){0,3}[ ]{0,1}",
        ) {
            for attr in UNIQUE {
                let mut folded = Vec::new();
                fold_into(Facts::of(attr.name().as_bytes()).syntax, value.as_bytes(), &mut folded);
                let stored = StoredValue::of(attr, value.as_bytes());
                prop_assert_eq!(stored.folded(), folded);
            }
        }
    }

    /// An entry of a kind with values of attributes that only one entry may have.
    fn entry() -> impl Strategy<Value = (&'static str, Vec<(Attr, String)>)> {
        let value = prop_oneof![
            "(smtp:|SMTP:|X500:/o=|:)?[abA] ?é?(@x\\.com)?",
            "[ab](@x\\.com)?",
            // What directories take for a colon.
            "[ab](：|:)[ab]:[ab]",
        ];
        let values = prop::collection::vec((prop::sample::select(UNIQUE.to_vec()), value), 1..5);
        (
            prop::sample::select(vec![
                "user",
                "contact",
                "group",
                "publicFolder",
                "organizationalUnit",
            ]),
            values,
        )
    }

    proptest! {
        #[test]
        fn all_who_hold_a_value_are_told_whichever_index_leads_to_them(
            entries in prop::collection::vec(entry(), 1..8),
            profile in prop::sample::select(vec!["entra", "google", "idfix-multitenant"]),
        ) {
            use std::fmt::Write as _;

            let (mut export, mut held) = (String::new(), Vec::new());
            for (number, (class, values)) in entries.iter().enumerate() {
                let offset = export.len() as u64;
                let _ = write!(export, "dn: CN=P{number},DC=x\nobjectClass: {class}\n");
                for (attr, value) in values {
                    let value64 = base64::Engine::encode(
                        &base64::engine::general_purpose::STANDARD, value);
                    let _ = writeln!(export, "{}:: {value64}", attr.name());
                    held.push((StoredValue::of(*attr, value.as_bytes()), offset));
                }
                export.push('\n');
            }
            let options = CheckOptions {
                profile: Profile::by_name(profile, ProfileOptions::default()).unwrap(),
                selection: Selection::default(),
                read: ReadOptions::default(),
                keep_held: true,
            };
            let exports = [Export { name: "x", bytes: export.as_bytes() }];
            let survey = Survey::run(&exports, &options, &|_| {});
            for (value, _) in &held {
                let mut expected: Vec<u64> =
                    held.iter().filter(|(other, _)| other == value).map(|it| it.1).collect();
                expected.dedup();
                prop_assert_eq!(survey.holders_as_stored(value), expected);
            }
        }
    }
}
