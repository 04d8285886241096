//! The sizes of what an object holds: certificates, photos, members.

use crate::ldif::{Form, Line};
use crate::rules::Attr;
use crate::rules::rule::{Example, Rule, RuleName, Severity};

use super::verdict::Verdicts;
use super::{Family, Object, ObjectKind};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "size",
    rules: &[
        &CERTIFICATES,
        &SMIME_CERTIFICATES,
        &PHOTO,
        &PHOTO_FORMAT,
        &MEMBERS,
        &MEMBERS_CLOUD_SYNC,
        &MEMBER_OF,
        &EXTENSIONS,
    ],
    check,
};

const ENTRA: &[&str] = &["entra", "entra-cloud-sync"];
const USERS: &[&str] = &["user", "inetOrgPerson"];
const ERRORS: &str = "Microsoft: Understanding errors during Entra synchronization, LargeObject";
const LIMITS: &str = "Microsoft: Entra service limits and restrictions";

/// Too many certificates.
pub(super) static CERTIFICATES: Rule = Rule {
    name: RuleName("certificate-count"),
    label: "Count",
    severity: Severity::Warning,
    summary: "An object has more than 15 userCertificate values.",
    reason: "Entra Connect synchronises none of them; an old version of it does not synchronise \
             the object (LargeObject).",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "contact", "computer"],
    attributes: &["userCertificate"],
    limit: "15 values",
    fix: "none: which certificates are out of use, a person must decide; those that have expired \
          can go",
    sources: &["Microsoft: LargeObject errors caused by userCertificate attribute", ERRORS],
    example: Example {
        wrong: &["userCertificate:: MIIDdzCCAl+gAwIBAgIEAgAAuTAN\n# 16 values"],
        right: &["userCertificate:: MIIDdzCCAl+gAwIBAgIEAgAAuTAN\n# 15 values"],
    },
};

/// Too many certificates for mail.
pub(super) static SMIME_CERTIFICATES: Rule = Rule {
    name: RuleName("smime-certificate-count"),
    label: "Count",
    severity: Severity::Error,
    summary: "An object has more than 15 userSMIMECertificate values.",
    reason: "The object is not synchronised (LargeObject).",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "contact"],
    attributes: &["userSMIMECertificate"],
    limit: "15 values",
    fix: "none: which certificates are out of use, a person must decide",
    sources: &[ERRORS],
    example: Example {
        wrong: &["userSMIMECertificate:: MIIDdzCCAl+gAwIBAgIEAgAAuTAN\n# 16 values"],
        right: &["userSMIMECertificate:: MIIDdzCCAl+gAwIBAgIEAgAAuTAN\n# 15 values"],
    },
};

/// A photo that is too large.
pub(super) static PHOTO: Rule = Rule {
    name: RuleName("photo-size"),
    label: "Size",
    severity: Severity::Error,
    summary: "A thumbnailPhoto is larger than 100 KB.",
    reason: "Neither Active Directory nor Entra ID takes it.",
    profiles: ENTRA,
    classes: USERS,
    attributes: &["thumbnailPhoto"],
    limit: "102,400 bytes",
    fix: "none: make the picture smaller",
    sources: &["Active Directory schema: thumbnailPhoto, rangeUpper 102400", ERRORS],
    example: Example {
        wrong: &["thumbnailPhoto:: /9j/4AAQSkZJRgABAQ\n# 136540 characters"],
        right: &["thumbnailPhoto:: /9j/4AAQSkZJRgABAQ\n# 136532 characters"],
    },
};

/// A photo that is no JPEG.
pub(super) static PHOTO_FORMAT: Rule = Rule {
    name: RuleName("photo-format"),
    label: "Format",
    severity: Severity::Warning,
    summary: "A thumbnailPhoto is no JPEG picture.",
    reason: "Outlook, Teams and the cloud show no picture.",
    profiles: ENTRA,
    classes: USERS,
    attributes: &["thumbnailPhoto"],
    limit: "a value that begins with FF D8",
    fix: "none: save the picture as JPEG",
    sources: &["Microsoft: Import-RecipientDataProperty", "ISO/IEC 10918-1 annex B"],
    example: Example {
        wrong: &["thumbnailPhoto:: iVBORw0KGgoAAAANSUhEUg=="],
        right: &["thumbnailPhoto:: /9j/4AAQSkZJRgABAQ=="],
    },
};

/// A group that is too large.
pub(super) static MEMBERS: Rule = Rule {
    name: RuleName("member-count"),
    label: "Count",
    severity: Severity::Error,
    summary: "A group has more than 250,000 members.",
    reason: "Entra Connect does not synchronise the group.",
    profiles: &["entra"],
    classes: &["group"],
    attributes: &["member"],
    limit: "250,000 values",
    fix: "none: divide the group",
    sources: &[LIMITS, "Microsoft: Entra Connect Sync: Understanding the default configuration"],
    example: Example {
        wrong: &["objectClass: group\nmember: CN=Ann,DC=contoso,DC=com\n# 250001 values"],
        right: &["objectClass: group\nmember: CN=Ann,DC=contoso,DC=com\n# 250000 values"],
    },
};

/// A group that is too large for Cloud Sync.
pub(super) static MEMBERS_CLOUD_SYNC: Rule = Rule {
    name: RuleName("member-count-cloud-sync"),
    label: "Count",
    severity: Severity::Error,
    summary: "A group has more than 50,000 members.",
    reason: "Entra Cloud Sync does not synchronise the group.",
    profiles: &["entra-cloud-sync"],
    classes: &["group"],
    attributes: &["member"],
    limit: "50,000 values",
    fix: "none: divide the group, or synchronise it with Entra Connect",
    sources: &[LIMITS, "Microsoft: Choose between Entra Connect Sync and Cloud Sync"],
    example: Example {
        wrong: &["objectClass: group\nmember: CN=Ann,DC=contoso,DC=com\n# 50001 values"],
        right: &["objectClass: group\nmember: CN=Ann,DC=contoso,DC=com\n# 50000 values"],
    },
};

/// A user in too many groups.
pub(super) static MEMBER_OF: Rule = Rule {
    name: RuleName("member-of-count"),
    label: "Count",
    severity: Severity::Info,
    summary: "A user is a member of more than 2,049 groups.",
    reason: "SharePoint refuses a user who is in so many security groups.",
    profiles: &["hygiene"],
    classes: USERS,
    attributes: &["memberOf"],
    limit: "2,049 values; groups within groups count in SharePoint and not here",
    fix: "none: which groups the user needs, a person must decide",
    sources: &[LIMITS],
    example: Example {
        wrong: &["memberOf: CN=Sales,DC=contoso,DC=com\n# 2050 values"],
        right: &["memberOf: CN=Sales,DC=contoso,DC=com\n# 2049 values"],
    },
};

/// Too many directory extensions.
pub(super) static EXTENSIONS: Rule = Rule {
    name: RuleName("directory-extension-count"),
    label: "Count",
    severity: Severity::Error,
    summary: "An object has more than 100 values in directory extensions.",
    reason: "Entra ID takes no more of one object: it is not synchronised.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "group"],
    attributes: &["those that --extension-attribute names"],
    limit: "100 values over all attributes of --extension-attribute; nothing is found without it. \
            Those that other applications write in the cloud count there too",
    fix: "none: which values the cloud needs, a person must decide",
    sources: &[
        "Microsoft: Entra Connect Sync: Directory extensions",
        "Microsoft: Understanding errors during Entra synchronization",
    ],
    example: Example {
        wrong: &["employeeType: Staff\n# 101 values"],
        right: &["employeeType: Staff\n# 100 values"],
    },
};

/// Values in directory extensions of one object.
const MAX_EXTENSIONS: usize = 100;

/// The most values of an attribute, by the rule that says so.
static COUNTS: [(Attr, usize, &Rule); 5] = [
    (Attr::UserCertificate, 15, &CERTIFICATES),
    (Attr::UserSmimeCertificate, 15, &SMIME_CERTIFICATES),
    (Attr::Member, 250_000, &MEMBERS),
    (Attr::Member, 50_000, &MEMBERS_CLOUD_SYNC),
    (Attr::MemberOf, 2_049, &MEMBER_OF),
];

/// Bytes of the largest photo.
const MAX_PHOTO: usize = 102_400;

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    for &(attr, limit, rule) in &COUNTS {
        let count = object.subject.count(attr);
        if count > limit {
            let detail = || format!("there are {count}, {limit} at most");
            verdicts.on_whole(attr).breaks(rule, &detail);
        }
    }
    let extensions = object.settings.extension_attributes.iter();
    let counts = extensions.map(|attr| (object.subject.count(*attr), *attr));
    let count = counts.clone().map(|(count, _)| count).sum::<usize>();
    if count > MAX_EXTENSIONS
        && matches!(object.kind, ObjectKind::User | ObjectKind::Group)
        && let Some((_, most)) = counts.max()
    {
        let detail = || format!("there are {count} in all of them, {MAX_EXTENSIONS} at most");
        verdicts.on_whole(most).breaks(&EXTENSIONS, &detail);
    }
    if object.kind != ObjectKind::User {
        return;
    }
    for line in object.subject.lines(Attr::ThumbnailPhoto) {
        let is_jpeg = is_jpeg(line);
        // Four digits of base64 are three bytes, and a fold is none.
        let may_be_large = line.raw().len() > MAX_PHOTO
            && (line.form() != Form::Base64 || line.raw().len() / 4 * 3 > MAX_PHOTO);
        let length = if may_be_large { decoded_length(line) } else { 0 };
        if is_jpeg && length <= MAX_PHOTO {
            continue;
        }
        let mut verdict = verdicts.on_whole(Attr::ThumbnailPhoto);
        if length > MAX_PHOTO {
            let detail = || format!("it has {length} bytes, {MAX_PHOTO} at most");
            verdict.breaks(&PHOTO, &detail);
        }
        if !is_jpeg {
            verdict.breaks(&PHOTO_FORMAT, &String::new);
        }
    }
}

/// Whether a value begins as a JPEG picture does, told without decoding it.
fn is_jpeg(line: &Line<'_>) -> bool {
    match (line.form(), line.raw()) {
        // FF D8 are two and two thirds digits of base64.
        (Form::Base64, [b'/', b'9', third, ..]) if !matches!(third, b'\r' | b'\n') => {
            (b'g'..=b'j').contains(third)
        }
        (Form::Base64, raw) if raw.iter().take(3).all(u8::is_ascii_graphic) => false,
        _ => line.bytes().starts_with(&[0xff, 0xd8]),
    }
}

/// The bytes of a value, counted without decoding it.
fn decoded_length(line: &Line<'_>) -> usize {
    if line.form() != Form::Base64 {
        return line.text().len();
    }
    let raw = line.raw();
    let others = raw.iter().filter(|byte| matches!(byte, b'=' | b' ' | b'\r' | b'\n')).count();
    (raw.len() - others) * 3 / 4
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;
    use crate::ldif::{ReadOptions, read_chunk};

    /// The line of a value in base64, folded at so many digits.
    fn with_line<T>(value: &[u8], fold: usize, see: impl Fn(&Line<'_>) -> T) -> T {
        let digits = STANDARD.encode(value);
        let lines: Vec<&str> =
            digits.as_bytes().chunks(fold).map(|it| std::str::from_utf8(it).unwrap()).collect();
        let text = format!("dn: cn=a\nthumbnailPhoto:: {}\n", lines.join("\n "));
        let mut seen = Vec::new();
        let _ = read_chunk(text.as_bytes(), ReadOptions::default(), |record| {
            seen.extend(record.attribute_lines().iter().map(&see));
        });
        seen.pop().unwrap()
    }

    proptest! {
        #[test]
        fn a_value_is_measured_and_told_as_if_it_were_decoded(
            begins in 0_usize..4,
            rest in prop::collection::vec(any::<u8>(), 0..300),
            fold in 1_usize..80,
        ) {
            let start: &[u8] = [&b""[..], b"\xff", b"\xff\xd8", b"\xff\xd9"][begins];
            let value = [start, &rest].concat();
            prop_assert_eq!(with_line(&value, fold, decoded_length), value.len());
            prop_assert_eq!(with_line(&value, fold, is_jpeg), value.starts_with(&[0xff, 0xd8]));
        }
    }
}
