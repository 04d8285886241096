//! The inverse of a whole change file.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::order_of_links;
use crate::change::apply;
use crate::change::identity;
use crate::change::image::{Image, Outcome, Return};
use crate::change::not_applicable::NotApplicable;
use crate::change::proof::{Flaw, difference};
use crate::change::stored::{StoredEntry, is_active_directory};
use crate::directory::{Entry, EntryAttribute, Writability};
use crate::ldif::{Attribute, Change, ChangeRecord, Control, Value};

/// What takes a change file back.
#[derive(Debug, Clone, Default)]
pub struct Undo {
    /// The records, in the order in which they are to be applied.
    pub records: Vec<UndoRecord>,
    /// The change records that cannot be inverted, in their order.
    pub obstacles: Vec<Uninvertible>,
    /// Attributes of deleted entries that only a server can write, and of how
    /// many entries they do not come back.
    pub left_out: BTreeMap<String, u64>,
}

/// One record of an inverse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoRecord {
    /// The number of the change record that it belongs to, from 0.
    pub of: usize,
    /// The record.
    pub record: ChangeRecord<'static>,
}

/// A change record that cannot be inverted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uninvertible {
    /// Its number, from 0.
    pub number: usize,
    /// Why.
    pub why: Obstacle,
}

/// Why a change record cannot be inverted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// It does not apply to the base.
    #[error("it does not apply to the base: {0}")]
    NotApplicable(NotApplicable),
    /// The base holds a part of the attribute only.
    #[error("the base holds only a part of the attribute: {}", .attribute.escape_ascii())]
    Partial {
        /// The attribute description, `;range=` included.
        attribute: Vec<u8>,
    },
    /// A value stands elsewhere, and no one knows what it is by then.
    #[error("a value of {} is given by URL, which is not opened", .attribute.escape_ascii())]
    Url {
        /// The attribute description.
        attribute: Vec<u8>,
    },
    /// A control may change what the record does.
    #[error("what the control {} makes of it is not known", .oid.escape_ascii())]
    Control {
        /// The control's OID.
        oid: Vec<u8>,
    },
    /// The entry is gone.
    #[error("the entry is gone: an export from before the change would have it")]
    NoBase,
    /// The record does not name the values that it takes away.
    #[error("the record does not name the values of {} that it takes away: an export from before \
             the change would have them", .attribute.escape_ascii())]
    NotNamed {
        /// The attribute description.
        attribute: Vec<u8>,
    },
    /// Nothing tells which of its modifications changed something.
    #[error(
        "with permissive modify the record does not say what it found: an export from before \
             the change would tell"
    )]
    Permissive,
    /// It cannot be told whether it was applied.
    #[error("it cannot be told whether it was applied")]
    NotTold,
    /// Its inverse needs the inverse of another record, which is missing.
    #[error("its inverse would not apply without that of a later record: {0}")]
    Dependent(NotApplicable),
}

/// What a control does to the inverse of a record.
enum Bearing {
    /// The record does what it would do without it.
    None,
    /// The same, and the inverse needs it, too.
    Needed,
    Unknown,
}

/// By OID: RFC 4528, RFC 4527, RFC 3296, RFC 4370, draft-zeilenga-ldap-relax,
/// RFC 3829, and MS-ADTS 3.1.1.3.4.1.
fn bearing(oid: &[u8]) -> Bearing {
    match oid {
        // Managing referrals, relaxed rules.
        b"2.16.840.1.113730.3.4.2" | b"1.3.6.1.4.1.4203.666.5.12" => Bearing::Needed,
        // Assertion, pre-read, post-read, proxied authorisation, authorisation
        // identity, password policy, no copy.
        b"1.3.6.1.1.12"
        | b"1.3.6.1.1.13.1"
        | b"1.3.6.1.1.13.2"
        | b"2.16.840.1.113730.3.4.18"
        | b"2.16.840.1.113730.3.4.16"
        | b"1.3.6.1.4.1.42.2.27.8.5.1"
        | b"1.3.6.1.1.22"
        // Tree delete and permissive modify, which the image knows; lazy commit, domain scope, verify
        // name, extended DN.
        | b"1.2.840.113556.1.4.805"
        | b"1.2.840.113556.1.4.1413"
        | b"1.2.840.113556.1.4.619"
        | b"1.2.840.113556.1.4.1339"
        | b"1.2.840.113556.1.4.1338"
        | b"1.2.840.113556.1.4.529" => Bearing::None,
        _ => Bearing::Unknown,
    }
}

impl Undo {
    /// Puts together the inverses of an image made with
    /// [`Image::with_inverses`], whose run gave these outcomes.
    #[must_use]
    pub fn of(image: &Image<'_>, changes: &[ChangeRecord<'_>], outcomes: Vec<Outcome>) -> Self {
        let mut partial: FxHashMap<usize, &[u8]> = FxHashMap::default();
        for (number, attribute) in image.partial() {
            partial.entry(number).or_insert(attribute);
        }
        let mut undo = Self::default();
        let mut groups = Vec::with_capacity(changes.len());
        for (number, (change, outcome)) in changes.iter().zip(outcomes).enumerate() {
            let inverse = match outcome {
                Outcome::Applied(inverse) => Ok(inverse),
                Outcome::Refused(refusal) => Err(Obstacle::NotApplicable(refusal)),
                Outcome::NotTried => continue,
            };
            let inverse = match (inverse, partial.get(&number)) {
                (_, Some(attribute)) => Err(Obstacle::Partial { attribute: attribute.to_vec() }),
                (Err(why), None) => Err(url_in(change).unwrap_or(why)),
                (Ok(inverse), None) => invertible(change, &inverse).map(|()| inverse),
            };
            match inverse {
                Ok(inverse) => groups.push((number, inverse)),
                Err(why) => undo.obstacles.push(Uninvertible { number, why }),
            }
        }
        for (of, inverse) in groups.into_iter().rev() {
            for mut record in inverse {
                undo.leave_out_maintained(&mut record);
                undo.records.push(UndoRecord { of, record });
            }
        }
        if image.has_identities() {
            let gone = image.gone_links().collect();
            undo.records = order_of_links::settled(undo.records, &gone);
        }
        undo.carry_controls(changes);
        undo
    }

    /// Gives each record the controls of its change record that it needs, too.
    pub(in crate::change) fn carry_controls(&mut self, changes: &[ChangeRecord<'_>]) {
        for UndoRecord { of, record } in &mut self.records {
            let controls = changes.get(*of).map(|change| change.controls.as_slice());
            let needed = |control: &&Control<'_>| matches!(bearing(&control.oid), Bearing::Needed);
            let needed = controls.unwrap_or_default().iter().filter(needed);
            record.controls = needed.map(|control| control.clone().into_owned()).collect();
        }
    }

    /// Drops from an add what only a server writes, and exact copies.
    fn leave_out_maintained(&mut self, record: &mut ChangeRecord<'static>) {
        let Change::Add(attributes) = &mut record.change else { return };
        let active_directory = attributes.iter().any(|line| marks(&line.name));
        let mut left: FxHashSet<Vec<u8>> = FxHashSet::default();
        let mut lines: Vec<Attribute<'static>> = Vec::with_capacity(attributes.len());
        let mut seen = FxHashSet::default();
        for line in attributes.drain(..) {
            if is_maintained(&line.name, &line.value, active_directory) {
                left.insert(line.name.to_vec());
            } else if seen.insert((line.name.to_ascii_lowercase(), line.value.clone())) {
                lines.push(line);
            }
        }
        *attributes = lines;
        for name in left {
            *self.left_out.entry(name.escape_ascii().to_string()).or_default() += 1;
        }
    }

    /// The records alone, in their order.
    pub fn change_records(&self) -> impl Iterator<Item = &ChangeRecord<'static>> {
        self.records.iter().map(|undo| &undo.record)
    }

    /// Drops the records that did not apply behind the change, of `changes`
    /// records: each needs another that is missing.
    pub fn drop_dependents(&mut self, changes: usize, outcomes: &[Outcome]) {
        let mut later = outcomes.get(changes..).unwrap_or_default().iter();
        let obstacles = &mut self.obstacles;
        self.records.retain(|undo| match later.next() {
            Some(Outcome::Refused(refusal)) => {
                let why = Obstacle::Dependent(refusal.clone());
                obstacles.push(Uninvertible { number: undo.of, why });
                false
            }
            _ => true,
        });
        self.obstacles.sort_by_key(|obstacle| obstacle.number);
        self.obstacles.dedup_by_key(|obstacle| obstacle.number);
    }
}

fn marks(name: &[u8]) -> bool {
    crate::change::stored::marks_active_directory(name)
}

/// Whether nobody but the server can write the value when the entry is added.
fn is_maintained(name: &[u8], value: &Value<'_>, active_directory: bool) -> bool {
    if identity::names_by_server(name) {
        return true;
    }
    match identity::writability(name) {
        Writability::System | Writability::Constructed | Writability::BackLink => true,
        // MS-ADTS 3.1.1.5.2: times are set to "now" and "never" alone, histories
        // by migration tools, and a primary group after the membership.
        Writability::Restricted | Writability::WriteOnly if active_directory => {
            let is = |names: &[&str]| {
                names.iter().any(|known| identity::same_attribute(known.as_bytes(), name))
            };
            let settable = matches!(value.bytes(), Some(b"0" | b"-1"));
            is(&["sIDHistory", "primaryGroupID", "unicodePwd"])
                || (is(&["pwdLastSet", "lockoutTime"]) && !settable)
        }
        _ => false,
    }
}

/// The first control of a record of which it is not known what a server makes of it.
#[must_use]
pub fn unknown_control<'r>(record: &'r ChangeRecord<'_>) -> Option<&'r [u8]> {
    let is_unknown = |control: &&Control<'_>| matches!(bearing(&control.oid), Bearing::Unknown);
    record.controls.iter().find(is_unknown).map(|control| &*control.oid)
}

/// Whether a record means what it says, and its inverse does.
pub(in crate::change) fn invertible(
    change: &ChangeRecord<'_>,
    inverse: &[ChangeRecord<'_>],
) -> Result<(), Obstacle> {
    if let Some(oid) = unknown_control(change) {
        return Err(Obstacle::Control { oid: oid.to_vec() });
    }
    inverse.iter().find_map(url_in).map_or(Ok(()), Err)
}

fn url_in(record: &ChangeRecord<'_>) -> Option<Obstacle> {
    let is_url = |value: &Value<'_>| matches!(value, Value::Url(_));
    let attribute = match &record.change {
        Change::Add(lines) => lines.iter().find(|line| is_url(&line.value)).map(|line| &line.name),
        Change::Modify(mods) => mods
            .iter()
            .find(|modification| modification.values.iter().any(is_url))
            .map(|modification| &modification.attribute),
        Change::Delete | Change::ModRdn { .. } => None,
    };
    attribute.map(|attribute| Obstacle::Url { attribute: attribute.to_vec() })
}

/// An entry that does not come back as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", .dn.escape_ascii(), .attribute.as_ref().map_or_else(
    || "the entry".to_owned(), |name| name.escape_ascii().to_string()))]
pub struct NotRestored {
    /// The entry's DN.
    pub dn: Vec<u8>,
    /// The attribute that differs; `None` where the entry or its name does.
    pub attribute: Option<Vec<u8>>,
}

/// Whether an image made with [`Image::there_and_back`] has every one of these entries of the
/// base, given by number, as it was: as sets of values, byte for byte, what only
/// a server writes left aside where the entry was deleted in between.
///
/// # Errors
/// The first one that is not.
pub fn prove_restored<'a, T: Sync>(
    image: &Image<'_>,
    places: &[(u64, T)],
    read: impl Fn(&T) -> Option<Entry<'a>> + Sync,
) -> Result<(), NotRestored> {
    let created: Vec<Entry<'_>> = image.added().collect();
    let mut by_key: FxHashMap<Vec<u8>, &Entry<'_>> = FxHashMap::default();
    for entry in &created {
        by_key.insert(identity::dn_key(&entry.dn).unwrap_or_default(), entry);
    }
    let back = places.par_iter().map(|(ordinal, place)| {
        let Some(entry) = read(place) else { return Ok(0) };
        let dn = || entry.dn.to_vec();
        match image.return_of(*ordinal, &entry) {
            Return::Same => Ok(0),
            Return::Elsewhere => Err(NotRestored::of_entry(dn())),
            Return::Differs(flaw) => Err(NotRestored::of(dn(), &flaw)),
            Return::Gone => {
                let key = identity::dn_key(&entry.dn).unwrap_or_default();
                let now = by_key.get(&key).ok_or_else(|| NotRestored::of_entry(dn()))?;
                let now = StoredEntry::from((*now).clone());
                let wanted = as_added(&entry);
                let flaw = difference(&now, &wanted);
                flaw.map_or(Ok(1), |flaw| Err(NotRestored::of(dn(), &flaw)))
            }
        }
    });
    let returned: usize = back.try_reduce(|| 0, |a, b| Ok(a + b))?;
    match created.first() {
        Some(entry) if returned < created.len() => Err(NotRestored::of_entry(entry.dn.to_vec())),
        _ => Ok(()),
    }
}

impl NotRestored {
    fn of_entry(dn: Vec<u8>) -> Self {
        Self { dn, attribute: None }
    }

    fn of(dn: Vec<u8>, flaw: &Flaw) -> Self {
        let attribute = match flaw {
            Flaw::Lacks { attribute, .. } | Flaw::Extra { attribute, .. } => Some(attribute),
            _ => None,
        };
        Self { dn, attribute: attribute.cloned() }
    }
}

/// What an entry is when it is added again, which brings what names it though the export
/// left it out.
fn as_added<'e>(entry: &Entry<'e>) -> Entry<'e> {
    let active_directory = is_active_directory(entry.attributes());
    let kept = entry.attributes().iter().map(|own| {
        let values = own.values.iter();
        let kept = |value: &&Value<'_>| !is_maintained(&own.name, value, active_directory);
        EntryAttribute { name: own.name.clone(), values: values.filter(kept).cloned().collect() }
    });
    let kept = kept.filter(|own| !own.values.is_empty()).collect();
    let mut added = StoredEntry::from(Entry::with_attributes(entry.dn.clone(), kept));
    apply::complete_name(&mut added);
    added.into_entry()
}
