//! The uniqueness index: which values are held more than once, over all inputs.
//!
//! A value costs 16 bytes: a fingerprint of its folded form and the place where
//! it stands. Fingerprints only ever narrow the search; whoever acts on a hit
//! compares the values themselves.

use std::hash::Hasher;

use rayon::prelude::*;
use rustc_hash::FxHasher;

use super::Attr;

/// The fingerprint of an attribute and a folded value: one hash of 64 bits over
/// both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a folded value of an attribute.
    #[must_use]
    pub fn of(attr: Attr, folded: &[u8]) -> Self {
        let mut hasher = FxHasher::default();
        hasher.write_u8(attr as u8);
        hasher.write(folded);
        Self(hasher.finish())
    }

    fn shard(self) -> usize {
        // The high bits: a shard's slots are sorted by the whole fingerprint.
        usize::try_from(self.0 >> 56).unwrap_or(0)
    }
}

/// Where a value stands: the entry's place over all inputs, and the value's
/// number within its attribute.
///
/// Places order as the inputs and their entries do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u64);

impl Place {
    const VALUE_BITS: u32 = 24;

    /// Values of one attribute of one entry that can be told apart; those behind
    /// them are not compared.
    pub const MAX_VALUES: usize = 1 << Self::VALUE_BITS;

    /// The place of value number `value` of the entry at `offset`, in bytes over
    /// all inputs. `None` above 1 TiB of input or [`Place::MAX_VALUES`] values.
    #[must_use]
    pub fn new(offset: u64, value: usize) -> Option<Self> {
        let value = u64::try_from(value).ok().filter(|&v| v < 1 << Self::VALUE_BITS)?;
        (offset < 1 << (64 - Self::VALUE_BITS)).then_some(Self(offset << Self::VALUE_BITS | value))
    }

    /// Bytes from the start of all inputs to the entry.
    #[must_use]
    pub fn offset(self) -> u64 {
        self.0 >> Self::VALUE_BITS
    }

    /// The value's number within its attribute, from 0.
    #[must_use]
    pub fn value(self) -> usize {
        usize::try_from(self.0 & ((1 << Self::VALUE_BITS) - 1)).unwrap_or(0)
    }
}

/// One value in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The fingerprint of the value.
    pub fingerprint: Fingerprint,
    /// Where the value stands.
    pub place: Place,
}

const SHARDS: usize = 256;

/// An index in the making.
#[derive(Debug)]
pub struct IndexBuilder {
    shards: Vec<Vec<Slot>>,
    /// Values that were not put into their shards yet. The ends of all shards are too
    /// far from each other to stay at hand while something else is done in between.
    pending: Vec<Slot>,
}

impl Default for IndexBuilder {
    fn default() -> Self {
        Self { shards: vec![Vec::new(); SHARDS], pending: Vec::new() }
    }
}

impl IndexBuilder {
    /// Makes room for so many values more, about: to grow step by step costs more
    /// than to add them. Memory that is not needed is not touched.
    pub fn expect(&mut self, values: usize) {
        let each = values / SHARDS;
        for shard in &mut self.shards {
            // Where there is no room it will be told when it is needed.
            let _ = shard.try_reserve_exact(each + each / 8);
        }
    }

    /// Adds a value; the order does not matter.
    #[inline]
    pub fn push(&mut self, slot: Slot) {
        self.pending.push(slot);
        if self.pending.len() == Self::MOST_PENDING {
            self.settle();
        }
    }

    /// 64 KiB.
    const MOST_PENDING: usize = 1 << 12;

    #[inline(never)]
    fn settle(&mut self) {
        for slot in self.pending.drain(..) {
            self.shards[slot.fingerprint.shard()].push(slot);
        }
    }

    /// Adds values, in any order.
    pub fn extend(&mut self, slots: impl IntoIterator<Item = Slot>) {
        slots.into_iter().for_each(|slot| self.push(slot));
    }

    /// How many values were added.
    #[must_use]
    pub fn values(&self) -> usize {
        self.pending.len() + self.shards.iter().map(Vec::len).sum::<usize>()
    }

    /// The index of all values added.
    #[must_use]
    pub fn build(self) -> Index {
        Self::build_together([self])
    }

    /// The index of all values that were added on several threads.
    #[must_use]
    pub fn build_together(builders: impl IntoIterator<Item = Self>) -> Index {
        let mut builders: Vec<Self> = builders.into_iter().collect();
        builders.iter_mut().for_each(Self::settle);
        let mut parts = |shard: usize| -> Vec<Vec<Slot>> {
            builders.iter_mut().map(|builder| std::mem::take(&mut builder.shards[shard])).collect()
        };
        let shards: Vec<_> = (0..SHARDS).map(&mut parts).collect();
        let sorted =
            shards.into_par_iter().map_init(Scratch::default, |scratch, parts| scratch.sort(parts));
        let (shards, shared): (Vec<_>, Vec<_>) = sorted.unzip();
        Index { shards, shared: shared.concat() }
    }
}

/// Room for sorting one shard after the other.
#[derive(Default)]
struct Scratch {
    /// What the next shard is written to: the room of a part of the one before it.
    spare: Vec<Slot>,
    /// Where each bucket ends.
    ends: Vec<usize>,
}

impl Scratch {
    /// Buckets of a shard at most: their ends stay in a core's first-level cache.
    const MOST_BUCKETS: u32 = 12;

    /// Sorts the parts of a shard together; gives the shard, and the fingerprints that
    /// have more than one holder.
    fn sort(&mut self, mut parts: Vec<Vec<Slot>>) -> (Vec<Slot>, Vec<Fingerprint>) {
        let length = parts.iter().map(Vec::len).sum::<usize>();
        // Fingerprints are spread evenly, so that a bucket gets two or three, about.
        let bits = length.checked_ilog2().unwrap_or(0).saturating_sub(1);
        let bits = bits.min(Self::MOST_BUCKETS);
        let mut shard = std::mem::take(&mut self.spare);
        shard.resize(length, Slot { fingerprint: Fingerprint(0), place: Place(0) });
        self.distribute(&parts, &mut shard, bits);
        self.spare = parts.pop().unwrap_or_default();
        let (mut shared, mut start) = (Vec::new(), 0);
        for &end in &self.ends {
            sort_bucket(&mut shard[start..end], &mut shared);
            start = end;
        }
        (shard, shared)
    }

    /// Brings the slots of all parts into buckets by the bits behind those that made
    /// the shard.
    fn distribute(&mut self, parts: &[Vec<Slot>], shard: &mut [Slot], bits: u32) {
        let bucket = |slot: &Slot| {
            let behind = slot.fingerprint.0 << SHARDS.ilog2();
            behind.checked_shr(u64::BITS - bits).map_or(0, |bucket| bucket as usize)
        };
        self.ends.clear();
        self.ends.resize(1 << bits, 0);
        for slot in parts.iter().flatten() {
            self.ends[bucket(slot)] += 1;
        }
        let mut start = 0;
        for count in &mut self.ends {
            // For now where the bucket begins; each slot moves it on.
            start += std::mem::replace(count, start);
        }
        for part in parts {
            for slot in part {
                let place = &mut self.ends[bucket(slot)];
                shard[*place] = *slot;
                *place += 1;
            }
        }
    }
}

/// Sorts a bucket and adds the fingerprints that have more than one holder.
#[inline]
fn sort_bucket(bucket: &mut [Slot], shared: &mut Vec<Fingerprint>) {
    /// Slots of a bucket that one pass brings in order faster than anything else.
    const FEW: usize = 16;
    let has_shared = match bucket.len() {
        0 | 1 => false,
        2..=FEW => insert_in_order(bucket),
        _ => {
            bucket.sort_unstable_by_key(|slot| slot.fingerprint);
            true
        }
    };
    // Nearly all fingerprints have one holder.
    if has_shared {
        sort_runs(bucket, shared);
    }
}

/// Sorts slots by their fingerprints; whether one of these stands twice.
#[inline]
fn insert_in_order(bucket: &mut [Slot]) -> bool {
    let mut has_shared = false;
    for at in 1..bucket.len() {
        let (before, behind) = bucket.split_at_mut(at);
        let Some(own) = behind.first_mut() else { break };
        // The new slot goes down step by step, and each one that is above it up.
        let slot = *own;
        let mut place = own;
        for other in before.iter_mut().rev() {
            has_shared |= other.fingerprint == slot.fingerprint;
            if other.fingerprint <= slot.fingerprint {
                break;
            }
            *place = *other;
            place = other;
        }
        *place = slot;
    }
    has_shared
}

/// Puts the holders of each fingerprint in order, and adds those that have more than one.
fn sort_runs(bucket: &mut [Slot], shared: &mut Vec<Fingerprint>) {
    for run in bucket.chunk_by_mut(|a, b| a.fingerprint == b.fingerprint) {
        if run.len() > 1 {
            run.sort_unstable_by_key(|slot| slot.place);
            shared.push(run[0].fingerprint);
        }
    }
}

/// All values that must be unique, by fingerprint.
#[derive(Debug)]
pub struct Index {
    shards: Vec<Vec<Slot>>,
    /// The fingerprints that have more than one holder, ascending.
    shared: Vec<Fingerprint>,
}

impl Index {
    /// The holders of a fingerprint, in the order of the inputs.
    #[must_use]
    pub fn holders(&self, fingerprint: Fingerprint) -> &[Slot] {
        let shard = &self.shards[fingerprint.shard()];
        let behind = &shard[first_from(shard, fingerprint)..];
        &behind[..gallop(behind, |slot| slot.fingerprint == fingerprint)]
    }

    /// Whether the fingerprint has more than one holder.
    ///
    /// That is asked of each value of an entry that has a finding, and a search
    /// through all slots would wait for memory at every step.
    #[must_use]
    pub fn is_shared(&self, fingerprint: Fingerprint) -> bool {
        self.shared.binary_search(&fingerprint).is_ok()
    }

    /// The fingerprints with more than one holder, each with its holders.
    pub fn shared(&self) -> impl ParallelIterator<Item = &[Slot]> {
        self.shared.par_iter().map(|&fingerprint| self.holders(fingerprint))
    }
}

/// The number of the first slot of a shard whose fingerprint is not below this one.
///
/// Fingerprints are spread evenly, so that the place is nearly known: a search through
/// all of the shard would wait for memory at every step.
fn first_from(shard: &[Slot], fingerprint: Fingerprint) -> usize {
    let share = u128::from(fingerprint.0 << SHARDS.ilog2());
    let mut from = usize::try_from((share * shard.len() as u128) >> u64::BITS).unwrap_or(0);
    let mut step = GALLOP;
    while shard[..from].last().is_some_and(|slot| slot.fingerprint >= fingerprint) {
        from = from.saturating_sub(step);
        step *= 2;
    }
    from + gallop(&shard[from..], |slot| slot.fingerprint < fingerprint)
}

/// How many slots pass a test that all fail behind the first one that fails it; quick
/// where these are few.
fn gallop(slots: &[Slot], passes: impl Fn(&Slot) -> bool) -> usize {
    let (mut from, mut step) = (0, GALLOP);
    while slots.get(from + step).is_some_and(&passes) {
        from += step;
        step *= 2;
    }
    let near = &slots[from..slots.len().min(from + step)];
    from + near.partition_point(passes)
}

/// Slots that are passed over by the first step of a search: two lines of a cache.
const GALLOP: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(attr: Attr, folded: &str, offset: u64, value: usize) -> Slot {
        let place = Place::new(offset, value).unwrap_or(Place(0));
        Slot { fingerprint: Fingerprint::of(attr, folded.as_bytes()), place }
    }

    #[test]
    fn holders_come_in_the_order_of_the_inputs_and_per_attribute() {
        let mut builder = IndexBuilder::default();
        builder.extend([
            slot(Attr::Mail, "a@x", 900, 0),
            slot(Attr::Mail, "a@x", 20, 3),
            slot(Attr::Mail, "a@x", 20, 1),
            slot(Attr::MailNickname, "a@x", 5, 0),
            slot(Attr::Mail, "b@x", 1, 0),
        ]);
        let index = builder.build();
        let places: Vec<_> = index
            .holders(Fingerprint::of(Attr::Mail, b"a@x"))
            .iter()
            .map(|slot| (slot.place.offset(), slot.place.value()))
            .collect();
        assert_eq!(places, [(20, 1), (20, 3), (900, 0)]);
        assert_eq!(index.holders(Fingerprint::of(Attr::Mail, b"b@x")).len(), 1);
        assert!(index.holders(Fingerprint::of(Attr::Mail, b"c@x")).is_empty());
        let shared: Vec<_> = index.shared().map(<[Slot]>::len).collect();
        assert_eq!(shared, [3]);
        assert!(index.is_shared(Fingerprint::of(Attr::Mail, b"a@x")));
        assert!(!index.is_shared(Fingerprint::of(Attr::Mail, b"b@x")));
        assert!(!index.is_shared(Fingerprint::of(Attr::MailNickname, b"a@x")));
    }

    #[test]
    fn an_index_is_the_same_however_many_threads_gathered_its_values() {
        let value = |at: u64| slot(Attr::Mail, &format!("a{}@x", at % 700), at, 0);
        let all = |index: &Index| -> Vec<Slot> { index.shards.concat() };
        let mut alone = IndexBuilder::default();
        alone.extend((0..1000).map(value));
        assert_eq!(alone.values(), 1000);
        let alone = alone.build();
        for threads in [2, 3] {
            let builders = (0..threads).map(|thread| {
                let mut builder = IndexBuilder::default();
                builder.expect(10);
                builder.extend((0..1000).rev().filter(|at| at % threads == thread).map(value));
                builder
            });
            let together = IndexBuilder::build_together(builders);
            let runs = |index: &Index| -> Vec<Vec<Slot>> {
                index.shared().map(<[Slot]>::to_vec).collect()
            };
            assert_eq!(runs(&together), runs(&alone));
            assert_eq!(all(&together), all(&alone));
        }
        assert_eq!(IndexBuilder::build_together([]).shared().count(), 0);
    }

    #[test]
    fn a_place_keeps_offset_and_value_or_refuses_them() {
        let place = Place::new((1 << 40) - 1, Place::MAX_VALUES - 1);
        assert_eq!(
            place.map(|place| (place.offset(), place.value())),
            Some(((1 << 40) - 1, Place::MAX_VALUES - 1))
        );
        assert_eq!(Place::new(1 << 40, 0), None);
        assert_eq!(Place::new(0, Place::MAX_VALUES), None);
    }

    #[test]
    fn a_shard_of_any_size_is_sorted_and_its_shared_fingerprints_are_told() {
        let mut scratch = Scratch::default();
        for length in [0, 1, 2, 3, 7, 8, 100, 5000] {
            let hash = |at: u64| Fingerprint((at / 2 * 2).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8);
            let slots =
                (0..length).rev().map(|at| Slot { fingerprint: hash(at), place: Place(at) });
            let slots: Vec<Slot> = slots.collect();
            let mut expected = slots.clone();
            expected.sort_unstable();
            let (one, other) = slots.split_at(slots.len() / 3);
            let (shard, shared) = scratch.sort(vec![one.to_vec(), other.to_vec()]);
            assert_eq!(shard, expected);
            assert!(shared.is_sorted());
            assert_eq!(shared.len() as u64, length / 2);
            for slot in &shard {
                let Fingerprint(own) = slot.fingerprint;
                for near in [own.wrapping_sub(1), own, own + 1].map(Fingerprint) {
                    let first = shard.partition_point(|slot| slot.fingerprint < near);
                    assert_eq!(first_from(&shard, near), first);
                }
            }
            for end in [Fingerprint(0), Fingerprint(u64::MAX >> SHARDS.ilog2())] {
                let first = shard.partition_point(|slot| slot.fingerprint < end);
                assert_eq!(first_from(&shard, end), first);
            }
        }
    }
}
