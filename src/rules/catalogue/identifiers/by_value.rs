//! Which key a value has by itself, whatever else its object holds: a fix asks who
//! holds a value, and needs no index of its own where that of the rules leads there.

use crate::rules::{Attr, Fingerprint, StoredValue};

use super::{
    ACCOUNT, IdentifierBuffers, Kind, MADE, MAIL, Role, Settings, TARGET, address_kind, is_address,
    typed,
};

/// The values of an object that [`key_of`] leads to: those which are an identifier
/// themselves, and plain, so that directories do not take them for the same as one
/// whose key is another. One bit for each of the first values of an attribute.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::rules) struct LedTo([u64; 8]);

impl LedTo {
    /// Takes note of an identifier.
    #[inline(always)]
    pub(super) fn add(&mut self, role: Role, value: usize, is_plain: bool) {
        // Behind so many values nothing is known.
        let bit = u64::from(is_plain & (value < 64)) << (value % 64);
        self.0[place(role) % 8] |= bit;
    }

    /// Takes back what was noted of values that are held in a way.
    pub(super) fn forget(&mut self, role: Role) {
        self.0[place(role)] = 0;
    }

    /// Whether a value of an attribute, by its number, is among them.
    pub(in crate::rules) fn has(self, attr: Attr, value: usize) -> bool {
        let role = match attr {
            Attr::UserPrincipalName => Role::PrincipalName,
            Attr::ProxyAddresses => Role::Primary,
            Attr::Mail => Role::Mail,
            Attr::TargetAddress => Role::Target,
            Attr::MailNickname => Role::Alias,
            Attr::SamAccountName => Role::Account,
            _ => return false,
        };
        value < 64 && self.0[place(role)] >> value & 1 != 0
    }
}

/// Where the values are that are held in a way; 0 for all else.
#[inline(always)]
fn place(role: Role) -> usize {
    match role {
        Role::EffectiveMail
        | Role::PredictedAlias
        | Role::PredictedName
        | Role::Anchor
        | Role::Sid
        | Role::MasterSid
        | Role::ServiceName
        | Role::ServiceAlias
        | Role::Mailbox
        | Role::Route => 0,
        Role::PrincipalName => 1,
        Role::Primary | Role::Secondary => 2,
        Role::Mail => 3,
        Role::Target => 4,
        Role::Alias => 5,
        Role::Account => 6,
    }
}

/// The key under which those hold a value that [`LedTo`] says are led to;
/// `None` where they cannot hold it.
pub(in crate::rules) fn key_of(value: &StoredValue, settings: &Settings) -> Option<Fingerprint> {
    let folded = value.folded();
    let (kind, text) = match value.attr {
        Attr::UserPrincipalName => (Kind::ADDRESS, Some(folded).filter(|name| is_address(name))?),
        Attr::ProxyAddresses => {
            let (kind, address) = typed(folded);
            (address_kind(kind, address)?, address)
        }
        Attr::Mail => (MAIL, folded),
        Attr::TargetAddress => (TARGET, typed(folded).1),
        Attr::MailNickname if settings.initial_domain.is_some() => (Kind::ADDRESS, folded),
        Attr::MailNickname => (MADE, folded),
        Attr::SamAccountName => (ACCOUNT, folded),
        _ => return None,
    };
    let mut buffers = IdentifierBuffers { looks_closely: true, ..Default::default() };
    let from = buffers.put_kind(0, kind);
    let mut end = buffers.put_folded(from, text);
    if let Some(initial) = settings.initial_domain.as_deref()
        && value.attr == Attr::MailNickname
    {
        end = buffers.put_initial(end, initial);
    }
    buffers.is_plain.then(|| buffers.fingerprint(end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Object, for_each};
    use super::*;
    use crate::ldif::Line;
    use crate::rules::Subject;
    use crate::rules::held::UNIQUE;

    /// What there is to be led to, and the keys of an object.
    fn look(
        class: &str,
        attr: Attr,
        values: &[String],
        settings: &Settings,
    ) -> (LedTo, Vec<Fingerprint>) {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        subject.push(Attr::ObjectClass, Line::of(b"objectClass", class.as_bytes()));
        for value in values {
            subject.push(attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        let object = Object::of(&subject, settings);
        let mut keys = Vec::new();
        let mut buffers = IdentifierBuffers { looks_closely: true, ..Default::default() };
        for_each(&object, &mut buffers, |_, key, _| keys.push(key.fingerprint));
        (buffers.led_to(), keys)
    }

    proptest! {
        #[test]
        fn the_key_of_a_value_leads_to_it_however_it_is_spelled(
            values in prop::collection::vec(
                "(smtp:|SMTP:|sip:|X500:|x400:|:)?[a-cA-C@ é\\t]{0,4}(@[a-c]{1,20}\\.com)?", 0..3),
            class in "user|group|contact",
            attr in prop::sample::select(UNIQUE.to_vec()),
            initial in any::<bool>(),
            other_name in prop::sample::select(vec![None, Some(Attr::Mail)]),
        ) {
            let settings = Settings {
                initial_domain: initial.then(|| "contoso.onmicrosoft.com".into()),
                upn_attribute: other_name,
                ..Settings::default()
            };
            let spelled: Vec<String> = values.iter().map(|it| it.to_ascii_uppercase()).collect();
            for held in [&values, &spelled] {
                let (led_to, keys) = look(&class, attr, held, &settings);
                for (number, value) in values.iter().enumerate() {
                    if led_to.has(attr, number) {
                        let value = StoredValue::of(attr, value.as_bytes());
                        prop_assert!(keys.contains(&key_of(&value, &settings).unwrap()));
                    }
                }
            }
        }
    }

    #[test]
    fn everyday_values_are_led_to_and_those_that_directories_fold_further_are_not() {
        let settings = Settings::default();
        let is_led_to = |class, attr, value: &str| {
            look(class, attr, &[value.to_owned()], &settings).0.has(attr, 0)
        };
        for (attr, value) in [
            (Attr::UserPrincipalName, "ann@contoso.com"),
            (Attr::ProxyAddresses, "smtp:ann@contoso.com"),
            (Attr::ProxyAddresses, "ann@contoso.com"),
            (Attr::ProxyAddresses, "SIP:ann@contoso.com"),
            (Attr::Mail, "ann@contoso.com"),
            (Attr::TargetAddress, "SMTP:ann@fabrikam.com"),
            (Attr::MailNickname, "ann"),
            (Attr::SamAccountName, "ann"),
            (Attr::ProxyAddresses, "X500:/o=Contoso Ltd/cn=ann"),
        ] {
            assert!(is_led_to("user", attr, value), "{value}");
        }
        for (attr, value) in [
            (Attr::UserPrincipalName, "ann"),
            (Attr::ProxyAddresses, "X400:c=us"),
            (Attr::ProxyAddresses, "smtp:ann  x@contoso.com"),
            (Attr::Mail, "änn@contoso.com"),
            (Attr::TargetAddress, "smtp:"),
            (Attr::MailNickname, ""),
            (Attr::SamAccountName, "an  n"),
            (Attr::DisplayName, "ann"),
        ] {
            assert!(!is_led_to("user", attr, value), "{value}");
        }
        assert!(!is_led_to("contact", Attr::UserPrincipalName, "ann@contoso.com"));
        let many: Vec<String> = (0..70).map(|number| format!("smtp:{number}@x.com")).collect();
        let (led_to, _) = look("user", Attr::ProxyAddresses, &many, &settings);
        assert!(led_to.has(Attr::ProxyAddresses, 63));
        assert!(!led_to.has(Attr::ProxyAddresses, 64));
    }
}
