# SPDX-License-Identifier: Apache-2.0
"""What the driver reads of a FAKE device while it works: interrupts, frames done, cycles."""

import numpy as np
import pytest
from fake_kernel import FakeDevice, fake_logits, images, opened

from firebrick.runtime import Counters, DeviceError
from firebrick.runtime.registers import Register


def test_frames_that_were_not_counted_are_refused() -> None:
    device = FakeDevice()
    with opened(device) as accelerator:
        accelerator.infer(images(3))
        device.kernel.words[Register.FRAMES_DONE] = 1
        with pytest.raises(DeviceError, match="FRAMES_DONE=3 is less than 5"):
            accelerator.infer(images(2))


WRAP = 1 << 32


@pytest.mark.parametrize("ahead", [0, 4])
def test_the_count_of_frames_goes_round(ahead: int) -> None:
    """Also where a run queued behind has counted on beyond it."""
    device = FakeDevice()
    with opened(device) as accelerator:
        accelerator._runner.frames = WRAP - 3
        device.kernel.words[Register.FRAMES_DONE] = (WRAP - 3 + ahead) % WRAP
        assert np.array_equal(accelerator.infer(images(2)), fake_logits(images(2), 4))
        accelerator.reset()
        accelerator._runner.frames = WRAP - 1
        device.kernel.words[Register.FRAMES_DONE] = WRAP - 4
        with pytest.raises(DeviceError, match=r"FRAMES_DONE=4294967294 is less than 1,"):
            accelerator.infer(images(2))


@pytest.mark.parametrize("before", [0, (1 << 32) - 6])
def test_frames_of_the_run_behind_may_be_counted_already(before: int) -> None:
    device = FakeDevice()
    device.kernel.latency = 50
    with opened(device) as accelerator:
        accelerator._runner.frames = device.kernel.words[Register.FRAMES_DONE] = before
        pending = accelerator.submit(images(8))
        assert len(device.kernel.runs) == 2
        while device.kernel.runs:
            device.kernel.work()
        assert np.array_equal(pending.result(), fake_logits(images(8), 4))


def test_interrupts_are_on_after_every_reset_and_taken_back_when_seen() -> None:
    device = FakeDevice()
    with opened(device) as accelerator:
        for _ in range(2):
            words = device.kernel.words
            assert (words[Register.GIE], words[Register.IER]) == (1, 0b11)  # done and ready
            accelerator.infer(images(5))
            assert (Register.ISR, 1) in device.kernel.log
            device.kernel.log.clear()
            accelerator.reset()


@pytest.mark.parametrize("latency", range(8))
def test_an_end_is_seen_whenever_it_comes(latency: int) -> None:
    """Between any two looks: an interrupt is never taken back without its end being seen."""
    device = FakeDevice()
    device.kernel.latency = latency
    wait = device.wait_interrupt
    found: list[bool] = []

    def watched(timeout: float) -> bool:
        found.append(wait(timeout))
        return found[-1]

    device.wait_interrupt = watched  # type: ignore[method-assign]
    with opened(device) as accelerator:
        assert np.array_equal(accelerator.infer(images(2)), fake_logits(images(2), 4))
    assert all(found)


def test_progress_without_interrupts_is_no_timeout() -> None:
    device = FakeDevice()
    waits: list[float] = []

    def wait(timeout: float) -> bool:
        waits.append(timeout)
        while not device.kernel.ended:
            device.kernel.work()
        return False

    device.wait_interrupt = wait  # type: ignore[method-assign]
    with opened(device) as accelerator:
        assert np.array_equal(accelerator.infer(images(40), 50.0), fake_logits(images(40), 4))
    assert len(waits) > 1
    assert all(40 < x <= 50 for x in waits)  # what is left of the time


def test_counters() -> None:
    with opened(FakeDevice()) as accelerator:
        accelerator.infer(images(3))
        assert accelerator.counters == Counters(frames_done=3, cycles=300, frame_cycles=90)


class CountingDevice(FakeDevice):
    """A FAKE whose counter of cycles goes on with every look at it."""

    count = step = 0

    def read32(self, offset: int) -> int:
        if offset not in (Register.CYCLES_LO, Register.CYCLES_HI):
            return super().read32(offset)
        word = self.count >> (32 if offset == Register.CYCLES_HI else 0) & 0xFFFF_FFFF
        self.count += self.step
        return word


@pytest.mark.parametrize("step", [1, 3, 1 << 20, 1 << 30])
@pytest.mark.parametrize("looks", range(6))
@pytest.mark.parametrize("high", [1, 7, 0xFFFF])
def test_a_counter_that_carries_between_its_two_halves(high: int, looks: int, step: int) -> None:
    device = CountingDevice()
    with opened(device) as accelerator:
        before = device.count = (high << 32) - looks * step
        device.step = step
        assert before <= accelerator.counters.cycles < device.count
        device.step = 0
        assert accelerator.counters.cycles == device.count


@pytest.mark.parametrize("count", [0, 1, 0xFFFF_FFFF, 1 << 32, 0x1234_8765_4321, (1 << 48) - 1])
def test_a_counter_that_stands_still(count: int) -> None:
    device = CountingDevice()
    with opened(device) as accelerator:
        device.count = count
        assert accelerator.counters.cycles == count
