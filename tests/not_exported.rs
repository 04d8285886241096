//! Exports of chosen attributes: what was not asked for is no finding, and the summary
//! says so.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;

use assert_cmd::Command;
use serde_json::{Value, json};

/// An export of some users and a group with chosen attributes of all.
fn export(users: usize, attributes: &[&str]) -> String {
    let mut export = "version: 1\n\n".to_owned();
    for number in 0..users {
        let dn = format!("CN=U{number},DC=contoso,DC=com");
        write!(export, "dn: {dn}\nobjectClass: user\n").unwrap();
        for attribute in attributes {
            let value = match *attribute {
                "objectCategory" => "CN=Person,CN=Schema,CN=Configuration,DC=contoso,DC=com".into(),
                "mail" | "userPrincipalName" => format!("u{number}@contoso.com"),
                "proxyAddresses" => format!("SMTP:u{number}@contoso.com"),
                "objectGUID" => format!("03020100-0504-0706-0809-{number:012x}"),
                _ => format!("u{number}"),
            };
            writeln!(export, "{attribute}: {value}").unwrap();
        }
        export.push('\n');
    }
    export
}

/// The findings by rule, and what is said of attributes that are not exported.
fn checked(export: &str, options: &[&str]) -> (Value, Value) {
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let args = ["check", "-", "--format", "csv", "--stats", "/dev/stderr", "-q"];
    let done = command.args(args).args(options).write_stdin(export).output().unwrap();
    let stats: Value = serde_json::from_slice(&done.stderr)
        .unwrap_or_else(|_| json!(String::from_utf8_lossy(&done.stderr)));
    (stats["findings"].clone(), stats["not_exported"].clone())
}

const USUAL: [&str; 3] = ["mail", "displayName", "sAMAccountName"];

#[test]
fn attributes_that_were_not_asked_for_are_no_findings_and_are_named_once() {
    let (findings, silent) = checked(&export(5, &USUAL), &[]);
    assert_eq!(findings, json!({}));
    let expected =
        json!({"proxyAddresses": ["mail-without-proxy"], "userPrincipalName": ["upn-blank"]});
    assert_eq!(silent, expected);
}

#[test]
fn what_one_entry_has_is_missing_from_the_others() {
    let mut export = export(5, &USUAL);
    export.push_str(
        "dn: CN=V,DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: v\n\
         userPrincipalName: v@contoso.com\n\n",
    );
    let (findings, silent) = checked(&export, &["--select", "upn-blank"]);
    assert_eq!((findings, silent), (json!({"upn-blank": 5}), Value::Null));
}

#[test]
fn an_export_of_all_attributes_tells_what_the_whole_directory_lacks() {
    let whole: Vec<&str> = USUAL.into_iter().chain(["objectCategory"]).collect();
    let expected = json!({"mail-without-proxy": 5, "upn-blank": 5});
    assert_eq!(checked(&export(5, &whole), &[]), (expected.clone(), Value::Null));
    // And so does one of which that is said.
    assert_eq!(checked(&export(5, &USUAL), &["--all-attributes"]), (expected, Value::Null));
}

#[test]
fn one_or_two_entries_say_nothing_about_the_export() {
    let (findings, silent) = checked(&export(2, &USUAL), &[]);
    assert_eq!(findings, json!({"mail-without-proxy": 2, "upn-blank": 2}));
    assert_eq!(silent, Value::Null);
}

#[test]
fn account_names_are_there_in_every_directory() {
    let attributes = ["mail", "userPrincipalName", "proxyAddresses", "mailNickname"];
    for users in [1, 5] {
        let (findings, silent) = checked(&export(users, &attributes), &[]);
        assert_eq!(findings, json!({}));
        assert_eq!(silent, json!({"sAMAccountName": ["no-sam-account-name"]}));
    }
}

#[test]
fn names_and_aliases_that_the_cloud_would_make_are_not_guessed() {
    // Both would get the alias `u`.
    let double = |lines: &str| {
        export(3, &["sAMAccountName"])
            + &format!(
                "dn: CN=A,DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: a\n{lines}mail: u@contoso.com\n\n"
            )
            + &format!(
                "dn: CN=B,DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: b\n{lines}mail: u@fabrikam.com\n\n"
            )
    };
    let select = ["--select", "predicted-alias"];
    let (findings, silent) = checked(&double(""), &select);
    assert_eq!((findings, silent), (json!({}), json!({"mailNickname": ["predicted-alias"]})));
    let whole = double("objectCategory: CN=Person\n");
    assert_eq!(checked(&whole, &select), (json!({"predicted-alias": 2}), Value::Null));
}

#[test]
fn who_is_who_in_the_cloud_is_not_told_without_anchors() {
    let room = tempfile::tempdir().unwrap();
    let cloud = room.path().join("cloud.csv");
    std::fs::write(
        &cloud,
        "userPrincipalName,immutableId\nu0@contoso.com,AAECAwQFBgcICQAAAAAAAA==\n",
    )
    .unwrap();
    let tenant = ["--tenant-export", cloud.to_str().unwrap(), "--select", "tenant"];
    let attributes = ["sAMAccountName", "userPrincipalName"];
    let (findings, silent) = checked(&export(3, &attributes), &tenant);
    assert_eq!((findings, silent), (json!({}), json!({"objectGUID": ["tenant-address-taken"]})));
    // With anchors the first user is the object of the cloud, whoever else has its name.
    let known: Vec<&str> = attributes.into_iter().chain(["objectGUID"]).collect();
    let twice = export(3, &known)
        + "dn: CN=X,DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: x\n\
           objectGUID: 13020100-0504-0706-0809-000000000000\nuserPrincipalName: u0@contoso.com\n\n";
    let (findings, silent) = checked(&twice, &tenant);
    assert_eq!((findings, silent), (json!({"tenant-address-taken": 1}), Value::Null));
}

#[test]
fn what_the_new_export_leaves_out_was_not_lost_since_the_previous_one() {
    let room = tempfile::tempdir().unwrap();
    let previous = room.path().join("previous.ldif");
    let all: Vec<&str> = USUAL.into_iter().chain(["proxyAddresses", "objectCategory"]).collect();
    std::fs::write(&previous, export(5, &all)).unwrap();
    let new = room.path().join("new.ldif");
    let since = |attributes: &[&str], options: &[&str]| {
        std::fs::write(&new, export(5, attributes)).unwrap();
        let mut command = Command::cargo_bin("ldifix").unwrap();
        let mut args =
            vec!["check", new.to_str().unwrap(), "--previous", previous.to_str().unwrap()];
        args.extend(["--select", "primary-lost", "--stats", "-", "-q", "--format", "csv"]);
        let done = command.args(args).args(options).output().unwrap();
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let stats: Value = serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap();
        (stats["findings"].clone(), stats["not_exported"].clone())
    };
    let silent = json!({"proxyAddresses": ["primary-lost"]});
    assert_eq!(since(&USUAL, &[]), (json!({}), silent));
    let lost = json!({"primary-lost": 5});
    assert_eq!(since(&USUAL, &["--all-attributes"]), (lost, Value::Null));
}

#[test]
fn an_export_without_classes_is_called_incomplete() {
    let export = "dn: CN=A,DC=contoso,DC=com\nmail: a@contoso.com\n\n";
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let done = command.args(["check", "-"]).write_stdin(export).output().unwrap();
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(text.contains("the export is incomplete: no entry has objectClass"), "{text}");
}

#[test]
fn the_profiles_of_idfix_report_every_absence() {
    let few = export(5, &["mail", "sAMAccountName"]);
    let (findings, silent) = checked(&few, &["--profile", "idfix-dedicated"]);
    assert_eq!((findings, silent), (json!({"idfix-blank": 5}), Value::Null));
}

#[test]
fn fix_writes_nothing_for_what_was_not_exported() {
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let args = ["fix", "-", "-o", "-", "--no-undo", "--unsafe"];
    let done = command.args(args).write_stdin(export(5, &USUAL)).output().unwrap();
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(text.contains("no entry has proxyAddresses or userPrincipalName, as if"), "{text}");
    assert_eq!(done.status.code(), Some(0), "{text}");
}
