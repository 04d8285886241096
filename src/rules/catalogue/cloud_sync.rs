//! What Entra Cloud Sync does not do and Entra Connect does.

use crate::rules::Attr;
use crate::rules::rule::{Example, Rule, RuleName, Severity};

use super::verdict::Verdicts;
use super::{Family, Object, ObjectKind};

/// The family.
pub(super) const FAMILY: Family =
    Family { name: "cloud-sync", rules: &[&INET_ORG_PERSON, &DEVICE], check };

const PROFILES: &[&str] = &["entra-cloud-sync"];

/// A person of another class.
static INET_ORG_PERSON: Rule = Rule {
    name: RuleName("cloud-sync-inet-org-person"),
    label: "Scope",
    severity: Severity::Info,
    summary: "A user is an inetOrgPerson.",
    reason: "Cloud Sync does not synchronise the password hash of such users: they cannot sign in \
             with their password.",
    profiles: PROFILES,
    classes: &["inetOrgPerson"],
    attributes: &["objectClass"],
    limit: "a user without the class inetOrgPerson",
    fix: "none: another way to sign in, or Entra Connect",
    sources: &["Microsoft: Prerequisites for Entra Cloud Sync"],
    example: Example {
        wrong: &["objectClass: user\nobjectClass: inetOrgPerson\nmail: ann@contoso.com"],
        right: &["objectClass: user\nmail: ann@contoso.com"],
    },
};

/// A computer.
static DEVICE: Rule = Rule {
    name: RuleName("cloud-sync-device"),
    label: "Scope",
    severity: Severity::Info,
    summary: "A computer waits to be synchronised.",
    reason: "Cloud Sync does not synchronise computers: there is no hybrid join without Entra \
             Connect.",
    profiles: PROFILES,
    classes: &["computer"],
    attributes: &["objectClass", "userCertificate"],
    limit: "no computer with userCertificate; others are not synchronised anyway",
    fix: "none: Entra Connect synchronises computers",
    sources: &["Microsoft: Choose between Entra Connect Sync and Cloud Sync"],
    example: Example {
        wrong: &["objectClass: computer\nsAMAccountName: PC1$\n\
                  userCertificate:: MIIDdzCCAl+gAwIBAgIEAgAAuTAN"],
        right: &["objectClass: user\nuserCertificate:: MIIDdzCCAl+gAwIBAgIEAgAAuTAN"],
    },
};

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if !verdicts.looks_for(&DEVICE) {
        return;
    }
    if object.kind == ObjectKind::Computer {
        verdicts.on_whole(Attr::ObjectClass).breaks(&DEVICE, &String::new);
    }
    let class = |(at, class): (usize, std::borrow::Cow<'_, [u8]>)| {
        class.eq_ignore_ascii_case(b"inetOrgPerson").then_some(at)
    };
    if let Some(at) = object.values(Attr::ObjectClass).find_map(class) {
        verdicts.on(Attr::ObjectClass, at).breaks(&INET_ORG_PERSON, &String::new);
    }
}
