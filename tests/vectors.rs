//! Inputs and outcomes of other parsers' own tests, where these are at hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input fails")]

mod reading;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

const PARSERS: [&str; 8] = [
    "unboundid",
    "apache_ldap_api",
    "opendj",
    "python_ldap",
    "go_ldap",
    "haskell_ldif",
    "ldif3",
    "activeldap",
];

/// Why ours differs, and the tests in which it does.
const DECIDED: &[(&str, &[&str])] = &[
    (
        "the record itself says whether it is a change, not the caller",
        &[
            "unboundid:LDIFChangeRecordTestCase.testDeleteChangeRecord",
            "unboundid:LDIFChangeRecordTestCase.testModifyChangeRecordWithMultipleChanges",
            "unboundid:LDIFChangeRecordTestCase.testModifyDNChangeRecord",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeChangeRecordNoChangetype",
            "unboundid:LDIFReaderAndWriterTestCase.testReadWrongType",
            "opendj:LDIFChangeRecordReaderTestCase.testChangeRecordReaderHasNoChange",
        ],
    ),
    (
        "duplicate values are kept; a rule reports them",
        &[
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeEntryDuplicateEmptyValueWithIgnore",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeEntryDuplicateNonEmptyValueWithoutIgnore",
        ],
    ),
    (
        "a URL is kept as a reference and never opened",
        &[
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeEntryInvalidURLType",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeEntryURLNoSuchFile",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeModificationsInvalidURLType",
            "opendj:LDIFEntryReaderTestCase.testValueOfLDIFEntryReadEntryContainingMalformedURL",
        ],
    ),
    (
        "an input without records is no error of LDIF",
        &[
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeEntryNoContent",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeEntryOnlyBlanks",
            "activeldap:test_version_number#6",
        ],
    ),
    (
        "values are checked against the schema by rules, not by the reader",
        &[
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeInvalidSyntaxWithSchema#2",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeInvalidSyntaxWithSchema#3",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeInvalidSyntaxWithSchema#4",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeInvalidSyntaxWithSchema#5",
        ],
    ),
    (
        "how many values a modification needs is for the one who applies it; none is not an empty one",
        &[
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeModifyChangeRecordAddMissingValues",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeModifyChangeRecordIncrementMultipleValues",
            "apache_ldap_api:LdifEntryTest.testLdifEntryChangeTypeModifyNoAttributeWithControls",
            "apache_ldap_api:LdifEntryTest.testLdifEntryChangeTypeModifyNoAttribute",
            "activeldap:test_modify_spec_first_line_separator_is_missing",
        ],
    ),
    (
        "a value line must have the attribute description of its modification",
        &[
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeModifyChangeRecordIntroducedBinaryOption",
            "unboundid:LDIFReaderAndWriterTestCase.testDecodeModifyChangeRecordWithOptionIntroducedBinaryOption",
        ],
    ),
    (
        "a modify record without modifications is read, with a warning",
        &["unboundid:LDIFReaderAndWriterTestCase.testDecodeModifyChangeRecordNoModifications"],
    ),
    (
        "without `changetype`, `control` is an attribute",
        &[
            "unboundid:LDIFReaderAndWriterTestCase.testSupportControls",
            "unboundid:LDIFReaderAndWriterTestCase.testSupportControls#3",
            "apache_ldap_api:LdifReaderTest.testLdifContentWithControl",
            "activeldap:test_control_type_is_missing",
            "activeldap:test_criticality_is_missing",
        ],
    ),
    (
        "a trailing space is kept: it is what a check of identities looks for",
        &[
            "unboundid:LDIFReaderAndWriterTestCase.testMultipleTrailingSpacesInDN#2",
            "unboundid:LDIFReaderAndWriterTestCase.testMultipleTrailingSpacesLastAttr#2",
            "unboundid:LDIFReaderAndWriterTestCase.testMultipleTrailingSpacesMiddleAttr#2",
            "unboundid:LDIFReaderAndWriterTestCase.testSingleTrailingSpaceFirstAttr",
            "unboundid:LDIFReaderAndWriterTestCase.testSingleTrailingSpaceInDN",
            "unboundid:LDIFReaderAndWriterTestCase.testSingleTrailingSpaceMiddleAttr",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInAddChangeRecordDN#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInDeleteChangeRecordChangeType#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInDeleteChangeRecordDN#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyChangeRecordChangeAttr1Value1#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyChangeRecordChangeAttr1Value2#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyChangeRecordChangeAttr2ModType#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyChangeRecordChangeAttr2Value1#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyChangeRecordChangeAttr2Value2#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyChangeRecordDN#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyDNChangeRecordChangeType#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyDNChangeRecordDN#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyDNChangeRecordDeleteOldRDN#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyDNChangeRecordNewRDN#2",
            "unboundid:LDIFReaderAndWriterTestCase.testTrailingSpaceInModifyDNChangeRecordNewSuperior#2",
            "apache_ldap_api:LdifEntryTest.testLdifEntryChangeTypeAddWithControl",
            "apache_ldap_api:LdifEntryTest.testSimpleLdifEntry",
            "apache_ldap_api:LdifEntryTest.testLdifEntryChangeTypeAddWithControls",
            "apache_ldap_api:LdifReaderTest.testLdifVersionStart",
            "apache_ldap_api:LdifReaderTest.testLdifParserEndSpaces",
            "apache_ldap_api:LdifReaderTest.testLdifParserRootDSE",
        ],
    ),
    (
        "content and change records in one file are read",
        &[
            "apache_ldap_api:LdifReaderTest.testLdifParserCombinedEntriesChanges2",
            "apache_ldap_api:LdifReaderTest.testLdifParserCombinedEntriesChanges",
        ],
    ),
    (
        "a CR without LF is an error, on a blank line too",
        &["apache_ldap_api:LdifReaderTest.testLdifEmptyLines"],
    ),
    (
        "`deleteoldrdn` is 0 or 1: ldapmodify takes nothing else",
        &[
            "opendj:LDIFChangeRecordReaderTestCase.testReadModdnRecordWithoutNewSuperior",
            "opendj:LDIFChangeRecordReaderTestCase.testReadModdnRecordWithNewSuperior",
        ],
    ),
    (
        "DNs are parsed where they are used; an empty new superior is the root",
        &[
            "opendj:LDIFChangeRecordReaderTestCase.testParseModifyDNChangeRecordEntryKeyValueMalformedRDN",
            "opendj:LDIFChangeRecordReaderTestCase.testParseModifyRecordEntryNewSuperiorMalformed",
            "opendj:LDIFChangeRecordReaderTestCase.testParseModifyRecordEntryNewSuperiorMalformed2",
            "activeldap:test_newsuperior_value_is_missing",
        ],
    ),
    (
        "the last line needs no line end",
        &[
            "activeldap:test_change_type_separator_is_missing",
            "activeldap:test_deleteoldrdn_separator_is_missing",
            "activeldap:test_newsuperior_separator_is_missing",
        ],
    ),
    (
        "spaces behind a `changetype` mean nothing",
        &["activeldap:test_change_type_with_an_extra_space"],
    ),
    ("a DN stays as it was written", &["activeldap:test_to_s_with_last_space"]),
];

#[test]
fn other_parsers_agree_but_where_it_was_decided_otherwise() {
    let Some(folder) = reading::shared("corpus/vectors") else { return };
    let decided: BTreeMap<&str, &str> =
        DECIDED.iter().flat_map(|&(why, ids)| ids.iter().map(move |&id| (id, why))).collect();
    let mut wrong = Vec::new();
    let mut differing = BTreeSet::new();
    let mut compared = 0;
    for parser in PARSERS {
        let rows = std::fs::read_to_string(folder.join(parser).with_extension("jsonl")).unwrap();
        for row in rows.lines() {
            let row: Value = serde_json::from_str(row).unwrap();
            let id = row["id"].as_str().unwrap().to_owned();
            compared += 1;
            let Err(difference) = compare(&row) else { continue };
            if !decided.contains_key(id.as_str()) {
                wrong.push(format!("{id}: {difference}\n  {}", row["input"]));
            }
            differing.insert(id);
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
    let agree: Vec<_> = decided.keys().filter(|&&id| !differing.contains(id)).collect();
    assert!(agree.is_empty(), "these agree by now: {agree:?}");
    println!("{compared} compared, {} decided otherwise", differing.len());
}

fn compare(row: &Value) -> Result<(), String> {
    let input = row["input"].as_str().unwrap();
    let reading = reading::read_in_chunks(input.as_bytes(), usize::MAX);
    let lines = reading.json();
    let ours: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expect = &row["expect"];
    if expect.get("error").is_some() {
        return if reading.report.failures.is_empty() {
            Err(format!("an error there ({}), here {ours:?}", expect["error"]))
        } else {
            Ok(())
        };
    }
    if !reading.report.failures.is_empty() {
        return Err(format!("errors here: {:?}", reading.report.failures));
    }
    let always_adds = row["mode"].as_str().unwrap().contains("means add");
    let (theirs, ours): (Vec<Value>, Vec<Value>) =
        if let Some(theirs) = expect.get("ok").and_then(Value::as_array) {
            let ours = ours.iter().map(|record| canonical(record, always_adds));
            (theirs.iter().map(|record| canonical(record, false)).collect(), ours.collect())
        } else if let Some(theirs) = expect.get("ok_raw").and_then(Value::as_array) {
            let theirs = theirs.iter().map(from_raw).collect();
            (theirs, ours.iter().map(content_of).collect())
        } else {
            let Some(theirs) = expect["ok_ldif_sorted"].as_str() else {
                return Ok(());
            };
            let theirs = reading::read_in_chunks(theirs.as_bytes(), usize::MAX).json();
            let theirs: Vec<Value> =
                theirs.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
            let same = |records: &[Value]| records.iter().map(|r| canonical(r, false)).collect();
            (same(&theirs), same(&ours))
        };
    if theirs == ours {
        return Ok(());
    }
    Err(format!("\n  theirs {}\n  ours   {}", json!(theirs), json!(ours)))
}

/// A record of either side in one form: no side's order of attributes and values,
/// spelling of names or of blanks in a DN counts.
fn canonical(record: &Value, always_add: bool) -> Value {
    let mut out = Map::new();
    for (key, value) in record.as_object().unwrap() {
        let (key, value) = match key.as_str() {
            "attrs" | "attributes" => ("attributes", attributes(value)),
            "mods" => ("mods", modifications(value)),
            "changetype" => ("changetype", json!(plain_word(value.as_str().unwrap()))),
            "dn" | "newsuperior" => (key.as_str(), dn(value)),
            "controls" if value.as_array().is_some_and(Vec::is_empty) => continue,
            "controls" => ("controls", controls(value)),
            _ => (key.as_str(), value.clone()),
        };
        out.insert(key.to_owned(), value);
    }
    if always_add && !out.contains_key("changetype") {
        out.insert("changetype".to_owned(), json!("add"));
    }
    Value::Object(out)
}

fn plain_word(word: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "moddn" => "modrdn".to_owned(),
        word => word.to_owned(),
    }
}

fn dn(value: &Value) -> Value {
    match value {
        Value::String(dn) => json!(dn.replace(", ", ",")),
        other => other.clone(),
    }
}

fn attributes(value: &Value) -> Value {
    let mut out: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for attribute in value.as_array().unwrap() {
        let values = attribute[1].as_array().unwrap().iter().map(bytes);
        out.entry(attribute[0].as_str().unwrap().to_ascii_lowercase()).or_default().extend(values);
    }
    out.values_mut().for_each(|values| values.sort_by_key(ToString::to_string));
    json!(out)
}

/// Apache keeps controls in a map, and its values come as base64.
fn controls(value: &Value) -> Value {
    let mut controls = value.as_array().unwrap().clone();
    for control in &mut controls {
        let value = control.get("value").and_then(Value::as_str).map(str::to_owned);
        let decoded = value.and_then(|text| STANDARD.decode(text).ok());
        if let Some(text) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            control["value"] = json!(text);
        }
    }
    controls.sort_by_key(|control| control["oid"].to_string());
    json!(controls)
}

fn modifications(value: &Value) -> Value {
    let modification = |of: &Value| {
        let mut values: Vec<_> = of[2].as_array().unwrap().iter().map(bytes).collect();
        values.sort_by_key(ToString::to_string);
        json!([of[0], of[1].as_str().unwrap().to_ascii_lowercase(), values])
    };
    value.as_array().unwrap().iter().map(modification).collect()
}

/// Text and base64 of the same bytes are the same value.
fn bytes(value: &Value) -> Value {
    let Some(encoded) = value.get("b64").and_then(Value::as_str) else { return value.clone() };
    match String::from_utf8(STANDARD.decode(encoded).unwrap()) {
        Ok(text) => json!(text),
        Err(_) => value.clone(),
    }
}

fn from_raw(record: &Value) -> Value {
    let fields = record.as_object().unwrap().iter().filter(|(key, _)| *key != "dn");
    let attributes: Vec<Value> = fields.map(|(key, values)| json!([key, values])).collect();
    canonical(&json!({"dn": record["dn"], "attributes": attributes}), false)
}

fn content_of(record: &Value) -> Value {
    let attributes = record.get("attributes").cloned().unwrap_or_else(|| json!([]));
    canonical(&json!({"dn": record["dn"], "attributes": attributes}), false)
}
