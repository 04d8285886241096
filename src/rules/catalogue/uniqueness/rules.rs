//! The rules about what several objects hold, with their documentation.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

/// The rules, in the order of the catalogue.
pub(in crate::rules) static RULES: &[&Rule] = &[
    &PRINCIPAL_NAME,
    &ADDRESS,
    &NAME_IS_ADDRESS,
    &ADDRESS_IS_MAIL,
    &OTHER_KIND,
    &EQUIVALENT,
    &MAIL,
    &MASKED_MAIL,
    &TARGET,
    &ALIAS,
    &PREDICTED_ALIAS,
    &PREDICTED_NAME,
    &MOERA,
    &PREDICTED_ADDRESS,
    &ACCOUNT,
    &ACCOUNT_IN_FOREST,
    &ANCHOR,
    &SID,
    &PUBLIC_FOLDER,
    &ENTRY,
    &SERVICE,
    &MAILBOX,
    &ROUTE,
];

const PROFILES: &[&str] = &["entra", "entra-cloud-sync", "exchange-online"];
const ALL: &[&str] = &["user", "inetOrgPerson", "group", "contact"];
const ADDRESSES: &[&str] = &["userPrincipalName", "proxyAddresses", "mail"];
const NONE: &str = "none: which object keeps it, a person must decide";
const ERRORS: &str = "Microsoft: Troubleshoot errors during synchronization, \
                      AttributeValueMustBeUnique and InvalidSoftMatch";
const RESILIENCY: &str = "Microsoft: Duplicate attribute resiliency";
const POPULATION: &str =
    "Microsoft: How the proxyAddresses attribute is populated in Entra ID (KB3190357)";
const POPULATION_OF_NAMES: &str = "Microsoft: Microsoft Entra UserPrincipalName population";
const PREPARE: &str = "Microsoft: Prepare for directory synchronization to Microsoft 365";

const fn rule(
    name: &'static str,
    severity: Severity,
    summary: &'static str,
    reason: &'static str,
) -> Rule {
    Rule {
        name: RuleName(name),
        label: "Duplicate",
        severity,
        summary,
        reason,
        profiles: PROFILES,
        classes: ALL,
        attributes: ADDRESSES,
        limit: "one object over all exports that are checked together, without regard to case",
        fix: NONE,
        sources: &[ERRORS, RESILIENCY],
        example: Example { wrong: &[], right: &[] },
    }
}

/// Two users sign in with the same name.
pub(in crate::rules::catalogue) static PRINCIPAL_NAME: Rule = Rule {
    classes: &["user", "inetOrgPerson"],
    attributes: &["userPrincipalName"],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.com", "userPrincipalName: Ann@contoso.com"],
        right: &["userPrincipalName: ann@contoso.com", "userPrincipalName: bob@contoso.com"],
    },
    ..rule(
        "duplicate-upn",
        Severity::Error,
        "Two users have the same userPrincipalName.",
        "The second one is not synchronised, or signs in with a name of the initial domain.",
    )
};

/// Two objects have the same address.
pub(in crate::rules::catalogue) static ADDRESS: Rule = Rule {
    attributes: &["proxyAddresses"],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann@contoso.com", "proxyAddresses: smtp:Ann@contoso.com"],
        right: &["proxyAddresses: SMTP:ann@contoso.com", "proxyAddresses: smtp:bob@contoso.com"],
    },
    ..rule(
        "duplicate-address",
        Severity::Error,
        "Two objects have the same address in proxyAddresses.",
        "The second one is not synchronised, or without the address (AttributeValueMustBeUnique).",
    )
};

/// A user signs in with another's address.
pub(in crate::rules::catalogue) static NAME_IS_ADDRESS: Rule = Rule {
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.com", "proxyAddresses: smtp:ann@contoso.com"],
        right: &["userPrincipalName: ann@contoso.com\nproxyAddresses: SMTP:ann@contoso.com"],
    },
    ..rule(
        "duplicate-upn-address",
        Severity::Error,
        "The userPrincipalName of one object is the address of another.",
        "One of them is not synchronised, or loses the address in Exchange Online \
         (InvalidSoftMatch).",
    )
};

/// An address is another's mail.
pub(in crate::rules::catalogue) static ADDRESS_IS_MAIL: Rule = Rule {
    attributes: &["proxyAddresses", "mail"],
    limit: "one object; mail counts as an address where the object has none in proxyAddresses",
    sources: &[ERRORS, POPULATION],
    example: Example {
        wrong: &["proxyAddresses: SMTP:ann@contoso.com", "mail: ann@contoso.com"],
        right: &["proxyAddresses: SMTP:ann@contoso.com\nmail: ann@contoso.com"],
    },
    ..rule(
        "duplicate-address-mail",
        Severity::Error,
        "An address of one object is the mail of another, which has no other address.",
        "The cloud makes mail the primary address: one of the two is not synchronised.",
    )
};

/// Objects of different kinds have the same address.
pub(in crate::rules::catalogue) static OTHER_KIND: Rule = Rule {
    label: "Type",
    example: Example {
        wrong: &[
            "proxyAddresses: SMTP:ann@contoso.com",
            "objectClass: group\ngroupType: -2147483646\nproxyAddresses: SMTP:ann@contoso.com",
        ],
        right: &[
            "proxyAddresses: SMTP:ann@contoso.com",
            "objectClass: group\ngroupType: -2147483646\nproxyAddresses: SMTP:sales@contoso.com",
        ],
    },
    ..rule(
        "duplicate-other-kind",
        Severity::Error,
        "Objects of different kinds (user, group, contact) have the same name or address.",
        "The cloud cannot tell which one it is (ObjectTypeMismatch); with a group among them \
         nothing is synchronised at all.",
    )
};

/// Values that a directory takes for the same.
pub(in crate::rules::catalogue) static EQUIVALENT: Rule = Rule {
    label: "Equivalent",
    limit: "differing in more than case, accents and width",
    sources: &["Microsoft Support 938447", "Microsoft Support 415097"],
    example: Example {
        wrong: &[
            "proxyAddresses:: U01UUDpqw7xyZ2VuQGNvbnRvc28uY29t",
            "proxyAddresses: SMTP:jurgen@contoso.com",
        ],
        right: &[
            "proxyAddresses: SMTP:juergen@contoso.com",
            "proxyAddresses: SMTP:jurgen@contoso.com",
        ],
    },
    ..rule(
        "duplicate-equivalent",
        Severity::Error,
        "Names or addresses of two objects differ in accents or width only.",
        "Active Directory takes them for the same: a search finds the wrong one, and a correction \
         makes them the same.",
    )
};

/// Two objects have the same mail, which counts.
pub(in crate::rules::catalogue) static MAIL: Rule = Rule {
    attributes: &["mail"],
    sources: &[PREPARE, "Microsoft: Understanding users, groups and contacts in Entra Connect"],
    example: Example {
        wrong: &["mail: ann@contoso.com", "mail: Ann@contoso.com"],
        right: &["mail: ann@contoso.com", "mail: bob@contoso.com"],
    },
    ..rule(
        "duplicate-mail",
        Severity::Error,
        "Two objects have the same mail, and one of them has no other address.",
        "The first one is synchronised, the second one does not appear.",
    )
};

/// Two objects have the same mail, and addresses of their own.
pub(in crate::rules::catalogue) static MASKED_MAIL: Rule = Rule {
    attributes: &["mail"],
    sources: &[PREPARE, "Microsoft Support 2643629"],
    example: Example {
        wrong: &[
            "mail: ann@contoso.com\nproxyAddresses: SMTP:a@contoso.com",
            "mail: ann@contoso.com\nproxyAddresses: SMTP:b@contoso.com",
        ],
        right: &[
            "mail: a@contoso.com\nproxyAddresses: SMTP:a@contoso.com",
            "mail: b@contoso.com\nproxyAddresses: SMTP:b@contoso.com",
        ],
    },
    ..rule(
        "duplicate-masked-mail",
        Severity::Warning,
        "Two objects have the same mail beside addresses of their own.",
        "The cloud takes their primary addresses; Active Directory and its tools show the same \
         address for both.",
    )
};

/// Two objects are routed to the same address.
pub(in crate::rules::catalogue) static TARGET: Rule = Rule {
    attributes: &["targetAddress"],
    sources: &[PREPARE],
    example: Example {
        wrong: &["targetAddress: SMTP:ann@fabrikam.com", "targetAddress: SMTP:Ann@fabrikam.com"],
        right: &["targetAddress: SMTP:ann@fabrikam.com", "targetAddress: SMTP:bob@fabrikam.com"],
    },
    ..rule(
        "duplicate-target",
        Severity::Error,
        "Two objects have the same targetAddress.",
        "The second one is not synchronised.",
    )
};

/// Two objects have the same alias.
pub(in crate::rules::catalogue) static ALIAS: Rule = Rule {
    attributes: &["mailNickname"],
    sources: &[PREPARE, POPULATION],
    example: Example {
        wrong: &["mailNickname: ann", "mailNickname: Ann"],
        right: &["mailNickname: ann", "mailNickname: ann2"],
    },
    ..rule(
        "duplicate-alias",
        Severity::Warning,
        "Two objects have the same mailNickname.",
        "The second one gets an address in the initial domain with four digits that nobody chose.",
    )
};

/// The cloud makes the same alias of two objects.
pub(in crate::rules::catalogue) static PREDICTED_ALIAS: Rule = Rule {
    label: "Predicted",
    attributes: &["mailNickname", "proxyAddresses", "mail", "userPrincipalName"],
    sources: &[POPULATION],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.com", "userPrincipalName: ann@fabrikam.com"],
        right: &["userPrincipalName: ann@contoso.com", "userPrincipalName: bob@fabrikam.com"],
    },
    ..rule(
        "predicted-alias",
        Severity::Warning,
        "The cloud makes the same alias of two objects, one of which has no mailNickname.",
        "The second one gets an address in the initial domain with four digits that nobody chose.",
    )
};

/// The cloud makes the same name to sign in with for two users.
pub(in crate::rules::catalogue) static PREDICTED_NAME: Rule = Rule {
    label: "Predicted",
    classes: &["user", "inetOrgPerson"],
    attributes: &["userPrincipalName", "mailNickname", "proxyAddresses", "mail", "sAMAccountName"],
    limit: "one user; the name is made of the alias, in the initial domain, where the suffix is \
            not verified or cannot be, or where userPrincipalName holds what no name may hold; of \
            sAMAccountName where there is no userPrincipalName",
    fix: "none: give one of the users another alias, or a name in a verified domain",
    sources: &[POPULATION_OF_NAMES, RESILIENCY],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.local", "userPrincipalName: ann@fabrikam.local"],
        right: &["userPrincipalName: ann@contoso.local", "userPrincipalName: bob@fabrikam.local"],
    },
    ..rule(
        "predicted-upn",
        Severity::Warning,
        "The cloud makes the same name to sign in with for two users.",
        "The second one signs in with a name with four digits that nobody chose.",
    )
};

/// What the cloud makes for one object is the name of another.
pub(in crate::rules::catalogue) static MOERA: Rule = Rule {
    label: "Predicted",
    attributes: &["mailNickname", "userPrincipalName", "proxyAddresses", "mail", "sAMAccountName"],
    limit: "one object; with --initial-domain names in that domain are compared too",
    fix: "none: give one of the objects another alias",
    sources: &[POPULATION, POPULATION_OF_NAMES],
    example: Example {
        wrong: &[
            "mailNickname: ann\nuserPrincipalName: a.archer@contoso.com",
            "sAMAccountName: ann",
        ],
        right: &[
            "mailNickname: ann\nuserPrincipalName: a.archer@contoso.com",
            "sAMAccountName: bob",
        ],
    },
    ..rule(
        "moera-collision",
        Severity::Warning,
        "The address in the initial domain (MOERA) of one object is the name that another signs \
         in with.",
        "The second one gets an address with four digits that nobody chose.",
    )
};

/// Two users have the same address in the cloud alone.
pub(in crate::rules::catalogue) static PREDICTED_ADDRESS: Rule = Rule {
    label: "Predicted",
    attributes: &["userPrincipalName", "mail"],
    limit: "one object; userPrincipalName becomes an address of who has an Exchange Online \
            licence, and mail the primary one of who has none in proxyAddresses",
    sources: &[POPULATION, ERRORS],
    example: Example {
        wrong: &["userPrincipalName: ann@contoso.com", "mail: ann@contoso.com"],
        right: &["userPrincipalName: ann@contoso.com\nmail: ann@contoso.com"],
    },
    ..rule(
        "predicted-address",
        Severity::Error,
        "The userPrincipalName of one user is the mail of another object, which has no other \
         address.",
        "The cloud makes the same address of both, though neither has it in proxyAddresses: one \
         of them is not synchronised, or loses it.",
    )
};

/// Two objects of a domain have the same account name.
pub(in crate::rules::catalogue) static ACCOUNT: Rule = Rule {
    attributes: &["sAMAccountName"],
    limit: "one object of a domain, without regard to case",
    sources: &["[MS-SAMR] 3.1.1.6"],
    example: Example {
        wrong: &["sAMAccountName: ann", "sAMAccountName: Ann"],
        right: &["sAMAccountName: ann", "sAMAccountName: bob"],
    },
    ..rule(
        "duplicate-account",
        Severity::Error,
        "Two objects of one domain have the same sAMAccountName.",
        "Active Directory refuses the second one: the export does not come from one directory, or \
         not from one moment.",
    )
};

/// Two objects of a forest have the same account name.
pub(in crate::rules::catalogue) static ACCOUNT_IN_FOREST: Rule = Rule {
    attributes: &["sAMAccountName", "userPrincipalName"],
    limit: "one object over all domains, where one of them has no userPrincipalName",
    sources: &["Microsoft: Prepare directory attributes for synchronization (2014)"],
    example: Example {
        wrong: &[
            "sAMAccountName: ann",
            "dn: CN=Ann,DC=emea,DC=contoso,DC=com\nsAMAccountName: ann",
        ],
        right: &[
            "sAMAccountName: ann\nuserPrincipalName: ann@contoso.com",
            "dn: CN=Ann,DC=emea,DC=contoso,DC=com\nsAMAccountName: ann\n\
             userPrincipalName: ann@emea.contoso.com",
        ],
    },
    ..rule(
        "duplicate-account-in-forest",
        Severity::Warning,
        "Objects of different domains have the same sAMAccountName, and one has no \
         userPrincipalName.",
        "Entra ID makes the name to sign in with of sAMAccountName then, and it is taken.",
    )
};

/// Two objects have the same source anchor.
pub(in crate::rules::catalogue) static ANCHOR: Rule = Rule {
    profiles: &["entra", "entra-cloud-sync"],
    attributes: &["mS-DS-ConsistencyGuid"],
    limit: "one object over all exports that are checked together, by the attribute of \
            --source-anchor, or else by mS-DS-ConsistencyGuid; no two anchors may differ in case \
            only",
    fix: "none: which object the anchor belongs to, a person must find out",
    sources: &["Microsoft: Entra Connect: Design concepts, sourceAnchor"],
    example: Example {
        wrong: &[
            "mS-DS-ConsistencyGuid:: ICEiIyQlJicoKSorLC0uLw==",
            "mS-DS-ConsistencyGuid:: ICEiIyQlJicoKSorLC0uLw==",
        ],
        right: &[
            "mS-DS-ConsistencyGuid:: ICEiIyQlJicoKSorLC0uLw==",
            "mS-DS-ConsistencyGuid:: MDEyMzQ1Njc4OTo7PD0+Pw==",
        ],
    },
    ..rule(
        "anchor-duplicate",
        Severity::Error,
        "Two objects have the same source anchor.",
        "The cloud takes both for one object: the second one takes the first one's account over, or \
         is not synchronised.",
    )
};

/// Two objects claim one account.
pub(in crate::rules::catalogue) static SID: Rule = Rule {
    profiles: &["entra", "entra-cloud-sync"],
    classes: &["user", "inetOrgPerson", "group", "computer"],
    attributes: &["objectSid", "msExchMasterAccountSid"],
    limit: "one object over all exports that are checked together; SIDs of domains only. A disabled \
            account whose msExchMasterAccountSid names the account of another forest is a linked \
            mailbox, and no finding",
    fix: "none: whose SID it is, a person must find out",
    sources: &[ERRORS, "Microsoft: Understanding users, groups and contacts in Entra Connect"],
    example: Example {
        wrong: &[
            "objectSid:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOSUQQAAA==\n\
             userAccountControl: 512",
            "objectSid:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOSUgQAAA==\n\
             msExchMasterAccountSid:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOSUQQAAA==\n\
             userAccountControl: 512",
        ],
        right: &[
            "objectSid:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOSUQQAAA==\n\
             userAccountControl: 512",
            "objectSid:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOSUgQAAA==\n\
             msExchMasterAccountSid:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOSUQQAAA==\n\
             userAccountControl: 514",
        ],
    },
    ..rule(
        "duplicate-sid",
        Severity::Error,
        "Two objects have the same security identifier, or claim the same account.",
        "The cloud knows an object by its SID (onPremisesSecurityIdentifier) too: the second one \
         meets the first one there, and is not synchronised (InvalidSoftMatch).",
    )
};

/// A public folder has an address of another recipient.
pub(in crate::rules::catalogue) static PUBLIC_FOLDER: Rule = Rule {
    classes: ALL,
    attributes: &["proxyAddresses", "mail"],
    limit: "one recipient; entries of the class publicFolder are not synchronised, and count by \
            their addresses alone: the finding stands at the other holder",
    sources: &[
        "Scott Schnoll: script on addresses that public folders share, MSExchangeSE",
        "MicrosoftDocs/OfficeDocs-Exchange issue 3012",
    ],
    example: Example {
        wrong: &[
            "proxyAddresses: SMTP:sales@contoso.com",
            "dn: CN=Sales,CN=Microsoft Exchange System Objects,DC=contoso,DC=com\n\
             objectClass: publicFolder\nproxyAddresses: SMTP:Sales@contoso.com",
        ],
        right: &[
            "proxyAddresses: SMTP:ann@contoso.com",
            "dn: CN=Sales,CN=Microsoft Exchange System Objects,DC=contoso,DC=com\n\
             objectClass: publicFolder\nproxyAddresses: SMTP:sales@contoso.com",
        ],
    },
    ..rule(
        "duplicate-public-folder",
        Severity::Error,
        "An address is also that of a mail-enabled public folder.",
        "Exchange refuses the one or the other: mail to the address is returned, and the public \
         folders cannot be synchronised or migrated.",
    )
};

/// An entry stands there twice.
pub(in crate::rules::catalogue) static ENTRY: Rule = Rule {
    label: "Entry",
    profiles: &["entra", "entra-cloud-sync", "exchange-online", "google", "schemus", "hygiene"],
    classes: &["user", "inetOrgPerson", "group", "contact", "computer"],
    attributes: &["sAMAccountName", "userPrincipalName", "proxyAddresses", "mail"],
    limit: "one entry of a name over all exports that are checked together, by the names and \
            addresses that both have; what else they share is no duplicate",
    fix: "none: check one export of each domain, all of them of one day; fix writes nothing for \
          such an entry",
    sources: &["RFC 4512 section 2.3: a name belongs to one entry"],
    example: Example {
        wrong: &[
            "dn: CN=Ann,DC=contoso,DC=com\nsAMAccountName: ann\nmail: ann@contoso.com",
            "dn: cn=Ann, DC=contoso, DC=com\nsAMAccountName: ann\nmail: ann@contoso.com",
        ],
        right: &[
            "dn: CN=Ann,DC=contoso,DC=com\nsAMAccountName: ann\nmail: ann@contoso.com",
            "dn: CN=Bob,DC=contoso,DC=com\nsAMAccountName: bob\nmail: bob@contoso.com",
        ],
    },
    ..rule(
        "entry-twice",
        Severity::Warning,
        "An entry stands in the exports twice, by its name.",
        "One of the two is out of date, and nobody can tell which: an export was named twice, or an \
         old one beside a new one.",
    )
};

/// Two accounts have the same service.
pub(in crate::rules::catalogue) static SERVICE: Rule = Rule {
    profiles: &["hygiene"],
    classes: &["user", "inetOrgPerson", "computer"],
    attributes: &["servicePrincipalName"],
    limit: "one account of a forest, without regard to case; of computers also where HOST stands for \
            the class of service (sPNMappings of CN=Directory Service where the exports hold it, and \
            what a forest has by default elsewhere). kadmin/changepw counts for nothing: krbtgt has \
            it in each domain. The forest is told by objectCategory, or else by the last two labels \
            of the domain",
    fix: "none: which account runs the service, a person must find out; setspn -X lists them",
    sources: &["[MS-ADTS] 3.1.1.5.1.3", "Microsoft Support 5008382"],
    example: Example {
        wrong: &[
            "servicePrincipalName: MSSQLSvc/db.contoso.com:1433",
            "servicePrincipalName: mssqlsvc/DB.contoso.com:1433",
        ],
        right: &[
            "servicePrincipalName: HTTP/web.contoso.com",
            "objectClass: computer\nservicePrincipalName: HOST/web.contoso.com",
        ],
    },
    ..rule(
        "duplicate-service-name",
        Severity::Info,
        "Two accounts have the same servicePrincipalName.",
        "Who asks for the service gets a ticket for the wrong account, or none: signing in falls \
         back to NTLM or fails.",
    )
};

/// Two objects have the same mailbox.
pub(in crate::rules::catalogue) static MAILBOX: Rule = Rule {
    profiles: &["hygiene"],
    classes: &["user", "inetOrgPerson"],
    attributes: &["msExchMailboxGuid", "msExchArchiveGUID"],
    limit: "one object; one without a mailbox in another domain than the one that has it is \
            prepared for a move, and no finding",
    fix: "none: whose mailbox it is, a person must find out",
    sources: &["Practice in Exchange organisations; no document says so"],
    example: Example {
        wrong: &[
            "msExchMailboxGuid:: ICEiIyQlJicoKSorLC0uLw==",
            "msExchArchiveGUID:: ICEiIyQlJicoKSorLC0uLw==",
        ],
        right: &[
            "msExchMailboxGuid:: ICEiIyQlJicoKSorLC0uLw==",
            "msExchMailboxGuid:: MDEyMzQ1Njc4OTo7PD0+Pw==",
        ],
    },
    ..rule(
        "duplicate-mailbox",
        Severity::Error,
        "Two objects have the same msExchMailboxGuid or msExchArchiveGUID.",
        "Exchange knows a mailbox by it: one of them opens the mailbox of the other, and Exchange \
         Online makes none for the second.",
    )
};

/// Mail for one object goes to another.
pub(in crate::rules::catalogue) static ROUTE: Rule = Rule {
    profiles: &["hygiene"],
    attributes: &["targetAddress", "proxyAddresses", "mail", "userPrincipalName"],
    limit: "no address or name of another object of the forest; an object that has the address \
            itself is found by the rules about duplicates. The forest is told by objectCategory, \
            or else by the last two labels of the domain",
    fix: "none: where the mail is to go, a person must say",
    sources: &["Practice in Exchange organisations; no document says so"],
    example: Example {
        wrong: &[
            "objectClass: contact\nmail: a@fabrikam.com\ntargetAddress: SMTP:ann@contoso.com",
            "proxyAddresses: SMTP:ann@contoso.com",
        ],
        right: &[
            "objectClass: contact\nmail: a@fabrikam.com\ntargetAddress: SMTP:a@fabrikam.com",
            "proxyAddresses: SMTP:ann@contoso.com",
        ],
    },
    ..rule(
        "target-of-other",
        Severity::Warning,
        "The targetAddress of one object is an address of another.",
        "Mail for the one goes to the other; where that one's goes on to the first, it goes round \
         until it is returned.",
    )
};
