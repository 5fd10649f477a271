//! The tree of units over the faces: names, codes, classes and sizes, with the one exclave and the one hole.

use super::cuts::Stage;
use super::mesh::{FaceId, Mesh};
use super::names::{self, SEATS, SUBS};
use super::partition::{Partition, Region, Stuck};
use super::plane::{V, centroid, inside};
use super::random::Random;
use super::settlements::{Density, Village, settle};
use super::specials;
use super::terrain::Terrain;

/// What a micro-grid mostly is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Homes,
    Shops,
    Works,
    School,
    Hospital,
    Park,
    Village,
    Fields,
}

#[derive(Clone, Debug)]
pub struct Micro {
    pub code: String,
    pub name: String,
    pub grid: usize,
    /// One face; two for the exclave. The first is the larger.
    pub faces: Vec<FaceId>,
    pub urban: bool,
    pub what: Use,
    pub weight: f64,
    pub households: u32,
    pub population: u32,
}

#[derive(Clone, Debug)]
pub struct Grid {
    pub code: String,
    pub name: String,
    pub community: usize,
    pub urban: bool,
    /// The compound or village its addresses are in.
    pub estate: String,
    /// A compound with its own party branch (小区党支部).
    pub compound: bool,
    /// The hospital enclosed by another grid.
    pub special: bool,
}

#[derive(Clone, Debug)]
pub struct Community {
    pub code: String,
    pub name: String,
    pub sub: usize,
    pub seat: String,
}

#[derive(Debug)]
pub struct District {
    pub terrain: Terrain,
    pub villages: Vec<Village>,
    pub part: Partition,
    pub communities: Vec<Community>,
    pub grids: Vec<Grid>,
    pub micros: Vec<Micro>,
}

/// What is cut out of one subdistrict before it has names: community → grid → faces.
type Cutting = Vec<(Vec<Vec<FaceId>>, String, String)>;

/// Shares `total` whole units out by weight, each at least `least`, by largest remainder.
pub fn allot(total: usize, weights: &[f64], least: usize) -> Vec<usize> {
    let sum: f64 = weights.iter().sum::<f64>().max(1e-9);
    let free = total.saturating_sub(least * weights.len());
    let exact: Vec<f64> = weights.iter().map(|w| w / sum * free as f64).collect();
    let mut out: Vec<usize> = exact.iter().map(|e| e.floor() as usize + least).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| (exact[*b] - exact[*b].floor()).total_cmp(&(exact[*a] - exact[*a].floor())).then(a.cmp(b)));
    let given: usize = out.iter().sum();
    for i in order.into_iter().cycle().take(total.saturating_sub(given)) {
        out[i] += 1;
    }
    out
}

/// Indices in reading order: rows from north to south, each from west to east.
pub fn reading_order(middles: &[V]) -> Vec<usize> {
    let high = middles.iter().map(|m| m.y).fold(f64::MIN, f64::max);
    let low = middles.iter().map(|m| m.y).fold(f64::MAX, f64::min);
    let rows = (middles.len() as f64).sqrt().round().max(1.0);
    let row = |m: &V| (((high - m.y) / (high - low + 1.0) * rows) as usize, m.x);
    let mut order: Vec<usize> = (0..middles.len()).collect();
    order.sort_by(|a, b| {
        let (ra, rb) = (row(&middles[*a]), row(&middles[*b]));
        ra.0.cmp(&rb.0).then(ra.1.total_cmp(&rb.1))
    });
    order
}

fn middle_of(mesh: &Mesh, face: FaceId) -> V {
    centroid(&mesh.metres(face)).0
}

/// The village a community is named after: the most wanted of those inside it that is still free.
fn seat(part: &Partition, region: &Region, villages: &[Village], taken: &[String]) -> Option<(String, String)> {
    let ring = part.mesh.points(region.face);
    let mut here: Vec<&Village> = villages
        .iter()
        .filter(|v| v.sub == region.sub && inside(&ring, v.at.p()) && !taken.iter().any(|t| t == v.digits))
        .collect();
    here.sort_by_key(|v| SEATS.iter().position(|s| *s == v.name).unwrap_or(99));
    here.first().map(|v| (v.name.to_owned(), v.digits.to_owned()))
}

/// A name for each region; a neighbourhood of the town whose community came to lie elsewhere moves there with its name.
fn name_communities(
    part: &Partition,
    regions: &[Region],
    villages: &mut [Village],
) -> Result<Vec<(String, String)>, Stuck> {
    let mut moved: Vec<(&'static str, V)> = Vec::new();
    let mut names: Vec<Option<(String, String)>> = vec![None; regions.len()];
    let mut taken = Vec::new();
    for (i, region) in regions.iter().enumerate() {
        names[i] = seat(part, region, villages, &taken);
        taken.extend(names[i].iter().map(|n| n.1.clone()));
    }
    let sub = regions[0].sub;
    let mut free: Vec<&Village> =
        villages.iter().filter(|v| v.sub == sub && !taken.iter().any(|t| t == v.digits)).collect();
    for (i, name) in names.iter_mut().enumerate().filter(|(_, n)| n.is_none()) {
        let at = middle_of(&part.mesh, regions[i].face);
        free.sort_by(|a, b| a.at.distance(at).total_cmp(&b.at.distance(at)));
        if free.is_empty() {
            return Err(Stuck("a community without a village".into()));
        }
        let village = free.remove(0);
        moved.push((village.name, at));
        *name = Some((village.name.to_owned(), village.digits.to_owned()));
    }
    for village in villages.iter_mut().filter(|v| v.ring.is_empty()) {
        if let Some((_, at)) = moved.iter().find(|m| m.0 == village.name) {
            village.at = *at;
        }
    }
    Ok(names.into_iter().flatten().collect())
}

/// 黄庄村 → 黄庄社区, 三河新村 → 三河新村社区, 南贯集一村 → 南贯集社区.
fn community_name(seat: &str) -> String {
    if seat.starts_with("南贯集") {
        return "南贯集社区".into();
    }
    let short = if seat.ends_with("新村") { seat } else { seat.trim_end_matches('村') };
    format!("{short}社区")
}

/// Cuts one subdistrict down to faces. 黄庄社区 gets its eight grids whatever its weight; 接庄 one face more, for the exclave;
/// 柳行 one less of each, for the hospital.
fn cut_subdistrict(part: &mut Partition, region: Region, villages: &mut [Village]) -> Result<Cutting, Stuck> {
    let sub = region.sub;
    let (_, _, communities, grids, micros) = SUBS[sub];
    let (grids, micros) = match sub {
        1 => (grids - 1, micros - 1),
        2 => (grids, micros + 1),
        _ => (grids, micros),
    };
    let mut parts = Vec::new();
    part.cut_into(region, communities, Stage::Community, &mut parts)?;
    let names = name_communities(part, &parts, villages)?;
    let people: Vec<f64> = people_in(part, &parts);
    let fixed = names.iter().position(|n| n.0 == "黄庄村");
    let open: Vec<usize> = (0..parts.len()).filter(|i| Some(*i) != fixed).collect();
    let left = grids - fixed.map_or(0, |_| 8);
    let shares = allot(left, &open.iter().map(|i| people[*i]).collect::<Vec<_>>(), 6);
    let mut counts = vec![8; parts.len()];
    for (i, share) in open.into_iter().zip(shares) {
        counts[i] = share;
    }
    let mut cut: Vec<Vec<Region>> = Vec::new();
    for (region, k) in parts.into_iter().zip(counts) {
        let mut out = Vec::new();
        part.cut_into(region, k, Stage::Grid, &mut out)?;
        cut.push(out);
    }
    let flat: Vec<Region> = cut.iter().flatten().cloned().collect();
    let mut shares = allot(micros, &people_in(part, &flat), 2).into_iter();
    let mut out = Vec::new();
    for (regions, (name, digits)) in cut.into_iter().zip(names) {
        let mut faces = Vec::new();
        for region in regions {
            let mut small = Vec::new();
            part.cut_into(region, shares.next().unwrap_or(1), Stage::Micro, &mut small)?;
            faces.push(small.into_iter().map(|r| r.face).collect());
        }
        out.push((faces, name, digits));
    }
    Ok(out)
}

/// How many people regions hold, relatively: density summed over area.
fn people_in(part: &Partition, regions: &[Region]) -> Vec<f64> {
    regions.iter().map(|r| face_weight(&part.mesh, &part.density, r.face, r.sub)).collect()
}

fn face_weight(mesh: &Mesh, density: &Density, face: FaceId, sub: usize) -> f64 {
    let n = 400.0;
    let survey = super::cuts::Survey::new(mesh, face, n, |p| density.at(sub, p));
    survey.weight() * mesh.area_m2(face) / n / 10_000.0
}

impl District {
    /// Draws and cuts the whole district.
    pub fn build(seed: u64) -> Result<Self, Stuck> {
        let terrain = Terrain::draw(&mut Random::stream(seed, "terrain"));
        let (mut part, subs) = Partition::seams(&terrain, Random::stream(seed, "cuts"))?;
        let rings = subs.map(|f| part.mesh.points(f));
        let villages = settle(&terrain, &rings, &mut Random::stream(seed, "villages"));
        part.density = Density::new(&villages);
        let mut district =
            Self { terrain, villages, part, communities: Vec::new(), grids: Vec::new(), micros: Vec::new() };
        for (sub, face) in subs.into_iter().enumerate() {
            let region = district.part.region(face, sub, &district.terrain, &district.villages);
            let cutting = cut_subdistrict(&mut district.part, region, &mut district.villages)?;
            district.enter(sub, cutting);
        }
        specials::enclose_hospital(&mut district)?;
        specials::give_exclave(&mut district)?;
        district.number();
        super::sizes::fill(&mut district, &mut Random::stream(seed, "sizes"));
        Ok(district)
    }

    /// Enters a subdistrict's faces in the tree, each level in reading order.
    fn enter(&mut self, sub: usize, cutting: Cutting) {
        let mesh = &self.part.mesh;
        let middles = |faces: &[FaceId]| {
            let all: Vec<V> = faces.iter().map(|f| middle_of(mesh, *f)).collect();
            let n = all.len() as f64;
            all.iter().fold(V::new(0.0, 0.0), |m, p| m.plus(*p, 1.0 / n))
        };
        for (grids, seat, digits) in cutting {
            let community = self.communities.len();
            let name = community_name(&seat);
            let code = format!("{}{digits}", SUBS[sub].1);
            self.communities.push(Community { code, name, sub, seat });
            let order = reading_order(&grids.iter().map(|g| middles(g)).collect::<Vec<_>>());
            for g in order {
                let grid = self.grids.len();
                let all: f64 = grids[g].iter().map(|f| face_weight(mesh, &self.part.density, *f, sub)).sum();
                let area: f64 = grids[g].iter().map(|f| mesh.area_m2(*f)).sum();
                let urban = sub == 0 || all * 10_000.0 / area > 0.26;
                self.grids.push(Grid {
                    code: String::new(),
                    name: String::new(),
                    community,
                    urban,
                    estate: String::new(),
                    compound: false,
                    special: false,
                });
                let order = reading_order(&grids[g].iter().map(|f| middle_of(mesh, *f)).collect::<Vec<_>>());
                for m in order {
                    let face = grids[g][m];
                    let weight = face_weight(mesh, &self.part.density, face, sub);
                    self.micros.push(Micro {
                        code: String::new(),
                        name: String::new(),
                        grid,
                        faces: vec![face],
                        urban,
                        what: Use::Homes,
                        weight,
                        households: 0,
                        population: 0,
                    });
                }
            }
        }
    }

    /// Codes from the order of the lists: 12 digits, then 3 for the grid, then 3 for the micro-grid.
    fn number(&mut self) {
        let mut seen = vec![0usize; self.communities.len()];
        for grid in &mut self.grids {
            seen[grid.community] += 1;
            grid.code = format!("{}{:03}", self.communities[grid.community].code, seen[grid.community]);
        }
        let mut seen = vec![0usize; self.grids.len()];
        self.micros.sort_by_key(|m| m.grid);
        for micro in &mut self.micros {
            seen[micro.grid] += 1;
            micro.code = format!("{}{:03}", self.grids[micro.grid].code, seen[micro.grid]);
        }
    }

    pub fn sub_of(&self, micro: &Micro) -> usize {
        self.communities[self.grids[micro.grid].community].sub
    }

    pub fn middle(&self, micro: &Micro) -> V {
        middle_of(&self.part.mesh, micro.faces[0])
    }

    /// The micro-grid a position is in, if any.
    pub fn owner(&self, at: V) -> Option<usize> {
        let p = at.p();
        let mesh = &self.part.mesh;
        let inner = self.micros.iter().position(|m| self.grids[m.grid].special && inside(&mesh.points(m.faces[0]), p));
        inner.or_else(|| self.micros.iter().position(|m| m.faces.iter().any(|f| mesh.holds(*f, p))))
    }

    /// Province to community, as a standard address begins.
    pub fn address_of(&self, micro: &Micro) -> String {
        let community = &self.communities[self.grids[micro.grid].community];
        format!("{}{}{}", names::CITY, SUBS[community.sub].0, community.name)
    }
}
