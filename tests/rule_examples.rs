//! Every rule finds something in its wrong example and nothing in its right one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ldifix::change::diff::EntryIndex;
use ldifix::ldif::{ReadOptions, Record, read_chunk};
use ldifix::rules::catalogue::{EarlierChange, ObjectKind, Services, Settings};
use ldifix::rules::profile::RuleSet;
use ldifix::rules::tenant::TenantExport;
use ldifix::rules::{Attr, CheckOptions, Export, Profile, ProfileOptions, Rule, Selection, Survey};
use ldifix::transition::{Exports, Transition};

/// The lines of an example as entries that synchronisation looks at.
fn export(entries: &[&str]) -> String {
    let mut export = String::new();
    for (number, lines) in entries.iter().enumerate() {
        // An example says which entry it is where that matters.
        let own = format!("dn: CN=P{number},DC=contoso,DC=com");
        let (dn, lines) = match lines.split_once('\n') {
            Some((dn, rest)) if dn.starts_with("dn:") => (dn, rest),
            _ => (own.as_str(), *lines),
        };
        let lines = in_full(lines);
        let class = if lines.contains("objectClass") { "" } else { "objectClass: user\n" };
        writeln!(
            export,
            "{dn}\n{class}\
             objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=contoso,DC=com\n\
             cn: P{number}\n{lines}\n{}\n",
            // Every synchronised user has an account name.
            if lines.contains("sAMAccountName") {
                String::new()
            } else {
                format!("sAMAccountName: P{number}\n")
            },
        )
        .unwrap();
    }
    export
}

/// The lines of an example, with all the characters and values that its comments
/// speak of.
fn in_full(lines: &str) -> String {
    let mut full: Vec<String> = Vec::new();
    for line in lines.lines() {
        let number = line.strip_prefix("# ").and_then(|comment| comment.split_once(' '));
        match (number, full.last_mut()) {
            (Some((number, "characters")), Some(last)) => {
                let shown = last.split_once(": ").unwrap().1.len();
                last.push_str(&"x".repeat(number.parse::<usize>().unwrap() - shown));
            }
            (Some((number, "values")), Some(last)) => {
                let last = last.clone();
                full.resize(full.len() - 1 + number.parse::<usize>().unwrap(), last);
            }
            _ => full.push(line.to_owned()),
        }
    }
    full.join("\n")
}

/// The rules that are broken, under each of some settings.
fn found(example: &[&str], profile: &str) -> BTreeSet<&'static str> {
    const BEFORE: &str = "# before\n";
    let before: Vec<&str> = example.iter().filter_map(|it| it.strip_prefix(BEFORE)).collect();
    if !before.is_empty() {
        let is_after = |entry: &&&str| !entry.starts_with(BEFORE);
        let after: Vec<&str> = example.iter().filter(is_after).copied().collect();
        return found_since(&export(&before), &export(&after), profile);
    }
    let export = &export(example);
    let domains = ["contoso.com", "contoso.cloud", "con-toso.com", "123.com"].map(str::to_owned);
    let usual = Settings { verified_domains: domains.into(), ..Settings::default() };
    let groups_alone = Settings {
        services: Services { schemus_kinds: vec![ObjectKind::Group], ..Services::default() },
        ..usual.clone()
    };
    let special = Settings {
        earlier_change: Some(earlier_change().into()),
        services: Services {
            google_unique_id: Some(Attr::EmployeeNumber),
            ..Services::default()
        },
        source_anchor: Some(Attr::EmployeeNumber),
        extension_attributes: vec![Attr::EmployeeType],
        tenant: Some(
            TenantExport::parse(
                b"userPrincipalName,immutableId,isAdmin\ntaken@contoso.com,,\nadmin@contoso.com,,True\n",
            )
                .unwrap()
                .into(),
        ),
        ..usual.clone()
    };
    let mut names = found_with(usual, export, profile);
    names.extend(found_with(special, export, profile));
    if profile == "schemus" {
        names.extend(found_with(groups_alone, export, profile));
    }
    names
}

/// The rules that are broken by what changes from one export to the next, where two
/// objects that leave are too many.
fn found_since(before: &str, after: &str, profile: &str) -> BTreeSet<&'static str> {
    let federated = ["federated.contoso.com", "federated.fabrikam.com"].map(str::to_owned);
    let settings = Settings { federated_domains: federated.into(), ..Settings::default() };
    let options = CheckOptions {
        profile: Profile::by_name(profile, ProfileOptions { settings, ..Default::default() })
            .unwrap(),
        selection: Selection::default(),
        read: ReadOptions::default(),
        keep_held: false,
    };
    let RuleSet::Catalogue(catalogue) = &options.profile.rules else { unreachable!() };
    let index = |text| EntryIndex::read(text, options.read, &|_| {}).unwrap();
    let [from, to] = [before, after].map(|text| index(text.as_bytes()));
    let exports = [before, after].map(|text| Export { name: "example", bytes: text.as_bytes() });
    let mut transition = Transition::default();
    let pair = Exports { exports, indexes: [&from, &to] };
    transition.add(&pair, &options, catalogue).unwrap();
    let mut names = BTreeSet::new();
    transition
        .findings(&options, catalogue, 2, |finding| {
            names.extend(finding.rules.iter().map(|rule| rule.0));
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
    names
}

/// A change that corrects the name of the first entry.
fn earlier_change() -> EarlierChange {
    let change = "dn: CN=P0,DC=contoso,DC=com\nchangetype: modify\ndelete: displayName\n\
                  displayName: Ann  Archer\n-\nadd: displayName\ndisplayName: Ann Archer\n-\n";
    let mut earlier = EarlierChange::default();
    read_chunk(change.as_bytes(), ReadOptions::default(), |record| {
        let Record::Change(record) = record.into_record() else { unreachable!() };
        earlier.add(1, &record);
    });
    earlier
}

fn found_with(settings: Settings, export: &str, profile: &str) -> BTreeSet<&'static str> {
    let options = CheckOptions {
        profile: Profile::by_name(profile, ProfileOptions { settings, ..Default::default() })
            .unwrap(),
        selection: Selection::default(),
        read: ReadOptions::default(),
        keep_held: false,
    };
    let exports = [Export { name: "example", bytes: export.as_bytes() }];
    let survey = Survey::run_as_exported(&exports, &options, &|_| {});
    let skipped: u64 = survey.out_of_scope.values().sum();
    let leaves_kinds_out = !options.profile.settings().services.schemus_kinds.is_empty();
    let is_about_scope =
        ["computer", "NoSync", "publicFolder", "crossRef"].iter().any(|it| export.contains(it));
    assert!(skipped == 0 || leaves_kinds_out || is_about_scope && survey.in_scope > 0, "{export}");
    let mut names = BTreeSet::new();
    survey
        .findings(|entry| {
            names.extend(entry.findings.iter().flat_map(|it| &it.rules).map(|rule| rule.0));
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
    names
}

#[test]
fn the_wrong_example_of_a_rule_breaks_it_and_the_right_one_does_not() {
    for rule in Rule::all() {
        let name = rule.name.0;
        let profile = rule.profiles[0];
        let wrong = found(rule.example.wrong, profile);
        assert!(wrong.contains(name), "{name} finds nothing in its wrong example, only {wrong:?}");
        let right = found(rule.example.right, profile);
        assert!(!right.contains(name), "{name} finds something in its right example");
    }
}

/// `UPDATE_README=1 cargo test --test rule_examples` prints the table anew.
#[test]
fn the_readme_holds_the_table_of_the_rules() {
    const MARKS: [&str; 2] = ["<!-- rules -->\n", "<!-- end of rules -->"];
    let mut table = Vec::new();
    ldifix::report::catalogue::markdown(&mut table, Rule::all()).unwrap();
    let table = String::from_utf8(table).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(MARKS[0]).unwrap();
    let (held, behind) = rest.split_once(MARKS[1]).unwrap();
    if std::env::var_os("UPDATE_README").is_some() {
        let [begin, end] = MARKS;
        std::fs::write(path, format!("{before}{begin}{table}{end}{behind}")).unwrap();
        return;
    }
    assert!(held == table, "README.md is behind: run this test with UPDATE_README=1");
}

#[test]
fn every_rule_says_all_that_explain_shows() {
    for rule in Rule::all() {
        let name = rule.name.0;
        for text in [rule.summary, rule.reason, rule.limit, rule.fix, rule.label] {
            assert!(!text.is_empty(), "{name}");
        }
        assert!(rule.summary.ends_with('.') && rule.reason.ends_with('.'), "{name}");
        for list in [rule.classes, rule.attributes, rule.sources] {
            assert!(!list.is_empty(), "{name}");
        }
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        );
    }
}
