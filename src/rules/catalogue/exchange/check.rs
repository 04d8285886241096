//! Whether the attributes of a recipient agree.

use crate::rules::catalogue::verdict::Verdicts;
use crate::rules::catalogue::{Object, ObjectKind};
use crate::rules::{Attr, AttrSet};

use super::rules;

/// Without one of these there is nothing to look at.
const READ: AttrSet = AttrSet::EMPTY
    .with(Attr::MsExchHideFromAddressLists)
    .with(Attr::MsExchRecipientDisplayType)
    .with(Attr::MsExchRecipientTypeDetails)
    .with(Attr::MsExchRemoteRecipientType);

/// A kind of recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recipient {
    Mailbox,
    Room,
    Equipment,
    /// A mail contact, a mail user or a remote mailbox.
    External,
    RemoteRoom,
    RemoteEquipment,
    Group,
}

impl Recipient {
    /// By msExchRecipientTypeDetails; the kinds of remote mailboxes have several
    /// display types.
    fn by_details(details: u64) -> Option<&'static [Self]> {
        use Recipient::{Equipment, External, Group, Mailbox, RemoteEquipment, RemoteRoom, Room};
        Some(match details {
            // User, linked, shared, legacy.
            1 | 2 | 4 | 8 => &[Mailbox],
            16 => &[Room],
            32 => &[Equipment],
            // Contact, mail user.
            64 | 128 => &[External],
            // Distribution and security groups.
            256 | 512 | 1024 => &[Group],
            0x8000_0000 | 0x8_0000_0000 => &[External],
            0x2_0000_0000 => &[RemoteRoom, External],
            0x4_0000_0000 => &[RemoteEquipment, External],
            _ => return None,
        })
    }

    /// By msExchRecipientDisplayType.
    fn by_display(display: i64) -> Option<Self> {
        Some(match display {
            0 | 0x4000_0000 => Self::Mailbox,
            1 | 0x4000_0009 => Self::Group,
            6 | 0x4000_0006 | -0x7FFF_FFFA | -0x3FFF_FFFA => Self::External,
            7 => Self::Room,
            8 => Self::Equipment,
            -0x7FFF_F8FA => Self::RemoteRoom,
            -0x7FFF_F7FA => Self::RemoteEquipment,
            _ => return None,
        })
    }
}

/// msExchRecipientTypeDetails of remote mailboxes: user, room, equipment, shared.
const REMOTE: [u64; 4] = [0x8000_0000, 0x2_0000_0000, 0x4_0000_0000, 0x8_0000_0000];
/// msExchRecipientTypeDetails of mailboxes of this organisation.
const LOCAL: [u64; 6] = [1, 2, 4, 8, 16, 32];
/// Bits of msExchRemoteRecipientType that say where the mailbox is: provisioned in
/// the cloud, migrated to it.
const MOVED: i64 = 1 | 4;

pub(super) fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if !object.subject.may_have_any(READ) || !verdicts.looks_for(&rules::HIDDEN) {
        return;
    }
    let is_hidden = || {
        let hidden = object.subject.first(Attr::MsExchHideFromAddressLists);
        hidden.is_some_and(|hidden| hidden.eq_ignore_ascii_case(b"TRUE"))
    };
    let is_recipient = [Attr::HomeMdb, Attr::MsExchRecipientTypeDetails, Attr::ProxyAddresses]
        .iter()
        .any(|attr| object.has(*attr));
    if !is_recipient && !object.has(Attr::MailNickname) && is_hidden() {
        let detail = || "there is no mailNickname".to_owned();
        verdicts.on(Attr::MsExchHideFromAddressLists, 0).breaks_without(
            Attr::MailNickname,
            &rules::HIDDEN,
            &detail,
        );
    }
    let details = object.recipient_type();
    if let (Some(kinds), Some(display)) =
        (Recipient::by_details(details), number(object, Attr::MsExchRecipientDisplayType))
        && Recipient::by_display(display).is_some_and(|display| !kinds.contains(&display))
    {
        let detail = || format!("msExchRecipientTypeDetails is {details}");
        verdicts.on(Attr::MsExchRecipientDisplayType, 0).breaks(&rules::DISPLAY_TYPE, &detail);
    }
    if object.kind == ObjectKind::User {
        check_remote(object, details, verdicts);
    }
}

fn check_remote(object: &Object<'_, '_>, details: u64, verdicts: &mut Verdicts) {
    let remote = number(object, Attr::MsExchRemoteRecipientType);
    let has = object.subject.has(Attr::MsExchRemoteRecipientType);
    // An export of chosen attributes can lack this one.
    let has_all = object.subject.has(Attr::MsExchRecipientDisplayType);
    if !has && has_all && REMOTE.contains(&details) {
        let attr = Attr::MsExchRemoteRecipientType;
        verdicts.on_absent(attr).breaks_without(attr, &rules::REMOTE_TYPE, &|| {
            format!("msExchRecipientTypeDetails is {details}, that of a remote mailbox")
        });
    }
    if remote.is_some_and(|remote| remote & MOVED != 0) && LOCAL.contains(&details) {
        verdicts.on(Attr::MsExchRemoteRecipientType, 0).breaks(&rules::REMOTE_TYPE, &|| {
            format!("msExchRecipientTypeDetails is {details}, that of a mailbox here")
        });
    }
}

fn number(object: &Object<'_, '_>, attr: Attr) -> Option<i64> {
    object.text(attr)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::Line;
    use crate::rules::Subject;
    use crate::rules::catalogue::Settings;

    fn any(lines: &[(Attr, &str)]) -> bool {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        subject.push(Attr::ObjectClass, Line::of(b"objectClass", b"user"));
        for (attr, value) in lines {
            subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        let mut verdicts = Verdicts::whether_any("entra");
        check(&Object::of(&subject, &Settings::default()), &mut verdicts);
        verdicts.any()
    }

    #[test]
    fn the_types_that_exchange_gives_its_recipients_agree() {
        for (details, display, remote) in [
            ("1", "1073741824", None),
            ("2", "1073741824", None),
            ("4", "0", None),
            ("16", "7", None),
            ("32", "8", None),
            ("64", "6", None),
            ("128", "6", None),
            ("128", "1073741830", None),
            ("1", "1073741824", Some("2")),
            ("2147483648", "-2147483642", Some("4")),
            ("2147483648", "-1073741818", Some("1")),
            ("8589934592", "-2147481850", Some("36")),
            ("17179869184", "-2147481594", Some("68")),
            ("34359738368", "-2147483642", Some("100")),
            ("4503599627370496", "17", None),
        ] {
            let mut lines = vec![
                (Attr::MsExchRecipientTypeDetails, details),
                (Attr::MsExchRecipientDisplayType, display),
            ];
            lines.extend(remote.map(|remote| (Attr::MsExchRemoteRecipientType, remote)));
            assert!(!any(&lines), "{lines:?}");
        }
    }

    #[test]
    fn types_that_contradict_each_other_are_told() {
        let details = |number| (Attr::MsExchRecipientTypeDetails, number);
        let display = |number| (Attr::MsExchRecipientDisplayType, number);
        let remote = |number| (Attr::MsExchRemoteRecipientType, number);
        assert!(any(&[details("1"), display("7")]));
        assert!(any(&[details("1"), display("-2147483642")]));
        assert!(any(&[details("2147483648"), display("1073741824"), remote("4")]));
        assert!(any(&[details("2147483648"), display("-2147483642")]));
        assert!(!any(&[details("2147483648")]));
        assert!(any(&[details("1"), remote("1")]));
        assert!(!any(&[remote("1")]));
        assert!(!any(&[details("x"), display("y"), remote("z")]));
    }
}
