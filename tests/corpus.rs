//! Reads every file of `corpus/ldif` and compares with what stands beside it.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ldifix::input::{InputNote, Source};
use ldifix::ldif::{InputReport, JsonWriter, ReadOptions, map_chunks, read_chunk};
use serde_json::{Value, json};

#[test]
fn every_quirk_is_read_and_reported_as_its_expectation_says() {
    let mut wrong = Vec::new();
    let files = files();
    assert!(files.len() > 90, "corpus/ldif holds {} files only", files.len());
    for file in files {
        let text = fs::read_to_string(file.with_extension("expect.json")).unwrap();
        let mut expected: Value = serde_json::from_str(&text).unwrap();
        // How records make up entries is no matter of the format.
        expected.as_object_mut().unwrap().remove("entries");
        let found = reading(&file);
        if found != expected {
            let name = file.file_name().unwrap_or_default().display();
            wrong.push(format!("{name}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} files differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_record_start_is_read_or_reported_as_failed() {
    for file in files() {
        let found = reading(&file);
        let number = |key: &str| found[key].as_u64().unwrap();
        assert_eq!(
            number("read") + number("failed"),
            number("record_starts"),
            "{}: a record was lost",
            file.display()
        );
        assert_eq!(found["records"].as_array().unwrap().len() as u64, number("read"));
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/ldif");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ldif"))
        .collect();
    files.sort();
    files
}

/// What reading a file gives, in the form of an expectation.
fn reading(file: &Path) -> Value {
    let source = Source::open(file).unwrap();
    let mut report = InputReport::default();
    let mut lines = Vec::new();
    map_chunks(
        source.bytes(),
        |chunk| {
            let mut json = JsonWriter::new(Vec::new());
            let report = read_chunk(chunk.bytes, ReadOptions::default(), |record| {
                json.record(&record.into_record()).unwrap();
            });
            (json.finish().unwrap(), report)
        },
        |(json, chunk)| {
            lines.extend(json);
            report.add(chunk);
            Ok::<(), std::convert::Infallible>(())
        },
    )
    .unwrap();
    let records: Vec<Value> = String::from_utf8(lines)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let errors: Vec<Value> = report
        .failures
        .iter()
        .map(|failure| {
            json!({"line": failure.error.position.line, "kind": failure.error.kind.name()})
        })
        .collect();
    json!({
        "read": report.read_records(),
        "failed": report.failed_records,
        "record_starts": report.observations.record_starts,
        "errors": errors,
        "warnings": warnings(&source, &report),
        "records": records,
    })
}

/// The names of all warnings and notes, sorted.
fn warnings(source: &Source, report: &InputReport) -> BTreeSet<&'static str> {
    let mut names: BTreeSet<_> =
        report.observations.warnings().iter().map(|warning| warning.kind.name()).collect();
    for note in source.notes() {
        match note {
            InputNote::Utf8Bom => names.insert("bom"),
            InputNote::Utf16 { bom: false, .. } => names.insert("utf16-without-bom"),
            _ => false,
        };
    }
    let observed = &report.observations;
    if observed.export.incomplete(observed.content_records + report.failed_records).is_some() {
        names.insert("incomplete-export");
    }
    names
}
