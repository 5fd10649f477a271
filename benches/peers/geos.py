"""shapely (GEOS) in its four forms. Points are made of coordinates inside the timing: that is how they come."""

import sys

try:
    import numpy as np
    import shapely
except ImportError as missing:
    sys.exit(print(f"absent {missing}"))

import protocol

numbers, binary = protocol.units()
shapes = shapely.from_wkb(binary)
tree = shapely.STRtree(shapes)
tree.query(shapely.points(0, 0))  # builds it
prepared = shapely.from_wkb(binary)
shapely.prepare(prepared)
lonlat = protocol.points()


def within(count):
    asked, found = tree.query(shapely.points(lonlat[:count]), predicate="within")
    return asked, numbers[found]


def boxes_then_prepared(count):
    asked, found = tree.query(shapely.points(lonlat[:count]))
    held = shapely.contains_xy(prepared[found], lonlat[asked, 0], lonlat[asked, 1])
    return asked[held], numbers[found[held]]


def by_polygon(count):
    found, asked = shapely.STRtree(shapely.points(lonlat[:count])).query(prepared, predicate="contains")
    return asked, numbers[found]


def one(count):
    asked, owners = [], []
    for i, (lon, lat) in enumerate(lonlat[:count]):
        for found in tree.query(shapely.Point(lon, lat), predicate="within"):
            asked.append(i)
            owners.append(numbers[found])
    return np.array(asked, dtype=np.int64), np.array(owners)


protocol.serve(
    f"shapely {shapely.__version__} (GEOS {shapely.geos_version_string})",
    {"within": within, "prepared": boxes_then_prepared, "by_polygon": by_polygon, "one": one},
)
