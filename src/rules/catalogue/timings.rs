//! What each family costs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::FAMILIES;

/// The time that families took, over all threads.
#[derive(Debug)]
pub struct Timings {
    /// In nanoseconds; the last one is that of the identifiers.
    spent: Vec<AtomicU64>,
}

impl Default for Timings {
    fn default() -> Self {
        Self { spent: (0..=FAMILIES.len()).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Timings {
    /// The number under which the time for uniqueness counts.
    pub(super) const IDENTIFIERS: usize = FAMILIES.len();

    /// Does some work and counts the time that it takes.
    pub(super) fn count<R>(&self, number: usize, work: impl FnOnce() -> R) -> R {
        let begun = Instant::now();
        let result = work();
        let spent = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if let Some(total) = self.spent.get(number) {
            total.fetch_add(spent, Ordering::Relaxed);
        }
        result
    }

    /// The families with the time that each took so far, in the order of the
    /// catalogue.
    pub fn families(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        let names = FAMILIES.iter().map(|family| family.name).chain(["uniqueness"]);
        names
            .zip(&self.spent)
            .map(|(name, spent)| (name, Duration::from_nanos(spent.load(Ordering::Relaxed))))
    }
}
