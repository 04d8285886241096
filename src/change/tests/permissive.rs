//! The control for permissive modify: what would change nothing is passed over.

use proptest::collection::vec;
use proptest::prelude::*;

use super::files::{applicable, change_file, export, leads_back};
use super::verifying::{Ran, consequences, run_of, states};
use super::{change, changes, entries, entry, same_cases, text_of, text_of_changes};
use crate::change::{
    Image, Obstacle, OnRefusal, Reason, State, apply_record_to_entry, apply_to_entry, invert,
    undo_without_base,
};
use crate::directory::Entry;
use crate::ldif::{Change, ChangeRecord, Control, ModOp, Modification};

const JOE: &str =
    "dn: CN=Joe,DC=x\ncn: Joe\nobjectCategory: CN=Person\nmail: Joe@x.org\nmember: CN=a,DC=x\n";

fn joe(mods: &str) -> String {
    let control = "control: 1.2.840.113556.1.4.1413 true\n";
    format!("dn: CN=Joe,DC=x\n{control}changetype: modify\n{mods}\n")
}

fn applied(mods: &str) -> Result<String, Reason> {
    let record = change(&joe(mods));
    let mut joe = entry(JOE);
    apply_record_to_entry(&mut joe, &record).map_err(|refusal| refusal.reason)?;
    Ok(text_of(&joe))
}

#[test]
fn what_would_change_nothing_is_passed_over() {
    let both = "add: member\nmember: cn=A,dc=x\nmember: CN=b,DC=x\n-\n";
    assert_eq!(applied(both).unwrap(), format!("{JOE}member: CN=b,DC=x\n"));
    let gone = "delete: member\nmember: CN=q,DC=x\n-\ndelete: info\n-\ndelete: sn\nsn: x\n-\n";
    assert_eq!(applied(gone).unwrap(), JOE);
    assert_eq!(applied("add: mail\nmail: joe@x.org\n-\n").unwrap(), JOE);
}

#[test]
fn what_cannot_be_is_refused_all_the_same() {
    assert_eq!(applied("add: mail\nmail: z@x.org\n-\n"), Err(Reason::SingleValued));
    assert_eq!(applied("delete: cn\ncn: Joe\n-\n"), Err(Reason::NamesTheEntry));
    assert_eq!(applied("add: info\n-\n"), Err(Reason::NothingToAdd));
    assert_eq!(applied("increment: info\ninfo: 1\n-\n"), Err(Reason::NoSuchAttribute));
}

/// What a directory whose entries have this line makes of it.
fn applied_with(line: &str, mods: &str) -> Result<String, Reason> {
    let record = change(&joe(mods));
    let before = format!("{JOE}{line}\n");
    let mut joe = entry(&before);
    apply_record_to_entry(&mut joe, &record).map_err(|refusal| refusal.reason)?;
    Ok(text_of(&joe).replace(JOE, ""))
}

#[test]
fn openldap_asks_for_the_last_value_that_is_to_go() {
    let openldap = |mods| applied_with("entryCSN: 1", mods);
    let last = "delete: member\nmember: CN=a,DC=x\nmember: CN=q,DC=x\n-\n";
    assert_eq!(openldap(last), Err(Reason::NoSuchValue));
    let first = "delete: member\nmember: CN=q,DC=x\nmember: CN=a,DC=x\nmember: CN=a,DC=x\n-\n";
    assert!(!openldap(first).unwrap().contains("member"));
    assert_eq!(openldap("delete: info\ninfo: x\n-\n").unwrap(), "entryCSN: 1\n");
}

#[test]
fn openldap_adds_no_value_twice_though_it_is_there() {
    let twice = "add: member\nmember: CN=a,DC=x\nmember: CN=a,DC=x\n-\n";
    assert_eq!(applied_with("entryCSN: 1", twice), Err(Reason::ValueExists));
    assert_eq!(applied(twice).unwrap(), JOE);
}

#[test]
fn openldap_sets_a_number_that_is_not_there_to_the_increment() {
    let mods = "increment: uidNumber\nuidNumber: 5\n-\n";
    assert_eq!(applied_with("entryCSN: 1", mods).unwrap(), "entryCSN: 1\nuidNumber: 5\n");
    let before = format!("{JOE}entryCSN: 1\n");
    let after = format!("{before}uidNumber: 5\n");
    assert_eq!(states(&before, &joe(mods), Some(&before)), [State::Pending]);
    assert_eq!(states(&after, &joe(mods), Some(&before)), [State::Applied]);
}

/// The result codes with which records with a critical control are refused.
fn codes(directory: &str, oid: &str, critical: bool) -> Vec<Option<u8>> {
    let control = format!("control: {oid} {critical}\n");
    let kinds = [
        "dn: CN=New,OU=A,DC=x\nCONTROLchangetype: add\ncn: New\n\n",
        "dn: CN=Joe,OU=A,DC=x\nCONTROLchangetype: modrdn\nnewrdn: CN=Jo\ndeleteoldrdn: 1\n\n",
        "dn: CN=Bob,OU=A,DC=x\nCONTROLchangetype: delete\n\n",
        "dn: CN=Nobody,OU=A,DC=x\nCONTROLchangetype: delete\n\n",
    ];
    let records = changes(&kinds.concat().replace("CONTROL", &control));
    let entries = entries(directory);
    let code_of = |outcome: &crate::change::Outcome| match outcome {
        crate::change::Outcome::Refused(why) => Some(why.reason.result_code()),
        _ => None,
    };
    let mut all = Vec::new();
    for mut image in [
        Image::new(&records, OnRefusal::GoOn),
        Image::new(&records, OnRefusal::GoOn).with_inverses(),
        Image::new(&records, OnRefusal::GoOn).with_previews(),
    ] {
        let outcomes = super::files::read_into(&mut image, &entries);
        all.push(outcomes.iter().map(code_of).collect::<Vec<_>>());
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:?}");
    for (at, name) in [(1, "CN=Joe,OU=A,DC=x"), (2, "CN=Bob,OU=A,DC=x")] {
        let mut entry = entries.iter().find(|entry| entry.dn == name.as_bytes()).unwrap().clone();
        let preview = crate::change::Preview::on(&entry, &records[at]);
        let told = preview.refusal.map(|why| why.reason.result_code());
        assert_eq!(told, all[0][at], "{name}");
        if at == 1 {
            let told = apply_record_to_entry(&mut entry, &records[at]).err();
            assert_eq!(told.map(|why| why.reason.result_code()), all[0][at]);
        }
    }
    all.swap_remove(0)
}

#[test]
fn openldap_takes_the_critical_control_for_a_modify_only() {
    let of = |mark: &str| {
        ["OU=A,DC=x\nou: A", "CN=Joe,OU=A,DC=x\ncn: Joe", "CN=Bob,OU=A,DC=x\ncn: Bob"]
            .map(|entry| format!("dn: {entry}\n{mark}\n\n"))
            .concat()
    };
    let (openldap, other) = (of("entryCSN: 1"), of("description: d"));
    let permissive = "1.2.840.113556.1.4.1413";
    assert_eq!(codes(&openldap, permissive, true), [Some(12), Some(12), Some(12), Some(32)]);
    assert_eq!(codes(&openldap, permissive, false), [None, None, None, Some(32)]);
    assert_eq!(codes(&other, permissive, true), [None, None, None, Some(32)]);
    let tree_delete = "1.2.840.113556.1.4.805";
    assert_eq!(codes(&openldap, tree_delete, true), [Some(12), Some(12), Some(12), Some(32)]);
    assert_eq!(codes(&other, tree_delete, true), [None, None, None, Some(32)]);
}

#[test]
fn openldap_deletes_no_tree_and_knows_what_was_made_below_its_entries() {
    let control = "control: 1.2.840.113556.1.4.805";
    let delete = |control: &str| format!("dn: OU=A,DC=x\n{control}\nchangetype: delete\n\n");
    let add = "dn: CN=New,OU=A,DC=x\nchangetype: add\ncn: New\n\n";
    let critical = delete(&format!("{control} true")).replace("OU=A", "CN=New,OU=A");
    let records = changes(&(delete(control) + add + &critical + &delete(control)));
    let outcomes = |mark: &str| {
        let ou = format!("dn: OU=A,DC=x\nou: A\n{mark}\n\n");
        let entries = entries(&format!("{ou}{}", ou.replace("OU=A", "OU=B,OU=A")));
        let mut image = Image::new(&records, OnRefusal::GoOn);
        let outcomes = super::files::read_into(&mut image, &entries);
        let code = |outcome: &crate::change::Outcome| match outcome {
            crate::change::Outcome::Refused(why) => Some(why.reason.result_code()),
            _ => None,
        };
        outcomes.iter().map(code).collect::<Vec<_>>()
    };
    assert_eq!(outcomes("entryCSN: 1"), [Some(66), None, Some(12), Some(66)]);
    assert_eq!(outcomes("description: d"), [None, None, None, Some(32)]);
}

#[test]
fn active_directory_has_no_modify_touch_what_names_the_entry() {
    for mods in ["add: cn\ncn: Joe\n-\n", "delete: CN\ncn: No\n-\n", "replace: cn\ncn: joe\n-\n"] {
        assert_eq!(applied_with("objectGUID: 1", mods), Err(Reason::NamesTheEntry), "{mods}");
        assert!(applied(mods).is_ok(), "{mods}");
    }
}

#[test]
fn the_inverse_takes_back_what_changed_and_no_more() {
    let record = change(&joe(
        "add: member\nmember: CN=a,DC=x\nmember: CN=b,DC=x\n-\ndelete: info\ninfo: x\n-\n",
    ));
    let before = entry(JOE);
    let undo = invert(Some(&before), &record).unwrap();
    let expected = "dn: CN=Joe,DC=x\nchangetype: modify\ndelete: member\nmember: CN=b,DC=x\n-\n\n";
    assert_eq!(text_of_changes(&undo), expected);
    let nothing = change(&joe("add: member\nmember: CN=a,DC=x\n-\n"));
    assert_eq!(invert(Some(&before), &nothing).unwrap(), []);
}

#[test]
fn without_a_base_nobody_knows_what_changed() {
    let records = [change(&joe("add: member\nmember: CN=a,DC=x\n-\n"))];
    let mut image = Image::new(&records, OnRefusal::GoOn);
    super::files::read_into(&mut image, &entries(JOE));
    let mut verification = crate::change::Verification::new(&records).without_base();
    verification.load(entry(JOE));
    let crate::change::VerifyRun::Done(judgements) = verification.run() else { panic!() };
    assert_eq!(judgements[0].state, State::Applied);
    let undo = undo_without_base(&records, &judgements);
    assert_eq!(undo.obstacles[0].why, Obstacle::Permissive);
}

#[test]
fn a_part_of_the_values_does_not_tell_whether_one_was_there() {
    let export = entries("dn: CN=Joe,DC=x\ncn: Joe\nmember;range=0-1: CN=a,DC=x\n");
    let records = [change(&joe("add: member\nmember: CN=z,DC=x\n-\n"))];
    let mut image = Image::new(&records, OnRefusal::GoOn).with_inverses();
    super::files::read_into(&mut image, &export);
    assert_eq!(image.partial().count(), 1);
}

#[test]
fn what_is_there_shows_whether_it_was_made() {
    let add = joe("add: member\nmember: CN=a,DC=x\nmember: CN=b,DC=x\n-\n");
    let both = format!("{JOE}member: CN=b,DC=x\n");
    assert_eq!(states(JOE, &add, None), [State::Pending]);
    assert_eq!(states(&both, &add, None), [State::Applied]);
    assert_eq!(states(&both, &add, Some(JOE)), [State::Applied]);
    assert_eq!(states(JOE, &add, Some(JOE)), [State::Pending]);
    let delete = joe("delete: member\nmember: CN=a,DC=x\nmember: CN=q,DC=x\n-\n");
    assert_eq!(states(JOE, &delete, None), [State::Pending]);
    assert_eq!(states(&JOE.replace("member: CN=a,DC=x\n", ""), &delete, None), [State::Applied]);
}

/// The records, some of the modify records with the control.
pub(super) fn controlled(text: &str, which: &[bool]) -> Vec<ChangeRecord<'static>> {
    let mut records = changes(text);
    let modifies = |record: &ChangeRecord<'_>| matches!(record.change, Change::Modify(_));
    for (record, _) in records.iter_mut().zip(which).filter(|(own, on)| **on && modifies(own)) {
        let oid = b"1.2.840.113556.1.4.1413".as_slice().into();
        record.controls.push(Control { oid, criticality: Some(true), value: None });
    }
    records
}

/// The modification without the values that would change nothing; `None` where none
/// is left.
fn without_idle(entry: &Entry<'_>, own: &Modification<'static>) -> Option<Modification<'static>> {
    let idle = match own.op {
        ModOp::Add => Reason::ValueExists,
        ModOp::Delete => Reason::NoSuchValue,
        ModOp::Replace | ModOp::Increment => return Some(own.clone()),
    };
    let is_idle = |alone: Modification<'static>| {
        let alone = Change::Modify(vec![alone]);
        let mut entry = entry.clone();
        let refusal = apply_to_entry(&mut entry, &alone).err();
        refusal.is_some_and(|why| why.reason == idle || why.reason == Reason::NoSuchAttribute)
    };
    let mut own = own.clone();
    if own.values.is_empty() {
        return (!is_idle(own.clone())).then_some(own);
    }
    let alone = |value| Modification { values: vec![value], ..own.clone() };
    let kept = own.values.iter().filter(|value| !is_idle(alone((*value).clone())));
    own.values = kept.cloned().collect();
    (!own.values.is_empty()).then_some(own)
}

/// Whether a value is named twice: it would be gone the second time. Neither is asked
/// of an add that names none.
fn says_twice(own: &Modification<'_>) -> bool {
    let bytes = own.values.iter().filter_map(|value| value.bytes());
    let mut keys: Vec<_> = bytes.map(|value| value.trim_ascii().to_ascii_lowercase()).collect();
    keys.sort_unstable();
    (own.op == ModOp::Add && own.values.is_empty()) || keys.windows(2).any(|two| two[0] == two[1])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_permissive_modification_does_what_is_left_of_it(
        export in export(), change in change_file()
    ) {
        let export = entries(&export);
        for record in controlled(&change, &[true; 12]) {
            let Change::Modify(mods) = &record.change else { continue };
            let Some(before) = export.iter().find(|e| e.dn.eq_ignore_ascii_case(&record.dn))
            else { continue };
            for own in mods.iter().filter(|own| !says_twice(own)) {
                let alone = Change::Modify(vec![own.clone()]);
                let single = ChangeRecord { change: alone, ..record.clone() };
                let rest = Change::Modify(without_idle(before, own).into_iter().collect());
                let (mut permissive, mut strict) = (before.clone(), before.clone());
                let found = apply_record_to_entry(&mut permissive, &single).map_err(|w| w.reason);
                let expected = apply_to_entry(&mut strict, &rest).map_err(|w| w.reason);
                prop_assert_eq!(found, expected);
                prop_assert_eq!(text_of(&permissive), text_of(&strict));
            }
        }
    }

    #[test]
    fn the_inverse_of_permissive_records_leads_back(
        export in export(), change in change_file(), which in vec(any::<bool>(), 12)
    ) {
        let export = entries(&export);
        let records = applicable(&export, controlled(&change, &which));
        leads_back(&export, &records)?;
    }
}

proptest! {
    #![proptest_config(same_cases(1000))]

    #[test]
    fn a_run_of_permissive_records_can_be_finished_and_rolled_back(
        export in export(), change in change_file(), stop in 0..13_usize,
        which in vec(any::<bool>(), 12)
    ) {
        let export = entries(&export);
        let records = applicable(&export, controlled(&change, &which));
        let stop = stop.min(records.len());
        let (half, _) = run_of(&export, &records, |at| at < stop);
        consequences(&export, &records, &half, true, Ran::Stopped)?;
    }
}
