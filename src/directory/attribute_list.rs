//! Which attributes a search asks for (RFC 4511 section 4.5.1.8).

use super::attribute::{AttributeDescription, AttributeError, same_type};
use super::filter::Selector;
use super::schema::{Facts, Writability};

/// A choice of attributes: named ones, all user attributes (`*`), all operational
/// ones (`+`, RFC 3673), or none (`1.1`).
#[derive(Debug, Clone, Default)]
pub struct AttributeList {
    named: Vec<Selector>,
    user: bool,
    operational: bool,
}

/// What is wrong with a choice of attributes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributeListError {
    /// A name that is none.
    #[error("'{name}' names no attribute: {error}")]
    Name {
        /// What stands there.
        name: String,
        /// What is wrong with it.
        error: AttributeError,
    },
    /// `1.1` beside something else.
    #[error("1.1 asks for no attributes; it stands alone")]
    NoneAndMore,
}

impl AttributeList {
    /// A choice; each name chooses its subtypes by options too, as `cn` does
    /// `cn;lang-de` and `userCertificate` does `userCertificate;binary`.
    ///
    /// # Errors
    /// Where a name is none, or `1.1` does not stand alone.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, AttributeListError> {
        let mut list = Self::default();
        let (mut none, mut some) = (false, false);
        for name in names {
            match name {
                "1.1" => none = true,
                "*" => list.user = true,
                "+" => list.operational = true,
                _ => match AttributeDescription::parse(name.as_bytes()) {
                    Ok(description) => list.named.push(Selector::of(&description)),
                    Err(error) => {
                        return Err(AttributeListError::Name { name: name.to_owned(), error });
                    }
                },
            }
            some |= name != "1.1";
        }
        if none && some {
            return Err(AttributeListError::NoneAndMore);
        }
        Ok(list)
    }

    /// Whether an attribute that is stored under this description is chosen.
    #[must_use]
    pub fn takes(&self, stored: &[u8]) -> bool {
        let kind = || if is_operational(stored) { self.operational } else { self.user };
        self.named.iter().any(|name| name.takes(stored))
            || (self.user || self.operational) && kind()
    }
}

/// Operational attributes that the schema table does not hold, or holds as what
/// Active Directory takes them for (RFC 4512 section 3.4, RFC 3045, RFC 5020,
/// draft-behera-ldap-password-policy, OpenLDAP, 389 Directory Server).
const OPERATIONAL: &[&str] = &[
    "altServer",
    "aci",
    "authTimestamp",
    "contextCSN",
    "createTimestamp",
    "creatorsName",
    "entryCSN",
    "entryDN",
    "entryTtl",
    "entryUUID",
    "governingStructureRule",
    "hasSubordinates",
    "modifiersName",
    "modifyTimestamp",
    "namingContexts",
    "nsUniqueId",
    "numSubordinates",
    "pwdAccountLockedTime",
    "pwdChangedTime",
    "pwdFailureTime",
    "pwdGraceUseTime",
    "pwdHistory",
    "pwdLastSuccess",
    "pwdPolicySubentry",
    "pwdReset",
    "pwdUniqueAttempts",
    "structuralObjectClass",
    "subschemaSubentry",
    "supportedControl",
    "supportedExtension",
    "supportedFeatures",
    "supportedLDAPVersion",
    "supportedSASLMechanisms",
    "vendorName",
    "vendorVersion",
];

/// Whether a server hands the attribute out only when it is asked for it by name
/// or by `+`: operational attributes, and those that Active Directory computes.
#[must_use]
pub fn is_operational(stored: &[u8]) -> bool {
    let base = AttributeDescription::split(stored).base();
    Facts::of(base).writability == Writability::Constructed
        || OPERATIONAL.iter().any(|name| same_type(name.as_bytes(), base))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(names: &[&str]) -> Vec<&'static str> {
        let list = AttributeList::of(names.iter().copied());
        let stored = [
            "cn",
            "CN;lang-de",
            "userCertificate;binary",
            "member;range=0-9",
            "objectGUID",
            "entryUUID",
            "ModifyTimeStamp",
            "tokenGroups",
        ];
        list.map(|list| stored.into_iter().filter(|name| list.takes(name.as_bytes())).collect())
            .unwrap_or_default()
    }

    #[test]
    fn names_stars_and_options_choose_as_ldapsearch_has_it() {
        let user = ["cn", "CN;lang-de", "userCertificate;binary", "member;range=0-9", "objectGUID"];
        let operational = ["entryUUID", "ModifyTimeStamp", "tokenGroups"];
        assert_eq!(taken(&["*"]), user);
        assert_eq!(taken(&["+"]), operational);
        assert_eq!(taken(&["*", "+"]), [user.as_slice(), &operational].concat());
        assert_eq!(taken(&["*", "entryuuid"]), [user.as_slice(), &["entryUUID"]].concat());
        assert_eq!(taken(&["commonName"]), ["cn", "CN;lang-de"]);
        assert_eq!(taken(&["cn;lang-de"]), ["CN;lang-de"]);
        assert_eq!(
            taken(&["USERCERTIFICATE", "Member"]),
            ["userCertificate;binary", "member;range=0-9"]
        );
        assert_eq!(taken(&["1.1"]), [""; 0]);
    }

    #[test]
    fn what_is_no_choice_is_refused() {
        let error =
            |names: &[&str]| AttributeList::of(names.iter().copied()).err().map(|e| e.to_string());
        assert_eq!(
            error(&["1.1", "cn"]).as_deref(),
            Some("1.1 asks for no attributes; it stands alone")
        );
        assert!(error(&["c n"]).is_some_and(|text| text.contains("'c n'")));
        assert!(error(&[""]).is_some());
        assert_eq!(error(&["2.5.4.3", "1.1.5"]), None);
    }
}
