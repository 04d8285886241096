//! The rules of IdFix 2.6.0.3, by its labels.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

/// All rules of IdFix, in the order of its documentation.
pub(crate) const RULES: &[&Rule] = &[
    &LENGTH,
    &CHARACTER,
    &DUPLICATE,
    &BLANK,
    &FORMAT,
    &TOP_LEVEL_DOMAIN,
    &DOMAIN_PART,
    &LOCAL_PART,
];

const IDFIX: &str = "github.com/microsoft/idfix 2.6.0.3, rules of both modes";
const PREPARE: &str = "Microsoft: Prepare for directory synchronization to Microsoft 365";
const PEOPLE: &[&str] = &["user", "contact", "group"];
const ADDRESSES: &[&str] = &["mail", "proxyAddresses", "targetAddress", "userPrincipalName"];

/// A value that is too long.
pub static LENGTH: Rule = Rule {
    name: RuleName("idfix-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "A value is longer than synchronisation takes, in UTF-16 units.",
    reason: "The cloud refuses the attribute, and with it the object (ExceededAllowedLength).",
    classes: PEOPLE,
    attributes: &[
        "displayName",
        "givenName",
        "mail",
        "mailNickname",
        "proxyAddresses",
        "sAMAccountName",
        "targetAddress",
        "userPrincipalName",
    ],
    limit: "UTF-16 units: displayName 255, givenName 63, mail 256, mailNickname 64, each of \
            proxyAddresses 256, sAMAccountName 20 for users and 256 for others, targetAddress \
            255, userPrincipalName 113; with idfix-dedicated displayName and targetAddress 256",
    fix: "the beginning of the value that fits; unsafe",
    sources: &[IDFIX, PREPARE],
    example: Example {
        wrong: &["sAMAccountName: annabelle.archer-smythe"],
        right: &["sAMAccountName: annabelle.archer"],
    },
};

/// A character that the attribute must not hold.
pub static CHARACTER: Rule = Rule {
    name: RuleName("idfix-character"),
    label: "Character",
    severity: Severity::Error,
    summary: "A value holds characters that the attribute must not hold.",
    reason: "The cloud refuses the value (IdentityDataValidationFailed), or replaces the \
             characters and the address is another one.",
    classes: PEOPLE,
    attributes: &[
        "mail",
        "mailNickname",
        "proxyAddresses",
        "sAMAccountName",
        "targetAddress",
        "userPrincipalName",
    ],
    limit: "sAMAccountName: none of \\ \" | , / [ ] : < > + = ; ? *. userPrincipalName: no white \
            space and none of \\ % & * + / = ? ' { } | < > ( ) ; : , [ ] \". proxyAddresses of \
            type SMTP: no white space and none of < > ( ) ; , [ ] \", and one colon. \
            targetAddress the same and no \\. mailNickname: no periods at the start; with \
            idfix-dedicated a longer list, and no white space at the ends of displayName",
    fix: "the value without these characters; safe where that only trims white space at the ends \
          of a value that nobody logs in or receives mail by, unsafe otherwise",
    sources: &[IDFIX, PREPARE],
    example: Example {
        wrong: &["userPrincipalName: ann archer@contoso.com"],
        right: &["userPrincipalName: ann.archer@contoso.com"],
    },
};

/// A value that an earlier entry holds.
pub static DUPLICATE: Rule = Rule {
    name: RuleName("idfix-duplicate"),
    label: "Duplicate",
    severity: Severity::Error,
    summary: "An earlier value of the same attribute is the same without regard to case.",
    reason: "The second object is not synchronised, or without the value \
             (AttributeValueMustBeUnique).",
    classes: PEOPLE,
    attributes: &[
        "mail",
        "mailNickname",
        "proxyAddresses",
        "sAMAccountName",
        "targetAddress",
        "userPrincipalName",
    ],
    limit: "one holder over all exports that are checked together; sAMAccountName only where the \
            entry has no userPrincipalName",
    fix: "an exact copy within one entry is removed (safe); the first address of an entry without \
          mailNickname is removed (unsafe); otherwise a person must decide",
    sources: &[IDFIX, PREPARE],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann@contoso.com", "proxyAddresses: smtp:Ann@contoso.com"],
        right: &[
            "proxyAddresses: SMTP:ann@contoso.com",
            "proxyAddresses: smtp:ann.archer@contoso.com",
        ],
    },
};

/// A value that must be there.
pub static BLANK: Rule = Rule {
    name: RuleName("idfix-blank"),
    label: "Blank",
    severity: Severity::Error,
    summary: "An attribute that must have a value is absent or empty.",
    reason: "The object appears without a name, or is not synchronised.",
    classes: PEOPLE,
    attributes: &["displayName", "mailNickname", "targetAddress"],
    limit: "idfix-multitenant: displayName. idfix-dedicated: displayName of groups, mailNickname \
            of contacts, targetAddress of contacts and of users without homeMDB",
    fix: "the cn for displayName, givenName.sn for mailNickname, the mail of a contact for \
          targetAddress; unsafe",
    sources: &[IDFIX],
    example: Example { wrong: &["mail: ann@contoso.com"], right: &["displayName: Ann Archer"] },
};

/// An address that is none even after its correction.
pub static FORMAT: Rule = Rule {
    name: RuleName("idfix-format"),
    label: "Format",
    severity: Severity::Error,
    summary: "A mail address is not of the form local-part@domain even after its suggested \
              correction.",
    reason: "The cloud drops an address that is none, and a user without one cannot sign in.",
    classes: PEOPLE,
    attributes: ADDRESSES,
    limit: "RFC 2822 addr-spec as IdFix reads it; mail with idfix-dedicated only",
    fix: "the parts of the address that can be told; unsafe",
    sources: &[IDFIX, "RFC 2822 section 3.4.1"],
    example: Example {
        wrong: &["userPrincipalName: ann.archer"],
        right: &["userPrincipalName: ann.archer@contoso.com"],
    },
};

/// An address whose last label is no public domain.
pub static TOP_LEVEL_DOMAIN: Rule = Rule {
    name: RuleName("idfix-top-level-domain"),
    label: "TopLevelDomain",
    severity: Severity::Error,
    summary: "A mail address ends in a label that is no public top-level domain.",
    reason: "A domain that is not routable cannot be verified: the user gets an address of the \
             tenant's initial domain.",
    classes: PEOPLE,
    attributes: ADDRESSES,
    limit: "IdFix's own list of top-level domains, which has none that came after 2.6.0.3",
    fix: "none: which domain it should be, a person must decide",
    sources: &[IDFIX, PREPARE],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.local"],
        right: &["userPrincipalName: ann@contoso.com"],
    },
};

/// An address whose domain is none.
pub static DOMAIN_PART: Rule = Rule {
    name: RuleName("idfix-domain-part"),
    label: "DomainPart",
    severity: Severity::Error,
    summary: "The part of a mail address behind the @ is no domain name.",
    reason: "Mail to the address is not delivered, and the cloud drops it.",
    classes: PEOPLE,
    attributes: ADDRESSES,
    limit: "labels of letters, digits and inner hyphens, with dots between them",
    fix: "the domain without the characters that it must not hold; unsafe",
    sources: &[IDFIX, "RFC 1035 section 2.3.1"],
    example: Example {
        wrong: &["userPrincipalName: ann@-contoso.com"],
        right: &["userPrincipalName: ann@contoso.com"],
    },
};

/// An address whose local part is none.
pub static LOCAL_PART: Rule = Rule {
    name: RuleName("idfix-local-part"),
    label: "LocalPart",
    severity: Severity::Error,
    summary: "The part of a mail address before the @ is no dot-atom, or there is more than one @.",
    reason: "Mail to the address is not delivered, and the cloud drops it.",
    classes: PEOPLE,
    attributes: ADDRESSES,
    limit: "atoms with single dots between them, one @",
    fix: "the local part without the characters that it must not hold; unsafe",
    sources: &[IDFIX, "RFC 2822 section 3.4.1"],
    example: Example {
        wrong: &["userPrincipalName: ann@@contoso.com"],
        right: &["userPrincipalName: ann@contoso.com"],
    },
};
