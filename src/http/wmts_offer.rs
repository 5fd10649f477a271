//! What WMTS offers: the capabilities document, its layers, its two pyramids and what the district covers of them.

use super::identify;
use super::ows::{OwsFault, Xml};
use crate::service::degrees::{self, DegreeTile, Span};
use crate::service::serving;
use crate::service::tiles::{HEAT, framed, span};
use crate::tile::{MAX_ZOOM, TileSet};

pub(super) const VERSION: &str = "1.0.0";
pub(super) const DEFAULT_STYLE: &str = "default";

/// Half the side of the square world of Web Mercator, in metres.
const HALF_M: f64 = 20_037_508.342_789_244;
/// The scale denominator of level 0 at 0.28 mm a pixel, in both sets.
const DENOMINATOR: f64 = 559_082_264.028_717_8;

/// A pyramid of tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// WebMercatorQuad: EPSG:3857; 天地图 calls it `w`.
    Mercator,
    /// CGCS2000Quad: EPSG:4490, from 90° N, 180° W, two tiles at level 1; 天地图 calls it `c`.
    Degrees,
}

impl Set {
    const ALL: [Self; 2] = [Self::Mercator, Self::Degrees];

    pub(super) fn of(name: &str) -> Result<Self, OwsFault> {
        match name {
            "WebMercatorQuad" | "w" => Ok(Self::Mercator),
            "CGCS2000Quad" | "c" => Ok(Self::Degrees),
            other => Err(OwsFault::unknown(
                "InvalidParameterValue",
                "tilematrixset",
                other,
                &["WebMercatorQuad", "w", "CGCS2000Quad", "c"],
            )),
        }
    }

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Mercator => "WebMercatorQuad",
            Self::Degrees => "CGCS2000Quad",
        }
    }

    pub(super) const fn levels(self) -> std::ops::RangeInclusive<u8> {
        match self {
            Self::Mercator => 0..=MAX_ZOOM,
            Self::Degrees => degrees::LEVELS,
        }
    }

    /// West, south, east, north in metres.
    pub(super) fn mercator_bounds(z: u8, x: u32, y: u32) -> [f64; 4] {
        let side = 2.0 * HALF_M / f64::from(1u32 << z.min(31));
        let (west, north) = (f64::from(x) * side - HALF_M, HALF_M - f64::from(y) * side);
        [west, north - side, west + side, north]
    }
}

/// A layer of the document.
struct Layer<'a> {
    id: &'a str,
    title: String,
    sets: &'static [Set],
}

/// The document of one state for one address of this server.
pub(super) struct Offer<'a> {
    state: &'a serving::State,
    origin: &'a str,
}

impl<'a> Offer<'a> {
    pub(super) const fn new(state: &'a serving::State, origin: &'a str) -> Self {
        Self { state, origin }
    }

    /// The tiles of a level that show something of the district.
    pub(super) fn limits(state: &serving::State, set: Set, z: u8) -> Span {
        let bounds = framed(state.info(TileSet::Units).bounds);
        match set {
            Set::Mercator => span(bounds, z),
            Set::Degrees => DegreeTile::covering(bounds, z),
        }
    }

    /// The identifiers of the layers that a set has.
    pub(super) fn layers(state: &serving::State, set: Set) -> Vec<&str> {
        let styles = state.look.maps().map(|(name, _)| name.as_str());
        styles.chain((set == Set::Mercator).then_some(HEAT)).collect()
    }

    pub(super) fn written(&self) -> String {
        let mut xml = Xml::new();
        let root = [
            ("xmlns", "http://www.opengis.net/wmts/1.0"),
            ("xmlns:ows", "http://www.opengis.net/ows/1.1"),
            ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
            (
                "xsi:schemaLocation",
                "http://www.opengis.net/wmts/1.0 http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd",
            ),
            ("version", VERSION),
        ];
        xml.element("Capabilities", &root, |xml| {
            self.identification(xml);
            self.operations(xml);
            xml.element("Contents", &[], |xml| {
                for (name, text) in self.state.look.maps() {
                    let title = titled(self.state, text, name);
                    self.layer(xml, &Layer { id: name, title, sets: &Set::ALL });
                }
                let title = format!("{} · 诉求热力", self.state.snapshot.district.name);
                self.layer(xml, &Layer { id: HEAT, title, sets: &Set::ALL[..1] });
                Set::ALL.into_iter().for_each(|set| matrices(xml, set));
            });
            let address = format!("{}{}", self.origin, super::wmts::CAPABILITIES);
            xml.empty("ServiceMetadataURL", &[("xlink:href", &address)]);
        });
        xml.finish()
    }

    fn identification(&self, xml: &mut Xml) {
        let district = &self.state.snapshot.district;
        xml.element("ows:ServiceIdentification", &[], |xml| {
            xml.text("ows:Title", &format!("{} · 网格一张图", district.name));
            xml.text("ows:Abstract", &about(self.state));
            xml.text("ows:ServiceType", "OGC WMTS");
            xml.text("ows:ServiceTypeVersion", VERSION);
            xml.text("ows:Fees", "none");
            xml.text("ows:AccessConstraints", "none");
        });
    }

    fn operations(&self, xml: &mut Xml) {
        let address = format!("{}/wmts?", self.origin);
        xml.element("ows:OperationsMetadata", &[], |xml| {
            for name in ["GetCapabilities", "GetTile", "GetFeatureInfo"] {
                xml.element("ows:Operation", &[("name", name)], |xml| {
                    xml.element("ows:DCP", &[], |xml| {
                        xml.element("ows:HTTP", &[], |xml| {
                            xml.element("ows:Get", &[("xlink:href", &address)], |xml| {
                                xml.element("ows:Constraint", &[("name", "GetEncoding")], |xml| {
                                    xml.element("ows:AllowedValues", &[], |xml| xml.text("ows:Value", "KVP"));
                                });
                            });
                        });
                    });
                });
            }
        });
    }

    fn layer(&self, xml: &mut Xml, layer: &Layer<'_>) {
        let [west, south, east, north] = framed(self.state.info(TileSet::Units).bounds);
        xml.element("Layer", &[], |xml| {
            xml.text("ows:Title", &layer.title);
            xml.element("ows:WGS84BoundingBox", &[], |xml| {
                xml.text("ows:LowerCorner", &format!("{west} {south}"));
                xml.text("ows:UpperCorner", &format!("{east} {north}"));
            });
            xml.text("ows:Identifier", layer.id);
            xml.element("Style", &[("isDefault", "true")], |xml| {
                xml.text("ows:Identifier", DEFAULT_STYLE);
                if layer.id != HEAT {
                    let legend = format!(
                        "{}/wms?service=WMS&version=1.3.0&request=GetLegendGraphic&format=image/png&layer={}",
                        self.origin, layer.id
                    );
                    xml.empty("LegendURL", &[("format", "image/png"), ("xlink:href", &legend)]);
                }
            });
            xml.text("Format", "image/png");
            identify::FORMATS.into_iter().for_each(|format| xml.text("InfoFormat", format));
            layer.sets.iter().for_each(|set| self.link(xml, *set));
            let template = format!(
                "{}/wmts/{}/{DEFAULT_STYLE}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}.png",
                self.origin, layer.id
            );
            let resource = [("format", "image/png"), ("resourceType", "tile"), ("template", template.as_str())];
            xml.empty("ResourceURL", &resource);
        });
    }

    /// Which tiles of a set hold something.
    fn link(&self, xml: &mut Xml, set: Set) {
        xml.element("TileMatrixSetLink", &[], |xml| {
            xml.text("TileMatrixSet", set.id());
            xml.element("TileMatrixSetLimits", &[], |xml| {
                for z in set.levels() {
                    let Span { columns, rows } = Self::limits(self.state, set, z);
                    xml.element("TileMatrixLimits", &[], |xml| {
                        xml.text("TileMatrix", &z.to_string());
                        xml.text("MinTileRow", &rows.0.to_string());
                        xml.text("MaxTileRow", &rows.1.to_string());
                        xml.text("MinTileCol", &columns.0.to_string());
                        xml.text("MaxTileCol", &columns.1.to_string());
                    });
                }
            });
        });
    }
}

fn matrices(xml: &mut Xml, set: Set) {
    let (crs, corner) = match set {
        Set::Mercator => ("urn:ogc:def:crs:EPSG::3857", format!("-{HALF_M} {HALF_M}")),
        // The axes of EPSG:4490 are latitude, longitude.
        Set::Degrees => ("urn:ogc:def:crs:EPSG::4490", "90 -180".to_owned()),
    };
    xml.element("TileMatrixSet", &[], |xml| {
        xml.text("ows:Identifier", set.id());
        xml.text("ows:SupportedCRS", crs);
        if set == Set::Mercator {
            xml.text("WellKnownScaleSet", "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible");
        }
        for z in set.levels() {
            let across = 1u32 << z;
            let down = if set == Set::Degrees { across / 2 } else { across };
            xml.element("TileMatrix", &[], |xml| {
                xml.text("ows:Identifier", &z.to_string());
                xml.text("ScaleDenominator", &(DENOMINATOR / f64::from(across)).to_string());
                xml.text("TopLeftCorner", &corner);
                xml.text("TileWidth", "256");
                xml.text("TileHeight", "256");
                xml.text("MatrixWidth", &across.to_string());
                xml.text("MatrixHeight", &down.to_string());
            });
        }
    });
}

/// What a map of this style is called: the district and the style's own name.
pub(super) fn titled(state: &serving::State, style: &str, id: &str) -> String {
    let name = serde_json::from_str::<serde_json::Value>(style).ok();
    let name = name.as_ref().and_then(|style| style.get("name")).and_then(serde_json::Value::as_str).unwrap_or(id);
    format!("{} · {name}", state.snapshot.district.name)
}

/// What the service shows; synthetic data says so.
pub(super) fn about(state: &serving::State) -> String {
    let district = &state.snapshot.district;
    let mark = if district.synthetic { format!("（{}）", district.mark) } else { String::new() };
    let levels: Vec<&str> = district.levels.iter().map(|level| level.name.as_str()).collect();
    format!("{}网格边界：{}{mark}。版本 {}。", district.name, levels.join("、"), state.snapshot.version)
}
