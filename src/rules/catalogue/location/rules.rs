//! The rules for countries, places, languages and telephone numbers.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

const ENTRA: &[&str] = &["entra", "entra-cloud-sync"];
const HYGIENE: &[&str] = &["hygiene"];
const USERS: &[&str] = &["user", "inetOrgPerson"];
const GRAPH: &str = "Microsoft Graph: user resource type, usageLocation";
const ISO: &str = "ISO 3166-1 alpha-2";

/// No country.
pub(super) static COUNTRY: Rule = Rule {
    name: RuleName("country-code"),
    label: "Format",
    severity: Severity::Error,
    summary: "The c attribute of a user is not the code of a country.",
    reason: "It becomes the usage location where msExchUsageLocation is absent: no licence can be \
             assigned to the user.",
    profiles: ENTRA,
    classes: USERS,
    attributes: &["c"],
    limit: "two capital letters that ISO 3166-1 gives to a country, or XK",
    fix: "the code that is meant by small letters, by three letters or by UK; unsafe",
    sources: &[GRAPH, ISO],
    example: Example { wrong: &["c: UK"], right: &["c: GB"] },
};

/// No country, where licences are assigned.
pub(super) static USAGE_LOCATION: Rule = Rule {
    name: RuleName("usage-location"),
    label: "Format",
    severity: Severity::Error,
    summary: "The msExchUsageLocation of a user is not the code of a country.",
    reason: "It becomes the usage location: no licence can be assigned to the user.",
    profiles: ENTRA,
    classes: USERS,
    attributes: &["msExchUsageLocation", "c"],
    limit: "two capital letters that ISO 3166-1 gives to a country, or XK",
    fix: "the code that is meant, or that of the c attribute; unsafe",
    sources: &[GRAPH, ISO],
    example: Example {
        wrong: &["msExchUsageLocation: Germany"],
        right: &["msExchUsageLocation: DE"],
    },
};

/// No location of data.
pub(super) static DATA_LOCATION: Rule = Rule {
    name: RuleName("preferred-data-location"),
    label: "Format",
    severity: Severity::Warning,
    summary: "An msDS-preferredDataLocation is not the code of a data location.",
    reason: "A mailbox and files are not moved to where they should be.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "group", "contact"],
    attributes: &["msDS-preferredDataLocation"],
    limit: "three letters, as NAM, EUR, APC; 10 characters in Active Directory",
    fix: "none: which location is meant, a person must decide",
    sources: &[
        "Active Directory schema: msDS-preferredDataLocation, rangeUpper 10",
        "Microsoft: Entra Connect Sync: Configure preferred data location",
    ],
    example: Example {
        wrong: &["msDS-preferredDataLocation: Europe"],
        right: &["msDS-preferredDataLocation: EUR"],
    },
};

/// Two countries.
pub(super) static CONTRADICTION: Rule = Rule {
    name: RuleName("country-contradiction"),
    label: "Hygiene",
    severity: Severity::Info,
    summary: "The attributes c and countryCode name different countries.",
    reason: "Windows sets both at once: another tool has set one of them alone.",
    profiles: HYGIENE,
    classes: USERS,
    attributes: &["countryCode", "c"],
    limit: "the number that ISO 3166-1 gives to the country; 0 says that none was set",
    fix: "the number of c; unsafe",
    sources: &["ISO 3166-1 numeric"],
    example: Example { wrong: &["c: DE\ncountryCode: 826"], right: &["c: DE\ncountryCode: 276"] },
};

/// No telephone number of the world.
pub(super) static TELEPHONE: Rule = Rule {
    name: RuleName("telephone-format"),
    label: "Format",
    severity: Severity::Info,
    summary: "A telephone number does not begin with + and the code of a country.",
    reason: "It cannot be called from abroad, and a user cannot reset a password with it.",
    profiles: HYGIENE,
    classes: USERS,
    attributes: &["telephoneNumber", "mobile"],
    limit: "+, 7 to 15 digits with spaces, hyphens, dots, slashes and brackets between them, and an \
            extension behind x or ext.",
    fix: "none: which country is meant, a person must decide",
    sources: &["ITU-T E.164", "Microsoft: Self-service password reset, contact data"],
    example: Example {
        wrong: &["telephoneNumber: 020 7946 0018"],
        right: &["telephoneNumber: +44 (0)20 7946-0018 x12"],
    },
};

/// No language.
pub(super) static LANGUAGE: Rule = Rule {
    name: RuleName("preferred-language"),
    label: "Format",
    severity: Severity::Info,
    summary: "A preferredLanguage is not the tag of a language.",
    reason: "Services show another language than the user wants.",
    profiles: HYGIENE,
    classes: USERS,
    attributes: &["preferredLanguage"],
    limit: "two or three letters, and parts of up to eight letters and digits behind hyphens, as \
            en-US",
    fix: "hyphens for underscores; unsafe",
    sources: &["BCP 47", "Microsoft Graph: user resource type, preferredLanguage"],
    example: Example { wrong: &["preferredLanguage: en_US"], right: &["preferredLanguage: en-US"] },
};
