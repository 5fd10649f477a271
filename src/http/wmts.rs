//! WMTS 1.0.0, by parameters and by path: the tiles of the map styles in Web Mercator – the very bytes of `/tiles/…` – and in
//! degrees of CGCS2000. What is offered is in `wmts_offer.rs`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};

use super::identify;
use super::negotiate::{Keep, respond};
use super::ows::{Kvp, OwsFault, number, ows_report};
use super::query::Asked;
use super::routes::{App, At, Origin};
use super::wmts_offer::{DEFAULT_STYLE, Offer, Set, VERSION};
use crate::crs::Cgcs2000;
use crate::issue::IssueFilter;
use crate::render::Projection;
use crate::render::view::View;
use crate::service::bytes::Finished;
use crate::service::degrees::DegreeTile;
use crate::service::serving;
use crate::service::tiles::{HEAT, HEAT_BANDWIDTH_M, TILE_PX, TileKey, pictured, tile};
use crate::tile::TileCoord;

/// The path of the capabilities document, as clients guess it from the address of the service.
pub(super) const CAPABILITIES: &str = "/wmts/1.0.0/WMTSCapabilities.xml";

/// 天地图 says `tiles` where the standard says a media type.
const FORMATS: [&str; 3] = ["image/png", "png", "tiles"];

/// `GET /wmts?SERVICE=WMTS&REQUEST=…`
pub(super) async fn by_parameters(
    State(app): State<Arc<App>>,
    Origin(origin): Origin,
    headers: HeaderMap,
    asked: Asked,
) -> Response<Body> {
    let answer = answered(&app, &origin, &headers, &asked).await;
    answer.unwrap_or_else(|fault| ows_report(&fault))
}

/// `GET /wmts/1.0.0/WMTSCapabilities.xml`
pub(super) async fn capabilities(
    State(app): State<Arc<App>>,
    Origin(origin): Origin,
    headers: HeaderMap,
) -> Response<Body> {
    offered(&app, &origin, &headers).await
}

/// `GET /wmts/{layer}/{style}/{set}/{z}/{y}/{x}.png`: what is not there is a 404.
pub(super) async fn by_path(
    State(app): State<Arc<App>>,
    At((layer, style, set, z, y, file)): At<(String, String, String, String, String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let read = || {
        let x = file.strip_suffix(".png");
        let x = x.ok_or_else(|| OwsFault::unknown("InvalidParameterValue", "format", &file, &["{x}.png"]))?;
        let (row, column) = (number("tilerow", &y)?, number("tilecol", x)?);
        Ok::<_, OwsFault>(Wanted { layer, style, set: Set::of(&set)?, matrix: z, row, column })
    };
    let answer = match read() {
        Ok(wanted) => drawn(&app, &headers, &wanted).await,
        Err(fault) => Err(fault),
    };
    answer.unwrap_or_else(|fault| {
        let gone = fault.status == StatusCode::BAD_REQUEST;
        ows_report(&if gone { fault.with(StatusCode::NOT_FOUND) } else { fault })
    })
}

async fn answered(
    app: &Arc<App>,
    origin: &str,
    headers: &HeaderMap,
    asked: &Asked,
) -> Result<Response<Body>, OwsFault> {
    let kvp = Kvp::of(asked)?;
    let service = kvp.needed("service")?;
    if !service.eq_ignore_ascii_case("WMTS") {
        return Err(OwsFault::unknown("InvalidParameterValue", "service", service, &["WMTS"]));
    }
    let request = kvp.needed("request")?.to_ascii_lowercase();
    if request == "getcapabilities" {
        let accepted = kvp.text("acceptversions").is_none_or(|list| list.split(',').any(|v| v.trim() == VERSION));
        return if accepted {
            Ok(offered(app, origin, headers).await)
        } else {
            Err(OwsFault::new("VersionNegotiationFailed", "acceptversions", format!("only {VERSION} is spoken here")))
        };
    }
    if let Some(version) = kvp.text("version").filter(|version| *version != VERSION) {
        return Err(OwsFault::unknown("InvalidParameterValue", "version", version, &[VERSION]));
    }
    match request.as_str() {
        "gettile" => {
            kvp.needed("format")?;
            drawn(app, headers, &Wanted::read(&kvp)?).await
        }
        "getfeatureinfo" => identified(app, &kvp).await,
        _ => Err(OwsFault::new(
            "OperationNotSupported",
            "request",
            "REQUEST is none of GetCapabilities, GetTile, GetFeatureInfo",
        )
        .with(StatusCode::NOT_IMPLEMENTED)),
    }
}

async fn offered(app: &Arc<App>, origin: &str, headers: &HeaderMap) -> Response<Body> {
    let state = app.serving.state();
    state.pyramid_made().await;
    let body = Offer::new(&state, origin).written().into_bytes();
    respond(headers, &Finished::compressible("application/xml", body), Keep::Revalidate)
}

/// One tile, as it was asked for.
struct Wanted {
    layer: String,
    style: String,
    set: Set,
    matrix: String,
    row: u32,
    column: u32,
}

impl Wanted {
    /// Of a tile, or of one with a pixel in it: then QGIS leaves the picture's format out, though the standard has it there too.
    fn read(kvp: &Kvp<'_>) -> Result<Self, OwsFault> {
        let layer = kvp.needed("layer")?.to_owned();
        let style = kvp.text("style").unwrap_or(DEFAULT_STYLE).to_owned();
        if let Some(format) =
            kvp.text("format").filter(|format| !FORMATS.iter().any(|f| f.eq_ignore_ascii_case(format)))
        {
            return Err(OwsFault::unknown("InvalidParameterValue", "format", format, &FORMATS[..1]));
        }
        let set = Set::of(kvp.needed("tilematrixset")?)?;
        let matrix = kvp.needed("tilematrix")?.to_owned();
        Ok(Self { layer, style, set, matrix, row: kvp.count("tilerow")?, column: kvp.count("tilecol")? })
    }

    /// The level by its identifier: its number, and as some clients write it with the set before.
    fn level(&self) -> Result<u8, OwsFault> {
        let name = self.matrix.rsplit(':').next().unwrap_or_default();
        let level = number("tilematrix", name)?;
        let known = u8::try_from(level).ok().filter(|z| self.set.levels().contains(z));
        known.ok_or_else(|| {
            let (first, last) = self.set.levels().into_inner();
            OwsFault::invalid("tilematrix", format!("TILEMATRIX is {level}: {} has {first} to {last}", self.set.id()))
        })
    }

    /// The square itself, if the set has it and the district lies in it.
    fn square(&self, state: &serving::State) -> Result<(u8, Square), OwsFault> {
        let z = self.level()?;
        let limits = Offer::limits(state, self.set, z);
        for (name, at, (first, last)) in [("tilerow", self.row, limits.rows), ("tilecol", self.column, limits.columns)]
        {
            if !(first..=last).contains(&at) {
                let text = format!("{} is {at}: level {z} holds {first} to {last} here", name.to_uppercase());
                return Err(OwsFault::new("TileOutOfRange", name, text));
            }
        }
        let square = match self.set {
            Set::Mercator => TileCoord::new(z, self.column, self.row).map(Square::Mercator),
            Set::Degrees => DegreeTile::new(z, self.column, self.row).map(Square::Degrees),
        };
        square.map(|square| (z, square)).ok_or_else(|| OwsFault::new("TileOutOfRange", "tilecol", "no such tile"))
    }

    fn known_layer(&self, state: &serving::State) -> Result<(), OwsFault> {
        let known = Offer::layers(state, self.set);
        if !known.contains(&self.layer.as_str()) {
            return Err(OwsFault::unknown("InvalidParameterValue", "layer", &self.layer, &known));
        }
        if self.style != DEFAULT_STYLE {
            return Err(OwsFault::unknown("InvalidParameterValue", "style", &self.style, &[DEFAULT_STYLE]));
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Square {
    Mercator(TileCoord),
    Degrees(DegreeTile),
}

async fn drawn(app: &Arc<App>, headers: &HeaderMap, wanted: &Wanted) -> Result<Response<Body>, OwsFault> {
    let state = app.serving.state();
    state.pyramid_made().await;
    wanted.known_layer(&state)?;
    let (_, square) = wanted.square(&state)?;
    let layer = wanted.layer.as_str();
    let key = match square {
        Square::Mercator(coord) if layer == HEAT => {
            TileKey::Heat { filter: IssueFilter::default(), bandwidth_m: HEAT_BANDWIDTH_M, peak: None, coord, scale: 1 }
        }
        Square::Mercator(coord) => TileKey::Map { style: layer.into(), coord: pictured(&state, coord, 0.0), scale: 1 },
        Square::Degrees(tile) => TileKey::Degrees { style: layer.into(), tile },
    };
    let finished = tile(&app.serving, &state, key).await?;
    Ok(respond(headers, &finished, Keep::Revalidate))
}

async fn identified(app: &Arc<App>, kvp: &Kvp<'_>) -> Result<Response<Body>, OwsFault> {
    let wanted = Wanted::read(kvp)?;
    let state = app.serving.state();
    state.pyramid_made().await;
    wanted.known_layer(&state)?;
    let (z, square) = wanted.square(&state)?;
    let pixel = |name: &str| match kvp.count(name)? {
        at if at < TILE_PX => Ok(at),
        at => Err(OwsFault::new("PointIJOutOfRange", name, format!("{} is {at}: 0 to 255", name.to_uppercase()))),
    };
    let (i, j) = (pixel("i")?, pixel("j")?);
    let format = kvp.needed("infoformat")?;
    let point = position(z, square, i, j);
    identify::answer(&state.snapshot, point, format, None, usize::MAX)
}

/// The middle of a pixel of a tile.
fn position(z: u8, square: Square, i: u32, j: u32) -> Option<Cgcs2000> {
    let (projection, bounds) = match square {
        Square::Mercator(coord) => (Projection::WebMercator, Set::mercator_bounds(z, coord.x(), coord.y())),
        Square::Degrees(tile) => (Projection::Geographic, tile.bounds()),
    };
    View::new(projection, bounds, TILE_PX, TILE_PX, 1).ok()?.position(i, j)
}
