//! The part of a tree that a search looks at (RFC 4511 section 4.5.1.2).

use super::dn::{NormalizedDn, key_is_within, key_parent};

/// How far below its base a search looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// The base alone.
    Base,
    /// The children of the base.
    One,
    /// The base and all below it.
    #[default]
    Subtree,
    /// All below the base, without it.
    Children,
}

/// A base and a scope.
#[derive(Debug, Clone)]
pub struct SearchBase {
    key: NormalizedDn,
    scope: Scope,
}

impl SearchBase {
    /// The part of the tree that lies in `scope` of `base`.
    #[must_use]
    pub fn new(base: NormalizedDn, scope: Scope) -> Self {
        Self { key: base, scope }
    }

    /// Whether the entry with this key lies at or below the base, in scope or not.
    #[must_use]
    pub fn is_above(&self, key: &[u8]) -> bool {
        key_is_within(key, self.key.as_bytes())
    }

    /// Whether the entry with this key lies in it.
    #[must_use]
    pub fn holds(&self, key: &[u8]) -> bool {
        let base = self.key.as_bytes();
        match self.scope {
            Scope::Base => key == base,
            // The parent of a DN of one RDN is the root, whose key is empty.
            Scope::One => !key.is_empty() && key_parent(key).unwrap_or_default() == base,
            Scope::Subtree => key_is_within(key, base),
            Scope::Children => key != base && key_is_within(key, base),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_holds_what_rfc_4511_says() {
        let dns = [
            "",
            "dc=com",
            "dc=x,dc=com",
            "ou=a,dc=x,dc=com",
            "cn=b,ou=a,dc=x,dc=com",
            "dc=xx,dc=com",
        ];
        let held = |base: &str, scope| {
            let base = NormalizedDn::of(base.as_bytes()).map(|key| SearchBase::new(key, scope));
            let holds = |dn: &&str| {
                let key = NormalizedDn::of(dn.as_bytes());
                base.as_ref().is_ok_and(|base| key.is_ok_and(|key| base.holds(key.as_bytes())))
            };
            dns.into_iter().filter(holds).collect::<Vec<_>>()
        };
        assert_eq!(held("DC=X, dc=COM", Scope::Base), ["dc=x,dc=com"]);
        assert_eq!(held("dc=x,dc=com", Scope::One), ["ou=a,dc=x,dc=com"]);
        assert_eq!(held("dc=x,dc=com", Scope::Subtree), dns[2..5]);
        assert_eq!(held("dc=x,dc=com", Scope::Children), dns[3..5]);
        assert_eq!(held("", Scope::Base), [""]);
        assert_eq!(held("", Scope::One), ["dc=com"]);
        assert_eq!(held("", Scope::Subtree), dns);
        assert_eq!(held("", Scope::Children), dns[1..]);
    }
}
