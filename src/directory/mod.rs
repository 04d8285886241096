//! LDAP's meaning: DNs, attribute descriptions, syntaxes and matching, schema
//! facts, search filters. Knows nothing of rules or reports.

pub mod attribute;
mod entry;
pub mod schema;

pub use attribute::{AttributeDescription, AttributeError, ValueRange};
pub use entry::{Entry, EntryAttribute};
pub use schema::{Bounds, Facts, Link, Syntax, Uniqueness, Writability};
