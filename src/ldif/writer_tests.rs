use super::*;
use crate::ldif::ModOp;
use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::borrow::Cow;

fn options(columns: Option<usize>, line_end: LineEnd) -> WriteOptions {
    let wrap = columns.and_then(Columns::new).map_or(Wrap::No, Wrap::Columns);
    WriteOptions { wrap, line_end, version: true }
}

fn written(
    options: WriteOptions,
    write: impl FnOnce(&mut Writer<Vec<u8>>) -> Result<(), WriteError>,
) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), options);
    write(&mut writer).unwrap();
    writer.finish().unwrap()
}

fn line(name: &str, value: &[u8]) -> String {
    let value = Value::Bytes(Cow::Borrowed(value));
    let out = written(WriteOptions::change_file(), |w| w.attribute(name.as_bytes(), &value));
    String::from_utf8(out).unwrap()
}

/// Attribute, separator (`:`, `::` or `:<`) and bytes of each line of a record.
type Lines = Vec<(String, &'static str, Vec<u8>)>;

/// Reads LDIF by the letter of RFC 2849, with nothing shared with the writer.
fn reference(text: &str) -> Vec<Lines> {
    let unfolded = text.replace("\r\n", "\n").replace("\n ", "");
    let mut records = Vec::new();
    for record in unfolded.split("\n\n").filter(|record| !record.is_empty()) {
        let lines = record.lines().filter(|line| !line.starts_with('#'));
        records.push(lines.map(reference_line).collect());
    }
    records
}

fn reference_line(line: &str) -> (String, &'static str, Vec<u8>) {
    if line == "-" {
        return ("-".to_owned(), "", vec![]);
    }
    let (name, value) = line.split_once(':').unwrap();
    let plain = |text: &str| text.trim_start_matches(' ').as_bytes().to_vec();
    let (separator, value) = match value.as_bytes().first() {
        Some(b':') => ("::", STANDARD.decode(value[1..].trim_start()).unwrap()),
        Some(b'<') => (":<", plain(&value[1..])),
        _ => (":", plain(value)),
    };
    (name.to_owned(), separator, value)
}

fn bytes_of(value: &Value<'_>) -> (bool, Vec<u8>) {
    match value {
        Value::Bytes(bytes) => (false, bytes.to_vec()),
        Value::Url(url) => (true, url.to_vec()),
    }
}

/// What the reference reader should find, for a record.
fn expected(record: &Record<'_>) -> Vec<(String, bool, Vec<u8>)> {
    let mut out = Vec::new();
    let mut plain = |name: &str, bytes: &[u8]| out.push((name.to_owned(), false, bytes.to_vec()));
    plain("dn", record.dn());
    let change = match record {
        Record::Content(content) => {
            out.extend(expected_lines(&content.attributes));
            return out;
        }
        Record::Change(change) => change,
    };
    for control in &change.controls {
        let critical = match control.criticality {
            None => "",
            Some(true) => " true",
            Some(false) => " false",
        };
        let oid = String::from_utf8(control.oid.to_vec()).unwrap() + critical;
        match &control.value {
            None => out.push(("control".to_owned(), false, oid.into_bytes())),
            Some(value) => {
                let (url, bytes) = bytes_of(value);
                out.push((format!("control {oid}"), url, bytes));
            }
        }
    }
    let mut plain = |name: &str, bytes: &[u8]| out.push((name.to_owned(), false, bytes.to_vec()));
    match &change.change {
        Change::Add(attributes) => {
            plain("changetype", b"add");
            out.extend(expected_lines(attributes));
        }
        Change::Delete => plain("changetype", b"delete"),
        Change::Modify(modifications) => {
            plain("changetype", b"modify");
            for modification in modifications {
                let name = String::from_utf8(modification.attribute.to_vec()).unwrap();
                out.push((modification.op.keyword().to_owned(), false, name.clone().into_bytes()));
                for value in &modification.values {
                    let (url, bytes) = bytes_of(value);
                    out.push((name.clone(), url, bytes));
                }
                out.push(("-".to_owned(), false, vec![]));
            }
        }
        Change::ModRdn { new_rdn, delete_old_rdn, new_superior } => {
            plain("changetype", b"modrdn");
            plain("newrdn", new_rdn);
            plain("deleteoldrdn", if *delete_old_rdn { b"1" } else { b"0" });
            if let Some(superior) = new_superior {
                plain("newsuperior", superior);
            }
        }
    }
    out
}

fn expected_lines(attributes: &[Attribute<'_>]) -> Vec<(String, bool, Vec<u8>)> {
    let one = |attribute: &Attribute<'_>| {
        let (url, bytes) = bytes_of(&attribute.value);
        (String::from_utf8(attribute.name.to_vec()).unwrap(), url, bytes)
    };
    attributes.iter().map(one).collect()
}

/// A control's line holds a second separator, behind the OID and criticality.
fn found(lines: &Lines) -> Vec<(String, bool, Vec<u8>)> {
    lines
        .iter()
        .map(|(name, separator, bytes)| {
            let inner = String::from_utf8(bytes.clone()).ok().filter(|_| name == "control");
            if let Some(inner) = inner.filter(|inner| inner.contains(':')) {
                let (name, separator, bytes) = reference_line(&inner);
                (format!("control {name}"), separator == ":<", bytes)
            } else {
                (name.clone(), *separator == ":<", bytes.clone())
            }
        })
        .collect()
}

fn name() -> impl Strategy<Value = Cow<'static, [u8]>> {
    "[A-Za-z0-9][A-Za-z0-9;._=-]{0,90}".prop_filter_map("a keyword", |name| {
        let keyword = ["dn", "changetype", "control"].iter().any(|k| name.eq_ignore_ascii_case(k));
        (!keyword).then(|| Cow::Owned(name.into_bytes()))
    })
}

fn octets() -> impl Strategy<Value = Cow<'static, [u8]>> {
    prop_oneof![
        vec(any::<u8>(), 0..300),
        "[ -~]{0,300}".prop_map(String::into_bytes),
        "[ :<a]{0,5}".prop_map(String::into_bytes),
        "\\PC{0,40}".prop_map(String::into_bytes),
    ]
    .prop_map(Cow::Owned)
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        9 => octets().prop_map(Value::Bytes),
        1 => "(file:///[ -~]{0,200})?".prop_map(|url| Value::Url(Cow::Owned(url.into_bytes()))),
    ]
}

fn lines() -> impl Strategy<Value = Vec<Attribute<'static>>> {
    vec((name(), value()).prop_map(|(name, value)| Attribute { name, value }), 0..6)
}

fn control() -> impl Strategy<Value = Control<'static>> {
    ("[0-9.]{1,40}", any::<Option<bool>>(), option::of(value())).prop_map(
        |(oid, criticality, value)| Control {
            oid: Cow::Owned(oid.into_bytes()),
            criticality,
            value,
        },
    )
}

fn change() -> impl Strategy<Value = Change<'static>> {
    let op = prop_oneof![
        Just(ModOp::Add),
        Just(ModOp::Delete),
        Just(ModOp::Replace),
        Just(ModOp::Increment)
    ];
    let modification = (op, name(), vec(value(), 0..4))
        .prop_map(|(op, attribute, values)| Modification { op, attribute, values });
    prop_oneof![
        lines().prop_map(Change::Add),
        Just(Change::Delete),
        vec(modification, 0..4).prop_map(Change::Modify),
        (octets(), any::<bool>(), option::of(octets())).prop_map(
            |(new_rdn, delete_old_rdn, new_superior)| Change::ModRdn {
                new_rdn,
                delete_old_rdn,
                new_superior
            }
        ),
    ]
}

fn record() -> impl Strategy<Value = Record<'static>> {
    let content = (octets(), lines())
        .prop_map(|(dn, attributes)| Record::Content(ContentRecord { dn, attributes }));
    let change = (octets(), vec(control(), 0..3), change()).prop_map(|(dn, controls, change)| {
        Record::Change(ChangeRecord { dn, controls, spelling: None, change })
    });
    prop_oneof![content, change]
}

proptest! {
    #[test]
    fn records_read_back_as_they_were_and_lines_keep_to_the_rules(
        records in vec(record(), 0..4),
        columns in prop_oneof![Just(Some(76)), (2_usize..100).prop_map(Some), Just(None)],
        crlf in any::<bool>(),
    ) {
        let line_end = if crlf { LineEnd::CrLf } else { LineEnd::Lf };
        let out = written(options(columns, line_end), |writer| {
            records.iter().try_for_each(|record| writer.record(record))
        });
        let text = String::from_utf8(out).unwrap();
        let end = if crlf { "\r\n" } else { "\n" };
        for line in text.split(end) {
            prop_assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line:?}");
            prop_assert!(columns.is_none_or(|columns| line.len() <= columns), "{line:?}");
            prop_assert!(line.len() != 1 || line == "-" || columns == Some(2), "{line:?}");
        }
        let read: Vec<_> = reference(&text).iter().map(found).collect();
        let written: Vec<_> = records.iter().map(expected).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn no_comment_leaves_its_lines(
        text in "(\\PC|[\n\r\t :a]|é){0,200}",
        columns in 2_usize..100,
    ) {
        let out = written(options(Some(columns), LineEnd::Lf), |w| w.comment(&text));
        let out = String::from_utf8(out).unwrap();
        prop_assert!(out.ends_with('\n'));
        for line in out.lines() {
            prop_assert!(line.len() <= columns && line.is_ascii(), "{line:?}");
        }
        for line in out.replace("\n ", "").lines() {
            prop_assert!(line == "#" || line.starts_with("# "), "{line:?}");
        }
    }

    #[test]
    fn the_quick_look_at_a_value_sees_every_byte(
        mut bytes in "[!-~]{1,200}".prop_map(String::into_bytes),
        at in any::<proptest::sample::Index>(),
        bad in prop_oneof![0_u8..0x20, 0x7f_u8..=0xff],
    ) {
        prop_assert!(is_printable(&bytes));
        let at = at.index(bytes.len());
        bytes[at] = bad;
        prop_assert!(!is_printable(&bytes) && !is_safe(&bytes));
    }
}

#[test]
fn values_that_could_be_misread_are_encoded() {
    assert_eq!(line("cn", b"plain : < value"), "cn: plain : < value\n");
    assert_eq!(line("cn", b""), "cn:\n");
    assert_eq!(line("dn", b""), "dn:\n");
    assert_eq!(line("cn", b" x"), "cn:: IHg=\n");
    assert_eq!(line("cn", b":x"), "cn:: Ong=\n");
    assert_eq!(line("cn", b"<x"), "cn:: PHg=\n");
    assert_eq!(line("cn", b"x "), "cn:: eCA=\n");
    assert_eq!(line("cn", b" "), "cn:: IA==\n");
    assert_eq!(line("cn", b"x\ty"), "cn:: eAl5\n");
    assert_eq!(line("cn", b"x\x7f"), "cn:: eH8=\n");
    assert_eq!(line("dn", "cn=Zoë".as_bytes()), "dn:: Y249Wm/Dqw==\n");
    assert_eq!(line("cn", b"#x"), "cn: #x\n");
}

#[test]
fn a_line_of_76_octets_is_whole_and_one_of_77_is_folded() {
    let value = "x".repeat(72);
    assert_eq!(line("cn", value.as_bytes()), format!("cn: {value}\n"));
    let long = "x".repeat(72 + 75 + 1);
    let (second, third) = ("x".repeat(75), "x");
    assert_eq!(line("cn", long.as_bytes()), format!("cn: {value}\n {second}\n {third}\n"));
}

#[test]
fn a_value_of_many_pieces_is_folded_without_a_seam() {
    let value: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
    let text = line("jpegPhoto", &value);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.iter().rev().skip(1).all(|line| line.len() == 76));
    assert!(reference(&text)[0][0].2 == value);
}

#[test]
fn a_change_record_is_written_as_servers_take_it() {
    let bytes = |text: &'static str| Cow::Borrowed(text.as_bytes());
    let record = ChangeRecord {
        dn: bytes("cn=x"),
        controls: vec![
            Control { oid: bytes("1.2.3"), criticality: Some(true), value: None },
            Control {
                oid: bytes("1.2.4"),
                criticality: None,
                value: Some(Value::Bytes(bytes("a"))),
            },
            Control {
                oid: bytes("1.2.5"),
                criticality: Some(false),
                value: Some(Value::Bytes(bytes(" a"))),
            },
        ],
        spelling: Some(bytes("ntdsSchemaModify")),
        change: Change::Modify(vec![
            Modification {
                op: ModOp::Delete,
                attribute: bytes("mail"),
                values: vec![Value::Bytes(bytes("a b@x "))],
            },
            Modification { op: ModOp::Add, attribute: bytes("mail"), values: vec![] },
            Modification {
                op: ModOp::Replace,
                attribute: bytes("photo;binary"),
                values: vec![Value::Url(bytes("file:///x y"))],
            },
        ]),
    };
    let out = written(WriteOptions::change_file(), |writer| {
        writer.version_line()?;
        writer.comment("why")?;
        writer.change(&record)
    });
    let text = "version: 1\n\n# why\ndn: cn=x\ncontrol: 1.2.3 true\ncontrol: 1.2.4: a\n\
                control: 1.2.5 false:: IGE=\nchangetype: ntdsSchemaModify\n\
                delete: mail\nmail:: YSBiQHgg\n-\nadd: mail\n-\n\
                replace: photo;binary\nphoto;binary:< file:///x y\n-\n\n";
    assert_eq!(String::from_utf8(out).unwrap(), text);
}

#[test]
fn the_version_line_is_left_out_where_it_is_not_wanted() {
    assert!(written(WriteOptions::content_file(), Writer::version_line).is_empty());
}

#[test]
fn comments_are_wrapped_between_words_and_escaped() {
    let text = "Müller's mail address is not unique, two other entries of the same forest hold \
                it as well\r\n\nsecond\tline";
    let out = written(WriteOptions::change_file(), |writer| writer.comment(text));
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "# M\\u{fc}ller's mail address is not unique, two other entries of the same\n\
         # forest hold it as well\n#\n# second\\tline\n"
    );
}

#[test]
fn what_would_break_a_line_is_refused_and_nothing_is_written() {
    let attribute = |name: &'static [u8], value| Attribute { name: Cow::Borrowed(name), value };
    let text = || Value::Bytes(Cow::Borrowed(&b"x"[..]));
    let url = |url: &'static [u8]| Value::Url(Cow::Borrowed(url));
    let bad = [
        attribute(b"", text()),
        attribute(b"a:b", text()),
        attribute(b"a\nb", text()),
        attribute(b"a b", text()),
        attribute(b"#a", text()),
        attribute(b" a", text()),
        attribute("ä".as_bytes(), text()),
        attribute(b"dn", text()),
        attribute(b"DN", text()),
        attribute(b"-a", text()),
        attribute(b"a$b", text()),
        attribute(b"a", url(b"file:///\n")),
        attribute(b"a", url(b" file:///")),
        attribute(b"a", url("file:///ä".as_bytes())),
    ];
    for attribute in bad {
        let record = ContentRecord {
            dn: Cow::Borrowed(b"cn=x"),
            attributes: vec![
                Attribute { name: Cow::Borrowed(b"cn"), value: text() },
                attribute.clone(),
            ],
        };
        let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
        let result = writer.content(&record);
        assert!(
            matches!(result, Err(WriteError::Name { .. } | WriteError::Url { .. })),
            "{attribute:?}"
        );
        assert!(writer.finish().unwrap().is_empty(), "{attribute:?}");
    }
}

#[test]
fn an_attribute_changetype_is_refused_only_where_it_would_make_a_change_record() {
    let attributes = |names: [&'static str; 3]| {
        let value = || Value::Bytes(Cow::Borrowed(&b"delete"[..]));
        let of = |name: &'static str| Attribute { name: name.as_bytes().into(), value: value() };
        ContentRecord { dn: Cow::Borrowed(b"cn=x"), attributes: names.map(of).into() }
    };
    let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
    for names in [["changeType", "cn", "sn"], ["control", "Control", "changetype"]] {
        let result = writer.content(&attributes(names));
        assert!(matches!(result, Err(WriteError::Name { .. })), "{names:?}");
    }
    writer.content(&attributes(["changeNumber", "changeType", "control"])).unwrap();
    writer.content(&attributes(["control", "cn", "changeType"])).unwrap();
}

#[test]
fn controls_and_changetypes_that_would_break_a_line_are_refused() {
    let record = |oid: &'static [u8], spelling: &'static [u8]| ChangeRecord {
        dn: Cow::Borrowed(b"cn=x"),
        controls: vec![Control { oid: Cow::Borrowed(oid), criticality: None, value: None }],
        spelling: Some(Cow::Borrowed(spelling)),
        change: Change::Delete,
    };
    let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
    assert!(matches!(writer.change(&record(b"1 2", b"delete")), Err(WriteError::Oid { .. })));
    assert!(matches!(
        writer.change(&record(b"1.2", b"delete\nadd")),
        Err(WriteError::ChangeType { .. })
    ));
    assert!(writer.finish().unwrap().is_empty());
}

#[test]
fn a_wrap_is_a_number_of_columns_or_no() {
    assert_eq!("no".parse(), Ok(Wrap::No));
    assert_eq!("76".parse(), Ok(Wrap::default()));
    for text in ["1", "0", "-3", "", "yes", "99999999999999999999999"] {
        assert_eq!(text.parse::<Wrap>(), Err(WrapError), "{text}");
    }
}

/// Prints the rate; run with `--release -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn rate_of_typical_lines() {
    let attributes: Vec<_> = (0..40)
        .map(|i| Attribute {
            name: Cow::Borrowed(&b"sAMAccountName"[..]),
            value: Value::Bytes(Cow::Owned(
                "some typical value of an attribute".as_bytes()[..10 + i % 24].to_vec(),
            )),
        })
        .chain((0..3).map(|_| Attribute {
            name: Cow::Borrowed(&b"memberOf"[..]),
            value: Value::Bytes(Cow::Owned(vec![b'x'; 110])),
        }))
        .chain((0..3).map(|_| Attribute {
            name: Cow::Borrowed(&b"objectGUID"[..]),
            value: Value::Bytes(Cow::Owned(vec![0xc3; 16])),
        }))
        .collect();
    let record = ContentRecord { dn: Cow::Borrowed(b"cn=Some Body,ou=People,dc=x"), attributes };
    let mut writer = Writer::new(Vec::with_capacity(1 << 30), WriteOptions::content_file());
    let start = std::time::Instant::now();
    for _ in 0..300_000 {
        writer.content(&record).unwrap();
    }
    let len = writer.finish().unwrap().len();
    let seconds = start.elapsed().as_secs_f64();
    println!("LDIF: {:.0} MB/s", len as f64 / seconds / 1e6);
    let mut json = crate::ldif::JsonWriter::new(Vec::with_capacity(1 << 30));
    let start = std::time::Instant::now();
    for _ in 0..300_000 {
        json.content(&record).unwrap();
    }
    let len = json.finish().unwrap().len();
    let seconds = start.elapsed().as_secs_f64();
    println!("JSON: {:.0} MB/s", len as f64 / seconds / 1e6);
}
