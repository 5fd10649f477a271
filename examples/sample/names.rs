//! The words names are composed of. Subdistricts, villages and named roads are real; compounds, firms, people and everything
//! else are put together here and mean nobody.

use super::random::Random;

pub const CITY: &str = "山东省济宁市高新区";

/// Name, code, communities, grids, micro-grids.
pub const SUBS: [(&str, &str, usize, usize, usize); 5] = [
    ("洸河街道", "370871001", 9, 160, 880),
    ("柳行街道", "370871002", 8, 120, 612),
    ("接庄街道", "370871003", 8, 104, 476),
    ("王因街道", "370871004", 7, 84, 335),
    ("黄屯街道", "370871005", 6, 72, 320),
];

/// Villages that communities are named after when they lie in one, most wanted first.
pub const SEATS: &[&str] = &[
    "黄庄村",
    "东闸",
    "西闸",
    "王庄",
    "三郭",
    "江庄村",
    "杨楼村",
    "苏西村",
    "苏东村",
    "菱花",
    "凌云",
    "绿色家园",
    "崇文",
    "柳行村",
    "杨桥村",
    "小屯村",
    "许厂村",
    "接庄村",
    "南贯集一村",
    "大屯村",
    "十里营村",
    "古柳村",
    "岔河村",
    "宗营村",
    "前栗村",
    "官庄村",
    "王因新村",
    "三河新村",
    "崇文新村",
    "沙河村",
    "后岗村",
    "竹亭村",
    "辛集村",
    "黄屯新村",
    "孙氏店村",
    "堌城村",
    "二十里铺村",
    "任桥村",
    "庞村",
];

/// The 16 departments (职能部门), then the 5 services (民生服务).
pub const LINES: [&str; 21] = [
    "综治",
    "公安",
    "司法行政",
    "信访",
    "市场监管",
    "应急",
    "消防",
    "城管",
    "环保",
    "自然资源",
    "住建",
    "交通",
    "水务",
    "民政",
    "人社",
    "卫生健康",
    "供水",
    "供电",
    "供气",
    "供暖",
    "通信",
];

pub const LINE_ORGS: [&str; 21] = [
    "高新区政法委",
    "高新区公安分局",
    "高新区司法局",
    "高新区信访局",
    "高新区市场监管局",
    "高新区应急管理局",
    "高新区消防救援大队",
    "高新区综合执法局",
    "高新区生态环境分局",
    "高新区自然资源局",
    "高新区住房和城乡建设局",
    "高新区交通运输局",
    "高新区水务局",
    "高新区民政局",
    "高新区人力资源局",
    "高新区卫生健康局",
    "供水服务站",
    "供电服务站",
    "燃气服务站",
    "热力服务站",
    "通信服务站",
];

const SURNAMES: &str = "王李张刘陈杨赵孔孟黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝崔";
const GIVEN: &str = "建国华伟明秀英丽军平志强芳敏静磊洋勇艳杰涛超霞兰红玉梅波辉刚健世广良海山仁宁贵福生龙元全胜学祥才发武新清飞彬富顺信子昌成康星光天达安岩中茂进林有坚和彪博诚先敬震振会思群心邦承乐绍功松善厚庆民友裕河哲江浩亮政谦亨奇固之轮翰朗伯宏言若鸣朋斌梁栋维启克伦翔旭鹏泽晨辰士以家致树炎德行时泰盛雄琛钧冠策腾楠榕风航弘";

const FIRST: &[&str] = &[
    "锦绣",
    "阳光",
    "水岸",
    "金色",
    "科苑",
    "圣都",
    "怡和",
    "翠湖",
    "福泰",
    "鸿顺",
    "瑞景",
    "嘉和",
    "兴唐",
    "明德",
    "儒林",
    "杏坛",
    "望湖",
    "绿城",
    "银河",
    "东方",
    "紫荆",
    "百合",
    "丽景",
    "天成",
    "康泰",
    "祥和",
    "龙城",
    "凤凰",
    "金桂",
    "玉兰",
    "梧桐",
    "枫林",
    "书香",
    "同辉",
    "永泰",
    "安泰",
    "新世纪",
    "运河",
    "济阳",
    "尚德",
    "仁和",
    "盛世",
    "中央",
    "学府",
    "滨河",
    "润泽",
    "恒信",
    "华盛",
    "森泰",
    "富华",
];
const LAST: &[&str] =
    &["花园", "小区", "家园", "苑", "嘉园", "新城", "华庭", "雅居", "名郡", "公馆", "社区南区", "府邸"];

pub fn person(random: &mut Random) -> String {
    let (surnames, given): (Vec<char>, Vec<char>) = (SURNAMES.chars().collect(), GIVEN.chars().collect());
    let mut name = String::from(*random.pick(&surnames));
    name.push(*random.pick(&given));
    if random.chance(0.72) {
        name.push(*random.pick(&given));
    }
    name
}

/// A number nobody has: no operator uses 12 as a prefix of mobile numbers.
pub fn phone(n: usize) -> String {
    format!("12{:09}", (n as u64 * 7_919_173 + 100_043) % 1_000_000_000)
}

/// All composed compound names, in an order of their own.
pub fn compounds(random: &mut Random) -> Vec<String> {
    let mut all: Vec<String> = LAST
        .iter()
        .filter(|l| !l.contains("社区"))
        .flat_map(|l| FIRST.iter().map(move |f| format!("{f}{l}")))
        .collect();
    random.shuffle(&mut all);
    all
}

/// 一 … 九十九.
pub fn chinese(n: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let (tens, ones) = (n / 10 % 10, n % 10);
    match tens {
        0 => DIGITS[ones].to_owned(),
        1 => format!("十{}", DIGITS[ones]),
        _ => format!("{}十{}", DIGITS[tens], DIGITS[ones]),
    }
}

pub const FIRMS: &[&str] = &[
    "鲁源机械",
    "泗水新材料",
    "汇通电子",
    "恒力铸造",
    "金鼎食品",
    "远航物流",
    "宏图包装",
    "华瑞生物",
    "同创精密",
    "鑫达建材",
    "浩宇软件",
    "博远光电",
    "众合纺织",
    "天润化工",
    "顺达汽配",
    "中科智造",
];
pub const SHOPS: &[&str] = &[
    "便民超市",
    "惠民药店",
    "早餐店",
    "农贸市场",
    "五金店",
    "水果店",
    "理发店",
    "面馆",
    "粮油店",
    "快递驿站",
    "洗衣店",
    "电动车行",
];
