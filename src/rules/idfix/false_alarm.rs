//! Why what IdFix reports is no error today.

use crate::rules::catalogue::Settings;
use crate::rules::{Attr, Finding};

use super::rules::{
    BLANK, CHARACTER, DOMAIN_PART, DUPLICATE, FORMAT, LENGTH, LOCAL_PART, TOP_LEVEL_DOMAIN,
};
use super::{is_smtp, is_x400};

/// Why a row of IdFix is no error where the rules of today find nothing wrong with
/// the value: by its first rule, and by what the value looks like.
#[must_use]
pub fn why_false_alarm(row: &Finding<'_>, settings: &Settings) -> &'static str {
    let value = row.value.as_deref().unwrap_or_default();
    let attr = Attr::of(row.attribute.as_bytes());
    let rule = row.rules.first().map_or("", |rule| rule.0);
    let is = |known: &crate::rules::Rule| known.name.0 == rule;
    if is(&BLANK) {
        return match attr {
            Some(Attr::DisplayName) => "an object is synchronised without displayName",
            Some(Attr::TargetAddress) => {
                "only a contact, or a user whose mailbox is in the cloud, needs a targetAddress"
            }
            _ => "an object is synchronised without this attribute",
        };
    }
    if is(&LENGTH) {
        return "the limit is higher: IdFix is one character off (displayName 256, givenName 64, \
                targetAddress 256)";
    }
    if is(&CHARACTER) {
        let is_address = matches!(attr, Some(Attr::ProxyAddresses | Attr::TargetAddress));
        return match attr {
            _ if is_address && is_x400(value) => {
                "X400 and X500 addresses keep their parentheses, blanks and apostrophes"
            }
            _ if is_address && !is_smtp(value) => "an address of another type than SMTP is opaque",
            Some(Attr::UserPrincipalName) if value.contains(&b'\'') => {
                "an apostrophe is valid in userPrincipalName"
            }
            _ => "the character is valid in this attribute",
        };
    }
    if is(&DUPLICATE) {
        return match attr {
            Some(Attr::ProxyAddresses) => {
                "no other synchronised object holds the address; IdFix compares values, not \
                 addresses"
            }
            _ => "no other synchronised object holds the value",
        };
    }
    if is(&TOP_LEVEL_DOMAIN) {
        let last = value.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        let last = std::str::from_utf8(last).unwrap_or_default().trim();
        let is_known = settings
            .top_level_domains
            .as_ref()
            .map_or_else(|| tld::exist_case_insensitive(last), |list| list.contains(last));
        return if is_known {
            "the top-level domain exists: IdFix's list is out of date"
        } else {
            "mail can be routed to a domain that only this site knows"
        };
    }
    if is(&FORMAT) || is(&DOMAIN_PART) || is(&LOCAL_PART) {
        return if is_smtp(value) || value.contains(&b'@') {
            "the address is valid by RFC 5321; IdFix's pattern is narrower"
        } else {
            "an address of another type than SMTP is opaque"
        };
    }
    "by the limits that are documented today the value holds"
}
