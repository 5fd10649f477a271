//! Changes of lines and units together, on a desk: whatever is accepted keeps the tree over the faces and can be undone, whatever is refused
//! changes nothing, and drafts made apart meet without loss.

use std::collections::{BTreeMap, BTreeSet};

use wangge::coverage::edit::Edit;
use wangge::coverage::{ArcKind, Coverage, FaceId, FaceIx, FaceRole, LatticePoint, canonical, validate};
use wangge::grid::change::{Change, Conflict, Described, Desk, Field, Figures, NewUnit, Refused, Row, TreeRule, Verb};
use wangge::grid::history::Descent;
use wangge::grid::past::Boundaries;
use wangge::grid::{Hierarchy, Unit, UnitIx};

use crate::partition::Seeded;
use crate::pictures::{drawn, id, line};
use crate::proposals::Proposer;
use crate::walk::{board, doubled_area};

/// Identities of upper units begin here; those of new ones are given above.
const UPPER: u64 = 1 << 30;

/// Towns of three quarters each over the faces of a coverage; `of` says which quarter a face is in.
fn boundaries(coverage: Coverage, quarters: u64, of: impl Fn(FaceIx) -> u32) -> Boundaries {
    let unit = |id, level, code: String, parent: Option<u32>| Unit {
        id,
        level,
        name: format!("名{code}"),
        code,
        parent: parent.map(UnitIx),
        class: String::new(),
        households: 0,
        population: 0,
        face: None,
    };
    let mut units: Vec<Unit> = (0..quarters.div_ceil(3)).map(|t| unit(UPPER + t, 0, format!("{t}"), None)).collect();
    let towns = units.len() as u32;
    units.extend((0..quarters).map(|q| unit(UPPER + 10 + q, 1, format!("{}{}", q / 3, q % 3), Some(q as u32 / 3))));
    let faces = coverage.units().map(|(ix, face)| (ix, face.id.0));
    let mut low: Vec<Unit> = faces
        .map(|(ix, id)| {
            let quarter = of(ix);
            let code = format!("{}{}{id:05}", quarter / 3, quarter % 3);
            let (households, population) = (100 + id as u32 % 7, 300 + id as u32 % 11);
            Unit { households, population, face: Some(ix), ..unit(id, 2, code, Some(towns + quarter)) }
        })
        .collect();
    low.sort_by(|a, b| a.code.cmp(&b.code));
    units.extend(low);
    Boundaries { hierarchy: Hierarchy::new(units, 3, coverage.faces().len()), coverage }
}

/// A unit's identity, level, code, name, parent, households, population and face.
type Told = (u64, u8, String, String, Option<u64>, u32, u32, Option<u64>);

/// Everything that two boundaries can differ in, whatever their numbering.
fn told(boundaries: &Boundaries) -> (Vec<u8>, Vec<Told>) {
    let Boundaries { coverage, hierarchy } = boundaries;
    let mut units: Vec<_> = (hierarchy.units().iter())
        .map(|u| {
            let parent = u.parent.map(|p| hierarchy.unit(p).id);
            let face = u.face.map(|f| coverage.faces()[f.ix()].id.0);
            (u.id, u.level, u.code.clone(), u.name.clone(), parent, u.households, u.population, face)
        })
        .collect();
    units.sort();
    (canonical::bytes(coverage), units)
}

#[track_caller]
fn whole(boundaries: &Boundaries) {
    let Boundaries { coverage, hierarchy } = boundaries;
    assert_eq!(validate::faults(coverage), vec![]);
    assert_eq!(hierarchy.faults(), vec![]);
    for (i, face) in coverage.faces().iter().enumerate() {
        let unit = hierarchy.unit_of_face(FaceIx(i as u32)).map(|unit| hierarchy.unit(unit).id);
        assert_eq!(unit, (face.role == FaceRole::Unit).then_some(face.id.0));
    }
    let ids: BTreeSet<u64> = hierarchy.units().iter().map(|unit| unit.id).collect();
    assert_eq!(ids.len(), hierarchy.units().len());
}

fn rule(refused: &Refused) -> String {
    match refused {
        Refused::Edit(refusal) => format!("{:?}", refusal.rule),
        Refused::Tree { rule, .. } => rule.word().to_owned(),
    }
}

fn people(boundaries: &Boundaries) -> (u64, u64) {
    let lowest = boundaries.hierarchy.at_level(2).map(|(_, unit)| unit);
    lowest.fold((0, 0), |sum, unit| (sum.0 + u64::from(unit.households), sum.1 + u64::from(unit.population)))
}

/// Something a person might want, some of it impossible.
struct Wishes {
    edits: Proposer,
    random: Seeded,
}

impl Wishes {
    fn new(seed: u64, first_id: u64) -> Self {
        Self { edits: Proposer { random: Seeded(seed), next_id: first_id, faces: 70 }, random: Seeded(seed + 1_000) }
    }

    fn smallest(&mut self, desk: &Desk) -> u64 {
        let units: Vec<u64> = desk.coverage().units().map(|(_, face)| face.id.0).collect();
        units[self.random.between(0, units.len() as i32 - 1) as usize]
    }

    fn wish(&mut self, desk: &Desk) -> Result<Change, Refused> {
        let n = self.random.between(0, 99);
        let (unit, other) = (self.smallest(desk), UPPER + 10 + self.random.between(0, 5) as u64);
        match n {
            0..8 => {
                let code =
                    format!("{}{n}{:06}", desk.row(other).map_or("", |row| &row.code), self.random.between(0, 999_999));
                return desk.reparent(unit, other, &[(unit, code)]);
            }
            8..12 => {
                let name = Some(format!("新{n}{unit}"));
                return desk.describe(unit, &Described { name, ..Described::default() });
            }
            12..14 => {
                let code = Some(desk.row(other).map_or_else(String::new, |row| row.code.clone()));
                return desk.describe(unit, &Described { code, ..Described::default() });
            }
            14..16 => return desk.reparent(other, UPPER + self.random.between(0, 1) as u64, &[]),
            _ => {}
        }
        let Some((_, edit)) = self.edits.propose(desk.coverage()) else {
            return desk.describe(unit, &Described::default());
        };
        match edit {
            Edit::Split { face: FaceId(face), new: FaceId(new), .. } => {
                let code = format!("0{new:07}");
                let moved = Figures { households: self.random.between(0, 110) as u32, population: 7 };
                desk.split(face, vec![edit], NewUnit { id: new, code, name: String::new() }, moved)
            }
            Edit::Merge { keep: FaceId(keep), gone: FaceId(gone), .. } => desk.merge(keep, gone, &[]),
            Edit::SetRole { face: FaceId(face), role: FaceRole::Excluded } => desk.exclude(face),
            Edit::SetRole { face: FaceId(face), role: FaceRole::Unit } => {
                let new = NewUnit { id: face, code: format!("in{face}"), name: "新".to_owned() };
                desk.include(new, other, String::new(), Figures::default())
            }
            edit => Ok(Change::of_lines(Verb::Reshape, vec![edit])),
        }
    }
}

#[test]
fn whatever_is_accepted_keeps_the_tree_and_can_be_undone() {
    let base = boundaries(board(), 6, |ix| ix.0 % 6);
    whole(&base);
    let mut desk = Desk::new(&base);
    assert_eq!(told(&desk.boundaries()), told(&base));
    let mut wishes = Wishes::new(4, 10_000);
    let (mut log, mut changes) = (Vec::new(), Vec::new());
    let (mut tally, mut refusals) = (BTreeMap::<Verb, (usize, usize)>::new(), BTreeMap::<String, usize>::new());
    for step in 0..6_000 {
        let before = desk.boundaries();
        let change = match wishes.wish(&desk) {
            Ok(change) => change,
            Err(refused) => {
                *refusals.entry(rule(&refused)).or_default() += 1;
                continue;
            }
        };
        let counts = tally.entry(change.verb).or_default();
        match desk.apply(&change) {
            Ok(made) => {
                counts.0 += 1;
                let after = desk.boundaries();
                whole(&after);
                let outline = made.touched.contains(&FaceId(0));
                assert!(outline || doubled_area(&before.coverage) == doubled_area(&after.coverage));
                if !matches!(change.verb, Verb::Describe | Verb::Exclude | Verb::Include) {
                    assert_eq!(people(&before), people(&after), "step {step}: {change:?}");
                }
                desk.apply(&made.inverse).unwrap_or_else(|r| panic!("step {step}: {change:?}\n{made:?}\n{r:?}"));
                assert!(told(&desk.boundaries()) == told(&before), "step {step} undone: {change:?}");
                let again = desk.apply(&change).unwrap_or_else(|r| panic!("step {step} redone: {change:?}\n{r:?}"));
                assert!(told(&desk.boundaries()) == told(&after), "step {step} redone: {change:?}");
                log.push(again);
                changes.push(change);
            }
            Err(refused) => {
                counts.1 += 1;
                *refusals.entry(rule(&refused)).or_default() += 1;
                let now = desk.boundaries();
                assert!(
                    now.coverage == before.coverage && now.hierarchy == before.hierarchy,
                    "step {step}: {refused:?}"
                );
            }
        }
    }
    eprintln!("accepted and refused: {tally:?}\n{refusals:#?}");
    let end = told(&desk.boundaries());
    for made in log.iter().rev() {
        desk.apply(&made.inverse).unwrap();
    }
    assert!(told(&desk.boundaries()) == told(&base), "undoing everything does not lead back");
    let mut replayed = Desk::new(&base);
    replayed.apply_all(&changes).unwrap();
    assert!(told(&replayed.boundaries()) == end, "the log does not lead to the same end");
    for verb in [Verb::Reshape, Verb::Split, Verb::Merge, Verb::Reparent, Verb::Describe, Verb::Exclude, Verb::Include]
    {
        assert!(tally[&verb].0 > 10, "{verb:?}: {:?}", tally[&verb]);
    }
}

#[test]
fn the_lineage_says_where_every_unit_of_the_beginning_is_now() {
    let base = boundaries(board(), 6, |ix| ix.0 % 6);
    for seed in 0..40 {
        let mut desk = Desk::new(&base);
        let mut wishes = Wishes::new(seed, 10_000);
        let mut made = 0;
        while made < 12 {
            let Ok(change) = wishes.wish(&desk) else { continue };
            made += usize::from(
                change.verb != Verb::Exclude && change.verb != Verb::Include && desk.apply(&change).is_ok(),
            );
        }
        let after = desk.boundaries();
        let lineage = desk.lineage(2);
        let now: BTreeSet<&str> = after.hierarchy.at_level(2).map(|(_, unit)| unit.code.as_str()).collect();
        for (_, unit) in base.hierarchy.at_level(2) {
            let successors: Vec<&str> =
                lineage.iter().filter(|row| row.old == unit.code).map(|row| row.new.as_str()).collect();
            // With no word of it, it is there under its code; with one, all that it became are there.
            assert!(!successors.is_empty() || now.contains(unit.code.as_str()), "seed {seed}: {} is lost", unit.code);
            assert!(successors.iter().all(|code| now.contains(code)), "seed {seed}: {successors:?}");
        }
        for (_, unit) in after.hierarchy.at_level(2) {
            let known = base.hierarchy.at_level(2).any(|(_, old)| old.code == unit.code);
            assert!(
                known || lineage.iter().any(|row| row.new == unit.code),
                "seed {seed}: {} has no origin",
                unit.code
            );
        }
    }
}

/// The fourth is in a quarter of its own.
const FOUR: [&str; 6] = ["CCCCDDDD", "CCCCDDDD", "AAAABBBB", "AAAABBBB", "AAAABBBB", "AAAABBBB"];

fn small() -> Boundaries {
    let coverage = drawn(&FOUR, "").coverage().clone();
    let last = coverage.faces().iter().position(|face| face.id == id('D')).unwrap() as u32;
    boundaries(coverage, 2, |ix| u32::from(ix.0 == last))
}

fn cut(desk: &Desk, face: char, at: &[(f64, f64)], new: u64) -> Change {
    let lines = vec![line(at)];
    let split = Edit::Split { face: id(face), lines, new: FaceId(new), exclave: false };
    let unit = NewUnit { id: new, code: format!("00{new}"), name: String::new() };
    desk.split(id(face).0, vec![split], unit, Figures { households: 40, population: 90 }).unwrap()
}

#[test]
fn two_drafts_split_adjacent_units_and_both_are_kept_with_their_people() {
    let base = small();
    let desk = Desk::new(&base);
    let mine = cut(&desk, 'A', &[(4.0, 2.0), (0.0, 2.0)], 501);
    let theirs = cut(&desk, 'B', &[(8.0, 1.0), (4.0, 1.0)], 502);
    let ends: Vec<_> = [[&mine, &theirs], [&theirs, &mine]]
        .into_iter()
        .map(|[first, second]| {
            let mut head = Desk::new(&base);
            head.apply(first).unwrap();
            let mut head = Desk::new(&head.boundaries());
            let replayed = head.rebase(&[(7, vec![second.clone()])]).unwrap();
            assert_eq!(replayed, [(7, vec![second.clone()])], "it reads as it did");
            whole(&head.boundaries());
            told(&head.boundaries())
        })
        .collect();
    assert_eq!(ends[0], ends[1]);
    assert_eq!(people(&base).0, ends[0].1.iter().filter(|unit| unit.1 == 2).map(|unit| u64::from(unit.5)).sum::<u64>());
}

#[test]
fn different_fields_are_merged_the_same_field_is_a_conflict_and_figures_that_moved_add_up() {
    let base = small();
    let a = id('A').0;
    let describe = |desk: &Desk, said: Described| desk.describe(a, &said).unwrap();
    let named = |name: &str| Described { name: Some(name.to_owned()), ..Described::default() };
    let figures =
        |households| Described { figures: Some(Figures { households, population: 300 }), ..Described::default() };
    let on_theirs = |theirs: Described, mine: &dyn Fn(&Desk) -> Change| {
        let mut head = Desk::new(&base);
        let mine = mine(&head);
        head.apply(&describe(&head, theirs)).unwrap();
        let mut head = Desk::new(&head.boundaries());
        let replayed = head.rebase(&[(1, vec![mine])]);
        (head, replayed)
    };
    // Their figures, my name.
    let (head, replayed) = on_theirs(figures(120), &|desk| describe(desk, named("新名")));
    assert!(replayed.is_ok());
    let row = head.row(a).unwrap();
    assert_eq!((row.name.as_str(), row.households), ("新名", 120));
    // Both names.
    let (_, replayed) = on_theirs(named("他们的"), &|desk| describe(desk, named("我的")));
    let conflicts = replayed.unwrap_err();
    let (1, Conflict::Field { field: Field::Name, mine, theirs, .. }) = &conflicts[0] else { panic!("{conflicts:?}") };
    assert_eq!((conflicts.len(), mine.as_str(), theirs.as_str()), (1, "我的", "他们的"));
    // The same name: nothing is left to do.
    let (_, replayed) = on_theirs(named("同"), &|desk| describe(desk, named("同")));
    assert_eq!(replayed.unwrap(), [(1, vec![])]);
    // They counted anew, I cut: my 40 households go from their figure.
    let (head, replayed) = on_theirs(figures(150), &|desk| cut(desk, 'A', &[(4.0, 2.0), (0.0, 2.0)], 501));
    assert!(replayed.is_ok());
    assert_eq!((head.row(a).unwrap().households, head.row(501).unwrap().households), (110, 40));
    // They counted so few that 40 cannot go.
    let (_, replayed) = on_theirs(figures(39), &|desk| cut(desk, 'A', &[(4.0, 2.0), (0.0, 2.0)], 501));
    let conflicts = replayed.unwrap_err();
    assert!(matches!(&conflicts[0].1, Conflict::Field { field: Field::Households, .. }), "{conflicts:?}");
}

#[test]
fn units_that_are_gone_codes_that_are_taken_and_lines_that_both_drew_are_conflicts_with_their_place() {
    let base = small();
    let desk = Desk::new(&base);
    let (a, b) = (id('A').0, id('B').0);
    let merge = desk.merge(b, a, &[]).unwrap();
    let rename = desk.describe(a, &Described { name: Some("甲".to_owned()), ..Described::default() }).unwrap();
    let after = |change: &Change| {
        let mut head = Desk::new(&base);
        head.apply(change).unwrap();
        Desk::new(&head.boundaries())
    };
    let conflicts = after(&merge).rebase(&[(3, vec![rename])]).unwrap_err();
    let (3, Conflict::Refused(Refused::Tree { rule: TreeRule::Gone, unit, .. })) = &conflicts[0] else { panic!() };
    assert_eq!(*unit, a);
    // One code for two new units.
    let mut theirs = cut(&desk, 'B', &[(8.0, 1.0), (4.0, 1.0)], 502);
    let mine = cut(&desk, 'A', &[(4.0, 2.0), (0.0, 2.0)], 501);
    let code = mine.rows[1].after.as_ref().unwrap().code.clone();
    if let Some(Row { code: theirs, .. }) = theirs.rows[1].after.as_mut() {
        *theirs = code;
    }
    let conflicts = after(&theirs).rebase(&[(1, vec![mine])]).unwrap_err();
    assert!(matches!(&conflicts[0].1, Conflict::Refused(Refused::Tree { rule: TreeRule::CodeTaken, unit: 501, .. })));
    // The line between the two, drawn otherwise by both.
    let lattice = |x: f64, y: f64| crate::pictures::v(x, y);
    let drawn = |x: f64| {
        let old = (0..=4).map(|y| lattice(4.0, f64::from(y))).collect();
        let new = vec![lattice(4.0, 0.0), lattice(x, 2.0), lattice(4.0, 4.0)];
        Change::of_lines(Verb::Reshape, vec![Edit::Reshape { old, new }])
    };
    let conflicts = after(&drawn(3.5)).rebase(&[(1, vec![drawn(4.5)])]).unwrap_err();
    let bounds: (LatticePoint, LatticePoint) = conflicts[0].1.bounds().unwrap();
    assert!(matches!(&conflicts[0].1, Conflict::Boundary(conflict) if conflict.chains.is_some()));
    assert!(bounds.0 < bounds.1 && conflicts[0].1.units() == [a, b], "{conflicts:?}");
}

#[test]
fn what_a_version_says_of_split_merge_and_transfer_is_read_from_its_changes() {
    let base = small();
    let (a, b) = (id('A').0, id('B').0);
    let code = |unit: u64| base.hierarchy.units().iter().find(|u| u.id == unit).unwrap().code.clone();
    let kinds = |desk: &Desk| -> Vec<(Descent, String, String)> {
        desk.lineage(9).into_iter().map(|row| (row.kind, row.old, row.new)).collect()
    };
    let mut desk = Desk::new(&base);
    desk.apply(&cut(&desk, 'A', &[(4.0, 2.0), (0.0, 2.0)], 501)).unwrap();
    let split = [(Descent::Split, code(a), code(a)), (Descent::Split, code(a), "00501".to_owned())];
    assert_eq!(kinds(&desk), split);
    // The piece goes to the neighbour: of A something is in both.
    desk.apply(&desk.merge(b, 501, &[]).unwrap()).unwrap();
    let mut both = vec![(Descent::Split, code(a), code(a)), (Descent::Split, code(a), code(b))];
    both.sort();
    assert_eq!(kinds(&desk), both);
    let mut desk = Desk::new(&base);
    desk.apply(&desk.merge(b, a, &[]).unwrap()).unwrap();
    assert_eq!(kinds(&desk), [(Descent::Merge, code(a), code(b))]);
    let mut desk = Desk::new(&base);
    desk.apply(&desk.reparent(a, UPPER + 11, &[(a, "019".to_owned())]).unwrap()).unwrap();
    assert_eq!(kinds(&desk), [(Descent::Transfer, code(a), "019".to_owned())]);
    let mut desk = Desk::new(&base);
    let kind = Edit::Mark {
        edge: (crate::pictures::v(4.0, 0.0), crate::pictures::v(4.0, 1.0)),
        kind: ArcKind::Road,
        locked: true,
    };
    desk.apply(&Change::of_lines(Verb::Mark, vec![kind])).unwrap();
    assert_eq!((kinds(&desk), desk.touched().len()), (vec![], 2));
}
