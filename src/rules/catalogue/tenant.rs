//! Names and addresses that the cloud holds already, where it was said what it
//! holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::tenant::{CloudObject, TenantExport};
use crate::rules::{Attr, Subject};

use super::identifiers::typed;
use super::source_anchor::guid;
use super::verdict::Verdicts;
use super::{Family, Object, ObjectKind, Settings};

/// The family.
pub(super) const FAMILY: Family =
    Family { name: "tenant", rules: &[&TAKEN, &SOFT_MATCH, &ADMIN_MATCH], check };

const PROFILES: &[&str] = &["entra", "entra-cloud-sync", "exchange-online"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "contact"];

/// Another object of the cloud has it.
pub(super) static TAKEN: Rule = Rule {
    name: RuleName("tenant-address-taken"),
    label: "Duplicate",
    severity: Severity::Error,
    summary: "A name or address is held by another object of the cloud.",
    reason: "The object is not synchronised, or without the address \
             (AttributeValueMustBeUnique, InvalidSoftMatch).",
    profiles: PROFILES,
    classes: CLASSES,
    attributes: &["userPrincipalName", "proxyAddresses", "mail"],
    limit: "one object of the tenant, without regard to case; the same source anchor is the same \
            object; nothing is found without --tenant-export",
    fix: "none: which object keeps it, a person must decide",
    sources: &["Microsoft: Troubleshoot errors during synchronization, AttributeValueMustBeUnique"],
    example: Example {
        wrong: &["proxyAddresses: smtp:taken@contoso.com"],
        right: &["proxyAddresses: smtp:free@contoso.com"],
    },
};

/// It will be joined with an object of the cloud.
pub(super) static SOFT_MATCH: Rule = Rule {
    name: RuleName("tenant-soft-match"),
    label: "Anchor",
    severity: Severity::Info,
    summary: "An object will be joined with one that exists only in the cloud, by its name or \
              primary address.",
    reason: "The object of the cloud is taken over: its values become those of the directory. \
             Where it is another person's, that person loses the account.",
    profiles: PROFILES,
    classes: CLASSES,
    attributes: &["userPrincipalName", "proxyAddresses", "mail"],
    limit: "the same userPrincipalName or primary SMTP address, no source anchor in the cloud; \
            nothing is found without --tenant-export",
    fix: "none: whether they are the same, a person must say",
    sources: &["Microsoft: Entra Connect: when you have an existing tenant (soft match)"],
    example: Example {
        wrong: &["userPrincipalName: taken@contoso.com"],
        right: &["userPrincipalName: free@contoso.com"],
    },
};

/// It would be joined with an administrator of the cloud.
pub(super) static ADMIN_MATCH: Rule = Rule {
    name: RuleName("tenant-admin-match"),
    label: "Anchor",
    severity: Severity::Error,
    summary: "An object would be joined with an administrator's account of the cloud.",
    reason: "The cloud refuses that, so that nobody becomes its administrator by way of the \
             directory: the object is not synchronised, or comes with another name (Existing Admin \
             Role Conflict).",
    profiles: PROFILES,
    classes: &["user", "inetOrgPerson"],
    attributes: &["userPrincipalName", "proxyAddresses", "mail"],
    limit: "as for tenant-soft-match, where the account holds a role: a column isAdmin, roles or \
            directoryRoles of --tenant-export that is neither empty nor false",
    fix: "none: take the roles from the account until the two are joined, or rename one of them",
    sources: &[
        "Microsoft: Troubleshoot errors during synchronization, Existing Admin Role Conflict",
    ],
    example: Example {
        wrong: &["userPrincipalName: admin@contoso.com"],
        right: &["userPrincipalName: free@contoso.com"],
    },
};

/// In which way an object holds a name or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    PrincipalName,
    Primary,
    Other,
}

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let Some(tenant) = object.settings.tenant.as_deref() else { return };
    if object.kind == ObjectKind::Computer || !verdicts.looks_for(&TAKEN) {
        return;
    }
    let mut met = Vec::new();
    for_each_address(object, |attr, value, held, address| {
        if tenant.holders(&address).next().is_some() {
            met.push((attr, value, held, address));
        }
    });
    if met.is_empty() {
        return;
    }
    let own = in_cloud(object);
    let partners = match own {
        // What is joined by its anchor is joined by nothing else.
        Some(own) => vec![own],
        None => soft_matches(&met, tenant),
    };
    // What is synchronised may be the object itself.
    let is_unknown = own.is_none() && lacks_anchors(object.settings);
    for (attr, value, held, address) in &met {
        let mut verdict = verdicts.on(*attr, *value);
        let others = tenant.holders(address).filter(|(at, _)| partners != [*at]);
        let mut others: Vec<&CloudObject> = others.map(|(_, other)| other).collect();
        if is_unknown && others.iter().any(|other| other.anchor.is_some()) {
            others.retain(|other| other.anchor.is_none());
            object.settings.left_out.silence(Attr::ObjectGuid, TAKEN.name.0);
        }
        if !others.is_empty() {
            let named = || others.iter().map(|it| described(it)).collect::<Vec<_>>().join(", ");
            let several = if partners.len() > 1 { ": it matches more than one" } else { "" };
            verdict.breaks(&TAKEN, &|| format!("in the cloud held by {}{several}", named()));
        } else if own.is_none() && *held != Held::Other {
            let joined = tenant.holders(address).find(|(_, it)| is_match(it, *held, address));
            let Some((_, it)) = joined else { continue };
            if let Some(role) = it.role.as_deref().filter(|_| object.kind == ObjectKind::User) {
                let detail = || format!("it would be joined with {}: {role}", described(it));
                verdict.breaks(&ADMIN_MATCH, &detail);
            } else {
                verdict.breaks(&SOFT_MATCH, &|| format!("it is joined with {}", described(it)));
            }
        }
    }
}

/// The number of the object's own counterpart in the cloud, told by its anchor.
pub(super) fn in_cloud(object: &Object<'_, '_>) -> Option<usize> {
    let tenant = object.settings.tenant.as_deref()?;
    anchors(object.subject, object.settings.source_anchor)
        .find_map(|anchor| tenant.with_anchor(&anchor))
}

/// Whether the exports leave out all attributes that can be the source anchor.
fn lacks_anchors(settings: &Settings) -> bool {
    let usual = [Attr::MsDsConsistencyGuid, Attr::ObjectGuid];
    let attrs = settings.source_anchor.into_iter().chain(usual);
    let is_absent = |attr| settings.left_out.contains(attr);
    attrs.into_iter().all(is_absent)
}

/// The objects of the cloud with which the object would be joined.
fn soft_matches(met: &[(Attr, usize, Held, String)], tenant: &TenantExport) -> Vec<usize> {
    let mut matches = Vec::new();
    for (_, _, held, address) in met {
        for (at, other) in tenant.holders(address) {
            if is_match(other, *held, address) && !matches.contains(&at) {
                matches.push(at);
            }
        }
    }
    matches
}

fn is_match(other: &CloudObject, held: Held, address: &str) -> bool {
    let same = match held {
        Held::PrincipalName => other.principal_name.as_deref(),
        Held::Primary => other.primary.as_deref(),
        Held::Other => None,
    };
    other.anchor.is_none() && same == Some(address)
}

fn described(other: &CloudObject) -> String {
    match &other.anchor {
        Some(anchor) => format!("{} (synchronised, immutableId {anchor})", other.name),
        None => format!("{} (only in the cloud)", other.name),
    }
}

/// Hands over the names and addresses of an object in lower case.
fn for_each_address(object: &Object<'_, '_>, mut each: impl FnMut(Attr, usize, Held, String)) {
    let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_lowercase();
    if object.kind == ObjectKind::User {
        let attr = object.settings.principal_name();
        for (at, name) in object.values(attr) {
            each(attr, at, Held::PrincipalName, lower(&name));
        }
    }
    let mut has_smtp = false;
    for (at, value) in object.values(Attr::ProxyAddresses) {
        let (kind, address) = typed(&value);
        let is = |name: &[u8]| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(name));
        if kind.is_none() || is(b"smtp") {
            has_smtp = true;
            let held = if kind == Some(b"SMTP") { Held::Primary } else { Held::Other };
            each(Attr::ProxyAddresses, at, held, lower(address));
        } else if is(b"sip") {
            each(Attr::ProxyAddresses, at, Held::Other, format!("sip:{}", lower(address)));
        }
    }
    if !has_smtp {
        for (at, mail) in object.values(Attr::Mail) {
            each(Attr::Mail, at, Held::Primary, lower(&mail));
        }
    }
}

/// The source anchors that the object may have in the cloud, as it writes them.
fn anchors(subject: &Subject<'_>, chosen: Option<Attr>) -> impl Iterator<Item = String> {
    let usual = [Attr::MsDsConsistencyGuid, Attr::ObjectGuid];
    chosen.into_iter().chain(usual).filter_map(|attr| {
        let value = subject.first(attr)?;
        match attr {
            Attr::MsDsConsistencyGuid | Attr::ObjectGuid => {
                guid(&value).map(|bytes| STANDARD.encode(bytes))
            }
            _ => Some(String::from_utf8_lossy(&value).trim().to_owned()),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rules::catalogue::user;

    const CLOUD: &str = "userPrincipalName,mail,proxyAddresses,immutableId,roles\n\
        ann@x.com,ann@x.com,SMTP:ann@x.com;smtp:a@x.com;SIP:ann@x.com,AAECAwQFBgcICQoLDA0ODw==,\n\
        guest@x.com,bob@x.com,SMTP:bob@x.com;smtp:b@x.com,,\n\
        admin@x.com,admin@x.com,SMTP:admin@x.com,,Global Administrator\n\
        room@x.com,room@x.com,SMTP:room@x.com,,\n";

    fn found(lines: &[(Attr, &str)]) -> Vec<(&'static str, &'static str, String)> {
        let tenant = TenantExport::parse(CLOUD.as_bytes()).unwrap();
        let settings = Settings { tenant: Some(Arc::new(tenant)), ..Settings::default() };
        let subject = user(lines);
        let mut verdicts = Verdicts::in_full("entra", &settings.left_out);
        let object = Object::of(&subject, &settings);
        check(&object, &mut verdicts);
        let place = crate::rules::idfix::Location { file: "", first_line: 1, dn_line: 0 };
        let findings = verdicts.into_findings(&object, place);
        let row = |it: crate::rules::Finding<'_>| {
            (it.attribute, it.rules[0].0, it.message.unwrap_or_default())
        };
        findings.into_iter().map(row).collect()
    }

    const PROXY: Attr = Attr::ProxyAddresses;
    const UPN: Attr = Attr::UserPrincipalName;
    const GUID: (Attr, &str) = (Attr::ObjectGuid, "03020100-0504-0706-0809-0a0b0c0d0e0f");

    #[test]
    fn the_same_source_anchor_is_the_same_object() {
        assert_eq!(found(&[GUID, (UPN, "Ann@x.com"), (PROXY, "smtp:a@x.com")]), []);
        assert_eq!(found(&[GUID, (UPN, "new@x.com"), (PROXY, "sip:ann@x.com")]), []);
    }

    #[test]
    fn an_address_of_a_synchronised_object_is_taken() {
        let taken = |attr: Attr| {
            let said = "in the cloud held by ann@x.com (synchronised, immutableId \
                        AAECAwQFBgcICQoLDA0ODw==)";
            (attr.name(), "tenant-address-taken", said.to_owned())
        };
        assert_eq!(found(&[(UPN, "ANN@x.com")]), [taken(UPN)]);
        assert_eq!(found(&[(PROXY, "smtp:A@x.com")]), [taken(PROXY)]);
        assert_eq!(found(&[(PROXY, "sip:ann@x.com")]), [taken(PROXY)]);
        assert_eq!(found(&[(Attr::Mail, "a@x.com")]), [taken(Attr::Mail)]);
    }

    #[test]
    fn the_name_or_primary_address_of_a_cloud_object_joins_the_two() {
        let joined = |attr: Attr| {
            let said = "it is joined with guest@x.com (only in the cloud)".to_owned();
            (attr.name(), "tenant-soft-match", said)
        };
        assert_eq!(found(&[(UPN, "guest@x.com"), (PROXY, "smtp:b@x.com")]), [joined(UPN)]);
        assert_eq!(found(&[(PROXY, "SMTP:bob@x.com")]), [joined(PROXY)]);
        assert_eq!(found(&[(Attr::Mail, "bob@x.com")]), [joined(Attr::Mail)]);
        // Another address of it joins nothing.
        assert_eq!(found(&[(PROXY, "smtp:b@x.com")])[0].1, "tenant-address-taken");
        // One that has its own object in the cloud is joined with no other.
        assert_eq!(found(&[GUID, (PROXY, "SMTP:bob@x.com")])[0].1, "tenant-address-taken");
    }

    #[test]
    fn nobody_is_joined_with_an_administrator_of_the_cloud() {
        let refused = |attr: Attr| {
            let said = "it would be joined with admin@x.com (only in the cloud): Global \
                        Administrator";
            (attr.name(), "tenant-admin-match", said.to_owned())
        };
        assert_eq!(found(&[(UPN, "Admin@x.com")]), [refused(UPN)]);
        assert_eq!(found(&[(PROXY, "SMTP:admin@x.com")]), [refused(PROXY)]);
    }

    #[test]
    fn who_matches_two_objects_is_joined_with_neither() {
        let found = found(&[(UPN, "guest@x.com"), (PROXY, "SMTP:room@x.com")]);
        let rules: Vec<_> = found.iter().map(|(_, rule, _)| *rule).collect();
        assert_eq!(rules, ["tenant-address-taken"; 2]);
        assert!(found[0].2.ends_with(": it matches more than one"), "{found:?}");
    }
}
