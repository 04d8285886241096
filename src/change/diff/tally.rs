//! What a change does, in numbers.

use std::collections::BTreeMap;

use crate::change::identity::canonical;
use crate::ldif::{Change, ChangeRecord, ModOp};

/// The records of a change by kind, and the values of modify records by attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that add an entry.
    pub add: u64,
    /// Records that delete one.
    pub delete: u64,
    /// Records that modify one.
    pub modify: u64,
    /// Records that rename or move one.
    pub modrdn: u64,
    /// What modify records do, by attribute in canonical form.
    pub attributes: BTreeMap<Vec<u8>, AttributeTally>,
}

/// What modify records do to one attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeTally {
    /// The attribute description as first written.
    pub name: Vec<u8>,
    /// Records that change it.
    pub records: u64,
    /// Values that come.
    pub added: u64,
    /// Values that go, as far as records name them.
    pub removed: u64,
}

impl Tally {
    /// All records.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.add + self.delete + self.modify + self.modrdn
    }

    pub(super) fn count(&mut self, record: &ChangeRecord<'_>) {
        let mods = match &record.change {
            Change::Add(_) => return self.add += 1,
            Change::Delete => return self.delete += 1,
            Change::ModRdn { .. } => return self.modrdn += 1,
            Change::Modify(mods) => mods,
        };
        self.modify += 1;
        let mut last: &[u8] = b"";
        for modification in mods {
            let key = canonical(&modification.attribute);
            let attribute =
                self.attributes.entry(key.into_owned()).or_insert_with(|| AttributeTally {
                    name: modification.attribute.to_vec(),
                    ..AttributeTally::default()
                });
            attribute.records += u64::from(!last.eq_ignore_ascii_case(&modification.attribute));
            last = &modification.attribute;
            let values = u64::try_from(modification.values.len()).unwrap_or(u64::MAX);
            match modification.op {
                ModOp::Add => attribute.added += values,
                ModOp::Delete => attribute.removed += values,
                ModOp::Replace | ModOp::Increment => {}
            }
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.add += other.add;
        self.delete += other.delete;
        self.modify += other.modify;
        self.modrdn += other.modrdn;
        for (key, attribute) in &other.attributes {
            let sum = self.attributes.entry(key.clone()).or_insert_with(|| AttributeTally {
                name: attribute.name.clone(),
                ..AttributeTally::default()
            });
            sum.records += attribute.records;
            sum.added += attribute.added;
            sum.removed += attribute.removed;
        }
    }
}
