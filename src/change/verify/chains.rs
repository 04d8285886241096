//! Which records belong together, because they touch the same things.

/// Sets of numbers that are being joined.
#[derive(Debug)]
pub(super) struct Joined {
    parents: Vec<usize>,
}

/// The sets as lists, each in order, in the order of their first number.
#[derive(Debug, Default)]
pub(super) struct Chains {
    /// Per number, its list.
    list: Vec<usize>,
    lists: Vec<Vec<usize>>,
}

impl Joined {
    pub(super) fn new(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    /// The smaller number becomes the root, so that lists stay in order.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }

    pub(super) fn chains(mut self) -> Chains {
        let mut chains = Chains::default();
        for number in 0..self.parents.len() {
            let root = self.root(number);
            if root == number {
                chains.list.push(chains.lists.len());
                chains.lists.push(vec![number]);
            } else {
                let list = chains.list[root];
                chains.list.push(list);
                chains.lists[list].push(number);
            }
        }
        chains
    }
}

impl Chains {
    pub(super) fn len(&self) -> usize {
        self.lists.len()
    }

    pub(super) fn of(&self, number: usize) -> usize {
        self.list[number]
    }

    pub(super) fn members(&self, list: usize) -> &[usize] {
        &self.lists[list]
    }
}
