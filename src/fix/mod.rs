//! From findings to a proven change: which suggestions hold, what they come to
//! as records, and the proof of both files before a byte is written.
//!
//! Knows rules and changes, which do not know each other; knows nothing of files
//! or of how anything is shown.

mod candidate;
mod declined;
mod draft;
mod found;
mod held;
mod moves;
mod settle;
mod subject;

pub use candidate::Policy;
pub use declined::{Decline, Declined};
pub use draft::{CycleFiles, Draft, DraftError, DraftOptions, draft};
pub use moves::Moves;

#[cfg(test)]
mod moves_tests;
#[cfg(test)]
mod tests;
