# SPDX-License-Identifier: Apache-2.0
"""Lets `cells_bench.sv` run, for cocotb."""

from typing import Any

import cocotb
from cocotb.triggers import Timer

CYCLES = 30_000


@cocotb.test()
async def equal(dut: Any) -> None:
    """No output ever differs."""
    await Timer(10 * CYCLES, "ns")
    assert int(dut.compared.value) > CYCLES - 2100
    assert int(dut.wrong.value) == 0
