# SPDX-License-Identifier: Apache-2.0
"""Folders, boards and values that are not handed to Vitis HLS."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from firebrick.boards import all_boards, load_board
from firebrick.data import data_folder
from firebrick.emit.hls.generate import border_of
from firebrick.emit.hls.top import Border
from firebrick.emit.rtl.generate import generate as generate_rtl
from firebrick.errors import FirebrickError
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.synth.vitis_hls.project import Project, Step, read_project
from firebrick.synth.vitis_hls.tool import SCRIPT, write_work
from networks import small_network

ALL = tuple(Step)


def test_values_that_would_be_interpreted_are_refused(project: Project) -> None:
    for part in ("[exec true]", "xc7}; exec true; {", "x$y", 'a"b', "a\\b", "a\nb", "a;b"):
        evil = replace(project, part=part)
        for text in (lambda one=evil: one.settings(ALL), evil.config):
            with pytest.raises(FirebrickError, match=r"part: .* does not match"):
                text()


def test_a_folder_for_another_kind_of_board_is_refused(folders: dict[Border, Path]) -> None:
    for border, other in ((Border.STREAM, "alveo-u50"), (Border.MEMORY, "zcu104")):
        message = rf"manifest.json: border='{border}' is not that of board '{other}'"
        with pytest.raises(FirebrickError, match=message):
            read_project(folders[border], load_board(other))


def test_every_board_has_a_border() -> None:
    network = small_network()
    chosen = plan(network, Goal(multipliers=24))
    memory = {x.name for x in all_boards() if "m_axi" in x.memory_interface}
    found = {x.name: border_of(replace(chosen, board=x.name)) for x in all_boards()}
    assert {x for x, border in found.items() if border is Border.MEMORY} == memory != set()


def test_a_folder_of_systemverilog_is_refused(tmp_path: Path) -> None:
    network = small_network(bypass=False)
    generate_rtl(network, plan(network, Goal(multipliers=24)), tmp_path / "rtl")
    with pytest.raises(FirebrickError, match=r"manifest\.json: target='rtl' is not 'hls'"):
        read_project(tmp_path / "rtl", load_board("zcu104"))


def test_a_path_with_a_blank_is_refused(folders: dict[Border, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folders[Border.STREAM], tmp_path / "my design"))
    with pytest.raises(FirebrickError, match="has a blank or a character that vendors"):
        read_project(folder, load_board("zcu104"))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"network.cpp"', '"../other.cpp"', r"sources='../other.cpp' is no path in"),
        ('"network.cpp"', '"nowhere.cpp"', r"sources='nowhere.cpp' is no path in"),
        ('"testbench.cpp"', "7", r"testbench=7 is not a text"),
        ('"firebrick_network"', '"two words"', r"top='two words' is no name of a function"),
        ('"border": "axis"', '"border": "x"', r"border='x' is not one of axis, m_axi"),
        ('"sources": [', '"sources": 3, "other": [', r"sources=3 is not a list of paths"),
        ('"top":', '"pot":', r"top is missing"),
        ("{", "[", r"is not JSON"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(
    before: str, after: str, message: str, folders: dict[Border, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(folders[Border.STREAM], tmp_path / "hls"))
    manifest = folder / "manifest.json"
    assert before in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(before, after, 1))
    with pytest.raises(FirebrickError, match=message):
        read_project(folder, load_board("zcu104"))


def test_a_work_folder_that_is_not_ours_stays(project: Project, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "thesis.tex").write_text("")
    with pytest.raises(FirebrickError, match="is not a generated folder"):
        write_work(project, ALL, work)
    assert [x.name for x in work.iterdir()] == ["thesis.tex"]


def test_script_is_the_hand_written_one(project: Project, tmp_path: Path) -> None:
    work = tmp_path / "work"
    write_work(project, ALL, work)
    assert (work / SCRIPT).read_bytes() == (data_folder("hls") / "vitis" / SCRIPT).read_bytes()
