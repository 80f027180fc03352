# SPDX-License-Identifier: Apache-2.0
"""A stream shell fed with packets of every wrong kind; every right one gives its logits.

The models are cocotbext-axi's. Everything is as `tests/shell/shell_bench.py` left it in the working
folder; `case.json` says how many rounds and which seed.
"""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, First, RisingEdge
from cocotbext.axi import AxiStreamFrame

from tb_shell_stream import LIMIT, PACKET, Shell, pauses

COMPLETE = 2
"""STATUS: the weights are loaded."""


class Rig(Shell):
    """The shell, and what was sent to it."""

    async def begin(self, load: bool = True) -> Rig:
        """Reset; load the weights."""
        await super().begin(load)
        self.rng = random.Random(self.case["seed"])
        self.beat_bytes: int = self.case["pixels"] * self.case["pixel_bytes"]
        cocotb.start_soon(self.rules())
        return self

    async def rules(self) -> None:
        """What is offered stays as it is until it is taken; a packet has CLASSES beats."""
        dut, waiting, beats = self.dut, None, 0
        while True:
            await RisingEdge(dut.ap_clk)
            if not dut.ap_rst_n.value:
                waiting, beats = None, 0
                continue
            if not dut.m_axis_tvalid.value:
                assert waiting is None, "tvalid fell before tready"
                continue
            beat = (int(dut.m_axis_tdata.value), int(dut.m_axis_tlast.value))
            assert waiting in (None, beat), "a beat changed before tready"
            assert int(dut.m_axis_tkeep.value) == 0xF
            assert beat[1] == (beats == self.case["classes"] - 1), "tlast"
            waiting = beat
            if dut.m_axis_tready.value:
                waiting, beats = None, 0 if beat[1] else beats + 1

    def behave(self) -> None:
        """New pauses."""
        for channel in (self.source, self.sink):
            share = self.rng.choice((0.0, 0.3, 0.7))
            channel.set_pause_generator(pauses(self.rng.randrange(1 << 30), share))

    def wrong_packet(self) -> AxiStreamFrame:
        """Shorter or longer, by a beat or a lot, or with a byte that is not kept."""
        rng, beats = self.rng, self.image_bytes // self.beat_bytes
        kind = rng.randrange(5 if self.beat_bytes > 1 else 4)
        if kind == 0:
            packet = rng.randbytes(rng.randrange(1, beats) * self.beat_bytes)
        elif kind == 1:
            packet = rng.randbytes((beats - 1) * self.beat_bytes)
        elif kind == 2:
            packet = rng.randbytes((beats + 1) * self.beat_bytes)
        elif kind == 3:
            packet = rng.randbytes(rng.randrange(beats + 1, 3 * beats) * self.beat_bytes)
        else:
            keep = [1] * self.image_bytes
            keep[-1 - rng.randrange(self.beat_bytes - 1)] = 0
            return AxiStreamFrame(rng.randbytes(self.image_bytes), tkeep=keep)
        return AxiStreamFrame(packet)


@cocotb.test()
async def packets_of_all_kinds(dut: Any) -> None:
    """Right and wrong ones mixed, back to back: as many packets out, the right ones right."""
    rig = await Rig(dut).begin()
    rng = rig.rng
    for _ in range(rig.case["rounds"]):
        rig.behave()
        kinds = [rng.choice((None, *range(len(rig.images)))) for _ in range(8)]
        for kind in kinds:
            if kind is None:
                await rig.source.send(rig.wrong_packet())
            else:
                await rig.send(rig.images[kind])
        for kind in kinds:
            logits = await rig.receive()
            assert len(logits) == 4 * rig.case["classes"]
            assert kind is None or logits == rig.logits[kind]
        assert await rig.read("ERRORS") == (PACKET if None in kinds else 0)
        await rig.write("ERRORS", PACKET)
        assert await rig.read("ERRORS") == 0


@cocotb.test()
async def resets_between_wrong_packets(dut: Any) -> None:
    """A soft reset at any moment of any packet; packets out are whole, the next one is right."""
    rig = await Rig(dut).begin()
    rng = rig.rng
    for n in range(rig.case["rounds"]):
        rig.behave()
        for _ in range(3):
            if rng.randrange(2):
                await rig.source.send(rig.wrong_packet())
            else:
                await rig.send(rng.choice(rig.images))
        if n % 2 == 0:  # while a packet leaves
            rig.sink.set_pause_generator(pauses(n, 0.9))
            await First(RisingEdge(dut.m_axis_tvalid), ClockCycles(dut.ap_clk, LIMIT))
            await ClockCycles(dut.ap_clk, rng.randrange(1, 5 * rig.case["classes"]))
        else:
            await ClockCycles(dut.ap_clk, rng.randrange(3 * rig.case["cycles"]))
        await rig.soft_reset()
        for _ in range(1000):  # packets that were still to come
            if rig.source.idle():
                break
            if rig.weights and rig.loader.idle() and not await rig.read("STATUS") & COMPLETE:
                await rig.load()
            await ClockCycles(dut.ap_clk, 20)
        assert rig.source.idle(), "stuck"
        await ClockCycles(dut.ap_clk, 2 * rig.case["cycles"] + 400)
        await rig.soft_reset()
        await ClockCycles(dut.ap_clk, 8 * rig.case["classes"] + 100)
        while not rig.sink.empty():
            assert len(await rig.receive()) == 4 * rig.case["classes"]
        assert await rig.read("ERRORS") == 0
        await rig.load()
        index = rng.randrange(len(rig.images))
        await rig.send(rig.images[index])
        assert await rig.receive() == rig.logits[index]
        assert await rig.read("ERRORS") == 0
        assert await rig.read("FRAMES_DONE") == 1


@cocotb.test()
async def wrong_weights(dut: Any) -> None:
    """A packet of weights of wrong length is told; after a soft reset the right one counts."""
    rig = await Rig(dut).begin(load=False)
    if not rig.weights:
        return
    for size in (16, len(rig.weights) - 16, len(rig.weights) + 16, 2 * len(rig.weights)):
        await rig.loader.send(AxiStreamFrame(rig.weights.ljust(size, b"\x5a")[:size]))
        await rig.loader.wait()
        for _ in range(1000):
            if await rig.read("STATUS") & COMPLETE:
                break
        assert await rig.read("ERRORS") == PACKET
        await rig.send(rig.images[0])
        assert len(await rig.receive()) == 4 * rig.case["classes"]
        await rig.soft_reset()
        assert await rig.read("STATUS") == 0
        await rig.load()
        await rig.send(rig.images[0])
        assert await rig.receive() == rig.logits[0]
        assert await rig.read("ERRORS") == 0
        await rig.soft_reset()
