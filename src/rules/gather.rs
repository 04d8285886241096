//! From records to subjects: one per entry, with the modify records folded in
//! that go on with it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::directory::{AttributeDescription, Facts};
use crate::ldif::{
    ChunkReport, Form, Line, ModOp, NameNumber, RawRecord, ReadOptions, RecordReader, entry_text,
    read_all,
};

use super::catalogue::schema::Screen;
use super::profile::{Reads, every_line};
use super::{Attr, Profile, Subject, Suspect};

/// Records that were read and are no entries, by the reason for skipping them.
pub type Skipped = BTreeMap<&'static str, u64>;

/// An entry with the lines that rules and filters look at.
#[derive(Debug, Default)]
pub struct Gathered<'a> {
    /// The entry's lines by attribute.
    pub subject: Subject<'a>,
    /// All lines of the entry, where they were asked for.
    pub lines: Vec<Line<'a>>,
    /// Bytes from the start of the text to the `dn:` line.
    pub offset: u32,
    /// Physical lines from the start of the text to the `dn:` line.
    pub line: u32,
    /// Whether modify records go on with the entry.
    pub goes_on: bool,
    /// By attribute in small letters, what later records drop of it.
    dropped: FxHashMap<Vec<u8>, Dropped<'a>>,
    keep_lines: bool,
    /// What is known of the attribute descriptions that have a number.
    roles: Vec<Option<Role>>,
}

/// What an attribute description without options is to the rules.
#[derive(Debug, Clone, Copy)]
struct Role {
    /// The attribute whose lines with a value of so many bytes as it stands are
    /// read.
    read: Option<(Attr, usize)>,
    /// What the schema says about the values.
    screen: Screen,
}

/// Reads the entries of one text after the other.
///
/// What attribute descriptions are to the rules is looked up once: of a text of one
/// entry, that would cost more than reading it.
#[derive(Debug)]
pub struct EntryReader<'p, 'a> {
    profile: &'p Profile,
    options: ReadOptions,
    reader: Option<RecordReader<'a>>,
    entry: Gathered<'a>,
}

impl<'p, 'a> EntryReader<'p, 'a> {
    /// A reader of what the profile reads, or of all lines.
    #[must_use]
    pub fn new(profile: &'p Profile, options: ReadOptions, keep_lines: bool) -> Self {
        let entry = Gathered { keep_lines, ..Gathered::default() };
        Self { profile, options, reader: None, entry }
    }

    /// Reads the entries of a text; `each` gets every one that is an entry.
    pub fn read(
        &mut self,
        text: &'a [u8],
        skipped: &mut Skipped,
        mut each: impl FnMut(&Gathered<'a>),
    ) -> ChunkReport {
        let Self { profile, options, reader, entry } = self;
        let reader = match reader {
            Some(reader) => {
                reader.restart(text);
                reader
            }
            None => {
                let picked = if entry.keep_lines { every_line } else { profile.picked() };
                reader.insert(RecordReader::new(text, options.limits).with_picked(picked))
            }
        };
        let mut open = false;
        // Where the entry ends with what goes on with it: looked for once, since it may
        // go on in thousands of records.
        let mut end = None;
        let report = read_all(reader, *options, |record| {
            if record.is_entry() {
                if open {
                    entry.settle();
                    each(entry);
                }
                let special = entry.load(&record, profile);
                (open, end) = (special.is_none(), None);
                if let Some(reason) = special {
                    *skipped.entry(reason).or_default() += 1;
                }
                return;
            }
            let at = record.first_line().map_or(0, Line::offset) as usize;
            let start = entry.offset as usize;
            let goes_on = open
                && at < *end.get_or_insert_with(|| start + entry_text(text, start).len())
                && entry.goes_on_with(&record, profile);
            if !goes_on {
                *skipped.entry("change-record").or_default() += 1;
            }
        });
        if open {
            entry.settle();
            each(entry);
        }
        report
    }
}

/// Reads the entries of one text; `each` gets every one that is an entry, with what
/// the profile reads of it.
pub fn read_entries<'a>(
    text: &'a [u8],
    profile: &Profile,
    options: ReadOptions,
    keep_lines: bool,
    skipped: &mut Skipped,
    each: impl FnMut(&Gathered<'a>),
) -> ChunkReport {
    EntryReader::new(profile, options, keep_lines).read(text, skipped, each)
}

impl<'a> Gathered<'a> {
    /// Takes in an entry; gives the reason where it is none of the directory's.
    fn load(&mut self, record: &RawRecord<'_, 'a>, profile: &Profile) -> Option<&'static str> {
        let Some(dn) = record.first_line() else { return Some("root-dse") };
        self.subject.reset(dn);
        self.lines.clear();
        self.dropped.clear();
        self.goes_on = false;
        (self.offset, self.line) = (dn.offset(), dn.line());
        for line in record.attribute_lines() {
            self.push(line, profile);
        }
        match self.subject.dn().first() {
            None => Some("root-dse"),
            Some(b'@') => Some("ldb-special"),
            Some(_) => None,
        }
    }

    #[inline(always)]
    fn push(&mut self, line: &Line<'a>, profile: &Profile) {
        if self.keep_lines {
            self.lines.push(*line);
        }
        let number = line.name_number().map(NameNumber::index);
        match number.and_then(|number| self.roles.get(number)) {
            Some(Some(role)) => {
                if role.screen.stops(line) {
                    self.subject.suspect(Suspect::of(role.screen, line));
                }
                match role.read {
                    Some((attr, at_least)) if line.raw().len() >= at_least => self.take(attr, line),
                    _ => {}
                }
            }
            Some(None) | None => self.push_by_name(line, profile),
        }
    }

    /// Takes in a line that rules read. A value given by URL is not here to be
    /// judged: the attribute counts as known in part.
    #[inline(always)]
    fn take(&mut self, attr: Attr, line: &Line<'a>) {
        match line.form() {
            Form::Plain | Form::Base64 => self.subject.push(attr, *line),
            Form::Url => self.subject.mark_partial(attr),
        }
    }

    /// Looks the line's description up, and remembers what it is to the rules.
    #[cold]
    fn push_by_name(&mut self, line: &Line<'a>, profile: &Profile) {
        let name = line.name();
        if line.has_options() {
            let description = AttributeDescription::split(&name);
            if description.is_partial() {
                self.push_partial(description, line);
            }
            return;
        }
        let number = Facts::numbered(&name).map_or(0, |(number, _)| number);
        let attr = Attr::numbered(number, &name);
        let read = attr.and_then(|attr| match profile.reads(attr) {
            Reads::Nothing => None,
            Reads::Values => Some((attr, 0)),
            Reads::LongerThan(beyond) => Some((attr, beyond + 1)),
        });
        let role = Role { read, screen: profile.screen(number) };
        if role.screen.stops(line) {
            self.subject.suspect(Suspect::of(role.screen, line));
        }
        if let Some((attr, at_least)) = role.read
            && line.raw().len() >= at_least
        {
            self.take(attr, line);
        }
        if let Some(number) = line.name_number().map(NameNumber::index) {
            if self.roles.len() <= number {
                self.roles.resize(number + 1, None);
            }
            self.roles[number] = Some(role);
        }
    }

    /// Takes in a line of a part of an attribute's values: the first one of each
    /// part tells of it.
    fn push_partial(&mut self, description: AttributeDescription<'_>, line: &Line<'a>) {
        if let Some(attr) = Attr::of(description.base()) {
            self.subject.mark_partial(attr);
        }
        let last = self.subject.suspects().last();
        if last.is_none_or(|last| last.line.name() != line.name()) {
            let facts = Facts::of(description.base());
            self.subject.suspect(Suspect { facts, line: *line });
        }
    }

    /// Folds a modify record of the same DN into the entry; `false` where it is
    /// none. ldifde writes the members of a large group so.
    fn goes_on_with(&mut self, record: &RawRecord<'_, 'a>, profile: &Profile) -> bool {
        if !record.goes_on_with(self.subject.dn()) {
            return false;
        }
        self.goes_on = true;
        for part in record.modification_lines().split(|line| line.is(b"-")) {
            let Some((head, values)) = part.split_first() else { continue };
            if !head.is(ModOp::Add.keyword().as_bytes()) {
                self.drop_values(&head.bytes(), values, head);
            }
            if !head.is(ModOp::Delete.keyword().as_bytes()) {
                // Which values stay, the server knows: none of these is one too many.
                values.iter().for_each(|line| self.push(&line.unrepeated(), profile));
            }
        }
        true
    }

    /// Notes what a delete or replace drops: the values named, or all.
    fn drop_values(&mut self, attribute: &[u8], values: &[Line<'a>], head: &Line<'a>) {
        let all = values.is_empty() || head.is(ModOp::Replace.keyword().as_bytes());
        let attr = Attr::of(attribute);
        if let Some(attr) = attr {
            self.subject.uncount(attr, if all { usize::MAX } else { values.len() });
        }
        let before = Before {
            slot: attr.map_or(0, |attr| self.subject.lines(attr).len()),
            suspects: self.subject.suspects().len(),
            lines: self.lines.len(),
        };
        let dropped = self.dropped.entry(attribute.to_ascii_lowercase()).or_default();
        dropped.attr = attr;
        if all {
            dropped.all = before;
        } else {
            dropped.values.extend(values.iter().map(|line| (line.bytes(), before)));
        }
    }

    /// Drops what was noted: all at once, since an entry may go on in thousands of
    /// records that each drop one value.
    fn settle(&mut self) {
        if self.dropped.is_empty() {
            return;
        }
        let dropped = std::mem::take(&mut self.dropped);
        for own in dropped.values() {
            let Some(attr) = own.attr else { continue };
            let mut at = 0..;
            self.subject.retain(attr, |line| !own.drops(line, at.next(), |before| before.slot));
        }
        let of = |line: &Line<'a>| dropped.get(&line.name().to_ascii_lowercase());
        let drops = |line: &Line<'a>, at, which: fn(&Before) -> usize| {
            of(line).is_some_and(|own| own.drops(line, at, which))
        };
        let mut at = 0..;
        self.subject
            .retain_suspects(|suspect| !drops(&suspect.line, at.next(), |before| before.suspects));
        let mut at = 0..;
        self.lines.retain(|line| !drops(line, at.next(), |before| before.lines));
    }
}

/// How many lines there were when values were dropped: what came later stays.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    slot: usize,
    suspects: usize,
    lines: usize,
}

/// What of an attribute was dropped.
#[derive(Debug, Default)]
struct Dropped<'a> {
    attr: Option<Attr>,
    all: Before,
    values: FxHashMap<Cow<'a, [u8]>, Before>,
}

impl Dropped<'_> {
    /// Whether the line that stands in this place was dropped.
    fn drops(&self, line: &Line<'_>, at: Option<usize>, which: fn(&Before) -> usize) -> bool {
        let at = at.unwrap_or(usize::MAX);
        at < which(&self.all)
            || self.values.get(&*line.bytes()).is_some_and(|before| at < which(before))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::rules::ProfileOptions;

    /// How long it takes to read an entry that loses its values one by one.
    fn time_of(values: usize) -> Duration {
        let value = |at: usize| format!("member: CN=u{at},DC=x\n");
        let mut text = String::from("dn: CN=G,DC=x\nobjectClass: group\n");
        text.extend((0..values).map(value));
        text.push('\n');
        for at in 0..values {
            text.push_str("dn: CN=G,DC=x\nchangetype: modify\ndelete: member\n");
            text.push_str(&value(at));
            text.push_str("-\n\n");
        }
        let profile = Profile::by_name("entra", ProfileOptions::default()).unwrap();
        let (options, mut skipped) = (ReadOptions::default(), Skipped::new());
        let started = Instant::now();
        let mut left = None;
        read_entries(text.as_bytes(), &profile, options, true, &mut skipped, |entry| {
            left = Some((entry.lines.len(), entry.subject.count(Attr::Member)));
        });
        assert_eq!((left, skipped.len()), (Some((1, 0)), 0));
        started.elapsed()
    }

    #[test]
    fn values_that_go_one_by_one_take_linear_time() {
        let grows = || time_of(16_000).as_secs_f64() / time_of(4_000).as_secs_f64();
        // The machine may be busy with something else for a while.
        assert!((0..3).any(|_| grows() < 9.0));
    }
}
