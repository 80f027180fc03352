# SPDX-License-Identifier: Apache-2.0
"""Operators: one file or folder each, what it computes and everything about its hardware."""

from collections.abc import Mapping
from types import MappingProxyType

from firebrick.errors import FirebrickError
from firebrick.ops.add import AddEngine
from firebrick.ops.avgpool import AvgPoolEngine
from firebrick.ops.base import Engine, LayerEngine, Operator
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.image import ImageEngine
from firebrick.ops.maxpool import MaxPoolEngine
from firebrick.ops.plumbing import BroadcastEngine, FifoEngine
from firebrick.ops.regroup import RegroupEngine

LAYERS: Mapping[str, type[LayerEngine]] = MappingProxyType(
    {
        "add": AddEngine,
        "avgpool": AvgPoolEngine,
        "conv": ConvEngine,
        "maxpool": MaxPoolEngine,
    }
)
"""Engines of layers by kind, which is also the name of their module and files."""
ENGINES: Mapping[str, type[Engine]] = MappingProxyType(
    {**LAYERS, "image": ImageEngine, "regroup": RegroupEngine}
)
"""Engines of all operators by kind."""
PLUMBING: Mapping[str, type[Engine]] = MappingProxyType(
    {"broadcast": BroadcastEngine, "fifo": FifoEngine}
)
"""Engines of modules that know no tensors."""


def layer_engine(operator: Operator) -> type[LayerEngine]:
    """The engine that an operator becomes.

    Raises:
        FirebrickError: it becomes none.
    """
    if operator.kind not in LAYERS:
        raise FirebrickError(f"layer {operator.name!r}: operator={operator.kind} has no hardware")
    return LAYERS[operator.kind]
