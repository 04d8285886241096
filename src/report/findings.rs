//! Findings in the formats that they are written in.
//!
//! To draw them takes longer than to write them, and there may be millions: rows are
//! drawn on many threads, some entries at a time, and put one behind the other.

use std::io::{self, Write};

use super::csv::CsvRows;
use super::json::JsonRows;
use super::table::TableRows;
use super::terminal::{Colour, Width};
use crate::rules::Finding;

/// A format of findings.
#[derive(Debug, Clone, Copy)]
pub enum FindingFormat {
    /// For people: an entry's DN as a heading, its findings below.
    Table(Width, Colour),
    /// `IdFix`'s columns.
    Csv,
    /// One object a line.
    Json,
}

impl FindingFormat {
    /// No rows yet.
    #[must_use]
    pub fn rows(self) -> FindingRows {
        match self {
            Self::Table(width, colour) => FindingRows::Table(TableRows::part(width, colour)),
            Self::Csv => FindingRows::Csv(CsvRows::default()),
            Self::Json => FindingRows::Json(JsonRows::default()),
        }
    }
}

/// The findings of some entries that follow each other, drawn.
pub enum FindingRows {
    /// Of a table.
    Table(TableRows),
    /// Of CSV.
    Csv(CsvRows),
    /// JSON lines.
    Json(JsonRows),
}

impl FindingRows {
    /// Bytes of text so far, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Table(rows) => rows.bytes(),
            Self::Csv(rows) => rows.bytes(),
            Self::Json(rows) => rows.text().len(),
        }
    }

    /// Draws a finding.
    ///
    /// # Errors
    /// Where the text of a row cannot be made.
    pub fn add(&mut self, finding: &Finding<'_>) -> io::Result<()> {
        match self {
            Self::Table(rows) => rows.add(finding),
            Self::Csv(rows) => return rows.add(finding),
            Self::Json(rows) => return rows.add(finding),
        }
        Ok(())
    }
}

/// Writes findings as they come; none is kept.
pub struct FindingWriter<W: Write> {
    out: W,
    format: FindingFormat,
    /// What stands above, which decides how the next rows begin.
    table: TableRows,
}

impl<W: Write> FindingWriter<W> {
    /// Writes what has to come first.
    ///
    /// # Errors
    /// Where the output cannot be written; a closed pipe is
    /// [`std::io::ErrorKind::BrokenPipe`].
    pub fn new(mut out: W, format: FindingFormat) -> io::Result<Self> {
        let (width, colour) = match format {
            FindingFormat::Table(width, colour) => (width, colour),
            FindingFormat::Csv => {
                out.write_all(&CsvRows::header()?)?;
                (Width::USUAL, Colour::Never)
            }
            FindingFormat::Json => (Width::USUAL, Colour::Never),
        };
        Ok(Self { out, format, table: TableRows::whole(width, colour) })
    }

    /// Writes rows behind those before them.
    ///
    /// # Errors
    /// As for [`FindingWriter::new`].
    pub fn append(&mut self, rows: FindingRows) -> io::Result<()> {
        match rows {
            FindingRows::Table(rows) => self.table.append(rows, &mut self.out),
            FindingRows::Csv(rows) => self.out.write_all(&rows.into_text()?),
            FindingRows::Json(rows) => self.out.write_all(rows.text()),
        }
    }

    /// Writes one finding.
    ///
    /// # Errors
    /// As for [`FindingWriter::new`].
    pub fn write(&mut self, finding: &Finding<'_>) -> io::Result<()> {
        let mut rows = self.format.rows();
        rows.add(finding)?;
        self.append(rows)
    }

    /// Writes what has to come last, and flushes. Nothing is written after it.
    ///
    /// # Errors
    /// As for [`FindingWriter::new`].
    pub fn finish(mut self) -> io::Result<()> {
        self.table.finish(&mut self.out)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{BJORN, ZOE, finding};
    use super::*;

    fn formats() -> impl Strategy<Value = FindingFormat> {
        prop_oneof![
            (20_usize..100, prop_oneof![Just(Colour::Never), Just(Colour::Always)])
                .prop_map(|(width, colour)| FindingFormat::Table(Width::of(width), colour)),
            Just(FindingFormat::Csv),
            Just(FindingFormat::Json),
        ]
    }

    proptest! {
        #[test]
        fn rows_are_the_same_wherever_they_are_divided(
            format in formats(),
            found in prop::collection::vec(
                (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()), 0..12,
            ),
        ) {
            let findings: Vec<Finding<'_>> = found
                .iter()
                .map(|&(is_zoe, is_mail, extra, _)| {
                    let attribute = if is_mail { "mail" } else { "proxyAddresses" };
                    let dn = if is_zoe { ZOE } else { BJORN };
                    let finding = finding(dn, attribute, "Character", Some("a\0b"), Some("ab"));
                    Finding { extra, ..finding }
                })
                .collect();
            let written = |ends_behind: &dyn Fn(usize) -> bool| {
                let mut out = Vec::new();
                let mut writer = FindingWriter::new(&mut out, format).unwrap();
                let mut rows = format.rows();
                for (at, finding) in findings.iter().enumerate() {
                    rows.add(finding).unwrap();
                    if ends_behind(at) {
                        writer.append(std::mem::replace(&mut rows, format.rows())).unwrap();
                    }
                }
                writer.append(rows).unwrap();
                writer.finish().unwrap();
                String::from_utf8(out).unwrap()
            };
            prop_assert_eq!(written(&|at| found[at].3), written(&|_| false));
            prop_assert_eq!(written(&|_| true), written(&|_| false));
        }
    }
}
