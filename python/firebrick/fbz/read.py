# SPDX-License-Identifier: Apache-2.0
"""The bytes of a `.fbz` file, which nobody vouches for, to its contents."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError, naming
from firebrick.fbz import codes, head, integers, streams
from firebrick.fbz.contents import Contents
from firebrick.fbz.rans import Symbols
from firebrick.fbz.streams import Stream
from firebrick.hardware.tensor import IntArray
from firebrick.ir.limits import MAX_LAYERS, MAX_NAME, MAX_WEIGHTS

MAX_CONSTANTS = 1 << 21
"""Most constants of all layers and kinds together."""
MAX_KINDS = 16
"""Most kinds of constants."""
Taken = tuple[str, Stream, bytes]
"""What messages call a stream, what the head says of it, its bytes."""


@dataclass(slots=True)
class _Cursor:
    """What follows the head, taken piece by piece."""

    data: bytes
    place: int

    def take(self, count: int, where: str) -> bytes:
        left = len(self.data) - self.place
        if count > left:
            raise FirebrickError(f"{where}: bytes={count} exceed the {left} left")
        self.place += count
        return self.data[self.place - count : self.place]


@dataclass(frozen=True, slots=True)
class _Codes:
    """A layer whose streams are not decoded yet: their places among all of the file."""

    where: str
    shape: tuple[int, ...]
    parts: tuple[tuple[str, int, range], ...]


@dataclass(frozen=True, slots=True)
class _Constants:
    """A kind of constants: the place of their widths among all streams, and the rest."""

    where: str
    counts: dict[str, int]
    differences: bool
    widths: int
    rest: bytes


def unpack(data: bytes) -> Contents:
    """Contents of a file.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    document, size, digest, place = head.unpack(data)
    cursor = _Cursor(data, place)
    top = Fields(document, "head")
    metadata = _metadata(top.inner("metadata"))
    taken: list[Taken] = []
    layers = _layers(top, cursor, taken)
    kinds = _kinds(top, cursor, taken)
    top.close()
    if cursor.place != len(data):
        raise FirebrickError(f"size={len(data)} is not {cursor.place}, the end of the constants")
    numbers = streams.decode(taken)
    del taken
    found = {}
    for name, layer in layers.items():
        flat = []
        for number, (encoding, count, mine) in enumerate(layer.parts):
            with naming(f"{layer.where}: part {number}"):
                part = codes.Part(encoding, tuple(numbers[x] for x in mine))
                flat.append(codes.decode(part, count))
        found[name] = codes.join(flat[0], flat[1], layer.shape)
    constants = {kind: _split(group, numbers[group.widths]) for kind, group in kinds.items()}
    return Contents(metadata, found, constants, size, digest)


def _metadata(fields: Fields) -> dict[str, str]:
    found = {}
    for name, value in fields.left.items():
        if not isinstance(value, str):
            raise FirebrickError(f"{fields.where}: {name[:MAX_NAME]!r} is not a text")
        found[name] = value
    return found


def _layers(top: Fields, cursor: _Cursor, taken: list[Taken]) -> dict[str, _Codes]:
    found: dict[str, _Codes] = {}
    total = 0
    for fields in top.objects("codes", "name", MAX_LAYERS):
        name = fields.identifier("name", MAX_NAME)
        fields.require(name not in found, "name", name, "is there twice")
        shape = fields.integers("shape", 4, 1, MAX_WEIGHTS)
        fields.require(len(shape) == 4, "shape", shape, "is not of 4 numbers")
        fields.require(shape[2] == shape[3], "shape", shape, "is not of square kernels")
        total += math.prod(shape)
        fields.require(total <= MAX_WEIGHTS, "codes", total, f"up to here exceed {MAX_WEIGHTS}")
        leading = fields.whole("pointwise", 0, shape[0])
        listed = fields.values("parts", 2, "parts")
        fields.require(len(listed) == 2, "parts", len(listed), "is not 2")
        start, parts = cursor.place, []
        for number, (value, count) in enumerate(
            zip(listed, codes.sizes(shape, leading), strict=True)
        ):
            where = f"{fields.where}: part {number}"
            encoding, said = _part(value, count, where)
            parts.append((encoding, count, range(len(taken), len(taken) + len(said))))
            taken += [(x, y, cursor.take(y.size, x)) for x, y in said]
        section = cursor.data[start : cursor.place]
        head.check_sum(fields.where, section, fields.whole("crc32", 0, (1 << 32) - 1))
        found[name] = _Codes(fields.where, shape, tuple(parts))
    return found


def _part(value: object, size: int, where: str) -> tuple[str, list[tuple[str, Stream]]]:
    """Encoding of a part, and what is said of each of its streams."""
    if not isinstance(value, list) or not value or value[0] not in tuple(codes.STREAMS):
        raise FirebrickError(f"{where}: is not a list that begins with {', '.join(codes.STREAMS)}")
    encoding, *rest = value
    names = codes.STREAMS[encoding]
    if len(rest) != len(names):
        raise FirebrickError(f"{where}: streams={len(rest)} of {encoding} are not {len(names)}")
    places = [f"{where}: {x}" for x in names]
    said = [streams.read_stream(x, size, y) for x, y in zip(rest, places, strict=True)]
    with naming(where):
        codes.check_counts(encoding, [x.count for x in said], size)
    return encoding, list(zip(places, said, strict=True))


def _kinds(top: Fields, cursor: _Cursor, taken: list[Taken]) -> dict[str, _Constants]:
    found: dict[str, _Constants] = {}
    total = 0
    for fields in top.objects("constants", "kind", MAX_KINDS):
        kind = fields.identifier("kind", MAX_NAME)
        fields.require(kind not in found, "kind", kind, "is there twice")
        counts = fields.wholes("counts", 0, MAX_CONSTANTS)
        fields.require(len(counts) > 0, "counts", counts, "is empty")
        here = sum(counts.values())
        total += here
        fields.require(total <= MAX_CONSTANTS, "counts", total, f"exceed {MAX_CONSTANTS}")
        differences = bool(fields.whole("differences", 0, 1))
        start, where = cursor.place, f"{fields.where}: widths"
        said = streams.read_stream(fields.take("widths"), here, where)
        fields.require(said.count == here, "widths", said.count, f"is not {here}, those of counts")
        taken.append((where, said, cursor.take(said.size, where)))
        rest = cursor.take(fields.whole("bytes", 0, len(cursor.data)), fields.where)
        section = cursor.data[start : cursor.place]
        head.check_sum(fields.where, section, fields.whole("crc32", 0, (1 << 32) - 1))
        found[kind] = _Constants(fields.where, counts, differences, len(taken) - 1, rest)
    return found


def _split(group: _Constants, widths: Symbols) -> dict[str, IntArray]:
    with naming(group.where):
        values = integers.decode(group.differences, widths, group.rest)
    ends = np.cumsum(list(group.counts.values()), dtype=np.int64)
    return dict(zip(group.counts, np.split(values, ends[:-1]), strict=True))
