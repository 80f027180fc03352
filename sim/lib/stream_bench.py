# SPDX-License-Identifier: Apache-2.0
"""Steers the bench that `verify.simulation.bench` writes: cocotb sets up each run and waits.

Compiled code feeds, checks and records every beat; Python wakes a few times per run. The runs are
listed in `bench.json` of the working directory.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import First, RisingEdge, Timer

PERIOD_NS = 10


def cycles(count: int) -> Timer:
    """Wait for clock cycles without waking in each."""
    return Timer(count * PERIOD_NS, "ns")


async def start(dut: Any, run: dict[str, int]) -> None:
    """Reset everything, set the stalls of a run, let go."""
    dut.rst_n.value = 0
    dut.run.value = run["run"]
    dut.frames.value = run["frames"]
    dut.source_stall.value = run["source_stall"]
    dut.sink_stall.value = run["sink_stall"]
    dut.seed.value = run["seed"]
    await cycles(run["reset_cycles"])
    dut.rst_n.value = 1


@cocotb.test()
async def every_run(dut: Any) -> None:
    """All frames under each kind of stall; some runs are cut off by a reset in mid-frame."""
    # Everything is driven at falling edges; time starts with one.
    await cycles(1)
    for run in json.loads(Path("bench.json").read_text()):
        await start(dut, run)
        if run["cut_cycles"]:
            await cycles(run["cut_cycles"])
            continue
        limit = cycles(run["limit_cycles"])
        done = RisingEdge(dut.done)
        assert await First(done, limit) is not limit, (
            f"run {run}: stuck after {int(dut.output_beats.value)} beats out"
        )
        await cycles(run["settle_cycles"])  # time for beats that should not come
        await Timer(PERIOD_NS // 2, "ns")  # back to a falling edge
