//! Which entries count.

use std::fmt;

use crate::ldif::Form;
use crate::rules::profile::{IdFix, Population};
use crate::rules::{Attr, Subject};

macro_rules! reasons {
    ($($variant:ident = $name:literal, $doc:literal;)*) => {
        /// Why a profile does not look at an entry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum SkipReason {
            $(#[doc = $doc] $variant,)*
        }

        impl SkipReason {
            /// All reasons, in the order in which they are tried.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The reason in a few words.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc,)*
                }
            }
        }
    };
}

reasons! {
    NotPersonOrGroup = "not-person-or-group", "neither a person nor a group";
    NoMail = "no-mail", "no mail";
    MachineName = "machine-name", "a cn that ends in $";
    WellKnownName = "well-known-name", "the name of a built-in or service account";
    ConflictObject = "conflict-object", "an object that lost a replication conflict";
    CriticalSystemObject = "critical-system-object", "a critical system object";
    SystemAccountName = "system-account-name", "the sAMAccountName of a system account";
    SystemMailNickname = "system-mail-nickname", "the mailNickname of a system mailbox";
    HiddenSystemAccount = "hidden-system-account", "a hidden MSOL account";
    SystemMailbox = "system-mailbox", "a system mailbox by its recipient type";
    SecurityGroupWithoutMail = "security-group-without-mail", "a security group without mail";
    GroupWithoutProxyAddresses = "group-without-proxy-addresses",
        "a distribution group without proxyAddresses";
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for SkipReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Beginnings of the cn of built-in and service accounts.
const WELL_KNOWN: [&[u8]; 15] = [
    b"Admini",
    b"CAS_{",
    b"DiscoverySearchMailbox",
    b"FederatedEmail",
    b"Guest",
    b"HTTPConnector",
    b"krbtgt",
    b"iusr_",
    b"iwam",
    b"msol",
    b"support_",
    b"SystemMailbox",
    b"WWIOadmini",
    b"HealthMailbox",
    b"Exchange Online-ApplicationAccount",
];

/// Recipient types of system mailboxes, as IdFix spells them. Active Directory
/// writes decimal numbers, so that in practice none of these occurs.
const SYSTEM_RECIPIENT_TYPES: [&[u8]; 7] =
    [b"0x1000", b"0x2000", b"0x4000", b"0x400000", b"0x800000", b"0x1000000", b"0x20000000"];

impl IdFix {
    /// Whether the profile looks at an entry.
    ///
    /// # Errors
    /// The first [`SkipReason`] that applies.
    pub fn scope(&self, subject: &Subject<'_>) -> Result<(), SkipReason> {
        if !is_person_or_group(subject) {
            return Err(SkipReason::NotPersonOrGroup);
        }
        if self.population == Population::WithMail && !subject.has(Attr::Mail) {
            return Err(SkipReason::NoMail);
        }
        skip_by_name(subject)?;
        if self.population == Population::Synchronised {
            let class = subject.last(Attr::ObjectClass).unwrap_or_default();
            if class.eq_ignore_ascii_case(b"user") {
                skip_system_user(subject)?;
            } else if class.eq_ignore_ascii_case(b"group") {
                skip_group(subject)?;
            }
        }
        Ok(())
    }
}

/// By objectCategory; where the entry has none, as on servers other than Active
/// Directory, by objectClass.
fn is_person_or_group(subject: &Subject<'_>) -> bool {
    if let Some(line) = subject.lines(Attr::ObjectCategory).first() {
        // Nearly every category is one of the two and folded behind that.
        if line.form() == Form::Plain
            && (begins_with(line.raw(), b"CN=Person,") || begins_with(line.raw(), b"CN=Group,"))
        {
            return true;
        }
        let category = line.bytes();
        let name = first_rdn_value(&category);
        return name.eq_ignore_ascii_case(b"Person") || name.eq_ignore_ascii_case(b"Group");
    }
    let mut counts = false;
    for line in subject.lines(Attr::ObjectClass) {
        let class = line.bytes();
        let is = |name: &&[u8]| class.eq_ignore_ascii_case(name);
        if is(&b"computer".as_slice()) {
            return false;
        }
        let counted: [&[u8]; 5] = [b"user", b"person", b"inetOrgPerson", b"contact", b"group"];
        counts |= counted.iter().any(is);
    }
    counts
}

/// The value of the first RDN of a category; a short name is its own value.
fn first_rdn_value(category: &[u8]) -> &[u8] {
    // An extended DN has its GUID and SID before it: `<GUID=…>;<SID=…>;CN=…`.
    let dn = match memchr::memrchr(b';', category) {
        Some(at) if category.first() == Some(&b'<') => &category[at + 1..],
        _ => category,
    };
    let Some(equals) = memchr::memchr(b'=', dn) else { return dn.trim_ascii() };
    let value = &dn[equals + 1..];
    value[..memchr::memchr(b',', value).unwrap_or(value.len())].trim_ascii()
}

fn skip_by_name(subject: &Subject<'_>) -> Result<(), SkipReason> {
    let name = subject.common_name();
    if name.ends_with(b"$") {
        return Err(SkipReason::MachineName);
    }
    if well_known(&name).is_some() {
        return Err(SkipReason::WellKnownName);
    }
    if is_conflict(subject.dn()) {
        return Err(SkipReason::ConflictObject);
    }
    if is_true(subject, Attr::IsCriticalSystemObject) {
        return Err(SkipReason::CriticalSystemObject);
    }
    Ok(())
}

/// How the name of a built-in or service account begins that this name begins with.
pub(in crate::rules) fn well_known(name: &[u8]) -> Option<&'static [u8]> {
    // Nearly every name is told from all of them by its first letter.
    let first = name.first().map(u8::to_ascii_lowercase);
    let may_begin = |known: &&&[u8]| known.first().map(u8::to_ascii_lowercase) == first;
    WELL_KNOWN.iter().filter(may_begin).find(|known| begins_with(name, known)).copied()
}

/// Whether the DN is the one that an object gets when it loses a replication
/// conflict: `CN=name\0ACNF:guid,…`.
fn is_conflict(dn: &[u8]) -> bool {
    // IdFix's pattern is a NUL and `ACNF:`, and .NET compares without the NUL.
    memchr::memchr_iter(b':', dn).any(|colon| {
        dn[..colon].last_chunk::<4>().is_some_and(|before| before.eq_ignore_ascii_case(b"acnf"))
    })
}

fn skip_system_user(subject: &Subject<'_>) -> Result<(), SkipReason> {
    let first_begins = |attr, with: &[&[u8]]| {
        subject.first(attr).is_some_and(|value| with.iter().any(|it| begins_with(&value, it)))
    };
    if first_begins(Attr::SamAccountName, &[b"CAS_", b"SUPPORT_", b"MSOL_"]) {
        return Err(SkipReason::SystemAccountName);
    }
    if first_begins(Attr::MailNickname, &[b"CAS_", b"SYSTEMMAILBOX"]) {
        return Err(SkipReason::SystemMailNickname);
    }
    if is_true(subject, Attr::MsExchHideFromAddressLists)
        && first_begins(Attr::DisplayName, &[b"MSOL"])
    {
        return Err(SkipReason::HiddenSystemAccount);
    }
    let kind = subject.first(Attr::MsExchRecipientTypeDetails);
    if kind.is_some_and(|kind| SYSTEM_RECIPIENT_TYPES.contains(&&*kind)) {
        return Err(SkipReason::SystemMailbox);
    }
    Ok(())
}

fn skip_group(subject: &Subject<'_>) -> Result<(), SkipReason> {
    let group_type = subject
        .first(Attr::GroupType)
        .and_then(|value| std::str::from_utf8(&value).ok()?.trim().parse::<i64>().ok());
    match group_type {
        Some(..0) if !subject.has(Attr::Mail) => Err(SkipReason::SecurityGroupWithoutMail),
        Some(0..) if !subject.has(Attr::ProxyAddresses) => {
            Err(SkipReason::GroupWithoutProxyAddresses)
        }
        _ => Ok(()),
    }
}

fn begins_with(value: &[u8], start: &[u8]) -> bool {
    value.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn is_true(subject: &Subject<'_>, attr: Attr) -> bool {
    subject.first(attr).is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"TRUE"))
}
