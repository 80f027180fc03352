# SPDX-License-Identifier: Apache-2.0
"""The PYNQ device against a FAKE of `pynq`: calls and their order, not a board."""

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fake_kernel import fake_logits, tiny_description
from fake_pynq import FakeBoard

from firebrick.runtime import (
    Accelerator,
    Bundle,
    BundleError,
    DeviceError,
    DeviceMissing,
    DeviceTimeout,
    MismatchError,
)
from firebrick.runtime.device import Device
from firebrick.runtime.pynq import PynqDevice, find_kernel

DESCRIPTION = tiny_description()
IMAGES = np.random.default_rng(1).integers(0, 256, (9, 3, 5, 3), np.uint8)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> FakeBoard:
    found = FakeBoard(DESCRIPTION)
    monkeypatch.setitem(sys.modules, "pynq", found.module())
    return found


def test_infer(board: FakeBoard, tiny_bundle: Path) -> None:
    with Accelerator.open(tiny_bundle, "pynq", batch=4) as accelerator:
        device: Device = accelerator.device  # of the protocol, for mypy as well
        assert isinstance(device, PynqDevice)
        assert np.array_equal(accelerator.infer(IMAGES), fake_logits(IMAGES, 4))
    (bitstream,) = map(Path, board.loaded)
    assert (bitstream.name, bitstream.exists()) == ("firebrick.bit", False)  # a copy, for a moment
    assert board.beside == [{"firebrick.bit", "firebrick.hwh"}]
    assert board.interrupt is not None
    assert board.interrupt.waits > 0
    images, logits = board.buffers[0::2], board.buffers[1::2]
    assert sum(x.flushed for x in images) == sum(x.invalidated for x in logits) == 3  # runs
    assert all(x.freed == 1 for x in board.buffers)


@pytest.mark.parametrize("name", ["firebrick.bit", "firebrick.hwh"])
def test_a_bitstream_that_is_exchanged_meanwhile_is_not_loaded(
    board: FakeBoard, tiny_bundle: Path, name: str
) -> None:
    bundle = Bundle.open(tiny_bundle)
    (tiny_bundle / name).write_bytes(b"evil")
    with pytest.raises(BundleError, match=f"{name}: SHA-256 .* has changed since"):
        Accelerator.open(bundle, "pynq")
    assert board.loaded == []


def test_a_bitstream_that_is_exchanged_later_is_not_loaded(
    board: FakeBoard, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = board.overlay

    def exchange(bitfile_name: str) -> SimpleNamespace:
        (tiny_bundle / "firebrick.bit").write_bytes(b"evil")
        return load(bitfile_name)

    monkeypatch.setattr(sys.modules["pynq"], "Overlay", exchange)
    with Accelerator.open(tiny_bundle, "pynq"):
        assert board.data == b"stand-in for firebrick.bit"


def test_weights(monkeypatch: pytest.MonkeyPatch, loaded_bundle: Path) -> None:
    board = FakeBoard(tiny_description(weights_bytes=128))
    monkeypatch.setitem(sys.modules, "pynq", board.module())
    with Accelerator.open(loaded_bundle, "pynq", batch=4) as accelerator:
        assert np.array_equal(accelerator.infer(IMAGES), fake_logits(IMAGES, 4))
    assert board.kernel.loads == 1


def test_without_a_connected_interrupt(monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path) -> None:
    board = FakeBoard(DESCRIPTION, connected=False)
    monkeypatch.setitem(sys.modules, "pynq", board.module())
    with Accelerator.open(tiny_bundle, "pynq") as accelerator:
        assert np.array_equal(accelerator.infer(IMAGES), fake_logits(IMAGES, 4))


def test_inside_of_a_running_loop(board: FakeBoard, tiny_bundle: Path) -> None:
    async def cell() -> np.ndarray:  # of a notebook
        with Accelerator.open(tiny_bundle, "pynq") as accelerator:
            return accelerator.infer(IMAGES)

    assert np.array_equal(asyncio.run(cell()), fake_logits(IMAGES, 4))
    assert board.interrupt is not None
    assert board.interrupt.waits == 0


@pytest.mark.parametrize("connected", [True, False], ids=["interrupt", "polling"])
def test_timeout(connected: bool, monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path) -> None:
    board = FakeBoard(DESCRIPTION, connected=connected)
    monkeypatch.setitem(sys.modules, "pynq", board.module())
    with Accelerator.open(tiny_bundle, "pynq") as accelerator:
        board.kernel.latency = None
        with pytest.raises(DeviceTimeout, match=r"no result within 0\.05 s"):
            accelerator.infer(IMAGES, timeout=0.05)
        board.kernel.latency = 3
        assert np.array_equal(accelerator.infer(IMAGES), fake_logits(IMAGES, 4))


def test_error(board: FakeBoard, tiny_bundle: Path) -> None:
    with Accelerator.open(tiny_bundle, "pynq") as accelerator:
        board.kernel.first_error = 2
        with pytest.raises(DeviceError, match="memory answered a write with an error"):
            accelerator.infer(IMAGES)
        assert np.array_equal(accelerator.infer(IMAGES), fake_logits(IMAGES, 4))


def test_another_model(monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path) -> None:
    board = FakeBoard(tiny_description(model_hash="0" * 64))
    monkeypatch.setitem(sys.modules, "pynq", board.module())
    with pytest.raises(MismatchError, match="MODEL_HASH0=0x00000000 is not 0x01234567"):
        Accelerator.open(tiny_bundle, "pynq")


def test_no_memory_left(board: FakeBoard, tiny_bundle: Path) -> None:
    with pytest.raises(DeviceError, match=r"pynq\.allocate: no \d+ bytes: BO allocation failed"):
        Accelerator.open(tiny_bundle, "pynq", batch=1 << 20)


def test_memory_at_no_multiple_of_64(board: FakeBoard, tiny_bundle: Path) -> None:
    board.skew = 32
    with pytest.raises(DeviceError, match="is no multiple of 64"):
        Accelerator.open(tiny_bundle, "pynq")


@pytest.mark.parametrize("name", ["firebrick.bit", "firebrick.hwh"])
def test_a_bundle_without_a_bitstream(board: FakeBoard, tiny_bundle: Path, name: str) -> None:
    bundle = Bundle.open(tiny_bundle)
    files = {x: sha for x, sha in bundle.files.items() if x != name}
    object.__setattr__(bundle, "files", files)
    with pytest.raises(DeviceMissing, match=f"the bundle has no {name}"):
        Accelerator.open(bundle, "pynq")
    assert board.loaded == []


def test_no_pynq(monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path) -> None:
    monkeypatch.setitem(sys.modules, "pynq", None)
    with pytest.raises(DeviceMissing, match="the Python package 'pynq' is missing"):
        Accelerator.open(tiny_bundle, "pynq")


@pytest.mark.parametrize("count", [0, 2])
def test_there_must_be_one_kernel(count: int) -> None:
    blocks: dict = {f"k{n}": {"type": "a:b:firebrick_kernel:1.0"} for n in range(count)}
    with pytest.raises(DeviceMissing, match=f"overlay: {count} blocks of type 'firebrick_kernel'"):
        find_kernel(blocks | {"ps7": {"type": "xilinx.com:ip:ps7:5.5"}, "odd": {}})
