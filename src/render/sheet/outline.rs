//! Glyph outlines as whole thousandths of an em: drawn by PNG, referred to by SVG, and the halos of PDF.

use std::collections::BTreeMap;

use swash::scale::ScaleContext;
use swash::zeno::{Command, PathData};

use super::scene::Run;
use crate::render::font::Font;

/// Units in an em.
pub(super) const EM: f32 = 1000.0;

/// A piece of an outline; `y` points up from the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Move(i32, i32),
    Line(i32, i32),
    Quad([i32; 4]),
    Cubic([i32; 6]),
    Close,
}

/// The outlines of every glyph that some runs use, by glyph. Empty ones (spaces) are left out.
pub(super) fn of_runs<'a>(font: &Font, runs: impl IntoIterator<Item = &'a Run>) -> BTreeMap<u16, Vec<Piece>> {
    let mut outlines: BTreeMap<u16, Vec<Piece>> =
        runs.into_iter().flat_map(|run| &run.glyphs).map(|(glyph, _)| (*glyph, Vec::new())).collect();
    let mut context = ScaleContext::new();
    let mut scaler = context.builder(font.face()).size(EM).hint(false).build();
    for (glyph, pieces) in &mut outlines {
        if let Some(outline) = scaler.scale_outline(*glyph) {
            pieces.extend(outline.path().commands().map(piece));
        }
    }
    outlines.retain(|_, pieces| !pieces.is_empty());
    outlines
}

fn piece(command: Command) -> Piece {
    let whole = |v: f32| v.round().clamp(-1e6, 1e6) as i32;
    match command {
        Command::MoveTo(p) => Piece::Move(whole(p.x), whole(p.y)),
        Command::LineTo(p) => Piece::Line(whole(p.x), whole(p.y)),
        Command::QuadTo(a, p) => Piece::Quad([a.x, a.y, p.x, p.y].map(whole)),
        Command::CurveTo(a, b, p) => Piece::Cubic([a.x, a.y, b.x, b.y, p.x, p.y].map(whole)),
        Command::Close => Piece::Close,
    }
}
