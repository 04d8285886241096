//! Google Workspace: what Google Cloud Directory Sync skips and what Google refuses.

mod check;
mod rules;

use super::uniqueness::Told;
use super::{Family, GOOGLE};

/// The family.
pub(super) const FAMILY: Family =
    Family { name: "google", rules: rules::RULES, check: check::check };

/// How an address that two objects hold is told.
pub(super) const SHARED_ADDRESS: Told = Told { profile: GOOGLE, rule: &rules::SHARED_ADDRESS };
