//! Names and addresses that more than one object holds, in whichever attributes.

mod by_role;
mod rules;

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::rules::rule::{Rule, RuleName};
use crate::rules::{Applicability, Attr, Collision, CollisionHolder, Suggestion};

use super::cloud_object::predicted_without;
use super::identifiers::{Identifier, IdentifierBuffers, Role, for_each, typed};
use super::references::is_same;
use super::verdict::Verdicts;
use super::{Keeper, Object, ObjectKind, tenant};

use by_role::ByRole;
pub(in crate::rules) use rules::RULES;
use rules::{
    ACCOUNT, ACCOUNT_IN_FOREST, ADDRESS, ADDRESS_IS_MAIL, ALIAS, ANCHOR, ENTRY, EQUIVALENT, MAIL,
    MAILBOX, MASKED_MAIL, MOERA, NAME_IS_ADDRESS, OTHER_KIND, PREDICTED_ADDRESS, PREDICTED_ALIAS,
    PREDICTED_NAME, PRINCIPAL_NAME, PUBLIC_FOLDER, ROUTE, SERVICE, SID, TARGET,
};

/// Other holders of a value that one finding names; the others are counted.
pub const NAMED_HOLDERS: usize = 5;

/// An object as another one's findings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its DN as it was written.
    pub dn: Vec<u8>,
    /// The root domain of its forest, where its objectCategory tells.
    pub forest: Option<Vec<u8>>,
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
    /// An attribute that the exports leave out, and that the cloud would rather make its
    /// alias of.
    pub alias_unknown: Option<Attr>,
    /// Its identifiers, each with the number of its key and its value without
    /// regard to case; in the order of these numbers. What is the same in all is there
    /// once.
    pub(super) identifiers: Vec<(Identifier, usize, String)>,
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
        for_each(object, &mut IdentifierBuffers::default(), |identifier, key, _| {
            let line = object.subject.lines(identifier.attr).get(identifier.value);
            // Of SIDs nothing but the key is compared.
            let line = line.filter(|_| !matches!(identifier.role, Role::Sid | Role::MasterSid));
            let value = line.map(crate::ldif::Line::bytes).unwrap_or_default();
            let (_, address) = super::identifiers::typed(&value);
            let exact = String::from_utf8_lossy(address).trim().to_lowercase();
            identifiers.push((identifier, key.value, exact));
        });
        identifiers.sort_by_key(|(_, number, _)| *number);
        // An object may have one address thousands of times.
        let mut seen = FxHashSet::default();
        identifiers.retain(|(identifier, number, exact)| {
            seen.insert((identifier.role, identifier.attr, *number, exact.clone()))
        });
        Self {
            dn: object.subject.dn().to_vec(),
            forest: forest(object),
            kind: object.kind,
            is_enabled: object.is_enabled(),
            has_principal_name: object.has(object.settings.principal_name()),
            has_mailbox: object.has_mailbox(),
            created: object.created(),
            in_cloud: tenant::in_cloud(object),
            alias_unknown: predicted_without(object),
            identifiers,
        }
    }

    /// Its identifiers with the key of this number.
    fn held_by(&self, number: usize) -> &[(Identifier, usize, String)] {
        let from = self.identifiers.partition_point(|(_, at, _)| *at < number);
        let behind = self.identifiers.get(from..).unwrap_or_default();
        let length = behind.partition_point(|(_, at, _)| *at == number);
        behind.get(..length).unwrap_or_default()
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
    let mut keys: Vec<String> = Vec::new();
    let mut buffers = IdentifierBuffers::default();
    let mut count = 0;
    for_each(object, &mut buffers, |_, key, is_new| {
        count = if is_new { key.value + 1 } else { count };
    });
    let numbered = (0..count).map(|number| (number, others_of(number)));
    let held: Vec<_> = numbered.filter(|(_, others)| !others.named.is_empty()).collect();
    // Of most objects nothing is held by another, and more need not be known.
    if held.is_empty() {
        return;
    }
    let mut own = Party::of(object);
    let service = SERVICES.iter().find(|service| service.profile == verdicts.profile());
    if service.is_some() {
        own.identifiers.retain(|(identifier, _, _)| is_address(object, *identifier));
    }
    for_each(object, &mut buffers, |_, key, is_new| {
        keys.extend(is_new.then(|| String::from_utf8_lossy(key.bytes).into_owned()));
    });
    if held.iter().any(|(_, others)| others.named.iter().any(|it| is_same_entry(&own, &it.0))) {
        verdicts.on_dn().breaks(&ENTRY, &String::new);
    }
    for (number, others) in held {
        let Some((at, broken)) = broken(object, (&own, number), &others, service, verdicts) else {
            continue;
        };
        let group = keys.get(number).map_or("", String::as_str);
        say(object, (&own, at), group, &broken, &others, verdicts);
    }
}

/// A rule that an object and another holder of one of its keys break together.
struct Broken<'p> {
    rule: &'static Rule,
    other: &'p Party,
    /// By which of its identifiers the other one does.
    theirs: Identifier,
}

/// The rules that an object and the other holders of a key break, and by which of its
/// identifiers it does.
fn broken<'p>(
    object: &Object<'_, '_>,
    (own, number): (&Party, usize),
    others: &'p Others,
    service: Option<&Told>,
    verdicts: &Verdicts,
) -> Option<(Identifier, Vec<Broken<'p>>)> {
    let (mut at, mut broken) = (None, Vec::new());
    // What an entry that stands twice shares with itself says nothing more.
    for (other, number_there) in others.named.iter().filter(|it| !is_same_entry(own, &it.0)) {
        let found = match service {
            Some(service) => shared(own, number, other, *number_there, service.rule),
            None => collision(own, number, other, *number_there),
        };
        let Some((rule, mine, theirs)) = found else { continue };
        // Other services take mail whatever stands beside it.
        let unknown = left_out(rule, object, [(own, mine), (&**other, theirs)]);
        if let Some(attr) = unknown.filter(|_| service.is_none()) {
            if verdicts.looks_for(rule) {
                object.settings.left_out.silence(attr, rule.name.0);
            }
            continue;
        }
        at.get_or_insert(mine);
        broken.push(Broken { rule, other, theirs });
    }
    Some((at?, broken))
}

/// Says which rules are broken, and with whom.
fn say(
    object: &Object<'_, '_>,
    (own, at): (&Party, Identifier),
    group: &str,
    broken: &[Broken<'_>],
    others: &Others,
    verdicts: &mut Verdicts,
) {
    let mut verdict = verdicts.on(at.attr, at.value);
    let mut said: Vec<RuleName> = Vec::new();
    for Broken { rule, .. } in broken {
        if said.contains(&rule.name) {
            continue;
        }
        said.push(rule.name);
        verdict.breaks(rule, &|| {
            let named = broken.iter().filter(|it| it.rule.name == rule.name);
            let named: Vec<String> = named.map(|it| described(it.other, it.theirs)).collect();
            let more = match others.more {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let kept = kept(object, &others.keeper);
            format!("also held by {}{more}{kept}", named.join(", "))
        });
    }
    verdict.collide(|| collision_of(object, (own, at), group, broken, others));
    verdict.suggest(|| {
        let can_go = at.role == Role::Secondary
            && is_smtp(object, at)
            && broken.iter().all(|it| it.rule.name != EQUIVALENT.name)
            && kept_elsewhere(object, &others.keeper).is_some();
        can_go.then_some((Suggestion::Remove, Applicability::Unsafe))
    });
}

/// The attribute that the exports leave out, where a rule is broken for lack of it: what
/// the cloud makes in its place cannot be told then.
fn left_out(
    rule: &Rule,
    object: &Object<'_, '_>,
    parties: [(&Party, Identifier); 2],
) -> Option<Attr> {
    let left_out = &object.settings.left_out;
    let name = object.settings.principal_name();
    let of_accounts = rule.name == ACCOUNT_IN_FOREST.name;
    let [(own, _), (other, _)] = parties;
    if rule.name == MAILBOX.name && domain(&own.dn) != domain(&other.dn) {
        // One of them may have the mailbox.
        return Some(Attr::HomeMdb).filter(|attr| left_out.contains(*attr));
    }
    parties.iter().find_map(|(party, identifier)| {
        let is_account = identifier.attr == Attr::SamAccountName;
        match identifier.role {
            Role::Account if of_accounts => Some(name),
            Role::PredictedName if is_account => Some(name),
            Role::EffectiveMail => Some(Attr::ProxyAddresses),
            Role::PredictedAlias | Role::PredictedName => return party.alias_unknown,
            _ => None,
        }
        .filter(|attr| left_out.contains(*attr))
    })
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
    broken: &[Broken<'_>],
    others: &Others,
) -> Collision {
    let tenant = object.settings.tenant.as_deref();
    let address = group.strip_prefix("mail:").unwrap_or(group);
    let in_cloud: Vec<usize> = tenant
        .iter()
        .flat_map(|tenant| tenant.holders(address))
        .map(|(number, _)| number)
        .collect();
    let parties =
        || std::iter::once((own, at)).chain(broken.iter().map(|it| (it.other, it.theirs)));
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
    let theirs = ByRole::of(other.held_by(theirs));
    let mine = own.held_by(number).iter();
    mine.flat_map(|(mine, _, value)| theirs.beside(value).map(|their| (*mine, their)))
        .find(|(_, (their, is_exact))| *is_exact && is_address(their))
        .map(|(mine, (their, _))| (rule, mine, their))
}

/// The gravest rule that two holders of a key break together, with the identifiers
/// of both.
fn collision(
    own: &Party,
    number: usize,
    other: &Party,
    theirs: usize,
) -> Option<(&'static Rule, Identifier, Identifier)> {
    let mut worst: Option<(&'static Rule, Identifier, Identifier)> = None;
    let theirs = ByRole::of(other.held_by(theirs));
    for (mine, _, value) in own.held_by(number) {
        for (their, is_exact) in theirs.beside(value) {
            let rule = rule_of((own, mine.role), (other, their.role), is_exact);
            let Some(rule) = rule else { continue };
            // Of equals, that which says most about how somebody signs in.
            let rank = |rule: &Rule| (rule.severity, rule.name != PREDICTED_NAME.name);
            if worst.is_none_or(|(known, _, _)| rank(rule) < rank(known)) {
                worst = Some((rule, *mine, their));
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
        Account, Alias, Anchor, Mailbox, MasterSid, PredictedAlias, PredictedName, PrincipalName,
        ServiceAlias, ServiceName, Sid,
    };
    if [own.kind, other.kind].contains(&ObjectKind::Other) {
        // A public folder, of which nothing but its addresses counts.
        let is_address =
            |role| matches!(role, Role::Primary | Role::Secondary | Role::EffectiveMail);
        let of_both = is_exact && is_address(mine) && is_address(their);
        return (of_both && own.kind != other.kind).then_some(&PUBLIC_FOLDER);
    }
    Some(match (mine, their) {
        (Anchor, Anchor) => &ANCHOR,
        (Anchor, _) | (_, Anchor) => return None,
        (Sid, Sid) | (MasterSid, MasterSid) => &SID,
        (Sid, MasterSid) | (MasterSid, Sid) => return claims_account(own, other).then_some(&SID),
        (ServiceName, ServiceName) => return is_one_forest(own, other).then_some(&SERVICE),
        (ServiceName, ServiceAlias) | (ServiceAlias, ServiceName) => {
            // Who administers may give the service of a host to a user on purpose.
            let are_hosts = [own, other].iter().all(|it| it.kind == ObjectKind::Computer);
            return (are_hosts && is_one_forest(own, other)).then_some(&SERVICE);
        }
        (ServiceAlias, _) | (_, ServiceAlias) => return None,
        (Mailbox, Mailbox) => return (!is_prepared(own, other)).then_some(&MAILBOX),
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
        _ => return rule_of_addresses((own, mine), (other, their), is_exact),
    })
}

/// The same for what stands among the addresses of each.
fn rule_of_addresses(
    (own, mine): (&Party, Role),
    (other, their): (&Party, Role),
    is_exact: bool,
) -> Option<&'static Rule> {
    use Role::{EffectiveMail, Mail, Primary, PrincipalName, Route, Secondary, Target};
    let has_effective_mail = |party: &Party| {
        party.identifiers.iter().any(|(identifier, _, _)| identifier.role == EffectiveMail)
    };
    Some(match (mine, their) {
        (Route, Primary | Secondary | EffectiveMail | PrincipalName)
        | (Primary | Secondary | EffectiveMail | PrincipalName, Route) => {
            return is_one_forest(own, other).then_some(&ROUTE);
        }
        (Route, _) | (_, Route) => return None,
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

/// Whether two entries are of the same name.
fn is_same_entry(own: &Party, other: &Party) -> bool {
    own.dn.eq_ignore_ascii_case(&other.dn)
        || !are_plainly_apart(&own.dn, &other.dn) && is_same(&own.dn, &other.dn)
}

/// Whether two DNs are different at the first look: their first values begin with
/// different letters or digits, however they go on.
fn are_plainly_apart(one: &[u8], other: &[u8]) -> bool {
    fn begin(dn: &[u8]) -> &[u8] {
        let behind = memchr::memchr(b'=', dn).and_then(|at| dn.get(at + 1..));
        behind.unwrap_or_default().trim_ascii_start()
    }
    let (one, other) = (begin(one), begin(other));
    let differ = one.iter().zip(other).find(|(one, other)| !one.eq_ignore_ascii_case(other));
    // What is escaped, and values that stand together in any order, are looked at closely.
    let is_plain = |value: &[u8]| memchr::memchr3(b'\\', b'"', b'+', value).is_none();
    differ.is_some_and(|(one, other)| one.is_ascii_alphanumeric() && other.is_ascii_alphanumeric())
        && is_plain(one)
        && is_plain(other)
}

/// Whether the mailbox of an account of its own claims the account of another. That of a
/// disabled one is what a linked mailbox is: Entra Connect joins the two.
fn claims_account(own: &Party, other: &Party) -> bool {
    own.is_enabled == Some(true) && other.is_enabled == Some(true)
}

/// Whether one of two objects in different domains waits for the mailbox of the other.
fn is_prepared(own: &Party, other: &Party) -> bool {
    own.has_mailbox != other.has_mailbox && domain(&own.dn) != domain(&other.dn)
}

/// The root domain of an object's forest: objectCategory names a class of the schema, which
/// stands below the root domain, whatever the names of the other domains are.
fn forest(object: &Object<'_, '_>) -> Option<Vec<u8>> {
    let category = object.subject.first(Attr::ObjectCategory)?;
    let root = domain(&category);
    (!root.is_empty()).then_some(root)
}

/// Whether two entries can be of one forest: where it is not known of both, by the last two
/// labels of the domain, which mostly are the same.
fn is_one_forest(own: &Party, other: &Party) -> bool {
    if let (Some(own), Some(other)) = (&own.forest, &other.forest) {
        return own == other;
    }
    let end = |party: &Party| -> Vec<u8> {
        let domain = domain(&party.dn);
        domain.split(|byte| *byte == b',').take(2).flatten().copied().collect()
    };
    end(own) == end(other)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_that_are_apart_at_the_first_look_are_not_the_same(
            names in prop::array::uniform2("(CN|cn|commonName|UID) ?= ?[abA]{0,2}(  ?[ab]|\\\\41|\\\\,|\"a\"|é|\\+UID=a)?[ab]? ?, ?DC=x"),
        ) {
            let [one, other] = &names;
            if are_plainly_apart(one.as_bytes(), other.as_bytes()) {
                prop_assert!(!is_same(one.as_bytes(), other.as_bytes()), "{one} {other}");
            }
        }
    }

    #[test]
    fn names_of_different_people_are_apart_at_the_first_look() {
        assert!(are_plainly_apart(b"CN=Ann,DC=x", b"CN=Anton,DC=x"));
        for other in ["cn=ann,DC=x", "CN=Ann , DC=x", "CN=\\41nn,DC=x", "CN=Anné,DC=x"] {
            assert!(!are_plainly_apart(b"CN=Ann,DC=x", other.as_bytes()), "{other}");
        }
    }
}
