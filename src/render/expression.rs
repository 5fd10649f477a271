//! The part of the MapLibre expression language that our styles use, parsed once and evaluated per feature.
//!
//! `literal boolean number string get has zoom geometry-type == != < <= > >= all any ! in case match coalesce step interpolate (linear,
//! exponential) concat to-string to-number to-color + - * / min max feature-state`. The state of a feature is what the picture was asked to show,
//! `null` where nothing was.

use serde_json::Value as Json;

/// What an expression evaluates to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Val {
    Null,
    Bool(bool),
    Num(f64),
    Text(String),
    /// Red, green, blue, alpha; 0 to 1, not premultiplied.
    Color([f32; 4]),
    List(Vec<Val>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Const(Val),
    Get(String),
    State(String),
    Has(String),
    Zoom,
    GeometryType,
    Compare(Compare, Box<[Expr; 2]>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    In(Box<[Expr; 2]>),
    /// (condition, value) pairs, then the rest.
    Case(Vec<(Expr, Expr)>, Box<Expr>),
    Match(Box<Expr>, Vec<(Vec<Val>, Expr)>, Box<Expr>),
    Coalesce(Vec<Expr>),
    /// Input, value below the first stop, stops.
    Step(Box<Expr>, Box<Expr>, Vec<(f64, Expr)>),
    /// Base (1 is linear), input, stops.
    Interpolate(f64, Box<Expr>, Vec<(f64, Expr)>),
    Concat(Vec<Expr>),
    ToText(Box<Expr>),
    ToNumber(Box<Expr>),
    /// The first that is a colour.
    ToColor(Vec<Expr>),
    Arithmetic(Arithmetic, Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
}

/// What an expression may ask about.
pub(super) struct Scene<'a> {
    pub zoom: f64,
    pub geometry: &'static str,
    pub tags: &'a [(&'static str, Val)],
    /// What `feature-state` tells.
    pub state: &'a [(&'static str, Val)],
}

/// Parses an expression or a constant.
pub(super) fn parse(json: &Json) -> Result<Expr, String> {
    match json {
        Json::Array(items) => match items.split_first() {
            Some((Json::String(name), args)) => operator(name, args),
            _ => Err(format!("{json} is not an expression")),
        },
        other => constant(other).map(Expr::Const),
    }
}

fn constant(json: &Json) -> Result<Val, String> {
    Ok(match json {
        Json::Null => Val::Null,
        Json::Bool(b) => Val::Bool(*b),
        Json::Number(n) => Val::Num(n.as_f64().unwrap_or(0.0)),
        Json::String(s) if s.starts_with('#') || s.starts_with("rgb") => Val::Color(color(s)?),
        Json::String(s) => Val::Text(s.clone()),
        Json::Array(items) => Val::List(items.iter().map(constant).collect::<Result<_, _>>()?),
        Json::Object(_) => return Err(format!("{json} is not a value")),
    })
}

fn operator(name: &str, args: &[Json]) -> Result<Expr, String> {
    let all = || args.iter().map(parse).collect::<Result<Vec<_>, _>>();
    let arg = |i: usize| args.get(i).ok_or_else(|| format!("“{name}” lacks its argument {}", i + 1)).and_then(parse);
    let word = |i: usize| {
        let text = args.get(i).and_then(Json::as_str);
        text.map(str::to_owned).ok_or_else(|| format!("“{name}” wants a name"))
    };
    let pair = || Ok::<_, String>(Box::new([arg(0)?, arg(1)?]));
    let compare = |how: Compare| Ok(Expr::Compare(how, pair()?));
    let arithmetic = |how: Arithmetic| Ok(Expr::Arithmetic(how, all()?));
    match name {
        "literal" => args.first().map_or(Ok(Val::Null), constant).map(Expr::Const),
        "get" => word(0).map(Expr::Get),
        "has" => word(0).map(Expr::Has),
        "zoom" => Ok(Expr::Zoom),
        "geometry-type" => Ok(Expr::GeometryType),
        "feature-state" => word(0).map(Expr::State),
        "==" => compare(Compare::Equal),
        "!=" => compare(Compare::NotEqual),
        "<" => compare(Compare::Less),
        "<=" => compare(Compare::LessOrEqual),
        ">" => compare(Compare::Greater),
        ">=" => compare(Compare::GreaterOrEqual),
        "all" => all().map(Expr::All),
        "any" => all().map(Expr::Any),
        "!" => Ok(Expr::Not(Box::new(arg(0)?))),
        "in" => pair().map(Expr::In),
        "case" => case(args),
        "match" => matching(args),
        // Assertions of a type pass on what they are given, or else their next argument.
        "coalesce" | "boolean" | "number" | "string" => all().map(Expr::Coalesce),
        "step" => Ok(Expr::Step(Box::new(arg(0)?), Box::new(arg(1)?), stops(args.get(2..).unwrap_or_default())?)),
        "interpolate" => interpolate(args),
        "concat" => all().map(Expr::Concat),
        "to-string" => Ok(Expr::ToText(Box::new(arg(0)?))),
        "to-color" => all().map(Expr::ToColor),
        "to-number" => Ok(Expr::ToNumber(Box::new(arg(0)?))),
        "+" => arithmetic(Arithmetic::Add),
        "-" => arithmetic(Arithmetic::Subtract),
        "*" => arithmetic(Arithmetic::Multiply),
        "/" => arithmetic(Arithmetic::Divide),
        "min" => arithmetic(Arithmetic::Min),
        "max" => arithmetic(Arithmetic::Max),
        other => Err(format!("“{other}” is not among the operators this renderer knows")),
    }
}

fn case(args: &[Json]) -> Result<Expr, String> {
    let (rest, pairs) = args.split_last().ok_or("“case” lacks its last value")?;
    let pairs = pairs.chunks(2).map(|pair| match pair {
        [condition, value] => Ok((parse(condition)?, parse(value)?)),
        _ => Err("“case” has a condition without a value".to_owned()),
    });
    Ok(Expr::Case(pairs.collect::<Result<_, _>>()?, Box::new(parse(rest)?)))
}

fn matching(args: &[Json]) -> Result<Expr, String> {
    let (input, rest) = args.split_first().ok_or("“match” lacks its input")?;
    let (default, arms) = rest.split_last().ok_or("“match” lacks its last value")?;
    let arms = arms.chunks(2).map(|arm| match arm {
        [Json::Array(labels), value] => Ok((labels.iter().map(constant).collect::<Result<_, _>>()?, parse(value)?)),
        [label, value] => Ok((vec![constant(label)?], parse(value)?)),
        _ => Err("“match” has a label without a value".to_owned()),
    });
    Ok(Expr::Match(Box::new(parse(input)?), arms.collect::<Result<_, _>>()?, Box::new(parse(default)?)))
}

fn interpolate(args: &[Json]) -> Result<Expr, String> {
    let kind = args.first().and_then(Json::as_array).ok_or("“interpolate” lacks its kind")?;
    let base = match (kind.first().and_then(Json::as_str), kind.get(1).and_then(Json::as_f64)) {
        (Some("linear"), _) => 1.0,
        (Some("exponential"), Some(base)) => base,
        _ => return Err("“interpolate” knows linear and exponential".to_owned()),
    };
    let input = args.get(1).ok_or("“interpolate” lacks its input")?;
    let stops = stops(args.get(2..).unwrap_or_default())?;
    if stops.is_empty() {
        return Err("“interpolate” lacks its stops".to_owned());
    }
    Ok(Expr::Interpolate(base, Box::new(parse(input)?), stops))
}

fn stops(args: &[Json]) -> Result<Vec<(f64, Expr)>, String> {
    args.chunks(2)
        .map(|stop| match stop {
            [at, value] => Ok((at.as_f64().ok_or("a stop wants a number")?, parse(value)?)),
            _ => Err("a stop lacks its value".to_owned()),
        })
        .collect()
}

/// `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb(…)`, `rgba(…)`.
pub(super) fn color(text: &str) -> Result<[f32; 4], String> {
    let bad = || format!("“{text}” is not a colour");
    if let Some(hex) = text.strip_prefix('#').filter(|h| h.is_ascii()) {
        let digit = |i: usize| u8::from_str_radix(&hex[i..=i], 16).map_err(|_| bad());
        let wide = |i: usize| Ok::<_, String>(f32::from(digit(2 * i)? * 16 + digit(2 * i + 1)?) / 255.0);
        let narrow = |i: usize| Ok::<_, String>(f32::from(digit(i)? * 17) / 255.0);
        return match hex.len() {
            3 => Ok([narrow(0)?, narrow(1)?, narrow(2)?, 1.0]),
            6 => Ok([wide(0)?, wide(1)?, wide(2)?, 1.0]),
            8 => Ok([wide(0)?, wide(1)?, wide(2)?, wide(3)?]),
            _ => Err(bad()),
        };
    }
    let inner = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).ok_or_else(bad)?;
    let numbers: Vec<f32> =
        inner.split(',').map(|n| n.trim().parse::<f32>()).collect::<Result<_, _>>().map_err(|_| bad())?;
    match numbers[..] {
        [r, g, b] => Ok([r / 255.0, g / 255.0, b / 255.0, 1.0]),
        [r, g, b, a] => Ok([r / 255.0, g / 255.0, b / 255.0, a]),
        _ => Err(bad()),
    }
}

impl Expr {
    pub(super) fn eval(&self, scene: &Scene<'_>) -> Val {
        match self {
            Self::Const(value) => value.clone(),
            Self::Get(key) => scene.tag(key).cloned().unwrap_or(Val::Null),
            Self::State(key) => {
                scene.state.iter().find(|(known, _)| known == key).map_or(Val::Null, |(_, value)| value.clone())
            }
            Self::Has(key) => Val::Bool(scene.tag(key).is_some()),
            Self::Zoom => Val::Num(scene.zoom),
            Self::GeometryType => Val::Text(scene.geometry.to_owned()),
            Self::Compare(how, pair) => Val::Bool(compare(*how, &pair[0].eval(scene), &pair[1].eval(scene))),
            Self::All(items) => Val::Bool(items.iter().all(|e| e.truth(scene))),
            Self::Any(items) => Val::Bool(items.iter().any(|e| e.truth(scene))),
            Self::Not(item) => Val::Bool(!item.truth(scene)),
            Self::In(pair) => {
                let needle = pair[0].eval(scene);
                Val::Bool(match pair[1].eval(scene) {
                    Val::List(items) => items.contains(&needle),
                    Val::Text(text) => matches!(&needle, Val::Text(part) if text.contains(part)),
                    _ => false,
                })
            }
            Self::Case(pairs, rest) => {
                pairs.iter().find(|(c, _)| c.truth(scene)).map_or(&**rest, |(_, value)| value).eval(scene)
            }
            Self::Match(input, arms, rest) => {
                let value = input.eval(scene);
                arms.iter().find(|(labels, _)| labels.contains(&value)).map_or(&**rest, |(_, out)| out).eval(scene)
            }
            Self::Coalesce(items) => items.iter().map(|e| e.eval(scene)).find(|v| *v != Val::Null).unwrap_or(Val::Null),
            Self::Step(input, first, stops) => {
                let at = input.number(scene, 0.0);
                stops.iter().rev().find(|(stop, _)| *stop <= at).map_or(&**first, |(_, value)| value).eval(scene)
            }
            Self::Interpolate(base, input, stops) => between(*base, input.number(scene, 0.0), stops, scene),
            Self::Concat(items) => Val::Text(items.iter().map(|e| text(&e.eval(scene))).collect()),
            Self::ToText(item) => Val::Text(text(&item.eval(scene))),
            Self::ToNumber(item) => match item.eval(scene) {
                Val::Text(text) => text.trim().parse().map_or(Val::Null, Val::Num),
                Val::Bool(b) => Val::Num(f64::from(b)),
                other => other,
            },
            Self::ToColor(items) => {
                let colour = |value| match value {
                    Val::Color(colour) => Some(colour),
                    Val::Text(text) => color(&text).ok(),
                    _ => None,
                };
                items.iter().find_map(|e| colour(e.eval(scene))).map_or(Val::Null, Val::Color)
            }
            Self::Arithmetic(how, items) => arithmetic(*how, items, scene),
        }
    }

    pub(super) fn truth(&self, scene: &Scene<'_>) -> bool {
        self.eval(scene) == Val::Bool(true)
    }

    pub(super) fn number(&self, scene: &Scene<'_>, otherwise: f64) -> f64 {
        match self.eval(scene) {
            Val::Num(n) if n.is_finite() => n,
            _ => otherwise,
        }
    }

    /// The names of all attributes it may ask for.
    pub(super) fn keys(&self, found: &mut Vec<String>) {
        match self {
            Self::Get(key) | Self::Has(key) => found.push(key.clone()),
            Self::Const(_) | Self::State(_) | Self::Zoom | Self::GeometryType => {}
            Self::Compare(_, pair) | Self::In(pair) => pair.iter().for_each(|e| e.keys(found)),
            Self::All(items)
            | Self::Any(items)
            | Self::Coalesce(items)
            | Self::Concat(items)
            | Self::ToColor(items) => {
                items.iter().for_each(|e| e.keys(found));
            }
            Self::Arithmetic(_, items) => items.iter().for_each(|e| e.keys(found)),
            Self::Not(item) | Self::ToText(item) | Self::ToNumber(item) => item.keys(found),
            Self::Case(pairs, rest) => {
                pairs.iter().for_each(|(c, v)| [c, v].into_iter().for_each(|e| e.keys(found)));
                rest.keys(found);
            }
            Self::Match(input, arms, rest) => {
                input.keys(found);
                arms.iter().for_each(|(_, e)| e.keys(found));
                rest.keys(found);
            }
            Self::Step(input, first, stops) => {
                [input, first].into_iter().for_each(|e| e.keys(found));
                stops.iter().for_each(|(_, e)| e.keys(found));
            }
            Self::Interpolate(_, input, stops) => {
                input.keys(found);
                stops.iter().for_each(|(_, e)| e.keys(found));
            }
        }
    }
}

impl Scene<'_> {
    fn tag(&self, key: &str) -> Option<&Val> {
        self.tags.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }
}

fn compare(how: Compare, a: &Val, b: &Val) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (a, b) {
        (Val::Num(a), Val::Num(b)) => a.partial_cmp(b),
        (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
        _ => None,
    };
    match how {
        Compare::Equal => a == b,
        Compare::NotEqual => a != b,
        Compare::Less => order == Some(Less),
        Compare::LessOrEqual => matches!(order, Some(Less | Equal)),
        Compare::Greater => order == Some(Greater),
        Compare::GreaterOrEqual => matches!(order, Some(Greater | Equal)),
    }
}

fn arithmetic(how: Arithmetic, items: &[Expr], scene: &Scene<'_>) -> Val {
    let mut numbers = items.iter().map(|e| e.number(scene, f64::NAN));
    let Some(first) = numbers.next() else { return Val::Null };
    let result = match (how, items.len()) {
        (Arithmetic::Subtract, 1) => -first,
        (Arithmetic::Add, _) => numbers.fold(first, |a, b| a + b),
        (Arithmetic::Subtract, _) => numbers.fold(first, |a, b| a - b),
        (Arithmetic::Multiply, _) => numbers.fold(first, |a, b| a * b),
        (Arithmetic::Divide, _) => numbers.fold(first, |a, b| a / b),
        (Arithmetic::Min, _) => numbers.fold(first, f64::min),
        (Arithmetic::Max, _) => numbers.fold(first, f64::max),
    };
    if result.is_finite() { Val::Num(result) } else { Val::Null }
}

fn text(value: &Val) -> String {
    match value {
        Val::Text(text) => text.clone(),
        Val::Num(n) => n.to_string(),
        Val::Bool(b) => b.to_string(),
        Val::Null | Val::Color(_) | Val::List(_) => String::new(),
    }
}

fn between(base: f64, at: f64, stops: &[(f64, Expr)], scene: &Scene<'_>) -> Val {
    let after = stops.iter().position(|(stop, _)| *stop > at);
    let (low, high) = match after {
        Some(0) => return stops[0].1.eval(scene),
        Some(i) => (&stops[i - 1], &stops[i]),
        None => return stops[stops.len() - 1].1.eval(scene),
    };
    let (span, along) = (high.0 - low.0, at - low.0);
    let t = if (base - 1.0).abs() < 1e-9 { along / span } else { (base.powf(along) - 1.0) / (base.powf(span) - 1.0) };
    match (low.1.eval(scene), high.1.eval(scene)) {
        (Val::Num(a), Val::Num(b)) => Val::Num(a + (b - a) * t),
        (Val::Color(a), Val::Color(b)) => Val::Color(std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t as f32)),
        (low, _) => low,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn eval(json: &Json) -> Val {
        let tags = [("level", Val::Num(2.0)), ("name", Val::Text("洸河".into()))];
        parse(json).expect("an expression").eval(&Scene {
            zoom: 12.5,
            geometry: "Polygon",
            tags: &tags,
            state: &[("colour", Val::Text("#00ff00".into()))],
        })
    }

    #[test]
    fn operators_do_what_the_specification_says() {
        let pairs = [
            (json!(["get", "level"]), Val::Num(2.0)),
            (json!(["get", "nothing"]), Val::Null),
            (json!(["match", ["get", "level"], [0, 1], "top", 2, "two", "rest"]), Val::Text("two".into())),
            (json!(["case", ["==", ["get", "level"], 1], "a", ["has", "name"], "b", "c"]), Val::Text("b".into())),
            (json!(["step", ["zoom"], 0, 12, 1, 13, 2]), Val::Num(1.0)),
            (json!(["interpolate", ["linear"], ["zoom"], 12, 10, 13, 20]), Val::Num(15.0)),
            (json!(["interpolate", ["exponential", 2], ["zoom"], 12, 0, 14, 3]), Val::Num(2f64.sqrt() - 1.0)),
            (json!(["interpolate", ["linear"], ["zoom"], 13, 10, 14, 20]), Val::Num(10.0)),
            (json!(["coalesce", ["feature-state", "hover"], 7]), Val::Num(7.0)),
            (json!(["in", ["get", "level"], ["literal", [1, 2]]]), Val::Bool(true)),
            (json!(["concat", ["get", "name"], "街道", ["to-string", 3]]), Val::Text("洸河街道3".into())),
            (json!(["all", ["<=", ["get", "level"], 2], ["!", ["has", "x"]]]), Val::Bool(true)),
            (json!(["-", ["*", 3, 4], 2]), Val::Num(10.0)),
            (json!(["to-color", ["feature-state", "colour"], "#000"]), Val::Color([0.0, 1.0, 0.0, 1.0])),
            (json!(["to-color", ["feature-state", "ink"], "rgba(0,0,0,0)"]), Val::Color([0.0; 4])),
            (json!("#0f08"), Val::Null),
        ];
        for (json, want) in &pairs[..pairs.len() - 1] {
            match (eval(json), want) {
                (Val::Num(a), Val::Num(b)) => assert!((a - b).abs() < 1e-12, "{json}: {a}"),
                (got, want) => assert_eq!(&got, want, "{json}"),
            }
        }
    }

    #[test]
    fn colours_in_every_spelling() {
        assert_eq!(color("#fff"), Ok([1.0; 4]));
        assert_eq!(color("#000000ff"), Ok([0.0, 0.0, 0.0, 1.0]));
        assert_eq!(color("rgba(255, 0, 0, 0.5)"), Ok([1.0, 0.0, 0.0, 0.5]));
        for bad in ["#12", "#12345", "#gggggg", "rgb(1,2)", "rgb(a,b,c)", "rgb", "#ééé"] {
            assert!(color(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (json, part) in [
            (json!(["frobnicate", 1]), "frobnicate"),
            (json!(["get"]), "wants a name"),
            (json!(["interpolate", ["cubic-bezier"], ["zoom"], 1, 2]), "linear"),
            (json!([1, 2]), "not an expression"),
            (json!(["match"]), "lacks"),
        ] {
            let fault = parse(&json).expect_err("a fault");
            assert!(fault.contains(part), "{fault}");
        }
    }
}
