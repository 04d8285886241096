//! A drafted file, read back: where each record stands and which entity it is about.
//! The records themselves are read when they are looked at: read, they take several
//! times their text.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::DiffError;
use super::super::index::{fingerprint, key_into, key_of};
use crate::change::identity;
use crate::directory::dn::{join, key_ancestors};
use crate::ldif::{
    Change, ChangeRecord, ChangeType, Chunk, ReadOptions, Record, map_chunks, read_chunk,
};

/// The entities of which a record may speak by the only name they have, by key.
pub(super) type Names<'n> = FxHashMap<&'n [u8], u32>;

/// A file and its records, in order.
pub(super) struct ReadBack<'f> {
    bytes: &'f [u8],
    records: Vec<Standing>,
    /// The numbers of those that are about an entity, by entity, then in order.
    by_entity: Vec<u32>,
    /// Fingerprints of the names that entries get or leave by a rename, and of those
    /// that are both left and taken.
    restless: FxHashSet<u64>,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
struct Standing {
    from: usize,
    to: usize,
    /// The entity that bears the record's name, where that is its only one.
    entity: Option<u32>,
    kind: ChangeType,
}

/// What one chunk has.
#[derive(Default)]
struct Part {
    records: Vec<Standing>,
    /// Fingerprints of the names that renames speak of.
    renamed: Vec<u64>,
    /// Those of the names that adds and deletes speak of.
    structural: Vec<u64>,
    failed: bool,
}

impl<'f> ReadBack<'f> {
    /// Reads a file.
    ///
    /// # Errors
    /// Where a record cannot be read.
    pub(super) fn of(bytes: &'f [u8], names: &Names<'_>) -> Result<Self, DiffError> {
        let (mut records, mut structural) = (Vec::new(), Vec::new());
        let mut restless = FxHashSet::default();
        map_chunks(
            bytes,
            |chunk| Part::of(&chunk, names),
            |part| {
                records.extend(part.records);
                structural.extend(part.structural);
                restless.extend(part.renamed);
                if part.failed { Err(DiffError::Unreadable) } else { Ok(()) }
            },
        )?;
        structural.sort_unstable();
        restless
            .extend(structural.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]));
        let numbers = 0..u32::try_from(records.len()).map_err(|_| DiffError::Unreadable)?;
        let entity = |number: &u32| records[*number as usize].entity;
        let mut by_entity: Vec<u32> = numbers.filter(|number| entity(number).is_some()).collect();
        by_entity.sort_unstable_by_key(|number| (entity(number), *number));
        Ok(Self { bytes, records, by_entity, restless })
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Fingerprints of names that entries get or leave, but for those that are only
    /// given up or only taken by an entry that goes or comes.
    pub(super) fn restless(&self) -> &FxHashSet<u64> {
        &self.restless
    }

    /// The numbers of the records about an entity, in order.
    pub(super) fn about(&self, entity: usize) -> &[u32] {
        let of = |number: &u32| self.records[*number as usize].entity.map(|of| of as usize);
        let from = self.by_entity.partition_point(|number| of(number) < Some(entity));
        let rest = &self.by_entity[from..];
        &rest[..rest.iter().take_while(|number| of(number) == Some(entity)).count()]
    }

    /// The entity that a record is about, where it has one name only.
    pub(super) fn entity(&self, number: usize) -> Option<usize> {
        self.records[number].entity.map(|entity| entity as usize)
    }

    pub(super) fn kind(&self, number: usize) -> ChangeType {
        self.records[number].kind
    }

    /// A record.
    ///
    /// # Errors
    /// Where the text does not read again.
    pub(super) fn record(&self, number: usize) -> Result<ChangeRecord<'f>, DiffError> {
        let Standing { from, to, .. } = self.records[number];
        let text = self.bytes.get(from..to).unwrap_or_default();
        let mut found = None;
        read_chunk(text, ReadOptions::default(), |record| {
            if let Record::Change(change) = record.into_record() {
                found = Some(change);
            }
        });
        found.ok_or(DiffError::Unreadable)
    }
}

impl Part {
    fn of(chunk: &Chunk<'_>, names: &Names<'_>) -> Self {
        let mut part = Self::default();
        let base = usize::try_from(chunk.offset).unwrap_or(usize::MAX);
        let mut key = Vec::new();
        let report = read_chunk(chunk.bytes, ReadOptions::default(), |record| {
            let (Some(change), Some(first)) = (record.change(), record.first_line()) else {
                return;
            };
            key_into(&change.dn, &mut key);
            let kind = kind_of(&change.change);
            match kind {
                ChangeType::Add | ChangeType::Delete => part.structural.push(fingerprint(&key)),
                ChangeType::ModRdn => {
                    part.renamed.push(fingerprint(&key));
                    part.renamed.extend(new_name(change).map(|key| fingerprint(&key)));
                }
                ChangeType::Modify => {}
            }
            let at = usize::try_from(first.offset()).unwrap_or(usize::MAX);
            part.records.push(Standing {
                from: base.saturating_add(at),
                to: base.saturating_add(record.end()),
                entity: names.get(key.as_slice()).copied(),
                kind,
            });
        });
        part.failed = report.has_failures();
        part
    }
}

fn kind_of(change: &Change<'_>) -> ChangeType {
    match change {
        Change::Add(_) => ChangeType::Add,
        Change::Delete => ChangeType::Delete,
        Change::Modify(_) => ChangeType::Modify,
        Change::ModRdn { .. } => ChangeType::ModRdn,
    }
}

/// The key of the name that a rename gives.
fn new_name(record: &ChangeRecord<'_>) -> Option<Vec<u8>> {
    let Change::ModRdn { new_rdn, new_superior, .. } = &record.change else { return None };
    let parent = new_superior.as_deref().unwrap_or_else(|| identity::parent_text(&record.dn));
    Some(key_of(&join(new_rdn, Some(parent))))
}

/// Whether a name, or one above it, is one of those.
pub(super) fn is_near(key: &[u8], restless: &FxHashSet<u64>) -> bool {
    let mut names = std::iter::once(key).chain(key_ancestors(key));
    names.any(|name| restless.contains(&fingerprint(name)))
}

/// Whether a record gives or takes a value that names an entry by one of those names,
/// or by one below.
pub(super) fn names_one_near(record: &ChangeRecord<'_>, restless: &FxHashSet<u64>) -> bool {
    let is_one = |attribute: &[u8], value: &[u8]| {
        let named = identity::dn_within(attribute, value).and_then(|start| value.get(start..));
        named.is_some_and(|dn| is_near(&key_of(dn), restless))
    };
    match &record.change {
        Change::Add(lines) => lines
            .iter()
            .any(|line| line.value.bytes().is_some_and(|value| is_one(&line.name, value))),
        Change::Modify(mods) => mods.iter().any(|own| {
            let mut bytes = own.values.iter().filter_map(|value| value.bytes());
            bytes.any(|value| is_one(&own.attribute, value))
        }),
        Change::Delete | Change::ModRdn { .. } => false,
    }
}
