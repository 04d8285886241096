//! Source anchors that two objects share: the cloud takes them for one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use assert_cmd::Command;

/// How many findings of the rule there are.
fn found(lines: [&str; 2], options: &[&str]) -> usize {
    let entry = |name: &str, lines: &str| {
        format!(
            "dn: CN={name},DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: {name}\n\
             userPrincipalName: {name}@contoso.com\n{lines}\n\n"
        )
    };
    let export = entry("a", lines[0]) + &entry("b", lines[1]);
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let args = ["check", "-", "-q", "--format", "json", "--select", "anchor-duplicate"];
    let done = command.args(args).args(options).write_stdin(export).output().unwrap();
    assert!(done.status.code() < Some(2), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).lines().count()
}

#[test]
fn an_anchor_that_two_objects_share_is_found_at_both() {
    let bytes = "mS-DS-ConsistencyGuid:: AAECAwQFBgcICQoLDA0ODw==";
    let text = "mS-DS-ConsistencyGuid: 03020100-0504-0706-0809-0a0b0c0d0e0f";
    let other = "mS-DS-ConsistencyGuid:: AAECAwQFBgcICQoLDA0OIA==";
    // It ends with a space and a line feed in place of the last bytes, or has capital letters.
    let spaced = "mS-DS-ConsistencyGuid:: AAECAwQFBgcICQoLDA0gCg==";
    let letters = [
        "mS-DS-ConsistencyGuid:: QUJDREVGR0hJSktMTU5PUA==",
        "mS-DS-ConsistencyGuid:: YWJjZGVmZ2hpamtsbW5vcA==",
    ];
    assert_eq!(found([bytes, bytes], &[]), 2);
    assert_eq!(found([bytes, text], &[]), 2);
    assert_eq!(found([bytes, other], &[]), 0);
    assert_eq!(found([other, spaced], &[]), 0);
    assert_eq!(found(letters, &[]), 0);
    assert_eq!(found([bytes, ""], &[]), 0);
}

#[test]
fn anchors_that_differ_in_case_only_are_found_and_those_that_differ_otherwise_are_not() {
    let anchor = ["--source-anchor", "employeeNumber"];
    for (one, other, expected) in [
        ("employeeNumber: a1", "employeeNumber: a1", 2),
        ("employeeNumber: a1", "employeeNumber: A1", 2),
        ("employeeNumber: é1", "employeeNumber: É1", 2),
        ("employeeNumber: é1", "employeeNumber: e1", 0),
        ("employeeNumber: a1", "employeeNumber: a2", 0),
        ("employeeNumber: a1", "mS-DS-ConsistencyGuid:: YTE=", 0),
    ] {
        assert_eq!(found([one, other], &anchor), expected, "{one} {other}");
    }
    assert_eq!(found(["employeeNumber: a1", "employeeNumber: a1"], &[]), 0);
}
