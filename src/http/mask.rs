//! Names and phones as strangers see them: 张**, 138****1234. A masked value is a type, so that a bare one cannot be sent.

use std::fmt;

use serde::Serialize;

/// A person's name of which only the first character is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MaskedName(String);

/// A phone number whose middle is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MaskedPhone(String);

impl MaskedName {
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.trim().chars().next().map_or_else(String::new, |first| format!("{first}**")))
    }
}

impl MaskedPhone {
    /// The first three and the last four digits of eleven or more; nothing but stars of anything shorter.
    #[must_use]
    pub fn new(phone: &str) -> Self {
        let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
        let count = digits.len();
        Self(match count {
            0 => String::new(),
            1..11 => "*".repeat(count),
            _ => digits[..3].iter().chain(&['*'; 4]).chain(&digits[count - 4..]).collect(),
        })
    }
}

impl fmt::Display for MaskedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MaskedPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_name_and_a_phone() {
        for (name, masked) in [("张三", "张**"), ("欧阳小明", "欧**"), ("𠮷田", "𠮷**"), (" 李四", "李**"), ("", "")]
        {
            assert_eq!(MaskedName::new(name).0, masked);
        }
        for (phone, masked) in [
            ("12812345678", "128****5678"),
            ("+86 128-1234-5678", "861****5678"),
            ("0537-1234", "********"),
            ("12345", "*****"),
            ("", ""),
        ] {
            assert_eq!(MaskedPhone::new(phone).0, masked);
        }
    }
}
