# SPDX-License-Identifier: Apache-2.0
"""Quantized operators: one file each, from the float layer to the integer ONNX file and back."""

from __future__ import annotations

from typing import Any

from firebrick.errors import FirebrickError
from firebrick.ir.graph import Node
from firebrick.ops.base import Operator
from firebrick.quantize.ops.add import AddRecipe
from firebrick.quantize.ops.avgpool import AvgPoolRecipe
from firebrick.quantize.ops.base import Recipe
from firebrick.quantize.ops.conv import ConvRecipe
from firebrick.quantize.ops.maxpool import MaxPoolRecipe

AnyRecipe = Recipe[Any, Any]

RECIPES: tuple[AnyRecipe, ...] = (
    ConvRecipe(),
    MaxPoolRecipe(),
    AvgPoolRecipe(),
    AddRecipe(),
)
"""Every operator that a network may be quantized to."""

_BY_NODE = {x.node_type: x for x in RECIPES}
_BY_KIND = {x.operator_type.kind: x for x in RECIPES}


def recipe_for(node: Node) -> AnyRecipe:
    """How a layer of a prepared graph is quantized.

    Raises:
        FirebrickError: a prepared graph has no such node.
    """
    recipe = _BY_NODE.get(type(node))
    if recipe is None:
        raise FirebrickError(f"layer {node.name!r}: {type(node).__name__} cannot be quantized")
    return recipe


def recipe_of(operator: Operator) -> AnyRecipe:
    """How an operator is computed and written.

    Raises:
        FirebrickError: a network is not quantized to such operators.
    """
    return recipe_named(operator.kind, operator.name)


def recipe_named(kind: str, layer: str) -> AnyRecipe:
    """How a layer of a file is read, whose operator is named there.

    Raises:
        FirebrickError: a network is not quantized to such operators.
    """
    recipe = _BY_KIND.get(kind)
    if recipe is None:
        raise FirebrickError(f"layer {layer!r}: kind={kind!r} is none of {', '.join(_BY_KIND)}")
    return recipe
