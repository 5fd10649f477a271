//! Numbers as they are written: from an integer, where that is certain to be what the general way writes, which takes several times as long.

use std::io::Write;

use super::answer::rounded;

/// Decimals of what people and instruments write: degrees to 0.1 mm, metres.
const USUAL: usize = 9;
/// Numbers of fifteen digits are all told apart from each other, so none of them has a shorter text.
const CERTAIN: f64 = 1e15;
/// Room for the longest that is written from an integer.
const LONGEST: usize = 32;

/// Appends the shortest digits that read as this number, as serde writes them; `null` if there are none.
pub(super) fn number(out: &mut Vec<u8>, value: f64) {
    let units = in_units::<USUAL>(value).filter(|units| *units as f64 / per_whole(USUAL) as f64 == value.abs());
    match units {
        Some(units) => shortest::<USUAL>(out, value, units),
        None => any(out, value),
    }
}

/// Appends what [`number`] writes of a number rounded to so many decimals, at most [`USUAL`].
pub(super) fn rounded_to<const DECIMALS: usize>(out: &mut Vec<u8>, value: f64) {
    match in_units::<DECIMALS>(value) {
        Some(units) => shortest::<DECIMALS>(out, value, units),
        None => any(out, rounded(value, DECIMALS as i32)),
    }
}

/// Appends the digits of `{value:.DECIMALS$}`, for at most [`USUAL`]: from an integer away from ties, which the formatter settles by the digits of the
/// binary number itself.
pub(super) fn decimal<const DECIMALS: usize>(out: &mut Vec<u8>, value: f64) {
    /// Below this the product errs by less than 10⁻⁵.
    const CERTAIN: f64 = (1u64 << 36) as f64;
    let scaled = value.abs() * const { per_whole(DECIMALS) as f64 };
    let down = scaled as u64;
    let part = scaled - down as f64;
    if scaled < CERTAIN && (part - 0.5).abs() >= 1e-5 {
        figures::<DECIMALS>(out, value.is_sign_negative(), down + u64::from(part > 0.5), 0);
    } else {
        let _ = write!(out, "{value:.DECIMALS$}");
    }
}

const fn per_whole(decimals: usize) -> u64 {
    10u64.pow(decimals as u32)
}

/// How many units of the last place a number is, rounded as [`f64::round`] does; `None` where the digits of that are not for certain the shortest.
fn in_units<const DECIMALS: usize>(value: f64) -> Option<u64> {
    let scaled = value.abs() * const { per_whole(DECIMALS) as f64 };
    if scaled.is_nan() || scaled >= CERTAIN {
        return None;
    }
    let down = scaled as u64;
    let units = down + u64::from(scaled - down as f64 >= 0.5);
    // Smaller ones may be written with an exponent, and nothing has a sign of its own.
    (units >= const { per_whole(DECIMALS).div_ceil(100) }).then_some(units)
}

fn shortest<const DECIMALS: usize>(out: &mut Vec<u8>, value: f64, units: u64) {
    figures::<DECIMALS>(out, value.is_sign_negative(), units, DECIMALS - 1);
}

/// Appends so many units of the last of `DECIMALS` places, without zeros at the end, but for those that do not count.
fn figures<const DECIMALS: usize>(out: &mut Vec<u8>, is_negative: bool, units: u64, most_zeros: usize) {
    const { assert!(DECIMALS >= 1 && DECIMALS <= USUAL) };
    let (mut text, mut at) = ([b'.'; LONGEST], LONGEST - DECIMALS);
    let (mut whole, mut part) = (units / const { per_whole(DECIMALS) }, (units % const { per_whole(DECIMALS) }) as u32);
    for digit in text[at..].iter_mut().rev() {
        *digit = b'0' + (part % 10) as u8;
        part /= 10;
    }
    let zeros = text[LONGEST - most_zeros..].iter().rev().take_while(|digit| **digit == b'0').count();
    at -= 1;
    loop {
        at -= 1;
        text[at] = b'0' + (whole % 10) as u8;
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    if is_negative {
        at -= 1;
        text[at] = b'-';
    }
    out.extend_from_slice(&text[at..LONGEST - zeros]);
}

fn any(out: &mut Vec<u8>, value: f64) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, &value);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random ones of all sizes, those that lie on or beside a tie, round ones, and the ends of what is certain.
    fn values() -> Vec<f64> {
        let mut random: u64 = 20_260_101;
        let mut values =
            vec![0.0, -0.0, 1e-9, -1e-9, 0.5, 0.000_000_05, 1.0 / 1024.0, 2.5e-7, 9.999_999_95, 1e300, 5e-324];
        values.extend([
            0.49999999999999994,
            0.000_499_999_999_999_999_9,
            1e5,
            1e6,
            999_999.999_999_999,
            1e12,
            1e15,
            1e16,
        ]);
        values.extend([
            0.01,
            0.009_999_999_99,
            0.001,
            0.000_9,
            1e-5,
            123_456_789_012_345.68,
            f64::MAX,
            f64::MIN_POSITIVE,
        ]);
        values.extend([
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            68_719_476_735.0,
            68_719.476_735_5,
            -179.999_999_999,
        ]);
        for i in 0..200_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let share = (random >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
            let value = share * [360.0, 2e8, 4e7, 1e-5, 2.0, 2e15][i % 6];
            let decimals = 10f64.powi((i % 13) as i32);
            values.extend([value, (value * 1e7).floor() / 1e7 + 0.5e-7, (value * 2048.0).round() / 2048.0]);
            values.extend([(value * decimals).round() / decimals, f64::from_bits(random)]);
        }
        values
    }

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("is text")
    }

    #[test]
    fn decimals_are_the_formatters() {
        for value in values() {
            assert_eq!(text(|out| decimal::<3>(out, value)), format!("{value:.3}"));
            assert_eq!(text(|out| decimal::<7>(out, value)), format!("{value:.7}"));
        }
    }

    #[test]
    fn numbers_are_serdes() {
        let mut from_integers = 0;
        for value in values() {
            let serde = |value: f64| serde_json::to_string(&value).expect("is a number or null");
            assert_eq!(text(|out| number(out, value)), serde(value), "{value:?}");
            assert_eq!(text(|out| rounded_to::<3>(out, value)), serde(rounded(value, 3)), "{value:?}");
            assert_eq!(text(|out| rounded_to::<9>(out, value)), serde(rounded(value, 9)), "{value:?}");
            from_integers += usize::from(in_units::<9>(value).is_some());
        }
        assert!(from_integers > 250_000, "{from_integers}");
    }
}
