"""WMTS and WMS as strangers use them: GDAL and OWSLib read our documents, fetch pictures, and see what we draw, where it is."""

import json
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, ogr, osr
from owslib.wms import WebMapService
from owslib.wmts import WebMapTileService
from pictures import LEVELS, WINDOW, alike, fetched, get_map, land_and_line, pixels, placed, read, window

gdal.UseExceptions()
ogr.UseExceptions()
osr.UseExceptions()

ROOT = Path(__file__).resolve().parents[2]
# A choropleth is no map until it is told a measure.
STYLES = sorted(path.stem for path in (ROOT / "styles").glob("*.json") if path.stem != "choropleth")
SYSTEMS = ["EPSG:4490", "EPSG:4326", "CRS:84", "EPSG:3857", "EPSG:4548", "EPSG:4527"]


@pytest.fixture(scope="module")
def service(sample_service, tmp_path_factory):
    """The service; what GDAL keeps of it goes with the other temporary files."""
    gdal.SetConfigOption("GDAL_DEFAULT_WMS_CACHE_PATH", str(tmp_path_factory.mktemp("gdal")))
    return sample_service


@pytest.mark.parametrize("tiles", ["WebMercatorQuad", "CGCS2000Quad"])
def test_gdal_reads_wmts_and_sees_our_pixels(service, tiles):
    document = f"{service}/wmts/1.0.0/WMTSCapabilities.xml"
    offered = [name for name, _ in gdal.Open(f"WMTS:{document}").GetSubDatasets()]
    for style in STYLES:
        assert any(f"layer={style}" in name and f"tilematrixset={tiles}" in name for name in offered), offered
    dataset = gdal.Open(f"WMTS:{document},layer=district,tilematrixset={tiles},zoom_level=13")
    system = "EPSG:3857" if tiles == "WebMercatorQuad" else "EPSG:4490"
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == system.split(":")[1]
    west, across, _, north, _, down = dataset.GetGeoTransform()
    assert across == pytest.approx(-down, rel=1e-9)
    # A window of whole pixels around the middle of ours.
    x, y = placed(system, (WINDOW[0] + WINDOW[2]) / 2, (WINDOW[1] + WINDOW[3]) / 2)
    column, row = max(0, int((x - west) / across) - 300), max(0, int((y - north) / down) - 250)
    seen = np.dstack([dataset.GetRasterBand(i + 1).ReadAsArray(column, row, 600, 500) for i in range(3)])
    left, top = west + column * across, north + row * down
    ours, _ = get_map(service, system, (left, top + 500 * down, left + 600 * across, top), (600, 500))
    assert alike(seen, pixels(ours)) == 1.0
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) > 100, "a map, not a blank"


@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_gdal_finds_layers_in_the_wms_document_and_draws_them(service, version):
    document = gdal.Open(f"WMS:{service}/wms?SERVICE=WMS&VERSION={version}&REQUEST=GetCapabilities")
    offered = dict((title, name) for name, title in document.GetSubDatasets())
    assert len(offered) >= len(STYLES) + len(LEVELS), offered
    name = next(name for name in offered.values() if "LAYERS=district" in name)
    dataset = gdal.Open(name)
    west, across, _, north, _, down = dataset.GetGeoTransform()
    # The subdataset is the whole district at some resolution: a small picture of it.
    width, height = 500, round(500 * dataset.RasterYSize / dataset.RasterXSize)
    seen = np.dstack([
        dataset.GetRasterBand(i + 1).ReadAsArray(buf_xsize=width, buf_ysize=height) for i in range(3)
    ])  # fmt: skip
    assert 116 < west < 117 and 35 < north < 36, "longitude to the right, latitude upwards"
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) > 50, "a map, not a blank"


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:3857", "CRS:84", "EPSG:4548"])
def test_gdal_draws_a_window_by_wms(service, crs):
    west, south, east, north = window(crs)
    size = (800, round(800 * (north - south) / (east - west)))
    order = "xyXY" if crs in ("CRS:84", "EPSG:3857") else "yxYX"
    description = f"""<GDAL_WMS><Service name="WMS"><Version>1.3.0</Version><ServerUrl>{service}/wms?</ServerUrl>
        <CRS>{crs}</CRS><BBoxOrder>{order}</BBoxOrder><ImageFormat>image/png</ImageFormat><Layers>district</Layers>
        <Styles>default</Styles></Service>
        <DataWindow><UpperLeftX>{west!r}</UpperLeftX><UpperLeftY>{north!r}</UpperLeftY><LowerRightX>{east!r}</LowerRightX>
        <LowerRightY>{south!r}</LowerRightY><SizeX>{size[0]}</SizeX><SizeY>{size[1]}</SizeY></DataWindow>
        <BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>3</BandsCount></GDAL_WMS>"""
    seen = read(gdal.Open(description))
    ours, _ = get_map(service, crs, (west, south, east, north), size)
    # GDAL asks for blocks: they fit together, and are the picture.
    assert alike(seen, pixels(ours)) == 1.0


@pytest.mark.parametrize("crs", SYSTEMS)
def test_the_district_is_where_gdal_draws_its_polygons(service, sample_store, crs):
    store = ogr.Open(str(sample_store))
    source = store.GetLayerByName("subdistrict")
    west, east, south, north = source.GetExtent()
    west, south, east, north = window(crs, (west - 0.01, south - 0.01, east + 0.01, north + 0.01))
    size = (2000, round(2000 * (north - south) / (east - west)))
    png, _ = get_map(service, crs, (west, south, east, north), size, TRANSPARENT="TRUE")
    land, line = land_and_line(pixels(png))
    assert line.mean() < 0.05
    raster = gdal.GetDriverByName("MEM").Create("", *size, 1)
    raster.SetGeoTransform((west, (east - west) / size[0], 0, north, 0, (south - north) / size[1]))
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = memory.CreateLayer("land", None, ogr.wkbMultiPolygon)
    for feature in source:
        shape = feature.GetGeometryRef().Clone()
        if crs not in ("EPSG:4490", "EPSG:4326", "CRS:84"):
            shape.AssignSpatialReference(None)
            shape = moved(shape, crs)
        drawn = ogr.Feature(layer.GetLayerDefn())
        drawn.SetGeometry(shape)
        layer.CreateFeature(drawn)
    gdal.RasterizeLayer(raster, [1], layer, burn_values=[1])
    truth = raster.ReadAsArray() > 0
    union, common = ((land | truth) & ~line).sum(), (land & truth & ~line).sum()
    assert common / union >= 0.995, f"{common} of {union}"


def moved(shape, crs):
    source, target = osr.SpatialReference(), osr.SpatialReference()
    source.ImportFromEPSG(4490 if crs != "EPSG:3857" else 4326)
    target.ImportFromEPSG(int(crs.split(":")[1]))
    for system in (source, target):
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    shape.Transform(osr.CoordinateTransformation(source, target))
    return shape


@pytest.mark.parametrize("crs", SYSTEMS)
def test_a_clicked_unit_answers_its_code_in_every_system(service, sample_store, crs):
    store = ogr.Open(str(sample_store))
    layer = store.GetLayerByName("micro")
    units = [(f.GetField("code"), f.GetGeometryRef().PointOnSurface()) for i, f in enumerate(layer) if i % 400 == 7]
    assert len(units) >= 6
    for code, point in units:
        x, y = placed(crs, point.GetX(), point.GetY())
        half = 0.0005 if crs in ("EPSG:4490", "EPSG:4326", "CRS:84") else 50.0
        bounds = (x - half, y - half, x + half, y + half)
        body, kind = get_map(
            service, crs, bounds, (101, 101), REQUEST="GetFeatureInfo", QUERY_LAYERS="district",
            INFO_FORMAT="application/json", I=50, J=50,
        )  # fmt: skip
        features = json.loads(body)["features"]
        assert kind == "application/json" and features[0]["properties"]["code"] == code
        assert [f["properties"]["level"] for f in features] == LEVELS[::-1]


@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_owslib_speaks_wms_with_us(service, version):
    wms = WebMapService(f"{service}/wms", version=version)
    assert set(STYLES + LEVELS) <= set(wms.contents)
    district = wms["district"]
    west, south, east, north = district.boundingBoxWGS84
    assert 116 < west < east < 117.5 and 35 < south < north < 36
    assert {"EPSG:4490", "EPSG:3857", "EPSG:4548"} <= {str(crs) for crs in district.crsOptions}
    assert {"image/png"} <= set(wms.getOperationByName("GetMap").formatOptions)
    size = (640, 400)
    picture = wms.getmap(
        layers=["district"], styles=["default"], srs="EPSG:4490", bbox=WINDOW, size=size, format="image/png"
    )  # fmt: skip
    assert pixels(picture.read()).shape[:2] == size[::-1]
    # OWSLib asks for a white ground unless told otherwise.
    ours, _ = get_map(service, "EPSG:4490", WINDOW, size, BGCOLOR="0xFFFFFF")
    again = wms.getmap(
        layers=["district"], styles=["default"], srs="EPSG:4490", bbox=WINDOW, size=size, format="image/png"
    )  # fmt: skip
    assert alike(pixels(again.read()), pixels(ours)) == 1.0
    legend = district.styles["default"]["legend"]
    assert pixels(fetched(legend)[0]).shape[0] > 100
    with pytest.raises(Exception, match="nothing"):
        wms.getmap(layers=["nothing"], srs="EPSG:4490", bbox=WINDOW, size=size, format="image/png").read()


def test_owslib_speaks_wmts_with_us(service):
    wmts = WebMapTileService(f"{service}/wmts")
    assert set(STYLES) | {"heat"} == set(wmts.contents)
    assert set(wmts.tilematrixsets) == {"WebMercatorQuad", "CGCS2000Quad"}
    degrees = wmts.tilematrixsets["CGCS2000Quad"]
    assert degrees.crs == "urn:ogc:def:crs:EPSG::4490"
    first = degrees.tilematrix["1"]
    assert (first.topleftcorner, first.matrixwidth, first.matrixheight) == ((90.0, -180.0), 2, 1)
    links = wmts["district"].tilematrixsetlinks
    limits = links["WebMercatorQuad"].tilematrixlimits["14"]
    row, column = limits.mintilerow, limits.mintilecol
    tile = wmts.gettile(
        layer="district", tilematrixset="WebMercatorQuad", tilematrix="14", row=row, column=column, format="image/png"
    )  # fmt: skip
    assert tile.read() == fetched(f"{service}/tiles/district/14/{column}/{row}.png")[0]
    limits = links["CGCS2000Quad"].tilematrixlimits["14"]
    for row, column in [(limits.mintilerow, limits.mintilecol), (limits.maxtilerow, limits.maxtilecol)]:
        tile = wmts.gettile(
            layer="dark", tilematrixset="CGCS2000Quad", tilematrix="14", row=row, column=column, format="image/png"
        )  # fmt: skip
        side = 360 / 2**14
        west, north = column * side - 180, 90 - row * side
        ours, _ = get_map(service, "EPSG:4490", (west, north - side, west + side, north), (256, 256), layers="dark")
        assert alike(pixels(tile.read()), pixels(ours)) == 1.0
