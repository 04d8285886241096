//! Which attributes are compared, and what kind of server the exports come from.

use crate::change::identity;
use crate::change::stored::marks_active_directory;
use crate::directory::attribute::same_type;
use crate::directory::{AttributeDescription, Entry, Facts, Syntax, Writability};

/// Which attributes a difference is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Only these types; all where there is none.
    pub only: Vec<Vec<u8>>,
    /// Not these types.
    pub ignored: Vec<Vec<u8>>,
    /// Also those that the server maintains; never what follows from links.
    pub operational: bool,
}

/// The kind of server: servers differ in what they do by themselves when an entry
/// moves or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Server {
    /// Active Directory, and Samba in its stead: values that name an entry follow
    /// it when it moves, and go when it goes. The value in the RDN is changed by
    /// renames only.
    ActiveDirectory,
    /// OpenLDAP and the like: a value stays as it was written.
    #[default]
    Plain,
}

/// Attributes whose values AD takes only to reset them, or never.
const RESET_ONLY: [&str; 3] = ["pwdLastSet", "lockoutTime", "sIDHistory"];

/// Attributes that only servers other than AD put on every entry.
const PLAIN_MARKS: [&[u8]; 4] =
    [b"entryUUID", b"nsUniqueId", b"entryCSN", b"structuralObjectClass"];

impl Compared {
    /// Whether values of this attribute are compared and written.
    #[must_use]
    pub fn takes(&self, name: &[u8]) -> bool {
        let base = AttributeDescription::split(name).base();
        let is_one_of = |types: &[Vec<u8>]| types.iter().any(|of| same_type(of, base));
        (self.only.is_empty() || is_one_of(&self.only))
            && !is_one_of(&self.ignored)
            && self.is_open(name)
    }

    fn is_open(&self, name: &[u8]) -> bool {
        let facts = Facts::of(name);
        // By their names in the schemas of AD and Exchange.
        if facts.name.is_empty() && AttributeDescription::split(name).base().ends_with(b"BL") {
            return false;
        }
        match facts.writability {
            Writability::BackLink => false,
            Writability::System | Writability::Constructed => self.operational,
            Writability::Restricted if RESET_ONLY.contains(&facts.name) => self.operational,
            Writability::Writable
            | Writability::Renames
            | Writability::Restricted
            | Writability::WriteOnly
            | Writability::Keep => self.operational || has_own_values(name),
        }
    }
}

/// Whether the description is one that clients write, or stands for a part of one:
/// other options are a server's own notes.
fn has_own_values(name: &[u8]) -> bool {
    identity::has_plain_options(name) || identity::is_partial(name)
}

impl Server {
    /// What an entry says of the server that it comes from.
    pub(super) fn of_entry(entry: &Entry<'_>) -> Option<Self> {
        let any = |is: &dyn Fn(&[u8]) -> bool| entry.attributes().iter().any(|a| is(&a.name));
        let is_plain = |name: &[u8]| PLAIN_MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(name));
        if any(&is_plain) {
            return Some(Self::Plain);
        }
        any(&marks_active_directory).then_some(Self::ActiveDirectory)
    }

    /// Whether the server itself keeps the attribute in step with the entry's RDN,
    /// whose types these are.
    pub(super) fn names_by_itself(self, name: &[u8], rdn_types: &[Vec<u8>]) -> bool {
        self == Self::ActiveDirectory
            && (Facts::of(name).name == "name"
                || rdn_types.iter().any(|of| identity::same_attribute(of, name)))
    }

    /// Whether the server keeps the DNs in this attribute up to date.
    pub(super) fn follows_links(self, name: &[u8]) -> bool {
        self.follows_names() && holds_dns(name)
    }

    /// Whether the server keeps DNs in values up to date.
    pub(super) fn follows_names(self) -> bool {
        self == Self::ActiveDirectory
    }

    /// Whether an add may hold the attribute: AD takes the name from the RDN, and
    /// gives every new account the primary group of its kind (Samba: 53).
    pub(super) fn takes_in_add(self, name: &[u8]) -> bool {
        self == Self::Plain || !["name", "primaryGroupID"].contains(&Facts::of(name).name)
    }

    /// Whether the server can delete a single value of the attribute.
    pub(super) fn deletes_by_value(self, name: &[u8]) -> bool {
        self == Self::ActiveDirectory || !identity::lacks_equality(name)
    }
}

/// Whether the values name entries.
pub(super) fn holds_dns(name: &[u8]) -> bool {
    matches!(Facts::of(name).syntax, Syntax::DistinguishedName | Syntax::DnWithBinary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_maintains_is_left_out_unless_it_is_asked_for() {
        let (usual, all) =
            (Compared::default(), Compared { operational: true, ..Compared::default() });
        for name in [
            "whenChanged",
            "uSNChanged",
            "modifyTimestamp",
            "entryCSN",
            "objectGUID",
            "objectSid",
            "distinguishedName",
            "pwdLastSet",
            "lockoutTime",
            "member;vucsn-5f",
        ] {
            assert!(!usual.takes(name.as_bytes()), "{name}");
            assert!(all.takes(name.as_bytes()), "{name}");
        }
        for name in [
            "mail",
            "cn",
            "member",
            "member;range=0-9",
            "objectClass",
            "userPassword",
            "userAccountControl",
            "noSuchAttribute",
            "cn;lang-de",
        ] {
            assert!(usual.takes(name.as_bytes()), "{name}");
        }
        for name in ["memberOf", "directReports", "publicDelegatesBL"] {
            assert!(!all.takes(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn attributes_are_chosen_and_ignored_by_type_whatever_their_spelling() {
        let chosen = Compared { only: vec![b"CN".to_vec()], ..Compared::default() };
        assert!(chosen.takes(b"commonName") && chosen.takes(b"cn;lang-de"));
        assert!(!chosen.takes(b"mail"));
        let ignored = Compared { ignored: vec![b"2.5.4.3".to_vec()], ..Compared::default() };
        assert!(!ignored.takes(b"cn") && ignored.takes(b"mail"));
    }
}
