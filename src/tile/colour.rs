//! Colour numbers under which neighbours never look alike: DSATUR, then Kempe chains to get back to four.

/// A colour number for each unit; units that share a border get different ones. Four suffice for a planar map, and four are what
/// it nearly always ends with; exclaves can force more. Deterministic. `neighbours` is symmetric and without repetition.
pub(super) fn colours(neighbours: &[Vec<u32>]) -> Vec<u8> {
    const WANTED: u8 = 4;
    let mut colours = dsatur(neighbours);
    for v in 0..colours.len() {
        if colours[v] >= WANTED {
            repair(neighbours, &mut colours, v, WANTED);
        }
    }
    colours
}

const UNSET: u8 = u8::MAX;

/// Brélaz 1979: always the unit whose neighbours already show the most colours, ties to the one with more neighbours.
fn dsatur(neighbours: &[Vec<u32>]) -> Vec<u8> {
    let n = neighbours.len();
    let mut colours = vec![UNSET; n];
    let mut seen = vec![0u64; n];
    let mut queue: std::collections::BTreeSet<(u32, usize, std::cmp::Reverse<usize>)> =
        (0..n).map(|v| (0, neighbours[v].len(), std::cmp::Reverse(v))).collect();
    while let Some((_, _, std::cmp::Reverse(v))) = queue.pop_last() {
        let colour = seen[v].trailing_ones().min(63) as u8;
        colours[v] = colour;
        for &u in &neighbours[v] {
            let u = u as usize;
            if colours[u] == UNSET && seen[u] & 1 << colour == 0 {
                queue.remove(&(seen[u].count_ones(), neighbours[u].len(), std::cmp::Reverse(u)));
                seen[u] |= 1 << colour;
                queue.insert((seen[u].count_ones(), neighbours[u].len(), std::cmp::Reverse(u)));
            }
        }
    }
    colours
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
        let colours = colours(neighbours);
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
    fn triangulated_grids_take_four() {
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
            check(&symmetric(size * size, &pairs), 4);
        }
    }

    #[test]
    fn exclaves_may_need_more_and_get_them() {
        let all: Vec<(usize, usize)> = (0..6).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
        check(&symmetric(6, &all), 6);
    }
}
