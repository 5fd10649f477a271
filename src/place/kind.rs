//! What sort of thing has a name, as far as an address goes.

/// The sort of a head, from the kind that the source wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Compound,
    Village,
    Road,
    Crossing,
    /// Anything else that is at one spot: a school, a shop, a bridge.
    Spot,
}

impl Kind {
    /// Kinds of `docs/FORMATS.md`, in English or Chinese; what is not known is a spot.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        match kind {
            "compound" | "小区" | "building" | "楼" | "楼栋" | "entrance" | "单元" => Self::Compound,
            "village" | "村" | "house" | "门牌" => Self::Village,
            "road" | "道路" | "river" | "河流" | "railway" => Self::Road,
            "crossing" | "路口" => Self::Crossing,
            _ => Self::Spot,
        }
    }
}
