//! Stage 5, *claim*: who claims each face, without any point-in-polygon test – walk from the outside over the edges, each of which says
//! whose land begins or ends there.

use super::node::Runs;
use super::planar::Planar;

/// Claims on each face: (claim, how often). Once is a claim; twice or less than once means the claim's own rings overlap.
pub(super) fn claimants(planar: &Planar) -> Vec<Runs> {
    let halves = planar.halves_by_face();
    let mut cover: Vec<Option<Runs>> = vec![None; planar.faces];
    cover[0] = Some(Vec::new());
    let mut queue = std::collections::VecDeque::from([0u32]);
    while let Some(face) = queue.pop_front() {
        let here = cover[face as usize].clone().unwrap_or_default();
        for &half in &halves[face as usize] {
            let other = planar.face_of[(half ^ 1) as usize];
            if cover[other as usize].is_none() {
                // Left of a half-edge = right of it + the claims that run along it.
                let sign = if half.is_multiple_of(2) { -1 } else { 1 };
                cover[other as usize] = Some(sum(&here, &planar.edges[half as usize / 2].1, sign));
                queue.push_back(other);
            }
        }
    }
    cover.into_iter().map(Option::unwrap_or_default).collect()
}

/// `a + sign · b`, both sorted by claim; zeros are dropped.
fn sum(a: &Runs, b: &Runs, sign: i32) -> Runs {
    let mut result = Runs::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let from_a = j == b.len() || (i < a.len() && a[i].0 <= b[j].0);
        let from_b = i == a.len() || (j < b.len() && b[j].0 <= a[i].0);
        let claim = if from_a { a[i].0 } else { b[j].0 };
        let times = if from_a { a[i].1 } else { 0 } + if from_b { sign * b[j].1 } else { 0 };
        i += usize::from(from_a);
        j += usize::from(from_b);
        if times != 0 {
            result.push((claim, times));
        }
    }
    result
}
