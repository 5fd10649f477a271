//! Numbers straight from bytes and back: the common forms without a detour, with the same result as the long way.

/// Exactly representable powers of ten.
const POWERS: [f64; 19] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];
/// More figures than this could overflow the sum.
const MOST_FIGURES: usize = 18;

/// A plain decimal such as `116.672` or `-35.4`, correctly rounded: one division of two exact numbers (Clinger 1990). `None` for every other
/// text, which may still be a number in another form.
pub(super) fn decimal(text: &[u8]) -> Option<f64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if text.len() > MOST_FIGURES + 1 {
        return None;
    }
    let (mut sum, mut figures, mut point) = (0_u64, 0, None);
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                sum = sum * 10 + u64::from(byte - b'0');
                figures += 1;
            }
            b'.' if point.is_none() => point = Some(figures),
            _ => return None,
        }
    }
    if figures == 0 || figures > MOST_FIGURES || sum > 1 << 53 {
        return None;
    }
    let value = sum as f64 / POWERS[figures - point.unwrap_or(figures)];
    Some(if negative { -value } else { value })
}

/// Writes metres to the millimetre (`454.182`); nothing for what is not finite. Rounded half away from zero, as the answers over HTTP are.
pub(in crate::exchange) fn write_metres(out: &mut Vec<u8>, metres: f64) {
    let thousandths = (metres * 1000.0).round();
    if !(0.0..1e18).contains(&thousandths) {
        return;
    }
    let (mut left, mut text, mut at) = (thousandths as u64, [0_u8; 24], 24);
    for figure in 0.. {
        if figure > 3 && left == 0 {
            break;
        }
        at -= 1;
        if figure == 3 {
            text[at] = b'.';
            at -= 1;
        }
        text[at] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    out.extend_from_slice(&text[at..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    #[test]
    fn plain_decimals_are_read_and_other_forms_left() {
        for text in ["116.672", "-0", "0", "5.", ".5", "-.25", "000035.4", "9007199254740992", "0.00000000000000001"] {
            let (read, want) = (decimal(text.as_bytes()), text.parse::<f64>());
            assert_eq!(read.map(f64::to_bits), want.ok().map(f64::to_bits), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "+1",
            "1e5",
            "--1",
            "1.2.3",
            "inf",
            "NaN",
            " 1",
            "1 ",
            "9007199254740993",
            "0.000000000000000001",
            "１",
        ] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn metres_have_three_places() {
        for (metres, want) in [
            (0.0, "0.000"),
            (0.0004, "0.000"),
            (0.0005, "0.001"),
            (1.0, "1.000"),
            (454.1819, "454.182"),
            (12_345_678.9, "12345678.900"),
            (f64::INFINITY, ""),
            (f64::NAN, ""),
            (-1.0, ""),
            (1e300, ""),
        ] {
            let mut out = Vec::new();
            write_metres(&mut out, metres);
            assert_eq!(out, want.as_bytes(), "{metres}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, rng_seed: RngSeed::Fixed(370_871), failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_decimal_is_what_the_standard_library_reads(text in "-?[0-9]{0,12}\\.?[0-9]{0,12}") {
            if let Some(read) = decimal(text.as_bytes()) {
                prop_assert_eq!(read.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }

        #[test]
        fn metres_are_written_as_the_long_way_writes_them(thousandths in 0_u64..1_000_000_000_000) {
            let mut out = Vec::new();
            let metres = thousandths as f64 / 1000.0;
            write_metres(&mut out, metres);
            prop_assert_eq!(String::from_utf8(out).unwrap(), format!("{metres:.3}"));
        }
    }
}
