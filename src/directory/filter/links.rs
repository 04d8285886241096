//! Links that lead from entry to entry, for Active Directory's in-chain rule.

use rustc_hash::FxHashMap;

use super::{Selector, Truth};
use crate::directory::dn::NormalizedDn;

/// An in-chain question of a filter.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Takes the attribute whose values are the links.
    pub selector: Selector,
    /// Where the links have to lead.
    pub(super) target: NormalizedDn,
}

/// What is known of the links of a whole directory.
///
/// The rule holds where an entry's values of the attribute name the asserted DN,
/// or an entry whose values do, over any number of entries. The entry at hand
/// gives its own values; the others are asked for here.
pub trait Links {
    /// Whether the links of the chain with this number lead from an entry to the
    /// target; undefined where they lead to an entry that is not known.
    fn lead(&self, chain: usize, from: &NormalizedDn) -> Truth;
}

/// No other entry is known: the in-chain rule is true of direct links, false of
/// entries without links, undefined elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct NoLinks;

impl Links for NoLinks {
    fn lead(&self, _: usize, _: &NormalizedDn) -> Truth {
        Truth::Undefined
    }
}

/// The links of a directory while its entries are gathered.
#[derive(Debug)]
pub struct LinkGraph {
    chains: Vec<Chain>,
    numbers: FxHashMap<NormalizedDn, u32>,
    /// Whether the entry itself was seen, and not only links to it.
    known: Vec<bool>,
    /// Per chain, a link as (to, from).
    links: Vec<Vec<(u32, u32)>>,
}

impl LinkGraph {
    /// No links yet, for these questions.
    #[must_use]
    pub fn new(chains: &[Chain]) -> Self {
        Self {
            chains: chains.to_vec(),
            numbers: FxHashMap::default(),
            known: Vec::new(),
            links: vec![Vec::new(); chains.len()],
        }
    }

    /// Adds an entry and, per chain, what its values name.
    pub fn add(&mut self, entry: NormalizedDn, links: Vec<Vec<NormalizedDn>>) {
        let from = self.number(entry);
        if let Some(known) = usize::try_from(from).ok().and_then(|at| self.known.get_mut(at)) {
            *known = true;
        }
        for (chain, targets) in links.into_iter().enumerate().take(self.links.len()) {
            for target in targets {
                let to = self.number(target);
                self.links[chain].push((to, from));
            }
        }
    }

    fn number(&mut self, key: NormalizedDn) -> u32 {
        // Beyond 4 thousand million entries the last number stands for all others.
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let known = &mut self.known;
        *self.numbers.entry(key).or_insert_with(|| {
            known.push(false);
            next
        })
    }

    /// Follows all links back from where they have to lead: each is looked at a
    /// fixed number of times, however long the chains are.
    #[must_use]
    pub fn solve(mut self) -> SolvedLinks {
        let mut answers = Vec::with_capacity(self.chains.len());
        for (chain, links) in self.chains.iter().zip(&mut self.links) {
            links.sort_unstable();
            links.dedup();
            let mut truth = vec![Truth::False; self.known.len()];
            let unknown = (0..).zip(&self.known).filter(|(_, known)| !**known).map(|(at, _)| at);
            spread(links, unknown, Truth::Undefined, &mut truth);
            spread(links, self.numbers.get(&chain.target).copied(), Truth::True, &mut truth);
            answers.push(truth);
            *links = Vec::new();
        }
        SolvedLinks { chains: self.chains, numbers: self.numbers, answers }
    }
}

/// Gives `mark` to the entries of `start` and to all from which links lead there.
fn spread(
    links: &[(u32, u32)],
    start: impl IntoIterator<Item = u32>,
    mark: Truth,
    truth: &mut [Truth],
) {
    let mut ahead: Vec<u32> = Vec::new();
    let mut reach = |number: u32, ahead: &mut Vec<u32>| {
        if let Some(own) = usize::try_from(number).ok().and_then(|at| truth.get_mut(at))
            && *own != mark
        {
            *own = mark;
            ahead.push(number);
        }
    };
    start.into_iter().for_each(|number| reach(number, &mut ahead));
    while let Some(number) = ahead.pop() {
        let first = links.partition_point(|&(to, _)| to < number);
        let leading = links.get(first..).unwrap_or_default();
        for &(_, from) in leading.iter().take_while(|&&(to, _)| to == number) {
            reach(from, &mut ahead);
        }
    }
}

/// For each entry, where its links lead.
#[derive(Debug)]
pub struct SolvedLinks {
    chains: Vec<Chain>,
    numbers: FxHashMap<NormalizedDn, u32>,
    /// Per chain and entry.
    answers: Vec<Vec<Truth>>,
}

impl Links for SolvedLinks {
    fn lead(&self, chain: usize, from: &NormalizedDn) -> Truth {
        if self.chains.get(chain).is_some_and(|chain| chain.target == *from) {
            return Truth::True;
        }
        let number = self.numbers.get(from).and_then(|&number| usize::try_from(number).ok());
        let answers = self.answers.get(chain);
        number.and_then(|number| answers?.get(number).copied()).unwrap_or(Truth::Undefined)
    }
}
