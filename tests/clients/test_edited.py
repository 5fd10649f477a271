"""A thousand random edits, published and read back, judged by GEOS: at every level the exported polygons are a coverage, with no edge that its neighbour lacks."""

import json
import math
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import shapely

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ["subdistrict", "community", "grid", "micro"]
STEP_DEG = 1e-9
STEPS_A_DEGREE = 10**9
# A gap no wider than this, half a millimetre, is no land that anybody left out on purpose.
SLIVER_DEG = 5 * STEP_DEG


@pytest.fixture(scope="module")
def edited(tmp_path_factory):
    """What the example did, and each level's units as shapes. Cargo builds the example with the tests, beside the binary."""
    binary = Path(os.environ.get("WANGGE_BIN", ROOT / "target/release/wangge"))
    example = binary.parent / "examples/edited"
    assert example.exists(), f"{example} is not built: cargo build --release --example edited"
    folder = tmp_path_factory.mktemp("edited")
    done = subprocess.run([example, folder], capture_output=True, text=True, timeout=300, check=True)
    features = {key: json.loads((folder / f"{key}.geojson").read_text())["features"] for key in LEVELS}
    geometries = {key: [json.dumps(f["geometry"]) for f in of_level] for key, of_level in features.items()}
    return json.loads(done.stdout), {key: shapely.from_geojson(each) for key, each in geometries.items()}


def invalid_edges(shapes, gap_width=0.0):
    return sum(1 for edges in shapely.coverage_invalid_edges(shapes, gap_width=gap_width) if not edges.is_empty)


def doubled_area_in_steps(shape):
    """Twice the area in square steps: a whole number, exact. Coordinates are decimal degrees of nine places, so rounding finds their steps."""
    total = 0
    for part in shape.geoms:
        for i, ring in enumerate([part.exterior, *part.interiors]):
            xy = [(round(x * STEPS_A_DEGREE), round(y * STEPS_A_DEGREE)) for x, y in ring.coords]
            doubled = sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(xy, xy[1:]))
            total += -abs(doubled) if i else abs(doubled)
    return total


def test_a_thousand_edits_of_every_kind_were_made(edited):
    told, shapes = edited
    assert sum(told["accepted"].values()) == 1_000
    assert told["version"] == 3 + 20, "published fifty at a time, after the sample's three versions"
    assert [kind for kind, times in told["accepted"].items() if times == 0] == ["Nonsense"]
    assert told["faces_touched"] > 1_000
    assert {key: len(each) for key, each in shapes.items()} == told["units"]


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_is_a_coverage(edited, level):
    shapes = edited[1][level]
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert invalid_edges(shapes) == 0
    assert shapely.coverage_is_valid(shapes, gap_width=SLIVER_DEG)
    assert invalid_edges(shapes, SLIVER_DEG) == 0


def test_every_level_covers_the_same_land(edited):
    exact = {key: sum(map(doubled_area_in_steps, shapes)) for key, shapes in edited[1].items()}
    assert len(set(exact.values())) == 1, exact
    # GEOS sums x * dy in doubles, x from the ring's start; both differences are exact. So a shape errs by less than its vertices × 2⁻⁵³ × the sum
    # of all |x * dy|, which is less than its width × twice its length. Degrees are doubles within 2⁻⁴⁷ of their steps: on the outline that is area.
    whole = exact["micro"] / 2 / STEPS_A_DEGREE**2
    outline = shapely.length(edited[1]["subdistrict"]).sum()
    for key, shapes in edited[1].items():
        west, _, east, _ = shapely.bounds(shapes).T
        sums = shapely.get_num_coordinates(shapes) * 2.0**-53 * (east - west) * 2 * shapely.length(shapes)
        tolerance = sums.sum() + 2 * outline * 2.0**-47
        assert tolerance < 1e-12, "no more than a hundredth of a square metre"
        assert abs(math.fsum(shapely.area(shapes)) - whole) <= tolerance, key


def corners(shape):
    """Every vertex of the shape between the one before it and the one after it: part, ring, place in the ring, the three."""
    for p, part in enumerate(shape.geoms):
        for r, ring in enumerate([part.exterior, *part.interiors]):
            xy = list(ring.coords)
            yield from ((p, r, i, xy[i - 1 : i + 2]) for i in range(1, len(xy) - 1))


def edges(shape):
    return [frozenset(pair) for part in shape.geoms for ring in [part.exterior, *part.interiors] for pair in zip(ring.coords, ring.coords[1:])]


@pytest.mark.parametrize(("upper", "lower"), list(zip(LEVELS, LEVELS[1:])))
def test_an_upper_level_has_no_edge_of_its_own(edited, upper, lower):
    below = {edge for shape in edited[1][lower] for edge in edges(shape)}
    assert [edge for shape in edited[1][upper] for edge in edges(shape) if edge not in below] == []


def with_vertex_moved(shapes, which, at, dx, dy):
    part, ring, i = at
    polygons = [[list(r.coords) for r in [p.exterior, *p.interiors]] for p in shapes[which].geoms]
    x, y = polygons[part][ring][i]
    polygons[part][ring][i] = (x + dx, y + dy)
    changed = shapes.copy()
    changed[which] = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
    return changed


@pytest.mark.parametrize("level", LEVELS)
def test_a_vertex_moved_by_one_step_in_one_polygon_is_found(edited, level):
    """The control: what is asserted above can fail."""
    shapes = edited[1][level]
    owners = {}
    for which, shape in enumerate(shapes):
        for edge in edges(shape):
            owners.setdefault(edge, set()).add(which)
    # Between the same two units on both sides, so that the sliver is closed.
    shared = [
        (which, at)
        for which, shape in enumerate(shapes)
        for *at, (a, b, c) in corners(shape)
        if len(owners[frozenset((a, b))]) == 2 and owners[frozenset((a, b))] == owners[frozenset((b, c))]
    ]
    for k in np.random.default_rng(7).choice(len(shared), 5, replace=False):
        which, at = shared[k]
        answers = []
        for dx, dy in [(STEP_DEG, 0), (-STEP_DEG, 0), (0, STEP_DEG), (0, -STEP_DEG)]:
            moved = with_vertex_moved(shapes, which, at, dx, dy)
            assert shapely.is_valid(moved[which])
            # Towards the neighbour the two overlap; away from it a sliver is nobody's, which GEOS calls valid unless it is asked about gaps.
            answers.append(bool(shapely.coverage_is_valid(moved)))
            assert answers[-1] == (invalid_edges(moved) == 0)
            assert not shapely.coverage_is_valid(moved, gap_width=SLIVER_DEG), (which, at, dx, dy)
        assert not all(answers), (which, at)
