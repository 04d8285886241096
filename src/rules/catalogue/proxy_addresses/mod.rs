//! proxyAddresses: the addresses of a recipient, each behind its type.

mod check;
#[macro_use]
mod example;
mod plain;
mod rules;
#[cfg(test)]
mod tests;
mod value;
mod whole;

use super::Family;

pub(super) use value::{AddressType, MAX_VALUE, Proxy, Role, bare, is_routing};

/// The family.
pub(super) const FAMILY: Family =
    Family { name: "proxy-addresses", rules: rules::RULES, check: check::check };
