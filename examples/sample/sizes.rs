//! Names, uses and sizes of units: what a micro-grid mostly is, which estate a grid is, how many live there.

use super::names::{self, chinese};
use super::random::Random;
use super::units::{District, Use, allot};

/// 黄庄社区's households grid by grid: eight, together 2700, the fifth (隆鑫苑) 446.
const HUANGZHUANG: [usize; 8] = [338, 312, 297, 351, 446, 326, 305, 325];
const HUANGZHUANG_PEOPLE: usize = 8900;
const COMPOUND_BRANCHES: usize = 33;

pub fn fill(district: &mut District, random: &mut Random) {
    uses(district, random);
    estates(district, random);
    names_of(district);
    households(district, random);
}

fn uses(district: &mut District, random: &mut Random) {
    for i in 0..district.micros.len() {
        let micro = &district.micros[i];
        if micro.what == Use::Hospital {
            continue;
        }
        let at = district.middle(micro);
        let area: f64 = micro.faces.iter().map(|f| district.part.mesh.area_m2(*f)).sum();
        let dense = micro.weight * 10_000.0 / area;
        let sub = district.sub_of(micro);
        let what = if micro.urban {
            const KINDS: [Use; 5] = [Use::Homes, Use::Shops, Use::Works, Use::School, Use::Park];
            let works = if sub == 1 { 0.12 } else { 0.05 };
            KINDS[random.weighted(&[0.7, 0.13, works, 0.045, 0.04])]
        } else if dense > 0.16 || district.part.density.in_village(at) {
            Use::Village
        } else if (sub == 4 && random.chance(0.35) && dense > 0.03) || (sub == 1 && random.chance(0.3)) {
            Use::Works
        } else {
            Use::Fields
        };
        district.micros[i].what = what;
    }
}

/// The village nearest to a grid's most peopled micro-grid.
fn village_of(district: &District, grid: usize) -> String {
    let heart = district.micros.iter().filter(|m| m.grid == grid).max_by(|a, b| {
        let per = |m: &super::units::Micro| m.weight / district.part.mesh.area_m2(m.faces[0]);
        per(a).total_cmp(&per(b))
    });
    let Some(heart) = heart else { return String::new() };
    let at = district.middle(heart);
    let sub = district.sub_of(heart);
    let near = district.villages.iter().filter(|v| v.sub == sub);
    near.min_by(|a, b| a.at.distance(at).total_cmp(&b.at.distance(at))).map(|v| v.name.to_owned()).unwrap_or_default()
}

fn estates(district: &mut District, random: &mut Random) {
    let mut fresh = names::compounds(random).into_iter();
    let mut seen = vec![0usize; district.communities.len()];
    let mut linghua = false;
    for i in 0..district.grids.len() {
        let community = district.grids[i].community;
        seen[community] += 1;
        if district.grids[i].special {
            continue;
        }
        let (seat, place) = (district.communities[community].name.clone(), seen[community]);
        district.grids[i].estate = if !district.grids[i].urban {
            village_of(district, i)
        } else if seat == "黄庄社区" && place == 5 {
            district.grids[i].compound = true;
            "隆鑫苑".to_owned()
        } else if seat == "菱花社区" && !linghua {
            linghua = true;
            "菱花小区".to_owned()
        } else {
            fresh.next().unwrap_or_else(|| format!("{seat}{}组", chinese(place)))
        };
    }
    let mut first: Vec<usize> = (0..district.grids.len())
        .filter(|i| district.communities[district.grids[*i].community].sub == 0 && !district.grids[*i].compound)
        .collect();
    random.shuffle(&mut first);
    for i in first.into_iter().take(COMPOUND_BRANCHES - 1) {
        district.grids[i].compound = true;
    }
    for i in 0..district.micros.len() {
        let grid = &district.grids[district.micros[i].grid];
        if grid.compound || grid.estate == "菱花小区" {
            district.micros[i].what = Use::Homes;
        }
    }
}

fn names_of(district: &mut District) {
    let mut seen = vec![0usize; district.communities.len()];
    for grid in &mut district.grids {
        seen[grid.community] += 1;
        let community = &district.communities[grid.community].name;
        grid.name = if grid.special {
            format!("{community}专属网格({})", grid.estate)
        } else if grid.compound || !grid.urban || grid.estate == "菱花小区" {
            format!("{community}第{}网格({})", chinese(seen[grid.community]), grid.estate)
        } else {
            format!("{community}第{}网格", chinese(seen[grid.community]))
        };
    }
    let mut seen = vec![0usize; district.grids.len()];
    for micro in &mut district.micros {
        seen[micro.grid] += 1;
        let grid = &district.grids[micro.grid].name;
        micro.name = format!("{grid}{}号微网格", seen[micro.grid]);
        if micro.faces.len() > 1 {
            micro.name.push_str("(含飞地)");
        }
    }
}

fn households(district: &mut District, random: &mut Random) {
    let mut at_huangzhuang = 0;
    for g in 0..district.grids.len() {
        let members: Vec<usize> = (0..district.micros.len()).filter(|i| district.micros[*i].grid == g).collect();
        let grid = &district.grids[g];
        let sub = district.communities[grid.community].sub;
        let here = district.communities[grid.community].name == "黄庄社区";
        let total = if here {
            at_huangzhuang += 1;
            HUANGZHUANG[(at_huangzhuang - 1) % 8]
        } else if grid.special {
            36
        } else if grid.urban {
            let around = if sub == 0 { 318.0 } else { 296.0 };
            (around * (1.0 + 0.12 * random.normal())).clamp(180.0, 560.0) as usize
        } else {
            (132.0 * (1.0 + 0.22 * random.normal())).clamp(48.0, 290.0) as usize
        };
        let weights: Vec<f64> = members
            .iter()
            .map(|i| {
                let micro = &district.micros[*i];
                let factor = match micro.what {
                    Use::Homes | Use::Village | Use::Hospital => 1.0,
                    Use::Shops => 0.6,
                    Use::Works | Use::School => 0.2,
                    Use::Park => 0.08,
                    Use::Fields => 0.35,
                };
                micro.weight * factor * random.between(0.85, 1.15)
            })
            .collect();
        for (i, n) in members.iter().zip(allot(total, &weights, 2)) {
            let per = if district.grids[g].urban { random.between(2.7, 3.3) } else { random.between(2.8, 3.6) };
            let micro = &mut district.micros[*i];
            micro.households = n as u32;
            micro.population = if micro.what == Use::Hospital { 420 } else { (n as f64 * per).round() as u32 };
        }
    }
    people_of_huangzhuang(district);
}

fn people_of_huangzhuang(district: &mut District) {
    let members: Vec<usize> = (0..district.micros.len())
        .filter(|i| district.communities[district.grids[district.micros[*i].grid].community].name == "黄庄社区")
        .collect();
    let weights: Vec<f64> = members.iter().map(|i| f64::from(district.micros[*i].households)).collect();
    for (i, n) in members.into_iter().zip(allot(HUANGZHUANG_PEOPLE, &weights, 1)) {
        district.micros[i].population = n as u32;
    }
}
