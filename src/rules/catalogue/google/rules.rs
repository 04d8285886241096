//! The rules of Google Workspace.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

pub(super) const RULES: &[&Rule] = &[
    &MAIL_MISSING,
    &LOCAL_PART,
    &LENGTH,
    &DOMAIN,
    &RESERVED,
    &NAME_MISSING,
    &NAME,
    &ALIASES,
    &ALIAS_IGNORED,
    &GROUP_NAME,
    &GROUP_ADDRESS,
    &DESCRIPTION,
    &DEPTH,
    &CUSTOM_FIELD,
    &UNIQUE_ID,
    &SHARED_ADDRESS,
    &SUSPENDED,
];

const GOOGLE: &[&str] = &["google"];
const USERS: &[&str] = &["user", "inetOrgPerson"];
const BOTH: &[&str] = &["user", "inetOrgPerson", "group"];
const MAIL: &[&str] = &["mail"];
const ADDRESSES: &[&str] = &["mail", "proxyAddresses"];
const NAMES: &str = "Google: Name & password guidelines, support.google.com/a/answer/9193374";
const SYNC: &str = "Google: How GCDS handles users, support.google.com/a/answer/6258071";
const NOBODY: &str = "none: which value it should be, a person must decide";

/// A person without an address.
pub(super) static MAIL_MISSING: Rule = Rule {
    name: RuleName("google-mail-missing"),
    label: "Blank",
    severity: Severity::Error,
    summary: "A person has no mail.",
    reason: "Directory Sync takes mail for the address that names the user, and skips users without \
             it.",
    profiles: GOOGLE,
    classes: USERS,
    attributes: &["mail", "givenName", "sn", "proxyAddresses"],
    limit: "mail, for enabled accounts that have a name of a person or an SMTP address; accounts of \
            services have neither",
    fix: "the primary address in proxyAddresses, where there is one; unsafe",
    sources: &[SYNC],
    example: Example {
        wrong: &["givenName: Ann\nsn: Archer\nproxyAddresses: SMTP:ann@contoso.com"],
        right: &["givenName: Ann\nsn: Archer\nmail: ann@contoso.com"],
    },
};

/// An address that Google does not take.
pub(super) static LOCAL_PART: Rule = Rule {
    name: RuleName("google-local-part"),
    label: "LocalPart",
    severity: Severity::Error,
    summary: "A mail is no address that Google takes for a user.",
    reason: "Google refuses the user.",
    profiles: GOOGLE,
    classes: USERS,
    attributes: MAIL,
    limit: "an address that mail can be sent to; no & = < > + , or !, no dot at an end or beside \
            another, one letter with an accent at most",
    fix: "the same without what is not allowed, letters of ASCII; unsafe",
    sources: &[NAMES],
    example: Example {
        wrong: &["givenName: A\nsn: B\nmail: ann+sales@contoso.com"],
        right: &["givenName: A\nsn: B\nmail: o'neil_ann-1@contoso.com"],
    },
};

/// An address that is too long.
pub(super) static LENGTH: Rule = Rule {
    name: RuleName("google-local-part-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "A mail has more than 64 characters before the @.",
    reason: "Google refuses the user or the group.",
    profiles: GOOGLE,
    classes: BOTH,
    attributes: MAIL,
    limit: "64 characters",
    fix: NOBODY,
    sources: &[NAMES],
    example: Example {
        wrong: &["givenName: A\nsn: B\nmail: \
                  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@contoso.com"],
        right: &["givenName: A\nsn: B\nmail: \
                  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@contoso.com"],
    },
};

/// A domain of somebody else.
pub(super) static DOMAIN: Rule = Rule {
    name: RuleName("google-domain"),
    label: "Unverified",
    severity: Severity::Error,
    summary: "The domain of a mail is none of the Workspace account's.",
    reason: "Google refuses the user or the group.",
    profiles: GOOGLE,
    classes: BOTH,
    attributes: MAIL,
    limit: "one of --verified-domain; nothing is found where none is named",
    fix: NOBODY,
    sources: &["Google: Manage user aliases, Directory API"],
    example: Example {
        wrong: &["givenName: A\nsn: B\nmail: ann@fabrikam.com"],
        right: &["givenName: A\nsn: B\nmail: ann@contoso.com"],
    },
};

/// A name that Google keeps for itself.
pub(super) static RESERVED: Rule = Rule {
    name: RuleName("google-reserved"),
    label: "Reserved",
    severity: Severity::Error,
    summary: "A user or group has an address that Google keeps for itself.",
    reason: "Google refuses the user or the group.",
    profiles: GOOGLE,
    classes: BOTH,
    attributes: MAIL,
    limit: "users: abuse, postmaster; groups: also admin, administrator, hostmaster, majordomo, \
            root, ssl-admin, webmaster",
    fix: NOBODY,
    sources: &[NAMES, "Google: Reserved words, support.google.com/a/answer/6093413"],
    example: Example {
        wrong: &["givenName: A\nsn: B\nmail: postmaster@contoso.com"],
        right: &["givenName: A\nsn: B\nmail: webmaster@contoso.com"],
    },
};

/// A name that is not there.
pub(super) static NAME_MISSING: Rule = Rule {
    name: RuleName("google-name-missing"),
    label: "Blank",
    severity: Severity::Error,
    summary: "A user with mail has no givenName or no sn.",
    reason: "Google takes no user without both names.",
    profiles: GOOGLE,
    classes: USERS,
    attributes: &["givenName", "sn"],
    limit: "both names, with more than white space; disabled accounts are not looked at",
    fix: NOBODY,
    sources: &[NAMES],
    example: Example {
        wrong: &["givenName: Ann\nmail: ann@contoso.com"],
        right: &["givenName: Ann\nsn: Archer\nmail: ann@contoso.com"],
    },
};

/// A name that Google does not take.
pub(super) static NAME: Rule = Rule {
    name: RuleName("google-name"),
    label: "Character",
    severity: Severity::Error,
    summary: "A givenName or sn has more than 60 characters, or an angle bracket.",
    reason: "Google refuses the user.",
    profiles: GOOGLE,
    classes: USERS,
    attributes: &["givenName", "sn"],
    limit: "60 characters; no < and no >",
    fix: "the same without angle brackets, where they are all that is wrong; unsafe",
    sources: &[NAMES],
    example: Example {
        wrong: &["givenName: Ann <Sales>\nsn: Archer\nmail: ann@contoso.com"],
        right: &["givenName: Ann (Sales)\nsn: Archer\nmail: ann@contoso.com"],
    },
};

/// Too many aliases.
pub(super) static ALIASES: Rule = Rule {
    name: RuleName("google-alias-count"),
    label: "Count",
    severity: Severity::Error,
    summary: "A user has more than 30 addresses beside mail.",
    reason: "Google takes 30 aliases of a user.",
    profiles: GOOGLE,
    classes: USERS,
    attributes: &["proxyAddresses"],
    limit: "30 values of type SMTP that are addresses and not mail, where proxyAddresses are \
            synchronised as aliases",
    fix: "none: which aliases are needed, a person must decide",
    sources: &["Google: Manage user aliases, Directory API"],
    example: Example {
        wrong: &["givenName: A\nsn: B\nmail: ann@contoso.com\n\
                  proxyAddresses: smtp:a.archer@contoso.com\n# 31 values"],
        right: &["givenName: A\nsn: B\nmail: ann@contoso.com\n\
                  proxyAddresses: smtp:a.archer@contoso.com\n# 30 values"],
    },
};

/// An alias that is none.
pub(super) static ALIAS_IGNORED: Rule = Rule {
    name: RuleName("google-alias-ignored"),
    label: "Format",
    severity: Severity::Warning,
    summary: "An SMTP value of proxyAddresses is no address.",
    reason: "Directory Sync leaves it out: the user does not get the alias.",
    profiles: GOOGLE,
    classes: BOTH,
    attributes: &["proxyAddresses"],
    limit: "an address that mail can be sent to behind smtp:; values of other types are not looked \
            at",
    fix: NOBODY,
    sources: &[SYNC],
    example: Example {
        wrong: &["givenName: A\nsn: B\nmail: a@contoso.com\nproxyAddresses: smtp:ann archer"],
        right: &[
            "givenName: A\nsn: B\nmail: a@contoso.com\nproxyAddresses: X500:/o=A/cn=ann archer",
        ],
    },
};

/// A group's name.
pub(super) static GROUP_NAME: Rule = Rule {
    name: RuleName("google-group-name"),
    label: "Length",
    severity: Severity::Error,
    summary: "The name of a group has more than 73 characters.",
    reason: "Google refuses the group.",
    profiles: GOOGLE,
    classes: &["group"],
    attributes: &["displayName", "cn"],
    limit: "73 characters of displayName, or of cn where there is none",
    fix: NOBODY,
    sources: &[NAMES],
    example: Example {
        wrong: &["objectClass: group\nmail: s@contoso.com\ndisplayName: Sales\n# 74 characters"],
        right: &["objectClass: group\nmail: s@contoso.com\ndisplayName: Sales\n# 73 characters"],
    },
};

/// A group's address.
pub(super) static GROUP_ADDRESS: Rule = Rule {
    name: RuleName("google-group-address"),
    label: "Character",
    severity: Severity::Error,
    summary: "The address of a group is none that Google takes.",
    reason: "Google refuses the group.",
    profiles: GOOGLE,
    classes: &["group"],
    attributes: MAIL,
    limit: "an address that mail can be sent to, without = < > and & before the @",
    fix: "the same without these; unsafe",
    sources: &[NAMES],
    example: Example {
        wrong: &["objectClass: group\nmail: r&d@contoso.com"],
        right: &["objectClass: group\nmail: r+d@contoso.com"],
    },
};

/// A group's description.
pub(super) static DESCRIPTION: Rule = Rule {
    name: RuleName("google-group-description"),
    label: "Length",
    severity: Severity::Error,
    summary: "The description of a group has more than 4,096 characters.",
    reason: "Google refuses the group.",
    profiles: GOOGLE,
    classes: &["group"],
    attributes: &["description"],
    limit: "4,096 characters",
    fix: NOBODY,
    sources: &["Google: Directory API, groups"],
    example: Example {
        wrong: &["objectClass: group\nmail: s@contoso.com\ndescription: Sales\n# 4097 characters"],
        right: &["objectClass: group\nmail: s@contoso.com\ndescription: Sales\n# 4096 characters"],
    },
};

/// Too many levels.
pub(super) static DEPTH: Rule = Rule {
    name: RuleName("google-ou-depth"),
    label: "Count",
    severity: Severity::Error,
    summary: "A user lies more than 35 organisational units deep.",
    reason: "Google has 35 levels of organisational units.",
    profiles: GOOGLE,
    classes: USERS,
    attributes: &["dn"],
    limit: "35 OU= in the DN, where organisational units are synchronised",
    fix: "none: the user or the units have to be moved",
    sources: &["Google: Admin SDK, Manage organizational units"],
    example: Example {
        wrong: &["dn: CN=A,OU=1,OU=2,OU=3,OU=4,OU=5,OU=6,OU=7,OU=8,OU=9,OU=10,OU=11,OU=12,OU=13,\
                  OU=14,OU=15,OU=16,OU=17,OU=18,OU=19,OU=20,OU=21,OU=22,OU=23,OU=24,OU=25,OU=26,\
                  OU=27,OU=28,OU=29,OU=30,OU=31,OU=32,OU=33,OU=34,OU=35,OU=36,DC=x\n\
                  givenName: A\nsn: B\nmail: a@contoso.com"],
        right: &["dn: CN=A,OU=Sales,DC=x\ngivenName: A\nsn: B\nmail: a@contoso.com"],
    },
};

/// A user whom only the address tells.
pub(super) static UNIQUE_ID: Rule = Rule {
    name: RuleName("google-unique-id-missing"),
    label: "Anchor",
    severity: Severity::Warning,
    summary: "A user has no value of the attribute by which Directory Sync knows users.",
    reason: "Such a user is known by the address alone: when that changes, Directory Sync suspends \
             or deletes the account and makes a new one.",
    profiles: GOOGLE,
    classes: USERS,
    attributes: &["the one that --google-unique-id names"],
    limit: "a value of the attribute of --google-unique-id; nothing is found without it",
    fix: "none: fill the attribute in, or choose one that the server fills in, as Active Directory \
          does objectGUID and OpenLDAP entryUUID",
    sources: &[SYNC],
    example: Example {
        wrong: &["givenName: A\nsn: B\nmail: a@contoso.com"],
        right: &["givenName: A\nsn: B\nmail: a@contoso.com\nemployeeNumber: 1004"],
    },
};

/// A custom field.
pub(super) static CUSTOM_FIELD: Rule = Rule {
    name: RuleName("google-custom-field"),
    label: "Length",
    severity: Severity::Error,
    summary: "An attribute that is synchronised as a custom field has more than 500 characters.",
    reason: "Google refuses the field.",
    profiles: GOOGLE,
    classes: USERS,
    attributes: &["those that --extension-attribute names"],
    limit: "500 characters; nothing is found where --extension-attribute names no attribute",
    fix: NOBODY,
    sources: &["IBM Security Verify: Supported data types for Google custom attributes"],
    example: Example {
        wrong: &[
            "givenName: A\nsn: B\nmail: a@contoso.com\nemployeeType: external\n# 501 characters",
        ],
        right: &[
            "givenName: A\nsn: B\nmail: a@contoso.com\nemployeeType: external\n# 500 characters",
        ],
    },
};

/// Two objects have the same address.
pub(super) static SHARED_ADDRESS: Rule = Rule {
    name: RuleName("google-duplicate-address"),
    label: "Duplicate",
    severity: Severity::Error,
    summary: "Two users or groups have the same address.",
    reason: "In Google an address names one user or one group, as mail or as alias, without regard \
             to case.",
    profiles: GOOGLE,
    classes: BOTH,
    attributes: ADDRESSES,
    limit: "one object over all exports that are checked together",
    fix: "none: which object keeps it, a person must decide",
    sources: &[NAMES, SYNC],
    example: Example {
        wrong: &[
            "givenName: A\nsn: B\nmail: sales@contoso.com",
            "objectClass: group\nmail: Sales@contoso.com",
        ],
        right: &[
            "givenName: A\nsn: B\nmail: ann@contoso.com",
            "objectClass: group\nmail: sales@contoso.com",
        ],
    },
};

/// A disabled account that Google is to have.
pub(super) static SUSPENDED: Rule = Rule {
    name: RuleName("google-disabled-account"),
    label: "Scope",
    severity: Severity::Info,
    summary: "A disabled account with mail is among those that Directory Sync takes.",
    reason: "Unless a rule for suspended users finds it, Google keeps the user active, with a licence.",
    profiles: GOOGLE,
    classes: USERS,
    attributes: &["userAccountControl", "mail"],
    limit: "no 0x2 in userAccountControl of a user who has mail",
    fix: "none: let Directory Sync suspend such users, or leave them out by an exclusion rule",
    sources: &["Practice with Directory Sync; no document says so"],
    example: Example {
        wrong: &["givenName: A\nsn: B\nuserAccountControl: 514\nmail: ann@contoso.com"],
        right: &["givenName: A\nsn: B\nuserAccountControl: 512\nmail: ann@contoso.com"],
    },
};
