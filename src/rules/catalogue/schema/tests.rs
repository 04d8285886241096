//! What the schema refuses and what it takes, read from whole exports.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;

use crate::ldif::ReadOptions;
use crate::rules::{CheckOptions, Export, Profile, ProfileOptions, Selection, Survey};

/// The rules with the attributes, values and lines of all findings of the family.
fn found(profile: &str, export: &str) -> Vec<String> {
    let options = CheckOptions {
        profile: Profile::by_name(profile, ProfileOptions::default()).unwrap(),
        selection: Selection::default(),
        read: ReadOptions::default(),
        keep_held: false,
    };
    let exports = [Export { name: "example", bytes: export.as_bytes() }];
    let survey = Survey::run(&exports, &options, &|_| {});
    let mut found = Vec::new();
    survey
        .findings(|entry| {
            for finding in entry.findings {
                let own = |name: &&str| {
                    ["schema-", "rdn-", "conflict-", "lost-", "export-", "uniqueness-"]
                        .iter()
                        .any(|prefix| name.starts_with(prefix))
                };
                for rule in finding.rules.iter().map(|rule| rule.0).filter(own) {
                    found.push(format!("{rule} {} {}", finding.attribute, finding.line));
                }
            }
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
    found
}

/// An entry with these lines, from line 5 on.
fn user(lines: &str) -> String {
    format!(
        "dn: CN=Ann,DC=contoso,DC=com\nobjectClass: user\nobjectCategory: CN=Person,DC=x\n\
         sAMAccountName: ann\n{lines}\n\n"
    )
}

fn in_user(lines: &str) -> Vec<String> {
    found("ad-schema", &user(lines))
}

#[test]
fn a_second_value_is_found_once_wherever_it_stands_and_however_it_is_spelled() {
    assert_eq!(in_user("title: a\ntitle: b\ntitle: c"), ["schema-single-valued title 6"]);
    assert_eq!(in_user("title: a\nl: b\nTITLE: c"), ["schema-single-valued title 7"]);
    assert_eq!(in_user("sn: a\nl: b\nsurname: c"), ["schema-single-valued sn 7"]);
    assert_eq!(in_user("title: a\nsn: b\notherTelephone: 1\notherTelephone: 2"), [""; 0]);
    assert_eq!(in_user("title;lang-de: a\ntitle: b"), [""; 0]);
}

#[test]
fn a_second_value_is_found_in_an_export_of_any_size() {
    let mut export = String::new();
    for number in 0..2000 {
        let second = if number % 500 == 7 { "company: d\nlastLogon: 1\n" } else { "" };
        writeln!(
            export,
            "dn: CN={number},DC=x\nobjectClass: user\nsAMAccountName: u{number}\ntitle: a\n\
             company: b\nlastLogon: 0\ndepartment: c\n{second}"
        )
        .unwrap();
    }
    for profile in ["ad-schema", "entra"] {
        let found = found(profile, &export);
        assert_eq!(found.len(), 8, "{profile}: {found:?}");
        assert_eq!(found[0], "schema-single-valued company 64");
        assert_eq!(found[1], "schema-single-valued lastLogon 65");
    }
}

#[test]
fn what_a_modify_record_adds_is_not_held_against_the_entry() {
    let export = user("title: a")
        + "dn: CN=Ann,DC=contoso,DC=com\nchangetype: modify\nreplace: title\ntitle: b\n-\n\
           replace: title\ntitle: c\n-\n\n";
    assert_eq!(found("ad-schema", &export), [""; 0]);
}

#[test]
fn values_are_held_against_their_syntax() {
    for (line, attribute) in [
        ("msExchHideFromAddressLists: true", "msExchHideFromAddressLists"),
        ("whenChanged: 2026-11-22 16:29", "whenChanged"),
        ("whenChanged: 20261322162944.0Z", "whenChanged"),
        ("accountExpires: 9223372036854775808", "accountExpires"),
        ("accountExpires: 1,3E+17", "accountExpires"),
        ("userAccountControl: 0x200", "userAccountControl"),
        ("userAccountControl: 4294967296", "userAccountControl"),
        ("manager: Ann Archer", "manager"),
        ("manager: CN=Ann,", "manager"),
        ("memberOf: CN=Ann;DC", "memberOf"),
        ("objectGUID:: LTO98IbRSYUTZehAI1mF", "objectGUID"),
        ("objectGUID: LTO98IbRSYUTZehAI1mF+g==", "objectGUID"),
        ("objectSid:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOS6AM=", "objectSid"),
        ("gecos: Jürgen", "gecos"),
        ("x121Address: 12a", "x121Address"),
    ] {
        assert_eq!(in_user(line), [format!("schema-syntax {attribute} 5")], "{line}");
    }
}

#[test]
fn values_as_servers_and_their_tools_write_them_are_no_findings() {
    for line in [
        "msExchHideFromAddressLists: FALSE",
        "whenChanged: 20261122162944.0Z",
        "whenChanged: 20240229162944Z",
        "whenChanged: 261122162944Z",
        "dSCorePropagationData: 16010101000000.0Z",
        "accountExpires: 0",
        "accountExpires: 9223372036854775807",
        "lockoutTime: -1",
        "groupType: -2147483646",
        "groupType: 2147483650",
        "manager: CN=Archer\\, Ann,OU=Staff,DC=contoso,DC=com",
        "manager: CN=Jürgen,\n  OU=Staff,DC=contoso,DC=com",
        "manager: <GUID=0d5a3f6b>;<SID=S-1-5>;CN=Ann,DC=contoso,DC=com",
        "msDS-KeyCredentialLink: B:4:0A0B:CN=Ann,DC=contoso,DC=com",
        "objectGUID:: LTO98IbRSYUTZehAI1mF+g==",
        "objectGUID: 895eb448-2e7e-42d1-8dc5-2d0ed5107831",
        "objectGUID: {895EB448-2E7E-42D1-8DC5-2D0ED5107831}",
        "objectGUID: 48b45e897e2ed1428dc52d0ed5107831",
        "objectSid:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOS6AMAAA==",
        "objectSid:: AQIAAAAAAAUgAAAAIAIAAA==",
        "objectSid: S-1-5-21-620618312-1322773611-4113912975-1132",
        "sIDHistory:: AQUAAAAAAAUVAAAATTwrGoFwb17FtKOS6AMAAA==",
        "mS-DS-ConsistencyGuid:: AAA=",
        "x121Address: 12 34",
        "jpegPhoto:< file:///tmp/photo",
        "unknownAttribute: 1\nunknownAttribute: 2",
    ] {
        assert_eq!(in_user(line), [""; 0], "{line}");
    }
}

#[test]
fn values_are_held_against_their_bounds() {
    let long = |name: &str, length: usize| format!("{name}: {}", "x".repeat(length));
    assert_eq!(in_user(&long("displayName", 257)), ["schema-range displayName 5"]);
    assert_eq!(in_user(&long("displayName", 256)), [""; 0]);
    assert_eq!(in_user("title:"), ["schema-range title 5"]);
    assert_eq!(in_user("displayName:"), [""; 0]);
    assert_eq!(in_user("codePage: 65536"), ["schema-range codePage 5"]);
    assert_eq!(in_user("codePage: -1"), ["schema-range codePage 5"]);
    assert_eq!(in_user("codePage: 65535"), [""; 0]);
    let smileys = format!("middleName: {}", "😀".repeat(33));
    assert_eq!(in_user(&smileys), ["schema-range middleName 5"]);
    let umlauts = format!("middleName: {}", "ä".repeat(64));
    assert_eq!(in_user(&umlauts), [""; 0]);
}

#[test]
fn entra_judges_no_length_twice_and_no_value_that_only_the_server_writes() {
    let in_entra = |lines: &str| found("entra", &user(lines));
    assert_eq!(in_entra(&format!("displayName: {}", "x".repeat(257))), [""; 0]);
    assert_eq!(in_entra("whenChanged: now"), [""; 0]);
    assert_eq!(in_entra("mail: a@contoso.com\nmail: b@contoso.com"), [""; 0]);
    assert_eq!(in_entra("whenChanged: a\nwhenChanged: b"), ["schema-single-valued whenChanged 6"]);
    assert_eq!(in_entra(&format!("middleName: {}", "x".repeat(65))), ["schema-range middleName 5"]);
    assert_eq!(in_entra("objectGUID:: AAA="), ["schema-syntax objectGUID 5"]);
    assert_eq!(in_entra("extensionAttribute3:"), [""; 0]);
}

#[test]
fn entries_of_other_servers_are_left_alone() {
    let export = "dn: uid=ann,dc=x\nobjectClass: inetOrgPerson\nsAMAccountName: ann\ntitle: a\n\
                  title: b\nmanager: Ann\n\n";
    let in_edirectory =
        "dn: cn=Ann,ou=Users,o=Meta\nobjectClass: user\nlastLogon: 20150618090000Z\n\n";
    for profile in ["ad-schema", "entra"] {
        assert_eq!(found(profile, export), [""; 0], "{profile}");
        assert_eq!(found(profile, in_edirectory), [""; 0], "{profile}");
    }
}

#[test]
fn parts_of_an_attribute_are_found_unless_they_are_all_of_it() {
    let group = |lines: &str| {
        let export = format!("dn: CN=G,DC=x\nobjectClass: group\nsAMAccountName: g\n{lines}\n\n");
        found("ad-schema", &export)
    };
    let part = |range: &str| format!("member;range={range}: CN=a,DC=x\n");
    assert_eq!(group(&part("0-1499").repeat(3)), ["export-incomplete member 4"]);
    assert_eq!(group(&part("0-*")), [""; 0]);
    assert_eq!(group(&(part("0-1499") + &part("1500-*"))), [""; 0]);
    assert_eq!(group(&(part("1500-*") + &part("0-1499"))), [""; 0]);
    assert_eq!(group(&(part("0-1499") + &part("3000-*"))), ["export-incomplete member 4"]);
    assert_eq!(group(&part("x")), ["export-incomplete member 4"]);
    assert_eq!(group("custom;range=0-9: a"), ["export-incomplete dn 1"]);
}

#[test]
fn names_of_lost_and_conflicting_objects_are_told_by_their_dn() {
    let at = |dn: &str| found("ad-schema", &format!("{dn}\nobjectClass: user\ncn: x\n\n"));
    assert_eq!(at("dn: CN=Ann\\0ACNF:1,DC=x"), ["conflict-object dn 1"]);
    assert_eq!(at("dn:: Q049QW5uCkNORjoxLERDPXg="), ["conflict-object dn 1"]);
    assert_eq!(at("dn: CN=Ann, cn=lostandfound,DC=x"), ["lost-and-found dn 1"]);
    assert_eq!(at("dn: CN=LostAndFound,DC=x"), [""; 0]);
    let ou = |name: &str, lines: &str| {
        let dn = format!("dn: OU={name},DC=x\nobjectCategory: CN=OU,DC=x\n{lines}\n");
        found("ad-schema", &dn)
    };
    let (long, longest) = ("x".repeat(65), "x".repeat(64));
    assert_eq!(ou(&long, ""), ["rdn-length dn 1"]);
    assert_eq!(ou(&longest, ""), [""; 0]);
    assert_eq!(ou(&long, &format!("ou: {long}\n")), ["schema-range ou 3"]);
    assert_eq!(ou(&format!("{longest}\\0ADEL:1c5f2d0e"), ""), [""; 0]);
}
