use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::ldif::{
    Attribute, Columns, ContentRecord, LineEnd, ReadOptions, Record, Value, Wrap, Writer,
    read_chunk,
};

fn stretches(text: &[u8], options: WriteOptions) -> Vec<Stretch> {
    let mut stretches = Stretches::new(text, options);
    read_chunk(text, ReadOptions::default(), |record| {
        if record.is_entry() {
            stretches.push(&record);
        }
    });
    stretches.finish()
}

/// The entries of a text, each written.
fn written(text: &[u8], options: WriteOptions) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), options);
    read_chunk(text, ReadOptions::default(), |record| {
        if record.is_entry() {
            // A reference that cannot be written is left out.
            let _ = writer.record(&record.into_record());
        }
    });
    writer.finish().unwrap()
}

/// The same, where copied what can be.
fn copied(text: &[u8], options: WriteOptions) -> Vec<u8> {
    let mut out = Vec::new();
    for stretch in stretches(text, options) {
        let part = &text[stretch.range()];
        if !stretch.as_written {
            out.extend(written(part, options));
        } else if !stretch.comments {
            out.extend_from_slice(part);
        } else {
            read_chunk(part, ReadOptions::default(), |record| {
                let at = index(record.first_line().unwrap().offset);
                out.extend_from_slice(standing_text(part, at));
            });
        }
    }
    out
}

/// Lines as they should be and as they should not.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c]{1,3}: [a-z]{1,30}",
        2 => "[a-c]{1,3}: ?[ :<a-z]{0,4}[a-z ]{0,3}",
        1 => "[a-c]{1,3}::? [a-zA-Z]{4}",
        1 => "[a-c]{1,3}:: (YQ==|YR==|YQ|ICA=|/w==|/x==|IGE=|YSA=|OmE=|PGE=|YeQ=|Yf8K)",
        1 => "[a-c]{1,3}: [a-z]{10,16}",
        1 => "[a-c]: [a-z]{15}\n [a-z]{1,19}",
        1 => "[a-c]: [a-z]{17}\n [a-z]{19}\n [a-z]{0,3}",
        1 => "[a-c]{17,21}: [a-z]{0,3}",
        1 => "[a-c]:: L[a-zA-Z/]{14}\n [a-zA-Z/]{17}",
        1 => "[a-c]:: L[a-zA-Z/]{15}\n [a-zA-Z/]{16}",
        1 => select(vec!["a: \u{e4}", "a: x\u{0}", "a: x\ty", "a:< file:///x", "a:<", "a;range=0-9: b"])
            .prop_map(str::to_owned),
        1 => "#[ a-z]{0,9}",
    ]
}

fn entry() -> impl Strategy<Value = String> {
    let head = select(vec![
        "dn: cn=a",
        "DN: cn=a",
        "dn:cn=a",
        "dn:: Y249w6Q=",
        "dn:: Y249YQ==",
        "dn:",
        "dn: ",
        "version: 1\ndn: b",
        "# note\ndn: cn=a",
        "#\n#x\ndn: cn=a",
        "# fol\n ded\ndn: cn=a",
        "dn: cn=c\nchangetype: add",
    ]);
    (head, vec(line(), 0..4)).prop_map(|(head, lines)| {
        let lines: Vec<String> = std::iter::once(head.to_owned()).chain(lines).collect();
        lines.join("\n")
    })
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let between = select(vec![
        "\n\n",
        "\n\n",
        "\n\n",
        "\n\n\n",
        "\n \n",
        "\n\n# x\n\n",
        "\n\nnonsense\n\n",
        "\n\ndn: cn=a\nchangetype: delete\n\n",
    ]);
    let texts = vec((entry(), between, 0..12_u8), 0..5);
    (texts, any::<bool>()).prop_map(|(texts, crlf)| {
        let mut all = String::new();
        for (entry, between, returns) in texts {
            let text = format!("{entry}{between}");
            let crlf = if returns == 0 { !crlf } else { crlf };
            all.push_str(&if crlf { text.replace('\n', "\r\n") } else { text });
        }
        all.into_bytes()
    })
}

fn options() -> impl Strategy<Value = WriteOptions> {
    (prop_oneof![Just(20_usize), Just(20), 2..90_usize], any::<bool>()).prop_map(
        |(columns, crlf)| {
            let wrap =
                Columns::new(columns).filter(|_| columns < 80).map_or(Wrap::No, Wrap::Columns);
            let line_end = if crlf { LineEnd::CrLf } else { LineEnd::Lf };
            WriteOptions { wrap, line_end, version: false }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_copy_is_what_a_writer_would_write(text in text(), options in options()) {
        let (written, copied) = (written(&text, options), copied(&text, options));
        prop_assert_eq!(
            written.escape_ascii().to_string(),
            copied.escape_ascii().to_string(),
            "{}", text.escape_ascii()
        );
    }

    #[test]
    fn what_a_writer_wrote_is_copied_in_one_piece(
        entries in vec((value(), vec(("[a-z]{1,12}", value()), 0..5)), 1..5),
        options in options(),
    ) {
        // The folds of a narrow text can part a name from its colon.
        prop_assume!(options.columns() > 16);
        let mut writer = Writer::new(Vec::new(), options);
        for (dn, lines) in &entries {
            let attributes = lines.iter().map(|(name, value)| Attribute {
                name: Cow::Borrowed(name.as_bytes()),
                value: Value::Bytes(Cow::Borrowed(value)),
            });
            let record = ContentRecord { dn: Cow::Borrowed(dn), attributes: attributes.collect() };
            if !lines.iter().any(|(name, _)| name == "dn" || name == "control" || name == "changetype") {
                writer.record(&Record::Content(record)).unwrap();
            }
        }
        let text = writer.finish().unwrap();
        let found = stretches(&text, options);
        prop_assert!(found.len() <= 1, "{} {found:?}", text.escape_ascii());
        for stretch in found.into_iter().filter(|_| options.line_end == LineEnd::Lf) {
            prop_assert!(stretch.as_written && !stretch.comments);
            prop_assert_eq!(stretch.range(), 0..text.len());
        }
    }
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[ -~]{0,60}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..40),
        "[a-z]{0,3}[ä ]{0,2}".prop_map(String::into_bytes)
    ]
}

#[test]
fn comments_before_entries_do_not_stop_a_copy() {
    let text = b"# a\ndn: cn=a\ncn: a\n\n# b\n# c\ndn: cn=b\ncn: b\n\n";
    let options = WriteOptions::content_file();
    let found = stretches(text, options);
    assert_eq!(found.len(), 1);
    assert!(found[0].as_written && found[0].comments);
    assert_eq!(copied(text, options), b"dn: cn=a\ncn: a\n\ndn: cn=b\ncn: b\n\n");
}

#[test]
fn an_entry_that_must_be_written_is_a_stretch_of_its_own() {
    let text = b"dn: cn=a\ncn: a\n\ndn: cn=b\ncn:b\n\ndn: cn=c\n\n";
    let found = stretches(text, WriteOptions::content_file());
    let shapes: Vec<_> = found.iter().map(|s| (s.range(), s.first(), s.as_written)).collect();
    assert_eq!(shapes, [(0..16, 0, true), (16..31, 1, false), (31..41, 2, true)]);
}
