//! Fifty thousand calls (诉求) over 24 months: by weekday, season and hour, by neighbourhood, with a few true hot spots.

use super::calendar::{DAYS, date, stamp, weekday};
use super::categories::{CATEGORIES, Category};
use super::names::{SUBS, person, phone};
use super::places::Place;
use super::plane::V;
use super::random::Random;
use super::units::District;
use super::write::Table;

pub const ISSUES: usize = 50_000;

pub const HEAD: [&str; 18] = [
    "工单编号",
    "接收时间",
    "受理类型",
    "信息来源",
    "联系人",
    "联系电话",
    "是否保密",
    "地址",
    "问题描述",
    "紧急程度",
    "办结时限",
    "一级分类",
    "二级分类",
    "组织机构",
    "办结时间",
    "满意度",
    "经度",
    "纬度",
];

/// A place and time where one thing goes wrong again and again.
struct HotSpot {
    near: &'static str,
    reach_m: f64,
    category: usize,
    sub: usize,
    days: (usize, usize),
    n: usize,
}

/// Night markets, a boiler that fails, lorries on the trunk road, a flooded crossing, a smell, parking at the hospital.
const HOT_SPOTS: [HotSpot; 6] = [
    HotSpot {
        near: "火炬路与崇文大道交叉口", reach_m: 260.0, category: 0, sub: 0, days: (530, 700), n: 620
    },
    HotSpot { near: "菱花小区", reach_m: 220.0, category: 2, sub: 0, days: (380, 470), n: 540 },
    HotSpot { near: "327国道黄屯段加油站", reach_m: 420.0, category: 6, sub: 0, days: (120, 620), n: 480 },
    HotSpot { near: "海川路与金宇路交叉口", reach_m: 200.0, category: 5, sub: 1, days: (590, 680), n: 430 },
    HotSpot { near: "孙氏店村", reach_m: 500.0, category: 6, sub: 1, days: (200, 330), n: 360 },
    HotSpot { near: "惠仁医院", reach_m: 180.0, category: 5, sub: 0, days: (0, 730), n: 410 },
];

struct Calls<'a> {
    district: &'a District,
    places: &'a [Place],
    /// Places people call from, with how readily.
    homes: Vec<(usize, f64)>,
    total: [f64; 2],
    sums: [Vec<f64>; 2],
}

struct Call {
    minutes: usize,
    place: usize,
    at: V,
    category: usize,
    sub: usize,
    hot: bool,
}

impl<'a> Calls<'a> {
    fn new(district: &'a District, places: &'a [Place], random: &mut Random) -> Self {
        let mood: Vec<f64> = (0..district.grids.len()).map(|_| random.between(0.35, 1.9)).collect();
        let mut homes = Vec::new();
        for (i, place) in places.iter().enumerate() {
            let micro = &district.micros[place.micro];
            let weight = match place.kind {
                "building" => 1.0,
                "house" => 0.28,
                "compound" => 1.2,
                "crossing" => 3.0,
                "shop" | "school" | "park" | "station" | "hospital" => 1.6,
                "factory" => 0.8,
                "village" => 2.0,
                _ => continue,
            };
            homes.push((i, weight * mood[micro.grid]));
        }
        let mut sums = [Vec::new(), Vec::new()];
        let mut total = [0.0; 2];
        for (i, weight) in &homes {
            let urban = district.micros[places[*i].micro].urban;
            for class in 0..2 {
                if usize::from(!urban) == class {
                    total[class] += weight;
                }
                sums[class].push(total[class]);
            }
        }
        Self { district, places, homes, total, sums }
    }

    fn place(&self, category: &Category, random: &mut Random) -> usize {
        let rural = self.total[1] * category.rural;
        let class = usize::from(random.unit() * (self.total[0] + rural) < rural);
        let wanted = random.unit() * self.total[class];
        let i = self.sums[class].partition_point(|s| *s <= wanted).min(self.homes.len() - 1);
        self.homes[i].0
    }

    fn call(&self, random: &mut Random) -> Call {
        let shares: Vec<f64> = CATEGORIES.iter().map(|c| c.share).collect();
        let category = random.weighted(&shares);
        let kind = &CATEGORIES[category];
        let day = loop {
            let day = random.below(DAYS);
            let (_, month, _) = date(day);
            let week = [1.25, 1.1, 1.05, 1.0, 1.0, 0.72, 0.66][weekday(day)];
            if random.unit() * 4.2 < kind.months[month - 1] * week * (0.86 + 0.28 * day as f64 / DAYS as f64) {
                break day;
            }
        };
        let place = self.place(kind, random);
        let sub = random.weighted(&kind.subs.iter().map(|s| s.1).collect::<Vec<_>>());
        let spread = if self.places[place].kind == "village" { 90.0 } else { 14.0 };
        let at = self.places[place].at.v().plus(V::new(random.normal(), random.normal()), spread);
        Call {
            minutes: day * 1440 + hour(kind.evening, random) * 60 + random.below(60),
            place,
            at,
            category,
            sub,
            hot: false,
        }
    }

    fn hot(&self, spot: &HotSpot, random: &mut Random, out: &mut Vec<Call>) {
        let Some(centre) = self.places.iter().position(|p| p.name == spot.near) else { return };
        let middle = self.places[centre].at.v();
        let near: Vec<usize> =
            self.homes.iter().map(|h| h.0).filter(|i| self.places[*i].at.v().distance(middle) < spot.reach_m).collect();
        for _ in 0..spot.n {
            let place = if near.is_empty() || random.chance(0.4) { centre } else { *random.pick(&near) };
            let at = middle.plus(V::new(random.normal(), random.normal()), spot.reach_m * 0.33);
            let at = if self.district.owner(at).is_some() { at } else { middle };
            let day = random.whole(spot.days.0 as i64, spot.days.1 as i64 - 1) as usize;
            let minutes = day * 1440 + hour(CATEGORIES[spot.category].evening, random) * 60 + random.below(60);
            out.push(Call { minutes, place, at, category: spot.category, sub: spot.sub, hot: true });
        }
    }

    fn row(&self, n: usize, call: &Call, random: &mut Random) -> Vec<String> {
        let place = &self.places[call.place];
        let kind = &CATEGORIES[call.category];
        let sub = &kind.subs[call.sub.min(kind.subs.len() - 1)];
        let micro = &self.district.micros[place.micro];
        let street = SUBS[self.district.sub_of(micro)].0;
        let urgent = random.chance(0.04);
        let due = call.minutes + if urgent { 1440 } else { 7 * 1440 };
        let open = call.minutes > (DAYS - 9) * 1440 && random.chance(0.7) || random.chance(0.012);
        let late = random.chance(if call.hot { 0.16 } else { 0.055 });
        let took =
            if late { 7.2 * 1440.0 + random.unit() * 6000.0 } else { 90.0 + random.unit() * random.unit() * 9500.0 };
        let closed = call.minutes + took as usize;
        let satisfied = ["非常满意", "满意", "基本满意", "不满意"]
            [random.weighted(if call.hot { &[0.2, 0.3, 0.22, 0.28] } else { &[0.44, 0.36, 0.12, 0.08] })];
        let org = if random.chance(0.45) { format!("{street}办事处") } else { kind.org.to_owned() };
        let (year, month, day) = date(call.minutes / 1440);
        let p = call.at.p();
        let placed = random.chance(0.982);
        let contact = person(random);
        let mut short: String = contact.chars().take(1).collect();
        short.push_str(if random.chance(0.5) { "先生" } else { "女士" });
        vec![
            format!("SL{year}{month:02}{day:02}{n:06}"),
            stamp(call.minutes, random.below(60)),
            ["投诉", "求助", "咨询", "建议"][random.weighted(&[0.46, 0.34, 0.14, 0.06])].into(),
            ["12345热线", "网格员上报", "微信小程序", "网格吹哨", "领导信箱"]
                [random.weighted(&[0.58, 0.22, 0.14, 0.04, 0.02])]
            .into(),
            short,
            phone(1_000_000 + n % 31_337),
            if random.chance(0.11) { "是" } else { "否" }.into(),
            typed(place, street, self.district.sub_of(micro), random),
            random.pick(sub.2).replace("{}", &place.name),
            if urgent { "紧急" } else { "一般" }.into(),
            stamp(due, 0),
            kind.name.into(),
            sub.0.into(),
            org,
            if open { String::new() } else { stamp(closed, random.below(60)) },
            if open || random.chance(0.14) { String::new() } else { satisfied.into() },
            if placed { format!("{:.6}", p.lon()) } else { String::new() },
            if placed { format!("{:.6}", p.lat()) } else { String::new() },
        ]
    }
}

/// The address as it was typed: often the standard one, else shorter, with an older district's name, or with another word for a
/// building.
fn typed(place: &Place, street: &str, sub: usize, random: &mut Random) -> String {
    let rest = place.address.replace("山东省济宁市高新区", "");
    let older = if sub < 3 { "任城区" } else { "兖州区" };
    let office = street.replace("街道", "办事处");
    match random.weighted(&[0.58, 0.12, 0.1, 0.08, 0.12]) {
        0 => place.address.clone(),
        1 => format!("高新区{}", rest.replace("号楼", "#楼")),
        2 => format!("济宁市{older}{rest}"),
        3 => rest.replace(street, &office).replace("号楼", "栋"),
        _ => format!("{}附近", place.name),
    }
}

fn hour(evening: f64, random: &mut Random) -> usize {
    const DAYTIME: [f64; 18] =
        [0.05, 0.03, 0.02, 0.02, 0.03, 0.08, 0.25, 0.7, 1.5, 1.9, 1.8, 1.3, 0.8, 0.9, 1.4, 1.6, 1.5, 1.1];
    if random.chance(evening) {
        return 18 + random.weighted(&[0.9, 1.2, 1.3, 1.1, 0.6, 0.25]);
    }
    random.weighted(&DAYTIME)
}

pub fn table(district: &District, places: &[Place], random: &mut Random) -> Table {
    let calls = Calls::new(district, places, random);
    let mut all = Vec::with_capacity(ISSUES);
    for spot in &HOT_SPOTS {
        calls.hot(spot, random, &mut all);
    }
    while all.len() < ISSUES {
        all.push(calls.call(random));
    }
    all.sort_by_key(|c| (c.minutes, c.place));
    let mut table = Table::new(&HEAD);
    for (n, call) in all.iter().enumerate() {
        table.row(&calls.row(n + 1, call, random));
    }
    table
}
