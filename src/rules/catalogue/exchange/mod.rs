//! What Exchange says about a recipient in several attributes, and whether these agree.

mod check;
mod rules;

use super::Family;

/// The family.
pub(super) const FAMILY: Family =
    Family { name: "exchange", rules: rules::RULES, check: check::check };
