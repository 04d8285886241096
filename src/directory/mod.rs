//! LDAP's meaning: DNs, attribute descriptions, syntaxes and matching, schema
//! facts, search filters. Knows nothing of rules or reports.

mod entry;

pub use entry::{Entry, EntryAttribute};
