//! The recursive cutting: a region becomes its communities, a community its grids, a grid its micro-grids. Each cut follows a
//! street, river or village edge where one runs well, and is a new line where none does.

use super::cuts::{Cut, End, Manner, Stage, Survey};
use super::mesh::{FaceId, Mesh, Vertex};
use super::plane::{P, V, centroid, crosses, crossing, inside, length_m};
use super::random::Random;
use super::settlements::{Density, Village};
use super::terrain::{Kind, Terrain};

/// A line inside a region: from ring to ring, or closed (a village's outline).
#[derive(Clone, Debug)]
pub struct Piece {
    pub points: Vec<P>,
    /// The ring's vertices at its ends; `None` for a closed line.
    pub ends: Option<(Vertex, Vertex)>,
    pub worth: f64,
    pub village: bool,
}

/// A face being cut, with the lines inside it.
#[derive(Clone, Debug)]
pub struct Region {
    pub face: FaceId,
    pub sub: usize,
    pub pieces: Vec<Piece>,
}

/// A new line that is not one of the terrain's: the base map draws it as a street or track.
#[derive(Clone, Debug)]
pub struct Track {
    pub points: Vec<P>,
    pub stage: Stage,
    pub town: bool,
    pub village: bool,
}

#[derive(Debug)]
pub struct Partition {
    pub mesh: Mesh,
    pub density: Density,
    pub tracks: Vec<Track>,
    random: Random,
}

/// A region that could not be cut: says which.
#[derive(Debug)]
pub struct Stuck(pub String);

impl Partition {
    /// The five subdistricts, in the order 洸河, 柳行, 接庄, 王因, 黄屯, not yet cut further.
    pub fn seams(terrain: &Terrain, random: Random) -> Result<(Self, [FaceId; 5]), Stuck> {
        let mut mesh = Mesh::new(&terrain.outline);
        let split = |mesh: &mut Mesh, face: FaceId, seam: &[P]| {
            let pieces = mesh.clip(face, seam);
            let longest = pieces.into_iter().max_by_key(|piece| piece.1.len());
            let Some((from, inner, to)) = longest else { return Err(Stuck("a seam misses its region".into())) };
            let mut path = vec![from];
            path.extend(inner.iter().map(|p| mesh.vertex(*p)));
            path.push(to);
            Ok(mesh.split(face, &path))
        };
        let [south, east, north, west] = &terrain.seams;
        let jiezhuang = split(&mut mesh, 1, south)?;
        let wangyin = split(&mut mesh, 1, east)?;
        let liuhang = split(&mut mesh, 1, north)?;
        let (huangtun, liuhang) = (1, liuhang);
        let guanghe = liuhang;
        let liuhang = split(&mut mesh, guanghe, west)?;
        let density = Density::new(&[]);
        let this = Self { mesh, density, tracks: Vec::new(), random };
        Ok((this, [guanghe, liuhang, jiezhuang, wangyin, huangtun]))
    }

    /// The lines of the terrain that cross a subdistrict.
    pub fn region(&mut self, face: FaceId, sub: usize, terrain: &Terrain, villages: &[Village]) -> Region {
        let mut pieces = Vec::new();
        for line in terrain.lines.iter().filter(|l| l.cuts) {
            let worth = match line.kind {
                Kind::River { .. } => 0.9,
                Kind::Highway | Kind::Road { class: 1 } => 0.8,
                Kind::Road { class: 2 } => 0.65,
                Kind::Road { .. } | Kind::Rail => 0.5,
            };
            let points: Vec<P> = line.points.iter().map(|p| p.p()).collect();
            for (from, inner, to) in self.mesh.clip(face, &points) {
                let points = std::iter::once(self.mesh.p(from)).chain(inner).chain([self.mesh.p(to)]).collect();
                pieces.push(Piece { points, ends: Some((from, to)), worth, village: false });
            }
        }
        for village in villages.iter().filter(|v| v.sub == sub && !v.ring.is_empty()) {
            pieces.push(Piece { points: village.ring.clone(), ends: None, worth: 0.0, village: true });
        }
        Region { face, sub, pieces }
    }

    pub fn survey(&self, region: &Region, n: f64) -> Survey {
        Survey::new(&self.mesh, region.face, n, |p| self.density.at(region.sub, p))
    }

    /// Cuts a region into `k` regions of about equal weight.
    pub fn cut_into(&mut self, region: Region, k: usize, stage: Stage, out: &mut Vec<Region>) -> Result<(), Stuck> {
        if k <= 1 {
            out.push(region);
            return Ok(());
        }
        let (survey, cut) = self.best(&region, k, stage)?;
        let left_units = cut.left_units;
        let (left, right) = self.apply(region, &survey, &cut, stage);
        self.cut_into(left, left_units, stage, out)?;
        self.cut_into(right, k - left_units, stage, out)
    }

    fn is_town(&self, region: &Region) -> bool {
        let (middle, area) = centroid(&self.mesh.metres(region.face));
        region.sub == 0 || self.density.at(region.sub, middle) > 0.3 && area < 4e6
    }

    fn best(&mut self, region: &Region, k: usize, stage: Stage) -> Result<(Survey, Cut), Stuck> {
        let n = if stage == Stage::Community { 1500.0 } else { 420.0 };
        let survey = self.survey(region, n);
        let manner = Manner { stage, town: self.is_town(region) };
        let mut random = self.random.clone();
        for wild in 0..30 {
            let through = |p: V| stage < Stage::Micro && self.density.in_village(p);
            let mut found = survey.fresh(&self.mesh, k, manner, wild, &mut random, through);
            if wild == 0 {
                for (i, piece) in region.pieces.iter().enumerate() {
                    let Some(ends) = piece.ends.filter(|_| piece.points.len() > 2) else { continue };
                    let worth = match (piece.village, stage) {
                        (true, Stage::Micro) => 1.3,
                        (true, _) => continue,
                        _ => piece.worth,
                    };
                    let inner = &piece.points[1..piece.points.len() - 1];
                    found.extend(survey.along(i, ends, inner, k, worth, through));
                }
            }
            found.sort_by(|a, b| b.score.total_cmp(&a.score));
            for cut in found {
                if self.mesh.is_clear(region.face, &survey.path(&cut)) {
                    self.random = random;
                    return Ok((survey, cut));
                }
            }
        }
        let (middle, area) = centroid(&self.mesh.metres(region.face));
        let at = middle.p();
        Err(Stuck(format!("no cut for {k} units at {:.4},{:.4}, {area:.0} m²", at.lon(), at.lat())))
    }

    /// Makes the cut, and deals the lines inside out to its two sides.
    fn apply(&mut self, mut region: Region, survey: &Survey, cut: &Cut, stage: Stage) -> (Region, Region) {
        let town = self.is_town(&region);
        let path = survey.path(cut);
        let used = cut.piece.map(|i| region.pieces.remove(i));
        if used.as_ref().is_none_or(|piece| piece.village) {
            self.tracks.push(Track { points: path.clone(), stage, town, village: used.is_some() });
        }
        let mut realise = |end: End| match end {
            End::At(v) => v,
            End::On(a, b, p) => {
                let (a, b) = self.edge_at(region.face, a, b, p);
                self.mesh.insert(a, b, p)
            }
        };
        let (from, to) = (realise(cut.ends.0), realise(cut.ends.1));
        let mut ids = vec![from];
        ids.extend(path[1..path.len() - 1].iter().map(|p| self.mesh.vertex(*p)));
        ids.push(to);
        let new = self.mesh.split(region.face, &ids);
        let mut parts = Vec::new();
        for piece in std::mem::take(&mut region.pieces) {
            self.divide(piece, &mut ids, &mut parts);
        }
        let ring = self.mesh.points(region.face);
        let mut left = Region { face: region.face, sub: region.sub, pieces: Vec::new() };
        let mut right = Region { face: new, sub: region.sub, pieces: Vec::new() };
        for part in parts {
            let inner = part.points[part.points.len() / 2];
            if inside(&ring, inner) { left.pieces.push(part) } else { right.pieces.push(part) }
        }
        (left, right)
    }

    /// The edge of the face's ring that now carries a point that was on a → b: the first end may have been put there.
    fn edge_at(&self, face: FaceId, a: Vertex, b: Vertex, p: P) -> (Vertex, Vertex) {
        if self.mesh.left_of(a, b) == Some(face) {
            return (a, b);
        }
        let ring = self.mesh.ring(face);
        let start = ring.iter().position(|v| *v == a).unwrap_or(0);
        let middle = ring[(start + 1) % ring.len()];
        let along = |v: Vertex| self.mesh.v(v).distance(self.mesh.v(a));
        if along(middle) > self.mesh.v(a).distance(p.v()) { (a, middle) } else { (middle, b) }
    }

    /// Cuts a line where the path crosses it; the crossings become vertices of the path.
    fn divide(&mut self, piece: Piece, path: &mut Vec<Vertex>, parts: &mut Vec<Piece>) {
        let mut points = piece.points.clone();
        if piece.ends.is_none() {
            points.push(points[0]);
        }
        let mut stops: Vec<(usize, Vertex)> = Vec::new();
        for i in 0..points.len() - 1 {
            let (c, d) = (points[i], points[i + 1]);
            let mut hits: Vec<(f64, Vertex)> = Vec::new();
            let mut k = 0;
            while k + 1 < path.len() {
                let (a, b) = (path[k], path[k + 1]);
                if crosses(self.mesh.p(a), self.mesh.p(b), c, d) {
                    let x = crossing(self.mesh.p(a), self.mesh.p(b), c, d);
                    let v = self.mesh.settle(a, b, x);
                    if v != a && v != b {
                        path.insert(k + 1, v);
                        k += 1;
                    }
                    hits.push((c.v().distance(x.v()), v));
                }
                k += 1;
            }
            hits.sort_by(|m, n| m.0.total_cmp(&n.0));
            stops.extend(hits.into_iter().map(|(_, v)| (i, v)));
        }
        if stops.is_empty() {
            parts.push(piece);
            return;
        }
        let (first, last) = (stops[0], stops[stops.len() - 1]);
        let mut add = |from: Vertex, inner: &[P], to: Vertex| {
            let (start, end) = (self.mesh.p(from), self.mesh.p(to));
            let mut points = vec![start];
            let near = |p: &P| p.v().distance(start.v()).min(p.v().distance(end.v())) < 7.0;
            points.extend(inner.iter().filter(|p| !near(p)));
            points.push(end);
            let metres: Vec<V> = points.iter().map(|p| p.v()).collect();
            if from != to && points.len() > 2 && length_m(&metres) > 45.0 {
                parts.push(Piece { points, ends: Some((from, to)), ..piece.clone() });
            }
        };
        for pair in stops.windows(2) {
            add(pair[0].1, &points[pair[0].0 + 1..=pair[1].0], pair[1].1);
        }
        match piece.ends {
            Some((from, to)) => {
                add(from, &points[1..=first.0], first.1);
                add(last.1, &points[last.0 + 1..points.len() - 1], to);
            }
            None => {
                let mut around = points[last.0 + 1..points.len() - 1].to_vec();
                around.extend_from_slice(&points[..=first.0]);
                add(last.1, &around, first.1);
            }
        }
    }
}
