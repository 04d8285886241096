//! What is done so that operations which require each other can be done.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::{Aside, Links, Progress, Scheduler};
use crate::change::diff::compared::holds_dns;
use crate::change::diff::content::Delta;
use crate::change::diff::entity::Entities;
use crate::change::diff::index::{EntryIndex, key_of};
use crate::change::diff::moves::{Moves, named_dn};
use crate::change::diff::operation::{Act, Requirement, Tie, print_of, written};
use crate::change::identity::{self, canonical};
use crate::change::order::temporary_value;
use crate::directory::dn::{key_ancestors, key_is_within};
use crate::directory::{Facts, Uniqueness};

impl<'a> Scheduler<'_, 'a> {
    /// A temporary name for an entry that is in the way.
    pub(super) fn step_aside(&mut self, on: usize) -> Option<Requirement> {
        let entity = self.operations.list[on].entity;
        let value = format!("{MARK}{}", self.temporary()).into_bytes();
        let old = self.sources.entities.list[entity].before()?;
        let mut rdn: Vec<u8> = Vec::new();
        for (name, _) in identity::rdn_values(&old.dn)? {
            if !rdn.is_empty() {
                rdn.push(b'+');
            }
            rdn.extend([&name[..], b"=", &value].concat());
        }
        let drops = self.drops_within(on)?;
        let step = self.operations.push(entity, Act::StepAside(rdn));
        self.operations.list[step].requires = drops;
        Some(Requirement { on: step, tie: Tie::Name })
    }

    /// What must take values away that name an entry to be deleted, or one below it,
    /// while they still say its name.
    fn drops_within(&mut self, on: usize) -> Option<Vec<Requirement>> {
        let (mut drops, mut own, mut open) = (Vec::new(), Vec::new(), vec![on]);
        while let Some(at) = open.pop() {
            for requirement in &self.operations.list[at].requires {
                match requirement.tie {
                    Tie::Drop if requirement.on == on => own.push(at),
                    Tie::Drop => drops.push(*requirement),
                    Tie::Below
                        if matches!(self.operations.list[requirement.on].act, Act::Delete) =>
                    {
                        open.push(requirement.on);
                    }
                    _ => {}
                }
            }
        }
        if own.is_empty() {
            return Some(drops);
        }
        // Its own values would go with it, and be wrong by then.
        let parts = self.go_earlier(on, on)?;
        for at in own {
            self.require_instead(at, Requirement { on, tie: Tie::Drop }, &parts);
            self.rewritten.push(at);
        }
        drops.extend(parts);
        Some(drops)
    }

    /// A record that gives up a unique value ahead of the one that would.
    pub(super) fn give_up(&mut self, on: usize, print: u64) -> Option<Requirement> {
        let operation = &self.operations.list[on];
        let entity = operation.entity;
        let side = self.sources.entities.list[entity].before()?;
        let dn = side.dn.clone();
        let is_it = |name: &[u8], value: &[u8]| print_of(name, value, &dn) == print;
        let (name, old) = match &operation.act {
            Act::Modify(deltas) => deltas.iter().find_map(|delta| {
                let values = delta.remove.iter().filter(|value| is_it(&delta.name, value));
                let values: Vec<Vec<u8>> = values.map(|value| value.to_vec()).collect();
                (!values.is_empty()).then(|| (delta.name.to_vec(), values))
            })?,
            Act::Delete => {
                let entry = self.sources.old.entry(side.place);
                let mut unique = written(&entry, self.sources.compared)
                    .filter(|a| identity::uniqueness(&a.name) != Uniqueness::None);
                unique.find_map(|attribute| {
                    let bytes = attribute.values.iter().filter_map(|value| value.bytes());
                    let values = bytes.filter(|value| is_it(&attribute.name, value));
                    let values: Vec<Vec<u8>> = values.map(<[u8]>::to_vec).collect();
                    (!values.is_empty()).then(|| (attribute.name.to_vec(), values))
                })?
            }
            _ => return None,
        };
        let temporary = match Facts::of(&name).single_valued {
            true => Some(temporary_value(&name, old.first()?, self.temporary())),
            false => None,
        };
        let own = |value: &Vec<u8>| Cow::Owned(value.clone());
        let (remove, add) = (old.iter().map(own).collect(), temporary.iter().map(own).collect());
        let delta = Delta::new(Cow::Owned(name.clone()), remove, add);
        let aside = Aside { attribute: canonical(&name).into_owned(), old, temporary };
        self.schedule.asides.entry(on).or_default().push(aside);
        let on = self.operations.push(entity, Act::Modify(vec![delta]));
        Some(Requirement { on, tie: Tie::Name })
    }

    /// The number of a temporary value that neither export has: their marks are
    /// looked for once.
    fn temporary(&mut self) -> usize {
        let highest = match self.temporaries {
            Some(highest) => highest,
            None => highest_mark(self.sources.old).max(highest_mark(self.sources.new)),
        };
        self.temporaries = Some(highest + 1);
        highest + 1
    }

    /// New values that name entries which are not there yet are written by a record
    /// of their own, behind this one. There is none where the values are left out.
    pub(super) fn come_later(&mut self, at: usize) {
        let entity = self.operations.list[at].entity;
        let deltas = match &mut self.operations.list[at].act {
            Act::Modify(deltas) => take_additions(deltas),
            _ => self.waiting_links(at),
        };
        if deltas.is_empty() {
            return;
        }
        let (mut later, own): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.operations.list[at].requires)
                .into_iter()
                .partition(|requirement| requirement.tie == Tie::Gain);
        later.retain(|requirement| requirement.on != at);
        later.insert(0, Requirement { on: at, tie: Tie::Name });
        let part = self.operations.push(entity, Act::Modify(deltas));
        self.operations.list[part].requires = later;
        self.operations.list[part].is_part = true;
        self.operations.list[at].requires = own;
    }

    /// The values of an entry that is added which name entries that are not there
    /// yet. They are left out of the add.
    fn waiting_links(&mut self, at: usize) -> Vec<Delta<'a>> {
        let entities = &self.sources.entities.list;
        let Some(side) = entities[self.operations.list[at].entity].after() else {
            return Vec::new();
        };
        let requires = self.operations.list[at].requires.iter();
        let waits: FxHashSet<&[u8]> = requires
            .filter(|requirement| requirement.tie == Tie::Gain)
            .filter(|requirement| self.progress.get(requirement.on) != Some(&Progress::Done))
            .filter_map(|requirement| {
                let entity = self.operations.list[requirement.on].entity;
                Some(&*entities[entity].after()?.key)
            })
            .collect();
        let is_waited_for = |value: &[u8]| {
            let key = key_of(named_dn(value));
            let mut names = std::iter::once(&*key).chain(key_ancestors(&key));
            names.any(|name| waits.contains(name))
        };
        let entry = self.sources.new.entry(side.place);
        let entry = self.sources.entities.with_names_of_the_end(entry);
        let links = self.schedule.take_links(at, &entry, self.sources.compared, &is_waited_for);
        links.into_iter().map(|(name, add)| Delta::new(name, Vec::new(), add)).collect()
    }

    /// Values that name `target`, which is deleted, or what is below it, are taken
    /// away by records of their own, ahead of `on` that would have done it. These
    /// records.
    pub(super) fn go_earlier(&mut self, on: usize, target: usize) -> Option<Vec<Requirement>> {
        let entity = self.operations.list[on].entity;
        let gone = Gone::of(self.sources.entities, self.operations.list[target].entity)?;
        let own = self.operations.list[on].parts.iter().copied();
        let mut parts: Vec<usize> = own.filter(|&part| self.takes_away(part, &gone)).collect();
        let requires = self.operations.list[on].requires.clone();
        let deltas = match &self.operations.list[on].act {
            Act::Modify(_) => self.take_removals(on, &gone),
            Act::Delete => self.links_to(on, &gone)?,
            _ => return None,
        };
        if !deltas.is_empty() {
            let lose = self.losses(&requires, &deltas);
            let part = self.operations.push(entity, Act::Modify(deltas));
            self.operations.list[part].requires = lose;
            self.operations.list[part].is_part = true;
            let operation = &mut self.operations.list[on];
            operation.parts.push(part);
            operation.requires.insert(0, Requirement { on: part, tie: Tie::Name });
            parts.push(part);
        }
        Some(parts.into_iter().map(|on| Requirement { on, tie: Tie::Name }).collect())
    }

    /// Whether an operation takes values away that name an entry which goes.
    fn takes_away(&self, at: usize, gone: &Gone<'_>) -> bool {
        let Act::Modify(deltas) = &self.operations.list[at].act else { return false };
        let mut values = deltas.iter().flat_map(Delta::old_values);
        values.any(|value| gone.is_named_by(value))
    }

    /// Of the values that an operation takes away those that name what goes, and the
    /// first time all that need not wait for a move.
    fn take_removals(&mut self, on: usize, gone: &Gone<'_>) -> Vec<Delta<'a>> {
        let moves = &self.sources.entities.moves;
        let is_first = self.operations.list[on].parts.is_empty();
        let goes = |value: &[u8]| {
            gone.is_named_by(value)
                || (is_first && moves.mover_of(&key_of(named_dn(value))).is_none())
        };
        let Act::Modify(deltas) = &mut self.operations.list[on].act else { return Vec::new() };
        let mut taken = Vec::new();
        for delta in deltas.iter_mut().filter(|delta| holds_dns(&delta.name)) {
            let part = delta.take_removals(&goes);
            taken.extend((!part.remove.is_empty()).then_some(part));
        }
        deltas.retain(|delta| !delta.remove.is_empty() || !delta.add.is_empty());
        let stays = match &self.operations.list[on].act {
            Act::Modify(left) => self.losses(&self.operations.list[on].requires, left),
            _ => Vec::new(),
        };
        let requires = &mut self.operations.list[on].requires;
        requires.retain(|own| own.tie != Tie::Lose || stays.contains(own));
        taken
    }

    /// Of an operation's requirements the moves that it waits for because of these
    /// differences.
    fn losses(&self, requires: &[Requirement], deltas: &[Delta<'_>]) -> Vec<Requirement> {
        let entities = self.sources.entities;
        let values = deltas.iter().filter(|delta| holds_dns(&delta.name));
        let keys = values.flat_map(Delta::old_values).map(|value| key_of(named_dn(value)));
        let movers: FxHashSet<Vec<u8>> =
            keys.filter_map(|key| Some(entities.moves.mover_of(&key)?.to_vec())).collect();
        let is_waited_for = |requirement: &Requirement| {
            let entity = self.operations.list[requirement.on].entity;
            let before = entities.list[entity].before();
            requirement.tie == Tie::Lose && before.is_some_and(|side| movers.contains(&side.key))
        };
        requires.iter().copied().filter(is_waited_for).collect()
    }

    /// The values of an entry that is deleted which name what goes, as they are in
    /// the end.
    fn links_to(&mut self, on: usize, gone: &Gone<'_>) -> Option<Vec<Delta<'a>>> {
        let entities = self.sources.entities;
        let side = entities.list[self.operations.list[on].entity].before()?;
        let entry = self.sources.old.entry(side.place);
        let is_named_by = |value: &[u8]| gone.is_named_by(value);
        let links = self.schedule.take_links(on, &entry, self.sources.compared, &is_named_by);
        let delta = |(name, was): Links<'a>| {
            let now = was.iter().map(|value| entities.moves.value_after(value.clone()));
            Delta { was: was.clone(), ..Delta::new(name, now.collect(), Vec::new()) }
        };
        Some(links.into_iter().map(delta).collect())
    }
}

/// An entry that goes and what goes with it.
struct Gone<'e> {
    moves: &'e Moves,
    key: &'e [u8],
}

impl<'e> Gone<'e> {
    fn of(entities: &'e Entities, entity: usize) -> Option<Self> {
        let key = &*entities.list[entity].before()?.key;
        Some(Self { moves: &entities.moves, key })
    }

    /// Whether a value, as it is in the old export, names the entry or one below it
    /// that goes with it. What is renamed below it leaves it, though it may have the
    /// same name in the end, below another entry that takes this one's.
    fn is_named_by(&self, value: &[u8]) -> bool {
        let key = key_of(named_dn(value));
        let mover = self.moves.mover_of(&key);
        key_is_within(&key, self.key) && mover.is_none_or(|mover| key_is_within(self.key, mover))
    }
}

/// Takes the values that come out of the differences in attributes that name
/// entries.
fn take_additions<'a>(deltas: &mut Vec<Delta<'a>>) -> Vec<Delta<'a>> {
    let mut taken = Vec::new();
    for delta in deltas.iter_mut().filter(|delta| holds_dns(&delta.name)) {
        let mut other = Delta::new(delta.name.clone(), Vec::new(), Vec::new());
        other.removal = delta.removal;
        other.add = std::mem::take(&mut delta.add);
        taken.extend((!other.add.is_empty()).then_some(other));
    }
    deltas.retain(|delta| !delta.remove.is_empty() || !delta.add.is_empty());
    taken
}

/// What temporary values hold, with a number behind it.
const MARK: &str = "ldifix-tmp-";

/// The highest number of a temporary value that an export holds, 0 if none.
fn highest_mark(index: &EntryIndex<'_>) -> usize {
    index.highest(&highest_mark_in)
}

/// The same for one value: servers take capitals and small letters for one.
fn highest_mark_in(value: &[u8]) -> usize {
    // The letter of the mark that is the rarest.
    let before = MARK.bytes().position(|byte| byte == b'x').unwrap_or(0);
    let numbers = memchr::memchr2_iter(b'x', b'X', value).filter_map(|at| {
        let (mark, behind) = value.get(at.checked_sub(before)?..)?.split_at_checked(MARK.len())?;
        let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(behind.get(..digits.min(9))?).ok()?.parse().ok();
        number.filter(|_| mark.eq_ignore_ascii_case(MARK.as_bytes()))
    });
    numbers.max().unwrap_or(0)
}
