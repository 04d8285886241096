//! `search`, `sort` and `split` as they are run, beside an evaluator of filters
//! that shares nothing with the program's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;

fn run(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ldifix"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    let feeder = std::thread::spawn(move || {
        let _ = input.write_all(&bytes);
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

// -- an evaluator of its own ---------------------------------------------------

type Entry = (String, Vec<(&'static str, String)>);

#[derive(Debug, Clone)]
enum Asked {
    And(Vec<Asked>),
    Or(Vec<Asked>),
    Not(Box<Asked>),
    Present(&'static str),
    Equal(&'static str, String),
    AtLeast(&'static str, String),
    AtMost(&'static str, String),
    Parts(&'static str, Vec<String>),
    Bits(&'static str, bool, u32),
    InDn(&'static str, String),
}

impl Asked {
    fn text(&self) -> String {
        match self {
            Self::And(parts) => format!("(&{})", parts.iter().map(Self::text).collect::<String>()),
            Self::Or(parts) => format!("(|{})", parts.iter().map(Self::text).collect::<String>()),
            Self::Not(part) => format!("(!{})", part.text()),
            Self::Present(name) => format!("({name}=*)"),
            Self::Equal(name, value) => format!("({name}={})", escaped(value)),
            Self::AtLeast(name, value) => format!("({name}>={})", escaped(value)),
            Self::AtMost(name, value) => format!("({name}<={})", escaped(value)),
            Self::Parts(name, parts) => {
                let parts: Vec<String> = parts.iter().map(|part| escaped(part)).collect();
                format!("({name}={})", parts.join("*"))
            }
            Self::Bits(name, all, mask) => {
                format!("({name}:1.2.840.113556.1.4.{}:={mask})", if *all { 803 } else { 804 })
            }
            Self::InDn(name, value) => format!("({name}:dn:={})", escaped(value)),
        }
    }

    /// Yes, no, or no answer.
    fn answer(&self, entry: &Entry) -> Option<bool> {
        let any = |name: &str, test: &dyn Fn(&str) -> bool| {
            entry.1.iter().any(|(own, value)| own.eq_ignore_ascii_case(name) && test(value))
        };
        match self {
            Self::And(parts) => joined(parts, entry, false),
            Self::Or(parts) => joined(parts, entry, true),
            Self::Not(part) => part.answer(entry).map(|holds| !holds),
            Self::Present(name) => Some(any(name, &|_| true)),
            Self::Equal(name, asked) if is_number(name) => {
                let asked: i64 = asked.parse().ok()?;
                Some(any(name, &|value| value.parse() == Ok(asked)))
            }
            Self::Equal(name, asked) => {
                Some(any(name, &|value| plain(name, value) == plain(name, asked)))
            }
            Self::AtLeast(name, asked) | Self::AtMost(name, asked) => {
                let least = matches!(self, Self::AtLeast(..));
                if is_number(name) {
                    let asked: i64 = asked.parse().ok()?;
                    let holds = |value: i64| if least { value >= asked } else { value <= asked };
                    return Some(any(name, &|value| value.parse().is_ok_and(holds)));
                }
                let asked = plain(name, asked);
                let holds = |value: String| if least { value >= asked } else { value <= asked };
                Some(any(name, &|value| holds(plain(name, value))))
            }
            Self::Parts(name, _) if is_number(name) => None,
            Self::Parts(name, parts) => {
                let parts: Vec<String> = parts.iter().map(|part| plain(name, part)).collect();
                Some(any(name, &|value| fits(&plain(name, value), &parts)))
            }
            Self::Bits(name, all, mask) => Some(any(name, &|value| {
                let bits = value.parse::<i64>().unwrap_or(0) & i64::from(*mask);
                if *all { bits == i64::from(*mask) } else { bits != 0 }
            })),
            Self::InDn(name, asked) => {
                let in_name = entry.0.split(',').any(|rdn| {
                    rdn.split_once('=').is_some_and(|(own, value)| {
                        own.eq_ignore_ascii_case(name) && plain(name, value) == plain(name, asked)
                    })
                });
                Some(in_name || any(name, &|value| plain(name, value) == plain(name, asked)))
            }
        }
    }
}

fn joined(parts: &[Asked], entry: &Entry, decides: bool) -> Option<bool> {
    let answers: Vec<Option<bool>> = parts.iter().map(|part| part.answer(entry)).collect();
    if answers.contains(&Some(decides)) {
        return Some(decides);
    }
    if answers.contains(&None) { None } else { Some(!decides) }
}

fn is_number(name: &str) -> bool {
    name.eq_ignore_ascii_case("userAccountControl")
}

/// loginShell is the one attribute here whose case counts.
fn plain(name: &str, value: &str) -> String {
    match name.eq_ignore_ascii_case("loginShell") {
        true => value.to_owned(),
        false => value.to_lowercase(),
    }
}

fn fits(value: &str, parts: &[String]) -> bool {
    let (first, others) = parts.split_first().unwrap();
    let (last, middle) = others.split_last().unwrap();
    fn go(rest: &str, middle: &[String], last: &str) -> bool {
        match middle.split_first() {
            None => rest.ends_with(last),
            Some((part, others)) => (0..=rest.len()).any(|at| {
                rest[at..].strip_prefix(part.as_str()).is_some_and(|rest| go(rest, others, last))
            }),
        }
    }
    value.strip_prefix(first.as_str()).is_some_and(|rest| go(rest, middle, last))
}

/// Some bytes as they are, all that have to be escaped, and one more.
fn escaped(value: &str) -> String {
    value.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'*' | b'(' | b')' | b'\\' | b'x' => write!(out, "\\{byte:02X}").unwrap(),
            _ => out.push(char::from(byte)),
        }
        out
    })
}

const NAMES: [&str; 5] = ["cn", "description", "loginShell", "userAccountControl", "Mail"];

fn value_of(name: &'static str) -> BoxedStrategy<String> {
    match name {
        "userAccountControl" => prop_oneof![
            8 => (0..20_u32).prop_map(|number| number.to_string()),
            1 => Just("-3".to_owned()),
        ]
        .boxed(),
        _ => "[abAxX*()\\\\]{1,4}".boxed(),
    }
}

fn asked_value(name: &'static str) -> BoxedStrategy<String> {
    match name {
        "userAccountControl" => {
            prop_oneof![4 => value_of(name), 1 => Just("many".to_owned())].boxed()
        }
        _ => value_of(name),
    }
}

fn named<T: std::fmt::Debug + 'static>(
    make: impl Fn(&'static str) -> BoxedStrategy<T> + 'static,
) -> BoxedStrategy<(&'static str, T)> {
    let name = prop::sample::select(NAMES.to_vec());
    name.prop_flat_map(move |name| make(name).prop_map(move |made| (name, made))).boxed()
}

fn entry() -> impl Strategy<Value = Entry> {
    let lines = prop::collection::vec(named(value_of), 0..7);
    ("[abAB]{1,2}", "[abAB]{1,2}", lines)
        .prop_map(|(cn, ou, lines)| (format!("cn={cn},ou={ou},dc=x"), lines))
}

fn asked() -> impl Strategy<Value = Asked> {
    let parts = |_: &'static str| prop::collection::vec("[abAx*]{0,2}", 2..5).boxed();
    let leaf = prop_oneof![
        prop::sample::select(NAMES.to_vec()).prop_map(Asked::Present),
        named(asked_value).prop_map(|(name, value)| Asked::Equal(name, value)),
        named(asked_value).prop_map(|(name, value)| Asked::AtLeast(name, value)),
        named(asked_value).prop_map(|(name, value)| Asked::AtMost(name, value)),
        named(parts).prop_filter_map("one that is no presence", |(name, parts)| {
            let inner = parts.iter().any(|part| !part.is_empty());
            inner.then_some(Asked::Parts(name, parts))
        }),
        (any::<bool>(), 0..32_u32).prop_map(|(all, mask)| Asked::Bits(
            "userAccountControl",
            all,
            mask
        )),
        ("[abAB]{1,2}").prop_map(|value| Asked::InDn("ou", value)),
        ("[abAB]{1,2}").prop_map(|value| Asked::InDn("cn", value)),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Asked::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Asked::Or),
            inner.prop_map(|part| Asked::Not(Box::new(part))),
        ]
    })
}

fn ldif(entries: &[Entry]) -> String {
    let mut out = String::new();
    for (dn, lines) in entries {
        writeln!(out, "dn: {dn}").unwrap();
        for (name, value) in lines {
            writeln!(out, "{name}: {value}").unwrap();
        }
        out.push('\n');
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn search_finds_what_an_evaluator_of_its_own_finds(
        entries in prop::collection::vec(entry(), 1..40),
        asked in asked(),
    ) {
        // Numbered, so that entries of the same name are told apart.
        let entries: Vec<Entry> = entries
            .into_iter()
            .enumerate()
            .map(|(number, (dn, mut lines))| {
                lines.push(("employeeID", number.to_string()));
                (dn, lines)
            })
            .collect();
        let filter = asked.text();
        let arguments = ["-q", "search", "-", "--filter", &filter, "--attrs", "employeeID", "--to", "csv"];
        let output = run(Path::new("."), &arguments, ldif(&entries).as_bytes());
        prop_assert!(output.status.success(), "{} {}", filter, text(&output.stderr));
        let found: Vec<String> = text(&output.stdout)
            .lines()
            .skip(1)
            .map(|row| row.rsplit(',').next().unwrap().to_owned())
            .collect();
        let expected: Vec<String> = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| asked.answer(entry) == Some(true))
            .map(|(number, _)| number.to_string())
            .collect();
        prop_assert_eq!(found, expected, "{}", filter);
    }
}

// -- inputs and outputs ----------------------------------------------------------

/// Entries for several chunks, some of them in several records.
fn large() -> String {
    let mut out = String::from("version: 1\n\n");
    for number in 0..9_000 {
        let (unit, changetype) = (number % 7, ["", "changetype: add\n"][number % 2]);
        writeln!(out, "dn: cn=user {number},ou=u{unit},dc=x\n{changetype}cn: user {number}")
            .unwrap();
        writeln!(out, "description: {}\n", "long ".repeat(40)).unwrap();
        if number % 100 == 1 {
            writeln!(out, "dn: cn=User {number},ou=u{unit},dc=x\nchangetype: modify\nadd: mail")
                .unwrap();
            writeln!(out, "mail: m{number}@x\n-\n").unwrap();
        }
    }
    out
}

#[test]
fn a_pipe_a_file_gzip_and_any_number_of_threads_give_the_same() {
    let room = tempfile::tempdir().unwrap();
    let input = large();
    std::fs::write(room.path().join("large.ldif"), &input).unwrap();
    let gzip = Command::new("gzip").arg("-k").arg(room.path().join("large.ldif")).status();
    for arguments in [
        &["--filter", "(|(mail=*)(cn=user 1*))"][..],
        &["--filter", "(mail=*)", "--to", "json"],
        &["-b", "ou=u3,dc=x", "--attrs", "cn,mail", "--to", "csv"],
        &["--filter", "(!(mail=*))", "--count"],
        &["--filter", "(seeAlso:1.2.840.113556.1.4.1941:=cn=x)", "--count"],
        &[],
    ] {
        let with = |more: &[&'static str], stdin: &[u8]| {
            let all: Vec<&str> =
                ["-q", "search"].iter().chain(more).chain(arguments).copied().collect();
            let output = run(room.path(), &all, stdin);
            assert_eq!(text(&output.stderr), "");
            output.stdout
        };
        let file = with(&["large.ldif"], b"");
        assert!(!file.is_empty());
        assert!(file == with(&["-"], input.as_bytes()), "{arguments:?}");
        assert!(file == with(&["--threads", "1", "-"], input.as_bytes()), "{arguments:?}");
        assert!(file == with(&["--threads", "5", "large.ldif"], b""), "{arguments:?}");
        if gzip.as_ref().is_ok_and(std::process::ExitStatus::success) {
            assert!(file == with(&["large.ldif.gz"], b""), "{arguments:?}");
        }
    }
    let count =
        run(room.path(), &["-q", "search", "--filter", "(mail=*)", "--count"], input.as_bytes());
    assert_eq!(text(&count.stdout), "90\n");
}

#[test]
fn without_a_filter_search_writes_what_fmt_writes() {
    let input = "dn:cn=a\ncn:a\n# comment\ndescription:  two\n\n\ndn: cn=b\ndescription: ü\n";
    let found = run(Path::new("."), &["-q", "search"], input.as_bytes());
    let formatted = run(Path::new("."), &["-q", "fmt"], input.as_bytes());
    assert_eq!(text(&found.stdout), text(&formatted.stdout));
    let crlf = run(Path::new("."), &["-q", "search", "--crlf", "--wrap", "20"], input.as_bytes());
    let expected = run(Path::new("."), &["-q", "fmt", "--crlf", "--wrap", "20"], input.as_bytes());
    assert_eq!(text(&crlf.stdout), text(&expected.stdout));
}

#[test]
fn the_words_of_a_change_record_are_written_in_lower_case() {
    let input = "DN: cn=a\nchangeType: add\ncn: a\n\ndn: cn=b\nchangetype:  ADD\nCN: b\n";
    let expected = "dn: cn=a\nchangetype: add\ncn: a\n\ndn: cn=b\nchangetype: add\nCN: b\n\n";
    for arguments in [
        &["-q", "fmt", "--no-version"][..],
        &["-q", "search", "--no-version"],
        &["-q", "search", "--no-version", "--attrs", "cn"],
    ] {
        let output = run(Path::new("."), arguments, input.as_bytes());
        assert_eq!(text(&output.stdout), expected, "{arguments:?}");
    }
}

#[test]
fn utf16_is_searched_too() {
    let input = "\u{feff}dn: cn=é\r\ncn: é\r\n\r\ndn: cn=b\r\ncn: b\r\n";
    let bytes: Vec<u8> = input.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let output =
        run(Path::new("."), &["-q", "search", "--filter", "(cn=É)", "--no-version"], &bytes);
    assert_eq!(text(&output.stdout), "dn:: Y249w6k=\ncn:: w6k=\n\n");
}

#[test]
fn a_broken_record_is_told_and_ends_a_strict_search() {
    let input = "dn: cn=a\ncn: a\n\nbroken\n\ndn: cn=b\ncn: b\n";
    let output =
        run(Path::new("."), &["-q", "search", "--attrs", "1.1", "--no-version"], input.as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "dn: cn=a\n\ndn: cn=b\n\n");
    assert!(text(&output.stderr).contains("(stdin):4:1"), "{}", text(&output.stderr));
    let arguments = ["-q", "search", "--attrs", "1.1", "--no-version", "--strict"];
    let strict = run(Path::new("."), &arguments, input.as_bytes());
    assert_eq!((strict.status.code(), text(&strict.stdout).as_str()), (Some(2), "dn: cn=a\n\n"));
}

#[test]
fn numbers_of_a_search_add_up() {
    let input = "dn: cn=a,dc=x\ncn: a\n\ndn: cn=b,dc=y\ncn: b\n\ndn: cn=c,dc=x\ncn: c\n\n\
                 dn: cn=c,dc=x\nchangetype: modify\nadd: mail\nmail: c\n-\n\n\
                 dn: cn=d,dc=x\nchangetype: delete\n\nbroken\n\ndn: none\ncn: n\n";
    let room = tempfile::tempdir().unwrap();
    let arguments =
        ["-q", "search", "-b", "dc=x", "--filter", "(mail=c)", "--stats", "stats", "--count"];
    let output = run(room.path(), &arguments, input.as_bytes());
    assert_eq!(text(&output.stdout), "1\n");
    let stats = std::fs::read(room.path().join("stats")).unwrap();
    let stats: serde_json::Value = serde_json::from_slice(&stats).unwrap();
    assert_eq!(stats["in_scope"], 1);
    let reasons = serde_json::json!({"filtered-out": 1, "invalid-dn": 1, "outside-base": 1});
    assert_eq!(stats["out_of_scope"], reasons);
    assert_eq!(stats["skipped"], serde_json::json!({"change-record": 1}));
    assert_eq!((&stats["record_starts"], &stats["read"]), (&6.into(), &5.into()));
}

#[test]
fn a_changetype_of_a_change_log_never_becomes_a_change() {
    let input = "dn: changeNumber=1,cn=changelog\nchangeNumber: 1\nchangetype: delete\n";
    let output = run(Path::new("."), &["-q", "search", "--attrs", "changetype"], input.as_bytes());
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), "version: 1\n\n"));
    assert!(text(&output.stderr).contains("(stdin):3:1"), "{}", text(&output.stderr));
    let both = ["-q", "search", "--attrs", "changetype,changeNumber", "--no-version"];
    assert_eq!(text(&run(Path::new("."), &both, input.as_bytes()).stdout), format!("{input}\n"));
}

#[test]
fn a_pipe_is_copied_for_the_in_chain_rule_only_and_that_is_said() {
    let input =
        "dn: cn=a\nmemberOf: cn=b\n\ndn: cn=c\nmemberOf: cn=gone\n\ndn: cn=b\nmemberOf: cn=t\n";
    let filter = "(!(memberOf:1.2.840.113556.1.4.1941:=cn=t))";
    let output = run(Path::new("."), &["search", "--filter", filter, "--count"], input.as_bytes());
    assert_eq!(text(&output.stdout), "0\n");
    let said = text(&output.stderr);
    assert!(said.contains("(stdin): copied to the disk first"), "{said}");
    assert!(said.contains("1 entry could not be decided"), "{said}");
}

// -- sort and split ----------------------------------------------------------------

#[test]
fn sort_puts_parents_first_and_loses_nothing() {
    let room = tempfile::tempdir().unwrap();
    let input = large();
    std::fs::write(room.path().join("large.ldif"), &input).unwrap();
    let sorted = run(room.path(), &["-q", "sort", "large.ldif"], b"");
    assert!(sorted.status.success());
    let again = run(room.path(), &["-q", "sort", "--threads", "1"], &sorted.stdout);
    assert!(again.stdout == sorted.stdout);
    let lines = |bytes: &[u8]| {
        let mut lines: Vec<String> = text(bytes).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let formatted = run(room.path(), &["-q", "fmt", "large.ldif"], b"");
    assert!(lines(&sorted.stdout) == lines(&formatted.stdout));
    let mut units: Vec<String> = text(&sorted.stdout)
        .lines()
        .filter_map(|line| Some(line.strip_prefix("dn: ")?.split(',').nth(1)?.to_owned()))
        .collect();
    units.dedup();
    assert_eq!(units, ["ou=u0", "ou=u1", "ou=u2", "ou=u3", "ou=u4", "ou=u5", "ou=u6"]);
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    });
    files.collect()
}

#[test]
fn what_was_cut_off_is_told_of_files_and_pipes_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let whole: String = (0..9_000)
        .map(|n| format!("dn: cn={n:0>60},dc=x\nobjectClass: person\ncn: {n}\n\n"))
        .collect();
    let cut = format!("{whole}dn: cn=last,d");
    for (text, code) in [(&whole, 0), (&cut, 2)] {
        std::fs::write(folder.path().join("export.ldif"), text).unwrap();
        for arguments in [
            &["search", "--count", "-"][..],
            &["search", "--count", "export.ldif"],
            &["search", "--filter", "(member:1.2.840.113556.1.4.1941:=cn=x)", "-"],
            &["fmt", "-"],
            &["fmt", "export.ldif"],
            &["sort", "-"],
            &["split", "--entries", "9000", "--force", "-o", "part-", "-"],
        ] {
            let output = run(folder.path(), arguments, text.as_bytes());
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
            assert_eq!(stderr.contains("behind the DN of an entry"), code == 2, "{arguments:?}");
        }
    }
}

#[test]
fn split_by_number_gives_files_that_join_to_the_whole() {
    let room = tempfile::tempdir().unwrap();
    let input = large();
    let listed =
        run(room.path(), &["-q", "split", "--entries", "4000", "-o", "part-"], input.as_bytes());
    assert_eq!(
        text(&listed.stdout),
        "part-001.ldif\t4000\npart-002.ldif\t4000\npart-003.ldif\t1000\n"
    );
    let files = files(room.path());
    let parts: Vec<&str> =
        files.values().map(|file| file.strip_prefix("version: 1\n\n").unwrap()).collect();
    let whole = run(room.path(), &["-q", "fmt", "--no-version"], input.as_bytes());
    assert!(text(&whole.stdout) == parts.concat());
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["part-001.ldif", "part-002.ldif", "part-003.ldif"]
    );

    let again =
        run(room.path(), &["-q", "split", "--entries", "8000", "-o", "part-"], input.as_bytes());
    assert_eq!((again.status.code(), text(&again.stdout).as_str()), (Some(2), ""));
    assert!(text(&again.stderr).contains("part-001.ldif"), "{}", text(&again.stderr));
    let many =
        run(room.path(), &["-q", "split", "--entries", "2", "-o", "many-"], input.as_bytes());
    assert_eq!(many.status.code(), Some(2));
    assert_eq!(self::files(room.path()), files);
}

#[test]
fn split_by_subtree_names_the_files_and_keeps_every_entry() {
    let room = tempfile::tempdir().unwrap();
    let input = "dn: dc=x\ndc: x\n\ndn: ou=A/B,dc=x\nou: A/B\n\ndn: cn=1,OU=a/b, DC=x\ncn: 1\n\n\
                 dn: cn=A-B,dc=x\ncn: A-B\n\ndn: dc=y\ndc: y\n\ndn: cn=2,ou=A/B,dc=x\ncn: 2\n";
    std::fs::write(room.path().join("all.ldif"), input).unwrap();
    std::fs::create_dir(room.path().join("out")).unwrap();
    let arguments =
        ["-q", "split", "all.ldif", "--subtree", "--base", "dc=x", "-o", "out", "--no-version"];
    let listed = run(room.path(), &arguments, b"");
    let expected =
        "out/all-base.ldif\t1\nout/all-a-b.ldif\t3\nout/all-a-b-2.ldif\t1\nout/all-rest.ldif\t1\n";
    assert_eq!(text(&listed.stdout), expected);
    let files = files(&room.path().join("out"));
    let subtree = "dn: ou=A/B,dc=x\nou: A/B\n\ndn: cn=1,OU=a/b, DC=x\ncn: 1\n\ndn: cn=2,ou=A/B,dc=x\ncn: 2\n\n";
    assert_eq!(files["all-a-b.ldif"], subtree);
    assert_eq!(files["all-rest.ldif"], "dn: dc=y\ndc: y\n\n");

    let listed = run(room.path(), &["-q", "split", "all.ldif", "--subtree", "-o", "c-"], b"");
    assert_eq!(text(&listed.stdout), "c-x.ldif\t5\nc-y.ldif\t1\n");
}
