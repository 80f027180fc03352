# SPDX-License-Identifier: Apache-2.0
"""From any trained classifier to the few layers hardware knows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from firebrick.ir.graph import ConvNode, Graph
from firebrick.ir.rules import check_rules
from firebrick.passes.average_later import average_later
from firebrick.passes.carry_activation import carry_activation
from firebrick.passes.drop_identities import drop_identities
from firebrick.passes.fold_batchnorm import fold_batchnorm
from firebrick.passes.fold_ring import fold_ring
from firebrick.passes.fuse_concat import fuse_concat
from firebrick.passes.fuse_relu import fuse_relu
from firebrick.passes.hoist_elementwise import hoist_elementwise
from firebrick.passes.name_layers import name_layers

PIPELINE: tuple[Callable[[Graph], Graph], ...] = (
    drop_identities,
    hoist_elementwise,
    fold_batchnorm,
    carry_activation,
    fuse_relu,
    fuse_concat,
    fold_ring,
    average_later,
    name_layers,
)
"""Every pass, in the order they run."""


def prepare(graph: Graph) -> Graph:
    """Reduce a graph to convolutions, max pools, additions and global averages.

    Raises:
        FirebrickError: naming layer, field, value and rule, when that is not possible.
    """
    check_rules(graph)
    with np.errstate(over="ignore", invalid="ignore"):  # the rules refuse what overflows
        for rewrite in PIPELINE:
            graph = check_rules(rewrite(graph))
    for node in graph.nodes:
        name = type(node).__name__
        node.require(node.in_hardware, "layer", name, "has no counterpart in hardware")
        if isinstance(node, ConvNode) and node.pads[0] >= node.weights.shape[2]:
            raise node.fail("pads", node.pads, "is not less than the kernel")
    return graph
