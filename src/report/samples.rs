//! Findings that tests share.

use std::borrow::Cow;

use crate::rules::{Action, Applicability, Finding, RuleName, Severity, Suggestion};

pub const ZOE: &str = "CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example";
pub const BJORN: &str = "CN=Bjorn Müller 53,OU=Staff,DC=corp,DC=example";

pub fn finding(
    dn: &'static str,
    attribute: &'static str,
    error: &str,
    value: Option<&'static str>,
    update: Option<&str>,
) -> Finding<'static> {
    Finding {
        dn: Cow::Borrowed(dn.as_bytes()),
        common_name: Cow::Borrowed(dn[3..].split(',').next().unwrap_or_default().as_bytes()),
        object_class: Cow::Borrowed(b"user"),
        attribute,
        rules: vec![RuleName("character")],
        error: error.to_owned(),
        value: value.map(|value| Cow::Borrowed(value.as_bytes())),
        update: update.map(str::to_owned),
        action: Action::Edit,
        suggestion: Suggestion::None,
        applicability: Applicability::Unsafe,
        severity: Severity::Error,
        message: None,
        collision: None,
        extra: false,
        file: "corp.ldif",
        line: 4711,
    }
}

pub fn proxy() -> Finding<'static> {
    Finding {
        rules: vec![RuleName("format"), RuleName("domain-part"), RuleName("local-part")],
        ..finding(
            ZOE,
            "proxyAddresses",
            "Format, DomainPart, LocalPart",
            Some("smtp:ZOË.PEREZ27@-BAD.COM"),
            Some("smtp:ZO.PEREZ27@BAD.COM"),
        )
    }
}
