"""QGIS, as those who sit at it use us: it finds our layers, draws our tiles and pictures, asks whose a place is, opens our files – and sees what we draw."""

import csv
import json
import math
import os
import subprocess
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from osgeo import ogr
from pictures import LEVELS, fetched, get_map, land_and_line, pixels, placed, window

ogr.UseExceptions()

HERE = Path(__file__).resolve().parent
# How many digits of a code name the unit of a level in the sample.
DIGITS = dict(zip(LEVELS, [9, 12, 15, 18]))
# Half the side of the square world of Web Mercator, in metres.
HALF_M = 20_037_508.342789244
TILE_PX = 256


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Hands jobs to a QGIS that has a profile of its own and no screen, and returns its answers; see qgis_desk.py."""
    folder = tmp_path_factory.mktemp("qgis")
    folder.chmod(0o700)
    environment = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder),
        "QT_QPA_PLATFORM": "offscreen", "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile"),
    }  # fmt: skip
    answers = folder / "answers.json"

    def work(*jobs):
        pictures = [folder / f"{i}.png" for i, job in enumerate(jobs) if job["do"] == "draw"]
        asked = [job | {"out": str(folder / f"{i}.png")} if job["do"] == "draw" else job for i, job in enumerate(jobs)]
        for left in [answers, *pictures]:
            left.unlink(missing_ok=True)
        done = subprocess.run(
            ["/usr/bin/python3", HERE / "qgis_desk.py", answers],
            input=json.dumps(asked), env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"QGIS ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        told = json.loads(answers.read_text())
        for i, (job, answer) in enumerate(zip(jobs, told)):
            if job["do"] == "draw":
                assert answer["errors"] == [] and answer["extent"] == pytest.approx(job["extent"], rel=1e-9)
                answer["pixels"] = pixels((folder / f"{i}.png").read_bytes())
                assert answer["pixels"].shape[:2] == (job["size"][1], job["size"][0])
        return told

    return work


@pytest.fixture(scope="module")
def codes(sample_store):
    """The codes of each level's units."""
    store = ogr.Open(str(sample_store))
    return {level: sorted(f.GetField("code") for f in store.GetLayerByName(level)) for level in LEVELS}


class Tiles:
    """Whole tiles of one zoom of a pyramid: a view that lies on its pixels."""

    def __init__(self, tiles, z, degrees):
        self.tiles, self.z = tiles, z
        self.crs = "EPSG:3857" if tiles == "WebMercatorQuad" else "EPSG:4490"
        (left, top), side = ((-HALF_M, HALF_M), 2 * HALF_M / 2**z) if tiles == "WebMercatorQuad" else ((-180.0, 90.0), 360 / 2**z)
        west, south, east, north = window(self.crs, degrees)
        self.columns = range(math.floor((west - left) / side), math.ceil((east - left) / side))
        self.rows = range(math.floor((top - north) / side), math.ceil((top - south) / side))
        self.extent = [
            left + self.columns.start * side, top - self.rows.stop * side, left + self.columns.stop * side, top - self.rows.start * side,
        ]  # fmt: skip
        self.size = [len(self.columns) * TILE_PX, len(self.rows) * TILE_PX]

    def ours(self, address):
        """The pictures that an address with {z}, {x}, {y} answers, put together."""
        return np.vstack([
            np.hstack([pixels(fetched(address.format(z=self.z, x=x, y=y))[0]) for x in self.columns]) for y in self.rows
        ])  # fmt: skip

    def view(self, *layers, **more):
        return {"do": "draw", "layers": list(layers), "crs": self.crs, "extent": self.extent, "size": self.size} | more


WHOLE = (116.5997389, 35.3264721, 116.7984561, 35.5298074)
DISTRICT, TOWN = Tiles("WebMercatorQuad", 12, WHOLE), Tiles("WebMercatorQuad", 15, (116.63, 35.40, 116.655, 35.42))
SHOWN = {"subdistrict": DISTRICT, "community": DISTRICT, "grid": TOWN, "micro": TOWN}


def vector_tiles(address, level, colours):
    """As the address is written into the dialog for a vector tile layer."""
    return {"provider": "vectortile", "uri": f"type=xyz&zmin=4&zmax=16&url={quote(address)}", "fills": {"layer": level, "colours": colours}}


def numbered(codes):
    """A colour for each unit, and the unit of each colour from 1; 0 is nothing."""
    colours = {code: f"#{(i + 1) * 97:06x}" for i, code in enumerate(codes)}

    def of(picture):
        colour = picture[..., 0].astype(int) << 16 | picture[..., 1].astype(int) << 8 | picture[..., 2]
        assert set(np.unique(picture[..., 3])) <= {0, 255} and not (colour % 97)[picture[..., 3] == 255].any(), "plain colours"
        return np.where(picture[..., 3] == 255, colour // 97, 0)

    return colours, of


def owners(wangge, store, folder, tiles):
    """The code of the lowest unit that owns the middle of each pixel, as we answer it; empty where nobody does."""
    (west, _, _, north), (width, height) = tiles.extent, tiles.size
    step = (tiles.extent[2] - west) / width
    lons = (west + (np.arange(width) + 0.5) * step) / HALF_M * 180
    lats = np.degrees(2 * np.arctan(np.exp((north - (np.arange(height) + 0.5) * step) / HALF_M * math.pi)) - math.pi / 2)
    points, found = folder / "points.csv", folder / "owners.csv"
    points.write_text("lon,lat\n" + "".join(f"{lon:.9f},{lat:.9f}\n" for lat in lats for lon in lons))
    wangge("locate", "--store", store, "--input", points, "--output", found)
    with open(found, encoding="utf-8-sig", newline="") as rows:
        return np.array([row["code"] for row in csv.DictReader(rows)]).reshape(height, width)


@pytest.fixture(scope="module")
def owned(wangge, sample_store, tmp_path_factory):
    return {tiles: owners(wangge, sample_store, tmp_path_factory.mktemp("owners"), tiles) for tiles in [DISTRICT, TOWN]}


def around(numbers):
    """A picture and its eight neighbours: each shifted by a pixel."""
    height, width = numbers.shape
    wider = np.pad(numbers, 1, mode="edge")
    return [wider[dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)]


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


@pytest.mark.parametrize("level", LEVELS)
def test_each_unit_of_our_vector_tiles_is_where_we_say_it_is(desk, sample_service, owned, codes, level):
    tiles = SHOWN[level]
    colours, unit_of = numbered(codes[level])
    address = f"{sample_service}/tiles/units/{{z}}/{{x}}/{{y}}.mvt"
    (seen,) = desk(tiles.view(vector_tiles(address, level, colours)))
    assert seen["layers"][0]["crs"] == "EPSG:3857"
    drawn = unit_of(seen["pixels"])
    number = {code: i + 1 for i, code in enumerate(codes[level])} | {"": 0}
    leaves, which = np.unique(owned[tiles], return_inverse=True)
    ours = np.array([number[code[: DIGITS[level]]] for code in leaves])[which].reshape(drawn.shape)
    shown = [unit for unit in np.unique(ours) if unit]
    assert len(shown) >= {"subdistrict": 5, "community": 38, "grid": 70, "micro": 300}[level]
    assert overlap(ours > 0, drawn > 0) >= 0.999
    # Not one pixel of ground between neighbours …
    near = around(ours)
    inner = np.all([at > 0 for at in near], axis=0)
    assert not (inner & (drawn == 0)).any()
    # … and a pixel is another's only where the line runs through it: tiles have whole steps, sixteen to a pixel of theirs.
    wrong, edge = drawn != ours, np.any([at != ours for at in near], axis=0)
    assert not (wrong & ~np.any([at == drawn for at in near], axis=0)).any()
    assert wrong.sum() <= 0.05 * edge.sum()
    worst = {codes[level][unit - 1]: overlap(ours == unit, drawn == unit) for unit in shown if (ours == unit).sum() >= 1000}
    least = 0.99 if level != "micro" else 0.96
    assert min(worst.values()) >= least, sorted(worst.items(), key=lambda pair: pair[1])[:5]
    assert np.mean(list(worst.values())) >= 0.99


def test_the_land_of_our_vector_tiles_is_that_of_our_picture(desk, sample_service, codes):
    address = f"{sample_service}/tiles/units/{{z}}/{{x}}/{{y}}.mvt"
    (seen,) = desk(DISTRICT.view(vector_tiles(address, "micro", dict.fromkeys(codes["micro"], "#000000"))))
    ours, _ = get_map(sample_service, DISTRICT.crs, DISTRICT.extent, DISTRICT.size, TRANSPARENT="TRUE")
    land, line = land_and_line(pixels(ours))
    assert 0.3 < land.mean() < 0.9 and line.mean() < 0.05
    assert overlap(land & ~line, (seen["pixels"][..., 3] > 0) & ~line) >= 0.995


def test_units_in_the_colours_of_their_classes_are_our_choropleth(desk, sample_service):
    level = "community"
    told = json.loads(fetched(f"{sample_service}/api/v1/stats/per_1000/classes?level={level}")[0])
    colours = {value["code"]: value["colour"] for value in told["values"]}
    address = f"{sample_service}/tiles/units/{{z}}/{{x}}/{{y}}.mvt"
    (seen,) = desk(DISTRICT.view(vector_tiles(address, level, colours)))
    ours = DISTRICT.ours(f"{sample_service}/tiles/choropleth/{{z}}/{{x}}/{{y}}.png?measure=per_1000&level={level}")
    style = {layer["id"]: layer.get("paint") for layer in json.loads((HERE.parents[1] / "styles/choropleth.json").read_text())["layers"]}
    opacity, land = style["choropleth-{level}"]["fill-opacity"], rgb(style["land"]["fill-color"])
    masks = {}
    for colour in [one["colour"] for one in told["classes"]]:
        mixed = opacity * rgb(colour) + (1 - opacity) * land
        in_ours = np.abs(ours[..., :3] - mixed).max(axis=2) <= 2
        masks[colour] = in_ours, (seen["pixels"][..., :3] == rgb(colour)).all(axis=2) & (seen["pixels"][..., 3] == 255)
    # Lines, names and rivers lie over the fills.
    plain = np.any([in_ours for in_ours, _ in masks.values()], axis=0)
    assert len(masks) == 5 and plain.sum() >= 0.7 * (seen["pixels"][..., 3] > 0).sum()
    for colour, (in_ours, in_qgis) in masks.items():
        assert in_ours.sum() > 1000 and overlap(in_ours, in_qgis & plain) >= 0.99, colour


def rgb(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def test_the_file_itself_looks_like_our_tiles(desk, sample_service, sample_store, codes):
    level = "community"
    colours, unit_of = numbered(codes[level])
    file = {"provider": "ogr", "uri": f"{sample_store}|layername={level}", "fills": {"layer": level, "colours": colours}}
    tiles = vector_tiles(f"{sample_service}/tiles/units/{{z}}/{{x}}/{{y}}.mvt", level, colours)
    of_file, of_tiles = desk(DISTRICT.view(file), DISTRICT.view(tiles))
    assert of_file["layers"][0]["crs"] == "EPSG:4490"
    one, other = unit_of(of_file["pixels"]), unit_of(of_tiles["pixels"])
    for unit in range(1, len(colours) + 1):
        assert overlap(one == unit, other == unit) >= 0.98


def capabilities(service, kind):
    return {"wmts": f"{service}/wmts/1.0.0/WMTSCapabilities.xml", "wms": f"{service}/wms"}[kind]


@pytest.fixture(scope="module")
def offered(desk, sample_service):
    """What the browser panel shows under a connection to our WMTS and to our WMS: addresses by titles."""
    jobs = [{"do": "browse", "name": kind, "url": capabilities(sample_service, kind)} for kind in ["wmts", "wms"]]
    return {job["name"]: answer["found"] for job, answer in zip(jobs, desk(*jobs))}


def test_qgis_finds_our_layers(offered):
    maps = {title.split("/")[0] for title in offered["wmts"]}
    assert {"济宁高新区 · 网格一张图", "济宁高新区 · 网格一张图（深色）", "济宁高新区 · 诉求热力"} <= maps
    for title in offered["wmts"]:
        assert title.endswith(("/WebMercatorQuad", "/CGCS2000Quad", "诉求热力")), title
    levels = {"街道", "社区", "三级网格", "微网格"}
    assert levels <= {title.rsplit(" · ", 1)[-1] for title in offered["wms"]}


@pytest.mark.parametrize("tiles", ["WebMercatorQuad", "CGCS2000Quad"])
def test_our_wmts_in_qgis_is_our_picture(desk, sample_service, offered, tiles):
    uri = offered["wmts"][f"济宁高新区 · 网格一张图/{tiles}"]
    layer = {"provider": "wms", "uri": uri}
    town, whole = Tiles(tiles, 14, (116.62, 35.39, 116.66, 35.42)), Tiles(tiles, 13, WHOLE)
    # A view on the pixels of a level, and one between two levels and beyond the land.
    between = whole.view(layer) | {"size": [round(side / 1.3) for side in whole.size]}
    on_pixels, scaled = desk(town.view(layer), between)
    assert on_pixels["layers"][0]["crs"] == town.crs
    rest = f"{sample_service}/wmts/district/default/{tiles}/{{z}}/{{y}}/{{x}}.png"
    assert np.array_equal(on_pixels["pixels"], town.ours(rest))
    ours, _ = get_map(sample_service, town.crs, town.extent, town.size)
    assert (np.abs(on_pixels["pixels"][..., :3].astype(int) - pixels(ours)[..., :3]).max(axis=2) <= 12).mean() >= 0.99
    ours, _ = get_map(sample_service, whole.crs, whole.extent, between["size"], TRANSPARENT="TRUE")
    land, line = land_and_line(pixels(ours))
    ground = np.array([0xE9, 0xEB, 0xEA])
    seen = (scaled["pixels"][..., 3] == 255) & (np.abs(scaled["pixels"][..., :3].astype(int) - ground).max(axis=2) > 3)
    line = np.any(around(line), axis=0)
    assert overlap(land & ~line, seen & ~line) >= 0.99


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4326", "EPSG:3857", "EPSG:4548", "CRS:84"])
@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_our_wms_in_qgis_is_our_picture(desk, sample_service, offered, crs, version):
    uri = offered["wms"]["济宁高新区/济宁高新区 · 网格一张图"]
    assert "crs=EPSG:4490" in uri, "what QGIS takes unless told otherwise"
    uri = uri.replace("crs=EPSG:4490", f"crs={crs}")
    if version == "1.1.1":
        uri = uri.replace(capabilities(sample_service, "wms"), quote(f"{capabilities(sample_service, 'wms')}?VERSION=1.1.1"))
    shown_in = "EPSG:4326" if crs == "CRS:84" else crs
    west, south, east, north = window(crs, (116.62, 35.39, 116.66, 35.42))
    size = [800, round(800 * (north - south) / (east - west))]
    middle, half = (south + north) / 2, (east - west) * size[1] / size[0] / 2
    extent = [west, middle - half, east, middle + half]
    wide = [round(place, 6) for place in window(crs, (116.55, 35.28, 116.85, 35.58))]
    tall = [600, round(600 * (wide[3] - wide[1]) / (wide[2] - wide[0]))]
    wide[3] = wide[1] + (wide[2] - wide[0]) * tall[1] / tall[0]
    layer = {"provider": "wms", "uri": uri}
    view = {"do": "draw", "layers": [layer], "crs": shown_in}
    town, whole = desk(view | {"extent": extent, "size": size}, view | {"extent": wide, "size": tall})
    ours, _ = get_map(sample_service, crs, extent, size, TRANSPARENT="TRUE", DPI=96)
    # QGIS keeps colours multiplied by their opacity: what shows through loses a step.
    assert np.abs(town["pixels"].astype(int) - pixels(ours)).max() <= 1
    # QGIS draws nothing outside the box that we say: the line around the land has to fit in.
    box, land = town["layers"][0]["extent"], window(shown_in, WHOLE)
    margin = 0.01 * max(land[2] - land[0], land[3] - land[1])
    assert all(at < edge - margin for at, edge in zip(box[:2], land[:2])) and all(at > edge + margin for at, edge in zip(box[2:], land[2:])), box
    ours, _ = get_map(sample_service, crs, wide, tall, TRANSPARENT="TRUE")
    land, line = land_and_line(pixels(ours))
    seen, also_line = land_and_line(whole["pixels"])
    line |= also_line
    assert overlap(land & ~line, seen & ~line) >= 0.99


@pytest.mark.parametrize(("kind", "crs"), [("wms", "EPSG:4490"), ("wms", "EPSG:3857"), ("wms", "EPSG:4548"), ("wmts", "EPSG:4490"), ("wmts", "EPSG:3857")])
def test_the_identify_tool_names_the_unit(desk, sample_store, offered, kind, crs):
    if kind == "wms":
        uri = offered["wms"]["济宁高新区/济宁高新区 · 网格一张图"].replace("crs=EPSG:4490", f"crs={crs}")
    else:
        uri = offered["wmts"][f"济宁高新区 · 网格一张图/{'WebMercatorQuad' if crs == 'EPSG:3857' else 'CGCS2000Quad'}"]
    store = ogr.Open(str(sample_store))
    units = [f for i, f in enumerate(store.GetLayerByName("micro")) if i % 400 == 7]
    inside = [f.GetGeometryRef().PointOnSurface() for f in units]
    points = [placed(crs, point.GetX(), point.GetY()) for point in inside]
    pixel = 1e-5 if crs == "EPSG:4490" else 1.0
    outside = placed(crs, 116.601, 35.33)
    (told,) = desk({"do": "identify", "uri": uri, "points": [*points, outside], "pixel": pixel})
    assert len(units) >= 6
    for unit, point, answer in zip(units, points, told["answers"]):
        code, name = unit.GetField("code"), unit.GetField("name")
        features = answer["feature"]
        assert [one["level"] for one in features] == LEVELS[::-1]
        assert (features[0]["code"], features[0]["name"]) == (code, name)
        # Marked where it was clicked.
        assert features[0]["at"] == pytest.approx(point, abs=2 * pixel)
        for form in ["html", "text"]:
            assert code in answer[form][0] and name in answer[form][0]
    assert told["answers"][-1]["feature"] == [] and "不属于任何单元" in told["answers"][-1]["html"][0]


@pytest.fixture(scope="module")
def archives(wangge, sample_store, tmp_path_factory):
    """The tiles of the district as files: vectors, and pictures."""
    folder = tmp_path_factory.mktemp("archives")
    vectors, pictures = folder / "vectors.mbtiles", folder / "pictures.mbtiles"
    shared = ["export", "--store", sample_store, "--format", "mbtiles", "--max-zoom", 13]
    wangge(*shared, "--set", "units", "--min-zoom", 9, "--out", vectors)
    wangge(*shared, "--style", "district", "--min-zoom", 11, "--out", pictures)
    return vectors, pictures


def test_our_mbtiles_in_qgis_are_our_tiles(desk, sample_service, archives, codes):
    vectors, pictures = archives
    level = "community"
    colours, unit_of = numbered(codes[level])
    from_file = vector_tiles("", level, colours) | {"uri": f"type=mbtiles&url={quote(str(vectors))}"}
    from_service = vector_tiles(f"{sample_service}/tiles/units/{{z}}/{{x}}/{{y}}.mvt", level, colours)
    picture = {"provider": "wms", "uri": f"type=mbtiles&url={quote(pictures.as_uri())}"}
    town = Tiles("WebMercatorQuad", 13, (116.66, 35.38, 116.74, 35.46))
    file, service, drawn = desk(DISTRICT.view(from_file), DISTRICT.view(from_service), town.view(picture))
    assert file["layers"][0]["zooms"] == [9, 13]
    assert unit_of(file["pixels"]).max() == len(colours) and np.array_equal(file["pixels"], service["pixels"])
    ours = town.ours(f"{sample_service}/tiles/district/{{z}}/{{x}}/{{y}}.png")
    assert np.array_equal(drawn["pixels"], ours)


def test_the_lines_of_the_how_to_draw_the_district(desk, sample_service):
    lines = [line for line in (HERE.parents[1] / "docs/GIS.md").read_text().splitlines() if line.startswith("iface.add")]
    layers = []
    for line in lines:
        kind, uri = line.split("(", 1)[0], line.split('"')[1].replace("{o}", sample_service)
        layers.append({"provider": {"iface.addRasterLayer": "wms", "iface.addVectorTileLayer": "vectortile"}[kind], "uri": uri})
    assert len(layers) == 5
    for line, seen in zip(lines, desk(*[DISTRICT.view(layer) for layer in layers])):
        shown = seen["pixels"][..., 3] > 0
        assert shown.mean() > 0.4 and len(np.unique(seen["pixels"][shown], axis=0)) > 5, line
