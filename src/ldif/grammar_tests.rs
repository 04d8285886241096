use super::*;
use crate::ldif::line::unfold;

fn line(input: &[u8]) -> (Vec<u8>, Form, Vec<u8>, u32, usize) {
    let (rest, Lexed { line, physical }) = logical_line(input).unwrap();
    (line.name().into_owned(), line.form, line.text().into_owned(), physical, rest.len())
}

fn error(input: &[u8]) -> (LdifErrorKind, usize) {
    match logical_line(input) {
        Err(nom::Err::Error(Fault { at, kind })) => (kind, input.len() - at.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_quick_way_and_the_thorough_way_read_a_line_alike() {
    for (input, quick_too) in [
        (&b"cn: a\nsn: b\n"[..], true),
        (b"cn:a\n", true),
        (b"cn;lang-de:: YQ==\n", true),
        (b"photo:< file:///x\n", false),
        (b"cn: a\n b\r\n c\r\nsn", true),
        (b"cn: a", false),
        (b"cn: a\n \n  \nsn: b\n", false),
        (b"cn: a\n \n  \ndn: b\n", true),
        (b"cn: a\n\tb\n", false),
    ] {
        let ends: Vec<u32> = memchr_iter(b'\n', input).map(|at| at as u32).collect();
        let (_, name, options) = attribute_description(input);
        let quick = plain_value(input, name.len(), &ends);
        assert_eq!(quick.is_some(), quick_too, "{}", input.escape_ascii());
        let Some(quick) = quick else { continue };
        let (rest, Lexed { line, physical }) = logical_line(input).unwrap();
        let value = without_cr(&input[quick.from..quick.end as usize]);
        assert_eq!(&input[quick.end as usize + 1..], rest);
        assert_eq!((name, quick.form, value), (line.name, line.form, line.value));
        assert_eq!((quick.physical, options), (physical, line.options));
        assert_eq!(physical > 1, line.value_folded);
    }
}

#[test]
fn a_fold_within_the_head_of_a_line_changes_nothing() {
    let plain = (b"cn".to_vec(), Form::Base64, b"YWJj".to_vec());
    for input in [
        "cn:: YWJj",
        "c\n n:: YWJj",
        "cn\n :: YWJj",
        "cn:\n : YWJj",
        "cn::\n  YWJj",
        "cn:: \n YWJj",
        "cn:: \n  \n \n  YWJj",
        "c\r\n n\r\n :\r\n :\r\n  YW\r\n Jj",
    ] {
        let (name, form, text, physical, rest) = line(format!("{input}\nx").as_bytes());
        assert_eq!((name, form, text), plain, "{input:?}");
        assert_eq!(physical as usize, input.matches('\n').count() + 1);
        assert_eq!(rest, 1);
    }
}

#[test]
fn a_colon_behind_the_fill_is_the_value_s() {
    for input in ["cn: :a\n", "cn: \n :a\n", "cn:\n  :a\n", "cn:\n \n  \n :a\n"] {
        let (_, form, text, ..) = line(input.as_bytes());
        assert_eq!((form, text.as_slice()), (Form::Plain, &b":a"[..]), "{input:?}");
    }
}

#[test]
fn an_error_points_at_the_byte_that_is_wrong() {
    assert_eq!(error(b"cn : a\n"), (LdifErrorKind::BadAttributeDescription, 2));
    assert_eq!(error(b"c\n n$: a\n"), (LdifErrorKind::BadAttributeDescription, 4));
    assert_eq!(error(b": a\n"), (LdifErrorKind::BadAttributeDescription, 0));
    assert_eq!(error(b"nonsense\n"), (LdifErrorKind::NoColon, 0));
    assert_eq!(error(b"c\rn: a\n"), (LdifErrorKind::BareCr, 1));
    assert_eq!(error(b"cn\r\r\n"), (LdifErrorKind::BareCr, 2));
    assert_eq!(error(b" a: b\n"), (LdifErrorKind::OrphanContinuation, 0));
    assert_eq!(error(b"cn: a\n\tb\n"), (LdifErrorKind::TabFold, 6));
}

#[test]
fn lines_of_spaces_end_a_line_only_where_a_record_begins_behind_them() {
    let (rest, text) = folded_text(b"a\n \n  \nDN: x").unwrap();
    assert_eq!((rest, text.raw, text.physical), (&b" \n  \nDN: x"[..], &b"a"[..], 1));
    let (rest, text) = folded_text(b"a\n \n  \n b\nsn: x").unwrap();
    assert_eq!((rest, text.physical), (&b"sn: x"[..], 4));
    assert_eq!(unfold(text.raw), b"a b");
    // At the end of the input nothing begins.
    let (rest, text) = folded_text(b"a\n   ").unwrap();
    assert_eq!((rest, text.physical), (&b""[..], 2));
    assert_eq!(unfold(text.raw), b"a  ");
}

#[test]
fn record_starts_are_counted_through_folds_and_marks() {
    assert_eq!(count_record_starts(b"dn: a\nDN: b\n"), 2);
    assert_eq!(count_record_starts(b"d\n n: a\nd\r\n \r\n n\n :\n"), 2);
    assert_eq!(count_record_starts("\u{feff}dn: a\n\u{feff}\u{feff}dn:\n".as_bytes()), 2);
    assert_eq!(count_record_starts(b" dn: a\n#dn: a\ndn;x: a\ndnx: a\ncn: dn: a\n"), 0);
    assert_eq!(count_record_starts("\u{feff}\r\n dn: a".as_bytes()), 0);
}

#[test]
fn a_failed_block_ends_at_a_blank_line_or_at_what_stands_for_one() {
    let cut = |input: &'static str| {
        let (rest, text) = up_to_blank(input.as_bytes());
        (std::str::from_utf8(text).unwrap(), std::str::from_utf8(rest).unwrap())
    };
    assert_eq!(cut("a\nb\n\nc\n"), ("a\nb\n", "c\n"));
    assert_eq!(cut("a\r\n\r\nc"), ("a\r\n", "c"));
    assert_eq!(cut("a\n \n \ndn: c"), ("a\n", " \n \ndn: c"));
    assert_eq!(cut("a\n \n \ncn: c\n\nd"), ("a\n \n \ncn: c\n", "d"));
    assert_eq!(cut("a\nb"), ("a\nb", ""));
}

#[test]
fn what_is_written_as_an_attribute_description_is_read_as_one() {
    for byte in 0..=u8::MAX {
        let name = [byte, b'x'];
        let input = [&name[..], b": y\n"].concat();
        let read = byte != b'-'
            && logical_line(&input).is_ok_and(|(_, Lexed { line, .. })| line.name == name);
        assert_eq!(is_attribute_description(&name), read, "{}", byte.escape_ascii());
    }
    assert!(!is_attribute_description(b""));
}

#[test]
fn the_place_of_a_byte_is_found_again_in_folded_text() {
    let raw = b"ab\n c\r\n \r\n d";
    for (at, byte) in unfold(raw).into_iter().enumerate() {
        assert_eq!(raw[folded_place(raw, at)], byte);
    }
    assert_eq!(folded_place(raw, 4), raw.len());
}
