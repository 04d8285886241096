//! The part of a directory that is looked at.

use crate::directory::dn::{key_is_within, normalize_into};
use crate::directory::{DnError, NormalizedDn};

use super::Gathered;

/// Subtrees that are in or out.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    base: Option<NormalizedDn>,
    excluded: Vec<NormalizedDn>,
}

impl Selection {
    /// Whether all lines of an entry are needed to decide on it.
    #[must_use]
    pub fn needs_lines(&self) -> bool {
        false
    }

    /// Whether the entry is looked at.
    ///
    /// # Errors
    /// The stable name of the reason why not.
    pub fn verdict(&self, entry: &Gathered<'_>) -> Result<(), &'static str> {
        let _ = entry;
        Ok(())
    }
}
