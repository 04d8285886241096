//! What an object is known by beside its names and addresses, as far as a profile asks:
//! security identifiers, names of services, mailboxes, and where its mail goes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::directory::matching::{guid_from_text, guid_to_text, sid_from_text};
use crate::ldif::{Form, Line};
use crate::rules::catalogue::{CLOUD_SYNC, ENTRA, HYGIENE, Object};
use crate::rules::{Attr, AttrSet, Fingerprint, Key};

use super::{Identifier, IdentifierBuffers, Known, Role, SPACE, typed};

/// What a profile asks of objects beside their names and addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Further {
    /// Nothing.
    #[default]
    Nothing,
    /// Security identifiers.
    Sids,
    /// Names of services, mailboxes, and where mail goes.
    ServicesAndMailboxes,
}

impl Further {
    /// What a profile asks.
    #[must_use]
    pub fn of(profile: &str) -> Self {
        match profile {
            ENTRA | CLOUD_SYNC => Self::Sids,
            HYGIENE => Self::ServicesAndMailboxes,
            _ => Self::Nothing,
        }
    }
}

const SERVICES_AND_MAILBOXES: AttrSet = AttrSet::EMPTY
    .with(Attr::ServicePrincipalName)
    .with(Attr::MsExchMailboxGuid)
    .with(Attr::MsExchArchiveGuid)
    .with(Attr::TargetAddress);

/// Hands over what the profile of the object asks.
#[inline]
pub(super) fn for_each(
    object: &Object<'_, '_>,
    buffers: &mut IdentifierBuffers,
    mut take: impl FnMut(Identifier, Key<'_>, bool),
) {
    let mut each = Each { buffers, take: &mut take };
    match object.settings.further {
        Further::Nothing => {}
        Further::Sids => {
            for (attr, role) in
                [(Attr::ObjectSid, Role::Sid), (Attr::MsExchMasterAccountSid, Role::MasterSid)]
            {
                for (at, line) in object.subject.lines(attr).iter().enumerate() {
                    each.sid(Identifier { role, attr, value: at }, line);
                }
            }
        }
        Further::ServicesAndMailboxes if object.subject.may_have_any(SERVICES_AND_MAILBOXES) => {
            each.services_and_mailboxes(object);
        }
        Further::ServicesAndMailboxes => {}
    }
}

struct Each<'b, T> {
    buffers: &'b mut IdentifierBuffers,
    take: &'b mut T,
}

impl<T: FnMut(Identifier, Key<'_>, bool)> Each<'_, T> {
    /// A SID of a domain's object: those of the system itself belong to many.
    #[inline(always)]
    fn sid(&mut self, identifier: Identifier, line: &Line<'_>) {
        let text = match line.form() {
            Form::Base64 => line.raw().try_into().ok(),
            _ => None,
        };
        match text {
            Some(text) => self.sid_text(identifier, text),
            None => {
                let value = line.bytes();
                let sid = sid_from_text(&value).unwrap_or_else(|| value.into_owned());
                if let Ok(text) = STANDARD.encode(sid).as_bytes().try_into() {
                    self.sid_text(identifier, text);
                }
            }
        }
    }

    #[inline(always)]
    fn sid_text(&mut self, identifier: Identifier, text: &[u8; SID_LENGTH]) {
        if !text.starts_with(OF_DOMAIN) {
            return;
        }
        let mut key = [0; SID.len() + SID_LENGTH];
        key[..SID.len()].copy_from_slice(SID);
        key[SID.len()..].copy_from_slice(text);
        let start = self.buffers.start();
        let end = self.buffers.put(start, &key);
        if identifier.role != Role::Sid || identifier.value > 0 {
            return self.hand_over(identifier, end);
        }
        // Nothing that came before has such a key.
        let fingerprint = Fingerprint::of(SPACE, &key);
        let number = self.buffers.add(Known { fingerprint, start, end });
        self.tell(identifier, number, true);
    }

    #[cold]
    fn services_and_mailboxes(&mut self, object: &Object<'_, '_>) {
        let values = |attr| object.values(attr);
        for (at, name) in values(Attr::ServicePrincipalName) {
            let identifier =
                |role| Identifier { role, attr: Attr::ServicePrincipalName, value: at };
            if name.trim_ascii().eq_ignore_ascii_case(OF_EACH_DOMAIN) {
                continue;
            }
            self.folded(identifier(Role::ServiceName), SERVICE, &name);
            let (class, rest) = name.split_at(memchr::memchr(b'/', &name).unwrap_or(0));
            if object.settings.host_services().include(class) {
                let host = [b"host", rest].concat();
                self.folded(identifier(Role::ServiceAlias), SERVICE, &host);
            }
        }
        for attr in [Attr::MsExchMailboxGuid, Attr::MsExchArchiveGuid] {
            for (at, value) in values(attr) {
                let guid = guid_from_text(&value).map_or(value, |guid| guid.to_vec().into());
                // Exchange writes zeros where there is none any more.
                if guid.iter().any(|byte| *byte != 0)
                    && let Some(text) = guid_to_text(&guid)
                {
                    let identifier = Identifier { role: Role::Mailbox, attr, value: at };
                    self.exact(identifier, MAILBOX, text.as_bytes());
                }
            }
        }
        for (at, target) in values(Attr::TargetAddress) {
            let (kind, address) = typed(&target);
            let is_smtp = kind.is_none_or(|kind| kind.eq_ignore_ascii_case(b"smtp"));
            if is_smtp && memchr::memchr(b'@', address).is_some() {
                let attr = Attr::TargetAddress;
                self.folded(Identifier { role: Role::Route, attr, value: at }, b"", address);
            }
        }
    }

    fn folded(&mut self, identifier: Identifier, kind: &[u8], text: &[u8]) {
        let from = self.buffers.put(self.buffers.start(), kind);
        let end = self.buffers.put_folded(from, text);
        if end > from {
            self.hand_over(identifier, end);
        }
    }

    fn exact(&mut self, identifier: Identifier, kind: &[u8], bytes: &[u8]) {
        let from = self.buffers.put(self.buffers.start(), kind);
        let end = self.buffers.put(from, bytes);
        self.hand_over(identifier, end);
    }

    fn hand_over(&mut self, identifier: Identifier, end: usize) {
        let (number, is_new) = self.buffers.number(end);
        self.tell(identifier, number, is_new);
    }

    #[inline(always)]
    fn tell(&mut self, identifier: Identifier, number: usize, is_new: bool) {
        let known = self.buffers.keys[number];
        let key = Key {
            attr: SPACE,
            value: number,
            bytes: self.buffers.bytes(known),
            fingerprint: known.fingerprint,
            rewritten: false,
        };
        (self.take)(identifier, key, is_new);
    }
}

/// The service that changes passwords: the account krbtgt has it in each domain of a
/// forest, as Active Directory makes it, and Samba.
const OF_EACH_DOMAIN: &[u8] = b"kadmin/changepw";
/// In front of a SID.
const SID: &[u8] = b"sid:";
/// Digits of base64 of the SID of a domain's object, which has 28 bytes.
const SID_LENGTH: usize = 40;
/// How it begins: S-1-5-21, 12 bytes.
const OF_DOMAIN: &[u8] = b"AQUAAAAAAAUVAAAA";
/// In front of servicePrincipalName.
const SERVICE: &[u8] = b"service:";
/// In front of the GUID of a mailbox.
const MAILBOX: &[u8] = b"mailbox:";
