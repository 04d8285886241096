use super::*;

fn claims(comments: &[&str]) -> ExportClaims {
    let mut claims = ExportClaims::default();
    for comment in comments {
        claims.comment(comment.as_bytes());
    }
    claims
}

#[test]
fn the_last_cookie_decides_whether_pages_are_missing() {
    let open = claims(&[" pagedresults: cookie=", " pagedresults: estimate=104 cookie=MQA="]);
    assert!(open.paged && open.open_cookie);
    let closed = claims(&[" pagedresults: estimate=104 cookie=MQA=", " pagedresults: cookie="]);
    assert!(closed.paged && !closed.open_cookie);
    let none = claims(&[" pagedresults:", " pagedresults: estimate=3", " cookie=x"]);
    assert!(!none.paged);
}

#[test]
fn a_later_chunk_without_a_cookie_leaves_the_last_one_standing() {
    let mut export = claims(&[" pagedresults: cookie=x"]);
    export.merge(&claims(&[]));
    assert!(export.open_cookie);
    export.merge(&claims(&[" pagedresults: cookie="]));
    assert!(!export.open_cookie);
}

#[test]
fn referrals_are_no_entries_of_ldbsearch() {
    let ldbsearch = claims(&[" returned 3 records", " 2 entries", " 1 referrals"]);
    assert_eq!(ldbsearch.entries, Some(2));
    assert_eq!(ldbsearch.incomplete(2), None);
    assert!(ldbsearch.incomplete(1).is_some());
    assert_eq!(claims(&[" 5 referrals"]).entries, None);
    assert_eq!(claims(&[" returned no records", " numEntries: -1"]).entries, None);
}

#[test]
fn several_exports_in_one_file_add_up() {
    let mut export = claims(&[" numEntries: 2"]);
    export.merge(&claims(&[" numEntries: 18446744073709551615"]));
    assert_eq!(export.entries, Some(u64::MAX));
}

#[test]
fn the_first_result_that_failed_is_told() {
    let mut export = ExportClaims::default();
    for result in ["0 Success", "4 Size limit exceeded", "32 No such object", "x"] {
        export.result(result.as_bytes());
    }
    assert_eq!(export.results, 4);
    assert_eq!(export.failed_result, Some((4, "Size limit exceeded".to_owned())));
    let mut odd = ExportClaims::default();
    odd.result(b"\xff");
    assert!(odd.incomplete(0).is_some());
}
