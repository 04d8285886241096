//! The rules for names that people see.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

const ENTRA: &[&str] = &["entra", "entra-cloud-sync"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "contact"];
const HYGIENE: &[&str] = &["hygiene"];
const DISPLAY_NAME: &[&str] = &["displayName"];
const PREPARE: &str = "Microsoft: Prepare for directory synchronization to Microsoft 365";

/// White space only.
pub(super) static BLANK: Rule = Rule {
    name: RuleName("display-name-blank"),
    label: "Blank",
    severity: Severity::Error,
    summary: "A displayName consists of white space.",
    reason: "Entra ID takes no such name: the object is not synchronised.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: DISPLAY_NAME,
    limit: "no value, or one with more than white space",
    fix: "givenName and sn, or the cn where one of them is missing; unsafe",
    sources: &[PREPARE],
    example: Example {
        wrong: &["displayName:: IA==\ngivenName: Ann\nsn: Archer"],
        right: &["displayName: Ann Archer\ngivenName: Ann\nsn: Archer"],
    },
};

/// No name.
pub(super) static MISSING: Rule = Rule {
    name: RuleName("display-name-missing"),
    label: "Blank",
    severity: Severity::Info,
    summary: "A group or contact has no displayName.",
    reason: "Entra ID needs one and is given the cn: people see a name that was made for \
             administrators.",
    profiles: ENTRA,
    classes: &["group", "contact"],
    attributes: &["displayName", "cn"],
    limit: "one value",
    fix: "the cn; unsafe",
    sources: &[PREPARE, "github.com/microsoft/idfix issue 18"],
    example: Example {
        wrong: &["objectClass: group\ncn: SG-SALES-EU"],
        right: &["objectClass: group\ncn: SG-SALES-EU\ndisplayName: Sales Europe"],
    },
};

/// White space at the ends.
pub(super) static OUTER_SPACE: Rule = Rule {
    name: RuleName("display-name-outer-space"),
    label: "Invisible",
    severity: Severity::Warning,
    summary: "A displayName begins or ends with white space or with what nobody sees.",
    reason: "Exchange does not take such a name when the object is next changed, and people do not \
             find it where they look.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: DISPLAY_NAME,
    limit: "no white space, controls, zero-width characters or soft hyphen at the ends",
    fix: "the name without them; safe",
    sources: &["github.com/microsoft/idfix issue 62", "jonsonyang2006 blog: Exchange validation"],
    example: Example {
        wrong: &["displayName:: QW5uIEFyY2hlciA="],
        right: &["displayName: Ann Archer"],
    },
};

/// A character that is not expected in a name.
pub(super) static CHARACTER: Rule = Rule {
    name: RuleName("name-character"),
    label: "Character",
    severity: Severity::Info,
    summary: "A displayName, givenName or sn holds a character that names rarely have.",
    reason: "The object is synchronised, with a warning in some tools.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: &["displayName", "givenName", "sn"],
    limit: "none of ? @ \\ +",
    fix: "none: a name may be so",
    sources: &["Microsoft TechNet, 2014: List of attributes that are synced (hh852533)"],
    example: Example {
        wrong: &["displayName: Ann Archer @ Contoso"],
        right: &["displayName: Ann O'Neil-Archer (Sales)"],
    },
};

/// What nobody sees, within a text.
pub(super) static INVISIBLE: Rule = Rule {
    name: RuleName("text-invisible"),
    label: "Invisible",
    severity: Severity::Warning,
    summary: "A name, title or address holds a character that nobody sees.",
    reason: "A search for the text as people read it does not find it.",
    profiles: HYGIENE,
    classes: CLASSES,
    attributes: &[
        "displayName",
        "givenName",
        "sn",
        "title",
        "department",
        "company",
        "physicalDeliveryOfficeName",
        "l",
        "st",
        "co",
        "postalCode",
        "streetAddress",
        "telephoneNumber",
        "mobile",
        "employeeID",
    ],
    limit: "no controls, no-break and other special spaces, zero-width and bidirectional marks, \
            soft hyphen, byte order mark; line ends may stand in streetAddress, and the joiners \
            U+200C and U+200D between letters outside ASCII",
    fix: "a space for the spaces, nothing for the others; unsafe",
    sources: &["github.com/microsoft/idfix issue 62"],
    example: Example { wrong: &["department:: U2FsZXPCoEVV"], right: &["department: Sales EU"] },
};

/// Letters of several alphabets that look the same.
pub(super) static MIXED_SCRIPT: Rule = Rule {
    name: RuleName("mixed-script"),
    label: "Character",
    severity: Severity::Warning,
    summary: "A word of an address or logon name has both Latin and Cyrillic or Greek letters.",
    reason: "Some of these letters look alike: nobody can type the address from what they read, \
             and one name can pass for another.",
    profiles: HYGIENE,
    classes: CLASSES,
    attributes: &["userPrincipalName", "mail", "mailNickname", "proxyAddresses"],
    limit: "letters of one alphabet in a word",
    fix: "none: which letters are meant, a person must decide",
    sources: &["Unicode Technical Standard 39: Unicode security mechanisms"],
    example: Example {
        wrong: &["mail:: 0LBubkBjb250b3NvLmNvbQ=="],
        right: &["mail: ann@contoso.com"],
    },
};
