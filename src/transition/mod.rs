//! What changes for the cloud between two exports of a directory: who enters the scope
//! of synchronisation, who leaves it, and what is wrong with how the others change.
//!
//! Knows rules and changes, which do not know each other.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::change::diff::{Compared, DiffError, Differing, EntryIndex, Standing, differing};
use crate::directory::dn::{key_parent, normalize_into};
use crate::rules::catalogue::transition::{HeldAddress, Passage};
use crate::rules::catalogue::{Catalogue, ObjectKind, Settings};
use crate::rules::{
    Attr, CheckOptions, Export, Finding, Fingerprint, Gathered, Location, Skipped, Subject,
    read_entries, reason_summary,
};

#[cfg(test)]
mod tests;

/// How many objects may leave before synchronisation stops (Microsoft: Prevent
/// accidental deletes).
pub const DELETE_THRESHOLD: u64 = 500;

/// What two exports mean for the cloud.
#[derive(Debug, Default)]
pub struct Transition<'a> {
    /// Objects that are synchronised from now on.
    pub enter: u64,
    /// Objects that are no longer, by reason; `deleted` where the new export lacks them.
    pub leave: BTreeMap<&'static str, u64>,
    /// Objects that stay, and differ in what decides about their synchronisation.
    pub change: u64,
    /// Users among those that leave.
    leaving_users: u64,
    noted: Vec<Noted<'a>>,
}

/// The reason of objects that the new export lacks.
const DELETED: &str = "deleted";

/// An export and the one that follows it, with their indexes.
#[derive(Debug, Clone, Copy)]
pub struct Exports<'i, 'a> {
    /// The exports.
    pub exports: [Export<'a>; 2],
    /// Their entries.
    pub indexes: [&'i EntryIndex<'a>; 2],
}

/// An entry about which there may be something to say.
#[derive(Debug)]
struct Noted<'a> {
    before: Option<Standing<'a>>,
    after: Option<Standing<'a>>,
    /// Which of the pairs of exports it belongs to.
    exports: [Export<'a>; 2],
    verdict: Verdict,
    /// Whether it is no longer synchronised and was a user.
    is_former_user: bool,
    /// Addresses that it had and has not.
    given_up: Vec<Fingerprint>,
    /// Addresses that it has and had not.
    taken: Vec<HeldAddress>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Leaves(&'static str),
    Enters,
    Stays,
    /// A container with another name, whose old one is that of the entry before.
    Renamed,
}

impl<'a> Transition<'a> {
    /// Adds what changes from an export to the one that follows it.
    ///
    /// # Errors
    /// Where an export holds an entry twice.
    pub fn add(
        &mut self,
        pair: &Exports<'_, 'a>,
        options: &CheckOptions,
        catalogue: &Catalogue,
    ) -> Result<(), DiffError> {
        let [old, new] = pair.indexes;
        let found = differing(old, new, &compared(options, &catalogue.settings))?;
        self.note(found, pair.exports, options, catalogue);
        Ok(())
    }

    fn note(
        &mut self,
        found: Differing<'a>,
        exports: [Export<'a>; 2],
        options: &CheckOptions,
        catalogue: &Catalogue,
    ) {
        let renamed = renamed_containers(&found, options);
        let Differing { both, gone, come } = found;
        let both = both.into_par_iter().map(|[old, new]| (Some(old), Some(new)));
        let come = come.into_par_iter().map(|new| (None, Some(new)));
        let gone = gone.into_par_iter().map(|old| (Some(old), None));
        let noted: Vec<Noted<'a>> = both
            .chain(come)
            .chain(gone)
            .filter_map(|(before, after)| {
                let place = after.map(|standing| standing.offset);
                if place.is_some_and(|place| renamed.contains(&place)) {
                    let (given_up, taken, is_former_user) = Default::default();
                    let verdict = Verdict::Renamed;
                    return Some(Noted {
                        before,
                        after,
                        exports,
                        verdict,
                        is_former_user,
                        given_up,
                        taken,
                    });
                }
                Noted::of(before, after, exports, options, catalogue)
            })
            .collect();
        for noted in &noted {
            self.leaving_users += u64::from(noted.is_former_user);
            match noted.verdict {
                Verdict::Leaves(reason) => *self.leave.entry(reason).or_default() += 1,
                Verdict::Enters => self.enter += 1,
                Verdict::Stays => self.change += 1,
                Verdict::Renamed => {}
            }
        }
        self.noted.extend(noted);
    }

    /// How many objects are no longer synchronised.
    #[must_use]
    pub fn leaving(&self) -> u64 {
        self.leave.values().sum()
    }

    /// Works out the findings: those of each pair of exports in the order of the new one,
    /// behind them those about entries that it lacks.
    ///
    /// # Errors
    /// The first error that `take` returns.
    pub fn findings<E>(
        &self,
        options: &CheckOptions,
        catalogue: &Catalogue,
        delete_threshold: u64,
        mut take: impl FnMut(Finding<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let leaving = self.leaving();
        let over_threshold = catalogue.too_many(leaving, self.leaving_users, delete_threshold);
        let givers = self.givers();
        let mut lines = LineCounter::default();
        for noted in &self.noted {
            let Some((export, standing)) = noted.shown() else { continue };
            let first_line = lines.line_at(export, standing.offset);
            read(standing, options, |entry| {
                let place = Location { file: export.name, first_line, dn_line: 0 };
                let subject = &entry.subject;
                let findings = self.findings_of(noted, subject, options, catalogue, &givers);
                findings(over_threshold, place).into_iter().try_for_each(&mut take)
            })
            .unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    /// Works out the findings of one entry, once it is known where it stands.
    fn findings_of<'s>(
        &'s self,
        noted: &'s Noted<'a>,
        shown: &'s Subject<'a>,
        options: &'s CheckOptions,
        catalogue: &'s Catalogue,
        givers: &'s FxHashMap<Fingerprint, usize>,
    ) -> impl Fn(Option<u64>, Location<'a>) -> Vec<Finding<'a>> + 's {
        move |over_threshold, place| {
            let dn_before = || noted.before.and_then(|before| read(before, options, dn_of));
            let taken: Vec<(HeldAddress, String)> = noted
                .taken
                .iter()
                .filter_map(|&address| {
                    let giver = self.noted.get(*givers.get(&address.key)?)?;
                    Some((address, read(giver.before?, options, dn_of)?))
                })
                .collect();
            let from = dn_before().unwrap_or_default();
            let passage = match noted.verdict {
                Verdict::Leaves(reason) => {
                    Passage::Leaves { reason: words(reason), over_threshold }
                }
                Verdict::Renamed => Passage::Renamed { from: &from },
                Verdict::Enters | Verdict::Stays => Passage::Arrives { taken: &taken },
            };
            let before = noted.before.filter(|_| noted.verdict == Verdict::Stays);
            match before {
                Some(before) => read(before, options, |old| {
                    catalogue.transition_findings(Some(&old.subject), shown, passage, place)
                })
                .unwrap_or_default(),
                None => catalogue.transition_findings(None, shown, passage, place),
            }
        }
    }

    /// Who gave an address up, by its key.
    fn givers(&self) -> FxHashMap<Fingerprint, usize> {
        let mut givers = FxHashMap::default();
        for (at, noted) in self.noted.iter().enumerate() {
            for key in &noted.given_up {
                givers.entry(*key).or_insert(at);
            }
        }
        givers
    }
}

impl<'a> Noted<'a> {
    fn of(
        before: Option<Standing<'a>>,
        after: Option<Standing<'a>>,
        exports: [Export<'a>; 2],
        options: &CheckOptions,
        catalogue: &Catalogue,
    ) -> Option<Self> {
        // The addresses of an entry in scope, or why it is not.
        let state = |standing: Option<Standing<'a>>| {
            standing.and_then(|standing| {
                read(standing, options, |entry| {
                    options.verdict(entry).map(|()| catalogue.addresses(&entry.subject))
                })
            })
        };
        let (old, new) = (state(before), state(after));
        let verdict = match (&old, &new) {
            (Some(Ok(_)), Some(Ok(_))) => Verdict::Stays,
            (Some(Ok(_)), Some(Err(reason))) => Verdict::Leaves(reason),
            (Some(Ok(_)), None) => Verdict::Leaves(DELETED),
            (_, Some(Ok(_))) => Verdict::Enters,
            _ => return None,
        };
        let (old, new) = (old.and_then(Result::ok), new.and_then(Result::ok));
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        let keys = |held: &[HeldAddress]| -> FxHashSet<Fingerprint> {
            held.iter().map(|address| address.key).collect()
        };
        let (held_before, held_after) = (keys(&old), keys(&new));
        let given_up = held_before.difference(&held_after).copied().collect();
        let taken = new.into_iter().filter(|it| !held_before.contains(&it.key)).collect();
        let is_former_user = matches!(verdict, Verdict::Leaves(_))
            && before
                .and_then(|before| read(before, options, |it| catalogue.kind_of(&it.subject)))
                .is_some_and(|kind| kind == ObjectKind::User);
        Some(Self { before, after, exports, verdict, is_former_user, given_up, taken })
    }

    /// The entry as findings show it, and its export.
    fn shown(&self) -> Option<(Export<'a>, Standing<'a>)> {
        let [old, new] = self.exports;
        let after = self.after.map(|standing| (new, standing));
        after.or(self.before.map(|standing| (old, standing)))
    }
}

/// Why objects leave, in a few words.
fn words(reason: &'static str) -> &'static str {
    match reason {
        DELETED => "the export lacks it",
        other => reason_summary(other),
    }
}

/// What decides about the synchronisation of an object, and what it is known by.
const DECIDING: [Attr; 18] = [
    Attr::AdminDescription,
    Attr::DisplayName,
    Attr::GroupType,
    Attr::IsCriticalSystemObject,
    Attr::Mail,
    Attr::MailNickname,
    Attr::MsDsConsistencyGuid,
    Attr::MsExchHideFromAddressLists,
    Attr::MsExchRecipientTypeDetails,
    Attr::ObjectClass,
    Attr::ObjectGuid,
    Attr::ProxyAddresses,
    Attr::SamAccountName,
    Attr::TargetAddress,
    Attr::UserAccountControl,
    Attr::UserCertificate,
    Attr::UserPrincipalName,
    Attr::Ou,
];

/// A filter can ask for any attribute; otherwise those that decide are compared, what the
/// server makes itself among them.
fn compared(options: &CheckOptions, settings: &Settings) -> Compared {
    let chosen = [settings.source_anchor, settings.upn_attribute].into_iter().flatten();
    let names = DECIDING.into_iter().chain(chosen).map(|attr| attr.name().as_bytes().to_vec());
    let only = if options.selection.needs_lines() { Vec::new() } else { names.collect() };
    Compared { only, operational: true, ..Compared::default() }
}

/// What `look` makes of an entry.
fn read<'a, T>(
    standing: Standing<'a>,
    options: &CheckOptions,
    mut look: impl FnMut(&Gathered<'a>) -> T,
) -> Option<T> {
    let mut found = None;
    let keep_lines = options.selection.needs_lines();
    let CheckOptions { profile, read, .. } = options;
    read_entries(standing.text, profile, *read, keep_lines, &mut Skipped::new(), |entry| {
        found = Some(look(entry));
    });
    found
}

fn dn_of(entry: &Gathered<'_>) -> String {
    String::from_utf8_lossy(entry.subject.dn()).into_owned()
}

/// Where the containers stand in the new export that have another name by themselves:
/// not only because one above has.
fn renamed_containers(found: &Differing<'_>, options: &CheckOptions) -> FxHashSet<u64> {
    let key = |entry: &Gathered<'_>| {
        let mut key = Vec::new();
        normalize_into(entry.subject.dn(), &mut key).ok().map(|()| key)
    };
    let names = |[old, new]: &[Standing<'_>; 2]| {
        // Those that rules look at are no containers, but for synchronisation.
        let (is_container, after) = read(*new, options, |it| (is_container(it), key(it)))?;
        let before = is_container.then(|| read(*old, options, key)).flatten()??;
        let after = after.filter(|after| *after != before)?;
        Some((before, after, new.offset))
    };
    let renamed: Vec<(Vec<u8>, Vec<u8>, u64)> = found.both.par_iter().filter_map(names).collect();
    let by_old: FxHashMap<&[u8], &[u8]> =
        renamed.iter().map(|(before, after, _)| (&**before, &**after)).collect();
    let follows_parent = |before: &[u8], after: &[u8]| {
        let (Some(old), Some(new)) = (key_parent(before), key_parent(after)) else { return false };
        let own = |key: &[u8], parent: &[u8]| key.len() - parent.len();
        by_old.get(old) == Some(&new)
            && before.get(..own(before, old)) == after.get(..own(after, new))
    };
    let topmost = renamed.iter().filter(|(before, after, _)| !follows_parent(before, after));
    topmost.map(|(_, _, place)| *place).collect()
}

fn is_container(entry: &Gathered<'_>) -> bool {
    let classes = entry.subject.lines(Attr::ObjectClass);
    classes.iter().any(|class| {
        let class = class.bytes();
        class.eq_ignore_ascii_case(b"organizationalUnit")
            || class.eq_ignore_ascii_case(b"container")
    })
}

/// Counts lines from one place of an export to the next one behind it.
#[derive(Default)]
struct LineCounter {
    file: Option<(*const u8, usize)>,
    at: usize,
    line: u64,
}

impl LineCounter {
    /// The physical line at an offset, from 1.
    fn line_at(&mut self, export: Export<'_>, offset: u64) -> u64 {
        let file = Some((export.bytes.as_ptr(), export.bytes.len()));
        let to = usize::try_from(offset).unwrap_or(usize::MAX).min(export.bytes.len());
        if self.file != file || to < self.at {
            *self = Self { file, at: 0, line: 1 };
        }
        let passed = export.bytes.get(self.at..to).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', passed).count();
        (self.at, self.line) = (to, self.line + u64::try_from(lines).unwrap_or(u64::MAX));
        self.line
    }
}
