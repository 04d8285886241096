//! The rules of the schema.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

pub(super) const RULES: &[&Rule] =
    &[&SINGLE, &RANGE, &SYNTAX, &RDN_LENGTH, &CONFLICT, &LOST, &INCOMPLETE, &UNIQUENESS_OFF];

const PROFILES: &[&str] = &["ad-schema", "entra", "entra-cloud-sync"];
/// Objects that are not synchronised are looked at by these.
const ALL_OBJECTS: &[&str] = &["ad-schema", "hygiene"];
const ANY: &[&str] = &["all of Active Directory's"];
const SCHEMA: &str = "Active Directory schema (AD_DS_Attributes_Windows_Server_v1903)";
const ADTS: &str = "Microsoft: [MS-ADTS]";
const NOBODY: &str = "none: which value it should be, a person must decide";

/// More values than one.
pub(super) static SINGLE: Rule = Rule {
    name: RuleName("schema-single-valued"),
    label: "Schema",
    severity: Severity::Error,
    summary: "An attribute that takes one value has several.",
    reason: "Active Directory refuses the second one: the export was put together from several, or \
             comes from another server.",
    profiles: PROFILES,
    classes: ANY,
    attributes: &["all single-valued ones of the table of attributes; mail in ad-schema only"],
    limit: "1 value; entries that have neither objectCategory nor a class of Active Directory are \
            not looked at",
    fix: "none: which value stays, a person must decide",
    sources: &[SCHEMA],
    example: Example {
        wrong: &["title: Engineer\ntitle: Senior Engineer"],
        right: &["title: Senior Engineer\notherTelephone: 1\notherTelephone: 2"],
    },
};

/// A value that is too long or too short, or a number that is too large.
pub(super) static RANGE: Rule = Rule {
    name: RuleName("schema-range"),
    label: "Schema",
    severity: Severity::Error,
    summary: "A value is longer or shorter, or a number larger, than its attribute takes.",
    reason: "Active Directory refuses the value.",
    profiles: PROFILES,
    classes: ANY,
    attributes: &[
        "all of the table of attributes; in the profiles entra and entra-cloud-sync those whose \
         length no other rule judges",
    ],
    limit: "rangeLower and rangeUpper of the schema: UTF-16 units of text, bytes of octets, the \
            number itself; that a value is empty matters in ad-schema only",
    fix: NOBODY,
    sources: &[SCHEMA],
    example: Example {
        wrong: &["middleName: Maria\n# 65 characters", "countryCode: 65536"],
        right: &["middleName: Maria\n# 64 characters", "countryCode: 65535"],
    },
};

/// A value of another kind.
pub(super) static SYNTAX: Rule = Rule {
    name: RuleName("schema-syntax"),
    label: "Schema",
    severity: Severity::Error,
    summary: "A value is no truth value, number, time, DN, GUID or SID where its attribute takes \
              such.",
    reason: "Active Directory refuses the value (invalidAttributeSyntax).",
    profiles: PROFILES,
    classes: ANY,
    attributes: &[
        "all of the table of attributes; in the profiles entra and entra-cloud-sync not those that \
         the server writes itself, objectGUID and objectSid apart",
    ],
    limit: "TRUE or FALSE; whole numbers of 32 or 64 bits; times as 20261231235959.0Z; DNs; 16 \
            bytes of a GUID and the bytes of a SID, or their text; ASCII, digits",
    fix: "TRUE or FALSE where the value means it; unsafe",
    sources: &[SCHEMA, ADTS],
    example: Example {
        wrong: &["msExchHideFromAddressLists: yes", "manager: Ann Archer", "accountExpires: never"],
        right: &[
            "msExchHideFromAddressLists: TRUE",
            "manager: CN=Ann Archer,OU=Staff,DC=contoso,DC=com",
            "accountExpires: 9223372036854775807",
        ],
    },
};

/// A name that is too long.
pub(super) static RDN_LENGTH: Rule = Rule {
    name: RuleName("rdn-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "The name of an object in its DN is longer than 64 characters.",
    reason: "Active Directory takes no longer cn or ou.",
    profiles: PROFILES,
    classes: ANY,
    attributes: &["dn"],
    limit: "64 UTF-16 units of CN and OU, where the entry does not show cn or ou itself: their \
            length is judged by other rules",
    fix: "none: a name is changed by moving the object",
    sources: &["Active Directory schema: cn and ou, rangeUpper 64"],
    example: Example {
        wrong: &["dn: OU=A department of the northern region whose name somebody wrote out in \
                  full,DC=contoso,DC=com\nobjectClass: organizationalUnit"],
        right: &["dn: OU=A department of the northern region,DC=contoso,DC=com\n\
                  objectClass: organizationalUnit"],
    },
};

/// An object that lost a replication conflict.
pub(super) static CONFLICT: Rule = Rule {
    name: RuleName("conflict-object"),
    label: "Conflict",
    severity: Severity::Error,
    summary: "An object lost a replication conflict: its name holds a line feed and CNF:.",
    reason: "Two objects of one name were made on two servers at the same time. This one is not \
             synchronised, and has what the other may lack.",
    profiles: ALL_OBJECTS,
    classes: ANY,
    attributes: &["dn"],
    limit: "no \\0ACNF: in a DN; the profile entra counts such objects among those that are not \
            synchronised",
    fix: "none: which of the two objects stays, a person must decide",
    sources: &[
        "Microsoft: Entra Connect Sync: Understanding the default configuration",
        "PingCastle: S-Duplicate",
    ],
    example: Example {
        wrong: &["dn: CN=Ann\\0ACNF:1c5f2d0e-8d2b-4a7e-9a41-0d5a3f6b7c88,DC=contoso,DC=com\n\
                  displayName: Ann"],
        right: &["dn: CN=Ann,DC=contoso,DC=com\ndisplayName: Ann"],
    },
};

/// An object without a place.
pub(super) static LOST: Rule = Rule {
    name: RuleName("lost-and-found"),
    label: "Conflict",
    severity: Severity::Warning,
    summary: "An object lies below CN=LostAndFound.",
    reason: "Its container was deleted while it was made or moved: it has no place that anybody \
             chose.",
    profiles: ALL_OBJECTS,
    classes: ANY,
    attributes: &["dn"],
    limit: "no object below CN=LostAndFound or CN=LostAndFoundConfig",
    fix: "none: where the object belongs, a person must decide",
    sources: &["Microsoft: [MS-ADTS] section 6.1.1.4, well-known objects"],
    example: Example {
        wrong: &["dn: CN=Ann,CN=LostAndFound,DC=contoso,DC=com\ndisplayName: Ann"],
        right: &["dn: CN=Ann,OU=Lost and found,DC=contoso,DC=com\ndisplayName: Ann"],
    },
};

/// An attribute of which the export holds a part.
pub(super) static INCOMPLETE: Rule = Rule {
    name: RuleName("export-incomplete"),
    label: "Incomplete",
    severity: Severity::Warning,
    summary: "The export holds a part of an attribute's values (;range=).",
    reason: "The server gave 1,500 values or so, and the tool did not ask for the others: nothing \
             that is said about the attribute holds for all of it.",
    profiles: &["ad-schema", "entra", "entra-cloud-sync", "exchange-online", "hygiene"],
    classes: ANY,
    attributes: &["all with the option range"],
    limit: "parts that follow each other from 0 to * are all values",
    fix: "none: make the export anew, with a tool that reads all ranges",
    sources: &["Microsoft: [MS-ADTS] section 3.1.1.3.1.3.3, range retrieval of values"],
    example: Example {
        wrong: &["objectClass: group\nmail: all@contoso.com\n\
                  member;range=0-1499: CN=Ann,DC=contoso,DC=com"],
        right: &["objectClass: group\nmail: all@contoso.com\n\
                  member;range=0-1499: CN=Ann,DC=contoso,DC=com\n\
                  member;range=1500-*: CN=Bob,DC=contoso,DC=com"],
    },
};

/// A directory that does not look for duplicates.
pub(super) static UNIQUENESS_OFF: Rule = Rule {
    name: RuleName("uniqueness-check-off"),
    label: "Hygiene",
    severity: Severity::Warning,
    summary: "The directory does not check that names are unique: dSHeuristics says so.",
    reason: "Domain controllers take two users with the same userPrincipalName, or two services \
             with the same servicePrincipalName. Entra ID does not.",
    profiles: ALL_OBJECTS,
    classes: &["nTDSService"],
    attributes: &["dSHeuristics"],
    limit: "character 21 is 0 or absent: 1 switches the check of userPrincipalName off, 2 that of \
            servicePrincipalName, 3 both",
    fix: "none: first the duplicates go, then the setting",
    sources: &["Microsoft: [MS-ADTS] section 6.1.1.2.4.1.2, dSHeuristics"],
    example: Example {
        wrong: &["objectClass: nTDSService\ndSHeuristics: 000000000100000000021"],
        right: &["objectClass: nTDSService\ndSHeuristics: 0000000001000000000201"],
    },
};
