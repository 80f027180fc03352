# SPDX-License-Identifier: Apache-2.0
"""The modules around convolutions: what they take, in terms of their parameters.

Terms as in `conv.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd

from firebrick.hardware.features import Features, together
from firebrick.hardware.memory import MemoryKind, chunk_count, index_bits
from firebrick.hardware.memory_area import MemoryArea, chosen_luts, ram, rom, select_luts
from firebrick.hardware.resources import Family


def fifo(p: Mapping[str, int], family: Family) -> Features:
    """`fifo.sv`; its output register is the memory's."""
    control = 2 * index_bits(p["depth"]) + p["depth"].bit_length()
    return Features(
        (1, control), (1, control), memory=ram(p["width"], p["depth"], p["kind"], family)
    )


def skid(p: Mapping[str, int], _family: Family) -> Features:
    """`skid.sv`: two registers, one multiplexer."""
    return Features((1, p["width"]), (1, 2 * p["width"]))


def broadcast(p: Mapping[str, int], _family: Family) -> Features:
    """`broadcast.sv`: one register."""
    return Features((1, p["copies"]), (1, p["width"], p["copies"]))


def load_gate(p: Mapping[str, int], _family: Family) -> Features:
    """`load_gate.sv`: a counter."""
    control = (p["words"] + p["stages"]).bit_length()
    return Features((1, control), (1, control))


def add(p: Mapping[str, int], _family: Family) -> Features:
    """`add.sv`: a DSP slice for each operand of a column, a skid buffer."""
    columns = p["columns"]
    wide = columns * p["out_bits"]
    product = columns * (max(p["left_bits"], p["right_bits"]) + 18)
    above = columns * max(0, 42 - p["shift"])
    control = _frame_bits(p["height"] * p["channels"] * -(-p["width"] // columns))
    return Features(
        (1, wide, product, above, control),
        (1, wide, product, control),
        dsp=2 * columns,
    )


def regroup(p: Mapping[str, int], _family: Family) -> Features:
    """`regroup.sv`: a queue of units, each loaded from wherever a beat can put it."""
    unit = gcd(p["in_columns"], p["out_columns"])
    taken, given = p["in_columns"] // unit, p["out_columns"] // unit
    segments = -(-p["width"] // p["in_columns"])
    given_segments = -(-p["width"] // p["out_columns"])
    last = given_segments * given - (segments - 1) * taken
    most = max(taken, last) if segments > 1 else last
    waiting = 2 * given
    capacity = most + waiting
    starts = {
        n for s in range(min(segments, given)) for n in range(s * taken % given, waiting + 1, given)
    }
    sources = [sum(n <= u < n + taken for n in starts) for u in range(capacity)]
    bits = unit * p["bits"]
    # A unit that moves down has one more source; the first source of all is to stay as it is.
    choices = sum(chosen_luts(x + (u < capacity - given)) for u, x in enumerate(sources))
    moved = capacity - given
    control = index_bits(segments) + capacity.bit_length()
    beats = _frame_bits(p["height"] * p["channels"] * given_segments)
    return Features(
        (1, bits * choices, bits * moved, bits * sum(sources), len(starts), control, beats),
        (1, bits * capacity, control, beats),
    )


def image(p: Mapping[str, int], family: Family) -> Features:
    """`image.sv`: two rows of beats, a channel selector, a gearbox."""
    width = p["pixels"] * p["channels"] * p["bits"]
    segments = -(-p["width"] // p["pixels"])
    inner = regroup(
        {name: p[name] for name in ("channels", "height", "width", "bits")}
        | {"in_columns": p["pixels"], "out_columns": p["columns"]},
        family,
    )
    control = 3 * index_bits(segments) + 2 * index_bits(p["channels"]) + index_bits(p["height"])
    plane = p["pixels"] * p["bits"] * select_luts(p["channels"])
    return Features(
        (*inner.lut_terms, plane, control),
        (*inner.ff_terms, control),
        memory=ram(width, 2 * segments, p["memory_kind"], family),
    )


def shell(p: Mapping[str, int], family: Family) -> Features:
    """`shell.sv`: registers, two buses' controls, queues of words, bursts and runs."""
    bus, beat = p["data_bits"], p["pixels"] * p["channels"] * 8
    loads = int(p["load_words"] > 0)
    sizes = ((bus, p["read_depth"]), (bus, 32), (90, 8), (48, 3), (2, 16))
    queues = (ram(width, depth, MemoryKind.LUT, family) for width, depth in sizes)
    return Features((1, bus, beat, loads), (1, bus, beat, loads), memory=together(*queues))


def maxpool(p: Mapping[str, int], family: Family) -> Features:
    """`maxpool.sv`: maxima along rows, then with the unfinished windows in memory."""
    kernel, stride, columns, bits = p["kernel"], p["stride"], p["columns"], p["bits"]
    pixels = columns * stride
    partials = (kernel + stride - 2) // stride
    depth = p["channels"] * -(-p["out_width"] // columns)
    reach = max(0, kernel - stride)
    beats = -(-reach // pixels) + 1
    word = max(1, partials) * columns * bits
    segments = -(-p["in_width"] // pixels)
    control = (
        index_bits(segments)
        + index_bits(p["channels"])
        + 2 * p["in_height"].bit_length()
        + index_bits(depth)
    )
    wide = columns * bits
    return Features(
        (1, (kernel - 1) * wide, (partials + 1) * wide, partials * wide, wide, control),
        (1, beats * pixels * bits, wide, control, index_bits(depth)),
        memory=ram(word, depth, p["memory_kind"], family),
    )


def avgpool(p: Mapping[str, int], family: Family) -> Features:
    """`avgpool.sv`: sum of a beat, unfinished sums, finished sums in two banks."""
    channels, columns, bits, wide = p["channels"], p["columns"], p["bits"], p["sum_bits"]
    segments = -(-p["width"] // columns)
    banks = 4 if p["height"] * segments == 1 else 2
    kind, channel = p["memory_kind"], index_bits(channels)
    table = rom(channel + wide, channels, kind)
    control = index_bits(segments) + index_bits(p["height"])
    blocks = kind == MemoryKind.BLOCK
    return Features(
        (1, (columns - 1) * bits, wide, table.luts, channel, control),
        (1, wide, channel, control, 0 if blocks else channel + wide, chunk_count(channels)),
        memory=together(
            table._replace(luts=0),
            ram(wide, channels, kind, family) if channels else MemoryArea(),
            ram(wide, banks * channels, kind, family),
        ),
    )


def _frame_bits(beats: int) -> int:
    return index_bits(beats)
