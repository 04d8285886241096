//! Matching of values by syntax: equality, order, and the folded form under
//! which equal values are found.

mod identifier;
mod number;
pub(crate) mod text;
mod time;

use std::borrow::Cow;
use std::cmp::Ordering;

pub use identifier::{guid_from_text, guid_to_text, is_sid, sid_from_text, sid_to_text};

pub(crate) use identifier::hex_digit;
pub(crate) use number::bits;
pub(crate) use text::{approximate, equals_folded};

use super::dn::normalize_into;
use super::schema::Syntax;
use text::{Case, Ends};

/// Whether two values are equal under a syntax.
#[must_use]
pub fn equal(syntax: Syntax, a: &[u8], b: &[u8]) -> bool {
    a == b || fold(syntax, a) == fold(syntax, b)
}

/// The form of a value that has the same bytes as that of every equal value.
/// Folding it again changes nothing. A value that breaks its syntax stands for
/// itself. Borrowed where the value is folded already.
#[must_use]
pub fn fold(syntax: Syntax, value: &[u8]) -> Cow<'_, [u8]> {
    match syntax {
        Syntax::CaseIgnoreString | Syntax::ObjectIdentifier => text::fold(value, Case::Ignore),
        Syntax::CaseExactString => text::fold(value, Case::Exact),
        Syntax::NumericString => without(value, |byte| byte == b' '),
        Syntax::TelephoneNumber => fold_telephone(value),
        Syntax::Integer => number::canonical(value).unwrap_or(Cow::Borrowed(value)),
        Syntax::Boolean => fold_boolean(value),
        Syntax::DistinguishedName => fold_dn(value),
        Syntax::DnWithBinary => fold_dn_with_binary(value),
        Syntax::OctetString => Cow::Borrowed(value),
        Syntax::Guid => match guid_from_text(value) {
            Some(guid) => Cow::Owned(guid.to_vec()),
            None => Cow::Borrowed(value),
        },
        Syntax::Sid => sid_from_text(value).map_or(Cow::Borrowed(value), Cow::Owned),
        Syntax::GeneralizedTime => time::canonical(value).map_or(Cow::Borrowed(value), Cow::Owned),
    }
}

/// Writes the folded form into a buffer, whose former content is dropped.
pub fn fold_into(syntax: Syntax, value: &[u8], out: &mut Vec<u8>) {
    match syntax {
        Syntax::CaseIgnoreString | Syntax::ObjectIdentifier => {
            out.clear();
            text::fold_onto(value, Case::Ignore, Ends::BOTH, out);
        }
        Syntax::DistinguishedName if normalize_into(value, out).is_ok() => {}
        _ => {
            out.clear();
            out.extend_from_slice(&fold(syntax, value));
        }
    }
}

/// The order of two values under a syntax; `None` where the syntax has none.
/// Values that break their syntax stand behind all others.
#[must_use]
pub fn compare(syntax: Syntax, a: &[u8], b: &[u8]) -> Option<Ordering> {
    compare_folded(syntax, &fold(syntax, a), &fold(syntax, b))
}

/// The order of two folded values.
pub(crate) fn compare_folded(syntax: Syntax, a: &[u8], b: &[u8]) -> Option<Ordering> {
    match syntax {
        Syntax::Integer => match (number::canonical(a), number::canonical(b)) {
            (Some(a), Some(b)) => Some(number::compare(&a, &b)),
            (Some(_), None) => Some(Ordering::Less),
            (None, Some(_)) => Some(Ordering::Greater),
            (None, None) => Some(a.cmp(b)),
        },
        Syntax::GeneralizedTime => {
            let broken = |value: &[u8]| time::canonical(value).is_none();
            Some(broken(a).cmp(&broken(b)).then_with(|| a.cmp(b)))
        }
        Syntax::CaseIgnoreString
        | Syntax::CaseExactString
        | Syntax::NumericString
        | Syntax::OctetString
        | Syntax::Guid
        | Syntax::Sid => Some(a.cmp(b)),
        Syntax::TelephoneNumber
        | Syntax::Boolean
        | Syntax::DistinguishedName
        | Syntax::DnWithBinary
        | Syntax::ObjectIdentifier => None,
    }
}

/// Whether a value has the form that its syntax asks for. Text always has; a
/// GUID or SID may be binary of any length.
#[must_use]
pub fn is_valid(syntax: Syntax, value: &[u8]) -> bool {
    match syntax {
        Syntax::Integer => number::canonical(value).is_some(),
        Syntax::Boolean => matches!(fold_boolean(value).as_ref(), b"TRUE" | b"FALSE"),
        Syntax::GeneralizedTime => time::canonical(value).is_some(),
        Syntax::DistinguishedName => normalize_into(value, &mut Vec::new()).is_ok(),
        Syntax::DnWithBinary => {
            let dn = split_binary(value).map_or(value, |(_, dn)| dn);
            normalize_into(dn, &mut Vec::new()).is_ok()
        }
        Syntax::CaseIgnoreString
        | Syntax::CaseExactString
        | Syntax::NumericString
        | Syntax::TelephoneNumber
        | Syntax::OctetString
        | Syntax::Guid
        | Syntax::Sid
        | Syntax::ObjectIdentifier => true,
    }
}

/// Whether parts of a value can be matched under a syntax (a substring filter).
#[must_use]
pub fn has_substrings(syntax: Syntax) -> bool {
    match syntax {
        Syntax::CaseIgnoreString
        | Syntax::CaseExactString
        | Syntax::NumericString
        | Syntax::TelephoneNumber
        | Syntax::OctetString
        | Syntax::Guid
        | Syntax::Sid
        | Syntax::ObjectIdentifier => true,
        Syntax::Integer
        | Syntax::Boolean
        | Syntax::DistinguishedName
        | Syntax::DnWithBinary
        | Syntax::GeneralizedTime => false,
    }
}

/// The folded form of a part of a value, to be searched in folded values.
pub(crate) fn fold_part(syntax: Syntax, part: &[u8], ends: Ends) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    match syntax {
        Syntax::CaseIgnoreString | Syntax::ObjectIdentifier => {
            text::fold_onto(part, Case::Ignore, ends, &mut out);
        }
        Syntax::CaseExactString => text::fold_onto(part, Case::Exact, ends, &mut out),
        Syntax::NumericString | Syntax::TelephoneNumber => {
            out.extend_from_slice(&fold(syntax, part));
        }
        // A part of an identifier is no identifier: its bytes are meant.
        _ => out.extend_from_slice(part),
    }
    out
}

fn without(value: &[u8], idle: impl Fn(u8) -> bool) -> Cow<'_, [u8]> {
    if value.iter().any(|&byte| idle(byte)) {
        Cow::Owned(value.iter().copied().filter(|&byte| !idle(byte)).collect())
    } else {
        Cow::Borrowed(value)
    }
}

/// ASCII only, as RFC 4517 has it: a compatibility form may bring a space and a
/// mark, and the mark would join the letter before once the space is gone.
fn fold_telephone(value: &[u8]) -> Cow<'_, [u8]> {
    if value.iter().any(u8::is_ascii_uppercase) {
        let lower = value.to_ascii_lowercase();
        return Cow::Owned(without(&lower, is_idle_in_telephone).into_owned());
    }
    without(value, is_idle_in_telephone)
}

fn is_idle_in_telephone(byte: u8) -> bool {
    matches!(byte, b' ' | b'-')
}

fn fold_boolean(value: &[u8]) -> Cow<'_, [u8]> {
    let trimmed = value.trim_ascii();
    if trimmed.iter().any(u8::is_ascii_lowercase) {
        Cow::Owned(trimmed.to_ascii_uppercase())
    } else {
        Cow::Borrowed(trimmed)
    }
}

fn fold_dn(value: &[u8]) -> Cow<'_, [u8]> {
    let mut key = Vec::with_capacity(value.len());
    if normalize_into(value, &mut key).is_ok() {
        return Cow::Owned(key);
    }
    // ASCII case only: a compatibility form could turn a value that is no DN
    // into one.
    if value.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(value.to_ascii_lowercase())
    } else {
        Cow::Borrowed(value)
    }
}

fn fold_dn_with_binary(value: &[u8]) -> Cow<'_, [u8]> {
    match split_binary(value) {
        Some((head, dn)) => {
            let mut out = head.to_ascii_lowercase();
            out.extend_from_slice(&fold_dn(dn));
            Cow::Owned(out)
        }
        None => fold_dn(value),
    }
}

/// Separates `B:count:hex:` from the DN (MS-ADTS 3.1.1.2.2.2.3).
pub(crate) fn split_binary(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = value.strip_prefix(b"B:").or_else(|| value.strip_prefix(b"b:"))?;
    let colon = memchr::memchr(b':', rest)?;
    let count: usize = std::str::from_utf8(rest.get(..colon)?).ok()?.parse().ok()?;
    let head = count.checked_add(2 + colon + 1 + 1)?;
    let (head, dn) = value.split_at_checked(head)?;
    let (&last, hex) = head.get(2 + colon + 1..)?.split_last()?;
    (last == b':' && hex.iter().all(u8::is_ascii_hexdigit)).then_some((head, dn))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Syntax; 13] = [
        Syntax::CaseIgnoreString,
        Syntax::CaseExactString,
        Syntax::NumericString,
        Syntax::TelephoneNumber,
        Syntax::Integer,
        Syntax::Boolean,
        Syntax::DistinguishedName,
        Syntax::DnWithBinary,
        Syntax::OctetString,
        Syntax::Guid,
        Syntax::Sid,
        Syntax::GeneralizedTime,
        Syntax::ObjectIdentifier,
    ];

    #[test]
    fn equal_values_of_each_syntax() {
        for (syntax, a, b) in [
            (Syntax::CaseIgnoreString, "Straße  1 ", "STRASSE 1"),
            (Syntax::CaseExactString, " /bin/sh", "/bin/sh"),
            (Syntax::NumericString, "12 34", "1234"),
            (Syntax::TelephoneNumber, "+49 89-12 34", "+49891234"),
            (Syntax::Integer, "007", "7"),
            (Syntax::Boolean, "true", "TRUE"),
            (Syntax::DistinguishedName, "CN=A\\2CB, OU=x", "cn=a\\,b,ou=X"),
            (Syntax::DnWithBinary, "B:4:00aF:CN=A, DC=x", "B:4:00AF:cn=a,dc=x"),
            (Syntax::GeneralizedTime, "20240101000000.0Z", "20240101010000+0100"),
            (Syntax::TelephoneNumber, "+49 X-1", "+49x1"),
            (Syntax::ObjectIdentifier, "Person", "person"),
        ] {
            assert!(equal(syntax, a.as_bytes(), b.as_bytes()), "{syntax:?}: {a} {b}");
        }
    }

    #[test]
    fn unequal_values_of_each_syntax() {
        for (syntax, a, b) in [
            (Syntax::CaseIgnoreString, "a b", "ab"),
            (Syntax::CaseExactString, "A", "a"),
            (Syntax::Integer, "1", "-1"),
            (Syntax::DistinguishedName, "CN=A\\,B", "CN=A,CN=B"),
            (Syntax::DnWithBinary, "B:4:00AF:CN=A", "B:4:00AE:CN=A"),
            (Syntax::OctetString, "A", "a"),
            (Syntax::GeneralizedTime, "20240101000000Z", "20240101000000.1Z"),
        ] {
            assert!(!equal(syntax, a.as_bytes(), b.as_bytes()), "{syntax:?}: {a} {b}");
        }
    }

    #[test]
    fn identifiers_compare_across_text_and_binary() {
        let guid = guid_from_text(b"895eb448-2e7e-441b-9a01-020304050607").unwrap_or_default();
        assert!(equal(Syntax::Guid, b"{895EB448-2E7E-441B-9A01-020304050607}", &guid));
        let sid = sid_from_text(b"S-1-5-21-1-2-3").unwrap_or_default();
        assert!(equal(Syntax::Sid, b"s-1-5-21-1-2-3", &sid));
        assert!(matches!(fold(Syntax::Guid, &guid), Cow::Borrowed(_)));
        assert!(matches!(fold(Syntax::Sid, &sid), Cow::Borrowed(_)));
    }

    #[test]
    fn order_follows_the_syntax() {
        use Ordering::{Greater, Less};
        let order = |syntax, a: &str, b: &str| compare(syntax, a.as_bytes(), b.as_bytes());
        assert_eq!(order(Syntax::Integer, "9", "10"), Some(Less));
        assert_eq!(order(Syntax::Integer, "-9", "-10"), Some(Greater));
        assert_eq!(order(Syntax::Integer, "x", "10"), Some(Greater));
        assert_eq!(order(Syntax::CaseIgnoreString, "B", "a"), Some(Greater));
        assert_eq!(
            order(Syntax::GeneralizedTime, "20240101000000+0100", "20240101000000Z"),
            Some(Less)
        );
        assert_eq!(order(Syntax::DistinguishedName, "cn=a", "cn=b"), None);
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(
            value in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..40),
                any::<String>().prop_map(String::into_bytes),
                "[-+ 0-9TtRrUuEeZz.,:BbSs=\\\\#\"<>;cn\u{FF0C}\u{FF1D}\u{37E}]{0,24}".prop_map(String::into_bytes),
            ],
            syntax in proptest::sample::select(&ALL),
        ) {
            let once = fold(syntax, &value).into_owned();
            let twice = fold(syntax, &once).into_owned();
            prop_assert_eq!(&twice, &once);

            let mut buffer = b"left over".to_vec();
            fold_into(syntax, &value, &mut buffer);
            prop_assert_eq!(buffer, once);

            let _ = (is_valid(syntax, &value), has_substrings(syntax));
            let _ = fold_part(syntax, &value, Ends { start: false, end: false });
        }

        #[test]
        fn the_order_of_values_agrees_with_their_equality(
            a in "[-0-9aA ]{0,4}", b in "[-0-9aA ]{0,4}", syntax in proptest::sample::select(&ALL),
        ) {
            if let Some(order) = compare(syntax, a.as_bytes(), b.as_bytes()) {
                prop_assert_eq!(order.is_eq(), equal(syntax, a.as_bytes(), b.as_bytes()));
                let reverse = compare(syntax, b.as_bytes(), a.as_bytes());
                prop_assert_eq!(Some(order.reverse()), reverse);
            }
        }
    }
}
