//! The permissive modify control, and controls that nobody knows, as commands take them.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use std::path::Path;
use std::process::{Command, Output};

const BASE: &str = "dn: CN=G,DC=x\ncn: G\nmember: CN=a,DC=x\n";
const AFTER: &str = "dn: CN=G,DC=x\ncn: G\nmember: CN=a,DC=x\nmember: CN=b,DC=x\n";

fn change(control: &str) -> String {
    format!(
        "dn: CN=G,DC=x\ncontrol: {control} true\nchangetype: modify\nadd: member\n\
         member: CN=a,DC=x\nmember: CN=b,DC=x\n-\ndelete: info\n-\n"
    )
}

fn run(room: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ldifix"));
    let Output { status, stdout, stderr } = command.args(args).current_dir(room).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn room(control: &str) -> tempfile::TempDir {
    let room = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(room.path().join(name), text).unwrap();
    write("base", BASE);
    write("after", AFTER);
    write("change", &change(control));
    room
}

const PERMISSIVE: &str = "1.2.840.113556.1.4.1413";

#[test]
fn a_permissive_record_is_applied_verified_and_taken_back() {
    let room = room(PERMISSIVE);
    let (code, out, _) = run(room.path(), &["apply", "base", "change", "--no-version"]);
    assert_eq!((code, out.trim_end()), (Some(0), AFTER.trim_end()));
    let (code, undo, _) = run(room.path(), &["invert", "change", "--base", "base"]);
    let expected = "version: 1\n\ndn: CN=G,DC=x\nchangetype: modify\ndelete: member\n\
                    member: CN=b,DC=x\n-\n\n";
    assert_eq!((code, undo.as_str()), (Some(0), expected));
    assert_eq!(run(room.path(), &["verify", "change", "after"]).0, Some(0));
    let args = ["verify", "change", "base", "--pending", "pending"];
    assert_eq!(run(room.path(), &args).0, Some(1));
    let pending = std::fs::read_to_string(room.path().join("pending")).unwrap();
    assert!(pending.contains(&change(PERMISSIVE)), "{pending}");
}

#[test]
fn what_a_permissive_record_changed_is_taken_back_with_a_base_alone() {
    let room = room(PERMISSIVE);
    let without = ["verify", "change", "after", "--applied-undo", "undo"];
    let (code, _, err) = run(room.path(), &without);
    assert!(err.contains("with permissive modify the record does not say what it found"), "{err}");
    assert_eq!(code, Some(2));
    assert!(!room.path().join("undo").exists());
    let with = [&without[..], &["--base", "base"]].concat();
    assert_eq!(run(room.path(), &with).0, Some(0));
    let undo = std::fs::read_to_string(room.path().join("undo")).unwrap();
    assert!(undo.contains("delete: member\nmember: CN=b,DC=x\n-\n\n"), "{undo}");
}

#[test]
fn a_control_that_nobody_knows_has_no_inverse_and_is_told() {
    let room = room("1.2.3");
    let (code, out, err) = run(room.path(), &["invert", "change", "--base", "after"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("change:1:1: record 1, CN=G,DC=x: cannot be inverted"), "{err}");
    std::fs::write(room.path().join("change"), change("1.2.3").replace("delete: info\n-\n", ""))
        .unwrap();
    std::fs::write(room.path().join("none"), "dn: CN=G,DC=x\ncn: G\n").unwrap();
    let (_, out, err) = run(room.path(), &["invert", "change", "--base", "none"]);
    assert!(out.is_empty() && err.contains("the control 1.2.3 makes of it is not known"), "{err}");
    for args in [&["apply", "none", "change"][..], &["verify", "change", "none"]] {
        let (_, _, err) = run(room.path(), args);
        let words = "1 record with a control of which it is not known what a server makes of it \
                     (1.2.3 in line 1): taken as if without it";
        assert!(err.contains(words), "{err}");
    }
}
