"""The protocol of program.rs for peers in Python: the dataset's files, and one answer for each line asked."""

import sys
import time
from pathlib import Path

import numpy as np

FOLDER = Path(sys.argv[1])


def units():
    """Numbers of the units, and their shapes as well-known binary."""
    lines = (FOLDER / "units.tsv").read_text().splitlines()
    numbers, shapes = zip(*(line.split("\t") for line in lines))
    return np.array(numbers, dtype="<u4"), [bytes.fromhex(shape) for shape in shapes]


def points():
    """One row a point: longitude, latitude."""
    return np.fromfile(FOLDER / "points.bin", dtype="<f8").reshape(-1, 2)


def serve(version, forms):
    """Answers until the input ends. A form takes a count and returns (indices of points, numbers of their owners)."""
    print(f"ready {version}", flush=True)
    for line in sys.stdin:
        form, count = line.split()
        count = int(count)
        start = time.perf_counter()
        asked, numbers = forms[form](count)
        seconds = time.perf_counter() - start
        owners = np.zeros(count, dtype="<u4")
        owners[asked] = numbers
        owners.tofile(FOLDER / "owners.bin")
        print(seconds, flush=True)
