//! Two edits of one boundary against the same chain: what both left alone holds it together, and where only one changed something, that one is
//! right.
//!
//! As with lines of text, a vertex that both kept must stand between two changes, or they clash: moving neighbouring vertices changes the same
//! edge. One exception: vertices that both put on the same straight edge (each less than a step off it) are no change of
//! shape, and are put in order along it – so that two neighbours can both tie a line to one edge.
//!
//! Chains repeat no point, so the longest common subsequence is the longest increasing one: O(n log n).

use std::collections::HashMap;

use crate::coverage::LatticePoint;
use crate::coverage::delta::around;
use crate::coverage::exact::{cross, dot};

/// A stretch that both changed, each otherwise: what stands between two vertices that both kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// South-west and north-east corner around the points of all three.
    pub bounds: (LatticePoint, LatticePoint),
    pub base: Vec<LatticePoint>,
    pub mine: Vec<LatticePoint>,
    pub theirs: Vec<LatticePoint>,
}

/// Merges two chains that come from one and have its ends; each has two points at least. Says nothing about legality.
///
/// # Errors
/// Every stretch that both changed.
pub fn merge(
    base: &[LatticePoint],
    mine: &[LatticePoint],
    theirs: &[LatticePoint],
) -> Result<Vec<LatticePoint>, Vec<Clash>> {
    let (in_mine, in_theirs) = (kept(base, mine), kept(base, theirs));
    let mut merged = Vec::with_capacity(mine.len().max(theirs.len()));
    let mut clashes = Vec::new();
    // What stands after the last vertex that both kept, in each of the three.
    let mut after = (0, 0, 0);
    for (i, anchor) in base.iter().enumerate() {
        let (Some(j), Some(k)) = (in_mine[i], in_theirs[i]) else { continue };
        let stretch = (&base[after.0..i], &mine[after.1..j], &theirs[after.2..k]);
        let edge = (merged.last().copied().unwrap_or(*anchor), *anchor);
        match one_of(stretch.0, stretch.1, stretch.2, edge) {
            Some(points) => merged.extend(points),
            None => clashes.push(clash(stretch.0, stretch.1, stretch.2)),
        }
        merged.push(*anchor);
        after = (i + 1, j + 1, k + 1);
    }
    if clashes.is_empty() { Ok(merged) } else { Err(clashes) }
}

fn one_of(
    base: &[LatticePoint],
    mine: &[LatticePoint],
    theirs: &[LatticePoint],
    edge: (LatticePoint, LatticePoint),
) -> Option<Vec<LatticePoint>> {
    if mine == base || mine == theirs {
        return Some(theirs.to_vec());
    }
    if theirs == base {
        return Some(mine.to_vec());
    }
    if base.is_empty() { in_line(edge, mine, theirs) } else { None }
}

/// The points of both in order along an edge, if all of them lie on it but for less than a step.
fn in_line(
    (a, b): (LatticePoint, LatticePoint),
    mine: &[LatticePoint],
    theirs: &[LatticePoint],
) -> Option<Vec<LatticePoint>> {
    let long = dot(a, b, b);
    let on = |p: &LatticePoint| {
        let (off, along) = (cross(a, b, *p), dot(a, b, *p));
        off.checked_mul(off).is_some_and(|off| off < long) && 0 < along && along < long
    };
    let rises = |chain: &[LatticePoint]| chain.windows(2).all(|e| dot(a, b, e[0]) < dot(a, b, e[1]));
    let mut all = [mine, theirs].concat();
    if !all.iter().all(on) || !rises(mine) || !rises(theirs) {
        return None;
    }
    all.sort_by_key(|p| (dot(a, b, *p), *p));
    all.dedup();
    rises(&all).then_some(all)
}

fn clash(base: &[LatticePoint], mine: &[LatticePoint], theirs: &[LatticePoint]) -> Clash {
    let bounds = around(base.iter().chain(mine).chain(theirs).copied());
    Clash { bounds, base: base.to_vec(), mine: mine.to_vec(), theirs: theirs.to_vec() }
}

/// For each vertex of `base`, where it is kept in `other`: as many as can be in one order; the two ends always.
fn kept(base: &[LatticePoint], other: &[LatticePoint]) -> Vec<Option<usize>> {
    let mut found = vec![None; base.len()];
    if base.len() < 2 || other.len() < 2 {
        return found;
    }
    let (last, end) = (base.len() - 1, other.len() - 1);
    let inner: HashMap<LatticePoint, usize> = (1..end).map(|j| (other[j], j)).collect();
    let pairs: Vec<(usize, usize)> = (1..last).filter_map(|i| inner.get(&base[i]).map(|j| (i, *j))).collect();
    // The longest increasing run of places: `tails[n]` ends the best of length n + 1.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (at, (_, j)) in pairs.iter().enumerate() {
        let length = tails.partition_point(|t| pairs[*t].1 < *j);
        before[at] = length.checked_sub(1).map(|l| tails[l]);
        tails.truncate(tails.len().max(length));
        if length == tails.len() {
            tails.push(at);
        } else {
            tails[length] = at;
        }
    }
    let mut at = tails.last().copied();
    while let Some(pair) = at {
        found[pairs[pair].0] = Some(pairs[pair].1);
        at = before[pair];
    }
    (found[0], found[last]) = (Some(0), Some(end));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chains in letters: each a vertex of its own, far from all others; capitals lie on one line.
    fn chain(letters: &str) -> Vec<LatticePoint> {
        let place = |c: char| match c {
            'A'..='Z' => LatticePoint::new((c as i32 - 'A' as i32) * 100, 0),
            _ => LatticePoint::new((c as i32 * 37) % 2_600, 500 + c as i32),
        };
        letters.chars().map(place).collect()
    }

    #[track_caller]
    fn check(base: &str, mine: &str, theirs: &str, expect: Result<&str, &[&str]>) {
        let merged = merge(&chain(base), &chain(mine), &chain(theirs));
        let swapped = merge(&chain(base), &chain(theirs), &chain(mine));
        match expect {
            Ok(expect) => assert_eq!((merged, swapped), (Ok(chain(expect)), Ok(chain(expect)))),
            Err(stretches) => {
                let found: Vec<_> = merged.unwrap_err().into_iter().map(|c| c.base).collect();
                assert_eq!(found, stretches.iter().map(|s| chain(s)).collect::<Vec<_>>());
                assert_eq!(swapped.unwrap_err().len(), stretches.len());
            }
        }
    }

    #[test]
    fn changes_with_a_kept_vertex_between_them_are_both_made() {
        check("abcdefg", "axcdefg", "abcdeyg", Ok("axcdeyg")); //   a ·x· c d e ·y· g
        check("abcdefg", "acdefg", "abcdefzg", Ok("acdefzg")); //   one deletes, the other inserts
        check("abcdefg", "axyzefg", "abcdefg", Ok("axyzefg"));
        check("abcdefg", "axcdefg", "axcdefg", Ok("axcdefg")); //   the same change twice
        check("ab", "axyb", "ab", Ok("axyb"));
    }

    #[test]
    fn changes_of_the_same_stretch_clash_there_and_only_there() {
        check("abcdefg", "axcdefg", "aycdefg", Err(&["b"]));
        check("abcdefg", "axcdefg", "abydefg", Err(&["bc"])); //    neighbouring vertices: the edge b c is both's
        check("abcdefgh", "axcdeugh", "aycdefgh", Err(&["b"]));
        check("abcdefgh", "axcdeugh", "aycdevgh", Err(&["b", "f"]));
        check("ab", "axb", "ayb", Err(&[""]));
    }

    #[test]
    fn vertices_put_on_one_straight_edge_stand_in_order() {
        check("AZ", "AMZ", "AGZ", Ok("AGMZ"));
        check("AZ", "AGTZ", "AMZ", Ok("AGMTZ"));
        check("AZ", "AMZ", "AMTZ", Ok("AMTZ"));
        check("AZ", "AMZ", "AxZ", Err(&[""]));
    }

    #[test]
    fn a_clash_is_boxed_by_what_was_changed_and_not_by_what_was_kept() {
        let p = LatticePoint::new;
        let base: Vec<_> = (0..100).map(|i| p(i * 1_000, 0)).collect();
        let (mut mine, mut theirs) = (base.clone(), base.clone());
        mine[50] = p(50_010, 30);
        theirs[50] = p(49_990, -20);
        theirs[80] = p(80_000, 7);
        let clashes = merge(&base, &mine, &theirs).unwrap_err();
        assert_eq!(clashes.len(), 1);
        assert_eq!(clashes[0].bounds, (p(49_990, -20), p(50_010, 30)));
    }
}
