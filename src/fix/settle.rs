//! All candidates together: no value is taken that another entry has or takes.

use rustc_hash::FxHashMap;

use crate::rules::{Fingerprint, Profile, Survey};

use super::candidate::Candidate;
use super::declined::Decline;

/// Drops suggestions until every value that an entry takes is free: held by
/// nobody, or by an entry of this run that gives it up.
///
/// Proposals only ever go, and with one that goes the values it would have given
/// up stay held; so it ends, after as many rounds as there are entries in the
/// longest chain of such values.
pub(super) fn settle(candidates: &mut [Candidate<'_>], profile: &Profile, survey: &Survey<'_>) {
    loop {
        let claims = Claims::of(candidates);
        let mut blocked = Vec::new();
        for (number, candidate) in candidates.iter().enumerate() {
            let block = candidate
                .takes
                .iter()
                .find_map(|&key| Some((key, claims.block(number, key, candidates, survey)?)));
            if let Some((key, reason)) = block {
                blocked.push((number, key, reason));
            }
        }
        if blocked.is_empty() {
            return;
        }
        for (number, key, reason) in blocked {
            if let Some(candidate) = candidates.get_mut(number) {
                candidate.drop_taking(key, &reason);
                candidate.evaluate(profile);
            }
        }
    }
}

/// Who takes which key, and who gives it up.
struct Claims {
    /// The first candidate that takes a key.
    takers: FxHashMap<Fingerprint, usize>,
    /// Candidates by the place of their entry.
    by_offset: FxHashMap<u64, usize>,
}

impl Claims {
    fn of(candidates: &[Candidate<'_>]) -> Self {
        let mut takers = FxHashMap::default();
        let mut by_offset = FxHashMap::default();
        for (number, candidate) in candidates.iter().enumerate() {
            by_offset.insert(candidate.offset, number);
            for &key in &candidate.takes {
                takers.entry(key).or_insert(number);
            }
        }
        Self { takers, by_offset }
    }

    /// What keeps candidate `number` from taking a key.
    fn block(
        &self,
        number: usize,
        key: Fingerprint,
        candidates: &[Candidate<'_>],
        survey: &Survey<'_>,
    ) -> Option<Decline> {
        let own = candidates.get(number)?.offset;
        let gives_up = |offset: u64| {
            let holder = self.by_offset.get(&offset).and_then(|&at| candidates.get(at));
            holder.is_some_and(|holder| holder.frees.contains(&key))
        };
        let holder = survey
            .holders_of(key)
            .map(|slot| slot.place.offset())
            .find(|&offset| offset != own && !gives_up(offset));
        if let Some(offset) = holder {
            return Some(Decline::Held { holder: survey.dn_at(offset) });
        }
        let first = *self.takers.get(&key)?;
        (first != number).then(|| Decline::Taken {
            taker: candidates.get(first).map(|taker| taker.entry.dn.to_vec()).unwrap_or_default(),
        })
    }
}
