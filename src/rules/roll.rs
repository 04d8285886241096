//! A walk over all entries of a survey, in order, for lists of them.

use crate::ldif::map_chunks;

use super::catalogue::Reason;
use super::gather::read_entries;
use super::idfix::Location;
use super::survey::Survey;
use super::{SkipReason, Skipped, Subject};

/// An entry on the walk.
#[derive(Debug)]
pub struct Listed<'e, 'a> {
    /// Its lines.
    pub subject: &'e Subject<'a>,
    /// Whether the rules look at it, or the reason why not, by its stable name.
    pub verdict: Result<(), &'static str>,
    /// Why it is not synchronised though the rules look at it, by its stable name.
    pub prevented: Option<&'static str>,
    /// Where it stands.
    pub place: Location<'a>,
}

impl Listed<'_, '_> {
    /// The physical line of its DN, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.place.first_line + u64::from(self.place.dn_line)
    }
}

/// A reason for not looking at an entry, in a few words.
#[must_use]
pub fn reason_summary(name: &str) -> &'static str {
    let of_catalogue = Reason::ALL.iter().map(|it| (it.name(), it.summary()));
    let of_idfix = SkipReason::ALL.iter().map(|it| (it.name(), it.summary()));
    let of_selection = [
        ("outside-base", "not at or below --base"),
        ("excluded", "at or below an --exclude"),
        ("filtered-out", "does not match --filter"),
        ("invalid-dn", "a DN that cannot be read"),
    ];
    let mut all = of_catalogue.chain(of_idfix).chain(of_selection);
    all.find(|(known, _)| *known == name).map_or("", |(_, summary)| summary)
}

/// Whether a reason says no more than that an entry is of a kind that nobody means
/// to synchronise.
#[must_use]
pub fn is_of_other_kind(reason: &str) -> bool {
    [Reason::OtherClass.name(), SkipReason::NotPersonOrGroup.name()].contains(&reason)
}

impl<'a> Survey<'a> {
    /// Walks over all entries; `take` gets what `look` makes of them, in the order of
    /// the inputs.
    ///
    /// # Errors
    /// The first error that `take` returns.
    pub fn roll<T: Send, E>(
        &self,
        look: impl Fn(&Listed<'_, 'a>) -> Option<T> + Sync,
        mut take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let keep_lines = self.options.selection.needs_lines();
        let (profile, read) = (&self.options.profile, self.options.read);
        for surveyed in self.exports() {
            let list = |chunk: crate::ldif::Chunk<'a>| {
                let first_line = surveyed.first_line(chunk.offset);
                let mut list = Vec::new();
                read_entries(
                    chunk.bytes,
                    profile,
                    read,
                    keep_lines,
                    &mut Skipped::new(),
                    |entry| {
                        let file = surveyed.export.name;
                        let place = Location { file, first_line, dn_line: entry.line };
                        let verdict = self.options.verdict(entry);
                        let subject = &entry.subject;
                        let prevented = verdict.ok().and_then(|()| profile.prevented(subject));
                        list.extend(look(&Listed { subject, verdict, prevented, place }));
                    },
                );
                list
            };
            map_chunks(surveyed.export.bytes, list, |list| {
                list.into_iter().try_for_each(&mut take)
            })?;
        }
        Ok(())
    }
}
