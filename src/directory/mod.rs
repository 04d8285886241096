//! LDAP's meaning: DNs, attribute descriptions, syntaxes and matching, schema
//! facts, search filters. Knows nothing of rules or reports.

pub mod attribute;
mod attribute_list;
mod attribute_places;
pub mod dn;
mod entry;
pub mod filter;
pub(crate) mod lower;
pub mod matching;
mod object_class;
pub mod schema;
mod scope;
mod values;

pub use attribute::{AttributeDescription, AttributeError, ValueRange};
pub use attribute_list::{AttributeList, AttributeListError, is_operational};
pub(crate) use attribute_places::AttributePlaces;
pub use dn::{Ava, Dn, DnError, DnErrorKind, NormalizedDn, Rdn};
pub use entry::{Entry, EntryAttribute};
pub use filter::{
    Attributes, Choices, EntryLines, Filter, FilterError, FilterErrorKind, LinkGraph, Matcher,
    Selector, SolvedLinks, Truth,
};
pub use object_class::Subclasses;
pub use schema::{Bounds, Facts, Link, Syntax, Uniqueness, Writability};
pub use scope::{Scope, SearchBase};
pub use values::Values;
