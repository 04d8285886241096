//! Search filters (RFC 4515), with AD's matching rules.
//!
//! [`Filter`] is what was written; [`Matcher`] is the same with assertions folded
//! by the syntax of their attributes, ready for many entries.

mod chosen;
mod evaluate;
mod links;
mod parse;
mod rule;
mod selector;
mod test;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Formatter, Write};

pub use chosen::{Choices, ChosenLines};
pub use evaluate::{Attributes, EntryLines, Matcher, Truth, Visit};
pub use links::{Chain, LinkGraph, Links, NoLinks, SolvedLinks};
pub use parse::{FilterError, FilterErrorKind, MAX_DEPTH};
pub use rule::{KnownRule, MatchingRule, RuleKind};
pub use selector::Selector;

use super::attribute::{AttributeDescription, AttributeError};

/// A search filter.
///
/// Two are equal where they were written alike, but for the choice of escapes
/// and for blanks between parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// `(&…)`: all hold; true where there is none (RFC 4526).
    And(Vec<Filter>),
    /// `(|…)`: one holds; false where there is none (RFC 4526).
    Or(Vec<Filter>),
    /// `(!(…))`
    Not(Box<Filter>),
    /// `(a=*)`
    Present(FilterAttribute),
    /// `(a=v)`
    Equal(FilterAttribute, Vec<u8>),
    /// `(a=i*m*m*f)`
    Substring {
        /// The attribute.
        attribute: FilterAttribute,
        /// What the value begins with; never empty.
        initial: Option<Vec<u8>>,
        /// What comes between, in order; none is empty.
        middle: Vec<Vec<u8>>,
        /// What the value ends with; never empty.
        last: Option<Vec<u8>>,
    },
    /// `(a>=v)`
    GreaterOrEqual(FilterAttribute, Vec<u8>),
    /// `(a<=v)`
    LessOrEqual(FilterAttribute, Vec<u8>),
    /// `(a~=v)`
    Approximate(FilterAttribute, Vec<u8>),
    /// `(a:dn:rule:=v)`
    Extensible {
        /// The attribute; all that the rule applies to, where there is none.
        attribute: Option<FilterAttribute>,
        /// Whether the values in the entry's DN count too.
        dn: bool,
        /// The rule; the attribute's equality, where there is none.
        rule: Option<MatchingRule>,
        /// The value to compare with.
        value: Vec<u8>,
    },
}

/// The attribute description of a filter, checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FilterAttribute(Box<str>);

impl FilterAttribute {
    /// An attribute description.
    ///
    /// # Errors
    /// As [`AttributeDescription::parse`].
    pub fn new(text: &str) -> Result<Self, AttributeError> {
        AttributeDescription::parse(text.as_bytes())?;
        Ok(Self(text.into()))
    }

    /// The description.
    #[must_use]
    pub fn description(&self) -> AttributeDescription<'_> {
        AttributeDescription::split(self.0.as_bytes())
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Filter {
    /// Reads a filter. The outermost parentheses may be missing, as ldapsearch
    /// allows; blanks may stand around parentheses, `&`, `|` and `!`.
    ///
    /// # Errors
    /// With place and hint, where the bytes are no filter or nest deeper than
    /// [`MAX_DEPTH`].
    pub fn parse(text: &[u8]) -> Result<Self, FilterError> {
        parse::parse(text)
    }

    /// The filter, ready to be matched.
    #[must_use]
    pub fn matcher(&self) -> Matcher {
        Matcher::of(self)
    }

    /// Calls back for this filter and all filters within it.
    pub fn for_each(&self, visit: &mut dyn FnMut(&Self)) {
        visit(self);
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().for_each(|part| part.for_each(visit));
            }
            Self::Not(part) => part.for_each(visit),
            _ => {}
        }
    }

    /// Whether the filter follows links from entry to entry (AD's in-chain
    /// rule), so that a single entry cannot always decide it: see [`Links`].
    #[must_use]
    pub fn needs_links(&self) -> bool {
        let mut found = false;
        self.for_each(&mut |part| {
            if let Self::Extensible { rule: Some(MatchingRule::Known(rule)), .. } = part {
                found |= rule.kind == RuleKind::InChain;
            }
        });
        found
    }

    /// The matching rules that are not known here. What they decide is
    /// [`Truth::Undefined`], so that it never selects an entry.
    #[must_use]
    pub fn unknown_rules(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.for_each(&mut |part| {
            if let Self::Extensible { rule: Some(MatchingRule::Unknown(rule)), .. } = part {
                found.push(rule.clone());
            }
        });
        found
    }
}

impl std::str::FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes())
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('(')?;
        match self {
            Self::And(parts) => write_parts(f, '&', parts)?,
            Self::Or(parts) => write_parts(f, '|', parts)?,
            Self::Not(part) => write!(f, "!{part}")?,
            Self::Present(attribute) => write!(f, "{attribute}=*")?,
            Self::Equal(attribute, value) => write!(f, "{attribute}={}", Escaped(value))?,
            Self::GreaterOrEqual(attribute, value) => {
                write!(f, "{attribute}>={}", Escaped(value))?;
            }
            Self::LessOrEqual(attribute, value) => write!(f, "{attribute}<={}", Escaped(value))?,
            Self::Approximate(attribute, value) => write!(f, "{attribute}~={}", Escaped(value))?,
            Self::Substring { attribute, initial, middle, last } => {
                write!(f, "{attribute}={}*", Escaped(initial.as_deref().unwrap_or_default()))?;
                for part in middle {
                    write!(f, "{}*", Escaped(part))?;
                }
                write!(f, "{}", Escaped(last.as_deref().unwrap_or_default()))?;
            }
            Self::Extensible { attribute, dn, rule, value } => {
                if let Some(attribute) = attribute {
                    write!(f, "{attribute}")?;
                }
                if *dn {
                    f.write_str(":dn")?;
                }
                if let Some(rule) = rule {
                    write!(f, ":{rule}")?;
                }
                write!(f, ":={}", Escaped(value))?;
            }
        }
        f.write_char(')')
    }
}

fn write_parts(f: &mut Formatter<'_>, operator: char, parts: &[Filter]) -> fmt::Result {
    f.write_char(operator)?;
    parts.iter().try_for_each(|part| Display::fmt(part, f))
}

impl Display for FilterAttribute {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value as a filter writes it: control characters, bytes that are not UTF-8
/// and what has a meaning become `\xx`.
struct Escaped<'v>(&'v [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for char in chunk.valid().chars() {
                match char {
                    '(' | ')' | '*' | '\\' | '\0'..='\x1F' | '\x7F' => {
                        write!(f, "\\{:02x}", u32::from(char))?;
                    }
                    _ => f.write_char(char)?,
                }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\{byte:02x}"))?;
        }
        Ok(())
    }
}
