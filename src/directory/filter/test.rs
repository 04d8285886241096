//! A question about one value, its assertion folded beforehand.

use std::borrow::Cow;
use std::cmp::Ordering;

use memchr::memmem::Finder;

use crate::directory::dn::{NormalizedDn, key_is_within, normalize_into};
use crate::directory::matching::text::Ends;
use crate::directory::matching::{
    approximate, bits, compare_folded, equals_folded, fold, fold_into, fold_part, has_substrings,
    is_valid,
};
use crate::directory::object_class::Subclasses;
use crate::directory::schema::{Facts, Syntax};
use crate::directory::scope::{Scope, SearchBase};

/// Memory that is used again from value to value.
pub(super) type Scratch = Vec<u8>;

/// A question about one value.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Present,
    Equal {
        syntax: Syntax,
        folded: Vec<u8>,
    },
    /// `objectCategory` asserted by the name of a class.
    Category {
        class: Vec<u8>,
    },
    /// One of several, folded: of `objectClass` a class and those that derive from it.
    OneOf(Vec<String>),
    Order {
        syntax: Syntax,
        folded: Vec<u8>,
        accepts: Accepts,
    },
    Substring {
        syntax: Syntax,
        initial: Vec<u8>,
        middle: Vec<Finder<'static>>,
        last: Vec<u8>,
    },
    Approximate {
        loose: Vec<u8>,
    },
    AllBits(u64),
    AnyBit(u64),
    /// The DN of an entry in this part of the tree.
    Within(SearchBase),
    /// The DN of an entry above this one.
    Above(NormalizedDn),
}

/// Where a value must stand, seen from the assertion.
#[derive(Debug, Clone, Copy)]
pub(super) enum Accepts {
    AtLeast,
    AtMost,
    Below,
}

impl Accepts {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::AtLeast => order.is_ge(),
            Self::AtMost => order.is_le(),
            Self::Below => order.is_lt(),
        }
    }
}

/// The constructors give `None` where the question has no answer.
impl Test {
    pub(super) fn equality_of(facts: &Facts, value: &[u8]) -> Option<Self> {
        if facts.name == "objectCategory" && !is_valid(facts.syntax, value) {
            return Some(Self::Category { class: category(value) });
        }
        // Both servers and RFC 4512, section 2.4: an entry belongs to all classes above its own.
        if ["objectClass", "structuralObjectClass"].contains(&facts.name)
            && let Ok(class) = str::from_utf8(value)
        {
            return Some(match Subclasses::of(class.trim_matches(' ')) {
                Subclasses::All => Self::Present,
                Subclasses::Of(classes) => Self::OneOf(classes),
            });
        }
        Self::equality(facts.syntax, value)
    }

    pub(super) fn equality(syntax: Syntax, value: &[u8]) -> Option<Self> {
        let folded = || fold(syntax, value).into_owned();
        is_valid(syntax, value).then(|| Self::Equal { syntax, folded: folded() })
    }

    pub(super) fn at_least(facts: &Facts, value: &[u8]) -> Option<Self> {
        Self::order(ordering_syntax(facts, value), value, Accepts::AtLeast)
    }

    pub(super) fn at_most(facts: &Facts, value: &[u8]) -> Option<Self> {
        Self::order(ordering_syntax(facts, value), value, Accepts::AtMost)
    }

    pub(super) fn below(syntax: Syntax, value: &[u8]) -> Option<Self> {
        Self::order(syntax, value, Accepts::Below)
    }

    fn order(syntax: Syntax, value: &[u8], accepts: Accepts) -> Option<Self> {
        let folded = fold(syntax, value).into_owned();
        // Asked of itself, the syntax says whether it has an order.
        compare_folded(syntax, &folded, &folded)?;
        is_valid(syntax, value).then_some(Self::Order { syntax, folded, accepts })
    }

    pub(super) fn approximate(facts: &Facts, value: &[u8]) -> Option<Self> {
        match facts.syntax {
            Syntax::CaseIgnoreString | Syntax::CaseExactString => {
                Some(Self::Approximate { loose: approximate(value) })
            }
            _ => Self::equality_of(facts, value),
        }
    }

    pub(super) fn substring(
        syntax: Syntax,
        initial: &[u8],
        middle: &[Vec<u8>],
        last: &[u8],
    ) -> Option<Self> {
        if !has_substrings(syntax) {
            return None;
        }
        let middle = middle.iter().map(|part| {
            let part = fold_part(syntax, part, Ends { start: false, end: false });
            Finder::new(&part).into_owned()
        });
        Some(Self::Substring {
            syntax,
            initial: fold_part(syntax, initial, Ends { start: true, end: false }),
            middle: middle.collect(),
            last: fold_part(syntax, last, Ends { start: false, end: true }),
        })
    }

    pub(super) fn within(scope: Scope, base: &[u8]) -> Option<Self> {
        let base = NormalizedDn::of(base).ok()?;
        Some(Self::Within(SearchBase::new(base, scope)))
    }

    pub(super) fn above(dn: &[u8]) -> Option<Self> {
        NormalizedDn::of(dn).ok().map(Self::Above)
    }

    pub(super) fn all_bits(value: &[u8]) -> Option<Self> {
        bits(value).map(Self::AllBits)
    }

    pub(super) fn any_bit(value: &[u8]) -> Option<Self> {
        bits(value).map(Self::AnyBit)
    }

    /// Whether the value answers the question with yes.
    pub(super) fn holds(&self, value: &[u8], scratch: &mut Scratch) -> bool {
        match self {
            Self::Present => true,
            Self::Equal { syntax, folded } => match syntax {
                Syntax::CaseIgnoreString | Syntax::ObjectIdentifier => equals_folded(value, folded),
                Syntax::DistinguishedName => {
                    normalize_into(value, scratch).is_ok() && scratch == folded
                }
                _ => fold(*syntax, value).as_ref() == folded,
            },
            Self::OneOf(classes) => {
                let is_one = |value: &[u8]| {
                    classes.iter().any(|class| class.as_bytes().eq_ignore_ascii_case(value))
                };
                is_one(value)
                    || matches!(fold(Syntax::ObjectIdentifier, value), Cow::Owned(it) if is_one(&it))
            }
            Self::Category { class } => {
                normalize_into(value, scratch).is_ok() && in_category(scratch, class)
            }
            Self::Order { syntax, folded, accepts } => {
                fold_into(*syntax, value, scratch);
                is_valid(*syntax, scratch)
                    && compare_folded(*syntax, scratch, folded)
                        .is_some_and(|order| accepts.accepts(order))
            }
            Self::Substring { syntax, initial, middle, last } => match syntax {
                Syntax::OctetString | Syntax::Guid | Syntax::Sid => {
                    has_parts(value, initial, middle, last)
                }
                _ => {
                    fold_into(*syntax, value, scratch);
                    has_parts(scratch, initial, middle, last)
                }
            },
            Self::Approximate { loose } => approximate(value) == *loose,
            Self::AllBits(mask) => bits(value).is_some_and(|bits| bits & mask == *mask),
            Self::AnyBit(mask) => bits(value).is_some_and(|bits| bits & mask != 0),
            Self::Within(part) => normalize_into(value, scratch).is_ok() && part.holds(scratch),
            Self::Above(dn) => {
                normalize_into(value, scratch).is_ok()
                    && dn.as_bytes() != scratch.as_slice()
                    && key_is_within(dn.as_bytes(), scratch)
            }
        }
    }
}

/// An attribute that the schema table lacks compares as a number where the
/// assertion is one: as text, 9 would come after 10.
fn ordering_syntax(facts: &Facts, value: &[u8]) -> Syntax {
    if *facts == Facts::UNKNOWN && is_valid(Syntax::Integer, value) {
        Syntax::Integer
    } else {
        facts.syntax
    }
}

/// Whether the parts stand in the value one behind the other. Taking each at its
/// first place leaves most room for the next, so no step is ever taken back, and
/// every byte is looked at by one linear search.
fn has_parts(value: &[u8], initial: &[u8], middle: &[Finder<'static>], last: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(initial) else { return false };
    let Some(mut rest) = rest.strip_suffix(last) else { return false };
    middle.iter().all(|part| match part.find(rest) {
        Some(at) => {
            rest = rest.get(at + part.needle().len()..).unwrap_or_default();
            true
        }
        None => false,
    })
}

/// The bare name of the category that AD gives to a class: most have one of
/// their own, whose name has hyphens between the words.
fn category(class: &[u8]) -> Vec<u8> {
    let bare = bare(class);
    match bare.as_slice() {
        b"user" | b"contact" | b"inetorgperson" | b"organizationalperson" => b"person".to_vec(),
        _ => bare,
    }
}

/// Whether the first RDN of a category's key (`cn=organizational-unit,…`) has
/// the bare name.
fn in_category(key: &[u8], class: &[u8]) -> bool {
    let rdn = key.split(|&byte| byte == b',').next().unwrap_or_default();
    rdn.strip_prefix(b"cn=").is_some_and(|name| bare(name) == class)
}

fn bare(name: &[u8]) -> Vec<u8> {
    let letters = name.iter().filter(|byte| !matches!(byte, b'-' | b' '));
    letters.map(u8::to_ascii_lowercase).collect()
}
