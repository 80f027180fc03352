# SPDX-License-Identifier: Apache-2.0
"""Compile generated C++ with g++ and the ap_types of hls4ml; a binary is kept by its content."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from firebrick.data import data_folder
from firebrick.emit.hls.generate import BENCH_FILE, write_sources
from firebrick.errors import FirebrickError
from firebrick.files.cache import kept_folder
from firebrick.files.key import content_key, folder_key
from firebrick.files.scratch import scratch_folder
from firebrick.ir.network import Network
from firebrick.plan.pipeline import Pipeline
from firebrick.processes import HERE, run
from firebrick.verify.simulation.verilator import tail

BINARY = "csim"
FLAGS = (
    *("-std=c++17", "-O2", "-pthread"),
    # They are long functions of many small operators: let g++ inline them nevertheless.
    *("--param", "large-function-growth=5000", "--param", "inline-unit-growth=1000"),
    *("-Wall", "-Wextra", "-Wno-unknown-pragmas"),
    "-Wno-unused-label",  # a loop's label is its name in the vendor's reports
    # The constructors of ap_int mask bits that they do not initialise.
    *("-Wno-uninitialized", "-Wno-maybe-uninitialized"),
)
SANITIZE = (
    *("-O1", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    # ap_int extends signs by shifting negative numbers to the left: undefined until C++20.
    "-fno-sanitize=shift-base",
)


def ap_types() -> Path:
    """Folder of ap_int.h and ap_fixed.h in an installed hls4ml, which is not imported.

    Raises:
        FirebrickError: if the package is missing.
    """
    spec = importlib.util.find_spec("hls4ml")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        types = Path(folder) / "templates" / "vivado" / "ap_types"
        if (types / "ap_int.h").is_file():
            return types
    raise FirebrickError("csim: ap_int.h is missing: install the package 'hls4ml' (1.3)")


def _compiler() -> tuple[str, str]:
    """Path of g++, and what it says it is."""
    path = shutil.which("g++")
    if path is None:
        raise FirebrickError("csim: g++ is missing: install a C++17 compiler of that name")
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    return path, version.stdout


def include_folders() -> list[Path]:
    """Folders of the functions, with the simulation's streams before the vendor's."""
    hls = data_folder("hls")
    return [hls / "csim", hls / "include"]


def build(
    network: Network, pipeline: Pipeline, build_root: Path, *, sanitize: bool = False
) -> Path:
    """Compile the C simulation of a pipeline, unless the same one is there already.

    Args:
        network: the network.
        pipeline: its hardware.
        build_root: folder that keeps binaries; may be shared by concurrent processes.
        sanitize: stop at undefined behaviour and at accesses out of bounds; slower.

    Raises:
        FirebrickError: if g++ or the ap_types are missing, or g++ refuses, with the end of its log.
    """
    types, (compiler, version) = ap_types(), _compiler()
    flags = [*FLAGS, *(SANITIZE if sanitize else ())]
    build_root.mkdir(parents=True, exist_ok=True)
    with scratch_folder(build_root) as scratch:
        work = scratch / "sources"
        work.mkdir()
        write_sources(network, pipeline, work)
        read = map(folder_key, (work, *include_folders(), types))
        key = content_key(*flags, version, *read)
        command = [
            *(compiler, *flags),
            *(f"-I{x}" for x in (*include_folders(), work)),
            *("-isystem", str(types), str(work / BENCH_FILE), "-o", BINARY),
        ]
        made = build_root / f"{BINARY}-{key}"
        return kept_folder(made, lambda x: _compile(command, x), BINARY) / BINARY


def _compile(command: Sequence[str], folder: Path) -> Path:
    """Run g++ in a folder.

    Raises:
        FirebrickError: when it refuses.
    """
    log = folder / "build.log"
    with log.open("w") as stream:
        status = run(command, folder, stream, env=HERE)
    if status != 0:
        raise FirebrickError(f"{command[0]} failed", log=tail(log))
    return folder
