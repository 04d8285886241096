//! What of two entries is unlike, found line by line: nearly all lines of an entry
//! that changed are as they were, and are not decoded.

use std::borrow::Cow;

use super::compared::Compared;
use super::content::is_identity;
use super::index::{EntryIndex, Place};
use crate::change::identity;
use crate::directory::attribute::{alias_of, same_spelling};
use crate::directory::{AttributeDescription, Entry};
use crate::ldif::{Line, NameNumber, RawRecord, RecordReader, read_all};

/// A test of attribute descriptions.
pub(super) type Test<'t> = &'t dyn Fn(&[u8]) -> bool;

/// Reads an entry of either export at a time, with memory that is used again.
pub(super) struct PairReader<'t, 'a> {
    old: EntryReader<'t, 'a>,
    new: EntryReader<'t, 'a>,
}

/// The same for entries of one export, of which it takes the attributes that pass a
/// test.
pub(super) struct EntryReader<'t, 'a> {
    index: &'t EntryIndex<'a>,
    test: Test<'t>,
    /// What the test said, by the number of the description.
    told: Vec<Option<bool>>,
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

impl<'t, 'a> PairReader<'t, 'a> {
    /// A reader that takes what passes the test, whether it is unlike or not.
    pub(super) fn new(old: &'t EntryIndex<'a>, new: &'t EntryIndex<'a>, test: Test<'t>) -> Self {
        Self { old: EntryReader::new(old, test), new: EntryReader::new(new, test) }
    }

    /// Two entries without the attributes that have the same lines in both and that
    /// neither the reader's test nor `own` asks for. Without `own`, entries that are the
    /// same are empty.
    pub(super) fn unlike(
        &mut self,
        (old_place, new_place): (Place, Place),
        compared: &Compared,
        own: Option<&Types<'_>>,
    ) -> Unlike<'a> {
        let (mut found, mut records) = (None, 0);
        let Self { old, new } = self;
        let (old_index, new_index) = (old.index, new.index);
        let new_text = new_index.text(new_place);
        old.each(old_index.text(old_place), |old, old_told| {
            new.each(new_text, |new, new_told| {
                records += 1;
                let pair = Pair { old: &old, new: &new };
                found = pair.unlike(compared, own, (old_told, new_told));
            });
        });
        match found {
            Some(unlike) if records == 1 => unlike,
            _ => {
                let (old, new) = (old_index.entry(old_place), new_index.entry(new_place));
                Unlike { old, new, is_same: false }
            }
        }
    }
}

impl<'t, 'a> EntryReader<'t, 'a> {
    pub(super) fn new(index: &'t EntryIndex<'a>, test: Test<'t>) -> Self {
        Self { index, test, told: Vec::new(), reader: None }
    }

    /// An entry with those of its attributes that pass the test.
    pub(super) fn entry(&mut self, place: Place) -> Entry<'a> {
        let (mut found, mut records) = (None, 0);
        let (index, test) = (self.index, self.test);
        self.each(index.text(place), |record, told| {
            records += 1;
            found = record.is_entry().then(|| kept(&record, told, None));
        });
        match found {
            Some(entry) if records == 1 => entry,
            _ => {
                let mut entry = index.entry(place);
                entry.retain(test);
                entry
            }
        }
    }

    fn each(&mut self, text: &'a [u8], mut each: impl FnMut(RawRecord<'_, 'a>, &mut Told<'_>)) {
        let read = self.index.read_options();
        let reader = match &mut self.reader {
            Some(reader) => {
                reader.restart(text);
                reader
            }
            None => self.reader.insert(RecordReader::new(text, read.limits)),
        };
        let mut told = Told { test: self.test, told: &mut self.told };
        read_all(reader, read, |record| each(record, &mut told));
    }
}

/// What a reader's test says of descriptions.
struct Told<'r> {
    test: Test<'r>,
    told: &'r mut Vec<Option<bool>>,
}

impl Told<'_> {
    fn passes(&mut self, line: &Line<'_>, name: &[u8]) -> bool {
        let Some(number) = line.name_number().map(NameNumber::index) else {
            return (self.test)(name);
        };
        if self.told.len() <= number {
            self.told.resize(number + 1, None);
        }
        *self.told[number].get_or_insert_with(|| (self.test)(name))
    }
}

/// Attribute types with which many descriptions are compared.
#[derive(Debug, Default)]
pub(super) struct Types<'n> {
    names: Vec<Cow<'n, [u8]>>,
    /// Whether one of them is an alias.
    has_aliases: bool,
}

impl<'n> Types<'n> {
    pub(super) fn of(names: impl Iterator<Item = &'n [u8]>) -> Self {
        let mut types = Self::default();
        names.for_each(|name| types.push(Cow::Borrowed(name)));
        types
    }

    pub(super) fn push(&mut self, name: Cow<'n, [u8]>) {
        if !self.names.iter().any(|known| same_spelling(known, &name)) {
            self.has_aliases |= alias_of(base_of(&name)).is_some();
            self.names.push(name);
        }
    }

    /// Whether a description is one of them, by any of its names and with any options.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        let base = base_of(name);
        self.names.iter().any(|known| same_spelling(base_of(known), base))
            || ((self.has_aliases || alias_of(base).is_some())
                && self.names.iter().any(|known| identity::same_attribute(known, name)))
    }
}

fn base_of(name: &[u8]) -> &[u8] {
    AttributeDescription::split(name).base()
}

struct Pair<'p, 'a> {
    old: &'p RawRecord<'p, 'a>,
    new: &'p RawRecord<'p, 'a>,
}

impl<'a> Pair<'_, 'a> {
    /// `None` where the entries are to be taken as a whole.
    fn unlike(
        &self,
        compared: &Compared,
        own: Option<&Types<'_>>,
        (old_told, new_told): (&mut Told<'_>, &mut Told<'_>),
    ) -> Option<Unlike<'a>> {
        if !self.old.is_entry() || !self.new.is_entry() {
            return None;
        }
        let marked = self.marked(compared)?;
        let (old_dn, new_dn) = (self.old.dn(), self.new.dn());
        let is_same = marked.names.is_empty() && old_dn == new_dn;
        if is_same && own.is_none() {
            let (old, new) = (Entry::new(old_dn), Entry::new(new_dn));
            return Some(Unlike { old, new, is_same });
        }
        let lines = self.old.attribute_lines().iter().chain(self.new.attribute_lines());
        if lines.clone().any(|line| line.has_options() && identity::is_partial(&line.name())) {
            return None;
        }
        let empty = Types::default();
        let also = [&marked, own.unwrap_or(&empty)];
        let old = kept(self.old, old_told, Some(also));
        let new = kept(self.new, new_told, Some(also));
        Some(Unlike { old, new, is_same })
    }

    /// Walks through both: each line is like one of the other entry, or its attribute
    /// is marked, or not compared. So an attribute that is compared and not marked has
    /// the same lines in both, in the same order.
    fn marked(&self, compared: &Compared) -> Option<Types<'a>> {
        let counts = |line: &Line<'_>| {
            let name = line.name();
            compared.takes(&name) || is_identity(&name)
        };
        let (mut old, mut new) = (self.old.attribute_lines(), self.new.attribute_lines());
        let mut marked = Types::default();
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
                if a_counts {
                    marked.push(a.name());
                }
                old = behind.0;
            }
            if let Some(b) = b.filter(|_| b_goes) {
                if b_counts {
                    marked.push(b.name());
                }
                new = behind.1;
            }
            if marked.names.len() > UNLIKE {
                return None;
            }
        }
    }
}

/// The entry of a record with those of its attributes that the reader's test asks for,
/// and others.
fn kept<'a>(
    record: &RawRecord<'_, 'a>,
    told: &mut Told<'_>,
    also: Option<[&Types<'_>; 2]>,
) -> Entry<'a> {
    let mut entry = Entry::new(record.dn());
    // The values of an attribute nearly always stand together.
    let mut last: (&[u8], bool) = (b"", false);
    for line in record.attribute_lines() {
        let name = line.name();
        let is_kept = match last {
            (last, is_kept) if last == &*name => is_kept,
            _ => {
                told.passes(line, &name)
                    || also.is_some_and(|also| also.iter().any(|types| types.has(&name)))
            }
        };
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
