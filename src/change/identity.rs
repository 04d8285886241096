//! What this module asks of the directory: keys of DNs, keys of values, and the
//! schema facts that decide whether a change applies.

use std::borrow::Cow;

/// How the values of one attribute compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    CaseIgnore,
    Octets,
}

/// The matching rule of an attribute description.
pub(super) fn rule_of(attribute: &[u8]) -> Rule {
    match base_name(attribute).to_ascii_lowercase().as_slice() {
        b"jpegphoto" | b"thumbnailphoto" | b"objectguid" | b"usercertificate" => Rule::Octets,
        _ => Rule::CaseIgnore,
    }
}

/// The form in which two values are equal exactly where the rule says so.
pub(super) fn value_key(rule: Rule, value: &[u8]) -> Cow<'_, [u8]> {
    match rule {
        Rule::Octets => Cow::Borrowed(value),
        Rule::CaseIgnore => {
            let folded = match std::str::from_utf8(value) {
                Ok(text) => text.to_lowercase().into_bytes(),
                Err(_) => value.to_ascii_lowercase(),
            };
            let mut out: Vec<u8> = Vec::with_capacity(folded.len());
            for word in folded.split(|&byte| byte == b' ').filter(|word| !word.is_empty()) {
                if !out.is_empty() {
                    out.push(b' ');
                }
                out.extend_from_slice(word);
            }
            Cow::Owned(out)
        }
    }
}

/// The attribute description without its options.
pub(super) fn base_name(attribute: &[u8]) -> &[u8] {
    memchr::memchr(b';', attribute).map_or(attribute, |at| &attribute[..at])
}

/// The key of a DN: RDNs from the left, separated by commas that stand nowhere
/// else in it; `None` where the text is no DN. The root's key is empty.
pub(super) fn dn_key(dn: &[u8]) -> Option<Vec<u8>> {
    let mut key = Vec::with_capacity(dn.len());
    if dn.iter().all(|&byte| byte == b' ') {
        return Some(key);
    }
    let mut starts = rdn_starts(dn);
    starts.push(dn.len() + 1);
    for pair in starts.windows(2) {
        if !key.is_empty() {
            key.push(b',');
        }
        key.extend_from_slice(&rdn_key(&dn[pair[0]..pair[1] - 1])?);
    }
    Some(key)
}

/// The key of one RDN, as it stands in [`dn_key`].
pub(super) fn rdn_key(rdn: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<Vec<u8>> = rdn_values(rdn)?
        .into_iter()
        .map(|(name, value)| {
            let mut part = name.to_ascii_lowercase();
            part.push(b'=');
            for &byte in value_key(rule_of(&name), &value).iter() {
                match byte {
                    b',' | b'+' | b'\\' => {
                        part.extend_from_slice(format!("\\{byte:02x}").as_bytes())
                    }
                    _ => part.push(byte),
                }
            }
            part
        })
        .collect();
    parts.sort_unstable();
    Some(parts.join(&b'+'))
}

/// The key of the entry above; `None` for the root.
pub(super) fn parent_key(key: &[u8]) -> Option<&[u8]> {
    match memchr::memchr(b',', key) {
        Some(at) => Some(&key[at + 1..]),
        None if key.is_empty() => None,
        None => Some(&[]),
    }
}

/// Where each RDN of a DN's text starts.
pub(super) fn rdn_starts(dn: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    starts.extend(separators(dn, b',').map(|at| at + 1));
    starts
}

fn separators(text: &[u8], separator: u8) -> impl Iterator<Item = usize> {
    let (mut escaped, mut quoted) = (false, false);
    text.iter().enumerate().filter_map(move |(at, &byte)| {
        if escaped {
            escaped = false;
            return None;
        }
        match byte {
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => return Some(at),
            _ => {}
        }
        None
    })
}

/// The attribute types and values of the first RDN of a DN, unescaped; `None`
/// where it is no RDN.
pub(super) fn rdn_values(dn: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let rdn = separators(dn, b',').next().map_or(dn, |end| &dn[..end]);
    let mut bounds: Vec<usize> = separators(rdn, b'+').collect();
    bounds.push(rdn.len());
    let mut from = 0;
    let mut values = Vec::with_capacity(bounds.len());
    for end in bounds {
        let part = &rdn[from..end];
        from = end + 1;
        let at = memchr::memchr(b'=', part)?;
        let name = part[..at].trim_ascii();
        if name.is_empty() {
            return None;
        }
        values.push((name.to_vec(), unescape(part[at + 1..].trim_ascii_start())));
    }
    Some(values)
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut kept = 0;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            if byte != b' ' {
                kept = out.len();
            }
            continue;
        }
        let hex = text
            .get(at..at + 2)
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (hex, text.get(at)) {
            (Some(decoded), _) => {
                out.push(decoded);
                at += 2;
            }
            (None, Some(&next)) => {
                out.push(next);
                at += 1;
            }
            (None, None) => {}
        }
        kept = out.len();
    }
    out.truncate(kept);
    out
}

/// Whether Active Directory's schema allows the attribute one value only.
pub(super) fn single_valued(attribute: &[u8]) -> bool {
    matches!(
        base_name(attribute).to_ascii_lowercase().as_slice(),
        b"mail"
            | b"userprincipalname"
            | b"samaccountname"
            | b"displayname"
            | b"mailnickname"
            | b"cn"
    )
}

/// Why a modify may not write an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writability {
    Writable,
    Naming,
    System,
}

pub(super) fn writability(attribute: &[u8]) -> Writability {
    match base_name(attribute).to_ascii_lowercase().as_slice() {
        b"cn" | b"ou" | b"dc" => Writability::Naming,
        b"name" | b"distinguishedname" | b"objectguid" | b"objectsid" | b"memberof" => {
            Writability::System
        }
        _ => Writability::Writable,
    }
}

/// Whether a server keeps the attribute's values unique among its entries.
pub(super) fn is_unique(attribute: &[u8]) -> bool {
    attribute.eq_ignore_ascii_case(b"userPrincipalName")
        || attribute.eq_ignore_ascii_case(b"sAMAccountName")
}

/// The options of an attribute description.
pub(super) fn options(attribute: &[u8]) -> impl Iterator<Item = &[u8]> {
    attribute.split(|&byte| byte == b';').skip(1)
}

/// Whether an option marks a part of the values, as in `member;range=0-1499`.
pub(super) fn is_range(option: &[u8]) -> bool {
    option.len() >= 6 && option[..6].eq_ignore_ascii_case(b"range=")
}

/// Whether an attribute with this option is written like any other: it names a
/// language, a transfer form or a private subtype. Others, such as the change
/// sequence numbers of a replica (`vucsn-…`), are a server's own notes.
pub(super) fn is_plain_option(option: &[u8]) -> bool {
    let option = option.to_ascii_lowercase();
    option == b"binary" || option.starts_with(b"lang-") || option.starts_with(b"x-")
}

/// The key of the domain that holds an entry: the DN from its first `dc=` on.
pub(super) fn domain_key(dn: &[u8]) -> Vec<u8> {
    let Some(key) = dn_key(dn) else { return Vec::new() };
    let mut rest = key.as_slice();
    while !rest.is_empty() && !rest.starts_with(b"dc=") {
        rest = parent_key(rest).unwrap_or_default();
    }
    rest.to_vec()
}
