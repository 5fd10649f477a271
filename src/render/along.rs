//! Names of roads and rivers: set level where the line runs level, one character under the other where it runs upright, as on
//! Chinese street maps. Where it slants, there is no name: the next stretch has one.

use std::collections::HashMap;

/// Slants up to this count as level or upright: the tangent of 25°.
const SLANT: f64 = 0.466;
/// Room that a character takes along the line, in ems.
const ADVANCE_EM: f64 = 1.2;

/// A name on a line: where its middle goes, and its text, with line feeds where the line runs upright.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spot {
    pub x: f64,
    pub y: f64,
    pub text: String,
}

/// The names set so far, so that a road of many pieces is not named at each.
#[derive(Debug, Default)]
pub(super) struct Named {
    places: HashMap<String, Vec<(f64, f64)>>,
}

impl Named {
    /// Places for `text` along a line (in pixels): about every `spacing_px`, never nearer than two thirds of that to the same name.
    pub(super) fn along(&mut self, line: &[(f64, f64)], text: &str, size_px: f64, spacing_px: f64) -> Vec<Spot> {
        let lengths: Vec<f64> = line.windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1)).collect();
        let whole: f64 = lengths.iter().sum();
        let half = text.chars().count() as f64 * ADVANCE_EM * size_px / 2.0;
        let mut found = Vec::new();
        // A short line may have its one name in the middle; a long one is tried at every eighth of the spacing.
        let step = spacing_px / 8.0;
        let mut at = half.max((whole / 2.0) % step);
        while at + half <= whole {
            let (before, here, after) =
                (point(line, &lengths, at - half), point(line, &lengths, at), point(line, &lengths, at + half));
            if let Some(upright) = straight(before, here, after) {
                let near = |p: &(f64, f64)| (p.0 - here.0).hypot(p.1 - here.1) < spacing_px * 2.0 / 3.0;
                let places = self.places.entry(text.to_owned()).or_default();
                if !places.iter().any(near) {
                    places.push(here);
                    found.push(Spot {
                        x: here.0,
                        y: here.1,
                        text: if upright { stacked(text) } else { text.to_owned() },
                    });
                }
            }
            at += step;
        }
        found
    }
}

/// Whether three points on a line stand upright (`Some(true)`) or lie level (`Some(false)`), and in a row.
fn straight(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> Option<bool> {
    let slant = |p: (f64, f64), q: (f64, f64)| ((q.0 - p.0).abs(), (q.1 - p.1).abs());
    let halves = [slant(a, b), slant(b, c)];
    if halves.iter().all(|(dx, dy)| *dy <= dx * SLANT) {
        Some(false)
    } else if halves.iter().all(|(dx, dy)| *dx <= dy * SLANT) {
        Some(true)
    } else {
        None
    }
}

/// The point at a distance along a line, within its ends.
fn point(line: &[(f64, f64)], lengths: &[f64], distance: f64) -> (f64, f64) {
    let mut left = distance.max(0.0);
    for (pair, length) in line.windows(2).zip(lengths) {
        if left <= *length && *length > 0.0 {
            let t = left / length;
            return (pair[0].0 + (pair[1].0 - pair[0].0) * t, pair[0].1 + (pair[1].1 - pair[0].1) * t);
        }
        left -= length;
    }
    line.last().copied().unwrap_or_default()
}

/// One character a line; what is Latin or a number stays together.
fn stacked(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut last: Option<char> = None;
    for c in text.chars() {
        if last.is_some_and(|l| !(l.is_ascii_alphanumeric() && c.is_ascii_alphanumeric())) {
            out.push('\n');
        }
        out.push(c);
        last = Some(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &[(f64, f64)]) -> Vec<Spot> {
        Named::default().along(line, "崇文大道", 10.0, 400.0)
    }

    #[test]
    fn level_lines_have_level_names_and_upright_ones_stacked_names() {
        let level = names(&[(0.0, 0.0), (200.0, 20.0)]);
        assert_eq!(level.iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), ["崇文大道"]);
        let upright = names(&[(0.0, 0.0), (-20.0, 200.0)]);
        assert_eq!(upright.iter().map(|s| s.text.as_str()).collect::<Vec<_>>(), ["崇\n文\n大\n道"]);
        assert_eq!(stacked("G327国道"), "G327\n国\n道");
    }

    #[test]
    fn slanting_bent_and_short_lines_have_none() {
        assert!(names(&[(0.0, 0.0), (200.0, 200.0)]).is_empty());
        assert!(names(&[(0.0, 0.0), (30.0, 0.0), (30.0, 30.0)]).is_empty());
        assert!(names(&[(0.0, 0.0), (20.0, 0.0)]).is_empty());
        assert!(names(&[]).is_empty() && names(&[(1.0, 1.0)]).is_empty());
    }

    #[test]
    fn a_long_line_is_named_again_but_its_pieces_are_not_each() {
        assert_eq!(names(&[(0.0, 0.0), (2000.0, 0.0)]).len(), 7);
        let mut named = Named::default();
        let pieces = (0..20).map(|i| [(f64::from(i) * 100.0, 0.0), (f64::from(i) * 100.0 + 100.0, 0.0)]);
        let total: usize = pieces.map(|p| named.along(&p, "崇文大道", 10.0, 400.0).len()).sum();
        assert!((5..=7).contains(&total), "{total}");
    }
}
