//! A chunk is long enough for its descriptions to be expected; one of its records
//! alone is not. Both ways of reading must say the same.

use proptest::prelude::*;

use super::names::SMALL;
use super::{Block, Chunks, Limits, Line, Record, RecordReader, Wanted};

/// What reading gave: a record, or the kind of the error, its offset, line and
/// column, and the records lost.
#[derive(Debug, PartialEq)]
enum Read<'a> {
    Record(Record<'a>, Vec<(u32, u32)>),
    Failed(String, u64, u64, u32, u64),
}

fn read<'a>(reader: &mut RecordReader<'a>, offset: u32, line: u32) -> Vec<Read<'a>> {
    let mut all = Vec::new();
    while let Some(block) = reader.next_block() {
        all.push(match block {
            Block::Record(record) => {
                let lines = record.first_line().into_iter().chain(record.attribute_lines());
                let place = |it: &Line<'_>| (it.offset() + offset, it.line() + line);
                let places = lines.map(place).collect();
                Read::Record(record.into_record(), places)
            }
            Block::Failed(block) => {
                let at = block.error.position;
                Read::Failed(
                    format!("{:?}", block.error.kind),
                    at.offset + u64::from(offset),
                    at.line + u64::from(line),
                    at.column,
                    block.record_starts,
                )
            }
        });
    }
    all
}

fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "cn",
        "sn",
        "CN",
        "description",
        "objectGUID",
        "member",
        "member;range=0-1",
        "dn",
        "changetype",
        "control",
        "-",
        "# x",
        "anAttributeWithANameThatIsTooLongToExpect",
        "ver sion",
    ]);
    let value = prop::sample::select(vec![
        ": a",
        ": value",
        ": modify",
        ": add",
        ":: YWJj",
        ":: YW*j",
        ":: YWI=",
        ":: YWI",
        "::YWJj",
        ":",
        ":: ",
        ":x",
        ":  two",
        ": a\n b",
        ": a\n  b",
        ": a\n\tb",
        ":: YW\n Jj",
        ":\n a",
        ":< file:///x",
        ":: YW\rxxJj",
        ":: YW\0J",
        ": :",
        ": \u{e9}",
        ": a\0b",
        ": a\r",
        ": a\rb",
        "",
        " : a",
        ": a\n ",
        ": 1.2.3 true",
        ": a long value that goes on and on to fill the chunk, and on",
    ]);
    (name, value).prop_map(|(name, value)| match name {
        "-" => "-\n".to_owned(),
        name => format!("{name}{value}\n"),
    })
}

fn record() -> impl Strategy<Value = String> {
    let plain = "[a-z]{1,4}: [a-z ]{1,20}[a-z]\n";
    let lines = prop::collection::vec(prop_oneof![3 => line(), 2 => plain.prop_map(|it| it)], 0..9);
    let head = prop_oneof![
        8 => Just("dn: cn=x\n"),
        1 => Just("dn: cn=x\nchangetype: modify\n"),
        1 => Just("dn: cn=x\nchangetype: add\n"),
        1 => Just(""),
    ];
    (head, lines, prop_oneof![9 => Just("\n"), 1 => Just("\n\n\n")])
        .prop_map(|(head, lines, end)| format!("{head}{}{end}", lines.concat()))
}

/// Records, repeated until each description was seen and what follows is expected.
/// Most texts have no byte that calls for a look at each line, some end their lines
/// with CRLF.
fn text() -> impl Strategy<Value = String> {
    let records = prop::collection::vec(record(), 1..12);
    let plain = prop::bool::weighted(0.6);
    let crlf = prop::bool::weighted(0.2);
    (records, plain, crlf).prop_map(|(records, is_plain, has_crlf)| {
        let mut once = records.concat();
        if is_plain {
            once.retain(|c| c.is_ascii() && !matches!(c, '\0' | '\r'));
        }
        if has_crlf {
            once = once.replace('\n', "\r\n");
        }
        once.repeat(SMALL * 2 / once.len() + 2)
    })
}

fn is_wanted(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"cn") || name.eq_ignore_ascii_case(b"description")
}

/// A record without the lines that may be left out.
fn only_wanted(mut read: Read<'_>) -> Read<'_> {
    if let Read::Record(Record::Content(content), places) = &mut read {
        content.attributes.retain(|attribute| is_wanted(&attribute.name));
        places.clear();
    }
    read
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_record_reads_alike_where_its_lines_are_expected_and_where_not(text in text()) {
        let text = text.as_bytes();
        let together = read(&mut RecordReader::new(text, Limits::default()), 0, 0);
        let mut alone = Vec::new();
        let mut line = 0;
        // Every record ends with a blank line, so that each chunk has one.
        for chunk in Chunks::new(text, 1) {
            let mut reader = RecordReader::new(chunk.bytes, Limits::default());
            alone.extend(read(&mut reader, u32::try_from(chunk.offset).unwrap_or(0), line));
            line += u32::try_from(memchr::memchr_iter(b'\n', chunk.bytes).count()).unwrap_or(0);
        }
        prop_assert_eq!(together, alone);
    }

    #[test]
    fn lines_are_left_out_of_content_only_and_none_that_are_wanted(text in text()) {
        let text = text.as_bytes();
        let mut reader = RecordReader::new(text, Limits::default());
        let all = read(&mut reader, 0, 0);
        let mut picky = RecordReader::new(text, Limits::default()).with_wanted(is_wanted);
        let wanted = read(&mut picky, 0, 0);
        let all: Vec<_> = all.into_iter().map(only_wanted).collect();
        let wanted: Vec<_> = wanted.into_iter().map(only_wanted).collect();
        prop_assert_eq!(all, wanted);
        prop_assert_eq!(reader.take_observations(), picky.take_observations());
    }
}

/// Short and long values of `cn`, and whatever stands there twice.
fn pick(name: &[u8]) -> Wanted {
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    match () {
        () if is("cn") => Wanted::outside(3, 6).with_repeated(7),
        () if is("description") => Wanted::NONE.with_repeated(64),
        () if is("sn") => Wanted::ALL.with_repeated(511),
        () => Wanted::NONE,
    }
}

/// The lines of all entries, each with whether it is repeated.
fn entry_lines<'a>(mut reader: RecordReader<'a>) -> Vec<Vec<(Line<'a>, bool)>> {
    let mut entries = Vec::new();
    while let Some(block) = reader.next_block() {
        if let Block::Record(record) = block
            && record.is_entry()
        {
            let lines = record.attribute_lines().iter();
            entries.push(lines.map(|line| (*line, line.is_repeated())).collect());
        }
    }
    entries
}

/// The number that [`pick`] gives the attribute of a line; none to one with options.
fn single(line: &Line<'_>) -> Option<usize> {
    let name = line.name();
    if line.has_options() {
        return None;
    }
    ["cn", "description", "sn"].iter().position(|it| name.eq_ignore_ascii_case(it.as_bytes()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn lines_are_picked_by_their_length_and_where_they_are_repeated(text in text()) {
        let text = text.as_bytes();
        let all = entry_lines(RecordReader::new(text, Limits::default()));
        let picked = entry_lines(RecordReader::new(text, Limits::default()).with_picked(pick));
        prop_assert_eq!(all.len(), picked.len());
        for (all, picked) in all.iter().zip(&picked) {
            let mut seen = [false; 3];
            let mut rest = picked.iter();
            for (line, _) in all {
                let number = single(line);
                let repeated = number.is_some_and(|it| std::mem::replace(&mut seen[it], true));
                let length = line.raw().len();
                let wanted = match number {
                    Some(0) => !(3..=6).contains(&length) || repeated,
                    Some(1) => repeated,
                    Some(_) => true,
                    None => false,
                };
                match rest.as_slice().first().filter(|it| it.0.offset() == line.offset()) {
                    Some((_, told)) => {
                        rest.next();
                        prop_assert_eq!(*told, repeated);
                    }
                    None => prop_assert!(!wanted),
                }
            }
            prop_assert!(rest.next().is_none());
        }
    }
}

#[test]
fn a_line_that_is_not_wanted_is_left_out_once_it_is_expected() {
    let text = "dn: cn=x\ncn: x\nsn: y\nsn: z\n\n".repeat(SMALL);
    let mut reader = RecordReader::new(text.as_bytes(), Limits::default()).with_wanted(is_wanted);
    let mut lines = 0;
    while let Some(Block::Record(record)) = reader.next_block() {
        lines += record.attribute_lines().len();
    }
    assert!((SMALL..SMALL + 9).contains(&lines), "{lines}");
}
