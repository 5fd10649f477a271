//! The arcs of the next version at every zoom, found again only where an edit is felt.
//!
//! Each step asks first which arcs can come out in another way, generously and by boxes, and does these again among all that is near: rounding sees
//! the vertices near a line, the order of removal the moments of vertices in its triangles, which lie in the box of their arc. When a moment comes
//! out as another one, the arcs in whose boxes the vertex lies are done again too, until none does.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::order::{self, Moment};
use super::round::{rounded, snap_among};
use super::{Generalized, GridBounds, Lines, Zoom, around, bounds, heavy, project_arc};
use crate::coverage::world::{FINE_BITS, FULL_ZOOM, GridPoint};
use crate::coverage::{ArcIx, Coverage, Pairs};

/// In place of an arc that was not there before.
const NONE: u32 = u32::MAX;

/// Lines by the number of their arc.
type Anew<P> = BTreeMap<u32, Vec<P>>;

impl<P: Copy + PartialEq> Lines<P> {
    /// The lines `anew`, and for all others those of `origin`. Cost: a copy.
    fn patched(&self, origin: &[u32], anew: &Anew<P>) -> Self {
        let mut out = Self::with_capacity(origin.len(), self.points.len() + 256);
        let mut i = 0;
        while i < origin.len() {
            let from = origin[i] as usize;
            if let Some(line) = anew.get(&(i as u32)) {
                out.points.extend_from_slice(line);
                out.end_line();
                i += 1;
                continue;
            }
            let stop = anew.range(i as u32..).next().map_or(origin.len(), |(next, _)| *next as usize);
            let run =
                (i..stop).take_while(|k| origin[*k] as usize == from + (k - i) && from + (k - i) < self.len()).count();
            if run == 0 {
                out.end_line(); // an arc that comes from nowhere and was not made: there is none
                i += 1;
                continue;
            }
            let (start, base) = (self.starts[from], out.points.len() as u32);
            out.points.extend_from_slice(&self.points[start as usize..self.starts[from + run] as usize]);
            out.starts.extend(self.starts[from + 1..=from + run].iter().map(|end| end - start + base));
            i += run;
        }
        out
    }

    fn of(lines: impl IntoIterator<Item = Vec<P>>) -> Self {
        let mut out = Self::with_capacity(0, 0);
        for line in lines {
            out.points.extend(line);
            out.end_line();
        }
        out
    }
}

/// What is known while the next version is made.
struct Step<'a> {
    was: &'a Generalized,
    /// For each arc of now the arc it was.
    origin: Vec<u32>,
    /// Arcs of before that are no more, or have other points now.
    gone: Vec<u32>,
    /// Arcs of now that are new, or had other points.
    come: Vec<u32>,
    /// Arcs of now that only had another number.
    renumbered: Vec<u32>,
}

impl Generalized {
    /// The arcs of `after` when `self` are those of `before`: the same as [`Generalized::new`] of `after`; and for each zoom those that were made anew, for
    /// all others are what they were. Cost: a copy, and what the changed arcs and their neighbours take.
    #[must_use]
    pub fn next(&self, before: &Coverage, after: &Coverage, pairs: &Pairs<'_>) -> (Self, Vec<Vec<ArcIx>>) {
        let step = Step::new(self, before, after, pairs);
        let (world, reach) = step.world(before, after);
        let box_of: Vec<GridBounds> = step.boxes(&self.zooms[usize::from(FULL_ZOOM)], &world);
        let lines = self.zooms[usize::from(FULL_ZOOM)].lines.patched(&step.origin, &world);
        let felt = step.moments(&lines, &box_of, &world);
        let moments = self.moments.patched(&step.origin, &felt);
        let numbers = |anew: &Anew<GridPoint>| anew.keys().map(|arc| ArcIx(*arc)).collect();
        let (mut zooms, mut made): (Vec<Zoom>, Vec<Vec<ArcIx>>) = (0..FULL_ZOOM)
            .map(|zoom| {
                let anew = step.zoom(zoom, (&lines, &moments), &box_of, &felt);
                let was = &self.zooms[usize::from(zoom)];
                let lines = was.lines.patched(&step.origin, &anew);
                (Zoom { lines, bounds: step.boxes(was, &anew) }, numbers(&anew))
            })
            .unzip();
        zooms.push(Zoom { lines, bounds: box_of });
        made.push(numbers(&world));
        (Self { zooms, moments, reach }, made)
    }
}

impl<'a> Step<'a> {
    fn new(was: &'a Generalized, before: &Coverage, after: &Coverage, pairs: &Pairs<'_>) -> Self {
        let origin = (0..after.arcs().len() as u32).map(|i| pairs.before(ArcIx(i)).map_or(NONE, |old| old.0)).collect();
        let mut step = Self { was, origin, gone: Vec::new(), come: Vec::new(), renumbered: Vec::new() };
        for (old, new) in pairs.of_delta() {
            let same = match (old, new) {
                (Some(old), Some(new)) => before.arcs()[old.ix()].points == after.arcs()[new.ix()].points,
                _ => false,
            };
            if !same {
                step.gone.extend(old.map(|ix| ix.0));
                step.come.extend(new.map(|ix| ix.0));
            } else if old != new {
                step.renumbered.extend(new.map(|ix| ix.0));
            }
        }
        step.come.sort_unstable();
        step
    }

    fn old(&self, arc: u32) -> Option<usize> {
        self.origin.get(arc as usize).filter(|old| **old != NONE).map(|old| *old as usize)
    }

    /// The box of each arc of now: of lines that were made anew their own, otherwise what it was.
    fn boxes(&self, was: &Zoom, anew: &Anew<GridPoint>) -> Vec<GridBounds> {
        let box_of = |i: usize| match anew.get(&(i as u32)) {
            Some(line) => bounds(line),
            None => self.old(i as u32).map_or(super::NOWHERE, |old| was.bounds[old]),
        };
        (0..self.origin.len()).map(box_of).collect()
    }

    /// The lines on the world grid that may be other ones, and around the vertices of each arc of now.
    fn world(&self, before: &Coverage, after: &Coverage) -> (Anew<GridPoint>, Vec<GridBounds>) {
        let fine = |coverage: &Coverage, arc: u32| {
            let mut points = Vec::new();
            project_arc(coverage.lattice(), &coverage.arcs()[arc as usize], &mut points);
            points
        };
        let on_grid = |points: Vec<(i64, i64)>| points.into_iter().map(|p| rounded(p, FINE_BITS));
        let come: HashMap<u32, Vec<(i64, i64)>> = self.come.iter().map(|arc| (*arc, fine(after, *arc))).collect();
        let reach: Vec<GridBounds> = (0..self.origin.len() as u32)
            .map(|i| match come.get(&i) {
                Some(points) => around(points),
                None => self.old(i).map_or(super::NOWHERE, |old| self.was.reach[old]),
            })
            .collect();
        let old: HashSet<GridPoint> = self.gone.iter().flat_map(|arc| on_grid(fine(before, *arc))).collect();
        let new: HashSet<GridPoint> = come.values().flat_map(|points| on_grid(points.clone())).collect();
        let other: Vec<GridPoint> = old.symmetric_difference(&new).copied().collect();
        let mut felt: BTreeSet<u32> = self.come.iter().copied().collect();
        felt.extend(holding(&reach, &other));
        let near = meeting(&reach, &felt);
        let hot = near.into_iter().flat_map(|arc| on_grid(fine(after, arc))).collect();
        let lines = Lines::of(felt.iter().map(|arc| come.get(arc).cloned().unwrap_or_else(|| fine(after, *arc))));
        let snapped = snap_among(&lines, FINE_BITS, hot);
        let anew = felt.iter().zip(snapped.iter()).map(|(arc, line)| (*arc, line.to_vec())).collect();
        (anew, reach)
    }

    /// The moments of the lines in which one may have come out as another.
    fn moments(&self, lines: &Lines<GridPoint>, boxes: &[GridBounds], world: &Anew<GridPoint>) -> Anew<Moment> {
        let was = &self.was.zooms[usize::from(FULL_ZOOM)].lines;
        let same = |arc: u32, line: &[GridPoint]| self.old(arc).is_some_and(|old| was.line(old) == line);
        let mut felt: BTreeSet<u32> =
            world.iter().filter(|(arc, line)| !same(**arc, line)).map(|(arc, _)| *arc).collect();
        felt.extend(&self.renumbered);
        // Which of two vertices at one place comes first is a matter of numbers.
        let renumbered: Vec<GridPoint> =
            self.renumbered.iter().flat_map(|arc| lines.line(*arc as usize).iter().copied()).collect();
        let numbered = |arc: u32| lines.starts[arc as usize]..lines.starts[arc as usize + 1];
        loop {
            let mut others = order::Others::new();
            for arc in meeting(boxes, &felt).into_iter().filter(|arc| !felt.contains(arc)) {
                let Some(old) = self.old(arc) else { continue };
                let known = lines.line(arc as usize).iter().zip(self.was.moments.line(old)).zip(numbered(arc));
                others.extend(known.map(|((p, moment), number)| (*p, *moment, number)));
            }
            let own = Lines::of(felt.iter().map(|arc| lines.line(*arc as usize).to_vec()));
            let moments = order::weigh_among(&own, felt.iter().flat_map(|arc| numbered(*arc)).collect(), &others);
            let mut other = renumbered.clone();
            other.extend(self.apart(&felt, &own, &moments));
            let more: Vec<u32> = holding(boxes, &other).into_iter().filter(|arc| !felt.contains(arc)).collect();
            if more.is_empty() {
                return felt.iter().zip(moments.iter()).map(|(arc, line)| (*arc, line.to_vec())).collect();
            }
            felt.extend(more);
        }
    }

    /// The vertices of some arcs, and of those that are gone, that were not there before, are not there now, or go at another moment.
    fn apart(&self, felt: &BTreeSet<u32>, lines: &Lines<GridPoint>, moments: &Lines<Moment>) -> Vec<GridPoint> {
        let was = &self.was.zooms[usize::from(FULL_ZOOM)].lines;
        let mut old: BTreeSet<usize> = felt.iter().filter_map(|arc| self.old(*arc)).collect();
        old.extend(self.gone.iter().map(|arc| *arc as usize));
        let mut count: HashMap<(GridPoint, Moment), i32> = HashMap::new();
        for arc in old {
            for vertex in was.line(arc).iter().copied().zip(self.was.moments.line(arc).iter().copied()) {
                *count.entry(vertex).or_default() += 1;
            }
        }
        for vertex in lines.points.iter().copied().zip(moments.points.iter().copied()) {
            *count.entry(vertex).or_default() -= 1;
        }
        count.into_iter().filter(|(_, n)| *n != 0).map(|((p, _), _)| p).collect()
    }

    /// The lines of a zoom below the last one that may be other ones.
    fn zoom(
        &self,
        zoom: u8,
        (lines, moments): (&Lines<GridPoint>, &Lines<Moment>),
        boxes: &[GridBounds],
        weighed: &Anew<Moment>,
    ) -> Anew<GridPoint> {
        let shift = FULL_ZOOM - zoom;
        let kept = |arc: u32| -> Vec<(i64, i64)> {
            heavy(lines.line(arc as usize), moments.line(arc as usize), zoom).collect()
        };
        let before = |old: usize| -> Vec<(i64, i64)> {
            let full = &self.was.zooms[usize::from(FULL_ZOOM)].lines;
            heavy(full.line(old), self.was.moments.line(old), zoom).collect()
        };
        let on_grid = |points: Vec<(i64, i64)>| points.into_iter().map(move |p| rounded(p, shift));
        let mut felt: BTreeSet<u32> = BTreeSet::new();
        let (mut old, mut new): (HashSet<GridPoint>, HashSet<GridPoint>) = (HashSet::new(), HashSet::new());
        for arc in weighed.keys() {
            let (is, its) = (kept(*arc), self.old(*arc).map(before));
            if its.as_ref() != Some(&is) {
                felt.insert(*arc);
                old.extend(on_grid(its.unwrap_or_default()));
                new.extend(on_grid(is));
            }
        }
        for arc in &self.gone {
            old.extend(on_grid(before(*arc as usize)));
        }
        for arc in &self.come {
            new.extend(on_grid(kept(*arc)));
        }
        let other: Vec<GridPoint> = old.symmetric_difference(&new).copied().collect();
        if felt.is_empty() && other.is_empty() {
            return Anew::new();
        }
        let on_zoom: Vec<GridBounds> =
            boxes.iter().map(|b| GridBounds { min: b.min.at_zoom(zoom), max: b.max.at_zoom(zoom) }).collect();
        felt.extend(holding(&on_zoom, &other));
        let hot = meeting(&on_zoom, &felt).into_iter().flat_map(|arc| on_grid(kept(arc))).collect();
        let snapped = snap_among(&Lines::of(felt.iter().map(|arc| kept(*arc))), shift, hot);
        felt.iter().zip(snapped.iter()).map(|(arc, line)| (*arc, line.to_vec())).collect()
    }
}

/// The boxes in which one of the points lies.
fn holding(boxes: &[GridBounds], points: &[GridPoint]) -> Vec<u32> {
    let Some(all) = GridBounds::of(points) else { return Vec::new() };
    let holds = |b: &GridBounds| b.meets(all) && points.iter().any(|p| b.holds(*p));
    boxes.iter().enumerate().filter(|(_, b)| holds(b)).map(|(i, _)| i as u32).collect()
}

/// The boxes that meet one of the chosen ones, these included.
fn meeting(boxes: &[GridBounds], chosen: &BTreeSet<u32>) -> Vec<u32> {
    let chosen: Vec<GridBounds> = chosen.iter().map(|i| boxes[*i as usize]).collect();
    let Some(all) = chosen.iter().copied().reduce(GridBounds::joined) else { return Vec::new() };
    let meets = |b: &GridBounds| b.meets(all) && chosen.iter().any(|c| b.meets(*c));
    boxes.iter().enumerate().filter(|(_, b)| meets(b)).map(|(i, _)| i as u32).collect()
}
