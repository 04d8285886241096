//! A reader that has seen enough ends every command quietly.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use std::fmt::Write as _;
use std::process::{Command, Stdio};

/// More findings than any buffer on the way holds.
fn export() -> String {
    let mut export = String::new();
    for number in 0..2_000 {
        write!(
            export,
            "dn: CN=P{number},DC=contoso,DC=com\nobjectClass: top\nobjectClass: user\n\
             objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=contoso,DC=com\n\
             cn: P{number}\nmail: p {number}@contoso.com\n\n"
        )
        .unwrap();
    }
    export
}

#[test]
fn a_closed_pipe_ends_every_command_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("export.ldif");
    std::fs::write(&file, export()).unwrap();
    let change = dir.path().join("change.ldif");
    let export = file.to_str().unwrap();
    let change_name = change.to_str().unwrap();
    std::fs::write(&change, "dn: CN=P1,DC=contoso,DC=com\nchangetype: delete\n").unwrap();
    let commands: &[&[&str]] = &[
        &["check", export],
        &["check", export, "--format", "csv"],
        &["check", export, "--format", "json"],
        &["fix", export, "--unsafe", "--no-undo", "-o", "-"],
        &["fmt", export],
        &["fmt", export, "--to", "json"],
        &["apply", export, change_name],
        &["show", export],
    ];
    for arguments in commands {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ldifix"))
            .args(*arguments)
            .arg("--quiet")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

/// Linux's disk that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_told_in_the_same_words_by_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("export", &export());
    write("change", "dn: CN=P1,DC=contoso,DC=com\nchangetype: modify\nadd: sn\nsn: x\n-\n");
    for args in [
        &["check", "export"][..],
        &["check", "export", "--format", "json"],
        &["check", "export", "--predict"],
        &["fix", "export", "-o", "-", "--no-undo"],
        &["rules"],
        &["explain", "upn-space"],
        &["show", "change"],
        &["show", "change", "--base", "export"],
        &["verify", "change", "export", "--format", "json"],
        &["invert", "change", "--base", "export"],
        &["apply", "export", "change"],
        &["fmt", "export"],
        &["sort", "export"],
        &["search", "export"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ldifix"));
        let ran = command.arg("-q").args(args).current_dir(dir.path()).stdout(full).output();
        let ran = ran.unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        let words = "ldifix: (stdout): no space left on the disk; free some, or name a file on \
                     another\n";
        assert_eq!((said.as_str(), ran.status.code()), (words, Some(2)), "{args:?}");
    }
}
