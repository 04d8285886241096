//! A signal in the middle of an output leaves nothing of it behind.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

mod room;

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use room::Room;

const ENTRY: &str = "dn: cn=a\ncn: a\n\n";

fn names(room: &Room) -> Vec<String> {
    let entries = std::fs::read_dir(room.path("")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The program, in the middle of writing: its input stalls.
fn stalled(room: &Room, command: &mut Command, temporary: usize) -> Child {
    let mut run = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    run.stdin.as_mut().unwrap().write_all(ENTRY.as_bytes()).unwrap();
    let started = Instant::now();
    let begun = || names(room).iter().filter(|name| name.ends_with(".tmp")).count();
    while begun() < temporary {
        assert!(started.elapsed() < Duration::from_secs(60), "no output was begun");
        sleep(Duration::from_millis(5));
    }
    run
}

fn send(signal: &str, run: &Child) {
    let sent = Command::new("kill").args([signal, &run.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Whether a signal is ignored here, and so in all that is begun here: SIGHUP is where
/// `nohup` runs the tests.
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (number - 1)) != 0)
}

#[test]
fn a_signal_removes_what_was_begun_and_ends_the_process() {
    for (signal, number) in [("-INT", 2), ("-TERM", 15), ("-HUP", 1)] {
        if is_ignored(number) {
            eprintln!("{signal} is ignored here: not tried");
            continue;
        }
        let room = Room::new(&[("kept", "as it was")]);
        let mut fmt = room.command(&["fmt", "-", "-o", "out"]);
        let mut run = stalled(&room, &mut fmt, 1);
        send(signal, &run);
        assert_eq!(run.wait().unwrap().signal(), Some(number));
        assert_eq!(names(&room), ["kept"], "{signal}");
    }
}

#[test]
fn both_outputs_of_a_fix_are_removed_and_what_they_were_to_replace_stays() {
    let room = Room::new(&[("change", "old"), ("undo", "old")]);
    let mut fix = room.command(&["fix", "-", "-o", "change", "-u", "undo", "--force"]);
    let mut run = stalled(&room, &mut fix, 2);
    send("-INT", &run);
    assert_eq!(run.wait().unwrap().signal(), Some(2));
    assert_eq!(names(&room), ["change", "undo"]);
    assert_eq!(std::fs::read_to_string(room.path("undo")).unwrap(), "old");
}

#[test]
fn a_signal_that_is_ignored_stays_so() {
    let room = Room::new(&[]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' HUP; exec \"$0\" fmt - -o out", env!("CARGO_BIN_EXE_ldifix")])
        .current_dir(room.path(""));
    let mut run = stalled(&room, &mut shell, 1);
    send("-HUP", &run);
    sleep(Duration::from_millis(50));
    drop(run.stdin.take());
    let ignores = cfg!(target_os = "linux");
    assert_eq!(run.wait().unwrap().success(), ignores);
    assert_eq!(std::fs::read_to_string(room.path("out")).is_ok(), ignores);
}
