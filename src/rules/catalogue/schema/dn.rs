//! What the DN of an object, and the directory's own settings, tell.

use crate::directory::Facts;
use crate::rules::Attr;
use crate::rules::catalogue::scope::is_conflict_object;
use crate::rules::catalogue::verdict::Verdicts;
use crate::rules::catalogue::{Object, text};

use super::rules;

pub(super) fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    check_length(object, verdicts);
    if !verdicts.looks_for(&rules::CONFLICT) {
        return;
    }
    let dn = object.subject.dn();
    if is_conflict_object(dn) {
        verdicts.on_dn().breaks(&rules::CONFLICT, &String::new);
    }
    if is_below_lost_and_found(dn) {
        verdicts.on_dn().breaks(&rules::LOST, &String::new);
    }
    for (at, value) in object.values(Attr::DsHeuristics) {
        let what = match value.get(UNIQUENESS) {
            Some(b'1') => "of userPrincipalName",
            Some(b'2') => "of servicePrincipalName",
            Some(b'3') => "of userPrincipalName and servicePrincipalName",
            _ => continue,
        };
        let mut verdict = verdicts.on(Attr::DsHeuristics, at);
        verdict.breaks(&rules::UNIQUENESS_OFF, &|| {
            format!("its character 21 switches the check {what} off")
        });
    }
}

/// The place of fDoNotVerifyUPNAndOrSPNUniqueness in dSHeuristics ([MS-ADTS]
/// 6.1.1.2.4.1.2).
const UNIQUENESS: usize = 20;

/// Holds the RDN against the limit of its attribute, where the entry does not show
/// the attribute itself.
fn check_length(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    /// No limit is smaller.
    const SMALLEST: usize = 64;
    let subject = object.subject;
    let dn = subject.dn();
    let is_usual = subject.has(Attr::Cn) && !matches!(dn.first(), Some(b'o' | b'O'));
    if is_usual || dn.len() <= SMALLEST {
        return;
    }
    let rdn_type = memchr::memchr(b'=', dn).and_then(|at| dn.get(..at)).unwrap_or_default();
    let limit = match Facts::of(rdn_type.trim_ascii()).name {
        "cn" if !subject.has(Attr::Cn) => SMALLEST,
        "ou" if !subject.has(Attr::Ou) => SMALLEST,
        _ => return,
    };
    let value = subject.rdn_value();
    // Replication makes names of its own, behind a line feed.
    if value.len() <= limit || value.contains(&b'\n') {
        return;
    }
    let length = text::utf16_len(&text::of(value));
    if length > limit && super::is_of_active_directory(object) {
        let detail = || format!("it has {length} characters, {limit} at most");
        verdicts.on_dn().breaks(&rules::RDN_LENGTH, &detail);
    }
}

/// Whether a DN is that of an object whose container is gone.
fn is_below_lost_and_found(dn: &[u8]) -> bool {
    /// The container of a domain, and that of the configuration.
    const CONTAINERS: [&[u8]; 2] = [b"CN=LostAndFound,", b"CN=LostAndFoundConfig,"];
    memchr::memchr_iter(b',', dn).any(|comma| {
        let ancestors = dn.get(comma + 1..).unwrap_or_default().trim_ascii_start();
        CONTAINERS.iter().any(|container| {
            ancestors.get(..container.len()).is_some_and(|it| it.eq_ignore_ascii_case(container))
        })
    })
}
