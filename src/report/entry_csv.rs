//! Entries as CSV: the DN and chosen attributes.
//!
//! RFC 4180 quoting, where a field needs it; UTF-8; lines end in LF alone. Several
//! values of an attribute stand in one field with a separator between them. A
//! value that is no text is its base64 behind `base64:`, and so is a text that
//! begins like that; a reference is its URL behind `url:`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::directory::{AttributeDescription, AttributeError, Selector};
use crate::ldif::Value;

/// Before a value in base64.
const BASE64: &str = "base64:";
/// Before the URL of a value that stands elsewhere.
const URL: &str = "url:";

/// The columns behind the DN.
#[derive(Debug, Clone)]
pub struct Columns {
    names: Vec<String>,
    selectors: Vec<Selector>,
    separator: String,
}

impl Columns {
    /// A column for each attribute; it holds the values of subtypes by options
    /// too (`cn;lang-de` under `cn`).
    ///
    /// # Errors
    /// Where a name names no attribute.
    pub fn new(names: &[String], separator: &str) -> Result<Self, AttributeError> {
        let select = |name: &String| {
            AttributeDescription::parse(name.as_bytes()).map(|name| Selector::of(&name))
        };
        Ok(Self {
            names: names.to_vec(),
            selectors: names.iter().map(select).collect::<Result<_, _>>()?,
            separator: separator.to_owned(),
        })
    }

    /// The first line.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let mut out = Vec::new();
        push_field(b"dn", &mut out);
        for name in &self.names {
            out.push(b',');
            push_field(name.as_bytes(), &mut out);
        }
        out.push(b'\n');
        out
    }
}

/// Rows of a table of entries.
#[derive(Debug)]
pub struct EntryRows<'c> {
    columns: &'c Columns,
    cells: Vec<Option<Vec<u8>>>,
    out: Vec<u8>,
    /// Fields in which a value holds the separator, so that they may be misread.
    pub unclear: u64,
}

impl<'c> EntryRows<'c> {
    /// No rows yet; they are added to `out`.
    #[must_use]
    pub fn new(columns: &'c Columns, out: Vec<u8>) -> Self {
        let cells = vec![None; columns.names.len()];
        Self { columns, cells, out, unclear: 0 }
    }

    /// One entry.
    pub fn row<'v>(&mut self, dn: &[u8], values: impl Iterator<Item = (Cow<'v, [u8]>, Value<'v>)>) {
        self.cells.fill(None);
        for (name, value) in values {
            for (selector, cell) in self.columns.selectors.iter().zip(&mut self.cells) {
                if selector.takes(&name) {
                    self.unclear += u64::from(push_value(&value, cell, &self.columns.separator));
                }
            }
        }
        push_field(&plain(dn), &mut self.out);
        for cell in &self.cells {
            self.out.push(b',');
            push_field(cell.as_deref().unwrap_or_default(), &mut self.out);
        }
        self.out.push(b'\n');
    }

    /// The bytes so far.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }
}

/// Adds a value to its cell; tells whether it holds the separator.
fn push_value(value: &Value<'_>, cell: &mut Option<Vec<u8>>, separator: &str) -> bool {
    let text = match value {
        Value::Bytes(bytes) => plain(bytes),
        Value::Url(url) => Cow::Owned([URL.as_bytes(), url].concat()),
    };
    match cell {
        Some(cell) => {
            cell.extend_from_slice(separator.as_bytes());
            cell.extend_from_slice(&text);
        }
        None => *cell = Some(text.to_vec()),
    }
    !separator.is_empty() && memchr::memmem::find(&text, separator.as_bytes()).is_some()
}

/// A text as it is; anything else, and what looks like it, in base64.
fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    let marked = [BASE64, URL].iter().any(|mark| bytes.starts_with(mark.as_bytes()));
    let control = |byte: &u8| matches!(byte, 0x00..=0x08 | 0x0B | 0x0C | 0x0E..=0x1F | 0x7F);
    if !marked && !bytes.iter().any(control) && std::str::from_utf8(bytes).is_ok() {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(format!("{BASE64}{}", STANDARD.encode(bytes)).into_bytes())
}

fn push_field(text: &[u8], out: &mut Vec<u8>) {
    if memchr::memchr3(b',', b'"', b'\n', text).is_none() && !text.contains(&b'\r') {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for piece in text.split_inclusive(|&byte| byte == b'"') {
        out.extend_from_slice(piece);
        if piece.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Line<'v> = (&'v str, Value<'v>);

    fn table(names: &[&str], entries: &[(&str, &[Line<'_>])]) -> (String, u64) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let columns = Columns::new(&names, "|").unwrap();
        let mut rows = EntryRows::new(&columns, Vec::new());
        for (dn, lines) in entries {
            let lines = lines.iter();
            rows.row(dn.as_bytes(), lines.map(|(n, v)| (n.as_bytes().into(), v.clone())));
        }
        let text = [columns.header(), rows.bytes_mut().clone()].concat();
        (String::from_utf8(text).unwrap(), rows.unclear)
    }

    fn bytes(value: &[u8]) -> Value<'_> {
        Value::Bytes(value.into())
    }

    #[test]
    fn columns_hold_their_values_in_order_and_absent_ones_nothing() {
        let lines = [("CN", bytes(b"a")), ("cn;lang-de", bytes(b"b, \"c\"")), ("sn", bytes(b"x"))];
        let (text, unclear) =
            table(&["cn", "mail", "cn;lang-de"], &[("cn=a,dc=b", &lines), ("cn=c", &[])]);
        let expected = "dn,cn,mail,cn;lang-de\n\"cn=a,dc=b\",\"a|b, \"\"c\"\"\",,\"b, \"\"c\"\"\"\n\
                        cn=c,,,\n";
        assert_eq!((text.as_str(), unclear), (expected, 0));
    }

    #[test]
    fn what_is_no_text_is_marked_and_nothing_else_can_be_taken_for_it() {
        let lines = [
            ("a", bytes(b"\xff\xd8")),
            ("b", bytes(b"base64:/9g=")),
            ("c", bytes(b"line\nbreak\tand tab")),
            ("d", bytes(b"a\0")),
            ("e", Value::Url(b"file:///x".as_slice().into())),
            ("f", bytes(b"url:x")),
        ];
        let (text, _) = table(&["a", "b", "c", "d", "e", "f"], &[("cn=a", &lines)]);
        let row = "cn=a,base64:/9g=,base64:YmFzZTY0Oi85Zz0=,\"line\nbreak\tand tab\",base64:YQA=,\
                   url:file:///x,base64:dXJsOng=\n";
        assert_eq!(text, format!("dn,a,b,c,d,e,f\n{row}"));
    }

    #[test]
    fn a_value_that_holds_the_separator_is_told() {
        let lines = [("a", bytes(b"x|y")), ("a", bytes(b"z")), ("b", bytes(b"|"))];
        assert_eq!(table(&["a", "b"], &[("cn=a", &lines)]).1, 2);
    }

    proptest! {
        #[test]
        fn fields_read_back_as_they_were(values in proptest::collection::vec("[ -~é\n\r\"]{0,9}", 1..4)) {
            let names: Vec<String> = (0..values.len()).map(|at| format!("a{at}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let lines: Vec<Line<'_>> =
                names.iter().zip(&values).map(|(&n, v)| (n, bytes(v.as_bytes()))).collect();
            let (text, _) = table(&names, &[("cn=a", &lines)]);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            let expected = std::iter::once("cn=a").chain(values.iter().map(String::as_str));
            prop_assert_eq!(row.iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
    }
}
