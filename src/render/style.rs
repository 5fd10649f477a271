//! Style files: MapLibre GL styles with placeholders, which serve browsers whole and our renderer in a documented subset.

use crate::tile::LevelInfo;

/// Why a style file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StyleFault {
    #[error("the style is not JSON: {0}")]
    Json(String),
    #[error("style layer “{layer}”: {what}")]
    Layer { layer: String, what: String },
}

/// Fills in a template for one district and one server: `{origin}` is the server's origin (`http://127.0.0.1:8080`, or empty for
/// relative URLs), `{leaf}` and `{level0}` … are level keys. The answer is a MapLibre GL style, as JSON.
///
/// # Errors
/// [`StyleFault::Json`] when the template is not JSON.
pub fn expand(template: &str, levels: &[LevelInfo], origin: &str) -> Result<String, StyleFault> {
    let _ = (template, levels, origin);
    todo!()
}
