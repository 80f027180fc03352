# SPDX-License-Identifier: Apache-2.0
"""A small network in its shell, compiled for cocotb; memory laid out as the shell wants it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from firebrick.data import data_folder
from firebrick.emit.rtl.generate import load_words, top_text, write_all_memories
from firebrick.emit.rtl.kernel_top import KERNEL, MEMORY, kernel_module, stream_module
from firebrick.emit.rtl.network_top import TOP, network_module
from firebrick.emit.rtl.registers import offsets
from firebrick.emit.rtl.systemverilog import Module, ModuleInstance, Signal
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Family
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.graph import IMAGE, Preprocessing
from firebrick.ir.network import Layer, Network
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.ops.folding import Folding, Placement
from firebrick.plan.kernel import Kernel, kernel_of
from firebrick.plan.pipeline import Pipeline, build
from firebrick.plan.plan import LayerPlan, Plan
from firebrick.plan.predict import schedule
from firebrick.verify.simulation.bench import PUBLIC, build_bench
from firebrick.verify.simulation.cocotb_run import run
from networks import random_conv, random_pixels


@dataclass(frozen=True)
class Case:
    """A shell around a tiny network.

    Attributes:
        data_bits: of the memory bus; 0 is the stream variant.
        pixels: of a beat.
        channels: of a pixel.
        side: rows of the image; it has two pixels more in a row.
        classes: logits.
        loaded: weights are loaded after reset.
    """

    data_bits: int
    pixels: int = 1
    channels: int = 3
    side: int = 7
    classes: int = 5
    loaded: bool = False

    def __str__(self) -> str:
        bus = f"{self.data_bits}bit" if self.data_bits else "stream"
        return f"{bus}-{self.pixels}x{self.channels}{'-loaded' * self.loaded}"


def tiny_network(case: Case) -> Network:
    """One convolution and an average; the more classes, the fewer weights each has."""
    rng = np.random.default_rng(case.side)
    image = TensorType(case.channels, case.side, case.side + 2)
    density = min(0.7, 4 / case.classes)
    conv = random_conv(rng, "conv1", image, case.classes, 3, stride=2, density=density)
    bias = rng.integers(-900, 500, case.classes)
    pool = AvgPool("pool", conv.output, sum_type(conv.output, bias), bias)
    layers = (Layer(conv, (IMAGE,)), Layer(pool, ("conv1",)))
    scales = {IMAGE: 1.0, "conv1": 0.1, "pool": 0.1}
    return Network("tiny", image, layers, Preprocessing(case.side), scales)


def tiny_plan(network: Network, case: Case) -> Plan:
    """A plan of it."""
    kinds = (MemoryKind.ULTRA if case.loaded else MemoryKind.LUT, *[MemoryKind.LUT] * 3)
    placement = Placement(*kinds)
    folding = Folding(3, lanes=1, drain=1, gap_bits=2, queue_depth=8, placement=placement)
    return Plan(
        model=network.name,
        digest=network.digest(),
        board=None,
        family=Family.XCUP,
        budget=None,
        pixels=case.pixels,
        layers=(
            LayerPlan("conv1", "conv", folding),
            LayerPlan("pool", "avgpool", Folding(3)),
        ),
        skips=(),
        nonzero_macs=1,
        dense_macs=1,
    )


def kernel_for(network: Network, pipeline: Pipeline, case: Case) -> Kernel:
    """The kernel, with the bus that the case wants rather than that of a plan."""
    kernel = kernel_of(network, pipeline, 1)
    assert kernel is not None
    for cycles in range(1, 1 << 20):
        if replace(kernel, cycles=cycles).data_bits == (case.data_bits or 32):
            return replace(kernel, cycles=cycles)
    raise AssertionError(f"no plan gives {case.data_bits} bits")


def bench_module(top: Module, network: Module) -> Module:
    """A bench: all ports as signals that cocotb drives and sees.

    Besides the shell with its network there is the network alone, its streams named `alone_*`, to
    see how long it takes by itself. Models of AXI memories insist on identifiers, which the kernels
    do not have.
    """
    wires = [Signal(x.name, x.width, note=PUBLIC) for x in top.ports]
    if top.name == KERNEL:
        wires += [Signal(f"{MEMORY}_{x}id", note=PUBLIC) for x in ("aw", "b", "ar", "r")]
    alone = {"clk": "ap_clk", "rst_n": "ap_rst_n"}
    for port in network.ports[2:]:
        alone[port.name] = f"alone_{port.name}"
        wires.append(Signal(alone[port.name], port.width, note=PUBLIC))
    return Module(
        name=f"bench_{top.name}",
        comment=("SPDX-License-Identifier: Apache-2.0",),
        ports=(),
        wires=tuple(wires),
        instances=(
            ModuleInstance(top.name, "dut", {}, {x.name: x.name for x in top.ports}),
            ModuleInstance(TOP, "alone", {}, alone),
        ),
    )


def simulate(case: Case, build_root: Path, workdir: Path, test_module: str, **more: int) -> Path:
    """Build the case's bench and run a file of `sim/` in it; gives the log.

    What the bench finds in its folder: `case.json`, `images.bin`, `logits.bin` (what is right),
    `weights.bin`.
    """
    network = tiny_network(case)
    plan = tiny_plan(network, case)
    pipeline = build(network, plan)
    kernel = kernel_for(network, pipeline, case)
    top = (kernel_module if case.data_bits else stream_module)(kernel, ())
    bench = bench_module(top, network_module(pipeline, ()))
    texts = {TOP: top_text(network, pipeline), top.name: top.text(), bench.name: bench.text()}
    binary = build_bench(texts, bench.name, build_root)
    write_all_memories(pipeline, workdir)
    images = random_pixels(5, network, 4)
    words = load_words(pipeline)
    (workdir / "images.bin").write_bytes(image_bytes(images, kernel))
    (workdir / "logits.bin").write_bytes(logit_bytes(network.golden(images)["pool"], kernel))
    weights = b"".join(word.to_bytes(16, "little") for word in words)
    (workdir / "weights.bin").write_bytes(weights.ljust(kernel.weights_bytes, b"\xa5"))
    facts = {
        "registers": offsets(),
        "model_hash": kernel.model_hash,
        "cycles": schedule(pipeline).cycles_per_frame,
    }
    (workdir / "case.json").write_text(json.dumps(kernel.fields() | facts | more))
    return run(binary, workdir, test_module, python_path=[data_folder("sim") / "benches"])


def image_bytes(images: IntArray, kernel: Kernel) -> bytes:
    """Images in memory, byte by byte as the description says; what does not count is noise."""
    noise = np.random.default_rng(7)
    beats = -(-kernel.width // kernel.pixels)
    memory = noise.integers(0, 256, len(images) * kernel.image_stride, np.uint8)
    for n, image in enumerate(images):
        for y in range(kernel.height):
            for x in range(kernel.width):
                place = (y * beats * kernel.pixels + x) * kernel.pixel_bytes
                for c in range(kernel.channels):
                    memory[n * kernel.image_stride + place + c] = image[c, y, x]
    return memory.tobytes()


def logit_bytes(logits: IntArray, kernel: Kernel) -> bytes:
    """Logits in memory."""
    rows = logits.reshape(len(logits), -1).astype("<i4")
    return b"".join(row.tobytes().ljust(kernel.logits_stride, b"\0") for row in rows)
