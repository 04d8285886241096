//! The made-up company of `corpus/`: every rule of the default profile occurs in it,
//! and nothing is found in the part of it that is in order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::path::Path;

use assert_cmd::Command;
use ldifix::rules::Rule;
use serde_json::Value;

/// Rules that one export of a size that people read cannot break, and why.
const ELSEWHERE: [(&str, &str); 14] = [
    ("address-moved", "takes two exports"),
    ("anchor-changed", "takes two exports"),
    ("anchor-not-object-guid", "holds where no --source-anchor is given"),
    ("container-moved", "takes two exports"),
    ("deletion-threshold", "takes two exports"),
    ("earlier-change-not-kept", "takes an earlier change"),
    ("leaves-scope", "takes two exports"),
    ("member-count", "takes 250,001 members"),
    ("primary-lost", "takes two exports"),
    ("tenant-address-taken", "takes an export of the tenant"),
    ("tenant-admin-match", "takes an export of the tenant"),
    ("tenant-soft-match", "takes an export of the tenant"),
    ("upn-changed", "takes two exports"),
    ("upn-federated-move", "takes two exports"),
];

fn checked(format: &str) -> String {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let args = ["-q", "check", "--config", "contoso.toml", "contoso.ldif", "--format", format];
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let done = command.current_dir(corpus).args(args).output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_findings_are_those_that_stand_beside_the_export() {
    let expected = include_str!("../corpus/contoso.findings.csv");
    for (got, want) in checked("csv").lines().zip(expected.lines()) {
        assert_eq!(got, want);
    }
    assert_eq!(checked("csv").len(), expected.len());
}

#[test]
fn every_rule_of_the_default_profile_occurs_and_what_is_in_order_has_no_finding() {
    let mut found = BTreeSet::new();
    for line in checked("json").lines() {
        let finding: Value = serde_json::from_str(line).unwrap();
        let dn = finding["dn"].as_str().unwrap();
        assert!(dn.contains("OU=Findings") || dn.contains("DC=emea"), "{line}");
        found.extend(finding["rule"].as_str().unwrap().split(", ").map(str::to_owned));
    }
    for rule in Rule::all().filter(|rule| rule.profiles.contains(&"entra")) {
        let name = rule.name.0;
        let elsewhere = ELSEWHERE.iter().find(|(rule, _)| *rule == name);
        assert_eq!(found.contains(name), elsewhere.is_none(), "{name} {elsewhere:?}");
    }
}
