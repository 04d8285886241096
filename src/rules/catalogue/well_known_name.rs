//! Names that IdFix passes over though their objects are synchronised.

use crate::rules::Attr;
use crate::rules::idfix::well_known;
use crate::rules::rule::{Example, Rule, RuleName, Severity};

use super::verdict::Verdicts;
use super::{Family, Object, ObjectKind};

/// The family.
pub(super) const FAMILY: Family = Family { name: "scope", rules: &[&WELL_KNOWN], check };

/// A name that IdFix passes over.
pub(super) static WELL_KNOWN: Rule = Rule {
    name: RuleName("well-known-name"),
    label: "Scope",
    severity: Severity::Info,
    summary: "A user is synchronised whose name is on the list of those that IdFix passes over.",
    reason: "IdFix shows nothing of it; Entra Connect synchronises what is no critical system \
             object, and so does a person called Adminira come to the cloud.",
    profiles: &["entra", "entra-cloud-sync"],
    classes: &["user", "inetOrgPerson"],
    attributes: &["cn"],
    limit: "a cn that ends with $ or begins as one of the names on IdFix's list",
    fix: "none: to leave a service account out, move it to an organisational unit that is not \
          synchronised, or set its adminDescription to User_NoSync",
    sources: &[
        "IdFix 2.6.0.3",
        "Microsoft: Entra Connect Sync: Understanding the default configuration",
    ],
    example: Example { wrong: &["cn: Administrator of the plotter"], right: &["cn: Ann Archer"] },
};

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.kind != ObjectKind::User {
        return;
    }
    for (at, name) in object.values(Attr::Cn) {
        if name.last() == Some(&b'$') {
            verdicts.on(Attr::Cn, at).breaks(&WELL_KNOWN, &|| "it ends with $".to_owned());
        } else if let Some(with) = well_known(&name) {
            let detail = || format!("it begins with {}", String::from_utf8_lossy(with));
            verdicts.on(Attr::Cn, at).breaks(&WELL_KNOWN, &detail);
        }
    }
}
