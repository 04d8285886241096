//! Findings with IdFix's columns, so that what was made for IdFix's export reads
//! ours.
//!
//! RFC 4180 quoting, where a field needs it; UTF-8 without a byte order mark;
//! lines end in LF alone, as other Unix tools write and every reader accepts;
//! the header is always there; an absent value is an empty field, and so is
//! ACTION, which a person fills in. Bytes that are not UTF-8 become U+FFFD, as
//! IdFix shows them: the JSON lines carry them unharmed.
//!
//! Values are written as they are, also those that begin with `=`, `+`, `-` or
//! `@` and that a spreadsheet would take for a formula: a row must compare equal
//! to IdFix's row. Import the columns of a hostile export as text.

use std::borrow::Cow;
use std::io;

use crate::rules::Finding;

const HEADER: [&str; 9] = [
    "DISTINGUISHEDNAME",
    "COMMONNAME",
    "OBJECTCLASS",
    "ATTRIBUTE",
    "ERROR",
    "VALUE",
    "UPDATE",
    "PROPOSEDACTION",
    "ACTION",
];

/// Findings as CSV, one row each.
pub struct CsvRows {
    writer: csv::Writer<Vec<u8>>,
}

impl Default for CsvRows {
    fn default() -> Self {
        Self { writer: csv::Writer::from_writer(Vec::new()) }
    }
}

impl CsvRows {
    /// The row above all others.
    pub(super) fn header() -> io::Result<Vec<u8>> {
        let mut rows = Self::default();
        rows.writer.write_record(HEADER).map_err(into_io)?;
        rows.into_text()
    }

    pub(super) fn add(&mut self, finding: &Finding<'_>) -> io::Result<()> {
        let value = finding.value.as_deref().map_or(Cow::Borrowed(""), String::from_utf8_lossy);
        let row = [
            &*String::from_utf8_lossy(&finding.dn),
            &*String::from_utf8_lossy(&finding.common_name),
            &*String::from_utf8_lossy(&finding.object_class),
            finding.attribute,
            &finding.error,
            &*value,
            finding.update.as_deref().unwrap_or_default(),
            finding.action.label(),
            "",
        ];
        self.writer.write_record(row).map_err(into_io)
    }

    pub(super) fn bytes(&self) -> usize {
        self.writer.get_ref().len()
    }

    pub(super) fn into_text(self) -> io::Result<Vec<u8>> {
        self.writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// The error with its kind, which tells a closed pipe from a full disk; the
/// conversion of the csv crate hides it.
pub(super) fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("a row cannot be written as CSV: {kind:?}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{FindingFormat, FindingWriter, samples};
    use super::*;

    fn written(findings: &[Finding<'_>]) -> String {
        let mut out = Vec::new();
        let mut csv = FindingWriter::new(&mut out, FindingFormat::Csv).unwrap();
        for finding in findings {
            csv.write(finding).unwrap();
        }
        csv.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_header_stands_even_above_nothing() {
        assert_eq!(
            written(&[]),
            "DISTINGUISHEDNAME,COMMONNAME,OBJECTCLASS,ATTRIBUTE,ERROR,VALUE,UPDATE,\
             PROPOSEDACTION,ACTION\n"
        );
    }

    #[test]
    fn a_row_has_idfix_columns_and_quotes_what_needs_it() {
        let text = written(&[samples::proxy()]);
        assert_eq!(
            text.lines().nth(1),
            Some(
                "\"CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\",Zoë Perez 27,user,proxyAddresses,\
                 \"Format, DomainPart, LocalPart\",smtp:ZOË.PEREZ27@-BAD.COM,\
                 smtp:ZO.PEREZ27@BAD.COM,EDIT,"
            )
        );
    }

    #[test]
    fn an_absent_value_and_update_are_empty_fields() {
        let finding = Finding { value: None, update: None, ..samples::proxy() };
        assert!(written(&[finding]).ends_with(",\"Format, DomainPart, LocalPart\",,,EDIT,\n"));
    }

    #[test]
    fn a_formula_is_left_as_it_is() {
        let finding = Finding { value: Some(Cow::Borrowed(b"=cmd|x")), ..samples::proxy() };
        assert!(written(&[finding]).contains(",=cmd|x,"));
    }

    #[test]
    fn a_byte_that_is_not_utf8_becomes_the_replacement_character() {
        let finding = Finding { value: Some(Cow::Borrowed(b"M\xfcller")), ..samples::proxy() };
        assert!(written(&[finding]).contains(",M\u{fffd}ller,"));
    }

    proptest! {
        #[test]
        fn rows_read_back_as_they_were(value: String, update in proptest::option::of(any::<String>())) {
            let finding = Finding {
                value: Some(Cow::Borrowed(value.as_bytes())),
                update: update.clone(),
                ..samples::proxy()
            };
            let text = written(&[finding]);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(rows.len(), 1);
            prop_assert_eq!(&rows[0][5], value.as_str());
            prop_assert_eq!(&rows[0][6], update.as_deref().unwrap_or_default());
        }
    }
}
