//! A seeded generator of numbers and the few functions of analysis the drawing needs, written out here so that the same seed
//! gives the same bytes on every machine (the system's `sin` may differ in its last digit).

/// SplitMix64: small, well mixed, and for ever the same.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A stream of its own for one purpose, so that a change in one part of the district leaves the others as they were.
    pub fn stream(seed: u64, purpose: &str) -> Self {
        let mut state = seed;
        for byte in purpose.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut random = Self(state);
        random.next();
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// In 0..n; 0 for n = 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    /// Both bounds included.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// About normal, mean 0, deviation 1, within ±6: the sum of twelve.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// An index with probability in proportion to its weight; the last when all are 0.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (i, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return i;
            }
        }
        weights.len() - 1
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i + 1);
            items.swap(i, j);
        }
    }
}

/// Sine by its series, after folding the angle (radians) into [-π, π]; good to 1e-12.
pub fn sin(angle: f64) -> f64 {
    use std::f64::consts::TAU;
    let x = angle - (angle / TAU).round() * TAU;
    let mut term = x;
    let mut sum = x;
    for n in 1..14 {
        let k = f64::from(2 * n);
        term = -term * x * x / (k * (k + 1.0));
        sum += term;
    }
    sum
}

pub fn cos(angle: f64) -> f64 {
    sin(angle + std::f64::consts::FRAC_PI_2)
}

/// e^-x for x ≥ 0, by squaring a short series.
pub fn decay(x: f64) -> f64 {
    let y = x.min(60.0) / 1024.0;
    let mut e = 1.0 - y + y * y / 2.0 - y * y * y / 6.0;
    for _ in 0..10 {
        e *= e;
    }
    e
}

/// A smooth wave of one dimension made of three sines with seeded phases; within ±1, about `wavelength` long.
#[derive(Clone, Debug)]
pub struct Wave {
    phases: [f64; 3],
    wavelength: f64,
}

impl Wave {
    pub fn new(random: &mut Random, wavelength: f64) -> Self {
        let phases = [random.between(0.0, 6.3), random.between(0.0, 6.3), random.between(0.0, 6.3)];
        Self { phases, wavelength }
    }

    pub fn at(&self, s: f64) -> f64 {
        let t = s / self.wavelength * std::f64::consts::TAU;
        0.5 * sin(t + self.phases[0]) + 0.3 * sin(t * 0.43 + self.phases[1]) + 0.2 * sin(t * 2.17 + self.phases[2])
    }
}
