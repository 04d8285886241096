//! In what two entries differ: per attribute the values that go and those that
//! come, byte for byte.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::compared::{Compared, Server};
use super::moves::Moves;
use crate::change::apply_to_entry;
use crate::change::identity::{self, canonical, canonical_type};
use crate::directory::{Entry, EntryAttribute};
use crate::ldif::{Change, ModOp, Modification, ReadOptions, Value, read_wanted};

/// What happens to the values of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delta<'a> {
    /// The attribute description.
    pub(super) name: Cow<'a, [u8]>,
    /// The values that go, as the entry has them by then.
    pub(super) remove: Vec<Cow<'a, [u8]>>,
    /// The values that come.
    pub(super) add: Vec<Cow<'a, [u8]>>,
    pub(super) removal: Removal,
    /// Values that go, as the old export has them, where the server keeps them in
    /// step with the names that they hold.
    pub(super) was: Vec<Cow<'a, [u8]>>,
}

impl<'a> Delta<'a> {
    pub(super) fn new(
        name: Cow<'a, [u8]>,
        remove: Vec<Cow<'a, [u8]>>,
        add: Vec<Cow<'a, [u8]>>,
    ) -> Self {
        Self { name, remove, add, removal: Removal::ByValue, was: Vec::new() }
    }

    /// The values that go, as the old export has them.
    pub(super) fn old_values(&self) -> &[Cow<'a, [u8]>] {
        if self.was.is_empty() { &self.remove } else { &self.was }
    }

    /// Takes values that go out of the difference, chosen by what the old export has.
    pub(super) fn take_removals(&mut self, takes: &dyn Fn(&[u8]) -> bool) -> Self {
        let mut taken = Self::new(self.name.clone(), Vec::new(), Vec::new());
        taken.removal = self.removal;
        let was = std::mem::take(&mut self.was);
        let has_old = !was.is_empty();
        let mut was = was.into_iter();
        for now in std::mem::take(&mut self.remove) {
            let old = was.next();
            let goes = takes(old.as_ref().unwrap_or(&now));
            let side = if goes { &mut taken } else { &mut *self };
            side.was.extend(old.filter(|_| has_old));
            side.remove.push(now);
        }
        taken
    }
}

/// How values can be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    /// One by one: the record names what it expects.
    ByValue,
    /// All at once, because the attribute has no rule by which a value is found.
    /// Then `remove` and `add` hold all values.
    Whole,
}

/// The differences of two entries.
#[derive(Debug, Clone, Default)]
pub(super) struct Deltas<'a> {
    pub(super) list: Vec<Delta<'a>>,
    pub(super) left_out: LeftOut,
}

/// What of an entry cannot be compared or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LeftOut {
    /// An attribute of which an export holds a part (`;range=`).
    pub(super) partial: bool,
    /// A value given by reference, whose bytes are not in the export.
    pub(super) reference: bool,
}

impl LeftOut {
    pub(super) fn is_any(self) -> bool {
        self.partial || self.reference
    }
}

/// How entries are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content<'c> {
    pub(super) compared: &'c Compared,
    pub(super) server: Server,
    pub(super) moves: &'c Moves,
}

/// The values of an attribute on both sides.
struct Sides<'a> {
    name: Cow<'a, [u8]>,
    old: Vec<Value<'a>>,
    new: Vec<Value<'a>>,
}

impl<'c> Content<'c> {
    /// The differences in all attributes but those that name the entry, whose
    /// types are given.
    pub(super) fn deltas<'a>(
        &self,
        old: Entry<'a>,
        new: Entry<'a>,
        naming: &[Vec<u8>],
    ) -> Deltas<'a> {
        let mut deltas = Deltas::default();
        let is_named = |name: &[u8]| {
            self.server.names_by_itself(name, naming)
                || naming.iter().any(|of| identity::same_description(of, name))
        };
        let partial = partial_types(&old, &new);
        let mut sides: Vec<Sides<'a>> = Vec::new();
        let mut slots: FxHashMap<Vec<u8>, usize> = FxHashMap::default();
        for (is_new, entry) in [(false, old), (true, new)] {
            for EntryAttribute { name, values } in entry.into_parts().1 {
                if !self.compared.takes(&name) || is_named(&name) {
                    continue;
                }
                if !partial.is_empty() && partial.contains(&*canonical_type(&name)) {
                    deltas.left_out.partial = true;
                    continue;
                }
                let slot = *slots.entry(canonical(&name).into_owned()).or_insert_with(|| {
                    sides.push(Sides { name, old: Vec::new(), new: Vec::new() });
                    sides.len() - 1
                });
                let side = &mut sides[slot];
                if is_new { side.new.extend(values) } else { side.old.extend(values) }
            }
        }
        for side in sides {
            // Where values follow names, the same text may name another entry by now.
            if side.old == side.new && !self.server.follows_links(&side.name) {
                continue;
            }
            let Some((old, new)) = without_references(side.old, side.new) else {
                deltas.left_out.reference = true;
                continue;
            };
            deltas.list.extend(self.delta(side.name, old, new));
        }
        deltas
    }

    /// The differences in the attributes that name the entry, once it bears its new
    /// name: `now` has their values then. What a server does by itself is left out.
    pub(super) fn naming_deltas(
        &self,
        now: &Entry<'_>,
        new: &Entry<'_>,
        naming: &[Vec<u8>],
    ) -> Vec<Delta<'static>> {
        let mut deltas = Vec::new();
        if self.server == Server::ActiveDirectory {
            return deltas;
        }
        let rdn = identity::rdn_values(&new.dn).unwrap_or_default();
        for name in naming.iter().filter(|name| self.compared.takes(name)) {
            let of_it = |entry: &Entry<'_>| -> Vec<Cow<'static, [u8]>> {
                let attributes = entry.attributes().iter();
                let same = attributes.filter(|a| canonical(&a.name) == canonical(name));
                let bytes = same.flat_map(|a| &a.values).filter_map(Value::bytes);
                bytes.map(|bytes| Cow::Owned(bytes.to_vec())).collect()
            };
            let (mut have, mut want) = (of_it(now), of_it(new));
            let of_name = rdn.iter().filter(|(of, _)| identity::same_attribute(of, name));
            let mut of_name = of_name.peekable();
            // Every entry holds what names it: an export without it left it out.
            if want.is_empty() && of_name.peek().is_some() {
                continue;
            }
            let rule = identity::rule_of(name);
            for (_, value) in of_name {
                let key = identity::value_key(rule, value);
                for side in [&mut have, &mut want] {
                    if !side.iter().any(|value| identity::value_key(rule, value) == key) {
                        side.push(Cow::Owned(value.clone()));
                    }
                }
            }
            deltas.extend(self.delta(Cow::Owned(name.clone()), have, want));
        }
        deltas
    }

    fn delta<'a>(
        &self,
        name: Cow<'a, [u8]>,
        old: Vec<Cow<'a, [u8]>>,
        new: Vec<Cow<'a, [u8]>>,
    ) -> Option<Delta<'a>> {
        if self.server.follows_links(&name) {
            return self.link_delta(name, old, new);
        }
        let before: FxHashSet<&[u8]> = old.iter().map(|value| &**value).collect();
        let after: FxHashSet<&[u8]> = new.iter().map(|value| &**value).collect();
        if before == after {
            return None;
        }
        if !self.server.deletes_by_value(&name) {
            let (remove, add) = (distinct(old), distinct(new));
            return Some(Delta { removal: Removal::Whole, ..Delta::new(name, remove, add) });
        }
        // Of values that are equal under the matching rule a server may take any:
        // where one of them goes or comes, all go and those that stay come back.
        let rule = identity::rule_of(&name);
        let moving = |value: &Cow<'_, [u8]>| before.contains(&**value) != after.contains(&**value);
        let touched: FxHashSet<Vec<u8>> = old
            .iter()
            .chain(&new)
            .filter(|value| moving(value))
            .map(|value| identity::value_key(rule, value).into_owned())
            .collect();
        let goes = |value: &Cow<'_, [u8]>| {
            moving(value) || touched.contains(&*identity::value_key(rule, value))
        };
        let remove = distinct(old.iter().filter(|value| goes(value)).cloned());
        let add = distinct(new.iter().filter(|value| goes(value)).cloned());
        Some(Delta::new(name, remove, add))
    }

    /// Values that name entries, where the server has them follow: they are compared
    /// as they stand once all entries have moved, and by what they name.
    fn link_delta<'a>(
        &self,
        name: Cow<'a, [u8]>,
        old: Vec<Cow<'a, [u8]>>,
        new: Vec<Cow<'a, [u8]>>,
    ) -> Option<Delta<'a>> {
        let rule = identity::rule_of(&name);
        let key = |value: &[u8]| identity::value_key(rule, value).into_owned();
        // A value goes with the entry that it names, though another entry may take
        // that entry's name and the value come again.
        let stays = |value: &[u8]| !self.moves.is_gone(value);
        let now: Vec<Cow<'a, [u8]>> =
            old.iter().map(|value| self.moves.value_after(value.clone())).collect();
        let before: FxHashSet<Vec<u8>> = old
            .iter()
            .zip(&now)
            .filter(|(was, _)| stays(was))
            .map(|(_, value)| key(value))
            .collect();
        let after: FxHashSet<Vec<u8>> = new.iter().map(|value| key(value)).collect();
        let (mut was, mut remove) = (Vec::new(), Vec::new());
        let mut seen = FxHashSet::default();
        for (old, now) in old.into_iter().zip(now) {
            if (!stays(&old) || !after.contains(&key(&now))) && seen.insert(old.clone()) {
                was.push(old);
                remove.push(now);
            }
        }
        let add = distinct(new.into_iter().filter(|value| !before.contains(&key(value))));
        let differs = !remove.is_empty() || !add.is_empty();
        differs.then(|| Delta { was, ..Delta::new(name, remove, add) })
    }
}

/// The types of which either entry has a part of the values only, in canonical form.
fn partial_types(old: &Entry<'_>, new: &Entry<'_>) -> FxHashSet<Vec<u8>> {
    let names = old.attributes().iter().chain(new.attributes()).map(|a| &a.name);
    let partial = names.filter(|name| identity::is_partial(name));
    partial.map(|name| canonical_type(name).into_owned()).collect()
}

type Bytes<'a> = Vec<Cow<'a, [u8]>>;

fn without_references<'a>(
    old: Vec<Value<'a>>,
    new: Vec<Value<'a>>,
) -> Option<(Bytes<'a>, Bytes<'a>)> {
    let bytes = |values: Vec<Value<'a>>| -> Option<Bytes<'a>> {
        let bytes = values.into_iter().map(|value| match value {
            Value::Bytes(bytes) => Some(bytes),
            Value::Url(_) => None,
        });
        bytes.collect()
    };
    Some((bytes(old)?, bytes(new)?))
}

/// Each value once, in order: no server takes the same value twice.
pub(super) fn distinct<'a>(values: impl IntoIterator<Item = Cow<'a, [u8]>>) -> Bytes<'a> {
    let mut values = values.into_iter();
    let (Some(first), second) = (values.next(), values.next()) else { return Vec::new() };
    let Some(second) = second else { return vec![first] };
    let mut seen: FxHashSet<Cow<'a, [u8]>> = FxHashSet::default();
    let all = [first, second].into_iter().chain(values);
    all.filter(|value| seen.insert(value.clone())).collect()
}

/// The attribute types of the RDNs of two DNs.
pub(super) fn naming_types(old: &[u8], new: &[u8]) -> Vec<Vec<u8>> {
    let mut types: Vec<Vec<u8>> = Vec::new();
    let both = [old, new];
    for dn in if old == new { &both[..1] } else { &both } {
        for (name, _) in identity::rdn_values(dn).unwrap_or_default() {
            if !types.iter().any(|known| identity::same_attribute(known, &name)) {
                types.push(name);
            }
        }
    }
    types
}

/// An entry of what names another one, under a DN.
pub(super) fn naming_part(entry: &Entry<'_>, dn: &[u8], naming: &[Vec<u8>]) -> Entry<'static> {
    let of_them = |name: &[u8]| naming.iter().any(|of| identity::same_description(of, name));
    let attributes =
        entry.attributes().iter().filter(|a| of_them(&a.name)).map(|attribute| EntryAttribute {
            name: Cow::Owned(attribute.name.to_vec()),
            values: attribute.values.iter().map(|value| value.clone().into_owned()).collect(),
        });
    Entry::with_attributes(dn.to_vec(), attributes.collect())
}

/// The entry after a rename; as it is where that does not apply.
pub(super) fn renamed(entry: Entry<'static>, change: &Change<'static>) -> Entry<'static> {
    let mut whole = entry.clone();
    let change: Change<'_> = change.clone();
    if apply_to_entry(&mut whole, &change).is_err() {
        return entry;
    }
    Entry::from(whole.into_record().into_owned())
}

/// The modifications that make the differences, or take them back.
pub(super) fn modifications<'d>(deltas: &'d [Delta<'_>], way: Way) -> Vec<Modification<'d>> {
    let mut mods = Vec::new();
    let mut push = |delta: &'d Delta<'_>| {
        let (gone, come) = match way {
            Way::There => (&delta.remove, &delta.add),
            Way::Back => (&delta.add, &delta.remove),
        };
        let attribute: Cow<'d, [u8]> = Cow::Borrowed(&delta.name);
        if !gone.is_empty() {
            let values = match delta.removal {
                Removal::ByValue => borrowed(gone),
                Removal::Whole => Vec::new(),
            };
            mods.push(Modification { op: ModOp::Delete, attribute: attribute.clone(), values });
        }
        if !come.is_empty() {
            mods.push(Modification { op: ModOp::Add, attribute, values: borrowed(come) });
        }
    };
    match way {
        Way::There => deltas.iter().for_each(&mut push),
        Way::Back => deltas.iter().rev().for_each(&mut push),
    }
    mods
}

/// From the old export to the new one, or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    There,
    Back,
}

fn borrowed<'d>(values: &'d [Cow<'_, [u8]>]) -> Vec<Value<'d>> {
    values.iter().map(|value| Value::Bytes(Cow::Borrowed(value))).collect()
}

/// The attributes by which an entry is recognised under another name, first the
/// one that goes before the others.
const IDENTITIES: [&[u8]; 3] = [b"entryUUID", b"nsUniqueId", b"objectGUID"];

pub(super) fn is_identity(name: &[u8]) -> bool {
    IDENTITIES.iter().any(|identity| identity.eq_ignore_ascii_case(name))
}

/// What tells an entry from all others as long as it exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Identity {
    kind: usize,
    value: Vec<u8>,
}

impl Identity {
    /// The identity of an entry, binary or text.
    pub(super) fn of(entry: &Entry<'_>) -> Option<Self> {
        IDENTITIES.iter().enumerate().find_map(|(kind, name)| {
            let value = entry.values(name).first()?.bytes()?;
            let value = identity::value_key(identity::rule_of(name), value).into_owned();
            (!value.is_empty()).then_some(Self { kind, value })
        })
    }

    /// The same of an entry's text, most of which is not decoded.
    pub(super) fn of_text(text: &[u8], read: ReadOptions) -> Option<Self> {
        let mut found = Entry::new(Vec::new());
        read_wanted(text, read, is_identity, |record| {
            let lines = record.attribute_lines().iter();
            for line in lines.filter(|line| is_identity(&line.name())) {
                found.push(Cow::Owned(line.name().into_owned()), line.value().into_owned());
            }
        });
        Self::of(&found)
    }

    /// The value in the form in which equal ones have the same bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.value
    }

    /// Whether two entries that both have an identity are two.
    pub(super) fn tell_apart(a: &Entry<'_>, b: &Entry<'_>) -> bool {
        match (Self::of(a), Self::of(b)) {
            (Some(a), Some(b)) => a.kind == b.kind && a != b,
            _ => false,
        }
    }
}
