//! Where names lead once all entries have moved.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::index::key_of;
use crate::change::identity;
use crate::directory::dn::key_ancestors;
use crate::directory::matching::split_binary;

/// The entries that get another name by a record of their own. What is below them
/// moves with them.
#[derive(Debug, Clone, Default)]
pub(super) struct Moves {
    by_old: FxHashMap<Vec<u8>, NewName>,
    /// The keys of entries that go.
    gone: FxHashSet<Vec<u8>>,
}

#[derive(Debug, Clone)]
struct NewName {
    key: Vec<u8>,
    dn: Vec<u8>,
}

impl Moves {
    pub(super) fn is_empty(&self) -> bool {
        self.by_old.is_empty()
    }

    /// Whether the name of this key becomes another one by a record of its own: what goes
    /// to another entry may keep its name all the same.
    pub(super) fn renames(&self, key: &[u8]) -> bool {
        self.by_old.get(key).is_some_and(|new| new.key != key)
    }

    /// Whether an entry gets another name, or goes.
    pub(super) fn are_any(&self) -> bool {
        !self.by_old.is_empty() || !self.gone.is_empty()
    }

    /// Notes a rename. Those of entries above it are to be known already.
    pub(super) fn insert(&mut self, old_key: Vec<u8>, new_key: Vec<u8>, new_dn: Vec<u8>) {
        self.by_old.insert(old_key, NewName { key: new_key, dn: new_dn });
    }

    /// Notes an entry that goes.
    pub(super) fn insert_gone(&mut self, key: Vec<u8>) {
        self.gone.insert(key);
    }

    /// Whether a value names an entry that goes.
    pub(super) fn is_gone(&self, value: &[u8]) -> bool {
        !self.gone.is_empty() && self.gone.contains(&key_of(named_dn(value)))
    }

    /// The old key of the nearest entry at or above a name that is renamed.
    pub(super) fn mover_of<'k>(&self, key: &'k [u8]) -> Option<&'k [u8]> {
        self.nearest(key).map(|(old, _)| old)
    }

    /// The nearest entry at or above a name that is renamed: its old key.
    fn nearest<'k>(&self, key: &'k [u8]) -> Option<(&'k [u8], &NewName)> {
        if self.by_old.is_empty() {
            return None;
        }
        let mut names = std::iter::once(key).chain(key_ancestors(key));
        names.find_map(|name| Some((name, self.by_old.get(name)?)))
    }

    /// The key that an entry's name has in the end.
    pub(super) fn key_after<'k>(&self, key: &'k [u8]) -> Cow<'k, [u8]> {
        match self.nearest(key) {
            Some((old, new)) => Cow::Owned([&key[..key.len() - old.len()], &new.key].concat()),
            None => Cow::Borrowed(key),
        }
    }

    /// The DN that an entry has in the end.
    pub(super) fn dn_after<'d>(&self, dn: &'d [u8]) -> Cow<'d, [u8]> {
        if self.by_old.is_empty() {
            return Cow::Borrowed(dn);
        }
        let key = key_of(dn);
        let Some((old, new)) = self.nearest(&key) else { return Cow::Borrowed(dn) };
        rebased(dn, &key, old, &new.dn).map_or(Cow::Borrowed(dn), Cow::Owned)
    }

    /// A value that names an entry, as it is in the end.
    pub(super) fn value_after<'v>(&self, value: Cow<'v, [u8]>) -> Cow<'v, [u8]> {
        if self.by_old.is_empty() {
            return value;
        }
        let (head, dn) = split_binary(&value).unwrap_or((b"", &value));
        let after = match self.dn_after(dn) {
            Cow::Borrowed(_) => None,
            Cow::Owned(dn) => Some([head, &dn].concat()),
        };
        after.map_or(value, Cow::Owned)
    }
}

/// The DN that a value names, with AD's `B:count:hex:` taken off.
pub(super) fn named_dn(value: &[u8]) -> &[u8] {
    split_binary(value).map_or(value, |(_, dn)| dn)
}

/// A DN with what it has at or above `old` (a key at the end of its own key)
/// replaced by another DN.
pub(super) fn rebased(dn: &[u8], key: &[u8], old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    let below = key.get(..key.len().checked_sub(old.len())?)?;
    let depth = memchr::memchr_iter(b',', below).count();
    let starts = identity::rdn_starts(dn);
    let (from, to) = (*starts.first()?, *starts.get(depth)?);
    Some([dn.get(from..to)?, new].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves() -> Moves {
        let mut moves = Moves::default();
        for (old, new) in [("ou=a,dc=x", "OU=B,DC=x"), ("cn=joe,ou=a,dc=x", "CN=Jim,OU=C,DC=x")] {
            moves.insert(key_of(old.as_bytes()), key_of(new.as_bytes()), new.as_bytes().to_vec());
        }
        moves
    }

    fn after(dn: &str) -> String {
        String::from_utf8(moves().dn_after(dn.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_name_follows_the_nearest_entry_above_it_that_moves() {
        assert_eq!(after("OU=A, DC=x"), "OU=B,DC=x");
        assert_eq!(after("CN=Ann,ou=s,OU=A,DC=x"), "CN=Ann,ou=s,OU=B,DC=x");
        assert_eq!(after("cn=JOE,ou=a,dc=x"), "CN=Jim,OU=C,DC=x");
        assert_eq!(after("cn=sub\\,x,cn=JOE,ou=a,dc=x"), "cn=sub\\,x,CN=Jim,OU=C,DC=x");
        assert_eq!(after("ou=aa,dc=x"), "ou=aa,dc=x");
        assert_eq!(after("no DN"), "no DN");
    }

    #[test]
    fn a_value_with_binary_keeps_its_binary() {
        let value = Cow::Borrowed(&b"B:4:00AF:CN=Ann,OU=A,DC=x"[..]);
        assert_eq!(&*moves().value_after(value), b"B:4:00AF:CN=Ann,OU=B,DC=x");
    }

    #[test]
    fn keys_and_texts_lead_to_the_same_place() {
        for dn in ["ou=a,dc=x", "cn=ann,ou=a,dc=x", "cn=x,cn=joe,ou=a,dc=x", "dc=x"] {
            let key = key_of(dn.as_bytes());
            assert_eq!(*moves().key_after(&key), *key_of(after(dn).as_bytes()), "{dn}");
        }
    }
}
