//! What is risky about an account, synchronised or not: a part of what PingCastle
//! looks for, as far as one entry tells it.

use crate::rules::Attr;
use crate::rules::rule::{Example, Rule, RuleName, Severity};

use super::verdict::Verdicts;
use super::{Family, Object, ObjectKind, account_use};

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "account",
    rules: &[
        &PASSWORD_NOT_REQUIRED,
        &PASSWORD_REVERSIBLE,
        &PASSWORD_NEVER_EXPIRES,
        &DELEGATION,
        &DES_ONLY,
        &NO_PREAUTHENTICATION,
        &PRIMARY_GROUP,
        &SID_HISTORY,
        &ADMIN_WITH_MAIL,
        &PASSWORD_IN_TEXT,
        &SERVICE_NAME,
        &WEAK_ENCRYPTION,
        &account_use::STALE,
        &account_use::EXPIRED,
        &account_use::NO_LONGER_ADMIN,
    ],
    check,
};

const HYGIENE: &[&str] = &["hygiene"];
const USERS: &[&str] = &["user", "inetOrgPerson"];
const ACCOUNTS: &[&str] = &["user", "inetOrgPerson", "computer"];
const CONTROL: &[&str] = &["userAccountControl"];
const FLAGS: &str = "Microsoft: [MS-ADTS] section 2.2.16, userAccountControl bits";
const PERSON: &str = "none: what depends on it, a person must find out first";

const fn flag(
    name: &'static str,
    summary: &'static str,
    reason: &'static str,
    limit: &'static str,
    source: &'static [&'static str],
    example: Example,
) -> Rule {
    Rule {
        name: RuleName(name),
        label: "Hygiene",
        severity: Severity::Info,
        summary,
        reason,
        profiles: HYGIENE,
        classes: ACCOUNTS,
        attributes: CONTROL,
        limit,
        fix: PERSON,
        sources: source,
        example,
    }
}

/// PASSWD_NOTREQD.
static PASSWORD_NOT_REQUIRED: Rule = flag(
    "account-password-not-required",
    "An account may have an empty password.",
    "Anybody can sign in with it, where the password is empty.",
    "an enabled account without 0x20 in userAccountControl",
    &[FLAGS, "PingCastle: S-PwdNotRequired"],
    Example { wrong: &["userAccountControl: 544"], right: &["userAccountControl: 546"] },
);

/// ENCRYPTED_TEXT_PWD_ALLOWED.
static PASSWORD_REVERSIBLE: Rule = flag(
    "account-password-reversible",
    "The password of an account is stored so that it can be read.",
    "Who can read the database of the directory has the password.",
    "an enabled account without 0x80 in userAccountControl",
    &[FLAGS, "PingCastle: S-Reversible"],
    Example { wrong: &["userAccountControl: 640"], right: &["userAccountControl: 512"] },
);

/// DONT_EXPIRE_PASSWORD.
static PASSWORD_NEVER_EXPIRES: Rule = flag(
    "account-password-never-expires",
    "The password of an account never expires.",
    "A password that got known stays of use. Where the cloud is to follow, its own policy decides.",
    "an enabled account without 0x10000 in userAccountControl",
    &[FLAGS, "PingCastle: S-PwdNeverExpires"],
    Example { wrong: &["userAccountControl: 66048"], right: &["userAccountControl: 66050"] },
);

/// TRUSTED_FOR_DELEGATION.
static DELEGATION: Rule = flag(
    "account-unconstrained-delegation",
    "An account may act for every user to every service.",
    "Who takes the account over takes over all who sign in to it. Domain controllers need it, and \
     are left out.",
    "an enabled account without 0x80000 in userAccountControl, or a domain controller (0x2000)",
    &[FLAGS, "PingCastle: P-UnconstrainedDelegation"],
    Example { wrong: &["userAccountControl: 524800"], right: &["userAccountControl: 532480"] },
);

/// USE_DES_KEY_ONLY.
static DES_ONLY: Rule = flag(
    "account-des-only",
    "An account takes DES keys only.",
    "DES can be broken in a day, and Windows has it no longer.",
    "an enabled account without 0x200000 in userAccountControl",
    &[FLAGS, "PingCastle: S-DesEnabled"],
    Example { wrong: &["userAccountControl: 2097664"], right: &["userAccountControl: 512"] },
);

/// DONT_REQ_PREAUTH.
static NO_PREAUTHENTICATION: Rule = flag(
    "account-no-preauthentication",
    "An account needs no Kerberos pre-authentication.",
    "Anybody can ask for a ticket and try passwords on it without being seen.",
    "an enabled account without 0x400000 in userAccountControl",
    &[FLAGS, "PingCastle: S-NoPreAuth"],
    Example { wrong: &["userAccountControl: 4194816"], right: &["userAccountControl: 512"] },
);

/// Another primary group than usual.
static PRIMARY_GROUP: Rule = Rule {
    attributes: &["primaryGroupID"],
    ..flag(
        "account-primary-group",
        "The primary group of an account is an unusual one.",
        "The membership is in no member attribute: reports and the cloud do not see it.",
        "513 and 514 of users, 515, 516 and 521 of computers",
        &["PingCastle: S-PrimaryGroup", "Microsoft Support 4014115"],
        Example {
            wrong: &["userAccountControl: 512\nprimaryGroupID: 512"],
            right: &["userAccountControl: 512\nprimaryGroupID: 513"],
        },
    )
};

/// Rights of a former account.
static SID_HISTORY: Rule = Rule {
    classes: &["user", "inetOrgPerson", "group", "computer"],
    attributes: &["sIDHistory"],
    ..flag(
        "account-sid-history",
        "An object has the rights of a former one (sIDHistory).",
        "Nobody sees these rights in a group; after a migration they are to go.",
        "no sIDHistory",
        &["PingCastle: S-SIDHistory"],
        Example {
            wrong: &["sIDHistory:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOS6AMAAA=="],
            right: &["objectSid:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOS6AMAAA=="],
        },
    )
};

/// An administrator who reads mail.
static ADMIN_WITH_MAIL: Rule = Rule {
    classes: USERS,
    attributes: &["adminCount", "mail"],
    ..flag(
        "account-admin-with-mail",
        "An enabled account of an administrator has mail.",
        "Mail is the way in: who administers should read it with another account.",
        "no mail where adminCount is 1 on an enabled account",
        &["PingCastle: P-AdminEmailOn"],
        Example {
            wrong: &["userAccountControl: 512\nadminCount: 1\nmail: ann@contoso.com"],
            right: &["userAccountControl: 512\nmail: ann@contoso.com"],
        },
    )
};

/// A password that everybody can read.
static PASSWORD_IN_TEXT: Rule = Rule {
    classes: USERS,
    attributes: &["unixUserPassword", "userPassword"],
    ..flag(
        "account-password-in-text",
        "An export shows a password attribute of an account.",
        "Who made the export could read it, and so may others; the export itself must be kept safe.",
        "no unixUserPassword and no userPassword",
        &["PingCastle: A-UnixPwd"],
        Example {
            wrong: &["unixUserPassword: ABCD!efgh12345$67890"],
            right: &["unixHomeDirectory: /home/ann"],
        },
    )
};

/// A service that runs as a user.
static SERVICE_NAME: Rule = Rule {
    classes: USERS,
    attributes: &["servicePrincipalName"],
    ..flag(
        "account-service-principal-name",
        "An enabled user has a servicePrincipalName.",
        "Every user can ask for a ticket of the service and try passwords on it (Kerberoasting): a \
         long password or a managed service account is needed.",
        "no servicePrincipalName on an enabled user; managed service accounts and krbtgt are left \
         out",
        &["PingCastle: P-Kerberoasting"],
        Example {
            wrong: &["userAccountControl: 512\nservicePrincipalName: MSSQLSvc/db.contoso.com"],
            right: &["userAccountControl: 514\nservicePrincipalName: MSSQLSvc/db.contoso.com"],
        },
    )
};

/// Keys of old ciphers only.
static WEAK_ENCRYPTION: Rule = Rule {
    attributes: &["msDS-SupportedEncryptionTypes"],
    ..flag(
        "account-no-aes",
        "An account takes no AES keys.",
        "Its tickets are encrypted with RC4 or DES, which Windows is about to refuse.",
        "0x8 or 0x10 in msDS-SupportedEncryptionTypes, or 0, which is the default",
        &["Microsoft: [MS-KILE] section 2.2.7", "PingCastle: S-AesNotEnabled"],
        Example {
            wrong: &["userAccountControl: 512\nmsDS-SupportedEncryptionTypes: 4"],
            right: &["userAccountControl: 512\nmsDS-SupportedEncryptionTypes: 28"],
        },
    )
};

/// SERVER_TRUST_ACCOUNT: a domain controller.
const DOMAIN_CONTROLLER: i64 = 0x2000;
/// PARTIAL_SECRETS_ACCOUNT: a read-only domain controller.
const READ_ONLY_CONTROLLER: i64 = 0x400_0000;
/// AES with 128 and with 256 bits.
const AES: i64 = 0x8 | 0x10;
/// The primary groups of accounts: domain users and guests, computers, domain
/// controllers, read-only ones.
const PRIMARY_GROUPS: [i64; 5] = [513, 514, 515, 516, 521];

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if !verdicts.looks_for(&SID_HISTORY) {
        return;
    }
    if object.subject.has(Attr::SidHistory) {
        let count = object.subject.count(Attr::SidHistory);
        let detail = || format!("there are {count}");
        verdicts.on_whole(Attr::SidHistory).breaks(&SID_HISTORY, &detail);
    }
    if !matches!(object.kind, ObjectKind::User | ObjectKind::Computer) {
        return;
    }
    for attr in [Attr::UnixUserPassword, Attr::UserPassword] {
        if object.subject.has(attr) && object.kind == ObjectKind::User {
            verdicts.on_whole(attr).breaks(&PASSWORD_IN_TEXT, &String::new);
        }
    }
    if let Some(group) = number(object, Attr::PrimaryGroupId)
        && !PRIMARY_GROUPS.contains(&group)
    {
        verdicts.on(Attr::PrimaryGroupId, 0).breaks(&PRIMARY_GROUP, &String::new);
    }
    account_use::check_mark(object, verdicts);
    if object.is_enabled() == Some(true) {
        check_enabled(object, verdicts);
        account_use::check_enabled(object, verdicts);
    }
}

fn check_enabled(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let control = number(object, Attr::UserAccountControl).unwrap_or_default();
    let mut verdict = verdicts.on(Attr::UserAccountControl, 0);
    for (bit, rule) in [
        (0x20, &PASSWORD_NOT_REQUIRED),
        (0x80, &PASSWORD_REVERSIBLE),
        (0x1_0000, &PASSWORD_NEVER_EXPIRES),
        (0x20_0000, &DES_ONLY),
        (0x40_0000, &NO_PREAUTHENTICATION),
    ] {
        if control & bit != 0 {
            verdict.breaks(rule, &String::new);
        }
    }
    let is_controller = control & (DOMAIN_CONTROLLER | READ_ONLY_CONTROLLER) != 0;
    if control & 0x8_0000 != 0 && !is_controller {
        verdict.breaks(&DELEGATION, &String::new);
    }
    let encryption = number(object, Attr::MsDsSupportedEncryptionTypes).unwrap_or_default();
    if encryption != 0 && encryption & AES == 0 {
        verdicts.on(Attr::MsDsSupportedEncryptionTypes, 0).breaks(&WEAK_ENCRYPTION, &String::new);
    }
    if object.kind != ObjectKind::User {
        return;
    }
    let is_admin = number(object, Attr::AdminCount) == Some(1);
    if is_admin && object.has(Attr::Mail) {
        verdicts.on(Attr::Mail, 0).breaks(&ADMIN_WITH_MAIL, &String::new);
    }
    if object.subject.has(Attr::ServicePrincipalName) && !is_managed(object) {
        verdicts.on(Attr::ServicePrincipalName, 0).breaks(&SERVICE_NAME, &String::new);
    }
}

/// Whether nobody knows the password of an account: the directory makes it.
fn is_managed(object: &Object<'_, '_>) -> bool {
    const CLASSES: [&[u8]; 3] = [
        b"msDS-GroupManagedServiceAccount",
        b"msDS-ManagedServiceAccount",
        b"msDS-DelegatedManagedServiceAccount",
    ];
    let account = object.subject.first(Attr::SamAccountName).unwrap_or_default();
    account.eq_ignore_ascii_case(b"krbtgt")
        || object
            .values(Attr::ObjectClass)
            .any(|(_, class)| CLASSES.iter().any(|known| class.eq_ignore_ascii_case(known)))
}

pub(super) fn number(object: &Object<'_, '_>, attr: Attr) -> Option<i64> {
    object.text(attr)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::Line;
    use crate::rules::Subject;
    use crate::rules::catalogue::Settings;

    fn any(class: &str, lines: &[(Attr, &str)]) -> bool {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"CN=A"));
        subject.push(Attr::ObjectClass, Line::of(b"objectClass", class.as_bytes()));
        for (attr, value) in lines {
            subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
        }
        let mut verdicts = Verdicts::whether_any("hygiene");
        check(&Object::of(&subject, &Settings::default()), &mut verdicts);
        verdicts.any()
    }

    #[test]
    fn usual_accounts_are_no_findings() {
        let control = |flags| (Attr::UserAccountControl, flags);
        let group = |number| (Attr::PrimaryGroupId, number);
        assert!(!any("user", &[control("512"), group("513"), (Attr::Mail, "a@b.c")]));
        assert!(!any("computer", &[control("4096"), group("515")]));
        assert!(!any("computer", &[control("532480"), group("516")]));
        assert!(!any("computer", &[control("83890176"), group("521")]));
        assert!(!any("user", &[control("66082")]), "disabled");
        assert!(!any("user", &[control("x"), (Attr::AdminCount, "")]));
        assert!(!any("group", &[(Attr::AdminCount, "1"), (Attr::Mail, "a@b.c")]));
        let spn = (Attr::ServicePrincipalName, "HOST/a");
        assert!(!any("computer", &[control("4096"), spn]));
        assert!(!any("user", &[control("512"), spn, (Attr::SamAccountName, "krbtgt")]));
        assert!(any("user", &[control("512"), spn]));
    }
}
