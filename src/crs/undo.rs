//! The inverse of a map that hardly moves a point: Newton's steps, which end as soon as the next cannot matter.

/// What a map does to a point, and how it does so around it. Degrees throughout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bent {
    pub image: (f64, f64),
    /// d(image) / d(lon, lat), row by row, but for parts that are too small or too wild to follow …
    pub slope: [[f64; 2]; 2],
    /// … which change the image by no more than this share of a step that ends here, …
    pub left_out: f64,
    /// … and a step's square times this bounds what the bend of the map adds.
    pub bend: f64,
}

/// An error that no longer matters: 1 µm, in degrees.
const SETTLED: f64 = 1e-11;
/// Two or three are enough (see the tests of the maps); the rest is for the places where a map has no slope.
const MAX_STEPS: usize = 16;

/// The point that `map` takes to `image`, and how often the map was asked; `start` is a guess.
pub(super) fn undone(image: (f64, f64), start: (f64, f64), map: impl Fn(f64, f64) -> Bent) -> ((f64, f64), usize) {
    let mut p = start;
    for step in 1..=MAX_STEPS {
        let bent = map(p.0, p.1);
        let (x, y) = (image.0 - bent.image.0, image.1 - bent.image.1);
        let [[a, b], [c, d]] = bent.slope;
        let share = 1.0 / (a * d - b * c);
        let (dx, dy) = ((d * x - b * y) * share, (a * y - c * x) * share);
        p = (p.0 + dx, p.1 + dy);
        let moved = dx.abs().max(dy.abs());
        if moved * (bent.left_out + bent.bend * moved) < SETTLED {
            return (p, step);
        }
    }
    (p, MAX_STEPS)
}
