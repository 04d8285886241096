//! sAMAccountName: the name of an account within its domain.

mod check;
mod rules;

use super::Family;

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "sam-account-name",
    rules: &[
        &rules::BLANK,
        &rules::LENGTH,
        &rules::GROUP_LENGTH,
        &rules::GROUP_LONG,
        &rules::COMPUTER_LENGTH,
        &rules::SERVICE_LENGTH,
        &rules::CHARACTER,
        &rules::APOSTROPHE,
        &rules::PORTABLE,
        &rules::END_DOT,
        &rules::DIGITS,
        &rules::DOLLAR,
        &rules::DUPLICATE_MARK,
        &rules::NEITHER,
    ],
    check: check::check,
};
