# SPDX-License-Identifier: Apache-2.0
"""Post-training quantization, layer by layer, on a few photographs without labels.

Two streams run side by side through the network: what the float network computes, and what the
layers quantized so far make of the same crops, as the exact integers of the hardware. Each
layer's weights, bias and scales are chosen so that its integers follow the float output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import TensorType
from firebrick.images import PixelArray, framed, of_photographs
from firebrick.ir.graph import IMAGE, Graph, Node
from firebrick.ir.network import Layer, Network
from firebrick.ops.base import Operator
from firebrick.progress import Progress
from firebrick.quantize import footprint
from firebrick.quantize.calibration import random_crops
from firebrick.quantize.equalize import candidates
from firebrick.quantize.fold_input import fold_input
from firebrick.quantize.ops import recipe_for
from firebrick.quantize.ops.base import Calibration, Source
from firebrick.quantize.options import QuantizeOptions, Scheme
from firebrick.quantize.quality import crops_db
from firebrick.quantize.ranges import channel_ranges
from firebrick.quantize.tensors import LayerStep, Tensors

RANGE_CROPS = 17
"""Crops that channels are compared on."""
TRIAL_CROPS = 4
"""Crops that a trial is calibrated on, and as many others that it is measured on."""
TRIAL_BITS = 2
"""What making up for errors is worth, in bits of a weight: a trial does not, and has these more."""
TRIAL_MARGIN = 1.0
"""Decibels by which a trial must be won, as chance decides what is less."""


def quantize(
    graph: Graph,
    options: QuantizeOptions,
    photographs: Sequence[PixelArray] | PixelArray,
    progress: Progress | None = None,
) -> Network:
    """Quantize a prepared float graph (convolutions, max pools, adds, global average).

    Args:
        graph: after `firebrick.passes.prepare`.
        options: bits, scheme, seed.
        photographs: uint8 (3, H, W) RGB of any size, to calibrate on. Or images of the network's
            size as one array, uint8 (N, C, H, W), without border: they are taken as they are, at
            most as many as `options.crops`.
        progress: called with what is being done and the share done, 0 to 1.

    Returns:
        Integers only; its logits times `scales[output]` follow the float logits. Scales of inner
        tensors are those of the equalized network: a channel may be amplified on top.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    size, folded = graph.input, fold_input(graph)
    footprint.check(folded, options)
    how, held = folded.preprocessing, TRIAL_CROPS
    if isinstance(photographs, np.ndarray):
        images = framed(_evenly(photographs, options.crops + held), how)
        held = min(held, len(images) // 2)
        options = replace(options, crops=min(options.crops, len(images) - held))
    else:
        how.require_photographs(graph.name)
        count = options.crops + held
        cuts = random_crops(photographs, count, size.height, size.width, options.seed)
        images = of_photographs(cuts, how)
    if progress:
        progress("quantizing", 0.0)
    crops, unseen = images[: options.crops], images[-max(1, held) :]
    # BLAS threads gain little on these small matrices, and spin for minutes on a busy machine
    with threadpool_limits(limits=1, user_api="blas"):
        ranges = channel_ranges(folded, crops[:RANGE_CROPS])
        if options.compensate:
            folded = _best(list(candidates(folded, ranges)), options, crops, unseen)
        network = _quantize_nodes(folded, options, crops, progress)
    if progress:
        progress("quantizing", 1.0)
    preprocessing = replace(graph.preprocessing, border=how.border, fill=how.fill)
    return replace(network, preprocessing=preprocessing)


def _evenly(images: PixelArray, most: int) -> PixelArray:
    """At most so many of some images, from all over them.

    Raises:
        FirebrickError: there is none.
    """
    if not len(images):
        raise FirebrickError("quantize: images=0 is less than 1")
    places = np.linspace(0, len(images) - 1, min(most, len(images))).astype(int)
    return np.asarray(images[places], np.uint8)


def _best(
    graphs: Sequence[Graph], options: QuantizeOptions, crops: PixelArray, unseen: PixelArray
) -> Graph:
    """The first, unless integers of another, rounded to nearest, follow it clearly better.

    Args:
        graphs: of the same function.
        options: of the quantization that follows.
        crops: to calibrate on.
        unseen: crops to measure on.
    """
    trial = replace(
        options,
        compensate=False,
        scheme=Scheme.LINEAR,
        weight_bits=min(options.weight_bits + TRIAL_BITS, 8),
        value_bits=8,
        crops=min(options.crops, TRIAL_CROPS),
    )
    crops = crops[: trial.crops]
    first, *others = (
        (crops_db(x, _quantize_nodes(x, trial, crops, None), unseen), x) for x in graphs
    )
    best = max(others, key=lambda x: x[0])
    return best[1] if best[0] > first[0] + TRIAL_MARGIN else first[1]


def _quantize_nodes(
    graph: Graph, options: QuantizeOptions, crops: PixelArray, progress: Progress | None
) -> Network:
    """All layers in order; tensors are forgotten after their last use."""
    size = graph.input
    image = TensorType(size.channels, size.height, size.width, 8, signed=False)
    calibration = Calibration(
        options, np.random.default_rng(options.seed + 1), Tensors(crops), graph.nodes[-1].name
    )
    last_use = {source: at for at, node in enumerate(graph.nodes) for source in node.inputs}
    rooms = footprint.rooms(graph, calibration.options)
    sources = {IMAGE: Source(IMAGE, image, 1.0)}
    layers: list[Layer] = []
    alive = {IMAGE}
    for index, node in enumerate(graph.nodes):
        if progress:
            progress("quantizing", index / len(graph.nodes))
        inputs = [sources[name] for name in node.inputs]
        operator, scale = _quantize_node(node, inputs, calibration, rooms[index])
        layers.append(Layer(operator, node.inputs))
        sources[node.name] = Source(node.name, operator.output, scale)
        alive.add(node.name)
        alive -= {x for x in node.inputs if last_use[x] == index}
        calibration.tensors.forget(alive)
    scales = {name: source.scale for name, source in sources.items()}
    return Network(graph.name, image, tuple(layers), graph.preprocessing, scales, graph.labels)


def _quantize_node(
    node: Node, inputs: Sequence[Source], calibration: Calibration, room: int
) -> tuple[Operator, float]:
    """One layer, whose output is added to the tensors, and its scale."""
    for source in inputs:
        if source.kind.bits > 8:
            raise FirebrickError(
                f"layer {node.name!r}: input {source.name!r} has bits={source.kind.bits}, exceeds 8"
            )
    recipe = recipe_for(node)
    real = recipe.real(node)
    operator, scale = recipe.quantize(node, inputs, calibration)
    step = LayerStep(node.inputs, real, recipe.integer(operator), operator.output.values, scale)
    calibration.tensors.add(node.name, step, room)
    return operator, scale
