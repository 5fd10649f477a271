//! Colours of classes: lightness falls evenly, so that they read in grey and for colour-blind eyes. On light paper the darkest is the most.

/// A scale of colours, after matplotlib's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shades {
    Viridis,
    Cividis,
}

/// The pattern of what is not compared, as styles and answers name it, and its ink: that of the page's (`web/src/map/shaded.ts`). No colour of a class
/// can be taken for lines on bare paper, whatever the scale of colours.
pub const HATCHING: &str = "hatching";
pub const HATCHING_INK: [u8; 3] = [0x68, 0x73, 0x82];

/// Evenly spaced, from the darkest on.
type Table = [[u8; 3]; 13];

const VIRIDIS: Table = [
    [0x44, 0x01, 0x54],
    [0x48, 0x1f, 0x70],
    [0x44, 0x39, 0x83],
    [0x3b, 0x52, 0x8b],
    [0x31, 0x68, 0x8e],
    [0x28, 0x7c, 0x8e],
    [0x21, 0x91, 0x8c],
    [0x20, 0xa4, 0x86],
    [0x35, 0xb7, 0x79],
    [0x5c, 0xc8, 0x63],
    [0x8e, 0xd6, 0x45],
    [0xc8, 0xe0, 0x20],
    [0xfd, 0xe7, 0x25],
];

const CIVIDIS: Table = [
    [0x00, 0x22, 0x4e],
    [0x00, 0x31, 0x70],
    [0x2a, 0x3f, 0x6d],
    [0x43, 0x4e, 0x6c],
    [0x57, 0x5d, 0x6d],
    [0x6a, 0x6c, 0x71],
    [0x7d, 0x7c, 0x78],
    [0x91, 0x8b, 0x78],
    [0xa5, 0x9c, 0x74],
    [0xbb, 0xad, 0x6d],
    [0xd1, 0xbf, 0x61],
    [0xe9, 0xd3, 0x4e],
    [0xfe, 0xe8, 0x38],
];

impl Shades {
    pub const ALL: [Self; 2] = [Self::Viridis, Self::Cividis];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
        }
    }

    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shades| shades.name() == name)
    }

    /// Red, green and blue of so many classes, lowest first: from the lightest to the darkest. A single one is of the middle.
    #[must_use]
    pub fn of(self, classes: usize) -> Vec<[u8; 3]> {
        let table = if self == Self::Viridis { &VIRIDIS } else { &CIVIDIS };
        let last = (table.len() - 1) as f64;
        let colour = |i: usize| {
            let at = if classes < 2 { last / 2.0 } else { last * (1.0 - i as f64 / (classes - 1) as f64) };
            let low = (at.floor() as usize).min(table.len() - 2);
            let share = at - low as f64;
            let mix = |c: usize| f64::from(table[low][c]) * (1.0 - share) + f64::from(table[low + 1][c]) * share;
            std::array::from_fn(|c| mix(c).round() as u8)
        };
        (0..classes).map(colour).collect()
    }
}

/// `#rrggbb`
#[must_use]
pub fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_darker_whatever_the_number_of_classes() {
        for (shades, n) in Shades::ALL.into_iter().flat_map(|s| (1..=7).map(move |n| (s, n))) {
            let colours = shades.of(n);
            let light = |[r, g, b]: [u8; 3]| 2 * u32::from(r) + 5 * u32::from(g) + u32::from(b);
            assert_eq!(colours.len(), n);
            assert!(colours.windows(2).all(|pair| light(pair[0]) > light(pair[1]) + 60), "{shades:?} {colours:?}");
        }
        let five: Vec<String> = Shades::Viridis.of(5).into_iter().map(hex).collect();
        assert_eq!(five, ["#fde725", "#5cc863", "#21918c", "#3b528b", "#440154"]);
        assert_eq!(Shades::Viridis.of(1), [VIRIDIS[6]]);
    }
}
