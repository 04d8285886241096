//! Whether an object is synchronised, and if not, why: the default rules of Entra
//! Connect and of Entra Cloud Sync.

use std::borrow::Cow;

use crate::directory::dn::split_rdn;
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
    PublicFolder = "public-folder",
        "a mail-enabled public folder, of which nothing but its addresses counts";
    DynamicDistributionList = "dynamic-distribution-list",
        "a distribution list whose members Exchange works out";
    ForeignSecurityPrincipal = "foreign-security-principal",
        "a placeholder for an object of another forest";
    Device = "device", "a computer: Cloud Sync synchronises no devices";
    OtherSchema = "other-schema", "an entry of another schema than Active Directory's";
    ExclusionRule = "exclusion-rule",
        "an exclusion rule of Directory Sync leaves it out, and so goes what Google has of it";
    KindNotSynchronised = "kind-not-synchronised", "a kind of object that --schemus-sync does not name";
    OtherService = "other-service", "an object that the service does not take";
    NoAddress = "no-address", "no mail address";
    ComputerWithoutCertificate = "computer-without-certificate", "a computer without userCertificate";
    CriticalSystemObject = "critical-system-object", "one that the directory needs itself (isCriticalSystemObject)";
    ConflictObject = "conflict-object", "an object that lost a replication conflict";
    AccountNameMissing = "no-sam-account-name", "no sAMAccountName";
    SynchronisationAccount = "synchronisation-account", "an account of the synchronisation itself";
    SystemMailbox = "system-mailbox", "a system mailbox";
    RoleGroup = "role-group", "a role group of Exchange";
    ContactWithoutMail = "contact-without-mail", "a contact without a mail address";
    HiddenContact = "hidden-contact", "a hidden contact that MSOL made";
    AdminDescription = "admin-description", "adminDescription leaves it out";
    LinkedMailbox = "linked-mailbox", "a linked mailbox, which waits for its master account";
    BuiltinGroup = "builtin-group", "a group of the container Builtin";
    GroupTooLarge = "group-too-large", "a group with more members than are synchronised";
    GroupWithoutMail = "group-without-mail", "a distribution group without a mail address";
}

/// Recipient types of system mailboxes: public folder, system attendant, system
/// mailbox, Microsoft Exchange, arbitration, mailbox plan, discovery.
const SYSTEM_RECIPIENTS: u64 = 0x21C0_7000;
/// The recipient type of role groups.
const ROLE_GROUP: u64 = 0x4000_0000;

/// The recipient type of mailboxes whose user is an account of another forest.
const LINKED_MAILBOX: u64 = 2;

/// What synchronises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    /// Entra Connect.
    Connect,
    /// Entra Cloud Sync.
    CloudSync,
}

impl Engine {
    /// The most members of a group (Microsoft: Entra service limits and restrictions).
    const fn most_members(self) -> usize {
        match self {
            Self::Connect => 250_000,
            Self::CloudSync => 50_000,
        }
    }
}

/// Whether the rules look at an object: whether it is synchronised, or would be but
/// for what a rule finds ([`prevented`]).
///
/// Source: Microsoft, Entra Connect Sync: Understanding the default configuration.
pub(super) fn judge(object: &Object<'_, '_>, engine: Engine) -> Result<(), Reason> {
    if object.kind == ObjectKind::Other {
        return Err(judge_other(object));
    }
    let mark = object.subject.first(Attr::IsCriticalSystemObject);
    let is_critical = match (mark, engine) {
        (Some(_), Engine::Connect) => true,
        (Some(mark), Engine::CloudSync) => mark.eq_ignore_ascii_case(b"TRUE"),
        (None, _) => is_critical_without_mark(object),
    };
    if is_critical {
        return Err(Reason::CriticalSystemObject);
    }
    if is_conflict_object(object.subject.dn()) {
        return Err(Reason::ConflictObject);
    }
    let prefix: &[u8] = match object.kind {
        ObjectKind::User => b"User_",
        ObjectKind::Group => b"Group_",
        ObjectKind::Contact => b"Contact_",
        ObjectKind::Computer | ObjectKind::Other => return judge_computer(object),
    };
    if object.values(Attr::AdminDescription).any(|(_, value)| begins(&value, prefix)) {
        return Err(Reason::AdminDescription);
    }
    match object.kind {
        ObjectKind::User => judge_user(object),
        ObjectKind::Group => judge_group(object),
        _ => judge_contact(object),
    }
}

/// Whether the directory needs an object, as far as that is told without the mark.
fn is_critical_without_mark(object: &Object<'_, '_>) -> bool {
    let came_with_domain = object.came_with_domain();
    if came_with_domain && !object.subject.has(Attr::ObjectSid) && !object.settings.all_attributes {
        // The others of them have names that depend on the language.
        let reason = Reason::CriticalSystemObject.name();
        object.settings.left_out.silence(Attr::IsCriticalSystemObject, reason);
    }
    came_with_domain
}

/// Why an object that the rules look at is not synchronised all the same.
pub(super) fn prevented(object: &Object<'_, '_>, engine: Engine) -> Option<Reason> {
    let members = object.subject.count(Attr::Member);
    match (object.kind, engine) {
        (ObjectKind::Group, _) if members > engine.most_members() => Some(Reason::GroupTooLarge),
        (ObjectKind::Computer, Engine::CloudSync) => Some(Reason::Device),
        _ => None,
    }
}

fn judge_other(object: &Object<'_, '_>) -> Reason {
    let has_class = |name: &[u8]| {
        object.values(Attr::ObjectClass).any(|(_, class)| class.eq_ignore_ascii_case(name))
    };
    if has_class(b"msExchDynamicDistributionList") {
        Reason::DynamicDistributionList
    } else if has_class(b"publicFolder") {
        Reason::PublicFolder
    } else if has_class(b"foreignSecurityPrincipal") {
        Reason::ForeignSecurityPrincipal
    } else {
        Reason::OtherClass
    }
}

fn judge_computer(object: &Object<'_, '_>) -> Result<(), Reason> {
    match object.subject.has(Attr::UserCertificate) {
        true => Ok(()),
        false => Err(Reason::ComputerWithoutCertificate),
    }
}

fn judge_user(object: &Object<'_, '_>) -> Result<(), Reason> {
    let account = account_name(object)?;
    let nickname = object.subject.first(Attr::MailNickname).unwrap_or_default();
    let is_cas = |name: &[u8]| begins(name, b"CAS_") && name.contains(&b'}');
    if begins(&account, b"AAD_")
        || begins(&account, b"MSOL_")
        || account.eq_ignore_ascii_case(b"SUPPORT_388945a0")
    {
        return Err(Reason::SynchronisationAccount);
    }
    let recipient = object.recipient_type();
    if begins(&nickname, b"SystemMailbox{")
        || is_cas(&account)
        || is_cas(&nickname)
        || recipient & SYSTEM_RECIPIENTS != 0
        || recipient == 0 && is_called_system_mailbox(object.subject.dn())
    {
        return Err(Reason::SystemMailbox);
    }
    if recipient == LINKED_MAILBOX {
        return Err(Reason::LinkedMailbox);
    }
    Ok(())
}

/// Whether an entry has the name of a mailbox that Exchange makes for itself, in which
/// exports that leave msExchRecipientTypeDetails out show it.
fn is_called_system_mailbox(dn: &[u8]) -> bool {
    const NAMES: [&[u8]; 4] = [
        b"CN=SystemMailbox{",
        b"CN=DiscoverySearchMailbox {",
        b"CN=Migration.8f3e7716-",
        b"CN=FederatedEmail.4c1f4d8b-",
    ];
    matches!(dn.get(3), Some(b'S' | b's' | b'D' | b'd' | b'M' | b'm' | b'F' | b'f'))
        && NAMES.iter().any(|name| begins(dn, name))
}

/// The account name; an empty one where the export leaves all of them out.
fn account_name<'a>(object: &Object<'_, 'a>) -> Result<Cow<'a, [u8]>, Reason> {
    match object.subject.first(Attr::SamAccountName) {
        Some(account) => Ok(account),
        None if object.settings.left_out.contains(Attr::SamAccountName) => Ok(Cow::Borrowed(b"")),
        None => Err(Reason::AccountNameMissing),
    }
}

fn judge_group(object: &Object<'_, '_>) -> Result<(), Reason> {
    let account = account_name(object)?;
    if account.eq_ignore_ascii_case(b"MSOL_AD_Sync_RichCoexistence") {
        return Err(Reason::SynchronisationAccount);
    }
    if object.recipient_type() & ROLE_GROUP != 0 {
        return Err(Reason::RoleGroup);
    }
    if is_in_builtin(object.subject.dn()) {
        return Err(Reason::BuiltinGroup);
    }
    // Groups with the sign bit are security groups.
    let group_type = object.text(Attr::GroupType);
    let is_distribution = group_type
        .and_then(|number| number.trim().parse::<i64>().ok())
        .is_some_and(|number| number & 0x8000_0000 == 0);
    if is_distribution && !may_have_address(object, |_| true) {
        return Err(Reason::GroupWithoutMail);
    }
    Ok(())
}

fn judge_contact(object: &Object<'_, '_>) -> Result<(), Reason> {
    if !may_have_address(object, |mail| mail.contains(&b'@')) {
        return Err(Reason::ContactWithoutMail);
    }
    let shown = object.text(Attr::DisplayName).unwrap_or_default();
    if shown.contains("(MSOL)") && object.subject.has(Attr::MsExchHideFromAddressLists) {
        return Err(Reason::HiddenContact);
    }
    Ok(())
}

/// Whether an object has a mail address that counts, or may have one that the exports
/// leave out.
fn may_have_address(object: &Object<'_, '_>, counts: impl Fn(&[u8]) -> bool) -> bool {
    let left_out = &object.settings.left_out;
    let is_mail = |mail: &[u8]| !mail.trim_ascii().is_empty() && counts(mail);
    object.values(Attr::Mail).any(|(_, mail)| is_mail(&mail))
        || has_smtp(object)
        || ADDRESSES.iter().any(|attr| left_out.contains(*attr))
}

/// The attributes that hold the addresses of mail.
const ADDRESSES: [Attr; 2] = [Attr::Mail, Attr::ProxyAddresses];

impl Reason {
    /// The attributes for lack of which an object is out of scope for this reason: where
    /// the exports leave one of them out, that is not known.
    pub(super) const fn lacks(self) -> &'static [Attr] {
        match self {
            Self::AccountNameMissing => &[Attr::SamAccountName],
            Self::ContactWithoutMail | Self::GroupWithoutMail => &ADDRESSES,
            Self::NoAddress => &[Attr::Mail],
            _ => &[],
        }
    }
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
    let services = &object.settings.services;
    let mail = || object.subject.first(Attr::Mail);
    if matches!(object.kind, ObjectKind::User | ObjectKind::Group)
        && !services.google_exclusions.is_empty()
        && mail().is_some_and(|mail| services.google_excludes(&mail))
    {
        return Err(Reason::ExclusionRule);
    }
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
            if !object.settings.services.schemus_takes(object.kind) {
                return Err(Reason::KindNotSynchronised);
            }
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
    if object.subject.has(Attr::IsCriticalSystemObject) || is_critical_without_mark(object) {
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
    // Nearly no DN holds either.
    memchr::memchr2(b'\\', b'\n', dn).is_some()
        && (dn.windows(7).any(|part| part.eq_ignore_ascii_case(b"\\0ACNF:"))
            || dn.windows(5).any(|part| part.eq_ignore_ascii_case(b"\nCNF:")))
}

/// Whether an entry stands right below the container Builtin of a domain.
fn is_in_builtin(dn: &[u8]) -> bool {
    let above = match memchr::memchr2(b'\\', b'"', dn) {
        None => memchr::memchr(b',', dn).and_then(|comma| dn.get(comma + 1..)),
        // The comma may belong to the name.
        Some(_) => split_rdn(dn).ok().and_then(|(_, above)| above),
    };
    above.is_some_and(|above| begins(above.trim_ascii_start(), b"CN=Builtin,"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::Line;
    use crate::rules::Subject;
    use crate::rules::catalogue::Settings;

    fn judged(dn: &str, lines: &[(Attr, &str)]) -> Result<(), &'static str> {
        judged_by(Engine::Connect, dn, lines)
    }

    fn judged_by(engine: Engine, dn: &str, lines: &[(Attr, &str)]) -> Result<(), &'static str> {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", dn.as_bytes()));
        for (attr, value) in lines {
            subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        judge(&Object::of(&subject, &Settings::default()), engine).map_err(Reason::name)
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
            ("CN=A\\0aCNF:1", &[USER, NAME], "conflict-object"),
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
                &[(Attr::ObjectClass, "msExchDynamicDistributionList")],
                "dynamic-distribution-list",
            ),
            (
                "CN=S-1-5-21,CN=ForeignSecurityPrincipals,DC=x",
                &[(Attr::ObjectClass, "foreignSecurityPrincipal")],
                "foreign-security-principal",
            ),
            ("CN=A", &[USER, NAME, recipient("2")], "linked-mailbox"),
            ("CN=A", &[USER, NAME, (Attr::AdminDescription, "User_no")], "admin-description"),
            ("CN=A", &[GROUP, NAME, (Attr::AdminDescription, "group_no")], "admin-description"),
            (
                "CN=A",
                &[CONTACT, (Attr::Mail, "a@b.c"), (Attr::AdminDescription, "Contact_no")],
                "admin-description",
            ),
            ("CN=A,CN=Builtin,DC=x", &[GROUP, NAME], "builtin-group"),
            ("CN=A\\,B,CN=Builtin,DC=x", &[GROUP, NAME], "builtin-group"),
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

    #[test]
    fn cloud_sync_asks_for_the_value_of_the_mark_and_takes_no_devices() {
        let cloud = |lines: &[(Attr, &str)]| judged_by(Engine::CloudSync, "CN=A", lines);
        let mark = |value| (Attr::IsCriticalSystemObject, value);
        assert_eq!(cloud(&[USER, NAME, mark("FALSE")]), Ok(()));
        assert_eq!(cloud(&[USER, NAME, mark("TRUE")]), Err("critical-system-object"));
        assert_eq!(judged("CN=A", &[USER, NAME, mark("FALSE")]), Err("critical-system-object"));
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        for (attr, value) in [USER, COMPUTER, NAME, (Attr::UserCertificate, "MII")] {
            subject.push(attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        let settings = Settings::default();
        let object = Object::of(&subject, &settings);
        assert_eq!(judge(&object, Engine::CloudSync), Ok(()));
        assert_eq!(prevented(&object, Engine::CloudSync), Some(Reason::Device));
        assert_eq!(prevented(&object, Engine::Connect), None);
    }

    #[test]
    fn what_the_tools_of_other_services_are_told_to_pass_over_is_out_of_scope() {
        let mut settings = Settings::default();
        settings.services.google_exclusions = vec!["substring:service-".parse().unwrap()];
        settings.services.schemus_kinds = vec![ObjectKind::Group];
        let judged = |lines: &[(Attr, &str)]| {
            let mut subject = Subject::default();
            subject.reset(&Line::of(b"dn", b"CN=A"));
            for (attr, value) in lines {
                subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
            }
            let object = Object::of(&subject, &settings);
            [judge_for_google(&object), judge_for_schemus(&object)]
                .map(|it| it.map_err(Reason::name))
        };
        let (ann, service) = ((Attr::Mail, "ann@b.c"), (Attr::Mail, "Service-1@b.c"));
        assert_eq!(judged(&[USER, ann]), [Ok(()), Err("kind-not-synchronised")]);
        assert_eq!(judged(&[USER, service]), [Err("exclusion-rule"), Err("kind-not-synchronised")]);
        assert_eq!(judged(&[GROUP, service]), [Err("exclusion-rule"), Ok(())]);
        assert_eq!(judged(&[USER]), [Ok(()), Err("kind-not-synchronised")]);
    }

    #[test]
    fn the_mark_of_another_class_leaves_nothing_out() {
        let mark = |value| (Attr::AdminDescription, value);
        assert_eq!(judged("CN=A", &[USER, NAME, mark("Group_no")]), Ok(()));
        assert_eq!(judged("CN=A", &[USER, NAME, mark("no User_")]), Ok(()));
        assert_eq!(judged("CN=Builtin,DC=x", &[GROUP, NAME]), Ok(()));
        assert_eq!(judged("CN=A,OU=Builtin,DC=x", &[GROUP, NAME]), Ok(()));
        assert_eq!(judged("CN=A\\,CN=Builtin,DC=x", &[GROUP, NAME]), Ok(()));
    }

    #[test]
    fn a_group_with_too_many_members_is_looked_at_and_not_synchronised() {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        for (attr, value) in [GROUP, NAME] {
            subject.push(attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        let settings = Settings::default();
        for (members, connect, cloud_sync) in [
            (50_000, None, None),
            (50_001, None, Some(Reason::GroupTooLarge)),
            (250_001, Some(Reason::GroupTooLarge), Some(Reason::GroupTooLarge)),
        ] {
            while subject.count(Attr::Member) < members {
                subject.push(Attr::Member, Line::of(b"member", b"CN=B"));
            }
            let object = Object::of(&subject, &settings);
            assert_eq!(judge(&object, Engine::Connect), Ok(()));
            assert_eq!(prevented(&object, Engine::Connect), connect);
            assert_eq!(prevented(&object, Engine::CloudSync), cloud_sync);
        }
    }
}
