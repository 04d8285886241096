//! All candidates together: no value is taken that another entry has or takes.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::rules::{Fingerprint, Profile, Slot, Survey};

use super::candidate::{Candidate, Policy};
use super::declined::Decline;

/// Drops suggestions until every value that an entry takes is free: held by
/// nobody, or by an entry of this run that gives it up.
///
/// Proposals only ever go, and with one that goes the values it would have given
/// up stay held; so it ends, after as many rounds as there are entries in the
/// longest chain of such values.
pub(super) fn settle(
    candidates: &mut [Candidate<'_>],
    profile: &Profile,
    survey: &Survey<'_>,
    policy: &Policy<'_>,
) {
    loop {
        let claims = Claims::of(candidates);
        let mut blocked = Vec::new();
        let mut kept = Vec::new();
        for (number, candidate) in candidates.iter().enumerate() {
            kept.extend(claims.last_holding(candidate, candidates, survey).map(|it| (number, it)));
            if let Some((key, reason)) = claims.block(number, candidate, candidates, survey) {
                blocked.push((number, key, reason));
            }
        }
        if blocked.is_empty() && kept.is_empty() {
            return;
        }
        for (number, (at, reason)) in kept {
            if let Some(candidate) = candidates.get_mut(number) {
                candidate.decline(at..at + 1, &reason);
                candidate.evaluate(profile, policy);
            }
        }
        for (number, key, reason) in blocked {
            let takes = |candidate: &&mut Candidate<'_>| {
                candidate.takes.has(key) || candidate.new_keys.contains(&key)
            };
            if let Some(candidate) = candidates.get_mut(number).filter(takes) {
                candidate.drop_taking(key, &reason);
                candidate.evaluate(profile, policy);
            }
        }
    }
}

/// Who takes which key, and who gives it up.
struct Claims {
    /// The first candidate that takes a key as it stands.
    takers: FxHashMap<Fingerprint, usize>,
    /// The first candidate that takes a key by the rules: values that a server
    /// takes for the same as before can be new to a rule.
    rule_takers: FxHashMap<Fingerprint, usize>,
    /// Candidates by the place of their entry.
    by_offset: FxHashMap<u64, usize>,
}

impl Claims {
    fn of(candidates: &[Candidate<'_>]) -> Self {
        let mut takers = FxHashMap::default();
        let mut rule_takers = FxHashMap::default();
        let mut by_offset = FxHashMap::default();
        for (number, candidate) in candidates.iter().enumerate() {
            by_offset.insert(candidate.offset, number);
            for &key in &candidate.takes.as_stored {
                takers.entry(key).or_insert(number);
            }
            for &key in &candidate.takes.by_rule {
                rule_takers.entry(key).or_insert(number);
            }
        }
        Self { takers, rule_takers, by_offset }
    }

    /// A proposal that removes a duplicate which no earlier entry keeps.
    fn last_holding(
        &self,
        candidate: &Candidate<'_>,
        candidates: &[Candidate<'_>],
        survey: &Survey<'_>,
    ) -> Option<(usize, Decline)> {
        candidate.ceded().find_map(|(at, key)| {
            let holders = survey.holders_by_rule(key);
            let before = holders.partition_point(|slot| slot.place.offset() < candidate.offset);
            let earlier = &holders[..before];
            let gives_up = |slot: &Slot| {
                let holder = self.by_offset.get(&slot.place.offset());
                let holder = holder.and_then(|&number| candidates.get(number));
                holder.is_some_and(|holder| holder.frees.by_rule.contains(&key))
            };
            let first = earlier.first().filter(|_| earlier.iter().all(gives_up))?;
            Some((at, Decline::GivenUp { holder: survey.dn_at(first.place.offset()) }))
        })
    }

    /// What keeps a candidate from taking one of its keys, and which.
    fn block(
        &self,
        number: usize,
        candidate: &Candidate<'_>,
        candidates: &[Candidate<'_>],
        survey: &Survey<'_>,
    ) -> Option<(Fingerprint, Decline)> {
        let holder = |slots: &[Slot], gives_up: &dyn Fn(&Candidate<'_>) -> bool| {
            slots.iter().map(|slot| slot.place.offset()).find(|&offset| {
                let holder = self.by_offset.get(&offset).and_then(|&at| candidates.get(at));
                offset != candidate.offset && !holder.is_some_and(gives_up)
            })
        };
        let held = |offset: u64| Decline::Held { holder: survey.dn_at(offset) };
        let taken = |takers: &FxHashMap<Fingerprint, usize>, key| {
            let first = takers.get(&key).filter(|&&first| first != number)?;
            let dn = candidates.get(*first).map(|taker| taker.entry.dn.to_vec());
            Some((key, Decline::Taken { taker: dn.unwrap_or_default() }))
        };
        for key in sorted(&candidate.takes.as_stored) {
            let gives_up = |other: &Candidate<'_>| other.frees.as_stored.contains(&key);
            if let Some(offset) = holder(survey.holders_as_stored(key), &gives_up) {
                return Some((key, held(offset)));
            }
            if let Some(block) = taken(&self.takers, key) {
                return Some(block);
            }
        }
        // A new value whose key an earlier entry holds would be found as a duplicate,
        // whether or not the old one was.
        for key in sorted(&candidate.new_keys) {
            let holders = survey.holders_by_rule(key);
            let earlier = holders.partition_point(|slot| slot.place.offset() < candidate.offset);
            let gives_up = |other: &Candidate<'_>| other.frees.by_rule.contains(&key);
            if let Some(offset) = holder(&holders[..earlier], &gives_up) {
                return Some((key, held(offset)));
            }
        }
        for key in sorted(&candidate.takes.by_rule) {
            let gives_up = |other: &Candidate<'_>| other.frees.by_rule.contains(&key);
            if let Some(offset) = holder(survey.holders_by_rule(key), &gives_up) {
                return Some((key, held(offset)));
            }
            if let Some(block) = taken(&self.rule_takers, key) {
                return Some(block);
            }
        }
        None
    }
}

/// Keys in an order that does not depend on how a set keeps them.
fn sorted(keys: &FxHashSet<Fingerprint>) -> Vec<Fingerprint> {
    let mut keys: Vec<_> = keys.iter().copied().collect();
    keys.sort_unstable();
    keys
}
