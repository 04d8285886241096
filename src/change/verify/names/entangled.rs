//! Names that depend on each other in a circle: an entry moves below another of
//! the same chain. Where a name is looked up then depends on which records were
//! made, so each possibility is followed on its own.

use rustc_hash::FxHashMap;

use super::above::Circle;
use super::{Names, NodeId, PlaceId, ROOT, joined};
use crate::change::verify::explain::Verdict;
use crate::change::verify::found::Found;

/// Above this many records in a chain, names count as they were when a record
/// spoke of them.
pub(super) const MOST: usize = 64;

/// Up to this many records, every combination is tried.
const TRIED: usize = 8;

/// What a possibility predicts, and how that compares with what is there.
struct Possible {
    made: Vec<bool>,
    /// Names that are otherwise than predicted.
    mismatch: usize,
    /// How much the entries there look like those that should be there.
    likeness: i64,
    /// Where each entry is.
    at: Vec<Option<PlaceId>>,
}

impl<'a> Names<'a> {
    pub(super) fn decide_entangled(
        &mut self,
        chain: usize,
        places: &[PlaceId],
        export: &mut Found<'a>,
        base: Option<&Found<'a>>,
    ) {
        let members = self.chains.members(chain).to_vec();
        let numbers: Vec<usize> = members.iter().map(|&at| self.structural[at].0).collect();
        let count = numbers.len();
        let mut nodes: Vec<NodeId> =
            numbers.iter().filter_map(|&number| self.targets[number]).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let prefix = |made: usize| (0..count).map(|at| at < made).collect::<Vec<bool>>();
        let mut found: Vec<Possible> = (0..=count)
            .map(|made| self.follow_possible(prefix(made), &numbers, &nodes, places, export, base))
            .collect();
        if count <= TRIED && found.iter().all(|possible| possible.mismatch > 0) {
            for mask in 0..1_u32 << count {
                let made = (0..count).map(|at| mask >> at & 1 == 1).collect();
                found.push(self.follow_possible(made, &numbers, &nodes, places, export, base));
            }
        }
        let rank = |possible: &Possible| (possible.mismatch, -possible.likeness);
        let best = found.iter().map(rank).min().unwrap_or_default();
        let left: Vec<&Possible> = found.iter().filter(|it| rank(it) == best).collect();
        let same = left.windows(2).all(|pair| pair[0].at == pair[1].at);
        let guessed = !same;
        let last = left.last().map(|it| it.made.clone()).unwrap_or_default();
        let verdicts: Vec<Verdict> = (0..count)
            .map(|at| match (best.0, last.get(at) == Some(&true)) {
                (1.., _) => Verdict::Contradicted,
                (0, _) if guessed && left.iter().any(|it| it.made[at] != last[at]) => {
                    Verdict::Unclear
                }
                (0, true) => Verdict::Applied,
                (0, false) => Verdict::Pending,
            })
            .collect();
        let as_made = last.iter().map(|&made| verdict(made)).collect::<Vec<_>>();
        self.assume(&numbers, &as_made);
        for &place in places {
            let taken = self.key_now(place).is_some_and(|key| export.is_there(&key));
            self.facts.observe(self.places[place].fact, taken);
        }
        self.assume(&numbers, &verdicts);
        for &number in &numbers {
            self.guessed[number] = guessed;
        }
    }

    fn assume(&mut self, numbers: &[usize], verdicts: &[Verdict]) {
        for (&number, &verdict) in numbers.iter().zip(verdicts) {
            self.verdicts[number] = Some(verdict);
        }
    }

    fn follow_possible(
        &mut self,
        made: Vec<bool>,
        numbers: &[usize],
        nodes: &[NodeId],
        places: &[PlaceId],
        export: &mut Found<'a>,
        base: Option<&Found<'a>>,
    ) -> Possible {
        let verdicts: Vec<Verdict> = made.iter().map(|&made| verdict(made)).collect();
        self.assume(numbers, &verdicts);
        let at: Vec<Option<PlaceId>> =
            nodes.iter().map(|&node| self.place_now(node, None)).collect();
        let mut holder: FxHashMap<PlaceId, NodeId> = FxHashMap::default();
        let (mut mismatch, mut likeness) = (0, 0);
        for (&node, place) in nodes.iter().zip(&at) {
            if let Some(place) = place {
                mismatch += usize::from(holder.insert(*place, node).is_some());
            }
        }
        for place in places {
            // Below a deleted entry nothing can be seen.
            let Some(key) = self.key_now(*place) else { continue };
            let entry = export.is_there(&key);
            mismatch += usize::from(entry != holder.contains_key(place));
            if let (Some(&node), Some(entry)) = (holder.get(place), export.known(&key)) {
                likeness += self.likeness(node, &entry, base);
            }
        }
        for number in numbers {
            self.verdicts[*number] = None;
        }
        Possible { made, mismatch, likeness, at }
    }

    /// The key of a place, as far as records are decided; the others count as made.
    fn key_now(&self, place: PlaceId) -> Option<Box<[u8]>> {
        let mut path = vec![place];
        let mut node = self.places[place].parent;
        let mut circle = Circle::new();
        while node != ROOT {
            if circle.is_closed_at(node) {
                return None;
            }
            let place = self.place_now(node, None)?;
            path.push(place);
            node = self.places[place].parent;
        }
        let mut key: Box<[u8]> = Box::default();
        for place in path.into_iter().rev() {
            key = joined(&self.places[place].rdn, &key).into();
        }
        Some(key)
    }
}

fn verdict(made: bool) -> Verdict {
    if made { Verdict::Applied } else { Verdict::Pending }
}
