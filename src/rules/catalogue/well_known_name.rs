//! Users who are synchronised though somebody may expect that they are not: those whose
//! names IdFix passes over, and those that are disabled.

use crate::rules::Attr;
use crate::rules::idfix::well_known;
use crate::rules::rule::{Example, Rule, RuleName, Severity};

use super::verdict::Verdicts;
use super::{Family, Object, ObjectKind};

/// The family.
pub(super) const FAMILY: Family = Family { name: "scope", rules: &[&WELL_KNOWN, &DISABLED], check };

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

/// A disabled account.
pub(super) static DISABLED: Rule = Rule {
    name: RuleName("disabled-account"),
    label: "Scope",
    severity: Severity::Info,
    summary: "A disabled account is synchronised.",
    reason: "Synchronisation leaves no user out for being disabled: the account comes to the \
             cloud, where its sign-in is blocked, and holds its names and addresses there.",
    profiles: &["entra", "entra-cloud-sync"],
    classes: &["user", "inetOrgPerson"],
    attributes: &["userAccountControl", "msExchRecipientTypeDetails"],
    limit: "no 0x2 in userAccountControl; mailboxes of rooms, equipment and several people are \
            left out: their accounts are disabled on purpose",
    fix: "none: to leave an account out, move it to an organisational unit that is not \
          synchronised, or set its adminDescription to User_NoSync",
    sources: &["Microsoft: Understanding users, groups and contacts in Entra Connect"],
    example: Example {
        wrong: &["userAccountControl: 514"],
        right: &["userAccountControl: 514\nmsExchRecipientTypeDetails: 16"],
    },
};

/// msExchRecipientTypeDetails of mailboxes that nobody signs in to: shared ones, rooms
/// and equipment, here and in the cloud.
const WITHOUT_PERSON: u64 = 0x4 | 0x10 | 0x20 | 0x2_0000_0000 | 0x4_0000_0000 | 0x8_0000_0000;

/// Whether a mailbox may be behind a user, perhaps one without a person.
fn may_have_mailbox(object: &Object<'_, '_>) -> bool {
    const SIGNS: [Attr; 4] = [Attr::HomeMdb, Attr::Mail, Attr::MailNickname, Attr::ProxyAddresses];
    let left_out = &object.settings.left_out;
    SIGNS.iter().any(|sign| object.has(*sign)) || SIGNS.iter().all(|sign| left_out.contains(*sign))
}

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.kind != ObjectKind::User {
        return;
    }
    // Nearly all accounts are plain ones.
    let control = object.subject.first(Attr::UserAccountControl);
    if control.is_some_and(|control| *control != *b"512")
        && object.is_enabled() == Some(false)
        && object.recipient_type() & WITHOUT_PERSON == 0
    {
        let mut verdict = verdicts.on(Attr::UserAccountControl, 0);
        match may_have_mailbox(object) {
            true => {
                verdict.breaks_without(Attr::MsExchRecipientTypeDetails, &DISABLED, &String::new);
            }
            false => verdict.breaks(&DISABLED, &String::new),
        }
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
