//! displayName and other text that people read.

mod check;
mod rules;

use super::Family;

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "person-name",
    rules: &[
        &rules::BLANK,
        &rules::MISSING,
        &rules::OUTER_SPACE,
        &rules::CHARACTER,
        &rules::INVISIBLE,
        &rules::MIXED_SCRIPT,
    ],
    check: check::check,
};
