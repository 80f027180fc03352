# SPDX-License-Identifier: Apache-2.0
"""The XRT device against FAKES of `pyxrt` and of XRT's library: calls and their order, no card."""

import sys
from pathlib import Path

import numpy as np
import pytest
from fake_kernel import fake_logits, tiny_description
from fake_xrt import FakeCard

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
from firebrick.runtime.xrt import LIBRARY, XrtDevice, load_library

DESCRIPTION = tiny_description()
IMAGES = np.random.default_rng(1).integers(0, 256, (9, 3, 5, 3), np.uint8)


def install(card: FakeCard, monkeypatch: pytest.MonkeyPatch) -> FakeCard:
    monkeypatch.setitem(sys.modules, "pyxrt", card.pyxrt())
    monkeypatch.setattr("firebrick.runtime.xrt.load_library", card.library)
    return card


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> FakeCard:
    return install(FakeCard(DESCRIPTION), monkeypatch)


def test_infer(card: FakeCard, tiny_bundle: Path) -> None:
    with Accelerator.open(tiny_bundle, "xrt", batch=4) as accelerator:
        device: Device = accelerator.device  # of the protocol, for mypy as well
        assert isinstance(device, XrtDevice)
        assert np.array_equal(accelerator.infer(IMAGES), fake_logits(IMAGES, 4))
        assert len(card.open) == 2
    assert card.open == set()


def test_an_xclbin_that_is_exchanged_meanwhile_is_not_loaded(
    card: FakeCard, tiny_bundle: Path
) -> None:
    bundle = Bundle.open(tiny_bundle)
    (tiny_bundle / "firebrick.xclbin").write_bytes(b"evil")
    with pytest.raises(BundleError, match=r"xclbin: SHA-256 .* has changed since"):
        Accelerator.open(bundle, "xrt")
    assert card.loaded == []


def test_an_xclbin_that_is_exchanged_later_is_not_loaded(
    card: FakeCard, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is loaded twice, by two libraries, and exchanged between."""

    def exchange() -> object:
        (tiny_bundle / "firebrick.xclbin").write_bytes(b"evil")
        return card.library()

    monkeypatch.setattr("firebrick.runtime.xrt.load_library", exchange)
    with Accelerator.open(tiny_bundle, "xrt"):
        assert card.loaded == [b"stand-in for firebrick.xclbin"] * 2


def test_weights(monkeypatch: pytest.MonkeyPatch, loaded_bundle: Path) -> None:
    card = install(FakeCard(tiny_description(weights_bytes=128)), monkeypatch)
    with Accelerator.open(loaded_bundle, "xrt", batch=4) as accelerator:
        assert np.array_equal(accelerator.infer(IMAGES), fake_logits(IMAGES, 4))
    assert card.kernel.loads == 1


def test_timeout(card: FakeCard, tiny_bundle: Path) -> None:
    with Accelerator.open(tiny_bundle, "xrt") as accelerator:
        card.kernel.latency = None
        with pytest.raises(DeviceTimeout):
            accelerator.infer(IMAGES, timeout=0.05)
        card.kernel.latency = 3
        assert np.array_equal(accelerator.infer(IMAGES), fake_logits(IMAGES, 4))


def test_error(card: FakeCard, tiny_bundle: Path) -> None:
    with Accelerator.open(tiny_bundle, "xrt") as accelerator:
        card.kernel.first_error = 1
        with pytest.raises(DeviceError, match="memory answered a read with an error"):
            accelerator.infer(IMAGES)
        assert np.array_equal(accelerator.infer(IMAGES), fake_logits(IMAGES, 4))


def test_another_model_closes_the_card(monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path) -> None:
    card = install(FakeCard(tiny_description(model_hash="0" * 64)), monkeypatch)
    with pytest.raises(MismatchError):
        Accelerator.open(tiny_bundle, "xrt")
    assert card.open == set()


@pytest.mark.parametrize(
    "call",
    [
        *("xrtDeviceOpen", "xrtDeviceLoadXclbinFile", "xrtDeviceGetXclbinUUID"),
        *("xrtPLKernelOpenExclusive", "xrtKernelArgGroupId", "xrtKernelReadRegister"),
        "xrtKernelWriteRegister",
    ],
)
def test_a_call_that_fails_is_named(card: FakeCard, tiny_bundle: Path, call: str) -> None:
    card.failing = call
    with pytest.raises(DeviceError, match=call):
        Accelerator.open(tiny_bundle, "xrt")
    assert card.open == set()


def test_no_card(card: FakeCard, tiny_bundle: Path) -> None:
    card.cards = 0
    with pytest.raises(DeviceError, match="pyxrt: Could not open device with index '0'"):
        Accelerator.open(tiny_bundle, "xrt")


def test_no_memory_left(card: FakeCard, tiny_bundle: Path) -> None:
    with pytest.raises(DeviceError, match=r"pyxrt\.bo: no \d+ bytes: bad_alloc"):
        Accelerator.open(tiny_bundle, "xrt", batch=1 << 20)
    assert card.open == set()


def test_memory_at_no_multiple_of_64(card: FakeCard, tiny_bundle: Path) -> None:
    card.skew = 32
    with pytest.raises(DeviceError, match="is no multiple of 64"):
        Accelerator.open(tiny_bundle, "xrt")


def test_a_bundle_without_hardware(card: FakeCard, tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    object.__setattr__(bundle, "files", {})
    with pytest.raises(DeviceMissing, match=r"the bundle has no firebrick\.xclbin"):
        Accelerator.open(bundle, "xrt")
    assert card.calls == []


def test_no_pyxrt(monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyxrt", None)
    with pytest.raises(DeviceMissing, match="XRT is missing, or its setup"):
        Accelerator.open(tiny_bundle, "xrt")


def test_no_library(monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyxrt", FakeCard(DESCRIPTION).pyxrt())
    monkeypatch.setattr("firebrick.runtime.xrt.LIBRARY", "libxrt_that_nobody_has.so")
    with pytest.raises(DeviceMissing, match="libxrt_that_nobody_has"):
        Accelerator.open(tiny_bundle, "xrt")


def test_the_librarys_functions_are_given_their_types(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        """Stands for what `ctypes.CDLL` gives; functions appear when asked for."""

        def __getattr__(self, name: str) -> object:
            self.__dict__[name] = type("function", (), {})()
            return self.__dict__[name]

    monkeypatch.setattr("ctypes.CDLL", lambda name: Library() if name == LIBRARY else None)
    functions = vars(load_library())
    assert functions.keys() == vars(FakeCard(DESCRIPTION).library()).keys()
    assert all(x.restype is not None and x.argtypes for x in functions.values())
