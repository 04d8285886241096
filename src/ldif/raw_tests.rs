use super::*;
use crate::ldif::{Block, Limits, RecordReader, Value};

fn with<T>(input: &[u8], look: impl FnOnce(RawRecord<'_, '_>) -> T) -> T {
    let mut reader = RecordReader::new(input, Limits::default());
    match reader.next_block() {
        Some(Block::Record(record)) => look(record),
        other => panic!("{other:?}"),
    }
}

fn names(lines: &[Line<'_>]) -> Vec<String> {
    lines.iter().map(|line| String::from_utf8_lossy(&line.name()).into_owned()).collect()
}

#[test]
fn the_lines_of_each_kind_of_record_are_the_ones_that_hold_its_values() {
    let controls = "control: 1.2 true\ncontrol: 1.3\n";
    let add = format!("dn: a\n{controls}changetype: add\ncn: a\nsn: b\n");
    let modify = format!("dn: a\n{controls}changetype: modify\nadd: cn\ncn: a\n-\n");
    with(b"dn: a\ncn: a\nsn: b\n", |record| {
        assert!(record.is_entry());
        assert_eq!(names(record.attribute_lines()), ["cn", "sn"]);
        assert!(record.modification_lines().is_empty());
    });
    with(add.as_bytes(), |record| {
        assert!(record.is_entry());
        assert_eq!(names(record.attribute_lines()), ["cn", "sn"]);
        assert!(record.modification_lines().is_empty());
    });
    with(modify.as_bytes(), |record| {
        assert!(!record.is_entry());
        assert!(record.attribute_lines().is_empty());
        assert_eq!(names(record.modification_lines()), ["add", "cn", "-"]);
    });
    with(b"dn: a\nchangetype: delete\n", |record| {
        assert!(record.attribute_lines().is_empty() && record.modification_lines().is_empty());
    });
}

#[test]
fn a_criticality_that_is_not_stated_is_not_false() {
    let input = b"dn: a\ncontrol: 1.2\ncontrol: 1.3 false\ncontrol: 1.4   TRUE :: YQ==\ncontrol: 1.5: x \ncontrol: 1.6:< file:///x\nchangetype: delete\n";
    with(input, |record| {
        let controls = &record.change().unwrap().controls;
        let stated: Vec<_> = controls.iter().map(|control| control.criticality).collect();
        assert_eq!(stated, [None, Some(false), Some(true), None, None]);
        let values: Vec<_> = controls.iter().map(|control| control.value.clone()).collect();
        let bytes = |text: &'static [u8]| Some(Value::Bytes(Cow::Borrowed(text)));
        let url = Some(Value::Url(Cow::Borrowed(&b"file:///x"[..])));
        assert_eq!(values, [None, None, bytes(b"a"), bytes(b"x "), url]);
    });
}

#[test]
fn the_spelling_of_a_changetype_is_kept_where_it_is_not_the_plain_word() {
    for (word, spelling) in [
        ("add", None),
        ("ADD ", None),
        ("ntdsSchemaAdd", Some("ntdsSchemaAdd")),
        (" NTDSschemaadd  ", Some("NTDSschemaadd")),
    ] {
        with(format!("dn: a\nchangetype: {word}\n").as_bytes(), |record| {
            let found = record.change().unwrap().spelling.clone();
            assert_eq!(found.as_deref(), spelling.map(str::as_bytes), "{word}");
        });
    }
}

#[test]
fn a_value_line_belongs_to_its_modification_in_any_case_and_with_its_options() {
    let input = b"dn: a\nchangetype: modify\nadd: Member;x-y \nmember;X-Y: b\n-\n";
    with(input, |record| match &record.change().unwrap().change {
        Change::Modify(modifications) => {
            assert_eq!(modifications[0].attribute.as_ref(), b"Member;x-y");
            assert_eq!(modifications[0].values.len(), 1);
        }
        other => panic!("{other:?}"),
    });
}

#[test]
fn a_plain_modify_record_of_the_same_dn_goes_on_with_an_entry_and_no_other() {
    let goes_on = |head: &str| {
        let text = format!("dn: CN=Big,DC=x\n{head}\n");
        let mut reader = RecordReader::new(text.as_bytes(), Limits::default());
        match reader.next_block() {
            Some(Block::Record(record)) => record.goes_on_with(b"cn=big,dc=X "),
            _ => unreachable!(),
        }
    };
    assert!(goes_on("changetype: modify\nadd: member\nmember: CN=b\n-\n"));
    assert!(!goes_on("control: 1.2\nchangetype: modify\nadd: member\nmember: CN=b\n-\n"));
    assert!(!goes_on("changetype: add\nmember: CN=b\n"));
    assert!(!goes_on("member: CN=b\n"));
}
