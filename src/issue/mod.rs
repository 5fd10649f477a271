//! What happened? Residents' issues (诉求): category, times, place; counted by unit and by period.

pub mod classes;

use jiff::civil::DateTime;

use crate::crs::Cgcs2000;

/// An issue (诉求), as a 12345 order describes it. Contact, phone, address and text are personal data: they never enter a
/// tile or a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    pub id: String,
    /// Local time of the district.
    pub received: DateTime,
    pub closed: Option<DateTime>,
    pub due: Option<DateTime>,
    /// 受理类型, 信息来源, 紧急程度
    pub kind: String,
    pub channel: String,
    pub urgency: String,
    /// 一级分类, 二级分类
    pub category: String,
    pub subcategory: String,
    pub contact: String,
    pub phone: String,
    pub confidential: bool,
    pub address: String,
    pub text: String,
    /// The organisation it was handed to.
    pub org: String,
    pub satisfaction: Option<String>,
    /// Where it happened, when the order says so.
    pub point: Option<Cgcs2000>,
}

/// Which issues are meant: a half-open period of local time and a category. `None` is no limit.
#[derive(Clone, Debug, PartialEq, Eq, Default, Hash)]
pub struct IssueFilter {
    pub from: Option<DateTime>,
    pub to: Option<DateTime>,
    pub category: Option<String>,
}

impl IssueFilter {
    #[must_use]
    pub fn accepts(&self, issue: &Issue) -> bool {
        self.from.is_none_or(|from| from <= issue.received)
            && self.to.is_none_or(|to| issue.received < to)
            && self.category.as_ref().is_none_or(|c| *c == issue.category)
    }
}
