//! Ours as others meet it: the whole service on a port of this machine, asked by a client in this process. What it takes more than the index alone is the
//! price of sockets, HTTP and JSON or CSV – to be held against peers that are asked over a socket too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use wangge::coverage::FaceRole;
use wangge::crs::{Cgcs2000, PlaneCrs};
use wangge::grid::history::History;
use wangge::grid::people::Roster;
use wangge::grid::{District, Hierarchy, Level, Required, Unit};
use wangge::http::{App, Limits, look, router, serve};
use wangge::service::actors::Actors;
use wangge::service::serving::{Capacity, Serving};
use wangge::snapshot::Contents;

use crate::Fallible;
use crate::dataset::{Dataset, POINTS};
use crate::rounds::{Asked, Row};

/// Beyond this many units the service's own tables would crowd the peers out of memory.
const MOST_UNITS: usize = 100_000;

/// The ways of asking the service; none for a dataset that is too large.
pub fn rows(dataset: &Dataset) -> Fallible<Vec<Row<'_>>> {
    if dataset.units() > MOST_UNITS {
        return Ok(Vec::new());
    }
    let to = start(contents(dataset)?)?;
    // A connection for each turn: the service lets go of one that is idle while others have theirs. An answer that breaks off shows as owners that differ.
    let single = move |points: &[Cgcs2000], owners: &mut Vec<u32>| {
        owners.clear();
        let _ = Client::to(to).map(|mut client| {
            owners.extend(points.iter().map(|point| client.owner(*point).unwrap_or(u32::MAX)));
        });
    };
    let bulk = move |points: &[Cgcs2000], owners: &mut Vec<u32>| {
        owners.clear();
        let _ = Client::to(to).and_then(|mut client| client.owners(points, owners));
    };
    let row = |form, points, ask| Row::new("ours over HTTP", form, points, ask);
    Ok(vec![
        row("`GET /api/v1/locate`, one at a time", POINTS / 100, Asked::Here(Box::new(single))),
        row("bulk: `POST /api/v1/locate/batch`, CSV", POINTS / 5, Asked::Here(Box::new(bulk))),
    ])
}

/// A district of one level whose codes are the units' numbers.
fn contents(dataset: &Dataset) -> Fallible<Contents> {
    let unit = |(face, _): (wangge::coverage::FaceIx, &wangge::coverage::Face)| {
        let number = dataset.number(face);
        Unit {
            id: u64::from(number),
            level: 0,
            code: format!("{number:09}"),
            name: number.to_string(),
            parent: None,
            class: String::new(),
            households: 0,
            population: 0,
            face: Some(face),
        }
    };
    let level = Level {
        key: "unit".to_owned(),
        name: "单元".to_owned(),
        name_en: "Unit".to_owned(),
        code_length: None,
        bands: Vec::new(),
    };
    let district = District {
        code: "0".to_owned(),
        name: dataset.name.clone(),
        name_en: dataset.name.clone(),
        aliases: Vec::new(),
        synthetic: true,
        mark: String::new(),
        plane: PlaneCrs(4548),
        levels: vec![level],
        required: Required::default(),
    };
    let faces = dataset.coverage.faces();
    if faces.iter().filter(|face| face.role == FaceRole::Unit).count() != dataset.units() {
        return Err("a unit without a number".into());
    }
    let recorded = Timestamp::UNIX_EPOCH;
    Ok(Contents {
        version: 1,
        recorded,
        district,
        history: History::of_one(1, Date::constant(1970, 1, 1), recorded),
        hierarchy: Hierarchy::new(dataset.coverage.units().map(unit).collect(), 1, faces.len()),
        coverage: dataset.coverage.clone(),
        roster: Roster::default(),
        places: Vec::new(),
        place_edits: 0,
        issues: Vec::new(),
        base: Vec::new(),
    })
}

/// Serves until the process ends.
fn start(contents: Contents) -> Fallible<SocketAddr> {
    let serving = Arc::new(Serving::new(contents, look(None)?, Capacity::default()));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let to = listener.local_addr()?;
    let runtime = tokio::runtime::Runtime::new()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let app = App::new(serving, Limits::default(), None, Actors::default());
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                serve(listener, router(&app), Limits::default(), std::future::pending()).await;
            }
        });
    });
    Ok(to)
}

/// A connection, kept from question to question.
struct Client {
    to: SocketAddr,
    reader: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Client {
    fn to(to: SocketAddr) -> Fallible<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        Ok(Self { to, reader: BufReader::with_capacity(1 << 16, stream), body: Vec::new() })
    }

    /// The status line and the headers: the length of the body, `None` for one in chunks.
    fn head(&mut self) -> Fallible<Option<usize>> {
        let (mut line, mut length) = (String::new(), None);
        loop {
            line.clear();
            if self.reader.read_line(&mut line)? == 0 {
                return Err("the service hung up".into());
            }
            match line.trim_end() {
                "" => return Ok(length),
                text if text.starts_with("HTTP/") && !text.contains(" 200 ") => return Err(text.to_owned().into()),
                text => {
                    let header = text.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
                    length = header.map_or(Ok(length), |(_, value)| value.parse().map(Some))?;
                }
            }
        }
    }

    fn owner(&mut self, point: Cgcs2000) -> Fallible<u32> {
        let question =
            format!("GET /api/v1/locate?lon={}&lat={} HTTP/1.1\r\nhost: {}\r\n\r\n", point.lon(), point.lat(), self.to);
        self.reader.get_mut().write_all(question.as_bytes())?;
        let length = self.head()?.ok_or("an answer without a length")?;
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body)?;
        let answer: serde_json::Value = serde_json::from_slice(&self.body)?;
        Ok(answer["owner"]["code"].as_str().map_or(Ok(0), str::parse)?)
    }

    /// Sends a table while it reads the answer: a service that streams does not wait for a client that only talks.
    fn owners(&mut self, points: &[Cgcs2000], owners: &mut Vec<u32>) -> Fallible<()> {
        let mut table = b"lon,lat\n".to_vec();
        for point in points {
            writeln!(table, "{},{}", point.lon(), point.lat())?;
        }
        let head = format!(
            "POST /api/v1/locate/batch HTTP/1.1\r\nhost: {}\r\ncontent-type: text/csv\r\ncontent-length: {}\r\n\r\n",
            self.to,
            table.len()
        );
        let mut sender = self.reader.get_ref().try_clone()?;
        let sending = std::thread::spawn(move || {
            sender.write_all(head.as_bytes()).and_then(|()| sender.write_all(&table)).is_ok()
        });
        if self.head()?.is_some() {
            return Err("a batch is answered in chunks".into());
        }
        self.body.clear();
        loop {
            let mut size = String::new();
            self.reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim_end(), 16)?;
            let start = self.body.len();
            self.body.resize(start + size + 2, 0);
            self.reader.read_exact(&mut self.body[start..])?;
            self.body.truncate(start + size);
            if size == 0 {
                break;
            }
        }
        if !sending.join().unwrap_or(false) {
            return Err("the table was not taken".into());
        }
        let rows = std::str::from_utf8(&self.body)?.lines().skip(1);
        for row in rows {
            let code = row.split(',').nth(2).unwrap_or_default();
            owners.push(if code.is_empty() { 0 } else { code.parse()? });
        }
        Ok(())
    }
}
