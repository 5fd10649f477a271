//! Turns: ours, a peer, ours, the next peer, …, several times over. A peer's ratio in a round is its time a point over that of ours just
//! before and just after it, so that a slow moment of the machine hits both.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::time::{Duration, Instant};

use wangge::coverage::FaceIx;
use wangge::crs::Cgcs2000;
use wangge::locate::Locator;

use crate::Fallible;
use crate::dataset::Dataset;
use crate::ours::{FORMS, Form};
use crate::program::Program;

pub const ROUNDS: usize = 5;
/// Ours asks all its points again until a turn has taken this long: a turn much shorter than a peer's would slip between the moments at which
/// a busy machine takes the processor away.
pub const TURN: Duration = Duration::from_millis(250);

/// Fills the owners' numbers (0 for nobody) of points, in order.
type Ask<'a> = Box<dyn FnMut(&[Cgcs2000], &mut Vec<u32>) + 'a>;

/// Where a peer answers: in this process, or in one of its own under the name of a form.
pub enum Asked<'a> {
    Here(Ask<'a>),
    Program(Rc<RefCell<Program>>, &'static str),
}

/// One form of one peer, and what was measured of it.
pub struct Row<'a> {
    peer: &'static str,
    form: &'static str,
    points: usize,
    asked: Asked<'a>,
    rounds: Vec<Round>,
    owners: Vec<u32>,
}

/// Nanoseconds a point of the peer, and of each form of ours around it.
struct Round {
    theirs: f64,
    ours: Vec<f64>,
}

impl<'a> Row<'a> {
    pub fn new(peer: &'static str, form: &'static str, points: usize, asked: Asked<'a>) -> Self {
        Self { peer, form, points, asked, rounds: Vec::new(), owners: Vec::new() }
    }

    fn ask(&mut self, points: &[Cgcs2000]) -> Fallible<f64> {
        let points = &points[..self.points];
        let seconds = match &mut self.asked {
            Asked::Here(ask) => {
                let start = Instant::now();
                ask(points, &mut self.owners);
                start.elapsed().as_secs_f64()
            }
            Asked::Program(program, form) => program.borrow_mut().ask(form, points.len(), &mut self.owners)?,
        };
        Ok(seconds * 1e9 / points.len() as f64)
    }
}

/// What one dataset's run came to.
pub struct Table {
    pub title: String,
    /// Each form of ours: median nanoseconds a point over all turns.
    ours: Vec<Spread>,
    lines: Vec<Line>,
}

struct Line {
    peer: &'static str,
    form: &'static str,
    points: usize,
    theirs: Spread,
    ratios: Vec<Spread>,
    /// Of the points asked: given to another unit than ours gives, or to nobody.
    elsewhere: usize,
    nobody: usize,
}

#[derive(Clone, Copy)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Spread {
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |i: usize| values.get(i).copied().unwrap_or(f64::NAN);
        Self { least: at(0), median: at(values.len() / 2), most: at(values.len().saturating_sub(1)) }
    }
}

/// Warms everything once, then takes turns.
pub fn run(dataset: &Dataset, rows: &mut [Row<'_>]) -> Fallible<Table> {
    let ours = Locator::new(&dataset.coverage);
    let mut owners = Vec::new();
    let mut turn = || -> Vec<f64> {
        let time = |form: &Form| {
            let (start, mut asked) = (Instant::now(), 0);
            while asked == 0 || start.elapsed() < TURN {
                (form.ask)(&ours, &dataset.points, &mut owners);
                asked += dataset.points.len();
            }
            start.elapsed().as_secs_f64() * 1e9 / asked as f64
        };
        FORMS.iter().map(time).collect()
    };
    let mut all = vec![turn()];
    for row in rows.iter_mut() {
        row.ask(&dataset.points)?;
    }
    all.clear();
    for _ in 0..ROUNDS {
        let mut before = turn();
        for row in rows.iter_mut() {
            let theirs = row.ask(&dataset.points)?;
            let after = turn();
            let around = before.iter().zip(&after).map(|(a, b)| f64::midpoint(*a, *b)).collect();
            row.rounds.push(Round { theirs, ours: around });
            all.push(std::mem::replace(&mut before, after));
        }
        all.push(before);
    }
    let expected = owners_by_every_form(dataset, &ours)?;
    let title = format!("{}: {} units, {} edges", dataset.name, dataset.units(), dataset.edges());
    let lines = rows.iter().map(|row| line(row, &expected)).collect();
    let ours = (0..FORMS.len()).map(|k| Spread::of(all.iter().map(|t| t[k]))).collect();
    Ok(Table { title, ours, lines })
}

/// The numbers of the owners, once all forms of ours agree on them.
fn owners_by_every_form(dataset: &Dataset, ours: &Locator) -> Fallible<Vec<u32>> {
    let answers = FORMS.iter().map(|form| {
        let mut owners: Vec<FaceIx> = Vec::new();
        (form.ask)(ours, &dataset.points, &mut owners);
        owners.iter().map(|face| dataset.number(*face)).collect::<Vec<u32>>()
    });
    let mut answers: Vec<Vec<u32>> = answers.collect();
    answers.dedup();
    match answers.pop() {
        Some(one) if answers.is_empty() => Ok(one),
        _ => Err("our own forms give different owners".into()),
    }
}

fn line(row: &Row<'_>, expected: &[u32]) -> Line {
    let pairs = || row.owners.iter().zip(expected);
    Line {
        peer: row.peer,
        form: row.form,
        points: row.points,
        theirs: Spread::of(row.rounds.iter().map(|r| r.theirs)),
        ratios: (0..FORMS.len()).map(|k| Spread::of(row.rounds.iter().map(|r| r.theirs / r.ours[k]))).collect(),
        elsewhere: pairs().filter(|(theirs, ours)| **theirs != 0 && theirs != ours).count(),
        nobody: row.points - pairs().filter(|(theirs, _)| **theirs != 0).count(),
    }
}

/// Three figures that mean something, with commas.
pub fn figure(value: f64) -> String {
    if value < 9.95 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Table {
    pub fn markdown(&self) -> String {
        let mut text = format!("\n## {}\n\n", self.title);
        for (form, spread) in FORMS.iter().zip(&self.ours) {
            let each = [spread.median, spread.least, spread.most].map(figure);
            let _ = writeln!(text, "Ours, {}: {} ns a point ({}–{}).", form.name, each[0], each[1], each[2]);
        }
        let heads = FORMS.iter().map(|f| format!(" × ours, {} |", f.name)).collect::<Vec<_>>().concat();
        let rule = "---:|".repeat(FORMS.len());
        let _ = writeln!(text, "\n| peer | asked how | points | ns a point |{heads} owner differs |");
        let _ = writeln!(text, "|---|---|---:|---:|{rule}---:|");
        for line in &self.lines {
            let ratio = |s: &Spread| format!(" **{}** ({}–{}) |", figure(s.median), figure(s.least), figure(s.most));
            let ratios = line.ratios.iter().map(ratio).collect::<Vec<_>>().concat();
            let differs = match (line.elsewhere, line.nobody) {
                (0, 0) => "0".to_owned(),
                (elsewhere, nobody) => format!("{elsewhere} another, {nobody} nobody"),
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |{ratios} {differs} |",
                line.peer,
                line.form,
                figure(line.points as f64),
                figure(line.theirs.median)
            );
        }
        text
    }
}
