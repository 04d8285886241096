//! `diff` as it is run, where files are written.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use std::path::Path;
use std::process::{Command, Output};

const OLD: &str = "dn: dc=x\ndc: x\n\ndn: cn=a,dc=x\ncn: a\nsn: 1\n";
const NEW: &str = "dn: dc=x\ndc: x\n\ndn: cn=a,dc=x\ncn: a\nsn: 2\n\ndn: cn=b,dc=x\ncn: b\n";
const CHANGE: &str = "\
version: 1

dn: cn=b,dc=x
changetype: add
cn: b

dn: cn=a,dc=x
changetype: modify
delete: sn
sn: 1
-
add: sn
sn: 2
-

";
const UNDO: &str = "\
version: 1

dn: cn=a,dc=x
changetype: modify
delete: sn
sn: 2
-
add: sn
sn: 1
-

dn: cn=b,dc=x
changetype: delete

";

fn run(room: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ldifix"));
    command.args(args).current_dir(room).output().unwrap()
}

fn room() -> tempfile::TempDir {
    let room = tempfile::tempdir().unwrap();
    std::fs::write(room.path().join("old"), OLD).unwrap();
    std::fs::write(room.path().join("new"), NEW).unwrap();
    room
}

fn text(room: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(room.join(name)).ok()
}

#[test]
fn the_change_and_its_undo_appear_together_and_only_over_nothing() {
    let room = room();
    let room = room.path();
    let done = run(room, &["-q", "diff", "old", "new", "-o", "c", "-u", "u"]);
    assert_eq!((done.status.code(), done.stderr.as_slice()), (Some(1), &b""[..]));
    assert_eq!(text(room, "c").as_deref(), Some(CHANGE));
    assert_eq!(text(room, "u").as_deref(), Some(UNDO));
    std::fs::remove_file(room.join("c")).unwrap();
    assert_eq!(run(room, &["diff", "old", "new", "-o", "c", "-u", "u"]).status.code(), Some(2));
    assert_eq!(text(room, "c"), None);
    let done = run(room, &["diff", "old", "old", "-o", "c", "-u", "u", "--force"]);
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(text(room, "c").as_deref(), Some("version: 1\n\n"));
    assert_eq!(text(room, "u").as_deref(), Some("version: 1\n\n"));
}

#[test]
fn what_is_applied_is_the_new_export_and_what_is_undone_the_old_one() {
    let room = room();
    let room = room.path();
    run(room, &["diff", "old", "new", "-o", "c", "-u", "u"]);
    let apply = ["apply", "old", "c", "-o", "there"];
    assert_eq!(run(room, &apply).status.code(), Some(0));
    assert_eq!(run(room, &["diff", "there", "new"]).status.code(), Some(0));
    assert_eq!(run(room, &["apply", "there", "u", "-o", "back"]).status.code(), Some(0));
    assert_eq!(run(room, &["diff", "back", "old"]).status.code(), Some(0));
}

#[test]
fn one_export_may_be_a_pipe_in_any_encoding() {
    let room = room();
    let room = room.path();
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(NEW.replace('\n', "\r\n").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(room.join("utf16"), utf16).unwrap();
    let input = std::fs::File::open(room.join("utf16")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ldifix"));
    let command = command.args(["-q", "diff", "old", "-"]).current_dir(room).stdin(input);
    let done = command.output().unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), CHANGE);
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn nothing_but_differences_goes_to_stdout() {
    let room = room();
    let done = run(room.path(), &["diff", "old", "old"]);
    assert_eq!((done.stdout.as_slice(), done.status.code()), (&b""[..], Some(0)));
    let done = run(room.path(), &["diff", "old", "new", "-u", "-"]);
    assert_eq!((done.stdout.as_slice(), done.status.code()), (&b""[..], Some(2)));
}
