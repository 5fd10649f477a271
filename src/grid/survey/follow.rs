//! Lines that moved and are still between the same faces: vertices where lines meet are moved, the stretches between them drawn anew.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::hand::Hand;
use super::lines::{Chain, Lines};
use crate::coverage::LatticePoint;
use crate::coverage::edit::Edit;
use crate::coverage::exact::dot;

type Key = (LatticePoint, LatticePoint, u64, u64);

/// A chain and what it is to become; both between the same nodes, though those may stand elsewhere.
struct Redrawn {
    old: Chain,
    new: Chain,
}

/// One round: makes whatever can be made of `now` – the lines under the hand – on the way to `target`, of the chains that `concerned` names. Whether
/// anything was made.
pub(super) fn follow(hand: &mut Hand, now: &Lines, target: &Lines, concerned: impl Fn(&Chain) -> bool) -> bool {
    let before = hand.made.len();
    let old: Vec<Chain> = now.only(target).into_iter().filter(|chain| concerned(chain)).collect();
    let new: Vec<Chain> = target.only(now).into_iter().filter(|chain| concerned(chain)).collect();
    let mut moved = junctions(now, target, &old, &new);
    let (pairs, left_over) = matched(&old, &new, &mut moved);
    redraw(hand, pairs, &moved);
    for chain in left_over {
        if closed(&chain) {
            let twin = new.iter().find(|c| closed(c) && sides(c) == sides(&chain)).cloned();
            let turned = || new.iter().map(Chain::turned).find(|c| closed(c) && sides(c) == sides(&chain));
            if let Some(twin) = twin.or_else(turned) {
                turn_loop(hand, &chain, &twin);
            }
        } else if let Some(path) = along(now, target, &chain).or_else(|| {
            let mut path = along(now, target, &chain.turned())?;
            path.reverse();
            Some(path)
        }) {
            let _ = hand.make(Edit::Reshape { old: chain.points, new: path });
        }
    }
    hand.made.len() > before
}

const fn sides(chain: &Chain) -> (u64, u64) {
    (chain.left, chain.right)
}

fn closed(chain: &Chain) -> bool {
    chain.start() == chain.end()
}

/// Where each junction that only the old lines have stands in the new ones: one with the same faces in the same order around it, the nearest.
fn junctions(now: &Lines, target: &Lines, old: &[Chain], new: &[Chain]) -> HashMap<LatticePoint, LatticePoint> {
    let ends = |chains: &[Chain], others: &Lines| {
        let mut ends: Vec<LatticePoint> =
            chains.iter().filter(|c| !closed(c)).flat_map(|c| [c.start(), c.end()]).collect();
        ends.sort_unstable();
        ends.dedup();
        ends.retain(|p| !others.has(*p));
        ends
    };
    let mut free: BTreeMap<Vec<u64>, Vec<LatticePoint>> = BTreeMap::new();
    for p in ends(new, now) {
        free.entry(target.around_vertex(p)).or_default().push(p);
    }
    let mut near: Vec<(i128, LatticePoint, LatticePoint)> = Vec::new();
    for p in ends(old, target) {
        let alike = free.get(&now.around_vertex(p)).into_iter().flatten();
        near.extend(alike.map(|q| (dot(p, *q, *q), p, *q)));
    }
    near.sort_unstable();
    let (mut moved, mut taken) = (HashMap::new(), HashSet::new());
    for (_, p, q) in near {
        if !moved.contains_key(&p) && taken.insert(q) {
            moved.insert(p, q);
        }
    }
    moved
}

/// Pairs the chains by their ends and sides. A junction that has a chain without a match does not move.
fn matched(
    old: &[Chain],
    new: &[Chain],
    moved: &mut HashMap<LatticePoint, LatticePoint>,
) -> (Vec<Redrawn>, Vec<Chain>) {
    loop {
        let mut by_key: HashMap<Key, Vec<(usize, bool)>> = HashMap::new();
        for (i, c) in new.iter().enumerate().filter(|(_, c)| !closed(c)) {
            by_key.entry((c.start(), c.end(), c.left, c.right)).or_default().push((i, false));
            by_key.entry((c.end(), c.start(), c.right, c.left)).or_default().push((i, true));
        }
        let (mut pairs, mut rest, mut used) = (Vec::new(), Vec::new(), HashSet::new());
        let mut stuck = Vec::new();
        for chain in old {
            let at = |p: LatticePoint| moved.get(&p).copied().unwrap_or(p);
            let key = (at(chain.start()), at(chain.end()), chain.left, chain.right);
            let found =
                by_key.get(&key).filter(|_| !closed(chain)).into_iter().flatten().find(|(i, _)| used.insert(*i));
            match found {
                Some((i, turned)) => {
                    let new = if *turned { new[*i].turned() } else { new[*i].clone() };
                    pairs.push(Redrawn { old: chain.clone(), new });
                }
                None => {
                    stuck.extend([chain.start(), chain.end()].into_iter().filter(|p| moved.contains_key(p)));
                    rest.push(chain.clone());
                }
            }
        }
        if stuck.is_empty() {
            return (pairs, rest);
        }
        moved.retain(|p, _| !stuck.contains(p));
    }
}

/// Makes the moves and the reshapes in whatever order they are legal.
fn redraw(hand: &mut Hand, mut pairs: Vec<Redrawn>, moved: &HashMap<LatticePoint, LatticePoint>) {
    let mut waiting: Vec<LatticePoint> = moved.keys().copied().collect();
    waiting.sort_unstable();
    let mut stands: HashMap<LatticePoint, LatticePoint> = HashMap::new();
    loop {
        let before = (pairs.len(), waiting.len());
        waiting.retain(|from| {
            let to = moved[from];
            let done = hand.make(Edit::MoveJunction { from: *from, to }).is_ok();
            if done {
                stands.insert(*from, to);
            }
            !done
        });
        pairs.retain(|Redrawn { old, new }| {
            let ends = [old.start(), old.end()].map(|p| stands.get(&p).copied().unwrap_or(p));
            let between = |inner: &[LatticePoint]| [&ends[..1], inner, &ends[1..]].concat();
            let (old, new) = (between(old.inner()), between(new.inner()));
            old != new && hand.make(Edit::Reshape { old, new }).is_err()
        });
        if before == (pairs.len(), waiting.len()) {
            return;
        }
    }
}

/// The way from one end of a chain to the other along what is new of the border of the face on its left, if there are no old vertices on it.
fn along(now: &Lines, target: &Lines, chain: &Chain) -> Option<Vec<LatticePoint>> {
    let fresh = |a: LatticePoint, b: LatticePoint| !now.has_edge(a, b) && target.left(a, b) == Some(chain.left);
    target.star(chain.start()).iter().filter(|second| fresh(chain.start(), **second)).find_map(|second| {
        let mut path = vec![chain.start(), *second];
        loop {
            let (a, b) = (path[path.len() - 2], path[path.len() - 1]);
            if now.has(b) {
                return (b == chain.end() && path.len() > 1).then_some(path);
            }
            let next = target.next(a, b).filter(|next| fresh(b, *next))?;
            path.push(next);
        }
    })
}

/// An island of which no vertex stayed: one vertex is moved, then the whole loop drawn anew from there.
fn turn_loop(hand: &mut Hand, old: &Chain, new: &Chain) {
    const TRIES: usize = 12;
    let (p, q) = (&old.points[1..], &new.points[1..]);
    let mut near: Vec<(i128, usize, usize)> = (0..p.len())
        .flat_map(|i| (0..q.len()).map(move |j| (i, j)))
        .map(|(i, j)| (dot(p[i], q[j], q[j]), i, j))
        .collect();
    near.sort_unstable();
    let from = |points: &[LatticePoint], at: usize| -> Vec<LatticePoint> {
        (0..=points.len()).map(|k| points[(at + k) % points.len()]).collect()
    };
    for (_, i, j) in near.into_iter().take(TRIES) {
        let mark = hand.made.len();
        if hand.make(Edit::MoveJunction { from: p[i], to: q[j] }).is_err() {
            continue;
        }
        let (mut old, new) = (from(p, i), from(q, j));
        let last = old.len() - 1;
        (old[0], old[last]) = (q[j], q[j]);
        if old == new || hand.make(Edit::Reshape { old, new }).is_ok() {
            return;
        }
        hand.back_to(mark);
    }
}
