//! What is wrong with an entry and what is suggested: subjects, findings,
//! profiles, the uniqueness index, and one folder per family of rules.
//!
//! Knows nothing of how findings are printed or written.

pub mod catalogue;
mod compare;
mod duplicates;
mod finding;
mod gather;
mod held;
pub mod idfix;
mod index;
mod left_out;
mod look_ahead;
mod needs;
pub mod profile;
pub mod registry;
mod roll;
pub mod rule;
mod selection;
mod shape;
mod subject;
mod survey;
pub mod tenant;
mod wanted;

pub use catalogue::transition::addresses_of;
pub use compare::{Agreement, Difference, Side, compare};
pub use finding::{Action, Applicability, Collision, CollisionHolder, Finding, Suggestion};
pub use gather::{Gathered, Skipped, read_entries};
pub use held::{HeldKeys, StoredValue};
pub use idfix::{Duplicates, Holder, Key, Location, SkipReason, fold_key};
pub use index::{Fingerprint, Index, IndexBuilder, Place, Slot};
pub use needs::{Need, needed_attributes};
pub use profile::{Profile, ProfileOptions, Reads, UnknownProfile};
pub use registry::{UnknownRule, families, nearest};
pub use roll::{Listed, is_of_other_kind, reason_summary};
pub use rule::{Example, Rule, RuleName, Severity};
pub use selection::Selection;
pub use subject::{Attr, AttrSet, Subject, Suspect};
pub use survey::{CheckOptions, EntryFindings, Export, Survey, SurveyedExport};
pub use wanted::{NamedRules, UnknownRules, WantedError, WantedRules};
