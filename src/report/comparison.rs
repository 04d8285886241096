//! What two profiles find differently, for people and programs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::shorten::wrap_words;
use super::terminal::{Colour, Ink, Width, grouped, style};
use super::visible::{cells_of_visible, quoted};
use crate::rules::{Difference, Side};

/// Differences by reason, with the first of each.
#[derive(Debug, Default)]
pub struct ComparisonTable {
    rows: BTreeMap<(Side, String, String), (u64, String)>,
}

impl ComparisonTable {
    /// Counts a difference.
    pub fn add(&mut self, difference: &Difference<'_, '_>) {
        let finding = difference.finding;
        let rules = finding.rules.iter().map(|rule| rule.0).collect::<Vec<_>>().join(", ");
        let row = self.rows.entry((difference.side, rules, difference.reason.clone()));
        let first = || {
            let value = finding.value.as_deref().map(|value| quoted(value, 60));
            let dn = super::visible(&finding.dn);
            format!("{dn}: {} {}", finding.attribute, value.unwrap_or_default())
        };
        row.or_insert_with(|| (0, first())).0 += 1;
    }

    /// Writes the table: what occurs most often first, on each side.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn write(&self, out: &mut impl Write, width: Width, colour: Colour) -> io::Result<()> {
        let mut ink = Ink::new(colour);
        for (side, title) in [
            (Side::FalseAlarm, "Only IdFix reports, and it is no error:"),
            (Side::NewFinding, "Only this profile finds:"),
        ] {
            let mut rows: Vec<_> = self.rows.iter().filter(|((at, ..), _)| *at == side).collect();
            if rows.is_empty() {
                continue;
            }
            rows.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
            ink.text(style::HEADING, title);
            ink.end_line();
            for ((_, rules, reason), (count, first)) in rows {
                let number = grouped(*count);
                ink.move_to(10_usize.saturating_sub(number.len()));
                ink.text(style::PLAIN, &number);
                ink.move_to(ink.column().max(10) + 2);
                ink.text(style::HEADING, rules);
                ink.end_line();
                for (text, how) in [(reason.as_str(), style::PLAIN), (first, style::QUIET)] {
                    let cells = cells_of_visible(text);
                    let room = width.columns().saturating_sub(12).max(20);
                    for line in wrap_words(&cells, room) {
                        ink.move_to(12);
                        ink.line(&cells, line, |_| how);
                        ink.end_line();
                    }
                }
            }
            ink.end_line();
        }
        ink.flush(out)
    }
}

/// Writes a difference as one JSON object and a line end.
///
/// # Errors
/// Where `out` cannot be written.
pub fn difference_json(out: &mut impl Write, difference: &Difference<'_, '_>) -> io::Result<()> {
    #[derive(Serialize)]
    struct Row<'r> {
        side: Side,
        dn: Cow<'r, str>,
        attribute: &'r str,
        rule: String,
        value: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        value_b64: Option<String>,
        reason: &'r str,
        file: &'r str,
        line: u64,
    }
    let finding = difference.finding;
    let value = finding.value.as_deref();
    let text = value.and_then(|value| std::str::from_utf8(value).ok());
    let row = Row {
        side: difference.side,
        dn: String::from_utf8_lossy(&finding.dn),
        attribute: finding.attribute,
        rule: finding.rules.iter().map(|rule| rule.0).collect::<Vec<_>>().join(", "),
        value: text,
        value_b64: value.filter(|_| text.is_none()).map(|value| STANDARD.encode(value)),
        reason: &difference.reason,
        file: finding.file,
        line: finding.line,
    };
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, super::json::Visible);
    row.serialize(&mut serializer)?;
    out.write_all(b"\n")
}
