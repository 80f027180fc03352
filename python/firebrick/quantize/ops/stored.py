# SPDX-License-Identifier: Apache-2.0
"""A layer of an untrusted integer ONNX file while it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, numpy_helper

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.limits import MAX_WEIGHTS

MAX_RANK = 8
ITEM_BYTES: Mapping[int, int] = {TensorProto.UINT8: 1, TensorProto.INT32: 4, TensorProto.INT64: 8}
"""Types of the initializers that are read back, and their size."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A layer as the file has it.

    Attributes:
        name: of the layer.
        inputs: types of the tensors it reads, as many as its class takes.
        output: type of the tensor it gives.
        fields: integers, as `Recipe.fields` bounds them.
        initializers: all of the file, by name.
    """

    name: str
    inputs: tuple[TensorType, ...]
    output: TensorType
    fields: Mapping[str, int]
    initializers: Mapping[str, TensorProto]

    def array(self, suffix: str, kind: int) -> IntArray:
        """The layer's initializer of a name with this suffix, of an ONNX type, of any shape.

        Raises:
            FirebrickError: naming the initializer and what is wrong with it.
        """
        name = f"{self.name}.{suffix}"
        tensor = self.initializers.get(name)
        if tensor is None:
            raise FirebrickError(f"initializer {name!r} is missing")
        dims = list(tensor.dims[:MAX_RANK])
        if len(tensor.dims) > MAX_RANK or math.prod(dims) > MAX_WEIGHTS:
            raise FirebrickError(
                f"initializer {name!r}: dims={dims} are not up to {MAX_RANK} of up to {MAX_WEIGHTS}"
                " values"
            )
        expected = math.prod(dims) * ITEM_BYTES[kind]
        if (
            tensor.data_type != kind
            or min(tensor.dims, default=1) < 0
            or tensor.data_location != TensorProto.DEFAULT
            or len(tensor.raw_data) != expected
        ):
            raise FirebrickError(
                f"initializer {name!r}: type={tensor.data_type} "
                f"dims={dims} bytes={len(tensor.raw_data)} is not type {kind} "
                f"with {expected} bytes of its own"
            )
        return np.asarray(numpy_helper.to_array(tensor)).astype(np.int64)

    def vector(self, suffix: str, kind: int) -> IntArray:
        """The same, flat."""
        return self.array(suffix, kind).reshape(-1)
