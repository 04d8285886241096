//! Every rule finds something in its wrong example and nothing in its right one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ldifix::ldif::ReadOptions;
use ldifix::rules::{CheckOptions, Export, Profile, ProfileOptions, Rule, Selection, Survey};

/// The lines of an example as entries that synchronisation looks at.
fn export(entries: &[&str]) -> String {
    let mut export = String::new();
    for (number, lines) in entries.iter().enumerate() {
        writeln!(
            export,
            "dn: CN=P{number},DC=contoso,DC=com\nobjectClass: user\n\
             objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=contoso,DC=com\n\
             cn: P{number}\n{lines}\n"
        )
        .unwrap();
    }
    export
}

fn found(export: &str, profile: &str) -> BTreeSet<&'static str> {
    let options = CheckOptions {
        profile: Profile::by_name(profile, ProfileOptions::default()).unwrap(),
        selection: Selection::default(),
        read: ReadOptions::default(),
        keep_held: false,
    };
    let exports = [Export { name: "example", bytes: export.as_bytes() }];
    let survey = Survey::run(&exports, &options, &|_| {});
    assert_eq!(survey.in_scope, 1 + export.matches("\n\ndn:").count() as u64, "{export}");
    let mut names = BTreeSet::new();
    survey
        .findings(|entry| {
            names.extend(entry.findings.iter().flat_map(|it| &it.rules).map(|rule| rule.0));
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
    names
}

#[test]
fn the_wrong_example_of_a_rule_breaks_it_and_the_right_one_does_not() {
    for rule in Rule::all() {
        let name = rule.name.0;
        let wrong = found(&export(rule.example.wrong), "idfix-multitenant");
        assert!(wrong.contains(name), "{name} finds nothing in its wrong example, only {wrong:?}");
        let right = found(&export(rule.example.right), "idfix-multitenant");
        assert!(!right.contains(name), "{name} finds something in its right example");
    }
}

#[test]
fn the_readme_holds_the_table_of_the_rules() {
    let mut table = Vec::new();
    ldifix::report::catalogue::markdown(&mut table, Rule::all()).unwrap();
    let table = String::from_utf8(table).unwrap();
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(
        readme.contains(&table),
        "print it anew with `ldifix rules --format markdown`:\n{table}"
    );
}

#[test]
fn every_rule_says_all_that_explain_shows() {
    for rule in Rule::all() {
        let name = rule.name.0;
        for text in [rule.summary, rule.reason, rule.limit, rule.fix, rule.label] {
            assert!(!text.is_empty(), "{name}");
        }
        assert!(rule.summary.ends_with('.') && rule.reason.ends_with('.'), "{name}");
        for list in [rule.classes, rule.attributes, rule.sources] {
            assert!(!list.is_empty(), "{name}");
        }
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        );
    }
}
