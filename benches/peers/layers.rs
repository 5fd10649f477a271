//! The layers of our vector tiles as files for others: a table for PostGIS (`NAME.tsv`, geometries as text in degrees) and lines of GeoJSON for
//! tippecanoe (`NAME.geojsonl`), so that all draw the same things.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use fast_mvt::{MvtReaderRef, MvtValueRef};
use serde_json::{Map, Value, json};
use wangge::coverage::region::{Group, ranks, trace};
use wangge::coverage::{ArcIx, Coverage, HalfArc, LatticePoint};
use wangge::crs::mercator::WorldCell;
use wangge::service::tiles::covering;
use wangge::snapshot::Snapshot;
use wangge::tile::feature::EXTENT;
use wangge::tile::{DATA_ZOOM, Pyramid, TileSet};

use crate::Fallible;

/// A layer as others have it.
pub struct Layer {
    pub name: String,
    /// Names and types of its attributes.
    pub columns: Vec<(&'static str, &'static str)>,
    /// How far beyond a tile it is drawn, in units of 1/4096.
    pub buffer: u8,
    features: Vec<Feature>,
}

struct Feature {
    /// The first zoom that shows it.
    first: u8,
    attributes: Map<String, Value>,
    geometry: Geometry,
}

enum Geometry {
    Polygons(Vec<Vec<Vec<[f64; 2]>>>),
    Line(Vec<[f64; 2]>),
    Point([f64; 2]),
}

type Degrees<'a> = &'a dyn Fn(LatticePoint) -> [f64; 2];

/// The levels top first, `boundaries` and `labels`.
pub fn all(snapshot: &Snapshot, pyramid: &Pyramid) -> Fallible<Vec<Layer>> {
    let lattice = snapshot.coverage.lattice();
    let degrees = |p: LatticePoint| <[f64; 2]>::from(lattice.degrees(p));
    let mut layers: Vec<Layer> = (0..pyramid.levels().len()).map(|l| level(snapshot, pyramid, l, &degrees)).collect();
    layers.push(boundaries(snapshot, pyramid, &degrees));
    layers.push(labels(snapshot, pyramid)?);
    Ok(layers)
}

fn level(snapshot: &Snapshot, pyramid: &Pyramid, level: usize, degrees: Degrees<'_>) -> Layer {
    let Snapshot { coverage, hierarchy, .. } = snapshot;
    let info = &pyramid.levels()[level];
    let traced = trace(coverage, &hierarchy.groups(level as u8), hierarchy.units().len());
    let closed = |ring: &Vec<LatticePoint>| ring.iter().chain(ring.first()).map(|p| degrees(*p)).collect();
    let features = hierarchy.at_level(level as u8).map(|(ix, unit)| {
        let parent = unit.parent.map_or("", |parent| &hierarchy.unit(parent).code);
        let attributes = json!({
            "code": unit.code, "name": unit.name, "parent": parent, "class": unit.class,
            "households": unit.households, "population": unit.population,
        });
        let polygons = coverage.polygons(&traced[ix.ix()]);
        let polygons = polygons.iter().map(|rings| rings.iter().map(closed).collect());
        Feature {
            first: info.min_zoom,
            attributes: object(attributes),
            geometry: Geometry::Polygons(polygons.collect()),
        }
    });
    let text = ["code", "name", "parent", "class"].map(|name| (name, "text"));
    let numbers = ["households", "population"].map(|name| (name, "int8"));
    let columns = text.into_iter().chain(numbers).collect();
    Layer { name: info.key.clone(), columns, buffer: 64, features: features.collect() }
}

/// Every line once with the highest level that it separates, as long as no third line of its class meets it.
fn boundaries(snapshot: &Snapshot, pyramid: &Pyramid, degrees: Degrees<'_>) -> Layer {
    let Snapshot { coverage, hierarchy, .. } = snapshot;
    let groups: Vec<Vec<Group>> = (0..hierarchy.levels()).map(|l| hierarchy.groups(l as u8)).collect();
    let nobody = |face: usize| groups.last().is_none_or(|leaf| leaf[face] == Group::NONE);
    let classes: Vec<Option<(u8, bool)>> = (ranks(coverage, &groups).into_iter().zip(coverage.arcs()))
        .map(|(level, arc)| {
            let outline = nobody(arc.left.ix()) || nobody(arc.right.ix());
            (usize::from(level) < groups.len()).then_some((level, outline))
        })
        .collect();
    let features = chained(coverage, &classes).into_iter().map(|((level, outline), halves)| {
        let key = &pyramid.levels()[usize::from(level)].key;
        let mut line: Vec<[f64; 2]> = Vec::new();
        for half in halves {
            let shared = usize::from(!line.is_empty());
            line.extend(coverage.half_points(half).skip(shared).map(degrees));
        }
        let attributes = object(json!({"level": level, "level_key": key, "outline": outline}));
        Feature { first: 0, attributes, geometry: Geometry::Line(line) }
    });
    let columns = vec![("level", "int8"), ("level_key", "text"), ("outline", "bool")];
    Layer { name: "boundaries".to_owned(), columns, buffer: 64, features: features.collect() }
}

/// Arcs of one class in a row, through junctions where no third one of the class ends.
fn chained(coverage: &Coverage, classes: &[Option<(u8, bool)>]) -> Vec<((u8, bool), Vec<HalfArc>)> {
    let halves = || (0..coverage.arcs().len() as u32).flat_map(|a| [false, true].map(|r| HalfArc::new(ArcIx(a), r)));
    let class = |half: HalfArc| classes[half.arc().ix()];
    let begins = |half: HalfArc| {
        let arc = &coverage.arcs()[half.arc().ix()];
        if half.reversed() { arc.to } else { arc.from }
    };
    let mut leaving = vec![Vec::new(); coverage.junctions().len()];
    halves().for_each(|half| leaving[begins(half).ix()].push(half));
    let onward = |half: HalfArc| {
        let alike: Vec<HalfArc> =
            leaving[begins(half.twin()).ix()].iter().copied().filter(|other| class(*other) == class(half)).collect();
        (alike.len() == 2).then(|| alike.into_iter().find(|other| *other != half.twin())).flatten()
    };
    let mut used = vec![false; coverage.arcs().len()];
    let mut found = Vec::new();
    for closed in [false, true] {
        for half in halves() {
            let Some(its) = class(half) else { continue };
            if used[half.arc().ix()] || !closed && onward(half.twin()).is_some() {
                continue;
            }
            let mut chain = Vec::new();
            let mut at = Some(half);
            while let Some(next) = at.filter(|next| !used[next.arc().ix()]) {
                used[next.arc().ix()] = true;
                chain.push(next);
                at = onward(next);
            }
            found.push((its, chain));
        }
    }
    found
}

/// As our tiles of the last zoom have them: these hold all.
fn labels(snapshot: &Snapshot, pyramid: &Pyramid) -> Fallible<Layer> {
    let mut found = BTreeMap::new();
    for coord in covering(pyramid.info(TileSet::Units).bounds, DATA_ZOOM) {
        let bytes = pyramid.units(snapshot, coord);
        let reader = MvtReaderRef::new(&bytes)?;
        for feature in reader.layers().filter(|layer| layer.name() == "labels").flat_map(|layer| layer.features()) {
            let mut attributes = Map::new();
            for property in feature.properties() {
                let (name, value) = property?;
                attributes.insert(name.to_owned(), plain(value));
            }
            let &[_, x, y] = feature.geometry_commands() else { return Err("a label is no single point".into()) };
            // The first step of a geometry, which is zigzag-coded, begins at the tile's corner; a label is inside.
            let step = |tile: u32, at: u32| tile as i32 * EXTENT + (at / 2) as i32;
            let at = WorldCell { x: step(coord.x(), x), y: step(coord.y(), y) }.position();
            let zoom = |name: &str| attributes.get(name).and_then(Value::as_f64).unwrap_or(f64::MAX);
            let first = zoom("min_zoom").min(zoom("short_zoom")).floor().min(f64::from(DATA_ZOOM)) as u8;
            let geometry = Geometry::Point([at.lon(), at.lat()]);
            found.insert(feature.id(), Feature { first, attributes, geometry });
        }
    }
    let text = ["code", "name", "own", "short", "level_key"].map(|name| (name, "text"));
    let numbers = [("level", "int8"), ("min_zoom", "float8"), ("short_zoom", "float8"), ("rank", "int8")];
    let columns = text.into_iter().chain(numbers).collect();
    Ok(Layer { name: "labels".to_owned(), columns, buffer: 0, features: found.into_values().collect() })
}

fn plain(value: MvtValueRef<'_>) -> Value {
    match value {
        MvtValueRef::String(text) => text.into(),
        MvtValueRef::Float(number) => number.into(),
        MvtValueRef::Double(number) => number.into(),
        MvtValueRef::Int(number) | MvtValueRef::SInt(number) => number.into(),
        MvtValueRef::UInt(number) => number.into(),
        MvtValueRef::Bool(flag) => flag.into(),
        MvtValueRef::Null => Value::Null,
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Geometry {
    fn geojson(&self) -> Value {
        let (kind, coordinates) = match self {
            Self::Polygons(polygons) => ("MultiPolygon", json!(polygons)),
            Self::Line(line) => ("LineString", json!(line)),
            Self::Point(at) => ("Point", json!(at)),
        };
        json!({"type": kind, "coordinates": coordinates})
    }

    fn text(&self) -> String {
        let pair = |at: &[f64; 2]| format!("{} {}", at[0], at[1]);
        let line = |line: &Vec<[f64; 2]>| format!("({})", line.iter().map(pair).collect::<Vec<_>>().join(","));
        let polygon =
            |rings: &Vec<Vec<[f64; 2]>>| format!("({})", rings.iter().map(line).collect::<Vec<_>>().join(","));
        match self {
            Self::Polygons(polygons) => {
                format!("MULTIPOLYGON({})", polygons.iter().map(polygon).collect::<Vec<_>>().join(","))
            }
            Self::Line(points) => format!("LINESTRING{}", line(points)),
            Self::Point(at) => format!("POINT({})", pair(at)),
        }
    }
}

impl Layer {
    /// `NAME.geojsonl` and `NAME.tsv`: the first zoom, the attributes, the geometry.
    pub fn write(&self, folder: &Path) -> Fallible<()> {
        let create = |kind: &str| File::create(folder.join(format!("{}.{kind}", self.name))).map(BufWriter::new);
        let (mut lines, mut table) = (create("geojsonl")?, create("tsv")?);
        for Feature { first, attributes, geometry } in &self.features {
            let feature = json!({
                "type": "Feature", "tippecanoe": {"minzoom": first}, "properties": attributes, "geometry": geometry.geojson(),
            });
            writeln!(lines, "{feature}")?;
            write!(table, "{first}\t")?;
            for (name, _) in &self.columns {
                let cell = match attributes.get(*name) {
                    Some(Value::String(text)) => text.replace(['\t', '\n', '\\'], " "),
                    Some(value) => value.to_string(),
                    None => "\\N".to_owned(),
                };
                write!(table, "{cell}\t")?;
            }
            writeln!(table, "{}", geometry.text())?;
        }
        lines.flush()?;
        Ok(table.flush()?)
    }

    /// What PostgreSQL calls the columns of its table.
    pub fn declared(&self) -> String {
        let columns = self.columns.iter().map(|(name, kind)| format!("{name} {kind}, "));
        format!("first int4, {}shape geometry", columns.collect::<String>())
    }

    /// One layer of a tile as PostGIS is usually asked for it, nothing simplified.
    pub fn statement(&self) -> String {
        let Self { name, buffer, .. } = self;
        let columns = self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let margin = f64::from(*buffer) / f64::from(EXTENT);
        format!(
            "coalesce((SELECT ST_AsMVT(t, '{name}', 4096, 'shape') FROM (SELECT {columns}, \
             ST_AsMVTGeom(shape, ST_TileEnvelope($1, $2, $3), 4096, {buffer}, true) AS shape FROM {name} WHERE $1 >= first AND \
             shape && ST_TileEnvelope($1, $2, $3, margin => {margin})) t), '')"
        )
    }
}
