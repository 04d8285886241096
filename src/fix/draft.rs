//! A change file and its inverse, drafted in memory and proved.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::change::{
    Case, Counterexample, Edit, EntryTexts, Intention, OrderRefusal, Ordered, Step, order, prove,
};
use crate::directory::Entry;
use crate::ldif::{
    ChangeRecord, ReadOptions, Record, WriteError, WriteOptions, Writer, read_chunk,
};
use crate::rules::{Attr, EntryFindings, Profile, StoredValue, Survey};

use super::candidate::{Candidate, Policy, Proposal, sort_out};
use super::declined::{Decline, Declined};
use super::moves::{Moves, decline_moves, second_cycle};
use super::settle::settle;
use super::subject::{Scratch, is_read};

/// How a draft is made.
pub struct DraftOptions<'p> {
    /// Which suggestions may be taken.
    pub policy: Policy<'p>,
    /// How the files are written.
    pub write: WriteOptions,
    /// Whether each record says why it is there.
    pub comments: bool,
    /// What becomes of addresses that move from one entry to another.
    pub moves: Moves,
}

/// Both files, proved, and what they leave undone.
#[derive(Debug, Default)]
pub struct Draft<'a> {
    /// The change file.
    pub change: Vec<u8>,
    /// Its inverse.
    pub undo: Vec<u8>,
    /// Records of the change file.
    pub records: usize,
    /// What is to be done behind it and a synchronisation, where an address moves from
    /// one entry to another.
    pub second: Option<CycleFiles>,
    /// Suggestions that it makes real.
    pub taken: u64,
    /// Whether one of them is about a user or a group, which Active Directory may protect.
    pub concerns_accounts: bool,
    /// Suggestions that are not taken, by reason.
    pub declined: BTreeMap<&'static str, u64>,
    /// The first suggestions that did not hold, at most [`Draft::LISTED`].
    pub listed: Vec<Declined<'a>>,
    left_over: LeftOver<'a>,
}

/// What both files were worked out from. It goes with the draft: of millions of small
/// pieces, to free them one by one takes as long as to prove the files, and a process
/// that ends need not.
#[derive(Debug, Default)]
struct LeftOver<'a> {
    candidates: Vec<Candidate<'a>>,
    steps: Vec<Step>,
}

/// The second change file and its inverse, proved.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CycleFiles {
    /// The change file.
    pub change: Vec<u8>,
    /// Its inverse, to be applied before that of the first file.
    pub undo: Vec<u8>,
    /// Records of the change file.
    pub records: usize,
}

impl Draft<'_> {
    /// Suggestions that did not hold and are listed; the others are counted.
    pub const LISTED: usize = 1000;
}

/// Why there is no draft.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// A record cannot be written as LDIF.
    #[error("a record cannot be written as LDIF")]
    Write(#[from] WriteError),
    /// What was drafted does not do what it should. A defect of this program,
    /// or an export that no server can hold.
    #[error("the proof failed, so nothing is written: {0}")]
    Refuted(#[from] Counterexample),
    /// A corrected entry would still be corrected further.
    #[error("the proof failed, so nothing is written: the corrected entry {} would have to be corrected again", .dn.escape_ascii())]
    NotSettled {
        /// The DN of the entry.
        dn: Vec<u8>,
    },
    /// The written file does not read back as what was written.
    #[error("the proof failed, so nothing is written: the drafted file does not read back")]
    Unreadable,
}

/// Drafts the change for all findings of a survey, and proves it.
///
/// The survey must have kept the held values
/// ([`CheckOptions::keep_held`](crate::rules::CheckOptions::keep_held)).
///
/// # Errors
/// [`DraftError`] where the proof fails; nothing may be written then.
pub fn draft<'a>(
    survey: &Survey<'a>,
    profile: &Profile,
    read: ReadOptions,
    options: &DraftOptions<'_>,
) -> Result<Draft<'a>, DraftError> {
    let look_at = |entries: Vec<EntryFindings<'a>>| {
        let (mut part, mut candidates) = (Draft::default(), Vec::new());
        let (mut texts, mut scratch) = (EntryTexts::new(read, is_read), Scratch::default());
        for mut found in entries {
            let declined = sort_out(&mut found.findings, &options.policy);
            let dn = found.findings.first().map(|finding| &finding.dn);
            if dn.is_some_and(|dn| survey.stands_twice(dn)) {
                let open = found.findings.drain(..);
                let reason = || Decline::StandsTwice;
                open.for_each(|finding| part.decline(Declined { finding, reason: reason() }));
            }
            if found.findings.is_empty() {
                declined.into_iter().for_each(|declined| part.decline(declined));
                continue;
            }
            let (texts, scratch, policy) = (&mut texts, &mut scratch, &options.policy);
            candidates.extend(Candidate::new(found, declined, profile, texts, policy, scratch));
        }
        (part, candidates)
    };
    let (mut draft, mut candidates) = (Draft::default(), Vec::new());
    let Ok(()) = survey.map_findings(look_at, |(part, found)| {
        draft.add_declined(part);
        candidates.extend(found);
        Ok::<(), std::convert::Infallible>(())
    });
    compose(draft, candidates, survey, profile, options)
}

/// Both files from the candidates, proved; `draft` holds what is declined already.
pub(super) fn compose<'a>(
    mut draft: Draft<'a>,
    mut candidates: Vec<Candidate<'a>>,
    survey: &Survey<'a>,
    profile: &Profile,
    options: &DraftOptions<'_>,
) -> Result<Draft<'a>, DraftError> {
    settle(&mut candidates, profile, survey, &options.policy);
    while decline_moves(&mut candidates, options.moves) {
        candidates.par_iter_mut().for_each_init(Scratch::default, |scratch, candidate| {
            candidate.evaluate(profile, &options.policy, scratch);
        });
        settle(&mut candidates, profile, survey, &options.policy);
    }
    let second = second_cycle(&candidates, options.moves);
    let is_second = |number: usize| second.contains(&number);
    let steps = &mut draft.left_over.steps;
    let (files, refused) = cycle(&mut candidates, survey, options, &|it| !is_second(it), steps)?;
    (draft.change, draft.undo, draft.records) = (files.change, files.undo, files.records);
    if let Some(why) = refused {
        // Who gives an address up may be among them.
        for &number in &second {
            let Some(taker) = candidates.get_mut(number) else { continue };
            taker.decline(0..taker.proposals.len(), &Decline::Order(why));
            taker.planned = None;
        }
    }
    if !second.is_empty() {
        let steps = &mut draft.left_over.steps;
        let (files, _) = cycle(&mut candidates, survey, options, &is_second, steps)?;
        draft.second = (files.records > 0).then_some(files);
    }
    let check = |candidate: &Candidate<'_>| candidate.check_settled(profile).err();
    if let Some(error) = candidates.par_iter().find_map_first(check) {
        return Err(error);
    }
    let is_account = |it: &Proposal<'_>| !it.finding.object_class.eq_ignore_ascii_case(b"contact");
    for candidate in &mut candidates {
        draft.concerns_accounts |= candidate.proposals.iter().any(is_account);
        draft.taken += u64::try_from(candidate.proposals.len()).unwrap_or(u64::MAX);
        let listed = candidate.declined.extract_if(.., |it| draft.counts(it)).collect();
        draft.list(listed);
    }
    draft.left_over.candidates = candidates;
    Ok(draft)
}

impl<'a> Draft<'a> {
    /// Adds what a part that follows declines.
    fn add_declined(&mut self, part: Self) {
        for (reason, count) in part.declined {
            *self.declined.entry(reason).or_default() += count;
        }
        self.list(part.listed);
    }

    fn decline(&mut self, declined: Declined<'a>) {
        if self.counts(&declined) {
            self.list(vec![declined]);
        }
    }

    /// Counts a suggestion that is not taken; `true` where it was tried.
    fn counts(&mut self, declined: &Declined<'_>) -> bool {
        *self.declined.entry(declined.reason.name()).or_default() += 1;
        !matches!(
            declined.reason,
            Decline::Manual | Decline::Unsafe | Decline::NotSelected | Decline::Accepted
        )
    }

    /// Lists suggestions that were tried, as far as there is room.
    fn list(&mut self, tried: Vec<Declined<'a>>) {
        let room = Self::LISTED.saturating_sub(self.listed.len());
        self.listed.extend(tried.into_iter().take(room));
    }
}

/// The files of the candidates with these numbers, proved, and why one of them is left
/// out, where one is.
fn cycle(
    candidates: &mut [Candidate<'_>],
    survey: &Survey<'_>,
    options: &DraftOptions<'_>,
    is_of_cycle: &(dyn Fn(usize) -> bool + Sync),
    steps: &mut Vec<Step>,
) -> Result<(CycleFiles, Option<OrderRefusal>), DraftError> {
    let in_use = |attribute: &[u8], value: &[u8]| {
        let Some(attr) = Attr::of(attribute) else { return false };
        !survey.holders_as_stored(&StoredValue::of(attr, value)).is_empty()
    };
    let numbered = candidates.iter_mut().enumerate().filter(|(number, _)| is_of_cycle(*number));
    let planned = numbered.filter_map(|(_, candidate)| {
        let mut planned = candidate.planned.take()?;
        let edits = std::mem::take(&mut planned.edits);
        Some((Intended { entry: Arc::clone(&candidate.entry), edits }, planned))
    });
    let (intended, planned): (Vec<_>, Vec<_>) = planned.unzip();
    let ordered = order(planned, &in_use);
    settle_order(candidates, &ordered);
    let (change, undo) = write(&ordered, options)?;
    let files = CycleFiles { change, undo, records: ordered.steps.len() };
    files.prove(intended, &ordered)?;
    let why = ordered.refused.first().map(|(_, why)| *why);
    steps.extend(ordered.steps);
    Ok((files, why))
}

/// Takes the suggestions back whose record cannot be put in any order.
fn settle_order(candidates: &mut [Candidate<'_>], ordered: &Ordered) {
    if ordered.refused.is_empty() {
        return;
    }
    let mut refused: FxHashMap<&[u8], Vec<OrderRefusal>> = FxHashMap::default();
    for (planned, why) in &ordered.refused {
        refused.entry(&planned.record.dn).or_default().push(*why);
    }
    for candidate in candidates {
        if let Some(why) = refused.get_mut(&*candidate.entry.dn).and_then(Vec::pop) {
            candidate.decline(0..candidate.proposals.len(), &Decline::Order(why));
        }
    }
}

/// An entry and the edits that its record makes.
struct Intended<'a> {
    entry: Arc<Entry<'a>>,
    edits: Vec<Edit<'static>>,
}

impl Intention for Intended<'_> {
    fn dn(&self) -> &[u8] {
        &self.entry.dn
    }

    fn case(&self) -> Case<'_> {
        Case::of(&self.entry, &self.edits)
    }
}

impl CycleFiles {
    /// Reads both files back and proves that they lead from the entries as they
    /// are to the entries as intended, and back.
    fn prove(&self, mut intended: Vec<Intended<'_>>, ordered: &Ordered) -> Result<(), DraftError> {
        let (change, undo) = rayon::join(|| read_back(&self.change), || read_back(&self.undo));
        let (change, undo) = (change?, undo?);
        if change.len() != ordered.steps.len() || undo.len() != ordered.steps.len() {
            return Err(DraftError::Unreadable);
        }
        let refused: FxHashSet<&[u8]> =
            ordered.refused.iter().map(|(planned, _)| &*planned.record.dn).collect();
        intended.retain(|it| !refused.contains(it.dn()));
        prove(&intended, &change, &undo)?;
        // To free so many small pieces takes as long as to compare them.
        change.into_par_iter().chain(undo).for_each(drop);
        intended.into_par_iter().for_each(drop);
        Ok(())
    }
}

fn write(ordered: &Ordered, options: &DraftOptions<'_>) -> Result<(Vec<u8>, Vec<u8>), DraftError> {
    let write_change = || {
        let mut change = Writer::new(Vec::new(), options.write);
        change.version_line()?;
        for step in &ordered.steps {
            for comment in step.comments.iter().filter(|_| options.comments) {
                change.comment(comment)?;
            }
            change.change(&step.record)?;
        }
        change.finish()
    };
    let write_undo = || {
        let mut undo = Writer::new(Vec::new(), options.write);
        undo.version_line()?;
        for step in ordered.steps.iter().rev() {
            for comment in step.comments.iter().filter(|_| options.comments) {
                undo.comment(&format!("undo of {comment}"))?;
            }
            undo.change(&step.undo)?;
        }
        undo.finish()
    };
    let (change, undo) = rayon::join(write_change, write_undo);
    Ok((change?, undo?))
}

fn read_back(bytes: &[u8]) -> Result<Vec<ChangeRecord<'_>>, DraftError> {
    let mut records = Vec::new();
    let report = read_chunk(bytes, ReadOptions::default(), |record| {
        if let Record::Change(change) = record.into_record() {
            records.push(change);
        }
    });
    if report.has_failures() { Err(DraftError::Unreadable) } else { Ok(records) }
}
