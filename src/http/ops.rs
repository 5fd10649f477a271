//! Edits as they are asked for on the wire, and how a body of JSON is read.

use std::sync::Arc;

use axum::body::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::pump::{Broken, Incoming};
use super::routes::App;
use crate::coverage::ArcKind;
use crate::crs::Cgcs2000;
use crate::service::drafts::{Ask, Describe, Include, Keep, Split};

/// Longitude and latitude in degrees, CGCS2000.
type Position = [f64; 2];

/// `{"ops": [...]}`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ops {
    ops: Vec<Op>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
enum Op {
    Reshape {
        old: Vec<Position>,
        new: Vec<Position>,
    },
    Move {
        from: Position,
        to: Position,
    },
    Mark {
        edge: [Position; 2],
        kind: Kind,
        #[serde(default)]
        locked: bool,
    },
    Split {
        unit: String,
        /// Tied to the border within `tolerance_m`, …
        line: Option<Vec<Position>>,
        #[serde(default = "tolerance")]
        tolerance_m: f64,
        /// … or ending at its vertices exactly.
        lines: Option<Vec<Vec<Position>>>,
        #[serde(default)]
        kind: Kind,
        #[serde(default)]
        keep: Side,
        code: Option<String>,
        name: Option<String>,
    },
    Merge {
        keep: String,
        gone: String,
        #[serde(default)]
        enclosing: Vec<String>,
    },
    Transfer {
        from: String,
        to: String,
        line: Vec<Position>,
        #[serde(default = "tolerance")]
        tolerance_m: f64,
    },
    Redivide {
        units: [String; 2],
        lines: Vec<Vec<Position>>,
        #[serde(default)]
        kind: Kind,
    },
    Reparent {
        unit: String,
        parent: String,
    },
    Describe {
        unit: String,
        code: Option<String>,
        name: Option<String>,
        class: Option<String>,
        households: Option<u32>,
        population: Option<u32>,
    },
    Exclude {
        unit: String,
    },
    Include {
        at: Position,
        parent: String,
        code: Option<String>,
        name: String,
        #[serde(default)]
        class: String,
        #[serde(default)]
        households: u32,
        #[serde(default)]
        population: u32,
    },
}

const fn tolerance() -> f64 {
    5.0
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Legal,
    Road,
    River,
    Wall,
    #[default]
    Drawn,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Side {
    #[default]
    Households,
    Larger,
    Left,
    Right,
}

impl Ops {
    /// What is asked for, with positions that are some.
    pub(super) fn asks(self) -> Result<Vec<Ask>, Problem> {
        self.ops.into_iter().enumerate().map(|(index, op)| op.ask(index)).collect()
    }
}

impl Op {
    fn ask(self, index: usize) -> Result<Ask, Problem> {
        let at = |[lon, lat]: Position| {
            let position = Cgcs2000::new(lon, lat);
            position.map_err(|fault| Problem::body_at(&format!("/ops/{index}"), fault.to_string()))
        };
        let line = |points: Vec<Position>| points.into_iter().map(at).collect::<Result<Vec<_>, _>>();
        let lines = |lines: Vec<Vec<Position>>| lines.into_iter().map(line).collect::<Result<Vec<_>, _>>();
        Ok(match self {
            Self::Reshape { old, new } => Ask::Reshape { old: line(old)?, new: line(new)? },
            Self::Move { from, to } => Ask::Move { from: at(from)?, to: at(to)? },
            Self::Mark { edge: [a, b], kind, locked } => Ask::Mark { edge: [at(a)?, at(b)?], kind: kind.arc(), locked },
            Self::Split { unit, line: drawn, tolerance_m, lines: exact, kind, keep, code, name } => {
                let (lines, tolerance_m) = match (drawn, exact) {
                    (Some(drawn), None) => (vec![line(drawn)?], Some(tolerance_m)),
                    (None, Some(exact)) => (lines(exact)?, None),
                    _ => {
                        let wanted = "a split needs either line or lines";
                        return Err(Problem::body_at(&format!("/ops/{index}"), wanted));
                    }
                };
                let (kind, keep) = (kind.arc(), keep.keep());
                Ask::Split(Split { unit, lines, tolerance_m, kind, keep, code, name })
            }
            Self::Redivide { units, lines: exact, kind } => {
                Ask::Redivide { units, lines: lines(exact)?, kind: kind.arc() }
            }
            Self::Merge { keep, gone, enclosing } => Ask::Merge { keep, gone, enclosing },
            Self::Transfer { from, to, line: points, tolerance_m } => {
                Ask::Transfer { from, to, line: line(points)?, tolerance_m }
            }
            Self::Reparent { unit, parent } => Ask::Reparent { unit, parent },
            Self::Describe { unit, code, name, class, households, population } => {
                Ask::Describe(Describe { unit, code, name, class, households, population })
            }
            Self::Exclude { unit } => Ask::Exclude { unit },
            Self::Include { at: place, parent, code, name, class, households, population } => {
                Ask::Include(Include { at: at(place)?, parent, code, name, class, households, population })
            }
        })
    }
}

impl Kind {
    const fn arc(self) -> ArcKind {
        match self {
            Self::Legal => ArcKind::Legal,
            Self::Road => ArcKind::Road,
            Self::River => ArcKind::River,
            Self::Wall => ArcKind::Wall,
            Self::Drawn => ArcKind::Drawn,
        }
    }
}

impl Side {
    const fn keep(self) -> Keep {
        match self {
            Self::Households => Keep::Households,
            Self::Larger => Keep::Larger,
            Self::Left => Keep::Left,
            Self::Right => Keep::Right,
        }
    }
}

/// A body of JSON, of at most as many bytes as are let in.
pub(super) async fn body<T: DeserializeOwned>(app: &Arc<App>, body: Body) -> Result<T, Problem> {
    let most = app.limits.body_bytes;
    let mut incoming = Incoming::new(body, false, app.limits.body_idle);
    let mut bytes = Vec::new();
    loop {
        match incoming.piece().await {
            Ok(Some(piece)) if bytes.len() as u64 + piece.len() as u64 > most => return Err(Problem::body_size(most)),
            Ok(Some(piece)) => bytes.extend_from_slice(&piece),
            Ok(None) => break,
            Err(Broken::Idle(after)) => return Err(Problem::idle(after)),
            Err(fault) => return Err(Problem::body(fault.to_string())),
        }
    }
    // Nothing is the same as no wishes, for those verbs that need none.
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|fault| Problem::body(shown(&fault.to_string())))
}

/// What the parser says repeats what a stranger wrote.
fn shown(text: &str) -> String {
    text.chars().take(300).map(|c| if c.is_control() { '·' } else { c }).collect()
}
