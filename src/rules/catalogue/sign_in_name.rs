//! What the cloud makes of the name that a user signs in with.

use crate::rules::rule::Severity;

use super::user_principal_name::{
    NOT_ROUTABLE, NUMERIC_DOMAIN, RESERVED, UNVERIFIED, is_everyday, judge,
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

/// Whether the cloud takes a name.
pub(super) fn is_kept(name: &[u8], settings: &Settings) -> bool {
    is_everyday(name, settings) || fate(&String::from_utf8_lossy(name), settings) == Fate::Kept
}

fn is_in_initial_domain(name: &str, settings: &Settings) -> bool {
    let initial = settings.initial_domain.as_deref();
    let domain = address::split(name).map(|(_, domain)| domain);
    initial.zip(domain).is_some_and(|(initial, domain)| initial.eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_look_changes_no_answer() {
        let settings =
            Settings { verified_domains: vec!["contoso.com".to_owned()], ..Settings::default() };
        let long = format!("{}@contoso.com", "a".repeat(65));
        for name in [
            "ann@contoso.com",
            "ann.archer@contoso.com",
            "a@contoso.com",
            "a..b@contoso.com",
            ".a@contoso.com",
            "a.@contoso.com",
            "a b@contoso.com",
            "o'neil@contoso.com",
            "@contoso.com",
            "ann@x@contoso.com",
            "ann@fabrikam.com",
            "ann@CONTOSO.com",
            "ann",
            &long,
        ] {
            let is_kept = fate(name, &settings) == Fate::Kept;
            assert_eq!(super::is_kept(name.as_bytes(), &settings), is_kept, "{name}");
        }
    }
}
