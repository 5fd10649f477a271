//! From two sides to the line between them: `trace the cells → trim → tie to the border → follow streets → straighten → round to the lattice`.

use std::collections::BTreeMap;

use super::ground::{Ground, Spot, distance, edges, foot, length, meet};
use super::parcels::Parcels;
use super::streets::Street;
use crate::coverage::edit::{Edit, Line};
use crate::coverage::{ArcKind, Coverage, FaceIx, LatticePoint};

/// A ring of the face that is cut: where a line can be tied.
#[derive(Clone, Debug)]
pub(super) struct Rim {
    points: Vec<LatticePoint>,
    spots: Vec<Spot>,
    junction: Vec<bool>,
    /// Of the edge from this vertex to the next.
    locked: Vec<bool>,
}

impl Rim {
    pub(super) fn of(coverage: &Coverage, face: FaceIx, ground: &Ground) -> Vec<Self> {
        let rings = coverage.faces().get(face.ix()).map(|f| &f.rings[..]).unwrap_or_default();
        let rim = |ring: &crate::coverage::Ring| {
            let mut rim = Self { points: Vec::new(), spots: Vec::new(), junction: Vec::new(), locked: Vec::new() };
            for half in &ring.halves {
                let locked = coverage.arcs()[half.arc().ix()].locked;
                let walk = coverage.half_points(*half);
                let keep = walk.len() - 1;
                for (i, p) in walk.take(keep).enumerate() {
                    rim.points.push(p);
                    rim.junction.push(i == 0);
                    rim.locked.push(locked);
                }
            }
            rim.spots = ground.spots(&rim.points);
            rim
        };
        rings.iter().map(rim).collect()
    }

    pub(super) fn spots(&self) -> &[Spot] {
        &self.spots
    }

    fn insert(&mut self, after: usize, point: LatticePoint, spot: Spot) {
        let locked = self.locked[after];
        self.points.insert(after + 1, point);
        self.spots.insert(after + 1, spot);
        self.junction.insert(after + 1, false);
        self.locked.insert(after + 1, locked);
    }
}

/// The lines between two sides, and the edits that draw them.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    /// New vertices of the border, to be made first.
    pub(super) inserts: Vec<Edit>,
    /// With the side that is `true` on the left.
    pub(super) lines: Vec<Line>,
    pub(super) spots: Vec<Vec<Spot>>,
    /// The share of the line that follows streets or rivers.
    pub(super) on_street: f64,
}

impl Drawn {
    /// Whether a line comes near itself after a detour.
    pub(super) fn doubles_back(&self) -> bool {
        self.spots.iter().any(|line| doubles_back(line))
    }
}

/// Points of a line nearer than this to the border are its end.
const AT_BORDER_M: f64 = 5.0;
/// A vertex of the border that is this near to an end is taken for it; a junction from further away.
const VERTEX_M: f64 = 6.0;
const JUNCTION_M: f64 = 9.0;
/// Runs along a street that are shorter than this are no reason to bend a line.
const LEAST_RUN_M: f64 = 20.0;
/// How far a straightened line may be from where it was, most first.
const TOLERANCES_M: [f64; 4] = [5.0, 3.0, 1.5, 0.8];
/// A straightened line keeps this far from walls, or as far as the one before where that was nearer.
const CLEAR_M: f64 = 3.0;
const ON_STREET_M: f64 = 0.6;
/// A line that comes back this near to itself leaves a tongue that nobody would draw.
const TONGUE_M: f64 = 15.0;

/// What a line is drawn on.
#[derive(Debug)]
pub(super) struct Board<'a> {
    pub(super) ground: &'a Ground,
    pub(super) land: &'a Parcels,
    pub(super) streets: &'a [Street],
    pub(super) rims: &'a [Rim],
}

impl Board<'_> {
    /// Draws the lines between the sides, clear of `walls`, each no further than `freedom_m` from midway.
    pub(super) fn draw(&self, sides: &[bool], walls: &[&[Spot]], freedom_m: f64) -> Option<Drawn> {
        let mut chains = self.chains(sides);
        let longest = chains.iter().map(|c| length(c)).fold(0.0, f64::max);
        chains.retain(|c| length(c) > (4.0 * self.land.size).max(longest / 50.0));
        if chains.is_empty() {
            return None;
        }
        let mut drawn = Drawn { inserts: Vec::new(), lines: Vec::new(), spots: Vec::new(), on_street: 0.0 };
        let mut rims = self.rims.to_vec();
        for chain in chains {
            let chain = self.trimmed(&chain)?;
            let start = self.tied(&mut rims, chain[0], &mut drawn.inserts)?;
            let end = self.tied(&mut rims, chain[chain.len() - 1], &mut drawn.inserts)?;
            if start == end {
                return None;
            }
            let spots = self.straightened(&chain, [start, end].map(|p| self.ground.spot(p)), walls, freedom_m);
            let mut points = vec![start];
            points.extend(spots[1..spots.len() - 1].iter().map(|s| self.ground.point(*s)));
            points.push(end);
            points.dedup();
            let (kind, along) = self.follows(&spots);
            drawn.on_street += along;
            drawn.lines.push(Line { points, kind });
            drawn.spots.push(spots);
        }
        drawn.on_street /= drawn.spots.iter().map(|s| length(s)).sum::<f64>().max(1e-9);
        Some(drawn)
    }

    /// The boundary between cells of the two sides, as chains that begin and end where the land does, with the side that is `true` on their left.
    fn chains(&self, sides: &[bool]) -> Vec<Vec<Spot>> {
        let (w, h) = (self.land.width, self.land.height);
        let mut next: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
        let mut arrives: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let other = |x: Option<usize>, y: Option<usize>| match (x, y) {
            (Some(x), Some(y)) => self.land.side(sides, x, y) == Some(false),
            _ => false,
        };
        for y in 0..h {
            for x in (0..w).filter(|x| self.land.side(sides, *x, y) == Some(true)) {
                let around = [
                    (other(Some(x), y.checked_sub(1)), (x, y), (x + 1, y)),
                    (other(Some(x + 1), Some(y)), (x + 1, y), (x + 1, y + 1)),
                    (other(Some(x), Some(y + 1)), (x + 1, y + 1), (x, y + 1)),
                    (other(x.checked_sub(1), Some(y)), (x, y + 1), (x, y)),
                ];
                for (_, from, to) in around.into_iter().filter(|(borders, ..)| *borders) {
                    next.entry(from).or_default().push(to);
                    *arrives.entry(to).or_default() += 1;
                }
            }
        }
        let starts: Vec<(usize, usize)> = next
            .iter()
            .filter(|(at, out)| out.len() > arrives.get(at).copied().unwrap_or(0))
            .map(|(at, _)| *at)
            .collect();
        let mut chains = Vec::new();
        for start in starts {
            let mut corners = vec![start];
            let mut at = start;
            while let Some(to) = next.get_mut(&at).and_then(Vec::pop) {
                corners.push(to);
                at = to;
            }
            let spots: Vec<Spot> = corners.iter().map(|(x, y)| self.land.corner(*x, *y)).collect();
            let mut chain = vec![spots[0]];
            chain.extend(spots.windows(2).map(|e| (f64::midpoint(e[0].0, e[1].0), f64::midpoint(e[0].1, e[1].1))));
            chain.extend(spots.last());
            chains.push(chain);
        }
        chains
    }

    fn to_border(&self, s: Spot) -> f64 {
        let all = self.rims.iter().flat_map(|r| edges(&r.spots));
        all.map(|(a, b)| foot(s, a, b).1).fold(f64::INFINITY, f64::min)
    }

    /// Without what runs along the border at either end.
    fn trimmed(&self, chain: &[Spot]) -> Option<Vec<Spot>> {
        let reach = AT_BORDER_M.max(2.0 * self.land.size);
        let half = chain.len() / 2;
        let close: Vec<bool> = chain.iter().map(|s| self.to_border(*s) < reach).collect();
        let first = (0..half).rev().find(|i| close[*i]).unwrap_or(0);
        let last = (half..chain.len()).find(|i| close[*i]).unwrap_or(chain.len() - 1);
        (last > first + 1).then(|| chain[first..=last].to_vec())
    }

    /// The vertex of the border where a line ends; made by an edit where there is none near.
    fn tied(&self, rims: &mut [Rim], end: Spot, inserts: &mut Vec<Edit>) -> Option<LatticePoint> {
        let reach = 2.0 * self.land.size;
        let mut best: Option<(f64, LatticePoint)> = None;
        let mut edge: Option<(f64, usize, usize, Spot)> = None;
        for (r, rim) in rims.iter().enumerate() {
            let n = rim.points.len();
            for i in 0..n {
                let far = distance(end, rim.spots[i]);
                let free = rim.junction[i] || !(rim.locked[i] || rim.locked[(i + n - 1) % n]);
                let weighed = if rim.junction[i] { far * VERTEX_M / JUNCTION_M } else { far };
                if free && weighed < VERTEX_M.max(reach) && best.is_none_or(|(b, _)| weighed < b) {
                    best = Some((weighed, rim.points[i]));
                }
                let (at, far) = foot(end, rim.spots[i], rim.spots[(i + 1) % n]);
                if !rim.locked[i] && edge.is_none_or(|(b, ..)| far < b) {
                    edge = Some((far, r, i, at));
                }
            }
        }
        if let Some((_, point)) = best {
            return Some(point);
        }
        let (_, r, i, at) = edge?;
        let rim = &mut rims[r];
        let (a, b) = (rim.points[i], rim.points[(i + 1) % rim.points.len()]);
        let point = self.ground.point(at);
        if point != a && point != b {
            inserts.push(Edit::Reshape { old: vec![a, b], new: vec![a, point, b] });
            rim.insert(i, point, at);
        }
        Some(point)
    }

    /// The nearest street and the point of it.
    fn street_at(&self, s: Spot, reach: f64) -> Option<(usize, Spot)> {
        let mut best: Option<(f64, usize, Spot)> = None;
        for (number, street) in self.streets.iter().enumerate() {
            for e in street.line.windows(2) {
                let (at, far) = foot(s, e[0], e[1]);
                if far < reach && best.is_none_or(|(b, ..)| far < b) {
                    best = Some((far, number, at));
                }
            }
        }
        best.map(|(_, number, at)| (number, at))
    }

    /// A chain with its stretches along streets laid on these and the others made straight.
    fn straightened(&self, chain: &[Spot], ends: [Spot; 2], walls: &[&[Spot]], freedom_m: f64) -> Vec<Spot> {
        let reach = 1.6 * self.land.size + 0.4;
        let snapped: Vec<Option<(usize, Spot)>> = chain.iter().map(|s| self.street_at(*s, reach)).collect();
        let mut out: Vec<Spot> = vec![ends[0]];
        let mut free: Vec<Spot> = vec![ends[0]];
        let mut at = 0;
        while at < chain.len() {
            let run = run_length(&snapped[at..]);
            let along: Vec<Spot> = snapped[at..at + run].iter().flatten().map(|(_, s)| *s).collect();
            if run > 1 && length(&along) >= LEAST_RUN_M {
                free.push(along[0]);
                out.extend(self.straight(&free, walls, freedom_m).into_iter().skip(1));
                out.extend(simplified(&along, ON_STREET_M).into_iter().skip(1));
                free = vec![along[along.len() - 1]];
                at += run;
            } else {
                free.push(chain[at]);
                at += 1;
            }
        }
        free.push(ends[1]);
        out.extend(self.straight(&free, walls, freedom_m).into_iter().skip(1));
        out.dedup_by(|a, b| distance(*a, *b) < 0.5);
        let last = out.len() - 1;
        if last == 0 {
            out.push(ends[1]);
        } else {
            out[last] = ends[1];
        }
        self.unhooked(out, walls)
    }

    fn straight(&self, chain: &[Spot], walls: &[&[Spot]], freedom_m: f64) -> Vec<Spot> {
        let clear = clearance(chain, walls).min(CLEAR_M / 0.8) * 0.8;
        let tries = std::iter::once(freedom_m).chain(TOLERANCES_M).filter(|t| *t <= freedom_m);
        let fits = |line: &Vec<Spot>| clearance(line, walls) >= clear && self.stays_inside(line);
        tries.map(|t| simplified(chain, t)).find(fits).unwrap_or_else(|| simplified(chain, 0.3))
    }

    /// Whether the inner part of a line keeps off the border.
    fn stays_inside(&self, line: &[Spot]) -> bool {
        let border = || self.rims.iter().flat_map(|r| edges(&r.spots));
        let ends = [line[0], line[line.len() - 1]];
        line.windows(2).all(|e| {
            border().all(|(a, b)| {
                let tied = ends.iter().any(|end| foot(*end, a, b).1 < 0.5);
                tied || !meet(e[0], e[1], a, b)
            })
        })
    }

    /// Without vertices at which a line turns back sharply, and without short steps, as long as it stays clear of walls.
    fn unhooked(&self, mut line: Vec<Spot>, walls: &[&[Spot]]) -> Vec<Spot> {
        let mut i = 1;
        while line.len() > 2 && i + 1 < line.len() {
            let (a, b, c) = (line[i - 1], line[i], line[i + 1]);
            let (p, q) = ((b.0 - a.0, b.1 - a.1), (c.0 - b.0, c.1 - b.1));
            let lengths = (p.0.hypot(p.1), q.0.hypot(q.1));
            let turn = (p.0 * q.0 + p.1 * q.1) / (lengths.0 * lengths.1).max(1e-9);
            let short = lengths.0.min(lengths.1) < 4.0;
            let cut = [a, c];
            if (turn < -0.2 || (short && turn < 0.97)) && clearance(&cut, walls) >= 1.5 && self.stays_inside(&cut) {
                line.remove(i);
                i = i.saturating_sub(1).max(1);
            } else {
                i += 1;
            }
        }
        line
    }

    /// What the arc is that lies here, and how many metres of it follow streets.
    fn follows(&self, line: &[Spot]) -> (ArcKind, f64) {
        let mut metres: BTreeMap<ArcKind, f64> = BTreeMap::new();
        for e in super::ground::walked(line, 3.0).windows(2) {
            let middle = (f64::midpoint(e[0].0, e[1].0), f64::midpoint(e[0].1, e[1].1));
            if let Some((street, _)) = self.street_at(middle, 3.0) {
                *metres.entry(self.streets[street].kind).or_default() += distance(e[0], e[1]);
            }
        }
        let most = metres.iter().max_by(|a, b| a.1.total_cmp(b.1)).map(|(kind, m)| (*kind, *m));
        let kind = most.filter(|(_, m)| *m > 0.6 * length(line)).map_or(ArcKind::Drawn, |(kind, _)| kind);
        (kind, metres.values().sum())
    }
}

/// How far a line is from the nearest wall; less than 0 when it goes through one.
fn clearance(line: &[Spot], walls: &[&[Spot]]) -> f64 {
    let mut least = f64::INFINITY;
    for e in line.windows(2) {
        for wall in walls {
            for (a, b) in edges(wall) {
                if meet(e[0], e[1], a, b) {
                    return -1.0;
                }
                let near = foot(a, e[0], e[1]).1.min(foot(e[0], a, b).1).min(foot(e[1], a, b).1);
                least = least.min(near);
            }
        }
    }
    least
}

/// Whether a line comes near itself after a detour.
fn doubles_back(line: &[Spot]) -> bool {
    const STEP_M: f64 = 4.0;
    const DETOUR: f64 = 3.0;
    let steps = super::ground::walked(line, STEP_M);
    let mut along = vec![0.0];
    for e in steps.windows(2) {
        along.push(along[along.len() - 1] + distance(e[0], e[1]));
    }
    let tongue = |i: usize, k: usize| {
        let near = distance(steps[i], steps[k]);
        near < TONGUE_M && along[k] - along[i] > DETOUR * TONGUE_M
    };
    (0..steps.len()).any(|i| (i + 1..steps.len()).any(|k| tongue(i, k)))
}

/// How many points from here on lie on one street, short interruptions included.
fn run_length(snapped: &[Option<(usize, Spot)>]) -> usize {
    let Some(Some((street, _))) = snapped.first() else { return 0 };
    let same = |s: &Option<(usize, Spot)>| s.as_ref().is_some_and(|(number, _)| number == street);
    let mut run = 0;
    let mut missed = 0;
    for (i, s) in snapped.iter().enumerate() {
        if same(s) {
            (run, missed) = (i + 1, 0);
        } else {
            missed += 1;
            if missed > 3 {
                break;
            }
        }
    }
    run
}

/// Douglas and Peucker's: the fewest of the points from which none is further than `tolerance`.
fn simplified(chain: &[Spot], tolerance: f64) -> Vec<Spot> {
    let mut keep = vec![false; chain.len()];
    let mut waiting = vec![(0, chain.len().saturating_sub(1))];
    while let Some((from, to)) = waiting.pop() {
        for k in [from, to] {
            if let Some(slot) = keep.get_mut(k) {
                *slot = true;
            }
        }
        let far = |i: &usize| foot(chain[*i], chain[from], chain[to]).1;
        let furthest = (from + 1..to).max_by(|a, b| far(a).total_cmp(&far(b)));
        if let Some(at) = furthest.filter(|i| far(i) > tolerance) {
            waiting.extend([(from, at), (at, to)]);
        }
    }
    chain.iter().zip(keep).filter(|(_, k)| *k).map(|(s, _)| *s).collect()
}
