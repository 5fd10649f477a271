//! Everything rooms 1–6 know, at one version. It never changes; a request reads exactly one.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use crate::coverage::{Coverage, Delta};
use crate::grid::history::{History, Version};
use crate::grid::past::Boundaries;
use crate::grid::people::Roster;
use crate::grid::{District, Hierarchy, UnitIx};
use crate::issue::Issue;
use crate::locate::Locator;
use crate::place::Place;
use crate::place::gazetteer::{Gazetteer, Setting};
use crate::place::search::{Answer, TooLong};
use crate::place::setting::Boundaries as Whose;

/// One version of a district. Cheap to share (`Arc<Snapshot>`), expensive to build.
#[derive(Debug)]
pub struct Snapshot {
    pub version: u64,
    /// When this version was recorded.
    pub recorded: Timestamp,
    pub district: District,
    /// All versions up to this one, which is the last.
    pub history: History,
    pub coverage: Coverage,
    pub hierarchy: Hierarchy,
    pub roster: Roster,
    // What does not depend on the boundaries is shared by the versions.
    pub places: Arc<Vec<Place>>,
    /// How many edits of places the store had seen.
    pub place_edits: u64,
    /// In the order received.
    pub issues: Arc<Vec<Issue>>,
    /// Background features (rivers, streets …): for drawing, and as evidence for proposals.
    pub base: Arc<Vec<BaseFeature>>,
    pub locator: Locator,
    gazetteer: OnceLock<Gazetteer>,
}

/// A line or area of the background map; never used to decide anything, only to draw and to propose.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseFeature {
    pub kind: String,
    pub name: Option<String>,
    /// 1 (trunk) to 4 (lane) for roads; 0 otherwise.
    pub class: u8,
    pub shape: BaseShape,
}

/// (lon, lat) in degrees.
#[derive(Clone, Debug, PartialEq)]
pub enum BaseShape {
    Line(Vec<(f64, f64)>),
    /// Outer ring, then holes; closed implicitly.
    Area(Vec<Vec<(f64, f64)>>),
}

/// What a snapshot is made of: what a store loads and an import saves.
#[derive(Clone, Debug)]
pub struct Contents {
    pub version: u64,
    pub recorded: Timestamp,
    pub district: District,
    pub history: History,
    pub coverage: Coverage,
    pub hierarchy: Hierarchy,
    pub roster: Roster,
    pub places: Vec<Place>,
    /// How many edits of places the store had seen: with the version this names the content.
    pub place_edits: u64,
    pub issues: Vec<Issue>,
    pub base: Vec<BaseFeature>,
}

impl Snapshot {
    /// Builds the indexes over the contents.
    #[must_use]
    pub fn new(contents: Contents) -> Self {
        let Contents { version, recorded, district, history, coverage, hierarchy, roster, .. } = contents;
        let Contents { places, place_edits, mut issues, base, .. } = contents;
        issues.sort_by(|a, b| (a.received, &a.id).cmp(&(b.received, &b.id)));
        let locator = Locator::new(&coverage);
        let (places, issues, base) = (Arc::new(places), Arc::new(issues), Arc::new(base));
        let gazetteer = OnceLock::new();
        Self {
            version,
            recorded,
            district,
            history,
            coverage,
            hierarchy,
            roster,
            places,
            place_edits,
            issues,
            base,
            locator,
            gazetteer,
        }
    }

    /// The index of the places, compiled when first asked for: some 50 ms for 20,000 places.
    pub fn gazetteer(&self) -> &Gazetteer {
        self.gazetteer.get_or_init(|| Gazetteer::new(&self.places, self.setting()))
    }

    fn whose(&self) -> Whose<'_> {
        Whose { hierarchy: &self.hierarchy, locator: &self.locator }
    }

    fn setting(&self) -> Setting {
        Setting::of(&self.district, &self.whose(), &self.places)
    }

    /// What a text means: flow 2, text → candidates, each owned → an answer or a question.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn search(&self, text: &str, limit: usize) -> Result<Answer, TooLong> {
        self.gazetteer().search(&self.places, &self.whose(), text, limit)
    }

    /// The same version with other places. Cost: a copy of the tables and of the index, some milliseconds for a district.
    #[must_use]
    pub fn with_places(&self, places: Vec<Place>, place_edits: u64) -> Self {
        let mut next = Self {
            version: self.version,
            recorded: self.recorded,
            district: self.district.clone(),
            history: self.history.clone(),
            coverage: self.coverage.clone(),
            hierarchy: self.hierarchy.clone(),
            roster: self.roster.clone(),
            places: Arc::new(places),
            place_edits,
            issues: Arc::clone(&self.issues),
            base: Arc::clone(&self.base),
            locator: self.locator.clone(),
            gazetteer: OnceLock::new(),
        };
        // Whoever searches should not wait for it; where nobody has searched yet there is nothing to keep ready.
        if self.gazetteer.get().is_some() {
            next.gazetteer = Gazetteer::new(&next.places, next.setting()).into();
        }
        next
    }

    /// The next version: other boundaries, and everything else as it is. `delta` leads from the coverage of this snapshot to that of `boundaries`, and
    /// `history` ends with the new version. People keep their posts at units that are still there, by identity. Cost: a copy of the tables and of
    /// the index, and of the index only what the delta touches made anew.
    #[must_use]
    pub fn next(&self, boundaries: Boundaries, delta: &Delta, history: History) -> Self {
        let Boundaries { coverage, hierarchy } = boundaries;
        let mut locator = self.locator.clone();
        locator.update(&coverage, delta);
        let mut next = Self {
            version: self.version,
            recorded: self.recorded,
            district: self.district.clone(),
            roster: self.posted(&hierarchy),
            history: History::default(),
            coverage,
            hierarchy,
            places: Arc::clone(&self.places),
            place_edits: self.place_edits,
            issues: Arc::clone(&self.issues),
            base: Arc::clone(&self.base),
            locator,
            gazetteer: OnceLock::new(),
        };
        // Names stay, owners are looked up again; where nobody has searched yet there is nothing to keep.
        if let Some(gazetteer) = self.gazetteer.get() {
            next.gazetteer = gazetteer.with(&next.places, next.setting()).into();
        }
        next.with_history(history)
    }

    /// The same as another version: the one with which `history` ends.
    #[must_use]
    pub fn with_history(self, history: History) -> Self {
        let last = history.versions().last().map_or((self.version, self.recorded), |v| (v.number, v.recorded));
        Self { version: last.0, recorded: last.1, history, ..self }
    }

    /// The roster over another version's units, by identity.
    #[must_use]
    pub fn posted(&self, units: &Hierarchy) -> Roster {
        let there: HashMap<u64, UnitIx> =
            units.units().iter().enumerate().map(|(i, unit)| (unit.id, UnitIx(i as u32))).collect();
        self.roster.moved(|unit| there.get(&self.hierarchy.unit(unit).id).copied())
    }

    /// The district with the boundaries of an earlier version, for asking whose land was whose: people keep the posts at units that were there then,
    /// by identity; places, issues and the base map stay with the version of today.
    #[must_use]
    pub fn past(&self, version: &Version, boundaries: Boundaries) -> Self {
        let Boundaries { coverage, hierarchy } = boundaries;
        let versions = self.history.versions().iter().filter(|v| v.number <= version.number).cloned().collect();
        let lineage = self.history.lineage().iter().filter(|row| row.version <= version.number).cloned().collect();
        Self {
            version: version.number,
            recorded: version.recorded,
            district: self.district.clone(),
            history: History::new(versions, lineage),
            locator: Locator::new(&coverage),
            roster: self.posted(&hierarchy),
            coverage,
            hierarchy,
            places: Arc::default(),
            place_edits: 0,
            issues: Arc::default(),
            base: Arc::default(),
            gazetteer: OnceLock::new(),
        }
    }
}
