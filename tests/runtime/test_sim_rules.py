# SPDX-License-Identifier: Apache-2.0
"""The simulated buses notice what is against AXI's rules, and end the simulation with a word."""

import select
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from firebrick.errors import FirebrickError
from firebrick.runtime import DeviceError
from firebrick.runtime.sim import MemoryTiming, SimDevice
from firebrick.verify.simulation.kernel_build import build_kernel

BASE = 0x1_0000_0000
STALLED = MemoryTiming(read_address=250, write_data=250)
"""Requests and data wait for longer than the kernel without manners does."""


@pytest.fixture
def device(build_root: Path, tmp_path: Path) -> Iterator[SimDevice]:
    (tmp_path / "hw").mkdir()
    source = Path(__file__).with_name("breach_kernel.sv")
    shutil.copyfile(source, tmp_path / "firebrick_kernel.sv")
    binary = build_kernel(tmp_path, build_root, optimize="-O0")
    with SimDevice(binary, tmp_path, base=BASE) as found:
        yield found


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (1, "AR at 0x100000ff8: a burst crosses 4 KB"),
        (2, "AR at 0x100000000: a beat is not a word"),
        (3, "AR at 0x100000000: a burst is not INCR"),
        (4, "AR at 0xffffffc0: out of memory's range"),
        (5, "AR at 0x100000000: cache is not 3"),
        (6, "AR fell or changed before it was taken"),
        (7, "AR fell or changed before it was taken"),
        (8, "AW at 0x100000ff8: a burst crosses 4 KB"),
        (9, "W fell or changed before it was taken"),
        (10, "WLAST is not at the end of its burst"),
        (11, "WLAST is not at the end of its burst"),
        (12, "W fell or changed before it was taken"),
        (13, "AR at 0x100000002: not the address of a word"),
        (14, "AR at 0x110000000: out of memory's range"),
    ],
)
def test_a_breach_ends_the_simulation(device: SimDevice, rule: int, message: str) -> None:
    if rule in (6, 7, 9, 12):
        device.set_timing(STALLED, seed=3)
    with pytest.raises(DeviceError, match=rf"simulation ended: %Error: AXI4, cycle \d+: {message}"):
        device.write32(0, rule)
        device.step(200)
    with pytest.raises(DeviceError, match="simulation ended"):
        device.read32(0)


@pytest.mark.parametrize("seed", range(5))
def test_writes_keep_to_their_strobes(device: SimDevice, seed: int) -> None:
    device.set_timing(MemoryTiming(0, 0, 0, 99, 99, 99, 0, 50), seed)
    device.memory[:256] = 0xEE
    device.write32(0, 20)
    device.step(1000)
    expected = np.full(256, 0xEE)
    for beat in range(4):
        expected[64 + 4 * beat : 68 + 4 * beat : 2] = beat + 1
    assert np.array_equal(device.memory[:256], expected)
    assert device.state().write_bursts == 1
    assert device.state().outstanding == 0


def test_a_write_that_fails_writes_nothing(device: SimDevice) -> None:
    device.memory[:256] = 0xEE
    device.fail(write=1)
    device.write32(0, 20)
    device.step(100)
    assert (device.memory[:256] == 0xEE).all()


def test_memory_does_not_change_before_the_response(device: SimDevice) -> None:
    device.set_timing(MemoryTiming(write_response=255, write_latency=1000), seed=1)
    device.memory[:256] = 0xEE
    device.write32(0, 20)
    device.step(20)
    assert (device.memory[:256] == 0xEE).all()
    assert device.state().outstanding == 1


def test_registers_are_read(device: SimDevice) -> None:
    for seed in range(20):
        device.set_timing(MemoryTiming(control=40 * (seed % 6)), seed)
        assert device.read32(0x124) == 0x124


def test_a_register_that_does_not_answer(device: SimDevice) -> None:
    with pytest.raises(DeviceError, match="register 0x8: no answer to a read"):
        device.read32(8)


@pytest.mark.parametrize(("offset", "call"), [(0xC, "read"), (0x10, "write")])
def test_a_register_that_answers_with_an_error(device: SimDevice, offset: int, call: str) -> None:
    with pytest.raises(DeviceError, match=f"register 0x{offset:x}: a {call} is answered with an"):
        device.read32(offset) if call == "read" else device.write32(offset, 1)


def test_waiting(device: SimDevice) -> None:
    device.patience = 1000
    assert not device.wait_interrupt(60.0)
    assert 1000 <= device.state().cycle <= 1100
    device.patience = None
    assert not device.wait_interrupt(0.05)
    device.write32(0, 20)
    assert device.wait_interrupt(60.0)


def test_memory_is_given_out_once(device: SimDevice) -> None:
    first, second = device.allocate(100), device.allocate(1)
    assert (first.address, second.address) == (BASE, BASE + 128)
    assert len(first.array) == 100
    second.array[:] = 7
    assert device.memory[128] == 7
    with pytest.raises(DeviceError, match="no 268435456 bytes of memory left"):
        device.allocate(1 << 28)
    first.free()
    assert device.allocate(129).address == BASE + 192
    assert device.allocate(128).address == BASE


def test_nothing_is_left_running(device: SimDevice) -> None:
    process = device._process
    device.close()
    assert process.poll() is not None
    with pytest.raises(DeviceError, match="is closed"):
        device.read32(0)


def test_an_interrupted_command_leaves_no_answer_behind(
    device: SimDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = device._process.stdout

    def interrupted() -> bytes:
        select.select([answers], [], [])  # its answer is there
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(device._process, "stdout", SimpleNamespace(readline=interrupted))
        with pytest.raises(KeyboardInterrupt):
            device.read32(0x20)
    with pytest.raises(DeviceError, match="simulation ended"):
        device.read32(0x24)


def test_a_folder_without_a_kernel(tmp_path: Path, build_root: Path) -> None:
    with pytest.raises(FirebrickError, match=r"firebrick_kernel\.sv is missing"):
        build_kernel(tmp_path, build_root)
