//! What became of a change file, over random exports, change files and runs.

use proptest::collection::vec;
use proptest::prelude::*;

use super::directory::{run, sets};
use super::files::{applicable, change_file, export, read_into};
use super::{changes, entries, held, same_cases, text_of, text_of_changes};
use crate::change::{
    Image, Judgement, OnRefusal, Outcome, State, Undo, Verification, VerifyRun, undo_without_base,
};
use crate::directory::Entry;
use crate::ldif::{Change, ChangeRecord};

fn verified<'a>(
    records: &'a [ChangeRecord<'a>],
    export: &[Entry<'a>],
    base: Option<&[Entry<'a>]>,
) -> (Vec<Judgement>, Vec<ChangeRecord<'a>>) {
    let mut verification = Verification::new(records);
    if base.is_none() {
        verification = verification.without_base();
    }
    let judgements = loop {
        for entry in
            export.iter().filter(|entry| verification.wants(&entry.dn)).cloned().collect::<Vec<_>>()
        {
            match held(&entry).filter(|_| entry.dn.len().is_multiple_of(2)) {
                Some(text) => verification.load_text(text),
                None => verification.load(entry),
            }
        }
        for entry in base.unwrap_or_default() {
            if verification.wants_of_base(&entry.dn) {
                match held(entry).filter(|_| !entry.dn.len().is_multiple_of(2)) {
                    Some(text) => verification.load_base_text(text),
                    None => verification.load_base(entry.clone()),
                }
            }
        }
        if let VerifyRun::Done(judgements) = verification.run() {
            break judgements;
        }
    };
    let remaining = verification.remaining(&judgements);
    (judgements, remaining.into_iter().map(|(_, record)| record).collect())
}

/// The entries as sets of values; what is above them is spelled as servers do.
fn alike(entries: &[Entry<'_>]) -> Vec<Vec<String>> {
    let mut all = sets(entries);
    for lines in &mut all {
        if let Some(at) = lines[0].find(',') {
            let above = lines[0].split_off(at);
            lines[0].push_str(&above.to_lowercase());
        }
    }
    all.sort();
    all
}

/// The directory behind a run that made some of the records.
pub(super) fn run_of(
    export: &[Entry<'static>],
    records: &[ChangeRecord<'static>],
    made: impl Fn(usize) -> bool,
) -> (Vec<Entry<'static>>, Vec<bool>) {
    let chosen: Vec<_> =
        records.iter().enumerate().filter(|(at, _)| made(*at)).map(|(_, r)| r.clone()).collect();
    let ran = run(export, &chosen, OnRefusal::GoOn);
    let mut outcomes = ran.outcomes.iter();
    let made = (0..records.len())
        .map(|at| made(at) && matches!(outcomes.next(), Some(Outcome::Applied(_))))
        .collect();
    (ran.result, made)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ran {
    Stopped,
    LeftOut,
}

/// Whether a rename and a modify both have to do with values that name entries:
/// which spelling of one a rename takes depends on what came before.
fn names_by_modify(records: &[ChangeRecord<'_>]) -> bool {
    let renames = |record: &ChangeRecord<'_>| matches!(record.change, Change::ModRdn { .. });
    let names = |record: &ChangeRecord<'_>| match &record.change {
        Change::Modify(mods) => mods.iter().any(|m| matches!(&*m.attribute, b"cn" | b"sn")),
        _ => false,
    };
    records.iter().any(renames) && records.iter().any(names)
}

/// Whether a name goes from one entry to another.
fn passes_names_on(records: &[ChangeRecord<'_>]) -> bool {
    let mut names = Vec::new();
    for record in records {
        let dn = String::from_utf8(record.dn.to_ascii_lowercase()).unwrap();
        match &record.change {
            Change::Add(_) | Change::Delete => names.push(dn),
            Change::ModRdn { new_rdn, new_superior, .. } => {
                let above = dn.split_once(',').map_or("", |(_, above)| above).as_bytes();
                let above = new_superior.as_deref().unwrap_or(above);
                let new = [&new_rdn[..], b",", above].concat().to_ascii_lowercase();
                names.push(dn);
                names.push(String::from_utf8(new).unwrap());
            }
            Change::Modify(_) => {}
        }
    }
    let all = names.len();
    names.sort();
    names.dedup();
    names.len() < all
}

pub(super) fn consequences(
    export: &[Entry<'static>],
    records: &[ChangeRecord<'static>],
    half: &[Entry<'static>],
    with_base: bool,
    run_kind: Ran,
) -> Result<(), TestCaseError> {
    let (judgements, pending) = verified(records, half, with_base.then_some(export));
    let shown = || {
        let states: Vec<_> = judgements.iter().map(|j| (j.state, &j.contradictions)).collect();
        let half: Vec<String> = half.iter().map(text_of).collect();
        format!("{}\n{states:?}\nnow\n{}", text_of_changes(records), half.join("\n"))
    };
    // Where a delete was refused, what was meant for the entry behind it went to
    // the entry before it: no one can tell.
    if run_kind == Ran::LeftOut && (passes_names_on(records) || names_by_modify(records)) {
        return Ok(());
    }
    for judgement in &judgements {
        let explained = !matches!(judgement.state, State::Conflict | State::Partly);
        prop_assert!(explained, "{}", shown());
    }
    // Without it, an entry that was made again as it was cannot be told apart.
    if !with_base || judgements.iter().any(|judgement| judgement.state == State::Unclear) {
        return Ok(());
    }
    let end = run(export, records, OnRefusal::Stop).result;
    let pending: Vec<_> = pending.into_iter().map(|record| record.into_owned()).collect();
    let finished = run(half, &pending, OnRefusal::GoOn);
    if finished.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied(_))) {
        prop_assert_eq!(alike(&finished.result), alike(&end), "{}", shown());
    }
    let undo = if with_base {
        let applied: Vec<_> = records
            .iter()
            .zip(&judgements)
            .filter(|(_, judgement)| judgement.state == State::Applied)
            .map(|(record, _)| record.clone())
            .collect();
        let mut image = Image::new(&applied, OnRefusal::GoOn).with_inverses();
        let outcomes = read_into(&mut image, export);
        Undo::of(&image, &applied, outcomes)
    } else {
        undo_without_base(records, &judgements)
    };
    if !undo.obstacles.is_empty() {
        return Ok(());
    }
    let back: Vec<_> = undo.change_records().cloned().collect();
    let rolled = run(half, &back, OnRefusal::GoOn);
    if with_base {
        for outcome in &rolled.outcomes {
            prop_assert!(matches!(outcome, Outcome::Applied(_)), "{:?} {}", outcome, shown());
        }
        prop_assert_eq!(alike(&rolled.result), alike(export), "{}", shown());
    }
    Ok(())
}

#[test]
fn what_is_left_of_a_change_names_entries_as_they_are_called_by_now() {
    let rename = |dn: &str, new: &str| {
        format!("dn: {dn}\nchangetype: modrdn\nnewrdn: {new}\ndeleteoldrdn: 1\n\n")
    };
    let modify = |dn: &str| format!("dn: {dn}\nchangetype: modify\nadd: sn\nsn: s\n-\n\n");
    let text = modify("cn=a,ou=a,dc=x") + &rename("ou=a,dc=x", "ou=b") + &modify("ou=b,dc=x");
    let records = changes(&text);
    let now = entries("dn: ou=b,dc=x\nou: b\n\ndn: CN=a, ou=b,dc=x\ncn: a\n\n");
    let (_, remaining) = verified(&records, &now, None);
    let names: Vec<&[u8]> = remaining.iter().map(|record| &*record.dn).collect();
    assert_eq!(names, [&b"CN=a, ou=b,dc=x"[..], b"ou=b,dc=x"]);
    // What is still to be renamed will be called so by then.
    let now = entries("dn: ou=a,dc=x\nou: a\n\ndn: cn=a,ou=a,dc=x\ncn: a\n\n");
    let (_, remaining) = verified(&records, &now, None);
    assert_eq!(text_of_changes(&remaining), text_of_changes(&records));
}

// In about one of 100,000 random files, without an identity in any entry, what is there
// looks otherwise than what was done: no one can tell there, and these tests would not
// know it.
proptest! {
    #![proptest_config(same_cases(3000))]

    #[test]
    fn a_run_that_stopped_can_be_finished_and_rolled_back(
        export in export(), change in change_file(), stop in 0..13_usize, with_base in any::<bool>()
    ) {
        let export = entries(&export);
        let records = applicable(&export, changes(&change));
        let stop = stop.min(records.len());
        let (half, _) = run_of(&export, &records, |at| at < stop);
        consequences(&export, &records, &half, with_base, Ran::Stopped)?;
    }

    #[test]
    fn a_run_that_left_out_records_can_be_finished_and_rolled_back(
        export in export(), change in change_file(), made in vec(any::<bool>(), 12),
    ) {
        let export = entries(&export);
        let records = applicable(&export, changes(&change));
        let (half, _) = run_of(&export, &records, |at| made[at]);
        consequences(&export, &records, &half, true, Ran::LeftOut)?;
    }

    #[test]
    fn modifies_that_were_left_out_are_found(
        export in export(), change in change_file(), made in vec(any::<bool>(), 12),
    ) {
        let export = entries(&export);
        let modifies = changes(&change)
            .into_iter()
            .filter(|record| matches!(record.change, Change::Modify(_)))
            .collect();
        let records = applicable(&export, modifies);
        let (half, _) = run_of(&export, &records, |at| made[at]);
        consequences(&export, &records, &half, true, Ran::LeftOut)?;
    }
}

pub(super) fn states(export: &str, change: &str, base: Option<&str>) -> Vec<State> {
    let (export, records) = (entries(export), changes(change));
    let base = base.map(entries);
    let (judgements, _) = verified(&records, &export, base.as_deref());
    judgements.into_iter().map(|judgement| judgement.state).collect()
}

fn exchange(dn: &str, attribute: &str, old: &str, new: &str) -> String {
    format!(
        "dn: {dn}\nchangetype: modify\ndelete: {attribute}\n{attribute}: {old}\n-\n\
         add: {attribute}\n{attribute}: {new}\n-\n\n"
    )
}

fn rename(dn: &str, rdn: &str) -> String {
    format!("dn: {dn}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\n\n")
}

use State::{Applied, Conflict, Pending, Unclear};

#[test]
fn a_value_that_goes_through_others_shows_how_far_it_came() {
    let change: String =
        ["ab", "bc", "cd"].map(|p| exchange("cn=x", "mail", &p[..1], &p[1..])).concat();
    let at = |mail: &str| states(&format!("dn: cn=x\ncn: x\nmail: {mail}\n"), &change, None);
    assert_eq!(at("a"), [Pending; 3]);
    assert_eq!(at("b"), [Applied, Pending, Pending]);
    assert_eq!(at("d"), [Applied; 3]);
    assert_eq!(at("z"), [Conflict; 3]);
}

#[test]
fn an_entry_made_again_in_the_place_of_another_is_told_by_its_spelling() {
    let change = format!(
        "dn: cn=a,dc=x\nchangetype: delete\n\n\
         dn: cn=a+sn=x,dc=x\nchangetype: add\ncn: a\nsn: x\n\n{}",
        rename("cn=a+sn=x,dc=x", "CN=A"),
    );
    let (before, after) = ("dn: cn=a,dc=x\ncn: a\n", "dn: CN=A,dc=x\ncn: A\n");
    assert_eq!(states(before, &change, Some(before)), [Pending; 3]);
    assert_eq!(states(after, &change, Some(before)), [Applied; 3]);
    let between = "dn: cn=a+sn=x,dc=x\ncn: a\nsn: x\n";
    assert_eq!(states(between, &change, Some(before)), [Applied, Applied, Pending]);
}

#[test]
fn a_change_of_case_alone_is_told_apart() {
    let change = exchange("cn=x", "proxyAddresses", "SMTP:a@x", "smtp:a@x");
    let at =
        |value: &str| states(&format!("dn: cn=x\ncn: x\nproxyAddresses: {value}\n"), &change, None);
    assert_eq!(at("SMTP:a@x"), [Pending]);
    assert_eq!(at("smtp:a@x"), [Applied]);
    assert_eq!(at("Smtp:A@x"), [Conflict]);
}

#[test]
fn a_dn_that_a_server_wrote_in_its_own_way_is_told_apart_by_its_letters_only() {
    let base = "dn: cn=x\ncn: x\nsecretary: cn=a\\2Cb,dc=x\n";
    let now = format!("{base}secretary: cn=c+sn=d,dc=x\n");
    let change = "dn: cn=x\nchangetype: modify\nreplace: secretary\n\
                  secretary: commonName=a\\,b, dc=x\nsecretary: surname=d+cn=c, dc = x\n-\n\n";
    for base in [None, Some(base)] {
        assert_eq!(states(&now, change, base), [Applied]);
    }
    assert_eq!(states(base, change, Some(base)), [Pending]);
    let named = |text: &str| text.replace("secretary", "associatedName");
    assert_eq!(states(&named(&now), &named(change), Some(&named(base))), [Applied]);
    let change = exchange("cn=x", "secretary", "cn=a\\,b,dc=x", "cn=A\\,b, dc=x");
    assert_eq!(states(base, &change, None), [Pending]);
    assert_eq!(states(&base.replace("cn=a", "cn=A"), &change, None), [Applied]);
}

#[test]
fn names_that_differ_in_what_a_server_writes_in_its_own_way_are_spelled_alike() {
    let to = |rdn: &str| {
        format!("dn: cn=a+sn=b,dc=x\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\n\n")
    };
    let base = "dn: cn=a+sn=b,dc=x\ncn: a\nsn: b\n";
    let now = "dn: cn=A+sn=b,dc=x\ncn: A\nsn: b\n";
    for again in ["commonName=A+sn=b", "sn=b + cn=\\41"] {
        let change = to("cn=A+sn=b") + &to(again);
        assert_eq!(states(now, &change, Some(base)), [Applied; 2], "{again}");
        assert_eq!(states(base, &change, Some(base)), [Pending; 2], "{again}");
    }
}

#[test]
fn a_value_added_meanwhile_to_an_attribute_that_takes_one_is_a_conflict() {
    let change = "dn: cn=x\nchangetype: modify\nadd: mail\nmail: a@x\n-\n\n";
    let person = "dn: cn=x\ncn: x\nobjectGUID: 1\n";
    assert_eq!(states(person, change, None), [Pending]);
    assert_eq!(states(&format!("{person}mail: z@x\n"), change, None), [Conflict]);
    // Elsewhere mail takes several.
    assert_eq!(states("dn: cn=x\ncn: x\nmail: z@x\n", change, None), [Pending]);
}

#[test]
fn entries_that_exchange_names_are_told_apart_by_what_they_are() {
    let change = [rename("cn=a", "cn=t"), rename("cn=b", "cn=a"), rename("cn=t", "cn=b")].concat();
    let two = |a: u8, b: u8| {
        format!("dn: cn=a\ncn: a\nobjectGUID: {a}\n\ndn: cn=b\ncn: b\nobjectGUID: {b}\n")
    };
    let base = two(1, 2);
    assert_eq!(states(&base, &change, Some(&base)), [Pending; 3]);
    assert_eq!(states(&two(2, 1), &change, Some(&base)), [Applied; 3]);
    assert_eq!(states(&two(2, 1), &change, None), [Unclear; 3]);
    let between = "dn: cn=t\ncn: t\nobjectGUID: 1\n\ndn: cn=a\ncn: a\nobjectGUID: 2\n";
    assert_eq!(states(between, &change, None), [Applied, Applied, Pending]);
}

#[test]
fn values_that_name_a_renamed_entry_are_found_under_its_new_name() {
    let change = format!(
        "dn: cn=g\nchangetype: modify\nadd: member\nmember: cn=x,ou=a\n-\n\n{}",
        rename("ou=a", "ou=b")
    );
    let guid = "objectGUID: 1\n";
    let after = |group: &str| format!("dn: ou=b\nou: b\n{guid}\ndn: cn=g\ncn: g\n{group}");
    let followed = after(&format!("{guid}member: cn=x,ou=b\n"));
    assert_eq!(states(&followed, &change, None), [Applied; 2]);
    let stayed = after("member: cn=x,ou=a\n");
    assert_eq!(states(&stayed, &change, None), [Applied; 2]);
    assert_eq!(states(&after(guid), &change, None), [Pending, Applied]);
}

#[test]
fn what_is_below_a_renamed_entry_is_found_where_it_is() {
    let change =
        format!("{}{}", rename("ou=a", "ou=b"), exchange("cn=x,ou=b", "mail", "old@x", "new@x"));
    let at = |ou: &str, mail: &str| {
        states(
            &format!("dn: ou={ou}\nou: {ou}\n\ndn: cn=x,ou={ou}\ncn: x\nmail: {mail}\n"),
            &change,
            None,
        )
    };
    assert_eq!(at("a", "old@x"), [Pending, Pending]);
    assert_eq!(at("b", "old@x"), [Applied, Pending]);
    assert_eq!(at("b", "new@x"), [Applied, Applied]);
    assert_eq!(at("b", "z@x"), [Applied, Conflict]);
    assert_eq!(states("dn: ou=c\nou: c\n", &change, None), [Conflict, Conflict]);
}

#[test]
fn how_an_entry_was_spelled_says_nothing_of_the_one_that_came_in_its_place() {
    let change = ["CN=A", "cn=a", "cn=a+sn=x"].map(|rdn| rename("CN=A,dc=x", rdn)).concat();
    let change = format!("{change}dn: CN=A,dc=x\nchangetype: add\ncn: A\n\n");
    let now = "dn: cn=a+sn=x,dc=x\ncn: a\nsn: x\n\ndn: CN=A,dc=x\ncn: A\n";
    let base = "dn: cn=a,dc=x\ncn: a\n";
    assert_eq!(states(now, &change, Some(base)), [Applied; 4]);
}

/// Nothing tells the entry from the one that came in its place, so neither what
/// became of what was below it.
#[test]
fn what_was_below_an_entry_that_nobody_can_tell_is_unclear() {
    let change = "dn: CN=A,cn=c,dc=x\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 0\n\n\
                  dn: cn=c,dc=x\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n\n\
                  dn: cn=c,dc=x\nchangetype: add\ncn: c\n\n";
    let now = "dn: dc=x\ndc: x\n\ndn: cn=c,dc=x\ncn: c\n";
    let base = format!("{now}\ndn: cn=a,cn=c,dc=x\ncn: a\n");
    assert_eq!(states(now, change, Some(&base)), [Unclear; 3]);
}

#[test]
fn what_was_done_to_an_entry_that_nobody_can_tell_is_unclear() {
    let change = "dn: cn=a,dc=x\nchangetype: modify\nreplace: cn\ncn: a\n-\n\n\
                  dn: CN=A,dc=x\nchangetype: delete\n\n\
                  dn: cn=a,dc=x\nchangetype: add\ncn: a\ncn: b\n\n";
    let (base, now) = ("dn: cn=a,dc=x\ncn: a\n", "dn: cn=a,dc=x\ncn: a\ncn: b\n");
    assert_eq!(states(now, change, Some(base)), [Unclear; 3]);
}

#[test]
fn a_deleted_value_that_a_twin_in_another_spelling_may_be_is_not_taken_for_gone() {
    let change = "dn: cn=b\nchangetype: modify\ndelete: description\ndescription: a\n\
                  description: A\n-\n\n";
    let twins = "dn: cn=b\ncn: b\ndescription: A\ndescription:: IGE=\n";
    assert_eq!(states(twins, change, None), [Pending]);
    assert_eq!(states("dn: cn=b\ncn: b\ndescription: A\n", change, None), [State::Partly]);
    assert_eq!(states("dn: cn=b\ncn: b\n", change, None), [Applied]);
}

#[test]
fn an_entry_that_is_there_otherwise_is_no_add_that_was_made() {
    let change = "dn: cn=x\nchangetype: add\ncn: x\nsn: Doe\n\n";
    assert_eq!(states("dn: cn=y\ncn: y\n", change, None), [Pending]);
    assert_eq!(states("dn: CN=X\ncn: x\nsn: doe\nmail: m@x\n", change, None), [Applied]);
    assert_eq!(states("dn: cn=x\ncn: x\nsn: Roe\n", change, None), [Conflict]);
}

#[test]
fn an_increment_is_told_by_the_value_before() {
    let change = "dn: cn=x\nchangetype: modify\nincrement: n\nn: 2\n-\n\n";
    let at = |n: u8| format!("dn: cn=x\ncn: x\nn: {n}\n");
    assert_eq!(states(&at(9), change, None), [Unclear]);
    assert_eq!(states(&at(9), change, Some(&at(7))), [Applied]);
    assert_eq!(states(&at(7), change, Some(&at(7))), [Pending]);
    assert_eq!(states(&at(5), change, Some(&at(7))), [Conflict]);
}

#[test]
fn an_attribute_is_found_under_any_of_its_names() {
    let change = exchange("cn=x", "surname", "a", "b");
    let at = |sn: &str| states(&format!("dn: cn=x\ncn: x\nsn: {sn}\n"), &change, None);
    assert_eq!((at("a"), at("b")), (vec![Pending], vec![Applied]));
    let (by_name, by_alias) =
        (exchange("cn=x", "sn", "a", "b"), exchange("cn=x", "surname", "b", "c"));
    let change = [by_name, by_alias].concat();
    let at = |sn: &str| states(&format!("dn: cn=x\ncn: x\nsn: {sn}\n"), &change, None);
    assert_eq!((at("b"), at("c")), (vec![Applied, Pending], vec![Applied; 2]));
    let change = rename("cn=c,dc=x", "commonName=b");
    let before = "dn: cn=c,dc=x\ncn: c\nentryUUID: 1\n";
    let after = "dn: commonName=b,dc=x\ncn: b\nentryUUID: 1\n";
    for base in [None, Some(before)] {
        assert_eq!(states(before, &change, base), [Pending]);
        assert_eq!(states(after, &change, base), [Applied]);
    }
}
