//! Ways up from an entry to those above it, which may lead in a circle where names
//! contradict each other.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use super::{NodeId, ROOT};

/// Tells that a way leads in a circle, after few more steps than there are entries on
/// it: it remembers an entry, and one further on after twice as many steps.
#[derive(Debug)]
pub(super) struct Circle {
    remembered: NodeId,
    steps: usize,
    next: usize,
}

impl Circle {
    pub(super) fn new() -> Self {
        Self { remembered: ROOT, steps: 0, next: 1 }
    }

    /// Whether the way came back, now that it is at this entry, which is below
    /// the root.
    pub(super) fn is_closed_at(&mut self, node: NodeId) -> bool {
        if node == self.remembered {
            return true;
        }
        self.steps += 1;
        if self.steps == self.next {
            (self.remembered, self.next) = (node, self.next * 2);
        }
        false
    }
}

/// What is found on the ways up, remembered for each entry on them, so that none is
/// gone twice.
#[derive(Debug)]
pub(super) struct Ways<T>(FxHashMap<NodeId, T>);

impl<T> Default for Ways<T> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<T: Copy> Ways<T> {
    /// Goes up until `step` finds something; otherwise it tells which entry is above.
    /// A `circle` counts as found, too.
    pub(super) fn from(
        &mut self,
        node: NodeId,
        circle: T,
        step: impl Fn(NodeId) -> ControlFlow<T, NodeId>,
    ) -> T {
        let mut path = Vec::new();
        let mut at = node;
        let found = loop {
            if let Some(found) = self.0.get(&at) {
                break *found;
            }
            // Who comes here again went in a circle.
            self.0.insert(at, circle);
            path.push(at);
            match step(at) {
                ControlFlow::Continue(above) => at = above,
                ControlFlow::Break(found) => break found,
            }
        };
        self.0.extend(path.into_iter().map(|node| (node, found)));
        found
    }
}
