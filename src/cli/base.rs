//! A base at or below which no entry is: a mistyped one.

use std::collections::BTreeMap;
use std::convert::Infallible;

use anyhow::bail;

use crate::directory::NormalizedDn;
use crate::directory::dn::{key_ancestors, key_depth, key_is_within, normalize_into, split_rdn};
use crate::ldif::{ReadOptions, map_chunks};
use crate::report::visible;
use crate::rules::nearest;

use super::entries;

/// Names beyond this many are not compared with the mistyped one.
const COMPARED: usize = 10_000;

/// The names that are nearest to a base.
#[derive(Debug, Default)]
struct Near {
    /// How many RDNs at the end of the base are those of an entry.
    shared: usize,
    /// These, as the entry writes them.
    above: Vec<u8>,
    /// The names right below: the values of RDNs in small letters, and whole DNs.
    below: BTreeMap<String, Vec<u8>>,
}

/// Refuses a base at or below which no entry of the exports is. Exports without any
/// entry say nothing about it.
///
/// # Errors
/// Names the nearest name above it, and one beside it that is spelled alike.
pub fn require(
    text: &str,
    base: &NormalizedDn,
    exports: &[&[u8]],
    read: ReadOptions,
) -> anyhow::Result<()> {
    let mut near: Option<Near> = None;
    for export in exports {
        let Ok(()) = map_chunks(
            export,
            |chunk| {
                let (mut near, mut key) = (None, Vec::new());
                entries::scan(chunk.bytes, read, |entry| {
                    look_at(&entry.dn, base, &mut key, &mut near)
                });
                near
            },
            |found: Option<Near>| {
                if let Some(found) = found {
                    near.get_or_insert_default().merge(found);
                }
                Ok::<(), Infallible>(())
            },
        );
    }
    let Some(near) = near.filter(|near| near.shared < base.depth()) else { return Ok(()) };
    let text = visible(text.as_bytes());
    let alike = near.alike(&value_of(name_at(base.depth() - near.shared - 1, text.as_bytes())));
    match (alike, near.shared) {
        (Some(alike), _) => {
            bail!("--base: no entry is at or below {text}; did you mean {}?", visible(alike))
        }
        (None, 0) => bail!("--base: no entry is at or below {text}; check its spelling"),
        (None, _) => bail!(
            "--base: no entry is at or below {text}; the nearest name above it is {}",
            visible(&near.above)
        ),
    }
}

fn look_at(dn: &[u8], base: &NormalizedDn, key: &mut Vec<u8>, near: &mut Option<Near>) {
    if normalize_into(dn, key).is_err() {
        return;
    }
    let base = base.as_bytes();
    let shared = std::iter::once(base)
        .chain(key_ancestors(base))
        .find(|name| key_is_within(key, name))
        .map_or(0, key_depth);
    let near = near.get_or_insert_default();
    if shared > near.shared {
        *near = Near { shared, ..Near::default() };
    }
    let depth = key_depth(key);
    if shared < near.shared || depth < shared {
        return;
    }
    if near.above.is_empty() && shared > 0 {
        near.above = name_at(depth - shared, dn).to_vec();
    }
    if depth > shared && near.below.len() < COMPARED {
        let name = name_at(depth - shared - 1, dn);
        near.below.entry(value_of(name)).or_insert_with(|| name.to_vec());
    }
}

/// The DN without so many RDNs at its front.
fn name_at(rdns: usize, mut dn: &[u8]) -> &[u8] {
    for _ in 0..rdns {
        dn = split_rdn(dn).ok().and_then(|(_, parent)| parent).unwrap_or_default();
    }
    dn.trim_ascii_start()
}

/// The value of the first RDN: what is mistyped.
fn value_of(dn: &[u8]) -> String {
    let rdn = split_rdn(dn).map(|(rdn, _)| rdn).unwrap_or_default();
    let rdn = String::from_utf8_lossy(rdn).to_lowercase();
    rdn.split_once('=').map(|(_, value)| value.trim_start().to_owned()).unwrap_or(rdn)
}

impl Near {
    fn merge(&mut self, other: Self) {
        match other.shared.cmp(&self.shared) {
            std::cmp::Ordering::Greater => *self = other,
            std::cmp::Ordering::Equal => {
                if self.above.is_empty() {
                    self.above = other.above;
                }
                self.below.extend(other.below);
            }
            std::cmp::Ordering::Less => {}
        }
    }

    /// The DN of a name that is spelled alike.
    fn alike(&self, value: &str) -> Option<&[u8]> {
        let found = nearest(value, self.below.keys().map(String::as_str))?;
        self.below.get(found).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &[u8] = b"dn: DC=x,DC=org\ndc: x\n\ndn: OU=Sales,DC=x,DC=org\nou: Sales\n\n\
        dn: CN=Ann,OU=Staff\\, all,DC=x,DC=org\ncn: Ann\n\n";

    fn said(base: &str) -> Option<String> {
        let key = NormalizedDn::of(base.as_bytes()).unwrap();
        let refused = require(base, &key, &[b"\n", EXPORT], ReadOptions::default()).err()?;
        Some(refused.to_string().split_once("; ").unwrap().1.to_owned())
    }

    #[test]
    fn a_base_that_is_there_is_taken_however_it_is_spelled() {
        for base in ["", "dc=ORG", "dc=x, dc=org", "OU=Staff\\2c all,DC=x,DC=org"] {
            assert_eq!(said(base), None, "{base}");
        }
        let key = NormalizedDn::of(b"DC=x").unwrap();
        assert!(require("DC=x", &key, &[b""], ReadOptions::default()).is_ok());
    }

    #[test]
    fn a_mistyped_base_is_told_with_what_was_meant() {
        let meant = |base, dn: &str| assert_eq!(said(base), Some(format!("did you mean {dn}?")));
        meant("OU=Salse,DC=x,DC=org", "OU=Sales,DC=x,DC=org");
        meant("CN=Sales,DC=x,DC=org", "OU=Sales,DC=x,DC=org");
        meant("OU=Staf\\, all,DC=x,DC=org", "OU=Staff\\, all,DC=x,DC=org");
        meant("CN=Anne,OU=Staff\\, all,DC=x,DC=org", "CN=Ann,OU=Staff\\, all,DC=x,DC=org");
    }

    #[test]
    fn what_is_like_nothing_is_told_with_the_name_above() {
        let above = said("OU=Purchase,DC=x,DC=org").unwrap();
        assert_eq!(above, "the nearest name above it is DC=x,DC=org");
        assert_eq!(said("DC=contoso,DC=com").unwrap(), "check its spelling");
    }
}
