//! Entries that are big in one way: every command takes time that grows with them, and
//! not with their square.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its input fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use assert_cmd::Command;

/// How the attributes of an entry are called, by their number.
type Name = fn(usize) -> String;

const NAMES: [(&str, Name); 3] = [
    ("attributes", |at| format!("attr{at}")),
    ("options", |at| format!("description;lang-x{at};x-a")),
    ("parts of attributes", |at| format!("attr{at};range=0-1")),
];

/// What is done with such entries.
const COMMANDS: [&[&str]; 9] = [
    &["diff", "old.ldif", "new.ldif", "-f", "text"],
    &["diff", "without.ldif", "new.ldif", "-f", "text"],
    &["show", "change.ldif", "--base", "old.ldif"],
    &["show", "change.ldif"],
    &["apply", "old.ldif", "change.ldif"],
    &["verify", "change.ldif", "new.ldif", "--base", "old.ldif"],
    &["verify", "change.ldif", "old.ldif", "--base", "old.ldif"],
    &["verify", "steps.ldif", "new.ldif"],
    &["invert", "steps.ldif", "--base", "without.ldif", "--partial", "-o", "undo.ldif", "--force"],
];

/// Writes an entry of so many attributes before and after all of them change, the record
/// that changes them, and the records that add the entry and change one after the other.
fn write_attributes(folder: &Path, attributes: usize, name: Name) {
    const DN: &str = "dn: CN=A,DC=x\n";
    let above = "dn: DC=x\nobjectClass: domain\n\n";
    let body = |value: &str| {
        let lines = (0..attributes).map(|at| format!("{}: {value}\n", name(at)));
        format!("objectClass: user\ncn: A\n{}\n", lines.collect::<String>())
    };
    let mut change = format!("{DN}changetype: modify\n");
    let mut steps = format!("{DN}changetype: add\n{}", body("a"));
    for name in (0..attributes).map(name) {
        write!(change, "delete: {name}\n{name}: a\n-\nadd: {name}\n{name}: b\n-\n").unwrap();
        let replace = format!("replace: {name}\n{name}: b\n-\n\n");
        write!(steps, "{DN}changetype: modify\n{replace}").unwrap();
    }
    for (file, text) in [
        ("old.ldif", format!("{above}{DN}{}", body("a"))),
        ("new.ldif", format!("{above}{DN}{}", body("b"))),
        ("without.ldif", above.to_owned()),
        ("change.ldif", change),
        ("steps.ldif", steps),
    ] {
        fs::write(folder.join(file), text).unwrap();
    }
}

/// Two users with as many addresses, all of which are also those of the other one.
fn write_addresses(folder: &Path, addresses: usize, name: Name) {
    let mut export = String::new();
    for user in ["A", "B"] {
        let names = format!("sAMAccountName: {user}\nuserPrincipalName: {user}@contoso.com\n");
        write!(export, "dn: CN={user},DC=contoso,DC=com\nobjectClass: user\n{names}").unwrap();
        for name in (0..addresses).map(name) {
            writeln!(export, "proxyAddresses: smtp:{name}@contoso.com").unwrap();
        }
        export.push('\n');
    }
    fs::write(folder.join("old.ldif"), export).unwrap();
}

fn time_of(folder: &Path, command: &[&str]) -> Duration {
    let mut process = Command::cargo_bin("ldifix").unwrap();
    let process = process.args(command).current_dir(folder);
    let started = Instant::now();
    let out = process.output().unwrap();
    let code = out.status.code();
    assert!(matches!(code, Some(0..=2)), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
    started.elapsed()
}

/// Four times as much takes about four times as long.
fn assert_grows_along(
    what: &str,
    write: fn(&Path, usize, Name),
    name: Name,
    size: usize,
    commands: &[&[&str]],
) {
    let (small, large) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(small.path(), size, name);
    write(large.path(), 4 * size, name);
    let floor = Duration::from_millis(30);
    for command in commands {
        let grows = || {
            let [one, four] = [&small, &large].map(|it| time_of(it.path(), command));
            four.as_secs_f64() / one.max(floor).as_secs_f64()
        };
        // A busy machine may hold one measurement up; four times in a row it is us.
        assert!((0..4).any(|_| grows() < 8.0), "{what}, {command:?}: {:.1} times", grows());
    }
}

#[test]
fn time_grows_with_the_number_of_attributes_of_one_entry() {
    for (what, name) in NAMES {
        assert_grows_along(what, write_attributes, name, 1_500, &COMMANDS);
    }
}

#[test]
fn time_grows_with_the_number_of_addresses_that_two_entries_share() {
    let commands: [&[&str]; 2] =
        [&["check", "-q", "old.ldif"], &["fix", "-q", "old.ldif", "-o", "-", "--no-undo"]];
    assert_grows_along("addresses", write_addresses, NAMES[0].1, 5_000, &commands);
    let accents: Name =
        |at| (0..14).map(|bit| if at >> bit & 1 == 1 { 'à' } else { 'a' }).collect();
    assert_grows_along("accents", write_addresses, accents, 1_000, &commands);
}
