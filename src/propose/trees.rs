//! Ways to divide atoms in two: random spanning trees, cut at an edge on both sides of which enough households live, and straight sweeps.
//!
//! The trees are drawn so that what belongs together comes first: the stairwells of a building, the buildings of a compound, then the rest, with edges across
//! streets late. So all that belongs together is one branch, cutting one edge divides at most one of these, and most often a street is what is cut.

use std::collections::BTreeMap;

use super::atoms::Atom;
use super::ground::{Spot, distance};
use super::parcels::Border;

/// SplitMix64: small, well mixed, and for ever the same.
#[derive(Clone, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A way to divide: which atoms are on the other side than the first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cut {
    pub(super) sides: Vec<bool>,
    /// How far the households of a side are from half, as a share of half.
    pub(super) deviation: f64,
    pub(super) buildings: usize,
    pub(super) stairwells: usize,
    /// How often a line goes through a building: two times through one is worse than once.
    pub(super) walls: usize,
    /// What the line will about be like: metres, those along streets for less.
    pub(super) effort_m: f64,
}

/// Tree edges looked at in all; a tree of few atoms is drawn more often.
const EDGES: usize = 60_000;
const LEAST_TREES: usize = 40;
const MOST_TREES: usize = 400;
/// Cuts kept at once.
const MOST_CUTS: usize = 6_000;
const DIRECTIONS: usize = 12;
/// Nothing that leaves less than a quarter on one side is worth a look.
const MOST_DEVIATION: f64 = 0.5;
/// What a metre along a street counts.
const STREET_METRE: f64 = 0.55;

/// Atoms and who touches whom.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    atoms: &'a [Atom],
    borders: Vec<Border>,
    near: Vec<Vec<usize>>,
    whole: f64,
    buildings: usize,
}

impl<'a> Plan<'a> {
    /// Atoms that touch no other, or are cut off from the rest (the parts of an exclave), are tied to the nearest one of the rest.
    pub(super) fn new(atoms: &'a [Atom], mut borders: Vec<Border>) -> Self {
        let mut roots = Roots::new(atoms.len());
        for e in &borders {
            roots.join(e.a, e.b);
        }
        while let Some(lone) = (1..atoms.len()).find(|i| roots.of(*i) != roots.of(0)) {
            let group = roots.of(lone);
            let (inner, outer): (Vec<usize>, Vec<usize>) = (0..atoms.len()).partition(|i| roots.of(*i) == group);
            let far = |a: usize, b: usize| distance(atoms[a].middle, atoms[b].middle);
            let pairs = inner.iter().flat_map(|a| outer.iter().map(move |b| (*a, *b)));
            let Some((a, b)) = pairs.min_by(|x, y| far(x.0, x.1).total_cmp(&far(y.0, y.1))) else { break };
            borders.push(Border { a, b, length_m: 0.0, on_street: 0.0 });
            roots.join(a, b);
        }
        let mut near = vec![Vec::new(); atoms.len()];
        for e in &borders {
            near[e.a].push(e.b);
            near[e.b].push(e.a);
        }
        let whole = atoms.iter().map(|a| a.households).sum();
        let buildings = atoms.iter().map(|a| a.building as usize + 1).max().unwrap_or(0);
        Self { atoms, borders, near, whole, buildings }
    }

    /// All cuts found, by their sides: none cuts a compound that is to be kept, both sides of each hang together.
    pub(super) fn cuts(&self, random: &mut Random, free: bool) -> Vec<Cut> {
        let mut found: BTreeMap<Vec<bool>, Cut> = BTreeMap::new();
        // Blocks of land have no reason to lie on this side or that: there a straight line is best.
        let land = self.atoms.iter().all(|a| a.land || a.households <= 0.0);
        let trees = (EDGES / self.atoms.len().max(1)).clamp(LEAST_TREES, MOST_TREES);
        for turn in 0..if land { 0 } else { trees } {
            let tree = self.tree(random, free && turn % 2 == 1);
            self.cut_tree(&tree, &mut found);
        }
        let directions: Vec<f64> =
            (0..DIRECTIONS).map(|k| std::f64::consts::PI * k as f64 / DIRECTIONS as f64).chain(self.axes()).collect();
        for angle in directions {
            self.sweep(angle, false, &mut found);
            if free {
                self.sweep(angle, true, &mut found);
            }
        }
        found.into_values().collect()
    }

    fn keep(&self, mut sides: Vec<bool>, found: &mut BTreeMap<Vec<bool>, Cut>) {
        if sides[0] {
            sides.iter_mut().for_each(|s| *s = !*s);
        }
        if found.len() >= MOST_CUTS || found.contains_key(&sides) {
            return;
        }
        if let Some(cut) = self.judged(sides) {
            found.insert(cut.sides.clone(), cut);
        }
    }

    /// `None` when the cut is of no use.
    fn judged(&self, sides: Vec<bool>) -> Option<Cut> {
        let there: f64 = self.atoms.iter().zip(&sides).filter(|(_, s)| **s).map(|(a, _)| a.households).sum();
        let deviation = (there / self.whole - 0.5).abs() * 2.0;
        let (mut buildings, mut stairwells) = (vec![0_u8; self.buildings], BTreeMap::new());
        let mut compounds = BTreeMap::new();
        for (atom, side) in self.atoms.iter().zip(&sides) {
            let bit = 1 + u8::from(*side);
            buildings[atom.building as usize] |= bit;
            *stairwells.entry((atom.building, atom.stairwell)).or_insert(0) |= bit;
            if let Some(compound) = atom.compound {
                *compounds.entry(compound).or_insert(0) |= bit;
            }
        }
        if deviation.is_nan() || deviation > MOST_DEVIATION || compounds.values().any(|b| *b == 3) {
            return None;
        }
        let metres = |e: &Border| e.length_m * (1.0 - (1.0 - STREET_METRE) * e.on_street);
        let effort_m = self.borders.iter().filter(|e| sides[e.a] != sides[e.b]).map(metres).sum();
        let cut = |bits: &u8| *bits == 3;
        let buildings = buildings.iter().filter(|b| cut(b)).count();
        let stairwells = stairwells.values().filter(|b| cut(b)).count();
        // The atoms of a building stand one after another.
        let walls = (1..sides.len())
            .filter(|i| self.atoms[*i].building == self.atoms[*i - 1].building && sides[*i] != sides[*i - 1]);
        let walls = walls.count();
        Some(Cut { sides, deviation, buildings, stairwells, walls, effort_m })
    }

    /// A random spanning tree, as the borders that are its edges.
    fn tree(&self, random: &mut Random, loose: bool) -> Vec<usize> {
        let mut order: Vec<(f64, usize)> = Vec::with_capacity(self.borders.len());
        for (i, e) in self.borders.iter().enumerate() {
            let (a, b) = (&self.atoms[e.a], &self.atoms[e.b]);
            let grade = if a.compound.is_some() && a.compound == b.compound {
                f64::from(u8::from(a.stairwell != b.stairwell || a.building != b.building)) // never cut, so only first
            } else if a.building == b.building && !loose {
                f64::from(u8::from(a.stairwell != b.stairwell))
            } else {
                let late = if e.length_m > 0.0 { 0.5 * e.on_street } else { 1.0 };
                2.0 + late + if a.unit == b.unit { 0.0 } else { 0.4 }
            };
            order.push((grade + random.unit(), i));
        }
        order.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
        let mut roots = Roots::new(self.atoms.len());
        order.into_iter().map(|(_, i)| i).filter(|i| roots.join(self.borders[*i].a, self.borders[*i].b)).collect()
    }

    fn cut_tree(&self, tree: &[usize], found: &mut BTreeMap<Vec<bool>, Cut>) {
        let n = self.atoms.len();
        let mut near = vec![Vec::new(); n];
        for i in tree {
            let e = &self.borders[*i];
            near[e.a].push(e.b);
            near[e.b].push(e.a);
        }
        // Parents before children, so that sums go up in reverse.
        let (mut order, mut parent) = (vec![0], vec![usize::MAX; n]);
        let mut at = 0;
        while at < order.len() {
            let node = order[at];
            at += 1;
            let above = parent[node];
            for next in near[node].iter().filter(|k| **k != above) {
                parent[*next] = node;
                order.push(*next);
            }
        }
        let mut below: Vec<f64> = self.atoms.iter().map(|a| a.households).collect();
        for node in order.iter().rev().filter(|k| parent[**k] != usize::MAX) {
            below[parent[*node]] += below[*node];
        }
        for top in order.iter().skip(1) {
            if (below[*top] / self.whole - 0.5).abs() * 2.0 > MOST_DEVIATION {
                continue;
            }
            let mut sides = vec![false; n];
            sides[*top] = true;
            for node in order.iter().skip(1) {
                sides[*node] |= sides[parent[*node]];
            }
            self.keep(sides, found);
        }
    }

    /// The directions in which the buildings stand, and across: from the first atom with an outline.
    fn axes(&self) -> Vec<f64> {
        let Some(atom) = self.atoms.iter().find(|a| a.outline.len() > 2) else { return Vec::new() };
        let edge = |(a, b): &(Spot, Spot)| distance(*a, *b);
        let longest = super::ground::edges(&atom.outline).max_by(|x, y| edge(x).total_cmp(&edge(y)));
        let angle = longest.map_or(0.0, |(a, b)| (b.1 - a.1).atan2(b.0 - a.0));
        vec![angle, angle + std::f64::consts::FRAC_PI_2]
    }

    /// All on one side of a straight line that moves in a direction; what belongs together goes together, unless `through`.
    fn sweep(&self, angle: f64, through: bool, found: &mut BTreeMap<Vec<bool>, Cut>) {
        let (sin, cos) = angle.sin_cos();
        let along = |s: Spot| s.0 * cos + s.1 * sin;
        let mut groups: BTreeMap<(u8, u32), Vec<usize>> = BTreeMap::new();
        for (i, atom) in self.atoms.iter().enumerate() {
            let key = match atom.compound {
                Some(compound) => (0, compound),
                None if through => (2, i as u32),
                None => (1, atom.building),
            };
            groups.entry(key).or_default().push(i);
        }
        let mut order: Vec<(f64, Vec<usize>)> = groups
            .into_iter()
            .map(|((kind, _), mut group)| {
                let by = |i: &usize| along(self.atoms[*i].middle);
                let mean = group.iter().map(by).sum::<f64>() / group.len() as f64;
                if kind != 0 {
                    group.sort_by(|x, y| by(x).total_cmp(&by(y)));
                }
                (mean, group)
            })
            .collect();
        order.sort_by(|x, y| x.0.total_cmp(&y.0));
        let mut sides = vec![false; self.atoms.len()];
        let mut there = 0.0;
        for i in order.iter().flat_map(|(_, group)| group) {
            sides[*i] = true;
            there += self.atoms[*i].households;
            let near = (there / self.whole - 0.5).abs() * 2.0 <= MOST_DEVIATION;
            if near && self.hangs_together(&sides) {
                self.keep(sides.clone(), found);
            }
        }
    }

    /// Whether the atoms of each side are one set of neighbours.
    fn hangs_together(&self, sides: &[bool]) -> bool {
        let mut seen = vec![false; sides.len()];
        let mut parts = 0;
        for start in 0..sides.len() {
            if seen[start] {
                continue;
            }
            parts += 1;
            let mut waiting = vec![start];
            seen[start] = true;
            while let Some(node) = waiting.pop() {
                for next in &self.near[node] {
                    if !seen[*next] && sides[*next] == sides[start] {
                        seen[*next] = true;
                        waiting.push(*next);
                    }
                }
            }
        }
        parts == 2
    }

    /// The share of the households that two cuts place differently, whichever side is called which.
    pub(super) fn difference(&self, one: &[bool], other: &[bool]) -> f64 {
        let pairs = self.atoms.iter().zip(one.iter().zip(other));
        let differs: f64 = pairs.filter(|(_, (a, b))| a != b).map(|(atom, _)| atom.households).sum();
        (differs / self.whole).min(1.0 - differs / self.whole)
    }
}

/// Sets that are joined.
#[derive(Debug)]
struct Roots(Vec<usize>);

impl Roots {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn of(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    /// Whether the two were apart.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a] = b;
        a != b
    }
}
