use super::*;
use crate::ldif::ModOp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn text(record: &Record<'_>) -> String {
    let mut writer = JsonWriter::new(Vec::new());
    writer.record(record).unwrap();
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn bytes(text: &'static str) -> Cow<'static, [u8]> {
    Cow::Borrowed(text.as_bytes())
}

fn plain(text: &'static str) -> Value<'static> {
    Value::Bytes(bytes(text))
}

fn attribute(name: &'static str, value: Value<'static>) -> Attribute<'static> {
    Attribute { name: bytes(name), value }
}

fn change(change: Change<'static>) -> Record<'static> {
    Record::Change(ChangeRecord { dn: bytes("cn=x"), controls: vec![], spelling: None, change })
}

#[test]
fn an_entry_has_its_attributes_grouped_at_the_first_line_of_each() {
    let record = Record::Content(ContentRecord {
        dn: bytes("cn=Zoë \"x\""),
        attributes: vec![
            attribute("objectClass", plain("top")),
            attribute("cn", plain("Zoë")),
            attribute("OBJECTCLASS", plain("user")),
            attribute("photo", Value::Bytes(Cow::Borrowed(&[0xff, 0xfe]))),
            attribute("photo", Value::Url(bytes("file:///x"))),
            attribute("empty", plain("")),
        ],
    });
    assert_eq!(
        text(&record),
        concat!(
            r#"{"dn":"cn=Zoë \"x\"","attributes":[["objectClass",["top","user"]],["cn",["Zoë"]],"#,
            r#"["photo",[{"b64":"//4="},{"url":"file:///x"}]],["empty",[""]]]}"#,
            "\n"
        )
    );
}

#[test]
fn a_dn_that_is_not_utf8_keeps_its_bytes() {
    let record =
        Record::Content(ContentRecord { dn: Cow::Borrowed(b"cn=\xff"), attributes: vec![] });
    assert_eq!(text(&record), "{\"dn\":{\"b64\":\"Y249/w==\"},\"attributes\":[]}\n");
}

#[test]
fn every_kind_of_change_has_its_form() {
    let add = change(Change::Add(vec![attribute("cn", plain("x"))]));
    assert_eq!(
        text(&add),
        "{\"dn\":\"cn=x\",\"changetype\":\"add\",\"attributes\":[[\"cn\",[\"x\"]]]}\n"
    );
    assert_eq!(text(&change(Change::Delete)), "{\"dn\":\"cn=x\",\"changetype\":\"delete\"}\n");
    let modify = change(Change::Modify(vec![
        Modification { op: ModOp::Delete, attribute: bytes("mail"), values: vec![] },
        Modification {
            op: ModOp::Increment,
            attribute: bytes("uidNumber"),
            values: vec![plain("1"), plain("2")],
        },
    ]));
    assert_eq!(
        text(&modify),
        "{\"dn\":\"cn=x\",\"changetype\":\"modify\",\
         \"mods\":[[\"delete\",\"mail\",[]],[\"increment\",\"uidNumber\",[\"1\",\"2\"]]]}\n"
    );
    let rename = |new_superior| {
        change(Change::ModRdn { new_rdn: bytes("cn=y"), delete_old_rdn: true, new_superior })
    };
    assert_eq!(
        text(&rename(None)),
        "{\"dn\":\"cn=x\",\"changetype\":\"modrdn\",\"newrdn\":\"cn=y\",\"deleteoldrdn\":true}\n"
    );
    assert!(text(&rename(Some(bytes("dc=z")))).ends_with("\"newsuperior\":\"dc=z\"}\n"));
}

#[test]
fn controls_are_shown_where_there_are_any() {
    let record = Record::Change(ChangeRecord {
        dn: bytes("cn=x"),
        controls: vec![
            Control { oid: bytes("1.2"), criticality: Some(true), value: None },
            Control { oid: bytes("1.3"), criticality: None, value: Some(plain("v")) },
        ],
        spelling: Some(bytes("moddn")),
        change: Change::Delete,
    });
    let json: Json = serde_json::from_str(&text(&record)).unwrap();
    assert_eq!(
        json["controls"],
        json!([{"oid": "1.2", "critical": true}, {"oid": "1.3", "critical": false, "value": "v"}])
    );
}

proptest! {
    #[test]
    fn grouping_keeps_every_value_in_order(
        lines in vec(("[a-eA-E]{1,3}", ".{0,12}"), 0..120),
    ) {
        let attributes: Vec<Attribute<'static>> = lines
            .iter()
            .map(|(name, value)| Attribute {
                name: Cow::Owned(name.clone().into_bytes()),
                value: Value::Bytes(Cow::Owned(value.clone().into_bytes())),
            })
            .collect();
        let mut expected: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in lines {
            match expected.iter_mut().find(|group| group.0.eq_ignore_ascii_case(&name)) {
                Some(group) => group.1.push(value),
                None => expected.push((name, vec![value])),
            }
        }
        let record = Record::Content(ContentRecord { dn: bytes("cn=x"), attributes });
        // A writer that is used again must not remember the record before.
        let mut writer = JsonWriter::new(Vec::new());
        writer.record(&change(Change::Add(vec![attribute("zz", plain("1"))]))).unwrap();
        writer.record(&record).unwrap();
        let out = String::from_utf8(writer.finish().unwrap()).unwrap();
        let json: Json = serde_json::from_str(out.lines().nth(1).unwrap()).unwrap();
        prop_assert_eq!(&json["attributes"], &json!(expected));
    }
}

#[test]
fn a_hundred_thousand_attributes_take_no_longer_each_than_a_few() {
    let attributes: Vec<Attribute<'static>> = (0..200_000_u32)
        .map(|i| Attribute {
            name: Cow::Owned(format!("a{}", i % 100_000).into_bytes()),
            value: plain("x"),
        })
        .collect();
    let record = Record::Content(ContentRecord { dn: bytes("cn=x"), attributes });
    let start = std::time::Instant::now();
    let json: Json = serde_json::from_str(&text(&record)).unwrap();
    assert_eq!(json["attributes"].as_array().unwrap().len(), 100_000);
    assert_eq!(json["attributes"][99_999], json!(["a99999", ["x", "x"]]));
    // Comparing each with each would take minutes.
    assert!(start.elapsed().as_secs() < 20);
}
