"""Pictures of ours, and how alike two are: what the tests of map clients share."""

import urllib.request

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()
osr.UseExceptions()

LEVELS = ["subdistrict", "community", "grid", "micro"]
# A window in the middle of the sample, in degrees: west, south, east, north.
WINDOW = (116.60, 35.38, 116.68, 35.43)


def fetched(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read(), answer.headers.get("content-type")


def pixels(png):
    """Rows × columns × RGBA of a PNG, whatever its form."""
    name = "/vsimem/picture.png"
    gdal.FileFromMemBuffer(name, bytes(png))
    dataset = gdal.Open(name)
    bands = [dataset.GetRasterBand(i + 1).ReadAsArray() for i in range(dataset.RasterCount)]
    table = dataset.GetRasterBand(1).GetColorTable()
    if table is not None:
        colours = np.array([table.GetColorEntry(i) for i in range(table.GetCount())], dtype=np.uint8)
        picture = colours[bands[0]]
    else:
        opaque = np.full_like(bands[0], 255)
        picture = np.dstack((bands + [opaque])[:4])
    dataset = None
    gdal.Unlink(name)
    return picture


def read(dataset):
    """All bands of a raster as rows × columns × RGB."""
    return np.dstack([dataset.GetRasterBand(i + 1).ReadAsArray() for i in range(3)])


def alike(one, other):
    """How much of two pictures is the very same."""
    assert one.shape[:2] == other.shape[:2], (one.shape, other.shape)
    far = np.abs(one[..., :3].astype(int) - other[..., :3].astype(int)).max(axis=2)
    return float((far == 0).mean())


def land_and_line(transparent):
    """Where a picture without ground shows land, and where the line around it, which says nothing of where the land ends: it lies on both sides."""
    opacity, outline = transparent[..., 3], np.array([0x3D, 0x2F, 0x73])
    line = (opacity > 0) & (opacity < 255) | (np.abs(transparent[..., :3].astype(int) - outline).max(axis=2) < 48)
    return opacity == 255, line


def placed(crs, lon, lat):
    """A position in a system, easting or longitude first."""
    if crs in ("EPSG:4490", "EPSG:4326", "CRS:84"):
        return lon, lat
    source, target = osr.SpatialReference(), osr.SpatialReference()
    source.ImportFromEPSG(4490 if crs != "EPSG:3857" else 4326)
    target.ImportFromEPSG(int(crs.split(":")[1]))
    for system in (source, target):
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return osr.CoordinateTransformation(source, target).TransformPoint(lon, lat)[:2]


def window(crs, degrees=WINDOW):
    """West, south, east, north of the window in a system."""
    (west, south), (east, north) = placed(crs, *degrees[:2]), placed(crs, *degrees[2:])
    return west, south, east, north


def get_map(service, crs, bounds, size, layers="district", **more):
    west, south, east, north = bounds
    # The registry has northings first for all of them but two.
    bbox = (west, south, east, north) if crs in ("CRS:84", "EPSG:3857") else (south, west, north, east)
    asked = {
        "SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": layers, "STYLES": "", "CRS": crs,
        "BBOX": ",".join(map(repr, bbox)), "WIDTH": size[0], "HEIGHT": size[1], "FORMAT": "image/png", **more,
    }  # fmt: skip
    return fetched(f"{service}/wms?" + "&".join(f"{name}={value}" for name, value in asked.items()))
