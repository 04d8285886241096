//! What a query finds in one chunk.

use std::borrow::Cow;

use crate::change::{Continued, Misfit, continued_of, refuse_misfits_in};
use crate::cli::canonical::{copy_record, in_its_form, is_copied};
use crate::cli::entries::{end_of, place};
use crate::directory::dn::normalize_into;
use crate::directory::filter::{ChosenLines, NoLinks};
use crate::directory::{
    AttributeList, Attributes, Choices, Matcher, SearchBase, SolvedLinks, Truth,
};
use crate::ldif::{
    Attribute, Change, ChunkReport, JsonWriter, LdifErrorKind, Line, RawRecord, ReadOptions,
    Record, Writer, entry_text, read_chunk, read_wanted,
};
use crate::report::{EntryRows, Summary};

use super::Shape;

/// What is looked for.
#[derive(Debug)]
pub struct Query {
    pub base: Option<SearchBase>,
    pub matcher: Option<Matcher>,
    /// The attributes that are written; all where there is none.
    pub list: Option<AttributeList>,
    /// Attributes that are left out of those.
    pub without: Option<AttributeList>,
    pub links: Option<SolvedLinks>,
    pub read: ReadOptions,
}

impl Query {
    /// Whether the filter follows links.
    pub fn has_chains(&self) -> bool {
        self.matcher.as_ref().is_some_and(|matcher| !matcher.chains().is_empty())
    }

    fn chooses(&self) -> bool {
        self.list.is_some() || self.without.is_some()
    }

    fn answer(&self, entry: &dyn Attributes) -> Truth {
        match (&self.matcher, &self.links) {
            (None, _) => Truth::True,
            (Some(matcher), Some(links)) => matcher.evaluate_with(entry, links),
            (Some(matcher), None) => matcher.evaluate_with(entry, &NoLinks),
        }
    }
}

/// How many entries there were, and what became of them.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub entries: u64,
    pub matched: u64,
    pub outside: u64,
    /// Those of them that lie at or below the base all the same.
    pub out_of_reach: u64,
    /// Entries whose DN cannot be understood, where a base asks for it.
    pub invalid: u64,
    pub filtered: u64,
    /// Those of the filtered on which the filter says neither yes nor no.
    pub undecided: u64,
    /// Change records that go on with no entry.
    pub stray: u64,
    /// Values that hold the separator of CSV.
    pub unclear: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.matched += other.matched;
        self.outside += other.outside;
        self.out_of_reach += other.out_of_reach;
        self.invalid += other.invalid;
        self.filtered += other.filtered;
        self.undecided += other.undecided;
        self.stray += other.stray;
        self.unclear += other.unclear;
    }

    /// Puts the numbers into the summary.
    pub fn settle(&self, summary: &mut Summary) {
        summary.in_scope = Some(self.matched);
        let reasons = [
            ("outside-base", self.outside),
            ("invalid-dn", self.invalid),
            ("filtered-out", self.filtered),
        ];
        for (reason, count) in reasons.into_iter().filter(|(_, count)| *count > 0) {
            *summary.out_of_scope.entry(reason.into()).or_default() += count;
        }
        if self.stray > 0 {
            // They were read, and are no entries.
            summary.skip("change-record", self.stray);
            summary.read = summary.read.saturating_sub(self.stray);
        }
    }

    fn count(&mut self, verdict: Verdict, by: impl Fn(u64) -> u64) {
        let counter = match verdict {
            Verdict::Match => &mut self.matched,
            Verdict::Outside => &mut self.outside,
            Verdict::InvalidDn => &mut self.invalid,
            Verdict::No | Verdict::Undecided => &mut self.filtered,
            Verdict::Unwritable => return,
        };
        *counter = by(*counter);
        if verdict == Verdict::Undecided {
            self.undecided = by(self.undecided);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Match,
    Outside,
    InvalidDn,
    No,
    Undecided,
    /// It matches, and what was asked for of it cannot be written.
    Unwritable,
}

/// What one chunk gave.
#[derive(Debug)]
pub struct Found {
    pub report: ChunkReport,
    pub tally: Tally,
    pub text: Vec<u8>,
    /// Bytes that were read.
    pub bytes: u64,
}

/// Searches one chunk; what is found goes into `out`.
pub fn search(chunk: &[u8], query: &Query, shape: &Shape, out: Vec<u8>) -> Found {
    let mut pass = Pass {
        chunk,
        query,
        choices: Choices::new(query.matcher.as_ref(), query.list.as_ref(), query.without.as_ref()),
        sink: Sink::new(shape, out),
        tally: Tally::default(),
        key: Vec::new(),
        last: None,
        refused: Vec::new(),
        misread: Vec::new(),
    };
    let needs_lines = query.matcher.is_some() || !matches!(shape, Shape::Count);
    let mut report = match needs_lines {
        true => read_chunk(chunk, query.read, |record| pass.record(record)),
        false => read_wanted(chunk, query.read, |_| false, |record| pass.record(record)),
    };
    for (kind, line) in pass.refused {
        report.refuse(kind, &line);
    }
    refuse_misfits_in(chunk, &pass.misread, query.read, &mut report);
    let mut tally = pass.tally;
    let (text, unclear) = pass.sink.finish();
    tally.unclear = unclear;
    Found { report, tally, text, bytes: u64::try_from(chunk.len()).unwrap_or(u64::MAX) }
}

/// The search of one chunk.
struct Pass<'q, 'a> {
    chunk: &'a [u8],
    query: &'q Query,
    choices: Choices<'q>,
    sink: Sink<'q>,
    tally: Tally,
    key: Vec<u8>,
    /// The last entry, while later records may go on with it.
    last: Option<Last>,
    refused: Vec<(LdifErrorKind, Line<'a>)>,
    /// Where entries begin with which records go on that do not apply, and these.
    misread: Vec<(u64, Vec<Misfit>)>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    at: usize,
    verdict: Verdict,
    /// What had been written before it, where it was written.
    mark: Option<usize>,
    /// Where it ends with the records that go on with it, once these were folded in.
    end: Option<usize>,
}

impl<'a> Pass<'_, 'a> {
    fn record(&mut self, record: RawRecord<'_, 'a>) {
        let at = place(&record);
        if !record.is_entry() {
            match self
                .last
                .map(|last| (last, last.end.unwrap_or_else(|| end_of(self.chunk, last.at))))
            {
                Some((last, end)) if at < end => self.fold(last, end),
                _ => self.tally.stray += 1,
            }
            return;
        }
        self.tally.entries += 1;
        let verdict = self.place_verdict(&record.dn());
        let mut last = Last { at, verdict, mark: None, end: None };
        if verdict == Verdict::Match {
            (last.verdict, last.mark) = self.entry(record);
        }
        self.tally.count(last.verdict, |count| count + 1);
        self.last = Some(last);
    }

    /// Whether the entry lies where it is looked for.
    fn place_verdict(&mut self, dn: &[u8]) -> Verdict {
        let Some(base) = &self.query.base else { return Verdict::Match };
        match normalize_into(dn, &mut self.key) {
            Ok(()) if base.holds(&self.key) => Verdict::Match,
            Ok(()) => {
                self.tally.out_of_reach += u64::from(base.is_above(&self.key));
                Verdict::Outside
            }
            Err(_) => Verdict::InvalidDn,
        }
    }

    fn entry(&mut self, record: RawRecord<'_, 'a>) -> (Verdict, Option<usize>) {
        if self.query.matcher.is_none() && !self.query.chooses() {
            let mark = self.sink.mark();
            return (self.write_whole(record), Some(mark));
        }
        let dn = record.dn();
        let lines = self.choices.of(&dn, record.attribute_lines());
        match self.query.answer(&lines) {
            Truth::False => return (Verdict::No, None),
            Truth::Undefined => return (Verdict::Undecided, None),
            Truth::True => {}
        }
        let mark = self.sink.mark();
        if !self.query.chooses() {
            return (self.write_whole(record), Some(mark));
        }
        let written = self.sink.write_chosen(self.chunk, &record, lines);
        (self.written(written), Some(mark))
    }

    fn write_whole(&mut self, record: RawRecord<'_, 'a>) -> Verdict {
        let written = self.sink.write_whole(self.chunk, record);
        self.written(written)
    }

    fn written(&mut self, written: Result<(), Refused<'a>>) -> Verdict {
        match written {
            Ok(()) => Verdict::Match,
            Err(Refused(kind, line)) => {
                self.refused.push((kind, line));
                Verdict::Unwritable
            }
        }
    }

    /// Takes up a record that goes on with the last entry, which ends at `end`: the
    /// first such record has the entry looked at again, whole.
    fn fold(&mut self, last: Last, end: usize) {
        if last.end.is_some() {
            return;
        }
        self.last = Some(Last { end: Some(end), ..last });
        if self.query.matcher.is_none() && matches!(self.sink, Sink::Count) {
            return;
        }
        let text = entry_text(self.chunk, last.at);
        let mut stood = None;
        read_chunk(text, self.query.read, |record| {
            if stood.is_none() {
                stood = Some(record.into_record());
            }
        });
        let continued = continued_of(text, self.query.read);
        let (Some(stood), Some(Continued { entry, misfits })) = (stood, continued) else { return };
        self.misread.extend((!misfits.is_empty()).then_some((last.at as u64, misfits)));
        if matches!(last.verdict, Verdict::Outside | Verdict::InvalidDn | Verdict::Unwritable) {
            return;
        }
        self.tally.count(last.verdict, |count| count.saturating_sub(1));
        if let Some(mark) = last.mark {
            self.sink.reset(mark);
        }
        let verdict = match self.query.answer(&entry) {
            Truth::True => Verdict::Match,
            Truth::False => Verdict::No,
            Truth::Undefined => Verdict::Undecided,
        };
        self.tally.count(verdict, |count| count + 1);
        if verdict == Verdict::Match {
            let mut record = in_its_form(entry, stood);
            self.query.keep_listed(&mut record);
            // What could not be written was refused when it stood alone.
            let _ = self.sink.record(&record);
        }
    }
}

impl Query {
    /// Drops the attributes that are not asked for.
    fn keep_listed(&self, record: &mut Record<'_>) {
        let takes = |attribute: &Attribute<'_>| {
            self.list.as_ref().is_none_or(|list| list.takes(&attribute.name))
                && !self.without.as_ref().is_some_and(|list| list.takes(&attribute.name))
        };
        match record {
            Record::Content(content) => content.attributes.retain(takes),
            Record::Change(change) => {
                if let Change::Add(attributes) = &mut change.change {
                    attributes.retain(takes);
                }
            }
        }
    }
}

/// A record that cannot be written, and the line to blame.
struct Refused<'a>(LdifErrorKind, Line<'a>);

/// Where matches go.
enum Sink<'q> {
    Count,
    Ldif(Writer<Vec<u8>>),
    Json(JsonWriter<Vec<u8>>),
    Csv(EntryRows<'q>),
}

impl<'q> Sink<'q> {
    fn new(shape: &'q Shape, out: Vec<u8>) -> Self {
        match shape {
            Shape::Count => Self::Count,
            Shape::Ldif(options) => Self::Ldif(Writer::new(out, *options)),
            Shape::Json => Self::Json(JsonWriter::new(out)),
            Shape::Csv(columns) => Self::Csv(EntryRows::new(columns, out)),
        }
    }

    fn bytes(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Count => None,
            Self::Ldif(writer) => {
                // A vector takes every byte.
                let _ = writer.flush();
                Some(writer.get_mut())
            }
            Self::Json(writer) => {
                let _ = writer.flush();
                Some(writer.get_mut())
            }
            Self::Csv(rows) => Some(rows.bytes_mut()),
        }
    }

    /// How much is written.
    fn mark(&mut self) -> usize {
        self.bytes().map_or(0, |bytes| bytes.len())
    }

    /// Takes back what was written since.
    fn reset(&mut self, mark: usize) {
        if let Some(bytes) = self.bytes() {
            bytes.truncate(mark);
        }
    }

    fn write_whole<'a>(
        &mut self,
        chunk: &'a [u8],
        record: RawRecord<'_, 'a>,
    ) -> Result<(), Refused<'a>> {
        match self {
            Self::Count => Ok(()),
            Self::Ldif(writer) => match copy_record(writer, chunk, record) {
                None => Ok(()),
                Some(line) => Err(Refused(LdifErrorKind::UnwritableUrl, line)),
            },
            Self::Json(_) | Self::Csv(_) => {
                self.record(&record.into_record());
                Ok(())
            }
        }
    }

    fn write_chosen<'a>(
        &mut self,
        chunk: &'a [u8],
        record: &RawRecord<'_, 'a>,
        lines: ChosenLines<'_, 'a>,
    ) -> Result<(), Refused<'a>> {
        match self {
            Self::Count => Ok(()),
            Self::Csv(rows) => {
                rows.row(&record.dn(), lines.listed().map(|line| (line.name(), line.value())));
                Ok(())
            }
            Self::Ldif(writer) if is_copied(record) => {
                if let Some(line) = change_type_first(record, lines) {
                    return Err(Refused(LdifErrorKind::ChangeTypeFirst, line));
                }
                let attributes = record.attribute_lines().len();
                let head = record.lines().len() - attributes;
                let head = record.lines().iter().take(head);
                let written = writer.lines(chunk, head.chain(lines.listed()));
                let line = record.first_line().copied();
                match (written.and_then(|()| writer.blank()), line) {
                    (Err(_), Some(line)) => Err(Refused(LdifErrorKind::UnwritableUrl, line)),
                    _ => Ok(()),
                }
            }
            Self::Ldif(_) | Self::Json(_) => self.write_decoded(record, lines),
        }
    }

    fn write_decoded<'a>(
        &mut self,
        record: &RawRecord<'_, 'a>,
        lines: ChosenLines<'_, 'a>,
    ) -> Result<(), Refused<'a>> {
        let attribute = |line: &Line<'a>| Attribute { name: line.name(), value: line.value() };
        let listed: Vec<Attribute<'a>> = lines.listed().map(attribute).collect();
        let url = lines.listed().find(|line| line.form() == crate::ldif::Form::Url).copied();
        let first = change_type_first(record, lines);
        let chosen = match record.change() {
            Some(change) => Record::Change(crate::ldif::ChangeRecord {
                change: Change::Add(listed),
                ..change.clone()
            }),
            None => {
                Record::Content(crate::ldif::ContentRecord { dn: record.dn(), attributes: listed })
            }
        };
        match (self.record(&chosen), first, url.or(record.first_line().copied())) {
            (true, _, _) | (false, None, None) => Ok(()),
            (false, Some(line), _) => Err(Refused(LdifErrorKind::ChangeTypeFirst, line)),
            (false, None, Some(line)) => Err(Refused(LdifErrorKind::UnwritableUrl, line)),
        }
    }

    /// Writes a record; whether that was possible.
    fn record(&mut self, record: &Record<'_>) -> bool {
        match self {
            Self::Count => true,
            Self::Ldif(writer) => writer.record(record).is_ok(),
            Self::Json(writer) => writer.record(record).is_ok(),
            Self::Csv(rows) => {
                let attributes = match record {
                    Record::Content(content) => &content.attributes,
                    Record::Change(change) => match &change.change {
                        Change::Add(attributes) => attributes,
                        _ => return true,
                    },
                };
                let values = attributes.iter().map(|attribute| {
                    (Cow::Borrowed(attribute.name.as_ref()), attribute.value.clone())
                });
                rows.row(record.dn(), values);
                true
            }
        }
    }

    /// What was written, and the values that hold the separator of CSV.
    fn finish(self) -> (Vec<u8>, u64) {
        match self {
            Self::Count => (Vec::new(), 0),
            Self::Ldif(writer) => (writer.finish().unwrap_or_default(), 0),
            Self::Json(writer) => (writer.finish().unwrap_or_default(), 0),
            Self::Csv(mut rows) => (std::mem::take(rows.bytes_mut()), rows.unclear),
        }
    }
}

/// A chosen attribute `changetype` of an entry that would come to stand where it
/// makes a change of the record.
fn change_type_first<'a>(
    record: &RawRecord<'_, 'a>,
    lines: ChosenLines<'_, 'a>,
) -> Option<Line<'a>> {
    let mut behind = lines.listed().skip_while(|line| line.is(b"control"));
    let is_content = record.change().is_none();
    behind.next().filter(|line| is_content && line.is(b"changetype")).copied()
}
