//! What objects have in common, and what is said of exports as a whole: from the outside.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use assert_cmd::Command;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Entries: the DN, the class, and lines. The last two labels of the domain are its forest,
/// unless a line says otherwise.
fn export(entries: &[(&str, &str, &[&str])]) -> String {
    let mut export = String::new();
    for (number, (dn, class, lines)) in entries.iter().enumerate() {
        write!(export, "dn: {dn}\nobjectClass: {class}\nsAMAccountName: a{number}\n").unwrap();
        if !lines.iter().any(|line| line.starts_with("objectCategory:")) {
            let labels: Vec<&str> = dn.rsplit(',').take(2).collect();
            let root = format!("{},{}", labels[1], labels[0]);
            writeln!(export, "objectCategory: {SCHEMA}{root}").unwrap();
        }
        lines.iter().for_each(|line| writeln!(export, "{line}").unwrap());
        export.push('\n');
    }
    export
}

/// The names of the entries that break a rule, and the summary.
fn checked(export: &str, rule: &str, options: &[&str]) -> (Vec<String>, Value) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let stats = file.path().to_str().unwrap().to_owned();
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let args = ["-q", "check", "-", "--format", "json", "--stats", &stats];
    let done = command.args(args).args(options).write_stdin(export).output().unwrap();
    let rows = String::from_utf8(done.stdout).unwrap();
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = rows.filter(|row| row["rule"].as_str().unwrap().split(", ").any(|it| it == rule));
    let name = |row: Value| row["dn"].as_str().unwrap().split(',').next().unwrap().to_owned();
    let summary = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
    (found.map(name).collect(), summary)
}

fn found(entries: &[(&str, &str, &[&str])], rule: &str, profile: &str) -> Vec<String> {
    checked(&export(entries), rule, &["--profile", profile]).0
}

/// What stands in front of the forest in an objectCategory.
const SCHEMA: &str = "CN=Person,CN=Schema,CN=Configuration,";
const A: &str = "CN=A,DC=contoso,DC=com";
const B: &str = "CN=B,DC=contoso,DC=com";
/// Elsewhere in the forest, and in another one.
const CHILD: &str = "CN=C,DC=emea,DC=contoso,DC=com";
const FOREIGN: &str = "CN=F,DC=fabrikam,DC=com";
const ENABLED: &str = "userAccountControl: 512";
const DISABLED: &str = "userAccountControl: 514";

/// An attribute with the SID of a domain's object, in bytes or as text.
fn sid(attribute: &str, number: u32, as_text: bool) -> String {
    if as_text {
        return format!("{attribute}: S-1-5-21-1-2-3-{number}");
    }
    let mut sid = vec![1, 5, 0, 0, 0, 0, 0, 5];
    [21, 1, 2, 3, number].iter().for_each(|part: &u32| sid.extend(part.to_le_bytes()));
    format!("{attribute}:: {}", STANDARD.encode(sid))
}

#[test]
fn two_that_claim_a_sid_are_found_and_linked_mailboxes_are_not() {
    let found = |entries: &[(&str, &str, &[&str])]| found(entries, "duplicate-sid", "entra");
    let [own, text] = [false, true].map(|as_text| sid("objectSid", 1104, as_text));
    let other = sid("objectSid", 1105, false);
    let master = sid("msExchMasterAccountSid", 1104, false);
    assert_eq!(found(&[(A, "user", &[&own]), (B, "user", &[&own])]), ["CN=A", "CN=B"]);
    assert_eq!(found(&[(A, "user", &[&own]), (B, "user", &[&text])]), ["CN=A", "CN=B"]);
    assert_eq!(found(&[(A, "user", &[&own]), (B, "user", &[&other])]), [""; 0]);
    let pair = |state| {
        let mailbox: &[&str] = &[&other, &master, state];
        found(&[(A, "user", &[&own, ENABLED]), (FOREIGN, "user", mailbox)])
    };
    assert_eq!(pair(DISABLED), [""; 0]);
    assert_eq!(pair(ENABLED), ["CN=A", "CN=F"]);
    let two = [(A, "user", &[&*master, DISABLED][..]), (B, "user", &[&master, DISABLED])];
    assert_eq!(found(&two), ["CN=A", "CN=B"]);
    // Shared mailboxes all have SELF.
    let nobody = format!(
        "msExchMasterAccountSid:: {}",
        STANDARD.encode([1, 1, 0, 0, 0, 0, 0, 5, 10, 0, 0, 0])
    );
    assert_eq!(found(&[(A, "user", &[&nobody]), (B, "user", &[&nobody])]), [""; 0]);
}

#[test]
fn a_service_is_that_of_one_account_of_a_forest() {
    let pair = |one: (&str, &str, &str), other: (&str, &str, &str)| {
        let lines = |it: &(&str, &str, &str)| format!("servicePrincipalName: {}", it.2);
        let (first, second) = (lines(&one), lines(&other));
        let entries: [(&str, &str, &[&str]); 2] =
            [(one.0, one.1, &[&first]), (other.0, other.1, &[&second])];
        found(&entries, "duplicate-service-name", "hygiene").len()
    };
    assert_eq!(pair((A, "user", "HTTP/web.contoso.com"), (B, "user", "http/WEB.contoso.com")), 2);
    assert_eq!(pair((A, "user", "HTTP/web"), (CHILD, "computer", "http/web")), 2);
    assert_eq!(pair((A, "user", "HTTP/web"), (FOREIGN, "user", "HTTP/web")), 0);
    assert_eq!(pair((A, "computer", "cifs/web"), (B, "computer", "HOST/web")), 2);
    assert_eq!(pair((A, "computer", "MSSQLSvc/web"), (B, "computer", "HOST/web")), 0);
    assert_eq!(pair((A, "computer", "cifs/web"), (B, "computer", "http/web")), 0);
    assert_eq!(pair((A, "user", "HTTP/web"), (B, "computer", "HOST/web")), 0);
    assert_eq!(pair((A, "computer", "msdtc/web"), (B, "computer", "HOST/web")), 2);
    // As krbtgt has it in each domain.
    assert_eq!(pair((A, "user", "kadmin/changepw"), (CHILD, "user", "kadmin/changepw")), 0);
    // One account has both, and more than once.
    let lines = ["servicePrincipalName: HTTP/w", "servicePrincipalName: HOST/w"];
    assert_eq!(found(&[(A, "computer", &lines)], "duplicate-service-name", "hygiene"), [""; 0]);
}

#[test]
fn the_exports_may_say_for_which_services_host_stands() {
    const DIRECTORY: &str = "CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,\
                             DC=contoso,DC=com";
    let pair = |service: &str| {
        let service = format!("servicePrincipalName: {service}/web");
        let lines: [&[&str]; 3] =
            [&[&service], &["servicePrincipalName: HOST/web"], &["spnmappings: host=http,Backup"]];
        let entries = [
            (A, "computer", lines[0]),
            (B, "computer", lines[1]),
            (DIRECTORY, "nTDSService", lines[2]),
        ];
        found(&entries, "duplicate-service-name", "hygiene").len()
    };
    assert_eq!([pair("backup"), pair("HTTP"), pair("cifs")], [2, 2, 0]);
}

#[test]
fn a_forest_is_told_by_the_schema_whatever_its_domains_are_called() {
    const SERVICE: &str = "servicePrincipalName: HTTP/web";
    let pair = |one: (&str, &str), other: (&str, &str)| {
        let [first, second] = [one.1, other.1].map(|root| format!("objectCategory: {root}"));
        let entries: [(&str, &str, &[&str]); 2] =
            [(one.0, "user", &[&first, SERVICE]), (other.0, "user", &[&second, SERVICE])];
        found(&entries, "duplicate-service-name", "hygiene").len()
    };
    let [contoso, fabrikam] =
        ["contoso", "fabrikam"].map(|it| format!("{SCHEMA}DC={it},DC=co,DC=uk"));
    let (a, b) = ("CN=A,DC=contoso,DC=co,DC=uk", "CN=B,DC=fabrikam,DC=co,DC=uk");
    assert_eq!(pair((a, &contoso), (b, &fabrikam)), 0);
    // Another tree of the same forest.
    assert_eq!(pair((a, &contoso), (b, &contoso.to_lowercase())), 2);
    assert_eq!(pair((A, &contoso), (FOREIGN, &contoso)), 2);
    // Where it names no schema, the domain has to do.
    assert_eq!(pair((a, "person"), (b, &fabrikam)), 2);
    assert_eq!(pair((A, "person"), (FOREIGN, "person")), 0);
}

#[test]
fn a_mailbox_is_that_of_one_object_unless_it_is_about_to_move() {
    let guid = "msExchMailboxGuid: 03020100-0504-0706-0809-0a0b0c0d0e0f";
    let bytes = "msExchArchiveGUID:: AAECAwQFBgcICQoLDA0ODw==";
    let none = "msExchArchiveGUID:: AAAAAAAAAAAAAAAAAAAAAA==";
    let has = "homeMDB: CN=DB";
    let found =
        |entries: &[(&str, &str, &[&str])]| found(entries, "duplicate-mailbox", "hygiene").len();
    assert_eq!(found(&[(A, "user", &[guid, has]), (B, "user", &[bytes])]), 2);
    assert_eq!(found(&[(A, "user", &[guid, has]), (FOREIGN, "user", &[guid])]), 0);
    assert_eq!(found(&[(A, "user", &[guid, has]), (FOREIGN, "user", &[guid, has])]), 2);
    assert_eq!(found(&[(A, "user", &[none]), (B, "user", &[none])]), 0);
}

#[test]
fn mail_that_goes_to_another_object_is_found_within_a_forest() {
    let target = "targetAddress: SMTP:bob@contoso.com";
    let found = |entries: &[(&str, &str, &[&str])]| found(entries, "target-of-other", "hygiene");
    let contact: &[&str] = &["mail: a@fabrikam.com", target];
    for address in ["mail: bob@contoso.com", "proxyAddresses: smtp:Bob@contoso.com"] {
        assert_eq!(found(&[(A, "contact", contact), (B, "user", &[address])]), ["CN=A", "CN=B"]);
        assert_eq!(found(&[(A, "contact", contact), (FOREIGN, "user", &[address])]), [""; 0]);
    }
    assert_eq!(found(&[(A, "user", &[target, "proxyAddresses: SMTP:bob@contoso.com"])]), [""; 0]);
    assert_eq!(found(&[(A, "user", &[target]), (B, "user", &[target])]), [""; 0]);
}

#[test]
fn a_public_folder_counts_by_its_addresses_alone() {
    const FOLDER: &str = "CN=Sales,CN=Microsoft Exchange System Objects,DC=contoso,DC=com";
    let folder: &[&str] = &[
        "proxyAddresses: SMTP:sales@contoso.com",
        "mail: sales@contoso.com",
        "mailNickname: sales",
        "displayName:: IA==",
    ];
    let rule = "duplicate-public-folder";
    for (class, address) in [
        ("user", "proxyAddresses: smtp:Sales@contoso.com"),
        ("group", "mail: sales@contoso.com"),
        ("contact", "mail: sales@contoso.com"),
    ] {
        let text = export(&[(FOLDER, "publicFolder", folder), (A, class, &[address])]);
        for profile in ["entra", "entra-cloud-sync", "exchange-online"] {
            let (names, summary) = checked(&text, rule, &["--profile", profile]);
            assert_eq!(names, ["CN=A"], "{class} {profile}");
            assert_eq!(summary["out_of_scope"]["public-folder"], 1);
        }
    }
    let others: &[&str] = &["userPrincipalName: sales@contoso.com", "mailNickname: sales"];
    let text = export(&[(FOLDER, "publicFolder", folder), (A, "user", others)]);
    assert_eq!(checked(&text, rule, &[]).0, [""; 0]);
    assert_eq!(checked(&text, "duplicate-alias", &[]).0, [""; 0]);
    // Nothing is said of the folder itself.
    let (_, summary) = checked(&export(&[(FOLDER, "publicFolder", folder)]), rule, &[]);
    assert_eq!(summary["findings"], serde_json::json!({}));
}

#[test]
fn an_entry_that_stands_twice_shares_nothing_with_itself() {
    let lines: &[&str] = &[
        "userPrincipalName: a@contoso.com",
        "mail: a@contoso.com",
        "proxyAddresses: SMTP:a@contoso.com",
        "mailNickname: a",
    ];
    let same = "cn=a, dc=contoso,dc=com";
    for profile in ["entra", "exchange-online", "google", "schemus", "hygiene"] {
        let text = export(&[(A, "user", lines), (same, "user", lines)]);
        let (names, summary) = checked(&text, "entry-twice", &["--profile", profile]);
        assert_eq!(names, ["CN=A", "cn=a"], "{profile}");
        let findings: BTreeMap<String, u64> =
            serde_json::from_value(summary["findings"].clone()).unwrap();
        assert!(!findings.keys().any(|name| name.contains("duplicate")), "{findings:?}");
    }
    // A third one shares what it has with both.
    let text = export(&[(A, "user", lines), (same, "user", lines), (B, "user", lines)]);
    assert_eq!(checked(&text, "duplicate-upn", &[]).0, ["CN=A", "cn=a", "CN=B"]);
}

#[test]
fn suffixes_are_judged_where_the_exports_hold_the_configuration_of_the_forest() {
    let user: &[&str] = &["userPrincipalName: a@example.org"];
    let suffixes: &[&str] = &["uPNSuffixes: contoso.cloud"];
    let domain: &[&str] = &["dnsRoot: contoso.com"];
    const PARTITIONS: &str = "CN=Partitions,CN=Configuration,DC=contoso,DC=com";
    const DOMAIN: &str = "CN=C,CN=Partitions,CN=Configuration,DC=contoso,DC=com";
    let container = (PARTITIONS, "crossRefContainer", suffixes);
    let reference = (DOMAIN, "crossRef", domain);
    let found = |entries: &[(&str, &str, &[&str])]| found(entries, "upn-suffix-of-forest", "entra");
    assert_eq!(found(&[(A, "user", user), container, reference]), ["CN=A"]);
    assert_eq!(found(&[(A, "user", user), container]), [""; 0]);
    assert_eq!(found(&[(A, "user", user), reference]), [""; 0]);
    assert_eq!(found(&[(FOREIGN, "user", user), container, reference]), [""; 0]);
    for name in ["userPrincipalName: a@Contoso.cloud", "userPrincipalName: a@contoso.com"] {
        assert_eq!(found(&[(A, "user", &[name]), container, reference]), [""; 0]);
    }
}

#[test]
fn values_in_directory_extensions_are_counted_over_all_attributes() {
    let count = |values: usize| {
        let lines: Vec<String> = (0..values).map(|at| format!("description: {at}")).collect();
        let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        lines.push("title: x");
        let text = export(&[(A, "user", &lines)]);
        // That one is named twice changes nothing.
        let options = ["title", "description", "Description"];
        let options = options.map(|name| ["--extension-attribute", name]).concat();
        checked(&text, "directory-extension-count", &options).0.len()
    };
    assert_eq!((count(99), count(100)), (0, 1));
}

#[test]
fn more_objects_than_a_tenant_takes_are_told_once_and_are_no_finding() {
    let mut text = String::new();
    for at in 0..50_001 {
        write!(text, "dn: CN=G{at},DC=x\nobjectClass: group\nsAMAccountName: g{at}\n\n").unwrap();
    }
    let notes = |options: &[&str]| {
        let (_, summary) = checked(&text, "", options);
        let notes = summary["notes"].as_array().cloned().unwrap_or_default();
        notes.iter().filter(|note| note.as_str().unwrap().contains("to be synchronised")).count()
    };
    assert_eq!(notes(&["--select", "upn-at"]), 1);
    assert_eq!(notes(&["--select", "upn-at", "--verified-domain", "contoso.com"]), 0);
    assert_eq!(notes(&["--select", "google-domain", "--profile", "google"]), 0);
}

#[test]
fn an_export_without_anything_in_scope_is_told() {
    let notes = |class| {
        let text = format!("dn: {A}\nobjectClass: {class}\nsAMAccountName: a\n");
        checked(&text, "", &["--select", "upn-at"]).1["notes"].clone()
    };
    assert_eq!(notes("user"), Value::Null);
    assert!(notes("person")[0].as_str().unwrap().starts_with("no entry is in scope"));
}

#[test]
fn an_old_export_is_told_by_its_newest_change() {
    let text = export(&[
        (A, "user", &["whenChanged: 20260314092600.0Z"]),
        (B, "user", &["whenChanged: 20250314092600.0Z"]),
    ]);
    let notes = |day| {
        let (_, summary) = checked(&text, "", &["--profile", "hygiene", "--as-of", day]);
        summary["notes"].clone()
    };
    assert_eq!(notes("2026-04-13"), Value::Null);
    assert!(notes("2026-04-14")[0].as_str().unwrap().contains("of 2026-03-14:"));
}

/// What `fix` says of an export.
fn fixed(text: &str) -> String {
    let mut command = Command::cargo_bin("ldifix").unwrap();
    let args = ["fix", "-", "-o", "-", "--no-undo", "--unsafe"];
    let done = command.args(args).write_stdin(text).output().unwrap();
    String::from_utf8(done.stderr).unwrap()
}

#[test]
fn a_change_to_accounts_without_admin_count_says_that_administrators_are_not_told() {
    const NOTE: &str = "no entry has adminCount";
    let users = |line: &str, class: &str| -> String {
        let entry = |at| {
            format!(
                "dn: CN=U{at},DC=x\nobjectClass: {class}\nsAMAccountName: u{at}\n\
                 userPrincipalName: u{at}@contoso.com\nmail: u{at}@contoso.com\n\
                 proxyAddresses: smtp:u{at}@contoso.com\nmailNickname: u{at}\n{line}\n"
            )
        };
        (0..5).map(entry).collect()
    };
    assert!(fixed(&users("", "user")).contains(NOTE), "{}", fixed(&users("", "user")));
    assert!(!fixed(&users("adminCount: 0\n", "user")).contains(NOTE));
    assert!(!fixed(&users("", "contact")).contains(NOTE));
    let in_order = users("", "user").replace("smtp:", "SMTP:");
    assert!(!fixed(&in_order).contains(NOTE));
}

#[test]
fn a_prediction_says_what_the_export_leaves_out_of_which_it_would_be_made() {
    let users = |lines: &str| -> String {
        let entry = |at| {
            format!(
                "dn: CN=U{at},DC=x\nobjectClass: user\nsAMAccountName: u{at}\n\
                 proxyAddresses: SMTP:u{at}@contoso.com\n{lines}\n"
            )
        };
        (0..5).map(entry).collect()
    };
    let predicted = |text: &str| {
        let mut command = Command::cargo_bin("ldifix").unwrap();
        let args = ["-q", "check", "-", "--predict", "--format", "json"];
        let done = command.args(args).write_stdin(text).output().unwrap();
        let rows = String::from_utf8(done.stdout).unwrap();
        let first: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
        (first["mailNickname"].clone(), first["left_out"].clone())
    };
    assert_eq!(predicted(&users("")), ("u0".into(), "mailNickname".into()));
    let whole = users("objectCategory: CN=Person\n");
    assert_eq!(predicted(&whole), ("u0".into(), Value::Null));
    assert_eq!(predicted(&users("mailNickname: nick\n")), ("nick".into(), Value::Null));
}
