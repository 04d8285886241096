//! The order of records: a unique value must be free before it is taken.
//!
//! Records keep their order but for those that must come earlier. Where entries
//! take each other's values in a ring, one of them first steps aside: an extra
//! record gives it a temporary value. Undone in reverse, the same holds.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::inverse::invert_guarded;
use super::plan::{Planned, UniqueValue};
use crate::directory::Facts;
use crate::ldif::{Change, ChangeRecord, ModOp, Modification, Value};

/// Records in the order in which they are to be applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ordered {
    /// The records.
    pub steps: Vec<Step>,
    /// The records that cannot be applied in any order, in order of the input.
    pub refused: Vec<(Planned, OrderRefusal)>,
}

/// One record of the change file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The record.
    pub record: ChangeRecord<'static>,
    /// What undoes it.
    pub undo: ChangeRecord<'static>,
    /// The lines that say why.
    pub comments: Vec<String>,
    /// Whether the record only steps aside for another entry.
    pub temporary: bool,
}

/// Why a record cannot be applied in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum OrderRefusal {
    /// Another record takes the same value.
    #[error("another entry of this run takes the same unique value")]
    TakenTwice,
    /// The holder of the value keeps it, because its own record was refused.
    #[error("the entry that holds this unique value cannot give it up")]
    StillHeld,
    /// Entries exchange values, and no unused temporary value was found.
    #[error("entries exchange unique values, and there is no free temporary value")]
    NoTemporary,
}

/// How many temporary values are tried.
const TRIES: usize = 1000;

/// The longest sAMAccountName of a user that servers take, in characters; the
/// schema's 256 holds for no account (MS-SAMR 3.1.1.6).
const ACCOUNT_NAME: usize = 20;

/// Puts records in order. `in_use` tells of an attribute and a value whether some
/// entry of the directory has it: temporary values must be new.
#[must_use]
pub fn order(planned: Vec<Planned>, in_use: &dyn Fn(&[u8], &[u8]) -> bool) -> Ordered {
    let mut refusals: Vec<Option<OrderRefusal>> = vec![None; planned.len()];
    let takers = refuse_second_takers(&planned, &mut refusals);
    loop {
        spread(&planned, &takers, &mut refusals);
        match Sorter::new(&planned, &refusals, in_use).sort() {
            Ok(sequence) => return Ordered::of(planned, refusals, sequence),
            Err(stuck) => refusals[stuck] = Some(OrderRefusal::NoTemporary),
        }
    }
}

impl Ordered {
    fn of(planned: Vec<Planned>, refusals: Vec<Option<OrderRefusal>>, sequence: Vec<Next>) -> Self {
        let mut open: Vec<Option<Planned>> = planned.into_iter().map(Some).collect();
        let records: Vec<_> = sequence
            .into_iter()
            .filter_map(|next| match next {
                Next::Own { number, aside } => {
                    let Planned { record, comments, .. } = open.get_mut(number)?.take()?;
                    Some((record, aside, comments, false))
                }
                Next::Temporary { record, comment } => {
                    Some((record, Vec::new(), vec![comment], true))
                }
            })
            .collect();
        let steps =
            records.into_par_iter().filter_map(|(mut record, aside, comments, temporary)| {
                put_aside(&mut record, &aside);
                // A planned record is guarded, so that it has an inverse.
                let undo = invert_guarded(&record)?;
                let changes = matches!(&record.change, Change::Modify(mods) if !mods.is_empty());
                changes.then_some(Step { record, undo, comments, temporary })
            });
        let steps = steps.collect();
        let refused = open.into_iter().zip(refusals);
        Self { steps, refused: refused.filter_map(|(record, why)| Some((record?, why?))).collect() }
    }

    /// The records that undo the steps, in the order in which they are to be
    /// applied: the last step's first.
    pub fn undo(&self) -> impl Iterator<Item = &ChangeRecord<'static>> {
        self.steps.iter().rev().map(|step| &step.undo)
    }
}

fn refuse_second_takers<'p>(
    planned: &'p [Planned],
    refusals: &mut [Option<OrderRefusal>],
) -> FxHashMap<&'p UniqueValue, usize> {
    let mut takers = FxHashMap::default();
    for (number, record) in planned.iter().enumerate() {
        if record.takes.iter().any(|value| takers.contains_key(value)) {
            refusals[number] = Some(OrderRefusal::TakenTwice);
            continue;
        }
        takers.extend(record.takes.iter().map(|value| (value, number)));
    }
    takers
}

/// Refuses what waits for a value that a refused record does not give up.
fn spread(
    planned: &[Planned],
    takers: &FxHashMap<&UniqueValue, usize>,
    refusals: &mut [Option<OrderRefusal>],
) {
    let mut open: Vec<usize> =
        (0..planned.len()).filter(|&number| refusals[number].is_some()).collect();
    while let Some(number) = open.pop() {
        for value in &planned[number].frees {
            let waiting = takers.get(value).copied().filter(|&at| refusals[at].is_none());
            if let Some(waiting) = waiting {
                refusals[waiting] = Some(OrderRefusal::StillHeld);
                open.push(waiting);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    New,
    Begun,
    Done,
}

/// A depth-first walk from each record to those that must come before it.
struct Sorter<'p> {
    planned: &'p [Planned],
    refusals: &'p [Option<OrderRefusal>],
    in_use: &'p dyn Fn(&[u8], &[u8]) -> bool,
    freers: FxHashMap<&'p UniqueValue, Vec<usize>>,
    progress: Vec<Progress>,
    /// Values that a temporary step has freed already, per record: what its own
    /// record has to delete in their place.
    aside: FxHashMap<usize, Vec<Aside>>,
    /// Values that no temporary one may equal; filled when one is needed.
    spoken_for: Option<FxHashSet<UniqueValue>>,
    temporaries: usize,
    sequence: Vec<Next>,
}

/// What comes next in the change file.
enum Next {
    /// A planned record, by its number, and what it has to delete otherwise.
    Own { number: usize, aside: Vec<Aside> },
    /// A record by which an entry steps aside.
    Temporary { record: ChangeRecord<'static>, comment: String },
}

/// A value that stepped aside.
struct Aside {
    freed: UniqueValue,
    /// What stands in its place; `None` where the attribute just lacks it.
    temporary: Option<Vec<u8>>,
}

/// A record and the records before it that are still to be visited.
struct Frame<'p> {
    number: usize,
    before: Vec<(usize, &'p UniqueValue)>,
}

impl<'p> Sorter<'p> {
    fn new(
        planned: &'p [Planned],
        refusals: &'p [Option<OrderRefusal>],
        in_use: &'p dyn Fn(&[u8], &[u8]) -> bool,
    ) -> Self {
        let mut freers: FxHashMap<&UniqueValue, Vec<usize>> = FxHashMap::default();
        let taken: FxHashSet<&UniqueValue> = planned.iter().flat_map(|p| &p.takes).collect();
        for (number, record) in planned.iter().enumerate() {
            for value in record.frees.iter().filter(|value| taken.contains(value)) {
                freers.entry(value).or_default().push(number);
            }
        }
        Self {
            planned,
            refusals,
            in_use,
            freers,
            progress: vec![Progress::New; planned.len()],
            aside: FxHashMap::default(),
            spoken_for: None,
            temporaries: 0,
            sequence: Vec::with_capacity(planned.len()),
        }
    }

    /// All records in order; or the number of one in a ring that cannot be opened.
    fn sort(mut self) -> Result<Vec<Next>, usize> {
        for number in 0..self.planned.len() {
            if self.refusals[number].is_some() || self.progress[number] != Progress::New {
                continue;
            }
            let mut stack = vec![self.begin(number)];
            while let Some(frame) = stack.last_mut() {
                let here = frame.number;
                match frame.before.pop() {
                    None => {
                        self.finish(here);
                        stack.pop();
                    }
                    Some((before, value)) => match self.progress[before] {
                        Progress::New => stack.push(self.begin(before)),
                        Progress::Begun => self.step_aside(before, value)?,
                        Progress::Done => {}
                    },
                }
            }
        }
        Ok(self.sequence)
    }

    fn begin(&mut self, number: usize) -> Frame<'p> {
        self.progress[number] = Progress::Begun;
        let mut before = Vec::new();
        for value in &self.planned[number].takes {
            let freers = self.freers.get(value).map(Vec::as_slice).unwrap_or_default();
            before.extend(freers.iter().filter(|&&at| at != number).map(|&at| (at, value)));
        }
        // The frame is emptied from its end.
        before.reverse();
        Frame { number, before }
    }

    fn finish(&mut self, number: usize) {
        self.progress[number] = Progress::Done;
        let aside = self.aside.remove(&number).unwrap_or_default();
        self.sequence.push(Next::Own { number, aside });
    }

    /// Frees a value ahead of the record that frees it.
    fn step_aside(&mut self, number: usize, value: &'p UniqueValue) -> Result<(), usize> {
        let aside = self.aside.entry(number).or_default();
        if aside.iter().any(|aside| aside.freed == *value) {
            return Ok(());
        }
        let record = &self.planned[number].record;
        let (attribute, values) = deleted_values(record, value).ok_or(number)?;
        let facts = Facts::of(&attribute);
        let temporary = if facts.single_valued {
            let old = values.first().and_then(Value::bytes).unwrap_or_default().to_vec();
            Some(self.unused(&attribute, &old, &record.dn).ok_or(number)?)
        } else {
            None
        };
        let mut mods =
            vec![Modification { op: ModOp::Delete, attribute: attribute.clone(), values }];
        if let Some(value) = &temporary {
            let values = vec![Value::Bytes(Cow::Owned(value.clone()))];
            mods.push(Modification { op: ModOp::Add, attribute, values });
        }
        let record = ChangeRecord { change: Change::Modify(mods), ..record.clone() };
        let name = String::from_utf8_lossy(&value.attribute).into_owned();
        let name = if facts.name.is_empty() { name } else { facts.name.to_owned() };
        let comment =
            format!("Frees the {name} for another entry; a later record completes the change");
        self.sequence.push(Next::Temporary { record, comment });
        self.aside.entry(number).or_default().push(Aside { freed: value.clone(), temporary });
        Ok(())
    }

    /// A temporary value that nobody has, had or will have.
    fn unused(&mut self, attribute: &[u8], old: &[u8], dn: &[u8]) -> Option<Vec<u8>> {
        let planned = self.planned;
        let spoken_for = self.spoken_for.get_or_insert_with(|| {
            planned.iter().flat_map(|p| p.frees.iter().chain(&p.takes)).cloned().collect()
        });
        for _ in 0..TRIES {
            self.temporaries += 1;
            let value = temporary_value(attribute, old, self.temporaries);
            let unique = UniqueValue::new(attribute, &value, dn);
            if !spoken_for.contains(&unique) && !(self.in_use)(attribute, &value) {
                spoken_for.insert(unique);
                return Some(value);
            }
        }
        None
    }
}

/// The attribute and the values by which a record frees a unique value.
fn deleted_values(
    record: &ChangeRecord<'static>,
    unique: &UniqueValue,
) -> Option<(Cow<'static, [u8]>, Vec<Value<'static>>)> {
    let Change::Modify(mods) = &record.change else { return None };
    mods.iter().filter(|m| m.op == ModOp::Delete).find_map(|modification| {
        let of_it = |value: &&Value<'_>| is_of(unique, &modification.attribute, value, &record.dn);
        let values: Vec<_> = modification.values.iter().filter(of_it).cloned().collect();
        (!values.is_empty()).then(|| (modification.attribute.clone(), values))
    })
}

fn is_of(unique: &UniqueValue, attribute: &[u8], value: &Value<'_>, dn: &[u8]) -> bool {
    unique.attribute.eq_ignore_ascii_case(attribute)
        && value.bytes().is_some_and(|bytes| UniqueValue::new(attribute, bytes, dn) == *unique)
}

/// Makes the record what it must be when some values have stepped aside.
fn put_aside(record: &mut ChangeRecord<'static>, aside: &[Aside]) {
    let ChangeRecord { dn, change: Change::Modify(mods), .. } = record else { return };
    for modification in mods.iter_mut().filter(|m| m.op == ModOp::Delete) {
        for Aside { freed, temporary } in aside {
            let before = modification.values.len();
            let attribute = modification.attribute.clone();
            modification.values.retain(|value| !is_of(freed, &attribute, value, dn));
            if let (true, Some(value)) = (modification.values.len() < before, temporary) {
                modification.values.push(Value::Bytes(Cow::Owned(value.clone())));
            }
        }
    }
    mods.retain(|modification| !modification.values.is_empty());
}

/// A value like the old one that can serve for a moment: characters that every
/// server takes, the domain behind an `@` and a machine's `$` kept, and within
/// the attribute's length.
pub(super) fn temporary_value(attribute: &[u8], old: &[u8], number: usize) -> Vec<u8> {
    let facts = Facts::of(attribute);
    let limit = if facts.name.eq_ignore_ascii_case("sAMAccountName") {
        ACCOUNT_NAME
    } else {
        facts.bounds.upper.and_then(|upper| usize::try_from(upper).ok()).unwrap_or(256)
    };
    let (local, domain) = match memchr::memrchr(b'@', old) {
        Some(at) => (&old[..at], &old[at..]),
        None if old.ends_with(b"$") => (&old[..old.len() - 1], &b"$"[..]),
        None => (old, &b""[..]),
    };
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric();
    let domain_is_plain = domain.iter().skip(1).all(|b| is_plain(b) || matches!(b, b'.' | b'-'));
    let domain = if domain_is_plain && domain != b"@" { domain } else { b"" };
    let mark = format!("ldifix-tmp-{number}");
    let room = limit.saturating_sub(mark.len() + 1 + domain.len());
    let mut value: Vec<u8> = local.iter().copied().filter(is_plain).take(room).collect();
    if !value.is_empty() {
        value.push(b'.');
    }
    value.extend_from_slice(mark.as_bytes());
    value.extend_from_slice(domain);
    value
}
