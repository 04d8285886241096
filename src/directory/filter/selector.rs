//! Which lines of an entry a part of a filter looks at.

use crate::directory::attribute::{AttributeDescription, spellings};

/// Chooses attribute descriptions: a type under all its names, with at least
/// certain options, or every attribute. Cheap enough to be asked once per line.
#[derive(Debug, Clone)]
pub struct Selector {
    selected: Option<Selected>,
    number: usize,
}

#[derive(Debug, Clone)]
struct Selected {
    base: Box<[u8]>,
    /// Other names of the same type; mostly none.
    spellings: Vec<&'static str>,
    options: Vec<Box<[u8]>>,
}

impl Selector {
    /// Chooses what the description covers: `cn` also `cn;lang-de`.
    #[must_use]
    pub fn of(description: &AttributeDescription<'_>) -> Self {
        let selected = Selected {
            base: description.base().into(),
            spellings: spellings(description.base()),
            options: description.options().map(Into::into).collect(),
        };
        Self { selected: Some(selected), number: 0 }
    }

    /// Chooses every attribute.
    #[must_use]
    pub fn every() -> Self {
        Self { selected: None, number: 0 }
    }

    /// Its number among the selectors of its matcher; 0 where it has none.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The same with this number.
    pub(super) fn numbered(self, number: usize) -> Self {
        Self { number, ..self }
    }

    /// Whether the selector chooses an attribute that is stored under this
    /// description.
    #[must_use]
    pub fn takes(&self, stored: &[u8]) -> bool {
        let Some(selected) = &self.selected else { return true };
        let named = starts_with_type(stored, &selected.base)
            || selected.spellings.iter().any(|name| starts_with_type(stored, name.as_bytes()));
        named
            && (selected.options.is_empty() || {
                let stored = AttributeDescription::split(stored);
                selected.options.iter().all(|option| stored.has_option(option))
            })
    }

    /// The description, where there is one, without its options.
    #[must_use]
    pub fn base(&self) -> Option<&[u8]> {
        self.selected.as_ref().map(|selected| &*selected.base)
    }
}

fn starts_with_type(stored: &[u8], name: &[u8]) -> bool {
    stored.split_at_checked(name.len()).is_some_and(|(head, rest)| {
        matches!(rest, [] | [b';', ..]) && head.eq_ignore_ascii_case(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_chooses_what_its_description_covers() {
        let names =
            ["cn", "CN;lang-de", "commonName", "2.5.4.3;x-a", "cnx", "c", "sn", "cn;lang-DE;x"];
        for text in ["cn", "commonname", "2.5.4.3", "cn;lang-de", "mail"] {
            let description = AttributeDescription::split(text.as_bytes());
            let selector = Selector::of(&description);
            for name in names {
                let name = name.as_bytes();
                assert_eq!(selector.takes(name), description.covers(name), "{text} {name:?}");
            }
        }
        assert!(Selector::every().takes(b"anything;at-all"));
    }
}
