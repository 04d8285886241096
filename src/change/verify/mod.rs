//! What became of a change file: which of its records a fresh export shows to have
//! been made.
//!
//! ```no_run
//! # use ldifix::change::{Verification, VerifyRun};
//! # fn go<'a>(export: &'a [ldifix::directory::Entry<'a>], changes: &'a [ldifix::ldif::ChangeRecord<'a>]) {
//! let mut verification = Verification::new(changes);
//! let judgements = loop {
//!     for entry in export {
//!         if verification.wants(&entry.dn) {
//!             verification.load(entry.clone());
//!         }
//!     }
//!     if let VerifyRun::Done(judgements) = verification.run() {
//!         break judgements;
//!     }
//! };
//! # }
//! ```

mod chains;
mod explain;
mod found;
mod names;
mod remaining;
mod stop;
mod values;

use rustc_hash::{FxHashMap, FxHashSet};

pub use remaining::undo_without_base;

use self::explain::{Patience, Verdict};
use self::found::Found;
use self::names::{Asked, Names, NodeId};
use self::stop::Stop;
use self::values::{Held, Naming, Values};
use super::apply::Guards;
use super::entry_text::{EntryText, HeldEntry};
use super::identity::{self, canonical};
use crate::directory::Entry;
use crate::ldif::{Attribute, Change, ChangeRecord, Modification, Value};

/// How a change record stands to an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// What it leads to is there.
    Applied,
    /// What it starts from is there.
    Pending,
    /// Some of its modifications are there; a server does all or none, so
    /// somebody else did them.
    Partly,
    /// Neither what it starts from nor what it leads to is there.
    Conflict,
    /// The export cannot tell.
    Unclear,
}

impl State {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Partly => "partly",
            Self::Conflict => "conflict",
            Self::Unclear => "unclear",
        }
    }

    /// All states, in the order in which they are counted.
    pub const ALL: [Self; 5] =
        [Self::Applied, Self::Pending, Self::Partly, Self::Conflict, Self::Unclear];
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// How it stands.
    pub state: State,
    /// What was found instead; of a conflict, at least one.
    pub contradictions: Vec<Contradiction>,
    /// Whether the export alone shows it; otherwise the other records helped.
    sure: bool,
    /// What must be made again behind records that are still to be made.
    again: Vec<Modification<'static>>,
}

/// What stands in the way of taking a record for applied or pending.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// The entry is not in the export.
    #[error("there is no such entry")]
    NoEntry,
    /// Of a rename, neither name is in the export.
    #[error("there is an entry of neither the old nor the new name")]
    NeitherName,
    /// Of a rename, both names are in the export.
    #[error("there are entries of both the old and the new name")]
    BothNames,
    /// The text is no DN.
    #[error("this is not a DN")]
    InvalidDn,
    /// Names are given and taken otherwise than any number of the records does.
    #[error("the names that are there fit neither before nor after this record")]
    Names,
    /// The attribute has other values.
    #[error("the attribute has other values than before and after this record")]
    Values(FoundValues),
    /// A value that the record deletes is there in another spelling.
    #[error(
        "an equal value of another spelling is there: an older export would tell whether it \
             is this one"
    )]
    Spelling(FoundValues),
    /// What the record starts from is in no guard: only an older export tells.
    #[error("the record does not say what was there before: an older export would tell")]
    OldValueUnknown,
    /// Entries exchange names, and nothing tells which is which.
    #[error(
        "entries exchange their names: an older export with objectGUID or entryUUID would tell"
    )]
    WhichEntry,
}

/// The values that an attribute has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundValues {
    /// The attribute description, as the record writes it.
    pub attribute: Vec<u8>,
    /// The first few.
    pub values: Vec<Value<'static>>,
    /// How many there are.
    pub count: usize,
}

impl Judgement {
    fn new(state: State, sure: bool) -> Self {
        Self { state, contradictions: Vec::new(), sure, again: Vec::new() }
    }

    fn conflict(contradiction: Contradiction) -> Self {
        Self { contradictions: vec![contradiction], ..Self::new(State::Conflict, true) }
    }

    fn unclear(contradiction: Contradiction) -> Self {
        Self { contradictions: vec![contradiction], ..Self::new(State::Unclear, false) }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyRun {
    /// One judgement per record, in order.
    Done(Vec<Judgement>),
    /// Entries turn out to be elsewhere than was assumed. The exports must be
    /// read once more, from their start.
    ReadAgain,
}

/// Records of a change file, and the entries of an export that they speak of.
#[derive(Debug)]
pub struct Verification<'a> {
    records: &'a [ChangeRecord<'a>],
    names: Names<'a>,
    export: Found<'a>,
    base: Option<Found<'a>>,
    patience: Patience,
}

impl<'a> Verification<'a> {
    /// A verification of these records.
    #[must_use]
    pub fn new(records: &'a [ChangeRecord<'a>]) -> Self {
        let (mut export, mut base) = (Found::default(), Found::default());
        let names = Names::of(
            records,
            &mut Asked { export: &mut |key| export.ask(key), base: &mut |key| base.ask(key) },
        );
        Self { records, names, export, base: Some(base), patience: Patience::default() }
    }

    /// The same, which does without an export from before the change.
    #[must_use]
    pub fn without_base(self) -> Self {
        Self { base: None, ..self }
    }

    /// Whether the entry with this DN of the fresh export must be handed to
    /// [`Self::load`].
    #[must_use]
    pub fn wants(&self, dn: &[u8]) -> bool {
        self.export.wants(dn)
    }

    /// Takes over an entry of the fresh export.
    pub fn load(&mut self, entry: Entry<'a>) {
        let dn = entry.dn.clone();
        self.export.load(&dn, HeldEntry::Whole(entry));
    }

    /// The same, which reads the entry whenever it is looked at: many entries take
    /// less memory so.
    pub fn load_text(&mut self, entry: EntryText<'a>) {
        let dn = entry.dn.clone();
        self.export.load(&dn, entry.into());
    }

    /// Whether the entry with this DN of an export from before the change must be
    /// handed to [`Self::load_base`].
    #[must_use]
    pub fn wants_of_base(&self, dn: &[u8]) -> bool {
        self.base.as_ref().is_some_and(|base| base.wants(dn))
    }

    /// Takes over an entry of an export from before the change.
    pub fn load_base(&mut self, entry: Entry<'a>) {
        if let Some(base) = &mut self.base {
            let dn = entry.dn.clone();
            base.load(&dn, HeldEntry::Whole(entry));
        }
    }

    /// The same, which reads the entry whenever it is looked at.
    pub fn load_base_text(&mut self, entry: EntryText<'a>) {
        if let Some(base) = &mut self.base {
            let dn = entry.dn.clone();
            base.load(&dn, entry.into());
        }
    }

    /// How many entries of the fresh export bear a DN that an earlier one bore.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.export.duplicates()
    }

    /// Judges the records by what was read.
    pub fn run(&mut self) -> VerifyRun {
        let mut judgements = self.judge(None);
        let sure = judgements.iter().enumerate().filter(|(_, judgement)| judgement.sure);
        let sure = sure.filter_map(|(number, judgement)| match judgement.state {
            State::Applied => Some((number, Verdict::Applied)),
            State::Pending => Some((number, Verdict::Pending)),
            _ => None,
        });
        let stop = Stop::of(sure, judgements.len());
        let guessed = judgements.iter().any(|judgement| !judgement.sure);
        if let (true, Some(stop), false) = (guessed, stop, self.export.is_wanting()) {
            judgements = self.judge(Some(&stop));
        }
        if self.export.is_wanting() {
            self.export.begin_reading();
            if let Some(base) = &mut self.base {
                base.begin_reading();
            }
            return VerifyRun::ReadAgain;
        }
        VerifyRun::Done(judgements)
    }

    fn judge(&mut self, stop: Option<&Stop>) -> Vec<Judgement> {
        self.names.resolve(&mut self.export, self.base.as_ref(), &self.patience);
        let mut judgements: Vec<Judgement> =
            (0..self.records.len()).map(|number| self.judge_name(number)).collect();
        let mut of_node: FxHashMap<NodeId, Vec<usize>> = FxHashMap::default();
        for (number, record) in self.records.iter().enumerate() {
            // An add and a rename matter to the values of the entry, too.
            if !matches!(record.change, Change::Delete)
                && let Some(node) = self.names.target(number)
            {
                of_node.entry(node).or_default().push(number);
            }
        }
        let mut nodes: Vec<_> = of_node.into_iter().collect();
        nodes.sort_unstable_by_key(|(node, _)| *node);
        for (node, numbers) in nodes {
            self.judge_entry(node, &numbers, stop, &mut judgements);
        }
        judgements
    }

    /// What names alone tell of a record.
    fn judge_name(&mut self, number: usize) -> Judgement {
        let sure = !self.names.is_guessed(number);
        let records = self.records;
        let record = &records[number];
        match self.names.verdict(number) {
            Some(Verdict::Applied) => Judgement::new(State::Applied, sure),
            Some(Verdict::Pending) => Judgement::new(State::Pending, sure),
            Some(Verdict::Unclear) => Judgement::unclear(Contradiction::WhichEntry),
            Some(Verdict::Contradicted) | None if self.names.is_below_unclear(number) => {
                Judgement::unclear(Contradiction::WhichEntry)
            }
            Some(Verdict::Contradicted) => {
                Judgement::conflict(match (&record.change, self.names.seen(number).as_slice()) {
                    (Change::ModRdn { .. }, [false, false]) => Contradiction::NeitherName,
                    (Change::ModRdn { .. }, [true, true]) => Contradiction::BothNames,
                    _ => Contradiction::Names,
                })
            }
            None => Judgement::conflict(match self.names.target(number) {
                Some(_) => Contradiction::NoEntry,
                None => Contradiction::InvalidDn,
            }),
        }
    }

    /// What became of the modifies of an entry that is not there; `None` where it should be.
    fn judge_absent(&mut self, node: NodeId) -> Option<Judgement> {
        let is_lost = self.names.is_lost(node, &self.export);
        match (is_lost, self.names.is_to_come(node)) {
            (true, _) => Some(Judgement::new(State::Applied, false)),
            (false, true) => Some(Judgement::new(State::Pending, false)),
            (false, false) => None,
        }
    }

    fn judge_entry(
        &mut self,
        node: NodeId,
        numbers: &[usize],
        stop: Option<&Stop>,
        judgements: &mut [Judgement],
    ) {
        let modifies = |number: &&usize| matches!(self.records[**number].change, Change::Modify(_));
        let Some(key) = self.names.locate(node, &self.export) else {
            let of_entry = numbers.iter().filter(modifies);
            let Some(judgement) = self.judge_absent(node) else { return };
            of_entry.for_each(|&number| judgements[number] = judgement.clone());
            return;
        };
        let added = self.names.added(node);
        if added.is_none() && !numbers.iter().any(|number| modifies(&number)) {
            return;
        }
        self.export.is_there(&key);
        let Some(now) = self.export.known(&key) else { return };
        let now = &*now;
        let records = self.records;
        let origin = self.names.origin(node);
        let before = origin.and_then(|key| self.base.as_ref()?.known(key));
        let before = before.as_deref();
        let made = |number: usize| judgements[number].state == State::Applied;
        let namings = namings_of(numbers, records, before, made);
        let is_other = self.names.is_unclear(node);
        let mut values = Values::new(before, added);
        let has = |name: &[u8]| !now.values(name).is_empty();
        if self.names.has_bearers() && has(b"objectGUID") && !has(b"entryUUID") {
            let start = numbers.first().copied().filter(|_| added.is_some()).unwrap_or_default();
            let (names, export) = (&mut self.names, &self.export);
            values = values.following(start, |key, made| names.named(key, made, export));
        }
        let mut values = values_of(numbers, records, &namings, values);
        let narrow = |choices: &[usize], numbers: &[usize]| match stop {
            Some(stop) => stop.narrow(choices, numbers),
            None => choices.to_vec(),
        };
        for (number, judgement) in values.judge(now, &narrow, &self.patience) {
            if matches!(records[number].change, Change::Modify(_)) {
                judgements[number] = match judgement.state {
                    State::Conflict | State::Partly if is_other => {
                        Judgement::unclear(Contradiction::WhichEntry)
                    }
                    _ => judgement,
                };
            }
        }
        for &number in numbers {
            if let Change::Add(_) = &records[number].change
                && judgements[number].state == State::Applied
                && let Some(missing) = missing_of(added, now, &mut values, &namings)
            {
                judgements[number] = Judgement::conflict(missing);
            }
        }
    }
}

/// What the renames among the records of an entry take and give.
fn namings_of(
    numbers: &[usize],
    records: &[ChangeRecord<'_>],
    before: Option<&Entry<'_>>,
    made: impl Fn(usize) -> bool,
) -> Vec<Naming<'static>> {
    // The RDN as the entry has it, which a record need not spell alike.
    let mut rdn = before.map(|before| identity::rdn_text(&before.dn));
    let mut namings = Vec::new();
    for &number in numbers {
        let record = &records[number];
        let old = rdn.unwrap_or_else(|| identity::rdn_text(&record.dn));
        namings.extend(naming_of(number, old, record, made(number)));
        match &record.change {
            Change::ModRdn { new_rdn, .. } => rdn = Some(new_rdn),
            Change::Add(_) => rdn = Some(identity::rdn_text(&record.dn)),
            Change::Modify(_) | Change::Delete => {}
        }
    }
    namings
}

fn values_of<'r>(
    numbers: &[usize],
    records: &'r [ChangeRecord<'r>],
    namings: &'r [Naming<'r>],
    mut values: Values<'r>,
) -> Values<'r> {
    let mut spoken: FxHashSet<Vec<u8>> = FxHashSet::default();
    for number in numbers.iter().filter(|_| !namings.is_empty()) {
        if let Change::Modify(mods) = &records[*number].change {
            spoken.extend(mods.iter().map(|own| canonical(&own.attribute).into_owned()));
        }
    }
    let mut namings = namings.iter().peekable();
    for &number in numbers {
        match &records[number].change {
            Change::Modify(mods) => values.push(number, mods, Guards::of(&records[number])),
            _ => {
                if let Some(naming) = namings.next_if(|naming| naming.number == number) {
                    values.push_naming(naming, &spoken);
                }
            }
        }
    }
    values
}

/// The values that a rename takes and gives.
fn naming_of(
    number: usize,
    old_rdn: &[u8],
    record: &ChangeRecord<'_>,
    made: bool,
) -> Option<Naming<'static>> {
    let Change::ModRdn { new_rdn, delete_old_rdn, .. } = &record.change else { return None };
    let old = identity::rdn_values(old_rdn)?;
    let new = identity::rdn_values(new_rdn)?;
    let bytes = |value: Vec<u8>| Value::Bytes(value.into());
    let mut values = Vec::new();
    if *delete_old_rdn {
        for (name, value) in old {
            let stays = new.iter().any(|(n, v)| n.eq_ignore_ascii_case(&name) && *v == value);
            if !stays {
                values.push((name, bytes(value), false));
            }
        }
    }
    values.extend(new.into_iter().map(|(name, value)| (name, bytes(value), true)));
    Some(Naming { number, values, made })
}

/// The first attribute of an add of which the entry lacks a value, where no other
/// record has to do with it.
fn missing_of(
    added: Option<&[Attribute<'_>]>,
    now: &Entry<'_>,
    values: &mut Values<'_>,
    namings: &[Naming<'_>],
) -> Option<Contradiction> {
    let taken: FxHashSet<(Vec<u8>, &Value<'_>)> = namings
        .iter()
        .flat_map(|naming| &naming.values)
        .filter(|(_, _, given)| !given)
        .map(|(name, value, _)| (canonical(name).into_owned(), value))
        .collect();
    let naming: Vec<Vec<u8>> = identity::rdn_values(&now.dn)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let mut held = Held::of(now);
    let lacking = added?.iter().find(|line| {
        let names = || naming.iter().any(|name| identity::same_description(name, &line.name));
        !values::is_set_by_server(&line.name)
            && matches!(line.value, Value::Bytes(_))
            && !values.speaks_of(&line.name, &line.value)
            && !values.is_kept(&mut held, &line.name, &line.value)
            && !names()
            && !taken.contains(&(canonical(&line.name).into_owned(), &line.value))
    });
    lacking.map(|line| Contradiction::Values(values::found_values(now, &line.name)))
}
