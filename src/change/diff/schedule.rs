//! The order in which operations are done, and what is to be done besides to make
//! one possible.
//!
//! Each operation comes after those that it requires. Where they require each other
//! in a ring, the ring is broken: an entry takes a temporary name or gives up a
//! unique value ahead of time, or values that name entries are written by a record
//! of their own.

mod ring;

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::compared::{Compared, holds_dns};
use super::operation::{Act, Operations, Requirement, Sources, Tie, written};
use super::options::Omission;
use crate::change::identity::canonical;
use crate::directory::Entry;

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
    /// The requirement that is looked at.
    next: usize,
    /// Whether those before it must be looked at again: there may be new ones.
    again: bool,
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
            let needs = match requirement.tie {
                Tie::Gain | Tie::Wish => false,
                // The value would go with the entry, and the undo would not bring it back.
                Tie::Drop => matches!(list[requirement.on].act, Act::Modify(_)),
                _ => true,
            };
            if needs {
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
    /// Operations that may stand on the stack and whose requirements have come and gone
    /// while a ring was broken.
    rewritten: Vec<usize>,
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
            rewritten: Vec::new(),
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
            let on = requirement.on;
            self.progress.resize(self.operations.list.len(), Progress::New);
            if self.operations.list[on].omitted.is_some() {
                frame.next += 1;
                continue;
            }
            match self.progress[on] {
                Progress::New => self.begin(on, &mut stack),
                Progress::Begun => self.break_ring(on, &mut stack)?,
                Progress::Done if std::mem::take(&mut frame.again) => frame.next = 0,
                Progress::Done => frame.next += 1,
            }
        }
        Ok(())
    }

    fn begin(&mut self, at: usize, stack: &mut Vec<Frame>) {
        self.progress[at] = Progress::Begun;
        self.depth.insert(at, stack.len());
        stack.push(Frame { at, next: 0, again: false });
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
        let requirement = *self.operations.list[at].requires.get(next).ok_or(first)?;
        let on = requirement.on;
        let instead = match requirement.tie {
            Tie::Wish => Vec::new(),
            Tie::Gain => {
                self.come_later(at);
                Vec::new()
            }
            Tie::Drop => self.go_earlier(on, at).ok_or(on)?,
            Tie::Unique(value) => vec![self.give_up(on, value).ok_or(on)?],
            _ => vec![self.step_aside(on).ok_or(on)?],
        };
        self.require_instead(at, requirement, &instead);
        self.progress.resize(self.operations.list.len(), Progress::New);
        self.retreat(stack, depth);
        self.look_again(on, stack);
        for at in std::mem::take(&mut self.rewritten) {
            self.look_again(at, stack);
        }
        Ok(())
    }

    /// Makes an operation require others in the place of one.
    fn require_instead(&mut self, at: usize, one: Requirement, others: &[Requirement]) {
        let requires = &mut self.operations.list[at].requires;
        requires.retain(|own| *own != one);
        requires.splice(0..0, others.iter().copied());
    }

    /// Goes back to an operation on the stack, and to its first requirement.
    fn retreat(&mut self, stack: &mut Vec<Frame>, depth: usize) {
        for frame in stack.drain(depth + 1..) {
            self.progress[frame.at] = Progress::New;
            self.depth.remove(&frame.at);
        }
        if let Some(frame) = stack.last_mut() {
            (frame.next, frame.again) = (0, false);
        }
    }

    /// After requirements of an operation have come and gone: where it stands on the
    /// stack, what stands above it stays there only for a requirement that is left.
    fn look_again(&mut self, at: usize, stack: &mut Vec<Frame>) {
        let Some(&depth) = self.depth.get(&at) else { return };
        let Some(above) = stack.get(depth + 1).map(|frame| frame.at) else { return };
        let mut requires = self.operations.list[at].requires.iter();
        match requires.position(|requirement| requirement.on == above) {
            Some(next) => (stack[depth].next, stack[depth].again) = (next, true),
            None => self.retreat(stack, depth),
        }
    }

    /// What it costs to do without the requirement that a frame has come to; `None`
    /// where that cannot be.
    fn cost(&self, frame: &Frame) -> Option<u32> {
        let list = &self.operations.list;
        let requirement = list[frame.at].requires.get(frame.next)?;
        match requirement.tie {
            Tie::Wish => Some(0),
            Tie::Gain => (!list[frame.at].is_part).then_some(1),
            Tie::Drop => Some(1),
            Tie::Unique(_) => Some(2),
            Tie::Place => Some(3),
            Tie::Parent | Tie::Below | Tie::Name | Tie::Lose => None,
        }
    }
}
