//! Attributes that an export leaves out as a whole: what was not asked for is no more
//! absent than present.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::rules::{Attr, AttrSet};

/// Active Directory gives them to every object that the rules ask for them, so that an
/// export without any was made without them.
const ALWAYS_THERE: AttrSet = AttrSet::EMPTY.with(Attr::SamAccountName).with(Attr::ObjectGuid);

/// Of so few entries, that none has an attribute says nothing about the export.
const FEW: u64 = 2;

/// The attributes that the exports leave out, and what is not said for lack of them.
///
/// That is known once all entries were seen; until then nothing counts as left out.
#[derive(Debug, Default)]
pub struct LeftOut {
    attrs: OnceLock<AttrSet>,
    silent: RwLock<BTreeSet<(&'static str, &'static str)>>,
}

impl PartialEq for LeftOut {
    fn eq(&self, other: &Self) -> bool {
        self.attrs == other.attrs
    }
}

impl Eq for LeftOut {}

impl LeftOut {
    /// Takes note of the attributes; the first call decides.
    pub(super) fn decide(&self, attrs: AttrSet) {
        let _ = self.attrs.set(attrs);
    }

    /// Whether the exports leave an attribute out, as far as is known by now.
    #[must_use]
    pub fn contains(&self, attr: Attr) -> bool {
        self.attrs.get().is_some_and(|attrs| attrs.contains(attr))
    }

    /// Takes note that a rule, or a reason for not being synchronised, says nothing for
    /// lack of an attribute.
    pub(super) fn silence(&self, attr: Attr, rule: &'static str) {
        self.silence_for(attr.name(), rule);
    }

    /// The same for lack of an attribute that no rule reads by itself.
    pub(super) fn silence_for(&self, attribute: &'static str, rule: &'static str) {
        let known = || self.silent.read().unwrap_or_else(PoisonError::into_inner);
        // Nearly always it is known from an entry before.
        if !known().contains(&(attribute, rule)) {
            self.silent.write().unwrap_or_else(PoisonError::into_inner).insert((attribute, rule));
        }
    }

    /// The attributes for lack of which something was not said, with the names of the
    /// rules, in the order of the names.
    #[must_use]
    pub fn silent(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
        let mut silent: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (attribute, rule) in &*self.silent.read().unwrap_or_else(PoisonError::into_inner) {
            silent.entry(*attribute).or_default().push(*rule);
        }
        silent
    }
}

/// The attributes that the exports leave out, of those that no entry has.
///
/// Nothing but what is [`ALWAYS_THERE`] counts as left out where the exports were made
/// without a list of attributes: they show objectCategory then, which every object of
/// Active Directory has and which nobody asks for. Neither does it where the rules look
/// at [`FEW`] entries.
pub(super) fn left_out(seen: AttrSet, entries: u64) -> AttrSet {
    let is_whole = seen.contains(Attr::ObjectCategory);
    let is_left_out = |attr: Attr| ALWAYS_THERE.contains(attr) || (!is_whole && entries > FEW);
    let absent = Attr::ALL.iter().filter(|attr| !seen.contains(**attr));
    absent.filter(|attr| is_left_out(**attr)).fold(AttrSet::EMPTY, |set, attr| set.with(*attr))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: AttrSet = AttrSet::EMPTY.with(Attr::Mail).with(Attr::DisplayName);

    #[test]
    fn what_no_entry_of_several_has_is_left_out() {
        let left_out = left_out(MAIL, 3);
        assert!(left_out.contains(Attr::UserPrincipalName));
        assert!(left_out.contains(Attr::ProxyAddresses));
        assert!(!left_out.contains(Attr::Mail));
    }

    #[test]
    fn an_export_of_all_attributes_or_of_few_entries_leaves_nothing_out_but_what_is_always_there() {
        for left_out in [left_out(MAIL.with(Attr::ObjectCategory), 1000), left_out(MAIL, 2)] {
            assert!(!left_out.contains(Attr::UserPrincipalName));
            assert!(!left_out.contains(Attr::ProxyAddresses));
            assert!(left_out.contains(Attr::SamAccountName));
            assert!(left_out.contains(Attr::ObjectGuid));
        }
        assert!(!left_out(MAIL.with(Attr::SamAccountName), 2).contains(Attr::SamAccountName));
    }

    #[test]
    fn nothing_is_left_out_until_that_is_decided_and_it_is_decided_once() {
        let known = LeftOut::default();
        assert!(!known.contains(Attr::Mail));
        known.decide(AttrSet::EMPTY.with(Attr::Mail));
        known.decide(AttrSet::EMPTY.with(Attr::Sn));
        assert!(known.contains(Attr::Mail) && !known.contains(Attr::Sn));
        known.silence(Attr::Mail, "mail-without-proxy");
        known.silence(Attr::Mail, "mail-without-proxy");
        assert_eq!(known.silent(), BTreeMap::from([("mail", vec!["mail-without-proxy"])]));
    }
}
