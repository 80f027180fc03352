# SPDX-License-Identifier: Apache-2.0
"""What is installed is what was locked, no build script runs, and nothing is told to anyone."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python" / "firebrick"
LOCK = (ROOT / "requirements.lock").read_text()


def setup_commands() -> list[list[str]]:
    """What `make setup` would run in a fresh clone."""
    printed = subprocess.run(
        [str(shutil.which("make")), "-n", "-B", "setup"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [shlex.split(x) for x in printed.stdout.splitlines()]


def test_every_locked_package_has_checksums() -> None:
    text = re.sub(r"^ *#.*\n", "", LOCK, flags=re.MULTILINE).replace("\\\n", "")
    entries = [x.split() for x in text.splitlines() if x.strip()]
    assert len(entries) > 100
    for name, *hashes in entries:
        assert re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.]+", name)
        assert hashes, name
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", x) for x in hashes), name


def test_setup_installs_wheels_by_their_checksums_and_nothing_else() -> None:
    installs = [x for x in setup_commands() if "pip" in x and "install" in x]
    locked, editable = installs
    assert locked[-2:] == ["-r", "requirements.lock"]
    assert {"--no-deps", "--require-hashes", "--only-binary"} <= set(locked)
    assert locked[locked.index("--only-binary") + 1] == ":all:"
    # Firebrick itself, by the hatchling of the lock.
    assert editable[-2:] == ["--editable", "."]
    assert {"--no-deps", "--no-build-isolation"} <= set(editable)
    assert re.search(r"^hatchling==", LOCK, re.MULTILINE)


def test_nothing_else_of_the_repository_installs_packages() -> None:
    makefile, ci = (ROOT / "Makefile").read_text(), (ROOT / ".ci" / "run").read_text()
    assert len(re.findall(r"pip install", makefile)) == 2
    assert "pip " not in ci


def test_the_lock_makes_only_wheels_possible() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\nlock:")[1].split("\n\n")[0]
    assert recipe.count("uv pip compile") == recipe.count("--only-binary :all:") == 2
    assert recipe.count("--generate-hashes") == 2


# --- telemetry ------------------------------------------------------------------------------------


def test_onnxruntime_is_imported_in_one_place() -> None:
    """That which turns its telemetry off first."""
    importing = set()
    folders = (PACKAGE, ROOT / "examples", ROOT / "tests", ROOT / "sim")
    for path in (x for folder in folders for x in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [x.name for x in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            if any(x.split(".")[0] == "onnxruntime" for x in names):
                importing.add(path.relative_to(ROOT).as_posix())
    assert importing == {"python/firebrick/onnx_runtime.py"}


def test_onnxruntime_leaves_nothing_in_the_users_folders(tmp_path: Path) -> None:
    program = (
        "import numpy as np, time\n"
        "from firebrick.quantize.exact import FloatConv\n"
        "one = np.ones((1, 1, 1, 1), np.float32)\n"
        "assert FloatConv(one, 1, (0, 0, 0, 0))(one) == 1\n"
        "time.sleep(0.2)\n"
    )
    home, cache = tmp_path / "home", tmp_path / "cache"
    home.mkdir()
    cache.mkdir()
    environment = {"HOME": str(home), "XDG_CACHE_HOME": str(cache), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=home, check=True)
    assert [*home.rglob("*"), *cache.rglob("*")] == []
