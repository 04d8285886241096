//! Compares the rows of the two IdFix profiles with the rows that IdFix itself
//! gave for the same exports, where these are at hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input fails")]

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ldifix::ldif::Line;
use ldifix::rules::idfix::{Buffers, Location};
use ldifix::rules::{Attr, Duplicates, Finding, Holder, Profile, ProfileOptions, Subject};

const MODES: [(&str, &str, bool); 3] = [
    ("multitenant", "idfix-multitenant", false),
    ("multitenant-altid", "idfix-multitenant", true),
    ("dedicated", "idfix-dedicated", false),
];

type Entry = Vec<(Vec<u8>, Vec<u8>)>;

#[test]
fn every_row_is_the_one_that_idfix_shows_and_stands_where_idfix_shows_it() {
    let folder = shared().join("idfix");
    let exports = exports(&folder);
    if exports.is_empty() {
        eprintln!("skipped: there are no exports in {}", folder.display());
        return;
    }
    let mut compared = 0;
    for export in exports {
        let entries = entries(&std::fs::read(&export).unwrap());
        for (mode, profile, alternate_login_id) in MODES {
            let rows = std::fs::read_to_string(export.with_extension(format!("{mode}.jsonl")));
            let expected: Vec<serde_json::Value> =
                rows.unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let profile = Profile::by_name(
                profile,
                ProfileOptions { alternate_login_id, ..ProfileOptions::default() },
            )
            .unwrap();
            let found = scan(&profile, &entries);
            for (at, (expected, found)) in expected.iter().zip(&found).enumerate() {
                assert_eq!(found, expected, "row {at} of {} ({mode})", export.display());
            }
            assert_eq!(found.len(), expected.len(), "rows of {} ({mode})", export.display());
            compared += found.len();
        }
    }
    eprintln!("{compared} rows compared");
}

fn shared() -> PathBuf {
    std::env::var_os("LDIFIX_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}

fn exports(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut exports: Vec<PathBuf> = found
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ldif"))
        .collect();
    exports.sort();
    exports
}

/// The entries of an export of the plainest kind.
fn entries(export: &[u8]) -> Vec<Entry> {
    let text = String::from_utf8(export.to_vec()).unwrap().replace("\n ", "");
    let entry = |block: &str| -> Entry {
        block.lines().filter(|line| !line.starts_with("version:")).map(line).collect()
    };
    text.split("\n\n").map(entry).filter(|entry| !entry.is_empty()).collect()
}

fn line(line: &str) -> (Vec<u8>, Vec<u8>) {
    let (name, value) = line.split_once(':').unwrap();
    let value = match value.strip_prefix(':') {
        Some(encoded) => STANDARD.decode(encoded.trim()).unwrap(),
        None => value.strip_prefix(' ').unwrap_or(value).as_bytes().to_vec(),
    };
    (name.as_bytes().to_vec(), value)
}

/// The first entry that holds a key.
type Holders<'e> = HashMap<(Attr, Vec<u8>), (&'e [u8], Vec<u8>)>;

struct Seen<'e> {
    holders: Holders<'e>,
    later: HashSet<(Attr, usize)>,
}

impl Duplicates for Seen<'_> {
    fn is_later_holder(&self, attr: Attr, value: usize) -> bool {
        self.later.contains(&(attr, value))
    }

    fn first_holder(&self, attr: Attr, key: &[u8]) -> Option<Holder<'_>> {
        let (dn, common_name) = self.holders.get(&(attr, key.to_vec()))?;
        Some(Holder { dn: Cow::Borrowed(dn), common_name: Cow::Borrowed(common_name) })
    }
}

fn scan(profile: &Profile, entries: &[Entry]) -> Vec<serde_json::Value> {
    let mut seen = Seen { holders: HashMap::new(), later: HashSet::new() };
    let mut rows = Vec::new();
    let mut buffers = Buffers::default();
    for entry in entries {
        let mut subject = Subject::default();
        for (name, value) in entry {
            if name == b"dn" {
                subject.reset(&Line::of(name, value));
            } else if let Some(attr) = Attr::of(name) {
                subject.push(attr, Line::of(name, value));
            }
        }
        if profile.scope(&subject).is_err() {
            continue;
        }
        seen.later.clear();
        let common_name = subject.common_name().into_owned();
        let fails = profile.inspect(&subject, &mut buffers, |key| {
            let first = seen.holders.entry((key.attr, key.bytes.to_vec()));
            if let std::collections::hash_map::Entry::Occupied(_) = first {
                seen.later.insert((key.attr, key.value));
            }
            first.or_insert_with(|| (&entry[0].1, common_name.clone()));
        });
        let place = Location { file: "export.ldif", first_line: 1, dn_line: 0 };
        let found = profile.findings(&subject, &seen, place);
        assert_eq!(!found.is_empty(), fails || !seen.later.is_empty());
        rows.extend(found.iter().map(row));
    }
    rows
}

fn row(finding: &Finding<'_>) -> serde_json::Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let action = match finding.action.label() {
        "EDIT" => "Edit",
        "REMOVE" => "Remove",
        _ => "Complete",
    };
    serde_json::json!({
        "dn": text(&finding.dn),
        "cn": text(&finding.common_name),
        "class": text(&finding.object_class),
        "attr": finding.attribute,
        "error": finding.error,
        "value": finding.value.as_deref().map(text),
        "action": action,
        "update": finding.update,
        "extra": finding.extra,
    })
}
