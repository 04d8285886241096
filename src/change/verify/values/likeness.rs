//! How much an entry looks like one that it may be.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Held, fold, is_set_by_server};
use crate::change::identity::{self, canonical};
use crate::directory::Entry;
use crate::ldif::Value;

/// Values that renames take with the names that they named.
#[derive(Debug, Default)]
pub(in crate::change::verify) struct Taken(FxHashMap<Vec<u8>, FxHashSet<Value<'static>>>);

impl Taken {
    /// Adds those of an RDN.
    pub(in crate::change::verify) fn with(&mut self, rdn: &[u8]) {
        for (name, value) in identity::rdn_values(rdn).unwrap_or_default() {
            let value = Value::Bytes(value.into());
            let key = fold(identity::rule_of(&name), &value).into_owned();
            self.0.entry(canonical(&name).into_owned()).or_default().insert(key);
        }
    }

    fn holds(&self, name: &[u8], value: &Value<'_>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let values = self.0.get(&*canonical(name));
        values.is_some_and(|values| values.contains(&fold(identity::rule_of(name), value)))
    }
}

/// How an entry looks beside the values that it should have, those that name it
/// left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::change::verify) enum Likeness {
    /// It has these, byte for byte, and no other that people write.
    Same,
    /// It has these, and more.
    More,
    /// It lacks one.
    Other,
}

impl Likeness {
    /// Values that a rename may have `taken` may be there or not.
    pub(in crate::change::verify) fn of<'v>(
        entry: &Entry<'_>,
        lines: impl Iterator<Item = (&'v [u8], &'v Value<'v>)>,
        taken: &Taken,
    ) -> Self {
        let naming = identity::rdn_values(&entry.dn).unwrap_or_default();
        let is_aside = |name: &[u8]| {
            is_set_by_server(name)
                || naming.iter().any(|(naming, _)| identity::same_description(naming, name))
        };
        let mut held = Held::of(entry);
        let mut wanted: FxHashMap<Vec<u8>, FxHashSet<&Value<'_>>> = FxHashMap::default();
        let lines = lines.filter(|(name, value)| !is_aside(name) && !taken.holds(name, value));
        for (name, value) in lines {
            if !held.holds(name, value) {
                return Self::Other;
            }
            wanted.entry(canonical(name).into_owned()).or_default().insert(value);
        }
        let is_wanted = |name: &[u8], value: &Value<'_>| {
            wanted.get(&*canonical(name)).is_some_and(|values| values.contains(value))
        };
        let is_expected =
            |name: &[u8], value: &Value<'_>| is_wanted(name, value) || taken.holds(name, value);
        let exact = entry.attributes().iter().all(|own| {
            is_aside(&own.name) || own.values.iter().all(|value| is_expected(&own.name, value))
        });
        if exact { Self::Same } else { Self::More }
    }
}
