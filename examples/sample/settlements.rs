//! Villages and town: where people live. Names of villages are real (county statistics, see `data/sample/README.md`); their
//! positions, outlines and everything else are composed.

use super::plane::{P, V, inside};
use super::random::{Random, Wave, cos, decay, sin};
use super::terrain::{Kind, Terrain};

/// A village or urban neighbourhood.
#[derive(Clone, Debug)]
pub struct Village {
    pub name: &'static str,
    /// Its three digits in the statistics.
    pub digits: &'static str,
    /// Index of the subdistrict.
    pub sub: usize,
    pub at: V,
    /// The built-up outline; empty in town, where the village is part of the streets.
    pub ring: Vec<P>,
    pub reach_m: f64,
    /// Apartment rows instead of courtyards.
    pub new: bool,
}

/// A group of villages that stand side by side: names with statistics digits, and (lon, lat) in thousandths where it matters.
struct Group(&'static [(&'static str, &'static str)], Option<(f64, f64)>);

const LIUHANG_TOWN: &[(&str, &str, f64, f64)] = &[
    ("菱花", "001", 642.2, 427.5),
    ("凌云", "002", 641.8, 446.0),
    ("绿色家园", "006", 658.0, 446.5),
    ("崇文", "007", 648.8, 415.0),
    ("柳行村", "200", 658.2, 428.5),
    ("杨桥村", "201", 650.0, 455.5),
    ("南营村", "202", 649.8, 407.2),
    ("卢营村", "207", 650.4, 437.0),
    ("小屯村", "210", 658.4, 414.5),
    ("柳行新村", "217", 650.2, 422.8),
    ("府河村", "228", 641.6, 407.0),
];
const GUANGHE_TOWN: &[(&str, &str, f64, f64)] = &[
    ("东闸", "001", 621.0, 443.4),
    ("西闸", "002", 606.5, 443.0),
    ("王庄", "003", 632.6, 444.5),
    ("三郭", "004", 606.0, 430.5),
    ("江庄村", "201", 621.8, 433.0),
    ("杨楼村", "202", 633.0, 432.5),
    ("苏西村", "203", 605.2, 415.5),
    ("苏东村", "204", 618.0, 415.0),
    ("黄庄村", "205", 631.0, 415.5),
];

const LIUHANG: &[Group] = &[
    Group(&[("曹庄村", "211")], None),
    Group(&[("东黄庄村", "212")], None),
    Group(&[("东田庄村", "213")], None),
    Group(&[("卞厂村", "218")], None),
    Group(&[("许厂村", "219")], None),
    Group(&[("皇桥村", "223")], None),
    Group(&[("宁安村", "224")], None),
];
const JIEZHUANG: &[Group] = &[
    Group(&[("接庄村", "200"), ("接庄东村", "202")], Some((668.5, 380.5))),
    Group(&[("西楼村", "203"), ("宋楼村", "201")], None),
    Group(&[("口头村", "208")], None),
    Group(&[("宗营村", "209")], None),
    Group(&[("前苏村", "210"), ("后苏村", "211")], None),
    Group(&[("王回庄村", "212")], None),
    Group(&[("高庙村", "213")], None),
    Group(&[("西贯庄村", "215"), ("东贯庄村", "214")], None),
    Group(
        &[
            ("南贯集一村", "216"),
            ("南贯集二村", "217"),
            ("南贯集三村", "218"),
            ("南贯集四村", "219"),
            ("南贯集五村", "220"),
            ("南贯集六村", "221"),
        ],
        Some((689.6, 342.5)),
    ),
    Group(&[("丁庄村", "222")], None),
    Group(&[("前袁村", "223"), ("后袁村", "224")], None),
    Group(&[("东郑庄村", "225")], None),
    Group(&[("岔河村", "226")], None),
    Group(&[("常营村", "227")], None),
    Group(&[("古柳村", "231")], None),
    Group(&[("东黄楼村", "232")], None),
    Group(&[("舒辛村", "233")], None),
    Group(&[("小郝村", "237"), ("大郝村", "236")], None),
    Group(&[("大屯村", "238")], None),
    Group(&[("十里营村", "239")], None),
    Group(&[("蒋屯村", "240")], None),
    Group(&[("八里营村", "241")], None),
    Group(&[("官庄村", "242")], None),
    Group(&[("二十里铺新村", "243")], None),
    Group(&[("西贾村", "246"), ("中贾村", "245"), ("东贾村", "244")], None),
    Group(&[("前栗村", "247"), ("后栗村", "248")], None),
    Group(&[("贾蔡庄村", "249")], None),
    Group(&[("申辛村", "250")], None),
    Group(&[("姜乔庄村", "251")], None),
    Group(&[("苗圃生活区", "501")], None),
];
const WANGYIN: &[Group] = &[
    Group(&[("王因新村", "262")], Some((727.0, 446.5))),
    Group(&[("后岗村", "203"), ("新岗村", "263")], None),
    Group(&[("长庆村", "217")], None),
    Group(&[("张家村", "224")], None),
    Group(&[("柳沟村", "232")], None),
    Group(&[("辛集村", "237")], None),
    Group(&[("苗营村", "238")], None),
    Group(&[("西娄庄村", "240")], None),
    Group(&[("前仁美村", "241"), ("后仁美村", "244")], Some((740.0, 416.8))),
    Group(&[("西仁美村", "242"), ("中仁美村", "243")], Some((731.0, 429.8))),
    Group(&[("沙河村", "245")], None),
    Group(&[("振东新村", "264")], None),
    Group(&[("竹亭村", "265")], None),
    Group(&[("崇文新村", "266")], Some((708.0, 426.8))),
    Group(&[("台庄村", "267")], None),
    Group(&[("三河新村", "268")], Some((736.5, 461.0))),
    Group(&[("府东新村", "269")], None),
    Group(&[("双营新村", "270")], None),
    Group(&[("矿前新村", "271")], None),
    Group(&[("侯营新村", "273")], None),
    Group(&[("滨河新村", "274")], None),
    Group(&[("幸福新村", "275")], None),
    Group(&[("河西新村", "276")], None),
    Group(&[("荷花新村", "277")], None),
    Group(&[("韩堂新村", "278")], None),
    Group(&[("众和村", "279")], None),
    Group(&[("东仁新村", "280")], None),
    Group(&[("杨村矿", "400")], None),
];
const HUANGTUN: &[Group] = &[
    Group(&[("黄屯新村", "233")], Some((659.5, 469.0))),
    Group(&[("李屯村", "201")], None),
    Group(&[("祖营村", "202")], None),
    Group(&[("孙氏店村", "204")], Some((660.4, 497.0))),
    Group(&[("褚屯村", "205")], None),
    Group(&[("吴营村", "210")], None),
    Group(&[("任桥村", "211")], None),
    Group(&[("西郭营村", "212")], None),
    Group(&[("堌城村", "214")], Some((660.2, 514.5))),
    Group(&[("庞村", "220")], None),
    Group(&[("马庄村", "223")], None),
    Group(&[("高刘屯村", "224")], None),
    Group(&[("黄金屯村", "225")], None),
    Group(&[("三仙庙村", "227")], None),
    Group(&[("孙氏闸村", "228")], None),
    Group(&[("高汪庄村", "229")], None),
    Group(&[("赵庄村", "230")], None),
    Group(&[("于屯村", "231")], None),
    Group(&[("华能新村", "232")], None),
    Group(&[("二十里铺村", "234")], None),
    Group(&[("华东村", "235")], None),
];

fn degrees(lon: f64, lat: f64) -> V {
    V::degrees(116.0 + lon / 1000.0, 35.0 + lat / 1000.0)
}

fn town(out: &mut Vec<Village>, sub: usize, list: &[(&'static str, &'static str, f64, f64)]) {
    for &(name, digits, lon, lat) in list {
        let at = degrees(lon, lat);
        out.push(Village { name, digits, sub, at, ring: Vec::new(), reach_m: 250.0, new: true });
    }
}

/// Where the members of a group stand around its middle: by what their names say, else in a row.
fn layout(n: usize, names: &[(&str, &str)], reach_m: f64) -> Vec<V> {
    let gap = 2.0 * reach_m + 70.0;
    let front_back = names[0].0.starts_with('前');
    if front_back {
        return vec![V::new(0.0, -gap / 2.0), V::new(30.0, gap / 2.0)];
    }
    if n > 3 {
        let row = |i: usize| V::new((i % 3) as f64 * gap - gap, if i < 3 { gap / 2.0 } else { -gap / 2.0 });
        return (0..n).map(row).collect();
    }
    (0..n).map(|i| V::new((i as f64 - (n - 1) as f64 / 2.0) * gap, (i % 2) as f64 * 40.0)).collect()
}

/// A village's outline: blocks that grew together, so an uneven round with straight runs and shallow corners.
fn outline(at: V, reach_m: f64, random: &mut Random) -> Vec<P> {
    use std::f64::consts::TAU;
    let (wave, fine, turn) = (Wave::new(random, 3.4), Wave::new(random, 1.1), random.between(-0.16, 0.16));
    let (a, b) = (random.between(0.9, 1.14), random.between(0.7, 0.95));
    let n = (TAU * reach_m / 26.0).round() as usize;
    let ring = (0..n).map(|i| {
        let angle = TAU * i as f64 / n as f64;
        let (c, s) = (cos(angle), sin(angle));
        let squared = (c * c * c * c + s * s * s * s).sqrt().sqrt();
        let round = 0.55 / squared + 0.45;
        let uneven = 1.0 + 0.13 * wave.at(c * 1.7 + s * 2.3) + 0.05 * fine.at(c * 1.3 - s * 1.9);
        let reach = reach_m * 0.88 * round * uneven;
        let (x, y) = (c * reach * a, s * reach * b);
        at.plus(V::new(x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)), 1.0).p()
    });
    ring.collect()
}

struct Site<'a> {
    ring: &'a [P],
    /// Points of every line a village keeps away from, about 50 m apart.
    barriers: Vec<V>,
}

impl Site<'_> {
    fn takes(&self, at: V, reach_m: f64) -> bool {
        let keep = reach_m * 1.12 + 50.0;
        let clear = |p: &V| (p.x - at.x) * (p.x - at.x) + (p.y - at.y) * (p.y - at.y) > keep * keep;
        self.barriers.iter().all(clear) && inside(self.ring, at.p())
    }
}

/// Puts each group where there is room: of many random places the one farthest from the villages already there.
fn country(out: &mut Vec<Village>, sub: usize, groups: &[Group], site: &Site, east_of: f64, random: &mut Random) {
    let mut order: Vec<&Group> = groups.iter().collect();
    order.sort_by_key(|g| (g.1.is_none(), std::cmp::Reverse(g.0.len())));
    let ring: Vec<V> = site.ring.iter().map(|p| p.v()).collect();
    let low = ring.iter().fold(V::new(f64::MAX, f64::MAX), |m, p| V::new(m.x.min(p.x), m.y.min(p.y)));
    let high = ring.iter().fold(V::new(f64::MIN, f64::MIN), |m, p| V::new(m.x.max(p.x), m.y.max(p.y)));
    for group in order {
        let n = group.0.len();
        let new = group.0[0].0.contains('新') || group.0[0].0.ends_with('区') || group.0[0].0.ends_with('矿');
        let mut reach = if n > 1 { random.between(172.0, 212.0) } else { random.between(205.0, 325.0) };
        let mut best: Option<(f64, V)> = None;
        for attempt in 0..4000 {
            if attempt % 400 == 399 && best.is_none() {
                reach *= 0.93;
            }
            let near = group.1.filter(|_| attempt < 1500).map(|(lon, lat)| degrees(lon, lat));
            let spread = if attempt == 0 { 0.0 } else { 350.0 };
            let at = match near {
                Some(v) => v.plus(V::new(random.between(-spread, spread), random.between(-spread, spread)), 1.0),
                None => V::new(random.between(low.x.max(east_of), high.x), random.between(low.y, high.y)),
            };
            if !layout(n, group.0, reach).iter().all(|o| site.takes(at.plus(*o, 1.0), reach)) {
                continue;
            }
            let room = out.iter().map(|v| v.at.distance(at) - v.reach_m).fold(6000.0, f64::min) - reach * n as f64;
            if best.is_none_or(|(r, _)| room > r) && (room > 60.0 || attempt > 3000) {
                best = Some((room, at));
            }
            if best.is_some() && (near.is_some() || attempt > 900) {
                break;
            }
        }
        let Some((_, middle)) = best else { continue };
        for (offset, (name, digits)) in layout(n, group.0, reach).into_iter().zip(group.0) {
            let at = middle.plus(offset, 1.0);
            let ring = outline(at, reach, random);
            out.push(Village { name, digits, sub, at, ring, reach_m: reach, new });
        }
    }
}

/// All villages, given the five subdistricts' rings.
pub fn settle(terrain: &Terrain, subs: &[Vec<P>; 5], random: &mut Random) -> Vec<Village> {
    let mut out = Vec::new();
    town(&mut out, 0, GUANGHE_TOWN);
    town(&mut out, 1, LIUHANG_TOWN);
    let east = degrees(668.5, 0.0).x;
    for (sub, groups, east_of) in
        [(1, LIUHANG, east), (2, JIEZHUANG, f64::MIN), (3, WANGYIN, f64::MIN), (4, HUANGTUN, f64::MIN)]
    {
        let lines = terrain.lines.iter().filter(|l| l.kind != Kind::Rail);
        let mut barriers: Vec<V> = lines.flat_map(|l| l.points.iter().step_by(2).copied()).collect();
        barriers.extend(subs[sub].iter().map(|p| p.v()));
        country(&mut out, sub, groups, &Site { ring: &subs[sub], barriers }, east_of, random);
    }
    out
}

fn cube(x: f64) -> f64 {
    x * x * x
}

/// How densely people live, relative to the middle of the town.
#[derive(Debug)]
pub struct Density {
    villages: Vec<(V, f64, Vec<P>, f64)>,
}

impl Density {
    pub fn new(villages: &[Village]) -> Self {
        let rings = villages.iter().filter(|v| !v.ring.is_empty());
        Self {
            villages: rings.map(|v| (v.at, v.reach_m * 1.4, v.ring.clone(), if v.new { 0.5 } else { 0.36 })).collect(),
        }
    }

    pub fn at(&self, sub: usize, p: V) -> f64 {
        for (at, reach, ring, density) in &self.villages {
            if (p.x - at.x).abs() < *reach && (p.y - at.y).abs() < *reach && inside(ring, p.p()) {
                return *density;
            }
        }
        let falls = |lon, lat, metres: f64| decay(p.distance(degrees(lon, lat)) / metres);
        match sub {
            0 => 0.45 + 0.9 * falls(627.0, 427.0, 2200.0),
            1 => 0.03 + 1.15 * decay(cube(p.distance(degrees(647.0, 430.0)) / 2300.0)),
            4 => 0.017 + 0.12 * falls(660.0, 488.0, 1500.0),
            _ => 0.01,
        }
    }

    /// Whether a position is inside a village's outline.
    pub fn in_village(&self, p: V) -> bool {
        self.villages.iter().any(|(at, reach, ring, _)| p.distance(*at) < *reach && inside(ring, p.p()))
    }
}
