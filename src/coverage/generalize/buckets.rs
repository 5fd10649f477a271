//! Points in a coarse raster, for “which points are near this box?” in constant time.

/// Indices of points, sorted into square cells. The raster has about as many cells as points.
pub(super) struct Buckets {
    origin: (i64, i64),
    shift: u32,
    columns: usize,
    rows: usize,
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Buckets {
    /// Sorts `count` points into cells; `at(i)` is the position of point `i`, or `None` to leave it out.
    pub(super) fn new(count: usize, at: impl Fn(usize) -> Option<(i64, i64)>) -> Self {
        let present = (0..count).filter_map(&at);
        let (lo, hi) = present.fold(((i64::MAX, i64::MAX), (i64::MIN, i64::MIN)), |(lo, hi), p| {
            ((lo.0.min(p.0), lo.1.min(p.1)), (hi.0.max(p.0), hi.1.max(p.1)))
        });
        if lo.0 > hi.0 {
            return Self { origin: (0, 0), shift: 0, columns: 0, rows: 0, starts: vec![0], items: Vec::new() };
        }
        let mut shift = 0;
        while ((hi.0 - lo.0) >> shift) as u128 * ((hi.1 - lo.1) >> shift) as u128 > count as u128 {
            shift += 1;
        }
        let columns = ((hi.0 - lo.0) >> shift) as usize + 1;
        let rows = ((hi.1 - lo.1) >> shift) as usize + 1;
        let mut grid =
            Self { origin: lo, shift, columns, rows, starts: vec![0; columns * rows + 1], items: Vec::new() };
        grid.fill(count, at);
        grid
    }

    fn fill(&mut self, count: usize, at: impl Fn(usize) -> Option<(i64, i64)>) {
        let cell_of = |p: (i64, i64)| {
            ((p.1 - self.origin.1) >> self.shift) as usize * self.columns
                + ((p.0 - self.origin.0) >> self.shift) as usize
        };
        let cells: Vec<u32> = (0..count).map(|i| at(i).map_or(u32::MAX, |p| cell_of(p) as u32)).collect();
        for &cell in cells.iter().filter(|c| **c != u32::MAX) {
            self.starts[cell as usize + 1] += 1;
        }
        for i in 1..self.starts.len() {
            self.starts[i] += self.starts[i - 1];
        }
        let mut next = self.starts.clone();
        self.items = vec![0; self.starts.last().copied().unwrap_or(0) as usize];
        for (i, &cell) in cells.iter().enumerate().filter(|(_, c)| **c != u32::MAX) {
            self.items[next[cell as usize] as usize] = i as u32;
            next[cell as usize] += 1;
        }
    }

    /// Width of a cell.
    pub(super) const fn cell(&self) -> i64 {
        1 << self.shift
    }

    /// Calls `found` with each point whose cell meets the box until it answers `true`; answers whether it did.
    pub(super) fn any_in(&self, min: (i64, i64), max: (i64, i64), mut found: impl FnMut(u32) -> bool) -> bool {
        let range = |lo: i64, hi: i64, origin: i64, count: usize| {
            let first = ((lo - origin) >> self.shift).max(0) as usize;
            let last = (hi - origin) >> self.shift;
            first..if last < 0 { 0 } else { (last as usize + 1).min(count) }
        };
        let columns = range(min.0, max.0, self.origin.0, self.columns);
        for row in range(min.1, max.1, self.origin.1, self.rows) {
            if columns.is_empty() {
                return false;
            }
            let cells = row * self.columns + columns.start..row * self.columns + columns.end;
            let items = self.starts[cells.start] as usize..self.starts[cells.end] as usize;
            if self.items[items].iter().any(|&i| found(i)) {
                return true;
            }
        }
        false
    }
}
