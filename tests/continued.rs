//! Groups that ldifde splits into an add and modify records, as each command takes
//! them: with controls, and where a record does not apply to what is before it.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

use std::path::Path;
use std::process::{Command, Output};

/// The second record has a control, so that the third goes on with no entry.
const CONTROLLED: &str = "\
dn: CN=Big,DC=x
control: 1.2.840.113556.1.4.1339 true
changetype: add
objectClass: group
sAMAccountName: Big
displayName: Big\u{20}
member: CN=a,DC=x

dn: CN=Big,DC=x
control: 1.2.840.113556.1.4.1413 true
changetype: modify
add: member
member: CN=b,DC=x
-

dn: CN=Big,DC=x
changetype: modify
add: member
member: CN=c,DC=x
-

";

/// Of the records that go on with the group, the second and the third do not apply.
const MISFIT: &str = "\
dn: CN=Big,DC=x
changetype: add
objectClass: group
sAMAccountName: Big
displayName: Big\u{20}
member: CN=a,DC=x

dn: CN=Big,DC=x
changetype: modify
add: member
member: CN=b,DC=x
-

dn: CN=Big,DC=x
changetype: modify
add: member
member: CN=c,DC=x
member: CN=A,DC=x
-

dn: CN=Big,DC=x
changetype: modify
delete: member
member: CN=q,DC=x
-

dn: CN=Z,DC=x
changetype: add
sn: Z

";

const WORDS: [&str; 2] = [
    "export:18:1: CN=Big,DC=x: a record that goes on with an entry adds a value that is there already\n    member: CN=A,DC=x\n",
    "export:24:1: CN=Big,DC=x: a record that goes on with an entry deletes a value that is not there\n    member: CN=q,DC=x\n",
];

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// That both records are told, each with its place, its DN and what is wrong.
    fn tells(&self) {
        for words in WORDS {
            assert!(self.err.contains(words), "{words}: {}", self.err);
        }
        assert_eq!(self.code, Some(2), "{}", self.err);
    }
}

fn run(room: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ldifix"));
    let Output { status, stdout, stderr } = command.args(args).current_dir(room).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

fn room(export: &str) -> tempfile::TempDir {
    let room = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(room.path().join(name), text).unwrap();
    write("export", export);
    write("other", "dn: CN=Z,DC=x\nsn: Z\n");
    write("z", "dn: CN=Z,DC=x\nchangetype: modify\nadd: cn\ncn: Z\n-\n");
    write("big", "dn: CN=Big,DC=x\nchangetype: modify\nadd: member\nmember: CN=d,DC=x\n-\n");
    room
}

fn records(text: &str) -> Vec<&str> {
    text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()).collect()
}

#[test]
fn fmt_writes_every_record_with_its_controls() {
    let room = room(CONTROLLED);
    let fmt = run(room.path(), &["fmt", "export", "--no-version"]);
    let expected = CONTROLLED.replace("displayName: Big ", "displayName:: QmlnIA==");
    assert_eq!((fmt.code, records(&fmt.out)), (Some(0), records(&expected)));
    let json = run(room.path(), &["fmt", "export", "--to", "json"]);
    assert_eq!(json.out.matches("\"controls\":").count(), 2, "{}", json.out);
}

#[test]
fn a_record_with_controls_is_a_change_for_every_command() {
    let room = room(CONTROLLED);
    for args in [
        &["sort", "export"][..],
        &["split", "export", "--entries", "1", "-o", "part-"],
        &["diff", "other", "export"],
        &["diff", "export", "other"],
    ] {
        let refused = run(room.path(), args);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(refused.err.contains("change record"), "{}", refused.err);
    }
    let search = run(room.path(), &["search", "export", "--filter", "(member=CN=a,DC=x)"]);
    assert!(search.out.contains("control: 1.2.840.113556.1.4.1339 true\n"), "{}", search.out);
    assert!(!search.out.contains("CN=b,DC=x"), "{}", search.out);
    assert!(search.err.contains("2 change records left out"), "{}", search.err);
    let apply = run(room.path(), &["apply", "export", "big"]);
    for args in [
        &["check", "export"][..],
        &["fix", "export", "-o", "change", "-u", "undo"],
        &["apply", "export", "big"],
        &["invert", "big", "--base", "export"],
        &["verify", "big", "export"],
        &["verify", "big", "other", "--base", "export"],
        &["show", "big", "--base", "export"],
    ] {
        let words = "export:9: 2 change records of the export left out: that in line 9 has \
                     controls, so it does not go on with the entry before it\n";
        let told = run(room.path(), args).err;
        assert!(told.contains(words), "{args:?}: {told}");
    }
    assert!(apply.out.contains("control: 1.2.840.113556.1.4.1339 true\n"), "{}", apply.out);
    assert_eq!(apply.code, Some(2));
    let stats = ["check", "export", "--stats", "stats"];
    let check = run(room.path(), &stats);
    let stats = std::fs::read_to_string(room.path().join("stats")).unwrap();
    assert!(stats.contains("\"change-record\": 2"), "{stats}");
    assert_eq!(check.code, Some(1));
}

#[test]
fn sort_and_split_keep_the_controls_of_an_entry() {
    let entry = CONTROLLED.split_inclusive("\n\n").next().unwrap();
    let room = room(entry);
    let control = "control: 1.2.840.113556.1.4.1339 true\nchangetype: add\n";
    assert!(run(room.path(), &["sort", "export"]).out.contains(control));
    run(room.path(), &["split", "export", "--entries", "1", "-o", "part-"]);
    let part = std::fs::read_to_string(room.path().join("part-001.ldif")).unwrap();
    assert!(part.contains(control), "{part}");
}

#[test]
fn what_copies_records_copies_those_that_do_not_apply() {
    let room = room(MISFIT);
    let expected = MISFIT.replace("displayName: Big ", "displayName:: QmlnIA==");
    for command in ["fmt", "sort"] {
        let copied = run(room.path(), &[command, "export", "--no-version"]);
        assert_eq!((copied.code, records(&copied.out)), (Some(0), records(&expected)));
    }
}

#[test]
fn what_reads_the_entry_tells_which_records_do_not_apply() {
    let room = room(MISFIT);
    run(room.path(), &["search", "export", "--filter", "(member=CN=b,DC=x)"]).tells();
    run(room.path(), &["search", "export"]).tells();
    run(room.path(), &["check", "export"]).tells();
    run(room.path(), &["apply", "export", "z"]).tells();
    run(room.path(), &["show", "z", "--base", "export"]).tells();
    run(room.path(), &["verify", "z", "export"]).tells();
    run(room.path(), &["verify", "z", "other", "--base", "export"]).tells();
    run(room.path(), &["invert", "z", "--base", "export"]).tells();
    run(room.path(), &["fix", "export", "-o", "change", "-u", "undo"]).tells();
    run(room.path(), &["diff", "export", "other"]).tells();
    run(room.path(), &["diff", "other", "export"]).tells();
}

#[test]
fn an_entry_is_written_without_the_records_that_do_not_apply() {
    let room = room(MISFIT);
    for args in [&["search", "export"][..], &["apply", "export", "z"]] {
        let out = run(room.path(), args).out;
        assert!(out.contains("member: CN=a,DC=x\nmember: CN=b,DC=x\n\n"), "{out}");
    }
}

#[test]
fn nothing_is_written_that_rests_on_a_misread_entry() {
    let room = room(MISFIT);
    for args in [
        &["apply", "export", "big"][..],
        &["apply", "export", "big", "--go-on"],
        &["invert", "big", "--base", "export"],
        &["invert", "big", "--base", "export", "--partial"],
        &["diff", "export", "other"],
        &["diff", "other", "export"],
    ] {
        let ran = run(room.path(), args);
        ran.tells();
        assert_eq!(ran.out, "", "{args:?}");
        assert!(ran.err.contains("nothing was written"), "{}", ran.err);
    }
    let verify = ["verify", "big", "export", "--pending", "p", "--applied-undo", "u", "--partial"];
    run(room.path(), &verify).tells();
    assert!(!room.path().join("p").exists() && !room.path().join("u").exists());
    let fix = ["fix", "export", "--unsafe", "-o", "change", "-u", "undo"];
    let fix = run(room.path(), &fix);
    fix.tells();
    assert!(fix.err.contains("about entries that cannot be read as a whole"), "{}", fix.err);
    let change = std::fs::read_to_string(room.path().join("change")).unwrap();
    assert!(!change.contains("CN=Big"), "{change}");
}

#[test]
fn strict_reading_ends_at_a_record_that_does_not_apply() {
    let room = room(MISFIT);
    for args in [
        &["check", "export", "--strict"][..],
        &["apply", "export", "z", "--strict"],
        &["invert", "z", "--base", "export", "--strict"],
        &["verify", "z", "export", "--strict"],
        &["fix", "export", "--strict", "-o", "change", "-u", "undo"],
    ] {
        let ran = run(room.path(), args);
        ran.tells();
        assert_eq!(ran.out, "", "{args:?}");
    }
    assert!(!room.path().join("change").exists());
}

#[test]
fn what_one_record_deletes_and_a_later_one_adds_is_there() {
    let export = "dn: CN=Big,DC=x\nchangetype: add\nobjectClass: group\nsAMAccountName: Big\n\
                  displayName: Big\u{20}\nproxyAddresses: smtp:a b@x.org\n\
                  proxyAddresses: smtp:c d@x.org\n\n\
                  dn: CN=Big,DC=x\nchangetype: modify\ndelete: proxyAddresses\n\
                  proxyAddresses: smtp:a b@x.org\nproxyAddresses: smtp:c d@x.org\n-\n\
                  delete: displayName\n-\n\n\
                  dn: CN=Big,DC=x\nchangetype: modify\nadd: proxyAddresses\n\
                  proxyAddresses: smtp:a b@x.org\n-\n\n";
    let room = room(export);
    for filter in [&[][..], &["--filter", "(proxyAddresses=smtp:a b@x.org)"]] {
        let args = [&["check", "export", "--format", "json", "--select", "proxy-space"], filter];
        let check = run(room.path(), &args.concat());
        assert_eq!(check.out.matches("smtp:a b@x.org\"").count(), 1, "{}", check.out);
        assert!(!check.out.contains("smtp:c d"), "{}", check.out);
    }
    let gone = ["check", "export", "--filter", "(proxyAddresses=smtp:c d@x.org)"];
    assert!(run(room.path(), &gone).err.contains("no findings in no entries"));
}

#[test]
fn the_summary_counts_records_that_do_not_apply_as_failed() {
    let room = room(MISFIT);
    for args in [&["check", "export"][..], &["search", "export"], &["apply", "export", "z"]] {
        let args = [args, &["--stats", "stats"]].concat();
        run(room.path(), &args);
        let stats = std::fs::read_to_string(room.path().join("stats")).unwrap();
        for part in ["\"record_starts\": 5", "\"read\": 3", "\"failed\": 2"] {
            assert!(stats.contains(part), "{args:?}: {stats}");
        }
        assert!(stats.contains("CN=Big,DC=x: a record that goes on"), "{stats}");
    }
}

/// What a check says does not depend on where the input is cut into chunks.
#[test]
fn a_record_with_controls_is_a_change_wherever_a_chunk_ends() {
    for filling in 0..2 {
        let mut export = String::new();
        while export.len() + CONTROLLED.len() < (512 << 10) * filling {
            export.push_str("dn: CN=u,DC=x\nobjectClass: person\n\n");
        }
        export.push_str(CONTROLLED);
        let room = room(&export);
        run(room.path(), &["check", "export", "--stats", "stats"]);
        let stats = std::fs::read_to_string(room.path().join("stats")).unwrap();
        assert!(stats.contains("\"change-record\": 2"), "{filling}: {stats}");
    }
}
