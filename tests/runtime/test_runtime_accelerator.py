# SPDX-License-Identifier: Apache-2.0
"""What the driver does step by step, against a FAKE device; the real kernel: test_kernel_sim.py."""

import threading

import numpy as np
import pytest
from fake_kernel import (
    DESCRIPTION,
    FakeDevice,
    fake_logits,
    images,
    opened,
    tiny_description,
    weights_of,
)

from firebrick.errors import FirebrickError
from firebrick.runtime import (
    Accelerator,
    DeviceError,
    DeviceMissing,
    DeviceTimeout,
    MismatchError,
)
from firebrick.runtime.registers import Register


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 13])
def test_infer_splits_into_runs(count: int) -> None:
    device = FakeDevice()
    with opened(device) as accelerator:
        logits = accelerator.infer(images(count))
    assert logits.dtype == np.int32
    assert np.array_equal(logits, fake_logits(images(count), 4))
    frames = [value for register, value in device.kernel.log if register is Register.FRAMES]
    assert frames == [min(4, count - x) for x in range(0, count, 4)]


def test_two_runs_are_in_the_device_at_a_time() -> None:
    device = FakeDevice()
    device.kernel.latency = 50
    with opened(device) as accelerator:
        first, second, third = (accelerator.submit(images(4, seed)) for seed in (1, 2, 3))
        assert len(device.kernel.runs) == 2
        for seed, pending in ((3, third), (1, first), (2, second)):  # in any order
            assert np.array_equal(pending.result(), fake_logits(images(4, seed), 4))
            assert pending.done
        assert np.array_equal(first.result(), fake_logits(images(4, 1), 4))  # once more


def test_next_run_is_started_when_the_last_one_was_taken() -> None:
    device = FakeDevice()
    device.kernel.take_looks = 3
    with opened(device) as accelerator:
        assert np.array_equal(accelerator.infer(images(13)), fake_logits(images(13), 4))


def test_images_may_change_after_submit() -> None:
    with opened(FakeDevice()) as accelerator:
        mine = images(20)
        pending = accelerator.submit(mine)
        mine[:] = 0
        assert np.array_equal(pending.result(), fake_logits(images(20), 4))


@pytest.mark.parametrize("kind", [np.int32, np.float32, np.int8])
def test_other_types_are_refused(kind: type) -> None:
    with opened(FakeDevice()) as device, pytest.raises(FirebrickError, match="is not uint8"):
        device.infer(images(1).astype(kind))


@pytest.mark.parametrize("shape", [(3, 5, 3), (1, 3, 3, 5), (1, 5, 3, 3), (1, 3, 5, 4), ()])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with opened(FakeDevice()) as device, pytest.raises(FirebrickError, match=r"\(N, 3, 5, 3\)"):
        device.infer(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 3, 1 << 31])
def test_logits_of_a_run_with_errors_are_refused(bits: int) -> None:
    device = FakeDevice()
    with opened(device) as accelerator:
        device.kernel.first_error = bits
        with pytest.raises(DeviceError, match=f"ERRORS=0x{bits:x}: .*; logits refused"):
            accelerator.infer(images(2))
        assert (Register.RESET, 1) in device.kernel.log
        assert np.array_equal(accelerator.infer(images(2)), fake_logits(images(2), 4))


def test_an_error_fails_what_is_in_the_device_and_nothing_else() -> None:
    device = FakeDevice()
    device.kernel.latency = 50
    with opened(device) as accelerator:
        device.kernel.first_error = 1
        failing, queued, waiting = (accelerator.submit(images(4, x)) for x in (1, 2, 3))
        assert np.array_equal(waiting.result(), fake_logits(images(4, 3), 4))
        for pending in (failing, queued):
            assert pending.done
            with pytest.raises(DeviceError):
                pending.result()


def test_the_rest_of_a_failed_batch_is_not_computed() -> None:
    device = FakeDevice()
    with opened(device) as accelerator:
        device.kernel.first_error, device.kernel.latency = 1, 50
        before = len(device.kernel.log)
        with pytest.raises(DeviceError):
            accelerator.infer(images(40))
        starts = [x for x in device.kernel.log[before:] if x[0] is Register.FRAMES]
        assert len(starts) == 2


def test_a_run_that_does_not_end_times_out_and_the_next_is_right() -> None:
    device = FakeDevice()
    with opened(device) as accelerator:
        device.kernel.latency = None
        pending = accelerator.submit(images(1))
        with pytest.raises(DeviceTimeout, match=r"no result within 0\.01 s: STATUS=0x0"):
            pending.result(timeout=0.01)
        assert not pending.done
        device.kernel.latency = 3
        assert np.array_equal(pending.result(), fake_logits(images(1), 4))  # it came after all
        device.kernel.latency = None
        before = len(device.kernel.log)
        with pytest.raises(DeviceTimeout):
            accelerator.infer(images(1), timeout=0.01)
        assert (Register.RESET, 1) in device.kernel.log[before:]  # or it would still write there
        device.kernel.latency = 3
        assert np.array_equal(accelerator.infer(images(5)), fake_logits(images(5), 4))


def test_a_device_that_stays_in_reset_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firebrick.runtime.runs.RESET_SECONDS", 0.01)
    device = FakeDevice()
    device.kernel.reset_reads = None
    with pytest.raises(DeviceTimeout, match="has not come out of its reset"):
        opened(device)
    assert device.closed


def test_reset_fails_what_is_in_flight() -> None:
    with opened(FakeDevice()) as accelerator:
        pending = accelerator.submit(images(2))
        accelerator.reset()
        with pytest.raises(DeviceError, match="cut off by a reset"):
            pending.result()
        assert np.array_equal(accelerator.infer(images(2)), fake_logits(images(2), 4))


def test_weights_are_given_before_each_first_run() -> None:
    description = tiny_description(weights_bytes=192)
    device = FakeDevice(description)
    with Accelerator(description, device, weights=weights_of(description)) as accelerator:
        for _ in range(2):
            assert np.array_equal(accelerator.infer(images(2)), fake_logits(images(2), 4))
        assert device.kernel.loads == 1
        accelerator.reset()
        assert np.array_equal(accelerator.infer(images(2)), fake_logits(images(2), 4))
        assert device.kernel.loads == 2


@pytest.mark.parametrize("weights", [b"", bytes(191), bytes(256)])
def test_weights_of_another_size_are_refused(weights: bytes) -> None:
    description = tiny_description(weights_bytes=192)
    device = FakeDevice(description)
    with pytest.raises(FirebrickError, match="bytes are not 192"):
        Accelerator(description, device, weights=weights)
    assert device.closed


def test_another_design_is_refused_before_anything_is_written() -> None:
    device = FakeDevice()
    device.kernel.words[Register.ID] = 0xFFFF_FFFF
    with pytest.raises(MismatchError, match="ID=0xffffffff is not 0x4b524246"):
        opened(device)
    assert device.closed
    assert device.kernel.log == []


def test_another_version_of_the_registers_is_refused() -> None:
    device = FakeDevice()
    device.kernel.words[Register.VERSION] = 2 << 16 | 3
    with pytest.raises(MismatchError, match=r"VERSION=2\.3: this driver knows 1\.x"):
        opened(device)
    assert device.kernel.log == []


@pytest.mark.parametrize(
    "change",
    [
        {"model_hash": "1" + DESCRIPTION.model_hash[1:]},
        {"model_hash": DESCRIPTION.model_hash[:31] + "0" + DESCRIPTION.model_hash[32:]},
        {"height": 4},
        {"width": 6},
        {"channels": 4},
        {"pixels": 4},
        {"classes": 5},
        {"logit_bits": 21},
        {"weights_bytes": 64},
    ],
    ids=str,
)
def test_another_network_is_refused(change: dict) -> None:
    device = FakeDevice(tiny_description(**change))
    with pytest.raises(MismatchError, match="the device holds another network"):
        opened(device)
    assert device.closed


def test_memory_of_runs_that_were_cut_off_is_used_again() -> None:
    with opened(FakeDevice()) as accelerator:
        for _ in range(4):
            accelerator.submit(images(2))
            accelerator.reset()
        assert np.array_equal(accelerator.infer(images(9)), fake_logits(images(9), 4))


def test_close_frees_everything_once() -> None:
    device = FakeDevice()
    accelerator = opened(device)
    pending = accelerator.submit(images(1))
    accelerator.close()
    accelerator.close()
    assert device.closed
    assert device.freed == 4
    with pytest.raises(DeviceError, match="cut off"):
        pending.result()
    with pytest.raises(FirebrickError, match="is closed"):
        accelerator.infer(images(1))


def test_memory_is_not_given_back_while_the_device_may_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("firebrick.runtime.runs.RESET_SECONDS", 0.01)
    device = FakeDevice()
    accelerator = opened(device)
    accelerator.submit(images(1))
    device.kernel.reset_reads = device.kernel.latency = None
    accelerator.close()
    assert device.closed
    assert device.freed == 0


def test_a_device_that_is_gone_fails_everything() -> None:
    device = FakeDevice()
    with opened(device) as accelerator:
        device.kernel.latency = None
        pendings = [accelerator.submit(images(4, x)) for x in range(3)]

        def gone(_: float) -> bool:
            raise DeviceError("the card fell out")

        device.wait_interrupt = gone  # type: ignore[method-assign]
        for pending in pendings:
            with pytest.raises(DeviceError, match="the card fell out"):
                pending.result()


def test_a_device_that_is_gone_at_submit_fails_everything() -> None:
    device = FakeDevice()
    with opened(device) as accelerator:
        device.kernel.latency = None
        pendings = [accelerator.submit(images(4, x)) for x in range(3)]

        def gone(_: int) -> int:
            raise DeviceError("the card fell out")

        device.read32 = gone  # type: ignore[method-assign]
        with pytest.raises(DeviceError, match="the card fell out"):
            accelerator.submit(images(1))
        assert all(x.done for x in pendings)
        assert not accelerator._runner.waiting


def test_several_threads_share_an_accelerator() -> None:
    found: dict[int, np.ndarray] = {}
    with opened(FakeDevice()) as accelerator:

        def work(seed: int) -> None:
            found[seed] = accelerator.infer(images(9, seed))

        threads = [threading.Thread(target=work, args=(x,)) for x in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(np.array_equal(found[x], fake_logits(images(9, x), 4)) for x in range(8))


def test_batch_must_be_positive() -> None:
    with pytest.raises(FirebrickError, match="batch=0"):
        opened(FakeDevice(), batch=0)


def test_unknown_devices_are_refused(tiny_bundle) -> None:
    with pytest.raises(DeviceMissing, match="'gpu' is not one of sim, pynq, xrt"):
        Accelerator.open(tiny_bundle, "gpu")
