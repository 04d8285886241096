//! What is wrong with an entry and what is suggested: subjects, findings,
//! profiles, the uniqueness index, and one folder per family of rules.
//!
//! Knows nothing of how findings are printed or written.

mod finding;
pub mod idfix;
pub mod profile;
pub mod registry;
mod subject;

pub use finding::{Action, Applicability, Finding, RuleName, Suggestion};
pub use idfix::{Duplicates, Holder, Key, Place, SkipReason, fold_key};
pub use profile::{Profile, ProfileOptions, UnknownProfile};
pub use registry::{Rule, UnknownRule};
pub use subject::{Attr, Subject};
