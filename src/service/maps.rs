//! Flow: a rectangle and layers → one picture; a pixel of it → the units that own the place; a style → its legend.

use std::sync::Arc;

use super::bytes::Finished;
use super::locate::{Question, chain, place};
use super::serving::{Serving, State};
use super::slots::WorkFault;
use super::tiles::{PNG, painter};
use crate::crs::{Cgcs2000, Crs};
use crate::grid::Unit;
use crate::locate::Outcome;
use crate::render::view::{MAX_AREA_PX, Picture, View};
use crate::render::{Levels, Part, RenderFault};
use crate::snapshot::Snapshot;

/// So many layers over each other, at most.
pub const MOST_LAYERS: usize = 8;
/// Larger pictures are drawn one at a time: one of the largest takes some 200 MB.
const LARGE_PX: u64 = 4 << 20;
/// The type of a JPEG, and what it has where a PNG has nothing.
const JPEG: &str = "image/jpeg";
const WHITE: [u8; 3] = [255; 3];
/// So many pixels drawn for one picture, all layers together.
pub const MOST_DRAWN_PX: u64 = 2 * MAX_AREA_PX;

/// A layer of a picture: a style, or one level in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapLayer {
    pub style: Arc<str>,
    pub level: Option<u8>,
}

/// What lies behind the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// What the lowest layer's style has there; white where it has nothing.
    Style,
    Colour([u8; 3]),
    Transparent,
}

/// A picture that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct MapAsked {
    /// The lowest first.
    pub layers: Vec<MapLayer>,
    pub view: View,
    pub ground: Ground,
    pub form: Form,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Png,
    /// At most 256 colours; a transparent picture has all of its own.
    SmallPng,
    /// On white where nothing else is.
    Jpeg,
}

/// Draws a picture, in a slot.
///
/// # Errors
/// [`WorkFault`] when too much waits already, or drawing failed.
pub async fn picture(serving: &Serving, state: &Arc<State>, asked: MapAsked) -> Result<Finished, WorkFault> {
    state.painter_made().await;
    let state = Arc::clone(state);
    let (width, height) = asked.view.size();
    let slots = if u64::from(width) * u64::from(height) > LARGE_PX { &serving.large } else { &serving.slots };
    slots.run(move || drawn(&state, &asked)).await?
}

fn drawn(state: &State, asked: &MapAsked) -> Result<Finished, WorkFault> {
    let painter = painter(state)?;
    // Levels over each other are one picture: their names leave each other room, and no line runs over one.
    let mut parts: Vec<(&str, Option<Levels>)> = Vec::new();
    for MapLayer { style, level } in &asked.layers {
        match (parts.last_mut(), level.map(Levels::one)) {
            (Some((below, Some(levels))), Some(level)) if *below == &**style => *levels = levels.and(level),
            (_, level) => parts.push((style, level)),
        }
    }
    let mut whole: Option<Picture> = None;
    for (style, levels) in parts {
        let part = Part { style, levels, backdrop: whole.is_none() && asked.ground == Ground::Style };
        let picture =
            painter.view(&state.snapshot, state.pyramid(), part, &asked.view).map_err(|fault| failed(&fault))?;
        match &mut whole {
            Some(whole) => whole.add(&picture),
            None => whole = Some(picture),
        }
    }
    let whole = whole.ok_or_else(|| WorkFault::Failed("no layer was asked for".to_owned()))?;
    let whole = match asked.ground {
        Ground::Colour(colour) => whole.on(colour),
        Ground::Style | Ground::Transparent if asked.form == Form::Jpeg => whole.on(WHITE),
        Ground::Style | Ground::Transparent => whole,
    };
    let (content_type, bytes) = match asked.form {
        Form::Jpeg => (JPEG, whole.jpeg()),
        Form::SmallPng if asked.ground != Ground::Transparent => (PNG, whole.small_png()),
        Form::SmallPng | Form::Png => (PNG, whole.png()),
    };
    bytes.map(|bytes| Finished::as_is(content_type, bytes)).map_err(|fault| failed(&fault))
}

/// The legend of a layer as PNG, in a slot.
///
/// # Errors
/// As [`picture`].
pub async fn legend(serving: &Serving, state: &Arc<State>, layer: MapLayer, scale: u8) -> Result<Finished, WorkFault> {
    state.painter_made().await;
    let state = Arc::clone(state);
    let draw = move || {
        let picture = painter(&state)?.swatches(&layer.style, layer.level, scale).map_err(|fault| failed(&fault))?;
        picture.png().map(|png| Finished::as_is(PNG, png)).map_err(|fault| failed(&fault))
    };
    serving.slots.run(draw).await?
}

fn failed(fault: &RenderFault) -> WorkFault {
    WorkFault::Failed(fault.to_string())
}

/// Whose a place is: the owner first, then those above it.
#[derive(Clone, Debug)]
pub struct Owners<'a> {
    pub point: Cgcs2000,
    pub outcome: Outcome,
    pub units: Vec<&'a Unit>,
    /// To the owner's nearest boundary; outside, to the nearest unit's.
    pub boundary_m: f64,
}

/// Who owns a position, by the same locator as everywhere; `None` for a position that has no owner to ask for because it is none.
#[must_use]
pub fn owners(snapshot: &Snapshot, point: Cgcs2000) -> Option<Owners<'_>> {
    let question = Question { crs: Crs::Cgcs2000, x: point.lon(), y: point.lat(), accuracy_m: 0.0 };
    let placed = place(snapshot, question).ok()?;
    let mut units = placed.owner.map_or_else(Vec::new, |ix| chain(snapshot, ix));
    units.reverse();
    Some(Owners { point: placed.point, outcome: placed.outcome, units, boundary_m: placed.boundary.distance_m })
}
