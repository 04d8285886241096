//! Matching of entries, in the three-valued logic of RFC 4511 section 4.5.1.7.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::test::{Scratch, Test};
use super::{Filter, FilterAttribute, MatchingRule, RuleKind, Selector};
use crate::directory::attribute::AttributeDescription;
use crate::directory::dn::{Dn, NormalizedDn};
use crate::directory::entry::Entry;
use crate::directory::schema::{Facts, Syntax};
use crate::ldif::{Form, Line};

/// What a filter says of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// The entry is selected.
    True,
    /// It is not.
    False,
    /// The question has no answer: an assertion that breaks the syntax of its
    /// attribute, a rule that is unknown or does not apply, a link that leads
    /// out of what is known. Such an entry is not selected, and neither is it by
    /// the negation.
    Undefined,
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undefined => Self::Undefined,
        }
    }
}

/// Something that has a DN and values: an entry, or the lines of one.
pub trait Attributes {
    /// The DN as it was written.
    fn dn(&self) -> &[u8];

    /// Calls back with description and value of each attribute line that the
    /// selector takes, until told to break. The value is `None` where it is a
    /// reference whose bytes are elsewhere: the attribute is present then, and
    /// nothing is known of its value.
    fn for_each_value(
        &self,
        selector: &Selector,
        visit: &mut dyn FnMut(&[u8], Option<&[u8]>) -> ControlFlow<()>,
    );
}

impl Attributes for Entry<'_> {
    fn dn(&self) -> &[u8] {
        &self.dn
    }

    fn for_each_value(
        &self,
        selector: &Selector,
        visit: &mut dyn FnMut(&[u8], Option<&[u8]>) -> ControlFlow<()>,
    ) {
        for attribute in self.attributes() {
            if !selector.takes(&attribute.name) {
                continue;
            }
            for value in &attribute.values {
                if visit(&attribute.name, value.bytes()).is_break() {
                    return;
                }
            }
        }
    }
}

/// An entry that is still lines: a value is decoded only where the filter asks
/// for its attribute.
#[derive(Debug, Clone, Copy)]
pub struct EntryLines<'s, 'a> {
    /// The DN as it was written.
    pub dn: &'s [u8],
    /// The attribute lines.
    pub lines: &'s [Line<'a>],
}

impl Attributes for EntryLines<'_, '_> {
    fn dn(&self) -> &[u8] {
        self.dn
    }

    fn for_each_value(
        &self,
        selector: &Selector,
        visit: &mut dyn FnMut(&[u8], Option<&[u8]>) -> ControlFlow<()>,
    ) {
        for line in self.lines {
            let name = line.name();
            if !selector.takes(&name) {
                continue;
            }
            let flow = match line.form() {
                Form::Url => visit(&name, None),
                Form::Plain | Form::Base64 => visit(&name, Some(&line.bytes())),
            };
            if flow.is_break() {
                return;
            }
        }
    }
}

/// The links between the entries of a directory, for AD's in-chain rule.
///
/// The rule holds where an entry's values of the attribute name the asserted DN,
/// or an entry whose values do, over any number of entries. The entry at hand
/// gives its own values; for the others the whole directory is needed, so the
/// caller gathers it first (a map from [`NormalizedDn`] to the values of the one
/// attribute is enough) and hands it to [`Matcher::evaluate_with`].
pub trait Links {
    /// Calls back with each value that an attribute has in another entry.
    /// Returns `false` where that entry is not known: then nothing can be said
    /// of what lies behind it.
    fn for_each_link(
        &self,
        entry: &NormalizedDn,
        attribute: &AttributeDescription<'_>,
        visit: &mut dyn FnMut(&[u8]),
    ) -> bool;
}

/// No other entry is known: the in-chain rule is true of direct links, false of
/// entries without links, undefined elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct NoLinks;

impl Links for NoLinks {
    fn for_each_link(
        &self,
        _: &NormalizedDn,
        _: &AttributeDescription<'_>,
        _: &mut dyn FnMut(&[u8]),
    ) -> bool {
        false
    }
}

/// A filter made ready for many entries: assertions folded by the syntax of
/// their attributes, attribute names prepared for comparison.
#[derive(Debug, Clone)]
pub struct Matcher(Node);

#[derive(Debug, Clone)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// A question about values of chosen attributes, and of the DN on request.
    Values {
        selector: Selector,
        test: Test,
        dn: bool,
    },
    Chain {
        attribute: FilterAttribute,
        selector: Selector,
        target: NormalizedDn,
    },
    /// A question without an answer.
    Undefined,
}

impl Matcher {
    /// The matcher of a filter.
    #[must_use]
    pub fn of(filter: &Filter) -> Self {
        Self(node(filter))
    }

    /// Whether the filter selects the entry.
    #[must_use]
    pub fn matches(&self, entry: &dyn Attributes) -> bool {
        self.evaluate(entry) == Truth::True
    }

    /// What the filter says of the entry, other entries not being known.
    #[must_use]
    pub fn evaluate(&self, entry: &dyn Attributes) -> Truth {
        self.evaluate_with(entry, &NoLinks)
    }

    /// What the filter says of the entry.
    #[must_use]
    pub fn evaluate_with(&self, entry: &dyn Attributes, links: &dyn Links) -> Truth {
        Evaluation { entry, links, scratch: Scratch::default() }.node(&self.0)
    }

    /// What the filter looks at: lines that no selector takes need not be kept.
    #[must_use]
    pub fn selectors(&self) -> Vec<&Selector> {
        let mut found = Vec::new();
        gather(&self.0, &mut found);
        found
    }
}

fn gather<'n>(node: &'n Node, found: &mut Vec<&'n Selector>) {
    match node {
        Node::And(parts) | Node::Or(parts) => parts.iter().for_each(|part| gather(part, found)),
        Node::Not(part) => gather(part, found),
        Node::Values { selector, .. } | Node::Chain { selector, .. } => found.push(selector),
        Node::Undefined => {}
    }
}

fn node(filter: &Filter) -> Node {
    match filter {
        Filter::And(parts) => Node::And(parts.iter().map(node).collect()),
        Filter::Or(parts) => Node::Or(parts.iter().map(node).collect()),
        Filter::Not(part) => Node::Not(Box::new(node(part))),
        Filter::Present(attribute) => values(attribute, Some(Test::Present)),
        Filter::Equal(attribute, value) => {
            values(attribute, Test::equality_of(facts(attribute), value))
        }
        Filter::GreaterOrEqual(attribute, value) => {
            values(attribute, Test::at_least(facts(attribute), value))
        }
        Filter::LessOrEqual(attribute, value) => {
            values(attribute, Test::at_most(facts(attribute), value))
        }
        Filter::Approximate(attribute, value) => {
            values(attribute, Test::approximate(facts(attribute), value))
        }
        Filter::Substring { attribute, initial, middle, last } => {
            let initial = initial.as_deref().unwrap_or_default();
            let last = last.as_deref().unwrap_or_default();
            values(attribute, Test::substring(facts(attribute).syntax, initial, middle, last))
        }
        Filter::Extensible { attribute, dn, rule, value } => {
            extensible(attribute.as_ref(), *dn, rule.as_ref(), value)
        }
    }
}

fn facts(attribute: &FilterAttribute) -> &'static Facts {
    Facts::of(attribute.description().base())
}

fn values(attribute: &FilterAttribute, test: Option<Test>) -> Node {
    let selector = Selector::of(&attribute.description());
    test.map_or(Node::Undefined, |test| Node::Values { selector, test, dn: false })
}

fn extensible(
    attribute: Option<&FilterAttribute>,
    dn: bool,
    rule: Option<&MatchingRule>,
    value: &[u8],
) -> Node {
    let selector =
        attribute.map_or_else(Selector::every, |attribute| Selector::of(&attribute.description()));
    let known = attribute.map(facts).filter(|facts| **facts != Facts::UNKNOWN);
    let kind = match rule {
        Some(MatchingRule::Known(rule)) => Some(rule.kind),
        Some(MatchingRule::Unknown(_)) => return Node::Undefined,
        None => None,
    };
    let numeric = known.is_none_or(|facts| facts.syntax == Syntax::Integer);
    let test = match (kind, attribute) {
        (None, Some(attribute)) => Test::equality_of(facts(attribute), value),
        (None, None) => None,
        (Some(RuleKind::Equality(syntax)), _) => Test::equality(syntax, value),
        (Some(RuleKind::Ordering(syntax)), _) => Test::below(syntax, value),
        (Some(RuleKind::BitAnd), _) if numeric => Test::all_bits(value),
        (Some(RuleKind::BitOr), _) if numeric => Test::any_bit(value),
        (Some(RuleKind::BitAnd | RuleKind::BitOr), _) => None,
        (Some(RuleKind::InChain), attribute) => return chain(attribute, selector, value),
    };
    test.map_or(Node::Undefined, |test| Node::Values { selector, test, dn })
}

fn chain(attribute: Option<&FilterAttribute>, selector: Selector, value: &[u8]) -> Node {
    match (attribute, NormalizedDn::of(value)) {
        (Some(attribute), Ok(target)) => {
            Node::Chain { attribute: attribute.clone(), selector, target }
        }
        _ => Node::Undefined,
    }
}

/// One entry and one matcher.
struct Evaluation<'e> {
    entry: &'e dyn Attributes,
    links: &'e dyn Links,
    scratch: Scratch,
}

impl Evaluation<'_> {
    // The parser bounds the depth of this recursion.
    fn node(&mut self, node: &Node) -> Truth {
        match node {
            Node::And(parts) => self.first(parts, Truth::False, Truth::True),
            Node::Or(parts) => self.first(parts, Truth::True, Truth::False),
            Node::Not(part) => self.node(part).not(),
            Node::Values { selector, test, dn } => {
                Truth::of(self.values(selector, test) || (*dn && self.values_of_dn(selector, test)))
            }
            Node::Chain { attribute, selector, target } => self.chain(attribute, selector, target),
            Node::Undefined => Truth::Undefined,
        }
    }

    /// Stops at the part that decides; undefined where none does and one is.
    fn first(&mut self, parts: &[Node], decides: Truth, otherwise: Truth) -> Truth {
        let mut result = otherwise;
        for part in parts {
            match self.node(part) {
                truth if truth == decides => return decides,
                Truth::Undefined => result = Truth::Undefined,
                _ => {}
            }
        }
        result
    }

    fn values(&mut self, selector: &Selector, test: &Test) -> bool {
        let mut found = false;
        let scratch = &mut self.scratch;
        self.entry.for_each_value(selector, &mut |_, value| {
            found = match value {
                Some(value) => test.holds(value, scratch),
                None => matches!(test, Test::Present),
            };
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        found
    }

    fn values_of_dn(&mut self, selector: &Selector, test: &Test) -> bool {
        let Ok(dn) = Dn::parse(self.entry.dn()) else { return false };
        let scratch = &mut self.scratch;
        dn.rdns().iter().flat_map(|rdn| rdn.avas()).any(|ava| {
            selector.takes(ava.attribute().as_bytes())
                && test.holds(ava.text().unwrap_or(ava.value()), scratch)
        })
    }

    fn chain(
        &self,
        attribute: &FilterAttribute,
        selector: &Selector,
        target: &NormalizedDn,
    ) -> Truth {
        let mut seen = HashSet::new();
        let mut ahead = Vec::new();
        let mut follow = |value: &[u8], ahead: &mut Vec<NormalizedDn>| {
            if let Ok(key) = NormalizedDn::of(value) {
                if seen.insert(key.clone()) {
                    ahead.push(key);
                }
            }
        };
        self.entry.for_each_value(selector, &mut |_, value| {
            if let Some(value) = value {
                follow(value, &mut ahead);
            }
            ControlFlow::Continue(())
        });
        let mut complete = true;
        while let Some(key) = ahead.pop() {
            if key == *target {
                return Truth::True;
            }
            let description = attribute.description();
            complete &= self.links.for_each_link(&key, &description, &mut |value| {
                follow(value, &mut ahead);
            });
        }
        if complete { Truth::False } else { Truth::Undefined }
    }
}
