//! `locate/batch`: rows in, the same rows with their owners out, streamed both ways. What can be said against a batch before its first row is a
//! problem with a status; after that, a row says what is wrong with itself.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};

use super::problem::Problem;
use super::pump::{Broken, Incoming, Pump};
use super::query::{Asked, Query, echo};
use super::routes::App;
use crate::crs::{Crs, UnknownCrs};
use crate::exchange::points::{Form, ObjectForm, Separator, TableForm, TextEncoding, Wanted};
use crate::service::bulk::Bulk;
use crate::service::locate::QuestionFault;

/// Where this route is: its bodies have no length limit.
pub(super) const PATH: &str = "/api/v1/locate/batch";
/// How much of a table decides what it looks like.
const HEAD_BYTES: usize = 64 << 10;

const CSV: &str = "text/csv";
const NDJSON: [&str; 3] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/// `POST /api/v1/locate/batch`
pub(super) async fn of_rows(
    State(app): State<Arc<App>>,
    asked: Asked,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Problem> {
    let query = asked.only(&["crs", "accuracy_m", "lon_column", "lat_column", "header", "delimiter", "prefix"])?;
    let crs = query.text("crs").map_or(Ok(Crs::Cgcs2000), |text| {
        text.parse().map_err(|fault: UnknownCrs| Problem::query("crs", fault.to_string()))
    })?;
    let accuracy_m = query.number("accuracy_m")?.unwrap_or(0.0);
    let media = Media::of(&headers)?;
    let wanted = wanted(&query, &media, accuracy_m)?;
    let packed = packed(&headers)?;
    let place =
        Arc::clone(&app.batches).try_acquire_owned().map_err(|_| Problem::too_many_batches(app.limits.batches))?;
    let mut incoming = Incoming::new(body, packed, app.limits.body_idle);
    let (form, first_line, head) = if media.csv {
        let (head, form, used) = table(&mut incoming, &wanted).await?;
        let line = form.first_line();
        (Form::Table(form), line, head[used..].to_vec())
    } else {
        (Form::Objects(ObjectForm::new(&wanted)), 1, Vec::new())
    };
    let content_type = match &form {
        Form::Table(table) => format!(
            "{CSV}; charset={}; header={}",
            table.encoding_name(),
            if wanted.headless { "absent" } else { "present" }
        ),
        Form::Objects(_) => media.name.clone(),
    };
    let mut cutter = form.cutter(app.limits.row_bytes, first_line);
    cutter.push(&head).map_err(refused)?;
    let state = app.serving.state();
    let of = Arc::clone(&state);
    // A plane that is not the district's own is opened here, once, and told at once when there is none.
    let bulk =
        app.serving.slots.run(move || Bulk::new(&of.snapshot, form, crs, accuracy_m)).await?.map_err(|fault| {
            Problem::query(
                if matches!(fault, QuestionFault::Accuracy(_)) { "accuracy_m" } else { "crs" },
                fault.to_string(),
            )
        })?;
    let beginning = bulk.form().beginning();
    let pump = Pump { incoming, cutter, bulk: Arc::new(bulk), state, serving: Arc::clone(&app.serving), place };
    let mut response = Response::new(pump.start(beginning));
    if let Ok(content_type) = HeaderValue::from_str(&content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A body that cannot even be begun.
fn refused(broken: impl Into<Broken>) -> Problem {
    match broken.into() {
        Broken::Idle(idle) => Problem::idle(idle),
        broken => Problem::body(broken.to_string()),
    }
}

/// What the body is said to be.
struct Media {
    csv: bool,
    name: String,
    charset: Option<String>,
    headless: bool,
}

impl Media {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut parts = said.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next().unwrap_or_default();
        let csv = name == CSV;
        if !csv && !NDJSON.contains(&name.as_str()) {
            let detail = format!("the content type is “{}”: send text/csv or application/x-ndjson", echo(said));
            return Err(Problem::media_type(detail));
        }
        let mut media = Self { csv, name, charset: None, headless: false };
        for part in parts {
            match part.split_once('=').map(|(name, value)| (name, value.trim_matches('"'))) {
                Some(("charset", value)) => media.charset = Some(value.to_owned()),
                Some(("header", value)) => media.headless = value == "absent",
                _ => {} // other parameters say nothing here
            }
        }
        Ok(media)
    }
}

fn wanted(query: &Query, media: &Media, accuracy_m: f64) -> Result<Wanted, Problem> {
    let encoding = match &media.charset {
        Some(name) => {
            let encoding = name.parse::<TextEncoding>().map_err(Problem::media_type)?;
            if !media.csv && !encoding.is_utf8() {
                return Err(Problem::media_type("JSON is read in UTF-8 only"));
            }
            Some(encoding)
        }
        None => None,
    };
    let separator = query
        .text("delimiter")
        .map(|text| text.parse::<Separator>().map_err(|fault| Problem::query("delimiter", fault)));
    let headless = match query.text("header") {
        None => media.headless,
        Some("present" | "true") => false,
        Some("absent" | "false") => true,
        Some(other) => {
            return Err(Problem::query("header", format!("header is “{}”: say present or absent", echo(other))));
        }
    };
    let name = |parameter| query.text(parameter).filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(Wanted {
        x: name("lon_column"),
        y: name("lat_column"),
        headless,
        separator: separator.transpose()?,
        encoding,
        prefix: name("prefix").unwrap_or_default(),
        neighbours: accuracy_m > 0.0,
    })
}

fn packed(headers: &HeaderMap) -> Result<bool, Problem> {
    let said = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("identity");
    match said.trim().to_ascii_lowercase().as_str() {
        "identity" => Ok(false),
        "gzip" | "x-gzip" => Ok(true),
        _ => Err(Problem::media_type(format!("the content encoding is “{}”: send gzip or none", echo(said)))),
    }
}

/// Reads until the table's form is known: its first row where the encoding is stated, [`HEAD_BYTES`] or the end where it must be told from the
/// text. Returns what was read, the form, and how much of what was read comes before the rows.
async fn table(incoming: &mut Incoming, wanted: &Wanted) -> Result<(Vec<u8>, TableForm, usize), Problem> {
    let (mut head, mut tried) = (Vec::new(), 0);
    loop {
        let piece = incoming.piece().await.map_err(refused)?;
        let ended = piece.is_none();
        let piece = piece.unwrap_or_default();
        head.extend_from_slice(&piece);
        let enough = ended || head.len() >= HEAD_BYTES;
        // Trying at each doubling only, so that a header sent byte by byte costs no more than its length.
        let may_be = wanted.encoding.is_some() && piece.contains(&b'\n') && head.len() >= 2 * tried;
        if !enough && !may_be {
            continue;
        }
        tried = head.len();
        match TableForm::read(&head, ended, wanted) {
            Ok((form, used)) => return Ok((head, form, used)),
            Err(fault) if fault.unfinished && !enough => {}
            Err(fault) => return Err(Problem::body(fault.to_string())),
        }
    }
}
