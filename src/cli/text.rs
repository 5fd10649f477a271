//! Everything the command line says by itself, Chinese first.

pub const ABOUT: &str =
    "网格一张图：一个区的社会治理网格，一张精确的图 · the grids of a city district as one exact map";

pub const IMPORT: &str = "导入一个区：边界、人员、地点、诉求 · import a district";
pub const IMPORT_EXAMPLE: &str =
    "示例 example:\n  wangge import --store district.gpkg --district data/sample/district.toml --report report/";

pub const CHECK: &str = "按四项原则检查：全域覆盖、无缝衔接、规模适当、规范完整 · check the four principles";
pub const CHECK_EXAMPLE: &str = "示例 example:\n  wangge check --store district.gpkg\n  wangge check data/sample/district.toml --json\n\n退出码 exit codes: 0 无问题 clean · 1 有问题 faults · 2 无法读取 unusable input";

pub const LOCATE: &str = "坐标属于哪个网格，谁负责 · whose point is this?";
pub const LOCATE_EXAMPLE: &str = "示例 examples:\n  wangge locate --store district.gpkg 116.672 35.4421\n  wangge locate --store district.gpkg --crs gcj02 116.677427 35.441764\n  wangge locate --store district.gpkg \"116°39'E 35°24'N\"\n  wangge locate --store district.gpkg --input points.csv --output owners.csv";

pub const SERVE: &str = "启动服务：地图、查询、瓦片 · serve the map, lookups and tiles";
pub const SERVE_EXAMPLE: &str = "示例 example:\n  wangge serve --store district.gpkg --listen 127.0.0.1:8080";

pub const DEMO: &str = "一条命令看示例区 · the sample district, imported and served";
pub const DEMO_EXAMPLE: &str = "示例 example:\n  wangge demo --listen 127.0.0.1:8080";

pub const OPEN_THE_PAGE: &str = "请在浏览器中打开 · open in a browser:";
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
pub const STORE_UNREADABLE: &str = "数据文件无法读取";
pub const CANNOT_IMPORT: &str = "示例数据无法导入";
pub const CANNOT_DRAW: &str = "地图无法绘制";
pub const CANNOT_LISTEN: &str = "无法监听这个地址";
pub const PORT_IN_USE: &str = "端口已被占用";
pub const NO_RUNTIME: &str = "无法启动服务";
pub const NO_SAMPLE: &str = "找不到示例数据";
