//! What of two entries is unlike, found line by line: nearly all lines of an entry
//! that changed are as they were, and are not decoded.

use std::borrow::Cow;

use super::compared::Compared;
use super::content::is_identity;
use super::index::{EntryIndex, Place};
use crate::change::identity;
use crate::directory::Entry;
use crate::directory::attribute::same_spelling;
use crate::ldif::{Line, RawRecord, ReadOptions, RecordReader, read_all};

/// Reads an entry of either export at a time, with memory that is used again.
pub(super) struct PairReader<'a> {
    old: EntryReader<'a>,
    new: EntryReader<'a>,
}

/// The same for entries of one export.
pub(super) struct EntryReader<'a> {
    read: ReadOptions,
    reader: Option<RecordReader<'a>>,
}

/// Two entries of which attributes are left out that have the same lines in both.
pub(super) struct Unlike<'a> {
    pub(super) old: Entry<'a>,
    pub(super) new: Entry<'a>,
    /// Whether all lines that are unlike are of attributes that are not compared; then
    /// the names are equal, too.
    pub(super) is_same: bool,
}

/// Attributes that are unlike are told apart one by one up to so many; entries of which
/// more are unlike are taken as a whole.
const UNLIKE: usize = 24;

impl<'a> PairReader<'a> {
    pub(super) fn new(old: &EntryIndex<'a>, new: &EntryIndex<'a>) -> Self {
        Self { old: EntryReader::new(old), new: EntryReader::new(new) }
    }

    /// An entry of the old export, as [`EntryReader::entry`] gives it.
    pub(super) fn old(
        &mut self,
        old: &EntryIndex<'a>,
        place: Place,
        keeps: &dyn Fn(&[u8]) -> bool,
    ) -> Entry<'a> {
        self.old.entry(old, place, keeps)
    }

    /// The same of the new one.
    pub(super) fn new_one(
        &mut self,
        new: &EntryIndex<'a>,
        place: Place,
        keeps: &dyn Fn(&[u8]) -> bool,
    ) -> Entry<'a> {
        self.new.entry(new, place, keeps)
    }

    /// Two entries without the attributes that have the same lines in both and that
    /// `keeps` does not ask for. Without it, entries that are the same are empty.
    pub(super) fn unlike(
        &mut self,
        (old, old_place): (&EntryIndex<'a>, Place),
        (new, new_place): (&EntryIndex<'a>, Place),
        compared: &Compared,
        keeps: Option<&dyn Fn(&[u8]) -> bool>,
    ) -> Unlike<'a> {
        let (mut found, mut records) = (None, 0);
        let Self { old: old_reader, new: new_reader } = self;
        let new_text = new.text(new_place);
        old_reader.each(old.text(old_place), |old| {
            new_reader.each(new_text, |new| {
                records += 1;
                found = Pair { old: &old, new: &new }.unlike(compared, keeps);
            });
        });
        match found {
            Some(unlike) if records == 1 => unlike,
            _ => {
                let (old, new) = (old.entry(old_place), new.entry(new_place));
                Unlike { old, new, is_same: false }
            }
        }
    }
}

impl<'a> EntryReader<'a> {
    pub(super) fn new(index: &EntryIndex<'a>) -> Self {
        Self { read: index.read_options(), reader: None }
    }

    /// An entry with those of its attributes that `keeps` asks for.
    pub(super) fn entry(
        &mut self,
        index: &EntryIndex<'a>,
        place: Place,
        keeps: &dyn Fn(&[u8]) -> bool,
    ) -> Entry<'a> {
        let (mut found, mut records) = (None, 0);
        self.each(index.text(place), |record| {
            records += 1;
            found = record.is_entry().then(|| kept(&record, keeps));
        });
        match found {
            Some(entry) if records == 1 => entry,
            _ => {
                let mut entry = index.entry(place);
                entry.retain(keeps);
                entry
            }
        }
    }

    fn each(&mut self, text: &'a [u8], each: impl FnMut(RawRecord<'_, 'a>)) {
        let reader = match &mut self.reader {
            Some(reader) => {
                reader.restart(text);
                reader
            }
            None => self.reader.insert(RecordReader::new(text, self.read.limits)),
        };
        read_all(reader, self.read, each);
    }
}

struct Pair<'p, 'a> {
    old: &'p RawRecord<'p, 'a>,
    new: &'p RawRecord<'p, 'a>,
}

/// The names of attributes that are unlike.
#[derive(Default)]
struct Marked<'a> {
    names: Vec<Cow<'a, [u8]>>,
}

impl<'a> Pair<'_, 'a> {
    /// `None` where the entries are to be taken as a whole.
    fn unlike(
        &self,
        compared: &Compared,
        keeps: Option<&dyn Fn(&[u8]) -> bool>,
    ) -> Option<Unlike<'a>> {
        if !self.old.is_entry() || !self.new.is_entry() {
            return None;
        }
        let marked = self.marked(compared)?;
        let (old_dn, new_dn) = (self.old.dn(), self.new.dn());
        let is_same = marked.names.is_empty() && old_dn == new_dn;
        if is_same && keeps.is_none() {
            let (old, new) = (Entry::new(old_dn), Entry::new(new_dn));
            return Some(Unlike { old, new, is_same });
        }
        let lines = self.old.attribute_lines().iter().chain(self.new.attribute_lines());
        if lines.clone().any(|line| line.has_options() && identity::is_partial(&line.name())) {
            return None;
        }
        let is_asked_for = |name: &[u8]| keeps.is_some_and(|keeps| keeps(name));
        let is_kept = |name: &[u8]| marked.has(name) || is_asked_for(name) || is_identity(name);
        let (old, new) = (kept(self.old, &is_kept), kept(self.new, &is_kept));
        Some(Unlike { old, new, is_same })
    }

    /// Walks through both: each line is like one of the other entry, or its attribute
    /// is marked, or not compared. So an attribute that is compared and not marked has
    /// the same lines in both, in the same order.
    fn marked(&self, compared: &Compared) -> Option<Marked<'a>> {
        let counts = |line: &Line<'_>| {
            let name = line.name();
            compared.takes(&name) || is_identity(&name)
        };
        let (mut old, mut new) = (self.old.attribute_lines(), self.new.attribute_lines());
        let mut marked = Marked::default();
        loop {
            let (a, b) = match (old.split_first(), new.split_first()) {
                (None, None) => return Some(marked),
                (Some((a, a_rest)), Some((b, b_rest))) if same_line(a, b) => {
                    (old, new) = (a_rest, b_rest);
                    continue;
                }
                (a, b) => (a.map(|(a, _)| a), b.map(|(b, _)| b)),
            };
            let is_one = a.zip(b).is_some_and(|(a, b)| same_name(a, b));
            let behind = (behind_run(old), behind_run(new));
            let (a_counts, b_counts) = (a.is_some_and(counts), b.is_some_and(counts));
            let begins_like = |old: &[Line<'a>], new: &[Line<'a>]| {
                old.first().zip(new.first()).is_some_and(|(a, b)| same_line(a, b))
            };
            let (a_goes, b_goes) = match (a, b) {
                _ if is_one => (true, true),
                (Some(_), _) if !a_counts => (true, false),
                (_, Some(_)) if !b_counts => (false, true),
                (Some(_), Some(_)) if begins_like(old, behind.1) => (false, true),
                (Some(_), Some(_)) if begins_like(behind.0, new) => (true, false),
                _ => (true, true),
            };
            if let Some(a) = a.filter(|_| a_goes) {
                marked.mark(a, a_counts);
                old = behind.0;
            }
            if let Some(b) = b.filter(|_| b_goes) {
                marked.mark(b, b_counts);
                new = behind.1;
            }
            if marked.names.len() > UNLIKE {
                return None;
            }
        }
    }
}

impl<'a> Marked<'a> {
    fn mark(&mut self, line: &Line<'a>, counts: bool) {
        let name = line.name();
        if counts && !self.names.iter().any(|known| same_spelling(known, &name)) {
            self.names.push(name);
        }
    }

    /// Whether an attribute is unlike, by any of its names and with any options.
    fn has(&self, name: &[u8]) -> bool {
        self.names.iter().any(|marked| identity::same_attribute(marked, name))
    }
}

/// The entry of a record with those of its attributes that `keeps` asks for.
fn kept<'a>(record: &RawRecord<'_, 'a>, keeps: &dyn Fn(&[u8]) -> bool) -> Entry<'a> {
    let mut entry = Entry::new(record.dn());
    // The values of an attribute nearly always stand together.
    let mut last: (&[u8], bool) = (b"", false);
    for line in record.attribute_lines() {
        let name = line.name();
        let is_kept = if last.0 == &*name { last.1 } else { keeps(&name) };
        if let Cow::Borrowed(name) = name {
            last = (name, is_kept);
        }
        if is_kept {
            entry.push(name, line.value());
        }
    }
    entry
}

/// What stands behind the lines with which a list begins that are of one attribute.
fn behind_run<'l, 'a>(lines: &'l [Line<'a>]) -> &'l [Line<'a>] {
    let Some(first) = lines.first() else { return lines };
    let run = lines.iter().take_while(|line| same_name(first, line)).count();
    &lines[run..]
}

fn same_name(a: &Line<'_>, b: &Line<'_>) -> bool {
    same_spelling(&a.name(), &b.name())
}

fn same_line(a: &Line<'_>, b: &Line<'_>) -> bool {
    if !same_name(a, b) {
        return false;
    }
    if a.form() == b.form() && a.raw() == b.raw() {
        return true;
    }
    match (a.borrowed(), b.borrowed()) {
        (Some(a_value), Some(b_value)) => a.form() == b.form() && a_value == b_value,
        _ => a.value() == b.value(),
    }
}
