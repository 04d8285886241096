//! What `fix` promises, over random exports: the change leads to entries without
//! new findings and without further fixes, and the undo leads back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use std::collections::{BTreeMap, BTreeSet};

use ldifix::change::apply_to_entry;
use ldifix::directory::Entry;
use ldifix::fix::{Draft, DraftOptions, Moves, Policy, draft};
use ldifix::ldif::{ReadOptions, Record, WriteOptions, Writer, read_chunk};
use ldifix::rules::{
    CheckOptions, Export, Profile, ProfileOptions, Rule, Selection, Severity, Survey,
};
use proptest::prelude::*;

/// Profiles whose fixes are tried.
const PROFILES: &[&str] = &["entra", "hygiene", "idfix-multitenant", "idfix-dedicated"];

/// Words that collide once a rule has rewritten them.
const WORDS: &[&str] = &[
    "ann",
    "Ann",
    "an n",
    "ann ",
    " ann",
    ".ann",
    "ann.",
    "a'nn",
    "a(nn)",
    "änn",
    "bob",
    "b ob",
    "x:y",
    "very-long-name-that-goes-on-and-on-and-on",
];
const DOMAINS: &[&str] = &["contoso.com", "contoso.local", "con toso.com", "fabrikam.com", "x"];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS).prop_map(str::to_owned)
}

fn address() -> impl Strategy<Value = String> {
    let part =
        (word(), prop::sample::select(DOMAINS), prop::sample::select(&["@", "@@", " @"][..]));
    part.prop_map(|(word, domain, at)| format!("{word}{at}{domain}"))
}

fn proxy() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(&["SMTP:", "smtp:", " smtp:", "X500:", "smtp:smtp:", ""][..]);
    (kind, address()).prop_map(|(kind, address)| format!("{kind}{address}"))
}

#[derive(Debug, Clone)]
struct Person {
    class: &'static str,
    single: Vec<(&'static str, Option<String>)>,
    proxies: BTreeSet<String>,
}

fn person() -> impl Strategy<Value = Person> {
    let optional = |value| prop::option::weighted(0.6, value);
    (
        prop::sample::select(&["user", "contact", "group"][..]),
        (optional(word().boxed()), optional(address().boxed()), optional(word().boxed())),
        (optional(word().boxed()), optional(address().boxed()), optional(proxy().boxed())),
        prop::collection::btree_set(proxy(), 0..4),
    )
        .prop_map(|(class, (display, mail, nick), (sam, upn, target), proxies)| Person {
            class,
            single: vec![
                ("displayName", display),
                ("mail", mail),
                ("mailNickname", nick),
                ("sAMAccountName", sam),
                ("userPrincipalName", upn),
                ("targetAddress", target),
            ],
            proxies,
        })
}

fn export(people: &[Person]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
    for (number, person) in people.iter().enumerate() {
        let mut entry = Entry::new(format!("CN=P{number},DC=contoso,DC=com").into_bytes());
        let mut push = |name: &'static str, value: &str| {
            let value = ldifix::ldif::Value::Bytes(value.as_bytes().to_vec().into());
            entry.push(name.as_bytes().into(), value);
        };
        push("objectClass", "top");
        push("objectClass", person.class);
        push("cn", &format!("P{number}"));
        let category = if person.class == "group" { "Group" } else { "Person" };
        push("objectCategory", &format!("CN={category},CN=Schema,CN=Configuration,DC=contoso"));
        if person.class == "group" {
            push("groupType", "2");
        }
        for (name, value) in &person.single {
            if let Some(value) = value {
                push(name, value);
            }
        }
        for proxy in &person.proxies {
            push("proxyAddresses", proxy);
        }
        writer.content(&entry.into_record()).unwrap();
    }
    writer.finish().unwrap()
}

fn options(profile: &str) -> CheckOptions {
    CheckOptions {
        profile: Profile::by_name(profile, ProfileOptions::default()).unwrap(),
        selection: Selection::default(),
        read: ReadOptions::default(),
        keep_held: true,
    }
}

/// Labels by DN, attribute and value.
type Findings = BTreeMap<(Vec<u8>, &'static str, Option<Vec<u8>>), BTreeSet<String>>;

fn check(bytes: &[u8], options: &CheckOptions) -> Findings {
    let exports = [Export { name: "x", bytes }];
    let survey = Survey::run(&exports, options, &|_| {});
    let mut all = Findings::new();
    survey
        .findings(|entry| {
            for finding in entry.findings.into_iter().filter(|finding| !finding.extra) {
                let value = finding.value.map(std::borrow::Cow::into_owned);
                let labels = all.entry((finding.dn.to_vec(), finding.attribute, value));
                // What somebody should only know stands in no fix's way.
                let rules = finding.rules.iter().map(|rule| Rule::by_name(rule.0).unwrap());
                let errors = rules.filter(|rule| rule.severity != Severity::Info);
                labels.or_default().extend(errors.map(|rule| rule.label.to_owned()));
            }
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
    all.retain(|_, labels| !labels.is_empty());
    all
}

fn with_draft<T>(
    bytes: &[u8],
    options: &CheckOptions,
    take_unsafe: bool,
    look: impl FnOnce(&Draft<'_>) -> T,
) -> T {
    let exports = [Export { name: "x", bytes }];
    let survey = Survey::run(&exports, options, &|_| {});
    let how = DraftOptions {
        policy: Policy { take_unsafe, admits: &|_| true, accepts: &|_| false },
        write: WriteOptions::change_file(),
        comments: true,
        moves: Moves::AtOnce,
    };
    let drafted = draft(&survey, &options.profile, options.read, &how).unwrap();
    look(&drafted)
}

/// Applies a change file record by record, as a server does.
fn apply(export: &[u8], change: &[u8]) -> Vec<u8> {
    let records = |bytes: &[u8]| {
        let mut records = Vec::new();
        read_chunk(bytes, ReadOptions::default(), |record| {
            records.push(record.into_record().into_owned());
        });
        records
    };
    let changes = records(change);
    let mut entries: Vec<Entry<'_>> = records(export)
        .into_iter()
        .filter_map(|record| match record {
            Record::Content(content) => Some(Entry::from(content)),
            Record::Change(_) => None,
        })
        .collect();
    for record in &changes {
        let Record::Change(change) = record else { panic!("a content record in a change file") };
        let entry = entries.iter_mut().find(|entry| entry.dn == change.dn).unwrap();
        apply_to_entry(entry, &change.change).unwrap();
    }
    let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
    for entry in entries {
        writer.content(&entry.into_record()).unwrap();
    }
    writer.finish().unwrap()
}

/// Attributes with their values.
type Values = BTreeSet<(Vec<u8>, Vec<u8>)>;

/// Entries as value sets.
fn value_sets(export: &[u8]) -> BTreeMap<Vec<u8>, Values> {
    let mut all = BTreeMap::new();
    read_chunk(export, ReadOptions::default(), |record| {
        let lines = record.attribute_lines().iter();
        let values = lines.map(|line| (line.name().into_owned(), line.bytes().into_owned()));
        all.insert(record.dn().into_owned(), values.collect());
    });
    all
}

/// The labels of findings that are about other objects.
const COLLISIONS: [&str; 3] = ["Predicted", "Duplicate", "Type"];

fn assert_fix_holds(people: &[Person], profile: &str, take_unsafe: bool) {
    let start = export(people);
    let options = options(profile);
    let (change, undo) = with_draft(&start, &options, take_unsafe, |draft| {
        (draft.change.clone(), draft.undo.clone())
    });
    let end = apply(&start, &change);
    assert_eq!(value_sets(&apply(&end, &undo)), value_sets(&start));

    let (before, after) = (check(&start, &options), check(&end, &options));
    let is_known = |(dn, attribute, value): &(Vec<u8>, &str, Option<Vec<u8>>), label: &String| {
        // A value that is shared with another object may be trimmed all the same. Of
        // what two objects share, the weightiest is told, and the next once that goes.
        let goes_along = !profile.starts_with("idfix");
        let is_collision = |label: &str| goes_along && COLLISIONS.contains(&label);
        let is_same =
            |known: &String| known == label || (is_collision(known) && is_collision(label));
        before.iter().filter(|(_, labels)| labels.iter().any(is_same)).any(|((of, at, was), _)| {
            of == dn
                && ((at, was) == (attribute, value)
                    || goes_along && (at == attribute || is_collision(label)))
        })
    };
    let new: Vec<_> = after
        .iter()
        .filter(|(at, labels)| !labels.iter().all(|label| is_known(at, label)))
        .map(|((dn, attribute, value), labels)| {
            let value = value.as_deref().unwrap_or_default();
            format!("{} {attribute} {} {labels:?}", dn.escape_ascii(), value.escape_ascii())
        })
        .collect();
    assert!(new.is_empty(), "new findings: {new:#?}");

    // A name that a fix gives up can be one that the cloud would have made for another
    // object: then a second run takes what the first had made room for.
    let runs = if profile.starts_with("idfix") { 1 } else { 3 };
    let mut end = end;
    for _ in 0..runs {
        let change = with_draft(&end, &options, take_unsafe, |draft| draft.change.clone());
        if !String::from_utf8_lossy(&change).contains("dn:") {
            return;
        }
        end = apply(&end, &change);
        assert!(runs > 1, "a further fix: {}", String::from_utf8_lossy(&change));
    }
    panic!("fixes go on and on");
}

#[test]
fn a_new_value_is_no_duplicate_of_one_that_the_same_entry_keeps() {
    let proxies = ["smtp:smtp: ann@contoso.com", "smtp:smtp:Ann@contoso.com"];
    let person = Person {
        class: "user",
        single: vec![("mail", Some("ann@contoso.com".to_owned()))],
        proxies: proxies.map(str::to_owned).into(),
    };
    for profile in ["idfix-multitenant", "idfix-dedicated"] {
        assert_fix_holds(std::slice::from_ref(&person), profile, true);
    }
}

#[test]
fn two_values_that_only_a_rule_tells_from_what_they_were_do_not_become_the_same() {
    let person = Person {
        class: "user",
        single: Vec::new(),
        proxies: BTreeSet::from([" smtp:ann@contoso.com".to_owned()]),
    };
    for take_unsafe in [false, true] {
        assert_fix_holds(&[person.clone(), person.clone()], "idfix-multitenant", take_unsafe);
    }
}

#[test]
fn a_duplicate_that_becomes_the_first_of_its_values_is_fixed_in_the_same_run() {
    let person = |proxies: &[&str]| Person {
        class: "user",
        single: Vec::new(),
        proxies: proxies.iter().map(|&proxy| proxy.to_owned()).collect(),
    };
    let people = [
        person(&["SMTP:bob@contoso.com"]),
        person(&["SMTP:ann@@contoso.com", "SMTP:bob@contoso.com"]),
    ];
    assert_fix_holds(&people, "idfix-multitenant", true);
}

#[test]
fn mail_is_not_sent_on_to_an_address_of_another_object() {
    let person = |class, mail: &str| Person {
        class,
        single: vec![("mail", Some(mail.to_owned()))],
        proxies: BTreeSet::new(),
    };
    for mail in [" ann@contoso.com", "ann@contoso.com", "bob@contoso.com"] {
        let people = [person("user", mail), person("contact", "ann@contoso.com")];
        assert_fix_holds(&people, "hygiene", true);
        let gets_target = with_draft(&export(&people), &options("hygiene"), true, |draft| {
            String::from_utf8_lossy(&draft.change).contains("add: targetAddress")
        });
        assert_eq!(gets_target, mail == "bob@contoso.com", "{mail}");
    }
}

/// Random exports to try; `LDIFIX_CASES` asks for more of them.
fn cases() -> u32 {
    std::env::var("LDIFIX_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_fix_brings_no_finding_needs_no_other_and_can_be_undone(
        people in prop::collection::vec(person(), 1..8),
        profile in prop::sample::select(PROFILES),
        take_unsafe in any::<bool>(),
    ) {
        assert_fix_holds(&people, profile, take_unsafe);
    }

    #[test]
    fn the_files_do_not_depend_on_the_number_of_threads(
        people in prop::collection::vec(person(), 1..8),
    ) {
        let start = export(&people);
        let options = options("idfix-multitenant");
        let files = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| with_draft(&start, &options, true, |draft| {
                (draft.change.clone(), draft.undo.clone())
            }))
        };
        prop_assert_eq!(files(1), files(3));
    }
}
