//! What of two entries is unlike, found line by line: nearly all lines of an entry
//! that changed are as they were, and are not decoded.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::compared::Compared;
use super::content::is_identity;
use super::index::{EntryIndex, Place};
use crate::change::identity;
use crate::directory::attribute::{alias_of, same_spelling, same_type};
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
        let (mut found, mut of_old, mut of_new) = (None, 0, 0);
        let Self { old, new } = self;
        let (old_index, new_index) = (old.index, new.index);
        let new_text = new_index.text(new_place);
        old.each(old_index.text(old_place), |old, old_told| {
            of_old += 1;
            // Records that go on with it would each have the other text read again.
            if of_old > 1 {
                return;
            }
            new.each(new_text, |new, new_told| {
                of_new += 1;
                if of_new == 1 {
                    let pair = Pair { old: &old, new: &new };
                    found = pair.unlike(compared, own, (&mut *old_told, new_told));
                }
            });
        });
        match found {
            Some(unlike) if (of_old, of_new) == (1, 1) => unlike,
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
    /// How many bytes of each stand before its options.
    bases: Vec<usize>,
    /// Whether one of them is an alias.
    has_aliases: bool,
    /// All types in canonical form, once they are too many to look through; those that
    /// come then stand here only.
    forms: FxHashSet<Vec<u8>>,
}

impl<'n> Types<'n> {
    pub(super) fn of(names: impl Iterator<Item = &'n [u8]>) -> Self {
        let mut types = Self::default();
        names.for_each(|name| types.push(Cow::Borrowed(name)));
        types
    }

    pub(super) fn push(&mut self, name: Cow<'n, [u8]>) {
        if self.is_many() {
            self.forms.insert(identity::canonical_type(&name).into_owned());
        } else if !self.names.iter().any(|known| same_spelling(known, &name)) {
            let base = base_of(&name);
            self.has_aliases |= alias_of(base).is_some();
            self.bases.push(base.len());
            self.names.push(name);
            if self.names.len() > UNLIKE {
                let names = self.names.iter();
                self.forms = names.map(|it| identity::canonical_type(it).into_owned()).collect();
            }
        }
    }

    /// Whether there are more than are looked through.
    fn is_many(&self) -> bool {
        !self.forms.is_empty()
    }

    /// Whether a description is one of them, by any of its names and with any options.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.has_base(base_of(name))
    }

    /// The same for a description whose options are taken off.
    fn has_base(&self, base: &[u8]) -> bool {
        if self.is_many() {
            return self.forms.contains(&*identity::canonical_type(base));
        }
        let known = || {
            let names = self.names.iter().zip(&self.bases);
            names.map(|(name, base)| name.get(..*base).unwrap_or(name))
        };
        known().any(|known| same_spelling(known, base))
            || ((self.has_aliases || alias_of(base).is_some())
                && known().any(|known| same_type(known, base)))
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
        let mut old = Walk::through(self.old.attribute_lines());
        let mut new = Walk::through(self.new.attribute_lines());
        let mut marked = Types::default();
        loop {
            let (a, b) = match (old.line(), new.line()) {
                (None, None) => return Some(marked),
                (Some(a), Some(b)) if same_line(a, b) => {
                    old.at += 1;
                    new.at += 1;
                    continue;
                }
                both => both,
            };
            let (a_counts, b_counts) = (a.is_some_and(counts), b.is_some_and(counts));
            let (a_goes, b_goes) = match (a, b) {
                (Some(a), Some(b)) if same_name(a, b) => (true, true),
                (Some(_), _) if !a_counts => (true, false),
                (_, Some(_)) if !b_counts => (false, true),
                (Some(a), Some(_)) if new.goes_on_with(a) => (false, true),
                (Some(_), Some(b)) if old.goes_on_with(b) => (true, false),
                _ => (true, true),
            };
            if let Some(a) = a.filter(|_| a_goes) {
                if a_counts {
                    marked.push(a.name());
                }
                old.pass_run();
            }
            if let Some(b) = b.filter(|_| b_goes) {
                if b_counts {
                    marked.push(b.name());
                }
                new.pass_run();
            }
            if marked.is_many() {
                return None;
            }
        }
    }
}

/// A walk through the lines of an entry.
struct Walk<'l, 'a> {
    lines: &'l [Line<'a>],
    at: usize,
    /// Where the lines end that are of one attribute with the line here, once that was
    /// looked for: lines of one attribute may be many, and are gone through once.
    run_end: usize,
}

impl<'l, 'a> Walk<'l, 'a> {
    fn through(lines: &'l [Line<'a>]) -> Self {
        Self { lines, at: 0, run_end: 0 }
    }

    fn line(&self) -> Option<&'l Line<'a>> {
        self.lines.get(self.at)
    }

    fn behind_run(&mut self) -> usize {
        if self.run_end <= self.at {
            let here = self.lines.get(self.at..).unwrap_or_default();
            let of_one = |line: &&Line<'_>| here.first().is_some_and(|it| same_name(it, line));
            self.run_end = self.at + here.iter().take_while(of_one).count();
        }
        self.run_end
    }

    /// Goes behind the lines that are of one attribute with the line here.
    fn pass_run(&mut self) {
        self.at = self.behind_run();
    }

    /// Whether a line like this one stands behind those.
    fn goes_on_with(&mut self, line: &Line<'_>) -> bool {
        let behind = self.behind_run();
        self.lines.get(behind).is_some_and(|own| same_line(own, line))
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
                let base = if line.has_options() { base_of(&name) } else { &name };
                told.passes(line, &name)
                    || also.is_some_and(|also| also.iter().any(|types| types.has_base(base)))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::ldif::{ReadOptions, Value};

    /// Lines of few attributes, by several of their names, and values that are written in
    /// several ways.
    fn line() -> impl Strategy<Value = String> {
        let name = "cn|CN|sn|surname|member|member;x|whenChanged|objectGUID";
        (name, ":: YQ==|: a|: b|:  b|: a\n b|: ab").prop_map(|(name, value)| name + &value)
    }

    fn entry(dn: &str, lines: &[String]) -> String {
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        format!("dn: {dn}\n{lines}\n")
    }

    /// What the values of an attribute are, by its own name, in order.
    type Values = BTreeMap<Vec<u8>, Vec<Vec<u8>>>;

    fn values(entry: &Entry<'_>, compared: &Compared) -> Values {
        let mut values = Values::new();
        for attribute in entry.attributes() {
            let base = base_of(&attribute.name);
            if compared.takes(&attribute.name) || is_identity(&attribute.name) {
                let name = match alias_of(base) {
                    Some(name) => name.as_bytes().to_vec(),
                    None => base.to_ascii_lowercase(),
                };
                let bytes = attribute.values.iter().filter_map(Value::bytes).map(<[u8]>::to_vec);
                values.entry(name).or_default().extend(bytes);
            }
        }
        values
    }

    proptest! {
        #[test]
        fn what_is_left_out_of_two_entries_is_the_same_in_both(
            lines in prop::collection::vec(line(), 0..8),
            others in prop::collection::vec((any::<prop::sample::Index>(), line()), 0..4),
            is_renamed in any::<bool>(),
        ) {
            // The other entry is this one with lines taken away and put in.
            let mut new_lines = lines.clone();
            for (at, line) in others {
                let at = at.index(new_lines.len() + 1);
                if at < new_lines.len() && line.ends_with('b') {
                    new_lines.remove(at);
                } else {
                    new_lines.insert(at, line);
                }
            }
            let name = if is_renamed { "cn=b" } else { "cn=a" };
            let texts = [entry("cn=a", &lines), entry(name, &new_lines)];
            let compared = Compared::default();
            let indexes = texts.each_ref().map(|text| {
                EntryIndex::read(text.as_bytes(), ReadOptions::default(), &|_| {}).unwrap()
            });
            let places = indexes.each_ref().map(|index| index.slots()[0].place);
            let [old, new] = &indexes;
            let wholes = [old.entry(places[0]), new.entry(places[1])];
            let wholes = wholes.each_ref().map(|whole| values(whole, &compared));
            let test = |_: &[u8]| false;
            for own in [None, Some(&Types::default())] {
                let mut reader = PairReader::new(old, new, &test);
                let found = reader.unlike((places[0], places[1]), &compared, own);
                prop_assert!(!found.is_same || (wholes[0] == wholes[1] && !is_renamed));
                let parts = [&found.old, &found.new].map(|part| values(part, &compared));
                for (part, whole) in parts.iter().zip(&wholes) {
                    prop_assert!(part.iter().all(|(name, values)| whole[name] == *values));
                }
                for name in wholes[0].keys().chain(wholes[1].keys()) {
                    let is_left_out = parts.iter().all(|part| !part.contains_key(name));
                    let [old, new] = wholes.each_ref().map(|whole| whole.get(name));
                    prop_assert!(!is_left_out || old == new, "{}", name.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_value_that_comes_or_goes_has_its_own_attribute_looked_at_alone() {
        let lines = |lines: &[&str]| lines.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let names = |old: &[&str], new: &[&str]| {
            let texts = [entry("cn=a", &lines(old)), entry("cn=a", &lines(new))];
            let [old, new] = texts.each_ref().map(|text| {
                EntryIndex::read(text.as_bytes(), ReadOptions::default(), &|_| {}).unwrap()
            });
            let places = (old.slots()[0].place, new.slots()[0].place);
            let mut reader = PairReader::new(&old, &new, &|_| false);
            let types = Types::default();
            let found = reader.unlike(places, &Compared::default(), Some(&types));
            let both = found.old.attributes().iter().chain(found.new.attributes());
            let names = both.map(|it| String::from_utf8_lossy(&it.name).into_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&["cn: a", "sn: b"], &["cn: a", "sn: c"]), ["sn", "sn"]);
        assert_eq!(names(&["cn: a", "sn: b"], &["cn: a", "title: x", "sn: b"]), ["title"]);
        assert_eq!(names(&["cn: a", "title: x", "sn: b"], &["cn: a", "sn: b"]), ["title"]);
        assert_eq!(names(&["cn: a", "whenChanged: 1"], &["whenChanged: 2", "cn: a"]), [""; 0]);
    }
}
