//! The attribute by which Google's Directory Sync knows users is any that stays: each
//! server has its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use assert_cmd::Command;

/// Attributes that administrators choose, each with two values of it.
const ATTRIBUTES: [(&str, [&str; 2]); 9] = [
    (
        "objectGUID",
        ["03020100-0504-0706-0809-000000000001", "03020100-0504-0706-0809-000000000002"],
    ),
    ("objectSid", ["S-1-5-21-7-8-9-1104", "S-1-5-21-7-8-9-1105"]),
    ("entryUUID", ["6f0b1a3e-7c1c-103a-8f3a-000000000001", "6f0b1a3e-7c1c-103a-8f3a-000000000002"]),
    ("uid", ["aarcher", "bbrown"]),
    ("uidNumber", ["10001", "10002"]),
    ("sAMAccountName", ["aarcher", "bbrown"]),
    ("employeeID", ["1", "2"]),
    ("cn", ["Ann", "Bob"]),
    ("mS-DS-ConsistencyGuid", ["03020100-0504-0706-0809-000000000001", "1"]),
];

/// The findings of the rule, as lines of CSV.
fn found(export: &str, attribute: &str) -> Vec<String> {
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let args = ["check", "-", "-q", "--format", "csv", "--profile", "google"];
    let rule = ["--select", "google-unique-id-missing", "--google-unique-id", attribute];
    let done = command.args(args).args(rule).write_stdin(export).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.code() < Some(2), "{}", String::from_utf8_lossy(&done.stderr));
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn who_lacks_the_attribute_is_found_whichever_it_is() {
    for (attribute, values) in ATTRIBUTES {
        let person = |name: &str, line: &str| {
            format!(
                "dn: uid={name},ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\n{line}\
                 givenName: {name}\nsn: {name}\nmail: {name}@example.com\n\n"
            )
        };
        let export = person("ann", &format!("{attribute}: {}\n", values[0]))
            + &person("bob", &format!("{attribute}: {}\n", values[1]))
            + &person("eve", "");
        let found = found(&export, attribute);
        assert_eq!(found.len(), 1, "{attribute}: {found:?}");
        assert!(found[0].contains("uid=eve"), "{attribute}: {found:?}");
    }
}
