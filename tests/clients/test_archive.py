"""Archives of tiles, as strangers read them: the web's own reader, GDAL old and new, and SQLite – every tile, beside what the service answers."""

import gzip
import json
import sqlite3
import subprocess
import urllib.request
from pathlib import Path

import pyogrio
import pytest
from osgeo import gdal, ogr

ogr.UseExceptions()

HERE = Path(__file__).resolve().parent
SETS = ["units", "places"]
ZOOMS = range(9, 15)


@pytest.fixture(scope="module")
def origin(sample_service):
    return sample_service


@pytest.fixture(scope="module")
def archives(wangge, sample_store, tmp_path_factory):
    """One of each format, of the same tiles."""
    folder = tmp_path_factory.mktemp("archives")
    made = {name: folder / f"sample.{name}" for name in ["pmtiles", "mbtiles"]}
    for name, out in made.items():
        wangge(
            "export", "--store", sample_store, "--format", name, "--set", ",".join(SETS),
            "--min-zoom", ZOOMS[0], "--max-zoom", ZOOMS[-1], "--out", out,
        )
    assert sorted(folder.iterdir()) == sorted(made.values()), "nothing else is left"
    return made


@pytest.fixture(scope="module")
def read(archives, origin):
    """What the readers of the web found in the PMTiles; they end with a fault at the first tile that differs from the service's."""
    done = subprocess.run(
        ["node", HERE / "archive.mjs", archives["pmtiles"], origin, *SETS], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_web_finds_every_tile_as_the_service_answers_it(read):
    header = read["header"]
    assert (header["minZoom"], header["maxZoom"], header["clustered"]) == (ZOOMS[0], ZOOMS[-1], True)
    assert read["tiles"] == header["numAddressedTiles"] > 150
    assert read["outside"] == 0
    assert header["numTileContents"] < header["numTileEntries"] <= header["numAddressedTiles"]
    described = {layer["id"] for layer in read["metadata"]["vector_layers"]}
    found = {layer for of_zoom in read["features"].values() for layer in of_zoom}
    assert found == described >= {"subdistrict", "community", "grid", "micro", "boundaries", "labels", "places"}
    assert "示例数据" in read["metadata"]["description"]


@pytest.mark.parametrize("zoom", [ZOOMS[0], ZOOMS[-1]])
def test_gdal_reads_the_mbtiles_with_the_same_features(archives, read, zoom):
    opened = gdal.OpenEx(str(archives["mbtiles"]), gdal.OF_VECTOR, open_options=[f"ZOOM_LEVEL={zoom}", "CLIP=NO"])
    layers = [opened.GetLayer(i) for i in range(opened.GetLayerCount())]
    found = {layer.GetName(): sum(1 for _ in layer) for layer in layers}
    assert {name: count for name, count in found.items() if count} == read["features"][str(zoom)]


def test_newer_gdal_reads_the_pmtiles_with_the_same_features(archives, read):
    zoom = ZOOMS[-1]
    for name, count in read["features"][str(zoom)].items():
        meta, _, geometry, fields = pyogrio.raw.read(archives["pmtiles"], layer=name, CLIP="NO", ZOOM_LEVEL=str(zoom))
        assert len(geometry) == count, name
        if name == "micro":
            assert {"code", "name", "parent", "households"} <= set(meta["fields"])
            codes = set(fields[list(meta["fields"]).index("code")])
            assert len(codes) == 2623, "every unit of the lowest level"


def test_the_rows_of_the_mbtiles_are_those_of_its_specification(archives, read, origin):
    database = sqlite3.connect(archives["mbtiles"])
    assert database.execute("PRAGMA application_id").fetchone() == (0x4D504258,)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",), "one file, no log beside it"
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    metadata = dict(database.execute("SELECT name, value FROM metadata"))
    assert metadata["format"] == "pbf"
    assert (int(metadata["minzoom"]), int(metadata["maxzoom"])) == (ZOOMS[0], ZOOMS[-1])
    assert [float(n) for n in metadata["bounds"].split(",")] == pytest.approx([read["header"][k] for k in ["minLon", "minLat", "maxLon", "maxLat"]])
    assert json.loads(metadata["json"])["vector_layers"] == read["metadata"]["vector_layers"]
    assert database.execute("SELECT count(*) FROM tiles").fetchone() == (read["tiles"],)
    assert database.execute("SELECT count(*) FROM images").fetchone() == (read["header"]["numTileContents"],)
    z = ZOOMS[2]
    for column, row, tile in database.execute("SELECT tile_column, tile_row, tile_data FROM tiles WHERE zoom_level = ?", (z,)):
        assert tile[:2] == b"\x1f\x8b", "gzip, not zlib"
        answers = [urllib.request.urlopen(f"{origin}/tiles/{name}/{z}/{column}/{2**z - 1 - row}.mvt", timeout=30) for name in SETS]
        assert gzip.decompress(tile) == b"".join(answer.read() for answer in answers)


def test_pictures_are_pictures_to_gdal(wangge, sample_store, origin, tmp_path):
    out = tmp_path / "picture.mbtiles"
    wangge("export", "--store", sample_store, "--format", "mbtiles", "--style", "district", "--min-zoom", 10, "--max-zoom", 12, "--out", out)
    opened = gdal.Open(str(out))
    assert opened.RasterCount >= 3 and opened.GetRasterBand(1).GetOverviewCount() == 2
    low, high = opened.GetRasterBand(1).ComputeRasterMinMax()
    assert high - low > 50, "something is drawn"
    database = sqlite3.connect(out)
    z, column, row, tile = database.execute("SELECT * FROM tiles ORDER BY zoom_level DESC LIMIT 1").fetchone()
    assert urllib.request.urlopen(f"{origin}/tiles/district/{z}/{column}/{2**z - 1 - row}.png", timeout=60).read() == tile
