# SPDX-License-Identifier: Apache-2.0
"""A shell among hostile neighbours: cocotbext-axi's models, told to behave as badly as AXI allows.

Every channel pauses at random, memory answers late and with errors, software reads and writes what
it should not, resets come at any moment, regions lie anywhere in 64 bits. Whatever was before, the
next run is right. Everything is as `tests/shell/shell_bench.py` left it in the working folder;
`case.json` says how many rounds and which seed.
"""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.task import Task
from cocotb.triggers import ClockCycles, First, RisingEdge

from shell_rig import ARGUMENTS, Rig
from shell_software import CONTINUE, DONE, IDLE, LIMIT, START

READ_ERROR, WRITE_ERROR, ADDRESS_ERROR = 1, 2, 4
QUEUE = 8
"""Runs that may be taken without their ends being told."""


@cocotb.test()
async def slow_neighbours(dut: Any) -> None:
    """Pauses and delays everywhere, runs of any length, software that disturbs."""
    rig = await Rig(dut).begin()
    for n in range(rig.rounds):
        rig.behave()
        if not rig.case["weights_bytes"] or n == 0:
            rig.place()
        disturbing: Task[None] | None = cocotb.start_soon(rig.disturb()) if n % 2 else None
        run = rig.some_frames()
        await rig.go(*run)
        if disturbing is not None:
            disturbing.cancel()
            await ClockCycles(dut.ap_clk, 200)  # what was under way on the bus ends
        rig.expect(run)
        assert await rig.read("ERRORS") == 0


@cocotb.test()
async def queued_runs(dut: Any) -> None:
    """More starts than can wait; each end is told once, in order."""
    rig = await Rig(dut).begin()
    starts = QUEUE + 3
    rig.behave()
    done = 0
    for n in range(starts):
        await rig.setup(1, n % 4)
        await rig.write("CTRL", START)
        await rig.write("CTRL", START)  # again, while it waits or works: nothing, or the same again
        while await rig.read("CTRL") & START:
            if await rig.read("STATUS") & 1 == 0:  # none at work: it waits for an acknowledgement
                await rig.write("CTRL", CONTINUE)
                done += 1
    frames = await rig.until("FRAMES_DONE", 0, 0)
    for _ in range(200):
        frames = await rig.read("FRAMES_DONE")
        if not await rig.read("STATUS") & 1:
            break
        await ClockCycles(dut.ap_clk, 50)
    frames = await rig.read("FRAMES_DONE")
    while await rig.read("CTRL") & DONE:
        await rig.write("CTRL", CONTINUE)
        done += 1
    assert starts <= frames == done <= 2 * starts
    rig.expect((4, 0))
    assert await rig.read("CTRL") & IDLE


@cocotb.test()
async def runs_without_effect(dut: Any) -> None:
    """No frames and crooked addresses, before, between and behind runs."""
    rig = await Rig(dut).begin()
    for _ in range(rig.rounds):
        rig.behave()
        first = rig.some_frames()
        await rig.setup(*first)
        await rig.write("CTRL", START)
        await rig.until("CTRL", START, 0)
        before = rig.rng.randrange(2)
        name = rig.rng.choice(("IMAGES", "LOGITS"))
        base = rig.memory.regions[name][0] + rig.rng.randrange(1, 64)
        crooked = {name: base} if before else {}
        await rig.setup(3 if before else 0, **crooked)
        await rig.write("CTRL", START)  # waits for the run before, touches nothing
        await rig.until("CTRL", DONE, DONE)
        rig.expect(first)  # it is the first whose end is told
        await rig.write("CTRL", CONTINUE)
        await rig.until("CTRL", DONE, DONE)
        await rig.write("CTRL", CONTINUE)
        rig.expect()
        assert await rig.read("ERRORS") == (ADDRESS_ERROR if before else 0)
        await rig.write("ERRORS", ADDRESS_ERROR)
        second = rig.some_frames()
        await rig.go(*second)
        rig.expect(second)
        assert await rig.read("ERRORS") == 0


@cocotb.test()
async def errors_of_memory(dut: Any) -> None:
    """A run with error responses ends and tells; the next one is right."""
    rig = await Rig(dut).begin()
    for _ in range(rig.rounds):
        rig.behave()
        rig.errors = {"r": 0, "b": 0}
        rig.error_share = {x: rig.rng.choice((0.0, 0.05, 1.0)) for x in "rb"}
        await rig.go(*rig.some_frames())
        flags = READ_ERROR * (rig.errors["r"] > 0) | WRITE_ERROR * (rig.errors["b"] > 0)
        assert await rig.read("ERRORS") == flags
        rig.error_share = {"r": 0.0, "b": 0.0}
        if rig.case["weights_bytes"]:
            await rig.soft_reset()  # the weights may be wrong
        else:
            await rig.write("ERRORS", flags)
        assert await rig.read("ERRORS") == 0
        rig.place()
        run = rig.some_frames()
        await rig.go(*run)
        rig.expect(run)
        assert await rig.read("ERRORS") == 0


@cocotb.test()
async def resets_at_any_moment(dut: Any) -> None:
    """Of the board and of the shell alone, in mid-frame; then a right run."""
    rig = await Rig(dut).begin()
    rng = rig.rng
    for _ in range(2 * rig.rounds):
        rig.behave()
        rig.error_share = {x: rng.choice((0.0, 0.0, 0.2)) for x in "rb"}
        await rig.setup(4)
        await rig.write("CTRL", START)
        if rng.randrange(2):
            await First(RisingEdge(dut.m_axi_gmem_awvalid), ClockCycles(dut.ap_clk, LIMIT))
            await ClockCycles(dut.ap_clk, rng.randrange(1, 40))
        else:
            await ClockCycles(dut.ap_clk, rng.randrange(1, 3 * rig.case["cycles"]))
        if rng.randrange(3):
            await rig.soft_reset()
            requests = rig.rules.requests
            assert not rig.rules.due, "a burst was begun and not completed"
            await ClockCycles(dut.ap_clk, rng.randrange(100))
            assert rig.rules.requests == requests, "a request after the reset"
        else:
            await rig.hard_reset()
        rig.error_share = {"r": 0.0, "b": 0.0}
        rig.place()
        for name in (*ARGUMENTS, "ERRORS", "FRAMES_DONE"):
            assert await rig.read(name) == 0, name
        assert await rig.read("CTRL") == IDLE
        run = rig.some_frames()
        await rig.go(*run)
        rig.expect(run)
        assert await rig.read("ERRORS") == 0
        assert await rig.read("FRAMES_DONE") == run[0]
