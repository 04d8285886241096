//! LDAP's meaning: DNs, attribute descriptions, syntaxes and matching, schema
//! facts, search filters. Knows nothing of rules or reports.

pub mod attribute;
pub mod dn;
mod entry;
pub mod filter;
pub mod matching;
pub mod schema;

pub use attribute::{AttributeDescription, AttributeError, ValueRange};
pub use dn::{Ava, Dn, DnError, DnErrorKind, NormalizedDn, Rdn};
pub use entry::{Entry, EntryAttribute};
pub use filter::{Attributes, EntryLines, Filter, FilterError, FilterErrorKind, Matcher, Truth};
pub use schema::{Bounds, Facts, Link, Syntax, Uniqueness, Writability};
