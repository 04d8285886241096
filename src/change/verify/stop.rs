//! Where a run of `ldapmodify` stopped.

use super::explain::Verdict;

/// The place up to which all records were made, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    /// Records up to this number, not included, were made.
    made: usize,
    /// Records from this number on were not.
    open: usize,
}

impl Stop {
    /// Tells it from records that are sure; `None` where they look like those of
    /// a run that went on behind a refused record, or where nothing is sure.
    pub(super) fn of(sure: impl Iterator<Item = (usize, Verdict)>, records: usize) -> Option<Self> {
        let (mut made, mut open) = (0, records);
        let mut any = false;
        for (number, verdict) in sure {
            match verdict {
                Verdict::Applied => made = made.max(number + 1),
                Verdict::Pending => open = open.min(number),
                Verdict::Contradicted | Verdict::Unclear => continue,
            }
            any = true;
        }
        (any && made <= open).then_some(Self { made, open })
    }

    /// Of several numbers of first records of a chain, whose numbers in the file
    /// these are, those that a run which stopped here can have made; all where
    /// there is none.
    pub(super) fn narrow(&self, choices: &[usize], numbers: &[usize]) -> Vec<usize> {
        let sure = numbers.partition_point(|&number| number < self.made);
        let possible = numbers.partition_point(|&number| number < self.open);
        let left: Vec<usize> =
            choices.iter().copied().filter(|k| (sure..=possible).contains(k)).collect();
        if left.is_empty() { choices.to_vec() } else { left }
    }
}
