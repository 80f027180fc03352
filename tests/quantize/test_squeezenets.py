# SPDX-License-Identifier: Apache-2.0
"""The trained networks keep their quality, and every engine agrees on photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_networks import assert_engines_agree

from firebrick import frontend, images
from firebrick.ir.graph import ConvNode
from firebrick.ops.conv.operator import Conv
from firebrick.passes import prepare
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import sqnr_db
from firebrick.quantize.quantizer import quantize

CATS = {281, 282, 285}
ESPRESSO = 967


@pytest.mark.parametrize(("name", "least_db"), [("squeezenet1.1", 31.0), ("deep", 26.0)])
def test_quality_classes_and_agreement(
    name: str, least_db: float, request: pytest.FixtureRequest
) -> None:
    source = name
    if name == "deep":
        folder: Path = request.getfixturevalue("shared_models")
        source = str(folder / "compressed_SqueezeNet.net")
    graph = prepare(frontend.load(source))
    network = quantize(graph, QuantizeOptions(), images.load_samples(images.CALIBRATION))
    assert sqnr_db(graph, network, images.load_samples(images.EVALUATION)) >= least_db
    shape = (network.preprocessing.resize, network.image.height, network.image.width)
    pixels = np.stack([images.load_pixels(x, *shape) for x in ("chelsea", "coffee")])
    cat, cup = network.golden(pixels.astype(np.int64))[network.output].reshape(2, -1).argmax(1)
    assert cat in CATS
    assert cup == ESPRESSO
    assert_engines_agree(network, pixels)
    nodes = {x.name: x for x in graph.nodes if isinstance(x, ConvNode)}
    for layer in network.layers[1:]:
        if isinstance(layer.operator, Conv):
            assert not layer.operator.codes[nodes[layer.name].weights == 0].any()
