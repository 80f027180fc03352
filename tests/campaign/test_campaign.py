# SPDX-License-Identifier: Apache-2.0
"""Random stalls and faults around the shell; and that the campaign would see what is wrong."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from firebrick.campaign import campaign as command
from firebrick.campaign.campaign import Figures, campaign, table
from firebrick.campaign.designs import DESIGNS, TinyKernel, make
from firebrick.campaign.events import EVENTS
from firebrick.verify.simulation.kernel_build import build_kernel

MANY = 1000
MUTATED_RUNS = 200


def kernels(names: list[str], folder: Path, build_root: Path, optimize: str) -> list[TinyKernel]:
    chosen = [x for x in DESIGNS if x.name in names]
    return [make(x, folder / x.name, build_root, optimize=optimize) for x in chosen]


def assert_clean(figures: Figures, runs: int) -> None:
    assert figures.findings == []
    assert (figures.runs, figures.hangs, figures.wrong, figures.other) == (runs, 0, 0, 0)
    assert figures.accepted > runs  # each ends with images that must be right
    assert figures.refused > 0


def test_some_runs(build_root: Path, tmp_path: Path) -> None:
    made = kernels(["narrow", "wide"], tmp_path, build_root, "-O0")
    figures = campaign(made, 50)
    assert_clean(figures, 50)


def test_the_command_prints_its_figures(
    build_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "DESIGNS", DESIGNS[:1])
    monkeypatch.setattr(command, "cache_folder", lambda _: build_root)
    monkeypatch.setattr(command, "make", partial(make, optimize="-O0"))
    assert command.main(["--runs", "4", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["runs"], figures["findings"]) == (4, [])
    assert command.main(["--runs", "9", "--only", "3"]) == 0
    assert "wrong logits accepted              0" in capsys.readouterr().out


def test_what_goes_wrong_is_counted(
    build_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kernel,) = kernels(["narrow"], tmp_path, build_root, "-O0")
    monkeypatch.setattr(TinyKernel, "reference", lambda _, x: np.zeros((len(x), 300), np.int32))
    figures = campaign([kernel], 2)
    assert (figures.runs, figures.wrong, figures.accepted) == (2, 2, 0)
    assert "frames differ" in figures.findings[0]
    monkeypatch.setattr("firebrick.campaign.trial.PATIENCE", 20)
    assert campaign([kernel], 2).hangs == 2


@pytest.mark.slow
def test_a_thousand_runs(build_root: Path, tmp_path: Path) -> None:
    made = kernels([x.name for x in DESIGNS], tmp_path, build_root, "-O1")
    figures = campaign(made, MANY, seed=2)
    print(table(figures))
    assert_clean(figures, MANY)
    assert figures.events.keys() == EVENTS.keys()


OFF = "1'b0"
FAULTS = {
    # design, file of the shell, what it says, what it is made to say
    "read errors are passed over": ("narrow", "axi_reader", "m_axi_rvalid && m_axi_rresp[1]", OFF),
    "write errors are passed over": ("narrow", "axi_writer", "answered && m_axi_bresp[1]", OFF),
    "reads are not stopped": (
        "narrow",
        "axi_reader",
        "room_q >= words && !stop_i",
        "room_q >= words",
    ),
    "reset waits for no data": ("narrow", "axi_reader", "awaited_q == '0;", "1'b1;"),
    "reset waits for no response": ("narrow", "axi_writer", "open_q == '0;", "1'b1;"),
    "more is asked for than fits": (
        "narrow",
        "axi_reader",
        "room_q >= words && !stop_i",
        "!stop_i",
    ),
    "bursts do not end at borders": (
        "wide",
        "axi_reader",
        "COUNT_BITS'(BURST_BLOCKS) - COUNT_BITS'(address_q[OFFSET_BITS-1:0])",
        "COUNT_BITS'(BURST_BLOCKS)",
    ),
    "low bits of addresses are cut off": (
        "narrow",
        "shell_control",
        "frames_i == '0 || misaligned;",
        "frames_i == '0;",
    ),
    "runs without frames are begun": ("narrow", "shell_control", "frames_i == '0 ||", f"{OFF} ||"),
}
WRONG_LOGITS = ("read errors are passed over", "write errors are passed over")


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_shell_is_seen(fault: str, build_root: Path, tmp_path: Path) -> None:
    design, file, old, new = FAULTS[fault]
    (whole,) = kernels([design], tmp_path, build_root, "-O0")
    broken = tmp_path / "broken"
    shutil.copytree(whole.folder, broken)
    path = broken / "hw" / f"{file}.sv"
    text = path.read_text()
    assert text.count(old) == 1, "the shell has changed: choose another fault"
    path.write_text(text.replace(old, new))
    binary = build_kernel(broken, build_root, optimize="-O0")
    figures = campaign([replace(whole, folder=broken, binary=binary)], MUTATED_RUNS)
    assert figures.findings
    assert (figures.wrong > 0) == (fault in WRONG_LOGITS)
