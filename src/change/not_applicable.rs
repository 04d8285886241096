//! Why a change record does not apply.

/// Why a change record does not apply, in the words and with the result code
/// of a server that refuses it (RFC 4511, appendix A).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", Subject(self))]
pub struct NotApplicable {
    /// What is in the way.
    pub reason: Reason,
    /// The attribute description, where the reason concerns one.
    pub attribute: Option<Vec<u8>>,
    /// The value or DN, where the reason concerns one.
    pub value: Option<Vec<u8>>,
}

/// What is in the way of a change record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// An `add:` without a value.
    #[error("there is no value to add")]
    NothingToAdd,
    /// The attribute to be deleted or incremented is absent.
    #[error("the attribute is not there")]
    NoSuchAttribute,
    /// The value to be deleted is absent.
    #[error("the value is not there")]
    NoSuchValue,
    /// The value to be added is there already, perhaps spelled otherwise.
    #[error("an equal value is already there")]
    ValueExists,
    /// A second value for a single-valued attribute.
    #[error("the attribute takes one value only")]
    SingleValued,
    /// `increment:` of or by something that is no integer, or beyond 128 bits.
    #[error("this cannot be incremented: not an integer that fits")]
    NotAnInteger,
    /// The text is not a DN or RDN.
    #[error("this is not a DN")]
    InvalidDn,
    /// The entry is not in the export.
    #[error("there is no such entry")]
    NoSuchEntry,
    /// The parent is not in the export, though an entry above it is.
    #[error("the parent entry does not exist")]
    NoParent,
    /// An entry of that name is there already.
    #[error("an entry of this name already exists")]
    EntryExists,
    /// The entry still has entries below it.
    #[error("there are entries below this one")]
    NotLeaf,
    /// A modify that takes away a value which names the entry.
    #[error("the value names the entry: use modrdn")]
    NamesTheEntry,
    /// A delete, where only a changed entry can be shown.
    #[error("a delete leaves no entry")]
    NoEntryLeft,
    /// A rename that keeps the old name beside the new one, where an entry has
    /// one name only: Active Directory.
    #[error("Active Directory keeps no second name: say `deleteoldrdn: 1`")]
    KeepsOldName,
    /// A control that OpenLDAP does not know for such a record, and that is critical.
    #[error("OpenLDAP takes no such record with this control: leave the control out")]
    ControlNotTaken,
    /// A move of an entry below itself, or of the root.
    #[error("an entry cannot be moved there")]
    CannotMove,
}

impl Reason {
    /// The LDAP result code with which a server refuses such a change.
    #[must_use]
    pub fn result_code(self) -> u8 {
        match self {
            Self::NothingToAdd => 2,
            Self::ControlNotTaken => 12,
            Self::NoSuchAttribute | Self::NoSuchValue => 16,
            Self::SingleValued | Self::NotAnInteger => 19,
            Self::ValueExists => 20,
            Self::NoSuchEntry | Self::NoParent => 32,
            Self::InvalidDn => 34,
            Self::KeepsOldName | Self::CannotMove | Self::NoEntryLeft => 53,
            Self::NotLeaf => 66,
            Self::NamesTheEntry => 67,
            Self::EntryExists => 68,
        }
    }
}

impl NotApplicable {
    pub(super) fn of_attribute(reason: Reason, attribute: &[u8]) -> Self {
        Self { reason, attribute: Some(attribute.to_vec()), value: None }
    }

    pub(super) fn of_value(reason: Reason, attribute: &[u8], value: &[u8]) -> Self {
        Self { reason, attribute: Some(attribute.to_vec()), value: Some(value.to_vec()) }
    }

    pub(super) fn of_dn(reason: Reason, dn: &[u8]) -> Self {
        Self { reason, attribute: None, value: Some(dn.to_vec()) }
    }
}

/// What stands behind the reason: `: mail: joe@example.com`.
struct Subject<'a>(&'a NotApplicable);

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for text in [&self.0.attribute, &self.0.value].into_iter().flatten() {
            write!(f, ": {}", text.escape_ascii())?;
        }
        Ok(())
    }
}
