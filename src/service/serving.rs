//! The district as it is served: one snapshot with everything drawn from it, replaced whole – store first, swap second.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::base_map::BaseMap;
use super::bytes::{Finished, strong_etag};
use super::cache::ByteCache;
use super::cards::Cards;
use super::choropleth::Kept;
use super::drawing::Drawing;
use super::locate::owner_of;
use super::past::Shelf;
use super::slots::Slots;
use super::tiles::{CHOROPLETH, MVT, TileKey};
use crate::coverage::region::trace;
use crate::coverage::validate::{self, Rule};
use crate::coverage::{Delta, Ring};
use crate::crs::paste::Extent;
use crate::grid::{UnitIx, area};
use crate::issue::{Issue, IssueFilter};
use crate::place::Place;
use crate::render::Font;
use crate::snapshot::{Contents, Snapshot};
use crate::store::{Store, StoreFault};
use crate::tile::{DATA_ZOOM, Dirty, Pyramid, TileCoord, TileSet};

/// Where days begin and end, and what “today” means for who is on duty.
pub const ZONE: &str = "Asia/Shanghai";

/// What tiles and maps look like: read once at start, the same for every snapshot.
#[derive(Clone, Debug)]
pub struct Look {
    pub font: Font,
    /// (name, template) of every map style.
    pub styles: Vec<(String, String)>,
}

impl Look {
    /// The styles that are maps by themselves: all but the one that has no colours until it is told a measure.
    pub fn maps(&self) -> impl Iterator<Item = &(String, String)> {
        self.styles.iter().filter(|(name, _)| name != CHOROPLETH)
    }
}

/// How many bytes the caches of one snapshot may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    pub tiles_bytes: u64,
    pub answers_bytes: u64,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { tiles_bytes: 256 << 20, answers_bytes: 64 << 20 }
    }
}

/// One snapshot and everything made of it. Never changes, except that its caches fill.
#[derive(Debug)]
pub struct State {
    pub snapshot: Snapshot,
    pub look: Look,
    pub tiles: Arc<ByteCache<TileKey>>,
    /// Finished answers of the API, by path and query.
    pub answers: Arc<ByteCache<String>>,
    /// What `locate` says of each unit.
    pub cards: Cards,
    /// When the snapshot was recorded, as answers write it.
    pub as_of: String,
    /// Names this content and this build: an address that carries it may be cached for ever.
    pub stamp: String,
    pub(super) drawing: Drawing,
    pub(super) choropleths: Kept,
    extent: Extent,
    categories: Vec<(String, u64)>,
    areas_m2: OnceLock<Vec<f64>>,
    owners: OnceLock<Vec<Option<UnitIx>>>,
    rings: Vec<OnceLock<Vec<Vec<Ring>>>>,
}

impl State {
    /// Whatever takes long is made when first asked for.
    #[must_use]
    pub fn new(snapshot: Snapshot, look: &Look, capacity: Capacity) -> Self {
        let categories = categories(&snapshot);
        Self::of(snapshot, categories, look, capacity)
    }

    fn of(snapshot: Snapshot, categories: Vec<(String, u64)>, look: &Look, capacity: Capacity) -> Self {
        let Snapshot { version, recorded, place_edits, .. } = &snapshot;
        let made_of = format!("{}/{version}/{recorded}/{place_edits}", env!("CARGO_PKG_VERSION"));
        let digest = strong_etag(made_of.as_bytes());
        Self {
            stamp: format!("{}-{}", snapshot.version, digest.get(1..9).unwrap_or_default()),
            extent: extent(&snapshot),
            categories,
            rings: snapshot.district.levels.iter().map(|_| OnceLock::new()).collect(),
            drawing: Drawing::default(),
            choropleths: Kept::default(),
            look: look.clone(),
            tiles: Arc::new(ByteCache::new(8192, capacity.tiles_bytes)),
            answers: Arc::new(ByteCache::new(1024, capacity.answers_bytes)),
            cards: Cards::default(),
            as_of: snapshot.recorded.to_string(),
            areas_m2: OnceLock::new(),
            owners: OnceLock::new(),
            snapshot,
        }
    }

    /// The state of the next version, and what it changed on the map: [`State::redrawn`], then [`State::with_redrawn`].
    #[must_use]
    pub fn next(&self, snapshot: Snapshot, delta: &Delta) -> (Self, Dirty) {
        let (pyramid, dirty) = self.redrawn(&snapshot, delta);
        (self.with_redrawn(snapshot, delta, pyramid, &dirty), dirty)
    }

    /// What the next version changes on the map: `after` is [`Snapshot::next`] of this one's by the same `delta`. Takes what [`Pyramid::next`] takes, and
    /// [`Pyramid::new`] before if nobody has asked for a tile.
    ///
    /// [`Pyramid::next`]: crate::tile::Pyramid::next
    /// [`Pyramid::new`]: crate::tile::Pyramid::new
    #[must_use]
    pub fn redrawn(&self, after: &Snapshot, delta: &Delta) -> (Pyramid, Dirty) {
        let held = |coord| self.tiles.peek(&of_units(coord)).map(|finished| Arc::clone(&finished.identity.bytes));
        self.pyramid().next(&self.snapshot, after, delta, &held)
    }

    /// The state of the next version, of which [`State::redrawn`] is known. Finished bytes that are still right stay, under their tags: of the vector tiles
    /// only those of `units` can change, of the pictures only maps, whose names may move anywhere. What was redrawn is left to [`State::finish`]. Answers,
    /// cards and sums by unit are made anew when asked for; the owner of an issue is looked up again inside the delta's bounds.
    #[must_use]
    pub fn with_redrawn(&self, snapshot: Snapshot, delta: &Delta, pyramid: Pyramid, dirty: &Dirty) -> Self {
        let redrawn = dirty.tiles.as_deref();
        let gone: Option<HashSet<TileCoord>> = redrawn.map(|tiles| tiles.iter().map(|tile| tile.coord).collect());
        let same_extent = self.info(TileSet::Units).bounds == pyramid.info(TileSet::Units).bounds;
        let keep = |key: &TileKey| match key {
            TileKey::Vector { set: TileSet::Units, coord, .. } => {
                // Deeper tiles are cut from the same lines without having been compared.
                coord.z() <= DATA_ZOOM && gone.as_ref().is_some_and(|gone| !gone.contains(coord))
            }
            TileKey::Vector { .. } => true,
            // The density is that of the issues, on a raster over the district's box.
            TileKey::Heat { .. } => same_extent,
            TileKey::Map { .. } | TileKey::Choropleth { .. } | TileKey::Degrees { .. } => false,
        };
        let tiles = self.tiles.carried(keep);
        let capacity = Capacity { tiles_bytes: tiles.capacity_bytes(), answers_bytes: self.answers.capacity_bytes() };
        let owners = self.owners.get().map(|owners| owners_after((&self.snapshot, owners), &snapshot, delta));
        let made = Self::of(snapshot, self.categories.clone(), &self.look, capacity);
        if let Some(owners) = owners {
            let _ = made.owners.set(owners); // it is empty
        }
        Self { tiles: Arc::new(tiles), drawing: Drawing::of(pyramid), ..made }
    }

    /// The state of the same version with other places. What is drawn without their names, and what is counted by unit, stays as it is; answers are made
    /// anew when asked for.
    #[must_use]
    pub fn with_places(&self, places: Vec<Place>, place_edits: u64) -> Self {
        let snapshot = self.snapshot.with_places(places, place_edits);
        let tiles = self.tiles.carried(|key| match key {
            TileKey::Vector { set, .. } => *set != TileSet::Places,
            TileKey::Heat { .. } => true,
            TileKey::Map { .. } | TileKey::Choropleth { .. } | TileKey::Degrees { .. } => false,
        });
        let capacity = Capacity { tiles_bytes: tiles.capacity_bytes(), answers_bytes: self.answers.capacity_bytes() };
        let drawing = self.pyramid_if_made().map(|pyramid| Drawing::of(pyramid.with_places(&snapshot)));
        let made = Self::of(snapshot, self.categories.clone(), &self.look, capacity);
        Self {
            tiles: Arc::new(tiles),
            drawing: drawing.unwrap_or_default(),
            areas_m2: self.areas_m2.clone(),
            owners: self.owners.clone(),
            rings: self.rings.clone(),
            ..made
        }
    }

    /// Compresses and keeps the redrawn tiles of [`State::next`], coarse zooms first. It can wait until everybody has been told: whoever asks earlier
    /// makes his tile himself. Cost: a gzip pass a tile, a millisecond or two each – more than everything else that an edit takes.
    pub fn finish(&self, dirty: Dirty) {
        for tile in dirty.tiles.into_iter().flatten() {
            let finished = || Ok(Finished::compressible(MVT, tile.bytes));
            let _ = self.tiles.fill(of_units(tile.coord), finished); // cannot fail: the bytes are there
        }
    }

    /// The area of each unit, by index, in the district's plane. Computed once: one projection a vertex.
    pub fn areas_m2(&self) -> &[f64] {
        let Snapshot { coverage, hierarchy, district, .. } = &self.snapshot;
        self.areas_m2.get_or_init(|| area::of_units_m2(coverage, hierarchy, district.plane))
    }

    /// The box around the district.
    #[must_use]
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// The categories of issues with their counts, most frequent first.
    #[must_use]
    pub fn categories(&self) -> &[(String, u64)] {
        &self.categories
    }

    /// The owner of each issue, in the order of the snapshot; `None` where it has no position in the district. Computed once: one
    /// lookup an issue.
    pub fn issue_owners(&self) -> &[Option<UnitIx>] {
        self.owners.get_or_init(|| {
            let owner = |point| owner_of(&self.snapshot, point);
            self.snapshot.issues.iter().map(|issue| issue.point.and_then(owner)).collect()
        })
    }

    /// The rings of every unit of a level, by unit index. Computed once a level: linear in arcs.
    pub fn rings_of_level(&self, level: u8) -> &[Vec<Ring>] {
        let Some(rings) = self.rings.get(usize::from(level)) else { return &[] };
        rings.get_or_init(|| {
            let hierarchy = &self.snapshot.hierarchy;
            trace(&self.snapshot.coverage, &hierarchy.groups(level), hierarchy.units().len())
        })
    }
}

fn of_units(coord: TileCoord) -> TileKey {
    TileKey::Vector { set: TileSet::Units, filter: IssueFilter::default(), coord }
}

/// The owners of issues after an edit: looked up where it changed the ground, and by identity elsewhere.
fn owners_after(
    (before, owners): (&Snapshot, &[Option<UnitIx>]),
    after: &Snapshot,
    delta: &Delta,
) -> Vec<Option<UnitIx>> {
    let units = after.hierarchy.units().iter().enumerate();
    let by_id: HashMap<u64, UnitIx> = units.map(|(i, unit)| (unit.id, UnitIx(i as u32))).collect();
    let now: Vec<Option<UnitIx>> = before.hierarchy.units().iter().map(|unit| by_id.get(&unit.id).copied()).collect();
    let lattice = after.coverage.lattice();
    let touched = |point| match delta.bounds {
        Some((low, high)) => {
            (lattice.quantise(point)).is_ok_and(|p| (low.x..=high.x).contains(&p.x) && (low.y..=high.y).contains(&p.y))
        }
        None => !delta.arcs.is_empty() || !delta.faces.is_empty(),
    };
    let owner = |(issue, was): (&Issue, &Option<UnitIx>)| {
        let point = issue.point?;
        let kept = was.map(|unit| now[unit.ix()]);
        match kept {
            _ if touched(point) => owner_of(after, point),
            None => None,
            Some(Some(unit)) => Some(unit),
            Some(None) => owner_of(after, point), // the unit is gone though its land is not: never by an edit
        }
    };
    after.issues.iter().zip(owners).map(owner).collect()
}

fn extent(snapshot: &Snapshot) -> Extent {
    let lattice = snapshot.coverage.lattice();
    let corners = snapshot.coverage.bounds().map(|(low, high)| (lattice.degrees(low), lattice.degrees(high)));
    let ((west, south), (east, north)) = corners.unwrap_or_default();
    Extent { west, south, east, north }
}

fn categories(snapshot: &Snapshot) -> Vec<(String, u64)> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for issue in snapshot.issues.iter() {
        *counts.entry(&issue.category).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// Why a district is not served, or not replaced.
#[derive(Debug, thiserror::Error)]
pub enum ServingFault {
    #[error("the boundaries break the rule {0:?}; nothing was published: `wangge check` lists every fault")]
    Invalid(Rule),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// Large pictures in line; each takes a second or more.
const MOST_LARGE_WAITING: usize = 8;

/// The state that requests read. A request takes it once and keeps it to its end.
#[derive(Debug)]
pub struct Serving {
    state: ArcSwap<State>,
    pub slots: Slots,
    /// For what takes seconds or much memory – posters, pictures of many pixels –, so that nothing else waits for it: one at a time.
    pub large: Slots,
    /// The versions before.
    pub past: Shelf,
    base_map: Option<Arc<BaseMap>>,
    store: Option<Arc<dyn Store + Send + Sync>>,
    /// One at a time makes what follows what is served.
    turn: Mutex<()>,
    look: Look,
    capacity: Capacity,
    zone: TimeZone,
}

impl Serving {
    /// Serves these contents as a store gave them: [`Store::load`] has checked every invariant.
    #[must_use]
    pub fn new(contents: Contents, look: Look, capacity: Capacity) -> Self {
        let state = State::new(Snapshot::new(contents), &look, capacity);
        let zone = TimeZone::get(ZONE).unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(8)));
        let (state, slots) = (ArcSwap::from_pointee(state), Slots::for_this_machine());
        let large = Slots::new(1, MOST_LARGE_WAITING);
        let (past, turn) = (Shelf::default(), Mutex::default());
        Self { state, slots, large, past, base_map: None, store: None, turn, look, capacity, zone }
    }

    /// How many wait for their turn to be drawn or worked out.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.slots.waiting() + self.large.waiting()
    }

    /// With a map to lie under the grids.
    #[must_use]
    pub fn with_base_map(self, base_map: Option<BaseMap>) -> Self {
        Self { base_map: base_map.map(Arc::new), ..self }
    }

    /// The map under the grids, if there is one.
    #[must_use]
    pub const fn base_map(&self) -> Option<&Arc<BaseMap>> {
        self.base_map.as_ref()
    }

    /// With the store that the contents came from: for earlier versions, and for drafts.
    #[must_use]
    pub fn with_store(self, store: Arc<dyn Store + Send + Sync>) -> Self {
        Self { past: Shelf::of(Arc::clone(&store)), store: Some(store), ..self }
    }

    #[must_use]
    pub const fn store(&self) -> Option<&Arc<dyn Store + Send + Sync>> {
        self.store.as_ref()
    }

    /// The state of this moment.
    #[must_use]
    pub fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Checks, saves and then serves new contents: store first, swap second. Requests under way finish on the old state.
    /// Blocks; call it from a blocking thread.
    ///
    /// # Errors
    /// [`ServingFault`]; what is served, and what is stored, is then as it was.
    pub fn publish(&self, store: &mut dyn Store, contents: Contents) -> Result<Arc<State>, ServingFault> {
        let _turn = self.turn();
        refuse_invalid(&contents)?;
        store.replace(&contents, &[])?;
        let state = Arc::new(State::new(Snapshot::new(contents), &self.look, self.capacity));
        let _ = state.pyramid(); // before anybody asks
        self.state.store(Arc::clone(&state));
        Ok(state)
    }

    /// Reads the state of this moment without counting who holds it: for answers so quick that the threads would wait for each other's count.
    pub fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.load())
    }

    /// Serves the version after another one; it is in the store already. Only for who has the turn.
    pub fn follow(&self, next: State) -> Arc<State> {
        let state = Arc::new(next);
        self.state.store(Arc::clone(&state));
        state
    }

    /// The right to change what is served: whoever holds it reads the state, stores what follows it, and serves that, and no other change is lost
    /// between. Blocks.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        // Whoever panicked while holding it left the state before, or the one after, and the store decides which is true.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves other places at the version of `head`; they are in the store already. Only for who has the turn.
    pub fn serve_places(&self, head: &State, places: Vec<Place>, place_edits: u64) -> Arc<State> {
        let state = Arc::new(head.with_places(places, place_edits));
        self.state.store(Arc::clone(&state));
        state
    }

    /// Today in the district.
    #[must_use]
    pub fn today(&self) -> Date {
        self.zone.to_datetime(jiff::Timestamp::now()).date()
    }

    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

fn refuse_invalid(contents: &Contents) -> Result<(), ServingFault> {
    match validate::faults(&contents.coverage).first() {
        None => Ok(()),
        Some(fault) => Err(ServingFault::Invalid(fault.rule)),
    }
}
