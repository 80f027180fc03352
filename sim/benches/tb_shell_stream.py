# SPDX-License-Identifier: Apache-2.0
"""Packets through a network in its stream shell, against models of AXI by cocotbext-axi.

Everything is as `tests/shell/shell_bench.py` left it in the working folder.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, with_timeout
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

from shell_software import CONTINUE, pauses

PACKET = 8
PERIOD_NS = 10
LIMIT = 30_000
"""Cycles after which a packet counts as lost."""


class Shell:
    """The bench, a master on its registers, sources and sink of its streams."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.case = case = json.loads(Path("case.json").read_text())
        stored = Path("images.bin").read_bytes()
        row_beats = -(-case["width"] // case["pixels"])
        self.image_bytes = case["height"] * row_beats * case["pixels"] * case["pixel_bytes"]
        places = range(0, len(stored), case["image_stride"])
        self.images = [stored[n : n + self.image_bytes] for n in places]
        logits = Path("logits.bin").read_bytes()
        places = range(0, len(logits), case["logits_stride"])
        self.logits = [logits[n : n + 4 * case["classes"]] for n in places]
        self.weights = Path("weights.bin").read_bytes()[: 16 * case["load_words"]]

    async def begin(self, load: bool = True) -> Shell:
        """Reset; load the weights."""
        dut = self.dut
        Clock(dut.ap_clk, PERIOD_NS, "ns").start()
        dut.ap_rst_n.value = 0
        dut.alone_s_axis_tvalid.value = 0
        clock = (dut.ap_clk, dut.ap_rst_n)
        bus = AxiLiteBus.from_prefix(dut, "s_axi_control")
        self.master = AxiLiteMaster(bus, *clock, reset_active_level=False)
        self.source = AxiStreamSource(
            AxiStreamBus.from_prefix(dut, "s_axis"), *clock, reset_active_level=False
        )
        self.sink = AxiStreamSink(
            AxiStreamBus.from_prefix(dut, "m_axis"), *clock, reset_active_level=False
        )
        models = [self.master.write_if, self.master.read_if, self.source, self.sink]
        if self.weights:
            self.loader = AxiStreamSource(
                AxiStreamBus.from_prefix(dut, "s_load"), *clock, reset_active_level=False
            )
            models.append(self.loader)
        for model in models:
            model.log.setLevel("WARNING")
        await ClockCycles(dut.ap_clk, 5)
        dut.ap_rst_n.value = 1
        await ClockCycles(dut.ap_clk, 5)
        if load:
            await self.load()
        return self

    async def load(self) -> None:
        """Bring the weights, if there are any."""
        if self.weights:
            await self.loader.send(AxiStreamFrame(self.weights))

    async def read(self, name: str) -> int:
        """A register."""
        return int(await self.master.read_dword(self.case["registers"][name]))

    async def write(self, name: str, value: int) -> None:
        """A register."""
        await self.master.write_dword(self.case["registers"][name], value)

    async def send(self, packet: bytes) -> None:
        """Queue a packet."""
        await self.source.send(AxiStreamFrame(packet))

    async def receive(self) -> bytes:
        """The next packet."""
        frame = await with_timeout(self.sink.recv(), LIMIT * PERIOD_NS, "ns")
        return bytes(frame.tdata)

    async def soft_reset(self) -> None:
        """From asking to done."""
        await self.write("RESET", 1)
        while await self.read("RESET"):
            pass


@cocotb.test()
async def packets(dut: Any) -> None:
    """Images in, logits out; what is counted; the interrupt."""
    shell = await Shell(dut).begin()
    await shell.write("GIE", 1)
    await shell.write("IER", 1)
    assert await shell.read("BUS") == 0
    for image in shell.images:
        await shell.send(image)
    for right in shell.logits:
        assert await shell.receive() == right
    frames = len(shell.images)
    assert await shell.read("FRAMES_DONE") == frames
    assert await shell.read("ERRORS") == 0
    assert await shell.read("STATUS") == 2
    each = await shell.read("FRAME_CYCLES")
    assert (frames - 1) * each < await shell.read("CYCLES_LO")
    assert int(dut.interrupt.value) == 1
    await shell.write("ISR", 1)
    await shell.write("CTRL", CONTINUE)
    assert await shell.read("CTRL") == 4
    assert int(dut.interrupt.value) == 0


@cocotb.test()
async def stalls(dut: Any) -> None:
    """Both sides pause at random."""
    shell = await Shell(dut).begin()
    for n, (source, sink) in enumerate(((0.7, 0.0), (0.0, 0.9), (0.6, 0.6))):
        shell.source.set_pause_generator(pauses(n, source))
        shell.sink.set_pause_generator(pauses(n + 10, sink))
        for image in shell.images:
            await shell.send(image)
        for right in shell.logits:
            assert await shell.receive() == right


@cocotb.test()
async def wrong_lengths(dut: Any) -> None:
    """A packet gives a packet whatever its length; the next one is right."""
    shell = await Shell(dut).begin()
    rng = random.Random(1)
    beat = shell.case["pixels"] * shell.case["pixel_bytes"]
    shell.sink.set_pause_generator(pauses(3, 0.3))
    sizes = [beat, shell.image_bytes - beat, shell.image_bytes + beat, 3 * shell.image_bytes]
    for size in [*sizes, shell.image_bytes - 1]:
        await shell.send(rng.randbytes(size))
        await shell.send(shell.images[1])
        assert len(await shell.receive()) == 4 * shell.case["classes"]
        assert await shell.receive() == shell.logits[1]
        assert await shell.read("ERRORS") == PACKET
        await shell.write("ERRORS", PACKET)


@cocotb.test()
async def soft_resets(dut: Any) -> None:
    """In mid-packet, at many moments: a packet that has begun is complete, the next one right."""
    shell = await Shell(dut).begin()
    rng = random.Random(2)
    shell.source.set_pause_generator(pauses(1, 0.2))
    shell.sink.set_pause_generator(pauses(2, 0.5))
    for _ in range(12):
        for image in shell.images[:3]:
            await shell.send(image)
        await ClockCycles(dut.ap_clk, rng.randrange(4 * shell.case["cycles"]))
        await shell.soft_reset()
        while not shell.source.idle():  # images that were still to come
            await ClockCycles(dut.ap_clk, 10)
            if shell.weights and not await shell.read("STATUS") & 2:
                await shell.load()
        await ClockCycles(dut.ap_clk, 4 * shell.case["cycles"] + 200)
        while not shell.sink.empty():
            assert len(await shell.receive()) == 4 * shell.case["classes"]
        await shell.soft_reset()
        assert await shell.read("ERRORS") == 0
        assert await shell.read("FRAMES_DONE") == 0
        await shell.load()
        await shell.send(shell.images[0])
        assert await shell.receive() == shell.logits[0]
        assert await shell.read("ERRORS") == 0
