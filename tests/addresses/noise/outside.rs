//! What does not lie in the zone: other places, composed of real names of provinces, counties and towns; places that do not exist;
//! and what is no place at all. Administrative names are public facts, as of 2026; everything below them is composed.

use super::dice::Dice;
use super::letters::common_characters;
use super::phrases::{COMPLAINTS, GREETINGS, RELATIONS};

const FAR: [&str; 40] = [
    "北京市朝阳区",
    "北京市海淀区",
    "上海市浦东新区",
    "天津市滨海新区",
    "重庆市渝北区",
    "河北省石家庄市长安区",
    "河北省邢台市沙河市",
    "河北省邯郸市丛台区",
    "山西省太原市小店区",
    "内蒙古自治区包头市昆都仑区",
    "辽宁省沈阳市铁西区",
    "吉林省长春市南关区",
    "黑龙江省哈尔滨市道里区",
    "江苏省徐州市沛县",
    "江苏省苏州市工业园区",
    "江苏省南京市江宁区",
    "浙江省杭州市西湖区",
    "浙江省宁波市鄞州区",
    "安徽省合肥市蜀山区",
    "安徽省宿州市砀山县",
    "福建省厦门市思明区",
    "江西省南昌市红谷滩区",
    "山东省济南市历下区",
    "山东省青岛市市南区",
    "山东省烟台市芝罘区",
    "山东省枣庄市滕州市",
    "山东省枣庄市薛城区",
    "山东省泰安市宁阳县",
    "山东省泰安市东平县",
    "山东省菏泽市巨野县",
    "山东省菏泽市牡丹区",
    "山东省临沂市兰山区",
    "河南省郑州市金水区",
    "河南省商丘市睢阳区",
    "湖北省武汉市洪山区",
    "湖南省长沙市岳麓区",
    "广东省广州市天河区",
    "广东省深圳市南山区",
    "四川省成都市武侯区",
    "陕西省西安市雁塔区",
];

/// The counties around, with some of their towns.
const AROUND: [(&str, &[&str]); 9] = [
    ("微山县", &["夏镇街道", "昭阳街道", "韩庄镇", "欢城镇", "鲁桥镇", "留庄镇", "南阳镇", "两城镇"]),
    ("鱼台县", &["谷亭街道", "滨湖街道", "清河镇", "王庙镇", "张黄镇", "王鲁镇", "李阁镇"]),
    ("金乡县", &["金乡街道", "高河街道", "王丕街道", "鱼山街道", "羊山镇", "胡集镇", "鸡黍镇"]),
    ("嘉祥县", &["嘉祥街道", "卧龙山街道", "万张街道", "纸坊镇", "梁宝寺镇", "疃里镇", "马村镇"]),
    ("汶上县", &["中都街道", "汶上街道", "南站街道", "南旺镇", "次邱镇", "寅寺镇", "康驿镇"]),
    ("泗水县", &["泗河街道", "济河街道", "泉林镇", "星村镇", "柘沟镇", "金庄镇", "苗馆镇", "中册镇"]),
    ("梁山县", &["水泊街道", "梁山街道", "小路口镇", "韩岗镇", "拳铺镇", "杨营镇", "馆驿镇"]),
    ("曲阜市", &["鲁城街道", "书院街道", "时庄街道", "小雪街道", "吴村镇", "姚村镇", "陵城镇", "息陬镇"]),
    (
        "邹城市",
        &[
            "钢山街道",
            "千泉街道",
            "凫山街道",
            "香城镇",
            "城前镇",
            "大束镇",
            "北宿镇",
            "中心店镇",
            "唐村镇",
            "石墙镇",
            "峄山镇",
        ],
    ),
];

/// What is left of the two districts that the zone was cut from. The district alone is no evidence of being outside; the town is.
const NEXT_DOOR: [(&str, &[&str]); 2] = [
    (
        "任城区",
        &[
            "古槐街道",
            "阜桥街道",
            "越河街道",
            "济阳街道",
            "仙营街道",
            "观音阁街道",
            "金城街道",
            "李营街道",
            "廿里铺街道",
            "唐口街道",
            "安居街道",
            "许庄街道",
            "南张街道",
            "长沟镇",
            "喻屯镇",
        ],
    ),
    (
        "兖州区",
        &[
            "鼓楼街道",
            "龙桥街道",
            "酒仙桥街道",
            "兴隆庄街道",
            "大安镇",
            "新驿镇",
            "颜店镇",
            "新兖镇",
            "漕河镇",
            "小孟镇",
        ],
    ),
];

/// High-tech zones of other cities.
const OTHER_ZONES: [&str; 12] = [
    "济南市高新区",
    "潍坊市高新区",
    "淄博市高新区",
    "烟台市高新区",
    "青岛市高新区",
    "泰安市高新区",
    "枣庄市高新区",
    "临沂市高新区",
    "西安市高新区",
    "郑州高新技术产业开发区",
    "合肥市高新区",
    "成都市高新区",
];

/// Names that the zone has too, and half of the province.
pub const NAMES_OF_THE_ZONE: [&str; 30] = [
    "黄庄村",
    "王庄村",
    "杨楼村",
    "曹庄村",
    "李屯村",
    "马庄村",
    "赵庄村",
    "官庄村",
    "大屯村",
    "张家村",
    "丁庄村",
    "高庙村",
    "沙河村",
    "任桥村",
    "庞村",
    "辛集村",
    "杨桥村",
    "小屯村",
    "阳光家园",
    "锦绣花园",
    "东方苑",
    "运河花园",
    "龙城家园",
    "永泰苑",
    "金色家园",
    "凤凰华庭",
    "紫荆花园",
    "隆鑫苑",
    "滨河花园",
    "书香名郡",
];

/// Compounds that are nowhere here, nor anything like them.
pub const NOWHERE: ([&str; 15], [&str; 8]) = (
    [
        "翡翠", "幸福", "琥珀", "观澜", "和平", "红星", "云顶", "蓝天", "北辰", "香榭", "长江", "泰山", "玫瑰", "白鹭",
        "星海",
    ],
    ["花园", "家园", "国际", "公寓", "名邸", "广场", "一品", "小区"],
);

/// Villages that are nowhere here: another surname is another village, not a slip.
pub const NO_VILLAGE: [&str; 16] = [
    "孟庄村",
    "崔庄村",
    "陶营村",
    "魏楼村",
    "薛屯村",
    "彭家庄村",
    "邵桥村",
    "龚庄村",
    "戚姬村",
    "鹿洼村",
    "史海村",
    "毛家堂村",
    "翟家村",
    "柏庙村",
    "傅集村",
    "焦国村",
];

pub const ROADS_ELSEWHERE: [&str; 14] = [
    "太白楼中路",
    "红星中路",
    "共青团路",
    "琵琶山路",
    "古槐路",
    "常青路",
    "济安桥北路",
    "车站西路",
    "北湖路",
    "供销路",
    "解放路",
    "人民公园路",
    "长安街",
    "经十路",
];

/// No place is named in it, though some name a number.
const NO_PLACE: [&str; 14] = [
    "我们小区",
    "我家楼下",
    "村里的路",
    "门口",
    "3号楼2单元",
    "5号楼",
    "12号",
    "我们村",
    "学校旁边",
    "医院对面",
    "十字路口",
    "那个路口",
    "公交站",
    "物业",
];

/// As many texts as asked for that name nothing in the zone.
pub fn outside(seed: u64, count: usize) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let common = common_characters();
    (0..count).map(|_| one(&mut dice, &common)).collect()
}

fn one(dice: &mut Dice, common: &[char]) -> String {
    let local = dice.percent(50);
    let text = match dice.below(100) {
        0..=17 => format!("{}{}", dice.pick(&FAR), anywhere(local, dice)),
        18..=43 => format!("{}{}", around(dice), anywhere(local, dice)),
        44..=65 => format!("{}{}", next_door(dice), anywhere(local, dice)),
        66..=72 => format!("{}{}", dice.pick(&OTHER_ZONES), anywhere(local, dice)),
        // Most of the two districts is outside, and a name that the gazetteer lacks does not become one of it by standing behind them.
        73..=81 => {
            format!("{}{}", dice.pick(&["", "", "", "济宁市", "任城区", "兖州区"]), numbered(&nowhere(dice), dice))
        }
        82..=84 => numbered(dice.pick(&NO_VILLAGE), dice),
        85..=89 => road(dice),
        90..=95 => return format!("{}{}{}", dice.pick(&GREETINGS), dice.pick(&NO_PLACE), dice.pick(&COMPLAINTS)),
        96 => return dice.pick(&COMPLAINTS).to_owned(),
        _ => return gibberish(dice, common),
    };
    match dice.below(10) {
        0 => format!("{text}{}", dice.pick(&RELATIONS)),
        1 | 2 => format!("{text}{}", dice.pick(&COMPLAINTS)),
        3 => format!("{}{text}", dice.pick(&GREETINGS)),
        _ => text,
    }
}

fn around(dice: &mut Dice) -> String {
    let (county, towns) = AROUND[dice.below(AROUND.len())];
    match dice.below(6) {
        0 => dice.pick(towns).to_owned(),
        1 => county.to_owned(),
        2 => format!("{county}{}", dice.pick(towns)),
        3 => format!("济宁市{county}"),
        4 => format!("济宁市{county}{}", dice.pick(towns)),
        _ => format!("山东省济宁市{county}{}", dice.pick(towns)),
    }
}

fn next_door(dice: &mut Dice) -> String {
    let (district, towns) = NEXT_DOOR[dice.below(2)];
    let before = ["", district, "济宁市", "山东省济宁市"][dice.below(4)];
    let district = if before.starts_with("济宁") || before.starts_with("山东") { district } else { "" };
    format!("{before}{district}{}", dice.pick(towns))
}

/// A name that the zone has as well, or one that it has not.
fn anywhere(local: bool, dice: &mut Dice) -> String {
    if local {
        return numbered(dice.pick(&NAMES_OF_THE_ZONE), dice);
    }
    match dice.below(4) {
        0 => road(dice),
        1 => numbered(dice.pick(&NO_VILLAGE), dice),
        _ => numbered(&nowhere(dice), dice),
    }
}

fn nowhere(dice: &mut Dice) -> String {
    format!("{}{}", dice.pick(&NOWHERE.0), dice.pick(&NOWHERE.1))
}

fn numbered(name: &str, dice: &mut Dice) -> String {
    let n = 1 + dice.below(40);
    if name.ends_with('村') {
        return if dice.percent(40) { name.to_owned() } else { format!("{name}{n}号") };
    }
    match dice.below(5) {
        0 => name.to_owned(),
        1 | 2 => format!("{name}{n}号楼"),
        3 => format!("{name}{n}栋{}0{}", 1 + dice.below(6), 1 + dice.below(4)),
        _ => format!("{name}{n}号楼{}单元", 1 + dice.below(3)),
    }
}

fn road(dice: &mut Dice) -> String {
    let a = dice.pick(&ROADS_ELSEWHERE);
    let b = dice.pick(&ROADS_ELSEWHERE);
    if a == b || dice.percent(50) { format!("{a}{}号", 1 + dice.below(200)) } else { format!("{a}与{b}交叉口") }
}

fn gibberish(dice: &mut Dice, common: &[char]) -> String {
    let length = 1 + dice.below(12);
    let keys: Vec<char> = match dice.below(4) {
        0 => ('a'..='z').collect(),
        1 => "0123456789-#".chars().collect(),
        2 => "？！。…～@%&*（）😀🏠\u{200b} ".chars().collect(),
        _ => common.to_vec(),
    };
    (0..length).map(|_| keys[dice.below(keys.len())]).collect()
}
