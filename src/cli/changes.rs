//! Reading a change file as a whole.

use anyhow::bail;

use crate::change::{NotApplicable, unknown_control};
use crate::input::Source;
use crate::ldif::{
    Change, ChangeRecord, ChangeType, InputReport, ReadOptions, Record, map_chunks, read_chunk,
};
use crate::report::{Summary, counted, visible};

use super::console::Console;
use super::inputs;

/// One record of a change file.
#[derive(Debug)]
pub struct Step<'a> {
    /// The line of its DN, from 1.
    pub line: u64,
    /// The record.
    pub record: Record<'a>,
    /// The comments that stand above and within it.
    pub comments: Vec<String>,
}

/// All records of a change file, in order; `None` where one cannot be read, which
/// has been said then.
pub fn read<'a>(
    source: &'a Source,
    options: ReadOptions,
    console: &Console,
    summary: &mut Summary,
) -> Option<Vec<Step<'a>>> {
    inputs::report_notes(source.name(), source.notes(), console, summary);
    let mut report = InputReport::default();
    let mut steps = Vec::new();
    let Ok(()) = map_chunks(
        source.bytes(),
        |chunk| {
            let mut steps = Vec::new();
            let report = read_chunk(chunk.bytes, options, |record| {
                let line = record.first_line().map_or(0, |line| u64::from(line.line()));
                let comments = record.comments().iter().map(|text| unfolded(text)).collect();
                steps.push(Step { line, record: record.into_record(), comments });
            });
            (report, steps)
        },
        |(chunk, found)| {
            let base = report.add(chunk);
            steps
                .extend(found.into_iter().map(|step| Step { line: base.line + step.line, ..step }));
            Ok::<(), std::convert::Infallible>(())
        },
    );
    inputs::report_reading(source.name(), &report, console, summary);
    let cut_off = report.cut_off();
    if let Some(why) = &cut_off {
        console.error(&anyhow::anyhow!("{}: {why}", source.name()));
    }
    (report.failed_blocks == 0 && cut_off.is_none()).then_some(steps)
}

fn unfolded(comment: &[u8]) -> String {
    String::from_utf8_lossy(comment).replace("\r\n ", "").replace("\n ", "")
}

/// The records with the lines on which they begin.
///
/// # Errors
/// Where one is an entry and no change; where all are, and the file is an export.
pub fn change_records<'a>(
    steps: Vec<Step<'a>>,
    name: &str,
) -> anyhow::Result<(Vec<u64>, Vec<ChangeRecord<'a>>)> {
    // One alone was written by hand, and lacks a line.
    if steps.len() > 1 && steps.iter().all(|step| matches!(step.record, Record::Content(_))) {
        let entries = counted(steps.len() as u64, "entry", "entries");
        bail!(
            "{name} holds {entries} and no change record: it is an export, and a change file is \
             asked for; `ldifix diff` makes one of two exports"
        );
    }
    let mut lines = Vec::with_capacity(steps.len());
    let mut records = Vec::with_capacity(steps.len());
    for Step { line, record, .. } in steps {
        match record {
            Record::Change(change) => {
                lines.push(line);
                records.push(change);
            }
            Record::Content(content) => bail!(
                "{name}:{line}: {} is an entry and no change; `changetype: add` would add it",
                visible(&content.dn)
            ),
        }
    }
    Ok((lines, records))
}

/// Says so where records have a control of which it is not known what a server makes.
pub fn note_unknown_controls(
    name: &str,
    lines: &[u64],
    records: &[ChangeRecord<'_>],
    console: &Console,
) {
    let mut unknown = lines.iter().zip(records).filter_map(|(line, record)| {
        let oid = unknown_control(record)?;
        Some((line, visible(oid)))
    });
    let Some((line, oid)) = unknown.next() else { return };
    let records = counted(1 + unknown.count() as u64, "record", "records");
    console.note(&format!(
        "{name}: {records} with a control of which it is not known what a server makes of it \
         ({oid} in line {line}): taken as if without it"
    ));
}

/// Why a record does not apply, for people.
pub fn refusal(why: &NotApplicable) -> String {
    let mut message = why.reason.to_string();
    for text in [&why.attribute, &why.value].into_iter().flatten() {
        message.push_str(": ");
        message.push_str(&visible(text));
    }
    message.push_str(&format!(" (LDAP result {})", why.reason.result_code()));
    message
}

/// How many records there are of each kind: `3 records: 2 modify, 1 delete`.
pub fn tally<'r, 'a: 'r>(records: impl Iterator<Item = &'r Record<'a>>) -> String {
    let mut kinds = [("modify", 0_u64), ("add", 0), ("delete", 0), ("modrdn", 0), ("entry", 0)];
    let mut all = 0;
    for record in records {
        all += 1;
        kinds[match kind(record) {
            Some(ChangeType::Modify) => 0,
            Some(ChangeType::Add) => 1,
            Some(ChangeType::Delete) => 2,
            Some(ChangeType::ModRdn) => 3,
            None => 4,
        }]
        .1 += 1;
    }
    let mut text = counted(all, "record", "records");
    for (at, (word, count)) in kinds.iter().filter(|(_, count)| *count > 0).enumerate() {
        text.push_str(if at == 0 { ": " } else { ", " });
        let word = if *word == "entry" && *count > 1 { "entries" } else { word };
        text.push_str(&format!("{} {word}", crate::report::grouped(*count)));
    }
    text
}

fn kind(record: &Record<'_>) -> Option<ChangeType> {
    match record {
        Record::Content(_) => None,
        Record::Change(change) => Some(match change.change {
            Change::Add(_) => ChangeType::Add,
            Change::Delete => ChangeType::Delete,
            Change::Modify(_) => ChangeType::Modify,
            Change::ModRdn { .. } => ChangeType::ModRdn,
        }),
    }
}
