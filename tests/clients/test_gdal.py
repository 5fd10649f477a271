"""GDAL, as a stranger with a GIS meets our store: one plain GeoPackage whose layers are there, named, valid and in EPSG:4490."""

import subprocess
import sys
from collections import Counter

import pytest
from osgeo import ogr

ogr.UseExceptions()

LEVELS = {"subdistrict": 5, "community": 38, "grid": 540, "micro": 2623}


@pytest.fixture(scope="module")
def opened(sample_store):
    return ogr.Open(str(sample_store))


def test_there_is_one_layer_a_level_with_every_unit(opened):
    counts = {key: opened.GetLayerByName(key).GetFeatureCount() for key in LEVELS}
    assert counts == LEVELS


@pytest.mark.parametrize("level", LEVELS)
def test_every_unit_is_a_valid_multipolygon_in_epsg_4490(opened, level):
    layer = opened.GetLayerByName(level)
    assert layer.GetSpatialRef().GetAuthorityCode(None) == "4490"
    assert layer.GetGeomType() == ogr.wkbMultiPolygon
    codes = Counter()
    for feature in layer:
        shape = feature.GetGeometryRef()
        assert shape is not None and not shape.IsEmpty() and shape.IsValid(), feature.GetField("code")
        assert feature.GetField("name"), feature.GetField("code")
        codes[feature.GetField("code")] += 1
    assert len(codes) == LEVELS[level] and set(codes.values()) == {1}


def test_each_parent_is_the_union_of_its_children(opened):
    levels = list(LEVELS)
    for upper, lower in zip(levels, levels[1:]):
        children = {}
        for child in opened.GetLayerByName(lower):
            parts = children.setdefault(child.GetField("parent"), ogr.Geometry(ogr.wkbMultiPolygon))
            for part in child.GetGeometryRef():
                parts.AddGeometry(part)
        for parent in opened.GetLayerByName(upper):
            whole, union = parent.GetGeometryRef(), children.pop(parent.GetField("code")).UnionCascaded()
            # The union meets no vertex that the parent lacks, so what differs is rounding in GEOS: some 1e-20 square degrees.
            assert whole.SymmetricDifference(union).GetArea() < 1e-13, parent.GetField("code")
        assert not children, f"{lower} units whose parent is no {upper}: {list(children)}"


@pytest.mark.parametrize("name", ["places", "issues"])
def test_the_points_are_layers_too(opened, name):
    layer = opened.GetLayerByName(name)
    assert layer.GetFeatureCount() > 1000
    assert layer.GetSpatialRef().GetAuthorityCode(None) == "4490"
    west, east, south, north = layer.GetExtent()
    assert 116 < west < east < 117.5 and 35 < south < north < 36
    assert layer.GetNextFeature().GetGeometryRef().GetGeometryType() == ogr.wkbPoint


def test_the_people_are_a_table(opened):
    people = opened.GetLayerByName("people")
    assert people.GetFeatureCount() > 1000
    roles = Counter(person.GetField("role") for person in people)
    assert roles["specialist"] == 1108


def test_a_map_window_is_answered_through_the_spatial_index(opened):
    layer = opened.GetLayerByName("micro")
    every = {f.GetField("code"): f.GetGeometryRef().Clone() for f in layer}
    west, south, east, north = 116.62, 35.41, 116.63, 35.42
    layer.SetSpatialFilterRect(west, south, east, north)
    window = ogr.CreateGeometryFromWkt(f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))")
    assert {f.GetField("code") for f in layer} == {code for code, shape in every.items() if shape.Intersects(window)}
    layer.SetSpatialFilter(None)


def test_the_file_passes_the_validator(sample_store):
    checked = subprocess.run(
        [sys.executable, "-m", "osgeo_utils.samples.validate_gpkg", str(sample_store)],
        capture_output=True, text=True, timeout=600, check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_ogrinfo_lists_the_layers(sample_store):
    listed = subprocess.run(["ogrinfo", "-ro", "-so", str(sample_store)], capture_output=True, text=True, timeout=120, check=True)
    for layer in [*LEVELS, "places", "issues", "people"]:
        assert f": {layer} " in listed.stdout + " " or f": {layer}\n" in listed.stdout, listed.stdout
    assert "ERROR" not in listed.stdout + listed.stderr and "Warning" not in listed.stderr
