//! References to other entries: however a DN is spelled, it names its entry.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use assert_cmd::Command;
use serde_json::Value;

/// Spellings of one name, as RFC 4514 and LDAP servers have them.
const SPELLINGS: [&str; 10] = [
    "CN=Archer\\, Ann,OU=R\\26D,DC=contoso,DC=com",
    "cn=archer\\, ann,ou=r&d,dc=contoso,dc=com",
    "CN=Archer\\2C Ann,OU=R&D,DC=contoso,DC=com",
    "CN=Archer\\2c\\20Ann,OU=R\\&D,DC=contoso,DC=com",
    "CN=\"Archer, Ann\",OU=R&D,DC=contoso,DC=com",
    "CN = Archer\\, Ann , OU = R&D , DC = contoso , DC = com",
    "CN=Archer\\,  Ann, OU=R&D, DC=contoso, DC=com",
    "CN=Archer\\, Ann;OU=R&D;DC=contoso;DC=com",
    "2.5.4.3=Archer\\, Ann,OU=R&D,DC=contoso,DC=com",
    "CN=\u{ff21}rcher\\, Ann,OU=R&D,DC=contoso,DC=com",
];

/// Names of other entries that look like it.
const OTHERS: [&str; 4] = [
    "CN=Archer\\, Ann,DC=contoso,DC=com",
    "CN=Archer Ann,OU=R&D,DC=contoso,DC=com",
    "CN=Archer\\, Ann,OU=R&D,DC=contoso,DC=org",
    "CN=Archer\\, Ann\\,OU=R&D,DC=contoso,DC=com",
];

/// The findings of a rule in an export, as JSON.
fn found(export: &str, profile: &str, rule: &str) -> Vec<Value> {
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let args = ["check", "-", "-q", "--format", "json", "--profile", profile, "--select", rule];
    let done = command.args(args).write_stdin(export).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn spelled_pairs() -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    let same = |own| SPELLINGS.into_iter().map(move |other| (own, other, true));
    let others = OTHERS.into_iter().map(|other| (SPELLINGS[0], other, false));
    SPELLINGS.into_iter().flat_map(same).chain(others)
}

#[test]
fn a_member_that_is_not_synchronised_is_known_by_every_spelling_of_its_name() {
    for (own, named, is_same) in spelled_pairs() {
        let export = format!(
            "dn: CN=Staff,DC=contoso,DC=com\nobjectClass: group\nsAMAccountName: staff\n\
             member: {named}\n\ndn: {own}\n\
             objectClass: user\nsAMAccountName: ann\nadminDescription: User_NoSync\n\n"
        );
        let found = found(&export, "entra", "member-out-of-scope");
        assert_eq!(found.len(), usize::from(is_same), "{own} {named}");
        let told = |found: &Value| found["message"].as_str().unwrap().contains("admin-description");
        assert!(found.iter().all(told), "{found:?}");
    }
}

#[test]
fn a_manager_who_is_not_synchronised_is_known_by_every_spelling_of_the_name() {
    for (own, named, is_same) in spelled_pairs() {
        let export = format!(
            "dn: CN=Bob,DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: bob\n\
             manager: {named}\n\ndn: {own}\n\
             objectClass: user\nsAMAccountName: ann\nadminDescription: User_NoSync\n\n"
        );
        let found = found(&export, "entra", "manager-out-of-scope");
        assert_eq!(found.len(), usize::from(is_same), "{own} {named}");
    }
}

#[test]
fn an_administrator_is_known_by_every_spelling_of_the_name_in_the_group() {
    for (own, named, is_same) in spelled_pairs() {
        let export = format!(
            "dn: CN=Admins,DC=contoso,DC=com\nobjectClass: group\nadminCount: 1\n\
             member: {named}\n\ndn: {own}\n\
             objectClass: user\nsAMAccountName: ann\nadminCount: 1\n\n"
        );
        let found = found(&export, "hygiene", "account-admin-no-longer");
        assert_eq!(found.len(), usize::from(!is_same), "{own} {named}");
    }
}

#[test]
fn a_name_that_is_no_dn_is_compared_as_it_stands() {
    for (named, expected) in [("no dn at all", 1), ("NO DN AT ALL", 1), ("no  dn at all", 0)] {
        let export = format!(
            "dn: CN=Staff,DC=contoso,DC=com\nobjectClass: group\nsAMAccountName: staff\n\
             member: {named}\n\ndn: no dn at all\nobjectClass: user\n\n"
        );
        let found = found(&export, "entra", "member-out-of-scope");
        assert_eq!(found.len(), expected, "{named}");
    }
}
