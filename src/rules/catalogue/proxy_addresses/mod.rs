//! proxyAddresses: the addresses of a recipient, each behind its type.

mod check;
mod plain;
mod rules;
#[cfg(test)]
mod tests;
mod value;
mod whole;

use super::Family;

/// The family.
pub(super) const FAMILY: Family = Family { rules: rules::RULES, check: check::check };
