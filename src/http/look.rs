//! The font and the map styles that travel in the binary.

use rust_embed::RustEmbed;

use crate::render::{Font, RenderFault};
use crate::service::serving::Look;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/styles"]
#[allow_missing = true]
struct Styles;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/data/fonts"]
#[allow_missing = true]
struct Fonts;

const FONT: &str = "NotoSansSC-subset.otf";

/// What maps look like unless told otherwise. `font` is another font file's bytes, for a district whose names the embedded
/// one cannot write.
///
/// # Errors
/// [`RenderFault::Font`] when the bytes are not a font.
pub fn look(font: Option<Vec<u8>>) -> Result<Look, RenderFault> {
    let font = match font {
        Some(bytes) => Font::new(bytes)?,
        None => Font::new(Fonts::get(FONT).map(|file| file.data.into_owned()).unwrap_or_default())?,
    };
    let style = |file: std::borrow::Cow<'static, str>| {
        let name = file.strip_suffix(".json")?.to_owned();
        let text = String::from_utf8(Styles::get(&file)?.data.into_owned()).ok()?;
        Some((name, text))
    };
    let mut styles: Vec<_> = Styles::iter().filter_map(style).collect();
    styles.sort();
    Ok(Look { font, styles })
}
