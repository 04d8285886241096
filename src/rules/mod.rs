//! What is wrong with an entry and what is suggested: subjects, findings,
//! profiles, the uniqueness index, and one folder per family of rules.
//!
//! Knows nothing of how findings are printed or written.

mod finding;
mod index;
mod subject;

pub use finding::{Action, Applicability, Finding, RuleName};
pub use index::{Fingerprint, Index, IndexBuilder, Place, Slot};
pub use subject::{Attr, Subject};
