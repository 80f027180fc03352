# SPDX-License-Identifier: Apache-2.0
"""From the bytes of an untrusted ONNX file to a model that ONNX's own checker accepts.

Its size is bounded before it is parsed, and the only other files that are read are those of
`external`.
"""

from __future__ import annotations

from pathlib import Path

import onnx

from firebrick.errors import FirebrickError
from firebrick.frontend.onnx_reader import external
from firebrick.ir.onnx_file import MAX_BYTES, check_size

MAX_NODES = 4096
MAX_INPUTS = 4 * MAX_NODES
"""Most inputs of all nodes together."""
MIN_OPSET = 7
"""From here on elementwise operators broadcast as they do today."""
DOMAINS = ("", "ai.onnx")
"""Names of the standard operators' domain."""


def parse(path: Path) -> onnx.ModelProto:
    """Parse and check a file, its tensors whole.

    Raises:
        FirebrickError: naming field, value and rule.
        OSError: when there is no such file.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FirebrickError(f"size={size} exceeds {MAX_BYTES} bytes")
    data = path.read_bytes()
    check_size(data)
    try:
        model = onnx.load_model_from_string(data)
    # The protobuf runtime decides which error that is.
    except Exception as error:
        raise FirebrickError(f"not an ONNX file: {_first_line(error)}") from None
    if len(model.graph.node) > MAX_NODES:
        raise FirebrickError(f"nodes={len(model.graph.node)} exceeds {MAX_NODES}")
    del data
    inputs = sum(len(x.input) for x in model.graph.node)
    if inputs > MAX_INPUTS:
        raise FirebrickError(f"inputs={inputs} of all nodes exceed {MAX_INPUTS}")
    external.take_in(model, path.parent)
    # Shapes that exporters note down are not used; the checker would insist that they are whole.
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.shape.SetInParent()
    try:
        onnx.checker.check_model(model)
    except Exception as error:
        raise FirebrickError(f"not a valid ONNX model: {_first_line(error)}") from None
    return model


def opset(model: onnx.ModelProto) -> int:
    """Version of the standard operators.

    Raises:
        FirebrickError: it is not known.
    """
    version = max((x.version for x in model.opset_import if x.domain in DOMAINS), default=1)
    if version < MIN_OPSET:
        raise FirebrickError(f"opset={version} is less than {MIN_OPSET}")
    if version > onnx.defs.onnx_opset_version():
        raise FirebrickError(f"opset={version} exceeds {onnx.defs.onnx_opset_version()}")
    return int(version)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
