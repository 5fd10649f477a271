//! The rows of every table as values: what a whole district is written with, and what a publication compares.

use rusqlite::types::Value;

use super::blob::{self, Shape};
use super::layers::Bounds;
use super::{record, schema};
use crate::coverage::{Arc, ArcKind, Coverage, FaceId, FaceRole, LatticePoint};
use crate::grid::history::History;
use crate::grid::people::{Branch, Person, Role, Roster, Term};
use crate::grid::{District, Hierarchy, Unit, UnitIx};
use crate::issue::Issue;
use crate::place::Place;
use crate::snapshot::{BaseFeature, BaseShape, Contents, Snapshot};

pub(super) const KINDS: &[(ArcKind, &str)] = &[
    (ArcKind::Legal, "legal"),
    (ArcKind::Road, "road"),
    (ArcKind::River, "river"),
    (ArcKind::Wall, "wall"),
    (ArcKind::Drawn, "drawn"),
];

pub(super) const ROLES: &[(FaceRole, &str)] = &[
    (FaceRole::Outside, "outside"),
    (FaceRole::Unit, "unit"),
    (FaceRole::Excluded, "excluded"),
    (FaceRole::Gap, "gap"),
];

pub(super) fn word<T: PartialEq>(words: &[(T, &'static str)], value: &T) -> &'static str {
    words.iter().find(|(known, _)| known == value).map_or("", |(_, word)| word)
}

/// A district to be written, wherever it lies in memory.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) version: u64,
    pub(super) recorded: jiff::Timestamp,
    pub(super) district: &'a District,
    pub(super) history: &'a History,
    pub(super) coverage: &'a Coverage,
    pub(super) hierarchy: &'a Hierarchy,
    pub(super) roster: &'a Roster,
    pub(super) places: &'a [Place],
    pub(super) place_edits: u64,
    pub(super) issues: &'a [Issue],
    pub(super) base: &'a [BaseFeature],
}

impl<'a> From<&'a Contents> for View<'a> {
    fn from(contents: &'a Contents) -> Self {
        Self {
            version: contents.version,
            recorded: contents.recorded,
            district: &contents.district,
            history: &contents.history,
            coverage: &contents.coverage,
            hierarchy: &contents.hierarchy,
            roster: &contents.roster,
            places: &contents.places,
            place_edits: contents.place_edits,
            issues: &contents.issues,
            base: &contents.base,
        }
    }
}

impl<'a> From<&'a Snapshot> for View<'a> {
    fn from(snapshot: &'a Snapshot) -> Self {
        Self {
            version: snapshot.version,
            recorded: snapshot.recorded,
            district: &snapshot.district,
            history: &snapshot.history,
            coverage: &snapshot.coverage,
            hierarchy: &snapshot.hierarchy,
            roster: &snapshot.roster,
            places: &snapshot.places,
            place_edits: snapshot.place_edits,
            issues: &snapshot.issues,
            base: &snapshot.base,
        }
    }
}

pub(super) type Row = Vec<Value>;

fn id(n: usize) -> Value {
    Value::Integer(n as i64)
}

fn identity(n: u64) -> Value {
    Value::Integer(n as i64)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn flag(flag: bool) -> Value {
    Value::Integer(i64::from(flag))
}

fn geometry(shape: &Shape) -> Value {
    Value::Blob(blob::encode(shape))
}

/// Keys and values of `wangge_meta`.
///
/// # Errors
/// None that a district in memory can have.
pub(super) fn meta(view: &View) -> serde_json::Result<Vec<Row>> {
    let (origin_lon, origin_lat, decimals) = view.coverage.lattice().parts();
    let rows = [
        ("schema", schema::SCHEMA.to_string()),
        ("version", view.version.to_string()),
        ("recorded", view.recorded.to_string()),
        ("origin_lon", origin_lon.to_string()),
        ("origin_lat", origin_lat.to_string()),
        ("decimals", decimals.to_string()),
        ("district", record::write(view.district)?),
    ];
    Ok(rows.into_iter().map(|(key, value)| vec![text(key), Value::Text(value)]).collect())
}

pub(super) fn junction(at: usize, point: LatticePoint) -> Row {
    vec![id(at), point.x.into(), point.y.into()]
}

pub(super) fn arc(at: usize, arc: &Arc) -> Row {
    vec![
        id(at),
        arc.from.0.into(),
        arc.to.0.into(),
        arc.left.0.into(),
        arc.right.0.into(),
        text(word(KINDS, &arc.kind)),
        flag(arc.locked),
        Value::Blob(blob::encode_points(&arc.points)),
    ]
}

pub(super) fn face(at: usize, (known_as, role, exclave): (FaceId, FaceRole, bool)) -> Row {
    vec![id(at), identity(known_as.0), text(word(ROLES, &role)), flag(exclave)]
}

/// Identity, level, code, name, identity of the parent, class, households, population, identity of the face: a unit whatever the numbering.
pub(super) type Cells<'a> = (u64, u8, &'a str, &'a str, Option<u64>, &'a str, u32, u32, Option<u64>);

pub(super) fn cells<'a>(coverage: &Coverage, hierarchy: &Hierarchy, unit: &'a Unit) -> Cells<'a> {
    let parent = unit.parent.map(|parent| hierarchy.unit(parent).id);
    let face = unit.face.and_then(|face| coverage.faces().get(face.ix())).map(|face| face.id.0);
    let Unit { id, level, code, name, class, households, population, .. } = unit;
    (*id, *level, code, name, parent, class, *households, *population, face)
}

pub(super) fn unit((id, level, code, name, parent, class, households, population, face): Cells) -> Row {
    vec![
        identity(id),
        level.into(),
        text(code),
        text(name),
        parent.map(|parent| parent as i64).into(),
        text(class),
        households.into(),
        population.into(),
        face.map(|face| face as i64).into(),
    ]
}

/// What a feature of a level's layer says of its unit: identity, code, name, code of the parent, class, households, population.
pub(super) type Feature<'a> = (u64, &'a str, &'a str, Option<&'a str>, &'a str, u32, u32);

pub(super) fn feature<'a>(hierarchy: &'a Hierarchy, unit: &'a Unit) -> Feature<'a> {
    let parent = unit.parent.map(|parent| hierarchy.unit(parent).code.as_str());
    (unit.id, &unit.code, &unit.name, parent, &unit.class, unit.households, unit.population)
}

/// The row of a feature, and its bounds.
pub(super) fn layer(
    (id, code, name, parent, class, households, population): Feature,
    shape: &Shape,
    area_m2: f64,
) -> (Row, Bounds) {
    let exclave = matches!(shape, Shape::MultiPolygon(polygons) if polygons.len() > 1);
    let row = vec![
        identity(id),
        geometry(shape),
        text(code),
        text(name),
        parent.map(str::to_owned).into(),
        text(class),
        households.into(),
        population.into(),
        ((area_m2 * 100.0).round() / 100.0).into(),
        flag(exclave),
    ];
    (row, blob::envelope(shape))
}

pub(super) fn place(at: usize, place: &Place) -> (Row, Bounds) {
    let (x, y) = (place.point.lon(), place.point.lat());
    let row = vec![
        id(at + 1),
        geometry(&Shape::Point((x, y))),
        text(&place.id),
        text(&place.kind),
        text(&place.name),
        text(&place.address),
        Value::Text(place.aliases.join(";")),
        place.accuracy_m.into(),
    ];
    (row, Some([x, x, y, y]))
}

pub(super) fn issue(at: usize, issue: &Issue) -> (Row, Bounds) {
    let point = issue.point.map(|p| (p.lon(), p.lat()));
    let row = vec![
        id(at + 1),
        point.map(|p| blob::encode(&Shape::Point(p))).into(),
        text(&issue.id),
        Value::Text(issue.received.to_string()),
        issue.closed.map(|t| t.to_string()).into(),
        issue.due.map(|t| t.to_string()).into(),
        text(&issue.kind),
        text(&issue.channel),
        text(&issue.urgency),
        text(&issue.category),
        text(&issue.subcategory),
        text(&issue.contact),
        text(&issue.phone),
        flag(issue.confidential),
        text(&issue.address),
        text(&issue.text),
        text(&issue.org),
        issue.satisfaction.clone().into(),
    ];
    (row, point.map(|(x, y)| [x, x, y, y]))
}

pub(super) fn base(at: usize, feature: &BaseFeature) -> (Row, Bounds) {
    let shape = match &feature.shape {
        BaseShape::Line(line) => Shape::Line(line.clone()),
        BaseShape::Area(rings) => Shape::Polygon(rings.clone()),
    };
    let row =
        vec![id(at + 1), geometry(&shape), text(&feature.kind), feature.name.clone().into(), feature.class.into()];
    (row, blob::envelope(&shape))
}

/// The two days of a term, as text.
fn days(term: Term) -> [Value; 2] {
    [term.from, term.to].map(|day| day.map(|day| day.to_string()).into())
}

/// The codes of units, for a reader of the table: `wangge_post` is what is read back.
fn codes(hierarchy: &Hierarchy, units: &[UnitIx]) -> Value {
    Value::Text(units.iter().map(|u| hierarchy.unit(*u).code.as_str()).collect::<Vec<_>>().join(";"))
}

pub(super) fn person(hierarchy: &Hierarchy, at: usize, person: &Person) -> Row {
    let (role, line) = match &person.role {
        Role::Officer => ("officer", ""),
        Role::Specialist { line } => ("specialist", line.as_str()),
        Role::Secretary => ("secretary", ""),
        Role::Advisor => ("advisor", ""),
    };
    let [from, to] = days(person.term);
    let units = codes(hierarchy, &person.units);
    let Person { id: known_as, name, phone, org, .. } = person;
    vec![id(at + 1), text(known_as), text(name), text(phone), text(org), text(role), text(line), from, to, units]
}

pub(super) fn branch(hierarchy: &Hierarchy, at: usize, branch: &Branch) -> Row {
    let [from, to] = days(branch.term);
    let units = codes(hierarchy, &branch.units);
    vec![id(at + 1), text(&branch.id), text(&branch.name), text(&branch.kind), from, to, units]
}

/// Who is posted where: table and number of the holder, place in the holder's list, identity of the unit.
pub(super) type Post = (&'static str, usize, usize, u64);

pub(super) fn posts<'a>(roster: &'a Roster, hierarchy: &'a Hierarchy) -> impl Iterator<Item = Post> + 'a {
    let of = move |holder: &'static str, at: usize, units: &'a [UnitIx]| {
        units.iter().enumerate().map(move |(place, unit)| (holder, at + 1, place, hierarchy.unit(*unit).id))
    };
    let people = roster.people().iter().enumerate().flat_map(move |(at, p)| of("people", at, &p.units));
    people.chain(roster.branches().iter().enumerate().flat_map(move |(at, b)| of("branches", at, &b.units)))
}

pub(super) fn post((holder, fid, place, unit): Post) -> Row {
    vec![text(holder), id(fid), id(place), identity(unit)]
}
