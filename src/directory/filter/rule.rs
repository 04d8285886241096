//! Matching rules of extensible filters (RFC 4517 section 4.2, MS-ADTS
//! 3.1.1.3.4.4) and OpenLDAP's of DNs, by name or OID.

use std::fmt::{self, Display, Formatter};

use crate::directory::schema::Syntax;
use crate::directory::scope::Scope;

/// A matching rule as a filter names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchingRule {
    /// A rule that can be evaluated.
    Known(&'static KnownRule),
    /// The name or OID of another.
    Unknown(String),
}

/// A rule that can be evaluated.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownRule {
    /// Its name; its OID where it goes by that alone.
    pub name: &'static str,
    /// Its OID.
    pub oid: &'static str,
    /// What it does.
    pub kind: RuleKind,
}

/// What a matching rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    /// True where the value equals the assertion.
    Equality(Syntax),
    /// True where the value comes before the assertion.
    Ordering(Syntax),
    /// True where all bits of the assertion are set.
    BitAnd,
    /// True where one bit of the assertion is set.
    BitOr,
    /// True where the links lead to the assertion, over any number of entries.
    InChain,
    /// True where the value names an entry within this scope of the asserted one.
    Within(Scope),
    /// True where the value names an entry above the asserted one.
    Above,
}

const RULES: &[KnownRule] = &[
    equality("caseIgnoreMatch", "2.5.13.2", Syntax::CaseIgnoreString),
    equality("caseExactMatch", "2.5.13.5", Syntax::CaseExactString),
    equality("caseIgnoreIA5Match", "1.3.6.1.4.1.1466.109.114.2", Syntax::CaseIgnoreString),
    equality("caseExactIA5Match", "1.3.6.1.4.1.1466.109.114.1", Syntax::CaseExactString),
    equality("objectIdentifierMatch", "2.5.13.0", Syntax::ObjectIdentifier),
    equality("distinguishedNameMatch", "2.5.13.1", Syntax::DistinguishedName),
    equality("numericStringMatch", "2.5.13.8", Syntax::NumericString),
    equality("booleanMatch", "2.5.13.13", Syntax::Boolean),
    equality("integerMatch", "2.5.13.14", Syntax::Integer),
    equality("octetStringMatch", "2.5.13.17", Syntax::OctetString),
    equality("telephoneNumberMatch", "2.5.13.20", Syntax::TelephoneNumber),
    equality("generalizedTimeMatch", "2.5.13.27", Syntax::GeneralizedTime),
    equality("UUIDMatch", "1.3.6.1.1.16.2", Syntax::Guid),
    ordering("caseIgnoreOrderingMatch", "2.5.13.3", Syntax::CaseIgnoreString),
    ordering("caseExactOrderingMatch", "2.5.13.6", Syntax::CaseExactString),
    ordering("numericStringOrderingMatch", "2.5.13.9", Syntax::NumericString),
    ordering("integerOrderingMatch", "2.5.13.15", Syntax::Integer),
    ordering("octetStringOrderingMatch", "2.5.13.18", Syntax::OctetString),
    ordering("generalizedTimeOrderingMatch", "2.5.13.28", Syntax::GeneralizedTime),
    ordering("UUIDOrderingMatch", "1.3.6.1.1.16.3", Syntax::Guid),
    // Servers know these by their OIDs alone.
    microsoft("1.2.840.113556.1.4.803", RuleKind::BitAnd),
    microsoft("1.2.840.113556.1.4.804", RuleKind::BitOr),
    microsoft("1.2.840.113556.1.4.1941", RuleKind::InChain),
    openldap("dnOneLevelMatch", "1.3.6.1.4.1.4203.666.4.8", RuleKind::Within(Scope::One)),
    openldap("dnSubtreeMatch", "1.3.6.1.4.1.4203.666.4.9", RuleKind::Within(Scope::Subtree)),
    openldap("dnSubordinateMatch", "1.3.6.1.4.1.4203.666.4.10", RuleKind::Within(Scope::Children)),
    openldap("dnSuperiorMatch", "1.3.6.1.4.1.4203.666.4.11", RuleKind::Above),
];

const fn equality(name: &'static str, oid: &'static str, syntax: Syntax) -> KnownRule {
    KnownRule { name, oid, kind: RuleKind::Equality(syntax) }
}

const fn ordering(name: &'static str, oid: &'static str, syntax: Syntax) -> KnownRule {
    KnownRule { name, oid, kind: RuleKind::Ordering(syntax) }
}

const fn microsoft(oid: &'static str, kind: RuleKind) -> KnownRule {
    KnownRule { name: oid, oid, kind }
}

const fn openldap(name: &'static str, oid: &'static str, kind: RuleKind) -> KnownRule {
    KnownRule { name, oid, kind }
}

impl MatchingRule {
    /// The rule of a name (in any case) or an OID.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let named = |rule: &&KnownRule| rule.oid == text || rule.name.eq_ignore_ascii_case(text);
        match RULES.iter().find(named) {
            Some(rule) => Self::Known(rule),
            None => Self::Unknown(text.to_owned()),
        }
    }
}

impl Display for MatchingRule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(rule) => f.write_str(rule.name),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}
