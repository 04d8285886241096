//! What is known about attributes: syntax, number and size of values, who may
//! write them, where they are unique.

use std::sync::LazyLock;

use super::attribute::{alias_of, same_spelling};

/// The table, one line an attribute; its head says where the facts come from.
const TABLE: &str = include_str!("ad-attributes.csv");

/// How values of an attribute compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// Text without regard to case and idle spaces.
    CaseIgnoreString,
    /// Text with regard to case.
    CaseExactString,
    /// Digits and spaces; spaces mean nothing.
    NumericString,
    /// Text; case, spaces and hyphens mean nothing.
    TelephoneNumber,
    /// A decimal number of any length.
    Integer,
    /// `TRUE` or `FALSE`.
    Boolean,
    /// A distinguished name.
    DistinguishedName,
    /// AD's `B:count:hex:DN`, or a plain DN.
    DnWithBinary,
    /// Bytes.
    OctetString,
    /// A GUID, binary or text.
    Guid,
    /// A security identifier, binary or text.
    Sid,
    /// A point in time.
    GeneralizedTime,
    /// The name or OID of a class or an attribute.
    ObjectIdentifier,
}

/// What a modify record may do to an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writability {
    /// Add, delete and replace.
    Writable,
    /// Names the entry: only a modrdn changes it.
    Renames,
    /// The server sets it.
    System,
    /// Computed when it is read.
    Constructed,
    /// Follows from the forward links of other entries.
    BackLink,
    /// The server takes some values or some changes only.
    Restricted,
    /// Cannot be read back, so a change cannot be undone.
    WriteOnly,
    /// The server would take the change, but it cuts the entry from its
    /// mailbox, its cloud twin or its old mail.
    Keep,
}

impl Writability {
    /// Whether a server can take a modify of the attribute at all.
    #[must_use]
    pub fn by_modify(self) -> bool {
        match self {
            Self::Writable | Self::Restricted | Self::WriteOnly | Self::Keep => true,
            Self::Renames | Self::System | Self::Constructed | Self::BackLink => false,
        }
    }
}

/// Where the server refuses a second holder of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Uniqueness {
    /// Nowhere.
    None,
    /// Within the domain.
    Domain,
    /// Within the forest (the whole directory, outside AD).
    Forest,
}

/// The side of a linked attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    /// Written by clients, for example `member`.
    Forward,
    /// Derived by the server, for example `memberOf`.
    Back,
}

/// The bounds of a value: its characters (text), its bytes (octets), or the
/// number itself (integers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The smallest, where there is one.
    pub lower: Option<u32>,
    /// The largest, where there is one.
    pub upper: Option<u32>,
}

/// What is known about one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The name as the schema spells it; empty for [`Facts::UNKNOWN`].
    pub name: &'static str,
    /// How its values compare.
    pub syntax: Syntax,
    /// Whether it has at most one value.
    pub single_valued: bool,
    /// The bounds of a value.
    pub bounds: Bounds,
    /// Whether AD refuses every write, from anybody.
    pub system_only: bool,
    /// Its side, where it is linked.
    pub link: Option<Link>,
    /// What a modify record may do.
    pub writability: Writability,
    /// Where its values are unique.
    pub uniqueness: Uniqueness,
}

impl Facts {
    /// What is assumed of an attribute that the table does not hold.
    pub const UNKNOWN: Self = Self {
        name: "",
        syntax: Syntax::CaseIgnoreString,
        single_valued: false,
        bounds: Bounds { lower: None, upper: None },
        system_only: false,
        link: None,
        writability: Writability::Writable,
        uniqueness: Uniqueness::None,
    };

    /// The facts about an attribute type (name, known alias or OID; options are
    /// left aside), or [`Facts::UNKNOWN`].
    #[must_use]
    pub fn of(attribute: &[u8]) -> &'static Self {
        Self::lookup(attribute).unwrap_or(&Self::UNKNOWN)
    }

    /// The facts about an attribute type, where the table holds it.
    #[must_use]
    pub fn lookup(attribute: &[u8]) -> Option<&'static Self> {
        let base = super::AttributeDescription::split(attribute).base();
        INDEX.find(base).or_else(|| INDEX.find(alias_of(base)?.as_bytes()))
    }

    /// The same of a type without options, with the number of its line in the table,
    /// counted from 1.
    #[must_use]
    pub fn numbered(attribute_type: &[u8]) -> Option<(u16, &'static Self)> {
        let alias = || INDEX.number(alias_of(attribute_type)?.as_bytes());
        let number = INDEX.number(attribute_type).or_else(alias)?;
        Some((number + 1, INDEX.facts.get(usize::from(number))?))
    }

    /// All facts, in the order of the table.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        INDEX.facts.iter()
    }

    fn from_line(line: &'static str) -> Option<Self> {
        let mut fields = line.split(',');
        let mut next = || fields.next();
        let facts = Self {
            name: next()?,
            syntax: syntax(next()?)?,
            single_valued: next()? == "single",
            bounds: Bounds { lower: next()?.parse().ok(), upper: next()?.parse().ok() },
            system_only: next()? == "yes",
            link: match next()? {
                "forward" => Some(Link::Forward),
                "back" => Some(Link::Back),
                _ => None,
            },
            writability: writability(next()?)?,
            uniqueness: match next()? {
                "domain" => Uniqueness::Domain,
                "forest" => Uniqueness::Forest,
                _ => Uniqueness::None,
            },
        };
        next().is_none().then_some(facts)
    }
}

fn syntax(word: &str) -> Option<Syntax> {
    Some(match word {
        "case-ignore" => Syntax::CaseIgnoreString,
        "case-exact" => Syntax::CaseExactString,
        "numeric" => Syntax::NumericString,
        "integer" => Syntax::Integer,
        "boolean" => Syntax::Boolean,
        "dn" => Syntax::DistinguishedName,
        "dn-binary" => Syntax::DnWithBinary,
        "octets" => Syntax::OctetString,
        "guid" => Syntax::Guid,
        "sid" => Syntax::Sid,
        "time" => Syntax::GeneralizedTime,
        "oid" => Syntax::ObjectIdentifier,
        _ => return None,
    })
}

fn writability(word: &str) -> Option<Writability> {
    Some(match word {
        "writable" => Writability::Writable,
        "renames" => Writability::Renames,
        "system" => Writability::System,
        "constructed" => Writability::Constructed,
        "back-link" => Writability::BackLink,
        "restricted" => Writability::Restricted,
        "write-only" => Writability::WriteOnly,
        "keep" => Writability::Keep,
        _ => return None,
    })
}

static INDEX: LazyLock<Index> =
    LazyLock::new(|| Index::build(lines().filter_map(Facts::from_line)));

fn lines() -> impl Iterator<Item = &'static str> {
    let facts = TABLE.lines().filter(|line| !line.starts_with('#'));
    facts.skip(1)
}

/// Slots of the index: a power of two, well above twice the number of attributes.
const SLOTS: usize = 1024;
/// Marks a free slot.
const FREE: u16 = u16::MAX;

/// The facts, found by a hash of the name with the case bit set.
struct Index {
    facts: Vec<Facts>,
    slots: Vec<u16>,
}

impl Index {
    fn build(facts: impl Iterator<Item = Facts>) -> Self {
        let mut index = Self { facts: Vec::new(), slots: vec![FREE; SLOTS] };
        for fact in facts.take(SLOTS / 2) {
            let Ok(number) = u16::try_from(index.facts.len()) else { break };
            let free = probe(fact.name.as_bytes())
                .find(|&slot| index.slots.get(slot).is_some_and(|&number| number == FREE));
            if let Some(slot) = free.and_then(|slot| index.slots.get_mut(slot)) {
                *slot = number;
                index.facts.push(fact);
            }
        }
        index
    }

    fn find(&self, name: &[u8]) -> Option<&Facts> {
        self.facts.get(usize::from(self.number(name)?))
    }

    fn number(&self, name: &[u8]) -> Option<u16> {
        let known = |number: u16| Some((number, self.facts.get(usize::from(number))?));
        probe(name)
            .map_while(|slot| known(*self.slots.get(slot)?))
            .find(|(_, facts)| same_spelling(facts.name.as_bytes(), name))
            .map(|(number, _)| number)
    }
}

/// The slots in which a name may stand, in order.
fn probe(name: &[u8]) -> impl Iterator<Item = usize> + use<> {
    // These bytes tell all names of the table apart but for a few.
    let length = name.len();
    let places = [0, length / 2, length.wrapping_sub(2), length.wrapping_sub(1)];
    let hash = places.into_iter().fold(length, |hash, place| {
        let byte = name.get(place).copied().unwrap_or_default() | 0x20;
        hash.wrapping_mul(0x0100_0193) ^ usize::from(byte)
    });
    let start = hash.wrapping_mul(0x9E37_79B9) >> 12;
    (0..SLOTS).map(move |step| start.wrapping_add(step) % SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_and_found_in_any_case() {
        assert_eq!(Facts::all().count(), lines().count());
        assert!(lines().count() < SLOTS / 2);
        for line in lines() {
            let name = line.split(',').next().unwrap_or_default();
            for spelled in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
                let found = Facts::lookup(spelled.as_bytes()).map(|facts| facts.name);
                assert_eq!(found, Some(name));
            }
        }
    }

    #[test]
    fn no_attribute_stands_twice() {
        let mut names: Vec<String> = Facts::all().map(|facts| facts.name.to_lowercase()).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn facts_that_other_modules_lean_on() {
        let mail = Facts::of(b"MAIL");
        assert_eq!((mail.name, mail.single_valued), ("mail", true));
        assert_eq!(mail.bounds, Bounds { lower: Some(0), upper: Some(256) });
        assert_eq!(Facts::of(b"memberOf").writability, Writability::BackLink);
        assert_eq!(Facts::of(b"cn").writability, Writability::Renames);
        assert_eq!(Facts::of(b"commonName").name, "cn");
        assert_eq!(Facts::of(b"member;range=0-1499").syntax, Syntax::DistinguishedName);
        assert_eq!(Facts::of(b"sAMAccountName").uniqueness, Uniqueness::Domain);
        assert_eq!(Facts::of(b"userPrincipalName").uniqueness, Uniqueness::Forest);
        assert_eq!(Facts::of(b"modifyTimestamp").writability, Writability::Constructed);
        assert_eq!(Facts::of(b"entryUUID").writability, Writability::System);
        assert!(!Facts::of(b"entryCSN").writability.by_modify());
    }

    #[test]
    fn an_unknown_attribute_is_multi_valued_writable_text() {
        for name in [b"noSuchAttribute".as_slice(), b"", b"\xFF\xFE", b"mai", b"maill"] {
            assert_eq!(Facts::of(name), &Facts::UNKNOWN);
        }
    }
}
