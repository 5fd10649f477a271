//! `GET /styles/{name}.json`: MapLibre styles usable as they are, with this server's addresses in them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};

use super::answer::JSON;
use super::base_map::over;
use super::negotiate::{Keep, respond};
use super::problem::Problem;
use super::query::{Asked, echo};
use super::routes::{App, At, Origin};
use crate::render::style::expand;
use crate::service::bytes::Finished;
use crate::service::slots::WorkFault;

pub(super) async fn one(
    State(app): State<Arc<App>>,
    At(file): At<String>,
    Origin(origin): Origin,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response<Body>, Problem> {
    let state = app.serving.state();
    let styles = &state.look.styles;
    let template = file.strip_suffix(".json").and_then(|name| styles.iter().find(|(known, _)| known == name));
    let Some((_, template)) = template else {
        let known: Vec<_> = styles.iter().map(|(name, _)| format!("{name}.json")).collect();
        let detail = format!("unknown style “{}”; known here: {}", echo(&file), known.join(", "));
        return Err(Problem::not_found_at("name", detail));
    };
    asked.only(&[])?;
    state.pyramid_made().await;
    let levels = state.pyramid().levels();
    let failed = |fault: String| WorkFault::Failed(fault);
    let mut style = expand(template, levels, &origin).map_err(|fault| failed(fault.to_string()))?;
    if let Some(base_map) = app.serving.base_map() {
        let top = levels.first().map_or("", |level| &level.key);
        style = over(&style, base_map.about(), top, &origin).map_err(|fault| failed(fault.to_string()))?;
    }
    Ok(respond(&headers, &Finished::compressible(JSON, style.into_bytes()), Keep::Revalidate))
}
