# SPDX-License-Identifier: Apache-2.0
"""What counts as right: no value left out, no frame missing, nothing that did not run."""

from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from firebrick.data import data_folder
from firebrick.emit.hls.csim import output_file
from firebrick.emit.hls.dataflow import Channel
from firebrick.errors import CheckFailed
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.plan.pipeline import Link
from firebrick.verify import csim_engine
from firebrick.verify.compare import compare
from firebrick.verify.simulation import cocotb_run
from firebrick.verify.simulation.beats import write_beats
from firebrick.verify.simulation.network_bench import read_tensor
from firebrick.verify.simulation.sources import closure

LINK = Link("conv1", StreamType(TensorType(2, 2, 3, 8), 2), (1, 0), "conv1")


def test_every_value_of_every_layer_is_compared() -> None:
    layers = {name: np.arange(24).reshape(1, 2, 3, 4) for name in ("first", "second", "logits")}
    for name, right in layers.items():
        for place in ((0, 0, 0, 0), (0, 1, 2, 3)):
            wrong = right.copy()
            wrong[place] += 256  # the same byte
            found = compare(layers, layers | {name: wrong})
            assert {x.layer: (x.values, x.differing) for x in found} == {
                x: (24, int(x == name)) for x in layers
            }
    with pytest.raises(CheckFailed, match=r"layer 'first': shape=\(1, 2, 4, 3\) is not"):
        compare(layers, layers | {"first": layers["first"].transpose(0, 1, 3, 2)})


@pytest.mark.parametrize("beats", [0, 7, 15, 17, 24])
def test_frames_must_be_whole_and_all_there(beats: int, tmp_path: Path) -> None:
    values = np.arange(2 * beats).reshape(beats, 2)
    write_beats(tmp_path / "conv1.hex", values, 8)
    values.astype("<u4").tofile(tmp_path / output_file("conv1"))
    message = f"layer 'conv1': beats={beats} is not 16"
    with pytest.raises(CheckFailed, match=message):
        read_tensor(tmp_path / "conv1.hex", LINK, 2)
    with pytest.raises(CheckFailed, match=message):
        csim_engine._read(tmp_path, Channel("conv1_stream", "", 2, LINK), 2)


@pytest.mark.parametrize(("results", "right"), [((1, 0), True), ((0, 0), False), ((2, 1), False)])
def test_a_simulation_without_a_test_has_not_passed(
    results: tuple[int, int], right: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cocotb_run, "get_runner", lambda _: mock.Mock())
    monkeypatch.setattr(cocotb_run, "get_results", lambda _: results)
    verdict = nullcontext() if right else pytest.raises(CheckFailed, match="tests failed")
    with verdict:
        cocotb_run.run(tmp_path / "bench", tmp_path, "tb_none")


def test_packages_come_before_who_uses_them() -> None:
    text = (data_folder("hw") / "shell" / "shell.sv").read_text()
    packages = [x.stem.endswith("_pkg") for x in closure([text])]
    assert any(packages)
    assert packages == sorted(packages, reverse=True)
