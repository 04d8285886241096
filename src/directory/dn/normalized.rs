//! The key of a DN: bytes that are equal where DNs are.
//!
//! Attribute types stand in lower case under their usual name, values folded
//! (case, compatibility forms, spaces), the values of a multi-valued RDN in the
//! order of their bytes, and everything that a DN gives a meaning is written as
//! an escape in hex. So a comma in a key always separates two RDNs, and an entry
//! lies under a base exactly where its key ends with a comma and the base's key.

use std::borrow::Borrow;
use std::cmp::Ordering;

use super::everyday::is_everyday_dn;
use super::parse::{Cursor, DnError, DnErrorKind, MOST_RDNS, unescape};
use super::{Ava, ExtendedComponent, Rdn};
use crate::directory::attribute::{alias_of, is_type_byte};
use crate::directory::matching::text::{self, Case, Ends};

/// The key of a DN, owned. Compares, hashes and orders as its bytes do, and may
/// be looked up by them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalizedDn(Box<[u8]>);

impl NormalizedDn {
    /// The key of a DN as it was written.
    ///
    /// # Errors
    /// Where the bytes are no DN.
    pub fn of(dn: &[u8]) -> Result<Self, DnError> {
        let mut key = Vec::with_capacity(dn.len());
        normalize_into(dn, &mut key)?;
        Ok(Self::from_key(key))
    }

    pub(super) fn from_key(key: Vec<u8>) -> Self {
        Self(key.into_boxed_slice())
    }

    /// The bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key of the parent; `None` for a DN of one RDN and for the root DSE.
    #[must_use]
    pub fn parent(&self) -> Option<&[u8]> {
        key_parent(&self.0)
    }

    /// The keys of the ancestors, nearest first; the root DSE is left out.
    pub fn ancestors(&self) -> impl Iterator<Item = &[u8]> {
        key_ancestors(&self.0)
    }

    /// Whether this is the base or lies under it.
    #[must_use]
    pub fn is_within(&self, base: &Self) -> bool {
        key_is_within(&self.0, &base.0)
    }

    /// The number of RDNs.
    #[must_use]
    pub fn depth(&self) -> usize {
        key_depth(&self.0)
    }
}

impl AsRef<[u8]> for NormalizedDn {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for NormalizedDn {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// The parent's part of a key; `None` for a key of at most one RDN.
#[must_use]
pub fn key_parent(key: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b',', key).and_then(|at| key.get(at + 1..))
}

/// The ancestors' parts of a key, nearest first; the root DSE is left out.
pub fn key_ancestors(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(key_parent(key), |ancestor| key_parent(ancestor))
}

/// The part of a key that names the naming context: the domain components, or the
/// last RDN.
#[must_use]
pub fn naming_context(key: &[u8]) -> &[u8] {
    let keys = std::iter::successors(Some(key), |key| key_parent(key));
    let mut last = key;
    let mut domain = None;
    for ancestor in keys {
        last = ancestor;
        domain = match ancestor.starts_with(b"dc=") {
            true => domain.or(Some(ancestor)),
            false => None,
        };
    }
    domain.unwrap_or(last)
}

/// Whether a key is the base's or lies under it. All lie under the empty key of
/// the root DSE.
#[must_use]
pub fn key_is_within(key: &[u8], base: &[u8]) -> bool {
    base.is_empty()
        || key
            .strip_suffix(base)
            .is_some_and(|above| above.is_empty() || above.last() == Some(&b','))
}

/// The number of RDNs of a key.
#[must_use]
pub fn key_depth(key: &[u8]) -> usize {
    if key.is_empty() { 0 } else { memchr::memchr_iter(b',', key).count() + 1 }
}

/// The order of a tree: RDN by RDN from the root, so that a parent stands
/// before its children and a subtree stands together.
#[must_use]
pub fn compare_hierarchy(a: &[u8], b: &[u8]) -> Ordering {
    a.rsplit(|&byte| byte == b',').cmp(b.rsplit(|&byte| byte == b','))
}

/// Writes the key of a DN into a buffer, whose former content is dropped.
///
/// # Errors
/// Where the bytes are no DN; the buffer's content is then of no use.
pub fn normalize_into(dn: &[u8], key: &mut Vec<u8>) -> Result<(), DnError> {
    key.clear();
    if is_everyday_dn(dn) {
        key.extend_from_slice(dn);
        key.make_ascii_lowercase();
        return Ok(());
    }
    let mut cursor = Cursor::new(dn);
    cursor.require_length()?;
    let extended = cursor.extended()?;
    if cursor.rest().is_empty() {
        write_components(&extended, key);
        return Ok(());
    }
    for number in 0_usize.. {
        if number == MOST_RDNS {
            return Err(cursor.error(DnErrorKind::TooDeep));
        }
        // Escapes and the like stand in the name of the entry, if anywhere: so
        // the short way is tried for the whole DN and for all but that name.
        if number < 2 && is_tidy(cursor.rest()) {
            let start = key.len();
            key.extend_from_slice(cursor.rest());
            key.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
            // The shortest RDN, `a=` and a comma, has three bytes.
            let may_be_deep = key.len() >= 3 * MOST_RDNS;
            return match may_be_deep && key_depth(key) > MOST_RDNS {
                true => Err(cursor.error(DnErrorKind::TooDeep)),
                false => Ok(()),
            };
        }
        let start = key.len();
        match plain_rdn(dn, cursor.at(), key) {
            Some(end) => cursor.set(end),
            None => {
                key.truncate(start);
                write_rdn(&cursor.rdn()?, key);
            }
        }
        if !cursor.separator()? {
            break;
        }
        key.push(b',');
    }
    Ok(())
}

/// Whether only the case of letters keeps RDNs from being their own key: ASCII,
/// nothing escaped or quoted, no idle space, types that are no aliases. Without
/// branches over the bytes, so that the compiler makes vector code of it.
fn is_tidy(rdns: &[u8]) -> bool {
    let special = |byte: u8| {
        (byte == b';')
            | (byte == b'+')
            | (byte == b'\\')
            | (byte == b'"')
            | (byte == b'#')
            | (byte >= 0x80)
    };
    let stops = |byte: u8| (byte == b' ') | (byte == b',') | (byte == b'=');
    if rdns.iter().fold(false, |found, &byte| found | special(byte)) {
        return false;
    }
    // A space at either side of a separator or of another space.
    let behind = rdns.get(1..).unwrap_or_default();
    let idle = rdns.iter().zip(behind).fold(false, |found, (&left, &right)| {
        found | ((left == b' ') & stops(right)) | ((right == b' ') & stops(left))
    });
    if idle || rdns.first() == Some(&b' ') || rdns.last() == Some(&b' ') {
        return false;
    }
    let mut rest = rdns;
    loop {
        // Short types only: cn, ou, dc, o, l, c, st, uid.
        let Some(equals) = rest.iter().take(4).position(|&byte| byte == b'=') else {
            return false;
        };
        let attribute = rest.get(..equals).unwrap_or_default();
        if !attribute.first().is_some_and(u8::is_ascii_alphabetic)
            || !attribute.iter().all(u8::is_ascii_alphanumeric)
            || alias_of(attribute).is_some()
        {
            return false;
        }
        match memchr::memchr(b',', rest) {
            Some(comma) => rest = rest.get(comma + 1..).unwrap_or_default(),
            None => return true,
        }
    }
}

/// Appends the key of one RDN that has a single value, of ASCII, neither quoted
/// nor in hex: nearly all of them. Returns where it ends; `None` where the RDN
/// is another, or wrong, and has to be parsed.
fn plain_rdn(dn: &[u8], start: usize, key: &mut Vec<u8>) -> Option<usize> {
    let mut at = start;
    while dn.get(at) == Some(&b' ') {
        at += 1;
    }
    let rest = dn.get(at..)?;
    let attribute = rest.get(..rest.iter().position(|&byte| !is_type_byte(byte))?)?;
    if !attribute.first()?.is_ascii_alphabetic() || attribute.contains(&b'.') {
        return None;
    }
    at += attribute.len();
    while dn.get(at) == Some(&b' ') {
        at += 1;
    }
    if *dn.get(at)? != b'=' {
        return None;
    }
    at += 1;
    write_type(attribute, key);
    while dn.get(at) == Some(&b' ') {
        at += 1;
    }
    if matches!(dn.get(at), Some(b'"' | b'#')) {
        return None;
    }
    plain_value(dn, at, key)
}

fn plain_value(dn: &[u8], mut at: usize, key: &mut Vec<u8>) -> Option<usize> {
    let start = key.len();
    let mut space = false;
    loop {
        let rest = dn.get(at..)?;
        let len = rest.iter().position(|&byte| !is_plain(byte)).unwrap_or(rest.len());
        if len > 0 {
            flush_space(&mut space, key, start);
            let from = key.len();
            key.extend_from_slice(rest.get(..len)?);
            key.get_mut(from..)?.make_ascii_lowercase();
            at += len;
        }
        let (byte, len) = match rest.get(len..)? {
            [] | [b',' | b';', ..] => return Some(at),
            escape @ [b'\\', ..] => unescape(escape)?,
            [b'+', ..] => return None,
            [byte, ..] => (*byte, 1),
        };
        match byte {
            b' ' => space = true,
            0x80.. => return None,
            _ => {
                flush_space(&mut space, key, start);
                write_byte(byte.to_ascii_lowercase(), key);
            }
        }
        at += len;
    }
}

fn flush_space(space: &mut bool, key: &mut Vec<u8>, value_start: usize) {
    if std::mem::take(space) && key.len() > value_start {
        key.push(b' ');
    }
}

/// Whether a byte stands for itself in a DN and in a key, but for its case.
fn is_plain(byte: u8) -> bool {
    const PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut byte = 0;
        while byte < 0x80 {
            plain[byte] = !is_escaped(byte as u8) && byte != b' ' as usize;
            byte += 1;
        }
        plain
    };
    PLAIN.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Whether a key holds the byte as an escape: what separates RDNs and values,
/// and what would give the start of a value a meaning.
const fn is_escaped(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b'+' | b'\\' | b'"' | b'#')
}

fn write_byte(byte: u8, key: &mut Vec<u8>) {
    if is_escaped(byte) {
        key.push(b'\\');
        write_hex(byte, key);
    } else {
        key.push(byte);
    }
}

fn write_hex(byte: u8, key: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    key.extend([byte >> 4, byte & 15].iter().filter_map(|&half| DIGITS.get(usize::from(half))));
}

fn write_type(attribute: &[u8], key: &mut Vec<u8>) {
    match alias_of(attribute) {
        Some(name) => key.extend_from_slice(name.as_bytes()),
        None => key.extend(attribute.iter().map(u8::to_ascii_lowercase)),
    }
    key.push(b'=');
}

pub(super) fn write_rdn(rdn: &Rdn, key: &mut Vec<u8>) {
    if let [ava] = rdn.avas.as_slice() {
        write_ava(ava, key);
        return;
    }
    let mut parts: Vec<Vec<u8>> = rdn
        .avas
        .iter()
        .map(|ava| {
            let mut part = Vec::new();
            write_ava(ava, &mut part);
            part
        })
        .collect();
    parts.sort();
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            key.push(b'+');
        }
        key.extend_from_slice(part);
    }
}

fn write_ava(ava: &Ava, key: &mut Vec<u8>) {
    write_type(ava.attribute.as_bytes(), key);
    match ava.text() {
        Some(value) => {
            let mut folded = Vec::with_capacity(value.len());
            text::fold_onto(value, Case::Ignore, Ends::BOTH, &mut folded);
            folded.iter().for_each(|&byte| write_byte(byte, key));
        }
        None => {
            key.push(b'#');
            ava.value.iter().for_each(|&byte| write_hex(byte, key));
        }
    }
}

/// The key of a DN that has nothing but extended components.
pub(super) fn write_components(components: &[ExtendedComponent], key: &mut Vec<u8>) {
    for (number, component) in components.iter().enumerate() {
        if number > 0 {
            key.push(b';');
        }
        key.push(b'<');
        key.extend(component.name.bytes().map(|byte| byte.to_ascii_lowercase()));
        key.push(b'=');
        // A comma would pass for a separator, and no such value has one.
        let value = component.value.bytes().filter(|&byte| byte != b',');
        key.extend(value.map(|byte| byte.to_ascii_lowercase()));
        key.push(b'>');
    }
}
