//! What is left out takes with it what cannot be made without it, and nothing else.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::directory::Directory;
use super::examples::held;
use super::model::{Dice, Model};
use super::{changes, drafted, options, text};
use crate::change::diff::compared::Compared;
use crate::change::diff::{DiffError, DiffOptions, Kinds, Omission, Scope, Server};
use crate::change::identity;
use crate::change::tests::same_cases;
use crate::directory::NormalizedDn;
use crate::ldif::{Attribute, Change, Value};

/// Exports with a root and the entries of these numbers and names.
fn export(entries: &[(u32, &str)]) -> String {
    let root = held(0, "dc=x,", "").replace("dc=x,", "dc=x");
    let entries = entries.iter().map(|(number, name)| held(*number, &format!("{name},dc=x"), ""));
    root + &entries.collect::<String>()
}

fn dn(text: &str) -> NormalizedDn {
    NormalizedDn::of(text.as_bytes()).unwrap()
}

/// What is done to which entry, and which entries are left out because of others.
fn done(old: &[(u32, &str)], new: &[(u32, &str)], options: &DiffOptions) -> [Vec<String>; 2] {
    let draft = drafted(&export(old), &export(new), options).unwrap();
    let shown = |bytes: &[u8]| text(bytes).to_owned();
    let records = changes(&draft.change).into_iter().map(|record| {
        let kind = match record.change {
            Change::Add(_) => "add",
            Change::Delete => "delete",
            Change::Modify(_) => "modify",
            Change::ModRdn { .. } => "modrdn",
        };
        format!("{kind} {}", shown(&record.dn))
    });
    let listed = draft.listed.iter().map(|(name, why)| {
        assert_eq!(*why, Omission::NeedsAnother);
        shown(name)
    });
    [records.collect(), listed.collect()]
}

fn without(kinds: Kinds) -> DiffOptions {
    DiffOptions { kinds, ..options() }
}

const NO_MODIFY: Kinds = Kinds { add: true, delete: true, modify: false };

#[test]
fn a_name_that_is_not_given_up_is_not_taken() {
    let (old, new) = ([(1, "ou=b")], [(1, "ou=d"), (2, "ou=b"), (3, "ou=e")]);
    let [records, listed] = done(&old, &new, &without(NO_MODIFY));
    assert_eq!((records, listed), (vec!["add ou=e,dc=x".into()], vec!["ou=b,dc=x".into()]));
    let (old, new) = ([(1, "ou=b"), (2, "ou=c")], [(1, "ou=c"), (2, "ou=a,ou=a"), (3, "ou=a")]);
    let scope = Scope { base: Some(dn("ou=b,dc=x")), ..Scope::default() };
    let [records, listed] = done(&old, &new, &DiffOptions { scope, ..options() });
    assert_eq!((records, listed), (vec![], vec!["ou=b,dc=x".to_owned()]));
}

#[test]
fn what_stands_above_an_entry_that_does_not_leave_is_not_deleted() {
    let old = [(4, "ou=o"), (1, "ou=c,ou=o"), (2, "ou=a,ou=c,ou=o"), (3, "ou=b,ou=c,ou=o")];
    let [records, listed] = done(&old, &[(2, "ou=c")], &without(NO_MODIFY));
    assert_eq!(records, ["delete ou=b,ou=c,ou=o,dc=x"]);
    assert_eq!(listed, ["ou=c,ou=o,dc=x", "ou=o,dc=x"]);
    let scope = Scope { excluded: vec![dn("ou=c,ou=d,dc=x")], ..Scope::default() };
    let (old, new) = ([(2, "ou=d"), (3, "ou=c,ou=d")], [(3, "ou=d")]);
    let [records, listed] = done(&old, &new, &DiffOptions { scope, ..options() });
    assert_eq!((records, listed), (vec![], vec!["ou=d,dc=x".to_owned()]));
}

#[test]
fn a_move_that_needs_what_is_left_out_keeps_its_name_from_others() {
    let old = [(1, "ou=c"), (2, "ou=a"), (3, "ou=c,ou=a")];
    let new = [(2, "ou=a"), (1, "ou=c,ou=a"), (4, "ou=c")];
    let no_delete = Kinds { delete: false, ..Kinds::default() };
    let [records, listed] = done(&old, &new, &without(no_delete));
    assert_eq!((records, listed), (vec![], ["ou=c,dc=x"; 2].map(str::to_owned).to_vec()));
    let old = [(1, "ou=c"), (2, "ou=d,ou=c"), (3, "ou=d,ou=d,ou=c")];
    let new = [(4, "ou=c"), (1, "ou=d,ou=c"), (3, "ou=d,ou=d,ou=c")];
    let no_add = Kinds { add: false, ..Kinds::default() };
    let [records, mut listed] = done(&old, &new, &without(no_add));
    listed.sort();
    assert!(records.is_empty(), "{records:?}");
    assert_eq!(listed, ["ou=c,dc=x", "ou=d,ou=c,dc=x", "ou=d,ou=d,ou=c,dc=x"]);
}

#[test]
fn an_entry_without_what_is_compared_takes_with_it_what_is_above_and_below() {
    let only = |name: &str| Compared { only: vec![name.into()], ..Compared::default() };
    let compares = |name| DiffOptions { compared: only(name), ..options() };
    let export = |entries: &[(u32, &str, &str)]| {
        let of = |(number, name, lines): &(u32, &str, &str)| {
            held(*number, &format!("{name},dc=x"), lines)
        };
        export(&[]) + &entries.iter().map(of).collect::<String>()
    };
    let upn = "userPrincipalName: u@x\n";
    let both = export(&[(1, "ou=b", upn), (2, "ou=d,ou=b", ""), (3, "ou=e,ou=b", upn)]);
    let draft = drafted(&both, &export(&[]), &compares("userPrincipalName")).unwrap();
    assert_eq!(text(&draft.change), "dn: ou=e,ou=b,dc=x\nchangetype: delete\n\n");
    assert_eq!(draft.listed, [(b"ou=b,dc=x".to_vec(), Omission::NeedsAnother)]);
    assert_eq!(draft.omitted[&Omission::NothingCompared], 1);
    let both = export(&[(1, "ou=b", ""), (2, "ou=d,ou=b", upn), (3, "ou=e", upn)]);
    let draft = drafted(&export(&[]), &both, &compares("userPrincipalName")).unwrap();
    assert!(text(&draft.change).starts_with("dn: ou=e,dc=x\nchangetype: add\n"));
    assert_eq!((draft.tally.records(), draft.listed.len()), (1, 1));
}

#[test]
fn an_entry_that_stays_is_not_moved_by_a_new_spelling_of_its_name() {
    let old = [(1, "cn=a"), (2, "ou=o"), (3, "cn=a,ou=o")];
    let new = [(1, "cn=A,ou=o"), (2, "ou=o"), (3, "cn=b,ou=o")];
    let scope = Scope { excluded: vec![dn("cn=b,ou=o,dc=x")], ..Scope::default() };
    let [records, listed] = done(&old, &new, &DiffOptions { scope, ..options() });
    assert_eq!((records, listed), (vec![], vec!["cn=a,dc=x".to_owned()]));
}

#[test]
fn a_value_that_is_left_out_of_a_new_entry_is_not_waited_for() {
    let (old, new) = ([(1, "ou=b")], [(2, "cn=b"), (1, "ou=c,cn=b"), (3, "ou=e,ou=c,cn=b")]);
    let members = "member: ou=c,cn=b,dc=x\nmember: ou=e,ou=c,cn=b,dc=x\n";
    let new = export(&new).replace("cn: b\n", &format!("cn: b\n{members}"));
    let draft = drafted(&export(&old), &new, &without(NO_MODIFY)).unwrap();
    let add = "dn: cn=b,dc=x\nchangetype: add\ncn: b\nmember: ou=b,dc=x\n\n";
    assert_eq!((text(&draft.change), draft.unlinked), (add, 1));
}

#[test]
fn an_entry_is_not_deleted_where_the_record_that_takes_its_name_out_is_left_out() {
    let lines = ["member: ou=a,dc=x\n", "userPrincipalName: u@x\n"];
    let old = [(1, "ou=c"), (2, "ou=d"), (3, "ou=a")];
    let old = export(&old).replacen("ou: c\n", &format!("ou: c\n{}", lines[0]), 1);
    let old = old.replacen("ou: d\n", &format!("ou: d\n{}", lines[1]), 1);
    let new = export(&[(1, "ou=b")]).replacen("ou: b\n", &format!("ou: b\n{}", lines[1]), 1);
    let scope = Scope { excluded: vec![dn("ou=d,dc=x")], ..Scope::default() };
    let draft = drafted(&old, &new, &DiffOptions { scope, ..options() }).unwrap();
    assert_eq!((draft.tally.modrdn, draft.tally.records()), (1, 1));
    let listed =
        [&b"ou=c,dc=x"[..], b"ou=a,dc=x"].map(|name| (name.to_vec(), Omission::NeedsAnother));
    assert_eq!(draft.listed, listed);
}

#[test]
fn a_unique_value_is_not_taken_from_an_entry_whose_change_is_left_out() {
    let upn = |value: &str| format!("userPrincipalName: {value}@x\n");
    let entries = |values: &[(u32, &str, &str)]| {
        let of = |(number, dn, value): &(u32, &str, &str)| held(*number, dn, &upn(value));
        export(&[(4, "ou=o")]) + &values.iter().map(of).collect::<String>()
    };
    let old = entries(&[(1, "cn=a,dc=x", "a"), (2, "cn=b,ou=o,dc=x", "b")]);
    let new = [(1, "cn=a,dc=x", "c"), (2, "cn=b,ou=o,dc=x", "a"), (3, "cn=c,ou=o,dc=x", "d")];
    let scope = Scope { base: Some(dn("ou=o,dc=x")), ..Scope::default() };
    let draft = drafted(&old, &entries(&new), &DiffOptions { scope, ..options() }).unwrap();
    assert!(text(&draft.change).starts_with("dn: cn=c,ou=o,dc=x\nchangetype: add\n"));
    assert_eq!(draft.listed, [(b"cn=b,ou=o,dc=x".to_vec(), Omission::NeedsAnother)]);
    let new = [(1, "cn=a,dc=x", "c"), (2, "cn=b,ou=o,dc=x", "b"), (3, "cn=c,ou=o,dc=x", "a")];
    let draft = drafted(&old, &entries(&new), &without(NO_MODIFY)).unwrap();
    assert_eq!(text(&draft.change), "");
    assert_eq!(draft.listed, [(b"cn=c,ou=o,dc=x".to_vec(), Omission::NeedsAnother)]);
}

/// Exports in which so many changes find no order, each in a part of its own.
fn tangles(count: u32) -> [String; 2] {
    let (mut old, mut new) = (export(&[]), export(&[]));
    for part in 0..count {
        let number = |of: u32| 10 * part + of;
        let named = |name: &str| format!("{name},ou=part {part},dc=x");
        let one = |of: u32, name: &str, members: &[&str]| {
            let members = members.iter().map(|name| format!("member: {}\n", named(name)));
            held(number(of), &named(name), &members.collect::<String>())
        };
        let above = held(number(9), &format!("ou=part {part},dc=x"), "");
        old += &above;
        // No order is found where the old export has them in this one.
        old += &one(2, "ou=k,ou=x", &[]);
        old += &one(3, "ou=l,ou=x", &[]);
        old += &one(1, "ou=x", &[]);
        old += &one(6, "ou=n", &["ou=l,ou=x", "ou=g,ou=k,ou=x"]);
        old += &one(5, "ou=g,ou=k,ou=x", &["ou=x"]);
        old += &one(4, "ou=m", &[]);
        new += &above;
        let after = [one(6, "ou=r", &[]), one(8, "ou=k,ou=x", &[]), one(4, "ou=x", &[])];
        new += &after.concat();
    }
    [old, new]
}

#[test]
fn what_finds_no_order_is_left_out_and_the_rest_is_written() {
    let [old, new] = tangles(2);
    let other = |lines| held(100, "cn=o,dc=x", lines);
    let draft = drafted(&(old + &other("")), &(new + &other("sn: o\n")), &options()).unwrap();
    assert_eq!(draft.omitted[&Omission::NoOrder], 2, "{:?}", draft.listed);
    assert!(text(&draft.change).contains("dn: cn=o,dc=x\nchangetype: modify\nadd: sn\n"));
    let [old, new] = tangles(17);
    assert!(matches!(drafted(&old, &new, &options()), Err(DiffError::NoOrder { .. })));
}

/// A user of another name, one that goes, and a group of both.
fn renamed_member(mark: &str) -> [String; 2] {
    let old = [(1, "ou=g"), (2, "ou=u"), (3, "cn=u,ou=u"), (4, "cn=v,ou=u")];
    let new = [(1, "ou=g"), (2, "ou=u"), (3, "cn=u2,ou=u")];
    let group = |members: &[&str]| {
        let lines = members.iter().map(|name| format!("member: cn={name},ou=u,dc=x\n"));
        held(5, "cn=g,ou=g,dc=x", &lines.collect::<String>())
    };
    let old = export(&old) + &group(&["u", "v"]);
    let new = export(&new) + &group(&["u2"]);
    [old, new].map(|text| text.replace("objectGUID", mark))
}

#[test]
fn a_value_that_names_an_entry_stays_where_the_new_name_of_the_entry_is_left_out() {
    let scope = || Scope { base: Some(dn("ou=g,dc=x")), ..Scope::default() };
    let only = Compared { only: vec![b"member".to_vec()], ..Compared::default() };
    for mark in ["objectGUID", "entryUUID"] {
        let [old, new] = renamed_member(mark);
        let asked = [(scope(), Compared::default()), (Scope::default(), only.clone())];
        for (scope, compared) in asked {
            let options = DiffOptions { scope, compared, ..options() };
            let draft = drafted(&old, &new, &options).unwrap();
            assert_eq!(
                text(&draft.change),
                "dn: cn=g,ou=g,dc=x\nchangetype: modify\ndelete: member\n\
                 member: cn=v,ou=u,dc=x\n-\n\n"
            );
        }
    }
}

#[test]
fn a_new_value_names_an_entry_as_it_is_called_where_its_new_name_is_left_out() {
    for mark in ["objectGUID", "entryUUID"] {
        let [old, new] = renamed_member(mark);
        let old = old.replace("member: cn=u,ou=u,dc=x\n", "");
        let scope = Scope { base: Some(dn("ou=g,dc=x")), ..Scope::default() };
        let new = new + &held(6, "cn=h,ou=g,dc=x", "member: cn=u2,ou=u,dc=x\n");
        let new = new.replace("objectGUID", mark);
        let draft = drafted(&old, &new, &DiffOptions { scope, ..options() }).unwrap();
        let change = text(&draft.change);
        assert_eq!(change.matches("member: cn=u,ou=u,dc=x\n").count(), 2, "{change}");
        assert!(!change.contains("cn=u2"), "{change}");
    }
}

#[test]
fn an_entry_below_two_that_would_change_names_is_still_called_what_it_is() {
    let (old, new) = (
        [(1, "ou=a"), (2, "cn=c,ou=a"), (3, "ou=b")],
        [(3, "ou=a"), (2, "cn=c,ou=a"), (1, "ou=b")],
    );
    let manager = "manager: cn=c,ou=a,dc=x\n";
    let new = export(&new).replace("cn: c\n", &format!("cn: c\n{manager}"));
    let compared = Compared { only: vec![b"manager".to_vec()], ..Compared::default() };
    let draft = drafted(&export(&old), &new, &DiffOptions { compared, ..options() }).unwrap();
    let record = "dn: cn=c,ou=a,dc=x\nchangetype: modify\nadd: manager\n";
    assert_eq!(text(&draft.change), format!("{record}{manager}-\n\n"));
}

/// Options of any kind; `names` are the DNs of both exports.
fn some_options((kinds, scope, which, attributes): Dice, names: &[String]) -> DiffOptions {
    let kind = |bit: u8| kinds % 8 == 7 || kinds & bit == 0;
    let kinds = Kinds { add: kind(1), delete: kind(2), modify: kind(4) };
    let name = || dn(&names[usize::from(which) % names.len()]);
    let scope = match scope % 3 {
        0 => Scope::default(),
        1 => Scope { base: Some(name()), ..Scope::default() },
        _ => Scope { excluded: vec![name()], ..Scope::default() },
    };
    let types = [&b"userPrincipalName"[..], b"sn", b"cn", b"ou", b"member", b"proxyAddresses"];
    let one = || vec![types[usize::from(attributes) / 4 % types.len()].to_vec()];
    let compared = match attributes % 4 {
        0 => Compared { only: one(), ..Compared::default() },
        1 => Compared { ignored: one(), ..Compared::default() },
        _ => Compared::default(),
    };
    DiffOptions { kinds, scope, compared, ..options() }
}

/// Which entries name each other in both exports, whatever they are called, and do not
/// once a change is made: their marks.
fn lost_links(old: &str, new: &str, change: &[u8]) -> BTreeSet<(String, String, String)> {
    let marks = |export: &str| {
        let lines = export.lines().filter_map(|line| line.strip_prefix("objectGUID: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let links = |directory: &Directory, marks: &[String]| -> BTreeSet<(String, String, String)> {
        let links = directory.links().into_iter().filter_map(|(holder, name, target)| {
            Some((marks.get(holder - 1)?.clone(), name, marks.get(target - 1)?.clone()))
        });
        links.collect()
    };
    let mut directory = Directory::of(old, Server::ActiveDirectory);
    let before = links(&directory, &marks(old));
    for mut record in changes(change) {
        // What names an entry a server adds by itself.
        if let Change::Add(lines) = &mut record.change {
            for (name, value) in identity::rdn_values(&record.dn).unwrap() {
                if !lines.iter().any(|line| line.name.eq_ignore_ascii_case(&name)) {
                    lines.push(Attribute { name: name.into(), value: Value::Bytes(value.into()) });
                }
            }
        }
        let done = directory.apply(&record);
        assert_eq!(done, Ok(()), "{record:?}\n{old}----\n{new}----\n{}", text(change));
    }
    let after = links(&directory, &marks(old));
    let wanted = links(&Directory::of(new, Server::ActiveDirectory), &marks(new));
    before.intersection(&wanted).filter(|link| !after.contains(link)).cloned().collect()
}

proptest! {
    #![proptest_config(same_cases(600))]

    #[test]
    fn what_can_be_made_without_what_is_left_out_is_proved(
        base in vec(any::<Dice>(), 4..24), edits in vec(any::<Dice>(), 0..16),
        asked in any::<Dice>(), ad in any::<bool>(),
    ) {
        let mut model = Model::new(if ad { Server::ActiveDirectory } else { Server::Plain });
        base.iter().for_each(|dice| model.roll(*dice));
        let old = model.export();
        model.begin_edits();
        edits.iter().for_each(|dice| model.roll(*dice));
        let new = model.export();
        let of = |text: &str| {
            let names = text.lines().filter_map(|line| Some(line.strip_prefix("dn: ")?.to_owned()));
            names.collect::<Vec<_>>()
        };
        let options = some_options(asked, &[of(&old), of(&new)].concat());
        let draft = match drafted(&old, &new, &options) {
            Ok(draft) => draft,
            Err(error) => {
                return Err(TestCaseError::fail(format!("{error}\n{options:?}\n{old}----\n{new}")));
            }
        };
        if !ad {
            return Ok(());
        }
        let lost = lost_links(&old, &new, &draft.change);
        prop_assert!(lost.is_empty(), "{lost:?}\n{options:?}\n{old}----\n{new}----\n{}", text(&draft.change));
    }
}
