//! What bytes is this square? Tile keys, clipping, and Mapbox Vector Tiles of a snapshot.
//!
//! A tile is a pure function of the snapshot and its key. All shapes come from the coverage's arcs, generalised once per
//! zoom ([`crate::coverage::generalize`]), so neighbours and levels share every vertex in every tile.

mod along;
mod anchor;
mod attributes;
mod base;
mod borders;
mod boxes;
mod clip;
mod colour;
mod commands;
mod dirty;
pub mod feature;
pub(crate) mod frame;
mod info;
mod issues;
mod labels;
pub mod mvt;
mod places;
mod room;
mod shapes;
mod since;
mod units;
mod words;
pub mod walk;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use std::str::FromStr;
use std::sync::Arc;

use self::base::Base;
use self::dirty::Side;
use self::feature::Sink;
use self::frame::Frame;
use self::issues::IssuePoints;
pub(crate) use self::labels::own;
use self::places::PlacePoints;
use self::units::Units;
use crate::coverage::{Delta, Pairs};
use crate::issue::IssueFilter;
use crate::snapshot::Snapshot;

/// The deepest zoom that is answered.
pub const MAX_ZOOM: u8 = 22;
/// The zoom at which the geometry is complete; deeper tiles are the same lines, cut smaller. A client may overzoom from here.
pub const DATA_ZOOM: u8 = 16;
/// How many issues must share a cell before it, or a point in it, may be shown to everybody.
pub const PUBLIC_K: u32 = 5;

/// What a tile holds beyond each of its sides, in tile units of 1/4096: 8 pixels of a 512-pixel tile, so that strokes of up to
/// 16 pixels meet across tiles.
pub const BUFFER: i32 = 64;
/// Colours in a style's palette for the units of one level; with no more units than that, no two share one.
pub const PALETTE: usize = 5;

/// With more tiles redrawn than that an edit is said to redraw all: naming them would be longer than asking again.
pub const MAX_REDRAWN: usize = 20_000;

/// A square of the Web Mercator pyramid; `y` counts from the north. In range by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileCoord {
    z: u8,
    x: u32,
    y: u32,
}

impl TileCoord {
    /// `None` when `z` is above [`MAX_ZOOM`] or `x`, `y` are not below 2ᶻ.
    #[must_use]
    pub const fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        if z > MAX_ZOOM || x >= 1 << z || y >= 1 << z { None } else { Some(Self { z, x, y }) }
    }

    #[must_use]
    pub const fn z(self) -> u8 {
        self.z
    }

    #[must_use]
    pub const fn x(self) -> u32 {
        self.x
    }

    #[must_use]
    pub const fn y(self) -> u32 {
        self.y
    }
}

/// The tile sets by name, as URLs write them: `units`, `issues`, `places`, `base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileSet {
    Units,
    Issues,
    Places,
    Base,
}

/// A tile set name that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown tile set “{0}”: use units, issues, places or base")]
pub struct UnknownTileSet(pub String);

impl FromStr for TileSet {
    type Err = UnknownTileSet;

    fn from_str(name: &str) -> Result<Self, UnknownTileSet> {
        match name {
            "units" => Ok(Self::Units),
            "issues" => Ok(Self::Issues),
            "places" => Ok(Self::Places),
            "base" => Ok(Self::Base),
            other => Err(UnknownTileSet(other.chars().take(40).collect())),
        }
    }
}

impl TileSet {
    pub const ALL: [Self; 4] = [Self::Units, Self::Issues, Self::Places, Self::Base];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::Issues => "issues",
            Self::Places => "places",
            Self::Base => "base",
        }
    }
}

/// What TileJSON says of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct SetInfo {
    pub layers: Vec<LayerInfo>,
    pub min_zoom: u8,
    /// Deeper tiles are answered too, but hold nothing new.
    pub max_zoom: u8,
    /// West, south, east, north in degrees.
    pub bounds: [f64; 4],
}

/// One layer of a set: `vector_layers` of TileJSON.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerInfo {
    pub id: String,
    pub description: String,
    /// (name, what it is).
    pub fields: Vec<(&'static str, &'static str)>,
    pub min_zoom: u8,
    pub max_zoom: u8,
}

/// One level as tiles and styles see it.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelInfo {
    pub key: String,
    pub name: String,
    /// First zoom whose tiles hold the level's polygons: where a typical unit is a pixel wide.
    pub min_zoom: u8,
    /// Zoom (512-pixel tiles, in halves) from which the names of typical units fit, and their short numbers.
    pub name_zoom: f64,
    pub short_zoom: f64,
}

/// A tile of `units` that is another one now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrawn {
    pub coord: TileCoord,
    /// As [`Pyramid::units`] gives them.
    pub bytes: Vec<u8>,
}

/// What an edit changed in what is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirty {
    /// The tiles of `units` up to [`DATA_ZOOM`] whose bytes differ, coarse zooms first; deeper ones may differ inside these and near them. `None` for
    /// all: more than [`MAX_REDRAWN`], or the levels are other ones.
    pub tiles: Option<Vec<Redrawn>>,
    /// The identities of the units of every level whose land, row or colour changed, those that ended and began included; sorted.
    pub units: Vec<u64>,
}

/// Everything the tiles of one snapshot need, computed once: arcs generalised per zoom, rings per level, label points, colours,
/// and the background, places and issues in tile order. Every question must bring the snapshot it was made from.
#[derive(Debug)]
pub struct Pyramid {
    // What a change leaves as it is is shared by the pyramids before and after it.
    units: Arc<Units>,
    places: Arc<PlacePoints>,
    issues: Arc<IssuePoints>,
    base: Arc<Base>,
    infos: Vec<LevelInfo>,
    bounds: [f64; 4],
}

impl Pyramid {
    /// Cost: O(n log n) in vertices; a district of 10⁵ vertices takes about 0.2 s.
    #[must_use]
    pub fn new(snapshot: &Snapshot) -> Self {
        Self::of(
            snapshot,
            Arc::new(Units::new(snapshot)),
            Arc::new(PlacePoints::new(&snapshot.places)),
            Arc::new(IssuePoints::new(&snapshot.issues)),
            Arc::new(Base::new(&snapshot.base)),
        )
    }

    fn of(
        snapshot: &Snapshot,
        units: Arc<Units>,
        places: Arc<PlacePoints>,
        issues: Arc<IssuePoints>,
        base: Arc<Base>,
    ) -> Self {
        let infos = units.levels.iter().map(|l| l.info.clone()).collect();
        let bounds = snapshot.coverage.bounds().map_or([-180.0, -85.0, 180.0, 85.0], |(low, high)| {
            let lattice = snapshot.coverage.lattice();
            let ((west, south), (east, north)) = (lattice.degrees(low), lattice.degrees(high));
            [west, south, east, north]
        });
        Self { units, places, issues, base, infos, bounds }
    }

    /// The pyramid of the next version, and which tiles of `units` are other ones: exactly those whose bytes differ. `self` is that of `before`,
    /// from which `delta` leads to `after`; both have the same places, issues and background ([`Snapshot::next`]), whose tiles stay. `held` gives the
    /// bytes of a tile of `before` when they are at hand. The answer is the one that [`Pyramid::new`] gives. Cost: a pass over arcs and units, and
    /// what was touched made anew, with the tiles in which it shows.
    #[must_use]
    pub fn next(
        &self,
        before: &Snapshot,
        after: &Snapshot,
        delta: &Delta,
        held: &dyn Fn(TileCoord) -> Option<Arc<[u8]>>,
    ) -> (Self, Dirty) {
        let shared = (Arc::clone(&self.places), Arc::clone(&self.issues), Arc::clone(&self.base));
        let alike =
            before.coverage.lattice() == after.coverage.lattice() && before.district.levels == after.district.levels;
        if !alike {
            let next = Self::of(after, Arc::new(Units::new(after)), shared.0, shared.1, shared.2);
            let units = after.hierarchy.units().iter().map(|unit| unit.id).collect();
            return (next, Dirty { tiles: None, units });
        }
        let pairs = Pairs::new(&before.coverage, &after.coverage, delta);
        let (units, since) = self.units.next(before, after, &pairs);
        let (was, is) = (Side { snapshot: before, units: &self.units }, Side { snapshot: after, units: &units });
        let (suspects, changed) = dirty::suspects(was, is, &since, &pairs);
        let next = Self::of(after, Arc::new(units), shared.0, shared.1, shared.2);
        let tiles = (suspects.len() <= MAX_REDRAWN).then(|| {
            let redrawn = |coord: TileCoord| {
                let bytes = next.units(after, coord);
                let same = match held(coord) {
                    Some(old) => *old == bytes[..],
                    None => self.units(before, coord) == bytes,
                };
                (!same).then_some(Redrawn { coord, bytes })
            };
            suspects.into_iter().filter_map(redrawn).collect()
        });
        (next, Dirty { tiles, units: changed })
    }

    /// The pyramid of the same version with other places ([`Snapshot::with_places`]): the one that [`Pyramid::new`] gives. Cost: O(n log n) in places.
    #[must_use]
    pub fn with_places(&self, snapshot: &Snapshot) -> Self {
        let (units, issues, base) = (Arc::clone(&self.units), Arc::clone(&self.issues), Arc::clone(&self.base));
        Self::of(snapshot, units, Arc::new(PlacePoints::new(&snapshot.places)), issues, base)
    }

    /// The levels, top first.
    #[must_use]
    pub fn levels(&self) -> &[LevelInfo] {
        &self.infos
    }

    /// Describes a set for TileJSON.
    #[must_use]
    pub fn info(&self, set: TileSet) -> SetInfo {
        let layers = match set {
            TileSet::Units => info::units(&self.infos),
            TileSet::Issues => info::issues(),
            TileSet::Places => info::places(),
            TileSet::Base => info::base(),
        };
        let min_zoom = layers.iter().map(|l| l.min_zoom).min().unwrap_or(0);
        SetInfo { layers, min_zoom, max_zoom: DATA_ZOOM, bounds: self.bounds }
    }

    /// Set `units`, uncompressed MVT 2.1 (extent 4096, buffer 64): one polygon layer a level, named by its key; `boundaries`, each
    /// line once with the highest `level` it separates; `labels`, one point a unit. Empty when nothing lies in the tile.
    #[must_use]
    pub fn units(&self, snapshot: &Snapshot, coord: TileCoord) -> Vec<u8> {
        let mut tile = mvt::Writer::new();
        self.units.draw(snapshot, coord, BUFFER, &mut tile);
        tile.finish()
    }

    /// Set `issues`: `cells` with `n` below zoom 14, `points` from there. Neither holds an identifier, an address or a text, and
    /// where fewer than `k` issues of the filter share a cell, nothing is shown: give [`PUBLIC_K`] unless the reader may
    /// see single issues. Points stand anywhere in the square that they share, and what was said in confidence is none.
    #[must_use]
    pub fn issues(&self, snapshot: &Snapshot, filter: &IssueFilter, k: u32, coord: TileCoord) -> Vec<u8> {
        let mut tile = mvt::Writer::new();
        self.issues.draw(&snapshot.issues, filter, k, coord, &mut tile);
        tile.finish()
    }

    /// Set `places`: one point a place, coarse kinds first.
    #[must_use]
    pub fn places(&self, snapshot: &Snapshot, coord: TileCoord) -> Vec<u8> {
        let mut tile = mvt::Writer::new();
        self.places.draw(&snapshot.places, coord, &mut tile);
        tile.finish()
    }

    /// Set `base`: `green`, `water`, `waterway`, `road`, `building` of [`Snapshot::base`], and `names` of its lines.
    #[must_use]
    pub fn base(&self, snapshot: &Snapshot, coord: TileCoord) -> Vec<u8> {
        let mut tile = mvt::Writer::new();
        self.base.draw(&snapshot.base, &Frame::new(coord, BUFFER), &mut tile);
        self.base.draw_names(&snapshot.base, coord, &mut tile);
        tile.finish()
    }

    /// The lines and areas of `units` or `base` in any square, in its units, for drawing.
    pub(crate) fn draw(&self, snapshot: &Snapshot, set: TileSet, frame: &Frame, sink: &mut dyn Sink) {
        match set {
            TileSet::Units => self.units.draw_shapes(snapshot, frame, sink),
            TileSet::Base => self.base.draw(&snapshot.base, frame, sink),
            TileSet::Places | TileSet::Issues => {}
        }
    }

    /// Every point of `labels` and `places`, and the names of lines of `base` at a zoom of 512-pixel tiles, in world steps: for placing names
    /// district-wide.
    pub(crate) fn points_everywhere(&self, snapshot: &Snapshot, zoom: u8, sink: &mut dyn Sink) {
        sink.layer("labels");
        self.units.labels.everywhere(&snapshot.hierarchy, &self.units.levels, sink);
        sink.layer("places");
        self.places.everywhere(&snapshot.places, sink);
        self.base.names_everywhere(&snapshot.base, zoom, sink);
    }
}
