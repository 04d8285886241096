//! What the cloud makes of the name that a user signs in with.

use crate::rules::rule::Severity;

use super::user_principal_name::{
    MAX_DOMAIN, MAX_LOCAL, NOT_ROUTABLE, NUMERIC_DOMAIN, RESERVED, UNVERIFIED, judge,
};
use super::{Settings, address};

/// What the cloud does with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// It takes it.
    Kept,
    /// The suffix is not verified in the tenant.
    Unverified,
    /// The suffix is no domain of the Internet, and so cannot be verified.
    NotRoutable,
    /// It holds what no name may hold.
    Refused,
}

/// What the cloud does with a name, as far as the tenant is known.
pub(super) fn fate(name: &str, settings: &Settings) -> Fate {
    let mut fate = Fate::Kept;
    judge(name, settings, &mut |rule, _| {
        let by_rule = if rule.severity == Severity::Error {
            Fate::Refused
        } else if [NOT_ROUTABLE.name, NUMERIC_DOMAIN.name].contains(&rule.name) {
            Fate::NotRoutable
        } else if [RESERVED.name, UNVERIFIED.name].contains(&rule.name)
            && !is_in_initial_domain(name, settings)
        {
            Fate::Unverified
        } else {
            Fate::Kept
        };
        fate = fate.max(by_rule);
    });
    fate
}

/// The suffix of a name that the cloud takes: the names of most users end alike.
#[derive(Debug, Default)]
pub(super) struct KeptSuffix {
    suffix: Vec<u8>,
}

impl KeptSuffix {
    /// Whether the cloud takes a name.
    pub(super) fn is_kept(&mut self, name: &[u8], settings: &Settings) -> bool {
        let at = memchr::memchr(b'@', name).unwrap_or(name.len());
        let (local, suffix) = name.split_at(at);
        let is_known = !suffix.is_empty() && suffix == self.suffix;
        if is_known && is_plain(local) {
            return true;
        }
        let is_kept = fate(&String::from_utf8_lossy(name), settings) == Fate::Kept;
        // With a short suffix no name is too long whose local part is not.
        if is_kept && suffix.len() <= MAX_DOMAIN {
            self.suffix.clear();
            self.suffix.extend_from_slice(suffix);
        }
        is_kept
    }
}

fn is_in_initial_domain(name: &str, settings: &Settings) -> bool {
    let initial = settings.initial_domain.as_deref();
    let domain = address::split(name).map(|(_, domain)| domain);
    initial.zip(domain).is_some_and(|(initial, domain)| initial.eq_ignore_ascii_case(domain))
}

/// Whether the part before the @ holds letters, digits, hyphens, and single dots between
/// them: most do.
fn is_plain(local: &[u8]) -> bool {
    let mut before = b'.';
    for &byte in local {
        let is_beside_dot = byte == b'.' && before == b'.';
        if is_beside_dot || !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
            return false;
        }
        before = byte;
    }
    before != b'.' && local.len() <= MAX_LOCAL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_that_is_known_changes_no_answer() {
        let settings =
            Settings { verified_domains: vec!["contoso.com".to_owned()], ..Settings::default() };
        let mut kept = KeptSuffix::default();
        let long = format!("{}@contoso.com", "a".repeat(65));
        for name in [
            "ann@contoso.com",
            "ann.archer@contoso.com",
            "a..b@contoso.com",
            ".a@contoso.com",
            "a.@contoso.com",
            "a.b.c@contoso.com",
            "a b@contoso.com",
            "o'neil@contoso.com",
            "@contoso.com",
            "ann@x@contoso.com",
            "ann@fabrikam.com",
            "ann@CONTOSO.com",
            "ann",
            &long,
        ] {
            let by_itself = KeptSuffix::default().is_kept(name.as_bytes(), &settings);
            assert_eq!(kept.is_kept(name.as_bytes(), &settings), by_itself, "{name}");
            assert_eq!(by_itself, fate(name, &settings) == Fate::Kept, "{name}");
        }
    }
}
