//! Which entry of the old export is which of the new one: by name, and where names
//! differ or changed hands, by what tells an entry from all others.

use std::borrow::Cow;

use rayon::prelude::*;

use super::compared::{Compared, Server};
use super::content::{Content, Identity, is_identity};
use super::index::{EntryIndex, Place, fingerprint, key_of, plain_dn};
use super::moves::Moves;
use super::unlike::{PairReader, Unlike};
use crate::change::identity;
use crate::directory::Entry;

/// One entry, in both exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub(super) new: Place,
    pub(super) old: Place,
}

/// The entries that differ.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// The same name on both sides, and other values.
    pub(super) changed: Vec<Pair>,
    /// Another name; perhaps only because an entry above has another one.
    pub(super) moved: Vec<Pair>,
    /// In the old export only.
    pub(super) gone: Vec<Place>,
    /// In the new export only.
    pub(super) come: Vec<Place>,
}

/// An entry stands twice in one export, under two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TwiceByIdentity {
    pub(super) in_old: bool,
    pub(super) first: Place,
    pub(super) again: Place,
}

/// What a look at two entries of one name gave.
enum Verdict {
    Same,
    Changed,
    /// The same name, and two entries.
    OtherEntry(Kind),
    /// Only the fingerprint of the name is the same.
    OtherName,
}

/// Whether one of two entries can be made of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Same,
    /// Each is of a class that the other is not of, which no server changes.
    Other,
}

/// Pairs that one task looks at.
const BATCH: usize = 512;

impl Pairing {
    /// Pairs the entries of two exports, none of which holds a name twice.
    ///
    /// # Errors
    /// Where one entry stands twice in an export, under two names.
    pub(super) fn of<'a>(
        old: &EntryIndex<'a>,
        new: &EntryIndex<'a>,
        compared: &Compared,
    ) -> Result<Self, TwiceByIdentity> {
        let mut pairing = Self::default();
        let mut pairs = pairing.join(old, new);
        // In the order of the new export, which is mostly that of the old one too:
        // the maps are then read from front to back.
        pairs.par_sort_unstable();
        let found: Vec<Vec<(Pair, Verdict)>> = pairs
            .par_chunks(BATCH)
            .map(|batch| {
                let mut reader = PairReader::new(old, new, &is_identity);
                let mut look = |pair| look(&mut reader, (old, new), pair, compared);
                let looked = batch.iter().map(|&pair| (pair, look(pair)));
                looked.filter(|(_, verdict)| !matches!(verdict, Verdict::Same)).collect()
            })
            .collect();
        drop(pairs);
        let mut suspects = Vec::new();
        for (pair, verdict) in found.into_iter().flatten() {
            match verdict {
                Verdict::Same => {}
                Verdict::Changed => pairing.changed.push(pair),
                Verdict::OtherEntry(kind) => suspects.push((pair, kind)),
                Verdict::OtherName => {
                    pairing.gone.push(pair.old);
                    pairing.come.push(pair.new);
                }
            }
        }
        pairing.recognise(old, new, suspects)?;
        pairing.changed.sort_unstable();
        pairing.moved.sort_unstable();
        pairing.gone.sort_unstable();
        pairing.come.sort_unstable();
        Ok(pairing)
    }

    /// Joins both indexes by fingerprint.
    fn join(&mut self, old: &EntryIndex<'_>, new: &EntryIndex<'_>) -> Vec<Pair> {
        let (mut olds, mut news) = (old.slots(), new.slots());
        let mut pairs = Vec::with_capacity(olds.len().min(news.len()));
        while let (Some(o), Some(n)) = (olds.first(), news.first()) {
            let key = o.key.min(n.key);
            let run = |slots: &[super::index::Slot]| {
                slots.iter().take_while(|slot| slot.key == key).count()
            };
            let (old_run, old_rest) = olds.split_at(run(olds));
            let (new_run, new_rest) = news.split_at(run(news));
            match (old_run, new_run) {
                ([o], [n]) => pairs.push(Pair { new: n.place, old: o.place }),
                _ => self.join_by_name((old, old_run), (new, new_run), &mut pairs),
            }
            (olds, news) = (old_rest, new_rest);
        }
        self.gone.extend(olds.iter().map(|slot| slot.place));
        self.come.extend(news.iter().map(|slot| slot.place));
        pairs
    }

    /// Joins entries whose fingerprints are equal, though their names may not be.
    fn join_by_name(
        &mut self,
        (old, olds): (&EntryIndex<'_>, &[super::index::Slot]),
        (new, news): (&EntryIndex<'_>, &[super::index::Slot]),
        pairs: &mut Vec<Pair>,
    ) {
        if olds.is_empty() || news.is_empty() {
            self.gone.extend(olds.iter().map(|slot| slot.place));
            self.come.extend(news.iter().map(|slot| slot.place));
            return;
        }
        let named = |index: &EntryIndex<'_>, slots: &[super::index::Slot]| {
            let mut named: Vec<(Vec<u8>, Place)> =
                slots.iter().map(|slot| (key_of(&index.dn(slot.place)), slot.place)).collect();
            named.sort_unstable();
            named
        };
        let (olds, news) = (named(old, olds), named(new, news));
        let mut news = news.into_iter().peekable();
        for (key, old) in olds {
            while let Some((_, place)) = news.next_if(|(name, _)| *name < key) {
                self.come.push(place);
            }
            match news.next_if(|(name, _)| *name == key) {
                Some((_, new)) => pairs.push(Pair { new, old }),
                None => self.gone.push(old),
            }
        }
        self.come.extend(news.map(|(_, place)| place));
    }

    /// Finds the entries that bear another name, among those without a partner and
    /// those whose partner is another entry. A suspect pair of which neither is
    /// found elsewhere stays a pair where it can: exports of two directories differ in
    /// every identity.
    fn recognise(
        &mut self,
        old: &EntryIndex<'_>,
        new: &EntryIndex<'_>,
        suspects: Vec<(Pair, Kind)>,
    ) -> Result<(), TwiceByIdentity> {
        if suspects.is_empty() && (self.gone.is_empty() || self.come.is_empty()) {
            return Ok(());
        }
        let olds = self.gone.iter().copied().chain(suspects.iter().map(|(pair, _)| pair.old));
        let news = self.come.iter().copied().chain(suspects.iter().map(|(pair, _)| pair.new));
        let olds = identified(old, olds.collect(), true)?;
        let news = identified(new, news.collect(), false)?;
        let mut moved = Vec::new();
        let mut rest = olds.as_slice();
        for &(print, place) in &news {
            let from = rest.partition_point(|(other, _)| *other < print);
            rest = &rest[from..];
            let run = rest.iter().take_while(|(other, _)| *other == print);
            let is_same = |other: Place| {
                let of = |index: &EntryIndex<'_>, place| {
                    Identity::of_text(index.text(place), index.read_options())
                };
                of(old, other) == of(new, place)
            };
            if let Some(&(_, old)) = run.into_iter().find(|(_, old)| is_same(*old)) {
                moved.push(Pair { new: place, old });
            }
        }
        let left = |mut places: Vec<Place>, mut taken: Vec<Place>| {
            taken.sort_unstable();
            places.retain(|place| taken.binary_search(place).is_err());
            places
        };
        let taken_old: Vec<Place> = moved.iter().map(|pair| pair.old).collect();
        let taken_new: Vec<Place> = moved.iter().map(|pair| pair.new).collect();
        self.gone = left(std::mem::take(&mut self.gone), taken_old.clone());
        self.come = left(std::mem::take(&mut self.come), taken_new.clone());
        let (mut olds, mut news) = (taken_old, taken_new);
        olds.sort_unstable();
        news.sort_unstable();
        for (pair, kind) in suspects {
            match (olds.binary_search(&pair.old).is_ok(), news.binary_search(&pair.new).is_ok()) {
                (false, false) if kind == Kind::Same => self.changed.push(pair),
                (false, false) => {
                    self.gone.push(pair.old);
                    self.come.push(pair.new);
                }
                (true, true) => {}
                (true, false) => self.come.push(pair.new),
                (false, true) => self.gone.push(pair.old),
            }
        }
        self.moved = moved;
        Ok(())
    }
}

impl Kind {
    fn of(before: &Entry<'_>, after: &Entry<'_>, compared: &Compared) -> Self {
        let classes = |entry: &Entry<'_>| -> Vec<Vec<u8>> {
            let values = identity::values_of(entry, CLASS).iter().filter_map(|value| value.bytes());
            values.map(<[u8]>::to_ascii_lowercase).collect()
        };
        let (before, after) = (classes(before), classes(after));
        let has_more = |a: &[Vec<u8>], b: &[Vec<u8>]| a.iter().any(|class| !b.contains(class));
        let is_other = has_more(&before, &after) && has_more(&after, &before);
        if is_other && compared.takes(CLASS) { Self::Other } else { Self::Same }
    }
}

const CLASS: &[u8] = b"objectClass";

fn look<'a>(
    reader: &mut PairReader<'_, 'a>,
    (old, new): (&EntryIndex<'a>, &EntryIndex<'a>),
    pair: Pair,
    compared: &Compared,
) -> Verdict {
    if old.text(pair.old) == new.text(pair.new) {
        return Verdict::Same;
    }
    let Unlike { old: before, new: after, is_same } =
        reader.unlike((pair.old, pair.new), compared, None);
    if is_same {
        return Verdict::Same;
    }
    let key = |dn: &Cow<'_, [u8]>| key_of(&plain_dn(Cow::Borrowed(dn)));
    if before.dn != after.dn && key(&before.dn) != key(&after.dn) {
        return Verdict::OtherName;
    }
    if Identity::tell_apart(&before, &after) {
        return Verdict::OtherEntry(Kind::of(&before, &after, compared));
    }
    // As bytes, whatever the server does by itself: that is looked at later.
    let content = Content { compared, server: Server::Plain, moves: &Moves::default() };
    let deltas = content.deltas(before, after, &[]);
    if deltas.list.is_empty() && !deltas.left_out.is_any() {
        Verdict::Same
    } else {
        Verdict::Changed
    }
}

/// The fingerprints of the identities of entries, in order.
fn identified(
    index: &EntryIndex<'_>,
    places: Vec<Place>,
    in_old: bool,
) -> Result<Vec<(u64, Place)>, TwiceByIdentity> {
    let identity = |place: Place| Identity::of_text(index.text(place), index.read_options());
    let mut found: Vec<(u64, Place)> = places
        .into_par_iter()
        .filter_map(|place| Some((identity(place)?.fingerprint(), place)))
        .collect();
    found.par_sort_unstable();
    for run in found.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1) {
        let mut named: Vec<_> = run.iter().map(|&(_, place)| (identity(place), place)).collect();
        named.sort_unstable();
        if let Some(same) = named.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(TwiceByIdentity { in_old, first: same[0].1, again: same[1].1 });
        }
    }
    Ok(found)
}

impl Identity {
    fn fingerprint(&self) -> u64 {
        fingerprint(self.bytes())
    }
}
