//! Which characters of two values differ.

use std::cmp::Ordering;

use similar::{Algorithm, DiffOp, DiffTag};

use crate::report::visible::Cell;

/// Values of more cells than this are compared from both ends only: what
/// [`similar`] does grows with the product of length and differences.
const COMPARED: usize = 2048;

/// Equal cells between two replacements that are fewer than this are a chance
/// and no kinship: marking them as kept would make the marks harder to read.
const KINSHIP: usize = 3;

/// For each cell of both values, whether it differs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marks {
    pub old: Vec<bool>,
    pub new: Vec<bool>,
}

impl Marks {
    /// Marks what differs; everything where the values have little in common.
    pub fn between(old: &[Cell<'_>], new: &[Cell<'_>]) -> Self {
        let old_bytes: Vec<&[u8]> = old.iter().map(|cell| cell.source).collect();
        let new_bytes: Vec<&[u8]> = new.iter().map(|cell| cell.source).collect();
        let ops = if old.len().max(new.len()) > COMPARED {
            from_both_ends(&old_bytes, &new_bytes)
        } else {
            similar::capture_diff_slices(Algorithm::Myers, &old_bytes, &new_bytes)
        };
        // Where nothing is replaced, each kept cell is certain: `g[ü]n[]]ther`.
        let one_way = ops.iter().all(|op| matches!(op.tag(), DiffTag::Equal | DiffTag::Delete))
            || ops.iter().all(|op| matches!(op.tag(), DiffTag::Equal | DiffTag::Insert));
        let mut marks = Self { old: vec![true; old.len()], new: vec![true; new.len()] };
        let mut kept = 0;
        for (at, op) in ops.iter().enumerate() {
            let inner = at > 0 && at + 1 < ops.len();
            let DiffOp::Equal { old_index, new_index, len } = *op else { continue };
            if inner && !one_way && len < KINSHIP {
                continue;
            }
            kept += len;
            marks.old[old_index..old_index + len].fill(false);
            marks.new[new_index..new_index + len].fill(false);
        }
        if kept * 3 < old.len().max(new.len()) && !one_way {
            marks.old.fill(true);
            marks.new.fill(true);
        }
        marks
    }
}

fn from_both_ends(old: &[&[u8]], new: &[&[u8]]) -> Vec<DiffOp> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let ends = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = ends.take_while(|(a, b)| a == b).count();
    vec![
        DiffOp::Equal { old_index: 0, new_index: 0, len: start },
        DiffOp::Replace {
            old_index: start,
            old_len: old.len() - start - end,
            new_index: start,
            new_len: new.len() - start - end,
        },
        DiffOp::Equal { old_index: old.len() - end, new_index: new.len() - end, len: end },
    ]
}

/// How much two values have in common, from 0 to 1: the share of bytes that an
/// edit would keep.
pub(super) fn similarity(old: &[u8], new: &[u8]) -> f32 {
    // Long values are told apart by their ends as well as by all of them.
    const SAMPLE: usize = 256;
    if old.len().max(new.len()) > SAMPLE {
        let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let ends = old[start..].iter().rev().zip(new[start..].iter().rev());
        return share(start + ends.take_while(|(a, b)| a == b).count(), old, new);
    }
    let ops = similar::capture_diff_slices(Algorithm::Myers, old, new);
    let equal = ops.iter().map(|op| match op {
        DiffOp::Equal { len, .. } => *len,
        _ => 0,
    });
    share(equal.sum(), old, new)
}

/// The pairs of bytes that stand beside each other in a value, sorted.
#[derive(Debug)]
pub(super) struct Neighbours(Vec<(u8, u8)>);

impl Neighbours {
    /// Those of a value; of a long one those near its ends.
    pub fn of(value: &[u8]) -> Self {
        const END: usize = 128;
        let pairs = |part: &[u8]| {
            let behind = part.iter().skip(1);
            part.iter().copied().zip(behind.copied()).collect::<Vec<_>>()
        };
        let mut all = match (value.first_chunk::<END>(), value.last_chunk::<END>()) {
            (Some(first), Some(last)) if value.len() > 2 * END => {
                [pairs(first), pairs(last)].concat()
            }
            _ => pairs(value),
        };
        all.sort_unstable();
        Self(all)
    }

    /// How many two values have in common, from 0 to 1.
    pub fn similarity(&self, other: &Self) -> f32 {
        let (mut own, mut others) = (&self.0[..], &other.0[..]);
        let mut equal = 0;
        while let ([one, rest @ ..], [another, behind @ ..]) = (own, others) {
            let order = one.cmp(another);
            equal += usize::from(order == Ordering::Equal);
            own = if order == Ordering::Greater { own } else { rest };
            others = if order == Ordering::Less { others } else { behind };
        }
        share(equal, &self.0, &other.0)
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rough measure of short values")]
fn share<T>(equal: usize, old: &[T], new: &[T]) -> f32 {
    let all = old.len() + new.len();
    if all == 0 { 1.0 } else { 2.0 * equal as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::visible::cells;

    /// The values with what differs in brackets.
    fn marked(old: &str, new: &str) -> (String, String) {
        let (old, new) = (cells(old.as_bytes()), cells(new.as_bytes()));
        let marks = Marks::between(&old, &new);
        let show = |cells: &[Cell<'_>], marks: &[bool]| {
            let mut text = String::new();
            for (at, cell) in cells.iter().enumerate() {
                let before = at > 0 && marks[at - 1];
                match (before, marks[at]) {
                    (false, true) => text.push('['),
                    (true, false) => text.push(']'),
                    _ => {}
                }
                text.push_str(&cell.glyph.to_string());
            }
            if marks.last() == Some(&true) {
                text.push(']');
            }
            text
        };
        (show(&old, &marks.old), show(&new, &marks.new))
    }

    fn both(old: &str, new: &str) -> (String, String) {
        (old.to_owned(), new.to_owned())
    }

    #[test]
    fn single_removed_characters_are_marked_one_by_one() {
        assert_eq!(
            marked("zo\u{a0}ë.gün]ther1@contoso.com", "zo.gnther1@contoso.com"),
            both("zo[\\u{a0}ë].g[ü]n[]]ther1@contoso.com", "zo.gnther1@contoso.com")
        );
    }

    #[test]
    fn a_trailing_blank_is_marked() {
        assert_eq!(marked("anna ", "anna"), both("anna[␠]", "anna"));
    }

    #[test]
    fn letters_that_agree_by_chance_do_not_break_a_replacement() {
        assert_eq!(
            marked("CN=Anna Maria,OU=Staff", "CN=Bob Miller,OU=Staff"),
            both("CN=[Anna Maria],OU=Staff", "CN=[Bob Miller],OU=Staff")
        );
    }

    #[test]
    fn values_without_kinship_are_marked_whole() {
        assert_eq!(marked("abcdefgh", "zyxwvuth"), both("[abcdefgh]", "[zyxwvuth]"));
    }

    #[test]
    fn an_accent_is_one_with_its_letter() {
        assert_eq!(marked("Zoe\u{308} P", "Zoë P"), both("Zo[e\u{308}] P", "Zo[ë] P"));
    }

    #[test]
    fn huge_values_are_compared_from_both_ends() {
        let old = format!("{}b{}", "a".repeat(3_000), "c".repeat(3_000));
        let new = format!("{}x{}", "a".repeat(3_000), "c".repeat(3_000));
        let (old, new) = marked(&old, &new);
        assert!(old.contains("a[b]c") && new.contains("a[x]c"));
    }

    #[test]
    fn similar_values_are_nearer_than_others() {
        let near = similarity(b"smtp:zoe@example.com", b"smtp:zo@example.com");
        let far = similarity(b"smtp:zoe@example.com", b"SMTP:bjorn@example.com");
        assert!(near > far && far > similarity(b"abc", b"xyz"));
    }
}
