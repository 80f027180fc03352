# SPDX-License-Identifier: Apache-2.0
"""Runs of a network in its shell: registers, right logits, counters, interrupts, resets, errors."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from shell_software import (
    AUTO,
    CONTINUE,
    DONE,
    IDLE,
    IMAGES,
    LIMIT,
    LOGITS,
    NOISE,
    READY,
    START,
    WEIGHTS,
    Shell,
    pauses,
)

__all__ = ["CONTINUE", "DONE", "IDLE", "NOISE", "START", "Shell", "pauses"]


@cocotb.test()
async def facts(dut: Any) -> None:
    """Registers tell what the manifest says; writes that are not whole do nothing."""
    shell = await Shell(dut).begin()
    case = shell.case
    assert await shell.read("ID") == 0x4B524246
    assert await shell.read("VERSION") == 1 << 16
    assert await shell.read("SIZE") == case["height"] | case["width"] << 16
    pixel = case["channels"] | case["pixel_bytes"] << 8 | case["pixels"] << 16
    assert await shell.read("PIXEL") == pixel
    assert await shell.read("CLASSES") == case["classes"] | case["logit_bits"] << 24
    for name in ("IMAGE_STRIDE", "LOGITS_STRIDE", "WEIGHTS_BYTES"):
        assert await shell.read(name) == case[name.lower()]
    assert await shell.read("BUS") == case["data_bits"] // 8
    words = [await shell.read(f"MODEL_HASH{n}") for n in range(4)]
    assert "".join(f"{x:08x}" for x in words) == case["model_hash"]
    assert await shell.read("CTRL") == IDLE
    assert await shell.read("STATUS") == (0 if case["weights_bytes"] else 2)
    assert await shell.master.read_dword(0xFFC) == 0
    await shell.write("ID", 0)
    await shell.write("FRAMES", 0x01020304)
    response = await shell.master.write(case["registers"]["FRAMES"], b"\xff")
    assert int(response.resp) == 2
    assert await shell.read("FRAMES") == 0x01020304
    assert shell.requests == 0


@cocotb.test()
async def frames_in_a_run(dut: Any) -> None:
    """Three frames, then one; what is counted."""
    shell = await Shell(dut).begin()
    await shell.run(3)
    shell.check(3)
    assert await shell.read("FRAMES_DONE") == 3
    assert await shell.read("ERRORS") == 0
    assert 2 * await shell.read("FRAME_CYCLES") < await shell.read("CYCLES_LO")
    shell.clear()
    await shell.run(1, 3)
    shell.check(1, 3)
    assert await shell.read("FRAMES_DONE") == 4
    assert await shell.read("FRAME_CYCLES") == 0
    assert await shell.read("STATUS") == 2
    assert await shell.read("CTRL") == IDLE


async def frame_cycles_alone(shell: Shell, frames: int) -> int:
    """Cycles from frame to frame of the network alone, whose input never pauses."""
    dut, case = shell.dut, shell.case
    beats = case["height"] * -(-case["width"] // case["pixels"])
    dut.alone_m_axis_tready.value = 1
    dut.alone_s_axis_tdata.value = 0
    if case["load_words"]:
        for n in range(case["load_words"]):
            dut.alone_s_load_tvalid.value = 1
            dut.alone_s_load_tdata.value = shell.word(n)
            dut.alone_s_load_tlast.value = n == case["load_words"] - 1
            await RisingEdge(dut.ap_clk)
        dut.alone_s_load_tvalid.value = 0
    dut.alone_s_axis_tvalid.value = 1
    beat, ends = 0, []
    for cycle in range(LIMIT):
        dut.alone_s_axis_tlast.value = beat % beats == beats - 1
        await RisingEdge(dut.ap_clk)
        beat += int(dut.alone_s_axis_tready.value)
        if dut.alone_m_axis_tvalid.value and dut.alone_m_axis_tlast.value:
            ends.append(cycle)
            if len(ends) == frames:
                return ends[-1] - ends[-2]
    raise AssertionError("the network alone is stuck")


@cocotb.test()
async def no_bubble(dut: Any) -> None:
    """Frames follow each other as in the network alone, where the bus is as wide as its beats."""
    shell = await Shell(dut).begin()
    await shell.run(4)
    each, alone = await shell.read("FRAME_CYCLES"), await frame_cycles_alone(shell, 4)
    dut._log.info("%d cycles a frame, alone %d, plan %d", each, alone, shell.case["cycles"])
    narrow = shell.case["data_bits"] < 8 * shell.case["pixels"] * shell.case["pixel_bytes"]
    assert each >= alone if narrow else each == alone


@cocotb.test()
async def stalls(dut: Any) -> None:
    """Each channel pauses at random; then all of them."""
    shell = await Shell(dut).begin()
    write, read = shell.ram.write_if, shell.ram.read_if
    channels = (
        *(write.aw_channel, write.w_channel, write.b_channel),
        *(read.ar_channel, read.r_channel),
    )
    for n in range(len(channels) + 1):
        for k, channel in enumerate(channels):
            busy = k == n or n == len(channels)
            channel.set_pause_generator(pauses(8 * n + k, 0.7 if busy else 0.0))
        shell.clear()
        await shell.run(4)
        shell.check(4)


@cocotb.test()
async def runs_that_touch_nothing(dut: Any) -> None:
    """No frames; addresses that are no multiples of 64."""
    shell = await Shell(dut).begin()
    await shell.run(0)
    assert await shell.read("ERRORS") == 0
    names = ["IMAGES", "LOGITS"] + ["WEIGHTS"] * bool(shell.case["weights_bytes"])
    for name, low in itertools.product(names, (1, 32)):
        await shell.run(1, **{name: 0x1000 + low})
        assert await shell.read("ERRORS") == 4
        await shell.write("ERRORS", 4)
        assert await shell.read("ERRORS") == 0
    assert shell.requests == 0
    assert await shell.read("CYCLES_LO") == 0
    shell.check(0)
    await shell.run(2)
    shell.check(2)


@contextlib.contextmanager
def failing(side: Any, places: range) -> Iterator[None]:
    """Memory answers with an error where a word of these places is read or written."""
    name = "_read" if hasattr(side, "_read") else "_write"
    right = getattr(side, name)

    async def wrong(address: int, *more: Any) -> bytes | None:
        if address in places:
            raise ValueError("as told")
        result: bytes | None = await right(address, *more)
        return result

    side.log.setLevel("ERROR")  # it warns of each
    setattr(side, name, wrong)
    yield
    setattr(side, name, right)


@cocotb.test()
async def errors(dut: Any) -> None:
    """Runs end and tell; wrong weights are told until they are loaded anew."""
    shell = await Shell(dut).begin()
    read, write = shell.ram.read_if, shell.ram.write_if
    loaded = bool(shell.case["weights_bytes"])
    if loaded:
        with failing(read, range(WEIGHTS, WEIGHTS + 64)):
            await shell.run(1)
        assert await shell.read("ERRORS") == 1
        await shell.run(1)
        await shell.write("ERRORS", 1)
        assert await shell.read("ERRORS") == 1
        await shell.write("RESET", 1)
        await shell.until("RESET", 1, 0)
        assert await shell.read("ERRORS") == 0
        shell.clear()
        await shell.run(1)
        shell.check(1)
    second = IMAGES + shell.case["image_stride"]
    with failing(read, range(second, second + 64)):
        await shell.run(3)
    assert await shell.read("ERRORS") == 1
    with failing(write, range(LOGITS, LOGITS + 64)):
        await shell.run(3)
    assert await shell.read("ERRORS") == 3
    await shell.write("ERRORS", 3)
    assert await shell.read("ERRORS") == 0
    shell.clear()
    await shell.run(3)
    shell.check(3)
    assert await shell.read("ERRORS") == 0


@cocotb.test()
async def soft_resets(dut: Any) -> None:
    """In mid-frame, at many moments; then a right run."""
    shell = await Shell(dut).begin()
    rng = random.Random(3)
    shell.ram.read_if.r_channel.set_pause_generator(pauses(1, 0.3))
    shell.ram.write_if.b_channel.set_pause_generator(pauses(2, 0.9))
    for _ in range(12):
        await shell.arguments(4)
        await shell.write("IER", 3)
        await shell.write("CTRL", START)
        await ClockCycles(dut.ap_clk, rng.randrange(4 * shell.case["cycles"]))
        await shell.write("RESET", 1)
        before = shell.requests
        await shell.until("RESET", 1, 0)
        assert shell.requests <= before + 2, "only what was already offered is taken"
        before = shell.requests
        await ClockCycles(dut.ap_clk, 200)
        assert shell.requests == before
        for name in ("IMAGES_LO", "FRAMES", "IER", "ERRORS", "FRAMES_DONE", "CYCLES_LO"):
            assert await shell.read(name) == 0, name
        assert await shell.read("CTRL") == IDLE
        shell.clear()
        await shell.run(2)
        shell.check(2)


@cocotb.test()
async def chain(dut: Any) -> None:
    """A second run queues behind the first; ends are told one by one, each with an interrupt."""
    shell = await Shell(dut).begin()
    await shell.write("GIE", 1)
    await shell.write("IER", 1)
    for n in range(4):
        await shell.arguments(1, n)
        await shell.write("CTRL", START)
        assert await shell.until("CTRL", START, 0) & (READY | IDLE) == READY
        assert await shell.read("CTRL") & READY == 0, "cleared by reading"
    await shell.until("FRAMES_DONE", 7, 4)
    shell.check(4)
    for n in range(4):
        assert await shell.read("CTRL") & DONE, n
        assert int(dut.interrupt.value) == 1
        assert await shell.read("ISR") == 1
        await shell.write("ISR", 1)
        await ClockCycles(dut.ap_clk, 20)
        assert int(dut.interrupt.value) == 0
        assert await shell.read("CTRL") & DONE, "held until it is acknowledged"
        await shell.write("CTRL", CONTINUE)
    assert await shell.read("CTRL") & (DONE | IDLE) == IDLE


@cocotb.test()
async def restarts_by_itself(dut: Any) -> None:
    """auto_restart: the same run again and again, until it is taken back."""
    shell = await Shell(dut).begin()
    await shell.arguments(2)
    await shell.write("CTRL", START | AUTO)
    await shell.until("FRAMES_DONE", 8, 8)
    await shell.write("CTRL", 0)
    assert await shell.until("CTRL", START, 0) & AUTO == 0
    await shell.until("CTRL", IDLE, IDLE)
    shell.check(2)
