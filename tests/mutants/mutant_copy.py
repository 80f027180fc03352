# SPDX-License-Identifier: Apache-2.0
"""A copy of the sources to plant a bug in, with a Python that imports the copy and nothing else.

Programs that tests start find the copy whatever their environment is, because the copy has a
virtual environment of its own; it borrows the packages of the one that runs us.
"""

from __future__ import annotations

import compileall
import shutil
import subprocess
import sys
import sysconfig
import venv
from hashlib import sha256
from pathlib import Path

KEPT = ("sim", "models")
"""Folders of `build` that hold what is keyed by its content: compiled simulations and models."""
APART = ("docs/", "tests/mutants/")
"""Folders whose files decide nothing about a bug elsewhere."""


def take_sources(root: Path, folder: Path) -> None:
    """Copy the files of a checkout that git does not ignore, as they are now."""
    command = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    for name in names:
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)
    compileall.compile_dir(folder / "python", quiet=1)  # once, for all copies


def digest(sources: Path) -> str:
    """Key of everything that tests depend on."""
    sha = sha256(sys.version.encode())
    for path in sorted(x for x in sources.rglob("*") if x.is_file() and x.suffix != ".pyc"):
        name = path.relative_to(sources).as_posix()
        if not name.startswith(APART) and not ("/" not in name and name.endswith(".md")):
            sha.update(name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return sha.hexdigest()[:16]


def make_copy(sources: Path, folder: Path, build: Path | None) -> Path:
    """A copy to plant a bug in; gives its Python.

    Args:
        sources: made by `take_sources`.
        folder: to make.
        build: folder with compiled simulations to use; None for bugs in what finds keys for them.
    """
    shutil.copytree(sources, folder, symlinks=True)
    if build is not None:
        (folder / "build").mkdir()
        for name in KEPT:
            (build / name).mkdir(parents=True, exist_ok=True)
            (folder / "build" / name).symlink_to(build / name)
    return _environment(folder)


def _environment(folder: Path) -> Path:
    place = folder / ".venv"
    venv.create(place, symlinks=True)
    packages = Path(sysconfig.get_path("purelib"))
    own = Path(sysconfig.get_path("purelib", "venv", {"base": str(place)}))
    # Ours first: behind it comes the editable install of the checkout.
    lines = (str(folder / "python"), f"import site; site.addsitedir({str(packages)!r})")
    (own / "mutant.pth").write_text("\n".join(lines) + "\n")
    python = place / "bin" / "python"
    for program in Path(sysconfig.get_path("scripts")).iterdir():
        target = python.with_name(program.name)
        if target.exists() or not program.is_file():
            continue
        head, _, rest = program.read_bytes().partition(b"\n")
        if head.startswith(b"#!") and b"python" in head:
            target.write_bytes(f"#!{python}\n".encode() + rest)
            target.chmod(0o755)
        else:
            target.symlink_to(program)
    return python
