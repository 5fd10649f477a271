//! WMS 1.3.0, and 1.1.1 for those who still speak it: a picture of any rectangle, the owner of a pixel, legends. Requests are bounded
//! before any work; what is offered is in `wms_offer.rs`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};

use super::identify;
use super::negotiate::{Keep, respond};
use super::ows::{Kvp, OwsFault, wms_report};
use super::query::{Asked, echo};
use super::routes::{App, Origin};
use super::wms_offer::{Layer, Offer, Old, PICTURES, PNG, Reference};
use crate::render::view::{View, ViewFault};
use crate::service::bytes::Finished;
use crate::service::maps::{Form, Ground, MOST_DRAWN_PX, MOST_LAYERS, MapAsked, MapLayer, legend, picture};
use crate::service::serving;

/// From so many dots per inch on, two device pixels make a logical one.
const FINE_DPI: f64 = 144.0;

/// `GET /wms?SERVICE=WMS&REQUEST=…`
pub(super) async fn by_parameters(
    State(app): State<Arc<App>>,
    Origin(origin): Origin,
    headers: HeaderMap,
    asked: Asked,
) -> Response<Body> {
    let kvp = match Kvp::of(&asked) {
        Ok(kvp) => kvp,
        Err(fault) => return wms_report(&fault, false),
    };
    let answer = match spoken(&kvp) {
        Ok(old) => answered(&app, &origin, &headers, &kvp, old).await.map_err(|fault| (fault, old.0)),
        Err(fault) => Err((fault, false)),
    };
    answer.unwrap_or_else(|(fault, old)| wms_report(&fault, old))
}

/// The version that is spoken: as asked for, or as the name of the reference system's parameter tells.
fn spoken(kvp: &Kvp<'_>) -> Result<Old, OwsFault> {
    let asks = kvp.text("request").is_some_and(|request| request.eq_ignore_ascii_case("GetCapabilities"));
    match kvp.text("version").or_else(|| kvp.text("wmtver")) {
        None => Ok(Old(kvp.text("srs").is_some() && kvp.text("crs").is_none())),
        Some("1.3.0") => Ok(Old(false)),
        Some("1.1.1" | "1.1.0") => Ok(Old(true)),
        // Whoever only asks what there is is told in the nearest version that there is.
        Some(other) if asks => Ok(Old(other < "1.3.0")),
        Some(other) => Err(OwsFault::unknown("InvalidParameterValue", "version", other, &["1.3.0", "1.1.1"])),
    }
}

async fn answered(
    app: &Arc<App>,
    origin: &str,
    headers: &HeaderMap,
    kvp: &Kvp<'_>,
    old: Old,
) -> Result<Response<Body>, OwsFault> {
    // Only asking what there is needs the name of the service, as the standard has it.
    let request = kvp.needed("request")?.to_ascii_lowercase();
    if let Some(service) = kvp.text("service").filter(|service| !service.eq_ignore_ascii_case("WMS")) {
        return Err(OwsFault::unknown("InvalidParameterValue", "service", service, &["WMS"]));
    }
    let state = app.serving.state();
    state.pyramid_made().await;
    match request.as_str() {
        "getcapabilities" | "capabilities" => {
            kvp.needed("service")?;
            let offer = Offer::new(&state, origin, old);
            let finished = Finished::compressible(offer.content_type(), offer.written().into_bytes());
            Ok(respond(headers, &finished, Keep::Revalidate))
        }
        "getmap" | "map" => {
            let asked = map(kvp, &state, old)?;
            let finished = picture(&app.serving, &state, asked).await?;
            Ok(respond(headers, &finished, Keep::Revalidate))
        }
        "getfeatureinfo" | "feature_info" => identified(kvp, &state, old),
        "getlegendgraphic" => {
            let name = kvp.needed("layer")?;
            let layer = layer(&state, "layer", name)?.drawn(kvp.text("style").unwrap_or_default())?;
            if let Some(text) = kvp.text("format").filter(|text| !matches!(form(text), Ok(Form::Png | Form::SmallPng)))
            {
                return Err(OwsFault::unknown("InvalidFormat", "format", text, &[PNG]));
            }
            let finished = legend(&app.serving, &state, layer, scale(kvp)?).await?;
            Ok(respond(headers, &finished, Keep::Revalidate))
        }
        _ => Err(OwsFault::new(
            "OperationNotSupported",
            "request",
            "REQUEST is none of GetCapabilities, GetMap, GetFeatureInfo, GetLegendGraphic",
        )
        .with(StatusCode::NOT_IMPLEMENTED)),
    }
}

fn map(kvp: &Kvp<'_>, state: &serving::State, old: Old) -> Result<MapAsked, OwsFault> {
    let layers = layers(kvp, state)?;
    let view = view(kvp, state, old)?;
    let (width, height) = view.size();
    let drawn = u64::from(width) * u64::from(height) * layers.len() as u64;
    if drawn > MOST_DRAWN_PX {
        return Err(OwsFault::invalid("width", format!("{drawn} pixels in all layers: {MOST_DRAWN_PX} are drawn")));
    }
    Ok(MapAsked { layers, view, ground: ground(kvp)?, form: form(kvp.needed("format")?)? })
}

/// The layers in their styles, the lowest first.
fn layers(kvp: &Kvp<'_>, state: &serving::State) -> Result<Vec<MapLayer>, OwsFault> {
    let names: Vec<&str> = kvp.needed("layers")?.split(',').map(str::trim).collect();
    if names.len() > MOST_LAYERS {
        return Err(OwsFault::invalid("layers", format!("{} layers: {MOST_LAYERS} are drawn", names.len())));
    }
    let styles: Vec<&str> = match kvp.given("styles").map(str::trim) {
        None | Some("") => vec![""; names.len()],
        Some(list) => list.split(',').map(str::trim).collect(),
    };
    if styles.len() != names.len() {
        let text = format!("{} styles for {} layers: give one for each, or none", styles.len(), names.len());
        return Err(OwsFault::invalid("styles", text));
    }
    names.into_iter().zip(styles).map(|(name, style)| layer(state, "layers", name)?.drawn(style)).collect()
}

fn layer(state: &serving::State, parameter: &str, name: &str) -> Result<Layer, OwsFault> {
    let mut all = Layer::all(state);
    match all.iter().position(|layer| layer.name == name) {
        Some(at) => Ok(all.swap_remove(at)),
        None => {
            let known: Vec<&str> = all.iter().map(|layer| layer.name.as_str()).collect();
            Err(OwsFault::unknown("LayerNotDefined", parameter, name, &known))
        }
    }
}

/// The rectangle in its system, and how many pixels it is.
fn view(kvp: &Kvp<'_>, state: &serving::State, old: Old) -> Result<View, OwsFault> {
    let (parameter, code) = if old.0 { ("srs", "InvalidSRS") } else { ("crs", "InvalidCRS") };
    let name = kvp.needed(parameter)?;
    let all = Reference::all(state);
    let Some(reference) = all.iter().find(|known| known.name.eq_ignore_ascii_case(name)) else {
        let known: Vec<&str> = all.iter().map(|known| known.name.as_str()).collect();
        return Err(OwsFault::unknown(code, parameter, name, &known));
    };
    let text = kvp.needed("bbox")?;
    let corners: Option<Vec<f64>> = text.split(',').map(|corner| corner.trim().parse().ok()).collect();
    let Some([a, b, c, d]) = corners.as_deref().and_then(|corners| <[f64; 4]>::try_from(corners).ok()) else {
        let text = format!("BBOX is “{}”: expected four numbers, minx,miny,maxx,maxy", echo(text));
        return Err(OwsFault::invalid("bbox", text));
    };
    let bounds = if reference.flips(old) { [b, a, d, c] } else { [a, b, c, d] };
    let (width, height) = (kvp.count("width")?, kvp.count("height")?);
    View::new(reference.projection, bounds, width, height, scale(kvp)?).map_err(|fault| {
        let parameter = if matches!(fault, ViewFault::Size { .. }) { "width" } else { "bbox" };
        OwsFault::invalid(parameter, fault.to_string())
    })
}

/// QGIS and others say how fine their screen or printer is.
fn scale(kvp: &Kvp<'_>) -> Result<u8, OwsFault> {
    let Some(text) = kvp.text("dpi").or_else(|| kvp.text("map_resolution")) else { return Ok(1) };
    match text.parse::<f64>() {
        Ok(dpi) if (1.0..=2400.0).contains(&dpi) => Ok(if dpi >= FINE_DPI { 2 } else { 1 }),
        _ => Err(OwsFault::invalid("dpi", format!("DPI is “{}”: expected 1 to 2400", echo(text)))),
    }
}

fn form(text: &str) -> Result<Form, OwsFault> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    match plain.as_str() {
        "image/png" => Ok(Form::Png),
        "image/png;mode=8bit" | "image/png8" => Ok(Form::SmallPng),
        "image/jpeg" | "image/jpg" => Ok(Form::Jpeg),
        _ => Err(OwsFault::unknown("InvalidFormat", "format", text, &PICTURES)),
    }
}

fn ground(kvp: &Kvp<'_>) -> Result<Ground, OwsFault> {
    match kvp.text("transparent").map(str::to_ascii_uppercase).as_deref() {
        Some("TRUE") => return Ok(Ground::Transparent),
        None | Some("FALSE") => {}
        Some(other) => {
            return Err(OwsFault::unknown("InvalidParameterValue", "transparent", other, &["TRUE", "FALSE"]));
        }
    }
    let Some(text) = kvp.text("bgcolor") else { return Ok(Ground::Style) };
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).or_else(|| text.strip_prefix('#'));
    let hexadecimal = digits.filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let colour = hexadecimal.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let [_, red, green, blue] = colour
        .ok_or_else(|| OwsFault::invalid("bgcolor", format!("BGCOLOR is “{}”: expected 0xRRGGBB", echo(text))))?
        .to_be_bytes();
    Ok(Ground::Colour([red, green, blue]))
}

fn identified(kvp: &Kvp<'_>, state: &serving::State, old: Old) -> Result<Response<Body>, OwsFault> {
    layers(kvp, state)?;
    let view = view(kvp, state, old)?;
    let asked = kvp.needed("query_layers")?.split(',').map(str::trim);
    let asked: Vec<Layer> = asked.map(|name| layer(state, "query_layers", name)).collect::<Result<_, _>>()?;
    // A map shows all levels; a level shows its own.
    let levels: Option<Vec<u8>> = asked.iter().map(|layer| layer.level).collect();
    let (column, row) = if old.0 { ("x", "y") } else { ("i", "j") };
    let (i, j) = (kvp.count(column)?, kvp.count(row)?);
    let (width, height) = view.size();
    for (name, at, end) in [(column, i, width), (row, j, height)] {
        if at >= end {
            return Err(OwsFault::new(
                "InvalidPoint",
                name,
                format!("{} is {at}: 0 to {}", name.to_uppercase(), end - 1),
            ));
        }
    }
    let count = match kvp.text("feature_count") {
        None => usize::MAX,
        Some(_) => kvp.count("feature_count")?.max(1) as usize,
    };
    let format = kvp.text("info_format").unwrap_or(identify::FORMATS[0]);
    identify::answer(&state.snapshot, view.position(i, j), format, levels.as_deref(), count)
}
