//! Who holds the unique values, from record to record.

use rustc_hash::{FxHashMap, FxHashSet};

use super::course::{Course, Exchange, unique_values_at_first};
use super::{File, Flaw, Intention};
use crate::change::plan::UniqueValue;
use crate::change::stored::hash_of;

/// How many entries hold each of the unique values that some record takes.
pub(super) struct Holders(FxHashMap<UniqueValue, Count>);

#[derive(Default)]
struct Count {
    now: usize,
    at_first: usize,
}

impl Holders {
    /// Those before any record is applied.
    pub(super) fn at_first<T: Intention>(intentions: &[T], courses: &[Course]) -> Self {
        let legs = courses.iter().flat_map(|course| [&course.forth, &course.back]);
        let exchanges = legs.flat_map(|leg| &leg.exchanges).filter_map(|(_, it)| it.as_ref().ok());
        let taken = exchanges.flat_map(|exchange| exchange.taken.iter().cloned());
        let mut holders: FxHashMap<UniqueValue, Count> =
            taken.map(|value| (value, Count::default())).collect();
        let hashes: FxHashSet<u64> = holders.keys().map(hash_of).collect();
        for (intention, course) in intentions.iter().zip(courses) {
            // Most entries hold nothing that another one takes.
            if !course.held.iter().any(|hash| hashes.contains(hash)) {
                continue;
            }
            for value in unique_values_at_first(&intention.case().before) {
                if let Some(count) = holders.get_mut(&value) {
                    count.now += 1;
                    count.at_first += 1;
                }
            }
        }
        Self(holders)
    }

    /// Takes note of who holds the values behind a record.
    ///
    /// # Errors
    /// Where it takes a value that another entry has.
    pub(super) fn hand_over(&mut self, file: File, exchange: Exchange) -> Result<(), Flaw> {
        for value in exchange.freed {
            if let Some(count) = self.0.get_mut(&value) {
                count.now = count.now.saturating_sub(1);
            }
        }
        for value in exchange.taken {
            let Some(count) = self.0.get_mut(&value) else { continue };
            // A value that several entries had at first goes back to all of them.
            let shared = file == File::Undo && count.at_first > 1;
            if count.now > 0 && !shared {
                let UniqueValue { attribute, key } = value;
                return Err(Flaw::Taken { attribute, key });
            }
            count.now += 1;
        }
        Ok(())
    }
}
