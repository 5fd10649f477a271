//! Numbers where a number is expected: 5, ５, 五, 十二, 四0一, 叁, 幺. What is a name (三郭, 二十里铺) never comes here.

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub value: u32,
    /// How many characters it took.
    pub chars: usize,
}

/// Beyond this it is no number of a house.
const MOST: u32 = 999_999;

/// The digit or the power of ten that a character says.
#[must_use]
pub const fn digit(c: char) -> Option<u32> {
    Some(match c {
        '0'..='9' => c as u32 - '0' as u32,
        '〇' | '零' | '○' => 0,
        '一' | '壹' | '幺' => 1,
        '二' | '贰' | '两' | '俩' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        '十' | '拾' => 10,
        '廿' => 20,
        '百' | '佰' => 100,
        _ => return None,
    })
}

/// The number at the beginning of `chars`.
#[must_use]
pub fn number(chars: &[char]) -> Option<Number> {
    let digits: Vec<u32> = chars.iter().take(9).map_while(|c| digit(*c)).collect();
    if digits.is_empty() {
        return None;
    }
    let value = if digits.iter().any(|d| *d >= 10) { spoken(&digits)? } else { written(&digits)? };
    (value <= MOST).then_some(Number { value, chars: digits.len() })
}

/// Digit by digit: 四0一.
fn written(digits: &[u32]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |value, digit| value.checked_mul(10)?.checked_add(*digit))
}

/// With tens and hundreds: 十二, 一百零三, 廿五, 2十.
fn spoken(digits: &[u32]) -> Option<u32> {
    let (mut whole, mut part) = (0_u32, None::<u32>);
    for digit in digits {
        match digit {
            10 | 100 => {
                whole = whole.checked_add(part.take().unwrap_or(1).checked_mul(*digit)?)?;
            }
            20 => whole = whole.checked_add(20)?,
            _ => part = Some(part.unwrap_or(0).checked_mul(10)?.checked_add(*digit)?),
        }
    }
    whole.checked_add(part.unwrap_or(0))
}

/// A number up to 999 as it is spoken, for the other spelling of names that hold one.
#[must_use]
pub fn in_words(value: u32) -> String {
    const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let word = |digit: u32| DIGITS[(digit % 10) as usize];
    let tens = |value: u32, first: bool| match (value / 10 % 10, value % 10) {
        (0, ones) => word(ones).to_owned(),
        (1, 0) if first => "十".to_owned(),
        (1, ones) if first => format!("十{}", word(ones)),
        (tens, 0) => format!("{}十", word(tens)),
        (tens, ones) => format!("{}十{}", word(tens), word(ones)),
    };
    match (value / 100 % 10, value % 100) {
        (0, rest) => tens(rest, true),
        (hundreds, 0) => format!("{}百", word(hundreds)),
        (hundreds, rest @ 1..=9) => format!("{}百零{}", word(hundreds), word(rest)),
        (hundreds, rest) => format!("{}百{}", word(hundreds), tens(rest, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_said() {
        for (text, value, chars) in [
            ("5号楼", 5, 1),
            ("五号楼", 5, 1),
            ("十二栋", 12, 2),
            ("二十号", 20, 2),
            ("二十三号", 23, 3),
            ("四0一室", 401, 3),
            ("一百零三", 103, 4),
            ("叁单元", 3, 1),
            ("幺五", 15, 2),
            ("廿五", 25, 2),
            ("1201", 1201, 4),
        ] {
            let chars_of: Vec<char> = text.chars().collect();
            assert_eq!(number(&chars_of), Some(Number { value, chars }), "{text}");
        }
        assert_eq!(number(&['楼']), None);
        assert_eq!(number(&['9'; 9]), None, "no house has such a number");
        assert_eq!(number(&"99999999百".chars().collect::<Vec<_>>()), None, "nor one beyond what is counted with");
    }

    #[test]
    fn words_and_numbers_are_the_same() {
        for value in 1..1000 {
            let words: Vec<char> = in_words(value).chars().collect();
            assert_eq!(number(&words).map(|n| n.value), Some(value), "{words:?}");
        }
    }
}
