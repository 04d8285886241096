//! The part of a directory that is looked at.

use crate::directory::dn::{key_is_within, normalize_into};
use crate::directory::{EntryLines, Matcher, NormalizedDn};

use super::Gathered;

/// Subtrees that are in or out, and a filter.
#[derive(Debug, Default)]
pub struct Selection {
    base: Option<NormalizedDn>,
    excluded: Vec<NormalizedDn>,
    filter: Option<Matcher>,
}

impl Selection {
    /// Entries at or below `base`, at or below none of `excluded`, that match
    /// `filter`.
    #[must_use]
    pub fn new(
        base: Option<NormalizedDn>,
        excluded: Vec<NormalizedDn>,
        filter: Option<Matcher>,
    ) -> Self {
        Self { base, excluded, filter }
    }

    /// Whether all lines of an entry are needed to decide on it.
    #[must_use]
    pub fn needs_lines(&self) -> bool {
        self.filter.is_some()
    }

    /// Whether the entry is looked at.
    ///
    /// # Errors
    /// The stable name of the reason why not.
    pub fn verdict(&self, entry: &Gathered<'_>) -> Result<(), &'static str> {
        if self.base.is_some() || !self.excluded.is_empty() {
            let mut key = Vec::new();
            if normalize_into(entry.subject.dn(), &mut key).is_err() {
                return Err("invalid-dn");
            }
            let within = |base: &NormalizedDn| key_is_within(&key, base.as_bytes());
            if !self.base.as_ref().is_none_or(within) {
                return Err("outside-base");
            }
            if self.excluded.iter().any(within) {
                return Err("excluded");
            }
        }
        let lines = EntryLines { dn: entry.subject.dn(), lines: &entry.lines };
        match &self.filter {
            Some(filter) if !filter.matches(&lines) => Err("filtered-out"),
            _ => Ok(()),
        }
    }
}
