//! What the cloud holds already, as its administrators export it.

mod read;

use rustc_hash::FxHashMap;

/// The objects of a tenant with the names and addresses that only one object may
/// have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantExport {
    objects: Vec<CloudObject>,
    /// By name or address in lower case, SIP addresses behind `sip:`.
    by_address: FxHashMap<Box<str>, Vec<usize>>,
    by_anchor: FxHashMap<Box<str>, usize>,
    knows_origins: bool,
}

/// An object of the cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloudObject {
    /// What it is called: its userPrincipalName, or another of its names.
    pub name: String,
    /// Its source anchor (onPremisesImmutableId); `None` where nothing on premises
    /// stands behind it.
    pub anchor: Option<Box<str>>,
    /// Its userPrincipalName in lower case.
    pub principal_name: Option<Box<str>>,
    /// Its primary SMTP address in lower case.
    pub primary: Option<Box<str>>,
    /// The role of an administrator that it holds, where the export says so.
    pub role: Option<Box<str>>,
}

/// Why a file is no export of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TenantExportError {
    /// There are no columns with addresses.
    #[error(
        "no column userPrincipalName, mail or proxyAddresses (EmailAddresses) is in it, only \
         {found}; export the users with these columns"
    )]
    NoAddresses {
        /// The columns, as far as they can be listed.
        found: String,
    },
    /// It has no object.
    #[error("no object is in it")]
    Empty,
    /// A row cannot be read.
    #[error("line {line}: {reason}")]
    Row {
        /// The line, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// A list was exported as the name of its type.
    #[error(
        "line {line}: {column} is {value}, which PowerShell writes in place of a list; export it \
         with Select-Object @{{n='{column}';e={{$_.{column} -join ';'}}}}"
    )]
    TypeName {
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// What stands there.
        value: String,
    },
}

impl TenantExport {
    /// The objects that hold a name or an address, given in lower case.
    pub fn holders(&self, address: &str) -> impl Iterator<Item = (usize, &CloudObject)> {
        let numbers = self.by_address.get(address).map(Vec::as_slice).unwrap_or_default();
        numbers.iter().filter_map(|at| Some((*at, self.objects.get(*at)?)))
    }

    /// The number of the object that has a source anchor.
    #[must_use]
    pub fn with_anchor(&self, anchor: &str) -> Option<usize> {
        self.by_anchor.get(anchor).copied()
    }

    /// Whether the export says which objects come from where: without that, what is
    /// synchronised already looks like a stranger.
    #[must_use]
    pub fn knows_origins(&self) -> bool {
        self.knows_origins
    }

    /// The number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    fn add(&mut self, object: CloudObject, addresses: impl IntoIterator<Item = String>) {
        let number = self.objects.len();
        for address in addresses {
            let holders = self.by_address.entry(address.into_boxed_str()).or_default();
            if holders.last() != Some(&number) {
                holders.push(number);
            }
        }
        if let Some(anchor) = &object.anchor {
            self.by_anchor.insert(anchor.clone(), number);
        }
        self.objects.push(object);
    }
}
