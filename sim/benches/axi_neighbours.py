# SPDX-License-Identifier: Apache-2.0
"""What stands around a shell in a bench: memory that may be late, and a judge of the bus."""

from __future__ import annotations

import random
from typing import Any

from cocotb.triggers import ClockCycles, RisingEdge


class Memory:
    """Regions of bytes behind an AXI slave; an address in none of them fails the test."""

    def __init__(self, clock: Any, rng: random.Random) -> None:
        self.clock = clock
        self.rng = rng
        self.late = 0.0
        self.regions: dict[str, tuple[int, bytearray]] = {}

    def find(self, address: int, length: int) -> tuple[bytearray, int]:
        """Region, and place in it."""
        for base, data in self.regions.values():
            if base <= address and address + length <= base + len(data):
                return data, address - base
        raise AssertionError(f"nothing lies at {address:#x}")

    async def _delay(self) -> None:
        if self.rng.random() < self.late:
            await ClockCycles(self.clock, self.rng.randrange(1, 60))

    async def read(self, address: int, length: int) -> bytes:
        """As an AXI slave asks."""
        await self._delay()
        data, place = self.find(address, length)
        return bytes(data[place : place + length])

    async def write(self, address: int, values: bytes) -> None:
        """As an AXI slave asks."""
        await self._delay()
        data, place = self.find(address, len(values))
        data[place : place + len(values)] = values


class Rules:
    """What a master, and a slave of registers, owe to AXI; looked at in every cycle."""

    MASTER = ("aw", "w", "ar")
    PAYLOAD = {  # noqa: RUF012
        "aw": ("addr", "len", "size", "burst"),
        "w": ("data", "last", "strb"),
        "ar": ("addr", "len", "size", "burst"),
        "b": ("resp",),
        "r": ("data", "resp"),
    }

    def __init__(self, dut: Any, data_bits: int) -> None:
        self.dut = dut
        self.bytes = data_bits // 8
        self.requests = 0
        self.due: list[int] = []
        """Words of the bursts whose address was seen and whose data was not, the oldest first."""
        buses = [("m_axi_gmem", x) for x in self.MASTER] + [("s_axi_control", x) for x in "br"]
        self.channels = [
            (
                x,
                getattr(dut, f"{bus}_{x}valid"),
                getattr(dut, f"{bus}_{x}ready"),
                [getattr(dut, f"{bus}_{x}{field}") for field in self.PAYLOAD[x]],
            )
            for bus, x in buses
        ]
        self.waiting: dict[str, list[int]] = {}

    async def watch(self) -> None:
        """Until the simulation ends."""
        while True:
            await RisingEdge(self.dut.ap_clk)
            if not self.dut.ap_rst_n.value:
                self.waiting, self.due = {}, []
                continue
            for name, valid, ready, fields in self.channels:
                before = self.waiting.pop(name, None)
                if not valid.value:
                    assert before is None, f"{name}valid fell before {name}ready"
                    continue
                payload = [int(x.value) for x in fields]
                assert before in (None, payload), f"{name} changed before {name}ready"
                taken = bool(ready.value)
                if not taken:
                    self.waiting[name] = payload
                if name in ("aw", "ar"):
                    self._request(name, payload, first=before is None, taken=taken)
                elif name == "w":
                    self._data(payload, taken=taken)

    def _request(self, name: str, payload: list[int], *, first: bool, taken: bool) -> None:
        address, length, size, burst = payload
        self.requests += taken
        if first:
            total = (length + 1) * self.bytes
            assert burst == 1
            assert 1 << size == self.bytes
            assert address % 64 == total % 64 == 0
            assert address % 4096 + total <= 4096
            if name == "aw":
                self.due.append(length + 1)

    def _data(self, payload: list[int], *, taken: bool) -> None:
        assert self.due, "data without an address"
        assert payload[1] == (self.due[0] == 1), "wlast"
        assert payload[2] == (1 << self.bytes) - 1, "strobes"
        if taken:
            self.due[0] -= 1
            if not self.due[0]:
                self.due.pop(0)
