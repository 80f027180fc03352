# SPDX-License-Identifier: Apache-2.0
"""Compile the kernel of a generated folder, with its buses simulated by `sim/shell/`."""

from __future__ import annotations

from pathlib import Path

from firebrick.data import data_folder
from firebrick.emit.rtl.kernel_top import KERNEL
from firebrick.errors import FirebrickError
from firebrick.verify.simulation.sources import closure
from firebrick.verify.simulation.verilator import LONG, Harness, build


def build_kernel(folder: Path, build_root: Path, *, optimize: str = LONG, jobs: int = 1) -> Path:
    """Compile a server around the kernel, unless the same one is there already.

    The memory images are no part of it: the server reads them from its working folder, which has to
    be `folder` or one of the same structure. What it is told and answers: `sim/shell/main.cpp`.

    Args:
        folder: written by `emit.rtl.generate`.
        build_root: folder that keeps compiled models; may be shared by concurrent processes.
        optimize: of the C++ compiler: see `verilator.build`.
        jobs: C++ compilations at a time.

    Raises:
        FirebrickError: when the folder has no kernel, or a compiler refuses.
    """
    top = folder / f"{KERNEL}.sv"
    if not top.is_file():
        raise FirebrickError(f"{folder}: {top.name} is missing: not a generated folder's kernel")
    sources = closure([top.read_text()], [*(folder / "hw").glob("*.sv"), *folder.glob("*.sv")])
    shell = data_folder("sim") / "shell"
    harness = Harness(
        main=shell / "main.cpp",
        flags=("--no-timing",),
        sources=tuple(sorted(shell.glob("*.[ch]pp"))),
    )
    return build([*sources, top], KERNEL, build_root, optimize=optimize, jobs=jobs, harness=harness)
