//! What became of an earlier change: values that it took away and that are there still,
//! or again.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::ldif::{Change, ChangeRecord, ModOp, Modification};
use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Attr, Fingerprint};

use super::references::key_of;
use super::verdict::Verdicts;
use super::{Family, OF_HYGIENE, Object, text_length};

/// The family.
pub(super) const FAMILY: Family = Family { name: "earlier-change", rules: &[&NOT_KEPT], check };

/// The change was not made, or was taken back.
pub(super) static NOT_KEPT: Rule = Rule {
    name: RuleName("earlier-change-not-kept"),
    label: "Transition",
    severity: Severity::Info,
    summary: "An attribute is as it was before an earlier change.",
    reason: "The change was not applied to the entry, or somebody has taken it back: a tool that \
             writes the old value every night has to be corrected first.",
    profiles: &["hygiene", "entra", "entra-cloud-sync", "exchange-online", "google", "schemus"],
    classes: &["user", "inetOrgPerson", "group", "contact", "computer"],
    attributes: &["userPrincipalName", "proxyAddresses", "mail", "displayName"],
    limit: "values that --earlier-change deletes are not there, and of attributes of which it only \
            adds values all are; of the attributes that the profile reads, for entries that have \
            the same name still; nothing is found without --earlier-change",
    fix: "none: `ldifix verify` tells record by record what was applied, and writes the rest",
    sources: &["Practice in directory migrations; no document says so"],
    example: Example { wrong: &["displayName: Ann  Archer"], right: &["displayName: Ann Archer"] },
};

/// The modifications of an earlier change, by entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EarlierChange {
    entries: FxHashMap<Fingerprint, BTreeMap<Attr, Changed>>,
}

/// What the change does to an attribute of an entry, all records together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Changed {
    /// The line of the first record, from 1.
    line: u64,
    deleted: Vec<Box<[u8]>>,
    added: Vec<Box<[u8]>>,
    /// Whether all values that are not added go.
    is_whole: bool,
}

impl EarlierChange {
    /// Adds a record of the change, in their order; `line` is the one of its DN. Only what
    /// modifies attributes that rules read is kept.
    pub fn add(&mut self, line: u64, record: &ChangeRecord<'_>) {
        let Change::Modify(modifications) = &record.change else { return };
        for modification in modifications {
            let Some(attr) = Attr::of(&modification.attribute) else { continue };
            let key = key_of(&record.dn, &mut Vec::new());
            let changed = self.entries.entry(key).or_default().entry(attr);
            changed.or_insert_with(|| Changed { line, ..Changed::default() }).then(modification);
        }
    }
}

impl Changed {
    /// Takes in what comes next.
    fn then(&mut self, modification: &Modification<'_>) {
        let values = || modification.values.iter().filter_map(|value| value.bytes());
        match modification.op {
            ModOp::Add => values().for_each(|value| {
                self.deleted.retain(|deleted| **deleted != *value);
                self.added.push(value.into());
            }),
            ModOp::Delete if !modification.values.is_empty() => values().for_each(|value| {
                self.added.retain(|added| **added != *value);
                self.deleted.push(value.into());
            }),
            ModOp::Delete | ModOp::Replace => {
                let (added, is_whole) = (values().map(Into::into).collect(), true);
                *self = Self { line: self.line, deleted: Vec::new(), added, is_whole };
            }
            // No rule reads a number that is counted up.
            ModOp::Increment => {}
        }
    }

    /// Whether the change takes a value away.
    fn takes_away(&self, value: &[u8]) -> bool {
        let named = if self.is_whole { &self.added } else { &self.deleted };
        named.iter().any(|it| **it == *value) != self.is_whole
    }

    fn described(&self) -> String {
        let values: Vec<_> = self.added.iter().map(|it| String::from_utf8_lossy(it)).collect();
        match values.is_empty() {
            true => format!("line {} of the earlier change takes it away", self.line),
            false => format!("line {} of the earlier change: {}", self.line, values.join(", ")),
        }
    }
}

fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let Some(change) = object.settings.earlier_change.as_deref() else { return };
    if !verdicts.looks_for(&NOT_KEPT) {
        return;
    }
    let key = key_of(object.subject.dn(), &mut Vec::new());
    for (&attr, changed) in change.entries.get(&key).into_iter().flatten() {
        let mut is_back = false;
        for (at, _) in object.values(attr).filter(|(_, value)| changed.takes_away(value)) {
            is_back = true;
            verdicts.on(attr, at).breaks(&NOT_KEPT, &|| changed.described());
        }
        let is_there = |value: &[u8]| object.values(attr).any(|(_, held)| *held == *value);
        let only_adds = changed.deleted.is_empty() && !is_back && is_read_in_full(object, attr);
        if only_adds && !changed.added.iter().all(|value| is_there(value)) {
            let detail = || format!("{}; not there", changed.described());
            verdicts.on_absent(attr).breaks_without(attr, &NOT_KEPT, &detail);
        }
    }
}

/// Whether an attribute that is not there is absent, and not only passed over.
fn is_read_in_full(object: &Object<'_, '_>, attr: Attr) -> bool {
    !OF_HYGIENE.contains(&attr)
        && attr != Attr::WhenCreated
        && text_length::limit_alone(attr, object.settings).is_none()
        && !object.subject.is_partial(attr)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ldif::{ReadOptions, Record, read_chunk};
    use crate::rules::catalogue::Settings;
    use crate::rules::catalogue::user;

    fn found(change: &str, lines: &[(Attr, &str)]) -> Vec<(&'static str, String)> {
        let mut earlier = EarlierChange::default();
        read_chunk(change.as_bytes(), ReadOptions::default(), |record| {
            let line = record.first_line().map_or(0, |line| u64::from(line.line()) + 1);
            if let Record::Change(record) = record.into_record() {
                earlier.add(line, &record);
            }
        });
        let settings = Settings { earlier_change: Some(Arc::new(earlier)), ..Settings::default() };
        let subject = user(lines);
        let mut verdicts = Verdicts::in_full("entra", &settings.left_out);
        let object = Object::of(&subject, &settings);
        check(&object, &mut verdicts);
        let place = crate::rules::idfix::Location { file: "", first_line: 1, dn_line: 0 };
        let findings = verdicts.into_findings(&object, place).into_iter();
        findings.map(|it| (it.attribute, it.message.unwrap_or_default())).collect()
    }

    const TRIM: &str = "dn: cn=ann,dc=com\nchangetype: modify\ndelete: displayName\n\
                        displayName: Ann A\n-\nadd: displayName\ndisplayName: Ann\n-\n";

    #[test]
    fn a_value_that_was_to_go_is_told_and_any_other_one_is_not() {
        let name = |name| [(Attr::DisplayName, name)];
        let said = "line 1 of the earlier change: Ann".to_owned();
        assert_eq!(found(TRIM, &name("Ann A")), [("displayName", said)]);
        assert_eq!(found(TRIM, &name("Ann")), []);
        // Somebody had a better idea.
        assert_eq!(found(TRIM, &name("Ann Archer")), []);
        assert_eq!(found(TRIM, &[]), []);
        assert_eq!(found(&TRIM.replace("ann", "bob"), &name("Ann A")), []);
    }

    #[test]
    fn records_of_one_entry_count_together() {
        let ring = format!("{TRIM}\n{}", TRIM.replace("Ann\n", "B\n").replace("Ann A", "Ann"));
        assert_eq!(found(&ring, &[(Attr::DisplayName, "B")]), []);
        assert_eq!(found(&ring, &[(Attr::DisplayName, "Ann")]).len(), 1);
        let back = format!("{TRIM}\n{}", TRIM.replace("Ann\n", "x\n").replace("Ann A", "Ann"))
            .replace(": x", ": Ann A");
        assert_eq!(found(&back, &[(Attr::DisplayName, "Ann A")]), []);
    }

    #[test]
    fn values_that_are_only_added_are_told_where_they_are_missing() {
        let add = "dn: CN=Ann,DC=com\nchangetype: modify\nadd: mail\nmail: a@b.c\n-\n";
        let said = "line 1 of the earlier change: a@b.c; not there".to_owned();
        assert_eq!(found(add, &[]), [("mail", said)]);
        assert_eq!(found(add, &[(Attr::Mail, "a@b.c")]), []);
        // Short values of these are not read.
        assert_eq!(found(&add.replace("mail", "title"), &[]), []);
    }

    #[test]
    fn a_replacement_leaves_nothing_else() {
        let replace = "dn: CN=Ann,DC=com\nchangetype: modify\nreplace: mail\nmail: a@b.c\n-\n";
        assert_eq!(found(replace, &[(Attr::Mail, "a@b.c")]), []);
        assert_eq!(found(replace, &[(Attr::Mail, "x@b.c")]).len(), 1);
        let gone = "dn: CN=Ann,DC=com\nchangetype: modify\ndelete: mail\n-\n";
        let said = "line 1 of the earlier change takes it away".to_owned();
        assert_eq!(found(gone, &[(Attr::Mail, "x@b.c")]), [("mail", said)]);
        assert_eq!(found(gone, &[]), []);
    }
}
