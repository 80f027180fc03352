# SPDX-License-Identifier: Apache-2.0
"""A shell in a bench with neighbours that can be told how badly to behave."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles
from cocotbext.axi import AxiBus, AxiSlave

from axi_neighbours import Memory, Rules
from shell_software import CONTINUE, DONE, NOISE, START, Shell, pauses

SLVERR, DECERR = 2, 3
ARGUMENTS = ("IMAGES_LO", "IMAGES_HI", "LOGITS_LO", "LOGITS_HI", "FRAMES")
GUARD = 64
"""Bytes around the logits that nobody may write."""


class Rig(Shell):
    """The shell with its neighbours, and what was done to them."""

    def __init__(self, dut: Any) -> None:
        super().__init__(dut)
        self.rng = random.Random(self.case["seed"])
        self.rounds: int = self.case["rounds"]
        self.error_share = {"r": 0.0, "b": 0.0}
        self.errors = {"r": 0, "b": 0}

    async def begin(self) -> Rig:
        """Reset."""
        dut, rng, clock = self.dut, self.rng, self._hold()
        self.memory = Memory(dut.ap_clk, rng)
        self.slave = AxiSlave(
            AxiBus.from_prefix(dut, "m_axi_gmem"),
            *clock,
            target=self.memory,
            reset_active_level=False,
        )
        write, read = self.slave.write_if, self.slave.read_if
        for model in (self.master.write_if, self.master.read_if, write, read):
            model.log.setLevel("ERROR")
        self._spoil(read.r_channel, "r")
        self._spoil(write.b_channel, "b")
        lite = (self.master.write_if, self.master.read_if)
        self.channels = [
            *(write.aw_channel, write.w_channel, write.b_channel),
            *(read.ar_channel, read.r_channel),
            *(lite[0].aw_channel, lite[0].w_channel, lite[0].b_channel),
            *(lite[1].ar_channel, lite[1].r_channel),
        ]
        self.rules = Rules(dut, self.case["data_bits"])
        cocotb.start_soon(self.rules.watch())
        self.place()
        await self.hard_reset()
        return self

    def _spoil(self, channel: Any, name: str) -> None:
        """Let some of a channel's responses be errors; data of such a one is anything."""
        send = channel.send

        async def spoiled(answer: Any) -> None:
            if self.rng.random() < self.error_share[name]:
                self.errors[name] += 1
                setattr(answer, f"{name}resp", self.rng.choice((SLVERR, DECERR)))
                if name == "r":
                    answer.rdata = self.rng.getrandbits(self.case["data_bits"])
            await send(answer)

        channel.send = spoiled

    def behave(self, badly: bool = True) -> None:
        """New pauses on all channels, new delays."""
        rng = self.rng
        for channel in self.channels:
            share = rng.choice((0.0, 0.0, 0.3, 0.7)) if badly else 0.0
            channel.set_pause_generator(pauses(rng.randrange(1 << 30), share))
        self.memory.late = rng.choice((0.0, 0.01, 0.05)) if badly else 0.0

    def place(self) -> None:
        """Regions anywhere: at the ends of 64 bits, across 4 GB."""
        rng, data = self.rng, {}
        data["IMAGES"] = bytearray(self.images)
        data["LOGITS"] = bytearray([NOISE]) * (len(self.logits) + 2 * GUARD)
        data["WEIGHTS"] = bytearray(self.weights)
        self.memory.regions = {}
        for n, (name, values) in enumerate(data.items()):
            inside = (len(values) // 2 + 63) // 64 * 64
            base = rng.choice(
                (
                    rng.randrange(1 << 56) * 64,
                    (rng.randrange(1, 1 << 30) << 32) - inside,
                    (rng.randrange(1, 1 << 50) << 12) - 64,
                    (1 << 64) - (n + 1) * (1 << 20),
                )
            )
            self.memory.regions[name] = (base % (1 << 64), values)

    async def hard_reset(self) -> None:
        """Of everything."""
        self.dut.ap_rst_n.value = 0
        await ClockCycles(self.dut.ap_clk, self.rng.randrange(3, 9))
        self.dut.ap_rst_n.value = 1
        await ClockCycles(self.dut.ap_clk, 2)

    async def setup(self, frames: int, first: int = 0, **address: int) -> None:
        """Arguments of a run over some of the images; logits at the place of the images."""
        addresses = {name: base for name, (base, _) in self.memory.regions.items()}
        addresses["IMAGES"] += first * self.case["image_stride"]
        addresses["LOGITS"] += GUARD + first * self.case["logits_stride"]
        for name, value in (addresses | address).items():
            await self.write(f"{name}_LO", value & 0xFFFFFFFF)
            await self.write(f"{name}_HI", value >> 32)
        await self.write("FRAMES", frames)

    async def go(self, frames: int, first: int = 0, **address: int) -> None:
        """A run from start to acknowledgement."""
        await self.setup(frames, first, **address)
        await self.write("CTRL", START)
        await self.until("CTRL", DONE, DONE)
        await self.write("CTRL", CONTINUE)

    def expect(self, *runs: tuple[int, int]) -> None:
        """Logits of those runs (frames, first) are there, nothing else was written; forget them."""
        stride = self.case["logits_stride"]
        base, found = self.memory.regions["LOGITS"]
        right = bytearray([NOISE]) * len(found)
        for frames, first in runs:
            part = self.logits[first * stride : (first + frames) * stride]
            right[GUARD + first * stride : GUARD + first * stride + len(part)] = part
        assert bytes(found) == bytes(right), "logits"
        self.memory.regions["LOGITS"] = (base, bytearray([NOISE]) * len(found))

    def some_frames(self) -> tuple[int, int]:
        """Frames, and the first one."""
        first = self.rng.randrange(4)
        return self.rng.randrange(1, 5 - first), first

    async def soft_reset(self) -> None:
        """From asking to done."""
        await self.write("RESET", 1)
        await self.until("RESET", 1, 0)

    async def disturb(self) -> None:
        """Use registers as nobody should, for ever; none of it may matter to a run."""
        rng, offsets = self.rng, self.case["registers"]
        constant = ("ID", "VERSION", "SIZE", "CLASSES", "STATUS", "FRAMES_DONE", "CYCLES_LO")
        unmapped = [x for x in range(0, 4096, 4) if x not in offsets.values()]
        while True:
            kind = rng.randrange(5)
            if kind == 0:
                await self.read(rng.choice([x for x in offsets if x != "CTRL"]))
            elif kind == 1:
                assert await self.master.read_dword(rng.choice(unmapped)) == 0
            elif kind == 2:
                await self.master.write_dword(rng.choice(unmapped), rng.getrandbits(32))
            elif kind == 3:
                await self.write(rng.choice(constant), rng.getrandbits(32))
            else:
                part = rng.randrange(1, 4)
                place = offsets[rng.choice([*ARGUMENTS, "CTRL", "RESET"])]
                answer = await self.master.write(
                    place + rng.randrange(0, 5 - part), rng.randbytes(part)
                )
                assert int(answer.resp) == SLVERR, "a write without all strobes"
            await ClockCycles(self.dut.ap_clk, rng.randrange(1, 30))
