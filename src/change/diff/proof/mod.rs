//! The proof that stands before anything is written: the change, read back, leads
//! from the old export to the new one, and the undo back.
//!
//! Only the entries that records speak of are looked at, and what stands right below
//! an entry that goes. Most entities stand alone and are proved one by one, from the
//! text of both files; the others together, by images of the directory.

mod alone;
mod read_back;
mod whole;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use self::alone::{BothWays, Entangled, Readers};
use self::read_back::ReadBack;
use self::whole::Whole;
use super::DiffError;
use super::content::naming_types;
use super::index::{Place, plain_dn};
use super::operation::{Operations, Sources};
use super::unlike::{EntryReader, PairReader};
use crate::change::identity::{self, canonical, canonical_type};
use crate::change::{Image, NotApplicable, OnRefusal};
use crate::directory::{Entry, EntryAttribute};
use crate::ldif::Value;

/// What refutes a change or its undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuted {
    /// The name of the record's or the entry's DN.
    pub dn: Vec<u8>,
    /// Whether the undo fails, and not the change.
    pub undo: bool,
    /// What is wrong.
    pub flaw: DiffFlaw,
}

/// What is wrong with a record or with the result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiffFlaw {
    /// A record does not apply.
    #[error("record {number} does not apply: {refusal}")]
    NotApplicable {
        /// Its number, from 1.
        number: usize,
        /// Why not.
        refusal: NotApplicable,
    },
    /// A record is about an entry that is not to change.
    #[error("a record is about an entry that is not to change")]
    Foreign,
    /// The entry is not there, or not under its name.
    #[error("the entry is not where it should be")]
    Misplaced,
    /// The entry has other values than it should.
    #[error("the values of {} are not those that they should be", .attribute.escape_ascii())]
    Values {
        /// The attribute.
        attribute: Vec<u8>,
    },
}

impl fmt::Display for Refuted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = if self.undo { "the undo" } else { "the change" };
        write!(f, "{file} ({}): {}", self.dn.escape_ascii(), self.flaw)
    }
}

impl std::error::Error for Refuted {}

/// Attributes, in canonical form, and values.
type Values = BTreeSet<(Vec<u8>, Vec<u8>)>;

/// Both files as they are to be written, and how many records the change has.
#[derive(Clone, Copy)]
pub(super) struct Files<'f> {
    pub(super) change: &'f [u8],
    pub(super) undo: &'f [u8],
    pub(super) records: usize,
}

/// Proves a change and its undo, both as they read back.
///
/// `partly` holds the entities of which something is left out on purpose.
///
/// # Errors
/// The first counterexample; where a file does not read back as what was written.
pub(super) fn prove(
    sources: &Sources<'_, '_>,
    operations: &Operations<'_>,
    partly: &FxHashSet<usize>,
    files: Files<'_>,
) -> Result<(), DiffError> {
    let names = alone::names(sources.entities);
    let (change, undo) = (ReadBack::of(files.change, &names)?, ReadBack::of(files.undo, &names)?);
    if change.len() != files.records {
        return Err(DiffError::Unreadable);
    }
    drop(names);
    let alone = alone::alone(sources.entities, &change, &undo)?;
    let leaves = alone::leaves(sources, &alone);
    let entangled =
        [Entangled::of(&change, &alone, &leaves)?, Entangled::of(&undo, &alone, &leaves)?];
    let [forth, home] = &entangled;
    let is_restless = !change.restless().is_empty() || !undo.restless().is_empty();
    let proof = Proof { sources, partly, is_restless };
    let has_identities = is_restless && proof.any_identity(&alone, [&change, &undo])?;
    let whole = Whole::new(&proof, operations, &alone, has_identities);
    let mut there = Image::new(&forth.records, OnRefusal::Stop);
    whole.run(&mut there, forth, false, |image| whole.feed_old(image))?;
    whole.check_there(&there)?;
    let mut back = Image::new(&home.records, OnRefusal::Stop);
    whole.run(&mut back, home, true, |image| whole.feed_new(image, &there))?;
    whole.check_back(&there, &back)?;
    let ways = BothWays { change: &change, undo: &undo, there: &there, back: &back };
    let is_in_part = |name: &[u8]| proof.is_in_part(name);
    let counts = |name: &[u8]| sources.compared.takes(name);
    let batches = sources.entities.list.par_chunks(BATCH).enumerate();
    let checked = batches.map(|(batch, list)| {
        let mut readers = Readers {
            pairs: PairReader::new(sources.old, sources.new, &is_in_part),
            olds: EntryReader::new(sources.old, &counts),
            news: EntryReader::new(sources.new, &counts),
        };
        let mut numbered = (batch * BATCH..).zip(list).filter(|(number, _)| alone[*number]);
        numbered
            .try_for_each(|(number, entity)| proof.check_alone(&mut readers, number, entity, &ways))
    });
    checked.find_first(Result::is_err).unwrap_or(Ok(()))
}

/// Entities that one task proves.
const BATCH: usize = 256;

struct Proof<'p, 'a> {
    sources: &'p Sources<'p, 'a>,
    partly: &'p FxHashSet<usize>,
    /// Whether entries get other names, or names other entries.
    is_restless: bool,
}

impl<'a> Proof<'_, 'a> {
    /// An entry of the old export.
    fn old(&self, place: Place) -> Entry<'a> {
        let (dn, attributes) = self.sources.old.entry(place).into_parts();
        Entry::with_attributes(plain_dn(dn), attributes)
    }

    /// What an entry of the new export is to be.
    fn wanted(&self, place: Place) -> Entry<'a> {
        self.sources.entities.with_names_of_the_end(self.sources.new.entry(place))
    }

    /// Compares two entries of this name as sets of values, in the attributes that are
    /// compared.
    fn compare(
        &self,
        got: &Entry<'_>,
        want: &Entry<'_>,
        dn: &[u8],
        added: bool,
    ) -> Result<(), DiffFlaw> {
        let (some_got, some_want) = (unlike(got, want), unlike(want, got));
        if some_got.is_empty() && some_want.is_empty() && got.dn == want.dn {
            return Ok(());
        }
        let naming = naming_types(dn, dn);
        let partial: FxHashSet<Cow<'_, [u8]>> = some_got
            .iter()
            .chain(&some_want)
            .filter(|a| {
                identity::is_partial(&a.name) || a.values.iter().any(|v| v.bytes().is_none())
            })
            .map(|a| canonical_type(&a.name))
            .collect();
        let has = |entry: &Entry<'_>, name: &[u8]| {
            entry.attributes().iter().any(|a| identity::same_description(&a.name, name))
        };
        // What names the entry may be missing in an export, and AD's `name` follows. What
        // named it before is an attribute like others.
        let counts = |name: &[u8]| {
            self.sources.compared.takes(name)
                && (partial.is_empty() || !partial.contains(&canonical_type(name)))
                && !self.sources.server.names_by_itself(name, &[])
                && (!added || self.sources.server.takes_in_add(name))
                && (!naming.iter().any(|of| identity::same_description(of, name))
                    || (has(got, name) && has(want, name)))
        };
        let got = self.values(got, &some_got, &counts);
        let want = self.values(want, &some_want, &counts);
        match got.symmetric_difference(&want).next() {
            None => Ok(()),
            Some((attribute, _)) => Err(DiffFlaw::Values { attribute: attribute.clone() }),
        }
    }

    /// The values of some attributes of an entry, of those that count, and of those that
    /// name it.
    fn values(
        &self,
        entry: &Entry<'_>,
        some: &[&EntryAttribute<'_>],
        counts: &dyn Fn(&[u8]) -> bool,
    ) -> Values {
        let server = self.sources.server;
        let named = identity::rdn_values(&entry.dn).unwrap_or_default();
        let named = named.into_iter().filter(|(name, _)| counts(name));
        let named = named.filter(|(name, value)| !holds_equal(entry, name, value));
        let named = named.map(|(name, value)| (canonical(&name).into_owned(), value));
        let counted = some.iter().filter(|attribute| counts(&attribute.name));
        let held = counted.flat_map(|attribute| {
            let name = canonical(&attribute.name).into_owned();
            let rule = identity::rule_of(&name);
            let follows = server.follows_links(&attribute.name);
            let bytes = attribute.values.iter().filter_map(Value::bytes);
            bytes.map(move |value| {
                let value = match follows {
                    true => identity::value_key(rule, value).into_owned(),
                    false => value.to_vec(),
                };
                (name.clone(), value)
            })
        });
        held.chain(named).collect()
    }
}

/// The attributes of an entry that another one does not have just so.
fn unlike<'e, 'a>(entry: &'e Entry<'a>, other: &Entry<'_>) -> Vec<&'e EntryAttribute<'a>> {
    let others: FxHashMap<&[u8], &EntryAttribute<'_>> =
        other.attributes().iter().map(|attribute| (&*attribute.name, attribute)).collect();
    let is_like = |attribute: &&EntryAttribute<'_>| {
        others.get(&*attribute.name).is_some_and(|other| other.values == attribute.values)
    };
    entry.attributes().iter().filter(|attribute| !is_like(attribute)).collect()
}

/// Whether an entry has a value that is equal under the matching rule.
fn holds_equal(entry: &Entry<'_>, name: &[u8], value: &[u8]) -> bool {
    let rule = identity::rule_of(name);
    let key = identity::value_key(rule, value);
    let same = entry.attributes().iter().filter(|a| identity::same_description(&a.name, name));
    let mut bytes = same.flat_map(|a| &a.values).filter_map(Value::bytes);
    bytes.any(|bytes| identity::value_key(rule, bytes) == key)
}
