//! Any bytes as objects, one a line: each line is answered once, by an object that has its members and six more.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::IgnoredAny;
use wangge::exchange::points::{Form, Found, ObjectForm, Wanted};
use wangge::locate::Outcome;

/// The answers; other members may be anything.
#[derive(Deserialize)]
struct Answered {
    code: Option<String>,
    name: Option<String>,
    chain: Option<String>,
    distance_m: Option<f64>,
    outcome: String,
    error: Option<String>,
}

fuzz_target!(|data: &[u8]| {
    let [step, lines @ ..] = data else { return };
    let form = Form::Objects(ObjectForm::new(&Wanted::default()));
    let owner = form.owner_cells("370", "a \"b\"\n", "上 > 下");
    let find = |x: f64, y: f64| {
        assert!(x.is_finite() && y.is_finite());
        if x < 0.0 {
            return Err("less than \"nothing\"".to_owned());
        }
        Ok(Found { owner: &owner, distance_m: x, outcome: Outcome::OnBoundary, neighbours: Vec::new() })
    };
    let mut find = |asked: &[(f64, f64)]| asked.iter().map(|&(x, y)| find(x, y)).collect();
    let mut cutter = form.cutter(1 << 20, 1);
    let (mut out, mut rows) = (Vec::new(), 0);
    for piece in lines.chunks(usize::from(*step) + 1) {
        cutter.push(piece).expect("no line is that long");
        if let Some(block) = cutter.take() {
            let part = form.answer(&block, &mut find);
            rows += part.rows;
            out.extend(part.bytes);
        }
    }
    if let Some(block) = cutter.finish() {
        let part = form.answer(&block, &mut find);
        rows += part.rows;
        out.extend(part.bytes);
    }
    let asked = lines.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    assert_eq!(rows as usize, asked, "each line once");
    let answers: Vec<&[u8]> = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!(answers.len(), asked);
    for line in answers {
        let answer: Answered =
            serde_json::from_slice(line).unwrap_or_else(|fault| panic!("{fault}: {}", String::from_utf8_lossy(line)));
        let found = answer.outcome == "boundary";
        assert!(found || answer.outcome == "error");
        assert_eq!(found, answer.code.is_some() && answer.name.is_some() && answer.chain.is_some());
        assert_eq!(found, answer.error.is_none());
        assert!(found || answer.distance_m.is_none());
        let _: IgnoredAny = serde_json::from_slice(line).expect("JSON");
    }
});
