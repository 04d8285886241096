//! Where a person is: country, data location, language, telephone.

mod check;
mod rules;

use super::Family;

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "location",
    rules: &[
        &rules::COUNTRY,
        &rules::USAGE_LOCATION,
        &rules::DATA_LOCATION,
        &rules::CONTRADICTION,
        &rules::TELEPHONE,
        &rules::LANGUAGE,
    ],
    check: check::check,
};
