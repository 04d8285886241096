//! Names and addresses that more than one object holds, in whichever attributes.

use std::rc::Rc;

use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Applicability, Attr, Collision, CollisionHolder, Suggestion};

use super::identifiers::{Identifier, IdentifierBuffers, Role, for_each, typed};
use super::verdict::Verdicts;
use super::{Keeper, Object, ObjectKind, tenant};

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
];

/// Other holders of a value that one finding names; the others are counted.
pub const NAMED_HOLDERS: usize = 5;

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
pub(super) static PRINCIPAL_NAME: Rule = Rule {
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
pub(super) static ADDRESS: Rule = Rule {
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
pub(super) static NAME_IS_ADDRESS: Rule = Rule {
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
pub(super) static ADDRESS_IS_MAIL: Rule = Rule {
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
pub(super) static OTHER_KIND: Rule = Rule {
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
pub(super) static EQUIVALENT: Rule = Rule {
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
pub(super) static MAIL: Rule = Rule {
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
pub(super) static MASKED_MAIL: Rule = Rule {
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
pub(super) static TARGET: Rule = Rule {
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
pub(super) static ALIAS: Rule = Rule {
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
pub(super) static PREDICTED_ALIAS: Rule = Rule {
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
pub(super) static PREDICTED_NAME: Rule = Rule {
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
pub(super) static MOERA: Rule = Rule {
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
pub(super) static PREDICTED_ADDRESS: Rule = Rule {
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
pub(super) static ACCOUNT: Rule = Rule {
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
pub(super) static ACCOUNT_IN_FOREST: Rule = Rule {
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

/// An object as another one's findings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its DN as it was written.
    pub dn: Vec<u8>,
    /// What it is.
    pub kind: ObjectKind,
    /// Whether the account is enabled; `None` where the object is no account.
    pub is_enabled: Option<bool>,
    /// Whether it has a userPrincipalName.
    pub has_principal_name: bool,
    /// Whether it has a mailbox.
    pub has_mailbox: bool,
    /// When it was created, where that is asked for.
    pub created: Option<Box<str>>,
    /// The number of its counterpart in the cloud, where that is known.
    pub in_cloud: Option<usize>,
    /// Its identifiers, each with the number of its key and its value without
    /// regard to case.
    pub identifiers: Vec<(Identifier, usize, String)>,
}

/// The other objects that hold a key.
#[derive(Debug, Default)]
pub struct Others {
    /// The first of them, at most [`NAMED_HOLDERS`], each with the number that the
    /// key has among its own.
    pub named: Vec<(Rc<Party>, usize)>,
    /// How many there are beside these.
    pub more: usize,
    /// Which one keeps the value.
    pub keeper: Keeper,
}

impl Party {
    /// The object as others see it.
    #[must_use]
    pub fn of(object: &Object<'_, '_>) -> Self {
        let mut identifiers = Vec::new();
        for_each(object, &mut IdentifierBuffers::default(), |identifier, number, _, _| {
            let line = object.subject.lines(identifier.attr).get(identifier.value);
            let value = line.map(crate::ldif::Line::bytes).unwrap_or_default();
            let (_, address) = super::identifiers::typed(&value);
            let exact = String::from_utf8_lossy(address).trim().to_lowercase();
            identifiers.push((identifier, number, exact));
        });
        Self {
            dn: object.subject.dn().to_vec(),
            kind: object.kind,
            is_enabled: object.is_enabled(),
            has_principal_name: object.has(object.settings.principal_name()),
            has_mailbox: object.has_mailbox(),
            created: object.created(),
            in_cloud: tenant::in_cloud(object),
            identifiers,
        }
    }
}

/// A service that has one rule for addresses that several objects hold, whichever
/// attributes they stand in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// Its profile.
    pub profile: &'static str,
    /// The rule.
    pub rule: &'static Rule,
}

/// The services that have.
const SERVICES: [Told; 2] = [super::google::SHARED_ADDRESS, super::schemus::SHARED_ADDRESS];

/// Which of an object's identifiers are addresses to such a service.
fn is_address(object: &Object<'_, '_>, identifier: Identifier) -> bool {
    match identifier.role {
        Role::Mail | Role::EffectiveMail => true,
        Role::Primary | Role::Secondary => {
            let lines = object.subject.lines(identifier.attr);
            let value = lines.get(identifier.value).map(crate::ldif::Line::bytes);
            let value = value.unwrap_or_default();
            let (kind, _) = super::identifiers::typed(&value);
            kind.is_none_or(|kind| kind.eq_ignore_ascii_case(b"smtp"))
        }
        _ => false,
    }
}

/// Says which of the object's identifiers others hold, asked for by the number of
/// the key.
pub(super) fn judge(
    object: &Object<'_, '_>,
    others_of: &dyn Fn(usize) -> Others,
    verdicts: &mut Verdicts,
) {
    let mut own = Party::of(object);
    let service = SERVICES.iter().find(|service| service.profile == verdicts.profile());
    if service.is_some() {
        own.identifiers.retain(|(identifier, _, _)| is_address(object, *identifier));
    }
    let mut keys_of = Vec::new();
    for_each(object, &mut IdentifierBuffers::default(), |_, _, key, is_new| {
        if is_new {
            keys_of.push(String::from_utf8_lossy(key).into_owned());
        }
    });
    let keys = own.identifiers.iter().map(|(_, number, _)| number + 1).max().unwrap_or_default();
    for number in 0..keys {
        let others = others_of(number);
        if others.named.is_empty() {
            continue;
        }
        let mut broken: Vec<(&'static Rule, &Party, Identifier)> = Vec::new();
        let mut at = None;
        for (party, theirs) in &others.named {
            let found = match service {
                Some(service) => shared(&own, number, party, *theirs, service.rule),
                None => collision(&own, number, party, *theirs),
            };
            if let Some((rule, mine, their_identifier)) = found {
                at.get_or_insert(mine);
                broken.push((rule, party, their_identifier));
            }
        }
        let Some(at) = at else { continue };
        let mut verdict = verdicts.on(at.attr, at.value);
        let mut said: Vec<RuleName> = Vec::new();
        for (rule, _, _) in &broken {
            if said.contains(&rule.name) {
                continue;
            }
            said.push(rule.name);
            verdict.breaks(rule, &|| {
                let named = broken.iter().filter(|(other, _, _)| other.name == rule.name);
                let named: Vec<String> =
                    named.map(|(_, party, identifier)| described(party, *identifier)).collect();
                let more = match others.more {
                    0 => String::new(),
                    more => format!(", and {more} more"),
                };
                let kept = kept(object, &others.keeper);
                format!("also held by {}{more}{kept}", named.join(", "))
            });
        }
        let group = keys_of.get(number).map_or("", String::as_str);
        verdict.collide(|| collision_of(object, (&own, at), group, &broken, &others));
        verdict.suggest(|| {
            let can_go = at.role == Role::Secondary
                && is_smtp(object, at)
                && broken.iter().all(|(rule, _, _)| rule.name != EQUIVALENT.name)
                && kept_elsewhere(object, &others.keeper).is_some();
            can_go.then_some((Suggestion::Remove, Applicability::Unsafe))
        });
    }
}

/// The place of the object that keeps a value, where it is another one.
fn kept_elsewhere(object: &Object<'_, '_>, keeper: &Keeper) -> Option<u64> {
    match keeper {
        Keeper::Holder { offset, dn } if **dn != *object.subject.dn() => Some(*offset),
        _ => None,
    }
}

/// Who keeps a value, for the message.
fn kept(object: &Object<'_, '_>, keeper: &Keeper) -> String {
    let (option, why) = object.settings.keep.words();
    match keeper {
        Keeper::NotAsked => String::new(),
        Keeper::Unknown => format!("; --keep {option} does not tell who keeps it"),
        Keeper::Holder { dn, .. } if **dn == *object.subject.dn() => {
            format!("; this one keeps it: {why}")
        }
        Keeper::Holder { dn, .. } => format!("; {} keeps it: {why}", String::from_utf8_lossy(dn)),
    }
}

fn is_smtp(object: &Object<'_, '_>, at: Identifier) -> bool {
    let line = object.subject.lines(at.attr).get(at.value);
    let value = line.map(crate::ldif::Line::bytes).unwrap_or_default();
    at.attr == Attr::ProxyAddresses
        && typed(&value).0.is_some_and(|kind| kind.eq_ignore_ascii_case(b"smtp"))
}

/// The objects of a collision, with what the cloud says about each.
fn collision_of(
    object: &Object<'_, '_>,
    (own, at): (&Party, Identifier),
    group: &str,
    broken: &[(&'static Rule, &Party, Identifier)],
    others: &Others,
) -> Collision {
    let tenant = object.settings.tenant.as_deref();
    let address = group.strip_prefix("mail:").unwrap_or(group);
    let in_cloud: Vec<usize> = tenant
        .iter()
        .flat_map(|tenant| tenant.holders(address))
        .map(|(number, _)| number)
        .collect();
    let parties = || std::iter::once((own, at)).chain(broken.iter().map(|(_, it, id)| (*it, *id)));
    let has = |party: &Party| party.in_cloud.is_some_and(|number| in_cloud.contains(&number));
    let is_told = parties().any(|(party, _)| has(party));
    let holders = parties().map(|(party, identifier)| CollisionHolder {
        dn: party.dn.clone(),
        attribute: identifier.attr.name(),
        is_enabled: party.is_enabled,
        keeps: is_told.then(|| has(party)),
    });
    Collision {
        group: group.to_owned(),
        holders: holders.collect(),
        more: others.more,
        kept_at: kept_elsewhere(object, &others.keeper),
    }
}

/// The same address, in whichever attributes two objects hold it.
fn shared(
    own: &Party,
    number: usize,
    other: &Party,
    theirs: usize,
    rule: &'static Rule,
) -> Option<(&'static Rule, Identifier, Identifier)> {
    let is_address = |identifier: &Identifier| {
        use Role::{EffectiveMail, Mail, Primary, Secondary};
        matches!(identifier.role, EffectiveMail | Mail | Primary | Secondary)
    };
    let mine = own.identifiers.iter().filter(|(_, at, _)| *at == number);
    mine.flat_map(|mine| other.identifiers.iter().map(move |their| (mine, their)))
        .find(|((_, _, value), (their, at, their_value))| {
            *at == theirs && is_address(their) && value == their_value
        })
        .map(|((mine, _, _), (their, _, _))| (rule, *mine, *their))
}

/// The gravest rule that two holders of a key break together, with the identifiers
/// of both.
fn collision(
    own: &Party,
    number: usize,
    other: &Party,
    theirs: usize,
) -> Option<(&'static Rule, Identifier, Identifier)> {
    let held = |party: &Party, number: usize| {
        let of_key = party.identifiers.iter().filter(move |(_, at, _)| *at == number);
        of_key.cloned().collect::<Vec<_>>()
    };
    let mut worst: Option<(&'static Rule, Identifier, Identifier)> = None;
    for (mine, _, my_value) in held(own, number) {
        for (their, _, their_value) in held(other, theirs) {
            let rule = rule_of((own, mine.role), (other, their.role), my_value == their_value);
            let Some(rule) = rule else { continue };
            // Of equals, that which says most about how somebody signs in.
            let rank = |rule: &Rule| (rule.severity, rule.name != PREDICTED_NAME.name);
            if worst.is_none_or(|(known, _, _)| rank(rule) < rank(known)) {
                worst = Some((rule, mine, their));
            }
        }
    }
    worst
}

fn rule_of(
    (own, mine): (&Party, Role),
    (other, their): (&Party, Role),
    is_exact: bool,
) -> Option<&'static Rule> {
    use Role::{
        Account, Alias, EffectiveMail, Mail, PredictedAlias, PredictedName, Primary, PrincipalName,
        Secondary, Target,
    };
    let has_effective_mail = |party: &Party| {
        party.identifiers.iter().any(|(identifier, _, _)| identifier.role == EffectiveMail)
    };
    Some(match (mine, their) {
        (Account, Account) if domain(&own.dn) == domain(&other.dn) => &ACCOUNT,
        (Account, Account) if own.has_principal_name && other.has_principal_name => return None,
        (Account, Account) => &ACCOUNT_IN_FOREST,
        (Alias, Alias) => &ALIAS,
        (Alias | PredictedAlias, Alias | PredictedAlias) => &PREDICTED_ALIAS,
        (PredictedName, PredictedName | PrincipalName) | (PrincipalName, PredictedName) => {
            &PREDICTED_NAME
        }
        (Alias | PredictedAlias, PredictedName | PrincipalName)
        | (PredictedName | PrincipalName, Alias | PredictedAlias) => &MOERA,
        // Addresses in the initial domain that come from elsewhere are discarded.
        (Alias | PredictedAlias | PredictedName, _)
        | (_, Alias | PredictedAlias | PredictedName) => {
            return None;
        }
        (Target, Target) => &TARGET,
        // Each mail has a key of its own beside the one that it may share with
        // addresses.
        (EffectiveMail, EffectiveMail) => return None,
        (Mail, Mail) if own.kind != other.kind => &OTHER_KIND,
        (Mail, Mail) if has_effective_mail(own) || has_effective_mail(other) => &MAIL,
        (Mail, Mail) => &MASKED_MAIL,
        _ if own.kind != other.kind => &OTHER_KIND,
        _ if !is_exact => &EQUIVALENT,
        (PrincipalName, PrincipalName) => &PRINCIPAL_NAME,
        (PrincipalName, EffectiveMail) | (EffectiveMail, PrincipalName) => &PREDICTED_ADDRESS,
        (PrincipalName, _) | (_, PrincipalName) => &NAME_IS_ADDRESS,
        (Primary | Secondary, Primary | Secondary) => &ADDRESS,
        (EffectiveMail, _) | (_, EffectiveMail) => &ADDRESS_IS_MAIL,
        _ => return None,
    })
}

/// The part of a DN that names the domain, without regard to case and blanks.
fn domain(dn: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(dn).to_ascii_lowercase();
    let labels: Vec<&str> =
        text.rsplit(',').map(str::trim).take_while(|rdn| rdn.starts_with("dc=")).collect();
    labels.join(",").into_bytes()
}

fn described(party: &Party, identifier: Identifier) -> String {
    let state = match party.is_enabled {
        Some(false) => ", disabled",
        _ => "",
    };
    let made = match (identifier.role, identifier.attr) {
        (Role::PredictedAlias, _) => "the alias made of its ",
        (Role::PredictedName, Attr::SamAccountName) => "the name made of its ",
        (Role::PredictedName, _) => "the name made in place of its ",
        _ => "",
    };
    format!("{} ({made}{}{state})", String::from_utf8_lossy(&party.dn), identifier.attr.name())
}
