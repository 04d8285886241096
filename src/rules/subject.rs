//! An entry as the rules see it: only the attributes that some rule reads, raw,
//! in slots that are reused from entry to entry.

use std::borrow::Cow;

use crate::ldif::Line;

macro_rules! attributes {
    ($($variant:ident = $name:literal,)*) => {
        /// An attribute that some rule reads.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the name says it")]
        pub enum Attr {
            $($variant,)*
        }

        impl Attr {
            /// All attributes that some rule reads, in order of their number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as the schema spells it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

attributes! {
    Cn = "cn",
    DisplayName = "displayName",
    DistinguishedName = "distinguishedName",
    GivenName = "givenName",
    GroupType = "groupType",
    HomeMdb = "homeMDB",
    IsCriticalSystemObject = "isCriticalSystemObject",
    Mail = "mail",
    MailNickname = "mailNickname",
    MsExchHideFromAddressLists = "msExchHideFromAddressLists",
    MsExchRecipientTypeDetails = "msExchRecipientTypeDetails",
    ObjectCategory = "objectCategory",
    ObjectClass = "objectClass",
    ProxyAddresses = "proxyAddresses",
    SamAccountName = "sAMAccountName",
    Sn = "sn",
    TargetAddress = "targetAddress",
    UserPrincipalName = "userPrincipalName",
}

impl Attr {
    /// The attribute of a description without options; `None` where no rule
    /// reads it.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        // A name is looked at once per line of the export, so length decides
        // first and a comparison of bytes only second.
        Self::ALL.iter().copied().find(|attr| {
            attr.name().len() == name.len() && attr.name().as_bytes().eq_ignore_ascii_case(name)
        })
    }
}

/// One entry's lines, sorted into slots.
#[derive(Debug, Default)]
pub struct Subject<'a> {
    dn: Cow<'a, [u8]>,
    slots: [Vec<Line<'a>>; Attr::ALL.len()],
    partial: u64,
}

impl<'a> Subject<'a> {
    /// Empties the slots, keeps their memory, and takes the DN of the next entry.
    pub fn reset(&mut self, dn: Cow<'a, [u8]>) {
        self.slots.iter_mut().for_each(Vec::clear);
        self.partial = 0;
        self.dn = dn;
    }

    /// Puts a line into the slot of its attribute.
    pub fn push(&mut self, attr: Attr, line: Line<'a>) {
        self.slots[attr as usize].push(line);
    }

    /// Marks an attribute of which the export holds only a part (`;range=`).
    pub fn mark_partial(&mut self, attr: Attr) {
        self.partial |= 1 << (attr as u8);
    }

    /// Whether the export holds only a part of the attribute's values.
    #[must_use]
    pub fn is_partial(&self, attr: Attr) -> bool {
        self.partial & (1 << (attr as u8)) != 0
    }

    /// The entry's DN as it was written.
    #[must_use]
    pub fn dn(&self) -> &[u8] {
        &self.dn
    }

    /// The lines of an attribute, in the order of the export.
    #[must_use]
    pub fn lines(&self, attr: Attr) -> &[Line<'a>] {
        &self.slots[attr as usize]
    }

    /// Whether the attribute has a value, an empty one included.
    #[must_use]
    pub fn has(&self, attr: Attr) -> bool {
        !self.lines(attr).is_empty()
    }

    /// The bytes of the attribute's first value.
    #[must_use]
    pub fn first(&self, attr: Attr) -> Option<Cow<'a, [u8]>> {
        self.lines(attr).first().map(Line::bytes)
    }

    /// The bytes of the attribute's last value.
    #[must_use]
    pub fn last(&self, attr: Attr) -> Option<Cow<'a, [u8]>> {
        self.lines(attr).last().map(Line::bytes)
    }
}
