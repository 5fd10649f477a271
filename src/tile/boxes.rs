//! A packed tree of boxes on the world grid: “what may lie in this tile?” without looking at everything.

use crate::coverage::generalize::GridBounds;
use crate::coverage::world::GridPoint;

const FAN: usize = 16;

/// Built once; items keep their numbers. Queries cost O(log n + answers) for boxes that overlap little.
#[derive(Debug, Default)]
pub(super) struct Boxes {
    /// Item numbers in Morton order of their centres.
    items: Vec<u32>,
    /// Boxes of the items, then of each group of [`FAN`], and so on up to one.
    layers: Vec<Vec<GridBounds>>,
}

impl Boxes {
    pub(super) fn new(bounds: &[GridBounds]) -> Self {
        if bounds.is_empty() {
            return Self::default();
        }
        let centre = |b: &GridBounds| GridPoint::new(b.min.x.midpoint(b.max.x), b.min.y.midpoint(b.max.y));
        let mut items: Vec<u32> = (0..bounds.len() as u32).collect();
        items.sort_by_cached_key(|i| (morton(centre(&bounds[*i as usize])), *i));
        let mut layers = vec![items.iter().map(|i| bounds[*i as usize]).collect::<Vec<_>>()];
        while layers[layers.len() - 1].len() > 1 {
            let below = &layers[layers.len() - 1];
            let join = |group: &[GridBounds]| group.iter().skip(1).fold(group[0], |a, b| a.joined(*b));
            layers.push(below.chunks(FAN).map(join).collect());
        }
        Self { items, layers }
    }

    /// The items whose boxes meet the given one (sides included), in ascending order.
    pub(super) fn meeting(&self, bounds: GridBounds) -> Vec<u32> {
        let mut found = Vec::new();
        self.find(bounds, &mut found);
        found
    }

    /// [`Boxes::meeting`], into room that is there.
    pub(super) fn find(&self, bounds: GridBounds, found: &mut Vec<u32>) {
        found.clear();
        self.descend(self.layers.len(), 0, bounds, found);
        found.sort_unstable();
    }

    /// Whether any box meets the given one.
    pub(super) fn any_meets(&self, bounds: GridBounds) -> bool {
        self.any_below(self.layers.len(), 0, bounds)
    }

    fn any_below(&self, layer: usize, node: usize, bounds: GridBounds) -> bool {
        let Some(below) = layer.checked_sub(1) else { return false };
        self.met(below, node, bounds).any(|child| below == 0 || self.any_below(below, child, bounds))
    }

    /// The children of a node that meet a box, by their places in their layer.
    fn met(&self, layer: usize, node: usize, bounds: GridBounds) -> impl Iterator<Item = usize> {
        let (boxes, first) = (&self.layers[layer], node * FAN);
        let children = &boxes[first..(first + FAN).min(boxes.len())];
        (first..).zip(children).filter(move |(_, child)| child.meets(bounds)).map(|(place, _)| place)
    }

    /// What the children of a node hold; the top's only child is the layer of one.
    fn descend(&self, layer: usize, node: usize, bounds: GridBounds, found: &mut Vec<u32>) {
        let Some(below) = layer.checked_sub(1) else { return };
        for child in self.met(below, node, bounds) {
            if below == 0 {
                found.push(self.items[child]);
            } else {
                self.descend(below, child, bounds, found);
            }
        }
    }
}

/// The bits of x and y interleaved: near points mostly get near numbers, and a tile is one range of them.
pub(super) const fn morton(p: GridPoint) -> u64 {
    spread(p.x as u32) | spread(p.y as u32) << 1
}

const fn spread(n: u32) -> u64 {
    let mut n = n as u64;
    n = (n | n << 16) & 0x0000_FFFF_0000_FFFF;
    n = (n | n << 8) & 0x00FF_00FF_00FF_00FF;
    n = (n | n << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    n = (n | n << 2) & 0x3333_3333_3333_3333;
    (n | n << 1) & 0x5555_5555_5555_5555
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::generalize::wild::Seeded;

    #[test]
    fn the_tree_finds_what_a_scan_finds() {
        let mut random = Seeded(5);
        let mut any_box = |size: i32| {
            let (x, y) = (random.between(0, 100_000), random.between(0, 100_000));
            let (w, h) = (random.between(0, size), random.between(0, size));
            GridBounds { min: GridPoint::new(x, y), max: GridPoint::new(x + w, y + h) }
        };
        for n in [0, 1, 15, 16, 17, 1000] {
            let bounds: Vec<GridBounds> = (0..n).map(|_| any_box(2000)).collect();
            let tree = Boxes::new(&bounds);
            for _ in 0..50 {
                let query = any_box(20_000);
                let scan: Vec<u32> = (0..n as u32).filter(|i| bounds[*i as usize].meets(query)).collect();
                assert_eq!((tree.meeting(query), tree.any_meets(query)), (scan.clone(), !scan.is_empty()));
            }
        }
    }
}
