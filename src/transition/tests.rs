//! Small exports and what they mean.

use super::*;
use crate::ldif::ReadOptions;
use crate::rules::catalogue::Settings;
use crate::rules::profile::RuleSet;
use crate::rules::{Profile, ProfileOptions, Selection};

struct Told {
    numbers: (u64, u64, u64),
    /// DN, rule and message.
    findings: Vec<(String, String, String)>,
}

fn told(old: &str, new: &str, delete_threshold: u64) -> Told {
    let settings = Settings {
        federated_domains: vec!["a.com".to_owned(), "b.com".to_owned()],
        ..Settings::default()
    };
    let options = ProfileOptions { settings, ..ProfileOptions::default() };
    let profile = Profile::by_name("entra", options).unwrap();
    let RuleSet::Catalogue(catalogue) = profile.rules.clone() else { unreachable!() };
    let options = CheckOptions {
        profile,
        selection: Selection::default(),
        read: ReadOptions::default(),
        keep_held: false,
    };
    let index =
        |text: &'static str| EntryIndex::read(text.as_bytes(), options.read, &|_| {}).unwrap();
    let (old, new): (&'static str, &'static str) =
        (String::leak(old.to_owned()), String::leak(new.to_owned()));
    let (old_index, new_index) = (index(old), index(new));
    let export = |name, text: &'static str| Export { name, bytes: text.as_bytes() };
    let pair = Exports {
        exports: [export("old", old), export("new", new)],
        indexes: [&old_index, &new_index],
    };
    let mut transition = Transition::default();
    transition.add(&pair, &options, &catalogue).unwrap();
    let mut findings = Vec::new();
    transition
        .findings(&options, &catalogue, delete_threshold, |finding| {
            let dn = String::from_utf8_lossy(&finding.dn).into_owned();
            let rules: Vec<&str> = finding.rules.iter().map(|rule| rule.0).collect();
            let at = format!("{}:{}", finding.file, finding.line);
            findings.push((dn, rules.join(","), format!("{at} {}", finding.message.unwrap())));
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
    Told { numbers: (transition.enter, transition.leaving(), transition.change), findings }
}

fn user(name: &str, lines: &str) -> String {
    format!("dn: CN={name},OU=S,DC=x\nobjectClass: user\nsAMAccountName: {name}\n{lines}\n\n")
}

fn rules(told: &Told) -> Vec<(&str, &str)> {
    told.findings.iter().map(|(dn, rule, _)| (&dn[3..4], rule.as_str())).collect()
}

#[test]
fn who_enters_leaves_and_changes_is_counted_by_scope() {
    let out = "adminDescription: User_no";
    let old = [user("A", "cn: a"), user("B", "cn: b"), user("C", out), user("D", "cn: d")].concat();
    let new = [user("A", "cn: a"), user("B", out), user("C", "cn: c"), user("E", "cn: e")].concat();
    let told = told(&old, &new, 500);
    assert_eq!(told.numbers, (2, 2, 0));
    assert_eq!(rules(&told), [("B", "leaves-scope"), ("D", "leaves-scope")]);
    assert_eq!(told.findings[0].2, "new:6 adminDescription leaves it out");
    assert_eq!(told.findings[1].2, "old:16 the export lacks it");
}

#[test]
fn from_the_threshold_on_deletions_are_errors() {
    let old: String = ["A", "B", "C"].map(|name| user(name, "cn: x")).concat();
    for (threshold, rule) in [(4, "leaves-scope"), (3, "deletion-threshold")] {
        let told = told(&old, &user("Z", "cn: z"), threshold);
        assert_eq!(told.numbers.1, 3);
        assert!(told.findings.iter().all(|finding| finding.1 == rule), "{:?}", told.findings);
    }
}

#[test]
fn a_container_that_moves_is_told_once_and_not_for_those_below() {
    let tree = |name: &str| {
        format!(
            "dn: OU={name},DC=x\nobjectClass: organizationalUnit\nobjectGUID:: \
             AAECAwQFBgcICQoLDA0ODw==\n\n\
             dn: OU=Sub,OU={name},DC=x\nobjectClass: organizationalUnit\nobjectGUID:: \
             EBESExQVFhcYGRobHB0eHw==\n\n\
             dn: CN=A,OU=Sub,OU={name},DC=x\nobjectClass: user\nsAMAccountName: A\nobjectGUID:: \
             IBESExQVFhcYGRobHB0eHw==\n\n"
        )
    };
    let told = told(&tree("Sales"), &tree("Trade"), 500);
    assert_eq!(told.numbers, (0, 0, 1));
    let dn = "OU=Trade,DC=x".to_owned();
    let message = "new:1 it was OU=Sales,DC=x".to_owned();
    assert_eq!(told.findings, [(dn, "container-moved".to_owned(), message)]);
}

#[test]
fn an_anchor_that_is_written_anew_with_the_same_bytes_is_the_same() {
    let guid = "objectGUID:: AAECAwQFBgcICQoLDA0ODw==\n";
    let anchored = |value: &str| user("A", &format!("{guid}mS-DS-ConsistencyGuid{value}"));
    let of = |old: &str, new: &str| {
        let told = told(old, new, 500);
        told.findings.into_iter().map(|it| it.1).collect::<Vec<_>>()
    };
    let bare = user("A", guid.trim_end());
    assert_eq!(of(&bare, &anchored(":: AAECAwQFBgcICQoLDA0ODw==")), Vec::<String>::new());
    assert_eq!(
        of(&bare, &anchored(": 03020100-0504-0706-0809-0a0b0c0d0e0f")),
        Vec::<String>::new()
    );
    assert_eq!(of(&bare, &anchored(":: EBESExQVFhcYGRobHB0eHw==")), ["anchor-changed"]);
}

#[test]
fn an_object_that_was_made_again_under_its_name_is_told() {
    let old = user("A", "objectGUID:: AAECAwQFBgcICQoLDA0ODw==");
    let told = told(&old, &user("A", "objectGUID:: EBESExQVFhcYGRobHB0eHw=="), 500);
    assert_eq!(rules(&told), [("A", "anchor-changed")]);
    assert!(told.findings[0].2.contains("made again"), "{:?}", told.findings);
}

#[test]
fn names_that_change_are_told_and_between_federated_domains_refused() {
    let name = |name: &str| user("A", &format!("userPrincipalName: {name}"));
    for (old, new, expected) in [
        ("ann@a.com", "ann@b.com", &["upn-federated-move"][..]),
        ("ann@a.com", "ann@contoso.com", &["upn-changed"]),
        ("ann@a.com", "bob@a.com", &["upn-changed"]),
        ("ann@a.com", "Ann@A.com", &[]),
    ] {
        let told = told(&name(old), &name(new), 500);
        let found: Vec<&str> = told.findings.iter().map(|it| it.1.as_str()).collect();
        assert_eq!(found, expected, "{old} {new}");
    }
}

#[test]
fn an_address_that_moves_is_told_at_its_new_holder() {
    let old = [
        user("A", "proxyAddresses: SMTP:a@x.com\nproxyAddresses: smtp:sales@x.com"),
        user("B", "proxyAddresses: SMTP:b@x.com"),
        user("C", "mail: c@x.com"),
    ]
    .concat();
    let new = [
        user("A", "proxyAddresses: SMTP:a@x.com"),
        user("B", "proxyAddresses: SMTP:b@x.com\nproxyAddresses: smtp:Sales@x.com"),
        // The same address in another attribute has not moved.
        user("C", "proxyAddresses: SMTP:c@x.com"),
    ]
    .concat();
    let told = told(&old, &new, 500);
    assert_eq!(rules(&told), [("B", "address-moved")]);
    assert_eq!(told.findings[0].2, "new:10 CN=A,OU=S,DC=x gives it up");
}

#[test]
fn a_primary_address_stays_at_least_a_secondary_one() {
    let with = |lines: &str| user("A", lines);
    let old = with("proxyAddresses: SMTP:a@x.com");
    let kept = with("proxyAddresses: SMTP:b@x.com\nproxyAddresses: smtp:A@x.com");
    assert_eq!(told(&old, &kept, 500).findings.len(), 0);
    assert_eq!(
        rules(&told(&old, &with("proxyAddresses: SMTP:b@x.com"), 500)),
        [("A", "primary-lost")]
    );
}

#[test]
fn what_is_the_same_means_nothing() {
    let all = [user("A", "mail: a@x.com"), user("B", "cn: b")].concat();
    let reordered = [user("B", "cn: b"), user("A", "mail: a@x.com")].concat();
    let told = told(&all, &reordered, 1);
    assert_eq!((told.numbers, told.findings.len()), ((0, 0, 0), 0));
}
