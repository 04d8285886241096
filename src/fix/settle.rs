//! All candidates together: no value is taken that another entry has or takes.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::rules::{Fingerprint, Profile, Slot, Survey};

use super::candidate::{Candidate, Policy};
use super::declined::Decline;

/// Drops suggestions until every value that an entry takes is free: held by
/// nobody, or by an entry of this run that gives it up.
///
/// What goes makes room for others only of what it would have taken, and each
/// suggestion is tried once; so it ends, after as many rounds as there are entries
/// in the longest chain of such values.
pub(super) fn settle(
    candidates: &mut [Candidate<'_>],
    profile: &Profile,
    survey: &Survey<'_>,
    policy: &Policy<'_>,
) {
    loop {
        let claims = Claims::of(candidates, survey);
        // Whoever must give way to a holder takes nothing from others: they are
        // asked only once nobody has to.
        let mut blocks = claims.blocked_by_holders();
        if blocks.is_empty() {
            blocks = claims.blocked_by_takers();
        }
        if blocks.is_empty() {
            return;
        }
        for (number, block) in blocks {
            let Some(candidate) = candidates.get_mut(number) else { continue };
            match block {
                Block::Value(key, reason) => candidate.drop_taking(key, &reason),
                Block::Proposal(at, reason) => candidate.decline(at..at + 1, &reason),
            }
            candidate.evaluate(profile, policy);
        }
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
    by_offset: FxHashMap<u64, usize>,
}

impl<'c, 'a> Claims<'c, 'a> {
    fn of(candidates: &'c [Candidate<'a>], survey: &'c Survey<'a>) -> Self {
        let numbered = candidates.iter().enumerate();
        let by_offset = numbered.map(|(number, candidate)| (candidate.offset, number)).collect();
        Self { candidates, survey, by_offset }
    }

    /// The candidates that take what another entry keeps, or give up what none
    /// keeps.
    fn blocked_by_holders(&self) -> Vec<(usize, Block)> {
        let numbered = self.candidates.iter().enumerate();
        numbered
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

    /// Whether the holder of a slot is a candidate that gives the key up.
    fn gives_up(&self, slot: &Slot, gives_up: impl Fn(&Candidate<'_>) -> bool) -> bool {
        let holder = self.by_offset.get(&slot.place.offset());
        holder.and_then(|&number| self.candidates.get(number)).is_some_and(gives_up)
    }

    /// A proposal that removes a duplicate which no earlier entry keeps.
    fn last_holding(&self, candidate: &Candidate<'_>) -> Option<Block> {
        candidate.ceded().find_map(|(at, key)| {
            let earlier = earlier_than(candidate, self.survey.holders_by_rule(key));
            let frees = |other: &Candidate<'_>| other.frees.by_rule.contains(&key);
            let kept = earlier.iter().any(|slot| !self.gives_up(slot, frees));
            let first = earlier.first().filter(|_| !kept)?;
            let holder = self.survey.dn_at(first.place.offset());
            Some(Block::Proposal(at, Decline::GivenUp { holder }))
        })
    }

    /// A key that a candidate takes and that another entry keeps.
    fn held(&self, candidate: &Candidate<'_>) -> Option<Block> {
        let survey = self.survey;
        let keeper = |slots: &[Slot], frees: &dyn Fn(&Candidate<'_>) -> bool| {
            let others = slots.iter().filter(|slot| slot.place.offset() != candidate.offset);
            let offset = others
                .filter(|slot| !self.gives_up(slot, frees))
                .map(|slot| slot.place.offset())
                .next()?;
            Some(Decline::Held { holder: survey.dn_at(offset) })
        };
        let stored = |key| {
            let frees = |other: &Candidate<'_>| other.frees.as_stored.contains(&key);
            Some(Block::Value(key, keeper(survey.holders_as_stored(key), &frees)?))
        };
        let by_rule = |key, slots: &[Slot]| {
            let frees = |other: &Candidate<'_>| other.frees.by_rule.contains(&key);
            Some(Block::Value(key, keeper(slots, &frees)?))
        };
        // A new value whose key an earlier entry holds would be found as a duplicate,
        // whether or not the old one was.
        let earlier = |key| by_rule(key, earlier_than(candidate, survey.holders_by_rule(key)));
        let anywhere = |key| by_rule(key, survey.holders_by_rule(key));
        sorted(&candidate.takes.as_stored)
            .into_iter()
            .find_map(stored)
            .or_else(|| sorted(&candidate.new_keys).into_iter().find_map(earlier))
            .or_else(|| sorted(&candidate.takes.by_rule).into_iter().find_map(anywhere))
    }
}

/// The slots of entries before that of a candidate.
fn earlier_than<'s>(candidate: &Candidate<'_>, slots: &'s [Slot]) -> &'s [Slot] {
    let earlier = slots.partition_point(|slot| slot.place.offset() < candidate.offset);
    slots.get(..earlier).unwrap_or_default()
}

/// Keys in an order that does not depend on how a set keeps them.
fn sorted(keys: &FxHashSet<Fingerprint>) -> Vec<Fingerprint> {
    let mut keys: Vec<_> = keys.iter().copied().collect();
    keys.sort_unstable();
    keys
}
