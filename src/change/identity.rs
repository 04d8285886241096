//! What this module asks of the directory: keys of DNs, keys of values, and the
//! schema facts that decide whether a change applies.

use std::borrow::Cow;

pub(super) use crate::directory::attribute::canonical;
use crate::directory::attribute::{alias_of, may_have_aliases, same_type};
use crate::directory::dn::{
    extended_end, is_everyday_dn, key_ancestors, key_parent, normalize_into, split_rdn,
};
use crate::directory::{
    AttributeDescription, Ava, Dn, Entry, Facts, Rdn, Syntax, Uniqueness, Writability, matching,
};
use crate::ldif::Value;

/// How the values of an attribute compare.
pub(super) fn rule_of(attribute: &[u8]) -> Syntax {
    Facts::of(attribute).syntax
}

/// The form in which two values are equal exactly where the rule says so.
pub(super) fn value_key(rule: Syntax, value: &[u8]) -> Cow<'_, [u8]> {
    matching::fold(rule, value)
}

/// The key of a DN; `None` where the text is no DN. The root's key is empty. A
/// comma in it always separates two RDNs.
pub(super) fn dn_key(dn: &[u8]) -> Option<Vec<u8>> {
    let mut key = Vec::with_capacity(dn.len());
    normalize_into(dn, &mut key).ok()?;
    Some(key)
}

/// The key of one RDN, as it stands in [`dn_key`].
pub(super) fn rdn_key(rdn: &[u8]) -> Option<Vec<u8>> {
    Rdn::parse(rdn).ok()?;
    dn_key(rdn)
}

/// The key of the entry above, the root's included; `None` for the root.
pub(super) fn parent_key(key: &[u8]) -> Option<&[u8]> {
    if key.is_empty() { None } else { Some(key_parent(key).unwrap_or_default()) }
}

/// Where the DN stands in a value of the attribute; `None` where its values name
/// no entries.
pub(super) fn dn_within(attribute: &[u8], value: &[u8]) -> Option<usize> {
    // Nearly no other value gets further.
    memchr::memchr(b'=', value)?;
    match rule_of(attribute) {
        Syntax::DistinguishedName => Some(0),
        Syntax::DnWithBinary => {
            Some(matching::split_binary(value).map_or(0, |(head, _)| head.len()))
        }
        _ => None,
    }
}

/// The RDN as Active Directory spells it: its type as in the schema, in upper case.
pub(super) fn rdn_in_capitals(rdn: &[u8]) -> Vec<u8> {
    let equals = memchr::memchr(b'=', rdn).unwrap_or(0);
    let (attribute, value) = rdn.split_at(equals);
    let attribute = name_in_schema(attribute);
    [&attribute.to_ascii_uppercase(), value].concat()
}

/// Where each RDN of a DN's text starts.
pub(super) fn rdn_starts(dn: &[u8]) -> Vec<usize> {
    if let Some(starts) = plain_starts(dn) {
        return starts;
    }
    let mut starts = vec![extended_end(dn)];
    let mut rest = dn;
    while let Ok((_, Some(parent))) = split_rdn(rest) {
        starts.push(dn.len() - parent.len());
        rest = parent;
    }
    starts
}

/// The same where every comma separates two RDNs, as in nearly all DNs; `None`
/// where one may not.
fn plain_starts(dn: &[u8]) -> Option<Vec<usize>> {
    if !is_plain(dn) {
        return None;
    }
    let starts = [0].into_iter().chain(memchr::memchr_iter(b',', dn).map(|comma| comma + 1));
    // Blanks and empty RDNs are left to the parser.
    let is_named = |&start: &usize| dn.get(start).is_some_and(u8::is_ascii_alphabetic);
    starts.clone().all(|start| is_named(&start)).then(|| starts.collect())
}

/// Whether a DN has nothing that is escaped, quoted or encoded, and one value an RDN.
fn is_plain(dn: &[u8]) -> bool {
    let has_any = |[a, b, c]: [u8; 3]| memchr::memchr3(a, b, c, dn).is_some();
    !has_any(*b"\\\"<") && !has_any(*b";#+")
}

/// A DN without the `<GUID=…>;` that may stand in front of it.
pub(super) fn without_brackets(dn: &[u8]) -> &[u8] {
    dn.get(extended_end(dn)..).unwrap_or(dn)
}

/// The `<GUID=…>;` that stands in front of a DN; mostly nothing.
pub(super) fn brackets(dn: &[u8]) -> &[u8] {
    dn.get(..extended_end(dn)).unwrap_or_default().trim_ascii_start()
}

/// The text of a DN's first RDN.
pub(super) fn rdn_text(dn: &[u8]) -> &[u8] {
    split_rdn(dn).map_or(dn, |(rdn, _)| rdn)
}

/// The DN's text behind the first RDN; empty where there is none.
pub(super) fn parent_text(dn: &[u8]) -> &[u8] {
    split_rdn(dn).ok().and_then(|(_, parent)| parent).unwrap_or_default()
}

/// The attribute types and values of the first RDN of a DN, unescaped; none for
/// the root, `None` where the text is no DN. An alias gives way to the name that the
/// schema has for the type, as in the answers of servers.
pub(super) fn rdn_values(dn: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    if is_everyday_dn(dn) {
        let (rdn, _) = dn.split_at(memchr::memchr(b',', dn).unwrap_or(dn.len()));
        let (name, value) = rdn.split_at_checked(memchr::memchr(b'=', rdn)?)?;
        return Some(vec![(name.to_vec(), value.get(1..)?.to_vec())]);
    }
    // The short way to know that it is a DN; then the first RDN says it all.
    dn_key(dn)?;
    if let Some((name, value)) = plain_rdn_value(dn) {
        return Some(vec![(name_in_schema(name).to_vec(), value.to_vec())]);
    }
    let dn = Dn::parse(dn).ok()?;
    let avas = dn.rdn().map(Rdn::avas).unwrap_or_default();
    let values = avas.iter().map(|ava| {
        let value = ava.text().unwrap_or(ava.value());
        (name_in_schema(ava.attribute().as_bytes()).to_vec(), value.to_vec())
    });
    Some(values.collect())
}

/// The schema's name of a type that is called by an alias; any other as it is.
fn name_in_schema(attribute_type: &[u8]) -> &[u8] {
    let Some(name) = alias_of(attribute_type) else { return attribute_type };
    Facts::lookup(name.as_bytes()).map_or(name, |facts| facts.name).as_bytes()
}

/// The type and the value of the first RDN where both stand there as they are.
fn plain_rdn_value(dn: &[u8]) -> Option<(&[u8], &[u8])> {
    let rdn = dn.get(..memchr::memchr(b',', dn).unwrap_or(dn.len())).filter(|_| is_plain(dn))?;
    let (name, value) = rdn.split_at_checked(memchr::memchr(b'=', rdn)?)?;
    let value = value.get(1..)?;
    let is_bare = |text: &[u8]| !text.is_empty() && text.trim_ascii().len() == text.len();
    // The `OID.` of RFC 1779 is left to the parser.
    let is_dotted = name.get(3) == Some(&b'.');
    (is_bare(name) && is_bare(value) && !is_dotted).then_some((name, value))
}

/// Whether the values of a DN's RDN are those of another, byte for byte. A server
/// may spell attribute types in its own way.
pub(super) fn is_spelled(dn: &[u8], rdn: &[u8]) -> bool {
    let (Some(own), Some(other)) = (rdn_values(dn), rdn_values(rdn)) else {
        return false;
    };
    let has = |(name, value): &(Vec<u8>, Vec<u8>)| {
        own.iter().any(|(n, v)| n.eq_ignore_ascii_case(name) && v == value)
    };
    own.len() == other.len() && other.iter().all(has)
}

/// Whether two DNs differ at most in what a server writes in its own way: escapes,
/// blanks, the names of types and the order of values in an RDN.
pub(super) fn are_dns_spelled_alike(a: &[u8], b: &[u8]) -> bool {
    let spelled = |dn: &[u8]| {
        let dn = Dn::parse(dn).ok()?;
        let rdns = dn.rdns().iter().map(|rdn| {
            let avas = rdn.avas().iter();
            let named = |ava: &Ava| {
                let name = canonical(ava.attribute().as_bytes()).into_owned();
                (name, ava.text().unwrap_or(ava.value()).to_vec())
            };
            let mut values: Vec<_> = avas.map(named).collect();
            values.sort_unstable();
            values
        });
        Some(rdns.collect::<Vec<_>>())
    };
    a == b || spelled(a).is_some_and(|a| spelled(b) == Some(a))
}

/// The values of an attribute description, under any of its names.
pub(super) fn values_of<'e, 'a>(entry: &'e Entry<'a>, attribute: &[u8]) -> &'e [Value<'a>] {
    let spelled = entry.values(attribute);
    if !spelled.is_empty() || !may_be_spelled_otherwise(attribute) {
        return spelled;
    }
    entry.values_under_any_name(attribute)
}

/// The same form of the type alone, without options.
pub(super) fn canonical_type(name: &[u8]) -> Cow<'_, [u8]> {
    canonical(AttributeDescription::split(name).base())
}

/// Whether two attribute types, options left aside, are the same.
pub(super) fn same_attribute(a: &[u8], b: &[u8]) -> bool {
    same_type(AttributeDescription::split(a).base(), AttributeDescription::split(b).base())
}

/// Whether two attribute descriptions stand for the same values of an entry.
pub(super) fn same_description(a: &[u8], b: &[u8]) -> bool {
    AttributeDescription::split(a).is_same(&AttributeDescription::split(b))
}

/// Whether an attribute description may be spelled otherwise than in other letters: by
/// another name of its type, or with its options in another order. Of two that are the
/// same and differ in more than the case of letters, both may.
pub(super) fn may_be_spelled_otherwise(attribute: &[u8]) -> bool {
    let description = AttributeDescription::split(attribute);
    description.has_options() || may_have_aliases(description.base())
}

/// Whether Active Directory's schema allows the attribute one value only.
pub(super) fn single_valued(attribute: &[u8]) -> bool {
    Facts::of(attribute).single_valued
}

/// Attributes whose type has no equality rule (RFC 4519 sections 2.10, 2.30 and
/// 2.32, RFC 2798 sections 2.6 and 2.8, RFC 1274 section 9.3), or has none in slapd's
/// schema: outside Active Directory a server cannot delete a value of theirs by name (18).
const WITHOUT_EQUALITY: [&str; 21] = [
    "jpegPhoto",
    "photo",
    "audio",
    "personalSignature",
    "userSMIMECertificate",
    "userPKCS12",
    "facsimileTelephoneNumber",
    "teletexTerminalIdentifier",
    "telexNumber",
    "preferredDeliveryMethod",
    "searchGuide",
    "enhancedSearchGuide",
    "mailPreferenceOption",
    "otherMailbox",
    "nisNetgroupTriple",
    "bootParameter",
    "certificateRevocationList",
    "authorityRevocationList",
    "deltaRevocationList",
    "crossCertificatePair",
    "supportedAlgorithms",
];

/// Whether a server other than Active Directory cannot delete the attribute's
/// values by name.
pub(super) fn lacks_equality(attribute: &[u8]) -> bool {
    let base = AttributeDescription::split(attribute).base();
    WITHOUT_EQUALITY.iter().any(|name| same_type(name.as_bytes(), base))
}

/// What a modify may do to the attribute.
pub(super) fn writability(attribute: &[u8]) -> Writability {
    Facts::of(attribute).writability
}

/// Whether a server derives the attribute from the entry's name.
pub(super) fn names_by_server(attribute: &[u8]) -> bool {
    let facts = Facts::of(attribute);
    facts.writability == Writability::Renames && facts.system_only
}

/// Where a server keeps the attribute's values unique.
pub(super) fn uniqueness(attribute: &[u8]) -> Uniqueness {
    Facts::of(attribute).uniqueness
}

/// Whether an attribute with these options is written like any other: they name
/// a language, a transfer form or a private subtype. Others, such as the change
/// sequence numbers of a replica (`vucsn-…`), are a server's own notes.
pub(super) fn has_plain_options(attribute: &[u8]) -> bool {
    AttributeDescription::split(attribute).options().all(|option| {
        let option = option.to_ascii_lowercase();
        option == b"binary" || option.starts_with(b"lang-") || option.starts_with(b"x-")
    })
}

/// Whether the description stands for a part of the values (`;range=`).
pub(super) fn is_partial(attribute: &[u8]) -> bool {
    AttributeDescription::split(attribute).is_partial()
}

/// The key of the domain that holds an entry: the DN from its first `dc=` on.
pub(super) fn domain_key(dn: &[u8]) -> Vec<u8> {
    let key = dn_key(dn).unwrap_or_default();
    let is_domain = |key: &[u8]| key.starts_with(b"dc=");
    if is_domain(&key) {
        return key;
    }
    key_ancestors(&key).find(|above| is_domain(above)).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_attribute_has_one_canonical_form() {
        for (a, b) in [("CN", "commonname"), ("Mail;x-B;lang-DE", "mail;lang-de;X-b")] {
            assert_eq!(canonical(a.as_bytes()), canonical(b.as_bytes()));
        }
        assert_ne!(canonical(b"cn;lang-de"), canonical(b"cn"));
    }

    #[test]
    fn the_first_rdn_starts_behind_what_stands_in_brackets() {
        for (dn, first) in [
            ("<GUID=a>;cn=z,ou=y", "cn=z,ou=y"),
            ("<GUID=a> ;cn=z>;ou=y", "cn=z>;ou=y"),
            (" <GUID=a>;<SID=b> ; cn=z,ou=y", "cn=z,ou=y"),
            ("<GUID=a;b>;cn=z", "cn=z"),
            (" cn=z", "cn=z"),
            ("<GUID=a>", "<GUID=a>"),
            (" <GUID=a> ; ", " <GUID=a> ; "),
        ] {
            let start = rdn_starts(dn.as_bytes())[0];
            assert_eq!(&dn[start..], first, "{dn}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_to_the_value_of_an_rdn_is_the_parsers(
            dn in "(cn|CN|c-n|2\\.5\\.4\\.3|oid\\.2\\.5|c n)? ?=? ?[a-cé=\\\\\"+#;<]{0,4} ?(,(ou=[a-z ]{0,3})?){0,2}"
        ) {
            let dn = dn.as_bytes();
            if dn_key(dn).is_some() && let Some((name, value)) = plain_rdn_value(dn) {
                let parsed = Dn::parse(dn).unwrap();
                let [ava] = parsed.rdn().unwrap().avas() else { panic!("several values") };
                prop_assert_eq!(ava.attribute().as_bytes(), name);
                prop_assert_eq!(ava.text().unwrap_or(ava.value()), value);
            }
        }

        #[test]
        fn rdns_start_where_the_parser_says(
            dn in "(cn=[a-c ]{0,3}(,|, |,,|\\\\,|;|\\+|\"|#|<)?){1,4}(ou=[a-z]{1,3})?"
        ) {
            let dn = dn.as_bytes();
            let mut expected = vec![extended_end(dn)];
            let mut rest = dn;
            while let Ok((_, Some(parent))) = split_rdn(rest) {
                expected.push(dn.len() - parent.len());
                rest = parent;
            }
            // Where the parser finds no DN, nothing hangs on the starts.
            if dn_key(dn).is_some() {
                prop_assert_eq!(rdn_starts(dn), expected);
            }
        }
    }
}
