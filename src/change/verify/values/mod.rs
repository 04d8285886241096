//! The values of one entry: which of the modify records that name it were made.

mod alone;
mod key;
mod likeness;

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::change::apply::{self, Guards, borrowed};
use crate::change::identity::{self, canonical};
use crate::change::stored::{is_active_directory, is_openldap};
use crate::change::verify::chains::{Chains, Joined};
use crate::change::verify::explain::{
    Act, Deed, FactId, Facts, GroupId, Knowledge, Patience, Verdict, explain,
};
use crate::change::verify::{Contradiction, FoundValues, Judgement, State};
use crate::directory::{Entry, Syntax, Writability};
use crate::ldif::{Attribute, ModOp, Modification, Value};

use key::{Follow, Key};
pub(super) use likeness::{Likeness, Taken};

/// Leaves of the choices for some records those that are likely.
pub(super) type Narrow<'n> = dyn Fn(&[usize], &[usize]) -> Vec<usize> + 'n;

/// The form in which values are equal where the attribute's rule says so.
fn fold<'v>(rule: Syntax, value: &'v Value<'_>) -> Value<'v> {
    match value {
        Value::Bytes(bytes) => Value::Bytes(identity::value_key(rule, bytes)),
        Value::Url(url) => Value::Url(Cow::Borrowed(url)),
    }
}

/// Whether two values of an attribute are equal under its rule.
pub(super) fn equal(attribute: &[u8], a: &Value<'_>, b: &Value<'_>) -> bool {
    let rule = identity::rule_of(attribute);
    a == b || fold(rule, a) == fold(rule, b)
}

/// Whether a server holds two equal values in one spelling: a DN it writes in its own way.
fn is_spelled_alike(rule: Syntax, a: &Value<'_>, b: &Value<'_>) -> bool {
    let dns = || Some((a.bytes()?, b.bytes()?)).filter(|_| rule == Syntax::DistinguishedName);
    a == b || dns().is_some_and(|(a, b)| identity::are_dns_spelled_alike(a, b))
}

/// The values of an entry, however spelled.
pub(super) struct Held<'e> {
    entry: &'e Entry<'e>,
    attributes: FxHashMap<Vec<u8>, FxHashSet<Value<'e>>>,
}

impl<'e> Held<'e> {
    pub(super) fn of(entry: &'e Entry<'e>) -> Self {
        Self { entry, attributes: FxHashMap::default() }
    }

    pub(super) fn holds(&mut self, attribute: &[u8], value: &Value<'_>) -> bool {
        self.holds_folded(attribute, &fold(identity::rule_of(attribute), value))
    }

    /// The same for a value in the form in which equal ones are the same.
    fn holds_folded(&mut self, attribute: &[u8], value: &Value<'_>) -> bool {
        let entry = self.entry;
        let values =
            self.attributes.entry(canonical(attribute).into_owned()).or_insert_with(|| {
                let rule = identity::rule_of(attribute);
                let values = identity::values_of(entry, attribute).iter();
                values.map(|value| fold(rule, value)).collect()
            });
        values.contains(value)
    }
}

/// Whether a server may set the attribute otherwise than an add asks for, or does
/// not show it.
pub(super) fn is_set_by_server(attribute: &[u8]) -> bool {
    identity::names_by_server(attribute)
        || matches!(
            identity::writability(attribute),
            Writability::System
                | Writability::Constructed
                | Writability::BackLink
                | Writability::WriteOnly
                | Writability::Restricted
        )
}

/// What is done to one attribute of the entry.
struct Field<'r> {
    name: &'r [u8],
    group: GroupId,
    rule: Syntax,
    /// The spellings of each value that records name.
    values: FxHashMap<Key<'r>, Vec<(Value<'r>, FactId)>>,
    /// Whether a record does something to all values, whatever they are.
    whole: bool,
    /// Whether all its values before the first record are known.
    based: bool,
}

/// The records of one entry, and what they do.
pub(super) struct Values<'r> {
    /// The entry before the first record, where that is known.
    before: Option<&'r Entry<'r>>,
    /// The types of which it holds only a part of the values, in canonical form.
    parts: FxHashSet<Vec<u8>>,
    /// What an add gave it, by canonical description.
    added: FxHashMap<Vec<u8>, Vec<&'r Value<'r>>>,
    fields: Vec<Field<'r>>,
    by_name: FxHashMap<Vec<u8>, usize>,
    facts: Facts,
    /// What is so if all records so far were made.
    sim: Knowledge,
    acts: Vec<(usize, Act)>,
    /// Values that a replace gives: that one of another spelling is there does not
    /// show that it was made.
    replaced: FxHashSet<FactId>,
    /// Values to be deleted that are there in another spelling: they were never
    /// spelled as the record has it, or are twins of those that went.
    doubtful: FxHashMap<FactId, GroupId>,
    /// How values that name entries follow them, where a directory has them do so.
    follow: Option<Follow<'r>>,
    /// How many records were made before the one that is being added.
    made: usize,
}

/// A value that a rename takes or gives, and the record.
pub(super) struct Naming<'r> {
    pub(super) number: usize,
    pub(super) values: Vec<(Vec<u8>, Value<'r>, bool)>,
    pub(super) made: bool,
}

impl<'r> Values<'r> {
    pub(super) fn new(before: Option<&'r Entry<'r>>, added: Option<&'r [Attribute<'r>]>) -> Self {
        let held = before.into_iter().flat_map(Entry::attributes);
        let parts = held.filter(|own| identity::is_partial(&own.name));
        let parts = parts.map(|own| identity::canonical_type(&own.name).into_owned()).collect();
        let mut lines: FxHashMap<Vec<u8>, Vec<&Value<'_>>> = FxHashMap::default();
        for line in added.filter(|_| before.is_none()).into_iter().flatten() {
            lines.entry(canonical(&line.name).into_owned()).or_default().push(&line.value);
        }
        Self {
            before,
            parts,
            added: lines,
            fields: Vec::new(),
            by_name: FxHashMap::default(),
            facts: Facts::default(),
            sim: Knowledge::default(),
            acts: Vec::new(),
            replaced: FxHashSet::default(),
            doubtful: FxHashMap::default(),
            follow: None,
            made: 0,
        }
    }

    fn field(&mut self, name: &'r [u8]) -> usize {
        let key = canonical(name).into_owned();
        if let Some(&at) = self.by_name.get(&key) {
            return at;
        }
        let before = self.before(name);
        let (group, rule) = (self.facts.group(), identity::rule_of(name));
        let mut values: FxHashMap<Key<'r>, Vec<(Value<'r>, FactId)>> = FxHashMap::default();
        let mut seen = FxHashSet::default();
        let start = self.follow.as_ref().map_or(0, |follow| follow.start);
        for value in before.iter().flatten().copied().filter(|value| seen.insert(*value)) {
            let spellings = values.entry(self.key(rule, value, start)).or_default();
            if self.follows(rule) && !spellings.is_empty() {
                continue;
            }
            let fact = self.facts.fact(group);
            self.facts.was(fact, true);
            self.sim.make(&self.facts, Deed::Set { fact, to: true, guarded: false });
            spellings.push((borrowed(value), fact));
        }
        let based = before.is_some();
        self.fields.push(Field { name, group, rule, values, whole: false, based });
        self.by_name.insert(key, self.fields.len() - 1);
        self.fields.len() - 1
    }

    /// The fact that a value is there: as a delete names it, or exactly.
    fn fact(&mut self, field: usize, value: &'r Value<'r>, to: bool) -> FactId {
        let rule = self.fields[field].rule;
        let (key, follows) = (self.key(rule, value, self.made), self.follows(rule));
        let Field { group, values, based, .. } = &mut self.fields[field];
        let spellings = values.entry(key).or_default();
        if let Some((_, fact)) = spellings.first().filter(|_| follows) {
            return *fact;
        }
        let exact = spellings.iter().find(|(spelled, _)| is_spelled_alike(rule, spelled, value));
        let exact = exact.map(|(_, fact)| *fact);
        let is_there = |fact: &FactId| self.sim.known(&self.facts, *fact) == Some(true);
        if !to && !exact.is_some_and(|fact| is_there(&fact)) {
            // A server takes the equal value that is there.
            let other = spellings.iter().map(|(_, fact)| *fact).find(is_there);
            if let Some(other) = other {
                return other;
            }
        }
        exact.unwrap_or_else(|| {
            let fact = self.facts.fact(*group);
            if *based {
                self.facts.was(fact, false);
            }
            spellings.push((borrowed(value), fact));
            fact
        })
    }

    fn has_equal(&mut self, field: usize, value: &Value<'_>) -> bool {
        let key = self.key(self.fields[field].rule, value, self.made);
        let spellings = self.fields[field].values.get(&key).map(Vec::as_slice).unwrap_or_default();
        spellings.iter().any(|(_, fact)| self.sim.known(&self.facts, *fact) == Some(true))
    }

    fn deed(&mut self, act: &mut Act, deed: Deed) {
        self.sim.make(&self.facts, deed);
        act.push(deed);
    }

    /// Adds a modify record, if all before it were made.
    pub(super) fn push(&mut self, number: usize, mods: &'r [Modification<'r>], guards: Guards) {
        let mut act = Act::new();
        self.made = number;
        let guarded = guards == Guards::On;
        for modification in mods {
            let field = self.field(&modification.attribute);
            let group = self.fields[field].group;
            match modification.op {
                ModOp::Add => self.set_all(&mut act, field, &modification.values, true, guards),
                ModOp::Delete if modification.values.is_empty() => {
                    self.fields[field].whole = true;
                    self.deed(&mut act, Deed::Clear { group, guarded });
                }
                ModOp::Delete => {
                    self.set_all(&mut act, field, &modification.values, false, guards);
                }
                ModOp::Replace => {
                    self.fields[field].whole = true;
                    self.deed(&mut act, Deed::Clear { group, guarded: false });
                    self.give_all(&mut act, field, &modification.values);
                }
                ModOp::Increment => {
                    self.increment(&mut act, field, &modification.values, guards);
                }
            }
        }
        self.acts.push((number, act));
    }

    /// A number that grows is one value that goes and one that comes, where it is
    /// known.
    fn increment(&mut self, act: &mut Act, field: usize, by: &'r [Value<'r>], guards: Guards) {
        let Field { group, rule, based, values, .. } = &self.fields[field];
        let (group, rule) = (*group, *rule);
        let known = *based || self.sim.is_complete(group);
        let there = values.values().flatten();
        let there = there.filter(|(_, fact)| self.sim.known(&self.facts, *fact) == Some(true));
        let sums: Option<Vec<(FactId, Value<'static>)>> =
            there.map(|(value, fact)| Some((*fact, apply::incremented(value, by)?))).collect();
        let Some(sums) = sums.filter(|_| known) else {
            self.fields[field].whole = true;
            self.deed(act, Deed::Blur { group });
            return;
        };
        if sums.is_empty() && guards == Guards::Off && self.before.is_some_and(is_openldap) {
            return self.set_all(act, field, by, true, guards);
        }
        for (fact, sum) in sums {
            self.deed(act, Deed::Set { fact, to: false, guarded: true });
            let key = Key { value: fold(rule, &sum).into_owned(), absent: None };
            let Field { values, based, .. } = &mut self.fields[field];
            let spellings = values.entry(key).or_default();
            let exact = spellings.iter().find(|(value, _)| *value == sum).map(|(_, fact)| *fact);
            let fact = exact.unwrap_or_else(|| {
                let fact = self.facts.fact(group);
                if *based {
                    self.facts.was(fact, false);
                }
                spellings.push((sum, fact));
                fact
            });
            self.deed(act, Deed::Set { fact, to: true, guarded: true });
        }
    }

    fn set_all(
        &mut self,
        act: &mut Act,
        field: usize,
        values: &'r [Value<'r>],
        to: bool,
        guards: Guards,
    ) {
        let guarded = guards == Guards::On;
        // A value stays as it is spelled where an equal one is there before all of them.
        let mut stays = |value: &&Value<'_>| !guarded && to && self.has_equal(field, value);
        let comes: Vec<&'r Value<'r>> = values.iter().filter(|value| !stays(value)).collect();
        for value in comes {
            let fact = self.fact(field, value, to);
            self.deed(act, Deed::Set { fact, to, guarded });
        }
    }

    /// What a replace gives.
    fn give_all(&mut self, act: &mut Act, field: usize, values: &'r [Value<'r>]) {
        for value in values {
            let fact = self.fact(field, value, true);
            self.replaced.insert(fact);
            self.deed(act, Deed::Set { fact, to: true, guarded: false });
        }
    }

    /// Adds a rename, where records also speak of the values that it takes and
    /// gives.
    pub(super) fn push_naming(&mut self, naming: &'r Naming<'r>, spoken: &FxHashSet<Vec<u8>>) {
        let mut act = Act::new();
        self.made = naming.number;
        for (name, value, to) in &naming.values {
            if !spoken.contains(&*canonical(name)) {
                continue;
            }
            let field = self.field(name);
            // An equal value that is there names the entry as well.
            if *to && self.has_equal(field, value) {
                continue;
            }
            let fact = self.fact(field, value, *to);
            self.deed(&mut act, Deed::Set { fact, to: *to, guarded: !to });
        }
        if act.is_empty() {
            return;
        }
        let group = self.facts.group();
        let done = self.facts.fact(group);
        self.facts.observe(done, naming.made);
        act.push(Deed::Set { fact: done, to: true, guarded: true });
        self.acts.push((naming.number, act));
    }

    /// Says of each record what became of it.
    pub(super) fn judge(
        &mut self,
        now: &Entry<'_>,
        narrow: &Narrow<'_>,
        patience: &Patience,
    ) -> Vec<(usize, Judgement)> {
        self.observe(now);
        let chains = self.chains();
        let mut judged = Vec::with_capacity(self.acts.len());
        for chain in 0..chains.len() {
            let members = chains.members(chain);
            let acts: Vec<&Act> = members.iter().map(|&at| &self.acts[at].1).collect();
            let numbers: Vec<usize> = members.iter().map(|&at| self.acts[at].0).collect();
            let narrow = |choices: &[usize]| narrow(choices, &numbers);
            let explained = explain(&self.facts, &acts, &narrow, patience);
            let sure = explained.sure;
            let first = explained.choices.first().copied().unwrap_or_default();
            let open = first..explained.choices.last().copied().unwrap_or_default();
            let all = numbers.iter().zip(&acts).zip(explained.verdicts).enumerate();
            for (at, ((&number, act), verdict)) in all {
                let doubtful = act.iter().find_map(|deed| self.doubtful_of(deed));
                let judgement = match (verdict, doubtful.filter(|_| open.contains(&at))) {
                    (Verdict::Applied, Some(name)) => {
                        let found = found_values(now, name);
                        Judgement::unclear(Contradiction::Spelling(found))
                    }
                    (Verdict::Applied, None) => Judgement::new(State::Applied, sure),
                    (Verdict::Pending, _) => Judgement::new(State::Pending, sure),
                    (Verdict::Unclear, _) => Judgement::unclear(Contradiction::OldValueUnknown),
                    (Verdict::Contradicted, _) => self.judge_alone(act, now),
                };
                judged.push((number, judgement));
            }
            let from = judged.len() - members.len();
            self.make_again(&acts, &mut judged[from..]);
        }
        judged
    }

    /// Notes what must be made again, since an earlier record that is still to be
    /// made does something to all values of the same attribute, or this one did.
    fn make_again(&self, acts: &[&Act], judged: &mut [(usize, Judgement)]) {
        let is_open = |state| matches!(state, State::Pending | State::Partly);
        let first = judged.iter().position(|(_, judgement)| is_open(judgement.state));
        let last = judged.iter().rposition(|(_, judgement)| judgement.state == State::Applied);
        if first.is_none() || first > last {
            return;
        }
        let mut open: FxHashSet<GroupId> = FxHashSet::default();
        let mut known = Knowledge::default();
        for (act, (_, judgement)) in acts.iter().zip(judged) {
            let mut touched: Vec<GroupId> = Vec::new();
            for deed in act.iter() {
                known.make(&self.facts, *deed);
                match *deed {
                    Deed::Set { fact, .. } => touched.push(self.facts.group_of(fact)),
                    Deed::Clear { group, .. } => touched.push(group),
                    Deed::Blur { .. } => {}
                }
            }
            if is_open(judgement.state) {
                open.extend(touched);
                continue;
            }
            touched.sort_unstable();
            touched.dedup();
            for group in touched.into_iter().filter(|group| open.contains(group)) {
                let field = self.fields.iter().find(|field| field.group == group && field.whole);
                let Some(field) = field.filter(|_| known.is_complete(group)) else { continue };
                let mut there: Vec<_> = field
                    .values
                    .values()
                    .flatten()
                    .filter(|(_, fact)| known.known(&self.facts, *fact) == Some(true))
                    .filter(|(_, fact)| !self.is_gone(*fact))
                    .collect();
                there.sort_unstable_by_key(|(_, fact)| *fact);
                judgement.again.push(Modification {
                    op: ModOp::Replace,
                    attribute: Cow::Owned(field.name.to_vec()),
                    values: there.iter().map(|(value, _)| value.clone().into_owned()).collect(),
                });
            }
        }
    }

    /// The attribute of a value that is there in another spelling.
    fn doubtful_of(&self, deed: &Deed) -> Option<&[u8]> {
        let Deed::Set { fact, .. } = *deed else { return None };
        let group = self.doubtful.get(&fact)?;
        self.fields.iter().find(|field| field.group == *group).map(|field| field.name)
    }

    fn chains(&self) -> Chains {
        let mut joined = Joined::new(self.acts.len());
        let mut first_of_fact: FxHashMap<FactId, usize> = FxHashMap::default();
        let mut first_of_group: FxHashMap<GroupId, usize> = FxHashMap::default();
        let whole: FxHashSet<GroupId> =
            self.fields.iter().filter(|field| field.whole).map(|field| field.group).collect();
        let linked = |group: GroupId| whole.contains(&group) || self.facts.is_complete(group);
        for (at, (_, act)) in self.acts.iter().enumerate() {
            for deed in act {
                let group = match *deed {
                    Deed::Set { fact, .. } => {
                        joined.join(*first_of_fact.entry(fact).or_insert(at), at);
                        self.facts.group_of(fact)
                    }
                    Deed::Clear { group, .. } | Deed::Blur { group } => group,
                };
                if linked(group) {
                    joined.join(*first_of_group.entry(group).or_insert(at), at);
                }
            }
        }
        joined.chains()
    }

    /// Looks at the entry for all that the records speak of.
    fn observe(&mut self, now: &Entry<'_>) {
        let active_directory = is_active_directory(now.attributes());
        let mut first: FxHashMap<FactId, bool> = FxHashMap::default();
        for deed in self.acts.iter().flat_map(|(_, act)| act) {
            if let Deed::Set { fact, to, .. } = *deed {
                first.entry(fact).or_insert(to);
            }
        }
        for field in &self.fields {
            let values: FxHashSet<&Value<'_>> =
                identity::values_of(now, field.name).iter().collect();
            let single = active_directory
                && identity::single_valued(field.name)
                && values.len() <= 1
                && !field.whole;
            let complete = single || (field.whole && field.based);
            let follows = self.follow.is_some() && field.rule == Syntax::DistinguishedName;
            let folded = by_key(field.rule, values.iter().copied());
            // What is there shows one fact only.
            let mut others = values;
            for (key, spellings) in &field.values {
                let now = folded.get(&key.value).map(Vec::as_slice).unwrap_or_default();
                if let Some(absent) = key.absent {
                    // Another entry may bear the name now.
                    let written = Key { absent: None, ..key.clone() };
                    if now.is_empty() || field.values.contains_key(&written) {
                        // With a deleted entry go the values that name it.
                        let gone = spellings.iter().filter(|_| absent.deleted);
                        gone.for_each(|(_, fact)| self.facts.hide(*fact));
                        continue;
                    }
                }
                // Where twins are there, of which records name one, another that they name
                // may be the one that they do not.
                let is_alike = |a: &Value<'_>, b: &Value<'_>| is_spelled_alike(field.rule, a, b);
                let is_named =
                    |value: &&&Value<'_>| spellings.iter().any(|(own, _)| is_alike(own, value));
                let named = now.iter().filter(is_named).count();
                let other = (1..now.len()).contains(&named);
                for (spelled, fact) in spellings {
                    let exact = now.iter().any(|value| is_alike(value, spelled));
                    let only = spellings.len() == 1 && !self.replaced.contains(fact);
                    let only = only || follows;
                    let alike = only && !exact && !now.is_empty();
                    // Of what is deleted a twin may be left.
                    let twin = alike && !single && !follows && first.get(fact) == Some(&false);
                    let shows = alike && !(twin && field.based);
                    let shown = now.iter().find(|value| shows || is_alike(value, spelled));
                    self.facts.observe(*fact, shown.is_some_and(|value| others.remove(value)));
                    let gone = first.get(fact) == Some(&false);
                    let twin = twin || (!exact && other && gone);
                    if twin && !field.based && field.rule != Syntax::DistinguishedName {
                        self.facts.hide(*fact);
                        self.doubtful.insert(*fact, field.group);
                    }
                }
            }
            self.facts.observe_group(field.group, others.len(), complete);
        }
    }

    /// Whether a value went with the entry that it names, whatever the records did.
    fn is_gone(&self, fact: FactId) -> bool {
        self.facts.is_hidden(fact) && !self.doubtful.contains_key(&fact)
    }

    /// All values of an attribute before the first record, where they are known.
    fn before(&self, attribute: &[u8]) -> Option<Vec<&'r Value<'r>>> {
        if let Some(before) = self.before {
            let is_partial = self.parts.contains(&*identity::canonical_type(attribute));
            return (!is_partial).then(|| identity::values_of(before, attribute).iter().collect());
        }
        self.added.get(&*canonical(attribute)).cloned()
    }

    /// Whether the entry holds a value that an add gave it, under the name of now where it
    /// names an entry; with an entry that was deleted it went, too.
    pub(super) fn is_kept(
        &mut self,
        held: &mut Held<'_>,
        attribute: &[u8],
        value: &Value<'_>,
    ) -> bool {
        let start = self.follow.as_ref().map_or(0, |follow| follow.start);
        let key = self.key(identity::rule_of(attribute), value, start);
        key.absent.is_some_and(|absent| absent.deleted) || held.holds_folded(attribute, &key.value)
    }

    /// Whether a record names the value, or all of its attribute.
    pub(super) fn speaks_of(&mut self, attribute: &[u8], value: &Value<'_>) -> bool {
        let Some(&at) = self.by_name.get(&*canonical(attribute)) else { return false };
        let start = self.follow.as_ref().map_or(0, |follow| follow.start);
        let key = self.key(self.fields[at].rule, value, start);
        self.fields[at].whole || self.fields[at].values.contains_key(&key)
    }
}

/// Values by the form in which they are equal.
fn by_key<'v, 'a: 'v>(
    rule: Syntax,
    values: impl Iterator<Item = &'v Value<'a>>,
) -> FxHashMap<Value<'v>, Vec<&'v Value<'a>>> {
    let mut by_key: FxHashMap<Value<'v>, Vec<&'v Value<'a>>> = FxHashMap::default();
    for value in values {
        by_key.entry(fold(rule, value)).or_default().push(value);
    }
    by_key
}

/// The most values that a report shows of one attribute.
const SHOWN: usize = 3;

pub(super) fn found_values(now: &Entry<'_>, attribute: &[u8]) -> FoundValues {
    let values = identity::values_of(now, attribute);
    FoundValues {
        attribute: attribute.to_vec(),
        values: values.iter().take(SHOWN).map(|value| value.clone().into_owned()).collect(),
        count: values.len(),
    }
}
