use super::*;

/// The kind, line and column of each error and of the first warning of each kind.
fn said(input: &[u8]) -> Vec<(&'static str, u64, u32)> {
    let mut reader = RecordReader::new(input, Limits::default());
    let mut said = Vec::new();
    while let Some(block) = reader.next_block() {
        if let Block::Failed(block) = block {
            let Position { line, column, .. } = block.error.position;
            said.push((block.error.kind.name(), line, column));
        }
    }
    said.extend(
        reader
            .take_observations()
            .warnings()
            .into_iter()
            .map(|warning| (warning.kind.name(), warning.first.line, warning.first.column)),
    );
    said
}

#[test]
fn errors_and_warnings_point_at_the_byte() {
    let of = |text: &str| said(format!("\n# x\ndn: cn=a\n{text}\n\n").as_bytes());
    assert_eq!(of("sn:: YW*="), [("bad-base64", 4, 8)]);
    assert_eq!(of("sn:: YW\n J*"), [("bad-base64", 5, 3)]);
    assert_eq!(of("sn:: YWJjZ"), [("bad-base64", 4, 11)]);
    assert_eq!(of("sn: a\rb"), [("bare-cr", 4, 6)]);
    assert_eq!(of("sn: a\n b\r\r\n c")[0], ("bare-cr", 5, 3));
    assert_eq!(of("sn: a\n b\0"), [("nul", 5, 3)]);
    assert_eq!(of("sn:\nAdams"), [("value-on-next-line", 5, 1)]);
    assert_eq!(of("sn: a\nAdams"), [("no-colon", 5, 1)]);
    assert_eq!(of("sn:\n# x\nAdams"), [("no-colon", 6, 1)]);
    assert_eq!(of("-\nAdams"), [("no-colon", 5, 1)]);
    assert_eq!(of("sn: a\n\tb"), [("tab-fold", 5, 1)]);
    assert_eq!(of("cn;x: a\nsn;range=0-1: a"), [("partial-attribute", 5, 1)]);
    assert_eq!(said(b"dn: cn=a\nsn: x\n \xfc"), [("not-utf8", 3, 2), ("no-final-line-end", 3, 3)]);
    assert_eq!(said("\u{feff}dn: a\n\n\u{feff}dn: b\n".as_bytes()), [("mid-file-bom", 1, 1)]);
    assert_eq!(said("\u{feff}cn\n".as_bytes()), [("no-colon", 1, 4), ("mid-file-bom", 1, 1)]);
}

#[test]
fn the_comment_of_ldapsearch_may_go_on_behind_a_line_break_of_the_name() {
    let entry = "# foo\nCNF:1-2, Users, x\ndn: cn=foo\\0ACNF:1-2,cn=Users,dc=x\ncn: foo\n\n";
    let several =
        "# 4 of 5\r\n# a\r\nb + c\r\nd, x\r\ndn:: Y249YQpiK3NuPWMKZCxkYz14\r\nsn: a\r\n\r\n";
    for good in [entry, several] {
        let mut reader = RecordReader::new(good.as_bytes(), Limits::default());
        let Some(Block::Record(record)) = reader.next_block() else { panic!("{good}") };
        assert!(record.dn().starts_with(b"cn=") && record.lines().len() == 2, "{good}");
        assert!(reader.next_block().is_none());
        assert_eq!(reader.take_observations().record_starts, 1);
    }
    let wrong = |text: &str| said(text.as_bytes());
    assert_eq!(wrong(&entry.replace("cn: foo", "foo")), [("no-colon", 4, 1)]);
    assert_eq!(wrong(&entry.replace("\nCNF", "\nCNX")), [("missing-blank-line", 3, 1)]);
    assert_eq!(wrong(&entry.replace("# foo\nCNF", "CNF")), [("missing-blank-line", 2, 1)]);
    assert_eq!(wrong(&several.replace("\nd, x", "\nd, x\r\nb")), [("no-colon", 3, 1)]);
}

#[test]
fn the_text_of_a_failure_is_its_physical_line_and_its_block_ends_before_the_blank_line() {
    let input = b"dn: cn=a\ncn: a\n b\r\nnonsense here\r\nsn: b\n\ndn: cn=b\n";
    let mut reader = RecordReader::new(input, Limits::default());
    let Some(Block::Failed(failed)) = reader.next_block() else { panic!("not failed") };
    assert_eq!(failed.error.text, b"nonsense here");
    assert_eq!(failed.text, &input[..input.len() - 10]);
    assert_eq!(failed.record_starts, 1);
    assert!(matches!(reader.next_block(), Some(Block::Record(_))));
    assert!(reader.next_block().is_none());
}

#[test]
fn a_long_line_is_cut_in_the_failure() {
    let input = [b"dn: cn=a\n".as_slice(), &[b'x'; 1000]].concat();
    let mut reader = RecordReader::new(&input, Limits::default());
    let Some(Block::Failed(failed)) = reader.next_block() else { panic!("not failed") };
    assert_eq!(failed.error.text.len(), LdifError::TEXT_LIMIT);
}

#[test]
fn comments_are_kept_where_they_are_asked_for_and_with_their_record() {
    let input = b"# one\n\n# two\n#\ndn: a\n# three\n  folded\ncn: a\n\ndn: b\n";
    let mut reader = RecordReader::new(input, Limits::default());
    reader.keep_comments(true);
    let mut comments = Vec::new();
    while let Some(Block::Record(record)) = reader.next_block() {
        comments.push(record.comments().to_vec());
    }
    assert_eq!(comments, [vec![&b" two"[..], b"", b" three\n  folded"], vec![]]);
    let mut reader = RecordReader::new(input, Limits::default());
    let Some(Block::Record(record)) = reader.next_block() else { panic!("not read") };
    assert!(record.comments().is_empty());
}

#[test]
fn lines_carry_their_offset_and_number_behind_failures_marks_and_folds() {
    let input = "version: 1\n\nbad\n\n# x\n\u{feff}dn: a\ncn: a\n b\nsn: c\n";
    let mut reader = RecordReader::new(input.as_bytes(), Limits::default());
    assert!(matches!(reader.next_block(), Some(Block::Failed(_))));
    let Some(Block::Record(record)) = reader.next_block() else { panic!("not read") };
    let places = |line: &Line<'_>| (line.offset() as usize, line.line());
    assert_eq!(record.first_line().map(places), Some((input.find("dn:").unwrap(), 5)));
    let lines: Vec<_> = record.attribute_lines().iter().map(places).collect();
    assert_eq!(lines, [(input.find("cn:").unwrap(), 6), (input.find("sn:").unwrap(), 8)]);
}

#[test]
fn line_ends_are_counted_whatever_the_texture() {
    for (input, lf, crlf) in [
        ("dn: a\ncn: b\n\n", 3, 0),
        ("dn: a\ncn: b", 1, 0),
        ("dn: a\r\ncn: ä\n\r\n", 1, 2),
        ("bad\nworse\n\ndn: a\n b\n", 5, 0),
        ("\n \n", 2, 0),
        ("", 0, 0),
    ] {
        let mut reader = RecordReader::new(input.as_bytes(), Limits::default());
        while reader.next_block().is_some() {}
        let seen = reader.take_observations();
        assert_eq!((seen.lf_lines, seen.crlf_lines), (lf, crlf), "{input:?}");
    }
}
