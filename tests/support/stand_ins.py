# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for vendors' tools: they check what they are told, and compute nothing.

Each is a process that imports this: it imports little.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

HERE = Path(__file__).parent
FILES = HERE / "vendor"


def need_tcl() -> None:
    """Skip without an interpreter of Tcl, even in CI: no package brings one to a plain machine."""
    import pytest  # noqa: PLC0415 stand-ins do without

    if not _has_tkinter() and not shutil.which("tclsh"):
        pytest.skip("neither Python's tkinter nor tclsh is there")


def record(script: Path, recorder: Path, *, program: str | None = None) -> list[str]:
    """What a Tcl script calls, one line each; see the recorder. It runs in its own folder.

    Args:
        script: the script.
        recorder: knows the commands of the tool.
        program: `tclsh`; by default Python's own Tcl runs it, where there is one.
    """
    here = Path.cwd()
    try:
        os.chdir(script.parent)
        if program is None and _has_tkinter():
            tcl = importlib.import_module("tkinter").Tcl()
            tcl.call("source", str(recorder))
            return str(tcl.call("recorder::run", str(script))).splitlines()
        text = f"source {{{recorder}}}\nrecorder::print [recorder::run {{{script}}}]\n"
        run = [program or "tclsh"]
        result = subprocess.run(run, input=text, capture_output=True, text=True, check=True)
        return result.stdout.splitlines()
    finally:
        os.chdir(here)


def _has_tkinter() -> bool:
    try:  # slim images have the package, but not the library that it loads
        importlib.import_module("tkinter")
    except ImportError:
        return False
    return True


def install(folder: Path, module: str, *programs: str, exit_status: int = 0) -> Path:
    """A folder of programs that stand in for the vendor's.

    Args:
        folder: to make.
        module: beside this one; its `main(program, arguments)` does what a program does.
        programs: names.
        exit_status: what each ends with after doing its work.
    """
    folder.mkdir()
    for name in programs:
        path = folder / name
        path.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(HERE)!r})\n"
            f"import {module}\nsys.exit({module}.main({name!r}, sys.argv[1:]) or "
            f"{exit_status})\n"
        )
        path.chmod(0o755)
    return folder


def only_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Put stand-ins, and nothing of the vendor's, on PATH."""
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
