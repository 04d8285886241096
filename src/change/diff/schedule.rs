//! The order in which operations are done, and what is to be done besides to make
//! one possible.
//!
//! Each operation comes after those that it requires. Where they require each other
//! in a ring, the ring is broken: an entry takes a temporary name or gives up a
//! unique value ahead of time, or values that name entries are written by a record
//! of their own.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::compared::{Compared, canonical, holds_dns};
use super::content::Delta;
use super::index::{EntryIndex, key_of};
use super::moves::named_dn;
use super::operation::{Act, Operations, Requirement, Sources, Tie, print_of, written};
use super::options::Omission;
use crate::change::identity;
use crate::change::order::temporary_value;
use crate::directory::dn::{key_ancestors, key_is_within};
use crate::directory::{Entry, Facts, Uniqueness};

/// Operations in the order in which they are done.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// Their numbers.
    pub(super) order: Vec<usize>,
    /// Unique values that an entry has given up ahead of time, per operation that
    /// would have done it.
    pub(super) asides: FxHashMap<usize, Vec<Aside>>,
    /// Values that a record of their own adds or deletes, per operation that adds or
    /// deletes the entry.
    pub(super) apart: FxHashMap<usize, Apart>,
}

/// Attributes, in canonical form, and values.
pub(super) type Apart = FxHashSet<(Vec<u8>, Vec<u8>)>;

/// An attribute and some of its values.
type Links<'a> = (Cow<'a, [u8]>, Vec<Cow<'a, [u8]>>);

/// A unique value that was given up ahead of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aside {
    /// The attribute, in canonical form.
    pub(super) attribute: Vec<u8>,
    pub(super) old: Vec<Vec<u8>>,
    /// What stands in its place; nothing where the attribute can lack it.
    pub(super) temporary: Option<Vec<u8>>,
}

impl Schedule {
    /// Sets values of an entry's links apart; `false` where there are none.
    pub(super) fn set_apart(
        &mut self,
        at: usize,
        entry: &Entry<'_>,
        compared: &Compared,
        takes: &dyn Fn(&[u8]) -> bool,
    ) -> bool {
        !self.take_links(at, entry, compared, takes).is_empty()
    }

    /// The values of an entry's links that are taken out of its add or delete.
    fn take_links<'a>(
        &mut self,
        at: usize,
        entry: &Entry<'a>,
        compared: &Compared,
        takes: &dyn Fn(&[u8]) -> bool,
    ) -> Vec<Links<'a>> {
        let mut links = Vec::new();
        let apart = self.apart.entry(at).or_default();
        for attribute in written(entry, compared).filter(|a| holds_dns(&a.name)) {
            let name = canonical(&attribute.name);
            let bytes = attribute.values.iter().filter_map(|value| value.bytes());
            let taken = bytes
                .filter(|value| takes(value))
                .filter(|value| apart.insert((name.to_vec(), value.to_vec())));
            let values: Vec<Cow<'a, [u8]>> =
                taken.map(|value| Cow::Owned(value.to_vec())).collect();
            if !values.is_empty() {
                links.push((attribute.name.clone(), values));
            }
        }
        links
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    New,
    Begun,
    Done,
}

struct Frame {
    at: usize,
    /// The next requirement to look at.
    next: usize,
}

/// Marks what cannot be done because something that it needs is left out.
pub(super) fn spread_omissions(operations: &mut Operations<'_>) {
    let list = &mut operations.list;
    let mut open: Vec<usize> = (0..list.len()).filter(|&at| list[at].omitted.is_some()).collect();
    if open.is_empty() {
        return;
    }
    let mut waiting: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    for (at, operation) in list.iter().enumerate() {
        for requirement in &operation.requires {
            if !matches!(requirement.tie, Tie::Gain | Tie::Drop | Tie::Wish) {
                waiting.entry(requirement.on).or_default().push(at);
            }
        }
    }
    while let Some(at) = open.pop() {
        for &waiting in waiting.get(&at).into_iter().flatten() {
            if list[waiting].omitted.is_none() {
                list[waiting].omitted = Some(Omission::NeedsAnother);
                open.push(waiting);
            }
        }
    }
}

/// A depth-first walk from each operation to those that must come before it.
pub(super) struct Scheduler<'s, 'a> {
    sources: &'s Sources<'s, 'a>,
    operations: &'s mut Operations<'a>,
    progress: Vec<Progress>,
    /// Where each operation stands on the stack.
    depth: FxHashMap<usize, usize>,
    schedule: Schedule,
    /// The highest number of a temporary value so far.
    temporaries: Option<usize>,
}

impl<'s, 'a> Scheduler<'s, 'a> {
    /// A scheduler; `schedule` holds values that are set apart already.
    pub(super) fn new(
        sources: &'s Sources<'s, 'a>,
        operations: &'s mut Operations<'a>,
        schedule: Schedule,
    ) -> Self {
        let progress = vec![Progress::New; operations.list.len()];
        Self {
            sources,
            operations,
            progress,
            depth: FxHashMap::default(),
            schedule,
            temporaries: None,
        }
    }

    /// The order; or an operation of a ring that cannot be broken.
    pub(super) fn run(mut self) -> Result<Schedule, usize> {
        let mut root = 0;
        // Breaking a ring can make further operations.
        while root < self.operations.list.len() {
            self.progress.resize(self.operations.list.len(), Progress::New);
            if self.operations.list[root].omitted.is_none() && self.progress[root] == Progress::New
            {
                self.walk(root)?;
            }
            root += 1;
        }
        Ok(self.schedule)
    }

    fn walk(&mut self, root: usize) -> Result<(), usize> {
        let mut stack = Vec::new();
        self.begin(root, &mut stack);
        while let Some(frame) = stack.last_mut() {
            let at = frame.at;
            let Some(&requirement) = self.operations.list[at].requires.get(frame.next) else {
                self.finish(at);
                stack.pop();
                continue;
            };
            let on = self.stands_for(requirement);
            self.progress.resize(self.operations.list.len(), Progress::New);
            if self.operations.list[on].omitted.is_some() {
                frame.next += 1;
                continue;
            }
            match self.progress[on] {
                Progress::New => self.begin(on, &mut stack),
                Progress::Begun => self.break_ring(on, &mut stack)?,
                Progress::Done => frame.next += 1,
            }
        }
        Ok(())
    }

    /// The operation that a requirement is about: values that go may have been given
    /// to another one.
    fn stands_for(&self, requirement: Requirement) -> usize {
        match requirement.tie {
            Tie::Drop => self.operations.list[requirement.on].drops.unwrap_or(requirement.on),
            _ => requirement.on,
        }
    }

    fn begin(&mut self, at: usize, stack: &mut Vec<Frame>) {
        self.progress[at] = Progress::Begun;
        self.depth.insert(at, stack.len());
        stack.push(Frame { at, next: 0 });
    }

    fn finish(&mut self, at: usize) {
        self.progress[at] = Progress::Done;
        self.depth.remove(&at);
        self.schedule.order.push(at);
    }

    /// Breaks the ring from `first`, which has begun, to the top of the stack, at the
    /// tie that costs least.
    fn break_ring(&mut self, first: usize, stack: &mut Vec<Frame>) -> Result<(), usize> {
        let from = self.depth.get(&first).copied().unwrap_or(0);
        let ring = stack.iter().enumerate().skip(from).rev();
        let costs = ring.filter_map(|(depth, frame)| Some((self.cost(frame)?, depth)));
        // Of equals the nearest to the top: what is above it must begin anew.
        let weakest = costs.min_by_key(|&(cost, depth)| (cost, std::cmp::Reverse(depth)));
        let (_, depth) = weakest.ok_or(first)?;
        let (at, next) = (stack[depth].at, stack[depth].next);
        let requirement = self.operations.list[at].requires[next];
        let on = self.stands_for(requirement);
        let instead = match requirement.tie {
            Tie::Wish => {
                self.operations.list[at].requires.remove(next);
                None
            }
            Tie::Gain => {
                self.come_later(at).ok_or(at)?;
                None
            }
            Tie::Drop => Some(self.go_earlier(on, at).ok_or(on)?),
            Tie::Unique(value) => Some(self.give_up(on, value).ok_or(on)?),
            _ => Some(self.step_aside(on).ok_or(on)?),
        };
        if let Some(step) = instead {
            let requires = self.operations.list[at].requires.iter_mut();
            for own in requires.filter(|own| **own == requirement) {
                *own = Requirement { on: step, tie: Tie::Name };
            }
        }
        self.progress.resize(self.operations.list.len(), Progress::New);
        for frame in stack.drain(depth + 1..) {
            self.progress[frame.at] = Progress::New;
            self.depth.remove(&frame.at);
        }
        // Requirements may have come and gone: what is done is passed over again.
        for frame in stack.iter_mut().filter(|frame| frame.at == at || frame.at == on) {
            frame.next = 0;
        }
        Ok(())
    }

    /// What it costs to do without the requirement that a frame has come to; `None`
    /// where that cannot be.
    fn cost(&self, frame: &Frame) -> Option<u32> {
        let list = &self.operations.list;
        let requirement = list[frame.at].requires[frame.next];
        let on = self.stands_for(requirement);
        match requirement.tie {
            Tie::Wish => Some(0),
            Tie::Gain => (!list[frame.at].is_part).then_some(1),
            Tie::Drop => (!list[on].is_part && list[on].drops.is_none()).then_some(1),
            Tie::Unique(_) => Some(2),
            Tie::Place => Some(3),
            Tie::Parent | Tie::Below | Tie::Name | Tie::Lose => None,
        }
    }

    /// A temporary name for an entry that is in the way.
    fn step_aside(&mut self, on: usize) -> Option<usize> {
        let entity = self.operations.list[on].entity;
        let value = format!("{MARK}{}", self.temporary()).into_bytes();
        let old = self.sources.entities.list[entity].before()?;
        let mut rdn: Vec<u8> = Vec::new();
        for (name, _) in identity::rdn_values(&old.dn)? {
            if !rdn.is_empty() {
                rdn.push(b'+');
            }
            rdn.extend([&name[..], b"=", &value].concat());
        }
        let drops = self.drops_within(on);
        let step = self.operations.push(entity, Act::StepAside(rdn));
        self.operations.list[step].requires = drops;
        Some(step)
    }

    /// What must take values away that name an entry to be deleted, or one below it,
    /// while they still say its name.
    fn drops_within(&self, on: usize) -> Vec<Requirement> {
        let (mut drops, mut open) = (Vec::new(), vec![on]);
        while let Some(at) = open.pop() {
            for requirement in &self.operations.list[at].requires {
                match requirement.tie {
                    Tie::Drop if requirement.on != on => drops.push(*requirement),
                    Tie::Below
                        if matches!(self.operations.list[requirement.on].act, Act::Delete) =>
                    {
                        open.push(requirement.on);
                    }
                    _ => {}
                }
            }
        }
        drops
    }

    /// A record that gives up a unique value ahead of the one that would.
    fn give_up(&mut self, on: usize, print: u64) -> Option<usize> {
        let operation = &self.operations.list[on];
        let entity = operation.entity;
        let side = self.sources.entities.list[entity].before()?;
        let dn = side.dn.clone();
        let is_it = |name: &[u8], value: &[u8]| print_of(name, value, &dn) == print;
        let (name, old) = match &operation.act {
            Act::Modify(deltas) => deltas.iter().find_map(|delta| {
                let values = delta.remove.iter().filter(|value| is_it(&delta.name, value));
                let values: Vec<Vec<u8>> = values.map(|value| value.to_vec()).collect();
                (!values.is_empty()).then(|| (delta.name.to_vec(), values))
            })?,
            Act::Delete => {
                let entry = self.sources.old.entry(side.place);
                let mut unique = written(&entry, self.sources.compared)
                    .filter(|a| identity::uniqueness(&a.name) != Uniqueness::None);
                unique.find_map(|attribute| {
                    let bytes = attribute.values.iter().filter_map(|value| value.bytes());
                    let values = bytes.filter(|value| is_it(&attribute.name, value));
                    let values: Vec<Vec<u8>> = values.map(<[u8]>::to_vec).collect();
                    (!values.is_empty()).then(|| (attribute.name.to_vec(), values))
                })?
            }
            _ => return None,
        };
        let temporary = match Facts::of(&name).single_valued {
            true => Some(temporary_value(&name, old.first()?, self.temporary())),
            false => None,
        };
        let own = |value: &Vec<u8>| Cow::Owned(value.clone());
        let (remove, add) = (old.iter().map(own).collect(), temporary.iter().map(own).collect());
        let delta = Delta::new(Cow::Owned(name.clone()), remove, add);
        let aside = Aside { attribute: canonical(&name).into_owned(), old, temporary };
        self.schedule.asides.entry(on).or_default().push(aside);
        Some(self.operations.push(entity, Act::Modify(vec![delta])))
    }

    /// The number of a temporary value that neither export has: their marks are
    /// looked for once.
    fn temporary(&mut self) -> usize {
        let highest = match self.temporaries {
            Some(highest) => highest,
            None => highest_mark(self.sources.old).max(highest_mark(self.sources.new)),
        };
        self.temporaries = Some(highest + 1);
        highest + 1
    }

    /// New values that name entries which are not there yet are written by a record
    /// of their own, behind this one.
    fn come_later(&mut self, at: usize) -> Option<usize> {
        let entity = self.operations.list[at].entity;
        let deltas = match &mut self.operations.list[at].act {
            Act::Modify(deltas) => take_parts(deltas, Part::Add),
            _ => self.waiting_links(at),
        };
        if deltas.is_empty() {
            return None;
        }
        let (mut later, own): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.operations.list[at].requires)
                .into_iter()
                .partition(|requirement| requirement.tie == Tie::Gain);
        later.retain(|requirement| requirement.on != at);
        later.insert(0, Requirement { on: at, tie: Tie::Name });
        let part = self.operations.push(entity, Act::Modify(deltas));
        self.operations.list[part].requires = later;
        self.operations.list[part].is_part = true;
        self.operations.list[at].requires = own;
        Some(part)
    }

    /// The values of an entry that is added which name entries that are not there
    /// yet. They are left out of the add.
    fn waiting_links(&mut self, at: usize) -> Vec<Delta<'a>> {
        let entities = &self.sources.entities.list;
        let Some(side) = entities[self.operations.list[at].entity].after() else {
            return Vec::new();
        };
        let requires = self.operations.list[at].requires.iter();
        let waits: FxHashSet<&[u8]> = requires
            .filter(|requirement| requirement.tie == Tie::Gain)
            .filter(|requirement| self.progress[requirement.on] != Progress::Done)
            .filter_map(|requirement| {
                let entity = self.operations.list[requirement.on].entity;
                Some(&*entities[entity].after()?.key)
            })
            .collect();
        let is_waited_for = |value: &[u8]| {
            let key = key_of(named_dn(value));
            let mut names = std::iter::once(&*key).chain(key_ancestors(&key));
            names.any(|name| waits.contains(name))
        };
        let entry = self.sources.new.entry(side.place);
        let links = self.schedule.take_links(at, &entry, self.sources.compared, &is_waited_for);
        links.into_iter().map(|(name, add)| Delta::new(name, Vec::new(), add)).collect()
    }

    /// Values that name `target`, which is deleted, are taken away by a record of
    /// their own, ahead of `on` that would have done it.
    fn go_earlier(&mut self, on: usize, target: usize) -> Option<usize> {
        let entity = self.operations.list[on].entity;
        let deltas = match &mut self.operations.list[on].act {
            Act::Modify(deltas) => take_parts(deltas, Part::Remove),
            Act::Delete => self.links_to(on, target)?,
            _ => return None,
        };
        if deltas.is_empty() {
            return None;
        }
        let (lose, own): (Vec<_>, Vec<_>) = self.operations.list[on]
            .requires
            .iter()
            .copied()
            .partition(|requirement| requirement.tie == Tie::Lose);
        let part = self.operations.push(entity, Act::Modify(deltas));
        self.operations.list[part].requires = lose;
        self.operations.list[part].is_part = true;
        let operation = &mut self.operations.list[on];
        if let Act::Modify(_) = operation.act {
            operation.drops = Some(part);
            operation.requires = own;
        }
        operation.requires.insert(0, Requirement { on: part, tie: Tie::Name });
        Some(part)
    }

    /// The values of an entry that is deleted which name another one, as they are in
    /// the end.
    fn links_to(&mut self, on: usize, target: usize) -> Option<Vec<Delta<'a>>> {
        let entities = self.sources.entities;
        let side = entities.list[self.operations.list[on].entity].before()?;
        let gone = &entities.list[self.operations.list[target].entity].before()?.key;
        let gone_after = entities.moves.key_after(gone);
        let names_it = |value: &[u8]| {
            let key = key_of(named_dn(value));
            key_is_within(&key, gone) && key_is_within(&entities.moves.key_after(&key), &gone_after)
        };
        let entry = self.sources.old.entry(side.place);
        let links = self.schedule.take_links(on, &entry, self.sources.compared, &names_it);
        let delta = |(name, values): Links<'a>| {
            let now = values.into_iter().map(|value| entities.moves.value_after(value));
            Delta::new(name, now.collect(), Vec::new())
        };
        Some(links.into_iter().map(delta).collect())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Add,
    Remove,
}

/// Takes the values that come, or those that go, out of the differences in
/// attributes that name entries.
fn take_parts<'a>(deltas: &mut Vec<Delta<'a>>, part: Part) -> Vec<Delta<'a>> {
    let mut taken = Vec::new();
    for delta in deltas.iter_mut().filter(|delta| holds_dns(&delta.name)) {
        let mut other = Delta::new(delta.name.clone(), Vec::new(), Vec::new());
        other.removal = delta.removal;
        match part {
            Part::Add => other.add = std::mem::take(&mut delta.add),
            Part::Remove => {
                other.remove = std::mem::take(&mut delta.remove);
                other.was = std::mem::take(&mut delta.was);
            }
        }
        if !other.remove.is_empty() || !other.add.is_empty() {
            taken.push(other);
        }
    }
    deltas.retain(|delta| !delta.remove.is_empty() || !delta.add.is_empty());
    taken
}

/// What temporary values hold, with a number behind it.
const MARK: &str = "ldifix-tmp-";

/// The highest number of a temporary value that an export holds, 0 if none.
fn highest_mark(index: &EntryIndex<'_>) -> usize {
    let numbers = index.behind(MARK.as_bytes()).filter_map(|behind| {
        let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(behind.get(..digits.min(9))?).ok()?.parse().ok()
    });
    numbers.max().unwrap_or(0)
}
