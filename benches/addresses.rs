//! Words to owners: how many are right and how long one takes, ours and a full-text index over the same gazetteer (SQLite's FTS5) on the same texts; then
//! the size and the time of a gazetteer of a million places: `cargo bench --bench addresses [texts]`.
//!
//! A text is asked three times and its best time counts: what is left out is what other programs of the machine took.

#![allow(clippy::print_stdout, reason = "a bench speaks to the terminal")]

#[path = "../tests/addresses/fulltext.rs"]
#[allow(unused_imports, reason = "a bench has no tests of its own")]
mod fulltext;
#[path = "../tests/addresses/noise/mod.rs"]
#[allow(unused_imports, dead_code, reason = "a bench has no tests of its own")]
mod noise;
#[path = "../tests/partition/mod.rs"]
mod partition;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fulltext::FullText;
use jiff::Timestamp;
use partition::Seeded;
use wangge::crs::Cgcs2000;
use wangge::exchange::Limits;
use wangge::grid::UnitIx;
use wangge::place::Place;
use wangge::place::decide::Ambiguity;
use wangge::place::gazetteer::{Gazetteer, PlaceIx, Setting};
use wangge::place::search::Ground;
use wangge::service::import::{Sources, prepare};
use wangge::snapshot::Snapshot;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const SEED: u64 = 370_871;
const TRIES: usize = 3;
/// The index beside ours takes some ten milliseconds a text.
const COMPARED: usize = 2000;

fn main() -> Result<(), Failure> {
    let texts = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(20_000);
    let snapshot = sample()?;
    compiled(&snapshot);
    compared(&snapshot, texts)?;
    million(texts);
    Ok(())
}

fn sample() -> Result<Snapshot, Failure> {
    let sources = Sources { district: PathBuf::from("data/sample/district.toml"), ..Sources::default() };
    let prepared = prepare(&sources, &Limits::default(), Timestamp::UNIX_EPOCH, &mut |_| ())?;
    Ok(Snapshot::new(prepared.accept(None, Timestamp::UNIX_EPOCH)?.contents))
}

fn compiled(snapshot: &Snapshot) {
    let begun = Instant::now();
    let gazetteer = snapshot.gazetteer();
    let (took, bytes) = (begun.elapsed(), gazetteer.bytes());
    println!("the sample: {} places, compiled in {took:.0?}, {:.1} MB", snapshot.places.len(), bytes as f64 / 1e6);
}

/// The best time of some tries.
fn timed<T>(mut ask: impl FnMut() -> T) -> (T, Duration) {
    let once = |ask: &mut dyn FnMut() -> T| {
        let begun = Instant::now();
        let answer = ask();
        (answer, begun.elapsed())
    };
    let (answer, mut best) = once(&mut ask);
    for _ in 1..TRIES {
        best = best.min(once(&mut ask).1);
    }
    (answer, best)
}

fn print(who: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let (half, most) = (at(0.5), times[times.len() - 1]);
    println!("  {who}: p50 {half:.1?}, p99 {:.1?}, most {most:.1?} a text ({} texts)", at(0.99), times.len());
}

fn compared(snapshot: &Snapshot, texts: usize) -> Result<(), Failure> {
    let queries = noise::queries(&snapshot.places, SEED, texts);
    let owner = |place: usize| snapshot.gazetteer().owner(PlaceIx(place as u32));
    let (mut times, mut right, mut wrong) = (Vec::new(), 0, 0);
    for query in &queries {
        let (answer, took) = timed(|| snapshot.search(&query.text, 5));
        let answer = answer?;
        let found = answer.candidates.first().is_some_and(|first| query.truth.iter().any(|t| owner(*t) == first.owner));
        right += usize::from(found);
        wrong += usize::from(!found && answer.ambiguity == Ambiguity::None);
        times.push(took);
    }
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    let (share, guessed) = (percent(right, queries.len()), percent(wrong, queries.len()));
    println!("noise over the sample: ours right {share:.2} %, wrong without a question {guessed:.3} %");
    let ours: Duration = times.iter().take(COMPARED).sum();
    print("ours", times);
    let index = FullText::new(&snapshot.places)?;
    let (mut times, mut right) = (Vec::new(), 0);
    for query in queries.iter().take(COMPARED) {
        let (found, took) = timed(|| index.first(&query.text));
        right += usize::from(found.is_some_and(|found| query.truth.iter().any(|t| owner(*t) == owner(found))));
        times.push(took);
    }
    let theirs: Duration = times.iter().sum();
    println!("the same: full text right {:.2} % of {}, and always sure", percent(right, times.len()), times.len());
    print("full text", times);
    println!("  ours takes 1/{:.0} of its time on the same texts", theirs.as_secs_f64() / ours.as_secs_f64());
    Ok(())
}

/// A unit for each square of some hundred metres.
struct Squares;

impl Ground for Squares {
    fn owner(&self, point: Cgcs2000) -> Option<UnitIx> {
        let square = |degrees: f64| (degrees * 1000.0) as u32;
        Some(UnitIx(square(point.lon() - 110.0) * 10_000 + square(point.lat() - 30.0)))
    }

    fn boundary_m(&self, _: Cgcs2000) -> f64 {
        30.0
    }
}

const COMPOUNDS: usize = 12_000;
const BUILDINGS: u32 = 20;
const ENTRANCES: u32 = 3;

/// Some million places: compounds of composed names with buildings and entrances, and shops.
fn places(random: &mut Seeded) -> Vec<Place> {
    const FIRST: &str = "锦绣阳光水岸金色科苑圣都怡和翠湖福泰鸿顺瑞景嘉兴唐明德儒林杏坛望绿城银河东方紫荆百合丽天成康祥龙凤凰盛世富华永安运书香尚仁";
    const LAST: [&str; 12] =
        ["家园", "花园", "小区", "苑", "华庭", "名郡", "嘉园", "雅居", "新城", "公馆", "府邸", "社区"];
    let chars: Vec<char> = FIRST.chars().collect();
    let mut pick = |below: usize| random.between(0, below as i32 - 1) as usize;
    let mut all = Vec::new();
    let place = |kind: &str, name: String, (lon, lat): (f64, f64)| Place {
        id: String::new(),
        kind: kind.to_owned(),
        address: format!("某省某市某区{name}"),
        name,
        aliases: Vec::new(),
        point: Cgcs2000::clamped(lon, lat),
        accuracy_m: 10.0,
    };
    for _ in 0..COMPOUNDS {
        let last = LAST[pick(LAST.len())];
        let name: String = (0..3).map(|_| chars[pick(chars.len())]).chain(last.chars()).collect();
        let at = (116.0 + pick(100_000) as f64 * 1e-5, 35.0 + pick(100_000) as f64 * 1e-5);
        all.push(place("compound", name.clone(), at));
        for building in 1..=BUILDINGS {
            all.push(place("building", format!("{name}{building}号楼"), at));
            let entrances = 1..=ENTRANCES;
            all.extend(entrances.map(|unit| place("entrance", format!("{name}{building}号楼{unit}单元"), at)));
        }
        for _ in 0..2 {
            let shop: String = (0..5).map(|_| chars[pick(chars.len())]).chain("超市".chars()).collect();
            all.push(place("shop", shop, at));
        }
    }
    all
}

fn million(texts: usize) {
    let mut random = Seeded(SEED);
    let places = places(&mut random);
    let owners = places.iter().map(|place| (Squares.owner(place.point), None)).collect();
    let begun = Instant::now();
    let gazetteer = Gazetteer::new(&places, Setting { district: Vec::new(), regions: Vec::new(), owners });
    let took = begun.elapsed();
    println!("generated: {} places, compiled in {took:.1?}, {:.0} MB", places.len(), gazetteer.bytes() as f64 / 1e6);
    let mut times = Vec::new();
    for at in 0..texts {
        let place = &places[random.between(0, places.len() as i32 - 1) as usize];
        let mut said: Vec<char> = place.name.chars().collect();
        let wrong = random.between(0, 2) as usize;
        match at % 4 {
            0 => {}
            // A character wrong, one missing, only the beginning typed.
            1 => said[wrong] = '囗',
            2 => _ = said.remove(wrong),
            _ => said.truncate(2),
        }
        let said: String = said.into_iter().collect();
        let (_, took) = timed(|| gazetteer.search(&places, &Squares, &said, 5));
        times.push(took);
    }
    print("exact, a character wrong, one missing, two characters typed", times);
}
