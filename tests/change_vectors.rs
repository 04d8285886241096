//! Compares applying and inverting with what other tools' own tests expect, where
//! these vectors are at hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its input fails")]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ldifix::change::{Fate, Image, Interest, OnRefusal, Outcome, Run, apply_to_entry, invert};
use ldifix::directory::Entry;
use ldifix::ldif::{
    Attribute, Change, ChangeRecord, InputReport, ModOp, Modification, ReadOptions, Record, Value,
    read_chunk,
};
use serde_json::Value as Json;

/// Vectors of UnboundID's ldifmodify whose outcome differs here on purpose.
const APPLIED_OTHERWISE: [(&str, &str); 4] = [
    ("testAddEntryThenModifyDN", "a created entry can be renamed, as on a server"),
    ("testDeleteSubtree", "a server deletes leaves only (66), unless a control says otherwise"),
    (
        "testModifyAddExistingValueExplicitLenient",
        "a value that is there is not added again (20); there is no lenient mode",
    ),
    (
        "testRenameEntryWithPreviouslyModifiedNewDN",
        "the first refused record counts (32), not the last",
    ),
];

/// Vectors that are about something else than applying.
const NOT_ABOUT_APPLYING: [(&str, &str); 10] = [
    ("testChangesLDIFHasEntryRatherThanChangeRecord", "the option --defaultAdd"),
    ("testDeleteEntryMultipleTimes#2", "the option --ignoreDuplicateDeletes"),
    ("testChangesLDIFHasMalformedRecordCannotContinue", "reading"),
    ("testChangesLDIFHasOnlyRecoverableMalformedEntries", "reading"),
    ("testSourceLDIFHasChangeRecord", "reading"),
    ("testSourceLDIFHasMalformedRecordCanContinue", "reading"),
    ("testSourceLDIFHasMalformedRecordCannotContinue", "reading"),
    ("testTrailingSpacesNotSkipped", "reading: blanks at the end of a value are kept"),
    ("testTrailingSpacesSkipped", "the option --stripTrailingSpaces"),
    ("testSourceLDIFHasEntryWithUnparsableDN", "an entry that no change touches is copied"),
];

/// Vectors of Apache's LdifRevertor whose inverse differs here on purpose.
const INVERTED_OTHERWISE: [(&str, &str); 7] = [
    ("test101ReverseRenameCompositeCompositeNotOverlappingKeepOldRdnDontExistInEntry", SLIP),
    ("test102ReverseRenameCompositeCompositeNotOverlappingKeepOldRdnExistInEntry", SLIP),
    ("test112ReverseRenameCompositeCompositeNotOverlappingDeleteOldRdnExistInEntry", SLIP),
    ("test121ReverseRenameCompositeCompositeOverlappingKeepOldRdnDontExistInEntry", SLIP),
    ("test132ReverseRenameCompositeCompositeOverlappingDeleteOldRdnExistInEntry", SLIP),
    ("testReverseMultipleModifications", GUARDED),
    ("testReverseModifyReplaceNewAttribute", GUARDED),
];
const SLIP: &str = "the vector spells the old RDN cn=test=test, by a slip";
const GUARDED: &str = "an inverse names what it deletes and never replaces";

#[test]
fn changes_apply_as_in_unboundid() {
    let Some(vectors) = vectors("unboundid_apply.jsonl") else { return };
    let mut compared = 0;
    for vector in &vectors {
        let name = name_of(vector);
        if NOT_ABOUT_APPLYING.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let expected = &vector["expect"];
        let got = apply(&vector["input"]);
        let agrees = match (&got, expected["error"].as_str()) {
            (Err(code), Some(error)) => error.starts_with(&format!("{code} ")),
            (Ok(entries), None) => *entries == sets(&read(expected["ok_ldif"].as_str().unwrap()).0),
            _ => false,
        };
        let on_purpose = APPLIED_OTHERWISE.iter().any(|(other, _)| *other == name);
        assert_eq!(agrees, !on_purpose, "{name}: got {got:#?}, expected {expected:#}");
        compared += 1;
    }
    eprintln!("{compared} of {} vectors compared", vectors.len());
}

#[test]
fn inverses_lead_back_and_are_those_of_apache() {
    let Some(vectors) = vectors("apache_revert.jsonl") else { return };
    for vector in &vectors {
        let name = name_of(vector);
        let input = &vector["input"];
        let before = input.get("entry_before").map(|lines| entry(&input["dn"], lines));
        let record = forward(vector);
        let inverse = invert(before.as_ref(), &record).unwrap();
        if let Some(before) = &before {
            let mut entry = before.clone();
            apply_to_entry(&mut entry, &record.change).unwrap();
            for record in &inverse {
                apply_to_entry(&mut entry, &record.change).unwrap();
            }
            assert_eq!(sets(&[entry]), sets(std::slice::from_ref(before)), "{name}");
        }
        let got: Vec<String> = inverse.iter().map(summary).collect();
        let expected: Vec<String> =
            vector["expect"]["ok"].as_array().unwrap().iter().map(expected_summary).collect();
        let on_purpose = INVERTED_OTHERWISE.iter().any(|(other, _)| *other == name);
        assert_eq!(got == expected, !on_purpose, "{name}: got {got:#?}, expected {expected:#?}");
    }
    eprintln!("{} vectors compared", vectors.len());
}

fn vectors(file: &str) -> Option<Vec<Json>> {
    let shared = std::env::var_os("LDIFIX_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("corpus/vectors").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn name_of(vector: &Json) -> String {
    vector["id"].as_str().unwrap().rsplit('.').next().unwrap().to_owned()
}

/// The entries and the changes of a text.
fn read(text: &str) -> (Vec<Entry<'static>>, Vec<ChangeRecord<'static>>) {
    let (mut entries, mut changes) = (Vec::new(), Vec::new());
    let mut report = InputReport::default();
    report.add(read_chunk(text.as_bytes(), ReadOptions::default(), |raw| {
        match raw.into_record().into_owned() {
            Record::Content(content) => entries.push(Entry::from(content)),
            Record::Change(change) => changes.push(change),
        }
    }));
    assert_eq!(report.failures, [], "{text}");
    (entries, changes)
}

type Sets = BTreeMap<String, BTreeSet<(String, Vec<u8>)>>;

fn sets(entries: &[Entry<'_>]) -> Sets {
    let lines = |entry: &Entry<'_>| {
        let lines = entry.clone().into_record().attributes.into_iter();
        let lines = lines.map(|line| {
            let name = line.name.escape_ascii().to_string().to_ascii_lowercase();
            (name, line.value.bytes().unwrap().to_vec())
        });
        lines.collect()
    };
    entries.iter().map(|entry| (entry.dn.escape_ascii().to_string(), lines(entry))).collect()
}

/// The directory afterwards, or the result code of the first refusal.
fn apply(input: &Json) -> Result<Sets, u8> {
    let (export, _) = read(input["sourceLDIF"].as_str().unwrap());
    let (_, changes) = read(input["changesLDIF"].as_str().unwrap());
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
    for outcome in outcomes {
        if let Outcome::Refused(refusal) = outcome {
            return Err(refusal.reason.result_code());
        }
    }
    let mut result = Vec::new();
    for (ordinal, entry) in (0..).zip(&export) {
        match image.fate(ordinal, &entry.dn) {
            Fate::Unchanged => result.push(entry.clone()),
            Fate::Renamed(dn) => {
                let mut entry = entry.clone();
                entry.dn = dn.into();
                result.push(entry);
            }
            Fate::Replaced(entry) => result.push(entry),
            Fate::Deleted => {}
        }
    }
    result.extend(image.added());
    Ok(sets(&result))
}

fn text(json: &Json) -> Cow<'static, [u8]> {
    Cow::Owned(json.as_str().unwrap().as_bytes().to_vec())
}

fn values(json: &Json) -> Vec<Value<'static>> {
    json.as_array().unwrap().iter().map(|value| Value::Bytes(text(value))).collect()
}

fn entry(dn: &Json, lines: &Json) -> Entry<'static> {
    let mut entry = Entry::new(text(dn));
    for line in lines.as_array().unwrap() {
        for value in values(&line[1]) {
            entry.push(text(&line[0]), value);
        }
    }
    entry
}

fn forward(vector: &Json) -> ChangeRecord<'static> {
    let input = &vector["input"];
    let change = match vector["mode"].as_str().unwrap() {
        "revert-reverseAdd" => Change::Add(vec![Attribute {
            name: Cow::Borrowed(b"objectClass"),
            value: Value::Bytes(Cow::Borrowed(b"top")),
        }]),
        "revert-reverseModify" => {
            let mods = input["forward_mods"].as_array().unwrap().iter().map(|modification| {
                let op = match modification[0].as_str().unwrap() {
                    "add" => ModOp::Add,
                    "delete" => ModOp::Delete,
                    "replace" => ModOp::Replace,
                    other => panic!("{other}"),
                };
                let (attribute, values) = (text(&modification[1]), values(&modification[2]));
                Modification { op, attribute, values }
            });
            Change::Modify(mods.collect())
        }
        "revert-reverseRename" => Change::ModRdn {
            new_rdn: text(&input["newrdn"]),
            delete_old_rdn: input["deleteoldrdn"].as_bool().unwrap(),
            new_superior: None,
        },
        other => panic!("{other}"),
    };
    ChangeRecord { dn: text(&input["dn"]), controls: Vec::new(), spelling: None, change }
}

fn summary(record: &ChangeRecord<'_>) -> String {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let what = match &record.change {
        Change::Delete => "delete".to_owned(),
        Change::ModRdn { new_rdn, delete_old_rdn, .. } => {
            format!("modrdn {} {delete_old_rdn}", shown(new_rdn))
        }
        Change::Modify(mods) => {
            let mods = mods.iter().map(|modification| {
                let values = modification.values.iter().map(|value| shown(value.bytes().unwrap()));
                let values: BTreeSet<String> = values.collect();
                format!(
                    "{} {} {values:?}",
                    modification.op.keyword(),
                    shown(&modification.attribute)
                )
            });
            mods.collect::<Vec<_>>().join(", ")
        }
        Change::Add(_) => "add".to_owned(),
    };
    format!("{}: {what}", shown(&record.dn))
}

fn expected_summary(expected: &Json) -> String {
    let what = match expected["changetype"].as_str().unwrap() {
        "modrdn" => {
            format!("modrdn {} {}", expected["newrdn"].as_str().unwrap(), expected["deleteoldrdn"])
        }
        "modify" => {
            let mods = expected["mods"].as_array().unwrap().iter().map(|modification| {
                let values = modification[2].as_array().unwrap().iter();
                let values: BTreeSet<&str> = values.map(|value| value.as_str().unwrap()).collect();
                let word = |at: usize| modification[at].as_str().unwrap();
                format!("{} {} {values:?}", word(0), word(1))
            });
            mods.collect::<Vec<_>>().join(", ")
        }
        other => other.to_owned(),
    };
    format!("{}: {what}", expected["dn"].as_str().unwrap())
}
