//! `apply` as it is run: exports and change files that are not as one would wish.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program fails")]

mod room;

use std::io::Write;
use std::process::Stdio;

use room::{Room, err, out};

const EXPORT: &str = "dn: dc=x\ndc: x\n\n\
     dn: cn=Ann,dc=x\ncn: Ann\nmail: ann@x\n\n\
     dn: cn=Bob,dc=x\ncn: Bob\nmail: bob@x\n\n";

fn modify(dn: &str, mail: &str) -> String {
    format!("dn: {dn}\nchangetype: modify\nreplace: mail\nmail: {mail}\n-\n\n")
}

fn rename(dn: &str, rdn: &str, delete_old: u8) -> String {
    format!("dn: {dn}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: {delete_old}\n\n")
}

/// What `apply` writes, says, and how it ends.
fn applied(export: &str, change: &str, more: &[&str]) -> (String, String, i32) {
    let room = Room::new(&[("e", export), ("c", change)]);
    let done = room.run(&[&["apply", "e", "c", "--no-version"], more].concat());
    (out(&done).to_owned(), err(&done).to_owned(), done.status.code().unwrap())
}

/// The same where all goes well: what is written.
fn after(export: &str, change: &str) -> String {
    let (written, said, code) = applied(export, change, &["-q"]);
    assert_eq!((said.as_str(), code), ("", 0));
    written
}

/// The same where a record is refused: what is said of it.
fn refused(change: &str) -> String {
    let (written, said, code) = applied(EXPORT, change, &["-q"]);
    assert_eq!((written.as_str(), code), ("", 2));
    said
}

#[test]
fn a_name_between_two_others_is_spelled_as_the_export_does_and_not_as_a_record() {
    let export = "dn: ou=a,dc=x\nou: a\n\ndn: l=Ulm,ou=a,dc=x\nl: Ulm\n\n\
                  dn: cn=Ann,l=Ulm,ou=a,dc=x\ncn: Ann\nmail: ann@x\n\n";
    let moved =
        export.replace("ann@x", "new@x").replace("ou=a,", "ou=b,").replace("ou: a", "ou: b");
    let rename = rename("ou=a,dc=x", "ou=b", 1);
    let behind = rename.clone() + &modify("cn=Ann,l=ULM,ou=b,dc=x", "new@x");
    assert_eq!(after(export, &behind), moved);
    assert_eq!(after(export, &(modify("cn=Ann,l=ULM,ou=a,dc=x", "new@x") + &rename)), moved);
}

#[test]
fn what_no_change_touches_is_written_as_fmt_writes_it() {
    let untidy = "version: 1\n\n# Ann, x\nDN:cn=Ann,dc=x\ncn:   Ann\nmail:: YW5uQHg=\n\n\n\
                  # Bob\ndn: cn=Bob,dc=x\ncn: Bob\ndescription: folded at an od\n d place\n\n\
                  dn: cn=Cid,dc=x\ncn: Cid\nphoto:: /9j/4A==\n\n\
                  dn: cn=Dan,dc=x\ncn: Dan \n\n";
    for export in [untidy.to_owned(), untidy.replace('\n', "\r\n"), EXPORT.to_owned()] {
        let change = modify("cn=Bob,dc=x", "new@x");
        let room = Room::new(&[("e", &export), ("c", &change), ("none", "version: 1\n")]);
        for more in [&[][..], &["--crlf"], &["--wrap", "20"], &["--wrap", "no"]] {
            let more = &[more, &["--no-version"]].concat()[..];
            let plain = room.run(&[&["-q", "apply", "e", "none"], more].concat());
            let formatted = room.run(&[&["-q", "fmt", "e"], more].concat());
            assert_eq!((out(&plain), err(&plain)), (out(&formatted), ""), "{more:?}");
            let changed = room.run(&[&["-q", "apply", "e", "c"], more].concat());
            let changed_first = room.run(&["-q", "apply", "e", "c"]);
            std::fs::write(room.path("again"), out(&changed_first)).unwrap();
            let again = room.run(&[&["-q", "apply", "again", "none"], more].concat());
            assert_eq!(out(&changed), out(&again), "{more:?}");
        }
    }
}

#[test]
fn of_entries_with_one_dn_the_first_is_changed_and_all_are_kept() {
    let twin = "dn: CN=ann, DC=x\ncn: ann\nmail: twin@x\n\n";
    let (written, said, code) =
        applied(&format!("{EXPORT}{twin}"), &modify("cn=ann,dc=x", "new@x"), &[]);
    assert_eq!(written, format!("{}{twin}", EXPORT.replace("ann@x", "new@x")));
    assert!(said.contains("e: 1 entry with a DN that an earlier entry has"), "{said}");
    assert_eq!(code, 0);
}

#[test]
fn a_change_record_in_the_export_is_left_out_and_said() {
    let stray = "dn: cn=Bob,dc=x\nchangetype: delete\n\n";
    let stats = ["--stats", "stats"];
    let (written, said, code) =
        applied(&format!("{stray}{EXPORT}"), &modify("cn=Ann,dc=x", "new@x"), &stats);
    assert_eq!(written, EXPORT.replace("ann@x", "new@x"));
    assert!(
        said.contains("e:1: 1 change record of the export left out: it goes on with no entry"),
        "{said}"
    );
    assert_eq!(code, 2);
}

#[test]
fn an_entry_that_cannot_be_read_is_left_out_or_stops_all() {
    let export = format!("dn: cn=Bad,dc=x\nmail:: YW*=\n\n{EXPORT}");
    let change = modify("cn=Ann,dc=x", "new@x");
    let (written, said, code) = applied(&export, &change, &["-q"]);
    assert_eq!(written, EXPORT.replace("ann@x", "new@x"));
    assert!(said.starts_with("e:2:10: "), "{said}");
    assert_eq!(code, 2);
    let (written, said, code) = applied(&export, &change, &["--strict"]);
    assert_eq!((written.as_str(), code), ("", 2));
    assert!(said.contains("e:2:10: ") && said.contains("nothing was written"), "{said}");
}

#[test]
fn a_url_that_cannot_be_written_is_refused_in_its_place() {
    let export = format!("{EXPORT}dn: cn=Url,dc=x\nphoto:< file:///\u{e4}\n\n");
    let (written, said, code) = applied(&export, &modify("cn=Ann,dc=x", "new@x"), &["-q"]);
    assert_eq!(written, EXPORT.replace("ann@x", "new@x"));
    assert!(said.contains("e:13:1: "), "{said}");
    assert_eq!(code, 2);
}

#[test]
fn the_statistics_count_what_was_read_and_left_out() {
    let export =
        format!("{EXPORT}dn: cn=Bad,dc=x\nmail:: YW*=\n\ndn: cn=x\nchangetype: delete\n\n");
    let room = Room::new(&[("e", &export), ("c", &modify("cn=Ann,dc=x", "new@x"))]);
    room.run(&["-q", "apply", "e", "c", "--stats", "s"]);
    let stats = std::fs::read_to_string(room.path("s")).unwrap();
    let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
    assert_eq!(stats["read"], 3, "{stats:#}");
    assert_eq!(stats["failed"], 1, "{stats:#}");
    assert_eq!(stats["skipped"]["change record"], 1, "{stats:#}");
}

#[test]
fn line_ends_are_those_that_were_asked_for() {
    let change = modify("cn=Ann,dc=x", "new@x");
    let expected = EXPORT.replace("ann@x", "new@x").replace('\n', "\r\n");
    for export in [EXPORT.to_owned(), EXPORT.replace('\n', "\r\n")] {
        assert_eq!(applied(&export, &change, &["-q", "--crlf"]).0, expected);
        assert_eq!(applied(&export, &change, &["-q"]).0, expected.replace("\r\n", "\n"));
    }
}

#[test]
fn either_input_may_come_from_a_pipe() {
    let change = modify("cn=Ann,dc=x", "new@x");
    let room = Room::new(&[("e", EXPORT), ("c", &change)]);
    for (args, input) in [(["-", "c"], EXPORT), (["e", "-"], &change)] {
        let mut run = room
            .command(&["-q", "apply", args[0], args[1], "--no-version"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        run.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let done = run.wait_with_output().unwrap();
        assert_eq!(out(&done), EXPORT.replace("ann@x", "new@x"));
    }
    let twice = room.run(&["apply", "-", "-"]);
    assert_eq!((out(&twice), twice.status.code()), ("", Some(2)));
    assert!(err(&twice).contains("stdin"), "{}", err(&twice));
}

#[test]
fn a_record_for_an_entry_that_an_earlier_one_deleted_is_refused() {
    let delete = "dn: cn=Ann,dc=x\nchangetype: delete\n\n";
    let said = refused(&format!("{delete}{}", modify("cn=Ann,dc=x", "new@x")));
    assert_eq!(
        said,
        "c:4:1: record 2, cn=Ann,dc=x: there is no such entry: cn=Ann,dc=x (LDAP result 32)\n"
    );
    assert!(refused(&format!("{delete}{delete}")).contains("(LDAP result 32)"));
}

#[test]
fn a_name_that_is_taken_is_refused_and_one_that_became_free_is_not() {
    let onto_bob = rename("cn=Ann,dc=x", "cn=Bob", 1);
    assert!(refused(&onto_bob).contains("cn=Bob,dc=x (LDAP result 68)"));
    let change = format!("dn: cn=Bob,dc=x\nchangetype: delete\n\n{onto_bob}");
    assert_eq!(
        after(EXPORT, &change),
        "dn: dc=x\ndc: x\n\ndn: cn=Bob,dc=x\ncn: Bob\nmail: ann@x\n\n"
    );
}

#[test]
fn the_old_name_goes_or_stays_as_the_record_says() {
    let renamed = |delete_old| after(EXPORT, &rename("cn=Ann,dc=x", "cn=Jo+uid=7", delete_old));
    assert!(renamed(1).contains("dn: cn=Jo+uid=7,dc=x\ncn: Jo\nmail: ann@x\nuid: 7\n"));
    assert!(renamed(0).contains("dn: cn=Jo+uid=7,dc=x\ncn: Ann\ncn: Jo\nmail: ann@x\nuid: 7\n"));
}

#[test]
fn behind_a_refused_rename_later_records_find_what_stands_there() {
    // The third record speaks of the entry that the export has by that name, since
    // the first record is refused: the export is read once more.
    let change = format!(
        "{}{}{}",
        rename("cn=Ann,dc=x", "cn=Bob", 1),
        rename("cn=Bob,dc=x", "cn=Cid", 1),
        modify("cn=Cid,dc=x", "new@x"),
    );
    let (written, said, code) = applied(EXPORT, &change, &["-q", "--go-on"]);
    assert!(said.contains("record 1, cn=Ann,dc=x: an entry of this name"), "{said}");
    assert_eq!(code, 1);
    assert!(written.contains("dn: cn=Ann,dc=x\ncn: Ann\nmail: ann@x\n"), "{written}");
    assert!(written.contains("dn: cn=Cid,dc=x\ncn: Cid\nmail: new@x\n"), "{written}");
}

#[test]
fn a_large_subtree_moves_as_a_whole() {
    const ENTRIES: usize = 3000;
    let entries = |ou: &str| {
        let mut text = format!("dn: dc=x\ndc: x\n\ndn: ou={ou},dc=x\nou: {ou}\n\n");
        for number in 0..ENTRIES {
            // Some names are encoded, escaped, or folded.
            let name = match number % 3 {
                0 => format!("cn=u{number}"),
                1 => format!("cn=a\\, b{number}"),
                _ => format!("cn={}{number}", "long".repeat(20)),
            };
            text.push_str(&format!(
                "dn: {name},ou={ou},dc=x\ndescription: {}\n\n",
                "x".repeat(250)
            ));
        }
        text
    };
    let written = after(&entries("old"), &rename("ou=old,dc=x", "ou=new", 1));
    let unfolded = written.replace("\n ", "");
    assert!(unfolded == entries("new"), "{}", &unfolded[..300]);
}

#[test]
fn in_active_directory_all_that_refers_to_an_entry_follows_its_rename() {
    let export = |ou: &str, person: &str| {
        format!(
            "dn: OU={ou},DC=x\nou: {ou}\nobjectGUID:: AQ==\ndistinguishedName: OU={ou},DC=x\n\n\
             dn: {person},OU={ou},DC=x\nobjectGUID:: Ag==\ndistinguishedName: {person},OU={ou},DC=x\n\n\
             dn: CN=G,DC=x\nobjectGUID:: Aw==\nmember: {person},OU={ou},DC=x\n\
             description: OU=Old,DC=x\n\n\
             dn: CN=H,DC=x\nobjectGUID:: Aw==\nmember: CN=G,DC=x\n\n"
        )
    };
    let change = rename("ou=old,dc=x", "ou=New", 1);
    let written = after(&export("Old", "CN=Ann"), &change);
    assert_eq!(written, export("New", "CN=Ann"));

    // As ldifde writes it: adds, a long group in two records, CRLF.
    let ldifde = "dn: OU=Old,DC=x\nchangetype: add\nobjectGUID:: AQ==\nou: Old\n\n\
                  dn: CN=G,DC=x\nchangetype: add\nmember: CN=A,OU=Old,DC=x\n\n\
                  dn: CN=G,DC=x\nchangetype: modify\nadd: member\nmember: CN=B,OU=Old,DC=x\n-\n\n\
                  dn: CN=H,DC=x\nchangetype: add\nmember: CN=A,OU=Old,DC=x\n\n";
    let written = after(&ldifde.replace('\n', "\r\n"), &change);
    assert_eq!(
        written,
        "dn: OU=New,DC=x\nchangetype: add\nobjectGUID:: AQ==\nou: New\n\n\
         dn: CN=G,DC=x\nchangetype: add\nmember: CN=A,OU=New,DC=x\nmember: CN=B,OU=New,DC=x\n\n\
         dn: CN=H,DC=x\nchangetype: add\nmember: CN=A,OU=New,DC=x\n\n"
    );
}

#[test]
fn in_active_directory_a_second_name_is_refused() {
    let export = "dn: CN=Ann,DC=x\ncn: Ann\nobjectGUID:: AQ==\n\n";
    let (written, said, code) = applied(export, &rename("CN=Ann,DC=x", "CN=Jo", 0), &["-q"]);
    assert_eq!((written.as_str(), code), ("", 2));
    assert!(said.contains("say `deleteoldrdn: 1`") && said.contains("(LDAP result 53)"), "{said}");
}

#[test]
fn an_output_that_exists_is_replaced_only_when_told() {
    let change = modify("cn=Ann,dc=x", "new@x");
    let room = Room::new(&[("e", EXPORT), ("c", &change), ("out", "kept")]);
    let done = room.run(&["-q", "apply", "e", "c", "-o", "out"]);
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(room.path("out")).unwrap(), "kept");
    // The export may be replaced by what becomes of it.
    let done = room.run(&["-q", "apply", "e", "c", "-o", "e", "--force", "--no-version"]);
    assert_eq!((err(&done), done.status.code()), ("", Some(0)));
    let written = std::fs::read_to_string(room.path("e")).unwrap();
    assert_eq!(written, EXPORT.replace("ann@x", "new@x"));
}

#[test]
fn an_entry_that_names_itself_comes_as_it_was_written() {
    // On a name that another entry gave up just before.
    let change = rename("cn=Ann,dc=x", "cn=Eve", 1)
        + "dn: cn=Ann,dc=x\nchangetype: add\ncn: Ann\nmanager: cn=Ann,dc=x\n\n";
    let written = after(EXPORT, &change);
    assert!(written.contains("dn: cn=Ann,dc=x\ncn: Ann\nmanager: cn=Ann,dc=x\n"), "{written}");
}
