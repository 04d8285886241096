use super::super::samples::{self, BJORN, finding};
use super::*;
use crate::rules::Finding;

fn realistic() -> Summary {
    let mut summary = Summary::new();
    summary
        .inputs
        .push(InputSummary { name: "corp.ldif".into(), notes: vec!["UTF-16LE".to_owned()] });
    summary.record_starts = 74_412;
    summary.read = 74_310;
    summary.in_scope = Some(61_002);
    summary.skip("system object", 90);
    summary.skip("conflict object", 9);
    let message = "a line without a colon".to_owned();
    summary.fail(Failure { file: "corp.ldif".into(), line: 12, column: 5, message }, 3);
    summary.other("search result", 1);
    let extra = Finding { extra: true, ..samples::proxy() };
    // Of an entry whose findings are counted in two parts.
    for part in [
        vec![samples::proxy()],
        vec![samples::proxy(), extra, finding(BJORN, "mail", "Duplicate", None, None)],
    ] {
        let mut tally = Tally::default();
        part.iter().for_each(|finding| tally.find(finding));
        summary.add(tally);
    }
    let first = Position { offset: 0, line: 7, column: 1 };
    summary.warn("raw byte that is not UTF-8", 1, "corp.ldif", first);
    summary.warn("raw byte that is not UTF-8", 2, "other.ldif", first);
    summary.incomplete("the search ended with 4 Size limit exceeded");
    summary
}

fn text(summary: &Summary) -> String {
    let mut out = Vec::new();
    summary.write_text(&mut out, None, Width::USUAL, Colour::Never).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(summary: &Summary) -> String {
    let mut out = Vec::new();
    summary.write_json(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn people_read_the_essential_thing_first() {
    assert_eq!(
        text(&realistic()),
        concat!(
            "3 findings in 2 of 61,002 entries\n",
            "the export is incomplete: the search ended with 4 Size limit exceeded\n",
            "3 records could not be read:\n",
            "  corp.ldif:12:5: a line without a colon\n",
            "  inputs       corp.ldif: UTF-16LE\n",
            "  findings     domain-part                      2\n",
            "               format                           2\n",
            "               local-part                       2\n",
            "               character                        1\n",
            "  records      read                        74,310\n",
            "               in scope                    61,002\n",
            "               skipped: conflict object         9\n",
            "               skipped: system object          90\n",
            "               failed                           3\n",
            "  not records  search result                    1\n",
            "  warnings     raw byte that is not UTF-8       3  first at corp.ldif:7:1\n",
        )
    );
}

#[test]
fn a_clean_export_is_said_to_be_clean() {
    let summary = Summary { record_starts: 1, read: 1, in_scope: Some(1), ..Summary::new() };
    assert_eq!(
        text(&summary),
        "no findings in 1 entry\n  records      read      1\n               in scope  1\n"
    );
}

#[test]
fn a_command_that_checks_nothing_counts_records() {
    let summary = Summary { record_starts: 1_200, read: 1_200, ..Summary::new() };
    assert!(text(&summary).starts_with("1,200 records\n"));
}

#[test]
fn a_lost_record_is_not_passed_over() {
    let summary = Summary { record_starts: 5, read: 3, ..Summary::new() };
    assert_eq!(summary.unaccounted(), 2);
    assert!(text(&summary).contains("2 records are unaccounted for"));
}

#[test]
fn json_has_the_promised_keys() {
    let value: serde_json::Value = serde_json::from_str(&json(&realistic())).unwrap();
    assert_eq!(value["record_starts"], 74_412);
    assert_eq!(value["read"], 74_310);
    assert_eq!(value["skipped"]["system object"], 90);
    assert_eq!(value["failed"], 3);
    let failure = serde_json::json!(
        {"file": "corp.ldif", "line": 12, "column": 5, "message": "a line without a colon"}
    );
    assert_eq!(value["failures"], serde_json::json!([failure]));
    assert_eq!(value["other"]["search result"], 1);
    assert_eq!(value["in_scope"], 61_002);
    assert_eq!(value["findings"]["format"], 2);
    assert_eq!(value["first_holder_rows"], 1);
    assert_eq!(value["warnings"]["raw byte that is not UTF-8"]["count"], 3);
    assert_eq!(value["warnings"]["raw byte that is not UTF-8"]["first"]["file"], "corp.ldif");
    assert_eq!(value["complete"], false);
    assert_eq!(value["incomplete_because"][0], "the search ended with 4 Size limit exceeded");
}

#[test]
fn the_same_summary_gives_the_same_bytes() {
    assert_eq!(json(&realistic()), json(&realistic()));
}

#[test]
fn a_million_failures_are_counted_and_a_hundred_listed() {
    let mut summary = Summary::new();
    summary.record_starts = 1_000_000;
    for line in 1..=1_000_000 {
        let failure = Failure { file: String::new(), line, column: 1, message: String::new() };
        summary.fail(failure, 1);
    }
    assert_eq!((summary.failures.len(), summary.failures_total), (100, 1_000_000));
    assert!(text(&summary).contains("\n  and 999,990 more\n"));
}
