//! Which characters are taken for which: by ear, by eye, and in the other script.

use std::collections::{HashMap, HashSet};

use pinyin::{ToPinyin as _, ToPinyinMulti as _};

use super::dice::Dice;
use super::parts::counts;

/// Readings that a name has here, where the commonest reading of the character is another.
const READ_HERE: [(char, &str); 8] = [
    ('行', "hang"),
    ('长', "chang"),
    ('都', "du"),
    ('贾', "jia"),
    ('褚', "chu"),
    ('盛', "sheng"),
    ('铺', "pu"),
    ('单', "dan"),
];

/// Characters by their sound, without tones; and by what is easily misheard here: zh/z, ch/c, sh/s, n/l, -ng/-n.
pub struct Sounds {
    /// The misheard sounds of each character, in all its readings, from U+4E00.
    heard: Vec<Vec<u16>>,
    /// The common characters of a sound.
    common: HashMap<String, Vec<char>>,
    /// All of them.
    any: Vec<char>,
}

impl Sounds {
    pub fn new() -> Self {
        let mut numbers: HashMap<String, u16> = HashMap::new();
        let mut heard = Vec::new();
        for c in '\u{4E00}'..='\u{9FFF}' {
            let mut keys: Vec<u16> = readings(c)
                .iter()
                .map(|r| {
                    let next = numbers.len() as u16;
                    *numbers.entry(misheard(r)).or_insert(next)
                })
                .collect();
            keys.sort_unstable();
            keys.dedup();
            heard.push(keys);
        }
        let mut common: HashMap<String, Vec<char>> = HashMap::new();
        for c in common_characters() {
            if let Some(sound) = sound(c) {
                common.entry(sound.clone()).or_default().push(c);
                common.entry(format!("~{}", misheard(&sound))).or_default().push(c);
            }
        }
        Self { heard, common, any: common_characters() }
    }

    pub fn alike(&self, a: char, b: char) -> bool {
        let of = |c: char| self.heard.get((c as usize).wrapping_sub(0x4E00));
        let (Some(a), Some(b)) = (of(a), of(b)) else { return false };
        a.iter().any(|k| b.contains(k))
    }

    /// Any common character, whatever it sounds like.
    pub fn any(&self, dice: &mut Dice) -> char {
        self.any[dice.below(self.any.len())]
    }

    /// Another common character of the same sound, or of one that is easily misheard for it.
    pub fn other(&self, c: char, dice: &mut Dice) -> Option<char> {
        let sound = sound(c)?;
        let key = if dice.percent(70) { sound } else { format!("~{}", misheard(&sound)) };
        let choice: Vec<char> = self.common.get(&key)?.iter().copied().filter(|o| *o != c && !counts(*o)).collect();
        (!choice.is_empty()).then(|| choice[dice.below(choice.len())])
    }
}

fn sound(c: char) -> Option<String> {
    if let Some((_, here)) = READ_HERE.iter().find(|(h, _)| *h == c) {
        return Some((*here).to_owned());
    }
    Some(c.to_pinyin()?.plain().to_owned())
}

fn readings(c: char) -> Vec<String> {
    let mut all: Vec<String> =
        c.to_pinyin_multi().map_or_else(Vec::new, |m| m.into_iter().map(|p| p.plain().to_owned()).collect());
    all.extend(sound(c));
    all
}

fn misheard(sound: &str) -> String {
    let first = match sound.get(..2) {
        Some("zh") => format!("z{}", &sound[2..]),
        Some("ch") => format!("c{}", &sound[2..]),
        Some("sh") => format!("s{}", &sound[2..]),
        _ if sound.starts_with('n') => format!("l{}", &sound[1..]),
        _ => sound.to_owned(),
    };
    if first.ends_with("ong") { first } else { first.replace("ng", "n") }
}

/// The 3755 characters of level 1 of GB 2312: what people write, and so what an input method offers first.
pub fn common_characters() -> Vec<char> {
    let bytes: Vec<u8> = (0xB0..=0xD7).flat_map(|row| (0xA1..=0xFE).flat_map(move |cell| [row, cell])).collect();
    let (text, ..) = encoding_rs::GBK.decode(&bytes);
    // The last row ends five cells early; these decode to the private use area.
    text.chars().filter(|c| ('\u{4E00}'..='\u{9FFF}').contains(c)).collect()
}

/// Characters of the names here with those that look like them, compiled by eye; each group begins with the one that is meant.
#[rustfmt::skip] // a table
const LOOK_ALIKE: &str = "新亲折 东车乐 社杜 济挤 高亮 宁宇 柳柏卿 河何 村材忖 洸洗晃 庄压 屯电 西酉 闸闹闲 王玉 黄寅 站粘 营莹 大太 崇祟 苏办 \
    因困 园圆 菱凌 杨扬汤 凌凄 云去 楼搂 城诚 南楠 花化 金全 卢户 贯惯 任仕 郭敦 桥娇 集焦 明朋 时对 代伐 践贱 华毕 \
    居届 江汪 海侮 川州 府俯 馆棺 许汗 火伙 炬柜 苑宛 环坏 仁仕 孙孤 氏民 学字 嘉喜 泰秦 岗岚 美羊 后石 家冢 古吉 科料 \
    群郡 庞宠 邹皱 惠患 庆床 堌涸 辛幸 贾贸 同向 博搏 沙纱 泗洒 永水 雅鸦 建健 宗宋 邸抵 仙灿 名各 郡群 知短 顺须 吴昊 \
    幼幻 李季 合台 创苍 诗待 岔盆 众丛 润涧 恒桓 蓼寥 纺仿 织炽 色绝 郑邦 盛盔 天夭 瑞端 光先 浩洁 滨宾 汇江 宏宠 袁哀 \
    郝赫 栗粟 福幅 林材 景影 鲁鱼 绿录 阳阴 苗笛 鸿鸡 富宫 康唐 铺捕 矿旷 信倍 圣怪 都部 杏杳 坛运 德得 枫讽 泽择 湖胡 \
    怡治 唐康 岸岩 锦绵 绣锈 银根 曹遭 田由 卞卡 皇星 宋宗末 丁叮 常棠 紫素 荆刑 森淼 龙尤 梧悟 桐铜 尚向 辉挥 翠萃 \
    蒋将 官宫 蔡察 申甲 姜美 乔桥 圃圆 沟钩 张弛 娄类 亭停 台合 祖阻 褚储 马鸟 汪江 赵超 于干 桂挂 香杳 方万 振震 双又 \
    侯候 幸辛 荷苛 韩朝 堂常 能熊 儒懦 玉王 祥样 凤风 凰皇 隆窿 鼎鼐 源原 机杌 化花 流硫 智替 厂广 店占 路璐 道遁";

pub struct Shapes {
    looks: HashMap<char, Vec<char>>,
    pairs: HashSet<(char, char)>,
}

impl Shapes {
    pub fn new() -> Self {
        let mut shapes = Self { looks: HashMap::new(), pairs: HashSet::new() };
        for group in LOOK_ALIKE.split_whitespace() {
            let mut letters = group.chars();
            let Some(meant) = letters.next() else { continue };
            for other in letters {
                shapes.looks.entry(meant).or_default().push(other);
                shapes.pairs.extend([(meant, other), (other, meant)]);
            }
        }
        shapes
    }

    pub fn alike(&self, a: char, b: char) -> bool {
        self.pairs.contains(&(a, b))
    }

    pub fn other(&self, c: char, dice: &mut Dice) -> Option<char> {
        let looks = self.looks.get(&c)?;
        Some(looks[dice.below(looks.len())])
    }
}

/// Simplified characters of the gazetteer and of our own sentences with their traditional forms, the commonest first: OpenCC's tables
/// (STCharacters, Apache-2.0), corrected by hand for names (里, 台 and the surname 栗 stay), with variants of Taiwan, Hong Kong and old prints.
#[rustfmt::skip] // a table
const TRADITIONAL: &str = "与與 业業 东東 个個 丽麗 举舉 么麼 乔喬 书書 乱亂 于于於 云雲 众眾衆 会會 伤傷 侧側 儿兒 兖兗 党黨 兰蘭 兴興 内內 农農 几幾 凤鳳 刘劉 创創 办辦 务務 动動 区區 医醫 \
    华華 单單 占占佔 卢盧 卫衛衞 厂廠 压壓 厕廁 双雙 发發 台臺台 号號 后後 吴吳 回回迴 园園 国國 图圖 圣聖 场場 坏壞 坛壇 墙牆 处處 头頭 娄婁 孙孫 学學 宁寧 实實 宽寬 \
    对對 层層 岗崗 带帶 帮幫 广廣 庄莊 庆慶 庙廟 庞龐 张張 恒恆 户戶 扫掃 报報 时時 机機 杂雜 村村邨 来來 杨楊 枫楓 栋棟 树樹 桥橋 楼樓 气氣 汇匯 污汙 沟溝 没沒 \
    泽澤 济濟 润潤 游遊 满滿 滨濱 灯燈 烟煙菸 烦煩 烧燒 环環 电電 监監 盖蓋 着著 矿礦 秆稈 积積 称稱 粮糧 纪紀 纺紡 线線綫 织織 经經 绣繡綉 绿綠 网網 群群羣 联聯 \
    苏蘇 荆荊 药藥葯 营營 蒋蔣 装裝 许許 设設 诉訴 诗詩 说說 请請 谁誰 贯貫 贸貿 贾賈 赵趙 践踐 车車 软軟 辉輝 边邊 达達 运運 这這 进進 远遠 递遞 邹鄒 郑鄭 里里裡 \
    铁鐵 银銀 铸鑄 铺鋪舖 锦錦 长長 门門 问問 闸閘 阳陽 险險 韩韓 顺順 题題 额額 飞飛 馆館舘 马馬 驿驛 鲁魯 鸿鴻 黄黃 龙龍";

/// A whole text in traditional characters; where there are two forms, one of them for the whole text, as one writer does.
pub fn traditional(text: &str, dice: &mut Dice) -> String {
    let second = dice.percent(30);
    let forms: HashMap<char, Vec<char>> = TRADITIONAL
        .split_whitespace()
        .filter_map(|group| group.chars().next().map(|c| (c, group.chars().skip(1).collect())))
        .collect();
    let write = |c: char| forms.get(&c).map_or(c, |f| f[usize::from(second && f.len() > 1)]);
    text.chars().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_those_of_the_place() {
        let sounds = Sounds::new();
        for (a, b) in [('洸', '光'), ('隆', '龙'), ('苑', '院'), ('行', '杭'), ('庄', '专'), ('闸', '杂'), ('营', '因')]
        {
            assert!(sounds.alike(a, b), "{a}{b}");
        }
        assert!(!sounds.alike('黄', '王') && !sounds.alike('东', '西'));
        assert_eq!(common_characters().len(), 3755);
    }

    #[test]
    fn a_group_has_a_first_form_and_others() {
        for (table, name) in [(LOOK_ALIKE, "shapes"), (TRADITIONAL, "traditional")] {
            let firsts: Vec<char> = table.split_whitespace().filter_map(|g| g.chars().next()).collect();
            assert_eq!(
                firsts.len(),
                firsts.iter().collect::<HashSet<_>>().len(),
                "{name}: a character begins two groups"
            );
            assert!(
                table.split_whitespace().all(|g| g.chars().count() > 1 && !g.chars().any(|c| c != '号' && counts(c))),
                "{name}"
            );
        }
        assert_eq!(traditional("黄庄3号楼", &mut Dice::new(1)), "黃莊3號樓");
    }
}
