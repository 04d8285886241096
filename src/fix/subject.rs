//! An entry under correction as the rules see it.

use crate::change::{Essential, IntendedAttribute};
use crate::directory::{AttributeDescription, Entry, Facts};
use crate::ldif::{Line, Value};
use crate::rules::{Attr, Profile, Subject, Suspect};

/// Drops the attributes that no rule reads, so that no suggestion changes them, and on
/// which no proof turns: an entry is looked at many times, and most have many of these.
pub(super) fn keep_what_matters(entry: &mut Entry<'_>) {
    let essential = Essential::of(&entry.dn);
    entry.retain(|name| {
        // Of a part of the values (`;range=`) a plan must know.
        let description = AttributeDescription::split(name);
        Attr::of(description.base()).is_some() || essential.includes(name)
    });
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
    let mut subject = Subject::default();
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
