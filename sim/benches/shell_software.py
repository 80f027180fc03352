# SPDX-License-Identifier: Apache-2.0
"""A network in its shell as software sees it, and memory beside it, by cocotbext-axi.

Everything is as `tests/shell/shell_bench.py` left it in the working folder.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam

START, DONE, IDLE, READY, CONTINUE, AUTO = 1, 2, 4, 8, 16, 128
SIZE = 1 << 18
IMAGES, LOGITS, WEIGHTS = 0x1040, 0x20FC0, 0x30FC0
"""Places in memory; logits and weights begin a block before a 4 KB boundary."""
NOISE = 0x5A
LIMIT = 200_000
"""Cycles after which a run counts as hanging."""


class Shell:
    """The bench, a master on its registers, a memory, and what goes over the bus."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.case = json.loads(Path("case.json").read_text())
        self.images = Path("images.bin").read_bytes()
        self.logits = Path("logits.bin").read_bytes()
        self.weights = Path("weights.bin").read_bytes()
        self.requests = 0

    def _hold(self) -> tuple[Any, Any]:
        """Start the clock, in reset, and the master; gives clock and reset for other models."""
        dut = self.dut
        # A clock of the bench's own would hide from the models what was before its edge.
        Clock(dut.ap_clk, 10, "ns").start()
        dut.ap_rst_n.value = 0
        dut.alone_s_axis_tvalid.value = 0
        dut.m_axi_gmem_awid.value = 0
        dut.m_axi_gmem_arid.value = 0
        clock = (dut.ap_clk, dut.ap_rst_n)
        bus = AxiLiteBus.from_prefix(dut, "s_axi_control")
        self.master = AxiLiteMaster(bus, *clock, reset_active_level=False)
        return clock

    async def begin(self) -> Shell:
        """Reset."""
        dut, clock = self.dut, self._hold()
        memory = AxiBus.from_prefix(dut, "m_axi_gmem")
        self.ram = AxiRam(memory, *clock, reset_active_level=False, size=SIZE)
        for log in (self.master.write_if, self.master.read_if, self.ram.write_if, self.ram.read_if):
            log.log.setLevel("WARNING")
        self.ram.write(IMAGES, self.images)
        self.ram.write(WEIGHTS, self.weights)
        self.clear()
        await ClockCycles(dut.ap_clk, 5)
        dut.ap_rst_n.value = 1
        cocotb.start_soon(self._watch())
        await ClockCycles(dut.ap_clk, 5)
        return self

    async def _watch(self) -> None:
        dut = self.dut
        while True:
            await RisingEdge(dut.ap_clk)
            self.requests += int(dut.m_axi_gmem_arvalid.value and dut.m_axi_gmem_arready.value)
            self.requests += int(dut.m_axi_gmem_awvalid.value and dut.m_axi_gmem_awready.value)

    def word(self, n: int) -> int:
        """A word of the weights."""
        return int.from_bytes(self.weights[16 * n : 16 * n + 9], "little")

    def clear(self) -> None:
        """Forget all logits."""
        self.ram.write(LOGITS - 64, bytes([NOISE]) * (len(self.logits) + 128))

    async def read(self, name: str) -> int:
        """A register."""
        return int(await self.master.read_dword(self.case["registers"][name]))

    async def write(self, name: str, value: int) -> None:
        """A register."""
        await self.master.write_dword(self.case["registers"][name], value)

    async def arguments(
        self, frames: int, first: int = 0, place: int | None = None, **address: int
    ) -> None:
        """Set up a run over some of the images, logits to be at `place` (by default as images)."""
        place = first if place is None else place
        addresses = {
            "IMAGES": IMAGES + first * self.case["image_stride"],
            "LOGITS": LOGITS + place * self.case["logits_stride"],
            "WEIGHTS": WEIGHTS,
        } | address
        for name, value in addresses.items():
            await self.write(f"{name}_LO", value & 0xFFFFFFFF)
            await self.write(f"{name}_HI", value >> 32)
        await self.write("FRAMES", frames)

    async def until(self, name: str, mask: int, value: int) -> int:
        """Wait for bits of a register; gives the register."""
        for _ in range(LIMIT // 8):
            word = await self.read(name)
            if word & mask == value:
                return word
        raise AssertionError(f"{name} stays {word:#x}")

    async def run(self, frames: int, first: int = 0, **address: int) -> None:
        """A run from start to acknowledgement."""
        await self.arguments(frames, first, **address)
        await self.write("CTRL", START)
        await self.until("CTRL", DONE, DONE)
        await self.write("CTRL", CONTINUE)

    def check(self, frames: int, first: int = 0) -> None:
        """Those logits are there, and nothing else was written."""
        stride = self.case["logits_stride"]
        found = self.ram.read(LOGITS - 64, len(self.logits) + 128)
        noise = bytes([NOISE])
        before, after = 64 + first * stride, 64 + (first + frames) * stride
        right = self.logits[first * stride : (first + frames) * stride]
        assert bytes(found[before:after]) == right, "logits"
        assert bytes(found[:before]) == noise * before, "something before the logits"
        assert bytes(found[after:]) == noise * (len(found) - after), "something behind the logits"


def pauses(seed: int, share: float) -> Iterator[bool]:
    """Whether a channel pauses, cycle by cycle."""
    rng = random.Random(seed)
    return (rng.random() < share for _ in itertools.count())
