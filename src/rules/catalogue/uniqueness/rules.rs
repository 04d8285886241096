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
