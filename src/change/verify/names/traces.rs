//! What renames leave behind in the entries: it tells which were made where an
//! entry bears the same name before and after several of them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Event, Names, NodeId, PlaceId};
use crate::change::apply;
use crate::change::identity;
use crate::change::stored::StoredEntry;
use crate::change::verify::found::Found;
use crate::change::verify::values::Held;
use crate::directory::Entry;
use crate::directory::dn::join;
use crate::ldif::{Change, Value};

/// Above this many explanations their traces are not looked at.
const CHOICES: usize = 16;

impl<'a> Names<'a> {
    /// Of these prefixes, those behind which the entries look most as renames
    /// leave them.
    pub(super) fn without_lost_traces(
        &self,
        choices: Vec<usize>,
        numbers: &[usize],
        keys: &FxHashMap<PlaceId, Box<[u8]>>,
        export: &Found<'a>,
        base: Option<&Found<'a>>,
    ) -> Vec<usize> {
        if choices.len() > CHOICES {
            return choices;
        }
        let mut of_node: FxHashMap<NodeId, Vec<usize>> = FxHashMap::default();
        for &number in numbers {
            if let Some(node) = self.targets[number] {
                of_node.entry(node).or_default().push(number);
            }
        }
        let lost = |made: usize| -> usize {
            let last = made.checked_sub(1).map(|last| numbers[last]);
            let nodes = of_node.iter().map(|(&node, all)| {
                let made = all.partition_point(|number| Some(*number) <= last);
                self.lost_of(node, &all[..made], all, keys, export, base)
            });
            nodes.sum()
        };
        let scores: Vec<usize> = choices.iter().map(|&made| lost(made)).collect();
        let least = scores.iter().copied().min().unwrap_or_default();
        choices.into_iter().zip(scores).filter(|(_, lost)| *lost == least).map(|(k, _)| k).collect()
    }

    /// In how much an entry differs from what the records that were made leave of
    /// the values that name it.
    fn lost_of(
        &self,
        node: NodeId,
        made: &[usize],
        all: &[usize],
        keys: &FxHashMap<PlaceId, Box<[u8]>>,
        export: &Found<'a>,
        base: Option<&Found<'a>>,
    ) -> usize {
        let own = &self.nodes[node];
        let mut place = own.began;
        for (number, event) in &own.events {
            match event {
                _ if !made.contains(number) => {}
                Event::Created(to) | Event::Moved(to) => place = Some(*to),
                Event::Deleted => place = None,
            }
        }
        let now = place.and_then(|place| keys.get(&place)).and_then(|key| export.known(key));
        let Some(now) = now else { return 0 };
        let before = own.origin.as_deref().and_then(|key| base?.known(key));
        let last = made.iter().rev().find_map(|&number| self.renamed(number));
        let respelled = last.is_some_and(|(rdn, _)| !identity::is_spelled(&now.dn, rdn));
        let values = match before {
            _ if own.modified => 0,
            Some(before) => self.differing(&before, &now, made, all),
            None => self.lacking(&now, made),
        };
        values + usize::from(respelled)
    }

    fn renamed(&self, number: usize) -> Option<(&'a [u8], bool)> {
        match &self.records[number].change {
            Change::ModRdn { new_rdn, delete_old_rdn, .. } => Some((new_rdn, *delete_old_rdn)),
            _ => None,
        }
    }

    /// The naming attributes in which the entry differs from the one before after
    /// these renames.
    fn differing(
        &self,
        before: &Entry<'_>,
        now: &Entry<'_>,
        made: &[usize],
        all: &[usize],
    ) -> usize {
        let mut stored = StoredEntry::from(before.clone());
        for (rdn, delete_old) in made.iter().filter_map(|&number| self.renamed(number)) {
            let dn = join(rdn, Some(identity::parent_text(&stored.dn)));
            if apply::rename(&mut stored, dn, delete_old).is_err() {
                return 1;
            }
        }
        let mut names: FxHashSet<Vec<u8>> = FxHashSet::default();
        let rdns = all.iter().filter_map(|&number| self.renamed(number)).map(|(rdn, _)| rdn);
        for rdn in rdns.chain([identity::rdn_text(&before.dn)]) {
            let named = identity::rdn_values(rdn).unwrap_or_default();
            names
                .extend(named.into_iter().map(|(name, _)| identity::canonical(&name).into_owned()));
        }
        let differs = |name: &&Vec<u8>| {
            let then: FxHashSet<&Value<'_>> = stored.values(name).collect();
            let now: FxHashSet<&Value<'_>> = identity::values_of(now, name).iter().collect();
            then != now
        };
        names.iter().filter(differs).count()
    }

    /// How many values are missing that renames keep.
    fn lacking(&self, now: &Entry<'_>, made: &[usize]) -> usize {
        let mut held = Held::of(now);
        let mut missing = 0;
        for &number in made {
            if self.renamed(number).is_some_and(|(_, delete_old)| !delete_old) {
                let kept = identity::rdn_values(&self.records[number].dn).unwrap_or_default();
                for (name, value) in kept {
                    missing += usize::from(!held.holds(&name, &Value::Bytes(value.into())));
                }
            }
        }
        missing
    }
}
