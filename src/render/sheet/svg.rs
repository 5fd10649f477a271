//! SVG 1.1: lines and areas as paths, glyphs as outlines drawn once and referred to, so that a viewer needs no font.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::outline::{self, Piece};
use super::scene::{BOLD, Bend, Colour, Mosaic, Op, PER_MM, Run, Scene, Stroke};
use crate::render::xml::escape;
use crate::tile::feature::{Geometry, Shape};

/// Writes a page. Writing to a `String` cannot fail, so what the writers return is of no interest.
pub(super) fn write(scene: &Scene) -> String {
    let mut out = String::with_capacity(1 << 20);
    let (w, h) = (scene.width, scene.height);
    let (w_mm, h_mm) = (f64::from(w) / PER_MM, f64::from(h) / PER_MM);
    let _ = write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         width=\"{w_mm}mm\" height=\"{h_mm}mm\" viewBox=\"0 0 {w} {h}\">\n<title>{}</title>\n<desc>{} · {}</desc>\n<defs>\n",
        escaped(&scene.title),
        escaped(&scene.author),
        scene.day,
    );
    for (glyph, pieces) in outline::of_runs(&scene.font, scene.runs()) {
        let _ = write!(out, "<path id=\"g{glyph}\" d=\"");
        glyph_path(&pieces, &mut out);
        out.push_str("\"/>\n");
    }
    let mut frames = BTreeSet::new();
    collect_frames(&scene.ops, &mut frames);
    for [x0, y0, x1, y1] in &frames {
        let (w, h) = (x1 - x0, y1 - y0);
        let _ = writeln!(
            out,
            "<clipPath id=\"c{x0}-{y0}-{x1}-{y1}\"><rect x=\"{x0}\" y=\"{y0}\" width=\"{w}\" height=\"{h}\"/></clipPath>"
        );
    }
    let _ = writeln!(out, "</defs>\n<rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>");
    draw(&scene.ops, &mut out);
    out.push_str("</svg>\n");
    out
}

fn collect_frames(ops: &[Op], frames: &mut BTreeSet<[i32; 4]>) {
    for op in ops {
        if let Op::Clip(frame, inner) = op {
            frames.insert(*frame);
            collect_frames(inner, frames);
        }
    }
}

fn draw(ops: &[Op], out: &mut String) {
    for op in ops {
        match op {
            Op::Fill(mosaic) => fill(mosaic, out),
            Op::Stroke(line) => stroke(line, out),
            Op::Dot { x, y, radius, colour } => {
                let _ = write!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"");
                paint("fill", *colour, out);
                out.push_str("/>\n");
            }
            Op::Text(run) => text(run, out),
            Op::Clip([x0, y0, x1, y1], inner) => {
                let _ = writeln!(out, "<g clip-path=\"url(#c{x0}-{y0}-{x1}-{y1})\">");
                draw(inner, out);
                out.push_str("</g>\n");
            }
        }
    }
}

fn fill(mosaic: &Mosaic, out: &mut String) {
    let group = mosaic.opacity < 255;
    if group {
        let _ = writeln!(out, "<g opacity=\"{}\">", share(mosaic.opacity));
    }
    let ground = mosaic.ground();
    for (colour, shape) in ground.iter().chain(&mosaic.tiles) {
        out.push_str("<path");
        paint("fill", opaque(*colour), out);
        out.push_str(" d=\"");
        path(shape, out);
        out.push_str("\"/>\n");
    }
    if group {
        out.push_str("</g>\n");
    }
}

pub(super) const fn opaque([r, g, b]: [u8; 3]) -> Colour {
    [r, g, b, 255]
}

fn stroke(line: &Stroke, out: &mut String) {
    out.push_str("<path fill=\"none\"");
    paint("stroke", line.colour, out);
    let _ = write!(out, " stroke-width=\"{}\"", rounded(line.width));
    if line.cap == Bend::Round {
        out.push_str(" stroke-linecap=\"round\"");
    }
    if line.join == Bend::Round {
        out.push_str(" stroke-linejoin=\"round\"");
    }
    if !line.dashes.is_empty() {
        let dashes: Vec<String> = line.dashes.iter().map(|d| rounded(*d).to_string()).collect();
        let _ = write!(out, " stroke-dasharray=\"{}\"", dashes.join(" "));
    }
    out.push_str(" d=\"");
    path(&line.path, out);
    out.push_str("\"/>\n");
}

/// To tenths of a step.
pub(super) fn rounded(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

fn share(opacity: u8) -> f64 {
    (f64::from(opacity) / 255.0 * 1000.0).round() / 1000.0
}

fn paint(what: &str, [r, g, b, a]: Colour, out: &mut String) {
    let _ = write!(out, " {what}=\"#{r:02x}{g:02x}{b:02x}\"");
    if a < 255 {
        let _ = write!(out, " {what}-opacity=\"{}\"", share(a));
    }
}

/// Moves are absolute, lines relative: the numbers are short then.
fn path(shape: &Shape, out: &mut String) {
    for part in shape.parts() {
        let Some((&(x, y), rest)) = part.split_first() else { continue };
        let _ = write!(out, "M{x} {y}");
        let mut last = (x, y);
        for (i, &(x, y)) in rest.iter().enumerate() {
            let (dx, dy) = (x - last.0, y - last.1);
            out.push(if i == 0 { 'l' } else { ' ' });
            let _ = write!(out, "{dx} {dy}");
            last = (x, y);
        }
        if shape.geometry == Geometry::Polygon {
            out.push('z');
        }
    }
}

fn glyph_path(pieces: &[Piece], out: &mut String) {
    for piece in pieces {
        let _ = match piece {
            Piece::Move(x, y) => write!(out, "M{x} {y}"),
            Piece::Line(x, y) => write!(out, "L{x} {y}"),
            Piece::Quad([a, b, x, y]) => write!(out, "Q{a} {b} {x} {y}"),
            Piece::Cubic([a, b, c, d, x, y]) => write!(out, "C{a} {b} {c} {d} {x} {y}"),
            Piece::Close => write!(out, "Z"),
        };
    }
}

/// A run as uses of its glyphs, named by what they say: halo below, glyphs above.
fn text(run: &Run, out: &mut String) {
    let scale = f64::from(run.size) / 1000.0;
    let _ = write!(
        out,
        "<g role=\"img\" aria-label=\"{}\" transform=\"translate({} {}) scale({scale} -{scale})\">",
        escaped(&run.text),
        run.x,
        run.y
    );
    if let Some((colour, radius)) = run.halo {
        out.push_str("<g stroke-linejoin=\"round\" fill=\"none\"");
        paint("stroke", colour, out);
        let _ = write!(out, " stroke-width=\"{}\">", (f64::from(radius) * 2.0 / scale).round());
        uses(run, out);
        out.push_str("</g>");
    }
    out.push_str("<g");
    paint("fill", run.colour, out);
    if run.bold {
        paint("stroke", run.colour, out);
        let _ = write!(out, " stroke-width=\"{BOLD}\" stroke-linejoin=\"round\"");
    }
    out.push('>');
    uses(run, out);
    out.push_str("</g></g>\n");
}

fn uses(run: &Run, out: &mut String) {
    let blank = |at: usize| run.text.chars().nth(at).is_some_and(char::is_whitespace);
    for (at, (glyph, x)) in run.glyphs.iter().enumerate() {
        if blank(at) {
            continue;
        }
        let _ = if *x == 0 {
            write!(out, "<use xlink:href=\"#g{glyph}\"/>")
        } else {
            write!(out, "<use xlink:href=\"#g{glyph}\" x=\"{x}\"/>")
        };
    }
}

/// Text as XML takes it, on one line.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(&text.replace(['\t', '\n', '\r'], " "), &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(escaped("a<b>\"c\"&'d'\u{1}\n"), "a&lt;b&gt;&quot;c&quot;&amp;&#39;d&#39; ");
    }
}
