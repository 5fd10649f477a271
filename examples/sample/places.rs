//! Places and standard addresses, each where the thing itself is drawn.

use super::buildings::{Building, LONGXINYUAN};
use super::names::{self, FIRMS, SHOPS, SUBS};
use super::plane::{P, V, crosses, crossing};
use super::random::Random;
use super::terrain::{Kind, Line};
use super::units::{District, Use};

#[derive(Clone, Debug)]
pub struct Place {
    pub kind: &'static str,
    pub name: String,
    pub address: String,
    pub aliases: String,
    pub at: P,
    pub accuracy_m: u32,
    pub micro: usize,
}

const CIVIC: usize = 79;

struct Gazetteer<'a> {
    district: &'a District,
    out: Vec<Place>,
}

/// Everything that has a name, in one list.
pub fn list(district: &District, buildings: &[Building], random: &mut Random) -> Vec<Place> {
    let mut all = Gazetteer { district, out: Vec::new() };
    all.villages();
    all.estates(buildings);
    all.buildings(buildings, random);
    all.roads();
    all.crossings();
    all.bridges();
    all.offices();
    all.civic();
    all.other(buildings, random);
    all.out
}

impl Gazetteer<'_> {
    fn add(&mut self, kind: &'static str, name: String, at: V, accuracy_m: u32, aliases: &str) {
        let Some(micro) = self.district.owner(at) else { return };
        let base = self.district.address_of(&self.district.micros[micro]);
        let address = if base.ends_with(&name) { base } else { format!("{base}{name}") };
        self.out.push(Place { kind, name, address, aliases: aliases.into(), at: at.p(), accuracy_m, micro });
    }

    fn villages(&mut self) {
        for village in &self.district.villages {
            let short = village.name.trim_end_matches('村');
            let (full, mut aliases) = if village.name.ends_with('村') {
                (village.name.to_owned(), vec![format!("{}委会", village.name), format!("{}村委会", village.name)])
            } else {
                (format!("{short}社区"), vec![format!("{short}居委会"), format!("{short}村")])
            };
            if !short.ends_with('新') {
                aliases.insert(0, short.to_owned());
            }
            self.add("village", full, village.at, 150, &aliases.join(";"));
        }
    }

    fn estates(&mut self, buildings: &[Building]) {
        for (g, grid) in self.district.grids.iter().enumerate().filter(|(_, g)| g.urban && !g.special) {
            let own: Vec<V> = buildings
                .iter()
                .filter(|b| b.village.is_none() && b.what == Use::Homes && self.district.micros[b.micro].grid == g)
                .map(|b| b.at)
                .collect();
            let Some(&first) = own.first() else { continue };
            let middle = own.iter().fold(V::new(0.0, 0.0), |m, p| m.plus(*p, 1.0 / own.len() as f64));
            let at =
                own.iter().copied().fold(first, |b, p| if p.distance(middle) < b.distance(middle) { p } else { b });
            self.add("compound", grid.estate.clone(), at, 80, "");
            if grid.estate == "隆鑫苑" {
                let older =
                    buildings.iter().find(|b| self.district.micros[b.micro].grid == g && b.number == LONGXINYUAN + 9);
                older.iter().for_each(|b| self.add("compound", "黄庄小区".into(), b.at, 120, ""));
            }
        }
    }

    fn buildings(&mut self, buildings: &[Building], random: &mut Random) {
        for building in buildings {
            let micro = &self.district.micros[building.micro];
            let mut n = building.number;
            let base = self.district.address_of(micro);
            let mut push = |kind, name: String, aliases: String, at: V, accuracy_m| {
                let address = format!("{base}{name}");
                self.out.push(Place { kind, name, address, aliases, at: at.p(), accuracy_m, micro: building.micro });
            };
            let estate = match building.village {
                Some(v) if building.what == Use::Village => {
                    let name = format!("{}{n}号", self.district.villages[v].name);
                    push("house", name, String::new(), building.at, 15);
                    continue;
                }
                Some(v) => self.district.villages[v].name,
                None if building.what == Use::Homes
                    && self.district.grids[micro.grid].estate == "隆鑫苑"
                    && n > LONGXINYUAN =>
                {
                    n -= LONGXINYUAN;
                    "黄庄小区"
                }
                None if building.what == Use::Homes => self.district.grids[micro.grid].estate.as_str(),
                None => continue,
            };
            push("building", format!("{estate}{n}号楼"), format!("{estate}{n}栋;{estate}{n}#楼"), building.at, 10);
            let wanted = ["隆鑫苑", "菱花小区"].contains(&estate);
            if wanted || random.chance(0.34) {
                let units = if wanted { 3 } else { 2 + random.below(2) };
                for unit in 1..=units {
                    let along = building.length_m * ((unit as f64 - 0.5) / units as f64 - 0.5);
                    let door = building
                        .at
                        .plus(building.along, along)
                        .plus(building.along.left(), -building.depth_m / 2.0 + 0.5);
                    push("entrance", format!("{estate}{n}号楼{unit}单元"), String::new(), door, 5);
                }
            }
        }
    }

    fn named_roads(&self) -> Vec<&Line> {
        self.district.terrain.lines.iter().filter(|l| matches!(l.kind, Kind::Highway | Kind::Road { .. })).collect()
    }

    fn roads(&mut self) {
        let mut seen: Vec<String> = Vec::new();
        for line in self.named_roads().into_iter().cloned().collect::<Vec<_>>() {
            let middle = line.shown.len() / 2;
            let order = (0..middle).flat_map(|k| [middle + k, middle - k]);
            let at = order.filter_map(|i| line.shown.get(i)).find(|p| self.district.owner(**p).is_some());
            let Some(&at) = at.filter(|_| !seen.contains(&line.name)) else { continue };
            seen.push(line.name.clone());
            let aliases = match line.name.as_str() {
                "327国道" => "G327;国道327",
                "日兰高速" => "G1511;日兰高速公路",
                "济邹公路" => "济邹路",
                _ => "",
            };
            self.add("road", line.name.clone(), at, 1000, aliases);
            if let Some(last) = self.out.last_mut().filter(|p| p.kind == "road") {
                last.address = format!("{}{}", names::CITY, line.name);
            }
        }
    }

    /// Every point where two lines cross: names and position.
    fn meet(one: &Line, two: &Line) -> Vec<V> {
        let mut out = Vec::new();
        let lattice = |line: &Line| line.shown.iter().map(|v| v.p()).collect::<Vec<P>>();
        let (one, two) = (lattice(one), lattice(two));
        for a in one.windows(2) {
            for b in two.windows(2) {
                if crosses(a[0], a[1], b[0], b[1]) {
                    out.push(crossing(a[0], a[1], b[0], b[1]).v());
                }
            }
        }
        out
    }

    fn crossings(&mut self) {
        let roads: Vec<Line> = self.named_roads().into_iter().filter(|l| l.kind != Kind::Highway).cloned().collect();
        for (i, one) in roads.iter().enumerate() {
            for two in &roads[i + 1..] {
                for at in Self::meet(one, two).into_iter().take(1).filter(|_| one.name != two.name) {
                    let name = format!("{}与{}交叉口", one.name, two.name);
                    self.add(
                        "crossing",
                        name,
                        at,
                        25,
                        &format!("{}与{}交叉口;{}{}路口", two.name, one.name, one.name, two.name),
                    );
                }
            }
        }
    }

    fn bridges(&mut self) {
        let lines = self.district.terrain.lines.clone();
        for river in lines.iter().filter(|l| matches!(l.kind, Kind::River { .. })) {
            for road in lines.iter().filter(|l| matches!(l.kind, Kind::Road { .. } | Kind::Highway | Kind::Rail)) {
                if let Some(&at) = Self::meet(river, road).first() {
                    self.add("bridge", format!("{}{}桥", road.name, river.name), at, 30, "");
                }
            }
        }
    }

    /// A built-up spot of a community: the middle of its most peopled micro-grid.
    fn heart(&self, community: usize) -> Option<V> {
        let own = self.district.micros.iter().filter(|m| self.district.grids[m.grid].community == community);
        own.max_by_key(|m| m.households).map(|m| self.district.middle(m))
    }

    fn offices(&mut self) {
        for (c, community) in self.district.communities.iter().enumerate() {
            let Some(at) = self.heart(c) else { continue };
            self.add("office", format!("{}党群服务中心", community.name), at, 30, &format!("{}居委会", community.name));
            if community.sub == 3 {
                let name = format!("{}网格中心", community.name);
                self.add("office", name, at.plus(V::new(28.0, 14.0), 1.0), 30, "");
            }
        }
        for (s, sub) in SUBS.iter().enumerate() {
            let first = self.district.communities.iter().position(|c| c.sub == s && c.seat.starts_with(&sub.0[..3]));
            let own = self.district.communities.iter().position(|c| c.sub == s);
            let Some(at) = first.or(own).and_then(|c| self.heart(c)) else { continue };
            let short = sub.0.trim_end_matches("街道");
            let aliases = format!("{short}街道办;{short}办事处;{short}街办");
            self.add("office", format!("{}办事处", sub.0), at.plus(V::new(-35.0, 20.0), 1.0), 30, &aliases);
        }
    }

    /// 5 + 38 + villages, 79 in all.
    fn civic(&mut self) {
        let mut left = CIVIC;
        let district = self.district;
        for (s, sub) in SUBS.iter().enumerate() {
            let at = district.communities.iter().position(|c| c.sub == s).and_then(|c| self.heart(c));
            if let Some(at) = at {
                self.add("civic", format!("{}新时代文明实践所", sub.0), at.plus(V::new(18.0, -22.0), 1.0), 30, "");
                left -= 1;
            }
        }
        for (c, community) in district.communities.iter().enumerate() {
            if let Some(at) = self.heart(c) {
                self.add(
                    "civic",
                    format!("{}新时代文明实践站", community.name),
                    at.plus(V::new(-14.0, -12.0), 1.0),
                    30,
                    "",
                );
                left -= 1;
            }
        }
        let seats: Vec<&str> = district.communities.iter().map(|c| c.seat.as_str()).collect();
        for village in district.villages.iter().filter(|v| !seats.contains(&v.name)).take(left) {
            self.add(
                "civic",
                format!("{}新时代文明实践站", village.name),
                village.at.plus(V::new(12.0, 9.0), 1.0),
                30,
                "",
            );
        }
    }

    fn other(&mut self, buildings: &[Building], random: &mut Random) {
        let mut seen = [0usize; 8];
        let district = self.district;
        for (i, micro) in district.micros.iter().enumerate() {
            let own: Vec<&Building> = buildings.iter().filter(|b| b.micro == i).collect();
            let at = own.first().map_or_else(|| district.middle(micro), |b| b.at);
            let community =
                district.communities[district.grids[micro.grid].community].name.trim_end_matches("社区").to_owned();
            seen[micro.what as usize] += 1;
            let n = seen[micro.what as usize];
            match micro.what {
                Use::School if n % 3 == 0 => {
                    self.add("school", format!("{community}第{}幼儿园", names::chinese(n)), at, 40, "");
                }
                Use::School => {
                    self.add("school", format!("高新区{}第{}小学", community, names::chinese(n)), at, 60, "");
                }
                Use::Park => self.add("park", format!("{community}{}游园", names::chinese(n)), at, 80, ""),
                Use::Hospital => self.add("hospital", "惠仁医院".into(), at, 60, "济宁惠仁医院"),
                Use::Works => {
                    let name = format!("{}{}厂", random.pick(FIRMS), names::chinese(n));
                    self.add("factory", name, at, 80, "");
                }
                Use::Shops => {
                    for (k, b) in own.iter().enumerate().take(3) {
                        let name = format!("{community}{}{}", names::chinese(n), SHOPS[(n + k * 5) % SHOPS.len()]);
                        self.add("shop", name, b.at, 15, "");
                    }
                }
                Use::Homes | Use::Village | Use::Fields => {}
            }
        }
        for (sub, street) in SUBS.iter().enumerate() {
            let name = format!("{}卫生院", street.0.trim_end_matches("街道"));
            let at = district.communities.iter().rposition(|c| c.sub == sub).and_then(|c| self.heart(c));
            if let Some(at) = at {
                self.add("hospital", name, at.plus(V::new(30.0, -30.0), 1.0), 50, "");
            }
        }
        self.by_the_road(random);
    }

    /// Bus stops along the trunk roads and the filling station of 黄屯.
    fn by_the_road(&mut self, random: &mut Random) {
        let trunk: Vec<Line> =
            self.named_roads().into_iter().filter(|l| l.kind == Kind::Road { class: 1 }).cloned().collect();
        for line in &trunk {
            let mut n = 0;
            for k in (20..line.shown.len().saturating_sub(20)).step_by(28) {
                let side = line.shown[k + 1].minus(line.shown[k]).unit().left();
                let at = line.shown[k].plus(side, if random.chance(0.5) { 19.0 } else { -19.0 });
                if self.district.owner(at).is_some() {
                    n += 1;
                    self.add("station", format!("{}{}站", line.name, names::chinese(n)), at, 20, "");
                }
            }
            if line.name == "327国道" {
                let inside = |p: &&V| {
                    self.district.owner(**p).is_some_and(|m| self.district.sub_of(&self.district.micros[m]) == 4)
                };
                let own: Vec<V> = line.shown.iter().filter(inside).copied().collect();
                if let Some(at) = own.get(own.len() / 3) {
                    self.add(
                        "shop",
                        "327国道黄屯段加油站".into(),
                        at.plus(V::new(0.0, 42.0), 1.0),
                        30,
                        "黄屯加油站;327国道加油站",
                    );
                }
            }
        }
        let station =
            self.district.terrain.lines.iter().find(|l| l.kind == Kind::Rail).map(|l| l.shown[l.shown.len() / 5]);
        if let Some(at) = station {
            self.add("station", "孙氏店站".into(), at.plus(V::new(0.0, -25.0), 1.0), 60, "孙氏店火车站");
        }
    }
}
