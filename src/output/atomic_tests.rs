use super::*;
use std::fs;
use tempfile::{TempDir, TempPath};

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn begun(path: &Path, overwrite: Overwrite, content: &[u8]) -> AtomicFile {
    let mut file = AtomicFile::create(path, overwrite).unwrap();
    file.write_all(content).unwrap();
    file
}

#[test]
fn a_file_appears_only_when_it_is_committed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("out");
    let content = vec![b'x'; 3 * BUFFER + 17];
    let file = begun(&path, Overwrite::No, &content);
    assert!(!path.exists());
    file.commit().unwrap();
    assert!(fs::read(&path).unwrap() == content);
    assert_eq!(names(&folder), ["out"]);
}

#[test]
fn many_small_writes_keep_their_order() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("out");
    let mut file = AtomicFile::create(&path, Overwrite::No).unwrap();
    let mut expected = Vec::new();
    for i in 0..60_000 {
        writeln!(file, "{i}").unwrap();
        writeln!(expected, "{i}").unwrap();
    }
    file.commit().unwrap();
    assert!(fs::read(&path).unwrap() == expected);
}

#[test]
fn a_dropped_file_leaves_nothing_and_the_old_one_as_it_was() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "old").unwrap();
    drop(begun(&path, Overwrite::Yes, &vec![b'x'; 2 * BUFFER]));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(&folder), ["out"]);
}

#[test]
fn an_existing_file_is_refused_at_once_and_at_the_end() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("out");
    let late = begun(&path, Overwrite::No, b"new");
    fs::write(&path, "came meanwhile").unwrap();
    let early = AtomicFile::create(&path, Overwrite::No).unwrap_err();
    assert!(matches!(early, OutputError::Exists { .. }), "{early}");
    let late = late.commit().unwrap_err();
    assert!(matches!(late, OutputError::Exists { .. }), "{late}");
    assert_eq!(fs::read(&path).unwrap(), b"came meanwhile");
    assert_eq!(names(&folder), ["out"]);
}

#[test]
fn places_that_cannot_hold_a_file_are_refused() {
    let folder = TempDir::new().unwrap();
    let create = |path: &Path| AtomicFile::create(path, Overwrite::Yes).unwrap_err();
    let directory = create(folder.path());
    assert!(matches!(directory, OutputError::Directory { .. }), "{directory}");
    let missing = create(&folder.path().join("none/out"));
    assert!(matches!(missing, OutputError::NoDirectory { .. }), "{missing}");
    let missing = create(&folder.path().join("none/"));
    assert!(matches!(missing, OutputError::NoDirectory { .. }), "{missing}");
    fs::write(folder.path().join("file"), "").unwrap();
    let below_file = create(&folder.path().join("file/out"));
    assert!(matches!(below_file, OutputError::Write { .. }), "{below_file}");
    let nameless = create(Path::new(""));
    assert!(matches!(nameless, OutputError::Directory { .. }), "{nameless}");
}

#[cfg(unix)]
#[test]
fn permissions_are_those_of_an_ordinary_file_or_of_the_one_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = TempDir::new().unwrap();
    let ordinary = folder.path().join("ordinary");
    fs::write(&ordinary, "").unwrap();
    let new = folder.path().join("new");
    begun(&new, Overwrite::No, b"x").commit().unwrap();
    assert_eq!(mode(&new), mode(&ordinary));
    let private = folder.path().join("private");
    fs::write(&private, "").unwrap();
    fs::set_permissions(&private, fs::Permissions::from_mode(0o640)).unwrap();
    begun(&private, Overwrite::Yes, b"x").commit().unwrap();
    assert_eq!(mode(&private), 0o640);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_its_target_is_written() {
    use std::os::unix::fs::symlink;
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let link = folder.path().join("link");
    symlink("inner/out", &link).unwrap();
    begun(&link, Overwrite::No, b"first").commit().unwrap();
    assert_eq!(fs::read(inner.join("out")).unwrap(), b"first");
    let refused = AtomicFile::create(&link, Overwrite::No).unwrap_err();
    assert!(matches!(refused, OutputError::Exists { .. }), "{refused}");
    begun(&link, Overwrite::Yes, b"second").commit().unwrap();
    assert_eq!(fs::read(inner.join("out")).unwrap(), b"second");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[cfg(unix)]
#[test]
fn a_fifo_and_a_device_are_written_through() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let read_end = pipe.clone();
    let reader = std::thread::spawn(move || fs::read(read_end).unwrap());
    begun(&pipe, Overwrite::No, b"through").commit().unwrap();
    assert_eq!(reader.join().unwrap(), b"through");
    begun(Path::new("/dev/null"), Overwrite::No, b"away").commit().unwrap();
    assert_eq!(names(&folder), ["pipe"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_one_clear_error() {
    let error = begun(Path::new("/dev/full"), Overwrite::No, b"x").commit().unwrap_err();
    assert!(matches!(error, OutputError::Full { .. }), "{error}");
}

/// A temporary file whose bytes go to a device that is always full.
#[cfg(target_os = "linux")]
fn on_full_disk(folder: &TempDir, name: &str) -> AtomicFile {
    let hidden = folder.path().join(".hidden");
    fs::write(&hidden, "").unwrap();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let hidden = TempPath::try_from_path(hidden).unwrap();
    let (file, listed) = unfinished::list(|| Ok(NamedTempFile::from_parts(full, hidden))).unwrap();
    let destination = folder.path().join(name);
    let overwrite = Overwrite::Yes;
    let sink = Sink::Temporary { file, listed, destination: destination.clone(), overwrite };
    AtomicFile::over(&destination, sink)
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_leaves_nothing_of_any_file() {
    let folder = TempDir::new().unwrap();
    let change = folder.path().join("change");
    fs::write(&change, "old").unwrap();
    let first = begun(&change, Overwrite::Yes, b"new");
    let mut second = on_full_disk(&folder, "undo");
    second.write_all(b"x").unwrap();
    let error = commit_all(vec![first, second]).unwrap_err();
    assert!(matches!(error, OutputError::Full { .. }), "{error}");
    assert_eq!(fs::read(&change).unwrap(), b"old");
    assert_eq!(names(&folder), ["change"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_failed_write_cannot_be_committed_later() {
    let folder = TempDir::new().unwrap();
    let mut file = on_full_disk(&folder, "out");
    let error = file.write_all(&vec![0; BUFFER]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(error.to_string().contains("no space left on the disk"), "{error}");
    assert!(file.commit().is_err());
    assert!(names(&folder).is_empty());
}

#[test]
fn files_that_appear_together_are_undone_together() {
    let folder = TempDir::new().unwrap();
    let [new, replaced, blocked] = ["new", "replaced", "blocked"].map(|n| folder.path().join(n));
    fs::write(&replaced, "old").unwrap();
    let files = vec![
        begun(&new, Overwrite::No, b"1"),
        begun(&replaced, Overwrite::Yes, b"2"),
        begun(&blocked, Overwrite::Yes, b"3"),
    ];
    fs::create_dir(&blocked).unwrap();
    let error = commit_all(files).unwrap_err();
    assert!(matches!(error, OutputError::Directory { .. }), "{error}");
    assert_eq!(fs::read(&replaced).unwrap(), b"old");
    assert_eq!(names(&folder), ["blocked", "replaced"]);
}

#[test]
fn files_that_appear_together_leave_no_backups() {
    let folder = TempDir::new().unwrap();
    let [new, replaced] = ["new", "replaced"].map(|name| folder.path().join(name));
    fs::write(&replaced, "old").unwrap();
    let files = vec![begun(&new, Overwrite::No, b"1"), begun(&replaced, Overwrite::Yes, b"2")];
    commit_all(files).unwrap();
    assert_eq!(fs::read(&replaced).unwrap(), b"2");
    assert_eq!(names(&folder), ["new", "replaced"]);
}

#[test]
fn one_file_cannot_be_two_outputs() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("out");
    let twin = folder.path().join(".").join("out");
    let files = vec![begun(&path, Overwrite::Yes, b"1"), begun(&twin, Overwrite::Yes, b"2")];
    let error = commit_all(files).unwrap_err();
    assert!(matches!(error, OutputError::Same { .. }), "{error}");
    assert!(names(&folder).is_empty());
}
