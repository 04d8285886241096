//! Matching of entries, in the three-valued logic of RFC 4511 section 4.5.1.7.

use std::ops::ControlFlow;

use super::links::{Chain, Links, NoLinks};
use super::test::{Scratch, Test};
use super::{Filter, FilterAttribute, MatchingRule, RuleKind, Selector};
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

/// What is called back with the description and the value of an attribute line.
///
/// The value is `None` where it is a reference whose bytes are elsewhere: the
/// attribute is present then, and nothing is known of its value.
pub type Visit<'v> = dyn FnMut(&[u8], Option<&[u8]>) -> ControlFlow<()> + 'v;

/// Something that has a DN and values: an entry, or the lines of one.
pub trait Attributes {
    /// The DN as it was written.
    fn dn(&self) -> &[u8];

    /// Calls back for each attribute line that the selector takes, until told to
    /// break.
    fn for_each_value(&self, selector: &Selector, visit: &mut Visit<'_>);
}

impl Attributes for Entry<'_> {
    fn dn(&self) -> &[u8] {
        &self.dn
    }

    fn for_each_value(&self, selector: &Selector, visit: &mut Visit<'_>) {
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

    fn for_each_value(&self, selector: &Selector, visit: &mut Visit<'_>) {
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

/// A filter made ready for many entries: assertions folded by the syntax of
/// their attributes, attribute names prepared for comparison.
#[derive(Debug, Clone)]
pub struct Matcher {
    root: Node,
    selectors: Vec<Selector>,
    chains: Vec<Chain>,
}

#[derive(Debug, Clone)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// A question about values of chosen attributes, and of the DN on request.
    Values {
        /// By number.
        selector: usize,
        test: Test,
        dn: bool,
        /// Whether the attribute is the entry's DN, which no export need have.
        is_own_dn: bool,
    },
    /// The chain with this number.
    Chain(usize),
    /// A question without an answer.
    Undefined,
}

impl Matcher {
    /// The matcher of a filter.
    #[must_use]
    pub fn of(filter: &Filter) -> Self {
        let mut parts = Parts::default();
        let root = parts.node(filter);
        Self { root, selectors: parts.selectors, chains: parts.chains }
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
        let scratch = Scratch::default();
        Evaluation { matcher: self, entry, links, scratch }.node(&self.root)
    }

    /// What the filter looks at: lines that no selector takes need not be kept.
    #[must_use]
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// The in-chain questions; [`Links`] knows them by their place here.
    #[must_use]
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }
}

/// The parts of a matcher in the making.
#[derive(Debug, Default)]
struct Parts {
    selectors: Vec<Selector>,
    chains: Vec<Chain>,
}

impl Parts {
    fn node(&mut self, filter: &Filter) -> Node {
        match filter {
            Filter::And(parts) => Node::And(parts.iter().map(|part| self.node(part)).collect()),
            Filter::Or(parts) => Node::Or(parts.iter().map(|part| self.node(part)).collect()),
            Filter::Not(part) => Node::Not(Box::new(self.node(part))),
            Filter::Present(attribute) => self.values(attribute, Some(Test::Present)),
            Filter::Equal(attribute, value) => {
                self.values(attribute, Test::equality_of(facts(attribute), value))
            }
            Filter::GreaterOrEqual(attribute, value) => {
                self.values(attribute, Test::at_least(facts(attribute), value))
            }
            Filter::LessOrEqual(attribute, value) => {
                self.values(attribute, Test::at_most(facts(attribute), value))
            }
            Filter::Approximate(attribute, value) => {
                self.values(attribute, Test::approximate(facts(attribute), value))
            }
            Filter::Substring { attribute, initial, middle, last } => {
                let initial = initial.as_deref().unwrap_or_default();
                let last = last.as_deref().unwrap_or_default();
                let test = Test::substring(facts(attribute).syntax, initial, middle, last);
                self.values(attribute, test)
            }
            Filter::Extensible { attribute, dn, rule, value } => {
                self.extensible(attribute.as_ref(), *dn, rule.as_ref(), value)
            }
        }
    }

    fn select(&mut self, selector: Selector) -> usize {
        let number = self.selectors.len();
        self.selectors.push(selector.numbered(number));
        number
    }

    fn values(&mut self, attribute: &FilterAttribute, test: Option<Test>) -> Node {
        let Some(test) = test else { return Node::Undefined };
        let selector = self.select(Selector::of(&attribute.description()));
        Node::Values { selector, test, dn: false, is_own_dn: is_own_dn(attribute) }
    }

    fn extensible(
        &mut self,
        attribute: Option<&FilterAttribute>,
        dn: bool,
        rule: Option<&MatchingRule>,
        value: &[u8],
    ) -> Node {
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
            (Some(RuleKind::InChain), attribute) => return self.chain(attribute, value),
            (Some(RuleKind::Within(scope)), _) => Test::within(scope, value),
            (Some(RuleKind::Above), _) => Test::above(value),
        };
        let Some(test) = test else { return Node::Undefined };
        let selector = self.select(
            attribute
                .map_or_else(Selector::every, |attribute| Selector::of(&attribute.description())),
        );
        Node::Values { selector, test, dn, is_own_dn: attribute.is_some_and(is_own_dn) }
    }

    fn chain(&mut self, attribute: Option<&FilterAttribute>, value: &[u8]) -> Node {
        let (Some(attribute), Ok(target)) = (attribute, NormalizedDn::of(value)) else {
            return Node::Undefined;
        };
        let number = self.select(Selector::of(&attribute.description()));
        let selector = self.selectors[number].clone();
        self.chains.push(Chain { selector, target });
        Node::Chain(self.chains.len() - 1)
    }
}

fn facts(attribute: &FilterAttribute) -> &'static Facts {
    Facts::of(attribute.description().base())
}

/// Whether the attribute holds the DN of its entry: OpenLDAP makes it up when it is asked
/// for, and Active Directory's exports may leave it out.
fn is_own_dn(attribute: &FilterAttribute) -> bool {
    let name = attribute.description();
    let is = |own: &str| name.base().eq_ignore_ascii_case(own.as_bytes());
    is("entryDN") || is("distinguishedName")
}

/// One entry and one matcher.
struct Evaluation<'e> {
    matcher: &'e Matcher,
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
            Node::Values { selector, test, dn, is_own_dn } => {
                let Some(selector) = self.matcher.selectors.get(*selector) else {
                    return Truth::Undefined;
                };
                let holds = self.values(selector, test)
                    || (*dn && self.values_of_dn(selector, test))
                    || (*is_own_dn && test.holds(self.entry.dn(), &mut self.scratch));
                Truth::of(holds)
            }
            Node::Chain(number) => self.chain(*number),
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

    fn chain(&self, number: usize) -> Truth {
        let Some(chain) = self.matcher.chains.get(number) else { return Truth::Undefined };
        let mut result = Truth::False;
        self.entry.for_each_value(&chain.selector, &mut |_, value| {
            // A value that is no DN leads nowhere.
            let Some(from) = value.and_then(|value| NormalizedDn::of(value).ok()) else {
                return ControlFlow::Continue(());
            };
            let truth = match from == chain.target {
                true => Truth::True,
                false => self.links.lead(number, &from),
            };
            match truth {
                Truth::True => result = Truth::True,
                Truth::Undefined => result = Truth::Undefined,
                Truth::False => {}
            }
            if truth == Truth::True { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        result
    }
}
