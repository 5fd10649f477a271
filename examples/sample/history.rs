//! The boundary versions before today's: 王因's grids undivided, then divided; then one micro-grid handed to the grid next door.

use std::collections::BTreeSet;

use super::mesh::FaceId;
use super::specials::is_neat;
use super::units::District;
use super::write::Table;

/// A micro-grid that is at home in its grid and would have been in the neighbouring one: (micro, the other grid).
fn transferred(district: &District) -> Option<(usize, usize)> {
    let mesh = &district.part.mesh;
    let faces = |grid: usize, without: usize| -> BTreeSet<FaceId> {
        let own = district.micros.iter().enumerate().filter(|(i, m)| m.grid == grid && *i != without);
        own.flat_map(|(_, m)| m.faces.iter().copied()).collect()
    };
    for (i, micro) in district.micros.iter().enumerate() {
        let community = district.grids[micro.grid].community;
        if district.communities[community].sub != 1 || mesh.holes(micro.faces[0]).next().is_some() {
            continue;
        }
        for other in 0..district.grids.len() {
            let grid = &district.grids[other];
            if other == micro.grid || grid.community != community || grid.special {
                continue;
            }
            let rest = faces(micro.grid, i);
            let mut with = faces(other, usize::MAX);
            with.extend(&micro.faces);
            if rest.len() >= 3 && is_neat(mesh, &rest) && is_neat(mesh, &with) {
                return Some((i, other));
            }
        }
    }
    None
}

pub fn tables(district: &District) -> [(&'static str, Table); 2] {
    let mut versions = Table::new(&["version", "effective", "document", "note"]);
    for row in [
        ["1", "2024-03-01", "示例文件〔2024〕3号", "三级网格划定;王因街道的84个三级网格尚未细分"],
        ["2", "2025-03-01", "示例文件〔2025〕7号", "王因街道的84个三级网格细分为335个微网格"],
        ["3", "2026-06-01", "示例文件〔2026〕11号", "柳行街道一个微网格划归相邻三级网格"],
    ] {
        versions.row(&row.map(str::to_owned));
    }
    let mut lineage = Table::new(&["version", "kind", "old", "new"]);
    for micro in district.micros.iter().filter(|m| district.sub_of(m) == 3) {
        let grid = &district.grids[micro.grid].code;
        lineage.row(&["2".into(), "split".into(), format!("{grid}000"), micro.code.clone()]);
    }
    if let Some((micro, other)) = transferred(district) {
        let before = district.micros.iter().filter(|m| m.grid == other).count();
        let old = format!("{}{:03}", district.grids[other].code, before + 1);
        lineage.row(&["3".into(), "transfer".into(), old, district.micros[micro].code.clone()]);
    }
    [("versions.csv", versions), ("lineage.csv", lineage)]
}
