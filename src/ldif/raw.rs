//! A record whose lines have been checked and not yet decoded.

use std::borrow::Cow;

use super::grammar::is_attribute_description;
use super::line::Form;
use super::observation::Observations;
use super::{
    Attribute, Change, ChangeRecord, ContentRecord, Control, LdifErrorKind, Line, ModOp,
    Modification, Position, Record, WarningKind,
};

type Fault<'a> = (Line<'a>, LdifErrorKind);

/// A record, borrowing the reader's buffer of lines.
#[derive(Debug)]
pub struct RawRecord<'r, 'a> {
    lines: &'r [Line<'a>],
    comments: &'r [&'a [u8]],
    change: Option<ParsedChange<'a>>,
    end: usize,
}

/// A change record and what was noted while its lines were put together.
#[derive(Debug)]
struct ParsedChange<'a> {
    record: ChangeRecord<'a>,
    note: Option<WarningKind>,
}

impl<'r, 'a> RawRecord<'r, 'a> {
    /// Lines of a block that begins with `dn:`.
    pub(super) fn new(
        lines: &'r [Line<'a>],
        comments: &'r [&'a [u8]],
        dashes: bool,
    ) -> Result<Self, Fault<'a>> {
        let change = match change_type_line(lines) {
            Some(at) => Some(parse_change(lines, at)?),
            None => match dashes.then(|| lines.iter().find(|line| line.is(b"-"))).flatten() {
                Some(dash) => return Err((*dash, LdifErrorKind::UnexpectedDash)),
                None => None,
            },
        };
        Ok(Self { lines, comments, change, end: 0 })
    }

    pub(super) fn ending_at(self, end: usize) -> Self {
        Self { end, ..self }
    }

    /// Bytes from the start of the chunk to the end of the record: behind its
    /// last line, before the blank line.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end
    }

    /// The DN's bytes.
    #[must_use]
    pub fn dn(&self) -> Cow<'a, [u8]> {
        self.lines.first().map(Line::bytes).unwrap_or_default()
    }

    /// All lines, that of the DN first.
    #[must_use]
    pub fn lines(&self) -> &'r [Line<'a>] {
        self.lines
    }

    /// The attribute lines of a content record or of an add; empty for other
    /// changes.
    #[must_use]
    pub fn attribute_lines(&self) -> &'r [Line<'a>] {
        match &self.change {
            None => self.lines.get(1..).unwrap_or_default(),
            Some(ParsedChange {
                record: ChangeRecord { change: Change::Add(added), .. }, ..
            }) => self.lines.get(self.lines.len() - added.len()..).unwrap_or_default(),
            Some(_) => &[],
        }
    }

    /// The lines behind `changetype: modify`, dashes included; empty for other
    /// records.
    #[must_use]
    pub fn modification_lines(&self) -> &'r [Line<'a>] {
        match self.change() {
            Some(ChangeRecord { change: Change::Modify(_), controls, .. }) => {
                self.lines.get(controls.len() + 2..).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// Whether the record goes on with the entry of a DN: a modify record of the same
    /// DN without controls, as ldifde writes the members of a large group.
    #[must_use]
    pub fn goes_on_with(&self, dn: &[u8]) -> bool {
        let is_plain = self.change().is_some_and(|change| {
            change.controls.is_empty() && matches!(change.change, Change::Modify(_))
        });
        is_plain && self.dn().trim_ascii_end().eq_ignore_ascii_case(dn.trim_ascii_end())
    }

    /// The change, where this is a change record.
    #[must_use]
    pub fn change(&self) -> Option<&ChangeRecord<'a>> {
        self.change.as_ref().map(|parsed| &parsed.record)
    }

    /// Whether this is an entry: a content record, or an add, as ldifde writes
    /// entries.
    #[must_use]
    pub fn is_entry(&self) -> bool {
        self.change().is_none_or(|change| matches!(change.change, Change::Add(_)))
    }

    /// The line of the DN.
    #[must_use]
    pub fn first_line(&self) -> Option<&Line<'a>> {
        self.lines.first()
    }

    /// The comments before and within the record, where the reader keeps them.
    #[must_use]
    pub fn comments(&self) -> &'r [&'a [u8]] {
        self.comments
    }

    /// The record, decoded.
    #[must_use]
    pub fn into_record(self) -> Record<'a> {
        match self.change {
            Some(parsed) => Record::Change(parsed.record),
            None => Record::Content(ContentRecord {
                dn: self.dn(),
                attributes: self.attribute_lines().iter().map(attribute).collect(),
            }),
        }
    }

    pub(super) fn observe(
        &self,
        observations: &mut Observations,
        position: impl Fn(&Line<'a>) -> Position,
    ) {
        let Some(parsed) = &self.change else {
            observations.content_records += 1;
            return;
        };
        // ldifde writes every entry as an add: that is content, not a mixture.
        match parsed.record.change {
            Change::Add(_) => {}
            _ => observations.change_records += 1,
        }
        if let (Some(kind), Some(line)) = (parsed.note, self.lines.first()) {
            observations.warn(kind, position(line));
        }
    }
}

/// Where the `changetype` line stands: behind the DN and its controls only.
/// Elsewhere it is an attribute, as in a directory's change log.
fn change_type_line(lines: &[Line<'_>]) -> Option<usize> {
    let behind = lines.get(1..)?;
    let controls = behind.iter().take_while(|line| line.is(b"control")).count();
    behind.get(controls).filter(|line| line.is(b"changetype")).map(|_| controls + 1)
}

fn parse_change<'a>(lines: &[Line<'a>], at: usize) -> Result<ParsedChange<'a>, Fault<'a>> {
    let (head, tail) = lines.split_at(at);
    let Some((change_line, body)) = tail.split_first() else {
        return Ok(ParsedChange { record: empty_change(head), note: None });
    };
    let controls =
        head.iter().skip(1).map(|line| control(line).ok_or((*line, LdifErrorKind::BadControl)));
    let controls = controls.collect::<Result<Vec<_>, _>>()?;
    let word = change_line.bytes();
    let lower = word.trim_ascii().to_ascii_lowercase();
    let mut note = None;
    let change = match lower.as_slice() {
        b"add" | b"ntdsschemaadd" => {
            if let Some(dash) = body.iter().find(|line| line.is(b"-")) {
                return Err((*dash, LdifErrorKind::UnexpectedDash));
            }
            Change::Add(body.iter().map(attribute).collect())
        }
        b"delete" | b"ntdsschemadelete" => match body.first() {
            Some(line) => {
                return Err((*line, misplaced(line, LdifErrorKind::DeleteWithAttributes)));
            }
            None => Change::Delete,
        },
        b"modify" | b"ntdsschemamodify" => {
            let (modifications, warning) = modifications(body)?;
            note = warning;
            Change::Modify(modifications)
        }
        b"modrdn" | b"moddn" | b"ntdsschemamodrdn" => rename(change_line, body)?,
        _ => return Err((*change_line, LdifErrorKind::UnknownChangeType)),
    };
    let plain = matches!(lower.as_slice(), b"add" | b"delete" | b"modify" | b"modrdn");
    let spelling = (!plain).then(|| Cow::Owned(word.trim_ascii().to_vec()));
    let dn = head.first().map(Line::bytes).unwrap_or_default();
    Ok(ParsedChange { record: ChangeRecord { dn, controls, spelling, change }, note })
}

fn empty_change<'a>(head: &[Line<'a>]) -> ChangeRecord<'a> {
    let dn = head.first().map(Line::bytes).unwrap_or_default();
    ChangeRecord { dn, controls: Vec::new(), spelling: None, change: Change::Modify(Vec::new()) }
}

fn attribute<'a>(line: &Line<'a>) -> Attribute<'a> {
    Attribute { name: line.name(), value: line.value() }
}

fn modifications<'a>(
    body: &[Line<'a>],
) -> Result<(Vec<Modification<'a>>, Option<WarningKind>), Fault<'a>> {
    if body.is_empty() {
        return Ok((Vec::new(), Some(WarningKind::EmptyModify)));
    }
    let mut modifications: Vec<Modification<'a>> = Vec::new();
    let mut open = false;
    for line in body {
        match modifications.last_mut() {
            _ if line.is(b"-") && open => open = false,
            _ if line.is(b"-") => return Err((*line, LdifErrorKind::UnexpectedDash)),
            Some(modification) if open => {
                let name = line.name();
                if !name.eq_ignore_ascii_case(&modification.attribute) {
                    let kind = match operation(line) {
                        Some(_) => LdifErrorKind::MissingDash,
                        None => LdifErrorKind::AttributeMismatch,
                    };
                    return Err((*line, kind));
                }
                modification.values.push(line.value());
            }
            _ => {
                let unknown = (*line, misplaced(line, LdifErrorKind::UnknownModification));
                let op = operation(line).ok_or(unknown)?;
                let attribute = trimmed(line.bytes());
                if !is_attribute_description(&attribute) {
                    return Err((*line, LdifErrorKind::BadAttributeDescription));
                }
                modifications.push(Modification { op, attribute, values: Vec::new() });
                open = true;
            }
        }
    }
    Ok((modifications, open.then_some(WarningKind::MissingFinalDash)))
}

fn operation(line: &Line<'_>) -> Option<ModOp> {
    [ModOp::Add, ModOp::Delete, ModOp::Replace, ModOp::Increment]
        .into_iter()
        .find(|op| line.form != Form::Url && line.is(op.keyword().as_bytes()))
}

fn rename<'a>(change_line: &Line<'a>, body: &[Line<'a>]) -> Result<Change<'a>, Fault<'a>> {
    let (mut new_rdn, mut delete_old_rdn, mut new_superior) = (None, None, None);
    for line in body {
        if line.form == Form::Url {
            return Err((*line, LdifErrorKind::BadRename));
        }
        if line.is(b"newrdn") && new_rdn.is_none() {
            if line.value.is_empty() {
                return Err((*line, LdifErrorKind::MissingNewRdn));
            }
            new_rdn = Some(line.bytes());
        } else if line.is(b"deleteoldrdn") && delete_old_rdn.is_none() {
            delete_old_rdn = Some(match line.bytes().trim_ascii() {
                b"0" => false,
                b"1" => true,
                _ => return Err((*line, LdifErrorKind::BadDeleteOldRdn)),
            });
        } else if line.is(b"newsuperior") && new_superior.is_none() {
            new_superior = Some(line.bytes());
        } else {
            return Err((*line, misplaced(line, LdifErrorKind::BadRename)));
        }
    }
    let new_rdn = new_rdn.ok_or((*change_line, LdifErrorKind::MissingNewRdn))?;
    let delete_old_rdn =
        delete_old_rdn.ok_or((*change_line, LdifErrorKind::MissingDeleteOldRdn))?;
    Ok(Change::ModRdn { new_rdn, delete_old_rdn, new_superior })
}

/// What is wrong with a line behind `changetype` that does not belong there.
fn misplaced(line: &Line<'_>, kind: LdifErrorKind) -> LdifErrorKind {
    if line.is(b"control") { LdifErrorKind::MisplacedControl } else { kind }
}

/// `control: OID [true|false] [: value | :: base64 | :< URL]` (RFC 2849 `control`).
fn control<'a>(line: &Line<'a>) -> Option<Control<'a>> {
    if line.form != Form::Plain {
        return None;
    }
    let text = line.text();
    let (head, value) = match memchr::memchr(b':', &text) {
        Some(colon) => (&text[..colon], Some(&text[colon..])),
        None => (&text[..], None),
    };
    let mut words = head.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let oid = words.next()?;
    if !oid.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
        return None;
    }
    let criticality = match words.next() {
        None => None,
        Some(word) if word.eq_ignore_ascii_case(b"true") => Some(true),
        Some(word) if word.eq_ignore_ascii_case(b"false") => Some(false),
        Some(_) => return None,
    };
    if words.next().is_some() {
        return None;
    }
    let value = match value {
        None => None,
        Some(value) => Some(Line::parse_value(value)?.into_owned()),
    };
    Some(Control { oid: Cow::Owned(oid.to_vec()), criticality, value })
}

fn trimmed(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii_end()),
        Cow::Owned(text) => Cow::Owned(text.trim_ascii_end().to_vec()),
    }
}

#[cfg(test)]
#[path = "raw_tests.rs"]
mod tests;
