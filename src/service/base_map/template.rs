//! The address that a base map's tiles are fetched from: written once by who runs the service. A client gives three numbers that go into it, and the
//! token goes in last, so that nothing which is printed or sent to anybody ever holds it.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::{Reach, reach};
use crate::tile::TileCoord;

/// The longest template that is read, in bytes.
pub const TEMPLATE_BYTES: usize = 2000;
/// The longest token, in bytes.
pub const TOKEN_BYTES: usize = 4096;

/// Parameters by which map services take their keys.
const KEYS: [&str; 9] = ["tk", "ak", "sk", "key", "token", "apikey", "api_key", "access_token", "subscription-key"];

/// Hosts whose tiles are shifted by law and by choice, and what by.
const SHIFTED: [(&str, &str); 7] = [
    ("amap.com", "GCJ-02"),
    ("autonavi.com", "GCJ-02"),
    ("gtimg.com", "GCJ-02"),
    ("qq.com", "GCJ-02"),
    ("baidu.com", "BD-09"),
    ("bdimg.com", "BD-09"),
    ("bdstatic.com", "BD-09"),
];

/// Why a template, or a token, is none. Never says what stands in it beyond the name of a host or a placeholder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    #[error(
        "the base map's URL is not https://HOST/PATH with {{z}}, {{x}} and {{y}}: {0}; for example https://t0.tianditu.gov.cn/img_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=img&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={{token}}"
    )]
    Form(String),
    #[error(
        "the base map's host is asked over http, which anybody on the way can read and change; use https, or say --base-map-allow-http"
    )]
    Plain,
    #[error(
        "{0} is an address of this machine or of a network of its own; say --base-map-allow-private if the map server is there"
    )]
    Private(IpAddr),
    #[error("{0} is no address of a map server")]
    Never(IpAddr),
    #[error(
        "the base map's URL holds the key “{0}”, which everybody on this machine could read in the list of processes; write {0}={{token}}, and give the key in the variable WANGGE_BASE_MAP_TOKEN or in a file (--base-map-token-file)"
    )]
    KeyInside(String),
    #[error(
        "the base map's URL has {{token}}, but there is no token; give it in the variable WANGGE_BASE_MAP_TOKEN or in a file (--base-map-token-file)"
    )]
    NoToken,
    #[error("there is a token for the base map, but its URL has no {{token}} where it goes")]
    NoPlaceForToken,
    #[error("the token of the base map is no single word of at most {TOKEN_BYTES} visible ASCII characters")]
    Token,
    #[error(
        "tiles of {host} are shifted ({by}) by some five hundred metres, and would lie beside the grids; use 天地图, your own imagery, or a file (--base-map)"
    )]
    Shifted { host: String, by: &'static str },
    #[error("these are tiles in degrees (matrix set c); the map is in Web Mercator: use the set w, as in img_w, vec_w")]
    Degrees,
}

fn form(what: impl Into<String>) -> TemplateFault {
    TemplateFault::Form(what.into())
}

/// A key that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// One word, perhaps with white space around it.
    ///
    /// # Errors
    /// [`TemplateFault::Token`].
    pub fn new(text: &str) -> Result<Self, TemplateFault> {
        let word = text.trim();
        let plain = (1..=TOKEN_BYTES).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_graphic());
        if plain { Ok(Self(word.to_owned())) } else { Err(TemplateFault::Token) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What the host is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// To be resolved.
    Domain(String),
    Address(IpAddr),
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Z,
    X,
    Y,
    /// Rows counted from the south, as TMS does.
    FromSouth,
    Token,
}

/// A URL with places for a tile's numbers and a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    pub(super) secure: bool,
    pub(super) name: Name,
    pub(super) port: u16,
    /// As the header `Host` wants it.
    pub(super) authority: String,
    parts: Vec<Part>,
    token: Option<Token>,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({}/…)", self.origin())
    }
}

/// What is allowed beyond the safest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Hosts on this machine and in networks of one's own.
    pub private: bool,
    /// http beside https.
    pub plain: bool,
}

impl Template {
    /// Reads a template, and checks everything that can be told without asking anybody.
    ///
    /// # Errors
    /// [`TemplateFault`].
    pub fn new(url: &str, token: Option<Token>, allowed: Allowed) -> Result<Self, TemplateFault> {
        let plain =
            url.len() <= TEMPLATE_BYTES && url.bytes().all(|b| b.is_ascii_graphic() && !b"#\\\"<>^`|".contains(&b));
        if !plain {
            return Err(form("it is longer than 2000 characters, or has some that no URL has"));
        }
        let (scheme, rest) = url.split_once("://").ok_or_else(|| form("it does not begin with https://"))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" if allowed.plain => false,
            "http" => return Err(TemplateFault::Plain),
            _ => return Err(form("it does not begin with https://")),
        };
        let at = rest.find(['/', '?']).filter(|at| rest[*at..].starts_with('/'));
        let (authority, path) = rest.split_at(at.ok_or_else(|| form("there is no path behind the host"))?);
        let (name, port) = host(authority, if secure { 443 } else { 80 })?;
        if let Name::Address(address) = name {
            refuse(address, allowed).map_err(|_| match reach(address) {
                Reach::Never => TemplateFault::Never(address),
                Reach::Public | Reach::Private => TemplateFault::Private(address),
            })?;
        }
        if let Name::Domain(domain) = &name {
            let under = |(known, _): &&(&str, &str)| domain == known || domain.ends_with(&format!(".{known}"));
            if let Some((_, by)) = SHIFTED.iter().find(under) {
                return Err(TemplateFault::Shifted { host: domain.clone(), by });
            }
        }
        let parts = parts(path)?;
        no_key_inside(path)?;
        let lower = path.to_ascii_lowercase();
        if lower.contains("_c/") || lower.split(['?', '&']).any(|pair| pair == "tilematrixset=c") {
            return Err(TemplateFault::Degrees);
        }
        match (&token, parts.contains(&Part::Token)) {
            (None, true) => return Err(TemplateFault::NoToken),
            (Some(_), false) => return Err(TemplateFault::NoPlaceForToken),
            _ => {}
        }
        Ok(Self { secure, name, port, authority: authority.to_ascii_lowercase(), parts, token })
    }

    /// Scheme and host: all of it that may be printed.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority)
    }

    /// Path and query of a tile, with the token: for the host alone.
    pub(super) fn target(&self, coord: TileCoord) -> String {
        self.parts.iter().fold(String::with_capacity(256), |mut out, part| {
            // Writing to a String cannot fail.
            let _ = match part {
                Part::Text(text) => out.write_str(text),
                Part::Z => write!(out, "{}", coord.z()),
                Part::X => write!(out, "{}", coord.x()),
                Part::Y => write!(out, "{}", coord.y()),
                Part::FromSouth => write!(out, "{}", (1u32 << coord.z()) - 1 - coord.y()),
                Part::Token => self.token.iter().flat_map(|token| token.0.bytes()).try_for_each(|b| match b {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.write_char(b.into()),
                    other => write!(out, "%{other:02X}"),
                }),
            };
            out
        })
    }
}

/// An address that may not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// Whether an address may be connected to.
pub(super) fn refuse(address: IpAddr, allowed: Allowed) -> Result<(), Refused> {
    match reach(address) {
        Reach::Public => Ok(()),
        Reach::Private if allowed.private => Ok(()),
        Reach::Private | Reach::Never => Err(Refused),
    }
}

/// Host and port. Whatever old programs read as an address of IPv4 – `2130706433`, `0x7f.1`, `0177.0.0.1`, `127.1` – is refused unless it is written as
/// four plain numbers.
fn host(authority: &str, port: u16) -> Result<(Name, u16), TemplateFault> {
    if authority.contains('@') {
        return Err(form("a name and password in a URL are read by everybody; give a token"));
    }
    if authority.contains(['{', '}']) {
        return Err(form("the host has a placeholder; name one host"));
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (v6, behind) = rest.split_once(']').ok_or_else(|| form("the address has no ]"))?;
            let v6: Ipv6Addr = v6.parse().map_err(|_| form("what stands in [ ] is no address of IPv6"))?;
            (Name::Address(v6.into()), port_of(behind, port)?)
        }
        None => {
            let at = authority.find(':').unwrap_or(authority.len());
            let (host, behind) = authority.split_at(at);
            (domain(&host.to_ascii_lowercase())?, port_of(behind, port)?)
        }
    };
    Ok((host, port))
}

fn port_of(behind: &str, otherwise: u16) -> Result<u16, TemplateFault> {
    if behind.is_empty() {
        return Ok(otherwise);
    }
    let digits = behind.strip_prefix(':').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let port = digits.and_then(|digits| digits.parse().ok()).filter(|port| *port != 0);
    port.ok_or_else(|| form("what stands behind the host is no port"))
}

fn domain(host: &str) -> Result<Name, TemplateFault> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return Err(form("the host is none; a name in Chinese is written as xn--…"));
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    if !number {
        return Ok(Name::Domain(host.to_owned()));
    }
    let v4: Ipv4Addr =
        host.parse().map_err(|_| form("the host ends in a number and is no address of four plain numbers"))?;
    Ok(Name::Address(v4.into()))
}

fn parts(path: &str) -> Result<Vec<Part>, TemplateFault> {
    let (mut parts, mut rest) = (Vec::new(), path);
    while !rest.is_empty() {
        let (text, behind) = rest.split_once('{').map_or((rest, None), |(text, behind)| (text, Some(behind)));
        if text.contains('}') {
            return Err(form("there is a } without a {"));
        }
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
        let Some(behind) = behind else { break };
        let (name, behind) = behind.split_once('}').ok_or_else(|| form("there is a { without a }"))?;
        parts.push(match name.to_ascii_lowercase().as_str() {
            "z" => Part::Z,
            "x" => Part::X,
            "y" => Part::Y,
            "-y" => Part::FromSouth,
            "token" => Part::Token,
            _ => return Err(form("of placeholders there are {z}, {x}, {y}, {-y} and {token}")),
        });
        rest = behind;
    }
    let has = |part: Part| parts.contains(&part);
    if has(Part::Z) && has(Part::X) && has(Part::Y) != has(Part::FromSouth) {
        Ok(parts)
    } else {
        Err(form("{z}, {x} and one of {y} and {-y} are wanted"))
    }
}

fn no_key_inside(path: &str) -> Result<(), TemplateFault> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let known = KEYS.contains(&name.to_ascii_lowercase().as_str());
        if known && !value.is_empty() && !value.eq_ignore_ascii_case("{token}") {
            return Err(TemplateFault::KeyInside(name.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Allowed = Allowed { private: true, plain: true };

    fn read(url: &str) -> Result<Template, TemplateFault> {
        Template::new(url, None, Allowed::default())
    }

    fn coord(z: u8, x: u32, y: u32) -> TileCoord {
        TileCoord::new(z, x, y).expect("in range")
    }

    #[test]
    fn the_numbers_and_the_token_go_where_they_are_asked_for() {
        let token = Token::new(" a+b/c=% \n").expect("a token");
        let url =
            "https://T0.tianditu.gov.cn/img_w/wmts?TILEMATRIXSET=w&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={token}";
        let template = Template::new(url, Some(token), Allowed::default()).expect("a template");
        assert_eq!(
            template.target(coord(14, 13503, 6466)),
            "/img_w/wmts?TILEMATRIXSET=w&TILEMATRIX=14&TILEROW=6466&TILECOL=13503&tk=a%2Bb%2Fc%3D%25"
        );
        assert_eq!((template.origin().as_str(), template.port), ("https://t0.tianditu.gov.cn", 443));
        let south = read("https://h.cn:8443/{z}/{x}/{-y}.png").expect("a template");
        assert_eq!((south.target(coord(3, 1, 2)).as_str(), south.port), ("/3/1/5.png", 8443));
        let v6 = read("https://[2400:3200::1]:444/{z}/{x}/{y}").expect("a template");
        assert_eq!((v6.port, v6.authority.as_str()), (444, "[2400:3200::1]:444"));
    }

    #[test]
    fn what_is_printed_holds_no_token_and_no_path() {
        let token = Token::new("s3cret").expect("a token");
        let template = Template::new("https://h.cn/p/{z}/{x}/{y}?tk={token}", Some(token.clone()), Allowed::default());
        for printed in [format!("{template:?}"), format!("{token:?}"), template.expect("one").origin()] {
            assert!(!printed.contains("s3cret") && !printed.contains("tk"), "{printed}");
        }
    }

    #[test]
    fn a_host_in_disguise_is_no_host() {
        for host in [
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.1",
            "127.0.1",
            "0",
            "127.0.0.1.",
            "1.2.3.4.5",
            "256.0.0.1",
            "01.1.1.1",
            "[::1",
            "[localhost]",
            "[fe80::1%25eth0]",
            "127.0.0.0x1",
            "user@h.cn",
            "h.cn:0",
            "h.cn:65536",
            "h.cn:",
            "h.cn:80:80",
            "a b",
            "",
            "-a.cn",
            "a..cn",
            "{s}.h.cn",
            "h.cn:{z}",
            "天地图.cn",
            "h%2ecn",
        ] {
            let read = Template::new(&format!("https://{host}/{{z}}/{{x}}/{{y}}"), None, OPEN);
            assert!(matches!(read, Err(TemplateFault::Form(_))), "{host}: {read:?}");
        }
    }

    #[test]
    fn an_address_written_out_is_judged_at_once() {
        for address in
            ["127.0.0.1", "10.1.1.1", "192.168.0.9", "[::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[64:ff9b::a00:1]"]
        {
            let url = format!("https://{address}/{{z}}/{{x}}/{{y}}");
            assert!(matches!(read(&url), Err(TemplateFault::Private(_))), "{address}");
            assert!(Template::new(&url, None, OPEN).is_ok(), "{address}, if that is said");
        }
        for address in [
            "169.254.169.254",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[fe80::1]",
            "[::ffff:169.254.169.254]",
        ] {
            let url = format!("https://{address}/{{z}}/{{x}}/{{y}}");
            assert!(matches!(Template::new(&url, None, OPEN), Err(TemplateFault::Never(_))), "{address}");
        }
        assert!(read("https://1.1.1.1/{z}/{x}/{y}").is_ok());
    }

    #[test]
    fn what_is_no_template_is_told() {
        let faults: [(&str, &str); 14] = [
            ("http://h.cn/{z}/{x}/{y}", "--base-map-allow-http"),
            ("ftp://h.cn/{z}/{x}/{y}", "https://"),
            ("file:///etc/{z}/{x}/{y}", "https://"),
            ("h.cn/{z}/{x}/{y}", "https://"),
            ("https://h.cn?z={z}&x={x}&y={y}", "path"),
            ("https://h.cn/{z}/{x}", "one of {y}"),
            ("https://h.cn/{z}/{x}/{y}/{-y}", "one of {y}"),
            ("https://h.cn/{z}/{x}/{y}/{s}", "placeholders"),
            ("https://h.cn/{z}/{x}/{y", "without a }"),
            ("https://h.cn/{z}/{x}/{y}}", "without a {"),
            ("https://h.cn/{z}/{x}/{y}#a", "no URL has"),
            ("https://h.cn/{z}/{x}/{y}\r\nhost: a", "no URL has"),
            ("https://h.cn/{z}/{x}/{y}?tk={token}", "no token"),
            ("https://h.cn/img_c/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}", "img_w"),
        ];
        for (url, says) in faults {
            let fault = read(url).expect_err(url).to_string();
            assert!(fault.contains(says), "{url}: {fault}");
        }
        let key = read("https://h.cn/{z}/{x}/{y}?TK=abcdef").expect_err("a key").to_string();
        assert!(key.contains("“TK”") && !key.contains("abcdef"), "{key}");
        for host in ["webrd01.is.autonavi.com", "amap.com", "maponline0.bdimg.com", "rt0.map.gtimg.com"] {
            let fault = read(&format!("https://{host}/{{z}}/{{x}}/{{y}}")).expect_err(host);
            assert!(matches!(fault, TemplateFault::Shifted { .. }), "{host}: {fault}");
        }
        assert!(read("https://notamap.com/{z}/{x}/{y}").is_ok());
        let token = Token::new("a").expect("a token");
        let idle = Template::new("https://h.cn/{z}/{x}/{y}", Some(token), Allowed::default());
        assert_eq!(idle, Err(TemplateFault::NoPlaceForToken));
        for text in ["", "  ", "two words", "a\nb", "钥匙"] {
            assert_eq!(Token::new(text), Err(TemplateFault::Token), "{text:?}");
        }
    }
}
