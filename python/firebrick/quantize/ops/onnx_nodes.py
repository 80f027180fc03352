# SPDX-License-Identifier: Apache-2.0
"""Nodes and initializers of the integer ONNX file while it is written.

ONNX shifts unsigned integers only: an arithmetic shift is `((v + (lift << shift)) >> shift) - lift`
with a `lift` that makes every value positive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import TensorType
from firebrick.ops.base import Operator


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


class OnnxNodes:
    """Collects nodes and initializers.

    Args:
        stored: storage of each tensor.
    """

    def __init__(self, stored: Mapping[str, Storage]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.stored = stored

    def node(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Append a node of one output, whose name it bears and which is returned."""
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: object, dtype: type[np.integer]) -> str:
        """Append an initializer, whose name is returned.

        Raises:
            FirebrickError: a value does not fit the type.
        """
        array = np.asarray(value)
        narrow = array.astype(dtype)
        if not np.array_equal(array, narrow):
            raise FirebrickError(f"constant {name!r}: does not fit {np.dtype(dtype).name}")
        self.initializers.append(numpy_helper.from_array(narrow, name))
        return name

    def narrow(self, name: str) -> Storage:
        """Storage of an input that must be bytes.

        Raises:
            FirebrickError: it is not.
        """
        stored = self.stored[name]
        if stored.wide or stored.kind.bits > 8:
            raise FirebrickError(f"layer {name!r}: bits={stored.kind.bits} of an input exceeds 8")
        return stored

    def requantize(
        self, operator: Operator, scaled: str, shift: int, *, offset: int = 0, reach: int
    ) -> None:
        """`clamp((scaled + offset + half) >> shift)`, |scaled + offset| <= reach, stored.

        The clamp is on int32: onnxruntime's Max, Min and Clip on int64 give wrong results on x86
        (its pull requests 25280 and 32475).

        Raises:
            FirebrickError: too few bits are shifted out for the rest to fit int32.
        """
        name, output = operator.name, operator.output
        half = (1 << shift) >> 1
        lift = 1 << ((reach + half) >> shift).bit_length()  # above any shifted magnitude
        if lift > 1 << 30:
            raise FirebrickError(f"layer {name!r}: shift={shift} leaves more than 31 bits")
        total = self.constant(f"{name}.offset", offset + half + (lift << shift), np.int64)
        positive = self.node("Add", [scaled, total], f"{name}.positive")
        unsigned = self.node("Cast", [positive], f"{name}.unsigned", to=TensorProto.UINT64)
        bits = self.constant(f"{name}.shift", shift, np.uint64)
        shifted = self.node("BitShift", [unsigned, bits], f"{name}.shifted", direction="RIGHT")
        lifted = self.node("Cast", [shifted], f"{name}.lifted", to=TensorProto.INT32)
        low = self.constant(f"{name}.low", lift + output.lo, np.int32)
        high = self.constant(f"{name}.high", lift + output.hi, np.int32)
        clamped = self.node("Clip", [lifted, low, high], f"{name}.clamped")
        if self.stored[name].wide:
            self.node("Sub", [clamped, self.constant(f"{name}.lift", lift, np.int32)], name)
            return
        stored = self.node("Sub", [clamped, low], f"{name}.stored")
        self.node("Cast", [stored], name, to=TensorProto.UINT8)
