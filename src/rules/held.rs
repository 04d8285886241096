//! Values that another entry must not take: what a fix looks out for beyond the
//! rules of the profile.

use rustc_hash::FxHashSet;

use super::idfix::{Buffers, fold_key};
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

/// All keys that an entry holds: those of the profile, as its rules rewrite
/// them, and those of the values as they stand.
#[must_use]
pub fn held_keys(profile: &Profile, subject: &Subject<'_>) -> FxHashSet<Fingerprint> {
    let mut keys = FxHashSet::default();
    if profile.scope(subject).is_ok() {
        profile.inspect(subject, &mut Buffers::default(), |key| {
            keys.insert(key.fingerprint());
        });
    }
    for_each_value(subject, &mut Vec::new(), |key, _| {
        keys.insert(key);
    });
    keys
}

/// Adds the values of an entry as they stand.
pub(super) fn add_held(
    subject: &Subject<'_>,
    offset: u64,
    buffer: &mut Vec<u8>,
    slots: &mut Vec<Slot>,
) {
    for_each_value(subject, buffer, |fingerprint, value| {
        slots.extend(Place::new(offset, value).map(|place| Slot { fingerprint, place }));
    });
}

fn for_each_value(
    subject: &Subject<'_>,
    buffer: &mut Vec<u8>,
    mut each: impl FnMut(Fingerprint, usize),
) {
    for attr in UNIQUE {
        for (number, line) in subject.lines(attr).iter().enumerate() {
            each(Fingerprint::of(attr, fold_key(&line.bytes(), buffer)), number);
        }
    }
}
