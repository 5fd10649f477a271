//! One map tile without its names: the layers of the style over each other.

use tiny_skia::{Color, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

use super::RenderFault;
use super::expression::{Scene, Val};
use super::fill::Fills;
use super::points::{PIXEL_BITS, style_zoom, val};
use super::style::{Kind, Layer, Style};
use crate::snapshot::Snapshot;
use crate::tile::feature::{EXTENT, Geometry, Shape, Sink, Tag};
use crate::tile::{Pyramid, TileCoord, TileSet};

/// What is drawn beyond the tile so that strokes meet across its edge, in tile units: 16 logical pixels.
const BUFFER: i32 = 256;

/// Draws everything but points.
pub(super) fn draw(
    style: &Style,
    snapshot: &Snapshot,
    pyramid: &Pyramid,
    coord: TileCoord,
    scale: u8,
) -> Result<Pixmap, RenderFault> {
    let side = u32::from(scale) << PIXEL_BITS;
    let mut picture =
        Pixmap::new(side, side).ok_or_else(|| RenderFault::Png(format!("no memory for {side} × {side} pixels")))?;
    picture.fill(Color::WHITE);
    let mut fills = Fills::new(side as usize, side as usize);
    let zoom = style_zoom(coord.z());
    let shown: Vec<&Layer> = style.layers.iter().filter(|l| l.shows_at(zoom)).collect();
    let collected: Vec<Collected> = TileSet::ALL
        .iter()
        .map(|set| {
            let mut collected = Collected::wanting(&shown, set.name());
            if !collected.wanted.is_empty() {
                pyramid.draw(snapshot, *set, coord, BUFFER, &mut collected);
            }
            collected
        })
        .collect();
    for layer in shown {
        let found = collected.iter().find(|c| c.set == layer.source).and_then(|c| c.layer(&layer.source_layer));
        let features = found.unwrap_or_default();
        match layer.kind {
            Kind::Background => background(layer, zoom, &mut picture),
            Kind::Fill => fill(layer, features, zoom, scale, &mut fills, &mut picture),
            Kind::Line => stroke(layer, features, zoom, scale, &mut picture),
            Kind::Circle | Kind::Symbol => {}
        }
    }
    Ok(picture)
}

/// A feature with the attributes that a style asks for.
pub(super) struct Drawn {
    pub tags: Vec<(&'static str, Val)>,
    pub shape: Shape,
}

/// The features of one set that some layer of the style draws, with the attributes it asks for.
pub(super) struct Collected {
    pub set: &'static str,
    pub wanted: Vec<(String, Vec<String>)>,
    layers: Vec<(String, Vec<Drawn>)>,
}

impl Collected {
    pub(super) fn wanting(layers: &[&Layer], set: &'static str) -> Self {
        let mut wanted: Vec<(String, Vec<String>)> = Vec::new();
        for layer in layers.iter().filter(|l| l.source == set && matches!(l.kind, Kind::Fill | Kind::Line)) {
            match wanted.iter_mut().find(|(name, _)| *name == layer.source_layer) {
                Some((_, keys)) => keys.extend(layer.keys()),
                None => wanted.push((layer.source_layer.clone(), layer.keys())),
            }
        }
        Self { set, wanted, layers: Vec::new() }
    }

    pub(super) fn layer(&self, name: &str) -> Option<&[Drawn]> {
        self.layers.iter().find(|(n, _)| n == name).map(|(_, features)| features.as_slice())
    }
}

impl Sink for Collected {
    fn wants(&self, layer: &str) -> bool {
        self.wanted.iter().any(|(name, _)| name == layer)
    }

    fn layer(&mut self, name: &str) {
        self.layers.push((name.to_owned(), Vec::new()));
    }

    fn feature(&mut self, _: Option<u64>, tags: &[Tag<'_>], shape: &Shape) {
        let Some((name, features)) = self.layers.last_mut() else { return };
        let Some((_, keys)) = self.wanted.iter().find(|(n, _)| n == name) else { return };
        let asked = tags.iter().filter(|(k, _)| keys.iter().any(|key| key == k));
        features.push(Drawn { tags: asked.map(|(k, v)| (*k, val(v))).collect(), shape: shape.clone() });
    }
}

impl Drawn {
    pub(super) const fn scene(&self, zoom: f64) -> Scene<'_> {
        let geometry = match self.shape.geometry {
            Geometry::Point => "Point",
            Geometry::Line => "LineString",
            Geometry::Polygon => "Polygon",
        };
        Scene { zoom, geometry, tags: self.tags.as_slice() }
    }
}

fn background(layer: &Layer, zoom: f64, picture: &mut Pixmap) {
    let scene = Scene { zoom, geometry: "", tags: &[] };
    let [r, g, b, a] = layer.colour("background-color", [0.0, 0.0, 0.0, 1.0], "background-opacity", &scene);
    if let Some(colour) = Color::from_rgba(r.clamp(0.0, 1.0), g.clamp(0.0, 1.0), b.clamp(0.0, 1.0), a.clamp(0.0, 1.0)) {
        picture.fill(colour);
    }
}

pub(super) fn accepted<'a>(
    layer: &'a Layer,
    features: &'a [Drawn],
    zoom: f64,
) -> impl Iterator<Item = (&'a Drawn, Scene<'a>)> {
    let with_scene = features.iter().map(move |f| (f, f.scene(zoom)));
    with_scene.filter(|(_, scene)| layer.filter.as_ref().is_none_or(|f| f.truth(scene)))
}

fn fill(layer: &Layer, features: &[Drawn], zoom: f64, scale: u8, fills: &mut Fills, picture: &mut Pixmap) {
    // 256 logical pixels are 4096 units: a unit is 16/256 of a pixel.
    let unit = i32::from(scale) << (8 + PIXEL_BITS) >> EXTENT.trailing_zeros();
    let mut any = false;
    for (feature, scene) in accepted(layer, features, zoom).filter(|(f, _)| f.shape.geometry == Geometry::Polygon) {
        let colour = layer.colour("fill-color", [0.0, 0.0, 0.0, 1.0], "fill-opacity", &scene);
        if colour[3] > 0.0 {
            fills.add(&feature.shape, unit, colour);
            any = true;
        }
    }
    if any {
        fills.lay(picture);
    }
}

/// How a line looks; neighbours in the list that look the same are stroked together, so that they do not darken where they meet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Look {
    pub colour: [f32; 4],
    pub width: f32,
    pub dashes: Vec<f32>,
    pub cap: LineCap,
    pub join: LineJoin,
}

pub(super) fn look(layer: &Layer, scene: &Scene<'_>) -> Look {
    let word = |name: &str| match layer.property(name).map(|e| e.eval(scene)) {
        Some(Val::Text(word)) => word,
        _ => String::new(),
    };
    let width = layer.number("line-width", 1.0, scene).clamp(0.0, 64.0) as f32;
    let dashes = match layer.property("line-dasharray").map(|e| e.eval(scene)) {
        Some(Val::List(items)) => items,
        _ => Vec::new(),
    };
    let length = |v: &Val| if let Val::Num(n) = v { Some(*n as f32 * width) } else { None };
    Look {
        colour: layer.colour("line-color", [0.0, 0.0, 0.0, 1.0], "line-opacity", scene),
        width,
        dashes: dashes.iter().filter_map(length).collect(),
        cap: cap(&word("line-cap")),
        join: join(&word("line-join")),
    }
}

fn cap(word: &str) -> LineCap {
    match word {
        "round" => LineCap::Round,
        "square" => LineCap::Square,
        _ => LineCap::Butt,
    }
}

fn join(word: &str) -> LineJoin {
    match word {
        "round" => LineJoin::Round,
        "bevel" => LineJoin::Bevel,
        _ => LineJoin::Miter,
    }
}

fn stroke(layer: &Layer, features: &[Drawn], zoom: f64, scale: u8, picture: &mut Pixmap) {
    let mut waiting: Option<(Look, PathBuilder)> = None;
    for (feature, scene) in accepted(layer, features, zoom).filter(|(f, _)| f.shape.geometry != Geometry::Point) {
        let look = look(layer, &scene);
        if look.width <= 0.0 || look.colour[3] <= 0.0 {
            continue;
        }
        let path = match &mut waiting {
            Some((same, path)) if *same == look => path,
            other => {
                if let Some((look, path)) = other.take() {
                    finish(&look, path, scale, picture);
                }
                &mut other.insert((look, PathBuilder::new())).1
            }
        };
        trace(&feature.shape, path);
    }
    if let Some((look, path)) = waiting {
        finish(&look, path, scale, picture);
    }
}

fn trace(shape: &Shape, path: &mut PathBuilder) {
    for part in shape.parts() {
        let mut points = part.iter().map(|p| (p.0 as f32, p.1 as f32));
        if let Some((x, y)) = points.next() {
            path.move_to(x, y);
        }
        points.for_each(|(x, y)| path.line_to(x, y));
        if shape.geometry == Geometry::Polygon {
            path.close();
        }
    }
}

fn finish(look: &Look, path: PathBuilder, scale: u8, picture: &mut Pixmap) {
    // Tile units to pixels; the stroke's width is scaled along with the path.
    let pixel = f32::from(scale) * (1u32 << PIXEL_BITS) as f32 / EXTENT as f32;
    let logical = EXTENT as f32 / (1u32 << PIXEL_BITS) as f32;
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    let [r, g, b, a] = look.colour.map(|c| c.clamp(0.0, 1.0));
    if let Some(colour) = Color::from_rgba(r, g, b, a) {
        paint.set_color(colour);
    }
    let stroke = Stroke {
        width: look.width * logical,
        line_cap: look.cap,
        line_join: look.join,
        dash: StrokeDash::new(look.dashes.iter().map(|d| d * logical).collect(), 0.0),
        ..Stroke::default()
    };
    if let Some(path) = path.finish() {
        picture.stroke_path(&path, &paint, &stroke, Transform::from_scale(pixel, pixel), None);
    }
}
