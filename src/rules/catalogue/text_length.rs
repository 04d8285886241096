//! The lengths of names, titles, addresses and other text.

use std::borrow::Cow;

use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Attr, AttrSet};

use super::verdict::{OnValue, Verdicts};
use super::{Family, Object, Settings, text};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "text",
    rules: &[&LENGTH, &EMPLOYEE_ID, &EXTENSION_ATTRIBUTE, &DIRECTORY_EXTENSION],
    check,
};

const ENTRA: &[&str] = &["entra", "entra-cloud-sync"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "contact"];
const GRAPH: &str = "Microsoft Graph: user resource type";
const SCHEMA: &str = "Active Directory schema: rangeUpper";

/// Text that is too long.
pub(super) static LENGTH: Rule = Rule {
    name: RuleName("text-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "A name, title, address or other text is longer than its attribute takes.",
    reason: "Active Directory does not take it, or the object is not synchronised \
             (ExceededAllowedLength).",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: &[
        "displayName",
        "givenName",
        "sn",
        "cn",
        "initials",
        "title",
        "department",
        "company",
        "physicalDeliveryOfficeName",
        "streetAddress",
        "postalCode",
        "l",
        "st",
        "co",
        "telephoneNumber",
        "mobile",
        "homePhone",
        "pager",
        "ipPhone",
        "facsimileTelephoneNumber",
        "employeeNumber",
        "employeeType",
        "info",
        "description",
        "extensionAttribute1 to extensionAttribute10",
    ],
    limit: "UTF-16 units, the smaller of the limits of Active Directory and Entra ID: 6 initials; \
            40 postalCode; 64 givenName, sn, cn, department, company and the telephone numbers; \
            128 title, physicalDeliveryOfficeName, l, st, co; 256 displayName, employeeType; \
            512 employeeNumber; 1024 streetAddress, info, description, extensionAttribute1 to 10",
    fix: "none: what can be left out, a person must decide",
    sources: &[SCHEMA, GRAPH, "Microsoft: Prepare for directory synchronization to Microsoft 365"],
    example: Example { wrong: &["initials: A.B.C.D."], right: &["initials: A.B.C."] },
};

/// An employeeID that is too long.
pub(super) static EMPLOYEE_ID: Rule = Rule {
    name: RuleName("text-employee-id"),
    label: "Length",
    severity: Severity::Error,
    summary: "An employeeID has more than 16 characters.",
    reason: "Neither Active Directory nor Entra ID takes it.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson"],
    attributes: &["employeeID"],
    limit: "16 UTF-16 units",
    fix: "none: another attribute, as employeeNumber, has room for it",
    sources: &["Active Directory schema: employeeID, rangeUpper 16", GRAPH],
    example: Example {
        wrong: &["employeeID: 2024-0815-LON-0042"],
        right: &["employeeID: 2024-0815-LON-42"],
    },
};

/// An extension attribute of Exchange that is too long for the cloud.
pub(super) static EXTENSION_ATTRIBUTE: Rule = Rule {
    name: RuleName("text-extension-attribute"),
    label: "Length",
    severity: Severity::Warning,
    summary: "One of extensionAttribute11 to extensionAttribute15 has more than 1,024 characters.",
    reason: "Active Directory takes 2,048 characters there, Entra ID 1,024: the value is cut, or \
             the object is not synchronised.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: &[
        "extensionAttribute11",
        "extensionAttribute12",
        "extensionAttribute13",
        "extensionAttribute14",
        "extensionAttribute15",
    ],
    limit: "1,024 UTF-16 units",
    fix: "none: what can be left out, a person must decide",
    sources: &["Microsoft Graph: onPremisesExtensionAttributes resource type"],
    example: Example {
        wrong: &["extensionAttribute11: badge=4711;door=12\n# 1025 characters"],
        right: &["extensionAttribute11: badge=4711;door=12\n# 1024 characters"],
    },
};

/// A directory extension that is cut.
pub(super) static DIRECTORY_EXTENSION: Rule = Rule {
    name: RuleName("text-directory-extension"),
    label: "Length",
    severity: Severity::Warning,
    summary: "An attribute that is synchronised as a directory extension has more than 250 \
              characters.",
    reason: "Entra ID cuts the value after 250 characters.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "group"],
    attributes: &["those that --extension-attribute names"],
    limit: "250 UTF-16 units; nothing is found where --extension-attribute names no attribute",
    fix: "none: what can be left out, a person must decide",
    sources: &["Microsoft: Entra Connect Sync: Directory extensions"],
    example: Example {
        wrong: &["employeeType: external;agency=contoso\n# 251 characters"],
        right: &["employeeType: external;agency=contoso\n# 250 characters"],
    },
};

/// UTF-16 units of the longest directory extension.
const MAX_EXTENSION: usize = 250;

/// UTF-16 units of the longest displayName.
pub(super) const MAX_DISPLAY_NAME: usize = 256;
/// UTF-16 units of the longest givenName and sn.
pub(super) const MAX_PERSON_NAME: usize = 64;

/// An attribute, the UTF-16 units of its longest value, and the rule that says so.
/// The names of a person are not among them: they are judged as a whole.
struct Limit(Attr, usize, &'static Rule);

/// That of cn, by which every entry is called, stands first.
static LIMITS: [Limit; 37] = {
    use Attr::*;
    [
        Limit(Cn, 64, &LENGTH),
        Limit(Co, 128, &LENGTH),
        Limit(Company, 64, &LENGTH),
        Limit(Department, 64, &LENGTH),
        Limit(Description, 1024, &LENGTH),
        Limit(EmployeeId, 16, &EMPLOYEE_ID),
        Limit(EmployeeNumber, 512, &LENGTH),
        Limit(EmployeeType, 256, &LENGTH),
        Limit(ExtensionAttribute1, 1024, &LENGTH),
        Limit(ExtensionAttribute2, 1024, &LENGTH),
        Limit(ExtensionAttribute3, 1024, &LENGTH),
        Limit(ExtensionAttribute4, 1024, &LENGTH),
        Limit(ExtensionAttribute5, 1024, &LENGTH),
        Limit(ExtensionAttribute6, 1024, &LENGTH),
        Limit(ExtensionAttribute7, 1024, &LENGTH),
        Limit(ExtensionAttribute8, 1024, &LENGTH),
        Limit(ExtensionAttribute9, 1024, &LENGTH),
        Limit(ExtensionAttribute10, 1024, &LENGTH),
        Limit(ExtensionAttribute11, 1024, &EXTENSION_ATTRIBUTE),
        Limit(ExtensionAttribute12, 1024, &EXTENSION_ATTRIBUTE),
        Limit(ExtensionAttribute13, 1024, &EXTENSION_ATTRIBUTE),
        Limit(ExtensionAttribute14, 1024, &EXTENSION_ATTRIBUTE),
        Limit(ExtensionAttribute15, 1024, &EXTENSION_ATTRIBUTE),
        Limit(FacsimileTelephoneNumber, 64, &LENGTH),
        Limit(HomePhone, 64, &LENGTH),
        Limit(Info, 1024, &LENGTH),
        Limit(Initials, 6, &LENGTH),
        Limit(IpPhone, 64, &LENGTH),
        Limit(L, 128, &LENGTH),
        Limit(Mobile, 64, &LENGTH),
        Limit(Pager, 64, &LENGTH),
        Limit(PhysicalDeliveryOfficeName, 128, &LENGTH),
        Limit(PostalCode, 40, &LENGTH),
        Limit(St, 128, &LENGTH),
        Limit(StreetAddress, 1024, &LENGTH),
        Limit(TelephoneNumber, 64, &LENGTH),
        Limit(Title, 128, &LENGTH),
    ]
};

/// Whether the length of an attribute is judged here, or with the names of a person.
pub(super) fn is_limited(attr: Attr) -> bool {
    matches!(attr, Attr::DisplayName | Attr::GivenName | Attr::Sn)
        || LIMITS.iter().any(|limit| limit.0 == attr)
}

/// The number of bytes up to which no value of an attribute breaks a rule, where
/// the length is all that is asked about.
pub(super) fn limit_alone(attr: Attr, settings: &Settings) -> Option<usize> {
    // An entry is called by its cn.
    let limit = LIMITS.iter().find(|limit| limit.0 == attr && attr != Attr::Cn)?;
    let is_extension = settings.extension_attributes.contains(&attr);
    Some(if is_extension { limit.1.min(MAX_EXTENSION) } else { limit.1 })
}

/// The attributes of [`LIMITS`] that few entries have lines of, as short values are
/// not read.
static RARE: AttrSet = {
    let mut set = AttrSet::EMPTY;
    let mut at = 0;
    while at < LIMITS.len() {
        if !matches!(LIMITS[at].0, Attr::Cn) {
            set = set.with(LIMITS[at].0);
        }
        at += 1;
    }
    set
};

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let extensions = &object.settings.extension_attributes;
    let with_rare = object.subject.may_have_any(RARE);
    let looked_at = if with_rare { &LIMITS[..] } else { &LIMITS[..1] };
    for &Limit(attr, limit, rule) in looked_at {
        let limits = [Some((rule, limit)), extension_limit(extensions, attr)];
        judge(object, attr, limits, verdicts);
    }
    for &attr in extensions {
        if LIMITS.iter().all(|limit| limit.0 != attr) {
            judge(object, attr, [None, extension_limit(extensions, attr)], verdicts);
        }
    }
}

/// Holds a name against its limit.
pub(super) fn judge_name(name: &[u8], limit: usize, verdict: &mut OnValue<'_>) {
    // No text has more UTF-16 units than bytes.
    if name.len() > limit {
        measure(name, &LENGTH, limit, verdict);
    }
}

fn measure(value: &[u8], rule: &'static Rule, limit: usize, verdict: &mut OnValue<'_>) {
    let length = text::utf16_len(&text::of(Cow::Borrowed(value)));
    if length > limit {
        verdict.breaks(rule, &|| format!("it has {length} characters, {limit} at most"));
    }
}

fn extension_limit(extensions: &[Attr], attr: Attr) -> Option<(&'static Rule, usize)> {
    extensions.contains(&attr).then_some((&DIRECTORY_EXTENSION, MAX_EXTENSION))
}

/// Holds the values of an attribute against limits.
fn judge(
    object: &Object<'_, '_>,
    attr: Attr,
    limits: [Option<(&'static Rule, usize)>; 2],
    verdicts: &mut Verdicts,
) {
    for (at, line) in object.subject.lines(attr).iter().enumerate() {
        // A value has no more UTF-16 units than bytes as it stands.
        let bytes = line.raw().len();
        if limits.iter().flatten().all(|(_, limit)| bytes <= *limit) {
            continue;
        }
        let mut verdict = verdicts.on(attr, at);
        for &(rule, limit) in limits.iter().flatten() {
            measure(&line.bytes(), rule, limit, &mut verdict);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::Line;
    use crate::rules::Subject;

    fn any(attr: Attr, value: &str, settings: &Settings) -> bool {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        subject.push(Attr::ObjectClass, Line::of(b"objectClass", b"user"));
        subject.push(attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        let mut verdicts = Verdicts::whether_any("entra");
        check(&Object::of(&subject, settings), &mut verdicts);
        verdicts.any()
    }

    #[test]
    fn each_limit_is_the_longest_length_that_is_no_finding() {
        let settings = Settings::default();
        for Limit(attr, limit, ..) in &LIMITS {
            for c in ["a", "ä", "漢"] {
                assert!(!any(*attr, &c.repeat(*limit), &settings), "{attr:?} {c}");
                assert!(any(*attr, &c.repeat(limit + 1), &settings), "{attr:?} {c}");
            }
            assert!(!any(*attr, &"😀".repeat(limit / 2), &settings), "{attr:?}");
            assert!(any(*attr, &"😀".repeat(limit / 2 + 1), &settings), "{attr:?}");
            assert!(!any(*attr, "", &settings), "{attr:?}");
        }
    }

    #[test]
    fn a_limit_is_never_above_that_of_the_schema() {
        for Limit(attr, limit, ..) in &LIMITS {
            let facts = crate::directory::Facts::of(attr.name().as_bytes());
            if let Some(upper) = facts.bounds.upper {
                assert!(*limit <= upper as usize, "{attr:?}");
            }
        }
    }

    #[test]
    fn a_directory_extension_is_held_against_its_own_limit() {
        let settings = Settings {
            extension_attributes: vec![Attr::EmployeeType, Attr::Mail],
            ..Settings::default()
        };
        for attr in [Attr::EmployeeType, Attr::Mail] {
            assert!(!any(attr, &"a".repeat(250), &settings), "{attr:?}");
            assert!(any(attr, &"a".repeat(251), &settings), "{attr:?}");
        }
        assert!(!any(Attr::Info, &"a".repeat(251), &settings));
        assert_eq!(limit_alone(Attr::EmployeeType, &settings), Some(250));
        assert_eq!(limit_alone(Attr::EmployeeType, &Settings::default()), Some(256));
        assert_eq!(limit_alone(Attr::DisplayName, &settings), None);
    }
}
