# SPDX-License-Identifier: Apache-2.0
"""How a tensor's integers are stored in the integer ONNX file.

Between layers: uint8, as `value - lo`, so that a signed tensor has the zero point `-lo`. Sums and
the network's output: int32, as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.ops.avgpool import AvgPool


@dataclass(frozen=True, slots=True)
class Storage:
    """Storage of one tensor.

    Attributes:
        kind: shape and range of its values.
        wide: int32 if true, else uint8.
    """

    kind: TensorType
    wide: bool

    @property
    def zero(self) -> int:
        """What is stored for the value 0."""
        return 0 if self.wide else -self.kind.lo


def storages(network: Network) -> dict[str, Storage]:
    """Storage of each tensor, the image included."""
    result = {IMAGE: Storage(network.image, wide=False)}
    for layer in network:
        wide = isinstance(layer.operator, AvgPool) or layer.name == network.output
        result[layer.name] = Storage(layer.operator.output, wide)
    return result
