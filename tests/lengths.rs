//! Every limit on the length of a value, counted as the service counts: in UTF-16 code
//! units, characters or octets, whatever letters the value is written with.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use ldifix::ldif::ReadOptions;
use ldifix::rules::catalogue::Settings;
use ldifix::rules::{Attr, CheckOptions, Export, Profile, ProfileOptions, Rule, Selection, Survey};

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// UTF-16 code units, as Active Directory and Entra ID.
    Utf16,
    /// Characters, as Google.
    Character,
    /// Octets of addresses that hold nothing but ASCII (RFC 5321).
    Octet,
}
use Unit::{Character, Octet, Utf16};

const USER: &str = "user";
const GROUP: &str = "group";

/// Profile, rule, class, attribute, what stands in front of the counted part and behind it,
/// how much it may be, and of what.
type Limit = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    (&'static str, &'static str),
    usize,
    Unit,
);

const ALONE: (&str, &str) = ("", "");
const AT: (&str, &str) = ("", "@contoso.com");

const LIMITS: &[Limit] = &[
    ("entra", "upn-length", USER, "userPrincipalName", AT, 64, Utf16),
    ("entra", "upn-length", USER, "userPrincipalName", ("ann@", ".com"), 44, Octet),
    ("entra", "sam-length", USER, "sAMAccountName", ALONE, 20, Utf16),
    ("entra", "sam-group-long", GROUP, "sAMAccountName", ALONE, 64, Utf16),
    ("entra", "sam-group-length", GROUP, "sAMAccountName", ALONE, 256, Utf16),
    ("hygiene", "sam-computer-length", "computer", "sAMAccountName", ("", "$"), 15, Utf16),
    ("entra", "mail-length", USER, "mail", AT, 64, Octet),
    ("entra", "proxy-length", USER, "proxyAddresses", ("smtp:", "@contoso.com"), 64, Octet),
    ("entra", "proxy-length", USER, "proxyAddresses", ("X400:c=us;", ""), 246, Utf16),
    ("entra", "alias-length", USER, "mailNickname", ALONE, 64, Utf16),
    ("entra", "target-length", USER, "targetAddress", ("SMTP:", "@contoso.com"), 64, Octet),
    ("entra", "text-employee-id", USER, "employeeID", ALONE, 16, Utf16),
    ("entra", "text-extension-attribute", USER, "extensionAttribute12", ALONE, 1024, Utf16),
    ("entra", "text-directory-extension", USER, "employeeType", ALONE, 250, Utf16),
    ("ad-schema", "schema-range", USER, "middleName", ALONE, 64, Utf16),
    ("ad-schema", "schema-range", USER, "displayName", ALONE, 256, Utf16),
    ("google", "google-name", USER, "givenName", ALONE, 60, Character),
    ("google", "google-name", USER, "sn", ALONE, 60, Character),
    ("google", "google-local-part-length", USER, "mail", AT, 64, Octet),
    ("google", "google-group-name", GROUP, "displayName", ALONE, 73, Character),
    ("google", "google-group-description", GROUP, "description", ALONE, 4096, Character),
    ("google", "google-custom-field", USER, "employeeType", ALONE, 500, Character),
];

/// What `text-length` looks at, and how many UTF-16 code units each may have.
const TEXTS: [(&str, usize); 27] = [
    ("displayName", 256),
    ("givenName", 64),
    ("sn", 64),
    ("cn", 64),
    ("initials", 6),
    ("title", 128),
    ("department", 64),
    ("company", 64),
    ("physicalDeliveryOfficeName", 128),
    ("streetAddress", 1024),
    ("postalCode", 40),
    ("l", 128),
    ("st", 128),
    ("co", 128),
    ("telephoneNumber", 64),
    ("mobile", 64),
    ("homePhone", 64),
    ("pager", 64),
    ("ipPhone", 64),
    ("facsimileTelephoneNumber", 64),
    ("employeeNumber", 512),
    ("employeeType", 256),
    ("info", 1024),
    ("description", 1024),
    ("extensionAttribute1", 1024),
    ("extensionAttribute2", 1024),
    ("extensionAttribute10", 1024),
];

/// Letters of one and more bytes, outside the Basic Multilingual Plane, with a mark that
/// combines, that change the direction of writing, and that take no room.
const LETTERS: [&str; 8] =
    ["x", "é", "中", "😀", "e\u{301}", "\u{202e}", "\u{200b}", "👩\u{200d}💻"];

/// The rules whose limit is another kind of length, and where that is tested.
const ELSEWHERE: [(&str, &str); 6] = [
    ("anchor-length", "letters and digits count one and others three: beside its check"),
    ("rdn-length", "beside its check, by the name of an entry"),
    ("sam-service-length", "beside its check, by classes of service accounts"),
    ("upn-short", "a least length: beside its check"),
    ("text-length", "in this file, by attribute"),
    ("photo-size", "bytes: beside its check"),
];

fn limits() -> impl Iterator<Item = Limit> {
    let texts = TEXTS.into_iter();
    let texts = texts.map(|(name, most)| ("entra", "text-length", USER, name, ALONE, most, Utf16));
    LIMITS.iter().copied().chain(texts)
}

fn length(text: &str, unit: Unit) -> usize {
    match unit {
        Utf16 => text.encode_utf16().count(),
        Character => text.chars().count(),
        Octet => text.len(),
    }
}

/// A text of so many units, between letters that nobody would trim.
fn filled(letter: &str, units: usize, unit: Unit) -> String {
    let repeated = (units - 2) / length(letter, unit);
    let rest = units - 2 - repeated * length(letter, unit);
    format!("x{}{}x", letter.repeat(repeated), "x".repeat(rest))
}

/// Whether a rule finds something in an entry with this value.
fn finds(limit: &Limit, counted: &[u8]) -> bool {
    let (profile, rule, class, attribute, (front, behind), _, _) = *limit;
    let is_account = attribute == "sAMAccountName";
    let mut export = format!(
        "dn: CN=A,DC=contoso,DC=com\nobjectClass: {class}\n{}{}{}\
         objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=contoso,DC=com\n{attribute}: {front}",
        if is_account { "" } else { "sAMAccountName: a\n" },
        if attribute == "cn" { "" } else { "cn: A\n" },
        // Google takes what has an address.
        if profile == "google" && attribute != "mail" { "mail: a@contoso.com\n" } else { "" },
    )
    .into_bytes();
    export.extend([counted, behind.as_bytes(), b"\n\n"].concat());
    let extensions = matches!(rule, "text-directory-extension" | "google-custom-field");
    let settings = Settings {
        extension_attributes: if extensions { vec![Attr::EmployeeType] } else { Vec::new() },
        ..Settings::default()
    };
    let options = ProfileOptions { settings, ..ProfileOptions::default() };
    let profile = Profile::by_name(profile, options).unwrap();
    let (selection, read) = (Selection::default(), ReadOptions::default());
    let options = CheckOptions { profile, selection, read, keep_held: false };
    let exports = [Export { name: "", bytes: &export }];
    let survey = Survey::run_as_exported(&exports, &options, &|_| {});
    assert_eq!(survey.in_scope, 1, "{limit:?}");
    let mut found = BTreeSet::new();
    survey
        .findings(|entry| {
            found.extend(entry.findings.iter().flat_map(|it| &it.rules).map(|rule| rule.0));
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
    found.contains(rule)
}

#[test]
fn a_value_as_long_as_it_may_be_is_no_finding_and_a_longer_one_is() {
    let mut wrong = Vec::new();
    for limit in limits() {
        let (_, _, _, _, _, most, unit) = limit;
        let letters = if unit == Octet { &LETTERS[..1] } else { &LETTERS[..] };
        for letter in letters {
            let text = filled(letter, most, unit);
            assert_eq!(length(&text, unit), most);
            let found =
                [finds(&limit, text.as_bytes()), finds(&limit, format!("{text}x").as_bytes())];
            if found != [false, true] {
                wrong.push(format!("{limit:?} {letter}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_value_that_is_not_utf_8_is_too_long_where_no_reading_of_it_is_short_enough() {
    // Of a very long name of a group another rule tells.
    for limit in limits().filter(|limit| limit.6 != Octet && limit.1 != "sam-group-long") {
        let most = limit.5;
        for bytes in [&b"\xff"[..], b"\xe9", b"\xed\xa0\x80", b"\xf0\x9f\x98"] {
            assert!(finds(&limit, &bytes.repeat(4 * most + 1)), "{limit:?} {bytes:?}");
            assert!(!finds(&limit, &bytes.repeat(most / 8)), "{limit:?} {bytes:?}");
        }
    }
}

#[test]
fn no_rule_about_a_length_is_left_out() {
    for rule in Rule::all().filter(|rule| rule.label == "Length" && !rule.name.0.contains("idfix"))
    {
        let name = rule.name.0;
        let is_here = LIMITS.iter().any(|limit| limit.1 == name);
        let is_elsewhere = ELSEWHERE.iter().any(|(rule, _)| *rule == name);
        assert!(is_here || is_elsewhere, "{name} is tested nowhere");
    }
}
