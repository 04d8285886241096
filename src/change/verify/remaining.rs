//! What is still to be done of a change file, and what takes back what was done.

use std::borrow::Cow;

use super::names::Named;
use super::values::Values;
use super::{Judgement, State, Verification};
use crate::change::apply::Guards;
use crate::change::identity;
use crate::change::image::comes_with_identity;
use crate::change::inverse::{Obstacle, Undo, UndoRecord, Uninvertible};
use crate::change::invert_guarded;
use crate::ldif::{Change, ChangeRecord, ModOp, Modification, Value};

impl<'a> Verification<'a> {
    /// The records that are still to be applied, with their numbers: pending ones
    /// as they are, and of those that are partly there what is missing. They name entries
    /// as those are called when their turn comes.
    pub fn remaining(&mut self, judgements: &[Judgement]) -> Vec<(usize, ChangeRecord<'a>)> {
        let records = self.records;
        let mut remaining = Vec::new();
        // Whether what is to come gives no names until then.
        let mut is_called_so = true;
        for (number, (record, judgement)) in records.iter().zip(judgements).enumerate() {
            let left = match (judgement.state, &record.change) {
                (State::Pending, _) => Some(record.clone()),
                (State::Partly, Change::Modify(mods)) => self.rest(number, record, mods),
                (State::Applied, Change::Modify(_)) if !judgement.again.is_empty() => {
                    let again = Change::Modify(judgement.again.clone());
                    Some(ChangeRecord { change: again, ..record.clone() })
                }
                _ => None,
            };
            let Some(mut left) = left else { continue };
            is_called_so &= matches!(left.change, Change::Modify(_));
            if is_called_so {
                if judgement.state != State::Applied {
                    self.call_by_other_names(number, &mut left);
                }
                if let Some(dn) = self.other_name(number, record) {
                    left.dn = dn.into();
                }
            }
            remaining.push((number, left));
        }
        remaining
    }

    /// The DN that the entry of a record bears in the export, where it is another one: a
    /// record that comes later may have been applied.
    fn other_name(&mut self, number: usize, record: &ChangeRecord<'_>) -> Option<Vec<u8>> {
        let node = self.names.target(number)?;
        let key = self.names.locate(node, &self.export)?;
        if identity::dn_key(&record.dn).is_some_and(|own| *own == *key) {
            return None;
        }
        let now = self.export.known(&key)?;
        Some(identity::without_brackets(&now.dn).to_vec())
    }

    /// Has the values of a modify record, where such values follow entries, name these as
    /// they are called in the export.
    fn call_by_other_names(&mut self, number: usize, left: &mut ChangeRecord<'_>) {
        let Change::Modify(mods) = &mut left.change else { return };
        if !self.has_identity(number) {
            return;
        }
        for Modification { attribute, values, .. } in mods {
            for value in values.iter_mut() {
                let other = value.bytes().and_then(|bytes| {
                    let (head, dn) = bytes.split_at(identity::dn_within(attribute, bytes)?);
                    let key = identity::dn_key(dn)?;
                    let Named::Now(now) = self.names.named(&key, number, &self.export) else {
                        return None;
                    };
                    let entry = self.export.known(&now);
                    let dn = entry.as_ref().map(|own| identity::without_brackets(&own.dn));
                    Some([head, dn.unwrap_or(&now)].concat())
                });
                if let Some(other) = other {
                    *value = Value::Bytes(other.into());
                }
            }
        }
    }

    /// Whether the entry of a record is one of a directory in which values follow entries.
    fn has_identity(&mut self, number: usize) -> bool {
        if !self.names.has_bearers() {
            return false;
        }
        let Some(node) = self.names.target(number) else { return false };
        let Some(key) = self.names.locate(node, &self.export) else { return false };
        self.export.known(&key).is_some_and(|now| comes_with_identity(&now))
    }

    fn rest(
        &mut self,
        number: usize,
        record: &ChangeRecord<'a>,
        mods: &[Modification<'a>],
    ) -> Option<ChangeRecord<'static>> {
        let node = self.names.target(number)?;
        let key = self.names.locate(node, &self.export)?;
        let now = self.export.known(&key)?;
        let rest = Values::rest(mods, &record.dn, &now)?;
        // They say how the record is to be made, all of it or what is left.
        let controls = record.controls.iter().map(|control| control.clone().into_owned());
        Some(ChangeRecord { controls: controls.collect(), ..rest })
    }
}

/// The inverse of the records that were applied, from what they say themselves.
///
/// A rename is taken not to have met the values that it gives. What a record does
/// not say cannot be taken back without an export from before it.
#[must_use]
pub fn undo_without_base(records: &[ChangeRecord<'_>], judgements: &[Judgement]) -> Undo {
    let mut undo = Undo::default();
    for (of, (record, judgement)) in records.iter().zip(judgements).enumerate().rev() {
        if judgement.state != State::Applied {
            continue;
        }
        match inverse(record) {
            Ok(inverse) => {
                let inverse = inverse.map(|record| UndoRecord { of, record });
                undo.records.extend(inverse);
            }
            Err(why) => undo.obstacles.push(Uninvertible { number: of, why }),
        }
    }
    undo.obstacles.reverse();
    undo.carry_controls(records);
    undo
}

/// Attributes whose values cannot be named go as a whole, where they were added to
/// nothing: no server would have added them to others.
fn without_equality(
    mut inverse: ChangeRecord<'static>,
    mods: &[Modification<'_>],
) -> ChangeRecord<'static> {
    let Change::Modify(back) = &mut inverse.change else { return inverse };
    for own in back.iter_mut().filter(|own| identity::lacks_equality(&own.attribute)) {
        let same = |other: &&Modification<'_>| {
            identity::same_description(&other.attribute, &own.attribute) && other.op != ModOp::Add
        };
        if own.op == ModOp::Delete && !mods.iter().any(|other| same(&other)) {
            own.values.clear();
        }
    }
    inverse
}

fn inverse(record: &ChangeRecord<'_>) -> Result<Option<ChangeRecord<'static>>, Obstacle> {
    let of = |dn: Vec<u8>, change| {
        Some(ChangeRecord { dn: Cow::Owned(dn), controls: Vec::new(), spelling: None, change })
    };
    let inverse = match &record.change {
        Change::Delete => return Err(Obstacle::NoBase),
        Change::Add(_) => of(record.dn.to_vec(), Change::Delete),
        Change::Modify(mods) if mods.is_empty() => None,
        Change::Modify(_) if Guards::of(record) == Guards::Off => return Err(Obstacle::Permissive),
        Change::Modify(mods) => {
            let blind = mods.iter().find(|own| match own.op {
                ModOp::Add => false,
                ModOp::Delete => own.values.is_empty(),
                ModOp::Replace | ModOp::Increment => true,
            });
            if let Some(blind) = blind {
                return Err(Obstacle::NotNamed { attribute: blind.attribute.to_vec() });
            }
            invert_guarded(record).map(|inverse| without_equality(inverse, mods))
        }
        Change::ModRdn { new_rdn, new_superior, .. } => {
            let parent = identity::parent_text(&record.dn);
            let above = new_superior.as_deref().unwrap_or(parent);
            let back = Change::ModRdn {
                new_rdn: Cow::Owned(identity::rdn_text(&record.dn).to_vec()),
                delete_old_rdn: true,
                new_superior: new_superior.as_ref().map(|_| Cow::Owned(parent.to_vec())),
            };
            of(crate::directory::dn::join(new_rdn, Some(above)), back)
        }
    };
    crate::change::inverse::invertible(record, inverse.as_slice())?;
    Ok(inverse)
}
