//! What an entry holds and what is wrong with it before anything is corrected.

use std::cell::OnceCell;

use rustc_hash::FxHashSet;

use crate::directory::Entry;
use crate::rules::{AttrSet, Fingerprint, HeldKeys, Profile, addresses_of};

use super::found::{Known, local_findings};
use super::subject::{Scratch, subject_in, subject_of, values_of};

/// What there is of an entry as it stands: worked out anew for those that are looked at
/// again, since most are not, and there may be as many as entries.
pub(super) struct Held {
    pub keys: HeldKeys,
    pub addresses: FxHashSet<Fingerprint>,
    /// What is found in it, duplicates aside: asked for where something is found in the
    /// corrected entry, which is seldom.
    known: OnceCell<Known>,
}

impl Held {
    /// What there is of an entry; of the values as they stand those of these attributes.
    pub fn by(entry: &Entry<'_>, attrs: AttrSet, profile: &Profile, scratch: &mut Scratch) -> Self {
        let Scratch { buffers, subject: memory } = scratch;
        let subject = subject_in(std::mem::take(memory), &entry.dn, values_of(entry), profile);
        let held = Self {
            keys: HeldKeys::of(profile, &subject, attrs, buffers),
            addresses: addresses_of(&subject, buffers),
            known: OnceCell::new(),
        };
        *memory = subject.recycled();
        held
    }

    /// What is found in the entry, duplicates aside.
    pub fn known(&self, entry: &Entry<'_>, profile: &Profile) -> &Known {
        self.known.get_or_init(|| {
            let subject = subject_of(&entry.dn, values_of(entry), profile);
            Known::of(local_findings(profile, &subject).map(|found| found.0))
        })
    }
}
