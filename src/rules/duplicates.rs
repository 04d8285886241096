//! What the index says about the values of one entry at a time.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::PoisonError;

use rustc_hash::FxHashMap;

use super::catalogue::identifiers::SPACE;
use super::catalogue::references::{is_same, key_of};
use super::catalogue::uniqueness::{NAMED_HOLDERS, Others, Party};
use super::catalogue::{Choice, Keep, Keeper};
use super::idfix::{Buffers, Duplicates, Holder};
use super::survey::{LACKS_CERTIFICATE, Survey};
use super::{Attr, Fingerprint, Gathered, Place};

/// The keys of an entry that are not its own alone, by attribute and number of the
/// value.
type Keys = FxHashMap<(Attr, usize), Vec<u8>>;

/// Answers for one entry after the other, with a memory for other holders: the
/// holders of one value follow each other in many exports.
pub(super) struct EntryDuplicates<'s, 'a> {
    survey: &'s Survey<'a>,
    own: Rc<HoldingEntry<'a>>,
    memory: RefCell<Memory<'a>>,
    buffers: RefCell<Buffers>,
}

/// Entries that hold values, as far as they are remembered.
#[derive(Default)]
struct Memory<'a> {
    entries: FxHashMap<u64, Rc<HoldingEntry<'a>>>,
    keys: usize,
}

/// Keys that are remembered at a time.
const MEMORY: usize = 1 << 16;

#[derive(Default)]
struct HoldingEntry<'a> {
    offset: u64,
    dn: Cow<'a, [u8]>,
    common_name: Cow<'a, [u8]>,
    keys: Keys,
    /// As findings of others name it, where they do.
    party: Option<Rc<Party>>,
}

impl<'a> HoldingEntry<'a> {
    fn of(survey: &Survey<'a>, entry: &Gathered<'a>, offset: u64, buffers: &mut Buffers) -> Self {
        let mut keys = Keys::default();
        survey.options.profile.keys(&entry.subject, buffers, |key| {
            // Nobody asks for a key that has one holder, and most have.
            if survey.index.is_shared(key.fingerprint) {
                keys.insert((key.attr, key.value), key.bytes.to_vec());
            }
        });
        let subject = &entry.subject;
        let party = match keys.is_empty() {
            false => survey.options.profile.party(subject).map(Rc::new),
            true => None,
        };
        Self { offset, dn: subject.dn_value(), common_name: subject.common_name(), keys, party }
    }
}

impl<'s, 'a> EntryDuplicates<'s, 'a> {
    pub(super) fn new(survey: &'s Survey<'a>) -> Self {
        Self { survey, own: Rc::default(), memory: RefCell::default(), buffers: RefCell::default() }
    }

    /// Takes up the next entry.
    pub(super) fn load(&mut self, entry: &Gathered<'a>, offset: u64) {
        let buffers = self.buffers.get_mut();
        self.own = Rc::new(HoldingEntry::of(self.survey, entry, offset, buffers));
        if self.shares_any() {
            self.remember(&self.own);
        }
    }

    fn remember(&self, entry: &Rc<HoldingEntry<'a>>) {
        let mut memory = self.memory.borrow_mut();
        if memory.keys > MEMORY {
            *memory = Memory::default();
        }
        memory.keys += entry.keys.len() + 1;
        memory.entries.insert(entry.offset, Rc::clone(entry));
    }

    fn entry_at(&self, offset: u64) -> Option<Rc<HoldingEntry<'a>>> {
        if let Some(entry) = self.memory.borrow().entries.get(&offset) {
            return Some(Rc::clone(entry));
        }
        let mut found = None;
        self.survey.read_one(self.survey.entry_text(offset), |entry| {
            let mut buffers = self.buffers.borrow_mut();
            found = Some(Rc::new(HoldingEntry::of(self.survey, entry, offset, &mut buffers)));
        });
        let entry = found?;
        self.remember(&entry);
        Some(entry)
    }

    /// The object that keeps a value, worked out once for all of its holders.
    fn keeper(&self, fingerprint: Fingerprint, key: &[u8]) -> Keeper {
        let keep = self.survey.options.profile.keep();
        if keep == Keep::None {
            return Keeper::NotAsked;
        }
        let known = || self.survey.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = known().get(&fingerprint) {
            return keeper.clone();
        }
        let mut choice = Choice::new(keep);
        for slot in self.survey.index.holders(fingerprint) {
            let Some(entry) = self.entry_at(slot.place.offset()) else { continue };
            let is_same = entry.keys.get(&(SPACE, slot.place.value())).is_some_and(|it| it == key);
            if let (true, Some(party)) = (is_same, &entry.party) {
                choice.offer(slot.place.offset(), party);
            }
        }
        let keeper = choice.keeper();
        known().insert(fingerprint, keeper.clone());
        keeper
    }

    /// The first value over all inputs that holds exactly this key.
    fn first(&self, attr: Attr, key: &[u8]) -> Option<(Place, Rc<HoldingEntry<'a>>)> {
        let holders = self.survey.index.holders(Fingerprint::of(attr, key));
        // Equal fingerprints are equal keys but for one chance in 10^18, so the
        // first holder is nearly always the answer.
        holders.iter().find_map(|slot| {
            let entry = self.entry_at(slot.place.offset())?;
            let held = entry.keys.get(&(attr, slot.place.value()))?;
            (held == key).then(|| (slot.place, Rc::clone(&entry)))
        })
    }
}

impl Duplicates for EntryDuplicates<'_, '_> {
    fn is_later_holder(&self, attr: Attr, value: usize) -> bool {
        let Some(key) = self.own.keys.get(&(attr, value)) else { return false };
        let Some(place) = Place::new(self.own.offset, value) else { return false };
        self.first(attr, key).is_some_and(|(first, _)| first < place)
    }

    fn shares_any(&self) -> bool {
        !self.own.keys.is_empty()
    }

    fn others(&self, number: usize) -> Others {
        let mut others = Others::default();
        let Some(key) = self.own.keys.get(&(SPACE, number)) else { return others };
        let fingerprint = Fingerprint::of(SPACE, key);
        let holders = self.survey.index.holders(fingerprint);
        let mut is_behind = false;
        for (at, slot) in holders.iter().enumerate() {
            if slot.place.offset() == self.own.offset {
                is_behind = true;
                continue;
            }
            if others.named.len() == NAMED_HOLDERS {
                // Each object holds a key once; there may be as many as entries.
                let left = holders.len() - at;
                others.more = left - usize::from(!is_behind);
                break;
            }
            let Some(entry) = self.entry_at(slot.place.offset()) else { continue };
            let theirs = slot.place.value();
            let is_same = entry.keys.get(&(SPACE, theirs)).is_some_and(|held| held == key);
            if let (true, Some(party)) = (is_same, &entry.party) {
                others.named.push((Rc::clone(party), theirs));
            }
        }
        others.keeper = self.keeper(fingerprint, key);
        others
    }

    fn is_absent(&self, dn: &[u8]) -> bool {
        !self.survey.absent.holders(key_of(dn, &mut Vec::new())).is_empty()
    }

    fn lacks_certificate(&self, dn: &[u8]) -> bool {
        let holders = self.survey.absent.holders(key_of(dn, &mut Vec::new()));
        holders.iter().any(|slot| slot.place.value() == LACKS_CERTIFICATE)
    }

    fn why_absent(&self, dn: &[u8]) -> Option<&'static str> {
        let holders = self.survey.absent.holders(key_of(dn, &mut Vec::new()));
        holders.iter().find_map(|slot| {
            let (own, reason) = self.survey.scope_at(slot.place.offset())?;
            is_same(&own, dn).then_some(reason)
        })
    }

    fn first_holder(&self, attr: Attr, key: &[u8]) -> Option<Holder<'_>> {
        let (place, entry) = self.first(attr, key)?;
        // A holder behind this entry was not known yet when its row was made.
        (place.offset() <= self.own.offset).then(|| Holder {
            dn: Cow::Owned(entry.dn.to_vec()),
            common_name: Cow::Owned(entry.common_name.to_vec()),
        })
    }
}
