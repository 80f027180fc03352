# SPDX-License-Identifier: Apache-2.0
"""Tiny networks as kernels, for tests that need many runs rather than a large network."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from firebrick.emit.rtl.generate import generate, load_words
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Family
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Layer, Network
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.ops.conv.operator import Conv
from firebrick.ops.folding import Folding
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan
from firebrick.preprocessing import Preprocessing
from firebrick.runtime import Description
from firebrick.runtime.description import read_description
from firebrick.runtime.layout import Bytes, Logits
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify.simulation.kernel_build import build_kernel

WORD_BYTES = 16
"""Bytes that a word of weights takes in memory."""


@dataclass(frozen=True, slots=True)
class Design:
    """What a tiny kernel looks like.

    Attributes:
        name: of the design.
        height: rows of its image.
        width: pixels of a row.
        classes: channels of its only convolution.
        density: share of weights that are not zero.
        multipliers: that it may have.
        loaded: its weights come through the memory bus after each reset.
    """

    name: str
    height: int
    width: int
    classes: int
    density: float
    multipliers: int
    loaded: bool


DESIGNS = (
    # Logits of more than one burst on a narrow bus; images of less than one.
    Design("narrow", 9, 11, 300, 0.04, 4, loaded=False),
    # Images of several bursts on a wide bus, rows that end within a beat; weights to load.
    Design("wide", 21, 18, 20, 0.1, 4, loaded=True),
    # The widest bus: a word holds 16 pixels, and all logits.
    Design("widest", 21, 18, 6, 0.1, 3, loaded=False),
)


def network_of(design: Design) -> Network:
    """A convolution and an average, with random weights; the same ones each time."""
    rng = np.random.default_rng(1)
    image = TensorType(3, design.height, design.width)
    kernel, stride = 3, 3
    height, width = ((x - kernel) // stride + 1 for x in (design.height, design.width))
    shape = (design.classes, image.channels, kernel, kernel)
    kept = rng.random(shape) < design.density
    conv = Conv(
        name="conv",
        input=image,
        output=TensorType(design.classes, height, width, 8, signed=True),
        kernel=kernel,
        stride=stride,
        pad=0,
        codes=np.where(kept, rng.integers(1, 64, shape), 0).astype(np.uint8),
        codebook=np.concatenate([[0], rng.integers(-128, 128, 63)]).astype(np.int64),
        code_bits=6,
        value_bits=8,
        bias=rng.integers(-2000, 2000, design.classes),
        multiplier=rng.integers(100, 1000, design.classes),
        shift=18,
    )
    bias = rng.integers(-500, 500, design.classes)
    average = AvgPool("average", conv.output, sum_type(conv.output, bias), bias)
    layers = (Layer(conv, (IMAGE,)), Layer(average, ("conv",)))
    scales = {IMAGE: 1.0, "conv": 0.1, "average": 0.1}
    return Network(design.name, image, layers, Preprocessing(design.height), scales)


def in_ultra_ram(folding: Folding) -> Folding:
    """The same with weights that are loaded after reset."""
    return replace(folding, placement=replace(folding.placement, weights=MemoryKind.ULTRA))


def plan_of(design: Design, network: Network) -> Plan:
    """Any plan within the design's multipliers."""
    found = plan(network, Goal(multipliers=design.multipliers))
    if not design.loaded:
        return found
    layers = tuple(
        replace(x, folding=in_ultra_ram(x.folding)) if x.multipliers else x for x in found.layers
    )
    return replace(found, family=Family.XCUP, layers=layers)


@dataclass(frozen=True, slots=True)
class TinyKernel:
    """A generated and compiled design.

    Attributes:
        description: for the driver.
        weights: to be loaded.
        network: that it computes.
        plan: that it was built by.
        folder: with its files.
        binary: that simulates it.
    """

    description: Description
    weights: bytes
    network: Network
    plan: Plan
    folder: Path
    binary: Path

    def reference(self, images: Bytes) -> Logits:
        """The logits of images (N, HEIGHT, WIDTH, CHANNELS): int32 (N, CLASSES)."""
        pixels = images.transpose(0, 3, 1, 2).astype(np.int64)
        logits = self.network.golden(pixels)[self.network.output]
        return logits.reshape(len(images), -1).astype(np.int32)


def make(design: Design, folder: Path, build_root: Path, *, optimize: str = "-O1") -> TinyKernel:
    """Generate a design in `folder`, which must not exist, and compile it.

    Args:
        design: to be made.
        folder: for its files.
        build_root: folder that keeps compiled models.
        optimize: of the C++ compiler.
    """
    network = network_of(design)
    chosen = plan_of(design, network)
    generate(network, chosen, folder)
    return TinyKernel(
        description=read_description(json.loads((folder / "manifest.json").read_text())),
        weights=weight_bytes(load_words(build(network, chosen))),
        network=network,
        plan=chosen,
        folder=folder,
        binary=build_kernel(folder, build_root, optimize=optimize),
    )


def weight_bytes(words: tuple[int, ...]) -> bytes:
    """Words to be loaded, as they lie in memory."""
    data = b"".join(x.to_bytes(WORD_BYTES, "little") for x in words)
    return data + bytes(-len(data) % 64)
