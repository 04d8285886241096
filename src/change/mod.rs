//! What is to be done to a directory, and what it leads to: edits become guarded
//! modify records, records are inverted, put in order, applied and proved.
//!
//! Knows change records and entries; not rules, nor why an edit is made.

mod apply;
mod continued;
pub mod diff;
mod edit;
mod entry_text;
mod identity;
mod image;
mod inverse;
mod not_applicable;
mod order;
mod plan;
mod preview;
mod proof;
mod stored;
mod verify;

pub use apply::{apply_record_to_entry, apply_to_entry};
pub use continued::{
    Continued, EntryTexts, Misfit, continued_of, entry_of, into_entry, refuse_misfits,
    refuse_misfits_in,
};
pub use edit::{Edit, EntryEdits, IntendedAttribute, intended, intended_attributes};
pub use entry_text::EntryText;
pub use image::{Fate, Image, Interest, OnRefusal, Outcome, Run};
pub use inverse::{
    NotRestored, Obstacle, Undo, UndoRecord, Uninvertible, invert, invert_guarded, prove_restored,
    unknown_control,
};
pub use not_applicable::{NotApplicable, Reason};
pub use order::{OrderRefusal, Ordered, Step, order};
pub use plan::{Plan, Planned, Refusal, RefusedEdit, UniqueValue, plan};
pub use preview::{Before, Preview, TouchedAttribute, Unknown};
pub use proof::{Case, Counterexample, Essential, File, Flaw, Intention, prove};
pub use verify::{
    Contradiction, FoundValues, Judgement, State, Verification, VerifyRun, undo_without_base,
};

#[cfg(test)]
mod tests;
