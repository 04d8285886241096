//! One difference each, with the records that it leads to.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{changes, drafted, index, options, text, there_and_back};
use crate::change::diff::compared::Compared;
use crate::change::diff::{DiffError, DiffOptions, Kinds, Lacking, Omission, Scope, Server};
use crate::change::{Fate, Image, OnRefusal, Outcome, Run};
use crate::directory::{Filter, NormalizedDn};
use crate::ldif::{Change, WriteOptions, Writer};

/// The change between two exports, proved on the strict directory.
fn change(server: Server, old: &str, new: &str) -> String {
    let draft = drafted(old, new, &options()).unwrap();
    there_and_back(old, new, &draft, server).unwrap();
    text(&draft.change).to_owned()
}

fn plain(old: &str, new: &str) -> String {
    change(
        Server::Plain,
        &format!("dn: dc=x\ndc: x\n\n{old}"),
        &format!("dn: dc=x\ndc: x\n\n{new}"),
    )
}

fn guid(number: u32) -> String {
    format!("objectGUID: 00000000-0000-0000-0000-{number:012}\n")
}

const ROOT: &str = "dn: dc=x\ndc: x\nentryUUID: 00000000-0000-0000-0000-000000000000\n\n";

fn uuid(number: u32) -> String {
    format!("entryUUID: 00000000-0000-0000-0000-{number:012}\n")
}

#[test]
fn a_change_of_case_is_a_change_and_is_deleted_before_it_is_added() {
    let old = "dn: cn=a,dc=x\ncn: a\nproxyAddresses: SMTP:a@x\nproxyAddresses: smtp:b@x\n";
    let new = "dn: cn=a,dc=x\ncn: a\nproxyAddresses: SMTP:b@x\nproxyAddresses: smtp:a@x\n";
    assert_eq!(
        plain(old, new),
        "dn: cn=a,dc=x\nchangetype: modify\ndelete: proxyAddresses\n\
         proxyAddresses: SMTP:a@x\nproxyAddresses: smtp:b@x\n-\nadd: proxyAddresses\n\
         proxyAddresses: SMTP:b@x\nproxyAddresses: smtp:a@x\n-\n\n"
    );
}

#[test]
fn values_that_stay_are_not_named_and_blanks_count() {
    let old = "dn: cn=a,dc=x\ncn: a\ntelephoneNumber: 1\ntelephoneNumber: 2\ntitle: T  U\n";
    let new = "dn: CN = a, DC=x\ncn: a\ntelephoneNumber: 2\ntelephoneNumber: 3\ntitle: T U\n";
    assert_eq!(
        plain(old, new),
        "dn: cn=a,dc=x\nchangetype: modify\ndelete: telephoneNumber\ntelephoneNumber: 1\n-\n\
         add: telephoneNumber\ntelephoneNumber: 3\n-\ndelete: title\ntitle: T  U\n-\n\
         add: title\ntitle: T U\n-\n\n"
    );
}

#[test]
fn the_name_in_another_language_is_not_what_names_an_entry() {
    let entry = |german: &str| format!("dn: cn=a,dc=x\ncn: a\ncn;lang-de: {german}\n{}\n", uuid(1));
    assert_eq!(
        plain(&entry("b"), &entry("c")),
        "dn: cn=a,dc=x\nchangetype: modify\ndelete: cn;lang-de\ncn;lang-de: b\n-\n\
         add: cn;lang-de\ncn;lang-de: c\n-\n\n"
    );
    // Nor does the entry keep the old name for it.
    let renamed = entry("a").replace("cn=a", "cn=b").replace("cn: a", "cn: b");
    let rename = "changetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\n\n";
    assert_eq!(plain(&entry("a"), &renamed), format!("dn: cn=a,dc=x\n{rename}"));
}

#[test]
fn values_that_a_former_name_leaves_behind_go() {
    let old = format!("{ROOT}dn: l=b,dc=x\ncn: a\nl: b\nl: c\nl: d\n{}", uuid(1));
    let new = format!("{ROOT}dn: cn=a,dc=x\ncn: a\n{}", uuid(1));
    let rename = "dn: l=b,dc=x\nchangetype: modrdn\nnewrdn: cn=a\ndeleteoldrdn: 1\n\n";
    let rest = "dn: cn=a,dc=x\nchangetype: modify\ndelete: l\nl: c\nl: d\n-\n\n";
    assert_eq!(change(Server::Plain, &old, &new), format!("{rename}{rest}"));
}

#[test]
fn an_attribute_that_no_longer_names_the_entry_is_never_without_a_value() {
    let old = format!("{ROOT}dn: sn=a,dc=x\nsn: a\n{}", uuid(1));
    let new = format!("{ROOT}dn: cn=c,dc=x\ncn: c\nsn: b\n{}", uuid(1));
    let rename = "changetype: modrdn\nnewrdn: cn=c\ndeleteoldrdn: 0\n\n";
    let modify = "changetype: modify\ndelete: sn\nsn: a\n-\nadd: sn\nsn: b\n-\n\n";
    assert_eq!(
        change(Server::Plain, &old, &new),
        format!("dn: sn=a,dc=x\n{rename}dn: cn=c,dc=x\n{modify}")
    );
}

#[test]
fn a_twin_that_comes_makes_the_kept_one_go_and_come_back() {
    let entry = |values: &str| format!("dn: cn=a,dc=x\ncn: a\n{}{values}\n", guid(1));
    let old = entry("proxyAddresses: smtp:a@x\n");
    let new = entry("proxyAddresses: smtp:a@x\nproxyAddresses: smtp:A@x\n");
    let root = format!("dn: dc=x\ndc: x\n{}\n", guid(0));
    let (old, new) = (format!("{root}{old}"), format!("{root}{new}"));
    assert_eq!(
        change(Server::ActiveDirectory, &old, &new),
        "dn: cn=a,dc=x\nchangetype: modify\ndelete: proxyAddresses\nproxyAddresses: smtp:a@x\n-\n\
         add: proxyAddresses\nproxyAddresses: smtp:a@x\nproxyAddresses: smtp:A@x\n-\n\n"
    );
}

#[test]
fn what_no_rule_finds_is_deleted_as_a_whole() {
    let old = "dn: cn=a,dc=x\ncn: a\njpegPhoto: 1\njpegPhoto: 2\n";
    let new = "dn: cn=a,dc=x\ncn: a\njpegPhoto: 2\njpegPhoto: 3\n";
    assert_eq!(
        plain(old, new),
        "dn: cn=a,dc=x\nchangetype: modify\ndelete: jpegPhoto\n-\nadd: jpegPhoto\n\
         jpegPhoto: 2\njpegPhoto: 3\n-\n\n"
    );
    let draft = drafted(old, new, &options()).unwrap();
    assert_eq!(draft.whole, [b"jpegPhoto".to_vec()]);
    assert!(text(&draft.undo).contains("delete: jpegPhoto\n-\nadd: jpegPhoto\njpegPhoto: 1\n"));
    for name in ["mailPreferenceOption", "0.9.2342.19200300.100.1.47", "nisNetgroupTriple"] {
        let named = |text: &str| text.replace("jpegPhoto", name);
        assert_eq!(plain(&named(old), &named(new)), named(&plain(old, new)));
    }
}

#[test]
fn a_subtree_moves_by_one_record_and_values_of_a_plain_server_go_first() {
    let old = format!(
        "{ROOT}dn: ou=a,dc=x\nou: a\n{}\ndn: cn=m,ou=a,dc=x\ncn: m\n{}\n\
         dn: cn=g,dc=x\ncn: g\nmember: cn=m,ou=a,dc=x\n{}\n",
        uuid(1),
        uuid(2),
        uuid(3)
    );
    let new = old.replace("ou=a", "ou=b").replace("ou: a", "ou: b");
    assert_eq!(
        change(Server::Plain, &old, &new),
        "dn: cn=g,dc=x\nchangetype: modify\ndelete: member\nmember: cn=m,ou=a,dc=x\n-\n\
         add: member\nmember: cn=m,ou=b,dc=x\n-\n\n\
         dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: ou=b\ndeleteoldrdn: 1\n\n"
    );
    let ad = |text: &str| text.replace("entryUUID", "objectGUID");
    assert_eq!(
        change(Server::ActiveDirectory, &ad(&old), &ad(&new)),
        "dn: ou=a,dc=x\nchangetype: modrdn\nnewrdn: ou=b\ndeleteoldrdn: 1\n\n"
    );
}

#[test]
fn text_and_binary_of_an_identity_are_one() {
    let old = "dn: dc=x\ndc: x\n\ndn: cn=a,dc=x\ncn: a\n\
               objectGUID: 895eb448-2e7e-441b-9a01-020304050607\n";
    let new = "dn: dc=x\ndc: x\n\ndn: cn=b,dc=x\ncn: b\nobjectGUID:: SLReiX4uG0SaAQIDBAUGBw==\n";
    assert_eq!(
        change(Server::ActiveDirectory, old, new),
        "dn: cn=a,dc=x\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\n\n"
    );
}

#[test]
fn a_name_that_is_to_stay_as_a_value_is_kept() {
    let old = format!("{ROOT}dn: cn=a,dc=x\ncn: a\ncn: b\n{}", uuid(1));
    let new = format!("{ROOT}dn: cn=b,dc=x\ncn: b\ncn: a\ncn: c\n{}", uuid(1));
    assert_eq!(
        change(Server::Plain, &old, &new),
        "dn: cn=a,dc=x\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 0\n\n\
         dn: cn=b,dc=x\nchangetype: modify\nadd: cn\ncn: c\n-\n\n"
    );
}

#[test]
fn what_was_made_again_as_an_entry_of_another_class_is_deleted_and_added() {
    let root = format!("dn: dc=x\ndc: x\n{}\n", guid(0));
    let entry = |class: &str, number| {
        let more = if class == "user" { "mail: a@x\n" } else { "member: CN=g,dc=x\n" };
        format!(
            "dn: CN=a,dc=x\nobjectClass: top\nobjectClass: {class}\ncn: a\n{more}{}\n",
            guid(number)
        )
    };
    let other =
        format!("dn: CN=g,dc=x\nobjectClass: group\ncn: g\nmember: CN=a,dc=x\n{}\n", guid(3));
    let (old, new) = (entry("group", 1), entry("user", 2));
    let (old, new) = (format!("{root}{other}{old}"), format!("{root}{other}{new}"));
    let made = change(Server::ActiveDirectory, &old, &new);
    let at = |part: &str| made.find(part).unwrap_or_else(|| panic!("{part} is not in {made}"));
    assert!(at("dn: CN=a,dc=x\nchangetype: delete\n") < at("dn: CN=a,dc=x\nchangetype: add\n"));
    assert!(!made.contains("delete: objectClass"), "{made}");
    // One class more is no other kind of entry.
    let person = entry("user", 2);
    let more = person.replace("objectClass: user", "objectClass: user\nobjectClass: box");
    let more = more.replace(&guid(2), &guid(4));
    let made = plain(&person, &more);
    assert!(made.contains("changetype: modify\nadd: objectClass\n"), "{made}");
}

#[test]
fn directories_that_differ_in_every_identity_are_compared_by_name() {
    let old = format!("{ROOT}dn: cn=a,dc=x\ncn: a\nsn: 1\n{}", uuid(1));
    let new = format!("{ROOT}dn: cn=a,dc=x\ncn: a\nsn: 2\n{}", uuid(9));
    assert_eq!(
        change(Server::Plain, &old, &new),
        "dn: cn=a,dc=x\nchangetype: modify\ndelete: sn\nsn: 1\n-\nadd: sn\nsn: 2\n-\n\n"
    );
}

#[test]
fn a_name_may_stay_in_the_text_and_be_another_entry() {
    // b is renamed to c, a new b comes, and what was below b is below the new one.
    let old =
        format!("{ROOT}dn: ou=b,dc=x\nou: b\n{}\ndn: cn=m,ou=b,dc=x\ncn: m\n{}", uuid(1), uuid(2));
    let new = format!(
        "{ROOT}dn: ou=c,dc=x\nou: c\n{}\ndn: ou=b,dc=x\nou: b\n{}\ndn: cn=m,ou=b,dc=x\ncn: m\n{}",
        uuid(1),
        uuid(5),
        uuid(2)
    );
    assert_eq!(
        change(Server::Plain, &old, &new),
        "dn: ou=b,dc=x\nchangetype: modrdn\nnewrdn: ou=c\ndeleteoldrdn: 1\n\n\
         dn: ou=b,dc=x\nchangetype: add\nou: b\n\n\
         dn: cn=m,ou=c,dc=x\nchangetype: modrdn\nnewrdn: cn=m\ndeleteoldrdn: 1\n\
         newsuperior: ou=b,dc=x\n\n"
    );
}

#[test]
fn entries_that_name_each_other_come_and_go() {
    let pair = format!(
        "dn: cn=a,dc=x\ncn: a\nmanager: cn=b,dc=x\n{}\ndn: cn=b,dc=x\ncn: b\n\
         manager: cn=a,dc=x\n{}",
        guid(1),
        guid(2)
    );
    let root = format!("dn: dc=x\ndc: x\n{}\n", guid(0));
    let both = format!("{root}{pair}");
    for (old, new) in [(&root, &both), (&both, &root)] {
        let draft = drafted(old, new, &options()).unwrap();
        there_and_back(old, new, &draft, Server::ActiveDirectory).unwrap();
        assert_eq!(changes(&draft.change).len(), 3);
    }
}

#[test]
fn kinds_that_are_left_out_take_with_them_what_needs_them() {
    let old = format!("{ROOT}dn: cn=m,dc=x\ncn: m\n{}", uuid(1));
    let new =
        format!("{ROOT}dn: ou=n,dc=x\nou: n\n\ndn: cn=m,ou=n,dc=x\ncn: m\nsn: 1\n{}", uuid(1));
    let draft = |kinds: Kinds| drafted(&old, &new, &DiffOptions { kinds, ..options() }).unwrap();
    let whole = draft(Kinds::default());
    assert_eq!((whole.tally.add, whole.tally.modrdn, whole.tally.modify), (1, 1, 1));
    let no_add = draft(Kinds { add: false, ..Kinds::default() });
    // The move needs the new parent; the rest is written where the entry is.
    assert_eq!((no_add.tally.add, no_add.tally.modrdn, no_add.tally.modify), (0, 0, 1));
    assert_eq!(no_add.omitted[&Omission::Add], 1);
    assert_eq!(no_add.omitted[&Omission::NeedsAnother], 1);
    assert!(text(&no_add.change).contains("dn: cn=m,dc=x\n"));
    let no_modify = draft(Kinds { modify: false, ..Kinds::default() });
    assert_eq!(no_modify.tally.records(), 1);
    assert_eq!(no_modify.omitted[&Omission::Modify], 1);
}

#[test]
fn the_scope_is_of_entries_that_belong_to_it_on_either_side() {
    let old = "dn: cn=a,ou=1,dc=x\nsn: 1\n\ndn: cn=b,ou=2,dc=x\nsn: 1\n";
    let new = "dn: cn=a,ou=1,dc=x\nsn: 2\n\ndn: cn=b,ou=2,dc=x\nsn: 2\n";
    let records = |scope: Scope| {
        let draft = drafted(old, new, &DiffOptions { scope, ..options() }).unwrap();
        text(&draft.change).matches("dn: ").count()
    };
    let dn = |text: &str| NormalizedDn::of(text.as_bytes()).unwrap();
    assert_eq!(records(Scope::default()), 2);
    assert_eq!(records(Scope { base: Some(dn("OU=1,DC=x")), ..Scope::default() }), 1);
    assert_eq!(records(Scope { excluded: vec![dn("dc=x")], ..Scope::default() }), 0);
    let filter = Filter::parse(b"(&(cn:dn:=b)(sn=2))").unwrap().matcher();
    assert_eq!(records(Scope { filter: Some(filter), ..Scope::default() }), 1);
}

#[test]
fn a_part_of_the_values_is_not_compared_and_a_reference_is_not_opened() {
    let old = "dn: cn=a\nmember;range=0-1: cn=b\nsn: 1\nphoto:< file:///a\n";
    let new = "dn: cn=a\nmember: cn=b\nmember: cn=c\nsn: 2\nphoto:< file:///b\n";
    let draft = drafted(old, new, &options()).unwrap();
    assert_eq!(
        text(&draft.change),
        "dn: cn=a\nchangetype: modify\ndelete: sn\nsn: 1\n-\nadd: sn\nsn: 2\n-\n\n"
    );
    assert_eq!((draft.partial, draft.references), (1, 1));
}

#[test]
fn an_entry_that_stands_twice_is_no_basis() {
    let twice = "dn: cn=a,dc=x\nsn: 1\n\ndn: cn=b,dc=x\n\ndn: CN=A, DC=x\nsn: 2\n";
    let error = drafted("dn: cn=b,dc=x\n", twice, &options()).unwrap_err();
    let DiffError::Twice { in_old: false, first, count: 1 } = error else { panic!("{error:?}") };
    assert_eq!((first[0].1.first, first[0].1.again), (1, 6));
    let same = format!("dn: cn=a,dc=x\n{}\ndn: cn=c,dc=x\n{}", uuid(1), uuid(1));
    let error = drafted("dn: cn=b,dc=x\n", &same, &options()).unwrap_err();
    assert!(matches!(error, DiffError::TwiceByIdentity { in_old: false, .. }), "{error:?}");
}

#[test]
fn an_entry_with_entries_below_it_is_not_deleted_because_an_export_lacks_it() {
    let old = "dn: dc=x\n\ndn: ou=a,dc=x\nou: a\n\ndn: cn=m,ou=a,dc=x\ncn: m\n";
    let new = "dn: dc=x\n\ndn: cn=m,ou=a,dc=x\ncn: m\n\ndn: cn=n,ou=a,dc=x\ncn: n\n";
    let draft = drafted(old, new, &options()).unwrap();
    assert_eq!(text(&draft.change), "dn: cn=n,ou=a,dc=x\nchangetype: add\ncn: n\n\n");
    assert_eq!(draft.implied, [(Lacking::New, b"ou=a,dc=x".to_vec())]);
    let draft = drafted(new, old, &options()).unwrap();
    assert_eq!(text(&draft.change), "dn: cn=n,ou=a,dc=x\nchangetype: delete\n\n");
    assert_eq!(draft.implied, [(Lacking::Old, b"ou=a,dc=x".to_vec())]);
}

#[test]
fn an_add_holds_what_a_server_takes_and_the_undo_of_a_delete_all_of_it() {
    let entry = format!(
        "dn: cn=a,dc=x\nobjectClass: user\ncn: a\nname: a\nsAMAccountName: a\n\
         memberOf: cn=g,dc=x\nwhenCreated: 20200101000000.0Z\nsAMAccountType: 805306368\n\
         pwdLastSet: 1\nmail: a@x\n{}",
        guid(1)
    );
    let root = format!("dn: dc=x\ndc: x\n{}\n", guid(0));
    let both = format!("{root}{entry}");
    let written = "dn: cn=a,dc=x\nchangetype: add\nobjectClass: user\ncn: a\n\
                   sAMAccountName: a\nmail: a@x\n\n";
    let there = drafted(&root, &both, &options()).unwrap();
    assert_eq!(text(&there.change), written);
    let only = Compared { only: vec![b"mail".to_vec()], ..Compared::default() };
    let back = drafted(&both, &root, &DiffOptions { compared: only, ..options() }).unwrap();
    assert_eq!(text(&back.undo), written);
    assert!(matches!(changes(&back.change)[0].change, Change::Delete));
}

/// An entry with its `objectGUID` and further lines.
pub(super) fn held(number: u32, dn: &str, lines: &str) -> String {
    let (name, value) = dn.split_once(',').unwrap().0.split_once('=').unwrap();
    format!("dn: {dn}\n{name}: {value}\n{}{lines}\n", guid(number))
}

#[test]
fn entries_that_name_each_other_go_though_one_frees_a_value_for_another() {
    let root = held(0, "dc=x,", "").replace("dc=x,", "dc=x");
    let old = [
        root.clone(),
        held(1, "cn=b,dc=x", "manager: ou=a,cn=b,dc=x\n"),
        held(2, "ou=a,cn=b,dc=x", "userPrincipalName: u@x\nmember: cn=c,cn=b,dc=x\n"),
        held(3, "cn=c,cn=b,dc=x", ""),
    ];
    let new = root.replace("dc: x\n", "dc: x\nuserPrincipalName: u@x\n");
    let change = change(Server::ActiveDirectory, &old.concat(), &new);
    assert!(change.ends_with("dn: cn=b,dc=x\nchangetype: delete\n\n"), "{change}");
}

#[test]
fn values_of_an_entry_that_makes_room_go_while_they_say_its_name() {
    let root = held(0, "dc=x,", "").replace("dc=x,", "dc=x");
    let old = [
        root.clone(),
        held(1, "ou=a,dc=x", "member: ou=b,ou=a,dc=x\n"),
        held(2, "ou=b,ou=a,dc=x", ""),
        held(3, "ou=c,ou=a,dc=x", ""),
    ];
    let new = [root, held(3, "ou=a,dc=x", "")];
    let change = change(Server::ActiveDirectory, &old.concat(), &new.concat());
    let first = "dn: ou=a,dc=x\nchangetype: modify\ndelete: member\nmember: ou=b,ou=a,dc=x\n-\n";
    assert!(change.starts_with(first), "{change}");
}

#[test]
fn of_an_entry_that_goes_only_the_values_that_hold_others_up_go_ahead() {
    let root = held(0, "dc=x,", "").replace("dc=x,", "dc=x");
    let old = [
        root.clone(),
        held(1, "ou=d,dc=x", ""),
        held(2, "cn=c,dc=x", ""),
        held(3, "ou=b,cn=c,dc=x", ""),
        held(4, "cn=a,ou=d,dc=x", ""),
        held(6, "cn=e,cn=a,ou=d,dc=x", "member: ou=b,cn=c,dc=x\nmember: cn=a,ou=d,dc=x\n"),
    ];
    let new = [root, held(2, "cn=c,dc=x", ""), held(3, "ou=d,dc=x", "")];
    let change = change(Server::ActiveDirectory, &old.concat(), &new.concat());
    let first = "dn: cn=e,cn=a,ou=d,dc=x\nchangetype: modify\ndelete: member\n\
                 member: cn=a,ou=d,dc=x\n-\n";
    assert!(change.starts_with(first), "{change}");
}

#[test]
fn a_value_that_must_wait_for_a_move_waits_though_it_goes_ahead_of_the_others() {
    let root = |lines: &str| format!("dn: dc=x\ndc: x\n{}{lines}\n", guid(0));
    let old = [
        root("member: ou=a,cn=c,ou=s,dc=x\n"),
        held(1, "ou=s,dc=x", ""),
        held(2, "cn=c,ou=s,dc=x", ""),
        held(3, "ou=a,cn=c,ou=s,dc=x", "userPrincipalName: u@x\n"),
    ];
    let new = [
        root(""),
        held(1, "ou=s,dc=x", ""),
        held(4, "ou=n,ou=s,dc=x", "userPrincipalName: u@x\n"),
        held(2, "cn=c,ou=n,ou=s,dc=x", ""),
    ];
    let change = change(Server::ActiveDirectory, &old.concat(), &new.concat());
    let value = "delete: member\nmember: ou=a,cn=c,ou=n,ou=s,dc=x\n-\n";
    assert!(change.contains(value), "{change}");
}

#[test]
fn a_change_and_its_undo_apply_to_the_exports_whatever_the_name_of_the_naming_attribute() {
    for mark in ["objectGUID", "entryUUID"] {
        let root = format!("dn: dc=x\ndc: x\n{mark}: 0\n\n");
        let entry = |dn: &str, value: &str| {
            format!("{root}dn: {dn},dc=x\ncn: {value}\n{mark}: 1\nmail: {value}@x\n\n")
        };
        let (old, new) = (entry("cn=c", "c"), entry("commonName=b", "b"));
        let draft = drafted(&old, &new, &options()).unwrap();
        assert_eq!(values_after(&old, &draft.change), without_dns(&new), "{mark}");
        assert_eq!(values_after(&new, &draft.undo), without_dns(&old), "{mark}");
    }
}

/// What an export holds after a change that applies, but for its DNs.
fn values_after(export: &str, change: &[u8]) -> String {
    let records = changes(change);
    let mut image = Image::new(&records, OnRefusal::Stop);
    let export = index(export);
    let entries = || (0..).zip(export.slots().iter().map(|slot| export.entry(slot.place)));
    let outcomes = loop {
        entries().for_each(|(number, entry)| image.load(number, entry));
        if let Run::Done(outcomes) = image.run() {
            break outcomes;
        }
    };
    assert!(outcomes.iter().all(|it| matches!(it, Outcome::Applied(_))), "{outcomes:?}");
    let mut after = Vec::new();
    for (number, entry) in entries() {
        after.push(match image.fate(number, &entry.dn) {
            Fate::Replaced(entry) => entry,
            _ => entry,
        });
    }
    let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
    after.into_iter().for_each(|entry| writer.content(&entry.into_record()).unwrap());
    without_dns(text(&writer.finish().unwrap()))
}

fn without_dns(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("dn: "));
    let mut lines: Vec<&str> = lines.collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Spellings of a value of an entry that stands beside those which change places.
const SPELLINGS: [fn(&str, &str) -> String; 4] = [
    |name, value| format!("{name}: {value}\n"),
    |name, value| format!("{name}: {}\n", value.to_uppercase()),
    |name, value| format!("{name}:: {}\n", BASE64.encode(value)),
    |name, value| format!("{name}: {}\n", value.replacen("fix-", "fix-\n ", 1)),
];

#[test]
fn a_temporary_name_is_none_that_an_entry_bears_however_it_is_spelled() {
    let entry = |number, name: &str| held(number, &format!("{name},dc=x"), "");
    for spelled in SPELLINGS {
        for other in ["cn=ldifix-tmp-1,dc=x", "cn=\\6cdifix-tmp-1,dc=x"] {
            let other = spelled("dn", other) + &guid(3) + "\n";
            let old = [&held(0, "dc=x,", "").replace("dc=x,", "dc=x"), &other];
            let old = old.map(String::as_str).concat() + &entry(1, "cn=a") + &entry(2, "cn=b");
            let new = old.replace("cn=a", "cn=c").replace("cn: a", "cn: c");
            let new = new.replace("cn=b", "cn=a").replace("cn: b", "cn: a");
            let new = new.replace("cn=c", "cn=b").replace("cn: c", "cn: b");
            let change = change(Server::ActiveDirectory, &old, &new);
            assert!(change.contains("newrdn: cn=ldifix-tmp-2\n"), "{other}{change}");
        }
    }
}

#[test]
fn a_temporary_value_is_none_that_an_entry_holds_however_it_is_spelled() {
    for spelled in SPELLINGS {
        let root = held(0, "dc=x,", "").replace("dc=x,", "dc=x");
        let root = root + &held(3, "cn=c,dc=x", &spelled("sAMAccountName", "a.ldifix-tmp-1"));
        let pair = |a: &str, b: &str| {
            let one = |number, name: &str, value: &str| {
                held(number, &format!("cn={name},dc=x"), &format!("sAMAccountName: {value}\n"))
            };
            format!("{root}{}{}", one(1, "a", a), one(2, "b", b))
        };
        let change = change(Server::ActiveDirectory, &pair("a", "b"), &pair("b", "a"));
        assert!(change.contains(".ldifix-tmp-2\n"), "{change}");
    }
}

#[test]
fn an_entry_that_leaves_what_goes_is_named_until_it_has_left() {
    let root = held(0, "dc=x,", "").replace("dc=x,", "dc=x");
    let old = [
        root.clone(),
        held(5, "ou=r,dc=x", ""),
        held(1, "ou=x,dc=x", ""),
        held(2, "ou=k,ou=x,dc=x", ""),
        held(4, "ou=g,ou=k,ou=x,dc=x", "member: ou=k,ou=x,dc=x\nmember: ou=x,dc=x\n"),
    ];
    let new = [root, held(5, "ou=x,dc=x", ""), held(2, "ou=k,ou=x,dc=x", "")];
    let change = change(Server::ActiveDirectory, &old.concat(), &new.concat());
    let first = "dn: ou=g,ou=k,ou=x,dc=x\nchangetype: modify\ndelete: member\n\
                 member: ou=x,dc=x\n-\n";
    assert!(change.starts_with(first), "{change}");
}
