//! Files with small damage, of which the project's own are made: every command ends by
//! itself, with an exit code that it knows, and leaves no file behind that is not whole.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Damaged files; each meets all commands.
const FILES: usize = 40;
/// Longer files are cut: what matters is how many there are.
const LONGEST: usize = 20_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// Always the same numbers (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

/// Lines that stand in the wrong place nearly everywhere.
const LINES: [&[u8]; 14] = [
    b"-",
    b"",
    b" ",
    b"changetype: modify",
    b"changetype: delete",
    b"changetype: modrdn",
    b"newrdn: CN=q",
    b"add: member",
    b"delete: cn",
    b"dn: CN=a,\\",
    b"dn:: AP8=",
    b"mail:: IGE=",
    b"member;range=0-1: CN=a",
    b"control: 1.2.840.113556.1.4.1413 true",
];

fn damaged(mut bytes: Vec<u8>, numbers: &mut Numbers) -> Vec<u8> {
    for _ in 0..=numbers.below(4) {
        let mut lines: Vec<Vec<u8>> = bytes.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
        let at = numbers.below(lines.len());
        match numbers.below(8) {
            0 => {
                let bit = 1 << numbers.below(8);
                let place = numbers.below(lines[at].len());
                lines[at].iter_mut().skip(place).take(1).for_each(|byte| *byte ^= bit);
            }
            1 => drop(lines.remove(at)),
            2 => lines.insert(at, lines[at].clone()),
            3 => {
                let other = numbers.below(lines.len());
                lines.swap(at, other);
            }
            4 => lines.insert(at, LINES[numbers.below(LINES.len())].to_vec()),
            5 => lines[at].extend(vec![b'x'; 5000]),
            6 => lines.truncate(at),
            _ => lines[at].extend_from_slice(b"\r"),
        }
        bytes = lines.join(&b'\n');
    }
    match numbers.below(12) {
        0 => bytes.iter().flat_map(|&byte| [byte, 0]).collect(),
        1 => [b"\xEF\xBB\xBF", bytes.as_slice()].concat(),
        _ => bytes,
    }
}

fn sources() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folder = std::fs::read_dir(corpus.join("ldif")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "ldif"));
    files.extend(std::iter::repeat_n(corpus.join("contoso.ldif"), files.len()));
    files.sort();
    files
}

/// A piece of a file that begins with a record.
fn piece(file: &Path, numbers: &mut Numbers) -> Vec<u8> {
    let whole = std::fs::read(file).unwrap();
    let blank = |from: usize| whole[from..].windows(2).position(|two| two == b"\n\n");
    let from = numbers.below(whole.len().saturating_sub(LONGEST) + 1);
    let from = if from == 0 { 0 } else { blank(from).map_or(0, |at| from + at + 2) };
    whole.into_iter().skip(from).take(LONGEST).collect()
}

fn runs_to_its_end(room: &Path, args: &[&str]) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ldifix"))
        .args(args)
        .current_dir(room)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(room.join("said")).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < PATIENCE, "{args:?} does not end: {}", room.display());
        std::thread::sleep(Duration::from_millis(2));
    };
    let said = String::from_utf8_lossy(&std::fs::read(room.join("said")).unwrap()).into_owned();
    assert!(matches!(status.code(), Some(0..=2)), "{args:?}: {status}: {said}");
    assert!(!said.contains("panicked"), "{args:?}: {said}");
    assert!(status.code() != Some(2) || !said.is_empty(), "{args:?}: fails without a word");
}

const COMMANDS: &[&[&str]] = &[
    &["check", "a", "b", "--previous", "b", "--previous", "a"],
    &["check", "a", "--profile", "ad-schema", "--format", "json"],
    &["check", "a", "--profile", "idfix-dedicated", "--baseline", "b"],
    &["check", "a", "--profile", "google", "--tenant-export", "b", "--config", "b"],
    &["fix", "a", "--unsafe", "-o", "change", "-u", "undo", "--force"],
    &["show", "b", "--base", "a"],
    &["apply", "a", "b", "--go-on", "-o", "after", "--force"],
    &["invert", "b", "--base", "a", "--partial", "-o", "inverse", "--force"],
    &["verify", "b", "a", "--base", "a", "--pending", "pending", "--partial", "--force"],
    &["verify", "b", "a", "--applied-undo", "applied", "--partial", "--force"],
    &["diff", "a", "b", "-o", "difference", "-u", "back", "--force"],
    &["search", "a", "--filter", "(|(cn=*a*)(!(member=CN=a))(mail>=b))", "--to", "json"],
    &["sort", "a", "b", "-o", "sorted", "--force"],
    &["split", "a", "--subtree", "-o", "part", "--force"],
    &["fmt", "a", "--wrap", "2"],
    &["fmt", "b", "--to", "json"],
];

#[test]
fn damaged_files_end_every_command_in_order() {
    let room = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let sources = sources();
    for _ in 0..FILES {
        for name in ["a", "b"] {
            let whole = piece(&sources[numbers.below(sources.len())], &mut numbers);
            std::fs::write(room.path().join(name), damaged(whole, &mut numbers)).unwrap();
        }
        COMMANDS.iter().for_each(|args| runs_to_its_end(room.path(), args));
        let left = std::fs::read_dir(room.path()).unwrap();
        let left = left.map(|file| file.unwrap().file_name().into_string().unwrap());
        let unfinished: Vec<String> = left.filter(|name| name.starts_with('.')).collect();
        assert!(unfinished.is_empty(), "{unfinished:?}");
    }
}

#[test]
fn a_name_of_many_thousand_levels_ends_every_command_in_order() {
    let room = tempfile::tempdir().unwrap();
    let above = vec!["OU=a"; 50_000].join(",");
    let entry =
        |cn: &str| format!("dn: CN={cn},{above}\nobjectClass: user\nmember: CN=b,{above}\n\n");
    std::fs::write(room.path().join("a"), entry("a") + &entry("b")).unwrap();
    let rename = format!("dn: CN=a,{above}\nchangetype: modrdn\nnewrdn: CN=q\ndeleteoldrdn: 1\n\n");
    for other in [rename, entry("q")] {
        std::fs::write(room.path().join("b"), other).unwrap();
        COMMANDS.iter().for_each(|args| runs_to_its_end(room.path(), args));
    }
}
