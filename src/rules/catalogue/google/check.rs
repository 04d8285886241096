//! What is wrong with an object that Google is to have.

use crate::rules::catalogue::address::{self, AddressFault, DomainFault, split};
use crate::rules::catalogue::identifiers::typed;
use crate::rules::catalogue::verdict::{OnValue, Verdicts};
use crate::rules::catalogue::{Object, ObjectKind, Settings, text};
use crate::rules::{Applicability, Attr, Suggestion};

use super::rules;

/// Characters before the @ that Google takes of no user.
const DENIED: [char; 7] = ['&', '=', '<', '>', '+', ',', '!'];
/// Those that it takes of no group.
const DENIED_TO_GROUPS: [char; 4] = ['=', '<', '>', '&'];
/// What no user and no group is called.
const RESERVED: [&str; 2] = ["abuse", "postmaster"];
/// What no group is called besides.
const RESERVED_OF_GROUPS: [&str; 7] =
    ["admin", "administrator", "hostmaster", "majordomo", "root", "ssl-admin", "webmaster"];
/// Characters of the longest local part.
const MAX_LOCAL: usize = 64;
/// Characters of the longest given name and surname.
const MAX_NAME: usize = 60;
/// Characters of the longest name of a group.
const MAX_GROUP_NAME: usize = 73;
/// Characters of the longest description of a group.
const MAX_DESCRIPTION: usize = 4096;
/// Aliases of one user.
const MAX_ALIASES: usize = 30;
/// Levels of organisational units.
const MAX_DEPTH: usize = 35;
/// Characters of the longest custom field.
const MAX_FIELD: usize = 500;

pub(super) fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if !verdicts.looks_for(&rules::MAIL_MISSING) {
        return;
    }
    let is_group = object.kind == ObjectKind::Group;
    for (at, value) in object.values(Attr::Mail) {
        let mail = text::of(value);
        let mail = mail.trim_matches(text::is_invisible);
        if !mail.is_empty() {
            let mut verdict = verdicts.on(Attr::Mail, at);
            judge_mail(mail, object, &mut verdict);
            if let Some(fault) = fault(mail, is_group, object.settings) {
                let rule = if is_group { &rules::GROUP_ADDRESS } else { &rules::LOCAL_PART };
                verdict.breaks(rule, &|| fault.clone());
            }
            verdict.suggest(|| {
                let better = corrected(mail, object)?;
                Some((Suggestion::Replace(better), Applicability::Unsafe))
            });
        }
    }
    check_aliases(object, verdicts);
    match object.kind {
        ObjectKind::Group => check_group(object, verdicts),
        _ => check_user(object, verdicts),
    }
}

/// Looks at what a correction of the local part does not change.
fn judge_mail(mail: &str, object: &Object<'_, '_>, verdict: &mut OnValue<'_>) {
    let Some((local, domain)) = split(mail) else { return };
    let length = local.chars().count();
    if length > MAX_LOCAL {
        let detail = || format!("it has {length} characters there, {MAX_LOCAL} at most");
        verdict.breaks(&rules::LENGTH, &detail);
    }
    if !object.settings.is_verified(domain) {
        let detail = || format!("{domain} is none of the verified domains");
        verdict.breaks(&rules::DOMAIN, &detail);
    }
    let is = |names: &[&str]| names.iter().any(|name| local.eq_ignore_ascii_case(name));
    let is_group = object.kind == ObjectKind::Group;
    if is(&RESERVED) || is_group && is(&RESERVED_OF_GROUPS) {
        verdict.breaks(&rules::RESERVED, &|| format!("{local} is a reserved word"));
    }
}

/// Why Google does not take an address, as far as its characters go; `None` where it
/// does.
fn fault(mail: &str, is_group: bool, settings: &Settings) -> Option<String> {
    let Some((local, _)) = split(mail) else { return Some(AddressFault::At.to_string()) };
    let denied: &[char] = if is_group { &DENIED_TO_GROUPS } else { &DENIED };
    if let Some(c) = local.chars().find(|c| denied.contains(c)) {
        return Some(format!("it holds {}", text::shown(c)));
    }
    if local.chars().filter(|c| !c.is_ascii()).count() > 1 {
        return Some("it holds more than one letter outside ASCII".to_owned());
    }
    // One letter with an accent is allowed, and told by nothing else.
    let is_letter = |c: char| !c.is_ascii() && c.is_alphabetic();
    let plain: String = local.chars().map(|c| if is_letter(c) { 'a' } else { c }).collect();
    let domain = mail.get(local.len()..).unwrap_or_default();
    match address::check(&format!("{plain}{domain}"), settings) {
        // The length and the domain have rules of their own.
        Ok(()) | Err(AddressFault::TooLong(_)) => None,
        Err(AddressFault::Domain(DomainFault::NotRoutable)) => None,
        Err(fault) => Some(fault.to_string()),
    }
}

fn is_sound(mail: &str, is_group: bool, settings: &Settings) -> bool {
    fault(mail, is_group, settings).is_none()
}

fn corrected(mail: &str, object: &Object<'_, '_>) -> Option<String> {
    let is_group = object.kind == ObjectKind::Group;
    let (local, domain) = split(mail)?;
    let denied: &[char] = if is_group { &DENIED_TO_GROUPS } else { &DENIED };
    let local = local.replace(|c: char| denied.contains(&c) || text::is_invisible(c), "");
    let better = address::corrected(&format!("{local}@{domain}"), object.settings)?;
    (better != mail && is_sound(&better, is_group, object.settings)).then_some(better)
}

/// The SMTP addresses of an object, by the number of the value.
fn smtp(value: &[u8]) -> Option<&[u8]> {
    let (kind, address) = typed(value);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"smtp")).then_some(address)
}

fn check_aliases(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let mail = object.subject.first(Attr::Mail).unwrap_or_default();
    let mut aliases = 0;
    for (at, value) in object.values(Attr::ProxyAddresses) {
        let Some(alias) = smtp(&value) else { continue };
        let is_mail = alias.trim_ascii().eq_ignore_ascii_case(mail.trim_ascii());
        let alias = String::from_utf8_lossy(alias);
        match address::check(alias.trim(), object.settings) {
            Ok(()) | Err(AddressFault::Domain(DomainFault::NotRoutable)) => {
                aliases += usize::from(!is_mail);
            }
            Err(fault) => {
                verdicts
                    .on(Attr::ProxyAddresses, at)
                    .breaks(&rules::ALIAS_IGNORED, &|| fault.to_string());
            }
        }
    }
    if aliases > MAX_ALIASES && object.kind == ObjectKind::User {
        let detail = || format!("there are {aliases}, {MAX_ALIASES} at most");
        verdicts.on_whole(Attr::ProxyAddresses).breaks(&rules::ALIASES, &detail);
    }
}

fn check_group(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let name = if object.has(Attr::DisplayName) { Attr::DisplayName } else { Attr::Cn };
    check_length(object, name, MAX_GROUP_NAME, &rules::GROUP_NAME, verdicts);
    check_length(object, Attr::Description, MAX_DESCRIPTION, &rules::DESCRIPTION, verdicts);
}

fn check_length(
    object: &Object<'_, '_>,
    attr: Attr,
    limit: usize,
    rule: &'static crate::rules::Rule,
    verdicts: &mut Verdicts,
) {
    for (at, value) in object.values(attr) {
        if value.len() <= limit {
            continue;
        }
        let length = text::of(value).chars().count();
        if length > limit {
            let detail = || format!("it has {length} characters, {limit} at most");
            verdicts.on(attr, at).breaks(rule, &detail);
        }
    }
}

fn check_user(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    const NAMES: [Attr; 2] = [Attr::GivenName, Attr::Sn];
    if !object.has(Attr::Mail) {
        let is_person = NAMES.iter().any(|name| object.has(*name))
            || object.values(Attr::ProxyAddresses).any(|(_, value)| smtp(&value).is_some());
        if is_person && object.is_enabled() != Some(false) {
            let mut verdict = verdicts.on_absent(Attr::Mail);
            let detail = || "there is no mail".to_owned();
            // Accounts that are disabled need none.
            verdict.breaks_without_all(
                &[Attr::Mail, Attr::UserAccountControl],
                &rules::MAIL_MISSING,
                &detail,
            );
            verdict.suggest(|| {
                let primary =
                    object.primary_smtp().filter(|it| is_sound(it, false, object.settings))?;
                // An empty mail is no absent one.
                let is_absent = !object.subject.has(Attr::Mail);
                is_absent.then_some((Suggestion::Add(primary), Applicability::Unsafe))
            });
        }
        return;
    }
    if object.is_enabled() == Some(false) && object.kind == ObjectKind::User {
        verdicts.on(Attr::UserAccountControl, 0).breaks(&rules::SUSPENDED, &String::new);
    }
    for name in NAMES {
        if !object.has(name) && object.is_enabled() != Some(false) {
            let detail = || format!("there is no {}", name.name());
            let without = [name, Attr::UserAccountControl];
            verdicts.on_absent(name).breaks_without_all(&without, &rules::NAME_MISSING, &detail);
        }
        check_name(object, name, verdicts);
    }
    check_depth(object, verdicts);
    if let Some(attr) = object.settings.services.google_unique_id.filter(|it| !object.has(*it)) {
        let detail = || "Directory Sync knows the user by the address alone".to_owned();
        let mut verdict = match object.subject.has(attr) {
            true => verdicts.on(attr, 0),
            false => verdicts.on_absent(attr),
        };
        verdict.breaks_without(attr, &rules::UNIQUE_ID, &detail);
    }
    for &attr in &object.settings.extension_attributes {
        check_length(object, attr, MAX_FIELD, &rules::CUSTOM_FIELD, verdicts);
    }
}

fn check_name(object: &Object<'_, '_>, attr: Attr, verdicts: &mut Verdicts) {
    for (at, value) in object.values(attr) {
        let name = text::of(value);
        let length = name.chars().count();
        let has_brackets = name.contains(['<', '>']);
        if length <= MAX_NAME && !has_brackets {
            continue;
        }
        let mut verdict = verdicts.on(attr, at);
        let detail = || match has_brackets {
            true => "it holds an angle bracket".to_owned(),
            false => format!("it has {length} characters, {MAX_NAME} at most"),
        };
        verdict.breaks(&rules::NAME, &detail);
        verdict.suggest(|| {
            let better = name.replace(['<', '>'], "");
            let better = better.trim();
            let holds = !better.is_empty() && better.chars().count() <= MAX_NAME;
            holds.then(|| (Suggestion::Replace(better.to_owned()), Applicability::Unsafe))
        });
    }
}

fn check_depth(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let dn = object.subject.dn();
    let depth = memchr::memchr_iter(b',', dn)
        .filter(|comma| {
            let unit = dn.get(comma + 1..).unwrap_or_default().trim_ascii_start();
            unit.get(..3).is_some_and(|it| it.eq_ignore_ascii_case(b"OU="))
        })
        .count();
    if depth > MAX_DEPTH {
        let detail = || format!("there are {depth} levels, {MAX_DEPTH} at most");
        verdicts.on_dn().breaks(&rules::DEPTH, &detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::catalogue::Settings;

    #[test]
    fn addresses_that_google_takes_are_no_findings() {
        for mail in [
            "ann@contoso.com",
            "o'neil_a-1@contoso.com",
            "-ann-@contoso.com",
            "Ann.Archer@contoso.com",
            "jörg@contoso.com",
            "ann#1@contoso.com",
            "ann@contoso.local",
        ] {
            assert!(is_sound(mail, false, &Settings::default()), "{mail}");
        }
        assert!(is_sound("r+d@contoso.com", true, &Settings::default()));
        for mail in [
            "",
            "ann",
            "ann@",
            "@contoso.com",
            "a b@contoso.com",
            "a..b@contoso.com",
            ".a@contoso.com",
            "a.@contoso.com",
            "a+b@contoso.com",
            "a&b@contoso.com",
            "a!b@contoso.com",
            "jörgö@contoso.com",
            "a@b@contoso.com",
            "a@-contoso.com",
        ] {
            assert!(!is_sound(mail, false, &Settings::default()), "{mail}");
        }
    }

    #[test]
    fn a_correction_is_an_address_that_google_takes() {
        let settings = Settings::default();
        let mut subject = crate::rules::Subject::default();
        subject.reset(&crate::ldif::Line::of(b"dn", b"CN=A"));
        let object = Object::of(&subject, &settings);
        for (mail, better) in [
            ("ann+sales@contoso.com", Some("annsales@contoso.com")),
            ("ann..archer@contoso.com", Some("ann.archer@contoso.com")),
            ("jörgö@contoso.com", Some("jorgo@contoso.com")),
            ("+@contoso.com", None),
            ("ann", None),
        ] {
            assert_eq!(corrected(mail, &object).as_deref(), better, "{mail}");
        }
    }
}
