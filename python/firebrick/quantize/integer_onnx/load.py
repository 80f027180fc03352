# SPDX-License-Identifier: Apache-2.0
"""Read an integer ONNX file back into the network it was written from.

The metadata give geometry, the initializers give weights; then the network is exported again in
memory and must give the file's graph to the last byte. So a file that is accepted computes exactly
what the metadata say, whoever runs it, and nothing in it is ever interpreted twice.
"""

from __future__ import annotations

from pathlib import Path

import onnx

from firebrick.errors import FirebrickError, naming
from firebrick.fbz.head import is_compressed
from firebrick.ir.network import Network
from firebrick.ir.onnx_file import MAX_BYTES, check_size
from firebrick.quantize.integer_onnx.compressed import decompress
from firebrick.quantize.integer_onnx.export import to_model
from firebrick.quantize.integer_onnx.metadata import NETWORK_KEY, NOTE_PREFIX
from firebrick.quantize.integer_onnx.network import build

GIVE = "give an integer ONNX file, as `firebrick quantize model.onnx -o q.onnx` writes it"


def read(path: Path) -> Network:
    """Read and check an integer ONNX file, or the `.fbz` file of one.

    Raises:
        FirebrickError: naming the file, the place in it and the rule.
    """
    try:
        model = _parse(path)
    except FirebrickError as error:
        raise FirebrickError(f"{error}: {GIVE}") from None
    metadata = {x.key: x.value for x in model.metadata_props}
    if NETWORK_KEY not in metadata:
        raise FirebrickError(f"{path}: is not quantized: {GIVE}")
    with naming(path):
        network = build(metadata, {x.name: x for x in model.graph.initializer})
        _compare(model, network)
    return network


def read_bytes(path: Path) -> bytes:
    """Bytes of an ONNX file; of a `.fbz` file, those that it was made from.

    Raises:
        FirebrickError: naming the file, the place in it and the rule.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FirebrickError(f"{path}: bytes={size} exceeds {MAX_BYTES}")
        data = path.read_bytes()
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be read: {error.strerror}") from None
    if not is_compressed(data):
        return data
    with naming(path):
        return decompress(data)


def holds_integers(path: Path) -> bool:
    """Whether a file is what `quantize` writes, of whichever version; a float one is not.

    Raises:
        FirebrickError: the file cannot be read.
    """
    return any(x.key == NETWORK_KEY for x in _parse(path).metadata_props)


def read_notes(path: Path) -> dict[str, str]:
    """Notes given to `export.write`.

    Raises:
        FirebrickError: the file cannot be read.
    """
    props = _parse(path).metadata_props
    return {
        x.key.removeprefix(NOTE_PREFIX): x.value for x in props if x.key.startswith(NOTE_PREFIX)
    }


def _parse(path: Path) -> onnx.ModelProto:
    data = read_bytes(path)
    with naming(path):
        check_size(data)
    try:
        model = onnx.ModelProto()
        model.ParseFromString(data)  # never follows references to other files
    except Exception:  # which error a damaged file gives is up to the protobuf runtime
        raise FirebrickError(f"{path}: is not an ONNX file") from None
    return model


def _compare(model: onnx.ModelProto, network: Network) -> None:
    """Refuse a file that is not what its network would be written as."""
    again = to_model(network)
    for field in ("ir_version", "opset_import", "functions", "training_info"):
        if getattr(model, field) != getattr(again, field):
            raise FirebrickError(f"{field} differs from what its metadata describe")
    for what in ("node", "initializer", "input", "output"):
        found, expected = getattr(model.graph, what), getattr(again.graph, what)
        if len(found) != len(expected):
            raise FirebrickError(f"{what}s={len(found)}, its metadata describe {len(expected)}")
        for a, b in zip(found, expected, strict=True):
            if a != b:
                raise FirebrickError(f"{what} {a.name!r} differs from what its metadata describe")
    if model.graph.SerializeToString(deterministic=True) != again.graph.SerializeToString(
        deterministic=True
    ):
        raise FirebrickError("graph differs from what its metadata describe")
