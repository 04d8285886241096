//! LDIF files that other people wrote, where these are at hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input fails")]

mod reading;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ldifix::input::Source;
use ldifix::ldif::{WriteError, WriteOptions, Writer};
use reading::{Reading, Trickle, read_from, read_in_chunks, record_starts};

/// Files that are read without an error; more is better, less is a loss.
const CLEAN: usize = 928;

#[test]
fn what_others_wrote_is_read_without_loss_and_written_back_the_same() {
    let Some(folder) = reading::shared("corpus/files") else { return };
    let mut seen = Seen::default();
    for path in files(&folder) {
        let Ok(source) = Source::open(&path) else {
            seen.not_text += 1;
            continue;
        };
        seen.file(&path, source.bytes());
    }
    println!("{seen:#?}");
    assert_eq!(seen.wrong, Vec::<String>::new());
    assert!(seen.clean >= CLEAN, "{} files without an error; there were {CLEAN}", seen.clean);
}

#[test]
fn exports_of_real_servers_are_complete_and_without_an_error() {
    let Some(folder) = reading::shared("servers/exports") else { return };
    for path in files(&folder) {
        let source = Source::open(&path).unwrap();
        let reading = read_in_chunks(source.bytes(), usize::MAX);
        assert_eq!(reading.errors(), Vec::<&str>::new(), "{}", path.display());
        let export = &reading.report.observations.export;
        assert_eq!(export.incomplete(reading.records.len() as u64), None, "{}", path.display());
        assert!(!reading.records.is_empty(), "{}", path.display());
    }
}

#[derive(Debug, Default)]
struct Seen {
    not_text: usize,
    clean: usize,
    records: u64,
    failed: u64,
    refused: usize,
    /// Failed blocks by kind of error.
    errors: BTreeMap<&'static str, usize>,
    warnings: BTreeMap<&'static str, usize>,
    /// What must not be.
    wrong: Vec<String>,
}

impl Seen {
    fn file(&mut self, path: &Path, input: &[u8]) {
        let whole = read_in_chunks(input, usize::MAX);
        self.note(&whole, path);
        let accounted = whole.report.read_records() + whole.report.failed_records;
        self.check(accounted == record_starts(input), "loses records or finds some twice", path);
        let read = whole.records.len() as u64;
        self.check(read == whole.report.read_records(), "miscounts its records", path);
        self.check(right_positions(input, &whole), "has errors at wrong places", path);
        for size in [1, 64] {
            let same = read_in_chunks(input, size) == whole;
            self.check(same, &format!("reads otherwise in chunks of {size}"), path);
        }
        let stream = read_from(Trickle { rest: input, turn: path.as_os_str().len() });
        self.check(stream == whole, "reads otherwise as a stream", path);
        self.write_back(&whole, path);
    }

    fn check(&mut self, right: bool, message: &str, path: &Path) {
        if !right {
            self.wrong.push(format!("{} {message}", path.display()));
        }
    }

    fn note(&mut self, whole: &Reading, path: &Path) {
        self.records += whole.report.read_records();
        self.failed += whole.report.failed_records;
        self.clean += usize::from(whole.report.failures.is_empty());
        for failure in &whole.report.failures {
            *self.errors.entry(failure.error.kind.name()).or_default() += 1;
            if std::env::var_os("LDIFIX_LIST").is_some() {
                let text = failure.error.text.escape_ascii();
                println!(
                    "{}:{} {} {text}",
                    path.display(),
                    failure.error.position,
                    failure.error.kind.name()
                );
            }
        }
        for warning in whole.warnings() {
            *self.warnings.entry(warning).or_default() += 1;
        }
    }

    /// Writes the records and reads them back; the only ones that may be refused
    /// hold a URL with bytes that no LDIF line can hold.
    fn write_back(&mut self, whole: &Reading, path: &Path) {
        let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
        let mut written = Vec::new();
        for record in &whole.records {
            match writer.record(record) {
                Ok(()) => written.push(record.clone()),
                Err(WriteError::Url { url, .. }) => {
                    assert!(!url.iter().all(|byte| matches!(byte, b' '..=b'~')), "{url:?}");
                    self.refused += 1;
                }
                Err(error) => self.check(false, &error.to_string(), path),
            }
        }
        let again = read_in_chunks(&writer.finish().unwrap(), usize::MAX);
        self.check(again.records == written, "differs once written and read again", path);
        self.check(again.report.failures.is_empty(), "cannot be read once written", path);
    }
}

fn right_positions(input: &[u8], reading: &Reading) -> bool {
    reading.report.failures.iter().all(|failure| {
        let position = failure.error.position;
        let before = &input[..usize::try_from(position.offset).unwrap()];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        (position.line, u64::from(position.column)) == (line as u64, column as u64)
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
