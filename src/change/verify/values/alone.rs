//! A record on its own, where no number of records explains what is there.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::{Field, Values, found_values};
use crate::change::apply::Guards;
use crate::change::identity;
use crate::change::verify::explain::{Act, Deed, FactId, GroupId};
use crate::change::verify::{Contradiction, Judgement, State};
use crate::directory::Entry;
use crate::ldif::{Change, ChangeRecord, ModOp, Modification, Value};

/// How one attribute stands to one record.
enum Stand {
    Done,
    Open,
    Between,
    Other,
}

impl<'r> Values<'r> {
    /// A record whose values are neither all as before nor all as after it.
    pub(super) fn judge_alone(&self, act: &Act, now: &Entry<'_>) -> Judgement {
        let mut touched: Vec<GroupId> = act
            .iter()
            .map(|deed| match *deed {
                Deed::Set { fact, .. } => self.facts.group_of(fact),
                Deed::Clear { group, .. } | Deed::Blur { group } => group,
            })
            .collect();
        touched.sort_unstable();
        touched.dedup();
        let (mut done, mut open, mut wrong) = (false, false, Vec::new());
        for group in touched {
            let Some(field) = self.fields.iter().find(|field| field.group == group) else {
                continue;
            };
            match self.stand_of(field, act) {
                Stand::Done => done = true,
                Stand::Open => open = true,
                Stand::Between => (done, open) = (true, true),
                Stand::Other => wrong.push(Contradiction::Values(found_values(now, field.name))),
            }
        }
        match (wrong.is_empty(), done, open) {
            (false, ..) => {
                Judgement { contradictions: wrong, ..Judgement::new(State::Conflict, true) }
            }
            (true, true, true) => Judgement::new(State::Partly, true),
            (true, true, false) => Judgement::new(State::Applied, false),
            (true, false, _) => Judgement::new(State::Pending, false),
        }
    }

    fn stand_of(&self, field: &Field<'_>, act: &Act) -> Stand {
        // The last deed on a value counts, and the first one tells how it was.
        let mut ends: FxHashMap<FactId, (bool, bool)> = FxHashMap::default();
        let mut whole = false;
        for deed in act {
            match *deed {
                Deed::Set { fact, to, .. } if self.facts.group_of(fact) == field.group => {
                    ends.entry(fact).and_modify(|ends| ends.1 = to).or_insert((!to, to));
                }
                Deed::Clear { group, .. } if group == field.group => {
                    ends.values_mut().for_each(|ends| ends.1 = false);
                    whole = true;
                }
                _ => {}
            }
        }
        let observed = self.facts.observed_of(field.group);
        let mut moves = [(0, 0); 2];
        for (fact, (from, to)) in &ends {
            if (whole || from != to) && !self.is_gone(*fact) {
                let (all, done) = &mut moves[usize::from(*to)];
                *all += 1;
                *done += usize::from(self.facts.observed(*fact) == *to);
            }
        }
        let [(gone, are_gone), (come, have_come)] = moves;
        let complete = self.facts.is_complete(field.group);
        if whole || complete {
            let exact = are_gone == gone && have_come == come && observed == come;
            let old = match (whole, complete) {
                (true, true) => self.facts.is_as_before(field.group),
                (true, false) => true,
                (false, _) => observed == gone && are_gone == 0 && have_come == 0,
            };
            return match (exact, old) {
                (true, _) => Stand::Done,
                (false, true) => Stand::Open,
                (false, false) => Stand::Other,
            };
        }
        match (are_gone + have_come, gone + come) {
            (moved, all) if moved == all => Stand::Done,
            (0, _) => Stand::Open,
            // The old values gave way to something else.
            _ if gone > 0 && come > 0 && are_gone == gone && have_come == 0 => Stand::Other,
            _ => Stand::Between,
        }
    }

    /// The values that a record still has to take and to give.
    pub(in crate::change::verify) fn rest(
        mods: &[Modification<'_>],
        dn: &[u8],
        now: &Entry<'_>,
    ) -> Option<ChangeRecord<'static>> {
        let mut values = Values::new(None, None);
        values.push(0, mods, Guards::On);
        values.observe(now);
        let (_, act) = values.acts.first()?;
        let mut ends: FxHashMap<FactId, (bool, bool)> = FxHashMap::default();
        for deed in act {
            if let Deed::Set { fact, to, .. } = *deed {
                ends.entry(fact).and_modify(|ends| ends.1 = to).or_insert((!to, to));
            }
        }
        let mut rest = Vec::new();
        for field in &values.fields {
            if matches!(values.stand_of(field, act), Stand::Done) {
                continue;
            }
            if field.whole {
                let own = mods
                    .iter()
                    .filter(|own| identity::same_description(&own.attribute, field.name));
                rest.extend(own.map(|own| own.clone().into_owned()));
                continue;
            }
            let mut spelled: Vec<&(Value<'_>, FactId)> = field.values.values().flatten().collect();
            spelled.sort_unstable_by_key(|(_, fact)| *fact);
            for (op, wanted) in [(ModOp::Delete, false), (ModOp::Add, true)] {
                let left = spelled.iter().filter(|(_, fact)| {
                    ends.get(fact).is_some_and(|&(from, to)| from != to && to == wanted)
                        && values.facts.observed(*fact) != wanted
                });
                let left: Vec<Value<'static>> =
                    left.map(|(value, _)| value.clone().into_owned()).collect();
                if !left.is_empty() {
                    let attribute = Cow::Owned(field.name.to_vec());
                    rest.push(Modification { op, attribute, values: left });
                }
            }
        }
        (!rest.is_empty()).then(|| ChangeRecord {
            dn: Cow::Owned(dn.to_vec()),
            controls: Vec::new(),
            spelling: None,
            change: Change::Modify(rest),
        })
    }
}
