//! All candidates together: no value is taken that another entry has or takes.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::rules::{Fingerprint, Profile, Slot, Survey};

use super::candidate::{Candidate, Policy};
use super::declined::Decline;

/// Drops suggestions until every value that an entry takes is free: held by
/// nobody, or by an entry of this run that gives it up.
///
/// What goes makes room for others only of what it would have taken, and each
/// suggestion is tried once; so it ends, after as many rounds as there are entries
/// in the longest chain of such values. A round looks at those only whom the one
/// before may concern.
pub(super) fn settle<'a>(
    candidates: &mut [Candidate<'a>],
    profile: &Profile,
    survey: &Survey<'a>,
    policy: &Policy<'_>,
) {
    let mut asking = Asking::default();
    for (number, candidate) in candidates.iter().enumerate() {
        asking.add(number, candidate);
    }
    let numbered = candidates.iter().enumerate();
    let by_offset = numbered.map(|(number, candidate)| (candidate.offset, number)).collect();
    let mut open: BTreeSet<usize> = (0..candidates.len()).collect();
    loop {
        let claims = Claims::of(candidates, survey, &by_offset);
        // Whoever must give way to a holder takes nothing from others: they are
        // asked only once nobody has to.
        let mut blocks = claims.blocked_by_holders(&open);
        if blocks.is_empty() {
            blocks = claims.blocked_by_takers();
        }
        if blocks.is_empty() {
            return;
        }
        open.clear();
        for (number, block) in blocks {
            let Some(candidate) = candidates.get_mut(number) else { continue };
            // Who asks about what it gave up or gives up now has to look again.
            open.extend(asking.concerned(candidate));
            open.insert(number);
            match block {
                Block::Value(key, reason) => candidate.drop_taking(key, &reason),
                Block::Proposal(at, reason) => candidate.decline(at..at + 1, &reason),
            }
            candidate.evaluate(profile, policy);
            open.extend(asking.concerned(candidate));
            asking.add(number, candidate);
        }
    }
}

/// The candidates to which it matters who holds a key.
#[derive(Default)]
struct Asking {
    by_key: FxHashMap<Fingerprint, Vec<usize>>,
}

impl Asking {
    fn add(&mut self, number: usize, candidate: &Candidate<'_>) {
        let takes = &candidate.takes;
        let keys = takes.as_stored.iter().chain(&takes.by_rule).chain(&candidate.new_keys).copied();
        for key in keys.chain(candidate.ceded().map(|(_, key, _)| key)) {
            let asking = self.by_key.entry(key).or_default();
            if asking.last() != Some(&number) {
                asking.push(number);
            }
        }
    }

    fn concerned(&self, candidate: &Candidate<'_>) -> impl Iterator<Item = usize> {
        let frees = &candidate.frees;
        let asking =
            frees.as_stored.iter().chain(&frees.by_rule).filter_map(|key| self.by_key.get(key));
        asking.flatten().copied()
    }
}

/// What stands in the way of a candidate.
enum Block {
    /// It cannot take a value of this key.
    Value(Fingerprint, Decline),
    /// One of its proposals, by number, must not be made.
    Proposal(usize, Decline),
}

/// Who takes which key, and who gives it up.
struct Claims<'c, 'a> {
    candidates: &'c [Candidate<'a>],
    survey: &'c Survey<'a>,
    /// Candidates by the place of their entry.
    by_offset: &'c FxHashMap<u64, usize>,
    /// The entries that keep a key, as far as that was asked.
    keepers: RefCell<FxHashMap<(Sense, Fingerprint), Keepers>>,
}

/// Which values count as the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sense {
    /// Those that a server takes for the same.
    Stored,
    /// Those that the profile's rules do.
    Rule,
}

/// The first two entries that keep a key, by their place.
#[derive(Debug, Clone, Copy)]
struct Keepers([Option<u64>; 2]);

impl Keepers {
    /// The first one but for one entry.
    fn beside(self, offset: u64) -> Option<u64> {
        self.0.into_iter().flatten().find(|&keeper| keeper != offset)
    }

    /// The first one, where it stands before a place.
    fn before(self, offset: u64) -> Option<u64> {
        self.0[0].filter(|&keeper| keeper < offset)
    }
}

impl<'c, 'a> Claims<'c, 'a> {
    fn of(
        candidates: &'c [Candidate<'a>],
        survey: &'c Survey<'a>,
        by_offset: &'c FxHashMap<u64, usize>,
    ) -> Self {
        Self { candidates, survey, by_offset, keepers: RefCell::default() }
    }

    /// Which of these candidates take what another entry keeps, or give up what
    /// none keeps.
    fn blocked_by_holders(&self, open: &BTreeSet<usize>) -> Vec<(usize, Block)> {
        let asked = open.iter().filter_map(|&number| Some((number, self.candidates.get(number)?)));
        asked
            .filter_map(|(number, candidate)| {
                let block = self.last_holding(candidate).or_else(|| self.held(candidate))?;
                Some((number, block))
            })
            .collect()
    }

    /// The candidates that take what an earlier one takes.
    fn blocked_by_takers(&self) -> Vec<(usize, Block)> {
        let mut stored: FxHashMap<Fingerprint, usize> = FxHashMap::default();
        // Values that a server takes for the same as before can be new to a rule.
        let mut by_rule: FxHashMap<Fingerprint, usize> = FxHashMap::default();
        let mut blocks = Vec::new();
        for (number, candidate) in self.candidates.iter().enumerate() {
            let taker = |takers: &FxHashMap<Fingerprint, usize>, keys| {
                let keys: Vec<Fingerprint> = sorted(keys);
                keys.into_iter().find_map(|key| Some((key, *takers.get(&key)?)))
            };
            let takes = &candidate.takes;
            let block =
                taker(&stored, &takes.as_stored).or_else(|| taker(&by_rule, &takes.by_rule));
            if let Some((key, first)) = block {
                let taker = self.candidates.get(first).map(|first| first.entry.dn.to_vec());
                let reason = Decline::Taken { taker: taker.unwrap_or_default() };
                blocks.push((number, Block::Value(key, reason)));
            } else {
                stored.extend(takes.as_stored.iter().map(|&key| (key, number)));
                by_rule.extend(takes.by_rule.iter().map(|&key| (key, number)));
            }
        }
        blocks
    }

    /// The entries that keep a key. There may be as many holders as entries, so
    /// they are gone through once.
    fn keepers(&self, sense: Sense, key: Fingerprint) -> Keepers {
        let find = || {
            let slots = self.slots(sense, key);
            let mut keeping = slots.iter().map(|slot| slot.place.offset());
            let mut next = |but: Option<u64>| {
                keeping.find(|&offset| Some(offset) != but && !self.gives_up(offset, sense, key))
            };
            let first = next(None);
            Keepers([first, first.and_then(|_| next(first))])
        };
        *self.keepers.borrow_mut().entry((sense, key)).or_insert_with(find)
    }

    fn slots(&self, sense: Sense, key: Fingerprint) -> &[Slot] {
        match sense {
            Sense::Stored => self.survey.holders_as_stored(key),
            Sense::Rule => self.survey.holders_by_rule(key),
        }
    }

    /// Whether an entry is a candidate that gives the key up.
    fn gives_up(&self, offset: u64, sense: Sense, key: Fingerprint) -> bool {
        let holder = self.by_offset.get(&offset).and_then(|&number| self.candidates.get(number));
        holder.is_some_and(|holder| match sense {
            Sense::Stored => holder.frees.as_stored.contains(&key),
            Sense::Rule => holder.frees.by_rule.contains(&key),
        })
    }

    /// A proposal that removes a duplicate which the entry that should have it gives
    /// up: one that is named, or else all earlier ones.
    fn last_holding(&self, candidate: &Candidate<'_>) -> Option<Block> {
        candidate.ceded().find_map(|(at, key, kept_at)| {
            if let Some(keeper) = kept_at {
                return self.gives_up(keeper, Sense::Rule, key).then(|| {
                    let holder = self.survey.dn_at(keeper);
                    Block::Proposal(at, Decline::GivenUp { holder })
                });
            }
            let first = self.slots(Sense::Rule, key).first()?.place.offset();
            let kept = self.keepers(Sense::Rule, key).before(candidate.offset).is_some();
            if kept || first >= candidate.offset {
                return None;
            }
            let holder = self.survey.dn_at(first);
            Some(Block::Proposal(at, Decline::GivenUp { holder }))
        })
    }

    /// A key that a candidate takes and that another entry keeps.
    fn held(&self, candidate: &Candidate<'_>) -> Option<Block> {
        let offset = candidate.offset;
        let block = |key, keeper: Option<u64>| {
            let holder = self.survey.dn_at(keeper?);
            Some(Block::Value(key, Decline::Held { holder }))
        };
        let stored = |key| block(key, self.keepers(Sense::Stored, key).beside(offset));
        // A new value whose key an earlier entry holds would be found as a duplicate,
        // whether or not the old one was.
        let earlier = |key| block(key, self.keepers(Sense::Rule, key).before(offset));
        let anywhere = |key| block(key, self.keepers(Sense::Rule, key).beside(offset));
        sorted(&candidate.takes.as_stored)
            .into_iter()
            .find_map(stored)
            .or_else(|| sorted(&candidate.new_keys).into_iter().find_map(earlier))
            .or_else(|| sorted(&candidate.takes.by_rule).into_iter().find_map(anywhere))
    }
}

/// Keys in an order that does not depend on how a set keeps them.
fn sorted(keys: &FxHashSet<Fingerprint>) -> Vec<Fingerprint> {
    let mut keys: Vec<_> = keys.iter().copied().collect();
    keys.sort_unstable();
    keys
}
