//! Who asks: the actor whose token a request carries.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::problem::Problem;
use super::routes::App;
use crate::grid::draft::Actor;

/// The actor of a request. Without a token, or with one that nobody has, the request ends here.
#[derive(Debug)]
pub(super) struct Acting(pub(super) Actor);

impl FromRequestParts<Arc<App>> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let actor = token.and_then(|token| app.actors.by_token(token));
        actor.cloned().map(Self).ok_or_else(|| Problem::unauthorised(app.actors.is_empty()))
    }
}
