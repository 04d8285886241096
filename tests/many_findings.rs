//! Entries with more findings than are drawn at once.

#![allow(clippy::unwrap_used, reason = "a test that cannot make its input fails")]

use std::fmt::Write as _;

use assert_cmd::Command;
use serde_json::Value;

const ENTRIES: usize = 3;
const VALUES: usize = 1_500;

/// Bytes of text above which the rest is drawn later.
const DRAWN_AT_ONCE: usize = 256 << 10;

/// Users whose DNs have 1 KB and of whose addresses each one is wrong.
fn export() -> String {
    let mut export = String::new();
    for entry in 0..ENTRIES {
        let name = format!("{}{entry}", "n".repeat(1_000));
        write!(
            export,
            "dn: CN={name},DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: a{entry}\n\
             userPrincipalName: a{entry}@contoso.com\nmail: a{entry}@contoso.com\n\
             displayName: A\nproxyAddresses: SMTP:a{entry}@contoso.com\n"
        )
        .unwrap();
        for value in 0..VALUES {
            writeln!(export, "proxyAddresses: smtp:{value}..x{entry}@contoso.com").unwrap();
        }
        export.push('\n');
    }
    export
}

fn checked(options: &[&str]) -> String {
    let mut command = Command::cargo_bin("ldifix").unwrap();
    command.args(["check", "-", "--select", "proxy-local-part", "--stats", "stats.json"]);
    let folder = tempfile::tempdir().unwrap();
    let out = command.args(options).current_dir(&folder).write_stdin(export()).output().unwrap();
    assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stderr));
    let stats = std::fs::read(folder.path().join("stats.json")).unwrap();
    let stats: Value = serde_json::from_slice(&stats).unwrap();
    assert_eq!(stats["finding_rows"], ENTRIES * VALUES);
    assert_eq!(stats["entries_with_findings"], ENTRIES);
    String::from_utf8(out.stdout).unwrap()
}

/// The wrong addresses in the order of the export.
fn addresses() -> impl Iterator<Item = String> {
    (0..ENTRIES).flat_map(|entry| {
        (0..VALUES).map(move |value| format!("smtp:{value}..x{entry}@contoso.com"))
    })
}

#[test]
fn each_finding_of_each_entry_is_written_once_and_in_order() {
    let json = checked(&["--format", "json"]);
    assert!(json.len() > 10 * DRAWN_AT_ONCE);
    let rows = json.lines().map(|row| serde_json::from_str::<Value>(row).unwrap());
    let values: Vec<String> = rows.map(|row| row["value"].as_str().unwrap().to_owned()).collect();
    assert!(values.into_iter().eq(addresses()));

    let csv = checked(&["--format", "csv"]);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let values: Vec<String> = rows.records().map(|row| row.unwrap()[5].to_owned()).collect();
    assert!(values.into_iter().eq(addresses()));
}

#[test]
fn the_table_has_one_heading_for_each_entry_however_long_it_is() {
    let table = checked(&[]);
    assert!(table.len() > 2 * DRAWN_AT_ONCE);
    let headings = table.lines().filter(|line| line.starts_with("CN=")).count();
    assert_eq!(headings, ENTRIES);
    let shown = table.lines().filter(|line| line.contains("proxyAddresses")).count();
    assert_eq!(shown, ENTRIES * VALUES);
}

/// An entry that is told once for each of its values is many times as long in its rows.
#[cfg(target_os = "linux")]
#[test]
fn the_rows_of_one_entry_are_not_all_in_memory() {
    const VALUES: usize = 60_000;
    const ROOM: usize = 230_000 << 10;
    let name = "n".repeat(2_000);
    let mut export = format!("dn: CN={name},DC=contoso,DC=com\nobjectClass: user\n");
    for value in 0..VALUES {
        writeln!(export, "proxyAddresses: smtp:{value}..x@contoso.com").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("export.ldif"), export).unwrap();
    let limited = format!("ulimit -v {} && exec \"$0\" \"$@\"", ROOM >> 10);
    let ldifix = assert_cmd::cargo::cargo_bin!("ldifix");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &limited]).arg(ldifix).current_dir(&folder);
    command.args(["check", "export.ldif", "--threads", "1", "--select", "proxy-local-part"]);
    command.args(["--format", "csv"]).stdout(std::process::Stdio::piped());
    let mut running = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let written = std::io::copy(running.stdout.as_mut().unwrap(), &mut std::io::sink()).unwrap();
    let ended = running.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(written > ROOM as u64);
}
