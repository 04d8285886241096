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
pub(super) const FAMILY: Family = Family { rules: rules::RULES, check: check::check };

/// Whether an entry is one that the schema of Active Directory speaks of: other
/// servers have attributes of the same names under rules of their own.
pub(super) fn is_of_active_directory(object: &Object<'_, '_>) -> bool {
    /// Classes that no schema but Active Directory's has.
    const CLASSES: [&[u8]; 4] = [b"user", b"group", b"contact", b"computer"];
    object.subject.has(Attr::ObjectCategory)
        || object.kind != ObjectKind::Other
            && object
                .values(Attr::ObjectClass)
                .any(|(_, class)| CLASSES.iter().any(|known| class.eq_ignore_ascii_case(known)))
}
