# SPDX-License-Identifier: Apache-2.0
"""Weights that lie in a file beside the ONNX file, as PyTorch writes them by default.

Only a plain name in the same folder is followed, never a link, and all of it together is bounded:
a file that comes from elsewhere must not make us read another file of the user's.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import TensorProto

from firebrick.errors import FirebrickError
from firebrick.ir.onnx_file import MAX_BYTES


def take_in(model: onnx.ModelProto, folder: Path) -> None:
    """Put the data of every tensor that lies in another file into the model.

    Args:
        model: parsed, not yet checked.
        folder: of the ONNX file.

    Raises:
        FirebrickError: naming tensor, field, value and rule.
    """
    left = MAX_BYTES
    for tensor in tensors(model.graph):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            data = _data(tensor, folder, left)
            left -= len(data)
            tensor.ClearField("external_data")
            tensor.data_location = TensorProto.DEFAULT
            tensor.raw_data = data


def tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    """Every tensor of a graph: its weights, and those in attributes of nodes."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)


def _data(tensor: TensorProto, folder: Path, most: int) -> bytes:
    """What the other file holds of a tensor."""
    where = f"tensor {tensor.name!r}"
    fields = {x.key: x.value for x in tensor.external_data}
    name = fields.get("location", "")
    if not name or name in (".", "..") or Path(name).name != name or "\\" in name or "\0" in name:
        raise FirebrickError(
            f"{where}: location={name!r:.80} is not the name of a file beside the model: export it "
            "with external_data=False"
        )
    try:
        # neither a link, which could lead anywhere, nor a pipe, which would never end
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise FirebrickError(
            f"{where}: its data is in {name!r} beside the model, which cannot be read: "
            f"{error.strerror}: put it there, or export with external_data=False"
        ) from None
    try:
        return _part(where, handle, name, fields, most)
    finally:
        os.close(handle)


def _part(where: str, handle: int, name: str, fields: dict[str, str], most: int) -> bytes:
    """The bytes of an open file that belong to a tensor."""
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode):
        raise FirebrickError(f"{where}: location={name!r} is not an ordinary file")
    offset = _number(where, fields, "offset") or 0
    length = _number(where, fields, "length")
    length = state.st_size - offset if length is None else length
    if not 0 <= length <= state.st_size - offset:
        raise FirebrickError(
            f"{where}: offset={offset} length={length} is beyond the {state.st_size} bytes of "
            f"{name!r}"
        )
    if length > most:
        raise FirebrickError(
            f"{where}: length={length} with the tensors before it exceeds {MAX_BYTES} bytes"
        )
    with os.fdopen(os.dup(handle), "rb") as file:
        file.seek(offset)
        return file.read(length)


def _number(where: str, fields: dict[str, str], key: str) -> int | None:
    text = fields.get(key)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise FirebrickError(f"{where}: {key}={text!r:.40} is not a number of bytes")
    return int(text)
