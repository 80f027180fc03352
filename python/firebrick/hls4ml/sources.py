# SPDX-License-Identifier: Apache-2.0
"""Files that a written hls4ml project needs for its blocks: functions, layers, blocks, flags."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from firebrick.data import data_folder
from firebrick.emit.hls.layer import layer_header
from firebrick.errors import FirebrickError
from firebrick.hls4ml.block import Block
from firebrick.hls4ml.block_text import BLOCKS, LAYERS, block_file, block_text

ADAPTER = data_folder("hls") / "hls4ml" / "nnet_firebrick.h"
"""Source that hls4ml copies to its `nnet_utils`."""

BUILD_LIB = "build_lib.sh"
BUILD_PRJ = "build_prj.tcl"
DEFINES = "-DAP_INT_MAX_W=4096"
"""Beats are wider than the 1,024 bits that ap_int.h allows by default."""
FLAGS: Mapping[str, Sequence[tuple[str, str]]] = {
    BUILD_LIB: (
        (
            'INCFLAGS="-Ifirmware/ap_types/"',
            f'INCFLAGS="-Ifirmware/ap_types/ -Ifirmware {DEFINES}"',
        ),
    ),
    BUILD_PRJ: (
        ('-cflags "-std=c++0x', f'-cflags "-std=c++17 {DEFINES} -I[file normalize firmware]'),
    ),
}
"""Texts of hls4ml's scripts and what takes their place, by file."""


def write_sources(project: str, blocks: Sequence[tuple[Block, tuple[str, ...]]]) -> None:
    """Complete a project that hls4ml has written.

    Args:
        project: its folder.
        blocks: each with lines of comment that say what it belongs to.

    Raises:
        FirebrickError: when a script of hls4ml is not as expected.
    """
    root = Path(project)
    firmware = root / "firmware"
    shutil.copytree(
        data_folder("hls") / "include" / "firebrick", firmware / "firebrick", dirs_exist_ok=True
    )
    for folder in (BLOCKS, LAYERS):
        (firmware / folder).mkdir(exist_ok=True)
    for block, origin in blocks:
        (firmware / block_file(block.name)).write_text(block_text(block, origin))
        for instance in block.instances:
            text = layer_header(instance.name, instance.engine, origin)
            (firmware / LAYERS / f"{instance.name}.hpp").write_text(text)
    for name, changes in FLAGS.items():
        _replace(root / name, changes)


def _replace(path: Path, changes: Sequence[tuple[str, str]]) -> None:
    text = path.read_text()
    for old, new in changes:
        if old not in text:
            raise FirebrickError(f"{path}: does not contain {old!r}: hls4ml 1.3 is needed")
        text = text.replace(old, new)
    path.write_text(text)
