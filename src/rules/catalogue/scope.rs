//! Whether an object is synchronised, and if not, why: the default rules of Entra
//! Connect.

use crate::rules::Attr;

use super::{Object, ObjectKind};

macro_rules! reasons {
    ($($variant:ident = $name:literal, $summary:literal;)*) => {
        /// Why an object is not synchronised.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = $summary] $variant,)*
        }

        impl Reason {
            /// All reasons, in the order in which they are tried.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The reason in a few words.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $summary,)*
                }
            }
        }
    };
}

reasons! {
    OtherClass = "other-class", "neither a user nor a group, contact or computer";
    OtherSchema = "other-schema", "an entry of another schema than Active Directory's";
    OtherService = "other-service", "an object that the service does not take";
    NoAddress = "no-address", "no mail address";
    ComputerWithoutCertificate = "computer-without-certificate", "a computer without userCertificate";
    CriticalSystemObject = "critical-system-object", "isCriticalSystemObject is present";
    ConflictObject = "conflict-object", "an object that lost a replication conflict";
    AccountNameMissing = "no-sam-account-name", "no sAMAccountName";
    SynchronisationAccount = "synchronisation-account", "an account of the synchronisation itself";
    SystemMailbox = "system-mailbox", "a system mailbox";
    RoleGroup = "role-group", "a role group of Exchange";
    ContactWithoutMail = "contact-without-mail", "a contact without a mail address";
    HiddenContact = "hidden-contact", "a hidden contact that MSOL made";
    GroupWithoutMail = "group-without-mail", "a distribution group without a mail address";
}

/// Recipient types of system mailboxes: public folder, system attendant, system
/// mailbox, Microsoft Exchange, arbitration, mailbox plan, discovery.
const SYSTEM_RECIPIENTS: u64 = 0x21C0_7000;
/// The recipient type of role groups.
const ROLE_GROUP: u64 = 0x4000_0000;

pub(super) fn judge(object: &Object<'_, '_>) -> Result<(), Reason> {
    if object.kind == ObjectKind::Other {
        return Err(Reason::OtherClass);
    }
    if object.subject.has(Attr::IsCriticalSystemObject) {
        return Err(Reason::CriticalSystemObject);
    }
    if is_conflict_object(object.subject.dn()) {
        return Err(Reason::ConflictObject);
    }
    match object.kind {
        ObjectKind::User => judge_user(object),
        ObjectKind::Group => judge_group(object),
        ObjectKind::Contact => judge_contact(object),
        ObjectKind::Computer if !object.subject.has(Attr::UserCertificate) => {
            Err(Reason::ComputerWithoutCertificate)
        }
        ObjectKind::Computer | ObjectKind::Other => Ok(()),
    }
}

fn judge_user(object: &Object<'_, '_>) -> Result<(), Reason> {
    let Some(account) = object.subject.first(Attr::SamAccountName) else {
        return Err(Reason::AccountNameMissing);
    };
    let nickname = object.subject.first(Attr::MailNickname).unwrap_or_default();
    let is_cas = |name: &[u8]| begins(name, b"CAS_") && name.contains(&b'}');
    if begins(&account, b"AAD_")
        || begins(&account, b"MSOL_")
        || account.eq_ignore_ascii_case(b"SUPPORT_388945a0")
    {
        return Err(Reason::SynchronisationAccount);
    }
    if begins(&nickname, b"SystemMailbox{")
        || is_cas(&account)
        || is_cas(&nickname)
        || object.recipient_type() & SYSTEM_RECIPIENTS != 0
    {
        return Err(Reason::SystemMailbox);
    }
    Ok(())
}

fn judge_group(object: &Object<'_, '_>) -> Result<(), Reason> {
    let Some(account) = object.subject.first(Attr::SamAccountName) else {
        return Err(Reason::AccountNameMissing);
    };
    if account.eq_ignore_ascii_case(b"MSOL_AD_Sync_RichCoexistence") {
        return Err(Reason::SynchronisationAccount);
    }
    if object.recipient_type() & ROLE_GROUP != 0 {
        return Err(Reason::RoleGroup);
    }
    // Groups with the sign bit are security groups.
    let group_type = object.text(Attr::GroupType);
    let is_distribution = group_type
        .and_then(|number| number.trim().parse::<i64>().ok())
        .is_some_and(|number| number & 0x8000_0000 == 0);
    if is_distribution && !object.has(Attr::Mail) && !has_smtp(object) {
        return Err(Reason::GroupWithoutMail);
    }
    Ok(())
}

fn judge_contact(object: &Object<'_, '_>) -> Result<(), Reason> {
    let mail = object.subject.first(Attr::Mail).unwrap_or_default();
    if !mail.contains(&b'@') && !has_smtp(object) {
        return Err(Reason::ContactWithoutMail);
    }
    let shown = object.text(Attr::DisplayName).unwrap_or_default();
    if shown.contains("(MSOL)") && object.subject.has(Attr::MsExchHideFromAddressLists) {
        return Err(Reason::HiddenContact);
    }
    Ok(())
}

fn has_smtp(object: &Object<'_, '_>) -> bool {
    object
        .values(Attr::ProxyAddresses)
        .any(|(_, value)| begins(value.trim_ascii(), b"smtp:") && value.contains(&b'@'))
}

fn begins(value: &[u8], with: &[u8]) -> bool {
    value.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

/// Whether Google is to have an object: users, and groups that have mail.
pub(super) fn judge_for_google(object: &Object<'_, '_>) -> Result<(), Reason> {
    judge_for_all(object)?;
    match object.kind {
        ObjectKind::User => Ok(()),
        ObjectKind::Group if object.has(Attr::Mail) => Ok(()),
        ObjectKind::Group => Err(Reason::NoAddress),
        _ => Err(Reason::OtherService),
    }
}

/// Whether Schemus takes an object: all that has an address.
pub(super) fn judge_for_schemus(object: &Object<'_, '_>) -> Result<(), Reason> {
    judge_for_all(object)?;
    match object.kind {
        ObjectKind::User | ObjectKind::Group | ObjectKind::Contact => {
            let has_address = object.has(Attr::Mail) || has_smtp(object);
            if has_address { Ok(()) } else { Err(Reason::NoAddress) }
        }
        _ => Err(Reason::OtherService),
    }
}

fn judge_for_all(object: &Object<'_, '_>) -> Result<(), Reason> {
    if object.kind == ObjectKind::Other {
        return Err(Reason::OtherClass);
    }
    if object.subject.has(Attr::IsCriticalSystemObject) {
        return Err(Reason::CriticalSystemObject);
    }
    if is_conflict_object(object.subject.dn()) {
        return Err(Reason::ConflictObject);
    }
    Ok(())
}

/// Whether a DN is that of an object that lost a replication conflict: its RDN
/// holds a line feed and `CNF:`.
pub(super) fn is_conflict_object(dn: &[u8]) -> bool {
    memchr::memmem::find(dn, b"\\0ACNF:").is_some() || memchr::memmem::find(dn, b"\nCNF:").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::Line;
    use crate::rules::Subject;
    use crate::rules::catalogue::Settings;

    fn judged(dn: &str, lines: &[(Attr, &str)]) -> Result<(), &'static str> {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", dn.as_bytes()));
        for (attr, value) in lines {
            subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        judge(&Object::of(&subject, &Settings::default())).map_err(Reason::name)
    }

    const USER: (Attr, &str) = (Attr::ObjectClass, "user");
    const GROUP: (Attr, &str) = (Attr::ObjectClass, "group");
    const CONTACT: (Attr, &str) = (Attr::ObjectClass, "contact");
    const COMPUTER: (Attr, &str) = (Attr::ObjectClass, "computer");
    const NAME: (Attr, &str) = (Attr::SamAccountName, "ann");

    #[test]
    fn ordinary_objects_are_synchronised_disabled_ones_too() {
        assert_eq!(judged("CN=A", &[USER, NAME]), Ok(()));
        assert_eq!(judged("CN=A", &[GROUP, NAME, (Attr::GroupType, "-2147483646")]), Ok(()));
        assert_eq!(judged("CN=A", &[CONTACT, (Attr::Mail, "a@b.c")]), Ok(()));
        assert_eq!(judged("CN=A", &[CONTACT, (Attr::ProxyAddresses, "SMTP:a@b.c")]), Ok(()));
        // A computer has a certificate once it wants to join the cloud.
        let certificate = (Attr::UserCertificate, "MII");
        assert_eq!(judged("CN=A", &[USER, COMPUTER, NAME, certificate]), Ok(()));
        // IdFix's list of names hides such users; synchronisation does not.
        assert_eq!(judged("CN=Adminira", &[USER, (Attr::SamAccountName, "adminira")]), Ok(()));
    }

    #[test]
    fn each_reason_for_not_being_synchronised_is_told() {
        let recipient = |number| (Attr::MsExchRecipientTypeDetails, number);
        let distribution = (Attr::GroupType, "2");
        for (dn, lines, reason) in [
            ("OU=A", &[(Attr::ObjectClass, "organizationalUnit")][..], "other-class"),
            ("CN=A", &[USER, COMPUTER, NAME], "computer-without-certificate"),
            (
                "CN=A",
                &[USER, NAME, (Attr::IsCriticalSystemObject, "TRUE")],
                "critical-system-object",
            ),
            ("CN=A\\0ACNF:1", &[USER, NAME], "conflict-object"),
            ("CN=A", &[USER], "no-sam-account-name"),
            ("CN=A", &[USER, (Attr::SamAccountName, "msol_0a1b")], "synchronisation-account"),
            ("CN=A", &[USER, NAME, (Attr::MailNickname, "SystemMailbox{1}")], "system-mailbox"),
            ("CN=A", &[USER, (Attr::SamAccountName, "CAS_{1}")], "system-mailbox"),
            ("CN=A", &[USER, NAME, recipient("8388608")], "system-mailbox"),
            ("CN=A", &[GROUP, NAME, recipient("1073741824")], "role-group"),
            ("CN=A", &[GROUP, NAME, distribution], "group-without-mail"),
            ("CN=A", &[CONTACT], "contact-without-mail"),
            (
                "CN=A",
                &[
                    CONTACT,
                    (Attr::Mail, "a@b.c"),
                    (Attr::DisplayName, "A (MSOL)"),
                    (Attr::MsExchHideFromAddressLists, "TRUE"),
                ],
                "hidden-contact",
            ),
        ] {
            assert_eq!(judged(dn, lines), Err(reason), "{dn} {lines:?}");
        }
    }
}
