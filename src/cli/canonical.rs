//! Records as canonical LDIF, straight from their lines where that will do.

use std::borrow::Cow;

use crate::directory::Entry;
use crate::ldif::{Change, ChangeRecord, Form, Line, RawRecord, Record, Value, WriteError, Writer};

/// Writes a record; gives the line to blame where LDIF cannot express it.
pub fn write_record<'a>(
    writer: &mut Writer<Vec<u8>>,
    record: RawRecord<'_, 'a>,
) -> Option<Line<'a>> {
    write_renamed(writer, record, None)
}

/// The same for a record that was read from `chunk`: what stands there as it is to
/// be written is copied.
pub fn copy_record<'a>(
    writer: &mut Writer<Vec<u8>>,
    chunk: &'a [u8],
    record: RawRecord<'_, 'a>,
) -> Option<Line<'a>> {
    if !is_copied(&record) {
        return write_record(writer, record);
    }
    let written = writer.lines(chunk, record.lines().iter()).and_then(|()| writer.blank());
    written.err().and(record.first_line().copied())
}

/// Whether the lines of a record can be written one by one as they are: an entry
/// without URLs, for no line of which writing can fail on its own.
pub fn is_copied(record: &RawRecord<'_, '_>) -> bool {
    let is_plain = |line: &Line<'_>| {
        line.form() == Form::Plain && *line.name() == *b"changetype" && line.raw() == b"add"
    };
    let form = match (record.change(), record.lines()) {
        (None, _) => true,
        (Some(ChangeRecord { change: Change::Add(_), controls, spelling: None, .. }), lines) => {
            let [dn, changetype, ..] = lines else { return false };
            // The words of a change record are written in lower case.
            controls.is_empty() && *dn.name() == *b"dn" && is_plain(changetype)
        }
        (Some(_), _) => false,
    };
    form && !record.attribute_lines().iter().any(|line| line.form() == Form::Url)
}

/// An entry as content or as an add, as it stood in the export.
pub fn in_its_form<'e>(entry: Entry<'e>, stood: Record<'e>) -> Record<'e> {
    let content = entry.into_record();
    match stood {
        Record::Content(_) => Record::Content(content),
        Record::Change(change) => Record::Change(ChangeRecord {
            dn: content.dn,
            change: Change::Add(content.attributes),
            ..change
        }),
    }
}

/// The same under another DN, where one is given.
pub fn write_renamed<'a>(
    writer: &mut Writer<Vec<u8>>,
    record: RawRecord<'_, 'a>,
    dn: Option<Vec<u8>>,
) -> Option<Line<'a>> {
    let first = record.first_line().copied();
    let url = record.attribute_lines().iter().find(|line| line.form() == Form::Url).copied();
    let written = if record.change().is_some() || url.is_some() {
        writer.record(&with_dn(record.into_record(), dn))
    } else {
        // No line of a content record without URLs can fail on its own.
        content_lines(writer, &record, dn)
    };
    match written {
        Ok(()) => None,
        Err(_) => url.or(first),
    }
}

fn with_dn(mut record: Record<'_>, dn: Option<Vec<u8>>) -> Record<'_> {
    if let Some(dn) = dn {
        match &mut record {
            Record::Content(content) => content.dn = Cow::Owned(dn),
            Record::Change(change) => change.dn = Cow::Owned(dn),
        }
    }
    record
}

fn content_lines(
    writer: &mut Writer<Vec<u8>>,
    record: &RawRecord<'_, '_>,
    dn: Option<Vec<u8>>,
) -> Result<(), WriteError> {
    match (dn, record.first_line()) {
        (Some(dn), _) => writer.attribute(b"dn", &Value::Bytes(Cow::Owned(dn)))?,
        (None, Some(line)) => writer.attribute(&line.name(), &line.value())?,
        (None, None) => {}
    }
    for line in record.attribute_lines() {
        writer.attribute(&line.name(), &line.value())?;
    }
    writer.blank()
}
