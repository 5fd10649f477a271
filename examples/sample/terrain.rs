//! What was there before any grid: the district's outline, its rivers, the named roads, and the seams between the five
//! subdistricts. Every control point is (longitude − 116, latitude − 35) in thousandths of a degree.

use super::plane::{P, V, crosses, crossing, inside, resample, smooth, wander};
use super::random::Random;

/// What a line is on the ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    River {
        half_width_m: u32,
    },
    Highway,
    Rail,
    /// Class 1 (trunk) to 4 (lane).
    Road {
        class: u8,
    },
}

/// A river, road or railway as it is drawn.
#[derive(Clone, Debug)]
pub struct Line {
    pub name: String,
    pub kind: Kind,
    /// Long enough to cut right through every region it crosses.
    pub points: Vec<V>,
    /// Without the ends that stick out of the district, or out of the last subdistrict it crosses: what the map shows.
    pub shown: Vec<V>,
    /// Whether grid boundaries may follow it (a seam already is one).
    pub cuts: bool,
}

#[derive(Clone, Debug)]
pub struct Terrain {
    pub outline: Vec<P>,
    /// South, east, north, west: what separates the five subdistricts, in the order they are cut.
    pub seams: [Vec<P>; 4],
    pub lines: Vec<Line>,
}

type Control = &'static [(f64, f64)];

const SI_RIVER: Control = &[
    (792.5, 497.0),
    (798.5, 482.0),
    (793.5, 465.5),
    (798.0, 449.0),
    (789.0, 434.5),
    (786.5, 421.0),
    (774.0, 410.5),
    (763.5, 402.0),
    (758.5, 388.0),
    (762.0, 373.0),
    (751.5, 357.5),
    (741.5, 344.0),
    (726.5, 337.0),
    (712.0, 327.5),
];
const SOUTH: Control =
    &[(712.0, 327.5), (698.0, 331.0), (684.0, 327.0), (668.0, 332.0), (652.0, 328.5), (640.0, 331.0)];
const GUANGFU_LOWER: Control =
    &[(640.0, 331.0), (635.0, 345.0), (638.5, 358.0), (631.0, 372.0), (633.5, 386.0), (626.0, 397.0), (624.5, 405.5)];
const WEST: Control = &[
    (624.5, 405.5),
    (612.0, 406.5),
    (601.5, 409.5),
    (600.5, 422.0),
    (603.0, 436.0),
    (600.5, 447.5),
    (612.0, 449.5),
    (625.0, 447.5),
    (637.5, 450.5),
    (641.0, 457.0),
    (638.5, 463.5),
    (643.0, 471.0),
    (640.5, 483.0),
    (645.0, 497.0),
    (641.5, 509.0),
    (645.5, 520.5),
    (655.0, 528.0),
    (671.0, 525.5),
    (685.0, 529.5),
    (696.0, 519.5),
    (698.0, 507.0),
    (704.0, 498.0),
    (716.0, 496.5),
    (731.0, 499.5),
    (750.0, 494.5),
    (772.0, 498.5),
    (792.5, 497.0),
];
const GUANGFU_UPPER: Control =
    &[(626.5, 454.0), (622.5, 446.0), (612.5, 438.5), (614.8, 429.5), (608.2, 421.5), (611.5, 413.0), (624.5, 405.5)];
const LIAO_RIVER: Control = &[
    (680.0, 534.0),
    (683.0, 518.0),
    (676.0, 505.0),
    (681.0, 490.0),
    (673.5, 475.5),
    (677.5, 460.0),
    (670.0, 446.0),
    (673.0, 431.0),
    (664.0, 416.5),
    (661.5, 402.0),
    (648.5, 394.0),
    (643.0, 386.0),
    (634.0, 384.0),
    (623.0, 384.5),
];
const SEAM_SOUTH: Control = &[
    (624.5, 405.5),
    (640.0, 403.6),
    (660.0, 404.6),
    (680.0, 402.4),
    (695.0, 403.6),
    (715.0, 406.4),
    (740.0, 402.4),
    (775.0, 401.5),
];
const SEAM_EAST: Control = &[
    (694.6, 397.0),
    (695.4, 415.0),
    (694.0, 430.0),
    (696.4, 445.0),
    (695.6, 458.0),
    (697.2, 475.0),
    (698.4, 490.0),
    (702.2, 506.0),
];
const SEAM_NORTH: Control =
    &[(630.0, 464.6), (638.5, 463.6), (655.0, 461.2), (672.0, 457.8), (690.0, 456.2), (703.0, 455.0)];
const SEAM_WEST: Control = &[(638.4, 397.0), (637.6, 415.0), (638.4, 430.0), (637.2, 445.0), (637.4, 457.0)];

/// Name, class (0 is the expressway), control points.
const ROADS: &[(&str, u8, Control)] = &[
    ("日兰高速", 0, &[(690.0, 456.2), (703.0, 455.0), (725.0, 452.5), (760.0, 455.5), (812.0, 452.0)]),
    (
        "火炬路",
        1,
        &[
            (628.9, 457.0),
            (628.2, 440.0),
            (627.0, 420.0),
            (628.4, 404.0),
            (634.5, 392.0),
            (641.0, 372.0),
            (646.0, 345.0),
            (648.0, 321.0),
        ],
    ),
    (
        "崇文大道",
        1,
        &[
            (592.0, 418.0),
            (610.0, 418.8),
            (640.0, 419.2),
            (670.0, 421.4),
            (700.0, 419.4),
            (730.0, 422.4),
            (760.0, 421.2),
            (800.0, 424.0),
        ],
    ),
    (
        "任城大道",
        1,
        &[
            (592.0, 439.0),
            (620.0, 440.2),
            (640.0, 440.4),
            (665.0, 442.6),
            (690.0, 441.4),
            (720.0, 438.6),
            (750.0, 440.6),
            (810.0, 438.4),
        ],
    ),
    (
        "海川路",
        1,
        &[
            (651.5, 536.0),
            (653.0, 510.0),
            (651.4, 490.0),
            (654.2, 465.0),
            (654.6, 440.0),
            (655.2, 420.0),
            (656.2, 400.0),
            (659.2, 380.0),
            (657.8, 355.0),
            (661.0, 320.0),
        ],
    ),
    (
        "济邹公路",
        1,
        &[
            (622.0, 373.4),
            (640.0, 374.4),
            (665.0, 371.0),
            (690.0, 374.4),
            (720.0, 370.0),
            (745.0, 373.4),
            (775.0, 371.0),
        ],
    ),
    ("327国道", 1, &[(632.0, 490.4), (660.0, 492.4), (690.0, 489.0), (720.0, 484.4), (755.0, 479.4), (812.0, 474.0)]),
    ("金宇路", 1, &[(592.0, 429.4), (620.0, 430.6), (640.0, 430.4), (670.0, 432.2), (690.0, 431.2), (702.0, 431.4)]),
    ("洸河路", 2, &[(592.0, 423.8), (610.0, 424.6), (630.0, 424.2), (644.0, 424.8)]),
    ("科苑路", 2, &[(633.0, 457.0), (632.6, 435.0), (632.9, 415.0), (632.2, 398.0)]),
    ("山博路", 2, &[(619.2, 455.0), (618.6, 435.0), (619.6, 420.0), (618.8, 400.0)]),
    ("建设东路", 2, &[(594.0, 412.8), (612.0, 413.4), (642.0, 412.2)]),
    ("吴泰闸路", 2, &[(592.0, 434.4), (615.0, 435.0), (642.0, 435.4)]),
    ("嘉达路", 2, &[(605.0, 455.0), (605.6, 435.0), (604.8, 415.0), (605.4, 400.0)]),
    ("知行路", 3, &[(623.2, 455.0), (623.5, 435.0), (623.0, 418.0), (623.4, 400.0)]),
    ("新闸路", 3, &[(592.0, 444.3), (615.0, 444.8), (642.0, 445.2)]),
    ("同济路", 2, &[(646.6, 468.0), (645.6, 440.0), (646.4, 420.0), (646.0, 398.0)]),
    ("联华路", 2, &[(686.0, 462.0), (684.6, 445.0), (685.8, 420.0), (685.0, 396.0)]),
    ("柳行路", 2, &[(632.0, 410.9), (660.0, 411.2), (702.0, 411.8)]),
    ("永安路", 2, &[(632.0, 451.8), (660.0, 451.2), (702.0, 449.6)]),
    ("菱花路", 2, &[(633.0, 425.2), (655.0, 425.4), (670.0, 426.6), (702.0, 425.4)]),
    ("杨桥路", 3, &[(650.4, 466.0), (650.2, 440.0), (651.0, 398.0)]),
    ("创新路", 3, &[(660.4, 466.0), (660.6, 440.0), (661.0, 424.0), (660.2, 418.0)]),
    (
        "接庄大街",
        2,
        &[
            (618.0, 391.6),
            (640.0, 389.9),
            (660.0, 383.6),
            (684.0, 385.2),
            (706.0, 391.0),
            (732.0, 387.0),
            (770.0, 390.4),
        ],
    ),
    ("南贯路", 2, &[(626.0, 361.5), (645.0, 358.0), (664.0, 350.0), (690.0, 349.5), (714.0, 344.0), (745.0, 333.0)]),
    ("泗南路", 2, &[(708.0, 412.0), (703.4, 395.0), (706.0, 378.0), (699.0, 360.0), (700.5, 340.0), (694.0, 320.0)]),
    ("兴庄路", 2, &[(729.4, 412.0), (733.0, 392.0), (730.0, 375.0), (737.6, 357.0), (733.0, 330.0)]),
    ("贾村路", 2, &[(682.0, 410.0), (684.4, 392.0), (677.0, 372.0), (678.2, 350.0), (673.0, 320.0)]),
    ("王因大街", 2, &[(715.0, 510.0), (718.6, 488.0), (724.0, 468.0), (720.4, 447.0), (717.0, 425.0), (721.4, 395.0)]),
    ("岗河路", 2, &[(757.0, 510.0), (752.4, 487.0), (743.0, 466.0), (746.0, 446.0), (754.4, 425.0), (751.0, 395.0)]),
    ("府东路", 2, &[(777.0, 510.0), (776.2, 490.0), (767.4, 470.0), (771.4, 452.0), (769.0, 430.0), (762.0, 396.0)]),
    ("三河路", 2, &[(690.0, 471.0), (712.0, 469.0), (733.0, 461.6), (756.0, 464.0), (778.0, 459.5), (812.0, 462.6)]),
    ("仁美路", 3, &[(690.0, 413.6), (712.0, 413.9), (735.0, 410.4), (755.0, 412.0), (784.0, 407.0)]),
    ("黄屯大街", 2, &[(632.0, 474.0), (650.0, 476.0), (668.0, 472.4), (684.0, 475.0), (706.0, 472.0)]),
    ("堌城路", 2, &[(632.0, 510.6), (652.0, 507.0), (672.0, 511.6), (712.0, 505.6)]),
    ("孙氏店路", 2, &[(664.6, 540.0), (667.4, 518.0), (662.4, 500.0), (664.0, 480.0), (668.0, 452.0)]),
];

fn place(control: Control) -> Vec<V> {
    control.iter().map(|(lon, lat)| V::degrees(116.0 + lon / 1000.0, 35.0 + lat / 1000.0)).collect()
}

fn lattice(line: &[V]) -> Vec<P> {
    line.iter().map(|p| p.p()).collect()
}

/// A river: a smooth curve with meanders of two wavelengths.
fn river(control: Control, random: &mut Random) -> Vec<V> {
    let smooth = smooth(&place(control), 22.0);
    wander(&wander(&smooth, random, 85.0, 1300.0), random, 26.0, 420.0)
}

/// A county boundary over fields: it follows their edges, so it runs straight for a while and then jogs.
fn field_edge(control: Control, random: &mut Random) -> Vec<V> {
    let curve = smooth(&place(control), 30.0);
    let last = curve.len() - 1;
    let mut out = vec![curve[0]];
    let (mut i, mut offset) = (0, 0.0);
    while i < last {
        let run = random.whole(7, 17) as usize;
        let next = if i + run + 8 > last { last } else { i + run };
        let across = curve[next].minus(curve[i]).unit().left();
        if next == last {
            break;
        }
        out.push(curve[next].plus(across, offset));
        let wanted = random.between(-62.0, 62.0);
        if (wanted - offset).abs() > 18.0 {
            out.push(curve[next].plus(across, wanted));
            offset = wanted;
        }
        i = next;
    }
    out.push(curve[last]);
    resample_keeping(&out)
}

/// Splits edges longer than 45 m and drops points nearer than 8 m to the one before.
fn resample_keeping(line: &[V]) -> Vec<V> {
    let mut out = vec![line[0]];
    for (i, p) in line.iter().enumerate().skip(1) {
        let from = out[out.len() - 1];
        if from.distance(*p) < 8.0 && i + 1 < line.len() {
            continue;
        }
        let piece = resample(&[from, *p], 40.0);
        out.extend(&piece[1..]);
    }
    out
}

fn road(control: Control, class: u8, random: &mut Random) -> Vec<V> {
    let curve = smooth(&place(control), 24.0);
    let (amplitude, wavelength) = if class < 2 { (20.0, 2300.0) } else { (15.0, 1300.0) };
    wander(&curve, random, amplitude, wavelength)
}

/// The part of a line between its first and last meeting with an outline or a seam; the whole line when it meets none.
fn trimmed(line: &[V], fences: &[Vec<P>]) -> Vec<V> {
    let points = lattice(line);
    let mut hits: Vec<(usize, f64, V)> = Vec::new();
    let middle = points[points.len() / 2];
    for fence in fences.iter().filter(|f| !f.contains(&middle)) {
        for (i, edge) in points.windows(2).enumerate() {
            for wall in fence.windows(2) {
                if crosses(wall[0], wall[1], edge[0], edge[1]) {
                    let x = crossing(wall[0], wall[1], edge[0], edge[1]).v();
                    hits.push((i, line[i].distance(x), x));
                }
            }
        }
        for (i, end) in [(0, 0), (points.len() - 1, points.len() - 1)] {
            if fence.contains(&points[end]) {
                hits.push((i, 0.0, line[end]));
            }
        }
    }
    hits.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (Some(first), Some(last)) = (hits.first(), hits.last()) else { return line.to_vec() };
    if (first.0, first.1) == (last.0, last.1) {
        return line.to_vec();
    }
    let mut out = vec![first.2];
    out.extend_from_slice(&line[first.0 + 1..=last.0]);
    out.push(last.2);
    out.dedup();
    out
}

/// A seam without the ends that lie outside the outline; an end inside it stays.
fn within(seam: &[V], outline: &[P]) -> Vec<P> {
    let points = lattice(seam);
    let first = points.iter().position(|p| inside(outline, *p)).unwrap_or(0);
    let last = points.iter().rposition(|p| inside(outline, *p)).unwrap_or(points.len() - 1);
    points[first.saturating_sub(1)..=(last + 1).min(points.len() - 1)].to_vec()
}

impl Terrain {
    pub fn draw(random: &mut Random) -> Self {
        let (si, lower, upper) = (river(SI_RIVER, random), river(GUANGFU_LOWER, random), river(GUANGFU_UPPER, random));
        let (south, west) = (field_edge(SOUTH, random), field_edge(WEST, random));
        let mut outline = Vec::new();
        for part in [&si, &south, &lower, &west] {
            outline.extend_from_slice(&part[..part.len() - 1]);
        }
        outline.reverse();
        let seam_south = road(SEAM_SOUTH, 2, random);
        let seam_east = road(SEAM_EAST, 2, random);
        let seam_north = road(SEAM_NORTH, 0, random);
        let seam_west = road(SEAM_WEST, 2, random);
        let seams = [&seam_south, &seam_east, &seam_north, &seam_west].map(|s| lattice(s));
        let around: Vec<P> = outline.iter().chain(&outline[..1]).map(|v| v.p()).collect();
        let mut fences = vec![around];
        for seam in [&seam_south, &seam_east, &seam_north, &seam_west] {
            fences.push(within(seam, &fences[0]));
        }
        let mut lines = Vec::new();
        let mut add = |name: &str, kind, points: Vec<V>, cuts| {
            let shown = trimmed(&points, &fences);
            lines.push(Line { name: name.into(), kind, points, shown, cuts });
        };
        add("泗河", Kind::River { half_width_m: 58 }, si, false);
        add("洸府河", Kind::River { half_width_m: 27 }, lower, false);
        add("洸府河", Kind::River { half_width_m: 23 }, upper, true);
        add("蓼河", Kind::River { half_width_m: 15 }, river(LIAO_RIVER, random), true);
        add("南外环路", Kind::Road { class: 2 }, seam_south, false);
        add("东外环路", Kind::Road { class: 2 }, seam_east, false);
        add("日兰高速", Kind::Highway, seam_north, false);
        add("诗仙路", Kind::Road { class: 2 }, seam_west, false);
        for (name, class, control) in ROADS {
            let kind = if *class == 0 { Kind::Highway } else { Kind::Road { class: *class } };
            add(name, kind, road(control, *class, random), true);
        }
        let rail: Control =
            &[(628.0, 499.6), (660.0, 501.4), (690.0, 497.6), (715.0, 490.4), (750.0, 486.6), (812.0, 483.0)];
        add("新兖铁路", Kind::Rail, road(rail, 0, random), false);
        Self { outline: lattice(&outline), seams, lines }
    }
}
