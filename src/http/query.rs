//! The query string, strictly: every parameter is known, given once, and valid UTF-8; a fault names the parameter.

use std::borrow::Cow;
use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;

use super::problem::Problem;

const MOST_BYTES: usize = 4096;
const MOST_PARAMETERS: usize = 32;
/// How much of a stranger's value an error repeats.
const ECHO_CHARS: usize = 40;

/// What was asked, as it came. Nothing is read until [`Asked::only`] says which parameters there are.
#[derive(Debug)]
pub(super) struct Asked(Option<PathAndQuery>);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.uri.path_and_query().cloned()))
    }
}

pub(super) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Parameters that are all known. Borrowed from what came, but for what was escaped.
#[derive(Debug)]
pub(super) struct Query<'a>(Vec<Pair<'a>>);

impl Asked {
    /// # Errors
    /// As [`only`].
    pub(super) fn only(&self, known: &[&str]) -> Result<Query<'_>, Problem> {
        read(self.0.as_ref().and_then(PathAndQuery::query), known)
    }

    /// What came, decoded, whatever it is: for interfaces that say themselves which names are one.
    pub(super) fn pairs(&self) -> Result<Vec<Pair<'_>>, Problem> {
        decode(self.0.as_ref().and_then(PathAndQuery::query).unwrap_or_default())
    }
}

/// The parameters of an address, borrowed from it.
///
/// # Errors
/// 400 when the string cannot be decoded, or a parameter is unknown or given twice.
pub(super) fn only<'a>(uri: &'a Uri, known: &[&str]) -> Result<Query<'a>, Problem> {
    read(uri.query(), known)
}

fn read<'a>(raw: Option<&'a str>, known: &[&str]) -> Result<Query<'a>, Problem> {
    let pairs = decode(raw.unwrap_or_default())?;
    for (i, (name, _)) in pairs.iter().enumerate() {
        if !known.contains(&name.as_ref()) {
            let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Problem::query(&echo(name), format!("unknown parameter “{}”; known here: {list}", echo(name))));
        }
        if pairs[..i].iter().any(|(earlier, _)| earlier == name) {
            return Err(Problem::query(name, format!("parameter “{name}” is given more than once")));
        }
    }
    Ok(Query(pairs))
}

impl<'a> Query<'a> {
    /// A parameter as it was written, taken out.
    pub(super) fn take(mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }
}

impl Query<'_> {
    /// A parameter as it was written; `None` when it was not given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// A parameter that must be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Problem> {
        self.text(name).ok_or_else(|| Problem::query(name, format!("parameter “{name}” is missing")))
    }

    /// A parameter read as `T`; `form` says what it should look like.
    pub(super) fn parsed<T: FromStr>(&self, name: &str, form: &str) -> Result<Option<T>, Problem> {
        self.text(name).map(|text| parse(name, text, form)).transpose()
    }

    /// A finite number, if given. Range is for the caller to say.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, Problem> {
        self.text(name).map(|text| finite(name, text)).transpose()
    }

    /// A finite number that must be there.
    pub(super) fn needed_number(&self, name: &str) -> Result<f64, Problem> {
        finite(name, self.needed(name)?)
    }
}

fn finite(name: &str, text: &str) -> Result<f64, Problem> {
    let value: f64 = parse(name, text, "a number such as 116.672")?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(Problem::query(name, format!("{name} is {value}: not a finite number")))
    }
}

fn parse<T: FromStr>(name: &str, text: &str, form: &str) -> Result<T, Problem> {
    text.trim().parse().map_err(|_| Problem::query(name, format!("{name} is “{}”: expected {form}", echo(text))))
}

/// The beginning of what a stranger wrote, without control characters.
pub(super) fn echo(text: &str) -> String {
    text.chars().take(ECHO_CHARS).map(|c| if c.is_control() { '·' } else { c }).collect()
}

fn decode(raw: &str) -> Result<Vec<Pair<'_>>, Problem> {
    if raw.len() > MOST_BYTES {
        return Err(Problem::query_string(format!("the query is longer than {MOST_BYTES} bytes")));
    }
    let mut pairs = Vec::new();
    for Piece { name, value, plain } in pieces(raw) {
        if pairs.len() == MOST_PARAMETERS {
            return Err(Problem::query_string(format!("more than {MOST_PARAMETERS} parameters")));
        }
        if plain {
            pairs.push((Cow::Borrowed(name), Cow::Borrowed(value)));
            continue;
        }
        let name =
            unescape(name).ok_or_else(|| Problem::query_string("a parameter's name is not percent-encoded UTF-8"))?;
        let value = unescape(value)
            .ok_or_else(|| Problem::query(&echo(&name), format!("{} is not percent-encoded UTF-8", echo(&name))))?;
        pairs.push((Cow::Owned(name), Cow::Owned(value)));
    }
    Ok(pairs)
}

/// A parameter as it came.
struct Piece<'a> {
    name: &'a str,
    value: &'a str,
    /// Nothing in it is escaped.
    plain: bool,
}

/// The parameters of a query string, looked at once; those with nothing in them are none.
fn pieces(raw: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = raw;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches('&');
        let (mut equals, mut plain, mut end) = (None, true, rest.len());
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'&' => {
                    end = at;
                    break;
                }
                b'=' if equals.is_none() => equals = Some(at),
                b'+' | b'%' => plain = false,
                _ => {}
            }
        }
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        let (name, value) = equals.map_or((piece, ""), |at| (&piece[..at], &piece[at + 1..]));
        (!piece.is_empty()).then_some(Piece { name, value, plain })
    })
}

/// `%XX` and `+`; `None` for a broken escape or bytes that are not UTF-8 (never U+FFFD in their place).
fn unescape(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (char::from(rest.next()?).to_digit(16)?, char::from(rest.next()?).to_digit(16)?);
                (high * 16 + low) as u8
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(raw: &str) -> Asked {
        Asked(Some(format!("/?{raw}").parse().expect("a target")))
    }

    #[test]
    fn parameters_are_decoded() {
        let asked = ask("text=%E6%B4%B8%E6%B2%B3+1&lon=116.5");
        let query = asked.only(&["text", "lon"]).expect("both are known");
        assert_eq!(query.text("text"), Some("洸河 1"));
        assert_eq!(query.needed_number("lon"), Ok(116.5));
        assert_eq!(query.number("lat"), Ok(None));
    }

    #[test]
    fn pieces_are_what_splitting_gives() {
        let alphabet = ["&", "=", "+", "%20", "a", "经"];
        for number in 0..alphabet.len().pow(6) {
            let letters = (0..6).map(|place| alphabet[number / alphabet.len().pow(place) % alphabet.len()]);
            let raw: String = letters.collect();
            let split = raw.split('&').filter(|piece| !piece.is_empty());
            let split = split.map(|piece| {
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                (name, value, !piece.contains(['+', '%']))
            });
            assert!(pieces(&raw).map(|piece| (piece.name, piece.value, piece.plain)).eq(split), "{raw}");
        }
    }

    #[test]
    fn a_fault_points_at_its_parameter() {
        for (raw, pointer) in [
            ("token=1", "/query/token"),
            ("lon=1&lon=2", "/query/lon"),
            ("lon=%zz", "/query/lon"),
            ("lon=%ff", "/query/lon"),
            ("%ff=1", "/query"),
        ] {
            let problem = ask(raw).only(&["lon"]).expect_err(raw);
            assert!(format!("{problem:?}").contains(&format!("{pointer:?}")), "{raw}: {problem:?}");
        }
    }

    #[test]
    fn numbers_that_are_not_are_refused() {
        for text in ["NaN", "inf", "-inf", "1e999", "", "abc", "1,2", "１１６", "0x10"] {
            let asked = ask(&format!("lon={text}"));
            let query = asked.only(&["lon"]).expect("decodes");
            assert!(query.needed_number("lon").is_err(), "{text}");
        }
        for text in ["-0.0", "5e-324", "1e308", "+1", "%201"] {
            let asked = ask(&format!("lon={text}"));
            let query = asked.only(&["lon"]).expect("decodes");
            assert!(query.needed_number("lon").is_ok(), "{text}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        assert!(ask(&"a=1&".repeat(40)).only(&["a"]).is_err());
        assert!(ask(&format!("a={}", "x".repeat(5000))).only(&["a"]).is_err());
    }
}
