//! The values of one attribute, those that went paired with those that came.

use super::pairing::pair;
use crate::change::{Before, TouchedAttribute};
use crate::ldif::Value;

/// What becomes of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate<'a> {
    Kept(&'a Value<'a>),
    Removed(&'a Value<'a>),
    Added(&'a Value<'a>),
    Changed(&'a Value<'a>, &'a Value<'a>),
}

/// The values of an attribute, those of before first. Of those that stay these are the
/// ones that are listed.
pub(super) fn fates(touched: &TouchedAttribute) -> Vec<Fate<'_>> {
    let removed = touched.before.iter().filter_map(|before| match before {
        Before::Removed(value) => Some(raw(value)),
        Before::Kept(_) => None,
    });
    let added: Vec<&[u8]> = touched.added.iter().map(raw).collect();
    let mut pairs = pair(&removed.collect::<Vec<_>>(), &added).into_iter();
    let mut is_paired = vec![false; added.len()];
    let mut fates = Vec::with_capacity(touched.before.len() + added.len());
    for before in &touched.before {
        fates.push(match before {
            Before::Kept(value) => Fate::Kept(value),
            Before::Removed(value) => match pairs.next().flatten() {
                None => Fate::Removed(value),
                Some(at) => {
                    is_paired[at] = true;
                    let new = &touched.added[at];
                    // Removed and added again, as a twin needs it.
                    if new == value { Fate::Kept(value) } else { Fate::Changed(value, new) }
                }
            },
        });
    }
    let alone = touched.added.iter().zip(is_paired).filter(|(_, is_paired)| !is_paired);
    fates.extend(alone.map(|(value, _)| Fate::Added(value)));
    fates
}

/// The bytes that stand in the record: those of the value or of the reference.
pub(super) fn raw<'v>(value: &'v Value<'_>) -> &'v [u8] {
    match value {
        Value::Bytes(bytes) | Value::Url(bytes) => bytes,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::change::{NotApplicable, Preview, Reason, Unknown};
    use crate::directory::Entry;
    use crate::ldif::{Change, ChangeRecord, ModOp, Modification};

    fn value(text: &'static str) -> Value<'static> {
        Value::Bytes(Cow::Borrowed(text.as_bytes()))
    }

    fn modification(
        op: ModOp,
        attribute: &'static str,
        values: &[&'static str],
    ) -> Modification<'static> {
        Modification {
            op,
            attribute: Cow::Borrowed(attribute.as_bytes()),
            values: values.iter().copied().map(value).collect(),
        }
    }

    fn entry(attribute: &'static str, values: &[&'static str]) -> Entry<'static> {
        let mut entry = Entry::new(&b"cn=x"[..]);
        for text in values {
            entry.push(Cow::Borrowed(attribute.as_bytes()), value(text));
        }
        entry
    }

    fn touched(
        mods: &[Modification<'static>],
        base: Option<&Entry<'static>>,
    ) -> Vec<TouchedAttribute> {
        let change = Change::Modify(mods.to_vec());
        let dn = Cow::Borrowed(&b"cn=x"[..]);
        let record = ChangeRecord { dn, controls: vec![], spelling: None, change };
        match base {
            None => Preview::alone(&record).attributes,
            Some(entry) => Preview::on(entry, &record).attributes,
        }
    }

    /// The values with the signs of a diff.
    fn signed(touched: &TouchedAttribute) -> Vec<String> {
        let text = |value: &Value<'_>| String::from_utf8_lossy(raw(value)).into_owned();
        let fates = fates(touched).into_iter().map(|fate| match fate {
            Fate::Kept(value) => format!("={}", text(value)),
            Fate::Removed(value) => format!("-{}", text(value)),
            Fate::Added(value) => format!("+{}", text(value)),
            Fate::Changed(old, new) => format!("{}>{}", text(old), text(new)),
        });
        fates.collect()
    }

    #[test]
    fn a_delete_and_an_add_of_one_attribute_are_a_change() {
        let mods = [
            modification(ModOp::Delete, "mail", &["anna @x.org"]),
            modification(ModOp::Add, "MAIL", &["anna@x.org"]),
        ];
        let touched = touched(&mods, None);
        assert_eq!(touched.len(), 1);
        assert_eq!(touched[0].name, b"mail");
        assert_eq!(signed(&touched[0]), ["anna @x.org>anna@x.org"]);
    }

    #[test]
    fn with_the_entry_siblings_stay_in_their_place() {
        let base = entry("mail", &["a@x.org", "b @x.org", "c@x.org"]);
        let mods = [
            modification(ModOp::Delete, "mail", &["b @x.org"]),
            modification(ModOp::Add, "mail", &["b@x.org"]),
        ];
        let touched = touched(&mods, Some(&base));
        assert_eq!(signed(&touched[0]), ["=a@x.org", "b @x.org>b@x.org", "=c@x.org"]);
    }

    #[test]
    fn a_twin_that_is_added_again_is_kept() {
        let base = entry("proxyAddresses", &["SMTP:Foo", "smtp:foo"]);
        let mods = [
            modification(ModOp::Delete, "proxyAddresses", &["SMTP:Foo", "smtp:foo"]),
            modification(ModOp::Add, "proxyAddresses", &["SMTP:Foo"]),
        ];
        assert_eq!(signed(&touched(&mods, Some(&base))[0]), ["=SMTP:Foo", "-smtp:foo"]);
    }

    fn refused(reason: Reason, attribute: &str, value: Option<&str>) -> NotApplicable {
        let value = value.map(|value| value.as_bytes().to_vec());
        NotApplicable { reason, attribute: Some(attribute.as_bytes().to_vec()), value }
    }

    #[test]
    fn all_that_is_stale_in_a_record_is_noticed() {
        let base = entry("mail", &["new@x.org"]);
        let mods = [
            modification(ModOp::Delete, "mail", &["old@x.org"]),
            modification(ModOp::Add, "mail", &["NEW@x.org", "other@x.org"]),
            modification(ModOp::Delete, "title", &[]),
        ];
        let touched = touched(&mods, Some(&base));
        let stale = [
            refused(Reason::NoSuchValue, "mail", Some("old@x.org")),
            refused(Reason::ValueExists, "mail", Some("NEW@x.org")),
        ];
        assert_eq!(touched[0].refusals, stale);
        assert_eq!(signed(&touched[0]), ["=new@x.org", "+other@x.org"]);
        assert_eq!(touched[1].refusals, [refused(Reason::NoSuchAttribute, "title", None)]);
    }

    #[test]
    fn twins_that_come_in_one_add_are_not_in_each_others_way() {
        let base = entry("proxyAddresses", &["smtp:bar"]);
        let twins = modification(ModOp::Add, "proxyAddresses", &["SMTP:Foo", "smtp:foo"]);
        let stale = modification(ModOp::Delete, "mail", &["x"]);
        let touched = touched(&[twins, stale], Some(&base));
        assert_eq!(signed(&touched[0]), ["=smtp:bar", "+SMTP:Foo", "+smtp:foo"]);
        assert_eq!(touched[0].refusals, []);
        assert_eq!(touched[1].refusals, [refused(Reason::NoSuchValue, "mail", Some("x"))]);
    }

    #[test]
    fn a_value_that_names_the_entry_cannot_go() {
        let base = entry("cn", &["x", "y"]);
        let mods = [modification(ModOp::Delete, "cn", &["x"])];
        let found = &touched(&mods, Some(&base))[0];
        assert_eq!(found.refusals, [refused(Reason::NamesTheEntry, "cn", Some("x"))]);
    }

    #[test]
    fn values_are_compared_as_a_server_compares_them() {
        let base = entry("member", &["CN=a, DC=x", "CN=b,DC=x"]);
        let mods = [
            modification(ModOp::Delete, "member", &["cn=A,dc=X"]),
            modification(ModOp::Add, "member", &["CN=c,DC=x"]),
        ];
        let found = &touched(&mods, Some(&base))[0];
        assert_eq!(found.refusals, []);
        assert_eq!(signed(found), ["CN=a, DC=x>CN=c,DC=x", "=CN=b,DC=x"]);
    }

    #[test]
    fn replace_needs_the_entry_to_tell_what_goes() {
        let mods = [modification(ModOp::Replace, "mail", &["a@x.org", "b@x.org"])];
        let blind = &touched(&mods, None)[0];
        assert_eq!(blind.unknown, [Unknown::AllReplaced]);
        assert_eq!(signed(blind), ["+a@x.org", "+b@x.org"]);
        let base = entry("mail", &["b@x.org", "qqq"]);
        assert_eq!(signed(&touched(&mods, Some(&base))[0]), ["=b@x.org", "-qqq", "+a@x.org"]);
    }

    #[test]
    fn a_value_that_comes_and_goes_in_one_record_was_never_there() {
        let mods = [
            modification(ModOp::Add, "mail", &["a@x.org"]),
            modification(ModOp::Delete, "mail", &["A@x.org"]),
        ];
        assert_eq!(signed(&touched(&mods, None)[0]), [""; 0]);
        assert_eq!(signed(&touched(&mods, Some(&entry("cn", &["x"])))[0]), [""; 0]);
    }

    #[test]
    fn an_increment_is_counted_where_the_number_is_known() {
        let mods = [modification(ModOp::Increment, "uidNumber", &["5"])];
        let base = entry("uidNumber", &["1000"]);
        assert_eq!(signed(&touched(&mods, Some(&base))[0]), ["1000>1005"]);
        assert_eq!(touched(&mods, None)[0].unknown, [Unknown::Incremented(value("5"))]);
    }
}
