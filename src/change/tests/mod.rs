//! Tests of the change module as a whole; they speak LDIF.

mod applying;
mod directory;
mod files;
mod following;
mod inverting;
mod links;
mod ordering;
mod permissive;
mod planning;
mod previewing;
mod properties;
mod proving;
mod verifying;

use proptest::test_runner::{Config, RngSeed};

use crate::change::EntryText;
use crate::directory::Entry;
use crate::ldif::{
    ChangeRecord, InputReport, ReadOptions, Record, WriteOptions, Writer, read_chunk,
};

/// The same so many cases in every run; others, and as many as are wanted, where
/// `PROPTEST_CASES` asks for them.
pub(super) fn same_cases(cases: u32) -> Config {
    match std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()) {
        Some(cases) => Config::with_cases(cases),
        None => Config {
            cases,
            rng_seed: RngSeed::Fixed(1),
            failure_persistence: None,
            ..Config::default()
        },
    }
}

/// The records of a text that holds no error.
fn records(text: &str) -> Vec<Record<'static>> {
    let mut records = Vec::new();
    let mut report = InputReport::default();
    report.add(read_chunk(text.as_bytes(), ReadOptions::default(), |raw| {
        records.push(raw.into_record().into_owned());
    }));
    assert_eq!(report.failures, [], "in {text:?}");
    records
}

fn entries(text: &str) -> Vec<Entry<'static>> {
    let content = records(text).into_iter().map(|record| match record {
        Record::Content(content) => Entry::from(content),
        Record::Change(change) => panic!("{change:?} is no entry"),
    });
    content.collect()
}

fn entry(text: &str) -> Entry<'static> {
    entries(text).remove(0)
}

fn changes(text: &str) -> Vec<ChangeRecord<'static>> {
    let changes = records(text).into_iter().map(|record| match record {
        Record::Change(change) => change,
        Record::Content(content) => panic!("{content:?} is no change"),
    });
    changes.collect()
}

/// The entry as a text that is read when it is looked at; `None` where LDIF cannot
/// express it.
fn held(entry: &Entry<'_>) -> Option<EntryText<'static>> {
    let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
    writer.content(&entry.clone().into_record()).ok()?;
    // What is held outlives the test's entries.
    EntryText::of(writer.finish().ok()?.leak(), ReadOptions::default())
}

fn change(text: &str) -> ChangeRecord<'static> {
    changes(text).remove(0)
}

/// The entry as text: attributes and values in their order, escaped.
fn text_of(entry: &Entry<'_>) -> String {
    let mut text = format!("dn: {}\n", entry.dn.escape_ascii());
    for line in entry.clone().into_record().attributes {
        let value = line.value.bytes().map(|bytes| bytes.escape_ascii().to_string());
        let value = value.unwrap_or_else(|| format!("< {:?}", line.value));
        text.push_str(&format!("{}: {value}\n", line.name.escape_ascii()));
    }
    text
}

/// The records as text, without `changetype` lines; mods as in LDIF.
fn text_of_changes(records: &[ChangeRecord<'_>]) -> String {
    let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
    for record in records {
        writer.change(record).unwrap();
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}
