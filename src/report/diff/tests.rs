use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::super::samples::ZOE;
use super::super::visible::is_deceptive;
use super::*;
use crate::ldif::{ModOp, Modification};

fn bytes(text: &str) -> Value<'_> {
    Value::Bytes(Cow::Borrowed(text.as_bytes()))
}

fn modification<'a>(op: ModOp, attribute: &'a str, values: &[&'a str]) -> Modification<'a> {
    Modification {
        op,
        attribute: Cow::Borrowed(attribute.as_bytes()),
        values: values.iter().copied().map(bytes).collect(),
    }
}

fn record<'a>(dn: &'a str, change: Change<'a>) -> Record<'a> {
    let dn = Cow::Borrowed(dn.as_bytes());
    Record::Change(ChangeRecord { dn, controls: vec![], spelling: None, change })
}

fn written(
    record: &Record<'_>,
    base: Option<&Entry<'_>>,
    comments: &[&str],
    columns: usize,
) -> String {
    coloured(record, base, comments, columns, Colour::Never)
}

fn coloured(
    record: &Record<'_>,
    base: Option<&Entry<'_>>,
    comments: &[&str],
    columns: usize,
    colour: Colour,
) -> String {
    let comments: Vec<String> = comments.iter().map(|&comment| comment.to_owned()).collect();
    let mut out = Vec::new();
    let mut diff = DiffWriter::new(&mut out, Width::of(columns), colour);
    let Record::Change(change) = record else { unreachable!() };
    let preview = base.map_or_else(|| Preview::alone(change), |entry| Preview::on(entry, change));
    diff.write(record, &preview, &comments).unwrap();
    diff.finish().unwrap();
    String::from_utf8(out).unwrap()
}

fn realistic() -> Record<'static> {
    record(
        ZOE,
        Change::Modify(vec![
            modification(ModOp::Delete, "mail", &["zoe@example.com "]),
            modification(ModOp::Add, "mail", &["zoe@example.com"]),
            modification(
                ModOp::Delete,
                "proxyAddresses",
                &["smtp:ZOË.PEREZ27@-BAD.COM", "smtp:gone@example.com"],
            ),
            modification(ModOp::Add, "proxyAddresses", &["smtp:ZO.PEREZ27@BAD.COM"]),
            modification(ModOp::Add, "displayName", &["Zoë Perez 27"]),
            modification(ModOp::Delete, "msExchHideFromAddressLists", &[]),
        ]),
    )
}

const COMMENTS: [&str; 2] = [
    "# mail: a blank at the end",
    "# proxyAddresses: LocalPart, DomainPart: characters that no mail server takes",
];

#[test]
fn a_modify_at_80_columns() {
    assert_eq!(
        written(&realistic(), None, &COMMENTS, 80),
        concat!(
            "modify CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "  # mail: a blank at the end\n",
            "  # proxyAddresses: LocalPart, DomainPart: characters that no mail server takes\n",
            "  mail               - zoe@example.com␠\n",
            "                                      ^\n",
            "                     + zoe@example.com\n",
            "  proxyAddresses     - smtp:ZOË.PEREZ27@-BAD.COM\n",
            "                              ^         ^\n",
            "                     + smtp:ZO.PEREZ27@BAD.COM\n",
            "                     - smtp:gone@example.com\n",
            "  displayName        + Zoë Perez 27\n",
            "  msExchHideFromAddressLists\n",
            "                     - (all values)\n",
        )
    );
}

#[test]
fn a_modify_at_40_columns() {
    assert_eq!(
        written(&realistic(), None, &COMMENTS, 40),
        concat!(
            "modify CN=Zoë Perez 27,OU=Staff,DC=corp,\n",
            "       DC=example\n",
            "  # mail: a blank at the end\n",
            "  # proxyAddresses: LocalPart,\n",
            "    DomainPart: characters that no mail\n",
            "    server takes\n",
            "  mail\n",
            "    - zoe@example.com␠\n",
            "                     ^\n",
            "    + zoe@example.com\n",
            "  proxyAddresses\n",
            "    - smtp:ZOË.PEREZ27@-BAD.COM\n",
            "             ^         ^\n",
            "    + smtp:ZO.PEREZ27@BAD.COM\n",
            "    - smtp:gone@example.com\n",
            "  displayName\n",
            "    + Zoë Perez 27\n",
            "  msExchHideFromAddressLists\n",
            "    - (all values)\n",
        )
    );
}

#[test]
fn with_the_entry_siblings_and_conflicts_are_shown() {
    let mut entry = Entry::new(ZOE.as_bytes());
    for (name, value) in [
        ("mail", "zoe@example.com "),
        ("proxyAddresses", "SMTP:zoe@example.com"),
        ("proxyAddresses", "smtp:ZOË.PEREZ27@-BAD.COM"),
        ("displayName", "Zoë Perez 27"),
    ] {
        entry.push(Cow::Borrowed(name.as_bytes()), bytes(value));
    }
    assert_eq!(
        written(&realistic(), Some(&entry), &[], 80),
        concat!(
            "modify CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "  mail               - zoe@example.com␠\n",
            "                                      ^\n",
            "                     + zoe@example.com\n",
            "  proxyAddresses     ! the value is not there: smtp:gone@example.com\n",
            "                       SMTP:zoe@example.com\n",
            "                     - smtp:ZOË.PEREZ27@-BAD.COM\n",
            "                              ^         ^\n",
            "                     + smtp:ZO.PEREZ27@BAD.COM\n",
            "  displayName        ! an equal value is already there: Zoë Perez 27\n",
            "                       Zoë Perez 27\n",
            "  msExchHideFromAddressLists\n",
            "                     ! the attribute is not there\n",
        )
    );
}

#[test]
fn many_siblings_are_counted() {
    let mut entry = Entry::new(ZOE.as_bytes());
    for number in 0..1_500 {
        let value = Value::Bytes(Cow::Owned(format!("CN=member {number}").into_bytes()));
        entry.push(Cow::Borrowed(b"member"), value);
    }
    let change = Change::Modify(vec![modification(ModOp::Delete, "member", &["CN=member 7"])]);
    assert_eq!(
        written(&record(ZOE, change), Some(&entry), &[], 80),
        concat!(
            "modify CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "  member             - CN=member 7\n",
            "                       (1,499 values stay)\n",
        )
    );
}

#[test]
fn a_rename_shows_both_dns() {
    let change = |superior: Option<&'static str>| Change::ModRdn {
        new_rdn: Cow::Borrowed("CN=Zoë Perez".as_bytes()),
        delete_old_rdn: superior.is_none(),
        new_superior: superior.map(|dn| Cow::Borrowed(dn.as_bytes())),
    };
    assert_eq!(
        written(&record(ZOE, change(None)), None, &[], 80),
        concat!(
            "rename CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "  - CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "                ^^^\n",
            "  + CN=Zoë Perez,OU=Staff,DC=corp,DC=example\n",
            "  (CN=Zoë Perez 27 is removed from the entry)\n",
        )
    );
    let moved = change(Some("OU=Alumni,DC=corp,DC=example"));
    assert_eq!(
        written(&record(ZOE, moved), None, &[], 80),
        concat!(
            "rename CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "  - CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "                ^^^    ^^^^^\n",
            "  + CN=Zoë Perez,OU=Alumni,DC=corp,DC=example\n",
            "                    ^^^^^^\n",
            "  (CN=Zoë Perez 27 stays a value of the entry)\n",
        )
    );
}

#[test]
fn adds_deletes_references_and_binary_values() {
    let attribute =
        |name: &'static str, value| Attribute { name: Cow::Borrowed(name.as_bytes()), value };
    let attributes = vec![
        attribute("objectClass", bytes("top")),
        attribute("objectClass", bytes("person")),
        attribute("cn", bytes("")),
        attribute("jpegPhoto", Value::Url(Cow::Borrowed(b"file:///etc/passwd"))),
        attribute("objectGUID", Value::Bytes(Cow::Borrowed(&[0x9f, 1, 2, 0xff, 0, 7]))),
    ];
    let entry: Entry<'_> = crate::ldif::ContentRecord {
        dn: Cow::Borrowed(ZOE.as_bytes()),
        attributes: attributes.clone(),
    }
    .into();
    assert_eq!(
        written(&record(ZOE, Change::Add(attributes)), None, &[], 80),
        concat!(
            "add    CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "  objectClass        + top\n",
            "                     + person\n",
            "  cn                 + (empty)\n",
            "  jpegPhoto          + (reference) file:///etc/passwd\n",
            "  objectGUID         + hex:9f0102ff0007\n",
        )
    );
    assert_eq!(
        written(&record(ZOE, Change::Delete), Some(&entry), &[], 80),
        concat!(
            "delete CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "  objectClass        - top\n",
            "                     - person\n",
            "  cn                 - (empty)\n",
            "  jpegPhoto          - (reference) file:///etc/passwd\n",
            "  objectGUID         - hex:9f0102ff0007\n",
        )
    );
}

#[test]
fn replace_and_increment_say_what_is_not_known() {
    let change = Change::Modify(vec![
        modification(ModOp::Replace, "title", &["Boss"]),
        modification(ModOp::Increment, "uidNumber", &["5"]),
    ]);
    let Record::Change(mut record) = record("", change) else { unreachable!() };
    record.spelling = Some(Cow::Borrowed(b"ntdsSchemaModify"));
    record.controls.push(Control {
        oid: Cow::Borrowed(b"1.2.840.113556.1.4.1413"),
        criticality: Some(true),
        value: None,
    });
    assert_eq!(
        written(&Record::Change(record), None, &[], 80),
        concat!(
            "modify (root DSE)\n",
            "  changetype: ntdsSchemaModify\n",
            "  control 1.2.840.113556.1.4.1413 (permissive modify, critical)\n",
            "  title              - (all values, whatever they are)\n",
            "                     + Boss\n",
            "  uidNumber          + (increment by) 5\n",
        )
    );
}

#[test]
fn long_values_keep_what_changes() {
    let old = format!("{}äö{}", "before ".repeat(100), " after".repeat(100));
    let new = old.replace("äö", "ao");
    let change = Change::Modify(vec![
        modification(ModOp::Delete, "info", &[&old]),
        modification(ModOp::Add, "info", &[&new]),
    ]);
    assert_eq!(
        written(&record(ZOE, change), None, &[], 80),
        concat!(
            "modify CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "  info               - before before befor…fore before before äö after after aft\n",
            "                                                              ^^\n",
            "                       er …r after after after\n",
            "                       (1,304 bytes in all)\n",
            "                     + before before befor…fore before before ao after after aft\n",
            "                                                              ^^\n",
            "                       er …r after after after\n",
            "                       (1,302 bytes in all)\n",
        )
    );
}

#[test]
fn colour_marks_characters_in_reverse_and_needs_no_carets() {
    let text = coloured(&realistic(), None, &[], 80, Colour::Always);
    assert!(!text.contains('^'));
    assert!(
        text.contains("zoe@example.com\u{1b}[0m\u{1b}[1m\u{1b}[7m\u{1b}[31m␠\u{1b}[0m"),
        "{text}"
    );
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal_and_none_acts_upon_it(
        dn: String,
        attribute in "[a-zA-Z;\u{202e}-]{0,40}",
        old in proptest::collection::vec(any::<String>(), 0..4),
        new in proptest::collection::vec(any::<String>(), 0..4),
        raw: Vec<u8>,
        comment: String,
        columns in 20_usize..110,
        with_base: bool,
    ) {
        let old: Vec<&str> = old.iter().map(String::as_str).collect();
        let new: Vec<&str> = new.iter().map(String::as_str).collect();
        let mut mods = vec![
            modification(ModOp::Delete, &attribute, &old),
            modification(ModOp::Add, &attribute, &new),
            modification(ModOp::Replace, "x", &new),
        ];
        mods[0].values.push(Value::Bytes(Cow::Borrowed(&raw)));
        let entry = Entry::new(dn.as_bytes());
        let base = with_base.then_some(&entry);
        let rename = Change::ModRdn {
            new_rdn: Cow::Borrowed(&raw),
            delete_old_rdn: true,
            new_superior: None,
        };
        for change in [Change::Modify(mods), rename] {
            let text = written(&record(&dn, change), base, &[&comment], columns);
            for line in text.lines() {
                prop_assert!(line.width() <= columns, "{:?}", line);
                prop_assert!(line.chars().all(|c| !is_deceptive(c)), "{:?}", line);
                prop_assert!(!line.ends_with(' '), "{:?}", line);
            }
        }
    }

}

proptest! {
    // Each case compares values of some 100 kB.
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn huge_values_stay_within_a_few_lines(size in 20_000_usize..200_000, at in 0_usize..20_000) {
        let old = "x".repeat(size);
        let mut new = old.clone();
        new.replace_range(at..at + 1, "yz");
        let change = Change::Modify(vec![
            modification(ModOp::Delete, "info", &[&old]),
            modification(ModOp::Add, "info", &[&new]),
        ]);
        let text = written(&record(ZOE, change), None, &[], 80);
        prop_assert!(text.contains("yz"));
        prop_assert!(text.lines().count() < 40, "{}", text);
    }
}
