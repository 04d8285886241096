//! One quirk of LDIF a file, as others read it wrong, where these files are at
//! hand: what is read, what fails, and what is said of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input fails")]

mod reading;

use ldifix::input::{InputNote, Source};

/// The file, records read, records failed, kinds of error, kinds of warning.
type Case = (&'static str, usize, u64, &'static [&'static str], &'static [&'static str]);

const CASES: [Case; 90] = [
    ("01_no_version", 1, 0, &[], &[]),
    ("02_no_final_newline", 1, 0, &[], &["no-final-line-end"]),
    ("03_change_no_final_blank", 1, 0, &[], &[]),
    ("04_add_change", 1, 0, &[], &[]),
    ("05_modify_no_last_dash", 1, 0, &[], &["missing-final-dash"]),
    ("06_modify_missing_middle_dash", 0, 1, &["missing-dash"], &[]),
    ("07_crlf_two_records", 2, 0, &[], &[]),
    ("08_blank_with_space_between", 2, 0, &[], &["spaces-as-separator"]),
    ("09_trailing_space_value", 1, 0, &[], &[]),
    ("10_two_leading_spaces", 1, 0, &[], &[]),
    ("11_no_space_after_colon", 1, 0, &[], &[]),
    ("12_tab_fold", 0, 1, &["tab-fold"], &[]),
    ("13_bom_utf8", 2, 0, &[], &[]),
    ("14_utf16le_bom", 1, 0, &[], &[]),
    ("15_utf16le_nobom", 1, 0, &[], &[]),
    ("16_raw_utf8", 1, 0, &[], &[]),
    ("17_raw_latin1", 1, 0, &[], &["not-utf8"]),
    ("18_bad_base64", 0, 1, &["bad-base64"], &[]),
    ("19_base64_unpadded", 1, 0, &[], &["unpadded-base64"]),
    ("20_empty_value", 1, 0, &[], &[]),
    ("21_dup_value", 1, 0, &[], &[]),
    ("22_dn_only", 1, 0, &[], &[]),
    ("23_ldapsearch_trailer", 1, 0, &[], &[]),
    ("24_ldapsearch_ref", 1, 0, &[], &[]),
    ("25_missing_blank_between", 0, 2, &["missing-blank-line"], &[]),
    ("26_content_then_change", 2, 0, &[], &["mixed-content-and-changes"]),
    ("27_change_then_content", 2, 0, &[], &["mixed-content-and-changes"]),
    ("28_ntdsSchemaAdd", 1, 0, &[], &[]),
    ("29_rootdse_modify", 1, 0, &[], &[]),
    ("30_repeated_version", 2, 0, &[], &[]),
    ("31_version_2", 1, 0, &["unsupported-version"], &[]),
    ("32_folded_comment", 1, 0, &[], &[]),
    ("33_comment_inside_fold", 1, 0, &[], &["folded-comment"]),
    ("34_url_missing_file", 1, 0, &[], &["url-reference"]),
    ("35_modify_attr_mismatch", 0, 1, &["attribute-mismatch"], &[]),
    ("36_modrdn_deleteoldrdn_missing", 0, 1, &["missing-deleteoldrdn"], &[]),
    ("37_control_bad_crit", 0, 1, &["bad-control"], &[]),
    ("38_changetype_upper", 1, 0, &[], &[]),
    ("39_placeholder_dn", 1, 0, &[], &[]),
    ("40_bad_dn", 1, 0, &[], &[]),
    ("41_delete_with_attrs", 0, 1, &["delete-with-attributes"], &[]),
    ("42_bare_cr", 0, 1, &["bare-cr"], &[]),
    ("43_dash_with_space", 1, 0, &[], &["dash-with-spaces"]),
    ("44_nul_in_value", 1, 0, &[], &["nul"]),
    ("45_space_first_line", 0, 0, &["orphan-continuation"], &[]),
    ("46_unicode_nbsp_blank", 0, 2, &["no-colon"], &[]),
    ("47_leading_fold_empty_first", 1, 0, &[], &[]),
    ("48_base64_folded", 1, 0, &[], &[]),
    ("49_base64_with_inner_space", 0, 1, &["bad-base64"], &[]),
    ("50_increment", 1, 0, &[], &[]),
    ("p01_ok", 2, 0, &[], &[]),
    ("p02_version_noblank", 2, 0, &[], &[]),
    ("p03_crlf_fold", 2, 0, &[], &[]),
    ("p04_comment_mid_folded", 2, 0, &[], &["folded-comment"]),
    ("p05_nospace_multispace", 2, 0, &[], &[]),
    ("p06_trailing_space", 2, 0, &[], &[]),
    ("p07_tab_cont", 1, 1, &["tab-fold"], &[]),
    ("p08_url_file", 2, 0, &[], &["url-reference"]),
    ("p09_b64_bad_pad", 2, 0, &[], &["unpadded-base64"]),
    ("p10_b64_inner_space", 1, 1, &["bad-base64"], &[]),
    ("p11_raw_utf8", 2, 0, &[], &[]),
    ("p12_raw_latin1", 2, 0, &[], &["not-utf8"]),
    ("p13_bom", 2, 0, &[], &[]),
    ("p14_space_only_line", 2, 0, &[], &["spaces-as-separator"]),
    ("p15_no_final_nl", 2, 0, &[], &["no-final-line-end"]),
    ("p16_two_dn_noblank", 0, 2, &["missing-blank-line"], &[]),
    ("p17_empty_value", 2, 0, &[], &[]),
    ("p18_range_option", 2, 0, &[], &["partial-attribute"]),
    ("p19_underscore_attr", 2, 0, &[], &[]),
    ("p20_mixed_ldifde", 3, 0, &[], &["mixed-content-and-changes"]),
    ("p21_ldapsearch_trailer", 2, 0, &[], &[]),
    ("p22_referral", 2, 0, &[], &[]),
    ("p23_dup_values", 2, 0, &[], &[]),
    ("p24_utf16le", 2, 0, &[], &[]),
    ("p25_nul", 2, 0, &[], &["nul"]),
    ("p26_cr_only", 0, 1, &["bare-cr"], &[]),
    ("p27_modify_no_dash", 2, 0, &[], &["missing-final-dash"]),
    ("p28_rootdse", 2, 0, &[], &[]),
    ("p29_dn_b64_nonutf8", 2, 0, &[], &[]),
    ("p30_multi_blank_lines", 2, 0, &[], &[]),
    ("p31_cont_after_blank", 1, 1, &["orphan-continuation"], &[]),
    ("p32_value_colon_space", 2, 0, &[], &[]),
    ("p33_attr_space_before_colon", 1, 1, &["bad-attribute-description"], &[]),
    ("p34_dn_uppercase_DN", 2, 0, &[], &[]),
    ("p35_moddn", 2, 0, &[], &[]),
    ("p36_bad_line", 1, 1, &["no-colon"], &[]),
    ("p37_version2", 1, 0, &["unsupported-version"], &[]),
    ("p38_fold_in_utf8_b64dn", 2, 0, &[], &[]),
    ("p39_bad_dn", 2, 0, &[], &[]),
    ("p40_trailing_comment_fold_value", 2, 0, &[], &["folded-comment"]),
];

/// What is noted of the input itself.
const BYTE_ORDER_MARKS: [&str; 2] = ["13_bom_utf8", "p13_bom"];
const UTF16: [&str; 3] = ["14_utf16le_bom", "15_utf16le_nobom", "p24_utf16le"];

#[test]
fn every_case_is_read_as_it_was_decided() {
    let Some(folder) = reading::shared("cases") else { return };
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, CASES.len(), "files in {}", folder.display());
    for (name, read, failed, errors, warnings) in CASES {
        let source = Source::open(&folder.join(name).with_extension("ldif")).unwrap();
        let reading = reading::read_in_parallel(source.bytes());
        let found = (reading.records.len(), reading.report.failed_records);
        assert_eq!(found, (read, failed), "records of {name}");
        assert_eq!(reading.errors(), errors, "errors of {name}");
        assert_eq!(reading.warnings(), warnings, "warnings of {name}");
        let noted = |wanted: fn(&InputNote) -> bool| source.notes().iter().any(wanted);
        let mark = noted(|note| matches!(note, InputNote::Utf8Bom));
        assert_eq!(mark, BYTE_ORDER_MARKS.contains(&name), "notes of {name}");
        let utf16 = noted(|note| matches!(note, InputNote::Utf16 { .. }));
        assert_eq!(utf16, UTF16.contains(&name), "notes of {name}");
    }
}
