//! Lists of entries: a table for people, CSV, or JSON lines.
//!
//! The first column is the DN. Values that are not UTF-8 have U+FFFD in the place of
//! what is not; of the DN, JSON tells the bytes too, as `dn_b64`.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serializer as _;
use serde::ser::SerializeMap as _;
use serde_json::Value;

use super::json::Visible;
use super::terminal::{Colour, Ink, style};

/// A column behind the DN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListColumn {
    /// The key in JSON; in capitals the name in CSV, and as it is in the table.
    pub name: &'static str,
    /// Whether people are shown it.
    pub in_table: bool,
}

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListCell {
    /// Nothing.
    Absent,
    /// A text.
    Text(String),
    /// Several, which CSV joins by `|`.
    Several(Vec<String>),
    /// A number.
    Number(u64),
    /// A truth value.
    Flag(bool),
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    /// For people.
    Table(Colour),
    /// Comma-separated values.
    Csv,
    /// One object a line.
    Json,
}

/// Writes a list, entry by entry.
pub struct List<W: Write> {
    columns: &'static [ListColumn],
    sink: Sink<W>,
}

enum Sink<W: Write> {
    Table { out: W, ink: Ink, is_first: bool },
    Csv(Box<csv::Writer<W>>),
    Json(W),
}

impl<W: Write> List<W> {
    /// A list with these columns behind the DN; CSV gets its header.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn new(out: W, format: ListFormat, columns: &'static [ListColumn]) -> io::Result<Self> {
        let sink = match format {
            ListFormat::Table(colour) => Sink::Table { out, ink: Ink::new(colour), is_first: true },
            ListFormat::Json => Sink::Json(out),
            ListFormat::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                let names = columns.iter().map(|column| column.name.to_ascii_uppercase());
                let header = std::iter::once("DISTINGUISHEDNAME".to_owned()).chain(names);
                writer.write_record(header).map_err(super::csv::into_io)?;
                Sink::Csv(Box::new(writer))
            }
        };
        Ok(Self { columns, sink })
    }

    /// Writes an entry; the cells stand for the columns, one for each.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn write(&mut self, dn: &[u8], cells: &[ListCell]) -> io::Result<()> {
        let cells = self.columns.iter().zip(cells);
        match &mut self.sink {
            Sink::Csv(writer) => {
                let dn = String::from_utf8_lossy(dn).into_owned();
                let fields = std::iter::once(dn).chain(cells.map(|(_, cell)| cell.joined()));
                writer.write_record(fields).map_err(super::csv::into_io)
            }
            Sink::Json(out) => {
                let mut line = Vec::new();
                let mut serializer = serde_json::Serializer::with_formatter(&mut line, Visible);
                let mut row = serializer.serialize_map(None)?;
                row.serialize_entry("dn", &String::from_utf8_lossy(dn))?;
                if std::str::from_utf8(dn).is_err() {
                    row.serialize_entry("dn_b64", &STANDARD.encode(dn))?;
                }
                for (column, cell) in cells {
                    row.serialize_entry(column.name, &cell.json())?;
                }
                row.end()?;
                line.push(b'\n');
                out.write_all(&line)
            }
            Sink::Table { out, ink, is_first } => {
                if !std::mem::replace(is_first, false) {
                    ink.end_line();
                }
                ink.foreign(style::HEADING, dn);
                ink.end_line();
                let shown = cells.filter(|(column, _)| column.in_table);
                shown.for_each(|(column, cell)| cell.draw(column.name, ink));
                ink.flush(out)
            }
        }
    }

    /// Flushes the output. Nothing is written after it.
    ///
    /// # Errors
    /// As for [`List::write`].
    pub fn finish(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Csv(writer) => writer.flush(),
            Sink::Json(out) | Sink::Table { out, .. } => out.flush(),
        }
    }
}

/// Where values begin in the table: behind the longest name, `userPrincipalName`.
const VALUES: usize = 21;

impl ListCell {
    fn joined(&self) -> String {
        match self {
            Self::Absent => String::new(),
            Self::Text(text) => text.clone(),
            Self::Several(texts) => texts.join("|"),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Absent => Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Several(texts) => texts.iter().map(String::as_str).collect(),
            Self::Number(number) => (*number).into(),
            Self::Flag(flag) => (*flag).into(),
        }
    }

    fn draw(&self, name: &str, ink: &mut Ink) {
        let texts = match self {
            Self::Absent => return,
            Self::Several(texts) => texts.clone(),
            _ => vec![self.joined()],
        };
        for (at, text) in texts.iter().enumerate() {
            if at == 0 {
                ink.move_to(2);
                ink.text(style::QUIET, name);
            }
            ink.move_to(VALUES);
            ink.foreign(style::PLAIN, text.as_bytes());
            ink.end_line();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[ListColumn] = &[
        ListColumn { name: "class", in_table: false },
        ListColumn { name: "addresses", in_table: true },
        ListColumn { name: "line", in_table: true },
    ];

    fn written(format: ListFormat, dn: &[u8]) -> String {
        let mut out = Vec::new();
        let mut list = List::new(&mut out, format, COLUMNS).unwrap();
        let addresses = ["SMTP:a@x.y", "smtp:\u{202e}b@x.y"].map(str::to_owned);
        let cells = [
            ListCell::Text("user".to_owned()),
            ListCell::Several(addresses.into()),
            ListCell::Number(7),
        ];
        list.write(dn, &cells).unwrap();
        list.write(b"CN=B", &[ListCell::Absent, ListCell::Absent, ListCell::Number(9)]).unwrap();
        list.finish().unwrap();
        drop(list);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_three_formats_hold_the_same() {
        assert_eq!(
            written(ListFormat::Csv, b"CN=A,DC=x"),
            "DISTINGUISHEDNAME,CLASS,ADDRESSES,LINE\n\
             \"CN=A,DC=x\",user,SMTP:a@x.y|smtp:\u{202e}b@x.y,7\nCN=B,,,9\n"
        );
        assert_eq!(
            written(ListFormat::Json, b"CN=A"),
            "{\"dn\":\"CN=A\",\"class\":\"user\",\"addresses\":[\"SMTP:a@x.y\",\
             \"smtp:\\u202eb@x.y\"],\"line\":7}\n\
             {\"dn\":\"CN=B\",\"class\":null,\"addresses\":null,\"line\":9}\n"
        );
        let table = written(ListFormat::Table(Colour::Never), b"CN=A");
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[..2], ["CN=A", "  addresses          SMTP:a@x.y"]);
        assert!(!table.contains('\u{202e}') && !table.contains("class"), "{table}");
    }

    #[test]
    fn a_dn_that_is_no_text_is_told_as_bytes_too() {
        assert!(written(ListFormat::Json, b"CN=\xff").contains("\"dn_b64\":\"Q049/w==\""));
    }
}
