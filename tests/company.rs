//! The made-up company of `corpus/`: every rule of the default profile occurs in it,
//! and nothing is found in the part of it that is in order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use assert_cmd::Command;
use ldifix::rules::Rule;
use serde_json::Value;

/// How the company is checked: by itself, and with what it was like before, what the cloud
/// holds and a change that was made once.
const BY_ITSELF: &str = "contoso.toml";
const SINCE: &str = "contoso-since.toml";

fn checked(config: &str, options: &[&str]) -> String {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let args = ["-q", "check", "--config", config, "contoso.ldif"];
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let done = command.current_dir(corpus).args(args).args(options).output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_findings_are_those_that_stand_beside_the_export() {
    for (config, expected) in [
        (BY_ITSELF, include_str!("../corpus/contoso.findings.csv")),
        (SINCE, include_str!("../corpus/contoso-since.findings.csv")),
    ] {
        let found = checked(config, &["--format", "csv"]);
        for (got, want) in found.lines().zip(expected.lines()) {
            assert_eq!(got, want);
        }
        assert_eq!(found.len(), expected.len());
    }
}

/// The rules of findings, with the DN of each.
fn rules_of(findings: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for line in findings.lines() {
        let finding: Value = serde_json::from_str(line).unwrap();
        let dn = finding["dn"].as_str().unwrap();
        let rules = finding["rule"].as_str().unwrap().split(", ");
        found.extend(rules.map(|rule| (rule.to_owned(), dn.to_owned())));
    }
    found
}

#[test]
fn every_rule_of_the_default_profile_occurs_and_what_is_in_order_has_no_finding() {
    let mut found = BTreeSet::new();
    for (rule, dn) in rules_of(&checked(BY_ITSELF, &["--format", "json"])) {
        assert!(dn.contains("OU=Findings") || dn.contains("DC=emea"), "{rule} {dn}");
        found.insert(rule);
    }
    // Of too many that leave, none is told that it leaves.
    for threshold in ["2", "500"] {
        let options = ["--format", "json", "--delete-threshold", threshold];
        found.extend(rules_of(&checked(SINCE, &options)).into_iter().map(|(rule, _)| rule));
    }
    let beside_old = checked(BY_ITSELF, &["contoso-before.ldif", "--format", "json"]);
    found.extend(rules_of(&beside_old).into_iter().map(|(rule, _)| rule));
    found.extend(rules_of(&too_many_members()).into_iter().map(|(rule, _)| rule));
    for rule in Rule::all().filter(|rule| rule.profiles.contains(&"entra")) {
        assert!(found.contains(rule.name.0), "{}", rule.name.0);
    }
}

/// What is found in a group that is larger than a file that people read.
fn too_many_members() -> String {
    const MEMBERS: usize = 250_001;
    let mut export = "dn: CN=All,DC=contoso,DC=com\nobjectClass: group\nsAMAccountName: All\n\
                      cn: All\ndisplayName: All\n"
        .to_owned();
    for number in 0..MEMBERS {
        writeln!(export, "member: CN=P{number},OU=Staff,DC=contoso,DC=com").unwrap();
    }
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let args = ["-q", "check", "-", "--select", "member-count", "--format", "json"];
    let one_less = export.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    let done = command.args(args).write_stdin(export).output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let allowed = command.args(args).write_stdin(one_less).output().unwrap();
    assert_eq!((allowed.status.code(), allowed.stdout.len()), (Some(0), 0));
    String::from_utf8(done.stdout).unwrap()
}
