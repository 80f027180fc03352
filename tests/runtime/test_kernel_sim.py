# SPDX-License-Identifier: Apache-2.0
"""The driver on the real kernel of tiny networks, in Verilator."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kernels import PATIENCE, images, opened, write_bundle

from bundles import edit, finish
from firebrick.campaign.designs import DESIGNS, TinyKernel, make
from firebrick.runtime import (
    Accelerator,
    Bundle,
    BundleError,
    Description,
    DeviceError,
    DeviceMissing,
    DeviceTimeout,
    MismatchError,
)
from firebrick.runtime import registers as reg
from firebrick.runtime.registers import Register
from firebrick.runtime.sim import MemoryTiming, SimDevice, build

FAST = DESIGNS[:2]


@pytest.fixture(scope="session", params=FAST, ids=lambda x: x.name)
def kernel(
    request: pytest.FixtureRequest, build_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> TinyKernel:
    folder = tmp_path_factory.mktemp("kernel") / request.param.name
    return make(request.param, folder, build_root, optimize="-O0")


@pytest.fixture
def bundle(
    kernel: TinyKernel, tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A bundle of the kernel, simulated with the binary that is there already."""

    def compiled(folder: Path) -> Path:
        return build(folder, optimize="-O0", build_root=build_root)

    monkeypatch.setattr("firebrick.runtime.sim.build", compiled)
    return write_bundle(kernel, tmp_path / "bundle")


def test_infer_equals_the_reference(kernel: TinyKernel, bundle: Path) -> None:
    batch = images(kernel, 7)
    with Accelerator.open(bundle, device="sim", batch=3) as accelerator:
        logits = accelerator.infer(batch)
        assert logits.dtype == np.int32
        assert np.array_equal(logits, kernel.reference(batch))
        assert accelerator.counters.frames_done == 7


def test_the_shell_adds_no_bubble(kernel: TinyKernel) -> None:
    with opened(kernel, batch=5) as accelerator:
        for _ in range(2):  # what is counted is of the last run
            accelerator.infer(images(kernel, 5))
        counters = accelerator.counters
    planned = kernel.plan.cycles_per_frame
    assert abs(counters.frame_cycles - planned) <= planned // 100
    assert 5 * planned <= counters.cycles <= 5 * planned + kernel.plan.latency_cycles + 1000


def test_runs_follow_each_other_without_draining(kernel: TinyKernel) -> None:
    planned = kernel.plan.cycles_per_frame
    with opened(kernel, batch=4) as accelerator:
        device = accelerator.device
        assert isinstance(device, SimDevice)
        before = device.state().cycle
        accelerator.infer(images(kernel, 4))
        one = device.state().cycle - before
        pending = [accelerator.submit(images(kernel, 4, x)) for x in range(2)]
        before = device.state().cycle
        for seed, result in enumerate(pending):
            assert np.array_equal(result.result(), kernel.reference(images(kernel, 4, seed)))
        both = device.state().cycle - before
    assert both < one + 4 * planned + planned // 2


@pytest.mark.parametrize("seed", range(3))
def test_slow_buses_change_nothing(kernel: TinyKernel, seed: int) -> None:
    batch = images(kernel, 3, seed)
    with opened(kernel) as accelerator:
        device = accelerator.device
        assert isinstance(device, SimDevice)
        device.set_timing(MemoryTiming(90, 90, 90, 90, 90, 90, 200, 200, 3, 3), seed)
        assert np.array_equal(accelerator.infer(batch), kernel.reference(batch))


@pytest.mark.parametrize(("kind", "bits"), [("read", 1), ("write", 2)])
def test_logits_are_refused_after_an_error(kernel: TinyKernel, kind: str, bits: int) -> None:
    batch = images(kernel, 2)
    with opened(kernel) as accelerator:
        device = accelerator.device
        assert isinstance(device, SimDevice)
        accelerator.infer(batch)  # weights are there
        device.fail(**{kind: 1})
        with pytest.raises(DeviceError, match=f"ERRORS=0x{bits:x}: memory answered a {kind}"):
            accelerator.infer(batch)
        assert device.read32(Register.ERRORS) == 0
        assert np.array_equal(accelerator.infer(batch), kernel.reference(batch))


def test_timeout(kernel: TinyKernel) -> None:
    batch = images(kernel, 2)
    with opened(kernel) as accelerator:
        device = accelerator.device
        assert isinstance(device, SimDevice)
        device.patience = 50
        with pytest.raises(DeviceTimeout, match=r"no result within 3600 s: STATUS=0x[13]"):
            accelerator.infer(batch)
        device.patience = PATIENCE
        assert np.array_equal(accelerator.infer(batch), kernel.reference(batch))


def test_timeout_by_the_clock(kernel: TinyKernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firebrick.runtime.runs.RESET_SECONDS", 0.1)
    with opened(kernel) as accelerator:
        device = accelerator.device
        assert isinstance(device, SimDevice)
        device.patience = None
        device.set_timing(MemoryTiming(write_response=255, write_latency=1 << 30), 1)
        pending = accelerator.submit(images(kernel, 1))
        with pytest.raises(DeviceTimeout):
            pending.result(timeout=0.2)


def test_reset_in_a_frame(kernel: TinyKernel) -> None:
    batch = images(kernel, 4)
    with opened(kernel) as accelerator:
        device = accelerator.device
        assert isinstance(device, SimDevice)
        pending = accelerator.submit(batch)
        device.step(kernel.plan.cycles_per_frame)
        accelerator.reset()
        with pytest.raises(DeviceError, match="cut off by a reset"):
            pending.result()
        assert device.state().outstanding == 0
        assert device.read32(Register.FRAMES_DONE) == 0
        assert np.array_equal(accelerator.infer(batch), kernel.reference(batch))


def test_logits_are_padded_with_zeros_and_nothing_else_is_written(kernel: TinyKernel) -> None:
    with opened(kernel, batch=3) as accelerator:
        device = accelerator.device
        assert isinstance(device, SimDevice)
        accelerator.infer(images(kernel, 2))
        address = device.read32(Register.LOGITS_LO) | device.read32(Register.LOGITS_HI) << 32
        x = kernel.description
        memory = device.memory[address - device.base :][: 3 * x.logits_stride]
        frames = memory.reshape(3, x.logits_stride)
        assert not frames[:2, 4 * x.classes :].any()
        assert (frames[2] == 0xDB).all()


def test_another_model_is_refused(kernel: TinyKernel) -> None:
    device = SimDevice(kernel.binary, kernel.folder)
    other: Description = replace(kernel.description, model_hash="0" * 64)
    with pytest.raises(MismatchError, match=r"MODEL_HASH0=\w+ is not 0x00000000"):
        Accelerator(other, device, weights=kernel.weights)


def test_a_bundle_with_another_hash_is_refused(bundle: Path) -> None:
    edit(bundle, lambda x: x.update(model_hash="0" * 64))
    with pytest.raises(BundleError, match=r"rtl/manifest\.json: model_hash is not the bundle's"):
        Accelerator.open(bundle, device="sim")


def test_hardware_with_another_hash_is_refused(bundle: Path) -> None:
    """The manifest was changed along, the checksums are right: the device itself objects."""
    path = bundle / "rtl" / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"model_hash": "0" * 64}))
    finish(bundle, json.loads((bundle / "bundle.json").read_text()) | {"model_hash": "0" * 64})
    with pytest.raises(MismatchError, match="the device holds another network"):
        Accelerator.open(bundle, device="sim")


def test_a_wrong_checksum_is_refused(bundle: Path) -> None:
    with (bundle / "rtl" / "firebrick_kernel.sv").open("a") as stream:
        stream.write("\n")
    with pytest.raises(BundleError, match=r"firebrick_kernel\.sv: SHA-256"):
        Accelerator.open(bundle, device="sim")


def test_hardware_that_is_not_listed_is_refused(bundle: Path) -> None:
    (bundle / "rtl" / "hw" / "extra.sv").write_text("module extra; endmodule\n")
    with pytest.raises(BundleError, match=r"extra\.sv: is not one of the bundle's files"):
        Accelerator.open(bundle, device="sim")


def test_hardware_that_is_exchanged_meanwhile_is_refused(bundle: Path) -> None:
    found = Bundle.open(bundle)
    (bundle / "rtl" / "firebrick_kernel.sv").write_text("module evil; endmodule\n")
    with pytest.raises(BundleError, match=r"firebrick_kernel\.sv: SHA-256 .* has changed since"):
        Accelerator.open(found, device="sim")


def test_hardware_that_is_exchanged_later_is_not_used(
    kernel: TinyKernel, bundle: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle's files change after every look at them, and before any compiler's."""

    def exchange(folder: Path) -> Path:
        for path in (bundle / "rtl").rglob("*"):
            if path.is_file():  # SystemVerilog, and the images of memories
                path.write_text("0\n")
        return build(folder, optimize="-O0", build_root=build_root)

    monkeypatch.setattr("firebrick.runtime.sim.build", exchange)
    batch = images(kernel, 2)
    with Accelerator.open(bundle, device="sim") as accelerator:
        assert np.array_equal(accelerator.infer(batch), kernel.reference(batch))


def test_a_bundle_without_hardware_to_simulate(tiny_bundle: Path) -> None:
    with pytest.raises(DeviceMissing, match=r"the bundle has no rtl/manifest\.json"):
        Accelerator.open(tiny_bundle, device="sim")


def test_memory_lies_at_multiples_of_64_and_apart(kernel: TinyKernel) -> None:
    with SimDevice(kernel.binary, kernel.folder) as device:
        buffers = [device.allocate(size) for size in (1, 65, 64, 200, 7)]
        ends = [x.address + len(x.array) for x in buffers]
        assert [x.address % 64 for x in buffers] == [0] * 5
        assert all(a <= b.address for a, b in zip(ends, buffers[1:], strict=False))
        buffers[1].free()
        assert device.allocate(128).address == buffers[1].address


def test_start_without_frames(kernel: TinyKernel) -> None:
    with opened(kernel) as accelerator:
        device = accelerator.device
        device.write32(Register.CTRL, reg.CTRL_AP_START.mask)
        assert device.wait_interrupt(10.0)
        assert device.read32(Register.CTRL) & reg.CTRL_AP_DONE.mask
        assert device.read32(Register.ERRORS) == 0
