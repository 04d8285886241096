use super::{entry, text_of_changes};
use crate::change::{Edit, EntryEdits, Plan, Refusal, plan};

fn edit<'a>(attribute: &'a str, remove: &[&'a [u8]], add: &[&'a [u8]]) -> Edit<'a> {
    Edit {
        attribute: attribute.as_bytes().into(),
        remove: remove.iter().map(|&value| value.into()).collect(),
        add: add.iter().map(|&value| value.into()).collect(),
        comments: Vec::new(),
    }
}

fn planned(before: &str, edits: Vec<Edit<'_>>) -> Plan {
    let entry = entry(before);
    plan(&entry, &EntryEdits { dn: entry.dn.clone(), edits })
}

/// The record behind its first two lines.
fn mods(before: &str, edits: Vec<Edit<'_>>) -> String {
    let Plan { planned, refused } = planned(before, edits);
    assert_eq!(refused, []);
    let Some(planned) = planned else { return String::new() };
    let text = text_of_changes(&[planned.record]);
    text.split_once("changetype: modify\n").unwrap().1.to_owned()
}

fn refusal(before: &str, edit: Edit<'_>) -> Refusal {
    let Plan { planned, refused } = planned(before, vec![edit]);
    assert_eq!(planned, None);
    refused[0].reason
}

#[test]
fn an_entry_whose_name_is_no_dn_is_left_alone() {
    for dn in ["CN=a,\\", "\"", ",", "CN=\\zz,DC=x", "CN=\"a\"b", "CN=a,foo", "CN=a,DC"] {
        let before = format!("dn: {dn}\nmail: a@x \n");
        assert_eq!(
            refusal(&before, edit("mail", &[b"a@x "], &[b"a@x"])),
            Refusal::InvalidDn,
            "{dn}"
        );
    }
}

#[test]
fn a_changed_value_is_deleted_before_the_new_one_is_added() {
    let got = mods("dn: cn=a\nmail: a@x \n", vec![edit("mail", &[b"a@x "], &[b"a@x"])]);
    assert_eq!(got, "delete: mail\nmail:: YUB4IA==\n-\nadd: mail\nmail: a@x\n-\n\n");
}

#[test]
fn an_absent_attribute_is_only_added_and_a_removed_one_only_deleted_by_value() {
    let edits = vec![edit("mail", &[], &[b"a@x"]), edit("info", &[b"x"], &[])];
    let got = mods("dn: cn=a\ninfo: x\n", edits);
    assert_eq!(got, "add: mail\nmail: a@x\n-\ndelete: info\ninfo: x\n-\n\n");
}

#[test]
fn twins_go_together_and_the_kept_ones_come_back() {
    let before =
        "dn: cn=a\nproxyAddresses: SMTP:A\nproxyAddresses: x500:b\nproxyAddresses: smtp:a\n";
    assert_eq!(
        mods(before, vec![edit("proxyAddresses", &[b"smtp:a"], &[])]),
        "delete: proxyAddresses\nproxyAddresses: SMTP:A\nproxyAddresses: smtp:a\n-\n\
         add: proxyAddresses\nproxyAddresses: SMTP:A\n-\n\n"
    );
    // A value without a twin stays out of it.
    assert_eq!(
        mods(before, vec![edit("proxyAddresses", &[b"x500:b"], &[b"x500:c"])]),
        "delete: proxyAddresses\nproxyAddresses: x500:b\n-\n\
         add: proxyAddresses\nproxyAddresses: x500:c\n-\n\n"
    );
}

#[test]
fn of_exact_copies_one_name_stands_in_the_record() {
    let before = "dn: cn=a\nproxyAddresses: smtp:a\nproxyAddresses: smtp:a\n";
    assert_eq!(
        mods(before, vec![edit("proxyAddresses", &[b"smtp:a"], &[])]),
        "delete: proxyAddresses\nproxyAddresses: smtp:a\n-\n\
         add: proxyAddresses\nproxyAddresses: smtp:a\n-\n\n"
    );
}

#[test]
fn a_trimmed_value_that_is_there_already_is_written_once() {
    let before = "dn: cn=a\ninfo:: YSA=\ninfo: a\n";
    assert_eq!(
        mods(before, vec![edit("info", &[b"a "], &[b"a"])]),
        "delete: info\ninfo:: YSA=\ninfo: a\n-\nadd: info\ninfo: a\n-\n\n"
    );
}

#[test]
fn an_edit_that_a_later_one_makes_room_for_is_made() {
    let before = "dn: cn=a\nmail: a b\nmail:: IGFi\n";
    let got =
        mods(before, vec![edit("mail", &[b"a b"], &[b"ab"]), edit("mail", &[b" ab"], &[b"ab"])]);
    assert_eq!(got, "delete: mail\nmail: a b\nmail:: IGFi\n-\nadd: mail\nmail: ab\n-\n\n");
}

#[test]
fn edits_of_one_attribute_become_one_pair_of_modifications() {
    let edits = vec![edit("mail", &[b"a"], &[b"b"]), edit("MAIL", &[b"b"], &[b"c"])];
    let got = mods("dn: cn=a\nmail: a\n", edits);
    assert_eq!(got, "delete: mail\nmail: a\n-\nadd: mail\nmail: c\n-\n\n");
}

#[test]
fn edits_that_cancel_out_make_no_record() {
    let edits = vec![edit("mail", &[b"a"], &[b"b"]), edit("mail", &[b"b"], &[b"a"])];
    assert_eq!(mods("dn: cn=a\nmail: a\n", edits), "");
    assert_eq!(mods("dn: cn=a\nmail: a\n", vec![edit("mail", &[], &[b"a"])]), "");
}

#[test]
fn what_must_not_be_written_is_refused_with_its_reason() {
    let ad = "dn: uid=joe,dc=x\nuid: joe\ncn: joe\nobjectGUID: x\nmail: a@x\nmember;range=0-1: cn=b\n\
              jpegPhoto:< file:///etc/passwd\nproxyAddresses: smtp:a\n";
    let cases = [
        (edit("uid", &[b"joe"], &[b"jim"]), Refusal::NamesTheEntry),
        (edit("cn", &[b"joe"], &[b"jim"]), Refusal::NamingAttribute),
        (edit("objectGUID", &[b"x"], &[]), Refusal::SystemAttribute),
        (edit("canonicalName", &[], &[b"x"]), Refusal::SystemAttribute),
        (edit("memberOf", &[], &[b"cn=b"]), Refusal::BackLink),
        (edit("unicodePwd", &[], &[b"x"]), Refusal::WriteOnly),
        (edit("member", &[], &[b"cn=c"]), Refusal::Partial),
        (edit("member;range=0-1", &[b"cn=b"], &[]), Refusal::Partial),
        (edit("mail;vucsn-0123", &[], &[b"x"]), Refusal::Option),
        (edit("jpegPhoto", &[], &[b"x"]), Refusal::Reference),
        (edit("mail", &[b"b@x"], &[]), Refusal::NoSuchValue),
        (edit("mail", &[b"a@x", b"a@x"], &[]), Refusal::NoSuchValue),
        (edit("mail", &[], &[b"b@x"]), Refusal::SingleValued),
        (edit("mail", &[b"a@x"], &[b""]), Refusal::EmptyValue),
        (edit("proxyAddresses", &[], &[b"SMTP:A"]), Refusal::WouldMakeTwin),
    ];
    for (edit, expected) in cases {
        let shown = format!("{edit:?}");
        assert_eq!(refusal(ad, edit), expected, "{shown}");
    }
    let several = "dn: cn=a\nobjectGUID: x\nmail: a@x\nmail: b@x\n";
    assert_eq!(refusal(several, edit("mail", &[b"a@x"], &[])), Refusal::SeveralOfOne);
}

#[test]
fn a_refused_edit_leaves_the_others_and_itself_no_trace() {
    let edits = vec![
        edit("info", &[b"a"], &[b"b"]),
        edit("info", &[b"b", b"gone"], &[]),
        edit("info", &[b"b", b"c"], &[b"d", b"D"]),
        edit("info", &[b"c"], &[b"e"]),
    ];
    let Plan { planned, refused } = planned("dn: cn=a\ninfo: a\ninfo: c\n", edits);
    let reasons: Vec<_> = refused.iter().map(|refused| refused.reason).collect();
    assert_eq!(reasons, [Refusal::NoSuchValue, Refusal::WouldMakeTwin]);
    let planned = planned.unwrap();
    assert_eq!(planned.edits.len(), 2);
    assert!(
        text_of_changes(&[planned.record])
            .ends_with("delete: info\ninfo: a\ninfo: c\n-\nadd: info\ninfo: b\ninfo: e\n-\n\n")
    );
}

#[test]
fn a_change_of_case_frees_and_takes_nothing() {
    let before = "dn: cn=a,dc=x\nuserPrincipalName: Joe@x\n";
    let case = planned(before, vec![edit("userPrincipalName", &[b"Joe@x"], &[b"joe@x"])]);
    let case = case.planned.unwrap();
    assert_eq!((case.frees.len(), case.takes.len()), (0, 0));
    let other = planned(before, vec![edit("userPrincipalName", &[b"Joe@x"], &[b"jim@x"])]);
    let other = other.planned.unwrap();
    assert_eq!(other.frees[0].key, b"joe@x");
    assert_eq!(other.takes[0].key, b"jim@x");
}
