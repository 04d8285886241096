//! What a profile need not read of an entry changes no finding.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;

use ldifix::ldif::ReadOptions;
use ldifix::rules::{CheckOptions, Export, Profile, ProfileOptions, Selection, Survey};

fn found(export: &str, profile: &str) -> Vec<(String, &'static str)> {
    let options = CheckOptions {
        profile: Profile::by_name(profile, ProfileOptions::default()).unwrap(),
        selection: Selection::default(),
        read: ReadOptions::default(),
        keep_held: false,
    };
    let exports = [Export { name: "export", bytes: export.as_bytes() }];
    let survey = Survey::run(&exports, &options, &|_| {});
    let mut found = Vec::new();
    survey
        .findings(|entry| {
            for finding in entry.findings {
                let name = String::from_utf8_lossy(&finding.common_name).into_owned();
                found.extend(finding.rules.iter().map(|rule| (name.clone(), rule.0)));
            }
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
    found
}

/// A group as ldifde writes a large one: the first members in the entry, the others
/// in modify records behind it.
fn group(name: &str, members: usize, changes: &[(&str, usize)]) -> String {
    let dn = format!("dn: CN={name},DC=contoso,DC=com\n");
    let lines = |count: usize| {
        (0..count).fold(String::new(), |mut lines, number| {
            writeln!(lines, "member: CN=P{number},DC=contoso,DC=com").unwrap();
            lines
        })
    };
    let mut text = format!(
        "{dn}changetype: add\nobjectClass: group\ncn: {name}\ndisplayName: {name}\n\
         sAMAccountName: {name}\ngroupType: -2147483646\n{}\n",
        lines(members),
    );
    for (operation, count) in changes {
        write!(text, "{dn}changetype: modify\n{operation}: member\n{}-\n\n", lines(*count))
            .unwrap();
    }
    text
}

#[test]
fn members_are_counted_over_all_records_of_a_group() {
    let export = [
        group("full", 50_000, &[]),
        group("more", 30_000, &[("add", 20_001)]),
        group("less", 30_000, &[("add", 20_001), ("delete", 1)]),
        group("anew", 30_000, &[("replace", 20_001)]),
        group("none", 50_001, &[("delete", 0)]),
    ]
    .concat();
    let expected = [("more".to_owned(), "member-count-cloud-sync")];
    assert_eq!(found(&export, "entra-cloud-sync"), expected);
    assert_eq!(found(&export, "entra"), []);
}

#[test]
fn a_value_is_measured_however_it_is_written() {
    let title = |number: usize, line: &str| {
        format!(
            "dn: CN=P{number},DC=contoso,DC=com\nobjectClass: user\ncn: P{number}\n\
             sAMAccountName: P{number}\nuserPrincipalName: p{number}@contoso.com\n{line}\n\n"
        )
    };
    // 128 characters are allowed; in base64, in UTF-8 or folded they are more bytes.
    let in_base64 = |bytes: usize| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode("a".repeat(bytes))
    };
    let export = [
        title(0, &format!("title: {}", "a".repeat(128))),
        title(1, &format!("title: {}", "a".repeat(129))),
        title(2, &format!("title:: {}", in_base64(128))),
        title(3, &format!("title:: {}", in_base64(129))),
        title(4, &format!("title: {}", "ä".repeat(128))),
        title(5, &format!("title: {}", "ä".repeat(129))),
        title(6, &format!("title: {}\n {}", "a".repeat(60), "a".repeat(68))),
        title(7, &format!("title: {}\n {}", "a".repeat(60), "a".repeat(69))),
        title(8, "title:"),
    ]
    .concat();
    let expected = ["P1", "P3", "P5", "P7"].map(|name| (name.to_owned(), "text-length"));
    assert_eq!(found(&export, "entra"), expected);
}

#[test]
fn a_name_without_a_character_is_one() {
    let user = "objectClass: user\nsAMAccountName: a\nuserPrincipalName: aa@contoso.com\n";
    let export = format!("dn: CN=A,DC=contoso,DC=com\n{user}displayName:\n");
    assert_eq!(found(&export, "entra"), [("A".to_owned(), "display-name-blank")]);
}
