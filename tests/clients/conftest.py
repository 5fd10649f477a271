"""What the client tests share: the built binary, and a store imported from data/sample once for all of them."""

import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def binary():
    """The built binary; WANGGE_BIN names another build than the release one."""
    binary = Path(os.environ.get("WANGGE_BIN", ROOT / "target/release/wangge"))
    assert binary.exists(), f"{binary} is not built: cargo build --release"
    return binary


@pytest.fixture(scope="session")
def wangge(binary):
    """Runs the built binary and returns what it did."""

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


@pytest.fixture(scope="session")
def sample_service(binary, sample_store, tmp_path_factory):
    """The built binary, serving the sample on a port of its own: its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    log = tmp_path_factory.mktemp("service") / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen([binary, "serve", "--store", sample_store, "--listen", address], stdout=out, stderr=out)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://{address}/readyz", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text(errors="replace")
                time.sleep(0.1)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=60)
