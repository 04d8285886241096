//! Compares differences with what UnboundID's ldif-diff tests expect, where these
//! vectors are at hand: not the text of the change, but what it leads to.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its input fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ldifix::change::diff::{Compared, DiffOptions, EntryIndex, Kinds, Scope, diff};
use ldifix::change::{Fate, Image, Interest, OnRefusal, Outcome, Run};
use ldifix::directory::{Entry, Filter};
use ldifix::ldif::{ChangeRecord, ReadOptions, Record, WriteOptions, read_chunk};
use serde_json::Value as Json;

/// Vectors whose outcome differs here on purpose.
const OTHERWISE: [(&str, &str); 4] = [
    ("testByteForByteMatching", "values that differ in case differ"),
    ("testExcludeFilterModify#2", "an entry belongs to the scope if it does in either export"),
    ("testExcludeFilterModify#3", "an entry belongs to the scope if it does in either export"),
    ("testNonSourceAndTargetDifferOnlyByEntryUUID#3", "there is no such option"),
];

/// Vectors that are about something else.
const OTHER: [(&str, &str); 4] = [
    ("testInvalidSchemaFile", "no schema is read"),
    ("testMultipleSchemaFiles", "no schema is read"),
    ("testOutputToStandardOut", "has no expected output"),
    ("testMalformedSourceLDIF", "reading"),
];

type Sets = BTreeMap<String, BTreeSet<(String, Vec<u8>)>>;

#[test]
fn differences_lead_where_those_of_unboundid_lead() {
    let shared = std::env::var_os("LDIFIX_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("corpus/vectors/unboundid_diff.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let mut compared = 0;
    for line in text.lines() {
        let vector: Json = serde_json::from_str(line).unwrap();
        let name = vector["id"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
        if OTHER.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let side = |side: &str| vector["input"][side].as_str().unwrap().to_owned();
        let (old, new) = (side("sourceLDIF"), side("targetLDIF"));
        let options = options(vector["opts"]["args"].as_array().unwrap());
        let index = |text: &'static str| {
            EntryIndex::read(text.as_bytes(), ReadOptions::default(), &|_| {}).unwrap()
        };
        let (old_text, new_text): (&'static str, &'static str) =
            (Box::leak(old.clone().into_boxed_str()), Box::leak(new.into_boxed_str()));
        let draft = diff(&index(old_text), &index(new_text), &options).unwrap();
        let change = String::from_utf8(draft.change).unwrap();
        let expected = vector["expect"]["ok_ldif"].as_str().unwrap();
        let operational = options.compared.operational;
        // No server takes an entryUUID in an add, so it is left out there.
        let applied = |export: &str, change: &str| -> Sets {
            let mut sets = applied(export, change);
            if !operational {
                sets.values_mut().for_each(|lines| lines.retain(|line| line.0 != "entryuuid"));
            }
            sets
        };
        let (got, want) = (applied(&old, &change), applied(&old, expected));
        let on_purpose = OTHERWISE.iter().any(|(other, _)| *other == name);
        assert_eq!(got == want, !on_purpose, "{name}: {change}\nexpected: {expected}");
        // The undo leads back from there.
        let undo = String::from_utf8(draft.undo).unwrap();
        let there = ldif_of(&got);
        assert_eq!(applied(&there, &undo), applied(&old, ""), "{name}: {undo}");
        compared += 1;
    }
    eprintln!("{compared} vectors compared");
}

fn options(arguments: &[Json]) -> DiffOptions {
    let mut options = DiffOptions {
        compared: Compared::default(),
        scope: Scope::default(),
        kinds: Kinds::default(),
        write: WriteOptions::change_file(),
    };
    let mut filter = String::new();
    let mut arguments = arguments.iter().map(|argument| argument.as_str().unwrap());
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap().as_bytes().to_vec();
        match argument {
            "--excludeAttribute" => options.compared.ignored.push(value()),
            "--includeAttribute" => options.compared.only.push(value()),
            "--excludeFilter" => {
                filter.push_str(&format!("(!{})", String::from_utf8(value()).unwrap()));
            }
            "--includeFilter" => filter.push_str(&String::from_utf8(value()).unwrap()),
            "--includeOperationalAttributes" => options.compared.operational = true,
            _ => {}
        }
    }
    if !filter.is_empty() {
        let filter = Filter::parse(format!("(&{filter})").as_bytes()).unwrap();
        options.scope.filter = Some(filter.matcher());
    }
    options
}

fn read(text: &str) -> (Vec<Entry<'static>>, Vec<ChangeRecord<'static>>) {
    let (mut entries, mut changes) = (Vec::new(), Vec::new());
    read_chunk(text.as_bytes(), ReadOptions::default(), |raw| {
        match raw.into_record().into_owned() {
            Record::Content(content) => entries.push(Entry::from(content)),
            Record::Change(change) => changes.push(change),
        }
    });
    (entries, changes)
}

/// The export after a change, every record of which must apply.
fn applied(export: &str, change: &str) -> Sets {
    let (export, _) = read(export);
    // UnboundID shows what is deleted in comments; the records stand behind.
    let (_, changes) = read(change);
    let mut image = Image::new(&changes, OnRefusal::Stop);
    let outcomes = loop {
        for (ordinal, entry) in (0..).zip(&export) {
            match image.interest(&entry.dn) {
                Interest::None => {}
                Interest::Place => image.mark(ordinal, &entry.dn),
                Interest::Content => image.load(ordinal, entry.clone()),
            }
        }
        if let Run::Done(outcomes) = image.run() {
            break outcomes;
        }
    };
    for outcome in &outcomes {
        assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}: {change}");
    }
    let mut result = Vec::new();
    for (ordinal, entry) in (0..).zip(&export) {
        match image.fate(ordinal, &entry.dn) {
            Fate::Unchanged => result.push(entry.clone()),
            Fate::Renamed(dn) => {
                result.push(Entry::with_attributes(dn, entry.attributes().to_vec()));
            }
            Fate::Replaced(entry) => result.push(entry),
            Fate::Deleted => {}
        }
    }
    result.extend(image.added());
    let lines = |entry: &Entry<'_>| {
        let lines = entry.clone().into_record().attributes.into_iter();
        let lines = lines.map(|line| {
            let name = String::from_utf8_lossy(&line.name).to_lowercase();
            (name, line.value.bytes().unwrap().to_vec())
        });
        lines.collect()
    };
    let named = |entry: &Entry<'_>| (entry.dn.escape_ascii().to_string(), lines(entry));
    result.iter().map(named).collect()
}

fn ldif_of(sets: &Sets) -> String {
    let mut text = String::new();
    for (dn, lines) in sets {
        text.push_str(&format!("dn: {dn}\n"));
        for (name, value) in lines {
            text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value)));
        }
        text.push('\n');
    }
    text
}
