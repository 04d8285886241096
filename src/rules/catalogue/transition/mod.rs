//! What changes for the cloud from one export to the next: objects that leave,
//! anchors, names and addresses that change.

mod rules;

use rustc_hash::FxHashSet;

use crate::rules::idfix::{Buffers, Location};
use crate::rules::{Attr, Finding, Fingerprint, Subject};

use super::identifiers::{IdentifierBuffers, Role, for_each, typed};
use super::verdict::Verdicts;
use super::{Catalogue, Object, ObjectKind, Settings, address};

pub(in crate::rules) use rules::RULES;
use rules::{
    ADDRESS_MOVED, ANCHOR_CHANGED, CONTAINER_MOVED, DEACTIVATIONS, DELETION_THRESHOLD,
    FEDERATED_MOVE, LEAVES_SCOPE, NAME_CHANGED, PRIMARY_LOST, SWAPPED,
};

/// An address that an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldAddress {
    /// Its key.
    pub key: Fingerprint,
    /// The attribute that holds it.
    pub attr: Attr,
    /// The number of the value.
    pub value: usize,
}

/// What happens to an object, beside what its own values tell.
#[derive(Debug, Clone, Copy)]
pub enum Passage<'p> {
    /// It is no longer synchronised.
    Leaves {
        /// Why, in a few words.
        reason: &'p str,
        /// How many leave altogether, where they are as many as the threshold or more.
        over_threshold: Option<u64>,
    },
    /// It is synchronised from now on, or goes on being so.
    Arrives {
        /// The addresses that another object gives up, with the DN of that object.
        taken: &'p [(HeldAddress, String)],
    },
    /// It is a container that has another name, with the old one, and all that stands
    /// below it has one too.
    Renamed {
        /// The old DN.
        from: &'p str,
    },
}

impl Catalogue {
    /// Whether the profile asks what changes from one export to the next.
    #[must_use]
    pub fn knows_transitions(&self) -> bool {
        [&LEAVES_SCOPE, &SWAPPED].iter().any(|rule| rule.profiles.contains(&self.profile))
    }

    /// Whether it matters that an address leaves one object and comes to another in the
    /// same synchronisation.
    #[must_use]
    pub fn knows_moves(&self) -> bool {
        ADDRESS_MOVED.profiles.contains(&self.profile)
    }

    /// How many objects leave, where these are too many: as many as the threshold of all
    /// that leave, or, for Schemus, more users than that.
    #[must_use]
    pub fn too_many(&self, leaving: u64, users: u64, threshold: u64) -> Option<u64> {
        match DEACTIVATIONS.profiles.contains(&self.profile) {
            true => (users > threshold).then_some(users),
            false => (leaving >= threshold.max(1)).then_some(leaving),
        }
    }

    /// The addresses that an object holds.
    #[must_use]
    pub fn addresses(&self, subject: &Subject<'_>) -> Vec<HeldAddress> {
        let object = Object::of(subject, &self.settings);
        held_addresses(&object, &mut IdentifierBuffers::default())
    }

    /// The findings about an object as it was and is. `shown` is the object as the
    /// findings show it: as it is, or as it was where it is gone.
    #[must_use]
    pub fn transition_findings<'a>(
        &self,
        before: Option<&Subject<'_>>,
        shown: &Subject<'a>,
        passage: Passage<'_>,
        place: Location<'a>,
    ) -> Vec<Finding<'a>> {
        let object = Object::of(shown, &self.settings);
        let mut verdicts = Verdicts::in_full(self.profile, &self.settings.left_out);
        match passage {
            Passage::Leaves { reason, over_threshold: None } => {
                verdicts.on_absent(Attr::Cn).breaks(&LEAVES_SCOPE, &|| reason.to_owned());
            }
            Passage::Leaves { reason, over_threshold: Some(count) } => {
                let detail = || format!("{reason}; {count} leave altogether");
                let mut verdict = verdicts.on_absent(Attr::Cn);
                verdict.breaks(&DELETION_THRESHOLD, &detail);
                if object.kind == ObjectKind::User {
                    verdict.breaks(&DEACTIVATIONS, &detail);
                }
            }
            Passage::Renamed { from } => {
                let detail = || format!("it was {from}");
                verdicts.on_absent(Attr::Cn).breaks(&CONTAINER_MOVED, &detail);
            }
            Passage::Arrives { taken } => {
                if let Some(before) = before {
                    compare(&Object::of(before, &self.settings), &object, &mut verdicts);
                }
                for (address, from) in taken {
                    let detail = || format!("{from} gives it up");
                    verdicts.on(address.attr, address.value).breaks(&ADDRESS_MOVED, &detail);
                }
            }
        }
        let mut findings = verdicts.into_findings(&object, place);
        let about_entry = [&LEAVES_SCOPE, &DELETION_THRESHOLD, &DEACTIVATIONS, &CONTAINER_MOVED]
            .map(|it| it.name);
        for finding in &mut findings {
            if finding.rules.iter().any(|rule| about_entry.contains(rule)) {
                finding.attribute = "dn";
            }
        }
        findings
    }
}

/// The keys of the addresses that an object holds, whatever the profile.
#[must_use]
pub fn addresses_of(subject: &Subject<'_>, buffers: &mut Buffers) -> FxHashSet<Fingerprint> {
    let settings = Settings::default();
    let held = held_addresses(&Object::of(subject, &settings), &mut buffers.identifiers);
    held.iter().map(|address| address.key).collect()
}

fn held_addresses(object: &Object<'_, '_>, buffers: &mut IdentifierBuffers) -> Vec<HeldAddress> {
    let mut held = Vec::new();
    for_each(object, buffers, |identifier, key, is_new| {
        let is_address = matches!(
            identifier.role,
            Role::PrincipalName | Role::Primary | Role::Secondary | Role::EffectiveMail
        );
        if is_address && is_new {
            let key = key.fingerprint;
            held.push(HeldAddress { key, attr: identifier.attr, value: identifier.value });
        }
    });
    held
}

/// Says what is otherwise in an object that stays in scope.
fn compare(before: &Object<'_, '_>, after: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let (old, new) = (anchor(before), anchor(after));
    if let (Some((_, old)), Some((attr, new))) = (&old, &new)
        && old != new
    {
        let is_recreated = is_recreated(before, after);
        let detail = || match is_recreated {
            true => "it was deleted and made again: its objectGUID is another".to_owned(),
            false => "the source anchor was another".to_owned(),
        };
        match attr {
            // The anchor can be the attribute that comes before it.
            Attr::ObjectGuid if before.subject.has(Attr::MsDsConsistencyGuid) => verdicts
                .on_absent(*attr)
                .breaks_without(Attr::MsDsConsistencyGuid, &ANCHOR_CHANGED, &detail),
            Attr::ObjectGuid => verdicts.on_absent(*attr).breaks(&ANCHOR_CHANGED, &detail),
            _ => verdicts.on(*attr, 0).breaks(&ANCHOR_CHANGED, &detail),
        }
    }
    if after.kind == ObjectKind::User {
        compare_names(before, after, verdicts);
    }
    if verdicts.looks_for(&SWAPPED) {
        compare_primaries(before, after, verdicts);
    }
    if let Some(primary) = before.primary_smtp()
        && !has_smtp(after, &primary)
    {
        let attr = Attr::ProxyAddresses;
        let detail = || format!("{primary} was the primary address");
        verdicts.on_whole(attr).breaks_without(attr, &PRIMARY_LOST, &detail);
    }
}

/// Says whether the address that a service takes for the primary one and another change
/// places.
fn compare_primaries(before: &Object<'_, '_>, after: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let primary = |object: &Object<'_, '_>| {
        let mail = object.text(Attr::Mail).map(|mail| mail.trim().to_lowercase());
        let mail = mail.filter(|mail| !mail.is_empty());
        mail.or_else(|| object.primary_smtp().map(|primary| primary.to_lowercase()))
    };
    let (Some(old), Some(new)) = (primary(before), primary(after)) else { return };
    if old != new && has_smtp(before, &new) && has_smtp(after, &old) {
        let detail = || format!("{old} was the primary address, and {new} another one");
        match after.has(Attr::Mail) {
            true => verdicts.on(Attr::Mail, 0).breaks(&SWAPPED, &detail),
            false => verdicts.on_whole(Attr::ProxyAddresses).breaks(&SWAPPED, &detail),
        }
    }
}

fn compare_names(before: &Object<'_, '_>, after: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let name = |object: &Object<'_, '_>| {
        object.text(object.settings.principal_name()).map(|name| name.trim().to_lowercase())
    };
    let (Some(old), Some(new)) = (name(before), name(after)) else { return };
    if old == new {
        return;
    }
    let is_federated = |domain: &str| after.settings.is_federated(domain);
    let domains = address::split(&old).zip(address::split(&new));
    let is_federated_move = domains
        .is_some_and(|((_, from), (_, to))| from != to && is_federated(from) && is_federated(to));
    let mut verdict = verdicts.on(after.settings.principal_name(), 0);
    if is_federated_move {
        verdict.breaks(&FEDERATED_MOVE, &|| format!("it was {old}"));
    } else {
        verdict.breaks(&NAME_CHANGED, &|| format!("it was {old}"));
    }
}

/// What ties an object to the one in the cloud: the attribute and its bytes.
fn anchor(object: &Object<'_, '_>) -> Option<(Attr, Vec<u8>)> {
    let chosen = object.settings.source_anchor.filter(|_| object.kind == ObjectKind::User);
    let usual = [Attr::MsDsConsistencyGuid, Attr::ObjectGuid];
    let attrs = chosen.as_ref().map_or(&usual[..], std::slice::from_ref);
    attrs.iter().find_map(|&attr| {
        let value = object.subject.first(attr).filter(|value| !value.is_empty())?;
        Some((attr, guid_bytes(&value)))
    })
}

/// The bytes of a GUID, which some tools write as text; of another value, its own.
fn guid_bytes(value: &[u8]) -> Vec<u8> {
    let digits: Option<Vec<u8>> = value
        .iter()
        .filter(|byte| !matches!(byte, b'-' | b'{' | b'}'))
        .map(|&byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let Some(digits) = digits.filter(|digits| digits.len() == 32) else { return value.to_vec() };
    let mut bytes: Vec<u8> =
        digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
    // Of the text of a GUID the first three groups are numbers, the lowest byte first.
    for range in [0..4, 4..6, 6..8] {
        bytes.get_mut(range).unwrap_or_default().reverse();
    }
    bytes
}

/// Whether two objects of one name are two: each has an objectGUID of its own.
fn is_recreated(before: &Object<'_, '_>, after: &Object<'_, '_>) -> bool {
    let guid = |object: &Object<'_, '_>| {
        object.subject.first(Attr::ObjectGuid).map(|guid| guid_bytes(&guid))
    };
    guid(before).zip(guid(after)).is_some_and(|(before, after)| before != after)
}

/// Whether an object has an SMTP address in proxyAddresses, primary or not.
fn has_smtp(object: &Object<'_, '_>, address: &str) -> bool {
    object.values(Attr::ProxyAddresses).any(|(_, value)| {
        let (kind, held) = typed(&value);
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"smtp"))
            && held.trim_ascii().eq_ignore_ascii_case(address.as_bytes())
    })
}
