//! What a difference is asked to cover, and why something is left out of it.

use super::compared::Compared;
use super::entity::Side;
use super::index::EntryIndex;
use crate::directory::dn::key_is_within;
use crate::directory::{Matcher, NormalizedDn};
use crate::ldif::WriteOptions;

/// What is written of the differences of two exports.
#[derive(Debug)]
pub struct DiffOptions {
    /// The attributes.
    pub compared: Compared,
    /// The entries.
    pub scope: Scope,
    /// The kinds of change.
    pub kinds: Kinds,
    /// How the files are written.
    pub write: WriteOptions,
}

/// The kinds of change that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    /// Entries that only the new export has.
    pub add: bool,
    /// Entries that only the old export has.
    pub delete: bool,
    /// Entries that both have: other values and other names.
    pub modify: bool,
}

impl Default for Kinds {
    fn default() -> Self {
        Self { add: true, delete: true, modify: true }
    }
}

/// The part of the directory that is compared: an entry belongs to it if it does in
/// either export.
#[derive(Debug, Default)]
pub struct Scope {
    /// At or below this DN.
    pub base: Option<NormalizedDn>,
    /// In neither export at or below one of these.
    pub excluded: Vec<NormalizedDn>,
    /// Matching this filter.
    pub filter: Option<Matcher>,
}

/// Why a difference is not in the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Omission {
    /// The options leave out what only the new export has.
    #[error("is new, and adds are left out")]
    Add,
    /// The options leave out what only the old export has.
    #[error("is gone, and deletes are left out")]
    Delete,
    /// The options leave out what both have.
    #[error("has changed, and modifications are left out")]
    Modify,
    /// Names are not among what is compared.
    #[error("has another name, and its naming attribute is not compared")]
    Rename,
    /// The entry is outside of the scope.
    #[error("is outside of the scope")]
    OutOfScope,
    /// One export lacks it, and the other holds nothing of it that is compared.
    #[error("has no attribute that is compared")]
    NothingCompared,
    /// The name is no DN.
    #[error("has a name that is no DN")]
    NoDn,
    /// Another change must come first, and is left out.
    #[error("needs a change that is left out")]
    NeedsAnother,
    /// No order was found in which a server takes the change.
    #[error("cannot be put in an order that a server takes")]
    NoOrder,
}

impl Scope {
    /// Whether everything belongs to it.
    fn is_all(&self) -> bool {
        self.base.is_none() && self.excluded.is_empty() && self.filter.is_none()
    }

    pub(super) fn takes(
        &self,
        old: Option<(&EntryIndex<'_>, &Side)>,
        new: Option<(&EntryIndex<'_>, &Side)>,
    ) -> bool {
        if self.is_all() {
            return true;
        }
        let sides = || old.into_iter().chain(new);
        let within = |base: &NormalizedDn| {
            sides().any(|(_, side)| key_is_within(&side.key, base.as_bytes()))
        };
        self.base.as_ref().is_none_or(within)
            && !self.excluded.iter().any(within)
            && self.filter.as_ref().is_none_or(|filter| {
                sides().any(|(index, side)| filter.matches(&index.entry(side.place)))
            })
    }
}
