//! Which of several records were made, told from what is there now.
//!
//! A record is a list of deeds on facts: a name is taken or not, a value is there
//! or not. A guarded deed tells what it found, so the records together tell how
//! all was before the first of them. Every prefix of the records then predicts
//! what is there; the prefix that predicts what was observed is what was made.
//! Where none does, a few records are tried in every combination, as
//! `ldapmodify -c` may leave them out one by one.

use std::sync::atomic::{AtomicU32, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

/// The number of a fact: one name, or one value.
pub(super) type FactId = usize;

/// The number of a group of facts: all values of an attribute.
pub(super) type GroupId = usize;

/// What is asked about.
#[derive(Debug, Default)]
pub(super) struct Facts {
    facts: Vec<Fact>,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Fact {
    group: GroupId,
    /// Whether it is so now.
    observed: bool,
    /// Whether nobody can see it.
    hidden: bool,
    /// Whether it was so before the first record, where that is known besides
    /// what guarded deeds tell.
    before: Option<bool>,
}

#[derive(Debug, Default)]
struct Group {
    /// How many of its facts are so now.
    shown: usize,
    /// How many values are there now that are none of its facts.
    others: usize,
    /// Whether the facts that were so before the first record are all there was.
    complete: bool,
    /// The facts of which it is known how they were before the first record.
    before: Vec<FactId>,
}

impl Group {
    /// How many values are there now. No more of its facts are so, by the way it is
    /// counted.
    fn observed(&self) -> usize {
        self.shown + self.others
    }
}

/// What a record does to a fact or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// The fact becomes so, or no longer so. A guarded deed is refused where it
    /// changes nothing.
    Set { fact: FactId, to: bool, guarded: bool },
    /// Nothing of the group is so any more. A guarded deed is refused where
    /// nothing was.
    Clear { group: GroupId, guarded: bool },
    /// Something becomes of the group, and nobody can tell what.
    Blur { group: GroupId },
}

/// The deeds of one record.
pub(super) type Act = Vec<Deed>;

impl Facts {
    pub(super) fn group(&mut self) -> GroupId {
        self.groups.push(Group::default());
        self.groups.len() - 1
    }

    /// So many values are there now beside the facts of the group that are so. It is
    /// `complete` where before the first record nothing was there but the facts that
    /// are said to have been so.
    pub(super) fn observe_group(&mut self, group: GroupId, others: usize, complete: bool) {
        let group = &mut self.groups[group];
        (group.others, group.complete) = (others, complete);
    }

    pub(super) fn fact(&mut self, group: GroupId) -> FactId {
        self.facts.push(Fact { group, observed: false, hidden: false, before: None });
        self.facts.len() - 1
    }

    pub(super) fn observe(&mut self, fact: FactId, observed: bool) {
        let Fact { group, observed: before, hidden, .. } = &mut self.facts[fact];
        let shown = &mut self.groups[*group].shown;
        *shown = *shown + usize::from(observed) - usize::from(*before);
        (*before, *hidden) = (observed, false);
    }

    /// The export cannot show the fact.
    pub(super) fn hide(&mut self, fact: FactId) {
        self.facts[fact].hidden = true;
    }

    pub(super) fn is_hidden(&self, fact: FactId) -> bool {
        self.facts[fact].hidden
    }

    pub(super) fn was(&mut self, fact: FactId, before: bool) {
        let Fact { group, before: known, .. } = &mut self.facts[fact];
        *known = Some(before);
        self.groups[*group].before.push(fact);
    }

    pub(super) fn observed(&self, fact: FactId) -> bool {
        self.facts[fact].observed
    }

    pub(super) fn group_of(&self, fact: FactId) -> GroupId {
        self.facts[fact].group
    }

    pub(super) fn observed_of(&self, group: GroupId) -> usize {
        self.groups[group].observed()
    }

    pub(super) fn is_complete(&self, group: GroupId) -> bool {
        self.groups[group].complete
    }

    /// Whether all that is known to have been in the group before the first record
    /// is there, and nothing else.
    pub(super) fn is_as_before(&self, group: GroupId) -> bool {
        let group = &self.groups[group];
        let seen = group.before.iter().map(|&fact| &self.facts[fact]).filter(|fact| !fact.hidden);
        let was = seen.clone().filter(|fact| fact.before == Some(true)).count();
        was == group.observed() && { seen }.all(|fact| fact.before == Some(fact.observed))
    }

    fn group_touched(&self, deed: &Deed) -> GroupId {
        match *deed {
            Deed::Set { fact, .. } => self.facts[fact].group,
            Deed::Clear { group, .. } | Deed::Blur { group } => group,
        }
    }
}

/// What is known while records are made one after the other.
#[derive(Debug, Default, Clone)]
pub(super) struct Knowledge {
    facts: FxHashMap<FactId, (u32, bool)>,
    groups: FxHashMap<GroupId, GroupKnowledge>,
    /// How much of what is known is not as observed.
    mismatch: usize,
}

#[derive(Debug, Default, Clone)]
struct GroupKnowledge {
    /// How often all of it was cleared or blurred: older facts say nothing.
    epoch: u32,
    /// Whether nothing can be so but what is known to be.
    complete: bool,
    /// Facts that are known to be so.
    present: usize,
    /// Whether there must be something.
    filled: bool,
    /// How many of the facts that can be seen are not as they are known to be; of a
    /// complete group, how many values are there that are not known to be; and one
    /// where there must be something and is nothing.
    mismatch: usize,
}

impl Knowledge {
    pub(super) fn known(&self, facts: &Facts, fact: FactId) -> Option<bool> {
        let group = self.groups.get(&facts.facts[fact].group);
        let (epoch, complete) = group.map_or((0, false), |group| (group.epoch, group.complete));
        match self.facts.get(&fact) {
            Some(&(at, known)) if at == epoch => Some(known),
            _ => complete.then_some(false),
        }
    }

    /// Whether all that is in the group is known.
    pub(super) fn is_complete(&self, group: GroupId) -> bool {
        self.groups.get(&group).is_some_and(|group| group.complete)
    }

    /// Makes one deed, whether it could be made or not.
    pub(super) fn make(&mut self, facts: &Facts, deed: Deed) {
        match deed {
            Deed::Set { fact, to, .. } => self.set(facts, fact, to),
            Deed::Clear { group, .. } => self.forget(facts, group, true),
            Deed::Blur { group } => self.forget(facts, group, false),
        }
    }

    /// Drops what is known of a group: nothing of it is so, or nobody can tell.
    fn forget(&mut self, facts: &Facts, group: GroupId, complete: bool) {
        let mismatch = if complete { facts.groups[group].observed() } else { 0 };
        let group = self.groups.entry(group).or_default();
        self.mismatch = self.mismatch + mismatch - group.mismatch;
        let epoch = group.epoch + 1;
        *group = GroupKnowledge { epoch, complete, present: 0, filled: false, mismatch };
    }

    /// Counts a fact as it is known now, instead of as it was known.
    fn set(&mut self, facts: &Facts, fact: FactId, to: bool) {
        let before = self.known(facts, fact);
        let Fact { group, observed, hidden, .. } = facts.facts[fact];
        let group_state = self.groups.entry(group).or_default();
        let wrong = |known: bool| usize::from(!hidden && known != observed);
        let (was, now) = (before.map_or(0, wrong), wrong(to));
        let filled = usize::from(std::mem::take(&mut group_state.filled))
            * usize::from(facts.groups[group].observed() == 0);
        for mismatch in [&mut group_state.mismatch, &mut self.mismatch] {
            *mismatch = *mismatch + now - was - filled;
        }
        group_state.present += usize::from(to);
        group_state.present -= usize::from(before == Some(true));
        let epoch = group_state.epoch;
        self.facts.insert(fact, (epoch, to));
    }

    /// Whether a server that is as known would take the deed.
    fn takes(&self, facts: &Facts, deed: &Deed) -> bool {
        match *deed {
            Deed::Set { fact, to, guarded: true } => self.known(facts, fact) != Some(to),
            Deed::Clear { group, guarded: true } => {
                !self.groups.get(&group).is_some_and(|group| group.complete && group.present == 0)
            }
            _ => true,
        }
    }

    /// What was so before the first of these records.
    fn before(facts: &Facts, acts: &[&Act]) -> Self {
        let mut start = Self::default();
        let mut done = Self::default();
        let deeds = || acts.iter().flat_map(|act| act.iter());
        let mut begun = FxHashSet::default();
        for deed in deeds() {
            let id = facts.group_touched(deed);
            if !begun.insert(id) {
                continue;
            }
            let group = &facts.groups[id];
            if group.complete {
                start.forget(facts, id, true);
                for &fact in &group.before {
                    facts.facts[fact].before.into_iter().for_each(|to| start.set(facts, fact, to));
                }
            }
        }
        for deed in deeds() {
            match *deed {
                Deed::Set { fact, to, guarded } => {
                    let group = facts.facts[fact].group;
                    let untouched = !done.facts.contains_key(&fact)
                        && done.groups.get(&group).is_none_or(|group| group.epoch == 0);
                    // What a guard asks for counts, whatever was there.
                    let asked = guarded.then_some(!to).or(facts.facts[fact].before);
                    if let (true, Some(asked)) = (untouched, asked) {
                        start.set(facts, fact, asked);
                    }
                }
                Deed::Clear { group, guarded: true } if !done.groups.contains_key(&group) => {
                    start.require_filled(facts, group);
                }
                _ => {}
            }
            done.make(facts, *deed);
        }
        start
    }

    fn require_filled(&mut self, facts: &Facts, group: GroupId) {
        let state = self.groups.entry(group).or_default();
        if state.complete || state.present > 0 || state.filled {
            return;
        }
        state.filled = true;
        let missing = usize::from(facts.groups[group].observed() == 0);
        state.mismatch += missing;
        self.mismatch += missing;
    }
}

/// What became of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Applied,
    Pending,
    /// What it touches is neither as before nor as after it.
    Contradicted,
    /// Nothing tells.
    Unclear,
}

/// What became of several records that touch the same facts.
#[derive(Debug)]
pub(super) struct Explanation {
    pub(super) verdicts: Vec<Verdict>,
    /// Whether what is there has one explanation only.
    pub(super) sure: bool,
    /// The numbers of first records that explain it, where several do.
    pub(super) choices: Vec<usize>,
}

/// Above this many records not every combination is tried.
const TRIED: usize = 12;

/// How many combinations are tried at most, of all records together.
#[derive(Debug)]
pub(super) struct Patience(AtomicU32);

impl Default for Patience {
    /// A second or two.
    fn default() -> Self {
        Self(AtomicU32::new(1_000_000))
    }
}

impl Patience {
    fn ends(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }
}

/// Says what became of records, in their order; of several prefixes that explain
/// what is there, `narrow` leaves those that can be, and the longest counts.
pub(super) fn explain(
    facts: &Facts,
    acts: &[&Act],
    narrow: &dyn Fn(&[usize]) -> Vec<usize>,
    patience: &Patience,
) -> Explanation {
    let mut known = Knowledge::before(facts, acts);
    let start = if (2..=TRIED).contains(&acts.len()) { Some(known.clone()) } else { None };
    let mut mismatches = Vec::with_capacity(acts.len() + 1);
    mismatches.push(known.mismatch);
    for act in acts {
        act.iter().for_each(|deed| known.make(facts, *deed));
        mismatches.push(known.mismatch);
    }
    drop(known);
    let least = mismatches.iter().copied().min().unwrap_or_default();
    let choices: Vec<usize> = (0..mismatches.len()).filter(|&k| mismatches[k] == least).collect();
    if least > 0 {
        let made = start.and_then(|start| try_all(facts, acts, start, patience));
        let verdicts = match made {
            Some(made) => made.into_iter().map(verdict).collect(),
            None => contradictions(facts, acts, &choices),
        };
        return Explanation { verdicts, sure: true, choices: Vec::new() };
    }
    let left = if choices.len() > 1 { narrow(&choices) } else { choices.clone() };
    let chosen = left.last().copied().unwrap_or_default();
    let made = (0..acts.len()).map(|at| at < chosen);
    let mut verdicts: Vec<Verdict> = made.map(verdict).collect();
    let open =
        choices.first().copied().unwrap_or_default()..choices.last().copied().unwrap_or_default();
    for (at, act) in acts.iter().enumerate() {
        let blurs = act.iter().any(|deed| matches!(deed, Deed::Blur { .. }));
        if blurs && open.contains(&at) {
            verdicts[at] = Verdict::Unclear;
        }
    }
    let sure = choices.len() == 1;
    Explanation { verdicts, sure, choices: if sure { Vec::new() } else { choices } }
}

fn verdict(made: bool) -> Verdict {
    if made { Verdict::Applied } else { Verdict::Pending }
}

/// The largest combination of records that explains all.
fn try_all(
    facts: &Facts,
    acts: &[&Act],
    start: Knowledge,
    patience: &Patience,
) -> Option<Vec<bool>> {
    let mut best: Option<Vec<bool>> = None;
    let mut stack = vec![(Vec::new(), start)];
    while let Some((made, known)) = stack.pop() {
        let made: Vec<bool> = made;
        if patience.ends() {
            return None;
        }
        let Some(act) = acts.get(made.len()) else {
            let count = |made: &[bool]| made.iter().filter(|made| **made).count();
            let better = best.as_deref().is_none_or(|best| count(&made) > count(best));
            if known.mismatch == 0 && better {
                best = Some(made);
            }
            continue;
        };
        let mut next = known.clone();
        let taken = act.iter().all(|deed| {
            let takes = next.takes(facts, deed);
            next.make(facts, *deed);
            takes
        });
        stack.push(([made.as_slice(), &[false]].concat(), known));
        if taken {
            stack.push(([made.as_slice(), &[true]].concat(), next));
        }
    }
    best
}

/// Nothing explains all: the records that touch what is otherwise than the best
/// prefix has it are contradicted, and those in which the best ones differ.
fn contradictions(facts: &Facts, acts: &[&Act], best: &[usize]) -> Vec<Verdict> {
    let prefix = best.last().copied().unwrap_or_default();
    let open = best.first().copied().unwrap_or_default()..prefix;
    let mut known = Knowledge::before(facts, acts);
    for act in acts.iter().take(prefix) {
        act.iter().for_each(|deed| known.make(facts, *deed));
    }
    let is_wrong = |deed: &Deed| {
        let group = facts.group_touched(deed);
        let state = known.groups.get(&group);
        if state.is_none_or(|state| state.mismatch == 0) {
            return false;
        }
        match *deed {
            Deed::Set { fact, .. } => {
                state.is_some_and(|state| state.complete)
                    || (!facts.facts[fact].hidden
                        && known
                            .known(facts, fact)
                            .is_some_and(|is| is != facts.facts[fact].observed))
            }
            Deed::Clear { .. } | Deed::Blur { .. } => true,
        }
    };
    let verdicts = acts.iter().enumerate().map(|(at, act)| {
        let wrong = open.contains(&at) || act.iter().any(is_wrong);
        if wrong { Verdict::Contradicted } else { verdict(at < prefix) }
    });
    verdicts.collect()
}
