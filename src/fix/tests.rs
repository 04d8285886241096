//! Which wishes hold together. The wishes are made up: the rules suggest the like
//! only in directories that are hard to write down.

use std::borrow::Cow;

use super::candidate::Candidate;
use super::draft::compose;
use super::subject::{Scratch, is_read};
use super::{Draft, DraftError, DraftOptions, Moves, Policy, draft};
use crate::change::EntryTexts;
use crate::ldif::{ReadOptions, WriteOptions};
use crate::rules::{
    Action, Applicability, CheckOptions, EntryFindings, Export, Finding, Profile, ProfileOptions,
    RuleName, Selection, Severity, Suggestion, Survey,
};

/// A wish: the number of an entry, an attribute, and its value before and after.
pub(super) type Wish<'w> = (usize, &'static str, &'w str, &'w str);

/// People with these values of sAMAccountName.
fn people(names: &[&str]) -> String {
    let person = |(number, name): (usize, &&str)| {
        format!(
            "dn: CN=P{number},DC=x\nobjectClass: user\ncn: P{number}\ndisplayName: P\n\
             objectCategory: CN=Person\nsAMAccountName: {name}\n\n"
        )
    };
    names.iter().enumerate().map(person).collect()
}

fn options() -> CheckOptions {
    CheckOptions {
        profile: Profile::by_name("idfix-multitenant", ProfileOptions::default()).unwrap(),
        selection: Selection::default(),
        read: ReadOptions::default(),
        keep_held: true,
    }
}

fn finding<'a>((entry, attribute, old, new): Wish<'a>) -> Finding<'a> {
    Finding {
        dn: Cow::Owned(format!("CN=P{entry},DC=x").into_bytes()),
        common_name: Cow::Borrowed(b""),
        object_class: Cow::Borrowed(b"user"),
        attribute,
        rules: vec![RuleName("made-up")],
        error: "made up".to_owned(),
        value: Some(Cow::Borrowed(old.as_bytes())),
        update: Some(new.to_owned()),
        action: Action::Edit,
        suggestion: Suggestion::Replace(new.to_owned()),
        applicability: Applicability::Safe,
        severity: Severity::Error,
        message: None,
        collision: None,
        extra: false,
        file: "x",
        line: 1,
    }
}

/// What comes of wishes, one candidate for each entry.
fn with_wishes<T>(
    export: &str,
    wishes: &[Wish<'_>],
    look: impl FnOnce(Result<Draft<'_>, DraftError>) -> T,
) -> T {
    with_moves(export, wishes, Moves::AtOnce, look)
}

/// The same, where addresses may move from one entry to another.
pub(super) fn with_moves<T>(
    export: &str,
    wishes: &[Wish<'_>],
    moves: Moves,
    look: impl FnOnce(Result<Draft<'_>, DraftError>) -> T,
) -> T {
    let check = options();
    let exports = [Export { name: "x", bytes: export.as_bytes() }];
    let survey = Survey::run(&exports, &check, &|_| {});
    let policy = || Policy { take_unsafe: false, admits: &|_| true, accepts: &|_| false };
    let mut at = 0;
    let mut candidates = Vec::new();
    for (number, text) in export.split_inclusive("\n\n").enumerate() {
        let own = wishes.iter().filter(|wish| wish.0 == number);
        let findings: Vec<_> = own.map(|&wish| finding(wish)).collect();
        let found = EntryFindings { text: text.as_bytes(), offset: at, findings };
        at += text.len() as u64;
        if !found.findings.is_empty() {
            let (texts, scratch) =
                (&mut EntryTexts::new(ReadOptions::default(), is_read), &mut Scratch::default());
            let made = Candidate::new(found, Vec::new(), &check.profile, texts, &policy(), scratch);
            candidates.push(made.unwrap());
        }
    }
    let write = WriteOptions::change_file();
    let how = DraftOptions { policy: policy(), write, comments: false, moves };
    look(compose(Draft::default(), candidates, &survey, &check.profile, &how))
}

/// The account names that the change adds, in order, and why wishes are declined.
fn settled(names: &[&str], wishes: &[(usize, &str, &str)]) -> (Vec<String>, Vec<String>) {
    let wishes: Vec<Wish<'_>> =
        wishes.iter().map(|&(entry, old, new)| (entry, "sAMAccountName", old, new)).collect();
    with_wishes(&people(names), &wishes, |draft| {
        let draft = draft.unwrap();
        let change = String::from_utf8(draft.change).unwrap();
        let added = change.split("add: ").skip(1);
        let added = added.map(|text| text.lines().nth(1).unwrap_or_default());
        let added = added.map(|line| line.trim_start_matches("sAMAccountName: ").to_owned());
        let declined = draft.listed.iter().map(|declined| declined.reason.to_string());
        (added.collect(), declined.collect())
    })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn a_value_is_freed_before_it_is_taken_wherever_its_holder_stands() {
    let (added, declined) = settled(&["a", "b"], &[(0, "a", "b"), (1, "b", "c")]);
    assert_eq!((added, declined), (words(&["c", "b"]), vec![]));
    let (added, declined) = settled(&["a", "b"], &[(0, "a", "c"), (1, "b", "a")]);
    assert_eq!((added, declined), (words(&["c", "a"]), vec![]));
}

#[test]
fn of_two_entries_that_want_one_value_the_first_gets_it() {
    let (added, declined) = settled(&["a", "b"], &[(0, "a", "c"), (1, "b", "C")]);
    assert_eq!(added, ["c"]);
    assert_eq!(declined, ["the proposed value goes to CN=P0,DC=x in this run"]);
}

#[test]
fn a_value_that_another_entry_keeps_is_not_taken() {
    let (added, declined) = settled(&["a", "b"], &[(0, "a", "B")]);
    assert_eq!(added, words(&[]));
    assert_eq!(declined, ["the proposed value is held already by CN=P1,DC=x"]);
}

#[test]
fn a_chain_is_taken_from_its_free_end() {
    let (added, declined) = settled(
        &["a", "b", "c", "d"],
        &[(0, "a", "b"), (1, "b", "c"), (2, "c", "d"), (3, "d", "e")],
    );
    assert_eq!((added, declined), (words(&["e", "d", "c", "b"]), vec![]));
}

#[test]
fn a_chain_whose_end_is_held_comes_to_nothing() {
    let (added, declined) =
        settled(&["a", "b", "c", "d"], &[(0, "a", "b"), (1, "b", "c"), (2, "c", "d")]);
    assert_eq!(added, words(&[]));
    let reasons = ["CN=P3", "CN=P2", "CN=P1"];
    assert_eq!(declined.len(), reasons.len());
    for holder in reasons {
        let reason = format!("the proposed value is held already by {holder},DC=x");
        assert!(declined.contains(&reason), "{declined:?}");
    }
}

#[test]
fn who_must_give_way_takes_nothing_from_others() {
    // The first wants what the third keeps; the second may have what it also wanted.
    let (added, _) = settled(&["a", "b", "c"], &[(0, "a", "c"), (1, "b", "a")]);
    assert_eq!(added, words(&[]), "the first one stays as it is and keeps its value");
    let (added, declined) = settled(&["a", "b"], &[(0, "a", "x"), (1, "b", "a")]);
    assert_eq!((added, declined), (words(&["x", "a"]), vec![]));
}

#[test]
fn a_swap_goes_by_way_of_a_temporary_value() {
    let (added, declined) = settled(&["a", "b"], &[(0, "a", "b"), (1, "b", "a")]);
    assert_eq!(declined, words(&[]));
    let [aside, first, second] = added.as_slice() else { panic!("{added:?}") };
    assert!(!["a", "b"].contains(&aside.as_str()), "{aside}");
    assert_eq!([first.as_str(), second.as_str()].iter().filter(|v| **v == "a").count(), 1);
}

#[test]
fn a_ring_of_three_needs_one_temporary_value() {
    let (added, declined) =
        settled(&["a", "b", "c"], &[(0, "a", "b"), (1, "b", "c"), (2, "c", "a")]);
    assert_eq!((added.len(), declined), (4, vec![]));
}

#[test]
fn a_change_of_case_is_no_wish_for_another_value() {
    let (added, declined) = settled(&["a", "b"], &[(0, "a", "A"), (1, "b", "B")]);
    assert_eq!((added, declined), (words(&["A", "B"]), vec![]));
}

#[test]
fn a_long_chain_that_comes_to_nothing_ends_in_time() {
    // Each round undoes one link: a look at all entries in each would be too much.
    const LINKS: usize = 3000;
    let names: Vec<String> = (0..=LINKS).map(|number| format!("n{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let wishes: Vec<_> =
        (0..LINKS).map(|number| (number, names[number], names[number + 1])).collect();
    let (added, declined) = settled(&names, &wishes);
    assert_eq!((added.len(), declined.len()), (0, 1000.min(LINKS)));
}

#[test]
fn a_value_that_is_wrong_again_and_one_that_breaks_another_are_declined() {
    let wishes = [(0, "sAMAccountName", "a", "a\"b")];
    let reasons = with_wishes(&people(&["a"]), &wishes, |draft| draft.unwrap().declined);
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), [("still-wrong", 1)]);
}

#[test]
fn an_edit_that_no_record_can_make_is_declined() {
    // The value is not there.
    let wishes = [(0, "sAMAccountName", "nobody", "b"), (0, "displayName", "P", "Q")];
    with_wishes(&people(&["a"]), &wishes, |draft| {
        let draft = draft.unwrap();
        assert_eq!((draft.records, draft.taken), (1, 1));
        assert_eq!(draft.declined.get("cannot-be-written"), Some(&1));
    });
}

#[test]
fn what_was_not_asked_for_is_counted_and_not_listed() {
    let export = people(&["a"]).replace("displayName: P\n", "displayName: P\nmail: a @x.org\n");
    let check = CheckOptions {
        profile: Profile::by_name("idfix-dedicated", ProfileOptions::default()).unwrap(),
        ..options()
    };
    let exports = [Export { name: "x", bytes: export.as_bytes() }];
    let survey = Survey::run(&exports, &check, &|_| {});
    let drafted = |take_unsafe, admits: &(dyn Fn(&[RuleName]) -> bool + Sync)| {
        let policy = Policy { take_unsafe, admits, accepts: &|_| false };
        let (write, moves) = (WriteOptions::change_file(), Moves::AtOnce);
        let how = DraftOptions { policy, write, comments: false, moves };
        let draft = draft(&survey, &check.profile, check.read, &how).unwrap();
        assert!(draft.listed.is_empty());
        (draft.taken, draft.declined.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(drafted(true, &|_| true), (1, vec![("manual", 1)]));
    assert_eq!(drafted(false, &|_| true), (0, vec![("manual", 1), ("unsafe", 1)]));
    assert_eq!(drafted(true, &|_| false), (0, vec![("manual", 1), ("not-selected", 1)]));
}

#[test]
fn many_holders_of_a_value_that_is_wanted_are_looked_at_once() {
    // Whoever holds the value wants another, and many want the value.
    const HOLDERS: usize = 20_000;
    const WANTING: usize = 4_000;
    let others: Vec<String> = (0..WANTING).map(|number| format!("o{number}")).collect();
    let holders = std::iter::repeat_n("same", HOLDERS);
    let names: Vec<&str> = holders.chain(others.iter().map(String::as_str)).collect();
    let new: Vec<String> = (0..HOLDERS).map(|number| format!("n{number}")).collect();
    let given_up = (0..HOLDERS).map(|number| (number, "same", &*new[number]));
    let wanted = (0..WANTING).map(|number| (HOLDERS + number, &*others[number], "same"));
    let wishes: Vec<_> = given_up.chain(wanted).collect();
    let (added, declined) = settled(&names, &wishes);
    assert_eq!((added.len(), declined.len()), (HOLDERS + 1, 1000));
}

#[test]
fn an_attribute_of_which_the_export_holds_a_part_is_not_changed() {
    // The suggestion for displayName has the entry looked at anew, and so the addresses.
    let export = "dn: CN=A,DC=x\nobjectClass: user\nobjectCategory: CN=Person\ncn: A\n\
                  sAMAccountName: ann\nuserPrincipalName: ann@contoso.com\n\
                  displayName:: IEE=\nproxyAddresses:: c210cDphbm5AY29udG9zby5jb20g\n\
                  proxyAddresses;range=0-0: smtp:b@contoso.com\n\n";
    let profile = Profile::by_name("entra", ProfileOptions::default()).unwrap();
    let change = in_full(profile, export, |draft| String::from_utf8(draft.change).unwrap());
    assert!(change.contains("displayName"), "{change}");
    assert!(!change.contains("proxyAddresses"), "{change}");
}

/// What of all suggestions for an export, safe or not, comes to be.
fn in_full<T>(profile: Profile, export: &str, told: impl FnOnce(Draft<'_>) -> T) -> T {
    let check = CheckOptions { profile, ..options() };
    let exports = [Export { name: "x", bytes: export.as_bytes() }];
    let survey = Survey::run(&exports, &check, &|_| {});
    let policy = Policy { take_unsafe: true, admits: &|_| true, accepts: &|_| false };
    let (write, moves) = (WriteOptions::change_file(), Moves::AtOnce);
    let how = DraftOptions { policy, write, comments: false, moves };
    told(draft(&survey, &check.profile, check.read, &how).unwrap())
}

/// What becomes of the suggestions for an entry with many
/// addresses and no primary one: how many are taken, and why others are not.
fn with_addresses(
    profile: &str,
    address: impl Fn(usize) -> String,
    count: usize,
) -> (u64, Vec<&'static str>) {
    let mut export = "dn: CN=A,DC=x\nobjectClass: user\nobjectCategory: CN=Person\ncn: A\n\
                      sAMAccountName: ann\nuserPrincipalName: ann@contoso.com\n\
                      displayName: A\nmail: ann@contoso.com\nmailNickname: ann\n"
        .to_owned();
    for number in 0..count {
        export.push_str(&format!("proxyAddresses: {}\n", address(number)));
    }
    let profile = Profile::by_name(profile, ProfileOptions::default()).unwrap();
    in_full(profile, &export, |draft| (draft.taken, draft.declined.into_keys().collect()))
}

#[test]
fn fewer_errors_of_a_value_are_no_new_finding() {
    // The primary address is added: that there are too many values is then all that is
    // wrong with the attribute.
    let (taken, declined) = with_addresses("entra", |n| format!("smtp:b {n}@contoso.com"), 500);
    assert_eq!((taken, declined), (501, vec![]));
}

#[test]
fn an_entry_of_which_many_suggestions_fail_is_not_looked_at_for_each() {
    let (taken, declined) = with_addresses("idfix-multitenant", |n| format!("smtp: {n}@"), 1000);
    assert_eq!((taken, declined), (0, vec!["still-wrong"]));
}

#[test]
fn nothing_is_written_for_a_name_that_stands_twice() {
    let entry = |dn: &str, mail: &str| {
        format!(
            "dn: {dn}\nobjectClass: user\nobjectCategory: CN=Person\ncn: A\n\
             sAMAccountName: a\nuserPrincipalName: a@x.com\nmail: {mail}\n\n"
        )
    };
    let twice = entry("CN=A,OU=b,DC=x", "a@x.com") + &entry("cn=A, ou=B,dc=x", "b@x.com ");
    let apart = entry("CN=A,OU=b,DC=x", "a@x.com") + &entry("CN=C,OU=b,DC=x", "b@x.com ");
    let drafted = |text: &str| {
        let profile = Profile::by_name("exchange-online", ProfileOptions::default()).unwrap();
        in_full(profile, text, |it| (it.records, it.declined.contains_key("stands-twice")))
    };
    assert_eq!(drafted(&apart), (1, false));
    assert_eq!(drafted(&twice), (0, true));
    // The first RDN alone is no name; and it may be spelled in ways that take parsing.
    let alike = entry("CN=A,OU=b,DC=x", "a@x.com") + &entry("CN=A,OU=c,DC=x", "b@x.com ");
    assert_eq!(drafted(&alike), (1, false));
    for other in ["<GUID=00>;cn = \\61 ,OU=B,DC=x", "2.5.4.3=a;ou=b,dc=X", "CN=\"a\",OU=b,DC=x"] {
        let twice = entry("CN=A,OU=b,DC=x", "a@x.com") + &entry(other, "b@x.com ");
        assert_eq!(drafted(&twice), (0, true), "{other}");
    }
}
