//! An entry as the rules of the catalogue see it.

use std::borrow::Cow;

use crate::ldif::{Form, Line};
use crate::rules::{Attr, Subject};

use super::{Settings, sid};

/// What kind of object an entry is, by its objectClass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// user or inetOrgPerson.
    User,
    /// contact.
    Contact,
    /// group.
    Group,
    /// computer, which is a user too.
    Computer,
    /// Anything else.
    Other,
}

impl ObjectKind {
    fn of(subject: &Subject<'_>) -> Self {
        let mut kind = Self::Other;
        for line in subject.lines(Attr::ObjectClass) {
            let class = line.bytes();
            let is = |name: &str| class.eq_ignore_ascii_case(name.as_bytes());
            // The length tells most classes apart.
            match class.len() {
                4 if is("user") => kind = Self::User,
                13 if is("inetOrgPerson") => kind = Self::User,
                5 if is("group") => kind = Self::Group,
                7 if is("contact") => kind = Self::Contact,
                8 if is("computer") => return Self::Computer,
                _ => {}
            }
        }
        kind
    }
}

/// An entry with what is known about the tenant.
#[derive(Debug, Clone, Copy)]
pub struct Object<'s, 'a> {
    /// The entry.
    pub subject: &'s Subject<'a>,
    /// What it is.
    pub kind: ObjectKind,
    /// What was said about the tenant.
    pub settings: &'s Settings,
}

impl<'s, 'a> Object<'s, 'a> {
    /// An entry as an object.
    #[must_use]
    pub fn of(subject: &'s Subject<'a>, settings: &'s Settings) -> Self {
        Self { subject, kind: ObjectKind::of(subject), settings }
    }

    /// The values of an attribute with their numbers.
    pub fn values(&self, attr: Attr) -> impl Iterator<Item = (usize, Cow<'a, [u8]>)> + use<'s, 'a> {
        self.subject.lines(attr).iter().map(Line::bytes).enumerate()
    }

    /// Whether an attribute has a value with more than white space.
    #[must_use]
    pub fn has(&self, attr: Attr) -> bool {
        self.values(attr).any(|(_, value)| !value.trim_ascii().is_empty())
    }

    /// The first value of an attribute as text.
    #[must_use]
    pub fn text(&self, attr: Attr) -> Option<Cow<'a, str>> {
        self.subject.first(attr).map(super::text::of)
    }

    /// The primary address in proxyAddresses, without its type.
    #[must_use]
    pub fn primary_smtp(&self) -> Option<String> {
        self.values(Attr::ProxyAddresses).find_map(|(_, value)| {
            let address = value.trim_ascii().strip_prefix(b"SMTP:")?;
            Some(String::from_utf8_lossy(address.trim_ascii()).into_owned())
        })
    }

    /// Whether the account is enabled; `None` where the object is no account, or the
    /// export does not say.
    #[must_use]
    pub fn is_enabled(&self) -> Option<bool> {
        /// ACCOUNTDISABLE ([MS-ADTS] 2.2.16).
        const DISABLED: i64 = 2;
        let flags = self.text(Attr::UserAccountControl)?.trim().parse::<i64>().ok()?;
        Some(flags & DISABLED == 0)
    }

    /// Whether an address is a primary one in proxyAddresses.
    #[must_use]
    pub fn is_primary_smtp(&self, address: &str) -> bool {
        self.values(Attr::ProxyAddresses).any(|(_, value)| {
            let primary = value.trim_ascii().strip_prefix(b"SMTP:");
            primary.is_some_and(|it| it.trim_ascii().eq_ignore_ascii_case(address.as_bytes()))
        })
    }

    /// The number that says which kind of recipient of Exchange the object is; 0
    /// where it is none.
    #[must_use]
    pub fn recipient_type(&self) -> u64 {
        let details = self.text(Attr::MsExchRecipientTypeDetails);
        details.and_then(|number| number.trim().parse().ok()).unwrap_or_default()
    }

    /// Whether the object has a mailbox, on premises or in the cloud.
    ///
    /// Source: Microsoft, msExchRecipientTypeDetails values (user, linked, shared,
    /// room and equipment mailboxes and their remote kinds).
    #[must_use]
    pub fn has_mailbox(&self) -> bool {
        const MAILBOXES: u64 = 0x1 | 0x2 | 0x4 | 0x10 | 0x20;
        const REMOTE: u64 = 0x8000_0000 | 0x2_0000_0000 | 0x4_0000_0000 | 0x8_0000_0000;
        self.has(Attr::HomeMdb) || self.recipient_type() & (MAILBOXES | REMOTE) != 0
    }

    /// When the object was created, to the second (`20240131120000`).
    #[must_use]
    pub fn created(&self) -> Option<Box<str>> {
        let created = self.text(Attr::WhenCreated)?;
        let digits = created.trim().get(..14)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.into())
    }

    /// Whether the directory keeps the object as it is: nothing is ever written to
    /// accounts that it protects (`adminCount: 1`), nor to what it needs itself.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        let is_marked = self.subject.first(Attr::AdminCount).is_some_and(|held| *held == *b"1");
        is_marked || self.is_needed_by_directory()
    }

    /// Whether the directory needs the object itself.
    #[must_use]
    pub fn is_needed_by_directory(&self) -> bool {
        match self.subject.first(Attr::IsCriticalSystemObject) {
            Some(mark) => mark.eq_ignore_ascii_case(b"TRUE"),
            None => self.came_with_domain(),
        }
    }

    /// Whether the object came with the domain, is one of its controllers or the account
    /// of a trust: all of these are critical system objects, whether or not the export
    /// has the mark.
    ///
    /// Source: [MS-DTYP] 2.4.2.4, well-known SIDs; [MS-ADTS] 2.2.16.
    #[must_use]
    pub fn came_with_domain(&self) -> bool {
        /// SERVER_TRUST_ACCOUNT and INTERDOMAIN_TRUST_ACCOUNT.
        const TRUSTED: i64 = 0x2000 | 0x800;
        if let Some(sid) = self.subject.lines(Attr::ObjectSid).first()
            && sid::is_of_domain_itself(sid)
        {
            return true;
        }
        let Some(line) = self.subject.lines(Attr::SamAccountName).first() else { return false };
        // Nearly no account name ends with $ or is as long as the other.
        if !matches!(line.raw(), [.., b'$'] | [_, _, _, _, _, _]) && line.form() == Form::Plain {
            return false;
        }
        let account = line.bytes();
        match account.last() {
            Some(b'$') => {
                let control = self.text(Attr::UserAccountControl);
                let flags = control.and_then(|control| control.trim().parse::<i64>().ok());
                flags.is_some_and(|flags| flags & TRUSTED != 0)
            }
            _ => account.eq_ignore_ascii_case(b"krbtgt"),
        }
    }
}
