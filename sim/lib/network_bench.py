# SPDX-License-Identifier: Apache-2.0
"""Steers the bench of a whole network: as the operator bench, and tells how far it has come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import Timer

from stream_bench import cycles, start

REPORT_CYCLES = 20_000
"""Python wakes this seldom, so that it costs nothing."""


@cocotb.test()
async def every_frame(dut: Any) -> None:
    """Wait for the last frame; write the number of image beats taken to `progress.txt`."""
    (run,) = json.loads(Path("bench.json").read_text())
    await Timer(1, "ns")  # drive away from the rising edge
    await start(dut, run)
    for _ in range(0, run["limit_cycles"], REPORT_CYCLES):
        await cycles(REPORT_CYCLES)
        sent = int(dut.input0_beats.value)
        Path("progress.txt").write_text(str(sent))
        if dut.done.value:
            return
    raise AssertionError(f"stuck after {sent} image beats, {int(dut.output_beats.value)} logits")
