//! Colour numbers under which neighbours never look alike, told from near by: an edit recolours a few units around it and not half the district.

use std::cmp::Reverse;

/// A colour number for each unit; units that share a border get different ones. Four would do for a planar map, but which four is decided across all of it; five
/// are what the units at hand nearly always agree on among themselves. Exclaves can force more. Depends on who borders whom and on the identities
/// alone. `neighbours` is symmetric and without repetition. Cost: O(n log n).
pub(super) fn colours(neighbours: &[Vec<u32>], ids: &[u64]) -> Vec<u8> {
    const WANTED: u8 = super::PALETTE as u8;
    // Welsh & Powell 1967: those with most neighbours first. Among equals a shuffled order, in which chains of “it depends on” are short.
    let mut order: Vec<usize> = (0..neighbours.len()).collect();
    order.sort_unstable_by_key(|v| (Reverse(neighbours[*v].len()), ids.get(*v).copied().map(mixed), *v));
    let mut colours = vec![UNSET; neighbours.len()];
    for &v in &order {
        let seen =
            neighbours[v].iter().map(|u| colours[*u as usize]).filter(|c| *c < 64).fold(0u64, |seen, c| seen | 1 << c);
        colours[v] = seen.trailing_ones().min(63) as u8;
    }
    for v in order {
        if colours[v] >= WANTED {
            repair(neighbours, &mut colours, v, WANTED);
        }
    }
    colours
}

const UNSET: u8 = u8::MAX;

/// SplitMix64.
const fn mixed(id: u64) -> u64 {
    let z = id.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Tries to free a colour below `wanted` for `v` by exchanging two colours along a Kempe chain.
fn repair(neighbours: &[Vec<u32>], colours: &mut [u8], v: usize, wanted: u8) {
    for a in 0..wanted {
        for b in (0..wanted).filter(|b| *b != a) {
            // Give every neighbour that wears `a` the colour `b`, unless the chain comes back to a neighbour with `b`.
            let wearing: Vec<usize> = neighbours[v].iter().map(|u| *u as usize).filter(|u| colours[*u] == a).collect();
            let chain = chain(neighbours, colours, &wearing, (a, b), v);
            let meets_again = neighbours[v].iter().any(|u| colours[*u as usize] == b && chain.contains(&(*u as usize)));
            if !meets_again {
                for u in chain {
                    colours[u] = if colours[u] == a { b } else { a };
                }
                colours[v] = a;
                return;
            }
        }
    }
}

fn chain(neighbours: &[Vec<u32>], colours: &[u8], from: &[usize], (a, b): (u8, u8), not: usize) -> Vec<usize> {
    let mut chain = from.to_vec();
    let mut visited: std::collections::HashSet<usize> = from.iter().copied().collect();
    let mut next = 0;
    while next < chain.len() {
        for &u in &neighbours[chain[next]] {
            let u = u as usize;
            if u != not && (colours[u] == a || colours[u] == b) && visited.insert(u) {
                chain.push(u);
            }
        }
        next += 1;
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symmetric(n: usize, pairs: &[(usize, usize)]) -> Vec<Vec<u32>> {
        let mut neighbours = vec![Vec::new(); n];
        for &(a, b) in pairs {
            neighbours[a].push(b as u32);
            neighbours[b].push(a as u32);
        }
        neighbours
    }

    fn check(neighbours: &[Vec<u32>], most: u8) {
        let ids: Vec<u64> = (0..neighbours.len() as u64).collect();
        let colours = colours(neighbours, &ids);
        for (v, near) in neighbours.iter().enumerate() {
            assert!(near.iter().all(|u| colours[*u as usize] != colours[v]), "{v} looks like a neighbour");
        }
        assert!(colours.iter().all(|c| *c < most), "{colours:?}");
    }

    #[test]
    fn a_wheel_with_five_spokes_takes_four() {
        check(&symmetric(6, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (5, 0), (5, 1), (5, 2), (5, 3), (5, 4)]), 4);
    }

    #[test]
    fn triangulated_grids_take_five() {
        for size in 2..30usize {
            let at = |x: usize, y: usize| y * size + x;
            let mut pairs = Vec::new();
            for (x, y) in (0..size).flat_map(|x| (0..size).map(move |y| (x, y))) {
                if x + 1 < size {
                    pairs.push((at(x, y), at(x + 1, y)));
                }
                if y + 1 < size {
                    pairs.push((at(x, y), at(x, y + 1)));
                }
                if x + 1 < size && y + 1 < size {
                    let falling = (x * 7 + y * 13 + size) % 3 == 0;
                    pairs.push(if falling { (at(x, y), at(x + 1, y + 1)) } else { (at(x + 1, y), at(x, y + 1)) });
                }
            }
            check(&symmetric(size * size, &pairs), 5);
        }
    }

    /// One border more in the middle of a board of a thousand units.
    #[test]
    fn what_changes_here_recolours_nobody_far_away() {
        let size = 32usize;
        let at = |x: usize, y: usize| y * size + x;
        let mut pairs = Vec::new();
        for (x, y) in (0..size).flat_map(|x| (0..size).map(move |y| (x, y))) {
            pairs.extend((x + 1 < size).then(|| (at(x, y), at(x + 1, y))));
            pairs.extend((y + 1 < size).then(|| (at(x, y), at(x, y + 1))));
            pairs.extend(
                (x + 1 < size && y + 1 < size && (x * 7 + y * 13) % 3 == 0).then(|| (at(x, y), at(x + 1, y + 1))),
            );
        }
        let ids: Vec<u64> = (0..(size * size) as u64).collect();
        let before = colours(&symmetric(size * size, &pairs), &ids);
        let (mut most, mut all) = (0, 0);
        for (x, y) in (2..30).flat_map(|x| (2..30).map(move |y| (x, y))) {
            if (x * 7 + y * 13) % 3 != 0 {
                pairs.push((at(x, y), at(x + 1, y + 1)));
                let after = colours(&symmetric(size * size, &pairs), &ids);
                let changed = before.iter().zip(&after).filter(|(b, a)| b != a).count();
                (most, all) = (most.max(changed), all + changed);
                pairs.pop();
            }
        }
        assert!(most < 150 && all < 523 * 12, "at most {most}, {all} in all of 1024 units");
    }

    #[test]
    fn exclaves_may_need_more_and_get_them() {
        let all: Vec<(usize, usize)> = (0..6).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
        check(&symmetric(6, &all), 6);
    }
}
