# SPDX-License-Identifier: Apache-2.0
"""Each operator's recipe: under its name, for a layer that hardware computes, with true fields."""

from __future__ import annotations

from dataclasses import fields

import pytest

from firebrick.errors import FirebrickError
from firebrick.ir import graph
from firebrick.ir.graph import Node, ReluNode
from firebrick.quantize.ops import RECIPES, recipe_for, recipe_named
from firebrick.quantize.ops.base import Recipe

KINDS = [x.operator_type.kind for x in RECIPES]


@pytest.mark.parametrize("recipe", RECIPES, ids=KINDS)
def test_a_recipe_has_the_name_and_the_fields_of_its_operator(recipe: Recipe) -> None:
    assert type(recipe).__module__ == f"firebrick.quantize.ops.{recipe.operator_type.kind}"
    assert {x for x, _low, _high in recipe.fields} <= {x.name for x in fields(recipe.operator_type)}


def test_every_layer_that_hardware_computes_can_be_quantized() -> None:
    classes = {x for x in vars(graph).values() if isinstance(x, type) and issubclass(x, Node)}
    assert {x.node_type for x in RECIPES} == {x for x in classes if x.in_hardware}


def test_what_has_no_recipe_is_refused_by_name() -> None:
    with pytest.raises(FirebrickError, match="layer 'r': ReluNode cannot be quantized"):
        recipe_for(ReluNode("r", ("image",)))
    with pytest.raises(FirebrickError, match="layer 'r': kind='relu' is none of conv, maxpool, "):
        recipe_named("relu", "r")
