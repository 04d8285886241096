//! What is to be done to a directory, and what it leads to: edits become guarded
//! modify records, records are inverted, put in order, applied and proved.
//!
//! Knows change records and entries; not rules, nor why an edit is made.

mod apply;
mod identity;
mod inverse;
mod not_applicable;
mod stored;

pub use apply::apply_to_entry;
pub use inverse::{invert, invert_guarded};
pub use not_applicable::{NotApplicable, Reason};
