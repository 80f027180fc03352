# SPDX-License-Identifier: Apache-2.0
"""Images of read-only memories, as `hw/memory/` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from firebrick.ops.base import Memory, MemoryKind

CHUNKS = (4096, 2048, 1024, 512)
"""Words of the memories that `rom.sv` cuts a block RAM's depth into."""
LOAD_BITS = 72
"""Bits of a word on the chain that fills UltraRAMs."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def index_bits(count: int) -> int:
    """Bits of an index below `count`, at least 1."""
    return max(1, (count - 1).bit_length())


def chunks(depth: int, kind: MemoryKind = MemoryKind.BLOCK) -> list[int]:
    """Words of each chunk that `rom.sv` cuts a memory into.

    Of block RAM, largest first, together at least `depth`; of LUTs all alike but for the last,
    together exactly `depth`.

    Raises:
        ValueError: the memory would take more chunks than there are letters.
    """
    smallest = CHUNKS[-1]
    sizes: list[int] = []
    if kind is MemoryKind.LUT:
        sizes = [smallest] * (depth // smallest) + ([depth % smallest] if depth % smallest else [])
    else:
        left = -(-depth // smallest) * smallest
        for size in CHUNKS:
            sizes += [size] * (left // size)
            left %= size
    if len(sizes) > len(LETTERS):
        raise ValueError(f"depth={depth} takes {len(sizes)} chunks, {len(LETTERS)} are named")
    return sizes


def image(width: int, words: Iterable[int], depth: int = 0) -> Memory:
    """Make an image of two's complement words, filled up with zeros."""
    masked = [int(word) & ((1 << width) - 1) for word in words]
    return Memory(width, (*masked, *[0] * (depth - len(masked))))


def rom(name: str, whole: Memory, kind: MemoryKind) -> dict[str, Memory]:
    """Images by file suffix, one of each chunk, those of block RAM filled up with zeros.

    Args:
        name: suffix without the letter of a chunk.
        whole: contents.
        kind: what the memory is made of; UltraRAM has no image.
    """
    if kind is MemoryKind.ULTRA:
        return {}
    if kind is MemoryKind.LUT and len(whole.words) <= CHUNKS[-1]:
        return {name: whole}
    images, first = {}, 0
    for letter, size in zip(LETTERS, chunks(len(whole.words), kind), strict=False):
        images[name + letter] = image(whole.width, whole.words[first : first + size], size)
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
