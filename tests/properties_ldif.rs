//! What holds for all records and all bytes: nothing is lost, nothing is changed,
//! nothing depends on how the input is cut, and errors stand where they say.

#![allow(clippy::unwrap_used, reason = "a test that cannot write its input fails")]

mod reading;

use std::borrow::Cow;

use ldifix::ldif::{
    Attribute, Change, ChangeRecord, Columns, ContentRecord, Control, LineEnd, ModOp, Modification,
    Position, Record, Value, Wrap, WriteError, WriteOptions, Writer,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use reading::{Reading, Trickle, read_from, read_in_chunks, record_starts};

type Bytes = Cow<'static, [u8]>;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn records_come_back_as_they_were_written(
        records in vec(record(), 0..6),
        options in options(),
    ) {
        let text = written(&records, options);
        let reading = read_in_chunks(&text, usize::MAX);
        prop_assert_eq!(&reading.report.failures, &vec![]);
        prop_assert_eq!(&reading.records, &records);
        prop_assert_eq!(read_in_chunks(&text, 1).records, records);
    }

    #[test]
    fn no_line_is_longer_than_the_wrap(
        records in vec(record(), 1..3),
        options in options(),
    ) {
        let Wrap::Columns(columns) = options.wrap else { return Ok(()) };
        for line in written(&records, options).split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            prop_assert!(line.len() <= columns.get(), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn a_line_reads_the_same_wherever_it_is_folded(
        lines in vec(line(), 1..5),
        folds in vec((any::<Index>(), any::<bool>()), 0..12),
    ) {
        let mut folded = Vec::new();
        let mut plain = Vec::new();
        for line in [b"dn: cn=a".to_vec()].into_iter().chain(lines) {
            plain.extend_from_slice(&line);
            plain.push(b'\n');
            folded.extend(fold(&line, &folds));
            folded.push(b'\n');
        }
        let (plain, folded) = (read_in_chunks(&plain, 1), read_in_chunks(&folded, 1));
        prop_assert_eq!(plain.records, folded.records);
        prop_assert_eq!(plain.report.failed_records, folded.report.failed_records);
    }

    #[test]
    fn any_bytes_keep_the_promises(input in vec(token(), 0..60)) {
        promises(&input.concat())?;
    }

    #[test]
    fn damaged_ldif_keeps_the_promises(
        records in vec(record(), 1..6),
        options in options(),
        damage in vec((any::<Index>(), damage()), 1..5),
    ) {
        let mut text = written(&records, options);
        for (place, damage) in damage {
            if text.is_empty() {
                break;
            }
            damage.apply(&mut text, place);
        }
        promises(&text)?;
    }
}

/// What fails becomes a test of its own, beside the code or in the corpus; no
/// file of seeds is kept.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

fn promises(input: &[u8]) -> Result<(), TestCaseError> {
    let whole = read_in_chunks(input, usize::MAX);
    let report = &whole.report;
    prop_assert_eq!(report.read_records() + report.failed_records, record_starts(input));
    prop_assert_eq!(report.read_records(), whole.records.len() as u64);
    prop_assert_eq!(
        report.observations.lines(),
        input.iter().filter(|&&byte| byte == b'\n').count() as u64
    );
    let errors = report.failures.iter().map(|failure| failure.error.position);
    let warnings = report.observations.warnings().into_iter().map(|warning| warning.first);
    for position in errors.chain(warnings) {
        stands_in(input, position)?;
    }
    for size in [1, 7, 64] {
        prop_assert_eq!(&read_in_chunks(input, size), &whole, "in chunks of {}", size);
    }
    prop_assert_eq!(&read_from(Trickle { rest: input, turn: input.len() }), &whole);
    comes_back(&whole)
}

/// The line and the column of a place follow from its offset.
fn stands_in(input: &[u8], position: Position) -> Result<(), TestCaseError> {
    let offset = usize::try_from(position.offset).unwrap();
    prop_assert!(offset <= input.len(), "{:?} in {} bytes", position, input.len());
    let lines: Vec<&[u8]> = input[..offset].split(|&byte| byte == b'\n').collect();
    let column = lines.last().map_or(0, |line| line.len()) + 1;
    prop_assert_eq!((position.line, position.column as usize), (lines.len() as u64, column));
    Ok(())
}

fn comes_back(reading: &Reading) -> Result<(), TestCaseError> {
    let mut writer = Writer::new(Vec::new(), WriteOptions::content_file());
    let mut records = Vec::new();
    for record in &reading.records {
        match writer.record(record) {
            Ok(()) => records.push(record.clone()),
            Err(WriteError::Url { url, .. }) => {
                prop_assert!(!url.iter().all(|byte| matches!(byte, b' '..=b'~')));
            }
            Err(error) => prop_assert!(false, "{} of {:?}", error, record),
        }
    }
    let again = read_in_chunks(&writer.finish().unwrap(), usize::MAX);
    prop_assert_eq!(again.report.failures, vec![]);
    prop_assert_eq!(again.records, records);
    Ok(())
}

fn written(records: &[Record<'_>], options: WriteOptions) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), options);
    writer.version_line().unwrap();
    for record in records {
        writer.record(record).unwrap();
    }
    writer.finish().unwrap()
}

fn options() -> impl Strategy<Value = WriteOptions> {
    let columns = (2..=200usize).prop_map(|octets| Wrap::Columns(Columns::new(octets).unwrap()));
    let wrap = prop_oneof![9 => columns, 1 => Just(Wrap::No)];
    let line_end = select(vec![LineEnd::Lf, LineEnd::CrLf]);
    (wrap, line_end, any::<bool>()).prop_map(|(wrap, line_end, version)| WriteOptions {
        wrap,
        line_end,
        version,
    })
}

fn record() -> impl Strategy<Value = Record<'static>> {
    let content = (octets(), attributes())
        .prop_filter("a change record", |(_, attributes)| !begins_change(attributes))
        .prop_map(|(dn, attributes)| Record::Content(ContentRecord { dn, attributes }));
    let change = (octets(), vec(control(), 0..3), change()).prop_map(
        |(dn, controls, (spelling, change))| {
            Record::Change(ChangeRecord { dn, controls, spelling, change })
        },
    );
    prop_oneof![content, change]
}

fn begins_change(attributes: &[Attribute<'_>]) -> bool {
    let is = |attribute: &Attribute<'_>, name: &[u8]| attribute.name.eq_ignore_ascii_case(name);
    let mut behind = attributes.iter().skip_while(|attribute| is(attribute, b"control"));
    behind.next().is_some_and(|attribute| is(attribute, b"changetype"))
}

fn change() -> impl Strategy<Value = (Option<Bytes>, Change<'static>)> {
    let add = (spelling(&["ntdsSchemaAdd"]), attributes().prop_map(Change::Add));
    let delete = (spelling(&["ntdsSchemaDelete"]), Just(Change::Delete));
    let modify =
        (spelling(&["ntdsSchemaModify"]), vec(modification(), 0..5).prop_map(Change::Modify));
    let new_rdn = octets().prop_filter("no RDN", |rdn| !rdn.is_empty());
    let rename = (new_rdn, any::<bool>(), option::of(octets())).prop_map(
        |(new_rdn, delete_old_rdn, new_superior)| Change::ModRdn {
            new_rdn,
            delete_old_rdn,
            new_superior,
        },
    );
    let rename = (spelling(&["moddn", "ModDN", "ntdsSchemaModRdn"]), rename);
    prop_oneof![add, delete, modify, rename]
}

fn spelling(words: &'static [&'static str]) -> impl Strategy<Value = Option<Bytes>> {
    option::of(select(words).prop_map(|word: &str| Cow::Borrowed(word.as_bytes())))
}

fn modification() -> impl Strategy<Value = Modification<'static>> {
    let op = select(vec![ModOp::Add, ModOp::Delete, ModOp::Replace, ModOp::Increment]);
    (op, name(), vec(value(), 0..4)).prop_map(|(op, attribute, values)| Modification {
        op,
        attribute,
        values,
    })
}

fn control() -> impl Strategy<Value = Control<'static>> {
    ("[0-9]{1,3}(\\.[0-9]{1,5}){0,6}", option::of(any::<bool>()), option::of(value())).prop_map(
        |(oid, criticality, value)| Control {
            oid: Cow::Owned(oid.into_bytes()),
            criticality,
            value,
        },
    )
}

fn attributes() -> impl Strategy<Value = Vec<Attribute<'static>>> {
    vec((name(), value()).prop_map(|(name, value)| Attribute { name, value }), 0..6)
}

fn name() -> impl Strategy<Value = Bytes> {
    let keywords = select(vec![
        "add",
        "control",
        "changetype",
        "CHANGETYPE",
        "replace",
        "version",
        "newrdn",
        "include",
        "ref",
        "result",
        "search",
    ]);
    let any = "[A-Za-z0-9@.;_=*][A-Za-z0-9;._=*@-]{0,40}";
    prop_oneof![1 => keywords.prop_map(str::to_owned), 4 => any]
        .prop_filter("begins a record", |name| !name.eq_ignore_ascii_case("dn"))
        .prop_map(|name| Cow::Owned(name.into_bytes()))
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let url = prop_oneof![Just(String::new()), "[!-~][ -~]{0,60}"];
    prop_oneof![
        9 => octets().prop_map(Value::Bytes),
        1 => url.prop_map(|url| Value::Url(Cow::Owned(url.into_bytes()))),
    ]
}

fn octets() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        vec(any::<u8>(), 0..120),
        "[ -~]{0,120}".prop_map(String::into_bytes),
        "[ :<\ta-]{0,8}".prop_map(String::into_bytes),
        "\\PC{0,30}".prop_map(String::into_bytes),
    ]
    .prop_map(Cow::Owned)
}

/// A logical line, right or nearly so, without a line end.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let name = select(vec!["a", "cn;lang-de", "member;range=0-9", "control", "version", "a b", ""]);
    let separator = select(vec![":", "::", ":<", ": :", ": <", ""]);
    let value = prop_oneof![
        Just(String::new()),
        Just("YWJj".to_owned()),
        Just("YWJjZA==".to_owned()),
        "[ -~]{0,20}",
        "\\PC{0,8}",
    ];
    // A line that begins with a space would be a fold of the line before it.
    (name, separator, " {0,3}", value)
        .prop_map(|(name, separator, fill, value)| format!("{name}{separator}{fill}{value}"))
        .prop_filter("a blank line, a fold, a comment or a dash", |line| {
            !line.is_empty() && !line.starts_with([' ', '#', '-', '\t'])
        })
        .prop_map(String::into_bytes)
}

/// Puts folds into a line, several of them at one place perhaps; never before its
/// first byte.
fn fold(line: &[u8], folds: &[(Index, bool)]) -> Vec<u8> {
    let mut places: Vec<_> = folds.iter().map(|(at, cr)| (at.index(line.len()) + 1, cr)).collect();
    places.sort();
    let mut out = Vec::new();
    let mut last = 0;
    for (place, cr) in places {
        out.extend_from_slice(&line[last..place]);
        out.extend_from_slice(if *cr { b"\r\n " } else { b"\n " });
        last = place;
    }
    out.extend_from_slice(&line[last..]);
    out
}

/// A piece of LDIF, or of what is none.
fn token() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"\n",
        b"\n",
        b"\n",
        b"\n\n",
        b"\n\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\r",
        b" ",
        b"\n ",
        b"\n  ",
        b"\n \n",
        b"\t",
        b"#",
        b"-",
        b":",
        b"::",
        b": ",
        b":<",
        b"dn:",
        b"\ndn: cn=a\n",
        b"\n\ndn: cn=b\n",
        b"d",
        b"n",
        b"DN:: Y249YQ==\n",
        b"cn: x\n",
        b"\xef\xbb\xbf",
        b"\0",
        b"\xff",
        b"version: 1\n",
        b"version: 2\n",
        b"changetype: modify\n",
        b"changetype: add\n",
        b"changetype: delete\n",
        b"changetype: modrdn\n",
        b"add: cn\n",
        b"delete: cn\n-\n",
        b"newrdn: cn=c\n",
        b"deleteoldrdn: 1\n",
        b"control: 1.2.3 true\n",
        b"ref: ldap://x\n",
        b"search: 2\nresult: 0 Success\n",
        b"# numEntries: 3\n",
        b"# pagedresults: cookie=x\n",
        b"# refldap://x\n",
        b"include: file:///x\n",
        b"jpegPhoto:< file:///x\n",
        b"YWJj",
        b"a;range=0-1: x\n",
        b"x:: YQ\n",
    ];
    prop_oneof![
        9 => select(PIECES).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 1..4),
    ]
}

#[derive(Debug, Clone)]
enum Damage {
    Delete(usize),
    Insert(Vec<u8>),
    Flip(u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (1..40usize).prop_map(Damage::Delete),
        token().prop_map(Damage::Insert),
        (0..8u8).prop_map(|bit| Damage::Flip(1 << bit)),
    ]
}

impl Damage {
    fn apply(self, text: &mut Vec<u8>, place: Index) {
        let at = place.index(text.len());
        match self {
            Self::Delete(count) => drop(text.drain(at..(at + count).min(text.len()))),
            Self::Insert(bytes) => drop(text.splice(at..at, bytes)),
            Self::Flip(bit) => text[at] ^= bit,
        }
    }
}
