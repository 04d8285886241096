//! Distinguished names (RFC 4514).

mod everyday;
mod normalized;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Formatter, Write};
use std::hash::{Hash, Hasher};

pub(crate) use everyday::is_everyday_dn;
pub use normalized::{
    NormalizedDn, compare_hierarchy, key_ancestors, key_depth, key_is_within, key_parent,
    naming_context, normalize_into,
};
pub use parse::{DnError, DnErrorKind, LONGEST_DN, MOST_RDNS};

use parse::Cursor;

use super::attribute::{is_attribute_type, same_type};

/// A distinguished name, parsed. The nearest RDN comes first.
///
/// Two are equal where their [`NormalizedDn`]s are: without regard to the case
/// and the spelling of types, to case and idle spaces of values, to escapes, and
/// to the order within a multi-valued RDN.
#[derive(Debug, Clone, Default)]
pub struct Dn {
    rdns: Vec<Rdn>,
    extended: Vec<ExtendedComponent>,
}

/// A component such as `<GUID=…>` that Samba and AD put before a DN. It has no
/// part in comparisons, unless the DN has nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedComponent {
    /// `GUID`, `SID` and so on, as written.
    pub name: String,
    /// The text behind the equals sign.
    pub value: String,
}

/// A relative distinguished name: one value, or several joined by `+`.
#[derive(Debug, Clone)]
pub struct Rdn {
    avas: Vec<Ava>,
}

/// An attribute type and a value of an RDN.
#[derive(Debug, Clone)]
pub struct Ava {
    attribute: String,
    value: Vec<u8>,
    ber: bool,
}

impl Dn {
    /// Reads a DN. Empty bytes are the root DSE's.
    ///
    /// # Errors
    /// With the place, where the bytes are no DN.
    pub fn parse(dn: &[u8]) -> Result<Self, DnError> {
        let mut cursor = Cursor::new(dn);
        cursor.require_length()?;
        let extended = cursor.extended()?;
        let mut rdns = Vec::new();
        if !cursor.rest().is_empty() {
            rdns.push(cursor.rdn()?);
            while cursor.separator()? {
                if rdns.len() == MOST_RDNS {
                    return Err(cursor.error(DnErrorKind::TooDeep));
                }
                rdns.push(cursor.rdn()?);
            }
        }
        Ok(Self { rdns, extended })
    }

    /// The RDNs, nearest first.
    #[must_use]
    pub fn rdns(&self) -> &[Rdn] {
        &self.rdns
    }

    /// The nearest RDN; `None` for the root DSE.
    #[must_use]
    pub fn rdn(&self) -> Option<&Rdn> {
        self.rdns.first()
    }

    /// What stood before the DN in angle brackets.
    #[must_use]
    pub fn extended(&self) -> &[ExtendedComponent] {
        &self.extended
    }

    /// The parent; `None` for a DN of at most one RDN.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match self.rdns.as_slice() {
            [_, parent @ ..] if !parent.is_empty() => {
                Some(Self { rdns: parent.to_vec(), extended: Vec::new() })
            }
            _ => None,
        }
    }

    /// The DN of a child with this RDN.
    #[must_use]
    pub fn child(&self, rdn: Rdn) -> Self {
        let mut rdns = Vec::with_capacity(self.rdns.len() + 1);
        rdns.push(rdn);
        rdns.extend_from_slice(&self.rdns);
        Self { rdns, extended: Vec::new() }
    }

    /// Whether this is the base or lies under it.
    #[must_use]
    pub fn is_within(&self, base: &Self) -> bool {
        self.normalized().is_within(&base.normalized())
    }

    /// The number of RDNs.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.rdns.len()
    }

    /// The key under which equal DNs are found.
    #[must_use]
    pub fn normalized(&self) -> NormalizedDn {
        let mut key = Vec::new();
        if self.rdns.is_empty() {
            normalized::write_components(&self.extended, &mut key);
        }
        for (number, rdn) in self.rdns.iter().enumerate() {
            if number > 0 {
                key.push(b',');
            }
            normalized::write_rdn(rdn, &mut key);
        }
        NormalizedDn::from_key(key)
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.rdns.len() == other.rdns.len() && self.normalized() == other.normalized()
    }
}

impl Eq for Dn {}

impl Hash for Dn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalized().hash(state);
    }
}

impl Rdn {
    /// Reads one RDN, for example the `newrdn` of a modrdn record.
    ///
    /// # Errors
    /// With the place, where the bytes are no RDN or more than one.
    pub fn parse(rdn: &[u8]) -> Result<Self, DnError> {
        let mut cursor = Cursor::new(rdn);
        let parsed = cursor.rdn()?;
        cursor.skip_spaces();
        if cursor.rest().is_empty() { Ok(parsed) } else { Err(cursor.error(DnErrorKind::EmptyRdn)) }
    }

    /// An RDN of one value.
    #[must_use]
    pub fn of(ava: Ava) -> Self {
        Self { avas: vec![ava] }
    }

    /// Types and values, as written.
    #[must_use]
    pub fn avas(&self) -> &[Ava] {
        &self.avas
    }

    /// Whether the RDN holds this attribute type, aliases included.
    #[must_use]
    pub fn has_type(&self, attribute: &[u8]) -> bool {
        self.avas.iter().any(|ava| same_type(ava.attribute.as_bytes(), attribute))
    }

    fn key(&self) -> Vec<u8> {
        let mut key = Vec::new();
        normalized::write_rdn(self, &mut key);
        key
    }
}

impl PartialEq for Rdn {
    fn eq(&self, other: &Self) -> bool {
        self.avas.len() == other.avas.len() && self.key() == other.key()
    }
}

impl Eq for Rdn {}

impl Ava {
    /// A type and a value that is text.
    ///
    /// # Errors
    /// [`DnErrorKind::BadType`] where the type is neither a name nor an OID.
    pub fn new(attribute: &str, value: impl Into<Vec<u8>>) -> Result<Self, DnError> {
        if is_attribute_type(attribute.as_bytes()) {
            Ok(Self { attribute: attribute.to_owned(), value: value.into(), ber: false })
        } else {
            Err(DnError { kind: DnErrorKind::BadType, offset: 0 })
        }
    }

    /// The attribute type, as written.
    #[must_use]
    pub fn attribute(&self) -> &str {
        &self.attribute
    }

    /// The bytes of the value, unescaped; the BER encoding where
    /// [`Ava::is_ber`].
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Whether the value was written as `#` and hex digits.
    #[must_use]
    pub fn is_ber(&self) -> bool {
        self.ber
    }

    /// The value's text: for BER, the content of a string; `None` where it
    /// encodes something else.
    #[must_use]
    pub fn text(&self) -> Option<&[u8]> {
        if !self.ber {
            return Some(&self.value);
        }
        // OCTET STRING, UTF8String, PrintableString, TeletexString, IA5String,
        // with a length of one byte: longer ones do not occur in names.
        match self.value.as_slice() {
            [0x04 | 0x0C | 0x13 | 0x14 | 0x16, len @ 0..=0x7F, content @ ..]
                if usize::from(*len) == content.len() =>
            {
                Some(content)
            }
            _ => None,
        }
    }
}

impl Display for Dn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (number, component) in self.extended.iter().enumerate() {
            if number > 0 {
                f.write_char(';')?;
            }
            write!(f, "<{}={}>", component.name, component.value)?;
        }
        for (number, rdn) in self.rdns.iter().enumerate() {
            if number > 0 {
                f.write_char(',')?;
            } else if !self.extended.is_empty() {
                f.write_char(';')?;
            }
            Display::fmt(rdn, f)?;
        }
        Ok(())
    }
}

impl Display for Rdn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (number, ava) in self.avas.iter().enumerate() {
            if number > 0 {
                f.write_char('+')?;
            }
            Display::fmt(ava, f)?;
        }
        Ok(())
    }
}

impl Display for Ava {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.attribute)?;
        if self.ber {
            f.write_char('#')?;
            return self.value.iter().try_for_each(|byte| write!(f, "{byte:02x}"));
        }
        f.write_str(&escape_value(&self.value))
    }
}

/// The text of a value within a DN. Control characters and bytes that are not
/// UTF-8 become `\XX`, so AD's conflict names read `\0ACNF:` again.
#[must_use]
pub fn escape_value(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    let mut at = 0;
    for chunk in value.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', char]),
                ' ' if at == 0 || at == last => out.push_str("\\ "),
                '#' if at == 0 => out.push_str("\\#"),
                '\0'..='\x1F' | '\x7F' => escape_byte(at, value, &mut out),
                _ => out.push(char),
            }
            at += char.len_utf8();
        }
        for _ in chunk.invalid() {
            escape_byte(at, value, &mut out);
            at += 1;
        }
    }
    out
}

fn escape_byte(at: usize, value: &[u8], out: &mut String) {
    if let Some(byte) = value.get(at) {
        let _ = write!(out, "\\{byte:02X}");
    }
}

/// Where the first RDN starts, behind extended components and blanks; 0 where nothing
/// stands behind them.
pub(crate) fn extended_end(dn: &[u8]) -> usize {
    let mut cursor = Cursor::new(dn);
    match cursor.extended() {
        Ok(_) if !cursor.rest().is_empty() => cursor.at(),
        _ => 0,
    }
}

/// Separates the first RDN from the parent, both as written; `None` for the
/// parent where there is one RDN only. What lies behind the first RDN is not
/// checked. Extended components are dropped.
///
/// # Errors
/// Where the first RDN is none.
pub fn split_rdn(dn: &[u8]) -> Result<(&[u8], Option<&[u8]>), DnError> {
    let mut cursor = Cursor::new(dn);
    cursor.extended()?;
    let start = cursor.at();
    cursor.rdn()?;
    let rdn = dn.get(start..cursor.at()).unwrap_or_default();
    let parent = cursor.separator()?.then(|| cursor.rest());
    Ok((trim_end(rdn), parent))
}

/// An RDN without idle spaces at its end. The first of them is not idle where a
/// backslash escapes it.
fn trim_end(rdn: &[u8]) -> &[u8] {
    let idle = rdn.iter().rev().take_while(|&&byte| byte == b' ').count();
    let trimmed = rdn.get(..rdn.len() - idle).unwrap_or_default();
    let backslashes = trimmed.iter().rev().take_while(|&&byte| byte == b'\\').count();
    let escaped = usize::from(idle > 0 && backslashes % 2 == 1);
    rdn.get(..trimmed.len() + escaped).unwrap_or_default()
}

/// The DN of an entry from its RDN and its parent, both as written.
#[must_use]
pub fn join(rdn: &[u8], parent: Option<&[u8]>) -> Vec<u8> {
    match parent {
        Some(parent) if !parent.is_empty() => [rdn, b",", parent].concat(),
        _ => rdn.to_vec(),
    }
}

/// The DN of an entry after its ancestor (or itself) moved from `old` to `new`:
/// its own RDNs as written, then `new`. `None` where it does not lie within
/// `old`.
///
/// # Errors
/// Where the entry's DN or `old` is none.
pub fn rebase(dn: &[u8], old: &[u8], new: &[u8]) -> Result<Option<Vec<u8>>, DnError> {
    let (key, base) = (NormalizedDn::of(dn)?, NormalizedDn::of(old)?);
    if !key.is_within(&base) {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(dn.len() + new.len());
    let mut rest = Some(dn);
    for _ in 0..key.depth().saturating_sub(base.depth()) {
        let Some(dn) = rest else { break };
        let (rdn, parent) = split_rdn(dn)?;
        if !out.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(rdn);
        rest = parent;
    }
    if !out.is_empty() && !new.is_empty() {
        out.push(b',');
    }
    out.extend_from_slice(new);
    Ok(Some(out))
}
