//! What WMS offers: its layers, styles and reference systems, and the capabilities document in both versions.

use std::sync::Arc;

use super::identify;
use super::ows::{OwsFault, Xml};
use super::wmts_offer::{about, titled};
use crate::crs::{Cgcs2000, Crs, PlaneCrs};
use crate::render::Projection;
use crate::render::view::MAX_SIDE_PX;
use crate::service::maps::{MOST_LAYERS, MapLayer};
use crate::service::serving;
use crate::service::tiles::framed;
use crate::tile::TileSet;

pub(super) const PNG: &str = "image/png";
/// What pictures there are; the second with at most 256 colours, as other servers call it. GDAL asks for the third unless it is told otherwise.
pub(super) const PICTURES: [&str; 3] = [PNG, "image/png; mode=8bit", "image/jpeg"];

/// The only style of a map; levels are drawn in the style of any map.
const DEFAULT_STYLE: &str = "default";
/// The map whose style levels have unless another is asked for.
const USUAL_MAP: &str = "district";

/// 1.1.1, or else 1.3.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Old(pub(super) bool);

/// A reference system by its name here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub name: String,
    pub projection: Projection,
    /// As its registry entry has the axes, which version 1.3.0 follows.
    north_first: bool,
}

impl Reference {
    fn new(name: impl Into<String>, projection: Projection, north_first: bool) -> Self {
        Self { name: name.into(), projection, north_first }
    }

    /// All that are offered for a district.
    pub(super) fn all(state: &serving::State) -> Vec<Self> {
        let mut all = vec![
            Self::new("EPSG:4490", Projection::Geographic, true),
            Self::new("EPSG:3857", Projection::WebMercator, false),
            Self::new("EPSG:4326", Projection::Geographic, true),
            Self::new("CRS:84", Projection::Geographic, false),
        ];
        // The national planes have northings first: the district's own, and the same zone with (or without) its number in the eastings.
        let PlaneCrs(own) = state.snapshot.district.plane;
        let twin = match own {
            4513..=4533 => Some(own + 21),
            4534..=4554 => Some(own - 21),
            _ => None,
        };
        for code in twin.map(|twin| [own, twin]).into_iter().flatten() {
            all.push(Self::new(format!("EPSG:{code}"), Projection::Plane(PlaneCrs(code)), true));
        }
        all
    }

    pub(super) fn flips(&self, Old(old): Old) -> bool {
        self.north_first && !old
    }

    /// The district's box, framed, in this system: west, south, east, north.
    fn around(&self, state: &serving::State) -> Option<[f64; 4]> {
        let [west, south, east, north] = framed(state.info(TileSet::Units).bounds);
        let crs = match self.projection {
            Projection::Geographic => return Some([west, south, east, north]),
            Projection::WebMercator => Crs::Plane(PlaneCrs(3857)),
            Projection::Plane(crs) => Crs::Plane(crs),
        };
        let middle = (f64::midpoint(west, east), f64::midpoint(south, north));
        let lons = [west, middle.0, east];
        let spots = lons.into_iter().flat_map(|lon| [south, middle.1, north].map(|lat| Cgcs2000::clamped(lon, lat)));
        let placed: Vec<(f64, f64)> = spots.map(|spot| crs.write(spot).ok()).collect::<Option<_>>()?;
        let fold = |pick: fn(&(f64, f64)) -> f64, join: fn(f64, f64) -> f64| placed.iter().map(pick).reduce(join);
        Some([fold(|p| p.0, f64::min)?, fold(|p| p.1, f64::min)?, fold(|p| p.0, f64::max)?, fold(|p| p.1, f64::max)?])
    }
}

/// A layer that can be asked for.
pub(super) struct Layer {
    pub name: String,
    title: String,
    /// (name, title); the first is the one when none is named.
    styles: Vec<(String, String)>,
    pub level: Option<u8>,
}

impl Layer {
    /// The maps, then the levels of units from the top.
    pub(super) fn all(state: &serving::State) -> Vec<Self> {
        let maps: Vec<(String, String)> =
            state.look.maps().map(|(name, text)| (name.clone(), titled(state, text, name))).collect();
        let mut styles = maps.clone();
        styles.sort_by_key(|(name, _)| name != USUAL_MAP);
        let mut all: Vec<Self> = maps
            .into_iter()
            .map(|(name, title)| {
                let style = (DEFAULT_STYLE.to_owned(), title.clone());
                Self { name, title, styles: vec![style], level: None }
            })
            .collect();
        for (i, level) in state.snapshot.district.levels.iter().enumerate() {
            // A level that is called like a map cannot be told from it.
            if let (Ok(i), false) = (u8::try_from(i), all.iter().any(|layer| layer.name == level.key)) {
                let title = format!("{} · {}", state.snapshot.district.name, level.name);
                all.push(Self { name: level.key.clone(), title, styles: styles.clone(), level: Some(i) });
            }
        }
        all
    }

    /// What is drawn of it in a style.
    pub(super) fn drawn(&self, style: &str) -> Result<MapLayer, OwsFault> {
        let known: Vec<&str> = self.styles.iter().map(|(name, _)| name.as_str()).collect();
        let style = match style {
            "" => known.first().copied().unwrap_or_default(),
            // As a word for whatever is usual, other servers know it of every layer.
            DEFAULT_STYLE if self.level.is_some() => known.first().copied().unwrap_or_default(),
            other if known.contains(&other) => other,
            other => return Err(OwsFault::unknown("StyleNotDefined", "styles", other, &known)),
        };
        let style = if self.level.is_some() { style } else { self.name.as_str() };
        Ok(MapLayer { style: Arc::from(style), level: self.level })
    }
}

/// The document of one state for one address of this server.
pub(super) struct Offer<'a> {
    state: &'a serving::State,
    address: String,
    old: Old,
}

impl<'a> Offer<'a> {
    pub(super) fn new(state: &'a serving::State, origin: &str, old: Old) -> Self {
        Self { state, address: format!("{origin}/wms?"), old }
    }

    pub(super) const fn content_type(&self) -> &'static str {
        if self.old.0 { "application/vnd.ogc.wms_xml" } else { "text/xml" }
    }

    pub(super) fn written(&self) -> String {
        let mut xml = Xml::new();
        let (name, root): (_, &[(&str, &str)]) = if self.old.0 {
            ("WMT_MS_Capabilities", &[("version", "1.1.1")])
        } else {
            (
                "WMS_Capabilities",
                &[
                    ("version", "1.3.0"),
                    ("xmlns", "http://www.opengis.net/wms"),
                    ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
                    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                    (
                        "xsi:schemaLocation",
                        "http://www.opengis.net/wms http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd",
                    ),
                ],
            )
        };
        xml.element(name, root, |xml| {
            self.service(xml);
            xml.element("Capability", &[], |xml| {
                self.requests(xml);
                xml.element("Exception", &[], |xml| {
                    xml.text("Format", if self.old.0 { "application/vnd.ogc.se_xml" } else { "XML" });
                });
                self.layers(xml);
            });
        });
        xml.finish()
    }

    fn service(&self, xml: &mut Xml) {
        let district = &self.state.snapshot.district;
        xml.element("Service", &[], |xml| {
            xml.text("Name", if self.old.0 { "OGC:WMS" } else { "WMS" });
            xml.text("Title", &format!("{} · 网格一张图", district.name));
            xml.text("Abstract", &about(self.state));
            self.link(xml, &self.address);
            xml.text("Fees", "none");
            xml.text("AccessConstraints", "none");
            if !self.old.0 {
                xml.text("LayerLimit", &MOST_LAYERS.to_string());
                xml.text("MaxWidth", &MAX_SIDE_PX.to_string());
                xml.text("MaxHeight", &MAX_SIDE_PX.to_string());
            }
        });
    }

    fn link(&self, xml: &mut Xml, to: &str) {
        let target = [("xlink:type", "simple"), ("xlink:href", to)];
        if self.old.0 {
            let [kind, href] = target;
            xml.empty("OnlineResource", &[("xmlns:xlink", "http://www.w3.org/1999/xlink"), kind, href]);
        } else {
            xml.empty("OnlineResource", &target);
        }
    }

    fn requests(&self, xml: &mut Xml) {
        let request = |xml: &mut Xml, name: &str, formats: &[&str]| {
            xml.element(name, &[], |xml| {
                formats.iter().for_each(|format| xml.text("Format", format));
                xml.element("DCPType", &[], |xml| {
                    xml.element("HTTP", &[], |xml| xml.element("Get", &[], |xml| self.link(xml, &self.address)));
                });
            });
        };
        xml.element("Request", &[], |xml| {
            request(xml, "GetCapabilities", &[self.content_type()]);
            request(xml, "GetMap", &PICTURES);
            request(xml, "GetFeatureInfo", &identify::FORMATS);
            if self.old.0 {
                request(xml, "GetLegendGraphic", &[PNG]);
            }
        });
    }

    fn layers(&self, xml: &mut Xml) {
        let district = &self.state.snapshot.district;
        let references = Reference::all(self.state);
        let [west, south, east, north] =
            framed(self.state.info(TileSet::Units).bounds).map(|degrees| degrees.to_string());
        xml.element("Layer", &[], |xml| {
            xml.text("Title", &district.name);
            let system = if self.old.0 { "SRS" } else { "CRS" };
            references.iter().for_each(|reference| xml.text(system, &reference.name));
            if self.old.0 {
                let corners = [("minx", &*west), ("miny", &*south), ("maxx", &*east), ("maxy", &*north)];
                xml.empty("LatLonBoundingBox", &corners);
            } else {
                xml.element("EX_GeographicBoundingBox", &[], |xml| {
                    xml.text("westBoundLongitude", &west);
                    xml.text("eastBoundLongitude", &east);
                    xml.text("southBoundLatitude", &south);
                    xml.text("northBoundLatitude", &north);
                });
            }
            references.iter().for_each(|reference| self.bounding_box(xml, system, reference));
            Layer::all(self.state).iter().for_each(|layer| self.layer(xml, layer));
        });
    }

    fn bounding_box(&self, xml: &mut Xml, system: &str, reference: &Reference) {
        let Some(around) = reference.around(self.state) else { return };
        let [west, south, east, north] = around.map(|corner| corner.to_string());
        let [minx, miny, maxx, maxy] =
            if reference.flips(self.old) { [south, west, north, east] } else { [west, south, east, north] };
        xml.empty(
            "BoundingBox",
            &[(system, &*reference.name), ("minx", &*minx), ("miny", &*miny), ("maxx", &*maxx), ("maxy", &*maxy)],
        );
    }

    fn layer(&self, xml: &mut Xml, layer: &Layer) {
        let opaque = if layer.level.is_none() { "1" } else { "0" };
        xml.element("Layer", &[("queryable", "1"), ("opaque", opaque)], |xml| {
            xml.text("Name", &layer.name);
            xml.text("Title", &layer.title);
            for (name, title) in &layer.styles {
                xml.element("Style", &[], |xml| {
                    xml.text("Name", name);
                    xml.text("Title", title);
                    let legend = format!(
                        "{}service=WMS&version=1.3.0&request=GetLegendGraphic&format=image/png&layer={}&style={name}",
                        self.address, layer.name
                    );
                    xml.element("LegendURL", &[], |xml| {
                        xml.text("Format", PNG);
                        self.link(xml, &legend);
                    });
                });
            }
        });
    }
}
