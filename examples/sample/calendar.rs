//! Days counted from 2024-11-01, the first of the sample's 24 months.

/// Days from the first to the last day of the issues: 2024-11-01 … 2026-10-31.
pub const DAYS: usize = 730;

/// Year, month, day of a day number.
pub fn date(day: usize) -> (i32, usize, usize) {
    let (mut year, mut month, mut left) = (2024, 11, day);
    loop {
        let n = length(year, month);
        if left < n {
            return (year, month, left + 1);
        }
        left -= n;
        month += 1;
        if month > 12 {
            month = 1;
            year += 1;
        }
    }
}

const fn length(year: i32, month: usize) -> usize {
    match month {
        2 if year % 4 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 0 is Monday. 2024-11-01 was a Friday.
pub const fn weekday(day: usize) -> usize {
    (day + 4) % 7
}

/// `2025-03-01 08:30:00` of a number of minutes after midnight of day 0.
pub fn stamp(minutes: usize, second: usize) -> String {
    let (year, month, day) = date(minutes / 1440);
    format!("{year}-{month:02}-{day:02} {:02}:{:02}:{second:02}", minutes / 60 % 24, minutes % 60)
}
