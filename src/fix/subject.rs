//! An entry under correction as the rules see it.

use crate::change::IntendedAttribute;
use crate::directory::{AttributeDescription, Entry, Facts};
use crate::ldif::{Line, Value};
use crate::rules::idfix::Buffers;
use crate::rules::{Attr, Profile, Subject, Suspect};

/// Whether some rule reads an attribute: of all others no suggestion says anything, and
/// an entry that is looked at many times has many of these.
pub(super) fn is_read(name: &[u8]) -> bool {
    // Of a part of the values (`;range=`) a plan must know.
    Attr::of(AttributeDescription::split(name).base()).is_some()
}

/// Room for what is worked out of one entry, reused from entry to entry.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub buffers: Buffers,
    pub subject: Subject<'static>,
}

/// The values of an entry's attributes.
pub(super) fn values_of<'e>(
    entry: &'e Entry<'_>,
) -> impl Iterator<Item = (&'e [u8], &'e [Value<'e>])> {
    entry.attributes().iter().map(|attribute| (&*attribute.name, &*attribute.values))
}

/// The values of attributes as they are intended.
pub(super) fn intended_values<'e>(
    attributes: &'e [IntendedAttribute<'_, 'e>],
) -> impl Iterator<Item = (&'e [u8], &'e [Value<'e>])> {
    attributes.iter().map(|attribute| (&*attribute.name, &*attribute.values))
}

/// An entry of these attributes as the rules see it.
pub(super) fn subject_of<'e>(
    dn: &'e [u8],
    attributes: impl Iterator<Item = (&'e [u8], &'e [Value<'e>])>,
    profile: &Profile,
) -> Subject<'e> {
    subject_in(Subject::default(), dn, attributes, profile)
}

/// The same in the memory of another, which nobody needs any more.
pub(super) fn subject_in<'e>(
    mut subject: Subject<'e>,
    dn: &'e [u8],
    attributes: impl Iterator<Item = (&'e [u8], &'e [Value<'e>])>,
    profile: &Profile,
) -> Subject<'e> {
    subject.reset(&Line::of(b"dn", dn));
    for (name, values) in attributes {
        let has_options = name.contains(&b';');
        if has_options {
            let description = AttributeDescription::split(name);
            let attr = Attr::of(description.base()).filter(|_| description.is_partial());
            attr.into_iter().for_each(|attr| subject.mark_partial(attr));
        }
        let number = Facts::numbered(name).filter(|_| !has_options);
        let number = number.map_or(0, |(number, _)| number);
        let attr = Attr::numbered(number, name);
        let screen = profile.screen(number);
        for (number, value) in values.iter().enumerate() {
            let Value::Bytes(bytes) = value else {
                attr.into_iter().for_each(|attr| subject.mark_partial(attr));
                continue;
            };
            let line = Line::of(name, bytes);
            let line = if number > 0 { line.repeated() } else { line };
            if screen.stops(&line) {
                subject.suspect(Suspect::of(screen, &line));
            }
            attr.into_iter().for_each(|attr| subject.push(attr, line));
        }
    }
    subject
}
