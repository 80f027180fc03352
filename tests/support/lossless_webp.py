# SPDX-License-Identifier: Apache-2.0
"""A lossless WebP file that is small, of few pixels, and asks for many Huffman tables.

Written bit by bit: no encoder makes such a file. Source: RFC 9649, section 3.
"""

import struct

CODE_LENGTHS = (17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8)
"""Order in which the lengths of code lengths are stored, as far as is needed."""


class Bits:
    """Appends numbers, least significant bit first."""

    def __init__(self) -> None:
        self.digits: list[str] = []

    def put(self, value: int, width: int) -> None:
        self.digits.append(f"{value:0{width}b}"[::-1])

    def whole(self) -> bytes:
        digits = "".join(self.digits)
        return int(digits[::-1], 2).to_bytes(-(-len(digits) // 16) * 2, "little")


def _constant(bits: Bits) -> None:
    """A code of one symbol, 0."""
    bits.put(0b001, 3)  # simple; one symbol; of one bit
    bits.put(0, 1)


def _bytes(bits: Bits, alphabet: int) -> None:
    """A code of 8 bits for symbols 0 to 255, none for the others of the alphabet."""
    bits.put(0, 1)
    bits.put(len(CODE_LENGTHS) - 4, 4)
    for length in CODE_LENGTHS:
        bits.put(1 if length in (0, 8) else 0, 3)
    bits.put(0, 1)
    for symbol in range(alphabet):
        bits.put(1 if symbol < 256 else 0, 1)


def _reversed(value: int) -> int:
    return int(f"{value:08b}"[::-1], 2)


def many_tables(side: int = 512) -> bytes:
    """A file with other tables for each block of 4x4 pixels."""
    bits = Bits()
    bits.put(0x2F, 8)
    bits.put(side - 1, 14)
    bits.put(side - 1, 14)
    bits.put(0, 4)  # opaque, version 0
    bits.put(0b100, 3)  # no transform, no colour cache, a picture of tables
    bits.put(0, 3)  # blocks of 4x4
    bits.put(0, 1)
    _bytes(bits, 256 + 24)
    _bytes(bits, 256)
    for _ in range(3):
        _constant(bits)
    tables = (side // 4) ** 2
    for table in range(tables):
        bits.put(_reversed(table & 255), 8)
        bits.put(_reversed(table >> 8), 8)
    for _ in range(5 * tables):
        _constant(bits)
    data = bits.whole()
    head = b"WEBPVP8L" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data
