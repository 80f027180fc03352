# SPDX-License-Identifier: Apache-2.0
"""What parsing an ONNX file would take, found out before it is parsed.

In the wire format of protobuf an empty message is two bytes; in memory it is hundreds. So the
fields of a file are counted first, in one pass over its bytes that allocates nothing.
Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from functools import cache
from typing import Any

import onnx

from firebrick.errors import FirebrickError

MAX_BYTES = 80 << 20
"""Largest ONNX file; parsing and checking it takes four times as much."""
MAX_FIELDS = 1 << 18
"""Most fields of all messages of a file: names, numbers, messages inside."""
MAX_PACKED = 1 << 23
"""Most numbers of a file in packed fields; those of `raw_data` are not packed."""
VERSION_KEY = "firebrick.version"
"""Of the metadata of an integer ONNX file that `quantize` has written, and of no other."""
MAX_DEPTH = 32
"""Messages inside of one another, at most."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class _Message:
    """What the walk has to know of a kind of message, by number of its fields.

    Attributes:
        inner: kinds of the messages inside.
        widths: bytes of a number in a packed field, at least.
    """

    def __init__(self, kind: Any) -> None:
        self.inner = {x.number: x.message_type for x in kind.fields if x.message_type is not None}
        self.widths = {
            x.number: {x.CPPTYPE_FLOAT: 4, x.CPPTYPE_DOUBLE: 8}.get(x.cpp_type, 1)
            for x in kind.fields
            if x.message_type is None and x.cpp_type != x.CPPTYPE_STRING
        }


@cache
def _message(kind: Any) -> _Message:
    return _Message(kind)


def check_size(data: bytes) -> None:
    """Refuse a file that would take too much memory once parsed.

    Args:
        data: the file.

    Raises:
        FirebrickError: naming count and bound, or where it is no protobuf.
    """
    if len(data) > MAX_BYTES:
        raise FirebrickError(f"size={len(data)} exceeds {MAX_BYTES} bytes")
    fields = packed = 0
    waiting = [(0, len(data), 0, onnx.ModelProto.DESCRIPTOR)]
    while waiting:
        place, end, depth, kind = waiting.pop()
        if depth > MAX_DEPTH:
            raise FirebrickError(f"not an ONNX file: nested more than {MAX_DEPTH} messages deep")
        message = _message(kind)
        while place < end:
            fields += 1
            if fields > MAX_FIELDS:
                raise FirebrickError(f"fields={fields} or more exceed {MAX_FIELDS}")
            tag, place = _varint(data, place, end)
            number, wire = tag >> 3, tag & 7
            start, place = _skip(data, place, end, wire)
            if wire != _BYTES:
                continue
            if number in message.inner:
                waiting.append((start, place, depth + 1, message.inner[number]))
            elif number in message.widths:
                packed += (place - start) // message.widths[number]
                if packed > MAX_PACKED:
                    raise FirebrickError(f"numbers={packed} or more exceed {MAX_PACKED}")


def _skip(data: bytes, place: int, end: int, wire: int) -> tuple[int, int]:
    """Where a field's value begins and ends."""
    if wire == _VARINT:
        return place, _varint(data, place, end)[1]
    if wire == _BYTES:
        length, place = _varint(data, place, end)
    elif wire in (_FIXED32, _FIXED64):
        length = 4 if wire == _FIXED32 else 8
    else:
        raise _damaged(place)
    if length > end - place:
        raise _damaged(place)
    return place, place + length


def _varint(data: bytes, place: int, end: int) -> tuple[int, int]:
    """A number of up to ten bytes, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if place == end:
            break
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise _damaged(place)


def _damaged(place: int) -> FirebrickError:
    return FirebrickError(f"not an ONNX file: byte {place} is not as protobuf has it")


def check_is_float(model: onnx.ModelProto) -> None:
    """Refuse what `quantize` has written where a float model is wanted.

    Raises:
        FirebrickError: it is such a file.
    """
    if any(x.key == VERSION_KEY for x in model.metadata_props):
        raise FirebrickError(
            f"metadata {VERSION_KEY!r}: the model is quantized already; `firebrick plan`, `infer`, "
            "`verify` and what follows take it, `import` and `quantize` the float model"
        )
