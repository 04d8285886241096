//! The rules about what changes from one export to the next.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

/// The rules, in the order of the catalogue. Those of the examples' entries that begin
/// with `# before` are of the previous export.
pub(in crate::rules) static RULES: &[&Rule] = &[
    &DELETION_THRESHOLD,
    &LEAVES_SCOPE,
    &CONTAINER_MOVED,
    &ANCHOR_CHANGED,
    &FEDERATED_MOVE,
    &NAME_CHANGED,
    &ADDRESS_MOVED,
    &PRIMARY_LOST,
    &DEACTIVATIONS,
    &SWAPPED,
];

const ENTRA: &[&str] = &["entra", "entra-cloud-sync"];
const SCHEMUS: &[&str] = &["schemus"];
const CONNECTOR: &[&str] = &["McAfee: Directory Synchronization Connector"];
const USERS: &[&str] = &["user", "inetOrgPerson"];
const ALL: &[&str] = &["user", "inetOrgPerson", "group", "contact", "computer"];
const DELETES: &str = "Microsoft: Entra Connect Sync: Prevent accidental deletes";
const DESIGN: &str = "Microsoft: Entra Connect: Design concepts, sourceAnchor";

/// Too many objects leave.
pub(in crate::rules) static DELETION_THRESHOLD: Rule = Rule {
    name: RuleName("deletion-threshold"),
    label: "Transition",
    severity: Severity::Error,
    summary: "As many objects leave the scope of synchronisation as stop it, or more.",
    reason: "Entra Connect exports none of the deletions, and Cloud Sync goes into quarantine, \
             until somebody says that they are meant.",
    profiles: ENTRA,
    classes: ALL,
    attributes: &["objectClass"],
    limit: "500 objects, or --delete-threshold; with --previous only; each of them is reported",
    fix: "none: bring back what was not to go, or raise the threshold for one synchronisation \
          (Enable-ADSyncExportDeletionThreshold)",
    sources: &[DELETES, "Microsoft: Prerequisites for Entra Cloud Sync"],
    example: Example {
        wrong: &["# before\nsAMAccountName: ann", "# before\nsAMAccountName: bob"],
        right: &["# before\nsAMAccountName: ann", "sAMAccountName: ann"],
    },
};

/// An object leaves.
pub(in crate::rules) static LEAVES_SCOPE: Rule = Rule {
    name: RuleName("leaves-scope"),
    label: "Transition",
    severity: Severity::Info,
    summary: "An object was synchronised before and is no longer.",
    reason: "The cloud deletes it, with the mailbox of a user; for 30 days it can be brought back.",
    profiles: ENTRA,
    classes: ALL,
    attributes: &["objectClass"],
    limit: "deleted, moved out of --base or into an --exclude, or out of scope by the default \
            rules; with --previous only",
    fix: "none: bring it back into scope if it was not to go",
    sources: &[DELETES],
    example: Example {
        wrong: &[
            "# before\nsAMAccountName: ann",
            "sAMAccountName: ann\nadminDescription: User_NoSync",
        ],
        right: &["# before\nsAMAccountName: ann", "sAMAccountName: ann"],
    },
};

/// A container moves.
pub(in crate::rules) static CONTAINER_MOVED: Rule = Rule {
    name: RuleName("container-moved"),
    label: "Transition",
    severity: Severity::Warning,
    summary: "An organisational unit has another name or stands elsewhere.",
    reason: "Where units are chosen by name, all that stands below disappears from the cloud and \
             comes back once the new name is chosen; Cloud Sync does not notice the new name.",
    profiles: ENTRA,
    classes: &["organizationalUnit", "container"],
    attributes: &["objectClass"],
    limit: "the topmost of the units that moved; with --previous only",
    fix: "none: choose the unit by its new name before the next synchronisation",
    sources: &[DELETES, "Microsoft: Prerequisites for Entra Cloud Sync"],
    example: Example {
        wrong: &[
            "# before\ndn: OU=Sales,DC=contoso,DC=com\nobjectClass: organizationalUnit\n\
             objectGUID:: AAECAwQFBgcICQoLDA0ODw==",
            "dn: OU=Trade,DC=contoso,DC=com\nobjectClass: organizationalUnit\n\
             objectGUID:: AAECAwQFBgcICQoLDA0ODw==",
        ],
        right: &[
            "# before\ndn: OU=Sales,DC=contoso,DC=com\nobjectClass: organizationalUnit\n\
             objectGUID:: AAECAwQFBgcICQoLDA0ODw==",
            "dn: OU=Sales,DC=contoso,DC=com\nobjectClass: organizationalUnit\n\
             objectGUID:: AAECAwQFBgcICQoLDA0ODw==",
        ],
    },
};

/// The anchor of an object is another.
pub(in crate::rules) static ANCHOR_CHANGED: Rule = Rule {
    name: RuleName("anchor-changed"),
    label: "Anchor",
    severity: Severity::Error,
    summary: "The source anchor of an object is another than before.",
    reason: "The anchor ties the object to the one in the cloud and cannot change: the \
             synchronisation of the object ends with an error (sourceAnchor attribute has changed).",
    profiles: ENTRA,
    classes: ALL,
    attributes: &["mS-DS-ConsistencyGuid", "objectGUID"],
    limit: "the same bytes in both exports, with regard to case; with --previous only",
    fix: "none: put the old value back",
    sources: &[DESIGN],
    example: Example {
        wrong: &[
            "# before\nmS-DS-ConsistencyGuid:: AAECAwQFBgcICQoLDA0ODw==",
            "mS-DS-ConsistencyGuid:: EBESExQVFhcYGRobHB0eHw==",
        ],
        right: &[
            "# before\nobjectGUID:: AAECAwQFBgcICQoLDA0ODw==",
            "objectGUID:: AAECAwQFBgcICQoLDA0ODw==\n\
             mS-DS-ConsistencyGuid:: AAECAwQFBgcICQoLDA0ODw==",
        ],
    },
};

/// A name moves from one federated domain to another.
pub(in crate::rules) static FEDERATED_MOVE: Rule = Rule {
    name: RuleName("upn-federated-move"),
    label: "Transition",
    severity: Severity::Error,
    summary: "A userPrincipalName changes from one federated domain to another.",
    reason: "The cloud refuses the change (FederatedDomainChangeError).",
    profiles: ENTRA,
    classes: USERS,
    attributes: &["userPrincipalName"],
    limit: "domains of --federated-domain; with --previous only",
    fix: "none: let it go through a managed domain, in two synchronisations",
    sources: &["Microsoft: Troubleshoot errors during synchronization, FederatedDomainChangeError"],
    example: Example {
        wrong: &[
            "# before\nuserPrincipalName: ann@federated.contoso.com",
            "userPrincipalName: ann@federated.fabrikam.com",
        ],
        right: &[
            "# before\nuserPrincipalName: ann@federated.contoso.com",
            "userPrincipalName: ann@contoso.com",
        ],
    },
};

/// A name changes.
pub(in crate::rules) static NAME_CHANGED: Rule = Rule {
    name: RuleName("upn-changed"),
    label: "Transition",
    severity: Severity::Info,
    summary: "A userPrincipalName is another than before.",
    reason: "The user signs in with the new name from the next synchronisation on; in old tenants \
             that does not reach users who have a licence (SynchronizeUpnForManagedUsers).",
    profiles: ENTRA,
    classes: USERS,
    attributes: &["userPrincipalName"],
    limit: "a change of more than case; with --previous only",
    fix: "none: tell the user",
    sources: &["Microsoft: Prepare for directory synchronization to Microsoft 365"],
    example: Example {
        wrong: &[
            "# before\nuserPrincipalName: ann@contoso.com",
            "userPrincipalName: a.archer@contoso.com",
        ],
        right: &[
            "# before\nuserPrincipalName: ann@contoso.com",
            "userPrincipalName: Ann@contoso.com",
        ],
    },
};

/// An address moves from one object to another.
pub(in crate::rules) static ADDRESS_MOVED: Rule = Rule {
    name: RuleName("address-moved"),
    label: "Transition",
    severity: Severity::Warning,
    summary: "An object has an address that another one gave up since the previous export.",
    reason: "One synchronisation may bring the address before it takes it away, and then refuses \
             it as a duplicate.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "group", "contact"],
    attributes: &["userPrincipalName", "proxyAddresses", "mail"],
    limit: "an address or name, without regard to case; with --previous only",
    fix: "none: take the address away, synchronise, give it, and synchronise again",
    sources: &["Microsoft: Duplicate attribute resiliency"],
    example: Example {
        wrong: &[
            "# before\nproxyAddresses: SMTP:a@contoso.com\nproxyAddresses: smtp:sales@contoso.com",
            "# before\nproxyAddresses: SMTP:b@contoso.com",
            "proxyAddresses: SMTP:a@contoso.com",
            "proxyAddresses: SMTP:b@contoso.com\nproxyAddresses: smtp:sales@contoso.com",
        ],
        right: &[
            "# before\nproxyAddresses: SMTP:a@contoso.com\nproxyAddresses: smtp:sales@contoso.com",
            "# before\nproxyAddresses: SMTP:b@contoso.com",
            "proxyAddresses: SMTP:a@contoso.com\nproxyAddresses: smtp:sales@contoso.com",
            "proxyAddresses: SMTP:b@contoso.com\nproxyAddresses: smtp:trade@contoso.com",
        ],
    },
};

/// A primary address is gone.
pub(in crate::rules) static PRIMARY_LOST: Rule = Rule {
    name: RuleName("primary-lost"),
    label: "Transition",
    severity: Severity::Info,
    summary: "The address that was the primary one is not even a secondary one now.",
    reason: "Mail to the address that everybody knows comes back.",
    profiles: ENTRA,
    classes: &["user", "inetOrgPerson", "group", "contact"],
    attributes: &["proxyAddresses"],
    limit: "the primary SMTP address of the previous export; with --previous only",
    fix: "none: keep the old address as a secondary one (smtp:)",
    sources: &["Practice in Exchange organisations; no document says so"],
    example: Example {
        wrong: &[
            "# before\nproxyAddresses: SMTP:ann@contoso.com",
            "proxyAddresses: SMTP:a@contoso.com",
        ],
        right: &[
            "# before\nproxyAddresses: SMTP:ann@contoso.com",
            "proxyAddresses: SMTP:a@contoso.com\nproxyAddresses: smtp:ann@contoso.com",
        ],
    },
};

/// Too many users leave for Schemus.
pub(in crate::rules) static DEACTIVATIONS: Rule = Rule {
    name: RuleName("schemus-deactivations"),
    label: "Transition",
    severity: Severity::Error,
    summary: "More users leave than the synchronisation tool may deactivate at once.",
    reason: "The tool ends the run and synchronises nothing, until somebody raises its limit.",
    profiles: SCHEMUS,
    classes: USERS,
    attributes: &["objectClass"],
    limit: "the number of --delete-threshold, without which nothing is found; with --previous only; \
            each of the users is reported",
    fix: "none: bring back who was not to go, or raise the limit of the tool for one run",
    sources: CONNECTOR,
    example: Example {
        wrong: &[
            "# before\nmail: ann@contoso.com",
            "# before\nmail: bob@contoso.com",
            "# before\nmail: eve@contoso.com",
        ],
        right: &[
            "# before\nmail: ann@contoso.com",
            "# before\nmail: bob@contoso.com",
            "# before\nmail: eve@contoso.com",
            "mail: ann@contoso.com",
        ],
    },
};

/// Two addresses change places.
pub(in crate::rules) static SWAPPED: Rule = Rule {
    name: RuleName("schemus-primary-swapped"),
    label: "Transition",
    severity: Severity::Warning,
    summary: "The primary address of an object and another one of its addresses change places.",
    reason: "The service takes neither while the other is in use: it rejects the object.",
    profiles: SCHEMUS,
    classes: &["user", "inetOrgPerson", "group", "contact"],
    attributes: &["mail", "proxyAddresses"],
    limit: "mail, or the primary SMTP address where there is no mail; with --previous only",
    fix: "none: take the other address away, synchronise, change the primary one, synchronise, and \
          add the old one again",
    sources: CONNECTOR,
    example: Example {
        wrong: &[
            "# before\nmail: ann@contoso.com\nproxyAddresses: smtp:archer@contoso.com",
            "mail: archer@contoso.com\nproxyAddresses: smtp:ann@contoso.com",
        ],
        right: &[
            "# before\nmail: ann@contoso.com\nproxyAddresses: smtp:archer@contoso.com",
            "mail: a@contoso.com\nproxyAddresses: smtp:ann@contoso.com",
        ],
    },
};
