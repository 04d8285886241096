//! What the modifications of one record do to each attribute.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use super::pairing::pair;
use crate::directory::Entry;
use crate::ldif::{ModOp, Modification, Value};

/// One attribute and what becomes of its values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Touched<'a> {
    /// The attribute description as the record first spells it.
    pub attribute: &'a [u8],
    /// Words about the whole attribute, and what does not fit the export.
    pub notes: Vec<Note<'a>>,
    /// The values, those of before first.
    pub values: Vec<Fate<'a>>,
}

/// What becomes of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate<'a> {
    Kept(Value<'a>),
    Removed(Value<'a>),
    Added(Value<'a>),
    Changed(Value<'a>, Value<'a>),
}

/// What cannot be said value by value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note<'a> {
    /// All values go; which ones is not known without the export.
    AllRemoved,
    /// What follows replaces all values; which ones is not known.
    AllReplaced,
    /// A number grows; from what is not known, or it is none.
    Incremented(Value<'a>),
    /// The value to be removed is not in the export.
    NotThere(Value<'a>),
    /// The attribute to be removed is not in the export.
    NothingThere,
    /// The value to be added is in the export already.
    ThereAlready(Value<'a>),
}

/// Follows the modifications, attribute by attribute in order of their first
/// mention. Without `base`, what the record says is all that is known.
pub(super) fn touched<'a>(
    mods: &'a [Modification<'a>],
    base: Option<&'a Entry<'a>>,
) -> Vec<Touched<'a>> {
    let mut order: Vec<Attribute<'a>> = Vec::new();
    let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
    for modification in mods {
        let at = *known.entry(modification.attribute.to_ascii_lowercase()).or_insert_with(|| {
            order.push(Attribute::new(&modification.attribute, base));
            order.len() - 1
        });
        order[at].modify(modification);
    }
    order.into_iter().map(Attribute::settle).collect()
}

/// The values of one attribute while the modifications go over them.
struct Attribute<'a> {
    name: &'a [u8],
    has_base: bool,
    slots: Vec<Slot<'a>>,
    /// Slots by value, exactly and without regard to ASCII case.
    exact: HashMap<Value<'a>, VecDeque<usize>>,
    folded: HashMap<Vec<u8>, VecDeque<usize>>,
    notes: Vec<Note<'a>>,
}

struct Slot<'a> {
    value: Value<'a>,
    before: bool,
    after: bool,
}

impl<'a> Attribute<'a> {
    fn new(name: &'a [u8], base: Option<&'a Entry<'a>>) -> Self {
        let mut attribute = Self {
            name,
            has_base: base.is_some(),
            slots: Vec::new(),
            exact: HashMap::new(),
            folded: HashMap::new(),
            notes: Vec::new(),
        };
        for value in base.map_or(&[][..], |entry| entry.values(name)) {
            attribute.push(value.clone(), true, true);
        }
        attribute
    }

    fn push(&mut self, value: Value<'a>, before: bool, after: bool) {
        let at = self.slots.len();
        self.exact.entry(value.clone()).or_default().push_back(at);
        self.folded.entry(folded(&value)).or_default().push_back(at);
        self.slots.push(Slot { value, before, after });
    }

    /// A slot that still holds the value: exactly so, or but for its case.
    fn find(&mut self, value: &Value<'a>) -> Option<usize> {
        let slots = &self.slots;
        // A slot whose value is gone stays so: it need not be looked at again.
        let first_alive = |queue: &mut VecDeque<usize>| {
            while queue.front().is_some_and(|&at| !slots[at].after) {
                queue.pop_front();
            }
            queue.front().copied()
        };
        let exact = self.exact.get_mut(value).and_then(first_alive);
        exact.or_else(|| self.folded.get_mut(&folded(value)).and_then(first_alive))
    }

    fn modify(&mut self, modification: &'a Modification<'a>) {
        match modification.op {
            ModOp::Add => modification.values.iter().for_each(|value| self.add(value)),
            ModOp::Delete if modification.values.is_empty() => self.clear(Note::AllRemoved),
            ModOp::Delete => modification.values.iter().for_each(|value| self.delete(value)),
            ModOp::Replace => {
                self.clear(Note::AllReplaced);
                for value in &modification.values {
                    self.push(value.clone(), false, true);
                }
            }
            ModOp::Increment => {
                modification.values.iter().for_each(|value| self.increment(value));
            }
        }
    }

    fn add(&mut self, value: &Value<'a>) {
        if self.find(value).is_some() {
            self.notes.push(Note::ThereAlready(value.clone()));
        } else {
            self.push(value.clone(), false, true);
        }
    }

    fn delete(&mut self, value: &Value<'a>) {
        match self.find(value) {
            Some(at) => self.slots[at].after = false,
            None if self.has_base => self.notes.push(Note::NotThere(value.clone())),
            None => self.push(value.clone(), true, false),
        }
    }

    fn clear(&mut self, unknown: Note<'a>) {
        if !self.has_base {
            self.notes.push(unknown);
        } else if unknown == Note::AllRemoved && !self.slots.iter().any(|slot| slot.after) {
            self.notes.push(Note::NothingThere);
        }
        self.slots.iter_mut().for_each(|slot| slot.after = false);
    }

    fn increment(&mut self, by: &Value<'a>) {
        let number = |value: &Value<'_>| -> Option<i128> {
            std::str::from_utf8(value.bytes()?).ok()?.trim().parse().ok()
        };
        let at = self.slots.iter().position(|slot| slot.after);
        let sum = at.and_then(|at| number(&self.slots[at].value)?.checked_add(number(by)?));
        match at.zip(sum) {
            Some((at, sum)) => {
                self.slots[at].after = false;
                self.push(Value::Bytes(Cow::Owned(sum.to_string().into_bytes())), false, true);
            }
            None => self.notes.push(Note::Incremented(by.clone())),
        }
    }

    /// Pairs what went with what came.
    fn settle(self) -> Touched<'a> {
        let of = |before: bool, after: bool| -> Vec<usize> {
            let wanted = |at: &usize| {
                let slot = &self.slots[*at];
                slot.before == before && slot.after == after
            };
            (0..self.slots.len()).filter(wanted).collect()
        };
        let (removed, added) = (of(true, false), of(false, true));
        let bytes = |slots: &[usize]| -> Vec<&[u8]> {
            slots.iter().map(|&at| raw(&self.slots[at].value)).collect()
        };
        let pairs = pair(&bytes(&removed), &bytes(&added));
        let mut successor: HashMap<usize, usize> = HashMap::new();
        let mut paired = vec![false; self.slots.len()];
        for (old, new) in removed.into_iter().zip(pairs) {
            if let Some(new) = new.map(|new| added[new]) {
                successor.insert(old, new);
                paired[new] = true;
            }
        }
        let value = |at: usize| self.slots[at].value.clone();
        let fate = |at: usize| match (self.slots[at].before, self.slots[at].after) {
            (true, true) => Some(Fate::Kept(value(at))),
            (true, false) => Some(match successor.get(&at) {
                // Removed and added again, as a twin needs it.
                Some(&new) if self.slots[new].value == self.slots[at].value => {
                    Fate::Kept(value(at))
                }
                Some(&new) => Fate::Changed(value(at), value(new)),
                None => Fate::Removed(value(at)),
            }),
            (false, true) => (!paired[at]).then(|| Fate::Added(value(at))),
            (false, false) => None,
        };
        let values = (0..self.slots.len()).filter_map(fate).collect();
        Touched { attribute: self.name, notes: self.notes, values }
    }
}

/// The bytes that stand in the record: those of the value or of the reference.
pub(super) fn raw<'v>(value: &'v Value<'_>) -> &'v [u8] {
    match value {
        Value::Bytes(bytes) | Value::Url(bytes) => bytes,
    }
}

fn folded(value: &Value<'_>) -> Vec<u8> {
    raw(value).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &'static str) -> Value<'static> {
        Value::Bytes(Cow::Borrowed(text.as_bytes()))
    }

    fn modification(
        op: ModOp,
        attribute: &'static str,
        values: &[&'static str],
    ) -> Modification<'static> {
        Modification {
            op,
            attribute: Cow::Borrowed(attribute.as_bytes()),
            values: values.iter().copied().map(value).collect(),
        }
    }

    fn entry(attribute: &'static str, values: &[&'static str]) -> Entry<'static> {
        let mut entry = Entry::new(&b"cn=x"[..]);
        for text in values {
            entry.push(Cow::Borrowed(attribute.as_bytes()), value(text));
        }
        entry
    }

    #[test]
    fn a_delete_and_an_add_of_one_attribute_are_a_change() {
        let mods = [
            modification(ModOp::Delete, "mail", &["anna @x.org"]),
            modification(ModOp::Add, "MAIL", &["anna@x.org"]),
        ];
        let touched = touched(&mods, None);
        assert_eq!(touched.len(), 1);
        assert_eq!(touched[0].attribute, b"mail");
        assert_eq!(touched[0].values, [Fate::Changed(value("anna @x.org"), value("anna@x.org"))]);
    }

    #[test]
    fn with_the_entry_siblings_stay_in_their_place() {
        let base = entry("mail", &["a@x.org", "b @x.org", "c@x.org"]);
        let mods = [
            modification(ModOp::Delete, "mail", &["b @x.org"]),
            modification(ModOp::Add, "mail", &["b@x.org"]),
        ];
        assert_eq!(
            touched(&mods, Some(&base))[0].values,
            [
                Fate::Kept(value("a@x.org")),
                Fate::Changed(value("b @x.org"), value("b@x.org")),
                Fate::Kept(value("c@x.org")),
            ]
        );
    }

    #[test]
    fn a_twin_that_is_added_again_is_kept() {
        let base = entry("proxyAddresses", &["SMTP:Foo", "smtp:foo"]);
        let mods = [
            modification(ModOp::Delete, "proxyAddresses", &["SMTP:Foo", "smtp:foo"]),
            modification(ModOp::Add, "proxyAddresses", &["SMTP:Foo"]),
        ];
        assert_eq!(
            touched(&mods, Some(&base))[0].values,
            [Fate::Kept(value("SMTP:Foo")), Fate::Removed(value("smtp:foo"))]
        );
    }

    #[test]
    fn a_stale_record_is_noticed() {
        let base = entry("mail", &["new@x.org"]);
        let mods = [
            modification(ModOp::Delete, "mail", &["old@x.org"]),
            modification(ModOp::Add, "mail", &["NEW@x.org"]),
            modification(ModOp::Delete, "title", &[]),
        ];
        let touched = touched(&mods, Some(&base));
        assert_eq!(
            touched[0].notes,
            [Note::NotThere(value("old@x.org")), Note::ThereAlready(value("NEW@x.org"))]
        );
        assert_eq!(touched[1].notes, [Note::NothingThere]);
    }

    #[test]
    fn replace_needs_the_entry_to_tell_what_goes() {
        let mods = [modification(ModOp::Replace, "mail", &["a@x.org", "b@x.org"])];
        let blind = &touched(&mods, None)[0];
        assert_eq!(blind.notes, [Note::AllReplaced]);
        assert_eq!(blind.values, [Fate::Added(value("a@x.org")), Fate::Added(value("b@x.org"))]);
        let base = entry("mail", &["b@x.org", "qqq"]);
        assert_eq!(
            touched(&mods, Some(&base))[0].values,
            [
                Fate::Kept(value("b@x.org")),
                Fate::Removed(value("qqq")),
                Fate::Added(value("a@x.org")),
            ]
        );
    }

    #[test]
    fn an_increment_is_counted_where_the_number_is_known() {
        let mods = [modification(ModOp::Increment, "uidNumber", &["5"])];
        let base = entry("uidNumber", &["1000"]);
        assert_eq!(
            touched(&mods, Some(&base))[0].values,
            [Fate::Changed(value("1000"), value("1005"))]
        );
        assert_eq!(touched(&mods, None)[0].notes, [Note::Incremented(value("5"))]);
    }
}
