//! The rules through the front door: entries in, rows out, in the order of the
//! input.

use std::borrow::Cow;
use std::collections::hash_map::Entry as MapEntry;
use std::collections::{HashMap, HashSet};

use super::{Buffers, Duplicates, Holder, Location, SkipReason, multitenant};
use crate::ldif::Line;
use crate::rules::profile::RuleSet;
use crate::rules::{Applicability, Attr, Finding, Profile, ProfileOptions, Subject, Suggestion};

const DEDICATED: Profile = super::DEDICATED;

/// A DN and attribute lines, the class first.
type Entry<'e> = (&'e str, &'e str, &'e [(Attr, &'e str)]);

/// The DN and the cn of a holder.
type DnAndName = (Vec<u8>, Vec<u8>);

#[derive(Default)]
struct Seen {
    holders: HashMap<(Attr, Vec<u8>), DnAndName>,
    later: HashSet<(Attr, usize)>,
}

impl Duplicates for Seen {
    fn is_later_holder(&self, attr: Attr, value: usize) -> bool {
        self.later.contains(&(attr, value))
    }

    fn first_holder(&self, attr: Attr, key: &[u8]) -> Option<Holder<'_>> {
        self.holders.get(&(attr, key.to_vec())).map(|(dn, common_name)| Holder {
            dn: Cow::Borrowed(dn),
            common_name: Cow::Borrowed(common_name),
        })
    }
}

fn subject<'e>((dn, class, lines): &Entry<'e>) -> Subject<'e> {
    let mut subject = Subject::default();
    subject.reset(&Line::of(b"dn", dn.as_bytes()));
    subject.push(Attr::ObjectClass, Line::of(b"objectClass", b"top"));
    subject.push(Attr::ObjectClass, Line::of(b"objectClass", class.as_bytes()));
    for (attr, value) in *lines {
        subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
    }
    subject
}

fn rows<'e>(profile: &Profile, entries: &[Entry<'e>]) -> Vec<Finding<'e>> {
    let mut seen = Seen::default();
    let mut rows = Vec::new();
    for entry in entries {
        let subject = subject(entry);
        seen.later.clear();
        let holder = (subject.dn().to_vec(), subject.common_name().into_owned());
        profile.inspect(&subject, &mut Buffers::default(), |key| {
            match seen.holders.entry((key.attr, key.bytes.to_vec())) {
                MapEntry::Occupied(_) => {
                    seen.later.insert((key.attr, key.value));
                }
                MapEntry::Vacant(first) => {
                    first.insert(holder.clone());
                }
            }
        });
        let place = Location { file: "x.ldif", first_line: 10, dn_line: 2 };
        rows.extend(profile.findings(&subject, &seen, place));
    }
    rows
}

/// The rows of one attribute: labels, update and action, `+` before an extra row.
fn told(profile: &Profile, attr: Attr, entries: &[Entry<'_>]) -> Vec<String> {
    rows(profile, entries)
        .iter()
        .filter(|row| row.attribute.eq_ignore_ascii_case(attr.name()))
        .map(|row| {
            format!(
                "{}{} -> {} {}",
                if row.extra { "+" } else { "" },
                row.error,
                row.update.as_deref().unwrap_or("(none)"),
                row.action.label()
            )
        })
        .collect()
}

fn mt() -> Profile {
    multitenant(ProfileOptions::default())
}

fn one(profile: &Profile, class: &str, attr: Attr, value: &str) -> Vec<String> {
    told(profile, attr, &[("cn=Name,dc=x", class, &[(attr, value)])])
}

#[test]
fn lengths_count_utf16_units() {
    let fits = "é".repeat(255);
    assert!(one(&mt(), "user", Attr::DisplayName, &fits).is_empty());
    let pairs = "😀".repeat(128);
    let cut = format!("{}\u{FFFD}", "😀".repeat(127));
    assert_eq!(one(&mt(), "user", Attr::DisplayName, &pairs), [format!("Length -> {cut} EDIT")]);
}

#[test]
fn an_account_name_has_20_characters_for_users_and_256_for_others() {
    let name = "a".repeat(21);
    assert_eq!(
        one(&mt(), "USER", Attr::SamAccountName, &name),
        [format!("Length -> {} EDIT", &name[1..])]
    );
    assert!(one(&mt(), "group", Attr::SamAccountName, &name).is_empty());
    assert_eq!(one(&mt(), "group", Attr::SamAccountName, &"a".repeat(257)).len(), 1);
}

#[test]
fn each_step_sees_what_the_former_left() {
    let name = format!("{}|b", "a".repeat(19));
    let left = "a".repeat(19);
    assert_eq!(
        one(&mt(), "user", Attr::SamAccountName, &name),
        [format!("Length, Character -> {left} EDIT")]
    );
    assert_eq!(
        one(&mt(), "user", Attr::ProxyAddresses, "smtp:a:b c@x.com"),
        ["Character, Character -> smtp:abc@x.com EDIT"]
    );
}

#[test]
fn where_no_character_is_left_the_cn_stands_in() {
    assert_eq!(one(&mt(), "user", Attr::MailNickname, "..."), ["Character -> Name EDIT"]);
    assert_eq!(one(&DEDICATED, "user", Attr::DisplayName, " \u{A0}"), ["Character -> Name EDIT"]);
}

#[test]
fn a_missing_display_name_is_the_cn_cut_in_one_rule_set_only() {
    let dn = format!("cn={},dc=x", "n".repeat(256));
    let update = |profile: &Profile| -> Vec<usize> {
        rows(profile, &[(&dn, "group", &[])])
            .iter()
            .filter(|row| row.attribute == "displayName")
            .map(|row| row.update.as_deref().unwrap_or_default().len())
            .collect()
    };
    assert_eq!(update(&mt()), [256]);
    assert_eq!(update(&DEDICATED), [255]);
    assert!(told(&DEDICATED, Attr::DisplayName, &[("cn=a", "user", &[])]).is_empty());
    assert_eq!(one(&mt(), "user", Attr::DisplayName, ""), ["Blank -> Name EDIT"]);
}

#[test]
fn a_contact_without_nickname_gets_its_name() {
    let told = |lines: &[(Attr, &str)]| {
        told(&DEDICATED, Attr::MailNickname, &[("cn=C", "contact", lines)])
    };
    let blank = |update: &str| vec![format!("Blank -> {update} EDIT")];
    assert_eq!(told(&[(Attr::GivenName, "A"), (Attr::Sn, "B")]), blank("A.B"));
    assert_eq!(told(&[(Attr::GivenName, ""), (Attr::Sn, "B")]), blank("B"));
    assert_eq!(told(&[(Attr::GivenName, "A")]), blank("A"));
    assert_eq!(told(&[(Attr::SamAccountName, "S")]), blank("S"));
    assert_eq!(told(&[]), blank("C"));
    assert_eq!(told(&[(Attr::MailNickname, ""), (Attr::Sn, "B")]), blank("B"));
}

#[test]
fn a_target_address_is_missing_where_there_is_no_mailbox() {
    let told = |class, lines: &[(Attr, &str)]| {
        told(&DEDICATED, Attr::TargetAddress, &[("cn=C", class, lines)])
    };
    assert_eq!(told("contact", &[(Attr::Mail, "a@b.c")]), ["Blank -> SMTP:a@b.c EDIT"]);
    assert_eq!(told("user", &[(Attr::Mail, "a@b.c")]), ["Blank -> (none) EDIT"]);
    assert_eq!(told("user", &[(Attr::HomeMdb, " ")]), ["Blank -> (none) EDIT"]);
    assert_eq!(told("user", &[(Attr::TargetAddress, "")]), ["Blank ->  EDIT"]);
    assert!(told("user", &[(Attr::HomeMdb, "cn=db")]).is_empty());
    assert!(told("group", &[]).is_empty());
}

#[test]
fn periods_around_a_nickname_are_reported_by_the_multi_tenant_rules_only() {
    assert_eq!(one(&mt(), "user", Attr::MailNickname, "..a."), ["Character -> a. EDIT"]);
    assert!(one(&DEDICATED, "user", Attr::MailNickname, "..a.").is_empty());
}

#[test]
fn a_second_colon_counts_behind_a_type_only() {
    assert!(one(&mt(), "user", Attr::ProxyAddresses, ":a:b").is_empty());
    assert_eq!(one(&mt(), "user", Attr::ProxyAddresses, "a:b:"), ["Character -> a:b EDIT"]);
}

#[test]
fn an_x400_address_has_its_own_characters_and_no_mail_check() {
    assert!(one(&mt(), "user", Attr::ProxyAddresses, "X400:c=US;a= ;p=O(x)").is_empty());
    assert_eq!(
        one(&mt(), "user", Attr::ProxyAddresses, "x.500:/o=O'x"),
        ["Character -> x.500:/o=Ox EDIT"]
    );
    assert_eq!(one(&mt(), "user", Attr::ProxyAddresses, "sip:a b"), ["Character -> sip:ab EDIT"]);
}

#[test]
fn the_first_holder_of_a_value_gets_a_row_before_each_later_one() {
    let entries: [Entry<'_>; 3] = [
        ("cn=A,dc=x", "user", &[(Attr::Mail, "a@b.c"), (Attr::DisplayName, "A")]),
        ("cn=B,dc=x", "contact", &[(Attr::Mail, "A@B.C"), (Attr::DisplayName, "B")]),
        ("cn=C,dc=x", "user", &[(Attr::Mail, "A@b.c"), (Attr::DisplayName, "C")]),
    ];
    let rows = rows(&mt(), &entries);
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (&*row.dn, &*row.common_name, &*row.object_class, row.value.as_deref()))
        .collect();
    let first = b"cn=A,dc=x".as_slice();
    assert_eq!(
        shown,
        [
            (first, b"A".as_slice(), b"contact".as_slice(), Some(b"A@B.C".as_slice())),
            (b"cn=B,dc=x", b"B", b"contact", Some(b"A@B.C")),
            (first, b"A", b"user", Some(b"A@b.c")),
            (b"cn=C,dc=x", b"C", b"user", Some(b"A@b.c")),
        ]
    );
    assert!(rows[0].extra && !rows[1].extra);
    assert_eq!(
        (&rows[0].suggestion, rows[0].applicability),
        (&Suggestion::None, Applicability::Manual)
    );
}

#[test]
fn the_extra_row_wants_a_holder_of_the_value_as_it_stands() {
    let pair = |a, b| {
        told(
            &DEDICATED,
            Attr::Mail,
            &[("cn=A", "user", &[(Attr::Mail, a)]), ("cn=B", "user", &[(Attr::Mail, b)])],
        )
    };
    assert_eq!(pair("ab@x.com", "a b@x.com"), ["Character, Duplicate -> ab@x.com EDIT"]);
    // A correction that is no fixed point leaves a key that another value has as it stands.
    let chain = told(
        &DEDICATED,
        Attr::Mail,
        &[
            ("cn=A", "user", &[(Attr::Mail, "a..@x.com")]),
            ("cn=B", "user", &[(Attr::Mail, "a@x.com")]),
            ("cn=C", "user", &[(Attr::Mail, "a.@x.com")]),
        ],
    );
    assert_eq!(
        chain,
        [
            "Format, LocalPart -> a.@x.com EDIT",
            "+Duplicate -> a@x.com EDIT",
            "LocalPart, Duplicate -> a@x.com EDIT",
        ]
    );
}

#[test]
fn a_holder_with_a_mailbox_keeps_its_first_value() {
    let second = |profile: &Profile, attr, value, with: &[Attr]| {
        let lines: Vec<_> =
            std::iter::once((attr, value)).chain(with.iter().map(|&attr| (attr, "w"))).collect();
        let told =
            told(profile, attr, &[("cn=A", "user", &[(attr, value)]), ("cn=B", "user", &lines)]);
        told.last().cloned().unwrap_or_default()
    };
    let nickname = &[Attr::MailNickname];
    for attr in [Attr::Mail, Attr::SamAccountName] {
        assert_eq!(second(&mt(), attr, "a", nickname), "Duplicate -> a COMPLETE");
        assert_eq!(second(&mt(), attr, "a", &[]), "Duplicate -> a EDIT");
    }
    let login = "a@b.com";
    let told = second(&mt(), Attr::UserPrincipalName, login, nickname);
    assert_eq!(told, "Duplicate -> a@b.com COMPLETE");
    assert_eq!(second(&mt(), Attr::MailNickname, "a", &[Attr::HomeMdb]), "Duplicate -> a COMPLETE");
    let address = "smtp:a@b.com";
    for (with, action) in [(nickname.as_slice(), "COMPLETE"), (&[], "REMOVE")] {
        let told = second(&mt(), Attr::ProxyAddresses, address, with);
        assert_eq!(told, format!("Duplicate -> {address} {action}"));
    }
    assert_eq!(second(&mt(), Attr::ProxyAddresses, "sip:a", nickname), "Duplicate -> sip:a EDIT");
}

#[test]
fn an_account_name_may_be_held_twice_where_a_principal_name_is_there() {
    let with = (Attr::UserPrincipalName, "b@b.com");
    let told = told(
        &mt(),
        Attr::SamAccountName,
        &[
            ("cn=A", "user", &[(Attr::SamAccountName, "a")]),
            ("cn=B", "user", &[(Attr::SamAccountName, "a"), with]),
        ],
    );
    assert!(told.is_empty());
}

#[test]
fn only_the_first_value_of_a_single_valued_attribute_is_looked_at() {
    let lines = &[(Attr::Mail, "a@b.com"), (Attr::Mail, "not an address")];
    assert!(told(&DEDICATED, Attr::Mail, &[("cn=A", "user", lines)]).is_empty());
}

#[test]
fn an_exact_copy_in_the_entry_is_removed_and_the_row_still_shows_what_idfix_shows() {
    let value = "smtp:a@b.com";
    let lines = &[
        (Attr::DisplayName, "A"),
        (Attr::ProxyAddresses, "SMTP:b@b.com"),
        (Attr::ProxyAddresses, value),
        (Attr::ProxyAddresses, value),
        (Attr::ProxyAddresses, "smtp:A@b.com"),
    ];
    let rows = rows(&mt(), &[("cn=A", "user", lines)]);
    let told: Vec<_> =
        rows.iter().map(|row| (row.extra, &row.suggestion, row.applicability)).collect();
    let extra = (true, &Suggestion::None, Applicability::Manual);
    assert_eq!(
        told,
        [
            extra,
            (false, &Suggestion::RemoveCopy, Applicability::Safe),
            extra,
            (false, &Suggestion::None, Applicability::Manual),
        ]
    );
    assert_eq!(rows[1].update.as_deref(), Some(value));
    assert_eq!(rows[1].action.label(), "EDIT");
}

#[test]
fn an_attribute_of_which_the_export_holds_a_part_is_never_changed() {
    let mut subject =
        subject(&("cn=A", "user", &[(Attr::DisplayName, "A"), (Attr::ProxyAddresses, "sip: a ")]));
    subject.mark_partial(Attr::ProxyAddresses);
    let place = Location { file: "x.ldif", first_line: 10, dn_line: 2 };
    let rows = mt().findings(&subject, &Seen::default(), place);
    let told: Vec<_> = rows.iter().map(|row| (&row.suggestion, row.applicability)).collect();
    assert_eq!(told, [(&Suggestion::None, Applicability::Manual)]);
}

#[test]
fn the_line_is_the_values_or_the_entrys_where_the_attribute_is_absent() {
    let rows = rows(&mt(), &[("cn=A", "user", &[(Attr::MailNickname, ".a")])]);
    let lines: Vec<_> = rows.iter().map(|row| (row.attribute, row.line)).collect();
    assert_eq!(lines, [("displayName", 12), ("mailnickname", 10)]);
}

fn skipped(profile: &Profile, entry: &Entry<'_>) -> Option<SkipReason> {
    let RuleSet::IdFix(idfix) = profile.rules else { unreachable!() };
    idfix.scope(&subject(entry)).err()
}

const PERSON: (Attr, &str) = (Attr::ObjectCategory, "CN=Person,CN=Schema,DC=x");
const GROUP: (Attr, &str) = (Attr::ObjectCategory, "group");

#[test]
fn persons_and_groups_count_by_category_and_without_one_by_class() {
    use SkipReason::NotPersonOrGroup;
    let by_category =
        |category| skipped(&mt(), &("cn=A", "user", &[(Attr::ObjectCategory, category)]));
    for category in ["CN=Person,CN=Schema", "cn = person , x", "Person", "GROUP"] {
        assert_eq!(by_category(category), None, "{category}");
    }
    assert_eq!(by_category("<GUID=1>;<SID=2>;CN=Person,CN=Schema"), None);
    for category in ["CN=Computer,CN=Person", "CN=Personal", "", "CN="] {
        assert_eq!(by_category(category), Some(NotPersonOrGroup), "{category}");
    }
    for class in ["user", "person", "INETORGPERSON", "contact", "group"] {
        assert_eq!(skipped(&mt(), &("cn=A", class, &[])), None, "{class}");
    }
    assert_eq!(skipped(&mt(), &("cn=A", "organizationalUnit", &[])), Some(NotPersonOrGroup));
    let computer = &[(Attr::ObjectClass, "computer")];
    assert_eq!(skipped(&mt(), &("cn=A", "user", computer)), Some(NotPersonOrGroup));
}

#[test]
fn names_of_built_in_accounts_are_skipped_by_both_rule_sets() {
    for profile in [mt(), DEDICATED] {
        let by_dn = |dn| skipped(&profile, &(dn, "user", &[PERSON, (Attr::Mail, "m")]));
        assert_eq!(by_dn("cn=PC01$"), Some(SkipReason::MachineName));
        assert_eq!(by_dn("cn=administrator"), Some(SkipReason::WellKnownName));
        assert_eq!(by_dn("cn=GUESTS"), Some(SkipReason::WellKnownName));
        assert_eq!(by_dn("cn=Adm"), None);
        assert_eq!(by_dn("cn=a\\0ACNF:1,dc=x"), Some(SkipReason::ConflictObject));
        assert_eq!(by_dn("cn=a:b,dc=x"), None);
        let critical = |value| {
            let lines = &[PERSON, (Attr::Mail, "m"), (Attr::IsCriticalSystemObject, value)];
            skipped(&profile, &("cn=A", "user", lines))
        };
        assert_eq!(critical("TRUE"), Some(SkipReason::CriticalSystemObject));
        assert_eq!(critical("FALSE"), None);
        assert_eq!(critical("perhaps"), None);
    }
}

#[test]
fn the_dedicated_rules_want_mail() {
    assert_eq!(skipped(&DEDICATED, &("cn=A", "user", &[PERSON])), Some(SkipReason::NoMail));
    assert_eq!(skipped(&mt(), &("cn=A", "user", &[PERSON])), None);
}

#[test]
fn system_users_are_skipped_by_the_multi_tenant_rules_only() {
    let hidden = (Attr::MsExchHideFromAddressLists, "TRUE");
    for (lines, reason) in [
        (&[(Attr::SamAccountName, "cas_1")][..], SkipReason::SystemAccountName),
        (&[(Attr::MailNickname, "SystemMailbox1")], SkipReason::SystemMailNickname),
        (&[hidden, (Attr::DisplayName, "msolx")], SkipReason::HiddenSystemAccount),
        (&[(Attr::MsExchRecipientTypeDetails, "0x1000")], SkipReason::SystemMailbox),
    ] {
        let lines = [&[PERSON, (Attr::Mail, "m")], lines].concat();
        assert_eq!(skipped(&mt(), &("cn=A", "user", &lines)), Some(reason));
        assert_eq!(skipped(&mt(), &("cn=A", "contact", &lines)), None, "{reason}");
        assert_eq!(skipped(&DEDICATED, &("cn=A", "user", &lines)), None, "{reason}");
    }
}

#[test]
fn groups_count_by_type_and_one_without_a_type_always_does() {
    let group =
        |lines: &[(Attr, &str)]| skipped(&mt(), &("cn=A", "group", &[&[GROUP], lines].concat()));
    let (security, distribution) = ((Attr::GroupType, "-2147483646"), (Attr::GroupType, "2"));
    let (mail, proxy) = ((Attr::Mail, "m"), (Attr::ProxyAddresses, "p"));
    assert_eq!(group(&[security, proxy]), Some(SkipReason::SecurityGroupWithoutMail));
    assert_eq!(group(&[security, mail]), None);
    assert_eq!(group(&[distribution, mail]), Some(SkipReason::GroupWithoutProxyAddresses));
    assert_eq!(group(&[distribution, proxy]), None);
    assert_eq!(group(&[]), None);
    assert_eq!(group(&[(Attr::GroupType, "many")]), None);
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let names: HashSet<_> = SkipReason::ALL.iter().map(|reason| reason.name()).collect();
    assert_eq!(names.len(), SkipReason::ALL.len());
    assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
}
