//! The rules themselves: a table of them, and one of them in full.

use std::io::{self, Write};

use serde::Serialize;

use super::shorten::wrap_words;
use super::terminal::{Colour, Ink, Width, style};
use super::visible::cells;
use crate::rules::{Rule, RuleName};

/// Columns of the headings of [`explain`].
const HEADINGS: usize = 12;
/// Columns that a summary needs to stand beside the name.
const SUMMARY: usize = 24;
/// Lines of an example that [`explain`] shows.
const EXAMPLE_LINES: usize = 12;

/// Writes the families with one line a rule: name, severity, summary.
///
/// # Errors
/// Where `out` cannot be written.
pub fn list<'r>(
    out: &mut impl Write,
    families: impl Iterator<Item = (&'r str, &'r [&'r Rule])> + Clone,
    width: Width,
    colour: Colour,
) -> io::Result<()> {
    let mut ink = Ink::new(colour);
    let rules = families.clone().flat_map(|(_, rules)| rules);
    let longest = rules.map(|rule| rule.name.0.len()).max().unwrap_or_default();
    let severity = 2 + longest + 2;
    let beside = severity + "warning".len() + 2;
    let has_room = beside + SUMMARY <= width.columns();
    let summary = if has_room { beside } else { 4 };
    for (family, rules) in families {
        ink.text(style::HEADING, family);
        ink.end_line();
        for rule in rules {
            ink.move_to(2);
            ink.text(style::PLAIN, rule.name.0);
            ink.move_to(if has_room { severity } else { ink.column() + 2 });
            ink.text(style::PLAIN, rule.severity.name());
            if !has_room {
                ink.end_line();
            }
            paragraph(&mut ink, rule.summary, summary, width);
        }
    }
    ink.flush(out)
}

/// Writes all that is known of a rule.
///
/// # Errors
/// Where `out` cannot be written.
pub fn explain(out: &mut impl Write, rule: &Rule, width: Width, colour: Colour) -> io::Result<()> {
    let mut ink = Ink::new(colour);
    ink.text(style::HEADING, rule.name.0);
    ink.text(style::PLAIN, &format!(" ({}, shown as {})", rule.severity.name(), rule.label));
    ink.end_line();
    ink.end_line();
    paragraph(&mut ink, rule.summary, 0, width);
    ink.end_line();
    let sources = rule.sources.join("; ");
    let reads = format!("{} of {}", rule.attributes.join(", "), rule.classes.join(", "));
    for (heading, text) in [
        ("Why", rule.reason),
        ("Family", rule.family()),
        ("Reads", &reads),
        ("Limit", rule.limit),
        ("Suggests", rule.fix),
        ("Sources", &sources),
    ] {
        ink.text(style::HEADING, heading);
        paragraph(&mut ink, text, HEADINGS, width);
    }
    for (heading, entries) in [("Wrong", rule.example.wrong), ("Right", rule.example.right)] {
        let lines = entries.iter().flat_map(|entry| entry.lines());
        let more = lines.clone().count().saturating_sub(EXAMPLE_LINES);
        let more = (more > 0).then(|| format!("... and {more} lines more"));
        let mut title = heading;
        for line in lines.take(EXAMPLE_LINES).chain(more.as_deref()) {
            ink.text(style::HEADING, title);
            ink.move_to(HEADINGS);
            ink.text(style::PLAIN, line);
            ink.end_line();
            title = "";
        }
    }
    ink.flush(out)
}

fn paragraph(ink: &mut Ink, text: &str, column: usize, width: Width) {
    let cells = cells(text.as_bytes());
    let room = width.columns().saturating_sub(column).max(20);
    for line in wrap_words(&cells, room) {
        ink.move_to(column);
        ink.line(&cells, line, |_| style::PLAIN);
        ink.end_line();
    }
}

/// Writes the table that the README holds.
///
/// # Errors
/// Where `out` cannot be written.
pub fn markdown<'r>(out: &mut impl Write, rules: impl Iterator<Item = &'r Rule>) -> io::Result<()> {
    writeln!(out, "| rule | severity | shown as | finds |\n|---|---|---|---|")?;
    for rule in rules {
        let Rule { name: RuleName(name), label, severity, summary, .. } = rule;
        let summary = summary.replace('|', "\\|");
        writeln!(out, "| `{name}` | {} | {label} | {summary} |", severity.name())?;
    }
    Ok(())
}

/// Writes one JSON object a rule, each on a line.
///
/// # Errors
/// Where `out` cannot be written.
pub fn json<'r>(out: &mut impl Write, rules: impl Iterator<Item = &'r Rule>) -> io::Result<()> {
    #[derive(Serialize)]
    struct Row<'r> {
        #[serde(flatten)]
        rule: &'r Rule,
        family: &'static str,
    }
    for rule in rules {
        let row = Row { rule, family: rule.family() };
        row.serialize(&mut serde_json::Serializer::new(&mut *out)).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
