//! Addresses that move from one entry to another: one synchronisation may bring an
//! address before it takes it away, and then refuses it as a duplicate.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::rules::{Attr, Fingerprint};

use super::candidate::Candidate;
use super::declined::Decline;

/// What becomes of a change in which an address moves from one entry to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Moves {
    /// It is made at once with all others: the directory alone matters.
    #[default]
    AtOnce,
    /// It is left out.
    LeftOut,
    /// It goes into a second change file, for which there is to be a synchronisation
    /// in between.
    Apart,
}

/// Declines the changes of entries that get an address which another entry gives up,
/// as far as they cannot be made; `true` where one was. What stays is settled anew
/// then.
pub(super) fn decline_moves(candidates: &mut [Candidate<'_>], moves: Moves) -> bool {
    let givers = match moves {
        Moves::AtOnce => return false,
        Moves::LeftOut | Moves::Apart => givers_of(candidates),
    };
    let mut any = false;
    for (&taker, &giver) in &givers {
        let is_in_turn = moves == Moves::Apart && !givers.contains_key(&giver);
        if is_in_turn {
            continue;
        }
        let holder = candidates.get(giver).map(|giver| giver.entry.dn.to_vec());
        let holder = holder.unwrap_or_default();
        let reason = match moves {
            // Who gives it up does so in the second change itself.
            Moves::Apart => Decline::ThirdCycle { holder },
            _ => Decline::SecondCycle { holder },
        };
        if let Some(candidate) = candidates.get_mut(taker) {
            decline_addresses(candidate, &reason);
            any = true;
        }
    }
    any
}

/// Declines what a candidate changes in its addresses; all where nothing else explains
/// them.
fn decline_addresses(candidate: &mut Candidate<'_>, reason: &Decline) {
    const HOLDING: [Attr; 3] = [Attr::UserPrincipalName, Attr::ProxyAddresses, Attr::Mail];
    let before = candidate.proposals.len();
    for at in (0..before).rev() {
        let attr = candidate.proposals.get(at).map(|proposal| proposal.attr);
        if attr.is_some_and(|attr| HOLDING.contains(&attr)) {
            candidate.decline(at..at + 1, reason);
        }
    }
    if candidate.proposals.len() == before {
        candidate.decline(0..before, reason);
    }
}

/// The numbers of the candidates whose change goes into the second file.
pub(super) fn second_cycle(candidates: &[Candidate<'_>], moves: Moves) -> FxHashSet<usize> {
    match moves {
        Moves::Apart => givers_of(candidates).into_keys().collect(),
        Moves::AtOnce | Moves::LeftOut => FxHashSet::default(),
    }
}

/// The candidates that get an address which another gives up, each with that one.
fn givers_of(candidates: &[Candidate<'_>]) -> FxHashMap<usize, usize> {
    let mut given_up: FxHashMap<Fingerprint, usize> = FxHashMap::default();
    let mut taken: Vec<(usize, Fingerprint)> = Vec::new();
    for (number, candidate) in candidates.iter().enumerate() {
        if !candidate.proposals.is_empty() {
            given_up.extend(candidate.gives_up.iter().map(|&key| (key, number)));
            taken.extend(candidate.gets.iter().map(|&key| (number, key)));
        }
    }
    taken.sort_unstable();
    let mut givers = FxHashMap::default();
    for (taker, key) in taken {
        if let Some(&giver) = given_up.get(&key) {
            // Of several givers, one that waits itself.
            let known = givers.entry(taker).or_insert(giver);
            *known = giver.max(*known);
        }
    }
    givers
}
