//! Managers and members that do not come to the cloud with those who name them.

use crate::directory::dn::{is_everyday_dn, normalize_into};
use crate::ldif::{Form, Line};
use crate::rules::idfix::Duplicates;
use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Attr, AttrSet, Fingerprint};

use super::verdict::Verdicts;
use super::{Family, Object, ObjectKind};

/// The family. What is out of scope is known only once all entries are, so most of
/// these rules are judged apart ([`judge`]).
pub(super) const FAMILY: Family =
    Family { name: "reference", rules: &[&MEMBER, &MANAGER, &FOREIGN_MEMBER], check };

const ENTRA: &[&str] = &["entra", "entra-cloud-sync"];
const OBJECTS: &str = "Microsoft: Understanding users, groups and contacts in Entra Connect";

/// A member that is not synchronised.
pub(super) static MEMBER: Rule = Rule {
    name: RuleName("member-out-of-scope"),
    label: "Reference",
    severity: Severity::Warning,
    summary: "A group has members that are not synchronised.",
    reason: "The group comes to the cloud without them, and nothing says so.",
    profiles: ENTRA,
    classes: &["group"],
    attributes: &["member"],
    limit: "members that are in the exports and out of scope, by the default rules of \
            synchronisation or by --base, --exclude and --filter",
    fix: "none: bring the members into scope, or take them for lost",
    sources: &[OBJECTS],
    example: Example {
        wrong: &[
            "objectClass: group\nmember: CN=P1,DC=contoso,DC=com",
            "objectClass: computer\nsAMAccountName: P1$",
        ],
        right: &["objectClass: group\nmember: CN=P1,DC=contoso,DC=com", "sAMAccountName: ann"],
    },
};

/// A manager that is not synchronised.
pub(super) static MANAGER: Rule = Rule {
    name: RuleName("manager-out-of-scope"),
    label: "Reference",
    severity: Severity::Warning,
    summary: "The manager of a user or contact is not synchronised.",
    reason: "The object comes to the cloud without a manager, and nothing says so.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "contact"],
    attributes: &["manager"],
    limit: "a manager that is in the exports and out of scope, as for member-out-of-scope",
    fix: "none: bring the manager into scope, or name another one",
    sources: &[OBJECTS],
    example: Example {
        wrong: &["manager: CN=P1,DC=contoso,DC=com", "adminDescription: User_NoSync"],
        right: &["manager: CN=P1,DC=contoso,DC=com", "sAMAccountName: ann"],
    },
};

/// A member from another forest.
pub(super) static FOREIGN_MEMBER: Rule = Rule {
    name: RuleName("member-foreign"),
    label: "Reference",
    severity: Severity::Info,
    summary: "A group has members of another forest.",
    reason: "Such a member stands in the group as a placeholder (foreignSecurityPrincipal), which \
             is not synchronised itself: the group comes to the cloud without it unless the other \
             forest is synchronised too.",
    profiles: ENTRA,
    classes: &["group"],
    attributes: &["member"],
    limit: "a member whose name is a SID",
    fix: "none: synchronise the other forest too, or take the members for lost",
    sources: &[OBJECTS],
    example: Example {
        wrong: &[
            "objectClass: group\nmember: CN=S-1-5-21-7-8-9-1104,CN=ForeignSecurityPrincipals,\
             DC=contoso,DC=com",
        ],
        right: &["objectClass: group\nmember: CN=Ann,DC=contoso,DC=com"],
    },
};

/// Entries that one finding names; the others are counted.
const NAMED: usize = 3;

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.kind != ObjectKind::Group || !verdicts.looks_for(&FOREIGN_MEMBER) {
        return;
    }
    let members = object.subject.lines(Attr::Member);
    let Some(first) = members.iter().find(|line| is_foreign(line)) else { return };
    verdicts.on_whole(Attr::Member).breaks(&FOREIGN_MEMBER, &|| {
        let count = members.iter().filter(|line| is_foreign(line)).count();
        let shown = String::from_utf8_lossy(&first.bytes()).into_owned();
        format!("{count} of {} members are placeholders, such as {shown}", members.len())
    });
}

/// Whether a member is named by a SID.
fn is_foreign(line: &Line<'_>) -> bool {
    line.form() == Form::Plain
        && line.raw().get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"CN=S-1-"))
}

/// The attributes that name other entries.
pub(super) const LINKS: AttrSet = AttrSet::EMPTY.with(Attr::Member).with(Attr::Manager);

/// Hands over the DN of each entry to which an object refers.
pub(super) fn for_each(object: &Object<'_, '_>, mut take: impl FnMut(&Line<'_>)) {
    let attr = match object.kind {
        ObjectKind::Group => Attr::Member,
        ObjectKind::User | ObjectKind::Contact => Attr::Manager,
        ObjectKind::Computer | ObjectKind::Other => return,
    };
    let lines = object.subject.lines(attr).iter();
    lines.filter(|line| !is_foreign(line)).for_each(&mut take);
}

/// The key by which a DN is found, however it is spelled; what is no DN is found without
/// regard to ASCII case.
pub(in crate::rules) fn key_of(dn: &[u8], buffer: &mut Vec<u8>) -> Fingerprint {
    key_into(dn, buffer);
    Fingerprint::of(Attr::Member, buffer)
}

/// The same of the first RDN of a DN, which most DNs have for themselves.
pub(in crate::rules) fn key_of_rdn(dn: &[u8], buffer: &mut Vec<u8>) -> Fingerprint {
    let first = |dn: &[u8]| memchr::memchr(b',', dn).unwrap_or(dn.len());
    let rdn = &dn[..first(dn)];
    if is_everyday_dn(rdn) {
        buffer.clear();
        buffer.extend_from_slice(rdn);
        buffer.make_ascii_lowercase();
    } else {
        // The comma may belong to the value.
        key_into(dn, buffer);
        buffer.truncate(first(buffer));
    }
    Fingerprint::of(Attr::Member, buffer)
}

/// Whether two DNs are the same, however they are spelled.
pub(in crate::rules) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let [one, other] = [one, other].map(|dn| {
        let mut key = Vec::with_capacity(dn.len() + 1);
        key_into(dn, &mut key);
        key
    });
    one == other
}

/// The bytes in which two DNs are equal where they are, however they are spelled.
pub(in crate::rules) fn key_into(dn: &[u8], key: &mut Vec<u8>) {
    if normalize_into(dn, key).is_err() {
        key.clear();
        // No DN has it in front.
        key.push(b',');
        key.extend(dn.iter().map(u8::to_ascii_lowercase));
    }
}

/// Says which entries that the object refers to are not synchronised.
pub(super) fn judge(object: &Object<'_, '_>, duplicates: &dyn Duplicates, verdicts: &mut Verdicts) {
    // Computers need a certificate, of which an export without any says nothing.
    let left_out = &object.settings.left_out;
    let unknown = left_out.contains(Attr::UserCertificate);
    let (mut absent, mut lacking) = (0_usize, 0_usize);
    let mut named: Vec<String> = Vec::new();
    for_each(object, |line| {
        let dn = line.bytes();
        if !duplicates.is_absent(&dn) {
            return;
        }
        if unknown && duplicates.lacks_certificate(&dn) {
            lacking += 1;
            return;
        }
        absent += 1;
        if named.len() < NAMED
            && let Some(reason) = duplicates.why_absent(&dn)
        {
            named.push(format!("{} ({reason})", String::from_utf8_lossy(&dn)));
        }
    });
    if lacking > 0 && verdicts.looks_for(&MEMBER) {
        left_out.silence(Attr::UserCertificate, MEMBER.name.0);
    }
    if named.is_empty() {
        return;
    }
    match object.kind {
        ObjectKind::Group => verdicts.on_whole(Attr::Member).breaks(&MEMBER, &|| {
            let more = match absent - named.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let all = object.subject.count(Attr::Member);
            let named = named.join(", ");
            format!("{absent} of {all} members are not synchronised: {named}{more}")
        }),
        _ => {
            let detail = || format!("not synchronised: {}", named.join(", "));
            verdicts.on(Attr::Manager, 0).breaks(&MANAGER, &detail);
        }
    }
}
