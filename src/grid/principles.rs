//! The four principles (全域覆盖, 无缝衔接, 规模适当, 规范完整) as checks over a district: each finding says what, whose and where.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::people::{Role, Roster};
use super::{District, Hierarchy, HierarchyFault, Level, SizeBand, Unit, UnitIx, area};
use crate::coverage::build::{BuildReport, Decision, Patch, RingFault, RingFaultKind};
use crate::coverage::validate::{self, Rule};
use crate::coverage::{Coverage, FaceId, FaceIx, FaceRole, Lattice, LatticePoint, region};

/// The four check classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principle {
    /// 全域覆盖: the smallest units cover the district, and the units of every level the same land.
    Coverage,
    /// 无缝衔接: no overlap; neighbours share their border vertex for vertex.
    Seamless,
    /// 规模适当: households, population and area within the configured bands.
    Size,
    /// 规范完整: codes, parents, names and posts are there and well-formed.
    Complete,
}

impl Principle {
    pub const ALL: [Self; 4] = [Self::Coverage, Self::Seamless, Self::Size, Self::Complete];

    /// In Chinese, in English, and as a key of JSON.
    #[must_use]
    pub const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Coverage => ("全域覆盖", "full coverage", "coverage"),
            Self::Seamless => ("无缝衔接", "seamless", "seamless"),
            Self::Size => ("规模适当", "right size", "size"),
            Self::Complete => ("规范完整", "complete", "complete"),
        }
    }
}

/// How bad a finding is: faults make the district unfit to publish, warnings are for a person to weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Fault,
    Warning,
}

/// One thing that is not as a principle wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub principle: Principle,
    pub severity: Severity,
    /// A stable key for programs, like `gap` or `duplicate_code`.
    pub rule: &'static str,
    /// The units concerned.
    pub codes: Vec<String>,
    pub zh: String,
    pub en: String,
    /// Longitude and latitude of a place to look at.
    pub at: Option<(f64, f64)>,
    pub area_m2: Option<f64>,
}

impl Finding {
    #[must_use]
    pub fn new(principle: Principle, severity: Severity, rule: &'static str, zh: String, en: String) -> Self {
        Self { principle, severity, rule, codes: Vec::new(), zh, en, at: None, area_m2: None }
    }

    #[must_use]
    pub fn about(mut self, codes: Vec<String>) -> Self {
        self.codes = codes;
        self
    }

    #[must_use]
    pub fn at(mut self, at: Option<(f64, f64)>) -> Self {
        self.at = at;
        self
    }
}

/// A district to be checked, on a day: posts are dated.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub district: &'a District,
    pub coverage: &'a Coverage,
    pub hierarchy: &'a Hierarchy,
    pub roster: &'a Roster,
    pub day: Date,
}

/// Everything the four principles find, in their order. Cost: O(n log n) in edges, plus one projection a vertex.
#[must_use]
pub fn check(subject: &Subject) -> Vec<Finding> {
    let mut findings = subject.covered();
    findings.extend(subject.seamless());
    findings.extend(subject.sized(subject.everything()));
    findings.extend(subject.complete());
    findings
}

/// What the principles find of some units by themselves – size and completeness: the boundaries of a draft are whole by the way they are made. Cost: linear
/// in the units, and one projection for each vertex of those that are meant.
#[must_use]
pub fn check_units(subject: &Subject, meant: impl Fn(&Unit) -> bool) -> Vec<Finding> {
    let units = || (0..).map(UnitIx).zip(subject.hierarchy.units()).filter(|(_, unit)| meant(unit)).map(|(ix, _)| ix);
    let mut findings = subject.sized(units());
    units().for_each(|ix| subject.complete_unit(ix, &mut findings));
    findings
}

impl Subject<'_> {
    fn everything(&self) -> impl Iterator<Item = UnitIx> + use<> {
        (0..self.hierarchy.units().len() as u32).map(UnitIx)
    }

    fn code(&self, unit: UnitIx) -> String {
        self.hierarchy.unit(unit).code.clone()
    }

    /// The code of a face's unit, or what else the face is.
    fn face_code(&self, face: FaceIx) -> String {
        match self.hierarchy.unit_of_face(face) {
            Some(unit) => self.code(unit),
            None => format!("face {}", face.0),
        }
    }

    fn degrees(&self, at: LatticePoint) -> (f64, f64) {
        self.coverage.lattice().degrees(at)
    }

    /// A place in a face: the mean of its largest ring's vertices.
    fn place_of_face(&self, face: FaceIx) -> Option<(f64, f64)> {
        let points = self.coverage.ring_points(self.coverage.faces().get(face.ix())?.rings.first()?);
        let mean = |sum: i64| (sum / points.len().max(1) as i64) as i32;
        let x = mean(points.iter().map(|p| i64::from(p.x)).sum());
        let y = mean(points.iter().map(|p| i64::from(p.y)).sum());
        Some(self.degrees(LatticePoint::new(x, y)))
    }

    /// A place in a unit of any level: that of its first smallest unit.
    fn place(&self, unit: UnitIx) -> Option<(f64, f64)> {
        let mut at = unit;
        while let Some(child) = self.hierarchy.children(at).first() {
            at = *child;
        }
        self.place_of_face(self.hierarchy.unit(at).face?)
    }

    /// 全域覆盖.
    fn covered(&self) -> Vec<Finding> {
        let areas = area::of_faces_m2(self.coverage, self.district.plane);
        let gaps = (0..).map(FaceIx).zip(self.coverage.faces()).filter(|(_, f)| f.role == FaceRole::Gap);
        let mut findings: Vec<_> = gaps
            .map(|(ix, _)| {
                let beside = self.beside(ix);
                let area_m2 = areas[ix.ix()];
                let zh = format!("空白区域 {area_m2:.1} 平方米，不属于任何网格");
                let en = format!("a gap of {area_m2:.1} m² belongs to no unit");
                let mut finding = fault(Principle::Coverage, "gap", zh, en).about(beside).at(self.place_of_face(ix));
                finding.area_m2 = Some(area_m2);
                finding
            })
            .collect();
        findings.extend(self.hierarchy.faults().into_iter().filter_map(|f| match f {
            HierarchyFault::NoShape { code } => {
                let (zh, en) = (format!("网格 {code} 没有边界"), format!("{code} has no shape"));
                Some(fault(Principle::Coverage, "no_shape", zh, en).about(vec![code]))
            }
            HierarchyFault::NoChildren { code } => {
                let (zh, en) = (format!("{code} 没有下级网格"), format!("{code} has no unit below it"));
                Some(fault(Principle::Coverage, "no_children", zh, en).about(vec![code]))
            }
            HierarchyFault::DuplicateCode { .. } | HierarchyFault::NoParent { .. } => None,
        }));
        findings.extend(self.ownerless());
        findings.extend(self.levels_agree());
        findings
    }

    /// The units that border a face.
    fn beside(&self, face: FaceIx) -> Vec<String> {
        let other = |arc: &crate::coverage::Arc| match (arc.left == face, arc.right == face) {
            (true, false) => Some(arc.right),
            (false, true) => Some(arc.left),
            _ => None,
        };
        let units = self.coverage.arcs().iter().filter_map(other).filter_map(|f| self.hierarchy.unit_of_face(f));
        units.map(|u| self.code(u)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Faces of role unit that no unit names.
    fn ownerless(&self) -> impl Iterator<Item = Finding> + '_ {
        self.coverage.units().filter(|(ix, _)| self.hierarchy.unit_of_face(*ix).is_none()).map(|(ix, face)| {
            let zh = format!("图形 {} 没有对应的网格", face.id.0);
            let en = format!("shape {} belongs to no unit of the table", face.id.0);
            fault(Principle::Coverage, "no_unit", zh, en).at(self.place_of_face(ix))
        })
    }

    /// Every level covers the same land, in integers.
    fn levels_agree(&self) -> Vec<Finding> {
        let ring_sum = |rings: &[crate::coverage::Ring]| rings.iter().map(|r| r.doubled_area).sum::<i128>();
        let whole: i128 = self.coverage.units().map(|(_, face)| ring_sum(&face.rings)).sum();
        let mut findings = Vec::new();
        for (i, level) in self.district.levels.iter().enumerate() {
            let groups = self.hierarchy.groups(i as u8);
            let traced = region::trace(self.coverage, &groups, self.hierarchy.units().len());
            let sum: i128 = traced.iter().map(|rings| ring_sum(rings)).sum();
            if sum != whole {
                let zh = format!("{}的总面积与最下级网格不一致", level.name);
                let en = format!("the units of level {} do not cover what the smallest units cover", level.key);
                findings.push(fault(Principle::Coverage, "levels_disagree", zh, en));
            }
        }
        findings
    }

    /// 无缝衔接.
    fn seamless(&self) -> Vec<Finding> {
        let named = |f: &validate::Fault| {
            let mut faces: BTreeSet<FaceIx> = f.faces.iter().copied().collect();
            for arc in f.arcs.iter().filter_map(|a| self.coverage.arcs().get(a.ix())) {
                faces.extend([arc.left, arc.right]);
            }
            faces.remove(&FaceIx::OUTSIDE);
            faces.into_iter().map(|f| self.face_code(f)).collect::<Vec<_>>()
        };
        let of_rule = |f: validate::Fault| of_rule(f.rule).about(named(&f)).at(f.at.map(|at| self.degrees(at)));
        validate::faults(self.coverage).into_iter().map(of_rule).collect()
    }

    /// The area of each unit, right for those that are meant only.
    fn areas_m2(&self, meant: &[UnitIx]) -> Vec<f64> {
        let count = self.hierarchy.units().len();
        if meant.len() == count {
            return area::of_units_m2(self.coverage, self.hierarchy, self.district.plane);
        }
        let mut areas = vec![0.0; count];
        for level in 0..self.hierarchy.levels() as u8 {
            let here: BTreeSet<u32> =
                meant.iter().filter(|ix| self.hierarchy.unit(**ix).level == level).map(|ix| ix.0).collect();
            if here.is_empty() {
                continue;
            }
            let mut groups = self.hierarchy.groups(level);
            groups.iter_mut().filter(|group| !here.contains(&group.0)).for_each(|group| *group = region::Group::NONE);
            let of_level = area::of_groups_m2(self.coverage, &groups, count, self.district.plane);
            here.iter().for_each(|ix| areas[*ix as usize] = of_level[*ix as usize]);
        }
        areas
    }

    /// 规模适当.
    fn sized(&self, units: impl Iterator<Item = UnitIx>) -> Vec<Finding> {
        if self.district.levels.iter().all(|level| level.bands.is_empty()) {
            return Vec::new();
        }
        let units: Vec<UnitIx> = units.collect();
        let areas = self.areas_m2(&units);
        let mut findings = Vec::new();
        for ix in units {
            let unit = self.hierarchy.unit(ix);
            let level = &self.district.levels[usize::from(unit.level)];
            if level.bands.is_empty() {
                continue;
            }
            let warn = |rule, zh, en| {
                let warning = Finding::new(Principle::Size, Severity::Warning, rule, zh, en);
                warning.about(vec![unit.code.clone()]).at(self.place(ix))
            };
            let Some(band) = band_for(level, &unit.class) else {
                let zh = format!("{}{} 的类别“{}”没有规模标准", level.name, unit.name, unit.class);
                let en = format!("no size band of level {} is for class “{}”", level.key, unit.class);
                findings.push(warn("no_band", zh, en));
                continue;
            };
            for (rule, what, value, range) in measures(band, unit.households, unit.population, areas[ix.ix()]) {
                let Some((least, most)) = range else { continue };
                if value < least || value > most {
                    let value = if rule == "area" { format!("{value:.4}") } else { format!("{value:.0}") };
                    let zh = format!("{}{} {}{value}，标准 {least}–{most}", level.name, unit.name, what);
                    let en = format!("{rule} {value} of {} is outside {least}–{most}", unit.name);
                    findings.push(warn(rule, zh, en));
                }
            }
        }
        findings
    }

    /// 规范完整.
    fn complete(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = self.hierarchy.faults().into_iter().filter_map(|f| self.code_fault(f)).collect();
        self.everything().for_each(|ix| self.complete_unit(ix, &mut findings));
        findings
    }

    fn complete_unit(&self, ix: UnitIx, findings: &mut Vec<Finding>) {
        let unit = self.hierarchy.unit(ix);
        let mut add = |severity, rule, zh: String, en: String| {
            let finding = Finding::new(Principle::Complete, severity, rule, zh, en);
            findings.push(finding.about(vec![unit.code.clone()]).at(self.place(ix)));
        };
        if let Some((zh, en)) = self.malformed(ix) {
            add(Severity::Fault, "code", zh, en);
        }
        if unit.name.is_empty() {
            let (zh, en) = (format!("网格 {} 没有名称", unit.code), format!("{} has no name", unit.code));
            add(Severity::Warning, "name", zh, en);
        }
        for (rule, zh, en) in self.vacancies(ix, usize::from(unit.level)) {
            add(Severity::Warning, rule, zh, en);
        }
    }

    fn code_fault(&self, f: HierarchyFault) -> Option<Finding> {
        match f {
            HierarchyFault::DuplicateCode { level, code, times } => {
                let unit = self.hierarchy.at_level(level).find(|(_, u)| u.code == code).map(|(ix, _)| ix);
                let zh = format!("编码 {code} 重复使用 {times} 次");
                let en = format!("code {code} is used {times} times");
                let at = unit.and_then(|ix| self.place(ix));
                Some(fault(Principle::Complete, "duplicate_code", zh, en).about(vec![code]).at(at))
            }
            HierarchyFault::NoParent { code, parent } => {
                let zh = format!("网格 {code} 的上级“{parent}”不存在");
                let en = format!("{code} names parent “{parent}”, which is not a unit of the level above");
                let at = self.hierarchy.by_code(&code).and_then(|ix| self.place(ix));
                Some(fault(Principle::Complete, "no_parent", zh, en).about(vec![code]).at(at))
            }
            HierarchyFault::NoShape { .. } | HierarchyFault::NoChildren { .. } => None,
        }
    }

    /// What is wrong with a code as such, where the level has a scheme.
    fn malformed(&self, ix: UnitIx) -> Option<(String, String)> {
        let unit = self.hierarchy.unit(ix);
        let code = &unit.code;
        if code.is_empty() {
            return Some(("编码为空".to_owned(), "the code is empty".to_owned()));
        }
        let wanted = self.district.levels[usize::from(unit.level)].code_length?;
        let found = code.chars().count();
        if found != wanted {
            let zh = format!("编码 {code} 有 {found} 位，应为 {wanted} 位");
            return Some((zh, format!("code {code} has {found} characters, not {wanted}")));
        }
        let parent = &self.hierarchy.unit(unit.parent?).code;
        (!code.starts_with(parent.as_str())).then(|| {
            (
                format!("编码 {code} 不以上级编码 {parent} 开头"),
                format!("code {code} does not start with its parent's, {parent}"),
            )
        })
    }

    /// The posts that nobody holds on the day.
    fn vacancies(&self, ix: UnitIx, level: usize) -> Vec<(&'static str, String, String)> {
        let required = &self.district.required;
        let asked = [required.officer_level, required.branch_level, required.lines_level];
        if asked.iter().all(|l| *l != Some(level)) {
            return Vec::new();
        }
        let unit = self.hierarchy.unit(ix);
        let name = if unit.name.is_empty() { &unit.code } else { &unit.name };
        let duty = self.roster.on_duty(self.hierarchy, ix, self.day);
        let mut vacant = Vec::new();
        if required.officer_level == Some(level) && duty.officer.is_none() {
            vacant.push(("officer", format!("{name} 没有网格员"), format!("{name} has no officer")));
        }
        if required.branch_level == Some(level) && duty.branch.is_none() {
            vacant.push(("branch", format!("{name} 没有党支部"), format!("{name} belongs to no party branch")));
        }
        if required.lines_level == Some(level) {
            let held = |line: &String| {
                duty.specialists.iter().any(|p| matches!(&p.role, Role::Specialist { line: l } if l == line))
            };
            let missing: Vec<_> = required.lines.iter().filter(|l| !held(l)).map(String::as_str).collect();
            if !missing.is_empty() {
                let zh = format!("{name} 缺少专业网格员：{}", missing.join("、"));
                vacant.push(("specialist", zh, format!("{name} has no specialist for {}", missing.join(", "))));
            }
        }
        vacant
    }
}

fn fault(principle: Principle, rule: &'static str, zh: String, en: String) -> Finding {
    Finding::new(principle, Severity::Fault, rule, zh, en)
}

/// A broken invariant of the coverage.
#[must_use]
pub fn of_rule(rule: Rule) -> Finding {
    let zh = format!("边界不合规则：{}", rule_zh(rule));
    fault(Principle::Seamless, rule_key(rule), zh, format!("the boundaries break a rule: {rule}"))
}

fn band_for<'a>(level: &'a Level, class: &str) -> Option<&'a SizeBand> {
    let of = |class: &str| level.bands.iter().find(|band| band.class == class);
    of(class).or_else(|| of(""))
}

type Measure = (&'static str, &'static str, f64, Option<(f64, f64)>);

fn measures(band: &SizeBand, households: u32, population: u32, area_m2: f64) -> [Measure; 3] {
    let whole = |range: Option<(u32, u32)>| range.map(|(a, b)| (f64::from(a), f64::from(b)));
    [
        ("households", "户数 ", f64::from(households), whole(band.households)),
        ("population", "人口 ", f64::from(population), whole(band.population)),
        ("area", "面积（平方公里）", area_m2 / 1e6, band.area_km2),
    ]
}

/// What a build found in its sources: rings that are none, and land that a person must decide on. `code_of` names a claim.
#[must_use]
pub fn of_build(report: &BuildReport, lattice: &Lattice, code_of: impl Fn(FaceId) -> String) -> Vec<Finding> {
    let ring = |ring: &RingFault| {
        let code = code_of(ring.unit);
        let (rule, zh, en) = ring_words(ring.kind);
        let finding =
            fault(Principle::Seamless, rule, format!("网格 {code} 的边界{zh}"), format!("the ring of {code} {en}"));
        let known = ring.kind != RingFaultKind::Empty;
        finding.about(vec![code]).at(known.then(|| lattice.degrees(ring.at)))
    };
    let patch = |patch: &Patch| {
        let codes: Vec<_> = patch.claimants.iter().map(|c| code_of(*c)).collect();
        let (area_m2, width_m) = (patch.area_m2, patch.width_m);
        let mut finding = if codes.is_empty() {
            let zh = format!("空白区域 {area_m2:.1} 平方米，宽 {width_m:.1} 米，没有网格认领");
            fault(
                Principle::Coverage,
                "gap",
                zh,
                format!("a gap of {area_m2:.1} m², {width_m:.1} m wide, is claimed by nobody"),
            )
        } else {
            let zh = format!("{} 重叠 {area_m2:.1} 平方米，宽 {width_m:.1} 米", codes.join("、"));
            let en = format!("{} overlap on {area_m2:.1} m², {width_m:.1} m wide", codes.join(", "));
            fault(Principle::Seamless, "overlap", zh, en)
        };
        finding.area_m2 = Some(area_m2);
        finding.about(codes).at(Some(lattice.degrees(patch.at)))
    };
    let listed = report.patches.iter().filter(|p| p.decision == Decision::Listed);
    report.invalid.iter().map(ring).chain(listed.map(patch)).collect()
}

/// Key, and the end of a sentence in Chinese and in English.
const fn ring_words(kind: RingFaultKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        RingFaultKind::Degenerate => ("degenerate_ring", "没有面积", "has no area; draw it again"),
        RingFaultKind::SelfCrossing => {
            ("self_crossing", "自相交", "crosses itself here, like a bow-tie; draw it again")
        }
        RingFaultKind::Empty => ("no_ring", "为空", "is missing; draw the unit or take it out"),
        RingFaultKind::Covered => {
            ("covered", "被其他网格完全覆盖", "is wholly covered by other units; decide whose land it is")
        }
    }
}

const fn rule_key(rule: Rule) -> &'static str {
    match rule {
        Rule::Reference => "reference",
        Rule::RepeatedPoint => "repeated_point",
        Rule::Crossing => "crossing",
        Rule::JunctionDegree => "junction_degree",
        Rule::SameFaceBothSides => "same_face_both_sides",
        Rule::Ring => "ring",
        Rule::Euler => "euler",
        Rule::AreaSum => "area_sum",
    }
}

const fn rule_zh(rule: Rule) -> &'static str {
    match rule {
        Rule::Reference => "引用了不存在的记录",
        Rule::RepeatedPoint => "有重复的点",
        Rule::Crossing => "两条边在节点以外相交或相接",
        Rule::JunctionDegree => "节点处的边界少于三条",
        Rule::SameFaceBothSides => "边界两侧是同一个网格",
        Rule::Ring => "边界不闭合，或一个网格有多个未声明的部分",
        Rule::Euler => "不是平面图（欧拉公式不成立）",
        Rule::AreaSum => "各网格面积之和不等于全区面积",
    }
}
