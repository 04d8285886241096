//! A rule that was selected and cannot find anything says why.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use assert_cmd::Command;
use ldifix::rules::Rule;

/// Of each user what nearly every export holds.
const EXPORT: &str = "\
dn: CN=A,DC=contoso,DC=com
objectClass: user
cn: A
sAMAccountName: a
userPrincipalName: a@contoso.com
mail: a@contoso.com
userAccountControl: 512
whenChanged: 20260314092600.0Z

dn: CN=B,DC=contoso,DC=com
objectClass: user
cn: B
sAMAccountName: b
userPrincipalName: b@contoso.com
mail: b@contoso.com
userAccountControl: 512
whenChanged: 20260314092600.0Z

dn: CN=C,DC=contoso,DC=com
objectClass: group
cn: C
displayName: C
sAMAccountName: c

";

/// What stands on stderr.
fn said(args: &[&str]) -> String {
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let done = command.args(["check", "-"]).args(args).write_stdin(EXPORT).output().unwrap();
    let text = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.code() < Some(2), "{text}");
    text
}

#[test]
fn a_rule_that_lacks_an_attribute_or_an_option_says_so() {
    for (profile, select, words) in [
        ("hygiene", "account-stale", "no entry has lastLogonTimestamp"),
        ("hygiene", "account-expired", "no entry has accountExpires"),
        ("hygiene", "account-admin-no-longer", "no entry has adminCount"),
        ("hygiene", "account-sid-history", "no entry has sIDHistory"),
        ("entra", "mail-not-primary", "no entry has proxyAddresses"),
        ("entra", "proxy-space", "no entry has proxyAddresses"),
        ("entra", "target-*", "no entry has targetAddress"),
        ("entra", "target-format", "no entry has targetAddress"),
        ("entra", "tenant-address-taken", "it needs --tenant-export"),
        ("entra", "tenant", "it needs --tenant-export"),
        ("entra", "transition", "it needs --previous"),
        ("entra", "leaves-scope", "it needs --previous"),
        ("entra", "earlier-change-not-kept", "it needs --earlier-change"),
        ("entra", "mail-unverified", "it needs --verified-domain"),
        ("entra", "anchor-missing", "it needs --source-anchor"),
        ("entra", "text-directory-extension", "it needs --extension-attribute"),
        ("google", "google-unique-id-missing", "it needs --google-unique-id"),
        ("google", "google-custom-field", "it needs --extension-attribute"),
        ("google", "google-domain", "it needs --verified-domain"),
        ("schemus", "schemus-groups-alone", "it needs --schemus-sync"),
    ] {
        let text = said(&["--profile", profile, "--select", select]);
        let line = format!("--select {select} finds nothing: {words}");
        assert_eq!(text.matches(&line).count(), 1, "{select}: {text}");
        // All rules together say nothing of it.
        let text = said(&["--profile", profile]);
        assert!(!text.contains("finds nothing"), "{text}");
    }
}

#[test]
fn several_selections_share_one_note() {
    let text = said(&["--select", "tenant", "--select", "leaves-scope", "--select", "mail-format"]);
    let line = "--select tenant finds nothing: it needs --tenant-export; --select leaves-scope \
                finds nothing: it needs --previous";
    assert!(text.replace('\n', " ").contains(line), "{text}");
    assert!(!text.contains("mail-format"), "{text}");
}

#[test]
fn a_rule_that_has_what_it_needs_says_nothing() {
    for (profile, args) in [
        ("entra", &["--select", "mail-unverified", "--verified-domain", "contoso.com"][..]),
        ("entra", &["--select", "anchor-missing", "--source-anchor", "sAMAccountName"]),
        ("entra", &["--select", "upn-space"]),
        ("entra", &["--select", "upn-*"]),
        ("entra", &["--select", "text-length"]),
        ("entra", &["--select", "schema"]),
        ("entra", &["--select", "member-out-of-scope", "--select", "duplicate-address"]),
        ("entra", &["--select", "disabled-account"]),
        ("google", &["--select", "google-ou-depth"]),
        ("hygiene", &["--select", "account-password-never-expires"]),
        ("hygiene", &["--select", "member-of-count"]),
    ] {
        let text = said(&[&["--profile", profile], args].concat());
        let is_unable = |rule: &&str| text.contains(&format!("--select {rule} finds nothing"));
        let unable: Vec<_> = args.iter().filter(|rule| is_unable(rule)).collect();
        let expected: &[&str] = if args.contains(&"duplicate-address") {
            &["member-out-of-scope", "duplicate-address"]
        } else {
            &[]
        };
        assert!(unable.iter().all(|rule| expected.contains(*rule)), "{text}");
        assert_eq!(unable.len(), expected.len(), "{text}");
    }
}

#[test]
fn what_is_noted_for_want_of_an_attribute_is_not_noted_twice() {
    let text = said(&["--select", "mail-without-proxy"]);
    assert!(text.contains("no entry has proxyAddresses"), "{text}");
    assert!(!text.contains("finds nothing"), "{text}");
}

#[test]
fn no_rule_lacks_anything_in_its_own_example() {
    for rule in Rule::all().filter(|rule| !rule.name.0.starts_with("idfix")) {
        let named: Vec<&str> = rule.example.wrong.iter().flat_map(|entry| entry.lines()).collect();
        for needed in ldifix::rules::needed_attributes(rule) {
            let is_there = |line: &&str| line.split(':').next() == Some(needed.name());
            let of_each = ["cn", "sAMAccountName", "objectClass"].contains(&needed.name());
            assert!(of_each || named.iter().any(is_there), "{} {}", rule.name.0, needed.name());
        }
    }
}
