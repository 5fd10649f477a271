//! The names that columns and properties go by: ours, and what people's own files call them.

/// A column we read, with every name it is known by; the first is ours.
pub type Column = &'static [&'static str];

pub const LEVEL: Column = &["level", "层级", "级别"];
pub const CODE: Column = &["code", "编码", "代码", "网格编码", "网格代码"];
pub const NAME: Column = &["name", "名称", "姓名", "网格名称"];
pub const PARENT: Column = &["parent", "上级编码", "上级", "上级网格编码"];
pub const CLASS: Column = &["class", "类别", "城乡类别"];
pub const HOUSEHOLDS: Column = &["households", "户数"];
pub const POPULATION: Column = &["population", "人口", "人口数", "人数"];
pub const KIND: Column = &["kind", "类型", "种类"];
pub const ID: Column = &["id", "编号", "序号"];
pub const PHONE: Column = &["phone", "电话", "手机", "联系电话"];
pub const ROLE: Column = &["role", "角色", "岗位"];
pub const LINE: Column = &["line", "条线", "专业"];
pub const ORG: Column = &["org", "单位", "所属单位"];
pub const UNITS: Column = &["units", "网格", "负责网格"];
pub const FROM: Column = &["from", "开始日期", "起始日期"];
pub const TO: Column = &["to", "结束日期", "截止日期"];
pub const ADDRESS: Column = &["address", "地址", "标准地址"];
pub const ALIASES: Column = &["aliases", "别名"];
pub const LON: Column = &["lon", "经度", "lng", "longitude", "x", "东坐标", "e"];
pub const LAT: Column = &["lat", "纬度", "latitude", "y", "北坐标", "n"];
pub const ACCURACY_M: Column = &["accuracy_m", "精度", "精度米"];

pub const VERSION: Column = &["version", "版本", "版本号"];
pub const EFFECTIVE: Column = &["effective", "生效日期"];
pub const DOCUMENT: Column = &["document", "文号", "文件"];
pub const REASON: Column = &["note", "reason", "说明", "事由"];
pub const DESCENT: Column = &["kind", "类型", "种类"];
pub const OLD: Column = &["old", "原编码"];
pub const NEW: Column = &["new", "新编码"];

pub const ORDER_ID: Column = &["工单编号", "id", "诉求编号", "编号"];
pub const RECEIVED: Column = &["接收时间", "received", "受理时间"];
pub const ORDER_KIND: Column = &["受理类型", "kind"];
pub const CHANNEL: Column = &["信息来源", "channel"];
pub const CONTACT: Column = &["联系人", "contact"];
pub const CONTACT_PHONE: Column = &["联系电话", "phone"];
pub const CONFIDENTIAL: Column = &["是否保密", "confidential"];
pub const PLACE: Column = &["地址", "address", "事发地址"];
/// Where something happened, in a caller's words; the more telling names first.
pub const PLACES_TOLD: Column = &[
    "事发地址",
    "问题地址",
    "诉求地址",
    "发生地址",
    "事件地址",
    "详细地址",
    "地址",
    "address",
    "标准地址",
    "事发地点",
    "问题地点",
    "发生地点",
    "地点",
    "位置",
    "location",
];
pub const TEXT: Column = &["问题描述", "text", "诉求内容"];
pub const URGENCY: Column = &["紧急程度", "urgency"];
pub const DUE: Column = &["办结时限", "due"];
pub const CATEGORY: Column = &["一级分类", "category"];
pub const SUBCATEGORY: Column = &["二级分类", "subcategory"];
pub const HANDLER: Column = &["组织机构", "org", "承办单位"];
pub const CLOSED: Column = &["办结时间", "closed"];
pub const SATISFACTION: Column = &["满意度", "satisfaction"];

/// Whether a header says this column, whatever its case and the spaces around it.
#[must_use]
pub fn is(header: &str, column: Column) -> bool {
    let header = header.trim().trim_start_matches('\u{feff}');
    column.iter().any(|known| header.eq_ignore_ascii_case(known))
}
