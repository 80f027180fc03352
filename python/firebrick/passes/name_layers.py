# SPDX-License-Identifier: Apache-2.0
"""Name layers as the SqueezeNet paper does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from firebrick.ir.graph import ConvNode, Graph, Node
from firebrick.passes.rewrite import readers


def name_layers(graph: Graph) -> Graph:
    """Number the modules in order, and name each layer after its module.

    A module is a convolution, or a squeeze with the expand that alone reads it. Pools and
    additions bear the number of the module before them; a name that is taken gets a suffix.

    Rewrites:
        - squeeze and expand of module N -> `fireN_squeeze`, `fireN_expand`
        - any other convolution -> `convN`
        - any other layer -> its stem and N: pool, global average -> `poolN`, addition -> `bypassN`
    """
    read_by = readers(graph)
    names: dict[str, str] = {}
    used: Counter[str] = Counter()
    module = 0
    for node in graph.nodes:
        if node.name in names:
            continue
        following = read_by[node.name]
        if isinstance(node, ConvNode):
            module += 1
            if _is_squeeze(node) and len(following) == 1 and _is_expand(following[0]):
                names[node.name] = f"fire{module}_squeeze"
                names[following[0].name] = f"fire{module}_expand"
            else:
                names[node.name] = f"conv{module}"
        else:
            name = f"{node.stem}{module}"
            used[name] += 1
            names[node.name] = name if used[name] == 1 else f"{name}_{used[name]}"
    nodes = [
        replace(x, name=names[x.name], inputs=tuple(names.get(y, y) for y in x.inputs))
        for x in graph.nodes
    ]
    return replace(graph, nodes=tuple(nodes))


def _is_squeeze(node: ConvNode) -> bool:
    return bool(node.weights.shape[2] == 1)


def _is_expand(node: Node) -> bool:
    """Whether a layer is a fused pair: some of its filters are 1x1 filters in a ring of zeros."""
    if not isinstance(node, ConvNode) or node.weights.shape[2] != 3:
        return False
    ring = node.weights.copy()
    ring[:, :, 1, 1] = 0
    filters_with_ring = int(np.count_nonzero(ring.any(axis=(1, 2, 3))))
    return 0 < filters_with_ring < len(ring)
