//! The sample district under edits: it stays valid, and an index that follows the deltas is the index built anew.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use wangge::coverage::edit::Workbench;
use wangge::coverage::{Coverage, Delta, FaceId, LatticePoint, canonical, validate};
use wangge::locate::Locator;
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

fn within(random: &mut Seeded, (low, high): (LatticePoint, LatticePoint)) -> LatticePoint {
    LatticePoint::new(random.between(low.x, high.x), random.between(low.y, high.y))
}

#[test]
fn two_thousand_edits_keep_the_sample_valid_and_its_index_true() {
    let base = sample();
    let base_bytes = canonical::bytes(&base);
    let (mut followed, mut in_batches) = (Locator::new(&base), Locator::new(&base));
    let mut random = Seeded(32);
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
        followed.update(coverage, &applied.delta);
        let bounds = applied.delta.bounds.expect("every edit says where it was");
        batch.join(applied.delta.clone());
        log.push(applied);
        if log.len() % EVERY == 0 {
            assert_eq!(validate::faults(coverage), vec![]);
            reads_back(coverage);
            holes_lie_in_their_faces(coverage);
            delta_is_honest(&before, coverage, &batch);
            before = coverage.clone();
            in_batches.update(coverage, &std::mem::take(&mut batch));
            let (anew, all) = (Locator::new(coverage), coverage.bounds().expect("a district"));
            for i in 0..20_000 {
                let p = within(&mut random, if i % 2 == 0 { all } else { bounds });
                let owner = anew.owner(p);
                assert_eq!((followed.owner(p), in_batches.owner(p)), (owner, owner), "{p:?} after {} edits", log.len());
            }
        }
    }
    eprintln!("accepted: {accepted:?}");
    for applied in log.iter().rev() {
        bench.apply(&applied.inverse).unwrap();
    }
    assert!(canonical::bytes(bench.coverage()) == base_bytes);
}
