//! What a command did, in numbers: for `--stats` as JSON, for people on stderr.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use super::problem::{Problem, Severity};
use super::tally::Tally;
use super::terminal::{Colour, Ink, Width, counted, grouped, listed, style};
use super::visible::visible;
use crate::ldif::Position;

/// How many failures and first places are listed at most. The rest is counted:
/// the list of a broken file of 2 GB helps nobody.
pub const LISTED_FAILURES: usize = 100;

/// How many of them people see.
const SHOWN_FAILURES: usize = 10;

/// A reason, a rule, a kind: mostly a word of the program's own.
pub type Word = Cow<'static, str>;

/// What a command did.
///
/// Every record start (`dn:` at the start of a logical line) is accounted for:
/// `record_starts` = `read` + the sum of `skipped` + `failed`. The same input
/// gives the same bytes of JSON, so it holds no time.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// The inputs, in the order in which they were read.
    pub inputs: Vec<InputSummary>,
    /// `dn:` lines in the decoded inputs.
    pub record_starts: u64,
    /// Records that were taken up.
    pub read: u64,
    /// Records that were understood and left out, by reason.
    pub skipped: BTreeMap<Word, u64>,
    /// Record starts whose record could not be read.
    pub failed: u64,
    /// The first [`LISTED_FAILURES`] errors; use [`Summary::fail`] to add one.
    pub failures: Vec<Failure>,
    /// All errors, listed or not. One error can cost several record starts.
    pub failures_total: u64,
    /// Blocks that are no records, by reason.
    pub other: BTreeMap<Word, u64>,
    /// Entries that the rules apply to; `None` where the command checks nothing.
    pub in_scope: Option<u64>,
    /// Entries that they do not apply to, by reason.
    pub out_of_scope: BTreeMap<Word, u64>,
    /// Findings, by rule. A finding of two rules counts for both.
    pub findings: BTreeMap<Word, u64>,
    /// Findings: rows of the table, without the rows of first holders.
    pub finding_rows: u64,
    /// Rows of first holders of duplicates, which carry no finding of their own.
    pub first_holder_rows: u64,
    /// Entries with a finding.
    pub entries_with_findings: u64,
    /// Findings of rules that were not asked for.
    pub hidden_findings: u64,
    /// Findings that the baseline accepts.
    pub accepted_findings: u64,
    /// Lines of the baseline for which there is no finding any more.
    pub stale_baseline_lines: u64,
    /// Warnings, by kind.
    pub warnings: BTreeMap<Word, WarningSummary>,
    /// Whether the export holds all that was asked for.
    pub complete: bool,
    /// Why it does not, one reason each.
    pub incomplete_because: Vec<String>,
    /// What is to be said of the exports as a whole, which is no finding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Attributes that no entry has, as if the export left them out, each with the rules
    /// that say nothing for lack of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub not_exported: BTreeMap<&'static str, Vec<&'static str>>,
    /// What changes since the previous export, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_previous: Option<SincePrevious>,
    #[serde(skip)]
    last_dn: Option<Vec<u8>>,
}

/// What changes since the previous export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SincePrevious {
    /// Objects that are synchronised from now on.
    pub enter: u64,
    /// Objects that are no longer, by reason.
    pub leave: BTreeMap<Word, u64>,
    /// Objects that stay and have changed.
    pub change: u64,
}

impl SincePrevious {
    fn lines(&self) -> Vec<Count> {
        let leave = self.leave.iter().map(|(reason, &count)| {
            Count::of(format!("leave the scope: {}", visible(reason.as_bytes())), count)
        });
        let mut lines = vec![Count::of("enter the scope", self.enter)];
        lines.extend(leave);
        if self.leave.is_empty() {
            lines.push(Count::of("leave the scope", 0));
        }
        lines.push(Count::of("change", self.change));
        lines
    }
}

/// One input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InputSummary {
    /// Its name, as messages show it.
    pub name: String,
    /// What else was noticed.
    pub notes: Vec<String>,
}

/// An error that cost records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The name of the input.
    pub file: String,
    /// Physical line, counted from 1.
    pub line: u64,
    /// Byte column, counted from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

/// Warnings of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WarningSummary {
    /// How many.
    pub count: u64,
    /// The first place.
    pub first: Place,
}

/// A place in an input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The name of the input.
    pub file: String,
    /// Physical line, counted from 1.
    pub line: u64,
    /// Byte column, counted from 1.
    pub column: u32,
}

impl Summary {
    /// A summary of nothing, which is complete.
    #[must_use]
    pub fn new() -> Self {
        Self { complete: true, ..Self::default() }
    }

    /// Counts records that were left out.
    pub fn skip(&mut self, reason: impl Into<Word>, count: u64) {
        *self.skipped.entry(reason.into()).or_default() += count;
    }

    /// Counts a block that is no record.
    pub fn other(&mut self, reason: impl Into<Word>, count: u64) {
        *self.other.entry(reason.into()).or_default() += count;
    }

    /// Counts an error that cost `record_starts` records, and lists it while
    /// there is room.
    pub fn fail(&mut self, failure: Failure, record_starts: u64) {
        self.failed += record_starts;
        self.failures_total += 1;
        if self.failures.len() < LISTED_FAILURES {
            self.failures.push(failure);
        }
    }

    /// Counts `count` warnings of a kind; the first call for it says the place.
    pub fn warn(&mut self, kind: impl Into<Word>, count: u64, file: &str, first: Position) {
        let place = || Place { file: file.to_owned(), line: first.line, column: first.column };
        self.warnings
            .entry(kind.into())
            .or_insert_with(|| WarningSummary { count: 0, first: place() })
            .count += count;
    }

    /// Whether all of every input was read, as far as can be told: "no findings" says
    /// nothing about the rest.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.failures_total == 0 && self.incomplete_because.is_empty()
    }

    /// Says that the export lacks something.
    pub fn incomplete(&mut self, reason: impl Into<String>) {
        self.complete = false;
        self.incomplete_because.push(reason.into());
    }

    /// Adds findings that were counted; those of the same entries come one after the other.
    pub fn add(&mut self, tally: Tally) {
        for (rule, count) in tally.by_rule {
            *self.findings.entry(Cow::Borrowed(rule)).or_default() += count;
        }
        self.finding_rows += tally.rows;
        self.first_holder_rows += tally.first_holder_rows;
        self.hidden_findings += tally.hidden;
        self.accepted_findings += tally.accepted;
        self.entries_with_findings += tally.entries;
        if let Some([first, last]) = tally.ends {
            let goes_on = self.last_dn.take().is_some_and(|last| last == first);
            self.entries_with_findings -= u64::from(goes_on);
            self.last_dn = Some(last);
        }
    }

    /// Record starts that are neither read, skipped nor failed. Anything but 0
    /// is a defect of the program.
    #[must_use]
    pub fn unaccounted(&self) -> u64 {
        let known = self.read + self.skipped.values().sum::<u64>() + self.failed;
        self.record_starts.abs_diff(known)
    }

    /// Writes the summary as one JSON object and a line end.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Writes the summary for people: what matters most first.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn write_text(
        &self,
        out: &mut impl Write,
        elapsed: Option<Duration>,
        width: Width,
        colour: Colour,
    ) -> io::Result<()> {
        let mut ink = Ink::new(colour);
        self.headline(&mut ink, elapsed);
        if self.hidden_findings > 0 {
            let hidden = counted(self.hidden_findings, "more finding", "more findings");
            ink.text(
                style::QUIET,
                &format!("{hidden}, hidden by --select, --ignore or --severity"),
            );
            ink.end_line();
        }
        if self.accepted_findings + self.stale_baseline_lines > 0 {
            let accepted = counted(self.accepted_findings, "finding", "findings");
            let mut words = format!("{accepted} accepted by the baseline");
            if self.stale_baseline_lines > 0 {
                let lines = counted(self.stale_baseline_lines, "line", "lines");
                words.push_str(&format!("; for {lines} of it there is no finding any more"));
            }
            ink.text(style::QUIET, &words);
            ink.end_line();
        }
        for note in &self.notes {
            ink.text(style::PLAIN, note);
            ink.end_line();
        }
        if let Some(words) = self.not_exported_in_words() {
            ink.text(style::PLAIN, &words);
            ink.end_line();
        }
        for reason in &self.incomplete_because {
            ink.text(style::GRAVE, "the export is incomplete: ");
            ink.foreign(style::PLAIN, reason.as_bytes());
            ink.end_line();
        }
        if self.unaccounted() > 0 {
            let lost = counted(self.unaccounted(), "record is", "records are");
            ink.text(style::GRAVE, &format!("{lost} unaccounted for: please report this"));
            ink.end_line();
        }
        ink.flush(out)?;
        self.write_failures(out, width, colour)?;
        let sections = self.sections();
        self.write_inputs(&mut ink);
        write_sections(&mut ink, &sections, width);
        ink.flush(out)?;
        out.flush()
    }

    /// What no entry has, and what was not said for lack of it; `None` where nothing was
    /// left unsaid.
    #[must_use]
    pub fn not_exported_in_words(&self) -> Option<String> {
        let attributes: Vec<&str> = self.not_exported.keys().copied().collect();
        if attributes.is_empty() {
            return None;
        }
        let mut rules: Vec<&str> = self.not_exported.values().flatten().copied().collect();
        rules.sort_unstable();
        rules.dedup();
        let it = if attributes.len() == 1 { "it" } else { "them" };
        Some(format!(
            "no entry has {}, as if the export left {it} out: nothing is said for lack of {it} ({}); \
             {}",
            listed(&attributes, "or"),
            rules.join(", "),
            match attributes[..] {
                ["whenChanged"] => "name the day that counts as today with --as-of",
                _ => "if the directory has none, say --all-attributes",
            },
        ))
    }

    fn headline(&self, ink: &mut Ink, elapsed: Option<Duration>) {
        let words = match self.in_scope {
            Some(checked) if self.finding_rows > 0 => format!(
                "{} in {} of {}",
                counted(self.finding_rows, "finding", "findings"),
                grouped(self.entries_with_findings),
                counted(checked, "entry", "entries")
            ),
            Some(checked) => format!("no findings in {}", counted(checked, "entry", "entries")),
            None => counted(self.read, "record", "records"),
        };
        ink.text(style::HEADING, &words);
        if let Some(elapsed) = elapsed {
            ink.text(style::QUIET, &format!(" ({:.1} s)", elapsed.as_secs_f64()));
        }
        ink.end_line();
    }

    fn write_failures(&self, out: &mut impl Write, width: Width, colour: Colour) -> io::Result<()> {
        if self.failures_total == 0 {
            return Ok(());
        }
        let mut ink = Ink::new(colour);
        let lost = match self.failed {
            // Text without a `dn:` line is no record.
            0 => counted(self.failures_total, "block of lines", "blocks of lines"),
            failed => counted(failed, "record", "records"),
        };
        ink.text(style::GRAVE, &format!("{lost} could not be read:"));
        ink.end_line();
        ink.flush(out)?;
        for failure in self.failures.iter().take(SHOWN_FAILURES) {
            out.write_all(b"  ")?;
            let position = Position { offset: 0, line: failure.line, column: failure.column };
            Problem {
                severity: Severity::Error,
                file: &failure.file,
                position: Some(position),
                message: &failure.message,
                text: b"",
                offset: 0,
                hint: None,
            }
            .write(out, width, colour)?;
        }
        let shown = self.failures.len().min(SHOWN_FAILURES);
        let more = self.failures_total.saturating_sub(u64::try_from(shown).unwrap_or(u64::MAX));
        if more > 0 {
            ink.text(style::QUIET, &format!("  and {} more", grouped(more)));
            ink.end_line();
        }
        ink.flush(out)
    }

    /// The inputs of which there is something to say.
    fn write_inputs(&self, ink: &mut Ink) {
        let mut title = "inputs";
        for input in &self.inputs {
            if input.notes.is_empty() {
                continue;
            }
            ink.move_to(2);
            ink.text(style::HEADING, title);
            ink.move_to(WORDS_COLUMN);
            let line = format!("{}: {}", input.name, input.notes.join("; "));
            ink.foreign(style::PLAIN, line.as_bytes());
            ink.end_line();
            title = "";
        }
    }

    fn sections(&self) -> Vec<Section> {
        let plain = |(word, &count): (&Word, &u64)| Count::of(visible(word.as_bytes()), count);
        let mut records = vec![Count::of("read", self.read)];
        records.extend(self.in_scope.map(|count| Count::of("in scope", count)));
        records.extend(self.out_of_scope.iter().map(|(word, &count)| {
            Count::of(format!("out of scope: {}", visible(word.as_bytes())), count)
        }));
        records.extend(self.skipped.iter().map(|(word, &count)| {
            Count::of(format!("skipped: {}", visible(word.as_bytes())), count)
        }));
        if self.failed > 0 {
            records.push(Count::of("failed", self.failed));
        }
        let warnings = self.warnings.iter().map(|(kind, warning)| Count {
            words: visible(kind.as_bytes()),
            count: warning.count,
            first: Some(warning.first.clone()),
        });
        let mut findings: Vec<Count> = self.findings.iter().map(plain).collect();
        // The sort is stable: equal counts stay in the order of their names.
        findings.sort_by_key(|line| std::cmp::Reverse(line.count));
        let since_previous = self.since_previous.as_ref().map(SincePrevious::lines);
        let since_previous = since_previous.unwrap_or_default();
        vec![
            Section { title: "findings", lines: findings },
            Section { title: "records", lines: records },
            Section { title: "since then", lines: since_previous },
            Section { title: "not records", lines: self.other.iter().map(plain).collect() },
            Section { title: "warnings", lines: warnings.collect() },
        ]
    }
}

/// Behind the widest title.
const WORDS_COLUMN: usize = 2 + "not records".len() + 2;

struct Section {
    title: &'static str,
    lines: Vec<Count>,
}

struct Count {
    words: String,
    count: u64,
    first: Option<Place>,
}

impl Count {
    fn of(words: impl Into<String>, count: u64) -> Self {
        Self { words: words.into(), count, first: None }
    }
}

/// Titles, words and right-aligned numbers in three columns.
fn write_sections(ink: &mut Ink, sections: &[Section], width: Width) {
    let lines = || sections.iter().flat_map(|section| &section.lines);
    let columns = |text: &str| unicode_width::UnicodeWidthStr::width(text);
    let widest = lines().map(|line| columns(&line.words)).max().unwrap_or_default();
    let digits = lines().map(|line| grouped(line.count).len()).max().unwrap_or_default();
    let numbers_end = (WORDS_COLUMN + widest + 2 + digits).min(width.columns());
    for section in sections {
        for (at, line) in section.lines.iter().enumerate() {
            ink.move_to(2);
            if at == 0 {
                ink.text(style::HEADING, section.title);
            }
            ink.move_to(WORDS_COLUMN);
            ink.text(style::PLAIN, &line.words);
            let number = grouped(line.count);
            // Words that are too long for the terminal keep one blank.
            ink.move_to((ink.column() + 1).max(numbers_end.saturating_sub(number.len())));
            ink.text(style::PLAIN, &number);
            if let Some(Place { file, line, column }) = &line.first {
                ink.text(style::QUIET, "  first at ");
                ink.foreign(style::QUIET, file.as_bytes());
                ink.text(style::QUIET, &format!(":{line}:{column}"));
            }
            ink.end_line();
        }
    }
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
