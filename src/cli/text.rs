//! Everything the command line says by itself, Chinese first.

use crate::exchange::archive::ArchiveFault;
use crate::exchange::{FileFault, Problem};
use crate::service::import::Refusal;
use crate::store::StoreFault;

pub const ABOUT: &str =
    "网格一张图：一个区的社会治理网格，一张精确的图 · the grids of a city district as one exact map";

pub const IMPORT: &str = "导入一个区：边界、人员、地点、诉求 · import a district";
pub const IMPORT_EXAMPLE: &str =
    "示例 example:\n  wangge import --store district.gpkg --district data/sample/district.toml --report report/";

pub const CHECK: &str = "按四项原则检查：全域覆盖、无缝衔接、规模适当、规范完整 · check the four principles";
pub const CHECK_EXAMPLE: &str = "示例 example:\n  wangge check --store district.gpkg\n  wangge check data/sample/district.toml --json\n  wangge check district.pmtiles\n\n退出码 exit codes: 0 无问题 clean · 1 有问题 faults · 2 无法读取 unusable input";

pub const LOCATE: &str = "坐标属于哪个网格，谁负责 · whose point is this?";
pub const LOCATE_EXAMPLE: &str = "示例 examples:\n  wangge locate --store district.gpkg 116.672 35.4421\n  wangge locate --store district.gpkg --crs gcj02 116.677427 35.441764\n  wangge locate --store district.gpkg \"116°39'E 35°24'N\"\n  wangge locate --store district.gpkg --input points.csv --output owners.csv";

pub const SEARCH: &str = "一个地址或一句话说的是哪里，归谁管 · whose is the place that these words mean?";
pub const SEARCH_EXAMPLE: &str = "示例 examples:\n  wangge search --store district.gpkg 隆鑫苑5号楼3单元\n  wangge search --store district.gpkg lxy5\n  wangge search --store district.gpkg 崇文大道与火炬路交叉口东北角\n  wangge search --store district.gpkg --input orders.xlsx --column 事发地址 --output owners.xlsx --errors ask.csv\n\n退出码 exit code: 0 归属明确 one owner, 1 需要追问 ask first";
pub const SOLVED: &str = "归属明确 one owner";
pub const TO_ASK: &str = "需追问 ask first";
pub const BY_NAME: &str = "名称 name";
pub const BY_LEVEL: &str = "级别 level";
pub const BY_BOUNDARY: &str = "贴边 boundary";
pub const ELSEWHERE: &str = "区外 elsewhere";
pub const NOT_FOUND: &str = "未找到 not found";
pub const NOT_READABLE: &str = "无法读取 not readable";
pub const COLUMN_READ: &str = "地址列 column of addresses:";
pub const DAMAGED: &str = "已损坏的文字（以 � 代替）damaged characters, now �:";
pub const TEXT_TOO_LONG: &str = "文字太长";

pub const RENDER: &str =
    "打印图件：地图、挂图、公示牌，PNG、SVG 或 PDF · a map, wall poster or public notice as PNG, SVG or PDF";
pub const RENDER_EXAMPLE: &str = "示例 examples:\n  wangge render --store district.gpkg --bbox 116.60,35.40,116.64,35.45 --size 1600x1200 --out map.png\n  wangge render map --unit 370871001 --paper A3 --landscape --out map.pdf\n  wangge render poster --out poster.pdf\n  wangge render notice --unit 370871001205005 --out notice.pdf\n\n电话按规则遮盖，--contacts 印出全部 · telephones are masked; --contacts prints them in full";
pub const CANNOT_PRINT: &str = "无法打印这张图件";
pub const NO_SUCH_UNIT: &str = "没有这个网格";
pub const BAD_PAGE: &str = "幅面有误";
pub const UNWRITABLE: &str = "文件无法写入";
pub const PRINTED: &str = "已写入 · written:";
pub const CONTACTS_SHOWN: &str =
    "注意：含完整姓名和电话，请勿公开 · names and telephones are in full: not for the public";

pub const HISTORY: &str = "边界的历次版本 · the versions of the boundaries";
pub const HISTORY_EXAMPLE: &str =
    "示例 examples:\n  wangge history --store district.gpkg\n  wangge history --store district.gpkg 370871004203001000";
pub const NO_SUCCESSORS: &str = "历史中没有这个旧编码";
pub const NO_HISTORY: &str = "历史版本无法还原";
pub const NO_SUCH_DAY: &str = "没有这一天的边界";

pub const DIFF: &str = "两个版本的边界有何不同 · what is different between two versions";
pub const DIFF_EXAMPLE: &str = "示例 example:\n  wangge diff 2 3\n  wangge diff 2 3 --geojson > changed.geojson";
pub const NO_VERSION: &str = "没有这个版本";
pub const SAME: &str = "没有不同 · no difference";

pub const EXPORT: &str = "导出为别的系统能用的文件 · hand the district over as a file for other systems";
pub const EXPORT_EXAMPLE: &str = "示例 examples:\n  wangge export --store district.gpkg --format pmtiles --out district.pmtiles\n  wangge export --store district.gpkg --format mbtiles --set units,places --max-zoom 14 --out district.mbtiles\n  wangge export --store district.gpkg --format pmtiles --style district --out picture.pmtiles\n  wangge export --store district.gpkg --format pmtiles --as-of 2024-06-01 --out before.pmtiles\n\n一个文件最多 1,000,000 个瓦片；写完逐个读回核对，才启用文件名 · at most 1,000,000 tiles a file; each is read back and compared before the file gets its name";
pub const NOT_EXPORTED: &str = "没有导出";
pub const EXPORTED: &str = "已导出，逐个读回无误 · exported, every tile read back:";
pub const TILES: &str = "瓦片 tiles";
pub const DIFFERENT: &str = "不同 different";
pub const DRAWING: &str = "绘制 drawing";
pub const READING_BACK: &str = "读回核对 reading back";
pub const ARCHIVE_SOUND: &str = "完好 sound:";
pub const FEATURES: &str = "要素 features";

pub const SERVE: &str = "启动服务：地图、查询、瓦片 · serve the map, lookups and tiles";
pub const SERVE_EXAMPLE: &str = "示例 example:\n  wangge serve --store district.gpkg --listen 127.0.0.1:8080\n  wangge serve --store district.gpkg --base-map imagery.mbtiles --base-map-attribution '2026 年航拍影像'";

pub const DEMO: &str = "一条命令看示例区 · the sample district, imported and served";
pub const DEMO_EXAMPLE: &str = "示例 example:\n  wangge demo --listen 127.0.0.1:8080";

pub const OPEN_THE_PAGE: &str = "请在浏览器中打开 · open in a browser:";
pub const DEMO_ACTORS: &str = "示例编辑令牌（公开，仅供示例）· tokens of the demonstration, known to everybody:";
pub const HOW_TO_STOP: &str = "按 Ctrl-C 停止 · press Ctrl-C to stop";
pub const STOPPING: &str = "正在停止… · stopping";
pub const STOPPED: &str = "已停止 · stopped";
pub const STOPPED_SHORT: &str = "已停止，有连接未及答复 · stopped; connections were cut";
pub const IMPORTED: &str = "示例数据已导入 · the sample is imported:";
pub const STEP_UNITS: &str = "读取边界 · reading boundaries";
pub const STEP_TABLES: &str = "读取人员、地点、诉求 · reading people, places, issues";
pub const STEP_BUILD: &str = "构建网格 · building the coverage";
pub const STEP_CHECK: &str = "检查 · checking";
pub const STEP_SAVE: &str = "保存 · saving";
pub const CANNOT_IMPORT: &str = "示例数据无法导入";
pub const CANNOT_DRAW: &str = "地图无法绘制";
pub const NO_BASE_MAP: &str = "底图无法使用";
pub const NO_ACTORS: &str = "人员文件无法使用";
pub const CANNOT_LISTEN: &str = "无法监听这个地址";
pub const PORT_IN_USE: &str = "端口已被占用";
pub const NO_RUNTIME: &str = "无法启动服务";
pub const NO_SAMPLE: &str = "找不到示例数据";

pub const REPORT_UNWRITABLE: &str = "报告无法写入";
pub const NOTHING_SAVED: &str = "检查完成，没有保存 · dry run: nothing was saved";
pub const SAVED_VERSION: &str = "已导入，版本 · imported as version";
pub const NO_DRAFT: &str = "没有写成草稿";
pub const DRAFTED: &str = "已写成草稿 · drafted as";
pub const NO_DIFFERENCES: &str = "与现行边界没有差异 · no differences: nothing was drafted";
pub const NOT_DRAFTED: &str = "无法写成草稿 · cannot be drafted:";
pub const TABLES_NOT_READ: &str = "人员、地点、诉求未读 · people, places and issues were not read";
pub const EDITS_KEPT: &str = "人工修改过的地点：保留 · places edited by people: kept";
pub const EDITS_REPLACED: &str = "以文件新内容为准 · replaced by what the files say anew";
pub const NOT_READ: &str = "未使用的列 · columns not read:";
pub const LEFT_OUT: &str = "无法使用的行 · rows left out:";

pub const TOTAL_AREA: &str = "总面积 area";
pub const PASSED: &str = "通过 passed";
pub const FAULTS: &str = "问题 faults";
pub const WARNINGS: &str = "提示 warnings";
pub const AND_MORE: &str = "另有 more:";

pub const UNKNOWN_CRS: &str = "不认识的坐标系";
pub const NO_POSITION: &str = "坐标无法识别";
pub const NOT_IN_DISTRICT: &str = "坐标不在本区";
pub const SEVERAL_READINGS: &str = "坐标系不明，列出所有可能，请用 --crs 指定 · the system is not said: every reading in the district; name it with --crs";
pub const SWAPPED: &str = "（先纬后经 latitude first）";
pub const TO_BOUNDARY: &str = "距边界 to the boundary";
pub const OFFICER: &str = "网格员 officer";
pub const SPECIALIST: &str = "专业网格员 specialist";
pub const BRANCH: &str = "党支部 branch";
pub const AMBIGUOUS: &str = "贴边：误差范围内还有别的网格 · near the edge: other units are within the accuracy";
pub const NEARBY: &str = "邻近 near";
pub const OUTPUT_UNWRITABLE: &str = "输出无法写入";
pub const INPUT_BROKEN: &str = "输入无法继续读取";
pub const ROWS: &str = "行 rows";
pub const ROWS_DONE: &str = "完成 done:";
pub const ROWS_BAD: &str = "出错 errors";

/// The Chinese line over a fault of a file.
pub fn file_fault(fault: &FileFault) -> &'static str {
    match fault.problem {
        Problem::Missing => "文件不存在",
        Problem::Unreadable(_) => "文件无法读取",
        Problem::TooLarge { .. } | Problem::TooLargeUnpacked { .. } | Problem::TooMany { .. } => "文件过大",
        Problem::BrokenGzip(_) => "压缩文件已损坏",
        Problem::BrokenWorkbook(_) => "工作簿已损坏或打不开",
        Problem::NotText(..) | Problem::UnknownFormat(_) | Problem::NotACollection(_) => "文件格式不对",
        Problem::Encoding { .. } => "文字编码无法识别，请另存为 UTF-8",
        Problem::Empty => "文件是空的",
        Problem::Syntax(_) | Problem::NotANumber => "文件内容有语法错误",
        Problem::CrsMember(_) | Problem::ProjectedMetres { .. } => "坐标系不对，请导出为经纬度（EPSG:4490）",
        Problem::SwappedAxes { .. } => "经度纬度似乎颠倒了",
        Problem::MissingColumn { .. } | Problem::DoubleColumn(_) => "表头的列不对",
        Problem::Setting { .. } => "配置有误",
    }
}

/// The Chinese line over a fault of the store.
pub const fn store_fault(fault: &StoreFault) -> &'static str {
    match fault {
        StoreFault::Missing(_) => "数据文件不存在",
        StoreFault::NotAStore { .. } => "不是网格一张图的数据文件",
        StoreFault::Newer { .. } => "数据文件由更新的版本写成",
        StoreFault::Locked { .. } | StoreFault::Busy(_) => "数据文件正被占用",
        StoreFault::ReadOnly { .. } => "数据文件不能写入",
        StoreFault::Full(_) => "磁盘已满",
        StoreFault::Damaged { .. } | StoreFault::Row { .. } | StoreFault::Hash { .. } => "数据文件已损坏或被改动",
        StoreFault::Chain { .. } | StoreFault::Version { .. } => "历史版本或草稿已损坏或被改动",
        StoreFault::Moved { .. } => "其间已发布新版本，没有写入",
        StoreFault::NotNext { .. } => "其间草稿已有新的记录，没有写入",
        StoreFault::Edited(_) => "其间地点有修改，没有写入",
        StoreFault::Decided { .. } => "这条选择已有结论，没有写入",
        StoreFault::NoDraft { .. } => "没有这份草稿",
        StoreFault::TooMuch { .. } => "超过保存上限，没有写入",
        StoreFault::Coverage { .. } => "边界数据不合规则",
        StoreFault::NotKept { .. } => "没有保存这一版边界",
        StoreFault::Sql { .. } | StoreFault::Io { .. } => "数据文件读写出错",
    }
}

/// The Chinese line over a fault of an archive of tiles.
pub const fn archive_fault(fault: &ArchiveFault) -> &'static str {
    match fault {
        ArchiveFault::Missing(_) => "文件不存在",
        ArchiveFault::Io { .. } | ArchiveFault::Sql { .. } => "文件读写出错",
        ArchiveFault::NotOne { .. } => "不是这种瓦片文件",
        ArchiveFault::Damaged { .. } => "瓦片文件已损坏",
        ArchiveFault::TooMuch { .. } => "瓦片文件过大",
    }
}

/// The Chinese line over a refused import.
pub const fn refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Features { .. } => "有图形无法使用，没有导入",
        Refusal::Rings { .. } => "有边界无效（如自相交），没有导入",
        Refusal::Broken(_) => "边界无法构建，没有导入",
        Refusal::Tree { .. } => "网格层级有误，没有导入",
        Refusal::Unsettled { .. } => "有较大的空隙或重叠需要人工处理，没有导入",
        Refusal::Rows { .. } => "表格中无法使用的行过多，没有导入",
    }
}
