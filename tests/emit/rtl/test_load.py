# SPDX-License-Identifier: Apache-2.0
"""Weights in UltraRAM: the chain of a generated top, its files, and a network that uses it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from firebrick.emit.rtl.generate import generate, load_words, top_text
from firebrick.emit.rtl.load_chain import LOAD_FILE
from firebrick.errors import CheckFailed
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Family
from firebrick.ir.network import Network
from firebrick.ops.base import Engine
from firebrick.ops.folding import Folding, Placement
from firebrick.plan.pipeline import Instance, Pipeline, build
from firebrick.plan.plan import LayerPlan, Plan
from firebrick.progress import silent
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import build_network, simulate
from networks import random_pixels, small_network
from wrong_engine import answering

LUT, BLOCK, ULTRA = MemoryKind
CYCLES = 5000
"""More than a frame takes; for the patience of the simulation only."""


def chosen(network: Network, first: MemoryKind = ULTRA) -> Plan:
    """A plan with every kind of memory; the chain runs through two engines around another."""
    foldings = {
        "conv1": Folding(
            6, lanes=2, drain=2, gap_bits=2, queue_depth=32, dual=True,
            placement=Placement(first, BLOCK, LUT, BLOCK),
        ),
        "fire2_squeeze": Folding(
            3, lanes=1, drain=1, gap_bits=1, queue_depth=8, fabric=1,
            placement=Placement(BLOCK, LUT, BLOCK, LUT),
        ),
        "fire2_expand": Folding(
            3, lanes=3, drain=1, gap_bits=3, queue_depth=16,
            placement=Placement(first, LUT, LUT, ULTRA),
        ),
        "conv10": Folding(
            2, lanes=2, drain=1, gap_bits=0, queue_depth=4,
            placement=Placement(LUT, LUT, LUT, LUT),
        ),
    }  # fmt: skip
    layers = tuple(
        LayerPlan(x.name, x.operator.kind, foldings.get(x.name, Folding(3))) for x in network
    )
    return Plan(
        model=network.name,
        digest=network.digest(),
        board=None,
        family=Family.XCUP,
        budget=None,
        pixels=1,
        layers=layers,
        skips=(),
        nonzero_macs=1,
        dense_macs=1,
    )


def test_generated_folder_says_what_to_load(tmp_path: Path) -> None:
    network = small_network(bypass=False)
    generate(network, chosen(network), tmp_path / "rtl")
    manifest = json.loads((tmp_path / "rtl" / "manifest.json").read_text())
    words = [int(x, 16) for x in (tmp_path / "rtl" / LOAD_FILE).read_text().split()]
    pipeline = build(network, chosen(network))
    engines = {x.name: x.engine for x in pipeline.instances}
    expected = [*engines["conv1"].load_words(), *engines["fire2_expand"].load_words()]
    assert all(x.load_count == len(x.load_words()) for x in engines.values())
    assert words == expected
    assert manifest["load"] == {
        "file": LOAD_FILE,
        "tdata_bits": 72,
        "frame_beats": len(expected),
    }
    assert "conv1.weights0.mem" not in manifest["memories"]
    assert "fire2_squeeze.weights0a.mem" in manifest["memories"]


def test_gate_waits_for_the_last_word_to_pass_every_lane() -> None:
    network = small_network(bypass=False)
    pipeline = build(network, chosen(network))
    text = top_text(network, pipeline)
    assert f".WORDS({len(load_words(pipeline))})" in text
    assert ".STAGES(5)" in text  # of two lanes and of three


def test_top_without_such_weights_has_no_stream_for_them(tmp_path: Path) -> None:
    network = small_network(bypass=False)
    plan = chosen(network, BLOCK)
    text = top_text(network, build(network, plan))
    assert "s_load" not in text
    assert "load_gate" not in text
    generate(network, plan, tmp_path / "rtl")
    assert "load" not in json.loads((tmp_path / "rtl" / "manifest.json").read_text())
    assert not (tmp_path / "rtl" / LOAD_FILE).exists()


@pytest.mark.parametrize("stalls", [(0, 0), (90, 60)], ids=["free", "stalled"])
def test_network_with_loaded_weights_equals_reference(
    stalls: tuple[int, int], build_root: Path, tmp_path: Path
) -> None:
    network = small_network(bypass=False)
    pipeline = build(network, chosen(network))
    pixels = random_pixels(3, network, 3)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    result = simulate(
        binary, pipeline, pixels, tmp_path, CYCLES, stalls=stalls, seed=5, progress=silent
    )
    differences = compare(network.golden(pixels), result.tensors)
    assert {x.layer: x.differing for x in differences} == {x.name: 0 for x in network}
    if stalls == (0, 0):
        assert result.start > len(load_words(pipeline))  # the image waits for the last word


def flipped(engine: Engine) -> Engine:
    """An engine with a wrong code in each of the words to load."""
    words = tuple(word ^ 1 for word in engine.load_words())
    return answering(engine, load_words=lambda: words)


@pytest.mark.parametrize("layer", ["conv1", "fire2_expand"])
def test_wrong_words_are_seen_in_their_layer(layer: str, build_root: Path, tmp_path: Path) -> None:
    network = small_network(bypass=False)
    pipeline = build(network, chosen(network))
    pixels = random_pixels(3, network, 1)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    instances: list[Instance] = [
        replace(x, engine=flipped(x.engine)) if x.name == layer else x for x in pipeline.instances
    ]
    wrong = Pipeline(tuple(instances), pipeline.links, pipeline.input_link, pipeline.output_link)
    result = simulate(binary, wrong, pixels, tmp_path, CYCLES, progress=silent)
    differing = {x.layer: x.differing for x in compare(network.golden(pixels), result.tensors)}
    assert (differing["conv1"] > 0) == (layer == "conv1")
    assert differing[layer] > 0


def test_simulation_stops_when_words_are_missing(build_root: Path, tmp_path: Path) -> None:
    network = small_network(bypass=False)
    pipeline = build(network, chosen(network))
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    less = build(network, chosen(network, BLOCK))
    pixels = random_pixels(3, network, 1)
    with pytest.raises(CheckFailed, match="stuck after 0 image beats"):
        simulate(binary, less, pixels, tmp_path, 100, progress=silent)
