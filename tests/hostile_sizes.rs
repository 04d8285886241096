//! Inputs that are big in one way: time stays linear and limits are named.
//!
//! Each growth test reads an input and one four times as large; what is quadratic
//! takes sixteen times as long.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its input fails")]

mod reading;

use std::time::{Duration, Instant};

use ldifix::change::diff::{Compared, DiffOptions, EntryIndex, Kinds, Scope, diff};
use ldifix::change::{Image, Interest, OnRefusal, Run, Verification, VerifyRun};
use ldifix::directory::Entry;
use ldifix::ldif::{
    ChangeRecord, Chunks, InputReport, LdifErrorKind, Limits, Position, ReadOptions, Record,
    WriteOptions, map_stream, read_chunk,
};
use reading::{read_in_chunks, read_whole, record_starts};

/// What repeats, with what stands before and behind it: lines that could be looked
/// at once for each line before them.
const REPEATED: [(&str, &str, &str, &str); 35] = [
    ("failing records", "", "dn: cn=a\nnonsense\n\n", ""),
    ("failing records in one block", "", "dn: cn=a\nnonsense\n", ""),
    ("dashes", "", "-\n", ""),
    ("dashes in a record", "dn: cn=a\nchangetype: modify\n", "-\n", ""),
    ("modifications", "dn: cn=a\nchangetype: modify\n", "add: cn\ncn: x\n-\n", ""),
    ("comments", "", "# comment\n", "dn: cn=a\n"),
    ("folded comments", "dn: cn=a\n", "# comment\n goes on\n", ""),
    ("version lines", "", "version: 1\n", "dn: cn=a\n"),
    ("version blocks", "", "version: 1\n\n", "dn: cn=a\n"),
    ("wrong version lines", "", "version: 2\n", "dn: cn=a\n"),
    ("lines of spaces", "dn: cn=a\ncn: a\n", " \n", "sn: x\n"),
    ("lines of spaces before a record", "dn: cn=a\ncn: a\n", " \n", "dn: cn=b\n"),
    (
        "wide lines of spaces",
        "dn: cn=a\ncn: a\n",
        "                                                            \n",
        "dn: cn=b\n",
    ),
    ("lines of spaces between lines", "dn: cn=a\n", "cn: a\n \n", ""),
    ("lines of spaces behind a colon", "dn: cn=a\ncn:\n", " \n", " x\n"),
    ("lines of spaces in a name", "dn: cn=a\nc\n", " \n", " n: x\n"),
    ("lines of spaces behind a dash", "dn: cn=a\nchangetype: modify\n-\n", " \n", ""),
    ("lines of spaces in a failing record", "dn: cn=a\nnonsense\n", " \n", "dn: cn=b\n"),
    ("lines of spaces at the start", "", " \n", "dn: cn=b\n"),
    ("blank lines", "", "\n", "dn: cn=a\n"),
    ("blank lines with CR", "", "\r\n", "dn: cn=a\n"),
    ("marks", "", "\u{feff}", "dn: cn=a\n"),
    ("marks on lines", "", "\u{feff}\n", "dn: cn=a\n"),
    ("CRs in a comment", "#", "\r", "\n"),
    ("CRs in a value", "dn: ", "\r", "\n"),
    ("values", "dn: cn=a\n", "member: cn=b\n", ""),
    ("attributes", "dn: cn=a\n", "a: x\nb: x\n", ""),
    ("folds", "dn: cn=a\ncn: a\n", " x\n", ""),
    ("folds of base64", "dn: cn=a\ncn:: YWJj\n", " YWJj\n", ""),
    ("folds of bytes that are no UTF-8", "dn: cn=a\ncn: \u{e4}\n", " \u{e4}\n", ""),
    ("options", "dn: cn=a\nmember", ";range=0-1", ": x\n"),
    ("controls", "dn: cn=a\n", "control: 1.2.3 true\n", "changetype: delete\n"),
    (
        "modify records of one entry",
        "dn: cn=a\ncn: a\n\n",
        "dn: cn=a\nchangetype: modify\nadd: cn\ncn: b\n-\n\n",
        "",
    ),
    ("references", "", "ref: ldap://x/\n\n", ""),
    ("results", "", "search: 2\nresult: 0 Success\n", ""),
];

#[test]
fn time_grows_with_the_size_whatever_repeats() {
    for (what, head, unit, tail) in REPEATED {
        let of = |size: usize| [head, &unit.repeat(size / unit.len()), tail].concat().into_bytes();
        let (small, large) = (of(1 << 16), of(1 << 18));
        assert_eq!(accounted(&small), record_starts(&small), "{what}");
        // A busy machine may hold one measurement up; four times in a row it is us.
        let linear = (0..4).any(|_| ratio(&small, &large) < 9.0);
        assert!(
            linear,
            "{what}: {:?}, and {:?} for four times as much",
            time(&small),
            time(&large)
        );
    }
}

/// The text of an entry in two exports, of about so many lines.
type Entries = fn(usize) -> [String; 2];

#[test]
fn the_time_of_a_comparison_grows_with_the_entry_whatever_repeats_in_it() {
    fn both(entry: String) -> [String; 2] {
        ["a", "b"].map(|it| entry.replace("VALUE", it))
    }
    let shapes: [(&str, Entries); 2] = [
        ("modify records that go on with it", |lines| {
            let more = "dn: cn=a\nchangetype: modify\nadd: member\nmember: cn=";
            let records: String = (0..lines / 8).map(|at| format!("{more}{at}\n-\n\n")).collect();
            both(format!("dn: cn=a\ndescription: VALUE\n\n{records}"))
        }),
        ("values, and lines that are not compared between others", |lines| {
            let members: String = (0..lines).map(|at| format!("member: cn={at}\n")).collect();
            let stamps = "whenChanged: 1\nuSNChanged: 1\n".repeat(lines / 2);
            let [old, new] = both(format!("{members}description: VALUE\n"));
            [format!("dn: cn=a\n{old}"), format!("dn: cn=a\n{stamps}{new}")]
        }),
    ];
    for (what, of) in shapes {
        let (small, large) = (of(1 << 11), of(1 << 13));
        assert_grows_along(what, || comparison(&small), || comparison(&large));
    }
}

/// Four times as much takes about four times as long.
fn assert_grows_along(what: &str, small: impl Fn() -> Duration, large: impl Fn() -> Duration) {
    let floor = Duration::from_millis(4);
    let ratio = || large().as_secs_f64() / small().max(floor).as_secs_f64();
    assert!(
        (0..4).any(|_| ratio() < 9.0),
        "{what}: {:?}, and {:?} for four times as much",
        small(),
        large()
    );
}

fn comparison(exports: &[String; 2]) -> Duration {
    let started = Instant::now();
    let [old, new] = exports
        .each_ref()
        .map(|it| EntryIndex::read(it.as_bytes(), ReadOptions::default(), &|_| {}).unwrap());
    let options = DiffOptions {
        compared: Compared::default(),
        scope: Scope::default(),
        kinds: Kinds::default(),
        write: WriteOptions::content_file(),
    };
    assert_eq!(diff(&old, &new, &options).unwrap().tally.records(), 1);
    started.elapsed()
}

/// The text of a change of about so many records.
type Records = fn(usize) -> String;

#[test]
fn the_time_of_a_verification_grows_with_the_change_where_names_go_in_circles() {
    fn below(name: &str, above: &str) -> String {
        let to = format!("newrdn: cn={name}\ndeleteoldrdn: 1\nnewsuperior: {above},dc=t\n\n");
        format!("dn: cn={name},dc=t\nchangetype: modrdn\n{to}")
    }
    fn modifies(records: usize) -> String {
        let modify = "changetype: modify\nadd: description\ndescription: x\n-\n\n";
        (0..records).map(|at| format!("dn: cn=x{at},cn=a0,dc=t\n{modify}")).collect()
    }
    let shapes: [(&str, Records); 3] = [
        ("modifies below two entries that go below each other", |records| {
            modifies(records) + &below("a0", "cn=b") + &below("b", "cn=a0,cn=b")
        }),
        ("modifies below a circle of as many entries", |records| {
            let circle =
                (0..records).map(|at| below(&format!("a{at}"), &format!("cn=a{}", at + 1)));
            let last = below(&format!("a{records}"), "cn=a0,cn=a1");
            modifies(records) + &circle.collect::<String>() + &last
        }),
        ("circles of two entries", |records| {
            let pair = |at| below(&format!("a{at}"), &format!("cn=b{at}"));
            let back = |at| below(&format!("b{at}"), &format!("cn=a{at},cn=b{at}"));
            (0..records / 2).map(|at| pair(at) + &back(at)).collect()
        }),
    ];
    for (what, of) in shapes {
        let (small, large) = (changes(&of(1 << 9)), changes(&of(1 << 11)));
        assert_grows_along(what, || verification(&small), || verification(&large));
    }
}

fn changes(text: &str) -> Vec<ChangeRecord<'static>> {
    let mut changes = Vec::new();
    read_chunk(text.as_bytes(), ReadOptions::default(), |raw| {
        if let Record::Change(change) = raw.into_record().into_owned() {
            changes.push(change);
        }
    });
    changes
}

/// Of an export without an entry.
fn verification(changes: &[ChangeRecord<'_>]) -> Duration {
    let started = Instant::now();
    let mut verification = Verification::new(changes).without_base();
    let judged = loop {
        if let VerifyRun::Done(judgements) = verification.run() {
            break judgements;
        }
    };
    assert_eq!(judged.len(), changes.len());
    started.elapsed()
}

/// An export and a change of so many steps.
type Steps = fn(usize) -> [String; 2];

#[test]
fn an_export_is_read_a_few_times_however_many_renames_do_not_apply() {
    fn rename(of: &str, to: &str, above: &str) -> String {
        format!(
            "dn: {of}\nchangetype: modrdn\nnewrdn: {to}\ndeleteoldrdn: 1\nnewsuperior: {above}\n\n"
        )
    }
    let shapes: [(&str, Steps); 3] = [
        ("a chain of names of an entry that is missing", |steps| {
            let step = |at| rename(&format!("cn={at},dc=x"), &format!("cn={}", at + 1), "dc=x");
            ["dn: dc=x\ndc: x\n\n".to_owned(), (0..steps).map(step).collect()]
        }),
        ("each takes the place above the next one", |steps| {
            let step = |at| {
                let of =
                    if at == 0 { "cn=0,dc=x".to_owned() } else { format!("cn=a,cn={at},dc=x") };
                rename(&of, &format!("cn={}", at + 1), "dc=x")
            };
            ["dn: dc=x\ndc: x\n\n".to_owned(), (0..steps).map(step).collect()]
        }),
        ("where one is missing, another comes above the next one", |steps| {
            let entries = |at| format!("dn: cn=other {at},dc=x\ncn: other {at}\n\n");
            let step = |at| {
                let place = format!("cn=place {at}");
                let others = [format!("cn=one {at},dc=x"), format!("cn=other {at},dc=x")];
                let next = format!("cn=one {}", at + 1);
                let below = rename(&format!("cn=a,{place},dc=x"), &next, "dc=x");
                others.map(|of| rename(&of, &place, "dc=x")).concat() + &below
            };
            let entries: String = (0..steps).map(entries).collect();
            [format!("dn: dc=x\ndc: x\n\n{entries}"), (0..steps).map(step).collect()]
        }),
    ];
    for (what, of) in shapes {
        let readings = readings(&of(200));
        assert!(readings <= 4, "{what}: {readings} readings");
    }
}

/// How often an export is read for a change.
fn readings([export, change]: &[String; 2]) -> usize {
    let (mut entries, mut records) = (Vec::new(), Vec::new());
    for text in [export, change] {
        read_chunk(text.as_bytes(), ReadOptions::default(), |raw| match raw.into_record() {
            Record::Content(content) => entries.push(Entry::from(content.into_owned())),
            Record::Change(record) => records.push(record.into_owned()),
        });
    }
    let mut image = Image::new(&records, OnRefusal::GoOn);
    for reading in 1.. {
        for (ordinal, entry) in (0..).zip(&entries) {
            match image.interest(&entry.dn) {
                Interest::None => {}
                Interest::Place => image.mark(ordinal, &entry.dn),
                Interest::Content => image.load(ordinal, entry.clone()),
            }
        }
        if matches!(image.run(), Run::Done(_)) {
            return reading;
        }
    }
    usize::MAX
}

fn accounted(input: &[u8]) -> u64 {
    let report = read_in_chunks(input, usize::MAX).report;
    report.read_records() + report.failed_records
}

fn ratio(small: &[u8], large: &[u8]) -> f64 {
    // Below, the clock and the allocator are all that is measured.
    let floor = Duration::from_millis(4);
    time(large).as_secs_f64() / time(small).max(floor).as_secs_f64()
}

fn time(input: &[u8]) -> Duration {
    let started = Instant::now();
    read_all(input);
    started.elapsed()
}

/// In chunks, as a whole, and as a stream; no record is kept.
fn read_all(input: &[u8]) -> InputReport {
    let options = ReadOptions::default();
    for chunk in Chunks::new(input, 64 << 10) {
        read_chunk(chunk.bytes, options, |_| {});
    }
    map_stream::<_, std::io::Error>(input, |bytes| drop(read_chunk(bytes, options, |_| {})), Ok)
        .unwrap();
    let mut report = InputReport::default();
    report.add(read_chunk(input, options, |_| {}));
    report
}

#[test]
fn a_line_above_its_limit_is_an_error_at_that_line_and_the_next_record_is_read() {
    let limits = Limits { line: 20, ..Limits::default() };
    let input = b"dn: cn=a\ncn: a\nsn: 67890123456789012\nou: x\n\ndn: cn=b\nsn: 12345\n 67890123456789012345\n\ndn: cn=c\ncn: 78901234567890\n";
    let reading = read_whole(input, limits);
    assert_eq!(
        places(&reading.report),
        [(LdifErrorKind::LineTooLong, at(15, 3)), (LdifErrorKind::LineTooLong, at(53, 7)),]
    );
    assert_eq!(reading.json(), [r#"{"dn":"cn=c","attributes":[["cn",["78901234567890"]]]}"#]);
}

#[test]
fn a_record_above_its_limit_is_an_error_at_the_line_that_exceeds_it() {
    let limits = Limits { record: 40, ..Limits::default() };
    let record =
        |name: &str, lines: usize| format!("dn: cn={name}\n{}\n", "cn: 12\n".repeat(lines));
    let input = [record("a", 4), record("b", 5), record("c", 4)].concat();
    let reading = read_whole(input.as_bytes(), limits);
    assert_eq!(places(&reading.report), [(LdifErrorKind::RecordTooLong, at(75, 12))]);
    assert_eq!(reading.records.len(), 2);
    for line in ["# 1234567\n", "-\n", "# 123\n 567\n"] {
        let input = format!("dn: cn=a\n{}\ndn: cn=b\n", line.repeat(20));
        let reading = read_whole(input.as_bytes(), limits);
        assert_eq!(reading.errors(), ["record-too-long"], "{line}");
        assert_eq!(reading.records.len(), 1);
    }
}

fn at(offset: u64, line: u64) -> Position {
    Position { offset, line, column: 1 }
}

fn places(report: &InputReport) -> Vec<(LdifErrorKind, Position)> {
    report.failures.iter().map(|failure| (failure.error.kind, failure.error.position)).collect()
}

#[test]
fn many_failures_are_all_counted_and_the_first_ones_kept_in_order() {
    let input = "dn: cn=a\nnonsense\n\n".repeat(5000);
    for size in [1000, usize::MAX] {
        let report = read_in_chunks(input.as_bytes(), size).report;
        assert_eq!((report.failed_blocks, report.failed_records), (5000, 5000));
        assert_eq!(report.failures.len(), InputReport::KEPT_FAILURES);
        let lines = report.failures.iter().map(|failure| failure.error.position.line);
        assert!(lines.eq((0..1000).map(|record| record * 3 + 2)), "in chunks of {size}");
    }
}

/// Takes a minute and a gigabyte; run with `--release -- --ignored`.
#[test]
#[ignore = "big"]
fn inputs_of_many_megabytes_are_read_in_seconds() {
    const MIB: usize = 1 << 20;
    let record = |line: &str, times: usize| format!("dn: cn=a\n{}\n", line.repeat(times));
    let cases: [(&str, String, u64, &[&str]); 11] = [
        ("a line of 20 MiB", format!("dn: cn=a\ncn: {}\n", "x".repeat(20 * MIB)), 1, &[]),
        ("a folded line of 20 MiB", format!("dn: cn=a\ncn: x{}\n", "\n y".repeat(7 * MIB)), 1, &[]),
        ("a record of a million lines", record("cn: a\nsn: b\n", 500_000), 1, &[]),
        ("a million values", record("member: cn=b\n", 1_000_000), 1, &[]),
        ("a MiB of dashes", "-\n".repeat(MIB / 2), 0, &["missing-dn"]),
        ("10 MiB of comments", "# comment\n".repeat(MIB), 0, &[]),
        ("NULs", "\0".repeat(10 * MIB), 0, &["no-colon"]),
        ("spaces", " ".repeat(10 * MIB), 0, &[]),
        ("20 MiB without a line end", "x".repeat(20 * MIB), 0, &["no-colon"]),
        ("a million lines of spaces", record(" \n", 1_000_000), 1, &[]),
        (
            "a million lines of spaces before a record",
            format!("dn: cn=a\n{}dn: cn=b\n", " \n".repeat(1_000_000)),
            2,
            &[],
        ),
    ];
    for (what, input, read, errors) in cases {
        let started = Instant::now();
        let report = read_all(input.as_bytes());
        let took = started.elapsed();
        println!("{what}: {} MiB, three times, in {took:?}", input.len() / MIB);
        assert_eq!(report.read_records(), read, "{what}");
        let kinds: Vec<_> =
            report.failures.iter().map(|failure| failure.error.kind.name()).collect();
        assert_eq!(kinds, errors, "{what}");
        assert!(took < Duration::from_secs(5), "{what}: {took:?}");
    }
}
