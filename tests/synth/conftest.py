# SPDX-License-Identifier: Apache-2.0
"""A small network as C++, for the tests of the Vitis project and of its scripts."""

from dataclasses import replace
from pathlib import Path

import pytest

from firebrick.boards import load_board
from firebrick.emit.hls.generate import generate
from firebrick.emit.hls.top import Border
from firebrick.emit.rtl.generate import generate as generate_rtl
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.synth.vitis_hls.project import Project, read_project
from networks import small_network
from vitis_tools import BOARDS


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Border, Path]:
    """A small network for either kind of board."""
    network = small_network()
    chosen = plan(network, Goal(multipliers=24))
    root = tmp_path_factory.mktemp("vitis")
    for border, board in BOARDS.items():
        generate(network, replace(chosen, board=board), root / border)
    return {Border(border): root / border for border in BOARDS}


@pytest.fixture
def project(folders: dict[Border, Path]) -> Project:
    return read_project(folders[Border.STREAM], load_board("zcu104"))


@pytest.fixture(scope="session")
def kernel_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network as SystemVerilog with its kernel, planned for the PYNQ-Z2."""
    network = small_network()
    root = tmp_path_factory.mktemp("kernel") / "rtl"
    goal = Goal(board=load_board("pynq-z2"), multipliers=24)
    generate_rtl(network, plan(network, goal), root)
    return root
