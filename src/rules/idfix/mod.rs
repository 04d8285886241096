//! The rules of IdFix 2.6.0.3, value for value: two profiles whose rows are the
//! ones that IdFix shows for the same entries.
//!
//! A value is looked at twice at most. [`Profile::inspect`] runs over every value
//! of every entry and decides by byte tables whether a chain fails, and which key
//! the value holds. Only the entries that fail or share a key are then worked out
//! exactly by [`Profile::findings`].
//!
//! [`Profile::inspect`]: super::Profile::inspect
//! [`Profile::findings`]: super::Profile::findings

mod address;
mod chain;
mod characters;
mod false_alarm;
mod fold;
mod inspect;
mod rows;
mod rules;
mod scope;
mod shape;
mod suggest;
mod tables;

pub use characters::Class;
pub use false_alarm::why_false_alarm;
pub use fold::fold_key;
pub(super) use fold::fold_plain;
pub use inspect::{Buffers, Key};
pub use rows::{Alone, Duplicates, Holder, Location};
pub use scope::SkipReason;
pub(super) use scope::well_known;

pub(super) use address::{is_smtp, is_x400};
pub(crate) use rules::DUPLICATE;
pub(super) use rules::RULES;
pub(super) use tables::{DEDICATED, READ, looks_at, multitenant};

#[cfg(test)]
mod tests;
