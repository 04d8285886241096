//! The names and addresses of an object, one kind after the other.

use super::{
    ACCOUNT, ANCHOR, Identifier, IdentifierBuffers, Kind, MAIL, Role, SPACE, TARGET, address_kind,
    is_address, name_is_replaced, predicted_alias, role_of, typed,
};
use crate::rules::catalogue::{Object, ObjectKind, source_anchor};
use crate::rules::{Attr, Key};

/// Hands over the names and addresses of an object.
pub(super) struct Names<'n, 's, 'a, T> {
    pub object: &'n Object<'s, 'a>,
    /// The initial domain of the tenant, where it is known.
    pub initial: Option<&'n str>,
    /// What stands in front of what the cloud makes.
    pub made: Kind,
    pub buffers: &'n mut IdentifierBuffers,
    pub take: &'n mut T,
}

impl<T: FnMut(Identifier, Key<'_>, bool)> Names<'_, '_, '_, T> {
    fn give(&mut self, role: Role, attr: Attr, value: usize, kind: Kind, text: &[u8]) {
        let buffers = &mut *self.buffers;
        let from = buffers.put_kind(buffers.start(), kind);
        let same = buffers.first_address(text);
        let mut end = match same {
            Some(number) => buffers.put_again(from, number),
            None => buffers.put_folded(from, text),
        };
        if end == from {
            return;
        }
        let is_made = matches!(role, Role::Alias | Role::PredictedAlias | Role::PredictedName);
        if let Some(initial) = self.initial.filter(|_| is_made) {
            end = buffers.put_initial(end, initial);
        }
        buffers.led_to.add(role, value, buffers.is_plain);
        let is_address = kind == Kind::ADDRESS && !is_made;
        // The name to sign in with is nearly always an address, too.
        let (number, is_new) = match same {
            Some(number) if is_address => (number, false),
            _ => buffers.number(end),
        };
        if is_address && buffers.is_visible {
            buffers.first_address.get_or_insert(number);
        }
        let known = buffers.keys[number];
        let key = Key {
            attr: SPACE,
            value: number,
            bytes: buffers.bytes(known),
            fingerprint: known.fingerprint,
            rewritten: false,
        };
        (self.take)(Identifier { role, attr, value }, key, is_new);
    }

    #[inline]
    pub(super) fn principal_names(&mut self) {
        let object = self.object;
        if object.kind != ObjectKind::User {
            return;
        }
        let attr = object.settings.principal_name();
        for (at, name) in object.values(attr) {
            if is_address(&name) {
                self.give(Role::PrincipalName, attr, at, Kind::ADDRESS, &name);
            }
        }
    }

    /// Those in proxyAddresses; whether one is for SMTP.
    #[inline]
    pub(super) fn proxy_addresses(&mut self) -> bool {
        let mut buffer = std::mem::take(&mut self.buffers.value);
        let mut has_smtp = false;
        for (at, line) in self.object.subject.lines(Attr::ProxyAddresses).iter().enumerate() {
            let (role, kind, address) = match line.bytes_in(&mut buffer) {
                [b'S', b'M', b'T', b'P', b':', address @ ..] if is_address(address) => {
                    (Role::Primary, Some(Kind::ADDRESS), address)
                }
                [b's', b'm', b't', b'p', b':', address @ ..] if is_address(address) => {
                    (Role::Secondary, Some(Kind::ADDRESS), address)
                }
                value => {
                    let (kind, address) = typed(value);
                    (role_of(kind), address_kind(kind, address), address)
                }
            };
            if let Some(kind) = kind {
                has_smtp |= kind == Kind::ADDRESS;
                self.give(role, Attr::ProxyAddresses, at, kind, address);
            }
        }
        self.buffers.value = buffer;
        has_smtp
    }

    /// mail, which the cloud takes for an address where there is no other.
    #[inline]
    pub(super) fn mails(&mut self, has_smtp: bool) {
        for (at, mail) in self.object.values(Attr::Mail).filter(|(_, mail)| is_address(mail)) {
            if !has_smtp {
                self.give(Role::EffectiveMail, Attr::Mail, at, Kind::ADDRESS, &mail);
            }
            self.give(Role::Mail, Attr::Mail, at, MAIL, &mail);
        }
    }

    /// Where mail goes; whether one has a type with characters beyond ASCII.
    #[inline]
    pub(super) fn targets(&mut self) -> bool {
        let mut has_odd_type = false;
        for (at, target) in self.object.values(Attr::TargetAddress) {
            let (kind, address) = typed(&target);
            has_odd_type |= kind.is_some_and(|kind| !kind.is_ascii());
            self.give(Role::Target, Attr::TargetAddress, at, TARGET, address);
        }
        has_odd_type
    }

    /// The alias, and the name to sign in with that the cloud makes of it.
    #[inline]
    pub(super) fn aliases(&mut self) {
        let (object, made) = (self.object, self.made);
        let mut alias = None;
        if object.has(Attr::MailNickname) {
            for (at, held) in object.values(Attr::MailNickname) {
                self.give(Role::Alias, Attr::MailNickname, at, made, &held);
                alias = alias.or(Some(held));
            }
        } else if let Some((attr, at, predicted)) = predicted_alias(object) {
            self.give(Role::PredictedAlias, attr, at, made, &predicted);
            alias = Some(predicted.into());
        }
        if let Some(alias) = alias.filter(|_| name_is_replaced(object)) {
            let attr = object.settings.principal_name();
            self.give(Role::PredictedName, attr, 0, made, &alias);
        }
    }

    /// The account name, and the name to sign in with that the cloud makes of it.
    #[inline]
    pub(super) fn accounts(&mut self) {
        let (object, attr) = (self.object, Attr::SamAccountName);
        if object.kind == ObjectKind::User
            && !object.has(object.settings.principal_name())
            && let Some(account) = object.subject.first(attr)
        {
            self.give(Role::PredictedName, attr, 0, self.made, &account);
        }
        for (at, account) in object.values(attr) {
            self.give(Role::Account, attr, at, ACCOUNT, &account);
        }
    }

    #[inline]
    pub(super) fn anchor(&mut self) {
        let object = self.object;
        if object.kind == ObjectKind::Computer {
            return;
        }
        let attr = source_anchor::attribute(object.settings);
        for (at, value) in object.values(attr).take(1) {
            self.give(Role::Anchor, attr, at, ANCHOR, &source_anchor::compared(attr, &value));
        }
    }
}
