//! The entries that a difference is about, and what is to be done with each.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::compared::holds_dns;
use super::compared::{Compared, Server};
use super::content::{Content, Delta, LeftOut, naming_part, naming_types, renamed};
use super::index::{EntryIndex, NO_DN, Place, fingerprint, key_of, plain_dn};
use super::moves::{Moves, named_dn};
use super::pairing::{Pair, Pairing};
use super::unlike::{PairReader, Types};
use crate::change::identity;
use crate::directory::Entry;
use crate::directory::dn::{key_ancestors, key_depth, key_parent, split_rdn};
use crate::ldif::{Change, Value};

/// An entry as one of the exports has it.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) place: Place,
    /// As written, without `<GUID=…>`.
    pub(super) dn: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// An entry of either export.
#[derive(Debug, Clone)]
pub(super) enum Entity {
    /// In the new export only.
    Come(Side),
    /// In the old export only.
    Gone(Side),
    /// In both.
    Kept { old: Side, new: Side },
}

/// What is to be done with an entry that is in both exports.
#[derive(Debug, Default)]
pub(super) struct Difference<'a> {
    pub(super) rename: Option<Rename>,
    /// Other attributes than those that name the entry.
    pub(super) deltas: Vec<Delta<'a>>,
    /// Those, once the entry bears its new name.
    pub(super) naming: Vec<Delta<'static>>,
    pub(super) left_out: LeftOut,
}

/// An entry gets another name by a record of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rename {
    pub(super) new_rdn: Vec<u8>,
    /// Whether no value of the old RDN stays behind.
    pub(super) delete_old_rdn: bool,
}

impl Side {
    pub(super) fn of(index: &EntryIndex<'_>, place: Place) -> Self {
        let dn = index.dn(place).into_owned();
        Self { place, key: key_of(&dn), dn }
    }

    pub(super) fn has_dn(&self) -> bool {
        self.key.first() != Some(&NO_DN)
    }
}

impl Entity {
    pub(super) fn before(&self) -> Option<&Side> {
        match self {
            Self::Come(_) => None,
            Self::Gone(old) | Self::Kept { old, .. } => Some(old),
        }
    }

    pub(super) fn after(&self) -> Option<&Side> {
        match self {
            Self::Gone(_) => None,
            Self::Come(new) | Self::Kept { new, .. } => Some(new),
        }
    }

    /// Where it stands in the old export and in the new one.
    pub(super) fn places(&self) -> [Option<Place>; 2] {
        [self.before(), self.after()].map(|side| side.map(|side| side.place))
    }

    /// The name to speak of: the old one where there is one.
    pub(super) fn dn(&self) -> &[u8] {
        match self {
            Self::Come(side) | Self::Gone(side) | Self::Kept { old: side, .. } => &side.dn,
        }
    }
}

/// All entries that a difference is about.
#[derive(Debug, Default)]
pub(super) struct Entities {
    pub(super) list: Vec<Entity>,
    /// Which of them move by a record of their own.
    pub(super) movers: FxHashSet<usize>,
    pub(super) moves: Moves,
    /// Which keep the place that they have, because their move is left out.
    pub(super) stays: FxHashSet<usize>,
    /// Of entries whose move is left out, from the names that they would get to those that
    /// they have in the end.
    pub(super) unmoved: Moves,
    /// Entries that one export lacks but has entries below: they are neither deleted
    /// nor added.
    pub(super) implied: Vec<(Lacking, Side)>,
}

/// The export that lacks an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// The old one.
    Old,
    /// The new one.
    New,
}

impl Entities {
    /// The entries of a pairing. `may_move` says of which entries the move may be
    /// written.
    pub(super) fn of(
        pairing: &Pairing,
        old: &EntryIndex<'_>,
        new: &EntryIndex<'_>,
        may_move: &(dyn Fn(&Side, &Side) -> bool + Sync),
    ) -> Result<Self, NoParent> {
        let sides = |index: &EntryIndex<'_>, places: &[Place]| -> Vec<Side> {
            places.par_iter().map(|&place| Side::of(index, place)).collect()
        };
        let both = |pairs: &[Pair]| -> Vec<(Side, Side)> {
            let sides = |pair: &Pair| (Side::of(old, pair.old), Side::of(new, pair.new));
            pairs.par_iter().map(sides).collect()
        };
        let mut entities = Self::default();
        let gone = sides(old, &pairing.gone);
        let mut moved = both(&pairing.moved);
        let Stable { left_behind, implied } =
            stable_below(&gone, &moved, &pairing.come, (old, new))?;
        // What is above an entry that stays, stays.
        let stays: FxHashSet<&[u8]> = implied
            .iter()
            .flat_map(|key| std::iter::once(&**key).chain(key_ancestors(key)))
            .collect();
        let (implied, gone): (Vec<Side>, Vec<Side>) =
            gone.into_iter().partition(|side| stays.contains(&*side.key));
        let gone_keys: FxHashSet<&[u8]> = gone.iter().map(|side| &*side.key).collect();

        moved.extend(left_behind);
        entities.place(moved, &gone_keys, may_move);
        // An entry that changed and moves is one.
        let listed: FxHashSet<Place> =
            entities.list.iter().filter_map(|entity| Some(entity.before()?.place)).collect();
        let changed: Vec<Pair> =
            pairing.changed.iter().filter(|pair| !listed.contains(&pair.old)).copied().collect();
        let changed = both(&changed).into_iter().map(|(old, new)| Entity::Kept { old, new });
        entities.list.extend(changed);
        for side in gone {
            entities.moves.insert_gone(side.key.clone());
            entities.list.push(Entity::Gone(side));
        }
        let come = sides(new, &pairing.come);
        let there = implied_by_what_is_below(&come, old);
        for side in come {
            match there.contains(&side.place) {
                true => entities.implied.push((Lacking::Old, side)),
                false => entities.list.push(Entity::Come(side)),
            }
        }
        entities.implied.extend(implied.into_iter().map(|side| (Lacking::New, side)));
        Ok(entities)
    }
}

impl Entities {
    /// Finds out which entries of another name move by themselves.
    fn place(
        &mut self,
        mut moved: Vec<(Side, Side)>,
        gone: &FxHashSet<&[u8]>,
        may_move: &(dyn Fn(&Side, &Side) -> bool + Sync),
    ) {
        // From the top, so that what is below a renamed entry is known to follow it.
        moved.sort_by_cached_key(|(old, _)| (key_depth(&old.key), old.place));
        let mut same = Vec::new();
        for (old, new) in moved {
            let below_gone = key_parent(&old.key).is_some_and(|parent| gone.contains(parent));
            let follows = !below_gone && *self.moves.key_after(&old.key) == new.key;
            if follows && old.key == new.key {
                same.push(new);
                continue;
            }
            if !follows && may_move(&old, &new) {
                self.moves.insert(old.key.clone(), new.key.clone(), new.dn.clone());
                self.movers.insert(self.list.len());
            } else if !follows {
                let (key, dn) = (self.moves.key_after(&old.key), self.moves.dn_after(&old.dn));
                self.unmoved.insert(new.key.clone(), key.into_owned(), dn.into_owned());
                self.stays.insert(self.list.len());
            }
            self.list.push(Entity::Kept { old, new });
        }
        // They would be below another entry of the same name, which does not get it.
        if !self.unmoved.is_empty() {
            for side in same {
                self.unmoved.insert(side.key.clone(), side.key, side.dn);
            }
        }
    }

    /// An entry of the new export whose values name other entries by the names that those
    /// have in the end.
    pub(super) fn with_names_of_the_end<'a>(&self, entry: Entry<'a>) -> Entry<'a> {
        if self.unmoved.is_empty() {
            return entry;
        }
        let named = |value: Value<'a>| match value {
            Value::Bytes(bytes) => Value::Bytes(self.unmoved.value_after(bytes)),
            Value::Url(url) => Value::Url(url),
        };
        let (dn, mut attributes) = entry.into_parts();
        for attribute in attributes.iter_mut().filter(|attribute| holds_dns(&attribute.name)) {
            let values = std::mem::take(&mut attribute.values);
            attribute.values = values.into_iter().map(named).collect();
        }
        Entry::with_attributes(dn, attributes)
    }

    /// Names that one entry has left and another one has taken: keys.
    pub(super) fn reused(&self) -> FxHashSet<&[u8]> {
        let left = self.list.iter().filter_map(|entity| match entity {
            Entity::Gone(old) => Some(&*old.key),
            Entity::Kept { old, new } if old.key != new.key => Some(&*old.key),
            Entity::Kept { .. } | Entity::Come(_) => None,
        });
        let left: FxHashSet<&[u8]> = left.collect();
        let taken = self.list.iter().filter_map(|entity| match entity {
            Entity::Come(new) => Some(&*new.key),
            Entity::Kept { old, new } if old.key != new.key => Some(&*new.key),
            Entity::Kept { .. } | Entity::Gone(_) => None,
        });
        taken.filter(|key| left.contains(key)).collect()
    }
}

/// The new export has an entry below a name that an entry left and no other took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoParent {
    /// The entry, in the new export.
    pub(super) place: Place,
}

/// Entries that keep a name right below one that goes, or that an entry leaves.
struct Stable {
    /// Those that must move to another entry, though their names stay.
    left_behind: Vec<(Side, Side)>,
    /// The keys of entries that the new export lacks, but has entries below: they
    /// cannot be deleted.
    implied: Vec<Vec<u8>>,
}

/// Looks for entries that keep a name right below one that goes or moves. Where the
/// new export has an entry there, it is another one, and they must move to it.
/// Where it has none, it only lacks it.
fn stable_below(
    gone: &[Side],
    moved: &[(Side, Side)],
    come: &[Place],
    (old, new): (&EntryIndex<'_>, &EntryIndex<'_>),
) -> Result<Stable, NoParent> {
    let mut stable = Stable { left_behind: Vec::new(), implied: Vec::new() };
    let leaving = gone.iter().chain(moved.iter().map(|(old, _)| old));
    let left: FxHashSet<&[u8]> = leaving.map(|side| &*side.key).collect();
    if left.is_empty() {
        return Ok(stable);
    }
    let prints: FxHashSet<u64> = left.iter().map(|key| fingerprint(key)).collect();
    let below: Vec<Side> = new
        .slots()
        .par_iter()
        .filter(|slot| prints.contains(&slot.parent))
        .map(|slot| Side::of(new, slot.place))
        .filter(|side| key_parent(&side.key).is_some_and(|parent| left.contains(parent)))
        .collect();
    let gone_keys: FxHashSet<&[u8]> = gone.iter().map(|side| &*side.key).collect();
    let moved_to: FxHashSet<&[u8]> = moved.iter().map(|(_, new)| &*new.key).collect();
    for side in below {
        let Some(parent) = key_parent(&side.key) else { continue };
        if moved_to.contains(&*side.key) || come.binary_search(&side.place).is_ok() {
            // It comes there; what it needs is looked at with its own record.
            if new.find(parent).is_none() && gone_keys.contains(parent) {
                stable.implied.push(parent.to_vec());
            }
            continue;
        }
        match (new.find(parent).is_some(), old.find(&side.key)) {
            (true, Some(place)) => stable.left_behind.push((Side::of(old, place), side)),
            (false, _) if gone_keys.contains(parent) => stable.implied.push(parent.to_vec()),
            (false, Some(_)) => return Err(NoParent { place: side.place }),
            (_, None) => {}
        }
    }
    stable.left_behind.sort_by_key(|(old, _)| old.place);
    Ok(stable)
}

/// Entries of the new export that the old one lacks, though it has entries below
/// them: they were there.
fn implied_by_what_is_below(come: &[Side], old: &EntryIndex<'_>) -> FxHashSet<Place> {
    let by_key: FxHashMap<&[u8], Place> =
        come.iter().map(|side| (&*side.key, side.place)).collect();
    let prints: FxHashSet<u64> = by_key.keys().map(|key| fingerprint(key)).collect();
    if prints.is_empty() {
        return FxHashSet::default();
    }
    let below = old.slots().par_iter().filter(|slot| prints.contains(&slot.parent));
    let parents: FxHashSet<Vec<u8>> = below
        .filter_map(|slot| Some(key_parent(&key_of(&old.dn(slot.place)))?.to_vec()))
        .filter(|parent| by_key.contains_key(&**parent) && old.find(parent).is_none())
        .collect();
    // What is above an entry that is there, is there.
    let there = parents.iter().flat_map(|key| std::iter::once(&**key).chain(key_ancestors(key)));
    there.filter_map(|key| by_key.get(key).copied()).collect()
}

/// Works out what is to be done with the entries that are in both exports.
pub(super) fn differences<'a>(
    entities: &Entities,
    old: &EntryIndex<'a>,
    new: &EntryIndex<'a>,
    compared: &Compared,
    server: Server,
) -> Vec<Difference<'a>> {
    let content = Content { compared, server, moves: &entities.moves };
    let follows =
        (server.follows_names() && entities.moves.are_any()) || !entities.unmoved.is_empty();
    let test = |name: &[u8]| follows && holds_dns(name) && compared.takes(name);
    let of = |reader: &mut PairReader<'_, 'a>, number: usize, entity: &Entity| match entity {
        Entity::Come(_) | Entity::Gone(_) => Difference::default(),
        Entity::Kept { old: before, new: after } => {
            let naming = naming_types(&before.dn, &after.dn);
            let types = Types::of(naming.iter().map(Vec::as_slice));
            let unlike = reader.unlike((before.place, after.place), compared, Some(&types));
            let is = entities.with_names_of_the_end(unlike.new);
            let sides = ((before, unlike.old), (after, is));
            difference(&content, sides, &naming, Placing::of(entities, number))
        }
    };
    let batches = entities.list.par_chunks(BATCH).enumerate();
    let found = batches.flat_map_iter(|(batch, list)| {
        let mut reader = PairReader::new(old, new, &test);
        let list = list.iter().enumerate();
        list.map(move |(at, entity)| of(&mut reader, batch * BATCH + at, entity))
    });
    found.collect()
}

/// Entities that one task looks at.
const BATCH: usize = 256;

/// How an entry comes to its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Placing {
    /// By a record of its own.
    Moves,
    /// Not at all: its move is left out.
    Stays,
    /// With what is above it, if that moves.
    Follows,
}

impl Placing {
    fn of(entities: &Entities, number: usize) -> Self {
        match (entities.movers.contains(&number), entities.stays.contains(&number)) {
            (true, _) => Self::Moves,
            (_, true) => Self::Stays,
            _ => Self::Follows,
        }
    }
}

fn difference<'a>(
    content: &Content<'_>,
    ((before, mut was), (after, mut is)): ((&Side, Entry<'a>), (&Side, Entry<'a>)),
    naming: &[Vec<u8>],
    placing: Placing,
) -> Difference<'a> {
    was.dn = plain_dn(was.dn);
    is.dn = plain_dn(is.dn);
    let follows = identity::rdn_key(identity::rdn_text(&before.dn))
        == identity::rdn_key(identity::rdn_text(&after.dn));
    let compares_names = naming.iter().all(|name| content.compared.takes(name));
    let is_respelled = follows && is_spelled_otherwise(&was, &is);
    let renames = match placing {
        Placing::Moves => true,
        // A rename of its own would move it, too.
        Placing::Stays => false,
        Placing::Follows => compares_names && is_respelled,
    };
    let rename = renames.then(|| rename(content.server, &was, &is));
    let mut now = naming_part(&was, &before.dn, naming);
    // An entry whose move is left out keeps its name and the values of it.
    let keeps_its_name =
        rename.is_none() && (!follows || (placing == Placing::Stays && is_respelled));
    if let Some(rename) = &rename {
        now = renamed(now, &rename.change(None));
    }
    let naming_deltas = match keeps_its_name {
        true => Vec::new(),
        false => content.naming_deltas(&now, &naming_part(&is, &after.dn, naming), naming),
    };
    let deltas = content.deltas(was, is, naming);
    Difference { rename, deltas: deltas.list, naming: naming_deltas, left_out: deltas.left_out }
}

impl Rename {
    /// The change, with a new parent where the entry gets one.
    pub(super) fn change(&self, new_superior: Option<Vec<u8>>) -> Change<'static> {
        Change::ModRdn {
            new_rdn: Cow::Owned(self.new_rdn.clone()),
            delete_old_rdn: self.delete_old_rdn,
            new_superior: new_superior.map(Cow::Owned),
        }
    }
}

fn rename(server: Server, was: &Entry<'_>, is: &Entry<'_>) -> Rename {
    let old = identity::rdn_values(&was.dn).unwrap_or_default();
    let new = identity::rdn_values(&is.dn).unwrap_or_default();
    // A value of the old RDN that the entry is to keep.
    let stays = |(name, value): &(Vec<u8>, Vec<u8>)| {
        let rule = identity::rule_of(name);
        let key = identity::value_key(rule, value);
        let of_it = |name: &[u8], other: &[u8]| identity::same_description(name, other);
        let in_new_rdn = new
            .iter()
            .any(|(other, value)| of_it(name, other) && identity::value_key(rule, value) == key);
        let values = || {
            let attributes = is.attributes().iter().filter(|a| of_it(name, &a.name));
            attributes.flat_map(|a| &a.values).filter_map(|value| value.bytes())
        };
        !in_new_rdn && values().any(|value| identity::value_key(rule, value) == key)
    };
    let must_stay =
        |of: &(Vec<u8>, Vec<u8>)| stays(of) || is_last_until_others_come(was, is, &of.0, &of.1);
    Rename {
        new_rdn: identity::rdn_text(&is.dn).to_vec(),
        delete_old_rdn: server == Server::ActiveDirectory || !old.iter().any(must_stay),
    }
}

/// Whether the attribute of a former name would be without a value between the rename and
/// the modify that gives it its new ones: no server takes that where the attribute is
/// mandatory. The modify deletes the value, too.
fn is_last_until_others_come(was: &Entry<'_>, is: &Entry<'_>, name: &[u8], value: &[u8]) -> bool {
    let rule = identity::rule_of(name);
    let key = identity::value_key(rule, value);
    let holds = |entry: &Entry<'_>, wanted: &dyn Fn(&[u8]) -> bool| {
        let attributes = entry.attributes().iter();
        let same = attributes.filter(|a| identity::same_description(&a.name, name));
        same.flat_map(|a| &a.values).filter_map(Value::bytes).any(wanted)
    };
    let names = identity::rdn_values(&is.dn).unwrap_or_default();
    !names.iter().any(|(other, _)| identity::same_attribute(other, name))
        && !holds(was, &|other| identity::value_key(rule, other) != key)
        && holds(is, &|_| true)
}

/// Whether the name differs in case or blanks only, and the values in the entry with
/// it. Where only the text of the DN differs, two tools have spelled it.
fn is_spelled_otherwise(was: &Entry<'_>, is: &Entry<'_>) -> bool {
    let old = identity::rdn_values(&was.dn).unwrap_or_default();
    let new = identity::rdn_values(&is.dn).unwrap_or_default();
    let holds = |entry: &Entry<'_>, name: &[u8], bytes: &[u8]| {
        let attributes = entry.attributes().iter();
        let mut same = attributes.filter(|a| identity::same_description(&a.name, name));
        same.any(|a| a.values.iter().any(|value| value.bytes() == Some(bytes)))
    };
    new.iter().any(|(name, value)| {
        let before = old.iter().find(|(other, before)| {
            identity::same_attribute(other, name)
                && before != value
                && identity::value_key(identity::rule_of(name), before)
                    == identity::value_key(identity::rule_of(name), value)
        });
        before.is_some_and(|(_, before)| {
            holds(was, name, before) && holds(is, name, value) && !holds(is, name, before)
        })
    })
}

/// The DNs that values of these differences name: those that come, or go.
pub(super) fn named_by<'d>(
    deltas: &'d [Delta<'_>],
    values: impl Fn(&'d Delta<'_>) -> &'d [Cow<'d, [u8]>],
) -> impl Iterator<Item = &'d [u8]> {
    let links = deltas.iter().filter(|delta| holds_dns(&delta.name));
    links.flat_map(values).map(|value| named_dn(value))
}

/// The text of the DN above, empty at the top.
pub(super) fn parent_dn(dn: &[u8]) -> &[u8] {
    split_rdn(dn).ok().and_then(|(_, parent)| parent).unwrap_or_default()
}
