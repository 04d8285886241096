//! The entries of an export of which the records speak.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::change::entry_text::HeldEntry;
use crate::change::identity;
use crate::directory::Entry;

/// The entries of an export that were asked for, by the key of their DN.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    asked: FxHashMap<Box<[u8]>, Option<HeldEntry<'a>>>,
    /// Whether something was asked for that was not looked for.
    wanting: bool,
    duplicates: u64,
}

impl<'a> Found<'a> {
    /// Asks for an entry before the export is read.
    pub(super) fn ask(&mut self, key: &[u8]) {
        if !self.asked.contains_key(key) {
            self.asked.insert(key.into(), None);
        }
    }

    pub(super) fn wants(&self, dn: &[u8]) -> bool {
        identity::dn_key(dn).is_some_and(|key| self.asked.contains_key(key.as_slice()))
    }

    pub(super) fn load(&mut self, dn: &[u8], entry: HeldEntry<'a>) {
        let key = identity::dn_key(dn);
        let Some(place) = key.and_then(|key| self.asked.get_mut(key.as_slice())) else { return };
        if place.is_some() {
            self.duplicates += 1;
        } else {
            *place = Some(entry);
        }
    }

    /// Whether there is an entry of a name; one that was not asked for before will be
    /// looked for at the next reading.
    pub(super) fn is_there(&mut self, key: &[u8]) -> bool {
        if !self.asked.contains_key(key) {
            self.asked.insert(key.into(), None);
            self.wanting = true;
        }
        self.asked.get(key).is_some_and(Option::is_some)
    }

    /// The entry of a name that was asked for before.
    pub(super) fn known(&self, key: &[u8]) -> Option<Cow<'_, Entry<'a>>> {
        self.asked.get(key)?.as_ref()?.entry()
    }

    pub(super) fn is_wanting(&self) -> bool {
        self.wanting
    }

    pub(super) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Forgets what was read.
    pub(super) fn begin_reading(&mut self) {
        self.wanting = false;
        self.duplicates = 0;
        self.asked.values_mut().for_each(|entry| *entry = None);
    }
}
