//! The schema of Active Directory: what its servers refuse in any attribute that is
//! in the table of attributes, and objects that replication has left behind.
//!
//! Nearly all lines of an export are cleared by a [`Screen`] where they are read;
//! the family sees the others only.

mod check;
mod dn;
mod rules;
mod screen;
#[cfg(test)]
mod tests;

use super::{Family, Object, ObjectKind};
use crate::rules::Attr;

pub use screen::Screen;

/// The family.
pub(super) const FAMILY: Family =
    Family { name: "schema", rules: rules::RULES, check: check::check };

/// Whether an entry is one that the schema of Active Directory speaks of: other
/// servers have attributes of the same names under rules of their own.
pub(super) fn is_of_active_directory(object: &Object<'_, '_>) -> bool {
    /// Classes of Active Directory that few other schemas have.
    const CLASSES: [&[u8]; 4] = [b"user", b"group", b"contact", b"computer"];
    object.subject.has(Attr::ObjectCategory)
        || object.kind != ObjectKind::Other
            && is_below_domain(object.subject.dn())
            && object
                .values(Attr::ObjectClass)
                .any(|(_, class)| CLASSES.iter().any(|known| class.eq_ignore_ascii_case(known)))
}

/// Whether a DN ends with a domain, as all of Active Directory's do; eDirectory, which
/// has a class `user` too, ends them with an organisation.
fn is_below_domain(dn: &[u8]) -> bool {
    let last = memchr::memrchr(b',', dn).map_or(0, |comma| comma + 1);
    let last = dn.get(last..).unwrap_or_default().trim_ascii_start();
    last.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"DC="))
}
