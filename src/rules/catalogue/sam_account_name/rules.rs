//! The rules for sAMAccountName.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

const ENTRA: &[&str] = &["entra", "entra-cloud-sync"];
/// Computers are looked at beyond those that are synchronised.
const COMPUTERS: &[&str] = &["entra", "hygiene"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "computer"];
const USERS: &[&str] = &["user", "inetOrgPerson"];
const SAM: &[&str] = &["sAMAccountName"];
const PREPARE: &str = "Microsoft: Prepare for directory synchronization to Microsoft 365";
const SAMR: &str = "Microsoft: [MS-SAMR] section 3.1.1.6";
const USER_INFO: &str = "Microsoft: USER_INFO_0 structure";
const NAMING: &str =
    "Microsoft: Naming conventions in Active Directory for computers, domains, sites and OUs";

/// White space only.
pub(super) static BLANK: Rule = Rule {
    name: RuleName("sam-blank"),
    label: "Blank",
    severity: Severity::Error,
    summary: "A sAMAccountName consists of white space.",
    reason: "Every account needs a name, and Active Directory takes none without another character. \
             An object without sAMAccountName is not synchronised at all.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: SAM,
    limit: "one character or more that is no white space",
    fix: "none: which name it should be, a person must decide",
    sources: &[SAMR, "Microsoft: Entra Connect Sync: Understanding the default configuration"],
    example: Example { wrong: &["sAMAccountName:: ICA="], right: &["sAMAccountName: ann"] },
};

/// A user's name that is too long.
pub(super) static LENGTH: Rule = Rule {
    name: RuleName("sam-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "The sAMAccountName of a user is longer than 20 characters.",
    reason: "Active Directory takes no longer name for a user, although its schema allows 256.",
    profiles: ENTRA,
    classes: USERS,
    attributes: SAM,
    limit: "20 UTF-16 units",
    fix: "the first 20 characters, where no other object has that name; unsafe",
    sources: &[PREPARE, USER_INFO],
    example: Example {
        wrong: &["sAMAccountName: annabelle.victoria.archer"],
        right: &["sAMAccountName: annabelle.archer.123"],
    },
};

/// A group's name that is too long.
pub(super) static GROUP_LENGTH: Rule = Rule {
    name: RuleName("sam-group-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "The sAMAccountName of a group is longer than 256 characters.",
    reason: "Active Directory takes no longer name.",
    profiles: ENTRA,
    classes: &["group"],
    attributes: SAM,
    limit: "256 UTF-16 units",
    fix: "none: which name it should be, a person must decide",
    sources: &[USER_INFO, "Active Directory schema: sAMAccountName, rangeUpper 256"],
    example: Example {
        wrong: &["objectClass: group\nsAMAccountName: Staff\n# 257 characters"],
        right: &["objectClass: group\nsAMAccountName: Staff\n# 60 characters"],
    },
};

/// A group's name that old tools cut.
pub(super) static GROUP_LONG: Rule = Rule {
    name: RuleName("sam-group-long"),
    label: "Length",
    severity: Severity::Info,
    summary: "The sAMAccountName of a group is longer than 64 characters.",
    reason: "Older tools of synchronisation and administration refuse it, or cut it.",
    profiles: ENTRA,
    classes: &["group"],
    attributes: SAM,
    limit: "64 UTF-16 units",
    fix: "none: which name it should be, a person must decide",
    sources: &["Microsoft TechNet, 2014: List of attributes that are synced (hh852533)"],
    example: Example {
        wrong: &["objectClass: group\nsAMAccountName: Staff\n# 65 characters"],
        right: &["objectClass: group\nsAMAccountName: Staff\n# 64 characters"],
    },
};

/// A computer's name that is too long.
pub(super) static COMPUTER_LENGTH: Rule = Rule {
    name: RuleName("sam-computer-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "The name of a computer is longer than 15 characters, the $ at its end aside.",
    reason: "NetBIOS has no longer names: the computer cannot be reached by it.",
    profiles: COMPUTERS,
    classes: &["computer"],
    attributes: SAM,
    limit: "15 UTF-16 units and the $",
    fix: "none: the computer itself must be renamed",
    sources: &[NAMING],
    example: Example {
        wrong: &[
            "objectClass: computer\nuserCertificate:: MIID\nsAMAccountName: ACCOUNTING-PC-0815$",
        ],
        right: &["objectClass: computer\nuserCertificate:: MIID\nsAMAccountName: PC-0815$"],
    },
};

/// A managed service account's name that is too long.
pub(super) static SERVICE_LENGTH: Rule = Rule {
    name: RuleName("sam-service-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "The name of a managed service account is longer than 15 characters with the $.",
    reason: "No service can be started with it.",
    profiles: COMPUTERS,
    classes: &["msDS-ManagedServiceAccount", "msDS-GroupManagedServiceAccount"],
    attributes: SAM,
    limit: "15 UTF-16 units, the $ included",
    fix: "none: the services that use it must be set up anew",
    sources: &["github.com/MicrosoftDocs/windows-powershell-docs issue 2196"],
    example: Example {
        wrong: &["objectClass: computer\nobjectClass: msDS-GroupManagedServiceAccount\n\
                  userCertificate:: MIID\nsAMAccountName: sql-reporting-1$"],
        right: &["objectClass: computer\nobjectClass: msDS-GroupManagedServiceAccount\n\
                  userCertificate:: MIID\nsAMAccountName: sql-reporting$"],
    },
};

/// A character that Active Directory refuses.
pub(super) static CHARACTER: Rule = Rule {
    name: RuleName("sam-character"),
    label: "Character",
    severity: Severity::Error,
    summary: "A sAMAccountName holds a character that no account name has.",
    reason: "Active Directory refuses it.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: SAM,
    limit: "none of \" / \\ [ ] : ; | = , + * ? < > and no controls U+0000 to U+001F",
    fix: "_ for the character; unsafe",
    sources: &[SAMR, USER_INFO, PREPARE],
    example: Example {
        wrong: &["sAMAccountName: ann,archer"],
        right: &["sAMAccountName: ann-archer.(x)!"],
    },
};

/// An apostrophe.
pub(super) static APOSTROPHE: Rule = Rule {
    name: RuleName("sam-apostrophe"),
    label: "Character",
    severity: Severity::Info,
    summary: "A sAMAccountName holds an apostrophe.",
    reason: "Active Directory takes it; Microsoft's guide for synchronisation names it among the \
             characters that are not allowed.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: SAM,
    limit: "no apostrophe",
    fix: "none: the directory takes the name",
    sources: &[PREPARE],
    example: Example {
        wrong: &["sAMAccountName: ann.o'neil"],
        right: &["sAMAccountName: ann.oneil"],
    },
};

/// A name that only Windows takes.
pub(super) static PORTABLE: Rule = Rule {
    name: RuleName("sam-not-portable"),
    label: "Character",
    severity: Severity::Info,
    summary: "The sAMAccountName of a user holds a space, an @ or a letter outside ASCII.",
    reason: "Active Directory takes it. Unix, Google and AWS take no such account name, and Windows \
             takes a name with an @ for a userPrincipalName.",
    profiles: ENTRA,
    classes: USERS,
    attributes: SAM,
    limit: "ASCII without space and @",
    fix: "none: people sign in with the name",
    sources: &[USER_INFO, "AWS: Directory Service Data API reference, SAMAccountName"],
    example: Example {
        wrong: &["sAMAccountName: ann archer"],
        right: &["sAMAccountName: ann_archer"],
    },
};

/// A dot at the end.
pub(super) static END_DOT: Rule = Rule {
    name: RuleName("sam-end-dot"),
    label: "Format",
    severity: Severity::Error,
    summary: "A sAMAccountName ends with a dot.",
    reason: "Active Directory refuses it.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: SAM,
    limit: "no dot at the end",
    fix: "the name without it; unsafe",
    sources: &[SAMR, USER_INFO],
    example: Example { wrong: &["sAMAccountName: ann."], right: &["sAMAccountName: ann.a"] },
};

/// A computer's name of digits.
pub(super) static DIGITS: Rule = Rule {
    name: RuleName("sam-digits"),
    label: "Format",
    severity: Severity::Error,
    summary: "The name of a computer consists of digits only.",
    reason: "Windows takes no such name.",
    profiles: COMPUTERS,
    classes: &["computer"],
    attributes: SAM,
    limit: "one character or more that is no digit",
    fix: "none: the computer itself must be renamed",
    sources: &[NAMING],
    example: Example {
        wrong: &["objectClass: computer\nuserCertificate:: MIID\nsAMAccountName: 0815$"],
        right: &["objectClass: computer\nuserCertificate:: MIID\nsAMAccountName: PC0815$"],
    },
};

/// A computer without the $, or a user with it.
pub(super) static DOLLAR: Rule = Rule {
    name: RuleName("sam-dollar"),
    label: "Format",
    severity: Severity::Warning,
    summary: "The name of a computer does not end with $, or that of a user does.",
    reason: "Many tools know a computer by the $, and hide whatever ends with it.",
    profiles: &["entra", "entra-cloud-sync", "hygiene"],
    classes: &["user", "inetOrgPerson", "computer"],
    attributes: SAM,
    limit: "a $ at the end of the names of computers and managed service accounts, and of no other",
    fix: "none: which of the two is meant, a person must decide",
    sources: &["github.com/microsoft/idfix: names that end with $ are left out"],
    example: Example { wrong: &["sAMAccountName: ann$"], right: &["sAMAccountName: $ann"] },
};

/// What Active Directory made of a name that another object had.
pub(super) static DUPLICATE_MARK: Rule = Rule {
    name: RuleName("sam-duplicate-mark"),
    label: "ConflictObject",
    severity: Severity::Error,
    summary: "A sAMAccountName begins with $DUPLICATE-.",
    reason: "Two domain controllers gave out the same name, and Active Directory has renamed this \
             object: nobody can sign in with its old name.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: SAM,
    limit: "a name that a person has given",
    fix: "none: which of the objects should have the name, a person must decide",
    sources: &["PingCastle: rule S-Duplicate"],
    example: Example {
        wrong: &["sAMAccountName: $DUPLICATE-1f4"],
        right: &["sAMAccountName: duplicate-1f4"],
    },
};

/// Neither name is one that the cloud takes.
pub(super) static NEITHER: Rule = Rule {
    name: RuleName("sam-and-upn"),
    label: "Format",
    severity: Severity::Error,
    summary: "A user has neither a sAMAccountName nor a userPrincipalName that Entra ID takes.",
    reason: "Entra ID makes the name to sign in with of the one where the other is not valid; here \
             the user is not synchronised.",
    profiles: ENTRA,
    classes: USERS,
    attributes: &["sAMAccountName", "userPrincipalName"],
    limit: "a valid userPrincipalName",
    fix: "none here: see the rules for userPrincipalName",
    sources: &[PREPARE],
    example: Example {
        wrong: &["sAMAccountName: ann,archer\nuserPrincipalName: ann,archer@contoso.com"],
        right: &["sAMAccountName: ann,archer\nuserPrincipalName: ann.archer@contoso.com"],
    },
};
