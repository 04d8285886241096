//! Whole change files, of all kinds of records, over random exports.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::directory::sets;
use super::{changes, entries, held, text_of_changes};
use crate::change::{
    Image, Interest, Obstacle, OnRefusal, Outcome, Reason, Run, Undo, prove_restored,
};
use crate::directory::Entry;
use crate::ldif::ChangeRecord;

pub(super) const NAMES: [&str; 5] = ["cn=a", "cn=b", "CN=A", "cn=a+sn=x", "cn=c"];
const VALUES: [&str; 6] = ["a", "A", "b", " a", "c", "1"];
const ATTRIBUTES: [&str; 6] = ["mail", "cn", "sn", "jpegPhoto", "description", "cn;lang-de"];

fn dn() -> impl Strategy<Value = String> {
    vec(prop::sample::select(&NAMES[..]), 0..3).prop_map(|mut rdns| {
        rdns.push("dc=x");
        rdns.join(",")
    })
}

/// Not the root, which stays.
fn below() -> impl Strategy<Value = String> {
    vec(prop::sample::select(&NAMES[..]), 1..3).prop_map(|mut rdns| {
        rdns.push("dc=x");
        rdns.join(",")
    })
}

fn line() -> impl Strategy<Value = String> {
    (prop::sample::select(&ATTRIBUTES[..]), prop::sample::select(&VALUES[..])).prop_map(
        |(name, value)| match value.starts_with(' ') {
            true => format!("{name}:: IGE=\n"),
            false => format!("{name}: {value}\n"),
        },
    )
}

fn own_names(dn: &str) -> String {
    let rdn = dn.split(',').next().unwrap();
    rdn.split('+').map(|ava| format!("{}\n", ava.replace('=', ": "))).collect()
}

/// An entry as text, without what stands twice.
fn content(dn: &str, lines: &[String]) -> String {
    let mut all: Vec<String> = own_names(dn).lines().map(|line| format!("{line}\n")).collect();
    all[0..].iter_mut().for_each(|line| *line = line.replace("CN:", "cn:"));
    for line in lines {
        let known = |own: &String| own.eq_ignore_ascii_case(line);
        if !all.iter().any(known) {
            all.push(line.clone());
        }
    }
    all.concat()
}

pub(super) fn export() -> impl Strategy<Value = String> {
    vec((below(), vec(line(), 0..5)), 1..7).prop_map(|found| {
        let mut text = "dn: dc=x\ndc: x\n".to_owned();
        // A name is spelled alike wherever it stands, as servers do.
        let mut seen = BTreeMap::from([("dc=x".to_owned(), "dc=x".to_owned())]);
        for (dn, lines) in found {
            let rdns: Vec<&str> = dn.split(',').collect();
            for from in (0..rdns.len() - 1).rev() {
                let above = seen[&rdns[from + 1..].join(",").to_lowercase()].clone();
                let dn = format!("{},{above}", rdns[from]);
                if let std::collections::btree_map::Entry::Vacant(place) =
                    seen.entry(dn.to_lowercase())
                {
                    text.push_str(&format!("\ndn: {dn}\n{}", content(&dn, &lines)));
                    place.insert(dn);
                }
            }
        }
        text
    })
}

fn modification() -> impl Strategy<Value = String> {
    let op = prop::sample::select(&["add", "delete", "delete", "replace", "increment"][..]);
    (op, prop::sample::select(&ATTRIBUTES[..]), vec(prop::sample::select(&VALUES[..]), 0..3))
        .prop_map(|(op, name, values)| {
            let mut text = format!("{op}: {name}\n");
            for value in values {
                match value.starts_with(' ') {
                    true => text.push_str(&format!("{name}:: IGE=\n")),
                    false => text.push_str(&format!("{name}: {value}\n")),
                }
            }
            text + "-\n"
        })
}

fn record() -> impl Strategy<Value = String> {
    let rdn = prop::sample::select(&NAMES[..]);
    prop_oneof![
        2 => (dn(), vec(modification(), 1..3))
            .prop_map(|(dn, mods)| format!("dn: {dn}\nchangetype: modify\n{}\n", mods.concat())),
        1 => (below(), vec(line(), 0..4)).prop_map(|(dn, lines)| {
            format!("dn: {dn}\nchangetype: add\n{}\n", content(&dn, &lines))
        }),
        1 => below().prop_map(|dn| format!("dn: {dn}\nchangetype: delete\n\n")),
        1 => below().prop_map(|dn| {
            format!("dn: {dn}\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n\n")
        }),
        2 => (below(), rdn, any::<bool>(), prop::option::of(dn())).prop_map(
            |(dn, rdn, delete, superior)| {
                let superior = superior.map(|dn| format!("newsuperior: {dn}\n"));
                format!(
                    "dn: {dn}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: {}\n{}\n",
                    u8::from(delete),
                    superior.unwrap_or_default(),
                )
            }
        ),
    ]
}

pub(super) fn change_file() -> impl Strategy<Value = String> {
    vec(record(), 1..12).prop_map(|records| records.concat())
}

/// The records that apply, so that the rest of a file is a file that does.
pub(super) fn applicable(
    export: &[Entry<'static>],
    records: Vec<ChangeRecord<'static>>,
) -> Vec<ChangeRecord<'static>> {
    let mut image = Image::new(&records, OnRefusal::GoOn);
    let outcomes = read_into(&mut image, export);
    let applies = |outcome: &Outcome| matches!(outcome, Outcome::Applied(_));
    let kept: Vec<_> = records
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| applies(outcome))
        .map(|(record, _)| record.clone())
        .collect();
    kept
}

pub(super) fn read_into<'a>(image: &mut Image<'a>, export: &[Entry<'a>]) -> Vec<Outcome> {
    loop {
        for (ordinal, entry) in (0..).zip(export) {
            match image.interest(&entry.dn) {
                Interest::None => {}
                Interest::Place => image.mark(ordinal, &entry.dn),
                // Both ways lead to the same.
                Interest::Content => match held(entry).filter(|_| ordinal % 2 == 0) {
                    Some(text) => image.load_text(ordinal, text),
                    None => image.load(ordinal, entry.clone()),
                },
            }
        }
        if let Run::Done(outcomes) = image.run() {
            return outcomes;
        }
    }
}

fn inverted(export: &[Entry<'static>], records: &[ChangeRecord<'static>]) -> Undo {
    let mut image = Image::new(records, OnRefusal::GoOn).with_inverses();
    let outcomes = read_into(&mut image, export);
    Undo::of(&image, records, outcomes)
}

/// That the inverse of records that apply is there, applies and leads back, and that
/// the proof says so.
pub(super) fn leads_back(
    export: &[Entry<'static>],
    records: &[ChangeRecord<'static>],
) -> Result<(), TestCaseError> {
    let undo = inverted(export, records);
    prop_assert_eq!(&undo.obstacles, &vec![]);
    let there = super::directory::run(export, records, OnRefusal::Stop);
    let back: Vec<_> = undo.change_records().cloned().collect();
    let again = super::directory::run(&there.result, &back, OnRefusal::Stop);
    for outcome in &again.outcomes {
        prop_assert!(
            matches!(outcome, Outcome::Applied(_)),
            "{:?}\n{}\nundone by\n{}",
            outcome,
            text_of_changes(records),
            text_of_changes(&back)
        );
    }
    prop_assert_eq!(
        sets(&again.result),
        sets(export),
        "{}\nundone by\n{}",
        text_of_changes(records),
        text_of_changes(&back)
    );

    // The proof says so, too, and finds a record that is missing.
    let mut image = Image::there_and_back(records, &undo, OnRefusal::GoOn);
    let outcomes = read_into(&mut image, export);
    let refused: Vec<_> = outcomes.iter().filter(|o| !matches!(o, Outcome::Applied(_))).collect();
    prop_assert!(refused.is_empty(), "{:?}", refused);
    let places: Vec<_> = (0..).zip(export.iter().cloned()).collect();
    prop_assert_eq!(prove_restored(&image, &places, |entry| Some(entry.clone())), Ok(()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_inverse_of_any_change_file_leads_back(export in export(), change in change_file()) {
        let export = entries(&export);
        let records = applicable(&export, changes(&change));
        leads_back(&export, &records)?;
    }

    #[test]
    fn what_cannot_be_inverted_takes_along_only_what_depends_on_it(
        export in export(), change in change_file(), unknown in vec(any::<bool>(), 12)
    ) {
        let export = entries(&export);
        let mut records = applicable(&export, changes(&change));
        let mut expected = Vec::new();
        for (number, (record, &unknown)) in records.iter_mut().zip(&unknown).enumerate() {
            if unknown {
                let oid = b"1.2.3".as_slice().into();
                record.controls.push(crate::ldif::Control { oid, criticality: None, value: None });
                expected.push(number);
            }
        }
        let mut undo = inverted(&export, &records);
        let found: Vec<usize> = undo.obstacles.iter().map(|obstacle| obstacle.number).collect();
        prop_assert_eq!(found, expected);
        let mut image = Image::there_and_back(&records, &undo, OnRefusal::GoOn);
        let outcomes = read_into(&mut image, &export);
        drop(image);
        undo.drop_dependents(records.len(), &outcomes);
        let there = super::directory::run(&export, &records, OnRefusal::Stop);
        let back: Vec<_> = undo.change_records().cloned().collect();
        let again = super::directory::run(&there.result, &back, OnRefusal::Stop);
        prop_assert!(again.outcomes.iter().all(|o| matches!(o, Outcome::Applied(_))));
    }
}

#[test]
fn what_is_in_the_way_of_an_inverse_is_named() {
    let export = entries("dn: cn=a\ncn: a\nmember;range=0-1: x\nphoto:< file:///p\n");
    let why = |change: &str| {
        let records = changes(change);
        inverted(&export, &records).obstacles.into_iter().map(|found| found.why).next()
    };
    let modify = |mods: &str| format!("dn: cn=a\nchangetype: modify\n{mods}-\n");
    let partial = Some(Obstacle::Partial { attribute: b"member;range=0-1".to_vec() });
    assert_eq!(why(&modify("replace: member\nmember: z\n")), partial);
    assert_eq!(why(&modify("delete: member\nmember: z\n")), partial);
    assert_eq!(why(&modify("add: member\nmember: z\n")), None);
    assert_eq!(why("dn: cn=a\nchangetype: delete\n"), partial);
    let url = |attribute: &[u8]| Some(Obstacle::Url { attribute: attribute.to_vec() });
    assert_eq!(why(&modify("delete: photo\n")), url(b"photo"));
    assert_eq!(why(&modify("add: sn\nsn:< file:///s\n")), url(b"sn"));
    assert_eq!(why(&modify("delete: sn\nsn:< file:///s\n")), url(b"sn"));
    let refused = why(&modify("delete: sn\nsn: s\n"));
    assert!(
        matches!(&refused, Some(Obstacle::NotApplicable(why)) if why.reason == Reason::NoSuchValue),
        "{refused:?}"
    );
    let control = "dn: cn=a\ncontrol: 1.2.3\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\n";
    assert_eq!(why(control), Some(Obstacle::Control { oid: b"1.2.3".to_vec() }));
}

#[test]
fn what_only_a_server_writes_stays_out_of_an_entry_that_comes_back() {
    let export = entries(
        "dn: cn=a\nobjectClass: user\ncn: a\nname: a\nobjectGUID: x\nwhenCreated: y\n\
         memberOf: cn=g\npwdLastSet: 0\nlockoutTime: 7\nmail: a@x\nmail: a@x\n",
    );
    let undo = inverted(&export, &changes("dn: cn=a\nchangetype: delete\n"));
    let back: Vec<_> = undo.change_records().cloned().collect();
    assert_eq!(
        text_of_changes(&back),
        "dn: cn=a\nchangetype: add\nobjectClass: user\ncn: a\npwdLastSet: 0\nmail: a@x\n\n"
    );
    let left: Vec<&str> = undo.left_out.keys().map(String::as_str).collect();
    assert_eq!(left, ["lockoutTime", "memberOf", "name", "objectGUID", "whenCreated"]);
}
