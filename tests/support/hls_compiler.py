# SPDX-License-Identifier: Apache-2.0
"""Compile C++ benches with g++, kept by content like the compiled simulations."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from firebrick.files.cache import kept_folder
from firebrick.files.key import content_key

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "hls" / "include"
BENCH = ROOT / "tests" / "hls" / "bench"
FLAGS = (
    *("-std=c++17", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas"),
    # The constructors of ap_int mask bits that they do not initialise.
    *("-Wno-uninitialized", "-Wno-maybe-uninitialized"),
    "-Wno-unused-label",  # a loop's label is its name in reports
)
SANITIZED = (
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "-fno-sanitize=shift-base",  # ap_int shifts negative numbers to the left
)


def missing(what: str) -> None:
    """Skip for want of a tool, but fail where `CI` is set."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


@cache
def ap_types() -> Path | None:
    """Folder of ap_int.h, ap_fixed.h and hls_stream.h in an installed hls4ml, never imported."""
    spec = importlib.util.find_spec("hls4ml")
    folders = spec.submodule_search_locations if spec else None
    return Path(folders[0]) / "templates" / "vivado" / "ap_types" if folders else None


@cache
def _version(compiler: str) -> str:
    run = [compiler, "--version"]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


def command(*, strict: bool = True, sanitized: bool = False, include: Path = INCLUDE) -> list[str]:
    """The compiler and its options, but for what is compiled.

    Args:
        strict: with the benches' stream instead of the one beside ap_int.h.
        sanitized: stop at undefined behaviour and at accesses out of bounds.
        include: folder of the functions' headers.
    """
    compiler = shutil.which("g++")
    types = ap_types()
    if compiler is None:
        missing("g++")
    if types is None:
        missing("the package 'hls4ml' (for its ap_types)")
    folders = [BENCH, include] if strict else [include]
    return [
        *(str(compiler), "-O1", *FLAGS, *(SANITIZED if sanitized else ())),
        *(f"-I{folder}" for folder in folders),
        *("-isystem", str(types)),
    ]


def headers(text: str) -> list[Path]:
    """Files that a text includes, directly or not, from the functions and the benches."""
    found: dict[Path, None] = {}
    texts = [text]
    while texts:
        for name in re.findall(r'^#include ["<]([^">]+)[">]', texts.pop(), re.MULTILINE):
            for path in (folder / name for folder in (BENCH, INCLUDE)):
                if path.is_file() and path not in found:
                    found[path] = None
                    texts.append(path.read_text())
    return sorted(found)


def compiled(text: str, stem: str, root: Path, start: Sequence[str]) -> Path:
    """The binary of a C++ text, unless it is there already.

    Args:
        text: contents of the only translation unit.
        stem: start of the binary's name.
        root: folder that keeps binaries; may be shared by concurrent processes.
        start: from `command`.

    Raises:
        AssertionError: if the compiler refuses, with what it says.
    """
    parts = [text, *start, _version(start[0])]
    parts += [part for x in headers(text) for part in (x.name, x.read_text())]

    def make(scratch: Path) -> Path:
        made = scratch / "made"
        made.mkdir()
        source = scratch / f"{stem}.cpp"
        source.write_text(text)
        run = [*start, str(source), "-o", str(made / stem)]
        result = subprocess.run(run, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr[-6000:]
        return made

    return kept_folder(root / f"{stem}-{content_key(*parts)}", make, stem) / stem


def refusal(text: str, start: Sequence[str]) -> str:
    """What the compiler says about a C++ text; empty if it takes it."""
    run = [*start, "-fsyntax-only", "-x", "c++", "-"]
    return subprocess.run(run, input=text, capture_output=True, text=True, check=False).stderr
