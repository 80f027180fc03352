# SPDX-License-Identifier: Apache-2.0
"""A network with a layer of `docs/adding_an_operator.md`, from its float ONNX file to hardware.

`test_docs.py` runs this where the page has been followed; its layer is `scale`.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from firebrick import frontend, passes
from firebrick.area.estimate import estimate
from firebrick.boards import named_board
from firebrick.emit.hls import generate as hls
from firebrick.emit.rtl import generate
from firebrick.frontend import onnx_writer
from firebrick.hardware.resources import Family
from firebrick.images import centre_crop
from firebrick.ir.graph import (
    IMAGE,
    AddNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    MaxPoolNode,
    Node,
    Preprocessing,
    ReluNode,
    ScaleNode,
    Shape,
)
from firebrick.ir.network import Network
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan
from firebrick.progress import silent
from firebrick.quantize.integer_onnx import export, load
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quantizer import quantize
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import csim_build, csim_engine, onnxruntime_engine
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import build_network, simulate

SIDE, CLASSES = 12, 5
RNG = np.random.default_rng(5)
PHOTOGRAPHS = list(RNG.integers(0, 256, (3, 3, SIDE, SIDE)).astype(np.uint8))


def conv(name: str, source: str, shape: tuple[int, int, int], **fields: object) -> ConvNode:
    out, channels, kernel = shape
    weights = RNG.normal(0, 1 / np.sqrt(channels), (out, channels, kernel, kernel))
    bias = RNG.normal(0, 0.1, out).astype(np.float32)
    return ConvNode(name, (source,), weights.astype(np.float32), bias, **fields)


def graph(*nodes: Node) -> Graph:
    """A network that ends in classes of the last layer's two channels, and their averages."""
    ends = conv("classes", nodes[-1].name, (CLASSES, 2, 1))
    how = Preprocessing(SIDE, mean=(128.0,) * 3, std=(64.0,) * 3)
    logits = GlobalAveragePoolNode("logits", ("classes",))
    return Graph("example", Shape(3, SIDE, SIDE), (*nodes, ends, logits), how)


def reread(model: Graph, folder: Path) -> Graph:
    """Through a float ONNX file, then all passes."""
    path = folder / "float.onnx"
    onnx_writer.write(model, path)
    return passes.prepare(frontend.load(str(path)))


def kinds(model: Graph) -> list[str]:
    return [x.kind for x in model.nodes]


def check_reader(folder: Path) -> None:
    """A factor of a sum is a layer, also before a ReLU; others fold into convolutions as ever."""
    stem, branch = conv("stem", IMAGE, (2, 3, 3)), conv("branch", "stem", (2, 2, 1))
    nodes = [stem, branch, AddNode("sum", ("stem", "branch")), ScaleNode("half", ("sum",), 0.5)]
    prepared = reread(graph(*nodes, ReluNode("clamped", ("half",))), folder)
    assert kinds(prepared) == ["conv", "conv", "add", "scale", "conv", "global average"]
    add, scale = prepared.nodes[2:4]
    assert isinstance(add, AddNode)
    assert add.relu
    assert isinstance(scale, ScaleNode)
    assert (scale.name, scale.factor) == ("scale2", 0.5)
    folded = reread(graph(stem, ScaleNode("half", ("stem",), 0.5)), folder)
    assert kinds(folded) == ["conv", "conv", "global average"]
    np.testing.assert_array_equal(folded.nodes[0].weights, stem.weights / 2)


def trained(folder: Path) -> Network:
    """A factor of maxima, which are signed, quantized."""
    pool = MaxPoolNode("pool", ("stem",), 2, 2)
    model = graph(conv("stem", IMAGE, (2, 3, 3)), pool, ScaleNode("less", ("pool",), 0.75))
    prepared = reread(model, folder)
    assert kinds(prepared) == [x.kind for x in model.nodes]
    return quantize(prepared, QuantizeOptions(crops=4, patches=40), PHOTOGRAPHS)


def stored(network: Network, folder: Path) -> Network:
    """Written as integers, read, the same."""
    path = folder / "integer.onnx"
    export.write(network, path)
    again = load.read(path)
    assert again.digest() == network.digest()
    return again


def planned(network: Network) -> Plan:
    """For a board, so that area counts."""
    chosen = plan(network, Goal(board=named_board("zcu104"), multipliers=4))
    (engine,) = [x.engine for x in build(network, chosen).instances if x.module == "scale"]
    taken = estimate("scale", engine.parameters(), Family.XCUP)
    slices = engine.out_columns * (engine.parameters()["multiplier"].bit_count() > 1)
    assert (taken.dsp, taken.lut > 0, taken.ff > 0) == (slices, True, True)
    return chosen


def simulated(
    network: Network, chosen: Plan, folder: Path, build_root: Path
) -> dict[str, dict[str, int]]:
    """Values that differ from golden, by engine and layer."""
    crops = [centre_crop(x, SIDE, SIDE, SIDE) for x in PHOTOGRAPHS[:1]]
    pixels = np.stack(crops).astype(np.uint8)
    wide = pixels.astype(np.int64)
    pipeline = build(network, chosen)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    cycles = chosen.cycles_per_frame
    work = folder / "work"
    work.mkdir()
    rtl = simulate(binary, pipeline, wide, work, cycles, progress=silent)
    kernels = csim_build.build(network, pipeline, build_root)
    results = {
        "rtl": rtl.tensors,
        "csim": csim_engine.simulate(kernels, pipeline, wide, work),
        "onnxruntime": onnxruntime_engine.run(network, pixels),
    }
    golden = network.golden(wide)
    assert all(len(np.unique(golden[x])) > 10 for x in golden if golden[x].size > CLASSES)
    return {
        engine: {x.layer: x.differing for x in compare(golden, tensors)}
        for engine, tensors in results.items()
    }


def written(network: Network, chosen: Plan, folder: Path) -> None:
    """SystemVerilog and C++ as a user gets them."""
    chosen = replace(chosen, board=None)
    generate.generate(network, chosen, folder / "rtl")
    hls.generate(network, chosen, folder / "hls")
    assert (folder / "rtl" / "hw" / "scale.sv").is_file()
    assert (folder / "hls" / "include" / "firebrick" / "scale.hpp").is_file()
    assert "firebrick::scale<" in (folder / "hls" / "network.cpp").read_text()


def main(folder: Path, build_root: Path) -> None:
    """Everything, into an empty folder; fails where anything differs."""
    check_reader(folder)
    network = stored(trained(folder), folder)
    chosen = planned(network)
    written(network, chosen, folder)
    for engine, differing in simulated(network, chosen, folder, build_root).items():
        assert differing == {x.name: 0 for x in network}, engine


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
