//! The flags of the map under the grids: an archive, or a host with everything that keeps asking it harmless. Without them there is none.

use std::path::PathBuf;

use super::{Failure, text};
use crate::exchange::Limits;
use crate::service::base_map::{Allowed, BaseMap, HostLimits, TOKEN_BYTES, Template, TemplateFault, Token, Wanted};
use crate::tile::MAX_ZOOM;

/// Where the token may stand beside a file: a flag of its own would show it in the list of processes.
const TOKEN: &str = "WANGGE_BASE_MAP_TOKEN";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "底图 Base map")]
pub(super) struct Args {
    /// 底图瓦片文件（.pmtiles、.mbtiles；图片或矢量） · an archive of tiles under the grids: pictures or vector tiles, in Web Mercator
    #[arg(long, env = "WANGGE_BASE_MAP", value_name = "FILE")]
    base_map: Option<PathBuf>,
    /// 底图瓦片网址，含 {z} {x} {y}，令牌写作 {token}；由本服务代取，浏览器不直接访问。须为 Web 墨卡托（天地图用 w 系列，坐标无偏移）；高德、腾讯（GCJ-02）和百度（BD-09）瓦片偏移约
    /// 500 米，与网格对不上，不能用 · XYZ or WMTS address of picture tiles in Web Mercator, fetched by this service: 天地图 by its set `w`, which is not shifted; AMap, Tencent
    /// (GCJ-02) and Baidu (BD-09) are, by some 500 m, and would lie beside the grids
    #[arg(long, env = "WANGGE_BASE_MAP_URL", hide_env_values = true, value_name = "URL", conflicts_with = "base_map")]
    base_map_url: Option<String>,
    /// 底图令牌文件；或用环境变量 WANGGE_BASE_MAP_TOKEN。令牌不出现在网页、日志和进程列表中 · a file with the token of that host, or the variable WANGGE_BASE_MAP_TOKEN;
    /// it is never shown, logged or sent to a browser
    #[arg(long, env = "WANGGE_BASE_MAP_TOKEN_FILE", value_name = "FILE")]
    base_map_token_file: Option<PathBuf>,
    /// 底图来源说明，如审图号，显示在地图下方 · whose map it is, shown with it: 天地图 GS(2024)0568号
    #[arg(long, env = "WANGGE_BASE_MAP_ATTRIBUTION", value_name = "TEXT")]
    base_map_attribution: Option<String>,
    /// 网址底图的级别范围 · zooms that the host has
    #[arg(long, env = "WANGGE_BASE_MAP_ZOOMS", value_name = "MIN-MAX", default_value = "1-18", value_parser = zooms)]
    base_map_zooms: (u8, u8),
    /// 允许底图服务器位于本机或内网 · the host may be on this machine or in a private network
    #[arg(long, env = "WANGGE_BASE_MAP_ALLOW_PRIVATE")]
    base_map_allow_private: bool,
    /// 允许用 http 访问底图服务器（明文，可被窃听和篡改） · the host may be asked over http, which others on the way can read and change
    #[arg(long, env = "WANGGE_BASE_MAP_ALLOW_HTTP")]
    base_map_allow_http: bool,
    /// 底图服务器证书的签发者（PEM），代替系统信任的 · certificates (PEM) to trust for that host, instead of the system's
    #[arg(long, env = "WANGGE_BASE_MAP_CA", value_name = "FILE")]
    base_map_ca: Option<PathBuf>,
}

fn zooms(text: &str) -> Result<(u8, u8), String> {
    let range = text.split_once('-').and_then(|(least, most)| Some((least.parse().ok()?, most.parse().ok()?)));
    let range = range.filter(|(least, most)| least <= most && *most <= MAX_ZOOM);
    range.ok_or_else(|| format!("a range of zooms looks like 1-18, and ends at {MAX_ZOOM}"))
}

fn unusable(fault: impl std::fmt::Display) -> Failure {
    Failure::unusable(text::NO_BASE_MAP, fault)
}

impl Args {
    /// Opens what is asked for, and checks what can be checked without asking anybody.
    pub(super) fn open(&self) -> Result<Option<BaseMap>, Failure> {
        if let Some(file) = &self.base_map {
            let opened = BaseMap::of_file(file, self.base_map_attribution.as_deref()).map_err(unusable)?;
            let about = opened.about();
            tracing::info!(file = %file.display(), zooms = format!("{}–{}", about.min_zoom, about.max_zoom), "a base map");
            return Ok(Some(opened));
        }
        let Some(url) = &self.base_map_url else { return Ok(None) };
        let allowed = Allowed { private: self.base_map_allow_private, plain: self.base_map_allow_http };
        let template = Template::new(url, self.token()?, allowed).map_err(unusable)?;
        tracing::info!(host = template.origin(), allowed.private, "a base map, fetched for whoever looks at it");
        let roots = self.base_map_ca.as_ref().map(std::fs::read).transpose();
        let roots = roots.map_err(|fault| unusable(format_args!("--base-map-ca: {fault}")))?;
        let wanted = Wanted {
            template,
            allowed,
            roots,
            attribution: self.base_map_attribution.clone().unwrap_or_default(),
            zooms: self.base_map_zooms,
            limits: HostLimits::default(),
        };
        let host = BaseMap::of_host(wanted);
        host.map(Some).map_err(|fault| unusable(format_args!("the host of the base map {fault}")))
    }

    fn token(&self) -> Result<Option<Token>, Failure> {
        let limits = Limits { file_bytes: 2 * TOKEN_BYTES as u64, ..Limits::default() };
        let text = match &self.base_map_token_file {
            Some(file) => Some(crate::exchange::text::read(file, &limits)?.content),
            None => std::env::var(TOKEN).ok().filter(|token| !token.is_empty()),
        };
        let token = text.map(|text| Token::new(&text)).transpose();
        token.map_err(|fault: TemplateFault| unusable(fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_zooms_is_read() {
        assert_eq!(zooms("1-18"), Ok((1, 18)));
        assert_eq!(zooms("0-22"), Ok((0, 22)));
        for text in ["", "5", "-", "18-1", "1-23", "a-b", "1-18-20", "-1-5"] {
            assert!(zooms(text).is_err(), "{text}");
        }
    }
}
