//! The rules of proxyAddresses and their documentation.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

/// The rules, in the order of the catalogue.
pub(super) static RULES: &[&Rule] = &[
    &TYPE_MISSING,
    &SPACE,
    &CHARACTER,
    &COLON,
    &NON_ASCII,
    &IDN,
    &REPLACED,
    &HASH,
    &LOCAL_PART,
    &DOMAIN,
    &LENGTH,
    &PRIMARY_MISSING,
    &SEVERAL_PRIMARIES,
    &SEVERAL_OF_TYPE,
    &REPEATED,
    &RESERVED,
    &ROUTING,
    &UNVERIFIED,
    &NOT_ROUTABLE,
    &LEGACY,
    &SMTP_MISSING,
    &MANY,
    &TOO_MANY,
    &MISSING,
    &LEGACY_DN,
    &SIP,
];

const ENTRA: &[&str] = &["entra", "entra-cloud-sync", "exchange-online"];
const HYGIENE: &[&str] = &["hygiene"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "contact"];
const USERS: &[&str] = &["user", "inetOrgPerson"];
const PROXY: &[&str] = &["proxyAddresses"];
const WITH_MAIL: &[&str] = &["proxyAddresses", "mail"];
const PREPARE: &str = "Microsoft: Prepare for directory synchronization to Microsoft 365";
const POPULATION: &str =
    "Microsoft: How the proxyAddresses attribute is populated in Entra ID (KB3190357)";
const UNDERSCORE: &str = "Microsoft: Email address contains an underscore (2001616)";
const ADDRESSES: &str = "Microsoft: Add or remove email addresses for a mailbox";
const POLICIES: &str = "Microsoft: Email address policies in Exchange";
const ERRORS: &str = "Microsoft: Troubleshoot errors during synchronization";
const ENGINEERING: &str = "experience; no document of a vendor says so";

/// No type before the address.
pub(in super::super) static TYPE_MISSING: Rule = Rule {
    name: RuleName("proxy-type-missing"),
    label: "Prefix",
    severity: Severity::Warning,
    summary: "A proxyAddresses value does not begin with the type of the address.",
    reason: "The cloud discards the value: mail to the address is not delivered.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "letters and digits before the first colon, as in smtp:, SMTP:, X500: or SIP:",
    fix: "smtp: before it where it is an address, SMTP: where the entry has no primary one; safe \
          as smtp:, unsafe as SMTP:",
    sources: &[POPULATION],
    example: Example {
        wrong: &["proxyAddresses: ann@contoso.com"],
        right: &["proxyAddresses: SMTP:ann@contoso.com"],
    },
};

/// White space and what nobody sees.
pub(in super::super) static SPACE: Rule = Rule {
    name: RuleName("proxy-space"),
    label: "Invisible",
    severity: Severity::Error,
    summary: "An SMTP or SIP address holds white space or a character that nobody sees.",
    reason: "The cloud discards the address, or the object is not synchronised.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "no white space, controls, zero-width or bidirectional marks, no soft hyphen; X400, \
            X500, EUM and other types keep theirs",
    fix: "the address without them; safe where only the ends of a secondary address are trimmed, \
          unsafe otherwise",
    sources: &[PREPARE, POPULATION],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann archer@contoso.com"],
        right: &[
            "proxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: x500:/o=Contoso/ou=First Administrative Group/cn=ann",
        ],
    },
};

/// A character that is not allowed.
pub(in super::super) static CHARACTER: Rule = Rule {
    name: RuleName("proxy-character"),
    label: "Character",
    severity: Severity::Error,
    summary: "An SMTP address holds a character that is not allowed.",
    reason: "The object is not synchronised.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "none of < > ( ) ; , [ ] \" in SMTP addresses; X400, X500, EUM and other types keep \
            theirs; the apostrophe is allowed",
    fix: "the address without the character; unsafe",
    sources: &[PREPARE],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann(sales)@contoso.com"],
        right: &[
            "proxyAddresses: SMTP:ann.o'neil@contoso.com\nproxyAddresses: X500:/o=Contoso/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=ann",
        ],
    },
};

/// A second colon.
pub(in super::super) static COLON: Rule = Rule {
    name: RuleName("proxy-colon"),
    label: "Format",
    severity: Severity::Error,
    summary: "An SMTP address holds a colon behind the one that ends its type.",
    reason: "The object is not synchronised.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "one colon, behind the type",
    fix: "the address without the second colon, or without a type that stands twice; unsafe",
    sources: &[PREPARE],
    example: Example {
        wrong: &["proxyAddresses: SMTP:user:M@contoso.com"],
        right: &["proxyAddresses: SMTP:userM@contoso.com"],
    },
};

/// Letters outside ASCII.
pub(in super::super) static NON_ASCII: Rule = Rule {
    name: RuleName("proxy-non-ascii"),
    label: "Character",
    severity: Severity::Error,
    summary: "An SMTP address holds letters with diacritics or of another script before the @.",
    reason: "Synchronisation takes no internationalised addresses.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "ASCII",
    fix: "the letters of ASCII that stand for them (--transliterate); unsafe",
    sources: &[PREPARE, "github.com/MicrosoftDocs/microsoft-365-docs issue 7395"],
    example: Example {
        wrong: &["proxyAddresses:: U01UUDpqw7xyZ2VuQGNvbnRvc28uY29t"],
        right: &["proxyAddresses: SMTP:jurgen@contoso.com"],
    },
};

/// A domain in another script than ASCII.
pub(in super::super) static IDN: Rule = Rule {
    name: RuleName("proxy-idn"),
    label: "DomainPart",
    severity: Severity::Error,
    summary: "The domain of an SMTP address is written with letters outside ASCII.",
    reason: "Synchronisation takes ASCII only; the domain has a form in ASCII, which mail uses \
             too.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "labels of ASCII; those of an internationalised domain begin with xn--",
    fix: "the domain in ASCII (A-labels); safe for a secondary address, unsafe for the primary one",
    sources: &[PREPARE, "RFC 5890 section 2.3.2.1"],
    example: Example {
        wrong: &["proxyAddresses:: U01UUDphbm5AbcO8bGxlci5kZQ=="],
        right: &["proxyAddresses: SMTP:ann@xn--mller-kva.de"],
    },
};

/// A character that becomes an underscore.
pub(in super::super) static REPLACED: Rule = Rule {
    name: RuleName("proxy-replaced"),
    label: "Character",
    severity: Severity::Warning,
    summary: "An SMTP address holds a character before the @ that the cloud replaces by an \
              underscore.",
    reason: "The address in the cloud is another one than the one that people know.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "none of ` | = ? / % before the @; the apostrophe and & are kept",
    fix: "the address with underscores, as the cloud has it; unsafe",
    sources: &[UNDERSCORE, "github.com/MicrosoftDocs/OfficeDocs-Support issue 707"],
    example: Example {
        wrong: &["proxyAddresses: SMTP:sales=oslo@contoso.com"],
        right: &["proxyAddresses: SMTP:sales_oslo@contoso.com"],
    },
};

/// # in the address of a group.
pub(in super::super) static HASH: Rule = Rule {
    name: RuleName("proxy-hash"),
    label: "Character",
    severity: Severity::Error,
    summary: "An SMTP address of a group or a shared mailbox holds #.",
    reason: "The cloud refuses the address for groups and shared mailboxes.",
    profiles: ENTRA,
    classes: &["group", "user", "inetOrgPerson"],
    attributes: &["proxyAddresses", "msExchRecipientTypeDetails"],
    limit: "no # before the @ of a group or a shared mailbox",
    fix: "the address without it; unsafe",
    sources: &["Microsoft: Username contains special character (2439357)"],
    example: Example {
        wrong: &["objectClass: group\nproxyAddresses: SMTP:sales#1@contoso.com"],
        right: &["objectClass: group\nproxyAddresses: SMTP:sales1@contoso.com"],
    },
};

/// No local part that mail knows.
pub(in super::super) static LOCAL_PART: Rule = Rule {
    name: RuleName("proxy-local-part"),
    label: "LocalPart",
    severity: Severity::Warning,
    summary: "The part of an SMTP address before the @ is none that mail can be sent to.",
    reason: "The cloud discards the address.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "atoms of RFC 5322 with single dots between them, one @ behind them",
    fix: "the address without the stray dots; safe for a secondary address, unsafe for the primary \
          one and for everything else",
    sources: &[POPULATION, ADDRESSES, "RFC 5322 section 3.4.1"],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann.@contoso.com"],
        right: &["proxyAddresses: SMTP:ann.b@contoso.com"],
    },
};

/// No domain.
pub(in super::super) static DOMAIN: Rule = Rule {
    name: RuleName("proxy-domain"),
    label: "DomainPart",
    severity: Severity::Warning,
    summary: "The part of an SMTP address behind the @ is missing or no domain name.",
    reason: "The cloud discards the address.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "labels of letters, digits and inner hyphens with single dots between them; no address \
            in brackets",
    fix: "the address without stray dots; safe for a secondary address, unsafe for the primary \
          one; none for everything else",
    sources: &[POPULATION, "RFC 5322 section 3.4.1", "RFC 1035 section 2.3.1"],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann@contoso..com"],
        right: &["proxyAddresses: SMTP:ann@contoso.com"],
    },
};

/// Too long.
pub(in super::super) static LENGTH: Rule = Rule {
    name: RuleName("proxy-length"),
    label: "Length",
    severity: Severity::Error,
    summary: "A proxyAddresses value, or a part of an SMTP address, is too long.",
    reason: "The object is not synchronised (ExceededAllowedLength), or no server accepts mail to \
             the address.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "256 UTF-16 units a value; of an SMTP address also, in bytes: 254 in all, 64 before the \
            @, 255 behind it, 63 a label",
    fix: "none: which address it should be, a person must decide",
    sources: &[PREPARE, "RFC 5321 section 4.5.3.1", "RFC 1035 section 2.3.4"],
    example: Example {
        wrong: &[
            "proxyAddresses: SMTP:annabelle-victoria-archer-smythe-of-the-contoso-sales-dept-in-london@contoso.com",
        ],
        right: &["proxyAddresses: SMTP:annabelle.archer@contoso.com"],
    },
};

/// No primary address.
pub(in super::super) static PRIMARY_MISSING: Rule = Rule {
    name: RuleName("proxy-primary-missing"),
    label: "Primary",
    severity: Severity::Warning,
    summary: "An entry has SMTP addresses, and none of them is the primary one (SMTP: in \
              capitals).",
    reason: "The cloud makes the address in the initial domain the primary one: people answer to \
             an address that nobody knows.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: WITH_MAIL,
    limit: "one value that begins with SMTP:",
    fix: "SMTP: for the address that mail names, or for the only one; where mail names another, \
          that one is added; unsafe",
    sources: &["Microsoft Support 2643629"],
    example: Example {
        wrong: &["mail: ann@contoso.com\nproxyAddresses: smtp:ann@contoso.com"],
        right: &["mail: ann@contoso.com\nproxyAddresses: SMTP:ann@contoso.com"],
    },
};

/// Several primary addresses.
pub(in super::super) static SEVERAL_PRIMARIES: Rule = Rule {
    name: RuleName("proxy-primary-several"),
    label: "Primary",
    severity: Severity::Error,
    summary: "An entry has more than one primary SMTP address.",
    reason: "The cloud takes one of them, or refuses the object.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: WITH_MAIL,
    limit: "one value that begins with SMTP:",
    fix: "smtp: for those that are not the mail address; none where mail is none of them; unsafe",
    sources: &[ADDRESSES],
    example: Example {
        wrong: &[
            "mail: ann@contoso.com\nproxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: SMTP:archer@contoso.com",
        ],
        right: &[
            "mail: ann@contoso.com\nproxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: smtp:archer@contoso.com",
        ],
    },
};

/// Several primary addresses of another type.
pub(in super::super) static SEVERAL_OF_TYPE: Rule = Rule {
    name: RuleName("proxy-type-primary-several"),
    label: "Primary",
    severity: Severity::Warning,
    summary: "An entry has more than one primary SIP, X500 or EUM address.",
    reason: "There is one reply address of each type: which one it is, is left to chance.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "one value in capitals of each type",
    fix: "the type in small letters behind the first; unsafe; none for X500, which is never \
          touched",
    sources: &[POLICIES],
    example: Example {
        wrong: &["proxyAddresses: SIP:ann@contoso.com\nproxyAddresses: SIP:archer@contoso.com"],
        right: &["proxyAddresses: SIP:ann@contoso.com\nproxyAddresses: sip:archer@contoso.com"],
    },
};

/// The same address twice.
pub(in super::super) static REPEATED: Rule = Rule {
    name: RuleName("proxy-repeated"),
    label: "Duplicate",
    severity: Severity::Warning,
    summary: "An entry has the same address twice.",
    reason: "The cloud keeps one of the two, and which is primary can change with it.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "each address once, without regard to case and to the case of its type",
    fix: "the secondary one is removed; safe; unsafe where both are primary, none for X500 unless \
          it is an exact copy",
    sources: &[PREPARE],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: smtp:Ann@contoso.com"],
        right: &["proxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: SIP:ann@contoso.com"],
    },
};

/// An address that belongs to the cloud.
pub(in super::super) static RESERVED: Rule = Rule {
    name: RuleName("proxy-reserved"),
    label: "Reserved",
    severity: Severity::Warning,
    summary: "The domain of an SMTP address belongs to Microsoft's cloud.",
    reason: "The cloud discards the address and makes its own.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "not at or below onmicrosoft.com or microsoftonline.com",
    fix: "none: which domain it should be, a person must decide",
    sources: &[POPULATION],
    example: Example {
        wrong: &[
            "proxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: smtp:ann@contoso.onmicrosoft.com",
        ],
        right: &["proxyAddresses: SMTP:ann@contoso.com"],
    },
};

/// An address for hybrid mail.
pub(in super::super) static ROUTING: Rule = Rule {
    name: RuleName("proxy-routing"),
    label: "Reserved",
    severity: Severity::Info,
    summary: "An SMTP address is one for the mail flow between Exchange and the cloud.",
    reason: "The cloud discards it and makes its own; Exchange needs it in a hybrid organisation.",
    // Every mailbox of a hybrid organisation has one: a finding for each
    // would hide the others.
    profiles: HYGIENE,
    classes: CLASSES,
    attributes: PROXY,
    limit: "not at TENANT.mail.onmicrosoft.com",
    fix: "none: a hybrid organisation needs it",
    sources: &[POPULATION],
    example: Example {
        wrong: &[
            "proxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: smtp:ann@contoso.mail.onmicrosoft.com",
        ],
        right: &["proxyAddresses: SMTP:ann@contoso.com"],
    },
};

/// A domain that the tenant does not have.
pub(in super::super) static UNVERIFIED: Rule = Rule {
    name: RuleName("proxy-unverified"),
    label: "Unverified",
    severity: Severity::Warning,
    summary: "The domain of a user's SMTP address is not verified in the tenant.",
    reason: "The cloud removes the address once the user has a mailbox.",
    profiles: ENTRA,
    classes: USERS,
    attributes: PROXY,
    limit: "one of --verified-domain; nothing is found where none is named",
    fix: "the domain that --map-domain names for it; unsafe",
    sources: &[POPULATION],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann@fabrikam.com"],
        right: &["proxyAddresses: SMTP:ann@contoso.com"],
    },
};

/// A domain that the Internet does not know.
pub(in super::super) static NOT_ROUTABLE: Rule = Rule {
    name: RuleName("proxy-not-routable"),
    label: "TopLevelDomain",
    severity: Severity::Warning,
    summary: "The domain of an SMTP address is no domain of the Internet.",
    reason: "It cannot be verified, and no mail from outside arrives.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "two labels or more, the last one a top-level domain of IANA's list",
    fix: "the domain that --map-domain names for it; else a secondary address is removed; unsafe",
    sources: &[PREPARE, "IANA: root zone database"],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: smtp:ann@contoso.local"],
        right: &["proxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: smtp:ann@contoso.cloud"],
    },
};

/// An address of a mail system of the past.
pub(in super::super) static LEGACY: Rule = Rule {
    name: RuleName("proxy-legacy-type"),
    label: "Prefix",
    severity: Severity::Info,
    summary: "An entry has an X400 or MSMAIL address.",
    reason: "The cloud discards it; within Exchange, replies to old mail can need it.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "no value of the types X400 and MSMAIL",
    fix: "none: it does no harm",
    sources: &[POPULATION],
    example: Example {
        wrong: &[
            "proxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: X400:c=US;a= ;p=Contoso;o=Exchange;s=Archer;g=Ann;",
        ],
        right: &["proxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: X500:/o=Contoso/cn=ann"],
    },
};

/// No SMTP address.
pub(in super::super) static SMTP_MISSING: Rule = Rule {
    name: RuleName("proxy-smtp-missing"),
    label: "Primary",
    severity: Severity::Warning,
    summary: "A group or contact has proxyAddresses, and no SMTP address among them.",
    reason: "It has no mail in the cloud.",
    profiles: ENTRA,
    classes: &["group", "contact"],
    attributes: WITH_MAIL,
    limit: "one value that begins with SMTP:",
    fix: "SMTP: and the mail address; unsafe",
    sources: &["Microsoft: Entra Connect: understanding users, groups and contacts"],
    example: Example {
        wrong: &[
            "objectClass: group\nmail: sales@contoso.com\nproxyAddresses: X500:/o=Contoso/cn=sales",
        ],
        right: &[
            "objectClass: group\nproxyAddresses: SMTP:sales@contoso.com\nproxyAddresses: X500:/o=Contoso/cn=sales",
        ],
    },
};

/// Many addresses.
pub(in super::super) static MANY: Rule = Rule {
    name: RuleName("proxy-many"),
    label: "Count",
    severity: Severity::Warning,
    summary: "An entry has more than 300 addresses.",
    reason: "With more of them, or with certificates, the object is too large for the cloud.",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "300 values",
    fix: "none: which ones can go, a person must decide",
    sources: &[ERRORS],
    example: Example { wrong: &[addresses!(301)], right: &[addresses!(300)] },
};

/// Too many addresses.
pub(in super::super) static TOO_MANY: Rule = Rule {
    name: RuleName("proxy-too-many"),
    label: "Count",
    severity: Severity::Error,
    summary: "An entry has more than 329 addresses.",
    reason: "The object is not synchronised (LargeObject, ExceededAllowedLength).",
    profiles: ENTRA,
    classes: CLASSES,
    attributes: PROXY,
    limit: "329 values, as an entry with mailNickname and ten certificates may have",
    fix: "none: which ones can go, a person must decide",
    sources: &[ERRORS, "Microsoft Support 3196424"],
    example: Example { wrong: &[addresses!(330)], right: &[addresses!(320)] },
};

/// No address at all.
pub(in super::super) static MISSING: Rule = Rule {
    name: RuleName("proxy-missing"),
    label: "Blank",
    severity: Severity::Warning,
    summary: "A user with a mailbox or an alias has neither proxyAddresses nor a mail address.",
    reason: "Users need a valid and unique address to get a licence for mail; the cloud makes one \
             in the initial domain.",
    profiles: ENTRA,
    classes: USERS,
    attributes: &[
        "proxyAddresses",
        "mail",
        "userPrincipalName",
        "mailNickname",
        "homeMDB",
        "msExchRecipientTypeDetails",
    ],
    limit: "one SMTP address, or mail, where an attribute of Exchange is there",
    fix: "SMTP: and the userPrincipalName; unsafe",
    sources: &[PREPARE],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.com\nmailNickname: ann"],
        right: &[
            "userPrincipalName: ann@contoso.com\nmailNickname: ann\nproxyAddresses: SMTP:ann@contoso.com",
        ],
    },
};

/// A former name that is forgotten.
pub(in super::super) static LEGACY_DN: Rule = Rule {
    name: RuleName("proxy-legacy-dn"),
    label: "Hygiene",
    severity: Severity::Info,
    summary: "A user whose mailbox has moved to the cloud has a legacyExchangeDN that is none of \
              the X500 addresses.",
    reason: "Replies to old mail, and meetings, can be refused.",
    profiles: HYGIENE,
    classes: USERS,
    attributes: &["legacyExchangeDN", "proxyAddresses", "msExchRecipientTypeDetails"],
    limit: "an X500 address of that name where the mailbox is in the cloud",
    fix: "X500: and the legacyExchangeDN; unsafe",
    sources: &[ENGINEERING],
    example: Example {
        wrong: &[
            "msExchRecipientTypeDetails: 2147483648\nlegacyExchangeDN: /o=Contoso/cn=ann\nproxyAddresses: SMTP:ann@contoso.com",
        ],
        right: &[
            "msExchRecipientTypeDetails: 2147483648\nlegacyExchangeDN: /o=Contoso/cn=ann\nproxyAddresses: SMTP:ann@contoso.com\nproxyAddresses: X500:/o=Contoso/cn=ann",
        ],
    },
};

/// Another address to call than to write to.
pub(in super::super) static SIP: Rule = Rule {
    name: RuleName("proxy-sip"),
    label: "MailMatch",
    severity: Severity::Info,
    summary: "A user's SIP address is neither the userPrincipalName nor the primary SMTP address.",
    reason: "People are called by another name than they are written to.",
    profiles: HYGIENE,
    classes: USERS,
    attributes: &["proxyAddresses", "userPrincipalName"],
    limit: "the same without regard to case",
    fix: "SIP: and the userPrincipalName; unsafe",
    sources: &[ENGINEERING],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.com\nproxyAddresses: SIP:archer@contoso.com"],
        right: &["userPrincipalName: ann@contoso.com\nproxyAddresses: SIP:Ann@contoso.com"],
    },
};
