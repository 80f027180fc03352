# SPDX-License-Identifier: Apache-2.0
"""Waveforms of a whole network: there when asked for, also when the simulation fails."""

import contextlib
import io
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from firebrick.cli import main
from firebrick.quantize.integer_onnx import export
from firebrick.verify import rtl_engine
from networks import random_pixels, small_network

HEADER = bytes([0]) + (329).to_bytes(8, "big")
"""Start of an FST file: type of the first block, and its length, which is always the same."""


@dataclass
class Bench:
    """Where the commands run, and what each simulation left in its own folder."""

    folder: Path
    stuck: bool = False
    """Simulations get hardly any input, and have no patience."""
    left: list[set[str]] = field(default_factory=list)

    def infer(self, *arguments: str) -> tuple[int, str]:
        """Exit status and messages of `firebrick infer`."""
        err = io.StringIO()
        words = ["firebrick", "infer", "q.onnx", "a.png", *arguments]
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(err),
            mock.patch.object(sys, "argv", words),
            pytest.raises(SystemExit) as stop,
        ):
            sys.exit(main())
        return int(stop.value.code or 0), err.getvalue()


@pytest.fixture
def bench(tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A model and a photograph; plans are made anew, compiled models kept with the other ones."""
    network = small_network(bypass=False)
    result = Bench(tmp_path / "work")
    result.folder.mkdir()
    export.write(network, result.folder / "q.onnx")
    pixels = random_pixels(3, network, 1)[0].astype(np.uint8)
    Image.fromarray(pixels.transpose(1, 2, 0)).save(result.folder / "a.png")
    plans = tmp_path / "plans"
    plans.mkdir()
    caches = {"models": build_root, "plans": plans}
    monkeypatch.setattr(rtl_engine, "cache_folder", caches.__getitem__)
    simulate = rtl_engine.simulate

    def watched(*arguments: Any, **named: Any) -> Any:
        *others, workdir, cycles = arguments
        if result.stuck:
            cycles, named = 1, named | {"stalls": (255, 0)}
        try:
            return simulate(*others, workdir, cycles, **named)
        finally:
            result.left.append({x.name for x in workdir.iterdir()})

    monkeypatch.setattr(rtl_engine, "simulate", watched)
    return result


def unpacked(block: bytes) -> bytes:
    """What an LZ4 block holds."""
    out, at = bytearray(), 0

    def length(start: int) -> int:
        nonlocal at
        total = start
        while start == 15:
            total += block[at]
            at += 1
            if block[at - 1] != 255:
                break
        return total

    while at < len(block):
        token = block[at]
        at += 1
        literals = length(token >> 4)
        out += block[at : at + literals]
        at += literals
        if at < len(block):
            start = len(out) - int.from_bytes(block[at : at + 2], "little")
            at += 2
            for place in range(start, start + length(token & 15) + 4):
                out.append(out[place])
    return bytes(out)


def hierarchy(content: bytes) -> bytes:
    """Names of scopes and signals in an FST file: its only block of type 6."""
    at = 0
    while content[at] != 6:
        at += 1 + int.from_bytes(content[at + 1 : at + 9], "big")
    end = at + 1 + int.from_bytes(content[at + 1 : at + 9], "big")
    names = unpacked(content[at + 17 : end])
    assert len(names) == int.from_bytes(content[at + 9 : at + 17], "big")
    return names


def test_waves_on_request(bench: Bench) -> None:
    status, message = bench.infer("--engine", "rtl", "--waves", "out.fst")
    assert status == 0, message
    content = (bench.folder / "out.fst").read_bytes()
    assert content.startswith(HEADER)
    assert len(content) > 10_000
    names = hierarchy(content)
    for layer in (b"u_dut", b"u_conv1", b"u_pool1", b"u_fire2_expand", b"m_axis_tdata"):
        assert layer in names
    assert {x.name for x in bench.folder.iterdir()} == {"q.onnx", "a.png", "out.fst"}


def test_no_waves_without_request(bench: Bench) -> None:
    status, message = bench.infer("--engine", "rtl")
    assert status == 0, message
    assert {x.name for x in bench.folder.iterdir()} == {"q.onnx", "a.png"}
    (left,) = bench.left
    assert "output.0.hex" in left
    assert not [x for x in left if x.endswith((".fst", ".vcd"))]


def test_waves_of_a_failed_simulation_are_kept(bench: Bench) -> None:
    bench.stuck = True
    status, message = bench.infer("--engine", "rtl", "--waves", "out.fst")
    assert status == 1
    assert "stuck after" in message
    assert b"u_conv1" in hierarchy((bench.folder / "out.fst").read_bytes())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--engine", "rtl", "--waves", "none/out.fst"), "none/out.fst"),
        (("--waves", "out.fst"), "engine rtl"),
    ],
)
def test_waves_that_cannot_be_written_are_refused_before_any_work(
    bench: Bench, arguments: tuple[str, ...], words: str
) -> None:
    status, message = bench.infer(*arguments)
    assert status == 2
    assert words in message
    assert bench.left == []
    assert {x.name for x in bench.folder.iterdir()} == {"q.onnx", "a.png"}
