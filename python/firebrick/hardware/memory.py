# SPDX-License-Identifier: Apache-2.0
"""Images of read-only memories, as `hw/memory/` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import product
from string import ascii_lowercase

from firebrick.errors import FirebrickError


@dataclass(frozen=True, slots=True)
class Memory:
    """Contents of one read-only memory of a module.

    Attributes:
        width: bits of a word.
        words: contents, each in [0, 2**width); Python integers, as a word may exceed 64 bits.
    """

    width: int
    words: tuple[int, ...]

    @property
    def bits(self) -> int:
        """Size in bits."""
        return self.width * len(self.words)


class MemoryKind(IntEnum):
    """What a memory is made of; the numbers are those of the SystemVerilog parameters `*_KIND`."""

    LUT = 0
    """LUTs: a constant function, or LUT RAM."""
    BLOCK = 1
    """Block RAM."""
    ULTRA = 2
    """UltraRAM, which no bitstream initialises: read-only contents are loaded after reset."""


_BLOCK_LUTS = 300
"""LUTs that half a block RAM (18 kbit) is worth, about their ratio on the devices."""


def cheap_kind(width: int, depth: int) -> MemoryKind:
    """What a small memory is made of: LUT RAM, unless that costs more than block RAM.

    LUT RAM holds 32 words of 6 bits, or 64 of 3, in 4 LUTs, and takes half a LUT a bit and 64 words
    to choose among them; half a block RAM holds 512 words of 36 bits, down to 4096 of 4.

    Args:
        width: bits of a word.
        depth: words.
    """
    parts = -(-depth // 64)
    luts = 4 * -(-width // 6) if depth <= 32 else 4 * -(-width // 3) * parts
    luts += width * (parts - 1) // 2
    shapes = ((36, 512), (18, 1024), (9, 2048), (4, 4096))
    blocks = min(-(-width // bits) * -(-depth // words) for bits, words in shapes)
    return MemoryKind.LUT if luts <= _BLOCK_LUTS * blocks else MemoryKind.BLOCK


CHUNKS = (4096, 2048, 1024, 512)
"""Words of the memories that `rom.sv` cuts a block RAM's depth into."""
LOAD_BITS = 72
"""Bits of a word on the chain that fills UltraRAMs."""
NAMES = (*ascii_lowercase, *map("".join, product(ascii_lowercase, repeat=2)))
"""Names of a memory's chunks: a to z, then aa to zz."""
MOST_CHUNKS = len(NAMES)
"""Chunks of a memory, at most: those that `rom.sv` has names for."""


def index_bits(count: int) -> int:
    """Bits of an index below `count`, at least 1."""
    return max(1, (count - 1).bit_length())


def chunks(depth: int, kind: MemoryKind = MemoryKind.BLOCK) -> list[int]:
    """Words of each chunk that `rom.sv` cuts a memory into.

    Of block RAM, largest first, together at least `depth`; of LUTs all alike but for the last,
    together exactly `depth`.

    Raises:
        FirebrickError: there would be more than two letters name.
    """
    count = chunk_count(depth, kind)
    if count > MOST_CHUNKS:
        raise FirebrickError(f"memory: depth={depth} takes {count} chunks, more than {MOST_CHUNKS}")
    smallest = CHUNKS[-1]
    sizes: list[int] = []
    if kind is MemoryKind.LUT:
        sizes = [smallest] * (depth // smallest) + ([depth % smallest] if depth % smallest else [])
    else:
        left = -(-depth // smallest) * smallest
        for size in CHUNKS:
            sizes += [size] * (left // size)
            left %= size
    return sizes


def image(width: int, words: Iterable[int], depth: int = 0) -> Memory:
    """Make an image of two's complement words, filled up with zeros."""
    masked = [int(word) & ((1 << width) - 1) for word in words]
    return Memory(width, (*masked, *[0] * (depth - len(masked))))


def rom_images(name: str, whole: Memory, kind: MemoryKind) -> dict[str, Memory]:
    """Images by file suffix, one of each chunk, those of block RAM filled up with zeros.

    Args:
        name: suffix without the letters of a chunk.
        whole: contents.
        kind: what the memory is made of; UltraRAM has no image.
    """
    if kind is MemoryKind.ULTRA:
        return {}
    if kind is MemoryKind.LUT and len(whole.words) <= CHUNKS[-1]:
        return {name: whole}
    images, first = {}, 0
    for letters, size in zip(NAMES, chunks(len(whole.words), kind), strict=False):
        images[name + letters] = image(whole.width, whole.words[first : first + size], size)
        first += size
    return images


def rom_bits(width: int, depth: int, kind: MemoryKind) -> int:
    """Bits of the images, or for UltraRAM of the words on the chain."""
    if kind is MemoryKind.ULTRA:
        return LOAD_BITS * depth
    return width * (sum(chunks(depth)) if kind is MemoryKind.BLOCK else depth)


def packed(width: int, entries: Sequence[int], pack: int, depth: int) -> Memory:
    """Put entries side by side into words, the first in the low bits.

    Args:
        width: bits of an entry.
        entries: unsigned.
        pack: entries of a word.
        depth: entries of the memory, the last word not counted in full.
    """
    count = -(-depth // pack)
    filled = [int(entry) for entry in entries] + [0] * (count * pack - len(entries))
    words = filled[::pack]
    for place in range(1, pack):
        shift = place * width
        words = [w | e << shift for w, e in zip(words, filled[place::pack], strict=True)]
    return Memory(width * pack, tuple(words))


def chunk_count(depth: int, kind: MemoryKind = MemoryKind.BLOCK) -> int:
    """Chunks that `rom.sv` cuts a memory into, see `chunks`."""
    smallest = CHUNKS[-1]
    if kind is MemoryKind.LUT:
        return -(-depth // smallest)
    rounded = -(-depth // smallest) * smallest
    return rounded // CHUNKS[0] + (rounded % CHUNKS[0]).bit_count()
