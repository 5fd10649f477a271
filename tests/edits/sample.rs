//! The sample district under edits: it stays valid, and deltas say what has changed.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use wangge::coverage::edit::Workbench;
use wangge::coverage::{Coverage, Delta, FaceId, canonical, validate};
use wangge::service::import::{Sources, import};
use wangge::store::GeoPackage;

use crate::partition::Seeded;
use crate::proposals::{Kind, Proposer};
use crate::walk::{delta_is_honest, doubled_area, holes_lie_in_their_faces, reads_back};

const EDITS: usize = 2_000;
const EVERY: usize = 200;

fn sample() -> Coverage {
    let folder = tempfile::tempdir().expect("a folder of its own");
    let district = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample/district.toml");
    let sources = Sources { district, ..Sources::default() };
    let mut store = GeoPackage::at(&folder.path().join("sample.gpkg"));
    let imported = import(&sources, &mut store, Timestamp::UNIX_EPOCH, &mut |_| ()).expect("the sample imports");
    imported.contents.coverage
}

#[test]
fn two_thousand_edits_keep_the_sample_valid_and_can_be_undone() {
    let base = sample();
    let base_bytes = canonical::bytes(&base);
    let mut before = base.clone();
    let mut bench = Workbench::new(base);
    let mut proposer = Proposer { random: Seeded(31), next_id: 1 << 40, faces: bench.coverage().faces().len() };
    let (mut log, mut batch) = (Vec::new(), Delta::default());
    let mut accepted: BTreeMap<Kind, usize> = BTreeMap::new();
    while log.len() < EDITS {
        let Some((kind, edit)) = proposer.propose(bench.coverage()) else { continue };
        let area = doubled_area(bench.coverage());
        let Ok(applied) = bench.apply(&edit) else { continue };
        let coverage = bench.coverage();
        *accepted.entry(kind).or_default() += 1;
        assert!(applied.touched.contains(&FaceId(0)) || doubled_area(coverage) == area, "{edit:?}");
        assert!(applied.delta.bounds.is_some(), "every edit says where it was");
        batch.join(applied.delta.clone());
        log.push(applied);
        if log.len() % EVERY == 0 {
            assert_eq!(validate::faults(coverage), vec![]);
            reads_back(coverage);
            holes_lie_in_their_faces(coverage);
            delta_is_honest(&before, coverage, &batch);
            before = coverage.clone();
            batch = Delta::default();
        }
    }
    eprintln!("accepted: {accepted:?}");
    for applied in log.iter().rev() {
        bench.apply(&applied.inverse).unwrap();
    }
    assert!(canonical::bytes(bench.coverage()) == base_bytes);
}
