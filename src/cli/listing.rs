//! `ldifix check` with a list of entries in place of findings.

use std::io::{self, BufWriter, Write};

use crate::report::{List, ListCell, ListColumn, ListFormat, counted, grouped};
use crate::rules::{Attr, Listed, Profile, Survey, is_of_other_kind, reason_summary};

use super::console::Console;

/// What is listed in place of findings.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// List the entries that are not synchronised, each with the reason, in place of findings
    #[arg(long)]
    show_skipped: bool,

    /// List what the cloud will show of each entry that is synchronised, in place of findings
    #[arg(long, conflicts_with = "show_skipped")]
    predict: bool,
}

/// A list that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The entries that are not synchronised.
    Skipped,
    /// What the cloud will show of the entries that are.
    Predicted,
}

impl ListArgs {
    /// The list that was asked for; `None` where findings are wanted.
    pub fn wanted(&self) -> Option<Wanted> {
        match self {
            Self { show_skipped: true, .. } => Some(Wanted::Skipped),
            Self { predict: true, .. } => Some(Wanted::Predicted),
            _ => None,
        }
    }
}

impl Wanted {
    /// Writes the list to stdout.
    ///
    /// # Errors
    /// Where stdout cannot be written, or the profile predicts nothing.
    pub fn write(
        self,
        survey: &Survey<'_>,
        profile: &Profile,
        format: ListFormat,
        console: &Console,
    ) -> anyhow::Result<()> {
        let out: BufWriter<Box<dyn Write>> =
            BufWriter::with_capacity(1 << 16, Box::new(io::stdout().lock()));
        match self {
            Self::Skipped => write_skipped(survey, List::new(out, format, SKIPPED)?, console),
            Self::Predicted => {
                let list = List::new(out, format, super::predict::COLUMNS)?;
                super::predict::write(survey, profile, list, console)
            }
        }
    }
}

pub(super) const fn shown(name: &'static str) -> ListColumn {
    ListColumn { name, in_table: true }
}

pub(super) const fn hidden(name: &'static str) -> ListColumn {
    ListColumn { name, in_table: false }
}

/// The columns of the entries that are not synchronised.
const SKIPPED: &[ListColumn] =
    &[hidden("class"), shown("reason"), shown("why"), hidden("file"), hidden("line")];

pub(super) struct Row {
    pub(super) dn: Vec<u8>,
    pub(super) cells: Vec<ListCell>,
}

fn write_skipped<W: Write>(
    survey: &Survey<'_>,
    mut list: List<W>,
    console: &Console,
) -> anyhow::Result<()> {
    let mut listed = 0;
    survey.roll(skipped, |row| {
        listed += 1;
        list.write(&row.dn, &row.cells)
    })?;
    list.finish()?;
    let entries = match listed {
        0 => "no entry is listed".to_owned(),
        _ => format!("{} not synchronised", counted(listed, "entry is", "entries are")),
    };
    console.note(&format!("{entries}, {} in scope", grouped(survey.in_scope)));
    for (&reason, &count) in &survey.out_of_scope {
        let apart = if is_of_other_kind(reason) { "; not listed" } else { "" };
        let reason_in_words = reason_summary(reason);
        let count = grouped(count);
        console.note(&format!("  {count} {reason} ({reason_in_words}){apart}"));
    }
    Ok(())
}

fn skipped(entry: &Listed<'_, '_>) -> Option<Row> {
    let reason = entry.verdict.err().or(entry.prevented)?;
    if is_of_other_kind(reason) {
        return None;
    }
    let cells = vec![
        class(entry),
        ListCell::Text(reason.to_owned()),
        ListCell::Text(reason_summary(reason).to_owned()),
        ListCell::Text(entry.place.file.to_owned()),
        ListCell::Number(entry.line()),
    ];
    Some(Row { dn: entry.subject.dn().to_vec(), cells })
}

pub(super) fn class(entry: &Listed<'_, '_>) -> ListCell {
    let class = entry.subject.last(Attr::ObjectClass);
    class.map_or(ListCell::Absent, |class| {
        ListCell::Text(String::from_utf8_lossy(&class).into_owned())
    })
}
