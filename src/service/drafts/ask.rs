//! What a person asks for, in codes and positions, becomes a change of the boundaries.

use super::codes::{Codes, renumbered};
use super::{AskFault, DraftFault, Open};
use crate::coverage::edit::stroke::Stroke;
use crate::coverage::edit::{Edit, Line};
use crate::coverage::{ArcKind, Coverage, Delta, FaceId, FaceIx, FaceRole, LatticePoint};
use crate::crs::Cgcs2000;
use crate::grid::change::{Change, Described, Figures, NewUnit, Row, Verb};
use crate::place::Place;

/// Points of one line.
const MOST_POINTS: usize = 20_000;
/// Lines of one cut: past holes, or through the parts of an exclave.
const MOST_LINES: usize = 100;
/// How far from the boundary the end of a drawn line may be, at most.
const MOST_TOLERANCE_M: u32 = 500;
/// Kinds of places that stand for homes (`docs/FORMATS.md`): where a unit is cut, its households go to the two sides as these do.
const HOMES: [&str; 2] = ["entrance", "house"];

/// Which side of a cut goes on under the old code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Keep {
    /// The one with more homes; of as many, the larger one.
    #[default]
    Households,
    Larger,
    /// As seen along the line.
    Left,
    Right,
}

/// One edit, as it is asked for. Units are named by code.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A stretch of boundary, by its vertices, is drawn otherwise.
    Reshape {
        old: Vec<Cgcs2000>,
        new: Vec<Cgcs2000>,
    },
    /// A vertex moves, with every line that meets there.
    Move {
        from: Cgcs2000,
        to: Cgcs2000,
    },
    Mark {
        edge: [Cgcs2000; 2],
        kind: ArcKind,
        locked: bool,
    },
    /// A smallest unit is cut along a line from border to border, whose ends are tied to what is within the tolerance; or, without a tolerance, along
    /// lines that end at vertices of the border exactly. Households and people go to the two sides as the homes do.
    Split(Split),
    Merge {
        keep: String,
        gone: String,
        enclosing: Vec<String>,
    },
    /// The piece that a line cuts off goes to the neighbour, with its homes.
    Transfer {
        from: String,
        to: String,
        line: Vec<Cgcs2000>,
        tolerance_m: f64,
    },
    /// The land of two neighbours is divided between them anew, along lines that end at vertices of their common border: what lies on the left is
    /// the second's.
    Redivide {
        units: [String; 2],
        lines: Vec<Vec<Cgcs2000>>,
        kind: ArcKind,
    },
    /// A unit, with all below it, goes to another parent. Where codes follow a scheme, they are given anew.
    Reparent {
        unit: String,
        parent: String,
    },
    Describe(Describe),
    Exclude {
        unit: String,
    },
    /// The land at a place, which is nobody's, becomes a unit.
    Include(Include),
}

/// [`Ask::Split`].
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    pub unit: String,
    /// One where there is a tolerance.
    pub lines: Vec<Vec<Cgcs2000>>,
    pub tolerance_m: Option<f64>,
    pub kind: ArcKind,
    pub keep: Keep,
    /// The next one of the scheme, unless given.
    pub code: Option<String>,
    /// That of the old one with another number, unless given.
    pub name: Option<String>,
}

/// [`Ask::Describe`]: `None` leaves what there is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Describe {
    pub unit: String,
    pub code: Option<String>,
    pub name: Option<String>,
    pub class: Option<String>,
    pub households: Option<u32>,
    pub population: Option<u32>,
}

/// [`Ask::Include`].
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    pub at: Cgcs2000,
    pub parent: String,
    pub code: Option<String>,
    pub name: String,
    pub class: String,
    pub households: u32,
    pub population: u32,
}

impl Ask {
    /// The change that it asks of a draft as it is now. `id` gives identities for new units.
    pub(super) fn change(
        &self,
        index: usize,
        open: &mut Open,
        codes: &mut Codes,
        id: impl FnMut() -> Result<u64, DraftFault>,
    ) -> Result<Change, DraftFault> {
        Asking { index, open, codes, id }.change(self)
    }
}

struct Asking<'a, I> {
    index: usize,
    open: &'a mut Open,
    codes: &'a mut Codes,
    id: I,
}

impl<I: FnMut() -> Result<u64, DraftFault>> Asking<'_, I> {
    fn change(&mut self, ask: &Ask) -> Result<Change, DraftFault> {
        match ask {
            Ask::Reshape { old, new } => {
                let edit = Edit::Reshape { old: self.line(old)?, new: self.line(new)? };
                Ok(Change::of_lines(Verb::Reshape, vec![edit]))
            }
            Ask::Move { from, to } => {
                let edit = Edit::MoveJunction { from: self.point(*from)?, to: self.point(*to)? };
                Ok(Change::of_lines(Verb::Reshape, vec![edit]))
            }
            Ask::Mark { edge: [a, b], kind, locked } => {
                let edit = Edit::Mark { edge: (self.point(*a)?, self.point(*b)?), kind: *kind, locked: *locked };
                Ok(Change::of_lines(Verb::Mark, vec![edit]))
            }
            Ask::Split(split) => self.split(split),
            Ask::Redivide { units, lines, kind } => self.redivide(units, lines, *kind),
            Ask::Merge { keep, gone, enclosing } => {
                let enclosing = enclosing.iter().map(|code| Ok(self.smallest(code)?.id));
                let enclosing = enclosing.collect::<Result<Vec<u64>, DraftFault>>()?;
                let (keep, gone) = (self.smallest(keep)?.id, self.smallest(gone)?.id);
                let change = self.open.desk.merge(keep, gone, &enclosing);
                change.map_err(|refused| self.open.refusal(self.index, refused))
            }
            Ask::Transfer { from, to, line, tolerance_m } => self.transfer(from, to, line, *tolerance_m),
            Ask::Reparent { unit, parent } => self.reparent(unit, parent),
            Ask::Describe(said) => self.describe(said),
            Ask::Exclude { unit } => {
                let unit = self.smallest(unit)?.id;
                self.open.desk.exclude(unit).map_err(|refused| self.open.refusal(self.index, refused))
            }
            Ask::Include(land) => self.include(land),
        }
    }

    fn fault<T>(&self, fault: AskFault) -> Result<T, DraftFault> {
        Err(DraftFault::Ask { index: self.index, fault })
    }

    fn point(&self, at: Cgcs2000) -> Result<LatticePoint, DraftFault> {
        let point = self.open.desk.coverage().lattice().quantise(at);
        point.or_else(|fault| self.fault(AskFault::from(fault)))
    }

    fn line(&self, points: &[Cgcs2000]) -> Result<Vec<LatticePoint>, DraftFault> {
        if points.len() < 2 || points.len() > MOST_POINTS {
            return self.fault(AskFault::Points(MOST_POINTS));
        }
        points.iter().map(|at| self.point(*at)).collect()
    }

    /// A drawn line; equal neighbours are one point.
    fn stroke(&self, line: &[Cgcs2000], tolerance_m: f64) -> Result<Stroke, DraftFault> {
        if !(tolerance_m > 0.0 && tolerance_m <= f64::from(MOST_TOLERANCE_M)) {
            return self.fault(AskFault::Tolerance(MOST_TOLERANCE_M));
        }
        let mut points = self.line(line)?;
        points.dedup();
        // Steps are shorter east-west, so that this many of them are at most the tolerance there.
        let y = points.first().map_or(0, |p| p.y);
        let (_, north_m) = self.open.desk.coverage().lattice().metres_per_step(y);
        Ok(Stroke { points, tolerance: (tolerance_m / north_m) as u32 })
    }

    fn smallest(&self, code: &str) -> Result<Row, DraftFault> {
        let desk = &self.open.desk;
        match desk.by_code(desk.lowest(), code) {
            Some(row) => Ok(row.clone()),
            None if self.any(code).is_ok() => self.fault(AskFault::NotSmallest(code.to_owned())),
            None => self.any(code),
        }
    }

    fn any(&self, code: &str) -> Result<Row, DraftFault> {
        let desk = &self.open.desk;
        let known = (0..=desk.lowest()).find_map(|level| desk.by_code(level, code));
        known.cloned().map_or_else(|| self.fault(AskFault::NoUnit(super::review::echo(code))), Ok)
    }

    fn code(&mut self, parent: &Row, asked: Option<&String>) -> Result<String, DraftFault> {
        let code = self.codes.take(parent, asked.map(|code| code.trim()));
        code.or_else(|fault| self.fault(fault))
    }

    fn words<'t>(&self, field: &'static str, text: &'t str) -> Result<&'t str, DraftFault> {
        let text = text.trim();
        let fits = text.chars().count() <= 60 && !text.chars().any(char::is_control);
        if fits { Ok(text) } else { self.fault(AskFault::Text(field)) }
    }

    fn parent_of(&self, row: &Row) -> Result<Row, DraftFault> {
        let parent = row.parent.and_then(|parent| self.open.desk.row(parent));
        parent.cloned().map_or_else(|| self.fault(AskFault::NotParent(row.code.clone())), Ok)
    }

    fn split(&mut self, asked: &Split) -> Result<Change, DraftFault> {
        let Split { unit, lines, tolerance_m, kind, keep, code, name } = asked;
        let old = self.smallest(unit)?;
        let parent = self.parent_of(&old)?;
        let code = self.code(&parent, code.as_ref())?;
        let name = match name {
            Some(name) => self.words("name", name)?.to_owned(),
            None => renumbered(&old, &code),
        };
        let new = NewUnit { id: (self.id)()?, code, name };
        let mut edits = match (tolerance_m, &lines[..]) {
            (Some(tolerance_m), [line]) => {
                let stroke = self.stroke(line, *tolerance_m)?;
                let cut = self.open.desk.cut(old.id, &stroke, *kind, new.id);
                cut.map_err(|refused| self.open.refusal(self.index, refused))?
            }
            _ => vec![self.exact(old.id, lines, *kind, new.id)?],
        };
        let mut sides = self.sides(&edits, old.id, new.id)?;
        let turned = match keep {
            Keep::Right => false,
            Keep::Left => true,
            Keep::Larger => sides.new_area > sides.old_area,
            Keep::Households => (sides.new_homes, sides.new_area) > (sides.old_homes, sides.old_area),
        };
        if turned {
            // What lies on the left of a line becomes the new unit: so the line is walked the other way.
            for edit in &mut edits {
                if let Edit::Split { lines, .. } = edit {
                    lines.iter_mut().for_each(|line| line.points.reverse());
                }
            }
            sides = sides.turned();
        }
        let moved = sides.share(&old);
        let change = self.open.desk.split(old.id, edits, new, moved);
        change.map_err(|refused| self.open.refusal(self.index, refused))
    }

    /// A cut along lines that end at vertices exactly.
    fn exact(&self, unit: u64, lines: &[Vec<Cgcs2000>], kind: ArcKind, new: u64) -> Result<Edit, DraftFault> {
        if lines.is_empty() || lines.len() > MOST_LINES {
            return self.fault(AskFault::Lines(MOST_LINES));
        }
        let line = |points: &Vec<Cgcs2000>| Ok(Line { points: self.line(points)?, kind });
        let lines = lines.iter().map(line).collect::<Result<Vec<_>, DraftFault>>()?;
        Ok(Edit::Split { face: FaceId(unit), lines, new: FaceId(new), exclave: false })
    }

    fn redivide(
        &mut self,
        [one, other]: &[String; 2],
        lines: &[Vec<Cgcs2000>],
        kind: ArcKind,
    ) -> Result<Change, DraftFault> {
        let (one, other) = (self.smallest(one)?, self.smallest(other)?);
        let join = Edit::Merge { keep: FaceId(one.id), gone: FaceId(other.id), enclosing: Vec::new() };
        let edits = vec![join, self.exact(one.id, lines, kind, other.id)?];
        let now = self.homes(&edits, &[one.id, other.id], other.id)?;
        let all = Figures {
            households: one.households.saturating_add(other.households),
            population: one.population.saturating_add(other.population),
        };
        let change = self.open.desk.redivide(one.id, other.id, edits, now.of(all));
        change.map_err(|refused| self.open.refusal(self.index, refused))
    }

    fn transfer(&mut self, from: &str, to: &str, line: &[Cgcs2000], tolerance_m: f64) -> Result<Change, DraftFault> {
        let (from, to) = (self.smallest(from)?, self.smallest(to)?);
        let stroke = self.stroke(line, tolerance_m)?;
        let spare = (self.id)()?;
        let edits = self.open.desk.handed(from.id, to.id, &stroke, spare);
        let edits = edits.map_err(|refused| self.open.refusal(self.index, refused))?;
        let sides = self.sides(&edits, from.id, to.id)?;
        let moved = sides.share(&from);
        let change = self.open.desk.transfer(from.id, to.id, edits, moved);
        change.map_err(|refused| self.open.refusal(self.index, refused))
    }

    /// What of the land and homes of one unit goes to another by some edits.
    fn sides(&mut self, edits: &[Edit], old: u64, new: u64) -> Result<Sides, DraftFault> {
        self.homes(edits, &[old], new)
    }

    /// What of the land and homes of some units would be another's by some edits.
    fn homes(&mut self, edits: &[Edit], of: &[u64], new: u64) -> Result<Sides, DraftFault> {
        let Open { desk, locator, base, .. } = &mut *self.open;
        let lattice = *desk.coverage().lattice();
        let before: Vec<FaceIx> = of.iter().filter_map(|unit| face_of(desk.coverage(), *unit)).collect();
        let homes: Vec<&Place> = (base.snapshot.places.iter())
            .filter(|place| HOMES.contains(&place.kind.as_str()))
            .filter(|place| before.contains(&locator.owner_of(place.point)))
            .collect();
        let area = |coverage: &Coverage, unit| {
            face_of(coverage, unit)
                .map_or(0, |face| coverage.faces()[face.ix()].rings.iter().map(|ring| ring.doubled_area).sum::<i128>())
        };
        let all_area = of.iter().map(|unit| area(desk.coverage(), *unit)).sum::<i128>();
        let had = if of.contains(&new) { 0 } else { area(desk.coverage(), new) };
        let looked = desk.preview(edits, |coverage: &Coverage, delta: &Delta| {
            let mut after = locator.clone();
            after.update(coverage, delta);
            let gone = face_of(coverage, new);
            let moved = homes
                .iter()
                .filter(|place| lattice.quantise(place.point).is_ok_and(|point| Some(after.owner(point)) == gone));
            (moved.count(), area(coverage, new) - had)
        });
        let all = homes.len();
        let (new_homes, new_area) = looked.map_err(|refused| self.open.refusal(self.index, refused))?;
        Ok(Sides { old_homes: all - new_homes, new_homes, old_area: all_area - new_area, new_area })
    }

    fn reparent(&mut self, unit: &str, parent: &str) -> Result<Change, DraftFault> {
        let (row, parent) = (self.any(unit)?, self.any(parent)?);
        if parent.level + 1 != row.level {
            return self.fault(AskFault::NotParent(parent.code));
        }
        let mut codes: Vec<(u64, String)> = Vec::new();
        // From the top down, so that each gets a code below its parent's new one.
        let mut waiting =
            if row.code.starts_with(&parent.code) { Vec::new() } else { vec![(row.clone(), parent.clone())] };
        while let Some((row, parent)) = waiting.pop() {
            if !self.codes.has_scheme(row.level) {
                continue;
            }
            let code = self.code(&parent, None)?;
            let below: Vec<Row> = self.open.desk.children(row.id).into_iter().rev().cloned().collect();
            let renamed = Row { code: code.clone(), ..row };
            codes.push((renamed.id, code));
            waiting.extend(below.into_iter().map(|child| (child, renamed.clone())));
        }
        let change = self.open.desk.reparent(row.id, parent.id, &codes);
        change.map_err(|refused| self.open.refusal(self.index, refused))
    }

    fn describe(&mut self, said: &Describe) -> Result<Change, DraftFault> {
        let Describe { unit, code, name, class, households, population } = said;
        let row = self.any(unit)?;
        let code = match code.as_ref().map(|code| code.trim()).filter(|code| *code != row.code) {
            Some(code) => {
                let parent = if row.parent.is_some() { Some(self.parent_of(&row)?) } else { None };
                match parent {
                    Some(parent) => Some(self.code(&parent, Some(&code.to_owned()))?),
                    None => Some(self.words("code", code)?.to_owned()),
                }
            }
            None => None,
        };
        let words = |field, text: &Option<String>| {
            text.as_ref().map(|text| self.words(field, text).map(str::to_owned)).transpose()
        };
        let figures = (households.is_some() || population.is_some()).then(|| Figures {
            households: households.unwrap_or(row.households),
            population: population.unwrap_or(row.population),
        });
        let said = Described { code, name: words("name", name)?, class: words("class", class)?, figures };
        self.open.desk.describe(row.id, &said).map_err(|refused| self.open.refusal(self.index, refused))
    }

    fn include(&mut self, land: &Include) -> Result<Change, DraftFault> {
        let Include { at, parent, code, name, class, households, population } = land;
        let point = self.point(*at)?;
        let parent = self.any(parent)?;
        if parent.level + 1 != self.open.desk.lowest() {
            return self.fault(AskFault::NotParent(parent.code));
        }
        let face = self.open.desk.coverage().faces().get(self.open.locator.owner(point).ix());
        let Some(id) = face.filter(|f| matches!(f.role, FaceRole::Excluded | FaceRole::Gap)).map(|f| f.id.0) else {
            return self.fault(AskFault::NotNobodys);
        };
        let name = self.words("name", name)?.to_owned();
        let class = self.words("class", class)?.to_owned();
        let code = self.code(&parent, code.as_ref())?;
        let figures = Figures { households: *households, population: *population };
        let change = self.open.desk.include(NewUnit { id, code, name }, parent.id, class, figures);
        change.map_err(|refused| self.open.refusal(self.index, refused))
    }
}

fn face_of(coverage: &Coverage, unit: u64) -> Option<FaceIx> {
    coverage.faces().iter().position(|face| face.id == FaceId(unit)).map(|at| FaceIx(at as u32))
}

/// What a cut makes of one unit: doubled areas on the lattice, and homes.
#[derive(Clone, Copy, Debug)]
struct Sides {
    old_homes: usize,
    new_homes: usize,
    old_area: i128,
    new_area: i128,
}

impl Sides {
    const fn turned(self) -> Self {
        let Self { old_homes, new_homes, old_area, new_area } = self;
        Self { old_homes: new_homes, new_homes: old_homes, old_area: new_area, new_area: old_area }
    }

    /// The part of a unit's figures that goes with the new side.
    fn share(self, unit: &Row) -> Figures {
        self.of(Figures { households: unit.households, population: unit.population })
    }

    /// The part of some figures that goes with the new side: as the homes do, or the land where no home is known.
    fn of(self, all: Figures) -> Figures {
        let homes = self.old_homes + self.new_homes;
        let part = if homes > 0 {
            self.new_homes as f64 / homes as f64
        } else {
            self.new_area as f64 / (self.old_area + self.new_area).max(1) as f64
        };
        let of = |figure: u32| (f64::from(figure) * part.clamp(0.0, 1.0)).round() as u32;
        Figures { households: of(all.households), population: of(all.population) }
    }
}
