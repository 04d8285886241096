//! One entry with suggestions: which of them hold, as far as the entry itself
//! can tell.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::change::{
    Continued, Edit, EntryEdits, EntryTexts, Planned, RefusedEdit, intended_attributes, plan,
};
use crate::directory::Entry;
use crate::ldif::Line;
use crate::rules::{
    Applicability, Attr, AttrSet, Duplicates, EntryFindings, Finding, Fingerprint, HeldKeys,
    Holder, Profile, RuleName, StoredValue, Subject, Suggestion, addresses_of,
    catalogue::identifiers::{Identifier, SPACE},
    idfix::{self, Buffers},
};

use super::declined::{Decline, Declined};
use super::draft::DraftError;
use super::found::{Found, NOWHERE, local_findings};
use super::held::Held;
use super::subject::{Scratch, intended_values, subject_in, subject_of};

/// Which suggestions may be taken.
pub struct Policy<'p> {
    /// Whether unsafe ones are.
    pub take_unsafe: bool,
    /// Whether a suggestion that answers to these rules is wanted.
    pub admits: &'p (dyn Fn(&[RuleName]) -> bool + Sync),
    /// Whether a finding was accepted, and stays.
    pub accepts: &'p (dyn Fn(&Finding<'_>) -> bool + Sync),
}

/// An entry and the suggestions for it.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    /// Bytes over all inputs to the entry.
    pub offset: u64,
    pub entry: Arc<Entry<'a>>,
    /// Suggestions that are to be taken.
    pub proposals: Vec<Proposal<'a>>,
    pub declined: Vec<Declined<'a>>,
    /// The record, where proposals are left.
    pub planned: Option<Planned>,
    /// Keys of unique values that the entry gains and gives up.
    pub takes: HeldKeys,
    pub frees: HeldKeys,
    /// Keys of the new values, held before or not.
    pub new_keys: FxHashSet<Fingerprint>,
    /// What only one entry may have and comes from new values, by its key.
    made: FxHashMap<Fingerprint, Made>,
    /// The addresses that it gives up.
    pub gives_up: FxHashSet<Fingerprint>,
    /// Those that it gets.
    pub gets: FxHashSet<Fingerprint>,
    /// Whether these proposals were found to need no further correction.
    is_settled: bool,
    /// Suggestions that were tried.
    tried: FxHashSet<Tried>,
    /// Values that an earlier entry holds too.
    shared: FxHashSet<(Attr, Vec<u8>)>,
}

/// A suggestion that may be taken.
#[derive(Debug, Clone)]
pub(super) struct Proposal<'a> {
    pub attr: Attr,
    pub finding: Finding<'a>,
    pub edit: Edit<'static>,
}

impl Proposal<'_> {
    /// Whether the proposal makes the value of a finding.
    fn makes(&self, (attribute, value, _): &Found) -> bool {
        self.finding.attribute == *attribute
            && self.edit.add.iter().any(|new| Some(new.as_ref()) == value.as_deref())
    }
}

/// A new value from which something comes that only one entry may have.
#[derive(Debug, Clone)]
struct Made {
    attr: Attr,
    value: Vec<u8>,
    /// Whether the value itself is that, and not what the cloud makes of it.
    is_held: bool,
}

/// A suggestion for a value of an attribute.
type Tried = (&'static str, Option<Vec<u8>>, Suggestion);

fn tried(finding: &Finding<'_>) -> Tried {
    (finding.attribute, finding.value.as_deref().map(<[u8]>::to_vec), finding.suggestion.clone())
}

/// Takes out the findings whose suggestion the policy does not let through.
pub(super) fn sort_out<'a>(
    findings: &mut Vec<Finding<'a>>,
    policy: &Policy<'_>,
) -> Vec<Declined<'a>> {
    let mut declined = Vec::new();
    for finding in std::mem::take(findings) {
        // The row of a first holder carries no suggestion of its own.
        if finding.extra {
            continue;
        }
        match policy.judge(&finding) {
            None => findings.push(finding),
            Some(reason) => declined.push(Declined { finding, reason }),
        }
    }
    declined
}

impl Policy<'_> {
    fn judge(&self, finding: &Finding<'_>) -> Option<Decline> {
        let manual = finding.suggestion == Suggestion::None
            || finding.applicability == Applicability::Manual;
        match finding.applicability {
            _ if (self.accepts)(finding) => Some(Decline::Accepted),
            _ if manual => Some(Decline::Manual),
            _ if !(self.admits)(&finding.rules) => Some(Decline::NotSelected),
            Applicability::Unsafe if !self.take_unsafe => Some(Decline::Unsafe),
            _ => None,
        }
    }
}

impl<'a> Candidate<'a> {
    /// The entry and those of its suggestions that its own rules let through;
    /// `declined` are those that the policy does not.
    pub fn new(
        found: EntryFindings<'a>,
        declined: Vec<Declined<'a>>,
        profile: &Profile,
        texts: &mut EntryTexts<'a>,
        policy: &Policy<'_>,
        scratch: &mut Scratch,
    ) -> Option<Self> {
        let Continued { entry, misfits } = texts.read(found.text)?;
        let mut candidate = Self {
            offset: found.offset,
            entry: Arc::new(entry),
            proposals: Vec::with_capacity(found.findings.len()),
            declined,
            planned: None,
            takes: HeldKeys::default(),
            frees: HeldKeys::default(),
            new_keys: FxHashSet::default(),
            made: FxHashMap::default(),
            gives_up: FxHashSet::default(),
            gets: FxHashSet::default(),
            is_settled: false,
            tried: FxHashSet::default(),
            shared: FxHashSet::default(),
        };
        for declined in &candidate.declined {
            candidate.tried.insert(tried(&declined.finding));
        }
        for finding in candidate.declined.iter().map(|it| &it.finding).chain(&found.findings) {
            let value = finding.value.as_deref().filter(|_| is_duplicate(finding));
            let held = Attr::of(finding.attribute.as_bytes()).zip(value);
            candidate.shared.extend(held.map(|(attr, value)| (attr, value.to_vec())));
        }
        for finding in found.findings {
            candidate.tried.insert(tried(&finding));
            // What is misread may hold what the change would add, or lack what it deletes.
            if !misfits.is_empty() {
                candidate.declined.push(Declined { finding, reason: Decline::Misread });
                continue;
            }
            match candidate.proposal(finding) {
                Ok(proposal) => candidate.proposals.push(proposal),
                Err(finding) => {
                    candidate
                        .declined
                        .push(Declined { finding: *finding, reason: Decline::Manual });
                }
            }
        }
        candidate.evaluate(profile, policy, scratch);
        Some(candidate)
    }

    /// The edit that a finding suggests; the finding itself where it suggests none.
    fn proposal(&self, finding: Finding<'a>) -> Result<Proposal<'a>, Box<Finding<'a>>> {
        let value = || finding.value.as_deref().map(|value| Cow::Owned(value.to_vec()));
        let new = |text: &str| Cow::Owned(text.as_bytes().to_vec());
        let (remove, add) = match &finding.suggestion {
            Suggestion::None => return Err(Box::new(finding)),
            Suggestion::Replace(text) => (value(), Some(new(text))),
            Suggestion::Add(text) => (None, Some(new(text))),
            Suggestion::Remove | Suggestion::RemoveCopy => (value(), None),
        };
        let Some(attr) = Attr::of(finding.attribute.as_bytes()) else {
            return Err(Box::new(finding));
        };
        let edit = Edit {
            attribute: Cow::Owned(self.spelling(attr)),
            remove: remove.into_iter().collect(),
            add: add.into_iter().collect(),
            comments: vec![comment(attr, &finding)],
        };
        Ok(Proposal { attr, finding, edit })
    }

    /// The attribute's name as the export spells it.
    fn spelling(&self, attr: Attr) -> Vec<u8> {
        let name = attr.name().as_bytes();
        let spelled = self.entry.attributes().iter().find(|a| a.name.eq_ignore_ascii_case(name));
        spelled.map_or_else(|| name.to_vec(), |attribute| attribute.name.to_vec())
    }

    /// Drops proposals until the rest can be written and leads to no new finding
    /// in the entry, then works out the record and the keys.
    pub fn evaluate(&mut self, profile: &Profile, policy: &Policy<'_>, scratch: &mut Scratch) {
        self.is_settled = false;
        let entry = Arc::clone(&self.entry);
        let attrs = self.concerned();
        let held = Held::by(&entry, attrs, profile, scratch);
        let Scratch { buffers, subject: memory } = scratch;
        for round in 0_u32.. {
            let edits = EntryEdits {
                dn: entry.dn.clone(),
                edits: self.proposals.iter().map(|proposal| proposal.edit.clone()).collect(),
            };
            let planned = plan(&entry, &edits);
            if !planned.refused.is_empty() {
                self.drop_refused(planned.refused);
                continue;
            }
            let corrected = intended_attributes(&entry, &edits.edits);
            let values = intended_values(&corrected);
            let subject = subject_in(std::mem::take(memory), &entry.dn, values, profile);
            let made = values_made(&self.proposals);
            let is_made = |found: &Found| {
                found.1.as_deref().is_some_and(|value| made.contains(&(found.0, value)))
            };
            let new: Vec<_> = local_findings(profile, &subject)
                .filter(|(found, _)| is_made(found) || !held.known(&entry, profile).covers(found))
                .collect();
            if !new.is_empty() {
                self.drop_for(&new, round);
                continue;
            }
            let keys = HeldKeys::of(profile, &subject, attrs, buffers);
            let new_keys = new_keys(&self.proposals);
            if let Some(&key) = new_keys.intersection(&keys.repeated).min() {
                let errors = idfix::DUPLICATE.label.to_owned();
                self.drop_taking(key, &Decline::StillWrong { errors });
                continue;
            }
            let further = self.further(profile, &subject, policy);
            if !further.is_empty() {
                self.proposals.extend(further);
                continue;
            }
            self.takes = keys.beyond(&held.keys);
            self.made = self.made_of(profile, &subject, buffers);
            // To put a duplicate in the place of another corrects nothing.
            let values = self.made.iter().filter(|(_, made)| made.is_held);
            self.takes.by_rule.extend(values.map(|(key, _)| *key));
            self.frees = held.keys.beyond(&keys);
            self.new_keys = new_keys;
            let addresses = addresses_of(&subject, buffers);
            self.gives_up = held.addresses.difference(&addresses).copied().collect();
            self.gets = addresses.difference(&held.addresses).copied().collect();
            self.planned = planned.planned;
            self.is_settled = true;
            *memory = subject.recycled();
            return;
        }
    }

    /// The attributes that proposals, those that were declined included, are about.
    fn concerned(&self) -> AttrSet {
        let attr = |declined: &Declined<'_>| Attr::of(declined.finding.attribute.as_bytes());
        let proposed = self.proposals.iter().map(|proposal| proposal.attr);
        let attrs = proposed.chain(self.declined.iter().filter_map(attr));
        attrs.fold(AttrSet::EMPTY, AttrSet::with)
    }

    /// What only one entry may have, as far as it comes from new values.
    fn made_of(
        &self,
        profile: &Profile,
        corrected: &Subject<'_>,
        buffers: &mut Buffers,
    ) -> FxHashMap<Fingerprint, Made> {
        let mut made: FxHashMap<Fingerprint, Made> = FxHashMap::default();
        profile.identifiers(corrected, buffers, |Identifier { role, attr, value }, key| {
            let Some(value) = corrected.lines(attr).get(value).map(Line::bytes) else { return };
            let mut proposals = self.proposals.iter().filter(|proposal| proposal.attr == attr);
            if proposals.any(|proposal| proposal.edit.add.contains(&value)) {
                let new = Made { attr, value: value.into_owned(), is_held: role.is_held() };
                let known = made.entry(key).or_insert_with(|| new.clone());
                if new.is_held && !known.is_held {
                    *known = new;
                }
            }
        });
        made
    }

    /// Suggestions that come up once the others are made: the value for a blank
    /// attribute can follow from one that was wrong before, and a duplicate can
    /// become the first value of its attribute. Each is tried once.
    fn further(
        &mut self,
        profile: &Profile,
        corrected: &Subject<'_>,
        policy: &Policy<'_>,
    ) -> Vec<Proposal<'a>> {
        // Only one that was declined can come back as another.
        if self.proposals.is_empty()
            || self.declined.is_empty()
            || profile.scope(corrected).is_err()
        {
            return Vec::new();
        }
        let mut further = Vec::new();
        let duplicates = StillShared { subject: corrected, shared: &self.shared };
        for finding in profile.findings(corrected, &duplicates, NOWHERE) {
            let tried = tried(&finding);
            let known = self.declined.iter().position(|declined| {
                declined.finding.attribute == finding.attribute
                    && declined.finding.value.as_deref() == finding.value.as_deref()
            });
            let Some(known) = known else { continue };
            if policy.judge(&finding).is_some() || !self.tried.insert(tried) {
                continue;
            }
            // The same value of the same entry: only the suggestion is another.
            let Declined { finding: earlier, .. } = self.declined.swap_remove(known);
            let finding = Finding {
                update: finding.update.clone(),
                suggestion: finding.suggestion.clone(),
                applicability: finding.applicability,
                ..earlier
            };
            match self.proposal(finding) {
                Ok(proposal) => further.push(proposal),
                Err(finding) => {
                    self.declined.push(Declined { finding: *finding, reason: Decline::Manual })
                }
            }
        }
        further
    }

    fn drop_refused(&mut self, refused: Vec<RefusedEdit>) {
        for refusal in refused {
            let at = self.proposals.iter().position(|proposal| proposal.edit == refusal.edit);
            // An edit that is not ours cannot come back; should it, all go.
            let from = at.unwrap_or(0);
            let to = at.map_or(self.proposals.len(), |at| at + 1);
            self.decline(from..to, &Decline::Refused(refusal.reason));
        }
    }

    /// Drops proposals to which findings on the corrected entry are due, in this round.
    fn drop_for(&mut self, found: &[(Found, &'static str)], round: u32) {
        match found.first() {
            Some((first, attribute)) if round < ONE_BY_ONE => self.drop_breaking(first, attribute),
            _ => self.drop_all_breaking(found),
        }
    }

    /// Drops the proposals to which a finding on the corrected entry is due.
    fn drop_breaking(&mut self, found: &Found, attribute: &'static str) {
        let errors = &found.2;
        if let Some(at) = self.proposals.iter().position(|proposal| proposal.makes(found)) {
            let reason = Decline::StillWrong { errors: errors.clone() };
            return self.decline(at..at + 1, &reason);
        }
        let reason = Decline::Breaks { attribute, errors: errors.clone() };
        match self.proposals.iter().position(|proposal| proposal.finding.attribute == attribute) {
            Some(at) => self.decline(at..at + 1, &reason),
            None => self.decline(0..self.proposals.len(), &reason),
        }
    }

    /// The same for all these findings at once: the proposals that make their values,
    /// or else those for their attributes, or else all.
    fn drop_all_breaking(&mut self, found: &[(Found, &'static str)]) {
        let values = found.iter().filter_map(|((attribute, value, errors), _)| {
            Some(((*attribute, value.as_deref()?), errors.as_str()))
        });
        let values: FxHashMap<(&str, &[u8]), &str> = values.collect();
        let attributes: FxHashMap<&str, &Found> =
            found.iter().map(|(found, attribute)| (*attribute, found)).collect();
        let wrong = |proposal: &Proposal<'_>| {
            let attribute = proposal.finding.attribute;
            let errors =
                proposal.edit.add.iter().find_map(|value| values.get(&(attribute, &**value)))?;
            Some(Decline::StillWrong { errors: (*errors).to_owned() })
        };
        let breaks = |attribute, (_, _, errors): &Found| Decline::Breaks {
            attribute,
            errors: errors.clone(),
        };
        let of_attribute = |proposal: &Proposal<'_>| {
            let attribute = proposal.finding.attribute;
            attributes.get(attribute).map(|found| breaks(attribute, found))
        };
        let first = found.first();
        let of_any = |_: &Proposal<'_>| first.map(|(found, attribute)| breaks(attribute, found));
        let ways: [&Fault<'_>; 3] = [&wrong, &of_attribute, &of_any];
        for way in ways {
            let before = self.proposals.len();
            for proposal in std::mem::take(&mut self.proposals) {
                match way(&proposal) {
                    None => self.proposals.push(proposal),
                    Some(reason) => {
                        self.declined.push(Declined { finding: proposal.finding, reason });
                    }
                }
            }
            if self.proposals.len() < before {
                return;
            }
        }
    }

    /// Drops the proposals that make the entry take a key.
    pub fn drop_taking(&mut self, key: Fingerprint, reason: &Decline) {
        let takes = |proposal: &Proposal<'_>| {
            let mut buffer = Vec::new();
            proposal.edit.add.iter().any(|new| {
                StoredValue::of(proposal.attr, new).key() == key
                    || Fingerprint::of(proposal.attr, idfix::fold_key(new, &mut buffer)) == key
            })
        };
        let made = self.made.get(&key).cloned();
        let makes = |proposal: &Proposal<'_>| {
            made.as_ref().is_some_and(|made| {
                proposal.attr == made.attr
                    && proposal.edit.add.iter().any(|new| **new == *made.value)
            })
        };
        let by_value = self.proposals.iter().position(makes);
        match by_value.or_else(|| self.proposals.iter().position(takes)) {
            Some(at) => self.decline(at..at + 1, reason),
            // The key comes about in a way that no single value explains.
            None => self.decline(0..self.proposals.len(), reason),
        }
    }

    /// The proposals that remove a value because another entry keeps it, by their
    /// number, each with the key of the value and, where it is not just any earlier
    /// one, the place of that entry.
    pub fn ceded(&self) -> impl Iterator<Item = (usize, Fingerprint, Option<u64>)> {
        self.proposals.iter().enumerate().filter_map(|(at, proposal)| {
            let finding = &proposal.finding;
            if let Some(collision) = &finding.collision {
                let key = Fingerprint::of(SPACE, collision.group.as_bytes());
                return Some((at, key, Some(collision.kept_at?)));
            }
            if finding.suggestion != Suggestion::Remove || !is_duplicate(finding) {
                return None;
            }
            let value = finding.update.as_deref()?;
            Some((
                at,
                Fingerprint::of(proposal.attr, idfix::fold_key(value.as_bytes(), &mut Vec::new())),
                None,
            ))
        })
    }

    /// Whether the corrected entry shows none of the findings that were corrected.
    ///
    /// # Errors
    /// Where it does: the correction would be followed by another.
    pub fn check_settled(&self, profile: &Profile) -> Result<(), DraftError> {
        // What was found when the record was planned is found again only in tests.
        if self.proposals.is_empty() || self.is_settled && !cfg!(debug_assertions) {
            return Ok(());
        }
        let edits: Vec<_> = self.proposals.iter().map(|proposal| proposal.edit.clone()).collect();
        let corrected = intended_attributes(&self.entry, &edits);
        let subject = subject_of(&self.entry.dn, intended_values(&corrected), profile);
        let after: FxHashSet<Found> = local_findings(profile, &subject).map(|f| f.0).collect();
        let held = Held::by(&self.entry, AttrSet::EMPTY, profile, &mut Scratch::default());
        let known = held.known(&self.entry, profile);
        let made = values_made(&self.proposals);
        let is_made = |value: &Vec<u8>, attribute| made.contains(&(attribute, value.as_slice()));
        let corrected_again =
            after.iter().any(|found| found.1.as_ref().is_some_and(|value| is_made(value, found.0)));
        if corrected_again || !after.iter().all(|found| known.covers(found)) {
            return Err(DraftError::NotSettled { dn: self.entry.dn.to_vec() });
        }
        Ok(())
    }

    /// Moves proposals to those that are not taken.
    pub fn decline(&mut self, proposals: std::ops::Range<usize>, reason: &Decline) {
        self.is_settled = false;
        let moved = self.proposals.drain(proposals);
        self.declined.extend(
            moved.map(|proposal| Declined { finding: proposal.finding, reason: reason.clone() }),
        );
    }
}

/// The values that come, with the attribute that the finding named.
fn values_made<'p>(proposals: &'p [Proposal<'_>]) -> FxHashSet<(&'static str, &'p [u8])> {
    let values = |proposal: &'p Proposal<'_>| {
        proposal.edit.add.iter().map(|value| (proposal.finding.attribute, &**value))
    };
    proposals.iter().flat_map(values).collect()
}

/// Why a proposal is to blame.
type Fault<'f> = dyn Fn(&Proposal<'_>) -> Option<Decline> + 'f;

/// How often the first suggestion that does not hold is dropped alone: the others may
/// hold without it. An entry of which many fail is not looked at once for each of them.
const ONE_BY_ONE: u32 = 32;

/// The keys of the new values; values that hold are not rewritten by any rule.
fn new_keys(proposals: &[Proposal<'_>]) -> FxHashSet<Fingerprint> {
    let mut buffer = Vec::new();
    let new = proposals
        .iter()
        .flat_map(|proposal| proposal.edit.add.iter().map(|value| (proposal.attr, value.as_ref())));
    new.map(|(attr, value)| Fingerprint::of(attr, idfix::fold_key(value, &mut buffer))).collect()
}

/// Why a record is written, for the one who reviews it.
fn comment(attr: Attr, finding: &Finding<'_>) -> String {
    let reasons: Vec<String> = finding
        .rules
        .iter()
        .map(|rule| match crate::rules::Rule::by_name(rule.0) {
            Ok(known) => format!("{} ({})", rule.0, known.summary),
            Err(_) => rule.0.to_owned(),
        })
        .collect();
    format!("{}: {}", attr.name(), reasons.join(", "))
}

fn is_duplicate(finding: &Finding<'_>) -> bool {
    finding.rules.contains(&idfix::DUPLICATE.name)
}

/// An entry under correction: what another holds too, it still holds.
struct StillShared<'e, 's> {
    subject: &'e Subject<'s>,
    shared: &'e FxHashSet<(Attr, Vec<u8>)>,
}

impl Duplicates for StillShared<'_, '_> {
    fn is_later_holder(&self, attr: Attr, value: usize) -> bool {
        let held = self.subject.lines(attr).get(value);
        held.is_some_and(|line| self.shared.contains(&(attr, line.bytes().into_owned())))
    }

    fn first_holder(&self, _: Attr, _: &[u8]) -> Option<Holder<'_>> {
        None
    }
}
