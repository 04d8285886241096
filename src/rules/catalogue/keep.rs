//! Which of several objects keeps a value that only one may have.

use std::sync::Arc;

use super::uniqueness::Party;

/// Which holder of a duplicate keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keep {
    /// The one that has a mailbox.
    Mailbox,
    /// The one that is enabled.
    Enabled,
    /// The one that was created first.
    Oldest,
    /// The one that was created last.
    Newest,
    /// A person must say.
    #[default]
    None,
}

impl Keep {
    /// Whether it depends on when an object was created.
    #[must_use]
    pub fn is_by_age(self) -> bool {
        matches!(self, Self::Oldest | Self::Newest)
    }

    /// The word of the option, and why the one that keeps the value does.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Mailbox => ("mailbox", "it alone has a mailbox"),
            Self::Enabled => ("enabled", "it alone is enabled"),
            Self::Oldest => ("oldest", "it was created first"),
            Self::Newest => ("newest", "it was created last"),
            Self::None => ("none", ""),
        }
    }
}

/// Who keeps a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Keeper {
    /// That was not asked for.
    #[default]
    NotAsked,
    /// No holder is distinguished from the others.
    Unknown,
    /// An object.
    Holder {
        /// Bytes over all inputs to it.
        offset: u64,
        /// Its DN as it was written.
        dn: Arc<[u8]>,
    },
}

/// A choice among holders, which come one after the other.
#[derive(Debug)]
pub(in crate::rules) struct Choice {
    keep: Keep,
    best: Option<Best>,
    /// Nobody can be told from the others any more, or yet.
    is_open: bool,
}

/// The first of the holders so far that nobody goes before.
#[derive(Debug)]
struct Best {
    offset: u64,
    dn: Arc<[u8]>,
    created: Option<Box<str>>,
}

impl Choice {
    pub(in crate::rules) fn new(keep: Keep) -> Self {
        Self { keep, best: None, is_open: false }
    }

    /// Takes the next holder.
    pub(in crate::rules) fn offer(&mut self, offset: u64, party: &Party) {
        let is_eligible = match self.keep {
            Keep::Mailbox => party.has_mailbox,
            Keep::Enabled => party.is_enabled == Some(true),
            Keep::Oldest | Keep::Newest => true,
            Keep::None => false,
        };
        if !is_eligible {
            return;
        }
        if self.keep.is_by_age() && party.created.is_none() {
            // It may be the one.
            self.is_open = true;
            self.best = None;
            self.keep = Keep::None;
            return;
        }
        let known = self.best.as_ref().map(|best| &best.created);
        let order = known.map(|known| match self.keep {
            Keep::Oldest => party.created.cmp(known),
            Keep::Newest => known.cmp(&party.created),
            _ => std::cmp::Ordering::Equal,
        });
        match order {
            Some(std::cmp::Ordering::Greater) => {}
            Some(std::cmp::Ordering::Equal) => self.is_open = true,
            Some(std::cmp::Ordering::Less) | None => {
                self.is_open = false;
                let dn = party.dn.as_slice().into();
                self.best = Some(Best { offset, dn, created: party.created.clone() });
            }
        }
    }

    pub(in crate::rules) fn keeper(self) -> Keeper {
        match self.best.filter(|_| !self.is_open) {
            Some(Best { offset, dn, .. }) => Keeper::Holder { offset, dn },
            None => Keeper::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::catalogue::ObjectKind;

    fn party(has_mailbox: bool, is_enabled: Option<bool>, created: Option<&str>) -> Party {
        Party {
            dn: Vec::new(),
            forest: None,
            kind: ObjectKind::User,
            is_enabled,
            has_principal_name: true,
            has_mailbox,
            created: created.map(Into::into),
            alias_unknown: None,
            in_cloud: None,
            identifiers: Vec::new(),
        }
    }

    fn kept(keep: Keep, parties: &[Party]) -> Option<u64> {
        let mut choice = Choice::new(keep);
        (0..).zip(parties).for_each(|(offset, party)| choice.offer(offset, party));
        match choice.keeper() {
            Keeper::Holder { offset, .. } => Some(offset),
            _ => None,
        }
    }

    #[test]
    fn the_one_that_is_distinguished_keeps_the_value() {
        let a = || party(false, Some(true), Some("20200101000000"));
        let b = || party(true, Some(false), Some("20210101000000"));
        let c = || party(false, None, Some("20190101000000"));
        let all = [a(), b(), c()];
        assert_eq!(kept(Keep::Mailbox, &all), Some(1));
        assert_eq!(kept(Keep::Enabled, &all), Some(0));
        assert_eq!(kept(Keep::Oldest, &all), Some(2));
        assert_eq!(kept(Keep::Newest, &all), Some(1));
        assert_eq!(kept(Keep::None, &all), None);
    }

    #[test]
    fn where_several_are_or_the_export_does_not_say_nobody_does() {
        let old = || party(true, Some(true), Some("20190101000000"));
        let new = || party(true, Some(true), Some("20200101000000"));
        for keep in [Keep::Mailbox, Keep::Enabled] {
            assert_eq!(kept(keep, &[old(), new()]), None);
        }
        assert_eq!(kept(Keep::Oldest, &[old(), old(), new()]), None);
        assert_eq!(kept(Keep::Newest, &[old(), old(), new()]), Some(2));
        assert_eq!(kept(Keep::Oldest, &[old(), party(true, None, None), new()]), None);
    }
}
