//! Records as canonical LDIF, straight from their lines where that will do.

use std::borrow::Cow;

use crate::ldif::{Form, Line, RawRecord, Record, Value, WriteError, Writer};

/// Writes a record; gives the line to blame where LDIF cannot express it.
pub fn write_record<'a>(
    writer: &mut Writer<Vec<u8>>,
    record: RawRecord<'_, 'a>,
) -> Option<Line<'a>> {
    write_renamed(writer, record, None)
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
