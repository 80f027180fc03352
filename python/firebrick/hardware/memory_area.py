# SPDX-License-Identifier: Apache-2.0
"""What the memories of `hw/memory/` take, as Yosys maps them.

A block RAM is mapped to the cheapest of the shapes that a half or a whole block can have, where a
half costs 129 and a whole one 257. Words that do not fit one block's depth lie side by side, as
long as each has its own write enables, of which there is one for nine bits.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from firebrick.hardware.memory import MemoryKind, chunks
from firebrick.hardware.resources import Family

HALF = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
"""Shapes of half a block RAM: bits of a word, words. A whole one is twice as deep or wide."""
WHOLE = ((72, 512), *((width, 2 * depth) for width, depth in HALF))
BYTE = 9
HALF_COST, WHOLE_COST = 129, 257
LUT_RAM = {Family.XC7: (4, 3), Family.XCUP: (8, 7)}
"""LUTs of a LUT RAM primitive, and bits of a word at 64 words; at 32 words twice as many."""
ULTRA_WIDTH, ULTRA_DEPTH = 72, 4096


class MemoryArea(NamedTuple):
    """What a memory takes.

    Attributes:
        luts: LUTs that choose between deep memories, or hold constants.
        lutram: LUTs used as memory.
        ffs: registers outside the memory blocks, those of the output not counted.
        bram18: halves of block RAMs.
        uram: UltraRAM blocks.
    """

    luts: int = 0
    lutram: int = 0
    ffs: int = 0
    bram18: int = 0
    uram: int = 0


def select_luts(inputs: int) -> int:
    """LUTs that choose one of so many bits, the wide multiplexers beside the LUTs used."""
    if inputs <= 1:
        return 0
    if inputs <= 16:
        return -(-inputs // 4)
    return 4 * (inputs // 16) + select_luts(inputs % 16) + select_luts(-(-inputs // 16))


def tree_luts(inputs: int) -> int:
    """LUTs that choose one of so many bits without those multiplexers, four at a time."""
    return 0 if inputs <= 1 else -(-inputs // 4) + tree_luts(-(-inputs // 4))


def chosen_luts(inputs: int) -> float:
    """About the LUTs that choose one of so many bits, each with a line of its own that says so."""
    return inputs - 1.5 if inputs > 3 else float(inputs > 1)


@cache
def ram(width: int, depth: int, kind: int, family: Family) -> MemoryArea:
    """`ram.sv`: one write port, one read port."""
    if kind == MemoryKind.LUT:
        return _lut_ram(width, depth, family)
    if kind == MemoryKind.ULTRA:
        deep = -(-depth // ULTRA_DEPTH)
        return _deep(width, deep, MemoryArea(uram=_count(width, deep, ULTRA_WIDTH)))
    blocks, deep = _blocks(width, depth)
    return _deep(width, deep, MemoryArea(bram18=blocks))


@cache
def rom(width: int, depth: int, kind: int) -> MemoryArea:
    """`rom.sv`, its registers not counted; `luts` of constants are those of random ones."""
    if kind == MemoryKind.LUT:
        sizes = chunks(depth, MemoryKind.LUT)
        each = sum(select_luts(-(-size // 64) * 4) for size in sizes)
        return MemoryArea(luts=width * (each + select_luts(len(sizes))) if depth > 1 else 0)
    sizes = chunks(depth)
    blocks = sum(_blocks(width, size)[0] for size in sizes)
    return MemoryArea(luts=width * select_luts(len(sizes)), bram18=blocks)


def _blocks(width: int, depth: int) -> tuple[int, int]:
    """Halves of block RAMs, and how many blocks deep."""
    costs = [
        (count * cost, count * halves, deep)
        for shapes, cost, halves in ((HALF, HALF_COST, 1), (WHOLE, WHOLE_COST, 2))
        for bits, words in shapes
        for deep in (-(-depth // words),)
        for count in (_count(width, deep, bits),)
    ]
    _, blocks, deep = min(costs)
    return blocks, deep


def _count(width: int, deep: int, bits: int) -> int:
    """Blocks of so many bits a word."""
    if bits < BYTE:
        return deep * -(-width // bits)
    return -(-deep * -(-width // BYTE) // (bits // BYTE))


def _deep(width: int, deep: int, area: MemoryArea) -> MemoryArea:
    """With the multiplexer and the address bits that it keeps."""
    return area._replace(luts=width * select_luts(deep), ffs=(deep - 1).bit_length())


def _lut_ram(width: int, depth: int, family: Family) -> MemoryArea:
    """At 32 or at 64 words, whichever is cheaper with the multiplexer behind it."""
    cell, bits = LUT_RAM[family]
    _, deep, lutram = min(
        (deep * width * (2 * cell / held + 0.5), deep, cell * deep * -(-width // held))
        for words, held in ((32, 2 * bits), (64, bits))
        for deep in (-(-depth // words),)
    )
    return MemoryArea(luts=width * select_luts(deep), lutram=lutram, ffs=width)
