//! The project's own corpus: what each quirk of LDIF gives, in records, errors and
//! warnings.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input fails")]

mod reading;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ldifix::input::{InputNote, Source};
use ldifix::ldif::{ReadOptions, Record, entry_text, read_chunk};
use reading::{Reading, Trickle, read_from, read_in_chunks, read_in_parallel, record_starts};
use serde_json::{Value, json};

#[test]
fn every_file_of_the_corpus_gives_what_its_expectation_says() {
    let files = files();
    assert!(files.len() > 120, "{} files", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let expected = std::fs::read_to_string(path.with_extension("expect.json")).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let source = Source::open(&path).unwrap();
        let found = found(&source, &expected);
        for (key, expected) in expected.as_object().unwrap() {
            if found.get(key) != Some(expected) {
                let found = found.get(key).map(ToString::to_string).unwrap_or_default();
                wrong.push(format!("{name}, {key}:\n  expected {expected}\n  found    {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_file_of_the_corpus_depends_on_how_it_is_cut() {
    for path in files() {
        let source = Source::open(&path).unwrap();
        let whole = read_in_parallel(source.bytes());
        for size in [1, 64, usize::MAX] {
            assert!(read_in_chunks(source.bytes(), size) == whole, "{} {size}", path.display());
        }
        let stream = read_from(Trickle { rest: source.bytes(), turn: 0 });
        assert!(stream == whole, "{} as a stream", path.display());
    }
}

#[test]
fn every_kind_of_error_and_warning_is_in_the_corpus() {
    let (mut errors, mut warnings) = (BTreeSet::new(), BTreeSet::new());
    for path in files() {
        let reading = read_in_parallel(Source::open(&path).unwrap().bytes());
        errors.extend(reading.errors());
        warnings.extend(reading.warnings());
    }
    let readme = std::fs::read_to_string(corpus().join("README.md")).unwrap();
    let kinds = |title: &str| -> BTreeSet<String> {
        let section = readme.split(title).nth(1).unwrap().split("\n##").next().unwrap().to_owned();
        let rows = section.lines().filter_map(|row| row.strip_prefix("| `"));
        rows.map(|row| row.split('`').next().unwrap().to_owned()).collect()
    };
    let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
    assert_eq!(kinds("### Kinds of error"), owned(errors));
    // What is told of an input as a whole.
    warnings.extend(["bom", "incomplete-export", "utf16-without-bom"]);
    assert_eq!(kinds("### Kinds of warning and note"), owned(warnings));
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(corpus().join("ldif")).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ldif"))
        .collect();
    files.sort();
    files
}

fn found(source: &Source, expected: &Value) -> Value {
    let input = source.bytes();
    let reading = read_in_parallel(input);
    let failures = reading.report.failures.iter();
    let errors: Vec<_> = failures
        .map(|failure| {
            json!({"line": failure.error.position.line, "kind": failure.error.kind.name()})
        })
        .collect();
    let records: Vec<Value> =
        reading.json().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The order of kinds says nothing.
    let mut warnings = warnings(source, &reading);
    warnings.sort_unstable();
    let mut listed: Vec<_> = expected["warnings"].as_array().unwrap().clone();
    listed.sort_by_key(ToString::to_string);
    assert_eq!(record_starts(input), reading.report.observations.record_starts);
    json!({
        "read": reading.records.len(),
        "failed": reading.report.failed_records,
        "record_starts": reading.report.observations.record_starts,
        "errors": errors,
        "warnings": if json!(warnings) == json!(listed) { expected["warnings"].clone() } else { json!(warnings) },
        "records": records,
        "spellings": reading.records.iter().map(spelling).collect::<Vec<_>>(),
        "entries": entries(input),
    })
}

fn warnings(source: &Source, reading: &Reading) -> Vec<&'static str> {
    let seen = &reading.report.observations;
    let mut warnings = reading.warnings();
    warnings.extend(source.notes().iter().filter_map(|note| match note {
        InputNote::Utf8Bom => Some("bom"),
        InputNote::Utf16 { bom: false, .. } => Some("utf16-without-bom"),
        _ => None,
    }));
    let entries = seen.content_records + reading.report.failed_records;
    warnings.extend(seen.export.incomplete(entries).map(|_| "incomplete-export"));
    warnings
}

fn spelling(record: &Record<'_>) -> Option<String> {
    match record {
        Record::Content(_) => None,
        Record::Change(change) => {
            change.spelling.as_ref().map(|word| String::from_utf8(word.to_vec()).unwrap())
        }
    }
}

/// Entries, each with the modify records that go on with it.
fn entries(input: &[u8]) -> usize {
    let mut starts = Vec::new();
    read_chunk(input, ReadOptions::default(), |record| {
        starts.extend(record.first_line().map(|line| line.offset() as usize));
    });
    let mut end = 0;
    starts
        .into_iter()
        .filter(|&start| {
            let begins = start >= end;
            if begins {
                end = start + entry_text(input, start).len();
            }
            begins
        })
        .count()
}
