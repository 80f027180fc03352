# SPDX-License-Identifier: Apache-2.0
"""How a tensor's integers are stored in the integer ONNX file.

Between layers: uint8, as `value - lo`, so that a signed tensor has the zero point `-lo`. The
network's output: int32, as it is.
"""

from __future__ import annotations

from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.quantize.ops.onnx_nodes import Storage


def storages(network: Network) -> dict[str, Storage]:
    """Storage of each tensor, the image included."""
    result = {IMAGE: Storage(network.image, wide=False)}
    for layer in network:
        kind = layer.operator.output
        result[layer.name] = Storage(kind, wide=kind.bits > 8 or layer.name == network.output)
    return result
