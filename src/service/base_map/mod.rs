//! The map under the grids: an archive of tiles on this machine, or the tiles of one host that whoever runs the service has named. None unless it is
//! asked for.

mod address;
mod file;
mod fetch;
mod host;
mod template;

use std::path::Path;
use std::sync::Arc;

pub use self::fetch::HostFault;
use self::file::File;
use self::host::Host;
pub use self::host::{HostLimits, Wanted};
pub use self::template::{Allowed, TEMPLATE_BYTES, TOKEN_BYTES, Template, TemplateFault, Token};
use super::bytes::Finished;
use super::cache::CacheCounts;
use super::slots::{Slots, WorkFault};
use super::tiles::span;
use crate::crs::paste::Extent;
use crate::exchange::archive::{About, ArchiveFault, Kind};
use crate::tile::TileCoord;

/// The most characters of an attribution that are shown.
const ATTRIBUTION_CHARS: usize = 200;

/// A map to lie under the grids.
#[derive(Debug)]
pub struct BaseMap {
    about: About,
    /// Names the content, where that is known.
    stamp: Option<String>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    File(File),
    Host(Arc<Host>),
}

/// Why there is no tile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseMapFault {
    #[error("the base map has no tile there: it reaches from zoom {0} to {1}, over its bounds")]
    Outside(u8, u8),
    #[error(transparent)]
    Work(#[from] WorkFault),
    #[error("the host of the base map {0}")]
    Host(#[from] HostFault),
}

impl BaseMap {
    /// A PMTiles or MBTiles archive, by the file's extension. Its directories are read, not its tiles.
    ///
    /// # Errors
    /// [`ArchiveFault`] saying what is wrong with it and what to do.
    pub fn of_file(path: &Path, attribution: Option<&str>) -> Result<Self, ArchiveFault> {
        let (file, about, stamp) = File::open(path)?;
        let attribution = words(attribution.unwrap_or(&about.attribution));
        Ok(Self { about: About { attribution, ..about }, stamp: Some(stamp), source: Source::File(file) })
    }

    /// The tiles of a host. Nobody is asked before somebody looks at the map.
    ///
    /// # Errors
    /// [`HostFault::NoRoots`] when there is nobody whose certificates could be trusted.
    pub fn of_host(wanted: Wanted) -> Result<Self, HostFault> {
        let about = About {
            name: String::new(),
            description: String::new(),
            attribution: words(&wanted.attribution),
            version: String::new(),
            kind: Kind::Png,
            overlay: false,
            layers: Vec::new(),
            min_zoom: wanted.zooms.0,
            max_zoom: wanted.zooms.1,
            bounds: [-180.0, -85.0, 180.0, 85.0],
            center: (0.0, 0.0, 0),
        };
        Ok(Self { about, stamp: None, source: Source::Host(Arc::new(Host::new(wanted)?)) })
    }

    /// What it says of itself. Of a host's tiles the kind is only that they are pictures.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Names the content: with it in an address, the answer never changes. `None` for a host's tiles.
    #[must_use]
    pub fn stamp(&self) -> Option<&str> {
        self.stamp.as_deref()
    }

    /// Where there are tiles, in degrees. Of a host only the district is asked for, and as much again on each side: the service is no way to fetch the
    /// whole world's map.
    #[must_use]
    pub fn bounds(&self, district: Extent) -> [f64; 4] {
        match self.source {
            Source::File(_) => self.about.bounds,
            Source::Host(_) => {
                let Extent { west, south, east, north } = district;
                let side = (east - west).max(north - south);
                [
                    (west - side).max(-180.0),
                    (south - side).max(-85.0),
                    (east + side).min(180.0),
                    (north + side).min(85.0),
                ]
            }
        }
    }

    /// The finished bytes of a tile; `None` where the base map is empty.
    ///
    /// # Errors
    /// [`BaseMapFault`].
    pub async fn tile(
        &self,
        slots: &Slots,
        district: Extent,
        coord: TileCoord,
    ) -> Result<Option<Arc<Finished>>, BaseMapFault> {
        let About { min_zoom, max_zoom, .. } = self.about;
        let within = (min_zoom..=max_zoom).contains(&coord.z()) && {
            let span = span(self.bounds(district), coord.z());
            (span.columns.0..=span.columns.1).contains(&coord.x()) && (span.rows.0..=span.rows.1).contains(&coord.y())
        };
        match &self.source {
            _ if !within => Err(BaseMapFault::Outside(min_zoom, max_zoom)),
            Source::File(file) => Ok(file.tile(slots, coord).await?),
            Source::Host(host) => Ok(host.tile(coord).await?),
        }
    }

    /// What its cache has done.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        match &self.source {
            Source::File(file) => file.counts(),
            Source::Host(host) => host.counts(),
        }
    }
}

/// What others write as HTML, as words: archives may be anybody's, and what they say of themselves is shown.
fn words(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars().take(20 * ATTRIBUTION_CHARS) {
        match c {
            '<' => inside = true,
            '>' if inside => (inside, text) = (false, text + " "),
            _ if inside => {}
            c => text.push(if c.is_control() { ' ' } else { c }),
        }
    }
    for (entity, plain) in [
        ("&copy;", "©"),
        ("&nbsp;", " "),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&lt;", "‹"),
        ("&gt;", "›"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, plain);
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(ATTRIBUTION_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribution_is_words_whatever_was_written() {
        for (html, text) in [
            ("天地图 GS(2024)0568号", "天地图 GS(2024)0568号"),
            (
                "<a href=\"https://osm.org/copyright\">&copy; OpenStreetMap</a>  contributors",
                "© OpenStreetMap contributors",
            ),
            ("a<script>alert(1)</script>b", "a alert(1) b"),
            ("a &lt;img src=x onerror=y&gt;", "a ‹img src=x onerror=y›"),
            ("<a <b", ""),
            ("a\u{0}b\nc", "a b c"),
        ] {
            assert_eq!(words(html), text);
        }
        assert_eq!(words(&"图".repeat(5000)).chars().count(), ATTRIBUTION_CHARS);
    }
}
