//! What is left out takes with it what cannot be made without it, and nothing else.

use proptest::collection::vec;
use proptest::prelude::*;

use super::examples::held;
use super::model::{Dice, Model};
use super::{changes, drafted, options, text};
use crate::change::diff::compared::Compared;
use crate::change::diff::{DiffOptions, Kinds, Omission, Scope, Server};
use crate::change::tests::same_cases;
use crate::directory::NormalizedDn;
use crate::ldif::Change;

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
    let (old, new) = ([(1, "ou=b")], [(2, "cn=b"), (1, "ou=c,cn=b")]);
    let new = export(&new).replace("cn: b\n", "cn: b\nmember: ou=c,cn=b,dc=x\n");
    let draft = drafted(&export(&old), &new, &without(NO_MODIFY)).unwrap();
    assert_eq!(text(&draft.change), "dn: cn=b,dc=x\nchangetype: add\ncn: b\n\n");
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
        if let Err(error) = drafted(&old, &new, &options) {
            prop_assert!(false, "{error}\n{options:?}\n{old}----\n{new}");
        }
    }
}
