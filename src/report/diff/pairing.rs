//! Which of the removed values became which of the added ones.

use std::collections::HashMap;

use super::inline::{Neighbours, similarity};

/// Above this many pairs to try, values pair only where they have the same
/// letters and digits: trying all of them would be quadratic.
const TRIED: usize = 4096;

/// Above this many pairs of bytes to compare in all, values are told apart by the bytes
/// that stand beside each other: which bytes an edit would keep takes too long then.
const COMPARED: usize = 1 << 18;

/// Below this share in common, an old and a new value are strangers.
const KINSHIP: f32 = 0.4;

/// For each removed value the number of the added one that it became. No added
/// value is used twice.
pub(super) fn pair(removed: &[&[u8]], added: &[&[u8]]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; removed.len()];
    let mut taken = vec![false; added.len()];
    pair_by(removed, added, &mut pairs, &mut taken, <[u8]>::to_vec);
    pair_by(removed, added, &mut pairs, &mut taken, letters);
    let left = |free: &[bool]| -> Vec<usize> { (0..free.len()).filter(|&at| free[at]).collect() };
    let old = left(&pairs.iter().map(Option::is_none).collect::<Vec<_>>());
    let new = left(&taken.iter().map(|taken| !taken).collect::<Vec<_>>());
    if old.len().saturating_mul(new.len()) <= TRIED {
        pair_by_similarity(removed, added, &old, &new, &mut pairs);
    }
    pairs
}

fn pair_by(
    removed: &[&[u8]],
    added: &[&[u8]],
    pairs: &mut [Option<usize>],
    taken: &mut [bool],
    key: fn(&[u8]) -> Vec<u8>,
) {
    let mut free: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (at, value) in added.iter().enumerate().rev().filter(|(at, _)| !taken[*at]) {
        free.entry(key(value)).or_default().push(at);
    }
    for (old, pair) in removed.iter().zip(pairs).filter(|(_, pair)| pair.is_none()) {
        if let Some(at) = free.get_mut(&key(old)).and_then(Vec::pop) {
            *pair = Some(at);
            taken[at] = true;
        }
    }
}

/// What is left of a value without case, blanks and punctuation; the value
/// itself where nothing is.
fn letters(value: &[u8]) -> Vec<u8> {
    let mut key: Vec<u8> = value
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(u8::to_ascii_lowercase)
        .collect();
    if key.is_empty() {
        key = value.to_vec();
    }
    key
}

fn pair_by_similarity(
    removed: &[&[u8]],
    added: &[&[u8]],
    old: &[usize],
    new: &[usize],
    pairs: &mut [Option<usize>],
) {
    let mut scores: Vec<(f32, usize, usize)> = Vec::with_capacity(old.len() * new.len());
    let bytes = |of: &[usize], values: &[&[u8]]| of.iter().map(|&at| values[at].len()).sum();
    let (old_bytes, new_bytes): (usize, usize) = (bytes(old, removed), bytes(new, added));
    if old_bytes.saturating_mul(new_bytes) <= COMPARED {
        for &o in old {
            scores.extend(new.iter().map(|&n| (similarity(removed[o], added[n]), o, n)));
        }
    } else {
        let added: Vec<Neighbours> = new.iter().map(|&n| Neighbours::of(added[n])).collect();
        for &o in old {
            let removed = Neighbours::of(removed[o]);
            let scored = |(added, &n): (_, &usize)| (removed.similarity(added), o, n);
            scores.extend(added.iter().zip(new).map(scored));
        }
    }
    // The sort is stable, so that equal scores pair in order.
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut taken = vec![false; added.len()];
    for (score, o, n) in scores {
        if score >= KINSHIP && pairs[o].is_none() && !taken[n] {
            pairs[o] = Some(n);
            taken[n] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_finds_its_successor_whatever_the_order() {
        let removed: [&[u8]; 3] =
            [b"smtp:zo\xc3\xab@corp.example", b"SMTP:Anna @corp.example", b"x500:/o=Corp/cn=zoe"];
        let added: [&[u8]; 2] = [b"SMTP:Anna@corp.example", b"smtp:zo@corp.example"];
        assert_eq!(pair(&removed, &added), [Some(1), Some(0), None]);
    }

    #[test]
    fn strangers_do_not_pair() {
        assert_eq!(pair(&[b"abc"], &[b"xyz"]), [None]);
        assert_eq!(pair(&[b"!"], &[b"?"]), [None]);
    }

    #[test]
    fn many_values_find_their_successors_as_few_do() {
        let value = |at: usize, end: &str| format!("smtp:{:x}@corp.{end}", at * 7_919 + 65_537);
        for count in [3, 60] {
            let old: Vec<String> = (0..count).map(|at| value(at, "local")).collect();
            let new: Vec<String> = (0..count).rev().map(|at| value(at, "example.com")).collect();
            let old: Vec<&[u8]> = old.iter().map(String::as_bytes).collect();
            let new: Vec<&[u8]> = new.iter().map(String::as_bytes).collect();
            let expected: Vec<_> = (0..count).rev().map(Some).collect();
            assert_eq!(pair(&old, &new), expected);
        }
        let strangers = |from: u8| (0..60_u8).map(move |at| vec![from + at % 3; 90 + at as usize]);
        let (old, new): (Vec<_>, Vec<_>) = (strangers(b'a').collect(), strangers(b'x').collect());
        let old: Vec<&[u8]> = old.iter().map(Vec::as_slice).collect();
        let new: Vec<&[u8]> = new.iter().map(Vec::as_slice).collect();
        assert_eq!(pair(&old, &new), [None; 60]);
    }

    #[test]
    fn an_added_value_is_used_once() {
        assert_eq!(pair(&[b"Foo", b"foo"], &[b"foo"]), [None, Some(0)]);
    }

    #[test]
    fn many_values_pair_by_their_letters_in_linear_time() {
        let texts = |suffix: &str| -> Vec<String> {
            (0..50_000).map(|n| format!("member{n}{suffix}")).collect()
        };
        let (old, new) = (texts(" "), texts(""));
        let old: Vec<&[u8]> = old.iter().map(String::as_bytes).collect();
        let new: Vec<&[u8]> = new.iter().map(String::as_bytes).collect();
        let pairs = pair(&old, &new);
        assert!(pairs.iter().enumerate().all(|(at, pair)| *pair == Some(at)));
    }
}
