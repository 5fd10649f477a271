"""DuckDB's spatial join. The extension comes out of a package, since DuckDB would fetch it. Points stand in a table as geometries already."""

import sys
from importlib.metadata import PackageNotFoundError, files, version

try:
    import duckdb
    import numpy as np

    held = files("duckdb-extension-spatial")
except (ImportError, PackageNotFoundError) as missing:
    sys.exit(print(f"absent {missing}"))

import protocol

extension = next(file for file in held if file.name == "spatial.duckdb_extension").locate()
base = duckdb.connect(config={"threads": 1})
base.load_extension(str(extension))
base.execute(
    f"""CREATE TABLE units AS SELECT number, ST_GeomFromHEXWKB(shape) AS shape FROM read_csv('{protocol.FOLDER}/units.tsv',
        delim='\t', header=false, columns={{'number': 'UINTEGER', 'shape': 'VARCHAR'}}, max_line_size=100000000)"""
)
lonlat = protocol.points()
coordinates = {"i": np.arange(len(lonlat), dtype=np.uint32), "lon": lonlat[:, 0].copy(), "lat": lonlat[:, 1].copy()}
base.execute("CREATE TABLE points AS SELECT i, ST_Point(lon, lat) AS at FROM coordinates")
JOIN = "SELECT p.i, u.number FROM points p JOIN units u ON ST_Contains(u.shape, p.at) WHERE p.i < ?"


def join(count):
    found = base.execute(JOIN, [count]).fetchnumpy()
    return found["i"], found["number"]


plan = base.execute(f"EXPLAIN {JOIN}", [len(lonlat)]).fetchall()[0][1]
if "SPATIAL_JOIN" not in plan:
    sys.exit(f"the plan has no spatial join:\n{plan}")
protocol.serve(f"DuckDB {duckdb.__version__} (spatial {version('duckdb-extension-spatial')})", {"join": join})
