//! What WMS and WMTS share: parameters whose names have no case, faults as XML, XML itself.

use std::fmt::Write;

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::negotiate::{Keep, fresh};
use super::problem::Problem;
use super::query::{Asked, Pair, echo};
use crate::render::xml::escape;
use crate::service::slots::WorkFault;

/// Why a request of a web map service has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwsFault {
    /// As the standards name it: `InvalidParameterValue`, `LayerNotDefined` …
    pub code: &'static str,
    /// The parameter.
    pub locator: String,
    pub text: String,
    pub status: StatusCode,
}

impl OwsFault {
    pub(super) fn new(code: &'static str, locator: &str, text: impl Into<String>) -> Self {
        Self { code, locator: locator.to_owned(), text: text.into(), status: StatusCode::BAD_REQUEST }
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::new("MissingParameterValue", name, format!("parameter {} is missing", name.to_uppercase()))
    }

    pub(super) fn invalid(name: &str, text: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", name, text)
    }

    /// A value that is none of those there are.
    pub(super) fn unknown(code: &'static str, name: &str, value: &str, known: &[&str]) -> Self {
        let known = known.join(", ");
        Self::new(code, name, format!("{} is “{}”; known here: {known}", name.to_uppercase(), echo(value)))
    }

    pub(super) fn with(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl From<Problem> for OwsFault {
    fn from(problem: Problem) -> Self {
        Self::invalid("query", problem.detail())
    }
}

impl From<WorkFault> for OwsFault {
    fn from(fault: WorkFault) -> Self {
        let status = match fault {
            WorkFault::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            WorkFault::Crashed | WorkFault::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new("NoApplicableCode", "", fault.to_string()).with(status)
    }
}

/// Parameters by name in whatever case, each given once; unknown ones are the client's own affair, as the standards say.
#[derive(Debug)]
pub(super) struct Kvp<'a>(Vec<(String, Pair<'a>)>);

impl Kvp<'_> {
    pub(super) fn of(asked: &Asked) -> Result<Kvp<'_>, OwsFault> {
        let pairs: Vec<_> = asked.pairs()?.into_iter().map(|pair| (pair.0.to_ascii_lowercase(), pair)).collect();
        for (i, (name, _)) in pairs.iter().enumerate() {
            if pairs[..i].iter().any(|(earlier, _)| earlier == name) {
                return Err(OwsFault::invalid(&echo(name), format!("{} is given more than once", echo(name))));
            }
        }
        Ok(Kvp(pairs))
    }

    /// A parameter by its name in lower case; `None` when it was not given or is empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.given(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The same, empty or not.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, (_, value))| value.as_ref())
    }

    pub(super) fn needed(&self, name: &str) -> Result<&str, OwsFault> {
        self.text(name).ok_or_else(|| OwsFault::missing(name))
    }

    /// A whole number, not negative.
    pub(super) fn count(&self, name: &str) -> Result<u32, OwsFault> {
        number(name, self.needed(name)?)
    }
}

/// Plain digits, not negative.
pub(super) fn number(name: &str, text: &str) -> Result<u32, OwsFault> {
    let plain = !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    let value = plain.then(|| text.parse().ok()).flatten();
    value.ok_or_else(|| {
        OwsFault::invalid(name, format!("{} is “{}”: not a whole number", name.to_uppercase(), echo(text)))
    })
}

/// XML under construction: every text is escaped, every element closed.
#[derive(Debug)]
pub(super) struct Xml(String);

type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Xml {
    pub(super) fn new() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned())
    }

    /// An element with others inside.
    pub(super) fn element(&mut self, name: &str, attributes: Attributes<'_>, inside: impl FnOnce(&mut Self)) {
        self.open(name, attributes);
        self.0.push_str(">\n");
        inside(self);
        let _ = writeln!(self.0, "</{name}>"); // writing to a String cannot fail
    }

    /// An element with a text inside.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.open(name, &[]);
        self.0.push('>');
        self.escape(text);
        let _ = writeln!(self.0, "</{name}>");
    }

    /// An element with nothing inside.
    pub(super) fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.open(name, attributes);
        self.0.push_str("/>\n");
    }

    /// An element with a text inside, and attributes.
    pub(super) fn labelled(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.open(name, attributes);
        self.0.push('>');
        self.escape(text);
        let _ = writeln!(self.0, "</{name}>");
    }

    fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        let _ = write!(self.0, "<{name}");
        for (key, value) in attributes {
            let _ = write!(self.0, " {key}=\"");
            self.escape(value);
            self.0.push('"');
        }
    }

    fn escape(&mut self, text: &str) {
        escape(text, &mut self.0);
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// A fault as OWS Common 1.1 writes it: WMTS.
pub(super) fn ows_report(fault: &OwsFault) -> Response<Body> {
    let mut xml = Xml::new();
    let root = [
        ("xmlns", "http://www.opengis.net/ows/1.1"),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        (
            "xsi:schemaLocation",
            "http://www.opengis.net/ows/1.1 http://schemas.opengis.net/ows/1.1.0/owsExceptionReport.xsd",
        ),
        ("version", "1.1.0"),
        ("xml:lang", "en"),
    ];
    let mut attributes = vec![("exceptionCode", fault.code)];
    if !fault.locator.is_empty() {
        attributes.push(("locator", &fault.locator));
    }
    xml.element("ExceptionReport", &root, |xml| {
        xml.element("Exception", &attributes, |xml| xml.text("ExceptionText", &fault.text));
    });
    reported("application/xml", xml, fault.status)
}

/// A fault as WMS writes it.
pub(super) fn wms_report(fault: &OwsFault, old: bool) -> Response<Body> {
    let mut xml = Xml::new();
    let root: Attributes<'_> = if old {
        &[("version", "1.1.1")]
    } else {
        &[
            ("version", "1.3.0"),
            ("xmlns", "http://www.opengis.net/ogc"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
            (
                "xsi:schemaLocation",
                "http://www.opengis.net/ogc http://schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd",
            ),
        ]
    };
    let mut attributes = vec![("code", fault.code)];
    if !fault.locator.is_empty() && !old {
        attributes.push(("locator", &fault.locator));
    }
    xml.element("ServiceExceptionReport", root, |xml| xml.labelled("ServiceException", &attributes, &fault.text));
    reported(if old { "application/vnd.ogc.se_xml" } else { "text/xml" }, xml, fault.status)
}

fn reported(content_type: &'static str, xml: Xml, status: StatusCode) -> Response<Body> {
    let mut response = fresh(content_type, xml.finish(), Keep::Never);
    *response.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let seconds = axum::http::HeaderValue::from_static("1");
        response.headers_mut().insert(axum::http::header::RETRY_AFTER, seconds);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_becomes_markup() {
        let mut xml = Xml::new();
        xml.element("a", &[("b", "\"><x y='")], |xml| xml.text("c", "</c>&amp;\u{0}\u{b}洸\u{ffff}"));
        let written = xml.finish();
        assert!(written.contains("<a b=\"&quot;&gt;&lt;x y=&#39;\">"), "{written}");
        assert!(written.contains("<c>&lt;/c&gt;&amp;amp;洸</c>"), "{written}");
    }

    #[test]
    fn only_plain_digits_are_numbers() {
        assert_eq!(number("i", "12"), Ok(12));
        for text in ["", "-1", "+1", "1.0", "NaN", "1e3", "99999999999", "１"] {
            assert!(number("i", text).is_err(), "{text}");
        }
    }
}
