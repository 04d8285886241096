//! What tells a value from the others of its attribute.

use std::borrow::Cow;

use super::{Values, fold};
use crate::change::verify::names::{Absent, Named};
use crate::directory::Syntax;
use crate::ldif::Value;

/// What a value is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key<'v> {
    /// The form in which it is equal to others; of a value that names an entry and
    /// follows it, with the name that the entry bears now.
    pub(super) value: Value<'v>,
    /// The entry that it names, where that is not in the export.
    pub(super) absent: Option<Absent>,
}

/// What a DN named when the first so many records were made.
type Names<'n> = dyn FnMut(&[u8], usize) -> Named + 'n;

/// How values that name entries follow them.
pub(super) struct Follow<'n> {
    names: Box<Names<'n>>,
    /// How many records were made when the entry had its first values.
    pub(super) start: usize,
}

impl<'r> Values<'r> {
    /// Has values that name entries follow them to their names of now. An entry that
    /// is there from the `start` has its first values by then.
    pub(in crate::change::verify) fn following(
        self,
        start: usize,
        names: impl FnMut(&[u8], usize) -> Named + 'r,
    ) -> Self {
        Self { follow: Some(Follow { names: Box::new(names), start }), made: start, ..self }
    }

    /// Whether values of this rule follow the entries that they name: then one has one
    /// spelling only, that of the entry.
    pub(super) fn follows(&self, rule: Syntax) -> bool {
        self.follow.is_some() && rule == Syntax::DistinguishedName
    }

    /// The key of a value that is written when so many records were made.
    pub(super) fn key<'v>(&mut self, rule: Syntax, value: &'v Value<'_>, made: usize) -> Key<'v> {
        let value = fold(rule, value);
        let written = |value| Key { value, absent: None };
        let follow = self.follow.as_mut().filter(|_| rule == Syntax::DistinguishedName);
        let (Some(follow), Some(dn)) = (follow, value.bytes()) else { return written(value) };
        match (follow.names)(dn, made) {
            Named::Written => written(value),
            Named::Now(dn) => written(Value::Bytes(Cow::Owned(dn.into_vec()))),
            Named::Absent(absent) => Key { value, absent: Some(absent) },
        }
    }
}
