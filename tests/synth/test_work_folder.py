# SPDX-License-Identifier: Apache-2.0
"""Work folders: a run replaces what the last one left, and nothing else."""

from pathlib import Path

import pytest

from firebrick.errors import CheckFailed, FirebrickError
from firebrick.synth import vendor

TOOL = [("tool", ["sh", "-c", "mkdir -p out/empty; date > out/result; ln -sf result out/last"])]
FAILS = [("tool", ["sh", "-c", "date > half; exit 3"])]


def write(work: Path) -> None:
    vendor.write_work(work, ["hw/vivado/common.tcl"], {vendor.SETTINGS: "set top x\n"})


@pytest.mark.parametrize("commands", [TOOL, FAILS])
def test_what_a_tool_left_is_replaced_by_the_next_run(
    tmp_path: Path, commands: list[tuple[str, list[str]]]
) -> None:
    work = tmp_path / "vivado"
    for _ in range(2):
        write(work)
        assert {x.name for x in work.iterdir()} == {"common.tcl", "settings.tcl", "firebrick.json"}
        try:
            vendor.run_commands(work, commands)
        except CheckFailed:
            assert commands == FAILS


def test_what_somebody_added_or_changed_is_kept(tmp_path: Path) -> None:
    work = tmp_path / "vivado"
    write(work)
    vendor.run_commands(work, TOOL)
    (work / "out" / "note.txt").write_text("mine")
    with pytest.raises(FirebrickError, match=r"holds 'out/note\.txt'"):
        write(work)
    (work / "out" / "note.txt").unlink()
    (work / "out" / "result").write_text("mine")
    with pytest.raises(FirebrickError, match="'out/result' is not as firebrick wrote it"):
        write(work)
    assert (work / "out" / "result").read_text() == "mine"


def test_folder_with_settings_of_somebody_else_is_kept(tmp_path: Path) -> None:
    work = tmp_path / "vivado"
    work.mkdir()
    (work / vendor.SETTINGS).write_text("set mine 1\n")
    with pytest.raises(FirebrickError, match="is not a generated folder"):
        write(work)
    assert (work / vendor.SETTINGS).read_text() == "set mine 1\n"
