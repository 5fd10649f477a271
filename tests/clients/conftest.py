"""What the client tests share: the built binary, and a store imported from data/sample once for all of them."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wangge():
    """Runs the built binary and returns what it did; WANGGE_BIN names another build than the release one."""
    binary = Path(os.environ.get("WANGGE_BIN", ROOT / "target/release/wangge"))
    assert binary.exists(), f"{binary} is not built: cargo build --release"

    def run(*arguments, exit_code=0):
        done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == exit_code, f"wangge {arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def sample_store(wangge, tmp_path_factory):
    """A GeoPackage imported from data/sample."""
    store = tmp_path_factory.mktemp("sample") / "sample.gpkg"
    wangge("import", "--store", store, "--district", ROOT / "data/sample/district.toml")
    return store
