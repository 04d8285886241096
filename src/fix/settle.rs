//! All candidates together: no value is taken that another entry has or takes.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::rules::{Fingerprint, Profile, StoredValue, Survey};

use super::candidate::{Candidate, Policy};
use super::declined::Decline;
use super::subject::Scratch;

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
    let mut scratch = Scratch::default();
    let mut open: BTreeSet<usize> = (0..candidates.len()).collect();
    let holders = Holders { survey, known: RefCell::default() };
    loop {
        let claims = Claims::of(candidates, &holders, &by_offset);
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
            candidate.evaluate(profile, policy, &mut scratch);
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
        let stored = takes.as_stored.iter().map(StoredValue::key);
        let keys = stored.chain(takes.by_rule.iter().chain(&candidate.new_keys).copied());
        for key in keys.chain(candidate.ceded().map(|(_, key, _)| key)) {
            let asking = self.by_key.entry(key).or_default();
            if asking.last() != Some(&number) {
                asking.push(number);
            }
        }
    }

    fn concerned(&self, candidate: &Candidate<'_>) -> impl Iterator<Item = usize> {
        let frees = &candidate.frees;
        let stored = frees.as_stored.iter().map(StoredValue::key);
        let keys = stored.chain(frees.by_rule.iter().copied());
        keys.filter_map(|key| self.by_key.get(&key)).flatten().copied()
    }
}

/// What stands in the way of a candidate.
enum Block {
    /// It cannot take a value of this key.
    Value(Fingerprint, Decline),
    /// One of its proposals, by number, must not be made.
    Proposal(usize, Decline),
}

/// What only one entry may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Claim<'c> {
    /// A value, and what a server takes for the same.
    Stored(&'c StoredValue),
    /// What the profile's rules take for the same.
    Rule(Fingerprint),
}

impl Claim<'_> {
    fn key(self) -> Fingerprint {
        match self {
            Self::Stored(value) => value.key(),
            Self::Rule(key) => key,
        }
    }
}

/// Who holds what, in the export as it is.
struct Holders<'c, 'a> {
    survey: &'c Survey<'a>,
    /// The holders of values, which take reading to be told, as far as that was asked.
    known: RefCell<FxHashMap<StoredValue, Rc<[u64]>>>,
}

impl Holders<'_, '_> {
    /// The entries that hold a value, by their place.
    fn of(&self, value: &StoredValue) -> Rc<[u64]> {
        if let Some(known) = self.known.borrow().get(value) {
            return Rc::clone(known);
        }
        let holders: Rc<[u64]> = self.survey.holders_as_stored(value).into();
        self.known.borrow_mut().insert(value.clone(), Rc::clone(&holders));
        holders
    }
}

/// Who takes what, and who gives it up.
struct Claims<'c, 'a> {
    candidates: &'c [Candidate<'a>],
    holders: &'c Holders<'c, 'a>,
    /// Candidates by the place of their entry.
    by_offset: &'c FxHashMap<u64, usize>,
    /// The entries that keep a claim, as far as that was asked.
    keepers: RefCell<FxHashMap<Claim<'c>, Keepers>>,
}

/// The first two entries that keep what another claims, by their place.
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
        holders: &'c Holders<'c, 'a>,
        by_offset: &'c FxHashMap<u64, usize>,
    ) -> Self {
        Self { candidates, holders, by_offset, keepers: RefCell::default() }
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
        // Values that a server takes for the same as before can be new to a rule.
        let mut takers: FxHashMap<Claim<'_>, usize> = FxHashMap::default();
        let mut blocks = Vec::new();
        for (number, candidate) in self.candidates.iter().enumerate() {
            let takes = &candidate.takes;
            let stored = sorted(&takes.as_stored).into_iter().map(Claim::Stored);
            let by_rule = sorted(&takes.by_rule).into_iter().copied().map(Claim::Rule);
            let claims: Vec<Claim<'_>> = stored.chain(by_rule).collect();
            let taken = claims.iter().find_map(|claim| Some((claim.key(), *takers.get(claim)?)));
            if let Some((key, first)) = taken {
                let taker = self.candidates.get(first).map(|first| first.entry.dn.to_vec());
                let reason = Decline::Taken { taker: taker.unwrap_or_default() };
                blocks.push((number, Block::Value(key, reason)));
            } else {
                takers.extend(claims.into_iter().map(|claim| (claim, number)));
            }
        }
        blocks
    }

    /// The entries that keep what is claimed. There may be as many holders as entries,
    /// so they are gone through once.
    fn keepers(&self, claim: Claim<'c>) -> Keepers {
        let find = || match claim {
            Claim::Stored(value) => self.first_two(claim, self.holders.of(value).iter().copied()),
            Claim::Rule(key) => {
                let slots = self.holders.survey.holders_by_rule(key).iter();
                self.first_two(claim, slots.map(|slot| slot.place.offset()))
            }
        };
        *self.keepers.borrow_mut().entry(claim).or_insert_with(find)
    }

    fn first_two(&self, claim: Claim<'_>, holders: impl Iterator<Item = u64>) -> Keepers {
        let mut keeping = holders.filter(|&offset| !self.gives_up(offset, claim));
        let first = keeping.next();
        Keepers([first, keeping.find(|&offset| Some(offset) != first)])
    }

    /// Whether an entry is a candidate that gives up what is claimed.
    fn gives_up(&self, offset: u64, claim: Claim<'_>) -> bool {
        let holder = self.by_offset.get(&offset).and_then(|&number| self.candidates.get(number));
        holder.is_some_and(|holder| match claim {
            Claim::Stored(value) => holder.frees.as_stored.contains(value),
            Claim::Rule(key) => holder.frees.by_rule.contains(&key),
        })
    }

    /// A proposal that removes a duplicate which the entry that should have it gives
    /// up: one that is named, or else all earlier ones.
    fn last_holding(&self, candidate: &Candidate<'_>) -> Option<Block> {
        candidate.ceded().find_map(|(at, key, kept_at)| {
            if let Some(keeper) = kept_at {
                return self.gives_up(keeper, Claim::Rule(key)).then(|| {
                    let holder = self.holders.survey.dn_at(keeper);
                    Block::Proposal(at, Decline::GivenUp { holder })
                });
            }
            let holders = self.holders.survey.holders_by_rule(key);
            let first = holders.first()?.place.offset();
            let kept = self.keepers(Claim::Rule(key)).before(candidate.offset).is_some();
            if kept || first >= candidate.offset {
                return None;
            }
            let holder = self.holders.survey.dn_at(first);
            Some(Block::Proposal(at, Decline::GivenUp { holder }))
        })
    }

    /// A key that a candidate takes and that another entry keeps.
    fn held(&self, candidate: &'c Candidate<'a>) -> Option<Block> {
        let offset = candidate.offset;
        let block = |key, keeper: Option<u64>| {
            let holder = self.holders.survey.dn_at(keeper?);
            Some(Block::Value(key, Decline::Held { holder }))
        };
        let stored = |value: &'c StoredValue| {
            block(value.key(), self.keepers(Claim::Stored(value)).beside(offset))
        };
        let by_rule = |key: Fingerprint| self.keepers(Claim::Rule(key));
        // A new value whose key an earlier entry holds would be found as a duplicate,
        // whether or not the old one was.
        let earlier = |&key: &Fingerprint| block(key, by_rule(key).before(offset));
        let anywhere = |&key: &Fingerprint| block(key, by_rule(key).beside(offset));
        sorted(&candidate.takes.as_stored)
            .into_iter()
            .find_map(stored)
            .or_else(|| sorted(&candidate.new_keys).into_iter().find_map(earlier))
            .or_else(|| sorted(&candidate.takes.by_rule).into_iter().find_map(anywhere))
    }
}

/// What is in a set, in an order that does not depend on how the set keeps it.
fn sorted<T: Ord>(set: &FxHashSet<T>) -> Vec<&T> {
    let mut sorted: Vec<&T> = set.iter().collect();
    sorted.sort_unstable();
    sorted
}
