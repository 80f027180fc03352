# SPDX-License-Identifier: Apache-2.0
"""A wheel carries what is read at run time, and nothing that only tests read."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CARRIED = ("hw", "hls", "sim/lib", "sim/shell")
"""Folders of sources for simulators, synthesizers and compilers."""


def files(root: Path) -> set[str]:
    """Files below a folder, but for what running its Python leaves."""
    paths = (x for x in root.rglob("*") if x.is_file() and "__pycache__" not in x.parts)
    return {x.relative_to(root).as_posix() for x in paths}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files of a wheel built from this tree."""
    folder = tmp_path_factory.mktemp("tree")
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("python", "hw", "hls", "sim"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "made"]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    (path,) = (folder / "made").iterdir()
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_all_that_is_read_at_run_time_travels(wheel: set[str]) -> None:
    data = {f"firebrick/_data/{part}/{x}" for part in CARRIED for x in files(ROOT / part)}
    code = {f"firebrick/{x}" for x in files(ROOT / "python" / "firebrick")}
    assert data | code <= wheel
    assert all(x.startswith("firebrick-") for x in wheel - data - code)


def test_benches_of_tests_stay_behind(wheel: set[str]) -> None:
    benches = {Path(x).name for x in files(ROOT / "sim" / "benches")}
    assert benches
    assert not benches & {Path(x).name for x in wheel}
