//! Identifiers of one key, where of many that say the same only the first is looked at.

use rustc_hash::FxHashMap;

use crate::rules::catalogue::identifiers::{Identifier, Role};

/// The identifiers that another object has with one key. There may be thousands, of
/// addresses that differ in accents only, and as many on the own side.
pub(super) struct ByRole<'p> {
    held: &'p [(Identifier, usize, String)],
    /// The first with this role and value.
    exact: FxHashMap<(Role, &'p str), usize>,
    /// Per role the first, and the first with another value than that.
    leading: Vec<(Role, usize, Option<usize>)>,
}

impl<'p> ByRole<'p> {
    pub(super) fn of(held: &'p [(Identifier, usize, String)]) -> Self {
        let mut exact = FxHashMap::default();
        let mut leading: Vec<(Role, usize, Option<usize>)> = Vec::new();
        for (at, (identifier, _, value)) in held.iter().enumerate() {
            let role = identifier.role;
            exact.entry((role, value.as_str())).or_insert(at);
            match leading.iter_mut().find(|(known, ..)| *known == role) {
                None => leading.push((role, at, None)),
                Some((_, first, other @ None)) if is_other(held, *first, value) => {
                    *other = Some(at);
                }
                Some(_) => {}
            }
        }
        Self { held, exact, leading }
    }

    /// In order, the first of each role with this value and the first with another one,
    /// and whether it is this one: all later ones would be judged as these are.
    pub(super) fn beside(&self, value: &str) -> impl Iterator<Item = (Identifier, bool)> {
        let mut found = Vec::with_capacity(2 * self.leading.len());
        for &(role, first, other) in &self.leading {
            found.extend(self.exact.get(&(role, value)).map(|&at| (at, true)));
            let unlike = if is_other(self.held, first, value) { Some(first) } else { other };
            found.extend(unlike.map(|at| (at, false)));
        }
        found.sort_unstable();
        found.into_iter().filter_map(|(at, is_exact)| Some((self.held.get(at)?.0, is_exact)))
    }
}

fn is_other(held: &[(Identifier, usize, String)], at: usize, value: &str) -> bool {
    held.get(at).is_some_and(|(_, _, other)| other != value)
}
