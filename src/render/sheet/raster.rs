//! PNG: the page drawn in bands, so that an A0 sheet needs no more memory than a tile.

use std::collections::BTreeMap;

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, PixmapPaint, StrokeDash, Transform,
};

use super::outline::{self, Piece};
use super::scene::{BOLD, Bend, Colour, Op, PER_MM, Run, Scene, Stroke};
use super::svg::opaque;
use crate::render::RenderFault;
use crate::tile::feature::{Geometry, Shape};

/// Rows of pixels drawn at once.
const BAND: u32 = 384;
const MM_PER_INCH: f64 = 25.4;

/// Width and height of a page in pixels.
pub(super) fn pixels(scene: &Scene, dpi: f64) -> (u32, u32) {
    let px = |steps: i32| (f64::from(steps) / PER_MM / MM_PER_INCH * dpi).round().clamp(1.0, 1e6) as u32;
    (px(scene.width), px(scene.height))
}

/// Writes a page. Memory: two bands, and the paths of the page.
pub(super) fn write(scene: &Scene, dpi: f64) -> Result<Vec<u8>, RenderFault> {
    let (width, height) = pixels(scene, dpi);
    let fault = |e: png::EncodingError| RenderFault::Encode(e.to_string());
    let mut out = Vec::with_capacity(1 << 20);
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_filter(png::Filter::Up);
    encoder.set_deflate_compression(png::DeflateCompression::Level(4));
    let per_metre = (dpi / MM_PER_INCH * 1000.0).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header().map_err(fault)?;
    let mut stream = writer.stream_writer().map_err(fault)?;
    let press = Press { outlines: outlines(scene), scale: (dpi / MM_PER_INCH / PER_MM) as f32 };
    let ready = press.prepare(&scene.ops);
    let memory = || RenderFault::Encode(format!("no memory for {width} × {BAND} pixels"));
    let mut row = 0;
    while row < height {
        let rows = BAND.min(height - row);
        let mut band = Pixmap::new(width, rows).ok_or_else(memory)?;
        band.fill(Color::WHITE);
        draw(&ready, row, None, &mut band);
        let rgb: Vec<u8> = band.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        std::io::Write::write_all(&mut stream, &rgb).map_err(|e| RenderFault::Encode(e.to_string()))?;
        row += rows;
    }
    stream.finish().map_err(fault)?;
    writer.finish().map_err(fault)?;
    Ok(out)
}

fn outlines(scene: &Scene) -> BTreeMap<u16, Path> {
    let mut paths = BTreeMap::new();
    for (glyph, pieces) in outline::of_runs(&scene.font, scene.runs()) {
        let mut path = PathBuilder::new();
        let f = |v: i32| v as f32;
        for piece in pieces {
            match piece {
                Piece::Move(x, y) => path.move_to(f(x), f(y)),
                Piece::Line(x, y) => path.line_to(f(x), f(y)),
                Piece::Quad([a, b, x, y]) => path.quad_to(f(a), f(b), f(x), f(y)),
                Piece::Cubic([a, b, c, d, x, y]) => path.cubic_to(f(a), f(b), f(c), f(d), f(x), f(y)),
                Piece::Close => path.close(),
            }
        }
        if let Some(path) = path.finish() {
            paths.insert(glyph, path);
        }
    }
    paths
}

/// What is left to do once lines are areas and everything is in pixels.
enum Ready {
    Area(Path, Colour),
    /// Opaque areas, laid down together.
    Layer(Vec<(Path, Colour)>, u8),
    Clip(Path, Vec<Ready>),
}

struct Press {
    outlines: BTreeMap<u16, Path>,
    /// Pixels in a step.
    scale: f32,
}

impl Press {
    fn prepare(&self, ops: &[Op]) -> Vec<Ready> {
        let mut ready = Vec::new();
        for op in ops {
            match op {
                Op::Fill(mosaic) => {
                    let ground = mosaic.ground();
                    let fills = ground.iter().chain(&mosaic.tiles);
                    let areas: Vec<(Path, Colour)> =
                        fills.filter_map(|(c, shape)| Some((self.path(shape)?, opaque(*c)))).collect();
                    match mosaic.opacity {
                        255 => ready.extend(areas.into_iter().map(|(path, colour)| Ready::Area(path, colour))),
                        opacity => ready.push(Ready::Layer(areas, opacity)),
                    }
                }
                Op::Stroke(line) => {
                    ready.extend(self.stroked(line).into_iter().map(|(path, colour)| Ready::Area(path, colour)));
                }
                Op::Dot { x, y, radius, colour } => {
                    let (x, y, r) = (*x as f32 * self.scale, *y as f32 * self.scale, *radius as f32 * self.scale);
                    ready.extend(PathBuilder::from_circle(x, y, r).map(|path| Ready::Area(path, *colour)));
                }
                Op::Text(run) => ready.extend(self.set(run)),
                Op::Clip([x0, y0, x1, y1], inner) => {
                    let at = [x0, y0, x1, y1].map(|v| *v as f32 * self.scale);
                    if let Some(rect) = tiny_skia::Rect::from_ltrb(at[0], at[1], at[2], at[3]) {
                        ready.push(Ready::Clip(PathBuilder::from_rect(rect), self.prepare(inner)));
                    }
                }
            }
        }
        ready
    }

    fn path(&self, shape: &Shape) -> Option<Path> {
        let mut path = PathBuilder::new();
        for part in shape.parts() {
            self.part(part, shape.geometry == Geometry::Polygon, &mut path);
        }
        path.finish()
    }

    fn part(&self, part: &[(i32, i32)], closed: bool, path: &mut PathBuilder) {
        let mut points = part.iter().map(|(x, y)| (*x as f32 * self.scale, *y as f32 * self.scale));
        if let Some((x, y)) = points.next() {
            path.move_to(x, y);
        }
        points.for_each(|(x, y)| path.line_to(x, y));
        if closed {
            path.close();
        }
    }

    /// The areas that a stroke inks: one a part where overlaps do not show, so that each band looks only at its own.
    fn stroked(&self, line: &Stroke) -> Vec<(Path, Colour)> {
        let stroke = tiny_skia::Stroke {
            width: line.width as f32 * self.scale,
            line_cap: if line.cap == Bend::Round { LineCap::Round } else { LineCap::Butt },
            line_join: if line.join == Bend::Round { LineJoin::Round } else { LineJoin::Miter },
            ..tiny_skia::Stroke::default()
        };
        let dash = StrokeDash::new(line.dashes.iter().map(|d| *d as f32 * self.scale).collect(), 0.0);
        let inked = |path: Path| {
            let dashed = match &dash {
                Some(dash) => path.dash(dash, 1.0)?,
                None => path,
            };
            Some((dashed.stroke(&stroke, 1.0)?, line.colour))
        };
        if line.colour[3] < 255 {
            return self.path(&line.path).and_then(inked).into_iter().collect();
        }
        let closed = line.path.geometry == Geometry::Polygon;
        let part = |part: &[(i32, i32)]| {
            let mut path = PathBuilder::new();
            self.part(part, closed, &mut path);
            inked(path.finish()?)
        };
        line.path.parts().filter_map(part).collect()
    }

    fn set(&self, run: &Run) -> Vec<Ready> {
        let em = run.size as f32 * self.scale / outline::EM;
        let (x, y) = (run.x as f32 * self.scale, run.y as f32 * self.scale);
        let mut whole = PathBuilder::new();
        for (glyph, at) in &run.glyphs {
            let Some(outline) = self.outlines.get(glyph) else { continue };
            let place = Transform::from_row(em, 0.0, 0.0, -em, x + *at as f32 * em, y);
            if let Some(path) = outline.clone().transform(place) {
                whole.push_path(&path);
            }
        }
        let Some(path) = whole.finish() else { return Vec::new() };
        let around = |width: f32, colour: Colour| {
            let stroke = tiny_skia::Stroke { width, line_join: LineJoin::Round, ..tiny_skia::Stroke::default() };
            path.stroke(&stroke, 1.0).map(|path| Ready::Area(path, colour))
        };
        let mut ready = Vec::new();
        if let Some((colour, radius)) = run.halo {
            ready.extend(around(radius as f32 * 2.0 * self.scale, colour));
        }
        if run.bold {
            ready.extend(around(BOLD as f32 * em, run.colour));
        }
        ready.push(Ready::Area(path, run.colour));
        ready
    }
}

fn draw(ready: &[Ready], top: u32, mask: Option<&Mask>, band: &mut Pixmap) {
    let (low, high) = (top as f32 - 1.0, (top + band.height()) as f32 + 1.0);
    let meets = |path: &Path| path.bounds().top() < high && path.bounds().bottom() > low;
    for piece in ready {
        match piece {
            Ready::Area(path, colour) if meets(path) => area(path, *colour, top, mask, band),
            Ready::Layer(areas, opacity) if areas.iter().any(|(path, _)| meets(path)) => {
                let Some(mut layer) = Pixmap::new(band.width(), band.height()) else { continue };
                for (path, colour) in areas.iter().filter(|(path, _)| meets(path)) {
                    area(path, *colour, top, None, &mut layer);
                }
                let paint = PixmapPaint { opacity: f32::from(*opacity) / 255.0, ..PixmapPaint::default() };
                band.draw_pixmap(0, 0, layer.as_ref(), &paint, Transform::identity(), mask);
            }
            Ready::Clip(frame, inner) if meets(frame) => {
                let Some(mut mask) = Mask::new(band.width(), band.height()) else { continue };
                let down = Transform::from_translate(0.0, -(top as f32));
                mask.fill_path(frame, FillRule::Winding, true, down);
                draw(inner, top, Some(&mask), band);
            }
            _ => {}
        }
    }
}

fn area(path: &Path, [r, g, b, a]: Colour, top: u32, mask: Option<&Mask>, band: &mut Pixmap) {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, a);
    let down = Transform::from_translate(0.0, -(top as f32));
    band.fill_path(path, &paint, FillRule::Winding, down, mask);
}
