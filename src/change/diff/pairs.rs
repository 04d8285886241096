//! The entries in which two exports differ, each where it stands, for whoever asks
//! what that means.

use super::index::{EntryIndex, Place};
use super::pairing::Pair;
use super::{Compared, DiffError, paired};

/// An entry where it stands in its export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Bytes from the start of the export to its `dn:` line.
    pub offset: u64,
    /// Its text, with the modify records that go on with it.
    pub text: &'a [u8],
}

/// The entries in which two exports differ.
#[derive(Debug, Default)]
pub struct Differing<'a> {
    /// Those of both exports that have other values or another name: as the old one
    /// and the new one have them, in the order of the new one.
    pub both: Vec<[Standing<'a>; 2]>,
    /// Those of the old export alone, in its order.
    pub gone: Vec<Standing<'a>>,
    /// Those of the new export alone, in its order.
    pub come: Vec<Standing<'a>>,
}

/// The entries in which two exports differ, paired by name and, where names differ, by
/// what tells an entry from all others.
///
/// # Errors
/// Where an export holds an entry twice.
pub fn differing<'a>(
    old: &EntryIndex<'a>,
    new: &EntryIndex<'a>,
    compared: &Compared,
) -> Result<Differing<'a>, DiffError> {
    let pairing = paired(old, new, compared)?;
    let standing = |index: &EntryIndex<'a>, place: Place| Standing {
        offset: place.offset(),
        text: index.text(place),
    };
    let mut pairs: Vec<Pair> = pairing.changed;
    pairs.extend(pairing.moved);
    pairs.sort_unstable();
    let both = pairs.iter().map(|pair| [standing(old, pair.old), standing(new, pair.new)]);
    Ok(Differing {
        both: both.collect(),
        gone: pairing.gone.iter().map(|&place| standing(old, place)).collect(),
        come: pairing.come.iter().map(|&place| standing(new, place)).collect(),
    })
}
