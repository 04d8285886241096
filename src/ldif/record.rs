//! Records as the RFC defines them, decoded, in the order of the input.

use std::borrow::Cow;

/// One record: an entry, or a change to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record<'a> {
    /// A content record (`ldif-attrval-record`).
    Content(ContentRecord<'a>),
    /// A change record (`ldif-change-record`).
    Change(ChangeRecord<'a>),
}

impl<'a> Record<'a> {
    /// The DN as it was written, decoded from base64 where it was encoded.
    #[must_use]
    pub fn dn(&self) -> &[u8] {
        match self {
            Self::Content(content) => &content.dn,
            Self::Change(change) => &change.dn,
        }
    }

    /// The same record, owning all its bytes.
    #[must_use]
    pub fn into_owned(self) -> Record<'static> {
        match self {
            Self::Content(content) => Record::Content(content.into_owned()),
            Self::Change(change) => Record::Change(change.into_owned()),
        }
    }
}

/// An entry: a DN and its attribute lines, repeated and ungrouped ones included,
/// in the order of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentRecord<'a> {
    /// The DN's bytes; empty for the root DSE.
    pub dn: Cow<'a, [u8]>,
    /// One element per attribute line.
    pub attributes: Vec<Attribute<'a>>,
}

/// One attribute line: an attribute description and one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The attribute description as written, options included.
    pub name: Cow<'a, [u8]>,
    /// The value.
    pub value: Value<'a>,
}

/// A value as it stands in a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value<'a> {
    /// The bytes of the value.
    Bytes(Cow<'a, [u8]>),
    /// `attr:< URL`: a reference that is kept and never opened.
    Url(Cow<'a, [u8]>),
}

impl<'a> Value<'a> {
    /// The value's bytes; `None` for a reference, whose bytes are elsewhere.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Url(_) => None,
        }
    }

    /// The same value, owning its bytes.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Self::Url(url) => Value::Url(Cow::Owned(url.into_owned())),
        }
    }
}

/// A change to one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRecord<'a> {
    /// The DN's bytes; empty for the root DSE.
    pub dn: Cow<'a, [u8]>,
    /// Controls, in order; they stand before `changetype`.
    pub controls: Vec<Control<'a>>,
    /// The `changetype` word where it is one of Microsoft's spellings
    /// (`ntdsSchemaAdd` and so on) or `moddn`; `None` for the plain word.
    pub spelling: Option<Cow<'a, [u8]>>,
    /// What is to be done.
    pub change: Change<'a>,
}

/// The kinds of change (RFC 2849 `changerecord`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    /// Create the entry with these attribute lines.
    Add(Vec<Attribute<'a>>),
    /// Delete the entry.
    Delete,
    /// Modify attributes, in order.
    Modify(Vec<Modification<'a>>),
    /// Rename or move the entry.
    ModRdn {
        /// The new RDN.
        new_rdn: Cow<'a, [u8]>,
        /// Whether the values of the old RDN are removed from the entry.
        delete_old_rdn: bool,
        /// The DN of the new parent, where the entry moves.
        new_superior: Option<Cow<'a, [u8]>>,
    },
}

/// The kind of a change record, without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeType {
    /// `add`
    Add,
    /// `delete`
    Delete,
    /// `modify`
    Modify,
    /// `modrdn` or `moddn`
    ModRdn,
}

/// One modification of a modify record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modification<'a> {
    /// What is done with the values.
    pub op: ModOp,
    /// The attribute description.
    pub attribute: Cow<'a, [u8]>,
    /// The values; empty means the whole attribute for delete and replace.
    pub values: Vec<Value<'a>>,
}

/// The operations of a modification (RFC 2849, RFC 4525).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModOp {
    /// Add values.
    Add,
    /// Delete values, or the attribute.
    Delete,
    /// Replace all values.
    Replace,
    /// Add to a number (RFC 4525).
    Increment,
}

impl ModOp {
    /// The word of the LDIF line.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::Increment => "increment",
        }
    }
}

/// A control of a change record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control<'a> {
    /// The control's OID.
    pub oid: Cow<'a, [u8]>,
    /// The criticality, where the line states it.
    pub criticality: Option<bool>,
    /// The value, where there is one.
    pub value: Option<Value<'a>>,
}

impl ContentRecord<'_> {
    /// The same record, owning all its bytes.
    #[must_use]
    pub fn into_owned(self) -> ContentRecord<'static> {
        ContentRecord { dn: Cow::Owned(self.dn.into_owned()), attributes: own_all(self.attributes) }
    }
}

impl Attribute<'_> {
    /// The same line, owning its bytes.
    #[must_use]
    pub fn into_owned(self) -> Attribute<'static> {
        Attribute { name: Cow::Owned(self.name.into_owned()), value: self.value.into_owned() }
    }
}

impl ChangeRecord<'_> {
    /// The same record, owning all its bytes.
    #[must_use]
    pub fn into_owned(self) -> ChangeRecord<'static> {
        ChangeRecord {
            dn: Cow::Owned(self.dn.into_owned()),
            controls: self.controls.into_iter().map(Control::into_owned).collect(),
            spelling: self.spelling.map(|word| Cow::Owned(word.into_owned())),
            change: match self.change {
                Change::Add(attributes) => Change::Add(own_all(attributes)),
                Change::Delete => Change::Delete,
                Change::Modify(mods) => {
                    Change::Modify(mods.into_iter().map(Modification::into_owned).collect())
                }
                Change::ModRdn { new_rdn, delete_old_rdn, new_superior } => Change::ModRdn {
                    new_rdn: Cow::Owned(new_rdn.into_owned()),
                    delete_old_rdn,
                    new_superior: new_superior.map(|dn| Cow::Owned(dn.into_owned())),
                },
            },
        }
    }
}

impl Control<'_> {
    /// The same control, owning its bytes.
    #[must_use]
    pub fn into_owned(self) -> Control<'static> {
        Control {
            oid: Cow::Owned(self.oid.into_owned()),
            criticality: self.criticality,
            value: self.value.map(Value::into_owned),
        }
    }
}

impl Modification<'_> {
    /// The same modification, owning its bytes.
    #[must_use]
    pub fn into_owned(self) -> Modification<'static> {
        Modification {
            op: self.op,
            attribute: Cow::Owned(self.attribute.into_owned()),
            values: self.values.into_iter().map(Value::into_owned).collect(),
        }
    }
}

fn own_all(attributes: Vec<Attribute<'_>>) -> Vec<Attribute<'static>> {
    attributes.into_iter().map(Attribute::into_owned).collect()
}
