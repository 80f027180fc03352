# SPDX-License-Identifier: Apache-2.0
"""The driver's wheel: reproducible, installable, enough by itself, fit for a board's Python."""

from __future__ import annotations

import ast
import base64
import csv
import hashlib
import io
import os
import subprocess
import sys
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import numpy as np
import pytest

from firebrick import __version__
from firebrick.deploy.wheel import PYTHON, WHEEL, runtime_files, write_wheel

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
import firebrick.runtime, firebrick.web.classify, firebrick.web.bundles
from importlib.resources import files
from firebrick.web.photographs import read_pixels
assert {place!r} in firebrick.runtime.__file__, firebrick.runtime.__file__
assert (files("firebrick.web") / "static" / "index.html").read_text().startswith("<!doctype html>")
try:
    import firebrick.web.server
except ModuleNotFoundError as error:
    assert not str(error.name).startswith("firebrick"), error
heavy = {{"scipy", "onnx", "typer", "rich", "cocotb", "PIL", "firebrick.ops"}} & set(sys.modules)
assert not heavy, heavy
"""
"""Run where only the wheel, NumPy and whatever else is installed can be imported."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wheel(tmp_path_factory.mktemp("wheel"))


def check(python: Path | str, place: Path, *more: Path) -> None:
    """Run `PROGRAM`, with NumPy from where it is installed for these tests."""
    numpy = Path(np.__file__).parents[1]
    paths = os.pathsep.join(map(str, (*more, numpy)))
    command = [str(python), "-c", PROGRAM.format(place=str(place))]
    environment = {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    result = subprocess.run(
        command, cwd=place.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_same_files_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert wheel.name == WHEEL == f"firebrick_runtime-{__version__}-py3-none-any.whl"
    again = write_wheel(tmp_path)
    assert again.read_bytes() == wheel.read_bytes()


def test_record_lists_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        files = {x: archive.read(x) for x in archive.namelist()}
        assert all(x.external_attr >> 16 == 0o100644 for x in archive.infolist())
    assert len(files) == len(set(files))
    (record,) = (x for x in files if x.endswith("RECORD"))
    rows = {name: rest for name, *rest in csv.reader(io.StringIO(files[record].decode()))}
    assert rows.keys() == files.keys()
    for name, (digest, size) in rows.items():
        if name == record:
            assert (digest, size) == ("", "")
            continue
        sha = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).decode().rstrip("=")
        assert (digest, int(size)) == (f"sha256={sha}", len(files[name]))


def test_metadata_ask_for_python_and_numpy_only(wheel: Path) -> None:
    info = f"firebrick_runtime-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        kind = Parser().parsestr(archive.read(f"{info}/WHEEL").decode())
    assert metadata["Name"] == "firebrick-runtime"
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.10"
    required = [x for x in metadata.get_all("Requires-Dist") or [] if "extra" not in x]
    assert required == ["numpy"]
    assert (kind["Root-Is-Purelib"], kind["Tag"]) == ("true", "py3-none-any")


def test_it_carries_driver_and_page_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [x for x in archive.namelist() if ".dist-info/" not in x]
    parts = {"/".join(x.split("/")[:2]) for x in names}
    assert parts == {
        *("firebrick/__init__.py", "firebrick/arrays.py", "firebrick/errors.py"),
        *("firebrick/pixels.py", "firebrick/preprocessing.py", "firebrick/runtime"),
        "firebrick/web",
    }
    assert "firebrick/web/static/page.js" in names
    assert "firebrick/runtime/registers.py" in names
    assert not [x for x in names if "__pycache__" in x]


def test_it_installs_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "fresh"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    command = [sys.executable, "-m", "pip", f"--python={python}", "install", "--no-deps"]
    command += ["--no-index", "--disable-pip-version-check", "--quiet", str(wheel)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    check(python, place)


def test_it_runs_without_being_installed(wheel: Path) -> None:
    check(sys.executable, wheel, wheel)


# --- a board's Python -----------------------------------------------------------------------------

PYTHONS = [x for x in runtime_files() if x.suffix == ".py"]
ALLOWED = {"numpy", "PIL", "fastapi", "starlette", "uvicorn", "pynq", "pyxrt"}
OWN = (
    *("firebrick.arrays", "firebrick.errors", "firebrick.pixels", "firebrick.preprocessing"),
    *("firebrick.runtime", "firebrick.web"),
)
SIMULATED = ROOT / "python" / "firebrick" / "runtime" / "sim.py"
"""The one file that imports more of the package, when it is asked to simulate."""


def imported(path: Path) -> set[str]:
    """Modules that a file imports, wherever it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(), feature_version=PYTHON)):
        if isinstance(node, ast.Import):
            names |= {x.name for x in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return names


@pytest.mark.parametrize("path", PYTHONS, ids=lambda x: f"{x.parent.name}/{x.name}")
def test_files_import_what_a_board_has(path: Path) -> None:
    names = imported(path)
    own = {x for x in names if x.startswith("firebrick")}
    if path != SIMULATED:
        assert [x for x in own if not f"{x}.".startswith(tuple(f"{y}." for y in OWN))] == []
    others = {x.split(".")[0] for x in names - own}
    newer = {"tomllib"}
    assert others - sys.stdlib_module_names - ALLOWED == set()
    assert others & newer == set()


def test_files_use_nothing_newer(tmp_path: Path) -> None:
    """Types of the standard library know what came with which version."""
    target = ".".join(map(str, PYTHON))
    command = [sys.executable, "-m", "mypy", "--config-file=", f"--python-version={target}"]
    command += ["--check-untyped-defs", "--follow-imports=silent", "--ignore-missing-imports"]
    command += [f"--cache-dir={tmp_path}"]
    bad = tmp_path / "bad.py"
    bad.write_text("import asyncio\nfrom enum import StrEnum\nasyncio.timeout(1)\n")
    result = subprocess.run(
        [*command, str(bad), *map(str, PYTHONS)],
        cwd=ROOT / "python",
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [x for x in result.stdout.splitlines() if ": error:" in x]
    assert [x for x in errors if "bad.py" not in x] == []
    assert len(errors) == 2, result.stdout  # it does find them
