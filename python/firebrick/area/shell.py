# SPDX-License-Identifier: Apache-2.0
"""Modules that are no engines: shell, gate of the loading chain, skid buffer; part of one engine.

Terms as in `ops/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from firebrick.hardware.features import Features, together
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.memory_area import ram
from firebrick.hardware.resources import Family
from firebrick.ops.base import AreaPart

GEOMETRIES: Mapping[str, tuple[dict[str, int], ...]] = {
    "avgpool_requantize": tuple(
        {"sum_bits": total, "out_bits": out, "out_signed": signed}
        | {"multiplier": multiplier, "shift": shift}
        for total, out, signed, multiplier, shift in (
            *((13, 8, 0, 40503, 20), (16, 8, 1, 52429, 23), (17, 8, 0, 33333, 24)),
            *((14, 4, 0, 61681, 25), (20, 8, 0, 45875, 27), (24, 12, 1, 39321, 28)),
        )
    ),
    "skid": ({"width": 9}, {"width": 57}, {"width": 225}),
    "load_gate": tuple(
        {"words": words, "stages": stages, "width": 64}
        for words, stages in ((40, 3), (5000, 20), (300, 2))
    ),
    "shell": tuple(
        {"channels": 3, "height": 227, "width": 227, "classes": 1000, "logit_bits": 17}
        | {"data_bits": bits, "pixels": pixels, "read_depth": depth, "load_words": words}
        for bits, pixels, depth, words in (
            *((32, 1, 32, 0), (32, 8, 64, 0), (64, 2, 32, 5000), (64, 8, 64, 100_000)),
            *((128, 16, 64, 0), (128, 4, 256, 300), (256, 16, 128, 0)),
        )
    ),
}
"""Parameters of instances that coefficients are fitted to, as an engine's, by module."""


def skid(p: Mapping[str, int], _family: Family) -> Iterator[AreaPart]:
    """`skid.sv`: two registers, one multiplexer."""
    yield AreaPart("skid", Features((1, p["width"]), (1, 2 * p["width"])))


def load_gate(p: Mapping[str, int], _family: Family) -> Iterator[AreaPart]:
    """`load_gate.sv`: a counter."""
    control = (p["words"] + p["stages"]).bit_length()
    yield AreaPart("load_gate", Features((1, control), (1, control)))


def shell(p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
    """`shell.sv`: registers, two buses' controls, queues of words, bursts and runs."""
    bus, beat = p["data_bits"], p["pixels"] * p["channels"] * 8
    loads = int(p["load_words"] > 0)
    sizes = ((bus, p["read_depth"]), (bus, 32), (90, 8), (48, 3), (2, 16))
    queues = (ram(width, depth, MemoryKind.LUT, family) for width, depth in sizes)
    terms = (1, bus, beat, loads)
    yield AreaPart("shell", Features(terms, terms, memory=together(*queues)))
