# SPDX-License-Identifier: Apache-2.0
"""The host's end of a serial line, for cocotb: does what `script.json` says, notes what comes back.

Written from the definition of 8N1 alone, without the hardware's own sender and receiver. The script
is a list of steps; `answer.json` holds one entry for each: bytes received (hexadecimal), and the
level of `error` at its end.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cocotb
from cocotb.queue import Queue
from cocotb.triggers import FallingEdge, First, Timer

PERIOD_NS = 40


async def wait(bits: float, bit_ns: float) -> None:
    """Let so many bits pass, or none."""
    if bits:
        await Timer(round(1000 * bits * bit_ns), "ps")


async def send(dut: Any, data: bytes, bit_ns: float) -> None:
    """Bytes without a pause."""
    for byte in data:
        for level in (0, *((byte >> n) & 1 for n in range(8)), 1):
            dut.rx.value = level
            await wait(1, bit_ns)


async def listen(dut: Any, bit_ns: float, received: Queue) -> None:
    """Put every byte of the line into a queue; one without a stop bit as None."""
    while True:
        await FallingEdge(dut.tx)
        await wait(0.5, bit_ns)
        levels = []
        for _ in range(9):
            await wait(1, bit_ns)
            levels.append(int(dut.tx.value))
        byte = sum(level << n for n, level in enumerate(levels[:8]))
        await received.put(byte if levels[8] else None)


async def receive(received: Queue, count: int, patience: Timer) -> bytes:
    """As many bytes as come, at most `count`."""
    found = bytearray()
    while len(found) < count:
        get = cocotb.start_soon(received.get())
        done = await First(get, patience)
        if done is patience:
            get.cancel()
            break
        assert done is not None, "a byte without a stop bit"
        found.append(done)
    return bytes(found)


@cocotb.test()
async def script(dut: Any) -> None:
    """All steps."""
    steps = json.loads(Path("script.json").read_text())
    received: Queue = Queue()
    dut.rst_n.value = 0
    dut.rx.value = 1
    if "stall" in steps[0]:
        dut.u_dut.u_network.stall.value = steps[0]["stall"]
    await Timer(10 * PERIOD_NS, "ns")
    dut.rst_n.value = 1
    cocotb.start_soon(listen(dut, steps[0]["clocks"] * PERIOD_NS, received))
    answers = []
    for step in steps:
        bit_ns = step["clocks"] * PERIOD_NS * step.get("skew", 1.0)
        dut.rx.value = 0 if step.get("break") else 1
        await wait(step.get("break", 0), bit_ns)
        dut.rx.value = 1
        await wait(step.get("pause", 0), bit_ns)
        await send(dut, bytes.fromhex(step["send"]), bit_ns)
        patience = Timer(round(max(1, step["patience_bits"]) * bit_ns), "ns")
        found = await receive(received, step["answer"], patience)
        answers.append({"bytes": found.hex(), "error": int(dut.error.value)})
        await wait(1, bit_ns)
    Path("answer.json").write_text(json.dumps(answers))
