//! What happens where the system gives a process little memory to address.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot make its input fails")]

use std::fs::File;
use std::io::Write;
use std::process::{Command, Output};

/// Bytes that the process may address; the export is larger.
const ROOM: u64 = 600 << 20;
const EXPORT: u64 = 1 << 30;

/// Runs a command with an export that has no room, and with a folder for temporary files.
fn in_little_room(command: &[&str]) -> (Output, bool) {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let mut export = File::create(folder.path().join("export.ldif")).unwrap();
    export.write_all(b"dn: dc=x\ndc: x\n\n").unwrap();
    // The rest takes no space on the disk.
    export.set_len(EXPORT).unwrap();
    let limited = format!("ulimit -v {} && exec \"$0\" \"$@\"", ROOM >> 10);
    let mut process = Command::new("sh");
    process.args(["-c", &limited]).arg(assert_cmd::cargo::cargo_bin!("ldifix"));
    process.args(command).current_dir(&folder).env("TMPDIR", temporary.path());
    let out = process.output().unwrap();
    let is_clean = temporary.path().read_dir().unwrap().next().is_none();
    (out, is_clean)
}

#[test]
fn an_export_that_cannot_be_mapped_is_refused_at_once_with_what_to_do() {
    for command in [&["check", "export.ldif", "--threads", "1"], &["sort", "export.ldif"][..]] {
        let (out, is_clean) = in_little_room(command);
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains("export.ldif: its 1073741824 bytes find no room"), "{said}");
        assert!(said.contains("ulimit -v unlimited"), "{said}");
        assert!(is_clean, "{command:?}");
    }
}
